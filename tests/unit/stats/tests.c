/* tests.c: permutation test, probability of improvement, Holm. */
#include <criterion/criterion.h>
#include <math.h>

#include <rho/rng.h>
#include "stats/stats.h"

#define NEAR(a, b) cr_assert_float_eq((a), (b), 1e-12, "%.17g is not %.17g", (double)(a), (double)(b))

Test(sign_flip, exact_by_hand)
{
	const double up[] = { 1, 2, 3, 4, 5 }, one[] = { -1, 2, 3, 4, 5 }, none[] = { 0, 0, 0 },
		     single[] = { 3 };
	NEAR(rho_sign_flip(up, 5), 2.0 / 32);
	/* |sum| >= 13: all alike, and the one with 1 flipped, each in both directions */
	NEAR(rho_sign_flip(one, 5), 4.0 / 32);
	NEAR(rho_sign_flip(none, 3), 1);
	NEAR(rho_sign_flip(none, 0), 1);
	NEAR(rho_sign_flip(single, 1), 1);
}

/* Sums that are equal in exact arithmetic must count as equal: 0.1 + 0.2 is not 0.3. */
Test(sign_flip, ties_survive_rounding)
{
	const double d[] = { 0.1, 0.2, -0.3, 0.3 }, same[] = { 1, 2, -3, 3 };
	NEAR(rho_sign_flip(d, 4), rho_sign_flip(same, 4));
}

Test(sign_flip, drawn_signs_agree_with_all_signs)
{
	double d[17];
	uint64_t hits = 0;
	double sum = 0, p;
	for (int i = 0; i < 17; i++)
		sum += d[i] = sin(3.1 * i) + 0.25;
	for (uint32_t code = 0; code < 1u << 17; code++) {
		double s = 0;
		for (int i = 0; i < 17; i++)
			s += code >> i & 1 ? -d[i] : d[i];
		hits += fabs(s) >= fabs(sum) - 1e-12;
	}
	p = (double)hits / (1 << 17);
	cr_assert(p > 0.01 && p < 0.5);
	cr_assert_float_eq(rho_sign_flip(d, 17), p, 4 * sqrt(p * (1 - p) / 100000));
}

Test(sign_flip, more_pairs_than_a_word_has_bits)
{
	double d[150];
	for (int i = 0; i < 150; i++)
		d[i] = 1 + 0.1 * sin(i);
	NEAR(rho_sign_flip(d, 150), 1.0 / 100001);
}

/* Without a difference, p <= a in about a share a of all experiments, and never in more. */
Test(sign_flip, uniform_under_the_null)
{
	struct rho_rng rng = { { 21, 22, 23, 24 } };
	const double at[] = { 0.05, 0.2, 0.5, 0.8 };
	size_t below[4] = { 0 }, sims = 4000;
	for (size_t s = 0; s < sims; s++) {
		double d[10], p;
		for (int i = 0; i < 10; i++)
			d[i] = rho_normal(&rng) * (1 + i); /* of unequal spread: symmetry is all it needs */
		p = rho_sign_flip(d, 10);
		for (int k = 0; k < 4; k++)
			below[k] += p <= at[k];
	}
	for (int k = 0; k < 4; k++) {
		double share = (double)below[k] / (double)sims, se = sqrt(at[k] * (1 - at[k]) / (double)sims);
		cr_assert(fabs(share - at[k]) < 4 * se + 1.0 / 512, "%g of p-values below %g", share, at[k]);
	}
}

Test(better, by_hand)
{
	const double x[] = { 1, 2, 3 }, y[] = { 2, 2 }, same[] = { 4, 4 };
	NEAR(rho_prob_better(x, 3, y, 2, 1), (0 + 1 + 2) / 6.0);
	NEAR(rho_prob_better(same, 2, same, 2, 1), 0.5);
	NEAR(rho_prob_better(x, 3, y, 2, 1) + rho_prob_better(y, 2, x, 3, 1), 1);
	cr_assert(isnan(rho_prob_better(x, 0, y, 2, 1)));
}

/* statsmodels' multipletests(p, method="holm") of the same numbers, worked by hand. */
Test(holm, by_hand)
{
	double p[] = { 0.04, NAN, 0.01, 0.03, 0.005 }, many[] = { 0.6, 0.7 }, none[1] = { NAN };
	rho_holm(p, 5);
	NEAR(p[4], 0.02);
	NEAR(p[2], 0.03);
	NEAR(p[3], 0.06);
	NEAR(p[0], 0.06);               /* 0.04, but no less than the one before it */
	cr_assert(isnan(p[1]));
	rho_holm(many, 2);
	NEAR(many[0], 1);
	NEAR(many[1], 1);
	rho_holm(none, 1);
	cr_assert(isnan(none[0]));
}
