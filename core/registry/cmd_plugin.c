/* cmd_plugin.c: `rho plugin`: its verbs and their arguments. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/diag.h"
#include "../command.h"
#include "cmd.h"
#include "internal.h"

static const char *const verbs[] = { "list", "show", "which", "check", "new" };
enum { N_VERBS = sizeof verbs / sizeof *verbs };

static const char usage_text[] =
	"usage: rho plugin list  [KIND] [--json] [--plugins DIR]...       what there is\n"
	"       rho plugin show  KIND NAME [--json] [--plugins DIR]...    the manual of one\n"
	"       rho plugin which KIND NAME [--json] [--plugins DIR]...    its files, the one used marked *\n"
	"       rho plugin check FILE.so ...                              does it keep the rules? (check "
	"--help)\n"
	"       rho plugin new   KIND NAME ...                            a folder to start from (new "
	"--help)\n"
	"\n"
	"KIND is one of dataset, encoder, sampler, env, agent, verifier, reporter.\n"
	"Folders are searched in this order: --plugins, RHO_PLUGIN_PATH, the user's own, beside the\n"
	"program, the installed one; `rho doctor` lists them.\n";

void rho_print_json(json_t *o)
{
	json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
	putchar('\n');
	json_decref(o);
}

static int wrong_word(const char *what, const char *word, const char *const *names, size_t n)
{
	const char *near = rho_nearest(word, names, n);
	fprintf(stderr, "rho plugin: there is no %s %s", what, word);
	if (near)
		fprintf(stderr, "; did you mean %s?\n", near);
	else
		for (size_t i = 0; i < n; i++)
			fprintf(stderr, "%s%s%s", i ? ", " : "; there are ", names[i],
			        i + 1 == n ? "\n" : "");
	return 2;
}

/* The kind is easily forgotten: whether `word` names a plugin, after a line that says of which kinds. */
static bool names_plugin(const struct rho_plugin_args *args, const char *word)
{
	struct rho_registry *r = rho_registry_new(args->dirs, args->n_dirs);
	struct rho_buf why = { 0 };
	size_t n = 0;
	for (uint32_t k = RHO_DATASET; k <= RHO_REPORTER && rho_name_valid(word); k++) {
		char *path = rho_registry_find(r, k, word, 0, &why);
		if (path)
			fprintf(stderr, "%srho plugin %s %s %s", n++ ? ", or " : "rho plugin: write ",
			        args->verb, rho_kind_name(k), word);
		free(path);
	}
	if (n)
		fputc('\n', stderr);
	rho_buf_free(&why);
	rho_registry_free(r);
	return n > 0;
}

static int take_kind(struct rho_plugin_args *args, const char *word, bool last)
{
	const char *kinds[RHO_REPORTER];
	args->kind = rho_kind_from_name(word);
	if (args->kind)
		return 0;
	if (last && strcmp(args->verb, "list") && names_plugin(args, word))
		return 2;
	for (uint32_t k = RHO_DATASET; k <= RHO_REPORTER; k++)
		kinds[k - 1] = rho_kind_name(k);
	return wrong_word("kind", word, kinds, RHO_REPORTER);
}

/* 0, or 2 with the mistake on stderr. argv[0] is the verb. */
static int take_args(struct rho_plugin_args *args, int argc, char **argv)
{
	static const char *const options[] = { "--json", "--plugins", "--help" };
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json")) {
			args->json = true;
		} else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			args->help = true;
		} else if (!strcmp(argv[i], "--plugins")) {
			if (++i == argc) {
				fprintf(stderr, "rho plugin: --plugins needs a folder\n");
				return 2;
			}
			args->dirs[args->n_dirs++] = argv[i];
		} else if (!strncmp(argv[i], "--plugins=", 10)) {
			args->dirs[args->n_dirs++] = argv[i] + 10;
		} else if (argv[i][0] == '-') {
			return wrong_word("option", argv[i], options, 3);
		} else if (!args->kind) {
			if (take_kind(args, argv[i], i + 1 == argc))
				return 2;
		} else if (!args->name) {
			args->name = argv[i];
		} else {
			fprintf(stderr, "rho plugin: %s is one argument too many; see rho plugin --help\n",
			        argv[i]);
			return 2;
		}
	}
	return 0;
}

static int run_verb(const struct rho_plugin_args *args)
{
	bool list = !strcmp(args->verb, "list");
	struct rho_registry *r;
	int status;
	if (list ? args->name != NULL : !args->name) {
		fprintf(stderr,
		        list ? "rho plugin list: takes a KIND at most; did you mean rho plugin show?\n"
		             : "rho plugin %s: needs a KIND and a NAME, such as agent random\n",
		        args->verb);
		return 2;
	}
	r = rho_registry_new(args->dirs, args->n_dirs);
	status = list                          ? rho_plugin_list(r, args)
	         : !strcmp(args->verb, "show") ? rho_plugin_show(r, args)
	                                       : rho_plugin_which(r, args);
	rho_registry_free(r);
	return status;
}

int rho_cmd_plugin(int argc, char **argv)
{
	struct rho_plugin_args args = { 0 };
	int status;
	if (argc < 2) {
		fputs(usage_text, stderr);
		return 2;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		fputs(usage_text, stdout);
		return 0;
	}
	if (!strcmp(argv[1], "check"))
		return rho_cmd_check(argc - 1, argv + 1);
	if (!strcmp(argv[1], "new"))
		return rho_cmd_new(argc - 1, argv + 1);
	for (size_t i = 0; i < N_VERBS; i++)
		if (!strcmp(argv[1], verbs[i]))
			args.verb = verbs[i];
	if (!args.verb)
		return wrong_word("command", argv[1], verbs, N_VERBS);
	args.dirs = rho_xcalloc((size_t)argc, sizeof *args.dirs);
	status = take_args(&args, argc - 1, argv + 1);
	if (args.help) {
		fputs(usage_text, stdout);
		status = 0;
	} else if (!status) {
		status = run_verb(&args);
	}
	free(args.dirs);
	return status;
}
