/* Retrieved: the steps of the most similar solved problems, with this problem's numbers. A number of theirs stands for
 * the quantity here that counts the same thing, else for the one at the same place in the text; their k-th result for
 * the k-th here. Beside each step stand two like it: another operation, and another number. */
#include <string.h>

#include "env.h"

enum { MOST_WORKED = 12, FROM_TEXT, FROM_RESULT, FROM_CONSTANT };

struct operand { uint8_t from, at; };   /* FROM_TEXT, FROM_RESULT, FROM_CONSTANT and its number there */
struct template { uint8_t op; struct operand a, b; };

struct donor {
	uint8_t n_quantities, n_steps;
	struct math_quantity q[MATH_MOST_TEXT];
	struct template step[MOST_WORKED];
};

struct math_retrieval {
	size_t n;               /* solved problems of split "train" */
	struct donor *donor;    /* (n) */
	uint32_t *row;          /* (n) of the contexts table */
	uint32_t *near;         /* (posed, similar) donors, nearest first; UINT32_MAX: none */
	uint8_t *known;         /* (posed) */
};

static bool find_operand(const struct math_env *env, const struct donor *d, const struct math_worked *w, size_t n,
                         struct math_fraction v, struct operand *out)
{
	for (size_t k = n; k-- > 0; )
		if (math_same(w[k].result, v)) {
			*out = (struct operand){ FROM_RESULT, (uint8_t)k };
			return true;
		}
	for (size_t k = 0; k < d->n_quantities; k++)
		if (math_same(d->q[k].value, v)) {
			*out = (struct operand){ FROM_TEXT, (uint8_t)k };
			return true;
		}
	for (size_t k = 0; k < env->constants.n; k++)
		if (v.q == 1 && v.p == env->constants.at[k]) {
			*out = (struct operand){ FROM_CONSTANT, (uint8_t)k };
			return true;
		}
	return false;
}

/* The worked steps up to the first that takes a number from nowhere. */
static void read_donor(const struct math_env *env, struct rho_str text, struct rho_str solution, struct donor *d)
{
	static const char ops[] = { '+', '-', '*', '/' };
	struct math_worked w[MOST_WORKED];
	struct math_problem p = { 0 };
	size_t n = math_worked_steps(solution, w, MOST_WORKED);
	math_read_text(text, &p, d->q);
	d->n_quantities = (uint8_t)p.n_quantities;
	d->n_steps = 0;
	for (size_t k = 0; k < n; k++) {
		struct template *t = &d->step[k];
		if (!find_operand(env, d, w, k, w[k].a, &t->a) || !find_operand(env, d, w, k, w[k].b, &t->b))
			return;
		while (ops[t->op] != w[k].op)
			t->op++;
		d->n_steps++;
	}
}

static int read_donors(struct rho_ctx *c, struct math_env *env, struct math_retrieval *r)
{
	const struct rho_data *d = env->data;
	const struct rho_column *split = rho_find_column(d, RHO_CONTEXTS, "split", RHO_COL_LABEL);
	const struct rho_column *solution = rho_find_column(d, RHO_CONTEXTS, "solution", RHO_COL_STR);
	size_t n = d->table[RHO_CONTEXTS].n;
	r->donor = rho_alloc(c, n, sizeof *r->donor);
	r->row = rho_alloc(c, n, sizeof *r->row);
	if (!r->donor || !r->row)
		return RHO_ENOMEM;
	for (size_t i = 0; i < n && solution; i++) {
		struct rho_str s = split ? rho_column_str(split, split->label[i]) : (struct rho_str){ "train", 5 };
		if (s.len != 5 || memcmp(s.at, "train", 5) || !rho_column_str(solution, i).len)
			continue;
		read_donor(env, rho_column_str(env->text, i), rho_column_str(solution, i), &r->donor[r->n]);
		r->row[r->n] = (uint32_t)i;
		r->n += r->donor[r->n].n_steps > 0;
		if (i % 256 == 255 && rho_stop(c))
			return RHO_ESTOP;
	}
	return 0;
}

static int open(struct rho_ctx *c, struct math_env *env)
{
	struct math_retrieval *r = rho_alloc(c, 1, sizeof *r);
	size_t k = (size_t)env->similar;
	if (!env->contexts.mat)
		return rho_fail(c, RHO_EINVAL, "source = \"retrieved\" finds similar problems by their vectors, and"
		                " there are none; add an [encoder]");
	if (!r)
		return RHO_ENOMEM;
	env->retrieval = r;
	int e = read_donors(c, env, r);
	if (e)
		return e;
	if (r->n < 2)
		return rho_fail(c, RHO_EINVAL, "source = \"retrieved\" takes steps from the problems of split \"train\""
		                " with worked solutions (<<48/2=24>>), and there are %zu; use source ="
		                " \"operations\"", r->n);
	r->near = rho_alloc(c, env->n * k, sizeof *r->near);
	r->known = rho_alloc(c, env->n, 1);
	rho_log(c, RHO_INFO, "steps come from %zu solved problems", r->n);
	return r->near && r->known ? 0 : RHO_ENOMEM;
}

/* The nearest solved problems to that of the lane, other than itself. */
static int find_near(struct rho_ctx *c, const struct math_env *env, const struct math_lane *l)
{
	struct math_retrieval *r = env->retrieval;
	size_t k = (size_t)env->similar, n = 0;
	uint32_t place[33], row = l->problem->row, *near = r->near + l->which * k;
	float score[33];
	struct rho_rows x = { .mat = env->contexts.mat, .id = &row, .n = 1 };
	struct rho_rows y = { .mat = env->contexts.mat, .id = r->row, .n = r->n };
	int e = rho_top(c, &x, &y, NULL, k + 1, place, score);
	for (size_t j = 0; j <= k && n < k && !e; j++)
		if (place[j] != UINT32_MAX && r->row[place[j]] != row)
			near[n++] = place[j];
	for (; n < k; n++)
		near[n] = UINT32_MAX;
	r->known[l->which] = !e;
	return e;
}

/* Which quantity of the lane number k of the donor stands for. */
static uint8_t role_of(const struct math_lane *l, const struct donor *d, size_t k)
{
	const struct math_quantity *q = &d->q[k], *here = l->q + l->n_constants;
	for (unsigned turn = 0; turn < 2; turn++)       /* of the same kind if possible */
		for (unsigned i = 0; i < l->n_text && q->unit > 1; i++)
			if (here[i].unit == q->unit && (turn || here[i].kind == q->kind))
				return (uint8_t)(l->n_constants + i);
	return (uint8_t)(l->n_constants + (k < l->n_text ? k : l->n_text - 1));
}

static int begin(struct rho_ctx *c, struct math_env *env, struct math_lane *l)
{
	const struct math_retrieval *r = env->retrieval;
	size_t k = (size_t)env->similar;
	int e = r->known[l->which] ? 0 : find_near(c, env, l);
	if (e)
		return e;
	memcpy(l->donor, r->near + l->which * k, k * sizeof *l->donor);
	for (size_t j = 0; j < k && l->n_text && l->donor[j] != UINT32_MAX; j++)
		for (size_t i = 0; i < r->donor[l->donor[j]].n_quantities; i++)
			l->role[j * MATH_MOST_TEXT + i] = role_of(l, &r->donor[l->donor[j]], i);
	return 0;
}

static int step(struct rho_ctx *c, struct math_env *env, struct math_lane *l) { return 0; }

/* The quantity of the lane that an operand of its donor j stands for; UINT32_MAX: it is not there yet. */
static unsigned bound(const struct math_lane *l, size_t j, struct operand o)
{
	if (o.from == FROM_CONSTANT)
		return o.at;
	if (o.from == FROM_TEXT)
		return l->n_text ? l->role[j * MATH_MOST_TEXT + o.at] : UINT32_MAX;
	return o.at < l->n_results ? l->n_constants + l->n_text + o.at : UINT32_MAX;
}

/* Offers q[i] op q[j], marked as `similar`: 3 of the nearest problems, 2 of others, 1 changed. */
static bool offer(struct math_list *list, unsigned op, unsigned i, unsigned j, unsigned similar)
{
	uint32_t e = i == j ? UINT32_MAX : math_entry(list->lane, op, i, j);
	return e == UINT32_MAX ||
	       math_offer(list, e | similar << MATH_SIMILAR, MATH_MOST_STEPS + list->lane->n_candidates);
}

/* Another number in place of q[i]: the next of the text or of the results, around again. */
static unsigned another(const struct math_lane *l, unsigned i, size_t by)
{
	unsigned n = l->n_text + l->n_results, at = i < l->n_constants ? 0 : i - l->n_constants;
	return n ? l->n_constants + (unsigned)((at + 1 + by) % n) : i;
}

/* Every operation on neighbours in the text, for problems that nothing fits: something must be there to do. */
static void offer_plain(struct math_list *list)
{
	const struct math_lane *l = list->lane;
	unsigned first = l->n_text > 1 ? l->n_constants : 0, n = l->n_constants + l->n_text;
	for (unsigned i = first; i + 1 < n; i++)
		for (unsigned op = 0; op < MATH_ANSWER; op++)
			offer(list, op, i, i + 1, 0);
}

static void fill(const struct math_env *env, struct math_list *list)
{
	const struct math_lane *l = list->lane;
	unsigned before = list->room;
	for (unsigned changed = 0; changed < 2; changed++)      /* what fits comes first, what is like it after */
		for (size_t j = 0; j < (size_t)env->similar && l->donor[j] != UINT32_MAX; j++) {
			const struct donor *d = &env->retrieval->donor[l->donor[j]];
			for (size_t k = 0; k < d->n_steps; k++) {
				const struct template *t = &d->step[k];
				unsigned a = bound(l, j, t->a), b = bound(l, j, t->b);
				if (a == UINT32_MAX || b == UINT32_MAX)
					continue;
				if (!changed)
					offer(list, t->op, a, b, j < 2 ? 3 : 2);
				else if (!offer(list, (t->op + 1 + (unsigned)k) % MATH_ANSWER, a, b, 1) ||
				         !offer(list, t->op, a, another(l, b, k), 1))
					return;
			}
		}
	if (list->room == before)
		offer_plain(list);
}

const struct math_source math_retrieved = { open, NULL, begin, step, fill };
