/* cmd_new.c: `rho plugin new KIND NAME`: a folder with a plugin that builds and passes the checks. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/diag.h"
#include "../base/file.h"
#include "../command.h"
#include "../registry/module.h"

struct template
{
	const char *name;        /* "agent/plugin.c"; "common/…" goes with every kind */
	const unsigned char *at; /* (size) */
	size_t size;
};
#include "templates.inc"

static int usage(FILE *out)
{
	fprintf(out,
	        "usage: rho plugin new KIND NAME [--dir DIR]\n\n"
	        "Writes DIR/NAME (DIR: here) with plugin.c, meson.build, README.md and, where the kind runs\n"
	        "in an experiment, try.toml. It builds as it is and passes `rho plugin check`.\n\n"
	        "  KIND   dataset, encoder, sampler, env, agent, verifier or reporter\n"
	        "  NAME   small letters, digits and _, a letter first\n");
	return out == stdout ? 0 : 2;
}

static bool valid_name(const char *s)
{
	if (!islower((unsigned char)*s) || strlen(s) > 60)
		return false;
	for (; *s; s++)
		if (!islower((unsigned char)*s) && !isdigit((unsigned char)*s) && *s != '_')
			return false;
	return true;
}

/* The template's text with @KIND@ and @NAME@ filled in and its own prefix `mine` made the plugin's. */
static void fill(const struct template *t, const char *kind, const char *name, struct rho_buf *out)
{
	static const char *const marks[] = { "@KIND@", "@NAME@", "mine" };
	const char *at = (const char *)t->at, *end = at + t->size, *values[] = { kind, name, name };
	while (at < end) {
		size_t m = 0;
		while (m < 3 &&
		       ((size_t)(end - at) < strlen(marks[m]) || memcmp(at, marks[m], strlen(marks[m]))))
			m++;
		if (m == 3) {
			rho_buf_add(out, at++, 1);
		} else {
			rho_buf_str(out, values[m]);
			at += strlen(marks[m]);
		}
	}
}

/* Writes every file of the kind into `dir`, which exists. */
static int write_files(const char *dir, const char *kind, const char *name, struct rho_buf *why)
{
	struct rho_buf text = { 0 };
	int e = 0;
	for (size_t i = 0; i < sizeof templates / sizeof *templates && !e; i++) {
		const char *slash = strchr(templates[i].name, '/');
		size_t len = (size_t)(slash - templates[i].name);
		if (strncmp(templates[i].name, "common", len) &&
		    (strlen(kind) != len || strncmp(templates[i].name, kind, len)))
			continue;
		char *path = rho_xprintf("%s/%s", dir, slash + 1);
		rho_buf_clear(&text);
		fill(&templates[i], kind, name, &text);
		e = rho_file_write(path, text.at, text.len, why);
		free(path);
	}
	rho_buf_free(&text);
	return e;
}

/* Fills a folder of a temporary name and gives it its own: it is there whole or not at all. */
static int make_folder(const char *folder, const char *kind, const char *name, struct rho_buf *why)
{
	char *part = rho_xprintf("%s.part-%ld", folder, (long)getpid());
	int e = rho_mkdirs(part, why);
	if (!e)
		e = write_files(part, kind, name, why);
	if (!e && rename(part, folder)) {
		rho_buf_printf(why, "%s could not be made: %s", folder, strerror(errno));
		e = -1;
	}
	if (e) {
		static const char *const names[] = { "plugin.c", "meson.build", "README.md", "try.toml" };
		for (size_t i = 0; i < 4; i++) {
			char *path = rho_xprintf("%s/%s", part, names[i]);
			unlink(path);
			free(path);
		}
		rmdir(part);
	}
	free(part);
	return e;
}

static int refuse(const char *kind, const char *name)
{
	static const char *const kinds[] = { "dataset", "encoder",  "sampler", "env",
		                             "agent",   "verifier", "reporter" };
	if (!rho_kind_from_name(kind)) {
		const char *near = rho_nearest(kind, kinds, 7);
		fprintf(stderr,
		        "rho plugin new: %s is no kind of plugin%s%s%s Kinds are dataset, encoder, sampler, "
		        "env, "
		        "agent, verifier, reporter\n",
		        kind, near ? "; did you mean " : ".", near ? near : "", near ? "?" : "");
		return 2;
	}
	if (!valid_name(name)) {
		fprintf(stderr,
		        "rho plugin new: %s cannot be a plugin's name: small letters, digits and _, a letter "
		        "first, at most 60 characters\n",
		        name);
		return 2;
	}
	return 0;
}

static void say_next(const char *folder, const char *kind, const char *name)
{
	bool runs = strcmp(kind, "verifier");
	printf("%s is there: plugin.c, meson.build, README.md%s. Next:\n\n"
	       "  cd %s\n"
	       "  cc $(pkg-config --cflags rho-plugin) -O2 -shared -o %s-%s.so plugin.c -lm\n"
	       "  rho plugin check ./%s-%s.so\n",
	       folder, runs ? ", try.toml" : "", folder, kind, name, kind, name);
	if (runs)
		printf("  RHO_PLUGIN_PATH=. rho run try.toml\n");
}

int rho_cmd_new(int argc, char **argv)
{
	const char *kind = NULL, *name = NULL, *dir = ".";
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return usage(stdout);
		if (!strcmp(argv[i], "--dir") && i + 1 < argc)
			dir = argv[++i];
		else if (argv[i][0] == '-' || (kind && name))
			return usage(stderr);
		else if (!kind)
			kind = argv[i];
		else
			name = argv[i];
	}
	if (!kind || !name)
		return usage(stderr);
	if (refuse(kind, name))
		return 2;

	char *folder = !strcmp(dir, ".") ? rho_xstrdup(name) : rho_xprintf("%s/%s", dir, name);
	struct rho_buf why = { 0 };
	struct stat st;
	int status = 0;
	if (!stat(folder, &st)) {
		fprintf(stderr, "rho plugin new: %s is there already; choose another name or --dir\n",
		        folder);
		status = 2;
	} else if (make_folder(folder, kind, name, &why)) {
		fprintf(stderr, "rho plugin new: %s\n", why.at);
		status = 1;
	} else {
		say_next(folder, kind, name);
	}
	rho_buf_free(&why);
	free(folder);
	return status;
}
