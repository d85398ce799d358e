/* base_encoder.h: a sound encoder: counts of pairs of bytes, hashed, of length 1. */
#pragma once
#include <string.h>

#include "base.h"

struct base {
	int64_t dim; /* parameter */
};

static const struct rho_param base_params[] = { RHO_I64(struct base, dim, 16, 1, 4096, "numbers a row"),
	                                        RHO_END };

static inline int base_open(struct rho_ctx *c, void *self, struct rho_encoder_info *info)
{
	*info = (struct rho_encoder_info){ (size_t)((struct base *)self)->dim, RHO_TEXT, true, 0 };
	return 0;
}

static inline void base_count(const struct base *s, const struct rho_str *in, float *row)
{
	memset(row, 0, (size_t)s->dim * sizeof *row);
	for (size_t i = 0; i < in->len; i++) {
		unsigned pair = (unsigned char)in->at[i] * 31u + (i ? (unsigned char)in->at[i - 1] : 0u);
		row[pair % (unsigned)s->dim] += 1;
	}
}

static inline void base_scale(const struct base *s, float *row)
{
	double sum = 0;
	for (size_t d = 0; d < (size_t)s->dim; d++)
		sum += (double)row[d] * (double)row[d];
	for (size_t d = 0; d < (size_t)s->dim && sum > 0; d++)
		row[d] = (float)((double)row[d] / sqrt(sum));
}

static inline int base_encode(struct rho_ctx *c, void *self, uint32_t what, const struct rho_str *in,
                              size_t n, float *out, size_t stride)
{
	if (what != RHO_TEXT)
		return rho_fail(c, RHO_ENOSUP, "only texts can be encoded");
	for (size_t i = 0; i < n; i++) {
		base_count(self, &in[i], out + i * stride);
		base_scale(self, out + i * stride);
	}
	return 0;
}
