/* clip.c: CLIP: two pre-norm towers, one over tokens that see only what came before, one over a picture's
 * patches, and the projections into the space they share. */
#include "clip.h"

#include <string.h>

#include "config.h"
#include "layers.h"
#include "room.h"

enum { PREFIX = 256, CHANNELS = 3 };

struct rho_clip {
	struct rho_clip_config config;
	struct rho_clip_info info;
	struct rho_weights *weights;    /* mapped for as long as the model lives */
	struct rho_tower *text, *image; /* NULL: the folder has no such tower */
	const struct rho_tensor *word;  /* (vocab, text.dim) */
	const float *position;          /* (positions, text.dim) */
	const float *class;             /* (image.dim) */
	const float *place;             /* (1 + patches, image.dim) */
	struct rho_dense *unfold;       /* CHANNELS * patch * patch -> image.dim */
	struct rho_norm text_end, image_start, image_end;
	struct rho_dense *text_out, *image_out; /* into the shared space */
};

static const struct rho_tower_names names = {
	.layer = "encoder.layers.", .q = "self_attn.q_proj", .k = "self_attn.k_proj", .v = "self_attn.v_proj",
	.o = "self_attn.out_proj", .inner = "mlp.fc1", .outer = "mlp.fc2", .norm1 = "layer_norm1",
	.norm2 = "layer_norm2",
};

static size_t grid(const struct rho_clip *m) { return m->config.size / m->config.patch; }
static size_t patches(const struct rho_clip *m) { return grid(m) * grid(m); }

/* ---- opening ---- */

struct opening { struct rho_ctx *ctx; struct rho_clip *m; uint32_t precision, engine; char prefix[PREFIX]; };

static int open_tower(struct opening *o, const struct rho_clip_side *s, bool causal, struct rho_tower **out)
{
	const struct rho_tower_spec spec = {
		.layers = s->layers, .dim = s->dim, .heads = s->heads, .inner = s->inner, .eps = s->eps,
		.activation = s->activation, .precision = o->precision, .engine = o->engine, .pre_norm = true,
		.causal = causal, .prefix = o->prefix, .names = &names, .config = o->m->config.file,
	};
	return rho_tower_open(o->ctx, o->m->weights, &spec, out);
}

/* A linear layer without bias, in float32, from the tensor prefix + name; what follows the first dimension of
 * its shape is flattened. */
static int open_plain(struct opening *o, const char *prefix, const char *name, size_t rank,
                      const size_t *shape, struct rho_dense **out)
{
	struct rho_dense_spec s = {
		.in = 1, .out = shape[0], .precision = RHO_PRECISION_F32, .engine = o->engine
	};
	for (size_t i = 1; i < rank; i++)
		s.in *= shape[i];
	int code = rho_tower_param(o->ctx, o->m->weights, prefix, name, rank, shape, &s.weight);
	return code ? code : rho_tower_dense(o->ctx, &s, out);
}

static int open_text(struct opening *o)
{
	static const char word[] = "embeddings.token_embedding.weight";
	struct rho_clip *m = o->m;
	const struct rho_clip_config *g = &m->config;
	const size_t positions[] = { g->positions, g->text.dim }, out[] = { g->projection, g->text.dim };
	int code = rho_tower_prefix(o->ctx, m->weights, word, g->file, o->prefix, PREFIX);
	if (!code)
		code = rho_tower_table(o->ctx, m->weights, o->prefix, word, g->vocab, g->text.dim, &m->word);
	if (!code)
		code = rho_tower_param(o->ctx, m->weights, o->prefix, "embeddings.position_embedding.weight",
		                       2, positions, &m->position);
	if (!code)
		code = open_tower(o, &g->text, true, &m->text);
	if (!code)
		code = rho_tower_norm(o->ctx, m->weights, o->prefix, "final_layer_norm", g->text.dim,
		                      &m->text_end);
	return code ? code : open_plain(o, "", "text_projection.weight", 2, out, &m->text_out);
}

static int open_image(struct opening *o)
{
	static const char patch[] = "embeddings.patch_embedding.weight";
	struct rho_clip *m = o->m;
	const struct rho_clip_config *g = &m->config;
	size_t d = g->image.dim;
	const size_t conv[] = { d, CHANNELS, g->patch, g->patch }, places[] = { patches(m) + 1, d };
	const size_t out[] = { g->projection, d };
	int code = rho_tower_prefix(o->ctx, m->weights, patch, g->file, o->prefix, PREFIX);
	if (!code)
		code = rho_tower_param(o->ctx, m->weights, o->prefix, "embeddings.class_embedding", 1, &d,
		                       &m->class);
	if (!code)
		code = rho_tower_param(o->ctx, m->weights, o->prefix, "embeddings.position_embedding.weight",
		                       2, places, &m->place);
	if (!code)
		code = open_plain(o, o->prefix, patch, 4, conv, &m->unfold);
	if (!code)      /* the spelling of OpenAI's checkpoints, which all others keep */
		code = rho_tower_norm(o->ctx, m->weights, o->prefix, "pre_layrnorm", d, &m->image_start);
	if (!code)
		code = open_tower(o, &g->image, false, &m->image);
	if (!code)
		code = rho_tower_norm(o->ctx, m->weights, o->prefix, "post_layernorm", d, &m->image_end);
	return code ? code : open_plain(o, "", "visual_projection.weight", 2, out, &m->image_out);
}

int rho_clip_open(struct rho_ctx *c, const char *folder, uint32_t precision, uint32_t engine,
                  struct rho_clip **out)
{
	struct rho_trouble t = { 0 };
	struct rho_clip *m = rho_alloc(c, 1, sizeof *m);
	struct opening o = { .ctx = c, .m = m, .precision = precision, .engine = engine };
	if (!m)
		return RHO_ENOMEM;
	struct rho_clip_config *g = &m->config;
	if (!rho_clip_config_read(folder, g, &t))
		m->weights = rho_weights_open(folder, &t);
	int code = t.code ? rho_fail(c, t.code, "%s", t.text) : 0;
	if (!code && g->has_text)
		code = open_text(&o);
	if (!code && g->has_image)
		code = open_image(&o);
	if (code) {
		rho_clip_close(m);
		return code;
	}
	m->info = (struct rho_clip_info){ .dim = g->projection, .text = g->has_text, .image = g->has_image,
	                                  .vocab = g->vocab, .longest = g->positions, .size = g->size };
	m->info.tokens = g->has_image ? patches(m) + 1 : 0;
	rho_weights_find(m->weights, "logit_scale");    /* only comparisons need it: known, not unused */
	rho_tower_log_unused(c, m->weights);
	*out = m;
	return 0;
}

void rho_clip_close(struct rho_clip *m)
{
	if (!m)
		return;
	rho_tower_close(m->text);
	rho_tower_close(m->image);
	rho_dense_free(m->unfold);
	rho_dense_free(m->text_out);
	rho_dense_free(m->image_out);
	rho_weights_close(m->weights);
}

const struct rho_clip_info *rho_clip_info(const struct rho_clip *m) { return &m->info; }

bool rho_clip_rowwise(const struct rho_clip *m)
{
	bool text = !m->text || (rho_tower_rowwise(m->text) && rho_dense_rowwise(m->text_out));
	return text && (!m->image || (rho_tower_rowwise(m->image) && rho_dense_rowwise(m->image_out)
	                              && rho_dense_rowwise(m->unfold)));
}

/* ---- running ---- */

struct room {
	size_t *start, *only;   /* (n + 1), (n) */
	float *x;               /* (rows, dim) */
	float *patch;           /* (patches, CHANNELS * patch * patch): one picture's */
	float *unfolded;        /* (patches, dim) */
	float *out;             /* (n, projection) */
	void *tower, *dense;
};

static size_t lay_out_text(const struct rho_clip *m, size_t tokens, size_t n, size_t longest, void *at,
                           struct room *r)
{
	size_t total = 0;
	r->start = rho_carve(at, &total, (n + 1) * sizeof *r->start);
	r->only = rho_carve(at, &total, n * sizeof *r->only);
	r->x = rho_carve(at, &total, tokens * m->config.text.dim * sizeof *r->x);
	r->out = rho_carve(at, &total, n * m->config.projection * sizeof *r->out);
	r->tower = rho_carve(at, &total, rho_tower_room(m->text, tokens, longest));
	r->dense = rho_carve(at, &total, rho_dense_room(m->text_out, n));
	return total;
}

size_t rho_clip_text_room(const struct rho_clip *m, size_t tokens, size_t n, size_t longest)
{
	struct room r;
	return lay_out_text(m, tokens, n, longest, NULL, &r);
}

/* Where a text ends: what its row is taken from. */
static size_t end_of(const struct rho_clip_config *g, const struct rho_seq *s)
{
	size_t best = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (!g->end_is_highest && s->id[i] == g->end)
			return i;
		if (g->end_is_highest && s->id[i] > s->id[best])
			best = i;
	}
	return best;
}

/* The last norm and the projection of the first n rows of r->x. */
static void put(const struct rho_norm *norm, float eps, const struct rho_dense *projection, size_t dim,
                size_t width, size_t n, const struct room *r, float *out, size_t stride)
{
	rho_layer_norm(r->x, NULL, n, dim, norm->gamma, norm->beta, eps, r->x);
	rho_dense_run(projection, r->x, n, r->out, r->dense);
	for (size_t i = 0; i < n; i++)
		memcpy(out + i * stride, r->out + i * width, width * sizeof *out);
}

void rho_clip_text(const struct rho_clip *m, const struct rho_seq *seq, size_t n, float *out, size_t stride,
                   void *room)
{
	const struct rho_clip_config *g = &m->config;
	size_t d = g->text.dim, tokens = 0, longest = 0;
	struct room r;
	for (size_t i = 0; i < n; i++) {
		tokens += seq[i].n;
		longest = seq[i].n > longest ? seq[i].n : longest;
	}
	lay_out_text(m, tokens, n, longest, room, &r);
	r.start[0] = 0;
	for (size_t i = 0; i < n; i++) {
		r.start[i + 1] = r.start[i] + seq[i].n;
		r.only[i] = r.start[i] + end_of(g, &seq[i]);
		for (size_t j = 0; j < seq[i].n; j++)
			rho_tensor_read(m->word, seq[i].id[j] * d, d, r.x + (r.start[i] + j) * d);
		rho_add_rows(r.x + r.start[i] * d, m->position, seq[i].n * d);
	}
	rho_tower_run(m->text, r.x, r.start, n, 0, g->text.layers, r.only, r.tower);
	put(&m->text_end, g->text.eps, m->text_out, d, g->projection, n, &r, out, stride);
}

static size_t lay_out_image(const struct rho_clip *m, size_t n, void *at, struct room *r)
{
	size_t total = 0, d = m->config.image.dim, rows = patches(m) + 1, side = m->config.patch;
	size_t dense = rho_dense_room(m->unfold, patches(m)), last = rho_dense_room(m->image_out, n);
	r->start = rho_carve(at, &total, (n + 1) * sizeof *r->start);
	r->x = rho_carve(at, &total, n * rows * d * sizeof *r->x);
	r->patch = rho_carve(at, &total, patches(m) * CHANNELS * side * side * sizeof *r->patch);
	r->unfolded = rho_carve(at, &total, patches(m) * d * sizeof *r->unfolded);
	r->out = rho_carve(at, &total, n * m->config.projection * sizeof *r->out);
	r->tower = rho_carve(at, &total, rho_tower_room(m->image, n * rows, rows));
	r->dense = rho_carve(at, &total, dense > last ? dense : last);
	return total;
}

size_t rho_clip_image_room(const struct rho_clip *m, size_t n)
{
	struct room r;
	return lay_out_image(m, n, NULL, &r);
}

/* out (patches, CHANNELS * side * side): the pixels of each patch in the order of the convolution's
 * weights. */
static void unfold(const float *pixels, size_t size, size_t side, size_t across, float *out)
{
	for (size_t gy = 0; gy < across; gy++)
		for (size_t gx = 0; gx < across; gx++)
			for (size_t c = 0; c < CHANNELS; c++)
				for (size_t y = 0; y < side; y++, out += side)
					memcpy(out, pixels + (c * size + gy * side + y) * size + gx * side,
					       side * sizeof *out);
}

void rho_clip_image(const struct rho_clip *m, const float *pixels, size_t n, float *out, size_t stride,
                    void *room)
{
	const struct rho_clip_config *g = &m->config;
	size_t d = g->image.dim, rows = patches(m) + 1;
	struct room r;
	lay_out_image(m, n, room, &r);
	for (size_t i = 0; i <= n; i++)
		r.start[i] = i * rows;
	for (size_t i = 0; i < n; i++) {
		float *x = r.x + i * rows * d;
		unfold(pixels + i * CHANNELS * g->size * g->size, g->size, g->patch, grid(m), r.patch);
		rho_dense_run(m->unfold, r.patch, patches(m), r.unfolded, r.dense);
		memcpy(x, m->class, d * sizeof *x);
		memcpy(x + d, r.unfolded, patches(m) * d * sizeof *x);
		rho_add_rows(x, m->place, rows * d);
	}
	rho_layer_norm(r.x, NULL, n * rows, d, m->image_start.gamma, m->image_start.beta, g->image.eps, r.x);
	rho_tower_run(m->image, r.x, r.start, n, 0, g->image.layers, r.start, r.tower);
	put(&m->image_end, g->image.eps, m->image_out, d, g->projection, n, &r, out, stride);
}
