/* fuzz_program.c: chains of calculations from arbitrary bytes, in a text of its own size. What is read is whole
 * fractions in lowest terms, that come out of their own text as they went in; a chain's steps are counted within it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifiers/program/chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static bool within(struct rho_str part, struct rho_str whole)
{
	return !part.at || (part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

/* A fraction written out reads back as itself. */
static void check(const struct rho_rational *v)
{
	char text[1300];
	struct calc_value again;
	int64_t work = CHAIN_BUDGET;
	if (!v->n_bottom || v->n_top > RHO_RATIONAL_LIMBS || v->n_bottom > RHO_RATIONAL_LIMBS)
		abort();
	rho_rational_write(v, text, sizeof text);
	enum calc_result r = calc_whole((struct rho_str){ text, strlen(text) }, &work, &again);
	if (r == CALC_OK && rho_rational_order(&again.v, v))
		abort();
	if (r == CALC_UNREADABLE || r == CALC_BY_ZERO)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct chain plain, annotated;
	struct calc_value v;
	int64_t work = CHAIN_BUDGET;
	char *copy = malloc(n + !n);
	struct rho_str text = { copy, n };
	if (!copy)
		abort();
	if (n)
		memcpy(copy, bytes, n);
	chain_read(text, true, n % 2 ? 0 : 1e-6, &plain);
	chain_read(text, false, 0, &annotated);
	if (plain.wrong > plain.steps || plain.unread > plain.steps || plain.steps > n || annotated.steps > plain.steps)
		abort();
	if (!within(plain.wrong_text, text) || !within(plain.unread_text, text))
		abort();
	if (plain.wrong && !plain.wrong_text.at)
		abort();
	if (plain.has_final)
		check(&plain.final);
	if (plain.wrong && !plain.by_zero) {
		check(&plain.is);
		check(&plain.stated);
	}
	if (calc_whole(text, &work, &v) == CALC_OK) {
		check(&v.v);
		if (v.end > n)
			abort();
	}
	free(copy);
	return 0;
}
