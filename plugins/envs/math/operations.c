/* Operations: every a op b over the quantities there are. Where there are more than fit, those with the lowest cost
 * stay; the cost is of what the step takes, never of whether it is right (README.md has the table). */
#include <string.h>

#include "env.h"

enum { COSTS = 24, MOST_FOUND = 4 * MATH_MOST_QUANTITIES * MATH_MOST_QUANTITIES };

static bool is_one(const struct math_quantity *q) { return q->value.p == 1 && q->value.q == 1; }

/* What a quantity adds to the cost of a step. A constant is for what the text leaves unsaid: 100 goes with
 * percentages, 1 with fractions. */
static unsigned cost_of(const struct math_quantity *q, const struct math_quantity *other, unsigned op)
{
	if (q->kind == MATH_PART)
		return op >= MATH_MUL ? 1 : 5;
	if (q->kind != MATH_CONSTANT)
		return is_one(q) && op >= MATH_MUL ? 12 : 0;
	if (is_one(q))
		return op >= MATH_MUL ? 12 : other->kind == MATH_FRACTION || other->kind == MATH_SHARE ? 2 : 5;
	bool hundred = q->value.p == 100 && q->value.q == 1;
	if (hundred && (other->kind == MATH_PERCENT || other->kind == MATH_RESULT))
		return 2;
	return (op >= MATH_MUL ? 4u : hundred ? 7u : 9u) - (other->kind == MATH_RESULT ? 2u : 0u);
}

/* The cost of q[i] op q[j] with these bits. */
static unsigned cost(const struct math_lane *l, uint32_t e)
{
	unsigned op = math_op(e), sum;
	const struct math_quantity *a = &l->q[math_i(e)], *b = &l->q[math_j(e)];
	sum = cost_of(a, b, op) + cost_of(b, a, op);
	sum += math_bit(e, MATH_MINUS) ? 6 : 0;
	if (op == MATH_DIV)
		sum += math_bit(e, MATH_WHOLE) ? 0 : 2;
	if (op == MATH_DIV && a->value.p < b->value.p)
		sum += 1;
	if (op >= MATH_MUL && (a->value.p == 0 || b->value.p == 0))
		sum += 6;
	return sum < COSTS ? sum : COSTS - 1;
}

struct found { size_t n; uint32_t entry[MOST_FOUND]; uint8_t cost[MOST_FOUND]; };

/* Sums of a result and a constant other than 1 and 100 are not looked at. */
static void find(const struct math_lane *l, unsigned i, unsigned j, struct found *f)
{
	const struct math_quantity *q = &l->q[i];
	bool plain = q->kind != MATH_CONSTANT || l->q[j].kind != MATH_RESULT || q->value.p == 1 || q->value.p == 100;
	for (unsigned turn = 0; turn < 2; turn++) {
		unsigned a = turn ? j : i, b = turn ? i : j;
		for (unsigned op = plain ? MATH_ADD : MATH_MUL; op < MATH_ANSWER; op++) {
			if (turn && (op == MATH_ADD || op == MATH_MUL))
				continue;
			uint32_t e = math_entry(l, op, a, b);
			if (e == UINT32_MAX)
				continue;
			f->entry[f->n] = e;
			f->cost[f->n++] = (uint8_t)cost(l, e);
		}
	}
}

/* The `most` cheapest by rising cost, as they were found among equals; gives how many. */
static unsigned sorted(const struct found *f, uint32_t *out, unsigned most)
{
	size_t from[COSTS + 1] = { 0 };
	for (size_t k = 0; k < f->n; k++)
		from[f->cost[k] + 1]++;
	for (size_t c = 0; c < COSTS; c++)
		from[c + 1] += from[c];
	for (size_t k = 0; k < f->n; k++) {
		size_t at = from[f->cost[k]]++;
		if (at < most)
			out[at] = f->entry[k];
	}
	return f->n < most ? (unsigned)f->n : most;
}

/* The cheapest steps over constants and text of a lane that has begun; gives how many. */
static unsigned base_steps(const struct math_lane *l, uint32_t *out, unsigned most)
{
	struct found f;
	unsigned nc = l->n_constants, n = nc + l->n_text;
	f.n = 0;
	for (unsigned i = nc; i < n; i++) {
		for (unsigned j = i + 1; j < n; j++)
			find(l, i, j, &f);
		for (unsigned j = 0; j < nc; j++)
			find(l, i, j, &f);
	}
	for (unsigned i = 0; i < nc; i++)
		for (unsigned j = i + 1; j < nc; j++)
			find(l, i, j, &f);
	return sorted(&f, out, most);
}

static int open(struct rho_ctx *c, struct math_env *env)
{
	struct math_lane *l = rho_alloc(c, 1, sizeof *l);
	size_t m = (size_t)env->candidates;
	env->base = rho_alloc(c, env->n * m, sizeof *env->base);
	env->n_base = rho_alloc(c, env->n, sizeof *env->n_base);
	if (!l || !env->base || !env->n_base)
		return RHO_ENOMEM;
	if (math_lane_open(c, env, l, NULL))
		return RHO_ENOMEM;
	for (size_t i = 0; i < env->n; i++) {
		const struct math_problem *p = &env->problem[i];
		math_begin(l, p, (uint32_t)i, env->quantity + p->quantity);
		env->n_base[i] = (uint16_t)math_single(l, env->base + i * m,
		                                       base_steps(l, env->base + i * m, (unsigned)m));
		if (i % 256 == 255 && rho_stop(c))
			return RHO_ESTOP;
	}
	return 0;
}

static int begin(struct rho_ctx *c, struct math_env *env, struct math_lane *l)
{
	l->base = env->base + (size_t)l->which * (size_t)env->candidates;
	l->n_base = env->n_base[l->which];
	return 0;
}

/* Steps with the newest result, which is the last quantity. Of equal values the last counts. */
static int step(struct rho_ctx *c, struct math_env *env, struct math_lane *l)
{
	struct found f;
	unsigned last = l->n_constants + l->n_text + l->n_results - 1;
	f.n = 0;
	for (unsigned i = last; i-- > 0; ) {
		bool twice = false;
		for (unsigned j = i + 1; j < last && !twice; j++)
			twice = l->q[j].hash == l->q[i].hash;
		if (!twice)
			find(l, i, last, &f);
	}
	l->n_block[l->n_results - 1] = sorted(&f, l->block[l->n_results - 1], env->block);
	return 0;
}

/* Steps with the newest result get a quarter of the room, those with older ones half of it in equal shares; the
 * rest is for steps without. */
static void fill(const struct math_env *env, struct math_list *list)
{
	struct math_lane *l = list->lane;
	unsigned share = env->block / 2, older = l->n_results > 1 ? env->block / (l->n_results - 1) : 0;
	for (unsigned k = l->n_results; k-- > 0; share = older < share ? older : share)
		for (unsigned i = 0; i < l->n_block[k] && i < share; i++)
			if (!math_offer_single(list, l->block[k][i], MATH_MOST_STEPS + k * env->block + i))
				return;
	for (unsigned i = 0; i < l->n_base; i++)
		if (!math_offer_single(list, l->base[i], MATH_MOST_STEPS * (1 + env->block) + i))
			return;
}

const struct math_source math_operations = { open, NULL, begin, step, fill };
