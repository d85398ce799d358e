/* show_json.c: what was found, for programs: all of it, in full precision. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../run/out.h"
#include "show.h"

/* ---- JSON ---- */

static json_t *number(double v) { return isfinite(v) ? json_real(v) : json_null(); }
static json_t *count(size_t n) { return json_integer((json_int_t)n); }
static json_t *text(const char *s) { return json_stringn_nocheck(s, strlen(s)); }

static json_t *estimate(struct rho_estimate e, const char *interval)
{
	return json_pack("{s:o, s:o, s:o, s:s}", "value", number(e.value), "lo", number(e.ci.lo), "hi",
	                 number(e.ci.hi), "interval", interval);
}

static json_t *point_json(const struct rho_cover_point *p, bool rewards)
{
	json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o, s:[o,o,o,o], s:o, s:o, s:o, s:o}", "k", count(p->k),
	                      "rho_rem", estimate(p->rem, "rows"), "rho_all", estimate(p->all, "rows"),
	                      "scale_free", estimate(p->free, "rows"), "sphere", number(p->sphere),
	                      "quantiles", number(p->quantile[0]), number(p->quantile[1]),
	                      number(p->quantile[2]), number(p->quantile[3]), "worst_action",
	                      number(p->worst), "hits_top", number(p->hit_top), "best_rank",
	                      number(p->best_rank), "share_above", number(p->reached));
	if (rewards) {
		json_object_set_new(o, "best_reward", number(p->best));
		json_object_set_new(o, "decision_gap", number(p->gap));
	}
	return o;
}

static json_t *numbers(const double *x, size_t n)
{
	json_t *a = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, number(x[i]));
	return a;
}

static json_t *histogram_json(const struct rho_geometry *g)
{
	json_t *a = json_array();
	for (size_t i = 0; i < RHO_COSINE_BINS; i++)
		json_array_append_new(a, json_integer((json_int_t)g->histogram[i]));
	return json_pack("{s:i, s:i, s:o}", "from", -1, "to", 1, "counts", a);
}

static json_t *eluder_json(const struct rho_geometry *g)
{
	json_t *curve = json_array();
	for (size_t i = 0; i < g->n_eluder_curve; i++)
		json_array_append_new(curve,
		                      json_pack("{s:o, s:o, s:o}", "eps", number(g->eluder_curve[i].eps),
		                                "count", count(g->eluder_curve[i].count),
		                                "russo_van_roy_bound", number(g->eluder_curve[i].bound)));
	return json_pack("{s:b, s:o, s:o}", "reached", g->eluder_done, "widths",
	                 numbers(g->width, g->n_width), "curve", curve);
}

static json_t *source_json(const struct rho_subject *one, struct rho_registry *reg)
{
	json_t *o = json_object();
	if (one->file)
		json_object_set_new(o, "file", text(one->file));
	for (uint32_t kind = RHO_DATASET; kind <= RHO_ENCODER; kind++) {
		const struct rho_role *r = &one->role[kind];
		struct rho_buf b = { 0 };
		if (!r->module)
			continue;
		rho_params_canonical(reg, r->module, r->table, false, &b);
		json_object_set_new(o, rho_kind_name(kind),
		                    json_pack("{s:s, s:s, s:o}", "name", r->module->plugin.name, "version",
		                              r->module->plugin.version, "parameters",
		                              text(b.at ? b.at : "")));
		rho_buf_free(&b);
	}
	if (one->stage.action_emb.map)
		json_object_set_new(o, "key", text(one->stage.action_emb.key));
	return o;
}

static json_t *subject_json(const struct rho_subject *one, struct rho_registry *reg)
{
	const struct rho_geometry *g = &one->g;
	json_t *measures = json_object(), *curve = json_array(), *o;
	for (size_t i = 0; i < rho_n_measures; i++) {
		const struct rho_measure *m = &rho_measures[i];
		struct rho_estimate e = rho_measure_of(g, m);
		if (!rho_measure_told(g, m))
			continue;
		json_object_set_new(measures, m->key,
		                    m->interval ? estimate(e, m->interval)
		                                : json_pack("{s:o}", "value", number(e.value)));
	}
	json_object_set_new(measures, "mean_distance", estimate(g->distance, "rows"));
	for (size_t q = 0; q < g->n_k; q++)
		json_array_append_new(curve, point_json(&g->curve[q], one->reward));
	o = json_pack("{s:o, s:o, s:o, s:o, s:o}", "name", text(one->name), "source", source_json(one, reg),
	              "n", count(g->n), "dim", count(g->dim), "zero_rows", count(g->zero_rows));
	json_object_set_new(o, "drawn",
	                    json_pack("{s:o, s:o, s:o, s:o}", "coverage", count(g->cover_rows), "quantiles",
	                              count(g->quantile_rows), "pairs", count(g->pair_rows), "potential",
	                              count(g->potential_rows)));
	json_object_set_new(o, "without_neighbours", count(g->no_neighbours));
	json_object_set_new(o, "measures", measures);
	json_object_set_new(o, "coverage_error_bound", number(g->cover_error));
	json_object_set_new(o, "coverage", curve);
	json_object_set_new(o, "eluder", eluder_json(g));
	json_object_set_new(o, "eigenvalues", numbers(g->eigen, g->dim));
	json_object_set_new(o, "cosines", histogram_json(g));
	return o;
}

static json_t *options_json(const struct rho_geometry_options *o, const char *reward)
{
	json_t *k = json_array(), *out;
	for (size_t i = 0; i < o->n_k; i++)
		json_array_append_new(k, count(o->k[i]));
	out = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "k", k, "seed",
	                json_integer((json_int_t)o->seed), "level", number(o->level), "resamples",
	                count(o->resamples), "groups", count(o->groups), "eluder_groups",
	                count(o->eluder_groups), "t", number(o->t), "neighbours", count(o->neighbours));
	json_object_set_new(out, "ridge", number(o->lambda));
	json_object_set_new(out, "eps", number(o->reach));
	json_object_set_new(out, "picks", count(o->picks));
	json_object_set_new(out, "top", count(o->top));
	json_object_set_new(out, "raw", json_boolean(o->raw));
	json_object_set_new(out, "quantiles", json_pack("[f,f,f,f]", 0.1, 0.5, 0.9, 0.99));
	if (reward)
		json_object_set_new(out, "reward", text(reward));
	return out;
}

static int into(const char *bytes, size_t n, void *out)
{
	rho_buf_add(out, bytes, n);
	return 0;
}

void rho_show_json(const struct rho_subjects *s, const struct rho_geometry_options *o,
                   struct rho_registry *reg, const char *reward, struct rho_buf *out)
{
	json_t *sets = json_array(), *root;
	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(sets, subject_json(&s->at[i], reg));
	root = json_pack("{s:i, s:s, s:o, s:o}", "rho_geometry", 1, "rho", RHO_VERSION, "options",
	                 options_json(o, reward), "sets", sets);
	json_dump_callback(root, into, out, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
	rho_buf_str(out, "\n");
	json_decref(root);
}

/* ---- CSV ---- */

struct lines {
	struct rho_buf *out;
	const char *name;
};

static void put_name(struct rho_buf *out, const char *s)
{
	if (!strpbrk(s, ",\"\n\r")) {
		rho_buf_str(out, s);
		return;
	}
	rho_buf_str(out, "\"");
	for (; *s; s++)
		rho_buf_add(out, *s == '"' ? "\"\"" : s, *s == '"' ? 2 : 1);
	rho_buf_str(out, "\"");
}

static void put_cell(struct rho_buf *out, double v)
{
	rho_buf_str(out, ",");
	if (isfinite(v))
		rho_put_double(out, v);
}

static void put_line(const struct lines *l, const char *measure, double at, struct rho_estimate e)
{
	put_name(l->out, l->name);
	rho_buf_printf(l->out, ",%s", measure);
	put_cell(l->out, at);
	put_cell(l->out, e.value);
	put_cell(l->out, e.ci.lo);
	put_cell(l->out, e.ci.hi);
	rho_buf_str(l->out, "\n");
}

static void put_plain(const struct lines *l, const char *measure, double at, double v)
{
	put_line(l, measure, at, (struct rho_estimate){ v, { NAN, NAN } });
}

static void put_point(const struct lines *l, const struct rho_cover_point *p, bool rewards)
{
	static const char *const quantile[RHO_COVER_QUANTILES] = { "distance_10", "distance_50",
		                                                   "distance_90", "distance_99" };
	double k = (double)p->k;
	put_line(l, "rho_rem", k, p->rem);
	put_line(l, "rho_all", k, p->all);
	put_line(l, "scale_free", k, p->free);
	put_plain(l, "sphere", k, p->sphere);
	for (size_t q = 0; q < RHO_COVER_QUANTILES; q++)
		put_plain(l, quantile[q], k, p->quantile[q]);
	put_plain(l, "worst_action", k, p->worst);
	put_plain(l, "hits_top", k, p->hit_top);
	put_plain(l, "best_rank", k, p->best_rank);
	put_plain(l, "share_above", k, p->reached);
	if (rewards) {
		put_plain(l, "best_reward", k, p->best);
		put_plain(l, "decision_gap", k, p->gap);
	}
}

static void put_subject(const struct lines *l, const struct rho_subject *one)
{
	const struct rho_geometry *g = &one->g;
	put_plain(l, "n", NAN, (double)g->n);
	put_plain(l, "dim", NAN, (double)g->dim);
	for (size_t i = 0; i < rho_n_measures; i++)
		if (rho_measure_told(g, &rho_measures[i]))
			put_line(l, rho_measures[i].key, NAN, rho_measure_of(g, &rho_measures[i]));
	put_line(l, "mean_distance", NAN, g->distance);
	for (size_t q = 0; q < g->n_k; q++)
		put_point(l, &g->curve[q], one->reward);
	for (size_t i = 0; i < g->n_eluder_curve; i++)
		put_plain(l, "eluder_count", g->eluder_curve[i].eps, (double)g->eluder_curve[i].count);
	for (size_t i = 0; i < g->dim; i++)
		put_plain(l, "eigenvalue", (double)(i + 1), g->eigen[i]);
	for (size_t i = 0; i < RHO_COSINE_BINS; i++)
		put_plain(l, "cosine_pairs", ((double)i + 0.5) * 2 / RHO_COSINE_BINS - 1,
		          (double)g->histogram[i]);
}

void rho_show_csv(const struct rho_subjects *s, struct rho_buf *out)
{
	rho_buf_str(out, "name,measure,at,value,lo,hi\n");
	for (size_t i = 0; i < s->n; i++)
		put_subject(&(struct lines){ out, s->at[i].name }, &s->at[i]);
}
