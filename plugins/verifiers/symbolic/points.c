/* The points at which functions are compared, and what is concluded from them. */
#include "scalar.h"

static uint64_t stir(uint64_t h)
{
	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
	h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
	return h ^ (h >> 31);
}

uint64_t points_seed(struct view v)
{
	const struct expr_node *n = node_of(v);
	uint64_t h = n->kind * 0x9e3779b97f4a7c15u + n->op;
	for (size_t i = 0; i < n->text.len; i++)
		h = (h ^ (unsigned char)n->text.at[i]) * 0x100000001b3u;
	for (uint32_t i = 0; i < n->n; i++)
		h = stir(h * 31 + points_seed(child_of(v, i)));
	return stir(h);
}

void points_put(struct names *names, uint64_t seed, unsigned number)
{
	for (size_t i = 0; i < names->n; i++) {
		uint64_t h = seed + number * 0x9e3779b97f4a7c15u;
		for (size_t k = 0; k < names->name[i].len; k++)
			h = (h ^ (unsigned char)names->name[i].at[k]) * 0x100000001b3u;
		h = stir(h);
		ulong below = 257 + 2 * (h & 127),
		      above = 1 + (h >> 8) % (number % 3 ? 4 * below : below - 1);
		if (number < GENERAL_POINTS)
			fmpq_set_si(names->at[i], (slong)above, below);
		else
			fmpq_set_si(names->at[i],
			            names->n == 1 ? (slong)(number - GENERAL_POINTS + 1)
			                          : (slong)(1 + (h >> 8) % 40),
			            1);
		fmpq_canonicalise(names->at[i]);
		if (number >= GENERAL_POINTS / 2 && number < GENERAL_POINTS && (h >> 62) % 2)
			fmpq_neg(names->at[i], names->at[i]);
	}
}

static void say_where(struct judge *j, const struct names *names)
{
	char *at = fmpq_get_str(NULL, 10, names->at[0]);
	judge_say(j, "differ at %.*s = %.30s%s", (int)(names->name[0].len < 24 ? names->name[0].len : 24),
	          names->name[0].at, at, names->n > 1 ? " ..." : "");
	flint_free(at);
}

static bool answer_has_value(struct judge *j, const struct pair *p)
{
	struct value x;
	value_init(&x);
	bool has = eval(&j->w, p->names, p->b, &x) == FINE;
	value_clear(&x);
	return has;
}

enum decision points_look(struct judge *j, struct pair *p, struct question q, struct names *names,
                          struct tally *t)
{
	struct answer d = scalar_ask(j, q);
	switch (d.is) {
	case NONZERO:
		say_where(j, names);
		return DECIDE_DIFFERENT;
	case ZERO:
		t->same++;
		t->proved += d.proved;
		break;
	case SKIPPED:
		t->only_reference += p && p->failed == 'b';
		t->lone += p && (p->failed == 'b' || answer_has_value(j, p));
		break;
	default: t->open = true;
	}
	return DECIDE_UNKNOWN;
}

enum decision points_conclude(struct judge *j, const struct tally *t)
{
	if (t->same >= ENOUGH && !t->lone && !j->w.spent) {
		judge_say(j, "the same at all %u points looked at, %s", t->same,
		          t->proved == t->same ? "proved at each" : "to all digits that can matter");
		return DECIDE_SAME;
	}
	if (t->same >= ENOUGH && !j->w.spent) {
		judge_say(j, "the same at %u points, but at %u one alone has a real value", t->same, t->lone);
		return DECIDE_UNKNOWN;
	}
	if (t->only_reference >= ENOUGH && !t->same && !t->open) {
		judge_say(j, "the answer has no value where the reference has one");
		return DECIDE_DIFFERENT;
	}
	judge_say(j, j->w.spent ? "not within the budget of steps"
	                        : "too few points at which both have a value that is known");
	return DECIDE_UNKNOWN;
}
