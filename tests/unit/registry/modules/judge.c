/* judge.c: a verifier that keeps count, to be a part of others; `refuse` makes its open fail. */
#include <rho/rho.h>

struct judge {
	double tolerance;
	bool refuse;
	uint64_t *asked; /* (1) */
	struct rho_rng *rng;
};

static const struct rho_param params[] = {
	RHO_F64(struct judge, tolerance, 0.001, 0, 1, "how far off an answer may be"),
	RHO_BOOL(struct judge, refuse, false, "whether it refuses to open"), RHO_END
};

static int judge_open(struct rho_ctx *c, void *self)
{
	struct judge *s = self;
	if (s->refuse)
		return rho_fail(c, RHO_EINVAL, "it was told to refuse");
	s->asked = rho_keep_u64(c, "asked", 1, 1);
	s->rng = rho_stream(c, "coin");
	return s->asked ? 0 : RHO_ENOMEM;
}

static void judge_close(struct rho_ctx *c, void *self)
{
	rho_log(c, RHO_INFO, "closed after %llu", (unsigned long long)*((struct judge *)self)->asked);
}

static int judge_verify(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
			struct rho_verdict *out)
{
	struct judge *s = self;
	char *copy;
	for (size_t i = 0; i < n; i++) {
		if (!claim[i].answer.len)
			return rho_fail(c, RHO_EFORMAT, "claim %zu has no answer", i);
		copy = rho_scratch(c, claim[i].answer.len, 1);
		if (!copy)
			return RHO_ENOMEM;
		memcpy(copy, claim[i].answer.at, claim[i].answer.len);
		out[i] = (struct rho_verdict){ .ruling = *copy == '4' ? RHO_RIGHT : RHO_WRONG,
					       .score = *copy == '4' };
		++*s->asked;
	}
	return 0;
}

static const struct rho_verifier judge = {
	.size = sizeof judge,
	.open = judge_open,
	.close = judge_close,
	.verify = judge_verify,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_VERIFIER),
	.name = "judge",
	.version = "2.1.0",
	.revision = 1,
	.brief = "right when the answer begins with 4",
	.params = params,
	.self_size = sizeof(struct judge),
	.verifier = &judge,
};
