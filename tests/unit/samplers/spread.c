/* stratified, kcentre and kdpp: what spreads over the features, against brute force and simulation. */
#include "kit/eigen.h"
#include "sampler.h"

/* ---- stratified ---- */

/* Three heaps far apart, of 40, 15 and 5 actions, shuffled: id i is in heap heap_of(i). */
enum { HEAPED = 60 };
static int heap_of(size_t i) { return i * 7 % HEAPED < 40 ? 0 : i * 7 % HEAPED < 55 ? 1 : 2; }

static float *heaps(void)
{
	float *x = normal_rows(3, HEAPED, 4);
	for (size_t i = 0; i < HEAPED; i++)
		x[i * 4 + (size_t)heap_of(i)] += 100;
	return x;
}

Test(stratified, quotas_and_inclusion)
{
	static const struct {
		const char *allocation;
		double quota[3]; /* of 7 candidates */
	} how[] = {
		{ "proportional", { 5, 2, 0 } }, /* 4.67, 1.75, 0.58: largest remainders */
		{ "equal", { 3, 2, 2 } },
		{ "systematic", { 7 * 40 / 60., 7 * 15 / 60., 7 * 5 / 60. } },
	};
	const double size[3] = { 40, 15, 5 };
	float *x = heaps(), incl[7];
	uint32_t cand[7];
	for (size_t h = 0; h < 3; h++) {
		struct sampler s;
		char toml[96];
		double want[HEAPED];
		snprintf(toml, sizeof toml, "k = 7\ncells = 3\nallocation = \"%s\"", how[h].allocation);
		cr_assert_eq(sampler_on(&s, "stratified", toml, 4, x, HEAPED, 4, 1), 0, "%s", s.p.why.at);
		for (size_t i = 0; i < HEAPED; i++)
			want[i] = how[h].quota[heap_of(i)] / size[heap_of(i)];
		inclusion_holds(&s, NULL, NULL, 0, 20000, want);
		for (uint64_t t = 0; t < 50; t++) {
			int of[3] = { 0 };
			cr_assert_eq(sampler_ask(&s, NULL, NULL, 0, 0, t, cand, incl), 7);
			for (size_t j = 0; j < 7; j++)
				of[heap_of(cand[j])]++;
			for (size_t c = 0; c < 3; c++)
				cr_assert(fabs(of[c] - how[h].quota[c]) < 1);
		}
		test_free(&s.p);
	}
	free(x);
}

Test(stratified, legal_lists_keys_and_extremes)
{
	float *x = heaps(), incl[HEAPED], other[HEAPED];
	uint32_t cand[HEAPED], again[HEAPED], legal[30], front[3] = { 0 };
	double want[HEAPED] = { 0 }, of[3] = { 0 };
	struct sampler s, twin;
	for (uint32_t j = 0; j < 30; j++) { /* the even ids: 20, 8 and 2 of the heaps */
		legal[j] = j * 22 % HEAPED;
		of[heap_of(legal[j])]++;
	}
	cr_assert_eq(
		sampler_on(&s, "stratified", "k = 6\ncells = 3\nallocation = \"equal\"", 4, x, HEAPED, 4, 1),
		0);
	cr_assert(of[0] == 20 && of[1] == 8 && of[2] == 2);
	for (size_t j = 0; j < 30; j++)
		want[legal[j]] = 2 / of[heap_of(legal[j])];
	inclusion_holds(&s, NULL, legal, 30, 20000, want);
	cr_assert_eq(sampler_on(&twin, "stratified", "k = 6\ncells = 3\nallocation = \"equal\"", 4, x, HEAPED,
	                        4, 1),
	             0);
	for (uint64_t t = 0; t < 300; t++) {
		sampler_ask(&s, NULL, NULL, 0, 1, t, cand, incl);
		sampler_ask(&twin, NULL, NULL, 0, 1, 299 - t, again, other);
		sampler_ask(&twin, NULL, NULL, 0, 1, t, again, other);
		cr_assert(!memcmp(cand, again, 6 * sizeof *cand));
		front[heap_of(cand[0])]++;
	}
	cr_assert(front[0] > 60 && front[1] > 60 && front[2] > 60); /* of 100 expected: cells take no turns */
	test_free(&twin.p);
	test_free(&s.p);
	cr_assert_eq(sampler_on(&s, "stratified", "k = 60\ncells = 7", 4, x, HEAPED, 4, 1), 0);
	cr_assert_eq(sampler_ask(&s, NULL, NULL, 0, 0, 0, cand, incl), HEAPED);
	for (size_t j = 0; j < HEAPED; j++)
		cr_assert_eq(incl[j], 1);
	cr_assert_eq(sampler_ask(&s, NULL, legal, 3, 0, 0, cand, incl), 3);
	test_free(&s.p);
	for (size_t i = 0; i < (size_t)HEAPED * 4; i++) /* one distinct row: one cell */
		x[i] = 1;
	cr_assert_eq(sampler_on(&s, "stratified", "k = 6", 4, x, HEAPED, 4, 1), 0);
	for (size_t i = 0; i < HEAPED; i++)
		want[i] = 0.1;
	inclusion_holds(&s, NULL, NULL, 0, 5000, want);
	test_free(&s.p);
	cr_assert_eq(sampler_on(&s, "stratified", "k = 6\ncells = 9\nsample = 8", 4, x, HEAPED, 4, 1),
	             RHO_EINVAL);
	HAS(s.p.why.at, "sample to at least 9");
	test_free(&s.p);
	free(x);
}

/* ---- kcentre ---- */

static double gap2(const float *x, size_t d, size_t a, size_t b)
{
	double sum = 0;
	for (size_t j = 0; j < d; j++)
		sum += ((double)x[a * d + j] - (double)x[b * d + j]) *
		       ((double)x[a * d + j] - (double)x[b * d + j]);
	return sum;
}

/* The order by brute force on whole numbers, where every distance is exact; among list (n). */
static void gonzalez(const float *x, size_t d, const uint32_t *list, size_t n, size_t got, size_t k,
                     uint32_t *out)
{
	if (!got) {
		double best = INFINITY;
		for (size_t i = 0; i < n; i++) {
			double sum = 0;
			for (size_t j = 0; j < d; j++) {
				double mean = 0;
				for (size_t l = 0; l < n; l++)
					mean += (double)x[list[l] * d + j] / (double)n;
				sum += (mean - (double)x[list[i] * d + j]) *
				       (mean - (double)x[list[i] * d + j]);
			}
			if (sum < best - 1e-9) {
				best = sum;
				out[0] = list[i];
			}
		}
		got = 1;
	}
	for (; got < k; got++) {
		double far = -1;
		for (size_t i = 0; i < n; i++) {
			double near = INFINITY;
			bool in = false;
			for (size_t j = 0; j < got; j++) {
				near = fmin(near, gap2(x, d, list[i], out[j]));
				in |= out[j] == list[i];
			}
			if (!in && near > far) {
				far = near;
				out[got] = list[i];
			}
		}
	}
}

Test(kcentre, the_order_of_gonzalez)
{
	enum { K = 128, D = 5, k = 40 };
	struct rho_rng r = rho_stream_seed(8, "test", 0, "whole");
	float x[K * D], incl[K];
	uint32_t all[K], want[K], cand[K], legal[50], rest[] = { 100, 3, 90, 17, 55 };
	struct sampler s;
	for (size_t i = 0; i < (size_t)K * D; i++)
		x[i] = (float)rho_below(&r, 9) - 4; /* some rows are the same, too */
	memcpy(x + 9 * D, x + 70 * D, D * sizeof *x);
	for (uint32_t i = 0; i < K; i++)
		all[i] = i;
	cr_assert_eq(sampler_on(&s, "kcentre", "k = 40", 1, x, K, D, 1), 0, "%s", s.p.why.at);
	gonzalez(x, D, all, K, 0, k, want);
	cr_assert_eq(sampler_ask(&s, NULL, NULL, 0, 0, 0, cand, incl), k);
	cr_assert(!memcmp(cand, want, k * sizeof *cand));
	cr_assert_eq(incl[0], 1);
	/* a long legal list: those of the order that are in it, then on among its own */
	for (uint32_t j = 0; j < 50; j++)
		legal[j] = (j * 37 + 11) % K;
	for (int turn = 0; turn < 3; turn++) {
		size_t got = 0;
		for (size_t j = 0; j < k; j++)
			for (size_t l = 0; l < 50; l++)
				if (legal[l] == want[j])
					all[got++] = want[j];
		gonzalez(x, D, legal, 50, got, k, all);
		cr_assert_eq(sampler_ask(&s, NULL, legal, 50, 0, 0, cand, incl), k);
		cr_assert(!memcmp(cand, all, k * sizeof *cand));
	}
	gonzalez(x, D, rest, 5, 0, 5, all); /* as if none of them were in the order */
	for (size_t j = 0; j < 5; j++)
		for (size_t l = 0; l < k; l++)
			if (rest[j] == want[l])
				rest[j] = 0;
	cr_assert_eq(sampler_ask(&s, NULL, rest + 1, 1, 0, 0, cand, incl), 1);
	test_free(&s.p);
	cr_assert_eq(sampler_on(&s, "kcentre", "k = 128", 1, x, K, D, 1), 0);
	cr_assert_eq(sampler_ask(&s, NULL, NULL, 0, 0, 0, cand, incl), K);
	test_free(&s.p);
}

/* ---- kdpp ---- */

/* det of the m x m matrix a, destroyed. */
static double det(double *a, size_t m)
{
	double d = 1;
	for (size_t i = 0; i < m; i++) {
		size_t p = i;
		for (size_t r = i; r < m; r++)
			if (fabs(a[r * m + i]) > fabs(a[p * m + i]))
				p = r;
		if (a[p * m + i] == 0)
			return 0;
		d *= p == i ? 1 : -1;
		for (size_t c = 0; c < m; c++) {
			double t = a[i * m + c];
			a[i * m + c] = a[p * m + c];
			a[p * m + c] = t;
		}
		d *= a[i * m + i];
		for (size_t r = i + 1; r < m; r++)
			for (size_t c = m; c-- > i;)
				a[r * m + c] -= a[r * m + i] / a[i * m + i] * a[i * m + c];
	}
	return d;
}

/* prob (128): of each set of 3 of the n <= 7 ids in list, by its bits; incl (7). */
static void enumerate(const float *x, size_t d, const uint32_t *list, size_t n, double *prob, double *incl)
{
	double all = 0;
	memset(prob, 0, 128 * sizeof *prob);
	memset(incl, 0, 7 * sizeof *incl);
	for (size_t a = 0; a < n; a++)
		for (size_t b = 0; b < a; b++)
			for (size_t c = 0; c < b; c++) {
				uint32_t id[3] = { list[a], list[b], list[c] };
				double l[9];
				for (size_t i = 0; i < 9; i++) {
					l[i] = 0;
					for (size_t j = 0; j < d; j++)
						l[i] += (double)x[id[i / 3] * d + j] *
						        (double)x[id[i % 3] * d + j];
				}
				size_t set = 1u << id[0] | 1u << id[1] | 1u << id[2];
				prob[set] = fmax(det(l, 3), 0);
				all += prob[set];
			}
	for (size_t set = 0; set < 128; set++) {
		prob[set] /= all;
		prob[set] = prob[set] < 1e-12 ? 0 : prob[set];
		for (size_t i = 0; i < 7; i++)
			incl[i] += set >> i & 1 ? prob[set] : 0;
	}
}

Test(kdpp, sets_are_as_likely_as_their_determinants)
{
	enum { DRAWS = 30000 };
	static const uint32_t all[] = { 0, 1, 2, 3, 4, 5, 6 }, legal[] = { 6, 0, 3, 5, 1 };
	for (size_t d = 3; d <= 9; d += 3) { /* 3: k is the rank; 9: more features than actions */
		float *x = normal_rows(20 + d, 7, d), incl[3];
		double prob[128], expected[128], want[7], seen[128] = { 0 }, first[7] = { 0 }, fair[7];
		uint32_t cand[3];
		struct sampler s;
		size_t sets = 0;
		memset(x + 2 * d, 0, d * sizeof *x);         /* never drawn */
		memcpy(x + 4 * d, x + 5 * d, d * sizeof *x); /* never together */
		for (size_t j = 0; j < d; j++)
			x[d + j] *= 30; /* eigenvalues far apart */
		cr_assert_eq(sampler_on(&s, "kdpp", "k = 3", 2, x, 7, d, 1), 0, "%s", s.p.why.at);
		enumerate(x, d, all, 7, prob, want);
		inclusion_holds(&s, NULL, NULL, 0, DRAWS, want);
		for (uint64_t t = 0; t < DRAWS; t++) {
			cr_assert_eq(sampler_ask(&s, NULL, NULL, 0, 0, t, cand, incl), 3);
			seen[1u << cand[0] | 1u << cand[1] | 1u << cand[2]]++;
			first[cand[0]]++;
		}
		for (size_t i = 0; i < 128; i++) {
			expected[i] = prob[i] * DRAWS;
			sets += prob[i] > 0;
			if (expected[i] > 0 && expected[i] < 5) { /* too rare to count alone */
				expected[0] += expected[i];
				seen[0] += seen[i];
				expected[i] = seen[i] = 0;
			}
		}
		cr_assert_gt(sets, 8);
		cr_assert_leq(test_chi2(seen, expected, 128), test_chi2_limit((double)sets - 1));
		for (size_t i = 0; i < 7; i++) /* every order is as likely */
			fair[i] = want[i] > 1e-4 ? DRAWS * want[i] / 3 : (first[i] = 0);
		cr_assert_leq(test_chi2(first, fair, 7), test_chi2_limit(6));
		enumerate(x, d, legal, 5, prob, want);
		inclusion_holds(&s, NULL, legal, 5, DRAWS / 3, want);
		test_free(&s.p);
		free(x);
	}
}

Test(kdpp, rank_pool_and_keys)
{
	enum { K = 200, D = 12 };
	float *x = normal_rows(9, K, D), incl[D];
	uint32_t cand[D], again[D], legal[] = { 3, 4, 5, 6 };
	double seen[K] = { 0 };
	struct sampler s, twin;
	for (size_t i = 0; i < K; i++) /* rank 11 */
		x[i * D + 7] = x[i * D + 2];
	cr_assert_eq(sampler_on(&s, "kdpp", "k = 12", 1, x, K, D, 1), RHO_EINVAL);
	HAS(s.p.why.at, "have rank 11");
	HAS(s.p.why.at, "set k to at most 11");
	test_free(&s.p);
	cr_assert_eq(sampler_on(&s, "kdpp", "k = 13", 1, x, K, D, 1), RHO_EINVAL);
	HAS(s.p.why.at, "at most 12");
	test_free(&s.p);
	cr_assert_eq(sampler_on(&s, "kdpp", "k = 11", 1, x, K, D, 1), 0, "%s", s.p.why.at);
	cr_assert_eq(sampler_on(&twin, "kdpp", "k = 11", 1, x, K, D, 1), 0);
	double sum = 0;
	for (uint64_t t = 0; t < 50; t++) {
		cr_assert_eq(sampler_ask(&s, NULL, NULL, 0, 2, t, cand, incl), 11);
		sampler_ask(&twin, NULL, NULL, 0, 2, 49 - t, again, incl);
		sampler_ask(&twin, NULL, NULL, 0, 2, t, again, incl);
		cr_assert(!memcmp(cand, again, 11 * sizeof *cand));
		for (size_t j = 0; j < 11; j++)
			sum += 1 / (double)incl[j] / 50;
	}
	cr_assert_float_eq(sum, K, 0.15 * K); /* Horvitz & Thompson's estimate of how many there are */
	cr_assert_eq(sampler_ask(&s, NULL, legal, 4, 0, 0, cand, incl),
	             4); /* fewer than k, all independent */
	cr_assert_float_eq(incl[0], 1, 1e-6);
	test_free(&s.p);
	test_free(&twin.p);
	cr_assert_eq(sampler_on(&s, "kdpp", "k = 5\npool = 30", 1, x, K, D, 1), 0);
	for (uint64_t t = 0; t < 2000; t++) {
		cr_assert_eq(sampler_ask(&s, NULL, NULL, 0, 0, t, cand, incl), 5);
		cr_assert(isnan(incl[0]));
		for (size_t j = 0; j < 5; j++)
			seen[cand[j]]++;
	}
	for (size_t i = 0; i < K; i++)
		cr_assert(seen[i] > 5 && seen[i] < 150, "%zu: %g", i, seen[i]); /* 50 on average */
	test_free(&s.p);
	cr_assert_eq(sampler_on(&s, "kdpp", "k = 5\npool = 4", 1, x, K, D, 1), RHO_EINVAL);
	HAS(s.p.why.at, "set pool to at least 5");
	test_free(&s.p);
	memset(x, 0, sizeof *x * K * D);
	cr_assert_eq(sampler_on(&s, "kdpp", "k = 1", 1, x, K, D, 1), RHO_EINVAL);
	HAS(s.p.why.at, "rank 0");
	test_free(&s.p);
	free(x);
}

/* ---- eigenvalues ---- */

struct eigen_case {
	struct test_plugin p; /* for a ctx with scratch memory */
	double *a, *copy, *value, *vector;
};

static void eigen_holds(struct eigen_case *t, size_t n)
{
	double size = 0;
	memcpy(t->copy, t->a, n * n * sizeof *t->a);
	for (size_t i = 0; i < n * n; i++)
		size = fmax(size, fabs(t->a[i]));
	TEST_OK(&t->p, "test", false, rho_eigenpairs(&t->p.inst->ctx, t->copy, n, t->value, t->vector));
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			double unit = 0, from = 0;
			for (size_t k = 0; k < n; k++) {
				unit += t->vector[i * n + k] * t->vector[j * n + k];
				from += t->value[k] * t->vector[k * n + i] * t->vector[k * n + j];
			}
			cr_assert_float_eq(unit, i == j, 1e-12 * (double)n);
			cr_assert_float_eq(from, t->a[i * n + j], 1e-13 * (double)n * (size + 1e-300),
			                   "n = %zu: (%zu, %zu) is %.17g, not %.17g", n, i, j, from,
			                   t->a[i * n + j]);
		}
}

Test(eigen, gives_the_matrix_back)
{
	enum { MOST = 60 };
	static const size_t sizes[] = { 1, 2, 3, 4, 17, MOST };
	struct rho_rng r = rho_stream_seed(1, "test", 0, "eigen");
	struct eigen_case t;
	test_make(&t.p, RHO_SAMPLER, "all", "", 1);
	t.a = calloc(4 * MOST * MOST, sizeof *t.a);
	t.copy = t.a + MOST * MOST;
	t.vector = t.copy + MOST * MOST;
	t.value = t.vector + MOST * MOST;
	for (size_t c = 0; c < 6; c++) {
		size_t n = sizes[c];
		for (int kind = 0; kind < 5; kind++) {
			for (size_t i = 0; i < n; i++)
				for (size_t j = 0; j <= i; j++) {
					double v = kind == 0   ? rho_normal(&r)
					           : kind == 1 ? (i == j ? 3 : 0) /* all the same */
					           : kind == 2
					                   ? (double)(i + 1) * (double)(j + 1) /* rank 1 */
					           : kind == 3 ? 0
					                       : rho_normal(&r) * exp(-(double)(i + j));
					t.a[i * n + j] = t.a[j * n + i] = v;
				}
			eigen_holds(&t, n);
		}
	}
	free(t.a);
	test_free(&t.p);
}
