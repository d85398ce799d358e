/* [eval.NAME]: what is read, what is refused, whose identity it changes, when it is due. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#include "config/eval.h"
#include "config/experiment.h"

#define EVAL SOUND "[eval.test]\nepisodes = 20\n"

Test(eval, what_is_said_of_mistakes)
{
	says(SOUND "[eval.test]\nevery = -1\nepisode = 3\ngreedy = 1\nenv = 2\n",
	     "x.toml:10:1: eval.test.episodes is missing: episodes of each evaluation\n"
	     "x.toml:11:9: eval.test.every = -1 is not within 0 .. 1e+15\n"
	     "        every: decisions of training between evaluations; 0: only at the end\n"
	     "x.toml:12:1: eval.test.episode: [eval.test] has no such key; did you mean episodes?\n"
	     "x.toml:13:10: eval.test.greedy = 1 is an integer; true or false is wanted\n"
	     "        greedy: whether the agent is not to explore\n"
	     "x.toml:14:7: eval.test.env = 2 is an integer; a table is wanted\n"
	     "        env: parameters that differ from [env]\n");
	says(EVAL "env = { noize = 1, noise = 11 }\nsampler = { use = \"fixture_few\", k = 0 }\n",
	     "x.toml:12:9: eval.test.env.noize: fixture_plain has no such parameter; did you mean noise?\n"
	     "x.toml:12:28: eval.test.env.noise = 11 is not within 0 .. 10\n"
	     "        noise: standard deviation of the reward (default 0.5)\n"
	     "x.toml:13:38: eval.test.sampler.k = 0 is not within 1 .. 1000000\n"
	     "        k: candidates a decision (default 10)\n");
	says(SOUND "[eval]\nenv = { episodes = 1 }\n\"a b\" = { episodes = 1 }\nc = 7\n",
	     "x.toml:11:1: eval.env: metrics are called NAME.metric, and env.metric is already another; give "
	     "the evaluation another name\n"
	     "x.toml:12:1: eval.a b: the name of an evaluation is made of letters, digits and . _ + -, at "
	     "most 64\n"
	     "x.toml:13:5: eval.c is an integer; a table such as { episodes = 100 } is wanted\n");
	says_set(SOUND, "eval=3",
	         "--set eval: eval is an integer; there may be several evaluations, so write "
	         "[eval.NAME]\n");
	/* a mistake that the base has already is told there, once; an arm's own in the arm */
	says(EVAL "env = { noise = 2 }\n[arms.env.loud]\nnoise = 12\n",
	     "x.toml:14:9: arms.env.loud.noise = 12 is not within 0 .. 10\n        noise: standard deviation "
	     "of the reward (default 0.5)\n");
}

Test(eval, roles_and_identities)
{
	struct trial *t = trial_new(NULL), *u = trial_new(NULL);
	trial_plan(t,
	           EVAL "env = { judge.use = \"fixture_judge\" }\nsampler = { use = \"fixture_few\" }\n"
	                "[eval.b]\nepisodes = 3\nevery = 100\nlanes = 4\nfirst = true\ngreedy = false\n"
	                "log = true\n[arms.env.loud]\nnoise = 5\n",
	           NULL, 0);
	cr_assert_not_null(t->plan, "%s", t->said);
	cr_assert_eq(t->plan->n_arms, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct rho_arm *arm = &t->plan->arm[i];
		const struct rho_toml *noise = rho_toml_get(arm->eval[0].env.table, "noise");
		cr_assert_eq(arm->n_evals, 2);
		cr_expect_str_eq(arm->eval[0].name, "test");
		cr_expect(arm->eval[0].every == 0 && arm->eval[0].episodes == 20 && arm->eval[0].lanes == 1 &&
		          !arm->eval[0].first && arm->eval[0].greedy && !arm->eval[0].log);
		cr_expect(arm->eval[1].every == 100 && arm->eval[1].lanes == 4 && arm->eval[1].first &&
		          !arm->eval[1].greedy && arm->eval[1].log);
		cr_expect_not_null(rho_toml_get(arm->eval[0].env.table, "judge"), "the patch");
		cr_expect(i ? noise && noise->i == 5 : !noise, "on the arm's own table");
		cr_expect_str_eq(arm->eval[0].sampler.module->plugin.name, "fixture_few");
		cr_expect_null(arm->role[RHO_SAMPLER].module);
		cr_expect_null(arm->eval[1].env.module);
	}
	/* without [eval] the identity is what it was before there was one */
	trial_plan(u, SOUND, NULL, 0);
	cr_assert_not_null(u->plan, "%s", u->said);
	cr_expect_null(strstr(u->plan->arm[0].identity, "eval"));
	cr_expect_str_eq(u->plan->cell[0].id, "8956f44a1deddf04");
	trial_plan(u, EVAL, NULL, 0);
	char *id = rho_xstrdup(u->plan->cell[0].id);
	cr_expect_str_neq(id, "8956f44a1deddf04");
	const char *const others[] = { "eval.test.episodes=21", "eval.test.env.noise=1",
		                       "eval.test.first=true", "eval.tess={episodes=20}" };
	for (size_t i = 0; i < 4; i++) {
		trial_plan(u, EVAL, &others[i], 1);
		cr_assert_not_null(u->plan, "%s", u->said);
		cr_expect_str_neq(u->plan->cell[0].id, id, "%s", others[i]);
	}
	free(id);
	trial_free(t);
	trial_free(u);
}

Test(eval, cell_toml_reads_back)
{
	struct trial *t = trial_new(NULL);
	trial_plan(t,
	           EVAL "every = 7\nlog = true\nenv = { noise = 0.1, judge.use = \"fixture_judge\" }\n"
	                "[eval.\"a.b\"]\nepisodes = 1\nsampler = { use = \"fixture_few\", k = 3 }\n",
	           NULL, 0);
	cr_assert_not_null(t->plan, "%s", t->said);
	struct rho_buf text = { 0 }, a = { 0 }, b = { 0 };
	struct rho_diags *d = rho_diags_new();
	char *path = trial_path(t, "cell.toml");
	rho_plan_cell_toml(t->registry, t->plan, 1, &text);
	trial_write(t, "cell.toml", text.at);
	struct rho_cell_spec *s = rho_cell_spec_read(t->registry, path, d);
	char *said = trial_said(t, d);
	cr_assert_not_null(s, "%s\n%s", said, text.at);
	cr_assert_eq(s->n_evals, 2);
	for (size_t i = 0; i < 2; i++) {
		rho_eval_identity(&t->plan->arm[0].eval[i], NULL, NULL, &a);
		rho_eval_identity(&s->eval[i], NULL, NULL, &b);
	}
	cr_expect_str_eq(b.at, a.at);
	rho_params_canonical(t->registry, s->eval[0].env.module, s->eval[0].env.table, true, &b);
	cr_expect_not_null(strstr(b.at, "noise = 0.1"), "%s", b.at);
	cr_expect_null(s->eval[0].sampler.module);
	cr_expect_str_eq(s->eval[1].sampler.module->plugin.name, "fixture_few");
	/* an edited one is refused */
	char *at = strstr(text.at, "episodes = 20");
	cr_assert_not_null(at);
	at[12] = '9';
	trial_write(t, "cell.toml", text.at);
	d = rho_diags_new();
	cr_expect_null(rho_cell_spec_read(t->registry, path, d));
	free(said);
	said = trial_said(t, d);
	cr_expect_not_null(strstr(said, "this cell was planned as "), "%s", said);
	free(said);
	free(path);
	rho_cell_spec_free(s);
	rho_buf_free(&text);
	rho_buf_free(&a);
	rho_buf_free(&b);
	trial_free(t);
}

/* rho_eval_times is how often rho_eval_due holds as a cell goes through its steps. */
Test(eval, due)
{
	for (uint64_t lanes = 1; lanes <= 9; lanes++)
		for (uint64_t batches = 1; batches <= 20; batches++)
			for (uint64_t every = 0; every <= lanes * batches + 2; every++) {
				struct rho_run run = { .steps = lanes * batches, .lanes = lanes };
				struct rho_eval e = { .every = every, .first = every % 2 };
				uint64_t n = 0;
				for (uint64_t step = 0; step <= run.steps; step += lanes)
					n += rho_eval_due(&e, &run, step);
				cr_assert(rho_eval_due(&e, &run, run.steps));
				cr_assert_eq(rho_eval_times(&e, &run), n, "%lu lanes, %lu steps, every %lu",
				             (unsigned long)lanes, (unsigned long)run.steps,
				             (unsigned long)every);
			}
	const struct rho_run run = { .steps = 600, .lanes = 4 };
	const struct rho_eval e = { .every = 150 };
	cr_expect(!rho_eval_due(&e, &run, 0) && !rho_eval_due(&e, &run, 148) && rho_eval_due(&e, &run, 152) &&
	          !rho_eval_due(&e, &run, 156) && rho_eval_due(&e, &run, 300) && rho_eval_due(&e, &run, 600));
}
