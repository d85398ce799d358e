/* fuzz_digests.c: any bytes as the store's cache of digests. The 32 bytes that begin with "SIGNATURE" become
 * a large file's own, so that lines about it are reached. Whatever the cache holds, an answer comes: what the
 * first sound line about that file says, else the digest of its bytes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/file.h>
#include <store/store_impl.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { HEX = 32, LINE = 2 * HEX + 2, LARGE = 4 << 20, OLD_ENOUGH = 4 /* seconds */ };
static char folder[] = "/tmp/rho-fuzz-XXXXXX";
static char large[64], cache[64], lock[64], own[HEX], truth[HEX + 1];
static struct rho_store *store;
static int fd;

static void remove_folder(void)
{
	unlink(large);
	unlink(cache);
	rmdir(lock);
	rmdir(folder);
	rho_store_close(store);
}

static void must(bool kept)
{
	if (!kept)
		abort();
}

/* From now on the cache is a link to memory, and cannot be locked, so nothing is added to it. */
static void make_cache(void)
{
	char path[64];
	fd = memfd_create("digests", MFD_CLOEXEC);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (fd < 0 || unlink(cache) || symlink(path, cache) || unlink(lock) || mkdir(lock, 0777))
		exit(1);
}

/* A large file, old enough to be remembered, and its signature from the line that remembers it. */
static void make_store(void)
{
	struct rho_buf why = { 0 }, line = { 0 };
	struct rho_digest is = { 0 };
	FILE *f;
	if (!mkdtemp(folder))
		exit(1);
	atexit(remove_folder);
	snprintf(large, sizeof large, "%s/large", folder);
	snprintf(cache, sizeof cache, "%s/digests", folder);
	snprintf(lock, sizeof lock, "%s/digests.lock", folder);
	f = fopen(large, "w");
	if (!f || ftruncate(fileno(f), LARGE) || fclose(f))
		exit(1);
	sleep(OLD_ENOUGH);
	store = rho_store_open(folder, &why);
	must(store && !store_digest_path(store, large, &is, &why));
	rho_digest_hex(is, truth);
	must(!rho_file_read(cache, 0, &line, &why) && line.len == LINE);
	memcpy(own, line.at, HEX);
	rho_buf_free(&line);
	make_cache();
}

/* The digest that the first sound line about the file gives, or NULL. */
static const char *said(const char *text, size_t n)
{
	for (; n >= LINE; text += LINE, n -= LINE)
		if (!memcmp(text, own, HEX) && text[HEX] == ' ' && text[LINE - 1] == '\n' &&
		    !memchr(text + HEX + 1, 0, HEX) && strspn(text + HEX + 1, "0123456789abcdef") == HEX)
			return text + HEX + 1;
	return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct rho_buf text = { 0 }, why = { 0 };
	struct rho_digest is;
	char hex[HEX + 1];
	if (!store)
		make_store();
	rho_buf_add(&text, bytes, n);
	for (size_t i = 0; i + HEX <= n; i++)
		if (!memcmp(text.at + i, "SIGNATURE", 9))
			memcpy(text.at + i, own, HEX);
	if (ftruncate(fd, 0) || pwrite(fd, text.at, n, 0) != (ssize_t)n)
		exit(1);
	must(!store_digest_path(store, large, &is, &why));
	rho_digest_hex(is, hex);
	must(!memcmp(hex, said(text.at, n) ? said(text.at, n) : truth, HEX));
	rho_buf_free(&text);
	rho_buf_free(&why);
	return 0;
}
