/* compare.h: the arms of an experiment side by side: who is best, by how much, how sure is that. */
#ifndef RHO_REPORT_COMPARE_H
#define RHO_REPORT_COMPARE_H

#include <stdio.h>

#include "../stats/stats.h"
#include "../store/results.h"

enum rho_compare_format { RHO_AS_TEXT, RHO_AS_CSV, RHO_AS_MARKDOWN, RHO_AS_LATEX, RHO_AS_JSON };

struct rho_compare_options {    /* zero: what the experiment file's [compare] says, as text */
	const char *metric;             /* NULL: the file's */
	const char *baseline;           /* an arm's name, long or short; NULL: the file's, else the first */
	const char *by;                 /* an axis: only its effects; NULL: the arms */
	double interval;                /* 0: the file's */
	double window;                  /* 0: the file's */
	uint64_t resamples;             /* 0: the file's */
	uint32_t format;                /* enum rho_compare_format */
	bool groups;                    /* also the metric's groups: reward[G1] … */
	bool colour;
};

/* One arm. NaN, and an interval of NaNs, where there are too few runs to say. Everything about a
 * baseline is oriented as "arm - baseline" in the metric's own unit; `better`, `wins` know the metric's
 * direction. */
struct rho_compared {
	size_t arm;                     /* into rho_results.arm */
	char *label;                    /* its name, axis names dropped where no reader can be misled */
	size_t n;                       /* seeds with a score */
	double mean, sd, iqm, auc;      /* over those seeds; auc: mean over seeds of each curve's mean */
	struct rho_interval mean_t, iqm_ci;
	size_t pairs, wins, ties;       /* seeds shared with the baseline; on how many better, equal */
	double diff, p, p_holm;
	struct rho_interval diff_ci;
	double better;                  /* probability of improvement, over all pairs of runs */
	struct rho_interval better_ci;
	double detectable;              /* least true difference found 4 times in 5 */
	double regret, coverage, selection, decision_us;        /* over seeds; NaN: not recorded */
};

struct rho_hole { size_t arm; uint64_t seed; char *why; };      /* a planned score that is not there */

struct rho_effect {             /* one value of one axis, the other axes averaged out */
	size_t axis;
	const char *value;              /* "base" for an arm that leaves the axis alone */
	size_t seeds;                   /* on which at least one block was complete */
	size_t blocks, all_blocks;      /* combinations of the other axes: used, planned in full */
	double mean;                    /* of the scores in those blocks */
	double effect;                  /* difference to the mean over the axis's values, within blocks */
	struct rho_interval ci;
};

struct rho_group {              /* one group of the metric, or all together (name NULL) */
	char *name;
	double *iqm;                    /* (n_arms) in the order of rho_comparison.arm; NaN: not recorded */
	struct rho_interval *ci;        /* (n_arms) */
};

struct rho_comparison {
	const struct rho_results *results;      /* borrowed */
	char *metric;
	bool lower;                     /* less is better */
	double interval, window;
	uint64_t resamples;
	size_t baseline;                /* into rho_results.arm */
	double *score, *auc;            /* (n_arms of results, n_seeds), NaN: a hole */
	struct rho_compared *arm; size_t n_arms;        /* best IQM first, those without a score last */
	struct rho_hole *hole; size_t n_holes;          /* by arm, then in the order of the seeds */
	struct rho_effect *effect; size_t n_effects;    /* by axis, then in the order of the values */
	struct rho_group *group; size_t n_groups;       /* sorted by name, all together last */
	bool factorial;                 /* every arm has a value on every one of two or more axes */
};

/* Metrics of which less is better: those named regret…, …_regret, …loss, …_us, groups included. */
bool rho_lower_is_better(const char *metric);

/* NULL with why: a metric nobody recorded (those recorded, the nearest), an unknown baseline or axis,
 * a setting out of range. Holes are part of the answer. `results` must outlive it. */
struct rho_comparison *rho_compare(const struct rho_results *results, const struct rho_compare_options *,
                                   struct rho_buf *why);
void rho_comparison_free(struct rho_comparison *);

/* Appends it in the format that the options ask for. */
void rho_compare_format(const struct rho_comparison *, const struct rho_compare_options *,
                        struct rho_buf *out);

/* The one sentence that says what was found: "x,y has the highest reward, …" */
void rho_compare_found(const struct rho_comparison *, struct rho_buf *out);

/* Compares results folder `dir` as its experiment file asks and prints it, in colours where `out` is a
 * terminal and NO_COLOR is not set. 0; 2 with the reason on stderr. */
int rho_compare_print(const char *dir, FILE *out);

#endif
