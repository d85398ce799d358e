/* check.h: the conformance kit: a table of checks by id, and what they are run with. */
#ifndef RHO_CHECK_CHECK_H
#define RHO_CHECK_CHECK_H

#include "../registry/instance.h"

enum rho_outcome { RHO_CHECK_PASS, RHO_CHECK_FAIL, RHO_CHECK_SKIP };

struct rho_trial { /* one check of one module */
	struct rho_registry *registry;
	const char *path;                /* of the module, absolute */
	const struct rho_toml *settings; /* from --set; NULL: none */
	uint64_t seed;
	bool in_process, verbose;
	struct rho_last_call *last_call; /* in a page shared with all processes of the kit */
	const char *tmp;                 /* a folder for files; emptied after the check */
	struct rho_buf text;             /* why it failed or was skipped */
	const struct rho_module *module; /* after rho_trial_module */
};

struct rho_check {
	const char *id;
	uint32_t kinds;                 /* bits 1u << enum rho_kind */
	const char *title;              /* what holds where it passes */
	int (*run)(struct rho_trial *); /* enum rho_outcome */
	unsigned seconds;               /* time limit; 0: 60 */
};

#define RHO_CHECK_ALL      0xfeu /* every kind */
#define RHO_CHECK_OF(kind) (1u << (kind))

/* Each ends with an id NULL. */
extern const struct rho_check rho_checks_module[], rho_checks_params[], rho_checks_common[],
	rho_checks_agent[], rho_checks_env[], rho_checks_encoder[], rho_checks_sampler[],
	rho_checks_dataset[], rho_checks_verifier[], rho_checks_reporter[];

/* Record why and give the outcome back: return rho_trial_fail(t, "id %u is not a candidate", id). */
int rho_trial_fail(struct rho_trial *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int rho_trial_skip(struct rho_trial *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Opens the module through the registry into trial->module. PASS, or SKIP with the reason. */
int rho_trial_module(struct rho_trial *);

/* Runs fn in a process of its own, under a time limit (0: none; then the process is also left in
 * the caller's group), and gives what it put in `out` and its outcome. A crash, an exit and a
 * time-out are failures that name the last call. With in_process it is a plain call. */
typedef int rho_apart_fn(struct rho_trial *, void *arg, struct rho_buf *out);
int rho_trial_apart(struct rho_trial *, unsigned seconds, rho_apart_fn *fn, void *arg, struct rho_buf *out);

/* What a process holds that a leak would raise. */
struct rho_usage {
	size_t heap, files, threads;
};
struct rho_usage rho_usage_now(void);
bool rho_is_sanitized(void); /* rho runs under a sanitizer with an allocator of its own */
/* Fails the trial when what is held grew from each of the n looks to the next, `rounds` of `what`
 * apart: a leak grows for ever, the allocator's own caches do not. */
int rho_usage_judge(struct rho_trial *, const struct rho_usage *at, size_t n, size_t rounds,
                    const char *what);

double rho_check_seconds(void); /* a steady clock, for limits only */

/* The bound that a chi-square of df degrees of freedom oversteps about once in three million times. */
double rho_chi2_bound(double df);

/* Chi-square of observed counts against expected ones (n), cells expecting less than 5 pooled.
 * Gives the statistic over its bound: above 1 does not fit. */
double rho_chi2_ratio(const double *observed, const double *expected, size_t n);

#endif
