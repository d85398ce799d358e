/* cell.c: the loop of one cell: act, step, observe. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "cell_impl.h"
#include "eval.h"
#include "provenance.h"

/* ---- calls ---- */

/* What the env showed last is overwritten: the buffers it writes into are zeroed before each call. */
static void clear_obs(struct rho_play *c)
{
	size_t n = c->stage.spec.lanes, k = c->stage.spec.slate;
	struct rho_obs *const both[] = { &c->obs, &c->last };
	for (size_t i = 0; i < 2; i++) {
		struct rho_obs *o = both[i];
		if (o->x)
			memset(o->x, 0, n * c->stage.env_spec.x_dim * sizeof *o->x);
		memset(o->row, 0, n * sizeof *o->row);
		memset(o->reward, 0, n * sizeof *o->reward);
		memset(o->item_reward, 0, n * k * sizeof *o->item_reward);
		memset(o->end, 0, n * sizeof *o->end);
		o->legal = NULL;
		o->legal_off = NULL;
		o->past = NULL;
		o->past_off = NULL;
		o->last = NULL;
	}
}

static void make_obs(struct rho_obs *o, const struct rho_stage *s)
{
	size_t n = s->spec.lanes;
	if (rho_obs_has_numbers(s->env_spec.obs))
		o->x = rho_xcalloc(n * s->env_spec.x_dim, sizeof *o->x);
	o->row = rho_xcalloc(n, sizeof *o->row);
	o->reward = rho_xcalloc(n, sizeof *o->reward);
	o->item_reward = rho_xcalloc(n * s->spec.slate, sizeof *o->item_reward);
	o->end = rho_xcalloc(n, sizeof *o->end);
}

static void free_obs(struct rho_obs *o)
{
	free(o->x);
	free(o->row);
	free(o->reward);
	free(o->item_reward);
	free(o->end);
}

int rho_cell_act(struct rho_play *c)
{
	struct rho_instance *a = c->stage.agent;
	size_t n = c->stage.spec.lanes * c->stage.spec.slate;
	int e;
	for (size_t i = 0; i < n; i++) { /* so that what is not filled in is noticed */
		c->choice.action[i] = UINT32_MAX;
		c->choice.prob[i] = NAN;
	}
	rho_call_begin(a, "act", c->step, false);
	e = a->module->plugin.agent->act(&a->ctx, a->self, &c->now->batch, &c->choice);
	return rho_call_end(a, e, c->why);
}

int rho_cell_step(struct rho_play *c)
{
	struct rho_instance *env = c->stage.env;
	int e;
	clear_obs(c);
	c->obs.last = &c->last;
	rho_call_begin(env, "step", c->step, false);
	e = env->module->plugin.env->step(&env->ctx, env->self, c->choice.action, &c->obs);
	e = rho_call_end(env, e, c->why);
	return e ? e : rho_check_step(&c->stage, &c->obs, c->why);
}

int rho_cell_reset(struct rho_play *c)
{
	struct rho_instance *env = c->stage.env;
	int e;
	clear_obs(c);
	rho_call_begin(env, "reset", 0, false);
	e = rho_call_end(env, env->module->plugin.env->reset(&env->ctx, env->self, &c->obs), c->why);
	if (!e)
		e = rho_pose_take(c->now, &c->stage, &c->obs, "reset", &c->marks, c->why);
	return e ? e : rho_pose_draw(c->now, &c->stage, c->tick, 0, &c->marks, c->why);
}

static bool any_ended(const struct rho_play *c)
{
	for (size_t i = 0; i < c->stage.spec.lanes; i++)
		if (c->obs.end[i] != RHO_RUNNING)
			return true;
	return false;
}

static int observe(struct rho_play *c)
{
	struct rho_instance *a = c->stage.agent;
	const struct rho_agent *agent = a->module->plugin.agent;
	struct rho_feedback f = {
		.posed = &c->now->batch,
		.action = c->choice.action,
		.prob = c->choice.prob,
		.reward = c->obs.reward,
		.end = c->obs.end,
		.item_reward = c->stage.spec.slate > 1 ? c->obs.item_reward : NULL,
	};
	int e = 0;
	if (agent->flags & RHO_DOES_EPISODES && c->stage.spec.horizon != 1) {
		f.next = &c->next->batch;
		if (any_ended(c)) {
			e = rho_pose_led(c->led, c->next, &c->stage, &c->last, c->obs.end, c->tick, c->step,
			                 &c->marks, c->why);
			f.next = &c->led->batch;
		}
	}
	if (e || !agent->observe)
		return e;
	rho_call_begin(a, "observe", c->step, false);
	return rho_call_end(a, agent->observe(&a->ctx, a->self, &f), c->why);
}

/* ---- the loop ---- */

/* One batch of decisions: as many as there are lanes. */
static int batch(struct rho_play *c)
{
	size_t n = c->stage.spec.lanes;
	struct rho_pose *p;
	uint64_t t0, t1, t2, t3, t4, t5;
	int e;
	if (c->score && (e = rho_cell_rank(c)))
		return e;
	t0 = rho_cell_nanoseconds(c);
	if ((e = rho_cell_act(c)) ||
	    (e = rho_check_choice(&c->stage, &c->now->batch, &c->choice, c->at, c->why)))
		return e;
	t1 = rho_cell_nanoseconds(c);
	if (c->stage.oracle && (e = rho_cell_truth(c)))
		return e;
	t2 = c->stage.oracle ? rho_cell_nanoseconds(c) : t1;
	if ((e = rho_cell_step(c)))
		return e;
	t3 = rho_cell_nanoseconds(c);
	for (size_t i = 0; i < n; i++)
		c->tick[i]++;
	if ((e = rho_pose_take(c->next, &c->stage, &c->obs, "step", &c->marks, c->why)) ||
	    (e = rho_pose_draw(c->next, &c->stage, c->tick, c->step, &c->marks, c->why)))
		return e;
	t4 = rho_cell_nanoseconds(c);
	if ((e = observe(c)))
		return e;
	t5 = rho_cell_nanoseconds(c);
	c->spent.decide += t1 - t0 + t4 - t3;
	c->spent.env += t3 - t2;
	c->spent.learn += t5 - t4;
	c->spent.n += n;
	rho_latency_add(&c->latency, (t1 - t0 + t4 - t3) / n, n);
	if ((e = rho_cell_account(c)))
		return e;
	c->step += n;
	__atomic_store_n(&c->opt->page->done, c->step, __ATOMIC_RELAXED);
	p = c->now;
	c->now = c->next;
	c->next = p;
	return 0;
}

/* The evaluations that are due. Asked to stop within one, it is as if it had not begun. */
static int evaluate(struct rho_play *c)
{
	int e = rho_evals_run(c), saved;
	if (e != RHO_ESTOP || !*c->opt->stopping)
		return e;
	rho_buf_clear(c->why); /* what a plugin said of being stopped */
	return (saved = rho_cell_save(c)) ? saved : e;
}

/* 0 at the end, RHO_ESTOP when asked to stop (the state is saved), or an error. */
static int loop(struct rho_play *c)
{
	const struct rho_run *run = &c->spec->run;
	int e = evaluate(c); /* before the first decision, or where a checkpoint was written just before */
	while (!e && c->step < run->steps) {
		if ((e = batch(c)))
			return e;
		if ((c->metrics.n >= run->every || c->step >= run->steps) && (e = rho_cell_record(c)))
			return e;
		if (*c->opt->stopping)
			return (e = rho_cell_save(c)) ? e : RHO_ESTOP;
		if ((e = evaluate(c)))
			return e;
		if (rho_cell_clock(c) - c->last_checkpoint >= run->checkpoint && c->step < run->steps &&
		    (e = rho_cell_save(c)))
			return e;
	}
	return e;
}

/* ---- from opening to closing ---- */

static void on_metric(void *arg, const struct rho_ctx *ctx, const char *name, double value)
{
	struct rho_play *c = arg;
	const struct rho_instance *i = (const struct rho_instance *)ctx;
	if (rho_metrics_named(&c->metrics, rho_kind_name(i->module->plugin.kind), name, value) ||
	    c->said_not_finite)
		return;
	c->said_not_finite = true;
	fprintf(rho_cell_log(c), "%s: metric %s is %g at step %llu: left out of its mean\n", i->label, name,
	        value, (unsigned long long)c->step);
}

static void on_progress(void *arg, const struct rho_ctx *ctx, double done)
{
	struct rho_play *c = arg;
	__atomic_store(&c->opt->page->progress, &done, __ATOMIC_RELAXED);
}

static int open_reporters(struct rho_play *c)
{
	const struct rho_cell_spec *spec = c->spec;
	struct rho_cell about = { spec->experiment, spec->arm, c->opt->dir, spec->seed, spec->run.steps };
	c->reporters = rho_xcalloc(spec->n_reports + 1, sizeof *c->reporters);
	for (size_t i = 0; i < spec->n_reports; i++) {
		const struct rho_role *role = &spec->report[i];
		struct rho_instance *r = rho_instance_new(&c->world, role->module, role->table, i, c->why);
		int e;
		if (!r)
			return RHO_EINVAL;
		c->reporters[c->n_reporters++] = r;
		rho_call_begin(r, "open", c->step, true);
		e = rho_call_end(r, role->module->plugin.reporter->open(&r->ctx, r->self, &about), c->why);
		r->opened = !e;
		if (e)
			return e;
	}
	return 0;
}

void rho_cell_buffers(struct rho_play *c)
{
	size_t n = c->stage.spec.lanes, k = c->stage.spec.slate;
	for (size_t i = 0; i < 3; i++)
		rho_pose_init(&c->pose[i], &c->stage);
	c->now = &c->pose[0];
	c->next = &c->pose[1];
	c->led = &c->pose[2];
	rho_marks_init(&c->marks, c->stage.spec.n_actions);
	c->tick = rho_xcalloc(n, sizeof *c->tick);
	c->choice.action = rho_xcalloc(n * k, sizeof *c->choice.action);
	c->choice.prob = rho_xcalloc(n * k, sizeof *c->choice.prob);
	c->at = rho_xcalloc(n * k, sizeof *c->at);
	make_obs(&c->obs, &c->stage);
	make_obs(&c->last, &c->stage);
}

void rho_cell_buffers_free(struct rho_play *c)
{
	for (size_t i = 0; i < 3; i++)
		rho_pose_free(&c->pose[i]);
	rho_marks_free(&c->marks);
	free(c->tick);
	free(c->choice.action);
	free(c->choice.prob);
	free(c->at);
	free_obs(&c->obs);
	free_obs(&c->last);
}

/* ---- deadlines and turns ---- */

/* SIGALRM when the seconds a cell may take are over, of its own time; earlier processes' count. */
static void arm_deadline(const struct rho_play *c)
{
	double left = c->spec->run.deadline - c->seconds_before - (rho_cell_clock(c) - c->started);
	struct itimerspec t = { 0 };
	if (!c->has_alarm)
		return;
	left = left < 1e-3 ? 1e-3 : left;
	t.it_value.tv_sec = (time_t)left;
	t.it_value.tv_nsec = (long)((left - floor(left)) * 1e9);
	timer_settime(c->alarm, 0, &t, NULL);
}

static void disarm_deadline(const struct rho_play *c)
{
	static const struct itimerspec never = { 0 };
	if (c->has_alarm)
		timer_settime(c->alarm, 0, &never, NULL);
}

static int make_deadline(struct rho_play *c)
{
	struct sigevent e = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	e.sigev_value.sival_ptr = (void *)(uintptr_t)c->opt->stopping;
	if (c->spec->run.deadline <= 0)
		return 0;
	if (timer_create(CLOCK_MONOTONIC, &e, &c->alarm)) {
		rho_buf_printf(c->why, "no timer for run.deadline: %s", strerror(errno));
		return RHO_EIO;
	}
	c->has_alarm = true;
	arm_deadline(c);
	return 0;
}

static bool on_scan(void *arg, struct rho_scan *scan, const struct rho_codes *codes)
{
	struct rho_play *c = arg;
	uint64_t began, mine, all;
	if (!rho_fuse_worth(scan))
		return false;
	c = c->of ? c->of : c;
	disarm_deadline(c);
	began = rho_nanoseconds();
	mine = rho_fuse_scan(c->opt->fuse, c->opt->seat, scan, codes);
	all = rho_nanoseconds() - began;
	c->others += all > mine ? all - mine : 0;
	arm_deadline(c);
	return true;
}

static int begin(struct rho_play *c)
{
	const struct rho_cell_spec *spec = c->spec;
	int e;
	c->world = (struct rho_world){
		.registry = c->opt->registry,
		.seed = spec->seed,
		.memory = (size_t)spec->run.memory,
		.threads = (unsigned)spec->run.threads,
		.log_level = c->opt->log_level,
		.log = c->opt->log,
		.stopping = c->opt->stopping,
		.metric = on_metric,
		.progress = on_progress,
		.scan = c->opt->fuse ? on_scan : NULL,
		.arg = c,
		.last_call = &c->opt->page->call,
	};
	if ((e = make_deadline(c)))
		return e;
	if (rho_stage_open(&c->stage, &c->world, spec->role, &spec->run, c->opt->store, c->opt->shared,
	                   c->why) ||
	    rho_evals_open(c))
		return RHO_EINVAL;
	rho_cell_buffers(c);
	if ((e = rho_cell_measure_init(c)) || rho_provenance_write(c->opt->dir, spec, &c->stage, c->why))
		return e ? e : RHO_EIO;
	e = rho_cell_restore(c);
	if (e < 0)
		return e;
	if (!e && ((e = rho_cell_reset(c)) || (e = rho_cell_log_header(c))))
		return e;
	__atomic_store_n(&c->opt->page->from, c->step, __ATOMIC_RELAXED);
	__atomic_store_n(&c->opt->page->done, c->step, __ATOMIC_RELAXED);
	c->last_checkpoint = c->spent.since = rho_cell_clock(c);
	arm_deadline(c);
	if ((e = open_reporters(c)))
		return e;
	c->begun = true;
	return 0;
}

static void end(struct rho_play *c)
{
	for (size_t i = 0; i < c->n_reporters; i++)
		if (c->reporters[i])
			rho_instance_free(c->reporters[i]);
	free(c->reporters);
	rho_out_close(&c->out);
	rho_out_close(&c->timing);
	rho_out_close(&c->log);
	rho_evals_close(c); /* which play on the stage's tables */
	rho_cell_buffers_free(c);
	rho_cell_measure_free(c);
	rho_stage_close(&c->stage);
	if (c->has_alarm)
		timer_delete(c->alarm);
}

/* Syncs what was measured; then the status may say done, and the checkpoint has no further use. */
static int finish(struct rho_play *c)
{
	return rho_out_flush(&c->out, true, c->why) || rho_out_flush(&c->timing, false, c->why) ||
	                       rho_out_flush(&c->log, true, c->why) || rho_evals_flush(c, true)
	               ? RHO_EIO
	               : 0;
}

static uint32_t outcome(struct rho_play *c, int e)
{
	if (!e)
		return RHO_CELL_DONE;
	if (e == RHO_ESTOP && *c->opt->stopping == RHO_STOP_ASKED)
		return RHO_CELL_STOPPED;
	if (e == RHO_ESTOP && *c->opt->stopping == RHO_STOP_DEADLINE) {
		rho_buf_clear(c->why);
		rho_buf_printf(c->why,
		               "not done after %g s (run.deadline), at step %llu of %llu; "
		               "raise the deadline and run again to go on from there",
		               c->spec->run.deadline, (unsigned long long)c->step,
		               (unsigned long long)c->spec->run.steps);
	}
	return RHO_CELL_FAILED;
}

uint32_t rho_cell_run(const struct rho_cell_spec *spec, const struct rho_cell_options *opt,
                      struct rho_buf *why)
{
	struct rho_play *c = rho_xcalloc(1, sizeof *c);
	struct rho_buf trouble = { 0 };
	char *checkpoint = rho_xprintf("%s/checkpoint", opt->dir);
	double seconds;
	uint32_t state;
	int e;
	c->spec = spec;
	c->opt = opt;
	c->why = &trouble;
	c->started = rho_clock();
	e = begin(c);
	if (!e)
		e = loop(c);
	if (!e)
		e = finish(c);
	state = outcome(c, e);
	if (state == RHO_CELL_FAILED) {
		if (c->begun)
			rho_buf_printf(why, "step %llu: ", (unsigned long long)c->step);
		rho_buf_str(why, trouble.len ? trouble.at : rho_error_name(e));
	}
	seconds = c->seconds_before + rho_cell_clock(c) - c->started;
	rho_buf_clear(&trouble);
	if (rho_status_write(opt->dir, state, c->step, seconds, state == RHO_CELL_FAILED ? why->at : NULL,
	                     &trouble)) {
		if (state == RHO_CELL_FAILED)
			rho_buf_str(why, "\n");
		rho_buf_str(why, trouble.at);
		state = RHO_CELL_FAILED;
	}
	if (state == RHO_CELL_FAILED)
		snprintf(opt->page->why, sizeof opt->page->why, "%s", why->at);
	if (state == RHO_CELL_DONE)
		unlink(checkpoint);
	end(c);
	rho_buf_free(&trouble);
	free(checkpoint);
	free(c);
	return state;
}
