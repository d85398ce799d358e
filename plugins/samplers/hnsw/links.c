/* links.c: the file of an index: head, then words. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "links.h"

#define MAGIC 0x3177736e686f6872u       /* "rhohnsw1" in memory on a little-endian machine */

struct hnsw_head hnsw_head_of(const struct rho_rows *rows, size_t m, size_t ef_construction, bool lengths)
{
	struct hnsw_head h = { .magic = MAGIC, .rows = rows->n, .cols = rows->mat->cols, .m = m,
	                       .ef_construction = ef_construction, .lengths = lengths };
	XXH3_state_t *state = XXH3_createState();
	XXH128_hash_t sum = { 0, 0 };
	if (state && XXH3_128bits_reset(state) == XXH_OK) {
		for (size_t i = 0; i < rows->n; i++)
			XXH3_128bits_update(state, rho_row(rows, i), rows->mat->cols * sizeof(float));
		sum = XXH3_128bits_digest(state);
	}
	XXH3_freeState(state);
	h.matrix[0] = sum.low64;
	h.matrix[1] = sum.high64;
	return h;
}

/* Each row's level into level (rows), as far as the words hold; false where they do not. */
static bool read_levels(const uint32_t *word, size_t n, size_t rows, size_t m, uint8_t *level)
{
	size_t at = 2;
	for (size_t i = 0; i < rows; i++) {
		if (at == n || word[at] >= HNSW_LEVELS)
			return false;
		level[i] = (uint8_t)word[at++];
		for (size_t l = 0; l <= level[i]; l++) {
			if (at == n || word[at] > (l ? m : 2 * m) || word[at] > n - at - 1)
				return false;
			at += 1 + word[at];
		}
	}
	return at == n;
}

bool hnsw_links_check(const uint32_t *word, size_t n, size_t rows, size_t m, uint8_t *level)
{
	size_t at = 2;
	if (n < 2 || word[0] >= rows || !read_levels(word, n, rows, m, level) || level[word[0]] != word[1])
		return false;
	for (size_t i = 0; i < rows; i++) {
		at++;
		if (level[i] > word[1])
			return false;
		for (size_t l = 0; l <= level[i]; l++)
			for (uint32_t left = word[at++]; left; left--, at++)
				if (word[at] >= rows || level[word[at]] < l)
					return false;
	}
	return true;
}

/* ---- reading ---- */

static int read_all(int fd, const char *path, void *out, size_t n, struct rho_trouble *t)
{
	for (size_t got = 0; got < n; ) {
		ssize_t r = read(fd, (char *)out + got, n - got);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return rho_trouble_at(t, RHO_EIO, path, 0, "cannot be read: %s", strerror(errno));
		if (!r)
			return rho_trouble_at(t, RHO_EFORMAT, path, 0, "ends before it should: delete it, and it"
			                      " is made again");
		got += (size_t)r;
	}
	return 0;
}

static int judge_head(const struct hnsw_head *h, const struct hnsw_head *want, uint64_t bytes, const char *path,
                      struct rho_trouble *t)
{
	if (h->magic != MAGIC)
		return rho_trouble_at(t, RHO_EFORMAT, path, 0, "is not an index made by the sampler hnsw");
	if (h->rows != want->rows || h->cols != want->cols || memcmp(h->matrix, want->matrix, sizeof h->matrix))
		return rho_trouble_at(t, RHO_EFORMAT, path, 0, "is the index of another matrix: of %llu rows of"
		                      " %llu numbers%s, and here are %llu rows of %llu; name a folder instead,"
		                      " where each matrix gets an index of its own",
		                      (unsigned long long)h->rows, (unsigned long long)h->cols,
		                      h->rows == want->rows && h->cols == want->cols ? " with other values" : "",
		                      (unsigned long long)want->rows, (unsigned long long)want->cols);
	if (h->m != want->m || h->ef_construction != want->ef_construction || h->lengths != want->lengths)
		return rho_trouble_at(t, RHO_EFORMAT, path, 0, "was made with M = %llu and ef_construction = %llu,"
		                      " and %llu and %llu are asked for; set these, or name a folder instead",
		                      (unsigned long long)h->m, (unsigned long long)h->ef_construction,
		                      (unsigned long long)want->m, (unsigned long long)want->ef_construction);
	if (bytes % sizeof(uint32_t) || h->words != bytes / sizeof(uint32_t))
		return rho_trouble_at(t, RHO_EFORMAT, path, 0, "has %llu bytes of links and says it has %llu times"
		                      " four: delete it, and it is made again", (unsigned long long)bytes,
		                      (unsigned long long)h->words);
	return 0;
}

static int read_words(int fd, const char *path, const struct hnsw_head *h, uint32_t **word, struct rho_trouble *t)
{
	size_t n = (size_t)h->words;
	uint8_t *level = malloc((size_t)h->rows);
	*word = malloc(n * sizeof **word + 1);
	if (!*word || !level)
		rho_trouble_at(t, RHO_ENOMEM, path, 0, "there is no memory for its %zu links", n);
	else if (!read_all(fd, path, *word, n * sizeof **word, t) &&
	         (XXH3_64bits(*word, n * sizeof **word) != h->sum ||
	          !hnsw_links_check(*word, n, (size_t)h->rows, (size_t)h->m, level)))
		rho_trouble_at(t, RHO_EFORMAT, path, 0, "is damaged: delete it, and it is made again");
	free(level);
	if (t->code) {
		free(*word);
		*word = NULL;
	}
	return t->code;
}

int hnsw_links_read(const char *path, const struct hnsw_head *want, uint32_t **word, struct rho_trouble *t)
{
	struct hnsw_head h;
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), e;
	*word = NULL;
	if (fd < 0)
		return rho_trouble_at(t, RHO_EIO, path, 0, "cannot be opened: %s", strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (uint64_t)st.st_size < sizeof h)
		e = rho_trouble_at(t, RHO_EFORMAT, path, 0, "is not an index made by the sampler hnsw");
	else
		e = read_all(fd, path, &h, sizeof h, t);
	if (!e)
		e = judge_head(&h, want, (uint64_t)st.st_size - sizeof h, path, t);
	if (!e)
		e = read_words(fd, path, &h, word, t);
	close(fd);
	return e;
}

/* ---- writing ---- */

static bool write_all(int fd, const void *at, size_t n)
{
	for (size_t put = 0; put < n; ) {
		ssize_t r = write(fd, (const char *)at + put, n - put);
		if (r < 0 && errno != EINTR)
			return false;
		put += r > 0 ? (size_t)r : 0;
	}
	return true;
}

int hnsw_links_write(const char *path, struct hnsw_head h, const uint32_t *word, struct rho_trouble *t)
{
	size_t room = strlen(path) + 32;
	char *tmp = malloc(room);
	int fd;
	if (!tmp)
		return rho_trouble_at(t, RHO_ENOMEM, path, 0, "there is no memory for its name");
	h.sum = XXH3_64bits(word, (size_t)h.words * sizeof *word);
	snprintf(tmp, room, "%s.%ld.tmp", path, (long)getpid());
	fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0) {
		rho_trouble_at(t, RHO_EIO, tmp, 0, "cannot be made: %s", strerror(errno));
	} else {
		bool fine = write_all(fd, &h, sizeof h) && write_all(fd, word, (size_t)h.words * sizeof *word) &&
		            !fsync(fd);
		fine = !close(fd) && fine;
		if (!fine || rename(tmp, path)) {
			rho_trouble_at(t, RHO_EIO, path, 0, "cannot be written: %s", strerror(errno));
			unlink(tmp);
		}
	}
	free(tmp);
	return t->code;
}
