/* gsm8k: grade-school word problems with worked answers; each step of a training answer is an action. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "kit/problems.h"
#include "kit/text.h"

enum { STEPS_TRAIN, STEPS_NONE };
static const char *const steps_names[] = { "train", "none", NULL };

struct gsm8k {
	const char *path, *math;        /* parameters */
	int steps;
};

static const struct rho_param gsm8k_params[] = {
	RHO_PATH(struct gsm8k, path, "folder with train.jsonl and test.jsonl, gzip or not"),
	RHO_CHOICE(struct gsm8k, steps, STEPS_TRAIN, steps_names,
		   "actions: the steps of the training answers, or none at all"),
	RHO_PATH_OPT(struct gsm8k, math,
		     "folder with math500.jsonl, whose problems are then contexts, too, of group MATH-500"),
	RHO_END
};

struct reading {                /* what one call of read holds */
	const struct gsm8k *p;
	struct rho_ctx *ctx;
	struct rho_sink *sink;
	struct rho_trouble trouble;
	struct rho_jsonl rows;
	struct rho_text plain, expr;    /* of the step being composed */
	size_t n_train, n_test, n_math, n_steps, n_bare;
};

static int no_memory(struct reading *r)
{
	return rho_trouble_set(&r->trouble, RHO_ENOMEM, "no memory left to read %s", r->p->path);
}

/* Where in s two equal characters c stand side by side, or s.len. */
static size_t find_pair(struct rho_str s, char c)
{
	for (size_t i = 0; i + 1 < s.len; i++)
		if (s.at[i] == c && s.at[i + 1] == c)
			return i;
	return s.len;
}

/* Sets r->plain to the line without its <<…>>, and r->expr to what those hold, "; " between several. */
static int take_apart(struct reading *r, struct rho_str line)
{
	rho_text_clear(&r->plain);
	rho_text_clear(&r->expr);
	while (line.len) {
		size_t open = find_pair(line, '<');
		struct rho_str rest = { line.at + open, line.len - open };
		size_t inner = open < line.len ? find_pair(rest, '>') : rest.len;
		if (inner == rest.len)  /* no more, or one that is never closed: text */
			break;
		rho_text_add(&r->plain, (struct rho_str){ line.at, open });
		rho_text_join(&r->expr, "; ", (struct rho_str){ rest.at + 2, inner - 2 });
		line = (struct rho_str){ rest.at + inner + 2, rest.len - inner - 2 };
	}
	rho_text_add(&r->plain, line);
	return r->plain.spent || r->expr.spent ? no_memory(r) : 0;
}

/* Adds step number `step` of problem `context` as an action and links the two. */
static int add_step(struct reading *r, int64_t context, int64_t step)
{
	char id[48];
	struct rho_str text = rho_str_trim(rho_text_view(&r->plain));
	struct rho_str name = { id, (size_t)snprintf(id, sizeof(id), "%" PRId64 ":%" PRId64, context, step) };
	const union rho_value row[] = { { .s = name },
					{ .s = text },
					{ .s = rho_text_view(&r->expr) },
					{ .row = (uint32_t)context },
					{ .i = step } };
	int64_t at = r->sink->add(r->sink, RHO_ACTIONS, row);
	if (at < 0)
		return (int)at;
	const union rho_value link[] = {
		{ .row = (uint32_t)context }, { .row = (uint32_t)at }, { .f = 1 }, { .i = step }
	};
	at = r->sink->add(r->sink, RHO_LINKS, link);
	r->n_steps++;
	r->n_bare += !r->expr.len;
	return at < 0 ? (int)at : 0;
}

/* The lines of a worked answer but the last become steps, numbered from 0; blank ones are none. */
static int add_steps(struct reading *r, int64_t context, struct rho_str steps)
{
	int e = 0;
	for (int64_t step = 0; !e && steps.at; ) {
		e = take_apart(r, rho_str_cut(&steps, '\n'));
		if (e || (!rho_str_trim(rho_text_view(&r->plain)).len && !r->expr.len))
			continue;
		e = add_step(r, context, step++);
	}
	return e;
}

/* The last line of `whole`, "#### NUMBER": cuts the number out and leaves the lines before in *steps. */
static int cut_answer(struct reading *r, struct rho_str whole, struct rho_str *steps, struct rho_str *answer)
{
	struct rho_str s = rho_str_trim(whole);
	size_t at = s.len;
	while (at && s.at[at - 1] != '\n')
		at--;
	*answer = (struct rho_str){ s.at + at, s.len - at };
	*steps = (struct rho_str){ at ? s.at : NULL, at ? at - 1 : 0 };
	if (answer->len > 4 && !memcmp(answer->at, "####", 4)) {
		answer->at += 4;
		answer->len -= 4;
		*answer = rho_str_trim(*answer);
		if (answer->len)
			return 0;
	}
	struct rho_str tail = rho_str_head(*answer, 60);
	return rho_lines_fail(r->rows.lines,
			      "the answer must end in a line \"#### NUMBER\", and its last line is \"%.*s\"",
			      (int)tail.len, tail.at);
}

static int read_problem(struct reading *r, bool train)
{
	char id[32];
	size_t *n = train ? &r->n_train : &r->n_test;
	struct rho_str steps;
	struct rho_problem p = { .group = "GSM8K", .split = train ? "train" : "test", .subject = { "", 0 },
				 .level = INT64_MIN };
	int e = rho_jsonl_str(&r->rows, "question", &p.text);
	if (!e)
		e = rho_jsonl_str(&r->rows, "answer", &p.solution);
	if (!e)
		e = cut_answer(r, p.solution, &steps, &p.answer);
	if (!e && !rho_str_trim(p.text).len)
		e = rho_lines_fail(r->rows.lines, "\"question\" is empty");
	if (e)
		return e;
	p.id = (struct rho_str){ id, (size_t)snprintf(id, sizeof(id), "%s/%zu", p.split, *n) };
	int64_t context = rho_problem_add(r->sink, &p);
	if (context < 0)
		return (int)context;
	++*n;
	return train && r->p->steps == STEPS_TRAIN ? add_steps(r, context, steps) : 0;
}

static int read_train(void *arg) { return read_problem(arg, true); }
static int read_test(void *arg) { return read_problem(arg, false); }

static int read_math(void *arg)
{
	struct reading *r = arg;
	struct rho_problem p;
	int e = rho_problem_math500(&r->rows, &p);
	if (e)
		return e;
	p.group = "MATH-500";
	int64_t at = rho_problem_add(r->sink, &p);
	r->n_math++;
	return at < 0 ? (int)at : 0;
}

static int read_file(struct reading *r, const char *folder, const char *name, int (*one)(void *))
{
	return rho_jsonl_each(&r->rows, folder, name, &r->trouble, r->ctx, one, r);
}

static int declare(struct rho_sink *sink, bool steps)
{
	static const struct rho_column_spec actions[] = {
		{ .name = "id", .type = RHO_COL_STR },      { .name = "text", .type = RHO_COL_STR },
		{ .name = "expr", .type = RHO_COL_STR },
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "step", .type = RHO_COL_I64 },
	};
	static const struct rho_column_spec links[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 }, { .name = "time", .type = RHO_COL_I64 },
	};
	int e = rho_problem_columns(sink);
	if (!e && steps)
		e = sink->columns(sink, RHO_ACTIONS, actions, 5);
	return e || !steps ? e : sink->columns(sink, RHO_LINKS, links, 4);
}

static int gsm8k_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	struct reading r = { .p = self, .ctx = c, .sink = sink };
	int e = declare(sink, r.p->steps == STEPS_TRAIN);
	if (!e)
		e = read_file(&r, r.p->path, "train.jsonl", read_train);
	if (!e)
		e = read_file(&r, r.p->path, "test.jsonl", read_test);
	if (!e && r.p->math)
		e = read_file(&r, r.p->math, RHO_MATH500_FILE, read_math);
	if (r.trouble.code)
		e = rho_fail(c, r.trouble.code, "%s", r.trouble.text);
	if (!e)
		rho_log(c, RHO_INFO,
			"contexts: %zu train, %zu test, %zu of MATH-500; actions and links: %zu steps of the "
			"training answers, %zu of them without an annotation",
			r.n_train, r.n_test, r.n_math, r.n_steps, r.n_bare);
	rho_text_free(&r.plain);
	rho_text_free(&r.expr);
	return e;
}

static const struct rho_dataset gsm8k_dataset = {
	.size = sizeof(gsm8k_dataset),
	.tables = 1u << RHO_ACTIONS | 1u << RHO_CONTEXTS | 1u << RHO_LINKS,
	.read = gsm8k_read,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_DATASET), .name = "gsm8k", .version = "1.0.0", .revision = 1, .flags = RHO_THREADS,
	.brief = "grade-school word problems with worked answers, MATH-500 beside them",
	.doc = "A context is a problem: its question, the number after #### as the answer, the whole worked "
	       "answer with its <<48/2=24>> as the solution. An action is one step (a line) of a training answer "
	       "without those annotations; expr is the annotation, context the problem it comes from. Each "
	       "training problem is linked to its own steps, with the step's number as time.",
	.cite = "Cobbe et al. 2021, Training Verifiers to Solve Math Word Problems",
	.params = gsm8k_params, .self_size = sizeof(struct gsm8k), .dataset = &gsm8k_dataset,
};
