/* show.c: relations as a table, as lines for programs, as pictures. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../geometry/plot.h"
#include "../run/out.h"
#include "relate.h"

/* ---- a table ---- */

enum { MOST_COLUMNS = 64 };

struct columns { /* the values of the axis `by`, in order of first use */
	const char *value[MOST_COLUMNS];
	size_t n;
};

static const char *value_of(const struct rho_relate_view *v, const struct rho_setting *s)
{
	const char *value = v->comparison->results->arm[s->arm[0]].value[v->by];
	return value ? value : "base";
}

static void find_columns(const struct rho_relate_view *v, struct columns *c)
{
	c->n = 0;
	if (v->by >= v->comparison->results->n_axes)
		return;
	for (size_t i = 0; i < v->relations->n_settings; i++) {
		const char *value = value_of(v, &v->relations->setting[i]);
		size_t j = 0;
		while (j < c->n && strcmp(c->value[j], value))
			j++;
		if (j == c->n && c->n < MOST_COLUMNS)
			c->value[c->n++] = value;
	}
}

static double mean_in_column(const struct rho_relate_view *v, const struct rho_relation *r, const char *value)
{
	double sum = 0;
	size_t n = 0;
	for (size_t i = 0; i < v->relations->n_settings; i++)
		if (!strcmp(value_of(v, &v->relations->setting[i]), value) && !isnan(r->rank[i])) {
			sum += r->rank[i];
			n++;
		}
	return n ? sum / (double)n : NAN;
}

static void put_number(struct rho_buf *out, double x, int width)
{
	if (isnan(x))
		rho_buf_printf(out, "%*s", width, "-");
	else
		rho_buf_printf(out, "%+*.2f", width, x);
}

static void put_row(const struct rho_relate_view *v, const struct columns *c, const struct rho_relation *r,
                    struct rho_buf *out)
{
	const char *name = v->properties->name[r->property], *sep = v->markdown ? " | " : "  ";
	char *label = r->measured == v->relations->most ? rho_xstrdup(name)
	                                                : rho_xprintf("%s (of %zu)", name, r->measured);
	rho_buf_printf(out, v->markdown ? "| %s%s" : "  %-24s%s", label, sep);
	free(label);
	put_number(out, r->mean, 5);
	if (isnan(r->ci.lo))
		rho_buf_str(out, "                ");
	else
		rho_buf_printf(out, " [%+.2f, %+.2f]", r->ci.lo, r->ci.hi);
	for (size_t i = 0; i < c->n; i++) {
		rho_buf_str(out, sep);
		put_number(out, mean_in_column(v, r, c->value[i]),
		           v->markdown                    ? 0
		           : (int)strlen(c->value[i]) > 5 ? (int)strlen(c->value[i])
		                                          : 5);
	}
	rho_buf_str(out, v->markdown ? " |\n" : "\n");
}

static void put_head(const struct rho_relate_view *v, const struct columns *c, struct rho_buf *out)
{
	if (v->markdown) {
		rho_buf_str(out, "| property | mean rank correlation ");
		for (size_t i = 0; i < c->n; i++)
			rho_buf_printf(out, "| %s ", c->value[i]);
		rho_buf_str(out, "|\n| :--- | :--- ");
		for (size_t i = 0; i < c->n; i++)
			rho_buf_str(out, "| ---: ");
		rho_buf_str(out, "|\n");
		return;
	}
	rho_buf_printf(out, "  %-24s  %-21s", "property", "mean rank correlation");
	for (size_t i = 0; i < c->n; i++)
		rho_buf_printf(out, "  %5s", c->value[i]);
	rho_buf_str(out, "\n");
}

/* Whether any setting can tell something of it. */
static bool tells(const struct rho_relation *r) { return !isnan(r->mean); }

/* Property i's name up to an `@`. */
static int stem(const struct rho_relate_view *v, size_t i)
{
	return (int)strcspn(v->properties->name[v->relations->relation[i].property], "@");
}

/* Whether property i tells nothing and no earlier one of its stem does neither. */
static bool is_first_silent(const struct rho_relate_view *v, size_t i)
{
	const struct rho_relation *r = v->relations->relation;
	char *const *name = v->properties->name;
	if (tells(&r[i]))
		return false;
	for (size_t j = 0; j < i; j++)
		if (!tells(&r[j]) && stem(v, j) == stem(v, i) &&
		    !strncmp(name[r[j].property], name[r[i].property], (size_t)stem(v, i)))
			return false;
	return true;
}

static void put_silent(const struct rho_relate_view *v, struct rho_buf *out)
{
	size_t n = 0;
	for (size_t i = 0; i < v->relations->n; i++) {
		const char *name = v->properties->name[v->relations->relation[i].property];
		if (is_first_silent(v, i))
			rho_buf_printf(
				out, "%s%.*s%s",
				n++ ? ", "
				    : "\nNo predictor, as it or the score is the same for every embedding: ",
				stem(v, i), name, name[stem(v, i)] ? "@..." : "");
	}
	if (n)
		rho_buf_str(out, ".\n");
}

void rho_relate_table(const struct rho_relate_view *v, struct rho_buf *out)
{
	const struct rho_relations *r = v->relations;
	struct columns c;
	size_t shown = 0, clear = 0, told = 0;
	find_columns(v, &c);
	for (size_t i = 0; i < r->n; i++) {
		told += tells(&r->relation[i]);
		clear += r->relation[i].ci.lo > 0 || r->relation[i].ci.hi < 0;
	}
	rho_buf_printf(
		out,
		"%s of %s against %zu properties of %zu embeddings, in %zu settings (%s). Spearman's rank "
		"correlation\nover the embeddings, averaged over the settings; %g %% intervals: embeddings "
		"and "
		"seeds resampled. %s\n\n",
		v->comparison->metric, v->comparison->results->name, told, r->embeddings, r->n_settings,
		r->n_settings == 1 ? r->setting[0].name : "all combinations of the other axes",
		v->level * 100,
		v->comparison->lower ? "Less is better: below 0 is good."
				     : "More is better: above 0 is good.");
	put_head(v, &c, out);
	for (size_t i = 0; i < r->n && shown < v->rows; i++)
		if (tells(&r->relation[i])) {
			put_row(v, &c, &r->relation[i], out);
			shown++;
		}
	if (shown < told)
		rho_buf_printf(out, "\n%zu weaker ones are left out (--rows).\n", told - shown);
	put_silent(v, out);
	rho_buf_printf(out,
	               "\n%zu of %zu intervals do not include 0; about %.0f would by chance. One setting's "
	               "%zu embeddings "
	               "show a\ncorrelation of %.2f or more 4 times in 5.\n",
	               clear, told, (1 - v->level) * (double)told, r->most, r->detectable);
}

/* ---- lines ---- */

static void put_value(struct rho_buf *out, double x)
{
	rho_buf_str(out, ",");
	if (isfinite(x))
		rho_put_double(out, x);
}

static void put_quoted(struct rho_buf *out, const char *s)
{
	rho_buf_str(out, "\"");
	for (; *s; s++)
		rho_buf_add(out, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
	rho_buf_str(out, "\"");
}

static void put_line(struct rho_buf *out, const char *property, const char *setting, size_t n, double value,
                     struct rho_interval ci)
{
	put_quoted(out, property);
	rho_buf_str(out, ",");
	put_quoted(out, setting);
	rho_buf_printf(out, ",%zu", n);
	put_value(out, value);
	put_value(out, ci.lo);
	put_value(out, ci.hi);
	rho_buf_str(out, "\n");
}

void rho_relate_csv(const struct rho_relate_view *v, struct rho_buf *out)
{
	rho_buf_str(out, "property,setting,embeddings,spearman,lo,hi\n");
	for (size_t i = 0; i < v->relations->n; i++) {
		const struct rho_relation *r = &v->relations->relation[i];
		const char *name = v->properties->name[r->property];
		put_line(out, name, "mean", v->relations->embeddings, r->mean, r->ci);
		for (size_t s = 0; s < v->relations->n_settings; s++)
			put_line(out, name, v->relations->setting[s].name, v->relations->setting[s].n,
			         r->rank[s], r->rank_ci[s]);
	}
}

/* ---- pictures ---- */

/* The mean score over seeds and settings of the embedding in `row`, and its interval over the seeds' means.
 */
static double score_of(const struct rho_relate_view *v, size_t row, struct rho_interval *ci)
{
	const struct rho_results *res = v->comparison->results;
	double *seed = rho_xcalloc(res->n_seeds + 1, sizeof *seed), mean;
	size_t *n = rho_xcalloc(res->n_seeds + 1, sizeof *n), m = 0;
	for (size_t i = 0; i < v->relations->n_settings; i++)
		for (size_t j = 0; j < v->relations->setting[i].n; j++)
			for (size_t s = 0; v->relations->setting[i].row[j] == row && s < res->n_seeds; s++) {
				double x =
					v->comparison
						->score[v->relations->setting[i].arm[j] * res->n_seeds + s];
				if (!isnan(x)) {
					seed[s] += x;
					n[s]++;
				}
			}
	for (size_t s = 0; s < res->n_seeds; s++)
		if (n[s])
			seed[m++] = seed[s] / (double)n[s];
	mean = rho_mean(seed, m);
	*ci = rho_boot_mean(seed, m, RHO_EXPANDED, v->level, 2000);
	free(seed);
	free(n);
	return mean;
}

static void stretch(struct rho_plot_axis *a)
{
	double gap = a->hi > a->lo ? 0.06 * (a->hi - a->lo) : fabs(a->lo) * 0.1 + 0.1;
	a->lo -= gap;
	a->hi += gap;
}

static size_t find_relation(const struct rho_relate_view *v, const char *name)
{
	size_t i = 0;
	while (i < v->relations->n && strcmp(v->properties->name[v->relations->relation[i].property], name))
		i++;
	return i;
}

static void draw(const struct rho_relate_view *v, const struct rho_relation *r, struct rho_buf *svg)
{
	const struct rho_properties *p = v->properties;
	char *label = rho_xprintf("%s", p->name[r->property]);
	char *score =
		rho_xprintf("%s, mean over %zu settings", v->comparison->metric, v->relations->n_settings);
	char *title = rho_xprintf("%s: rank correlation %+.2f [%+.2f, %+.2f]", p->name[r->property], r->mean,
	                          r->ci.lo, r->ci.hi);
	struct rho_plot plot = { .x = { INFINITY, -INFINITY, false, label },
		                 .y = { INFINITY, -INFINITY, false, score } };
	struct rho_interval *ci = rho_xcalloc(p->n, sizeof *ci);
	double *y = rho_xmalloc((p->n + 1) * sizeof *y);
	for (size_t i = 0; i < p->n; i++) {
		double x = p->value[i * p->n_names + r->property];
		y[i] = score_of(v, i, &ci[i]);
		if (isnan(x) || isnan(y[i]))
			continue;
		plot.x.lo = fmin(plot.x.lo, x);
		plot.x.hi = fmax(plot.x.hi, x);
		plot.y.lo = fmin(plot.y.lo, isnan(ci[i].lo) ? y[i] : ci[i].lo);
		plot.y.hi = fmax(plot.y.hi, isnan(ci[i].hi) ? y[i] : ci[i].hi);
	}
	stretch(&plot.x);
	stretch(&plot.y);
	for (size_t i = 0; i < p->n; i++) {
		double x = p->value[i * p->n_names + r->property], at[3] = { x, x, x },
		       to[3] = { ci[i].lo, y[i], ci[i].hi };
		struct rho_plot_style style = rho_plot_style_of(i, p->n);
		style.points = true;
		if (!isnan(x) && !isnan(y[i]))
			rho_plot_line(&plot, p->subject[i], style, at, to, 3);
	}
	rho_plot_finish(&plot, title, svg);
	free(ci);
	free(y);
	free(label);
	free(score);
	free(title);
}

int rho_relate_plots(const struct rho_relate_view *v, const char *const *names, size_t n_names,
                     const char *dir, struct rho_buf *why)
{
	if (rho_mkdirs(dir, why))
		return -1;
	for (size_t i = 0; i < n_names; i++) {
		size_t at = find_relation(v, names[i]);
		struct rho_buf svg = { 0 };
		char *path;
		int e;
		if (at == v->relations->n || isnan(v->relations->relation[at].mean))
			continue;
		draw(v, &v->relations->relation[at], &svg);
		path = rho_xprintf("%s/relate-%s.svg", dir, names[i]);
		e = rho_file_write(path, svg.at, svg.len, why);
		rho_buf_free(&svg);
		free(path);
		if (e)
			return -1;
	}
	return 0;
}
