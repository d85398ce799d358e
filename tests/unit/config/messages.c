/* What a wrong experiment file is told: place, what is wrong, what is allowed, the nearest name. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

/* Wants `part` in what is said of text. */
static void mentions(const char *text, const char *part)
{
	struct trial *t = trial_new(NULL);
	trial_plan(t, text, NULL, 0);
	cr_expect_not_null(strstr(t->said, part), "said:\n%s\nwanted in it:\n%s", t->said, part);
	cr_expect_null(t->plan);
	trial_free(t);
}

Test(messages, all_mistakes_in_one_go_in_file_order)
{
	says("rho = 1\n[run]\nname = \"Bad Name\"\nsteps = 0\nstepz = 1\nseeds = []\nlanes = 1.5\nlog = "
	     "\"al\"\n"
	     "memory = \"4 Gib\"\ncheckpoint = -1\n[env]\nuse = \"fixture_plain\"\nnoise = 11\nnoize = "
	     "1\n[agent]\n"
	     "use = \"fixture_blind\"\nepsilon = \"x\"\nmood = \"bald\"\n[agents]\n[compare]\ninterval = 2\n",
	     "x.toml:3:8: run.name = \"Bad Name\" cannot name a folder; use a-z, 0-9, '.', '_', '-', first a "
	     "letter or "
	     "digit, at most 100\n        name: names the results folder\n"
	     "x.toml:4:9: run.steps = 0 is not within 1 .. 1e+15\n        steps: decisions a cell makes\n"
	     "x.toml:5:1: run.stepz: [run] has no such key; did you mean steps?\n"
	     "x.toml:6:9: run.seeds = [] gives no cell to run; at least 1 seed is wanted, better 10\n"
	     "        seeds: a list of seeds, or a number n, which means 1 to n\n"
	     "x.toml:7:9: run.lanes = 1.5 is a number; an integer is wanted\n"
	     "        lanes: decisions taken side by side\n"
	     "x.toml:8:7: run.log = \"al\" is not one of \"none\", \"conditional\", \"marginal\"\n"
	     "        log: which decisions to write down, with which propensity\n"
	     "x.toml:9:10: run.memory = \"4 Gib\" is not a size; write a number and one of B, kB, MB, GB, "
	     "TB, KiB, "
	     "MiB, GiB, TiB\n        memory: plugin memory a cell may use; 0: no limit\n"
	     "x.toml:10:14: run.checkpoint = -1 is not within 0 .. 1000000000\n"
	     "        checkpoint: seconds between checkpoints\n"
	     "x.toml:13:9: env.noise = 11 is not within 0 .. 10\n"
	     "        noise: standard deviation of the reward (default 0.5)\n"
	     "x.toml:14:1: env.noize: fixture_plain has no such parameter; did you mean noise?\n"
	     "x.toml:17:11: agent.epsilon = \"x\" is a string; epsilon takes a number\n"
	     "        epsilon: probability of drawing uniformly (default 0.1)\n"
	     "x.toml:18:8: agent.mood = \"bald\" is not one of \"bold\", \"shy\"; did you mean \"bold\"?\n"
	     "        mood: how it behaves (default \"bold\")\n"
	     "x.toml:19:2: agents: an experiment file has no such key; did you mean agent?\n"
	     "x.toml:21:12: compare.interval = 2 is not within 0.5 .. 0.9999\n"
	     "        interval: confidence of the intervals\n");
}

Test(messages, what_is_missing)
{
	says("", "x.toml: run.name is missing: names the results folder\n"
	         "x.toml: run.steps is missing: decisions a cell makes\n"
	         "x.toml: run.seeds is missing: a list of seeds, or a number n, which means 1 to n\n"
	         "x.toml: there is no [env]; an experiment needs one, with use = \"NAME\"\n"
	         "x.toml: there is no [agent]; an experiment needs one, with use = \"NAME\"\n"
	         "x.toml:1:1: the format is missing; the first line is to be: rho = 1\n");
	says("rho = 2\n" SOUND,
	     "x.toml:2:7: this is not TOML: parsing key-value pair: cannot redefine existing "
	     "integer 'rho'\n");
	mentions(HEAD "[env]\nuse = \"fixture_plain\"\n[agent]\nepsilon = 0.1\n",
	         "x.toml:8:1: agent.use is missing: the name of the agent plugin; there are ");
	mentions(SOUND "[[report]]\nuse = \"fixture_note\"\n",
	         "x.toml:11:7: report: fixture_note needs file");
}

Test(messages, seeds)
{
	says_set(SOUND, "run.seeds=0",
	         "--set run.seeds: run.seeds = 0 gives no cell to run; at least 1 seed is "
	         "wanted, better 10\n        seeds: a list of seeds, or a number n, which means 1 to n\n");
	says(HEAD "[env]\nuse=\"fixture_plain\"\n[agent]\nuse=\"fixture_blind\"\n[compare]\nwindow=0\n",
	     "x.toml:11:8: compare.window = 0 is not within 0.0001 .. 1\n"
	     "        window: share of a run, at its end, that its score is the mean of\n");
	says("rho = 1\n[run]\nname = \"x\"\nsteps = 9\nseeds = [1, 2, 1,\n-3, "
	     "2.5]\n[env]\nuse=\"fixture_plain\"\n"
	     "[agent]\nuse=\"fixture_blind\"\n",
	     "x.toml:5:16: run.seeds: 1 stands twice; each seed is run once\n"
	     "x.toml:6:1: run.seeds = -3 is negative; seeds are integers, 0 or more\n"
	     "        seeds: a list of seeds, or a number n, which means 1 to n\n"
	     "x.toml:6:5: run.seeds = 2.5 is a number; an integer, 0 or more, is wanted\n"
	     "        seeds: a list of seeds, or a number n, which means 1 to n\n");
	says_set(SOUND, "run.seeds=100001",
	         "--set run.seeds: run.seeds = 100001 is not within 1 .. 100000\n"
	         "        seeds: a list of seeds, or a number n, which means 1 to n\n");
	says_set(SOUND, "run.seeds=many",
	         "--set run.seeds: run.seeds = \"many\" is a string; an integer or a list of "
	         "integers is wanted\n        seeds: a list of seeds, or a number n, which means 1 to n\n");
	says_set(SOUND, "run.lanes=2000",
	         "--set run.lanes: run.steps = 1000 is not a multiple of run.lanes = 2000; "
	         "all lanes decide together, so make it 2000\n");
	says_set(SOUND, "run.lanes=64",
	         "--set run.lanes: run.steps = 1000 is not a multiple of run.lanes = 64; "
	         "all lanes decide together, so make it 1024\n");
}

Test(messages, plugins_that_are_not_there)
{
	mentions(HEAD "[env]\nuse = \"fixture_plane\"\n[agent]\nuse = \"fixture_blind\"\n",
	         "x.toml:7:7: env.use = \"fixture_plane\": ");
	mentions(HEAD "[env]\nuse = \"fixture_plane\"\n[agent]\nuse = \"fixture_blind\"\n", "fixture_plain");
	mentions(HEAD "[env]\nuse = \"fixture_plane\"\n[agent]\nuse = \"fixture_blind\"\n", CONFIG_FIXTURES);
	mentions(HEAD "[env]\nuse = 3\n[agent]\nuse = \"fixture_blind\"\n",
	         "x.toml:7:7: env.use is an integer; the name of a plugin, a string, is wanted");
	mentions(HEAD "[env]\nuse = \"../env\"\n[agent]\nuse = \"fixture_blind\"\n",
	         "x.toml:7:7: env.use = ");
}

Test(messages, a_module_that_cannot_be_loaded_says_why)
{
	struct trial *t = trial_new(NULL);
	char *dir = rho_xstrdup(t->dir);
	rho_registry_free(t->registry);
	t->registry = rho_registry_new((const char *const[]){ dir, CONFIG_FIXTURES }, 2);
	trial_write(t, "agent-fixture_text.so", "this is no module\n");
	trial_plan(t, HEAD "[env]\nuse = \"fixture_plain\"\n[agent]\nuse = \"fixture_text\"\n", NULL, 0);
	cr_expect_null(t->plan);
	cr_expect_eq(strncmp(t->said, "x.toml:9:7: agent.use = \"fixture_text\": ", 40), 0, "%s", t->said);
	cr_expect_not_null(strstr(t->said, "agent-fixture_text.so"), "%s", t->said);
	trial_free(t);
	free(dir);
}

Test(messages, tables_of_the_wrong_kind)
{
	says(SOUND "[verifier]\nuse = \"exact\"\n",
	     "x.toml:10:2: verifier: a verifier has no table of its own; it is "
	     "a parameter of the env that asks it: [env.verifier]\n");
	says(SOUND "[report]\nuse = \"fixture_note\"\n",
	     "x.toml:10:1: report is a table; there may be several "
	     "reporters, so write [[report]]\n");
	says("compare = 1\narms = 2\nsampler = 3\n" SOUND,
	     "x.toml:1:11: compare is an integer; a table, [compare], is wanted\n"
	     "x.toml:2:8: arms is an integer; tables [arms.AXIS.NAME] are wanted\n"
	     "x.toml:3:11: sampler is an integer; a table with the key use is wanted\n");
	says("arms.agent.a = 3\narms.sampler = 1\narms.env = {}\narms.agnet = {}\narms.zzz = {}\n"
	     "arms.agent.'a b' = {}\n" SOUND,
	     "x.toml:1:16: arms.agent.a is an integer; an arm is a table of parameters, such as { use = "
	     "\"NAME\" }\n"
	     "x.toml:2:16: arms.sampler is an integer; a table of arms, [arms.sampler.NAME], is wanted\n"
	     "x.toml:3:12: arms.env has no arms; write [arms.env.NAME], or take the table out\n"
	     "x.toml:4:6: arms.agnet: [arms] has no such key; did you mean agent?\n"
	     "x.toml:5:6: arms.zzz: [arms] has no such key; it may hold dataset, encoder, sampler, env, "
	     "agent\n"
	     "x.toml:6:12: arms.agent.a b: the name of an arm is made of letters, digits and . _ + -, at "
	     "most 64\n");
}

Test(messages, arms)
{
	/* A mistake in the base is told once, one in an arm where it stands. */
	says(SOUND "epsilon = 2\nmod = 1\n[arms.agent]\na = { mood = \"shy\" }\nb = { layers = [0] }\n"
	           "c = { use = \"fixture_blind\", mod = 1 }\n",
	     "x.toml:10:11: agent.epsilon = 2 is not within 0 .. 1\n"
	     "        epsilon: probability of drawing uniformly (default 0.1)\n"
	     "x.toml:11:1: agent.mod: fixture_blind has no such parameter; did you mean mood?\n"
	     "x.toml:14:17: arms.agent.b.layers = 0 is not within 1 .. 4096\n"
	     "        layers: units of each layer (default [64, 32])\n"
	     "x.toml:15:30: arms.agent.c.mod: fixture_blind has no such parameter; did you mean mood?\n");
	mentions(SOUND "[arms.sampler]\na = { k = 3 }\n",
	         "x.toml:11:5: arms.sampler.a.use is missing: the name of the "
	         "sampler plugin");
	/* In a factorial design the base itself is not run, but its mistakes are its own. */
	says(SOUND
	     "epsilon = 2\n[arms.agent]\na = { use = \"fixture_seer\" }\n[compare]\ndesign = \"factorial\"\n",
	     "x.toml:10:11: agent.epsilon = 2 is not within 0 .. 1\n"
	     "        epsilon: probability of drawing uniformly (default 0.1)\n"
	     "x.toml:12:13: agent: fixture_seer needs contexts, and the env fixture_plain has none\n"
	     "        in the arm agent=a; combinations that make no sense are left out with compare.skip = "
	     "[\"agent=a\"]\n");
}

Test(messages, baseline_and_design)
{
	static const char arms[] = SOUND "[arms.agent]\nshy = { mood = \"shy\" }\n";
	char *text = rho_xprintf("%s%s", arms, "[compare]\nbaseline = \"agent=shi\"\n");
	says(text,
	     "x.toml:13:12: compare.baseline = \"agent=shi\" is not an arm; did you mean \"agent=shy\"?\n");
	free(text);
	text = rho_xprintf("%s%s", arms, "[compare]\nbaseline = \"zzzzzzzz\"\n");
	says(text,
	     "x.toml:13:12: compare.baseline = \"zzzzzzzz\" is not an arm; the arms are base, agent=shy\n");
	free(text);
	text = rho_xprintf("%s%s", arms, "[compare]\ndesign = \"factoral\"\n");
	says(text,
	     "x.toml:13:10: compare.design = \"factoral\" is not one of \"one-at-a-time\", \"factorial\"; "
	     "did you "
	     "mean \"factorial\"?\n        design: base and then each arm alone, or all combinations\n");
	free(text);
	text = rho_xprintf("%s%s", arms, "[compare]\nskip = [\"agent=shy\"]\n");
	says(text, "x.toml:13:8: compare.skip leaves combinations out of a factorial design; this one is "
	           "one-at-a-time\n");
	free(text);
	text = rho_xprintf("%s%s", arms,
	                   "[compare]\ndesign = \"factorial\"\nskip = [\"agnet=shy\", \"agent=shi\", "
	                   "\"agent\"]\n");
	says(text,
	     "x.toml:14:9: compare.skip: \"agnet=shy\" is not AXIS=ARM with an axis of [arms]; did you mean "
	     "agent=…?\n"
	     "x.toml:14:22: compare.skip: [arms.agent] has no arm \"shi\"; did you mean shy?\n"
	     "x.toml:14:35: compare.skip: \"agent\" is not AXIS=ARM with an axis of [arms]; did you mean "
	     "agent=…?\n");
	free(text);
	text = rho_xprintf("%s%s", arms, "[compare]\ndesign = \"factorial\"\nskip = [\"agent=shy\"]\n");
	says(text, "x.toml:14:8: compare.skip leaves no combination to run\n");
	free(text);
}

Test(messages, plugins_that_do_not_fit)
{
	says(HEAD "[env]\nuse = \"fixture_posed\"\n[agent]\nuse = \"fixture_seer\"\n",
	     "x.toml:7:7: env: fixture_posed needs the tables actions, links, and there is no [dataset]\n");
	says(HEAD "[dataset]\nuse = \"fixture_heap\"\n[env]\nuse = \"fixture_posed\"\n[agent]\nuse = "
	          "\"fixture_seer\"\n",
	     "x.toml:9:7: env: fixture_posed needs the table links, which the dataset fixture_heap does not "
	     "give "
	     "(it gives: actions)\n");
	says(HEAD "[env]\nuse = \"fixture_plain\"\n[agent]\nuse = \"fixture_seer\"\n",
	     "x.toml:9:7: agent: fixture_seer needs contexts, and the env fixture_plain has none\n");
	says(HEAD "[encoder]\nuse = \"fixture_words\"\n[env]\nuse = \"fixture_plain\"\n[agent]\nuse = "
	          "\"fixture_blind\"\n",
	     "x.toml:7:7: encoder: fixture_words has nothing to encode, since there is no [dataset]; leave "
	     "[encoder] out\n");
	/* The same two in many arms are told once. */
	says(HEAD "[env]\nuse = \"fixture_plain\"\n[agent]\nuse = \"fixture_seer\"\n[sampler]\nuse = "
	          "\"fixture_few\"\n"
	          "[arms.sampler]\na = { k = 2 }\nb = { k = 3 }\n",
	     "x.toml:9:7: agent: fixture_seer needs contexts, and the env fixture_plain has none\n"
	     "        in the arm base\n");
}

Test(messages, what_cannot_matter)
{
	says(HEAD "[dataset]\nuse = \"fixture_shelf\"\n[env]\nuse = \"fixture_posed\"\n[agent]\nuse = "
	          "\"fixture_blind\"\n"
	          "[encoder]\nuse = \"fixture_words\"\n[arms.encoder]\nwide = { dim = 128 }\n",
	     "x.toml:14:1: warning: arms.encoder: no agent in these arms uses contexts or action features, "
	     "so they "
	     "cannot differ\n");
	says(HEAD "[dataset]\nuse = \"fixture_shelf\"\n[env]\nuse = \"fixture_posed\"\n[agent]\nuse = "
	          "\"fixture_seer\"\n"
	          "[encoder]\nuse = \"fixture_words\"\n[arms.encoder]\nwide = { dim = 128 }\n",
	     "");
}

Test(messages, overrides)
{
	says_set(SOUND, "agent.epsilonn=1",
	         "--set agent.epsilonn: agent.epsilonn: fixture_blind has no such "
	         "parameter; did you mean epsilon?\n");
	says_set(SOUND, "agent.epsilon=3",
	         "--set agent.epsilon: agent.epsilon = 3 is not within 0 .. 1\n"
	         "        epsilon: probability of drawing uniformly (default 0.1)\n");
	says_set(SOUND, "agent.epsilon",
	         "--set agent.epsilon: there is no value; write --set agent.epsilon=VALUE\n");
	says_set(SOUND, "agent..epsilon=1",
	         "--set agent..epsilon: this is not a key; write --set TABLE.KEY=VALUE, such "
	         "as --set run.steps=1000\n");
	says_set(SOUND, "=1",
	         "--set : this is not a key; write --set TABLE.KEY=VALUE, such as --set run.steps=1000\n");
	says_set(SOUND, "agent.label=two words",
	         "--set agent.label: two words is neither a TOML value nor a bare word; "
	         "a text with spaces or brackets needs quotes, as in --set 'run.name=\"x\"'\n");
	says_set(SOUND, "agent.epsilon=00099999999999999999999",
	         "--set agent.epsilon: 00099999999999999999999 is not a number that TOML has: an integer is at "
	         "most 9223372036854775807, without zeros in front; a text of digits needs quotes\n");
	says_set(SOUND, "", "--set : there is no value; write --set KEY=VALUE, such as --set agent.alpha=0.5\n");
	says_set(SOUND, "agent.label=",
	         "--set agent.label: nothing is neither a TOML value nor a bare word; "
	         "a text with spaces or brackets needs quotes, as in --set 'run.name=\"x\"'\n");
	says_set(SOUND, "a=1\nb=2",
	         "--set a: 1\n        b=2 is neither a TOML value nor a bare word; a text with spaces or "
	         "brackets needs quotes, as in --set 'run.name=\"x\"'\n");
	says_set(SOUND, "agnet.epsilon=1",
	         "--set agnet.epsilon: agnet: an experiment file has no such key; did you mean "
	         "agent?\n");
}

Test(messages, files_that_cannot_be_read)
{
	struct trial *t = trial_new(NULL);
	struct rho_diags *d = rho_diags_new();
	char *path = trial_path(t, "no.toml");
	cr_expect_null(rho_plan_load(t->registry, path, NULL, 0, d));
	char *said = trial_said(t, d);
	cr_expect_str_eq(said, "no.toml cannot be opened: No such file or directory\n");
	free(said);
	free(path);
	d = rho_diags_new();
	cr_expect_null(rho_plan_load(t->registry, t->dir, NULL, 0, d));
	said = trial_said(t, d);
	cr_expect_not_null(strstr(said, "cannot be read: Is a directory"), "%s", said);
	free(said);
	trial_free(t);
}

Test(messages, nothing_is_written)
{
	struct trial *t = trial_new(NULL);
	struct rho_buf why = { 0 };
	struct rho_digest before, after;
	trial_write(t, "x.toml", SOUND);
	cr_assert_eq(rho_mkdirs(t->dir, &why), 0);
	char *path = trial_path(t, "x.toml");
	struct rho_diags *d = rho_diags_new();
	cr_assert_eq(rho_digest_path(t->dir, &before, &why), 0);
	rho_plan_free(rho_plan_load(t->registry, path, NULL, 0, d));
	cr_assert_eq(rho_digest_path(t->dir, &after, &why), 0);
	cr_expect(before.lo == after.lo && before.hi == after.hi);
	rho_diags_free(d);
	free(path);
	trial_free(t);
}
