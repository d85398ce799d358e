/* digests.c: remembers the digests of large files, so that weights are not read at every start.
 * DIR/digests has a line "SIGNATURE DIGEST" for each: the signature is a digest of the path and of
 * every file's path, size, times and inode. It is a cache: whatever is wrong with it, the files are
 * read instead. */
#include "store_impl.h"

#include <fts.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../base/file.h"

enum { HEX = 32, LINE = 2 * HEX + 2, MOST_LINES = 4096 };
static const uint64_t small = (uint64_t)4 << 20; /* bytes that are as well read again */

struct signature {
	char hex[HEX + 1];
	uint64_t bytes;
	time_t newest;
};

static int by_name(const FTSENT **a, const FTSENT **b) { return strcmp((*a)->fts_name, (*b)->fts_name); }

static void put_file(struct rho_hasher *h, const char *path, const struct stat *st, struct signature *s)
{
	uint64_t facts[] = {
		strlen(path),
		(uint64_t)st->st_size,
		(uint64_t)st->st_ino,
		(uint64_t)st->st_mtim.tv_sec,
		(uint64_t)st->st_mtim.tv_nsec,
		(uint64_t)st->st_ctim.tv_sec,
		(uint64_t)st->st_ctim.tv_nsec,
	};
	rho_hasher_put(h, facts, sizeof facts);
	rho_hasher_put(h, path, facts[0]);
	s->bytes += (uint64_t)st->st_size;
	if (st->st_mtim.tv_sec > s->newest)
		s->newest = st->st_mtim.tv_sec;
	if (st->st_ctim.tv_sec > s->newest)
		s->newest = st->st_ctim.tv_sec;
}

/* Looks at the files that rho_digest_path reads; false when something cannot be looked at. */
static bool sign(const char *path, struct signature *s)
{
	char *root = rho_xstrdup(path);
	char *const roots[] = { root, NULL };
	*s = (struct signature){ .bytes = 0 };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
	bool good = walk != NULL;
	struct rho_hasher *h = rho_hasher_new();
	struct stat st;
	for (FTSENT *e; good && (e = fts_read(walk));) {
		switch (e->fts_info) {
		case FTS_F: put_file(h, e->fts_path, e->fts_statp, s); break;
		case FTS_SL: /* a link to a file counts as the file */
			if (!stat(e->fts_path, &st) && S_ISREG(st.st_mode))
				put_file(h, e->fts_path, &st, s);
			break;
		case FTS_DNR:
		case FTS_ERR:
		case FTS_NS: good = false; break;
		}
	}
	rho_digest_hex(rho_hasher_finish(h), s->hex);
	if (walk)
		fts_close(walk);
	free(root);
	return good;
}

static bool hex_value(const char *s, uint64_t *out)
{
	*out = 0;
	for (int i = 0; i < 16; i++) {
		const char *digits = "0123456789abcdef", *d = memchr(digits, s[i], 16);
		if (!d)
			return false;
		*out = *out << 4 | (uint64_t)(d - digits);
	}
	return true;
}

static bool find(const struct rho_buf *lines, const struct signature *s, struct rho_digest *out)
{
	for (size_t i = 0; i + LINE <= lines->len; i += LINE) {
		const char *line = lines->at + i;
		if (!memcmp(line, s->hex, HEX) && line[HEX] == ' ' && line[LINE - 1] == '\n' &&
		    hex_value(line + HEX + 1, &out->hi) && hex_value(line + HEX + 17, &out->lo))
			return true;
	}
	return false;
}

static void remember(const struct rho_store *s, const struct signature *sign, struct rho_digest digest)
{
	struct rho_buf lines = { 0 }, ignored = { 0 };
	char *path = store_path(s, "digests", ""), hex[HEX + 1];
	int lock = store_lock(s, "digests", &ignored);
	if (lock >= 0) {
		if (rho_file_read(path, (size_t)MOST_LINES * LINE, &lines, &ignored) || lines.len % LINE)
			rho_buf_clear(&lines); /* there is none yet, or it is no good */
		rho_digest_hex(digest, hex);
		size_t skip = lines.len == (size_t)MOST_LINES * LINE ? LINE : 0; /* the oldest */
		rho_buf_printf(&lines, "%s %s\n", sign->hex, hex);
		rho_file_write(path, lines.at + skip, lines.len - skip, &ignored);
		close(lock);
	}
	free(path);
	rho_buf_free(&lines);
	rho_buf_free(&ignored);
}

int store_digest_path(const struct rho_store *s, const char *path, struct rho_digest *out,
                      struct rho_buf *why)
{
	struct signature before, after;
	if (!sign(path, &before) || before.bytes < small)
		return rho_digest_path(path, out, why);
	struct rho_buf lines = { 0 }, ignored = { 0 };
	char *file = store_path(s, "digests", "");
	bool known = !rho_file_read(file, (size_t)MOST_LINES * LINE, &lines, &ignored) &&
	             find(&lines, &before, out);
	free(file);
	rho_buf_free(&lines);
	rho_buf_free(&ignored);
	if (known)
		return 0;
	if (rho_digest_path(path, out, why))
		return -1;
	/* A file that was changed a moment ago may change again without its times telling. */
	if (sign(path, &after) && !strcmp(before.hex, after.hex) && after.newest < time(NULL) - 2)
		remember(s, &after, *out);
	return 0;
}
