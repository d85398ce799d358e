/* Losses and targets. */
#include <math.h>

#include "losses.h"

struct rho_ppo rho_ppo_loss(double logp, double logp_old, double advantage, double clip)
{
	double ratio = exp(logp - logp_old);
	double held = fmin(fmax(ratio, 1 - clip), 1 + clip);
	struct rho_ppo out = { { -ratio * advantage, -ratio * advantage }, ratio, held != ratio };
	if (held * advantage < ratio * advantage)
		out.loss = (struct rho_loss){ -held * advantage, 0 };
	return out;
}

double rho_top_k_weight(double logp, size_t k)
{
	return (double)k * pow(-expm1(logp), (double)k - 1);
}

double rho_capped_ratio(double logp, double logp_behaviour, double most)
{
	return fmin(exp(logp - logp_behaviour), most);
}

struct rho_loss rho_k3_loss(double logp, double logp_other)
{
	double d = logp_other - logp;
	return (struct rho_loss){ expm1(d) - d, -expm1(d) };
}

void rho_group_advantages(const float *reward, size_t n, size_t group, double eps, float *advantage)
{
	for (size_t from = 0; from < n; from += group) {
		double mean = 0, square = 0, by;
		bool equal = true;
		for (size_t i = from; i < from + group; i++) {
			mean += (double)reward[i] / (double)group;
			equal = equal && reward[i] == reward[from];
		}
		for (size_t i = from; i < from + group; i++)
			square += ((double)reward[i] - mean) * ((double)reward[i] - mean);
		by = equal ? 0 : 1 / (sqrt(square / (double)(group - 1)) + eps);
		for (size_t i = from; i < from + group; i++)
			advantage[i] = (float)(((double)reward[i] - mean) * by);
	}
}

struct rho_loss rho_clipped_value_loss(double v, double v_old, double target, double clip)
{
	struct rho_loss free = rho_square_loss(v, target);
	struct rho_loss held = rho_square_loss(v_old + copysign(clip, v - v_old), target);
	if (fabs(v - v_old) <= clip || held.value <= free.value)
		return free;
	held.slope = 0; /* where v stands makes no difference */
	return held;
}

struct rho_loss rho_huber_loss(double v, double target, double edge)
{
	double e = v - target;
	if (fabs(e) <= edge)
		return (struct rho_loss){ e * e / 2, e };
	return (struct rho_loss){ edge * (fabs(e) - edge / 2), copysign(edge, e) };
}

struct rho_loss rho_expectile_loss(double v, double target, double tau)
{
	double u = target - v, w = u < 0 ? 1 - tau : tau;
	return (struct rho_loss){ w * u * u, -2 * w * u };
}

double rho_awr_weight(double advantage, double temperature, double most)
{
	return fmin(exp(advantage / temperature), most);
}

struct rho_a2c rho_a2c_loss(double logp, double entropy, double v, double back, double advantage,
                            double value_weight, double entropy_weight)
{
	struct rho_loss policy = rho_policy_loss(logp, advantage), value = rho_square_loss(v, back);
	return (struct rho_a2c){
		.value = policy.value + value_weight * value.value - entropy_weight * entropy,
		.dlogp = policy.slope, .dvalue = value_weight * value.slope, .dentropy = -entropy_weight,
	};
}

double rho_q_target(double reward, double discount, const float *next, const uint64_t *mask, size_t k)
{
	return rho_double_q_target(reward, discount, next, next, mask, k);
}

double rho_double_q_target(double reward, double discount, const float *online, const float *target,
                           const uint64_t *mask, size_t k)
{
	size_t best = discount != 0 ? rho_best(online, mask, k) : k;
	return best < k ? reward + discount * (double)target[best] : reward;
}

/* How many may be chosen. */
static size_t open_places(const uint64_t *mask, size_t k)
{
	size_t n = 0;
	for (size_t j = 0; mask && j < k; j += 64)
		n += (size_t)__builtin_popcountll(mask[j / 64] & (~(uint64_t)0 >> (k - j < 64 ? 64 - (k - j) : 0)));
	return mask ? n : k;
}

static bool may(const uint64_t *mask, size_t j)
{
	return !mask || mask[j / 64] >> j % 64 & 1;
}

static double sum_open(const float *v, const uint64_t *mask, size_t k)
{
	double sum[16] = { 0 }, all = 0;
	for (size_t j = 0; j < k; j++)
		sum[j % 16] += may(mask, j) ? (double)v[j] : 0;
	for (size_t l = 0; l < 16; l++)
		all += sum[l];
	return all;
}

double rho_expected_sarsa_target(double reward, double discount, const float *next, const uint64_t *mask, size_t k,
                                 double epsilon)
{
	size_t best = discount != 0 ? rho_best(next, mask, k) : k;
	if (best == k)
		return reward;
	double mean = sum_open(next, mask, k) / (double)open_places(mask, k);
	return reward + discount * ((1 - epsilon) * (double)next[best] + epsilon * mean);
}

void rho_dueling(double value, const float *advantage, const uint64_t *mask, size_t k, float *q)
{
	size_t n = open_places(mask, k);
	float shift = (float)(value - sum_open(advantage, mask, k) / (n ? (double)n : 1));
	for (size_t j = 0; j < k; j++)
		q[j] = may(mask, j) ? advantage[j] + shift : -INFINITY;
}

double rho_dueling_back(const float *g, const uint64_t *mask, size_t k, float *out)
{
	size_t n = open_places(mask, k);
	double sum = sum_open(g, mask, k);
	float mean = (float)(sum / (n ? (double)n : 1));
	for (size_t j = 0; j < k; j++)
		out[j] = may(mask, j) ? g[j] - mean : 0;
	return sum;
}

double rho_cql_loss(const float *q, const uint64_t *mask, size_t k, size_t a, double weight, float *grad)
{
	double loss = rho_log_softmax(q, mask, k, grad) - (double)q[a];
	rho_policy_grad(grad, k, a, -weight, 0, 0, grad);
	return loss;
}
