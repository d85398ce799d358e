/* metrics.h: what a cell measures, added up in double in the order of decisions, and its records. */
#ifndef RHO_RUN_METRICS_H
#define RHO_RUN_METRICS_H

#include <rho/dataset.h>
#include <rho/reporter.h>
#include "../base/buf.h"
#include "pack.h"

enum { RHO_METRICS_GROUPS = 64 }; /* with more groups than this, none is reported by itself */

struct rho_truth {
	double best, best_cand, chosen;
}; /* means, from the environment's oracle */

struct rho_group_sum {
	double reward, regret;
	uint64_t n;
};
struct rho_named_sum {
	char *owner, *name;
	double sum;
	uint64_t n;
};

/* Sums since the last record: a window. */
struct rho_metrics {
	bool oracle;
	const struct rho_column *group; /* LABEL, a label a context; NULL: no groups */
	uint64_t n;                     /* decisions */
	double reward, regret, coverage, selection, best;
	struct rho_group_sum *groups; /* (group->n_labels) */
	struct rho_named_sum *named;
	size_t n_named; /* in order of first appearance */
};

/* `group`: the contexts' LABEL column of that name, or NULL. */
void rho_metrics_init(struct rho_metrics *, bool oracle, const struct rho_column *group);
void rho_metrics_free(struct rho_metrics *);

/* One decision. regret = best - chosen, split into coverage (best - best_cand) and selection
 * (best_cand - chosen). truth NULL: there is no oracle. row: of the context; ignored without groups. */
static inline void rho_metrics_add(struct rho_metrics *m, double reward, const struct rho_truth *t,
                                   uint32_t row)
{
	struct rho_group_sum *g = m->groups ? &m->groups[m->group->label[row]] : NULL;
	m->n++;
	m->reward += reward;
	if (t) {
		m->regret += t->best - t->chosen;
		m->coverage += t->best - t->best_cand;
		m->selection += t->best_cand - t->chosen;
		m->best += t->best;
	}
	if (g) {
		g->n++;
		g->reward += reward;
		g->regret += t ? t->best - t->chosen : 0;
	}
}

/* A plugin's own number (rho_metric). A name the host or another plugin already has becomes
 * "owner.name". Values that are not finite are left out; returns false for them. */
bool rho_metrics_named(struct rho_metrics *, const char *owner, const char *name, double value);

/* The means of the window, under their names, as one JSON line and as a list for reporters whose
 * names live in `names` (both are cleared first; the list is the caller's to free). Starts the
 * next window. */
struct rho_metric *rho_metrics_record(struct rho_metrics *, uint64_t step, struct rho_buf *line,
                                      struct rho_buf *names, size_t *n);

/* A window half full, for a checkpoint. load gives false when the bytes are of other metrics. */
void rho_metrics_save(const struct rho_metrics *, struct rho_buf *);
bool rho_metrics_load(struct rho_metrics *, struct rho_unpack *);

#endif
