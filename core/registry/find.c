/* find.c: where plugin modules lie. Names are resolved to files, nothing is opened here. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/diag.h"
#include "../base/digest.h"
#include "internal.h"

struct rho_registry {
	char **dirs;
	size_t n_dirs, n_named; /* named: by --plugins or RHO_PLUGIN_PATH; they come first */
	const struct rho_module **module;
	size_t n_modules; /* those asked for by name so far */
};

static const char *const kind_names[] = {
	NULL, "dataset", "encoder", "sampler", "env", "agent", "verifier", "reporter",
};

const char *rho_kind_name(uint32_t kind)
{
	return kind < sizeof kind_names / sizeof *kind_names ? kind_names[kind] : NULL;
}

uint32_t rho_kind_from_name(const char *name)
{
	for (uint32_t kind = RHO_DATASET; kind <= RHO_REPORTER; kind++)
		if (!strcmp(name, kind_names[kind]))
			return kind;
	return 0;
}

bool rho_name_valid(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
	return n && n <= 64 && !name[n] && name[0] >= 'a' && name[0] <= 'z';
}

uint32_t rho_file_kind(const char *path, char **name)
{
	const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
	const char *dash = strchr(file, '-'), *dot = strrchr(file, '.');
	uint32_t kind;
	*name = NULL;
	if (!dash || !dot || dot < dash || strcmp(dot, ".so"))
		return 0;
	char *word = strndup(file, (size_t)(dash - file));
	kind = word ? rho_kind_from_name(word) : 0;
	free(word);
	word = strndup(dash + 1, (size_t)(dot - dash - 1));
	if (kind && word && rho_name_valid(word)) {
		*name = word;
		return kind;
	}
	free(word);
	return 0;
}

/* Adds a folder, absolute and once. `optional`: only when it exists. */
static void add_dir(struct rho_registry *r, const char *path, bool optional)
{
	char *real = realpath(path, NULL);
	struct rho_buf whole = { 0 };
	if (!real && !optional) {
		char *cwd = *path == '/' ? NULL : getcwd(NULL, 0);
		if (cwd)
			rho_buf_printf(&whole, "%s/", cwd);
		free(cwd);
		rho_buf_str(&whole, path);
		real = whole.at;
	}
	if (!real)
		return;
	for (size_t i = 0; i < r->n_dirs; i++) {
		if (!strcmp(r->dirs[i], real)) {
			free(real);
			return;
		}
	}
	r->dirs = rho_xrealloc(r->dirs, (r->n_dirs + 1) * sizeof *r->dirs);
	r->dirs[r->n_dirs++] = real;
}

static void add_path_list(struct rho_registry *r, const char *list)
{
	while (list && *list) {
		size_t n = strcspn(list, ":");
		if (n) {
			char *one = strndup(list, n);
			if (one)
				add_dir(r, one, false);
			free(one);
		}
		list += n + (list[n] == ':');
	}
}

static void add_home(struct rho_registry *r)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	char *path = NULL;
	if (data && *data == '/')
		path = rho_xprintf("%s/rho/plugins-%d", data, RHO_ABI_MAJOR);
	else if (home && *home == '/')
		path = rho_xprintf("%s/.local/share/rho/plugins-%d", home, RHO_ABI_MAJOR);
	if (path)
		add_dir(r, path, false);
	free(path);
}

/* A build tree has its plugins there. */
static void add_beside_program(struct rho_registry *r)
{
	char *exe = realpath("/proc/self/exe", NULL), *slash = exe ? strrchr(exe, '/') : NULL;
	if (slash) {
		*slash = '\0';
		char *beside = rho_xprintf("%s/plugins", exe);
		add_dir(r, beside, true);
		free(beside);
	}
	free(exe);
}

struct rho_registry *rho_registry_new(const char *const *dirs, size_t n)
{
	struct rho_registry *r = rho_xcalloc(1, sizeof *r);
	for (size_t i = 0; i < n; i++)
		add_dir(r, dirs[i], false);
	add_path_list(r, getenv("RHO_PLUGIN_PATH"));
	r->n_named = r->n_dirs;
	add_home(r);
	add_beside_program(r);
	add_dir(r, RHO_PLUGIN_DIR, false);
	return r;
}

void rho_registry_free(struct rho_registry *r)
{
	if (!r)
		return;
	rho_names_free(r->dirs, r->n_dirs);
	free(r->module);
	free(r);
}

size_t rho_registry_dirs(const struct rho_registry *r, const char *const **dirs)
{
	*dirs = (const char *const *)r->dirs;
	return r->n_dirs;
}

static void explain_missing(const struct rho_registry *r, uint32_t kind, const char *name,
                            struct rho_buf *why)
{
	char **names;
	size_t n = rho_registry_names(r, kind, &names);
	const char *near = rho_nearest(name, (const char *const *)names, n);
	rho_buf_printf(why, "there is no %s \"%s\"", rho_kind_name(kind), name);
	if (near)
		rho_buf_printf(why, "; did you mean %s?", near);
	else if (n && n <= 40)
		for (size_t i = 0; i < n; i++)
			rho_buf_printf(why, "%s%s", i ? ", " : "; there are: ", names[i]);
	rho_buf_printf(why, "\nlooked for %s-%s.so in", rho_kind_name(kind), name);
	for (size_t i = 0; i < r->n_dirs; i++)
		rho_buf_printf(why, "%s %s%s", i ? "," : "", r->dirs[i],
		               i < r->n_named && access(r->dirs[i], F_OK) ? " (there is no such folder)"
		                                                          : "");
	rho_buf_str(why, "; --plugins DIR and RHO_PLUGIN_PATH add folders");
	rho_names_free(names, n);
}

char *rho_registry_find(const struct rho_registry *r, uint32_t kind, const char *name, size_t skip,
                        struct rho_buf *why)
{
	if (!rho_kind_name(kind)) {
		rho_buf_printf(why, "%u is no kind of plugin", kind);
		return NULL;
	}
	if (!rho_name_valid(name)) {
		rho_buf_printf(why,
		               "\"%s\" cannot be the name of a plugin: a name is made of a-z, 0-9 and _, "
		               "starts with a letter, and has at most 64 characters",
		               name);
		return NULL;
	}
	for (size_t i = 0; i < r->n_dirs; i++) {
		char *path = rho_xprintf("%s/%s-%s.so", r->dirs[i], rho_kind_name(kind), name);
		struct stat st;
		if (!stat(path, &st) && S_ISREG(st.st_mode) && !skip--)
			return path;
		free(path);
	}
	explain_missing(r, kind, name, why);
	return NULL;
}

/* Whether two files differ; one that cannot be read differs from none. */
static bool differ(const char *a, const char *b)
{
	struct rho_buf why = { 0 };
	char sum_a[65], sum_b[65];
	bool read = !rho_sha256_file(a, sum_a, &why) && !rho_sha256_file(b, sum_b, &why);
	rho_buf_free(&why);
	return read && strcmp(sum_a, sum_b);
}

char *rho_registry_rival(const struct rho_registry *r, uint32_t kind, const char *name)
{
	const struct rho_registry named = { .dirs = r->dirs, .n_dirs = r->n_named };
	struct rho_buf why = { 0 };
	char *used = NULL, *rival = NULL;
	if (r->n_named > 1 && rho_name_valid(name)) {
		used = rho_registry_find(&named, kind, name, 0, &why);
		rival = used ? rho_registry_find(&named, kind, name, 1, &why) : NULL;
	}
	if (rival && !differ(used, rival)) {
		free(rival);
		rival = NULL;
	}
	free(used);
	rho_buf_free(&why);
	return rival;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

size_t rho_registry_names(const struct rho_registry *r, uint32_t kind, char ***names)
{
	char **all = NULL;
	size_t n = 0, kept = 0;
	for (size_t i = 0; i < r->n_dirs; i++) {
		DIR *dir = opendir(r->dirs[i]);
		for (struct dirent *e; dir && (e = readdir(dir));) {
			char *name;
			if (rho_file_kind(e->d_name, &name) == kind && name) {
				all = rho_xrealloc(all, (n + 1) * sizeof *all);
				all[n++] = name;
			} else {
				free(name);
			}
		}
		if (dir)
			closedir(dir);
	}
	if (n)
		qsort(all, n, sizeof *all, by_name);
	for (size_t i = 0; i < n; i++) {
		if (kept && !strcmp(all[kept - 1], all[i]))
			free(all[i]);
		else
			all[kept++] = all[i];
	}
	*names = all;
	return kept;
}

void rho_names_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

const struct rho_module *rho_module_get(struct rho_registry *r, uint32_t kind, const char *name,
                                        struct rho_buf *why)
{
	const struct rho_module *m;
	for (size_t i = 0; i < r->n_modules; i++)
		if (r->module[i]->plugin.kind == kind && !strcmp(r->module[i]->plugin.name, name))
			return r->module[i];
	char *path = rho_registry_find(r, kind, name, 0, why);
	if (!path)
		return NULL;
	m = rho_module_open(path, why);
	free(path);
	if (!m)
		return NULL;
	r->module = rho_xrealloc(r->module, (r->n_modules + 1) * sizeof(*r->module));
	r->module[r->n_modules++] = m;
	return m;
}
