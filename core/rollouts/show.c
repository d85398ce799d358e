/* show.c: rollouts as tables, lines for programs, JSON. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../report/grid.h"
#include "../run/out.h"
#include "rollouts.h"

static const char *arm_of(const struct rho_rollouts *r, const struct rho_rollouts_group *g)
{
	return r->results->arm[g->arm].name;
}

static char *label(const struct rho_rollouts *r, const struct rho_rollouts_group *g)
{
	return r->options->by_seed ? rho_xprintf("%s, seed %llu", arm_of(r, g), (unsigned long long)g->seed)
	                           : rho_xstrdup(arm_of(r, g));
}

/* ---- tables ---- */

static void put(struct rho_grid *g, char *text)
{
	rho_grid_put(g, RHO_PLAIN, text);
	free(text);
}

static char *range(struct rho_interval ci, const char *number)
{
	struct rho_buf b = { 0 };
	if (isnan(ci.lo))
		return rho_xstrdup("-");
	rho_buf_str(&b, "[");
	rho_buf_printf(&b, number, ci.lo);
	rho_buf_str(&b, ", ");
	rho_buf_printf(&b, number, ci.hi);
	rho_buf_str(&b, "]");
	return b.at;
}

static void put_solved(const struct rho_rollouts *r, struct rho_grid *g, const struct rho_rollouts_group *of)
{
	for (size_t i = 0; i < r->n_at; i++) {
		const struct rho_solved *s = &of->solved[i];
		put(g, label(r, of));
		put(g, rho_xprintf("%zu", of->n_problems));
		put(g, rho_xprintf("%llu", (unsigned long long)r->at[i]));
		put(g, rho_xprintf("%.4f", s->mean));
		put(g, range(s->ci, "%.4f"));
		put(g, of->arm == r->baseline ? rho_xstrdup("baseline")
		       : isnan(s->diff)       ? rho_xstrdup("-")
		                              : rho_xprintf("%+.4f", s->diff));
		put(g, of->arm == r->baseline ? rho_xstrdup("") : range(s->diff_ci, "%+.4f"));
	}
}

/* An end of an interval, or a number of rollouts: more than there are is "> 64". */
static char *tries(const struct rho_rollouts *r, double n)
{
	return isnan(n)   ? rho_xstrdup("-")
	       : isinf(n) ? rho_xprintf("> %llu", (unsigned long long)r->most)
	                  : rho_xprintf("%.0f", n);
}

static void put_needed(const struct rho_rollouts *r, struct rho_grid *g, const struct rho_rollouts_group *of)
{
	for (size_t i = 0; i < r->options->n_thresholds; i++) {
		const struct rho_needed *n = &of->needed[i];
		char *lo = tries(r, n->ci.lo), *hi = tries(r, n->ci.hi);
		put(g, label(r, of));
		put(g, rho_xprintf("%g", r->options->threshold[i]));
		put(g, isinf(n->n) ? rho_xprintf("not reached within %llu", (unsigned long long)r->most)
		                   : tries(r, n->n));
		put(g, isnan(n->ci.lo) ? rho_xstrdup("-") : rho_xprintf("[%s, %s]", lo, hi));
		free(lo);
		free(hi);
	}
}

static void put_grid(struct rho_grid *g, enum rho_rollouts_format format, bool colour, struct rho_buf *out)
{
	rho_buf_str(out, "\n");
	if (format == RHO_ROLLOUTS_MARKDOWN)
		rho_grid_markdown(g, out);
	else
		rho_grid_text(g, colour, out);
	rho_grid_free(g);
}

static void put_head(const struct rho_rollouts *r, const char *success, struct rho_buf *out)
{
	struct rho_buf text = { 0 };
	size_t left_out = 0;
	for (size_t i = 0; i < r->n_groups; i++)
		left_out += r->group[i].left_out;
	rho_buf_printf(&text,
	               "%s: evaluation %s at step %llu; an episode is a success where %s; %llu rollouts a "
	               "problem are looked at%s",
	               r->results->name, r->eval, (unsigned long long)r->step, success,
	               (unsigned long long)r->most, r->options->by_seed ? "" : ", seeds pooled");
	if (left_out)
		rho_buf_printf(&text, "; %zu problems (over all rows) have fewer and are left out", left_out);
	if (!r->contexts)
		rho_buf_str(&text,
		            "; the env shows no contexts of a dataset, so all episodes are one problem's, "
		            "and there are no intervals");
	if (r->missing)
		rho_buf_printf(&text, "; %zu cells are not done and do not count", r->missing);
	rho_wrap(text.at, 2, out);
	rho_buf_free(&text);
}

static void tables(const struct rho_rollouts *r, enum rho_rollouts_format format, const char *success,
                   bool colour, struct rho_buf *out)
{
	char *interval = rho_xprintf("%g%% interval", 100 * r->options->level);
	const char *const solved[] = { "arm", "problems", "n", "solve@n", interval, "difference", interval };
	const char *const needed[] = { "arm", "solved", "rollouts", interval };
	struct rho_grid *g = rho_grid_new(7, solved, "lrrrrrr");
	put_head(r, success, out);
	for (size_t i = 0; i < r->n_groups; i++)
		put_solved(r, g, &r->group[i]);
	put_grid(g, format, colour, out);
	g = rho_grid_new(4, needed, "lrrr");
	for (size_t i = 0; i < r->n_groups; i++)
		put_needed(r, g, &r->group[i]);
	put_grid(g, format, colour, out);
	free(interval);
}

/* ---- for programs ---- */

static void put_value(struct rho_buf *out, double x)
{
	rho_buf_str(out, ",");
	if (isinf(x))
		rho_buf_str(out, "inf");
	else if (!isnan(x))
		rho_put_double(out, x);
}

static void put_line(const struct rho_rollouts *r, const struct rho_rollouts_group *g, const char *what,
                     double at, const double value[6], struct rho_buf *out)
{
	const char *arm = arm_of(r, g);
	bool quoted = strpbrk(arm, ",\"");
	rho_buf_str(out, quoted ? "\"" : "");
	for (const char *p = arm; *p; p++)
		rho_buf_printf(out, "%s%c", *p == '"' ? "\"" : "", *p);
	rho_buf_str(out, quoted ? "\"," : ",");
	if (r->options->by_seed)
		rho_buf_printf(out, "%llu", (unsigned long long)g->seed);
	rho_buf_printf(out, ",%zu,%s", g->n_problems, what);
	put_value(out, at);
	for (size_t i = 0; i < 6; i++)
		put_value(out, value[i]);
	rho_buf_str(out, "\n");
}

static void csv(const struct rho_rollouts *r, struct rho_buf *out)
{
	rho_buf_str(out, "arm,seed,problems,what,at,value,lo,hi,difference,difference_lo,difference_hi\n");
	for (size_t i = 0; i < r->n_groups; i++) {
		const struct rho_rollouts_group *g = &r->group[i];
		for (size_t k = 0; k < r->n_at; k++) {
			const struct rho_solved *s = &g->solved[k];
			const double value[6] = { s->mean, s->ci.lo,      s->ci.hi,
				                  s->diff, s->diff_ci.lo, s->diff_ci.hi };
			put_line(r, g, "solve", (double)r->at[k], value, out);
		}
		for (size_t k = 0; k < r->options->n_thresholds; k++) {
			const struct rho_needed *n = &g->needed[k];
			const double value[6] = { n->n, n->ci.lo, n->ci.hi, NAN, NAN, NAN };
			put_line(r, g, "rollouts", r->options->threshold[k], value, out);
		}
	}
}

static json_t *number(double x) { return isfinite(x) ? json_real(x) : json_null(); }

static json_t *pair(struct rho_interval ci) { return json_pack("[o, o]", number(ci.lo), number(ci.hi)); }

static json_t *group_json(const struct rho_rollouts *r, const struct rho_rollouts_group *g)
{
	json_t *solve = json_array(), *needed = json_array(), *out;
	for (size_t k = 0; k < r->n_at; k++)
		json_array_append_new(solve, json_pack("{s:I, s:o, s:o, s:o, s:o}", "n", (json_int_t)r->at[k],
		                                       "mean", number(g->solved[k].mean), "interval",
		                                       pair(g->solved[k].ci), "difference",
		                                       number(g->solved[k].diff), "difference_interval",
		                                       pair(g->solved[k].diff_ci)));
	for (size_t k = 0; k < r->options->n_thresholds; k++)
		json_array_append_new(needed,
		                      json_pack("{s:f, s:b, s:o, s:o}", "threshold", r->options->threshold[k],
		                                "reached", isfinite(g->needed[k].n) ? 1 : 0, "rollouts",
		                                number(g->needed[k].n), "interval", pair(g->needed[k].ci)));
	out = json_pack("{s:s, s:I, s:I, s:I, s:o, s:o}", "arm", arm_of(r, g), "cells", (json_int_t)g->cells,
	                "problems", (json_int_t)g->n_problems, "pairs", (json_int_t)g->pairs, "solve", solve,
	                "rollouts", needed);
	if (r->options->by_seed)
		json_object_set_new(out, "seed", json_integer((json_int_t)g->seed));
	return out;
}

static void json(const struct rho_rollouts *r, const char *success, struct rho_buf *out)
{
	json_t *groups = json_array(), *root;
	char *text;
	for (size_t i = 0; i < r->n_groups; i++)
		json_array_append_new(groups, group_json(r, &r->group[i]));
	root = json_pack("{s:s, s:s, s:I, s:s, s:I, s:s, s:f, s:o}", "experiment", r->results->name, "eval",
	                 r->eval, "step", (json_int_t)r->step, "success", success, "most",
	                 (json_int_t)r->most, "baseline", r->results->arm[r->baseline].name, "level",
	                 r->options->level, "arms", groups);
	text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(15));
	rho_buf_str(out, text ? text : "");
	rho_buf_str(out, "\n");
	free(text);
	json_decref(root);
}

void rho_rollouts_show(const struct rho_rollouts *r, enum rho_rollouts_format format, const char *success,
                       bool colour, struct rho_buf *out)
{
	switch (format) {
	case RHO_ROLLOUTS_CSV: csv(r, out); break;
	case RHO_ROLLOUTS_JSON: json(r, success, out); break;
	default: tables(r, format, success, colour, out); break;
	}
}
