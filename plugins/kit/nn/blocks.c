/* blocks.c: what is built of several layers. */
#include <stdio.h>

#include "nn_impl.h"

/* NAME.PART, cut off where it is too long: the layer then says so. */
static const char *joined(char *to, size_t size, const char *name, const char *part)
{
	snprintf(to, size, "%s.%s", name, part);
	return to;
}

static const struct rho_nn_init xavier = { RHO_NN_XAVIER, 1 };

uint32_t rho_nn_mlp(struct rho_nn *nn, const char *name, uint32_t x, const int64_t *units, size_t n, int unit,
                    struct rho_nn_init init)
{
	char part[24], full[2 * RHO_NN_NAME];
	for (size_t l = 0; l < n; l++) {
		snprintf(part, sizeof part, "%zu", l);
		x = rho_nn_dense(nn, joined(full, sizeof full, name, part), x, (size_t)units[l], unit, init);
	}
	return x;
}

uint32_t rho_nn_attention(struct rho_nn *nn, const char *name, uint32_t x, uint32_t to, size_t heads,
                          bool causal)
{
	char full[2 * RHO_NN_NAME];
	size_t dim;
	uint32_t q, kv;
	if (!rho_nn_known(nn, x, name) || !rho_nn_known(nn, to, name))
		return 0;
	dim = nn->of[x].dim;
	if (x == to) {
		q = kv = rho_nn_dense(nn, joined(full, sizeof full, name, "qkv"), x, 3 * dim, RHO_NN_LINEAR,
		                      xavier);
	} else {
		q = rho_nn_dense(nn, joined(full, sizeof full, name, "q"), x, dim, RHO_NN_LINEAR, xavier);
		kv = rho_nn_dense(nn, joined(full, sizeof full, name, "kv"), to, 2 * dim, RHO_NN_LINEAR,
		                  xavier);
	}
	x = rho_nn_attend(nn, q, kv, heads, causal);
	return rho_nn_dense(nn, joined(full, sizeof full, name, "out"), x, dim, RHO_NN_LINEAR, xavier);
}

uint32_t rho_nn_block(struct rho_nn *nn, const char *name, uint32_t x, uint32_t to, size_t heads,
                      size_t inner, bool causal)
{
	char full[2 * RHO_NN_NAME];
	uint32_t y, z;
	if (!rho_nn_known(nn, x, name))
		return 0;
	y = rho_nn_norm(nn, joined(full, sizeof full, name, "norm"), x, 1e-5);
	z = x == to ? y : rho_nn_norm(nn, joined(full, sizeof full, name, "norm_to"), to, 1e-5);
	y = rho_nn_attention(nn, joined(full, sizeof full, name, "attention"), y, z, heads, causal);
	x = rho_nn_sum(nn, x, y);
	y = rho_nn_norm(nn, joined(full, sizeof full, name, "norm_inner"), x, 1e-5);
	y = rho_nn_dense(nn, joined(full, sizeof full, name, "inner"), y, inner, RHO_NN_GELU_TANH, xavier);
	if (nn->error)
		return 0;
	y = rho_nn_dense(nn, joined(full, sizeof full, name, "outer"), y, nn->of[x].dim, RHO_NN_LINEAR,
	                 xavier);
	return rho_nn_sum(nn, x, y);
}
