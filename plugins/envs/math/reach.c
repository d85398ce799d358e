/* Reach: how many answers come out when the worked solutions are followed within the candidates. */
#include <string.h>

#include "env.h"

static bool answered(const struct math_lane *l)
{
	for (unsigned k = 0; k < l->n_results; k++)
		if (math_same(l->q[l->n_constants + l->n_text + k].value, l->problem->answer))
			return true;
	return false;
}

/* Takes the first candidate that stands in the solution; false: there is none. */
static bool follow(struct math_lane *l, const struct math_good *good)
{
	for (unsigned k = 0; k < l->n_candidates; k++) {
		uint32_t e = l->candidate[k];
		if (math_op(e) == MATH_ANSWER)
			continue;
		uint64_t key = math_entry_key(l, e);
		int run = math_is_right(l, good, key);
		if (run >= 0) {
			math_take(l, e, key, run);
			return true;
		}
	}
	return false;
}

int math_reachable(struct rho_ctx *c, struct math_env *s)
{
	struct math_lane *l = rho_scratch(c, 1, sizeof *l);
	uint32_t *slot = rho_scratch(c, (size_t)s->candidates, sizeof *slot);
	size_t numbers = 0, reached = 0, within = 0;
	int e = l && slot ? math_lane_open(c, s, l, slot) : RHO_ENOMEM;
	/* A model is not asked for what nobody chooses. */
	size_t most = s->source == MATH_LLM ? 0 : (size_t)s->reach, looked = s->n < most ? s->n : most;
	for (size_t j = 0; j < looked && !e; j++) {
		size_t i = j * s->n / looked;
		struct math_problem *p = &s->problem[i];
		const struct math_good *good = s->good + p->good;
		math_begin(l, p, (uint32_t)i, s->quantity + p->quantity);
		e = s->generator->begin(c, s, l);
		math_candidates(s, l);
		/* One decision is for the answer. */
		while (!e && !answered(l) && l->n_steps + 1 < (unsigned)s->steps && follow(l, good)) {
			e = s->generator->step(c, s, l);
			math_candidates(s, l);
		}
		numbers += p->answer.q != 0;
		within += p->n_good > 0;
		reached += answered(l);
		if (j % 256 == 255 && rho_stop(c))
			return RHO_ESTOP;
	}
	if (!e && looked)
		rho_log(c, RHO_INFO, "%zu of %zu problems (%.1f %%) can be solved by following their worked solution"
		        " within %lld candidates and %lld steps; %zu have a number for an answer, %zu a solution in"
		        " steps",
		        reached, looked, 100 * (double)reached / (double)looked, (long long)s->candidates,
		        (long long)s->steps, numbers, within);
	return e;
}
