/* rollouts.h: how many tries an agent needs: solve@n and rollouts to a threshold, from the episodes of an
 * evaluation ([eval.NAME] with log = true). */
#ifndef RHO_ROLLOUTS_ROLLOUTS_H
#define RHO_ROLLOUTS_ROLLOUTS_H

#include <stdbool.h>

#include "../stats/stats.h"
#include "../store/results.h"

/* ---- estimates (estimate.c) ---- */

/* Of n_rollouts rollouts of a problem, n_solved solved it: the chance that at least one of n drawn
 * without replacement did, 1 - C(N - c, n) / C(N, n), which is an unbiased estimate of the chance that
 * one of n new ones does (Chen et al. 2021, "Evaluating Large Language Models Trained on Code", equation
 * 1). 1 <= n <= N. */
double rho_solve_at(uint64_t n_rollouts, uint64_t n_solved, uint64_t n);

/* Rollouts until the chance of having solved a problem is `threshold`, where each solves it with
 * probability p: ceil(ln(1 - threshold) / ln(1 - p)), at least 1. INFINITY for p = 0. 0 < threshold < 1. */
double rho_rollouts_until(double p, double threshold);

struct rho_problem { uint32_t context; uint64_t n, solved; };   /* n: rollouts */

/* The least n <= most at which the mean of solve@n over the problems is at least `threshold`; INFINITY
 * when it is not by then. Every problem has at least `most` rollouts. */
double rho_rollouts_needed(const struct rho_problem *, size_t n, uint64_t most, double threshold);

/* Its percentile bootstrap interval over problems; an end that lies beyond `most` is INFINITY. NaNs for n
 * < 2. */
struct rho_interval rho_rollouts_interval(const struct rho_problem *, size_t n, uint64_t most,
                                          double threshold, double level, uint64_t resamples);

/* ---- episodes (episodes.c) ---- */

struct rho_success { bool last, above; double least; }; /* return >= least; last: the last reward; above: > */

/* "return>=1", "reward>0.5"; false: it is no such thing. */
bool rho_success_parse(const char *text, struct rho_success *);

struct rho_episode { uint32_t context; bool solved; };

struct rho_episodes {           /* of one evaluation of one cell; zero-initialise */
	uint64_t step;
	struct rho_episode *at; size_t n;
	bool contexts;          /* false: the env shows none; every context is 0 */
};

/* Reads the evaluation made at `step` (UINT64_MAX: the last) from an eval-NAME.jsonl. 0, or -1 with why:
 * it cannot be read, a line is not as the host writes it (file and line), there was no evaluation at that
 * step (those there were). */
int rho_episodes_read(const char *path, uint64_t step, const struct rho_success *, struct rho_episodes *,
                      struct rho_buf *why);
void rho_episodes_free(struct rho_episodes *);

/* ---- the whole (rollouts.c) ---- */

struct rho_rollouts_options {
	const char *eval;               /* NULL: the only one there is */
	const char *baseline;           /* an arm's name; NULL: the file's, else the first */
	struct rho_success success;
	uint64_t step;                  /* UINT64_MAX: the last */
	uint64_t rollouts;              /* problems with fewer do not count; 0: as many as each has */
	const double *threshold; size_t n_thresholds;   /* each above 0, below 1 */
	double level;
	uint64_t resamples;
	bool by_seed;
};

struct rho_solved {             /* at one n */
	double mean, diff;              /* over problems; to the baseline, over problems of both */
	struct rho_interval ci, diff_ci;
};

struct rho_needed { double n; struct rho_interval ci; };        /* INFINITY: more than there are */

struct rho_rollouts_group {     /* an arm, its seeds pooled, or one seed of it */
	size_t arm, cells;
	uint64_t seed;                  /* by_seed */
	struct rho_problem *problem; size_t n_problems; /* by context */
	size_t left_out;                /* problems with too few rollouts */
	size_t pairs;                   /* problems that the baseline has, too */
	struct rho_solved *solved;      /* (n_at) */
	struct rho_needed *needed;      /* (n_thresholds) */
};

struct rho_rollouts {
	const struct rho_results *results;      /* borrowed, as the options */
	const struct rho_rollouts_options *options;
	char *eval;
	uint64_t step, most;            /* most: rollouts that every problem has */
	bool contexts;
	size_t baseline;                /* arm */
	size_t missing;                 /* cells that are not done */
	uint64_t at[64]; size_t n_at;   /* 1, 2, 4, ... most */
	struct rho_rollouts_group *group; size_t n_groups;
};

/* NULL with why. */
struct rho_rollouts *rho_rollouts(const struct rho_results *, const struct rho_rollouts_options *,
                                  struct rho_buf *why);
void rho_rollouts_free(struct rho_rollouts *);

/* ---- as text (show.c) ---- */

enum rho_rollouts_format { RHO_ROLLOUTS_TEXT, RHO_ROLLOUTS_CSV, RHO_ROLLOUTS_MARKDOWN, RHO_ROLLOUTS_JSON };
/* `success`: as it was given. */
void rho_rollouts_show(const struct rho_rollouts *, enum rho_rollouts_format, const char *success,
                       bool colour, struct rho_buf *out);

#endif
