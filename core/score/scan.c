/* scan.c: many products of queries with rows, reduced while they are at hand. */
#include <math.h>

#include "score.h"

enum { BLOCK = 256 };

double rho_dot64(const double *a, const float *b, size_t d)
{
	double s[8] = { 0 };
	for (size_t i = 0; i < d; i++)
		s[i % 8] = fma(a[i], (double)b[i], s[i % 8]);
	return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static void all64(const struct rho_scan *r)
{
	for (size_t i = 0; i < r->n64; i++)
		for (size_t j = 0; j < r->y.n; j++)
			r->out64[i * r->stride + j] =
				rho_dot64(r->x64 + i * r->y.mat->cols, rho_row(&r->y, j), r->y.mat->cols);
}

static void offer(float s, uint32_t at, size_t k, uint32_t *place, float *score)
{
	size_t i = k;
	if (!(s > score[k - 1]))
		return;
	for (; i > 1 && s > score[i - 2]; i--) {
		score[i - 1] = score[i - 2];
		place[i - 1] = place[i - 2];
	}
	score[i - 1] = s;
	place[i - 1] = at;
}

static void top(const struct rho_scan *r, unsigned threads)
{
	float block[BLOCK];
	for (size_t i = 0; i < r->x.n * r->k; i++) {
		r->place[i] = UINT32_MAX;
		r->score[i] = -INFINITY;
	}
	for (size_t i = 0; i < r->x.n && r->k; i++) {
		struct rho_rows one = rho_slice(r->x, i, 1);
		for (size_t at = 0, n; at < r->y.n; at += n) {
			struct rho_rows part =
				rho_slice(r->y, at, n = r->y.n - at < BLOCK ? r->y.n - at : BLOCK);
			rho_score_inner(&one, &part, block, BLOCK, threads);
			for (size_t j = 0; j < n; j++)
				if (!r->only || r->only[(at + j) / 64] >> (at + j) % 64 & 1)
					offer(block[j], (uint32_t)(at + j), r->k, r->place + i * r->k,
					      r->score + i * r->k);
		}
	}
}

void rho_score_scan(struct rho_scan *const *scan, size_t n, const struct rho_codes *codes, unsigned threads)
{
	for (size_t i = 0; i < n; i++) {
		const struct rho_scan *r = scan[i];
		if (r->want == RHO_SCAN_ALL)
			rho_score_inner(&r->x, &r->y, r->out, r->stride, threads);
		else if (r->want == RHO_SCAN_ALL64)
			all64(r);
		else
			top(r, threads);
	}
}
