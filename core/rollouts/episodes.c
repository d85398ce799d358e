/* episodes.c: one evaluation's episodes out of an eval-NAME.jsonl. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <kit/jsonl.h>

#include "rollouts.h"

enum { MOST_STEPS_SAID = 12 };

bool rho_success_parse(const char *text, struct rho_success *s)
{
	const char *op = text + strcspn(text, ">");
	size_t name = (size_t)(op - text);
	char *end;
	*s = (struct rho_success){ .last = name == 6 && !memcmp(text, "reward", 6) };
	if (!s->last && !(name == 6 && !memcmp(text, "return", 6)))
		return false;
	if (*op++ != '>')
		return false;
	s->above = *op != '=';
	op += !s->above;
	s->least = strtod(op, &end);
	return end != op && !*end && isfinite(s->least) && *op != ' ';
}

static bool solves(const struct rho_success *s, double sum, double last)
{
	double x = s->last ? last : sum;
	return s->above ? x > s->least : x >= s->least;
}

struct reading {
	struct rho_jsonl rows;
	const struct rho_success *success;
	struct rho_episodes *out;
	uint64_t wanted;
	size_t room;
	bool any;
	uint64_t steps[MOST_STEPS_SAID], last; /* evaluations there are */
	size_t n_steps;
};

/* A whole number of 0 or more below `limit`. */
static int whole(struct reading *r, const char *key, uint64_t limit, uint64_t *out)
{
	const json_t *v = json_object_get(r->rows.row, key);
	if (json_is_integer(v) && json_integer_value(v) >= 0 && (uint64_t)json_integer_value(v) < limit) {
		*out = (uint64_t)json_integer_value(v);
		return 0;
	}
	return rho_lines_fail(r->rows.lines, "`%s` is %s; this is not a file that rho wrote", key,
	                      v ? "not a whole number, or too large" : "missing");
}

static int real(struct reading *r, const char *key, double *out)
{
	const json_t *v = json_object_get(r->rows.row, key);
	*out = json_number_value(v);
	if (json_is_number(v))
		return 0;
	return rho_lines_fail(r->rows.lines, "`%s` is %s; this is not a file that rho wrote", key,
	                      v ? "not a number" : "missing");
}

static void note_step(struct reading *r, uint64_t step)
{
	if (r->n_steps && r->last == step)
		return;
	if (r->n_steps < MOST_STEPS_SAID)
		r->steps[r->n_steps] = step;
	r->n_steps++;
	r->last = step;
}

/* The line that stands ready. */
static int take(struct reading *r)
{
	struct rho_episodes *out = r->out;
	const json_t *context = json_object_get(r->rows.row, "context");
	uint64_t step = 0, row = 0;
	double sum = 0, last = 0;
	bool shown = !json_is_null(context);
	int e;
	if ((e = whole(r, "step", UINT64_MAX, &step)))
		return e;
	if (r->n_steps && step < r->last)
		return rho_lines_fail(r->rows.lines, "step %llu follows step %llu", (unsigned long long)step,
		                      (unsigned long long)r->last);
	note_step(r, step);
	if (r->wanted != UINT64_MAX && step != r->wanted)
		return 0;
	if ((shown && (e = whole(r, "context", UINT32_MAX, &row))) || (e = real(r, "return", &sum)) ||
	    (e = real(r, "reward", &last)))
		return e;
	if (r->any && step != out->step)
		out->n = 0; /* of an earlier one */
	else if (r->any && shown != out->contexts)
		return rho_lines_fail(r->rows.lines, "some episodes have a context, and others not");
	r->any = true;
	out->step = step;
	out->contexts = shown;
	if (out->n == r->room) {
		r->room = r->room ? 2 * r->room : 256;
		out->at = rho_xrealloc(out->at, r->room * sizeof *out->at);
	}
	out->at[out->n++] = (struct rho_episode){ (uint32_t)row, solves(r->success, sum, last) };
	return 0;
}

static void say_steps(const struct reading *r, const char *path, struct rho_buf *why)
{
	if (!r->n_steps) {
		rho_buf_printf(why, "%s holds no episodes", path);
		return;
	}
	rho_buf_printf(why, "%s has no evaluation at step %llu; there is one at", path,
	               (unsigned long long)r->wanted);
	for (size_t i = 0; i < r->n_steps && i < MOST_STEPS_SAID; i++)
		rho_buf_printf(why, "%s %llu", i ? "," : "", (unsigned long long)r->steps[i]);
	if (r->n_steps > MOST_STEPS_SAID)
		rho_buf_printf(why, ", … %llu", (unsigned long long)r->last);
}

int rho_episodes_read(const char *path, uint64_t step, const struct rho_success *success,
                      struct rho_episodes *out, struct rho_buf *why)
{
	struct rho_trouble t = { 0 };
	struct reading r = { .success = success, .out = out, .wanted = step };
	int e = rho_jsonl_open(&r.rows, path, &t);
	*out = (struct rho_episodes){ 0 };
	while (!e && (e = rho_jsonl_next(&r.rows)) > 0)
		e = take(&r);
	rho_jsonl_close(&r.rows);
	if (!e && out->n)
		return 0;
	if (e)
		rho_buf_str(why, t.text);
	else
		say_steps(&r, path, why);
	rho_episodes_free(out);
	return -1;
}

void rho_episodes_free(struct rho_episodes *e)
{
	free(e->at);
	*e = (struct rho_episodes){ 0 };
}
