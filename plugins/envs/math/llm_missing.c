/* Llm where the build had no libcurl: says so. */
#include "env.h"

static int open(struct rho_ctx *c, struct math_env *env)
{
	return rho_fail(c, RHO_ENOSUP, "source = \"llm\" asks over HTTP, and rho was built without libcurl; install it"
	                " with its headers (Debian: libcurl4-openssl-dev, 7.85 or later), and build again");
}

const struct math_source math_llm = { open, NULL, NULL, NULL, NULL };
