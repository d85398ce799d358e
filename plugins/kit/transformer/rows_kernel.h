/* rows_kernel.h: layer norm, activations, and the ways between float32 and the smaller types, in the
 * vectors of the file that includes it. A row's bits depend on that row alone. */
#include "dense.h"

#define INLINE static inline __attribute__((always_inline))

/* e^x within 1.5e-7 relative for |x| <= 80; beyond, as at the bound. NaN stays NaN. A minimax polynomial
 * over half a binary step, then the exponent. */
TARGET INLINE vec exp_of(vec x)
{
	const vec bound = splat(80);
	x = least(bound, most(-bound, x));
	vec n = whole(x * splat(1.44269504f));
	vec r = mul_add(n, splat(-0.693359375f), x);    /* ln 2 in two parts, the first exact in products */
	r = mul_add(n, splat(2.12194440e-4f), r);
	vec p = mul_add(splat(0.0013843365f), r, splat(0.00837440416f));
	p = mul_add(p, r, splat(0.0416680202f));
	p = mul_add(p, r, splat(0.166664287f));
	p = mul_add(p, r, splat(0.49999994f));
	p = mul_add(p, r, splat(1));
	return power(mul_add(p, r, splat(1)), n);
}

TARGET INLINE vec logistic(vec x)
{
	return inverse(splat(1) + exp_of(-x));
}

/* x Φ(x) = max(x, 0) - a erfc(a / √2) / 2 with a = |x|. erfc / 2 is P(a)^-8 for a polynomial P, in the
 * manner of Abramowitz & Stegun 7.1.28; the coefficients are fitted for the least error of the product over
 * 0 .. 6, where 6e-9 is left of it. Error below 2e-7. */
TARGET INLINE vec gelu(vec x)
{
	vec a = least(splat(6), size(x));
	vec p = mul_add(splat(3.35460504e-06f), a, splat(-2.03825621e-05f));
	p = mul_add(p, a, splat(0.000118096366f));
	p = mul_add(p, a, splat(8.74818943e-05f));
	p = mul_add(p, a, splat(0.00112562499f));
	p = mul_add(p, a, splat(0.00931580737f));
	p = mul_add(p, a, splat(0.0488703959f));
	p = mul_add(p, a, splat(0.108752005f));
	p = mul_add(p, a, splat(1.09050834f));
	p *= p;
	p *= p;
	return mul_add(-a, inverse(p * p), most(splat(0), x));
}

TARGET INLINE vec activated(vec x, unsigned activation)
{
	switch (activation) {
	case RHO_ACT_GELU:
		return gelu(x);
	case RHO_ACT_GELU_TANH:         /* (1 + tanh u) / 2 is the logistic function of 2u */
		return x * logistic(x * mul_add(x * x, splat(0.0713548163f), splat(1.59576912f)));
	case RHO_ACT_QUICK_GELU:
		return x * logistic(x * splat(1.702f));
	case RHO_ACT_RELU:
		return most(splat(0), x);
	case RHO_ACT_SILU:
		return x * logistic(x);
	case RHO_ACT_TANH:
		return mul_add(splat(2), logistic(x + x), splat(-1));
	default:
		return x;
	}
}

TARGET INLINE void finish_as(float *y, const float *bias, size_t m, size_t n, unsigned activation)
{
	size_t full = n / WIDE * WIDE;
	for (size_t i = 0; i < m; i++, y += n) {
		size_t j = 0;
		for (; j + 4 * WIDE <= n; j += 4 * WIDE) {
			vec v[4];
			for (int k = 0; k < 4; k++) {
				v[k] = load(y + j + k * WIDE);
				if (bias)
					v[k] += load(bias + j + k * WIDE);
			}
			for (int k = 0; k < 4; k++)
				v[k] = activated(v[k], activation);
			for (int k = 0; k < 4; k++)
				store(y + j + k * WIDE, v[k]);
		}
		for (; j < full; j += WIDE) {
			vec v = load(y + j);
			if (bias)
				v += load(bias + j);
			store(y + j, activated(v, activation));
		}
		if (full < n) {
			vec v = load_part(y + full, n - full);
			if (bias)
				v += load_part(bias + full, n - full);
			store_part(y + full, n - full, activated(v, activation));
		}
	}
}

TARGET static void finish(float *y, const float *bias, size_t m, size_t n, unsigned activation)
{
	switch (activation) {
	case RHO_ACT_GELU:
		finish_as(y, bias, m, n, RHO_ACT_GELU);
		break;
	case RHO_ACT_GELU_TANH:
		finish_as(y, bias, m, n, RHO_ACT_GELU_TANH);
		break;
	case RHO_ACT_QUICK_GELU:
		finish_as(y, bias, m, n, RHO_ACT_QUICK_GELU);
		break;
	case RHO_ACT_RELU:
		finish_as(y, bias, m, n, RHO_ACT_RELU);
		break;
	case RHO_ACT_SILU:
		finish_as(y, bias, m, n, RHO_ACT_SILU);
		break;
	case RHO_ACT_TANH:
		finish_as(y, bias, m, n, RHO_ACT_TANH);
		break;
	default:
		if (bias)
			finish_as(y, bias, m, n, RHO_ACT_NONE);
	}
}

TARGET static void add(float *x, const float *y, size_t n)
{
	size_t j = 0;
	for (; j + WIDE <= n; j += WIDE)
		store(x + j, load(x + j) + load(y + j));
	if (j < n)
		store_part(x + j, n - j, load_part(x + j, n - j) + load_part(y + j, n - j));
}

/* x + residual into out; gives the sum of the row. Sums are kept in two vectors that take turns, so that one
 * addition need not wait for the one before. */
TARGET INLINE float gather_row(const float *x, const float *residual, size_t d, float *out)
{
	vec even = splat(0), odd = splat(0);
	size_t j = 0;
	for (; j + WIDE <= d; j += WIDE) {
		vec v = load(x + j);
		if (residual)
			v += load(residual + j);
		store(out + j, v);
		vec next = odd + v;
		odd = even;
		even = next;
	}
	if (j < d) {
		vec v = load_part(x + j, d - j);
		if (residual)
			v += load_part(residual + j, d - j);
		store_part(out + j, d - j, v);
		odd += v;
	}
	return sum_across(even + odd);
}

/* The sum of squared distances from `middle`; *rest is the sum of the distances. */
TARGET INLINE float spread(const float *row, size_t d, float middle, float *rest)
{
	vec square[2] = { splat(0), splat(0) }, sum[2] = { splat(0), splat(0) }, m = splat(middle);
	size_t j = 0;
	for (; j + 2 * WIDE <= d; j += 2 * WIDE)
		for (int k = 0; k < 2; k++) {
			vec v = load(row + j + k * WIDE) - m;
			sum[k] += v;
			square[k] = mul_add(v, v, square[k]);
		}
	for (; j < d; j += WIDE) {
		size_t n = d - j < WIDE ? d - j : WIDE;
		vec v = n == WIDE ? load(row + j) : load_part(row + j, n);
		v = keep(v - m, n, splat(0));
		sum[1] += v;
		square[1] = mul_add(v, v, square[1]);
	}
	*rest = sum_across(sum[0] + sum[1]);
	return sum_across(square[0] + square[1]);
}

/* The mean of a row far from 0 is rounded; what it is off by is taken from the distances. */
TARGET static void layer_norm(const float *x, const float *residual, size_t m, size_t d, const float *gamma,
                              const float *beta, float eps, float *out)
{
	for (size_t i = 0; i < m; i++, x += d, out += d) {
		float sum = residual ? gather_row(x, residual + i * d, d, out) : gather_row(x, NULL, d, out);
		float mean = sum / (float)d, rest;
		float square = spread(out, d, mean, &rest), off = rest / (float)d;
		float scale = 1 / __builtin_sqrtf(__builtin_fmaxf(square / (float)d - off * off, 0) + eps);
		vec middle = splat(mean), times = splat(scale), shift = splat(-off * scale);
		size_t j = 0;
		for (; j + WIDE <= d; j += WIDE) {
			vec v = mul_add(load(out + j) - middle, times, shift);
			store(out + j, mul_add(v, load(gamma + j), load(beta + j)));
		}
		if (j < d) {
			vec v = mul_add(load_part(out + j, d - j) - middle, times, shift);
			v = mul_add(v, load_part(gamma + j, d - j), load_part(beta + j, d - j));
			store_part(out + j, d - j, v);
		}
	}
}

/* A row's least and largest number, 0 among them; *check is 0, or NaN where a number is not finite. */
TARGET INLINE void range_of(const float *x, size_t n, float *bottom, float *top, float *check)
{
	vec low[2] = { splat(0), splat(0) }, high[2] = { splat(0), splat(0) };
	vec all[2] = { splat(0), splat(0) };
	size_t j = 0;
	for (; j + 2 * WIDE <= n; j += 2 * WIDE)
		for (int k = 0; k < 2; k++) {
			vec v = load(x + j + k * WIDE);
			low[k] = least(v, low[k]);
			high[k] = most(v, high[k]);
			all[k] = mul_add(v, splat(0), all[k]);
		}
	for (; j < n; j += WIDE) {
		vec v = n - j < WIDE ? load_part(x + j, n - j) : load(x + j);
		low[0] = least(v, low[0]);
		high[0] = most(v, high[0]);
		all[0] = mul_add(v, splat(0), all[0]);
	}
	*bottom = -most_across(-least(low[0], low[1]));
	*top = most_across(most(high[0], high[1]));
	*check = sum_across(all[0] + all[1]);
}

/* Quantised by the row's own range, 0 always in it: byte = x / scale + zero, to the nearest. */
TARGET static void to_u8(const float *x, size_t m, size_t n, uint8_t *q, float *scale, float *zero)
{
	size_t full = n / WIDE * WIDE;
	for (size_t i = 0; i < m; i++, x += n, q += n) {
		float bottom, top, check;
		range_of(x, n, &bottom, &top, &check);
		float range = top - bottom, times = range > 0 ? 255 / range : 0;
		zero[i] = __builtin_floorf(-bottom * times + 0.5f);
		scale[i] = range / 255 + check;
		vec t = splat(times), z = splat(zero[i]);
		for (size_t j = 0; j < full; j += WIDE) {
			vec v = most(splat(0), least(splat(255), mul_add(load(x + j), t, z)));
			store_bytes(q + j, WIDE, to_int(v));
		}
		if (full < n) {
			vec v = mul_add(load_part(x + full, n - full), t, z);
			store_bytes(q + full, n - full, to_int(most(splat(0), least(splat(255), v))));
		}
	}
}

TARGET INLINE void from_int32_as(const int32_t *acc, size_t m, const struct rho_int8_columns *c,
                                 const float *scale, const float *zero, unsigned activation, float *y)
{
	size_t n = c->n, full = n / WIDE * WIDE;
	for (size_t i = 0; i < m; i++, y += n, acc += n) {
		vec s = splat(scale[i]), z = splat(-zero[i]);
		for (size_t j = 0; j < full; j += WIDE) {
			vec v = mul_add(z, load(c->sum + j), from_int(acc + j));
			v = mul_add(v, s * load(c->scale + j), load(c->bias + j));
			store(y + j, activated(v, activation));
		}
		for (size_t j = full; j < n; j += WIDE) {
			int32_t rest[WIDE] = { 0 };
			size_t k = n - j;
			for (size_t l = 0; l < k; l++)
				rest[l] = acc[j + l];
			vec v = mul_add(z, load_part(c->sum + j, k), from_int(rest));
			v = mul_add(v, s * load_part(c->scale + j, k), load_part(c->bias + j, k));
			store_part(y + j, k, activated(v, activation));
		}
	}
}

TARGET static void from_int32(const int32_t *acc, size_t m, const struct rho_int8_columns *c,
                              const float *scale, const float *zero, unsigned activation, float *y)
{
	switch (activation) {
	case RHO_ACT_NONE:
		from_int32_as(acc, m, c, scale, zero, RHO_ACT_NONE, y);
		break;
	case RHO_ACT_GELU:
		from_int32_as(acc, m, c, scale, zero, RHO_ACT_GELU, y);
		break;
	default:        /* those that no model of ours has large */
		from_int32_as(acc, m, c, scale, zero, RHO_ACT_NONE, y);
		finish(y, NULL, m, c->n, activation);
	}
}

TARGET static float to_s8(const float *w, size_t n, int limit, int8_t *q, float *sum)
{
	vec high = splat(0), total = splat(0);
	size_t full = n / WIDE * WIDE;
	for (size_t j = 0; j < full; j += WIDE)
		high = most(size(load(w + j)), high);
	if (full < n)
		high = most(size(load_part(w + full, n - full)), high);
	float range = most_across(high), times = range > 0 ? (float)limit / range : 0;
	for (size_t j = 0; j < full; j += WIDE) {
		vec v = whole(load(w + j) * splat(times));
		store_bytes((uint8_t *)q + j, WIDE, to_int(v));
		total += v;
	}
	if (full < n) {
		vec v = whole(load_part(w + full, n - full) * splat(times));
		store_bytes((uint8_t *)q + full, n - full, to_int(v));
		total += v;
	}
	*sum = sum_across(total);       /* exact: whole numbers below 2^24 */
	return range / (float)limit;
}

/* The upper halves of the lanes, rounded: half of what is cut off is added, less where the bit kept is
 * even. */
TARGET INLINE ivec bf16_of(vec v)
{
	const ivec one = (ivec){ 0 } + 1, rest = (ivec){ 0 } + 0x7fff, quiet = (ivec){ 0 } + 0x7fc0;
	ivec bits = (ivec)v, high = bits >> 16;
	ivec rounded = (ivec)((bits + rest + (high & one)) >> 16), nan = (ivec)(v != v);
	return (rounded & ~nan) | (quiet & nan);
}

TARGET static void to_bf16(const float *x, size_t n, uint16_t *out)
{
	size_t j = 0;
	for (; j + WIDE <= n; j += WIDE)
		store_halves(out + j, WIDE, bf16_of(load(x + j)));
	if (j < n)
		store_halves(out + j, n - j, bf16_of(load_part(x + j, n - j)));
}

TARGET static void round_bf16(const float *x, size_t n, float *out)
{
	size_t j = 0;
	for (; j + WIDE <= n; j += WIDE)
		store(out + j, (vec)(bf16_of(load(x + j)) << 16));
	if (j < n)
		store_part(out + j, n - j, (vec)(bf16_of(load_part(x + j, n - j)) << 16));
}
