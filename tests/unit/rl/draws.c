/* Draws from a softmax: the law of one, and of slates, against all that can be counted. */
#include "../plugin.h"
#include "reference.h"
#include "kit/rl/categorical.h"

enum { K = 1500, DRAWS = 200000 };

static struct rho_rng rng = { { 9, 2, 3, 4 } };
static float x[K];
static double wide[K], logp[K], seen[K], expected[K], tile[8];

Test(draws, one_has_the_softmax_law)
{
	static uint64_t mask[K / 64 + 1];
	struct rho_soft s;
	for (int round = 0; round < 3; round++) {
		size_t k = round ? K : 3;
		const uint64_t *m = round == 2 ? mask : NULL;
		ref_logits(&rng, k, 1.5, -40, x, wide);
		ref_mask(&rng, k, mask);
		if (round)
			x[4] = -INFINITY, wide[4] = -INFINITY;
		ref_log_softmax(wide, m, k, logp);
		memset(seen, 0, sizeof seen);
		cr_assert(rho_soft_open(&s, x, m, k, tile));
		for (int d = 0; d < DRAWS; d++)
			seen[rho_soft_draw(&s, &rng)]++;
		for (size_t j = 0; j < k; j++) {
			expected[j] = DRAWS * exp(logp[j]);
			if (logp[j] > -INFINITY)
				NEAR(rho_soft_log(&s, j), logp[j], 1e-6 * (1 + fabs(logp[j])));
			else
				cr_assert_eq(rho_soft_log(&s, j), -INFINITY);
		}
		cr_assert_lt(test_chi2(seen, expected, k), test_chi2_limit((double)k - 1));
	}
}

/* P(a, b, c) in this order, by the definition. */
static double plackett_luce(const double *lp, const uint32_t *place, size_t s)
{
	double left = 1, p = 1;
	for (size_t i = 0; i < s; i++) {
		p *= exp(lp[place[i]]) / left;
		left -= exp(lp[place[i]]);
	}
	return p;
}

Test(draws, slates_have_the_law_of_plackett_and_luce)
{
	enum { FEW = 5 };
	static double count[FEW * FEW * FEW], want[FEW * FEW * FEW];
	struct rho_soft s;
	uint32_t place[3];
	double key[3], all = 0;
	float given[3];
	ref_logits(&rng, FEW, 1, 0, x, wide);
	ref_log_softmax(wide, NULL, FEW, logp);
	cr_assert(rho_soft_open(&s, x, NULL, FEW, tile));
	for (int d = 0; d < DRAWS; d++) {
		cr_assert_eq(rho_soft_top(&s, &rng, 3, place, key), 3);
		count[(place[0] * FEW + place[1]) * FEW + place[2]]++;
	}
	for (uint32_t i = 0; i < FEW * FEW * FEW; i++) {
		place[0] = i / FEW / FEW;
		place[1] = i / FEW % FEW;
		place[2] = i % FEW;
		if (place[0] == place[1] || place[0] == place[2] || place[1] == place[2])
			continue;
		want[i] = plackett_luce(logp, place, 3);
		rho_soft_slate(&s, place, 3, given);
		NEAR((double)(given[0] + given[1] + given[2]), log(want[i]), 1e-5);
		all += want[i];
		want[i] *= DRAWS;
	}
	NEAR(all, 1, 1e-12);
	cr_assert_lt(test_chi2(count, want, FEW * FEW * FEW), test_chi2_limit(59));
}

/* Over several tiles, where most places are jumped over: who is first, who is second, and who is in at all. */
Test(draws, jumping_over_places_does_not_change_the_law)
{
	enum { S = 20, ROUNDS = 40000, BINS = 30 };
	static double first[BINS], second[BINS], in[BINS], want_first[BINS], want_second[BINS], want_in[BINS];
	struct rho_soft s;
	uint32_t place[S];
	double key[S];
	ref_logits(&rng, K, 1.2, 3, x, wide);
	ref_log_softmax(wide, NULL, K, logp);
	cr_assert(rho_soft_open(&s, x, NULL, K, tile));
	for (int d = 0; d < ROUNDS; d++) {
		cr_assert_eq(rho_soft_top(&s, &rng, S, place, key), S);
		first[place[0] * BINS / K]++;
		second[place[1] * BINS / K]++;
		for (size_t i = 0; i < S; i++) {
			in[place[i] * BINS / K]++;
			cr_assert(!i || key[i] >= key[i - 1]);
		}
	}
	/* With Gumbel noise on every place, as the definition has it. */
	for (int d = 0; d < ROUNDS / 4; d++) {
		static double noisy[K];
		for (size_t j = 0; j < K; j++)
			noisy[j] = wide[j] - log(-log1p(-rho_unif(&rng)));
		for (size_t i = 0; i < S; i++) {
			size_t best = 0;
			for (size_t j = 1; j < K; j++)
				best = noisy[j] > noisy[best] ? j : best;
			want_in[best * BINS / K] += 4;
			noisy[best] = -INFINITY;
		}
	}
	for (size_t j = 0; j < K; j++) {
		want_first[j * BINS / K] += ROUNDS * exp(logp[j]);
		for (size_t i = 0; i < K; i++)
			if (i != j)
				want_second[j * BINS / K] += ROUNDS * exp(logp[i] + logp[j]) / -expm1(logp[i]);
	}
	cr_assert_lt(test_chi2(first, want_first, BINS), test_chi2_limit(BINS - 1));
	cr_assert_lt(test_chi2(second, want_second, BINS), test_chi2_limit(BINS - 1));
	for (size_t i = 0; i < BINS; i++)
		NEAR(in[i], want_in[i], 6 * sqrt(5 * want_in[i]));
}

Test(draws, slates_of_what_hardly_ever_comes)
{
	static const uint64_t mask[1] = { 0x2d }; /* 0, 2, 3, 5 */
	static const float steep[8] = { 0, 5, -120, -240, 5, -500, 5, 5 };
	struct rho_soft s;
	uint32_t place[8];
	double key[8];
	float given[8];
	cr_assert(rho_soft_open(&s, steep, mask, 8, tile));
	for (int d = 0; d < 100; d++) {
		cr_assert_eq(rho_soft_top(&s, &rng, 6, place, key), 4);
		cr_assert_eq(place[0], 0);
		cr_assert_eq(place[1], 2);
		cr_assert_eq(place[2], 3);
		cr_assert_eq(place[3], 5);
		cr_assert_eq(rho_soft_top(&s, &rng, 1, place, key), 1);
		cr_assert_eq(place[0], 0);
	}
	cr_assert_eq(rho_soft_top(&s, &rng, 0, place, key), 0);
	place[0] = 0;
	place[1] = 3;
	place[2] = 2;
	rho_soft_slate(&s, place, 3, given);
	NEAR((double)given[0], 0, 1e-6);
	NEAR((double)given[1], -120, 1e-4);
	NEAR((double)given[2], 0, 1e-6);
}

Test(draws, the_same_stream_gives_the_same_draws)
{
	struct rho_rng a = { { 5, 6, 7, 8 } }, b = a;
	struct rho_soft s;
	uint32_t one[100], two[100];
	double key[100];
	ref_logits(&rng, K, 2, 0, x, wide);
	cr_assert(rho_soft_open(&s, x, NULL, K, tile));
	cr_assert_eq(rho_soft_top(&s, &a, 100, one, key), 100);
	size_t first = rho_soft_draw(&s, &a);
	memset(tile, 0, sizeof tile);
	cr_assert(rho_soft_open(&s, x, NULL, K, tile));
	cr_assert_eq(rho_soft_top(&s, &b, 100, two, key), 100);
	cr_assert_eq(rho_soft_draw(&s, &b), first);
	cr_assert_arr_eq(one, two, sizeof one);
	for (size_t i = 0; i < 100; i++)
		for (size_t j = 0; j < i; j++)
			cr_assert_neq(one[i], one[j]);
}
