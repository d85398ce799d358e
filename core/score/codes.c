/* codes.c: rows in fewer bits, with a bound on what that loses. */
#include "codes.h"

#include <float.h>
#include <math.h>
#include <string.h>

const char *const rho_code_names[] = { "f32", "bf16", "int8", NULL };

size_t rho_codes_stride(uint32_t code, size_t cols)
{
	size_t padded = (cols + 15) / 16 * 16; /* whole registers of the narrower kernels */
	return code == RHO_CODE_INT8 ? padded : 2 * padded;
}

/* The square root of a sum of squares that float64 took, as a float that is no smaller. */
static float length_above(double squares)
{
	return nextafterf((float)(sqrt(squares) * (1 + 1e-6)), INFINITY);
}

/* The row's length; its greatest number, without its sign, into *most. */
static double length(const float *row, size_t d, float *most)
{
	double squares[4] = { 0 };
	*most = 0;
	for (size_t i = 0; i < d; i++) {
		squares[i % 4] += (double)row[i] * (double)row[i];
		*most = fabsf(row[i]) > *most ? fabsf(row[i]) : *most;
	}
	return sqrt((squares[0] + squares[1]) + (squares[2] + squares[3]));
}

/* Adding and taking away 1.5 * 2^23 rounds to the nearest whole number, ties to the even one. */
static float nearest(float x)
{
	const float large = 0x1.8p23f;
	float moved = x + large;
	return moved - large;
}

static void make_int8(const float *row, size_t d, float most, unsigned char *out, float *scale, float *error)
{
	double squares[4] = { 0 };
	float unit = most / 127, inverse = unit >= FLT_MIN ? 1 / unit : 0;
	for (size_t i = 0; i < d; i++) {
		float c = nearest(row[i] * inverse);
		c = c > 127 ? 127 : c < -127 ? -127 : c;
		double lost = (double)row[i] - (double)unit * (double)c; /* exact but for the last step */
		squares[i % 4] += lost * lost;
		out[i] = (unsigned char)((int)c + 128);
	}
	*scale = unit;
	*error = length_above((squares[0] + squares[1]) + (squares[2] + squares[3]));
}

static void make_bf16(const float *row, size_t d, unsigned char *out, float *scale, float *error)
{
	double lost = 0, kept = 0;
	for (size_t i = 0; i < d; i++) {
		uint32_t bits;
		uint16_t half;
		float back;
		memcpy(&bits, row + i, sizeof bits);
		half = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
		memcpy(out + 2 * i, &half, sizeof half);
		bits = (uint32_t)half << 16;
		memcpy(&back, &bits, sizeof back);
		lost += ((double)row[i] - (double)back) * ((double)row[i] - (double)back);
		kept += (double)back * (double)back;
	}
	*scale = length_above(kept);
	*error = length_above(lost);
}

void rho_codes_make(const struct rho_mat *m, uint32_t code, size_t from, size_t to, void *at, float *scale,
                    float *error)
{
	size_t stride = rho_codes_stride(code, m->cols);
	for (size_t j = from; j < to; j++) {
		const float *row = m->at + j * m->stride;
		unsigned char *out = (unsigned char *)at + j * stride;
		float most;
		memset(out, code == RHO_CODE_INT8 ? 128 : 0, stride);
		scale[j] = 0;
		error[j] = INFINITY;
		if (!(length(row, m->cols, &most) <= 1e18))
			continue;
		if (code == RHO_CODE_INT8)
			make_int8(row, m->cols, most, out, scale + j, error + j);
		else
			make_bf16(row, m->cols, out, scale + j, error + j);
	}
}
