/* attention.c: multi-head attention between lists of rows. */
#include "nn_impl.h"

/* Where one list's queries, keys and values stand. */
struct part {
	size_t from, n; /* its queries */
	size_t key_from, keys;
};

/* Widths in numbers of a row of the query's and of the keys' value, where keys begin, and of a head. */
struct shape {
	size_t q_row, kv_row, key, dim, heads, head;
	rho_real scale;
};

static struct shape shape_of(const struct rho_nn_pass *p, const struct rho_nn_op *op)
{
	struct shape s = {
		.q_row = rho_nn_dim(p, op->in[0]), .kv_row = rho_nn_dim(p, op->in[1]), .heads = op->heads
	};
	s.dim = rho_nn_dim(p, op->out);
	s.key = op->in[0] == op->in[1] ? s.dim : 0;
	s.head = s.dim / s.heads;
	s.scale = (rho_real)(1 / sqrt((double)s.head));
	return s;
}

static size_t lists(const struct rho_nn_pass *p, const struct rho_nn_op *op)
{
	return p->rows[p->nn->parent[p->nn->of[op->in[1]].axis]];
}

static struct part part_of(const struct rho_nn_pass *p, const struct rho_nn_op *op, size_t i)
{
	uint32_t q = p->nn->of[op->in[0]].axis, kv = p->nn->of[op->in[1]].axis;
	struct part a = {
		.from = i, .n = 1, .key_from = p->off[kv][i], .keys = p->off[kv][i + 1] - p->off[kv][i]
	};
	if (p->nn->parent[kv] != q) {
		a.from = p->off[q][i];
		a.n = p->off[q][i + 1] - a.from;
	}
	return a;
}

/* What each query gives each key of its list, by head: (heads, queries, keys) a list; then, for the way back,
 * the same once for one list. */
static size_t room(const struct rho_nn *nn, const struct rho_nn_op *op, const struct rho_nn_most *most)
{
	uint32_t q = nn->of[op->in[0]].axis, kv = nn->of[op->in[1]].axis;
	size_t keys = most[kv].list, longest = nn->parent[kv] == q ? 1 : most[q].list;
	return (op->heads * most[q].rows * keys + longest * keys) * sizeof(rho_real);
}

/* Scores that must not be seen become -INFINITY. */
static void hide(const struct rho_nn_pass *p, const struct rho_nn_op *op, const struct part *a,
                 rho_real *score)
{
	const uint8_t *hidden = p->hide[p->nn->of[op->in[1]].axis];
	for (size_t i = 0; op->causal && i < a->n; i++)
		for (size_t j = i + 1; j < a->keys; j++)
			score[i * a->keys + j] = -(rho_real)INFINITY;
	for (size_t j = 0; hidden && j < a->keys; j++)
		for (size_t i = 0; hidden[a->key_from + j] && i < a->n; i++)
			score[i * a->keys + j] = -(rho_real)INFINITY;
}

static void forward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	const struct shape s = shape_of(p, op);
	const rho_real *q = p->value[op->in[0]], *kv = p->value[op->in[1]];
	rho_real *score = room, *y = p->own[op->out];
	for (size_t i = 0; i < lists(p, op); i++) {
		const struct part a = part_of(p, op, i);
		const rho_real *mine = q + a.from * s.q_row, *key = kv + a.key_from * s.kv_row + s.key;
		if (!a.keys)
			memset(y + a.from * s.dim, 0, a.n * s.dim * sizeof *y);
		for (size_t h = 0; h < s.heads && a.keys; h++, score += a.n * a.keys) {
			rho_nn_multiply(false, true, a.n, a.keys, s.head, s.scale, mine + h * s.head, s.q_row,
			                key + h * s.head, s.kv_row, 0, score, a.keys);
			hide(p, op, &a, score);
			for (size_t r = 0; r < a.n; r++)
				rho_nn_kernels_at(0)->soften(a.keys, score + r * a.keys);
			rho_nn_multiply(false, false, a.n, s.head, a.keys, 1, score, a.keys,
			                key + s.dim + h * s.head, s.kv_row, 0,
			                y + a.from * s.dim + h * s.head, s.dim);
		}
	}
}

static void backward(struct rho_nn_pass *p, const struct rho_nn_op *op, void *room)
{
	const struct shape s = shape_of(p, op);
	const rho_real *q = p->value[op->in[0]], *kv = p->value[op->in[1]], *dy = p->delta[op->out];
	rho_real *dq = rho_nn_delta_add(p, op->in[0]);
	rho_real *dkv = op->in[0] == op->in[1] ? dq : rho_nn_delta_add(p, op->in[1]);
	const rho_real *score = room;
	rho_real *back = (rho_real *)room + op->heads * p->most[p->nn->of[op->in[0]].axis].rows *
	                                            p->most[p->nn->of[op->in[1]].axis].list;
	for (size_t i = 0; i < lists(p, op); i++) {
		const struct part a = part_of(p, op, i);
		size_t at_q = a.from * s.q_row, at_key = a.key_from * s.kv_row + s.key;
		for (size_t h = 0; h < s.heads && a.keys; h++, score += a.n * a.keys) {
			size_t mine = at_q + h * s.head, key = at_key + h * s.head;
			const rho_real *up = dy + a.from * s.dim + h * s.head;
			rho_nn_multiply(false, true, a.n, a.keys, s.head, 1, up, s.dim, kv + key + s.dim,
			                s.kv_row, 0, back, a.keys);
			for (size_t r = 0; r < a.n; r++)
				rho_nn_kernels_at(0)->unsoften(a.keys, score + r * a.keys, back + r * a.keys);
			if (dq)
				rho_nn_multiply(false, false, a.n, s.head, a.keys, s.scale, back, a.keys,
				                kv + key, s.kv_row, 1, dq + mine, s.q_row);
			if (!dkv)
				continue;
			rho_nn_multiply(true, false, a.keys, s.head, a.n, s.scale, back, a.keys, q + mine,
			                s.q_row, 1, dkv + key, s.kv_row);
			rho_nn_multiply(true, false, a.keys, s.head, a.n, 1, score, a.keys, up, s.dim, 1,
			                dkv + key + s.dim, s.kv_row);
		}
	}
}

const struct rho_nn_kind rho_nn_attend_kind = { forward, backward, room };

uint32_t rho_nn_attend(struct rho_nn *nn, uint32_t q, uint32_t kv, size_t heads, bool causal)
{
	struct rho_nn_op op = {
		.kind = &rho_nn_attend_kind, .in = { q, kv }, .ins = 2, .heads = heads, .causal = causal
	};
	if (!rho_nn_known(nn, q, "attention") || !rho_nn_known(nn, kv, "attention"))
		return 0;
	uint32_t x = nn->of[q].axis, y = nn->of[kv].axis;
	size_t parts = q == kv ? 3 : 1, dim = nn->of[q].dim / parts;
	if (nn->of[q].dim % parts || (q != kv && nn->of[kv].dim != 2 * dim))
		return rho_nn_fail(nn,
		                   "attention of rows of %zu numbers to rows of %zu; those attended to are"
		                   " twice as wide (or the same value, 3 times a width)",
		                   nn->of[q].dim, nn->of[kv].dim);
	if (!heads || dim % heads)
		return rho_nn_fail(nn, "attention of width %zu with %zu heads, which do not divide it", dim,
		                   heads);
	if (!y || (nn->parent[y] != x && (!x || nn->parent[x] != nn->parent[y])))
		return rho_nn_fail(nn,
		                   "attention from axis %u to axis %u; they must hang on the same one, or"
		                   " the second on the first",
		                   x, y);
	if (causal && x != y)
		return rho_nn_fail(nn, "causal attention from axis %u to axis %u; it is within one", x, y);
	return rho_nn_op_new(nn, op, x, dim, false);
}
