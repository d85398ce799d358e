/* kernel64_base.c: inner products of queries in float64 with what every machine has. */
#include <math.h>
#include <stddef.h>

#define TARGET
#define KERNEL  rho_products64_base
#define X       double
#define SUMS    8
#define LANES   8
#define VEC     struct sums
#define TREES   1
#define ABREAST 2

struct sums {
	double at[SUMS];
};

static inline struct sums nothing(void) { return (struct sums){ { 0 } }; }

static inline struct sums load_x(const double *p)
{
	struct sums v;
	for (size_t l = 0; l < SUMS; l++)
		v.at[l] = p[l];
	return v;
}

static inline struct sums load_y(const float *p)
{
	struct sums v;
	for (size_t l = 0; l < SUMS; l++)
		v.at[l] = (double)p[l];
	return v;
}

static inline struct sums fma_of(struct sums a, struct sums b, struct sums s)
{
	for (size_t l = 0; l < SUMS; l++)
		s.at[l] = fma(a.at[l], b.at[l], s.at[l]);
	return s;
}

static inline struct sums fma_part(const double *a, const float *b, size_t n, struct sums s)
{
	for (size_t l = 0; l < n; l++)
		s.at[l] = fma(a[l], (double)b[l], s.at[l]);
	return s;
}

static inline void store(double *p, struct sums s)
{
	for (size_t l = 0; l < SUMS; l++)
		p[l] = s.at[l];
}

static inline double tree(const double *s)
{
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static inline void trees(const double (*s)[SUMS], double *out) { *out = tree(*s); }

#include "kernel.h"
