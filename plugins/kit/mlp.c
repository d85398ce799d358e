/* A multi-layer perceptron. Products go row by row of the weights, so that every sum is taken in the order
 * of its inputs and the loops over outputs can use vectors. */
#include <math.h>

#include "mlp.h"

enum {
	ROWS = 4,               /* rows that share a pass over the weights    */
	TILES = 32,             /* runs of action rows with workspace at a time */
};

#define LOSS_MOST 1e30       /* far from where float32 could follow it */

const char *const rho_mlp_units[] = { "relu", "tanh", NULL };

/* Shapes and the features' scale; no arrays yet. */
static int lay_out(struct rho_ctx *c, struct rho_mlp *m, const struct rho_features *f)
{
	double unit = f->map == RHO_FEATURES_HADAMARD ? (double)f->a_dim : sqrt((double)f->a_dim);
	if (m->how.hidden.n > RHO_MLP_LAYERS)
		return rho_fail(c, RHO_EINVAL, "hidden has %zu layers; at most %d are possible",
		                m->how.hidden.n, RHO_MLP_LAYERS);
	m->scale = (float)(m->how.scale > 0 ? m->how.scale : unit);
	m->layers = m->how.hidden.n + 1;
	m->size[0] = f->dim;
	for (size_t l = 0; l < m->layers; l++) {
		m->size[l + 1] = l + 1 < m->layers ? (size_t)m->how.hidden.at[l] : 1;
		m->at[l] = m->params;
		m->below[l] = m->room;
		m->params += (m->size[l] + 1) * m->size[l + 1];
		m->room += m->size[l + 1];
	}
	return 0;
}

int rho_mlp_open(struct rho_ctx *c, struct rho_mlp *m, const struct rho_features *f,
                 const struct rho_mlp_how *how, struct rho_rng *rng)
{
	*m = (struct rho_mlp){ .how = *how };
	int error = lay_out(c, m, f);
	if (error)
		return error;
	m->param = rho_keep_f32(c, "params", 1, m->params);
	m->first = rho_keep_f32(c, "adam_first", 1, m->params);
	m->second = rho_keep_f32(c, "adam_second", 1, m->params);
	m->steps = rho_keep_u64(c, "steps", 1, 1);
	if (!m->param || !m->first || !m->second || !m->steps)
		return RHO_ENOMEM;
	for (size_t l = 0; l < m->layers; l++) {
		double gain = how->unit == RHO_MLP_RELU && l + 1 < m->layers ? 2 : 1;
		double sd = sqrt(gain / (double)m->size[l]);
		for (size_t p = 0; p < m->size[l] * m->size[l + 1]; p++)
			m->param[m->at[l] + p] = (float)(sd * rho_normal(rng));
	}
	return 0;
}

void rho_mlp_features(const struct rho_mlp *m, const struct rho_features *f, const float *x, const float *a,
                      float *phi)
{
	rho_features_make(f, x, a, phi);
	for (size_t j = 0; j < f->dim; j++)
		phi[j] *= m->scale;
}

typedef float vec __attribute__((vector_size(32), aligned(4), may_alias));

/* ROWS rows of dense's product from column `o` on, 16 columns at a time while there are as many: gives the
 * first column that is left. x, y: the rows, of which some may be the same. */
static inline __attribute__((always_inline)) size_t wide(size_t in, size_t out, const float *const *x,
                                                         const float *w, const float *bias, bool square,
                                                         float *const *y)
{
	size_t o = 0;
	for (; o + 16 <= out; o += 16) {
		vec sum[ROWS][2];
		for (size_t r = 0; r < ROWS; r++) {
			sum[r][0] = *(const vec *)(bias + o);
			sum[r][1] = *(const vec *)(bias + o + 8);
		}
		for (size_t j = 0; j < in; j++) {
			const float *row = w + j * out + o;
			vec first = *(const vec *)row, second = *(const vec *)(row + 8);
			for (size_t r = 0; r < ROWS; r++) {
				float by = square ? x[r][j] * x[r][j] : x[r][j];
				sum[r][0] += by * first;
				sum[r][1] += by * second;
			}
		}
		for (size_t r = 0; r < ROWS; r++) {
			*(vec *)(y[r] + o) = sum[r][0];
			*(vec *)(y[r] + o + 8) = sum[r][1];
		}
	}
	return o;
}

typedef size_t wide_fn(size_t, size_t, const float *const *, const float *, const float *, bool,
                       float *const *);

static size_t wide_base(size_t in, size_t out, const float *const *x, const float *w, const float *bias,
                        bool square, float *const *y)
{
	return square ? wide(in, out, x, w, bias, true, y) : wide(in, out, x, w, bias, false, y);
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static size_t wide_avx2(size_t in, size_t out, const float *const *x,
                                                        const float *w, const float *bias, bool square,
                                                        float *const *y)
{
	return square ? wide(in, out, x, w, bias, true, y) : wide(in, out, x, w, bias, false, y);
}
#endif

/* The widest kernel this machine runs; the bits are the same. */
static wide_fn *widest(void)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		return wide_avx2;
#endif
	return wide_base;
}

/* y (n, out) = bias + x (n, in) w (in, out), or with x squared. Each sum goes over the inputs in order, so
 * a row has the same bits for any n. */
static void dense(size_t n, size_t in, size_t out, const float *x, const float *w, const float *bias,
                  bool square, float *y)
{
	wide_fn *fast = widest();
	for (size_t i = 0; i < n; i += ROWS) {
		const float *from[ROWS];
		float *to[ROWS];
		for (size_t r = 0; r < ROWS; r++) {     /* the last group repeats its first row */
			from[r] = x + (i + r < n ? i + r : i) * in;
			to[r] = y + (i + r < n ? i + r : i) * out;
		}
		for (size_t o = fast(in, out, from, w, bias, square, to); o < out; o++)
			for (size_t r = 0; r < ROWS && i + r < n; r++) {
				float sum = bias[o];
				for (size_t j = 0; j < in; j++) {
					float by = square ? from[r][j] * from[r][j] : from[r][j];
					sum += by * w[j * out + o];
				}
				to[r][o] = sum;
			}
	}
}

/* A layer's inputs. */
static const float *inputs(const struct rho_mlp *m, size_t l, size_t n, const float *x, const float *act)
{
	return l ? act + n * m->below[l - 1] : x;
}

void rho_mlp_forward(const struct rho_mlp *m, size_t n, const float *x, float *act)
{
	for (size_t l = 0; l < m->layers; l++) {
		size_t in = m->size[l], out = m->size[l + 1];
		const float *w = m->param + m->at[l];
		float *y = act + n * m->below[l];
		dense(n, in, out, inputs(m, l, n, x, act), w, w + in * out, false, y);
		for (size_t p = 0; l + 1 < m->layers && p < n * out; p++)
			y[p] = m->how.unit == RHO_MLP_TANH ? tanhf(y[p]) : y[p] > 0 ? y[p] : 0;
	}
}

const float *rho_mlp_last(const struct rho_mlp *m, size_t n, const float *x, const float *act)
{
	return inputs(m, m->layers - 1, n, x, act);
}

/* <a, b>: eight sums, so that it can use vectors without changing the order. */
static float dot(const float *a, const float *b, size_t n)
{
	float sum[8] = { 0 };
	size_t i = 0;
	for (; i + 8 <= n; i += 8)
		for (size_t l = 0; l < 8; l++)
			sum[l] += a[i + l] * b[i + l];
	for (size_t l = 0; i < n; i++, l++)
		sum[l] += a[i] * b[i];
	return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

void rho_mlp_backward(const struct rho_mlp *m, size_t n, const float *act, float *delta)
{
	for (size_t l = m->layers - 1; l; l--) {
		size_t in = m->size[l], out = m->size[l + 1];
		const float *w = m->param + m->at[l], *from = delta + n * m->below[l];
		const float *a = act + n * m->below[l - 1];
		float *to = delta + n * m->below[l - 1];
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < in; j++) {
				float y = a[i * in + j];
				float slope = m->how.unit == RHO_MLP_TANH ? 1 - y * y : y > 0 ? 1 : 0;
				to[i * in + j] = slope == 0 ? 0 :
				                 slope * dot(from + i * out, w + j * out, out);
			}
	}
}

void rho_mlp_gradient(const struct rho_mlp *m, size_t n, const float *x, const float *act,
                      const float *delta, float *gradient)
{
	for (size_t l = 0; l < m->layers; l++) {
		size_t in = m->size[l], out = m->size[l + 1];
		const float *a = inputs(m, l, n, x, act), *d = delta + n * m->below[l];
		float *w = gradient + m->at[l], *bias = w + in * out;
		for (size_t i = 0; i < n; i++) {
			for (size_t j = 0; j < in; j++)
				for (size_t o = 0; o < out; o++)
					w[j * out + o] += a[i * in + j] * d[i * out + o];
			for (size_t o = 0; o < out; o++)
				bias[o] += d[i * out + o];
		}
	}
}

void rho_mlp_norms(const struct rho_mlp *m, size_t n, const float *x, const float *act, const float *delta,
                   const float *weight, float *sums, double *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = 0;
	for (size_t l = 0; l < m->layers; l++) {
		size_t in = m->size[l], units = m->size[l + 1];
		const float *w = weight + m->at[l], *d = delta + n * m->below[l];
		/* (df/dw[j][o])² = x[j]² d[o]²: the sum over j is a product with the squared inputs. */
		dense(n, in, units, inputs(m, l, n, x, act), w, w + in * units, true, sums);
		for (size_t i = 0; i < n; i++)
			for (size_t o = 0; o < units; o++)
				out[i] += (double)sums[i * units + o] * (double)d[i * units + o] *
				          (double)d[i * units + o];
	}
}

/* One step of Adam (Kingma & Ba 2015) along gradient (params). */
static void adam(struct rho_mlp *m, const float *gradient)
{
	const double keep1 = 0.9, keep2 = 0.999;
	double t = (double)++*m->steps;
	float rate = (float)(m->how.rate * sqrt(1 - pow(keep2, t)) / (1 - pow(keep1, t)));
	float k1 = (float)keep1, k2 = (float)keep2, tiny = 1e-8f, decay = (float)m->how.decay;
	for (size_t p = 0; p < m->params; p++) {
		float g = gradient[p] + decay * m->param[p];
		m->first[p] = k1 * m->first[p] + (1 - k1) * g;
		m->second[p] = k2 * m->second[p] + (1 - k2) * g * g;
		m->param[p] -= rate * m->first[p] / (sqrtf(m->second[p]) + tiny);
	}
}

int rho_mlp_train(struct rho_ctx *c, struct rho_mlp *m, const struct rho_ring *ring, struct rho_rng *rng,
                  double *loss)
{
	size_t n = (size_t)m->how.batch, in = m->size[0], held = rho_ring_held(ring);
	float *x = rho_scratch(c, n * (in + 2 * m->room), sizeof *x);
	float *gradient = rho_scratch(c, m->params, sizeof *gradient);
	double *y = rho_scratch(c, n, sizeof *y), sum = 0;
	if (!x || !gradient || !y)
		return RHO_ENOMEM;
	float *act = x + n * in, *delta = act + n * m->room;
	size_t last = n * m->below[m->layers - 1];
	for (int64_t step = 0; step < m->how.steps; step++) {
		double now = 0;
		for (size_t i = 0; i < n; i++) {
			size_t from = rho_below(rng, (uint32_t)held);
			memcpy(x + i * in, ring->phi + from * in, in * sizeof *x);
			y[i] = ring->reward[from];
		}
		rho_mlp_forward(m, n, x, act);
		for (size_t i = 0; i < n; i++) {
			double off = (double)act[last + i] - y[i];
			now += off * off / (2 * (double)n);
			delta[last + i] = (float)(off / (double)n);
		}
		if (!(now < LOSS_MOST))
			return rho_fail(c, RHO_EINVAL, "training diverged: the loss is %g at step %llu;"
			                " lower `rate` (now %g)", now,
			                (unsigned long long)*m->steps, m->how.rate);
		sum += now;
		rho_mlp_backward(m, n, act, delta);
		memset(gradient, 0, m->params * sizeof *gradient);
		rho_mlp_gradient(m, n, x, act, delta, gradient);
		adam(m, gradient);
		if (rho_stop(c))
			return RHO_ESTOP;
	}
	*loss = sum / (double)m->how.steps;
	return 0;
}

/* What the threads of rho_mlp_each share. */
struct each {
	const struct rho_mlp *m;
	const struct rho_features *f;
	const float *x;
	struct rho_rows rows;
	size_t begin;           /* of these rows among all                   */
	rho_mlp_use *use;
	void *arg;
	float *room;            /* (TILES, RHO_MLP_TILE * (size[0] + 3 room)) */
};

static void each_tiles(void *arg, size_t from, size_t to)
{
	const struct each *e = arg;
	size_t in = e->m->size[0], room = e->m->room;
	for (size_t t = from; t < to; t++) {
		float *x = e->room + t * RHO_MLP_TILE * (in + 3 * room);
		size_t at = t * RHO_MLP_TILE, left = e->rows.n - at;
		size_t n = left < RHO_MLP_TILE ? left : RHO_MLP_TILE;
		float *act = x + n * in, *delta = act + n * room;
		for (size_t i = 0; i < n; i++)
			rho_mlp_features(e->m, e->f, e->x, rho_row(&e->rows, at + i), x + i * in);
		rho_mlp_forward(e->m, n, x, act);
		e->use(e->arg, e->begin + at, n, x, act, delta);
	}
}

int rho_mlp_each(struct rho_ctx *c, const struct rho_mlp *m, const struct rho_features *f, const float *x,
                 const struct rho_rows *rows, rho_mlp_use *use, void *arg)
{
	size_t tiles = (rows->n + RHO_MLP_TILE - 1) / RHO_MLP_TILE, some = tiles < TILES ? tiles : TILES;
	struct each e = { .m = m, .f = f, .x = x, .use = use, .arg = arg };
	e.room = rho_scratch(c, some * RHO_MLP_TILE * (m->size[0] + 3 * m->room), sizeof *e.room);
	if (!e.room)
		return RHO_ENOMEM;
	for (size_t at = 0; at < rows->n; at += TILES * RHO_MLP_TILE) {
		size_t n = rows->n - at < TILES * RHO_MLP_TILE ? rows->n - at : TILES * RHO_MLP_TILE;
		e.rows = rho_slice(*rows, at, n);
		e.begin = at;
		rho_parallel(c, (n + RHO_MLP_TILE - 1) / RHO_MLP_TILE, each_tiles, &e);
	}
	return 0;
}
