/* cmd_encode.c: `rho encode FILE -o OUT.npy`: texts or pictures as a matrix that numpy.load reads. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../command.h"
#include "../run/clock.h"
#include "encode.h"

static const char help[] =
	"usage: rho encode FILE -o OUT.npy --encoder NAME [--set KEY=VALUE]... [OPTIONS]\n"
	"\n"
	"Encodes a file's texts, or a folder's pictures, into OUT.npy: float32, a row each, numpy.load reads "
	"it.\n"
	"Cut off at any moment, the same command goes on where it was and ends in the same bytes.\n"
	"\n"
	"  --lines           FILE has a text a line (.txt)\n"
	"  --csv COLUMN      FILE is a CSV with a header (.csv; .tsv: parted by tabs); COLUMN: text\n"
	"  --jsonl FIELD     FILE has a JSON object a line (.jsonl); FIELD: text\n"
	"  --images          FILE is a folder: its .jpg, .jpeg and .png in byte order of their names, which "
	"are\n"
	"                    written to OUT.names, a line each\n"
	"                    Without any of these the name decides; every text file may be gzipped (.gz)\n"
	"  -o, --out OUT     where the matrix goes; OUT.part and OUT.journal stand beside it meanwhile\n"
	"  --fit FILE        what the encoder and the transform learn from, of the same kind as FILE (FILE "
	"itself)\n" RHO_CHOSEN_HELP "  --restart         forget what OUT.part holds and begin anew\n"
	"  --quiet           no progress; only what went wrong\n"
	"  --debug           all that the encoder says: how it pools, tensors that nothing uses\n"
	"\n"
	"Exit status: 0 OUT is written; 1 a crash, or OUT cannot be written; 2 a mistake in the command or "
	"the\n"
	"input; 130 stopped by Ctrl-C.\n";

struct args {
	struct rho_chosen chosen;
	struct rho_encode_task task;
	bool quiet;
};

/* ---- arguments ---- */

static int take_form(struct args *a, uint32_t form, const char *column)
{
	if (a->task.input.form && a->task.input.form != form) {
		fputs("rho encode: one of --lines, --csv, --jsonl and --images, not two\n", stderr);
		return -1;
	}
	a->task.input.form = form;
	a->task.input.column = column;
	return 1;
}

/* 1: it was an option with a value; 0: none; -1: a mistake, told. */
static int take_valued(struct args *a, int argc, char **argv, int *i)
{
	static const char *const names[] = { "-o", "--out", "--fit", "--csv", "--jsonl" };
	for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
		const char *v = rho_option_value(names[k], argc, argv, i);
		if (!v)
			continue;
		if (!rho_chosen_value(&a->chosen, names[k], v))
			return -1;
		switch (k) {
		case 0:
		case 1: a->task.out = v; return 1;
		case 2: a->task.fit.path = v; return 1;
		default: return take_form(a, k == 3 ? RHO_SOURCE_CSV : RHO_SOURCE_JSONL, v);
		}
	}
	return rho_chosen_option(&a->chosen, argc, argv, i);
}

/* 1: it was a flag or FILE; -1: a mistake, told. */
static int take_word(struct args *a, const char *word)
{
	static const char *const names[] = { "--lines", "--csv",  "--jsonl",         "--images",
		                             "--out",   "--fit",  "--restart",       "--quiet",
		                             "--debug", "--help", RHO_CHOSEN_OPTIONS };
	if (!strcmp(word, "--lines"))
		return take_form(a, RHO_SOURCE_LINES, NULL);
	if (!strcmp(word, "--images"))
		return take_form(a, RHO_SOURCE_IMAGES, NULL);
	if (!strcmp(word, "--restart"))
		return a->task.restart = true, 1;
	if (!strcmp(word, "--quiet"))
		return a->quiet = true, a->chosen.log_level = RHO_WARN, 1;
	if (!strcmp(word, "--debug"))
		return a->chosen.log_level = RHO_DEBUG, 1;
	if (word[0] != '-' && !a->task.input.path)
		return a->task.input.path = word, 1;
	if (word[0] != '-') {
		fprintf(stderr, "rho encode: one FILE, not %s and %s\n", a->task.input.path, word);
		return -1;
	}
	rho_option_unknown("rho encode", word, names, sizeof names / sizeof *names);
	return -1;
}

/* 0; 2 after a message; -1 when help was wanted. */
static int parse(struct args *a, int argc, char **argv)
{
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
	if (!a->task.input.path)
		fputs("rho encode: which file? see rho encode --help\n", stderr);
	else if (!a->task.out)
		fputs("rho encode: where to? write -o OUT.npy\n", stderr);
	return a->task.input.path && a->task.out ? 0 : 2;
}

/* ---- the work ---- */

/* Whether `-o` would write over a file that is read. */
static bool over(const struct args *a, const char *in, struct rho_buf *why)
{
	static const char *const ends[] = { "", ".part", ".journal" };
	struct stat read, written;
	bool same = false;
	if (!in || stat(in, &read))
		return false;
	for (size_t i = 0; i < sizeof ends / sizeof *ends && !same; i++) {
		char *path = rho_xprintf("%s%s", a->task.out, ends[i]);
		same = !stat(path, &written) && read.st_dev == written.st_dev &&
		       read.st_ino == written.st_ino;
		if (same)
			rho_buf_printf(why,
			               "-o %s would write over %s, which is to be read; name another "
			               "file",
			               a->task.out, in);
		free(path);
	}
	return same;
}

/* Settles and reads through what is to be encoded, so that a bad line is told before hours of work. */
static int survey(struct args *a, struct rho_buf *why)
{
	struct rho_encode_task *t = &a->task;
	if (over(a, t->input.path, why) || over(a, t->fit.path, why))
		return 2;
	if (rho_source_guess(&t->input, why) || rho_source_survey(&t->input, &t->rows, &t->digest, why))
		return 2;
	if (!t->fit.path)
		return 0;
	t->fit.form = t->input.form;
	t->fit.column = t->input.column;
	return rho_source_guess(&t->fit, why) || rho_source_survey(&t->fit, &t->fit_rows, &t->fit_digest, why)
	               ? 2
	               : 0;
}

static int encode(struct args *a)
{
	struct rho_buf why = { 0 };
	double start = rho_clock();
	int status = rho_chosen_open(&a->chosen);
	if (!status)
		status = survey(a, &why);
	if (!status)
		status = rho_encode(&a->task, &a->chosen, a->quiet, &why);
	if (why.len)
		fprintf(stderr, "rho encode: %s\n", why.at);
	if (!status && !a->quiet)
		fprintf(stderr, "%s: %zu rows of %zu numbers in %.1f s\n", a->task.out, a->task.rows,
		        a->task.dim, rho_clock() - start);
	rho_buf_free(&why);
	return status;
}

int rho_cmd_encode(int argc, char **argv)
{
	struct args a = { .quiet = false };
	int status;
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is then an error of write() */
	rho_chosen_init(&a.chosen, "rho encode", argc);
	status = parse(&a, argc, argv);
	if (status < 0)
		fputs(help, stdout);
	else if (!status)
		status = encode(&a);
	rho_chosen_free(&a.chosen);
	return status < 0 ? 0 : status;
}
