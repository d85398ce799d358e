/* torch_legacy.c: what torch.save wrote before 1.6: pickles one after another (a magic number, the protocol,
 * facts about the system, the object, the keys of its storages in order), then for each storage the
 * number of its elements and the elements. They are used where they are mapped. */
#include <stdlib.h>
#include <string.h>

#include "torch.h"

#define PROTOCOL 1001

struct parts {
	const struct rho_pickle_value *magic, *protocol, *system, *root, *keys;
};

static int damaged(const struct rho_blob *f, struct rho_trouble *t, const char *what)
{
	return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
	                      "%s: the file is damaged, or no PyTorch checkpoint", what);
}

/* 0x1950a86a20f9469cfc6c */
static bool is_magic(const struct rho_pickle_value *v)
{
	return v->kind == RHO_PICKLE_LONG && v->n == 10
	       && !memcmp(v->text, "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
}

static int read_parts(struct rho_pickle *p, const struct rho_blob *f, size_t *at, struct parts *x,
                      struct rho_trouble *t)
{
	if (!(x->magic = rho_pickle_read(p, f, at, t)))
		return t->code;
	if (!is_magic(x->magic))
		return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
		                      "this is a pickle of %s, but not one that torch.save writes",
		                      rho_pickle_kind_name(x->magic));
	if (!(x->protocol = rho_pickle_read(p, f, at, t)) || !(x->system = rho_pickle_read(p, f, at, t)))
		return t->code;
	if (x->protocol->kind != RHO_PICKLE_INT || x->protocol->number != PROTOCOL)
		return damaged(f, t, "its protocol is not 1001");
	const struct rho_pickle_value *little = rho_pickle_get(x->system, "little_endian");
	if (little && (little->kind != RHO_PICKLE_BOOL || !little->number))
		return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
		                      "its numbers are not little-endian; save it again on a common machine");
	if (!(x->root = rho_pickle_read(p, f, at, t)) || !(x->keys = rho_pickle_read(p, f, at, t)))
		return t->code;
	return x->keys->kind == RHO_PICKLE_LIST ? 0 : damaged(f, t, "the keys of its storages are no list");
}

static int fill(const struct rho_blob *f, const struct rho_storages *s, const struct rho_pickle_value *key,
                size_t *at, struct rho_trouble *t)
{
	bool text = key->kind == RHO_PICKLE_TEXT;
	struct rho_storage *x = text ? rho_torch_storage(s, rho_pickle_text(key)) : NULL;
	if (!x || x->at)
		return damaged(f, t, "the keys of its storages are not those that its tensors name");
	size_t size = rho_dtype_size(x->dtype);
	uint64_t n = f->len - *at >= 8 ? rho_u64_at(f->at + *at) : 0;
	if (f->len - *at < 8 || n > (f->len - *at - 8) / size)
		return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
		                      "the file ends in the middle of its storages: it is cut off; fetch it "
		                      "again");
	if (n != x->n)
		return damaged(f, t, "a storage has another number of elements than its tensors say");
	x->at = f->at + *at + 8;
	x->bytes = (size_t)n * size;
	*at += 8 + x->bytes;
	return 0;
}

int rho_read_torch_legacy(struct rho_weights *w, const struct rho_blob *f, struct rho_trouble *t)
{
	struct rho_pickle p = { 0 };
	struct rho_storages s = { 0 };
	struct parts x = { 0 };
	size_t at = 0;
	if (!read_parts(&p, f, &at, &x, t) && !rho_torch_storages(&p, f, &s, t)) {
		for (size_t i = 0; i < x.keys->n && !t->code; i++)
			fill(f, &s, x.keys->item[i], &at, t);
		if (!t->code)
			rho_torch_tensors(w, f, &s, x.root, t);
	}
	free(s.at);
	rho_pickle_free(&p);
	return t->code;
}
