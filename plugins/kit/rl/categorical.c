/* Softmax over many actions, a tile at a time: a tile of exponentials stays in the first cache, its sum is a
 * number that draws find their way by. */
#include <math.h>

#include "categorical.h"

enum { LANES = 16, TILE = RHO_SOFT_TILE };

#define INLINE static inline __attribute__((always_inline))
#define LOWEST -87.3365448f     /* ln 2^-126 */

struct kernels {
	float (*most)(const float *, size_t);
	void (*close)(const float *, uint32_t, float *);
	double (*exps)(const float *, size_t, float, float *);
	void (*shift)(const float *, size_t, float, float, float *);
	void (*slope)(const float *, size_t, float, float, float, float *);
	void (*back)(const float *, const float *, size_t, float, float *);
	double (*mean)(const float *, const float *, size_t, float *);
	double (*apart)(const float *, const float *, size_t, float *);
};

/* e^x for x <= 0 within 2e-7 relative, 0 below LOWEST; NaN stays NaN. A minimax polynomial over half a binary
 * step; what is rounded to a whole number by adding 1.5 * 2^23 stands in the low bits of the sum. */
INLINE float exp_below(float x)
{
	float c = x < LOWEST ? LOWEST : x, t = c * 1.44269504f + 12582912.0f, n = t - 12582912.0f, p, scale;
	float r = (c - n * 0.693359375f) + n * 2.12194440e-4f;  /* ln 2 in two parts, the first exact in products */
	uint32_t bits;
	memcpy(&bits, &t, sizeof bits);
	bits = (bits << 23) + 0x3f800000u;
	memcpy(&scale, &bits, sizeof scale);
	p = 0.0013843365f * r + 0.00837440416f;
	p = p * r + 0.0416680202f;
	p = p * r + 0.166664287f;
	p = p * r + 0.49999994f;
	p = p * r + 1;
	p = (p * r + 1) * scale;
	return x < LOWEST ? 0 : p;
}

INLINE double across(const double *sum)
{
	double half[LANES / 2];
	for (size_t l = 0; l < LANES / 2; l++)
		half[l] = sum[l] + sum[l + LANES / 2];
	return ((half[0] + half[4]) + (half[2] + half[6])) + ((half[1] + half[5]) + (half[3] + half[7]));
}

#define NAME(x) x##_base
#define TARGET
#include "categorical_kernel.h"

#ifdef __x86_64__
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2")))
#include "categorical_kernel.h"

#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#include "categorical_kernel.h"
#endif

static const struct kernels *widest(void)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		return &kernels_avx512;
	if (__builtin_cpu_supports("avx2"))
		return &kernels_avx2;
#endif
	return &kernels_base;
}

static size_t width(size_t k, size_t from)
{
	return k - from < TILE ? k - from : TILE;
}

/* Places from .. from + n - 1 (from a multiple of TILE) of v, -INFINITY where masked: v itself, or a copy. */
static const float *seen(const struct kernels *f, const float *v, const uint64_t *mask, size_t from, size_t n,
                         float *copy)
{
	uint64_t closed = 0;
	size_t j = 0;
	if (!mask)
		return v + from;
	for (; j < n; j += 64)
		closed |= ~mask[(from + j) / 64] & (n - j < 64 ? ((uint64_t)1 << (n - j)) - 1 : ~(uint64_t)0);
	if (!closed)
		return v + from;
	for (j = 0; j + 32 <= n; j += 32)
		f->close(v + from + j, (uint32_t)(mask[(from + j) / 64] >> j % 64), copy + j);
	for (; j < n; j++)
		copy[j] = mask[(from + j) / 64] >> j % 64 & 1 ? v[from + j] : -INFINITY;
	return copy;
}

static bool any_nan(const float *x, size_t n)
{
	for (size_t j = 0; j < n; j++)
		if (isnan(x[j]))
			return true;
	return false;
}

/* Σ exp(v - *most) over what may be chosen, 0 where nothing may: a tile at a time by its own maximum, so that a row
 * is read once. tile (rho_soft_tiles(k)): its parts, then the tiles' maxima; or NULL. */
static double sum_of(const struct kernels *f, const float *v, const uint64_t *mask, size_t k, float *most,
                     double *tile)
{
	size_t tiles = (k + TILE - 1) / TILE;
	float copy[TILE], e[TILE];
	double sum = 0;
	*most = -INFINITY;
	for (size_t t = 0; t < tiles; t++) {
		size_t n = width(k, t * TILE);
		const float *x = seen(f, v, mask, t * TILE, n, copy);
		float here = f->most(x, n);
		double part = here > -INFINITY ? f->exps(x, n, here, e) : any_nan(x, n) ? NAN : 0;
		if (here > *most) {
			sum = sum * exp((double)*most - (double)here) + part;
			*most = here;
		} else {
			sum += here > -INFINITY ? part * exp((double)here - (double)*most) : part;
		}
		if (tile) {
			tile[t] = part;
			tile[tiles + t] = (double)here;
		}
	}
	/* By the row's maximum, and 0 where no exponential by it is above 0. */
	for (size_t t = 0; tile && t < tiles; t++) {
		double by = tile[tiles + t] - (double)*most;
		tile[t] = by < (double)LOWEST ? 0 : tile[t] * exp(by);
	}
	return sum;
}

double rho_log_sum_exp(const float *logit, const uint64_t *mask, size_t k)
{
	float most;
	double sum = sum_of(widest(), logit, mask, k, &most, NULL);
	return sum == 0 ? -INFINITY : (double)most + log(sum);
}

double rho_log_softmax(const float *logit, const uint64_t *mask, size_t k, float *out)
{
	const struct kernels *f = widest();
	float copy[TILE], room[TILE], most;
	double sum = sum_of(f, logit, mask, k, &most, NULL), log_sum = log(sum);
	for (size_t j = 0; sum == 0 && j < k; j++)
		out[j] = -INFINITY;
	for (size_t from = 0; sum != 0 && from < k; from += TILE) {
		size_t n = width(k, from);
		f->shift(seen(f, logit, mask, from, n, copy), n, most, (float)log_sum, room);
		memcpy(out + from, room, n * sizeof *out);
	}
	return sum == 0 ? -INFINITY : (double)most + log_sum;
}

void rho_policy_grad(const float *logp, size_t k, size_t a, double w, double wh, double entropy, float *grad)
{
	const struct kernels *f = widest();
	float room[TILE], h = wh != 0 ? (float)entropy : 0;
	for (size_t from = 0; from < k; from += TILE) {
		size_t n = width(k, from);
		f->slope(logp + from, n, (float)w, (float)wh, h, room);
		memcpy(grad + from, room, n * sizeof *grad);
	}
	grad[a] += (float)w;
}

void rho_log_softmax_back(const float *logp, const float *g, size_t k, float *grad)
{
	const struct kernels *f = widest();
	double sum[LANES] = { 0 };
	float room[TILE];
	for (size_t j = 0; j < k; j++)
		sum[j % LANES] += (double)g[j];
	for (size_t from = 0; from < k; from += TILE) {
		size_t n = width(k, from);
		f->back(logp + from, g + from, n, (float)across(sum), room);
		memcpy(grad + from, room, n * sizeof *grad);
	}
}

double rho_entropy(const float *logp, size_t k)
{
	const struct kernels *f = widest();
	float room[TILE];
	double sum = 0;
	for (size_t from = 0; from < k; from += TILE)
		sum -= f->mean(logp + from, NULL, width(k, from), room);
	return sum;
}

double rho_kl(const float *logp, const float *logq, size_t k)
{
	const struct kernels *f = widest();
	float room[TILE];
	double sum = 0;
	for (size_t from = 0; from < k; from += TILE)
		sum += f->apart(logp + from, logq + from, width(k, from), room);
	return sum;
}

double rho_expectation(const float *logp, const float *v, size_t k)
{
	const struct kernels *f = widest();
	float room[TILE];
	double sum = 0;
	for (size_t from = 0; from < k; from += TILE)
		sum += f->mean(logp + from, v + from, width(k, from), room);
	return sum;
}

size_t rho_best(const float *v, const uint64_t *mask, size_t k)
{
	const struct kernels *f = widest();
	float copy[TILE], most = -INFINITY;
	size_t at = k;
	for (size_t from = 0; from < k; from += TILE) {
		size_t n = width(k, from);
		float here = f->most(seen(f, v, mask, from, n, copy), n);
		at = here > most || at == k ? from : at;
		most = here > most ? here : most;
	}
	for (; at < k; at++)
		if (v[at] == most && (!mask || mask[at / 64] >> at % 64 & 1))
			return at;
	return k;
}

size_t rho_sampled_logits(const float *logit, const float *q, size_t n, float *out)
{
	for (size_t j = 0; j < n; j++) {
		if (!(q[j] > 0 && q[j] <= 1))
			return j;
		out[j] = (float)((double)logit[j] - log((double)q[j]));
	}
	return n;
}

/* ---- draws ---- */

bool rho_soft_open(struct rho_soft *s, const float *logit, const uint64_t *mask, size_t k, double *tile)
{
	*s = (struct rho_soft){ .logit = logit, .mask = mask, .k = k, .tile = tile };
	s->sum = sum_of(widest(), logit, mask, k, &s->most, tile);
	return s->sum > 0;
}

static bool may(const struct rho_soft *s, size_t j)
{
	return !s->mask || s->mask[j / 64] >> j % 64 & 1;
}

double rho_soft_log(const struct rho_soft *s, size_t j)
{
	return may(s, j) ? (double)(s->logit[j] - s->most) - log(s->sum) : -INFINITY;
}

/* e (n) = exp(logit - most) of the tile that begins at `from`. */
static size_t weights(const struct rho_soft *s, size_t from, float *e)
{
	const struct kernels *f = widest();
	float copy[TILE];
	size_t n = width(s->k, from);
	f->exps(seen(f, s->logit, s->mask, from, n, copy), n, s->most, e);
	return n;
}

size_t rho_soft_draw(const struct rho_soft *s, struct rho_rng *rng)
{
	double left = rho_unif(rng) * s->sum;
	size_t tiles = (s->k + TILE - 1) / TILE, t = 0, last = 0;
	float e[TILE];
	/* Rounding may leave a little behind the last tile that holds anything. */
	for (size_t i = 0; i < tiles; i++)
		last = s->tile[i] > 0 ? i : last;
	for (; t < last && left >= s->tile[t]; t++)
		left -= s->tile[t];
	size_t n = weights(s, t * TILE, e), hit = 0;
	for (size_t j = 0; j < n; j++) {
		if (!(e[j] > 0))
			continue;
		hit = j;
		left -= (double)e[j];
		if (left < 0)
			break;
	}
	return t * TILE + hit;
}

/* A standard exponential variable. */
static double exponential(struct rho_rng *rng)
{
	return -log1p(-rho_unif(rng));
}

/* The places with the s smallest keys so far: a heap, the largest of them on top. */
struct race {
	uint32_t *place;
	double *key;
	size_t n;
};

static void sift(struct race *r, size_t at, double key, uint32_t place)
{
	for (size_t child; (child = 2 * at + 1) < r->n; at = child) {
		child += child + 1 < r->n && r->key[child + 1] > r->key[child];
		if (r->key[child] <= key)
			break;
		r->key[at] = r->key[child];
		r->place[at] = r->place[child];
	}
	r->key[at] = key;
	r->place[at] = place;
}

static void race_add(struct race *r, double key, uint32_t place)
{
	size_t at = r->n++;
	for (size_t up; at && r->key[up = (at - 1) / 2] < key; at = up) {
		r->key[at] = r->key[up];
		r->place[at] = r->place[up];
	}
	r->key[at] = key;
	r->place[at] = place;
}

/* Smallest first. */
static size_t race_sort(struct race *r)
{
	size_t all = r->n;
	while (r->n > 1) {
		double key = r->key[0];
		uint32_t place = r->place[0];
		r->n--;
		sift(r, 0, r->key[r->n], r->place[r->n]);
		r->key[r->n] = key;
		r->place[r->n] = place;
	}
	return all;
}

/* All that may be chosen race in logarithms, so that no weight is too small. */
static void race_plain(const struct rho_soft *s, struct rho_rng *rng, size_t want, struct race *r)
{
	r->n = 0;
	for (size_t j = 0; j < s->k; j++) {
		if (!may(s, j) || s->logit[j] == -INFINITY)
			continue;
		double key = log(exponential(rng)) - (double)s->logit[j];
		if (r->n < want)
			race_add(r, key, (uint32_t)j);
		else if (key < r->key[0])
			sift(r, 0, key, (uint32_t)j);
	}
}

/* Place j arrives at Exp(1) / e_j. Those behind the s-th so far, at τ, need no time of their own: the weight up
 * to the next that arrives before τ is Exp(1) / τ, and its time is that of one that arrives before τ. */
static void race_by_jumps(const struct rho_soft *s, struct rho_rng *rng, size_t want, struct race *r)
{
	double jump = INFINITY;
	float e[TILE];
	for (size_t from = 0; from < s->k; from += TILE) {
		if (r->n == want && jump >= s->tile[from / TILE]) {
			jump -= s->tile[from / TILE];
			continue;
		}
		size_t n = weights(s, from, e);
		for (size_t j = 0; j < n; j++) {
			double w = (double)e[j];
			if (!(w > 0))
				continue;
			if (r->n < want) {
				race_add(r, exponential(rng) / w, (uint32_t)(from + j));
			} else {
				jump -= w;
				if (jump >= 0)
					continue;
				sift(r, 0, -log1p(rho_unif(rng) * expm1(-r->key[0] * w)) / w, (uint32_t)(from + j));
			}
			if (r->n == want)
				jump = exponential(rng) / r->key[0];
		}
	}
}

size_t rho_soft_top(const struct rho_soft *s, struct rho_rng *rng, size_t want, uint32_t *place, double *key)
{
	struct race r = { place, key, 0 };
	if (!want)
		return 0;
	race_by_jumps(s, rng, want, &r);
	if (r.n < want)
		race_plain(s, rng, want, &r);
	return race_sort(&r);
}

/* ln Σ exp(logit) of what may be chosen but for place[0 .. n - 1]. */
static double rest_of(const struct rho_soft *s, const uint32_t *place, size_t n)
{
	float most = -INFINITY;
	double sum = 0;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t j = 0; j < s->k; j++) {
			bool gone = !may(s, j);
			for (size_t i = 0; i < n && !gone; i++)
				gone = place[i] == j;
			if (gone)
				continue;
			if (pass)
				sum += exp((double)s->logit[j] - (double)most);
			else
				most = s->logit[j] > most ? s->logit[j] : most;
		}
	}
	return (double)most + log(sum);
}

void rho_soft_slate(const struct rho_soft *s, const uint32_t *place, size_t n, float *logp)
{
	double left = s->sum;
	for (size_t i = 0; i < n; i++) {
		double mine = (double)s->logit[place[i]];
		/* Where those before hold nearly all, what is left is summed by itself. */
		if (left > 1e-6 * s->sum)
			logp[i] = (float)(mine - (double)s->most - log(left));
		else
			logp[i] = (float)(mine - rest_of(s, place, i));
		left -= (double)exp_below(s->logit[place[i]] - s->most);
	}
}
