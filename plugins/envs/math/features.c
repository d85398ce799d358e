/* Features: what a step does, crossed with what the text says. A row has a block for each operation, one
 * for answers and a short one for all: a linear agent then has weights for each operation of its own. README.md
 * lists the features; each has a place of its own, and only where a block is too short for all do they share places.
 * A place is SCALE or 0: nothing is read back while a row is written. A row is about as long as 1. */
#include <string.h>

#include "cues.h"
#include "env.h"

#define SCALE 0.2f

/* Of steps up to CROSS, then of answers. */
enum topic {
	ALWAYS, ROLES, KIND_I, KIND_J, RESULT, SIZE, SENTENCES, UNITS, WANTED, AFTER, SIMILAR, ASKS, AHEAD_I,
	AHEAD_J, BEHIND_J, CROSS,
	OLD, LEFT, RESULTS, UNIT, SIGN, MADE_BY, NUMBERS, AIMS, UNIT_LEFT, TOPICS,
	STEP_PLACES = 128,
};

static const uint8_t sizes[TOPICS] = {
	[ALWAYS] = 1, [ROLES] = MATH_TOGETHER, [KIND_I] = 4, [KIND_J] = 4, [RESULT] = 9, [SIZE] = 6, [SENTENCES] = 5,
	[UNITS] = 8, [WANTED] = 3, [AFTER] = 4, [SIMILAR] = 3, [ASKS] = 12, [AHEAD_I] = 16, [AHEAD_J] = 16,
	[BEHIND_J] = 8,
	[OLD] = 1, [LEFT] = 12, [RESULTS] = 5, [UNIT] = 3, [SIGN] = 4, [MADE_BY] = 4, [NUMBERS] = 7, [AIMS] = 12,
	[UNIT_LEFT] = 12,
};

struct math_features {
	uint32_t dim, block, answers, all;      /* sizes; answers come behind four blocks of operations, then all */
	uint32_t all_at;
	uint16_t at[TOPICS][16];                /* places within a block, of topics with up to 16 values */
	uint16_t roles[MATH_TOGETHER], any[MATH_TOGETHER];      /* any: in the block for all */
	uint16_t cross[8 * MATH_TOGETHER];      /* units x roles; where there is room behind the others */
	bool crossed;
	uint8_t together[MATH_ROLES][MATH_ROLES];
};

/* What two operands are together. Of numbers not used yet: whether the first is among them, neighbours or not. */
static uint8_t together(unsigned a, unsigned b)
{
	unsigned lo = a < b ? a : b, hi = a < b ? b : a;
	bool text = hi >= MATH_NEXT && hi <= MATH_NEXT_LAST;
	if (lo == MATH_IS_CONSTANT)
		return (uint8_t)(hi == MATH_NEXT ? 6 : text ? 7 : hi == MATH_WAS_USED ? 8 : hi == MATH_NEWEST ? 9 : 10);
	if (text && lo >= MATH_NEXT)
		return (uint8_t)((lo == MATH_NEXT ? 0 : 3) + (hi == lo ? 2 : hi == lo + 1 ? 0 : 1));
	if (hi == MATH_NEWEST || lo == MATH_NEWEST) {
		unsigned x = hi == MATH_NEWEST ? lo : hi;
		return (uint8_t)(x == MATH_NEXT ? 11 : x == MATH_NEXT + 1 ? 12 : x == MATH_WAS_USED ? 14 :
		                 x == MATH_RESULT_LEFT ? 15 : x == MATH_RESULT_USED ? 16 : 13);
	}
	if (lo > MATH_NEXT_LAST)
		return hi == MATH_RESULT_LEFT || lo == MATH_RESULT_LEFT ? 18 : 19;
	if (hi > MATH_NEXT_LAST)
		return (uint8_t)((hi == MATH_RESULT_LEFT ? 20 : 23) + (lo == MATH_NEXT ? 0 : lo > MATH_NEXT ? 1 : 2));
	return hi == MATH_WAS_USED ? 26 : hi == MATH_NEXT ? 27 : 28;
}

struct math_features *math_features_open(struct rho_ctx *c, size_t dim)
{
	struct math_features *f = rho_alloc(c, 1, sizeof *f);
	uint32_t next = 0;
	if (!f)
		return NULL;
	f->dim = (uint32_t)dim;
	f->block = f->dim * 4 / 19;
	f->answers = f->dim * 2 / 19;
	f->all_at = 4 * f->block + f->answers;
	f->all = f->dim - f->all_at;
	f->crossed = f->block > STEP_PLACES;
	for (unsigned t = 0; t < TOPICS; t++) {
		next = t == OLD ? 0 : next;
		for (unsigned v = 0; v < sizes[t]; v++, next++)
			(t == ROLES ? f->roles : f->at[t])[v] = (uint16_t)(next % (t < CROSS ? f->block : f->answers));
	}
	for (uint32_t v = 0; v < 8 * MATH_TOGETHER && f->crossed; v++)
		f->cross[v] = (uint16_t)(STEP_PLACES + (v * 0x9e3779b1u >> 8) % (f->block - STEP_PLACES));
	for (unsigned v = 0; v < MATH_TOGETHER; v++)
		f->any[v] = (uint16_t)(f->all_at + v % f->all);
	for (unsigned a = 0; a < MATH_ROLES; a++)
		for (unsigned b = 0; b < MATH_ROLES; b++)
			f->together[a][b] = together(a, b);
	return f;
}

const uint8_t (*math_features_together(const struct math_features *f))[MATH_ROLES] { return f->together; }

struct math_block math_features_block(const struct math_features *f, bool answers)
{
	return answers ? (struct math_block){ 4 * f->block, f->answers } : (struct math_block){ f->all_at, f->all };
}

size_t math_features_dim(const struct math_features *f) { return f->dim; }

static void add_all(const uint16_t *at, unsigned set, float *out)
{
	for (; set; set &= set - 1)
		out[at[__builtin_ctz(set)]] = SCALE;
}

static void add(const uint16_t *at, unsigned value, float *out) { out[at[value]] = SCALE; }

/* 0: not of the text; 1: backwards; 2: the same sentence; 3, 4: the next, a later one. */
static unsigned apart(const struct math_quantity *a, const struct math_quantity *b)
{
	if (a->sentence == 255 || b->sentence == 255)
		return 0;
	int d = b->sentence - a->sentence;
	return d < 0 ? 1 : d == 0 ? 2 : d == 1 ? 3 : 4;
}

static unsigned units(const struct math_quantity *a, const struct math_quantity *b)
{
	if (!a->unit || !b->unit)
		return a->unit || b->unit ? 1 : 0;
	return a->unit == b->unit ? a->unit == 1 ? 2 : 3 : a->unit == 1 ? 4 : b->unit == 1 ? 5 : 6;
}

/* Where a number is of a kind of its own: 1 .. 4, in the order of fraction, part, percentage, share. */
static void add_kind(const uint16_t *at, const struct math_quantity *q, float *out)
{
	if (q->kind >= MATH_FRACTION && q->kind <= MATH_SHARE)
		add(at, (unsigned)q->kind - MATH_FRACTION, out);
}

static void answer_row(const struct math_features *f, const struct math_lane *l, uint32_t e, float *out)
{
	const struct math_quantity *a = &l->q[math_i(e)];
	unsigned left = l->left < 3 ? l->left : 3, results = l->results_left < 2 ? l->results_left : 2;
	unsigned wanted = !a->unit ? 2 : a->unit == l->problem->asked_unit ? 1u : 0u;
	if (!math_bit(e, MATH_FRESH)) {
		add(f->at[OLD], 0, out);
		return;
	}
	add(f->at[LEFT], left * 3 + results, out);
	add(f->at[RESULTS], l->n_results < 4 ? l->n_results : 4, out);
	add(f->at[UNIT], wanted, out);
	add(f->at[SIGN], (a->value.q == 1) * 2u + (a->value.p <= 0), out);
	add(f->at[MADE_BY], math_op(l->step[l->n_steps - 1]), out);
	add(f->at[NUMBERS], l->n_text < 6 ? l->n_text : 6, out);
	add_all(f->at[AIMS], l->problem->asks, out);
	add(f->at[UNIT_LEFT], wanted * 4 + left, out);
}

void math_row(const struct math_features *f, const struct math_lane *l, uint32_t e, float *out, uint8_t *was)
{
	const struct math_quantity *a = &l->q[math_i(e)], *b = &l->q[math_j(e)];
	unsigned op = math_op(e), old = *was;
	if (old == MATH_SAID)
		memset(out, 0, f->dim * sizeof *out);
	if (old <= MATH_ANSWER) {
		memset(out + old * f->block, 0, (old < MATH_ANSWER ? f->block : f->answers) * sizeof *out);
		memset(out + f->all_at, 0, f->all * sizeof *out);
	}
	*was = (uint8_t)op;
	if (op != MATH_ANSWER)
		out[f->any[e >> MATH_PAIR & 31]] = SCALE;
	out += op * f->block;
	if (op == MATH_ANSWER) {
		answer_row(f, l, e, out);
		return;
	}
	unsigned roles = e >> MATH_PAIR & 31, of = units(a, b), size = e >> MATH_SIZE & 7;
	unsigned asked = l->problem->asked_unit;
	unsigned sort = math_bit(e, MATH_MINUS) ? 2 : math_bit(e, MATH_WHOLE) ? 0 : 1;
	unsigned wanted = asked ? (a->unit == asked) + 2u * (b->unit == asked) : 0, similar = e >> MATH_SIMILAR & 3;
	add(f->at[ALWAYS], 0, out);
	add(f->roles, roles, out);
	add_kind(f->at[KIND_I], a, out);
	add_kind(f->at[KIND_J], b, out);
	add(f->at[RESULT], sort * 3 + (math_bit(e, MATH_GROWS) ? 1 : math_bit(e, MATH_SHRINKS) ? 2 : 0), out);
	add(f->at[SIZE], size < 5 ? size : 5, out);
	add(f->at[SENTENCES], apart(a, b), out);
	add(f->at[UNITS], of, out);
	if (wanted)
		add(f->at[WANTED], wanted - 1, out);
	if (math_bit(e, MATH_FRESH))
		add(f->at[AFTER], math_op(l->step[l->n_steps - 1]), out);
	if (similar)
		add(f->at[SIMILAR], similar - 1, out);
	add_all(f->at[ASKS], l->problem->asks, out);
	add_all(f->at[AHEAD_I], a->ahead, out);
	add_all(f->at[AHEAD_J], b->ahead, out);
	add_all(f->at[BEHIND_J], b->behind, out);
	if (f->crossed)
		add(f->cross, roles * 8 + of, out);
}
