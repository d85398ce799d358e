/* rows.c: what brings rows together: norms, sums, rows side by side, lists to one row and back. */
#include "nn_impl.h"

/* ---- LayerNorm ---- */

/* Mean and scale of each row, and the sums of the parameters' gradients. */
static size_t norm_room(const struct rho_nn *nn, const struct rho_nn_op *op, const struct rho_nn_most *most)
{
	const struct rho_nn_value *v = &nn->of[op->out];
	return 2 * v->dim * sizeof(double) + 2 * most[v->axis].rows * sizeof(rho_real);
}

static void norm_forward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	const struct rho_nn_kernels *k = rho_nn_kernels_at(0);
	const rho_real *x = p->value[op->in[0]], *gamma = p->nn->param + op->at[0],
		       *beta = p->nn->param + op->at[1];
	size_t n = rho_nn_rows(p, op->out), dim = rho_nn_dim(p, op->out);
	rho_real *mean_scale = (rho_real *)((double *)room + 2 * dim);
	for (size_t i = 0; i < n; i++)
		k->norm(dim, x + i * dim, gamma, beta, op->scale, p->own[op->out] + i * dim,
		        mean_scale + 2 * i);
}

static void norm_backward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	const struct rho_nn_kernels *k = rho_nn_kernels_at(0);
	const rho_real *x = p->value[op->in[0]], *gamma = p->nn->param + op->at[0], *dy = p->delta[op->out];
	size_t n = rho_nn_rows(p, op->out), dim = rho_nn_dim(p, op->out);
	rho_real beta, *dx = rho_nn_delta(p, op->in[0], &beta), *dgamma = p->gradient + op->at[0];
	rho_real *dbeta = p->gradient + op->at[1];
	double *sums = room;
	const rho_real *mean_scale = (const rho_real *)(sums + 2 * dim);
	memset(sums, 0, 2 * dim * sizeof *sums);
	for (size_t i = 0; i < n; i++)
		k->unnorm(dim, x + i * dim, gamma, mean_scale + 2 * i, dy + i * dim, beta,
		          dx ? dx + i * dim : NULL, sums);
	for (size_t j = 0; j < dim; j++) {
		dgamma[j] = (rho_real)((double)dgamma[j] + sums[j]);
		dbeta[j] = (rho_real)((double)dbeta[j] + sums[dim + j]);
	}
}

const struct rho_nn_kind rho_nn_norm_kind = { norm_forward, norm_backward, norm_room };

uint32_t rho_nn_norm(struct rho_nn *nn, const char *name, uint32_t x, double eps)
{
	struct rho_nn_op op = { .kind = &rho_nn_norm_kind, .in = { x }, .ins = 1, .scale = eps };
	if (!rho_nn_known(nn, x, name))
		return 0;
	op.at[0] = rho_nn_slice_new(nn, name, "weight", 1, nn->of[x].dim, (struct rho_nn_init){ .gain = 1 });
	op.at[1] = rho_nn_slice_new(nn, name, "bias", 1, nn->of[x].dim, (struct rho_nn_init){ 0 });
	return rho_nn_op_new(nn, op, nn->of[x].axis, nn->of[x].dim, true);
}

/* ---- sums ---- */

static void sum_forward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	size_t n = rho_nn_rows(p, op->out) * rho_nn_dim(p, op->out);
	(void)room;
	memcpy(p->own[op->out], p->value[op->in[0]], n * sizeof(rho_real));
	rho_nn_kernels_at(0)->add(n, 1, p->value[op->in[1]], p->own[op->out]);
}

static void sum_backward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	size_t n = rho_nn_rows(p, op->out) * rho_nn_dim(p, op->out);
	(void)room;
	for (int i = 0; i < 2; i++) {
		rho_real beta, *d = rho_nn_delta(p, op->in[i], &beta);
		if (d && beta == 0)
			memcpy(d, p->delta[op->out], n * sizeof *d);
		else if (d)
			rho_nn_kernels_at(0)->add(n, 1, p->delta[op->out], d);
	}
}

const struct rho_nn_kind rho_nn_sum_kind = { sum_forward, sum_backward, NULL };

uint32_t rho_nn_sum(struct rho_nn *nn, uint32_t a, uint32_t b)
{
	struct rho_nn_op op = { .kind = &rho_nn_sum_kind, .in = { a, b }, .ins = 2 };
	if (!rho_nn_known(nn, a, "a sum") || !rho_nn_known(nn, b, "a sum"))
		return 0;
	if (nn->of[a].axis != nn->of[b].axis || nn->of[a].dim != nn->of[b].dim)
		return rho_nn_fail(nn,
		                   "a sum of values %u (axis %u, %zu numbers) and %u (axis %u, %zu numbers); "
		                   "they must be"
		                   " alike",
		                   a, nn->of[a].axis, nn->of[a].dim, b, nn->of[b].axis, nn->of[b].dim);
	return rho_nn_op_new(nn, op, nn->of[a].axis, nn->of[a].dim, false);
}

/* ---- side by side ---- */

static void concat_forward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	size_t n = rho_nn_rows(p, op->out), dim = rho_nn_dim(p, op->out), at = 0;
	(void)room;
	for (int i = 0; i < 2; i++) {
		size_t mine = rho_nn_dim(p, op->in[i]);
		for (size_t r = 0; r < n; r++)
			memcpy(p->own[op->out] + r * dim + at, p->value[op->in[i]] + r * mine,
			       mine * sizeof(rho_real));
		at += mine;
	}
}

static void concat_backward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	size_t n = rho_nn_rows(p, op->out), dim = rho_nn_dim(p, op->out), at = 0;
	(void)room;
	for (int i = 0; i < 2; i++) {
		size_t mine = rho_nn_dim(p, op->in[i]);
		rho_real *d = rho_nn_delta_add(p, op->in[i]);
		for (size_t r = 0; d && r < n; r++)
			rho_nn_kernels_at(0)->add(mine, 1, p->delta[op->out] + r * dim + at, d + r * mine);
		at += mine;
	}
}

const struct rho_nn_kind rho_nn_concat_kind = { concat_forward, concat_backward, NULL };

uint32_t rho_nn_concat(struct rho_nn *nn, uint32_t a, uint32_t b)
{
	struct rho_nn_op op = { .kind = &rho_nn_concat_kind, .in = { a, b }, .ins = 2 };
	if (!rho_nn_known(nn, a, "rows side by side") || !rho_nn_known(nn, b, "rows side by side"))
		return 0;
	if (nn->of[a].axis != nn->of[b].axis)
		return rho_nn_fail(
			nn, "values %u and %u are on the axes %u and %u; side by side they must share one", a,
			b, nn->of[a].axis, nn->of[b].axis);
	return rho_nn_op_new(nn, op, nn->of[a].axis, nn->of[a].dim + nn->of[b].dim, false);
}

/* ---- a row for each of a list, and a list to one row ---- */

static void spread_forward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	size_t n = rho_nn_rows(p, op->in[0]), dim = rho_nn_dim(p, op->out);
	const size_t *off = p->off[p->nn->of[op->out].axis];
	(void)room;
	for (size_t i = 0; i < n; i++)
		for (size_t r = off[i]; r < off[i + 1]; r++)
			memcpy(p->own[op->out] + r * dim, p->value[op->in[0]] + i * dim,
			       dim * sizeof(rho_real));
}

static void spread_backward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	size_t n = rho_nn_rows(p, op->in[0]), dim = rho_nn_dim(p, op->out);
	const size_t *off = p->off[p->nn->of[op->out].axis];
	rho_real *d = rho_nn_delta_add(p, op->in[0]);
	(void)room;
	for (size_t i = 0; i < n; i++)
		rho_nn_kernels_at(0)->columns(off[i + 1] - off[i], dim, p->delta[op->out] + off[i] * dim,
		                              d + i * dim);
}

const struct rho_nn_kind rho_nn_spread_kind = { spread_forward, spread_backward, NULL };

uint32_t rho_nn_spread(struct rho_nn *nn, uint32_t a, uint32_t axis)
{
	struct rho_nn_op op = { .kind = &rho_nn_spread_kind, .in = { a }, .ins = 1 };
	if (!rho_nn_known(nn, a, "a spread"))
		return 0;
	if (!axis || axis >= nn->axes || nn->parent[axis] != nn->of[a].axis)
		return rho_nn_fail(nn, "value %u is on axis %u, on which axis %u does not hang", a,
		                   nn->of[a].axis, axis);
	return rho_nn_op_new(nn, op, axis, nn->of[a].dim, false);
}

static void last_forward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	size_t n = rho_nn_rows(p, op->out), dim = rho_nn_dim(p, op->out);
	const size_t *off = p->off[p->nn->of[op->in[0]].axis];
	rho_real *y = p->own[op->out];
	(void)room;
	memset(y, 0, n * dim * sizeof *y);
	for (size_t i = 0; i < n; i++)
		if (off[i + 1] > off[i])
			memcpy(y + i * dim, p->value[op->in[0]] + (off[i + 1] - 1) * dim, dim * sizeof *y);
}

static void last_backward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	size_t n = rho_nn_rows(p, op->out), dim = rho_nn_dim(p, op->out);
	const size_t *off = p->off[p->nn->of[op->in[0]].axis];
	rho_real *d = rho_nn_delta_add(p, op->in[0]);
	(void)room;
	for (size_t i = 0; i < n; i++)
		if (off[i + 1] > off[i])
			rho_nn_kernels_at(0)->add(dim, 1, p->delta[op->out] + i * dim,
			                          d + (off[i + 1] - 1) * dim);
}

const struct rho_nn_kind rho_nn_last_kind = { last_forward, last_backward, NULL };

static void mean_forward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	const struct rho_nn_kernels *k = rho_nn_kernels_at(0);
	size_t n = rho_nn_rows(p, op->out), dim = rho_nn_dim(p, op->out);
	const size_t *off = p->off[p->nn->of[op->in[0]].axis];
	rho_real *y = p->own[op->out];
	(void)room;
	memset(y, 0, n * dim * sizeof *y);
	for (size_t i = 0; i < n; i++) {
		size_t rows = off[i + 1] - off[i];
		k->columns(rows, dim, p->value[op->in[0]] + off[i] * dim, y + i * dim);
		for (size_t j = 0; rows && j < dim; j++)
			y[i * dim + j] /= (rho_real)rows;
	}
}

static void mean_backward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	size_t n = rho_nn_rows(p, op->out), dim = rho_nn_dim(p, op->out);
	const size_t *off = p->off[p->nn->of[op->in[0]].axis];
	rho_real *d = rho_nn_delta_add(p, op->in[0]);
	(void)room;
	for (size_t i = 0; i < n; i++)
		for (size_t r = off[i]; r < off[i + 1]; r++)
			rho_nn_kernels_at(0)->add(dim, 1 / (rho_real)(off[i + 1] - off[i]),
			                          p->delta[op->out] + i * dim, d + r * dim);
}

const struct rho_nn_kind rho_nn_mean_kind = { mean_forward, mean_backward, NULL };

static uint32_t pool(struct rho_nn *nn, uint32_t x, const struct rho_nn_kind *kind)
{
	struct rho_nn_op op = { .kind = kind, .in = { x }, .ins = 1 };
	if (!rho_nn_known(nn, x, "a list to one row"))
		return 0;
	if (!nn->of[x].axis)
		return rho_nn_fail(nn, "value %u is on axis 0, which has no lists", x);
	return rho_nn_op_new(nn, op, nn->parent[nn->of[x].axis], nn->of[x].dim, false);
}

uint32_t rho_nn_last(struct rho_nn *nn, uint32_t x)
{
	return pool(nn, x, &rho_nn_last_kind);
}

uint32_t rho_nn_mean(struct rho_nn *nn, uint32_t x)
{
	return pool(nn, x, &rho_nn_mean_kind);
}
