/* K5: never thought that memory could be refused. */
#include "base_verifier.h"

static int open_wrong(struct rho_ctx *c, void *self)
{
	struct base *s = self;
	s->note = rho_alloc(c, 16, 1);
	*(char *volatile)s->note = 'x';
	return 0;
}

static const struct rho_verifier table = { .size = sizeof table, .open = open_wrong, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "k5_crash");
