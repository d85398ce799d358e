/* mark.c: where in a whole response the answer stands. */
#include <kit/boxed.h>
#include <string.h>
#include <strings.h>

#include "read.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Whether the answer's mark stands at s.at[i], and how long it is. */
static size_t mark_at(struct rho_str s, size_t i)
{
	static const char *const marks[] = { "####", "answer is", "answer:" };
	bool may = s.at[i] == '#' || s.at[i] == 'a' || s.at[i] == 'A';
	for (size_t k = 0; k < 3 && may; k++) {
		size_t n = strlen(marks[k]);
		if (s.len - i >= n && !strncasecmp(s.at + i, marks[k], n))
			return n;
	}
	bool line = !i || s.at[i - 1] == '\n';
	return line && s.len - i >= 2 && s.at[i] == 'A' && s.at[i + 1] == ':' ? 2 : 0;
}

struct rho_str exact_marked(struct rho_str s)
{
	struct rho_str inside;
	if (rho_boxed_last(s, &inside))
		return inside;
	for (size_t i = s.len; i-- > 0; ) {
		size_t n = mark_at(s, i);
		if (!n)
			continue;
		size_t from = i + n, to = from;
		while (from < s.len && strchr(": \t*", s.at[from]) && s.at[from])
			from++;
		for (to = from; to < s.len && s.at[to] != '\n'; to++)
			;
		while (to > from && strchr(" \t\r.*", s.at[to - 1]) && s.at[to - 1])
			to--;
		return (struct rho_str){ s.at + from, to - from };
	}
	return s;
}

/* The end of the number that begins at s.at[i], a digit or a point before one. */
static size_t number_end(struct rho_str s, size_t i)
{
	bool point = false, slash = false;
	for (; i < s.len; i++) {
		bool more = i + 1 < s.len && is_digit(s.at[i + 1]);
		if (s.at[i] == '.' && !point && more)
			point = true;
		else if (s.at[i] == '/' && !slash && more)
			slash = true, point = false;
		else if (!is_digit(s.at[i]) && !(s.at[i] == ',' && !point && more && i + 3 < s.len
						   && is_digit(s.at[i + 2]) && is_digit(s.at[i + 3])))
			break;
	}
	return i < s.len && s.at[i] == '%' ? i + 1 : i;
}

/* Takes a sign and a currency in front of the number at s.at[i], not before `from`; a sign that follows a number or a
 * word is a dash. */
static size_t number_begin(struct rho_str s, size_t from, size_t i)
{
	if (i > from && s.at[i - 1] == '$')
		i--;
	if (i > from && s.at[i - 1] == '-' && (i - 1 == from || strchr(" \n\t=(:$", s.at[i - 2])))
		i--;
	return i;
}

/* Whether the number s.at[from .. end) is part of a formula and says nothing alone. */
static bool in_formula(struct rho_str s, size_t from, size_t end)
{
	char before = from ? s.at[from - 1] : ' ', after = end < s.len ? s.at[end] : ' ';
	bool letter = (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z');
	return letter || strchr("{}\\^_)+*/", before) || strchr("{}\\^_(", after);
}

struct rho_str exact_number_in(struct rho_str s, bool last)
{
	struct rho_str found = { s.at, 0 };
	size_t done = 0;
	for (size_t i = 0; i < s.len; i++) {
		bool begins = is_digit(s.at[i]) || (s.at[i] == '.' && i + 1 < s.len && is_digit(s.at[i + 1]));
		if (!begins)
			continue;
		size_t from = number_begin(s, done, i), end = number_end(s, i);
		found = (struct rho_str){ s.at + from, in_formula(s, from, end) ? 0 : end - from };
		if (!last)
			return found;
		done = end;
		i = end - 1;
	}
	return found;
}
