/* C1: a row carries something of the row before it. */
#include "base_encoder.h"

static int encode_wrong(struct rho_ctx *c, void *self, uint32_t what, const struct rho_str *in, size_t n,
                        float *out, size_t stride)
{
	const struct base *s = self;
	int code = base_encode(c, self, what, in, n, out, stride);
	for (size_t i = 1; i < n && !code; i++) {
		for (size_t d = 0; d < (size_t)s->dim; d++)
			out[i * stride + d] += 0.1f * out[(i - 1) * stride + d];
		base_scale(s, out + i * stride);
	}
	return code;
}

static const struct rho_encoder table = { .size = sizeof table, .open = base_open, .encode = encode_wrong };

CHECK_PLUGIN(RHO_ENCODER, encoder, "c1_batch");
