/* cmd_check.c: `rho plugin check`: which checks to run, one line each, and how many failed. */
#include <errno.h>
#include <ftw.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../command.h"
#include "../config/experiment.h"
#include "check.h"
#include "raw.h"

enum { LIMIT = 60 }; /* seconds a check may take that names no limit of its own */

static const struct rho_check *const groups[] = { rho_checks_module,  rho_checks_params,  rho_checks_common,
	                                          rho_checks_dataset, rho_checks_encoder, rho_checks_sampler,
	                                          rho_checks_env,     rho_checks_agent,   rho_checks_verifier,
	                                          rho_checks_reporter };
enum { N_GROUPS = sizeof groups / sizeof *groups };

static const char usage_text[] =
	"usage: rho plugin check FILE.so  [OPTIONS]\n"
	"       rho plugin check KIND NAME  [OPTIONS]\n"
	"\n"
	"  --set KEY=VALUE   a parameter of the plugin; a required one must be set for most checks\n"
	"  --only ID         run this check alone (repeatable)\n"
	"  --seed N          seed of the kit's problems and of the plugin's streams (1)\n"
	"  --in-process      no processes of their own: for a debugger\n"
	"  --json            one JSON object instead of lines\n"
	"  --verbose         what the plugin logs, and seconds a check\n"
	"  --plugins DIR     search plugins here first (repeatable)\n"
	"  --list            print every check and end\n"
	"\n"
	"The exit status is the number of failures, at most 100; docs/checks.md says how to mend each.\n";

struct args {
	const char *word[2];
	size_t n_words;                   /* FILE, or KIND NAME */
	const char **only, **set, **dirs; /* room for argc each */
	size_t n_only, n_set, n_dirs;
	uint64_t seed;
	bool in_process, json, verbose, list, help;
};

/* ---- arguments ---- */

static int unknown(const char *what, const char *word, const char *const *names, size_t n)
{
	const char *near = rho_nearest(word, names, n);
	fprintf(stderr, "rho plugin check: there is no %s %s", what, word);
	fprintf(stderr, near ? "; did you mean %s?\n" : "; see rho plugin check --help\n", near);
	return 2;
}

static int take_flag(struct args *a, const char *word)
{
	const struct {
		const char *name;
		bool *flag;
	} flags[] = { { "--in-process", &a->in_process },
		      { "--json", &a->json },
		      { "--verbose", &a->verbose },
		      { "--list", &a->list },
		      { "--help", &a->help },
		      { "-h", &a->help } };
	static const char *const names[] = { "--in-process", "--json", "--verbose", "--list", "--help",
		                             "--only",       "--set",  "--plugins", "--seed" };
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (!strcmp(word, flags[i].name))
			return *flags[i].flag = true, 0;
	return unknown("option", word, names, sizeof names / sizeof *names);
}

static int take_seed(struct args *a, const char *text)
{
	char *end;
	errno = 0;
	a->seed = strtoull(text, &end, 10);
	if (!errno && *text && !*end && *text != '-')
		return 0;
	fprintf(stderr, "rho plugin check: --seed takes a whole number from 0, not \"%s\"\n", text);
	return 2;
}

static int take_args(struct args *a, int argc, char **argv)
{
	const char *v;
	for (int i = 1; i < argc; i++) {
		int bad = 0;
		if ((v = rho_option_value("--only", argc, argv, &i)))
			a->only[a->n_only++] = v;
		else if ((v = rho_option_value("--set", argc, argv, &i)))
			a->set[a->n_set++] = v;
		else if ((v = rho_option_value("--plugins", argc, argv, &i)))
			a->dirs[a->n_dirs++] = v;
		else if ((v = rho_option_value("--seed", argc, argv, &i)))
			bad = take_seed(a, v);
		else if (argv[i][0] == '-')
			bad = take_flag(a, argv[i]);
		else if (a->n_words < 2)
			a->word[a->n_words++] = argv[i];
		else
			bad = unknown("meaning for the third word", argv[i], NULL, 0);
		if (bad)
			return bad;
	}
	return 0;
}

static bool wanted(const struct args *a, const char *id)
{
	for (size_t i = 0; i < a->n_only; i++)
		if (!strcmp(a->only[i], id))
			return true;
	return !a->n_only;
}

static int know_ids(const struct args *a)
{
	const char *ids[128];
	size_t n = 0;
	for (size_t g = 0; g < N_GROUPS; g++)
		for (const struct rho_check *c = groups[g]; c->id; c++)
			ids[n++] = c->id;
	for (size_t i = 0; i < a->n_only; i++) {
		size_t j = 0;
		while (j < n && strcmp(ids[j], a->only[i]))
			j++;
		if (j == n)
			return unknown("check", a->only[i], ids, n);
	}
	return 0;
}

static int list_checks(void)
{
	for (size_t g = 0; g < N_GROUPS; g++)
		for (const struct rho_check *c = groups[g]; c->id; c++)
			printf("%-4s %s\n", c->id, c->title);
	return 0;
}

/* The file to check, absolute; NULL with the mistake told. */
static char *find_file(const struct args *a, const struct rho_registry *r)
{
	struct rho_buf why = { 0 };
	char *path = NULL;
	if (a->n_words == 2) {
		const char *kinds[RHO_REPORTER];
		uint32_t kind = rho_kind_from_name(a->word[0]);
		for (uint32_t k = RHO_DATASET; k <= RHO_REPORTER; k++)
			kinds[k - 1] = rho_kind_name(k);
		if (!kind)
			unknown("kind", a->word[0], kinds, RHO_REPORTER);
		else if (!(path = rho_registry_find(r, kind, a->word[1], 0, &why)))
			fprintf(stderr, "rho plugin check: %s\n", why.at);
	} else {
		char *cwd = *a->word[0] == '/' ? NULL : getcwd(NULL, 0);
		path = cwd ? rho_xprintf("%s/%s", cwd, a->word[0]) : rho_xstrdup(a->word[0]);
		free(cwd);
		if (access(path, R_OK)) {
			fprintf(stderr,
			        "rho plugin check: %s: %s; name a module's file, or its KIND and NAME\n",
			        a->word[0], strerror(errno));
			free(path);
			path = NULL;
		}
	}
	rho_buf_free(&why);
	return path;
}

/* ---- running ---- */

struct tally {
	size_t n[3];
	json_t *lines;
}; /* by enum rho_outcome */

static int look_at_kind(struct rho_trial *t, void *arg, struct rho_buf *out)
{
	struct rho_raw raw;
	rho_raw_read(t, &raw);
	uint32_t kind =
		rho_raw_is_ours(&raw) && rho_kind_name(raw.plugin.kind) ? raw.plugin.kind : raw.file_kind;
	rho_buf_add(out, &kind, sizeof kind);
	free(raw.params);
	return RHO_CHECK_PASS;
}

/* What kind of module it is; 0 when not even its file's name says so. */
static uint32_t kind_of(struct rho_trial *t)
{
	struct rho_buf out = { 0 };
	struct rho_raw named;
	uint32_t kind = 0;
	if (!rho_trial_apart(t, LIMIT, look_at_kind, NULL, &out) && out.len == sizeof kind) {
		memcpy(&kind, out.at, sizeof kind);
	} else {
		rho_raw_name(&named, t->path);
		kind = named.file_kind;
	}
	rho_buf_free(&out);
	return kind;
}

/* Says in `out` what is wrong with the settings, beyond a required one that is not there. */
static int look_at_settings(struct rho_trial *t, void *arg, struct rho_buf *out)
{
	size_t missing = 0;
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);
	struct rho_diags *diags = rho_diags_new();
	if (f && !rho_trial_module(t)) {
		const struct rho_param *p = t->module->params;
		for (; p->name; p++)
			missing += p->flags & RHO_REQUIRED && !rho_toml_get(t->settings, p->name);
		size_t wrong = rho_params_check(t->registry, t->module, rho_kind_name(t->module->plugin.kind),
		                                t->settings, diags);
		rho_diags_print(diags, f);
		fflush(f);
		if (wrong > missing)
			rho_buf_add(out, text, len);
	}
	if (f)
		fclose(f);
	free(text);
	rho_diags_free(diags);
	return RHO_CHECK_PASS;
}

/* True when the user's settings cannot be; the mistakes are told. */
static bool settings_wrong(struct rho_trial *t)
{
	struct rho_buf out = { 0 };
	bool bad = t->settings && !rho_trial_apart(t, LIMIT, look_at_settings, NULL, &out) && out.len;
	if (bad)
		fputs(out.at, stderr);
	rho_buf_free(&out);
	return bad;
}

static int run_check(struct rho_trial *t, void *arg, struct rho_buf *out)
{
	const struct rho_check *c = arg;
	return c->run(t);
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	return at->level ? remove(path) : 0;
}

static void flatten(struct rho_buf *text)
{
	for (size_t i = 0; i < text->len; i++)
		if (text->at[i] == '\n')
			text->at[i] = ' ';
}

static void tell(const struct args *a, const struct rho_check *c, int outcome, const struct rho_trial *t,
                 double seconds, struct tally *tally)
{
	static const char *const words[] = { "pass", "FAIL", "skip" };
	const char *why = outcome != RHO_CHECK_PASS && t->text.len ? t->text.at : NULL;
	tally->n[outcome]++;
	if (a->json) {
		json_t *line = json_pack("{s:s, s:s, s:s}", "id", c->id, "title", c->title, "outcome",
		                         words[outcome]);
		if (why)
			json_object_set_new(line, "why", json_stringn_nocheck(why, strlen(why)));
		if (a->verbose)
			json_object_set_new(line, "seconds", json_real(seconds));
		json_array_append_new(tally->lines, line);
		return;
	}
	printf("%-4s %s  %s%s%s", c->id, words[outcome], c->title, why ? ": " : "", why ? why : "");
	if (a->verbose)
		printf("  (%.2f s)", seconds);
	putchar('\n');
	fflush(stdout);
}

static void run_checks(const struct args *a, struct rho_trial *t, uint32_t kind, struct tally *tally)
{
	for (size_t g = 0; g < N_GROUPS; g++)
		for (const struct rho_check *c = groups[g]; c->id; c++) {
			bool fits = kind ? c->kinds & RHO_CHECK_OF(kind) : c->kinds == RHO_CHECK_ALL;
			if (!fits || !wanted(a, c->id))
				continue;
			double start = rho_check_seconds();
			rho_buf_clear(&t->text);
			int outcome = rho_trial_apart(t, c->seconds ? c->seconds : LIMIT, run_check,
			                              (void *)(uintptr_t)c, NULL);
			flatten(&t->text);
			tell(a, c, outcome, t, rho_check_seconds() - start, tally);
			nftw(t->tmp, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
		}
}

static int finish(const struct args *a, const struct rho_trial *t, uint32_t kind, struct tally *tally)
{
	size_t failed = tally->n[RHO_CHECK_FAIL];
	if (a->json) {
		json_t *o = json_pack("{s:s, s:s, s:I, s:o, s:I, s:I, s:I}", "file", t->path, "kind",
		                      kind ? rho_kind_name(kind) : "unknown", "seed", (json_int_t)t->seed,
		                      "checks", tally->lines, "passed", (json_int_t)tally->n[RHO_CHECK_PASS],
		                      "failed", (json_int_t)failed, "skipped",
		                      (json_int_t)tally->n[RHO_CHECK_SKIP]);
		json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
		putchar('\n');
		json_decref(o);
	} else {
		printf("%zu passed, %zu failed, %zu skipped: %s\n", tally->n[RHO_CHECK_PASS], failed,
		       tally->n[RHO_CHECK_SKIP], t->path);
	}
	return failed > 100 ? 100 : (int)failed;
}

static int check_file(const struct args *a, struct rho_registry *r, char *path,
                      const struct rho_toml *settings)
{
	char *tmp = rho_xprintf("%s/rho-check-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	void *page = mmap(NULL, sizeof(struct rho_last_call), PROT_READ | PROT_WRITE,
	                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct tally tally = { .lines = a->json ? json_array() : NULL };
	struct rho_trial t = { .registry = r,
		               .path = path,
		               .settings = settings,
		               .seed = a->seed,
		               .in_process = a->in_process,
		               .verbose = a->verbose,
		               .tmp = tmp,
		               .last_call = page == MAP_FAILED ? NULL : page };
	int status = 2;
	if (!mkdtemp(tmp)) {
		fprintf(stderr, "rho plugin check: no temporary folder %s: %s; set TMPDIR\n", tmp,
		        strerror(errno));
	} else if (!settings_wrong(&t)) {
		uint32_t kind = kind_of(&t);
		run_checks(a, &t, kind, &tally);
		status = finish(a, &t, kind, &tally);
	}
	rmdir(tmp);
	rho_buf_free(&t.text);
	free(tmp);
	return status;
}

static int check(const struct args *a)
{
	struct rho_registry *r = rho_registry_new(a->dirs, a->n_dirs);
	struct rho_diags *diags = rho_diags_new();
	struct rho_toml *settings = NULL;
	char **names = rho_xcalloc(a->n_set + 1, sizeof *names);
	int status = 2;
	if (a->n_set) {
		settings = rho_xcalloc(1, sizeof *settings);
		settings->type = RHO_TOML_TABLE;
		rho_overrides_apply(&settings, a->set, a->n_set, names, diags);
	}
	char *path = rho_diags_errors(diags) ? NULL : find_file(a, r);
	rho_diags_print(diags, stderr);
	if (path)
		status = check_file(a, r, path, settings);
	free(path);
	rho_toml_free(settings);
	for (size_t i = 0; i < a->n_set; i++)
		free(names[i]);
	free(names);
	rho_diags_free(diags);
	rho_registry_free(r);
	return status;
}

int rho_cmd_check(int argc, char **argv)
{
	struct args a = { .seed = 1 };
	size_t room = (size_t)argc + 1;
	a.only = rho_xcalloc(3 * room, sizeof *a.only);
	a.set = a.only + room;
	a.dirs = a.set + room;
	int status = take_args(&a, argc, argv);
	if (!status && a.help)
		fputs(usage_text, stdout);
	else if (!status && a.list)
		status = list_checks();
	else if (!status && !(status = know_ids(&a)) && !a.n_words) {
		fputs(usage_text, stderr);
		status = 2;
	} else if (!status) {
		setenv("OPENBLAS_NUM_THREADS", "1", 0); /* before anything loads it */
		status = check(&a);
	}
	free(a.only);
	return status;
}
