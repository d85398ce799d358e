/* base_verifier.h: a sound verifier: right where answer and reference are the same bytes. */
#pragma once
#include <stdio.h>
#include <string.h>

#include "base.h"

struct base {
	int64_t strict; /* parameter: answers longer than this are not read */
	char *note;     /* (16) a workspace */
};

#ifndef OWN_PARAMS
static const struct rho_param base_params[] = {
	RHO_I64(struct base, strict, 1000, 1, 1000000, "bytes of an answer that are read at most"), RHO_END
};
#endif

static inline int base_open(struct rho_ctx *c, void *self)
{
	struct base *s = self;
	s->note = rho_alloc(c, 16, 1);
	return s->note ? 0 : RHO_ENOMEM;
}

static inline void base_judge(const struct base *s, const struct rho_claim *c, struct rho_verdict *v)
{
	bool same = c->answer.len == c->reference.len &&
	            (!c->answer.len || !memcmp(c->answer.at, c->reference.at, c->answer.len));
	v->ruling = same ? RHO_RIGHT : c->answer.len > (size_t)s->strict ? RHO_UNREADABLE : RHO_WRONG;
	v->score = same ? 1 : 0;
	snprintf(v->why, sizeof v->why, "%zu bytes", c->answer.len);
}

static inline int base_verify(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
                              struct rho_verdict *out)
{
	for (size_t i = 0; i < n; i++)
		base_judge(self, &claim[i], &out[i]);
	return 0;
}
