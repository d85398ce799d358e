/* cell.toml: written, read back, and refused when it is not what was planned. */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define FULL                                                                                                 \
	HEAD "lanes = 4\nlog = \"conditional\"\nmemory = \"1 GiB\"\ndeadline = 0.1\n"                        \
	     "[dataset]\nuse = \"fixture_shelf\"\ndata = \"goods/a.csv\"\n[encoder]\nuse = "                 \
	     "\"fixture_words\"\n"                                                                           \
	     "[sampler]\nuse = \"fixture_few\"\n[env]\nuse = \"fixture_posed\"\n"                            \
	     "judge = { use = \"fixture_judge\", tolerance = 0.125 }\n[agent]\nuse = \"fixture_blind\"\n"    \
	     "label = \"a \\\"quoted\\\" é\\n\"\n[[report]]\nuse = \"fixture_note\"\nfile = "               \
	     "\"${RHO_NOT_SET:-out}/n\"\n"                                                                   \
	     "[arms.agent]\nshy = { mood = \"shy\" }\n"

static struct rho_cell_spec *read_back(struct trial *t, const char *text, char **said)
{
	struct rho_diags *d = rho_diags_new();
	char *path = trial_path(t, "cell.toml");
	trial_write(t, "cell.toml", text);
	struct rho_cell_spec *spec = rho_cell_spec_read(t->registry, path, d);
	cr_expect_eq(spec == NULL, rho_diags_errors(d) > 0);
	*said = trial_said(t, d);
	free(path);
	return spec;
}

static void same_run(const struct rho_run *a, const struct rho_run *b)
{
	cr_expect(a->steps == b->steps && a->lanes == b->lanes && a->every == b->every && a->log == b->log);
	cr_expect(a->checkpoint == b->checkpoint && a->deadline == b->deadline);
	cr_expect(a->memory == b->memory && a->threads == b->threads);
}

/* Files a plugin is told of must be there. */
static struct trial *trial_with_files(const char *first_plugins)
{
	struct trial *t = trial_new(first_plugins);
	struct rho_buf why = { 0 };
	char *goods = trial_path(t, "goods"), *out = trial_path(t, "out");
	cr_assert_eq(rho_mkdirs(goods, &why), 0);
	cr_assert_eq(rho_mkdirs(out, &why), 0);
	trial_write(t, "goods/a.csv", "");
	trial_write(t, "out/n", "");
	free(goods);
	free(out);
	return t;
}

Test(cell, reads_back_what_was_planned)
{
	struct trial *t = trial_with_files(NULL);
	trial_plan(t, FULL, NULL, 0);
	cr_assert_not_null(t->plan, "%s", t->said);
	for (size_t i = 0; i < t->plan->n_cells; i++) {
		const struct rho_plan_cell *c = &t->plan->cell[i];
		const struct rho_arm *arm = &t->plan->arm[c->arm];
		struct rho_buf text = { 0 }, again = { 0 }, first = { 0 };
		char *said;
		rho_plan_cell_toml(t->registry, t->plan, i, &text);
		struct rho_cell_spec *s = read_back(t, text.at, &said);
		cr_assert_not_null(s, "%s\n%s", said, text.at);
		cr_expect_str_eq(said, "");
		cr_expect_str_eq(s->id, c->id);
		cr_expect_str_eq(s->experiment, "x");
		cr_expect_str_eq(s->arm, arm->name);
		cr_expect_eq(s->seed, c->seed);
		same_run(&s->run, &t->plan->run);
		cr_expect_eq(s->n_reports, 1);
		for (uint32_t k = RHO_DATASET; k <= RHO_AGENT; k++) {
			rho_buf_clear(&first);
			rho_buf_clear(&again);
			cr_assert_eq(s->role[k].module, arm->role[k].module);
			rho_params_canonical(t->registry, arm->role[k].module, arm->role[k].table, false,
			                     &first);
			rho_params_canonical(t->registry, s->role[k].module, s->role[k].table, false, &again);
			cr_expect_str_eq(again.at, first.at);
		}
		char *goods = trial_path(t, "goods/a.csv");
		cr_expect_not_null(strstr(text.at, goods), "paths are absolute:\n%s", text.at);
		free(goods);
		rho_cell_spec_free(s);
		rho_buf_free(&text);
		rho_buf_free(&first);
		rho_buf_free(&again);
		free(said);
	}
	trial_free(t);
}

/* The cell's text with `from` replaced once. */
static char *edited(struct trial *t, const char *from, const char *to)
{
	struct rho_buf text = { 0 }, out = { 0 };
	rho_plan_cell_toml(t->registry, t->plan, 0, &text);
	char *at = strstr(text.at, from);
	cr_assert_not_null(at, "%s\nnot in\n%s", from, text.at);
	rho_buf_add(&out, text.at, (size_t)(at - text.at));
	rho_buf_str(&out, to);
	rho_buf_str(&out, at + strlen(from));
	rho_buf_free(&text);
	return out.at;
}

static void refuses(struct trial *t, const char *from, const char *to, const char *wanted)
{
	char *said, *text = edited(t, from, to);
	struct rho_cell_spec *spec = read_back(t, text, &said);
	cr_expect_null(spec);
	cr_expect_not_null(strstr(said, wanted), "%s", said);
	free(said);
	free(text);
}

Test(cell, refuses_what_was_changed)
{
	struct trial *t = trial_with_files(NULL);
	trial_plan(t, FULL, NULL, 0);
	cr_assert_not_null(t->plan, "%s", t->said);
	refuses(t, "epsilon = 0.1", "epsilon = 0.2", "this cell was planned as ");
	refuses(t, "seed = 1", "seed = 2", "a plugin has another version, or the file was edited");
	refuses(t, "epsilon = 0.1", "epsilon = 7", "agent.epsilon = 7 is not within 0 .. 1");
	refuses(t, "steps = 1000", "stepz = 1000", "run.stepz: [run] has no such key; did you mean steps?");
	refuses(t, "arm = ", "name = ", "run.name: [run] has no such key");
	refuses(t, "seed = 1\n", "", "run.seed is missing");
	refuses(t, "[agent]", "[agents]", "there is no [agent]");
	refuses(t, "rho = 1", "rho = 2", "rho = 2 is a format this rho does not know");
	/* What cannot change results may be changed. */
	char *said, *text = edited(t, "deadline = 0.1", "deadline = 60.0");
	struct rho_cell_spec *spec = read_back(t, text, &said);
	cr_expect_not_null(spec, "%s", said);
	rho_cell_spec_free(spec);
	free(said);
	free(text);
	trial_free(t);
}

Test(cell, refuses_another_version_of_a_plugin)
{
	struct trial *t = trial_with_files(NULL), *later = trial_with_files(CONFIG_FIXTURES "/later");
	struct rho_buf text = { 0 };
	char *said;
	trial_plan(t, FULL, NULL, 0);
	cr_assert_not_null(t->plan, "%s", t->said);
	rho_plan_cell_toml(t->registry, t->plan, 0, &text);
	struct rho_cell_spec *spec = read_back(later, text.at, &said);
	cr_expect_null(spec);
	cr_expect_not_null(strstr(said, "a plugin has another version"), "%s", said);
	free(said);
	rho_buf_free(&text);
	trial_free(t);
	trial_free(later);
}
