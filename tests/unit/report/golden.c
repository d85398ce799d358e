/* golden.c: whole outputs against stored ones. RHO_UPDATE_GOLDEN=1 writes them anew; read the difference
 * before committing it. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "folder.h"
#include "report/compare.h"

static void formatted(const struct folder *f, const struct rho_compare_options *o, struct rho_buf *out)
{
	struct rho_buf why = { 0 };
	struct rho_results *r = rho_results_read(f->dir, &why);
	struct rho_comparison *c;
	cr_assert(r, "%s", why.at);
	c = rho_compare(r, o, &why);
	cr_assert(c, "%s", why.at);
	rho_compare_format(c, o, out);
	rho_comparison_free(c);
	rho_results_free(r);
}

static void check_golden(const char *name, const struct rho_buf *got)
{
	const char *root = getenv("RHO_SOURCE_ROOT"), *update = getenv("RHO_UPDATE_GOLDEN");
	struct rho_buf want = { 0 }, why = { 0 };
	char *path;
	cr_assert(root && *root, "RHO_SOURCE_ROOT is not set; run this through meson test");
	path = rho_xprintf("%s/tests/unit/report/golden/%s", root, name);
	if (update && *update == '1')
		cr_assert(!rho_file_write(path, got->at, got->len, &why), "%s", why.at);
	cr_assert(!rho_file_read(path, 0, &want, &why), "%s", why.at);
	cr_assert(want.len == got->len && !memcmp(want.at, got->at, got->len), "%s is not what came out:\n%s",
	          path, got->at);
	rho_buf_free(&want);
	free(path);
}

/* Columns as a terminal counts them. */
static void check_width(const struct rho_buf *text)
{
	for (const char *p = text->at; *p; ) {
		size_t len = strcspn(p, "\n");
		cr_assert(len <= 110, "%zu columns: %.*s", len, (int)len, p);
		cr_assert(!len || p[len - 1] != ' ', "a line ends in a blank: %.*s", (int)len, p);
		p += len + (p[len] != '\0');
	}
}

static void check_one(const struct folder *f, const struct rho_compare_options *o, const char *name)
{
	struct rho_buf out = { 0 };
	formatted(f, o, &out);
	for (char *p = out.at; (p = strstr(p, f->root));) /* the six letters that differ from run to run */
		p = memset(p + strlen(f->root) - 6, 'X', 6);
	if (o->format == RHO_AS_TEXT)
		check_width(&out);
	check_golden(name, &out);
	rho_buf_free(&out);
}

Test(golden, factorial)
{
	struct folder f;
	folder_make(&f, true, 10);
	folder_run(&f);
	check_one(&f, &(struct rho_compare_options){ 0 }, "factorial.txt");
	check_one(&f, &(struct rho_compare_options){ .by = "sampler" }, "by-sampler.txt");
	check_one(&f, &(struct rho_compare_options){ .format = RHO_AS_MARKDOWN, .groups = true },
		  "factorial.md");
	check_one(&f, &(struct rho_compare_options){ .format = RHO_AS_LATEX, .metric = "regret" },
		  "regret.tex");
	check_one(&f, &(struct rho_compare_options){ .format = RHO_AS_CSV }, "factorial.csv");
	check_one(&f, &(struct rho_compare_options){ .format = RHO_AS_CSV, .by = "agent" }, "by-agent.csv");
	folder_remove(&f);
}

/* Few seeds, and holes of each sort. */
Test(golden, holes)
{
	struct folder f;
	folder_make(&f, false, 4);
	folder_run(&f);
	folder_status(
		&f, folder_cell(&f, "base", 3), RHO_CELL_FAILED, 200,
		"killed by SIGSEGV in agent ppo, observe, "
		"at step 200\ncheckpoint of step 100 kept; a second line that goes on for long enough to be "
		"broken, and \033[31m is not obeyed");
	folder_status(&f, folder_cell(&f, "agent=greedy", 2), RHO_CELL_STOPPED, 500, NULL);
	folder_status(&f, folder_cell(&f, "agent=greedy", 3), RHO_CELL_STOPPED, 500, NULL);
	folder_put(&f, folder_cell(&f, "agent=greedy", 4), "metrics.jsonl",
		   "{\"step\": 1000, \"regret\": 1}\n");
	folder_put(&f, folder_cell(&f, "sampler=uniform", 2), "status.json", "{}");
	folder_unrun(&f, folder_cell(&f, "sampler=uniform", 1));
	folder_unrun(&f, folder_cell(&f, "sampler=uniform", 3));
	folder_unrun(&f, folder_cell(&f, "sampler=uniform", 4));
	check_one(&f, &(struct rho_compare_options){ .groups = true }, "holes.txt");
	check_one(&f, &(struct rho_compare_options){ .window = 1, .metric = "regret", .by = "agent" },
	          "holes-by-agent.txt");
	folder_remove(&f);
}

Test(golden, colour_only_adds_colour)
{
	struct folder f;
	struct rho_buf plain = { 0 }, colour = { 0 }, stripped = { 0 };
	folder_make(&f, true, 10);
	folder_run(&f);
	formatted(&f, &(struct rho_compare_options){ 0 }, &plain);
	formatted(&f, &(struct rho_compare_options){ .colour = true }, &colour);
	for (const char *p = colour.at; *p; p++)
		if (*p == '\033')
			p += strcspn(p, "m");
		else
			rho_buf_add(&stripped, p, 1);
	cr_assert(colour.len > plain.len);
	cr_assert_str_eq(stripped.at, plain.at);
	cr_assert(!strchr(plain.at, '\033'));
	rho_buf_free(&plain);
	rho_buf_free(&colour);
	rho_buf_free(&stripped);
	folder_remove(&f);
}

Test(golden, json_says_the_same)
{
	struct folder f;
	struct rho_buf out = { 0 };
	json_t *root, *arms;
	folder_make(&f, true, 10);
	folder_run(&f);
	folder_status(&f, folder_cell(&f, "agent=greedy,sampler=all", 2), RHO_CELL_FAILED, 500, "why \"so\"");
	formatted(&f, &(struct rho_compare_options){ .format = RHO_AS_JSON, .groups = true }, &out);
	root = json_loads(out.at, 0, NULL);
	cr_assert(root);
	arms = json_object_get(root, "arms");
	cr_assert(json_array_size(arms) == 6);
	cr_assert_str_eq(json_string_value(json_object_get(json_array_get(arms, 0), "arm")),
			 "agent=linucb,sampler=all");
	cr_assert(json_array_size(json_object_get(json_array_get(arms, 0), "scores")) == 10);
	cr_assert(json_array_size(json_object_get(root, "effects")) == 5);
	cr_assert(json_array_size(json_object_get(root, "holes")) == 1);
	cr_assert_str_eq(
		json_string_value(json_object_get(json_array_get(json_object_get(root, "holes"), 0), "why")),
		"failed: why \"so\"");
	cr_assert(json_object_get(json_object_get(json_array_get(arms, 0), "groups"), "G2"));
	json_decref(root);
	rho_buf_free(&out);
	folder_remove(&f);
}
