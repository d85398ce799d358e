/* cmd_geometry.c: `rho geometry`: how the vectors of a set of actions lie, for several encoders side by side.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "../command.h"
#include "../encode/chosen.h"
#include "../run/progress.h"
#include "show.h"

enum { MOST_K = 1000 };

static const char help[] =
	"usage: rho geometry [NAME=]FILE.npy... [OPTIONS]\n"
	"       rho geometry EXPERIMENT.toml [--set TABLE.KEY=VALUE]... [OPTIONS]\n"
	"       rho geometry --dataset NAME [--set-dataset KEY=VALUE]...\n"
	"                    --encoder NAME [--set KEY=VALUE]... [OPTIONS]\n"
	"\n"
	"How the vectors of a set of actions lie: how well k random ones cover the rest, how evenly\n"
	"they are spread, how many dimensions they fill, how much there is to explore; each with its\n"
	"interval, side by side. Of an experiment file each arm of [dataset] and [encoder] is measured.\n"
	"\n" RHO_CHOSEN_HELP "  --dataset NAME    the dataset whose actions are encoded\n"
	"  --set-dataset KEY=VALUE   a parameter of it (repeatable)\n"
	"  --store DIR       where embeddings are kept and found (results/.store, as rho run does)\n"
	"  --k LIST          numbers of candidates: 10,100,1000 (1, 2, 5, 10, ... below the actions')\n"
	"  --rows M          actions drawn for what looks at all others for each; 0: all (all of up to\n"
	"                    20,000; of more, 20,000 for coverage and 4,096 for pairs)\n"
	"  --reward WHAT     for the decision gap: a file (.npy, .txt, .csv) of a reward a row, a column\n"
	"                    of the dataset's actions, or links: how often each is right\n"
	"  --alignment       how near a dataset's contexts lie to the actions they are linked to; encodes\n"
	"                    the contexts, too\n"
	"  --top M           hits are of the M best (10)\n"
	"  --eps E           the eluder count goes on until no width is above E (0.5),\n"
	"  --picks N         or after N picks (1024)\n"
	"  --ridge L         of widths, information gain, ridge dimension (1)\n"
	"  --raw             spectrum and exploration of the rows as they are, not at length 1\n"
	"  --level P         of the intervals (0.95)\n"
	"  --seed N          of what is drawn: rows, resamples, groups (0)\n"
	"  --json FILE       everything, for programs; -: to standard output in place of the tables\n"
	"  --csv FILE        the same as lines of name,measure,at,value,lo,hi\n"
	"  --plots DIR       spectrum.svg, coverage.svg, cosines.svg\n"
	"  --markdown        the tables in Markdown\n"
	"  --quiet           no progress; only what went wrong\n"
	"\n"
	"Exit status: 0 done; 1 a crash, or a file cannot be written; 2 a mistake in the command or a\n"
	"file; 130 stopped by Ctrl-C.\n";

struct args {
	struct rho_chosen chosen;
	const char **file, **set_dataset; /* room for argc each */
	size_t n_files, n_set_dataset;
	const char *dataset, *store, *reward, *json, *csv, *plots;
	size_t k[MOST_K], n_k;
	uint64_t rows, seed, top, picks;
	double eps, ridge, level;
	bool rows_given, raw, alignment, markdown, quiet;
};

/* ---- arguments ---- */

static int take_k(struct args *a, const char *value)
{
	return rho_option_wholes("rho geometry", "--k", value, MOST_K, a->k, &a->n_k) ? 1 : -1;
}

static int take_count(const char *option, const char *value, uint64_t least, uint64_t most, uint64_t *out)
{
	return rho_option_whole("rho geometry", option, value, least, most, out) ? 1 : -1;
}

static int take_real(const char *option, const char *value, double lo, double hi, double *out)
{
	char *end, *wanted;
	*out = strtod(value, &end);
	if (end != value && !*end && *out > lo && *out < hi)
		return 1;
	wanted = isinf(hi) ? rho_xprintf("a number above %g", lo)
	                   : rho_xprintf("a number between %g and %g", lo, hi);
	rho_option_wrong("rho geometry", option, value, wanted);
	free(wanted);
	return -1;
}

static int take_rows(struct args *a, const char *value)
{
	if (take_count("--rows", value, 0, UINT64_MAX, &a->rows) < 0)
		return -1;
	a->rows_given = true;
	if (a->rows != 1)
		return 1;
	rho_option_wrong("rho geometry", "--rows", value, "0 (all) or a number of rows from 2 on");
	return -1;
}

#define VALUED                                                                                               \
	"--k", "--rows", "--seed", "--top", "--eps", "--ridge", "--level", "--reward", "--json", "--csv",    \
		"--plots", "--dataset", "--set-dataset", "--picks", "--store"

/* 1: it was an option with a value; 0: none; -1: a mistake, told. */
static int take_valued(struct args *a, int argc, char **argv, int *i)
{
	static const char *const names[] = { VALUED };
	for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
		const char *v = rho_option_value(names[n], argc, argv, i);
		if (!v)
			continue;
		if (!rho_chosen_value(&a->chosen, names[n], v))
			return -1;
		switch (n) {
		case 0: return take_k(a, v);
		case 1: return take_rows(a, v);
		case 2: return take_count(names[n], v, 0, UINT64_MAX, &a->seed);
		case 3: return take_count(names[n], v, 1, SIZE_MAX, &a->top);
		case 4: return take_real(names[n], v, 0, INFINITY, &a->eps);
		case 5: return take_real(names[n], v, 0, INFINITY, &a->ridge);
		case 6: return take_real(names[n], v, 0, 1, &a->level);
		case 7: a->reward = v; return 1;
		case 8: a->json = v; return 1;
		case 9: a->csv = v; return 1;
		case 10: a->plots = v; return 1;
		case 11: a->dataset = v; return 1;
		case 12: a->set_dataset[a->n_set_dataset++] = v; return 1;
		case 13: return take_count(names[n], v, 1, 1000000, &a->picks);
		default: a->store = v; return 1;
		}
	}
	return rho_chosen_option(&a->chosen, argc, argv, i);
}

/* 1: it was a flag or a file; -1: a mistake, told. */
static int take_word(struct args *a, const char *word)
{
	static const char *const names[] = { "--raw",  "--markdown", "--quiet",         "--alignment",
		                             "--help", VALUED,       RHO_CHOSEN_OPTIONS };
	if (!strcmp(word, "--raw"))
		return a->raw = true, 1;
	if (!strcmp(word, "--alignment"))
		return a->alignment = true, 1;
	if (!strcmp(word, "--markdown"))
		return a->markdown = true, 1;
	if (!strcmp(word, "--quiet"))
		return a->quiet = true, 1;
	if (word[0] != '-')
		return a->file[a->n_files++] = word, 1;
	rho_option_unknown("rho geometry", word, names, sizeof names / sizeof *names);
	return -1;
}

static bool encodes(const struct args *a) { return a->chosen.encoder || a->chosen.config; }

/* What goes with what. NULL, or what is wrong. */
static const char *misuse(const struct args *a)
{
	bool toml = false;
	for (size_t i = 0; i < a->n_files; i++)
		toml |= rho_option_is_toml(a->file[i]);
	if (!a->n_files && !a->dataset && !encodes(a))
		return "of what? name .npy files, an experiment file, or --dataset and --encoder";
	if (encodes(a) && !a->dataset)
		return "an encoder of what? --dataset NAME says whose actions' texts";
	if (a->n_set_dataset && !a->dataset)
		return "--set-dataset without --dataset NAME; a file's are --set dataset.KEY=VALUE";
	if (a->dataset && toml)
		return "an experiment file or --dataset, not both: the file has a [dataset] of its own";
	if (a->chosen.n_set && !toml && !encodes(a))
		return "--set without --encoder NAME or an experiment file";
	if (a->chosen.n_step && !encodes(a))
		return "--transform without --encoder NAME; in an experiment file it is encoder.transform, "
		       "and rho encode "
		       "--transform writes files";
	if (a->json && a->csv && !strcmp(a->json, "-") && !strcmp(a->csv, "-"))
		return "--json - or --csv -, not both";
	return NULL;
}

/* 0; 2 after a message; -1 when help was wanted. */
static int parse(struct args *a, int argc, char **argv)
{
	const char *wrong;
	for (int i = 1; i < argc; i++) {
		int took;
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return -1;
		took = take_valued(a, argc, argv, &i);
		if (!took)
			took = take_word(a, argv[i]);
		if (took < 0)
			return 2;
	}
	wrong = misuse(a);
	if (wrong)
		fprintf(stderr, "rho geometry: %s; see rho geometry --help\n", wrong);
	return wrong ? 2 : 0;
}

/* ---- what is measured ---- */

struct session {
	struct args *a;
	struct rho_subjects s;
	struct rho_role dataset;       /* of --dataset */
	char **kept;                   /* (n_set_dataset + 1) what places in its table call files */
	struct rho_geometry_options o; /* of the last set: common but for what its size decides */
	struct rho_progress progress;
	const char *name; /* of the set under way */
	size_t number;
};

static void read_dataset(struct session *t, struct rho_diags *d)
{
	struct rho_toml *table = rho_xcalloc(1, sizeof *table);
	char *use = rho_xprintf("use=\"%s\"", t->a->dataset);
	table->type = RHO_TOML_TABLE;
	rho_overrides_apply_of("--dataset", &table, (const char *const *)&use, 1, t->kept, d);
	rho_overrides_apply_of("--set-dataset", &table, t->a->set_dataset, t->a->n_set_dataset, t->kept + 1,
	                       d);
	if (!rho_diags_errors(d))
		rho_role_read(t->a->chosen.registry, RHO_DATASET, "dataset", table,
		              (struct rho_where){ .file = "--dataset" }, &t->dataset, d);
	rho_toml_free(table);
	free(use);
}

/* Lists the sets. 0 or 2 with every mistake told. */
static int gather(struct session *t)
{
	struct args *a = t->a;
	struct rho_chosen *c = &a->chosen;
	struct rho_diags *d = rho_diags_new();
	int status = 0;
	if (encodes(a))
		status = rho_chosen_open(c);
	else
		c->registry = rho_registry_new(c->dir, c->n_dir);
	for (size_t i = 0; i < a->n_files; i++)
		if (rho_option_is_toml(a->file[i]))
			rho_subjects_add_experiment(&t->s, c->registry, a->file[i],
			                            encodes(a) ? NULL : c->set, encodes(a) ? 0 : c->n_set, d);
		else
			rho_subjects_add_file(&t->s, a->file[i]);
	if (a->dataset)
		read_dataset(t, d);
	rho_diags_print(d, stderr);
	if (rho_diags_errors(d))
		status = 2;
	rho_diags_free(d);
	if (!status && a->dataset) {
		const struct rho_role *named = encodes(a) ? &c->role : &t->dataset;
		struct rho_subject *one = rho_subjects_add(&t->s, rho_xstrdup(named->module->plugin.name));
		one->role[RHO_DATASET] = t->dataset;
		one->role[RHO_ENCODER] = c->role;
	}
	return status;
}

/* The k of all sets, from the smallest. 0 or 2. */
static int settle_k(struct session *t)
{
	struct args *a = t->a;
	const struct rho_subject *least = &t->s.at[0];
	for (size_t i = 1; i < t->s.n; i++)
		if (t->s.at[i].rows.rows < least->rows.rows)
			least = &t->s.at[i];
	if (!a->n_k)
		a->n_k = rho_geometry_default_k(least->rows.rows, a->k);
	if (a->k[a->n_k - 1] < least->rows.rows)
		return 0;
	fprintf(stderr, "rho geometry: --k %zu: %s has %zu rows, so k goes from 1 to %zu\n", a->k[a->n_k - 1],
	        least->name, least->rows.rows, least->rows.rows - 1);
	return 2;
}

/* ---- measuring ---- */

static void said(void *arg, const char *what, double done)
{
	struct session *t = arg;
	char *text = rho_xprintf("%s (%zu of %zu), %s", t->name, t->number + 1, t->s.n, what);
	rho_progress_step(&t->progress, text, done);
	free(text);
}

static void settle_options(struct session *t, const struct rho_subject *one)
{
	const struct args *a = t->a;
	rho_geometry_defaults(&t->o, one->rows.rows);
	t->o.k = a->k;
	t->o.n_k = a->n_k;
	if (a->rows_given)
		t->o.cover_rows = t->o.pair_rows = a->rows;
	t->o.raw = a->raw;
	t->o.lambda = a->ridge;
	t->o.reach = a->eps;
	t->o.picks = a->picks;
	t->o.top = a->top;
	t->o.level = a->level;
	t->o.seed = a->seed;
	t->o.threads = a->chosen.threads;
	t->o.reward = one->reward;
	t->o.wait = (struct rho_waiting){ said, t };
}

static int measure(struct session *t, struct rho_buf *why)
{
	int err = 0;
	rho_progress_init(&t->progress, t->a->quiet);
	for (t->number = 0; t->number < t->s.n && !err; t->number++) {
		struct rho_subject *one = &t->s.at[t->number];
		t->name = one->name;
		settle_options(t, one);
		err = rho_geometry_measure(&one->rows, &t->o, &one->g, why) ? 1 : 0;
		if (!err && t->a->alignment)
			err = rho_subject_align(one, &t->o, why) ? 2 : 0;
	}
	rho_progress_clear(&t->progress);
	return err;
}

/* ---- telling ---- */

/* To a file, or with "-" to standard output. */
static int put(const char *path, const struct rho_buf *text, struct rho_buf *why)
{
	if (!strcmp(path, "-"))
		return fwrite(text->at, 1, text->len, stdout) == text->len ? 0 : -1;
	return rho_file_write(path, text->at, text->len, why);
}

static int tell(const struct session *t, struct rho_buf *why)
{
	const struct args *a = t->a;
	struct rho_buf text = { 0 };
	int err = 0;
	if (a->json) {
		rho_show_json(&t->s, &t->o, a->chosen.registry, a->reward, &text);
		err = put(a->json, &text, why);
		rho_buf_clear(&text);
	}
	if (a->csv && !err) {
		rho_show_csv(&t->s, &text);
		err = put(a->csv, &text, why);
		rho_buf_clear(&text);
	}
	if (a->plots && !err)
		err = rho_show_plots(&t->s, a->plots, why);
	if (!(a->json && !strcmp(a->json, "-")) && !(a->csv && !strcmp(a->csv, "-"))) {
		rho_show_table(&t->s, &t->o, a->markdown, &text);
		fputs(text.at, stdout);
	}
	rho_buf_free(&text);
	return err ? 1 : 0;
}

static int geometry(struct args *a)
{
	struct session t = { .a = a, .kept = rho_xcalloc(a->n_set_dataset + 1, sizeof *t.kept) };
	struct rho_buf why = { 0 };
	int status = gather(&t);
	if (!status)
		status = rho_subjects_open(&t.s, &(struct rho_opening){ .registry = a->chosen.registry,
		                                                        .store_dir = a->store,
		                                                        .threads = a->chosen.threads,
		                                                        .quiet = a->quiet,
		                                                        .contexts = a->alignment,
		                                                        .command = "rho geometry" });
	if (!status && a->reward)
		status = rho_subjects_reward(&t.s, a->reward, &why) ? 2 : 0;
	if (!status)
		status = settle_k(&t);
	if (!status)
		status = measure(&t, &why);
	if (!status)
		status = tell(&t, &why);
	if (why.len)
		fprintf(stderr, "rho geometry: %s\n", why.at);
	rho_buf_free(&why);
	rho_subjects_free(&t.s);
	rho_role_free(&t.dataset);
	for (size_t i = 0; i <= a->n_set_dataset; i++)
		free(t.kept[i]);
	free(t.kept);
	return status;
}

int rho_cmd_geometry(int argc, char **argv)
{
	struct args *a = rho_xcalloc(1, sizeof *a);
	int status;
	a->file = rho_xcalloc(2 * (size_t)argc, sizeof *a->file);
	a->set_dataset = a->file + argc;
	a->store = "results/.store";
	a->eps = 0.5;
	a->ridge = 1;
	a->level = 0.95;
	a->top = 10;
	a->picks = 1024;
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is then an error of write() */
	rho_chosen_init(&a->chosen, "rho geometry", argc);
	status = parse(a, argc, argv);
	if (status < 0)
		fputs(help, stdout);
	else if (!status)
		status = geometry(a);
	rho_chosen_free(&a->chosen);
	free(a->file);
	free(a);
	return status < 0 ? 0 : status;
}
