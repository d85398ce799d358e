/* built.h: which plugins this build has, so that a test takes up those that are added later by itself. */
#ifndef TEST_AGENT_BUILT_H
#define TEST_AGENT_BUILT_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

struct names {
	char at[64][64];
	size_t n;
};

static inline int by_name(const void *a, const void *b) { return strcmp(a, b); }

/* The plugins of a kind in the folder of this build. */
static inline void find_built(const char *kind, struct names *out)
{
	const char *folder = getenv("RHO_PLUGIN_PATH");
	size_t len = strlen(kind);
	struct dirent *e;
	DIR *d = folder ? opendir(folder) : NULL;
	cr_assert_not_null(d, "RHO_PLUGIN_PATH names no folder");
	out->n = 0;
	while ((e = readdir(d))) {
		size_t end = strlen(e->d_name);
		if (strncmp(e->d_name, kind, len) || e->d_name[len] != '-' || end < len + 5 ||
		    end - len - 4 >= sizeof *out->at || strcmp(e->d_name + end - 3, ".so"))
			continue;
		cr_assert_lt(out->n, 64);
		memset(out->at[out->n], 0, sizeof *out->at);
		memcpy(out->at[out->n++], e->d_name + len + 1, end - len - 4);
	}
	closedir(d);
	qsort(out->at, out->n, sizeof *out->at, by_name);
}

#endif
