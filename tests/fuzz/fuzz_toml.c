/* fuzz_toml.c: any bytes as an experiment file. The input is the file, then, after a NUL each,
 * overrides. What is accepted is planned, and its cells are written and read back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "config/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Puts text where a path leads to it. */
static void put(int fd, const char *text, size_t len)
{
	if (ftruncate(fd, 0) || pwrite(fd, text, len, 0) != (ssize_t)len)
		abort();
}

/* A tree that was read prints as TOML that reads as the same tree. */
static void reprint(const struct rho_toml *t)
{
	struct rho_buf once = { 0 }, twice = { 0 };
	struct rho_diags *d = rho_diags_new();
	rho_buf_str(&once, "t = ");
	rho_buf_str(&twice, "t = ");
	rho_toml_print(t, &once);
	struct rho_toml *again = rho_toml_parse(once.at, once.len, "again", d);
	if (again) { /* one table deeper, it may be too deep */
		rho_toml_print(again->child, &twice);
		if (strcmp(once.at, twice.at))
			abort();
	}
	rho_toml_free(again);
	rho_diags_free(d);
	rho_buf_free(&once);
	rho_buf_free(&twice);
}

static void read_cell_back(struct rho_registry *registry, const struct rho_plan *plan, size_t cell, int fd,
			   const char *path)
{
	struct rho_buf text = { 0 };
	struct rho_diags *d = rho_diags_new();
	rho_plan_cell_toml(registry, plan, cell, &text);
	put(fd, text.at, text.len);
	struct rho_cell_spec *spec = rho_cell_spec_read(registry, path, d);
	if (!spec || strcmp(spec->id, plan->cell[cell].id)) {
		fprintf(stderr, "%s\n", text.at);
		rho_diags_print(d, stderr);
		abort();
	}
	rho_cell_spec_free(spec);
	rho_diags_free(d);
	rho_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rho_registry *registry;
	static FILE *nowhere;
	static char path[64];
	static int fd;
	const char *set[4];
	size_t n_set = 0;
	if (!registry) {
		const char *dir = FUZZ_PLUGINS;
		registry = rho_registry_new(&dir, 1);
		nowhere = fopen("/dev/null", "w");
		fd = memfd_create("experiment", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	char *text = rho_xmalloc(size + 1);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	size_t len = strlen(text);
	for (size_t at = len; at < size && n_set < 4; at += strlen(text + at))
		set[n_set++] = text + ++at;
	struct rho_diags *d = rho_diags_new();
	struct rho_toml *t = rho_toml_parse(text, len, "text", d);
	if (t)
		reprint(t);
	rho_toml_free(t);
	put(fd, text, len);
	struct rho_plan *plan = rho_plan_load(registry, path, set, n_set, d);
	rho_diags_print(d, nowhere);
	if (plan && plan->n_cells)
		read_cell_back(registry, plan, plan->n_cells - 1, fd, path);
	rho_plan_free(plan);
	rho_diags_free(d);
	free(text);
	return 0;
}
