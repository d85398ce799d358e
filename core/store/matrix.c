/* matrix.c: matrices in the store: KEY.npy, which everybody maps, and KEY.json, which says what it is. */
#include "matrix.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../base/file.h"
#include "checksum.h"
#include "npy.h"

enum { SIDECAR_VERSION = 1 };

void store_matrix_name(struct store_matrix *m, struct rho_store *s, const struct rho_buf *text, size_t rows)
{
	*m = (struct store_matrix){ .s = s, .rows = rows, .facts = json_object() };
	rho_digest_hex(rho_digest_bytes(text->at, text->len), m->key);
	m->npy = store_path(s, m->key, ".npy");
	m->json = store_path(s, m->key, ".json");
}

void store_matrix_free(struct store_matrix *m)
{
	free(m->npy);
	free(m->json);
	json_decref(m->facts);
}

void store_matrix_fact(struct store_matrix *m, const char *name, const char *text)
{
	json_object_set_new(m->facts, name, json_string(text));
}

/* ---- the sidecar ---- */

struct sidecar {
	size_t rows, dim;
	bool unit_norm;
	uint64_t sum;
};

static int sidecar_write(const struct store_matrix *m, const struct sidecar *c, struct rho_buf *why)
{
	char sum[17];
	snprintf(sum, sizeof sum, "%016" PRIx64, c->sum);
	json_t *o = json_pack("{s:i, s:I, s:I, s:b, s:s}", "rho_embedding", SIDECAR_VERSION, "rows",
	                      (json_int_t)c->rows, "dim", (json_int_t)c->dim, "unit_norm", (int)c->unit_norm,
	                      "checksum", sum);
	char *text = o && !json_object_update(o, m->facts) ? json_dumps(o, JSON_INDENT(2)) : NULL;
	int rc = -1;
	if (text)
		rc = rho_file_write(m->json, text, strlen(text), why);
	else
		rho_buf_printf(why, "%s cannot be written: its text is not UTF-8, or memory is short",
		               m->json);
	free(text);
	json_decref(o);
	return rc;
}

static int sidecar_read(const char *path, struct sidecar *c, struct rho_buf *why)
{
	struct rho_buf text = { 0 };
	json_error_t error;
	json_int_t rows, dim;
	const char *sum;
	int version, unit_norm;
	if (rho_file_read(path, (size_t)1 << 20, &text, why)) {
		rho_buf_free(&text);
		return -1;
	}
	json_t *o = json_loadb(text.at, text.len, 0, &error);
	bool good = o && !json_unpack(o, "{s:i, s:I, s:I, s:b, s:s}", "rho_embedding", &version, "rows",
	                              &rows, "dim", &dim, "unit_norm", &unit_norm, "checksum", &sum);
	if (good && version == SIDECAR_VERSION && rows >= 0 && dim > 0 && strlen(sum) == 16)
		*c = (struct sidecar){ (size_t)rows, (size_t)dim, unit_norm, strtoull(sum, NULL, 16) };
	else
		good = false;
	if (!good)
		rho_buf_printf(why, "%s is damaged: it does not describe an embedding", path);
	json_decref(o);
	rho_buf_free(&text);
	return good ? 0 : -1;
}

/* ---- what is stored already ---- */

static size_t data_len(const struct rho_mat *m) { return m->rows * m->cols * sizeof *m->at; }

static int check(struct store_matrix *m, const struct rho_embedding *e, const struct sidecar *c,
                 struct rho_buf *why)
{
	if (e->mat.rows != m->rows || c->rows != e->mat.rows || c->dim != e->mat.cols) {
		rho_buf_printf(why,
		               "%s is damaged: it has %zu rows and %zu columns where %zu rows are "
		               "wanted and %zu columns noted",
		               m->npy, e->mat.rows, e->mat.cols, m->rows, c->dim);
		return -1;
	}
	if (store_verified(m->s, m->npy))
		return 0;
	if (rho_checksum(e->mat.at, data_len(&e->mat)) != c->sum) {
		rho_buf_printf(why, "%s is damaged: its data does not have the checksum that %s.json notes",
		               m->npy, m->key);
		return -1;
	}
	store_note_verified(m->s, m->npy);
	return 0;
}

/* Maps what the store has. False when it has nothing; `damage` says what is wrong if it is that. */
static bool look(struct store_matrix *m, struct rho_embedding *e, struct rho_buf *damage)
{
	struct sidecar c;
	rho_buf_clear(damage);
	if (access(m->npy, F_OK) && errno == ENOENT)
		return false;
	*e = (struct rho_embedding){ .map = NULL };
	if (rho_npy_map(m->npy, &e->mat, &e->map, &e->map_len, damage))
		return false;
	if (sidecar_read(m->json, &c, damage) || check(m, e, &c, damage)) {
		rho_embedding_close(e);
		return false;
	}
	memcpy(e->key, m->key, sizeof e->key);
	e->unit_norm = c.unit_norm;
	return true;
}

void rho_embedding_close(struct rho_embedding *e)
{
	if (e->map)
		munmap(e->map, e->map_len);
	*e = (struct rho_embedding){ .map = NULL };
}

/* ---- making ---- */

static int no_room(const struct store_matrix *m, size_t len, int error, struct rho_buf *why)
{
	m->s->unwritable = true;
	rho_buf_printf(why,
	               "%s cannot be written: %s; its %zu MiB must fit: free some space there, or "
	               "choose another folder",
	               m->npy, strerror(error), (len >> 20) + 1);
	return RHO_EIO;
}

/* Reserves the file's space, so that a full disk is an error here and not a fault in the middle,
 * and has it filled. */
static int fill_file(struct store_matrix *m, struct rho_world *w, int fd, size_t dim, store_fill_fn *fill,
                     void *arg, uint64_t *sum, struct rho_buf *why)
{
	size_t len;
	if (__builtin_mul_overflow(m->rows, dim * sizeof(float), &len) || len > (size_t)INT64_MAX - NPY_HEAD)
		return no_room(m, SIZE_MAX, EFBIG, why);
	int error;
	do {
		error = posix_fallocate(fd, 0, (off_t)(NPY_HEAD + len));
	} while (error == EINTR && !(w->stopping && *w->stopping));
	if (error)
		return no_room(m, len, error, why);
	char *map = mmap(NULL, NPY_HEAD + len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return no_room(m, len, errno, why);
	npy_head_write(map, m->rows, dim);
	int code = fill(arg, (float *)(map + NPY_HEAD), why);
	if (!code)
		*sum = rho_checksum(map + NPY_HEAD, len);
	munmap(map, NPY_HEAD + len);
	return code;
}

int store_matrix_write(struct store_matrix *m, struct rho_world *w, size_t dim, bool unit_norm,
                       store_fill_fn *fill, void *arg, struct rho_buf *why)
{
	struct sidecar c = { m->rows, dim, unit_norm, 0 };
	struct rho_writer *out = rho_writer_open(m->npy, why);
	if (!out) {
		m->s->unwritable = true;
		return RHO_EIO;
	}
	int code = fill_file(m, w, rho_writer_fd(out), dim, fill, arg, &c.sum, why);
	if (code) {
		rho_writer_abort(out);
		return code;
	}
	if (!rho_writer_commit(out, why) && !sidecar_write(m, &c, why))
		return 0;
	m->s->unwritable = true;
	return RHO_EIO;
}

/* Takes the lock, looks again, makes what is missing. */
static int make_once(struct store_matrix *m, struct rho_world *w, store_make_fn *make, void *arg,
                     struct rho_embedding *out, struct rho_buf *why)
{
	struct rho_buf damage = { 0 };
	int code = 0, lock = store_lock(m->s, m->key, why);
	m->s->unwritable = m->s->unwritable || lock < 0;
	if (lock < 0)
		return w->stopping && *w->stopping ? RHO_ESTOP : RHO_EIO;
	if (!look(m, out, &damage)) {
		if (damage.len)
			store_warn_damaged(damage.at);
		code = make(arg, m, why);
		if (!code)
			store_note_verified(m->s, m->npy); /* as far as what was just written goes */
		if (!code && !look(m, out, why))
			code = RHO_EIO;
	}
	close(lock);
	rho_buf_free(&damage);
	return code;
}

int store_matrix_get(struct store_matrix *m, struct rho_world *w, store_make_fn *make, void *arg,
                     struct rho_embedding *out, struct rho_buf *why)
{
	struct rho_buf damage = { 0 };
	*out = (struct rho_embedding){ .map = NULL };
	int code = look(m, out, &damage) ? 0 : make_once(m, w, make, arg, out, why);
	rho_buf_free(&damage);
	return code;
}
