/* eluder.c: how many of the rows tell something new: V^-1 kept up by Sherman & Morrison's update, in float64.
 */
#include "geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../score/score.h"

double rho_information_gain(const double *s, size_t d, double lambda)
{
	double sum = 0;
	for (size_t i = 0; i < d; i++)
		sum += s[i] > 0 ? log1p(s[i] / lambda) : 0;
	return sum / 2;
}

double rho_eluder_bound(double d, double S, double eps)
{
	double e = exp(1), ratio = 2 * S / eps;
	return 3 * d * (e / (e - 1)) * log(3 + 3 * ratio * ratio) + 1;
}

struct inverse {
	size_t d;
	double *at; /* (d, d): V^-1 */
	double *u;  /* (d): V^-1 phi of the row last looked at */
};

static void start(struct inverse *v, size_t d, double lambda)
{
	v->d = d;
	v->at = rho_xcalloc(d * d + 1, sizeof *v->at);
	v->u = rho_xmalloc((d + 1) * sizeof *v->u);
	for (size_t i = 0; i < d; i++)
		v->at[i * d + i] = 1 / lambda;
}

static void finish(struct inverse *v)
{
	free(v->at);
	free(v->u);
}

/* width^2 of a row; u becomes V^-1 of it. */
static double look(struct inverse *v, const float *phi)
{
	double sum = 0;
	memset(v->u, 0, v->d * sizeof *v->u);
	for (size_t r = 0; r < v->d; r++) {
		const double *row = v->at + r * v->d;
		double x = (double)phi[r];
		for (size_t c = 0; c < v->d; c++)
			v->u[c] += x * row[c];
	}
	for (size_t c = 0; c < v->d; c++)
		sum += v->u[c] * (double)phi[c];
	return sum > 0 ? sum : 0;
}

/* V becomes V + phi phi^T, for the row just looked at. */
static void see(struct inverse *v, double squared)
{
	for (size_t r = 0; r < v->d; r++) {
		double *row = v->at + r * v->d, x = v->u[r] / (1 + squared);
		for (size_t c = 0; c < v->d; c++)
			row[c] -= x * v->u[c];
	}
}

double rho_elliptical_potential(const struct rho_mat *rows, const uint32_t *which, size_t m, double lambda,
                                double *log_det)
{
	struct inverse v;
	double sum = 0, gained = 0;
	start(&v, rows->cols, lambda);
	for (size_t i = 0; i < m; i++) {
		double squared = look(&v, rows->at + which[i] * rows->stride);
		sum += squared < 1 ? squared : 1;
		gained += log1p(squared);
		see(&v, squared);
	}
	if (log_det)
		*log_det = gained;
	finish(&v);
	return sum;
}

struct widths {
	const struct rho_mat *rows;
	const float *u;  /* (d) */
	double by;       /* 1 + width^2 of the row seen */
	double *squared; /* (n): below 0 where a row is not used */
};

static void square_lengths(void *arg, size_t from, size_t to)
{
	const struct widths *w = arg;
	for (size_t i = from; i < to; i++) {
		const float *x = w->rows->at + i * w->rows->stride;
		double sum = 0;
		for (size_t c = 0; c < w->rows->cols; c++)
			sum += (double)x[c] * (double)x[c];
		if (w->squared[i] >= 0)
			w->squared[i] = sum / w->by;
	}
}

/* After a row with u = V^-1 phi is seen, each width^2 falls by <row, u>^2 / (1 + width^2 of phi). */
static void shrink(void *arg, size_t from, size_t to)
{
	const struct widths *w = arg;
	struct rho_mat u = { w->u, 1, w->rows->cols, w->rows->cols };
	struct rho_rows one = { &u, NULL, 0, 1 };
	float dot[256];
	for (size_t at = from, n; at < to; at += n) {
		struct rho_rows some = { w->rows, NULL, at, 0 };
		some.n = n = to - at < 256 ? to - at : 256;
		rho_score_inner(&one, &some, dot, n, 1);
		for (size_t i = 0; i < n; i++) {
			double less = w->squared[at + i] - (double)dot[i] * (double)dot[i] / w->by;
			if (w->squared[at + i] >= 0)
				w->squared[at + i] = less > 0 ? less : 0;
		}
	}
}

static size_t widest(const double *squared, size_t n)
{
	size_t best = 0;
	for (size_t i = 1; i < n; i++)
		if (squared[i] > squared[best])
			best = i;
	return best;
}

size_t rho_greedy_eluder(const struct rho_mat *rows, const bool *skip, double lambda, double eps, size_t most,
                         unsigned threads, const struct rho_waiting *wait, double *width, bool *done,
                         double *log_det)
{
	struct inverse v;
	float *u = rho_xmalloc((rows->cols + 1) * sizeof *u);
	struct widths w = { rows, u, lambda, rho_xmalloc((rows->rows + 1) * sizeof(double)) };
	double gained = 0;
	size_t picked = 0;
	start(&v, rows->cols, lambda);
	for (size_t i = 0; i < rows->rows; i++)
		w.squared[i] = skip && skip[i] ? -1 : 0;
	rho_score_parallel(rows->rows, square_lengths, &w, threads);
	*done = false;
	for (; picked <= most; picked++) {
		size_t best = widest(w.squared, rows->rows);
		double squared =
			rows->rows && w.squared[best] >= 0 ? look(&v, rows->at + best * rows->stride) : 0;
		if (sqrt(squared) <= eps * (1 + 1e-9)) { /* what is equal but for rounding is reached */
			*done = true;
			break;
		}
		if (picked == most)
			break;
		width[picked] = sqrt(squared);
		gained += log1p(squared);
		for (size_t c = 0; c < rows->cols; c++)
			u[c] = (float)v.u[c];
		see(&v, squared);
		w.by = 1 + squared;
		rho_score_parallel(rows->rows, shrink, &w, threads);
		w.squared[best] = squared / w.by;
		if (wait && wait->said && picked % 64 == 63)
			wait->said(wait->arg, "eluder count", (double)picked / (double)most);
	}
	if (log_det)
		*log_det = gained;
	finish(&v);
	free(u);
	free(w.squared);
	return picked;
}
