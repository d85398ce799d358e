/* cmd_rollouts.c: `rho rollouts DIR`: how many tries it takes, from the episodes of an evaluation. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../command.h"
#include "rollouts.h"

static const char help[] =
	"usage: rho rollouts DIR [OPTIONS]\n"
	"\n"
	"How many tries an agent needs: from the episodes that an evaluation ([eval.NAME] with log = true)\n"
	"wrote, the chance solve@n that one of n rollouts solves a problem, as a mean over problems (the\n"
	"contexts that episodes begin with), and the rollouts it takes until a share of them is solved.\n"
	"\n"
	"  --eval NAME        which evaluation (the only one there is)\n"
	"  --success RULE     which episodes count as solved: 'reward>=X', the last reward, or 'return>=X',\n"
	"                     the sum; also > ('reward>=1')\n"
	"  --threshold SHARE  the share of problems to be solved (0.5); repeatable\n"
	"  --step N           the evaluation made at this step of training (the last)\n"
	"  --rollouts N       leave out problems with fewer than N rollouts (as many as every problem has)\n"
	"  --by arm|seed      a row for each arm, its seeds pooled, or for each seed of it (arm)\n"
	"  --baseline ARM     the arm that differences are taken to (the file's)\n"
	"  --level P          of the intervals over problems (0.95)\n"
	"  --resamples N      of the bootstrap (2000)\n"
	"  --csv, --markdown, --json    instead of a table for the terminal\n"
	"  -o FILE            write to FILE, whole or not at all\n"
	"\n"
	"docs/rollouts.md explains the numbers. Exit status: 0; 1 a file cannot be written; 2 a mistake in "
	"the\n"
	"command or a file.\n";

enum { MOST_THRESHOLDS = 16 };

struct args {
	const char *dir, *output, *success;
	struct rho_rollouts_options o;
	double threshold[MOST_THRESHOLDS];
	enum rho_rollouts_format format;
	bool formatted;
};

static int wrong(const char *option, const char *value, const char *wanted)
{
	rho_option_wrong("rho rollouts", option, value, wanted);
	return 2;
}

static int read_share(const char *option, const char *text, double *out)
{
	char *end;
	*out = strtod(text, &end);
	return end != text && !*end && *out > 0 && *out < 1
	               ? 0
	               : wrong(option, text, "a share above 0 and below 1, such as 0.5,");
}

static int read_threshold(struct args *a, const char *text)
{
	if (a->o.n_thresholds == MOST_THRESHOLDS)
		return wrong("--threshold", text, "a 17th is one too many: 16 at most");
	return read_share("--threshold", text, &a->threshold[a->o.n_thresholds++]);
}

static int read_by(struct args *a, const char *text)
{
	a->o.by_seed = !strcmp(text, "seed");
	return a->o.by_seed || !strcmp(text, "arm") ? 0 : wrong("--by", text, "arm or seed");
}

static int read_success(struct args *a, const char *text)
{
	a->success = text;
	return rho_success_parse(text, &a->o.success)
	               ? 0
	               : wrong("--success", text, "a rule such as 'reward>=1' or 'return>=0.5', in quotes,");
}

static int set_format(struct args *a, enum rho_rollouts_format f)
{
	if (a->formatted) {
		fputs("rho rollouts: one of --csv, --markdown and --json; see rho rollouts --help\n", stderr);
		return 2;
	}
	a->format = f;
	a->formatted = true;
	return 0;
}

/* An option with a value. 0 or 2; -1: it is none. */
static int option(struct args *a, int argc, char **argv, int *i)
{
	const char *v;
	if ((v = rho_option_value("--eval", argc, argv, i)))
		a->o.eval = v;
	else if ((v = rho_option_value("--success", argc, argv, i)))
		return read_success(a, v);
	else if ((v = rho_option_value("--threshold", argc, argv, i)))
		return read_threshold(a, v);
	else if ((v = rho_option_value("--step", argc, argv, i)))
		return rho_option_whole("rho rollouts", "--step", v, 0, UINT64_MAX - 1, &a->o.step) ? 0 : 2;
	else if ((v = rho_option_value("--rollouts", argc, argv, i)))
		return rho_option_whole("rho rollouts", "--rollouts", v, 1, 100000000, &a->o.rollouts) ? 0
		                                                                                       : 2;
	else if ((v = rho_option_value("--by", argc, argv, i)))
		return read_by(a, v);
	else if ((v = rho_option_value("--baseline", argc, argv, i)))
		a->o.baseline = v;
	else if ((v = rho_option_value("--level", argc, argv, i)))
		return read_share("--level", v, &a->o.level);
	else if ((v = rho_option_value("--resamples", argc, argv, i)))
		return rho_option_whole("rho rollouts", "--resamples", v, 1, 1000000, &a->o.resamples) ? 0
		                                                                                       : 2;
	else if ((v = rho_option_value("-o", argc, argv, i)))
		a->output = v;
	else
		return -1;
	return 0;
}

static int parse(int argc, char **argv, struct args *a)
{
	static const char *const names[] = { "--eval",      "--success", "--threshold", "--step",
		                             "--rollouts",  "--by",      "--baseline",  "--level",
		                             "--resamples", "-o",        "--csv",       "--markdown",
		                             "--json",      "--help" };
	int rc = 0;
	for (int i = 1; i < argc && !rc; i++) {
		const char *arg = argv[i];
		if (!strcmp(arg, "--csv"))
			rc = set_format(a, RHO_ROLLOUTS_CSV);
		else if (!strcmp(arg, "--markdown"))
			rc = set_format(a, RHO_ROLLOUTS_MARKDOWN);
		else if (!strcmp(arg, "--json"))
			rc = set_format(a, RHO_ROLLOUTS_JSON);
		else if ((rc = option(a, argc, argv, &i)) >= 0)
			continue;
		else if (arg[0] == '-' || a->dir) {
			rho_option_unknown("rho rollouts", arg, names, sizeof names / sizeof *names);
			rc = 2;
		} else {
			a->dir = arg;
			rc = 0;
		}
	}
	if (!rc && !a->dir) {
		fputs("rho rollouts: which results folder, such as results/first? see rho rollouts --help\n",
		      stderr);
		rc = 2;
	}
	if (!a->o.n_thresholds)
		a->threshold[a->o.n_thresholds++] = 0.5;
	a->o.threshold = a->threshold;
	return rc;
}

static bool coloured(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(STDOUT_FILENO) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

static int print(const struct args *a, const struct rho_buf *text, struct rho_buf *why)
{
	if (a->output && rho_file_write(a->output, text->at, text->len, why)) {
		fprintf(stderr, "rho rollouts: %s\n", why->at);
		return 1;
	}
	if (!a->output && fwrite(text->at, 1, text->len, stdout) != text->len) {
		fprintf(stderr, "rho rollouts: the output cannot be written: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}

static int rollouts(const struct args *a)
{
	struct rho_buf why = { 0 }, text = { 0 };
	struct rho_results *res = rho_results_read(a->dir, &why);
	struct rho_rollouts *r = res ? rho_rollouts(res, &a->o, &why) : NULL;
	int rc = 2;
	if (r) {
		rho_rollouts_show(r, a->format, a->success, !a->output && coloured(), &text);
		rc = print(a, &text, &why);
	} else {
		fprintf(stderr, "rho rollouts: %s\n", why.at);
	}
	rho_rollouts_free(r);
	rho_results_free(res);
	rho_buf_free(&why);
	rho_buf_free(&text);
	return rc;
}

int rho_cmd_rollouts(int argc, char **argv)
{
	struct args a = { .success = "reward>=1",
		          .o = { .success = { .last = true, .least = 1 },
		                 .step = UINT64_MAX,
		                 .level = 0.95,
		                 .resamples = 2000 } };
	int rc;
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(help, stdout);
			return 0;
		}
	rc = parse(argc, argv, &a);
	return rc ? rc : rollouts(&a);
}
