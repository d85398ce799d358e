/* dense.c: linear layers with what is done to their sums, and that alone. */
#include "nn_impl.h"

/* GELU's slope is not known from what comes out. */
static bool keeps_sums(unsigned unit)
{
	return unit == RHO_NN_GELU || unit == RHO_NN_GELU_TANH;
}

/* The sums of each row of the result, where they are kept. */
static size_t room(const struct rho_nn *nn, const struct rho_nn_op *op, const struct rho_nn_most *most)
{
	const struct rho_nn_value *v = &nn->of[op->out];
	return keeps_sums(op->unit) ? most[v->axis].rows * v->dim * sizeof(rho_real) : 1;
}

static void dense_forward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *sums)
{
	const rho_real *w = p->nn->param + op->at[0], *bias = p->nn->param + op->at[1];
	size_t n = rho_nn_rows(p, op->out), in = rho_nn_dim(p, op->in[0]), out = rho_nn_dim(p, op->out);
	rho_nn_multiply(false, true, n, out, in, 1, p->value[op->in[0]], in, w, in, 0, p->own[op->out], out);
	rho_nn_kernels_at(0)->finish(op->unit, n, out, bias, p->own[op->out],
	                             keeps_sums(op->unit) ? sums : NULL);
}

static void dense_backward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *sums)
{
	const struct rho_nn_kernels *k = rho_nn_kernels_at(0);
	const rho_real *x = p->value[op->in[0]], *w = p->nn->param + op->at[0];
	size_t n = rho_nn_rows(p, op->out), in = rho_nn_dim(p, op->in[0]), out = rho_nn_dim(p, op->out);
	rho_real beta, *dy = p->delta[op->out], *dx = rho_nn_delta(p, op->in[0], &beta);
	k->unfinish(op->unit, n * out, p->value[op->out], sums, dy);
	k->columns(n, out, dy, p->gradient + op->at[1]);
	rho_nn_multiply(true, false, out, in, n, 1, dy, out, x, in, 1, p->gradient + op->at[0], in);
	if (dx)
		rho_nn_multiply(false, false, n, in, out, 1, dy, out, w, in, beta, dx, in);
}

const struct rho_nn_kind rho_nn_dense_kind = { dense_forward, dense_backward, room };

uint32_t rho_nn_dense(struct rho_nn *nn, const char *name, uint32_t x, size_t out, int unit,
                      struct rho_nn_init init)
{
	struct rho_nn_op op = { .kind = &rho_nn_dense_kind, .in = { x }, .ins = 1, .unit = (uint32_t)unit };
	if (!rho_nn_known(nn, x, name))
		return 0;
	if (unit < 0 || unit >= RHO_NN_UNITS)
		return rho_nn_fail(nn, "%s: there is no unit %d; they are below %d", name, unit,
		                   RHO_NN_UNITS);
	op.at[0] = rho_nn_slice_new(nn, name, "weight", out, nn->of[x].dim, init);
	op.at[1] = rho_nn_slice_new(nn, name, "bias", 1, out, (struct rho_nn_init){ 0 });
	return rho_nn_op_new(nn, op, nn->of[x].axis, out, true);
}

static void act_forward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *sums)
{
	size_t n = rho_nn_rows(p, op->out), dim = rho_nn_dim(p, op->out);
	(void)sums;
	memcpy(p->own[op->out], p->value[op->in[0]], n * dim * sizeof(rho_real));
	rho_nn_kernels_at(0)->finish(op->unit, n, dim, NULL, p->own[op->out], NULL);
}

static void act_backward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *sums)
{
	const struct rho_nn_kernels *k = rho_nn_kernels_at(0);
	size_t n = rho_nn_rows(p, op->out) * rho_nn_dim(p, op->out);
	rho_real *dx = rho_nn_delta_add(p, op->in[0]);
	(void)sums;
	k->unfinish(op->unit, n, p->value[op->out], p->value[op->in[0]], p->delta[op->out]);
	k->add(n, 1, p->delta[op->out], dx);
}

const struct rho_nn_kind rho_nn_act_kind = { act_forward, act_backward, NULL };

uint32_t rho_nn_act(struct rho_nn *nn, uint32_t x, int unit)
{
	struct rho_nn_op op = { .kind = &rho_nn_act_kind, .in = { x }, .ins = 1, .unit = (uint32_t)unit };
	if (!rho_nn_known(nn, x, "an activation"))
		return 0;
	if (unit < 0 || unit >= RHO_NN_UNITS)
		return rho_nn_fail(nn, "there is no unit %d; they are below %d", unit, RHO_NN_UNITS);
	return rho_nn_op_new(nn, op, nn->of[x].axis, nn->of[x].dim, false);
}
