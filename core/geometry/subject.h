/* subject.h: what `rho geometry` measures: matrices in files, and a dataset's actions as encoders see them.
 */
#ifndef RHO_GEOMETRY_SUBJECT_H
#define RHO_GEOMETRY_SUBJECT_H

#include "../config/experiment.h"
#include "../run/stage.h"
#include "geometry.h"

struct rho_subject {
	char *name;
	const char *file;                  /* the .npy; NULL: a dataset's actions */
	struct rho_role role[RHO_N_ROLES]; /* borrowed; encoder's module NULL: the dataset's own features */
	struct rho_mat rows;               /* after rho_subjects_open */
	void *map;                         /* of the .npy */
	size_t map_len;
	struct rho_stage stage;
	double *reward;        /* (rows), or NULL */
	struct rho_geometry g; /* after it was measured */
};

struct rho_subjects { /* zero-initialise */
	struct rho_subject *at;
	size_t n;
	struct rho_experiment **read; /* (n_read) whose roles are borrowed */
	size_t n_read;
};

/* Takes the name. */
struct rho_subject *rho_subjects_add(struct rho_subjects *, char *name);

/* NAME=FILE.npy, or FILE.npy named by its stem. */
void rho_subjects_add_file(struct rho_subjects *, const char *word);

/* The dataset of an experiment file with each of its encoders: all arms there are, by their names, or the
 * base. Mistakes go to diags. */
void rho_subjects_add_experiment(struct rho_subjects *, struct rho_registry *, const char *path,
                                 const char *const *set, size_t n_set, struct rho_diags *);

struct rho_opening {
	struct rho_registry *registry;
	const char *store_dir;
	unsigned threads;
	bool quiet, contexts; /* contexts: encode those, too */
	const char *command; /* "rho geometry": begins messages */
	bool any_shape; /* one row, one column, rows that all point the same way will do */
};

/* Reads the matrices, fills the store with what it lacks (in child processes), and refuses what has no
 * geometry: two of one name, fewer than two rows, one column, numbers that are not finite, rows that all
 * point the same way. 0, or the exit status with every mistake told. */
int rho_subjects_open(struct rho_subjects *, const struct rho_opening *);

/* Gives every subject its rewards: a file (.npy of one column or row, .txt or .csv with a number a line), a
 * column of numbers of the dataset's actions, or `links`: the weight of an action's links over the number of
 * contexts, which is the mean reward of always choosing it. 0 or -1 with why. */
int rho_subjects_reward(struct rho_subjects *, const char *source, struct rho_buf *why);

/* Rewards (n) from a text: a number a line; the first line of a .csv may be a header. The caller's; NULL with
 * why, which has file and line. */
double *rho_rewards_read(const char *path, size_t *n, struct rho_buf *why);

/* Fills g.alignment: the mean over contexts of the mean over their links (of a weight above 0) of the squared
 * distance of context and action at length 1 (Wang & Isola, ICML 2020, alpha 2; a pair is one of the dataset's own
 * links). Interval: bootstrap over contexts. After the subject was opened with `contexts` and measured. 0 or -1 with
 * why: a file, no links, contexts without vectors. */
int rho_subject_align(struct rho_subject *, const struct rho_geometry_options *, struct rho_buf *why);

/* |x / |x| - y / |y||^2 over d numbers, in float64; a row of zeros stays at the origin. */
double rho_pair_distance(const float *x, const float *y, size_t d);

void rho_subjects_free(struct rho_subjects *);

#endif
