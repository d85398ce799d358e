/* encoder.c: an encoder that knows nothing of transforms; with PARAM, one that wants a parameter of that
 * name. */
#include <rho/rho.h>

struct encoder {
	int64_t dim;
	struct rho_strs more;
};

static const struct rho_param params[] = {
	RHO_I64(struct encoder, dim, 2, 1, 64, "floats a row"),
#ifdef PARAM
	{ .name = PARAM, .help = "of its own", .type = RHO_T_STRS, .offset = offsetof(struct encoder, more) },
#endif
	RHO_END
};

static int encoder_open(struct rho_ctx *c, void *self, struct rho_encoder_info *info)
{
	const struct encoder *e = self;
	*info = (struct rho_encoder_info){ .dim = (size_t)e->dim + e->more.n, .takes = RHO_TEXT };
	return 0;
}

static int encoder_encode(struct rho_ctx *c, void *self, uint32_t what, const struct rho_str *in, size_t n,
                          float *out, size_t stride)
{
	const struct encoder *e = self;
	for (size_t i = 0; i < n; i++)
		for (int64_t j = 0; j < e->dim; j++)
			out[i * stride + (size_t)j] = (float)in[i].len;
	return 0;
}

static const struct rho_encoder encoder = { .size = sizeof encoder,
	                                    .open = encoder_open,
	                                    .encode = encoder_encode };

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENCODER),
	.revision = 1,
	.name = NAME,
	.version = "1.0.0",
	.brief = "for tests",
	.params = params,
	.self_size = sizeof(struct encoder),
	.encoder = &encoder,
};
