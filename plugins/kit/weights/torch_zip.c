/* torch_zip.c: what torch.save writes since 1.6: a zip archive of FOLDER/data.pkl, with the bytes of storage
 * KEY in FOLDER/data/KEY. They are stored, aligned, and used where they are mapped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "torch.h"
#include "zip.h"

/* FOLDER/NAME's entry, or NULL; FOLDER with its slash. */
static const struct rho_zip_entry *member(const struct rho_zip *z, struct rho_str folder, const char *sub,
                                          struct rho_str name)
{
	struct rho_text path = { 0 };
	rho_text_add(&path, folder);
	rho_text_adds(&path, sub);
	rho_text_add(&path, name);
	const struct rho_zip_entry *e = path.spent ? NULL : rho_zip_find(z, rho_text_view(&path));
	rho_text_free(&path);
	return e;
}

static int check_order(struct rho_weights *w, const struct rho_zip *z, struct rho_str folder,
                       struct rho_trouble *t)
{
	const struct rho_zip_entry *e = member(z, folder, "", rho_str_of("byteorder"));
	const unsigned char *at;
	if (!e)
		return 0;       /* written before 2.1, or by a machine that takes little-endian for granted */
	if (rho_zip_bytes(z, e, w, &at, t))
		return t->code;
	struct rho_str order = { (const char *)at, (size_t)e->size };
	if (rho_str_is(rho_str_trim(order), "little"))
		return 0;
	return rho_trouble_at(t, RHO_EFORMAT, z->file->path, 0,
	                      "its numbers are not little-endian; save it again on a common machine");
}

static int fill(struct rho_weights *w, const struct rho_zip *z, struct rho_str folder, struct rho_storage *s,
                struct rho_trouble *t)
{
	const struct rho_zip_entry *e = member(z, folder, "data/", s->key);
	struct rho_str shown = rho_str_head(s->key, 100);
	if (!e)
		return rho_trouble_at(t, RHO_EFORMAT, z->file->path, 0,
		                      "storage '%.*s' is not in the archive", (int)shown.len, shown.at);
	if (rho_zip_bytes(z, e, w, &s->at, t))
		return t->code;
	s->bytes = (size_t)e->size;
	if (s->n > s->bytes / rho_dtype_size(s->dtype))
		return rho_trouble_at(t, RHO_EFORMAT, z->file->path, 0,
		                      "storage '%.*s' has %zu bytes, too few for %zu elements of %s",
		                      (int)shown.len,
		                      shown.at, s->bytes, s->n, rho_dtype_name(s->dtype));
	return 0;
}

int rho_read_torch_zip(struct rho_weights *w, const struct rho_zip *z, const struct rho_zip_entry *pickle,
                       struct rho_trouble *t)
{
	struct rho_pickle p = { 0 };
	struct rho_storages s = { 0 };
	struct rho_str folder = { pickle->name.at, pickle->name.len - strlen("data.pkl") };
	struct rho_blob f = { .path = z->file->path, .len = (size_t)pickle->size };
	size_t at = 0;
	if (member(z, folder, "", rho_str_of("constants.pkl")))
		return rho_trouble_at(t, RHO_EFORMAT, f.path, 0,
		                      "this is a TorchScript program, not a checkpoint: save "
		                      "model.state_dict()");
	if (check_order(w, z, folder, t) || rho_zip_bytes(z, pickle, w, &f.at, t))
		return t->code;
	const struct rho_pickle_value *root = rho_pickle_read(&p, &f, &at, t);
	if (root && !rho_torch_storages(&p, &f, &s, t)) {
		for (size_t i = 0; i < s.n && !t->code; i++)
			fill(w, z, folder, &s.at[i], t);
		if (!t->code)
			rho_torch_tensors(w, &f, &s, root, t);
	}
	free(s.at);
	rho_pickle_free(&p);
	return t->code;
}
