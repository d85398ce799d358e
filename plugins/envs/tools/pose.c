/* What the lanes of env tools see: query, what was found, what is legal, what was called. */
#include "tools.h"

void tools_turn(struct tools *s, size_t lane)
{
	s->at[lane] = s->posed[rho_order_at(s->key, (enum rho_order)s->order, (uint32_t)s->n, s->lanes, lane,
	                                    s->episode[lane])];
	if (s->formulation == SELECT)
		return;
	s->n_calls[lane] = 0;
	s->found[lane] = 0;
}

/* x: the mean of the features of what was found, 0 before that, and the share of calls that are left. */
static void write_state(const struct tools *s, size_t lane, float *x)
{
	size_t d = s->features.mat->cols, most = (size_t)s->calls;
	const uint32_t *call = s->call + lane * most;
	for (size_t j = 0; j < d; j++)
		x[j] = 0;
	for (size_t t = 0; t < s->n_calls[lane]; t++) {
		if (!s->is_hit[lane * most + t])
			continue;
		const float *a = rho_row(&s->features, call[t]);
		for (size_t j = 0; j < d; j++)
			x[j] += a[j] / (float)s->found[lane];
	}
	x[d] = (float)(most - s->n_calls[lane]) / (float)most;
}

/* Takes what was called in a lane out of list (n); gives how many ids are left. all: the id is its place. */
static size_t take_out(const struct tools *s, size_t lane, uint32_t *list, size_t n, bool all)
{
	size_t to = 0;
	for (size_t t = 0; t < s->n_calls[lane]; t++) {
		uint32_t a = s->call[lane * (size_t)s->calls + t];
		size_t at = all ? a : 0;
		while (at < n && !all && list[at] != a)
			at++;
		if (at < n)
			list[at] = UINT32_MAX;
	}
	for (size_t from = 0; from < n; from++)
		if (list[from] != UINT32_MAX)
			list[to++] = list[from];
	return to;
}

/* What is legal in a lane, into list; gives how many ids. */
static size_t write_legal(const struct tools *s, size_t lane, uint32_t *list)
{
	uint32_t i = s->at[lane];
	bool all = !tools_masks_category(s) || s->wants_off[i + 1] == s->wants_off[i];
	size_t n = 0;
	for (size_t w = all ? 0 : s->wants_off[i]; !all && w < s->wants_off[i + 1]; w++) {
		size_t from = s->of_category[s->wants[w]], to = s->of_category[s->wants[w] + 1];
		memcpy(list + n, s->member + from, (to - from) * sizeof *list);
		n += to - from;
	}
	for (uint32_t a = 0; all && a < s->n_actions; a++)
		list[n++] = a;
	return tools_masks_called(s) && s->n_calls[lane] ? take_out(s, lane, list, n, all) : n;
}

/* Appends a lane to the lists. empty: offsets only. */
static void add_lists(const struct tools *s, size_t lane, bool empty, struct tools_lists *l)
{
	if (s->max_legal) {
		size_t n = l->legal_off[lane];
		l->legal_off[lane + 1] = n + (empty ? 0 : write_legal(s, lane, l->legal + n));
	}
	if (s->formulation == CHAIN) {
		size_t at = l->past_off[lane], n = empty ? 0 : s->n_calls[lane];
		memcpy(l->past + at, s->call + lane * (size_t)s->calls, n * sizeof *l->past);
		l->past_off[lane + 1] = at + n;
	}
}

static void give_lists(const struct tools *s, const struct tools_lists *l, struct rho_obs *o)
{
	if (s->max_legal) {
		o->legal = l->legal;
		o->legal_off = l->legal_off;
	}
	if (s->formulation == CHAIN) {
		o->past = l->past;
		o->past_off = l->past_off;
	}
}

void tools_show(struct tools *s, struct rho_obs *o)
{
	for (size_t lane = 0; lane < s->lanes; lane++) {
		o->row[lane] = s->links.row[s->at[lane]];
		if (s->state == STATE_FOUND)
			write_state(s, lane, o->x + lane * (s->features.mat->cols + 1));
		add_lists(s, lane, false, &s->now_lists);
	}
	give_lists(s, &s->now_lists, o);
}

void tools_show_last(struct tools *s, size_t lane, bool has_ended, struct rho_obs *last)
{
	add_lists(s, lane, !has_ended, &s->last_lists);
	give_lists(s, &s->last_lists, last);
	if (!has_ended)
		return;
	last->row[lane] = s->links.row[s->at[lane]];
	if (s->state == STATE_FOUND)
		write_state(s, lane, last->x + lane * (s->features.mat->cols + 1));
}
