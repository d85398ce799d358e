/* P5: an open that fails keeps what it had taken. */
#include <stdlib.h>

#include "base_verifier.h"

static char *volatile lost;

static int open_wrong(struct rho_ctx *c, void *self)
{
	const struct base *s = self;
	if (s->strict == 1000000) {
		lost = malloc(200);
		return rho_fail(c, RHO_EINVAL,
		                "strict = 1000000 does not go with this machine; set it lower");
	}
	return base_open(c, self);
}

static const struct rho_verifier table = { .size = sizeof table, .open = open_wrong, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "p5_leaks");
