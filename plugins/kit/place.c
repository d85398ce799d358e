/* place.c: tries the few places where a dataset's file may lie. */
#include "place.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *join(const char *folder, const char *sub, const char *name, const char *ending)
{
	char *path = malloc(strlen(folder) + strlen(sub) + strlen(name) + strlen(ending) + 3);
	if (!path)
		return NULL;
	char *end = stpcpy(stpcpy(path, folder), "/");
	if (*sub)
		end = stpcpy(stpcpy(end, sub), "/");
	stpcpy(stpcpy(end, name), ending);
	return path;
}

char *rho_place(const char *folder, const char *sub, const char *name)
{
	for (int i = 0; i < (sub ? 4 : 2); i++) {
		char *path = join(folder, i < 2 ? "" : sub, name, i % 2 ? ".gz" : "");
		if (!path || !access(path, F_OK))
			return path;
		free(path);
	}
	return join(folder, "", name, "");
}
