/* kit/rl/categorical.c, compiled in here to reach each of its kernels: softmax and what follows from it against
 * the definitions in float64. */
#include "reference.h"
#include "kit/rl/categorical.c"

enum { MOST = 10000 };

static struct rho_rng rng = { { 1, 2, 3, 4 } };
static float x[MOST], y[MOST], out[MOST], other[MOST];
static double wide[MOST], want[MOST], wide2[MOST], want2[MOST];
static uint64_t mask[(MOST + 63) / 64];

static const struct kernels *const all_kernels[] = {
	&kernels_base,
#ifdef __x86_64__
	&kernels_avx2, &kernels_avx512,
#endif
};

static bool runs(const struct kernels *f)
{
#ifdef __x86_64__
	if (f == &kernels_avx2)
		return __builtin_cpu_supports("avx2");
	if (f == &kernels_avx512)
		return widest() == &kernels_avx512;
#endif
	return f == &kernels_base;
}

Test(categorical, every_kernel_gives_the_same_bits)
{
	float mine[TILE], theirs[TILE], mine2[TILE], theirs2[TILE];
	for (size_t f = 0; f < sizeof all_kernels / sizeof *all_kernels; f++) {
		const struct kernels *k = all_kernels[f], *b = &kernels_base;
		for (size_t n = 0; n <= TILE && runs(k); n += n < 70 ? 1 : 37) {
			double here[4], there[4];
			ref_logits(&rng, n, 30, 0, x, wide);
			ref_logits(&rng, n, 3, 0, y, wide);
			float most = b->most(x, n);
			cr_assert_eq(k->most(x, n), most);
			here[0] = k->exps(x, n, most, mine);
			there[0] = b->exps(x, n, most, theirs);
			cr_assert_arr_eq(mine, theirs, n * sizeof *mine);
			k->shift(x, n, most, 1.25f, mine);
			b->shift(x, n, most, 1.25f, theirs);
			cr_assert_arr_eq(mine, theirs, n * sizeof *mine);
			k->slope(mine, n, 0.3f, 0.01f, 2.5f, mine2);
			b->slope(mine, n, 0.3f, 0.01f, 2.5f, theirs2);
			cr_assert_arr_eq(mine2, theirs2, n * sizeof *mine);
			k->back(mine, y, n, 0.7f, mine2);
			b->back(mine, y, n, 0.7f, theirs2);
			cr_assert_arr_eq(mine2, theirs2, n * sizeof *mine);
			here[1] = k->mean(mine, NULL, n, mine2);
			there[1] = b->mean(mine, NULL, n, theirs2);
			here[2] = k->mean(mine, y, n, mine2);
			there[2] = b->mean(mine, y, n, theirs2);
			here[3] = k->apart(mine, x, n, mine2);
			there[3] = b->apart(mine, x, n, theirs2);
			cr_assert_arr_eq(here, there, sizeof here);
			for (size_t from = 0; from + 32 <= n; from += 32) {
				uint32_t open = (uint32_t)rho_u64(&rng);
				k->close(x + from, open, mine);
				for (size_t j = 0; j < 32; j++)
					cr_assert_eq(mine[j], open >> j & 1 ? x[from + j] : -INFINITY);
			}
		}
	}
}

Test(categorical, exponentials_are_as_good_as_said)
{
	double worst = 0;
	for (uint32_t i = 0; i < 2000000; i++) {
		float at = -87.33f * (float)i / 2000000;
		double true_one = exp((double)at), error = fabs((double)exp_below(at) / true_one - 1);
		worst = error > worst ? error : worst;
	}
	cr_assert_lt(worst, 2e-7);
	cr_assert_eq(exp_below(0), 1);
	cr_assert_eq(exp_below(-87.4f), 0);
	cr_assert_eq(exp_below(-INFINITY), 0);
	cr_assert(isnan(exp_below(NAN)));
}

Test(categorical, log_softmax_is_the_definition)
{
	static const size_t sizes[] = { 1, 2, 7, 16, 63, 64, 65, 511, 512, 513, 1000, MOST };
	static const double scales[] = { 0, 1, 20, 200 }, bases[] = { 0, -5000, 3e5 };
	for (size_t s = 0; s < 12; s++) {
		for (size_t v = 0; v < 24; v++) {
			size_t k = sizes[s];
			const uint64_t *m = v % 2 ? mask : NULL;
			ref_logits(&rng, k, scales[v / 2 % 4], bases[v / 8], x, wide);
			ref_mask(&rng, k, mask);
			double lse = ref_log_softmax(wide, m, k, want), sum = 0;
			NEAR(rho_log_softmax(x, m, k, out), lse, 1e-6 + 1e-12 * fabs(lse));
			NEAR(rho_log_sum_exp(x, m, k), lse, 1e-6 + 1e-12 * fabs(lse));
			for (size_t j = 0; j < k; j++) {
				if (!ref_may(m, j))
					cr_assert_eq(out[j], -INFINITY);
				else
					NEAR((double)out[j], want[j], 3e-7 * (1 + fabs(want[j])));
				sum += exp((double)out[j]);
			}
			NEAR(sum, 1, 1e-6);
			memcpy(other, x, k * sizeof *x);
			rho_log_softmax(other, m, k, other);
			cr_assert_arr_eq(other, out, k * sizeof *x);
		}
	}
}

Test(categorical, what_no_policy_has_is_said_and_not_hidden)
{
	uint64_t none[2] = { 0 }, one[2] = { 0, 1u << 3 };
	double tile[2];
	struct rho_soft s;
	ref_logits(&rng, 100, 1, 0, x, wide);
	cr_assert_eq(rho_log_softmax(x, none, 100, out), -INFINITY);
	for (size_t j = 0; j < 100; j++)
		cr_assert_eq(out[j], -INFINITY);
	cr_assert_not(rho_soft_open(&s, x, none, 100, tile));
	cr_assert_eq(rho_best(x, none, 100), 100);
	NEAR(rho_log_softmax(x, one, 100, out), wide[67], 1e-6);
	cr_assert_eq(out[67], 0);
	cr_assert_eq(rho_best(x, one, 100), 67);
	x[30] = NAN;
	cr_assert(isnan(rho_log_softmax(x, NULL, 100, out)));
	cr_assert_not(rho_soft_open(&s, x, NULL, 100, tile));
	cr_assert(rho_soft_open(&s, x, one, 100, tile), "what is masked may be anything");
	for (size_t j = 0; j < 100; j++)
		x[j] = NAN;
	cr_assert(isnan(rho_log_sum_exp(x, NULL, 100)));
	x[0] = INFINITY;
	cr_assert_not(rho_soft_open(&s, x, NULL, 1, tile));
	x[0] = -INFINITY;
	x[1] = 3;
	cr_assert_eq(rho_log_softmax(x, NULL, 2, out), 3);
	cr_assert_eq(out[0], -INFINITY);
	cr_assert_eq(out[1], 0);
}

/* What a gradient is checked on: w ln π_a + wh H. */
static double objective(const double *logit, const uint64_t *m, size_t k, size_t a, double w, double wh)
{
	ref_log_softmax(logit, m, k, want2);
	return w * want2[a] + wh * ref_entropy(want2, k);
}

Test(categorical, gradients_are_central_differences)
{
	static const size_t sizes[] = { 2, 17, 700 };
	for (size_t s = 0; s < 3; s++) {
		for (int masked = 0; masked < 2; masked++) {
			size_t k = sizes[s], a = k - 1;
			const uint64_t *m = masked ? mask : NULL;
			double g_sum = 0;
			ref_logits(&rng, k, 2, 1, x, wide);
			ref_mask(&rng, k, mask);
			rho_log_softmax(x, m, k, out);
			rho_policy_grad(out, k, a, 0.7, -0.3, rho_entropy(out, k), y);
			for (size_t j = 0; j < k; j++) {
				double h = 1e-5, at = wide[j];
				wide[j] = at + h;
				double up = objective(wide, m, k, a, 0.7, -0.3);
				wide[j] = at - h;
				double down = objective(wide, m, k, a, 0.7, -0.3);
				wide[j] = at;
				NEAR((double)y[j], (up - down) / (2 * h), 2e-6);
				if (!ref_may(m, j))
					cr_assert_eq(y[j], 0);
				g_sum += (double)y[j];
			}
			NEAR(g_sum, 0, 1e-5);

			/* Any function of ln π: the same through the general way back. */
			double h = rho_entropy(out, k);
			for (size_t j = 0; j < k; j++) {
				double p = exp((double)out[j]), lp = p > 0 ? (double)out[j] : 0;
				other[j] = (float)((j == a ? 0.7 : 0) + 0.3 * p * (1 + lp));
			}
			rho_log_softmax_back(out, other, k, other);
			for (size_t j = 0; j < k; j++)
				NEAR((double)other[j], (double)y[j], 2e-6);
			memcpy(other, out, k * sizeof *out);
			rho_policy_grad(other, k, a, 0.7, -0.3, h, other);
			cr_assert_arr_eq(other, y, k * sizeof *y);
		}
	}
}

Test(categorical, means_under_a_policy)
{
	static const size_t sizes[] = { 1, 5, 512, MOST };
	for (size_t s = 0; s < 4; s++) {
		size_t k = sizes[s];
		double mean = 0, kl = 0;
		ref_logits(&rng, k, 4, 0, x, wide);
		ref_logits(&rng, k, 4, 0, y, wide2);
		ref_mask(&rng, k, mask);
		rho_log_softmax(x, mask, k, out);
		rho_log_softmax(y, NULL, k, other);
		ref_log_softmax(wide, mask, k, want);
		ref_log_softmax(wide2, NULL, k, want2);
		for (size_t j = 0; j < k; j++) {
			mean += exp(want[j]) * wide2[j];
			kl += want[j] > -INFINITY ? exp(want[j]) * (want[j] - want2[j]) : 0;
			y[j] = ref_may(mask, j) ? y[j] : NAN;
		}
		NEAR(rho_entropy(out, k), ref_entropy(want, k), 1e-5);
		NEAR(rho_expectation(out, y, k), mean, 1e-5);
		NEAR(rho_kl(out, other, k), kl, 1e-5);
		NEAR(rho_kl(out, out, k), 0, 0);
		if (k > 100)
			cr_assert_eq(rho_kl(other, out, k), INFINITY);
	}
	for (size_t j = 0; j < MOST; j++)
		x[j] = 7;
	rho_log_softmax(x, NULL, MOST, out);
	NEAR(rho_entropy(out, MOST), log(MOST), 1e-5);
}

Test(categorical, the_best_is_the_first_of_the_largest)
{
	for (int t = 0; t < 200; t++) {
		size_t k = 1 + rho_below(&rng, 2000), best = SIZE_MAX, best_open = SIZE_MAX;
		ref_mask(&rng, k, mask);
		for (size_t j = 0; j < k; j++) {
			x[j] = (float)rho_below(&rng, 50);
			best = best == SIZE_MAX || x[j] > x[best] ? j : best;
			if (ref_may(mask, j))
				best_open = best_open == SIZE_MAX || x[j] > x[best_open] ? j : best_open;
		}
		cr_assert_eq(rho_best(x, NULL, k), best);
		cr_assert_eq(rho_best(x, mask, k), best_open);
		x[rho_below(&rng, (uint32_t)k)] = NAN;
		size_t at = rho_best(x, NULL, k);
		cr_assert(k == 1 ? at == 1 : !isnan(x[at]));
	}
}

/* 200 of 2,000 uniformly, the taken action put in: exp of the estimate is unbiased, the estimate itself too low by
 * half its squared relative error, and both are measured. */
Test(categorical, sampled_softmax_is_unbiased_before_its_logarithm)
{
	enum { K = 2000, M = 200, DRAWS = 4000 };
	uint32_t id[K];
	float q[M + 1];
	double sum = 0, square = 0, bias = 0;
	ref_logits(&rng, K, 1, 0, x, wide);
	double truth = ref_log_softmax(wide, NULL, K, want);
	for (int d = 0; d < DRAWS; d++) {
		for (uint32_t j = 0; j < K; j++)
			id[j] = j;
		y[0] = x[0]; /* the action itself is always there */
		q[0] = 1;
		for (uint32_t j = 0; j < M; j++) {
			uint32_t at = 1 + j + rho_below(&rng, K - 1 - j), keep = id[1 + j];
			id[1 + j] = id[at];
			id[at] = keep;
			y[1 + j] = x[id[1 + j]];
			q[1 + j] = (float)M / (K - 1);
		}
		cr_assert_eq(rho_sampled_logits(y, q, M + 1, out), M + 1);
		double lse = rho_log_sum_exp(out, NULL, M + 1), ratio = exp(lse - truth);
		sum += ratio;
		square += ratio * ratio;
		bias += lse - truth - (ratio - 1); /* whose mean is 0: the same in the long run, less noise */
	}
	double mean = sum / DRAWS, var = square / DRAWS - mean * mean, sd = sqrt(var / DRAWS);
	NEAR(mean, 1, 5 * sd);
	NEAR(var, (exp(1) - 1) / M, 0.3 * (exp(1) - 1) / M);    /* of exp of unit variance; 0.0086 here */
	NEAR(bias / DRAWS, -var / 2, 0.1 * var);
	q[5] = NAN;
	cr_assert_eq(rho_sampled_logits(y, q, M + 1, out), 5);
	q[5] = 0;
	cr_assert_eq(rho_sampled_logits(y, q, M + 1, out), 5);
}
