/* Arms multiplied out, identities, cells. */
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void arms_are(const struct trial *t, const char *wanted)
{
	struct rho_buf b = { 0 };
	cr_assert_not_null(t->plan, "%s", t->said);
	for (size_t i = 0; i < t->plan->n_arms; i++)
		rho_buf_printf(&b, "%s%s", i ? " " : "", t->plan->arm[i].name);
	cr_expect_str_eq(b.at, wanted);
	rho_buf_free(&b);
}

static const struct rho_toml *parameter(const struct rho_arm *arm, uint32_t kind, const char *key)
{
	return rho_toml_get(arm->role[kind].table, key);
}

Test(plan, without_arms_there_is_the_base)
{
	struct trial *t = trial_new(NULL);
	trial_plan(t, SOUND, NULL, 0);
	arms_are(t, "base");
	const struct rho_plan *p = t->plan;
	cr_expect_str_eq(t->said, "");
	cr_expect_str_eq(p->name, "x");
	cr_expect_eq(p->n_cells, 2);
	cr_expect(p->cell[0].seed == 1 && p->cell[1].seed == 2 && p->cell[1].arm == 0);
	cr_expect(p->run.steps == 1000 && p->run.lanes == 1 && p->run.every == 10 &&
	          p->run.log == RHO_LOG_NONE);
	cr_expect(p->run.checkpoint == 10 && p->run.deadline == 0 && p->run.memory == 0 &&
	          p->run.threads == 1);
	cr_expect_str_eq(p->compare.metric, "reward");
	cr_expect_null(p->compare.baseline);
	cr_expect(p->compare.interval == 0.95 && p->compare.window == 0.2 && p->compare.resamples == 50000);
	cr_expect_str_eq(p->source.at, SOUND);
	cr_expect_eq(p->file[0], '/');
	cr_expect_null(p->arm[0].role[RHO_SAMPLER].module);
	trial_free(t);
}

Test(plan, every_setting_of_run_and_compare)
{
	struct trial *t = trial_new(NULL);
	trial_plan(
		t,
		"rho = 1\n[run]\nname = \"a.b-c_9\"\nsteps = 50\nlanes = 5\nevery = 80\nlog = \"marginal\"\n"
		"checkpoint = 0.5\ndeadline = 60\nmemory = \"1.5 GiB\"\nthreads = 2\nseeds = [9, 0, 4]\n"
		"[env]\nuse = \"fixture_plain\"\n[agent]\nuse = \"fixture_blind\"\n[compare]\nmetric = "
	        "\"regret\"\n"
		"baseline = \"base\"\ninterval = 0.9\nwindow = 1\nresamples = 1000\n",
		NULL, 0);
	cr_assert_not_null(t->plan, "%s", t->said);
	const struct rho_plan *p = t->plan;
	cr_expect(p->run.steps == 50 && p->run.lanes == 5 && p->run.every == 50 &&
	          p->run.log == RHO_LOG_MARGINAL);
	cr_expect(p->run.checkpoint == 0.5 && p->run.deadline == 60 && p->run.threads == 2);
	cr_expect_eq(p->run.memory, 3ull << 29);
	cr_expect(p->n_seeds == 3 && p->seeds[0] == 9 && p->seeds[1] == 0 && p->seeds[2] == 4);
	cr_expect_str_eq(p->compare.metric, "regret");
	cr_expect_str_eq(p->compare.baseline, "base");
	cr_expect(p->compare.interval == 0.9 && p->compare.window == 1 && p->compare.resamples == 1000);
	trial_free(t);
}

Test(plan, sizes)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} sizes[] = {
		{ "0", 0 },
		{ "4096", 4096 },
		{ "\"4096\"", 4096 },
		{ "\"4 GiB\"", 4ull << 30 },
		{ "\"4GB\"", 4000000000 },
		{ "\"512 MiB\"", 512 << 20 },
		{ "\"2 kB\"", 2000 },
		{ "\"1 TiB\"", 1ull << 40 },
		{ "\"10 B\"", 10 },
		{ "\"0.5 KiB\"", 512 },
	};
	struct trial *t = trial_new(NULL);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		char *set = rho_xprintf("run.memory=%s", sizes[i].text);
		trial_plan(t, SOUND, (const char *const *)&set, 1);
		cr_assert_not_null(t->plan, "%s: %s", set, t->said);
		cr_expect_eq(t->plan->run.memory, sizes[i].bytes, "%s", set);
		free(set);
	}
	trial_free(t);
}

#define ARMS                                                                                                 \
	SOUND "epsilon = 0.3\nlayers = [8]\n[sampler]\nuse = \"fixture_few\"\n"                              \
	      "[arms.sampler]\nsmall = { k = 5 }\nlarge.k = 50\n[arms.agent]\nshy = { mood = \"shy\" }\n"    \
	      "[arms.agent.same]\nuse = \"fixture_blind\"\nlayers = [4]\n"

Test(plan, one_at_a_time)
{
	struct trial *t = trial_new(NULL);
	trial_plan(t, ARMS, NULL, 0);
	arms_are(t, "base sampler=small sampler=large agent=shy agent=same");
	const struct rho_plan *p = t->plan;
	cr_assert(p->n_axes == 2 && !strcmp(p->axis[0], "sampler") && !strcmp(p->axis[1], "agent"));
	cr_expect_null(p->arm[0].value[0]);
	cr_expect_str_eq(p->arm[2].value[0], "large");
	cr_expect_null(p->arm[2].value[1]);
	cr_expect_str_eq(p->arm[4].value[1], "same");
	cr_expect_eq(parameter(&p->arm[2], RHO_SAMPLER, "k")->i, 50);
	cr_expect_null(parameter(&p->arm[3], RHO_SAMPLER, "k"));
	/* A patch keeps what it does not name; a list is replaced whole. */
	cr_expect_eq(parameter(&p->arm[3], RHO_AGENT, "epsilon")->f, 0.3);
	cr_expect_str_eq(parameter(&p->arm[3], RHO_AGENT, "mood")->str, "shy");
	cr_expect_eq(parameter(&p->arm[4], RHO_AGENT, "layers")->n, 1);
	cr_expect_eq(parameter(&p->arm[4], RHO_AGENT, "epsilon")->f, 0.3);
	cr_expect_eq(p->n_cells, 10);
	cr_expect_eq(p->cell[9].arm, 4);
	trial_free(t);
}

Test(plan, another_plugin_starts_from_its_own_defaults)
{
	struct trial *t = trial_new(NULL);
	trial_plan(t,
	           HEAD "[dataset]\nuse = \"fixture_shelf\"\n[env]\nuse = \"fixture_posed\"\n"
	                "[agent]\nuse = \"fixture_blind\"\nepsilon = 0.3\n[arms.agent]\nother = { use = "
	                "\"fixture_seer\" }\n",
	           NULL, 0);
	arms_are(t, "base agent=other");
	cr_expect_null(parameter(&t->plan->arm[1], RHO_AGENT, "epsilon"));
	cr_expect_str_eq(t->plan->arm[1].role[RHO_AGENT].module->plugin.name, "fixture_seer");
	trial_free(t);
}

Test(plan, factorial_and_skip)
{
	struct trial *t = trial_new(NULL);
	trial_plan(t, ARMS "[compare]\ndesign = \"factorial\"\nbaseline = \"sampler=large,agent=shy\"\n",
	           NULL, 0);
	arms_are(t, "sampler=small,agent=shy sampler=small,agent=same sampler=large,agent=shy "
	            "sampler=large,agent=same");
	cr_expect_eq(parameter(&t->plan->arm[1], RHO_SAMPLER, "k")->i, 5);
	cr_expect_eq(parameter(&t->plan->arm[1], RHO_AGENT, "layers")->child->i, 4);
	trial_plan(t, ARMS "[compare]\ndesign = \"factorial\"\nskip = [\"agent=shy,sampler=small\"]\n", NULL,
	           0);
	arms_are(t, "sampler=small,agent=same sampler=large,agent=shy sampler=large,agent=same");
	trial_plan(t, ARMS "[compare]\ndesign = \"factorial\"\nskip = [\"agent=shy\"]\n", NULL, 0);
	arms_are(t, "sampler=small,agent=same sampler=large,agent=same");
	trial_free(t);
}

Test(plan, factorial_needs_no_base_where_every_arm_is_whole)
{
	struct trial *t = trial_new(NULL);
	trial_plan(t,
	           HEAD "[env]\nuse = \"fixture_plain\"\n[arms.agent]\na = { use = \"fixture_blind\" }\n"
	                "b = { use = \"fixture_blind\", epsilon = 0.5 }\n[compare]\ndesign = \"factorial\"\n",
	           NULL, 0);
	arms_are(t, "agent=a agent=b");
	trial_free(t);
}

Test(plan, equal_arms_are_run_once)
{
	struct trial *t = trial_new(NULL);
	trial_plan(t,
	           SOUND
	           "[arms.agent]\nsame = { epsilon = 0.1 }\nfast = { batch = 8 }\nother = { epsilon = 0.2 }\n"
	           "[compare]\nbaseline = \"agent=fast\"\n",
	           NULL, 0);
	arms_are(t, "base agent=other");
	cr_expect_str_eq(t->said, "x.toml:11:1: warning: the arm agent=same is the same as base in every "
	                          "parameter; it is left out\n"
	                          "x.toml:12:1: warning: the arm agent=fast is the same as base in every "
	                          "parameter; it is left out\n");
	cr_expect_str_eq(t->plan->compare.baseline, "base");
	trial_free(t);
}

/* The first cell's id under an override. */
static void id_of(struct trial *t, const char *set, char id[17])
{
	trial_write(t, "a", "");
	trial_plan(t, SOUND "[[report]]\nuse = \"fixture_note\"\nfile = \"a\"\n", &set, set ? 1 : 0);
	cr_assert_not_null(t->plan, "%s: %s", set, t->said);
	memcpy(id, t->plan->cell[0].id, 17);
}

Test(plan, ids_change_with_what_changes_results_and_nothing_else)
{
	static const char *const change[] = {
		"run.steps=999",
		"run.lanes=2",
		"run.every=7",
		"run.log=conditional",
		"agent.epsilon=0.2",
		"agent.mood=shy",
		"agent.label=x",
		"agent.layers=[1]",
		"env.noise=1",
		"env.judge.use=fixture_judge",
		"sampler={use=\"fixture_few\"}",
		"run.seeds=[2]",
	};
	static const char *const same[] = {
		"run.checkpoint=1",   "run.deadline=9",    "run.memory=\"1 GiB\"", "run.threads=2",
		"agent.batch=8",      "agent.epsilon=0.1", "run.name=other",       "run.every=10",
		"compare.window=0.5", "report=[]",         "run.seeds=[1, 5]",     "agent.layers=[64, 32]",
		"agent.warm=false",
	};
	struct trial *t = trial_new(NULL);
	char base[17], id[17];
	id_of(t, NULL, base);
	cr_expect_eq(strspn(base, "0123456789abcdef"), 16);
	for (size_t i = 0; i < sizeof change / sizeof *change; i++) {
		id_of(t, change[i], id);
		cr_expect_str_neq(id, base, "%s", change[i]);
	}
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		id_of(t, same[i], id);
		cr_expect_str_eq(id, base, "%s", same[i]);
	}
	trial_free(t);
	t = trial_new(CONFIG_FIXTURES "/later");
	id_of(t, NULL, id);
	cr_expect_str_neq(id, base, "a plugin's version is part of what it is");
	trial_free(t);
}

Test(plan, a_parts_parameters_are_part_of_the_id)
{
	struct trial *t = trial_new(NULL);
	char a[17], b[17];
	id_of(t, "env.judge={use=\"fixture_judge\"}", a);
	id_of(t, "env.judge={use=\"fixture_judge\", tolerance=0.5}", b);
	cr_expect_str_neq(a, b);
	trial_free(t);
}

Test(plan, overrides)
{
	static const char *const set[] = { "agent.epsilon=0.5",      "run.name=short", "agent.layers=[1, 2]",
		                           "agent.label=${HOME}/x",  "run.seeds=3",    "agent.epsilon=0.25",
		                           "arms.agent.new.mood=shy" };
	struct trial *t = trial_new(NULL);
	trial_plan(t, SOUND, set, sizeof set / sizeof *set);
	arms_are(t, "base agent=new");
	cr_expect_str_eq(t->plan->name, "short");
	cr_expect_eq(parameter(&t->plan->arm[0], RHO_AGENT, "epsilon")->f, 0.25);
	cr_expect_eq(parameter(&t->plan->arm[0], RHO_AGENT, "layers")->n, 2);
	cr_expect_str_eq(parameter(&t->plan->arm[0], RHO_AGENT, "label")->str, "${HOME}/x");
	cr_expect_eq(t->plan->n_cells, 6);
	trial_free(t);
}

Test(plan, thousand_cells_in_a_fifth_of_a_second)
{
	struct rho_buf b = { 0 };
	struct timespec from, to;
	struct trial *t = trial_new(NULL);
	rho_buf_str(&b, SOUND "[arms.agent]\n");
	for (int i = 0; i < 100; i++)
		rho_buf_printf(&b, "a%d = { epsilon = %.4f }\n", i, 0.2 + i / 1000.0);
	const char *set = "run.seeds=10";
	clock_gettime(CLOCK_MONOTONIC, &from);
	trial_plan(t, b.at, &set, 1);
	clock_gettime(CLOCK_MONOTONIC, &to);
	cr_assert_not_null(t->plan, "%s", t->said);
	cr_expect_eq(t->plan->n_cells, 1010);
	double seconds = (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
	/* The machine may be shared and the build sanitized: `rho plan` itself is measured in tests/bench. */
	cr_expect_lt(seconds, 2.0);
	rho_buf_free(&b);
	trial_free(t);
}
