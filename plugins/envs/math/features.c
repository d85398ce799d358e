/* Features: what a step does, crossed with what the text says. A row has a block for each operation, one for
 * answers and one for all: a linear agent then has weights for each operation of its own. Within a block a
 * feature's place is its hash; README.md lists the features. Each adds SCALE: a row is about as long as 1. */
#include <string.h>

#include "cues.h"
#include "env.h"

#define SCALE 0.2f

/* Cues by where they stand: near i, near j, between, in the question, in it for answers. */
enum { SIDES = 5 };

enum topic {
	KINDS, SENTENCES, UNITS, DISTANCE, USED, RESULT, SIZE, WANTED, ASKED, CONSTANT, SIMILAR,
	STEPS, LEFT, LEFT_RESULTS, MADE_BY, RATES, AIM, WHERE, TOPICS, VALUES = 64, CUE = 32,
};

struct math_features {
	uint32_t dim, block, answers, all;      /* sizes */
	uint32_t answers_at, all_at;            /* where they begin; blocks of operations from 0 on */
	/* Places within a block of an operation, that of answers, that for all; of cues by side. */
	uint16_t own[TOPICS][VALUES], answer[TOPICS][VALUES], any[TOPICS][VALUES];
	uint16_t cue[SIDES][64];
};

/* The place of a feature in a block of n; place 0 is the block's own. */
static uint16_t place(unsigned topic, uint32_t value, uint32_t n)
{
	uint32_t x = (value + topic * 0x9e3779b9u) * 0x85ebca6bu;
	x = (x ^ x >> 15) * 0xc2b2ae35u;
	x ^= x >> 13;
	return (uint16_t)(1 + ((uint64_t)x * (n - 1) >> 32));
}

struct math_features *math_features_open(struct rho_ctx *c, size_t dim)
{
	struct math_features *f = rho_alloc(c, 1, sizeof *f);
	if (!f)
		return NULL;
	f->dim = (uint32_t)dim;
	f->block = f->dim * 3 / 16;
	f->answers = f->dim / 8;
	f->answers_at = 4 * f->block;
	f->all_at = f->answers_at + f->answers;
	f->all = f->dim - f->all_at;
	for (unsigned t = 0; t < TOPICS; t++)
		for (unsigned v = 0; v < VALUES; v++) {
			f->own[t][v] = place(t, v, f->block);
			f->answer[t][v] = place(t, v, f->answers);
			f->any[t][v] = place(t, v, f->all);
		}
	for (unsigned side = 0; side < SIDES; side++)
		for (unsigned k = 0; k < 64; k++)
			f->cue[side][k] = place(CUE + side, k, side == SIDES - 1 ? f->answers : f->block);
	return f;
}

struct math_block math_features_block(const struct math_features *f, bool answers)
{
	return answers ? (struct math_block){ f->answers_at, f->answers } : (struct math_block){ f->all_at, f->all };
}

size_t math_features_dim(const struct math_features *f) { return f->dim; }

static void add_cues(const uint16_t *at, uint64_t cues, float *out)
{
	for (; cues; cues &= cues - 1)
		out[at[__builtin_ctzll(cues)]] += SCALE;
}

static void add(const uint16_t *at, uint32_t value, float *out) { out[at[value]] += SCALE; }

/* 0: the same sentence; 1, 2: the next, a later one; 3, 4 the other way round; 5: not of the text. */
static unsigned apart(const struct math_quantity *a, const struct math_quantity *b)
{
	if (a->sentence == 255 || b->sentence == 255)
		return 5;
	int d = b->sentence - a->sentence;
	return d == 0 ? 0 : d == 1 ? 1 : d > 1 ? 2 : d == -1 ? 3 : 4;
}

static unsigned units(const struct math_quantity *a, const struct math_quantity *b)
{
	if (!a->unit || !b->unit)
		return !a->unit + 2u * !b->unit;
	return a->unit == b->unit ? a->unit == 1 ? 4 : 5 : a->unit == 1 ? 6 : b->unit == 1 ? 7 : 8;
}

/* In the order of the text, or of the results: neighbours, further on, and backwards. */
static unsigned distance(const struct math_quantity *a, const struct math_quantity *b)
{
	if ((a->kind == MATH_RESULT) != (b->kind == MATH_RESULT) || a->kind == MATH_CONSTANT ||
	    b->kind == MATH_CONSTANT)
		return 0;
	int d = b->order - a->order;
	return d == 1 ? 1 : d == -1 ? 2 : d > 1 ? 3 : 4;
}

/* Whether a number goes with "each", "per" or "times". */
static unsigned is_rate(const struct math_quantity *q) { return q->cues & MATH_CUES_RATE ? 1 : 0; }

/* What the question is after: 1 what is left, 2 a total, 3 a difference, 4 a mean, 5 so much for each, 0 else. */
static unsigned aim(uint64_t asks)
{
	return asks & MATH_CUES_LEFT ? 1 : asks & MATH_CUES_TOTAL ? 2 : asks & MATH_CUES_DIFFERENCE ? 3 :
	       asks & MATH_CUES_MEAN ? 4 : asks & MATH_CUES_RATE ? 5 : 0;
}

static void answer_row(const struct math_features *f, const struct math_lane *l, uint32_t e, float *out)
{
	const struct math_quantity *a = &l->q[math_i(e)];
	unsigned first = l->n_constants + l->n_text, left = 0, results = 0;
	for (unsigned i = l->n_constants; i < first; i++)
		left += !(l->used >> i & 1) && l->q[i].kind <= MATH_PERCENT && l->q[i].kind != MATH_PART;
	for (unsigned i = first; i < first + l->n_results; i++)
		results += i != math_i(e) && !(l->used >> i & 1);
	unsigned wanted = !a->unit ? 2 : a->unit == l->problem->asked_unit ? 1u : 0u, fresh = e >> MATH_FRESH & 1;
	unsigned made = math_op(l->step[math_i(e) - first]), minus = a->value.p <= 0, whole = a->value.q == 1;
	out += f->answers_at;
	out[0] += SCALE;
	add(f->answer[USED], (e >> MATH_I_USED & 1) + 2 * fresh, out);
	add(f->answer[STEPS], l->n_steps * 2 + fresh, out);
	add(f->answer[LEFT], (left < 4 ? left : 4) * 2 + fresh, out);
	add(f->answer[LEFT_RESULTS], (results < 3 ? results : 3) * 2 + fresh, out);
	add(f->answer[WANTED], wanted * 2 + fresh, out);
	add(f->answer[RESULT], minus + 2 * whole, out);
	add(f->answer[MADE_BY], made * 2 + fresh, out);
	add(f->answer[ASKED], (left ? 0u : 1u) + (results ? 0u : 2u) + 4 * fresh, out);
	if (fresh)
		add_cues(f->cue[SIDES - 1], l->problem->asks, out);
}

void math_row(const struct math_features *f, const struct math_lane *l, uint32_t e, float *out)
{
	const struct math_quantity *a = &l->q[math_i(e)], *b = &l->q[math_j(e)];
	unsigned op = math_op(e);
	memset(out, 0, f->dim * sizeof *out);
	if (op == MATH_ANSWER) {
		answer_row(f, l, e, out);
		return;
	}
	unsigned kinds = (unsigned)a->kind * MATH_KINDS + b->kind, bits = e >> MATH_I_USED & 7;
	unsigned result = (e >> MATH_WHOLE & 3) + 4 * (e >> MATH_GROWS & 3);
	unsigned similar = e >> MATH_SIMILAR & 3, asked = l->problem->asked_unit, away = distance(a, b);
	unsigned wanted = (asked && a->unit == asked ? 1u : 0u) + (asked && b->unit == asked ? 2u : 0u);
	float *all = out + f->all_at, *own = out + op * f->block;
	all[0] += SCALE;
	add(f->any[KINDS], kinds, all);
	add(f->any[USED], bits, all);
	add(f->any[RESULT], result, all);
	add(f->any[SIMILAR], similar, all);
	own[0] += SCALE;
	add(f->own[KINDS], kinds, own);
	add(f->own[USED], bits, own);
	add(f->own[RESULT], result, own);
	add(f->own[SIZE], e >> MATH_SIZE & 7, own);
	add(f->own[SENTENCES], apart(a, b), own);
	add(f->own[UNITS], units(a, b), own);
	add(f->own[DISTANCE], away, own);
	add(f->own[WANTED], wanted, own);
	add(f->own[ASKED], a->asked + 2u * b->asked, own);
	add(f->own[SIMILAR], similar, own);
	add(f->own[RATES], units(a, b) * 4 + is_rate(a) * 2 + is_rate(b), own);
	add(f->own[AIM], aim(l->problem->asks) * 8 + bits, own);
	add(f->own[WHERE], apart(a, b) * 5 + away, own);
	if (b->kind == MATH_CONSTANT)
		add(f->own[CONSTANT], b->order, own);
	else if (a->kind == MATH_CONSTANT)
		add(f->own[CONSTANT], a->order + 16u, own);
	add_cues(f->cue[0], a->cues, own);
	add_cues(f->cue[1], b->cues, own);
	if (away == 1)
		add_cues(f->cue[2], b->before, own);
	else if (away == 2)
		add_cues(f->cue[2], a->before, own);
	add_cues(f->cue[3], l->problem->asks, own);
}
