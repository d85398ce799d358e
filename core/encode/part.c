/* part.c: a .npy file that grows, and the journal that survives the process. The journal is written after the
 * rows that it counts have reached the disk, so what it says is there is there. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/file.h"
#include "../run/clock.h"
#include "../store/npy.h"
#include "part.h"

enum { VERSION = 1 };
static const double note_every = 1; /* seconds */

static int cannot(const char *path, const char *what, struct rho_buf *why)
{
	rho_buf_printf(why, "%s cannot be %s: %s", path, what, strerror(errno));
	return -1;
}

/* ---- the journal ---- */

static int note(struct rho_part_file *p, struct rho_buf *why)
{
	json_t *o = json_pack("{s:i, s:s, s:I, s:I, s:b, s:I}", "rho_encode", VERSION, "key", p->key, "rows",
	                      (json_int_t)p->rows, "dim", (json_int_t)p->dim, "unit_norm", (int)p->unit_norm,
	                      "done", (json_int_t)p->done);
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
	int rc = -1;
	if (!text)
		rho_buf_printf(why, "%s cannot be written: memory is short", p->journal);
	else if (fdatasync(p->fd))
		cannot(p->part, "written", why);
	else
		rc = rho_file_write(p->journal, text, strlen(text), why);
	free(text);
	json_decref(o);
	p->noted = rho_clock();
	return rc;
}

/* What a journal says; false when it is none. */
static bool read_journal(const char *path, struct rho_part_file *said)
{
	struct rho_buf text = { 0 }, why = { 0 };
	json_int_t rows, dim, done;
	const char *key;
	int version, unit_norm;
	json_t *o = rho_file_read(path, 4096, &text, &why) ? NULL : json_loadb(text.at, text.len, 0, NULL);
	bool good = o &&
	            !json_unpack(o, "{s:i, s:s, s:I, s:I, s:b, s:I}", "rho_encode", &version, "key", &key,
	                         "rows", &rows, "dim", &dim, "unit_norm", &unit_norm, "done", &done) &&
	            version == VERSION && strlen(key) == 32 && rows > 0 && dim > 0 && dim <= 1 << 20 &&
	            done >= 0 && done <= rows;
	if (good) {
		*said = (struct rho_part_file){
			.rows = (size_t)rows, .dim = (size_t)dim, .unit_norm = unit_norm, .done = (size_t)done
		};
		memcpy(said->key, key, sizeof said->key);
	}
	json_decref(o);
	rho_buf_free(&text);
	rho_buf_free(&why);
	return good;
}

/* Where row i begins in the file; SIZE_MAX: nowhere. */
static size_t place(const struct rho_part_file *p, size_t i)
{
	size_t at;
	if (__builtin_mul_overflow(i, p->dim * sizeof(float), &at) || at > (size_t)INT64_MAX - NPY_HEAD)
		return SIZE_MAX;
	return NPY_HEAD + at;
}

/* ---- opening ---- */

/* Whether the part is worth going on with. */
static int look(struct rho_part_file *p, struct rho_buf *why)
{
	struct rho_part_file said;
	struct stat st;
	if (fstat(p->fd, &st))
		return cannot(p->part, "read", why);
	if (!read_journal(p->journal, &said) || st.st_size < NPY_HEAD)
		return 0;
	if (strcmp(said.key, p->key) || said.rows != p->rows) {
		rho_buf_printf(
			why,
			"%s holds %zu of %zu rows of another encoder, other parameters or another input; "
			"--restart throws them away and begins anew",
			p->part, said.done, said.rows);
		return RHO_PART_OTHER;
	}
	if (place(&said, said.done) > (size_t)st.st_size)
		return 0;
	p->dim = said.dim;
	p->unit_norm = said.unit_norm;
	p->done = said.done;
	return 0;
}

static int lock(struct rho_part_file *p, struct rho_buf *why)
{
	struct stat st;
	if (!stat(p->out, &st) && !S_ISREG(st.st_mode)) {
		rho_buf_printf(why, "%s is not a file: rows cannot be put there", p->out);
		return -1;
	}
	p->fd = open(p->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (p->fd < 0)
		return cannot(p->part, "written", why);
	/* A process that was just killed may have a child that is still ending. */
	for (int tries = 0; tries < 30 && !p->locked; tries++) {
		p->locked = !flock(p->fd, LOCK_EX | LOCK_NB);
		if (!p->locked)
			usleep(100000);
	}
	if (p->locked)
		return 0;
	rho_buf_printf(why, "%s: another process is writing it", p->part);
	return -1;
}

int rho_part_open(struct rho_part_file *p, const char *out, const char *key, size_t rows, bool restart,
                  struct rho_buf *why)
{
	struct stat st;
	char *real = !lstat(out, &st) && S_ISLNK(st.st_mode) ? realpath(out, NULL) : NULL;
	*p = (struct rho_part_file){ .out = real ? real : rho_xstrdup(out), .fd = -1, .rows = rows };
	snprintf(p->key, sizeof p->key, "%s", key);
	p->part = rho_xprintf("%s.part", p->out);
	p->journal = rho_xprintf("%s.journal", p->out);
	if (lock(p, why))
		return -1;
	if (!restart)
		return look(p, why);
	unlink(p->journal);
	return 0;
}

void rho_part_close(struct rho_part_file *p)
{
	if (p->locked && access(p->journal, F_OK))
		unlink(p->part); /* or it is OUT by now */
	if (p->fd >= 0)
		close(p->fd);
	free(p->out);
	free(p->part);
	free(p->journal);
	p->fd = -1;
}

/* ---- rows ---- */

static int write_at(struct rho_part_file *p, const void *bytes, size_t n, size_t at, struct rho_buf *why)
{
	for (const char *from = bytes; n;) {
		ssize_t did = pwrite(p->fd, from, n, (off_t)at);
		if (did < 0 && errno != EINTR)
			return cannot(p->part, "written", why);
		from += did > 0 ? did : 0;
		at += did > 0 ? (size_t)did : 0;
		n -= did > 0 ? (size_t)did : 0;
	}
	return 0;
}

int rho_part_shape(struct rho_part_file *p, size_t dim, bool unit_norm, struct rho_buf *why)
{
	char head[NPY_HEAD];
	size_t end;
	int error;
	if (p->done && p->dim == dim && p->unit_norm == unit_norm)
		return 0;
	p->dim = dim;
	p->unit_norm = unit_norm;
	p->done = 0;
	end = place(p, p->rows);
	npy_head_write(head, p->rows, dim);
	unlink(p->journal);
	errno = EFBIG;
	if (end == SIZE_MAX || ftruncate(p->fd, 0))
		return cannot(p->part, "written", why);
	do {
		error = posix_fallocate(p->fd, 0, (off_t)end);
	} while (error == EINTR);
	if (error) {
		rho_buf_printf(why, "%s cannot be written: %s; its %zu MiB must fit: free some space there",
		               p->part, strerror(error), (end >> 20) + 1);
		return -1;
	}
	return write_at(p, head, sizeof head, 0, why);
}

int rho_part_put(struct rho_part_file *p, const float *rows, size_t n, struct rho_buf *why)
{
	if (write_at(p, rows, n * p->dim * sizeof *rows, place(p, p->done), why))
		return -1;
	p->done += n;
	return p->done == p->rows || rho_clock() - p->noted >= note_every ? note(p, why) : 0;
}

int rho_part_reread(struct rho_part_file *p, struct rho_buf *why)
{
	struct rho_part_file said;
	if (!read_journal(p->journal, &said) || strcmp(said.key, p->key)) {
		rho_buf_printf(why, "%s cannot be read back", p->journal);
		return -1;
	}
	p->dim = said.dim;
	p->unit_norm = said.unit_norm;
	p->done = said.done;
	return 0;
}

/* ---- the end ---- */

int rho_part_finish(struct rho_part_file *p, struct rho_buf *why)
{
	char *dir;
	int fd;
	if (fsync(p->fd) || rename(p->part, p->out))
		return cannot(p->out, "written", why);
	unlink(p->journal);
	dir = rho_path_dir(p->out);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(dir);
	return 0;
}

void rho_part_remove(struct rho_part_file *p)
{
	unlink(p->part);
	unlink(p->journal);
}
