/* P6: takes a missing file for a damaged one. */
#define OWN_PARAMS
#include "base_verifier.h"

struct with_rules {
	struct base base;
	const char *rules;
};

static const struct rho_param params[] = { RHO_PATH_OPT(struct with_rules, rules, "a file of rules"),
	                                   RHO_END };

static int open_wrong(struct rho_ctx *c, void *self)
{
	struct with_rules *s = self;
	s->base.strict = 1000;
	FILE *f = s->rules ? fopen(s->rules, "r") : NULL;
	bool empty = f && fgetc(f) == EOF;
	if (f)
		fclose(f);
	if (s->rules && (!f || empty))
		return rho_fail(c, RHO_EFORMAT, "%s holds no rules", s->rules);
	return base_open(c, self);
}

static const struct rho_verifier table = { .size = sizeof table, .open = open_wrong, .verify = base_verify };

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_VERIFIER),
	.name = "p6_wrong_error",
	.version = "1.0.0",
	.revision = 1,
	.brief = "a plugin that the conformance kit is tried on",
	.params = params,
	.self_size = sizeof(struct with_rules),
	.verifier = &table,
};
