/* keep_kernel.h: the loops of linear_keep.c over a stretch of actions, once for each instruction set. The
 * file that includes it defines NAME(x) (a name's ending) and TARGET (an attribute or nothing). All is
 * entry by entry: the bits do not depend on the set. */

/* w[j] -= sign * dot[j]² */
TARGET static void NAME(follow)(double *restrict w, const double *restrict dot, double sign, size_t n)
{
	for (size_t j = 0; j < n; j++)
		w[j] -= sign * (dot[j] * dot[j]);
}

/* s[j] = mean[j] + alpha √(c + 2 cross[j] + w[j]), cross NULL: zeros; gives the largest, -INFINITY where
 * all are NaN. */
TARGET static double NAME(weigh)(const double *restrict mean, const double *restrict cross,
                                 const double *restrict w, double c, double alpha,
                                 double *restrict s, size_t n)
{
	double top[8], most = -INFINITY;
	for (size_t j = 0; cross && j < n; j++) {
		double square = c + 2 * cross[j] + w[j];
		s[j] = mean[j] + alpha * sqrt(square < 0 ? 0 : square);
	}
	for (size_t j = 0; !cross && j < n; j++) {
		double square = c + w[j];
		s[j] = mean[j] + alpha * sqrt(square < 0 ? 0 : square);
	}
	for (size_t l = 0; l < 8; l++)
		top[l] = -INFINITY;
	for (size_t j = 0; j + 8 <= n; j += 8)
		for (size_t l = 0; l < 8; l++)
			top[l] = s[j + l] > top[l] ? s[j + l] : top[l];
	for (size_t l = 0; l < 8; l++)
		most = top[l] > most ? top[l] : most;
	for (size_t j = n / 8 * 8; j < n; j++)
		most = s[j] > most ? s[j] : most;
	return most;
}

#undef NAME
#undef TARGET
