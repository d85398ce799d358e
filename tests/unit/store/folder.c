/* folder.c: what the store's tests share. */
#include "folder.h"

#include <base/file.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <store/npy.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *folder_new(void)
{
	const char *tmp = getenv("TMPDIR");
	char *name = rho_xprintf("%s/rho-store-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	cr_assert(mkdtemp(name), "no temporary folder");
	return name;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at) { return remove(path); }

void folder_remove(char *folder)
{
	nftw(folder, drop, 16, FTW_DEPTH | FTW_PHYS);
	free(folder);
}

char *folder_path(const char *folder, const char *name) { return rho_xprintf("%s/%s", folder, name); }

void file_put(const char *path, const void *bytes, size_t n)
{
	FILE *f = fopen(path, "w");
	cr_assert(f && fwrite(bytes, 1, n, f) == n && !fclose(f), "%s", path);
}

void npy_put(const char *path, const float *at, size_t rows, size_t cols)
{
	char head[NPY_HEAD];
	struct rho_buf whole = { 0 };
	npy_head_write(head, rows, cols);
	rho_buf_add(&whole, head, sizeof head);
	rho_buf_add(&whole, at, rows * cols * sizeof *at);
	file_put(path, whole.at, whole.len);
	rho_buf_free(&whole);
}

struct rho_buf file_get(const char *path)
{
	struct rho_buf out = { 0 }, why = { 0 };
	cr_assert(!rho_file_read(path, 0, &out, &why), "%s", why.at);
	return out;
}

void file_flip(const char *path, size_t at)
{
	FILE *f = fopen(path, "r+");
	cr_assert(f && !fseek(f, (long)at, SEEK_SET));
	int byte = fgetc(f);
	cr_assert(byte != EOF && !fseek(f, (long)at, SEEK_SET) && fputc(byte ^ 1, f) != EOF && !fclose(f));
}

size_t file_size(const char *path)
{
	struct stat st;
	return stat(path, &st) ? 0 : (size_t)st.st_size;
}

size_t folder_count(const char *folder, const char *part)
{
	DIR *d = opendir(folder);
	size_t n = 0;
	cr_assert(d);
	for (struct dirent *e; (e = readdir(d)); )
		n += e->d_name[0] != '.' && strstr(e->d_name, part);
	closedir(d);
	return n;
}

char *folder_only(const char *folder, const char *suffix)
{
	DIR *d = opendir(folder);
	char *found = NULL;
	cr_assert(d);
	for (struct dirent *e; (e = readdir(d)); ) {
		size_t n = strlen(e->d_name), k = strlen(suffix);
		if (n < k || strcmp(e->d_name + n - k, suffix))
			continue;
		cr_assert(!found, "two files end in %s", suffix);
		found = folder_path(folder, e->d_name);
	}
	closedir(d);
	cr_assert(found, "no file ends in %s", suffix);
	return found;
}

struct plugin plugin_get(uint32_t kind, const char *name, const char *toml)
{
	const char *dir = STORE_TEST_PLUGINS;
	struct rho_buf why = { 0 };
	struct rho_diags *diags = rho_diags_new();
	struct plugin p = { .registry = rho_registry_new(&dir, 1) };
	p.module = rho_module_get(p.registry, kind, name, &why);
	cr_assert(p.module, "%s", why.at);
	p.table = rho_toml_parse(toml, strlen(toml), "test.toml", diags);
	size_t wrong = p.table ? rho_params_check(p.registry, p.module, "test", p.table, diags) : 1;
	if (wrong)
		rho_diags_print(diags, stderr);
	cr_assert_eq(wrong, 0);
	p.world.registry = p.registry;
	rho_diags_free(diags);
	rho_buf_free(&why);
	return p;
}

void plugin_free(struct plugin *p)
{
	rho_toml_free(p->table);
	rho_registry_free(p->registry);
}

bool says(const struct rho_buf *why, const char *words) { return why->at && strstr(why->at, words); }
