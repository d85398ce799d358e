/* session.c: sessions of all lanes: where they stand, what they show, what is told of them, their metrics. */
#include <stdlib.h>

#include "recsys.h"

int session_open(struct rho_ctx *c, struct recsys *s, struct rho_env_spec *spec)
{
	size_t most = s->horizon * s->k, n = s->lanes;
	s->tick = rho_keep_u64(c, "tick", 1, 1);
	s->episode = rho_keep_u64(c, "episode", n, 1);
	s->t = rho_keep_u32(c, "t", n, 1);
	s->shown = rho_keep_u32(c, "shown", n, most);
	s->n_taken = rho_keep_u32(c, "n_taken", n, 1);
	s->taken = rho_keep_u32(c, "taken", n, most);
	s->sum = rho_keep_f64(c, "sum", n, N_SUMS);
	s->user = rho_alloc(c, n, sizeof *s->user);
	s->ideal = rho_alloc(c, most + 1, sizeof *s->ideal);
	if (!s->tick || !s->episode || !s->t || !s->shown || !s->n_taken || !s->taken || !s->sum ||
	    !s->user || !s->ideal)
		return RHO_ENOMEM;
	for (size_t i = 0; i < most; i++)
		s->ideal[i + 1] = s->ideal[i] + 1 / log2((double)i + 2);
	for (size_t i = 0; i < 2; i++) {
		s->past[i].id = rho_alloc(c, n * (size_t)s->history, sizeof *s->past[i].id);
		s->past[i].off = rho_alloc(c, n + 1, sizeof *s->past[i].off);
		if (!s->past[i].id || !s->past[i].off)
			return RHO_ENOMEM;
		if (s->repeat == REPEAT_ALLOW)
			continue;
		s->gone = rho_alloc(c, most + 1, sizeof *s->gone);
		s->legal[i].id = rho_alloc(c, n * s->n_actions, sizeof *s->legal[i].id);
		s->legal[i].off = rho_alloc(c, n + 1, sizeof *s->legal[i].off);
		if (!s->gone || !s->legal[i].id || !s->legal[i].off)
			return RHO_ENOMEM;
	}
	spec->n_actions = s->n_actions;
	spec->history = (size_t)s->history;
	spec->slate = s->k;
	spec->horizon = s->horizon;
	spec->obs = s->obs;
	spec->x_dim = s->x_dim;
	return 0;
}

bool session_loaded(struct recsys *s)
{
	for (size_t i = 0; i < s->lanes; i++) {
		const uint32_t *shown = session_shown(s, i), *taken = session_taken(s, i);
		if (s->t[i] >= s->horizon || s->n_taken[i] > s->t[i] * s->k)
			return false;
		for (size_t j = 0; j < s->t[i] * s->k; j++)
			if (shown[j] >= s->n_actions || (j < s->n_taken[i] && taken[j] >= s->n_actions))
				return false;
		if (s->users != USERS_DOT)
			s->user[i] = people_user(s, i, s->episode[i]);
	}
	return true;
}

void session_restart(struct recsys *s, size_t lane)
{
	s->t[lane] = 0;
	s->n_taken[lane] = 0;
	memset(s->sum + lane * N_SUMS, 0, N_SUMS * sizeof *s->sum);
	if (s->users == USERS_DOT) {
		dot_restart(s, lane);
		return;
	}
	s->user[lane] = people_user(s, lane, s->episode[lane]);
	if (s->users == USERS_LATENT)
		latent_restart(s, lane);
}

void session_show(const struct recsys *s, size_t lane, struct rho_obs *o)
{
	if (s->users == USERS_DOT) {
		dot_show(s, lane, o->x + lane * s->x_dim);
		return;
	}
	o->row[lane] = s->people.row[s->user[lane]];
	if (s->obs == RHO_OBS_ROW_F32 && s->t[lane]) {
		uint32_t last = session_shown(s, lane)[(s->t[lane] - 1) * s->k];
		memcpy(o->x + lane * s->x_dim, rho_row(&s->features_of, last), s->x_dim * sizeof *o->x);
	}
}

/* Appends the last ids of head (n), then tail (m), at most `most` in all. */
static size_t append_last(uint32_t *out, const uint32_t *head, size_t n, const uint32_t *tail, size_t m,
                          size_t most)
{
	size_t of_tail = m < most ? m : most, of_head = n < most - of_tail ? n : most - of_tail;
	if (of_head)
		memcpy(out, head + n - of_head, of_head * sizeof *out);
	if (of_tail)
		memcpy(out + of_head, tail + m - of_tail, of_tail * sizeof *out);
	return of_head + of_tail;
}

static int by_id(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/* Every action but those shown: stretches between them. */
static size_t append_legal(struct recsys *s, size_t lane, uint32_t *out)
{
	size_t n = s->t[lane] * s->k, at = 0;
	uint32_t *gone = s->gone, from = 0;
	memcpy(gone, session_shown(s, lane), n * sizeof *gone);
	qsort(gone, n, sizeof *gone, by_id);
	gone[n] = (uint32_t)s->n_actions;
	for (size_t i = 0; i <= n; i++) {
		for (; from < gone[i]; from++)
			out[at++] = from;
		from = gone[i] + 1;
	}
	return at;
}

void session_list(struct recsys *s, size_t lane, bool ended, bool empty)
{
	struct list *past = &s->past[ended], *legal = &s->legal[ended];
	size_t at = past->off[lane], n_seen = 0;
	const uint32_t *seen = NULL;
	past->off[lane + 1] = at;
	if (legal->off)
		legal->off[lane + 1] = legal->off[lane];
	if (empty)
		return;
	if (s->users != USERS_DOT) {
		const uint64_t *off = s->people.seen_off + s->user[lane];
		seen = s->people.seen + off[0];
		n_seen = (size_t)(off[1] - off[0]);
	}
	past->off[lane + 1] += append_last(past->id + at, seen, n_seen, session_taken(s, lane),
	                                   s->n_taken[lane], (size_t)s->history);
	if (legal->off)
		legal->off[lane + 1] += append_legal(s, lane, legal->id + legal->off[lane]);
}

void session_lists(const struct recsys *s, bool ended, struct rho_obs *o)
{
	if (s->history) {
		o->past = s->past[ended].id;
		o->past_off = s->past[ended].off;
	}
	if (s->legal[ended].off) {
		o->legal = s->legal[ended].id;
		o->legal_off = s->legal[ended].off;
	}
}

void session_report(struct rho_ctx *c, const struct recsys *s, size_t lane)
{
	const double *sum = s->sum + lane * N_SUMS;
	double steps = (double)s->t[lane], shown = steps * (double)s->k;
	if (s->users != USERS_DOT)
		rho_metric(c, "click_rate", sum[SUM_CLICKS] / shown);
	if (s->users == USERS_LINKS) {
		const uint64_t *off = s->people.find_off + s->user[lane];
		size_t finds = (size_t)(off[1] - off[0]), places = s->t[lane] * s->k;
		double best = s->target == TARGET_NEXT ? steps : s->ideal[finds < places ? finds : places];
		rho_metric(c, "hit", sum[SUM_HITS] / steps);
		rho_metric(c, "ndcg", sum[SUM_GAIN] / best);
	}
	if (s->formulation == AS_BANDIT)
		return;
	rho_metric(c, "session_return", sum[SUM_RETURN]);
	rho_metric(c, "session_length", steps);
	rho_metric(c, "distinct", shown - sum[SUM_REPEATS]);
	rho_metric(c, "repeats", sum[SUM_REPEATS]);
}
