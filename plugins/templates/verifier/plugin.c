/* @NAME@: right if the answer is the reference, blanks at both ends aside. Change `mine_verify`. */
#include <rho/rho.h>
#include <stdio.h>

static struct rho_str mine_trim(struct rho_str s)
{
	while (s.len && strchr(" \t\r\n", s.at[0]))
		s.at++, s.len--;
	while (s.len && strchr(" \t\r\n", s.at[s.len - 1]))
		s.len--;
	return s;
}

static int mine_verify(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
                       struct rho_verdict *out)
{
	for (size_t i = 0; i < n; i++) {
		struct rho_str want = mine_trim(claim[i].reference), got = mine_trim(claim[i].answer);
		bool same = want.len == got.len && !memcmp(want.at, got.at, got.len);
		out[i].ruling = got.len == 0 ? RHO_UNREADABLE : same ? RHO_RIGHT : RHO_WRONG;
		out[i].score = out[i].ruling == RHO_RIGHT;
		snprintf(out[i].why, sizeof out[i].why, "%s",
		         got.len == 0 ? "the answer is empty" : same ? "same text" : "another text");
	}
	return 0;
}

static const struct rho_verifier mine_verifier = { .size = sizeof mine_verifier, .verify = mine_verify };

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_VERIFIER), .name = "@NAME@", .version = "0.1.0", .revision = 1,
	.brief = "compares texts; a template to start from", .verifier = &mine_verifier,
};
