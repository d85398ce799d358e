/* show.h: the forms in which `rho geometry` tells what it found: tables, JSON, CSV, plots. */
#ifndef RHO_GEOMETRY_SHOW_H
#define RHO_GEOMETRY_SHOW_H

#include "subject.h"

enum rho_measure_group { RHO_MEASURE_SPREAD, RHO_MEASURE_FILLED, RHO_MEASURE_NEARBY, RHO_MEASURE_EXPLORE };

struct rho_measure {            /* a number of struct rho_geometry that is one for a set of rows */
	const char *key, *head; /* in JSON and CSV; in a table, NULL: not there */
	uint32_t group;         /* enum rho_measure_group */
	const char *interval;   /* rows, pairs, groups (see geometry.h); NULL: a plain double, exact */
	size_t offset;          /* of its struct rho_estimate, or double */
	const char *missing;    /* why it may be NaN; NULL: it never is */
};
extern const struct rho_measure rho_measures[];
extern const size_t rho_n_measures;

struct rho_estimate rho_measure_of(const struct rho_geometry *, const struct rho_measure *);

/* Whether it is to be told of this one: all are but the alignment that was not asked for. */
bool rho_measure_told(const struct rho_geometry *, const struct rho_measure *);

/* The places in a curve of n_k that a table shows: the powers of ten that are in it (k below 10 is not), else
 * a few spread evenly. How many, at most 3. */
size_t rho_shown_k(const struct rho_cover_point *curve, size_t n_k, size_t at[3]);

/* All take subjects that are measured, by these options. */
void rho_show_table(const struct rho_subjects *, const struct rho_geometry_options *, bool markdown,
                    struct rho_buf *out);
void rho_show_json(const struct rho_subjects *, const struct rho_geometry_options *, struct rho_registry *,
                   const char *reward, struct rho_buf *out);
/* name,measure,at,value,lo,hi: a line a number, `at` what it is at where that is not one number: k, a rank,
 * an eps. */
void rho_show_csv(const struct rho_subjects *, struct rho_buf *out);

/* spectrum.svg, coverage.svg, cosines.svg in the folder, which is made. 0 or -1 with why. */
int rho_show_plots(const struct rho_subjects *, const char *dir, struct rho_buf *why);

#endif
