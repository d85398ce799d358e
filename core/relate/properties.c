/* properties.c: what `rho geometry --csv` wrote, as a table of embeddings and properties. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <kit/csv.h>

#include "relate.h"

enum { MOST = 4096 }; /* embeddings, and properties */

struct reading {
	struct rho_csv *csv;
	int name, measure, at, value;
	struct rho_properties *out;
};

/* The place of a name in a list that grows; MOST: too many. */
static size_t place(char ***list, size_t *n, const char *name)
{
	for (size_t i = *n; i--;) /* most often the last one */
		if (!strcmp((*list)[i], name))
			return i;
	if (*n == MOST)
		return MOST;
	*list = rho_xrealloc(*list, (*n + 1) * sizeof **list);
	(*list)[*n] = rho_xstrdup(name);
	return (*n)++;
}

static char *label(struct rho_str measure, double at)
{
	return isnan(at) ? rho_xprintf("%.*s", (int)measure.len, measure.at)
	                 : rho_xprintf("%.*s@%.9g", (int)measure.len, measure.at, at);
}

/* What is no property of an embedding: lists of numbers, what a uniform sphere of as many dimensions has, and
 * what is another property times a factor. */
static bool is_passed_over(struct rho_str s)
{
	static const char *const words[] = { "eigenvalue",        "cosine_pairs", "sphere",
		                             "sphere_uniformity", "rho_all",      "potential_bound" };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (s.len == strlen(words[i]) && !memcmp(s.at, words[i], s.len))
			return true;
	return false;
}

/* One line into the table. */
static int take(struct reading *r, double **wide)
{
	struct rho_str name = rho_csv_field(r->csv, r->name), measure = rho_csv_field(r->csv, r->measure);
	char *subject, *property;
	double at, value;
	size_t row, column;
	int e;
	if (is_passed_over(measure))
		return 0;
	if ((e = rho_csv_f64(r->csv, r->at, &at)) || (e = rho_csv_f64(r->csv, r->value, &value)))
		return e;
	if (!name.len || !measure.len || name.len > 1000 || measure.len > 100)
		return rho_csv_fail(r->csv, "a name and a measure are wanted here");
	subject = rho_xprintf("%.*s", (int)name.len, name.at);
	property = label(measure, at);
	row = place(&r->out->subject, &r->out->n, subject);
	column = place(&r->out->name, &r->out->n_names, property);
	free(subject);
	free(property);
	if (row == MOST || column == MOST)
		return rho_csv_fail(r->csv, "more than %d embeddings or properties", MOST);
	if (!wide[row]) {
		wide[row] = rho_xmalloc(MOST * sizeof **wide);
		for (size_t i = 0; i < MOST; i++)
			wide[row][i] = NAN;
	}
	wide[row][column] = value;
	return 0;
}

int rho_properties_read(const char *path, struct rho_properties *out, struct rho_buf *why)
{
	struct rho_trouble trouble = { 0 };
	struct reading r = { .csv = rho_csv_open(path, ',', &trouble), .out = out };
	double **wide = rho_xcalloc(MOST, sizeof *wide); /* (MOST, MOST), rows as they are needed */
	*out = (struct rho_properties){ 0 };
	if (r.csv) {
		r.name = rho_csv_column(r.csv, "name", true);
		r.measure = rho_csv_column(r.csv, "measure", true);
		r.at = rho_csv_column(r.csv, "at", true);
		r.value = rho_csv_column(r.csv, "value", true);
		while (!trouble.code && rho_csv_next(r.csv) > 0 && !take(&r, wide))
			;
		rho_csv_close(r.csv);
	}
	if (!trouble.code && !out->n)
		rho_trouble_at(&trouble, RHO_EFORMAT, path, 0,
		               "nothing is measured there; `rho geometry FILE --csv` writes it");
	out->value = rho_xmalloc((out->n * out->n_names + 1) * sizeof *out->value);
	for (size_t i = 0; i < out->n; i++)
		for (size_t j = 0; j < out->n_names; j++)
			out->value[i * out->n_names + j] = wide[i] ? wide[i][j] : NAN;
	for (size_t i = 0; i < out->n; i++)
		free(wide[i]);
	free(wide);
	if (!trouble.code)
		return 0;
	rho_properties_free(out);
	rho_buf_str(why, trouble.text);
	return -1;
}

void rho_properties_free(struct rho_properties *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->subject[i]);
	for (size_t i = 0; i < p->n_names; i++)
		free(p->name[i]);
	free(p->subject);
	free(p->name);
	free(p->value);
	*p = (struct rho_properties){ 0 };
}
