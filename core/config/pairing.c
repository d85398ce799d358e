/* pairing.c: which plugins cannot work together. Only flags are looked at, since no plugin runs
 * before the whole file is found sound; what depends on data shows when a cell starts. */
#include "pairing.h"

#include <stdlib.h>
#include <string.h>

static const char *const tables[RHO_N_TABLES] = {
	[RHO_ACTIONS] = "actions",
	[RHO_CONTEXTS] = "contexts",
	[RHO_LINKS] = "links",
	[RHO_LOG] = "log",
};
enum { ALL_TABLES = (1u << RHO_N_TABLES) - 1 };

struct told {
	const struct rho_where *a, *b;
};

struct pairing {
	const struct rho_experiment *x;
	struct rho_diags *diags;
	struct told *told; /* pairs of places; the same two meet in many arms */
	size_t n, room;
};

static bool same(const struct rho_where *a, const struct rho_where *b)
{
	return a->file == b->file && a->line == b->line && a->col == b->col;
}

/* A role whose table stands in the file but has a mistake, which was told: it is neither there nor
 * missing. */
static bool unknown(const struct rho_role *r) { return !r->module && r->where.file; }

/* True the first time a mistake between these two is to be told. */
static bool first_time(struct pairing *p, const struct rho_where *a, const struct rho_where *b)
{
	for (size_t i = 0; i < p->n; i++)
		if (same(p->told[i].a, a) && same(p->told[i].b, b))
			return false;
	if (p->n == p->room) {
		p->room = p->room ? 2 * p->room : 16;
		p->told = rho_xrealloc(p->told, p->room * sizeof *p->told);
	}
	p->told[p->n++] = (struct told){ a, b };
	return true;
}

static char *table_list(uint32_t bits)
{
	struct rho_buf b = { 0 };
	rho_buf_add(&b, "", 0);
	for (uint32_t i = 0; i < RHO_N_TABLES; i++)
		if (bits & 1u << i)
			rho_buf_printf(&b, "%s%s", b.len ? ", " : "", tables[i]);
	return b.at;
}

/* In which arm, and what can be done about it in a factorial design. */
static char *in_arm(const struct pairing *p, const struct rho_arm *arm)
{
	if (!p->x->n_axes)
		return rho_xstrdup("");
	if (!p->x->compare.factorial)
		return rho_xprintf("\nin the arm %s", arm->name);
	return rho_xprintf("\nin the arm %s; combinations that make no sense are left out with "
	                   "compare.skip = [\"%s\"]",
	                   arm->name, arm->name);
}

static void check_tables(struct pairing *p, const struct rho_arm *arm)
{
	const struct rho_role *env = &arm->role[RHO_ENV], *data = &arm->role[RHO_DATASET];
	uint32_t needs = env->module->plugin.env->flags & ALL_TABLES;
	uint32_t given = data->module ? data->module->plugin.dataset->tables & ALL_TABLES : 0;
	if (unknown(data) || !(needs & ~given) || !first_time(p, &env->where, &data->where))
		return;
	char *missing = table_list(needs & ~given), *gives = table_list(given), *arm_text = in_arm(p, arm);
	const char *plural = strchr(missing, ',') ? "s" : "";
	if (data->module)
		rho_diag(p->diags, env->where,
		         "env: %s needs the table%s %s, which the dataset %s does not "
		         "give (it gives: %s)%s",
		         env->module->plugin.name, plural, missing, data->module->plugin.name,
		         *gives ? gives : "none", arm_text);
	else
		rho_diag(p->diags, env->where, "env: %s needs the table%s %s, and there is no [dataset]%s",
		         env->module->plugin.name, plural, missing, arm_text);
	free(missing);
	free(gives);
	free(arm_text);
}

static void check_context(struct pairing *p, const struct rho_arm *arm)
{
	const struct rho_role *env = &arm->role[RHO_ENV], *agent = &arm->role[RHO_AGENT];
	if (!(agent->module->plugin.agent->flags & RHO_NEEDS_X) ||
	    env->module->plugin.env->flags & RHO_HAS_CONTEXT || !first_time(p, &agent->where, &env->where))
		return;
	char *arm_text = in_arm(p, arm);
	rho_diag(p->diags, agent->where, "agent: %s needs contexts, and the env %s has none%s",
	         agent->module->plugin.name, env->module->plugin.name, arm_text);
	free(arm_text);
}

static bool uses_features(const struct rho_arm *arm)
{
	const struct rho_role *agent = &arm->role[RHO_AGENT];
	return unknown(agent) ||
	       (agent->module && agent->module->plugin.agent->flags & (RHO_NEEDS_X | RHO_NEEDS_FEATURES));
}

/* An encoder that has no texts, which no cell can run; one that nobody looks at: its arms cost an encoding
 * each and cannot differ. */
static void check_encoders(struct pairing *p, const struct rho_arm *arms, size_t n)
{
	const struct rho_experiment *x = p->x;
	const struct rho_role *idle = NULL;
	for (size_t i = 0; i < n && !idle; i++)
		if (arms[i].role[RHO_ENCODER].module && !arms[i].role[RHO_DATASET].where.file)
			idle = &arms[i].role[RHO_ENCODER];
	if (idle)
		rho_diag(p->diags, idle->where,
		         "encoder: %s has nothing to encode, since there is no [dataset]; leave [encoder] "
		         "out",
		         idle->module->plugin.name);
	for (size_t a = 0; a < x->n_axes; a++) {
		bool used = false, sampled = false;
		if (x->axis[a].kind != RHO_ENCODER)
			continue;
		for (size_t i = 0; i < n; i++)
			if (arms[i].value[a]) {
				used |= uses_features(&arms[i]);
				sampled |= arms[i].role[RHO_SAMPLER].module != NULL;
			}
		if (!used)
			rho_warn(p->diags, x->axis[a].where,
			         "arms.encoder: no agent in these arms uses "
			         "contexts or action features, so %s",
			         sampled ? "they can differ only if the sampler does" : "they cannot differ");
	}
}

void rho_pairing_check(const struct rho_experiment *x, const struct rho_arm *arms, size_t n,
                       struct rho_diags *d)
{
	struct pairing p = { .x = x, .diags = d };
	for (size_t i = 0; i < n; i++) {
		if (!arms[i].role[RHO_ENV].module)
			continue;
		check_tables(&p, &arms[i]);
		if (arms[i].role[RHO_AGENT].module)
			check_context(&p, &arms[i]);
	}
	check_encoders(&p, arms, n);
	free(p.told);
}
