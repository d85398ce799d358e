/* bytes.c: plain files are read where they are wanted. A gzip file is inflated by a thread of its
 * own into a ring of blocks, so that inflating and parsing overlap; if no thread is to be had, it
 * is inflated in place. One producer, one consumer: a mutex around two counters is all. */
#include "bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define IN_SIZE    (64u << 10)
#define BLOCK_SIZE (256u << 10)
#define N_BLOCKS   4

struct block { size_t len; unsigned char at[BLOCK_SIZE]; };

struct rho_bytes {
	char *path;
	int fd;
	bool gzip, at_end;      /* at_end: of the stored file */
	bool between;           /* gzip: before a member's header */
	size_t members;
	z_stream z;
	size_t in_from, in_to;  /* plain files: what of `in` is still to be given */
	double size;            /* bytes as stored; 0: unknown */
	_Atomic size_t taken;   /* bytes of the stored file read so far */
	unsigned char in[IN_SIZE];

	struct block *ring;     /* (N_BLOCKS); NULL: inflated in place */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t filled, emptied; /* blocks ever */
	size_t used;            /* of the block now being emptied */
	bool finished, cancelled;
	struct rho_trouble trouble;     /* the thread's; read once `finished` */
};

/* Fills `in` from its start. 0 or an error; at_end once there is nothing more. */
static int refill(struct rho_bytes *b, struct rho_trouble *t)
{
	ssize_t got;
	do
		got = read(b->fd, b->in, IN_SIZE);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EISDIR)
		return rho_trouble_at(t, RHO_EIO, b->path, 0, "this is a folder; a file is needed here");
	if (got < 0)
		return rho_trouble_at(t, RHO_EIO, b->path, 0, "cannot be read: %s", strerror(errno));
	b->in_from = 0;
	b->in_to = (size_t)got;
	b->at_end = got == 0;
	atomic_fetch_add_explicit(&b->taken, (size_t)got, memory_order_relaxed);
	return 0;
}

static int damaged(struct rho_bytes *b, struct rho_trouble *t)
{
	return rho_trouble_at(t, RHO_EFORMAT, b->path, 0,
	                      "the gzip data is damaged near byte %zu (%s); fetch the file again "
	                      "(`gzip -t` tells whether it is whole)",
	                      atomic_load(&b->taken) - b->z.avail_in, b->z.msg ? b->z.msg : "bad data");
}

/* Inflates up to n bytes; several members end to end are one file, zero bytes after the last are
 * padding. *got 0: the end. What was inflated before trouble is still given, the trouble kept. */
static int inflate_some(struct rho_bytes *b, void *out, size_t n, size_t *got, struct rho_trouble *t)
{
	b->z.next_out = out;
	b->z.avail_out = (uInt)n;
	while (b->z.avail_out && !t->code) {
		if (!b->z.avail_in && !b->at_end) {
			if (refill(b, t))
				break;
			b->z.next_in = b->in;
			b->z.avail_in = (uInt)b->in_to;
		}
		while (b->between && b->members && b->z.avail_in && !*b->z.next_in) {
			b->z.next_in++;
			b->z.avail_in--;
		}
		if (b->between && !b->z.avail_in) {
			if (b->at_end)
				break;
			continue;
		}
		b->between = false;
		int r = inflate(&b->z, Z_NO_FLUSH);
		if (r == Z_STREAM_END) {
			inflateReset(&b->z);
			b->between = true;
			b->members++;
		} else if (r == Z_MEM_ERROR) {
			rho_trouble_at(t, RHO_ENOMEM, b->path, 0, "no memory left to inflate it");
		} else if (r == Z_BUF_ERROR && b->at_end) {
			rho_trouble_at(t, RHO_EFORMAT, b->path, 0,
				       "the gzip data ends too early, after %zu bytes: "
				       "the file is not whole; fetch it again",
				       atomic_load(&b->taken));
		} else if (r != Z_OK && r != Z_BUF_ERROR) {
			damaged(b, t);
		}
	}
	*got = n - b->z.avail_out;
	return t->code;
}

static void *inflate_ahead(void *arg)
{
	struct rho_bytes *b = arg;
	for (bool more = true; more; ) {
		pthread_mutex_lock(&b->lock);
		while (b->filled - b->emptied == N_BLOCKS && !b->cancelled)
			pthread_cond_wait(&b->changed, &b->lock);
		more = !b->cancelled;
		pthread_mutex_unlock(&b->lock);
		if (!more)
			break;
		struct block *block = &b->ring[b->filled % N_BLOCKS];
		inflate_some(b, block->at, BLOCK_SIZE, &block->len, &b->trouble);
		more = block->len && !b->trouble.code;
		pthread_mutex_lock(&b->lock);
		b->filled += block->len > 0;
		b->finished = !more;
		pthread_cond_signal(&b->changed);
		pthread_mutex_unlock(&b->lock);
	}
	return NULL;
}

/* The thread takes no signals: they are the host's. Without memory or a thread, ring stays NULL. */
static void start_thread(struct rho_bytes *b)
{
	sigset_t all, before;
	b->ring = malloc(N_BLOCKS * sizeof(*b->ring));
	if (!b->ring)
		return;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->changed, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&b->thread, NULL, inflate_ahead, b);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (failed) {
		free(b->ring);
		b->ring = NULL;
	}
}

/* Control characters that no text has. */
static bool binary(const unsigned char *at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (at[i] < '\t' || (at[i] > '\r' && at[i] < ' ' && at[i] != 0x1b))
			return true;
	return false;
}

/* A name that promises gzip over bytes that are neither that nor text, which some tools leave when
 * they inflate in passing. */
static bool misnamed(const struct rho_bytes *b)
{
	size_t n = strlen(b->path);
	return !b->gzip && n > 3 && !strcmp(b->path + n - 3, ".gz") && binary(b->in, b->in_to);
}

static int start(struct rho_bytes *b, struct rho_trouble *t)
{
	struct stat st;
	if (refill(b, t))
		return t->code;
	b->size = !fstat(b->fd, &st) && S_ISREG(st.st_mode) ? (double)st.st_size : 0;
	b->gzip = b->in_to >= 2 && b->in[0] == 0x1f && b->in[1] == 0x8b;
	if (misnamed(b))
		return rho_trouble_at(t, RHO_EFORMAT, b->path, 0,
		                      "its name ends in .gz, but this is neither gzip data nor text; fetch the "
		                      "file again, or pack it with gzip");
	if (!b->gzip)
		return 0;
	b->z.next_in = b->in;
	b->z.avail_in = (uInt)b->in_to;
	b->between = true;
	if (inflateInit2(&b->z, 15 + 16) != Z_OK) {
		b->gzip = false;
		return rho_trouble_at(t, RHO_ENOMEM, b->path, 0, "no memory left to inflate it");
	}
	start_thread(b);
	return 0;
}

struct rho_bytes *rho_bytes_open(const char *path, struct rho_trouble *t)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			rho_trouble_at(t, RHO_EIO, path, 0, "there is no such file");
		else
			rho_trouble_at(t, RHO_EIO, path, 0, "cannot be opened: %s", strerror(errno));
		return NULL;
	}
	struct rho_bytes *b = calloc(1, sizeof(*b));
	char *copy = strdup(path);
	if (!b || !copy) {
		rho_trouble_at(t, RHO_ENOMEM, path, 0, "no memory left to read it");
		free(b);
		free(copy);
		close(fd);
		return NULL;
	}
	b->fd = fd;
	b->path = copy;
	if (start(b, t)) {
		rho_bytes_close(b);
		return NULL;
	}
	return b;
}

void rho_bytes_close(struct rho_bytes *b)
{
	if (!b)
		return;
	if (b->ring) {
		pthread_mutex_lock(&b->lock);
		b->cancelled = true;
		pthread_cond_signal(&b->changed);
		pthread_mutex_unlock(&b->lock);
		pthread_join(b->thread, NULL);
		pthread_mutex_destroy(&b->lock);
		pthread_cond_destroy(&b->changed);
		free(b->ring);
	}
	if (b->gzip)
		inflateEnd(&b->z);
	close(b->fd);
	free(b->path);
	free(b);
}

/* Copies from the oldest filled block, waiting for one if need be. */
static int read_ring(struct rho_bytes *b, void *out, size_t n, size_t *got, struct rho_trouble *t)
{
	pthread_mutex_lock(&b->lock);
	while (b->filled == b->emptied && !b->finished)
		pthread_cond_wait(&b->changed, &b->lock);
	bool any = b->filled > b->emptied;
	pthread_mutex_unlock(&b->lock);
	if (!any)
		return b->trouble.code ? rho_trouble_set(t, b->trouble.code, "%s", b->trouble.text) : 0;
	struct block *block = &b->ring[b->emptied % N_BLOCKS];
	*got = block->len - b->used < n ? block->len - b->used : n;
	memcpy(out, block->at + b->used, *got);
	b->used += *got;
	if (b->used == block->len) {
		pthread_mutex_lock(&b->lock);
		b->emptied++;
		b->used = 0;
		pthread_cond_signal(&b->changed);
		pthread_mutex_unlock(&b->lock);
	}
	return 0;
}

int rho_bytes_read(struct rho_bytes *b, void *out, size_t n, size_t *got, struct rho_trouble *t)
{
	*got = 0;
	if (b->ring)
		return read_ring(b, out, n, got, t);
	if (b->gzip) {
		if (!b->trouble.code)
			inflate_some(b, out, n < BLOCK_SIZE ? n : BLOCK_SIZE, got, &b->trouble);
		if (*got || !b->trouble.code)
			return 0;
		return rho_trouble_set(t, b->trouble.code, "%s", b->trouble.text);
	}
	if (b->in_from == b->in_to && !b->at_end && refill(b, t))
		return t->code;
	*got = b->in_to - b->in_from < n ? b->in_to - b->in_from : n;
	memcpy(out, b->in + b->in_from, *got);
	b->in_from += *got;
	return 0;
}

double rho_bytes_done(const struct rho_bytes *b)
{
	double done = b->size > 0 ? (double)atomic_load(&b->taken) / b->size : 0;
	return done < 1 ? done : 1;
}
