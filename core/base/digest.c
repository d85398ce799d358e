/* digest.c: XXH3-128 of bytes, files and folders; SHA-256 of files. */
#include "digest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "file.h"

struct rho_hasher {
	XXH3_state_t *state;
};

static struct rho_digest from_xxh(XXH128_hash_t h) { return (struct rho_digest){ h.low64, h.high64 }; }

struct rho_digest rho_digest_bytes(const void *bytes, size_t n) { return from_xxh(XXH3_128bits(bytes, n)); }

void rho_digest_hex(struct rho_digest d, char out[33])
{
	snprintf(out, 33, "%016" PRIx64 "%016" PRIx64, d.hi, d.lo);
}

struct rho_hasher *rho_hasher_new(void)
{
	struct rho_hasher *h = rho_xmalloc(sizeof *h);
	h->state = XXH3_createState();
	if (!h->state || XXH3_128bits_reset(h->state) != XXH_OK) {
		fprintf(stderr, "rho: out of memory\n");
		exit(1);
	}
	return h;
}

void rho_hasher_put(struct rho_hasher *h, const void *bytes, size_t n)
{
	if (n)
		XXH3_128bits_update(h->state, bytes, n);
}

struct rho_digest rho_hasher_finish(struct rho_hasher *h)
{
	struct rho_digest d = from_xxh(XXH3_128bits_digest(h->state));
	XXH3_freeState(h->state);
	free(h);
	return d;
}

static int put_xxh(void *arg, const void *bytes, size_t n)
{
	rho_hasher_put(arg, bytes, n);
	return 0;
}

static int put_sha(void *arg, const void *bytes, size_t n)
{
	EVP_DigestUpdate(arg, bytes, n);
	return 0;
}

struct paths {
	char **at;
	size_t n, room;
};

static void paths_add(struct paths *p, char *path)
{
	if (p->n == p->room) {
		p->room = p->room ? 2 * p->room : 64;
		p->at = rho_xrealloc(p->at, p->room * sizeof *p->at);
	}
	p->at[p->n++] = path;
}

static void paths_free(struct paths *p)
{
	for (size_t i = 0; i < p->n; i++)
		free(p->at[i]);
	free(p->at);
}

/* Collects the paths, seen from `root`, of the regular files in root/below and deeper. A link to
 * a file counts as the file (model caches are made of them); a link to a folder is passed over,
 * since it may lead in a circle. */
static int list_files(const char *root, const char *below, struct paths *out, struct rho_buf *why)
{
	char *dir = *below ? rho_xprintf("%s/%s", root, below) : rho_xstrdup(root);
	DIR *d = opendir(dir);
	int rc = 0;
	if (!d) {
		rho_buf_printf(why, "the folder %s cannot be read: %s", dir, strerror(errno));
		free(dir);
		return -1;
	}
	struct dirent *e;
	while (!rc && (e = readdir(d))) {
		struct stat st;
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		char *path = *below ? rho_xprintf("%s/%s", below, e->d_name) : rho_xstrdup(e->d_name);
		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode))
			rc = list_files(root, path, out, why);
		else if (fstatat(dirfd(d), e->d_name, &st, 0) == 0 && S_ISREG(st.st_mode)) {
			paths_add(out, path);
			continue;
		}
		free(path);
	}
	closedir(d);
	free(dir);
	return rc;
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* Name, length of the name, size and bytes of each file: no two folders read alike. */
static int hash_folder(const char *root, struct rho_hasher *h, struct rho_buf *why)
{
	struct paths files = { 0 };
	int rc = list_files(root, "", &files, why);
	if (files.n)
		qsort(files.at, files.n, sizeof *files.at, by_bytes);
	for (size_t i = 0; !rc && i < files.n; i++) {
		char *path = rho_xprintf("%s/%s", root, files.at[i]);
		struct stat st;
		if (stat(path, &st)) {
			rho_buf_printf(why, "%s cannot be read: %s", path, strerror(errno));
			rc = -1;
		} else {
			uint64_t size[2] = { strlen(files.at[i]), (uint64_t)st.st_size };
			rho_hasher_put(h, size, sizeof size);
			rho_hasher_put(h, files.at[i], size[0]);
			rc = rho_file_pieces(path, put_xxh, h, why);
		}
		free(path);
	}
	paths_free(&files);
	return rc;
}

int rho_digest_path(const char *path, struct rho_digest *out, struct rho_buf *why)
{
	struct stat st;
	if (stat(path, &st)) {
		rho_buf_printf(why, "%s cannot be read: %s", path, strerror(errno));
		return -1;
	}
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode)) {
		rho_buf_printf(why, "%s is neither a file nor a folder", path);
		return -1;
	}
	struct rho_hasher *h = rho_hasher_new();
	int rc = S_ISDIR(st.st_mode) ? hash_folder(path, h, why) : rho_file_pieces(path, put_xxh, h, why);
	struct rho_digest d = rho_hasher_finish(h);
	if (!rc)
		*out = d;
	return rc;
}

int rho_sha256_file(const char *path, char hex[65], struct rho_buf *why)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL)) {
		EVP_MD_CTX_free(ctx);
		rho_buf_printf(why, "%s: libcrypto offers no SHA-256", path);
		return -1;
	}
	int rc = rho_file_pieces(path, put_sha, ctx, why);
	if (!rc && !EVP_DigestFinal_ex(ctx, sum, &n)) {
		rho_buf_printf(why, "%s: libcrypto could not finish the SHA-256", path);
		rc = -1;
	}
	EVP_MD_CTX_free(ctx);
	for (unsigned i = 0; !rc && i < n && i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	return rc;
}
