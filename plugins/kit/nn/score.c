/* score.c: inner products of rows, and rows of a table by their ids. */
#include "nn_impl.h"

/* ---- inner products ---- */

/* Row r of b meets row r of a, or, where b's axis hangs on a's, the row whose list it is in: lists of rows of
 * b, each with one row of a. */
static size_t lists(const struct rho_nn_pass *p, const struct rho_nn_op *op)
{
	return rho_nn_rows(p, op->in[0]);
}

static void list_of(const struct rho_nn_pass *p, const struct rho_nn_op *op, size_t i, size_t *from,
                    size_t *to)
{
	uint32_t axis = p->nn->of[op->in[1]].axis;
	bool same = axis == p->nn->of[op->in[0]].axis;
	*from = same ? i : p->off[axis][i];
	*to = same ? i + 1 : p->off[axis][i + 1];
}

static void dot_forward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	size_t dim = rho_nn_dim(p, op->in[0]), from, to;
	(void)room;
	for (size_t i = 0; i < lists(p, op); i++) {
		list_of(p, op, i, &from, &to);
		for (size_t r = from; r < to; r++)
			p->own[op->out][r] =
				(rho_real)(op->scale *
			                   rho_nn_kernels_at(0)->dot(dim, p->value[op->in[0]] + i * dim,
			                                             p->value[op->in[1]] + r * dim));
	}
}

static void dot_backward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	const struct rho_nn_kernels *k = rho_nn_kernels_at(0);
	size_t dim = rho_nn_dim(p, op->in[0]), from, to;
	const rho_real *a = p->value[op->in[0]], *b = p->value[op->in[1]], *dy = p->delta[op->out];
	rho_real *da = rho_nn_delta_add(p, op->in[0]), *db = rho_nn_delta_add(p, op->in[1]);
	(void)room;
	for (size_t i = 0; i < lists(p, op); i++) {
		list_of(p, op, i, &from, &to);
		for (size_t r = from; r < to; r++) {
			rho_real times = (rho_real)op->scale * dy[r];
			if (da)
				k->add(dim, times, b + r * dim, da + i * dim);
			if (db)
				k->add(dim, times, a + i * dim, db + r * dim);
		}
	}
}

const struct rho_nn_kind rho_nn_dot_kind = { dot_forward, dot_backward, NULL };

uint32_t rho_nn_dot(struct rho_nn *nn, uint32_t a, uint32_t b, double scale)
{
	struct rho_nn_op op = { .kind = &rho_nn_dot_kind, .in = { a, b }, .ins = 2, .scale = scale };
	if (!rho_nn_known(nn, a, "an inner product") || !rho_nn_known(nn, b, "an inner product"))
		return 0;
	uint32_t x = nn->of[a].axis, y = nn->of[b].axis;
	if (nn->of[a].dim != nn->of[b].dim || (x != y && (!y || nn->parent[y] != x)))
		return rho_nn_fail(nn,
		                   "an inner product of values %u (axis %u, %zu numbers) and %u (axis %u, "
		                   "%zu numbers); widths"
		                   " must agree, and the second's axis be the first's or hang on it",
		                   a, x, nn->of[a].dim, b, y, nn->of[b].dim);
	return rho_nn_op_new(nn, op, y, 1, false);
}

/* ---- rows of a table ---- */

/* Row i's ids are from .. to - 1 of the list; the weight of each. */
static rho_real ids_of(const struct rho_nn_pass *p, const struct rho_nn_op *op, size_t i, size_t *from,
                       size_t *to)
{
	const size_t *off = p->list[op->list].off;
	*from = off ? off[i] : i;
	*to = off ? off[i + 1] : i + 1;
	return op->mean && *to > *from ? 1 / (rho_real)(*to - *from) : 1;
}

static void embed_forward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	size_t n = rho_nn_rows(p, op->out), dim = rho_nn_dim(p, op->out), from, to;
	const rho_real *table = p->nn->param + op->at[0];
	rho_real *y = p->own[op->out];
	(void)room;
	memset(y, 0, n * dim * sizeof *y);
	for (size_t i = 0; i < n; i++) {
		rho_real weight = ids_of(p, op, i, &from, &to);
		for (size_t k = from; k < to; k++)
			rho_nn_kernels_at(0)->add(dim, weight, table + p->list[op->list].id[k] * dim,
			                          y + i * dim);
	}
}

static void embed_backward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	size_t n = rho_nn_rows(p, op->out), dim = rho_nn_dim(p, op->out), from, to;
	rho_real *table = p->gradient + op->at[0];
	(void)room;
	for (size_t i = 0; i < n; i++) {
		rho_real weight = ids_of(p, op, i, &from, &to);
		for (size_t k = from; k < to; k++)
			rho_nn_kernels_at(0)->add(dim, weight, p->delta[op->out] + i * dim,
			                          table + p->list[op->list].id[k] * dim);
	}
}

const struct rho_nn_kind rho_nn_embed_kind = { embed_forward, embed_backward, NULL };

uint32_t rho_nn_embed(struct rho_nn *nn, const char *name, uint32_t list, size_t dim, bool mean,
                      struct rho_nn_init init)
{
	struct rho_nn_op op = { .kind = &rho_nn_embed_kind, .list = list, .mean = mean };
	if (nn->error)
		return 0;
	if (list >= nn->lists)
		return rho_nn_fail(nn, "%s: there is no list %u of ids; there are %zu", name, list,
		                   nn->lists);
	op.at[0] = rho_nn_slice_new(nn, name, "weight", nn->list_below[list], dim, init);
	return rho_nn_op_new(nn, op, nn->list_axis[list], dim, true);
}
