/* Lane: taking steps. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lane.h"

static const char op_names[] = { '+', '-', '*', '/' };

struct math_fraction math_result(const struct math_lane *l, unsigned op, unsigned i, unsigned j)
{
	return math_do(l->q[i].value, op_names[op], l->q[j].value);
}

bool math_repeats(const struct math_lane *l, unsigned i)
{
	for (unsigned j = 0; j < i; j++)
		if (l->q[j].hash == l->q[i].hash)
			return true;
	return false;
}

/* 0: below 1 in size; 1: below 10; ... 7: from 10^6 on. */
static unsigned magnitude(double v)
{
	static const double from[] = { 1, 10, 100, 1e3, 1e4, 1e5, 1e6 };
	unsigned n = 0;
	while (n < 7 && fabs(v) >= from[n])
		n++;
	return n;
}

/* Whether a op b of two whole numbers is one that fits; *whole: it is a whole number. What takes a common divisor
 * to be written down is not worked out. */
static bool whole_numbers(int64_t a, unsigned op, int64_t b, bool *whole)
{
	int64_t v = 0;
	*whole = true;
	switch (op) {
	case MATH_ADD: v = a + b; break;
	case MATH_SUB: v = a - b; break;
	case MATH_MUL: return !__builtin_mul_overflow(a, b, &v) && v <= MATH_FRACTION_MOST && v >= -MATH_FRACTION_MOST;
	default:
		if (!b)
			return false;
		*whole = a % b == 0;
	}
	return v <= MATH_FRACTION_MOST && v >= -MATH_FRACTION_MOST;
}

uint32_t math_entry(const struct math_lane *l, unsigned op, unsigned i, unsigned j)
{
	const struct math_quantity *a = &l->q[i], *b = &l->q[j];
	bool whole;
	double v = op == MATH_ADD ? a->size + b->size : op == MATH_SUB ? a->size - b->size :
	           op == MATH_MUL ? a->size * b->size : a->size / b->size;
	if (a->value.q == 1 && b->value.q == 1) {
		if (!whole_numbers(a->value.p, op, b->value.p, &whole))
			return UINT32_MAX;
	} else {
		struct math_fraction exact = math_result(l, op, i, j);
		if (!exact.q)
			return UINT32_MAX;
		whole = exact.q == 1;
	}
	return op | i << MATH_I | j << MATH_J | (uint32_t)whole << MATH_WHOLE | (uint32_t)(v < 0) << MATH_MINUS |
	       magnitude(v) << MATH_SIZE | (uint32_t)(v > a->size && v > b->size) << MATH_GROWS |
	       (uint32_t)(v <= a->size && v <= b->size) << MATH_SHRINKS;
}

void math_begin(struct math_lane *l, const struct math_problem *p, uint32_t which, const struct math_quantity *q)
{
	l->problem = p;
	l->which = which;
	l->n_text = p->n_quantities;
	l->n_results = l->n_steps = l->n_right = 0;
	l->used = 0;
	memcpy(l->q + l->n_constants, q, l->n_text * sizeof *q);
	memset(l->paid, 0, sizeof l->paid);
}

uint64_t math_entry_key(const struct math_lane *l, uint32_t e)
{
	return math_step_key(l->q[math_i(e)].value, op_names[math_op(e)], l->q[math_j(e)].value);
}

int math_is_right(const struct math_lane *l, const struct math_good *good, uint64_t key)
{
	size_t from = 0, n = l->problem->n_good;
	for (unsigned i = 0; i < l->n_steps; i++)
		if (l->step_key[i] == key)
			return -1;
	while (n > 1) {
		size_t half = n / 2;
		from += good[from + half - 1].key < key ? half : 0;
		n -= half;
	}
	for (; from < l->problem->n_good && good[from].key == key; from++)
		if (l->paid[good[from].run] < l->problem->run_steps[good[from].run])
			return good[from].run;
	return -1;
}

void math_take(struct math_lane *l, uint32_t e, uint64_t key, int run)
{
	unsigned i = math_i(e), j = math_j(e), at = l->n_constants + l->n_text + l->n_results;
	const struct math_quantity *a = &l->q[i], *b = &l->q[j];
	struct math_quantity *r = &l->q[at];
	uint32_t unit = a->unit ? a->unit : b->unit;
	/* What is 3 boxes times 12 crayons? Crayons, the second, more often than not; and so of a rate. */
	if (math_op(e) == MATH_MUL && b->unit && b->unit != a->unit)
		unit = b->unit == 1 || a->unit != 1 ? b->unit : a->unit;
	*r = (struct math_quantity){ .unit = unit, .kind = MATH_RESULT, .order = (uint8_t)l->n_results,
	                             .asked = a->asked || b->asked };
	math_set_value(r, math_result(l, math_op(e), i, j));
	r->sentence = a->sentence > b->sentence && a->sentence != 255 ? a->sentence : b->sentence;
	l->used |= (uint64_t)1 << i | (uint64_t)1 << j;
	l->verdict[l->n_results++] = -1;
	l->step_key[l->n_steps] = key;
	l->step[l->n_steps++] = e & ((1u << MATH_STATIC_BITS) - 1);
	if (run >= 0) {
		l->paid[run]++;
		l->n_right++;
	}
}

size_t math_write_step(const struct math_lane *l, uint32_t e, char *out)
{
	char a[32], b[32], v[32];
	math_fraction_write(l->q[math_i(e)].value, a);
	if (math_op(e) == MATH_ANSWER)
		return (size_t)snprintf(out, 128, "answer: %s", a);
	math_fraction_write(l->q[math_j(e)].value, b);
	math_fraction_write(math_result(l, math_op(e), math_i(e), math_j(e)), v);
	return (size_t)snprintf(out, 128, "%s %c %s = %s", a, op_names[math_op(e)], b, v);
}
