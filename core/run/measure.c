/* measure.c: what a cell learns about its decisions: regret, propensities, records, the log. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cell_impl.h"
#include "propensity.h"

enum { MARGINAL_BYTES_LOG2 = 32 }; /* most memory for the scores that marginal propensities need */

/* Actions times candidates: with more, a softmax's marginal propensity, a tenth of a second, is left out
 * (NaN). */
static const double most_softmax = 1e6;

/* Marginal propensities take a ranking of all actions, or the scores that an agent takes the softmax of,
 * where the sampler's law is known to be uniform, and the agent's share of exploration where only inclusion
 * probabilities are. */
static bool wants_rank(const struct rho_play *c)
{
	const struct rho_stage *s = &c->stage;
	if (c->spec->run.log != RHO_LOG_MARGINAL || s->spec.slate != 1)
		return false;
	if (s->ranks || !s->softmax)
		return s->ranks && s->sampled.law != RHO_LAW_ALL;
	return s->sampled.law == RHO_LAW_UNIFORM &&
	       (double)s->spec.n_actions * (double)s->sampled.max_k <= most_softmax;
}

int rho_cell_measure_init(struct rho_play *c)
{
	const struct rho_stage *s = &c->stage;
	size_t n = s->spec.lanes;
	const struct rho_column *group = NULL;
	if (rho_obs_has_row(s->env_spec.obs))
		group = rho_find_column(s->data, RHO_CONTEXTS, "group", RHO_COL_LABEL);
	rho_metrics_init(&c->metrics, s->oracle, group);
	c->unit_off = rho_xcalloc(n + 1, sizeof *c->unit_off);
	for (size_t i = 0; i <= n; i++)
		c->unit_off[i] = i;
	if (s->oracle) {
		c->mean = rho_xcalloc(s->sampled.law == RHO_LAW_ALL ? n : n * s->sampled.max_k,
		                      sizeof *c->mean);
		c->best = rho_xcalloc(n, sizeof *c->best);
		c->truth = rho_xcalloc(n, sizeof *c->truth);
	}
	if (!wants_rank(c))
		return 0;
	if (s->spec.n_actions > ((size_t)1 << MARGINAL_BYTES_LOG2) / sizeof(float) / n) {
		rho_buf_printf(
			c->why,
			"run.log = \"marginal\" ranks %zu actions in each of %zu lanes, more than %g GiB; "
			"use fewer lanes",
			s->spec.n_actions, n, (double)(1u << (MARGINAL_BYTES_LOG2 - 30)));
		return RHO_EINVAL;
	}
	c->score = rho_xmalloc(n * s->spec.n_actions * sizeof *c->score);
	c->explore = rho_xcalloc(n, sizeof *c->explore);
	c->temperature = rho_xcalloc(n, sizeof *c->temperature);
	c->room = rho_xcalloc(s->sampled.max_k, sizeof *c->room);
	return 0;
}

void rho_cell_measure_free(struct rho_play *c)
{
	rho_metrics_free(&c->metrics);
	free(c->unit_off);
	free(c->mean);
	free(c->best);
	free(c->truth);
	free(c->score);
	free(c->explore);
	free(c->temperature);
	free(c->room);
	rho_buf_free(&c->line);
	rho_buf_free(&c->names);
}

/* ---- propensities ---- */

/* The batch to rank: every legal action where the law is uniform, else the candidates drawn. */
static struct rho_batch ranked(const struct rho_play *c)
{
	struct rho_batch b = c->now->batch;
	if (c->stage.sampled.law == RHO_LAW_UNIFORM) {
		b.cand = c->now->has_legal ? c->now->legal.id : NULL;
		b.cand_off = c->now->has_legal ? c->now->legal.off : NULL;
		b.incl = NULL;
	}
	return b;
}

int rho_cell_rank(struct rho_play *c)
{
	struct rho_instance *a = c->stage.agent;
	struct rho_batch b = ranked(c);
	const struct rho_softmax *softmax = c->stage.ranks ? NULL : c->stage.softmax;
	int e;
	rho_call_begin(a, softmax ? "softmax" : "rank", c->step, false);
	e = softmax ? softmax->scores(&a->ctx, a->self, &b, c->score, c->temperature)
	            : a->module->plugin.agent->rank(&a->ctx, a->self, &b, c->score, c->explore);
	return rho_call_end(a, e, c->why);
}

/* Of decision i: action `at` of n, k of which are drawn uniformly. */
static double marginal_uniform(const struct rho_play *c, const float *score, size_t i, size_t n, size_t at,
                               size_t k)
{
	return c->stage.ranks ? rho_draw_marginal(score, n, at, k, (double)c->explore[i])
	                      : rho_draw_softmax(score, n, at, k, c->temperature[i], c->room);
}

/* P(action | context) of decision i, whatever was drawn; NaN where it cannot be said. */
static double marginal(const struct rho_play *c, size_t i)
{
	const struct rho_batch *posed = &c->now->batch;
	size_t k = rho_n_cand(posed, i), at = c->choice.action[i];
	struct rho_batch b;
	if (c->stage.sampled.law == RHO_LAW_ALL)
		return (double)c->choice.prob[i];
	if (!c->score)
		return NAN;
	b = ranked(c);
	if (c->stage.sampled.law == RHO_LAW_UNIFORM) {
		size_t n = rho_n_cand(&b, i);
		if (b.cand_off)
			for (at = 0; at < n && rho_cand(&b, i, at) != c->choice.action[i]; at++)
				;
		return at < n ? marginal_uniform(c, c->score + rho_cand_at(&b, i), i, n, at, k) : NAN;
	}
	/* A law unknown but for inclusion: it suffices where the choice is uniform over as many as asked for.
	 */
	if (c->explore[i] >= 1 && k == c->stage.sampled.max_k)
		return (double)posed->incl[posed->cand_off[i] + c->at[i]] / (double)k;
	return NAN;
}

/* ---- truth ---- */

int rho_cell_truth(struct rho_play *c)
{
	struct rho_instance *env = c->stage.env;
	const struct rho_batch *b = &c->now->batch;
	bool sampled = c->stage.sampled.law != RHO_LAW_ALL;
	const size_t *off = sampled ? b->cand_off : c->unit_off;
	int e;
	rho_call_begin(env, "oracle", c->step, false);
	e = env->module->plugin.env->oracle(&env->ctx, env->self, sampled ? b->cand : c->choice.action, off,
	                                    c->mean, c->best);
	if ((e = rho_call_end(env, e, c->why)))
		return e;
	for (size_t i = 0; i < b->n; i++) {
		struct rho_truth *t = &c->truth[i];
		float most = c->mean[off[i]];
		for (size_t j = off[i] + 1; j < off[i + 1]; j++)
			most = c->mean[j] > most ? c->mean[j] : most;
		t->best = (double)c->best[i];
		t->best_cand = sampled ? (double)most : t->best;
		t->chosen = (double)c->mean[off[i] + (sampled ? c->at[i] : 0)];
		if (!isfinite(t->best) || !isfinite(t->chosen) || !isfinite(t->best_cand)) {
			rho_buf_printf(c->why, "%s, oracle, lane %zu: best %g, chosen %g", env->label, i,
			               t->best, t->chosen);
			return RHO_EBUG;
		}
	}
	return 0;
}

/* ---- accounting ---- */

int rho_cell_log_header(struct rho_play *c)
{
	if (c->log.path) {
		rho_buf_str(&c->log.pending, c->stage.spec.slate > 1
		                                     ? "step,lane,context,position,action,reward,prob"
		                                     : "step,lane,context,action,reward,prob");
		rho_buf_str(&c->log.pending, c->spec->run.log == RHO_LOG_MARGINAL ? ",marginal\n" : "\n");
	}
	return 0;
}

/* The lines of decision i: one an action of the slate. `step` is the decisions made before it. */
static void log_decision(struct rho_play *c, size_t i)
{
	struct rho_buf *b = &c->log.pending;
	size_t k = c->stage.spec.slate;
	for (size_t p = 0; p < k; p++) {
		rho_buf_printf(b, "%llu,%zu,", (unsigned long long)(c->step + i), i);
		if (rho_obs_has_row(c->stage.env_spec.obs))
			rho_buf_printf(b, "%u", c->now->row[i]);
		if (k > 1)
			rho_buf_printf(b, ",%zu", p);
		rho_buf_printf(b, ",%u,", c->choice.action[i * k + p]);
		rho_put_float(b, c->obs.reward[i]);
		rho_buf_str(b, ",");
		rho_put_float(b, c->choice.prob[i * k + p]);
		if (c->spec->run.log == RHO_LOG_MARGINAL) {
			rho_buf_str(b, ",");
			rho_put_double(b, k > 1 ? NAN : marginal(c, i));
		}
		rho_buf_str(b, "\n");
	}
}

int rho_cell_account(struct rho_play *c)
{
	for (size_t i = 0; i < c->stage.spec.lanes; i++)
		rho_metrics_add(&c->metrics, (double)c->obs.reward[i], c->truth ? &c->truth[i] : NULL,
		                c->now->row[i]);
	if (!c->log.path)
		return 0;
	for (size_t i = 0; i < c->stage.spec.lanes; i++)
		log_decision(c, i);
	return rho_out_added(&c->log, c->why) ? RHO_EIO : 0;
}

/* ---- records ---- */

/* A reporter that fails is switched off: no result depends on it. */
void rho_cell_report(struct rho_play *c, const struct rho_metric *metric, size_t n)
{
	struct rho_buf why = { 0 };
	for (size_t i = 0; i < c->n_reporters; i++) {
		struct rho_instance *r = c->reporters[i];
		int e;
		if (!r)
			continue;
		rho_call_begin(r, "metrics", c->step, false);
		e = rho_call_end(r, r->module->plugin.reporter->metrics(&r->ctx, r->self, metric, n), &why);
		if (!e)
			continue;
		fprintf(rho_cell_log(c), "%s; it is switched off, the cell goes on\n", why.at);
		rho_instance_free(r);
		c->reporters[i] = NULL;
		rho_buf_clear(&why);
	}
	rho_buf_free(&why);
}

static void put_timing(struct rho_play *c)
{
	struct rho_buf *b = &c->timing.pending;
	double n = (double)c->spent.n, now = rho_cell_clock(c);
	const struct {
		const char *name;
		double value;
	} out[] = {
		{ "decision_us", (double)c->spent.decide * 1e-3 / n },
		{ "learn_us", (double)c->spent.learn * 1e-3 / n },
		{ "env_us", (double)c->spent.env * 1e-3 / n },
		{ "decisions_per_s", now > c->spent.since ? n / (now - c->spent.since) : 0 },
		{ "decision_p50_us", rho_latency_quantile(&c->latency, 0.5) * 1e-3 },
		{ "decision_p99_us", rho_latency_quantile(&c->latency, 0.99) * 1e-3 },
		{ "decision_p999_us", rho_latency_quantile(&c->latency, 0.999) * 1e-3 },
	};
	rho_buf_printf(b, "{\"step\": %llu", (unsigned long long)c->step);
	for (size_t i = 0; i < sizeof out / sizeof *out; i++)
		rho_buf_printf(b, ", \"%s\": %.6g", out[i].name, out[i].value);
	rho_buf_str(b, "}\n");
	c->spent = (struct rho_spent){ .since = now };
}

int rho_cell_record(struct rho_play *c)
{
	size_t n;
	struct rho_metric *metric = rho_metrics_record(&c->metrics, c->step, &c->line, &c->names, &n);
	rho_buf_add(&c->out.pending, c->line.at, c->line.len);
	put_timing(c);
	rho_cell_report(c, metric, n);
	free(metric);
	/* A record is written at once: whoever watches the file sees how the cell is doing. */
	return rho_out_flush(&c->out, false, c->why) || rho_out_flush(&c->timing, false, c->why) ? RHO_EIO
	                                                                                         : 0;
}
