/* plan.c: arms multiplied out, arms × seeds = cells. */
#include "plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../base/digest.h"
#include "pairing.h"

enum { MOST_ARMS = 100000, MOST_CELLS = 10000000, BASE = -1 };

/* One arm to be: which of each axis's arms it takes. */
struct pick {
	int at[RHO_N_ROLES];
}; /* by axis; BASE: the base's */

struct expansion {
	struct rho_experiment *x;
	struct rho_plan *plan;
	struct rho_diags *diags;
	struct pick *pick;
	size_t n, room;
};

static void add_pick(struct expansion *e, struct pick p)
{
	if (e->n == e->room) {
		e->room = e->room ? 2 * e->room : 32;
		e->pick = rho_xrealloc(e->pick, e->room * sizeof *e->pick);
	}
	e->pick[e->n++] = p;
}

/* "agent=greedy,sampler=small" */
static char *pick_name(const struct rho_experiment *x, const struct pick *p)
{
	struct rho_buf b = { 0 };
	for (size_t a = 0; a < x->n_axes; a++)
		if (p->at[a] != BASE)
			rho_buf_printf(&b, "%s%s=%s", b.len ? "," : "", rho_kind_name(x->axis[a].kind),
			               x->axis[a].arm[p->at[a]].name);
	if (!b.len)
		rho_buf_str(&b, "base");
	return b.at;
}

static int find_axis(const struct rho_experiment *x, const char *name, size_t len)
{
	for (size_t a = 0; a < x->n_axes; a++) {
		const char *kind = rho_kind_name(x->axis[a].kind);
		if (strlen(kind) == len && !memcmp(kind, name, len))
			return (int)a;
	}
	return -1;
}

/* "agent=greedy": the axis and the arm, into `skip`. */
static void read_skip_part(struct expansion *e, const struct rho_toml *where, const char *part, size_t len,
                           struct pick *skip)
{
	const struct rho_experiment *x = e->x;
	const char *equals = memchr(part, '=', len), *names[RHO_N_ROLES];
	size_t key = equals ? (size_t)(equals - part) : len;
	int a = find_axis(x, part, key);
	if (!equals || a < 0) {
		char *word = strndup(part, key);
		for (size_t i = 0; i < x->n_axes; i++)
			names[i] = rho_kind_name(x->axis[i].kind);
		const char *near = word ? rho_nearest(word, names, x->n_axes) : NULL;
		rho_diag(e->diags, where->where,
		         "compare.skip: \"%.*s\" is not AXIS=ARM with an axis of [arms]%s%s%s", (int)len,
		         part, near ? "; did you mean " : "", near ? near : "", near ? "=…?" : "");
		free(word);
		return;
	}
	const struct rho_axis *axis = &x->axis[a];
	char *arm = strndup(equals + 1, len - key - 1);
	const char **arms = rho_xmalloc(axis->n * sizeof *arms);
	for (size_t i = 0; i < axis->n; i++) {
		arms[i] = axis->arm[i].name;
		if (arm && !strcmp(arm, arms[i]))
			skip->at[a] = (int)i;
	}
	if (skip->at[a] == BASE) {
		const char *near = arm ? rho_nearest(arm, arms, axis->n) : NULL;
		rho_diag(e->diags, where->where, "compare.skip: [arms.%.*s] has no arm \"%s\"%s%s%s",
		         (int)key, part, arm ? arm : "", near ? "; did you mean " : "", near ? near : "",
		         near ? "?" : "");
	}
	free(arms);
	free(arm);
}

/* The combinations to leave out: an arm that agrees with all that an entry names. */
static struct pick *read_skips(struct expansion *e, size_t *n)
{
	const struct rho_toml *list = e->x->compare.skip;
	struct pick *skip = rho_xcalloc(list ? list->n : 0, sizeof *skip);
	*n = 0;
	if (list && !e->x->compare.factorial)
		rho_diag(e->diags, list->where,
		         "compare.skip leaves combinations out of a factorial design; this one "
		         "is one-at-a-time");
	for (const struct rho_toml *t = list ? list->child : NULL; t && e->x->compare.factorial;
	     t = t->next) {
		for (size_t a = 0; a < RHO_N_ROLES; a++)
			skip[*n].at[a] = BASE;
		for (const char *part = t->str;; part++) {
			size_t len = strcspn(part, ",");
			read_skip_part(e, t, part, len, &skip[*n]);
			part += len;
			if (!*part)
				break;
		}
		(*n)++;
	}
	return skip;
}

static bool skipped(const struct rho_experiment *x, const struct pick *p, const struct pick *skip, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool agrees = true;
		for (size_t a = 0; a < x->n_axes; a++)
			agrees &= skip[i].at[a] == BASE || skip[i].at[a] == p->at[a];
		if (agrees)
			return true;
	}
	return false;
}

static void pick_factorial(struct expansion *e)
{
	const struct rho_experiment *x = e->x;
	size_t n_skips, total = 1;
	for (size_t a = 0; a < x->n_axes; a++)
		total = x->axis[a].n > MOST_ARMS / total ? MOST_ARMS + 1 : total * x->axis[a].n;
	if (total > MOST_ARMS) {
		rho_diag(e->diags, x->axis[0].where,
		         "the arms multiply to more than %d combinations; leave some out", MOST_ARMS);
		return;
	}
	size_t errors = rho_diags_errors(e->diags);
	struct pick *skip = read_skips(e, &n_skips);
	for (size_t i = 0; i < total && rho_diags_errors(e->diags) == errors; i++) {
		struct pick p;
		for (size_t a = x->n_axes, rest = i; a-- > 0; rest /= x->axis[a].n)
			p.at[a] = (int)(rest % x->axis[a].n);
		if (!skipped(x, &p, skip, n_skips))
			add_pick(e, p);
	}
	if (!e->n && rho_diags_errors(e->diags) == errors)
		rho_diag(e->diags, x->compare.skip->where, "compare.skip leaves no combination to run");
	free(skip);
}

static void pick_one_at_a_time(struct expansion *e)
{
	struct pick base;
	size_t n_skips;
	for (size_t a = 0; a < RHO_N_ROLES; a++)
		base.at[a] = BASE;
	add_pick(e, base);
	free(read_skips(e, &n_skips));
	for (size_t a = 0; a < e->x->n_axes; a++)
		for (size_t i = 0; i < e->x->axis[a].n; i++) {
			struct pick p = base;
			p.at[a] = (int)i;
			add_pick(e, p);
		}
}

static const struct rho_variant *variant_of(const struct rho_experiment *x, const struct pick *p,
                                            uint32_t kind)
{
	for (size_t a = 0; a < x->n_axes; a++)
		if (x->axis[a].kind == kind && p->at[a] != BASE)
			return &x->axis[a].arm[p->at[a]];
	return &x->base[kind];
}

/* The arm's evaluations; what they add to its identity. */
static void make_evals(const struct rho_experiment *x, const struct pick *p, struct rho_arm *arm,
                       struct rho_buf *identity)
{
	const struct rho_variant *env = variant_of(x, p, RHO_ENV), *sampler = variant_of(x, p, RHO_SAMPLER);
	arm->n_evals = x->n_evals;
	arm->eval = rho_xcalloc(x->n_evals, sizeof *arm->eval);
	for (size_t i = 0; i < x->n_evals; i++) {
		struct rho_eval *e = &arm->eval[i];
		*e = x->eval[i].eval;
		e->name = rho_xstrdup(x->eval[i].eval.name);
		e->env = rho_role_copy(&env->eval[i]);
		e->sampler = rho_role_copy(&sampler->eval[i]);
		rho_eval_identity(e, env->eval_identity[i], sampler->eval_identity[i], identity);
	}
}

static void make_arm(const struct rho_experiment *x, const struct pick *p, const char *run,
                     struct rho_arm *arm)
{
	struct rho_buf identity = { 0 };
	rho_buf_str(&identity, run);
	arm->name = pick_name(x, p);
	arm->n_values = x->n_axes;
	arm->value = rho_xcalloc(x->n_axes, sizeof *arm->value);
	for (size_t a = 0; a < x->n_axes; a++)
		if (p->at[a] != BASE)
			arm->value[a] = rho_xstrdup(x->axis[a].arm[p->at[a]].name);
	for (uint32_t kind = RHO_DATASET; kind < RHO_N_ROLES; kind++) {
		const struct rho_variant *v = variant_of(x, p, kind);
		arm->role[kind] = rho_role_copy(&v->role);
		if (v->identity)
			rho_buf_str(&identity, v->identity);
	}
	make_evals(x, p, arm, &identity);
	arm->identity = identity.at;
}

static void arm_free(struct rho_arm *arm)
{
	free(arm->name);
	for (size_t a = 0; a < arm->n_values; a++)
		free(arm->value[a]);
	free(arm->value);
	for (size_t i = 0; i < RHO_N_ROLES; i++)
		rho_role_free(&arm->role[i]);
	for (size_t i = 0; i < arm->n_evals; i++)
		rho_eval_free(&arm->eval[i]);
	free(arm->eval);
	free(arm->identity);
}

struct keyed {
	struct rho_digest key;
	size_t arm;
};

static int by_key(const void *pa, const void *pb)
{
	const struct keyed *a = pa, *b = pb;
	if (a->key.hi != b->key.hi)
		return a->key.hi < b->key.hi ? -1 : 1;
	if (a->key.lo != b->key.lo)
		return a->key.lo < b->key.lo ? -1 : 1;
	return a->arm < b->arm ? -1 : a->arm > b->arm;
}

/* Where an arm was written: its value on the last axis it has one on. */
static struct rho_where place_of(const struct expansion *e, size_t arm)
{
	struct rho_where w = { .file = e->x->kept[0] };
	for (size_t a = 0; a < e->x->n_axes; a++)
		if (e->pick[arm].at[a] != BASE)
			w = e->x->axis[a].arm[e->pick[arm].at[a]].where;
	return w;
}

/* Two arms with every parameter alike would be the same cells twice: the first stands for both,
 * also as the baseline. */
static void drop_equal_arms(struct expansion *e)
{
	struct rho_plan *plan = e->plan;
	size_t n = plan->n_arms, kept = 0, *twin = rho_xmalloc(n * sizeof *twin);
	struct keyed *k = rho_xmalloc(n * sizeof *k);
	for (size_t i = 0; i < n; i++)
		k[i] = (struct keyed){ rho_digest_bytes(plan->arm[i].identity, strlen(plan->arm[i].identity)),
			               i };
	qsort(k, n, sizeof *k, by_key);
	for (size_t i = 0; i < n; i++) {
		bool again = i && k[i].key.hi == k[i - 1].key.hi && k[i].key.lo == k[i - 1].key.lo;
		twin[k[i].arm] = again ? twin[k[i - 1].arm] : k[i].arm;
	}
	for (size_t i = 0; i < n; i++) {
		struct rho_arm *arm = &plan->arm[i];
		if (twin[i] == i)
			continue;
		const char *stands = plan->arm[twin[i]].name;
		rho_warn(e->diags, place_of(e, i),
		         "the arm %s is the same as %s in every parameter; it is left out", arm->name,
		         stands);
		if (plan->compare.baseline && !strcmp(plan->compare.baseline, arm->name)) {
			free(plan->compare.baseline);
			plan->compare.baseline = rho_xstrdup(stands);
		}
	}
	for (size_t i = 0; i < n; i++) {
		if (twin[i] == i)
			plan->arm[kept++] = plan->arm[i];
		else
			arm_free(&plan->arm[i]);
	}
	plan->n_arms = kept;
	free(k);
	free(twin);
}

static void check_baseline(struct expansion *e)
{
	const struct rho_plan *plan = e->plan;
	const char *baseline = plan->compare.baseline;
	const char **names = rho_xmalloc(plan->n_arms * sizeof *names);
	bool known = !baseline;
	for (size_t i = 0; i < plan->n_arms; i++) {
		names[i] = plan->arm[i].name;
		known |= baseline && !strcmp(names[i], baseline);
	}
	if (!known) {
		struct rho_buf b = { 0 };
		const char *near = rho_nearest(baseline, names, plan->n_arms);
		for (size_t i = 0; !near && i < plan->n_arms && i < 8; i++)
			rho_buf_printf(&b, "%s %s", i ? "," : "; the arms are", names[i]);
		rho_diag(e->diags, e->x->compare.baseline->where,
		         "compare.baseline = \"%s\" is not an arm%s%s%s%s", baseline,
		         near ? "; did you mean \"" : "",
		         near   ? near
		         : b.at ? b.at
		                : "",
		         near ? "\"?" : "", !near && plan->n_arms > 8 ? " …" : "");
		rho_buf_free(&b);
	}
	free(names);
}

static void expand_arms(struct expansion *e)
{
	struct rho_experiment *x = e->x;
	struct rho_plan *plan = e->plan;
	struct rho_buf run = { 0 };
	if (x->n_axes && x->compare.factorial)
		pick_factorial(e);
	else
		pick_one_at_a_time(e);
	rho_run_identity(&x->run.run, &run);
	plan->arm = rho_xcalloc(e->n, sizeof *plan->arm);
	for (size_t i = 0; i < e->n; i++)
		make_arm(x, &e->pick[i], run.at, &plan->arm[i]);
	plan->n_arms = e->n;
	rho_buf_free(&run);
	rho_pairing_check(x, plan->arm, plan->n_arms, e->diags);
	if (e->n)
		check_baseline(e);
}

static void make_cells(struct expansion *e)
{
	struct rho_plan *plan = e->plan;
	if (plan->n_arms && plan->n_seeds > MOST_CELLS / plan->n_arms) {
		rho_diag(e->diags, (struct rho_where){ .file = plan->kept[0] },
		         "%zu arms × %zu seeds are more than %d cells; make several experiments of it",
		         plan->n_arms, plan->n_seeds, MOST_CELLS);
		return;
	}
	plan->cell = rho_xcalloc(plan->n_arms * plan->n_seeds, sizeof *plan->cell);
	for (size_t a = 0; a < plan->n_arms; a++)
		for (size_t s = 0; s < plan->n_seeds; s++) {
			struct rho_plan_cell *c = &plan->cell[plan->n_cells++];
			c->arm = a;
			c->seed = plan->seeds[s];
			rho_cell_id(plan->arm[a].identity, c->seed, c->id);
		}
}

/* What the plan keeps of the experiment changes owner. */
static void take_over(struct rho_plan *plan, struct rho_experiment *x)
{
	plan->file = x->file;
	plan->kept = x->kept;
	plan->n_kept = x->n_kept;
	plan->source = x->source;
	plan->name = x->run.name;
	plan->run = x->run.run;
	plan->seeds = x->run.seeds;
	plan->n_seeds = x->run.n_seeds;
	plan->report = x->report;
	plan->n_reports = x->n_reports;
	x->file = x->run.name = NULL;
	x->kept = NULL;
	x->source = (struct rho_buf){ 0 };
	x->run.seeds = NULL;
	x->report = NULL;
	x->n_kept = x->n_reports = 0;
}

struct rho_plan *rho_plan_load(struct rho_registry *reg, const char *path, const char *const *set,
                               size_t n_set, struct rho_diags *d)
{
	struct rho_experiment *x = rho_experiment_read(reg, path, set, n_set, d);
	if (!x)
		return NULL;
	struct rho_plan *plan = rho_xcalloc(1, sizeof *plan);
	struct expansion e = { .x = x, .plan = plan, .diags = d };
	plan->compare = x->compare.settings;
	x->compare.settings = (struct rho_compare_settings){ 0 };
	plan->n_axes = x->n_axes;
	plan->axis = rho_xcalloc(x->n_axes, sizeof *plan->axis);
	for (size_t a = 0; a < x->n_axes; a++)
		plan->axis[a] = rho_xstrdup(rho_kind_name(x->axis[a].kind));
	expand_arms(&e);
	if (!rho_diags_errors(d)) {
		drop_equal_arms(&e);
		take_over(plan, x);
		make_cells(&e);
	}
	free(e.pick);
	rho_experiment_free(x);
	if (rho_diags_errors(d)) {
		rho_plan_free(plan);
		return NULL;
	}
	return plan;
}

void rho_plan_free(struct rho_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->n_arms; i++)
		arm_free(&plan->arm[i]);
	free(plan->arm);
	for (size_t i = 0; i < plan->n_reports; i++)
		rho_role_free(&plan->report[i]);
	free(plan->report);
	for (size_t i = 0; i < plan->n_axes; i++)
		free(plan->axis[i]);
	free(plan->axis);
	for (size_t i = 0; i < plan->n_kept; i++)
		free(plan->kept[i]);
	free(plan->kept);
	free(plan->file);
	free(plan->name);
	free(plan->compare.metric);
	free(plan->compare.baseline);
	free(plan->seeds);
	free(plan->cell);
	rho_buf_free(&plan->source);
	free(plan);
}
