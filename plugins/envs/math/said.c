/* Said: lines of a language model as candidates: which operations on the lane's quantities they work out, and the
 * features that follow. */
#include <math.h>
#include <string.h>

#include "env.h"
#include "kit/text.h"

static const char op_names[] = { '+', '-', '*', '/' };

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

/* The newest quantity of the lane with that value; results before the text's before the constants. UINT32_MAX: no
 * quantity has it. */
static unsigned find_quantity(const struct math_lane *l, struct math_fraction v)
{
	unsigned text = l->n_constants, first = text + l->n_text;
	for (unsigned i = first + l->n_results; i-- > first; )
		if (math_same(l->q[i].value, v))
			return i;
	for (unsigned i = text; i < first; i++)
		if (math_same(l->q[i].value, v))
			return i;
	for (unsigned i = 0; i < text; i++)
		if (math_same(l->q[i].value, v))
			return i;
	return UINT32_MAX;
}

/* Works out what the line says, on a lane of one's own; nothing where a number of it is not known. */
static void work_out(struct math_lane *l, struct math_line *line, const struct math_good *good)
{
	struct math_worked w[MATH_LINE_STEPS + 1];
	unsigned n = math_line_steps(&line->is, w, MATH_LINE_STEPS + 1);
	if (n > MATH_LINE_STEPS || l->n_steps + n >= MATH_MOST_STEPS)
		return;
	for (unsigned k = 0; k < n; k++) {
		unsigned op = 0, i = find_quantity(l, w[k].a), j = find_quantity(l, w[k].b);
		while (op_names[op] != w[k].op)
			op++;
		uint32_t e = i == UINT32_MAX || j == UINT32_MAX ? UINT32_MAX : math_entry(l, op, i, j);
		if (e == UINT32_MAX) {
			line->n = line->right = 0;
			return;
		}
		uint64_t key = math_entry_key(l, e);
		int run = math_is_right(l, good, key);
		math_take(l, e, key, run);
		line->step[line->n++] = e;
		line->right += run >= 0;
	}
}

/* ---- candidates ---- */

static bool same_words(const struct math_phrase *a, const struct math_phrase *b)
{
	return a->len == b->len && !memcmp(a->text, b->text, a->len);
}

static bool same(const struct math_line *a, const struct math_line *b)
{
	if (a->is.answers != b->is.answers)
		return false;
	if (a->n || b->n)
		return a->n == b->n && !memcmp(a->step, b->step, a->n * sizeof *a->step);
	return same_words(&a->is, &b->is);
}

void math_add_phrase(struct math_lane *l, const struct math_phrase *p, const struct math_good *good)
{
	struct math_said *s = l->said;
	struct math_line *line = &s->line[s->n];
	if (s->n == MATH_MOST_LINES)
		return;
	*line = (struct math_line){ .is = *p, .votes = 1 };
	if (p->answers) {
		struct math_fraction v = math_read_answer((struct rho_str){ p->text, p->len });
		unsigned q = v.q ? find_quantity(l, v) : UINT32_MAX;
		line->names = q != UINT32_MAX && l->q[q].kind == MATH_RESULT ? q : 0;
	} else {
		struct math_lane trial = *l;
		work_out(&trial, line, good);
	}
	for (unsigned k = 0; k < s->n; k++)
		if (same(&s->line[k], line)) {
			s->line[k].votes++;
			return;
		}
	l->verdict[s->n++] = -1;
}

void math_take_line(struct math_lane *l, unsigned k, const struct math_good *good)
{
	struct math_said *s = l->said;
	const struct math_line *line = &s->line[k];
	for (unsigned i = 0; i < line->n; i++) {
		uint64_t key = math_entry_key(l, line->step[i]);
		math_take(l, line->step[i], key, math_is_right(l, good, key));
	}
	s->past[s->n_past++] = line->is;
}

unsigned math_line_kind(const struct math_lane *l, unsigned k)
{
	const struct math_line *line = &l->said->line[k];
	return line->is.answers ? MATH_ANSWER : line->n ? math_op(line->step[0]) : MATH_SAID;
}

/* ---- features ---- */

static uint32_t place_of(uint32_t x, uint32_t n)
{
	x = (x ^ x >> 15) * 0x85ebca6bu;
	x = (x ^ x >> 13) * 0xc2b2ae35u;
	return 1 + (uint32_t)((uint64_t)(x ^ x >> 16) * (n - 1) >> 32);
}

/* The words, signs and how many numbers there are, hashed into out (n) and brought to length 0.8. */
static void add_words(const struct math_phrase *p, float *out, uint32_t n)
{
	double sum = 0;
	for (size_t i = 0; i < p->len; ) {
		size_t end = i;
		uint32_t hash = (unsigned char)p->text[i];
		while (end < p->len && is_letter(p->text[end]))
			end++;
		if (end > i)
			hash = math_word_hash((struct rho_str){ p->text + i, end - i });
		for (; end < p->len && is_digit(p->text[end]); end++)
			hash = 2;
		if (p->text[i] != ' ')
			out[place_of(hash, n)] += 1;
		i = end > i ? end : i + 1;
	}
	for (uint32_t k = 0; k < n; k++)
		sum += (double)(out[k] * out[k]);
	for (uint32_t k = 0; k < n && sum > 0; k++)
		out[k] = (float)(0.8 / sqrt(sum) * (double)out[k]);
}

void math_line_row(const struct math_features *f, const struct math_lane *l, unsigned k, float *out)
{
	const struct math_line *line = &l->said->line[k];
	unsigned votes = line->votes < 4 ? line->votes : 4;
	uint32_t e = line->n ? line->step[0] | (votes - 1) << MATH_SIMILAR : MATH_ANSWER | line->names << MATH_I;
	struct math_block own = math_features_block(f, line->is.answers), all = math_features_block(f, false);
	if (line->n || line->names) {
		uint8_t was = MATH_SAID;
		math_row(f, l, math_as_it_stands(l, e), out, &was);
	} else {
		memset(out, 0, math_features_dim(f) * sizeof *out);
		add_words(&line->is, out + own.from, own.n);
	}
	out[all.from + place_of(votes * 2 + line->is.answers, all.n)] += 0.2f;
}
