/* scale.h: what deciding among a uniform sample of the actions must cost, and what looking at all of them takes. */
#ifndef RHO_SCALE_SCALE_H
#define RHO_SCALE_SCALE_H

#include "../geometry/subject.h"

enum { RHO_SCALE_FUSED = 20, RHO_SCALE_TOPS = 3 };

/* P(hit) is of the best, one of the 10 best, one of the 100 best. */
extern const size_t rho_scale_tops[RHO_SCALE_TOPS];

enum rho_scale_pass { /* a scan of all actions */
	RHO_PASS_F32,
	RHO_PASS_BF16,
	RHO_PASS_INT8,
	RHO_PASS_F32_FUSED, /* RHO_SCALE_FUSED queries in one pass; seconds are a query's share */
	RHO_PASS_INT8_FUSED,
	RHO_PASSES
};

extern const char *const rho_scale_names[RHO_PASSES];

/* What a uniform sample of the actions loses of the best reward: exact for each decision looked at. */
struct rho_scale_gap {
	const char *source; /* "env NAME", "--reward WHAT"; NULL: no rewards are known */
	size_t decisions; /* it is a mean over; 0: one for all, no error */
	double best; /* mean of the best reward */
	double *gap, *error; /* (n) best - E max over a sample of k, and its standard error (NaN for one decision) */
};

struct rho_scale_point { /* at one k */
	size_t k;
	double hit[RHO_SCALE_TOPS], rank; /* P(hit), the sample's best one's mean rank: rank_cover.c */
	double seconds; /* a decision over k gathered rows; measured */
	double gap, error; /* NaN: not known */
};

struct rho_scale {
	size_t rows, cols;
	struct rho_scale_point *at; /* (n_k) the k asked for */
	size_t n_k;
	double seconds[RHO_PASSES]; /* measured; NaN: rows too long for codes */
	struct rho_scale_point even[RHO_PASSES]; /* the k whose sample takes as long as that scan; k 0: none does */
	struct rho_scale_gap gap;
};

/* Measures on `threads` threads: scans for a query's best one, and the same over samples, drawn beforehand; each
 * the lower quartile of several. k (n_k): 1 .. rows, rising. All of `out` but rewards is filled in. */
void rho_scale_measure(const struct rho_mat *, const size_t *k, size_t n_k, unsigned threads, uint64_t seed,
                       const struct rho_waiting *, struct rho_scale *out);
void rho_scale_free(struct rho_scale *);

/* The k at which a cost that was measured at rising k (n), taken as never falling and straight between two
 * in their logarithms, reaches `cost`; 0: it does not. */
size_t rho_scale_even(const size_t *k, const double *seconds, size_t n, double cost);

/* Fills in every point's gap from one reward for each action. */
void rho_scale_static_gap(struct rho_scale *, const double *reward);

/* Fills in every point's gap from what the env's oracle says of `decisions` decisions, posed while acting at random
 * (choices of `seed`): each sample is of the legal actions. In a child process, so that an env that crashes is a
 * sentence. 0; 1: this env has no oracle, nothing is changed; -1 with why. */
int rho_scale_env_gap(struct rho_scale *, const struct rho_subject *, struct rho_registry *, size_t decisions,
                      uint64_t seed, const struct rho_waiting *, struct rho_buf *why);

struct rho_scale_said { /* one subject's */
	const char *name;
	struct rho_scale scale;
};

void rho_scale_table(const struct rho_scale_said *, size_t n, unsigned threads, bool markdown, struct rho_buf *out);
void rho_scale_json(const struct rho_scale_said *, size_t n, unsigned threads, struct rho_buf *out);

#endif
