/* html.c: character entities and tags. */
#include "html.h"

#include <stdlib.h>
#include <string.h>

#define LONGEST 9       /* bytes of the longest name, "thetasym", and one over */

static const struct entity { char name[LONGEST]; unsigned short code; } entities[] = {      /* by name */
	{ "AElig", 198 }, { "Aacute", 193 }, { "Acirc", 194 }, { "Agrave", 192 }, { "Alpha", 913 },
	{ "Aring", 197 }, { "Atilde", 195 }, { "Auml", 196 }, { "Beta", 914 }, { "Ccedil", 199 },
	{ "Chi", 935 }, { "Dagger", 8225 }, { "Delta", 916 }, { "ETH", 208 }, { "Eacute", 201 },
	{ "Ecirc", 202 }, { "Egrave", 200 }, { "Epsilon", 917 }, { "Eta", 919 }, { "Euml", 203 },
	{ "Gamma", 915 }, { "Iacute", 205 }, { "Icirc", 206 }, { "Igrave", 204 }, { "Iota", 921 },
	{ "Iuml", 207 }, { "Kappa", 922 }, { "Lambda", 923 }, { "Mu", 924 }, { "Ntilde", 209 },
	{ "Nu", 925 }, { "OElig", 338 }, { "Oacute", 211 }, { "Ocirc", 212 }, { "Ograve", 210 },
	{ "Omega", 937 }, { "Omicron", 927 }, { "Oslash", 216 }, { "Otilde", 213 }, { "Ouml", 214 },
	{ "Phi", 934 }, { "Pi", 928 }, { "Prime", 8243 }, { "Psi", 936 }, { "Rho", 929 },
	{ "Scaron", 352 }, { "Sigma", 931 }, { "THORN", 222 }, { "Tau", 932 }, { "Theta", 920 },
	{ "Uacute", 218 }, { "Ucirc", 219 }, { "Ugrave", 217 }, { "Upsilon", 933 }, { "Uuml", 220 },
	{ "Xi", 926 }, { "Yacute", 221 }, { "Yuml", 376 }, { "Zeta", 918 }, { "aacute", 225 },
	{ "acirc", 226 }, { "acute", 180 }, { "aelig", 230 }, { "agrave", 224 }, { "alefsym", 8501 },
	{ "alpha", 945 }, { "amp", 38 }, { "and", 8743 }, { "ang", 8736 }, { "apos", 39 },
	{ "aring", 229 }, { "asymp", 8776 }, { "atilde", 227 }, { "auml", 228 }, { "bdquo", 8222 },
	{ "beta", 946 }, { "brvbar", 166 }, { "bull", 8226 }, { "cap", 8745 }, { "ccedil", 231 },
	{ "cedil", 184 }, { "cent", 162 }, { "chi", 967 }, { "circ", 710 }, { "clubs", 9827 },
	{ "cong", 8773 }, { "copy", 169 }, { "crarr", 8629 }, { "cup", 8746 }, { "curren", 164 },
	{ "dArr", 8659 }, { "dagger", 8224 }, { "darr", 8595 }, { "deg", 176 }, { "delta", 948 },
	{ "diams", 9830 }, { "divide", 247 }, { "eacute", 233 }, { "ecirc", 234 }, { "egrave", 232 },
	{ "empty", 8709 }, { "emsp", 8195 }, { "ensp", 8194 }, { "epsilon", 949 }, { "equiv", 8801 },
	{ "eta", 951 }, { "eth", 240 }, { "euml", 235 }, { "euro", 8364 }, { "exist", 8707 },
	{ "fnof", 402 }, { "forall", 8704 }, { "frac12", 189 }, { "frac14", 188 }, { "frac34", 190 },
	{ "frasl", 8260 }, { "gamma", 947 }, { "ge", 8805 }, { "gt", 62 }, { "hArr", 8660 },
	{ "harr", 8596 }, { "hearts", 9829 }, { "hellip", 8230 }, { "iacute", 237 }, { "icirc", 238 },
	{ "iexcl", 161 }, { "igrave", 236 }, { "image", 8465 }, { "infin", 8734 }, { "int", 8747 },
	{ "iota", 953 }, { "iquest", 191 }, { "isin", 8712 }, { "iuml", 239 }, { "kappa", 954 },
	{ "lArr", 8656 }, { "lambda", 955 }, { "lang", 9001 }, { "laquo", 171 }, { "larr", 8592 },
	{ "lceil", 8968 }, { "ldquo", 8220 }, { "le", 8804 }, { "lfloor", 8970 }, { "lowast", 8727 },
	{ "loz", 9674 }, { "lrm", 8206 }, { "lsaquo", 8249 }, { "lsquo", 8216 }, { "lt", 60 },
	{ "macr", 175 }, { "mdash", 8212 }, { "micro", 181 }, { "middot", 183 }, { "minus", 8722 },
	{ "mu", 956 }, { "nabla", 8711 }, { "nbsp", 160 }, { "ndash", 8211 }, { "ne", 8800 },
	{ "ni", 8715 }, { "not", 172 }, { "notin", 8713 }, { "nsub", 8836 }, { "ntilde", 241 },
	{ "nu", 957 }, { "oacute", 243 }, { "ocirc", 244 }, { "oelig", 339 }, { "ograve", 242 },
	{ "oline", 8254 }, { "omega", 969 }, { "omicron", 959 }, { "oplus", 8853 }, { "or", 8744 },
	{ "ordf", 170 }, { "ordm", 186 }, { "oslash", 248 }, { "otilde", 245 }, { "otimes", 8855 },
	{ "ouml", 246 }, { "para", 182 }, { "part", 8706 }, { "permil", 8240 }, { "perp", 8869 },
	{ "phi", 966 }, { "pi", 960 }, { "piv", 982 }, { "plusmn", 177 }, { "pound", 163 },
	{ "prime", 8242 }, { "prod", 8719 }, { "prop", 8733 }, { "psi", 968 }, { "quot", 34 },
	{ "rArr", 8658 }, { "radic", 8730 }, { "rang", 9002 }, { "raquo", 187 }, { "rarr", 8594 },
	{ "rceil", 8969 }, { "rdquo", 8221 }, { "real", 8476 }, { "reg", 174 }, { "rfloor", 8971 },
	{ "rho", 961 }, { "rlm", 8207 }, { "rsaquo", 8250 }, { "rsquo", 8217 }, { "sbquo", 8218 },
	{ "scaron", 353 }, { "sdot", 8901 }, { "sect", 167 }, { "shy", 173 }, { "sigma", 963 },
	{ "sigmaf", 962 }, { "sim", 8764 }, { "spades", 9824 }, { "sub", 8834 }, { "sube", 8838 },
	{ "sum", 8721 }, { "sup", 8835 }, { "sup1", 185 }, { "sup2", 178 }, { "sup3", 179 },
	{ "supe", 8839 }, { "szlig", 223 }, { "tau", 964 }, { "there4", 8756 }, { "theta", 952 },
	{ "thetasym", 977 }, { "thinsp", 8201 }, { "thorn", 254 }, { "tilde", 732 }, { "times", 215 },
	{ "trade", 8482 }, { "uArr", 8657 }, { "uacute", 250 }, { "uarr", 8593 }, { "ucirc", 251 },
	{ "ugrave", 249 }, { "uml", 168 }, { "upsih", 978 }, { "upsilon", 965 }, { "uuml", 252 },
	{ "weierp", 8472 }, { "xi", 958 }, { "yacute", 253 }, { "yen", 165 }, { "yuml", 255 },
	{ "zeta", 950 }, { "zwj", 8205 }, { "zwnj", 8204 },
};

/* What 128 .. 159 mean in pages of the time (Windows-1252); 0: nothing. */
static const unsigned short windows[32] = {
	0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039,
	0x0152, 0, 0x017d, 0, 0, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
};

static int by_name(const void *a, const void *b)
{
	return strcmp((const char *)a, ((const struct entity *)b)->name);
}

/* The code point that &BODY; stands for, or 0. */
static uint32_t named(struct rho_str body)
{
	char name[LONGEST] = "";
	if (body.len >= LONGEST)
		return 0;
	memcpy(name, body.at, body.len);
	const struct entity *e =
		bsearch(name, entities, sizeof(entities) / sizeof(entities[0]), sizeof(entities[0]), by_name);
	return e ? e->code : 0;
}

static uint32_t numbered(struct rho_str body)
{
	uint32_t v = 0;
	size_t i = 1;
	bool hex = body.len > 1 && (body.at[1] | 32) == 'x';
	for (i += hex; i < body.len; i++) {
		unsigned char c = (unsigned char)body.at[i], l = c | 32;
		uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
		                 : hex && l >= 'a' && l <= 'f' ? (uint32_t)(l - 'a' + 10) : 99;
		if (digit == 99 || v > 0x10ffff)
			return 0;
		v = v * (hex ? 16 : 10) + digit;
	}
	if (v >= 128 && v < 160)
		return windows[v - 128];
	bool fits = v >= 32 && v != 127 && v <= 0x10ffff && (v < 0xd800 || v > 0xdfff);
	return fits || v == '\n' || v == '\t' ? v : 0;
}

static struct rho_str utf8(uint32_t v, char to[4])
{
	struct rho_str s = { to, v < 0x80 ? 1 : v < 0x800 ? 2 : v < 0x10000 ? 3 : 4 };
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	for (size_t i = s.len - 1; i > 0; i--) {
		to[i] = (char)(0x80 | (v & 0x3f));
		v >>= 6;
	}
	to[0] = (char)(lead[s.len] | v);
	return s;
}

/* The entity that s begins with: its bytes, "&amp;" giving 5, and *code; or 0. */
static size_t entity_at(struct rho_str s, uint32_t *code)
{
	size_t most = s.len < 12 ? s.len : 12;
	const char *end = memchr(s.at, ';', most);
	if (!end || end - s.at < 2)
		return 0;
	struct rho_str body = { s.at + 1, (size_t)(end - s.at - 1) };
	*code = body.at[0] == '#' ? numbered(body) : named(body);
	return *code ? body.len + 2 : 0;
}

bool rho_html_decode(struct rho_text *out, struct rho_str s)
{
	while (s.len) {
		const char *amp = memchr(s.at, '&', s.len);
		struct rho_str before = { s.at, amp ? (size_t)(amp - s.at) : s.len };
		rho_text_add(out, before);
		s.at += before.len;
		s.len -= before.len;
		uint32_t code;
		char bytes[4];
		size_t len = s.len ? entity_at(s, &code) : 0;
		struct rho_str ampersand = { "&", s.len ? 1 : 0 };
		rho_text_add(out, len ? utf8(code, bytes) : ampersand);
		len = len ? len : ampersand.len;
		s.at += len;
		s.len -= len;
	}
	return !out->spent;
}

/* Where `what` (lower case) begins in s in any case, or s.len. */
static size_t find(struct rho_str s, const char *what)
{
	size_t n = strlen(what);
	for (size_t i = 0; i + n <= s.len; i++) {
		size_t j = 0;
		while (j < n &&
		       (s.at[i + j] >= 'A' && s.at[i + j] <= 'Z' ? s.at[i + j] + 32 : s.at[i + j]) == what[j])
			j++;
		if (j == n)
			return i;
	}
	return s.len;
}

/* Bytes of the tag, comment, style or script that s begins with ("<"), or 0 when it is a mere
 * less-than sign. What is never closed goes to the end. */
static size_t tag_at(struct rho_str s)
{
	static const char *const skipped[][2] = { { "<!--", "-->" },
						  { "<style", "</style>" },
						  { "<script", "</script>" } };
	for (size_t i = 0; i < 3; i++) {
		struct rho_str head = rho_str_head(s, strlen(skipped[i][0]));
		if (find(head, skipped[i][0]) < head.len) {
			size_t end = find(s, skipped[i][1]);
			return end < s.len ? end + strlen(skipped[i][1]) : s.len;
		}
	}
	char c = s.len > 1 ? (char)(s.at[1] | 32) : 0;
	if ((c < 'a' || c > 'z') && (s.len < 2 || (s.at[1] != '/' && s.at[1] != '!')))
		return 0;
	const char *end = memchr(s.at, '>', s.len);
	return end ? (size_t)(end - s.at) + 1 : s.len;
}

/* Bytes of the white space that s begins with: ASCII's, or a no-break space. */
static size_t blank_at(struct rho_str s)
{
	if (s.at[0] == ' ' || (s.at[0] >= '\t' && s.at[0] <= '\r'))
		return 1;
	return s.len > 1 && !memcmp(s.at, "\xc2\xa0", 2) ? 2 : 0;
}

static void collapse(struct rho_text *out, struct rho_str s)
{
	size_t begun = out->len;
	while (s.len) {
		size_t word = 0, blank = 0;
		while (word < s.len && !blank) {
			struct rho_str rest = { s.at + word, s.len - word };
			blank = blank_at(rest);
			word += !blank;
		}
		struct rho_str w = { s.at, word };
		if (word && out->len > begun)
			rho_text_adds(out, " ");
		rho_text_add(out, w);
		s.at += word + blank;
		s.len -= word + blank;
	}
}

bool rho_html_plain(struct rho_text *out, struct rho_str s)
{
	struct rho_text bare = { 0 }, decoded = { 0 };
	while (s.len) {
		const char *open = memchr(s.at, '<', s.len);
		struct rho_str before = { s.at, open ? (size_t)(open - s.at) : s.len };
		rho_text_add(&bare, before);
		s.at += before.len;
		s.len -= before.len;
		size_t tag = s.len ? tag_at(s) : 0;
		if (s.len)
			rho_text_adds(&bare, tag ? " " : "<");
		tag = s.len && !tag ? 1 : tag;
		s.at += tag;
		s.len -= tag;
	}
	rho_html_decode(&decoded, rho_text_view(&bare));
	collapse(out, rho_text_view(&decoded));
	bool fine = !bare.spent && !decoded.spent && !out->spent;
	rho_text_free(&bare);
	rho_text_free(&decoded);
	return fine;
}
