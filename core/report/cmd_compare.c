/* cmd_compare.c: `rho compare DIR`, and the same comparison at the end of `rho run`. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/diag.h"
#include "../base/file.h"
#include "../command.h"
#include "compare.h"

static const char help[] =
	"usage: rho compare DIR [OPTIONS]\n"
	"\n"
	"Compares the arms of an experiment's results folder (results/NAME), with intervals over its seeds.\n"
	"What no option says is taken from [compare] in the experiment file.\n"
	"\n"
	"  --metric NAME      what to compare: reward, regret, decision_us, … as recorded\n"
	"  --baseline ARM     the arm that differences are taken to; its long or its short name\n"
	"  --interval SHARE   of the intervals: 0.95\n"
	"  --window SHARE     a run's score is its mean over this last share of its decisions: 0.2; 1 is "
	"all\n"
	"  --resamples N      of the bootstrap: 50000\n"
	"  --by AXIS          only the mean effect of each value of an axis, over the other axes\n"
	"  --groups           also the metric by group of contexts\n"
	"  --csv, --markdown, --latex, --json     instead of a table for the terminal\n"
	"  -o FILE            write to FILE, whole or not at all\n"
	"\n"
	"docs/comparison.md explains every number. Exit status: 0, 1 when no cell has a score yet, 2 when "
	"the\n"
	"request makes no sense.\n";

enum option { METRIC, BASELINE, INTERVAL, WINDOW, RESAMPLES, BY, OUTPUT, GROUPS, CSV, MARKDOWN, LATEX, JSON };

static const char *const option_name[] = {
	[METRIC] = "--metric",     [BASELINE] = "--baseline",   [INTERVAL] = "--interval",
	[WINDOW] = "--window",     [RESAMPLES] = "--resamples", [BY] = "--by",
	[OUTPUT] = "-o",           [GROUPS] = "--groups",       [CSV] = "--csv",
	[MARKDOWN] = "--markdown", [LATEX] = "--latex",         [JSON] = "--json",
};
enum { N_OPTIONS = sizeof option_name / sizeof *option_name };

struct request {
	const char *dir, *output;
	struct rho_compare_options options;
};

static int mistake(const char *fmt, const char *what)
{
	fprintf(stderr, "rho compare: ");
	fprintf(stderr, fmt, what);
	fprintf(stderr, "; see rho compare --help\n");
	return 2;
}

static int share(const char *name, const char *text, double *out)
{
	char *end;
	*out = strtod(text, &end);
	if (end != text && !*end && *out > 0 && *out <= 1)
		return 0;
	fprintf(stderr, "rho compare: %s takes a share above 0 and at most 1, such as 0.2, not \"%s\"\n",
	        name, text);
	return 2;
}

static int set(struct request *r, enum option which, const char *value)
{
	unsigned long long n;
	char *end;
	switch (which) {
	case METRIC: r->options.metric = value; return 0;
	case BASELINE: r->options.baseline = value; return 0;
	case BY: r->options.by = value; return 0;
	case OUTPUT: r->output = value; return 0;
	case GROUPS: r->options.groups = true; return 0;
	case INTERVAL: return share("--interval", value, &r->options.interval);
	case WINDOW: return share("--window", value, &r->options.window);
	case RESAMPLES:
		errno = 0;
		n = strtoull(value, &end, 10);
		if (end == value || *end || errno || !n || *value == '-')
			return mistake("--resamples takes a whole number above 0, not \"%s\"", value);
		r->options.resamples = n;
		return 0;
	default:
		if (r->options.format != RHO_AS_TEXT)
			return mistake("%s is one format too many", option_name[which]);
		r->options.format = which == CSV        ? RHO_AS_CSV
		                    : which == MARKDOWN ? RHO_AS_MARKDOWN
		                    : which == LATEX    ? RHO_AS_LATEX
		                                        : RHO_AS_JSON;
		return 0;
	}
}

static int parse(int argc, char **argv, struct request *r)
{
	for (int i = 1; i < argc; i++) {
		const char *equals = argv[i][0] == '-' ? strchr(argv[i], '=') : NULL;
		size_t len = equals ? (size_t)(equals - argv[i]) : strlen(argv[i]), which = 0;
		int rc;
		if (argv[i][0] != '-') {
			if (r->dir)
				return mistake("one folder at a time: %s is the second", argv[i]);
			r->dir = argv[i];
			continue;
		}
		while (which < N_OPTIONS &&
		       (strlen(option_name[which]) != len || strncmp(option_name[which], argv[i], len)))
			which++;
		if (which == N_OPTIONS) {
			rho_option_unknown("rho compare", argv[i], option_name, N_OPTIONS);
			return 2;
		}
		if (which >= GROUPS && equals)
			return mistake("%s takes no value", option_name[which]);
		if (which < GROUPS && !equals && i + 1 == argc)
			return mistake("%s needs a value", option_name[which]);
		rc = set(r, (enum option)which, which >= GROUPS ? "" : equals ? equals + 1 : argv[++i]);
		if (rc)
			return rc;
	}
	return r->dir ? 0 : mistake("%s", "name a results folder, such as results/quickstart");
}

static bool coloured(FILE *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(fileno(out)) && !(no && *no) && !(term && !strcmp(term, "dumb"));
}

/* Reads, compares, formats into `text`. */
static int compare(const char *dir, const struct rho_compare_options *o, struct rho_buf *text,
                   struct rho_buf *why)
{
	struct rho_results *res = rho_results_read(dir, why);
	struct rho_comparison *c = res ? rho_compare(res, o, why) : NULL;
	int rc = 2;
	if (c) {
		rho_compare_format(c, o, text);
		rc = c->n_arms && c->arm[0].n ? 0 : 1;
	}
	rho_comparison_free(c);
	rho_results_free(res);
	return rc;
}

static int put(const struct rho_buf *text, FILE *out)
{
	if (fwrite(text->at, 1, text->len, out) == text->len && !fflush(out))
		return 0;
	fprintf(stderr, "rho compare: the output cannot be written: %s\n", strerror(errno));
	return 1;
}

int rho_compare_print(const char *dir, FILE *out)
{
	struct rho_compare_options o = { .colour = coloured(out) };
	struct rho_buf text = { 0 }, why = { 0 };
	int rc = compare(dir, &o, &text, &why);
	if (rc == 2)
		fprintf(stderr, "rho compare: %s\n", why.at);
	else if (put(&text, out))
		rc = 2;
	rho_buf_free(&text);
	rho_buf_free(&why);
	return rc == 2 ? 2 : 0;
}

int rho_cmd_compare(int argc, char **argv)
{
	struct request r = { 0 };
	struct rho_buf text = { 0 }, why = { 0 };
	int rc;
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(help, stdout);
			return 0;
		}
	rc = parse(argc, argv, &r);
	if (rc)
		return rc;
	r.options.colour = !r.output && coloured(stdout);
	rc = compare(r.dir, &r.options, &text, &why);
	if (rc == 2) {
		fprintf(stderr, "rho compare: %s\n", why.at);
	} else if (r.output) {
		if (rho_file_write(r.output, text.at, text.len, &why)) {
			fprintf(stderr, "rho compare: %s\n", why.at);
			rc = 1;
		}
	} else if (put(&text, stdout)) {
		rc = 1;
	}
	rho_buf_free(&text);
	rho_buf_free(&why);
	return rc;
}
