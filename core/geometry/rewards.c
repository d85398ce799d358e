/* rewards.c: one reward for each action: from a file, a column of the dataset, or its links. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../base/file.h"
#include "subject.h"

enum { LONGEST_TEXT = 1 << 30 };

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n >= m && !strcmp(s + n - m, end);
}

static bool is_file(const char *source)
{
	return strchr(source, '/') || ends_in(source, ".npy") || ends_in(source, ".txt") ||
	       ends_in(source, ".csv");
}

/* ---- files ---- */

static double *from_npy(const char *path, size_t *n, struct rho_buf *why)
{
	struct rho_mat mat;
	void *map;
	size_t len;
	double *out = NULL;
	if (rho_npy_map(path, &mat, &map, &len, why))
		return NULL;
	*n = mat.rows * mat.cols;
	if (mat.rows != 1 && mat.cols != 1) {
		rho_buf_printf(why, "%s has %zu rows of %zu numbers; rewards are one column", path, mat.rows,
		               mat.cols);
	} else {
		out = rho_xmalloc((*n + 1) * sizeof *out);
		for (size_t i = 0; i < *n; i++)
			out[i] = (double)mat.at[i];
	}
	munmap(map, len);
	return out;
}

double *rho_rewards_read(const char *path, size_t *n, struct rho_buf *why)
{
	struct rho_buf text = { 0 };
	double *out = NULL;
	size_t room = 0, line = 0;
	*n = 0;
	if (rho_file_read(path, LONGEST_TEXT, &text, why))
		return NULL;
	for (char *at = text.at, *end; at && *at; at = *end ? end + 1 : end) {
		char *stop;
		line++;
		end = at + strcspn(at, "\n");
		if (*n == room) {
			room = room ? 2 * room : 1024;
			out = rho_xrealloc(out, room * sizeof *out);
		}
		out[*n] = strtod(at, &stop);
		if (stop != at && stop <= end && stop + strspn(stop, " \t\r") == end) {
			++*n;
		} else if (line > 1 || !ends_in(path, ".csv")) {
			rho_buf_printf(why, "%s:%zu: \"%.*s\" is not a number; one reward a line is wanted",
			               path, line, (int)(end - at < 40 ? end - at : 40), at);
			free(out);
			out = NULL;
			break;
		}
	}
	if (!*n && !why->len)
		rho_buf_printf(why, "%s holds no number", path);
	if (why->len) {
		free(out);
		out = NULL;
	}
	rho_buf_free(&text);
	return out;
}

/* ---- datasets ---- */

static void column_names(const struct rho_data *data, const char *wrong, struct rho_buf *why)
{
	const struct rho_table *t = &data->table[RHO_ACTIONS];
	const char **names = rho_xcalloc(t->n_columns + 1, sizeof *names), *near;
	size_t n = 0;
	names[n++] = "links";
	for (size_t i = 0; i < t->n_columns; i++)
		if (t->column[i]->type == RHO_COL_F64 || t->column[i]->type == RHO_COL_I64)
			names[n++] = t->column[i]->name;
	near = rho_nearest(wrong, names, n);
	rho_buf_printf(why, "--reward %s: the actions have no such column of numbers", wrong);
	if (near)
		rho_buf_printf(why, "; did you mean %s?", near);
	for (size_t i = 0; i < n && !near; i++)
		rho_buf_printf(why, "%s%s", i ? ", " : "; there are ", names[i]);
	if (!near)
		rho_buf_str(why, "; a file's name ends in .npy, .txt or .csv");
	free(names);
}

static double *from_links(const struct rho_data *data, struct rho_buf *why)
{
	size_t n = data->table[RHO_ACTIONS].n, contexts = data->table[RHO_CONTEXTS].n;
	const struct rho_column *action = rho_find_column(data, RHO_LINKS, "action", RHO_COL_ROW),
				*weight = rho_find_column(data, RHO_LINKS, "weight", RHO_COL_F64);
	double *out;
	if (!action || !contexts) {
		rho_buf_str(why, "--reward links: this dataset has no links between contexts and actions");
		return NULL;
	}
	out = rho_xcalloc(n + 1, sizeof *out);
	for (size_t i = 0; i < action->n; i++)
		out[action->row[i]] += weight ? weight->f64[i] : 1;
	for (size_t i = 0; i < n; i++)
		out[i] /= (double)contexts;
	return out;
}

static double *from_column(const struct rho_data *data, const char *name, struct rho_buf *why)
{
	size_t n = data->table[RHO_ACTIONS].n;
	const struct rho_column *f64 = rho_find_column(data, RHO_ACTIONS, name, RHO_COL_F64),
				*i64 = rho_find_column(data, RHO_ACTIONS, name, RHO_COL_I64);
	double *out;
	if (!f64 && !i64) {
		column_names(data, name, why);
		return NULL;
	}
	out = rho_xmalloc((n + 1) * sizeof *out);
	for (size_t i = 0; i < n; i++)
		out[i] = f64 ? f64->f64[i] : i64->i64[i] == INT64_MIN ? NAN : (double)i64->i64[i];
	return out;
}

/* ---- all ---- */

static int check(const struct rho_subject *one, const char *source, size_t n, struct rho_buf *why)
{
	if (n != one->rows.rows) {
		rho_buf_printf(why, "--reward %s: %zu rewards for the %zu rows of %s", source, n,
		               one->rows.rows, one->name);
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (!isfinite(one->reward[i])) {
			rho_buf_printf(
				why, "--reward %s: that of row %zu (from 0) of %s is missing, or not finite",
				source, i, one->name);
			return -1;
		}
	return 0;
}

int rho_subjects_reward(struct rho_subjects *s, const char *source, struct rho_buf *why)
{
	double *file = NULL;
	size_t n = 0;
	int err = 0;
	if (is_file(source)) {
		file = ends_in(source, ".npy") ? from_npy(source, &n, why)
		                               : rho_rewards_read(source, &n, why);
		if (!file)
			return -1;
	}
	for (size_t i = 0; i < s->n && !err; i++) {
		struct rho_subject *one = &s->at[i];
		if (file) {
			one->reward = rho_xmalloc((n + 1) * sizeof *file);
			memcpy(one->reward, file, n * sizeof *file);
		} else if (one->file) {
			rho_buf_printf(why,
			               "--reward %s: %s is a matrix without a dataset; write a file's name, "
			               "which ends in "
			               ".npy, .txt or .csv",
			               source, one->file);
			return -1;
		} else {
			const struct rho_data *data = one->stage.data;
			n = data->table[RHO_ACTIONS].n;
			one->reward = strcmp(source, "links") ? from_column(data, source, why)
			                                      : from_links(data, why);
		}
		err = one->reward ? check(one, source, n, why) : -1;
	}
	free(file);
	return err;
}
