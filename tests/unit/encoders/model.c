/* model.c: see model.h. */
#include "model.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *model_real(const char *name)
{
	static char path[8][1000];
	static size_t next;
	const char *root = getenv("RHO_REAL_DATA");
	if (!root || !*root)
		cr_skip_test("no real models: set them with meson's -Dreal_data");
	next = (next + 1) % 8;
	snprintf(path[next], sizeof path[next], "%s/models/%s", root, name);
	char *whole = realpath(path[next], NULL);       /* links need it */
	if (!whole)
		cr_skip_test("%s is not there", path[next]);
	snprintf(path[next], sizeof path[next], "%s", whole);
	free(whole);
	return path[next];
}

static void join(char *out, size_t room, const char *folder, const char *name)
{
	cr_assert_lt((size_t)snprintf(out, room, "%s/%s", folder, name), room);
}

void model_link(const char *folder, const char *name, const char *target)
{
	char path[1000];
	join(path, sizeof path, folder, name);
	unlink(path);
	cr_assert(!symlink(target, path));
}

char *model_copy(const char *from)
{
	char *folder = strdup("/tmp/rho-model-XXXXXX"), path[1400];
	cr_assert(mkdtemp(folder));
	DIR *d = from ? opendir(from) : NULL;
	for (struct dirent *e; d && (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", from, e->d_name);
		model_link(folder, e->d_name, path);
	}
	if (d)
		closedir(d);
	return folder;
}

void model_bytes(const char *folder, const char *name, const void *bytes, size_t n)
{
	char path[1000];
	join(path, sizeof path, folder, name);
	char *slash = strrchr(name, '/') ? strrchr(path, '/') : NULL;
	if (slash) {
		*slash = '\0';
		mkdir(path, 0755);
		*slash = '/';
	}
	unlink(path);
	if (!bytes)
		return;
	FILE *f = fopen(path, "wb");
	cr_assert(f && fwrite(bytes, 1, n, f) == n && !fclose(f));
}

void model_text(const char *folder, const char *name, const char *text)
{
	model_bytes(folder, name, text, text ? strlen(text) : 0);
}

char *model_read(const char *folder, const char *name, size_t *n)
{
	char path[1000];
	struct stat st;
	join(path, sizeof path, folder, name);
	FILE *f = fopen(path, "rb");
	cr_assert(f && !fstat(fileno(f), &st), "%s", path);
	char *all = malloc((size_t)st.st_size + 1);
	*n = fread(all, 1, (size_t)st.st_size, f);
	all[*n] = '\0';
	fclose(f);
	return all;
}

void model_config(const char *folder, const char *old, const char *new)
{
	size_t n;
	char *text = model_read(folder, "config.json", &n), *at = strstr(text, old);
	cr_assert(at, "%s is not in config.json", old);
	char *out = malloc(n + strlen(new) + 1);
	cr_assert_not_null(out);
	sprintf(out, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old));
	model_text(folder, "config.json", out);
	free(out);
	free(text);
}

void model_frame(const char *folder, const char *post_processor)
{
	size_t n;
	char *text = model_read(folder, "tokenizer.json", &n);
	json_t *all = json_loadb(text, n, 0, NULL), *frame = json_loads(post_processor, JSON_DECODE_ANY, NULL);
	cr_assert(all && frame && !json_object_set_new(all, "post_processor", frame));
	char *out = json_dumps(all, 0);
	model_text(folder, "tokenizer.json", out);
	free(out);
	free(text);
	json_decref(all);
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at) { return remove(path); }

void model_remove(char *folder)
{
	nftw(folder, drop, 16, FTW_DEPTH | FTW_PHYS);
	free(folder);
}

void model_lines_open(struct model_lines *l, const char *folder, const char *name)
{
	char path[1000];
	join(path, sizeof path, folder, name);
	*l = (struct model_lines){ .file = fopen(path, "r") };
	cr_assert(l->file, "%s", path);
}

json_t *model_lines_next(struct model_lines *l)
{
	json_error_t e;
	ssize_t n = getline(&l->line, &l->room, l->file);
	if (n <= 0)
		return NULL;
	json_t *o = json_loadb(l->line, (size_t)n, JSON_ALLOW_NUL, &e);
	cr_assert(o, "%s", e.text);
	return o;
}

void model_lines_close(struct model_lines *l)
{
	fclose(l->file);
	free(l->line);
}

static size_t count(const json_t *v)
{
	size_t n = 0;
	if (!json_is_array(v))
		return 1;
	for (size_t i = 0; i < json_array_size(v); i++)
		n += count(json_array_get(v, i));
	return n;
}

static double *put(const json_t *v, double *at)
{
	if (!json_is_array(v)) {
		*at = json_number_value(v);
		return at + 1;
	}
	for (size_t i = 0; i < json_array_size(v); i++)
		at = put(json_array_get(v, i), at);
	return at;
}

double *model_numbers(const json_t *o, const char *key, size_t *n)
{
	const json_t *v = json_object_get(o, key);
	cr_assert(json_is_array(v), "%s", key);
	*n = count(v);
	double *out = calloc(*n + 1, sizeof *out);
	put(v, out);
	return out;
}

uint32_t *model_ids(const json_t *o, const char *key, size_t *n)
{
	double *x = model_numbers(o, key, n);
	uint32_t *out = calloc(*n + 1, sizeof *out);
	for (size_t i = 0; i < *n; i++)
		out[i] = (uint32_t)x[i];
	free(x);
	return out;
}

double model_gap(const float *a, const double *b, size_t n, double scale)
{
	double most = 0;
	for (size_t i = 0; i < n; i++)
		most = fmax(most, fabs((double)a[i] - scale * b[i]));
	return most;
}

double model_apart(const float *a, const double *b, size_t n)
{
	double ab = 0, aa = 0, bb = 0;
	for (size_t i = 0; i < n; i++) {
		ab += (double)a[i] * b[i];
		aa += (double)a[i] * (double)a[i];
		bb += b[i] * b[i];
	}
	return 1 - ab / sqrt(aa * bb);
}

double model_length(const double *b, size_t n)
{
	double square = 0;
	for (size_t i = 0; i < n; i++)
		square += b[i] * b[i];
	return sqrt(square);
}
