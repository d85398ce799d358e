/* estimate.c: solve@n and the rollouts it takes to a threshold. */
#include <math.h>
#include <stdlib.h>

#include "../base/buf.h"
#include "rollouts.h"

/* A mean that is the threshold but for rounding has reached it. */
static const double ROUNDING = 1e-9;

double rho_solve_at(uint64_t n_rollouts, uint64_t n_solved, uint64_t n)
{
	/* C(N - c, n) / C(N, n) = C(N - n, c) / C(N, c): the shorter product of the two */
	uint64_t terms = n < n_solved ? n : n_solved, gone = n < n_solved ? n_solved : n;
	double none = 1;
	if (n_solved > n_rollouts - n)
		return 1;
	for (uint64_t i = 0; i < terms; i++)
		none *= (double)(n_rollouts - gone - i) / (double)(n_rollouts - i);
	return 1 - none;
}

double rho_rollouts_until(double p, double threshold)
{
	double n;
	if (!(p > 0))
		return INFINITY;
	if (p >= threshold)
		return 1;
	n = log1p(-threshold) / log1p(-p);
	return ceil(n - ROUNDING);
}

/* Problems with the same (n, solved) are one class: their solve@n are the same. */
struct class
{
	uint64_t n, solved;
	double problems;
};

struct classes {
	struct class *at;
	size_t n;
	size_t *of;            /* (problems) */
	double *log_factorial; /* (most rollouts + 1) */
	double *weight;        /* (n) room for a resample's */
	uint64_t most;
	double threshold, problems;
};

struct keyed {
	uint64_t n, solved;
	size_t problem;
};

static int by_counts(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return (x->solved > y->solved) - (x->solved < y->solved);
}

static void make_classes(struct classes *c, const struct rho_problem *p, size_t n)
{
	struct keyed *key = rho_xcalloc(n, sizeof *key);
	uint64_t largest = 0;
	for (size_t i = 0; i < n; i++) {
		key[i] = (struct keyed){ p[i].n, p[i].solved, i };
		largest = p[i].n > largest ? p[i].n : largest;
	}
	qsort(key, n, sizeof *key, by_counts);
	c->at = rho_xcalloc(n, sizeof *c->at);
	c->of = rho_xcalloc(n, sizeof *c->of);
	for (size_t i = 0; i < n; i++) {
		if (!i || by_counts(&key[i], &key[i - 1]))
			c->at[c->n++] = (struct class){ key[i].n, key[i].solved, 0 };
		c->at[c->n - 1].problems++;
		c->of[key[i].problem] = c->n - 1;
	}
	c->problems = (double)n;
	c->weight = rho_xcalloc(c->n, sizeof *c->weight);
	c->log_factorial = rho_xcalloc(largest + 1, sizeof *c->log_factorial);
	for (uint64_t i = 2; i <= largest; i++)
		c->log_factorial[i] = c->log_factorial[i - 1] + log((double)i);
	free(key);
}

static void free_classes(struct classes *c)
{
	free(c->at);
	free(c->of);
	free(c->weight);
	free(c->log_factorial);
}

/* Mean of solve@n with so many problems of each class. */
static double mean_solved(const struct classes *c, const double *weight, uint64_t n)
{
	const double *f = c->log_factorial;
	double sum = 0;
	for (size_t i = 0; i < c->n; i++) {
		uint64_t all = c->at[i].n, bad = all - c->at[i].solved;
		sum += weight[i] * (bad < n ? 1 : -expm1(f[bad] - f[bad - n] - f[all] + f[all - n]));
	}
	return sum / c->problems;
}

/* The mean rises with n, so the place is between two that are halved. */
static double needed(const struct classes *c, const double *weight)
{
	uint64_t no = 0, yes = c->most;
	if (mean_solved(c, weight, yes) < c->threshold - ROUNDING)
		return INFINITY;
	while (yes - no > 1) {
		uint64_t middle = no + (yes - no) / 2;
		if (mean_solved(c, weight, middle) < c->threshold - ROUNDING)
			no = middle;
		else
			yes = middle;
	}
	return (double)yes;
}

static double needed_by(void *arg, const uint32_t *count)
{
	struct classes *c = arg;
	for (size_t i = 0; i < c->n; i++)
		c->weight[i] = 0;
	for (size_t i = 0; i < (size_t)c->problems; i++)
		c->weight[c->of[i]] += count[i];
	return needed(c, c->weight);
}

double rho_rollouts_needed(const struct rho_problem *p, size_t n, uint64_t most, double threshold)
{
	struct classes c = { .most = most, .threshold = threshold };
	double out;
	if (!n || !most)
		return NAN;
	make_classes(&c, p, n);
	for (size_t i = 0; i < c.n; i++)
		c.weight[i] = c.at[i].problems;
	out = needed(&c, c.weight);
	free_classes(&c);
	return out;
}

struct rho_interval rho_rollouts_interval(const struct rho_problem *p, size_t n, uint64_t most,
                                          double threshold, double level, uint64_t resamples)
{
	struct classes c = { .most = most, .threshold = threshold };
	struct rho_interval out = { NAN, NAN };
	if (n < 2 || !most)
		return out;
	make_classes(&c, p, n);
	out = rho_boot_counts(n, level, resamples, needed_by, &c);
	free_classes(&c);
	return out;
}
