/* Advantages and returns, backwards over the steps, a few lanes abreast. */
#include <math.h>

#include "returns.h"

enum { ABREAST = 16 };

/* V of what step t of a lane led to. */
static double led_to(const struct rho_steps *s, size_t t, size_t lane)
{
	size_t at = t * s->lanes + lane;
	if (s->end[at] == RHO_TERMINATED)
		return 0;
	return (double)(s->end[at] == RHO_TRUNCATED || t + 1 == s->n ? s->boot[at] : s->value[at + s->lanes]);
}

void rho_gae(const struct rho_steps *s, double gamma, double lambda, float *advantage, float *back)
{
	for (size_t from = 0; from < s->lanes; from += ABREAST) {
		size_t to = s->lanes - from < ABREAST ? s->lanes : from + ABREAST;
		double carried[ABREAST] = { 0 };
		for (size_t t = s->n; t-- > 0; ) {
			for (size_t lane = from; lane < to; lane++) {
				size_t at = t * s->lanes + lane;
				double more = s->end[at] == RHO_RUNNING ? gamma * lambda * carried[lane - from] : 0;
				double value = (double)s->value[at];
				double a = (double)s->reward[at] + gamma * led_to(s, t, lane) - value + more;
				carried[lane - from] = a;
				if (advantage)
					advantage[at] = (float)a;
				if (back)
					back[at] = (float)(a + value);
			}
		}
	}
}

void rho_n_step(const struct rho_steps *s, double gamma, size_t ahead, float *back)
{
	for (size_t t = 0; t < s->n; t++) {
		for (size_t lane = 0; lane < s->lanes; lane++) {
			size_t last = s->n - t > ahead ? t + ahead - 1 : s->n - 1, u = t;
			while (u < last && s->end[u * s->lanes + lane] == RHO_RUNNING)
				u++;
			double sum = led_to(s, u, lane);
			for (size_t v = u + 1; v-- > t; )
				sum = (double)s->reward[v * s->lanes + lane] + gamma * sum;
			back[t * s->lanes + lane] = (float)sum;
		}
	}
}

void rho_standardise(float *x, size_t n, double eps)
{
	double sum = 0, square = 0, by;
	bool equal = true;
	for (size_t i = 0; i < n; i++) {
		sum += (double)x[i];
		equal = equal && x[i] == x[0];
	}
	sum /= n ? (double)n : 1;
	for (size_t i = 0; i < n; i++)
		square += ((double)x[i] - sum) * ((double)x[i] - sum);
	by = equal ? 0 : 1 / (sqrt(square / (double)(n - 1)) + eps);
	for (size_t i = 0; i < n; i++)
		x[i] = (float)(((double)x[i] - sum) * by);
}
