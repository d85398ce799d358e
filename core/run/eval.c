/* eval.c: evaluations: second instances opened beside a cell's, and their episodes counted. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../config/eval.h"
#include "eval.h"
#include "twin.h"

/* Decisions after which an episode is taken for one without an end. */
static const uint64_t most_decisions = 10000000;

enum { IDLE = -1 };

struct lane {            /* the episode it plays */
	int64_t episode; /* its number; IDLE: there are none left */
	uint64_t length;
	double sum;
	uint32_t context;
};

struct episode {
	double sum;
	uint64_t length;
	float reward; /* the last */
	uint32_t context;
	uint8_t end;
};

struct evaluation {
	const struct rho_eval *how;
	struct rho_cell_spec spec; /* the cell's with this evaluation's roles and lanes; owns nothing */
	struct rho_play play;      /* what the loop works on: stage, poses, buffers, metrics */
	bool opened;
	struct rho_buf env_kept, sampler_kept;       /* after the reset */
	struct rho_buf env_world, sampler_world;     /* streams as opened */
	struct rho_buf env_streams, sampler_streams; /* after the reset */
	struct rho_buf agent_streams;                /* as opened */
	struct rho_buf pose;                         /* the first decisions */
	struct lane *lane;                           /* (lanes) */
	struct episode *episode;                     /* (how->episodes) */
	int64_t next;                                /* episode to begin */
	uint64_t ended;
	uint64_t made;   /* 1 and the step of the last one made; 0: none */
	uint64_t length; /* of the episode file, in the checkpoint */
	struct rho_out out;
};

struct rho_evals {
	struct evaluation *at; /* (n) */
	size_t n;
};

/* ---- opening ---- */

/* Whether the agent can decide here as it does in training. Ids that move stand for nothing, so that there
 * may be more or fewer of them: an env may have some for each lane. */
static bool same_task(const struct rho_spec *train, const struct rho_spec *here, struct rho_buf *why)
{
	const struct {
		const char *what;
		size_t train, here;
	} all[] = {
		{ "numbers a context", train->x_dim, here->x_dim },
		{ "numbers an action", train->action_dim, here->action_dim },
		{ "actions a decision", train->slate, here->slate },
		{ "entries of history", train->history, here->history },
		{ "actions", train->n_actions, here->n_actions },
	};
	size_t n = sizeof all / sizeof *all - (train->moving && here->moving);
	if (train->moving != here->moving) {
		rho_buf_str(
			why,
			"the actions of one env are the same all the time, and those of the other are not");
		return false;
	}
	for (size_t i = 0; i < n; i++)
		if (all[i].train != all[i].here) {
			rho_buf_printf(
				why,
				"the agent learns with %zu %s and would be evaluated with %zu; leave out "
				"what changes that",
				all[i].train, all[i].what, all[i].here);
			return false;
		}
	return true;
}

static bool fits(struct rho_play *c, const struct evaluation *v, struct rho_buf *why)
{
	if (!same_task(&c->stage.spec, &v->play.stage.spec, why))
		return false;
	if (rho_twin_fits(c->stage.agent, v->play.stage.agent, why))
		return true;
	rho_buf_printf(why,
	               "; it cannot go on from what it has learned: evaluate with lanes = %zu and the "
	               "training's sampler",
	               c->stage.spec.lanes);
	return false;
}

/* Streams of its own, the first decisions, and a copy of the state they are posed in. */
static int begin_episodes(struct evaluation *v)
{
	struct rho_play *p = &v->play;
	struct rho_instance *env = p->stage.env, *sampler = p->stage.sampler;
	int e;
	rho_twin_take_streams(env, &v->env_world);
	rho_twin_reseed(env, v->how->name);
	rho_twin_take_streams(p->stage.agent, &v->agent_streams);
	if (sampler) {
		rho_twin_take_streams(sampler, &v->sampler_world);
		rho_twin_reseed(sampler, v->how->name);
	}
	if ((e = rho_cell_reset(p)))
		return e;
	rho_twin_take_kept(env, &v->env_kept);
	rho_twin_take_streams(env, &v->env_streams);
	if (sampler) {
		rho_twin_take_kept(sampler, &v->sampler_kept);
		rho_twin_take_streams(sampler, &v->sampler_streams);
	}
	rho_pose_save(p->now, &p->stage, &v->pose);
	return 0;
}

static int open_one(struct rho_play *c, struct evaluation *v, const struct rho_eval *how, size_t used,
                    struct rho_buf *why)
{
	struct rho_play *p = &v->play;
	struct rho_stage *tables = c->opt->shared ? c->opt->shared : c->stage.tables ? &c->stage : NULL;
	int fault;
	v->how = how;
	v->spec = *c->spec;
	v->spec.run.lanes = how->lanes;
	v->spec.run.log = RHO_LOG_NONE;
	if (how->env.module)
		v->spec.role[RHO_ENV] = how->env;
	if (how->sampler.module)
		v->spec.role[RHO_SAMPLER] = how->sampler;
	p->spec = &v->spec;
	p->opt = c->opt;
	p->of = c;
	p->why = why;
	p->world = c->world;
	p->world.used = used;
	p->world.arg = p;
	fault = rho_stage_open_as(&p->stage, &p->world, v->spec.role, &v->spec.run, c->opt->store, tables,
	                          &c->stage.spec, why);
	if (fault)
		return fault;
	v->opened = true;
	if (!fits(c, v, why))
		return RHO_AGENT;
	rho_cell_buffers(p);
	for (size_t i = 0; i < 3; i++)
		p->pose[i].batch.flags = how->greedy ? RHO_GREEDY : 0;
	if (rho_cell_measure_init(p))
		return RHO_ENV;
	v->lane = rho_xcalloc(how->lanes, sizeof *v->lane);
	v->episode = rho_xcalloc(how->episodes, sizeof *v->episode);
	return begin_episodes(v) ? RHO_ENV : 0;
}

int rho_evals_open(struct rho_play *c)
{
	size_t used = c->world.used;
	int fault = 0;
	if (!c->spec->n_evals)
		return 0;
	c->evals = rho_xcalloc(1, sizeof *c->evals);
	c->evals->at = rho_xcalloc(c->spec->n_evals, sizeof *c->evals->at);
	for (size_t i = 0; i < c->spec->n_evals && !fault; i++) {
		struct evaluation *v = &c->evals->at[c->evals->n++];
		struct rho_buf why = { 0 };
		fault = open_one(c, v, &c->spec->eval[i], used, &why);
		if (fault)
			rho_buf_printf(c->why, "eval.%s: %s", c->spec->eval[i].name, why.len ? why.at : "");
		used = v->play.world.used;
		v->play.why = c->why;
		rho_buf_free(&why);
	}
	return fault;
}

static void close_one(struct evaluation *v)
{
	struct rho_buf *const all[] = { &v->env_kept,      &v->sampler_kept, &v->env_world,
		                        &v->sampler_world, &v->env_streams,  &v->sampler_streams,
		                        &v->agent_streams, &v->pose };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		rho_buf_free(all[i]);
	if (v->opened) {
		rho_cell_buffers_free(&v->play);
		rho_cell_measure_free(&v->play);
		rho_stage_close(&v->play.stage);
	}
	rho_out_close(&v->out);
	free(v->lane);
	free(v->episode);
}

void rho_evals_close(struct rho_play *c)
{
	for (size_t i = 0; c->evals && i < c->evals->n; i++)
		close_one(&c->evals->at[i]);
	if (c->evals)
		free(c->evals->at);
	free(c->evals);
	c->evals = NULL;
}

int rho_evals_rehearse(const struct rho_cell_spec *spec, const struct rho_world *world,
                       struct rho_stage *opened, struct rho_store *store, struct rho_buf *why)
{
	struct rho_play *c = rho_xcalloc(1, sizeof *c);
	struct rho_cell_options opt = { .store = store, .registry = world->registry };
	int fault;
	c->spec = spec;
	c->opt = &opt;
	c->why = why;
	c->world = *world;
	c->world.metric = NULL; /* they would ask for a cell */
	c->world.progress = NULL;
	c->stage = *opened; /* lent: the caller closes it */
	fault = rho_evals_open(c);
	rho_evals_close(c);
	*opened = c->stage; /* which may have been given codes */
	free(c);
	return fault;
}

/* ---- playing ---- */

static int loaded(struct rho_play *p, struct rho_instance *i, int (*slot)(struct rho_ctx *, void *))
{
	if (!slot)
		return 0;
	rho_call_begin(i, "loaded", p->step, false);
	return rho_call_end(i, slot(&i->ctx, i->self), p->why);
}

/* Everything as it was after the reset, but for what the agent has learned since. What `loaded` derives, it
 * may derive from streams as they were when the instance was opened. */
static int restore(struct rho_play *c, struct evaluation *v)
{
	struct rho_play *p = &v->play;
	struct rho_instance *env = p->stage.env, *sampler = p->stage.sampler, *agent = p->stage.agent;
	struct rho_unpack u = { (const unsigned char *)v->pose.at, v->pose.len, false };
	int e;
	rho_twin_put_kept(env, &v->env_kept);
	rho_twin_put_streams(env, &v->env_world);
	if ((e = loaded(p, env, env->module->plugin.env->loaded)))
		return e;
	rho_twin_put_streams(env, &v->env_streams);
	if (sampler) {
		rho_twin_put_kept(sampler, &v->sampler_kept);
		rho_twin_put_streams(sampler, &v->sampler_world);
		if ((e = loaded(p, sampler, sampler->module->plugin.sampler->loaded)))
			return e;
		rho_twin_put_streams(sampler, &v->sampler_streams);
	}
	rho_twin_copy(c->stage.agent, agent);
	rho_twin_put_streams(agent, &v->agent_streams);
	if ((e = loaded(p, agent, agent->module->plugin.agent->loaded)))
		return e;
	memset(p->tick, 0, p->stage.spec.lanes * sizeof *p->tick);
	if (!rho_pose_load(p->now, &p->stage, &u) || u.left) {
		rho_buf_printf(p->why, "%s, loaded: the first decisions cannot be posed again", env->label);
		return RHO_EBUG;
	}
	return rho_pose_draw(p->now, &p->stage, p->tick, p->step, &p->marks, p->why);
}

/* The lane's next episode, in the order in which lanes ask: which episodes count does not depend on how long
 * they take. */
static void next_episode(struct evaluation *v, struct lane *l)
{
	bool any = (uint64_t)v->next < v->how->episodes;
	*l = (struct lane){ .episode = any ? v->next++ : IDLE };
}

static void end_episode(struct evaluation *v, struct lane *l, float reward, uint8_t end)
{
	struct rho_metrics *m = &v->play.metrics;
	v->episode[l->episode] = (struct episode){ l->sum, l->length, reward, l->context, end };
	v->ended++;
	rho_metrics_named(m, "episode", "return", l->sum);
	rho_metrics_named(m, "episode", "length", (double)l->length);
	rho_metrics_named(m, "episode", "terminated", end == RHO_TERMINATED);
	next_episode(v, l);
}

static int account(struct evaluation *v)
{
	struct rho_play *p = &v->play;
	for (size_t i = 0; i < p->stage.spec.lanes; i++) {
		struct lane *l = &v->lane[i];
		float reward = p->obs.reward[i];
		uint8_t end = p->stage.env_spec.horizon == 1 ? RHO_TERMINATED : p->obs.end[i];
		if (l->episode == IDLE)
			continue;
		rho_metrics_add(&p->metrics, (double)reward, p->truth ? &p->truth[i] : NULL, p->now->row[i]);
		if (!l->length++)
			l->context = p->now->row[i];
		l->sum += (double)reward;
		if (end != RHO_RUNNING) {
			end_episode(v, l, reward, end);
		} else if (l->length == most_decisions) {
			rho_buf_printf(
				p->why,
				"eval.%s: an episode of %s has not ended after %llu decisions; let the "
				"env end its episodes, with a parameter in env = { … } perhaps",
				v->how->name, p->stage.env->label, (unsigned long long)l->length);
			return RHO_EINVAL;
		}
	}
	return 0;
}

static int batch(struct evaluation *v)
{
	struct rho_play *p = &v->play;
	struct rho_pose *posed = p->now;
	int e;
	if ((e = rho_cell_act(p)) ||
	    (e = rho_check_choice(&p->stage, &posed->batch, &p->choice, p->at, p->why)) ||
	    (p->stage.oracle && (e = rho_cell_truth(p))) || (e = rho_cell_step(p)))
		return e;
	for (size_t i = 0; i < p->stage.spec.lanes; i++)
		p->tick[i]++;
	if ((e = rho_pose_take(p->next, &p->stage, &p->obs, "step", &p->marks, p->why)) ||
	    (e = rho_pose_draw(p->next, &p->stage, p->tick, p->step, &p->marks, p->why)) || (e = account(v)))
		return e;
	p->now = p->next;
	p->next = posed;
	return 0;
}

/* A window that knows nothing of earlier evaluations, not even names: a cell that goes on from a checkpoint
 * has not made them. The episodes' own numbers come first, so that a plugin's of the same name is called
 * KIND.name. */
static void start_metrics(struct rho_metrics *m)
{
	static const char *const own[] = { "return", "length", "terminated" };
	const struct rho_column *group = m->group;
	bool oracle = m->oracle;
	rho_metrics_free(m);
	rho_metrics_init(m, oracle, group);
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		rho_metrics_named(m, "episode", own[i], NAN); /* is noted and counts as nothing */
}

static int play(struct rho_play *c, struct evaluation *v)
{
	int e = 0;
	v->play.step = c->step;
	v->next = 0;
	v->ended = 0;
	if ((e = restore(c, v)))
		return e;
	start_metrics(&v->play.metrics);
	for (size_t i = 0; i < v->play.stage.spec.lanes; i++)
		next_episode(v, &v->lane[i]);
	while (!e && v->ended < v->how->episodes)
		e = *c->opt->stopping ? RHO_ESTOP : batch(v);
	return e;
}

/* ---- writing ---- */

static void put_episodes(const struct rho_play *c, struct evaluation *v)
{
	struct rho_buf *b = &v->out.pending;
	for (uint64_t i = 0; i < v->how->episodes; i++) {
		const struct episode *e = &v->episode[i];
		rho_buf_printf(b, "{\"step\": %llu, \"episode\": %llu, \"context\": ",
		               (unsigned long long)c->step, (unsigned long long)i);
		if (rho_obs_has_row(v->play.stage.env_spec.obs))
			rho_buf_printf(b, "%u", e->context);
		else
			rho_buf_str(b, "null");
		rho_buf_str(b, ", \"return\": ");
		rho_put_double(b, e->sum);
		rho_buf_str(b, ", \"reward\": ");
		rho_put_float(b, e->reward);
		rho_buf_printf(b, ", \"length\": %llu, \"end\": \"%s\"}\n", (unsigned long long)e->length,
		               e->end == RHO_TERMINATED ? "terminated" : "truncated");
	}
}

/* One record of its own, marked as this evaluation's, and the same for reporters. */
static void put_record(struct rho_play *c, struct evaluation *v)
{
	struct rho_play *p = &v->play;
	struct rho_buf *b = &c->out.pending;
	size_t n;
	struct rho_metric *m = rho_metrics_record(&p->metrics, c->step, &p->line, &p->names, &n);
	rho_buf_printf(b, "{\"step\": %llu, \"eval\": ", (unsigned long long)c->step);
	rho_put_json_str(b, v->how->name, strlen(v->how->name));
	for (size_t i = 0; i < n; i++) {
		m[i].name = rho_xprintf("%s.%s", v->how->name, m[i].name);
		rho_buf_str(b, ", ");
		rho_put_json_str(b, m[i].name, strlen(m[i].name));
		rho_buf_str(b, ": ");
		rho_put_double(b, m[i].value);
	}
	rho_buf_str(b, "}\n");
	rho_cell_report(c, m, n);
	for (size_t i = 0; i < n; i++)
		free((char *)(uintptr_t)m[i].name);
	free(m);
}

int rho_evals_run(struct rho_play *c)
{
	double began = rho_cell_clock(c);
	int e = 0;
	for (size_t i = 0; c->evals && i < c->evals->n && !e; i++) {
		struct evaluation *v = &c->evals->at[i];
		if (v->made == c->step + 1 || !rho_eval_due(v->how, &c->spec->run, c->step))
			continue;
		if ((e = play(c, v)))
			break;
		v->made = c->step + 1;
		put_record(c, v);
		if (v->out.path)
			put_episodes(c, v);
		if (rho_out_flush(&v->out, false, c->why) || rho_out_flush(&c->out, false, c->why))
			e = RHO_EIO;
	}
	c->spent.since += rho_cell_clock(c) - began; /* the training's rate is of its own time */
	return e;
}

/* ---- files and checkpoints ---- */

int rho_evals_open_logs(struct rho_play *c)
{
	int e = 0;
	for (size_t i = 0; c->evals && i < c->evals->n && !e; i++) {
		struct evaluation *v = &c->evals->at[i];
		char *path = rho_xprintf("%s/eval-%s.jsonl", c->opt->dir, v->how->name);
		if (v->how->log)
			e = rho_out_open(&v->out, path, v->length, c->why);
		if (e == 1)
			rho_buf_printf(c->why, "%s is shorter than the %llu bytes the checkpoint knows of",
			               path, (unsigned long long)v->length);
		free(path);
	}
	for (size_t i = 0; c->evals && i < c->evals->n && e; i++)
		rho_out_close(&c->evals->at[i].out);
	return e;
}

int rho_evals_flush(struct rho_play *c, bool sync)
{
	for (size_t i = 0; c->evals && i < c->evals->n; i++)
		if (rho_out_flush(&c->evals->at[i].out, sync, c->why))
			return -1;
	return 0;
}

void rho_evals_save(const struct rho_play *c, struct rho_buf *b)
{
	for (size_t i = 0; c->evals && i < c->evals->n; i++) {
		rho_pack_u64(b, c->evals->at[i].made);
		rho_pack_u64(b, c->evals->at[i].out.length);
	}
}

bool rho_evals_load(struct rho_play *c, struct rho_unpack *u)
{
	for (size_t i = 0; c->evals && i < c->evals->n; i++) {
		struct evaluation *v = &c->evals->at[i];
		v->made = rho_unpack_u64(u);
		v->length = rho_unpack_u64(u);
		u->bad |= v->made > c->step + 1;
	}
	return !u->bad;
}

void rho_evals_forget(struct rho_play *c)
{
	for (size_t i = 0; c->evals && i < c->evals->n; i++)
		c->evals->at[i].made = c->evals->at[i].length = 0;
}
