/* shards.c: checkpoints in several files, and the index that says which tensor lies in which of them.
 * A tensor counts only where the index puts it; one that is not there is an error. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "checkpoint.h"

#define LONGEST_INDEX ((size_t)16 << 20)

struct place {
	const char *file, *name;
	bool found;
};

struct group {                  /* the tensors of one file, in order of name */
	struct place *place;
	size_t n;
};

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = strcmp(x->file, y->file);
	return c ? c : strcmp(x->name, y->name);
}

static bool belongs(void *arg, const char *name)
{
	struct group *g = arg;
	struct place key = { g->place->file, name, false };
	struct place *p = bsearch(&key, g->place, g->n, sizeof(key), by_place);
	if (p)
		p->found = true;
	return p;
}

/* The file of a shard stands beside the index; a name that leads elsewhere is refused. */
static int read_shard(struct rho_weights *w, const struct rho_blob *index, struct group *g, size_t *n,
                      struct rho_trouble *t)
{
	const char *file = g->place->file, *slash = strrchr(index->path, '/');
	size_t folder = slash ? (size_t)(slash + 1 - index->path) : 0;
	if (!*file || strchr(file, '/') || strlen(file) > 255)
		return rho_trouble_at(t, RHO_EFORMAT, index->path, 0,
		                      "tensor '%.200s' is said to lie in '%.200s'; the name of a file beside "
		                      "the index is expected", g->place->name, file);
	char *path = malloc(folder + strlen(file) + 1);
	if (!path)
		return rho_trouble_at(t, RHO_ENOMEM, index->path, 0, "no memory left for a path");
	memcpy(path, index->path, folder);
	strcpy(path + folder, file);
	if (!rho_weights_read(w, path, t))
		*n = rho_weights_filter(w, *n, belongs, g);
	for (size_t i = 0; !t->code && i < g->n; i++)
		if (!g->place[i].found)
			rho_trouble_at(t, RHO_EFORMAT, path, 0,
			               "tensor '%.200s' is not in this file, where %.300s puts it",
			               g->place[i].name,
			               index->path + folder);
	free(path);
	return t->code;
}

static int read_groups(struct rho_weights *w, const struct rho_blob *index, const json_t *map,
                       struct rho_trouble *t)
{
	const char *name;
	json_t *file;
	size_t all = json_object_size(map), n = 0, read = 0;
	struct place *p = calloc(all + 1, sizeof(*p));
	if (!p)
		return rho_trouble_at(t, RHO_ENOMEM, index->path, 0, "no memory left for the index");
	json_object_foreach((json_t *)map, name, file) {
		if (!json_is_string(file))
			rho_trouble_at(t, RHO_EFORMAT, index->path, 0, "the file of tensor '%.200s' is no string",
			               name);
		else
			p[n++] = (struct place){ json_string_value(file), name, false };
	}
	qsort(p, n, sizeof(*p), by_place);
	for (size_t from = 0, to; !t->code && from < n; from = to) {
		for (to = from + 1; to < n && !strcmp(p[to].file, p[from].file); )
			to++;
		struct group g = { p + from, to - from };
		read_shard(w, index, &g, &read, t);
	}
	free(p);
	return t->code;
}

int rho_read_shards(struct rho_weights *w, const struct rho_blob *index, struct rho_trouble *t)
{
	json_error_t e;
	int code = RHO_EFORMAT;
	if (index->len > LONGEST_INDEX)
		return rho_trouble_at(t, RHO_EFORMAT, index->path, 0,
		                      "the index is %zu bytes long; at most %zu are read", index->len,
		                      LONGEST_INDEX);
	json_t *root = json_loadb((const char *)index->at, index->len, JSON_REJECT_DUPLICATES, &e);
	if (!root && json_error_code(&e) == json_error_out_of_memory)
		code = RHO_ENOMEM;
	if (!root)
		return rho_trouble_at(t, code, index->path, (size_t)e.line, "the index is damaged: %s", e.text);
	const json_t *map = json_object_get(root, "weight_map");
	if (!json_is_object(map) || !json_object_size(map))
		rho_trouble_at(t, RHO_EFORMAT, index->path, 0,
		               "there is no \"weight_map\" in it that names the file of each tensor");
	else
		read_groups(w, index, map, t);
	json_decref(root);
	return t->code;
}
