/* read_names.c: what names mean, as LaTeX commands and in plain text, and which runs of letters are words. */
#include <stdlib.h>
#include <string.h>

#include "read.h"

/* In strcmp's order. */
static const struct name names[] = {
	{ "Alpha", T_NAME, 0, false }, { "Beta", T_NAME, 0, false }, { "Big", T_SKIP, 0, false },
	{ "C", T_NAMED_SET, 'C', false }, { "Delta", T_NAME, 0, true }, { "Gamma", T_NAME, 0, true },
	{ "Lambda", T_NAME, 0, true }, { "N", T_NAMED_SET, 'N', false },
	{ "NAN", T_CONSTANT, EXPR_UNDEFINED, true }, { "NaN", T_CONSTANT, EXPR_UNDEFINED, true },
	{ "Omega", T_NAME, 0, true }, { "Phi", T_NAME, 0, true }, { "Pi", T_NAME, 0, false },
	{ "Psi", T_NAME, 0, true }, { "Q", T_NAMED_SET, 'Q', false }, { "R", T_NAMED_SET, 'R', false },
	{ "Sigma", T_NAME, 0, true }, { "Theta", T_NAME, 0, true }, { "Vert", T_BAR, 1, false },
	{ "Xi", T_NAME, 0, false }, { "Z", T_NAMED_SET, 'Z', false },
	{ "abs", T_FUNCTION, EXPR_OTHER, true }, { "acos", T_FUNCTION, EXPR_ARCCOS, true },
	{ "alpha", T_NAME, 0, true }, { "and", T_AND, 0, true }, { "angle", T_NAME, 0, false },
	{ "approx", T_RELATION, '~', false }, { "arccos", T_FUNCTION, EXPR_ARCCOS, true },
	{ "arcsin", T_FUNCTION, EXPR_ARCSIN, true }, { "arctan", T_FUNCTION, EXPR_ARCTAN, true },
	{ "arg", T_FUNCTION, EXPR_OTHER, true }, { "asin", T_FUNCTION, EXPR_ARCSIN, true },
	{ "ast", T_TIMES, 0, false }, { "atan", T_FUNCTION, EXPR_ARCTAN, true },
	{ "backslash", T_WITHOUT, 0, false }, { "bar", T_ACCENT, 0, false },
	{ "begin", T_BEGIN, 0, false }, { "beginboxed", T_BOX, 0, false }, { "beta", T_NAME, 0, true },
	{ "bf", T_SKIP, 0, false }, { "big", T_SKIP, 0, false }, { "binom", T_BINOMIAL, 0, true },
	{ "bm", T_SKIP, 0, false }, { "bmod", T_MOD, 0, false }, { "boldsymbol", T_SKIP, 0, false },
	{ "boxed", T_BOX, 0, false }, { "bullet", T_TIMES, 0, false }, { "cap", T_INTERSECTION, 0, false },
	{ "cbrt", T_ROOT, 3, true }, { "cdot", T_TIMES, 0, false }, { "cdots", T_NAME, 0, false },
	{ "ceil", T_FUNCTION, EXPR_OTHER, true }, { "cfrac", T_FRACTION, 0, false },
	{ "chi", T_NAME, 0, true }, { "choose", T_OVER, 1, false }, { "circ", T_DEGREE, 0, false },
	{ "colon", T_COLON, 0, false }, { "color", T_SKIP_ARGUMENT, 0, false },
	{ "cong", T_RELATION, '~', false }, { "cos", T_FUNCTION, EXPR_COS, true },
	{ "cosec", T_FUNCTION, EXPR_CSC, true }, { "cosh", T_FUNCTION, EXPR_COSH, true },
	{ "cot", T_FUNCTION, EXPR_COT, true }, { "csc", T_FUNCTION, EXPR_CSC, true },
	{ "cup", T_UNION, 0, false }, { "dbinom", T_BINOMIAL, 0, false }, { "deg", T_DEGREE, 0, true },
	{ "degree", T_DEGREE, 0, true }, { "degrees", T_DEGREE, 0, true }, { "delta", T_NAME, 0, true },
	{ "det", T_FUNCTION, EXPR_OTHER, true }, { "dfrac", T_FRACTION, 0, true },
	{ "displaystyle", T_SKIP, 0, false }, { "div", T_DIVIDE, 0, false }, { "dot", T_ACCENT, 0, false },
	{ "doteq", T_RELATION, '=', false }, { "dots", T_NAME, 0, false }, { "dotsc", T_NAME, 0, false },
	{ "ell", T_NAME, 0, false }, { "emptyset", T_EMPTY_SET, 0, true }, { "end", T_FINISH, 0, false },
	{ "ensuremath", T_STYLE, 0, false }, { "epsilon", T_NAME, 0, true },
	{ "equiv", T_RELATION, '=', false }, { "eta", T_NAME, 0, true }, { "euro", T_CURRENCY, 0, false },
	{ "exp", T_FUNCTION, EXPR_EXP, true }, { "fbox", T_BOX, 0, false },
	{ "floor", T_FUNCTION, EXPR_OTHER, true }, { "frac", T_FRACTION, 0, true },
	{ "framebox", T_BOX, 0, false }, { "gamma", T_NAME, 0, true },
	{ "gcd", T_FUNCTION, EXPR_GCD, true }, { "ge", T_RELATION, 'g', false },
	{ "geq", T_RELATION, 'g', false }, { "geqq", T_RELATION, 'g', false },
	{ "geqslant", T_RELATION, 'g', false }, { "gt", T_RELATION, '>', false },
	{ "hat", T_STYLE, 0, false }, { "hline", T_SKIP, 0, false },
	{ "hspace", T_SKIP_ARGUMENT, 0, false }, { "iint", T_BIG, 0, false },
	{ "in", T_RELATION, 'i', false }, { "inf", T_CONSTANT, EXPR_INFINITY, true },
	{ "infin", T_CONSTANT, EXPR_INFINITY, false }, { "infinity", T_CONSTANT, EXPR_INFINITY, true },
	{ "infty", T_CONSTANT, EXPR_INFINITY, true }, { "int", T_BIG, 0, true },
	{ "iota", T_NAME, 0, true }, { "it", T_SKIP, 0, false }, { "kappa", T_NAME, 0, true },
	{ "lVert", T_BAR, 1, false }, { "label", T_SKIP_ARGUMENT, 0, false },
	{ "lambda", T_NAME, 0, true }, { "land", T_AND, 0, false }, { "langle", T_OPEN, '(', false },
	{ "lbrace", T_OPEN, 's', false }, { "lbrack", T_OPEN, '[', false },
	{ "lceil", T_OPEN, 'c', false }, { "lcm", T_FUNCTION, EXPR_LCM, true },
	{ "ldots", T_NAME, 0, false }, { "le", T_RELATION, 'l', false }, { "left", T_SKIP, 0, false },
	{ "leq", T_RELATION, 'l', false }, { "leqq", T_RELATION, 'l', false },
	{ "leqslant", T_RELATION, 'l', false }, { "lfloor", T_OPEN, 'f', false },
	{ "lim", T_BIG, 0, false }, { "limits", T_SKIP, 0, false }, { "ln", T_FUNCTION, EXPR_LN, true },
	{ "log", T_FUNCTION, EXPR_LOG, true }, { "lor", T_AND, 0, false },
	{ "lt", T_RELATION, '<', false }, { "lvert", T_BAR, 0, false }, { "mathbb", T_STYLE, 'B', false },
	{ "mathbf", T_STYLE, 0, false }, { "mathcal", T_STYLE, 0, false }, { "mathit", T_STYLE, 0, false },
	{ "mathrm", T_TEXT, 0, false }, { "mathsf", T_TEXT, 0, false },
	{ "max", T_FUNCTION, EXPR_MAX, true }, { "mbox", T_TEXT, 0, false }, { "mid", T_BAR, 0, false },
	{ "min", T_FUNCTION, EXPR_MIN, true }, { "mod", T_MOD, 0, true }, { "mp", T_PLUS_MINUS, 1, false },
	{ "mu", T_NAME, 0, true }, { "nabla", T_NAME, 0, false },
	{ "nan", T_CONSTANT, EXPR_UNDEFINED, true }, { "ne", T_RELATION, 'n', false },
	{ "neq", T_RELATION, 'n', false }, { "nicefrac", T_FRACTION, 0, false },
	{ "nobreak", T_SKIP, 0, false }, { "nolimits", T_SKIP, 0, false },
	{ "nonumber", T_SKIP, 0, false }, { "nu", T_NAME, 0, true }, { "omega", T_NAME, 0, true },
	{ "operatorname", T_TEXT, 1, false }, { "or", T_AND, 0, true }, { "over", T_OVER, 0, false },
	{ "overline", T_ACCENT, 0, false }, { "overrightarrow", T_STYLE, 0, false },
	{ "partial", T_NAME, 0, false }, { "percent", T_PERCENT, 0, true },
	{ "percentage", T_PERCENT, 0, true }, { "phantom", T_SKIP_ARGUMENT, 0, false },
	{ "phi", T_NAME, 0, true }, { "pi", T_CONSTANT, EXPR_PI, true }, { "pm", T_PLUS_MINUS, 0, false },
	{ "pmod", T_MOD, 1, false }, { "pounds", T_CURRENCY, 0, false }, { "prime", T_PRIME, 0, false },
	{ "prod", T_BIG, 0, false }, { "psi", T_NAME, 0, true }, { "qquad", T_SKIP, 0, false },
	{ "quad", T_SKIP, 0, false }, { "rVert", T_BAR, 1, false }, { "rangle", T_CLOSE, '(', false },
	{ "rbrace", T_CLOSE, 's', false }, { "rbrack", T_CLOSE, '[', false },
	{ "rceil", T_CLOSE, 'c', false }, { "rfloor", T_CLOSE, 'f', false }, { "rho", T_NAME, 0, true },
	{ "right", T_SKIP, 0, false }, { "rm", T_SKIP, 0, false }, { "root", T_NAME, 0, false },
	{ "rvert", T_BAR, 0, false }, { "sec", T_FUNCTION, EXPR_SEC, true },
	{ "setminus", T_WITHOUT, 0, false }, { "sfrac", T_FRACTION, 0, false },
	{ "sigma", T_NAME, 0, true }, { "sim", T_RELATION, '~', false },
	{ "simeq", T_RELATION, '~', false }, { "sin", T_FUNCTION, EXPR_SIN, true },
	{ "sinh", T_FUNCTION, EXPR_SINH, true }, { "smallsetminus", T_WITHOUT, 0, false },
	{ "sqrt", T_ROOT, 0, true }, { "star", T_TIMES, 0, false }, { "sum", T_BIG, 0, false },
	{ "surd", T_ROOT, 2, false }, { "tag", T_SKIP_ARGUMENT, 0, false },
	{ "tan", T_FUNCTION, EXPR_TAN, true }, { "tanh", T_FUNCTION, EXPR_TANH, true },
	{ "tau", T_NAME, 0, true }, { "tbinom", T_BINOMIAL, 0, false }, { "text", T_TEXT, 0, false },
	{ "textbf", T_TEXT, 0, false }, { "textcolor", T_SKIP_ARGUMENT, 0, false },
	{ "textdegree", T_DEGREE, 0, false }, { "textdollar", T_CURRENCY, 0, false },
	{ "textit", T_TEXT, 0, false }, { "textnormal", T_TEXT, 0, false }, { "textrm", T_TEXT, 0, false },
	{ "textsc", T_TEXT, 0, false }, { "textsf", T_TEXT, 0, false }, { "textstyle", T_SKIP, 0, false },
	{ "texttt", T_TEXT, 0, false }, { "textup", T_TEXT, 0, false }, { "tfrac", T_FRACTION, 0, true },
	{ "theta", T_NAME, 0, true }, { "thinspace", T_SKIP, 0, false }, { "tilde", T_STYLE, 0, false },
	{ "times", T_TIMES, 0, false }, { "triangle", T_NAME, 0, false },
	{ "underline", T_STYLE, 0, false }, { "upsilon", T_NAME, 0, true },
	{ "varepsilon", T_NAME, 0, false }, { "varnothing", T_EMPTY_SET, 0, false },
	{ "varphi", T_NAME, 0, false }, { "vartheta", T_NAME, 0, false }, { "vec", T_STYLE, 0, false },
	{ "vee", T_AND, 0, false }, { "vert", T_BAR, 0, false }, { "vspace", T_SKIP_ARGUMENT, 0, false },
	{ "wedge", T_AND, 0, false }, { "widehat", T_STYLE, 0, false }, { "xi", T_NAME, 0, true },
	{ "yen", T_CURRENCY, 0, false }, { "zeta", T_NAME, 0, true },
};

/* Words of two to four letters that are no products of variables; in strcmp's order. */
static const char *const short_words[] = {
	"all", "am", "an", "any", "apr", "are", "as", "at", "aug", "bad", "big", "blue", "but", "by",
	"can", "cent", "cm", "days", "dec", "deg", "dm", "dne", "east", "edge", "euro", "even", "feb",
	"feet", "five", "foot", "for", "four", "fri", "from", "ft", "gram", "has", "hour", "hr", "hrs",
	"if", "in", "inch", "is", "isn", "it", "its", "jan", "jul", "jun", "kg", "km", "kmh", "lb",
	"lbs", "left", "less", "line", "mar", "may", "mg", "mi", "mile", "ml", "mm", "mon", "more",
	"most", "mph", "nine", "no", "none", "not", "nov", "oct", "odd", "of", "off", "on", "one",
	"only", "oz", "pct", "per", "pm", "rad", "red", "sat", "sep", "six", "so", "some", "sq", "sun",
	"ten", "than", "the", "thu", "thus", "to", "top", "true", "tue", "two", "unit", "usd", "was",
	"we", "wed", "west", "yd", "yen", "yes", "zero",
};

static int compare_name(const void *key, const void *entry)
{
	const struct rho_str *k = key;
	const char *text = ((const struct name *)entry)->text;
	int c = strncmp(k->at, text, k->len);
	return c ? c : text[k->len] ? -1 : 0;
}

const struct name *name_find(struct rho_str name)
{
	return bsearch(&name, names, sizeof names / sizeof *names, sizeof *names, compare_name);
}

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c; }
static bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

bool text_is(struct rho_str s, const char *literal)
{
	size_t i;
	for (i = 0; i < s.len && literal[i]; i++)
		if (lower(s.at[i]) != literal[i])
			return false;
	return i == s.len && !literal[i];
}

struct rho_str text_trim(struct rho_str s, const char *these)
{
	while (s.len && s.at[0] && strchr(these, s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len && s.at[s.len - 1] && strchr(these, s.at[s.len - 1]))
		s.len--;
	return s;
}

struct rho_str text_edges(struct rho_str s)
{
	do {
		s = text_trim(s, " \t\r\n,;:*\"`");
		while (s.len && s.at[s.len - 1] == '.')
			s.len--;
	} while (s.len && strchr(" \t\r\n,;:*\"`", s.at[s.len - 1]) && s.at[s.len - 1]);
	while (s.len > 1 && s.at[0] == '.' && (s.at[1] < '0' || s.at[1] > '9')) {
		s.at++;
		s.len--;
	}
	return s;
}

static int compare_short(const void *key, const void *entry) { return strcmp(key, *(const char *const *)entry); }

bool name_is_word(struct rho_str run)
{
	char low[5] = "";
	bool rises = true;
	size_t upper = 0;
	if (run.len < 2)
		return false;
	for (size_t i = 0; i < run.len; i++) {
		upper += is_upper(run.at[i]);
		if (i < 4)
			low[i] = lower(run.at[i]);
		rises = rises && (!i || lower(run.at[i]) == lower(run.at[i - 1]) + 1);
	}
	if (run.len <= 4 && bsearch(low, short_words, sizeof short_words / sizeof *short_words, sizeof *short_words,
	                            compare_short))
		return upper < 2 || upper == run.len;
	if (upper == run.len || rises)          /* CBAD is four points, abcd a product */
		return false;
	return run.len >= 4 || (run.len == 3 && is_upper(run.at[0]));
}

int name_number(struct rho_str word)
{
	static const char *const number[] = { "zero", "one", "two", "three", "four", "five", "six", "seven", "eight",
		"nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
		"eighteen", "nineteen", "twenty" };
	for (int i = 0; i <= 20; i++)
		if (text_is(word, number[i]))
			return i;
	return -1;
}
