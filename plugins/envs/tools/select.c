/* select: one slate of APIs for a query, and how good a ranking it is. */
#include <stdio.h>

#include "tools.h"

/* What is measured of every slate, in this order; cut-offs that the slate does not reach are left out. */
struct measured { double ndcg1, ndcg5, ndcg, recall5, recall, complete5, complete; };

int tools_open_select(struct rho_ctx *c, struct tools *s, struct rho_env_spec *spec)
{
	char name[MOST_METRICS][NAME] = { "ndcg@1" };
	size_t n = 1, k = (size_t)s->slate, cut[2] = { 5, k };
	if (s->state != STATE_QUERY || tools_masks_called(s))
		return rho_fail(c, RHO_EINVAL, "%s belongs to formulation = \"chain\": a selection calls nothing"
		                " before it", s->state != STATE_QUERY ? "state = \"query+found\""
		                : s->mask == MASK_CALLED ? "mask = \"called\"" : "mask = \"category+called\"");
	if (k > s->n_actions)
		return rho_fail(c, RHO_EINVAL, "slate = %zu, and the catalogue has %zu APIs; 1 .. %zu are"
		                " possible", k, s->n_actions, s->n_actions);
	for (size_t i = k > 5 ? 0 : 1; i < 2; i++) {
		if (cut[i] > 1)
			snprintf(name[n++], NAME, "ndcg@%zu", cut[i]);
		snprintf(name[n++], NAME, "recall@%zu", cut[i]);
		snprintf(name[n++], NAME, "complete@%zu", cut[i]);
	}
	for (size_t p = 0; p < MOST_SLATE; p++) {
		s->gain[p] = 1 / log2((double)p + 2);
		s->ideal[p + 1] = s->ideal[p] + s->gain[p];
	}
	s->seen = rho_alloc(c, s->lanes * n, sizeof *s->seen);
	if (!s->seen)
		return RHO_ENOMEM;
	spec->slate = k;
	spec->reward_lo = 0;
	spec->reward_hi = 1;
	spec->horizon = 1;
	return tools_open_metrics(c, s, spec->data, (const char (*)[NAME])name, n);
}

/* Of the first `cut` actions: how many are relevant, and their discounted gain. item (k) gets 1 or 0 each;
 * NULL: not wanted. */
static double gains(const struct tools *s, uint32_t i, const uint32_t *action, size_t cut, size_t from,
                    double *dcg, float *item)
{
	double hits = 0;
	for (size_t p = from; p < cut; p++) {
		bool hit = tools_relevant(s, i, action[p]);
		hits += hit;
		*dcg += hit ? s->gain[p] : 0;
		if (item)
			item[p] = hit;
	}
	return hits;
}

static double ideal(const struct tools *s, uint32_t i, size_t cut)
{
	return s->ideal[s->goal[i] < cut ? s->goal[i] : cut];
}

/* The slate `action` (k) for the query at place i. */
static struct measured measure(const struct tools *s, uint32_t i, const uint32_t *action, size_t k, float *item)
{
	double goal = (double)s->goal[i], dcg = 0, hits = 0;
	size_t five = k < 5 ? k : 5;
	struct measured m = { 0 };
	hits = gains(s, i, action, 1, 0, &dcg, item);
	m.ndcg1 = dcg;
	hits += gains(s, i, action, five, 1, &dcg, item);
	m.ndcg5 = dcg / ideal(s, i, five);
	m.recall5 = hits / goal;
	m.complete5 = hits >= goal;
	hits += gains(s, i, action, k, five, &dcg, item);
	m.ndcg = dcg / ideal(s, i, k);
	m.recall = hits / goal;
	m.complete = hits >= goal;
	return m;
}

static double paid(const struct tools *s, const struct measured *m)
{
	switch (s->reward) {
	case PAY_NDCG: return m->ndcg;
	case PAY_RECALL: return m->recall;
	case PAY_COMPLETE: return m->complete;
	default: return m->ndcg1;
	}
}

float tools_mean_select(const struct tools *s, size_t lane, uint32_t a)
{
	struct measured m = measure(s, s->at[lane], &a, 1, NULL);
	return (float)paid(s, &m);
}

/* Into the lane's row of seen, in the order of the names. */
static void note(struct tools *s, size_t lane, const struct measured *m)
{
	double *seen = s->seen + lane * s->metrics.n;
	size_t n = 0;
	seen[n++] = m->ndcg1;
	if (s->slate > 5) {
		seen[n++] = m->ndcg5;
		seen[n++] = m->recall5;
		seen[n++] = m->complete5;
	}
	if (s->slate > 1)
		seen[n++] = m->ndcg;
	seen[n++] = m->recall;
	seen[n++] = m->complete;
}

/* Over all lanes one number, their mean: every lane ends an episode with every batch. */
static void tell(struct rho_ctx *c, const struct tools *s)
{
	size_t n = s->metrics.n;
	for (size_t m = 0; m < n; m++) {
		double sum = 0;
		for (size_t lane = 0; lane < s->lanes; lane++) {
			sum += s->seen[lane * n + m];
			tools_tell(c, s, lane, m, s->seen[lane * n + m], false);
		}
		rho_metric(c, s->metrics.name[0][m], sum / (double)s->lanes);
	}
}

int tools_step_select(struct rho_ctx *c, struct tools *s, const uint32_t *action, struct rho_obs *obs)
{
	size_t k = (size_t)s->slate;
	if (s->max_legal)
		s->last_lists.legal_off[0] = 0;
	for (size_t lane = 0; lane < s->lanes; lane++) {
		struct measured m = measure(s, s->at[lane], action + lane * k, k,
		                            obs->item_reward ? obs->item_reward + lane * k : NULL);
		note(s, lane, &m);
		obs->reward[lane] = (float)paid(s, &m);
		obs->end[lane] = RHO_TERMINATED;
		obs->last->row[lane] = s->links.row[s->at[lane]];
	}
	tell(c, s);
	for (size_t lane = 0; lane < s->lanes; lane++) {
		s->episode[lane]++;
		tools_turn(s, lane);
	}
	tools_show(s, obs);
	return 0;
}
