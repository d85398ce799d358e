/* tell.c: verdicts as lines of JSON, and as a summary for people. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include <kit/text.h>

#include "../run/out.h"
#include "verify.h"

static const char *const fields[] = { "ruling", "score", "why" };
enum { N_FIELDS = sizeof fields / sizeof *fields, SHOWN = 60 /* bytes of an answer in the summary */ };

/* The name of judge j's field f, the caller's. */
static char *name_of(const struct rho_verify_judge *judge, size_t n, size_t j, size_t f)
{
	return n == 1 ? rho_xstrdup(fields[f]) : rho_xprintf("%s.%s", fields[f], judge[j].name);
}

static void put_verdict(const struct rho_verify_judge *judge, size_t n, size_t j, size_t i,
                        struct rho_buf *out)
{
	const struct rho_verdict *v = &judge[j].verdict[i];
	for (size_t f = 0; f < N_FIELDS; f++) {
		char *name = name_of(judge, n, j, f);
		rho_buf_printf(out, "%s\"%s\": ", f ? ", " : "", name);
		if (f == 0)
			rho_buf_printf(out, "\"%s\"", rho_ruling_name(v->ruling));
		else if (f == 1)
			rho_put_float(out, v->score);
		else
			rho_put_json_str(out, v->why, strlen(v->why));
		free(name);
	}
}

/* The line without fields that will be added; NULL: it has none of them and stays as it is. */
static char *without(const struct rho_verify_row *row, const struct rho_verify_judge *judge, size_t n)
{
	json_t *object = json_loadb(row->text, row->len, 0, NULL);
	bool had = false;
	char *text;
	for (size_t j = 0; j < n; j++)
		for (size_t f = 0; f < N_FIELDS; f++) {
			char *name = name_of(judge, n, j, f);
			had |= !json_object_del(object, name);
			free(name);
		}
	text = had ? json_dumps(object, JSON_REAL_PRECISION(17)) : NULL;
	json_decref(object);
	return text;
}

void rho_verify_line(const struct rho_verify_row *row, const struct rho_verify_judge *judge, size_t n,
                     size_t i, struct rho_buf *out)
{
	char *again = without(row, judge, n);
	struct rho_str line = again ? rho_str_of(again) : (struct rho_str){ row->text, row->len };
	line.len--; /* the closing brace */
	line = rho_str_trim(line);
	rho_buf_add(out, line.at, line.len);
	for (size_t j = 0; j < n; j++) {
		rho_buf_str(out, j || line.len > 1 ? ", " : "");
		put_verdict(judge, n, j, i, out);
	}
	rho_buf_str(out, "}\n");
	free(again);
}

/* ---- the summary ---- */

static void put_quoted(struct rho_buf *out, struct rho_str s)
{
	struct rho_str head = rho_str_head(s, SHOWN);
	rho_put_json_str(out, head.at, head.len);
	if (head.len < s.len)
		rho_buf_str(out, "...");
}

/* "cases.jsonl:12 (id 106): gold "1/2", pred "0.5": " */
static void put_place(const char *path, const struct rho_verify_row *row, struct rho_buf *out)
{
	rho_buf_printf(out, "  %s:%zu", path, row->number);
	if (row->id.at)
		rho_buf_printf(out, " (id %.*s)", (int)rho_str_head(row->id, SHOWN).len, row->id.at);
	rho_buf_str(out, ": gold ");
	put_quoted(out, row->gold);
	rho_buf_str(out, ", pred ");
	put_quoted(out, row->pred);
	rho_buf_str(out, ": ");
}

static double percent(size_t part, size_t of) { return of ? 100 * (double)part / (double)of : 0; }

static void put_counts(const struct rho_verify_judge *j, size_t rows, struct rho_buf *out)
{
	static const uint32_t order[] = { RHO_RIGHT, RHO_WRONG, RHO_PARTIAL, RHO_UNREADABLE, RHO_UNDECIDED };
	size_t n[RHO_UNDECIDED + 1] = { 0 };
	for (size_t i = 0; i < rows; i++)
		n[j->verdict[i].ruling]++;
	rho_buf_printf(out, "%s, %zu lines:", j->name, rows);
	for (size_t k = 0; k < sizeof order / sizeof *order; k++)
		rho_buf_printf(out, "%s %s %zu", k ? "," : "", rho_ruling_name(order[k]), n[order[k]]);
	rho_buf_str(out, "\n");
}

static void put_agreement(const struct rho_verify_spec *spec, const struct rho_verify_rows *rows,
                          const struct rho_verify_judge *j, struct rho_buf *out)
{
	size_t accepts = 0, rejects = 0, unsettled = 0;
	struct rho_buf each = { 0 };
	for (size_t i = 0; i < rows->n; i++) {
		const struct rho_verdict *v = &j->verdict[i];
		bool right = v->ruling == RHO_RIGHT, label = rows->at[i].label;
		if (right == label)
			continue;
		accepts += right;
		rejects += label;
		unsettled += v->ruling == RHO_UNREADABLE || v->ruling == RHO_UNDECIDED;
		put_place(spec->path, &rows->at[i], &each);
		rho_buf_printf(&each, "%s %s, ruled %s: %s\n", spec->label, label ? "true" : "false",
		               rho_ruling_name(v->ruling), v->why);
	}
	size_t same = rows->n - accepts - rejects;
	rho_buf_printf(out,
	               "%s agrees with %s on %zu of %zu lines (%.2f%%); false accepts: %zu; "
	               "false rejects: %zu, of which unreadable or undecided: %zu\n",
	               j->name, spec->label, same, rows->n, percent(same, rows->n), accepts, rejects,
	               unsettled);
	if (each.len)
		rho_buf_add(out, each.at, each.len);
	rho_buf_free(&each);
}

static bool decides(const struct rho_verdict *v)
{
	return v->ruling == RHO_RIGHT || v->ruling == RHO_WRONG || v->ruling == RHO_PARTIAL;
}

static void put_differences(const struct rho_verify_spec *spec, const struct rho_verify_rows *rows,
                            const struct rho_verify_judge *a, const struct rho_verify_judge *b,
                            struct rho_buf *out)
{
	size_t both = 0, differ = 0, only_a = 0, only_b = 0;
	struct rho_buf each = { 0 };
	for (size_t i = 0; i < rows->n; i++) {
		const struct rho_verdict *v = &a->verdict[i], *w = &b->verdict[i];
		both += decides(v) && decides(w);
		only_a += decides(v) && !decides(w);
		only_b += decides(w) && !decides(v);
		if (!decides(v) || !decides(w) || v->ruling == w->ruling)
			continue;
		differ++;
		put_place(spec->path, &rows->at[i], &each);
		rho_buf_printf(&each, "%s %s (%s), %s %s (%s)\n", a->name, rho_ruling_name(v->ruling), v->why,
		               b->name, rho_ruling_name(w->ruling), w->why);
	}
	rho_buf_printf(out,
	               "both decide on %zu lines and differ on %zu of them; only %s decides on %zu, only %s "
	               "on %zu, neither on %zu\n",
	               both, differ, a->name, only_a, b->name, only_b, rows->n - both - only_a - only_b);
	if (each.len)
		rho_buf_add(out, each.at, each.len);
	rho_buf_free(&each);
}

void rho_verify_summary(const struct rho_verify_spec *spec, const struct rho_verify_rows *rows,
                        const struct rho_verify_judge *judge, size_t n, struct rho_buf *out)
{
	for (size_t j = 0; j < n; j++) {
		put_counts(&judge[j], rows->n, out);
		if (spec->label)
			put_agreement(spec, rows, &judge[j], out);
	}
	if (n == 2)
		put_differences(spec, rows, &judge[0], &judge[1], out);
	if (rows->passed_over)
		rho_buf_printf(out, "lines that --where passed over: %zu\n", rows->passed_over);
}
