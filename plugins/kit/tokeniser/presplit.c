/* presplit.c: the pre-tokenisers: a list of stages, each of which hands its pieces to the next. */
#include "presplit.h"

#include <stdlib.h>
#include <string.h>

#include "codepoints.h"
#include "utf8.h"

#define MOST_DEPTH 8
#define MOST_TEXT  256          /* bytes of a delimiter */

enum kind {
	BERT, WHITESPACE, WHITESPACE_SPLIT, PUNCTUATION, DIGITS, BYTE_LEVEL, METASPACE, SPLIT, SEQUENCE, CLIP
};

/* What becomes of a delimiter; in the order of the names in read_behaviour. */
enum behaviour { REMOVED, ISOLATED, MERGED_WITH_PREVIOUS, MERGED_WITH_NEXT, CONTIGUOUS };

struct stage {
	enum kind kind;
	enum behaviour behaviour;       /* punctuation, digits, split */
	bool invert;                    /* split: what is not the delimiter is */
	bool add_prefix, regex;         /* byte level */
	bool specials;                  /* clip: its expression begins with clip_specials */
	bool split;                     /* metaspace */
	enum rho_prepend prepend;       /* metaspace */
	struct rho_text text;           /* split: the delimiter; metaspace: the replacement */
};

struct rho_presplit {
	struct stage stage[RHO_PRESPLIT_STAGES];
	size_t n;
	uint8_t bert[256];              /* what a byte is to BERT's; see bert_kind */
};

/* The regular expressions of Split that are known; they are there for the ByteLevel that follows. */
static const char clip_specials[] = "<\\|startoftext\\|>|<\\|endoftext\\|>|";   /* first in OpenAI's files */
static const char clip_regex[] = "'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
static const char gpt2_regex[] =
	"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/* --- reading ---------------------------------------------------------------------------------- */

static int read_behaviour(const struct rho_recipe *r, enum behaviour *out)
{
	static const char *const known[] = { "Removed", "Isolated", "MergedWithPrevious", "MergedWithNext",
	                                     "Contiguous", NULL };
	int i = rho_recipe_choice(r, "behavior", known);
	if (i >= 0)
		*out = (enum behaviour)i;
	return r->t->code;
}

static int read_metaspace(const struct rho_recipe *r, struct stage *s)
{
	static const char *const known[] = { "never", "first", "always", NULL };    /* as enum rho_prepend */
	struct rho_str mark;
	bool prefix;
	if (rho_recipe_str(r, "replacement", NULL, &mark)
	    || rho_recipe_bool(r, "add_prefix_space", 1, &prefix)
	    || rho_recipe_bool(r, "split", 1, &s->split))
		return r->t->code;
	if (!mark.len || rho_utf8_step(mark, 0) != mark.len || !rho_text_add(&s->text, mark))
		return rho_recipe_refuse(r, "Metaspace's \"replacement\" must be one character");
	s->prepend = RHO_PREPEND_ALWAYS;
	if (json_object_get(r->at, "prepend_scheme")) {
		int i = rho_recipe_choice(r, "prepend_scheme", known);
		if (i < 0)
			return r->t->code;
		s->prepend = (enum rho_prepend)i;
	}
	if (!prefix)
		s->prepend = RHO_PREPEND_NEVER;
	return 0;
}

static int read_split(const struct rho_recipe *r, struct stage *s)
{
	struct rho_recipe pattern;
	struct rho_str text, shown;
	if (read_behaviour(r, &s->behaviour) || rho_recipe_bool(r, "invert", 0, &s->invert)
	    || rho_recipe_object(r, "pattern", &pattern))
		return r->t->code;
	if (!json_object_get(pattern.at, "Regex")) {
		if (rho_recipe_str(&pattern, "String", NULL, &text))
			return r->t->code;
		if (!text.len || text.len > MOST_TEXT)
			return rho_recipe_refuse(r, "Split's pattern has %zu bytes; 1 to %d are allowed",
			                         text.len, MOST_TEXT);
		return rho_text_add(&s->text, text) ? 0 : rho_recipe_no_memory(r);
	}
	if (rho_recipe_str(&pattern, "Regex", NULL, &text))
		return r->t->code;
	shown = rho_str_head(text, 100);
	if (text.len > sizeof(clip_specials) && !memcmp(text.at, clip_specials, sizeof(clip_specials) - 1)) {
		s->specials = true;
		text.at += sizeof(clip_specials) - 1;
		text.len -= sizeof(clip_specials) - 1;
	}
	if (rho_str_is(text, clip_regex) && s->behaviour == REMOVED && s->invert) {
		s->kind = CLIP;
	} else if (rho_str_is(text, gpt2_regex) && !s->specials && !s->invert
	           && (s->behaviour == ISOLATED || s->behaviour == CONTIGUOUS)) {
		s->kind = BYTE_LEVEL;
		s->regex = true;
	} else {
		return rho_recipe_refuse(r, "Split with the regular expression \"%.*s\" is not understood; "
		                         "known are CLIP's (Removed, inverted), GPT-2's (Isolated), and "
		                         "plain strings", (int)shown.len, shown.at);
	}
	return 0;
}

/* The stage that waits for a ByteLevel, which maps the bytes of its pieces: a Split with a regular
 * expression. */
static struct stage *waiting(struct rho_presplit *p)
{
	struct stage *last = p->n ? &p->stage[p->n - 1] : NULL;
	return last && (last->kind == CLIP || last->kind == BYTE_LEVEL) && last->split ? last : NULL;
}

static int read_byte_level(struct rho_presplit *p, const struct rho_recipe *r, struct stage *s)
{
	struct stage *before = p->n > 1 ? &p->stage[p->n - 2] : NULL;
	if (rho_recipe_bool(r, "add_prefix_space", 1, &s->add_prefix)
	    || rho_recipe_bool(r, "use_regex", 1, &s->regex))
		return r->t->code;
	if (!before || !before->split || (before->kind != CLIP && before->kind != BYTE_LEVEL))
		return 0;
	if (s->add_prefix || (before->kind == CLIP && !s->regex))
		return rho_recipe_refuse(r, "ByteLevel behind a Split is understood without "
		                         "\"add_prefix_space\", and behind CLIP's with \"use_regex\"");
	before->split = false;
	p->n--;
	return 0;
}

static int read_stage(struct rho_presplit *p, const struct rho_recipe *r, enum kind kind)
{
	bool each;
	if (p->n == RHO_PRESPLIT_STAGES)
		return rho_recipe_refuse(r, "has more than %d stages", RHO_PRESPLIT_STAGES);
	if (waiting(p) && kind != BYTE_LEVEL)
		return rho_recipe_refuse(r,
		                         "a Split with a regular expression must be followed by ByteLevel");
	struct stage *s = &p->stage[p->n++];
	s->kind = kind;
	switch (kind) {
	case PUNCTUATION:
		s->behaviour = ISOLATED;
		return json_object_get(r->at, "behavior") ? read_behaviour(r, &s->behaviour) : 0;
	case DIGITS:
		if (rho_recipe_bool(r, "individual_digits", -1, &each))
			return r->t->code;
		s->behaviour = each ? ISOLATED : CONTIGUOUS;
		return 0;
	case BYTE_LEVEL: return read_byte_level(p, r, s);
	case METASPACE: return read_metaspace(r, s);
	case SPLIT:
		if (read_split(r, s))
			return r->t->code;
		s->split = s->kind != SPLIT;    /* it waits */
		return 0;
	default: return 0;
	}
}

static int read_stages(struct rho_presplit *p, const struct rho_recipe *r, size_t depth)
{
	/* In the order of enum kind. */
	static const char *const known[] = {
		"BertPreTokenizer", "Whitespace", "WhitespaceSplit", "Punctuation", "Digits",
		"ByteLevel",        "Metaspace",  "Split",           "Sequence",    NULL
	};
	const json_t *list;
	struct rho_recipe inner = *r;
	int kind = rho_recipe_choice(r, "type", known);
	if (kind < 0)
		return r->t->code;
	if (kind != SEQUENCE)
		return read_stage(p, r, (enum kind)kind);
	if (depth == MOST_DEPTH)
		return rho_recipe_refuse(r, "Sequences stand within each other more than %d deep",
		                         MOST_DEPTH);
	if (rho_recipe_list(r, "pretokenizers", &list))
		return r->t->code;
	for (size_t i = 0; i < json_array_size(list); i++) {
		inner.at = json_array_get(list, i);
		if (read_stages(p, &inner, depth + 1))
			return r->t->code;
	}
	return 0;
}

enum bert_kind { IN_WORD, SPACE, SIGN, WIDE };

struct rho_presplit *rho_presplit_open(const struct rho_recipe *r)
{
	struct rho_presplit *p = calloc(1, sizeof(*p));
	if (!p) {
		rho_recipe_no_memory(r);
		return NULL;
	}
	rho_codepoints_ready();
	for (uint32_t c = 0; c < 256; c++) {
		unsigned flags = rho_cp_flags(c);
		p->bert[c] = c >= 0x80 ? WIDE : flags & RHO_CP_SPACE ? SPACE
		             : flags & RHO_CP_PUNCTUATION ? SIGN : IN_WORD;
	}
	if (r->at && !read_stages(p, r, 0) && waiting(p))
		rho_recipe_refuse(r, "a Split with a regular expression must be followed by ByteLevel");
	if (r->t->code) {
		rho_presplit_free(p);
		return NULL;
	}
	return p;
}

void rho_presplit_free(struct rho_presplit *p)
{
	for (size_t i = 0; p && i < p->n; i++)
		rho_text_free(&p->stage[i].text);
	free(p);
}

/* --- running ---------------------------------------------------------------------------------- */

struct run {
	const struct rho_presplit *p;
	struct rho_text *tmp;
	rho_piece_fn *piece;
	void *arg;
	const char *start;      /* of the whole text, or NULL */
};

struct level {
	const struct run *run;
	size_t at;              /* the stage its pieces go to */
};

static void enter(void *arg, struct rho_str s);

static void hand_on(struct level *to, const char *from, const char *end)
{
	struct rho_str s = { from, (size_t)(end - from) };
	if (s.len)
		enter(to, s);
}

static void split_bert(const uint8_t kind_of[256], struct rho_str s, struct level *to)
{
	const char *at = s.at, *end = at + s.len, *word = at;
	while (at < end) {
		const char *here = at;
		unsigned kind = kind_of[(unsigned char)*at++];
		if (kind == IN_WORD)
			continue;
		if (kind == WIDE) {
			const unsigned char *next = (const unsigned char *)here;
			unsigned flags = rho_cp_flags(rho_cp_next(&next));
			at = (const char *)next;
			if (!(flags & (RHO_CP_SPACE | RHO_CP_PUNCTUATION)))
				continue;
			kind = flags & RHO_CP_SPACE ? SPACE : SIGN;
		}
		hand_on(to, word, here);
		if (kind == SIGN)
			hand_on(to, here, at);
		word = at;
	}
	hand_on(to, word, end);
}

/* Runs of \w, and of what is neither that nor white space. `words`: only white space splits. */
static void split_white(struct rho_str s, bool words, struct level *to)
{
	const unsigned char *at = (const unsigned char *)s.at, *end = at + s.len, *from = at;
	int before = -1;                /* 0: space, 1: \w, 2: others */
	while (at < end) {
		const unsigned char *here = at;
		uint32_t c = rho_cp_next(&at);
		int kind = rho_cp_flags(c) & RHO_CP_SPACE ? 0 : !words || rho_cp_word(c) ? 1 : 2;
		if (kind == before)
			continue;
		if (before > 0)
			hand_on(to, (const char *)from, (const char *)here);
		from = here;
		before = kind;
	}
	if (before > 0)
		hand_on(to, (const char *)from, (const char *)end);
}

/* The next delimiter in from .. end: its start, and its end in *after; `end` where there is none. */
static const char *next_delimiter(const struct stage *s, const char *from, const char *end,
                                  const char **after)
{
	const unsigned char *at = (const unsigned char *)from;
	if (s->kind == SPLIT) {
		const char *found = memmem(from, (size_t)(end - from), s->text.at, s->text.len);
		*after = found ? found + s->text.len : end;
		return found ? found : end;
	}
	while (at < (const unsigned char *)end) {
		const char *here = (const char *)at;
		uint32_t c = rho_cp_next(&at);
		*after = (const char *)at;
		if (s->kind == PUNCTUATION ? (rho_cp_flags(c) & RHO_CP_PUNCTUATION) != 0 : rho_cp_numeric(c))
			return here;
	}
	*after = end;
	return end;
}

struct parting {                        /* a piece that may still grow */
	const char *from;
	bool open, delimiter;           /* there is one; what was added last is a delimiter */
};

/* The part from .. end, which is a delimiter or what lies between two. */
static void part(const struct stage *s, struct parting *p, const char *from, const char *end, bool delimiter,
                 struct level *to)
{
	bool joins = false;
	if (from == end)
		return;
	if (p->open) {
		joins = (s->behaviour == CONTIGUOUS && p->delimiter == delimiter)
		        || (s->behaviour == MERGED_WITH_PREVIOUS && delimiter && !p->delimiter)
		        || (s->behaviour == MERGED_WITH_NEXT && !delimiter && p->delimiter);
		if (!joins)
			hand_on(to, p->from, from);
	}
	if (!joins)
		p->from = from;
	p->delimiter = delimiter;
	p->open = true;
	if (s->behaviour == REMOVED || s->behaviour == ISOLATED) {
		if (s->behaviour == ISOLATED || !delimiter)
			hand_on(to, from, end);
		p->open = false;
	}
}

static void split_at(const struct stage *s, struct rho_str text, struct level *to)
{
	const char *at = text.at, *end = at + text.len, *after;
	struct parting p = { 0 };
	while (at < end) {
		const char *found = next_delimiter(s, at, end, &after);
		part(s, &p, at, found, s->invert, to);
		if (found < end)
			part(s, &p, found, after, !s->invert, to);
		at = found < end ? after : end;
	}
	if (p.open)
		hand_on(to, p.from, end);
}

static void enter(void *arg, struct rho_str text)
{
	const struct level *level = arg;
	const struct run *run = level->run;
	struct level next = { run, level->at + 1 };
	if (level->at == run->p->n) {
		run->piece(run->arg, text);
		return;
	}
	const struct stage *s = &run->p->stage[level->at];
	struct rho_text *tmp = &run->tmp[level->at];
	switch (s->kind) {
	case BERT: split_bert(run->p->bert, text, &next); break;
	case WHITESPACE: split_white(text, true, &next); break;
	case WHITESPACE_SPLIT: split_white(text, false, &next); break;
	case PUNCTUATION:
	case DIGITS:
	case SPLIT: split_at(s, text, &next); break;
	case BYTE_LEVEL: rho_split_gpt2(text, s->add_prefix, s->regex, tmp, enter, &next); break;
	case CLIP: rho_split_clip(text, s->specials, tmp, enter, &next); break;
	case METASPACE:
		rho_split_metaspace(text, rho_text_view(&s->text), s->prepend, text.at == run->start,
		                    s->split, tmp, enter, &next);
		break;
	case SEQUENCE: break;
	}
}

void rho_presplit_run(const struct rho_presplit *p, struct rho_str text, bool first,
                      struct rho_text tmp[RHO_PRESPLIT_STAGES], rho_piece_fn *piece, void *arg)
{
	struct run run = { p, tmp, piece, arg, first ? text.at : NULL };
	struct level level = { &run, 0 };
	if (text.len)
		enter(&level, text);
}
