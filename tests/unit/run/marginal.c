/* marginal.c: the log's marginal propensities of agents that take a softmax, as `rho run` writes them. */
#include <criterion/criterion.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ACTIONS = 30, STEPS = 4000 };

static char found[4096]; /* the log.csv of the one cell */

static int look(const char *path, const struct stat *s, int type, struct FTW *at)
{
	if (type == FTW_F && !strcmp(path + at->base, "log.csv"))
		snprintf(found, sizeof found, "%s", path);
	return 0;
}

static int take_away(const char *path, const struct stat *s, int type, struct FTW *at)
{
	return remove(path);
}

/* Runs a bandit of 30 actions, `sampler` before the agent; gives the mean of 1 / marginal, whose expectation
 * is the number of actions, and the least and largest marginal. NaN where the log says so. */
static double run(const char *sampler, const char *agent, double *least, double *most)
{
	char dir[] = "/tmp/rho-marginal-XXXXXX", path[64], command[600], line[400];
	double sum = 0;
	size_t n = 0;
	FILE *f;
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/x.toml", dir);
	f = fopen(path, "w");
	fprintf(f,
	        "rho = 1\n[run]\nname = \"x\"\nsteps = %d\nlanes = 4\nevery = 1000\nseeds = 1\nlog = "
	        "\"marginal\"\n"
	        "[dataset]\nuse = \"synthetic\"\nactions = %d\ncontexts = 20\n[encoder]\nuse = \"hashing\"\n"
	        "project = 24\n[sampler]\n%s\n[env]\nuse = \"bandit\"\n[agent]\n%s\n",
	        STEPS, ACTIONS, sampler, agent);
	fclose(f);
	snprintf(command, sizeof command, "cd %s && '%s' run x.toml >out 2>&1 || { cat out >&2; exit 1; }",
	         dir, getenv("RHO_PROGRAM"));
	cr_assert_eq(system(command), 0);
	*found = 0;
	nftw(dir, look, 8, FTW_PHYS);
	f = fopen(found, "r");
	cr_assert_not_null(f, "no log.csv");
	cr_assert_not_null(fgets(line, sizeof line, f));
	cr_assert_not_null(strstr(line, ",marginal\n"));
	*least = INFINITY;
	*most = 0;
	for (; fgets(line, sizeof line, f); n++) {
		double p = strtod(strrchr(line, ',') + 1, NULL);
		p = strrchr(line, ',')[1] == '\n' ? NAN : p;
		sum += 1 / p;
		*least = fmin(*least, p);
		*most = fmax(*most, p);
	}
	fclose(f);
	nftw(dir, take_away, 8, FTW_DEPTH | FTW_PHYS);
	cr_assert_eq(n, STEPS);
	return sum / STEPS;
}

Test(marginal, of_a_softmax)
{
	double least, most, mean;
	mean = run("use = \"uniform\"\nk = 6", "use = \"boltzmann\"\ntau = 0.3", &least, &most);
	cr_assert_float_eq(mean, ACTIONS, 1, "mean of 1 / marginal: %g", mean);
	cr_assert_lt(least, 0.9 / ACTIONS);
	cr_assert_gt(most, 1.5 / ACTIONS);
	mean = run("use = \"uniform\"\nk = 6", "use = \"boltzmann\"\ntau = 1e6", &least, &most);
	cr_assert_float_eq(least, 1. / ACTIONS, 1e-6);
	cr_assert_float_eq(most, 1. / ACTIONS, 1e-6);
	/* all candidates: the marginal is the conditional one */
	mean = run("use = \"all\"", "use = \"boltzmann\"\ntau = 0.3", &least, &most);
	cr_assert_float_eq(mean, ACTIONS, 1.5, "mean of 1 / marginal: %g", mean);
	/* no such thing is known of other draws */
	mean = run("use = \"stratified\"\nk = 6", "use = \"boltzmann\"\ntau = 0.3", &least, &most);
	cr_assert(isnan(mean));
}
