/* Widths of many actions at once: a matrix product over fixed blocks.
 *
 * The width of action a is ‖c + Ra‖ (and a constant), where R is the part of the inverse Cholesky
 * factor that meets the action, with the context multiplied in; it is lower triangular. The product
 * is taken in stripes of R's rows, each as wide as its last row, which leaves out most of the zeros,
 * and in blocks of as many actions each time, filled up with zeros, so that the library sums every
 * row the same way. */
#include <cblas.h>
#include <math.h>

#include "linear.h"

enum { BLOCK = 128, STRIPE = 32 };

struct rho_linear_frame {       /* R and c for one context */
	size_t n;               /* rows of R */
	size_t cols;            /* columns of R that are not all zero */
	uint32_t *from;         /* (cols) which entry of an action each column takes */
	float *r;               /* (n, cols) */
	float *c;               /* (n) */
	double constant;        /* squared length of the part no action reaches */
	float *room;            /* (BLOCK, cols) actions, gathered */
	float *product;         /* (BLOCK, STRIPE) */
};

int rho_linear_open_widths(struct rho_ctx *ctx, struct rho_linear *m)
{
	struct rho_linear_frame *f = rho_alloc(ctx, 1, sizeof *f);
	if (!f)
		return RHO_ENOMEM;
	f->n = m->a_dim;
	f->from = rho_alloc(ctx, m->a_dim, sizeof *f->from);
	f->r = rho_alloc(ctx, m->a_dim, m->a_dim * sizeof *f->r);
	f->c = rho_alloc(ctx, m->a_dim, sizeof *f->c);
	f->room = rho_alloc(ctx, m->a_dim, BLOCK * sizeof *f->room);
	f->product = rho_alloc(ctx, BLOCK, STRIPE * sizeof *f->product);
	m->frame = f;
	return f->from && f->r && f->c && f->room && f->product ? 0 : RHO_ENOMEM;
}

static void make_frame(const struct rho_linear *m, const float *x, struct rho_linear_frame *f)
{
	bool hadamard = m->features == RHO_LINEAR_HADAMARD;
	f->cols = 0;
	f->constant = 0;
	for (size_t j = 0; j < m->a_dim; j++)
		if (!hadamard || x[j] != 0)
			f->from[f->cols++] = (uint32_t)j;
	for (size_t i = 0; i < m->dim; i++) {
		const double *row = m->root + i * m->dim;
		double sum = 0;
		for (size_t j = 0; j < m->skip; j++)
			sum += row[j] * (double)x[j];
		if (i < m->skip) {
			f->constant += sum * sum;
			continue;
		}
		size_t at = i - m->skip;
		f->c[at] = (float)sum;
		for (size_t j = 0; j < f->cols; j++) {
			double w = row[m->skip + f->from[j]];
			f->r[at * f->cols + j] = (float)(hadamard ? w * (double)x[f->from[j]] : w);
		}
	}
}

/* The rows of a block, columns as in the frame: where they stand, or gathered, with
 * zeros below. */
static const float *gather(const struct rho_linear_frame *f, const struct rho_rows *rows, size_t at,
                           size_t n, size_t *stride)
{
	float *room = f->room;
	if (n == BLOCK && !rows->id && f->cols == f->n) {
		*stride = rows->mat->stride;
		return rho_row(rows, at);
	}
	for (size_t i = 0; i < n; i++) {
		const float *row = rho_row(rows, at + i);
		if (f->cols == f->n)
			memcpy(room + i * f->cols, row, f->cols * sizeof *room);
		else
			for (size_t j = 0; j < f->cols; j++)
				room[i * f->cols + j] = row[f->from[j]];
	}
	memset(room + n * f->cols, 0, (BLOCK - n) * f->cols * sizeof *room);
	*stride = f->cols;
	return room;
}

/* sum[i] += the squared length of c + product, row by row; product (BLOCK, width). */
static void add_squares(const float *c, const float *product, size_t width, float *sum)
{
	for (size_t i = 0; i < BLOCK; i++) {
		float part[8] = { 0 };
		const float *row = product + i * width;
		for (size_t j = 0; j < width; j++) {
			float y = c[j] + row[j];
			part[j % 8] += y * y;
		}
		sum[i] += ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
	}
}

void rho_linear_add_widths(const struct rho_linear *m, const float *x, const struct rho_rows *rows,
                           double alpha, float *score)
{
	struct rho_linear_frame *f = m->frame;
	make_frame(m, x, f);
	for (size_t at = 0; at < rows->n; at += BLOCK) {
		size_t n = rows->n - at < BLOCK ? rows->n - at : BLOCK, stride, cols = 0;
		const float *block = gather(f, rows, at, n, &stride);
		float sum[BLOCK] = { 0 };
		for (size_t i = 0; i < f->n; i += STRIPE) {
			size_t width = f->n - i < STRIPE ? f->n - i : STRIPE;
			while (cols < f->cols && f->from[cols] < i + width)
				cols++;
			if (cols)
				cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, BLOCK, (int)width,
				            (int)cols, 1, block, (int)stride, f->r + i * f->cols,
				            (int)f->cols, 0, f->product, (int)width);
			else
				memset(f->product, 0, BLOCK * width * sizeof *f->product);
			add_squares(f->c + i, f->product, width, sum);
		}
		for (size_t j = 0; j < n; j++)
			score[at + j] += (float)(alpha * sqrt(f->constant + (double)sum[j]));
	}
}
