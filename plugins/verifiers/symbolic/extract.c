/* extract.c: the answer within a whole response.
 *
 * In this order: the last \boxed{...} (with those just before it that only commas, "and" and the like part from it);
 * what follows the last "answer is", "####" and the like; the whole text when it looks like an answer alone; the last
 * formula or the last number, whichever comes later. Each step passes over the text once. */
#include <string.h>

#include "read.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }
static char at(struct rho_str s, size_t i) { return i < s.len ? s.at[i] : '\0'; }

static struct rho_str part(struct rho_str s, size_t from, size_t to)
{
	return (struct rho_str){ s.at + from, to > from ? to - from : 0 };
}

static bool starts(struct rho_str s, size_t i, const char *with)
{
	size_t n = strlen(with);
	if (i + n > s.len)
		return false;
	for (size_t k = 0; k < n; k++)
		if (lower(s.at[i + k]) != with[k])
			return false;
	return true;
}

static bool ends(struct rho_str s, const char *with)
{
	size_t n = strlen(with);
	return s.len >= n && !memcmp(s.at + s.len - n, with, n);
}

/* Behind the brace that closes the one before `from`; to the line's end when none does. */
static size_t closing(struct rho_str s, size_t from, bool *closed)
{
	size_t depth = 1, line = s.len;
	*closed = true;
	for (size_t i = from; i < s.len; i++) {
		if (s.at[i] == '\\' && i + 1 < s.len && strchr("{}\\", s.at[i + 1]))
			i++;
		else if (s.at[i] == '{')
			depth++;
		else if (s.at[i] == '}' && !--depth)
			return i + 1;
		else if (s.at[i] == '\n' && line == s.len)
			line = i;
	}
	*closed = false;
	return line;
}

/* The brace that opens what the text's last character closes; s.len when none does. */
static size_t opening(struct rho_str s)
{
	size_t depth = 0;
	for (size_t i = s.len; i-- > 0;) {
		if (i && s.at[i - 1] == '\\' && strchr("{}", s.at[i]) && (i < 2 || s.at[i - 2] != '\\'))
			continue;
		if (s.at[i] == '}')
			depth++;
		else if (s.at[i] == '{' && !--depth)
			return i;
	}
	return s.len;
}

/* How long a box's command is that ends at the text's end: \boxed, \fbox; 0: none does. */
static size_t box_name(struct rho_str s)
{
	static const char *const names[] = { "\\boxed", "\\fbox", "\\framebox", "\\beginboxed" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (ends(s, names[i]))
			return strlen(names[i]);
	return 0;
}

/* The text without what may stand between two boxes that are one answer: blanks, commas, and, "y =". */
static struct rho_str without_connective(struct rho_str s)
{
	static const char *const all[] = { " ", "$", ",", ";", "&", "\\quad", "\\qquad", "\\(", "\\)", "\\[", "\\]",
		"\\text{and}", "\\text{ and }", "\\text{or}", "\\text{ or }", "\\", " and", " or", "$and", "}and" };
	size_t before;
	do {
		before = s.len;
		for (size_t i = 0; i < sizeof all / sizeof *all; i++)
			if (ends(s, all[i]))
				s.len -= strlen(all[i]) - (all[i][0] == '}');
		if (ends(s, "=")) {
			size_t n = s.len - 1;
			while (n && s.at[n - 1] == ' ')
				n--;
			while (n && s.len - n < 16 && (is_letter(s.at[n - 1]) || is_digit(s.at[n - 1]) ||
			                               s.at[n - 1] == '_'))
				n--;
			s.len = n;
		}
	} while (s.len < before);
	return s;
}

/* Where a percent sign ends that stands behind a box which ends at i; 0: there is none. */
static size_t percent_behind(struct rho_str s, size_t i)
{
	static const char *const signs[] = { "%", "\\%", "percent" };
	while (i < s.len && strchr(" $", s.at[i]))
		i++;
	for (size_t k = 0; k < sizeof signs / sizeof *signs; k++)
		if (starts(s, i, signs[k]))
			return i + strlen(signs[k]);
	return 0;
}

/* The last box with those it belongs to; false: there is none. */
static bool find_boxes(struct rho_str s, struct rho_str *found)
{
	size_t brace, from, start, end;
	bool closed;
	struct rho_str last, rest;
	for (brace = s.len; brace-- > 0;)
		if ((s.at[brace] == '{' || s.at[brace] == ' ') && box_name(part(s, 0, brace)))
			break;
	if (brace == SIZE_MAX)
		return false;
	start = brace - box_name(part(s, 0, brace));
	while (start && s.at[start - 1] == '\\')         /* \\boxed: escaped twice */
		start--;
	for (from = brace; at(s, from) == ' ';)
		from++;
	if (at(s, from) != '{') {               /* \boxed 5 */
		for (end = from; end < s.len && !strchr(" \n$", s.at[end]);)
			end++;
		*found = part(s, from, end);
		return end > from;
	}
	end = closing(s, from + 1, &closed);
	last = *found = part(s, from + 1, end - closed);
	if (percent_behind(s, end)) {
		end = percent_behind(s, end);
		*found = part(s, start, end);
	}
	rest = without_connective(part(s, 0, start));
	for (; ends(rest, "}"); rest = without_connective(part(s, 0, start))) {
		size_t open = opening(rest), name = open < rest.len ? box_name(part(s, 0, open)) : 0;
		struct rho_str inner = part(s, open + 1, rest.len - 1);
		if (!name || (inner.len == last.len && !memcmp(inner.at, last.at, last.len)))
			break;
		start = open - name;
		*found = part(s, start, end);
	}
	return true;
}

/* How many words, no names of mathematics nor in \text, a text has, where the first one and the last digit stand, and
 * whether there is a formula in it. */
struct outline { size_t words, first_word, last_digit; bool digits, formula; };

/* Passes over a command; over its argument, too, where that is text. */
static size_t pass_command(struct rho_str s, size_t i)
{
	size_t n = i + 1;
	const struct name *name;
	bool closed;
	while (n < s.len && is_letter(s.at[n]))
		n++;
	name = name_find(part(s, i + 1, n));
	if (name && name->kind == T_TEXT && at(s, n) == '{')
		return closing(s, n + 1, &closed);
	return n > i + 1 ? n : i + 2;
}

/* Whether a byte starts a letter of a script that mathematics does not use: Cyrillic to Arabic, Hindi, Chinese. */
static bool is_other_script(char c)
{
	unsigned char u = (unsigned char)c;
	return (u >= 0xd0 && u <= 0xe0) || (u >= 0xe3 && u <= 0xed);
}

static struct outline outline_of(struct rho_str s)
{
	struct outline o = { .first_word = s.len };
	for (size_t i = 0; i < s.len;) {
		size_t from = i;
		if (s.at[i] == '\\') {
			o.formula = o.formula || (i + 1 < s.len && strchr("([", s.at[i + 1]));
			i = pass_command(s, i);
			continue;
		}
		if (is_digit(s.at[i])) {
			o.digits = true;
			o.last_digit = i;
		}
		o.formula = o.formula || s.at[i] == '$';
		if (is_other_script(s.at[i]) && (!i || !is_other_script(s.at[i - 1]))) {
			o.words += 3;
			o.first_word = o.first_word < i ? o.first_word : i;
		}
		while (i < s.len && (is_letter(s.at[i]) || (i > from && s.at[i] == '\'')))
			i++;
		if (i > from && name_is_word(part(s, from, i))) {
			o.words++;
			o.first_word = o.first_word < from ? o.first_word : from;
		}
		i += i == from;
	}
	return o;
}

/* Whether a text is an answer alone, perhaps with a unit or in words. */
static bool looks_bare(struct rho_str s)
{
	struct outline o = outline_of(s);
	if (!o.words || (!o.digits && !o.formula))
		return true;
	if (o.words <= 2)
		return true;
	return o.words <= 6 && !o.formula && o.first_word > o.last_digit;
}

/* The last formula between $ $, \( \) or \[ \], and where it ends; false: there is none. */
static bool find_formula(struct rho_str s, struct rho_str *found)
{
	char open = 0;
	size_t from = 0;
	found->len = 0;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i], next = at(s, i + 1);
		if (c == '\\' && (next == '(' || next == '[')) {
			open = next;
			from = i + 2;
		} else if (c == '\\' && (next == ')' || next == ']')) {
			if (open == (next == ')' ? '(' : '['))
				*found = part(s, from, i);
			open = 0;
		} else if (c == '$' && open != '(' && open != '[') {
			if (open && text_trim(part(s, from, i), " \n").len)
				*found = part(s, from, i);
			open = open ? 0 : '$';
			while (at(s, i + 1) == '$')
				i++;
			from = i + 1;
		}
		i += c == '\\';
	}
	return found->len;
}

/* The last number, with its sign, commas and stroke; false: there is none. */
static bool find_number(struct rho_str s, struct rho_str *found)
{
	size_t end = s.len, from;
	while (end && !is_digit(s.at[end - 1]))
		end--;
	if (!end)
		return false;
	for (from = end - 1; from; from--) {
		char c = s.at[from - 1];
		bool inside = from > 1 && is_digit(s.at[from - 2]) && is_digit(s.at[from]);
		if (!is_digit(c) && !(inside && c && strchr(",./", c)))
			break;
	}
	if (from && s.at[from - 1] == '.' && (from < 2 || !is_letter(s.at[from - 2])))
		from--;
	if (from && s.at[from - 1] == '-' && (from < 2 || !(is_letter(s.at[from - 2]) || is_digit(s.at[from - 2]))))
		from--;
	*found = part(s, from, end + (at(s, end) == '%'));
	return true;
}

/* The last formula or number, whichever comes later; the whole text where there is neither. */
static struct rho_str last_of(struct rho_str s)
{
	struct rho_str formula, number;
	bool any = find_formula(s, &formula);
	if (find_number(s, &number) && (!any || number.at > formula.at + formula.len))
		return number;
	return any ? formula : s;
}

/* Up to the end of the sentence that starts at `from`; periods in formulas and before small letters do not end it. */
static struct rho_str sentence(struct rho_str s, size_t from)
{
	bool formula = false;
	while (from < s.len && strchr(" \n\r\t:*", s.at[from]) && s.at[from])
		from++;
	for (size_t i = from; i < s.len; i++) {
		char c = s.at[i], next = at(s, i + 1);
		if (c == '$' || (c == '\\' && strchr("([)]", next) && next))
			formula = c == '$' ? !formula : next == '(' || next == '[';
		if (c == '<' && next == '|')
			return part(s, from, i);
		if (c == '\n' && !formula)
			return part(s, from, i);
		if (!strchr(".!?", c) || formula || !(next == ' ' || next == '\n' || next == '\0' || next == '"'))
			continue;
		if (!(next == ' ' && at(s, i + 2) >= 'a' && at(s, i + 2) <= 'z'))
			return part(s, from, i);
	}
	return part(s, from, s.len);
}

/* How long a mark of an answer is that starts at i: "answer is", "####"; 0: none does. */
static size_t mark_at(struct rho_str s, size_t i)
{
	static const char *const marks[] = { "answer is", "answers are", "answer:", "answer**:", "answers:",
		"result is", "solution is", "answer =", "####" };
	size_t n = 6;
	bool line = !i || s.at[i - 1] == '\n';
	for (size_t k = 0; k < sizeof marks / sizeof *marks; k++)
		if (starts(s, i, marks[k]))
			return strlen(marks[k]);
	if (line && starts(s, i, "a:"))
		return 2;
	if (!starts(s, i, "answer"))
		return 0;
	while (n < 12 && strchr(" \n*", at(s, i + n)) && at(s, i + n))
		n++;
	return at(s, i + n) == '$' || (at(s, i + n) == '\\' && strchr("([", at(s, i + n + 1))) ? n : 0;
}

/* The answer within a sentence that says it. */
static struct rho_str within(struct rho_str s)
{
	size_t is;
	s = text_edges(s);
	if (looks_bare(s))
		return s;
	for (is = s.len; is-- > 0;)
		if (starts(s, is, " is ") || starts(s, is, " are "))
			break;
	if (is != SIZE_MAX) {
		struct rho_str tail = text_edges(part(s, is + 4, s.len));
		if (tail.len && looks_bare(tail))
			return tail;
	}
	return last_of(s);
}

struct rho_str expr_extract(struct rho_str text)
{
	struct rho_str found;
	if (find_boxes(text, &found))
		return found;
	for (size_t i = text.len; i-- > 0;) {
		size_t n = strchr("aA#rRsS", text.at[i]) && text.at[i] ? mark_at(text, i) : 0;
		found = n ? within(sentence(text, i + n)) : text;
		if (n && found.len)
			return found;
	}
	return looks_bare(text) ? text : last_of(text);
}
