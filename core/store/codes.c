/* codes.c: a matrix of the store in fewer bits: KEY.bf16 and KEY.int8 beside KEY.npy, made from it once. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../base/file.h"
#include "../score/score.h"
#include "checksum.h"
#include "store_impl.h"

/* A file is this head, the scales, the errors, zeros up to a multiple of 64 bytes, and the codes. */
struct head {
	char magic[16];
	uint64_t code, rows, cols, stride;
	uint64_t of;  /* checksum of the matrix */
	uint64_t sum; /* of all that follows the head */
	uint64_t none[6];
};

static const char magic[16] = "rho codes 1\n";

struct job {
	struct rho_store *s;
	struct rho_world *w;
	const struct rho_mat *mat;
	struct head head; /* as it must be, but for sum */
	char *path;
	size_t at, len; /* bytes before the codes, and of the whole file */
	char *map;      /* while it is made */
};

/* Where things lie in a file. False: it would be longer than a file can be. */
static bool begin(struct job *j, const struct rho_embedding *e, uint32_t code)
{
	size_t rows = e->mat.rows, stride = rho_codes_stride(code, e->mat.cols), codes, tables;
	j->mat = &e->mat;
	j->head = (struct head){ .code = code, .rows = rows, .cols = e->mat.cols, .stride = stride };
	memcpy(j->head.magic, magic, sizeof magic);
	j->path = rho_xprintf("%s/%s.%s", j->s->dir, e->key, rho_code_names[code]);
	if (__builtin_mul_overflow(rows, 2 * sizeof(float), &tables) || tables > SIZE_MAX / 4 ||
	    __builtin_mul_overflow(rows, stride, &codes))
		return false;
	j->at = (sizeof(struct head) + tables + 63) / 64 * 64;
	return !__builtin_add_overflow(j->at, codes, &j->len) && j->len <= (size_t)INT64_MAX;
}

static float *scales(const struct job *j, char *map) { return (float *)(void *)(map + sizeof(struct head)); }

static float *errors(const struct job *j, char *map) { return scales(j, map) + j->head.rows; }

/* ---- what is stored already ---- */

/* Whether the file holds the codes of this matrix; else `damage`. */
static bool sound(const struct job *j, const char *map, size_t len, struct rho_buf *damage)
{
	struct head h, want = j->head;
	if (len >= sizeof h)
		memcpy(&h, map, sizeof h);
	if (len >= sizeof h)
		want.sum = h.sum;
	if (len != j->len || memcmp(&h, &want, sizeof h)) {
		rho_buf_printf(damage,
		               "%s is damaged, or of another matrix: its head or its length is not what "
		               "%zu rows of %zu numbers make",
		               j->path, j->mat->rows, j->mat->cols);
		return false;
	}
	if (store_verified(j->s, j->path))
		return true;
	if (rho_checksum(map + sizeof h, len - sizeof h) != h.sum) {
		rho_buf_printf(damage, "%s is damaged: its data does not have the checksum that it notes",
		               j->path);
		return false;
	}
	store_note_verified(j->s, j->path);
	return true;
}

/* Maps what the store has. False when it has nothing, or with `damage`. */
static bool look(struct job *j, struct rho_stored_codes *out, struct rho_buf *damage)
{
	void *map;
	size_t len;
	rho_buf_clear(damage);
	if (access(j->path, F_OK) && errno == ENOENT)
		return false;
	if (rho_file_map(j->path, &map, &len, damage))
		return false;
	if (!sound(j, map, len, damage)) {
		munmap(map, len);
		return false;
	}
	*out = (struct rho_stored_codes){ .map = map, .map_len = len };
	out->codes = (struct rho_codes){ .code = (uint32_t)j->head.code,
		                         .of = j->mat,
		                         .stride = j->head.stride,
		                         .at = (char *)map + j->at,
		                         .scale = scales(j, map),
		                         .error = errors(j, map) };
	return true;
}

void rho_stored_codes_close(struct rho_stored_codes *c)
{
	if (c->map)
		munmap(c->map, c->map_len);
	*c = (struct rho_stored_codes){ .map = NULL };
}

/* ---- making ---- */

static void make_rows(void *arg, size_t from, size_t to)
{
	struct job *j = arg;
	rho_codes_make(j->mat, (uint32_t)j->head.code, from, to, j->map + j->at, scales(j, j->map),
	               errors(j, j->map));
}

/* Reserves the space first, so that a full disk is an error and not a fault in the middle. */
static int fill(struct job *j, int fd)
{
	int error;
	struct head h = j->head;
	do {
		error = posix_fallocate(fd, 0, (off_t)j->len);
	} while (error == EINTR && !(j->w->stopping && *j->w->stopping));
	if (error)
		return error;
	j->map = mmap(NULL, j->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (j->map == MAP_FAILED)
		return errno;
	rho_score_parallel(j->mat->rows, make_rows, j, j->w->threads);
	h.sum = rho_checksum(j->map + sizeof h, j->len - sizeof h);
	memcpy(j->map, &h, sizeof h);
	munmap(j->map, j->len);
	return 0;
}

static int make(struct job *j, struct rho_buf *why)
{
	struct rho_writer *out = rho_writer_open(j->path, why);
	int error = out ? fill(j, rho_writer_fd(out)) : 0;
	if (error) {
		rho_writer_abort(out);
		rho_buf_printf(why,
		               "%s cannot be written: %s; its %zu MiB must fit: free some space there, or "
		               "leave out run.scan",
		               j->path, strerror(error), (j->len >> 20) + 1);
	} else if (out && !rho_writer_commit(out, why)) {
		store_note_verified(j->s, j->path);
		return 0;
	}
	j->s->unwritable = true;
	return error == EINTR ? RHO_ESTOP : RHO_EIO;
}

static int make_once(struct job *j, const char *key, struct rho_stored_codes *out, struct rho_buf *why)
{
	struct rho_buf damage = { 0 };
	int code = 0, lock = store_lock(j->s, key, why);
	j->s->unwritable = j->s->unwritable || lock < 0;
	if (lock < 0)
		return j->w->stopping && *j->w->stopping ? RHO_ESTOP : RHO_EIO;
	if (!look(j, out, &damage)) {
		if (damage.len)
			store_warn_damaged(damage.at);
		code = make(j, why);
		if (!code && !look(j, out, why))
			code = RHO_EIO;
	}
	close(lock);
	rho_buf_free(&damage);
	return code;
}

int rho_store_codes(struct rho_store *s, struct rho_world *w, const struct rho_embedding *e, uint32_t code,
                    struct rho_stored_codes *out, struct rho_buf *why)
{
	struct job j = { .s = s, .w = w };
	struct rho_buf damage = { 0 };
	int error = 0;
	*out = (struct rho_stored_codes){ .map = NULL };
	if (e->mat.cols > RHO_CODES_MOST_COLS || !begin(&j, e, code)) {
		rho_buf_printf(why,
		               "%s.npy has %zu rows of %zu numbers; rows of up to %d numbers can be coded",
		               e->key, e->mat.rows, e->mat.cols, RHO_CODES_MOST_COLS);
		error = RHO_EINVAL;
	} else {
		j.head.of = rho_checksum(e->mat.at, e->mat.rows * e->mat.cols * sizeof *e->mat.at);
		if (!look(&j, out, &damage))
			error = make_once(&j, e->key, out, why);
	}
	free(j.path);
	rho_buf_free(&damage);
	return error;
}
