#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"

static char dir[64];
static void make_dir(void)
{
	strcpy(dir, "/tmp/rho-digest-XXXXXX");
	cr_assert_not_null(mkdtemp(dir));
}
static void remove_dir(void)
{
	char *command = rho_xprintf("rm -rf '%s'", dir);
	cr_assert_eq(system(command), 0);
	free(command);
}
TestSuite(digest, .init = make_dir, .fini = remove_dir);

static void put(const char *name, const char *text)
{
	struct rho_buf why = { 0 };
	char *path = rho_xprintf("%s/%s", dir, name);
	cr_assert_eq(rho_file_write(path, text, strlen(text), &why), 0, "%s", why.at);
	free(path);
}

static struct rho_digest of(const char *name)
{
	struct rho_digest d;
	struct rho_buf why = { 0 };
	char *path = rho_xprintf("%s/%s", dir, name);
	cr_assert_eq(rho_digest_path(path, &d, &why), 0, "%s", why.at);
	free(path);
	return d;
}

static bool equal(struct rho_digest a, struct rho_digest b) { return a.lo == b.lo && a.hi == b.hi; }

/* The published values: XXH3-128 of nothing (seed 0) and SHA-256 of "abc" and of nothing. */
Test(digest, known_values)
{
	char hex[65];
	struct rho_buf why = { 0 };
	rho_digest_hex(rho_digest_bytes("", 0), hex);
	cr_expect_str_eq(hex, "99aa06d3014798d86001c324468d497f");
	put("abc", "abc");
	put("empty", "");
	char *path = rho_xprintf("%s/abc", dir);
	cr_assert_eq(rho_sha256_file(path, hex, &why), 0);
	cr_expect_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	free(path);
	path = rho_xprintf("%s/empty", dir);
	cr_assert_eq(rho_sha256_file(path, hex, &why), 0);
	cr_expect_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	free(path);
}

Test(digest, pieces_make_the_whole)
{
	char text[100000];
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 7 + i / 251);
	struct rho_hasher *h = rho_hasher_new();
	for (size_t at = 0, n = 1; at < sizeof text; at += n, n = n * 3 % 977 + 1) {
		n = n < sizeof text - at ? n : sizeof text - at;
		rho_hasher_put(h, text + at, n);
	}
	cr_expect(equal(rho_hasher_finish(h), rho_digest_bytes(text, sizeof text)));
	struct rho_buf why = { 0 };
	char *path = rho_xprintf("%s/big", dir);
	cr_assert_eq(rho_file_write(path, text, sizeof text, &why), 0);
	cr_expect(equal(of("big"), rho_digest_bytes(text, sizeof text)));
	free(path);
}

Test(digest, a_folder_is_its_names_and_bytes)
{
	struct rho_buf why = { 0 };
	char *a = rho_xprintf("%s/a/sub", dir), *b = rho_xprintf("%s/b/sub", dir);
	cr_assert_eq(rho_mkdirs(a, &why), 0);
	cr_assert_eq(rho_mkdirs(b, &why), 0);
	put("a/x", "1");
	put("a/sub/y", "2");
	put("b/sub/y", "2");
	put("b/x", "1");
	cr_expect(equal(of("a"), of("b")));
	put("b/x", "3");
	cr_expect_not(equal(of("a"), of("b")));
	put("b/x", "1");
	put("b/z", "");
	cr_expect_not(equal(of("a"), of("b")));
	/* Bytes that move from one file to the next are another folder. */
	put("a/x", "12");
	put("a/xx", "3");
	struct rho_digest before = of("a");
	put("a/x", "1");
	put("a/xx", "23");
	cr_expect_not(equal(of("a"), before));
	/* A link to a file is the file; a link to a folder is passed over, even one that goes round. */
	before = of("b");
	char *loop = rho_xprintf("%s/b/sub/loop", dir), *link_x = rho_xprintf("%s/b/x", dir);
	char *to = rho_xprintf("%s/elsewhere", dir);
	cr_assert_eq(symlink(b, loop), 0);
	cr_expect(equal(of("b"), before));
	put("elsewhere", "1");
	cr_assert_eq(unlink(link_x), 0);
	cr_assert_eq(symlink(to, link_x), 0);
	cr_expect(equal(of("b"), before));
	free(a), free(b), free(loop), free(link_x), free(to);
}

Test(digest, what_cannot_be_read)
{
	struct rho_digest d;
	char hex[65];
	struct rho_buf why = { 0 };
	cr_expect_eq(rho_digest_path("/nowhere/x", &d, &why), -1);
	cr_expect_str_eq(why.at, "/nowhere/x cannot be read: No such file or directory");
	rho_buf_clear(&why);
	cr_expect_eq(rho_sha256_file("/nowhere/x", hex, &why), -1);
	cr_expect_str_eq(why.at, "/nowhere/x cannot be opened: No such file or directory");
	rho_buf_clear(&why);
	cr_expect_eq(rho_digest_path("/dev/null", &d, &why), -1);
	cr_expect_str_eq(why.at, "/dev/null is neither a file nor a folder");
	rho_buf_free(&why);
}
