/* torch.c: storages and tensors of a torch.save'd checkpoint, as the pickle's values describe them. */
#include "torch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"

struct view {                   /* of a storage, in elements */
	const struct rho_storage *of;
	size_t offset, rank, shape[RHO_TENSOR_RANK], stride[RHO_TENSOR_RANK];
};

static bool size_of(const struct rho_pickle_value *v, size_t *out)
{
	*out = v->kind == RHO_PICKLE_INT && v->number >= 0 ? (size_t)v->number : 0;
	return v->kind == RHO_PICKLE_INT && v->number >= 0;
}

/* ('storage', class, key, device, elements) and, in old files, what part of the storage is meant: None or
 * (its own key, offset, elements). */
static bool read_id(const struct rho_pickle_value *id, struct rho_storage *s, size_t *offset)
{
	size_t n;
	*offset = 0;
	if (id->n < 5 || id->n > 6)
		return false;
	const struct rho_pickle_value *kind = id->item[0], *class = id->item[1], *key = id->item[2];
	const struct rho_pickle_value *part = id->n == 6 ? id->item[5] : NULL;
	if (kind->kind != RHO_PICKLE_TEXT || !rho_str_is(rho_pickle_text(kind), "storage")
	    || class->kind != RHO_PICKLE_GLOBAL || class->number < RHO_PICKLE_TYPED
	    || key->kind != RHO_PICKLE_TEXT || !size_of(id->item[4], &s->n))
		return false;
	s->key = rho_pickle_text(key);
	s->dtype = (uint32_t)(class->number - RHO_PICKLE_TYPED);
	if (!part || part->kind == RHO_PICKLE_NONE)
		return true;
	return part->kind == RHO_PICKLE_TUPLE && part->n == 3 && size_of(part->item[1], offset)
	       && size_of(part->item[2], &n) && *offset <= s->n && n <= s->n - *offset;
}

static int by_key(const void *a, const void *b)
{
	const struct rho_storage *x = a, *y = b;
	return rho_str_order(x->key, y->key);
}

int rho_torch_storages(const struct rho_pickle *p, const struct rho_blob *f, struct rho_storages *s,
                       struct rho_trouble *t)
{
	size_t n = 0, offset;
	s->at = calloc(p->n_storages + 1, sizeof(*s->at));
	if (!s->at)
		return rho_trouble_at(t, RHO_ENOMEM, f->path, 0, "no memory left for its list of storages");
	for (size_t i = 0; i < p->n_storages; i++)
		if (!read_id(p->storage[i]->argument, &s->at[i], &offset))
			return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
			                      "storage %zu is not described as torch.save does (a whole "
			                      "model was saved, not its state_dict(), or the file is damaged)",
			                      i);
	qsort(s->at, p->n_storages, sizeof(*s->at), by_key);
	for (size_t i = 0; i < p->n_storages; i++)
		if (!n || by_key(&s->at[i], &s->at[n - 1]))
			s->at[n++] = s->at[i];
	s->n = n;
	return 0;
}

struct rho_storage *rho_torch_storage(const struct rho_storages *s, struct rho_str key)
{
	struct rho_storage wanted = { .key = key };
	return bsearch(&wanted, s->at, s->n, sizeof(wanted), by_key);
}

/* The arguments of _rebuild_tensor_v2 behind a tensor or a parameter; NULL: it is neither. */
static const struct rho_pickle_value *tensor_arguments(const struct rho_pickle_value *v)
{
	if (v->kind == RHO_PICKLE_CALL && v->number == RHO_PICKLE_PARAMETER && v->argument->n)
		v = v->argument->item[0];
	bool tensor = v->kind == RHO_PICKLE_CALL
	              && (v->number == RHO_PICKLE_TENSOR || v->number == RHO_PICKLE_TENSOR_V2);
	return tensor && v->argument->n >= 4 ? v->argument : NULL;
}

static bool is_tensor(const struct rho_pickle_value *v) { return v->kind == RHO_PICKLE_CALL; }

/* Sizes of a tuple; false: it is none, or longer than a tensor may be. */
static bool sizes(const struct rho_pickle_value *v, size_t *out, size_t *n)
{
	*n = v->n;
	if (v->kind != RHO_PICKLE_TUPLE || v->n > RHO_TENSOR_RANK)
		return false;
	for (size_t i = 0; i < v->n; i++)
		if (!size_of(v->item[i], &out[i]))
			return false;
	return true;
}

static bool read_view(const struct rho_storages *s, const struct rho_pickle_value *a, struct view *v,
                      uint32_t *dtype)
{
	struct rho_storage named;
	size_t first, strides;
	if (a->item[0]->kind != RHO_PICKLE_STORAGE || !read_id(a->item[0]->argument, &named, &first)
	    || !size_of(a->item[1], &v->offset) || !sizes(a->item[2], v->shape, &v->rank)
	    || !sizes(a->item[3], v->stride, &strides) || strides != v->rank
	    || __builtin_add_overflow(v->offset, first, &v->offset))
		return false;
	*dtype = named.dtype;
	v->of = rho_torch_storage(s, named.key);
	return v->of;
}

/* Whether the last element lies inside the storage; n is the number of elements, not 0. */
static bool inside(const struct view *v, size_t elements)
{
	size_t last = v->offset, step;
	for (size_t i = 0; i < v->rank; i++)
		if (__builtin_mul_overflow(v->shape[i] - 1, v->stride[i], &step)
		    || __builtin_add_overflow(last, step, &last))
			return false;
	return last < elements;
}

static bool contiguous(const struct view *v)
{
	size_t step = 1;
	for (size_t i = v->rank; i-- > 0; step *= v->shape[i])
		if (v->shape[i] != 1 && v->stride[i] != step)
			return false;
	return true;
}

static int add_tensor(struct rho_weights *w, const struct rho_blob *f, const struct rho_storages *s,
                      struct rho_str name, const struct rho_pickle_value *value, struct rho_trouble *t)
{
	char what[300], shape[RHO_SHAPE_TEXT];
	const struct rho_pickle_value *a = tensor_arguments(value);
	struct rho_str shown = rho_str_head(name, 200);
	struct rho_tensor x = { .rank = 0 };
	struct view v;
	snprintf(what, sizeof(what), "tensor '%.*s'", (int)shown.len, shown.at);
	if (!a || !read_view(s, a, &v, &x.dtype))
		return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
		                      "%s is not described as torch.save does (storage, offset, at most 8 "
		                      "sizes, as many strides)", what);
	size_t size = rho_dtype_size(x.dtype);
	rho_shape_text(v.rank, v.shape, shape);
	if (!rho_shape_count(v.rank, v.shape, size, &x.n))
		return rho_trouble_at(t, RHO_EFORMAT, f->path, 0, "%s has shape %s, which no memory could hold",
		                      what, shape);
	if (x.n && !inside(&v, v.of->bytes / size))
		return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
		                      "%s of shape %s reaches beyond its storage of %zu elements: the file "
		                      "is cut off or damaged", what, shape, v.of->bytes / size);
	x.rank = v.rank;
	memcpy(x.shape, v.shape, sizeof(x.shape));
	x.at = x.n ? v.of->at + v.offset * size : f->at;
	if (x.n && !contiguous(&v)) {
		void *copy = rho_weights_room(w, f, what, x.n * size, t);
		if (!copy)
			return t->code;
		rho_strided_copy(copy, x.at, size, v.rank, v.shape, v.stride);
		x.at = copy;
	}
	return rho_weights_add(w, f, name, &x, t);
}

static bool has_tensors(const struct rho_pickle_value *dict)
{
	for (size_t i = 0; dict && dict->kind == RHO_PICKLE_DICT && i < dict->n; i += 2)
		if (is_tensor(dict->item[i + 1]))
			return true;
	return false;
}

/* The dictionary that holds tensors, or NULL. */
static const struct rho_pickle_value *find_tensors(const struct rho_pickle_value *root)
{
	static const char *const key[] = { "state_dict", "model_state_dict", "model" };
	if (has_tensors(root))
		return root;
	for (size_t i = 0; i < sizeof(key) / sizeof(key[0]); i++) {
		const struct rho_pickle_value *inner = rho_pickle_get(root, key[i]);
		if (has_tensors(inner))
			return inner;
	}
	return NULL;
}

int rho_torch_tensors(struct rho_weights *w, const struct rho_blob *f, const struct rho_storages *s,
                      const struct rho_pickle_value *root, struct rho_trouble *t)
{
	const struct rho_pickle_value *dict = find_tensors(root);
	if (!dict)
		return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
		                      "this holds %s without tensors; a dictionary of tensors is needed, or "
		                      "one that has it as \"state_dict\", \"model_state_dict\" or \"model\": "
		                      "save model.state_dict()",
		                      rho_pickle_kind_name(root));
	for (size_t i = 0; i < dict->n && !t->code; i += 2) {
		const struct rho_pickle_value *key = dict->item[i];
		if (!is_tensor(dict->item[i + 1]))
			continue;
		if (key->kind == RHO_PICKLE_TEXT)
			add_tensor(w, f, s, rho_pickle_text(key), dict->item[i + 1], t);
		else
			rho_trouble_at(t, RHO_EFORMAT, f->path, 0, "the name of tensor %zu is %s, not text",
			               i / 2, rho_pickle_kind_name(key));
	}
	return t->code;
}
