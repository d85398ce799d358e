/* triangle_kernel.h: the inner loops of triangle.c, once for each width of registers. The file that
 * includes it defines NAME(x) (a name's ending), TARGET (an attribute or nothing) and WIDE (doubles a
 * register: 2, 4 or 8). Sums over a row have eight parts, entry j in part j % 8, and one tree; all else is
 * entry by entry: the bits do not depend on WIDE. */
typedef double NAME(vec) __attribute__((vector_size(8 * WIDE), may_alias));
#define vec NAME(vec)
#define AT(p) (*(vec *)(p))
#define OF(p) (*(const vec *)(p))

/* The inner products of four rows, `len` apart, with x, over len numbers. */
TARGET static inline void NAME(four)(const double *row, size_t len, const double *x, double *out)
{
	enum { PARTS = RHO_TRI / WIDE };
	vec sum[4][PARTS] = { { { 0 } } };
	for (size_t k = 0; k < len; k += RHO_TRI)
		for (size_t p = 0; p < PARTS; p++) {
			vec y = OF(x + k + p * WIDE);
			for (size_t r = 0; r < 4; r++)
				sum[r][p] += OF(row + r * len + k + p * WIDE) * y;
		}
	for (size_t r = 0; r < 4; r++)
		out[r] = tree((const double *)sum[r]);
}

TARGET static void NAME(times)(const double *w, size_t n, const double *x, double *y)
{
	for (size_t i = 0, len; i < n; i += RHO_TRI, w += RHO_TRI * len) {
		len = rho_tri_len(i);
		NAME(four)(w, len, x, y + i);
		NAME(four)(w + 4 * len, len, x, y + i + 4);
	}
}

TARGET static void NAME(transposed)(const double *w, size_t n, const double *x, double *y)
{
	for (size_t i = 0, len; i < n; i += RHO_TRI, w += RHO_TRI * len) {
		len = rho_tri_len(i);
		for (size_t k = 0; k < len; k += WIDE) {
			vec sum = OF(y + k);
			for (size_t r = 0; r < RHO_TRI; r++)
				sum += x[i + r] * OF(w + r * len + k);
			AT(y + k) = sum;
		}
	}
}

TARGET static void NAME(add)(double *a, size_t n, const double *phi, size_t count)
{
	size_t pad = rho_tri_pad(n);
	for (size_t i = 0, len; i < n; i += RHO_TRI, a += RHO_TRI * len) {
		len = rho_tri_len(i);
		for (size_t k = 0; k < len; k += WIDE) {
			vec sum[RHO_TRI];
			for (size_t r = 0; r < RHO_TRI; r++)
				sum[r] = OF(a + r * len + k);
			for (size_t b = 0; b < count; b++) {
				const double *f = phi + b * pad;
				vec y = OF(f + k);
				for (size_t r = 0; r < RHO_TRI; r++)
					sum[r] += f[i + r] * y;
			}
			for (size_t r = 0; r < RHO_TRI; r++)
				AT(a + r * len + k) = sum[r];
		}
	}
}

TARGET static double NAME(update)(double *w, size_t n, const double *phi, double sign, double *g)
{
	double t = 1, root = 1, v[RHO_TRI], shrink[RHO_TRI], pass[RHO_TRI];
	for (size_t i = 0, len; i < n; i += RHO_TRI, w += RHO_TRI * len) {
		len = rho_tri_len(i);
		NAME(four)(w, len, phi, v);
		NAME(four)(w + 4 * len, len, phi, v + 4);
		for (size_t r = 0; r < RHO_TRI; r++) {
			double before = root;
			t += sign * v[r] * v[r];
			root = sqrt(t);
			shrink[r] = before / root;
			pass[r] = v[r] / before / root;
			v[r] *= sign;
		}
		for (size_t k = 0; k < len; k += WIDE) {
			vec sum = OF(g + k);
			for (size_t r = 0; r < RHO_TRI; r++) {
				vec x = (OF(w + r * len + k) - v[r] * sum) * shrink[r];
				AT(w + r * len + k) = x;
				sum += pass[r] * x;
			}
			AT(g + k) = sum;
		}
	}
	return t;
}

/* out (8, 8): inner products of eight rows a, a_len apart, with eight rows b, b_len apart, over len. */
TARGET static void NAME(square)(const double *a, size_t a_len, const double *b, size_t b_len, size_t len,
                                double *out)
{
	enum { PARTS = RHO_TRI / WIDE };
	for (size_t i = 0; i < RHO_TRI; i += 4)
		for (size_t j = 0; j < RHO_TRI; j += 2) {
			vec sum[4][2][PARTS] = { { { { 0 } } } };
			for (size_t k = 0; k < len; k += RHO_TRI)
				for (size_t p = 0; p < PARTS; p++)
					for (size_t q = 0; q < 2; q++) {
						vec y = OF(b + (j + q) * b_len + k + p * WIDE);
						for (size_t r = 0; r < 4; r++)
							sum[r][q][p] +=
								OF(a + (i + r) * a_len + k + p * WIDE) * y;
					}
			for (size_t r = 0; r < 4; r++)
				for (size_t q = 0; q < 2; q++)
					out[(i + r) * RHO_TRI + j + q] = tree((const double *)sum[r][q]);
		}
}

/* Rows i .. i + 7 of an inverse, of which the rows above are there: l (8, len) is what they were. */
TARGET static void NAME(invert)(double *all, size_t i, const double *l)
{
	size_t len = rho_tri_len(i);
	double *mine = all + rho_tri_at(i);
	for (size_t k = 0; k < len; k += WIDE) {
		vec sum[RHO_TRI];
		for (size_t r = 0; r < RHO_TRI; r++)
			sum[r] = (vec){ 0 };
		for (size_t j = k / RHO_TRI * RHO_TRI; j < i; j++) {
			vec y = OF(all + rho_tri_at(j) + k);
			for (size_t r = 0; r < RHO_TRI; r++)
				sum[r] += l[r * len + j] * y;
		}
		for (size_t r = 0; r < RHO_TRI; r++) {
			/* A row that fills up the last eight has no pivot and is zero. */
			double pivot = l[r * len + i + r] > 0 ? l[r * len + i + r] : 1;
			for (size_t q = 0; q < r; q++)
				sum[r] += l[r * len + i + q] * OF(mine + q * len + k);
			AT(mine + r * len + k) = (OF(mine + r * len + k) - sum[r]) / pivot;
		}
	}
}

TARGET static void NAME(lengths)(const double *w, size_t n, size_t first, const double *at, double *out)
{
	enum { PARTS = RHO_TRI / WIDE };
	vec sum[PARTS] = { { 0 } };
	for (size_t i = first / RHO_TRI * RHO_TRI; i < n; i += RHO_TRI) {
		size_t len = rho_tri_len(i);
		const double *row = w + rho_tri_at(i);
		vec y[RHO_TRI][PARTS] = { { { 0 } } };
		for (size_t j = first; j < len; j++)
			for (size_t p = 0; p < PARTS; p++) {
				vec x = OF(at + j * RHO_TRI + p * WIDE);
				for (size_t r = 0; r < RHO_TRI; r++)
					y[r][p] += row[r * len + j] * x;
			}
		for (size_t r = 0; r < RHO_TRI; r++)
			for (size_t p = 0; p < PARTS; p++)
				sum[p] += y[r][p] * y[r][p];
	}
	memcpy(out, sum, sizeof sum);
}

static const struct kernels NAME(kernels) = {
	NAME(times), NAME(transposed), NAME(add), NAME(update), NAME(square), NAME(invert), NAME(lengths),
};

#undef vec
#undef AT
#undef OF
#undef NAME
#undef TARGET
#undef WIDE
