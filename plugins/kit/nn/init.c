/* init.c: the first parameters of a slice. */
#include "nn_impl.h"
#include "../dot.h"

/* k rows of len normal numbers, each made orthogonal to those before (twice: once leaves rounding behind) and
 * of length 1: Gram and Schmidt's way to the Q of a QR with a positive diagonal, which is spread evenly over
 * all such Q. */
static void orthonormal(struct rho_rng *rng, double *row, size_t k, size_t len)
{
	for (size_t i = 0; i < k; i++) {
		double *mine = row + i * len, length;
		for (size_t j = 0; j < len; j++)
			mine[j] = rho_normal(rng);
		for (int pass = 0; pass < 2; pass++)
			for (size_t b = 0; b < i; b++) {
				const double *other = row + b * len;
				double share = rho_kit_dot(mine, other, len);
				for (size_t j = 0; j < len; j++)
					mine[j] -= share * other[j];
			}
		length = sqrt(rho_kit_dot(mine, mine, len));
		for (size_t j = 0; j < len; j++)
			mine[j] /= length;
	}
}

void rho_nn_draw(const struct rho_nn_slice *s, struct rho_rng *rng, rho_real *param, double *room)
{
	double gain = s->init.gain == 0 ? 1 : s->init.gain, in = (double)s->cols, out = (double)s->rows;
	bool turned = s->rows > s->cols, normal = false;
	rho_real *w = param + s->at;
	double variance;
	switch (s->init.law) {
	case RHO_NN_ORTHOGONAL:
		orthonormal(rng, room, turned ? s->cols : s->rows, turned ? s->rows : s->cols);
		for (size_t i = 0; i < s->rows; i++)
			for (size_t j = 0; j < s->cols; j++)
				w[i * s->cols + j] = (rho_real)(gain * (turned ? room[j * s->rows + i]
				                                               : room[i * s->cols + j]));
		return;
	case RHO_NN_XAVIER_NORMAL:
		normal = true;
		/* fallthrough */
	case RHO_NN_XAVIER: variance = 2 / (in + out); break;
	case RHO_NN_KAIMING_NORMAL:
		normal = true;
		/* fallthrough */
	case RHO_NN_KAIMING: variance = 2 / in; break;
	case RHO_NN_NORMAL:
		normal = true;
		variance = 1;
		break;
	default: /* zeros, or with a gain that number throughout: what a norm begins with */
		for (size_t i = 0; i < s->rows * s->cols; i++)
			w[i] = (rho_real)s->init.gain;
		return;
	}
	gain *= sqrt(normal ? variance : 3 * variance);
	for (size_t i = 0; i < s->rows * s->cols; i++)
		w[i] = (rho_real)(gain * (normal ? rho_normal(rng) : 2 * rho_unif(rng) - 1));
}
