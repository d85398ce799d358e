/* internal.h: what the files of this room share. */
#ifndef RHO_REPORT_INTERNAL_H
#define RHO_REPORT_INTERNAL_H

#include "compare.h"

/* A short name for each arm (n_arms of them, each and the array the caller's to free): values without
 * their axes, except where a value occurs on two axes or is the name of the arm without values. */
char **rho_arm_labels(const struct rho_results *);

/* Fills `group`: the IQM of metric[G] for each group that was recorded, then all groups together. */
void rho_compare_groups(struct rho_comparison *);

/* Fills `effect`, of all axes with two or more values, or of axis `only` (SIZE_MAX: all). */
void rho_compare_effects(struct rho_comparison *, size_t only);

/* The score of one cell by another metric, over the comparison's window; NaN when it has none. */
double rho_cell_score(const struct rho_comparison *, size_t cell, const char *metric);

/* The metrics recorded by the finished cells (the first of each arm), sorted, none twice; free with
 * rho_metric_names_free. */
size_t rho_recorded_metrics(const struct rho_results *, char ***names);

/* The cell of an arm and a seed (both as indices), SIZE_MAX when none was planned; (n_arms, n_seeds). */
size_t *rho_cell_index(const struct rho_results *);

void rho_compare_csv(const struct rho_comparison *, const struct rho_compare_options *, struct rho_buf *out);
void rho_compare_json(const struct rho_comparison *, const struct rho_compare_options *, struct rho_buf *out);

#endif
