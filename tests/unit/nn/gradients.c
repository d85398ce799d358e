/* kit/nn in float64: every layer's gradients, of parameters and inputs, against central differences. */
#include "net.h"
#include "kit/nn/nn_impl.h"

enum { MOST = 4 };

/* The loss is what the outputs weigh: L = Σ weight · output, with weights drawn once. */
struct trial {
	struct net t;
	uint32_t input[MOST], output[MOST];
	size_t inputs, outputs;
	double *x[MOST], *weight[MOST];
};

static size_t numbers(const struct trial *r, uint32_t v)
{
	return rho_nn_rows(&r->t.pass, v) * rho_nn_dim(&r->t.pass, v);
}

static uint32_t in(struct trial *r, uint32_t axis, size_t dim)
{
	return r->input[r->inputs++] = rho_nn_input(&r->t.nn, axis, dim, true);
}

static void out(struct trial *r, uint32_t v)
{
	rho_nn_output(&r->t.nn, v);
	r->output[r->outputs++] = v;
}

static double loss(struct trial *r)
{
	double sum = 0;
	net_forward(&r->t);
	for (size_t o = 0; o < r->outputs; o++)
		for (size_t i = 0; i < numbers(r, r->output[o]); i++)
			sum += r->weight[o][i] * r->t.pass.value[r->output[o]][i];
	return sum;
}

static void compare(struct trial *r, double *at, double got, const char *what, size_t i)
{
	const double h = 1e-5, was = *at;
	double up, down, want;
	*at = was + h;
	up = loss(r);
	*at = was - h;
	down = loss(r);
	*at = was;
	want = (up - down) / (2 * h);
	cr_assert(fabs(got - want) <= 1e-6 * fmax(1e-2, fabs(want)), "%s %zu: %.12g, not %.12g", what, i, got,
	          want);
}

/* Rows of axis 0 and offsets of the others must stand in the pass. Biases and norms are moved away from where
 * they begin. */
static void check(struct trial *r)
{
	struct rho_nn *nn = &r->t.nn;
	struct rho_nn_pass *p = &r->t.pass;
	double *dx[MOST], *gradient;
	net_ready(&r->t);
	for (size_t i = 0; i < nn->params; i++)
		nn->param[i] += 0.2 * rho_normal(&r->t.rng);
	for (uint32_t a = 1; a < nn->axes; a++)
		p->rows[a] = p->off[a][p->rows[nn->parent[a]]];
	for (size_t i = 0; i < r->inputs; i++) {
		r->x[i] = net_numbers(&r->t, numbers(r, r->input[i]));
		rho_nn_give(p, r->input[i], r->x[i]);
	}
	for (size_t o = 0; o < r->outputs; o++)
		r->weight[o] = net_numbers(&r->t, numbers(r, r->output[o]));
	for (int again = 0; again < 2; again++) { /* what one pass leaves behind does not show in the next */
		loss(r);
		for (size_t o = 0; o < r->outputs; o++)
			memcpy(p->delta[r->output[o]], r->weight[o],
			       numbers(r, r->output[o]) * sizeof(double));
		rho_nn_zero(p);
		rho_nn_backward(p);
	}
	gradient = calloc(nn->params, sizeof *gradient);
	memcpy(gradient, p->gradient, nn->params * sizeof *gradient);
	for (size_t i = 0; i < r->inputs; i++) {
		size_t n = numbers(r, r->input[i]);
		dx[i] = calloc(n + 1, sizeof *dx[i]);
		memcpy(dx[i], p->delta[r->input[i]], n * sizeof *dx[i]);
	}
	for (size_t s = 0; s < nn->slices; s++)
		for (size_t i = 0; i < nn->slice[s].rows * nn->slice[s].cols; i++)
			compare(r, nn->param + nn->slice[s].at + i, gradient[nn->slice[s].at + i],
			        nn->slice[s].name, i);
	for (size_t k = 0; k < r->inputs; k++)
		for (size_t i = 0; i < numbers(r, r->input[k]); i++)
			compare(r, r->x[k] + i, dx[k][i], "input", i);
	for (size_t k = 0; k < r->inputs; k++) {
		free(r->x[k]);
		free(dx[k]);
	}
	for (size_t o = 0; o < r->outputs; o++)
		free(r->weight[o]);
	free(gradient);
	net_free(&r->t);
}

static const struct rho_nn_init init = { RHO_NN_XAVIER, 1 };

Test(nn_gradients, dense_and_units)
{
	for (int unit = 0; unit < RHO_NN_UNITS; unit++) {
		static struct trial r;
		uint32_t x, h;
		memset(&r, 0, sizeof r);
		net_begin(&r.t);
		x = in(&r, 0, 3);
		h = rho_nn_dense(&r.t.nn, "a", x, 7, unit, init);
		h = rho_nn_dense(&r.t.nn, "b", h, 5, unit, init);
		/* used twice, and an output at the same time */
		out(&r, h);
		out(&r, rho_nn_dense(&r.t.nn, "policy", h, 4, RHO_NN_LINEAR, init));
		out(&r, rho_nn_dense(&r.t.nn, "value", rho_nn_act(&r.t.nn, h, unit), 1, RHO_NN_LINEAR, init));
		net_end(&r.t, &(struct rho_nn_most){ 6, 0 });
		r.t.pass.rows[0] = 5;
		check(&r);
	}
}

/* Lists of 3, 0, 1 and 4 rows, and of 2, 2, 0 and 1. */
static const size_t off[] = { 0, 3, 3, 4, 8 }, other[] = { 0, 2, 4, 4, 5 };
static const struct rho_nn_most most[] = { { 5, 0 }, { 9, 5 }, { 6, 3 } };

static void lists(struct trial *r)
{
	r->t.pass.rows[0] = 4;
	r->t.pass.off[1] = off;
	r->t.pass.off[2] = other;
}

Test(nn_gradients, rows_and_lists)
{
	static struct trial r;
	static const uint32_t id[] = { 4, 0, 0, 2, 5, 1, 0, 3, 3 };
	static const size_t id_off[] = { 0, 2, 2, 3, 5, 5, 6, 8, 9 };
	struct rho_nn *nn = &r.t.nn;
	net_begin(&r.t);
	uint32_t items = rho_nn_axis(nn, 0), candidates = rho_nn_axis(nn, 0);
	uint32_t bag = rho_nn_ids(nn, items, 6), one = rho_nn_ids(nn, candidates, 6);
	uint32_t x = in(&r, 0, 4), y = in(&r, items, 4);
	uint32_t e = rho_nn_embed(nn, "bag", bag, 4, true, init),
		 s = rho_nn_embed(nn, "sums", bag, 4, false, init);
	uint32_t n = rho_nn_norm(nn, "norm", rho_nn_sum(nn, rho_nn_sum(nn, y, e), s), 1e-5);
	uint32_t c = rho_nn_embed(nn, "candidate", one, 4, false, init);
	out(&r, rho_nn_sum(nn, n, rho_nn_spread(nn, x, items)));
	out(&r, rho_nn_concat(nn, rho_nn_last(nn, n), rho_nn_concat(nn, rho_nn_mean(nn, y), x)));
	out(&r, rho_nn_dot(nn, rho_nn_norm(nn, "norm2", x, 1e-5), c, 0.7));
	out(&r, rho_nn_dot(nn, y, n, 1.5));
	net_end(&r.t, most);
	lists(&r);
	r.t.pass.list[bag] = (struct rho_nn_list){ id, id_off };
	r.t.pass.list[one] = (struct rho_nn_list){ id, NULL };
	check(&r);
}

Test(nn_gradients, attention)
{
	static const uint8_t hidden[] = { 0, 1, 0, 1, 0, 0, 1, 0 }; /* the third list's only row is one */
	for (int what = 0; what < 4; what++) {
		static struct trial r;
		struct rho_nn *nn = &r.t.nn;
		memset(&r, 0, sizeof r);
		net_begin(&r.t);
		uint32_t items = rho_nn_axis(nn, 0), candidates = rho_nn_axis(nn, 0);
		uint32_t x = in(&r, items, 6), c = in(&r, what == 3 ? 0 : candidates, 6);
		if (what < 2)
			out(&r, rho_nn_attention(nn, "self", x, x, 2, what == 1));
		out(&r, rho_nn_attention(nn, "cross", c, x, 3, false));
		net_end(&r.t, most);
		lists(&r);
		r.t.pass.hide[items] = what ? hidden : NULL;
		check(&r);
	}
}

Test(nn_gradients, blocks)
{
	static struct trial r;
	struct rho_nn *nn = &r.t.nn;
	net_begin(&r.t);
	uint32_t items = rho_nn_axis(nn, 0), candidates = rho_nn_axis(nn, 0);
	uint32_t x = in(&r, items, 4), c = in(&r, candidates, 4);
	x = rho_nn_block(nn, "one", x, x, 2, 8, true);
	x = rho_nn_block(nn, "two", x, x, 2, 8, false);
	c = rho_nn_block(nn, "cross", c, x, 2, 8, false);
	out(&r, rho_nn_dot(nn, rho_nn_last(nn, x), c, 1));
	out(&r, rho_nn_mlp(nn, "value", rho_nn_mean(nn, x), (const int64_t[]){ 5, 1 }, 2, RHO_NN_TANH, init));
	net_end(&r.t, most);
	lists(&r);
	check(&r);
}

Test(nn_gradients, gru)
{
	for (int first = 0; first < 2; first++) {
		static struct trial r;
		struct rho_nn *nn = &r.t.nn;
		memset(&r, 0, sizeof r);
		net_begin(&r.t);
		uint32_t items = rho_nn_axis(nn, 0);
		uint32_t x = in(&r, items, 3), h = first ? in(&r, 0, 5) : UINT32_MAX;
		uint32_t y = rho_nn_gru(nn, "gru", x, h, 5, init);
		y = rho_nn_gru(nn, "second", y, UINT32_MAX, 4, init);
		out(&r, y);
		out(&r, rho_nn_last(nn, y));
		net_end(&r.t, most);
		lists(&r);
		check(&r);
	}
}
