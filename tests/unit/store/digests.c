/* digests.c: large files are read once, changed ones again. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <store/store_impl.h>
#include "folder.h"

enum { LARGE = 5 << 20 };

static struct rho_digest digest(const char *store, const char *path)
{
	struct rho_buf why = { 0 };
	struct rho_digest d;
	struct rho_store *s = rho_store_open(store, &why);
	cr_assert(s, "%s", why.at);
	cr_assert_eq(store_digest_path(s, path, &d, &why), 0, "%s", why.at);
	rho_store_close(s);
	rho_buf_free(&why);
	return d;
}

static bool same(struct rho_digest a, struct rho_digest b) { return a.lo == b.lo && a.hi == b.hi; }

static struct rho_digest truth(const char *path)
{
	struct rho_buf why = { 0 };
	struct rho_digest d;
	cr_assert_eq(rho_digest_path(path, &d, &why), 0, "%s", why.at);
	rho_buf_free(&why);
	return d;
}

Test(digests, remember_large_folders)
{
	char *folder = folder_new(), *store = folder_path(folder, "store");
	char *weights = folder_path(folder, "weights"), *bytes = calloc(1, LARGE);
	char *big = folder_path(weights, "big"), *notes = folder_path(store, "digests");
	cr_assert_eq(mkdir(weights, 0777), 0);
	file_put(big, bytes, LARGE);
	struct rho_digest first = truth(weights);
	cr_assert(same(digest(store, weights), first));
	cr_assert_eq(file_size(notes), 0, "a file changed a moment ago may change again");
	sleep(4);
	cr_assert(same(digest(store, weights), first));
	cr_assert_eq(file_size(notes), 66);
	/* What is remembered is what is used: a forged note shows. */
	struct rho_buf line = file_get(notes);
	line.at[40] = line.at[40] == '0' ? '1' : '0';
	file_put(notes, line.at, line.len);
	cr_assert(!same(digest(store, weights), first));
	/* A change of the file is noticed, and so is one of its times alone. */
	bytes[17] = 1;
	file_put(big, bytes, LARGE);
	cr_assert(same(digest(store, weights), truth(weights)));
	cr_assert(!same(digest(store, weights), first));
	/* Notes that make no sense are as good as none. */
	file_put(notes, "what is this", 12);
	cr_assert(same(digest(store, weights), truth(weights)));
	rho_buf_free(&line);
	free(bytes);
	free(big);
	free(notes);
	free(weights);
	free(store);
	folder_remove(folder);
}

Test(digests, read_small_files_each_time)
{
	char *folder = folder_new(), *store = folder_path(folder, "store");
	char *path = folder_path(folder, "small");
	file_put(path, "abc", 3);
	cr_assert(same(digest(store, path), truth(path)));
	cr_assert_eq(folder_count(store, ""), 0);
	free(path);
	free(store);
	folder_remove(folder);
}

Test(digests, name_what_is_missing)
{
	char *folder = folder_new(), *path = folder_path(folder, "nothing");
	struct rho_buf why = { 0 };
	struct rho_digest d;
	struct rho_store *s = rho_store_open(folder, &why);
	cr_assert_eq(store_digest_path(s, path, &d, &why), -1);
	cr_assert(says(&why, path) && says(&why, "No such file"), "%s", why.at);
	rho_store_close(s);
	rho_buf_free(&why);
	free(path);
	folder_remove(folder);
}
