/* judged.h: a verifier at work in a test. */
#ifndef TEST_JUDGED_H
#define TEST_JUDGED_H

#include "../plugin.h"

struct judged {
	const char *reference, *answer;
	uint32_t ruling;
};

static inline struct rho_str str(const char *s) { return (struct rho_str){ s, strlen(s) }; }

static inline void judge_open(struct test_plugin *p, const char *name, const char *toml)
{
	test_make(p, RHO_VERIFIER, name, toml, 1);
	const struct rho_verifier *v = p->inst->module->plugin.verifier;
	TEST_OK(p, "open", true, v->open ? v->open(TEST_SELF(p)) : 0);
}

static inline void judge(struct test_plugin *p, const struct rho_claim *c, size_t n, struct rho_verdict *v)
{
	const struct rho_verifier *table = p->inst->module->plugin.verifier;
	TEST_OK(p, "verify", false, table->verify(TEST_SELF(p), c, n, v));
}

/* Each entry is ruled as it says, in one batch and backwards. */
static inline void judge_table(const char *name, const char *toml, const struct judged *table, size_t n)
{
	struct test_plugin p;
	struct rho_claim *c = calloc(n, sizeof *c);
	struct rho_verdict *v = calloc(n, sizeof *v), *back = calloc(n, sizeof *back);
	judge_open(&p, name, toml);
	for (size_t i = 0; i < n; i++)
		c[i] = (struct rho_claim){ str("how many?"), str(table[i].reference), str(table[i].answer) };
	judge(&p, c, n, v);
	for (size_t i = 0; i < n; i++) {
		cr_assert_eq(v[i].ruling, table[i].ruling, "%s %s: \"%s\" for \"%s\": %u (%s)", name, toml,
		             table[i].answer, table[i].reference, v[i].ruling, v[i].why);
		cr_assert_eq(v[i].score, v[i].ruling == RHO_RIGHT ? 1 : 0);
		cr_assert(*v[i].why && strlen(v[i].why) < sizeof v[i].why);
		c[n - 1 - i] = (struct rho_claim){ str(""), str(table[i].reference), str(table[i].answer) };
	}
	judge(&p, c, n, back);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(back[n - 1 - i].ruling, v[i].ruling);
	test_free(&p);
	free(c);
	free(v);
	free(back);
}

#define JUDGE(name, toml, table) judge_table(name, toml, table, sizeof(table) / sizeof((table)[0]))

#endif
