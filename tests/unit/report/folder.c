/* folder.c: results folders for tests. */
#include "folder.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rho/rng.h>
#include "base/file.h"

static const char *const agents[] = { "linucb", "greedy", "random" }, *const samplers[] = { "all",
											    "uniform" };

static void add_arm(struct rho_plan *p, const char *agent, const char *sampler)
{
	struct rho_arm *arm = &p->arm[p->n_arms++];
	arm->n_values = 2;
	arm->value = rho_xcalloc(2, sizeof *arm->value);
	arm->value[0] = agent ? rho_xstrdup(agent) : NULL;
	arm->value[1] = sampler ? rho_xstrdup(sampler) : NULL;
	arm->name = agent && sampler ? rho_xprintf("agent=%s,sampler=%s", agent, sampler) :
	            agent ? rho_xprintf("agent=%s", agent) :
	            sampler ? rho_xprintf("sampler=%s", sampler) : rho_xstrdup("base");
}

void folder_make(struct folder *f, bool factorial, size_t seeds)
{
	struct rho_plan *p = &f->plan;
	struct rho_buf why = { 0 };
	*f = (struct folder){ .root = "/tmp/rho-report-XXXXXX", .factorial = factorial };
	cr_assert(mkdtemp(f->root));
	snprintf(f->dir, sizeof f->dir, "%s/demo", f->root);
	p->file = rho_xstrdup("/home/me/demo.toml");
	p->name = rho_xstrdup("demo");
	rho_buf_str(&p->source, "rho = 1\n");
	p->run.steps = 1000;
	p->compare = (struct rho_compare_settings){ rho_xstrdup("reward"), NULL, 0.95, 0.2, 2000 };
	p->compare.baseline = rho_xstrdup(factorial ? "agent=random,sampler=all" : "base");
	p->axis = rho_xcalloc(2, sizeof *p->axis);
	p->axis[p->n_axes++] = rho_xstrdup("agent");
	p->axis[p->n_axes++] = rho_xstrdup("sampler");
	p->arm = rho_xcalloc(6, sizeof *p->arm);
	if (!factorial)
		add_arm(p, NULL, NULL);
	for (size_t a = 0; a < 3; a++)
		for (size_t s = 0; s < (factorial ? 2 : 1); s++)
			add_arm(p, agents[a], factorial ? samplers[s] : NULL);
	if (!factorial)
		add_arm(p, NULL, "uniform");
	p->seeds = rho_xcalloc(seeds, sizeof *p->seeds);
	for (; p->n_seeds < seeds; p->n_seeds++)
		p->seeds[p->n_seeds] = p->n_seeds + 1;
	p->cell = rho_xcalloc(p->n_arms * seeds, sizeof *p->cell);
	for (size_t i = 0; i < p->n_arms; i++)
		for (size_t s = 0; s < seeds; s++, p->n_cells++) {
			p->cell[p->n_cells] = (struct rho_plan_cell){ .arm = i, .seed = s + 1 };
			snprintf(p->cell[p->n_cells].id, 17, "%016zx", 0xabc0 + p->n_cells);
		}
	cr_assert(!rho_results_write(f->dir, p, &why), "%s", why.at);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

void folder_remove(struct folder *f)
{
	struct rho_plan *p = &f->plan;
	nftw(f->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	for (size_t i = 0; i < p->n_arms; i++) {
		free(p->arm[i].name);
		free(p->arm[i].value[0]);
		free(p->arm[i].value[1]);
		free(p->arm[i].value);
	}
	for (size_t i = 0; i < p->n_axes; i++)
		free(p->axis[i]);
	free(p->axis);
	free(p->arm);
	free(p->cell);
	free(p->seeds);
	free(p->file);
	free(p->name);
	free(p->compare.metric);
	free(p->compare.baseline);
	rho_buf_free(&p->source);
}

char *folder_cell_dir(const struct folder *f, size_t cell)
{
	struct rho_buf why = { 0 };
	char *dir = rho_xprintf("%s/cells/%s", f->dir, f->plan.cell[cell].id);
	cr_assert(!rho_mkdirs(dir, &why), "%s", why.at);
	return dir;
}

void folder_put(const struct folder *f, size_t cell, const char *file, const char *text)
{
	char *dir = cell == SIZE_MAX ? rho_xstrdup(f->dir) : folder_cell_dir(f, cell);
	char *path = rho_xprintf("%s/%s", dir, file);
	FILE *out = fopen(path, "w");   /* not rho_file_write, which waits for the disk each time */
	cr_assert(out && fputs(text, out) >= 0 && !fclose(out), "%s", path);
	free(path);
	free(dir);
}

size_t folder_cell(const struct folder *f, const char *arm, uint64_t seed)
{
	for (size_t i = 0; i < f->plan.n_cells; i++)
		if (!strcmp(f->plan.arm[f->plan.cell[i].arm].name, arm) && f->plan.cell[i].seed == seed)
			return i;
	cr_assert_fail("no cell of %s, seed %llu", arm, (unsigned long long)seed);
	abort();
}

void folder_status(const struct folder *f, size_t cell, uint32_t state, uint64_t step, const char *why_failed)
{
	char *dir = folder_cell_dir(f, cell);
	struct rho_buf why = { 0 };
	cr_assert(!rho_status_write(dir, state, step, 1.5, why_failed, &why), "%s", why.at);
	free(dir);
}

void folder_unrun(const struct folder *f, size_t cell)
{
	char *dir = folder_cell_dir(f, cell), *path = rho_xprintf("%s/status.json", dir);
	cr_assert(!unlink(path));
	free(path);
	free(dir);
}

static double level(const struct rho_arm *arm)
{
	static const double of_agent[] = { 0.40, 0.38, 0.10 };
	double x = 0.25;
	for (size_t a = 0; a < 3; a++)
		if (arm->value[0] && !strcmp(arm->value[0], agents[a]))
			x = of_agent[a];
	return x - (arm->value[1] && !strcmp(arm->value[1], "uniform") ? 0.05 : 0);
}

void folder_run(struct folder *f)
{
	static const struct rho_rng key = { { 1, 2, 3, 4 } };
	for (size_t i = 0; i < f->plan.n_cells; i++) {
		const struct rho_plan_cell *cell = &f->plan.cell[i];
		struct rho_rng shared = rho_fork(&key, cell->seed, 1000),
			       own = rho_fork(&key, cell->seed, cell->arm);
		double base =
			level(&f->plan.arm[cell->arm]) + 0.03 * rho_normal(&shared) + 0.01 * rho_normal(&own);
		struct rho_buf metrics = { 0 }, timing = { 0 };
		for (int w = 1; w <= 10; w++) {
			double r = base * (1 - exp(-w / 2.0));
			rho_buf_printf(&metrics, "{\"step\": %d, \"reward\": %.17g, \"regret\": %.17g, "
			               "\"coverage_regret\": %.17g, \"selection_regret\": %.17g, "
			               "\"reward[G1]\": %.17g", 100 * w, r, 1 - r, 0.25, 0.75 - r, r + 0.1);
			if (w % 2 == 0)         /* a group that only every other record saw */
				rho_buf_printf(&metrics, ", \"reward[G2]\": %.17g", r - 0.1);
			rho_buf_str(&metrics, "}\n");
			rho_buf_printf(&timing, "{\"step\": %d, \"decision_us\": %.17g}\n", 100 * w,
			               w == 1 ? 500.0 : 12.5 + (double)cell->arm);
		}
		folder_put(f, i, "metrics.jsonl", metrics.at);
		folder_put(f, i, "timing.jsonl", timing.at);
		folder_status(f, i, RHO_CELL_DONE, 1000, NULL);
		rho_buf_free(&metrics);
		rho_buf_free(&timing);
	}
}
