/* gap.c: what a uniform sample of the actions loses of the reward, from what an env's oracle says of
 * decisions. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../run/workers.h"
#include "scale.h"

/* Where a gap is wanted: every point of a scale. */
static size_t points(struct rho_scale *s, struct rho_scale_point **out)
{
	size_t n = 0;
	for (size_t i = 0; i < s->n_k; i++)
		out[n++] = &s->at[i];
	for (size_t i = 0; i < RHO_PASSES; i++)
		if (s->even[i].k)
			out[n++] = &s->even[i];
	return n;
}

static int greatest_first(const void *a, const void *b)
{
	const double *x = a, *y = b;
	return (*x < *y) - (*x > *y);
}

void rho_scale_static_gap(struct rho_scale *s, const double *reward)
{
	struct rho_scale_point **at = rho_xcalloc(s->n_k + RHO_PASSES, sizeof *at);
	double *best = rho_xmalloc((s->rows + 1) * sizeof *best); /* (rows) the greatest first */
	size_t n = points(s, at);
	memcpy(best, reward, s->rows * sizeof *best);
	qsort(best, s->rows, sizeof *best, greatest_first);
	for (size_t i = 0; i < n; i++)
		at[i]->gap = best[0] - rho_expected_max_sorted(best, s->rows, at[i]->k);
	s->gap.best = best[0];
	free(best);
	free(at);
}

/* ---- an env, played at random ---- */

struct play {
	const struct rho_subject *subject;
	struct rho_registry *registry;
	struct rho_cell_page *page; /* shared: whom to blame, how far it is */
	const struct rho_waiting *wait;
	size_t decisions, n; /* n: points */
	uint64_t seed;
	const size_t *k; /* (n) */
	/* in the child */
	struct rho_instance *env;
	struct rho_env_spec spec;
	struct rho_obs obs, last;
	uint32_t *action; /* (n_actions) those asked of the oracle */
	float *mean;      /* (n_actions) */
	double *reward;   /* (n_actions) falling */
	double *sums;     /* (2 n + 1) of the gaps, of their squares, of the best rewards */
};

static void make_obs(struct rho_obs *o, const struct rho_env_spec *e)
{
	o->x = rho_xcalloc(e->x_dim + 1, sizeof *o->x);
	o->row = rho_xcalloc(1, sizeof *o->row);
	o->reward = rho_xcalloc(1, sizeof *o->reward);
	o->item_reward = rho_xcalloc(e->slate, sizeof *o->item_reward);
	o->end = rho_xcalloc(1, sizeof *o->end);
}

static void clear_obs(struct rho_obs *o, struct rho_obs *last, const struct rho_env_spec *e)
{
	memset(o->x, 0, e->x_dim * sizeof *o->x);
	o->row[0] = 0;
	o->reward[0] = 0;
	memset(o->item_reward, 0, e->slate * sizeof *o->item_reward);
	o->end[0] = 0;
	o->legal = NULL;
	o->legal_off = NULL;
	o->last = last;
}

/* Asks of every legal action of the decision now posed. The number of those; 0 after an error. */
static size_t ask(struct play *p, struct rho_buf *why)
{
	const struct rho_env *env = p->env->module->plugin.env;
	const uint32_t *legal = p->obs.legal_off ? p->obs.legal + p->obs.legal_off[0] : NULL;
	size_t n = legal ? p->obs.legal_off[1] - p->obs.legal_off[0] : p->spec.n_actions, off[2] = { 0, n };
	float best;
	if (!n || n > p->spec.n_actions) {
		rho_buf_printf(why, "%s: poses a decision with %zu legal actions", p->env->label, n);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		p->action[i] = legal ? legal[i] : (uint32_t)i;
	rho_call_begin(p->env, "oracle", 0, false);
	if (rho_call_end(p->env, env->oracle(&p->env->ctx, p->env->self, p->action, off, p->mean, &best),
	                 why))
		return 0;
	for (size_t i = 0; i < n; i++)
		p->reward[i] = (double)p->mean[i];
	return n;
}

static int step(struct play *p, uint32_t action, struct rho_buf *why)
{
	const struct rho_env *env = p->env->module->plugin.env;
	clear_obs(&p->last, NULL, &p->spec);
	clear_obs(&p->obs, &p->last, &p->spec);
	rho_call_begin(p->env, "step", 0, false);
	return rho_call_end(p->env, env->step(&p->env->ctx, p->env->self, &action, &p->obs), why);
}

static int play_on(struct play *p, struct rho_buf *why)
{
	struct rho_rng rng = { { p->seed + 1, 2, 3, 4 } };
	for (size_t t = 0; t < p->decisions; t++) {
		double done = (double)t / (double)p->decisions;
		size_t n = ask(p, why);
		if (!n)
			return 2;
		uint32_t action = p->action[rho_below(&rng, (uint32_t)n)];
		qsort(p->reward, n, sizeof *p->reward, greatest_first);
		p->sums[2 * p->n] += p->reward[0];
		for (size_t i = 0; i < p->n; i++) {
			size_t k = p->k[i] < n ? p->k[i] : n;
			double gap = p->reward[0] - rho_expected_max_sorted(p->reward, n, k);
			p->sums[i] += gap;
			p->sums[p->n + i] += gap * gap;
		}
		__atomic_store(&p->page->progress, &done, __ATOMIC_RELAXED);
		if (t + 1 < p->decisions && step(p, action, why))
			return 2;
	}
	return 0;
}

static int open_env(struct play *p, struct rho_world *w, struct rho_buf *why)
{
	const struct rho_role *role = &p->subject->role[RHO_ENV];
	const struct rho_env *env = role->module->plugin.env;
	const struct rho_data *data = p->subject->stage.data;
	for (uint32_t t = 0; t < RHO_N_TABLES; t++)
		if (env->flags & 1u << t && !data->table[t].n) {
			rho_buf_printf(
				why,
				"env %s needs a table that dataset %s does not give with these parameters",
				role->module->plugin.name, p->subject->role[RHO_DATASET].module->plugin.name);
			return 2;
		}
	p->env = rho_instance_new(w, role->module, role->table, 0, why);
	if (!p->env)
		return 2;
	p->spec = (struct rho_env_spec){ .data = data, .lanes = 1, .slate = 1, .horizon = 1 };
	rho_call_begin(p->env, "open", 0, true);
	if (rho_call_end(p->env, env->open(&p->env->ctx, p->env->self, &p->spec), why))
		return 2;
	p->env->opened = true;
	if (p->spec.slate != 1 || p->spec.n_actions != p->subject->rows.rows) {
		rho_buf_printf(
			why,
			"%s: chooses %zu of %zu actions a decision, and the dataset has %zu rows; one of "
			"these is wanted",
			p->env->label, p->spec.slate, p->spec.n_actions, p->subject->rows.rows);
		return 2;
	}
	return 0;
}

/* In the child: the sums, as they lie in memory; or the exit status with a sentence. */
static int play(void *arg, struct rho_buf *out)
{
	struct play *p = arg;
	struct rho_world w = { .registry = p->registry,
		               .seed = p->seed,
		               .threads = 1,
		               .log_level = RHO_WARN,
		               .last_call = &p->page->call };
	struct rho_buf why = { 0 };
	int status = open_env(p, &w, &why);
	if (!status) {
		size_t n = p->spec.n_actions;
		make_obs(&p->obs, &p->spec);
		make_obs(&p->last, &p->spec);
		p->action = rho_xcalloc(n, sizeof *p->action);
		p->mean = rho_xcalloc(n, sizeof *p->mean);
		p->reward = rho_xcalloc(n, sizeof *p->reward);
		p->sums = rho_xcalloc(2 * p->n + 1, sizeof *p->sums);
		clear_obs(&p->obs, NULL, &p->spec);
		rho_call_begin(p->env, "reset", 0, false);
		if (rho_call_end(p->env,
		                 p->env->module->plugin.env->reset(&p->env->ctx, p->env->self, &p->obs),
		                 &why))
			status = 2;
	}
	if (!status)
		status = play_on(p, &why);
	if (status)
		rho_buf_str(out, why.at ? why.at : "failed without a word");
	else
		rho_buf_add(out, p->sums, (2 * p->n + 1) * sizeof *p->sums);
	return status;
}

static void show(void *arg)
{
	struct play *p = arg;
	double done;
	__atomic_load(&p->page->progress, &done, __ATOMIC_RELAXED);
	if (p->wait->said)
		p->wait->said(p->wait->arg, "asking the env's oracle", done);
}

static void fill(struct rho_scale *s, struct rho_scale_point **at, size_t n, size_t decisions,
                 const double *sums)
{
	double m = (double)decisions;
	for (size_t i = 0; i < n; i++) {
		double mean = sums[i] / m, spread = sums[n + i] / m - mean * mean;
		at[i]->gap = mean;
		at[i]->error = decisions > 1 ? sqrt((spread > 0 ? spread : 0) / (m - 1)) : NAN;
	}
	s->gap.decisions = decisions;
	s->gap.best = sums[2 * n] / m;
}

int rho_scale_env_gap(struct rho_scale *s, const struct rho_subject *subject, struct rho_registry *registry,
                      size_t decisions, uint64_t seed, const struct rho_waiting *wait, struct rho_buf *why)
{
	struct rho_scale_point **at = rho_xcalloc(s->n_k + RHO_PASSES, sizeof *at);
	struct play p = {
		.subject = subject, .registry = registry, .wait = wait, .decisions = decisions, .seed = seed
	};
	struct rho_buf text = { 0 };
	sigset_t none;
	int fd, code, rc = -1;
	if (!subject->role[RHO_ENV].module->plugin.env->oracle) {
		free(at);
		return 1;
	}
	size_t *k = rho_xcalloc(s->n_k + RHO_PASSES, sizeof *k);
	p.n = points(s, at);
	for (size_t i = 0; i < p.n; i++)
		k[i] = at[i]->k;
	p.k = k;
	p.page = rho_page_new(&fd, why);
	if (p.page) {
		sigemptyset(&none);
		code = rho_in_child(play, &p, &none, show, &p, &text);
		if (code < 0) {
			rho_buf_clear(&text);
			rho_blame(why, -code, &p.page->call);
		} else if (code) {
			rho_buf_str(why, text.at ? text.at : "failed without a word");
		} else if (text.len == (2 * p.n + 1) * sizeof(double)) {
			double *sums = rho_xmalloc(text.len);
			memcpy(sums, text.at, text.len);
			fill(s, at, p.n, decisions, sums);
			free(sums);
			rc = 0;
		} else {
			rho_buf_str(why, "the env's process ended early");
		}
		rho_page_free(p.page, fd);
	}
	rho_buf_free(&text);
	free(k);
	free(at);
	return rc;
}
