/* coder.c: the calls into an encoder, in order, and a look at what it gives back. */
#include <math.h>
#include <stdio.h>

#include "coder.h"

enum { BATCH = 1024, MAX_DIM = 1 << 20 };

static const struct rho_encoder *table_of(const struct rho_coder *c)
{
	return &c->inst->module->table.encoder;
}

static void on_progress(void *arg, const struct rho_ctx *ctx, double done)
{
	const struct rho_coder *c = arg;
	double rows = c->rows ? (double)c->rows : 1;
	c->progress(c->arg, ctx, (double)c->done / rows + c->share * (done < 0 ? 0 : done > 1 ? 1 : done));
}

static void on_metric(void *arg, const struct rho_ctx *ctx, const char *name, double value)
{
	const struct rho_coder *c = arg;
	c->metric(c->arg, ctx, name, value);
}

static int judge(const struct rho_coder *c, struct rho_buf *why)
{
	const char *label = c->inst->label;
	const char *given = c->what == RHO_IMAGE ? "pictures" : "texts";
	if (!(c->info.takes & c->what)) {
		rho_buf_printf(why,
		               "%s: it does not take %s, and %s are what it is given; choose another encoder",
		               label, given, given);
		return RHO_ENOSUP;
	}
	if (c->info.dim < 1 || c->info.dim > MAX_DIM) {
		rho_buf_printf(why, "%s, open: rows of %zu floats; 1 to %d are possible", label, c->info.dim,
		               MAX_DIM);
		return RHO_EBUG;
	}
	return 0;
}

int rho_coder_open(struct rho_coder *c, struct rho_world *w, const struct rho_module *m,
                   const struct rho_toml *table, uint32_t what, struct rho_buf *why)
{
	*c = (struct rho_coder){ .world = w, .what = what };
	c->inst = rho_instance_new(w, m, table, 0, why);
	if (!c->inst)
		return RHO_EINVAL;
	c->progress = w->progress;
	c->metric = w->metric;
	c->arg = w->arg;
	w->progress = w->progress ? on_progress : NULL;
	w->metric = w->metric ? on_metric : NULL;
	w->arg = c;
	rho_call_begin(c->inst, "open", 0, true);
	int code = rho_call_end(c->inst, table_of(c)->open(&c->inst->ctx, c->inst->self, &c->info), why);
	return code ? code : judge(c, why);
}

void rho_coder_close(struct rho_coder *c)
{
	if (!c->inst)
		return;
	rho_instance_free(c->inst);
	c->world->progress = c->progress;
	c->world->metric = c->metric;
	c->world->arg = c->arg;
	c->inst = NULL;
}

int rho_coder_fit(struct rho_coder *c, const struct rho_str *catalogue, size_t n, struct rho_buf *why)
{
	if (!table_of(c)->fit)
		return 0;
	rho_call_begin(c->inst, "fit", 0, true);
	return rho_call_end(c->inst, table_of(c)->fit(&c->inst->ctx, c->inst->self, catalogue, n), why);
}

size_t rho_coder_most(const struct rho_coder *c)
{
	return c->info.max_batch && c->info.max_batch < BATCH ? c->info.max_batch : BATCH;
}

static int bad_row(const struct rho_coder *c, size_t row, const char *what, struct rho_buf *why)
{
	rho_buf_printf(why, "%s, encode: row %zu %s", c->inst->label, row, what);
	return RHO_EBUG;
}

/* n rows from the done-th on, at out (n, dim). */
static int check_rows(const struct rho_coder *c, size_t n, const float *out, struct rho_buf *why)
{
	for (size_t i = 0; i < n; i++, out += c->info.dim) {
		double square = 0;
		for (size_t j = 0; j < c->info.dim; j++)
			square += (double)out[j] * (double)out[j];
		if (!isfinite(square))
			return bad_row(c, c->done + i, "has a number that is not finite", why);
		double off = fabs(sqrt(square) - 1);
		if (c->info.unit_norm && square > 0 && off > 1e-4) {
			char what[96];
			snprintf(what, sizeof what, "has length %.6g; this encoder promised 1, or 0",
			         sqrt(square));
			return bad_row(c, c->done + i, what, why);
		}
	}
	return 0;
}

/* One call of the plugin. */
static int batch(struct rho_coder *c, const struct rho_str *in, size_t n, float *out, struct rho_buf *why)
{
	if (c->world->stopping && *c->world->stopping) {
		rho_buf_printf(why, "%s: stopped after %zu of %zu %s", c->inst->label, c->done, c->rows,
		               c->what == RHO_IMAGE ? "pictures" : "texts");
		return RHO_ESTOP;
	}
	c->share = c->rows ? (double)n / (double)c->rows : 1;
	rho_call_begin(c->inst, "encode", c->done, false);
	int code = table_of(c)->encode(&c->inst->ctx, c->inst->self, c->what, in, n, out, c->info.dim);
	code = rho_call_end(c->inst, code, why);
	if (!code)
		code = check_rows(c, n, out, why);
	if (code)
		return code;
	c->done += n;
	c->share = 0;
	if (c->progress)
		on_progress(c, &c->inst->ctx, 0);
	return 0;
}

int rho_coder_rows(struct rho_coder *c, const struct rho_str *in, size_t n, float *out, struct rho_buf *why)
{
	size_t most = rho_coder_most(c);
	int code = 0;
	for (size_t from = 0, some; from < n && !code; from += some) {
		some = n - from < most ? n - from : most;
		code = batch(c, in + from, some, out + from * c->info.dim, why);
	}
	return code;
}
