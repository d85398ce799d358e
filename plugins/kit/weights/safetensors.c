/* safetensors.c: a length, a JSON object that says where each tensor lies, and the tensors: they are used
 * where they are mapped. The format's own rules are kept to: no tensor outside the file, none over
 * another, no hole between them, nothing behind the last. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "checkpoint.h"

#define LONGEST_HEADER ((size_t)16 << 20)       /* some 130,000 tensors; its JSON tree takes 20 times that */

struct span {                   /* of a tensor in the data, behind the header */
	uint64_t from, to;
	const char *name;
};

struct header {
	const struct rho_blob *file;
	const unsigned char *data;
	uint64_t len;           /* of data */
	struct span *span;      /* (n) */
	size_t n;
};

static int damaged(const struct header *h, const char *name, struct rho_trouble *t, const char *what)
{
	return rho_trouble_at(t, RHO_EFORMAT, h->file->path, 0, "tensor '%.200s' in the header %s", name,
	                      what);
}

/* The dtype's number; RHO_DT_F64 + 1: none of ours. */
static uint32_t dtype_of(const char *name)
{
	uint32_t i = 0;
	while (i <= RHO_DT_F64 && strcmp(name, rho_dtype_name(i)))
		i++;
	return i;
}

static int read_shape(const struct header *h, const char *name, const json_t *list, struct rho_tensor *x,
                      struct rho_trouble *t)
{
	if (!json_is_array(list))
		return damaged(h, name, t, "has no \"shape\" that is a list");
	x->rank = json_array_size(list);
	if (x->rank > RHO_TENSOR_RANK)
		return damaged(h, name, t, "has more than 8 dimensions");
	for (size_t i = 0; i < x->rank; i++) {
		const json_t *v = json_array_get(list, i);
		if (!json_is_integer(v) || json_integer_value(v) < 0)
			return damaged(h, name, t, "has a \"shape\" with something in it that is no size");
		x->shape[i] = (size_t)json_integer_value(v);
	}
	return 0;
}

static int read_span(const struct header *h, const char *name, const json_t *list, struct span *s,
                     struct rho_trouble *t)
{
	const json_t *from = json_array_get(list, 0), *to = json_array_get(list, 1);
	if (json_array_size(list) != 2 || !json_is_integer(from) || !json_is_integer(to)
	    || json_integer_value(from) < 0 || json_integer_value(to) < json_integer_value(from))
		return damaged(h, name, t, "has no \"data_offsets\" that are two numbers in order");
	*s = (struct span){ (uint64_t)json_integer_value(from), (uint64_t)json_integer_value(to), name };
	if (s->to > h->len)
		return rho_trouble_at(t, RHO_EFORMAT, h->file->path, 0,
		                      "tensor '%.200s' lies at bytes %" PRIu64 " to %" PRIu64
		                      " of the data, of which there are %" PRIu64
		                      ": the file is cut off or damaged; fetch it again",
		                      name, s->from, s->to, h->len);
	return 0;
}

static int read_tensor(struct rho_weights *w, struct header *h, const char *name, const json_t *what,
                       struct rho_trouble *t)
{
	const char *dtype = json_string_value(json_object_get(what, "dtype"));
	char shape[RHO_SHAPE_TEXT];
	struct rho_tensor x = { .rank = 0 };
	struct span *s = &h->span[h->n++];
	if (!json_is_object(what))
		return damaged(h, name, t, "is no object with dtype, shape and data_offsets");
	if (!dtype)
		return damaged(h, name, t, "has no \"dtype\"");
	x.dtype = dtype_of(dtype);
	if (x.dtype > RHO_DT_F64)
		return rho_trouble_at(t, RHO_EFORMAT, h->file->path, 0,
		                      "tensor '%.200s' is of type '%.20s'; read are BOOL, U8, I8, I16, I32, "
		                      "I64, F16, BF16, F32 and F64", name, dtype);
	if (read_shape(h, name, json_object_get(what, "shape"), &x, t)
	    || read_span(h, name, json_object_get(what, "data_offsets"), s, t))
		return t->code;
	size_t size = rho_dtype_size(x.dtype);
	rho_shape_text(x.rank, x.shape, shape);
	if (!rho_shape_count(x.rank, x.shape, size, &x.n))
		return rho_trouble_at(t, RHO_EFORMAT, h->file->path, 0,
		                      "tensor '%.200s' has shape %s, which no memory could hold", name,
		                      shape);
	if (s->to - s->from != x.n * size)
		return rho_trouble_at(t, RHO_EFORMAT, h->file->path, 0,
		                      "tensor '%.200s' of shape %s and type %s takes %zu bytes, and the header "
		                      "gives it %" PRIu64, name, shape, dtype, x.n * size, s->to - s->from);
	x.at = h->data + s->from;
	return rho_weights_add(w, h->file, rho_str_of(name), &x, t);
}

static int by_place(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

/* Each tensor begins where the one before ends. */
static int check_spans(struct header *h, struct rho_trouble *t)
{
	uint64_t end = 0;
	qsort(h->span, h->n, sizeof(h->span[0]), by_place);
	for (size_t i = 0; i < h->n; i++) {
		const struct span *s = &h->span[i];
		if (s->from < end)
			return rho_trouble_at(t, RHO_EFORMAT, h->file->path, 0,
			                      "tensors '%.200s' and '%.200s' overlap at byte %" PRIu64
			                      " of the data", h->span[i - 1].name, s->name, s->from);
		if (s->from > end)
			return rho_trouble_at(t, RHO_EFORMAT, h->file->path, 0,
			                      "%" PRIu64 " bytes of the data before tensor '%.200s' belong to "
			                      "no tensor, which safetensors does not allow", s->from - end, s->name);
		end = s->to;
	}
	if (end != h->len)
		return rho_trouble_at(t, RHO_EFORMAT, h->file->path, 0,
		                      "%" PRIu64 " bytes of the data behind the last tensor belong to no "
		                      "tensor, which safetensors does not allow", h->len - end);
	return 0;
}

static int read_all(struct rho_weights *w, struct header *h, json_t *root, struct rho_trouble *t)
{
	const char *name;
	json_t *what;
	h->span = calloc(json_object_size(root) + 1, sizeof(*h->span));
	if (!h->span)
		return rho_trouble_at(t, RHO_ENOMEM, h->file->path, 0, "no memory left for its header");
	json_object_foreach(root, name, what) {
		if (!strcmp(name, "__metadata__") && json_is_object(what))
			continue;
		if (read_tensor(w, h, name, what, t))
			return t->code;
	}
	return check_spans(h, t);
}

int rho_read_safetensors(struct rho_weights *w, const struct rho_blob *f, struct rho_trouble *t)
{
	uint64_t len = f->len >= 8 ? rho_u64_at(f->at) : 0;
	json_error_t e;
	int code = RHO_EFORMAT;
	if (f->len < 9 || (len <= f->len - 8 && f->at[8] != '{'))
		return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
		                      "this is none of the formats that are read: safetensors, PyTorch's "
		                      "(zip and legacy), NumPy's .npz");
	if (len > f->len - 8)
		return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
		                      "as safetensors its header would be %" PRIu64 " bytes long, and only %zu "
		                      "follow: it is cut off (fetch it again), or of a format that is not read here",
		                      len, f->len - 8);
	if (len > LONGEST_HEADER)
		return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
		                      "its header is %" PRIu64 " bytes long; at most %zu are read", len,
		                      LONGEST_HEADER);
	json_t *root = json_loadb((const char *)f->at + 8, (size_t)len, JSON_REJECT_DUPLICATES, &e);
	if (!root && json_error_code(&e) == json_error_out_of_memory)
		code = RHO_ENOMEM;
	if (!root)
		return rho_trouble_at(t, code, f->path, 0, "the header is damaged at its byte %d: %s", e.position,
		                      e.text);
	struct header h = { .file = f, .data = f->at + 8 + len, .len = f->len - 8 - len };
	read_all(w, &h, root, t);
	free(h.span);
	json_decref(root);
	return t->code;
}
