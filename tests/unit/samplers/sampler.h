/* sampler.h: opening samplers on a matrix of features and asking them for candidates. */
#ifndef TEST_SAMPLER_H
#define TEST_SAMPLER_H

#include <unistd.h>

#include "../plugin.h"

struct sampler {
	struct test_plugin p;
	const struct rho_sampler *table;
	struct rho_sampler_info info;
	struct rho_sampler_spec spec;
	struct rho_mat mat;
};

/* Opens a sampler on n actions with features x (n, d), x NULL: none. What open gave. */
static inline int sampler_on(struct sampler *s, const char *name, const char *toml, uint64_t seed,
                             const float *x, size_t n, size_t d, size_t slate)
{
	memset(s, 0, sizeof *s);
	test_make(&s->p, RHO_SAMPLER, name, toml, seed);
	s->table = s->p.inst->module->plugin.sampler;
	s->mat = (struct rho_mat){ x, n, d, d };
	s->spec = (struct rho_sampler_spec){ .n_actions = n,
		                             .x_dim = d,
		                             .actions = { .mat = x ? &s->mat : NULL, .n = n },
		                             .lanes = 4,
		                             .slate = slate };
	int e = TEST_CALL(&s->p, "open", true, s->table->open(TEST_SELF(&s->p), &s->spec, &s->info));
	s->p.inst->opened = !e;
	return e;
}

/* One decision's set into cand, with query q (d) or none, among `legal` (n_legal; NULL: all). The
 * buffers hold exactly what the sampler may give. */
static inline size_t sampler_ask(struct sampler *s, const float *q, const uint32_t *legal, size_t n_legal,
                                 uint32_t lane, uint64_t tick, uint32_t *cand, float *incl)
{
	size_t off[2], legal_off[2] = { 0, n_legal };
	struct rho_mat qm = { q, 1, s->mat.cols, s->mat.cols };
	struct rho_ask ask = { .n = 1,
		               .x = { .mat = q ? &qm : NULL, .n = 1 },
		               .actions = s->spec.actions,
		               .legal = legal,
		               .legal_off = legal ? legal_off : NULL,
		               .lane = &lane,
		               .tick = &tick,
		               .query = { .mat = q ? &qm : NULL, .n = 1 } };
	struct rho_pool pool = { cand, off, incl };
	size_t most = legal && n_legal < s->info.max_k ? n_legal : s->info.max_k;
	for (size_t j = 0; j < most; j++)
		incl[j] = NAN;
	TEST_OK(&s->p, "draw", false, s->table->draw(TEST_SELF(&s->p), &ask, &pool));
	cr_assert(off[0] == 0 && off[1] <= most && off[1] >= s->spec.slate);
	for (size_t j = 0; j < off[1]; j++) {
		bool is_legal = !legal;
		cr_assert_lt(cand[j], s->spec.n_actions);
		for (size_t l = 0; l < n_legal && !is_legal; l++)
			is_legal = legal[l] == cand[j];
		cr_assert(is_legal, "%u is not legal", cand[j]);
		for (size_t l = 0; l < j; l++)
			cr_assert_neq(cand[l], cand[j], "%u is there twice", cand[j]);
		cr_assert(isnan(incl[j]) || (incl[j] > 0 && incl[j] <= 1));
	}
	return off[1];
}

/* Whether there is such a module: hnsw needs a library. */
static inline bool sampler_built(const char *name)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/sampler-%s.so", getenv("RHO_PLUGIN_PATH"), name);
	return !access(path, R_OK);
}

static inline float *normal_rows(uint64_t seed, size_t n, size_t d)
{
	struct rho_rng r = rho_stream_seed(seed, "test", 0, "rows");
	float *x = malloc(n * d * sizeof *x);
	for (size_t i = 0; i < n * d; i++)
		x[i] = (float)rho_normal(&r);
	return x;
}

/* Draws `draws` sets and compares how often each id came with the inclusion promised for it, want (n). */
static inline void inclusion_holds(struct sampler *s, const float *q, const uint32_t *legal, size_t n_legal,
                                   size_t draws, const double *want)
{
	size_t n = s->spec.n_actions, k = s->info.max_k;
	double *seen = calloc(n, sizeof *seen), total = 0, expect = 0;
	uint32_t *cand = malloc(k * sizeof *cand);
	float *incl = malloc(k * sizeof *incl);
	for (size_t t = 0; t < draws; t++) {
		size_t got = sampler_ask(s, q, legal, n_legal, (uint32_t)(t % 4), t / 4, cand, incl);
		for (size_t j = 0; j < got; j++) {
			seen[cand[j]]++;
			cr_assert_float_eq(incl[j], want[cand[j]], 2e-6, "id %u: %g, not %g", cand[j],
			                   (double)incl[j], want[cand[j]]);
		}
	}
	for (size_t i = 0; i < n; i++) {
		double p = want[i], T = (double)draws;
		total += seen[i];
		expect += p * T;
		cr_assert_float_eq(seen[i] / T, p, 5 * sqrt(p * (1 - p) / T) + 1e-6, "id %zu: %g, not %g", i,
		                   seen[i] / T, p);
	}
	cr_assert_float_eq(total, expect, 1e-4 * expect);
	free(seen);
	free(cand);
	free(incl);
}

#endif
