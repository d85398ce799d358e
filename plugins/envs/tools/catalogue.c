/* What env tools makes of the dataset's tables when it is opened: queries, categories, names of metrics. */
#include <stdio.h>

#include "tools.h"

/* ---- queries ---- */

/* The label of a context, or UINT32_MAX. */
static uint32_t label_of(const struct rho_column *group, uint32_t row)
{
	return group ? group->label[row] : UINT32_MAX;
}

/* G1, G2 and G3 are ToolBench's groups of exactly these kinds. */
static uint8_t kind_by_group(const struct rho_column *group, uint32_t label)
{
	struct rho_str s = label == UINT32_MAX ? (struct rho_str){ "", 0 } : rho_column_str(group, label);
	bool named = s.len == 2 && s.at[0] == 'G' && s.at[1] >= '1' && s.at[1] <= '3';
	return named ? (uint8_t)(TASK_I1 + s.at[1] - '1') : TASK_ANY;
}

/* One relevant API: I1. Several of one known category: I2. All others, I3. */
static uint8_t kind_by_data(const struct tools *s, size_t i, const struct rho_column *category)
{
	uint32_t first = UINT32_MAX;
	if (s->goal[i] == 1)
		return TASK_I1;
	for (uint64_t j = s->links.off[i]; j < s->links.off[i + 1]; j++) {
		struct rho_link l = s->links.link[j];
		if (!(l.weight > 0))
			continue;
		uint32_t mine = category ? category->label[l.action] : UINT32_MAX;
		if (mine == UINT32_MAX || !rho_column_str(category, mine).len ||
		    (first != UINT32_MAX && mine != first))
			return TASK_I3;
		first = mine;
	}
	return first == UINT32_MAX ? TASK_I3 : TASK_I2;
}

static void count_goals(struct tools *s, const struct rho_column *missing)
{
	for (size_t i = 0; i < s->links.n; i++) {
		int64_t more = missing ? missing->i64[s->links.row[i]] : 0;
		for (uint64_t j = s->links.off[i]; j < s->links.off[i + 1]; j++)
			s->goal[i] += s->links.link[j].weight > 0;
		s->goal[i] += more > 0 && more < 1 << 20 ? (uint32_t)more : 0;
	}
}

static int none_posed(struct rho_ctx *c, const struct tools *s)
{
	size_t n[TASK_I3 + 1] = { 0 };
	for (size_t i = 0; i < s->links.n; i++)
		n[s->kind[i]] += s->goal[i] > 0;
	return rho_fail(c, RHO_EINVAL, "no query of this dataset is of task I%d; there are %zu of I1 (one tool),"
	                " %zu of I2 (several of one category) and %zu of I3 (across categories): choose another"
	                " task, or task = \"any\"", s->task, n[TASK_I1], n[TASK_I2], n[TASK_I3]);
}

int tools_read(struct rho_ctx *c, struct tools *s, const struct rho_data *data)
{
	const struct rho_column *missing = rho_find_column(data, RHO_CONTEXTS, "missing", RHO_COL_I64);
	const struct rho_column *group = rho_find_column(data, RHO_CONTEXTS, "group", RHO_COL_LABEL);
	const struct rho_column *category = rho_find_column(data, RHO_ACTIONS, "category", RHO_COL_LABEL);
	const struct rho_relevance_how how = {
		.group = s->group, .split = s->split,
		.missing = missing && s->missing == MISSING_COUNT ? missing->i64 : NULL,
	};
	int error = rho_relevance_open(c, &s->links, data, &how);
	if (error)
		return error;
	size_t n = s->links.n, lacking = 0;
	s->goal = rho_alloc(c, n, sizeof *s->goal);
	s->kind = rho_alloc(c, n, sizeof *s->kind);
	s->label = rho_alloc(c, n, sizeof *s->label);
	s->posed = rho_alloc(c, n, sizeof *s->posed);
	if (!s->goal || !s->kind || !s->label || !s->posed)
		return RHO_ENOMEM;
	count_goals(s, s->missing == MISSING_COUNT ? missing : NULL);
	for (size_t i = 0; i < n; i++) {
		uint32_t label = label_of(group, s->links.row[i]);
		uint8_t kind = kind_by_group(group, label);
		s->kind[i] = kind ? kind : kind_by_data(s, i, category);
		s->label[i] = s->per == PER_TASK ? (uint32_t)s->kind[i] - TASK_I1 : label;
		if (!s->goal[i] || (s->task && s->kind[i] != s->task))
			continue;
		s->posed[s->n++] = (uint32_t)i;
		lacking += missing && missing->i64[s->links.row[i]] > 0;
	}
	if (!s->n)
		return none_posed(c, s);
	rho_log(c, RHO_INFO, "%zu queries are posed; %zu of them have relevant APIs outside the catalogue, which"
	        " %s", s->n, lacking, s->missing == MISSING_COUNT ? "count as relevant" : "are ignored");
	return 0;
}

/* ---- masks ---- */

/* member by category: a counting sort. */
static int sort_members(struct rho_ctx *c, struct tools *s, const struct rho_column *category)
{
	s->n_categories = (uint32_t)category->n_labels;
	s->of_category = rho_alloc(c, category->n_labels + 2, sizeof *s->of_category);
	s->member = rho_alloc(c, s->n_actions, sizeof *s->member);
	if (!s->of_category || !s->member)
		return RHO_ENOMEM;
	size_t *end = s->of_category + 1;
	for (size_t a = 0; a < s->n_actions; a++)
		end[category->label[a] + 1]++;
	for (size_t l = 0; l < s->n_categories; l++)
		end[l + 1] += end[l];
	for (size_t a = 0; a < s->n_actions; a++)
		s->member[end[category->label[a]]++] = (uint32_t)a;
	return 0;
}

static size_t size_of_category(const struct tools *s, uint32_t l)
{
	return s->of_category[l + 1] - s->of_category[l];
}

/* Adds a category to those that query i wants, in order; `from` is where these begin. */
static size_t want(uint32_t *wants, size_t from, size_t n, uint32_t l)
{
	size_t at = n;
	while (at > from && wants[at - 1] > l)
		at--;
	if (at > from && wants[at - 1] == l)
		return n;
	memmove(wants + at + 1, wants + at, (n - at) * sizeof *wants);
	wants[at] = l;
	return n + 1;
}

/* What each query wants; where that is too little for a slate, or for all calls, nothing, which stands for
 * everything. */
static void find_wants(struct tools *s, const struct rho_column *category)
{
	size_t least = (size_t)(tools_masks_called(s) ? s->calls : s->slate);
	for (size_t i = 0; i < s->links.n; i++) {
		size_t from = s->wants_off[i], n = from, legal = 0;
		for (uint64_t j = s->links.off[i]; j < s->links.off[i + 1]; j++)
			if (s->links.link[j].weight > 0)
				n = want(s->wants, from, n, category->label[s->links.link[j].action]);
		for (size_t w = from; w < n; w++)
			legal += size_of_category(s, s->wants[w]);
		if (legal < least) {
			n = from;
			legal = s->n_actions;
		}
		s->wants_off[i + 1] = n;
		s->max_legal = legal > s->max_legal ? legal : s->max_legal;
	}
}

int tools_open_masks(struct rho_ctx *c, struct tools *s, const struct rho_data *data)
{
	const struct rho_column *category = rho_find_column(data, RHO_ACTIONS, "category", RHO_COL_LABEL);
	if (s->mask == MASK_NONE)
		return 0;
	if (tools_masks_called(s) && (size_t)s->calls > s->n_actions)
		return rho_fail(c, RHO_EINVAL, "mask = \"%s\" leaves nothing to call after %zu calls, the size of"
		                " the catalogue, and calls is %lld; use fewer calls or mask = \"none\"",
		                s->mask == MASK_CALLED ? "called" : "category+called", s->n_actions,
		                (long long)s->calls);
	if (s->mask == MASK_CALLED) {
		s->max_legal = s->n_actions;
		return 0;
	}
	if (!category)
		return rho_fail(c, RHO_EINVAL, "a mask by category needs a column \"category\" of labels in the"
		                " actions table, and this dataset has none; use mask = \"none\" or \"called\"");
	int error = sort_members(c, s, category);
	if (error)
		return error;
	s->wants_off = rho_alloc(c, s->links.n + 1, sizeof *s->wants_off);
	s->wants = rho_alloc(c, (size_t)s->links.off[s->links.n] + 1, sizeof *s->wants);
	if (!s->wants_off || !s->wants)
		return RHO_ENOMEM;
	find_wants(s, category);
	return 0;
}

/* ---- metrics ---- */

int tools_open_metrics(struct rho_ctx *c, struct tools *s, const struct rho_data *data, const char (*base)[NAME],
                       size_t n)
{
	static const char *const kinds[] = { "I1", "I2", "I3" };
	const struct rho_column *group = rho_find_column(data, RHO_CONTEXTS, "group", RHO_COL_LABEL);
	struct tools_metrics *m = &s->metrics;
	m->n = n;
	m->n_groups = s->per == PER_TASK ? 3 : s->per == PER_GROUP && group ? group->n_labels : 0;
	m->n_groups = m->n_groups > MOST_GROUPS ? 0 : m->n_groups;
	m->name = rho_alloc(c, 1 + m->n_groups, sizeof *m->name);
	if (!m->name)
		return RHO_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		memcpy(m->name[0][i], base[i], NAME);
		for (size_t g = 0; g < m->n_groups; g++) {
			struct rho_str l = s->per == PER_TASK ? (struct rho_str){ kinds[g], 2 }
			                                      : rho_column_str(group, g);
			snprintf(m->name[1 + g][i], NAME, "%.16s/%.*s", base[i], l.len < 40 ? (int)l.len : 40,
			         l.at);
		}
	}
	return 0;
}

void tools_tell(struct rho_ctx *c, const struct tools *s, size_t lane, size_t m, double value, bool for_all)
{
	uint32_t label = s->label[s->at[lane]];
	if (for_all)
		rho_metric(c, s->metrics.name[0][m], value);
	if (label < s->metrics.n_groups)
		rho_metric(c, s->metrics.name[1 + label][m], value);
}
