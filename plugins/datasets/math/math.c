/* math: competition problems of the MATH dataset, with MATH-500 as the test part. */
#include <inttypes.h>
#include <stdio.h>

#include "kit/boxed.h"
#include "kit/idmap.h"
#include "kit/problems.h"

struct math {
	const char *path;       /* parameter */
};

static const struct rho_param math_params[] = {
	RHO_PATH(struct math, path,
		 "folder with math500.jsonl, test_dev.jsonl and train_answers.jsonl, gzip or not"),
	RHO_END
};

struct reading {                /* what one call of read holds */
	const struct math *p;
	struct rho_ctx *ctx;
	struct rho_sink *sink;
	struct rho_trouble trouble;
	struct rho_jsonl rows;
	struct rho_idmap test;  /* the texts of MATH-500 */
	size_t n_test, n_dev, n_train, repeated, no_answer;
};

static int no_memory(struct reading *r)
{
	return rho_trouble_set(&r->trouble, RHO_ENOMEM, "no memory left to read %s", r->p->path);
}

static int add(struct reading *r, const struct rho_problem *p, size_t *n)
{
	int64_t at = rho_problem_add(r->sink, p);
	++*n;
	return at < 0 ? (int)at : 0;
}

static int read_test(void *arg)
{
	struct reading *r = arg;
	struct rho_problem p;
	bool fresh;
	int e = rho_problem_math500(&r->rows, &p);
	if (e)
		return e;
	if (rho_idmap_add(&r->test, p.text, &fresh) == RHO_NO_ID)
		return no_memory(r);
	if (!fresh)
		return rho_lines_fail(r->rows.lines, "this problem stands in an earlier row, too");
	return add(r, &p, &r->n_test);
}

/* A row of the full test set; those of MATH-500 are in it and counted only. */
static int read_dev(void *arg)
{
	struct reading *r = arg;
	char id[40];
	struct rho_problem p = { .split = "dev" };
	struct rho_str idx;
	int e = rho_jsonl_str(&r->rows, "problem", &p.text);
	if (!e)
		e = rho_problem_level(&r->rows, "level", &p.level);
	if (!e)
		e = rho_jsonl_str(&r->rows, "type", &p.subject);
	if (!e)
		e = rho_jsonl_str(&r->rows, "solution", &p.solution);
	if (!e)
		e = rho_jsonl_id(&r->rows, "idx", &idx);
	if (!e && rho_idmap_find(&r->test, p.text) != RHO_NO_ID) {
		r->repeated++;
		return 0;
	}
	if (!e && !rho_boxed_last(p.solution, &p.answer))
		e = rho_lines_fail(r->rows.lines, "the solution has no \\boxed{…} with its answer");
	if (e)
		return e;
	idx = rho_str_head(idx, 24);
	p.id = (struct rho_str){ id, (size_t)snprintf(id, sizeof(id), "dev/%.*s", (int)idx.len, idx.at) };
	return add(r, &p, &r->n_dev);
}

static int read_train(void *arg)
{
	struct reading *r = arg;
	char id[40];
	struct rho_problem p = { .split = "train", .solution = { "", 0 } };
	int e = rho_jsonl_str(&r->rows, "problem", &p.text);
	if (!e)
		e = rho_jsonl_maybe(&r->rows, "answer", &p.answer);
	if (!e)
		e = rho_problem_level(&r->rows, "difficulty", &p.level);
	if (!e)
		e = rho_jsonl_str(&r->rows, "type", &p.subject);
	if (!e && rho_idmap_find(&r->test, p.text) != RHO_NO_ID)
		e = rho_lines_fail(r->rows.lines, "this training problem is one of MATH-500, too; nothing learned "
						  "from it could be tested there");
	if (e)
		return e;
	if (!rho_str_trim(p.answer).len) {
		r->no_answer++;
		return 0;
	}
	p.id = (struct rho_str){ id, (size_t)snprintf(id, sizeof(id), "train/%zu",
						      rho_lines_number(r->rows.lines) - 1) };
	return add(r, &p, &r->n_train);
}

static int read_file(struct reading *r, const char *name, int (*one)(void *))
{
	return rho_jsonl_each(&r->rows, r->p->path, name, &r->trouble, r->ctx, one, r);
}

static int math_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	struct reading r = { .p = self, .ctx = c, .sink = sink };
	int e = rho_problem_columns(sink);
	if (!e)
		e = read_file(&r, RHO_MATH500_FILE, read_test);
	if (!e)
		e = read_file(&r, "test_dev.jsonl", read_dev);
	if (!e)
		e = read_file(&r, "train_answers.jsonl", read_train);
	if (r.trouble.code)
		e = rho_fail(c, r.trouble.code, "%s", r.trouble.text);
	if (!e)
		rho_log(c, RHO_INFO,
			"contexts: %zu test (MATH-500), %zu dev, %zu train; left out: %zu rows of the test set that "
			"are in MATH-500, %zu training problems without an answer",
			r.n_test, r.n_dev, r.n_train, r.repeated, r.no_answer);
	rho_idmap_free(&r.test);
	return e;
}

static const struct rho_dataset math_dataset = {
	.size = sizeof(math_dataset), .tables = 1u << RHO_CONTEXTS, .read = math_read,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_DATASET), .name = "math", .version = "1.0.0", .revision = 1, .flags = RHO_THREADS,
	.brief = "competition mathematics with LaTeX answers: MATH-500, and more to train on",
	.doc = "A context is a problem, its answer in LaTeX, and where the file has it the solution. split is test "
	       "for MATH-500, dev for the other rows of the test set, train for the training problems, which have "
	       "an answer but no solution; group is the subject. There are no actions: they come from an "
	       "environment.",
	.cite = "Hendrycks et al. 2021, Measuring Mathematical Problem Solving With the MATH Dataset; Lightman et "
		"al. 2023, Let's Verify Step by Step",
	.params = math_params, .self_size = sizeof(struct math), .dataset = &math_dataset,
};
