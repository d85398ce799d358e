/* C4: divides nothing by nothing when a text has no letters. */
#include "base_encoder.h"

static int open_wrong(struct rho_ctx *c, void *self, struct rho_encoder_info *info)
{
	base_open(c, self, info);
	info->unit_norm = false;
	return 0;
}

static int encode_wrong(struct rho_ctx *c, void *self, uint32_t what, const struct rho_str *in, size_t n,
                        float *out, size_t stride)
{
	int code = base_encode(c, self, what, in, n, out, stride);
	for (size_t i = 0; i < n && !code; i++)
		if (in[i].len == 2 && in[i].at[0] == '4')
			out[i * stride] = NAN;
	return code;
}

static const struct rho_encoder table = { .size = sizeof table, .open = open_wrong, .encode = encode_wrong };

CHECK_PLUGIN(RHO_ENCODER, encoder, "c4_nan");
