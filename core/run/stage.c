/* stage.c: opening what a cell plays on, and refusing what cannot be played. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../geometry/moments.h"
#include "stage.h"

static const char *const table_name[RHO_N_TABLES] = { "actions", "contexts", "links", "log" };

static const char *name_of(const struct rho_role *r) { return r->module->plugin.name; }

/* ---- tables and features ---- */

static void own_features(const struct rho_data *d, uint32_t table, struct rho_mat *out)
{
	const struct rho_column *c = rho_find_column(d, table, "features", RHO_COL_F32S);
	if (c)
		*out = (struct rho_mat){ c->f32, c->n, c->width, c->width };
}

static int embed(struct rho_stage *s, struct rho_world *w, const struct rho_role *role,
                 struct rho_store *store, bool actions_only, struct rho_buf *why)
{
	const struct rho_column *a, *x;
	if (!s->data) {
		rho_buf_printf(why, "encoder %s has nothing to encode: the experiment has no [dataset]",
		               name_of(role));
		return RHO_ENCODER;
	}
	a = rho_find_column(s->data, RHO_ACTIONS, "text", RHO_COL_STR);
	x = actions_only ? NULL : rho_find_column(s->data, RHO_CONTEXTS, "text", RHO_COL_STR);
	if (actions_only && !a) {
		rho_buf_printf(why,
		               "encoder %s has nothing to encode: the actions of this dataset have no column "
		               "`text`; leave [encoder] out to use their numeric features",
		               name_of(role));
		return RHO_ENCODER;
	}
	if (!a && !x) {
		rho_buf_printf(
			why,
			"encoder %s has nothing to encode: neither actions nor contexts of this dataset "
			"have a column `text`; leave [encoder] out to use their numeric features",
			name_of(role));
		return RHO_ENCODER;
	}
	return rho_store_features(store, w, role->module, role->table, a, x, &s->action_emb, &s->context_emb,
	                          why)
	               ? RHO_ENCODER
	               : 0;
}

static int features(struct rho_stage *s, struct rho_world *world, const struct rho_role role[RHO_N_ROLES],
                    struct rho_store *store, bool actions_only, struct rho_buf *why)
{
	/* Shared by all cells, hence of no cell's seed or budget. */
	struct rho_world w = *world;
	char key[33];
	w.seed = 0;
	w.memory = w.used = 0;
	w.metric = NULL;
	if (role[RHO_DATASET].module) {
		s->tables = rho_store_tables(store, &w, role[RHO_DATASET].module, role[RHO_DATASET].table,
		                             key, why);
		if (!s->tables)
			return rho_store_unwritable(store) ? RHO_N_ROLES : RHO_DATASET;
		s->data = rho_tables_data(s->tables);
		own_features(s->data, RHO_ACTIONS, &s->action_own);
		own_features(s->data, RHO_CONTEXTS, &s->context_own);
	}
	if (!role[RHO_ENCODER].module || !embed(s, &w, &role[RHO_ENCODER], store, actions_only, why))
		return 0;
	return rho_store_unwritable(store) ? RHO_N_ROLES : RHO_ENCODER;
}

int rho_stage_features(struct rho_stage *s, struct rho_world *w, const struct rho_role role[RHO_N_ROLES],
                       struct rho_store *store, bool actions_only, struct rho_buf *why)
{
	int fault;
	*s = (struct rho_stage){ 0 };
	fault = features(s, w, role, store, actions_only, why);
	if (fault)
		rho_stage_close(s);
	return fault;
}

/* The same, opened by whichever stage comes first. Without a dataset there is nothing to share. */
static int borrow(struct rho_stage *s, struct rho_world *w, const struct rho_role role[RHO_N_ROLES],
                  struct rho_store *store, struct rho_stage *shared, struct rho_buf *why)
{
	int fault = shared->tables ? 0 : rho_stage_features(shared, w, role, store, false, why);
	if (fault)
		return fault;
	s->lent = shared;
	s->data = shared->data;
	return 0;
}

/* ---- env ---- */

static int env_tables(const struct rho_stage *s, const struct rho_role role[RHO_N_ROLES], struct rho_buf *why)
{
	uint32_t needs = role[RHO_ENV].module->plugin.env->flags;
	for (uint32_t t = 0; t < RHO_N_TABLES; t++)
		if (needs & 1u << t && !(s->data && s->data->table[t].n)) {
			rho_buf_printf(why, "env %s needs the table `%s`, and ", name_of(&role[RHO_ENV]),
			               table_name[t]);
			if (role[RHO_DATASET].module)
				rho_buf_printf(why, "dataset %s gives none with these parameters",
				               name_of(&role[RHO_DATASET]));
			else
				rho_buf_str(why, "the experiment has no [dataset]");
			return RHO_ENV;
		}
	return 0;
}

/* The env's own features: all there, and numbers. One pass over them; who made others has looked. */
static void own_matrix_sound(const struct rho_env_spec *e, const char *label, struct rho_buf *why)
{
	const struct rho_mat *m = e->action_mat;
	size_t row, col;
	if (m->rows < e->n_actions)
		rho_buf_printf(why, "%s, open: gives features for %zu of its %zu actions", label, m->rows,
		               e->n_actions);
	else if (!m->at || !m->cols || m->stride < m->cols)
		rho_buf_printf(why, "%s, open: gives features of %zu numbers, a row every %zu%s", label,
		               m->cols, m->stride, m->at ? "" : ", at NULL");
	else if (!rho_rows_finite(m, &row, &col))
		rho_buf_printf(why,
		               "%s, open: feature %zu of action %zu (from 0) is %g; features must be finite",
		               label, col, row, (double)m->at[row * m->stride + col]);
}

/* What an env declared about itself, against what the host can serve. */
static int env_sound(const struct rho_stage *s, struct rho_buf *why)
{
	const struct rho_env_spec *e = &s->env_spec;
	const char *label = s->env->label;
	size_t rows = s->data ? s->data->table[RHO_ACTIONS].n : 0;
	if (!e->n_actions || e->n_actions >= UINT32_MAX)
		rho_buf_printf(why, "%s, open: says there are %zu actions; 1 .. %u are possible", label,
		               e->n_actions, UINT32_MAX - 1);
	else if (rows && e->n_actions != rows && !e->action_mat)
		rho_buf_printf(why,
		               "%s, open: says there are %zu actions, and the dataset's table has %zu rows",
		               label, e->n_actions, rows);
	else if (!e->slate || e->slate > e->n_actions)
		rho_buf_printf(why, "%s: a slate of %zu among %zu actions; 1 .. %zu are possible", label,
		               e->slate, e->n_actions, e->n_actions);
	else if (e->obs > RHO_OBS_ROW_F32 || (rho_obs_has_numbers(e->obs) && !e->x_dim))
		rho_buf_printf(why, "%s, open: declares observations of kind %u with %zu numbers", label,
		               e->obs, e->x_dim);
	else if (rho_obs_has_row(e->obs) && !(s->data && s->data->table[RHO_CONTEXTS].n))
		rho_buf_printf(why, "%s observes rows of the table `contexts`, and the experiment has none",
		               label);
	else if (!isfinite(e->reward_lo) || !isfinite(e->reward_hi) || e->reward_lo > e->reward_hi)
		rho_buf_printf(why, "%s, open: declares rewards within %g .. %g", label, (double)e->reward_lo,
		               (double)e->reward_hi);
	else if (e->max_legal > e->n_actions || (e->max_legal && e->max_legal < e->slate))
		rho_buf_printf(why, "%s, open: says at most %zu actions are legal; %zu .. %zu are possible",
		               label, e->max_legal, e->slate, e->n_actions);
	else if (e->moving && (!e->action_mat || !e->max_legal || e->history))
		rho_buf_printf(why, "%s, open: its actions move, %s", label,
		               e->history ? "and what ids stood for is not told by `past`"
		                          : "and it gives no action_mat, or no max_legal, for them");
	else if (e->action_mat)
		own_matrix_sound(e, label, why);
	return why->len ? RHO_ENV : 0;
}

/* The rows of the tables, as far as they have features. */
static void given_features(const struct rho_stage *s, struct rho_env_spec *e)
{
	const struct rho_stage *f = s->lent ? s->lent : s;
	e->actions.mat = f->action_emb.mat.at ? &f->action_emb.mat : f->action_own.at ? &f->action_own : NULL;
	e->contexts.mat = f->context_emb.mat.at ? &f->context_emb.mat
	                  : f->context_own.at   ? &f->context_own
	                                        : NULL;
	e->actions.n = s->data ? s->data->table[RHO_ACTIONS].n : 0;
	e->contexts.n = s->data ? s->data->table[RHO_CONTEXTS].n : 0;
}

static int open_env(struct rho_stage *s, struct rho_world *w, const struct rho_role role[RHO_N_ROLES],
                    const struct rho_run *run, struct rho_buf *why)
{
	const struct rho_env *env = role[RHO_ENV].module->plugin.env;
	int e = env_tables(s, role, why);
	if (e)
		return e;
	s->env = rho_instance_new(w, role[RHO_ENV].module, role[RHO_ENV].table, 0, why);
	if (!s->env)
		return RHO_ENV;
	s->env_spec = (struct rho_env_spec){
		.data = s->data,
		.lanes = (size_t)run->lanes,
		.slate = 1,
		.horizon = 1,
	};
	given_features(s, &s->env_spec);
	rho_call_begin(s->env, "open", 0, true);
	e = rho_call_end(s->env, env->open(&s->env->ctx, s->env->self, &s->env_spec), why);
	s->env->opened = !e;
	s->oracle = env->oracle && s->env_spec.slate == 1; /* regret is of one action a decision */
	return e ? RHO_ENV : env_sound(s, why);
}

/* ---- codes ---- */

/* Why the actions are searched among as they are, or NULL. */
static const char *uncoded(const struct rho_stage *s, const struct rho_stage *own)
{
	if (!s->actions.mat)
		return "the actions have no features";
	if (s->actions.mat != &own->action_emb.mat)
		return s->env_spec.action_mat ? "the actions' features are the env's own"
		                              : "the actions' features are the dataset's own";
	return s->actions.mat->cols > RHO_CODES_MOST_COLS ? "a row of theirs is too long" : NULL;
}

/* `own` has the embedding; whoever comes first opens its codes. */
static int open_codes(struct rho_stage *s, struct rho_stage *own, struct rho_world *w,
                      const struct rho_run *run, struct rho_store *store, struct rho_buf *why)
{
	const char *reason = uncoded(s, own);
	w->codes = NULL;
	if (run->scan == RHO_CODE_F32)
		return 0;
	if (reason) {
		if (w->log_level <= RHO_INFO)
			fprintf(w->log ? w->log : stderr,
			        "run.scan = \"%s\": scan is f32: only what an encoder made is kept in fewer "
			        "bits, and %s\n",
			        rho_code_names[run->scan], reason);
		return 0;
	}
	if (!own->codes.map && rho_store_codes(store, w, &own->action_emb, run->scan, &own->codes, why))
		return RHO_N_ROLES;
	w->codes = &own->codes.codes;
	return 0;
}

/* ---- sampler and agent ---- */

/* The matrices that samplers and agents see. */
static void choose_features(struct rho_stage *s)
{
	const struct rho_env_spec *e = &s->env_spec;
	s->actions =
		(struct rho_rows){ .mat = e->action_mat ? e->action_mat : e->actions.mat, .n = e->n_actions };
	s->searched = s->actions;
	if (e->moving)
		s->searched.mat = NULL;
	if (rho_obs_has_row(e->obs))
		s->contexts = e->contexts.mat;
	s->x_dim = (s->contexts ? s->contexts->cols : 0) + (rho_obs_has_numbers(e->obs) ? e->x_dim : 0);
}

static int open_sampler(struct rho_stage *s, struct rho_world *w, const struct rho_role role[RHO_N_ROLES],
                        const struct rho_run *run, struct rho_buf *why)
{
	struct rho_sampler_spec spec = { .n_actions = s->env_spec.n_actions,
		                         .x_dim = s->x_dim,
		                         .actions = s->searched,
		                         .lanes = (size_t)run->lanes,
		                         .slate = s->env_spec.slate };
	const struct rho_sampler *sampler;
	int e;
	s->sampled = (struct rho_sampler_info){ .law = RHO_LAW_ALL };
	if (!role[RHO_SAMPLER].module)
		return 0;
	sampler = role[RHO_SAMPLER].module->plugin.sampler;
	s->sampler = rho_instance_new(w, role[RHO_SAMPLER].module, role[RHO_SAMPLER].table, 0, why);
	if (!s->sampler)
		return RHO_SAMPLER;
	s->sampled = (struct rho_sampler_info){ 0 };
	rho_call_begin(s->sampler, "open", 0, true);
	e = rho_call_end(s->sampler, sampler->open(&s->sampler->ctx, s->sampler->self, &spec, &s->sampled),
	                 why);
	s->sampler->opened = !e;
	if (e)
		return RHO_SAMPLER;
	if (s->sampled.law == RHO_LAW_ALL)
		return 0;
	if (s->sampled.law > RHO_LAW_UNIFORM || !sampler->draw)
		rho_buf_printf(why, "%s, open: declares law %u%s", s->sampler->label, s->sampled.law,
		               sampler->draw ? "" : " but has no draw");
	else if (s->sampled.wants & ~(uint32_t)RHO_WANTS_QUERY)
		rho_buf_printf(why, "%s, open: wants %#x, and the host knows only %#x", s->sampler->label,
		               s->sampled.wants, (unsigned)RHO_WANTS_QUERY);
	else if (s->sampled.wants & RHO_WANTS_QUERY && s->env_spec.moving)
		rho_buf_printf(why,
		               "sampler %s searches among the actions' features, and those of env %s change "
		               "from decision to decision; use the sampler `uniform`, or none",
		               name_of(&role[RHO_SAMPLER]), name_of(&role[RHO_ENV]));
	else if (s->sampled.wants & RHO_WANTS_QUERY && !s->actions.mat)
		rho_buf_printf(why,
		               "sampler %s searches among the actions' features, and there are none: add an "
		               "[encoder] for the actions' text, or use a dataset with a column `features`",
		               name_of(&role[RHO_SAMPLER]));
	else if (s->sampled.max_k > spec.n_actions)
		rho_buf_printf(why,
		               "%s: %zu candidates a decision are asked for, and there are %zu actions; "
		               "1 .. %zu are possible",
		               s->sampler->label, s->sampled.max_k, spec.n_actions, spec.n_actions);
	else if (s->sampled.max_k < spec.slate)
		rho_buf_printf(why, "%s: gives at most %zu candidates, and a decision wants a slate of %zu",
		               s->sampler->label, s->sampled.max_k, spec.slate);
	return why->len ? RHO_SAMPLER : 0;
}

/* What the agent's flags ask for that only open plugins and data can tell. */
static int agent_served(const struct rho_stage *s, const struct rho_role role[RHO_N_ROLES],
                        struct rho_buf *why)
{
	uint32_t needs = role[RHO_AGENT].module->plugin.agent->flags;
	const char *agent = name_of(&role[RHO_AGENT]), *env = name_of(&role[RHO_ENV]);
	if (needs & RHO_NEEDS_X && !s->x_dim && rho_obs_has_row(s->env_spec.obs))
		rho_buf_printf(
			why,
			"agent %s needs contexts as numbers, and those of this dataset are not: add an "
			"[encoder] for their text, or a column `features`",
			agent);
	else if (needs & RHO_NEEDS_X && !s->x_dim)
		rho_buf_printf(why, "agent %s needs contexts, and env %s has none", agent, env);
	else if (needs & RHO_NEEDS_FEATURES && !s->actions.mat)
		rho_buf_printf(why,
		               "agent %s needs action features, and there are none: add an [encoder] for the "
		               "actions' text, or use a dataset with a column `features`",
		               agent);
	else if (needs & RHO_KEEPS_ACTIONS && s->env_spec.moving)
		rho_buf_printf(why,
		               "agent %s remembers what each action was worth, and the actions of env %s are "
		               "others at each decision; use an agent that learns from features alone",
		               agent, env);
	else if (s->env_spec.slate > 1 && !(needs & RHO_DOES_SLATES))
		rho_buf_printf(why, "agent %s picks one action a decision, and env %s wants %zu", agent, env,
		               s->env_spec.slate);
	else if (s->sampled.wants & RHO_WANTS_QUERY && !role[RHO_AGENT].module->plugin.agent->query)
		rho_buf_printf(why,
		               "sampler %s searches for what the agent looks for, and agent %s cannot say "
		               "what that is (it has no `query`); use another agent, or a sampler that does "
		               "not ask it (where the sampler has the parameter: query = \"context\")",
		               name_of(&role[RHO_SAMPLER]), agent);
	return why->len ? RHO_AGENT : 0;
}

/* `trained`: see rho_stage_open_as. */
static int open_agent(struct rho_stage *s, struct rho_world *w, const struct rho_role role[RHO_N_ROLES],
                      const struct rho_run *run, const struct rho_spec *trained, struct rho_buf *why)
{
	const struct rho_agent *agent = role[RHO_AGENT].module->plugin.agent;
	const struct rho_env_spec *env = &s->env_spec;
	int e = agent_served(s, role, why);
	if (e)
		return e;
	s->spec = (struct rho_spec){
		.n_actions = env->n_actions,
		.x_dim = s->x_dim,
		.action_dim = s->actions.mat ? s->actions.mat->cols : 0,
		.lanes = (size_t)run->lanes,
		.slate = env->slate,
		.max_cand = s->sampled.law != RHO_LAW_ALL ? s->sampled.max_k
		            : env->max_legal              ? env->max_legal
		                                          : env->n_actions,
		.history = env->history,
		.moving = env->moving,
		.data = s->data,
		.reward_lo = trained ? trained->reward_lo : env->reward_lo,
		.reward_hi = trained ? trained->reward_hi : env->reward_hi,
		.horizon = trained ? trained->horizon : env->horizon,
	};
	s->agent = rho_instance_new(w, role[RHO_AGENT].module, role[RHO_AGENT].table, 0, why);
	if (!s->agent)
		return RHO_AGENT;
	s->ranks = agent->rank;
	if (agent->open) {
		rho_call_begin(s->agent, "open", 0, true);
		e = rho_call_end(s->agent, agent->open(&s->agent->ctx, s->agent->self, &s->spec), why);
	}
	s->agent->opened = !e;
	if (!e && agent->extension)
		s->softmax = agent->extension(&s->agent->ctx, s->agent->self, RHO_EXT_SOFTMAX);
	return e ? RHO_AGENT : 0;
}

int rho_stage_open(struct rho_stage *s, struct rho_world *w, const struct rho_role role[RHO_N_ROLES],
                   const struct rho_run *run, struct rho_store *store, struct rho_stage *shared,
                   struct rho_buf *why)
{
	return rho_stage_open_as(s, w, role, run, store, shared, NULL, why);
}

int rho_stage_open_as(struct rho_stage *s, struct rho_world *w, const struct rho_role role[RHO_N_ROLES],
                      const struct rho_run *run, struct rho_store *store, struct rho_stage *shared,
                      const struct rho_spec *trained, struct rho_buf *why)
{
	int fault;
	*s = (struct rho_stage){ 0 };
	fault = shared ? borrow(s, w, role, store, shared, why) : features(s, w, role, store, false, why);
	if (!fault) {
		rho_buf_clear(why); /* the checks below tell by its length */
		fault = open_env(s, w, role, run, why);
	}
	if (!fault) {
		choose_features(s);
		fault = open_codes(s, shared ? shared : s, w, run, store, why);
	}
	if (!fault)
		fault = open_sampler(s, w, role, run, why);
	if (!fault)
		fault = open_agent(s, w, role, run, trained, why);
	if (fault)
		rho_stage_close(s);
	return fault;
}

void rho_stage_close(struct rho_stage *s)
{
	struct rho_instance *const opened[] = { s->agent, s->sampler, s->env };
	for (size_t i = 0; i < sizeof opened / sizeof *opened; i++)
		if (opened[i])
			rho_instance_free(opened[i]);
	rho_stored_codes_close(&s->codes);
	if (s->action_emb.map)
		rho_embedding_close(&s->action_emb);
	if (s->context_emb.map)
		rho_embedding_close(&s->context_emb);
	if (s->tables)
		rho_tables_free(s->tables);
	*s = (struct rho_stage){ 0 };
}
