/* Reply: finding a step and an answer in what a model wrote, which may be anything. */
#include <string.h>

#include "kit/boxed.h"
#include "kit/text.h"
#include "said.h"

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }
/* Whether c is one of `set`; the end of a string is none. */
static bool is_in(char c, const char *set) { return c && strchr(set, c); }
static bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

static struct rho_str from(struct rho_str s, size_t at) { return (struct rho_str){ s.at + at, s.len - at }; }

/* Whether s begins with `word`, which is in lower case. */
static bool begins(struct rho_str s, const char *word)
{
	size_t n = strlen(word);
	if (s.len < n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (lower(s.at[i]) != word[i])
			return false;
	return true;
}

static struct rho_str skip(struct rho_str s, const char *any)
{
	while (s.len && is_in(*s.at, any))
		s = from(s, 1);
	return s;
}

/* Behind what the model thought aloud; what was never closed is all thought. */
static struct rho_str after_thoughts(struct rho_str s)
{
	static const char close[] = "</think>";
	s = rho_str_trim(s);
	if (!begins(s, "<think>"))
		return s;
	for (size_t i = 7; i + sizeof close - 1 <= s.len; i++)
		if (s.at[i] == '<' && begins(from(s, i), close))
			return from(s, i + sizeof close - 1);
	return (struct rho_str){ "", 0 };
}

/* Behind a number and one of ".):", blanks, and stars; s as it is where there is none. */
static struct rho_str behind_number(struct rho_str s)
{
	size_t n = 0;
	while (n < s.len && n < 3 && is_digit(s.at[n]))
		n++;
	if (!n || n + 1 >= s.len || !is_in(s.at[n], ".):") || !is_in(s.at[n + 1], " *"))
		return s;
	return skip(from(s, n + 1), " *");
}

/* A line without its markup: a list's mark or number, "Step 3:", stars, backticks, headings. */
static struct rho_str plain(struct rho_str s)
{
	s = skip(rho_str_trim(s), ">`#* ");
	if (s.len > 1 && s.at[0] == '-' && s.at[1] == ' ')
		s = skip(s, "- *");
	if (begins(s, "step ")) {
		struct rho_str rest = behind_number(skip(from(s, 5), " "));
		if (rest.at != skip(from(s, 5), " ").at)
			s = rest;
	} else {
		s = behind_number(s);
	}
	while (s.len && is_in(s.at[s.len - 1], "*` \t\r"))
		s.len--;
	return s;
}

/* What stands behind "answer:" or "answer is" in the line, the last of them; *mark: where that begins. */
static bool find_said_answer(struct rho_str line, size_t *mark, struct rho_str *answer)
{
	for (size_t i = line.len; i-- > 0; ) {
		struct rho_str s = from(line, i);
		if (!begins(s, "answer") || (i && is_letter(line.at[i - 1])))
			continue;
		s = skip(from(s, 6), " *");
		if (begins(s, "is") && (s.len == 2 || is_in(s.at[2], " :*")))
			s = skip(from(s, 2), " *:");
		else if (s.len && s.at[0] == ':')
			s = skip(from(s, 1), " *:");
		else
			continue;
		*mark = i;
		*answer = s;
		return true;
	}
	return false;
}

/* The end of the last sentence that ends before `mark`. */
static size_t sentence_before(struct rho_str line, size_t mark)
{
	while (mark && !(is_in(line.at[mark - 1], ".;") && line.at[mark] == ' '))
		mark--;
	return mark;
}

/* Copies `s` without control characters and blanks at its ends, cut between characters. */
static void put(struct rho_str s, bool answers, struct math_phrase *out)
{
	s = rho_str_trim(rho_str_head(rho_str_trim(s), MATH_LINE_BYTES));
	out->answers = answers;
	out->len = s.len;
	for (size_t i = 0; i < s.len; i++)
		out->text[i] = (unsigned char)s.at[i] < ' ' || s.at[i] == 127 ? ' ' : s.at[i];
}

/* An answer without stars, quotes and a full stop around it. */
static struct rho_str bare(struct rho_str s)
{
	struct rho_str inside;
	if (rho_boxed_last(s, &inside))
		return rho_str_trim(inside);
	s = skip(rho_str_trim(s), "*`\" ");
	while (s.len && is_in(s.at[s.len - 1], "*`\" "))
		s.len--;
	if (s.len > 1 && s.at[s.len - 1] == '.')
		s.len--;
	return rho_str_trim(s);
}

unsigned math_read_reply(struct rho_str reply, struct math_phrase out[2])
{
	struct rho_str rest = after_thoughts(reply), step = { NULL, 0 }, answer = { NULL, 0 }, found;
	bool first = true;
	while (rest.at) {
		struct rho_str raw = rho_str_trim(rho_str_cut(&rest, '\n')), line = plain(raw);
		size_t mark = 0;
		if (!line.len)
			continue;
		bool gives = true;
		if (begins(raw, "####"))
			answer = bare(from(raw, 4));
		else if (find_said_answer(line, &mark, &found))
			answer = bare(found);
		else if ((gives = rho_boxed_last(line, &found)))
			answer = rho_str_trim(found);
		if (first)
			step = gives ? rho_str_head(line, sentence_before(line, mark)) : line;
		first = false;
	}
	/* \boxed may hold several lines. */
	if (!answer.len && rho_boxed_last(after_thoughts(reply), &found))
		answer = rho_str_trim(found);
	unsigned n = 0;
	if (rho_str_trim(step).len)
		put(step, false, &out[n++]);
	if (answer.len)
		put(answer, true, &out[n++]);
	return n;
}

/* ---- arithmetic ---- */

/* Other ways to write an operation, and what parts two expressions. What stands for nothing is left out. */
static const struct { const char *written; char op; } signs[] = {
	{ "\xc3\x97", '*' }, { "\xc3\xb7", '/' }, { "\xe2\x88\x92", '-' }, { "\xc2\xb7", '*' }, { "\\times", '*' },
	{ "\\cdot", '*' }, { "\\div", '/' }, { "\\$", '$' }, { "\\%", '%' }, { "\\(", 0 }, { "\\)", 0 }, { "**", 0 },
	{ "\\,", 0 }, { ", ", ';' },
};

/* The text with + - * / for signs, and * for an x between numbers; out takes as much. Gives the length. */
static size_t with_signs(const struct math_phrase *p, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < p->len; ) {
		size_t k = 0, len = 0;
		for (; k < sizeof signs / sizeof *signs; k++) {
			len = strlen(signs[k].written);
			if (p->len - i >= len && !memcmp(p->text + i, signs[k].written, len))
				break;
		}
		if (k < sizeof signs / sizeof *signs) {
			if (signs[k].op)
				out[n++] = signs[k].op;
			i += len;
			continue;
		}
		bool times = p->text[i] == 'x' && i > 1 && i + 2 < p->len && p->text[i - 1] == ' ' &&
		             p->text[i + 1] == ' ' && (is_digit(p->text[i - 2]) || p->text[i - 2] == ')') &&
		             (is_digit(p->text[i + 2]) || is_in(p->text[i + 2], "($"));
		out[n++] = times ? '*' : p->text[i];
		i++;
	}
	return n;
}

unsigned math_line_steps(const struct math_phrase *p, struct math_worked *out, unsigned most)
{
	char text[MATH_LINE_BYTES];
	return (unsigned)math_worked_steps((struct rho_str){ text, with_signs(p, text) }, out, most);
}
