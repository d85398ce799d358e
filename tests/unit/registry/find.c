/* find.c: where modules are looked for, and what is said when they are not there. */
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "helper.h"

static void touch(const char *dir, const char *name)
{
	struct rho_buf why = { 0 };
	char *path = rho_xprintf("%s/%s", dir, name);
	cr_assert_eq(rho_file_write(path, "x", 1, &why), 0);
	rho_buf_free(&why);
	free(path);
}

Test(find, kinds_have_names_both_ways)
{
	for (uint32_t k = RHO_DATASET; k <= RHO_REPORTER; k++)
		cr_assert_eq(rho_kind_from_name(rho_kind_name(k)), k);
	cr_assert_null(rho_kind_name(0));
	cr_assert_null(rho_kind_name(RHO_REPORTER + 1));
	cr_assert_eq(rho_kind_from_name("agents"), 0);
}

Test(find, folders_come_in_the_promised_order_and_once)
{
	char *a = test_folder(), *b = test_folder(), *home = test_folder();
	char *list = rho_xprintf("%s::%s:relative", b, a);
	char *users = rho_xprintf("%s/rho/plugins-%d", home, RHO_ABI_MAJOR);
	const char *given[] = { a }, *const * dirs;
	setenv("RHO_PLUGIN_PATH", list, 1);
	setenv("XDG_DATA_HOME", home, 1);
	cr_assert_eq(chdir(home), 0);
	struct rho_registry *r = rho_registry_new(given, 1);
	size_t n = rho_registry_dirs(r, &dirs);
	cr_assert_geq(n, 4);
	cr_assert_str_eq(dirs[0], a);
	cr_assert_str_eq(dirs[1], b);
	HAS(dirs[2], "/relative");
	cr_assert_str_eq(dirs[3], users);
	for (size_t i = 0; i < n; i++) {
		cr_assert_eq(dirs[i][0], '/');
		cr_assert(strcmp(dirs[i], home), "the current folder is never searched");
	}
	rho_registry_free(r);
	/* A relative XDG_DATA_HOME is to be ignored (XDG base directory specification). */
	setenv("XDG_DATA_HOME", "relative", 1);
	setenv("HOME", "/nowhere", 1);
	unsetenv("RHO_PLUGIN_PATH");
	r = rho_registry_new(NULL, 0);
	cr_assert_geq(rho_registry_dirs(r, &dirs), 1);
	HAS(dirs[0], "/nowhere/.local/share/rho/plugins-");
	rho_registry_free(r);
	test_remove(a);
	test_remove(b);
	test_remove(home);
	free(list);
	free(users);
}

Test(find, first_match_wins_and_others_can_be_seen)
{
	const char *dirs[] = { SHADOW, MODULES };
	struct rho_buf why = { 0 };
	struct rho_registry *r = rho_registry_new(dirs, 2);
	char *first = rho_registry_find(r, RHO_AGENT, "good", 0, &why);
	char *second = rho_registry_find(r, RHO_AGENT, "good", 1, &why);
	cr_assert_str_eq(first, SHADOW "/agent-good.so");
	cr_assert_str_eq(second, MODULES "/agent-good.so");
	cr_assert_null(rho_registry_find(r, RHO_AGENT, "good", 2, &why));
	cr_assert_str_eq(test_module(r, "agent", "good")->plugin.version, "2.0.0");
	cr_assert_eq(test_module(r, "agent", "good"), test_module(r, "agent", "good"));
	free(first);
	free(second);
	rho_buf_free(&why);
	rho_registry_free(r);
}

Test(find, a_rival_is_another_file_of_the_same_name_in_a_folder_that_was_named)
{
	char *copies = test_folder(), *copy = rho_xprintf("%s/agent-good.so", copies);
	const char *others[] = { SHADOW, MODULES }, *same[] = { MODULES, copies };
	struct rho_buf why = { 0 }, bytes = { 0 };
	cr_assert_eq(rho_file_read(MODULES "/agent-good.so", 0, &bytes, &why), 0, "%s", why.at);
	cr_assert_eq(rho_file_write(copy, bytes.at, bytes.len, &why), 0, "%s", why.at);
	struct rho_registry *r = rho_registry_new(others, 2);
	char *rival = rho_registry_rival(r, RHO_AGENT, "good");
	cr_assert_str_eq(rival, MODULES "/agent-good.so");
	cr_assert_null(rho_registry_rival(r, RHO_AGENT, "major"));
	cr_assert_null(rho_registry_rival(r, RHO_AGENT, "none"));
	rho_registry_free(r);
	r = rho_registry_new(same, 2);
	cr_assert_null(rho_registry_rival(r, RHO_AGENT, "good"));
	rho_registry_free(r);
	rho_buf_free(&bytes);
	rho_buf_free(&why);
	free(rival);
	free(copy);
}

Test(find, names_are_sorted_once_each_and_other_files_ignored)
{
	char *dir = test_folder(), **names;
	touch(dir, "agent-zeta.so");
	touch(dir, "agent-alpha.so");
	touch(dir, "agent-Alpha.so");
	touch(dir, "agent-.so");
	touch(dir, "agent-a-b.so");
	touch(dir, "agent-alpha.so.1");
	touch(dir, "libz.so");
	touch(dir, "wizard-alpha.so");
	touch(dir, "env-alpha.so");
	const char *dirs[] = { dir, MODULES };
	struct rho_registry *r = rho_registry_new(dirs, 1);
	size_t n = rho_registry_names(r, RHO_AGENT, &names);
	size_t alphas = 0, zetas = 0;
	for (size_t i = 0; i < n; i++) {
		cr_assert(i == 0 || strcmp(names[i - 1], names[i]) < 0);
		alphas += !strcmp(names[i], "alpha");
		zetas += !strcmp(names[i], "zeta");
	}
	cr_assert_eq(alphas, 1);
	cr_assert_eq(zetas, 1);
	rho_names_free(names, n);
	rho_registry_free(r);
	test_remove(dir);
}

Test(find, a_missing_plugin_is_explained)
{
	struct rho_registry *r = test_registry();
	struct rho_buf why = { 0 };
	cr_assert_null(rho_module_get(r, RHO_AGENT, "goood", &why));
	HAS(why.at, "there is no agent \"goood\"; did you mean good?");
	HAS(why.at, "looked for agent-goood.so in " MODULES);
	rho_buf_clear(&why);
	cr_assert_null(rho_module_get(r, RHO_AGENT, "../agent-good", &why));
	HAS(why.at, "cannot be the name of a plugin");
	rho_buf_clear(&why);
	cr_assert_null(rho_module_get(r, RHO_AGENT, "", &why));
	HAS(why.at, "cannot be the name of a plugin");
	rho_buf_clear(&why);
	cr_assert_null(rho_module_get(r, 99, "good", &why));
	HAS(why.at, "no kind");
	rho_buf_free(&why);
	rho_registry_free(r);
}
