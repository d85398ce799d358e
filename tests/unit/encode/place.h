/* place.h: a folder of its own for a test, and files in it. */
#ifndef TESTS_ENCODE_PLACE_H
#define TESTS_ENCODE_PLACE_H

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define SAYS(why, part)                                                                                      \
	cr_assert((why).at &&strstr((why).at, (part)), "\"%s\" is not in:\n%s", (part),                      \
	          (why).at ? (why).at : "")

static inline char *place_new(void)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = rho_xprintf("%s/rho-encode-XXXXXX", tmp ? tmp : "/tmp");
	cr_assert_not_null(mkdtemp(dir));
	return dir;
}

static inline int place_remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	return remove(path);
}

static inline void place_remove(char *dir)
{
	nftw(dir, place_remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(dir);
}

/* DIR/NAME with these bytes; the caller frees the path. */
static inline char *place_put(const char *dir, const char *name, const void *bytes, size_t n)
{
	char *path = rho_xprintf("%s/%s", dir, name);
	struct rho_buf why = { 0 };
	cr_assert_eq(rho_file_write(path, bytes, n, &why), 0, "%s", why.at);
	return path;
}

static inline char *place_text(const char *dir, const char *name, const char *text)
{
	return place_put(dir, name, text, strlen(text));
}

#endif
