/* read_words.c: the words behind a value: its unit, percent, degrees, millions, or what changes its meaning. */
#include <stdio.h>
#include <string.h>

#include "read.h"

bool words_change_meaning(struct rho_str words)
{
	static const char *const all[] = { "not", "more", "less", "least", "most", "than", "or", "except", "if",
		"when", "for", "where", "plus", "minus", "times", "over", "other", "choose", "factorial", "squared",
		"cubed", "to", "base", "between", "through", "below", "under", "above", "mod", "modulo", "divided",
		"out", "is", "has", "no", "off", "but", "as", "and", "fewer", "half" };
	while (words.len) {
		const char *blank = memchr(words.at, ' ', words.len);
		struct rho_str word = { words.at, blank ? (size_t)(blank - words.at) : words.len };
		for (size_t i = 0; i < sizeof all / sizeof *all; i++)
			if (text_is(text_trim(word, ",.;:()"), all[i]))
				return true;
		words = text_trim((struct rho_str){ words.at + word.len, words.len - word.len }, " ");
	}
	return false;
}

static const char *scale_of(struct rho_str word)
{
	static const struct { const char *name, *value; } all[] = {
		{ "hundred", "100" }, { "thousand", "1000" }, { "million", "1000000" }, { "billion", "1000000000" },
		{ "trillion", "1000000000000" }, { "dozen", "12" },
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (text_is(word, all[i].name))
			return all[i].value;
	return NULL;
}

void parse_unit_tail(struct reader *r)
{
	for (;;) {
		const struct token *t = reader_token(r);
		if (t->kind == T_POWER && t[1].kind == T_NUMBER)
			r->at += 2;
		else if (t->kind == T_POWER && t[1].kind == T_OPEN && t[2].kind == T_NUMBER && t[3].kind == T_CLOSE)
			r->at += 4;
		else if (t->kind == T_POWER && t[1].kind == T_OPEN && t[2].kind == T_MINUS && t[3].kind == T_NUMBER &&
		         t[4].kind == T_CLOSE)
			r->at += 5;
		else if ((t->kind == T_DIVIDE || t->kind == T_TIMES) && t[1].kind == T_WORD)
			r->at += 2;
		else if (t->kind == T_WORD && !words_change_meaning(t->text))
			r->at++;
		else if (t->kind == T_DIVIDE && t[1].kind == T_LETTER && (t[2].kind == T_END || t[2].kind == T_POWER))
			r->at += 2;     /* km/h, m/s^2 */
		else
			return;
	}
}

/* Keeps the first units of an answer, with the power behind them: cm^2. */
static void keep_units(struct reader *r, struct rho_str word)
{
	const struct token *t = reader_token(r);
	bool power = t->kind == T_POWER && r->at + 2 < r->n_tokens;
	char text[48];
	if (r->e->units.len || word.len > 40)
		return;
	if (power)
		t += t[1].kind == T_OPEN ? 2 : 1;
	power = power && t->kind == T_NUMBER && t->text.len == 1;
	snprintf(text, sizeof text, power ? "%.*s^%c" : "%.*s", (int)word.len, word.at, power ? *t->text.at : 0);
	r->e->units = text_keep(r, (struct rho_str){ text, strlen(text) });
}

bool parse_words_behind(struct reader *r)
{
	const struct token *t = reader_token(r);
	uint32_t *last = &r->stack[r->n_stack - 1];
	struct rho_str word = text_trim(t->text, " ,.;:()");
	const char *scale = scale_of(word);
	if (scale) {
		struct rho_str digits = text_keep(r, (struct rho_str){ scale, strlen(scale) });
		r->at++;
		return node_push(r, node_make(r, EXPR_INTEGER, 0, r->n_stack, digits));
	}
	if (words_change_meaning(word))
		return read_fails(r, EXPR_MALFORMED, "what \"%.*s\" changes is not known",
			word.len > 40 ? 40 : (int)word.len, word.at);
	if (text_is(word, "percent") || text_is(word, "per cent")) {
		r->at++;
		node_mark(r, *last, EXPR_PERCENT);
		return true;
	}
	if (text_is(word, "degrees") || text_is(word, "degree")) {
		r->at++;
		node_mark(r, *last, EXPR_DEGREES);
		return true;
	}
	node_mark(r, *last, EXPR_UNITS);
	r->at++;
	keep_units(r, word);
	parse_unit_tail(r);
	t = reader_token(r);
	return !token_starts_factor(r) || read_fails(r, EXPR_MALFORMED, "%.*s stands behind a unit",
		t->text.len > 40 ? 40 : (int)t->text.len, t->text.at);
}
