/* P(this beta variable is the largest) by quadrature. On the scale u = ln(x / (1 - x)) a beta density is
 * smooth whatever a and b are, with mean ψ(a) - ψ(b) and variance ψ'(a) + ψ'(b). From left to right, in
 * steps of a part of the narrowest variable's deviation hereabouts, each F_j is carried on by the trapezoid
 * rule with its correction by slopes, and ∫ f_i Π F_j by Simpson's rule. */
#include <math.h>
#include <string.h>

#include "best.h"

#define STEP 0.25       /* of a standard deviation */

struct beta {           /* arrays over the variables */
	size_t n;
	double *a, *b;
	double *norm;           /* ln B(a, b) */
	double *mean, *sd, *reach;      /* of u; beyond mean ± reach its density is taken for 0 */
	double *f, *slope, *cdf;        /* at the node last looked at */
	double *g;              /* f_i Π_{j≠i} F_j there */
	double *after;          /* Π of the cdfs that stand behind */
};

struct node { double u, ln_x, ln_y, x; };       /* x = 1 / (1 + e⁻ᵘ), y = 1 - x */

static struct node node_at(double u)
{
	double ln_x = u > 0 ? -log1p(exp(-u)) : u - log1p(exp(u));
	return (struct node){ u, ln_x, ln_x - u, exp(ln_x) };
}

/* ψ(x) and ψ'(x): carried up to 10, then the asymptotic series. */
static void digamma(double x, double *first, double *second)
{
	*first = *second = 0;
	for (; x < 10; x++) {
		*first -= 1 / x;
		*second += 1 / (x * x);
	}
	double i = 1 / x, i2 = i * i;
	*first += log(x) - i / 2 - i2 * (1. / 12 - i2 * (1. / 120 - i2 / 252));
	*second += i + i2 / 2 + i * i2 * (1. / 6 - i2 * (1. / 30 - i2 / 42));
}

/* f, slope and cdf of variable j at the node `h` after the one they are of. */
static void carry(struct beta *v, size_t j, struct node at, double h)
{
	double f = 0, slope = 0;
	if (fabs(at.u - v->mean[j]) < v->reach[j]) {
		f = exp(v->a[j] * at.ln_x + v->b[j] * at.ln_y - v->norm[j]);
		slope = f * (v->a[j] - (v->a[j] + v->b[j]) * at.x);
	}
	v->cdf[j] += h / 2 * (v->f[j] + f) + h * h / 12 * (v->slope[j] - slope);
	v->cdf[j] = fmin(fmax(v->cdf[j], 0), 1);
	v->f[j] = f;
	v->slope[j] = slope;
}

/* How far the next node may be from u for variable j: not over its bulk in one step. */
static double step_of(const struct beta *v, size_t j, double u)
{
	double ahead = v->mean[j] - v->reach[j] - u;
	if (ahead < -2 * v->reach[j])
		return INFINITY;
	return (ahead > 0 ? ahead : 0) + STEP * v->sd[j];
}

/* Variable j alone up to u. */
static void start(struct beta *v, size_t j, double u)
{
	double at = v->mean[j] - v->reach[j], end = fmin(u, v->mean[j] + v->reach[j]);
	v->f[j] = v->slope[j] = v->cdf[j] = 0;
	while (at < end) {
		double h = fmin(STEP / 2 * v->sd[j], end - at);
		at = h < end - at ? at + h : end;
		carry(v, j, node_at(at), h);
	}
	if (end < u)
		carry(v, j, node_at(u), 0);
}

/* g at the present node, and p += weight * g. */
static void gather(struct beta *v, double weight, double *p)
{
	double before = 1;
	v->after[v->n - 1] = 1;
	for (size_t j = v->n - 1; j; j--)
		v->after[j - 1] = v->after[j] * v->cdf[j];
	for (size_t j = 0; j < v->n; j++) {
		v->g[j] = v->f[j] * before * v->after[j];
		before *= v->cdf[j];
		p[j] += weight * v->g[j];
	}
}

static void lay_out(struct beta *v, const double *a, const double *b, double *room)
{
	double **to[] = { &v->a, &v->b, &v->norm, &v->mean, &v->sd, &v->reach, &v->f, &v->slope, &v->cdf,
	                  &v->g, &v->after };
	for (size_t i = 0; i < sizeof to / sizeof *to; i++)
		*to[i] = room + i * v->n;
	for (size_t j = 0; j < v->n; j++) {
		double pa, pb, qa, qb;
		digamma(a[j], &pa, &qa);
		digamma(b[j], &pb, &qb);
		v->a[j] = a[j];
		v->b[j] = b[j];
		v->norm[j] = lgamma(a[j]) + lgamma(b[j]) - lgamma(a[j] + b[j]);
		v->mean[j] = pa - pb;
		v->sd[j] = sqrt(qa + qb);
		/* tails are exponential where a or b is small, normal where they are large */
		v->reach[j] = v->sd[j] * (8 + 10 / sqrt(fmax(1, fmin(a[j], b[j]))));
	}
}

void beta_best(const double *a, const double *b, size_t n, double *room, double *p)
{
	struct beta v = { .n = n };
	double u = -INFINITY, end = -INFINITY, all = 0;
	lay_out(&v, a, b, room);
	for (size_t j = 0; j < n; j++) {
		u = fmax(u, v.mean[j] - v.reach[j]);    /* before this the largest is not */
		end = fmax(end, v.mean[j] + v.reach[j]);
	}
	for (size_t j = 0; j < n; j++)
		start(&v, j, u);
	memset(p, 0, n * sizeof *p);
	gather(&v, 0, p);
	while (u < end) {
		double h = end - u;
		for (size_t j = 0; j < n; j++)
			h = fmin(h, step_of(&v, j, u));
		for (size_t j = 0; j < n; j++)
			p[j] += h / 6 * v.g[j];
		for (int half = 1; half <= 2; half++) {
			struct node at = node_at(u + h * half / 2);
			for (size_t j = 0; j < n; j++)
				carry(&v, j, at, h / 2);
			gather(&v, half == 1 ? 4 * h / 6 : h / 6, p);
		}
		u = end - u > h ? u + h : end;
	}
	for (size_t j = 0; j < n; j++)
		all += p[j];
	for (size_t j = 0; j < n; j++)
		p[j] /= all;
}
