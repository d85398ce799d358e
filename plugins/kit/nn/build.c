/* build.c: networks being put together: axes, values, slices of the parameters; what is kept of them. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "nn_impl.h"

uint32_t rho_nn_fail(struct rho_nn *nn, const char *fmt, ...)
{
	char text[400];
	va_list ap;
	if (nn->error)
		return 0;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	nn->error = rho_fail(nn->ctx, RHO_EINVAL, "network %s: %s", nn->name, text);
	return 0;
}

void rho_nn_begin(struct rho_ctx *c, struct rho_nn *nn, const char *name)
{
	*nn = (struct rho_nn){ .ctx = c, .axes = 1 };
	nn->slice = rho_alloc(c, RHO_NN_MOST_SLICES, sizeof *nn->slice);
	nn->op = rho_alloc(c, RHO_NN_MOST_OPS, sizeof *nn->op);
	nn->of = rho_alloc(c, 2 * RHO_NN_MOST_OPS, sizeof *nn->of);
	if (!nn->slice || !nn->op || !nn->of)
		nn->error = RHO_ENOMEM;
	else if (snprintf(nn->name, sizeof nn->name, "%s", name) >= (int)sizeof nn->name - 8)
		rho_nn_fail(nn, "a network's name has at most %d bytes", RHO_NN_NAME - 9);
}

uint32_t rho_nn_axis(struct rho_nn *nn, uint32_t of)
{
	if (nn->error)
		return 0;
	if (of >= nn->axes || nn->axes == RHO_NN_AXES)
		return rho_nn_fail(nn, "an axis on axis %u, of %zu; at most %d are possible", of, nn->axes,
		                   RHO_NN_AXES);
	nn->parent[nn->axes] = of;
	return (uint32_t)nn->axes++;
}

bool rho_nn_known(struct rho_nn *nn, uint32_t value, const char *what)
{
	if (nn->error)
		return false;
	if (value >= nn->values) {
		rho_nn_fail(nn, "%s of value %u; there are %zu", what, value, nn->values);
		return false;
	}
	return true;
}

/* A value that does not exist yet. Its number, or 0 after an error. */
static uint32_t value_new(struct rho_nn *nn, struct rho_nn_value v)
{
	if (nn->error)
		return 0;
	if (nn->values == 2 * RHO_NN_MOST_OPS)
		return rho_nn_fail(nn, "more than %d values", 2 * RHO_NN_MOST_OPS);
	if (!v.dim || v.dim > INT_MAX / 4)
		return rho_nn_fail(nn, "a row of %zu numbers; 1 to %d are possible", v.dim, INT_MAX / 4);
	if (v.axis >= nn->axes)
		return rho_nn_fail(nn, "a value on axis %u; there are %zu", v.axis, nn->axes);
	nn->of[nn->values] = v;
	return (uint32_t)nn->values++;
}

uint32_t rho_nn_input(struct rho_nn *nn, uint32_t axis, size_t dim, bool wants)
{
	return value_new(
		nn, (struct rho_nn_value){ .axis = axis, .dim = dim, .op = RHO_NN_NONE, .wants = wants });
}

void rho_nn_output(struct rho_nn *nn, uint32_t value)
{
	if (rho_nn_known(nn, value, "an output"))
		nn->of[value].output = nn->of[value].used = true;
}

uint32_t rho_nn_ids(struct rho_nn *nn, uint32_t axis, uint32_t below)
{
	if (nn->error)
		return 0;
	if (nn->lists == RHO_NN_LISTS || axis >= nn->axes || !below)
		return rho_nn_fail(nn,
		                   "list %zu of ids below %u on axis %u; there are %zu axes, and at most %d "
		                   "lists are possible",
		                   nn->lists, below, axis, nn->axes, RHO_NN_LISTS);
	nn->list_axis[nn->lists] = axis;
	nn->list_below[nn->lists] = below;
	return (uint32_t)nn->lists++;
}

size_t rho_nn_slice_new(struct rho_nn *nn, const char *name, const char *part, size_t rows, size_t cols,
                        struct rho_nn_init init)
{
	struct rho_nn_slice s = { .at = nn->params, .rows = rows, .cols = cols, .init = init };
	size_t n;
	if (nn->error)
		return 0;
	if (snprintf(s.name, sizeof s.name, "%s.%s", name, part) >= (int)sizeof s.name)
		return rho_nn_fail(nn, "the name %s.%s has more than %d bytes", name, part, RHO_NN_NAME - 1);
	if (rho_nn_find(nn, s.name))
		return rho_nn_fail(nn, "two layers are called %s", name);
	if (nn->slices == RHO_NN_MOST_SLICES)
		return rho_nn_fail(nn, "more than %d slices of parameters", RHO_NN_MOST_SLICES);
	if (rows > INT_MAX || cols > INT_MAX || __builtin_mul_overflow(rows, cols, &n) ||
	    __builtin_add_overflow(nn->params, n, &nn->params))
		return rho_nn_fail(nn, "%s of %zu by %zu numbers", s.name, rows, cols);
	nn->slice[nn->slices++] = s;
	return s.at;
}

uint32_t rho_nn_op_new(struct rho_nn *nn, struct rho_nn_op op, uint32_t axis, size_t dim, bool trains)
{
	struct rho_nn_value v = { .axis = axis, .dim = dim, .op = (int64_t)nn->ops, .wants = trains };
	if (nn->error)
		return 0;
	if (nn->ops == RHO_NN_MOST_OPS)
		return rho_nn_fail(nn, "more than %d layers", RHO_NN_MOST_OPS);
	for (size_t i = 0; i < op.ins; i++) {
		v.wants |= nn->of[op.in[i]].wants;
		nn->of[op.in[i]].used = true;
	}
	op.out = value_new(nn, v);
	nn->op[nn->ops++] = op;
	return op.out;
}

const struct rho_nn_slice *rho_nn_find(const struct rho_nn *nn, const char *name)
{
	for (size_t i = 0; i < nn->slices; i++)
		if (!strcmp(nn->slice[i].name, name))
			return &nn->slice[i];
	return NULL;
}

/* Numbers that the largest of the slices needs to be drawn. */
static size_t most_room(const struct rho_nn *nn)
{
	size_t most = 1;
	for (size_t i = 0; i < nn->slices; i++) {
		const struct rho_nn_slice *s = &nn->slice[i];
		if (s->init.law == RHO_NN_ORTHOGONAL && s->rows * s->cols > most)
			most = s->rows * s->cols;
	}
	return most;
}

int rho_nn_end(struct rho_nn *nn, struct rho_rng *rng)
{
	char shape[RHO_NN_NAME + 8];
	double *room;
	for (size_t v = 0; v < nn->values && !nn->error; v++)
		if (!nn->of[v].used)
			rho_nn_fail(nn,
			            "value %zu (axis %u, %zu numbers) is used by nothing; drop it, or "
			            "rho_nn_output it",
			            v, nn->of[v].axis, nn->of[v].dim);
	if (!nn->error && !nn->params)
		rho_nn_fail(nn, "there is nothing to be learnt in it");
	if (nn->error)
		return nn->error;
	snprintf(shape, sizeof shape, "%s_shape", nn->name);
	nn->param = rho_keep_real(nn->ctx, nn->name, 1, nn->params);
	nn->shape = rho_keep_u64(nn->ctx, shape, nn->slices, 2);
	if (!nn->param || !nn->shape)
		return nn->error = RHO_ENOMEM;
	room = malloc(most_room(nn) * sizeof *room); /* not the host's, which could not be given back */
	if (!room)
		return nn->error =
		               rho_fail(nn->ctx, RHO_ENOMEM, "network %s: no memory to draw %zu numbers in",
		                        nn->name, most_room(nn));
	if (rho_nn_blas_threads() > 1)
		rho_log(nn->ctx, RHO_WARN,
		        "network %s: OpenBLAS splits products over %d threads, and last bits hang on how"
		        " many; OPENBLAS_NUM_THREADS=1 makes it one",
		        nn->name, rho_nn_blas_threads());
	for (size_t i = 0; i < nn->slices; i++) {
		rho_nn_draw(&nn->slice[i], rng, nn->param, room);
		nn->shape[2 * i] = nn->slice[i].rows;
		nn->shape[2 * i + 1] = nn->slice[i].cols;
	}
	free(room);
	return 0;
}

int rho_nn_check(struct rho_ctx *c, const struct rho_nn *nn)
{
	for (size_t i = 0; i < nn->slices; i++) {
		const struct rho_nn_slice *s = &nn->slice[i];
		if (nn->shape[2 * i] != s->rows || nn->shape[2 * i + 1] != s->cols)
			return rho_fail(
				c, RHO_EINVAL,
				"network %s: what was kept is of another network: %s is %llu by %llu"
				" there and %zu by %zu here; resume with the parameters it was made with",
				nn->name, s->name, (unsigned long long)nn->shape[2 * i],
				(unsigned long long)nn->shape[2 * i + 1], s->rows, s->cols);
	}
	return 0;
}

void rho_nn_follow(struct rho_nn *to, const struct rho_nn *from, double share)
{
	if (share == 1)
		memcpy(to->param, from->param, to->params * sizeof *to->param);
	else
		rho_nn_kernels_at(0)->mix(to->params, (rho_real)share, from->param, (rho_real)(1 - share),
		                          to->param);
}
