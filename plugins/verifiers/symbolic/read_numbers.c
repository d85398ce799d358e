/* read_numbers.c: numbers as tokens: thousands, repeating decimals, powers of ten, digits of other bases, times. */
#include "scan.h"

/* How long a run of digits is. */
static size_t digits(const struct scan *c, size_t ahead)
{
	size_t n = 0;
	while (is_digit(peek(c, ahead + n)))
		n++;
	return n;
}

/* The length of a thousands separator at `ahead` with three digits (no fourth) behind it, else 0. */
static size_t thousands(const struct scan *c, size_t ahead, char *kind)
{
	uint8_t in = c->n_open ? c->r->token[c->open[c->n_open - 1]].op : 0;
	size_t n = ahead, start = blanks(c, ahead);
	*kind = ',';
	if (peek(c, n + start) == '{') {        /* {,} and { , } */
		n += start + 1;
		n += blanks(c, n);
		if (peek(c, n) != ',')
			return 0;
		n++;
		n += blanks(c, n);
		if (peek(c, n) != '}')
			return 0;
		n++;
		n += blanks(c, n);
		*kind = '{';
	} else if (peek(c, n) == ',') {
		if (in == '(' || in == '[' || in == 's')
			return 0;
		n++;
	} else if (start) {
		n += start;
		*kind = ' ';
	} else {
		return 0;
	}
	if (digits(c, n) != 3 || (*kind == ' ' && peek(c, n + 3) == '/'))
		return 0;
	return n - ahead;
}

/* A longer row is a list. */
enum { MOST_GROUPS = 64 };

/* How far the whole part reaches with its separators: all of one kind, or none of them counts. */
static size_t whole_part(const struct scan *c)
{
	size_t first = digits(c, 0), n = first, step, groups = 0;
	char kind, used = 0;
	if (!first || first > 3 || peek(c, 0) == '0')
		return first;
	while ((step = thousands(c, n, &kind)) && (!used || kind == used)) {
		if (++groups > MOST_GROUPS)
			return first;
		n += step + 3;
		used = kind;
	}
	if (used == ',' && peek(c, n) == ',' && is_digit(peek(c, n + 1)))
		return first;           /* 1,234,56 is a list */
	return n;
}

/* Copies the digits and the point of the next n characters to the expr's bytes; passes over them. */
static struct rho_str copy_digits(struct scan *c, size_t n)
{
	struct expr *e = c->r->e;
	struct rho_str out = { e->bytes + e->n_bytes, 0 };
	for (size_t i = 0; i < n; i++) {
		char ch = peek(c, i);
		if (ch == '.' && !out.len)
			e->bytes[e->n_bytes + out.len++] = '0';
		if (is_digit(ch) || ch == '.')
			e->bytes[e->n_bytes + out.len++] = ch;
	}
	e->n_bytes += out.len;
	c->at += n;
	return out;
}

/* What repeats behind a decimal's digits: \overline{12}, \bar{3}, \dot{3}, or (12): how long it is, and where. */
static size_t repeating(const struct scan *c, size_t ahead, size_t *first, size_t *count)
{
	static const char *const marks[] = { "\\overline{", "\\bar{", "\\dot{", "(" };
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		size_t n = strlen(marks[i]);
		if (!sees(c, ahead, marks[i]))
			continue;
		*first = n;
		*count = digits(c, ahead + n);
		if (*count && *count < 200 && peek(c, ahead + n + *count) == (i < 3 ? '}' : ')'))
			return n + *count + 1;
	}
	return 0;
}

static bool starts_exponent(const struct scan *c, size_t *n)
{
	size_t sign = peek(c, 1) == '-' || peek(c, 1) == '+';
	*n = digits(c, 1 + sign);
	if ((peek(c, 0) != 'e' && peek(c, 0) != 'E') || !*n || is_letter(peek(c, 1 + sign + *n)))
		return false;
	*n += 1 + sign;
	return true;
}

/* 8:34 p.m. or 05:00: a time of day, a word. 11:21 may be a ratio and is left to the parser. */
static bool take_time(struct scan *c)
{
	size_t hour = digits(c, 0), n = hour, after;
	bool padded = peek(c, 0) == '0' && hour == 2, half;
	if (!hour || hour > 2 || last_kind(c) == T_COLON)
		return false;
	while (peek(c, n) == ':' && digits(c, n + 1) == 2) {
		padded = padded || peek(c, n + 1) == '0';
		n += 3;
	}
	after = n + blanks(c, n);
	if (sees(c, after, "\\text{"))
		after += 6 + blanks(c, after + 6);
	half = peek(c, after) && strchr("apAP", peek(c, after)) &&
		(sees(c, after + 1, ".m") || sees(c, after + 1, "m") || sees(c, after + 1, ".M") ||
		 sees(c, after + 1, "M"));
	if (n == hour || !(padded || half))
		return false;
	take(c, T_WORD, 0, n);
	return true;
}

bool take_digits_with_letters(struct scan *c)
{
	size_t n = 0, letters = 0, base;
	uint32_t value = 0;
	char most = '0';
	for (; n < 64 && (is_digit(peek(c, n)) || is_upper(peek(c, n))); n++) {
		letters += is_upper(peek(c, n));
		most = peek(c, n) > most ? peek(c, n) : most;
	}
	base = n;
	if (peek(c, base) == '}')               /* \text{A5}_{11} */
		base++;
	if (!letters || n < 2 || peek(c, base) != '_')
		return false;
	base += peek(c, base + 1) == '{' ? 2 : 1;
	for (; is_digit(peek(c, base)) && value < 100; base++)
		value = value * 10 + (uint32_t)(peek(c, base) - '0');
	if (value < 11 || value > 36 || (uint32_t)(most - 'A') + 10 >= value)
		return false;
	take(c, T_NUMBER, 0, n);
	return true;
}

void take_number(struct scan *c)
{
	size_t n, decimals, first = 0, count = 0, more, from = c->at;
	struct rho_str text;
	struct expr *e = c->r->e;
	if (take_time(c) || take_digits_with_letters(c))
		return;
	n = whole_part(c);
	decimals = peek(c, n) == '.' ? digits(c, n + 1) : 0;
	more = peek(c, n) == '.' && (decimals || peek(c, n + 1) == '\\' || peek(c, n + 1) == '(')
		? repeating(c, n + 1 + decimals, &first, &count) : 0;
	if (decimals || more)
		n += 1 + decimals;
	text = copy_digits(c, n);
	if (more) {
		memcpy(e->bytes + e->n_bytes, c->s + c->at + first, count);
		e->n_bytes += count;
		text.len += count;
		c->at += more;
	}
	emit(c, T_NUMBER, (uint8_t)count, text);
	if (c->at > from && starts_exponent(c, &n)) {
		c->at++;
		take(c, T_TEN_TO, 0, n - 1);
	}
}

