/* dense.c: linear layers: what is around the engines' products, that is rounding and quantising on the way
 * in, bias, scales and activation on the way out, in pieces that stay in the cache. */
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "dense_engine.h"
#include "kernels.h"

/* Rows are rounded to bfloat16 in float32 that many at a time. */
enum { ROUNDED = 256, MOST_INT8 = 65536, ALIGN = 64 };

static const struct rho_dense_engine *const engines[] = {
	[RHO_ENGINE_AUTO] = NULL,
#ifdef RHO_HAVE_DNNL
	[RHO_ENGINE_ONEDNN] = &rho_engine_onednn,
#endif
#ifdef RHO_HAVE_OPENBLAS
	[RHO_ENGINE_OPENBLAS] = &rho_engine_openblas,
#endif
};
enum { ENGINES = sizeof engines / sizeof *engines };

struct rho_dense {
	size_t in, out;
	uint32_t activation;
	enum rho_product product;
	bool rounds;            /* bf16 by float32 products: x is rounded first, as the weights were */
	const struct rho_dense_engine *engine;
	struct rho_packed *packed;
	float *bias;            /* (out) zeros where there is none; NULL where the product has it */
	float *scale, *sum;     /* (out) of the weights' columns; int8 alone */
};

/* The product that stands for a precision in an engine. False: none. */
static bool product_for(const struct rho_dense_engine *e, uint32_t precision, enum rho_product *product)
{
	if (precision == RHO_PRECISION_INT8)
		*product = RHO_PRODUCT_INT8;
	else if (precision == RHO_PRECISION_BF16 && e->has(RHO_PRODUCT_BF16))
		*product = RHO_PRODUCT_BF16;
	else
		*product = RHO_PRODUCT_F32;
	return e->has(*product);
}

/* NULL: the engine is not built in, or does not have the precision. */
static const struct rho_dense_engine *find_engine(uint32_t engine, uint32_t precision)
{
	enum rho_product product;
	if (precision > RHO_PRECISION_INT8)
		return NULL;
	for (size_t i = 1; i < ENGINES; i++)
		if (engines[i] && (engine == RHO_ENGINE_AUTO || engine == i) &&
		    product_for(engines[i], precision, &product))
			return engines[i];
	return NULL;
}

bool rho_engine_has(uint32_t engine, uint32_t precision)
{
	return find_engine(engine, precision) != NULL;
}

const char *rho_engine_name(uint32_t engine)
{
	static const char *const names[] = { "auto", "onednn", "openblas" };
	const struct rho_dense_engine *e = find_engine(engine, RHO_PRECISION_F32);
	return e ? e->name : engine < sizeof names / sizeof *names ? names[engine] : "unknown";
}

static size_t padded(size_t bytes)
{
	return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

/* Working memory: the rows in the product's type, the rows that come out, their scales and zero points, the
 * engine's own. Offsets into it; `end` is its size. */
struct plan {
	size_t x, y, scale, zero, scratch, end;
};

static struct plan plan_for(const struct rho_dense *w, size_t m)
{
	static const size_t x_size[] = { sizeof(float), sizeof(uint16_t), sizeof(uint8_t) };
	const struct rho_packed *p = w->packed;
	size_t most = m < p->most ? m : p->most;
	struct plan at = { 0 };
	if (p->most_padded)
		most = (most + p->most_padded - 1) / p->most_padded * p->most_padded;
	size_t short_of = most < p->most_padded ? most : p->most_padded;
	size_t x_rows = w->product != RHO_PRODUCT_F32 ? most : short_of;
	if (w->rounds)
		x_rows = most < ROUNDED ? most : ROUNDED;
	size_t y_rows = w->product == RHO_PRODUCT_INT8 ? most : short_of;
	at.y = at.x + padded(x_rows * w->in * x_size[w->product]);
	at.scale = at.y + padded(y_rows * w->out * sizeof(float));
	at.zero = at.scale + padded(w->scale ? most * sizeof(float) : 0);
	at.scratch = at.zero + padded(w->scale ? most * sizeof(float) : 0);
	at.end = at.scratch + padded(p->scratch);
	return at;
}

size_t rho_dense_room(const struct rho_dense *w, size_t m)
{
	return plan_for(w, m).end;
}

/* The n rows of x as the product reads them, rows of zeros behind up to `rows`. */
static const void *prepare(const struct rho_dense *w, const float *x, size_t n, size_t rows, char *room,
                           const struct plan *at)
{
	const struct rho_kernels *k = rho_kernels_at(0);
	size_t numbers = n * w->in, more = (rows - n) * w->in;
	void *to = room + at->x;
	if (w->product == RHO_PRODUCT_INT8) {
		k->to_u8(x, n, w->in, to, (float *)(room + at->scale), (float *)(room + at->zero));
		memset((uint8_t *)to + numbers, 0, more);
	} else if (w->product == RHO_PRODUCT_BF16) {
		k->to_bf16(x, numbers, to);
		memset((uint16_t *)to + numbers, 0, more * sizeof(uint16_t));
	} else if (w->rounds || more) {
		if (w->rounds)
			k->round_bf16(x, numbers, to);
		else
			memcpy(to, x, numbers * sizeof *x);
		memset((float *)to + numbers, 0, more * sizeof *x);
	} else {
		return x;
	}
	return to;
}

void rho_dense_run(const struct rho_dense *w, const float *x, size_t m, float *y, void *room)
{
	const struct rho_kernels *k = rho_kernels_at(0);
	const struct rho_int8_columns columns = { w->scale, w->sum, w->bias, w->out };
	struct plan at = plan_for(w, m);
	char *base = room;
	for (size_t done = 0, n; done < m; done += n, x += n * w->in, y += n * w->out) {
		size_t left = m - done;
		size_t rows = w->engine->rows(w->packed, w->rounds && left > ROUNDED ? ROUNDED : left);
		n = rows < left ? rows : left;
		bool aside = n < rows || w->product == RHO_PRODUCT_INT8;
		void *product = aside ? (void *)(base + at.y) : y;
		if (!w->engine->multiply(w->packed, prepare(w, x, n, rows, base, &at), rows, product,
		                         base + at.scratch)) {
			for (size_t i = 0; i < n * w->out; i++)
				y[i] = NAN;
		} else if (w->product == RHO_PRODUCT_INT8) {
			k->from_int32(product, n, &columns, (const float *)(base + at.scale),
			              (const float *)(base + at.zero), w->activation, y);
		} else {
			if (aside)
				memcpy(y, product, n * w->out * sizeof *y);
			k->finish(y, w->bias, n, w->out, w->activation);
		}
	}
}

bool rho_dense_rowwise(const struct rho_dense *w)
{
	return w->packed->rowwise;
}

static int check(struct rho_ctx *c, const struct rho_dense_spec *s)
{
	static const char *const precisions[] = { "f32", "bf16", "int8" };
	if (!s->in || !s->out || s->in > INT_MAX || s->out > INT_MAX ||
	    s->in > SIZE_MAX / sizeof(float) / s->out)
		return rho_fail(c, RHO_EINVAL, "a linear layer of %zu by %zu numbers; each must be between 1"
		                " and %d", s->out, s->in, INT_MAX);
	if (s->activation > RHO_ACT_TANH || s->precision > RHO_PRECISION_INT8)
		return rho_fail(c, RHO_EINVAL, "there is no activation %u or no precision %u", s->activation,
		                s->precision);
	if (s->precision == RHO_PRECISION_INT8 && s->in > MOST_INT8)
		return rho_fail(c, RHO_EINVAL, "precision int8 sums at most %d products, and a layer has %zu"
		                " inputs; use precision = \"f32\"", MOST_INT8, s->in);
	if (!find_engine(s->engine, s->precision))
		return rho_fail(c, RHO_EINVAL, "the engine %s does not have precision %s here; use engine ="
		                " \"auto\" or precision = \"f32\"%s", rho_engine_name(s->engine),
		                precisions[s->precision], rho_engine_has(RHO_ENGINE_AUTO, s->precision) ? "" :
		                " (int8 needs rho built with oneDNN)");
	return 0;
}

/* The weights as int8_t (out, in), their scales and sums into w. NULL: no memory. */
static int8_t *quantise(struct rho_dense *w, const float *weight)
{
	int limit = w->engine->int8_limit();
	int8_t *q = malloc(w->in * w->out);
	for (size_t i = 0; q && i < w->out; i++)
		w->scale[i] = rho_kernels_at(0)->to_s8(weight + i * w->in, w->in, limit, q + i * w->in,
		                                       &w->sum[i]);
	return q;
}

/* Sets w->packed; NULL there: the reason is recorded. */
static void pack(struct rho_ctx *c, struct rho_dense *w, const float *weight)
{
	void *other = NULL;     /* the weights in another type */
	size_t numbers = w->in * w->out;
	if (w->product == RHO_PRODUCT_INT8)
		other = quantise(w, weight);
	else if (w->rounds && (other = malloc(numbers * sizeof(float))))
		rho_kernels_at(0)->round_bf16(weight, numbers, other);
	if (!other && (w->rounds || w->product == RHO_PRODUCT_INT8))
		rho_fail(c, RHO_ENOMEM, "no memory for %zu weights", numbers);
	else
		w->packed = w->engine->pack(c, w->product, w->in, w->out, other ? other : weight,
		                            w->product == RHO_PRODUCT_INT8 ? NULL : w->bias);
	free(other);
	if (w->packed && w->packed->adds_bias)
		w->bias = NULL;
}

struct rho_dense *rho_dense_new(struct rho_ctx *c, const struct rho_dense_spec *s)
{
	struct rho_dense *w;
	if (check(c, s) || !(w = rho_alloc(c, 1, sizeof *w)))
		return NULL;
	w->in = s->in;
	w->out = s->out;
	w->activation = s->activation;
	w->engine = find_engine(s->engine, s->precision);
	product_for(w->engine, s->precision, &w->product);
	w->rounds = s->precision == RHO_PRECISION_BF16 && w->product == RHO_PRODUCT_F32;
	if (s->bias || w->product == RHO_PRODUCT_INT8) {
		w->bias = rho_alloc(c, s->out, sizeof *w->bias);
		if (!w->bias)
			return NULL;
		if (s->bias)
			memcpy(w->bias, s->bias, s->out * sizeof *w->bias);
	}
	if (w->product == RHO_PRODUCT_INT8) {
		w->scale = rho_alloc(c, s->out, sizeof *w->scale);
		w->sum = rho_alloc(c, s->out, sizeof *w->sum);
		if (!w->scale || !w->sum)
			return NULL;
	}
	pack(c, w, s->weight);
	return w->packed ? w : NULL;
}

void rho_dense_free(struct rho_dense *w)
{
	if (w)
		w->engine->free(w->packed);
}
