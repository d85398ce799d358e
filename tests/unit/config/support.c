#include "support.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct trial *trial_new(const char *first_plugins)
{
	struct trial *t = rho_xcalloc(1, sizeof *t);
	const char *dirs[2] = { first_plugins ? first_plugins : CONFIG_FIXTURES, CONFIG_FIXTURES };
	snprintf(t->dir, sizeof t->dir, "/tmp/rho-config-XXXXXX");
	cr_assert_not_null(mkdtemp(t->dir));
	t->registry = rho_registry_new(dirs, 2);
	return t;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void trial_free(struct trial *t)
{
	rho_plan_free(t->plan);
	rho_registry_free(t->registry);
	nftw(t->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(t->said);
	free(t);
}

char *trial_path(struct trial *t, const char *name) { return rho_xprintf("%s/%s", t->dir, name); }

void trial_write(struct trial *t, const char *name, const char *text)
{
	struct rho_buf why = { 0 };
	char *path = trial_path(t, name);
	cr_assert_eq(rho_file_write(path, text, strlen(text), &why), 0, "%s", why.at);
	rho_buf_free(&why);
	free(path);
}

char *trial_said(struct trial *t, struct rho_diags *d)
{
	char *all = NULL, *said;
	size_t len = 0;
	char *prefix = rho_xprintf("%s/", t->dir);
	FILE *f = open_memstream(&all, &len);
	rho_diags_print(d, f);
	fclose(f);
	rho_diags_free(d);
	said = all;
	for (char *at; (at = strstr(said, prefix));)
		memmove(at, at + strlen(prefix), strlen(at + strlen(prefix)) + 1);
	free(prefix);
	return said;
}

void trial_plan(struct trial *t, const char *text, const char *const *set, size_t n_set)
{
	struct rho_diags *d = rho_diags_new();
	char *path = trial_path(t, "x.toml");
	trial_write(t, "x.toml", text);
	rho_plan_free(t->plan);
	free(t->said);
	t->plan = rho_plan_load(t->registry, path, set, n_set, d);
	cr_expect_eq(t->plan == NULL, rho_diags_errors(d) > 0);
	t->said = trial_said(t, d);
	free(path);
}

static void says_with(const char *text, const char *const *set, size_t n, const char *wanted)
{
	struct trial *t = trial_new(NULL);
	trial_plan(t, text, set, n);
	cr_expect_str_eq(t->said, wanted, "said:\n%s\nwanted:\n%s", t->said, wanted);
	trial_free(t);
}

void says(const char *text, const char *wanted) { says_with(text, NULL, 0, wanted); }

void says_set(const char *text, const char *set, const char *wanted) { says_with(text, &set, 1, wanted); }
