/* links.c: users who accept what they were found to want in the data. */
#include "recsys.h"

/* What the user of a lane is to find. */
static const struct rho_link *finds(const struct recsys *s, size_t lane, size_t *n)
{
	const uint64_t *off = s->people.find_off + s->user[lane];
	*n = (size_t)(off[1] - off[0]);
	return s->people.find + off[0];
}

static bool taken_before(const struct recsys *s, size_t lane, uint32_t action)
{
	return count_of(session_taken(s, lane), s->n_taken[lane], action);
}

/* Made illegal by having been shown. */
static bool forbidden(const struct recsys *s, size_t lane, uint32_t action)
{
	return s->repeat == REPEAT_FORBID && count_of(session_shown(s, lane), s->t[lane] * s->k, action);
}

static float worth(const struct recsys *s, const struct rho_link *w)
{
	if (s->pays != PAYS_GMV)
		return w->weight;
	return s->price[w->action] >= 0 ? (float)s->price[w->action] : 0;
}

static struct appeal appeal_next(const struct recsys *s, size_t lane, uint32_t action)
{
	size_t n;
	const struct rho_link *w = finds(s, lane, &n);
	struct rho_link it = { action, 1 };
	if (w[s->t[lane]].action == action)
		return (struct appeal){ 1, worth(s, &it), true };
	if (s->near > 0)
		for (size_t i = 0; i < n; i++)
			if (w[i].action == action && !taken_before(s, lane, action))
				return (struct appeal){ 1, (float)s->near * worth(s, &it), false };
	return (struct appeal){ 0 };
}

struct appeal links_appeal(const struct recsys *s, size_t lane, uint32_t action)
{
	size_t n;
	const struct rho_link *w = finds(s, lane, &n);
	if (s->target == TARGET_NEXT)
		return appeal_next(s, lane, action);
	if (!(w = rho_link_find(w, n, action)) || taken_before(s, lane, action))
		return (struct appeal){ 0 };
	return (struct appeal){ 1, worth(s, w), true };
}

float links_best(const struct recsys *s, size_t lane)
{
	size_t n;
	const struct rho_link *w = finds(s, lane, &n);
	float best = 0;
	for (size_t i = 0; i < n; i++) {
		struct appeal a = links_appeal(s, lane, w[i].action);
		if (a.worth > best && !forbidden(s, lane, w[i].action))
			best = a.worth;
	}
	return best;
}

bool links_done(const struct recsys *s, size_t lane)
{
	size_t n;
	finds(s, lane, &n);
	return (s->target == TARGET_NEXT ? s->t[lane] : s->n_taken[lane]) >= n;
}

float links_most(const struct recsys *s)
{
	float most = 0;
	for (uint64_t i = 0; i < s->people.find_off[s->people.n]; i++) {
		struct rho_link w = s->people.find[i];
		w.weight = s->target == TARGET_NEXT ? 1 : w.weight;
		most = worth(s, &w) > most ? worth(s, &w) : most;
	}
	return most;
}
