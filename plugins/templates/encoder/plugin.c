/* @NAME@: counts the letters of a text. Change `mine_encode`. */
#include <rho/rho.h>

#define DIM 26

static int mine_open(struct rho_ctx *c, void *self, struct rho_encoder_info *info)
{
	info->dim = DIM;
	info->takes = RHO_TEXT;
	info->unit_norm = true;
	return 0;
}

/* out row i depends on in[i] alone: the host may batch as it likes. */
static int mine_encode(struct rho_ctx *c, void *self, uint32_t what,
                       const struct rho_str *in, size_t n, float *out, size_t stride)
{
	if (what != RHO_TEXT)
		return rho_fail(c, RHO_ENOSUP, "only texts can be encoded");
	for (size_t i = 0; i < n; i++) {
		float *row = out + i * stride, sum = 0;         /* (DIM) */
		for (size_t d = 0; d < DIM; d++)
			row[d] = 0;
		for (size_t k = 0; k < in[i].len; k++) {
			unsigned char byte = (unsigned char)in[i].at[k];
			if ((byte | 32) >= 'a' && (byte | 32) <= 'z')
				row[(byte | 32) - 'a']++;
		}
		for (size_t d = 0; d < DIM; d++)
			sum += row[d] * row[d];
		for (size_t d = 0; d < DIM && sum > 0; d++)     /* a text without letters stays zero */
			row[d] /= sqrtf(sum);
	}
	return 0;
}

static const struct rho_encoder mine_encoder = {
	.size = sizeof mine_encoder, .open = mine_open, .encode = mine_encode,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENCODER), .name = "@NAME@", .version = "0.1.0", .revision = 1,
	.brief = "letter counts; a template to start from", .encoder = &mine_encoder,
};
