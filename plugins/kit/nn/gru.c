/* gru.c: a gated recurrent unit along lists: all lists that are long enough take a step together. */
#include "nn_impl.h"

enum { WEIGHT, AGAIN, BIAS, AGAIN_BIAS };

/* Working memory. gate: r, z, n of every row; again: h U' + c of every row; before: the state before every
 * row; h and step: those of the lists that take the step, in the order of their lengths. */
struct room {
	rho_real *gate, *again, *before, *h, *step;
	size_t *order, *count; /* lists, the longest first; (longest + 2) */
};

/* Gives the bytes in all. */
static size_t lay_out(struct room *r, void *at, size_t rows, size_t lists, size_t longest, size_t hidden)
{
	size_t reals = rows * hidden * 7 + lists * hidden * 4, words = lists + longest + 2;
	rho_real *next = at ? (rho_real *)((size_t *)at + words) : NULL;
	*r = (struct room){ 0 };
	if (at) {
		r->order = at;
		r->count = r->order + lists;
		r->gate = next;
		r->again = r->gate + rows * 3 * hidden;
		r->before = r->again + rows * 3 * hidden;
		r->h = r->before + rows * hidden;
		r->step = r->h + lists * hidden;
	}
	return words * sizeof(size_t) + reals * sizeof(rho_real);
}

static struct room room_at(const struct rho_nn_pass *p, const struct rho_nn_op *op, void *at)
{
	uint32_t axis = p->nn->of[op->out].axis;
	struct room r;
	lay_out(&r, at, p->most[axis].rows, p->most[p->nn->parent[axis]].rows, p->most[axis].list,
	        rho_nn_dim(p, op->out));
	return r;
}

static size_t room(const struct rho_nn *nn, const struct rho_nn_op *op, const struct rho_nn_most *most)
{
	const struct rho_nn_value *v = &nn->of[op->out];
	struct room r;
	return lay_out(&r, NULL, most[v->axis].rows, most[nn->parent[v->axis]].rows, most[v->axis].list,
	               v->dim);
}

/* order: the lists by falling length, those of one length as they stand; count[t]: how many are longer than
 * t. Gives the longest's length. */
static size_t arrange(const struct rho_nn_pass *p, const struct rho_nn_op *op, struct room *r)
{
	uint32_t axis = p->nn->of[op->out].axis;
	size_t n = p->rows[p->nn->parent[axis]], longest = p->most[axis].list;
	const size_t *off = p->off[axis];
	memset(r->count, 0, (longest + 2) * sizeof *r->count);
	for (size_t i = 0; i < n; i++)
		r->count[off[i + 1] - off[i]]++;
	for (size_t t = longest + 1; t-- > 0;)
		r->count[t] += r->count[t + 1]; /* at least t long */
	for (size_t i = 0; i < n; i++)
		r->order[r->count[off[i + 1] - off[i] + 1]++] = i;
	/* count[t + 1] has become the number at least t long; count[t] is to be that of those longer. */
	for (size_t t = 0; t <= longest; t++)
		r->count[t] = t < longest ? r->count[t + 2] : 0;
	while (longest && !r->count[longest - 1])
		longest--;
	return longest;
}

/* Each list's row of its t-th step. */
static size_t row_at(const struct rho_nn_pass *p, const struct rho_nn_op *op, const struct room *r,
                     size_t which, size_t t)
{
	return p->off[p->nn->of[op->out].axis][r->order[which]] + t;
}

static void forward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *at)
{
	const struct rho_nn_kernels *k = rho_nn_kernels_at(0);
	const rho_real *param = p->nn->param, *first = op->ins > 1 ? p->value[op->in[1]] : NULL;
	size_t n = rho_nn_rows(p, op->out), in = rho_nn_dim(p, op->in[0]), d = rho_nn_dim(p, op->out);
	struct room r = room_at(p, op, at);
	size_t longest = arrange(p, op, &r);
	rho_nn_multiply(false, true, n, 3 * d, in, 1, p->value[op->in[0]], in, param + op->at[WEIGHT], in, 0,
	                r.gate, 3 * d);
	k->finish(RHO_NN_LINEAR, n, 3 * d, param + op->at[BIAS], r.gate, NULL);
	for (size_t t = 0; t < longest; t++) {
		for (size_t i = 0; i < r.count[t]; i++) {
			size_t row = row_at(p, op, &r, i, t);
			const rho_real *h = first ? first + r.order[i] * d : NULL;
			if (t)
				h = p->own[op->out] + (row - 1) * d;
			if (h)
				memcpy(r.h + i * d, h, d * sizeof *h);
			else
				memset(r.h + i * d, 0, d * sizeof *h);
			memcpy(r.before + row * d, r.h + i * d, d * sizeof *h);
		}
		rho_nn_multiply(false, true, r.count[t], 3 * d, d, 1, r.h, d, param + op->at[AGAIN], d, 0,
		                r.step, 3 * d);
		k->finish(RHO_NN_LINEAR, r.count[t], 3 * d, param + op->at[AGAIN_BIAS], r.step, NULL);
		for (size_t i = 0; i < r.count[t]; i++) {
			size_t row = row_at(p, op, &r, i, t);
			memcpy(r.again + row * 3 * d, r.step + i * 3 * d, 3 * d * sizeof *r.step);
			k->gru(d, r.gate + row * 3 * d, r.again + row * 3 * d, r.h + i * d,
			       p->own[op->out] + row * d);
		}
	}
}

static void backward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *at)
{
	const struct rho_nn_kernels *k = rho_nn_kernels_at(0);
	const rho_real *param = p->nn->param, *dy = p->delta[op->out];
	size_t n = rho_nn_rows(p, op->out), in = rho_nn_dim(p, op->in[0]), d = rho_nn_dim(p, op->out);
	struct room r = room_at(p, op, at);
	size_t longest = arrange(p, op, &r);
	rho_real beta, *dx = rho_nn_delta(p, op->in[0], &beta);
	rho_real *dfirst = op->ins > 1 ? rho_nn_delta_add(p, op->in[1]) : NULL;
	memset(r.h, 0, r.count[0] * d * sizeof *r.h); /* dL/d(state after), of each list */
	for (size_t t = longest; t-- > 0;) {
		for (size_t i = 0; i < r.count[t]; i++) {
			size_t row = row_at(p, op, &r, i, t);
			k->add(d, 1, dy + row * d, r.h + i * d);
			k->ungru(d, r.gate + row * 3 * d, r.again + row * 3 * d, r.before + row * d,
			         r.h + i * d);
			memcpy(r.step + i * 3 * d, r.again + row * 3 * d, 3 * d * sizeof *r.step);
		}
		rho_nn_multiply(false, false, r.count[t], d, 3 * d, 1, r.step, 3 * d, param + op->at[AGAIN],
		                d, 1, r.h, d);
	}
	for (size_t i = 0; dfirst && i < r.count[0]; i++)
		k->add(d, 1, r.h + i * d, dfirst + r.order[i] * d);
	k->columns(n, 3 * d, r.gate, p->gradient + op->at[BIAS]);
	k->columns(n, 3 * d, r.again, p->gradient + op->at[AGAIN_BIAS]);
	rho_nn_multiply(true, false, 3 * d, in, n, 1, r.gate, 3 * d, p->value[op->in[0]], in, 1,
	                p->gradient + op->at[WEIGHT], in);
	rho_nn_multiply(true, false, 3 * d, d, n, 1, r.again, 3 * d, r.before, d, 1,
	                p->gradient + op->at[AGAIN], d);
	if (dx)
		rho_nn_multiply(false, false, n, in, 3 * d, 1, r.gate, 3 * d, param + op->at[WEIGHT], in,
		                beta, dx, in);
}

const struct rho_nn_kind rho_nn_gru_kind = { forward, backward, room };

uint32_t rho_nn_gru(struct rho_nn *nn, const char *name, uint32_t x, uint32_t first, size_t hidden,
                    struct rho_nn_init init)
{
	struct rho_nn_op op = { .kind = &rho_nn_gru_kind,
		                .in = { x, first },
		                .ins = first == UINT32_MAX ? 1 : 2 };
	if (!rho_nn_known(nn, x, name) || (op.ins > 1 && !rho_nn_known(nn, first, name)))
		return 0;
	if (!nn->of[x].axis)
		return rho_nn_fail(nn, "%s: value %u is on axis 0, which has no lists", name, x);
	if (op.ins > 1 && (nn->of[first].axis != nn->parent[nn->of[x].axis] || nn->of[first].dim != hidden))
		return rho_nn_fail(
			nn, "%s: the first state is on axis %u with %zu numbers, not on axis %u with %zu",
			name, nn->of[first].axis, nn->of[first].dim, nn->parent[nn->of[x].axis], hidden);
	op.at[WEIGHT] = rho_nn_slice_new(nn, name, "weight", 3 * hidden, nn->of[x].dim, init);
	op.at[AGAIN] = rho_nn_slice_new(nn, name, "again", 3 * hidden, hidden, init);
	op.at[BIAS] = rho_nn_slice_new(nn, name, "bias", 1, 3 * hidden, (struct rho_nn_init){ 0 });
	op.at[AGAIN_BIAS] =
		rho_nn_slice_new(nn, name, "again_bias", 1, 3 * hidden, (struct rho_nn_init){ 0 });
	return rho_nn_op_new(nn, op, nn->of[x].axis, hidden, true);
}
