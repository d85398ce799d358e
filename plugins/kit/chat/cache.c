/* cache.c: answers in files named by the digest of the question, which stands in the file, too. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "chat_impl.h"

/* FOLDER/ab/ab…(32 digits).json; the caller frees. `made`: its folder, too. */
static char *path_of(const struct rho_chat *c, const char *request, bool made)
{
	XXH128_hash_t h = XXH3_128bits(request, strlen(request));
	size_t room = strlen(c->o.cache) + 64;
	char *path = malloc(room);
	if (!path)
		return NULL;
	snprintf(path, room, "%s/%02x", c->o.cache, (unsigned)(h.high64 >> 56));
	if (made && mkdir(path, 0777) && errno != EEXIST) {
		free(path);
		return NULL;
	}
	snprintf(path, room, "%s/%02x/%016llx%016llx.json", c->o.cache, (unsigned)(h.high64 >> 56),
	         (unsigned long long)h.high64, (unsigned long long)h.low64);
	return path;
}

int chat_kept(const struct rho_chat *c, const char *request, struct rho_text *answer, struct rho_trouble *t)
{
	char *path = path_of(c, request, false);
	json_error_t error;
	json_t *all = NULL, *asked = json_loads(request, 0, NULL), *text;
	FILE *f = path ? fopen(path, "r") : NULL;
	int e = 0;
	if (!path || !asked)
		e = rho_trouble_set(t, RHO_ENOMEM, "no memory left to look for an answer");
	else if (!f && errno != ENOENT)
		e = rho_trouble_set(t, RHO_EIO, "%s: cannot be read: %s", path, strerror(errno));
	if (f) {
		all = json_loadf(f, 0, &error);
		fclose(f);
		text = json_object_get(all, "answer");
		if (!json_is_string(text) || !json_equal(json_object_get(all, "request"), asked))
			e = rho_trouble_set(t, RHO_EFORMAT,
			                    "%s: is not an answer that was kept; remove the file and it is asked "
			                    "for again",
			                    path);
		else if (!rho_text_add(answer,
		                       (struct rho_str){ json_string_value(text), json_string_length(text) }))
			e = rho_trouble_set(t, RHO_ENOMEM, "no memory left for an answer");
		else
			e = 1;
	}
	json_decref(all);
	json_decref(asked);
	free(path);
	return e;
}

static bool put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	bool good = f && fputs(text, f) >= 0 && !fflush(f) && !fsync(fileno(f));
	if (f && fclose(f))
		good = false;
	return good;
}

/* Moves a file to a name that is not there yet; 1: it is there. A file system without links gets it all the same. */
static int settle(const char *from, const char *to)
{
	if (!link(from, to)) {
		unlink(from);
		return 0;
	}
	return errno == EEXIST ? 1 : rename(from, to);
}

int chat_keep(const struct rho_chat *c, const char *request, struct rho_text *answer, struct rho_trouble *t)
{
	char *path = path_of(c, request, true), *text = NULL, *half = NULL;
	json_t *all = json_object();
	int e = 0, settled = 0;
	json_object_set_new(all, "request", json_loads(request, 0, NULL));
	json_object_set_new(all, "answer", json_stringn(answer->at ? answer->at : "", answer->len));
	if (path && (half = malloc(strlen(path) + 32)))
		sprintf(half, "%s.%ld.part", path, (long)getpid());
	text = json_dumps(all, JSON_INDENT(1) | JSON_SORT_KEYS);
	if (!half || !text)
		e = rho_trouble_set(t, RHO_EIO, "%s: an answer cannot be kept: %s", c->o.cache, strerror(errno));
	else if (!put(half, text) || (settled = settle(half, path)) < 0)
		e = rho_trouble_set(t, RHO_EIO, "%s: an answer cannot be kept: %s", path, strerror(errno));
	if ((e || settled) && half)
		unlink(half);
	if (!e && settled) {    /* another run was faster: its answer is the one */
		rho_text_clear(answer);
		e = chat_kept(c, request, answer, t);
		if (!e)
			e = rho_trouble_set(t, RHO_EIO, "%s: was there, and is gone; does somebody empty the cache?",
			                    path);
	}
	json_decref(all);
	free(text);
	free(half);
	free(path);
	return e;
}
