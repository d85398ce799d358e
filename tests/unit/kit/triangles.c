/* kit/triangle.c, compiled in here to reach each of its kernels: against the definitions, and the same bits
 * from all that this machine can run. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include <rho/rng.h>

#include "kit/triangle.c"

enum { MOST = 45, PHIS = 60 };

static struct rho_rng rng = { { 1, 2, 3, 4 } };

static double *fresh(size_t numbers)
{
	double *at = aligned_alloc(64, (numbers * sizeof *at + 63) / 64 * 64);
	memset(at, 0, numbers * sizeof *at);
	return at;
}

static double *identity(size_t n, double scale)
{
	double *t = fresh(rho_tri_size(n));
	for (size_t i = 0; i < n; i++)
		t[rho_tri_at(i) + i] = scale;
	return t;
}

/* phi (PHIS, pad) of n normal numbers each. */
static double *vectors(size_t n)
{
	double *phi = fresh(PHIS * rho_tri_pad(n));
	for (size_t i = 0; i < PHIS; i++)
		for (size_t j = 0; j < n; j++)
			phi[i * rho_tri_pad(n) + j] = rho_normal(&rng);
	return phi;
}

static void check_near(const double *a, const double *b, size_t n, double within)
{
	for (size_t i = 0; i < n; i++)
		cr_assert_float_eq(a[i], b[i], within, "entry %zu: %.17g and %.17g", i, a[i], b[i]);
}

/* Updates, downdates and a factorization of the same matrix agree, and what lies between rows stays zero. */
static void check_ways(size_t n)
{
	size_t pad = rho_tri_pad(n), size = rho_tri_size(n);
	double *w = identity(n, 1), *a = identity(n, 1), *phi = vectors(n), *g = fresh(pad);
	double *room = fresh(8 * pad), *y = fresh(pad), *z = fresh(pad), left = 0;
	for (size_t i = 0; i < PHIS; i++)
		left = rho_tri_update(w, n, phi + i * pad, 1, g);
	rho_tri_add(a, n, phi, PHIS);
	cr_assert(rho_tri_factor(a, n));
	for (size_t i = 0; i < n; i++) { /* the factor's product with itself is the sum of squares */
		double sum = 1, product = 0;
		for (size_t k = 0; k < PHIS; k++)
			sum += phi[k * pad + i] * phi[k * pad + i];
		for (size_t j = 0; j <= i; j++)
			product += a[rho_tri_at(i) + j] * a[rho_tri_at(i) + j];
		cr_assert_float_eq(sum, product, 1e-10 * sum);
	}
	rho_tri_invert(a, n, room);
	check_near(w, a, size, 1e-12);
	rho_tri_times(w, n, phi + (PHIS - 1) * pad, y);
	rho_tri_transposed(w, n, y, z);
	check_near(z, g, pad, 1e-12);
	double inner = 0; /* φᵀ(A + φφᵀ)⁻¹φ = 1 - 1 / (1 + φᵀA⁻¹φ) */
	for (size_t i = 0; i < pad; i++)
		inner += z[i] * phi[(PHIS - 1) * pad + i];
	cr_assert_float_eq(inner, 1 - 1 / left, 1e-12);
	for (size_t i = PHIS; i-- > PHIS / 2;)
		rho_tri_update(w, n, phi + i * pad, -1, g);
	memset(a, 0, size * sizeof *a);
	for (size_t i = 0; i < n; i++)
		a[rho_tri_at(i) + i] = 1;
	rho_tri_add(a, n, phi, PHIS / 2);
	cr_assert(rho_tri_factor(a, n));
	rho_tri_invert(a, n, room);
	check_near(w, a, size, 1e-10);
	for (size_t i = 0; i < pad; i++)
		for (size_t j = i < n ? i + 1 : 0; j < rho_tri_len(i); j++)
			cr_assert_eq(w[rho_tri_at(i) + j], 0);
	free(w), free(a), free(phi), free(g), free(room), free(y), free(z);
}

Test(triangle, updates_downdates_and_factorizations_agree)
{
	for (size_t n = 1; n <= MOST; n++)
		check_ways(n);
	check_ways(131);
}

Test(triangle, lengths_are_those_of_products)
{
	for (size_t n = 1; n <= MOST; n += 3) {
		size_t pad = rho_tri_pad(n), first = n / 3;
		double *w = identity(n, 1), *phi = vectors(n), *g = fresh(pad), *at = fresh(8 * pad);
		double *y = fresh(pad), got[8];
		for (size_t i = 0; i < PHIS; i++)
			rho_tri_update(w, n, phi + i * pad, 1, g);
		for (size_t k = 0; k < 8; k++)
			for (size_t j = first; j < n; j++)
				at[j * 8 + k] = phi[k * pad + j];
		rho_tri_lengths(w, n, first, at, got);
		for (size_t k = 0; k < 8; k++) {
			double sum = 0;
			memset(phi + k * pad, 0, first * sizeof *phi);
			rho_tri_times(w, n, phi + k * pad, y);
			for (size_t i = 0; i < n; i++)
				sum += y[i] * y[i];
			cr_assert_float_eq(got[k], sum, 1e-12 * (1 + sum));
		}
		free(w), free(phi), free(g), free(at), free(y);
	}
}

Test(triangle, what_is_not_definite_has_no_factor)
{
	double *a = identity(19, 1);
	a[rho_tri_at(18) + 18] = -1e-300;
	cr_assert_not(rho_tri_factor(a, 19));
	free(a);
	a = identity(9, 1);
	a[rho_tri_at(8) + 0] = 1; /* [1 1; 1 1] */
	cr_assert_not(rho_tri_factor(a, 9));
	free(a);
	a = identity(3, 1);
	a[0] = NAN;
	cr_assert_not(rho_tri_factor(a, 3));
	free(a);
}

/* Every kernel's results, end to end, on the same numbers. */
static size_t results(const struct kernels *k, size_t n, const double *phi, double *out)
{
	size_t pad = rho_tri_pad(n), size = rho_tri_size(n), at = 0;
	double *w = identity(n, 1.25), *a = identity(n, 0.5), *g = fresh(pad);
	for (size_t i = 0; i < PHIS; i++) {
		memset(g, 0, pad * sizeof *g);
		out[at++] = k->update(w, n, phi + i * pad, i % 5 == 4 ? -0.01 : 1, g);
	}
	memcpy(out + at, w, size * sizeof *w);
	memcpy(out + (at += size), g, pad * sizeof *g);
	k->add(a, n, phi, PHIS);
	memcpy(out + (at += pad), a, size * sizeof *a);
	k->times(w, n, phi, g);
	memcpy(out + (at += size), g, pad * sizeof *g);
	memset(g, 0, pad * sizeof *g);
	k->transposed(w, n, phi, g);
	memcpy(out + (at += pad), g, pad * sizeof *g);
	k->lengths(w, n, n / 2, phi, out + (at += pad));
	size_t last = (n - 1) / 8 * 8;
	k->square(a + rho_tri_at(last), rho_tri_len(last), a, 8, 8, out + (at += 8));
	memcpy(out + (at += 64), a + rho_tri_at(last), 8 * rho_tri_len(last) * sizeof *a);
	k->invert(a, last, out + at);
	memcpy(out + at, a + rho_tri_at(last), 8 * rho_tri_len(last) * sizeof *a);
	free(w), free(a), free(g);
	return at + 8 * rho_tri_len(last);
}

Test(triangle, every_kernel_gives_the_same_bits)
{
	for (size_t n = 1; n <= MOST; n++) {
		double *phi = vectors(n), *base = fresh(20000), *other = fresh(20000);
		size_t many = results(&kernels_base, n, phi, base);
		cr_assert_leq(many, 20000);
#ifdef __x86_64__
		if (__builtin_cpu_supports("avx2"))
			results(&kernels_avx2, n, phi, other);
		if (__builtin_cpu_supports("avx2"))
			cr_assert(!memcmp(base, other, many * sizeof *base), "n = %zu", n);
		if (__builtin_cpu_supports("avx512f"))
			results(&kernels_avx512, n, phi, other);
		if (__builtin_cpu_supports("avx512f"))
			cr_assert(!memcmp(base, other, many * sizeof *base), "n = %zu", n);
#endif
		free(phi), free(base), free(other);
	}
}
