/* activated.h: the activations in float64, by their formulas: what the kernels are held against. */
#ifndef TEST_ACTIVATED_H
#define TEST_ACTIVATED_H

#include <math.h>

#include "kit/transformer/dense.h"

static inline double activated(double x, unsigned activation)
{
	switch (activation) {
	case RHO_ACT_GELU:
		return 0.5 * x * erfc(-x / sqrt(2));
	case RHO_ACT_GELU_TANH:
		return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
	case RHO_ACT_QUICK_GELU:
		return x / (1 + exp(-1.702 * x));
	case RHO_ACT_RELU:
		return x > 0 ? x : 0;
	case RHO_ACT_SILU:
		return x / (1 + exp(-x));
	case RHO_ACT_TANH:
		return tanh(x);
	default:
		return x;
	}
}

#endif
