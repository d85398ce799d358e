/* cmd_verify.c: `rho verify --with NAME FILE.jsonl`: answers judged by a verifier, or by two side by side. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/file.h"
#include "../command.h"
#include "../config/experiment.h"
#include "verify.h"

enum { MOST_THREADS = 1024 };

static const char help[] =
	"usage: rho verify --with NAME[,NAME2] FILE.jsonl [--set KEY=VALUE]... [OPTIONS]\n"
	"\n"
	"Each line of FILE is a JSON object with an answer and what it should be. The line comes out again "
	"with\n"
	"`ruling` (right, wrong, partial, unreadable, undecided), `score` and `why` added, and a summary "
	"follows\n"
	"on standard error. FILE may be gzipped, or - for standard input.\n"
	"\n"
	"  --with NAME       the verifier: rho plugin list verifier. Two, with a comma between them: the "
	"fields\n"
	"                    are ruling.NAME, score.NAME, why.NAME, and where they differ is told\n"
	"  --set KEY=VALUE   a parameter of it; of two verifiers NAME.KEY=VALUE (repeatable)\n"
	"  -o, --out FILE    where the lines go (standard output)\n"
	"  --gold FIELD      what is right (gold)\n"
	"  --pred FIELD      the answer to judge (pred)\n"
	"  --problem FIELD   the problem, which a line may lack (problem)\n"
	"                    A FIELD such as a.b is member b of the object a\n"
	"  --label FIELD     true or false: whether the answer is known to be right; agreement with it is "
	"told,\n"
	"                    and each line without\n"
	"  --where FIELD=VALUE   only such lines: a text, a number, true, false, null (repeatable)\n"
	"  --threads N       threads (as many as there are processors)\n"
	"  --plugins DIR     look for plugins in DIR first (repeatable)\n"
	"  --quiet           no progress and no summary; only what went wrong\n"
	"\n"
	"Exit status: 0 every line was judged; 1 a crash, or a file cannot be written; 2 a mistake in the\n"
	"command or in FILE (all of them are told, and nothing is written); 130 stopped by Ctrl-C.\n";

struct args {
	struct rho_verify_spec spec;
	char *with; /* the names, cut at the comma */
	const char *out;
	const char **set, **dir; /* room for argc each */
	size_t n_set, n_dir;
	uint64_t threads;
	bool quiet;
	struct rho_verify_judge judge[RHO_VERIFY_MOST];
	size_t n;
	struct rho_registry *registry;
	struct rho_verify_rows rows;
};

/* ---- arguments ---- */

static int mistake(const char *fmt, const char *what)
{
	fputs("rho verify: ", stderr);
	fprintf(stderr, "%s%s; see rho verify --help\n", fmt, what);
	return -1;
}

static int take_where(struct args *a, const char *value)
{
	const char *equals = strchr(value, '=');
	if (!equals || equals == value)
		return mistake("--where wants FIELD=VALUE, not ", value);
	struct rho_verify_filter *f = &a->spec.where[a->spec.n_where++];
	f->field = rho_xstrdup(value);
	f->value = f->field + (equals - value) + 1;
	f->value[-1] = '\0';
	return 1;
}

static int take_with(struct args *a, const char *value)
{
	if (a->with)
		return mistake("--with is given twice; two verifiers are NAME,NAME2", "");
	a->with = rho_xstrdup(value);
	for (char *rest = a->with, *name; (name = strsep(&rest, ",")); a->n++) {
		if (a->n == RHO_VERIFY_MOST)
			return mistake("--with takes one verifier or two, not ", value);
		if (!*name || (a->n && !strcmp(name, a->judge[0].name)))
			return mistake("--with wants NAME, or two names with a comma between them, not ",
			               value);
		a->judge[a->n].name = name;
	}
	return 1;
}

#define VALUED                                                                                               \
	"--with", "--set", "--out", "-o", "--gold", "--pred", "--problem", "--label", "--where",             \
		"--threads", "--plugins"

/* 1: it was an option with a value; 0: none; -1: a mistake, told. */
static int take_valued(struct args *a, int argc, char **argv, int *i)
{
	static const char *const names[] = { VALUED };
	for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
		const char *v = rho_option_value(names[n], argc, argv, i);
		if (!v)
			continue;
		if (!*v)
			return mistake(names[n], " wants a value");
		switch (n) {
		case 0: return take_with(a, v);
		case 1: a->set[a->n_set++] = v; return 1;
		case 2:
		case 3: a->out = v; return 1;
		case 4: a->spec.gold = v; return 1;
		case 5: a->spec.pred = v; return 1;
		case 6: a->spec.problem = v; return 1;
		case 7: a->spec.label = v; return 1;
		case 8: return take_where(a, v);
		case 9:
			return rho_option_whole("rho verify", "--threads", v, 1, MOST_THREADS, &a->threads)
			               ? 1
			               : -1;
		default: a->dir[a->n_dir++] = v; return 1;
		}
	}
	return 0;
}

/* 1: it was a flag or FILE; -1: a mistake, told. */
static int take_word(struct args *a, const char *word)
{
	static const char *const names[] = { "--quiet", "--help", VALUED };
	if (!strcmp(word, "--quiet"))
		return a->quiet = true, 1;
	if (word[0] == '-' && word[1]) {
		rho_option_unknown("rho verify", word, names, sizeof names / sizeof *names);
		return -1;
	}
	if (a->spec.path)
		return mistake("one FILE; this is a second one: ", word);
	return a->spec.path = word, 1;
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
	if (!a->with)
		mistake("which verifier? write --with NAME", "");
	else if (!a->spec.path)
		mistake("which file? - is standard input", "");
	return a->with && a->spec.path ? 0 : 2;
}

/* ---- the work ---- */

/* Those of --set that are for judge j, without its name in front; out has room for all. Mistakes are told
 * once, with the first judge. */
static size_t settings_of(const struct args *a, size_t j, const char **out, struct rho_diags *d)
{
	size_t n = 0;
	for (size_t i = 0; i < a->n_set; i++) {
		bool named = false;
		for (size_t k = 0; k < a->n; k++) {
			size_t len = strlen(a->judge[k].name);
			if (strncmp(a->set[i], a->judge[k].name, len) || a->set[i][len] != '.')
				continue;
			named = true;
			if (k == j)
				out[n++] = a->set[i] + len + 1;
		}
		if (!named && a->n == 1)
			out[n++] = a->set[i];
		else if (!named && !j)
			rho_diag(d, (struct rho_where){ .file = "--set" },
			         "%s: of which verifier? write %s.KEY=VALUE or %s.KEY=VALUE", a->set[i],
			         a->judge[0].name, a->judge[1].name);
	}
	return n;
}

/* Finds judge j's module and checks its parameters; what places in its table call files goes to kept. */
static void find(struct args *a, size_t j, char **kept, struct rho_diags *d)
{
	const char **set = rho_xcalloc(a->n_set + 1, sizeof *set);
	struct rho_toml *table = rho_xcalloc(1, sizeof *table);
	char *use = rho_xprintf("use=\"%s\"", a->judge[j].name);
	size_t n = settings_of(a, j, set, d);
	table->type = RHO_TOML_TABLE;
	rho_overrides_apply_of("--with", &table, (const char *const *)&use, 1, kept, d);
	kept[0][strlen("--with")] = '\0'; /* a place of "--with", not "--with use" */
	rho_overrides_apply(&table, set, n, kept + 1, d);
	const struct rho_toml *named = rho_toml_get(table, "use");
	if (named && strcmp(named->where.file, "--with"))
		rho_diag(d, (struct rho_where){ .file = "--set" }, "use: which verifier it is, --with says");
	if (!rho_diags_errors(d))
		rho_role_read(a->registry, RHO_VERIFIER, a->n == 1 ? "verifier" : a->judge[j].name, table,
		              (struct rho_where){ .file = "--with" }, &a->judge[j].role, d);
	rho_toml_free(table);
	free(use);
	free(set);
}

static int find_all(struct args *a, char **kept)
{
	struct rho_diags *d = rho_diags_new();
	a->registry = rho_registry_new(a->dir, a->n_dir);
	for (size_t j = 0; j < a->n; j++)
		find(a, j, kept + j * (a->n_set + 1), d);
	rho_diags_print(d, stderr);
	int status = rho_diags_errors(d) ? 2 : 0;
	rho_diags_free(d);
	return status;
}

/* Whether -o would write over what is read. */
static bool over(const struct args *a)
{
	struct stat in, out;
	return a->out && !stat(strcmp(a->spec.path, "-") ? a->spec.path : "/dev/stdin", &in) &&
	       !stat(a->out, &out) && S_ISREG(in.st_mode) && in.st_dev == out.st_dev &&
	       in.st_ino == out.st_ino;
}

static int write_lines(const struct args *a, struct rho_buf *why)
{
	struct rho_writer *w = a->out ? rho_writer_open(a->out, why) : NULL;
	struct rho_buf line = { 0 };
	if (a->out && !w)
		return 1;
	for (size_t i = 0; i < a->rows.n; i++) {
		rho_buf_clear(&line);
		rho_verify_line(&a->rows.at[i], a->judge, a->n, i, &line);
		if (w)
			rho_writer_put(w, line.at, line.len); /* a failure is remembered and told by commit */
		else
			fwrite(line.at, 1, line.len, stdout);
	}
	rho_buf_free(&line);
	return w && rho_writer_commit(w, why) ? 1 : 0;
}

/* Text with something of the file in it: control characters are no business of the terminal's. */
static void tell(const char *text)
{
	for (; *text; text++)
		if (((unsigned char)*text < 0x20 && !strchr("\n\t", *text)) || *text == 0x7f)
			fprintf(stderr, "\\x%02x", (unsigned)*text);
		else
			putc(*text, stderr);
}

static int verify(struct args *a)
{
	char **kept = rho_xcalloc(RHO_VERIFY_MOST * (a->n_set + 1), sizeof *kept);
	struct rho_buf why = { 0 }, summary = { 0 };
	int status = find_all(a, kept);
	if (!status && over(a)) {
		rho_buf_printf(&why, "rho verify: -o %s would write over what is read; name another file",
		               a->out);
		status = 2;
	}
	if (!status)
		status = rho_verify_read(&a->spec, &a->rows, &why);
	if (!status)
		status = rho_verify_run("rho verify", a->registry, a->judge, a->n, &a->rows,
		                        (unsigned)a->threads, a->quiet ? RHO_WARN : RHO_INFO, a->quiet);
	if (!status)
		status = write_lines(a, &why);
	if (!status && !a->quiet) {
		rho_verify_summary(&a->spec, &a->rows, a->judge, a->n, &summary);
		fflush(stdout);
		tell(summary.at);
	}
	if (why.len) {
		rho_buf_str(&why, "\n");
		tell(why.at);
	}
	rho_buf_free(&why);
	rho_buf_free(&summary);
	rho_verify_judge_free(a->judge, a->n, a->rows.n);
	for (size_t i = 0; i < RHO_VERIFY_MOST * (a->n_set + 1); i++)
		free(kept[i]);
	free(kept);
	return status;
}

int rho_cmd_verify(int argc, char **argv)
{
	size_t room = (size_t)argc + 1;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct args a = { .spec = { .gold = "gold", .pred = "pred", .problem = "problem" },
		          .threads = cpus > 0 && cpus <= MOST_THREADS ? (uint64_t)cpus : 1 };
	int status;
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is then an error of write() */
	a.spec.where = rho_xcalloc(room, sizeof *a.spec.where);
	a.set = rho_xcalloc(2 * room, sizeof *a.set);
	a.dir = a.set + room;
	status = parse(&a, argc, argv);
	if (status < 0)
		fputs(help, stdout);
	else if (!status)
		status = verify(&a);
	rho_verify_rows_free(&a.rows);
	rho_registry_free(a.registry);
	for (size_t i = 0; i < a.spec.n_where; i++)
		free(a.spec.where[i].field);
	free(a.spec.where);
	free(a.set);
	free(a.with);
	return status < 0 ? 0 : status;
}
