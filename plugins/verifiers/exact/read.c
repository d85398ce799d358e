/* read.c: one pass over the text, left to right; what does not fit is no number, and is compared as text. */
#include "read.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct reader {
	struct rho_str s;
	size_t i;
	char *out;      /* where digits go next */
};

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static bool digit_at(struct rho_str s, size_t i) { return i < s.len && is_digit(s.at[i]); }

static bool starts(struct rho_str s, size_t i, const char *with)
{
	size_t n = strlen(with);
	return i <= s.len && s.len - i >= n && !memcmp(s.at + i, with, n);
}

static bool take(struct reader *r, const char *what)
{
	bool there = starts(r->s, r->i, what);
	r->i += there ? strlen(what) : 0;
	return there;
}

static void skip_blank(struct reader *r) { take(r, " "); }

/* The length of the blank at s.at[i]; 0: it is none. */
static size_t blank_at(struct rho_str s, size_t i)
{
	static const char *const wide[] = { "\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x89" };
	if (s.at[i] == ' ' || (s.at[i] >= '\t' && s.at[i] <= '\r'))
		return 1;
	if ((unsigned char)s.at[i] < 0x80)
		return 0;
	for (size_t k = 0; k < 3; k++)
		if (starts(s, i, wide[k]))
			return strlen(wide[k]);
	return 0;
}

struct rho_str exact_tidy(struct rho_str s, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; ) {
		size_t blank = blank_at(s, i);
		if (blank && n && out[n - 1] != ' ')
			out[n++] = ' ';
		if (!blank && s.at[i] == '\xe2' && starts(s, i, "\xe2\x88\x92")) {
			out[n++] = '-';
			blank = 3;
		}
		if (!blank)
			out[n++] = s.at[i++];
		i += blank;
	}
	return (struct rho_str){ out, n && out[n - 1] == ' ' ? n - 1 : n };
}

/* ---- numbers ---- */

/* Zeros at the end of the digits go into the exponent. */
static struct exact_decimal trimmed(struct exact_decimal d)
{
	for (; d.n && d.digit[d.n - 1] == '0'; d.n--)
		d.exponent++;
	if (!d.n)
		d = (struct exact_decimal){ .digit = d.digit };
	return d;
}

/* The mark between thousands that stands at s.at[i]: three digits follow it and no fourth. NULL: none does. */
static const char *thousands_at(struct rho_str s, size_t i, const char *wanted)
{
	static const char *const marks[] = { ",", "'", " ", "\xe2\x80\x99" };
	for (size_t k = 0; k < 4; k++) {
		size_t j = i + strlen(marks[k]);
		if (starts(s, i, marks[k]) && (!wanted || wanted == marks[k]) && digit_at(s, j)
		    && digit_at(s, j + 1) && digit_at(s, j + 2) && !digit_at(s, j + 3))
			return marks[k];
	}
	return NULL;
}

/* Digits with a point and thousands, no sign. `blanks`: a blank may part thousands. */
static bool take_decimal(struct reader *r, bool blanks, struct exact_decimal *d)
{
	const char *mark = NULL;
	size_t run = 0;         /* digits since the last mark */
	bool point = false, any = false;
	*d = (struct exact_decimal){ .digit = r->out };
	for (; r->i < r->s.len; r->i++) {
		char c = r->s.at[r->i];
		if (is_digit(c)) {
			any = true;
			run++;
			if (d->n || c != '0')
				d->digit[d->n++] = c;
			d->exponent -= point;
			continue;
		}
		const char *here = !point && run && run <= 3 ? thousands_at(r->s, r->i, mark) : NULL;
		if (here && (blanks || *here != ' ')) {
			mark = here;
			run = 0;
			r->i += strlen(here) - 1;
		} else if (c == '.' && !point) {
			point = true;
		} else {
			break;
		}
	}
	r->out += d->n;
	*d = trimmed(*d);
	return any;
}

static bool take_sign(struct reader *r, bool *minus)
{
	bool there = starts(r->s, r->i, "-") || starts(r->s, r->i, "+");
	*minus ^= starts(r->s, r->i, "-");
	r->i += there;
	return there;
}

/* e3, x 10^3 and the like behind a decimal; what is no such thing is left standing. */
static void take_exponent(struct reader *r, struct exact_decimal *d)
{
	static const char *const times[] = { "x", "*", "\xc3\x97", "\xc2\xb7", "\\times", "\\cdot" };
	struct reader t = *r;
	bool minus = false, found = take(&t, "e") || take(&t, "E");
	if (!found) {
		skip_blank(&t);
		for (size_t k = 0; k < sizeof(times) / sizeof(times[0]) && !found; k++)
			found = take(&t, times[k]);
		skip_blank(&t);
		found = found && take(&t, "10^");
	}
	bool brace = found && take(&t, "{");
	long v = 0;
	take_sign(&t, &minus);
	if (!found || !digit_at(t.s, t.i))
		return;
	for (; digit_at(t.s, t.i); t.i++) {
		v = v * 10 + (t.s.at[t.i] - '0');
		if (v > EXACT_MOST_EXPONENT)
			return;
	}
	if ((brace && !take(&t, "}")) || (t.i < t.s.len && (is_letter(t.s.at[t.i]) || t.s.at[t.i] == '.')))
		return;
	r->i = t.i;
	d->exponent += d->n ? (minus ? -v : v) : 0;
}

/* Up to 9 digits as a number. */
static bool take_small(struct reader *r, uint64_t *v)
{
	size_t from = r->i;
	for (*v = 0; digit_at(r->s, r->i) && r->i - from < 9; r->i++)
		*v = *v * 10 + (uint64_t)(r->s.at[r->i] - '0');
	return r->i > from && !digit_at(r->s, r->i);
}

static struct exact_decimal decimal_of(struct reader *r, uint64_t v)
{
	struct exact_decimal d = { .digit = r->out };
	d.n = v ? (size_t)snprintf(r->out, 21, "%llu", (unsigned long long)v) : 0;
	r->out += d.n;
	return trimmed(d);
}

/* 3 1/2: a whole number and a proper fraction of up to 9 digits each. */
static bool take_mixed(struct reader *r, struct exact_number *v)
{
	struct reader t = *r;
	uint64_t whole, top, bottom;
	if (!take_small(&t, &whole))
		return false;
	if (!take(&t, " and ") && !take(&t, " "))
		return false;
	if (!take_small(&t, &top) || (skip_blank(&t), !take(&t, "/")))
		return false;
	skip_blank(&t);
	if (!take_small(&t, &bottom) || top >= bottom || starts(t.s, t.i, "."))
		return false;
	v->top = decimal_of(&t, whole * bottom + top);
	v->bottom = decimal_of(&t, bottom);
	*r = t;
	return true;
}

/* A decimal, or a fraction of two. */
static bool take_value(struct reader *r, struct exact_number *v)
{
	if (take_mixed(r, v))
		return true;
	struct reader before = *r;
	if (!take_decimal(r, true, &v->top))
		return false;
	take_exponent(r, &v->top);
	struct reader t = *r;
	bool minus = false;
	skip_blank(&t);
	if (!take(&t, "/"))
		return true;
	skip_blank(&t);
	take_sign(&t, &minus);
	if (!take_decimal(&t, true, &v->bottom))
		return *r = before, false;
	take_exponent(&t, &v->bottom);
	v->bottom.minus = minus;
	*r = t;
	return v->bottom.n > 0;
}

/* ---- units ---- */

static const struct currency { const char *sign, *unit; } currencies[] = {
	{ "\\$", "$" }, { "$", "$" }, { "\xc2\xa3", "GBP" }, { "\xe2\x82\xac", "EUR" }, { "\xc2\xa5", "JPY" },
};

static bool take_currency(struct reader *r, struct rho_str *unit)
{
	for (size_t k = 0; k < sizeof(currencies) / sizeof(currencies[0]); k++)
		if (take(r, currencies[k].sign)) {
			*unit = (struct rho_str){ currencies[k].unit, strlen(currencies[k].unit) };
			return true;
		}
	return false;
}

static bool is_word(struct rho_str s, const char *word)
{
	return s.len == strlen(word) && !strncasecmp(s.at, word, s.len);
}

static bool in(struct rho_str word, const char *const *list)
{
	for (; *list; list++)
		if (is_word(word, *list))
			return true;
	return false;
}

static struct rho_str word_at(struct rho_str s, size_t i)
{
	size_t n = 0;
	while (i + n < s.len && s.at[i + n] != ' ')
		n++;
	return (struct rho_str){ s.at + i, n };
}

/* Bytes of the character at s.at[i] (not ASCII) that a unit may hold: a letter, a degree sign, a square, a cube (not
 * `first`). 0: it means something to the number, as a half, a root or pi do, or is unknown. */
static size_t unit_letter(struct rho_str s, size_t i, bool first)
{
	unsigned char a = (unsigned char)s.at[i], b = i + 1 < s.len ? (unsigned char)s.at[i + 1] : 0;
	if (a == 0xc2)
		return b == 0xb0 || b == 0xb5 || (!first && (b == 0xb2 || b == 0xb3 || b == 0xb7)) ? 2 : 0;
	if (a == 0xcf && b == 0x80)
		return 0;
	if (a >= 0xc3 && a <= 0xd1 && b)
		return a == 0xc3 && (b == 0x97 || b == 0xb7) ? 0 : 2;
	if (a >= 0xe3 && a <= 0xed && i + 2 < s.len)
		return 3;
	return starts(s, i, "\xe2\x84\x83") || starts(s, i, "\xe2\x84\xab") ? 3 : 0;    /* degrees C, angstrom */
}

/* Whether the text can be words of a unit: up to three, "km/h", "cm^2", "sq. ft."; nothing that would change the
 * number. */
static bool is_unit(struct rho_str s)
{
	static const char *const never[] = {
		"and", "or", "to", "is", "are", "not", "no", "than", "plus", "minus", "times", "over", "by", "x", "y",
		"z", "n", "i", "e", "k", "pi", "sqrt", "dozen", "dozens", "hundred", "hundreds", "half", "halves",
		"third", "thirds", "quarter", "quarters", "fifth", "fifths", "tenth", "tenths", "hundredth",
		"hundredths", "mn", "bn", "mod", "if", "of", NULL
	};
	static const char single[] = "mgslhLWVJNKCFA";
	size_t words = 0;
	if (!s.len || s.len > EXACT_MOST_UNIT)
		return false;
	for (size_t i = 0; i < s.len; ) {
		bool first = !i || s.at[i - 1] == ' ';
		char c = s.at[i];
		if (first) {
			struct rho_str word = word_at(s, i);
			bool lone = word.len == 1 && is_letter(c) && !strchr(single, c);
			if (++words > 3 || lone || in(word, never))
				return false;
		}
		size_t n = (unsigned char)c >= 0x80 ? unit_letter(s, i, first) : 1;
		bool fits = n > 1 || is_letter(c) || (!first && c && strchr("/.-^ '", c));
		bool power = !first && is_digit(c) && (is_letter(s.at[i - 1]) || strchr("^-", s.at[i - 1]));
		if (!n || (!fits && !power))
			return false;
		i += n;
	}
	return true;
}

/* thousand to trillion, into the exponent. */
static void take_scale(struct reader *r, struct exact_number *v)
{
	static const char *const scale[] = { "thousand", "million", "billion", "trillion" };
	for (size_t k = 0; k < 4; k++)
		if (is_word(word_at(r->s, r->i), scale[k])) {
			r->i += strlen(scale[k]);
			v->top.exponent += v->top.n ? 3 * ((long)k + 1) : 0;
			skip_blank(r);
			return;
		}
}

/* What stands behind the number, to the end. */
static bool take_suffix(struct reader *r, struct exact_number *v)
{
	static const char *const dollars[] = { "dollar", "dollars", "USD", NULL };
	static const char *const euros[] = { "euro", "euros", NULL };
	struct rho_str after = { NULL, 0 };
	skip_blank(r);
	take_scale(r, v);
	if (take(r, "\\%") || take(r, "%") || take(r, "percent") || take(r, "per cent"))
		v->percent = true;
	else if (take_currency(r, &after) && v->unit.len && !exact_same_unit(after, v->unit))
		return false;
	struct rho_str rest = { r->s.at + r->i, r->s.len - r->i };
	while (rest.len && (rest.at[rest.len - 1] == '.' || rest.at[rest.len - 1] == ' '))
		rest.len--;
	if (after.len)
		v->unit = after;
	if (v->percent && (v->unit.len || rest.len))
		return false;
	if (v->percent)
		v->unit = (struct rho_str){ "%", 1 };
	if (!rest.len)
		return true;
	if (!is_unit(rest))
		return false;
	if (in(rest, dollars))
		rest = (struct rho_str){ "$", 1 };
	else if (in(rest, euros))
		rest = (struct rho_str){ "EUR", 3 };
	if (v->unit.len)
		return exact_same_unit(rest, v->unit);  /* $5 dollars */
	v->unit = rest;
	return true;
}

bool exact_read(struct rho_str s, char *out, struct exact_number *v)
{
	struct reader r = { .s = s, .out = out };
	bool minus = false;
	*v = (struct exact_number){ .percent = false };
	bool sign = take_sign(&r, &minus);
	skip_blank(&r);
	if (take_currency(&r, &v->unit))
		skip_blank(&r);
	if (!sign)
		take_sign(&r, &minus);
	if (!take_value(&r, v))
		return false;
	v->top.minus = v->top.n && minus;
	return take_suffix(&r, v);
}

/* How many of a word's bytes are left without the ending; 0: it has not got it. */
static size_t stem(struct rho_str w, const char *ending)
{
	size_t n = strlen(ending);
	return w.len > n + 1 && !strncasecmp(w.at + w.len - n, ending, n) ? w.len - n : 0;
}

static bool same_word(struct rho_str a, struct rho_str b)
{
	static const char *const endings[] = { "", "s", "es" };
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++) {
			size_t n = i ? stem(a, endings[i]) : a.len, m = j ? stem(b, endings[j]) : b.len;
			if (n && n == m && !strncasecmp(a.at, b.at, n))
				return true;
		}
	return false;
}

bool exact_same_unit(struct rho_str a, struct rho_str b)
{
	size_t i = 0, j = 0;
	while (i < a.len && j < b.len) {
		struct rho_str u = word_at(a, i), w = word_at(b, j);
		if (!same_word(u, w))
			return false;
		i += u.len + 1;
		j += w.len + 1;
	}
	return i >= a.len && j >= b.len;
}

/* ---- values ---- */

struct exact_decimal exact_product(struct exact_decimal a, struct exact_decimal b, char *out)
{
	if (!b.digit || !a.n)
		return a;
	size_t n = a.n + b.n, first = 0;
	memset(out, 0, n);
	for (size_t i = a.n; i-- > 0; ) {
		int carry = 0;
		for (size_t j = b.n; j-- > 0; ) {
			int sum = out[i + j + 1] + (a.digit[i] - '0') * (b.digit[j] - '0') + carry;
			out[i + j + 1] = (char)(sum % 10);
			carry = sum / 10;
		}
		out[i] = (char)carry;
	}
	while (!out[first])
		first++;
	for (size_t i = first; i < n; i++)
		out[i] = (char)(out[i] + '0');
	struct exact_decimal d = { out + first, n - first, a.exponent + b.exponent, a.minus != b.minus };
	return trimmed(d);
}

/* The first digits as 1.234, and the power of ten of its first digit. */
static double mantissa(const struct exact_decimal *d, long *exponent)
{
	double v = 0, unit = 1;
	*exponent = d->exponent + (long)d->n - 1;
	for (size_t i = 0; i < d->n && i < 20; i++, unit /= 10)
		v += unit * (d->digit[i] - '0');
	return d->minus ? -v : v;
}

double exact_f64(const struct exact_number *v, long *exponent)
{
	long below = 0;
	double m = v->top.n ? mantissa(&v->top, exponent) : 0;
	if (!v->top.n)
		*exponent = 0;
	else if (v->bottom.digit)
		m /= mantissa(&v->bottom, &below);
	*exponent -= below;
	return m;
}
