/* plan.h: an experiment file, resolved: arms × seeds = cells. Nothing here runs plugin code. */
#ifndef RHO_CONFIG_PLAN_H
#define RHO_CONFIG_PLAN_H

#include "../registry/params.h"

#define RHO_N_ROLES (RHO_REPORTER + 1)          /* indexed by enum rho_kind */

struct rho_role {                       /* a plugin with its parameters */
	const struct rho_module *module;        /* NULL: the experiment has none */
	struct rho_toml *table;                 /* merged; owned; has passed rho_params_check */
	struct rho_where where;                 /* of its `use`, for messages */
};

enum rho_log_kind { RHO_LOG_NONE, RHO_LOG_CONDITIONAL, RHO_LOG_MARGINAL };

struct rho_run {                        /* [run] */
	uint64_t steps;                 /* decisions a cell; required */
	uint64_t lanes;                 /* decisions a batch, side by side; 1 */
	uint64_t every;                 /* decisions between records, 1 .. steps; the file's 0: steps / 100 */
	uint32_t log;                   /* enum rho_log_kind: decisions written to log.csv */
	/* what cannot change results: not part of a cell's identity */
	double   checkpoint;            /* seconds between checkpoints; 10 */
	double   deadline;              /* seconds a cell may take; 0: no limit */
	uint64_t memory;                /* bytes of plugin memory a cell; 0: no limit */
	uint64_t threads;               /* inner products and BLAS of a cell; 1 */
	uint32_t scan;                  /* enum rho_code: what searches for the best look at first; F32 */
	uint64_t fuse;                  /* most cells of a process; 0: as rho finds best; of the experiment, not of
	                                 * a cell's spec */
};

enum { RHO_EVALS_MOST = 16 };

struct rho_eval {                       /* [eval.NAME]: the agent tried out beside its training */
	char *name;
	uint64_t every;                 /* decisions of training from one to the next; 0: only at the end */
	uint64_t episodes;              /* each time; required */
	uint64_t lanes;                 /* side by side; as many as in training */
	bool first;                     /* before the first decision of training, too; false */
	bool greedy;                    /* RHO_GREEDY in each batch; true */
	bool log;                       /* writes eval-NAME.jsonl; false */
	/* An arm's or a cell's with this evaluation's patch on it; module NULL: there is none, they are
	 * those of the training. */
	struct rho_role env, sampler;
};

struct rho_compare_settings {           /* [compare] */
	char *metric;                   /* "reward" */
	char *baseline;                 /* an arm's name; NULL: the first arm */
	double interval;                /* 0.95 */
	double window;                  /* score: mean over this last share of a run; 0.2 */
	uint64_t resamples;             /* 50000 */
};

struct rho_arm {
	char *name;                     /* "agent=greedy,sampler=small"; "base" without arms */
	char **value; size_t n_values;  /* on each axis of the plan; NULL: base (one-at-a-time) */
	struct rho_role role[RHO_N_ROLES];      /* all but reporters */
	struct rho_eval *eval; size_t n_evals;  /* in file order, the same in every arm but for the roles */
	char *identity;                 /* canonical text without speed parameters, plugin versions in it */
};

struct rho_plan_cell { size_t arm; uint64_t seed; char id[17]; };       /* id: hex of identity and seed */

struct rho_plan {
	char *file, *name;              /* the experiment file's absolute path; run.name */
	char **kept; size_t n_kept;     /* what the `where`s below call files */
	struct rho_buf source;          /* its bytes */
	struct rho_run run;
	struct rho_compare_settings compare;
	uint64_t *seeds; size_t n_seeds;
	char **axis; size_t n_axes;     /* "agent", "encoder" … in file order */
	struct rho_arm *arm; size_t n_arms;
	struct rho_plan_cell *cell; size_t n_cells;     /* arm-major */
	struct rho_role *report; size_t n_reports;
};

/* Reads, validates and expands a file; `set`: n overrides such as "agent.alpha=0.5" (the value is
 * TOML; a bare word is taken as a string). All mistakes and warnings go to diags; NULL if there
 * was a mistake. */
struct rho_plan *rho_plan_load(struct rho_registry *, const char *path,
                               const char *const *set, size_t n_set, struct rho_diags *);
void rho_plan_free(struct rho_plan *);

/* The resolved cell.toml of one cell: an experiment of its own, every parameter written out,
 * paths absolute, plugin versions as comments. */
void rho_plan_cell_toml(struct rho_registry *, const struct rho_plan *, size_t cell, struct rho_buf *out);

/* What a cell process reads back. */
struct rho_cell_spec {
	char *experiment, *arm;
	char id[17];
	uint64_t seed;
	struct rho_run run;
	struct rho_role role[RHO_N_ROLES];
	struct rho_eval *eval; size_t n_evals;
	struct rho_role *report; size_t n_reports;
	char *file;                     /* as given: what the `where`s call it */
};
/* NULL, with the mistakes in diags, also when the cell's id is not what these parameters and the
 * plugins found now give: a cell planned with others must be planned anew. */
struct rho_cell_spec *rho_cell_spec_read(struct rho_registry *, const char *cell_toml, struct rho_diags *);
void rho_cell_spec_free(struct rho_cell_spec *);

#endif
