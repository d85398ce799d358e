/* fuzz_math_problem.c: the env math's readers of texts, worked solutions and answers, split at the first NULs. */
#include <string.h>

#include "../../plugins/envs/math/problem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

/* What stands before the next NUL; *rest goes on behind it. */
static struct rho_str part(struct rho_str *rest)
{
	const char *end = rest->len ? memchr(rest->at, 0, rest->len) : NULL;
	struct rho_str s = { rest->at, end ? (size_t)(end - rest->at) : rest->len };
	*rest = (struct rho_str){ rest->at + s.len + (end != NULL), rest->len - s.len - (end != NULL) };
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rho_str rest = { (const char *)data, n };
	struct math_problem p = { 0 };
	struct math_quantity q[MATH_MOST_TEXT];
	struct math_good good[MATH_MOST_GOOD];
	struct math_worked worked[16];
	char text[32];
	math_read_text(part(&rest), &p, q);
	require(p.n_quantities <= MATH_MOST_TEXT);
	for (size_t i = 0; i < p.n_quantities; i++)
		require(q[i].value.q > 0 && math_fraction_write(q[i].value, text) < sizeof text);
	struct rho_str solution = part(&rest);
	math_read_solution(solution, &p, good);
	require(p.n_good <= MATH_MOST_GOOD && p.n_runs <= MATH_MOST_RUNS);
	for (size_t i = 0; i < p.n_good; i++)
		require(good[i].run < p.n_runs && (!i || good[i].key >= good[i - 1].key));
	require(math_worked_steps(solution, worked, 16) <= 16);
	struct math_fraction v = math_read_answer(part(&rest));
	require(v.q >= 0 && (!v.q || math_fraction_write(v, text) < sizeof text));
	return 0;
}
