/* Which spanner answers for a decision: the one over all actions, or one of its own candidates. */
#include "spanned.h"

int rho_spanned_open(struct rho_ctx *c, struct rho_spanned *s, const struct rho_spec *spec,
                     const struct rho_linear *m, int64_t rank, double bound, bool keep)
{
	bool learned = !rank && m->features == RHO_FEATURES_BILINEAR;
	*s = (struct rho_spanned){ .c = bound, .bias = m->skip > 0 };
	int error = rho_range_open(c, &s->range, spec->n_actions, spec->action_dim,
	                           learned ? (int64_t)m->a_rank : rank);
	s->range.given = learned ? m->axes + m->x_rank * m->x_dim : NULL;
	size_t dim = s->range.dim + s->bias;
	if (!error && spec->max_cand >= spec->n_actions)
		error = rho_spanner_open(c, &s->all, dim, spec->n_actions);
	if (!error)
		error = rho_spanner_open(c, &s->some, dim, spec->max_cand);
	if (error || !keep)
		return error;
	s->slot = rho_keep_u32(c, "spanner", 1, dim);
	return s->slot ? 0 : RHO_ENOMEM;
}

void rho_spanned_loaded(struct rho_spanned *s)
{
	s->of = NULL;
	s->range.of = NULL;
}

static int make_set(struct rho_ctx *c, struct rho_spanned *s, const struct rho_batch *b, size_t i,
                    const float *weight, struct rho_span_set *set)
{
	struct rho_rows cand = rho_cand_rows(b, i);
	*set = (struct rho_span_set){ .weight = weight, .bias = s->bias };
	return rho_range_rows(c, &s->range, &b->actions, &cand, &set->rows);
}

/* The spanner's members into the kept array, one higher than they are, so that 0 is none. */
static void keep_slots(struct rho_spanned *s, const struct rho_spanner *from)
{
	for (size_t i = 0; s->slot && i < from->dim; i++)
		s->slot[i] = from->slot[i] + 1;
}

/* `all` for this matrix of actions: from the kept members, or found. */
static int prepare(struct rho_ctx *c, struct rho_spanned *s, const struct rho_batch *b)
{
	struct rho_span_set set;
	bool known = false;
	if (s->of == b->actions.mat->at)
		return 0;
	int error = make_set(c, s, b, 0, NULL, &set);
	if (error)
		return error;
	for (size_t i = 0; s->slot && i < s->all.dim; i++) {
		if (s->slot[i] > b->actions.n)
			return rho_fail(c, RHO_EFORMAT, "the checkpoint's spanner holds action %u of %zu;"
			                " delete the run's folder and start again", s->slot[i] - 1,
			                b->actions.n);
		known |= s->slot[i] != 0;
	}
	if (known)
		for (size_t i = 0; i < s->all.dim; i++)
			s->all.slot[i] = s->slot[i] - 1;
	else
		error = rho_spanner_find(c, &s->all, &set, s->c);
	if (error)
		return error;
	if (!rho_spanner_settle(c, &s->all, &set))
		return rho_fail(c, RHO_EINVAL, "the actions' features are so badly scaled that no spanner of"
		                " them can be inverted; scale them, or ask for fewer directions");
	s->of = b->actions.mat->at;
	return 0;
}

int rho_spanned_members(struct rho_ctx *c, struct rho_spanned *s, const struct rho_batch *b, size_t i,
                        const float *weight, uint32_t *place, size_t *n)
{
	struct rho_span_set set;
	if (!b->cand_off && !s->all.dim)
		return rho_fail(c, RHO_EBUG, "a decision over all actions, where lists of at most %zu were"
		                " promised", s->some.most);
	int error = b->cand_off ? 0 : prepare(c, s, b);
	if (!error)
		error = make_set(c, s, b, i, weight, &set);
	if (error)
		return error;
	if (b->cand_off)
		error = rho_spanner_find(c, &s->some, &set, s->c);
	else if (weight)
		error = rho_spanner_reweigh(c, &s->some, &s->all, &set, s->c);
	*n = rho_spanner_members(b->cand_off || weight ? &s->some : &s->all, place);
	return error;
}

int rho_spanned_move(struct rho_ctx *c, struct rho_spanned *s, const struct rho_batch *b, size_t i,
                     const float *weight)
{
	struct rho_span_set set;
	int error = prepare(c, s, b);
	if (!error)
		error = make_set(c, s, b, i, weight, &set);
	if (!error)
		error = rho_spanner_reweigh(c, &s->some, &s->all, &set, s->c);
	if (error)
		return error;
	keep_slots(s, &s->some);
	s->of = NULL;
	return prepare(c, s, b);
}
