/* Lists of ids in kept arrays, as ids or as a bit an id. */
#include <stdio.h>

#include "idlists.h"

enum { NAME_BYTES = 64 };

static const char *named(char *to, const char *name, const char *what)
{
	snprintf(to, NAME_BYTES, "%s_%s", name, what);
	return to;
}

int rho_idlists_open(struct rho_ctx *c, struct rho_idlists *l, const char *name, const struct rho_idlists_how *how)
{
	char s[NAME_BYTES];
	size_t words = how->n_ids / 64 + (how->n_ids % 64 != 0), wide;
	bool bits = how->sets && !how->incl && !how->dim && words <= how->most / 2;
	*l = (struct rho_idlists){ .how = *how, .words = bits ? words : 0 };
	if (__builtin_mul_overflow(how->most, how->dim, &wide))
		return rho_fail(c, RHO_ENOMEM, "%zu candidates of %zu numbers are more than any machine holds",
		                how->most, how->dim);
	l->n = rho_keep_u32(c, named(s, name, "n"), 1, how->places);
	if (bits)
		l->bit = rho_keep_u64(c, named(s, name, "bit"), how->places, words);
	else
		l->id = rho_keep_u32(c, named(s, name, "id"), how->places, how->most);
	if (how->incl)
		l->incl = rho_keep_f32(c, named(s, name, "incl"), how->places, how->most);
	if (how->dim)
		l->row = rho_keep_f32(c, named(s, name, "row"), how->places, wide);
	return l->n && (l->bit || l->id) && (!how->incl || l->incl) && (!how->dim || l->row) ? 0 : RHO_ENOMEM;
}

int rho_idlists_loaded(struct rho_ctx *c, const struct rho_idlists *l)
{
	for (size_t p = 0; p < l->how.places; p++) {
		size_t n = l->n[p] ? l->n[p] - 1 : 0, set = 0;
		if (n > l->how.most)
			return rho_fail(c, RHO_EFORMAT, "the checkpoint holds a list of %zu ids where %zu are the most",
			                n, l->how.most);
		for (size_t j = 0; !l->words && j < n; j++)
			if (l->id[p * l->how.most + j] >= l->how.n_ids)
				return rho_fail(c, RHO_EFORMAT, "the checkpoint holds the id %u; there are %zu",
				                l->id[p * l->how.most + j], l->how.n_ids);
		for (size_t j = 0; n && j < l->words; j++)
			set += (size_t)__builtin_popcountll(l->bit[p * l->words + j]);
		if (n && l->words && (set != n || (l->how.n_ids % 64 &&
		                                   l->bit[(p + 1) * l->words - 1] >> l->how.n_ids % 64)))
			return rho_fail(c, RHO_EFORMAT, "the checkpoint says that a list has %zu ids and holds"
			                " other bits", n);
	}
	return 0;
}

int rho_idlists_put(struct rho_ctx *c, struct rho_idlists *l, size_t place, const uint32_t *id, size_t n,
                    const float *incl, const struct rho_rows *actions)
{
	if (!id && !l->row) {
		l->n[place] = 0;
		return 0;
	}
	if (n > l->how.most)
		return rho_fail(c, RHO_EBUG, "a list of %zu ids came where at most %zu were declared", n,
		                l->how.most);
	l->n[place] = (uint32_t)n + 1;
	if (l->words)
		memset(l->bit + place * l->words, 0, l->words * sizeof *l->bit);
	for (size_t j = 0; j < n; j++) {
		uint32_t a = id ? id[j] : (uint32_t)j;
		size_t at = place * l->how.most + j;
		if (a >= l->how.n_ids)
			return rho_fail(c, RHO_EBUG, "a list holds the id %u; there are %zu", a, l->how.n_ids);
		if (l->words)
			l->bit[place * l->words + a / 64] |= (uint64_t)1 << a % 64;
		else
			l->id[at] = a;
		if (l->incl)
			l->incl[at] = incl ? incl[j] : 1;
		if (l->row)
			memcpy(l->row + at * l->how.dim, rho_row(actions, a), l->how.dim * sizeof *l->row);
	}
	return 0;
}

int rho_idlists_put_cand(struct rho_ctx *c, struct rho_idlists *l, size_t place, const struct rho_batch *b, size_t i)
{
	size_t from = rho_cand_at(b, i);
	return rho_idlists_put(c, l, place, b->cand_off ? b->cand + from : NULL, rho_n_cand(b, i),
	                       b->incl ? b->incl + from : NULL, &b->actions);
}

void rho_idlists_copy(struct rho_idlists *l, size_t place, const struct rho_idlists *of, size_t from)
{
	size_t most = l->how.most, dim = l->how.dim, n = of->n[from] ? of->n[from] - 1 : 0;
	l->n[place] = of->n[from];
	if (l->words)
		memcpy(l->bit + place * l->words, of->bit + from * l->words, l->words * sizeof *l->bit);
	else
		memcpy(l->id + place * most, of->id + from * most, n * sizeof *l->id);
	if (l->incl)
		memcpy(l->incl + place * most, of->incl + from * most, n * sizeof *l->incl);
	if (l->row)
		memcpy(l->row + place * most * dim, of->row + from * most * dim, n * dim * sizeof *l->row);
}

struct rho_idlist rho_idlists_get(const struct rho_idlists *l, size_t place, uint32_t *room)
{
	size_t most = l->how.most;
	struct rho_idlist out = { .n = l->how.n_ids };
	if (!l->n[place])
		return out;
	out.n = l->n[place] - 1;
	out.incl = l->incl ? l->incl + place * most : NULL;
	out.row = l->row ? l->row + place * most * l->how.dim : NULL;
	if (!l->words) {
		out.id = l->id + place * most;
		return out;
	}
	out.bit = l->bit + place * l->words;
	for (size_t w = 0, n = 0; room && w < l->words; w++)
		for (uint64_t left = out.bit[w]; left; left &= left - 1)
			room[n++] = (uint32_t)(w * 64) + (uint32_t)__builtin_ctzll(left);
	out.id = room;
	return out;
}
