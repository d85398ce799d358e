/* Posing a decision: the candidates, each expression once, and a row of the action matrix for each. A candidate
 * that was there in the decision before with the same features keeps its row; others get rows that were not legal
 * then, of which there are enough: a lane has twice as many rows as candidates. */
#include <string.h>

#include "env.h"

/* The high bits of a product are the well mixed ones. */
static uint32_t hashed(uint32_t x) { return x * 0x9e3779b1u >> 22; }

_Static_assert(MATH_HASH == 1 << 10, "hashed() gives ten bits");

/* Whether the lane has seen expression `key` in this decision; now it has. */
static bool seen(struct math_lane *l, uint32_t key)
{
	uint32_t at = hashed(key);
	for (; l->seen[at].stamp == l->decision; at = (at + 1) % MATH_HASH)
		if (l->seen[at].key == key)
			return true;
	l->seen[at] = (struct math_seen){ key, l->decision };
	return false;
}

/* An expression by the values in it, up to the order of sums and products. */
static uint32_t expression(const struct math_lane *l, uint32_t e)
{
	uint32_t a = l->q[math_i(e)].hash, b = l->q[math_j(e)].hash;
	unsigned op = math_op(e);
	if (op == MATH_ANSWER)
		return a * 5 + 1;
	return (op == MATH_ADD || op == MATH_MUL ? a + b : a + b * 0x85ebca6bu) * 8 + op;
}

/* What each quantity is in this decision. A number counts as used when another way to read it was: 20% and 1/5. */
static void find_roles(struct math_lane *l)
{
	unsigned first = l->n_constants + l->n_text, end = first + l->n_results, rank = 0;
	uint32_t used = 0;
	l->left = l->results_left = 0;
	for (unsigned i = l->n_constants; i < first; i++)
		used |= (uint32_t)(l->used >> i & 1) << l->q[i].mention;
	for (unsigned i = 0; i < l->n_constants; i++)
		l->role_now[i] = MATH_IS_CONSTANT;
	for (unsigned i = l->n_constants; i < first; i++) {
		unsigned m = l->q[i].mention;
		if (!(used >> m & 1) && (i == l->n_constants || l->q[i - 1].mention != m))
			rank = l->left++;
		l->role_now[i] = (uint8_t)(used >> m & 1 ? MATH_WAS_USED : MATH_NEXT + (rank < 4 ? rank : 4));
	}
	for (unsigned i = first; i < end; i++) {
		bool was = l->used >> i & 1;
		l->results_left += !was && i + 1 < end;
		l->role_now[i] = i + 1 == end ? MATH_NEWEST : was ? MATH_RESULT_USED : MATH_RESULT_LEFT;
	}
}

uint32_t math_as_it_stands(const struct math_lane *l, uint32_t e)
{
	unsigned a = l->role_now[math_i(e)], b = l->role_now[math_j(e)];
	if (math_op(e) == MATH_ANSWER)
		return e | (l->n_steps & 15) << MATH_STEP | (uint32_t)(a == MATH_NEWEST) << MATH_FRESH;
	return e | (uint32_t)l->together[a][b] << MATH_PAIR |
	       (uint32_t)(a == MATH_NEWEST || b == MATH_NEWEST) << MATH_FRESH;
}

static void append(struct math_list *list, uint32_t e, unsigned place)
{
	struct math_lane *l = list->lane;
	l->memo_of[l->n_candidates] = place;
	l->candidate[l->n_candidates++] = math_op(e) == MATH_SAID ? e : math_as_it_stands(l, e);
	list->room--;
}

bool math_offer(struct math_list *list, uint32_t e, unsigned place)
{
	if (!list->room)
		return false;
	if (!seen(list->lane, expression(list->lane, e)))
		append(list, e, place);
	return true;
}

bool math_offer_single(struct math_list *list, uint32_t e, unsigned place)
{
	const struct math_lane *l = list->lane;
	if (l->again)
		return math_offer(list, e, place);
	if (!list->room)
		return false;
	for (unsigned k = 0; k < l->n_steps; k++)
		if (l->step[k] == e)
			return true;
	append(list, e, place);
	return true;
}

bool math_offer_line(struct math_list *list, unsigned k)
{
	if (!list->room)
		return false;
	append(list, MATH_SAID | k << MATH_I, MATH_MOST_STEPS + k);
	return true;
}

static uint32_t free_slot(struct math_lane *l)
{
	while (l->last[l->next_free] >= l->decision - 1)
		l->next_free++;
	return l->next_free++;
}

void math_lane_slots(struct math_lane *l, const struct math_env *env, float *rows, bool given)
{
	size_t dim = (size_t)env->features;
	/* What a candidate stands for holds within a problem; a line, for one decision. */
	bool keep = !given && l->n_steps && !l->said;
	l->next_free = 0;
	for (unsigned k = 0; k < l->n_candidates; k++) {
		uint32_t e = l->candidate[k], slot;
		struct math_memo *m = &l->memo[l->memo_of[k]];
		if (keep && m->entry == e && m->decision == l->decision - 1) {
			slot = m->slot;
		} else {
			slot = given ? l->slot[k] : free_slot(l);
			if (math_op(e) == MATH_SAID) {
				math_line_row(env->map, l, math_i(e), rows + slot * dim);
				l->wrote[slot] = MATH_SAID;
			} else {
				math_row(env->map, l, e, rows + slot * dim, &l->wrote[slot]);
			}
		}
		*m = (struct math_memo){ e, l->decision, slot };
		l->slot[k] = slot;
		l->at[slot] = (uint16_t)k;
		l->last[slot] = l->decision;
	}
}

void math_candidates(const struct math_env *env, struct math_lane *l)
{
	struct math_list list = { l, (unsigned)env->candidates };
	unsigned first = l->n_constants + l->n_text;
	l->decision++;
	l->n_candidates = 0;
	l->again = false;
	find_roles(l);
	for (unsigned k = 0; k < l->n_results; k++)
		l->again |= math_repeats(l, first + k);
	for (unsigned k = 0; k < l->n_steps; k++)       /* what is done is done */
		seen(l, expression(l, l->step[k]));
	for (unsigned k = l->n_results; k-- > 0 && !l->said; )
		math_offer(&list, MATH_ANSWER | (first + k) << MATH_I, k);
	env->generator->fill(env, &list);
}

unsigned math_single(struct math_lane *l, uint32_t *entry, unsigned n)
{
	unsigned kept = 0;
	l->decision++;
	for (unsigned k = 0; k < n; k++)
		if (!seen(l, expression(l, entry[k])))
			entry[kept++] = entry[k];
	return kept;
}

int math_lane_open(struct rho_ctx *c, const struct math_env *env, struct math_lane *l, uint32_t *slot)
{
	size_t n = (size_t)env->candidates;
	*l = (struct math_lane){ .slot = slot, .decision = 1 };
	l->candidate = rho_alloc(c, n, sizeof *l->candidate);
	l->at = rho_alloc(c, 2 * n, sizeof *l->at);
	l->last = rho_alloc(c, 2 * n, sizeof *l->last);
	l->wrote = rho_alloc(c, 2 * n, sizeof *l->wrote);
	l->memo = rho_alloc(c, MATH_MOST_STEPS * (1 + (size_t)env->block) + n, sizeof *l->memo);
	l->memo_of = rho_alloc(c, n, sizeof *l->memo_of);
	l->seen = rho_alloc(c, MATH_HASH, sizeof *l->seen);
	l->donor = rho_alloc(c, (size_t)env->similar, sizeof *l->donor);
	l->role = rho_alloc(c, (size_t)env->similar, MATH_MOST_TEXT);
	if (env->source == MATH_LLM && !(l->said = rho_alloc(c, 1, sizeof *l->said)))
		return RHO_ENOMEM;
	if (!l->donor || !l->role || !l->candidate || !l->at || !l->last || !l->wrote || !l->memo ||
	    !l->memo_of || !l->seen)
		return RHO_ENOMEM;
	memset(l->wrote, MATH_OPS, 2 * n);
	l->together = math_features_together(env->map);
	for (size_t k = 0; k < MATH_MOST_STEPS; k++)
		if (!(l->block[k] = rho_alloc(c, env->block, sizeof *l->block[k])))
			return RHO_ENOMEM;
	math_constants(env, l);
	return 0;
}

void math_constants(const struct math_env *env, struct math_lane *l)
{
	for (size_t k = 0; k < env->constants.n; k++) {
		struct math_fraction v = { env->constants.at[k], 1 };
		l->q[k] = (struct math_quantity){ .kind = MATH_CONSTANT, .sentence = 255, .order = (uint8_t)k };
		math_set_value(&l->q[k], v);
	}
	l->n_constants = (unsigned)env->constants.n;
}
