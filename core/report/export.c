/* export.c: a comparison for programs: CSV and JSON, every number in full. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* ---- CSV (RFC 4180) ---- */

static void csv_text(const char *s, struct rho_buf *out)
{
	if (!s[strcspn(s, ",\"\r\n")]) {
		rho_buf_str(out, s);
		return;
	}
	rho_buf_str(out, "\"");
	for (; *s; s++)
		rho_buf_printf(out, "%s%c", *s == '"' ? "\"" : "", *s);
	rho_buf_str(out, "\"");
}

static void csv_number(double x, struct rho_buf *out)
{
	rho_buf_str(out, ",");
	if (!isnan(x))
		rho_buf_printf(out, "%.12g", x);
}

static void csv_interval(double x, struct rho_interval ci, struct rho_buf *out)
{
	csv_number(x, out);
	csv_number(ci.lo, out);
	csv_number(ci.hi, out);
}

static void csv_arm(const struct rho_comparison *c, const struct rho_compared *a, struct rho_buf *out)
{
	const struct rho_result_arm *arm = &c->results->arm[a->arm];
	csv_text(arm->name, out);
	for (size_t x = 0; x < c->results->n_axes; x++) {
		rho_buf_str(out, ",");
		csv_text(arm->value[x] ? arm->value[x] : "", out);
	}
	rho_buf_str(out, ",");
	csv_text(c->metric, out);
	rho_buf_printf(out, ",%s,%.12g,%.12g,%zu,%zu", c->lower ? "lower" : "higher", c->window, c->interval,
	               c->results->n_seeds, a->n);
	csv_interval(a->mean, a->mean_t, out);
	csv_number(a->sd, out);
	csv_interval(a->iqm, a->iqm_ci, out);
	csv_number(a->auc, out);
	rho_buf_str(out, ",");
	csv_text(c->results->arm[c->baseline].name, out);
	rho_buf_printf(out, ",%zu,%zu,%zu", a->pairs, a->wins, a->ties);
	csv_interval(a->diff, a->diff_ci, out);
	csv_interval(a->better, a->better_ci, out);
	csv_number(a->p, out);
	csv_number(a->p_holm, out);
	csv_number(a->detectable, out);
	csv_number(a->regret, out);
	csv_number(a->coverage, out);
	csv_number(a->selection, out);
	csv_number(a->decision_us, out);
	for (size_t j = 0; j < c->n_groups; j++)
		csv_interval(c->group[j].iqm[a - c->arm], c->group[j].ci[a - c->arm], out);
	rho_buf_str(out, "\n");
}

static void csv_arms(const struct rho_comparison *c, struct rho_buf *out)
{
	rho_buf_str(out, "arm");
	for (size_t x = 0; x < c->results->n_axes; x++) {
		rho_buf_str(out, ",");
		csv_text(c->results->axis[x], out);
	}
	rho_buf_str(out,
	            ",metric,better,window,interval,seeds,n,mean,mean_lo,mean_hi,sd,iqm,iqm_lo,iqm_hi,auc,"
	            "baseline,pairs,wins,ties,difference,difference_lo,difference_hi,p_better,p_better_lo,"
	            "p_better_hi,p,p_holm,detectable,regret,coverage_regret,selection_regret,decision_us");
	for (size_t j = 0; j < c->n_groups; j++) {
		static const char *const end[] = { "", "_lo", "_hi" };
		for (size_t k = 0; k < 3; k++) {
			char *name = c->group[j].name
			                     ? rho_xprintf("%s[%s]%s", c->metric, c->group[j].name, end[k])
			                     : rho_xprintf("%s[]%s", c->metric, end[k]);
			rho_buf_str(out, ",");
			csv_text(name, out);
			free(name);
		}
	}
	rho_buf_str(out, "\n");
	for (size_t i = 0; i < c->n_arms; i++)
		csv_arm(c, &c->arm[i], out);
}

void rho_compare_csv(const struct rho_comparison *c, const struct rho_compare_options *o, struct rho_buf *out)
{
	if (!o->by) {
		csv_arms(c, out);
		return;
	}
	rho_buf_str(out,
	            "axis,value,metric,better,window,interval,n,blocks,blocks_planned,mean,effect,effect_lo,"
	            "effect_hi\n");
	for (size_t i = 0; i < c->n_effects; i++) {
		const struct rho_effect *e = &c->effect[i];
		csv_text(c->results->axis[e->axis], out);
		rho_buf_str(out, ",");
		csv_text(e->value, out);
		rho_buf_str(out, ",");
		csv_text(c->metric, out);
		rho_buf_printf(out, ",%s,%.12g,%.12g,%zu,%zu,%zu", c->lower ? "lower" : "higher", c->window,
		               c->interval, e->seeds, e->blocks, e->all_blocks);
		csv_number(e->mean, out);
		csv_interval(e->effect, e->ci, out);
		rho_buf_str(out, "\n");
	}
}

/* ---- JSON ---- */

/* A sentence may quote a path, and a path may be any bytes. */
static json_t *sentence(const char *s)
{
	json_t *text = json_string(s);
	return text ? text : json_string("(a text that is not UTF-8)");
}

static json_t *real(double x) { return isnan(x) ? json_null() : json_real(x); }

static json_t *pair(struct rho_interval ci)
{
	return isnan(ci.lo) ? json_null() : json_pack("[f, f]", ci.lo, ci.hi);
}

static json_t *json_scores(const struct rho_comparison *c, const double *from, size_t arm)
{
	json_t *list = json_array();
	for (size_t s = 0; s < c->results->n_seeds; s++)
		json_array_append_new(list, real(from[arm * c->results->n_seeds + s]));
	return list;
}

static json_t *json_arm(const struct rho_comparison *c, const struct rho_compared *a)
{
	const struct rho_result_arm *arm = &c->results->arm[a->arm];
	json_t *out = json_object(), *values = json_object();
	for (size_t x = 0; x < c->results->n_axes; x++)
		if (arm->value[x])
			json_object_set_new(values, c->results->axis[x], json_string(arm->value[x]));
	json_object_set_new(out, "arm", json_string(arm->name));
	json_object_set_new(out, "values", values);
	json_object_set_new(out, "n", json_integer((json_int_t)a->n));
	json_object_set_new(out, "scores", json_scores(c, c->score, a->arm));
	json_object_set_new(out, "aucs", json_scores(c, c->auc, a->arm));
	json_object_set_new(out, "mean", real(a->mean));
	json_object_set_new(out, "mean_t", pair(a->mean_t));
	json_object_set_new(out, "sd", real(a->sd));
	json_object_set_new(out, "iqm", real(a->iqm));
	json_object_set_new(out, "iqm_interval", pair(a->iqm_ci));
	json_object_set_new(out, "auc", real(a->auc));
	if (a->arm != c->baseline) {
		json_object_set_new(out, "pairs", json_integer((json_int_t)a->pairs));
		json_object_set_new(out, "wins", json_integer((json_int_t)a->wins));
		json_object_set_new(out, "ties", json_integer((json_int_t)a->ties));
		json_object_set_new(out, "difference", real(a->diff));
		json_object_set_new(out, "difference_interval", pair(a->diff_ci));
		json_object_set_new(out, "p_better", real(a->better));
		json_object_set_new(out, "p_better_interval", pair(a->better_ci));
		json_object_set_new(out, "p", real(a->p));
		json_object_set_new(out, "p_holm", real(a->p_holm));
		json_object_set_new(out, "detectable", real(a->detectable));
	}
	json_object_set_new(out, "regret", real(a->regret));
	json_object_set_new(out, "coverage_regret", real(a->coverage));
	json_object_set_new(out, "selection_regret", real(a->selection));
	json_object_set_new(out, "decision_us", real(a->decision_us));
	for (size_t j = 0; j < c->n_groups; j++) {
		json_t *groups = json_object_get(out, "groups");
		if (!groups) {
			groups = json_object();
			json_object_set_new(out, "groups", groups);
		}
		json_object_set_new(groups, c->group[j].name ? c->group[j].name : "",
		                    json_pack("{s:o, s:o}", "iqm", real(c->group[j].iqm[a - c->arm]),
		                              "interval", pair(c->group[j].ci[a - c->arm])));
	}
	return out;
}

static json_t *json_effects(const struct rho_comparison *c)
{
	json_t *list = json_array();
	for (size_t i = 0; i < c->n_effects; i++) {
		const struct rho_effect *e = &c->effect[i];
		json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:o}", "axis",
		                                      c->results->axis[e->axis], "value", e->value, "n",
		                                      (json_int_t)e->seeds, "blocks", (json_int_t)e->blocks,
		                                      "blocks_planned", (json_int_t)e->all_blocks, "mean",
		                                      real(e->mean), "effect", real(e->effect), "interval",
		                                      pair(e->ci)));
	}
	return list;
}

static json_t *json_holes(const struct rho_comparison *c)
{
	json_t *list = json_array();
	for (size_t i = 0; i < c->n_holes; i++) {
		const struct rho_hole *h = &c->hole[i];
		json_array_append_new(list, json_pack("{s:s, s:I, s:o}", "arm", c->results->arm[h->arm].name,
		                                      "seed", (json_int_t)h->seed, "why", sentence(h->why)));
	}
	return list;
}

void rho_compare_json(const struct rho_comparison *c, const struct rho_compare_options *o,
                      struct rho_buf *out)
{
	json_t *root = json_object(), *seeds = json_array(), *arms = json_array();
	struct rho_buf found = { 0 };
	char *text;
	rho_compare_found(c, &found);
	for (size_t s = 0; s < c->results->n_seeds; s++)
		json_array_append_new(seeds, json_integer((json_int_t)c->results->seeds[s]));
	for (size_t i = 0; i < c->n_arms && !o->by; i++)
		json_array_append_new(arms, json_arm(c, &c->arm[i]));
	json_object_set_new(root, "name", json_string(c->results->name));
	json_object_set_new(root, "rho", json_string(c->results->rho_version));
	json_object_set_new(root, "metric", json_string(c->metric));
	json_object_set_new(root, "better", json_string(c->lower ? "lower" : "higher"));
	json_object_set_new(root, "steps", json_integer((json_int_t)c->results->steps));
	json_object_set_new(root, "window", json_real(c->window));
	json_object_set_new(root, "interval", json_real(c->interval));
	json_object_set_new(root, "interval_kind", json_string("expanded percentile bootstrap over seeds"));
	json_object_set_new(root, "resamples", json_integer((json_int_t)c->resamples));
	json_object_set_new(root, "baseline", json_string(c->results->arm[c->baseline].name));
	json_object_set_new(root, "seeds", seeds);
	json_object_set_new(root, "arms", arms);
	json_object_set_new(root, "effects", json_effects(c));
	json_object_set_new(root, "holes", json_holes(c));
	json_object_set_new(root, "found", sentence(found.at));
	text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(12));
	rho_buf_printf(out, "%s\n", text ? text : "null");
	free(text);
	json_decref(root);
	rho_buf_free(&found);
}
