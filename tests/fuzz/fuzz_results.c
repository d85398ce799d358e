/* fuzz_results.c: any bytes as what a results folder holds: plan.json, then, after a NUL each, a cell's
 * status.json and metrics.jsonl. What is accepted must keep the promises of store/results.h. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <store/results.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define ID "0123456789abcdef"
enum { PLAN, STATUS, METRICS, N_FILES };
static const char *const names[N_FILES] = { "plan.json", "cells/" ID "/status.json",
	                                    "cells/" ID "/metrics.jsonl" };
static char folder[] = "/tmp/rho-fuzz-XXXXXX";
static char paths[N_FILES][96];
static int fds[N_FILES];

static void remove_folder(void)
{
	char path[96];
	for (int i = 0; i < N_FILES; i++)
		unlink(paths[i]);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, i ? "%s/cells" : "%s/cells/" ID, folder);
		rmdir(path);
	}
	rmdir(folder);
}

/* A results folder whose files are links to memory. */
static void make_folder(void)
{
	char path[96];
	if (!mkdtemp(folder))
		exit(1);
	snprintf(path, sizeof path, "%s/cells", folder);
	mkdir(path, 0777);
	snprintf(path, sizeof path, "%s/cells/" ID, folder);
	mkdir(path, 0777);
	for (int i = 0; i < N_FILES; i++) {
		fds[i] = memfd_create(names[i], MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fds[i]);
		snprintf(paths[i], sizeof paths[i], "%s/%s", folder, names[i]);
		if (fds[i] < 0 || symlink(path, paths[i]))
			exit(1);
	}
	atexit(remove_folder);
}

static void must(bool kept)
{
	if (!kept)
		abort();
}

static void read_plan(void)
{
	struct rho_buf why = { 0 };
	struct rho_results *r = rho_results_read(folder, &why);
	must(r || why.len);
	if (r) {
		must(r->n_arms && r->n_seeds && r->n_cells && *r->name && *r->compare.metric);
		must(r->compare.interval > 0 && r->compare.interval < 1 && r->compare.resamples);
		for (size_t i = 0; i < r->n_cells; i++)
			must(r->cell[i].arm < r->n_arms && strlen(r->cell[i].id) == 16 &&
			     r->cell[i].state <= RHO_CELL_FAILED);
		rho_results_free(r);
	}
	rho_buf_free(&why);
}

static void read_status(struct rho_result_cell *cell)
{
	struct rho_buf why = { 0 };
	int e = rho_status_read(folder, cell, &why);
	must(!e && cell->state == RHO_CELL_MISSING);    /* none lies in this folder itself */
	char *dir = rho_xprintf("%s/cells/" ID, folder);
	e = rho_status_read(dir, cell, &why);
	must(!e == !why.len && (e || cell->state <= RHO_CELL_FAILED));
	must(e || (!isnan(cell->seconds) && cell->seconds >= 0));
	must(e || (cell->state == RHO_CELL_FAILED) == (cell->why != NULL));
	free(dir);
	rho_buf_free(&why);
}

static void read_metric(const struct rho_results *r, const char *metric)
{
	struct rho_buf why = { 0 };
	uint64_t *step = NULL;
	double *value = NULL;
	size_t n = 0;
	int e = rho_results_series(r, 0, metric, &step, &value, &n, &why);
	must(e == 0 || e == 1 || (e == -1 && why.len));
	for (size_t i = 0; !e && i < n; i++)
		must(!isinf(value[i]) && (!i || step[i] > step[i - 1]));
	if (!e) {
		free(step);
		free(value);
	}
	rho_buf_free(&why);
}

static void read_metrics(struct rho_result_cell *cell)
{
	struct rho_results r = { .dir = folder, .cell = cell, .n_cells = 1 };
	struct rho_buf why = { 0 };
	char **list = NULL;
	size_t n = 0;
	memcpy(cell->id, ID, sizeof cell->id);
	read_metric(&r, "reward");
	if (!rho_results_metrics(&r, 0, &list, &n, &why)) {
		for (size_t i = 0; i < n; i++) {
			must(strcmp(list[i], "step") && (!i || strcmp(list[i - 1], list[i]) < 0));
			if (i < 4)
				read_metric(&r, list[i]);
		}
		rho_metric_names_free(list, n);
	} else {
		must(why.len > 0);
	}
	rho_buf_free(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct rho_result_cell cell = { .why = NULL };
	if (!fds[PLAN])
		make_folder();
	for (int i = 0; i < N_FILES; i++) {
		const uint8_t *end = i + 1 < N_FILES && n ? memchr(bytes, 0, n) : NULL;
		size_t len = end ? (size_t)(end - bytes) : n;
		if (ftruncate(fds[i], 0) || pwrite(fds[i], bytes, len, 0) != (ssize_t)len)
			exit(1);
		bytes += end ? len + 1 : len;
		n -= end ? len + 1 : len;
	}
	read_plan();
	read_status(&cell);
	read_metrics(&cell);
	free(cell.why);
	return 0;
}
