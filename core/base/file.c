/* file.c: whole files, atomic writes, folders, locks and paths. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE = 1 << 16 };

int rho_file_pieces(const char *path, int (*put)(void *arg, const void *piece, size_t n), void *arg,
                    struct rho_buf *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	if (fd < 0) {
		rho_buf_printf(why, "%s cannot be opened: %s", path, strerror(errno));
		return -1;
	}
	char *piece = rho_xmalloc(PIECE);
	ssize_t got = 0;
	while (!rc && ((got = read(fd, piece, PIECE)) > 0 || (got < 0 && errno == EINTR)))
		if (got > 0)
			rc = put(arg, piece, (size_t)got);
	if (got < 0) {
		rho_buf_printf(why, "%s cannot be read: %s", path, strerror(errno));
		rc = -1;
	}
	free(piece);
	close(fd);
	return rc;
}

struct reading {
	const char *path;
	size_t limit, total;
	struct rho_buf *out, *why;
};

static int put_bytes(void *arg, const void *piece, size_t n)
{
	struct reading *r = arg;
	r->total += n;
	if (r->limit && r->total > r->limit) {
		rho_buf_printf(r->why, "%s is longer than the %zu bytes allowed here", r->path, r->limit);
		return -1;
	}
	rho_buf_add(r->out, piece, n);
	return 0;
}

int rho_file_read(const char *path, size_t limit, struct rho_buf *out, struct rho_buf *why)
{
	struct reading r = { .path = path, .limit = limit, .out = out, .why = why };
	int rc = rho_file_pieces(path, put_bytes, &r, why);
	rho_buf_add(out, "", 0); /* an empty file is text, too */
	return rc;
}

int rho_file_map(const char *path, void **at, size_t *len, struct rho_buf *why)
{
	struct stat st;
	/* Without O_NONBLOCK a named pipe in the file's place would be waited for. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), error;
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		rho_buf_printf(why, "%s cannot be read: %s", path,
		               fd < 0 ? strerror(errno) : "it is not a file");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	*len = (size_t)st.st_size;
	*at = *len ? mmap(NULL, *len, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
	error = errno;
	close(fd);
	if (*at != MAP_FAILED)
		return 0;
	if (*len)
		rho_buf_printf(why, "%s cannot be mapped: %s", path, strerror(error));
	else
		rho_buf_printf(why, "%s is truncated or damaged: it is empty", path);
	return -1;
}

struct rho_writer {
	int fd;
	int error;              /* errno of the first write that failed */
	bool direct;            /* the caller has the descriptor: nothing may be held back */
	char *path, *temporary; /* temporary NULL: written in place */
	size_t held;
	char piece[PIECE];
};

/* What to do about it, for the errors a user can do something about. */
static const char *advice(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT: return "; free some space there, then run again";
	case EACCES:
	case EPERM: return "; make it writable or choose another folder";
	case EROFS: return "; choose a folder that is not read-only";
	default: return "";
	}
}

/* A device or a pipe is written into: a rename would put a file in its place. */
static bool in_place(const char *path)
{
	struct stat st;
	return !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

/* The file to replace: what a link leads to, not the link. */
static char *behind_link(const char *path)
{
	struct stat st;
	char *real = !lstat(path, &st) && S_ISLNK(st.st_mode) ? realpath(path, NULL) : NULL;
	return real ? real : rho_xstrdup(path);
}

struct rho_writer *rho_writer_open(const char *path, struct rho_buf *why)
{
	static unsigned counter; /* with the process id: a name of its own for each writer */
	struct rho_writer *w = rho_xmalloc(sizeof *w);
	bool direct = in_place(path);
	*w = (struct rho_writer){ .fd = -1, .path = direct ? rho_xstrdup(path) : behind_link(path) };
	if (direct) {
		w->fd = open(path, O_WRONLY | O_CLOEXEC);
		if (w->fd >= 0)
			return w;
	}
	for (int tries = 0; tries < 100 && !direct; tries++) {
		unsigned unique = __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
		free(w->temporary);
		w->temporary = rho_xprintf("%s.tmp.%ld.%u", w->path, (long)getpid(), unique);
		w->fd = open(w->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (w->fd >= 0)
			return w;
		if (errno != EEXIST)
			break;
	}
	rho_buf_printf(why, "%s cannot be written: %s%s", path, strerror(errno), advice(errno));
	free(w->path);
	free(w->temporary);
	free(w);
	return NULL;
}

static int write_all(struct rho_writer *w, const char *bytes, size_t n)
{
	while (n && !w->error) {
		ssize_t did = write(w->fd, bytes, n);
		if (did < 0 && errno != EINTR)
			w->error = errno;
		if (did > 0) {
			bytes += did;
			n -= (size_t)did;
		}
	}
	return w->error ? -1 : 0;
}

static int flush(struct rho_writer *w)
{
	size_t n = w->held;
	w->held = 0;
	return write_all(w, w->piece, n);
}

int rho_writer_put(struct rho_writer *w, const void *bytes, size_t n)
{
	if (w->error || (n > PIECE - w->held && flush(w)))
		return -1;
	if (w->direct || n > PIECE)
		return write_all(w, bytes, n);
	if (n)
		memcpy(w->piece + w->held, bytes, n);
	w->held += n;
	return 0;
}

int rho_writer_fd(struct rho_writer *w)
{
	flush(w);
	w->direct = true;
	return w->fd;
}

/* The rename itself must reach the disk; a file system that cannot sync folders is no error. */
static void sync_folder_of(const char *path)
{
	char *dir = rho_path_dir(path);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(dir);
}

int rho_writer_commit(struct rho_writer *w, struct rho_buf *why)
{
	flush(w);
	if (!w->error && fsync(w->fd) && errno != EINVAL && errno != ENOTSUP)
		w->error = errno;
	if (close(w->fd) && !w->error)
		w->error = errno;
	w->fd = -1;
	if (!w->error && w->temporary && rename(w->temporary, w->path))
		w->error = errno;
	int error = w->error;
	if (error)
		rho_buf_printf(why, "%s cannot be written: %s%s", w->path, strerror(error), advice(error));
	else
		sync_folder_of(w->path);
	rho_writer_abort(w);
	return error ? -1 : 0;
}

void rho_writer_abort(struct rho_writer *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	if (w->temporary)
		unlink(w->temporary); /* after a commit that went well there is none */
	free(w->path);
	free(w->temporary);
	free(w);
}

int rho_file_write(const char *path, const void *bytes, size_t n, struct rho_buf *why)
{
	struct rho_writer *w = rho_writer_open(path, why);
	if (!w)
		return -1;
	rho_writer_put(w, bytes, n); /* a failure is remembered and told by commit */
	return rho_writer_commit(w, why);
}

int rho_mkdirs(const char *path, struct rho_buf *why)
{
	char *part = rho_xstrdup(path);
	struct stat st;
	int rc = 0;
	for (char *p = part + 1; *part; p++) {
		char was = *p;
		if (was && was != '/')
			continue;
		*p = '\0';
		int error = mkdir(part, 0777) ? errno : 0;
		if (error && (stat(part, &st) || !S_ISDIR(st.st_mode))) {
			if (error == EEXIST || error == ENOTDIR)
				rho_buf_printf(why, "%s is in the way: a folder should be there", part);
			else
				rho_buf_printf(why, "the folder %s cannot be made: %s%s", part,
				               strerror(error), advice(error));
			rc = -1;
		}
		*p = was;
		if (rc || !was)
			break;
	}
	free(part);
	return rc;
}

int rho_lock(const char *path, struct rho_buf *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0) {
		rho_buf_printf(why, "the lock %s cannot be opened: %s%s", path, strerror(errno),
		               advice(errno));
		return -1;
	}
	/* A signal ends the wait: whoever handles it wants the program to stop. */
	if (flock(fd, LOCK_EX)) {
		rho_buf_printf(why, "the lock %s cannot be taken: %s", path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}
