/* cmd_sts.c: `rho sts FILE...`: how well an encoder's cosines agree with people. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../command.h"
#include "apart.h"
#include "sts.h"
#include "sts_print.h"

enum { RESAMPLES = 10000, MOST_RESAMPLES = 10000000 };

static const char help[] =
	"usage: rho sts FILE... --encoder NAME [--set KEY=VALUE]... [OPTIONS]\n"
	"\n"
	"Encodes the sentences of STS files and compares the cosine of each pair with its human score: "
	"Spearman,\n"
	"Pearson, alignment and uniformity (Wang & Isola). FILE is STS Benchmark's as it comes (genre, file, "
	"year,\n"
	"id, score, two sentences) or has year, file, score and two sentences; parted by tabs.\n"
	"\n" RHO_CHOSEN_HELP
	"  --resamples N     of the bootstrap behind the intervals (10000; 0: no intervals)\n"
	"  --json, --csv     for programs; with each file's parts\n"
	"  --quiet           no progress; only what went wrong\n"
	"  --debug           all that the encoder says\n"
	"\n"
	"Exit status: 0 done; 1 the encoder failed; 2 a mistake in the command or a file; 130 stopped by "
	"Ctrl-C.\n";

struct args {
	struct rho_chosen chosen;
	const char **file; /* room for argc */
	size_t n_files;
	uint64_t resamples;
	bool json, csv, quiet;
};

static int take_resamples(struct args *a, const char *value)
{
	char *end;
	errno = 0;
	a->resamples = strtoull(value, &end, 10);
	if (*value && !errno && !*end && *value != '-' && a->resamples <= MOST_RESAMPLES)
		return 1;
	fprintf(stderr, "rho sts: --resamples %s is not a number within 0 .. %d\n", value, MOST_RESAMPLES);
	return -1;
}

/* 1: taken; -1: a mistake, told. */
static int take_word(struct args *a, const char *word)
{
	static const char *const names[] = { "--resamples", "--json", "--csv",           "--quiet",
		                             "--debug",     "--help", RHO_CHOSEN_OPTIONS };
	if (!strcmp(word, "--json"))
		return a->json = true, 1;
	if (!strcmp(word, "--csv"))
		return a->csv = true, 1;
	if (!strcmp(word, "--quiet"))
		return a->quiet = true, a->chosen.log_level = RHO_WARN, 1;
	if (!strcmp(word, "--debug"))
		return a->chosen.log_level = RHO_DEBUG, 1;
	if (word[0] != '-')
		return a->file[a->n_files++] = word, 1;
	rho_option_unknown("rho sts", word, names, sizeof names / sizeof *names);
	return -1;
}

/* 0; 2 after a message; -1 when help was wanted. */
static int parse(struct args *a, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *v;
		int took;
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return -1;
		if ((v = rho_option_value("--resamples", argc, argv, &i)))
			took = take_resamples(a, v);
		else if (!(took = rho_chosen_option(&a->chosen, argc, argv, &i)))
			took = take_word(a, argv[i]);
		if (took < 0)
			return 2;
	}
	if (!a->n_files)
		fputs("rho sts: which files? see rho sts --help\n", stderr);
	else if (a->json && a->csv)
		fputs("rho sts: --json or --csv, not both\n", stderr);
	return a->n_files && !(a->json && a->csv) ? 0 : 2;
}

static void print(const struct args *a, const struct rho_sts *s, size_t dim)
{
	const struct rho_plugin *p = &a->chosen.role.module->plugin;
	struct rho_transform *t = rho_params_transform(a->chosen.role.table);
	struct rho_buf steps = { 0 };
	if (t)
		rho_transform_text(t, &steps);
	struct rho_sts_about about = { p->name, p->version, steps.at ? steps.at : "", dim };
	if (a->json)
		rho_sts_print_json(s, &about);
	else if (a->csv)
		rho_sts_print_csv(s, &about);
	else
		rho_sts_print(s, &about);
	rho_transform_free(t);
	rho_buf_free(&steps);
}

static int measure(const struct args *a, struct rho_sts *s, struct rho_buf *why)
{
	size_t n = rho_idmap_n(&s->sentence), len;
	struct rho_str *text = rho_xcalloc(n, sizeof *text); /* (n) */
	struct rho_mat rows;
	int status;
	for (size_t i = 0; i < n; i++)
		text[i] = rho_pile_at(&s->sentence.names, i);
	status = rho_apart_texts(&a->chosen, "sentences", text, n, a->quiet, &rows, &len);
	free(text);
	if (status)
		return status;
	status = rho_sts_measure(s, &rows, a->resamples, a->chosen.threads, why) ? 1 : 0;
	if (!status)
		print(a, s, rows.cols);
	munmap((void *)(uintptr_t)rows.at, len);
	return status;
}

static int sts(struct args *a)
{
	struct rho_sts s = { .n_files = 0 };
	struct rho_buf why = { 0 };
	int status = rho_chosen_open(&a->chosen);
	for (size_t i = 0; i < a->n_files && !status; i++)
		status = rho_sts_read(&s, a->file[i], &why) ? 2 : 0;
	if (!status)
		status = measure(a, &s, &why);
	if (why.len)
		fprintf(stderr, "rho sts: %s\n", why.at);
	rho_buf_free(&why);
	rho_sts_free(&s);
	return status;
}

int rho_cmd_sts(int argc, char **argv)
{
	struct args a = { .resamples = RESAMPLES, .file = rho_xcalloc((size_t)argc, sizeof *a.file) };
	int status;
	rho_chosen_init(&a.chosen, "rho sts", argc);
	status = parse(&a, argc, argv);
	if (status < 0)
		fputs(help, stdout);
	else if (!status)
		status = sts(&a);
	rho_chosen_free(&a.chosen);
	free(a.file);
	return status < 0 ? 0 : status;
}
