/* cmd_plan.c: `rho plan FILE`: checks all of an experiment and prints what it comes to. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../command.h"
#include "eval.h"

static const char help[] =
	"usage: rho plan FILE [--set KEY=VALUE]... [--plugins DIR]... [--cells]\n"
	"\n"
	"Checks an experiment file and prints its arms and cells. Runs and writes nothing.\n"
	"\n"
	"  --set KEY=VALUE   override a key: --set agent.alpha=0.5, --set run.seeds=3\n"
	"  --plugins DIR     look for plugins in DIR first\n"
	"  --cells           print each cell: id, seed, arm\n"
	"\n"
	"Exit status: 0 the file is sound; 2 it is not, and all its mistakes were printed.\n";

struct args {
	const char *file;
	const char **set, **dirs;
	size_t n_set, n_dirs;
	bool cells;
};

/* The value of that option; NULL when argv[*i] is another, or has no value, which is said. */
static const char *option(int argc, char **argv, int *i, const char *name, bool *bad)
{
	const char *value = rho_option_value(name, argc, argv, i);
	if (!value || *value)
		return value;
	fprintf(stderr, "rho plan: %s wants a value; see rho plan --help\n", name);
	*bad = true;
	return NULL;
}

/* 0; 2 with a message for a mistake; -1 when help was wanted. */
static int parse_args(int argc, char **argv, struct args *a)
{
	static const char *const names[] = { "--set", "--plugins", "--cells", "--help" };
	bool bad = false;
	for (int i = 1; i < argc && !bad; i++) {
		const char *v;
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return -1;
		if (!strcmp(argv[i], "--cells")) {
			a->cells = true;
		} else if ((v = option(argc, argv, &i, "--set", &bad))) {
			a->set[a->n_set++] = v;
		} else if (!bad && (v = option(argc, argv, &i, "--plugins", &bad))) {
			a->dirs[a->n_dirs++] = v;
		} else if (!bad && argv[i][0] == '-' && argv[i][1]) {
			rho_option_unknown("rho plan", argv[i], names, sizeof names / sizeof *names);
			bad = true;
		} else if (!bad && a->file) {
			fprintf(stderr, "rho plan: one FILE, not %s and %s\n", a->file, argv[i]);
			bad = true;
		} else if (!bad) {
			a->file = argv[i];
		}
	}
	if (!bad && !a->file) {
		fprintf(stderr, "rho plan: which FILE? See rho plan --help\n");
		bad = true;
	}
	return bad ? 2 : 0;
}

/* 16000000 as "16 000 000". */
static void put_grouped(double n)
{
	char digits[64];
	int len = snprintf(digits, sizeof digits, "%.0f", n);
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			putchar(' ');
		putchar(digits[i]);
	}
}

/* Episodes of a cell's evaluations: an episode has a decision at least. */
static double eval_episodes(const struct rho_plan *plan)
{
	double n = 0;
	for (size_t i = 0; i < plan->arm[0].n_evals; i++)
		n += (double)rho_eval_times(&plan->arm[0].eval[i], &plan->run) *
		     (double)plan->arm[0].eval[i].episodes;
	return n;
}

static void print_plan(const struct rho_plan *plan)
{
	int width = 16;
	double cells = (double)plan->n_cells, in_evals = plan->n_arms ? eval_episodes(plan) : 0;
	for (size_t i = 0; i < plan->n_arms; i++)
		if ((int)strlen(plan->arm[i].name) > width && strlen(plan->arm[i].name) < 60)
			width = (int)strlen(plan->arm[i].name);
	for (size_t i = 0; i < plan->n_arms; i++) {
		const struct rho_arm *arm = &plan->arm[i];
		const struct rho_role *encoder = &arm->role[RHO_ENCODER];
		printf("%-*s  %4zu%s", width, arm->name, plan->n_seeds,
		       i                    ? ""
		       : plan->n_seeds == 1 ? " cell "
		                            : " cells");
		if (encoder->module && arm->role[RHO_DATASET].module)
			printf("%s   encodes the texts of %s (%s %s)", i ? "      " : "",
			       arm->role[RHO_DATASET].module->plugin.name, encoder->module->plugin.name,
			       encoder->module->plugin.version);
		putchar('\n');
	}
	put_grouped(cells);
	printf(" cell%s, ", plan->n_cells == 1 ? "" : "s");
	put_grouped(cells * (double)plan->run.steps);
	fputs(" decisions", stdout);
	if (in_evals > 0) {
		fputs(", at least ", stdout);
		put_grouped(cells * in_evals);
		fputs(" more in evaluations", stdout);
	}
	putchar('\n');
}

static void print_cells(const struct rho_plan *plan)
{
	for (size_t i = 0; i < plan->n_cells; i++)
		printf("%s  %" PRIu64 "  %s\n", plan->cell[i].id, plan->cell[i].seed,
		       plan->arm[plan->cell[i].arm].name);
}

static int plan_file(const struct args *a)
{
	struct rho_registry *registry = rho_registry_new(a->dirs, a->n_dirs);
	struct rho_diags *diags = rho_diags_new();
	struct rho_plan *plan = rho_plan_load(registry, a->file, a->set, a->n_set, diags);
	size_t errors = rho_diags_errors(diags);
	rho_diags_print(diags, stderr);
	if (plan && a->cells)
		print_cells(plan);
	else if (plan)
		print_plan(plan);
	else
		fprintf(stderr, "%zu mistake%s; nothing was run\n", errors, errors == 1 ? "" : "s");
	rho_plan_free(plan);
	rho_diags_free(diags);
	rho_registry_free(registry);
	return plan ? 0 : 2;
}

int rho_cmd_plan(int argc, char **argv)
{
	struct args a = { .set = rho_xcalloc((size_t)argc, sizeof *a.set),
		          .dirs = rho_xcalloc((size_t)argc, sizeof *a.dirs) };
	int rc = parse_args(argc, argv, &a);
	if (rc < 0)
		fputs(help, stdout);
	else if (!rc)
		rc = plan_file(&a);
	free(a.set);
	free(a.dirs);
	if (rc <= 0 && (fflush(stdout) || ferror(stdout))) {
		perror("rho plan: standard output");
		return 1;
	}
	return rc < 0 ? 0 : rc;
}
