/* Linear layers against float64, for every engine and precision of this build. */
#include <criterion/criterion.h>
#include <math.h>
#include <pthread.h>

#include "activated.h"
#include "bare_host.h"
#include "kit/transformer/dense.h"
#include "kit/transformer/kernels.h"

enum { ENGINES = 3, PRECISIONS = 3 };

static float drawn(struct rho_rng *r)
{
	return (float)rho_normal(r);
}

/* To bfloat16, nearest even, by arithmetic on the fraction. */
static double bf16(double x)
{
	int e;
	double f = frexp(x, &e);
	return ldexp(nearbyint(ldexp(f, 8)), e - 8);
}

struct layer {                  /* a layer and the numbers it was made from */
	size_t in, out;
	float *weight, *bias;   /* (out, in), (out) or NULL */
	uint32_t activation, precision;
	struct rho_dense *dense;
};

static struct layer layer_new(struct rho_ctx *c, struct rho_rng *r, const struct rho_dense_spec *s, bool bias)
{
	struct layer l = { s->in, s->out, malloc(s->in * s->out * sizeof(float)), NULL, s->activation,
	                   s->precision, NULL };
	struct rho_dense_spec spec = *s;
	for (size_t i = 0; i < s->in * s->out; i++)
		l.weight[i] = drawn(r) / sqrtf((float)s->in);
	if (bias)
		l.bias = malloc(s->out * sizeof(float));
	for (size_t i = 0; bias && i < s->out; i++)
		l.bias[i] = drawn(r);
	spec.weight = l.weight;
	spec.bias = l.bias;
	l.dense = rho_dense_new(c, &spec);
	cr_assert_not_null(l.dense, "%s", ((struct bare_host *)c)->why);
	return l;
}

static void layer_free(struct layer *l)
{
	rho_dense_free(l->dense);
	free(l->weight);
	free(l->bias);
}

/* y (m, out), the memory of exactly the size that is asked for. */
static float *ran(const struct layer *l, const float *x, size_t m)
{
	float *y = malloc(m * l->out * sizeof *y);
	void *room = aligned_alloc(64, rho_dense_room(l->dense, m));
	rho_dense_run(l->dense, x, m, y, room);
	free(room);
	return y;
}

/* One number of y in float64, and how far float32 or whole numbers may be from it. */
static double expected(const struct layer *l, const float *x, size_t j, double step_x, double *apart)
{
	const float *w = l->weight + j * l->in;
	double sum = l->bias ? (double)l->bias[j] : 0, size = fabs(sum), step_w = 0, loss = 0;
	bool small = l->precision == RHO_PRECISION_BF16;
	for (size_t i = 0; i < l->in; i++)
		step_w = fmax(step_w, fabs((double)w[i]));
	step_w /= 63;
	for (size_t i = 0; i < l->in; i++) {
		double a = (double)x[i], b = (double)w[i];
		if (small) {
			a = bf16(a);
			b = bf16(b);
		}
		sum += a * b;
		size += fabs(a * b);
		loss += 0.51 * (step_x * fabs(b) + step_w * fabs(a)) + 0.26 * step_x * step_w;
	}
	*apart = 1.2 * (double)(l->in + 8) * 0x1p-24 * size + 1e-6 * fmax(1, fabs(sum));
	if (l->precision == RHO_PRECISION_INT8)
		*apart += 1.2 * loss;
	return activated(sum, l->activation);
}

static void compare(const struct layer *l, const float *x, size_t m)
{
	float *y = ran(l, x, m);
	double off = 0, all = 0;
	for (size_t i = 0; i < m; i++) {
		double low = 0, high = 0;
		for (size_t k = 0; k < l->in; k++) {
			low = fmin(low, (double)x[i * l->in + k]);
			high = fmax(high, (double)x[i * l->in + k]);
		}
		for (size_t j = 0; j < l->out; j++) {
			double apart, want = expected(l, x + i * l->in, j, (high - low) / 255, &apart);
			double got = (double)y[i * l->out + j];
			cr_assert_leq(fabs(got - want), apart, "%zu -> %zu, m %zu, precision %u, activation"
			              " %u: (%zu, %zu) is %.9g, not %.9g", l->in, l->out, m,
			              l->precision, l->activation, i, j, got, want);
			off += (got - want) * (got - want);
			all += want * want;
		}
	}
	if (m * l->out >= 1000)  /* the bound of int8 is for the worst case; errors cancel */
		cr_assert_leq(sqrt(off / all), l->precision == RHO_PRECISION_INT8 ? 0.03 : 1e-5);
	free(y);
}

/* check(layer, x) for a layer of this shape in every engine and precision there is; x (300, in). */
static void for_all(struct rho_rng *r, size_t in, size_t out, uint32_t activation,
                    void (*check)(const struct layer *, const float *x))
{
	float *x = malloc(300 * in * sizeof *x);
	for (size_t i = 0; i < 300 * in; i++)
		x[i] = drawn(r) + 0.3f;
	for (uint32_t e = 0; e < ENGINES; e++)
		for (uint32_t p = 0; p < PRECISIONS; p++) {
			struct bare_host h;
			struct rho_dense_spec spec = { in, out, NULL, NULL, activation, p, e };
			if (!rho_engine_has(e, p))
				continue;
			struct layer l = layer_new(bare_open(&h), r, &spec, activation % 2);
			check(&l, x);
			layer_free(&l);
			bare_close(&h);
		}
	free(x);
}

static void compare_few(const struct layer *l, const float *x)
{
	compare(l, x, 17);
}

static void compare_all(const struct layer *l, const float *x)
{
	static const size_t rows[] = { 1, 7, 16, 17, 65, 300 };
	for (size_t i = 0; i < 6; i++)
		compare(l, x, rows[i]);
}

Test(dense, all_engines_match_float64)
{
	static const size_t shapes[][2] = { { 1, 1 }, { 3, 50 }, { 37, 41 }, { 130, 1 } };
	struct rho_rng r = { { 1, 2, 3, 4 } };
	for (size_t s = 0; s < 4; s++)
		for (uint32_t a = 0; a <= RHO_ACT_TANH; a++)
			for_all(&r, shapes[s][0], shapes[s][1], a, compare_all);
	for_all(&r, 384, 1536, RHO_ACT_GELU, compare_few);
}

/* Runs of every length give each row the bits it has in a batch of 300, or are close where the engine
 * promises no more. */
static void check_rows(const struct layer *l, const float *x)
{
	static const size_t lengths[] = { 1, 7, 16, 49, 64, 100, 257 };
	float *whole = ran(l, x, 300);
	for (size_t k = 0; k < 7; k++)
		for (size_t i = 0; i < 300; i += lengths[k]) {
			size_t m = 300 - i < lengths[k] ? 300 - i : lengths[k];
			float *part = ran(l, x + i * l->in, m), *same = whole + i * l->out;
			if (rho_dense_rowwise(l->dense))
				cr_assert(!memcmp(part, same, m * l->out * sizeof *part),
				          "%zu -> %zu, precision %u: rows %zu .. %zu", l->in, l->out,
				          l->precision, i, i + m - 1);
			for (size_t j = 0; j < m * l->out; j++)
				cr_assert_float_eq(part[j], same[j], 1e-5f * fmaxf(1, fabsf(same[j])));
			free(part);
		}
	free(whole);
}

/* Whether float32 products of oneDNN are promised, too. */
static bool every_row_by_itself(void)
{
	return !strcmp(rho_kernels_at(0)->name, "avx512") && !getenv("DNNL_MAX_CPU_ISA");
}

Test(dense, a_row_does_not_depend_on_the_batch)
{
	static const size_t shapes[][2] = { { 1, 1 }, { 37, 41 }, { 384, 384 }, { 768, 100 } };
	struct rho_rng r = { { 5, 6, 7, 8 } };
	for (size_t s = 0; s < 4; s++)
		for_all(&r, shapes[s][0], shapes[s][1], RHO_ACT_GELU, check_rows);
	for (uint32_t e = 1; e < ENGINES; e++)
		for (uint32_t p = 0; p < PRECISIONS; p++) {
			struct bare_host h;
			struct rho_dense_spec spec = { 384, 96, NULL, NULL, RHO_ACT_NONE, p, e };
			if (!rho_engine_has(e, p))
				continue;
			struct layer l = layer_new(bare_open(&h), &r, &spec, true);
			if (e == RHO_ENGINE_OPENBLAS)
				cr_assert(!rho_dense_rowwise(l.dense));
			else if (p == RHO_PRECISION_INT8 || every_row_by_itself())
				cr_assert(rho_dense_rowwise(l.dense));
			layer_free(&l);
			bare_close(&h);
		}
}

/* A number that is not finite stays in its row, and does not become one that is. */
Test(dense, nan_and_infinity_stay_in_their_rows)
{
	enum { IN = 40, OUT = 24, M = 20 };
	struct rho_rng r = { { 9, 9, 9, 1 } };
	for (uint32_t e = 1; e < ENGINES; e++)
		for (uint32_t p = 0; p < PRECISIONS; p++) {
			struct bare_host h;
			struct rho_dense_spec spec = { IN, OUT, NULL, NULL, RHO_ACT_GELU, p, e };
			float x[M * IN];
			if (!rho_engine_has(e, p))
				continue;
			struct layer l = layer_new(bare_open(&h), &r, &spec, true);
			for (size_t i = 0; i < M * IN; i++)
				x[i] = drawn(&r);
			float *good = ran(&l, x, M);
			x[3 * IN + 39] = NAN;
			x[17 * IN] = INFINITY;
			x[18 * IN + 5] = -INFINITY;
			x[18 * IN + 6] = INFINITY;
			float *bad = ran(&l, x, M);
			for (size_t i = 0; i < M; i++)
				for (size_t j = 0; j < OUT; j++)
					if (i == 3)
						cr_assert(isnan(bad[i * OUT + j]));
					else if (i != 17 && i != 18)
						cr_assert_eq(bad[i * OUT + j], good[i * OUT + j]);
			for (size_t j = 0, finite = 0; j < OUT; j++) {
				finite += isfinite(bad[17 * OUT + j]) && fabsf(bad[17 * OUT + j]) > 1e-7f;
				cr_assert_eq(finite, 0);
			}
			free(good);
			free(bad);
			layer_free(&l);
			bare_close(&h);
		}
}

struct job {
	const struct layer *l;
	const float *x, *y;
	size_t m, wrong;
};

static void *run_often(void *arg)
{
	struct job *j = arg;
	for (int i = 0; i < 20; i++) {
		float *y = ran(j->l, j->x, j->m);
		j->wrong += memcmp(y, j->y, j->m * j->l->out * sizeof *y) != 0;
		free(y);
	}
	return NULL;
}

/* Two threads in one layer, a third at its own, while layers of the same shape come and go. */
Test(dense, threads_do_not_disturb_each_other)
{
	struct rho_rng r = { { 4, 3, 2, 1 } };
	for (uint32_t e = 1; e < ENGINES; e++)
		for (uint32_t p = 0; p < PRECISIONS; p++) {
			struct bare_host h;
			struct rho_ctx *c = bare_open(&h);
			struct rho_dense_spec spec = { 128, 192, NULL, NULL, RHO_ACT_GELU, p, e };
			if (!rho_engine_has(e, p))
				continue;
			struct layer l[2] = { layer_new(c, &r, &spec, true), layer_new(c, &r, &spec, false) };
			float x[100 * 128];
			struct job job[3];
			pthread_t thread[3];
			for (size_t i = 0; i < 100 * 128; i++)
				x[i] = drawn(&r);
			for (size_t i = 0; i < 3; i++) {
				size_t m = i ? 33 : 100;
				job[i] = (struct job){ &l[i / 2], x, ran(&l[i / 2], x, m), m, 0 };
				cr_assert_eq(pthread_create(&thread[i], NULL, run_often, &job[i]), 0);
			}
			for (int i = 0; i < 10; i++) {
				struct bare_host other;
				struct layer more = layer_new(bare_open(&other), &r, &spec, i % 2);
				layer_free(&more);
				bare_close(&other);
			}
			for (size_t i = 0; i < 3; i++) {
				pthread_join(thread[i], NULL);
				cr_assert_eq(job[i].wrong, 0);
				free((void *)job[i].y);
			}
			layer_free(&l[0]);
			layer_free(&l[1]);
			bare_close(&h);
		}
}

Test(dense, refusals_say_what_would_do)
{
	float w[4] = { 1, 2, 3, 4 };
	struct bare_host h;
	struct rho_ctx *c = bare_open(&h);
	struct rho_dense_spec good = { 2, 2, w, NULL, RHO_ACT_NONE, RHO_PRECISION_F32, RHO_ENGINE_AUTO };
	struct rho_dense_spec bad = good;
	bad.in = 0;
	cr_assert_null(rho_dense_new(c, &bad));
	cr_assert_not_null(strstr(h.why, "2 by 0"), "%s", h.why);
	bad = good;
	bad.activation = 99;
	cr_assert_null(rho_dense_new(c, &bad));
	bad = good;
	bad.precision = RHO_PRECISION_INT8;
	bad.in = 100000;
	cr_assert_null(rho_dense_new(c, &bad));
	cr_assert_not_null(strstr(h.why, "f32"), "%s", h.why);
	bad = good;
	bad.engine = RHO_ENGINE_OPENBLAS;
	bad.precision = RHO_PRECISION_INT8;
	cr_assert_null(rho_dense_new(c, &bad));
	cr_assert_not_null(strstr(h.why, "openblas"), "%s", h.why);
	cr_assert_not_null(strstr(h.why, "int8"), "%s", h.why);
	cr_assert(!rho_engine_has(RHO_ENGINE_OPENBLAS, RHO_PRECISION_INT8));
	cr_assert(!rho_engine_has(7, RHO_PRECISION_F32));
	cr_assert(!rho_engine_has(RHO_ENGINE_AUTO, 7));
	cr_assert(rho_engine_has(RHO_ENGINE_AUTO, RHO_PRECISION_BF16));
	cr_assert_str_eq(rho_engine_name(RHO_ENGINE_OPENBLAS), "openblas");
	if (rho_engine_has(RHO_ENGINE_ONEDNN, RHO_PRECISION_F32))
		cr_assert_str_eq(rho_engine_name(RHO_ENGINE_AUTO), "onednn");
	rho_dense_free(NULL);
	bare_close(&h);
}
