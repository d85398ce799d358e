/* score.c: which kernel, in which order, over rows wherever they lie. */
#include "score.h"

#include "kernels.h"

/* Addresses of rows are gathered on the stack, so many at a time. */
enum { X_TILE = 32, Y_TILE = 256 };

/* A tile of y stays in the second-level cache while all of x goes over it. */
enum { TILE_BYTES = 256 << 10 };

rho_kernel *rho_kernel_at(size_t n, const char **name)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512f") && !n--) {
		*name = "AVX-512";
		return rho_kernel_avx512;
	}
	if (__builtin_cpu_supports("avx2") && !n--) {
		*name = "AVX2";
		return rho_kernel_avx2;
	}
#endif
	if (n)
		return NULL;
	*name = "base";
	return rho_kernel_base;
}

/* The widest kernel this machine runs. */
static rho_kernel *best_kernel(void)
{
	static _Atomic(rho_kernel *) best;
	rho_kernel *k = best;
	if (!k) {
		const char *name;
		best = k = rho_kernel_at(0, &name);
	}
	return k;
}

float rho_dot(const float *a, const float *b, size_t d)
{
	float out;
	best_kernel()(&a, 1, &b, 1, d, &out, 1);
	return out;
}

struct job {
	const struct rho_rows *x, *y;
	float *out;
	size_t stride;
};

static void products(void *arg, size_t from, size_t to)
{
	const struct job *j = arg;
	const float *x[X_TILE], *y[Y_TILE];
	size_t d = j->x->mat->cols, tile = TILE_BYTES / sizeof(float) / (d ? d : 1), step;
	rho_kernel *kernel = best_kernel();
	tile = tile < 16 ? 16 : tile > Y_TILE ? Y_TILE : tile;
	for (size_t at = from; at < to; at += step) {
		step = to - at < tile ? to - at : tile;
		for (size_t q = 0; q < step; q++)
			y[q] = rho_row(j->y, at + q);
		for (size_t i = 0, n; i < j->x->n; i += n) {
			n = j->x->n - i < X_TILE ? j->x->n - i : X_TILE;
			for (size_t p = 0; p < n; p++)
				x[p] = rho_row(j->x, i + p);
			kernel(x, n, y, step, d, j->out + i * j->stride + at, j->stride);
		}
	}
}

void rho_score_inner(const struct rho_rows *x, const struct rho_rows *y, float *out, size_t stride,
                     unsigned threads)
{
	struct job j = { x, y, out, stride };
	/* Waking a thread costs as much as some hundred thousand products of two numbers. */
	double work = (double)x->n * (double)y->n * (double)x->mat->cols;
	if (threads < 2 || work < 1e6)
		products(&j, 0, y->n);
	else
		rho_score_parallel(y->n, products, &j, threads);
}
