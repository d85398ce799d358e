/* codes.c: an embedding's codes are made once, found again, and made again when they are not its own. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/file.h>
#include <score/score.h>
#include <store/store.h>
#include "folder.h"

enum { N = 700, D = 33 };

struct scene {
	char *folder;
	float at[N * D];
	struct rho_embedding e;
	struct rho_world world;
};

static void begin(struct scene *s)
{
	s->folder = folder_new();
	for (size_t i = 0; i < N * D; i++)
		s->at[i] = (float)((i * 7919) % 1009) / 1009 - 0.4f;
	s->e = (struct rho_embedding){ .mat = { s->at, N, D, D }, .key = "0123456789abcdef0123456789abcdef" };
	s->world = (struct rho_world){ .threads = 2 };
}

static int ask(struct scene *s, uint32_t code, struct rho_stored_codes *out, struct rho_buf *why)
{
	struct rho_store *store = rho_store_open(s->folder, why);
	cr_assert(store, "%s", why->at);
	int error = rho_store_codes(store, &s->world, &s->e, code, out, why);
	rho_store_close(store);
	return error;
}

/* Asks, and compares every byte with what the matrix makes. */
static void ask_well(struct scene *s, uint32_t code)
{
	struct rho_buf why = { 0 };
	struct rho_stored_codes c;
	size_t stride = rho_codes_stride(code, D);
	unsigned char *want = malloc(N * stride);
	float scale[N], error[N];
	cr_assert_eq(ask(s, code, &c, &why), 0, "%s", why.at);
	rho_codes_make(&s->e.mat, code, 0, N, want, scale, error);
	cr_assert(c.codes.code == code && c.codes.of == &s->e.mat && c.codes.stride == stride);
	cr_assert_arr_eq(c.codes.at, want, N * stride);
	cr_assert_arr_eq(c.codes.scale, scale, sizeof scale);
	cr_assert_arr_eq(c.codes.error, error, sizeof error);
	cr_assert_eq((size_t)c.codes.at % 64, 0);
	rho_stored_codes_close(&c);
	rho_buf_free(&why);
	free(want);
}

static void rewrite(const char *path, size_t len, size_t flip)
{
	struct rho_buf b = file_get(path);
	cr_assert_leq(len, b.len);
	if (flip < b.len)
		b.at[flip] ^= 4;
	file_put(path, b.at, len);
	rho_buf_free(&b);
}

Test(store_codes, made_once_and_made_again_when_damaged)
{
	static const size_t spots[] = { 0, 16, 24, 32, 40, 48, 56, 64, 127, 128, 3000, 6000, 20000 };
	struct scene *s = calloc(1, sizeof *s);
	begin(s);
	for (uint32_t code = RHO_CODE_BF16; code <= RHO_CODE_INT8; code++) {
		char *path = rho_xprintf("%s/%s.%s", s->folder, s->e.key, rho_code_names[code]);
		ask_well(s, code);
		struct rho_buf first = file_get(path);
		cr_assert_eq(folder_count(s->folder, ".tmp."), 0);
		ask_well(s, code);
		for (size_t i = 0; i < sizeof spots / sizeof *spots; i++) {
			rewrite(path, first.len, spots[i]);
			ask_well(s, code);
			struct rho_buf again = file_get(path);
			cr_assert(again.len == first.len && !memcmp(again.at, first.at, first.len), "byte %zu",
				  spots[i]);
			rho_buf_free(&again);
		}
		for (size_t len = 0; len < first.len; len += len < 200 ? 37 : 9000) {
			rewrite(path, len, SIZE_MAX);
			ask_well(s, code);
		}
		/* The same key, other numbers: no codes of theirs. */
		s->at[5] += 1;
		ask_well(s, code);
		s->at[5] -= 1;
		ask_well(s, code);
		rho_buf_free(&first);
		free(path);
	}
	cr_assert_eq(folder_count(s->folder, s->e.key), 3); /* two files and the lock */
	folder_remove(s->folder);
	free(s);
}

Test(store_codes, two_processes_and_rows_too_long)
{
	struct scene *s = calloc(1, sizeof *s);
	struct rho_buf why = { 0 };
	struct rho_stored_codes c;
	pid_t child[4];
	begin(s);
	for (size_t i = 0; i < 4; i++) {
		child[i] = fork();
		if (!child[i]) {
			int error = ask(s, RHO_CODE_INT8, &c, &why);
			_exit(error ? 1 : 0);
		}
	}
	for (size_t i = 0; i < 4; i++) {
		int status;
		waitpid(child[i], &status, 0);
		cr_assert_eq(status, 0);
	}
	ask_well(s, RHO_CODE_INT8);
	s->e.mat = (struct rho_mat){ s->at, 0, RHO_CODES_MOST_COLS + 1, RHO_CODES_MOST_COLS + 1 };
	cr_assert_eq(ask(s, RHO_CODE_INT8, &c, &why), RHO_EINVAL);
	cr_assert(strstr(why.at, "up to 65536 numbers"), "%s", why.at);
	rho_buf_free(&why);
	folder_remove(s->folder);
	free(s);
}

Test(store_codes, a_folder_that_cannot_be_written)
{
	struct scene *s = calloc(1, sizeof *s);
	struct rho_buf why = { 0 };
	struct rho_stored_codes c;
	begin(s);
	char *path = rho_xprintf("%s/%s.int8", s->folder, s->e.key);
	char *keep = rho_xprintf("%s/x", path);
	cr_assert_eq(rho_mkdirs(keep, &why), 0); /* a folder in the file's place, which root cannot replace, either */
	struct rho_store *store = rho_store_open(s->folder, &why);
	cr_assert_neq(rho_store_codes(store, &s->world, &s->e, RHO_CODE_INT8, &c, &why), 0);
	cr_assert(rho_store_unwritable(store) && why.len);
	cr_assert_null(c.map);
	rho_store_close(store);
	rho_buf_free(&why);
	free(path);
	free(keep);
	folder_remove(s->folder);
	free(s);
}
