/* normalise.c: a normaliser is a flat list of steps; this reads it from JSON and runs it. */
#include "normalise.h"

#include <stdlib.h>
#include <string.h>

#include "codepoints.h"
#include "normalise_step.h"

#define MOST_STEPS  16
#define MOST_DEPTH  8
#define MOST_TEXT   256         /* bytes of a replacement */
#define MOST_GROWTH 256         /* times that replacements together may lengthen a text */

struct rho_normaliser {
	struct rho_normal_step step[MOST_STEPS];
	size_t n;
	size_t growth;
};

/* Regular expressions of Replace that are known: a run of blanks or of white space. */
static const struct {
	const char *regex;
	bool all_space;
	size_t run;
} known_regex[] = {
	{ "\\s+", true, 1 }, { "\\s{2,}", true, 2 }, { " +", false, 1 }, { " {2,}", false, 2 },
};

static int keep(const struct rho_recipe *r, const char *key, struct rho_text *out)
{
	struct rho_str s;
	if (rho_recipe_str(r, key, NULL, &s))
		return r->t->code;
	if (s.len > MOST_TEXT)
		return rho_recipe_refuse(r, "\"%s\" has %zu bytes; at most %d are allowed", key, s.len,
		                         MOST_TEXT);
	return rho_text_add(out, s) ? 0 : rho_recipe_no_memory(r);
}

static int read_regex(const struct rho_recipe *r, struct rho_str regex, struct rho_normal_step *step)
{
	struct rho_str shown = rho_str_head(regex, 60);
	for (size_t i = 0; i < sizeof(known_regex) / sizeof(known_regex[0]); i++) {
		if (rho_str_is(regex, known_regex[i].regex)) {
			step->all_space = known_regex[i].all_space;
			step->run = known_regex[i].run;
			return 0;
		}
	}
	return rho_recipe_refuse(r,
	                         "Replace with the regular expression \"%.*s\" is not understood; known "
	                         "are \\s+, \\s{2,}, \" +\", \" {2,}\", and plain strings",
	                         (int)shown.len, shown.at);
}

static int read_replace(struct rho_normaliser *n, const struct rho_recipe *r, struct rho_normal_step *step)
{
	struct rho_recipe pattern;
	struct rho_str regex;
	if (rho_recipe_object(r, "pattern", &pattern) || keep(r, "content", &step->to))
		return r->t->code;
	if (json_object_get(pattern.at, "Regex")) {
		if (rho_recipe_str(&pattern, "Regex", NULL, &regex) || read_regex(r, regex, step))
			return r->t->code;
	} else if (keep(&pattern, "String", &step->from)) {
		return r->t->code;
	}
	size_t least = step->run ? step->run : step->from.len;
	if (!least)
		return rho_recipe_refuse(r, "Replace needs a pattern that is not empty");
	n->growth *= (step->to.len + least - 1) / least > 1 ? (step->to.len + least - 1) / least : 1;
	if (n->growth > MOST_GROWTH)
		return rho_recipe_refuse(r, "its replacements could make a text %zu times as long; at most "
		                         "%d is allowed", n->growth, MOST_GROWTH);
	return 0;
}

static int read_bert(const struct rho_recipe *r, struct rho_normal_step *step)
{
	if (rho_recipe_bool(r, "clean_text", 1, &step->clean)
	    || rho_recipe_bool(r, "handle_chinese_chars", 1, &step->cjk)
	    || rho_recipe_bool(r, "lowercase", 1, &step->lower))
		return r->t->code;
	for (int c = 0; c < 128; c++) {
		bool control = c < ' ' || c == 0x7f, blank = c == '\t' || c == '\n' || c == '\r';
		char kept = step->lower && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : (char)c;
		step->ascii[c] = !step->clean || !control ? kept : blank ? ' ' : '\0';
	}
	return rho_recipe_bool(r, "strip_accents", step->lower, &step->accents);
}

static int read_precompiled(const struct rho_recipe *r, struct rho_normal_step *step)
{
	struct rho_str base64;
	if (rho_recipe_str(r, "precompiled_charsmap", NULL, &base64))
		return r->t->code;
	step->map = rho_charsmap_open(base64, r->file, r->t);
	return r->t->code;
}

static int read_step(struct rho_normaliser *n, const struct rho_recipe *r, enum rho_normal_kind kind)
{
	if (n->n == MOST_STEPS)
		return rho_recipe_refuse(r, "has more than %d steps", MOST_STEPS);
	struct rho_normal_step *step = &n->step[n->n++];
	step->kind = kind;
	switch (kind) {
	case RHO_NORMAL_BERT: return read_bert(r, step);
	case RHO_NORMAL_STRIP:
		return rho_recipe_bool(r, "strip_left", -1, &step->left)
		       || rho_recipe_bool(r, "strip_right", -1, &step->right);
	case RHO_NORMAL_REPLACE: return read_replace(n, r, step);
	case RHO_NORMAL_PREPEND: return keep(r, "prepend", &step->to);
	case RHO_NORMAL_PRECOMPILED: return read_precompiled(r, step);
	case RHO_NORMAL_NFC:
	case RHO_NORMAL_NFD:
	case RHO_NORMAL_NFKC:
	case RHO_NORMAL_NFKD:
	case RHO_NORMAL_LOWERCASE:
	case RHO_NORMAL_STRIP_ACCENTS: break;
	}
	return 0;
}

static int read_steps(struct rho_normaliser *n, const struct rho_recipe *r, size_t depth)
{
	/* In the order of enum rho_normal_kind, then what holds others. */
	static const char *const known[] = {
		"BertNormalizer", "NFC",          "NFD",   "NFKC",    "NFKD",
		"Lowercase",      "StripAccents", "Strip", "Replace", "Prepend",
		"Precompiled",    "Sequence",     NULL
	};
	const json_t *list;
	struct rho_recipe inner = *r;
	int kind = rho_recipe_choice(r, "type", known);
	if (kind < 0)
		return r->t->code;
	if (kind <= RHO_NORMAL_PRECOMPILED)
		return read_step(n, r, (enum rho_normal_kind)kind);
	if (depth == MOST_DEPTH)
		return rho_recipe_refuse(r, "Sequences stand within each other more than %d deep",
		                         MOST_DEPTH);
	if (rho_recipe_list(r, "normalizers", &list))
		return r->t->code;
	for (size_t i = 0; i < json_array_size(list); i++) {
		inner.at = json_array_get(list, i);
		if (read_steps(n, &inner, depth + 1))
			return r->t->code;
	}
	return 0;
}

struct rho_normaliser *rho_normaliser_open(const struct rho_recipe *r)
{
	struct rho_normaliser *n = calloc(1, sizeof(*n));
	if (!n) {
		rho_recipe_no_memory(r);
		return NULL;
	}
	rho_codepoints_ready();
	n->growth = 1;
	if (r->at && read_steps(n, r, 0)) {
		rho_normaliser_free(n);
		return NULL;
	}
	return n;
}

void rho_normaliser_free(struct rho_normaliser *n)
{
	for (size_t i = 0; n && i < n->n; i++) {
		rho_text_free(&n->step[i].from);
		rho_text_free(&n->step[i].to);
		rho_charsmap_free(n->step[i].map);
	}
	free(n);
}

void rho_normalising_free(struct rho_normalising *w)
{
	rho_text_free(&w->text[0]);
	rho_text_free(&w->text[1]);
	free(w->points.at);
	free(w->spare.at);
	memset(w, 0, sizeof(*w));
}

struct rho_str rho_normalise(const struct rho_normaliser *n, struct rho_str text, struct rho_normalising *w)
{
	for (size_t i = 0; i < n->n; i++) {
		struct rho_text *out = &w->text[i & 1];
		rho_text_clear(out);
		rho_normal_do(&n->step[i], text, out, w);
		text = rho_text_view(out);
	}
	return text;
}
