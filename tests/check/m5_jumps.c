/* M5: jumps to a target that it did not set. */
#include <setjmp.h>

#include "base_verifier.h"

static jmp_buf nowhere;

static int open_wrong(struct rho_ctx *c, void *self)
{
	if (!c)
		longjmp(nowhere, 1);
	return base_open(c, self);
}

static const struct rho_verifier table = { .size = sizeof table, .open = open_wrong, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "m5_jumps");
