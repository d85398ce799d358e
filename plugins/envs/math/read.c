/* Reading the problems that are posed: texts, answers and worked solutions. */
#include <string.h>

#include "env.h"
#include "kit/labels.h"

/* Whether the label of row i is the one wanted, of number `label`; no filter: column NULL. */
static bool passes(const struct rho_column *c, uint32_t label, size_t i) { return !c || c->label[i] == label; }

/* The filter `wanted` on column `name`; a label that nothing has is refused. */
static int find_label(struct rho_ctx *c, const struct rho_data *d, const char *name, const char *wanted,
                      const struct rho_column **column, uint32_t *label)
{
	char list[300];
	*column = NULL;
	*label = 0;
	if (!*wanted)
		return 0;
	const struct rho_column *of = rho_find_column(d, RHO_CONTEXTS, name, RHO_COL_LABEL);
	if (!of)
		return rho_fail(c, RHO_EINVAL, "%s = \"%s\", and the problems of this dataset have no column \"%s\";"
		                " leave it out", name, wanted, name);
	*label = rho_label_find(of, wanted);
	if (*label == RHO_NO_LABEL)
		return rho_fail(c, RHO_EINVAL, "no %s is called \"%s\"; there is %s", name, wanted,
		                rho_label_list(of, list, sizeof list));
	*column = of;
	return 0;
}

struct columns {
	const struct rho_column *split, *solution, *by_split, *by_group;
	uint32_t split_label, group_label, train;
};

static int find_columns(struct rho_ctx *c, struct math_env *s, struct columns *k)
{
	const struct rho_data *d = s->data;
	int e;
	s->text = rho_find_column(d, RHO_CONTEXTS, "text", RHO_COL_STR);
	s->answer = rho_find_column(d, RHO_CONTEXTS, "answer", RHO_COL_STR);
	s->group_column = rho_find_column(d, RHO_CONTEXTS, "group", RHO_COL_LABEL);
	k->solution = rho_find_column(d, RHO_CONTEXTS, "solution", RHO_COL_STR);
	k->split = rho_find_column(d, RHO_CONTEXTS, "split", RHO_COL_LABEL);
	if (!s->text || !s->answer)
		return rho_fail(c, RHO_EINVAL, "the contexts of this dataset have no column \"%s\" of strings; the"
		                " datasets gsm8k and math have problems with answers", s->text ? "answer" : "text");
	if ((e = find_label(c, d, "split", s->split, &k->by_split, &k->split_label)) ||
	    (e = find_label(c, d, "group", s->group, &k->by_group, &k->group_label)))
		return e;
	k->train = rho_label_find(k->split, "train");
	if (s->reward == MATH_PAY_DERIVATION && !k->solution)
		return rho_fail(c, RHO_EINVAL, "reward = \"derivation\" pays steps that stand in the worked solutions,"
		                " and this dataset has no column \"solution\"; use reward = \"answer\"");
	return 0;
}

/* Reads problem r into *p, its quantities into q, its steps into good. */
static void read_problem(const struct math_env *s, const struct columns *k, uint32_t r, struct math_problem *p,
                         struct math_quantity *q, struct math_good *good)
{
	*p = (struct math_problem){ .row = r };
	math_read_text(rho_column_str(s->text, r), p, q);
	if (k->solution)
		math_read_solution(rho_column_str(k->solution, r), p, good);
	p->answer = math_read_answer(rho_column_str(s->answer, r));
	p->trains = s->derivations == MATH_ALL || !k->split || k->split->label[r] == k->train;
}

/* Reads the n problems of `row`: once to count, once to keep. */
static int read_all(struct rho_ctx *c, struct math_env *s, const struct columns *k, const uint32_t *row, size_t n)
{
	struct math_quantity q[MATH_MOST_TEXT];
	struct math_good good[MATH_MOST_GOOD];
	size_t n_q = 0, n_good = 0;
	s->problem = rho_alloc(c, n, sizeof *s->problem);
	if (!s->problem)
		return RHO_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct math_problem *p = &s->problem[i];
		if (i % 256 == 255 && rho_stop(c))
			return RHO_ESTOP;
		read_problem(s, k, row[i], p, q, good);
		n_q += p->n_quantities;
		n_good += p->n_good;
	}
	s->quantity = rho_alloc(c, n_q + 1, sizeof *s->quantity);
	s->good = rho_alloc(c, n_good + 1, sizeof *s->good);
	if (!s->quantity || !s->good)
		return RHO_ENOMEM;
	n_q = n_good = 0;
	for (size_t i = 0; i < n; i++) {
		struct math_problem *p = &s->problem[i];
		read_problem(s, k, row[i], p, q, good);
		p->quantity = (uint32_t)n_q;
		p->good = (uint32_t)n_good;
		memcpy(s->quantity + n_q, q, p->n_quantities * sizeof *q);
		memcpy(s->good + n_good, good, p->n_good * sizeof *good);
		n_q += p->n_quantities;
		n_good += p->n_good;
	}
	s->n = n;
	return 0;
}

int math_read_problems(struct rho_ctx *c, struct math_env *s)
{
	struct columns k = { 0 };
	size_t contexts = s->data->table[RHO_CONTEXTS].n, n = 0, no_answer = 0;
	int e = find_columns(c, s, &k);
	if (e)
		return e;
	uint32_t *row = rho_scratch(c, contexts, sizeof *row);
	if (!row)
		return RHO_ENOMEM;
	for (size_t i = 0; i < contexts; i++) {
		if (!passes(k.by_split, k.split_label, i) || !passes(k.by_group, k.group_label, i))
			continue;
		if (!rho_column_str(s->answer, i).len) {
			no_answer++;
			continue;
		}
		row[n++] = (uint32_t)i;
	}
	if (!n)
		return rho_fail(c, RHO_EINVAL, "no problem passes split and group and has an answer (%zu of %zu rows"
		                " have none): there is nothing to pose", no_answer, contexts);
	size_t passed = n;
	if (s->limit && n > (size_t)s->limit)
		n = (size_t)s->limit;
	for (size_t i = 0; i < n; i++)
		row[i] = row[i * passed / n];
	if ((e = read_all(c, s, &k, row, n)))
		return e;
	rho_log(c, RHO_INFO, "%zu problems are posed; %zu without an answer are left out", n, no_answer);
	return 0;
}
