/* width_kernel.h: the inner loops of linear_width.c, once for each width of registers. The file that
 * includes it defines KERNEL and LENGTHS (names), TARGET (an attribute or nothing), WIDE (floats a register,
 * 4, 8 or 16) and TOGETHER (actions at a time). Whatever these are, every sum has the same order and
 * the same bits: sixteen rows of R go side by side, each adds its products one column after another. */
TARGET static void KERNEL(const struct rho_linear_frame *f, const float *const *row, size_t n, float *sum)
{
	typedef float vec __attribute__((vector_size(4 * WIDE), may_alias));
	enum { PARTS = LANES / WIDE };
	for (size_t at = 0; at < n; at += TOGETHER) {
		const vec *r = (const vec *)f->r, *c = (const vec *)f->c;
		const float *a[TOGETHER];       /* the actions; the last group repeats its first */
		vec square[TOGETHER][PARTS];
		for (size_t k = 0; k < TOGETHER; k++) {
			a[k] = row[at + k < n ? at + k : at];
			for (size_t p = 0; p < PARTS; p++)
				square[k][p] = (vec){ 0 };
		}
		for (size_t b = 0; b < f->blocks; b++, c += PARTS) {
			vec y[TOGETHER][PARTS];
			for (size_t k = 0; k < TOGETHER; k++)
				for (size_t p = 0; p < PARTS; p++)
					y[k][p] = c[p];
			for (size_t j = 0; j < f->cols[b]; j++, r += PARTS)
				for (size_t k = 0; k < TOGETHER; k++)
					for (size_t p = 0; p < PARTS; p++)
						y[k][p] += r[p] * a[k][f->from[j]];
			for (size_t k = 0; k < TOGETHER; k++)
				for (size_t p = 0; p < PARTS; p++)
					square[k][p] += y[k][p] * y[k][p];
		}
		for (size_t k = 0; k < TOGETHER && at + k < n; k++) {
			float part[LANES];
			memcpy(part, square[k], sizeof part);
			for (size_t half = LANES / 2; half; half /= 2)
				for (size_t l = 0; l < half; l++)
					part[l] += part[l + half];
			sum[at + k] = part[0];
		}
	}
}

/* out[i] = the squared length of times * row[i], entry by entry, over d floats. */
TARGET static void LENGTHS(const float *times, const float *const *row, size_t n, size_t d, float *out)
{
	typedef float vec __attribute__((vector_size(4 * WIDE), aligned(4), may_alias));
	enum { PARTS = LANES / WIDE };
	size_t whole = d / LANES * LANES;
	for (size_t i = 0; i < n; i++) {
		vec square[PARTS] = { 0 };
		float part[LANES], sum = 0;
		for (size_t j = 0; j < whole; j += LANES)
			for (size_t p = 0; p < PARTS; p++) {
				const vec *t = (const vec *)(times + j), *a = (const vec *)(row[i] + j);
				vec y = t[p] * a[p];
				square[p] += y * y;
			}
		memcpy(part, square, sizeof part);
		for (size_t j = whole; j < d; j++)
			part[j - whole] += times[j] * row[i][j] * (times[j] * row[i][j]);
		for (size_t l = 0; l < LANES; l++)
			sum += part[l];
		out[i] = sum;
	}
}
#undef KERNEL
#undef LENGTHS
#undef TARGET
#undef WIDE
#undef TOGETHER
