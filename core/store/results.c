/* results.c: an experiment's plan on disk, plan.json, written and read back. What is read may have been
 * damaged or made up: every field is checked before it is believed. */
#include "results.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"

#define PLAN_LIMIT ((size_t)256 << 20)

/* ---- writing ---- */

static json_t *plan_axes(const struct rho_plan *plan)
{
	json_t *axes = json_array();
	for (size_t i = 0; i < plan->n_axes; i++)
		json_array_append_new(axes, json_string(plan->axis[i]));
	return axes;
}

static json_t *plan_arms(const struct rho_plan *plan)
{
	json_t *arms = json_array();
	for (size_t i = 0; i < plan->n_arms; i++) {
		const struct rho_arm *arm = &plan->arm[i];
		json_t *values = json_object();
		for (size_t j = 0; j < arm->n_values && j < plan->n_axes; j++)
			if (arm->value[j])
				json_object_set_new(values, plan->axis[j], json_string(arm->value[j]));
		json_array_append_new(arms, json_pack("{s:s, s:o}", "name", arm->name, "values", values));
	}
	return arms;
}

static json_t *plan_cells(const struct rho_plan *plan)
{
	json_t *cells = json_array();
	for (size_t i = 0; i < plan->n_cells; i++) {
		const struct rho_plan_cell *cell = &plan->cell[i];
		json_array_append_new(cells,
		                      json_pack("{s:s, s:s, s:I}", "id", cell->id, "arm",
		                                plan->arm[cell->arm].name, "seed", (json_int_t)cell->seed));
	}
	return cells;
}

static json_t *plan_json(const struct rho_plan *plan)
{
	const struct rho_compare_settings *c = &plan->compare;
	json_t *root = json_object(), *seeds = json_array();
	json_object_set_new(root, "rho_results", json_integer(RHO_RESULTS_VERSION));
	json_object_set_new(root, "rho", json_string(RHO_VERSION));
	json_object_set_new(root, "name", json_string(plan->name));
	json_object_set_new(root, "file", json_string(plan->file));
	json_object_set_new(root, "steps", json_integer((json_int_t)plan->run.steps));
	json_object_set_new(root, "axes", plan_axes(plan));
	json_object_set_new(root, "compare",
	                    json_pack("{s:s, s:s?, s:f, s:f, s:I}", "metric", c->metric, "baseline",
	                              c->baseline, "interval", c->interval, "window", c->window, "resamples",
	                              (json_int_t)c->resamples));
	for (size_t i = 0; i < plan->n_seeds; i++)
		json_array_append_new(seeds, json_integer((json_int_t)plan->seeds[i]));
	json_object_set_new(root, "seeds", seeds);
	json_object_set_new(root, "arms", plan_arms(plan));
	json_object_set_new(root, "cells", plan_cells(plan));
	return root;
}

/* Reads plan.json as far as knowing that this rho may touch the folder. NULL with why. */
static json_t *load(const char *dir, const char *path, struct rho_buf *why)
{
	struct rho_buf text = { 0 };
	json_error_t err;
	json_t *root, *version, *rho;
	if (rho_file_read(path, PLAN_LIMIT, &text, why)) {
		rho_buf_free(&text);
		return NULL;
	}
	root = json_loadb(text.at ? text.at : "", text.len, JSON_REJECT_DUPLICATES, &err);
	rho_buf_free(&text);
	if (!root) {
		rho_buf_printf(
			why,
			"%s:%d:%d is damaged: %s; delete it and run the experiment again: cells that are "
			"done are kept",
			path, err.line, err.column, err.text);
		return NULL;
	}
	version = json_object_get(root, "rho_results");
	rho = json_object_get(root, "rho");
	if (!json_is_integer(version)) {
		rho_buf_printf(why,
		               "%s was not written by rho: it has no number rho_results; name another folder "
		               "than %s",
		               path, dir);
		json_decref(root);
		return NULL;
	}
	if (json_integer_value(version) != RHO_RESULTS_VERSION) {
		rho_buf_printf(
			why,
			"%s was written by rho %s as results version %lld, and this rho %s reads version %d; "
			"use that rho, or run the experiment into another folder with --results",
			path, json_is_string(rho) ? json_string_value(rho) : "of unknown version",
			(long long)json_integer_value(version), RHO_VERSION, RHO_RESULTS_VERSION);
		json_decref(root);
		return NULL;
	}
	return root;
}

int rho_results_write(const char *dir, const struct rho_plan *plan, struct rho_buf *why)
{
	char *path = rho_xprintf("%s/plan.json", dir), *toml = rho_xprintf("%s/experiment.toml", dir);
	char *cells = rho_xprintf("%s/cells", dir), *text = NULL;
	json_t *root = NULL;
	int rc = -1;
	if (!access(path, F_OK)) {
		json_t *old = load(dir, path, why);
		if (!old)
			goto out;
		json_decref(old);
	}
	root = plan_json(plan);
	text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
	if (!text) {
		rho_buf_printf(why, "%s cannot be written: a name in %s is not UTF-8", path, plan->file);
		goto out;
	}
	if (rho_mkdirs(cells, why) || rho_file_write(path, text, strlen(text), why) ||
	    rho_file_write(toml, plan->source.at ? plan->source.at : "", plan->source.len, why))
		goto out;
	rc = 0;
out:
	free(text);
	json_decref(root);
	free(cells);
	free(toml);
	free(path);
	return rc;
}

/* ---- reading ---- */

struct reader {
	const char *path;
	struct rho_buf *why;
	bool bad; /* the first mistake is in `why`; what follows is not looked at */
};

static void wrong(struct reader *r, const char *what, const char *where, size_t i)
{
	if (r->bad)
		return;
	r->bad = true;
	rho_buf_printf(r->why, "%s is damaged: %s", r->path, where);
	if (i != SIZE_MAX)
		rho_buf_printf(r->why, "[%zu]", i);
	rho_buf_printf(r->why,
	               " %s; delete the file and run the experiment again: cells that are done are kept",
	               what);
}

/* A name that may be printed: not empty, no control characters (a terminal would obey them). */
static bool printable(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	if (!*p)
		return false;
	for (; *p; p++)
		if (*p < 0x20 || *p == 0x7f || (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0))
			return false;
	return true;
}

static char *read_name(struct reader *r, const json_t *v, const char *where, size_t i)
{
	if (!json_is_string(v) || !printable(json_string_value(v))) {
		wrong(r, "is not a name", where, i);
		return NULL;
	}
	return rho_xstrdup(json_string_value(v));
}

static uint64_t read_count(struct reader *r, const json_t *v, uint64_t least, const char *where, size_t i)
{
	if (!json_is_integer(v) || json_integer_value(v) < (json_int_t)least) {
		wrong(r, least ? "is not a number above 0" : "is not a number of 0 or more", where, i);
		return 0;
	}
	return (uint64_t)json_integer_value(v);
}

static double read_share(struct reader *r, const json_t *v, bool one, const char *where)
{
	double x = json_number_value(v);
	if (!json_is_number(v) || !(x > 0) || x > 1 || (x == 1 && !one))
		wrong(r, "is not a number between 0 and 1", where, SIZE_MAX);
	return x;
}

static size_t read_list(struct reader *r, const json_t *v, const char *where)
{
	if (!json_is_array(v) || (!json_array_size(v) && strcmp(where, "axes"))) {
		wrong(r, "is not a list, or an empty one", where, SIZE_MAX);
		return 0;
	}
	return json_array_size(v);
}

static void read_compare(struct reader *r, const json_t *c, struct rho_compare_settings *out)
{
	const json_t *base = json_object_get(c, "baseline");
	out->metric = read_name(r, json_object_get(c, "metric"), "compare.metric", SIZE_MAX);
	if (base && !json_is_null(base))
		out->baseline = read_name(r, base, "compare.baseline", SIZE_MAX);
	out->interval = read_share(r, json_object_get(c, "interval"), false, "compare.interval");
	out->window = read_share(r, json_object_get(c, "window"), true, "compare.window");
	out->resamples = read_count(r, json_object_get(c, "resamples"), 1, "compare.resamples", SIZE_MAX);
}

static void read_axes_and_seeds(struct reader *r, const json_t *root, struct rho_results *out)
{
	const json_t *axes = json_object_get(root, "axes"), *seeds = json_object_get(root, "seeds");
	size_t n = read_list(r, axes, "axes");
	out->axis = rho_xcalloc(n + 1, sizeof *out->axis);
	for (; out->n_axes < n && !r->bad; out->n_axes++)
		out->axis[out->n_axes] = read_name(r, json_array_get(axes, out->n_axes), "axes", out->n_axes);
	n = read_list(r, seeds, "seeds");
	out->seeds = rho_xcalloc(n + 1, sizeof *out->seeds);
	for (; out->n_seeds < n && !r->bad; out->n_seeds++)
		out->seeds[out->n_seeds] =
			read_count(r, json_array_get(seeds, out->n_seeds), 0, "seeds", out->n_seeds);
}

static void read_arms(struct reader *r, const json_t *arms, struct rho_results *out)
{
	size_t n = read_list(r, arms, "arms");
	out->arm = rho_xcalloc(n + 1, sizeof *out->arm);
	for (; out->n_arms < n && !r->bad; out->n_arms++) {
		struct rho_result_arm *arm = &out->arm[out->n_arms];
		const json_t *from = json_array_get(arms, out->n_arms),
			     *values = json_object_get(from, "values");
		arm->name = read_name(r, json_object_get(from, "name"), "arms", out->n_arms);
		arm->value = rho_xcalloc(out->n_axes + 1, sizeof *arm->value);
		for (size_t a = 0; a < out->n_axes && !r->bad; a++) {
			const json_t *v = json_object_get(values, out->axis[a]);
			if (v)
				arm->value[a] = read_name(r, v, "arms", out->n_arms);
		}
	}
}

struct by_name {
	const char *name;
	size_t at;
};

static int name_order(const void *a, const void *b)
{
	return strcmp(((const struct by_name *)a)->name, ((const struct by_name *)b)->name);
}

static int cell_order(const void *a, const void *b)
{
	const struct rho_result_cell *x = a, *y = b;
	if (x->arm != y->arm)
		return x->arm < y->arm ? -1 : 1;
	return (x->seed > y->seed) - (x->seed < y->seed);
}

static int seed_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static void read_cell(struct reader *r, const json_t *from, size_t i, const struct by_name *names,
                      size_t n_names, struct rho_result_cell *cell)
{
	const char *id = json_string_value(json_object_get(from, "id"));
	const char *name = json_string_value(json_object_get(from, "arm"));
	struct by_name want = { name, 0 }, *arm;
	if (!id || strlen(id) != 16 || strspn(id, "0123456789abcdef") != 16) {
		wrong(r, "has no id of 16 hexadecimal digits", "cells", i);
		return;
	}
	memcpy(cell->id, id, 17);
	arm = name ? bsearch(&want, names, n_names, sizeof want, name_order) : NULL;
	if (!arm) {
		wrong(r, "belongs to no arm", "cells", i);
		return;
	}
	cell->arm = arm->at;
	cell->seed = read_count(r, json_object_get(from, "seed"), 0, "cells", i);
}

/* No arm twice, no seed twice, no (arm, seed) twice, every cell of a known seed. */
static void check_cells(struct reader *r, const struct rho_results *res)
{
	struct rho_result_cell *cell = rho_xmalloc((res->n_cells + 1) * sizeof *cell);
	uint64_t *seed = rho_xmalloc((res->n_seeds + 1) * sizeof *seed);
	memcpy(cell, res->cell, res->n_cells * sizeof *cell);
	memcpy(seed, res->seeds, res->n_seeds * sizeof *seed);
	qsort(cell, res->n_cells, sizeof *cell, cell_order);
	qsort(seed, res->n_seeds, sizeof *seed, seed_order);
	for (size_t i = 1; i < res->n_seeds; i++)
		if (seed[i] == seed[i - 1])
			wrong(r, "has a seed twice", "seeds", SIZE_MAX);
	for (size_t i = 0; i < res->n_cells; i++) {
		if (i && !cell_order(&cell[i - 1], &cell[i]))
			wrong(r, "has an arm and seed twice", "cells", SIZE_MAX);
		if (!bsearch(&cell[i].seed, seed, res->n_seeds, sizeof *seed, seed_order))
			wrong(r, "has a seed that `seeds` lacks", "cells", SIZE_MAX);
	}
	free(cell);
	free(seed);
}

static void read_cells(struct reader *r, const json_t *cells, struct rho_results *out)
{
	struct by_name *names = rho_xcalloc(out->n_arms + 1, sizeof *names);
	size_t n = r->bad ? 0 : read_list(r, cells, "cells");
	for (size_t i = 0; i < out->n_arms && !r->bad; i++)
		names[i] = (struct by_name){ out->arm[i].name, i };
	if (!r->bad)
		qsort(names, out->n_arms, sizeof *names, name_order);
	for (size_t i = 1; i < out->n_arms && !r->bad; i++)
		if (!name_order(&names[i - 1], &names[i]))
			wrong(r, "has a name twice", "arms", SIZE_MAX);
	out->cell = rho_xcalloc(n + 1, sizeof *out->cell);
	for (; out->n_cells < n && !r->bad; out->n_cells++)
		read_cell(r, json_array_get(cells, out->n_cells), out->n_cells, names, out->n_arms,
		          &out->cell[out->n_cells]);
	if (!r->bad)
		check_cells(r, out);
	free(names);
}

/* A folder without plan.json: say what it is instead, as far as a look inside can tell. */
static void not_results(const char *dir, struct rho_buf *why)
{
	DIR *d = opendir(dir);
	size_t n = 0;
	if (!d) {
		rho_buf_printf(
			why,
			"%s cannot be opened: %s; `rho run FILE` makes a results folder for the experiment "
			"in FILE, results/NAME unless --results says otherwise",
			dir, strerror(errno));
		return;
	}
	rho_buf_printf(why, "%s is not an experiment's results folder: it has no plan.json; ", dir);
	for (struct dirent *e; (e = readdir(d)) && n < 10;) {
		char *inner = rho_xprintf("%s/%s/plan.json", dir, e->d_name);
		if (e->d_name[0] != '.' && printable(e->d_name) && !access(inner, F_OK))
			rho_buf_printf(why, "%s%s/%s", n++ ? ", " : "it holds ", dir, e->d_name);
		free(inner);
	}
	closedir(d);
	rho_buf_str(why, n ? ": name one of them"
	                   : "`rho run FILE` makes one, results/NAME unless --results says otherwise");
}

struct rho_results *rho_results_read(const char *dir, struct rho_buf *why)
{
	char *path = rho_xprintf("%s/plan.json", dir);
	struct reader r = { .path = path, .why = why };
	struct rho_results *res;
	json_t *root;
	if (access(path, F_OK)) {
		not_results(dir, why);
		free(path);
		return NULL;
	}
	root = load(dir, path, why);
	if (!root) {
		free(path);
		return NULL;
	}
	res = rho_xcalloc(1, sizeof *res);
	res->dir = rho_xstrdup(dir);
	res->name = read_name(&r, json_object_get(root, "name"), "name", SIZE_MAX);
	res->file = read_name(&r, json_object_get(root, "file"), "file", SIZE_MAX);
	res->rho_version = read_name(&r, json_object_get(root, "rho"), "rho", SIZE_MAX);
	res->steps = read_count(&r, json_object_get(root, "steps"), 1, "steps", SIZE_MAX);
	read_compare(&r, json_object_get(root, "compare"), &res->compare);
	read_axes_and_seeds(&r, root, res);
	read_arms(&r, json_object_get(root, "arms"), res);
	read_cells(&r, json_object_get(root, "cells"), res);
	json_decref(root);
	for (size_t i = 0; i < res->n_cells && !r.bad; i++) {
		char *cell = rho_xprintf("%s/cells/%s", dir, res->cell[i].id);
		struct rho_buf bad = { 0 };
		if (rho_status_read(cell, &res->cell[i], &bad)) { /* one bad cell is a hole, not the end */
			res->cell[i].state = RHO_CELL_FAILED;
			res->cell[i].why = rho_xstrdup(bad.at);
		}
		rho_buf_free(&bad);
		free(cell);
	}
	free(path);
	if (r.bad) {
		rho_results_free(res);
		return NULL;
	}
	return res;
}

void rho_results_free(struct rho_results *res)
{
	if (!res)
		return;
	for (size_t i = 0; i <= res->n_arms && res->arm; i++) {
		for (size_t a = 0; a < res->n_axes && res->arm[i].value; a++)
			free(res->arm[i].value[a]);
		free(res->arm[i].value);
		free(res->arm[i].name);
	}
	for (size_t i = 0; i <= res->n_cells && res->cell; i++)
		free(res->cell[i].why);
	for (size_t i = 0; i <= res->n_axes && res->axis; i++)
		free(res->axis[i]);
	free(res->arm);
	free(res->cell);
	free(res->axis);
	free(res->seeds);
	free(res->compare.metric);
	free(res->compare.baseline);
	free(res->dir);
	free(res->name);
	free(res->file);
	free(res->rho_version);
	free(res);
}
