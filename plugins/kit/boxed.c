/* boxed.c: finds the last \boxed from behind, then reads its argument once, left to right. */
#include "boxed.h"

#include <string.h>

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Length of the command's name where s.at[i] begins \boxed or \fbox, else 0. \boxedsize is another command. */
static size_t begins(struct rho_str s, size_t i)
{
	static const char *const name[] = { "\\boxed", "\\fbox" };
	for (size_t k = 0; k < 2 && s.at[i] == '\\'; k++) {
		size_t n = strlen(name[k]);
		if (s.len - i >= n && !memcmp(s.at + i, name[k], n) &&
		    (i + n == s.len || !is_letter(s.at[i + n])))
			return n;
	}
	return 0;
}

/* s begins after an opening brace: cuts it before the brace that closes it. */
static bool cut_at_closing(struct rho_str *s)
{
	size_t depth = 1;
	for (size_t i = 0; i < s->len; i++) {
		if (s->at[i] == '\\') {
			i++;            /* what it escapes, a brace too, is no brace */
		} else if (s->at[i] == '{') {
			depth++;
		} else if (s->at[i] == '}' && !--depth) {
			s->len = i;
			return true;
		}
	}
	return false;
}

/* One character of s, or a command with its name. */
static void cut_token(struct rho_str *s)
{
	size_t n = 1;
	if (s->at[0] == '\\' && s->len > 1) {
		n = 2;
		while (is_letter(s->at[1]) && n < s->len && is_letter(s->at[n]))
			n++;
	} else {
		while (n < s->len && ((unsigned char)s->at[n] & 0xc0) == 0x80)
			n++;
	}
	s->len = n;
}

bool rho_boxed_last(struct rho_str latex, struct rho_str *inside)
{
	size_t i = latex.len, n = 0;
	while (!n && i > 0)
		n = begins(latex, --i);
	if (!n)
		return false;
	struct rho_str rest = { latex.at + i + n, latex.len - i - n };
	while (rest.len && (rest.at[0] == ' ' || rest.at[0] == '\n' || rest.at[0] == '\t')) {
		rest.at++;
		rest.len--;
	}
	if (!rest.len || rest.at[0] == '}' || rest.at[0] == '$')
		return false;
	if (rest.at[0] == '{') {
		rest.at++;
		rest.len--;
		if (!cut_at_closing(&rest))
			return false;
	} else {
		cut_token(&rest);
	}
	*inside = rest;
	return true;
}
