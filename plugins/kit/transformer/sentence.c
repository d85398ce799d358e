/* sentence.c: a model folder of the BERT family, opened for texts. */
#include "sentence.h"

#include <string.h>

#include "room.h"

const char *const rho_precision_choices[] = {
	[RHO_PRECISION_F32] = "f32", [RHO_PRECISION_BF16] = "bf16", [RHO_PRECISION_INT8] = "int8", NULL
};
const char *const rho_engine_choices[] = {
	[RHO_ENGINE_AUTO] = "auto", [RHO_ENGINE_ONEDNN] = "onednn", [RHO_ENGINE_OPENBLAS] = "openblas", NULL
};

/* ---- the model as the embedder sees it ---- */

static size_t room(const void *model, size_t tokens, size_t n, size_t longest)
{
	const struct rho_sentence *s = model;
	size_t bytes = rho_bert_room(s->bert, tokens, n, longest);
	if (s->dense) {
		rho_carve(NULL, &bytes, n * s->dim * sizeof(float));
		rho_carve(NULL, &bytes, n * s->dense_dim * sizeof(float));
		rho_carve(NULL, &bytes, rho_dense_room(s->dense, n));
	}
	return bytes;
}

static void run(const void *model, const struct rho_seq *seq, size_t n, float *out, size_t stride, void *at)
{
	const struct rho_sentence *s = model;
	size_t tokens = 0, longest = 0;
	if (!s->dense) {
		rho_bert_run(s->bert, seq, n, out, stride, at);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		tokens += seq[i].n;
		longest = seq[i].n > longest ? seq[i].n : longest;
	}
	size_t used = rho_bert_room(s->bert, tokens, n, longest);
	float *in = rho_carve(at, &used, n * s->dim * sizeof *in);                      /* (n, dim) */
	float *wide = rho_carve(at, &used, n * s->dense_dim * sizeof *wide);            /* (n, dense_dim) */
	rho_bert_run(s->bert, seq, n, in, s->dim, at);
	rho_dense_run(s->dense, in, n, wide, rho_carve(at, &used, rho_dense_room(s->dense, n)));
	for (size_t i = 0; i < n; i++)
		memcpy(out + i * stride, wide + i * s->dense_dim, s->dense_dim * sizeof *out);
}

/* ---- opening ---- */

/* How many tokens of a text are read. */
static int set_longest(struct rho_ctx *c, struct rho_sentence *s, const struct rho_modules *m)
{
	size_t most = rho_bert_longest(s->bert), own = rho_tokeniser_longest(s->tokeniser);
	size_t longest = s->max_length ? (size_t)s->max_length : m->longest ? m->longest : own ? own : most;
	if (s->max_length && longest > most)
		return rho_fail(c, RHO_EINVAL,
		                "max_length is %zu, but the model has positions for %zu tokens; give a"
		                " number up to that, or 0 for what the model's files say",
		                longest, most);
	s->embedder.longest = longest < most ? longest : most;
	return 0;
}

/* The module's one layer from its weights. */
static int read_dense(struct rho_ctx *c, struct rho_sentence *s, const struct rho_dense_config *g,
                      struct rho_weights *w)
{
	const size_t shape[] = { g->out, g->in };
	struct rho_dense_spec spec = { .in = g->in, .out = g->out, .activation = g->activation,
	                               .precision = RHO_PRECISION_F32, .engine = (uint32_t)s->engine };
	int code = rho_tower_param(c, w, "", "linear.weight", 2, shape, &spec.weight);
	if (!code && g->bias)
		code = rho_tower_param(c, w, "", "linear.bias", 1, shape, &spec.bias);
	s->dense_dim = g->out;
	return code ? code : rho_tower_dense(c, &spec, &s->dense);
}

static int open_dense(struct rho_ctx *c, struct rho_sentence *s, const char *folder)
{
	struct rho_trouble t = { 0 };
	struct rho_dense_config g;
	struct rho_weights *w = rho_dense_config_read(folder, &g, &t) ? NULL : rho_weights_open(folder, &t);
	if (!w)
		return rho_fail(c, t.code, "%s", t.text);
	int code;
	if (g.in != s->dim)
		code = rho_fail(c, RHO_EFORMAT,
		                "%s/config.json: in_features is %zu, but the model's rows have %zu"
		                " numbers",
		                folder, g.in, s->dim);
	else
		code = read_dense(c, s, &g, w);
	rho_weights_close(w);
	return code;
}

static int open_all(struct rho_ctx *c, struct rho_sentence *s, const struct rho_modules *m, uint32_t pooling)
{
	bool as_said = pooling == RHO_N_POOLING;
	int code = rho_bert_open(c, m->transformer, as_said ? m->pooling : pooling, (uint32_t)s->precision,
	                         (uint32_t)s->engine, &s->bert);
	if (code)
		return code;
	const struct rho_bert_config *g = rho_bert_config(s->bert);
	s->dim = g->dim;
	code = rho_embedder_tokeniser(c, m->transformer, g->vocab, g->types, &s->tokeniser);
	if (!code)
		code = set_longest(c, s, m);
	if (!code && as_said && m->dense)
		code = open_dense(c, s, m->dense);
	if (code)
		return code;
	s->embedder.tokeniser = s->tokeniser;
	s->embedder.dim = s->dense ? s->dense_dim : s->dim;
	s->embedder.normalise = s->normalise;
	s->embedder.batch_tokens = (size_t)s->batch_tokens;
	s->embedder.threads = (size_t)s->threads;
	s->embedder.rowwise = rho_bert_rowwise(s->bert) && (!s->dense || rho_dense_rowwise(s->dense));
	s->embedder.model = s;
	s->embedder.room = room;
	s->embedder.run = run;
	rho_log(c, RHO_DEBUG, "%s: pooling %s%s, up to %zu tokens, %s, %s", s->path,
	        rho_pooling_name(as_said ? m->pooling : pooling), s->dense ? " and a dense layer" : "",
	        s->embedder.longest, rho_precision_choices[s->precision],
	        rho_engine_name((uint32_t)s->engine));
	return rho_embedder_open(c, &s->embedder);
}

int rho_sentence_open(struct rho_ctx *c, struct rho_sentence *s, struct rho_encoder_info *info,
                      uint32_t (*pool)(struct rho_ctx *, const struct rho_sentence *,
                                       const struct rho_modules *))
{
	struct rho_trouble t = { 0 };
	struct rho_modules m;
	int code = rho_modules_read(s->path, &m, &t);
	if (code)
		code = rho_fail(c, t.code, "%s", t.text);
	else
		code = open_all(c, s, &m, pool(c, s, &m));
	rho_modules_free(&m);
	if (code) {
		rho_sentence_close(c, s);
		return code;
	}
	*info = (struct rho_encoder_info){ .dim = s->embedder.dim,
		                           .takes = RHO_TEXT,
		                           .unit_norm = s->normalise };
	return 0;
}

void rho_sentence_close(struct rho_ctx *c, void *self)
{
	struct rho_sentence *s = self;
	rho_embedder_close(c, &s->embedder);
	rho_dense_free(s->dense);
	rho_tokeniser_close(s->tokeniser);
	rho_bert_close(s->bert);
	s->dense = NULL;
	s->tokeniser = NULL;
	s->bert = NULL;
	s->embedder = (struct rho_embedder){ .model = NULL };
}

int rho_sentence_encode(struct rho_ctx *c, void *self, uint32_t what, const struct rho_str *in, size_t n,
                        float *out, size_t stride)
{
	struct rho_sentence *s = self;
	if (what != RHO_TEXT)
		return rho_fail(c, RHO_ENOSUP, "this model takes texts; pictures are for the encoder clip");
	return rho_embedder_encode(c, &s->embedder, in, n, out, stride);
}
