/* encoder-plain: a test encoder that does not fit; two floats a row, the text's
 * length twice. May hold another encoder, which changes nothing but the key. */
#include <rho/rho.h>

struct plain { struct rho_part inner; };

static const struct rho_param params[] = {
	RHO_PART(struct plain, inner, RHO_ENCODER, "an encoder inside"),
	RHO_END
};

static int plain_open(struct rho_ctx *c, void *self, struct rho_encoder_info *info)
{
	*info = (struct rho_encoder_info){ .dim = 2, .takes = RHO_TEXT };
	return 0;
}

static int plain_encode(struct rho_ctx *c, void *self, uint32_t what, const struct rho_str *in, size_t n,
                        float *out, size_t stride)
{
	for (size_t i = 0; i < n; i++)
		out[i * stride] = out[i * stride + 1] = (float)in[i].len;
	return 0;
}

static const struct rho_encoder encoder = { .size = sizeof encoder, .open = plain_open,
                                            .encode = plain_encode };

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENCODER), .revision = 1, .name = "plain", .version = "1.0.0",
	.brief = "lengths, for tests", .params = params,
	.self_size = sizeof(struct plain), .encoder = &encoder,
};
