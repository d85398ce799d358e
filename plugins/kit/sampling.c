/* sampling.c: what samplers share. */
#include "sampling.h"

const char *const rho_query_names[] = { "agent", "context", NULL };

int rho_sampling_k(struct rho_ctx *c, size_t k, const struct rho_sampler_spec *spec)
{
	if (k > spec->n_actions)
		return rho_fail(c, RHO_EINVAL, "k = %zu candidates cannot be drawn without replacement from"
		                " %zu actions; set k to at most %zu, or use the sampler \"all\"",
		                k, spec->n_actions, spec->n_actions);
	if (k < spec->slate)
		return rho_fail(c, RHO_EINVAL, "the environment wants %zu actions a decision and k = %zu"
		                " gives fewer; set k to at least %zu", spec->slate, k, spec->slate);
	return 0;
}

/* Whether d numbers are all finite: x * 0 is 0 or NaN. */
static bool finite_row(const float *x, size_t d)
{
	enum { LANES = 16 };
	float sum[LANES] = { 0 }, all = 0;
	size_t j = 0;
	for (; j + LANES <= d; j += LANES)
		for (size_t l = 0; l < LANES; l++)
			sum[l] += x[j + l] * 0.0f;
	for (; j < d; j++)
		all += x[j] * 0.0f;
	for (size_t l = 0; l < LANES; l++)
		all += sum[l];
	return all == 0;
}

int rho_sampling_features(struct rho_ctx *c, const struct rho_sampler_spec *spec)
{
	const struct rho_rows *a = &spec->actions;
	if (!a->mat)
		return rho_fail(c, RHO_EINVAL, "it goes by the actions' features, and there are none: add an"
		                " [encoder] for the actions' text, or use a dataset with a column `features`");
	for (size_t i = 0; i < a->n; i++) {
		const float *x = rho_row(a, i);
		size_t j = 0;
		if (finite_row(x, a->mat->cols))
			continue;
		while (j + 1 < a->mat->cols && isfinite(x[j]))
			j++;
		return rho_fail(c, RHO_EINVAL, "the features of action %zu are not all numbers: number %zu of"
		                " %zu is %g; give that action features, or take it out of the dataset",
		                i, j, a->mat->cols, (double)x[j]);
	}
	return 0;
}

/* ---- k of n places ---- */

int rho_subset_open(struct rho_ctx *c, struct rho_subset *s, size_t most)
{
	for (s->slots = 16; s->slots < 4 * most; s->slots *= 2)
		;
	s->table = rho_alloc(c, s->slots, 2 * sizeof *s->table);
	return s->table ? 0 : RHO_ENOMEM;
}

/* Where place p stands in the table, or the free slot where it would. */
static uint32_t *find(uint32_t *table, uint32_t slots, uint32_t p)
{
	uint32_t at = p * 0x9e3779b1u;
	for (at ^= at >> 15; ; at++) {
		uint32_t *e = table + 2 * (size_t)(at & (slots - 1));
		if (e[0] == p || !e[0])
			return e;
	}
}

/* The first k steps of a shuffle of the list 0 .. n - 1 touch at most 2k places: the first k, which
 * are the output itself, and up to k others, which the table remembers (never place 0, as k > 0). */
void rho_subset_draw(struct rho_subset *s, struct rho_rng *rng, uint32_t n, uint32_t k, uint32_t *out)
{
	uint32_t slots = 16;
	while (slots < s->slots && slots / 4 < k)
		slots *= 2;
	memset(s->table, 0, (size_t)slots * 2 * sizeof *s->table);
	for (uint32_t j = 0; j < k; j++)
		out[j] = j;
	for (uint32_t j = 0; j < k; j++) {
		uint32_t r = j + rho_below(rng, n - j), mine = out[j];
		if (r < k) {
			out[j] = out[r];
			out[r] = mine;
			continue;
		}
		uint32_t *e = find(s->table, slots, r);
		out[j] = e[0] ? e[1] : r;
		e[0] = r;
		e[1] = mine;
	}
}

/* ---- searching ---- */

int rho_query_open(struct rho_ctx *c, int from, const struct rho_sampler_spec *spec,
                   struct rho_sampler_info *info)
{
	size_t d = spec->actions.mat->cols;
	if (from == RHO_QUERY_AGENT)
		info->wants |= RHO_WANTS_QUERY;
	else if (!spec->x_dim)
		return rho_fail(c, RHO_EINVAL, "query = \"context\" searches for the contexts' vectors, and there"
		                " are none: add an [encoder] for their text, or set query = \"agent\"");
	else if (spec->x_dim != d)
		return rho_fail(c, RHO_EINVAL, "query = \"context\" needs contexts and actions of equal length;"
		                " contexts have %zu numbers and actions %zu: encode both with one encoder, or"
		                " set query = \"agent\"", spec->x_dim, d);
	return 0;
}

/* One decision with a legal list, which is put in the order of ids first, for the ties. */
static int search_legal(struct rho_ctx *c, const struct rho_rows *query, const struct rho_rows *actions,
                        const struct rho_legal *legal, uint64_t *only, size_t k, uint32_t *id, float *score)
{
	size_t words = (actions->n + 63) / 64, n = 0;
	uint32_t *sorted = rho_scratch(c, legal->n, sizeof *sorted);
	struct rho_rows rows = { .mat = actions->mat, .id = sorted };
	int e;
	if (!sorted)
		return RHO_ENOMEM;
	memset(only, 0, words * sizeof *only);
	for (size_t j = 0; j < legal->n; j++)
		only[legal->id[j] / 64] |= (uint64_t)1 << legal->id[j] % 64;
	if (legal->n > actions->n / 4)  /* most rows: in one sweep rather than one by one */
		return rho_top(c, query, actions, only, k, id, score);
	for (size_t w = 0; w < words; w++)
		for (uint64_t left = only[w]; left; left &= left - 1)
			sorted[n++] = (uint32_t)(w * 64 + (size_t)__builtin_ctzll(left));
	rows.n = n;
	e = rho_top(c, query, &rows, NULL, k, id, score);
	for (size_t j = 0; j < k && !e; j++)
		if (id[j] != UINT32_MAX)
			id[j] = sorted[id[j]];
	return e;
}

int rho_search(struct rho_ctx *c, const struct rho_rows *query, const struct rho_ask *ask, size_t k,
               uint32_t *id)
{
	float *score = rho_scratch(c, ask->n * k, sizeof *score);
	uint64_t *only = ask->legal_off ? rho_scratch(c, (ask->actions.n + 63) / 64, sizeof *only) : NULL;
	int e = 0;
	if (!score || (ask->legal_off && !only))
		return RHO_ENOMEM;
	if (!ask->legal_off)
		return rho_top(c, query, &ask->actions, NULL, k, id, score);
	for (size_t i = 0; i < ask->n && !e; i++) {
		struct rho_rows one = rho_slice(*query, i, 1);
		struct rho_legal legal = rho_legal(ask, i);
		e = search_legal(c, &one, &ask->actions, &legal, only, k, id + i * k, score);
	}
	return e;
}

int rho_search_short(struct rho_ctx *c, size_t found, size_t least)
{
	return rho_fail(c, RHO_EINVAL, "only %zu inner products of actions with the query are numbers and %zu"
	                " actions are wanted: query or features are too large for float32; normalise the"
	                " actions' features", found, least);
}
