/* bench_nn.c: a network's forward, backward and Adam beside sgemm's rate on squares in the same moment, and
 * the loops between the products. CPU seconds of this thread, medians. */
#include <cblas.h>
#include <math.h>

#include "instance.h"
#include "kit/nn/kernels.h"
#include "kit/nn/nn.h"

enum { REPEATS = 9, SQUARE = 512 };

static struct rho_world world;

static float *numbers(size_t n)
{
	float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);
	struct rho_rng r = { { 1, 2, 3, 4 } };
	for (size_t i = 0; x && i < n; i++)
		x[i] = (float)rho_normal(&r);
	if (!x)
		abort();
	return x;
}

/* Operations a second of sgemm on squares, a multiplication and an addition being two. */
static double sgemm_rate(void)
{
	static float *a, *b, *c;
	double done = 0, from = bench_now(), t;
	if (!a) {
		a = numbers(SQUARE * SQUARE);
		b = numbers(SQUARE * SQUARE);
		c = numbers(SQUARE * SQUARE);
	}
	do {
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, SQUARE, SQUARE, SQUARE, 1, a, SQUARE, b,
		            SQUARE, 0, c, SQUARE);
		done += 2.0 * SQUARE * SQUARE * SQUARE;
	} while ((t = bench_now() - from) < 0.02);
	return done / t;
}

struct trial {
	struct rho_instance *inst;
	struct rho_nn nn;
	struct rho_nn_pass pass;
	struct rho_nn_rule_state adam;
	uint32_t x, y;
	size_t in, wide, out;
};

/* tanh, two layers of `wide` units; passes of `part` rows. */
static void open_trial(struct trial *t, size_t in, size_t wide, size_t out, size_t part, int unit)
{
	const struct rho_nn_how how = rho_nn_usual(RHO_NN_ADAM);
	const struct rho_nn_init init = { RHO_NN_ORTHOGONAL, 1.4142135623730951 };
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	struct rho_ctx *c;
	*t = (struct trial){
		.inst = bench_make(&world, RHO_AGENT, "linucb", ""), .in = in, .wide = wide, .out = out
	};
	c = &t->inst->ctx;
	rho_nn_begin(c, &t->nn, "net");
	t->x = rho_nn_input(&t->nn, 0, in, false);
	t->y = rho_nn_mlp(&t->nn, "hidden", t->x, (const int64_t[]){ (int64_t)wide, (int64_t)wide }, 2, unit,
	                  init);
	t->y = rho_nn_dense(&t->nn, "head", t->y, out, RHO_NN_LINEAR, init);
	rho_nn_output(&t->nn, t->y);
	int error = rho_nn_end(&t->nn, &rng);
	if (!error)
		error = rho_nn_open(c, &t->nn, &t->pass, &(struct rho_nn_most){ part, 0 }, true);
	if (!error)
		error = rho_nn_train(c, &t->nn, &t->adam, &how);
	bench_check(t->inst, error);
}

/* One update on `rows` rows, `part` at a time. */
static void update(struct trial *t, size_t rows, size_t part, const float *x, const float *dy)
{
	int error = 0;
	rho_call_begin(t->inst, "observe", 0, false);
	rho_nn_zero(&t->pass);
	for (size_t from = 0; from < rows && !error; from += part) {
		t->pass.rows[0] = rows - from < part ? rows - from : part;
		rho_nn_give(&t->pass, t->x, x + from * t->in);
		error = rho_nn_forward(&t->inst->ctx, &t->pass);
		memcpy(t->pass.delta[t->y], dy + from * t->out, t->pass.rows[0] * t->out * sizeof *dy);
		rho_nn_backward(&t->pass);
	}
	if (!error)
		error = rho_nn_step(&t->inst->ctx, &t->adam, &t->pass, 1e-4, 1.0 / (double)rows);
	bench_check(t->inst, error);
}

static void bench_update(size_t in, size_t wide, size_t out, size_t rows, size_t part, int unit,
                         const char *name)
{
	struct trial t;
	float *x = numbers(rows * in), *dy = numbers(rows * out);
	double seconds[REPEATS], share[REPEATS], peak[REPEATS];
	double work = 2.0 * (double)rows * (double)(2 * in * wide + 3 * wide * wide + 3 * wide * out);
	open_trial(&t, in, wide, out, part, unit);
	update(&t, rows, part, x, dy);
	for (int r = 0; r < REPEATS; r++) {
		double done = 0, from, s;
		peak[r] = sgemm_rate();
		from = bench_now();
		do {
			update(&t, rows, part, x, dy);
			done++;
		} while ((s = bench_now() - from) < 0.03);
		seconds[r] = s / done;
		share[r] = work / seconds[r] / peak[r];
	}
	printf("  %3zu-%zu-%zu-%zu %-5s %5zu rows by %4zu  %9.1f us  %6.1f Gflop/s, sgemm %6.1f: %3.0f%%\n",
	       in, wide, wide, out, name, rows, part, 1e6 * bench_median(seconds, REPEATS),
	       work / bench_median(seconds, REPEATS) / 1e9, bench_median(peak, REPEATS) / 1e9,
	       100 * bench_median(share, REPEATS));
	rho_instance_free(t.inst);
	free(x);
	free(dy);
}

/* A history's last row through `layers` pre-norm blocks: `lists` lists of `items` rows of `dim` numbers, as
 * an actor's update has them. */
static void bench_history(size_t lists, size_t items, size_t layers, size_t dim, size_t heads)
{
	const struct rho_nn_how how = rho_nn_usual(RHO_NN_ADAM);
	const struct rho_nn_init init = { RHO_NN_XAVIER, 1 };
	struct trial t = { .inst = bench_make(&world, RHO_AGENT, "linucb", "") };
	struct rho_ctx *c = &t.inst->ctx;
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	float *x = numbers(lists * items * dim), *dy = numbers(lists * dim);
	size_t *off = calloc(lists + 1, sizeof *off);
	double seconds[REPEATS];
	rho_nn_begin(c, &t.nn, "net");
	uint32_t axis = rho_nn_axis(&t.nn, 0), h = t.x = rho_nn_input(&t.nn, axis, dim, false);
	for (size_t l = 0; l < layers; l++)
		h = rho_nn_block(&t.nn, l ? "second" : "first", h, h, heads, 4 * dim, false);
	t.y = rho_nn_dense(&t.nn, "head", rho_nn_last(&t.nn, h), dim, RHO_NN_LINEAR, init);
	rho_nn_output(&t.nn, t.y);
	int error = rho_nn_end(&t.nn, &rng);
	if (!error)
		error = rho_nn_open(c, &t.nn, &t.pass,
		                    (const struct rho_nn_most[]){ { lists, 0 }, { lists * items, items } },
		                    true);
	if (!error)
		error = rho_nn_train(c, &t.nn, &t.adam, &how);
	bench_check(t.inst, error);
	for (size_t i = 0; off && i < lists; i++)
		off[i + 1] = off[i] + items;
	t.pass.off[axis] = off;
	t.in = items * dim;
	t.out = dim;
	for (int r = 0; r < REPEATS; r++) {
		double done = 0, from = bench_now(), s;
		do {
			update(&t, lists, lists, x, dy);
			done++;
		} while ((s = bench_now() - from) < 0.03);
		seconds[r] = s / done;
	}
	printf("  %zu lists of %zu items, %zu blocks of width %zu, %zu heads  %9.1f us\n", lists, items,
	       layers, dim, heads, 1e6 * bench_median(seconds, REPEATS));
	rho_instance_free(t.inst);
	free(x);
	free(dy);
	free(off);
}

/* Nanoseconds a number. */
static void bench_units(void)
{
	static const char *const names[] = { "bias", "relu", "tanh", "gelu", "gelu_tanh", "sigmoid" };
	enum { WIDE = 64, ROWS = 256 };
	float *x = numbers(WIDE * ROWS), *y = numbers(WIDE * ROWS), *d = numbers(WIDE * ROWS),
	      *bias = numbers(WIDE);
	const struct rho_nn_kernels *k;
	printf("activations with the bias, and their slopes, nanoseconds a number\n");
	for (size_t s = 0; (k = rho_nn_kernels_at(s)); s++) {
		printf("  %-8s", k->name);
		for (unsigned unit = 0; unit < RHO_NN_UNITS; unit++) {
			double there[REPEATS], back[REPEATS];
			for (int r = 0; r < REPEATS; r++) {
				double from = bench_now();
				for (int i = 0; i < 20; i++) {
					memcpy(y, x, WIDE * ROWS * sizeof *y);
					k->finish(unit, ROWS, WIDE, bias, y, NULL);
				}
				there[r] = (bench_now() - from) / (20.0 * WIDE * ROWS);
				from = bench_now();
				for (int i = 0; i < 20; i++) {
					memcpy(d, x, WIDE * ROWS * sizeof *y);
					k->unfinish(unit, WIDE * ROWS, y, x, d);
				}
				back[r] = (bench_now() - from) / (20.0 * WIDE * ROWS);
			}
			printf("  %s %.2f %.2f", names[unit], 1e9 * bench_median(there, REPEATS),
			       1e9 * bench_median(back, REPEATS));
		}
		printf("\n");
	}
	free(x);
	free(y);
	free(d);
	free(bias);
}

int main(void)
{
	world = (struct rho_world){ .registry = rho_registry_new(NULL, 0), .seed = 1, .log_level = RHO_WARN };
	printf("forward, backward and Adam, a network of three layers\n");
	bench_update(64, 64, 100, 512, 512, RHO_NN_TANH, "tanh");
	bench_update(4, 64, 2, 512, 512, RHO_NN_TANH, "tanh");
	for (size_t part = 256; part <= 4096; part *= 4)
		bench_update(64, 256, 256, 4096, part, RHO_NN_TANH, "tanh");
	bench_update(64, 256, 256, 4096, 512, RHO_NN_RELU, "relu");
	bench_update(256, 256, 256, 4096, 512, RHO_NN_TANH, "tanh");
	printf("forward, backward and Adam, a transformer over a history\n");
	bench_history(16, 10, 2, 128, 4);
	bench_history(64, 10, 2, 128, 4);
	bench_history(64, 50, 2, 128, 4);
	bench_units();
	rho_registry_free(world.registry);
	return 0;
}
