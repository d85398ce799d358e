/* frame.c: post-processors, each brought to one form: a list of special tokens and texts, for one text and
 * for two. */
#include "frame.h"

#include <stdlib.h>
#include <string.h>

#define MOST_DEPTH 8

/* --- reading ---------------------------------------------------------------------------------- */

struct reading {
	struct rho_frame *frame;
	size_t size;            /* ids are below */
	bool framed;            /* one of the processors has put tokens around */
};

static int put_item(struct reading *in, const struct rho_recipe *r, int pair, enum rho_frame_kind kind,
                    json_int_t id, size_t type)
{
	struct rho_frame *f = in->frame;
	if (f->n[pair] == RHO_FRAME_ITEMS)
		return rho_recipe_refuse(r, "puts more than %d tokens around a text", RHO_FRAME_ITEMS);
	if (id < 0 || (size_t)id >= in->size)
		return rho_recipe_refuse(r, "has a token of id %lld; the vocabulary's ids are 0 to %zu",
		                         (long long)id, in->size - 1);
	f->item[pair][f->n[pair]++] = (struct rho_frame_item){ kind, (uint32_t)id, (uint8_t)type };
	return 0;
}

/* The ids of a special token of a template. */
static int put_special(struct reading *in, const struct rho_recipe *r, int pair, struct rho_str name,
                       size_t type, const json_t *specials)
{
	const json_t *token = json_object_get(specials, name.at);
	const json_t *ids = json_object_get(token, "ids");
	struct rho_str shown = rho_str_head(name, 60);
	if (!json_is_array(ids))
		return rho_recipe_refuse(r,
		                         "the template's \"%.*s\" is not among its \"special_tokens\" with "
		                         "a list of \"ids\"",
		                         (int)shown.len, shown.at);
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const json_t *id = json_array_get(ids, i);
		json_int_t n = json_is_integer(id) ? json_integer_value(id) : -1;
		if (put_item(in, r, pair, RHO_FRAME_SPECIAL, n, type))
			return r->t->code;
	}
	return 0;
}

static int read_template_item(struct reading *in, const struct rho_recipe *r, int pair,
                              const json_t *specials)
{
	static const char *const texts[] = { "A", "B", NULL };
	struct rho_recipe part;
	struct rho_str name;
	size_t type;
	bool special = json_object_get(r->at, "SpecialToken");
	if (rho_recipe_object(r, special ? "SpecialToken" : "Sequence", &part))
		return r->t->code;
	if (!part.at)
		return rho_recipe_refuse(r, "a template's items are \"SpecialToken\" or \"Sequence\"");
	if (rho_recipe_count(&part, "type_id", 0, UINT8_MAX, &type))
		return r->t->code;
	if (special)
		return rho_recipe_str(&part, "id", NULL, &name)
		       || put_special(in, &part, pair, name, type, specials);
	int i = rho_recipe_choice(&part, "id", texts);
	return i < 0 ? r->t->code : put_item(in, r, pair, i ? RHO_FRAME_SECOND : RHO_FRAME_FIRST, 0, type);
}

/* Each text must stand in it once: truncation would otherwise not know how long the whole is. */
static int check_texts(const struct reading *in, const struct rho_recipe *r, int pair)
{
	size_t first = 0, second = 0;
	for (size_t i = 0; i < in->frame->n[pair]; i++) {
		first += in->frame->item[pair][i].kind == RHO_FRAME_FIRST;
		second += in->frame->item[pair][i].kind == RHO_FRAME_SECOND;
	}
	if (first == 1 && second == (size_t)pair)
		return 0;
	return rho_recipe_refuse(r, "the template \"%s\" must have sequence A once%s",
	                         pair ? "pair" : "single", pair ? ", and B once" : ", and no B");
}

static int read_template(struct reading *in, const struct rho_recipe *r)
{
	const json_t *specials = json_object_get(r->at, "special_tokens"), *list;
	struct rho_recipe each = *r;
	for (int pair = 0; pair < 2; pair++) {
		in->frame->n[pair] = 0;
		if (rho_recipe_list(r, pair ? "pair" : "single", &list))
			return r->t->code;
		for (size_t i = 0; i < json_array_size(list); i++) {
			each.at = json_array_get(list, i);
			if (read_template_item(in, &each, pair, specials))
				return r->t->code;
		}
		if (check_texts(in, r, pair))
			return r->t->code;
	}
	return 0;
}

/* "sep" or "cls": [text, id]. */
static json_int_t named_id(const struct rho_recipe *r, const char *key)
{
	const json_t *id = json_array_get(json_object_get(r->at, key), 1);
	if (json_is_integer(id))
		return json_integer_value(id);
	rho_recipe_refuse(r, "\"%s\" must be a list of a token and its id", key);
	return -1;
}

/* BERT: [CLS] A [SEP] B [SEP]; RoBERTa: <s> A </s></s> B </s>, all of type 0. */
static int read_classic(struct reading *in, const struct rho_recipe *r, bool roberta)
{
	json_int_t cls = named_id(r, "cls"), sep = named_id(r, "sep");
	size_t second = roberta ? 0 : 1;
	for (int pair = 0; pair < 2 && !r->t->code; pair++) {
		in->frame->n[pair] = 0;
		put_item(in, r, pair, RHO_FRAME_SPECIAL, cls, 0);
		put_item(in, r, pair, RHO_FRAME_FIRST, 0, 0);
		put_item(in, r, pair, RHO_FRAME_SPECIAL, sep, 0);
		if (pair && roberta)
			put_item(in, r, pair, RHO_FRAME_SPECIAL, sep, 0);
		if (pair) {
			put_item(in, r, pair, RHO_FRAME_SECOND, 0, second);
			put_item(in, r, pair, RHO_FRAME_SPECIAL, sep, second);
		}
	}
	return r->t->code;
}

static int read_processor(struct reading *in, const struct rho_recipe *r, size_t depth)
{
	enum { TEMPLATE, BERT, ROBERTA, BYTE_LEVEL, SEQUENCE };
	static const char *const known[] = { "TemplateProcessing", "BertProcessing", "RobertaProcessing",
	                                     "ByteLevel", "Sequence", NULL };
	const json_t *list;
	struct rho_recipe inner = *r;
	int kind = rho_recipe_choice(r, "type", known);
	if (kind < 0)
		return r->t->code;
	if (kind == BYTE_LEVEL)
		return 0;       /* about offsets only */
	if (kind != SEQUENCE) {
		if (in->framed)
			return rho_recipe_refuse(r, "two processors that add tokens are not understood");
		in->framed = true;
		return kind == TEMPLATE ? read_template(in, r) : read_classic(in, r, kind == ROBERTA);
	}
	if (depth == MOST_DEPTH)
		return rho_recipe_refuse(r, "Sequences stand within each other more than %d deep",
		                         MOST_DEPTH);
	if (rho_recipe_list(r, "processors", &list))
		return r->t->code;
	for (size_t i = 0; i < json_array_size(list); i++) {
		inner.at = json_array_get(list, i);
		if (read_processor(in, &inner, depth + 1))
			return r->t->code;
	}
	return 0;
}

int rho_frame_open(struct rho_frame *f, const struct rho_recipe *r, size_t size)
{
	struct reading in = { f, size, false };
	memset(f, 0, sizeof(*f));
	f->n[0] = 1;
	f->n[1] = 2;
	f->item[0][0].kind = f->item[1][0].kind = RHO_FRAME_FIRST;
	f->item[1][1].kind = RHO_FRAME_SECOND;
	f->item[1][1].type = 1;
	return r->at ? read_processor(&in, r, 0) : 0;
}

/* --- running ---------------------------------------------------------------------------------- */

static bool make_room(struct rho_tokens *t, size_t more)
{
	size_t room = t->room ? t->room : 512;
	if (more > SIZE_MAX / 16 - t->n)
		return false;
	while (room < t->n + more)
		room += room / 2;
	if (room == t->room)
		return true;
	uint32_t *id = realloc(t->id, room * sizeof(*id));
	if (id)
		t->id = id;
	uint8_t *type = realloc(t->type, room);
	if (type)
		t->type = type;
	if (!id || !type)
		return false;
	t->room = room;
	return true;
}

/* Cuts two texts to `most` tokens together as the reference's "longest first" does: the longer one down to
 * the shorter, then both to half. */
static void cut(size_t most, size_t *n_a, size_t *n_b)
{
	size_t *small = *n_a <= *n_b ? n_a : n_b, *large = small == n_a ? n_b : n_a;
	if (*small + *large <= most)
		return;
	*large = *small > most || most - *small < *small ? *small : most - *small;
	if (*small + *large > most) {
		*small = most / 2;
		*large = most - most / 2;
	}
}

int rho_frame_put(const struct rho_frame *f, const struct rho_ids *a, const struct rho_ids *b, size_t longest,
                  struct rho_tokens *out)
{
	const struct rho_frame_item *item = f->item[b != NULL];
	size_t n = f->n[b != NULL], special = n - (b ? 2 : 1), n_a = a->n, n_b = b ? b->n : 0;
	out->whole = special + n_a + n_b;
	if (longest && out->whole > longest)
		cut(longest > special ? longest - special : 0, &n_a, &n_b);
	if (!make_room(out, special + n_a + n_b))
		return RHO_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const uint32_t *from = &item[i].id;
		size_t m = 1;
		if (item[i].kind != RHO_FRAME_SPECIAL) {
			bool first = item[i].kind == RHO_FRAME_FIRST;
			from = first ? a->at : b->at;
			m = first ? n_a : n_b;
		}
		if (!m)
			continue;
		memcpy(out->id + out->n, from, m * sizeof(*from));
		memset(out->type + out->n, item[i].type, m);
		out->n += m;
	}
	return 0;
}
