/* chain.c: cuts a solution into lines, lines into steps, steps into sides of equations. */
#include "chain.h"

#include <kit/text.h>
#include <math.h>
#include <string.h>

enum { WINDOW = 300, MOST_STARTS = 24 };        /* of a plain equation's left side: bytes, places to begin at */

struct reader {
	struct chain *out;
	double tolerance;
	int64_t work;
	struct rho_rational last;       /* of the last step that could be read */
	bool has_last, marked;          /* marked: a #### was there */
};

static struct rho_str part(struct rho_str s, size_t from, size_t to)
{
	return (struct rho_str){ s.at + from, to - from };
}

/* Where `what` begins in s from i on, or s.len. */
static size_t find(struct rho_str s, size_t i, const char *what)
{
	size_t n = strlen(what);
	const char *at = s.len - i >= n ? memmem(s.at + i, s.len - i, what, n) : NULL;
	return at ? (size_t)(at - s.at) : s.len;
}

static bool holds(const struct reader *r, const struct rho_rational *is, const struct rho_rational *stated)
{
	struct rho_rational off;
	if (!rho_rational_order(is, stated))
		return true;
	if (!(r->tolerance > 0) || !rho_rational_sub(is, stated, &off))
		return false;
	return fabs(rho_rational_f64(&off)) <= r->tolerance * fabs(rho_rational_f64(is));
}

static void is_wrong(struct reader *r, struct rho_str text)
{
	struct chain *o = r->out;
	if (o->wrong)
		return;
	o->wrong = o->steps;
	o->wrong_text = text;
}

static void note(struct reader *r, enum calc_result what, struct rho_str text)
{
	struct chain *o = r->out;
	if (what == CALC_TOO_LARGE) {
		o->spent = true;
	} else if (what == CALC_BY_ZERO) {
		o->by_zero |= !o->wrong;
		is_wrong(r, text);
	} else if (what == CALC_UNREADABLE && !o->unread) {
		o->unread = o->steps;
		o->unread_text = text;
	}
}

/* Compares a side with the one before and keeps it. */
static void side(struct reader *r, const struct rho_rational *before, const struct rho_rational *v, struct rho_str text)
{
	struct chain *o = r->out;
	if (before && !o->wrong && !holds(r, before, v)) {
		o->is = *before;
		o->stated = *v;
		is_wrong(r, text);
	}
	r->last = *v;
	r->has_last = true;
}

/* What stands in <<...>>: a = b = c, every side an expression. */
static void annotated(struct reader *r, struct rho_str text)
{
	struct calc_value v, before;
	bool has_before = false;
	r->out->steps++;
	for (size_t from = 0; from <= text.len && r->work > 0; ) {
		size_t to = find(text, from, "=");
		enum calc_result what = calc_whole(part(text, from, to), &r->work, &v);
		note(r, what, text);
		if (what == CALC_OK)
			side(r, has_before ? &before.v : NULL, &v.v, text);
		has_before = what == CALC_OK;
		before = v;
		from = to + 1;
	}
}

static void annotations(struct reader *r, struct rho_str line)
{
	for (size_t i = find(line, 0, "<<"); i < line.len && r->work > 0; i = find(line, i, "<<")) {
		size_t from = i + 2, end = find(line, from, ">>");
		annotated(r, part(line, from, end));
		if (end == line.len)
			note(r, CALC_UNREADABLE, part(line, i, end));
		i = end < line.len ? end + 2 : end;
	}
}

static bool is_plain(struct rho_str s, size_t i, size_t *n)
{
	bool digit = (s.at[i] >= '0' && s.at[i] <= '9') || s.at[i] == '.' || s.at[i] == ',';
	*n = digit ? 1 : calc_sign(s, i);
	return *n > 0;
}

static bool is_blank(char c) { return c == ' ' || c == '\t'; }

static bool is_value(char c) { return (c >= '0' && c <= '9') || c == '.' || c == ')' || c == '%'; }

/* Whether the sign or digit at line.at[i], n bytes, can be an expression's first. A sign alone is a dash. */
static bool can_begin(struct rho_str line, size_t i, size_t n)
{
	char c = line.at[i];
	return (c >= '0' && c <= '9') || c == '.' || c == '(' || c == '$'
	       || (c != ',' && c != ')' && c != '%' && i + n < line.len && !is_blank(line.at[i + n]));
}

/* Where what no expression holds ends in line.at[from .. end). */
static size_t after_words(struct rho_str line, size_t from, size_t end)
{
	size_t begin = from, n = 0;
	for (size_t i = from; i < end; i += n)
		if (!is_plain(line, i, &n)) {
			n = 1;
			begin = i + 1;
		}
	return begin;
}

/* The expression with an operator that ends at line.at[end], as long as possible, but not from before `from`. It begins
 * after a blank, and does not go on with what stands before that: a number (80 000), or an operator but for a dash at
 * the line's beginning. */
static enum calc_result left_side(struct reader *r, struct rho_str line, size_t from, size_t end,
				  struct calc_value *v, struct rho_str *text)
{
	size_t begin = end - from > WINDOW ? end - WINDOW : from, n = 0, first = 0, starts = 0;
	r->work -= (int64_t)(end - begin);
	begin = after_words(line, begin, end);
	while (first < end && is_blank(line.at[first]))
		first++;
	bool blank = begin == from || is_blank(line.at[begin - 1]), joined = false;     /* to what comes before */
	for (size_t i = begin; i < end && starts < MOST_STARTS; i += n) {
		is_plain(line, i, &n);
		if (is_blank(line.at[i])) {
			blank = true;
			continue;
		}
		if (blank && !joined && can_begin(line, i, n)) {
			starts++;
			*text = part(line, i, end);
			enum calc_result what = calc_whole(*text, &r->work, v);
			if (what != CALC_UNREADABLE && v->operators)
				return what;
		}
		joined = is_value(line.at[i]) ? line.at[i] != ')' && line.at[i] != '.' : line.at[i] != ',' && i > first;
		blank = false;
	}
	return CALC_UNREADABLE;
}

/* "48/2 = 24" in a line of prose; what does not read as that is no step. */
static void equations(struct reader *r, struct rho_str line, bool check)
{
	size_t from = 0;
	for (size_t at = find(line, 0, "="); at < line.len && r->work > 0; at = find(line, at + 1, "=")) {
		struct calc_value left, right;
		struct rho_str text, rest = part(line, at + 1, line.len);
		enum calc_result what = left_side(r, line, from, at, &left, &text);
		enum calc_result then = calc_prefix(part(rest, 0, rest.len < WINDOW ? rest.len : WINDOW), &r->work,
						    &right);
		from = at + 1;
		if (what == CALC_UNREADABLE || then == CALC_UNREADABLE)
			continue;
		if (then == CALC_OK && !check)
			side(r, NULL, &right.v, text);
		if (!check)
			continue;
		r->out->steps++;
		text = part(line, (size_t)(text.at - line.at), at + 1 + right.end);
		note(r, what, text);
		note(r, then, text);
		if (then == CALC_OK)
			side(r, what == CALC_OK ? &left.v : NULL, &right.v, text);
	}
}

/* The number that a line names as the answer. */
static void final(struct reader *r, struct rho_str s)
{
	struct calc_value v;
	enum calc_result what = calc_prefix(s, &r->work, &v);
	bool cut = what == CALC_OK && v.end < s.len && strchr(":.0123456789", s.at[v.end])
		   && !(s.at[v.end] == '.' && v.end + 1 == s.len);
	r->marked = true;
	r->out->spent |= what == CALC_TOO_LARGE;
	r->out->has_final = what == CALC_OK && !cut;
	if (r->out->has_final)
		r->out->final = v.v;
}

/* What follows an answer's mark in this line; at NULL: it has none. */
static struct rho_str marked(struct rho_str line)
{
	static const char *const begins[] = { "A:", "Answer:" };
	for (size_t i = find(line, 0, "####"); i < line.len; i = find(line, i + 1, "####"))
		if (find(line, i + 1, "####") == line.len)
			return part(line, i + 4, line.len);
	line = rho_str_trim(line);
	for (size_t k = 0; k < 2; k++) {
		size_t n = strlen(begins[k]);
		if (line.len >= n && !memcmp(line.at, begins[k], n))
			return part(line, n, line.len);
	}
	return (struct rho_str){ NULL, 0 };
}

void chain_read(struct rho_str text, bool plain, double tolerance, struct chain *out)
{
	struct reader r = { .out = out, .tolerance = tolerance, .work = CHAIN_BUDGET };
	struct rho_str rest = text;
	struct calc_value v;
	memset(out, 0, sizeof(*out));
	out->final = out->is = out->stated = rho_rational_of(0);
	while (rest.at) {
		struct rho_str line = rho_str_cut(&rest, '\n'), mark = marked(line);
		if (mark.at)
			final(&r, mark);
		else if (find(line, 0, "<<") < line.len)
			annotations(&r, line);
		else
			equations(&r, line, plain);
	}
	if (!r.marked && r.has_last) {
		out->has_final = true;
		out->final = r.last;
	} else if (!r.marked && calc_whole(rho_str_trim(text), &r.work, &v) == CALC_OK) {
		out->has_final = true;
		out->final = v.v;
	}
	out->spent |= r.work <= 0;
}
