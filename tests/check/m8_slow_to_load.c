/* M8: resolving one of its symbols takes a while. */
#include "base_verifier.h"

typedef int (*opener)(struct rho_ctx *, void *);

/* About a fifth of a second, by cycles; it runs before the module is relocated and calls nothing. */
static __attribute__((used, no_sanitize("address", "undefined"))) opener choose_open(void)
{
	for (volatile unsigned i = 0; i < 300000000u; i++)
		;
	return base_open;
}

static int open_slowly(struct rho_ctx *, void *) __attribute__((ifunc("choose_open")));

static int open_wrong(struct rho_ctx *c, void *self) { return open_slowly(c, self); }

static const struct rho_verifier table = { .size = sizeof table, .open = open_wrong, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "m8_slow_to_load");
