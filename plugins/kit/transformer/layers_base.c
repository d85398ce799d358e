/* layers_base.c: the kernels in 128-bit vectors, for any processor. */
#include <string.h>

#include "kernels.h"

#define TARGET
#define KERNELS rho_kernels_base
#define NAME    "base"
enum { WIDE = 4, ROWS = 4 };

typedef float vec __attribute__((vector_size(16)));
typedef int32_t ivec __attribute__((vector_size(16)));
typedef uint32_t uvec __attribute__((vector_size(16)));

static inline vec splat(float x)
{
	return (vec){ x, x, x, x };
}

static inline vec load(const float *p)
{
	vec v;
	memcpy(&v, p, sizeof v);
	return v;
}

static inline void store(float *p, vec v)
{
	memcpy(p, &v, sizeof v);
}

/* The first n lanes; zeros behind. */
static inline vec load_part(const float *p, size_t n)
{
	vec v = { 0 };
	memcpy(&v, p, n * sizeof *p);
	return v;
}

static inline void store_part(float *p, size_t n, vec v)
{
	memcpy(p, &v, n * sizeof *p);
}

static inline vec choose(ivec which, vec yes, vec no)
{
	return (vec)((which & (ivec)yes) | (~which & (ivec)no));
}

/* Lane by lane `back` behind the first n. */
static inline vec keep(vec v, size_t n, vec back)
{
	const ivec lane = { 0, 1, 2, 3 };
	int32_t k = (int32_t)n;
	return choose(lane < (ivec){ k, k, k, k }, v, back);
}

static inline vec mul_add(vec a, vec b, vec c)
{
	return a * b + c;
}

/* The second where either is NaN. */
static inline vec least(vec a, vec b)
{
	return choose(a < b, a, b);
}

static inline vec most(vec a, vec b)
{
	return choose(a > b, a, b);
}

static inline vec size(vec v)
{
	const int32_t all = INT32_MAX;
	return (vec)((ivec)v & (ivec){ all, all, all, all });
}

/* Of |v| < 2^22; other values stay whole numbers near v, or NaN. */
static inline vec whole(vec v)
{
	const vec shift = splat(12582912);      /* 1.5 * 2^23 */
	return v + shift - shift;
}

static inline ivec to_int(vec v)
{
	return __builtin_convertvector(whole(v), ivec);
}

/* v * 2^n, n whole, both of them and the result neither huge nor tiny. */
static inline vec power(vec v, vec n)
{
	return (vec)((uvec)v + ((uvec)to_int(n) << 23));
}

static inline vec inverse(vec v)
{
	return splat(1) / v;
}

static inline vec from_int(const int32_t *p)
{
	ivec v;
	memcpy(&v, p, sizeof v);
	return __builtin_convertvector(v, vec);
}

/* Lane by lane from the lower, then from the upper halves of a and b. */
static inline vec zip_low(vec a, vec b)
{
	return (vec){ a[0], b[0], a[1], b[1] };
}

static inline vec zip_high(vec a, vec b)
{
	return (vec){ a[2], b[2], a[3], b[3] };
}

static inline float sum_across(vec v)
{
	return (v[0] + v[2]) + (v[1] + v[3]);
}

static inline float most_across(vec v)
{
	float a = v[0] > v[2] ? v[0] : v[2], b = v[1] > v[3] ? v[1] : v[3];
	return a > b ? a : b;
}

/* The lowest byte, the lower half of each lane. */
static inline void store_bytes(uint8_t *p, size_t n, ivec v)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)v[i];
}

static inline void store_halves(uint16_t *p, size_t n, ivec v)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint16_t)v[i];
}

#include "rows_kernel.h"
#include "attention_kernel.h"
#include "kernel_list.h"
