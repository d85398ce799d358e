/* metrics.c: the sums of a window, its record, and a window half full in a checkpoint. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "out.h"

static const char *const host_names[] = {
	"step",
	"reward",
	"regret",
	"coverage_regret",
	"selection_regret",
	"best",
	"decision_us",
	"learn_us",
	"env_us",
	"decisions_per_s",
	"decision_p50_us",
	"decision_p99_us",
	"decision_p999_us",
};

void rho_metrics_init(struct rho_metrics *m, bool oracle, const struct rho_column *group)
{
	*m = (struct rho_metrics){ .oracle = oracle };
	if (group && group->n_labels > 0 && group->n_labels <= RHO_METRICS_GROUPS) {
		m->group = group;
		m->groups = rho_xcalloc(group->n_labels, sizeof *m->groups);
	}
}

void rho_metrics_free(struct rho_metrics *m)
{
	for (size_t i = 0; i < m->n_named; i++) {
		free(m->named[i].owner);
		free(m->named[i].name);
	}
	free(m->named);
	free(m->groups);
	*m = (struct rho_metrics){ 0 };
}

static struct rho_named_sum *named(struct rho_metrics *m, const char *owner, const char *name)
{
	struct rho_named_sum *s;
	for (size_t i = 0; i < m->n_named; i++)
		if (!strcmp(m->named[i].name, name) && !strcmp(m->named[i].owner, owner))
			return &m->named[i];
	m->named = rho_xrealloc(m->named, (m->n_named + 1) * sizeof *m->named);
	s = &m->named[m->n_named++];
	*s = (struct rho_named_sum){ .owner = rho_xstrdup(owner), .name = rho_xstrdup(name) };
	return s;
}

bool rho_metrics_named(struct rho_metrics *m, const char *owner, const char *name, double value)
{
	struct rho_named_sum *s = named(m, owner, name);
	if (!isfinite(value))
		return false;
	s->sum += value;
	s->n++;
	return true;
}

/* Whether named[at] must say whose it is: the host or an earlier plugin has the name. */
static bool taken(const struct rho_metrics *m, size_t at)
{
	const char *name = m->named[at].name;
	for (size_t i = 0; i < sizeof host_names / sizeof *host_names; i++)
		if (!strcmp(name, host_names[i]))
			return true;
	if (!strncmp(name, "reward[", 7) || !strncmp(name, "regret[", 7))
		return true;
	for (size_t i = 0; i < at; i++)
		if (!strcmp(name, m->named[i].name))
			return true;
	return false;
}

/* The list under construction: names stand end to end in a buffer that may move until the end. */
struct list {
	struct rho_buf *names;
	struct {
		size_t name;
		double value;
	} * at;
	size_t n;
};

/* Ends the name that was begun at `name` in the buffer. */
static void put(struct list *l, size_t name, double value)
{
	rho_buf_add(l->names, "", 1);
	l->at = rho_xrealloc(l->at, (l->n + 1) * sizeof *l->at);
	l->at[l->n].name = name;
	l->at[l->n++].value = value;
}

static void put_group(struct list *l, const char *what, struct rho_str label, double value)
{
	size_t at = l->names->len;
	rho_buf_printf(l->names, "%s[", what);
	rho_buf_add(l->names, label.at, label.len);
	rho_buf_str(l->names, "]");
	put(l, at, value);
}

static void put_name(struct list *l, const char *owner, const char *name, double value)
{
	size_t at = l->names->len;
	if (owner)
		rho_buf_printf(l->names, "%s.", owner);
	rho_buf_str(l->names, name);
	put(l, at, value);
}

static void means(const struct rho_metrics *m, struct list *l)
{
	double n = (double)m->n;
	if (m->n)
		put_name(l, NULL, "reward", m->reward / n);
	if (m->n && m->oracle) {
		put_name(l, NULL, "regret", m->regret / n);
		put_name(l, NULL, "coverage_regret", m->coverage / n);
		put_name(l, NULL, "selection_regret", m->selection / n);
		put_name(l, NULL, "best", m->best / n);
	}
	for (size_t i = 0; m->groups && i < m->group->n_labels; i++) {
		const struct rho_group_sum *g = &m->groups[i];
		if (g->n) {
			put_group(l, "reward", rho_column_str(m->group, i), g->reward / (double)g->n);
			if (m->oracle)
				put_group(l, "regret", rho_column_str(m->group, i), g->regret / (double)g->n);
		}
	}
	for (size_t i = 0; i < m->n_named; i++)
		if (m->named[i].n)
			put_name(l, taken(m, i) ? m->named[i].owner : NULL, m->named[i].name,
			         m->named[i].sum / (double)m->named[i].n);
}

static void start_window(struct rho_metrics *m)
{
	m->n = 0;
	m->reward = m->regret = m->coverage = m->selection = m->best = 0;
	for (size_t i = 0; m->groups && i < m->group->n_labels; i++)
		m->groups[i] = (struct rho_group_sum){ 0 };
	for (size_t i = 0; i < m->n_named; i++) {
		m->named[i].sum = 0;
		m->named[i].n = 0;
	}
}

struct rho_metric *rho_metrics_record(struct rho_metrics *m, uint64_t step, struct rho_buf *line,
                                      struct rho_buf *names, size_t *n)
{
	struct list l = { .names = names };
	struct rho_metric *out;
	rho_buf_clear(line);
	rho_buf_clear(names);
	means(m, &l);
	out = rho_xcalloc(l.n + 1, sizeof *out);
	rho_buf_printf(line, "{\"step\": %llu", (unsigned long long)step);
	for (size_t i = 0; i < l.n; i++) {
		out[i] = (struct rho_metric){ names->at + l.at[i].name, step, l.at[i].value };
		rho_buf_str(line, ", ");
		rho_put_json_str(line, out[i].name, strlen(out[i].name));
		rho_buf_str(line, ": ");
		rho_put_double(line, out[i].value);
	}
	rho_buf_str(line, "}\n");
	*n = l.n;
	free(l.at);
	start_window(m);
	return out;
}

void rho_metrics_save(const struct rho_metrics *m, struct rho_buf *b)
{
	rho_pack_u64(b, m->oracle);
	rho_pack_u64(b, m->n);
	rho_pack_f64(b, m->reward);
	rho_pack_f64(b, m->regret);
	rho_pack_f64(b, m->coverage);
	rho_pack_f64(b, m->selection);
	rho_pack_f64(b, m->best);
	rho_pack_bytes(b, m->groups, m->groups ? m->group->n_labels * sizeof *m->groups : 0);
	rho_pack_u64(b, m->n_named);
	for (size_t i = 0; i < m->n_named; i++) {
		rho_pack_str(b, m->named[i].owner);
		rho_pack_str(b, m->named[i].name);
		rho_pack_f64(b, m->named[i].sum);
		rho_pack_u64(b, m->named[i].n);
	}
}

bool rho_metrics_load(struct rho_metrics *m, struct rho_unpack *u)
{
	uint64_t n;
	if (rho_unpack_u64(u) != m->oracle)
		u->bad = true;
	m->n = rho_unpack_u64(u);
	m->reward = rho_unpack_f64(u);
	m->regret = rho_unpack_f64(u);
	m->coverage = rho_unpack_f64(u);
	m->selection = rho_unpack_f64(u);
	m->best = rho_unpack_f64(u);
	rho_unpack_into(u, m->groups, m->groups ? m->group->n_labels * sizeof *m->groups : 0);
	n = rho_unpack_u64(u);
	for (uint64_t i = 0; i < n && !u->bad; i++) {
		const char *owner = rho_unpack_str(u), *name = rho_unpack_str(u);
		struct rho_named_sum *s = u->bad ? NULL : named(m, owner, name);
		double sum = rho_unpack_f64(u);
		uint64_t count = rho_unpack_u64(u);
		if (s) {
			s->sum = sum;
			s->n = count;
		}
	}
	return !u->bad;
}
