/* scratch.c: files of a test, under the system's folder for such things. */
#include "scratch.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static char folder[64];
static char paths[64][256];
static size_t n_paths;

void scratch_make(void)
{
	strcpy(folder, "/tmp/rho-test-XXXXXX");
	cr_assert_not_null(mkdtemp(folder));
}

void scratch_remove(void)
{
	DIR *d = opendir(folder);
	for (struct dirent *e; d && (e = readdir(d)); )
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	rmdir(folder);
}

const char *scratch_path(const char *name)
{
	cr_assert_lt(n_paths, sizeof(paths) / sizeof(paths[0]));
	snprintf(paths[n_paths], sizeof(paths[0]), "%s/%s", folder, name);
	return paths[n_paths++];
}

const char *scratch_bytes(const char *name, const void *bytes, size_t n)
{
	const char *path = scratch_path(name);
	FILE *f = fopen(path, "wb");
	cr_assert(f && fwrite(bytes, 1, n, f) == n && !fclose(f));
	return path;
}

const char *scratch_file(const char *name, const char *text)
{
	return scratch_bytes(name, text, strlen(text));
}

const char *scratch_gzip(const char *name, const void *bytes, size_t n)
{
	const char *path = scratch_path(name);
	gzFile f = gzopen(path, "wb");
	cr_assert(f && gzwrite(f, bytes, (unsigned)n) == (int)n && gzclose(f) == Z_OK);
	return path;
}
