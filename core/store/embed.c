/* embed.c: texts encoded once, straight into the mapped file that everybody then reads. */
#include "store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../base/file.h"
#include "checksum.h"
#include "npy.h"

enum { SIDECAR_VERSION = 1, BATCH = 1024, MAX_DIM = 1 << 20 };

/* One embedding on its way: what is asked for and under which names it is kept. */
struct job {
	struct rho_store *s;
	struct rho_world *w;
	const struct rho_module *m;
	const struct rho_toml *table;
	const struct rho_column *column, *catalogue; /* catalogue NULL: the encoder does not fit */
	char texts[33], seen[33]; /* digests of the column and of the catalogue, "" if none */
	char key[33];
	char *npy, *json;
	struct rho_buf identity;
};

static void job_free(struct job *j)
{
	free(j->npy);
	free(j->json);
	rho_buf_free(&j->identity);
}

static int job_name(struct job *j, struct rho_buf *why)
{
	struct rho_buf key = { 0 };
	if (store_identity(j->s, j->w, j->m, j->table, &j->identity, why))
		return RHO_EIO;
	rho_digest_hex(rho_column_digest(j->column), j->texts);
	if (j->catalogue == j->column)
		memcpy(j->seen, j->texts, sizeof j->seen);
	else if (j->catalogue)
		rho_digest_hex(rho_column_digest(j->catalogue), j->seen);
	rho_buf_printf(&key, "rho embedding 1\n%stexts = %s\ncatalogue = %s\n", j->identity.at, j->texts,
	               j->seen);
	rho_digest_hex(rho_digest_bytes(key.at, key.len), j->key);
	rho_buf_free(&key);
	j->npy = store_path(j->s, j->key, ".npy");
	j->json = store_path(j->s, j->key, ".json");
	return 0;
}

/* ---- the sidecar ---- */

struct sidecar {
	size_t rows, dim;
	bool unit_norm;
	uint64_t sum;
};

static int sidecar_write(const struct job *j, const struct sidecar *c, struct rho_buf *why)
{
	char sum[17];
	snprintf(sum, sizeof sum, "%016" PRIx64, c->sum);
	json_t *o = json_pack("{s:i, s:s, s:s, s:s, s:I, s:I, s:b, s:s, s:s, s:s}", "rho_embedding",
	                      SIDECAR_VERSION, "encoder", j->m->plugin.name, "version", j->m->plugin.version,
	                      "identity", j->identity.at, "rows", (json_int_t)c->rows, "dim",
	                      (json_int_t)c->dim, "unit_norm", (int)c->unit_norm, "checksum", sum, "texts",
	                      j->texts, "catalogue", j->seen);
	char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
	int rc = -1;
	if (text)
		rc = rho_file_write(j->json, text, strlen(text), why);
	else
		rho_buf_printf(why, "%s cannot be written: its text is not UTF-8, or memory is short",
		               j->json);
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

static int check(struct job *j, const struct rho_embedding *e, const struct sidecar *c, struct rho_buf *why)
{
	if (e->mat.rows != j->column->n || c->rows != e->mat.rows || c->dim != e->mat.cols) {
		rho_buf_printf(why,
		               "%s is damaged: it has %zu rows and %zu columns where %zu rows are "
		               "wanted and %zu columns noted",
		               j->npy, e->mat.rows, e->mat.cols, j->column->n, c->dim);
		return -1;
	}
	if (store_verified(j->s, j->npy))
		return 0;
	if (rho_checksum(e->mat.at, data_len(&e->mat)) != c->sum) {
		rho_buf_printf(why, "%s is damaged: its data does not have the checksum that %s.json notes",
		               j->npy, j->key);
		return -1;
	}
	store_note_verified(j->s, j->npy);
	return 0;
}

/* Maps what the store has. False when it has nothing; `damage` says what is wrong if it is that. */
static bool look(struct job *j, struct rho_embedding *e, struct rho_buf *damage)
{
	struct sidecar c;
	rho_buf_clear(damage);
	if (access(j->npy, F_OK) && errno == ENOENT)
		return false;
	*e = (struct rho_embedding){ .map = NULL };
	if (rho_npy_map(j->npy, &e->mat, &e->map, &e->map_len, damage))
		return false;
	if (sidecar_read(j->json, &c, damage) || check(j, e, &c, damage)) {
		rho_embedding_close(e);
		return false;
	}
	memcpy(e->key, j->key, sizeof e->key);
	e->unit_norm = c.unit_norm;
	return true;
}

void rho_embedding_close(struct rho_embedding *e)
{
	if (e->map)
		munmap(e->map, e->map_len);
	*e = (struct rho_embedding){ .map = NULL };
}

/* ---- encoding ---- */

/* Stands between the encoder and the world, so that rho_progress within a batch shows as progress
 * of the whole. */
struct meter {
	void (*progress)(void *arg, const struct rho_ctx *, double done);
	void (*metric)(void *arg, const struct rho_ctx *, const char *name, double value);
	void *arg;
	double from, share; /* of the whole, before this call and in it */
};

static void meter_progress(void *arg, const struct rho_ctx *c, double done)
{
	const struct meter *m = arg;
	m->progress(m->arg, c, m->from + m->share * (done < 0 ? 0 : done > 1 ? 1 : done));
}

static void meter_metric(void *arg, const struct rho_ctx *c, const char *name, double value)
{
	const struct meter *m = arg;
	m->metric(m->arg, c, name, value);
}

static void meter_begin(struct meter *m, struct rho_world *w)
{
	*m = (struct meter){ .progress = w->progress, .metric = w->metric, .arg = w->arg };
	w->progress = w->progress ? meter_progress : NULL;
	w->metric = w->metric ? meter_metric : NULL;
	w->arg = m;
}

static void meter_end(const struct meter *m, struct rho_world *w)
{
	w->progress = m->progress;
	w->metric = m->metric;
	w->arg = m->arg;
}

static int bad_row(struct rho_buf *why, const struct rho_instance *inst, size_t row, const char *what)
{
	rho_buf_printf(why, "%s, encode: row %zu %s", inst->label, row, what);
	return RHO_EBUG;
}

/* Rows first .. first + n - 1, at `out` (n, dim), must be finite, and of length 1 or 0 if promised. */
static int check_rows(const struct rho_instance *inst, const struct rho_encoder_info *info, size_t first,
                      size_t n, const float *out, struct rho_buf *why)
{
	for (size_t i = 0; i < n; i++, out += info->dim) {
		double square = 0;
		for (size_t j = 0; j < info->dim; j++)
			square += (double)out[j] * (double)out[j];
		if (!isfinite(square))
			return bad_row(why, inst, first + i, "has a number that is not finite");
		double off = fabs(sqrt(square) - 1);
		if (info->unit_norm && square > 0 && off > 1e-4) {
			char what[96];
			snprintf(what, sizeof what, "has length %.6g; this encoder promised 1, or 0",
			         sqrt(square));
			return bad_row(why, inst, first + i, what);
		}
	}
	return 0;
}

static int open_encoder(struct rho_instance *inst, struct rho_encoder_info *info, struct rho_buf *why)
{
	const struct rho_encoder *enc = &inst->module->table.encoder;
	rho_call_begin(inst, "open", 0, true);
	int code = rho_call_end(inst, enc->open(&inst->ctx, inst->self, info), why);
	if (code)
		return code;
	if (!(info->takes & RHO_TEXT)) {
		rho_buf_printf(why,
		               "%s: it does not take texts, and a dataset's column is text; choose "
		               "another encoder",
		               inst->label);
		return RHO_ENOSUP;
	}
	if (info->dim < 1 || info->dim > MAX_DIM) {
		rho_buf_printf(why, "%s, open: rows of %zu floats; 1 to %d are possible", inst->label,
		               info->dim, MAX_DIM);
		return RHO_EBUG;
	}
	return 0;
}

static int fit(struct job *j, struct rho_instance *inst, struct rho_buf *why)
{
	const struct rho_column *c = j->catalogue;
	if (!c)
		return 0;
	struct rho_str *all = rho_xcalloc(c->n + 1, sizeof *all); /* (c->n) */
	for (size_t i = 0; i < c->n; i++)
		all[i] = rho_column_str(c, i);
	rho_call_begin(inst, "fit", 0, true);
	int code = j->m->table.encoder.fit(&inst->ctx, inst->self, all, c->n);
	free(all);
	return rho_call_end(inst, code, why);
}

/* Encodes every text into out (rows, dim). */
static int encode(struct job *j, struct rho_instance *inst, const struct rho_encoder_info *info,
                  struct meter *meter, float *out, struct rho_buf *why)
{
	struct rho_str in[BATCH];
	size_t rows = j->column->n;
	size_t most = info->max_batch && info->max_batch < BATCH ? info->max_batch : BATCH;
	for (size_t from = 0, n; from < rows; from += n) {
		n = rows - from < most ? rows - from : most;
		if (j->w->stopping && *j->w->stopping) {
			rho_buf_printf(why, "%s: stopped after %zu of %zu texts", inst->label, from, rows);
			return RHO_ESTOP;
		}
		for (size_t i = 0; i < n; i++)
			in[i] = rho_column_str(j->column, from + i);
		meter->from = (double)from / (double)rows;
		meter->share = (double)n / (double)rows;
		rho_call_begin(inst, "encode", from, false);
		int code = j->m->table.encoder.encode(&inst->ctx, inst->self, RHO_TEXT, in, n,
		                                      out + from * info->dim, info->dim);
		code = rho_call_end(inst, code, why);
		if (!code)
			code = check_rows(inst, info, from, n, out + from * info->dim, why);
		if (code)
			return code;
		if (meter->progress)
			meter->progress(meter->arg, &inst->ctx, meter->from + meter->share);
	}
	return 0;
}

static int no_room(const struct job *j, size_t len, int error, struct rho_buf *why)
{
	j->s->unwritable = true;
	rho_buf_printf(why,
	               "%s cannot be written: %s; its %zu MiB must fit: free some space there, or "
	               "choose another folder",
	               j->npy, strerror(error), (len >> 20) + 1);
	return RHO_EIO;
}

/* Reserves the file's space, so that a full disk is an error here and not a fault in the middle,
 * and encodes into it. */
static int fill(struct job *j, struct rho_instance *inst, const struct rho_encoder_info *info,
                struct meter *meter, int fd, struct sidecar *c, struct rho_buf *why)
{
	size_t len;
	if (__builtin_mul_overflow(j->column->n, info->dim * sizeof(float), &len) ||
	    len > (size_t)INT64_MAX - NPY_HEAD)
		return no_room(j, SIZE_MAX, EFBIG, why);
	int error;
	do {
		error = posix_fallocate(fd, 0, (off_t)(NPY_HEAD + len));
	} while (error == EINTR && !(j->w->stopping && *j->w->stopping));
	if (error)
		return no_room(j, len, error, why);
	char *map = mmap(NULL, NPY_HEAD + len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return no_room(j, len, errno, why);
	npy_head_write(map, j->column->n, info->dim);
	int code = encode(j, inst, info, meter, (float *)(map + NPY_HEAD), why);
	*c = (struct sidecar){ j->column->n, info->dim, info->unit_norm, 0 };
	if (!code)
		c->sum = rho_checksum(map + NPY_HEAD, len);
	munmap(map, NPY_HEAD + len);
	return code;
}

static int make_file(struct job *j, struct rho_instance *inst, struct meter *meter, struct rho_buf *why)
{
	struct rho_encoder_info info = { .dim = 0 };
	struct sidecar c;
	int code = open_encoder(inst, &info, why);
	if (!code)
		code = fit(j, inst, why);
	if (code)
		return code;
	struct rho_writer *out = rho_writer_open(j->npy, why);
	if (!out) {
		j->s->unwritable = true;
		return RHO_EIO;
	}
	code = fill(j, inst, &info, meter, rho_writer_fd(out), &c, why);
	if (code) {
		rho_writer_abort(out);
		return code;
	}
	if (!rho_writer_commit(out, why) && !sidecar_write(j, &c, why))
		return 0;
	j->s->unwritable = true;
	return RHO_EIO;
}

static int make(struct job *j, struct rho_buf *why)
{
	struct meter meter;
	struct rho_instance *inst = rho_instance_new(j->w, j->m, j->table, 0, why);
	if (!inst)
		return RHO_EINVAL;
	meter_begin(&meter, j->w);
	int code = make_file(j, inst, &meter, why);
	rho_instance_free(inst);
	meter_end(&meter, j->w);
	return code;
}

/* Takes the lock, looks again, makes what is missing. */
static int make_once(struct job *j, struct rho_embedding *out, struct rho_buf *why)
{
	struct rho_buf damage = { 0 };
	int code = 0, lock = store_lock(j->s, j->key, why);
	j->s->unwritable = j->s->unwritable || lock < 0;
	if (lock < 0)
		return j->w->stopping && *j->w->stopping ? RHO_ESTOP : RHO_EIO;
	if (!look(j, out, &damage)) {
		if (damage.len)
			store_warn_damaged(damage.at);
		code = make(j, why);
		if (!code)
			store_note_verified(j->s, j->npy); /* as far as what was just written goes */
		if (!code && !look(j, out, why))
			code = RHO_EIO;
	}
	close(lock);
	rho_buf_free(&damage);
	return code;
}

int rho_store_embed(struct rho_store *s, struct rho_world *w, const struct rho_module *encoder,
                    const struct rho_toml *table, const struct rho_column *column,
                    const struct rho_column *catalogue, struct rho_embedding *out, struct rho_buf *why)
{
	struct job j = { .s = s, .w = w, .m = encoder, .table = table, .column = column };
	struct rho_buf damage = { 0 };
	j.catalogue = encoder->table.encoder.fit ? catalogue : NULL;
	*out = (struct rho_embedding){ .map = NULL };
	if (column->type != RHO_COL_STR || (j.catalogue && j.catalogue->type != RHO_COL_STR)) {
		rho_buf_printf(why, "encoder %s: column %s is not text", encoder->plugin.name, column->name);
		return RHO_EINVAL;
	}
	int code = job_name(&j, why);
	if (!code && !look(&j, out, &damage))
		code = make_once(&j, out, why);
	rho_buf_free(&damage);
	job_free(&j);
	return code;
}
