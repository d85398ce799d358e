/* experiment.h: an experiment file, checked and taken apart, before its arms are multiplied out. */
#ifndef RHO_CONFIG_EXPERIMENT_H
#define RHO_CONFIG_EXPERIMENT_H

#include "settings.h"

struct rho_variant {                    /* a role as the base, or one arm of an axis, has it */
	char *name;                     /* the arm's; NULL: the base's */
	struct rho_where where;
	struct rho_role role;           /* module NULL: none, or a mistake was told */
	char *identity;                 /* canonical text with versions; NULL: no module, or a mistake */
	/* The same with the patch of each of the experiment's evaluations on it; module and identity NULL: no
	 * patch, or a mistake. */
	struct rho_role eval[RHO_EVALS_MOST];
	char *eval_identity[RHO_EVALS_MOST];
};

struct rho_axis {                       /* [arms.KIND] */
	uint32_t kind;
	struct rho_where where;
	struct rho_variant *arm; size_t n;
};

struct rho_experiment {
	char *file;                     /* absolute */
	char **kept; size_t n_kept;     /* strings that `where`s point at; a plan takes them over */
	struct rho_buf source;
	struct rho_toml *root;          /* overrides applied */
	struct rho_run_table run;
	struct rho_compare_table compare;
	struct rho_variant base[RHO_N_ROLES];           /* by enum rho_kind */
	struct rho_axis axis[RHO_N_ROLES]; size_t n_axes;       /* in file order */
	struct rho_eval_table *eval; size_t n_evals;            /* in file order */
	struct rho_role *report; size_t n_reports;
};

/* Reads a file with its overrides and checks all that can be checked without multiplying out.
 * NULL when it cannot be read or is not TOML; otherwise mistakes are in diags only. */
struct rho_experiment *rho_experiment_read(struct rho_registry *, const char *path,
                                           const char *const *set, size_t n_set, struct rho_diags *);
/* The same of [dataset] and [encoder] alone and of their arms, for what an experiment's vectors are asked: the
 * other tables may be missing and are not looked into. Where a table has arms, they alone count. */
struct rho_experiment *rho_experiment_read_features(struct rho_registry *, const char *path,
                                                    const char *const *set, size_t n_set, struct rho_diags *);
void rho_experiment_free(struct rho_experiment *);

/* Applies overrides to *root; `names` gets n strings "--set KEY" that the tree's places point at. */
void rho_overrides_apply(struct rho_toml **root, const char *const *set, size_t n, char **names,
                         struct rho_diags *);
/* The same of those that came with another option than --set. */
void rho_overrides_apply_of(const char *option, struct rho_toml **root, const char *const *set, size_t n,
                            char **names, struct rho_diags *);

/* Finds the plugin that a table names in `use` and checks its parameters against it. `where`: for a
 * table without `use`. True when there was no mistake. */
bool rho_role_read(struct rho_registry *, uint32_t kind, const char *label, const struct rho_toml *table,
                   struct rho_where where, struct rho_role *, struct rho_diags *);
void rho_role_free(struct rho_role *);
struct rho_role rho_role_copy(const struct rho_role *);

/* [[report]] as a list of roles (n of them, the caller's). */
void rho_reports_read(struct rho_registry *, const struct rho_toml *root, struct rho_role **, size_t *n,
                      struct rho_diags *);

/* At most 64 letters, digits and . _ + -: the names of arms and evaluations. */
bool rho_arm_name_valid(const char *);

/* eval.c: the tables [eval.NAME] of an experiment or a cell, in the file's order; the caller's to free with
 * rho_eval_tables_free. */
struct rho_eval_table *rho_evals_read(const struct rho_toml *root, const struct rho_run *, size_t *n,
                                      struct rho_diags *);
void rho_eval_tables_free(struct rho_eval_table *, size_t n);
/* The role that evaluation `t` has in place of the training's: `base`, the training's table (NULL: none),
 * with the evaluation's patch on it. Without a patch, or after a mistake, module is NULL. True without
 * mistakes. */
bool rho_eval_role_read(struct rho_registry *, uint32_t kind, const struct rho_eval_table *t,
                        const struct rho_toml *base, struct rho_role *, struct rho_diags *);
void rho_eval_free(struct rho_eval *);          /* what it owns */
/* The text that stands for an evaluation in a cell's identity. Roles' own texts or NULL. */
void rho_eval_identity(const struct rho_eval *, const char *env, const char *sampler, struct rho_buf *out);
/* Its part of a cell.toml. */
void rho_eval_print(struct rho_registry *, const struct rho_eval *, struct rho_buf *out);

/* `rho = 1`, and no other keys at the top but those given. */
void rho_top_check(const struct rho_toml *root, const char *file, const char *const *keys, size_t n,
                   struct rho_diags *);

/* The text that stands for a role in a cell's identity. Caller frees. */
char *rho_role_identity(struct rho_registry *, uint32_t kind, const struct rho_role *);
/* … for the run; then the roles' texts, in order of kind; then a cell's id from it and the seed. */
void rho_run_identity(const struct rho_run *, struct rho_buf *out);
void rho_cell_id(const char *identity, uint64_t seed, char id[17]);

#endif
