/* helper.h: what the tests of core/registry share. */
#ifndef HELPER_H
#define HELPER_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry/instance.h"

#define HAS(text, part) cr_assert_not_null(strstr((text), (part)), "\"%s\" is not in:\n%s", (part), (text))

/* A registry of the test's own modules alone. */
static inline struct rho_registry *test_registry(void)
{
	const char *dirs[] = { MODULES };
	unsetenv("RHO_PLUGIN_PATH");
	return rho_registry_new(dirs, 1);
}

static inline const struct rho_module *test_module(struct rho_registry *r, const char *kind, const char *name)
{
	struct rho_buf why = { 0 };
	const struct rho_module *m = rho_module_get(r, rho_kind_from_name(kind), name, &why);
	cr_assert_not_null(m, "%s", why.at);
	rho_buf_free(&why);
	return m;
}

static inline struct rho_toml *test_toml(const char *text, const char *file)
{
	struct rho_diags *d = rho_diags_new();
	struct rho_toml *t = rho_toml_parse(text, strlen(text), file, d);
	cr_assert_not_null(t);
	rho_diags_free(d);
	return t;
}

/* What rho_diags_print says; the caller frees. */
static inline char *test_said(const struct rho_diags *d)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);
	rho_diags_print(d, f);
	fclose(f);
	return text;
}

/* A fresh folder for files; test_remove empties and removes it. */
static inline char *test_folder(void)
{
	char *path = rho_xstrdup("/tmp/rho-test-XXXXXX");
	cr_assert_not_null(mkdtemp(path));
	return path;
}

static inline void test_remove(char *dir)
{
	DIR *d = opendir(dir);
	for (struct dirent *e; d && (e = readdir(d));)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(dir);
	free(dir);
}

#endif
