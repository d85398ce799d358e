/* show_plots.c: three pictures: the spectrum, coverage over k, the cosines of all pairs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "plot.h"
#include "show.h"

static const double LEAST_SHARE = 1e-7; /* of the variance: below it, an eigenvalue is rounding */

/* ---- one line a different dimension: the uniform sphere ---- */

/* Whether no set before i has as many columns. */
static bool new_dim(const struct rho_subjects *s, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (s->at[j].g.dim == s->at[i].g.dim)
			return false;
	return true;
}

/* ---- the spectrum ---- */

static void spectrum_line(struct rho_plot *p, const struct rho_subjects *s, size_t i)
{
	const struct rho_geometry *g = &s->at[i].g;
	double *x = rho_xmalloc(2 * g->dim * sizeof *x), *y = x + g->dim, sum = 0; /* (2, dim) */
	for (size_t j = 0; j < g->dim; j++)
		sum += g->eigen[j];
	for (size_t j = 0; j < g->dim; j++) {
		x[j] = (double)(j + 1);
		y[j] = g->eigen[j] > LEAST_SHARE * sum ? g->eigen[j] / sum : NAN;
	}
	rho_plot_line(p, s->at[i].name, rho_plot_style_of(i, s->n), x, y, g->dim);
	free(x);
}

static void spectrum(const struct rho_subjects *s, struct rho_buf *svg)
{
	struct rho_plot p = { .x = { 1, 10, true, "rank of the eigenvalue" },
		              .y = { 1, 1, true, "share of the variance" } };
	for (size_t i = 0; i < s->n; i++) {
		const struct rho_geometry *g = &s->at[i].g;
		double sum = 0;
		p.x.hi = (double)g->dim > p.x.hi ? (double)g->dim : p.x.hi;
		for (size_t j = 0; j < g->dim; j++)
			sum += g->eigen[j];
		for (size_t j = 0; j < g->dim; j++)
			if (g->eigen[j] > LEAST_SHARE * sum && g->eigen[j] / sum < p.y.lo)
				p.y.lo = g->eigen[j] / sum;
	}
	p.y.lo = pow(10, floor(log10(p.y.lo) - 0.05));
	for (size_t i = 0; i < s->n; i++)
		spectrum_line(&p, s, i);
	rho_plot_finish(&p, "Spectrum: how the variance falls off over principal directions", svg);
}

/* ---- coverage ---- */

static void sphere_line(struct rho_plot *p, const struct rho_geometry *g, size_t i)
{
	enum { POINTS = 60 };
	double x[POINTS], y[POINTS];
	char *name = rho_xprintf("sphere, d = %zu", g->dim);
	for (size_t j = 0; j < POINTS; j++) {
		x[j] = p->x.lo * pow(p->x.hi / p->x.lo, (double)j / (POINTS - 1));
		y[j] = rho_sphere_cover(g->dim, x[j]);
	}
	rho_plot_line(p, name, rho_plot_faint(i), x, y, POINTS);
	free(name);
}

static void coverage_line(struct rho_plot *p, const struct rho_subjects *s, size_t i, bool band)
{
	const struct rho_geometry *g = &s->at[i].g;
	double *x = rho_xmalloc((4 * g->n_k + 1) * sizeof *x), *y = x + g->n_k, *lo = y + g->n_k,
	       *hi = lo + g->n_k;
	struct rho_plot_style style = rho_plot_style_of(i, s->n);
	style.points = true;
	for (size_t q = 0; q < g->n_k; q++) {
		x[q] = (double)g->curve[q].k;
		y[q] = g->curve[q].free.value;
		lo[q] = g->curve[q].free.ci.lo;
		hi[q] = g->curve[q].free.ci.hi;
	}
	if (band)
		rho_plot_band(p, style, x, lo, hi, g->n_k);
	else
		rho_plot_line(p, s->at[i].name, style, x, y, g->n_k);
	free(x);
}

static void coverage(const struct rho_subjects *s, struct rho_buf *svg)
{
	const struct rho_geometry *first = &s->at[0].g;
	struct rho_plot p = { .x = { (double)first->curve[0].k, (double)first->curve[first->n_k - 1].k, true,
		                     "k, candidates drawn uniformly" },
		              .y = { 0, 1.04, false,
		                     "ρ(k) / ρ(1), cosine distance to the nearest candidate" } };
	size_t spheres = 0;
	if (p.x.hi <= p.x.lo) { /* one k: a point still wants an axis */
		p.x.lo /= 2;
		p.x.hi *= 2;
	}
	for (size_t i = 0; i < s->n; i++)
		coverage_line(&p, s, i, true);
	for (size_t i = 0; i < s->n; i++)
		coverage_line(&p, s, i, false);
	for (size_t i = 0; i < s->n; i++)
		if (new_dim(s, i))
			sphere_line(&p, &s->at[i].g, spheres++);
	rho_plot_finish(&p, "Coverage: how near k random actions come to the others", svg);
}

/* ---- cosines ---- */

/* The bins that hold all but a ten-thousandth of the pairs at either end, of any set. */
static void cosine_range(const struct rho_subjects *s, size_t *from, size_t *to)
{
	*from = RHO_COSINE_BINS - 1;
	*to = 0;
	for (size_t i = 0; i < s->n; i++) {
		const uint64_t *h = s->at[i].g.histogram;
		uint64_t all = 0, below = 0, above = 0;
		size_t lo = 0, hi = RHO_COSINE_BINS - 1;
		for (size_t b = 0; b < RHO_COSINE_BINS; b++)
			all += h[b];
		while (lo < hi && (below += h[lo]) <= all / 10000)
			lo++;
		while (hi > lo && (above += h[hi]) <= all / 10000)
			hi--;
		*from = lo < *from ? lo : *from;
		*to = hi > *to ? hi : *to;
	}
	*from = *from > 4 ? *from - 4 : 0;
	*to = *to + 4 < RHO_COSINE_BINS ? *to + 4 : RHO_COSINE_BINS - 1;
}

struct densities {
	size_t from, wide, n; /* the first bin; how many make one; how many such */
	double *x, *y;        /* (n), (sets, n) */
	double top;
};

static void take_densities(const struct rho_subjects *s, struct densities *d)
{
	enum { MOST = 160 };
	size_t to;
	cosine_range(s, &d->from, &to);
	d->wide = (to - d->from) / MOST + 1;
	d->from -= d->from % d->wide;
	d->n = (to - d->from) / d->wide + 1;
	d->x = rho_xcalloc((s->n + 1) * d->n, sizeof *d->x);
	d->y = d->x + d->n;
	for (size_t b = 0; b < d->n; b++)
		d->x[b] = ((double)(d->from + b * d->wide) + (double)d->wide / 2) * 2 / RHO_COSINE_BINS - 1;
	for (size_t i = 0; i < s->n; i++) {
		const uint64_t *h = s->at[i].g.histogram;
		double all = 0, *y = d->y + i * d->n;
		for (size_t b = 0; b < RHO_COSINE_BINS; b++) {
			all += (double)h[b];
			if (b >= d->from && (b - d->from) / d->wide < d->n)
				y[(b - d->from) / d->wide] += (double)h[b];
		}
		for (size_t b = 0; b < d->n; b++) {
			y[b] *= RHO_COSINE_BINS / 2.0 / (double)d->wide / all;
			if (!(y[b] > 0)) /* no line along the axis */
				y[b] = NAN;
			d->top = y[b] > d->top ? y[b] : d->top;
		}
	}
}

/* The density of the cosine of two directions uniform in d dimensions: (1 - c^2)^((d-3)/2) / B(1/2, (d-1)/2).
 */
static void sphere_density(struct rho_plot *p, size_t dim, size_t i)
{
	enum { POINTS = 400 };
	double x[POINTS], y[POINTS], d = (double)dim;
	double scale = lgamma(d / 2) - lgamma(0.5) - lgamma((d - 1) / 2);
	char *name = rho_xprintf("sphere, d = %zu", dim);
	for (size_t j = 0; j < POINTS; j++) {
		x[j] = p->x.lo + (p->x.hi - p->x.lo) * (double)j / (POINTS - 1);
		y[j] = fabs(x[j]) < 1 ? exp(scale + (d - 3) / 2 * log1p(-x[j] * x[j])) : NAN;
		if (y[j] < 1e-3 * p->y.hi)
			y[j] = NAN;
	}
	rho_plot_line(p, name, rho_plot_faint(i), x, y, POINTS);
	free(name);
}

static void cosines(const struct rho_subjects *s, struct rho_buf *svg)
{
	struct densities d = { .top = 0 };
	size_t spheres = 0;
	take_densities(s, &d);
	double half = (double)d.wide / RHO_COSINE_BINS;
	struct rho_plot p = { .x = { d.x[0] - half, d.x[d.n - 1] + half, false, "cosine of two actions" },
		              .y = { 0, d.top * 1.05, false, "density over pairs" } };
	for (size_t i = 0; i < s->n; i++)
		rho_plot_line(&p, s->at[i].name, rho_plot_style_of(i, s->n), d.x, d.y + i * d.n, d.n);
	for (size_t i = 0; i < s->n; i++)
		if (new_dim(s, i))
			sphere_density(&p, s->at[i].g.dim, spheres++);
	rho_plot_finish(&p, "Cosines: how alike two actions are", svg);
	free(d.x);
}

/* ---- files ---- */

int rho_show_plots(const struct rho_subjects *s, const char *dir, struct rho_buf *why)
{
	static const struct {
		const char *name;
		void (*draw)(const struct rho_subjects *, struct rho_buf *svg);
	} plots[] = { { "spectrum", spectrum }, { "coverage", coverage }, { "cosines", cosines } };
	struct rho_buf svg = { 0 };
	int err = rho_mkdirs(dir, why);
	for (size_t i = 0; i < sizeof plots / sizeof *plots && !err; i++) {
		char *path = rho_xprintf("%s/%s.svg", dir, plots[i].name);
		rho_buf_clear(&svg);
		plots[i].draw(s, &svg);
		err = rho_file_write(path, svg.at, svg.len, why);
		free(path);
	}
	rho_buf_free(&svg);
	return err;
}
