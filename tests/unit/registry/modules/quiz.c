/* quiz.c: an env whose answers are judged by two parts: action 0 says 5, action 1 says 4, action 2
 * nothing. With a path parameter that must be given. */
#include <rho/rho.h>

struct quiz {
	struct rho_part judge, second;
	const char *problems;
	struct rho_rng *rng;
};

static const struct rho_param params[] = { RHO_PART(struct quiz, judge, RHO_VERIFIER,
						    "who says whether an answer is right"),
					   RHO_PART(struct quiz, second, RHO_VERIFIER, "who is asked too"),
					   RHO_PATH(struct quiz, problems, "a file of problems"), RHO_END };

static int quiz_open(struct rho_ctx *c, void *self, struct rho_env_spec *spec)
{
	struct quiz *s = self;
	if (!s->judge.plugin)
		return rho_fail(c, RHO_EINVAL, "it needs a judge");
	spec->n_actions = 3;
	s->rng = rho_stream(c, "coin");
	return 0;
}

static int quiz_reset(struct rho_ctx *c, void *self, struct rho_obs *obs) { return 0; }

static int quiz_step(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *obs)
{
	static const char *const answers[] = { "5", "4", "" };
	const struct quiz *s = self;
	struct rho_claim claim = { .answer = { answers[*action], strlen(answers[*action]) } };
	struct rho_verdict verdict;
	int e = s->judge.plugin->verifier->verify(s->judge.ctx, s->judge.self, &claim, 1, &verdict);
	if (e)
		return e;
	obs->reward[0] = verdict.score;
	return 0;
}

static const struct rho_env quiz = {
	.size = sizeof quiz,
	.open = quiz_open,
	.reset = quiz_reset,
	.step = quiz_step,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENV),
	.name = "quiz",
	.version = "1.0.0",
	.revision = 1,
	.brief = "answers to judge",
	.params = params,
	.self_size = sizeof(struct quiz),
	.env = &quiz,
};
