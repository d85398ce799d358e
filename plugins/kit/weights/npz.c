/* npz.c: NumPy's archives of arrays. An array in C order is used where it is mapped; one in Fortran order
 * is copied into C order. What NumPy would unpickle (dtype 'O') is refused. */
#include <stdio.h>
#include <string.h>

#include "../text.h"
#include "zip.h"

struct array {                  /* what the head of a .npy says */
	struct rho_str descr;
	bool fortran;
	size_t rank, shape[RHO_TENSOR_RANK];
	unsigned seen;          /* bits of the keys */
};

/* The head is a Python dictionary with three keys; this reads as much of that language. */
struct scan {
	const char *at, *end;
};

static bool eat(struct scan *s, const char *word)
{
	size_t n = strlen(word);
	while (s->at < s->end && (*s->at == ' ' || (*s->at >= '\t' && *s->at <= '\r')))
		s->at++;
	if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n))
		return false;
	s->at += n;
	return true;
}

static bool quoted(struct scan *s, struct rho_str *out)
{
	char quote = eat(s, "'") ? '\'' : eat(s, "\"") ? '"' : 0;
	const char *end = quote ? memchr(s->at, quote, (size_t)(s->end - s->at)) : NULL;
	if (!end)
		return false;
	*out = (struct rho_str){ s->at, (size_t)(end - s->at) };
	s->at = end + 1;
	return true;
}

static bool size(struct scan *s, size_t *out)
{
	const char *first;
	eat(s, "");
	*out = 0;
	for (first = s->at; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++)
		if (__builtin_mul_overflow(*out, (size_t)10, out)
		    || __builtin_add_overflow(*out, (size_t)(*s->at - '0'), out))
			return false;
	bool any = s->at > first;
	if (any && s->at < s->end && *s->at == 'L')     /* Python 2 wrote long integers so */
		s->at++;
	return any;
}

/* A tuple of sizes: "()", "(3,)", "(3, 4)". */
static bool shape(struct scan *s, struct array *a)
{
	bool comma = true;
	if (!eat(s, "("))
		return false;
	for (a->rank = 0; !eat(s, ")"); a->rank++) {
		if (!comma || a->rank == RHO_TENSOR_RANK || !size(s, &a->shape[a->rank]))
			return false;
		comma = eat(s, ",");
	}
	return comma || a->rank != 1;   /* (3) is no tuple */
}

static bool entry(struct scan *s, struct array *a)
{
	struct rho_str key;
	unsigned bit = 0;
	if (!quoted(s, &key) || !eat(s, ":"))
		return false;
	if (rho_str_is(key, "descr") && quoted(s, &a->descr))
		bit = 1;
	else if (rho_str_is(key, "fortran_order") && ((a->fortran = eat(s, "True")) || eat(s, "False")))
		bit = 2;
	else if (rho_str_is(key, "shape") && shape(s, a))
		bit = 4;
	bool fresh = bit && !(a->seen & bit);
	a->seen |= bit;
	return fresh;
}

static bool dictionary(struct scan *s, struct array *a)
{
	bool comma = true;
	if (!eat(s, "{"))
		return false;
	while (!eat(s, "}")) {
		if (!comma || !entry(s, a))
			return false;
		comma = eat(s, ",");
	}
	eat(s, "");
	return a->seen == 7 && s->at == s->end;
}

/* Where the data of a .npy (len bytes at p) begins, its head read; 0: it is no .npy of ours. */
static size_t read_head(const unsigned char *p, size_t len, struct array *a)
{
	if (len < 12 || memcmp(p, "\x93NUMPY", 6) || p[6] < 1 || p[6] > 3 || p[7])
		return 0;
	size_t prefix = p[6] == 1 ? 10 : 12, text = p[6] == 1 ? rho_u16_at(p + 8) : rho_u32_at(p + 8);
	if (text > len - prefix)
		return 0;
	struct scan s = { (const char *)p + prefix, (const char *)p + prefix + text };
	return dictionary(&s, a) ? prefix + text : 0;
}

/* '<f4' and so on; RHO_DT_F64 + 1: none of ours. */
static uint32_t dtype_of(struct rho_str descr)
{
	static const char name[][4] = { "b1", "u1", "i1", "i2", "i4", "i8", "f2", "", "f4", "f8" };
	uint32_t i = RHO_DT_F64 + 1;
	if (descr.len != 3)
		return i;
	struct rho_str code = { descr.at + 1, 2 };
	for (i = 0; i <= RHO_DT_F64 && !rho_str_is(code, name[i]); )
		i++;
	bool any_order = i <= RHO_DT_F64 && rho_dtype_size(i) == 1;
	return descr.at[0] == '<' || (any_order && descr.at[0] == '|') ? i : RHO_DT_F64 + 1;
}

/* Fortran order as strides: the first index runs fastest. */
static int reorder(struct rho_weights *w, const struct rho_blob *f, struct rho_str name, struct rho_tensor *x,
                   struct rho_trouble *t)
{
	char what[300];
	size_t stride[RHO_TENSOR_RANK], step = 1, bytes = rho_dtype_size(x->dtype);
	struct rho_str head = rho_str_head(name, 200);
	snprintf(what, sizeof(what), "array '%.*s' (in Fortran order)", (int)head.len, head.at);
	for (size_t i = 0; i < x->rank; i++) {
		stride[i] = step;
		step *= x->shape[i];
	}
	void *to = rho_weights_room(w, f, what, x->n * bytes, t);
	if (to)
		rho_strided_copy(to, x->at, bytes, x->rank, x->shape, stride);
	x->at = to;
	return t->code;
}

static int read_array(struct rho_weights *w, const struct rho_blob *f, struct rho_str name,
                      const unsigned char *p, size_t len, struct rho_trouble *t)
{
	struct array a = { .rank = 0 };
	struct rho_tensor x = { .rank = 0 };
	struct rho_str shown = rho_str_head(name, 200);
	char words[RHO_SHAPE_TEXT];
	size_t data = read_head(p, len, &a);
	if (!data)
		return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
		                      "array '%.*s' has no proper .npy head (format 1 to 3, a dictionary of "
		                      "descr, fortran_order and shape of at most 8 dimensions)",
		                      (int)shown.len, shown.at);
	x.dtype = dtype_of(a.descr);
	if (x.dtype > RHO_DT_F64)
		return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
		                      "array '%.*s' is of type '%.*s'; read are |b1, |u1, |i1, <i2, <i4, "
		                      "<i8, <f2, <f4 and <f8 (astype('<f4') makes one)", (int)shown.len,
		                      shown.at,
		                      (int)rho_str_head(a.descr, 20).len, a.descr.at);
	x.rank = a.rank;
	memcpy(x.shape, a.shape, sizeof(x.shape));
	x.at = p + data;
	if (!rho_shape_count(x.rank, x.shape, rho_dtype_size(x.dtype), &x.n)
	    || x.n * rho_dtype_size(x.dtype) != len - data)
		return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
		                      "array '%.*s' of shape %s and type %.3s has %zu bytes of data, which "
		                      "is not what that takes", (int)shown.len, shown.at,
		                      rho_shape_text(x.rank, x.shape, words),
		                      a.descr.at, len - data);
	if (a.fortran && x.rank > 1 && x.n && reorder(w, f, name, &x, t))
		return t->code;
	return rho_weights_add(w, f, name, &x, t);
}

int rho_read_npz(struct rho_weights *w, const struct rho_zip *z, struct rho_trouble *t)
{
	bool any = false;
	for (size_t i = 0; i < z->n; i++) {
		const struct rho_zip_entry *e = &z->entry[i];
		const unsigned char *at;
		struct rho_str name = e->name;
		if (name.len < 5 || memcmp(name.at + name.len - 4, ".npy", 4))
			continue;
		name.len -= 4;
		any = true;
		if (rho_zip_bytes(z, e, w, &at, t) || read_array(w, z->file, name, at, (size_t)e->size, t))
			return t->code;
	}
	return any ? 0 : rho_trouble_at(t, RHO_EFORMAT, z->file->path, 0,
	                                "this zip archive holds neither NumPy's arrays (NAME.npy) nor what "
	                                "torch.save writes (FOLDER/data.pkl)");
}
