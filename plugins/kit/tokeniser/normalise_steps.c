/* normalise_steps.c: what the steps of a normaliser do: runs of ASCII at once, other characters one by
 * one. */
#include "normalise_step.h"

#include <string.h>

#include <utf8proc.h>

#include "codepoints.h"

#define ROOM 64         /* what is made at a time, at least; a step writes fewer bytes between two checks */

static struct rho_str rest_of(const unsigned char *at, const unsigned char *end)
{
	struct rho_str s = { (const char *)at, (size_t)(end - at) };
	return s;
}

static void put(struct rho_text *out, uint32_t c)
{
	if (out->room - out->len < ROOM && !rho_text_reserve(out, ROOM))
		return;
	out->len += rho_cp_put(out->at + out->len, c);
}

static void put_lower(struct rho_text *out, uint32_t c)
{
	uint32_t lower[2];
	size_t n = rho_cp_lower(c, lower);
	put(out, lower[0]);
	if (n > 1)
		put(out, lower[1]);
}

/* Marks gathered in w->points from `from` on are put in canonical order. */
static void order(struct rho_normalising *w, size_t from)
{
	size_t n = w->points.n - from;
	if (n < 2)
		return;
	w->spare.n = 0;
	for (size_t i = 0; i < n; i++)
		if (!rho_ids_add(&w->spare, 0))
			return;
	rho_cp_order(w->points.at + from, n, w->spare.at);
}

/* --- BERT ------------------------------------------------------------------------------------- */

static void bert_put(const struct rho_normal_step *step, struct rho_text *out, uint32_t c)
{
	if (step->lower)
		put_lower(out, c);
	else
		put(out, c);
}

static void bert_flush(const struct rho_normal_step *step, struct rho_text *out, struct rho_normalising *w)
{
	order(w, 0);
	for (size_t i = 0; i < w->points.n; i++)
		bert_put(step, out, w->points.at[i]);
	w->points.n = 0;
}

/* One character beyond ASCII. Marks that are neither stripped nor in order yet wait in w->points. */
static void bert_wide(const struct rho_normal_step *step, uint32_t c, struct rho_text *out,
                      struct rho_normalising *w)
{
	uint32_t part[RHO_CP_DECOMPOSED];
	size_t n = 1;
	unsigned flags = rho_cp_flags(c);
	if (step->clean && (flags & RHO_CP_CONTROL || c == 0xfffd))
		return;
	bool spaced = step->cjk && flags & RHO_CP_CJK;
	part[0] = step->clean && flags & RHO_CP_SPACE ? ' ' : c;
	if (step->accents && part[0] == c)
		n = rho_cp_decompose(c, false, part);
	if (spaced) {
		bert_flush(step, out, w);
		put(out, ' ');
	}
	for (size_t i = 0; i < n; i++) {
		bool starts = !step->accents || part[i] < 0x80 || !rho_cp_combining(part[i]);
		bool stripped = step->accents && rho_cp_flags(part[i]) & RHO_CP_NONSPACING;
		if (starts)     /* one that is stripped, too, keeps marks from changing places across it */
			bert_flush(step, out, w);
		if (!starts && !stripped)
			rho_ids_add(&w->points, part[i]);
		else if (!stripped)
			bert_put(step, out, part[i]);
	}
	if (spaced) {
		bert_flush(step, out, w);
		put(out, ' ');
	}
}

static void bert_ascii(const struct rho_normal_step *step, const unsigned char *at, size_t n,
                       struct rho_text *out)
{
	if (!rho_text_reserve(out, n))
		return;
	char *to = out->at + out->len;
	for (size_t i = 0; i < n; i++) {
		char c = step->ascii[at[i]];
		*to = c;
		to += c || !step->clean;
	}
	out->len = (size_t)(to - out->at);
}

static void bert(const struct rho_normal_step *step, struct rho_str in, struct rho_text *out,
                 struct rho_normalising *w)
{
	const unsigned char *at = (const unsigned char *)in.at, *end = at + in.len;
	w->points.n = 0;
	while (at < end) {
		size_t n = rho_ascii_run(rest_of(at, end));
		if (n) {
			bert_flush(step, out, w);
			bert_ascii(step, at, n, out);
			at += n;
		} else {
			bert_wide(step, rho_cp_next(&at), out, w);
		}
	}
	bert_flush(step, out, w);
}

/* --- normal forms ----------------------------------------------------------------------------- */

/* Writes the gathered points. What the reference does not know yet neither composes nor lets compose
 * across. */
static void write_points(struct rho_normalising *w, bool compose, struct rho_text *out)
{
	uint32_t *p = w->points.at;
	for (size_t i = 0, n = w->points.n; i < n; ) {
		size_t end = i;
		while (end < n && !(rho_cp_flags(p[end]) & RHO_CP_LATE))
			end++;
		utf8proc_ssize_t m = (utf8proc_ssize_t)(end - i);
		if (compose && m > 1)
			m = utf8proc_normalize_utf32((utf8proc_int32_t *)(p + i), m,
			                             (utf8proc_option_t)(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
		for (utf8proc_ssize_t k = 0; k < m; k++)
			put(out, p[i + (size_t)k]);
		if (end < n)
			put(out, p[end++]);
		i = end;
	}
	w->points.n = 0;
}

/* A run of characters beyond ASCII, which ends at the result, with the ASCII character `before` it (0:
 * none). */
static const unsigned char *normal_run(const unsigned char *at, const unsigned char *end, uint32_t before,
                                       enum rho_normal_kind kind, struct rho_text *out,
                                       struct rho_normalising *w)
{
	bool compatibility = kind == RHO_NORMAL_NFKC || kind == RHO_NORMAL_NFKD;
	uint32_t part[RHO_CP_DECOMPOSED];
	size_t marks = 0;
	w->points.n = 0;
	if (before)
		rho_ids_add(&w->points, before);
	marks = w->points.n;
	while (at < end && *at >= 0x80) {
		size_t n = rho_cp_decompose(rho_cp_next(&at), compatibility, part);
		for (size_t i = 0; i < n; i++) {
			bool starts = part[i] < 0x80 || !rho_cp_combining(part[i]);
			if (starts)
				order(w, marks);
			if (!rho_ids_add(&w->points, part[i]))
				return end;
			marks = starts ? w->points.n : marks;
		}
	}
	order(w, marks);
	write_points(w, kind == RHO_NORMAL_NFC || kind == RHO_NORMAL_NFKC, out);
	return at;
}

static void normal_form(enum rho_normal_kind kind, struct rho_str in, struct rho_text *out,
                        struct rho_normalising *w)
{
	const unsigned char *at = (const unsigned char *)in.at, *end = at + in.len;
	bool compose = kind == RHO_NORMAL_NFC || kind == RHO_NORMAL_NFKC;
	while (at < end) {
		struct rho_str plain = { (const char *)at, rho_ascii_run(rest_of(at, end)) };
		uint32_t before = 0;
		at += plain.len;
		if (compose && at < end && plain.len && plain.at[plain.len - 1])
			before = (unsigned char)plain.at[--plain.len];
		rho_text_add(out, plain);
		if (at < end)
			at = normal_run(at, end, before, kind, out, w);
	}
}

/* --- the small ones --------------------------------------------------------------------------- */

static void lowercase(struct rho_str in, struct rho_text *out)
{
	const unsigned char *at = (const unsigned char *)in.at, *end = at + in.len;
	while (at < end) {
		size_t n = rho_ascii_run(rest_of(at, end));
		if (!rho_text_reserve(out, n))
			return;
		for (size_t i = 0; i < n; i++) {
			unsigned char c = at[i];
			out->at[out->len + i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
		}
		out->len += n;
		at += n;
		while (at < end && *at >= 0x80)
			put_lower(out, rho_cp_next(&at));
	}
}

static void strip_accents(struct rho_str in, struct rho_text *out)
{
	const unsigned char *at = (const unsigned char *)in.at, *end = at + in.len;
	while (at < end) {
		struct rho_str plain = { (const char *)at, rho_ascii_run(rest_of(at, end)) };
		rho_text_add(out, plain);
		at += plain.len;
		while (at < end && *at >= 0x80) {
			uint32_t c = rho_cp_next(&at);
			if (!(rho_cp_flags(c) & RHO_CP_MARK))
				put(out, c);
		}
	}
}

static void strip(const struct rho_normal_step *step, struct rho_str in, struct rho_text *out)
{
	const unsigned char *at = (const unsigned char *)in.at, *end = at + in.len;
	for (const unsigned char *next = at; step->left && at < end; at = next)
		if (!(rho_cp_flags(rho_cp_next(&next)) & RHO_CP_SPACE))
			break;
	while (step->right && at < end) {
		uint32_t c = rho_cp_before((const char *)end);
		char bytes[4];
		if (!(rho_cp_flags(c) & RHO_CP_SPACE))
			break;
		end -= rho_cp_put(bytes, c);
	}
	rho_text_add(out, rest_of(at, end));
}

static void replace_text(const struct rho_normal_step *step, struct rho_str in, struct rho_text *out)
{
	struct rho_str from = rho_text_view(&step->from), to = rho_text_view(&step->to);
	const char *found;
	while (in.len && (found = memmem(in.at, in.len, from.at, from.len)) && !out->spent) {
		struct rho_str before = { in.at, (size_t)(found - in.at) };
		rho_text_add(out, before);
		rho_text_add(out, to);
		in.at += before.len + from.len;
		in.len -= before.len + from.len;
	}
	rho_text_add(out, in);
}

/* Runs of blanks, or of white space, that are long enough. */
static void replace_run(const struct rho_normal_step *step, struct rho_str in, struct rho_text *out)
{
	const unsigned char *at = (const unsigned char *)in.at, *end = at + in.len, *kept = at;
	while (at < end) {
		const unsigned char *from = at, *next = at;
		size_t run = 0;
		for (; at < end; at = next, run++) {
			uint32_t c = rho_cp_next(&next);
			if (step->all_space ? !(rho_cp_flags(c) & RHO_CP_SPACE) : c != ' ')
				break;
		}
		if (run >= step->run) {
			rho_text_add(out, rest_of(kept, from));
			rho_text_add(out, rho_text_view(&step->to));
			kept = at;
		}
		at = run ? at : next;
	}
	rho_text_add(out, rest_of(kept, end));
}

void rho_normal_do(const struct rho_normal_step *step, struct rho_str in, struct rho_text *out,
                   struct rho_normalising *w)
{
	switch (step->kind) {
	case RHO_NORMAL_BERT: bert(step, in, out, w); break;
	case RHO_NORMAL_NFC:
	case RHO_NORMAL_NFD:
	case RHO_NORMAL_NFKC:
	case RHO_NORMAL_NFKD: normal_form(step->kind, in, out, w); break;
	case RHO_NORMAL_LOWERCASE: lowercase(in, out); break;
	case RHO_NORMAL_STRIP_ACCENTS: strip_accents(in, out); break;
	case RHO_NORMAL_STRIP: strip(step, in, out); break;
	case RHO_NORMAL_REPLACE:
		if (step->run)
			replace_run(step, in, out);
		else
			replace_text(step, in, out);
		break;
	case RHO_NORMAL_PREPEND:
		if (in.len)
			rho_text_add(out, rho_text_view(&step->to));
		rho_text_add(out, in);
		break;
	case RHO_NORMAL_PRECOMPILED: rho_charsmap_apply(step->map, in, out); break;
	}
}
