/* results.h: an experiment's folder: what is planned, what is done, what was measured.
 *
 *   plan.json             {"rho_results": 1, "rho": "0.1.0", "name", "file", "steps", "axes": [...],
 *                          "compare": {...}, "seeds": [...],
 *                          "arms": [{"name", "values": {axis: value}}],
 *                          "cells": [{"id", "arm", "seed"}]}     written first, atomically
 *   experiment.toml       the file as it was
 *   cells/ID/cell.toml    resolved; what the cell process reads
 *   cells/ID/provenance.json   modules with SHA-256, versions, CPU
 *   cells/ID/metrics.jsonl     {"step": n, "reward": x, ...}: means over the decisions since the
 *                              last record; the same bytes on every run of the cell
 *                          {"step": n, "eval": NAME, "NAME.reward": x, ...}: an evaluation, made when
 *                              that many decisions of training were
 *   cells/ID/eval-NAME.jsonl   {"step": n, "episode": i, "context": row, "return": x, "reward": x,
 *                              "length": n, "end": "terminated"}: the episodes of evaluations that log
 *   cells/ID/timing.jsonl      {"step": n, "decision_us": x, ...}: differs from run to run
 *   cells/ID/log.csv           decisions with propensities, when [run] log asks
 *   cells/ID/checkpoint        the latest, checksummed
 *   cells/ID/status.json       {"state": "done" | "failed" | "stopped", "step", "why", "seconds"}
 *   cells/ID/log               what the cell said
 */
#ifndef RHO_STORE_RESULTS_H
#define RHO_STORE_RESULTS_H

#include "../config/plan.h"

#define RHO_RESULTS_VERSION 1

enum rho_cell_state { RHO_CELL_MISSING, RHO_CELL_STOPPED, RHO_CELL_DONE, RHO_CELL_FAILED };

struct rho_result_cell {
	char id[17];
	size_t arm;
	uint64_t seed;
	uint32_t state;                 /* enum rho_cell_state; STOPPED: begun, not finished */
	uint64_t step;                  /* reached, as far as its status says */
	double seconds;                 /* spent, over all its runs */
	char *why;                      /* FAILED: the sentence */
};

struct rho_result_arm { char *name; char **value; };    /* value: one an axis, NULL where base */

struct rho_results {
	char *dir, *name, *file, *rho_version;
	uint64_t steps;
	char **axis; size_t n_axes;
	struct rho_compare_settings compare;
	uint64_t *seeds; size_t n_seeds;
	struct rho_result_arm *arm; size_t n_arms;
	struct rho_result_cell *cell; size_t n_cells;
};

/* Writes plan.json and experiment.toml. A folder of another results version is refused. */
int rho_results_write(const char *dir, const struct rho_plan *, struct rho_buf *why);

/* Reads plan.json and every cell's status. NULL with why: not a results folder (says which run
 * command makes one), written by another version (both named), damaged. */
struct rho_results *rho_results_read(const char *dir, struct rho_buf *why);
void rho_results_free(struct rho_results *);

int rho_status_write(const char *cell_dir, uint32_t state, uint64_t step, double seconds,
                     const char *why_failed, struct rho_buf *why);
/* Reads one cell's status into `out`; a missing file is MISSING, not an error. */
int rho_status_read(const char *cell_dir, struct rho_result_cell *out, struct rho_buf *why);

/* One metric of one cell, from metrics.jsonl, or timing.jsonl when it is not there. `step` and
 * `value` (n) are the caller's to free: one entry a record of that file, in order, NaN where a record
 * has no such value (a group that its window did not see); of a metric of an evaluation, one entry for each
 * time it was made. A last line that was cut short is passed
 * over unless the cell is DONE. 0; 1 when the cell never recorded it; -1 with why (file and line). */
int rho_results_series(const struct rho_results *, size_t cell, const char *metric,
                       uint64_t **step, double **value, size_t *n, struct rho_buf *why);

/* The names of all metrics of one cell (at most 4,096), sorted by byte, none twice, `step` left out.
 * Caller frees with rho_metric_names_free. 0 or -1 with why. */
int rho_results_metrics(const struct rho_results *, size_t cell, char ***names, size_t *n,
                        struct rho_buf *why);
void rho_metric_names_free(char **names, size_t n);

#endif
