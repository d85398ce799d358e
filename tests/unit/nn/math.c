/* kit/nn's loops: errors of the functions of one number beside the C library's in float64, and the same bits
 * from every set of instructions. */
#include "net.h"
#include "kit/nn/kernels.h"

enum { N = 200001 };

static double reference(unsigned unit, double x)
{
	switch (unit) {
	case RHO_NN_TANH: return tanh(x);
	case RHO_NN_GELU: return x * erfc(-x / sqrt(2)) / 2;
	case RHO_NN_GELU_TANH: return x / (1 + exp(-2 * sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
	default: return 1 / (1 + exp(-x));
	}
}

/* By a symmetric difference: enough for 1e-7. */
static double slope(unsigned unit, double x)
{
	const double h = 1e-5;
	return (reference(unit, x + h) - reference(unit, x - h)) / (2 * h);
}

Test(nn_math, errors_are_as_stated)
{
	/* Relative for tanh and the logistic function, else |error| / max(1, |f|); of slopes absolute.
	 * docs/nn.md has these. */
	static const double most[] = {
		[RHO_NN_TANH] = 3e-7, [RHO_NN_GELU] = 3e-7, [RHO_NN_GELU_TANH] = 3e-7, [RHO_NN_SIGMOID] = 3e-7
	};
	const struct rho_nn_kernels *k = rho_nn_kernels_at(0);
	float *x = calloc(N, sizeof *x), *y = calloc(N, sizeof *y), *z = calloc(N, sizeof *z),
	      *d = calloc(N, sizeof *d);
	for (size_t i = 0; i < N; i++)
		x[i] = (float)(12 * ((double)i - N / 2) / (N / 2));
	for (size_t i = 0; i < 2000; i++) /* small numbers, too */
		x[N / 2 - 1000 + i] *= (float)exp(-(double)(i % 60));
	for (unsigned unit = RHO_NN_TANH; unit < RHO_NN_UNITS; unit++) {
		double worst = 0, steep = 0;
		bool relative = unit == RHO_NN_TANH || unit == RHO_NN_SIGMOID;
		memcpy(y, x, N * sizeof *y);
		k->finish(unit, 1, N, NULL, y, z);
		for (size_t i = 0; i < N; i++)
			d[i] = 1;
		k->unfinish(unit, N, y, z, d);
		for (size_t i = 0; i < N; i++) {
			double want = reference(unit, (double)x[i]), off = fabs((double)y[i] - want);
			off /= relative ? fabs(want) + 1e-37 : fmax(1, fabs(want));
			worst = fmax(worst, off);
			steep = fmax(steep, fabs((double)d[i] - slope(unit, (double)x[i])));
			cr_assert(!memcmp(&z[i], &x[i], sizeof *x));
		}
		cr_log_info("unit %u: %.3g, slope %.3g", unit, worst, steep);
		cr_assert_lt(worst, most[unit], "unit %u: %g", unit, worst);
		cr_assert_lt(steep, 1e-6, "slope of unit %u: %g", unit, steep);
	}
	/* A softmax: relative errors. */
	for (size_t i = 0; i < N; i++)
		y[i] = x[i] / 4;
	k->soften(N, y);
	double sum = 0, worst = 0;
	for (size_t i = 0; i < N; i++)
		sum += exp((double)(x[i] / 4) - 3);
	for (size_t i = 0; i < N; i++)
		worst = fmax(worst, fabs((double)y[i] * sum / exp((double)(x[i] / 4) - 3) - 1));
	cr_log_info("softmax: %.3g", worst);
	cr_assert_lt(worst, 6e-7, "softmax: %g", worst); /* differences of up to 6 are rounded, by 2.4e-7 */
	free(x);
	free(y);
	free(z);
	free(d);
}

Test(nn_math, what_is_not_finite)
{
	const struct rho_nn_kernels *k;
	for (size_t s = 0; (k = rho_nn_kernels_at(s)); s++) {
		float y[] = { INFINITY, -INFINITY, NAN, -0.0f, 1e30f, -1e30f, 1e-42f };
		k->finish(RHO_NN_TANH, 1, 7, NULL, y, NULL);
		cr_assert(y[0] == 1 && y[1] == -1 && isnan(y[2]) && y[3] == 0 && y[4] == 1 && y[5] == -1 &&
		          y[6] == 1e-42f);
		float u[] = { -1e6f, 1e6f, -30 };
		k->finish(RHO_NN_GELU, 1, 3, NULL, u, NULL);
		cr_assert(fabsf(u[0]) < 1e-7f && u[1] == 1e6f && fabsf(u[2]) < 1e-7f);
		float r[] = { NAN, -1, 2 };
		k->finish(RHO_NN_RELU, 1, 3, NULL, r, NULL);
		cr_assert(isnan(r[0]) && r[1] == 0 && r[2] == 2);
		float q[] = { -INFINITY, 5, -INFINITY, 5 }, none[] = { -INFINITY, -INFINITY },
		      bad[] = { 1, NAN };
		k->soften(4, q);
		k->soften(2, none);
		k->soften(2, bad);
		cr_assert(q[0] == 0 && q[1] == 0.5f && q[2] == 0 && q[3] == 0.5f);
		cr_assert(none[0] == 0 && none[1] == 0);
		cr_assert(isnan(bad[0]) && isnan(bad[1]));
		float g[] = { -INFINITY, NAN, 40, -40 };
		k->finish(RHO_NN_SIGMOID, 1, 4, NULL, g, NULL);
		cr_assert(g[0] < 1e-37f && isnan(g[1]) && g[2] == 1 && g[3] > 0);
	}
}

/* All kernels on the same numbers, one after another, into one array. */
static void everything(const struct rho_nn_kernels *k, size_t n, const float *from, float *out)
{
	float a[300], b[300], c[300], d[300], mean_scale[2] = { 0 };
	double sums[200] = { 0 };
	struct rho_nn_step how = { 0.5f, 0.01f, 0.9f,  0.1f,   0.99f, 0.01f,
		                   1.2f, 1e-5f, 1e-5f, 0.001f, 0.1f,  0.8f };
#define START                                                                                                \
	memcpy(a, from, sizeof a), memcpy(b, from + 300, sizeof b), memcpy(c, from + 600, sizeof c),         \
		memcpy(d, from + 900, sizeof d)
#define DONE                                                                                                 \
	memcpy(out, a, sizeof a), out += 300, memcpy(out, b, sizeof b), out += 300,                          \
		memcpy(out, c, sizeof c), out += 300, memcpy(out, d, sizeof d), out += 300
	for (unsigned unit = 0; unit < RHO_NN_UNITS; unit++) {
		START;
		k->finish(unit, 3, n, b, a, c);
		k->unfinish(unit, 3 * n, a, c, d);
		DONE;
	}
	START;
	k->add(3 * n, 0.3f, a, b);
	k->mix(3 * n, 0.3f, a, 0.7f, c);
	k->columns(3, n, c, d);
	DONE;
	START;
	k->soften(n, a);
	k->unsoften(n, a, b);
	c[0] = (float)k->dot(3 * n, a, b);
	DONE;
	START;
	k->norm(n, a, b, c, 1e-5, d, mean_scale);
	k->unnorm(n, a, b, mean_scale, c, 1, d, sums);
	a[0] = mean_scale[0];
	a[1] = mean_scale[1];
	for (size_t j = 0; j < 2 * n; j++)
		b[j] = (float)sums[j];
	DONE;
	START;
	k->gru(n, a, b, c, d);
	k->ungru(n, a, b, c, d);
	DONE;
	START;
	for (size_t j = 0; j < 300; j++)
		c[j] = fabsf(c[j]);
	k->adam(3 * n, &how, a, b, c, d);
	k->sgd(3 * n, &how, a, b, d);
	k->rmsprop(3 * n, &how, a, c, d);
	DONE;
}

Test(nn_math, the_same_bits_from_every_set)
{
	enum { OUT = 1200 * (RHO_NN_UNITS + 5) };
	static const size_t widths[] = { 1, 2, 7, 16, 33, 64, 100 };
	static float from[1200], first[OUT], next[OUT];
	struct rho_rng r = { { 1, 2, 3, 4 } };
	for (size_t i = 0; i < 1200; i++)
		from[i] = (float)(2 * rho_normal(&r));
	for (size_t w = 0; w < sizeof widths / sizeof *widths; w++)
		for (size_t s = 0; rho_nn_kernels_at(s); s++) {
			memset(next, 0, sizeof next);
			everything(rho_nn_kernels_at(s), widths[w], from, s ? next : first);
			for (size_t i = 0; s && i < OUT; i++)
				cr_assert(!memcmp(&next[i], &first[i], sizeof *next),
				          "%s, width %zu, number %zu: %.9g, not %.9g",
				          rho_nn_kernels_at(s)->name, widths[w], i, (double)next[i],
				          (double)first[i]);
		}
}
