/* tower.c: transformer layers over packed tokens.
 *
 * What follows attention (output product, norm, the two products of the feed-forward part, norm) is done for
 * a tile of rows at a time, so that what one step writes is still in the second-level cache for the next. */
#include "tower.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "layers.h"
#include "room.h"

enum { TILE = 256, NAME = 512 };

struct layer {
	struct rho_dense *qkv, *o, *inner, *outer;
	struct rho_norm norm1, norm2;
};

struct rho_tower {
	size_t layers, dim, heads, inner;
	float eps;
	bool pre_norm, causal;
	struct layer *layer;    /* (layers) */
};

/* ---- reading parameters ---- */

/* The tensor of that name, floating-point, of this shape and finite; NULL with trouble. */
static const struct rho_tensor *want(struct rho_weights *w, const char *name, size_t rank,
                                     const size_t *shape, struct rho_trouble *t)
{
	struct rho_trouble numbers = { 0 };
	const struct rho_tensor *x = rho_weights_want(w, name, rank, shape, t);
	if (!x || !rho_tensor_finite(x, &numbers))
		return x;
	rho_trouble_at(t, numbers.code, rho_weights_file(w), 0, "%s", numbers.text);
	return NULL;
}

static int join(char *out, const char *a, const char *b, const char *c, struct rho_trouble *t)
{
	int n = snprintf(out, NAME, "%s%s%s", a, b, c);
	if (n >= 0 && n < NAME)
		return 0;
	return rho_trouble_set(t, RHO_EFORMAT, "a tensor's name is longer than %d bytes: %.80s…", NAME - 1,
	                       out);
}

/* Hands trouble on. */
static int tell(struct rho_ctx *c, const struct rho_trouble *t)
{
	return t->code ? rho_fail(c, t->code, "%s", t->text) : 0;
}

/* *out: a copy of the tensor of that full name. */
static int copy(struct rho_ctx *c, struct rho_weights *w, const char *name, size_t rank, const size_t *shape,
                const float **out)
{
	struct rho_trouble t = { 0 };
	const struct rho_tensor *x = want(w, name, rank, shape, &t);
	float *mine = x ? rho_alloc(c, x->n, sizeof *mine) : NULL;
	if (!x)
		return tell(c, &t);
	if (!mine)
		return RHO_ENOMEM;
	rho_tensor_read(x, 0, x->n, mine);
	*out = mine;
	return 0;
}

int rho_tower_param(struct rho_ctx *c, struct rho_weights *w, const char *prefix, const char *name,
                    size_t rank, const size_t *shape, const float **out)
{
	struct rho_trouble t = { 0 };
	char full[NAME];
	return join(full, prefix, name, "", &t) ? tell(c, &t) : copy(c, w, full, rank, shape, out);
}

int rho_tower_table(struct rho_ctx *c, struct rho_weights *w, const char *prefix, const char *name,
                    size_t rows, size_t cols, const struct rho_tensor **out)
{
	const size_t shape[] = { rows, cols };
	struct rho_trouble t = { 0 };
	char full[NAME];
	if (!join(full, prefix, name, "", &t))
		*out = want(w, full, 2, shape, &t);
	return tell(c, &t);
}

int rho_tower_norm(struct rho_ctx *c, struct rho_weights *w, const char *prefix, const char *name, size_t dim,
                   struct rho_norm *out)
{
	struct rho_trouble t = { 0 };
	char gamma[NAME], beta[NAME];
	if (join(gamma, prefix, name, ".gamma", &t) || join(beta, prefix, name, ".beta", &t))
		return tell(c, &t);
	if (!rho_weights_find(w, gamma)
	    && (join(gamma, prefix, name, ".weight", &t) || join(beta, prefix, name, ".bias", &t)))
		return tell(c, &t);
	int code = copy(c, w, gamma, 1, &dim, &out->gamma);
	return code ? code : copy(c, w, beta, 1, &dim, &out->beta);
}

int rho_tower_dense(struct rho_ctx *c, const struct rho_dense_spec *s, struct rho_dense **out)
{
	*out = rho_dense_new(c, s);
	if (*out)
		return 0;
	return rho_engine_has(s->engine, s->precision) ? RHO_ENOMEM : RHO_EINVAL;
}

/* The prefix of tensor i where its name ends in `name` after nothing or a dot: its length, else SIZE_MAX. */
static size_t prefix_of(const struct rho_weights *w, size_t i, const char *name)
{
	const char *full = rho_weights_at(w, i)->name;
	size_t n = strlen(full), tail = strlen(name);
	if (n < tail || strcmp(full + n - tail, name) != 0)
		return SIZE_MAX;
	return n == tail || full[n - tail - 1] == '.' ? n - tail : SIZE_MAX;
}

int rho_tower_prefix(struct rho_ctx *c, const struct rho_weights *w, const char *name, const char *config,
                     char *prefix, size_t room)
{
	size_t best = SIZE_MAX, at = 0;
	for (size_t i = 0; i < rho_weights_n(w); i++) {
		size_t n = prefix_of(w, i, name);
		if (n < best) {
			best = n;
			at = i;
		}
	}
	if (best == SIZE_MAX)
		return rho_fail(c, RHO_EFORMAT,
		                "%s: there is no tensor %s, under any prefix, among its %zu, the"
		                " first of them %.80s; are these the weights of the model that %s describes?",
		                rho_weights_file(w), name, rho_weights_n(w),
		                rho_weights_n(w) ? rho_weights_at(w, 0)->name : "(none)", config);
	if (best >= room)
		return rho_fail(c, RHO_EFORMAT, "%s: the prefix of %s is longer than %zu bytes",
		                rho_weights_file(w), name, room - 1);
	memcpy(prefix, rho_weights_at(w, at)->name, best);
	prefix[best] = '\0';
	return 0;
}

void rho_tower_log_unused(struct rho_ctx *c, const struct rho_weights *w)
{
	struct rho_text list = { 0 };
	size_t unused = 0;
	for (size_t i = 0; i < rho_weights_n(w); i++) {
		if (rho_weights_used(w, i))
			continue;
		unused++;
		rho_text_join(&list, ", ", rho_str_of(rho_weights_at(w, i)->name));
	}
	if (unused)
		rho_log(c, RHO_DEBUG, "%s: %zu tensors are not used: %.*s", rho_weights_file(w), unused,
		        (int)(list.len < 4000 ? list.len : 4000), list.at ? list.at : "");
	rho_text_free(&list);
}

/* ---- opening ---- */

struct loader {                 /* what opening a tower carries around */
	struct rho_ctx *ctx;
	struct rho_weights *w;
	const struct rho_tower_spec *spec;
	char prefix[NAME];      /* of the layer being read */
	float *weight;          /* room for the widest linear layer */
	float *bias;
	struct rho_trouble t;
};

/* Rows first .. first + out - 1 of the weight in hand, and the bias, from tensors NAME.weight (out, in) and
 * .bias. */
static int read_linear(struct loader *l, const char *name, size_t in, size_t out, size_t first)
{
	const size_t shape[] = { out, in };
	char full[NAME];
	const struct rho_tensor *x = NULL;
	if (!join(full, l->prefix, name, ".weight", &l->t))
		x = want(l->w, full, 2, shape, &l->t);
	if (x)
		rho_tensor_read(x, 0, x->n, l->weight + first * in);
	x = NULL;
	if (!l->t.code && !join(full, l->prefix, name, ".bias", &l->t))
		x = want(l->w, full, 1, shape, &l->t);
	if (x)
		rho_tensor_read(x, 0, x->n, l->bias + first);
	return tell(l->ctx, &l->t);
}

static int pack(struct loader *l, size_t in, size_t out, uint32_t activation, struct rho_dense **dense)
{
	const struct rho_dense_spec s = {
		.in = in, .out = out, .weight = l->weight, .bias = l->bias, .activation = activation,
		.precision = l->spec->precision, .engine = l->spec->engine,
	};
	return rho_tower_dense(l->ctx, &s, dense);
}

static int open_layer(struct loader *l, struct layer *out)
{
	const struct rho_tower_spec *s = l->spec;
	const struct rho_tower_names *name = s->names;
	size_t d = s->dim, wide = s->inner;
	const char *const qkv[] = { name->q, name->k, name->v };
	int code = 0;
	for (size_t i = 0; i < 3 && !code; i++)
		code = read_linear(l, qkv[i], d, d, i * d);
	if (!code)
		code = pack(l, d, 3 * d, RHO_ACT_NONE, &out->qkv);
	if (!code)
		code = read_linear(l, name->o, d, d, 0);
	if (!code)
		code = pack(l, d, d, RHO_ACT_NONE, &out->o);
	if (!code)
		code = read_linear(l, name->inner, d, wide, 0);
	if (!code)
		code = pack(l, d, wide, s->activation, &out->inner);
	if (!code)
		code = read_linear(l, name->outer, wide, d, 0);
	if (!code)
		code = pack(l, wide, d, RHO_ACT_NONE, &out->outer);
	if (!code)
		code = rho_tower_norm(l->ctx, l->w, l->prefix, name->norm1, d, &out->norm1);
	return code ? code : rho_tower_norm(l->ctx, l->w, l->prefix, name->norm2, d, &out->norm2);
}

/* A layer that the config does not count would be left out in silence. */
static int refuse_more_layers(struct loader *l)
{
	const struct rho_tower_spec *s = l->spec;
	char front[NAME];
	if (join(front, s->prefix, s->names->layer, "", &l->t))
		return tell(l->ctx, &l->t);
	size_t n = strlen(front);
	for (size_t i = 0; i < rho_weights_n(l->w); i++) {
		const char *name = rho_weights_at(l->w, i)->name;
		if (!strncmp(name, front, n) && name[n] >= '0' && name[n] <= '9'
		    && strtoul(name + n, NULL, 10) >= s->layers)
			return rho_fail(l->ctx, RHO_EFORMAT,
			                "%s: there is a tensor %.200s, but %s says the model"
			                " has %zu layers; the two do not belong together",
			                rho_weights_file(l->w), name, s->config, s->layers);
	}
	return 0;
}

/* What the config says is checked against the file's first layer before memory is taken for it. */
static int check_sizes(struct loader *l)
{
	const struct rho_tower_spec *s = l->spec;
	const size_t square[] = { s->dim, s->dim }, tall[] = { s->inner, s->dim };
	char q[NAME], inner[NAME];
	if (!join(l->prefix, s->prefix, s->names->layer, "0.", &l->t) &&
	    !join(q, l->prefix, s->names->q, ".weight", &l->t) &&
	    !join(inner, l->prefix, s->names->inner, ".weight", &l->t) &&
	    rho_weights_want(l->w, q, 2, square, &l->t))
		rho_weights_want(l->w, inner, 2, tall, &l->t);
	return tell(l->ctx, &l->t);
}

static int open_layers(struct loader *l, struct rho_tower *t)
{
	const struct rho_tower_spec *s = l->spec;
	size_t widest = s->inner > 3 * s->dim ? s->inner : 3 * s->dim;
	l->weight =
		rho_scratch(l->ctx, widest * s->dim, sizeof *l->weight); /* (widest, dim) or (dim, inner) */
	l->bias = rho_scratch(l->ctx, widest, sizeof *l->bias);
	if (!l->weight || !l->bias)
		return RHO_ENOMEM;
	for (size_t i = 0; i < s->layers; i++) {
		char number[32];
		snprintf(number, sizeof number, "%zu.", i);
		int code = join(l->prefix, s->prefix, s->names->layer, number, &l->t) ? tell(l->ctx, &l->t) :
		           open_layer(l, &t->layer[i]);
		if (code)
			return code;
	}
	return 0;
}

int rho_tower_open(struct rho_ctx *c, struct rho_weights *w, const struct rho_tower_spec *s,
                   struct rho_tower **out)
{
	struct loader l = { .ctx = c, .w = w, .spec = s };
	struct rho_tower *t = rho_alloc(c, 1, sizeof *t);
	if (!t)
		return RHO_ENOMEM;
	*t = (struct rho_tower){ .layers = s->layers, .dim = s->dim, .heads = s->heads, .inner = s->inner,
	                         .eps = s->eps, .pre_norm = s->pre_norm, .causal = s->causal };
	t->layer = rho_alloc(c, s->layers, sizeof *t->layer);
	if (!t->layer)
		return RHO_ENOMEM;
	int code = refuse_more_layers(&l);
	if (!code)
		code = check_sizes(&l);
	if (!code)
		code = open_layers(&l, t);
	if (code)
		rho_tower_close(t);
	else
		*out = t;
	return code;
}

void rho_tower_close(struct rho_tower *t)
{
	for (size_t i = 0; t && i < t->layers; i++) {
		rho_dense_free(t->layer[i].qkv);
		rho_dense_free(t->layer[i].o);
		rho_dense_free(t->layer[i].inner);
		rho_dense_free(t->layer[i].outer);
	}
}

bool rho_tower_rowwise(const struct rho_tower *t)
{
	const struct layer *l = &t->layer[0];
	return rho_dense_rowwise(l->qkv) && rho_dense_rowwise(l->o) && rho_dense_rowwise(l->inner)
	       && rho_dense_rowwise(l->outer);
}

/* ---- running ---- */

struct room {                   /* one call's working memory, in parts */
	float *qkv;             /* (m, 3 dim) */
	float *seen;            /* (m, dim): what attention gives */
	float *narrow;          /* (TILE, dim) */
	float *wide;            /* (TILE, inner) */
	void *dense, *attention;
};

static size_t most(size_t a, size_t b) { return a > b ? a : b; }

/* Lays out the room; the bytes it takes. `at` NULL: counts only. */
static size_t lay_out(const struct rho_tower *t, size_t m, size_t longest, void *at, struct room *r)
{
	const struct layer *l = &t->layer[0];
	size_t total = 0, tile = m < TILE ? m : TILE;
	size_t dense = most(most(rho_dense_room(l->qkv, tile), rho_dense_room(l->o, tile)),
	                    most(rho_dense_room(l->inner, tile), rho_dense_room(l->outer, tile)));
	r->qkv = rho_carve(at, &total, m * 3 * t->dim * sizeof(float));
	r->seen = rho_carve(at, &total, m * t->dim * sizeof(float));
	r->narrow = rho_carve(at, &total, tile * t->dim * sizeof(float));
	r->wide = rho_carve(at, &total, tile * t->inner * sizeof(float));
	r->dense = rho_carve(at, &total, dense);
	r->attention = rho_carve(at, &total, rho_attention_room(longest, t->heads, t->dim / t->heads));
	return total;
}

size_t rho_tower_room(const struct rho_tower *t, size_t m, size_t longest)
{
	struct room r;
	return lay_out(t, m, longest, NULL, &r);
}

/* Queries, keys and values of x (m, dim), a tile at a time. */
static void project(const struct rho_tower *t, const struct layer *l, const float *x, size_t m,
                    const struct room *r)
{
	size_t d = t->dim;
	for (size_t i = 0, n; i < m; i += n) {
		const float *in = x + i * d;
		n = m - i < TILE ? m - i : TILE;
		if (t->pre_norm) {
			rho_layer_norm(in, NULL, n, d, l->norm1.gamma, l->norm1.beta, t->eps, r->narrow);
			in = r->narrow;
		}
		rho_dense_run(l->qkv, in, n, r->qkv + i * 3 * d, r->dense);
	}
}

/* Everything after attention for x (n, dim) and what its rows have seen, n <= TILE. */
static void finish(const struct rho_tower *t, const struct layer *l, float *x, const float *seen, size_t n,
                   const struct room *r)
{
	size_t d = t->dim;
	rho_dense_run(l->o, seen, n, r->narrow, r->dense);
	if (t->pre_norm) {
		rho_add_rows(x, r->narrow, n * d);
		rho_layer_norm(x, NULL, n, d, l->norm2.gamma, l->norm2.beta, t->eps, r->narrow);
		rho_dense_run(l->inner, r->narrow, n, r->wide, r->dense);
		rho_dense_run(l->outer, r->wide, n, r->narrow, r->dense);
		rho_add_rows(x, r->narrow, n * d);
	} else {
		rho_layer_norm(r->narrow, x, n, d, l->norm1.gamma, l->norm1.beta, t->eps, x);
		rho_dense_run(l->inner, x, n, r->wide, r->dense);
		rho_dense_run(l->outer, r->wide, n, r->narrow, r->dense);
		rho_layer_norm(r->narrow, x, n, d, l->norm2.gamma, l->norm2.beta, t->eps, x);
	}
}

static void gather(float *x, size_t d, const size_t *row, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (row[i] != i)
			memcpy(x + i * d, x + row[i] * d, d * sizeof *x);
}

void rho_tower_run(const struct rho_tower *t, float *x, const size_t *start, size_t n, size_t first,
                   size_t last, const size_t *only, void *room)
{
	size_t m = start[n], d = t->dim, longest = 0;
	struct room r;
	for (size_t i = 0; i < n; i++)
		longest = most(longest, start[i + 1] - start[i]);
	lay_out(t, m, longest, room, &r);
	for (size_t k = first; k < last; k++) {
		const struct layer *l = &t->layer[k];
		project(t, l, x, m, &r);
		for (size_t i = 0; i < n; i++)
			rho_attention(r.qkv + start[i] * 3 * d, start[i + 1] - start[i], t->heads,
			              d / t->heads, t->causal, r.seen + start[i] * d, r.attention);
		if (only && k + 1 == last) {
			gather(x, d, only, n);
			gather(r.seen, d, only, n);
			m = n;
		}
		for (size_t i = 0, tile; i < m; i += tile) {
			tile = m - i < TILE ? m - i : TILE;
			finish(t, l, x + i * d, r.seen + i * d, tile, &r);
		}
	}
}
