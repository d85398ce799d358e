/* plugin.h: opening built-in plugins through the registry, for the tests of their rooms. */
#ifndef TEST_PLUGIN_H
#define TEST_PLUGIN_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <rho/rho.h>
#include "registry/instance.h"

#define HAS(text, part) cr_assert_not_null(strstr((text), (part)), "\"%s\" is not in:\n%s", (part), (text))

struct test_plugin {
	struct rho_world world;
	struct rho_registry *registry;
	struct rho_toml *table;
	struct rho_instance *inst;
	struct rho_buf why; /* the last call's error */
};

/* Makes the instance of agent "linucb" and the like from TOML lines; its open slot is not called.
 * The table must pass the host's check. */
static inline void test_make(struct test_plugin *p, uint32_t kind, const char *name, const char *toml,
                             uint64_t seed)
{
	struct rho_diags *d = rho_diags_new();
	const struct rho_module *m;
	memset(p, 0, sizeof *p);
	p->registry = rho_registry_new(NULL, 0);
	p->world = (struct rho_world){ .registry = p->registry, .seed = seed, .log_level = RHO_WARN };
	m = rho_module_get(p->registry, kind, name, &p->why);
	cr_assert_not_null(m, "%s", p->why.at);
	p->table = rho_toml_parse(toml, strlen(toml), "test.toml", d);
	cr_assert_not_null(p->table);
	if (rho_params_check(p->registry, m, "test", p->table, d)) {
		rho_diags_print(d, stderr);
		cr_assert_fail("the table does not pass");
	}
	rho_diags_free(d);
	p->inst = rho_instance_new(&p->world, m, p->table, 0, &p->why);
	cr_assert_not_null(p->inst, "%s", p->why.at);
}

static inline void test_free(struct test_plugin *p)
{
	rho_instance_free(p->inst);
	rho_toml_free(p->table);
	rho_registry_free(p->registry);
	rho_buf_free(&p->why);
}

/* The bracket around a call: TEST_CALL(&p, "act", false, agent->act(TEST_SELF(&p), ...)). */
#define TEST_SELF(p) &(p)->inst->ctx, (p)->inst->self
#define TEST_CALL(p, slot, opening, call)                                                                    \
	(rho_buf_clear(&(p)->why), rho_call_begin((p)->inst, (slot), 0, (opening)),                          \
	 rho_call_end((p)->inst, (call), &(p)->why))
#define TEST_OK(p, slot, opening, call) cr_assert_eq(TEST_CALL(p, slot, opening, call), 0, "%s", (p)->why.at)

/* What a checkpoint would carry over: kept arrays and streams. */
static inline void test_copy_kept(const struct test_plugin *from, struct test_plugin *to)
{
	static const size_t size[] = {
		[RHO_F32_ARRAY] = 4, [RHO_F64_ARRAY] = 8, [RHO_U64_ARRAY] = 8, [RHO_U32_ARRAY] = 4
	};
	cr_assert_eq(from->inst->n_kept, to->inst->n_kept);
	for (size_t i = 0; i < from->inst->n_kept; i++) {
		const struct rho_kept *k = &from->inst->kept[i];
		memcpy(to->inst->kept[i].at, k->at, k->rows * k->cols * size[k->type]);
	}
	cr_assert_eq(from->inst->n_streams, to->inst->n_streams);
	for (size_t i = 0; i < from->inst->n_streams; i++)
		to->inst->streams[i]->rng = from->inst->streams[i]->rng;
}

static inline void *test_kept(const struct test_plugin *p, const char *name)
{
	for (size_t i = 0; i < p->inst->n_kept; i++)
		if (!strcmp(p->inst->kept[i].name, name))
			return p->inst->kept[i].at;
	cr_assert_fail("there is no kept array %s", name);
	return NULL;
}

/* Chi-square of counts against expected frequencies; entries that expect nothing must be empty. */
static inline double test_chi2(const double *seen, const double *expected, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		if (expected[i] > 0)
			sum += (seen[i] - expected[i]) * (seen[i] - expected[i]) / expected[i];
		else
			cr_assert_eq(seen[i], 0);
	}
	return sum;
}

/* A bound that chi-square with df degrees of freedom passes with probability below 1e-5
 * (Wilson & Hilferty 1931). */
static inline double test_chi2_limit(double df)
{
	double t = 1 - 2 / (9 * df) + 4.27 * sqrt(2 / (9 * df));
	return df * t * t * t;
}

#endif
