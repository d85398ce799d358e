/* cmd_relate.c: `rho relate RESULTS GEOMETRY.csv`: which property of an embedding goes with the result. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/diag.h"
#include "../base/file.h"
#include "../command.h"
#include "relate.h"

static const char help[] =
	"usage: rho relate RESULTS GEOMETRY.csv [OPTIONS]\n"
	"\n"
	"Which property of an embedding goes with the result? Relates what `rho geometry FILE --csv` "
	"measured\n"
	"of an experiment's encoders to what `rho run FILE` recorded: for each combination of the other "
	"axes,\n"
	"the rank correlation over the encoders, and the mean of them, with intervals.\n"
	"\n"
	"  --metric NAME      the result: regret, coverage_regret, reward, ... (the file's)\n"
	"  --window SHARE     a run's score is its mean over this last share of its decisions (the file's)\n"
	"  --leave-out GLOB   encoders not to look at, such as 'tiny*' (repeatable)\n"
	"  --by AXIS          a column for each value of this axis, such as sampler\n"
	"  --rows N           properties in the table, the strongest first (25)\n"
	"  --level P          of the intervals (0.95)\n"
	"  --resamples N      of the bootstrap (2000)\n"
	"  --csv FILE         every correlation in every setting, as lines; -: to standard output\n"
	"  --plots DIR        DIR/relate-PROPERTY.svg for each --plot, or the eight strongest\n"
	"  --plot PROPERTY    such as uniformity or rho_rem@100 (repeatable)\n"
	"  --markdown         the table in Markdown\n"
	"\n"
	"docs/relate.md explains the numbers. Exit status: 0; 1 a file cannot be written; 2 a mistake in "
	"the\n"
	"command or a file.\n";

struct args {
	const char *results, *geometry, *metric, *by, *csv, *plots;
	const char **plot, **leave_out;
	size_t n_plot, n_leave_out;
	double window, level;
	uint64_t rows, resamples;
	bool markdown;
};

static int read_share(const char *what, const char *text, double most, double *out)
{
	char *end;
	*out = strtod(text, &end);
	if (end != text && !*end && *out > 0 && *out <= most)
		return 0;
	rho_option_wrong("rho relate", what, text,
	                 most < 1 ? "a share such as 0.95" : "a share above 0 and at most 1, such as 0.2");
	return 2;
}

static int read_count(const char *what, const char *text, uint64_t most, uint64_t *out)
{
	return rho_option_whole("rho relate", what, text, 1, most, out) ? 0 : 2;
}

static int parse(int argc, char **argv, struct args *a)
{
	static const char *const names[] = { "--metric", "--window",    "--by",       "--rows",
		                             "--level",  "--resamples", "--csv",      "--plots",
		                             "--plot",   "--leave-out", "--markdown", "--help" };
	int rc = 0;
	for (int i = 1; i < argc && !rc; i++) {
		const char *v, *arg = argv[i];
		if (!strcmp(arg, "--markdown"))
			a->markdown = true;
		else if ((v = rho_option_value("--metric", argc, argv, &i)))
			a->metric = v;
		else if ((v = rho_option_value("--by", argc, argv, &i)))
			a->by = v;
		else if ((v = rho_option_value("--csv", argc, argv, &i)))
			a->csv = v;
		else if ((v = rho_option_value("--plots", argc, argv, &i)))
			a->plots = v;
		else if ((v = rho_option_value("--plot", argc, argv, &i)))
			a->plot[a->n_plot++] = v;
		else if ((v = rho_option_value("--leave-out", argc, argv, &i)))
			a->leave_out[a->n_leave_out++] = v;
		else if ((v = rho_option_value("--window", argc, argv, &i)))
			rc = read_share("--window", v, 1, &a->window);
		else if ((v = rho_option_value("--level", argc, argv, &i)))
			rc = read_share("--level", v, 0.9999, &a->level);
		else if ((v = rho_option_value("--rows", argc, argv, &i)))
			rc = read_count("--rows", v, UINT32_MAX, &a->rows);
		else if ((v = rho_option_value("--resamples", argc, argv, &i)))
			rc = read_count("--resamples", v, 100000, &a->resamples);
		else if (arg[0] == '-' || a->geometry) {
			rho_option_unknown("rho relate", arg, names, sizeof names / sizeof *names);
			rc = 2;
		} else if (a->results)
			a->geometry = arg;
		else
			a->results = arg;
	}
	if (rc || a->geometry)
		return rc;
	fprintf(stderr,
	        a->results ? "rho relate: which file of `rho geometry FILE --csv`? see rho relate --help\n"
	                   : "rho relate: which results folder? see rho relate --help\n");
	return 2;
}

/* The axis --by names. 0 or 2. */
static int find_axis(const struct args *a, const struct rho_results *res, size_t *out)
{
	const char *near;
	*out = res->n_axes;
	if (!a->by)
		return 0;
	for (*out = 0; *out < res->n_axes; ++*out)
		if (!strcmp(res->axis[*out], a->by) && strcmp(a->by, "encoder"))
			return 0;
	near = rho_nearest(a->by, (const char *const *)res->axis, res->n_axes);
	fprintf(stderr, "rho relate: --by %s: it is no axis of %s besides `encoder`", a->by, res->dir);
	fprintf(stderr, near && strcmp(near, "encoder") ? "; did you mean %s?\n" : "\n", near);
	return 2;
}

static int put(const char *path, const struct rho_buf *text)
{
	struct rho_buf why = { 0 };
	int rc = 0;
	if (!strcmp(path, "-"))
		return fwrite(text->at, 1, text->len, stdout) == text->len ? 0 : 1;
	if (rho_file_write(path, text->at, text->len, &why)) {
		fprintf(stderr, "rho relate: %s\n", why.at);
		rc = 1;
	}
	rho_buf_free(&why);
	return rc;
}

/* Whatever was asked for. The exit status. */
static int show(const struct args *a, const struct rho_relate_view *v)
{
	const char *strongest[8];
	struct rho_buf text = { 0 }, why = { 0 };
	size_t n = 0;
	int rc = 0;
	for (size_t i = 0; i < a->n_plot; i++) {
		const char *near = rho_nearest(a->plot[i], (const char *const *)v->properties->name,
		                               v->properties->n_names);
		if (near && !strcmp(near, a->plot[i]))
			continue;
		fprintf(stderr, "rho relate: --plot %s: there is no such property%s%s\n", a->plot[i],
		        near ? "; did you mean " : "", near ? near : "");
		return 2;
	}
	for (size_t i = 0; i < v->relations->n && n < 8; i++)
		strongest[n++] = v->properties->name[v->relations->relation[i].property];
	if (a->csv) {
		rho_relate_csv(v, &text);
		rc = put(a->csv, &text);
	}
	if (!rc && (!a->csv || strcmp(a->csv, "-"))) {
		rho_buf_clear(&text);
		rho_relate_table(v, &text);
		rc = put("-", &text);
	}
	if (!rc && a->plots &&
	    rho_relate_plots(v, a->n_plot ? a->plot : strongest, a->n_plot ? a->n_plot : n, a->plots, &why)) {
		fprintf(stderr, "rho relate: %s\n", why.at);
		rc = 1;
	}
	rho_buf_free(&text);
	rho_buf_free(&why);
	return rc;
}

static int relate(const struct args *a)
{
	struct rho_buf why = { 0 };
	struct rho_properties properties = { 0 };
	struct rho_results *res = rho_results_read(a->results, &why);
	struct rho_compare_options options = { .metric = a->metric, .window = a->window };
	struct rho_relate_options how = { a->leave_out, a->n_leave_out, a->level, a->resamples };
	struct rho_relate_view view = {
		.properties = &properties, .level = a->level, .rows = (size_t)a->rows, .markdown = a->markdown
	};
	struct rho_comparison *c = NULL;
	struct rho_relations *r = NULL;
	int rc = 2;
	if (res && !rho_properties_read(a->geometry, &properties, &why))
		c = rho_compare(res, &options, &why);
	if (c)
		r = rho_relate(c, &properties, &how, &why);
	if (!r) {
		fprintf(stderr, "rho relate: %s\n", why.at);
	} else if (!find_axis(a, res, &view.by)) {
		view.comparison = c;
		view.relations = r;
		rc = show(a, &view);
	}
	rho_relations_free(r);
	rho_comparison_free(c);
	rho_properties_free(&properties);
	rho_results_free(res);
	rho_buf_free(&why);
	return rc;
}

int rho_cmd_relate(int argc, char **argv)
{
	struct args a = { .plot = rho_xcalloc((size_t)argc, sizeof *a.plot),
		          .leave_out = rho_xcalloc((size_t)argc, sizeof *a.leave_out),
		          .level = 0.95,
		          .rows = 25,
		          .resamples = 2000 };
	int rc = 0;
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(help, stdout);
			free(a.plot);
			free(a.leave_out);
			return 0;
		}
	rc = parse(argc, argv, &a);
	if (!rc)
		rc = relate(&a);
	free(a.plot);
	free(a.leave_out);
	return rc;
}
