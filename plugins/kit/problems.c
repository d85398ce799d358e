/* problems.c: rows of contexts for problems of mathematics. */
#include "problems.h"

#include <math.h>
#include <string.h>

#include "boxed.h"
#include "number.h"
#include "text.h"

int rho_problem_columns(struct rho_sink *sink)
{
	static const struct rho_column_spec columns[] = {
		{ .name = "id", .type = RHO_COL_STR },       { .name = "text", .type = RHO_COL_STR },
		{ .name = "group", .type = RHO_COL_LABEL },  { .name = "split", .type = RHO_COL_LABEL },
		{ .name = "answer", .type = RHO_COL_STR },   { .name = "solution", .type = RHO_COL_STR },
		{ .name = "subject", .type = RHO_COL_LABEL }, { .name = "level", .type = RHO_COL_I64 },
	};
	return sink->columns(sink, RHO_CONTEXTS, columns, sizeof(columns) / sizeof(columns[0]));
}

int64_t rho_problem_add(struct rho_sink *sink, const struct rho_problem *p)
{
	const union rho_value row[] = { { .s = p->id },
					{ .s = p->text },
					{ .s = p->group ? rho_str_of(p->group) : p->subject },
					{ .s = rho_str_of(p->split) },
					{ .s = p->answer },
					{ .s = p->solution },
					{ .s = p->subject },
					{ .i = p->level } };
	return sink->add(sink, RHO_CONTEXTS, row);
}

int rho_problem_level(struct rho_jsonl *rows, const char *key, int64_t *level)
{
	static const char prefix[] = "Level ";
	size_t n = sizeof(prefix) - 1;
	struct rho_str s;
	double v = 0;
	int e = rho_jsonl_scalar(rows, key, &s, &v);
	if (e)
		return e;
	*level = INT64_MIN;
	if (s.at) {
		if (rho_str_is(s, "Level ?"))
			return 0;
		if (s.len <= n || memcmp(s.at, prefix, n) != 0 ||
		    !rho_read_f64((struct rho_str){ s.at + n, s.len - n }, &v))
			v = -1;
	}
	if (!(v >= 0 && v <= 5) || v != floor(v))
		return rho_lines_fail(rows->lines, "\"%s\" must be a level from 1 to 5 (3 or \"Level 3\")", key);
	if (v > 0)
		*level = (int64_t)v;
	return 0;
}

int rho_problem_math500(struct rho_jsonl *rows, struct rho_problem *p)
{
	struct rho_str boxed;
	*p = (struct rho_problem){ .split = "test" };
	int e = rho_jsonl_str(rows, "problem", &p->text);
	if (!e)
		e = rho_jsonl_str(rows, "solution", &p->solution);
	if (!e)
		e = rho_jsonl_str(rows, "answer", &p->answer);
	if (!e)
		e = rho_jsonl_str(rows, "subject", &p->subject);
	if (!e)
		e = rho_problem_level(rows, "level", &p->level);
	if (!e)
		e = rho_jsonl_id(rows, "unique_id", &p->id);
	if (e)
		return e;
	if (!rho_boxed_last(p->solution, &boxed))
		return rho_lines_fail(rows->lines, "the solution has no \\boxed{…} with its answer");
	if (!rho_str_same(rho_str_trim(boxed), rho_str_trim(p->answer))) {
		struct rho_str a = rho_str_head(p->answer, 60), b = rho_str_head(boxed, 60);
		return rho_lines_fail(rows->lines,
				      "the answer is stated as \"%.*s\", but the solution ends in \\boxed{%.*s}",
				      (int)a.len, a.at, (int)b.len, b.at);
	}
	return 0;
}
