/* cmd_scale.c: `rho scale`: what a uniform sample of the actions must cost, beside what looking at all of
 * them takes on this machine. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "../command.h"
#include "../run/progress.h"
#include "scale.h"

enum { MOST_K = 1000, MOST_THREADS = 1024, DECISIONS = 100, LEAST_DECISIONS = 10 };

static const char help[] =
	"usage: rho scale EXPERIMENT.toml [--set TABLE.KEY=VALUE]... [OPTIONS]\n"
	"       rho scale [NAME=]FILE.npy... [OPTIONS]\n"
	"\n"
	"What deciding among k random actions must cost, and what looking at all of them takes here:\n"
	"the chance that a uniform sample holds one of the best, the reward it loses, the time of a\n"
	"decision over k gathered rows and of scans of all rows in float32, bfloat16 and int8 (which find\n"
	"the same), and the k from which on sampling saves no time. Of an experiment file each arm of\n"
	"[dataset] and [encoder] is measured. Times are this machine's; none goes into results.\n"
	"\n"
	"  --k LIST          numbers of candidates: 50,100,1000 (10, 50, 100, 500, ... below the actions')\n"
	"  --reward WHAT     for the gap: a file (.npy, .txt, .csv) of a reward a row, a column of the\n"
	"                    dataset's actions, or links; else the experiment's [env] is asked, when it has\n"
	"                    an oracle\n"
	"  --decisions N     of the env, that its gap is a mean over (100; fewer for very many actions)\n"
	"  --threads N       that are measured (1, as a cell has)\n"
	"  --seed N          of samples, and of the env (0)\n"
	"  --set KEY=VALUE   change the experiment file: --set encoder.path=DIR (repeatable)\n"
	"  --store DIR       where embeddings are kept and found (results/.store, as rho run does)\n"
	"  --plugins DIR     look for plugins in DIR first (repeatable)\n"
	"  --json FILE       everything, for programs; -: to standard output in place of the tables\n"
	"  --markdown        the tables in Markdown\n"
	"  --quiet           no progress; only what went wrong\n"
	"\n"
	"docs/scale.md explains the numbers. Exit status: 0 done; 1 a file cannot be written; 2 a mistake\n"
	"in the command or a file; 130 stopped by Ctrl-C.\n";

struct args {
	const char **file, **set, **dir; /* room for argc each */
	size_t n_files, n_set, n_dir;
	const char *store, *reward, *json;
	size_t k[MOST_K], n_k;
	uint64_t decisions, threads, seed; /* decisions 0: as many as are cheap */
	bool markdown, quiet;
};

/* ---- arguments ---- */

static int take_k(struct args *a, const char *value)
{
	return rho_option_wholes("rho scale", "--k", value, MOST_K, a->k, &a->n_k) ? 1 : -1;
}

static int take_count(const char *option, const char *value, uint64_t least, uint64_t most, uint64_t *out)
{
	return rho_option_whole("rho scale", option, value, least, most, out) ? 1 : -1;
}

static const char *const valued[] = {
	"--k",     "--reward",  "--decisions", "--threads",  "--seed",  "--set",
	"--store", "--plugins", "--json",      "--markdown", "--quiet", "--help"
};
enum { N_VALUED = 9 };

/* 1: it was an option with a value; 0: none; -1: a mistake, told. */
static int take_valued(struct args *a, int argc, char **argv, int *i)
{
	for (size_t n = 0; n < N_VALUED; n++) {
		const char *v = rho_option_value(valued[n], argc, argv, i);
		if (!v)
			continue;
		if (!*v) {
			fprintf(stderr, "rho scale: %s wants a value; see rho scale --help\n", valued[n]);
			return -1;
		}
		switch (n) {
		case 0: return take_k(a, v);
		case 1: a->reward = v; return 1;
		case 2: return take_count(valued[n], v, 1, 1000000, &a->decisions);
		case 3: return take_count(valued[n], v, 1, MOST_THREADS, &a->threads);
		case 4: return take_count(valued[n], v, 0, UINT64_MAX, &a->seed);
		case 5: a->set[a->n_set++] = v; return 1;
		case 6: a->store = v; return 1;
		case 7: a->dir[a->n_dir++] = v; return 1;
		default: a->json = v; return 1;
		}
	}
	return 0;
}

/* 1: it was a flag or a file; -1: a mistake, told. */
static int take_word(struct args *a, const char *word)
{
	if (!strcmp(word, "--markdown"))
		return a->markdown = true, 1;
	if (!strcmp(word, "--quiet"))
		return a->quiet = true, 1;
	if (word[0] != '-')
		return a->file[a->n_files++] = word, 1;
	rho_option_unknown("rho scale", word, valued, sizeof valued / sizeof *valued);
	return -1;
}

/* 0; 2 after a message; -1 when help was wanted. */
static int parse(struct args *a, int argc, char **argv)
{
	const char *wrong = NULL;
	bool toml = false;
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
	for (size_t i = 0; i < a->n_files; i++)
		toml |= rho_option_is_toml(a->file[i]);
	if (!a->n_files)
		wrong = "of what? name an experiment file, or .npy files";
	else if (a->n_set && !toml)
		wrong = "--set without an experiment file";
	else if (a->decisions && a->reward)
		wrong = "--decisions is of the env, which is not asked with --reward";
	if (wrong)
		fprintf(stderr, "rho scale: %s; see rho scale --help\n", wrong);
	return wrong ? 2 : 0;
}

/* ---- what is measured ---- */

struct session {
	struct args *a;
	struct rho_registry *registry;
	struct rho_subjects s;
	struct rho_scale_said *said; /* (s.n) */
	char **source;               /* (s.n) whose rewards, or NULL */
	struct rho_progress progress;
	size_t number; /* of the set under way */
};

/* The base's env goes to all sets of its file. */
static void read_env(struct session *t, struct rho_experiment *x, size_t from, struct rho_diags *d)
{
	const struct rho_toml *table = rho_toml_get(x->root, "env");
	struct rho_role *role = &x->base[RHO_ENV].role;
	if (t->a->reward || !table || (table->type == RHO_TOML_TABLE && !rho_toml_get(table, "use")))
		return;
	if (rho_role_read(t->registry, RHO_ENV, "env", table, table->where, role, d))
		for (size_t i = from; i < t->s.n; i++)
			t->s.at[i].role[RHO_ENV] = *role;
}

/* Lists the sets. 0 or 2 with every mistake told. */
static int gather(struct session *t)
{
	const struct args *a = t->a;
	struct rho_diags *d = rho_diags_new();
	int status;
	for (size_t i = 0; i < a->n_files; i++) {
		size_t from = t->s.n, read = t->s.n_read;
		if (!rho_option_is_toml(a->file[i])) {
			rho_subjects_add_file(&t->s, a->file[i]);
			continue;
		}
		rho_subjects_add_experiment(&t->s, t->registry, a->file[i], a->set, a->n_set, d);
		if (t->s.n_read > read)
			read_env(t, t->s.read[read], from, d);
	}
	rho_diags_print(d, stderr);
	status = rho_diags_errors(d) ? 2 : 0;
	rho_diags_free(d);
	return status;
}

/* The k of all sets. 0 or 2. */
static int settle_k(struct session *t)
{
	struct args *a = t->a;
	const struct rho_subject *least = &t->s.at[0];
	for (size_t i = 1; i < t->s.n; i++)
		if (t->s.at[i].rows.rows < least->rows.rows)
			least = &t->s.at[i];
	if (!a->n_k) {
		for (size_t k = 10; k < least->rows.rows && a->n_k < MOST_K; k *= a->n_k % 2 ? 5 : 2)
			a->k[a->n_k++] = k;
		if (!a->n_k)
			a->k[a->n_k++] = 1;
	}
	if (a->k[a->n_k - 1] <= least->rows.rows)
		return 0;
	fprintf(stderr, "rho scale: --k %zu: %s has %zu rows, so k goes from 1 to %zu\n", a->k[a->n_k - 1],
	        least->name, least->rows.rows, least->rows.rows);
	return 2;
}

static void said(void *arg, const char *what, double done)
{
	struct session *t = arg;
	char *text = rho_xprintf("%s (%zu of %zu), %s", t->s.at[t->number].name, t->number + 1, t->s.n, what);
	rho_progress_step(&t->progress, text, done);
	free(text);
}

/* 0 or the exit status with why. */
static int find_gap(struct session *t, struct rho_subject *one, struct rho_scale *s, struct rho_buf *why)
{
	const struct rho_role *env = &one->role[RHO_ENV];
	size_t cheap = 20000000 / one->rows.rows, n = t->a->decisions;
	struct rho_buf inner = { 0 };
	int rc;
	if (one->reward) {
		t->source[t->number] = rho_xprintf("--reward %s", t->a->reward);
		rho_scale_static_gap(s, one->reward);
	} else if (env->module) {
		if (!n)
			n = cheap < LEAST_DECISIONS ? LEAST_DECISIONS : cheap < DECISIONS ? cheap : DECISIONS;
		rc = rho_scale_env_gap(s, one, t->registry, n, t->a->seed, &(struct rho_waiting){ said, t },
		                       &inner);
		if (rc < 0)
			rho_buf_printf(why, "%s:%d:%d: %s", env->where.file ? env->where.file : one->name,
			               env->where.line, env->where.col, inner.at);
		rho_buf_free(&inner);
		if (rc < 0)
			return 2;
		if (!rc)
			t->source[t->number] = rho_xprintf("env %s", env->module->plugin.name);
	}
	s->gap.source = t->source[t->number];
	return 0;
}

static int measure(struct session *t, struct rho_buf *why)
{
	const struct args *a = t->a;
	int status = 0;
	rho_progress_init(&t->progress, a->quiet);
	for (t->number = 0; t->number < t->s.n && !status; t->number++) {
		struct rho_subject *one = &t->s.at[t->number];
		struct rho_scale *s = &t->said[t->number].scale;
		t->said[t->number].name = one->name;
		rho_scale_measure(&one->rows, a->k, a->n_k, (unsigned)a->threads, a->seed,
		                  &(struct rho_waiting){ said, t }, s);
		status = find_gap(t, one, s, why);
	}
	rho_progress_clear(&t->progress);
	return status;
}

static int tell(const struct session *t, struct rho_buf *why)
{
	const struct args *a = t->a;
	struct rho_buf text = { 0 };
	bool instead = a->json && !strcmp(a->json, "-");
	int err = 0;
	if (a->json)
		rho_scale_json(t->said, t->s.n, (unsigned)a->threads, &text);
	if (a->json && !instead) {
		err = rho_file_write(a->json, text.at, text.len, why);
		rho_buf_clear(&text);
	}
	if (!instead)
		rho_scale_table(t->said, t->s.n, (unsigned)a->threads, a->markdown, &text);
	fputs(text.at, stdout);
	rho_buf_free(&text);
	return err ? 1 : 0;
}

static int scale(struct args *a)
{
	struct session t = { .a = a, .registry = rho_registry_new(a->dir, a->n_dir) };
	struct rho_buf why = { 0 };
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	int status = gather(&t);
	if (!status)
		status = rho_subjects_open(&t.s,
		                           &(struct rho_opening){ .registry = t.registry,
		                                                  .store_dir = a->store,
		                                                  .threads = cpus > 0 ? (unsigned)cpus : 1,
		                                                  .quiet = a->quiet,
		                                                  .command = "rho scale",
		                                                  .any_shape = true });
	if (!status && a->reward)
		status = rho_subjects_reward(&t.s, a->reward, &why) ? 2 : 0;
	if (!status)
		status = settle_k(&t);
	t.said = rho_xcalloc(t.s.n + 1, sizeof *t.said);
	t.source = rho_xcalloc(t.s.n + 1, sizeof *t.source);
	if (!status)
		status = measure(&t, &why);
	if (!status)
		status = tell(&t, &why);
	if (why.len)
		fprintf(stderr, "rho scale: %s\n", why.at);
	for (size_t i = 0; i < t.s.n; i++) {
		rho_scale_free(&t.said[i].scale);
		free(t.source[i]);
	}
	free(t.said);
	free(t.source);
	rho_buf_free(&why);
	rho_subjects_free(&t.s);
	rho_registry_free(t.registry);
	return status;
}

int rho_cmd_scale(int argc, char **argv)
{
	struct args *a = rho_xcalloc(1, sizeof *a);
	int status;
	a->file = rho_xcalloc(3 * (size_t)argc, sizeof *a->file);
	a->set = a->file + argc;
	a->dir = a->set + argc;
	a->store = "results/.store";
	a->threads = 1;
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is then an error of write() */
	status = parse(a, argc, argv);
	if (status < 0)
		fputs(help, stdout);
	else if (!status)
		status = scale(a);
	free(a->file);
	free(a);
	return status < 0 ? 0 : status;
}
