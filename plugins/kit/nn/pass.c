/* pass.c: workspace of a pass, and the walk through the layers forward and back. */
#include "nn_impl.h"

/* ---- workspace ---- */

/* The size of a value's rows, most there can be; false: more than any machine has. */
static bool most_numbers(const struct rho_nn *nn, const struct rho_nn_most *most, uint32_t value, size_t *n)
{
	return !__builtin_mul_overflow(most[nn->of[value].axis].rows, nn->of[value].dim, n) &&
	       *n <= SIZE_MAX / 64;
}

/* Gradients of values share memory: one is needed from its last reader's turn back to its maker's. Which of
 * the `slots` each value has is written to slot (UINT32_MAX: none), how large they are to need (values). */
static size_t plan_deltas(const struct rho_nn *nn, const struct rho_nn_most *most, uint32_t *slot,
                          size_t *need, bool *taken)
{
	size_t slots = 0;
	for (size_t v = 0; v < nn->values; v++)
		slot[v] = UINT32_MAX;
	for (size_t i = nn->ops + 1; i-- > 0;) {
		/* At first what the caller writes, and what the caller reads in the end, which is never given
		 * back. */
		const struct rho_nn_op *op = i < nn->ops ? &nn->op[i] : NULL;
		for (size_t k = 0; k < (op ? op->ins : nn->values); k++) {
			uint32_t v = op ? op->in[k] : (uint32_t)k;
			size_t s = 0, n;
			bool now =
				op ? nn->of[op->out].wants : nn->of[v].output || nn->of[v].op == RHO_NN_NONE;
			if (!now || !nn->of[v].wants || slot[v] != UINT32_MAX)
				continue;
			while (s < slots && taken[s])
				s++;
			slots += s == slots;
			most_numbers(nn, most, v, &n);
			need[s] = n > need[s] ? n : need[s];
			taken[s] = true;
			slot[v] = (uint32_t)s;
		}
		if (op && slot[op->out] != UINT32_MAX)
			taken[slot[op->out]] = false;
	}
	return slots;
}

static int open_deltas(struct rho_ctx *c, struct rho_nn_pass *p)
{
	const struct rho_nn *nn = p->nn;
	uint32_t *slot = rho_alloc(c, nn->values, sizeof *slot);
	size_t *need = rho_alloc(c, nn->values, sizeof *need), slots;
	bool *taken = rho_alloc(c, nn->values, sizeof *taken);
	rho_real **room = rho_alloc(c, nn->values, sizeof *room);
	p->begun = rho_alloc(c, nn->values, sizeof *p->begun);
	p->gradient = rho_alloc(c, nn->params, sizeof *p->gradient);
	if (!slot || !need || !taken || !room || !p->begun || !p->gradient)
		return RHO_ENOMEM;
	slots = plan_deltas(nn, p->most, slot, need, taken);
	for (size_t s = 0; s < slots; s++)
		if (!(room[s] = rho_alloc(c, need[s], sizeof **room)))
			return RHO_ENOMEM;
	for (size_t v = 0; v < nn->values; v++)
		p->delta[v] = slot[v] == UINT32_MAX ? NULL : room[slot[v]];
	return 0;
}

int rho_nn_open(struct rho_ctx *c, const struct rho_nn *nn, struct rho_nn_pass *p,
                const struct rho_nn_most *most, bool backward)
{
	*p = (struct rho_nn_pass){ .nn = nn };
	memcpy(p->most, most, nn->axes * sizeof *most);
	p->value = rho_alloc(c, nn->values, sizeof *p->value);
	p->own = rho_alloc(c, nn->values, sizeof *p->own);
	p->delta = rho_alloc(c, nn->values, sizeof *p->delta);
	p->room = rho_alloc(c, nn->ops, sizeof *p->room);
	if (!p->value || !p->own || !p->delta || !p->room)
		return RHO_ENOMEM;
	for (uint32_t v = 0; v < nn->values; v++) {
		size_t n;
		if (!most_numbers(nn, most, v, &n))
			return rho_fail(c, RHO_EINVAL, "network %s: %zu rows of %zu numbers", nn->name,
			                most[nn->of[v].axis].rows, nn->of[v].dim);
		if (nn->of[v].op == RHO_NN_NONE)
			continue;
		if (!(p->own[v] = rho_alloc(c, n, sizeof **p->own)))
			return RHO_ENOMEM;
		p->value[v] = p->own[v];
	}
	for (size_t i = 0; i < nn->ops; i++) {
		const struct rho_nn_op *op = &nn->op[i];
		if (op->kind->room && !(p->room[i] = rho_alloc(c, op->kind->room(nn, op, most), 1)))
			return RHO_ENOMEM;
	}
	return backward ? open_deltas(c, p) : 0;
}

void rho_nn_give(struct rho_nn_pass *p, uint32_t input, const rho_real *rows)
{
	p->value[input] = rows;
}

/* ---- forward ---- */

/* Rows of axis a, from its offsets. */
static int check_axis(struct rho_ctx *c, struct rho_nn_pass *p, uint32_t a)
{
	const struct rho_nn *nn = p->nn;
	size_t lists = a ? p->rows[nn->parent[a]] : 0;
	const size_t *off = p->off[a];
	if (a && (!off || off[0]))
		return rho_fail(c, RHO_EINVAL, "network %s: axis %u has no offsets that begin at 0", nn->name,
		                a);
	for (size_t i = 0; i < lists; i++)
		if (off[i + 1] < off[i] || off[i + 1] - off[i] > p->most[a].list)
			return rho_fail(
				c, RHO_EINVAL,
				"network %s: list %zu of axis %u goes from %zu to %zu; at most %zu rows were"
				" planned for",
				nn->name, i, a, off[i], off[i + 1], p->most[a].list);
	if (a)
		p->rows[a] = off[lists];
	if (p->rows[a] > p->most[a].rows)
		return rho_fail(c, RHO_EINVAL, "network %s: %zu rows on axis %u; %zu were planned for",
		                nn->name, p->rows[a], a, p->most[a].rows);
	return 0;
}

static int check_list(struct rho_ctx *c, const struct rho_nn_pass *p, uint32_t l)
{
	const struct rho_nn *nn = p->nn;
	const struct rho_nn_list *list = &p->list[l];
	size_t rows = p->rows[nn->list_axis[l]], n = list->off && rows ? list->off[rows] : rows;
	for (size_t i = 0; list->off && i < rows; i++)
		if (list->off[i + 1] < list->off[i])
			return rho_fail(c, RHO_EINVAL, "network %s: the offsets of list %u fall at row %zu",
			                nn->name, l, i);
	for (size_t i = list->off && rows ? list->off[0] : 0; i < n; i++)
		if (list->id[i] >= nn->list_below[l])
			return rho_fail(c, RHO_EINVAL, "network %s: id %u in list %u; they are below %u",
			                nn->name, list->id[i], l, nn->list_below[l]);
	return 0;
}

int rho_nn_forward(struct rho_ctx *c, struct rho_nn_pass *p)
{
	const struct rho_nn *nn = p->nn;
	int error = 0;
	for (uint32_t a = 0; a < nn->axes && !error; a++)
		error = check_axis(c, p, a);
	for (uint32_t l = 0; l < nn->lists && !error; l++)
		error = check_list(c, p, l);
	for (size_t v = 0; v < nn->values && !error; v++)
		if (!p->value[v] && p->rows[nn->of[v].axis])
			error = rho_fail(c, RHO_EINVAL, "network %s: input %zu was not given", nn->name, v);
	for (size_t i = 0; i < nn->ops && !error; i++)
		nn->op[i].kind->forward(p, &nn->op[i], p->room[i]);
	return error;
}

/* ---- backward ---- */

rho_real *rho_nn_delta(struct rho_nn_pass *p, uint32_t value, rho_real *beta)
{
	*beta = p->begun[value];
	if (p->delta[value])
		p->begun[value] = true;
	return p->delta[value];
}

rho_real *rho_nn_delta_add(struct rho_nn_pass *p, uint32_t value)
{
	rho_real beta, *d = rho_nn_delta(p, value, &beta);
	if (d && beta == 0)
		memset(d, 0, rho_nn_rows(p, value) * rho_nn_dim(p, value) * sizeof *d);
	return d;
}

void rho_nn_backward(struct rho_nn_pass *p)
{
	const struct rho_nn *nn = p->nn;
	for (size_t v = 0; v < nn->values; v++)
		p->begun[v] = nn->of[v].output;
	for (size_t i = nn->ops; i-- > 0;)
		if (nn->of[nn->op[i].out].wants)
			nn->op[i].kind->backward(p, &nn->op[i], p->room[i]);
}

void rho_nn_zero(struct rho_nn_pass *p)
{
	memset(p->gradient, 0, p->nn->params * sizeof *p->gradient);
}

void rho_nn_add(struct rho_nn_pass *to, const struct rho_nn_pass *from)
{
	rho_nn_kernels_at(0)->add(to->nn->params, 1, from->gradient, to->gradient);
}
