/* topk and mix: what searches for a query, against sorting all products. */
#include "sampler.h"
#include "score/score.h"

enum { K = 300, D = 16 };

/* Whether cand (got) are the `got` legal ones of largest product, best first, ties to the lower id. */
static void is_top(const struct sampler *s, const float *q, const uint32_t *legal, size_t n_legal,
                   const uint32_t *cand, size_t got)
{
	size_t n = s->spec.n_actions, d = s->mat.cols;
	bool *left = calloc(n, sizeof *left);
	for (size_t j = 0; j < (legal ? n_legal : n); j++)
		left[legal ? legal[j] : j] = true;
	for (size_t j = 0; j < got; j++) {
		size_t best = n;
		float most = 0;
		for (size_t a = 0; a < n; a++) {
			float v = rho_dot(q, s->mat.at + a * d, d);
			if (left[a] && (best == n || v > most)) {
				best = a;
				most = v;
			}
		}
		cr_assert_eq(cand[j], best, "place %zu: %u, not %zu", j, cand[j], best);
		left[best] = false;
	}
	free(left);
}

Test(topk, finds_what_sorting_finds)
{
	static const uint32_t few[] = { 250, 3, 77, 21, 20, 0, 299, 78 };
	float *x = normal_rows(1, K, D), *q = normal_rows(2, 5, D), incl[K];
	uint32_t cand[K], many[200];
	struct sampler s;
	for (size_t j = 0; j < 200; j++)
		many[j] = (uint32_t)((j * 7 + 5) % K); /* not in order */
	memcpy(x + 21 * D, x + 20 * D, D * sizeof *x); /* a tie */
	memset(x + 3 * D, 0, D * sizeof *x);
	cr_assert_eq(sampler_on(&s, "topk", "k = 40", 1, x, K, D, 2), 0, "%s", s.p.why.at);
	cr_assert(s.info.max_k == 40 && s.info.law == RHO_LAW_OTHER && s.info.wants == RHO_WANTS_QUERY);
	for (size_t i = 0; i < 5; i++) {
		const float *one = q + i * D;
		cr_assert_eq(sampler_ask(&s, one, NULL, 0, 0, i, cand, incl), 40);
		is_top(&s, one, NULL, 0, cand, 40);
		cr_assert_eq(incl[39], 1);
		cr_assert_eq(sampler_ask(&s, one, few, 8, 0, i, cand, incl), 8);
		is_top(&s, one, few, 8, cand, 8);
		cr_assert_eq(sampler_ask(&s, one, many, 200, 0, i, cand, incl), 40);
		is_top(&s, one, many, 200, cand, 40);
	}
	memset(q, 0, D * sizeof *q); /* an agent that knows nothing: all tie */
	sampler_ask(&s, q, NULL, 0, 0, 0, cand, incl);
	for (uint32_t j = 0; j < 40; j++)
		cr_assert_eq(cand[j], j);
	test_free(&s.p);
	cr_assert_eq(sampler_on(&s, "topk", "k = 300\nquery = \"context\"", 1, x, K, D, 1), 0);
	cr_assert_eq(s.info.wants, 0);
	cr_assert_eq(sampler_ask(&s, q + D, NULL, 0, 0, 0, cand, incl), K);
	is_top(&s, q + D, NULL, 0, cand, K);
	test_free(&s.p);
	free(x);
	free(q);
}

/* Decisions of a batch do not see each other, with legal lists or without. */
Test(topk, a_batch_is_its_decisions)
{
	float *x = normal_rows(1, K, D), *q = normal_rows(2, 3, D), incl[60], one_incl[20];
	const uint32_t legal[] = { 9, 8, 7, 6, 5, 100, 200, 4, 3 }, lane[3] = { 0, 1, 2 };
	const size_t legal_off[] = { 0, 4, 5, 9 };
	const uint64_t tick[3] = { 0, 0, 0 };
	uint32_t cand[60], one[20];
	size_t off[4];
	struct sampler s;
	struct rho_mat qm = { q, 3, D, D };
	cr_assert_eq(sampler_on(&s, "topk", "k = 20", 1, x, K, D, 1), 0);
	struct rho_ask ask = {
		.n = 3, .actions = s.spec.actions, .lane = lane, .tick = tick, .query = { .mat = &qm, .n = 3 }
	};
	struct rho_pool pool = { cand, off, incl };
	for (int lists = 0; lists < 2; lists++) {
		ask.legal = lists ? legal : NULL;
		ask.legal_off = lists ? legal_off : NULL;
		TEST_OK(&s.p, "draw", false, s.table->draw(TEST_SELF(&s.p), &ask, &pool));
		for (size_t i = 0; i < 3; i++) {
			size_t n =
				sampler_ask(&s, q + i * D, lists ? legal + legal_off[i] : NULL,
			                    lists ? legal_off[i + 1] - legal_off[i] : 0, 0, 0, one, one_incl);
			cr_assert_eq(off[i + 1] - off[i], n);
			cr_assert(!memcmp(cand + off[i], one, n * sizeof *one));
		}
	}
	test_free(&s.p);
	free(x);
	free(q);
}

Test(topk, products_that_are_no_numbers)
{
	float x[] = { 1e30f, -1e30f, 1e30f, 1e30f, 1, 1 }, q[] = { 3e30f, 3e30f }, incl[3];
	const uint32_t legal[] = { 0 };
	uint32_t cand[3], lane = 0;
	uint64_t tick = 0;
	size_t off[2], legal_off[] = { 0, 1 };
	struct sampler s;
	struct rho_mat qm = { q, 1, 2, 2 };
	cr_assert_eq(sampler_on(&s, "topk", "k = 3", 1, x, 3, 2, 1), 0);
	cr_assert_eq(sampler_ask(&s, q, NULL, 0, 0, 0, cand, incl), 2); /* action 0: inf - inf */
	cr_assert(cand[0] == 1 && cand[1] == 2);
	struct rho_ask ask = { .n = 1,
		               .actions = s.spec.actions,
		               .legal = legal,
		               .legal_off = legal_off,
		               .lane = &lane,
		               .tick = &tick,
		               .query = { .mat = &qm, .n = 1 } };
	struct rho_pool pool = { cand, off, incl };
	cr_assert_eq(TEST_CALL(&s.p, "draw", false, s.table->draw(TEST_SELF(&s.p), &ask, &pool)), RHO_EINVAL);
	HAS(s.p.why.at, "only 0 inner products");
	test_free(&s.p);
}

Test(mix, the_best_and_uniform_others)
{
	enum { N = 24 };
	static const uint32_t legal[] = { 20, 4, 9, 1, 17, 11, 2, 23, 8, 0 };
	float *x = normal_rows(5, N, D), *q = normal_rows(6, 1, D), incl[8], again[8];
	double want[N], want_legal[N] = { 0 };
	uint32_t cand[8], same[8];
	struct sampler s, twin;
	cr_assert_eq(sampler_on(&s, "mix", "k = 8\ntop = 3", 7, x, N, D, 1), 0, "%s", s.p.why.at);
	sampler_ask(&s, q, NULL, 0, 0, 0, cand, incl);
	is_top(&s, q, NULL, 0, cand, 3);
	for (size_t i = 0; i < N; i++)
		want[i] = i == cand[0] || i == cand[1] || i == cand[2] ? 1 : 5.0 / (N - 3);
	inclusion_holds(&s, q, NULL, 0, 20000, want);
	sampler_ask(&s, q, legal, 10, 0, 0, cand, incl);
	is_top(&s, q, legal, 10, cand, 3);
	for (size_t j = 0; j < 10; j++)
		want_legal[legal[j]] = 5.0 / 7;
	for (size_t j = 0; j < 3; j++)
		want_legal[cand[j]] = 1;
	inclusion_holds(&s, q, legal, 10, 20000, want_legal);
	/* keyed by seed, lane and tick */
	cr_assert_eq(sampler_on(&twin, "mix", "k = 8\ntop = 3", 7, x, N, D, 1), 0);
	sampler_ask(&s, q, NULL, 0, 3, 99, cand, incl);
	sampler_ask(&twin, q, NULL, 0, 3, 99, same, again);
	cr_assert(!memcmp(cand, same, sizeof cand));
	sampler_ask(&twin, q, NULL, 0, 3, 98, same, again);
	cr_assert(memcmp(cand, same, sizeof cand));
	test_free(&twin.p);
	test_free(&s.p);
	/* all of them, and all of them the best */
	cr_assert_eq(sampler_on(&s, "mix", "k = 24\ntop = 1", 7, x, N, D, 1), 0);
	uint32_t all[N];
	float sure[N];
	cr_assert_eq(sampler_ask(&s, q, NULL, 0, 0, 0, all, sure), N);
	for (size_t j = 0; j < N; j++)
		cr_assert_eq(sure[j], 1);
	test_free(&s.p);
	cr_assert_eq(sampler_on(&s, "mix", "k = 8\ntop = 8", 7, x, N, D, 1), 0);
	cr_assert_eq(sampler_ask(&s, q, NULL, 0, 0, 0, cand, incl), 8);
	is_top(&s, q, NULL, 0, cand, 8);
	test_free(&s.p);
	cr_assert_eq(sampler_on(&s, "mix", "k = 8\ntop = 9", 7, x, N, D, 1), RHO_EINVAL);
	HAS(s.p.why.at, "at most 8");
	test_free(&s.p);
	free(x);
	free(q);
}

/* What every sampler that goes by features refuses, and the smallest it takes. */
Test(features, bad_and_small)
{
	static const char *const names[] = { "topk", "mix", "stratified", "kcentre", "kdpp", "hnsw" };
	for (size_t i = 0; i < 6; i++) {
		char toml[64];
		float *x = normal_rows(1, 10, 3), q[3] = { 1, 2, 3 }, incl[1];
		uint32_t cand[1];
		struct sampler s;
		bool search = i < 2 || i == 5;
		if (!sampler_built(names[i]))
			continue;
		snprintf(toml, sizeof toml, "k = 3%s", i == 1 ? "\ntop = 2" : "");
		cr_assert_eq(sampler_on(&s, names[i], toml, 1, NULL, 10, 3, 1), RHO_EINVAL);
		HAS(s.p.why.at, "features");
		test_free(&s.p);
		x[4 * 3 + 2] = NAN;
		cr_assert_eq(sampler_on(&s, names[i], toml, 1, x, 10, 3, 1), RHO_EINVAL);
		HAS(s.p.why.at, "action 4 ");
		HAS(s.p.why.at, "number 2 of 3 is");
		test_free(&s.p);
		cr_assert_eq(sampler_on(&s, names[i], toml, 1, x, 2, 3, 1), RHO_EINVAL);
		HAS(s.p.why.at, "at most 2");
		test_free(&s.p);
		cr_assert_eq(sampler_on(&s, names[i], toml, 1, x, 4, 3, 4), RHO_EINVAL);
		HAS(s.p.why.at, "at least 4");
		test_free(&s.p);
		snprintf(toml, sizeof toml, "k = 1%s", i == 1 ? "\ntop = 1" : "");
		for (size_t d = 1; d <= 3; d += 2) { /* K = 1 and d = 1 */
			for (size_t n = 1; n <= 4; n += 3) {
				cr_assert_eq(sampler_on(&s, names[i], toml, 1, x, n, d, 1), 0, "%s",
				             s.p.why.at);
				cr_assert_eq(sampler_ask(&s, q, NULL, 0, 0, 0, cand, incl), 1);
				test_free(&s.p);
			}
		}
		if (search) {
			char context[96];
			snprintf(context, sizeof context, "%s\nquery = \"context\"", toml);
			memset(&s, 0, sizeof s);
			test_make(&s.p, RHO_SAMPLER, names[i], context, 1);
			s.table = s.p.inst->module->plugin.sampler;
			s.mat = (struct rho_mat){ x, 4, 3, 3 };
			s.spec = (struct rho_sampler_spec){ .n_actions = 4,
				                            .x_dim = 5,
				                            .lanes = 1,
				                            .slate = 1,
				                            .actions = { .mat = &s.mat, .n = 4 } };
			cr_assert_eq(TEST_CALL(&s.p, "open", true,
			                       s.table->open(TEST_SELF(&s.p), &s.spec, &s.info)),
			             RHO_EINVAL);
			HAS(s.p.why.at, "contexts have 5 numbers and actions 3");
			test_free(&s.p);
		}
		free(x);
	}
}

/* Among 10,000 copies of 12 rows, among rows of nothing but zeros, and with very long ones: k that are there, or
 * a sentence why not. What spreads its candidates takes no vector twice. */
Test(features, copies_zeros_and_very_long_rows)
{
	static const struct {
		const char *name, *toml;
		bool spreads;
	} all[] = { { "topk", "k = 5", false },     { "mix", "k = 5\ntop = 2", false },
		    { "stratified", "k = 5", false }, { "kcentre", "k = 5", true },
		    { "kdpp", "k = 5", true },        { "hnsw", "k = 5\nrecall = 0.0", false },
		    { "spanner", "", false } };
	enum { KINDS = 12, MANY = 10012, WIDE = 6, LONG = 4097 };
	float *few = normal_rows(3, KINDS, WIDE), *many = malloc(MANY * WIDE * sizeof *many), q[LONG] = { 1, 2 };
	float *zeros = calloc(20 * WIDE, sizeof *zeros), *wide = normal_rows(4, 20, LONG), incl[20];
	uint32_t cand[20];
	struct sampler s;
	for (size_t i = 0; i < MANY; i++)
		memcpy(many + i * WIDE, few + i % KINDS * WIDE, WIDE * sizeof *many);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (!sampler_built(all[i].name))
			continue;
		cr_assert_eq(sampler_on(&s, all[i].name, all[i].toml, 1, many, MANY, WIDE, 1), 0, "%s", s.p.why.at);
		for (uint64_t t = 0; t < 10; t++) {
			unsigned kinds = 0;
			size_t got = sampler_ask(&s, q, NULL, 0, 0, t, cand, incl);
			cr_assert(got == 5 || (!strcmp(all[i].name, "spanner") && got >= WIDE), "%s: %zu",
			          all[i].name, got);
			for (size_t j = 0; j < got; j++) {
				cr_assert(!all[i].spreads || !(kinds >> cand[j] % KINDS & 1), "%s: a vector twice",
				          all[i].name);
				kinds |= 1u << cand[j] % KINDS;
			}
		}
		test_free(&s.p);
		if (sampler_on(&s, all[i].name, all[i].toml, 1, zeros, 20, WIDE, 1))
			cr_assert(s.p.why.len, "%s", all[i].name);
		else
			sampler_ask(&s, q, NULL, 0, 0, 0, cand, incl);
		test_free(&s.p);
		cr_assert_eq(sampler_on(&s, all[i].name, all[i].toml, 1, wide, 20, LONG, 1), 0, "%s", s.p.why.at);
		sampler_ask(&s, q, NULL, 0, 0, 0, cand, incl);
		test_free(&s.p);
	}
	free(few);
	free(many);
	free(zeros);
	free(wide);
}
