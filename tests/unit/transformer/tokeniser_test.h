/* tokeniser_test.h: what the tests of the tokeniser have in common. */
#ifndef RHO_TEST_TOKENISER_H
#define RHO_TEST_TOKENISER_H

#include <criterion/criterion.h>
#include <jansson.h>

#include "../kit/scratch.h"
#include "kit/text.h"
#include "kit/tokeniser/tokeniser.h"

static inline struct rho_tokeniser *must_open(const char *path)
{
	struct rho_trouble t = { 0 };
	struct rho_tokeniser *k = rho_tokeniser_open(path, &t);
	cr_assert_not_null(k, "%s", t.text);
	return k;
}

/* The file must be refused with a message that holds `says`. */
static inline void must_refuse(const char *path, int code, const char *says)
{
	struct rho_trouble t = { 0 };
	struct rho_tokeniser *k = rho_tokeniser_open(path, &t);
	cr_assert_null(k, "taken, though: %s", says);
	cr_assert_eq(t.code, code, "%d: %s", t.code, t.text);
	cr_assert_not_null(strstr(t.text, says), "\"%s\" says not \"%s\"", t.text, says);
}

static inline void encode(const struct rho_tokeniser *k, struct rho_str text, size_t longest,
                          struct rho_tokens *out)
{
	out->n = 0;
	cr_assert_eq(rho_tokeniser_encode(k, text, NULL, longest, out), 0);
}

static inline struct rho_str json_view(const json_t *v)
{
	return (struct rho_str){ json_string_value(v), json_string_length(v) };
}

#endif
