/* tools.h: what the files of env tools share: its parameters, the queries it poses, and the state of its lanes. */
#ifndef TOOLS_H
#define TOOLS_H

#include <rho/rho.h>

#include "kit/order.h"
#include "kit/relevance.h"

enum { SELECT, CHAIN };                         /* formulation */
enum { TASK_ANY, TASK_I1, TASK_I2, TASK_I3 };   /* task, and kind of a query */
enum { PAY_HIT, PAY_NDCG, PAY_RECALL, PAY_COMPLETE };
enum { MISSING_COUNT, MISSING_IGNORE };
enum { STATE_QUERY, STATE_FOUND };
enum { MASK_NONE, MASK_CATEGORY, MASK_CALLED, MASK_BOTH };
enum { PER_GROUP, PER_TASK, PER_NONE };

enum {
	MOST_SLATE = 100, MOST_CALLS = 1000,
	MOST_GROUPS = 64,       /* with more labels than this no metric is split by them */
	MOST_METRICS = 8,       /* of one episode                            */
	NAME = 64,              /* bytes of a metric's name                  */
};

/* What an episode is measured by. Names by group stand at name[1 + group]; name[0] is over all. */
struct tools_metrics {
	size_t n, n_groups;     /* n_groups 0: not split                     */
	char (*name)[MOST_METRICS][NAME];       /* (1 + n_groups, n)         */
};

/* Lists of ids that are legal, for observations and for last observations. */
struct tools_lists {
	uint32_t *legal, *past;         /* (lanes * max_legal) NULL without masks; (lanes * calls) */
	size_t *legal_off, *past_off;   /* (lanes + 1) */
};

struct tools {
	int formulation, task, reward, order, missing, state, mask, per;        /* parameters */
	int64_t slate, calls;
	double right, wrong, bonus, partial;
	const char *group, *split;

	size_t lanes, n_actions;
	struct rho_rows features;       /* of the actions, with STATE_FOUND */
	struct rho_relevance links;     /* every query that could be posed; the arrays below are beside it */
	uint32_t *goal;         /* (links.n) relevant APIs to be found; 0: the query is not posed */
	uint8_t *kind;          /* (links.n) TASK_I1 … TASK_I3 */
	uint32_t *label;        /* (links.n) its metrics' group */
	size_t n;               /* queries posed */
	uint32_t *posed;        /* (n) places in links */
	struct tools_metrics metrics;

	uint32_t n_categories;  /* with MASK_CATEGORY, MASK_BOTH */
	size_t *of_category;    /* (n_categories + 1) into member */
	uint32_t *member;       /* (n_actions) ids by category, rising within one */
	size_t *wants_off;      /* (links.n + 1) into wants */
	uint32_t *wants;        /* the categories of each query's relevant APIs, rising; none: all actions */
	size_t max_legal;       /* 0: there are no lists */
	struct tools_lists now_lists, last_lists;

	double gain[MOST_SLATE], ideal[MOST_SLATE + 1]; /* 1 / log2(p + 2); their sums up to p */
	double *seen;           /* (lanes, metrics.n) SELECT: of this batch */

	const struct rho_rng *key;      /* of orders, never drawn from */
	uint64_t *episode;      /* (lanes) kept: which episode each lane plays */
	uint32_t *call;         /* (lanes, calls) kept: CHAIN, what was called in it */
	uint32_t *n_calls;      /* (lanes) kept: CHAIN */
	uint8_t *is_hit;        /* (lanes, calls) which of those found something */
	uint32_t *found;        /* (lanes) how many did */
	uint32_t *at;           /* (lanes) the query, a place in links */
};

/* Whether what was called is illegal; whether the query's categories bound what is legal. */
static inline bool tools_masks_called(const struct tools *s)
{ return s->mask == MASK_CALLED || s->mask == MASK_BOTH; }
static inline bool tools_masks_category(const struct tools *s)
{ return s->mask == MASK_CATEGORY || s->mask == MASK_BOTH; }

/* Whether action a is relevant to the query at place i of links. */
static inline bool tools_relevant(const struct tools *s, uint32_t i, uint32_t a)
{
	const struct rho_link *l = rho_relevance_find(&s->links, i, a);
	return l && l->weight > 0;
}

/* ---- catalogue.c: which queries are posed, what is legal, what is measured [open] ---- */

/* Fills links, goal, kind, label, posed. 0 or an error, recorded. */
int tools_read(struct rho_ctx *, struct tools *, const struct rho_data *);
/* Fills the categories' lists and max_legal. 0 or an error, recorded. */
int tools_open_masks(struct rho_ctx *, struct tools *, const struct rho_data *);
/* Names of the metrics `base` (n) for all and each group. 0 or RHO_ENOMEM. */
int tools_open_metrics(struct rho_ctx *, struct tools *, const struct rho_data *, const char (*base)[NAME],
                       size_t n);
/* metric m of an episode of lane's query, under its name for all (if wanted) and for its group. [run] */
void tools_tell(struct rho_ctx *, const struct tools *, size_t lane, size_t m, double value, bool for_all);

/* ---- pose.c: what lanes see [run] ---- */

/* The lane's query, from its episode. */
void tools_turn(struct tools *, size_t lane);
/* All lanes as they are now, into obs. */
void tools_show(struct tools *, struct rho_obs *);
/* One lane as it is now, into the episode's last observation; for lanes in rising order. has_ended false:
 * the lane goes on, and only offsets are written. */
void tools_show_last(struct tools *, size_t lane, bool has_ended, struct rho_obs *last);

/* ---- select.c and chain.c ---- */

int tools_open_select(struct rho_ctx *, struct tools *, struct rho_env_spec *);
int tools_open_chain(struct rho_ctx *, struct tools *, struct rho_env_spec *);
/* A chain's derived state, from the kept arrays. 0 or RHO_EFORMAT, recorded. */
int tools_chain_loaded(struct rho_ctx *, struct tools *);
int tools_step_select(struct rho_ctx *, struct tools *, const uint32_t *action, struct rho_obs *);
int tools_step_chain(struct rho_ctx *, struct tools *, const uint32_t *action, struct rho_obs *);
/* What action a would pay in lane now. */
float tools_mean_select(const struct tools *, size_t lane, uint32_t a);
float tools_mean_chain(const struct tools *, size_t lane, uint32_t a);

#endif
