/* embed.c: texts encoded once, straight into the mapped file that everybody then reads; and what the
 * experiment's `transform` makes of them, likewise kept. */
#include <stdlib.h>
#include <string.h>

#include "../encode/coder.h"
#include "matrix.h"

/* ---- an encoder's own vectors ---- */

struct job {
	struct rho_world *w;
	const struct rho_module *m;
	const struct rho_toml *table;                /* without `transform` */
	const struct rho_column *column, *catalogue; /* catalogue NULL: the encoder does not fit */
	struct rho_coder coder;
};

static int name(struct job *j, struct rho_store *s, struct store_matrix *m, struct rho_buf *why)
{
	struct rho_buf identity = { 0 }, key = { 0 };
	char texts[33], seen[33] = ""; /* digests of the column and of the catalogue */
	if (rho_store_identity(s, j->w->registry, j->m, j->table, &identity, why)) {
		rho_buf_free(&identity);
		return RHO_EIO;
	}
	rho_digest_hex(rho_column_digest(j->column), texts);
	if (j->catalogue == j->column)
		memcpy(seen, texts, sizeof seen);
	else if (j->catalogue)
		rho_digest_hex(rho_column_digest(j->catalogue), seen);
	rho_buf_printf(&key, "rho embedding 1\n%stexts = %s\ncatalogue = %s\n", identity.at, texts, seen);
	store_matrix_name(m, s, &key, j->column->n);
	store_matrix_fact(m, "encoder", j->m->plugin.name);
	store_matrix_fact(m, "version", j->m->plugin.version);
	store_matrix_fact(m, "identity", identity.at);
	store_matrix_fact(m, "texts", texts);
	store_matrix_fact(m, "catalogue", seen);
	rho_buf_free(&key);
	rho_buf_free(&identity);
	return 0;
}

static int fit(struct job *j, struct rho_buf *why)
{
	const struct rho_column *c = j->catalogue;
	if (!c)
		return 0;
	struct rho_str *all = rho_xcalloc(c->n + 1, sizeof *all); /* (c->n) */
	for (size_t i = 0; i < c->n; i++)
		all[i] = rho_column_str(c, i);
	int code = rho_coder_fit(&j->coder, all, c->n, why);
	free(all);
	return code;
}

/* Encodes every text into out (rows, dim). */
static int fill(void *arg, float *out, struct rho_buf *why)
{
	struct job *j = arg;
	size_t most = rho_coder_most(&j->coder);
	struct rho_str *in = rho_xcalloc(most, sizeof *in); /* (most) */
	int code = 0;
	j->coder.rows = j->column->n;
	for (size_t from = 0, n; from < j->column->n && !code; from += n) {
		n = j->column->n - from < most ? j->column->n - from : most;
		for (size_t i = 0; i < n; i++)
			in[i] = rho_column_str(j->column, from + i);
		code = rho_coder_rows(&j->coder, in, n, out + from * j->coder.info.dim, why);
	}
	free(in);
	return code;
}

static int make(void *arg, struct store_matrix *m, struct rho_buf *why)
{
	struct job *j = arg;
	int code = rho_coder_open(&j->coder, j->w, j->m, j->table, RHO_TEXT, why);
	if (!code)
		code = fit(j, why);
	if (!code)
		code = store_matrix_write(m, j->w, j->coder.info.dim, j->coder.info.unit_norm, fill, j, why);
	rho_coder_close(&j->coder);
	return code;
}

int rho_store_embed(struct rho_store *s, struct rho_world *w, const struct rho_module *encoder,
                    const struct rho_toml *table, const struct rho_column *column,
                    const struct rho_column *catalogue, struct rho_embedding *out, struct rho_buf *why)
{
	struct job j = { .w = w, .m = encoder, .column = column };
	struct rho_toml *own = rho_params_untransformed(table);
	struct store_matrix m;
	j.table = own;
	j.catalogue = encoder->table.encoder.fit ? catalogue : NULL;
	*out = (struct rho_embedding){ .map = NULL };
	int code = 0;
	if (column->type != RHO_COL_STR || (j.catalogue && j.catalogue->type != RHO_COL_STR)) {
		rho_buf_printf(why, "encoder %s: column %s is not text", encoder->plugin.name, column->name);
		code = RHO_EINVAL;
	} else {
		code = name(&j, s, &m, why);
		if (!code) {
			code = store_matrix_get(&m, w, make, &j, out, why);
			store_matrix_free(&m);
		}
	}
	rho_toml_free(own);
	return code;
}

/* ---- what a transform makes of them ---- */

struct change {
	struct rho_world *w;
	struct rho_transform *steps;
	const struct rho_embedding *fit, *raw; /* raw: of the matrix under way */
	bool fitted;
};

static int apply(void *arg, float *out, struct rho_buf *why)
{
	const struct change *c = arg;
	rho_transform_apply(c->steps, &c->raw->mat, out, rho_transform_dim(c->steps), c->w->threads);
	return 0;
}

static int make_changed(void *arg, struct store_matrix *m, struct rho_buf *why)
{
	struct change *c = arg;
	if (!c->fitted && rho_transform_fit(c->steps, &c->fit->mat, c->fit->unit_norm, c->w->threads, why))
		return RHO_EINVAL;
	c->fitted = true;
	return store_matrix_write(m, c->w, rho_transform_dim(c->steps), c->raw->unit_norm, apply, c, why);
}

/* Puts the transformed matrix in the place of the raw one. */
static int exchange(struct rho_store *s, struct change *c, struct rho_embedding *e, struct rho_buf *why)
{
	struct rho_buf steps = { 0 }, key = { 0 };
	struct rho_embedding changed;
	struct store_matrix m;
	rho_transform_text(c->steps, &steps);
	rho_buf_printf(&key, "rho transformed embedding 1\nrows = %s\nfitted on = %s\nsteps = %s\n", e->key,
	               c->fit->key, steps.at);
	store_matrix_name(&m, s, &key, e->mat.rows);
	store_matrix_fact(&m, "of", e->key);
	store_matrix_fact(&m, "fitted_on", c->fit->key);
	store_matrix_fact(&m, "transform", steps.at);
	c->raw = e;
	int code = store_matrix_get(&m, c->w, make_changed, c, &changed, why);
	store_matrix_free(&m);
	rho_buf_free(&steps);
	rho_buf_free(&key);
	c->raw = NULL;
	if (code)
		return code;
	if (e->map != c->fit->map) /* that one is closed when all are done */
		rho_embedding_close(e);
	*e = changed;
	return 0;
}

/* The matrix fitted on comes last: until then it is needed as it is. */
static int transform(struct rho_store *s, struct rho_world *w, const struct rho_module *encoder,
                     const struct rho_toml *table, struct rho_embedding *actions,
                     struct rho_embedding *contexts, struct rho_buf *why)
{
	struct rho_buf inner = { 0 };
	struct rho_embedding fit = actions->map ? *actions : *contexts;
	struct change c = { .w = w, .steps = rho_params_transform(table), .fit = &fit };
	int code = 0;
	if (!c.steps)
		return 0;
	if (contexts->map)
		code = exchange(s, &c, contexts, &inner);
	if (!code && actions->map)
		code = exchange(s, &c, actions, &inner);
	if (code)
		rho_buf_printf(why, "encoder %s, transform: %s", encoder->plugin.name, inner.at);
	else
		rho_embedding_close(&fit);
	rho_transform_free(c.steps);
	rho_buf_free(&inner);
	return code;
}

int rho_store_features(struct rho_store *s, struct rho_world *w, const struct rho_module *encoder,
                       const struct rho_toml *table, const struct rho_column *action_texts,
                       const struct rho_column *context_texts, struct rho_embedding *actions,
                       struct rho_embedding *contexts, struct rho_buf *why)
{
	int code = 0;
	*actions = *contexts = (struct rho_embedding){ .map = NULL };
	if (action_texts)
		code = rho_store_embed(s, w, encoder, table, action_texts, action_texts, actions, why);
	if (!code && context_texts)
		code = rho_store_embed(s, w, encoder, table, context_texts, action_texts, contexts, why);
	if (!code)
		code = transform(s, w, encoder, table, actions, contexts, why);
	if (code) {
		rho_embedding_close(actions);
		rho_embedding_close(contexts);
	}
	return code;
}
