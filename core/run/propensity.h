/* propensity.h: how likely a choice was before its candidates were drawn: P(a|x) = E_S[P(a|x,S)]. */
#ifndef RHO_RUN_PROPENSITY_H
#define RHO_RUN_PROPENSITY_H

#include <stddef.h>
#include <stdint.h>

/* The probability that overall rank j (1: the best) is the best of k drawn from n without
 * replacement: C(n - j, k - 1) / C(n, k). 1 <= k <= n, 1 <= j <= n. In ratios: no overflow. */
double rho_draw_best(uint64_t n, uint64_t k, uint64_t j);

/* The same for one of `tied` equal scores that stand behind `above` better ones, ties going to
 * whichever was drawn first: the mean of ranks above + 1 .. above + tied. */
double rho_draw_best_tied(uint64_t n, uint64_t k, uint64_t above, uint64_t tied);

/* The marginal propensity of action `at` (an index into score) of an agent that, given a uniform
 * k of these n, takes a uniform one of them with probability `explore` and else the one of
 * highest score: (1 - explore) v + explore / n. NaN when its score or explore is NaN. */
double rho_draw_marginal(const float *score /* (n) */, size_t n, size_t at, size_t k, double explore);

/* The marginal propensity of action `at` of an agent that, given a uniform k of these n, takes a with
 * probability exp(score[a] / temperature) / Σ_S exp(score / temperature): the mean of that over the draws S
 * that hold `at`, times k / n. Exact to about 1e-11 of itself, in n * k operations for each of the 80 or so
 * nodes of an integral; temperature 0 is the highest score. room (k) is workspace. NaN when a score or the
 * temperature is not a number, or is infinite. */
double rho_draw_softmax(const float *score /* (n) */, size_t n, size_t at, size_t k, double temperature,
                          double *room);

#endif
