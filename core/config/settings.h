/* settings.h: the tables of an experiment file that belong to rho itself: [run] and [compare]. */
#ifndef RHO_CONFIG_SETTINGS_H
#define RHO_CONFIG_SETTINGS_H

#include "plan.h"

/* Says that `key` is none of `allowed` (n, NULLs skipped): the nearest, or all of them. `table` is
 * what the message calls the table, "" for the top level. */
void rho_unknown_key(struct rho_diags *, const struct rho_toml *key, const char *table,
                     const char *const *allowed, size_t n);

/* "run.steps = 0": a value as a message quotes it, shortened when long. Caller frees. */
char *rho_quote_value(const char *table, const struct rho_toml *value);

struct rho_run_table {                  /* [run] of an experiment or of a cell; strings are owned */
	struct rho_run run;
	char *name;                     /* experiment: name; cell: experiment */
	uint64_t *seeds; size_t n_seeds;        /* experiment */
	char *arm, *id;                 /* cell */
	uint64_t seed;                  /* cell */
};

/* Reads [run]; all mistakes go to diags. `where`: where to say that the table is missing. */
void rho_run_table_read(const struct rho_toml *root, bool cell, struct rho_where where,
                        struct rho_run_table *, struct rho_diags *);
void rho_run_table_free(struct rho_run_table *);

struct rho_compare_table {              /* [compare] */
	struct rho_compare_settings settings;
	uint32_t factorial;             /* design: 0 one-at-a-time, 1 factorial */
	const struct rho_toml *baseline, *design, *skip;        /* borrowed, for their places; or NULL */
};
void rho_compare_table_read(const struct rho_toml *root, struct rho_compare_table *, struct rho_diags *);

struct rho_eval_table {                 /* [eval.NAME] */
	struct rho_eval eval;           /* without roles */
	const struct rho_toml *env, *sampler;   /* borrowed: the patches; NULL: there is none */
};
/* Reads the table `t`, which messages call `label`. lanes is 0 where the file does not say. */
void rho_eval_table_read(const struct rho_toml *t, const char *label, struct rho_eval_table *,
                         struct rho_diags *);

/* The names of enum rho_log_kind, in order, ends with NULL. */
extern const char *const rho_log_kinds[];

#endif
