/* encode.c: what is read, batch by batch, encoded in a child into OUT.part, then made OUT, transformed if
 * asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../base/file.h"
#include "../store/npy.h"
#include "../store/store.h"
#include "encode.h"
#include "part.h"

/* Inputs read and encoded at a time. The cuts are fixed by these alone, also where an interrupted encoding
 * goes on, so that an encoder whose last bits depend on company gives the same bytes. */
enum { TEXTS = 512, PICTURES = 32, BLOCK = 4096 };

struct work {
	struct rho_encode_task *t;
	const struct rho_chosen *chosen;
	struct rho_transform *steps;
	bool with_fit; /* the rows of `fit` are encoded too, before the others: the transform learns from them
	                */
	struct rho_part_file part;
};

static bool pictures(const struct work *w) { return w->t->input.form == RHO_SOURCE_IMAGES; }

/* ---- in the child ---- */

/* Inputs that are kept, end to end. */
struct kept {
	struct rho_buf bytes;
	size_t *end; /* (room) */
	size_t n, room;
};

static void keep(struct kept *k, struct rho_str s)
{
	if (k->n == k->room)
		k->end = rho_xrealloc(k->end, (k->room = 2 * k->room + 64) * sizeof *k->end);
	if (s.len)
		rho_buf_add(&k->bytes, s.at, s.len);
	k->end[k->n++] = k->bytes.len;
}

/* Views of all that is kept; the caller's. */
static struct rho_str *views(const struct kept *k)
{
	struct rho_str *v = rho_xcalloc(k->n + 1, sizeof *v); /* (k->n) */
	for (size_t i = 0; i < k->n; i++) {
		size_t from = i ? k->end[i - 1] : 0;
		v[i] = (struct rho_str){ k->bytes.at ? k->bytes.at + from : "", k->end[i] - from };
	}
	return v;
}

static void keep_free(struct kept *k)
{
	rho_buf_free(&k->bytes);
	free(k->end);
}

/* Shows the encoder what it wants to see first. */
static int fit(const struct work *w, struct rho_coder *c, struct rho_buf *why)
{
	const struct rho_source_spec *spec = w->t->fit.path ? &w->t->fit : &w->t->input;
	struct kept all = { .n = 0 };
	struct rho_str row;
	struct rho_source *in;
	int rc;
	if (!c->inst->module->table.encoder.fit || pictures(w))
		return 0;
	in = rho_source_open(spec, why);
	rc = in ? 1 : -1;
	while (rc > 0 && (rc = rho_source_next(in, &row, why)) > 0)
		keep(&all, row);
	rho_source_close(in);
	if (!rc) {
		struct rho_str *v = views(&all);
		rc = rho_coder_fit(c, v, all.n, why);
		free(v);
	}
	keep_free(&all);
	return rc;
}

/* What is encoded, one source after the other. */
struct stream {
	const struct rho_source_spec *spec[2];
	size_t n, at; /* sources; the one being read */
	struct rho_source *in;
	size_t done; /* rows given */
};

static int next(struct stream *s, struct rho_str *row, struct rho_buf *why)
{
	for (; s->at < s->n; s->at++) {
		int rc = 1;
		if (!s->in) {
			s->in = rho_source_open(s->spec[s->at], why);
			rc = s->in ? 1 : -1;
		}
		if (rc > 0)
			rc = rho_source_next(s->in, row, why);
		if (rc) {
			s->done += rc > 0;
			return rc;
		}
		rho_source_close(s->in);
		s->in = NULL;
	}
	return 0;
}

static struct stream stream(const struct work *w)
{
	struct stream s = { .n = 0 };
	if (w->with_fit)
		s.spec[s.n++] = &w->t->fit;
	s.spec[s.n++] = &w->t->input;
	return s;
}

/* Passes over rows that are done already. */
static int skip(struct stream *s, size_t to, struct rho_buf *why)
{
	struct rho_str row;
	while (s->done < to) {
		int rc = next(s, &row, why);
		if (rc <= 0)
			return -1;
	}
	return 0;
}

/* Finds which of the inputs the encoder cannot take, and says where it stands. */
static void put_place(const struct work *w, struct rho_coder *c, const struct rho_str *in, size_t n,
                      size_t first, float *out, struct rho_buf *why)
{
	struct stream s = stream(w);
	struct rho_buf place = { 0 }, again = { 0 };
	size_t i = 0;
	c->done = first;
	while (i < n && !rho_coder_rows(c, in + i, 1, out, &again))
		i++;
	if (i < n && !skip(&s, first + i + 1, &place)) {
		rho_buf_clear(why);
		rho_source_place(s.in, why);
		rho_buf_printf(why, ": %s", again.at);
	}
	rho_source_close(s.in);
	rho_buf_free(&place);
	rho_buf_free(&again);
}

static int changed(const struct stream *s, struct rho_buf *why)
{
	rho_buf_printf(why, "%s was changed while it was read",
	               s->spec[s->at < s->n ? s->at : s->n - 1]->path);
	return RHO_APART_MISTAKE;
}

/* One batch; at most `most` inputs. */
static int batch(struct work *w, struct rho_coder *c, struct stream *s, size_t most, float *out,
                 struct rho_buf *why)
{
	struct kept some = { .n = 0 };
	struct rho_str row, *v;
	size_t first = w->part.done;
	int rc = 1, code;
	while (some.n < most && (rc = next(s, &row, why)) > 0)
		keep(&some, row);
	v = views(&some);
	if (rc < 0)
		code = RHO_APART_MISTAKE;
	else if (some.n < most)
		code = changed(s, why);
	else
		code = rho_coder_rows(c, v, some.n, out, why);
	if (code < 0 && code != RHO_ESTOP)
		put_place(w, c, v, some.n, first, out, why);
	if (!code && rho_part_put(&w->part, out, some.n, why))
		code = RHO_APART_UNWRITABLE;
	free(v);
	keep_free(&some);
	return code;
}

static int encode_all(struct work *w, struct rho_coder *c, struct rho_buf *why)
{
	size_t step = pictures(w) ? PICTURES : TEXTS;
	struct stream s = stream(w);
	float *out;
	int code = 0;
	if (rho_part_shape(&w->part, c->info.dim, c->info.unit_norm, why))
		return RHO_APART_UNWRITABLE;
	out = rho_xcalloc(step, c->info.dim * sizeof *out); /* (step, dim) */
	c->rows = w->part.rows;
	c->done = w->part.done;
	if (skip(&s, w->part.done, why))
		code = why->len ? RHO_APART_MISTAKE : changed(&s, why);
	while (!code && w->part.done < w->part.rows) {
		size_t left = w->part.rows - w->part.done;
		code = batch(w, c, &s, left < step ? left : step, out, why);
	}
	rho_source_close(s.in);
	free(out);
	return code;
}

static int work(void *arg, struct rho_world *world, struct rho_buf *out)
{
	struct work *w = arg;
	const struct rho_role *role = &w->chosen->role;
	struct rho_coder c;
	int code =
		rho_coder_open(&c, world, role->module, role->table, pictures(w) ? RHO_IMAGE : RHO_TEXT, out);
	if (!code)
		code = fit(w, &c, out);
	if (!code)
		code = encode_all(w, &c, out);
	rho_coder_close(&c);
	return code;
}

/* ---- in the parent ---- */

/* Names all that the rows in the part depend on. */
static int name(const struct work *w, char key[33], struct rho_buf *why)
{
	const struct rho_encode_task *t = w->t;
	struct rho_buf text = { 0 };
	struct rho_toml *own = rho_params_untransformed(w->chosen->role.table);
	char hex[33] = "";
	int rc = rho_store_identity(NULL, w->chosen->registry, w->chosen->role.module, own, &text, why);
	rho_toml_free(own);
	rho_digest_hex(t->digest, hex);
	rho_buf_printf(&text, "rho encode 1\n%s of %s\n", pictures(w) ? "pictures" : "texts", hex);
	if (t->fit.path) {
		rho_digest_hex(t->fit_digest, hex);
		rho_buf_printf(&text, "fitted on %s%s\n", hex, w->with_fit ? ", which come first" : "");
	}
	rho_digest_hex(rho_digest_bytes(text.at, text.len), key);
	rho_buf_free(&text);
	return rc;
}

/* OUT.names beside OUT.npy. */
static int write_names(const struct work *w, struct rho_buf *why)
{
	const char *out = w->part.out;
	struct rho_buf names = { 0 };
	size_t len = strlen(out);
	char *path;
	int rc;
	if (len > 4 && !strcmp(out + len - 4, ".npy"))
		len -= 4;
	path = rho_xprintf("%.*s.names", (int)len, out);
	rc = rho_source_names(&w->t->input, &names, why);
	if (!rc)
		rc = rho_file_write(path, names.at, names.len, why);
	free(path);
	rho_buf_free(&names);
	return rc;
}

/* Writes what the transform makes of rows from `first` on. */
static int write_changed(const struct work *w, const struct rho_mat *all, size_t first, struct rho_buf *why)
{
	size_t dim = rho_transform_dim(w->steps), rows = all->rows - first,
	       block = rows < BLOCK ? rows : BLOCK;
	struct rho_writer *to = rho_writer_open(w->part.out, why);
	float *out;
	char head[NPY_HEAD];
	if (!to)
		return -1;
	out = rho_xcalloc(block, dim * sizeof *out); /* (block, dim) */
	npy_head_write(head, rows, dim);
	rho_writer_put(to, head, sizeof head); /* a failed put is told by the commit */
	for (size_t i = 0, n; i < rows; i += n) {
		n = rows - i < block ? rows - i : block;
		struct rho_mat some = { all->at + (first + i) * all->stride, n, all->cols, all->stride };
		rho_transform_apply(w->steps, &some, out, dim, w->chosen->threads);
		rho_writer_put(to, out, n * dim * sizeof *out);
	}
	free(out);
	return rho_writer_commit(to, why);
}

/* Fits the transform on the part's rows and makes OUT. An exit status. */
static int transform(struct work *w, struct rho_buf *why)
{
	struct rho_mat all, fit_rows;
	struct rho_buf inner = { 0 };
	void *map;
	size_t len, first = w->with_fit ? w->t->fit_rows : 0;
	int status = 1;
	if (rho_npy_map(w->part.part, &all, &map, &len, why))
		return 1;
	fit_rows = all;
	if (w->with_fit)
		fit_rows.rows = first;
	if (rho_transform_fit(w->steps, &fit_rows, w->part.unit_norm, w->chosen->threads, &inner)) {
		rho_buf_printf(why,
		               "transform: %s\n  the rows are kept in %s: mend --transform and run again",
		               inner.at, w->part.part);
		status = 2;
	} else if (!write_changed(w, &all, first, why)) {
		w->t->dim = rho_transform_dim(w->steps);
		rho_part_remove(&w->part);
		status = 0;
	}
	munmap(map, len);
	rho_buf_free(&inner);
	return status;
}

static int finish(struct work *w, struct rho_buf *why)
{
	if (rho_part_reread(&w->part, why) || (pictures(w) && write_names(w, why)))
		return 1;
	w->t->dim = w->part.dim;
	if (w->steps)
		return transform(w, why);
	return rho_part_finish(&w->part, why) ? 1 : 0;
}

static int encode(struct work *w, const char *key, bool quiet, struct rho_buf *why)
{
	size_t rows = w->t->rows + (w->with_fit ? w->t->fit_rows : 0);
	int status = rho_part_open(&w->part, w->t->out, key, rows, w->t->restart, why);
	if (!status && w->part.done && !quiet)
		fprintf(stderr, "%s: going on after %zu of %zu rows\n", w->part.part, w->part.done, rows);
	if (status)
		return status == RHO_PART_OTHER ? 2 : 1;
	if (w->part.done < rows) {
		struct rho_apart a = { w->chosen, w->t->input.path, rows, quiet, work, w };
		status = rho_apart_run(&a, why);
		rho_buf_clear(why); /* told already */
		if (status == 130 && !quiet)
			fprintf(stderr, "rho encode: stopped; the same command goes on from there\n");
	}
	return status ? status : finish(w, why);
}

int rho_encode(struct rho_encode_task *t, const struct rho_chosen *chosen, bool quiet, struct rho_buf *why)
{
	struct work w = { .t = t, .chosen = chosen, .part = { .fd = -1 } };
	char key[33];
	int status;
	w.steps = rho_params_transform(chosen->role.table);
	w.with_fit = t->fit.path && w.steps;
	status = name(&w, key, why) ? 2 : encode(&w, key, quiet, why);
	rho_part_close(&w.part);
	rho_transform_free(w.steps);
	return status;
}
