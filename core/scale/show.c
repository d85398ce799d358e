/* show.c: what sampling costs beside what scanning takes, for people and for programs. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../report/grid.h"
#include "scale.h"

/* ---- for people ---- */

static const char *duration(double seconds, char *text, size_t n)
{
	if (!isfinite(seconds))
		snprintf(text, n, "-");
	else if (seconds < 1e-3)
		snprintf(text, n, "%.3g us", seconds * 1e6);
	else if (seconds < 1)
		snprintf(text, n, "%.3g ms", seconds * 1e3);
	else
		snprintf(text, n, "%.3g s", seconds);
	return text;
}

/* A share in percent that is 100 or 0 only when it is. */
static const char *percent(double p, char *text, size_t n)
{
	if (p > 0.9999 && p < 1)
		snprintf(text, n, ">99.99%%");
	else if (p < 0.0001 && p > 0)
		snprintf(text, n, "<0.01%%");
	else
		snprintf(text, n, "%.*f%%", p > 0.1 && p < 0.999 ? 1 : 2, 100 * p);
	return text;
}

static const char *gap_text(const struct rho_scale_point *p, char *text, size_t n)
{
	if (!isfinite(p->gap))
		snprintf(text, n, "-");
	else if (isfinite(p->error))
		snprintf(text, n, "%.4f +- %.4f", p->gap, p->error);
	else
		snprintf(text, n, "%.4g", p->gap);
	return text;
}

static void put_grid(const struct rho_grid *g, bool markdown, struct rho_buf *out)
{
	if (markdown)
		rho_grid_markdown(g, out);
	else
		rho_grid_text(g, false, out);
	rho_buf_str(out, "\n");
}

static void sample_table(const struct rho_scale *s, bool markdown, struct rho_buf *out)
{
	static const char *const head[] = {
		"k", "P(best)", "P(top 10)", "P(top 100)", "mean rank of the best", "gap", "a decision"
	};
	struct rho_grid *g = rho_grid_new(7, head, "rrrrrrr");
	char text[64];
	for (size_t i = 0; i < s->n_k; i++) {
		const struct rho_scale_point *p = &s->at[i];
		snprintf(text, sizeof text, "%zu", p->k);
		rho_grid_put(g, RHO_PLAIN, text);
		for (size_t m = 0; m < RHO_SCALE_TOPS; m++)
			rho_grid_put(g, RHO_PLAIN, percent(p->hit[m], text, sizeof text));
		snprintf(text, sizeof text, "%.1f", p->rank);
		rho_grid_put(g, RHO_PLAIN, text);
		rho_grid_put(g, RHO_PLAIN, gap_text(p, text, sizeof text));
		rho_grid_put(g, RHO_PLAIN, duration(p->seconds, text, sizeof text));
	}
	put_grid(g, markdown, out);
	rho_grid_free(g);
}

static void scan_table(const struct rho_scale *s, bool markdown, struct rho_buf *out)
{
	static const char *const head[] = { "all actions in", "a query",       "times f32", "even at k",
		                            "of all",         "P(best) there", "gap there" };
	struct rho_grid *g = rho_grid_new(7, head, "lrrrrrr");
	char text[64];
	for (size_t i = 0; i < RHO_PASSES; i++) {
		const struct rho_scale_point *p = &s->even[i];
		rho_grid_put(g, RHO_PLAIN, rho_scale_names[i]);
		rho_grid_put(g, RHO_PLAIN, duration(s->seconds[i], text, sizeof text));
		snprintf(text, sizeof text, isfinite(s->seconds[i]) ? "%.2f" : "-",
		         s->seconds[RHO_PASS_F32] / s->seconds[i]);
		rho_grid_put(g, RHO_PLAIN, text);
		snprintf(text, sizeof text, p->k ? "%zu" : "-", p->k);
		rho_grid_put(g, RHO_PLAIN, text);
		rho_grid_put(g, RHO_PLAIN,
		             p->k ? percent((double)p->k / (double)s->rows, text, sizeof text) : "-");
		rho_grid_put(g, RHO_PLAIN, p->k ? percent(p->hit[0], text, sizeof text) : "-");
		rho_grid_put(g, RHO_PLAIN, p->k ? gap_text(p, text, sizeof text) : "-");
	}
	put_grid(g, markdown, out);
	rho_grid_free(g);
}

/* Where sampling stops being worth it, in words. */
static void sentence(const struct rho_scale *s, size_t pass, struct rho_buf *out)
{
	const struct rho_scale_point *p = &s->even[pass];
	struct rho_buf b = { 0 };
	char miss[32], share[32], time[32], gap[64];
	if (!isfinite(s->seconds[pass])) {
		rho_buf_printf(&b, "%s: not measured; rows of up to %d numbers can be coded.",
		               rho_scale_names[pass], RHO_CODES_MOST_COLS);
	} else if (!p->k) {
		rho_buf_printf(&b,
		               "%s: even a sample of all %zu, gathered one by one, takes less than the scan.",
		               rho_scale_names[pass], s->rows);
	} else {
		rho_buf_printf(
			&b,
			"%s: sampling stops being worth it at k = %zu (%s of the actions): a decision over "
			"so "
			"many gathered rows takes as long as scanning all (%s), and misses the best action "
			"%s of the time",
			rho_scale_names[pass], p->k,
			percent((double)p->k / (double)s->rows, share, sizeof share),
			duration(p->seconds, time, sizeof time), percent(1 - p->hit[0], miss, sizeof miss));
		if (isfinite(p->gap))
			rho_buf_printf(&b, ", which costs %s a decision, where the best pays %.4g",
			               gap_text(p, gap, sizeof gap), s->gap.best);
		rho_buf_str(&b, ".");
	}
	rho_wrap(b.at, 2, out);
	rho_buf_free(&b);
}

void rho_scale_table(const struct rho_scale_said *said, size_t n, unsigned threads, bool markdown,
                     struct rho_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		const struct rho_scale *s = &said[i].scale;
		double mib = (double)s->rows * (double)s->cols * 4 / 1048576;
		rho_buf_printf(
			out,
			"%s%s: %zu actions of %zu numbers, %.1f MiB. Times are measured, here and now, on %u "
			"thread%s.\n\n",
			i ? "\n" : "", said[i].name, s->rows, s->cols, mib, threads, threads > 1 ? "s" : "");
		sample_table(s, markdown, out);
		scan_table(s, markdown, out);
		for (size_t p = 0; p < RHO_PASSES; p++)
			sentence(s, p, out);
		if (!s->gap.source)
			rho_buf_str(
				out,
				"gap: no rewards are known; --reward WHAT names some, or an [env] with an "
				"oracle.\n");
		else if (s->gap.decisions)
			rho_buf_printf(out,
			               "gap: best reward - E max over a uniform sample, mean over %zu "
			               "decisions of %s, "
			               "+- standard error.\n",
			               s->gap.decisions, s->gap.source);
		else
			rho_buf_printf(out, "gap: best reward - E max over a uniform sample, exact, of %s.\n",
			               s->gap.source);
	}
}

/* ---- for programs ---- */

static json_t *number(double v) { return isfinite(v) ? json_real(v) : json_null(); }
static json_t *count(size_t n) { return json_integer((json_int_t)n); }

static json_t *point_json(const struct rho_scale_point *p)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "k", count(p->k), "hits_best",
	                 number(p->hit[0]), "hits_top_10", number(p->hit[1]), "hits_top_100",
	                 number(p->hit[2]), "best_rank", number(p->rank), "decision_gap", number(p->gap),
	                 "gap_standard_error", number(p->error), "measured_seconds", number(p->seconds));
}

static json_t *scale_json(const struct rho_scale_said *said)
{
	const struct rho_scale *s = &said->scale;
	json_t *samples = json_array(), *scans = json_array();
	for (size_t i = 0; i < s->n_k; i++)
		json_array_append_new(samples, point_json(&s->at[i]));
	for (size_t i = 0; i < RHO_PASSES; i++)
		json_array_append_new(scans,
		                      json_pack("{s:s, s:i, s:o, s:o}", "scan", rho_scale_names[i], "queries",
		                                i < RHO_PASS_F32_FUSED ? 1 : RHO_SCALE_FUSED,
		                                "measured_seconds", number(s->seconds[i]), "even",
		                                s->even[i].k ? point_json(&s->even[i]) : json_null()));
	json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o}", "name",
	                      json_stringn_nocheck(said->name, strlen(said->name)), "actions", count(s->rows),
	                      "dim", count(s->cols), "samples", samples, "scans", scans);
	json_t *gap = s->gap.source ? json_pack("{s:s, s:o, s:o}", "of", s->gap.source, "decisions",
	                                        count(s->gap.decisions), "best_reward", number(s->gap.best))
	                            : json_null();
	json_object_set_new(o, "rewards", gap);
	return o;
}

void rho_scale_json(const struct rho_scale_said *said, size_t n, unsigned threads, struct rho_buf *out)
{
	json_t *all = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(all, scale_json(&said[i]));
	json_t *o = json_pack("{s:s, s:i, s:o}", "rho", RHO_VERSION, "threads", (int)threads, "sets", all);
	char *text = json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
	rho_buf_str(out, text ? text : "");
	rho_buf_str(out, "\n");
	free(text);
	json_decref(o);
}
