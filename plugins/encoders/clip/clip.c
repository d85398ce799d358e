/* clip: texts and pictures to rows of one space, by CLIP's two towers. */
#include <string.h>

#include "kit/transformer/clip.h"
#include "kit/image/image.h"
#include "kit/transformer/sentence.h"
#include "pictures.h"

struct clip {
	const char *path;       /* parameters */
	bool normalise;
	int precision, engine;
	int64_t batch_tokens, threads;
	struct rho_clip *model;
	struct rho_tokeniser *tokeniser;
	struct rho_embedder embedder;   /* of texts */
	struct pictures pictures;
};

static const struct rho_param clip_params[] = {
	RHO_PATH(struct clip, path, "folder of the model as downloaded: config.json,"
	                            " preprocessor_config.json, the tokeniser's files, the weights"),
	RHO_BOOL(struct clip, normalise, true, "scale rows to length 1"),
	RHO_MODEL_PARAMS(struct clip),
	RHO_END
};

/* ---- texts ---- */

static size_t text_room(const void *model, size_t tokens, size_t n, size_t longest)
{
	return rho_clip_text_room(model, tokens, n, longest);
}

static void text_run(const void *model, const struct rho_seq *seq, size_t n, float *out, size_t stride,
                     void *room)
{
	rho_clip_text(model, seq, n, out, stride, room);
}

static int open_text(struct rho_ctx *c, struct clip *s, const struct rho_clip_info *info)
{
	int code = rho_embedder_tokeniser(c, s->path, info->vocab, 0, &s->tokeniser);
	if (code)
		return code;
	size_t own = rho_tokeniser_longest(s->tokeniser);
	s->embedder = (struct rho_embedder){
		.tokeniser = s->tokeniser, .longest = own && own < info->longest ? own : info->longest,
		.dim = info->dim, .normalise = s->normalise, .batch_tokens = (size_t)s->batch_tokens,
		.threads = (size_t)s->threads, .rowwise = rho_clip_rowwise(s->model), .model = s->model,
		.room = text_room, .run = text_run,
	};
	return rho_embedder_open(c, &s->embedder);
}

/* ---- pictures ---- */

static int open_pictures(struct rho_ctx *c, struct clip *s, const struct rho_clip_info *info)
{
	struct rho_trouble t = { 0 };
	size_t together = (size_t)s->batch_tokens / info->tokens;
	s->pictures = (struct pictures){
		.model = s->model, .normalise = s->normalise, .together = together ? together : 1,
		.threads = (size_t)s->threads,
	};
	if (rho_image_rules_read(s->path, info->size, &s->pictures.rules, &t))
		return rho_fail(c, t.code, "%s", t.text);
	if (s->pictures.rules.crop != info->size)
		return rho_fail(c, RHO_EFORMAT, "%s: preprocessor_config.json makes pictures of %zu x %zu"
		                " pixels, but the model takes %zu x %zu (image_size of config.json)", s->path,
		                s->pictures.rules.crop, s->pictures.rules.crop, info->size, info->size);
	return 0;
}

/* ---- the plugin ---- */

static void clip_close(struct rho_ctx *c, void *self)
{
	struct clip *s = self;
	rho_embedder_close(c, &s->embedder);
	rho_tokeniser_close(s->tokeniser);
	rho_clip_close(s->model);
	s->embedder = (struct rho_embedder){ .model = NULL };
	s->tokeniser = NULL;
	s->model = NULL;
}

static int clip_open(struct rho_ctx *c, void *self, struct rho_encoder_info *out)
{
	struct clip *s = self;
	int code = rho_clip_open(c, s->path, (uint32_t)s->precision, (uint32_t)s->engine, &s->model);
	if (code)
		return code;
	const struct rho_clip_info *info = rho_clip_info(s->model);
	if (info->text)
		code = open_text(c, s, info);
	if (!code && info->image)
		code = open_pictures(c, s, info);
	if (code) {
		clip_close(c, s);
		return code;
	}
	rho_log(c, RHO_DEBUG, "%s: %zu dimensions; texts up to %zu tokens; pictures of %zu pixels a side",
	        s->path, info->dim, info->text ? s->embedder.longest : 0, info->image ? info->size : 0);
	*out = (struct rho_encoder_info){
		.dim = info->dim, .takes = (info->text ? RHO_TEXT : 0u) | (info->image ? RHO_IMAGE : 0u),
		.unit_norm = s->normalise,
	};
	return 0;
}

static int clip_encode(struct rho_ctx *c, void *self, uint32_t what, const struct rho_str *in, size_t n,
                       float *out, size_t stride)
{
	struct clip *s = self;
	const struct rho_clip_info *info = rho_clip_info(s->model);
	if (what == RHO_TEXT && info->text)
		return rho_embedder_encode(c, &s->embedder, in, n, out, stride);
	if (what == RHO_IMAGE && info->image)
		return pictures_encode(c, &s->pictures, in, n, out, stride);
	return rho_fail(c, RHO_ENOSUP, "the model in %s has no tower for %s; one of model_type \"clip\" in its"
	                " config.json has both", s->path, what == RHO_TEXT ? "texts" : "pictures");
}

static const struct rho_encoder clip_encoder = {
	.size = sizeof clip_encoder, .open = clip_open, .close = clip_close, .encode = clip_encode,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENCODER), .name = "clip", .version = "1.0.0", .revision = 1, .flags = RHO_THREADS,
	.brief = "CLIP: texts and pictures in one space, from its own checkpoints",
	.doc = "Reads a model folder of the usual hub: config.json of model_type clip (or clip_text_model or\n"
	       "clip_vision_model, each with its projection), preprocessor_config.json, the tokeniser's\n"
	       "files and the weights. Pictures are JPEG or PNG files, decoded, resized and cropped to the\n"
	       "byte as the reference does. A picture that cannot be read is an error that says which and why.",
	.cite = "Radford et al., Learning transferable visual models from natural language supervision,\n"
	        "ICML 2021",
	.params = clip_params, .self_size = sizeof(struct clip), .encoder = &clip_encoder,
};
