/* eval.h: the number that a tree stands for, with its variables given. */
#ifndef RHO_SYMBOLIC_EVAL_H
#define RHO_SYMBOLIC_EVAL_H

#include <string.h>

#include "value.h"

enum { MOST_NAMES = 24 };

struct names {                  /* the variables and where they are put */
	struct rho_str name[MOST_NAMES];
	fmpq_t at[MOST_NAMES];
	size_t n;
};

/* One reading of a tree: a piece of it, with one sign for ±, and % as 1/100 or as nothing. */
struct view {
	const struct expr *x;
	uint32_t node;
	int sign;               /* 1, -1; 0: not chosen yet, counts as 1 */
	bool bare_percent;
	bool negated;           /* the negative of it all */
	struct rho_str from, to;        /* a variable to be called otherwise; from.len 0: none */
};

/* The value of a view, its balls of w->prec bits. */
enum status eval(struct work *, const struct names *, struct view, struct value *out);

/* Adds the variables of a view (and not the names of functions); false: there are too many. */
bool names_add(struct names *, struct view);
void names_init(struct names *);
void names_clear(struct names *);

bool has_kind(struct view, unsigned kind);
bool has_flag(struct view, unsigned flag);
bool has_constant(struct view, unsigned constant);

/* What a variable is called within a view. */
static inline struct rho_str name_in(struct view v, struct rho_str name)
{
	bool other = v.from.len && v.from.len == name.len && !memcmp(v.from.at, name.at, name.len);
	return other ? v.to : name;
}

static inline const struct expr_node *node_of(struct view v) { return &v.x->node[v.node]; }

static inline struct view child_of(struct view v, uint32_t i)
{
	v.node = v.x->child[v.x->node[v.node].child + i];
	v.negated = false;
	return v;
}

#endif
