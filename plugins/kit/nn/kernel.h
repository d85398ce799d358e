/* kernel.h: the loops of kernels.h. The file that includes it defines NAME(x) (a name's ending), SET (its
 * name) and TARGET (an attribute or nothing). */

TARGET INLINE void NAME(finish_as)(const unsigned unit, size_t m, size_t n, const rho_real *restrict bias,
                                   rho_real *restrict y, rho_real *restrict z)
{
	for (size_t i = 0; i < m; i++, y += n) {
		for (size_t j = 0; bias && j < n; j++)
			y[j] += bias[j];
		if (z)
			memcpy(z + i * n, y, n * sizeof *y);
		for (size_t j = 0; unit != RHO_NN_LINEAR && j < n; j++)
			y[j] = unit_of(unit, y[j]);
	}
}

TARGET static void NAME(finish)(unsigned unit, size_t m, size_t n, const rho_real *bias, rho_real *y,
                                rho_real *z)
{
	switch (unit) {
	case RHO_NN_RELU: NAME(finish_as)(RHO_NN_RELU, m, n, bias, y, z); break;
	case RHO_NN_TANH: NAME(finish_as)(RHO_NN_TANH, m, n, bias, y, z); break;
	case RHO_NN_GELU: NAME(finish_as)(RHO_NN_GELU, m, n, bias, y, z); break;
	case RHO_NN_GELU_TANH: NAME(finish_as)(RHO_NN_GELU_TANH, m, n, bias, y, z); break;
	case RHO_NN_SIGMOID: NAME(finish_as)(RHO_NN_SIGMOID, m, n, bias, y, z); break;
	default: NAME(finish_as)(RHO_NN_LINEAR, m, n, bias, y, z);
	}
}

TARGET INLINE void NAME(unfinish_as)(const unsigned unit, size_t n, const rho_real *restrict y,
                                     const rho_real *restrict z, rho_real *restrict dy)
{
	for (size_t j = 0; j < n; j++)
		dy[j] *= slope_of(unit, y[j], z[j]);
}

TARGET static void NAME(unfinish)(unsigned unit, size_t n, const rho_real *y, const rho_real *z, rho_real *dy)
{
	switch (unit) {
	case RHO_NN_RELU: NAME(unfinish_as)(RHO_NN_RELU, n, y, y, dy); break;
	case RHO_NN_TANH: NAME(unfinish_as)(RHO_NN_TANH, n, y, y, dy); break;
	case RHO_NN_GELU: NAME(unfinish_as)(RHO_NN_GELU, n, y, z, dy); break;
	case RHO_NN_GELU_TANH: NAME(unfinish_as)(RHO_NN_GELU_TANH, n, y, z, dy); break;
	case RHO_NN_SIGMOID: NAME(unfinish_as)(RHO_NN_SIGMOID, n, y, y, dy); break;
	default: break;
	}
}

TARGET static void NAME(add)(size_t n, rho_real a, const rho_real *restrict x, rho_real *restrict y)
{
	for (size_t j = 0; j < n; j++)
		y[j] = mul_add(a, x[j], y[j]);
}

TARGET static void NAME(mix)(size_t n, rho_real a, const rho_real *restrict x, rho_real b,
                             rho_real *restrict y)
{
	for (size_t j = 0; j < n; j++)
		y[j] = mul_add(a, x[j], b * y[j]);
}

/* Columns by the sixty-four, which stay in registers or nearly so. */
TARGET static void NAME(columns)(size_t m, size_t n, const rho_real *restrict x, rho_real *restrict sum)
{
	enum { AT_ONCE = 64 };
	for (size_t from = 0; from < n; from += AT_ONCE) {
		double s[AT_ONCE] = { 0 };
		size_t wide = n - from < AT_ONCE ? n - from : AT_ONCE;
		const rho_real *row = x + from;
		if (wide == AT_ONCE)
			for (size_t i = 0; i < m; i++, row += n)
				for (size_t j = 0; j < AT_ONCE; j++)
					s[j] += (double)row[j];
		else
			for (size_t i = 0; i < m; i++, row += n)
				for (size_t j = 0; j < wide; j++)
					s[j] += (double)row[j];
		for (size_t j = 0; j < wide; j++)
			sum[from + j] = R((double)sum[from + j] + s[j]);
	}
}

TARGET static double NAME(dot)(size_t n, const rho_real *restrict a, const rho_real *restrict b)
{
	double s[PARTS] = { 0 };
	size_t j = 0;
	for (; j + PARTS <= n; j += PARTS)
		for (size_t l = 0; l < PARTS; l++)
			s[l] += (double)a[j + l] * (double)b[j + l];
	for (size_t l = 0; j < n; j++, l++)
		s[l] += (double)a[j] * (double)b[j];
	return tree(s);
}

TARGET INLINE double NAME(sum)(size_t n, const rho_real *restrict a)
{
	double s[PARTS] = { 0 };
	size_t j = 0;
	for (; j + PARTS <= n; j += PARTS)
		for (size_t l = 0; l < PARTS; l++)
			s[l] += (double)a[j + l];
	for (size_t l = 0; j < n; j++, l++)
		s[l] += (double)a[j];
	return tree(s);
}

TARGET INLINE rho_real NAME(most)(size_t n, const rho_real *restrict a)
{
	rho_real s[PARTS], most = -(rho_real)INFINITY;
	size_t j = 0;
	for (size_t l = 0; l < PARTS; l++)
		s[l] = most;
	for (; j + PARTS <= n; j += PARTS)
		for (size_t l = 0; l < PARTS; l++)
			s[l] = a[j + l] > s[l] ? a[j + l] : s[l];
	for (; j < n; j++)
		most = a[j] > most ? a[j] : most;
	for (size_t l = 0; l < PARTS; l++)
		most = s[l] > most ? s[l] : most;
	return most;
}

TARGET static void NAME(soften)(size_t n, rho_real *restrict s)
{
	rho_real most = NAME(most)(n, s), times;
	if (most == -(rho_real)INFINITY)
		most = 0; /* nothing to be seen, or NaN, which stays */
	for (size_t j = 0; j < n; j++) {
		rho_real e = exp_of(s[j] - most);
		s[j] = s[j] == -(rho_real)INFINITY ? 0 : e;
	}
	times = R(NAME(sum)(n, s));
	times = times == 0 ? 0 : 1 / times;
	for (size_t j = 0; j < n; j++)
		s[j] *= times;
}

TARGET static void NAME(unsoften)(size_t n, const rho_real *restrict p, rho_real *restrict dp)
{
	rho_real mean = R(NAME(dot)(n, p, dp));
	for (size_t j = 0; j < n; j++)
		dp[j] = p[j] * (dp[j] - mean);
}

TARGET static void NAME(norm)(size_t n, const rho_real *restrict x, const rho_real *restrict gamma,
                              const rho_real *restrict beta, double eps, rho_real *restrict y,
                              rho_real *restrict mean_scale)
{
	double mean = NAME(sum)(n, x) / (double)n, off;
	rho_real middle = R(mean), scale, shift;
	for (size_t j = 0; j < n; j++)
		y[j] = x[j] - middle;
	off = mean - (double)middle;
	scale = R(1 / sqrt(fmax(NAME(dot)(n, y, y) / (double)n - off * off, 0) + eps));
	shift = R(off);
	for (size_t j = 0; j < n; j++)
		y[j] = mul_add((y[j] - shift) * scale, gamma[j], beta[j]);
	mean_scale[0] = middle;
	mean_scale[1] = scale;
}

TARGET static void NAME(unnorm)(size_t n, const rho_real *restrict x, const rho_real *restrict gamma,
                                const rho_real *restrict mean_scale, const rho_real *restrict dy,
                                rho_real beta_dx, rho_real *restrict dx, double *restrict sums)
{
	rho_real mean = mean_scale[0], scale = mean_scale[1];
	double s[PARTS] = { 0 }, t[PARTS] = { 0 };
	size_t j = 0;
	for (; j + PARTS <= n; j += PARTS)
		for (size_t l = 0; l < PARTS; l++) {
			double u = (double)(dy[j + l] * gamma[j + l]);
			s[l] += u;
			t[l] += u * (double)((x[j + l] - mean) * scale);
		}
	for (size_t l = 0; j < n; j++, l++) {
		double u = (double)(dy[j] * gamma[j]);
		s[l] += u;
		t[l] += u * (double)((x[j] - mean) * scale);
	}
	rho_real level = R(tree(s) / (double)n), tilt = R(tree(t) / (double)n);
	for (j = 0; j < n; j++) {
		sums[j] += (double)dy[j] * (double)((x[j] - mean) * scale);
		sums[n + j] += (double)dy[j];
	}
	if (dx && beta_dx == 0)
		memset(dx, 0, n * sizeof *dx);
	for (j = 0; dx && j < n; j++)
		dx[j] += scale * (dy[j] * gamma[j] - level - (x[j] - mean) * scale * tilt);
}

TARGET static void NAME(gru)(size_t n, rho_real *restrict gate, const rho_real *restrict again,
                             const rho_real *restrict h, rho_real *restrict y)
{
	rho_real *r = gate, *z = gate + n, *c = gate + 2 * n;
	for (size_t j = 0; j < 2 * n; j++)
		gate[j] = logistic(gate[j] + again[j]);
	for (size_t j = 0; j < n; j++) {
		c[j] = tanh_of(mul_add(r[j], again[2 * n + j], c[j]));
		y[j] = mul_add(z[j], h[j] - c[j], c[j]);
	}
}

TARGET static void NAME(ungru)(size_t n, rho_real *restrict gate, rho_real *restrict again,
                               const rho_real *restrict h, rho_real *restrict dh)
{
	rho_real *gr = gate, *gz = gate + n, *gc = gate + 2 * n;
	rho_real *ar = again, *az = again + n, *ac = again + 2 * n;
	for (size_t j = 0; j < n; j++) {
		rho_real r = gr[j], z = gz[j], c = gc[j], d = dh[j];
		rho_real dc = d * (1 - z) * (1 - c * c), dz = d * (h[j] - c) * z * (1 - z);
		rho_real dr = dc * ac[j] * r * (1 - r);
		gr[j] = ar[j] = dr;
		gz[j] = az[j] = dz;
		gc[j] = dc;
		ac[j] = dc * r;
		dh[j] = d * z;
	}
}

TARGET static void NAME(adam)(size_t n, const struct rho_nn_step *how, const rho_real *restrict gradient,
                              rho_real *restrict first, rho_real *restrict second, rho_real *restrict p)
{
	const struct rho_nn_step s = *how;
	for (size_t j = 0; j < n; j++) {
		rho_real g = gradient[j] * s.times;
		rho_real a = mul_add(s.beta1, first[j], s.rest1 * g);
		rho_real b = mul_add(s.beta2, second[j], s.rest2 * g * g);
		first[j] = a;
		second[j] = b;
		p[j] -= mul_add(s.shrink, p[j], s.rate * a / mul_add(root_of(b), s.root, s.eps));
	}
}

TARGET static void NAME(sgd)(size_t n, const struct rho_nn_step *how, const rho_real *restrict gradient,
                             rho_real *restrict first, rho_real *restrict p)
{
	const struct rho_nn_step s = *how;
	for (size_t j = 0; j < n; j++) {
		rho_real g = mul_add(s.decay, p[j], gradient[j] * s.times);
		rho_real v = mul_add(s.momentum, first[j], g);
		first[j] = v;
		p[j] = mul_add(-s.rate, v, p[j]);
	}
}

TARGET static void NAME(rmsprop)(size_t n, const struct rho_nn_step *how, const rho_real *restrict gradient,
                                 rho_real *restrict second, rho_real *restrict p)
{
	const struct rho_nn_step s = *how;
	for (size_t j = 0; j < n; j++) {
		rho_real g = mul_add(s.decay, p[j], gradient[j] * s.times);
		rho_real v = mul_add(s.beta2, second[j], s.rest2 * g * g);
		second[j] = v;
		p[j] = p[j] - s.rate * g / (root_of(v + s.inside) + s.eps);
	}
}

static const struct rho_nn_kernels NAME(kernels) = {
	.name = SET,
	.finish = NAME(finish),
	.unfinish = NAME(unfinish),
	.add = NAME(add),
	.columns = NAME(columns),
	.soften = NAME(soften),
	.unsoften = NAME(unsoften),
	.dot = NAME(dot),
	.norm = NAME(norm),
	.unnorm = NAME(unnorm),
	.gru = NAME(gru),
	.ungru = NAME(ungru),
	.adam = NAME(adam),
	.sgd = NAME(sgd),
	.rmsprop = NAME(rmsprop),
	.mix = NAME(mix),
};

#undef NAME
#undef SET
#undef TARGET
