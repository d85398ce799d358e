/* Links by context: two counting sorts, and one where the file lists a context's actions in order. */
#include "relevance.h"

#include "labels.h"

/* A column that may hold a filter, and the label that passes; column NULL: everything passes. */
struct filter { const struct rho_column *column; uint32_t label; };

static bool passes(struct filter f, size_t i)
{
	return !f.column || f.column->label[i] == f.label;
}

static struct filter make_filter(const struct rho_data *data, uint32_t table, const char *name,
                                 const char *wanted)
{
	const struct rho_column *column = *wanted ? rho_find_column(data, table, name, RHO_COL_LABEL) : NULL;
	return (struct filter){ column, rho_label_find(column, wanted) };
}

/* The error of a filter that nothing can pass: what there is instead. */
static int no_such_label(struct rho_ctx *c, const char *name, const char *wanted, struct filter a,
                         struct filter b)
{
	const struct rho_column *column = a.column ? a.column : b.column;
	char list[400];
	if (!column)
		return rho_fail(c, RHO_EINVAL, "%s = \"%s\", and this dataset has no column \"%s\" in"
		                " contexts or links; leave it out", name, wanted, name);
	return rho_fail(c, RHO_EINVAL, "no %s is called \"%s\"; there is %s", name, wanted,
	                rho_label_list(column, list, sizeof list));
}

struct filters { struct filter context[2], link[2]; };

static int make_filters(struct rho_ctx *c, const struct rho_relevance_how *how, const struct rho_data *data,
                        struct filters *f)
{
	const char *name[] = { "group", "split" }, *wanted[] = { how->group, how->split };
	for (int i = 0; i < 2; i++) {
		f->context[i] = make_filter(data, RHO_CONTEXTS, name[i], wanted[i]);
		f->link[i] = make_filter(data, RHO_LINKS, name[i], wanted[i]);
		bool known = (f->context[i].column && f->context[i].label != RHO_NO_LABEL) ||
		             (f->link[i].column && f->link[i].label != RHO_NO_LABEL);
		if (*wanted[i] && !known)
			return no_such_label(c, name[i], wanted[i], f->context[i], f->link[i]);
	}
	return 0;
}

/* Links as they pass the filters: columns of the links table. */
struct edges {
	size_t n;
	const uint32_t *context, *action;       /* (n) */
	const double *weight;   /* (n); NULL: 1 each */
	uint8_t *ok;            /* (n) passes */
};

static int find_edges(struct rho_ctx *c, const struct rho_data *data, const struct filters *f,
                      struct edges *e)
{
	const struct rho_column *context = rho_find_column(data, RHO_LINKS, "context", RHO_COL_ROW);
	const struct rho_column *action = rho_find_column(data, RHO_LINKS, "action", RHO_COL_ROW);
	const struct rho_column *weight = rho_find_column(data, RHO_LINKS, "weight", RHO_COL_F64);
	if (!context || !action)
		return rho_fail(c, RHO_EINVAL, "the links table needs columns \"context\" and \"action\" that"
		                " name rows; this dataset cannot be played as a bandit");
	*e = (struct edges){ data->table[RHO_LINKS].n, context->row, action->row,
	                     weight ? weight->f64 : NULL, rho_scratch(c, data->table[RHO_LINKS].n, 1) };
	if (!e->ok)
		return RHO_ENOMEM;
	for (size_t i = 0; i < e->n; i++) {
		if (e->weight && !(fabs(e->weight[i]) <= 1e30))
			return rho_fail(c, RHO_EFORMAT, "link %zu has weight %g; a reward must lie within"
			                " -1e30 .. 1e30", i, e->weight[i]);
		e->ok[i] = passes(f->context[0], e->context[i]) && passes(f->context[1], e->context[i]) &&
		           passes(f->link[0], i) && passes(f->link[1], i);
	}
	return 0;
}

/* Numbers of the passing links by rising key, in file order among equals; off (keys + 1) gets where
 * each key's begin. `from` (n_from): take them in this order instead of the file's; NULL: the file's. */
static void counting_sort(const struct edges *e, const uint32_t *key, size_t keys, size_t *off,
                          const uint32_t *from, size_t n_from, uint32_t *out)
{
	memset(off, 0, (keys + 1) * sizeof *off);
	for (size_t i = 0; i < e->n; i++)
		off[key[i] + 1] += e->ok[i];
	for (size_t k = 0; k < keys; k++)
		off[k + 1] += off[k];
	for (size_t j = 0; j < n_from; j++) {
		size_t i = from ? from[j] : j;
		if (e->ok[i])
			out[off[key[i]]++] = (uint32_t)i;
	}
	memmove(off + 1, off, keys * sizeof *off);
	off[0] = 0;
}

/* Whether each context's links, sorted[off[r] .. off[r + 1]), name actions that never fall. */
static bool actions_rise(const struct edges *e, size_t contexts, const size_t *off, const uint32_t *sorted)
{
	for (size_t r = 0; r < contexts; r++)
		for (size_t j = off[r] + 1; j < off[r + 1]; j++)
			if (e->action[sorted[j]] < e->action[sorted[j - 1]])
				return false;
	return true;
}

/* Numbers of the passing links by context, then by action, then in file order; off gets where each
 * context's begin (room for the most keys there are, plus 1). NULL: no memory. */
static uint32_t *sort_links(struct rho_ctx *c, const struct edges *e, size_t contexts, size_t actions,
                            size_t *off)
{
	uint32_t *by_context = rho_scratch(c, e->n, sizeof *by_context), *by_action;
	if (!by_context)
		return NULL;
	counting_sort(e, e->context, contexts, off, NULL, e->n, by_context);
	/* Most files list a context's actions in order already. */
	if (actions_rise(e, contexts, off, by_context))
		return by_context;
	if (!(by_action = rho_scratch(c, e->n, sizeof *by_action)))
		return NULL;
	counting_sort(e, e->action, actions, off, NULL, e->n, by_action);
	counting_sort(e, e->context, contexts, off, by_action, off[actions], by_context);
	return by_context;
}

/* Appends context r's links, which are sorted[from .. to), duplicates merged. */
static void add_context(struct rho_relevance *m, const struct edges *e, bool sum, uint32_t r,
                        const uint32_t *sorted, size_t from, size_t to)
{
	size_t first = m->off[m->n], n = first;
	for (size_t j = from; j < to; j++) {
		uint32_t a = e->action[sorted[j]];
		float w = e->weight ? (float)e->weight[sorted[j]] : 1;
		if (n == first || m->link[n - 1].action != a)
			m->link[n++] = (struct rho_link){ a, w };
		else if (sum)
			m->link[n - 1].weight += w;
		else if (w > m->link[n - 1].weight)
			m->link[n - 1].weight = w;
	}
	m->row[m->n++] = r;
	m->off[m->n] = n;
}

/* Whether context r, with this many links that pass, is posed. */
static bool is_posed(const struct rho_relevance_how *how, const struct filters *f, size_t r, size_t links)
{
	bool lacks = how->missing && how->missing[r] > 0;
	return links || (lacks && passes(f->context[0], r) && passes(f->context[1], r));
}

static int build(struct rho_ctx *c, struct rho_relevance *m, const struct rho_data *data,
                 const struct rho_relevance_how *how, const struct filters *f)
{
	size_t contexts = data->table[RHO_CONTEXTS].n, wanted = 0, posed = 0;
	struct edges e;
	int error = find_edges(c, data, f, &e);
	if (error)
		return error;
	size_t keys = contexts > m->n_actions ? contexts : m->n_actions;
	size_t *off = rho_scratch(c, keys + 1, sizeof *off);
	uint32_t *by_context = off ? sort_links(c, &e, contexts, m->n_actions, off) : NULL;
	if (!by_context)
		return RHO_ENOMEM;
	for (size_t r = 0; r < contexts; r++)
		posed += is_posed(how, f, r, off[r + 1] - off[r]);
	m->row = rho_alloc(c, posed + 1, sizeof *m->row);
	m->off = rho_alloc(c, posed + 1, sizeof *m->off);
	m->link = rho_alloc(c, off[contexts] + 1, sizeof *m->link);
	if (!m->row || !m->off || !m->link)
		return RHO_ENOMEM;
	for (size_t r = 0; r < contexts; r++) {
		wanted += passes(f->context[0], r) && passes(f->context[1], r);
		if (is_posed(how, f, r, off[r + 1] - off[r]))
			add_context(m, &e, how->sum, (uint32_t)r, by_context, off[r], off[r + 1]);
	}
	if (!m->n)
		return rho_fail(c, RHO_EINVAL, "of %zu contexts that pass group and split, none has a link"
		                " that passes too: there is nothing to pose", wanted);
	m->left_out = wanted - m->n;
	rho_log(c, RHO_INFO, "%zu contexts with %zu links are posed; %zu without a link are left out",
	        m->n, (size_t)m->off[m->n], m->left_out);
	return 0;
}

int rho_relevance_open(struct rho_ctx *c, struct rho_relevance *m, const struct rho_data *data,
                       const struct rho_relevance_how *how)
{
	struct filters f;
	int error = make_filters(c, how, data, &f);
	*m = (struct rho_relevance){ .n_actions = data->table[RHO_ACTIONS].n };
	return error ? error : build(c, m, data, how, &f);
}
