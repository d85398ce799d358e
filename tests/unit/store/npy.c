/* npy.c: float32 matrices as .npy files, ours and NumPy's. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <store/npy.h>
#include <store/store.h>
#include "folder.h"

static float *matrix(size_t rows, size_t cols)
{
	float *m = malloc((rows * cols + 1) * sizeof *m);
	for (size_t i = 0; i < rows * cols; i++)
		m[i] = (float)i / 7 - 3;
	return m;
}

static void write_and_map(size_t rows, size_t cols)
{
	char *folder = folder_new(), *path = folder_path(folder, "m.npy");
	struct rho_buf why = { 0 };
	struct rho_mat mat;
	void *map;
	size_t len;
	float *m = matrix(rows, cols);
	npy_put(path, m, rows, cols);
	cr_assert_eq(file_size(path), 128 + rows * cols * 4);
	cr_assert_eq(rho_npy_map(path, &mat, &map, &len, &why), 0, "%s", why.at);
	cr_assert(mat.rows == rows && mat.cols == cols && mat.stride == cols);
	cr_assert_eq((uintptr_t)mat.at % 64, 0);
	cr_assert_eq(memcmp(mat.at, m, rows * cols * sizeof *m), 0);
	munmap(map, len);
	free(m);
	free(path);
	folder_remove(folder);
	rho_buf_free(&why);
}

Test(npy, give_back_what_was_written)
{
	write_and_map(1, 1);
	write_and_map(1000, 37);
	write_and_map(0, 5);
}

/* The format as NumPy documents it, byte by byte. */
Test(npy, write_a_head_as_specified)
{
	char head[NPY_HEAD];
	const char *text = "{'descr': '<f4', 'fortran_order': False, 'shape': (12345, 384), }";
	npy_head_write(head, 12345, 384);
	cr_assert_eq(memcmp(head, "\x93NUMPY\x01\x00", 8), 0);
	cr_assert_eq((unsigned char)head[8] + 256 * (unsigned char)head[9], NPY_HEAD - 10);
	cr_assert_eq(memcmp(head + 10, text, strlen(text)), 0);
	for (size_t i = 10 + strlen(text); i < NPY_HEAD - 1; i++)
		cr_assert_eq(head[i], ' ');
	cr_assert_eq(head[NPY_HEAD - 1], '\n');
	npy_head_write(head, SIZE_MAX, SIZE_MAX);       /* the longest shape fits */
	cr_assert_eq(head[NPY_HEAD - 1], '\n');
	cr_assert(memchr(head, '}', NPY_HEAD));
}

/* A file of `data` zero bytes behind a head of this version and text, padded to 64 bytes. */
static int read_text(int version, const char *text, size_t data, size_t shape[2], struct rho_buf *why)
{
	size_t prefix = version == 1 ? 10 : 12, n = strlen(text), total = (prefix + n + 1 + 63) / 64 * 64, at;
	unsigned char *file = calloc(1, total + data);
	memset(file, ' ', total);
	memcpy(file, "\x93NUMPY", 6);
	file[6] = (unsigned char)version;
	file[7] = 0;
	for (size_t i = 8; i < prefix; i++)
		file[i] = (unsigned char)((total - prefix) >> (8 * (i - 8)));
	memcpy(file + prefix, text, n);
	file[total - 1] = '\n';
	rho_buf_clear(why);
	int rc = npy_head_read(file, total + data, "m.npy", &shape[0], &shape[1], &at, why);
	if (!rc)
		cr_assert_eq(at, total);
	free(file);
	return rc;
}

Test(npy, read_any_conforming_head)
{
	static const char *const heads[] = {
		"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }",
		"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)}",
		"{\"shape\": (3,2,), \"descr\": \"<f4\", \"fortran_order\": False}",
		"{ 'fortran_order' :False ,\t'shape':( 3L , 2L ), 'descr':'<f4' , }",
	};
	struct rho_buf why = { 0 };
	size_t shape[2];
	for (int version = 1; version <= 3; version++)
		for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
			cr_assert_eq(read_text(version, heads[i], 24, shape, &why), 0, "%s", why.at);
			cr_assert(shape[0] == 3 && shape[1] == 2);
		}
	rho_buf_free(&why);
}

Test(npy, refuse_what_is_something_else)
{
	static const struct { const char *text, *says; size_t data; } wrong[] = {
		{ "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }", "type '<f8'", 48 },
		{ "{'descr': '>f4', 'fortran_order': False, 'shape': (3, 2), }", "type '>f4'", 24 },
		{ "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2), }", "Fortran order", 24 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", "1 dimensions", 24 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2, 1), }", "3 dimensions", 24 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (), }", "0 dimensions", 4 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (3), }", "not a dictionary", 12 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", "truncated", 20 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", "truncated", 28 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
		  "truncated", 0 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999, 0), }",
		  "not a dictionary", 0 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (-3, 2), }", "not a dictionary", 24 },
		{ "{'descr': '<f4', 'fortran_order': False, }", "not a dictionary", 24 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), 'more': 1 }",
		  "not a dictionary", 24 },
		{ "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3, 2) }",
		  "not a dictionary", 24 },
		{ "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (3, 2), }", "not a dictionary",
		  24 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), } x", "not a dictionary", 24 },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2)", "not a dictionary", 24 },
		{ "{'descr': '<f4", "not a dictionary", 24 },
		{ "", "not a dictionary", 24 },
	};
	struct rho_buf why = { 0 };
	size_t shape[2];
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		cr_assert_eq(read_text(1, wrong[i].text, wrong[i].data, shape, &why), -1, "%s",
		             wrong[i].text);
		cr_assert(says(&why, wrong[i].says) && says(&why, "m.npy"), "%s: %s", wrong[i].text, why.at);
	}
	cr_assert_eq(read_text(4, wrong[0].text, 24, shape, &why), -1);
	cr_assert(says(&why, "format other than"));
	rho_buf_free(&why);
}

Test(npy, refuse_every_truncation)
{
	char *folder = folder_new(), *path = folder_path(folder, "m.npy");
	struct rho_buf why = { 0 };
	struct rho_mat mat;
	void *map;
	size_t len;
	float *m = matrix(3, 4);
	npy_put(path, m, 3, 4);
	struct rho_buf all = file_get(path);
	for (size_t n = 0; n < all.len; n++) {
		file_put(path, all.at, n);
		rho_buf_clear(&why);
		cr_assert_eq(rho_npy_map(path, &mat, &map, &len, &why), -1, "%zu bytes", n);
		cr_assert(says(&why, path));
	}
	rho_buf_clear(&why);
	cr_assert_eq(rho_npy_map(folder, &mat, &map, &len, &why), -1);
	cr_assert(says(&why, folder));
	cr_assert_eq(remove(path), 0);
	cr_assert_eq(mkfifo(path, 0600), 0);
	rho_buf_clear(&why);
	cr_assert_eq(rho_npy_map(path, &mat, &map, &len, &why), -1, "a pipe is not waited for");
	cr_assert(says(&why, "it is not a file"));
	rho_buf_free(&all);
	rho_buf_free(&why);
	free(m);
	free(path);
	folder_remove(folder);
}

/* Runs a line of Python in the folder; its exit status. */
static int python(const char *folder, const char *code)
{
	char *line = rho_xprintf("cd '%s' && python3 -c \"%s\"", folder, code);
	int rc = system(line);
	free(line);
	return rc;
}

Test(npy, agree_with_numpy)
{
	char *folder = folder_new(), *ours = folder_path(folder, "ours.npy");
	char *theirs = folder_path(folder, "theirs.npy");
	struct rho_buf why = { 0 };
	struct rho_mat mat;
	void *map;
	size_t len;
	if (python(folder, "import numpy") != 0) {
		folder_remove(folder);
		cr_skip_test("python3 has no numpy");
	}
	float *m = matrix(50, 12);
	npy_put(ours, m, 50, 12);
	cr_assert_eq(python(folder,
		"import numpy as np\n"
		"a = np.load('ours.npy', mmap_mode='r')\n"
		"assert a.dtype == np.float32 and a.shape == (50, 12) and a.flags['C_CONTIGUOUS']\n"
		"assert a.ctypes.data % 64 == 0\n"
		"w = (np.arange(600, dtype=np.float32) / np.float32(7) - np.float32(3)).reshape(50, 12)\n"
		"assert (a == w).all()\n"
		"np.save('theirs.npy', w[::-1].copy())\n"), 0);
	cr_assert_eq(rho_npy_map(theirs, &mat, &map, &len, &why), 0, "%s", why.at);
	cr_assert(mat.rows == 50 && mat.cols == 12);
	cr_assert_eq(memcmp(mat.at, m + 49 * 12, 12 * sizeof *m), 0);
	munmap(map, len);
	free(m);
	free(ours);
	free(theirs);
	folder_remove(folder);
	rho_buf_free(&why);
}
