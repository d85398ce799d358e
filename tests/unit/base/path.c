#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static void resolves(const char *base, const char *path, const char *wanted)
{
	struct rho_buf why = { 0 };
	char *got = rho_path_resolve(base, path, &why);
	cr_expect_not_null(got, "%s %s: %s", base, path, why.at ? why.at : "");
	if (got)
		cr_expect_str_eq(got, wanted, "%s %s: %s, not %s", base, path, got, wanted);
	free(got);
	rho_buf_free(&why);
}

static void refuses(const char *path, const char *wanted)
{
	struct rho_buf why = { 0 };
	cr_expect_null(rho_path_resolve("/a", path, &why));
	cr_expect_str_eq(why.at, wanted);
	rho_buf_free(&why);
}

Test(path, resolves_as_text)
{
	resolves("/a/b", "c", "/a/b/c");
	resolves("/a/b/", "./c//d/", "/a/b/c/d");
	resolves("/a/b", "../c/./x", "/a/c/x");
	resolves("/a", "../../../x", "/x");
	resolves("/a", "..", "/");
	resolves("/a", "/", "/");
	resolves("/a", "/x/../y", "/y");
	resolves("/a", ".hidden/..x", "/a/.hidden/..x");
	cr_assert_eq(chdir("/tmp"), 0);
	char *cwd = getcwd(NULL, 0), *wanted = rho_xprintf("%s/b/c", cwd);
	resolves("b", "c", wanted);
	resolves(".", "b/c", wanted);
	free(cwd);
	free(wanted);
}

Test(path, expands_variables)
{
	setenv("RHO_T", "/data", 1);
	setenv("RHO_EMPTY", "", 1);
	unsetenv("RHO_UNSET");
	resolves("/a", "${RHO_T}/x", "/data/x");
	resolves("/a", "y${RHO_T}", "/a/y/data");
	resolves("/a", "${RHO_UNSET:-b/c}/x", "/a/b/c/x");
	resolves("/a", "${RHO_EMPTY:-/z}", "/z");
	resolves("/a", "${RHO_T:-/z}", "/data");
	resolves("/a", "x${RHO_UNSET:-}", "/a/x");
	resolves("/a", "$HOME/$", "/a/$HOME/$");
	refuses("${RHO_UNSET}/x", "${RHO_UNSET}/x: the environment variable RHO_UNSET is not set; set it, or write "
	        "${RHO_UNSET:-default}");
	refuses("x/${RHO_T", "x/${RHO_T: ${ is not closed by }");
	refuses("${}", "${}: ${} is not a variable; write ${NAME} or ${NAME:-default}");
	refuses("${1A}", "${1A}: ${1A} is not a variable; write ${NAME} or ${NAME:-default}");
	refuses("", "a path is empty; name a file or a folder");
	refuses("${RHO_EMPTY}", "${RHO_EMPTY} is empty; name a file or a folder");
}

Test(path, folder_part)
{
	static const char *const pairs[][2] = { { "a", "." }, { "a/b", "a" }, { "/a", "/" }, { "/", "/" },
	                                        { "a//b", "a" }, { "/a/b/c", "/a/b" }, { "", "." } };
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		char *d = rho_path_dir(pairs[i][0]);
		cr_expect_str_eq(d, pairs[i][1], "%s: %s", pairs[i][0], d);
		free(d);
	}
}
