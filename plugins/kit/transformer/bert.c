/* bert.c: the BERT family: embeddings, a post-norm tower, and ways to pool. */
#include "bert.h"

#include <string.h>

#include "layers.h"
#include "room.h"

enum { PREFIX = 256 };

struct rho_bert {
	struct rho_bert_config config;
	uint32_t pooling;
	struct rho_weights *weights;    /* mapped for as long as the model lives */
	const struct rho_tensor *word;  /* (vocab, dim) */
	const float *position;          /* (positions, dim) */
	const float *type;              /* (types, dim); NULL: none */
	struct rho_norm norm;
	struct rho_tower *tower;
	struct rho_dense *pooler;       /* dim -> dim, tanh; NULL unless pooling asks for it */
};

static const struct rho_tower_names bert_names = {
	.layer = "encoder.layer.", .q = "attention.self.query", .k = "attention.self.key",
	.v = "attention.self.value", .o = "attention.output.dense", .inner = "intermediate.dense",
	.outer = "output.dense", .norm1 = "attention.output.LayerNorm", .norm2 = "output.LayerNorm",
};
static const struct rho_tower_names distil_names = {
	.layer = "transformer.layer.", .q = "attention.q_lin", .k = "attention.k_lin", .v = "attention.v_lin",
	.o = "attention.out_lin", .inner = "ffn.lin1", .outer = "ffn.lin2", .norm1 = "sa_layer_norm",
	.norm2 = "output_layer_norm",
};

/* ---- opening ---- */

static int open_embeddings(struct rho_ctx *c, struct rho_bert *b, const char *prefix)
{
	const struct rho_bert_config *g = &b->config;
	const size_t positions[] = { g->positions, g->dim }, types[] = { g->types, g->dim };
	int code = rho_tower_table(c, b->weights, prefix, "embeddings.word_embeddings.weight", g->vocab,
	                           g->dim, &b->word);
	if (!code)
		code = rho_tower_param(c, b->weights, prefix, "embeddings.position_embeddings.weight", 2,
		                       positions, &b->position);
	if (!code && g->types)
		code = rho_tower_param(c, b->weights, prefix, "embeddings.token_type_embeddings.weight", 2,
		                       types, &b->type);
	return code ? code : rho_tower_norm(c, b->weights, prefix, "embeddings.LayerNorm", g->dim, &b->norm);
}

static int open_pooler(struct rho_ctx *c, struct rho_bert *b, const char *prefix, uint32_t engine)
{
	const size_t square[] = { b->config.dim, b->config.dim };
	struct rho_dense_spec s = {
		.in = b->config.dim, .out = b->config.dim, .activation = RHO_ACT_TANH,
		.precision = RHO_PRECISION_F32, .engine = engine,
	};
	if (b->config.distil)
		return rho_fail(c, RHO_EINVAL,
		                "%s: DistilBERT has no pooler; choose another pooling, such as cls",
		                b->config.file);
	int code = rho_tower_param(c, b->weights, prefix, "pooler.dense.weight", 2, square, &s.weight);
	if (!code)
		code = rho_tower_param(c, b->weights, prefix, "pooler.dense.bias", 1, square, &s.bias);
	return code ? code : rho_tower_dense(c, &s, &b->pooler);
}

static int open_model(struct rho_ctx *c, struct rho_bert *b, uint32_t precision, uint32_t engine)
{
	const struct rho_bert_config *g = &b->config;
	char prefix[PREFIX];
	const struct rho_tower_spec s = {
		.layers = g->layers, .dim = g->dim, .heads = g->heads, .inner = g->inner, .eps = g->eps,
		.activation = g->activation, .precision = precision, .engine = engine, .prefix = prefix,
		.names = g->distil ? &distil_names : &bert_names, .config = g->file,
	};
	int code = rho_tower_prefix(c, b->weights, "embeddings.word_embeddings.weight", g->file, prefix,
	                            sizeof prefix);
	if (!code)
		code = open_embeddings(c, b, prefix);
	if (!code)
		code = rho_tower_open(c, b->weights, &s, &b->tower);
	if (!code && b->pooling == RHO_POOL_POOLER)
		code = open_pooler(c, b, prefix, engine);
	if (!code)
		rho_tower_log_unused(c, b->weights);
	return code;
}

int rho_bert_open(struct rho_ctx *c, const char *folder, uint32_t pooling, uint32_t precision,
                  uint32_t engine, struct rho_bert **out)
{
	struct rho_trouble t = { 0 };
	struct rho_bert *b = rho_alloc(c, 1, sizeof *b);
	if (!b)
		return RHO_ENOMEM;
	b->pooling = pooling;
	if (!rho_bert_config_read(folder, &b->config, &t))
		b->weights = rho_weights_open(folder, &t);
	int code = t.code ? rho_fail(c, t.code, "%s", t.text) : open_model(c, b, precision, engine);
	if (code)
		rho_bert_close(b);
	else
		*out = b;
	return code;
}

void rho_bert_close(struct rho_bert *b)
{
	if (!b)
		return;
	rho_tower_close(b->tower);
	rho_dense_free(b->pooler);
	rho_weights_close(b->weights);
}

const struct rho_bert_config *rho_bert_config(const struct rho_bert *b) { return &b->config; }
size_t rho_bert_longest(const struct rho_bert *b) { return b->config.positions - b->config.first; }
bool rho_bert_rowwise(const struct rho_bert *b)
{
	return rho_tower_rowwise(b->tower) && (!b->pooler || rho_dense_rowwise(b->pooler));
}

/* ---- running ---- */

struct room {
	size_t *start;          /* (n + 1) */
	float *x;               /* (tokens, dim) */
	float *half;            /* (n, dim): an earlier layer's means, or rows before the pooler */
	void *tower, *pooler;
};

static size_t lay_out(const struct rho_bert *b, size_t tokens, size_t n, size_t longest, void *at,
                      struct room *r)
{
	size_t total = 0, d = b->config.dim;
	r->start = rho_carve(at, &total, (n + 1) * sizeof *r->start);
	r->x = rho_carve(at, &total, tokens * d * sizeof(float));
	r->half = rho_carve(at, &total, n * d * sizeof(float));
	r->tower = rho_carve(at, &total, rho_tower_room(b->tower, tokens, longest));
	r->pooler = rho_carve(at, &total, b->pooler ? rho_dense_room(b->pooler, n) : 0);
	return total;
}

size_t rho_bert_room(const struct rho_bert *b, size_t tokens, size_t n, size_t longest)
{
	struct room r;
	return lay_out(b, tokens, n, longest, NULL, &r);
}

static void prepare(const struct rho_bert *b, const struct rho_seq *seq, size_t n, void *room, struct room *r)
{
	size_t tokens = 0, longest = 0;
	for (size_t i = 0; i < n; i++) {
		tokens += seq[i].n;
		longest = seq[i].n > longest ? seq[i].n : longest;
	}
	lay_out(b, tokens, n, longest, room, r);
	r->start[0] = 0;
	for (size_t i = 0; i < n; i++)
		r->start[i + 1] = r->start[i] + seq[i].n;
}

/* x (s->n, dim) = norm(word + type + position), in the reference's order. */
static void embed(const struct rho_bert *b, const struct rho_seq *s, float *x)
{
	const struct rho_bert_config *g = &b->config;
	size_t d = g->dim, next = g->first;
	for (size_t i = 0; i < s->n; i++) {
		float *row = x + i * d;
		size_t at = next;
		rho_tensor_read(b->word, s->id[i] * d, d, row);
		if (b->type)
			rho_add_rows(row, b->type + (s->type ? s->type[i] : 0) * d, d);
		/* RoBERTa counts only tokens that are not padding, be it written out in the text. */
		if (g->first && s->id[i] == g->pad)
			at = g->pad;
		else
			next++;
		rho_add_rows(row, b->position + at * d, d);
	}
	rho_layer_norm(x, NULL, s->n, d, b->norm.gamma, b->norm.beta, g->eps, x);
}

static void embed_all(const struct rho_bert *b, const struct rho_seq *seq, size_t n, const struct room *r)
{
	for (size_t i = 0; i < n; i++)
		embed(b, &seq[i], r->x + r->start[i] * b->config.dim);
}

/* The mean over each text's tokens of x into rows of out. */
static void means(const struct rho_bert *b, size_t n, const struct room *r, float *out, size_t stride)
{
	size_t d = b->config.dim;
	for (size_t i = 0; i < n; i++)
		rho_mean_rows(r->x + r->start[i] * d, r->start[i + 1] - r->start[i], d, out + i * stride);
}

/* The mean over tokens of half the sum of two hidden states: of their two means. */
static void two_means(const struct rho_bert *b, size_t n, size_t first, const struct room *r, float *out,
                      size_t stride)
{
	size_t d = b->config.dim;
	rho_tower_run(b->tower, r->x, r->start, n, 0, first, NULL, r->tower);
	means(b, n, r, r->half, d);
	rho_tower_run(b->tower, r->x, r->start, n, first, b->config.layers, NULL, r->tower);
	means(b, n, r, out, stride);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < d; j++)
			out[i * stride + j] = 0.5f * (out[i * stride + j] + r->half[i * d + j]);
}

static void first_rows(const struct rho_bert *b, size_t n, const struct room *r, float *out, size_t stride)
{
	size_t d = b->config.dim;
	const float *from = r->x;
	rho_tower_run(b->tower, r->x, r->start, n, 0, b->config.layers, r->start, r->tower);
	if (b->pooling == RHO_POOL_POOLER) {
		rho_dense_run(b->pooler, r->x, n, r->half, r->pooler);
		from = r->half;
	}
	for (size_t i = 0; i < n; i++)
		memcpy(out + i * stride, from + i * d, d * sizeof *out);
}

void rho_bert_run(const struct rho_bert *b, const struct rho_seq *seq, size_t n, float *out, size_t stride,
                  void *room)
{
	size_t d = b->config.dim, layers = b->config.layers;
	struct room r;
	prepare(b, seq, n, room, &r);
	embed_all(b, seq, n, &r);
	switch (b->pooling) {
	case RHO_POOL_CLS:
	case RHO_POOL_POOLER:
		first_rows(b, n, &r, out, stride);
		break;
	case RHO_POOL_FIRST_LAST:
		two_means(b, n, 0, &r, out, stride);
		break;
	case RHO_POOL_LAST_TWO:
		two_means(b, n, layers - 1, &r, out, stride);
		break;
	case RHO_POOL_MAX:
		rho_tower_run(b->tower, r.x, r.start, n, 0, layers, NULL, r.tower);
		for (size_t i = 0; i < n; i++)
			rho_max_rows(r.x + r.start[i] * d, seq[i].n, d, out + i * stride);
		break;
	default:
		rho_tower_run(b->tower, r.x, r.start, n, 0, layers, NULL, r.tower);
		means(b, n, &r, out, stride);
	}
}

void rho_bert_hidden(const struct rho_bert *b, const struct rho_seq *seq, size_t n, size_t layer, float *out,
                     void *room)
{
	struct room r;
	prepare(b, seq, n, room, &r);
	embed_all(b, seq, n, &r);
	rho_tower_run(b->tower, r.x, r.start, n, 0, layer, NULL, r.tower);
	memcpy(out, r.x, r.start[n] * b->config.dim * sizeof *out);
}
