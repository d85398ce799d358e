/* added.c: added tokens in two tries, of those matched in the text as it is and of those matched once it is
 * normalised; the leftmost match counts, and of those the longest. */
#include "added.h"

#include <stdlib.h>
#include <string.h>

#include "codepoints.h"
#include "trie.h"

#define MOST_TEXT 512           /* bytes of an added token: what a search may cost at each byte of a text */

struct token {
	uint32_t id;
	bool single_word, lstrip, rstrip, normalized;
	bool gone;              /* a later one has the same id */
	struct rho_text text;
};

struct set {
	struct rho_trie trie;   /* ids: places in `token` */
	bool starts[256];       /* a token begins with the byte */
	bool any;
};

struct rho_added {
	struct token *token;    /* (n) */
	size_t n, size;
	struct rho_vocab *place; /* text: place in `token` */
	struct set set[2];      /* as the text is; normalised */
};

static int read_token(const struct rho_recipe *r, struct token *out)
{
	struct rho_str text;
	bool special;
	if (!json_is_object(r->at))
		return rho_recipe_refuse(r, "each must be an object");
	if (rho_recipe_str(r, "content", NULL, &text) || rho_recipe_bool(r, "special", 0, &special)
	    || rho_recipe_bool(r, "single_word", 0, &out->single_word)
	    || rho_recipe_bool(r, "lstrip", 0, &out->lstrip) || rho_recipe_bool(r, "rstrip", 0, &out->rstrip)
	    || rho_recipe_bool(r, "normalized", !special, &out->normalized))
		return r->t->code;
	if (text.len > MOST_TEXT)
		return rho_recipe_refuse(r, "a token has %zu bytes; at most %d are allowed", text.len,
		                         MOST_TEXT);
	return rho_text_add(&out->text, text) ? 0 : rho_recipe_no_memory(r);
}

static bool same_token(const struct token *a, const struct token *b)
{
	return a->single_word == b->single_word && a->lstrip == b->lstrip && a->rstrip == b->rstrip
	       && a->normalized == b->normalized;
}

/* Puts one in: a text that is there already takes on the later one's properties. */
static int put_token(struct rho_added *a, struct token *t, const struct rho_recipe *r,
                     const struct rho_token_model *model, uint32_t *next)
{
	struct rho_str text = rho_text_view(&t->text);
	uint32_t place = text.len ? rho_vocab_find(a->place, text) : 0;
	if (!text.len || place != UINT32_MAX) {
		if (text.len && !same_token(&a->token[place], t)) {
			t->id = a->token[place].id;
			rho_text_free(&a->token[place].text);
			a->token[place] = *t;
		} else {
			rho_text_free(&t->text);
		}
		return 0;
	}
	t->id = model->find(model->self, text);
	if (t->id == UINT32_MAX)
		t->id = (*next)++;
	if (!rho_vocab_add(a->place, text, (uint32_t)a->n)) {
		rho_text_free(&t->text);
		return rho_recipe_no_memory(r);
	}
	a->size = t->id >= a->size ? (size_t)t->id + 1 : a->size;
	a->token[a->n++] = *t;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct token *const *x = a, *const *y = b;
	if ((*x)->id != (*y)->id)
		return (*x)->id < (*y)->id ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

/* Of tokens with one id only the last is looked for. */
static bool drop_covered(struct rho_added *a)
{
	struct token **order = malloc((a->n + 1) * sizeof(*order));
	if (!order)
		return false;
	for (size_t i = 0; i < a->n; i++)
		order[i] = &a->token[i];
	qsort(order, a->n, sizeof(*order), by_id);
	for (size_t i = 1; i < a->n; i++)
		order[i - 1]->gone = order[i - 1]->id == order[i]->id;
	free(order);
	return true;
}

static bool build_set(struct rho_added *a, bool normalised, const struct rho_normaliser *normaliser)
{
	struct set *set = &a->set[normalised];
	struct rho_trie_token *list = malloc((a->n + 1) * sizeof(*list));
	struct rho_text texts = { 0 };
	struct rho_normalising w = { 0 };
	size_t n = 0, from = 0;
	bool fine = list;
	for (size_t i = 0; fine && i < a->n; i++) {
		struct rho_str s = rho_text_view(&a->token[i].text);
		if (a->token[i].gone || a->token[i].normalized != normalised)
			continue;
		if (normalised)
			s = rho_normalise(normaliser, s, &w);
		fine = !w.text[0].spent && !w.text[1].spent && !w.points.spent && !w.spare.spent
		       && rho_text_add(&texts, s);
		list[n].text.len = s.len;
		list[n].id = (uint32_t)i;
		n += s.len > 0;
	}
	for (size_t i = 0; fine && i < n; from += list[i++].text.len) {
		list[i].text.at = texts.at + from;
		set->starts[(unsigned char)texts.at[from]] = true;
	}
	set->any = n > 0;
	fine = fine && (!n || rho_trie_build(&set->trie, list, n));
	rho_normalising_free(&w);
	rho_text_free(&texts);
	free(list);
	return fine;
}

struct rho_added *rho_added_open(const json_t *list, const struct rho_recipe *r,
                                 const struct rho_token_model *model,
                                 const struct rho_normaliser *normaliser)
{
	size_t n = json_array_size(list);
	uint32_t next = (uint32_t)model->n;
	struct rho_recipe each = *r;
	struct rho_added *a = calloc(1, sizeof(*a));
	if (a) {
		a->token = calloc(n + 1, sizeof(*a->token));
		a->place = rho_vocab_new(n);
	}
	if (!a || !a->token || !a->place) {
		rho_recipe_no_memory(r);
		rho_added_free(a);
		return NULL;
	}
	for (size_t i = 0; i < n && !r->t->code; i++) {
		struct token t = { 0 };
		each.at = json_array_get(list, i);
		if (!read_token(&each, &t))
			put_token(a, &t, r, model, &next);
		else
			rho_text_free(&t.text);
	}
	if (!r->t->code
	    && (!drop_covered(a) || !build_set(a, false, normaliser) || !build_set(a, true, normaliser)))
		rho_recipe_no_memory(r);
	if (r->t->code) {
		rho_added_free(a);
		return NULL;
	}
	return a;
}

void rho_added_free(struct rho_added *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++)
		rho_text_free(&a->token[i].text);
	rho_trie_free(&a->set[0].trie);
	rho_trie_free(&a->set[1].trie);
	rho_vocab_free(a->place);
	free(a->token);
	free(a);
}

size_t rho_added_size(const struct rho_added *a) { return a->size; }

/* The longest token at `at`: its place, its length in *len; UINT32_MAX: none. */
static uint32_t token_at(const struct set *set, struct rho_str text, size_t at, size_t *len)
{
	uint32_t node = 0, found = UINT32_MAX;
	for (size_t i = at; i < text.len; i++) {
		node = rho_trie_step(&set->trie, node, (uint8_t)text.at[i]);
		if (!node)
			break;
		if (set->trie.id[node] != RHO_TRIE_NONE) {
			found = set->trie.id[node];
			*len = i + 1 - at;
		}
	}
	return found;
}

static bool space_before(struct rho_str text, size_t at, size_t *len)
{
	char bytes[4];
	uint32_t c = rho_cp_before(text.at + at);
	*len = rho_cp_put(bytes, c);
	return rho_cp_flags(c) & RHO_CP_SPACE;
}

static bool word_beside(struct rho_str text, size_t from, size_t end)
{
	const unsigned char *next = (const unsigned char *)text.at + end;
	return (from > 0 && rho_cp_word(rho_cp_before(text.at + from)))
	       || (end < text.len && rho_cp_word(rho_cp_next(&next)));
}

/* Where the white space that goes on at `at` ends. What was passed over before is not looked at again: a
 * text of blanks full of tokens that strip would cost its square. */
static size_t space_end(struct rho_added_walk *w, size_t at)
{
	const unsigned char *start = (const unsigned char *)w->text.at, *next = start + at;
	if (at >= w->space_from && at < w->space_end)
		return w->space_end;
	w->space_from = at;
	while (next < start + w->text.len) {
		const unsigned char *here = next;
		if (!(rho_cp_flags(rho_cp_next(&next)) & RHO_CP_SPACE)) {
			next = here;
			break;
		}
	}
	return w->space_end = (size_t)(next - start);
}

/* The next match from w->at on, with the white space it takes in. */
static bool next_match(const struct rho_added *a, struct rho_added_walk *w, size_t *from, size_t *end,
                       uint32_t *id)
{
	const struct set *set = &a->set[w->normalised];
	size_t len = 0, step;
	for (; set->any && w->at < w->text.len; w->at++) {
		if (!set->starts[(unsigned char)w->text.at[w->at]])
			continue;
		uint32_t place = token_at(set, w->text, w->at, &len);
		if (place == UINT32_MAX)
			continue;
		const struct token *t = &a->token[place];
		*from = w->at;
		*end = w->at + len;
		w->at += len;
		if (t->single_word && word_beside(w->text, *from, *end)) {
			w->at--;        /* the loop goes on behind it */
			continue;
		}
		while (t->lstrip && *from > w->done && space_before(w->text, *from, &step))
			*from -= step;
		if (t->rstrip)
			*end = space_end(w, *end);
		*id = t->id;
		return true;
	}
	return false;
}

bool rho_added_next(const struct rho_added *a, struct rho_added_walk *w, struct rho_str *part, uint32_t *id)
{
	size_t from = w->text.len, end = w->text.len;
	bool matched = true;
	if (w->holds) {
		from = w->held_from;
		end = w->held_end;
		*id = w->held;
		w->holds = false;
	} else {
		matched = next_match(a, w, &from, &end, id);
	}
	if (!matched)
		from = w->text.len;
	if (from > w->done) {
		part->at = w->text.at + w->done;
		part->len = from - w->done;
		w->holds = matched;
		w->held_from = from;
		w->held_end = end;
		w->held = matched ? *id : 0;
		w->done = from;
		*id = UINT32_MAX;
		return true;
	}
	part->at = w->text.at + from;
	part->len = end - from;
	if (matched)
		w->done = end;
	return matched;
}
