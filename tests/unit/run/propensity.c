/* propensity.c: probabilities of being the best of a draw, against exact values and simulation. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>

#include <rho/rng.h>
#include "run/propensity.h"

static void near(double got, double want, double tolerance, const char *what)
{
	cr_assert(fabs(got - want) <= tolerance, "%s: %.17g, expected %.17g", what, got, want);
}

Test(propensity, oracle_5_2)
{
	const double want[] = { .4, .3, .2, .1, 0 };
	for (uint64_t j = 1; j <= 5; j++)
		near(rho_draw_best(5, 2, j), want[j - 1], 1e-15, "K=5, k=2");
}

Test(propensity, oracle_10_3)
{
	/* C(10 - j, 2) / C(10, 3) */
	const double want[] = { 36 / 120., 28 / 120., 21 / 120., 15 / 120., 10 / 120.,
		                6 / 120.,  3 / 120.,  1 / 120.,  0,         0 };
	for (uint64_t j = 1; j <= 10; j++)
		near(rho_draw_best(10, 3, j), want[j - 1], 1e-15, "K=10, k=3");
}

Test(propensity, expected_best)
{
	double e = 0;
	for (uint64_t j = 1; j <= 10; j++)
		e += rho_draw_best(10, 3, j) * (double)(11 - j);
	near(e, 8.25, 1e-14, "E max of 3 of 1 .. 10");
}

static void sums_to_one(uint64_t n, uint64_t k)
{
	double sum = 0;
	for (uint64_t j = 1; j <= n; j++)
		sum += rho_draw_best(n, k, j);
	near(sum, 1, 1e-10, "sum over ranks");
}

Test(propensity, sums)
{
	sums_to_one(1, 1);
	sums_to_one(7, 1);
	sums_to_one(7, 7);
	sums_to_one(5000, 500);
	sums_to_one(5000, 3);
	sums_to_one(5000, 4999);
}

Test(propensity, huge)
{
	/* v_1 = k / K; v_2 = v_1 (K - k) / (K - 1); far down it is nothing, never a NaN */
	near(rho_draw_best(1000000, 500, 1), 5e-4, 1e-18, "v_1");
	near(rho_draw_best(1000000, 500, 2), 5e-4 * 999500 / 999999, 1e-17, "v_2");
	/* v_j / v_1 = exp(sum of log(1 - 499 / (K - i))), i = 1 .. j - 1 */
	long double log_ratio = 0;
	for (int i = 1; i < 3000; i++)
		log_ratio += log1pl(-499.0L / (1000000 - i));
	near(rho_draw_best(1000000, 500, 3000) / (5e-4 * (double)expl(log_ratio)), 1, 1e-11, "v_3000");
	near(rho_draw_best(1000000, 500, 999501), 0, 1e-300, "v_last");
	cr_assert(rho_draw_best(1000000, 500, 1000000) == 0);
	cr_assert(rho_draw_best(1000000, 1000000, 1) == 1);
}

/* The mean over the block, by its definition. */
static double block(uint64_t n, uint64_t k, uint64_t above, uint64_t tied)
{
	double sum = 0;
	for (uint64_t j = above + 1; j <= above + tied; j++)
		sum += rho_draw_best(n, k, j);
	return sum / (double)tied;
}

Test(propensity, ties)
{
	const uint64_t cases[][4] = {
		{ 5, 2, 0, 5 },        { 5, 2, 1, 3 },       { 5, 2, 4, 1 },         { 20, 4, 3, 5 },
		{ 2000, 50, 0, 2000 }, { 2000, 50, 10, 7 },  { 2000, 50, 700, 900 }, { 2000, 1, 5, 20 },
		{ 2000, 2000, 0, 2 },  { 2000, 1, 0, 2000 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const uint64_t *c = cases[i];
		double want = block(c[0], c[1], c[2], c[3]);
		near(rho_draw_best_tied(c[0], c[1], c[2], c[3]), want, 1e-12 * want + 1e-300, "tied block");
	}
	near(rho_draw_best_tied(1000000, 500, 0, 1000000), 1e-6, 1e-18, "all tied");
}

Test(propensity, marginal_sums_to_one)
{
	float score[30];
	double sum = 0;
	for (size_t i = 0; i < 30; i++)
		score[i] = (float)(i % 7);
	for (size_t i = 0; i < 30; i++)
		sum += rho_draw_marginal(score, 30, i, 6, 0.15);
	near(sum, 1, 1e-12, "marginals over all actions");
}

Test(propensity, marginal_unknown)
{
	const float score[] = { 1, NAN, 3 };
	cr_assert(isnan(rho_draw_marginal(score, 3, 1, 2, 0.1)));
	cr_assert(isnan(rho_draw_marginal(score, 3, 0, 2, NAN)));
	cr_assert(isnan(rho_draw_marginal(score, 3, 0, 2, 1.5)));
	near(rho_draw_marginal(score, 3, 2, 2, 1), 1 / 3., 1e-15, "all exploration");
}

/* Draws k of 20 in random order, explores with probability .1, else takes the best, ties to the
 * one drawn first; as a uniform sampler and an epsilon-greedy agent would. */
Test(propensity, simulation_20_4)
{
	enum { N = 20, K = 4, DRAWS = 12000000 };
	static uint64_t count[N];
	float score[N];
	uint32_t order[N];
	struct rho_rng r = { { 1, 2, 3, 4 } };
	for (uint32_t i = 0; i < N; i++) {
		score[i] = (float)(i < 6 ? 2 : i % 5); /* ties at the top and below */
		order[i] = i;
	}
	for (long d = 0; d < DRAWS; d++) {
		uint32_t best = 0;
		for (uint32_t j = 0; j < K; j++) {
			uint32_t other = j + rho_below(&r, N - j), t = order[j];
			order[j] = order[other];
			order[other] = t;
			if (!j || score[order[j]] > score[best])
				best = order[j];
		}
		count[rho_unif(&r) < 0.1 ? order[rho_below(&r, K)] : best]++;
	}
	for (size_t i = 0; i < N; i++)
		near((double)count[i] / DRAWS, rho_draw_marginal(score, N, i, K, 0.1), 5e-4, "frequency");
}

/* E_S[softmax] by going through all k-subsets of n that hold `at`. */
static double softmax_by_hand(const float *score, unsigned n, unsigned at, unsigned k, double tau)
{
	double sum = 0, sets = 0;
	for (unsigned s = 0; s < 1u << n; s++) {
		double all = 0;
		unsigned size = 0;
		for (unsigned j = 0; j < n; j++)
			size += s >> j & 1;
		if (size != k)
			continue;
		sets++;
		for (unsigned j = 0; j < n; j++)
			if (s >> j & 1)
				all += exp(((double)score[j] - (double)score[at]) / tau);
		sum += s >> at & 1 ? 1 / all : 0;
	}
	return sum / sets;
}

Test(propensity, boltzmann_by_enumeration)
{
	static const double tau[] = { 1e-3, 0.01, 0.1, 1, 30 };
	const float score[8] = { 0.1f, 0.5f, 0.9f, 0.3f, 0.5f, -0.2f, 0.7f, 0 };
	double room[8];
	for (size_t t = 0; t < sizeof tau / sizeof *tau; t++)
		for (unsigned k = 1; k <= 8; k++) {
			double sum = 0;
			for (unsigned a = 0; a < 8; a++) {
				double p = rho_draw_softmax(score, 8, a, k, tau[t], room);
				double want = softmax_by_hand(score, 8, a, k, tau[t]);
				near(p, want, 1e-10 * want + 1e-300, "softmax over a draw");
				sum += p;
			}
			near(sum, 1, 1e-10, "over all actions");
		}
}

Test(propensity, boltzmann_at_the_ends)
{
	enum { N = 3000 };
	static float score[N];
	double room[300];
	struct rho_rng r = { { 1, 2, 3, 4 } };
	for (size_t i = 0; i < N; i++)
		score[i] = (float)rho_unif(&r);
	score[7] = 1.5f;
	near(rho_draw_softmax(score, N, 5, 300, 1e9, room), 1. / N, 1e-9 / N, "hot: uniform");
	near(rho_draw_softmax(score, N, 7, 300, 1e-4, room), 0.1, 1e-10, "cold: the best, if drawn");
	near(rho_draw_softmax(score, N, 9, 300, 0, room), rho_draw_marginal(score, N, 9, 300, 0), 0,
	     "greedy");
	for (size_t i = 0; i < N; i++)
		score[i] = -7e30f;
	near(rho_draw_softmax(score, N, 5, 300, 0.1, room), 1. / N, 1e-10 / N, "all alike");
	near(rho_draw_softmax(score, N, 5, 1, 0.1, room), 1. / N, 1e-18, "one is drawn");
	cr_assert(isnan(rho_draw_softmax(score, N, 5, 3, NAN, room)));
	cr_assert(isnan(rho_draw_softmax(score, N, 5, 3, -1, room)));
	score[8] = NAN;
	cr_assert(isnan(rho_draw_softmax(score, N, 5, 3, 1, room)));
}

/* Draws k of 20 and then by the softmax, as a uniform sampler and a Boltzmann agent would. */
Test(propensity, boltzmann_by_simulation)
{
	enum { N = 20, K = 4, DRAWS = 4000000 };
	static uint64_t count[N];
	float score[N];
	double weight[N], room[K];
	uint32_t order[N];
	struct rho_rng r = { { 1, 2, 3, 4 } };
	for (uint32_t i = 0; i < N; i++) {
		score[i] = (float)(i % 6) / 5;
		weight[i] = exp((double)score[i] / 0.4);
		order[i] = i;
	}
	for (long d = 0; d < DRAWS; d++) {
		double all = 0, at;
		uint32_t j;
		for (j = 0; j < K; j++) {
			uint32_t other = j + rho_below(&r, N - j), t = order[j];
			order[j] = order[other];
			order[other] = t;
			all += weight[order[j]];
		}
		at = rho_unif(&r) * all;
		for (j = 0; j < K - 1 && at >= weight[order[j]]; j++)
			at -= weight[order[j]];
		count[order[j]]++;
	}
	for (size_t i = 0; i < N; i++)
		near((double)count[i] / DRAWS, rho_draw_softmax(score, N, i, K, 0.4, room), 6e-4,
		     "frequency");
}
