/* read_answer.c: reading an answer: its text flattened, cut and parsed; what is no mathematics is words. */
#include <stdlib.h>
#include <string.h>

#include "read.h"

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Whether a command only says how its argument looks. */
static bool is_style(struct rho_str name)
{
	const struct name *n = name_find(name);
	return n && (n->kind == T_TEXT || n->kind == T_SKIP || n->kind == T_STYLE || n->kind == T_BOX);
}

struct rho_str text_plain(struct reader *r, struct rho_str s)
{
	struct expr *e = r->e;
	char *out = e->bytes + e->n_bytes;
	size_t n = 0;
	if (s.len > e->bytes_room - e->n_bytes) {
		read_fails(r, EXPR_TOO_LONG, "more than %zu bytes of names and numbers", e->bytes_room);
		return (struct rho_str){ e->bytes, 0 };
	}
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];
		size_t name = i + 1;
		if (c == '\\') {
			while (name < s.len && is_letter(s.at[name]))
				name++;
			if (is_style((struct rho_str){ s.at + i + 1, name - i - 1 }))
				i = name - 1;
			c = ' ';
		}
		if (c == ' ' && n && out[n - 1] != ' ')
			out[n++] = ' ';
		else if (c != ' ' && !strchr("${}\"`*", c))
			out[n++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	e->n_bytes += n;
	return text_trim((struct rho_str){ out, n }, " .,;:!?");
}

/* Whether a flattened text has a word: more than two letters in a row that name nothing, or another script's. */
static bool has_words(const struct reader *r)
{
	for (size_t i = 0; i < r->n_flat; i++) {
		size_t from = i;
		if ((unsigned char)r->flat[i] >= 0x80)
			return true;
		while (i < r->n_flat && is_letter(r->flat[i]))
			i++;
		if (i > from && (!from || !strchr("\\{", r->flat[from - 1])) &&
		    name_is_word((struct rho_str){ r->flat + from, i - from }))
			return true;
	}
	return false;
}

/* The whole text as words. */
static uint32_t words_node(struct reader *r)
{
	struct rho_str text;
	uint32_t node;
	r->error = EXPR_OK;
	r->n_stack = r->e->n_nodes = r->e->n_child = 0;
	r->e->n_bytes = 0;
	r->e->units = (struct rho_str){ NULL, 0 };
	text = text_plain(r, (struct rho_str){ r->flat, r->n_flat });
	node = text.len ? node_make(r, EXPR_WORDS, 0, 0, text) : NO_NODE;
	if (!text.len)
		read_fails(r, EXPR_EMPTY, "there is no answer in it");
	return node;
}

static uint32_t parse_answer(struct reader *r)
{
	uint32_t node;
	if (!tokens_read(r))
		return NO_NODE;
	if (r->n_tokens == 1) {
		read_fails(r, EXPR_EMPTY, "there is no answer in it");
		return NO_NODE;
	}
	node = parse_list(r);
	if (reader_sees(r, T_CLOSE) && reader_token(r)->op == '{')
		r->at++;                /* one brace too many at the end */
	if (!r->error && !reader_sees(r, T_END)) {
		const struct token *t = reader_token(r);
		read_fails(r, EXPR_MALFORMED, "'%.*s' does not belong where it stands",
			t->text.len > 40 ? 40 : (int)t->text.len, t->text.at);
	}
	return r->error ? NO_NODE : node;
}

/* Memory for reading n bytes. */
static bool prepare(struct reader *r, size_t n)
{
	struct expr *e = r->e;
	size_t flat = 8 * n + 8;
	e->n_nodes = e->n_child = 0;
	e->n_bytes = 0;
	e->units = (struct rho_str){ NULL, 0 };
	r->flat = malloc(flat);
	return r->flat != NULL;
}

/* Memory for the tokens and names of the flattened text. */
static bool prepare_tokens(struct reader *r)
{
	struct expr *e = r->e;
	size_t bytes = 3 * r->n_flat + 64;
	r->tokens_room = (uint32_t)(2 * r->n_flat + 16);
	r->token = malloc(r->tokens_room * sizeof *r->token);
	r->sign = malloc(r->n_flat + 1);
	if (e->bytes_room < bytes) {
		free(e->bytes);
		e->bytes = malloc(bytes);
		e->bytes_room = e->bytes ? bytes : 0;
	}
	return r->token && r->sign && e->bytes;
}

enum expr_error expr_read(struct expr *e, struct rho_str text, bool extract, char why[120])
{
	struct reader r = { .e = e, .why = why };
	struct rho_str answer = text_edges(extract ? expr_extract(text) : text);
	why[0] = '\0';
	if (!answer.len) {
		read_fails(&r, EXPR_EMPTY, "there is no answer in it");
	} else if (answer.len > EXPR_MOST_TEXT) {
		read_fails(&r, EXPR_TOO_LONG, "it has %zu bytes; at most %d are read", answer.len, EXPR_MOST_TEXT);
	} else if (!prepare(&r, answer.len)) {
		read_fails(&r, EXPR_NO_MEMORY, "no memory for %zu bytes", answer.len);
	} else {
		r.n_flat = text_flatten(answer, r.flat);
		if (!prepare_tokens(&r))
			read_fails(&r, EXPR_NO_MEMORY, "no memory for %zu bytes", answer.len);
		else
			e->root = parse_answer(&r);
		if (r.error == EXPR_MALFORMED && (r.words || has_words(&r)))
			e->root = words_node(&r);
	}
	free(r.flat);
	free(r.token);
	free(r.sign);
	free(r.stack);
	free(r.height);
	if (r.error)
		e->n_nodes = 0;
	else
		why[0] = '\0';
	return r.error;
}
