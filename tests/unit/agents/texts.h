/* texts.h: tables whose actions and contexts are texts and nothing else. */
#ifndef TEST_AGENT_TEXTS_H
#define TEST_AGENT_TEXTS_H

#include "../plugin.h"
#include "store/tables.h"

static inline struct rho_tables *test_texts(const char *const *action, size_t n_actions,
                                            const char *const *context, size_t n_contexts)
{
	static const struct rho_column_spec text = { .name = "text", .type = RHO_COL_STR };
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	struct rho_buf why = { 0 };
	s->columns(s, RHO_ACTIONS, &text, 1);
	s->columns(s, RHO_CONTEXTS, &text, 1);
	for (size_t i = 0; i < n_actions; i++)
		s->add(s, RHO_ACTIONS, &(union rho_value){ .s = { action[i], strlen(action[i]) } });
	for (size_t i = 0; i < n_contexts; i++)
		s->add(s, RHO_CONTEXTS, &(union rho_value){ .s = { context[i], strlen(context[i]) } });
	cr_assert_eq(rho_tables_finish(t, 7, &why), 0, "%s", why.at);
	return t;
}

/* Texts of a few words out of six. */
static inline struct rho_tables *test_random_texts(size_t n_actions, size_t n_contexts, struct rho_rng *rng)
{
	static const char *const word[] = { "red ", "green ", "blue ", "fast ", "slow ", "small " };
	char (*text)[64] = calloc(n_actions + n_contexts, sizeof *text);
	const char **at = calloc(n_actions + n_contexts, sizeof *at);
	for (size_t i = 0; i < n_actions + n_contexts; i++) {
		for (uint32_t n = 1 + rho_below(rng, 4); n; n--)
			strcat(text[i], word[rho_below(rng, 6)]);
		at[i] = text[i];
	}
	struct rho_tables *t = test_texts(at, n_actions, at + n_actions, n_contexts);
	free(at);
	free(text);
	return t;
}

#endif
