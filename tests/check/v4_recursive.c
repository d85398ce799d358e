/* V4: descends into every parenthesis, however many there are. */
#include "base_verifier.h"

static __attribute__((noinline)) size_t depth(const char *at, size_t n)
{
	volatile char frame[64];
	frame[0] = n ? *at : 0;
	return n && frame[0] == '(' ? 1 + depth(at + 1, n - 1) + (frame[0] != '(') : 0;
}

static int verify_wrong(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
                        struct rho_verdict *out)
{
	base_verify(c, self, claim, n, out);
	for (size_t i = 0; i < n; i++)
		snprintf(out[i].why, sizeof out[i].why, "%zu deep",
		         depth(claim[i].answer.at, claim[i].answer.len));
	return 0;
}

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = verify_wrong };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "v4_recursive");
