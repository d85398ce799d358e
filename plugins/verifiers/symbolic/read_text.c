/* read_text.c: an answer's text in ASCII. Signs of Unicode become their LaTeX, all blanks one kind, and what only
 * moves things about on the page (\left, \!, \big) goes. Letters of other scripts stay as they are: they are words. */
#include <string.h>

#include "read.h"

struct sign { uint32_t code; const char *latex; };

/* In the order of their codes. */
static const struct sign signs[] = {
	{ 0x00a0, " " }, { 0x00a2, " cents " }, { 0x00a3, "\\pounds " }, { 0x00a5, "\\yen " }, { 0x00ac, "\\neg " },
	{ 0x00ad, "" }, { 0x00b0, "\\degree " }, { 0x00b1, "\\pm " }, { 0x00b7, "*" }, { 0x00bc, "\\frac14 " },
	{ 0x00bd, "\\frac12 " }, { 0x00be, "\\frac34 " }, { 0x00d7, "*" }, { 0x00f7, "/" }, { 0x0393, "\\Gamma " },
	{ 0x0394, "\\Delta " }, { 0x0398, "\\Theta " }, { 0x039b, "\\Lambda " }, { 0x03a0, "\\Pi " },
	{ 0x03a3, "\\Sigma " }, { 0x03a6, "\\Phi " }, { 0x03a8, "\\Psi " }, { 0x03a9, "\\Omega " },
	{ 0x03b1, "\\alpha " }, { 0x03b2, "\\beta " }, { 0x03b3, "\\gamma " }, { 0x03b4, "\\delta " },
	{ 0x03b5, "\\epsilon " }, { 0x03b6, "\\zeta " }, { 0x03b7, "\\eta " }, { 0x03b8, "\\theta " },
	{ 0x03b9, "\\iota " }, { 0x03ba, "\\kappa " }, { 0x03bb, "\\lambda " }, { 0x03bc, "\\mu " },
	{ 0x03bd, "\\nu " }, { 0x03be, "\\xi " }, { 0x03c0, "\\pi " }, { 0x03c1, "\\rho " }, { 0x03c3, "\\sigma " },
	{ 0x03c4, "\\tau " }, { 0x03c5, "\\upsilon " }, { 0x03c6, "\\phi " }, { 0x03c7, "\\chi " },
	{ 0x03c8, "\\psi " }, { 0x03c9, "\\omega " }, { 0x03d5, "\\phi " }, { 0x200b, "" }, { 0x200c, "" },
	{ 0x200d, "" }, { 0x2010, "-" }, { 0x2011, "-" }, { 0x2012, "-" }, { 0x2013, "-" }, { 0x2014, "-" },
	{ 0x2018, "'" }, { 0x2019, "'" }, { 0x201c, "\"" }, { 0x201d, "\"" }, { 0x2022, "*" }, { 0x2026, "\\ldots " },
	{ 0x2032, "'" }, { 0x2033, "''" }, { 0x2044, "/" }, { 0x2061, "" }, { 0x2062, "*" }, { 0x2063, "," },
	{ 0x20ac, "\\euro " }, { 0x2102, "\\C " }, { 0x2115, "\\N " }, { 0x211a, "\\Q " }, { 0x211d, "\\R " },
	{ 0x2124, "\\Z " }, { 0x2153, "\\frac13 " }, { 0x2154, "\\frac23 " }, { 0x2155, "\\frac15 " },
	{ 0x2156, "\\frac25 " }, { 0x2157, "\\frac35 " }, { 0x2158, "\\frac45 " }, { 0x2159, "\\frac16 " },
	{ 0x215a, "\\frac56 " }, { 0x215b, "\\frac18 " }, { 0x215c, "\\frac38 " }, { 0x215d, "\\frac58 " },
	{ 0x215e, "\\frac78 " }, { 0x2200, "\\forall " }, { 0x2205, "\\emptyset " }, { 0x2208, "\\in " },
	{ 0x2211, "\\sum " }, { 0x2212, "-" }, { 0x2213, "\\mp " }, { 0x2215, "/" }, { 0x2216, "\\setminus " },
	{ 0x2217, "*" }, { 0x2219, "*" }, { 0x221a, "\\surd " }, { 0x221b, "\\cbrt " }, { 0x221e, "\\infty " },
	{ 0x2220, "\\angle " }, { 0x2223, "|" }, { 0x2227, "\\land " }, { 0x2228, "\\lor " }, { 0x2229, "\\cap " },
	{ 0x222a, "\\cup " }, { 0x2236, ":" }, { 0x2248, "\\approx " }, { 0x2260, "\\ne " }, { 0x2261, "\\equiv " },
	{ 0x2264, "\\le " }, { 0x2265, "\\ge " }, { 0x22c5, "*" }, { 0x2308, "\\lceil " }, { 0x2309, "\\rceil " },
	{ 0x230a, "\\lfloor " }, { 0x230b, "\\rfloor " }, { 0x25b3, "\\triangle " }, { 0x27e8, "\\langle " },
	{ 0x27e9, "\\rangle " }, { 0x2a7d, "\\le " }, { 0x2a7e, "\\ge " }, { 0x3000, " " }, { 0x3001, "," },
	{ 0x3002, "." }, { 0xfeff, "" }, { 0xffe5, "\\yen " },
};

/* The character at `at` and its length; a byte that is no UTF-8 is itself, of length 1. */
static uint32_t code_at(struct rho_str s, size_t at, size_t *len)
{
	unsigned char c = (unsigned char)s.at[at];
	size_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc2 ? 1 : 0;
	uint32_t code = more == 3 ? c & 7u : more == 2 ? c & 15u : more ? c & 31u : c;
	*len = 1;
	if (at + more >= s.len)
		return c;
	for (size_t i = 1; i <= more; i++) {
		unsigned char next = (unsigned char)s.at[at + i];
		if ((next & 0xc0) != 0x80)
			return c;
		code = code << 6 | (next & 0x3fu);
	}
	*len = more + 1;
	return code;
}

/* The ASCII of a raised character, or 0. */
static char raised(uint32_t code)
{
	static const char high[] = "0i  456789+-=()n";
	if (code == 0xb2 || code == 0xb3)
		return (char)('0' + code - 0xb0);
	if (code == 0xb9)
		return '1';
	if (code < 0x2070 || code > 0x207f || high[code - 0x2070] == ' ')
		return 0;
	return high[code - 0x2070];
}

/* The ASCII of a lowered character, or 0. */
static char lowered(uint32_t code)
{
	static const char low[] = "0123456789+-=()";
	return code >= 0x2080 && code <= 0x208e ? low[code - 0x2080] : 0;
}

static const char *latex_of(uint32_t code)
{
	size_t low = 0, high = sizeof signs / sizeof *signs;
	while (low < high) {
		size_t mid = (low + high) / 2;
		if (signs[mid].code < code)
			low = mid + 1;
		else
			high = mid;
	}
	return low < sizeof signs / sizeof *signs && signs[low].code == code ? signs[low].latex : NULL;
}

struct flattening { struct rho_str in; size_t at; char *out; size_t n; };

static void put(struct flattening *f, const char *text)
{
	size_t n = strlen(text);
	memcpy(f->out + f->n, text, n);
	f->n += n;
}

/* A run of raised or lowered characters, as ^{...} or _{...}. */
static void put_shifted(struct flattening *f, char (*shifted)(uint32_t), const char *mark)
{
	size_t len;
	char c;
	put(f, mark);
	while (f->at < f->in.len && (c = shifted(code_at(f->in, f->at, &len)))) {
		f->out[f->n++] = c;
		f->at += len;
	}
	put(f, "}");
}

/* Anything beyond ASCII. */
static void put_sign(struct flattening *f)
{
	size_t len;
	uint32_t code = code_at(f->in, f->at, &len);
	const char *latex = latex_of(code);
	if (raised(code)) {
		put_shifted(f, raised, "^{");
		return;
	}
	if (lowered(code)) {
		put_shifted(f, lowered, "_{");
		return;
	}
	if (latex)
		put(f, latex);
	else if (code >= 0xff01 && code <= 0xff5e)      /* full-width ASCII */
		f->out[f->n++] = (char)(code - 0xff01 + '!');
	else if (code >= 0x2000 && code <= 0x202f)      /* blanks and marks of general punctuation */
		put(f, " ");
	else {
		memcpy(f->out + f->n, f->in.at + f->at, len);
		f->n += len;
	}
	f->at += len;
}

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Whether a command only sizes the bracket behind it. */
static bool sizes_bracket(struct rho_str name)
{
	static const char *const all[] = { "left", "right", "middle", "big", "bigl", "bigr", "bigg", "biggl", "biggr",
		"Big", "Bigl", "Bigr", "Bigg", "Biggl", "Biggr" };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (strlen(all[i]) == name.len && !memcmp(all[i], name.at, name.len))
			return true;
	return false;
}

/* A backslash and what belongs to it. */
static void put_command(struct flattening *f)
{
	const char *s = f->in.at + f->at;
	size_t left = f->in.len - f->at, n = 1;
	if (left > 1 && strchr(" ,;:>\t\n\r", s[1])) {
		put(f, " ");
		f->at += 2;
		return;
	}
	if (left > 1 && s[1] == '!') {
		f->at += 2;
		return;
	}
	while (n < left && is_letter(s[n]))
		n++;
	if (n > 1 && sizes_bracket((struct rho_str){ s + 1, n - 1 })) {
		while (n < left && s[n] == ' ')
			n++;
		f->at += n + (n < left && s[n] == '.');
		put(f, " ");
		return;
	}
	if (n == 1 && left > 1)
		n = 2;          /* \\, \{, \% and the like, whole: the \\ of \\! is no \! */
	memcpy(f->out + f->n, s, n);
	f->n += n;
	f->at += n;
}

size_t text_flatten(struct rho_str text, char *out)
{
	struct flattening f = { text, 0, out, 0 };
	while (f.at < text.len) {
		unsigned char c = (unsigned char)text.at[f.at];
		if (c >= 0x80) {
			put_sign(&f);
		} else if (c == '\\') {
			put_command(&f);
		} else if (c == ',' && f.at + 2 < text.len && !memcmp(text.at + f.at, ",\\!", 3)) {
			put(&f, "{,}");
			f.at += 3;
		} else {
			f.out[f.n++] = c <= ' ' || c == '~' || c == 0x7f ? ' ' : (char)c;
			f.at++;
		}
	}
	return f.n;
}
