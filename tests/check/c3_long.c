/* C3: refuses texts of more than 100,000 bytes. */
#include "base_encoder.h"

static int encode_wrong(struct rho_ctx *c, void *self, uint32_t what, const struct rho_str *in, size_t n,
                        float *out, size_t stride)
{
	for (size_t i = 0; i < n; i++)
		if (in[i].len > 100000)
			return rho_fail(c, RHO_EINVAL, "a text of %zu bytes is too long", in[i].len);
	return base_encode(c, self, what, in, n, out, stride);
}

static const struct rho_encoder table = { .size = sizeof table, .open = base_open, .encode = encode_wrong };

CHECK_PLUGIN(RHO_ENCODER, encoder, "c3_long");
