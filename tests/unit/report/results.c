/* results.c: plan.json and status.json, written, read back, damaged. */
#include "store/results.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder.h"

Test(results, round_trip)
{
	struct folder f;
	struct rho_buf why = { 0 };
	folder_make(&f, false, 3);
	struct rho_results *r = rho_results_read(f.dir, &why);
	cr_assert(r, "%s", why.at);
	cr_assert_str_eq(r->name, "demo");
	cr_assert_str_eq(r->file, "/home/me/demo.toml");
	cr_assert(r->steps == 1000 && r->n_axes == 2 && r->n_arms == 5 && r->n_seeds == 3 &&
		  r->n_cells == 15);
	cr_assert_str_eq(r->axis[1], "sampler");
	cr_assert_str_eq(r->arm[0].name, "base");
	cr_assert(!r->arm[0].value[0] && !r->arm[0].value[1]);
	cr_assert_str_eq(r->arm[1].value[0], "linucb");
	cr_assert(!r->arm[1].value[1]);
	cr_assert_str_eq(r->compare.baseline, "base");
	cr_assert(r->compare.interval == 0.95 && r->compare.window == 0.2 && r->compare.resamples == 2000);
	for (size_t i = 0; i < r->n_cells; i++) {
		cr_assert_str_eq(r->cell[i].id, f.plan.cell[i].id);
		cr_assert(r->cell[i].arm == f.plan.cell[i].arm && r->cell[i].seed == f.plan.cell[i].seed);
		cr_assert(r->cell[i].state == RHO_CELL_MISSING && !r->cell[i].why);
	}
	rho_results_free(r);
	folder_remove(&f);
}

Test(results, writing_again_keeps_cells)
{
	struct folder f;
	struct rho_buf why = { 0 };
	folder_make(&f, true, 2);
	folder_status(&f, 1, RHO_CELL_DONE, 1000, NULL);
	cr_assert(!rho_results_write(f.dir, &f.plan, &why), "%s", why.at);
	struct rho_results *r = rho_results_read(f.dir, &why);
	cr_assert(r && r->cell[1].state == RHO_CELL_DONE);
	rho_results_free(r);
	folder_remove(&f);
}

Test(results, status)
{
	struct folder f;
	struct rho_buf why = { 0 };
	folder_make(&f, true, 2);
	folder_status(&f, 0, RHO_CELL_DONE, 1000, NULL);
	folder_status(&f, 1, RHO_CELL_FAILED, 17, "agent \"linucb\": not\n\tpositive \xff definite");
	folder_status(&f, 2, RHO_CELL_STOPPED, 400, NULL);
	folder_put(&f, 3, "status.json", "{\"state\": \"done\"");
	folder_put(&f, 4, "status.json", "{\"state\": \"weird\", \"step\": 1, \"seconds\": 1}");
	folder_put(&f, 5, "status.json", "{\"state\": \"done\", \"step\": -1, \"seconds\": 1}");
	folder_put(&f, 6, "status.json", "[]");
	struct rho_results *r = rho_results_read(f.dir, &why);
	cr_assert(r, "%s", why.at);
	cr_assert(r->cell[0].state == RHO_CELL_DONE && r->cell[0].step == 1000 && r->cell[0].seconds == 1.5);
	cr_assert(r->cell[1].state == RHO_CELL_FAILED && r->cell[1].step == 17);
	cr_assert_str_eq(r->cell[1].why, "agent \"linucb\": not\n\tpositive ? definite");
	cr_assert(r->cell[2].state == RHO_CELL_STOPPED && r->cell[2].step == 400);
	for (size_t i = 3; i < 7; i++) {
		cr_assert(r->cell[i].state == RHO_CELL_FAILED, "%zu", i);
		cr_assert(strstr(r->cell[i].why, "status.json is damaged"), "%s", r->cell[i].why);
	}
	cr_assert(r->cell[7].state == RHO_CELL_MISSING);
	rho_results_free(r);
	folder_remove(&f);
}

static void refused(const char *dir, const char *const *say)
{
	struct rho_buf why = { 0 };
	struct rho_results *r = rho_results_read(dir, &why);
	cr_assert(!r);
	for (; *say; say++)
		cr_assert(strstr(why.at, *say), "\"%s\" lacks \"%s\"", why.at, *say);
	rho_buf_free(&why);
}

Test(results, not_a_results_folder)
{
	struct folder f;
	char *none;
	folder_make(&f, true, 2);
	none = rho_xprintf("%s/none", f.root);
	refused(none, (const char *[]){ none, "No such file", "rho run FILE", NULL });
	refused(f.root, (const char *[]){ "no plan.json", "it holds", f.dir, "name one of them", NULL });
	free(none);
	none = rho_xprintf("%s/cells", f.dir);
	refused(none, (const char *[]){ "no plan.json", "rho run FILE", NULL });
	free(none);
	folder_remove(&f);
}

Test(results, another_version_is_refused_and_named)
{
	struct folder f;
	struct rho_buf why = { 0 };
	folder_make(&f, true, 2);
	folder_put(&f, SIZE_MAX, "plan.json", "{\"rho_results\": 7, \"rho\": \"3.1.4\"}");
	refused(f.dir, (const char *[]){ "3.1.4", "version 7", "version 1", "--results", NULL });
	cr_assert(rho_results_write(f.dir, &f.plan, &why));
	cr_assert(strstr(why.at, "version 7"), "%s", why.at);
	rho_buf_clear(&why);
	folder_put(&f, SIZE_MAX, "plan.json", "{\"project\": \"something else\"}");
	cr_assert(rho_results_write(f.dir, &f.plan, &why));
	cr_assert(strstr(why.at, "not written by rho"), "%s", why.at);
	rho_buf_free(&why);
	folder_remove(&f);
}

#define HEAD "{\"rho_results\": 1, \"rho\": \"0.1.0\", \"name\": \"x\", \"file\": \"x.toml\", "
#define COMPARE "\"compare\": {\"metric\": \"reward\", \"interval\": 0.95, \"window\": 1, \"resamples\": 9}, "
#define REST(axes, seeds, arms, cells) "\"steps\": 5, " COMPARE "\"axes\": " axes ", \"seeds\": " seeds \
	", \"arms\": " arms ", \"cells\": " cells "}"
#define ARM "[{\"name\": \"base\", \"values\": {}}]"
#define CELL(id, arm, seed) "{\"id\": \"" id "\", \"arm\": \"" arm "\", \"seed\": " seed "}"
#define ID "0123456789abcdef"

Test(results, the_smallest_plan)
{
	struct folder f;
	struct rho_buf why = { 0 };
	folder_make(&f, true, 2);
	folder_put(&f, SIZE_MAX, "plan.json", HEAD REST("[]", "[0]", ARM, "[" CELL(ID, "base", "0") "]"));
	struct rho_results *r = rho_results_read(f.dir, &why);
	cr_assert(r && r->n_axes == 0 && r->n_arms == 1 && !r->compare.baseline, "%s", why.at);
	rho_results_free(r);
	folder_remove(&f);
}

Test(results, damaged_plans_are_refused_with_their_place)
{
	static const struct { const char *text, *say;
	} bad[] = {
		{ "", "is damaged" },
		{ "{\"rho_results\": 1, ", "is damaged" },
		{ "{\"rho_results\": 1, \"rho_results\": 1}", "duplicate" },
		{ "[1]", "not written by rho" },
		{ "{\"rho_results\": \"1\"}", "not written by rho" },
		{ "{\"rho_results\": 1}", "name is not a name" },
		{ HEAD "\"steps\": 0}", "steps" },
		{ HEAD "\"steps\": 1.5}", "steps" },
		{ HEAD "\"steps\": 5}", "compare.metric" },
		{ HEAD REST("{}", "[0]", ARM, "[]"), "axes" },
		{ HEAD REST("[3]", "[0]", ARM, "[]"), "axes[0]" },
		{ HEAD REST("[]", "[]", ARM, "[]"), "seeds" },
		{ HEAD REST("[]", "[-1]", ARM, "[]"), "seeds[0]" },
		{ HEAD REST("[]", "[0]", "[]", "[]"), "arms" },
		{ HEAD REST("[]", "[0]", "[7]", "[]"), "arms[0]" },
		{ HEAD REST("[]", "[0]", "[{\"name\": \"\\u001b[2J\"}]", "[]"), "arms[0]" },
		{ HEAD REST("[]", "[0]", "[{\"name\": \"a\"}, {\"name\": \"a\"}]",
			    "[" CELL(ID, "a", "0") "]"),
		  "name twice" },
		{ HEAD REST("[]", "[0]", ARM, "[]"), "cells" },
		{ HEAD REST("[]", "[0]", ARM, "[1]"), "cells[0]" },
		{ HEAD REST("[]", "[0]", ARM, "[" CELL("../../etc/passwd", "base", "0") "]"), "cells[0]" },
		{ HEAD REST("[]", "[0]", ARM, "[" CELL("0123", "base", "0") "]"), "cells[0]" },
		{ HEAD REST("[]", "[0]", ARM, "[" CELL(ID, "bass", "0") "]"), "belongs to no arm" },
		{ HEAD REST("[]", "[0]", ARM, "[" CELL(ID, "base", "1") "]"), "`seeds` lacks" },
		{ HEAD REST("[]", "[0, 0]", ARM, "[" CELL(ID, "base", "0") "]"), "seed twice" },
		{ HEAD REST("[]", "[0]", ARM, "[" CELL(ID, "base", "0") ", " CELL(ID, "base", "0") "]"),
		  "seed twice" },
	};
	struct folder f;
	folder_make(&f, true, 2);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		folder_put(&f, SIZE_MAX, "plan.json", bad[i].text);
		refused(f.dir, (const char *[]){ "plan.json", bad[i].say, NULL });
	}
	folder_remove(&f);
}

/* Every prefix of a true plan, and the plan with each byte replaced in turn: refused or read, no crash. */
Test(results, mangled_plans_do_not_crash, .timeout = 120)
{
	struct folder f;
	struct rho_buf why = { 0 };
	char text[8192], *path;
	size_t n;
	FILE *in;
	folder_make(&f, false, 2);
	path = rho_xprintf("%s/plan.json", f.dir);
	in = fopen(path, "r");
	n = fread(text, 1, sizeof text - 1, in);
	text[n] = '\0';
	fclose(in);
	for (size_t i = 0; i < n; i += 1) {
		static const char with[] = "\"{}[]0-x\\ ";
		char kept = text[i];
		text[i] = i % 3 ? with[i % (sizeof with - 1)] : '\0';   /* a third: cut short */
		folder_put(&f, SIZE_MAX, "plan.json", text);
		rho_results_free(rho_results_read(f.dir, &why));
		rho_buf_clear(&why);
		text[i] = kept;
	}
	rho_buf_free(&why);
	free(path);
	folder_remove(&f);
}
