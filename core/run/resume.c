/* resume.c: a cell's checkpoint, and going on from it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/digest.h"
#include "cell_impl.h"
#include "eval.h"

enum { MOST_SAVED = 3 };

/* env, sampler, agent; their number. */
static size_t saved(const struct rho_play *c, struct rho_saved out[MOST_SAVED])
{
	const struct {
		const char *path;
		uint32_t kind;
		struct rho_instance *at;
	} all[MOST_SAVED] = {
		{ "env", RHO_ENV, c->stage.env },
		{ "sampler", RHO_SAMPLER, c->stage.sampler },
		{ "agent", RHO_AGENT, c->stage.agent },
	};
	struct rho_buf text = { 0 };
	size_t n = 0;
	for (size_t i = 0; i < MOST_SAVED; i++) {
		const struct rho_role *role = &c->spec->role[all[i].kind];
		if (!all[i].at)
			continue;
		out[n] = (struct rho_saved){ .path = all[i].path, .instance = all[i].at };
		rho_buf_clear(&text);
		rho_params_canonical(c->opt->registry, role->module, role->table, true, &text);
		rho_digest_hex(rho_digest_bytes(text.at, text.len), out[n++].params);
	}
	rho_buf_free(&text);
	return n;
}

static char *path_of(const struct rho_play *c, const char *file)
{
	return rho_xprintf("%s/%s", c->opt->dir, file);
}

/* The metrics a checkpoint speaks of are on disk before it is. */
static int flush(struct rho_play *c)
{
	return rho_out_flush(&c->out, true, c->why) || rho_out_flush(&c->timing, true, c->why) ||
	                       rho_out_flush(&c->log, true, c->why) || rho_evals_flush(c, true)
	               ? RHO_EIO
	               : 0;
}

int rho_cell_save(struct rho_play *c)
{
	struct rho_saved list[MOST_SAVED];
	struct rho_buf host = { 0 };
	char *path;
	int e = flush(c);
	if (e)
		return e;
	rho_pack_u64(&host, c->step);
	rho_pack_f64(&host, c->seconds_before + rho_cell_clock(c) - c->started);
	rho_pack_u64(&host, c->out.length);
	rho_pack_u64(&host, c->timing.length);
	rho_pack_u64(&host, c->log.length);
	rho_pack_bytes(&host, c->tick, c->stage.spec.lanes * sizeof *c->tick);
	rho_metrics_save(&c->metrics, &host);
	rho_pose_save(c->now, &c->stage, &host);
	rho_evals_save(c, &host);
	path = path_of(c, "checkpoint");
	if (rho_checkpoint_write(path, c->spec->id, list, saved(c, list), &host, c->why))
		e = RHO_EIO;
	else
		__atomic_store_n(&c->opt->page->checkpoint, c->step, __ATOMIC_RELAXED);
	free(path);
	rho_buf_free(&host);
	c->last_checkpoint = rho_cell_clock(c);
	return e;
}

/* Opens the three files at the lengths given, and those of the evaluations. 0; 1 when one is shorter (none is
 * then open); -1. */
static int open_outs(struct rho_play *c, const uint64_t length[3])
{
	const struct {
		const char *name;
		struct rho_out *out;
		bool wanted;
	} all[3] = {
		{ "metrics.jsonl", &c->out, true },
		{ "timing.jsonl", &c->timing, true },
		{ "log.csv", &c->log, c->spec->run.log != RHO_LOG_NONE },
	};
	int e = 0;
	for (size_t i = 0; i < 3 && !e; i++) {
		char *path = path_of(c, all[i].name);
		if (all[i].wanted)
			e = rho_out_open(all[i].out, path, length[i], c->why);
		if (e == 1)
			rho_buf_printf(c->why, "%s is shorter than the %llu bytes the checkpoint knows of",
			               path, (unsigned long long)length[i]);
		free(path);
	}
	e = e ? e : rho_evals_open_logs(c);
	for (size_t i = 0; i < 3 && e; i++)
		rho_out_close(all[i].out);
	return e;
}

static int start_over(struct rho_play *c)
{
	static const uint64_t nothing[3] = { 0, 0, 0 };
	const struct rho_column *group = c->metrics.group;
	if (c->why->len)
		fprintf(rho_cell_log(c), "warning: %s\nwarning: the cell starts over\n", c->why->at);
	rho_buf_clear(c->why);
	rho_evals_forget(c);
	rho_metrics_free(&c->metrics);
	rho_metrics_init(&c->metrics, c->stage.oracle, group);
	memset(c->tick, 0, c->stage.spec.lanes * sizeof *c->tick);
	c->step = 0;
	c->seconds_before = 0;
	return open_outs(c, nothing) ? RHO_EIO : 0;
}

static int call_loaded(struct rho_play *c)
{
	const struct rho_stage *s = &c->stage;
	struct rho_instance *const all[] = { s->env, s->sampler, s->agent };
	int (*const loaded[])(struct rho_ctx *, void *) = {
		s->env->module->plugin.env->loaded,
		s->sampler ? s->sampler->module->plugin.sampler->loaded : NULL,
		s->agent->module->plugin.agent->loaded,
	};
	for (size_t i = 0; i < 3; i++) {
		int e;
		if (!loaded[i])
			continue;
		rho_call_begin(all[i], "loaded", c->step, false);
		e = rho_call_end(all[i], loaded[i](&all[i]->ctx, all[i]->self), c->why);
		if (e)
			return e;
	}
	return 0;
}

/* The host's own state. false: it is not what this cell would have written. */
static bool unpack(struct rho_play *c, const struct rho_checkpoint *point, uint64_t length[3])
{
	struct rho_unpack u = { 0 };
	u.at = rho_checkpoint_host(point, &u.left);
	c->step = rho_unpack_u64(&u);
	c->seconds_before = rho_unpack_f64(&u);
	for (size_t i = 0; i < 3; i++)
		length[i] = rho_unpack_u64(&u);
	rho_unpack_into(&u, c->tick, c->stage.spec.lanes * sizeof *c->tick);
	if (c->step >= c->spec->run.steps + c->stage.spec.lanes || !isfinite(c->seconds_before) ||
	    c->seconds_before < 0)
		u.bad = true;
	if (rho_metrics_load(&c->metrics, &u) && rho_pose_load(c->now, &c->stage, &u) &&
	    rho_evals_load(c, &u) && !u.left)
		return true;
	rho_buf_str(c->why, "the checkpoint's own part does not fit this cell");
	return false;
}

int rho_cell_restore(struct rho_play *c)
{
	struct rho_saved list[MOST_SAVED];
	uint64_t length[3];
	char *path = path_of(c, "checkpoint");
	struct rho_checkpoint *point = rho_checkpoint_open(path, c->spec->id, c->why);
	size_t n = saved(c, list);
	int e = 0;
	free(path);
	if (!point)
		return start_over(c);
	if (rho_checkpoint_fits(point, list, n, c->why))
		e = RHO_EINVAL;
	else if (!unpack(c, point, length) || (e = open_outs(c, length)) == 1)
		e = 1;
	if (!e) {
		rho_checkpoint_apply(point, list, n);
		e = call_loaded(c);
	}
	rho_checkpoint_close(point);
	if (e == 1)
		return start_over(c);
	if (e)
		return e < 0 ? e : RHO_EIO;
	__atomic_store_n(&c->opt->page->checkpoint, c->step, __ATOMIC_RELAXED);
	fprintf(rho_cell_log(c), "goes on at step %llu\n", (unsigned long long)c->step);
	return 1;
}
