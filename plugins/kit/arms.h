/* arms.h: what each action has paid by itself: rewards counted and added up, all, fading, or the last few. */
#ifndef RHO_KIT_ARMS_H
#define RHO_KIT_ARMS_H

#include <rho/rho.h>

#define RHO_ARMS_PARAMS(T) \
	RHO_F64(T, gamma, 1, 0.5, 1, "forgetting: weight of what was learned, after one more reward"), \
	RHO_I64(T, window, 0, 0, 1 << 24, "only this many of the last rewards count; 0: all do")

/* Everything learned is in kept arrays of the instance. */
struct rho_arms {
	size_t n, window;       /* actions; rewards that count, 0: all       */
	double gamma;
	double lo, hi;          /* rewards, as declared; both 0: unknown     */
	double *weight, *sum;   /* (n) kept: of its rewards, both in units of pace[0] */
	double *pace;           /* (2) kept: what a reward of now weighs, and all rewards together */
	uint64_t *learned;      /* (1) kept: rewards so far                  */
	uint32_t *past;         /* (window) kept: whose they were; oldest at learned % window */
	double *paid;           /* (window) kept                             */
};

/* Declares the kept arrays. With gamma < 1 an older reward weighs gamma for each later one (discounted
 * counts), with window > 0 the last `window` count alike and the others not at all (Garivier & Moulines
 * 2008, sections 2.1 and 2.2); both at once are refused. 0 or an error, recorded. [open] */
int rho_arms_open(struct rho_ctx *, struct rho_arms *, const struct rho_spec *, double gamma, int64_t window);

/* unit: the reward on the scale where the declared range is 0 .. 1; itself where none is declared. Refuses
 * what is not finite or lies outside of the range. 0 or RHO_EINVAL, recorded. [any] */
int rho_arms_unit(struct rho_ctx *, const struct rho_arms *, float reward, uint32_t action, double *unit);

/* Learns from every reward of a feedback, in order, in units of the range; up to the first that
 * rho_arms_unit refuses. 0 or RHO_EINVAL, recorded. [any] */
int rho_arms_learn(struct rho_ctx *, struct rho_arms *, const struct rho_feedback *);

/* One more reward of an action. O(1), and O(n) once in a few hundred rewards where they fade. */
void rho_arms_add(struct rho_arms *, uint32_t action, double reward);

/* How many rewards of an action count, and of all actions together: whole numbers unless they fade. */
static inline double rho_arms_count(const struct rho_arms *m, uint32_t action)
{ return m->weight[action] / m->pace[0]; }
static inline double rho_arms_total(const struct rho_arms *m)
{ return m->pace[1] / m->pace[0]; }

/* kl(p, q) = p ln(p/q) + (1-p) ln((1-p)/(1-q)), p and q in 0 .. 1; infinite where q rules p out. */
double rho_kl_bernoulli(double p, double q);

/* The largest q in p .. 1 with kl(p, q) <= level, to 1e-10 (Garivier & Cappe 2011, eq. 2; bisection). */
double rho_kl_upper(double p, double level);

#endif
