/* people.c: who is posed, what she is to find and what she had before, from the links of the dataset. */
#include "kit/labels.h"
#include "recsys.h"

/* ---- which links are for what ---- */

static int no_such_label(struct rho_ctx *c, const char *param, const char *name,
                         const struct rho_column *column)
{
	char list[400];
	if (!column)
		return rho_fail(c, RHO_EINVAL,
		                "%s = \"%s\", and this dataset has no column \"split\" in links or"
		                " contexts; leave it out",
		                param, name);
	return rho_fail(c, RHO_EINVAL, "%s = \"%s\", and no split is called that; there is %s", param, name,
	                rho_label_list(column, list, sizeof list));
}

/* Marks each link as seen, wanted or neither. */
static int use_links(struct rho_ctx *c, const struct recsys *s, const struct rho_data *data, struct links *l)
{
	const struct rho_column *of_link = rho_find_column(data, RHO_LINKS, "split", RHO_COL_LABEL);
	const struct rho_column *of_context = rho_find_column(data, RHO_CONTEXTS, "split", RHO_COL_LABEL);
	const char *name = *s->split ? s->split : "test";
	uint32_t wanted = rho_label_find(of_link, name), context = RHO_NO_LABEL, seen = RHO_NO_LABEL;
	bool all = !strcmp(s->split, "all") && wanted == RHO_NO_LABEL;
	if (wanted == RHO_NO_LABEL && *s->split && !all &&
	    (context = rho_label_find(of_context, name)) == RHO_NO_LABEL)
		return no_such_label(c, "split", name, of_link ? of_link : of_context);
	if (*s->seen && (seen = rho_label_find(of_link, s->seen)) == RHO_NO_LABEL && strcmp(s->seen, "train"))
		return no_such_label(c, "seen", s->seen, of_link);
	if (wanted == RHO_NO_LABEL)
		seen = RHO_NO_LABEL;    /* what is to be found is not told by the links' split: nothing is seen */
	if (wanted != RHO_NO_LABEL && wanted == seen)
		return rho_fail(c, RHO_EINVAL,
		                "split = \"%s\" is to be found and seen = \"%s\" is known before: they"
		                " must differ; seen = \"\" makes none known",
		                name, s->seen);
	l->split = wanted != RHO_NO_LABEL;
	for (size_t i = 0; i < l->n; i++) {
		bool is = wanted != RHO_NO_LABEL    ? of_link->label[i] == wanted
		          : context != RHO_NO_LABEL ? of_context->label[l->context[i]] == context
		                                    : true;
		bool had = seen != RHO_NO_LABEL && of_link->label[i] == seen;
		l->use[i] = is ? LINK_WANTED : had ? LINK_SEEN : LINK_OTHER;
	}
	return 0;
}

int links_find(struct rho_ctx *c, const struct recsys *s, const struct rho_data *data, struct links *l)
{
	static const char *const tables[] = { "actions", "contexts", "links" };
	for (uint32_t t = 0; t <= RHO_LINKS; t++)
		if (!data || !data->table[t].n)
			return rho_fail(c, RHO_EINVAL,
			                "users = \"%s\" needs the table `%s`, and %s; users = \"dot\" needs"
			                " no dataset",
			                s->users == USERS_LINKS ? "links" : "latent", tables[t],
			                data ? "the dataset gives none with these parameters"
			                     : "the experiment has no [dataset]");
	const struct rho_column *context = rho_find_column(data, RHO_LINKS, "context", RHO_COL_ROW);
	const struct rho_column *action = rho_find_column(data, RHO_LINKS, "action", RHO_COL_ROW);
	const struct rho_column *weight = rho_find_column(data, RHO_LINKS, "weight", RHO_COL_F64);
	const struct rho_column *time = rho_find_column(data, RHO_LINKS, "time", RHO_COL_I64);
	if (!context || !action)
		return rho_fail(c, RHO_EINVAL,
		                "the links table needs columns \"context\" and \"action\" that name rows;"
		                " this dataset has no users and items");
	*l = (struct links){ .n = data->table[RHO_LINKS].n,
		             .contexts = data->table[RHO_CONTEXTS].n,
		             .actions = data->table[RHO_ACTIONS].n,
		             .context = context->row,
		             .action = action->row,
		             .weight = weight ? weight->f64 : NULL,
		             .time = time ? time->i64 : NULL };
	for (size_t i = 0; i < l->n && l->weight; i++)
		if (!(l->weight[i] >= 0 && l->weight[i] <= 1e6))
			return rho_fail(c, RHO_EFORMAT,
			                "link %zu has weight %g; a relevance must lie within 0 .. 1e6", i,
			                l->weight[i]);
	if (!(l->use = rho_scratch(c, l->n, 1)))
		return RHO_ENOMEM;
	return use_links(c, s, data, l);
}

/* ---- in order ---- */

struct keyed { int64_t key; uint32_t link; };

/* Sorts v (n) by key, equals as they stand, with room for as many. Gives back where they are: v or room. */
static struct keyed *sort_keyed(struct keyed *v, struct keyed *room, size_t n)
{
	size_t sorted = 1;
	while (sorted < n && v[sorted - 1].key <= v[sorted].key)
		sorted++;
	if (sorted >= n)
		return v;
	for (size_t width = 1; width < n; width *= 2) {
		for (size_t from = 0; from < n; from += 2 * width) {
			size_t mid = n - from < width ? n : from + width,
			       to = n - from < 2 * width ? n : from + 2 * width;
			size_t a = from, b = mid;
			for (size_t i = from; i < to; i++)
				room[i] = a < mid && (b == to || v[a].key <= v[b].key) ? v[a++] : v[b++];
		}
		struct keyed *swap = v;
		v = room;
		room = swap;
	}
	return v;
}

/* Links end to end by context, within one in the order of the file; off (contexts + 1) says where each
 * context's begin. NULL: no memory. */
static uint32_t *by_context(struct rho_ctx *c, const struct links *l, size_t *off)
{
	uint32_t *out = rho_scratch(c, l->n, sizeof *out);
	memset(off, 0, (l->contexts + 1) * sizeof *off);
	for (size_t i = 0; i < l->n; i++)
		off[l->context[i] + 1]++;
	for (size_t i = 0; i < l->contexts; i++)
		off[i + 1] += off[i];
	for (size_t i = 0; out && i < l->n; i++)
		out[off[l->context[i]]++] = (uint32_t)i;
	memmove(off + 1, off, l->contexts * sizeof *off);
	off[0] = 0;
	return out;
}

/* ---- users ---- */

struct making {
	struct rho_ctx *c;
	struct recsys *s;
	const struct links *l;
	struct keyed *v, *room; /* as many as the longest context has links */
	uint32_t *mark;         /* (actions) the last user, plus 1, that has it among her finds */
};

static float weight_of(const struct links *l, uint32_t i) { return l->weight ? (float)l->weight[i] : 1; }

/* Appends what the user is to find: of links (n) in order of time, each action once. */
static void add_finds(struct making *m, const struct keyed *link, size_t n)
{
	struct people *p = &m->s->people;
	struct keyed *v = m->room;
	uint64_t at = p->find_off[p->n];
	size_t found = 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t j = link[i].link;
		if (m->l->use[j] == LINK_WANTED && (m->s->target == TARGET_NEXT || weight_of(m->l, j) > 0))
			v[found++] = (struct keyed){ m->l->action[j], j };
	}
	if (m->s->target == TARGET_RELEVANCE)
		v = sort_keyed(v, m->v, found);
	for (size_t i = 0; i < found; i++) {
		struct rho_link w = { (uint32_t)v[i].key, weight_of(m->l, v[i].link) };
		if (m->mark[w.action] != p->n + 1)
			p->find[at++] = w;
		else if (m->s->target == TARGET_RELEVANCE && w.weight > p->find[at - 1].weight)
			p->find[at - 1].weight = w.weight;
		m->mark[w.action] = (uint32_t)p->n + 1;
	}
	p->find_off[p->n + 1] = at;
}

/* Appends context r as a user, with links from[0 .. n), if there is something to pose her for. */
static void add_user(struct making *m, uint32_t r, const uint32_t *from, size_t n)
{
	struct people *p = &m->s->people;
	struct keyed *v = m->v;
	uint64_t at = p->seen_off[p->n];
	size_t fits = 0;        /* a taste can be fitted to */
	for (size_t i = 0; i < n; i++)
		v[i] = (struct keyed){ m->l->time ? m->l->time[from[i]] : 0, from[i] };
	v = sort_keyed(v, m->room, n);
	if (v != m->v)          /* the other room is used below */
		memcpy(m->v, v, n * sizeof *v);
	for (size_t i = 0; i < n; i++)
		if (m->l->use[m->v[i].link] == LINK_SEEN)
			p->seen[at++] = m->l->action[m->v[i].link];
	p->find_off[p->n + 1] = p->find_off[p->n];
	for (size_t i = 0; i < n; i++)
		fits += !m->l->split || m->l->use[m->v[i].link] != LINK_WANTED;
	if (m->s->users == USERS_LINKS)
		add_finds(m, m->v, n);  /* which overwrites v */
	if (m->s->users == USERS_LINKS ? p->find_off[p->n + 1] == p->find_off[p->n] : !fits)
		return;
	p->seen_off[p->n + 1] = at;
	p->row[p->n++] = r;
}

int people_make(struct rho_ctx *c, struct recsys *s, const struct links *l)
{
	struct people *p = &s->people;
	struct making m = { .c = c, .s = s, .l = l };
	size_t *off = rho_scratch(c, l->contexts + 1, sizeof *off), longest = 1;
	uint32_t *link = off ? by_context(c, l, off) : NULL;
	if (!link)
		return RHO_ENOMEM;
	for (size_t r = 0; r < l->contexts; r++)
		longest = off[r + 1] - off[r] > longest ? off[r + 1] - off[r] : longest;
	p->row = rho_alloc(c, l->contexts, sizeof *p->row);
	p->find_off = rho_alloc(c, l->contexts + 1, sizeof *p->find_off);
	p->find = rho_alloc(c, l->n + 1, sizeof *p->find);
	p->seen_off = rho_alloc(c, l->contexts + 1, sizeof *p->seen_off);
	p->seen = rho_alloc(c, l->n + 1, sizeof *p->seen);
	m.v = rho_scratch(c, longest, sizeof *m.v);
	m.room = rho_scratch(c, longest, sizeof *m.room);
	m.mark = rho_scratch(c, l->actions, sizeof *m.mark);
	if (!p->row || !p->find_off || !p->find || !p->seen_off || !p->seen || !m.v || !m.room || !m.mark)
		return RHO_ENOMEM;
	memset(m.mark, 0, l->actions * sizeof *m.mark);
	for (size_t r = 0; r < l->contexts; r++)
		add_user(&m, (uint32_t)r, link + off[r], off[r + 1] - off[r]);
	if (!p->n)
		return rho_fail(c, RHO_EINVAL,
		                "of %zu contexts none has a link that is to be found: there is nobody"
		                " to pose",
		                l->contexts);
	rho_log(c, RHO_INFO,
	        "%zu users with %zu items before and %zu to find; %zu contexts without are left out", p->n,
	        (size_t)p->seen_off[p->n], (size_t)p->find_off[p->n], l->contexts - p->n);
	return 0;
}

/* ---- who comes ---- */

uint32_t people_user(const struct recsys *s, size_t lane, uint64_t episode)
{
	return rho_order_at(s->order_key, (enum rho_order)s->order, (uint32_t)s->people.n, s->lanes, lane, episode);
}
