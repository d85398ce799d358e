/* kernels.c: functions of one number, and the loops over them for each instruction set. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels.h"
#include "nn.h"

#define INLINE static inline __attribute__((always_inline))
#define R(x)   ((rho_real)(x))

enum { PARTS = 16 };

#ifdef RHO_NN_DOUBLE
INLINE double mul_add(double a, double b, double c)
{
	return fma(a, b, c);
}
INLINE double root_of(double x)
{
	return sqrt(x);
}
INLINE double exp_of(double x)
{
	return exp(x > 700 ? 700 : x);
}
INLINE double tanh_of(double x)
{
	return tanh(x);
}
INLINE double below_of(double x)
{
	return 0.5 * erfc(-x * 0.70710678118654752440);
}

INLINE double gelu_of(double x)
{
	return x * below_of(x);
}
#else
INLINE float mul_add(float a, float b, float c)
{
	return __builtin_fmaf(a, b, c);
}
INLINE float root_of(float x)
{
	return __builtin_sqrtf(x);
}

/* x = n ln 2 + r with n whole and |r| <= ln 2 / 2; gives 2^n and r. |n| <= 126. */
INLINE float split(float x, float *r)
{
	float t = mul_add(x, 1.44269504f, 12582912.0f),
	      n = t - 12582912.0f; /* 1.5 * 2^23: rounds to whole numbers */
	uint32_t bits;
	memcpy(&bits, &t, sizeof bits);
	bits = (bits + 127) << 23;
	*r = mul_add(n, -0.693359375f, x); /* ln 2 in two parts, the first exact in products */
	*r = mul_add(n, 2.12194440e-4f, *r);
	float power;
	memcpy(&power, &bits, sizeof power);
	return power;
}

/* e^r - 1, a minimax polynomial over |r| <= ln 2 / 2. */
INLINE float less_one(float r)
{
	float p = mul_add(0.0013843365f, r, 0.00837440416f);
	p = mul_add(p, r, 0.0416680202f);
	p = mul_add(p, r, 0.166664287f);
	p = mul_add(p, r, 0.49999994f);
	return mul_add(p * r, r, r);
}

INLINE float exp_of(float x)
{
	float r, power;
	x = x < -87 ? -87 : x;
	x = x > 88 ? 88 : x;
	power = split(x, &r);
	return mul_add(power, less_one(r), power);
}

/* (e^2a - 1) / (e^2a + 1): what is subtracted is exact, so that small numbers keep their digits. */
INLINE float tanh_of(float x)
{
	float a = __builtin_fabsf(x), r, power, e;
	a = a > 9.02f ? 9.02f : a;
	power = split(a + a, &r);
	e = mul_add(power, less_one(r), power - 1);
	return __builtin_copysignf(e / (e + 2), x);
}

/* Φ(-a), a >= 0: P(a)^-8 for a polynomial P, in the manner of Abramowitz & Stegun 7.1.28, fitted for the
 * least error of it and of a times it over 0 .. 6, where 6e-9 is left of it. */
INLINE float tail_of(float a)
{
	float p = mul_add(2.92250187e-06f, a, -1.48636749e-05f);
	p = mul_add(p, a, 8.96374055e-05f);
	p = mul_add(p, a, 0.000163941829f);
	p = mul_add(p, a, 0.00101042227f);
	p = mul_add(p, a, 0.00941330577f);
	p = mul_add(p, a, 0.0488265732f);
	p = mul_add(p, a, 0.108761093f);
	p = mul_add(p, a, 1.09050775f);
	p *= p;
	p *= p;
	return 1 / (p * p);
}

INLINE float below_of(float x)
{
	float a = __builtin_fabsf(x), tail;
	tail = tail_of(a > 6 ? 6 : a);
	return x > 0 ? 1 - tail : tail;
}

INLINE float gelu_of(float x)
{
	float a = __builtin_fabsf(x);
	a = a > 6 ? 6 : a;
	return mul_add(-a, tail_of(a), x < 0 ? 0 : x);
}
#endif

INLINE rho_real logistic(rho_real x)
{
	return 1 / (1 + exp_of(-x));
}

/* 2 √(2/π) and that times 0.044715: (1 + tanh u) / 2 is the logistic function of 2u. */
#define GELU_1 R(1.5957691216057308)
#define GELU_3 R(0.07135481627159967)

INLINE rho_real unit_of(unsigned unit, rho_real x)
{
	switch (unit) {
	case RHO_NN_RELU: return x < 0 ? 0 : x;
	case RHO_NN_TANH: return tanh_of(x);
	case RHO_NN_GELU: return gelu_of(x);
	case RHO_NN_GELU_TANH: return x * logistic(x * mul_add(x * x, GELU_3, GELU_1));
	case RHO_NN_SIGMOID: return logistic(x);
	default: return x;
	}
}

/* df / dz */
INLINE rho_real slope_of(unsigned unit, rho_real y, rho_real z)
{
	rho_real e, s;
	switch (unit) {
	case RHO_NN_RELU: return y > 0 ? 1 : 0;
	case RHO_NN_TANH: return mul_add(-y, y, 1);
	case RHO_NN_GELU: return mul_add(z * R(0.39894228040143267794), exp_of(R(-0.5) * z * z), below_of(z));
	case RHO_NN_GELU_TANH:
		e = exp_of(-z * mul_add(z * z, GELU_3, GELU_1));
		s = 1 / (1 + e); /* 1 - s is e s, which loses no digits */
		return mul_add(z * s * (e * s), mul_add(z * z, 3 * GELU_3, GELU_1), s);
	case RHO_NN_SIGMOID: return y * (1 - y);
	default: return 1;
	}
}

/* The one order in which sixteen parts are added up. */
INLINE double tree(double *s)
{
	for (size_t half = PARTS / 2; half; half /= 2)
		for (size_t l = 0; l < half; l++)
			s[l] += s[l + half];
	return s[0];
}

#define NAME(x) x##_base
#define SET     "base"
#define TARGET
#include "kernel.h"

#if defined __x86_64__ && !defined RHO_NN_DOUBLE
#define NAME(x) x##_avx2
#define SET     "avx2"
#define TARGET  __attribute__((target("avx2,fma")))
#include "kernel.h"

#define NAME(x) x##_avx512
#define SET     "avx512"
#define TARGET  __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#include "kernel.h"
#endif

const struct rho_nn_kernels *rho_nn_kernels_at(size_t i)
{
	const struct rho_nn_kernels *list[3];
	size_t n = 0;
#if defined __x86_64__ && !defined RHO_NN_DOUBLE
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
	    __builtin_cpu_supports("fma"))
		list[n++] = &kernels_avx512;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		list[n++] = &kernels_avx2;
#endif
	list[n++] = &kernels_base;
	return i < n ? list[i] : NULL;
}
