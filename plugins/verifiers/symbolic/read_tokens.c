/* read_tokens.c: a flattened text, cut into tokens. Linear: what looks ahead (numbers, braces of \text) is passed
 * over by what it finds. */
#include <stdlib.h>

#include "scan.h"

void emit(struct scan *c, enum token_kind kind, uint8_t op, struct rho_str text)
{
	struct reader *r = c->r;
	struct token *t = &r->token[r->n_tokens];
	/* Each token took a byte of the text at least, but for the separators of boxes: there is room for two. */
	if (r->n_tokens + 2 >= r->tokens_room) {
		read_fails(r, EXPR_TOO_LONG, "more than %u signs", r->tokens_room);
		return;
	}
	*t = (struct token){ .kind = (uint8_t)kind, .op = op, .blank = c->blank, .text = text };
	r->n_tokens++;
	c->blank = false;
	r->words = r->words || kind == T_WORD;
}

void take(struct scan *c, enum token_kind kind, uint8_t op, size_t n)
{
	emit(c, kind, op, (struct rho_str){ c->s + c->at, n });
	c->at += n;
}

enum token_kind last_kind(const struct scan *c)
{
	return c->r->n_tokens ? (enum token_kind)c->r->token[c->r->n_tokens - 1].kind : T_END;
}

static void take_open(struct scan *c, uint8_t op, size_t n)
{
	const struct token *last = &c->r->token[c->r->n_tokens ? c->r->n_tokens - 1 : 0];
	if (op == 'b' && last_kind(c) == T_CLOSE && last->op == 'b')    /* \boxed{1}\boxed{2} are two answers */
		emit(c, T_COMMA, 0, (struct rho_str){ c->s + c->at, 0 });
	c->open[c->n_open++] = c->r->n_tokens;
	take(c, T_OPEN, op, n);
}

static void take_close(struct scan *c, uint8_t op, size_t n)
{
	if (c->n_open) {
		struct token *open = &c->r->token[c->open[--c->n_open]];
		open->match = c->r->n_tokens;
		if (op == '{' && open->op == 'b')
			op = 'b';       /* a brace closes a box, too */
	}
	take(c, T_CLOSE, op, n);
}

static void take_one_name(struct scan *c, struct rho_str run)
{
	const struct name *name = name_find(run);
	if (name && !name->plain)
		name = NULL;
	if (run.len == 1) {
		uint8_t op = run.at[0] == 'e' ? EXPR_E : EXPR_I;
		emit(c, run.at[0] == 'e' || run.at[0] == 'i' ? T_CONSTANT : T_LETTER, op, run);
	} else if (name) {
		emit(c, (enum token_kind)name->kind, name->op, run);
	} else if (text_is(run, "infinity")) {
		emit(c, T_CONSTANT, EXPR_INFINITY, run);
	} else if (text_is(run, "pct")) {
		emit(c, T_PERCENT, 0, run);
	} else if (name_is_word(run)) {
		emit(c, T_WORD, 0, run);
	} else if (is_upper(run.at[0]) && is_upper(run.at[1])) {
		emit(c, T_NAME, 0, run);
	} else {
		for (size_t i = 0; i < run.len; i++)
			take_one_name(c, (struct rho_str){ run.at + i, 1 });
	}
}

/* Whether a run is the th of 5th or 5^{th}. */
static bool is_ordinal(const struct scan *c, struct rho_str run)
{
	const struct token *last = c->r->token + c->r->n_tokens;
	if (!text_is(run, "th") && !text_is(run, "st") && !text_is(run, "nd") && !text_is(run, "rd"))
		return false;
	return (c->r->n_tokens > 0 && last[-1].kind == T_NUMBER && !c->blank) ||
	       (c->r->n_tokens > 2 && last[-1].kind == T_OPEN && last[-2].kind == T_POWER && last[-3].kind == T_NUMBER);
}

/* Letters in a row: names, words, or variables. Words of other scripts, too. */
static void take_letters(struct scan *c)
{
	const char *s = c->s + c->at;
	size_t n = 0, split = 0;
	bool other = false;
	while (c->at + n < c->end && (is_letter(s[n]) || (unsigned char)s[n] >= 0x80 ||
	                              (n > 1 && s[n] == '\'' && c->at + n + 1 < c->end && is_letter(s[n + 1])))) {
		other = other || !is_letter(s[n]);
		if (n && !split && is_upper(s[n]) && !is_upper(s[n - 1]))
			split = n;      /* orW, sinX */
		n++;
	}
	c->at += n;
	if (other || is_ordinal(c, (struct rho_str){ s, n })) {
		emit(c, T_WORD, 0, (struct rho_str){ s, n });
		return;
	}
	if (!split && n > 3 && name_find((struct rho_str){ s, n - 1 }) && !name_find((struct rho_str){ s, n }) &&
	    name_find((struct rho_str){ s, n - 1 })->kind == T_FUNCTION)
		split = n - 1;          /* sinx */
	if (split) {
		take_one_name(c, (struct rho_str){ s, split });
		s += split;
		n -= split;
	}
	take_one_name(c, (struct rho_str){ s, n });
}

/* The end of the braces that open at `from` (behind the brace): the index of the closing one, or c->end. */
static size_t braces_end(const struct scan *c, size_t from)
{
	size_t depth = 1, i;
	for (i = from; i < c->end; i++) {
		if (c->s[i] == '\\')
			i++;
		else if (c->s[i] == '{')
			depth++;
		else if (c->s[i] == '}' && !--depth)
			return i;
	}
	return c->end;
}

static void scan_range(struct scan *c, size_t end);

/* Whether \text holds mathematics after all: (C), A, B, E or 12; or a base's digits. */
static bool text_is_mathematics(struct rho_str s)
{
	size_t run = 0, numbers = 0, lower = 0;
	for (size_t i = 0; i < s.len; i++) {
		char ch = s.at[i];
		run = is_letter(ch) ? run + 1 : 0;
		lower += is_letter(ch) && !is_upper(ch);
		numbers += is_digit(ch);
		if ((run > 1 && lower) || !(is_letter(ch) || is_digit(ch) || strchr(" ,().-+/", ch)))
			return false;
	}
	return s.len && (!lower || (s.len == 1 && !numbers));
}

/* Words with commas between: one token each. */
static void emit_words(struct scan *c, struct rho_str s)
{
	for (size_t i = 0, from = 0; i <= s.len; i++) {
		struct rho_str piece = { s.at + from, i - from };
		if (i < s.len && s.at[i] != ',')
			continue;
		piece = text_trim(piece, " ");
		if (piece.len)
			emit(c, T_WORD, 0, piece);
		if (i < s.len)
			emit(c, T_COMMA, 0, (struct rho_str){ s.at + i, 1 });
		from = i + 1;
	}
}

/* A \text{...}, \mathrm{...} or \operatorname{...}, behind its name. */
static void take_text(struct scan *c, bool operator)
{
	size_t skip = blanks(c, 0), from, end;
	struct rho_str in, word;
	const struct name *name;
	if (peek(c, skip) != '{') {
		c->at += skip;
		return;                 /* \mathrm d: the letter alone follows */
	}
	from = c->at + skip + 1;
	end = braces_end(c, from);
	in = text_trim((struct rho_str){ c->s + from, end - from }, " ");
	word = text_trim(in, " ,.;:");
	name = name_find(word);
	c->at = end < c->end ? end + 1 : end;
	if (!in.len)
		c->blank = true;
	else if (text_is(word, "and") || text_is(word, "or"))
		emit(c, T_AND, 0, in);
	else if (name && name->plain && (name->kind == T_FUNCTION || name->kind == T_PERCENT || name->kind == T_DEGREE))
		emit(c, (enum token_kind)name->kind, name->op, word);
	else if (operator)
		emit(c, T_FUNCTION, EXPR_OTHER, word);
	else if (text_is_mathematics(in) && !(last_kind(c) == T_NUMBER && is_letter(in.at[0]))) {
		size_t behind = c->at, old_end = c->end;
		c->at = from;
		scan_range(c, in.len ? (size_t)(in.at - c->s) + in.len : from);
		c->at = behind;
		c->end = old_end;
	} else if (word.len)
		emit_words(c, in);
}

/* \begin{name} or \end{name}; an array's columns are passed over. */
static void take_environment(struct scan *c, enum token_kind kind)
{
	size_t skip = blanks(c, 0), from = c->at + skip + 1, end;
	struct rho_str name;
	if (peek(c, skip) != '{') {
		read_fails(c->r, EXPR_MALFORMED, "\\%s without {...}", kind == T_BEGIN ? "begin" : "end");
		return;
	}
	end = braces_end(c, from);
	name = (struct rho_str){ c->s + from, end - from };
	c->at = end < c->end ? end + 1 : end;
	if (kind == T_BEGIN) {
		bool aligns = name.len > 4 && (!memcmp(name.at, "align", 5) || !memcmp(name.at, "gathe", 5) ||
		                               !memcmp(name.at, "split", 5) || !memcmp(name.at, "eqnar", 5));
		c->environments++;
		c->tables = c->tables << 1 | !aligns;
	} else if (c->environments) {
		c->environments--;
		c->tables >>= 1;
	}
	emit(c, kind, 0, name);
	if (kind == T_BEGIN && (text_is(name, "array") || text_is(name, "tabular")) && peek(c, blanks(c, 0)) == '{') {
		end = braces_end(c, c->at + blanks(c, 0) + 1);
		c->at = end < c->end ? end + 1 : end;
	}
}

/* What a \phantom or \color hides: one argument. */
static void pass_argument(struct scan *c)
{
	c->at += blanks(c, 0);
	if (peek(c, 0) == '{') {
		size_t end = braces_end(c, c->at + 1);
		c->at = end < c->end ? end + 1 : end;
	} else if (c->at < c->end) {
		c->at++;
	}
}

/* \mathbb{R} and such; another style's argument is read as it stands. */
static void take_style(struct scan *c, const struct name *name)
{
	size_t n = blanks(c, 0), braces = peek(c, n) == '{';
	char set = peek(c, n + braces);
	if (name->op != 'B')
		return;
	if (!set || !strchr("RNZQC", set) || (braces && peek(c, n + 2) != '}')) {
		read_fails(c->r, EXPR_MALFORMED, "\\mathbb takes one of R, N, Z, Q, C");
		return;
	}
	c->at += n;
	take(c, T_NAMED_SET, (uint8_t)set, 1 + 2 * braces);
}

static void take_named(struct scan *c, const struct name *name, struct rho_str text)
{
	switch ((enum token_kind)name->kind) {
	case T_SKIP: c->blank = true; break;
	case T_SKIP_ARGUMENT: pass_argument(c); break;
	case T_TEXT: take_text(c, name->op); break;
	case T_STYLE: take_style(c, name); break;
	case T_BEGIN:
	case T_FINISH: take_environment(c, (enum token_kind)name->kind); break;
	case T_BOX:
		c->at += blanks(c, 0);
		if (peek(c, 0) == '{')
			take_open(c, 'b', 1);
		break;
	case T_OPEN:
	case T_CLOSE:
		c->at -= text.len;
		(name->kind == T_OPEN ? take_open : take_close)(c, name->op, text.len);
		break;
	default: emit(c, (enum token_kind)name->kind, name->op, text); break;
	}
}

/* A backslash and its name, at `skip` behind here. */
static void take_command(struct scan *c, size_t skip)
{
	size_t n = skip + 1;
	struct rho_str text;
	const struct name *name;
	while (is_letter(peek(c, n)))
		n++;
	text = (struct rho_str){ c->s + c->at + skip + 1, n - skip - 1 };
	name = name_find(text);
	if (!name) {
		read_fails(c->r, EXPR_MALFORMED, "\\%.*s is not known here",
			text.len > 60 ? 60 : (int)text.len, text.at);
		c->at += n;
		return;
	}
	c->at += n;
	take_named(c, name, text);
}

/* A backslash with a sign behind it. */
static void take_escaped(struct scan *c)
{
	char ch = peek(c, 1);
	if (ch == '\\' && !c->environments && is_letter(peek(c, 2))) {
		size_t n = 2;
		while (is_letter(peek(c, n)))
			n++;
		if (name_find((struct rho_str){ c->s + c->at + 2, n - 2 })) {   /* \\frac: escaped twice */
			take_command(c, 1);
			return;
		}
	}
	switch (ch) {
	case '\\': take(c, T_ROW, 0, 2); break;
	case '{': take_open(c, 's', 2); break;
	case '}': take_close(c, 's', 2); break;
	case '%': take(c, T_PERCENT, 0, 2); break;
	case '$': take(c, T_CURRENCY, 0, 2); break;
	case '|': take(c, T_BAR, 1, 2); break;
	case '(': case ')': case '[': case ']': case '#': case '_': case '&': case '"': case '/': case '\0':
		c->at += ch ? 2 : 1;
		c->blank = true;
		break;
	default:
		if (is_letter(ch))
			take_command(c, 0);
		else
			read_fails(c->r, EXPR_MALFORMED, "\\%c is not known here", ch > ' ' && ch < 0x7f ? ch : '?');
	}
}

/* Relations of one or two characters. */
static void take_relation(struct scan *c)
{
	static const struct { const char *text; char sign; } all[] = {
		{ "<=", 'l' }, { ">=", 'g' }, { "=<", 'l' }, { "=>", 'g' }, { "!=", 'n' }, { "<>", 'n' }, { "==", '=' },
		{ "<", '<' }, { ">", '>' }, { "=", '=' },
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (sees(c, 0, all[i].text)) {
			take(c, T_RELATION, (uint8_t)all[i].sign, strlen(all[i].text));
			return;
		}
}

static void take_sign(struct scan *c)
{
	char ch = peek(c, 0);
	switch (ch) {
	case '+': case '-':
		if (sees(c, 0, "+/-"))
			take(c, T_PLUS_MINUS, 0, 3);
		else
			take(c, ch == '+' ? T_PLUS : T_MINUS, 0, 1);
		break;
	case '*': take(c, sees(c, 0, "**") ? T_POWER : T_TIMES, 0, sees(c, 0, "**") ? 2 : 1); break;
	case '/': take(c, T_DIVIDE, 0, 1); break;
	case '^': take(c, T_POWER, 0, 1); break;
	case '_': take(c, T_BELOW, 0, 1); break;
	case '\'': take(c, T_PRIME, 0, 1); break;
	case ',': case ';': take(c, T_COMMA, 0, 1); break;
	case ':': take(c, T_COLON, 0, 1); break;
	case '|': take(c, T_BAR, 0, 1); break;
	case '&':
		if (c->tables & 1)
			take(c, T_CELL, 0, 1);
		else
			c->at++;
		break;
	case '%': take(c, T_PERCENT, 0, 1); break;
	case '(': case '[': case '{': take_open(c, (uint8_t)ch, 1); break;
	case ')': take_close(c, '(', 1); break;
	case ']': take_close(c, '[', 1); break;
	case '}': take_close(c, '{', 1); break;
	case '.':
		while (peek(c, 0) == '.')
			c->at++;
		c->blank = true;
		break;
	case '$': case ' ': case '"': case '`':
		c->at++;
		c->blank = true;
		break;
	case '!':
		if (peek(c, 1) != '=') {
			take(c, T_FACTORIAL, 0, 1);
			break;
		}
		take_relation(c);
		break;
	case '<': case '>': case '=': take_relation(c); break;
	default: read_fails(c->r, EXPR_MALFORMED, "'%c' is no sign of an answer", ch > ' ' && ch < 0x7f ? ch : '?');
	}
}

static void scan_range(struct scan *c, size_t end)
{
	c->end = end;
	while (c->at < c->end && !c->r->error) {
		char ch = peek(c, 0);
		if (is_digit(ch) || (ch == '.' && is_digit(peek(c, 1))))
			take_number(c);
		else if (is_letter(ch) || (unsigned char)ch >= 0x80) {
			if (!is_upper(ch) || !take_digits_with_letters(c))
				take_letters(c);
		} else if (ch == '\\')
			take_escaped(c);
		else
			take_sign(c);
	}
}

bool tokens_read(struct reader *r)
{
	struct scan c = { .r = r, .s = r->flat };
	c.open = malloc((r->n_flat + 1) * sizeof *c.open);
	if (!c.open)
		return read_fails(r, EXPR_NO_MEMORY, "no memory for %zu characters", r->n_flat);
	scan_range(&c, r->n_flat);
	c.end = c.at;
	emit(&c, T_END, 0, (struct rho_str){ "the end", 7 });
	free(c.open);
	return !r->error;
}
