/* kernel_base.c: inner products with what every machine has: fmaf() rounds once wherever it runs. */
#include <math.h>
#include <stddef.h>

#define TARGET
#define KERNEL  rho_products_base
#define X       float
#define SUMS    16
#define LANES   16
#define VEC     struct sums
#define TREES   1
#define ABREAST 2

struct sums {
	float at[SUMS];
};

static inline struct sums nothing(void) { return (struct sums){ { 0 } }; }

static inline struct sums load_x(const float *p)
{
	struct sums v;
	for (size_t l = 0; l < SUMS; l++)
		v.at[l] = p[l];
	return v;
}

static inline struct sums load_y(const float *p) { return load_x(p); }

static inline struct sums fma_of(struct sums a, struct sums b, struct sums s)
{
	for (size_t l = 0; l < SUMS; l++)
		s.at[l] = fmaf(a.at[l], b.at[l], s.at[l]);
	return s;
}

static inline struct sums fma_part(const float *a, const float *b, size_t n, struct sums s)
{
	for (size_t l = 0; l < n; l++)
		s.at[l] = fmaf(a[l], b[l], s.at[l]);
	return s;
}

static inline void store(float *p, struct sums s)
{
	for (size_t l = 0; l < SUMS; l++)
		p[l] = s.at[l];
}

/* ((s0 + s8) + (s4 + s12)) + ((s2 + s10) + (s6 + s14)), the same for the odd ones, then both. */
static inline float tree(const float *s)
{
	float even = ((s[0] + s[8]) + (s[4] + s[12])) + ((s[2] + s[10]) + (s[6] + s[14]));
	float odd = ((s[1] + s[9]) + (s[5] + s[13])) + ((s[3] + s[11]) + (s[7] + s[15]));
	return even + odd;
}

static inline void trees(const float (*s)[SUMS], float *out) { *out = tree(*s); }

#include "kernel.h"

size_t rho_reach_base(const float *s, size_t n, float floor, uint32_t *at)
{
	size_t found = 0;
	for (size_t i = 0; i < n; i++)
		if (s[i] >= floor)
			at[found++] = (uint32_t)i;
	return found;
}
