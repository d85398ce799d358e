/* relate.h: which property of an embedding goes with the result: rank correlations over the embeddings of an
 * experiment, each with its interval. */
#ifndef RHO_RELATE_RELATE_H
#define RHO_RELATE_RELATE_H

#include "../report/compare.h"

/* What `rho geometry --csv` measured of some embeddings. */
struct rho_properties {
	char **subject; /* (n) names of embeddings: ENCODER, or DATASET/ENCODER where both vary */
	size_t n;
	char **name; /* (n_names) "uniformity", "rho_rem@100" */
	size_t n_names;
	double *value; /* (n, n_names) NaN: not measured */
};

/* Reads the file. What is a list (eigenvalues, cosines), belongs to a uniform sphere, or is another property times a
 * factor (rho_all, potential_bound) is passed over. 0 or -1 with why, which has file and line. */
int rho_properties_read(const char *path, struct rho_properties *, struct rho_buf *why);
void rho_properties_free(struct rho_properties *);

/* One combination of the axes other than the encoder's, within which embeddings are compared. */
struct rho_setting {
	char *name;     /* "sampler=k500,agent=mine"; "all arms" where there is no other axis */
	size_t *arm;    /* (n) into rho_results.arm */
	size_t *row;    /* (n) into rho_properties.subject */
	size_t n;
};

struct rho_relation {
	size_t property;                /* into rho_properties.name */
	double *rank;                   /* (n_settings) Spearman's rho over the embeddings; NaN: a side is constant */
	struct rho_interval *rank_ci;   /* (n_settings) */
	double mean;                    /* over the settings that have one */
	struct rho_interval ci;         /* of the mean, embeddings resampled for all settings at once */
	size_t settings;                /* that have one */
	size_t measured;                /* embeddings it was measured of, in the setting that has most */
};

struct rho_relations {
	struct rho_setting *setting;
	size_t n_settings;
	struct rho_relation *relation;  /* strongest mean first; those that cannot be told last */
	size_t n;
	size_t embeddings;              /* different ones, over all settings */
	size_t most;                    /* embeddings that one setting has */
	double detectable;              /* least |Spearman| among so many that is found 4 times in 5 */
};

struct rho_relate_options {
	const char *const *leave_out;   /* (n_leave_out) patterns (glob) of encoders' names */
	size_t n_leave_out;
	double level;                   /* of intervals */
	uint64_t resamples;
};

/* Relates properties to the comparison's scores. Resampling draws embeddings, the same for every setting, and for
 * each the seeds whose mean is its score: what another choice of embeddings and seeds could have shown. Embeddings
 * made of one model are not independent; intervals know nothing of that. NULL with why: no axis `encoder`, an
 * embedding of the experiment that the file does not have, fewer than 4 embeddings. */
struct rho_relations *rho_relate(const struct rho_comparison *, const struct rho_properties *,
                                 const struct rho_relate_options *, struct rho_buf *why);
void rho_relations_free(struct rho_relations *);

/* relate_show.c */
struct rho_relate_view {
	const struct rho_comparison *comparison;
	const struct rho_properties *properties;
	const struct rho_relations *relations;
	double level;
	size_t by;   /* axis whose values get a column each; n_axes: none */
	size_t rows; /* most properties in the table */
	bool markdown;
};
void rho_relate_table(const struct rho_relate_view *, struct rho_buf *out);
void rho_relate_csv(const struct rho_relate_view *, struct rho_buf *out);

/* One picture a property of `names` (n_names): the property against the score, a point an embedding, averaged over
 * the settings: DIR/relate-PROPERTY.svg. 0 or -1 with why. */
int rho_relate_plots(const struct rho_relate_view *, const char *const *names, size_t n_names, const char *dir,
                     struct rho_buf *why);

#endif
