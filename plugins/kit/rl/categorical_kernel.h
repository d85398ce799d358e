/* categorical_kernel.h: the loops of categorical.c over one tile, once for each instruction set. The file that
 * includes it defines NAME(x) (a name's ending) and TARGET (an attribute or nothing). What is not entry by
 * entry is summed in LANES sums, so the bits do not depend on the set. */

/* The largest of x (n), -INFINITY where there is none; NaN is passed over. Maxima know no order. */
TARGET static float NAME(most)(const float *x, size_t n)
{
	float top[4 * LANES], most = -INFINITY;
	size_t j = 0;
	for (size_t l = 0; l < 4 * LANES; l++)
		top[l] = -INFINITY;
	for (; j + 4 * LANES <= n; j += 4 * LANES)
		for (size_t l = 0; l < 4 * LANES; l++)
			top[l] = x[j + l] > top[l] ? x[j + l] : top[l];
	for (size_t l = 0; j < n; j++, l++)
		top[l] = x[j] > top[l] ? x[j] : top[l];
	for (size_t l = 0; l < LANES; l++)
		for (size_t by = LANES; by < 4 * LANES; by += LANES)
			top[l] = top[l + by] > top[l] ? top[l + by] : top[l];
	for (size_t l = 0; l < LANES; l++)
		most = top[l] > most ? top[l] : most;
	return most;
}

/* out[j] = x[j] (32), -INFINITY where bit j of open is not set. */
TARGET static void NAME(close)(const float *restrict x, uint32_t open, float *restrict out)
{
	for (uint32_t l = 0; l < 32; l++) {
		uint32_t bits, keep = 0 - (open >> l & 1);
		memcpy(&bits, x + l, sizeof bits);
		bits = (bits & keep) | (0xff800000u & ~keep);
		memcpy(out + l, &bits, sizeof bits);
	}
}

/* e[j] = exp(x[j] - most) (n <= TILE); gives their sum. */
TARGET static double NAME(exps)(const float *restrict x, size_t n, float most, float *restrict e)
{
	double sum[LANES] = { 0 };
	size_t j = 0;
	for (size_t i = 0; i < n; i++)
		e[i] = exp_below(x[i] - most);
	for (; j + LANES <= n; j += LANES)
		for (size_t l = 0; l < LANES; l++)
			sum[l] += (double)e[j + l];
	for (size_t l = 0; j < n; j++, l++)
		sum[l] += (double)e[j];
	return across(sum);
}

/* out[j] = (x[j] - most) - log_sum */
TARGET static void NAME(shift)(const float *restrict x, size_t n, float most, float log_sum,
                               float *restrict out)
{
	for (size_t j = 0; j < n; j++)
		out[j] = (x[j] - most) - log_sum;
}

/* grad[j] = -p_j (w + wh (ln p_j + entropy)), p = exp(logp) */
TARGET static void NAME(slope)(const float *restrict logp, size_t n, float w, float wh, float entropy,
                               float *restrict grad)
{
	for (size_t j = 0; j < n; j++) {
		float lp = logp[j] < LOWEST ? LOWEST : logp[j];
		grad[j] = -exp_below(logp[j]) * (w + wh * (lp + entropy));
	}
}

/* grad[j] = g[j] - p_j total */
TARGET static void NAME(back)(const float *restrict logp, const float *restrict g, size_t n, float total,
                              float *restrict grad)
{
	for (size_t j = 0; j < n; j++)
		grad[j] = g[j] - exp_below(logp[j]) * total;
}

/* Σ p_j v_j, with v_j = ln p_j where v is NULL, room (TILE). Where p_j is 0 nothing is added, whatever v_j. */
TARGET static double NAME(mean)(const float *restrict logp, const float *restrict v, size_t n,
                                float *restrict room)
{
	double sum[LANES] = { 0 };
	size_t j = 0;
	for (size_t i = 0; !v && i < n; i++) {
		float lp = logp[i] < LOWEST ? LOWEST : logp[i];
		room[i] = exp_below(logp[i]) * lp;
	}
	for (size_t i = 0; v && i < n; i++) {
		float p = exp_below(logp[i]), term = p * v[i];
		room[i] = p == 0 ? 0 : term;
	}
	for (; j + LANES <= n; j += LANES)
		for (size_t l = 0; l < LANES; l++)
			sum[l] += (double)room[j + l];
	for (size_t l = 0; j < n; j++, l++)
		sum[l] += (double)room[j];
	return across(sum);
}

/* Σ p_j (ln p_j - ln q_j), as above. */
TARGET static double NAME(apart)(const float *restrict logp, const float *restrict logq, size_t n,
                                 float *restrict room)
{
	double sum[LANES] = { 0 };
	size_t j = 0;
	for (size_t i = 0; i < n; i++) {
		float p = exp_below(logp[i]), term = p * (logp[i] - logq[i]);
		room[i] = p == 0 ? 0 : term;
	}
	for (; j + LANES <= n; j += LANES)
		for (size_t l = 0; l < LANES; l++)
			sum[l] += (double)room[j + l];
	for (size_t l = 0; j < n; j++, l++)
		sum[l] += (double)room[j];
	return across(sum);
}

static const struct kernels NAME(kernels) = {
	NAME(most), NAME(close), NAME(exps), NAME(shift), NAME(slope), NAME(back), NAME(mean),
	NAME(apart),
};

#undef NAME
#undef TARGET
