/* simcse: sentence vectors of contrastively trained BERT models, pooled as they were trained. */
#include "kit/transformer/sentence.h"

enum { AUTO, SUP, UNSUP, MEAN };
static const char *const pooling_names[] = { "auto", "sup", "unsup", "mean", NULL };

static const struct rho_param simcse_params[] = {
	RHO_PATH(struct rho_sentence, path,
	         "folder of the model as downloaded: config.json, the tokeniser's files, the weights"),
	RHO_CHOICE(struct rho_sentence, pooling, AUTO, pooling_names,
	           "sup: the first token through the pooler; unsup: without it; mean: of all tokens;"
	           " auto: as the folder's modules.json or 1_Pooling says, else sup"),
	RHO_SENTENCE_PARAMS(struct rho_sentence),
	RHO_END
};

static uint32_t pool(struct rho_ctx *c, const struct rho_sentence *s, const struct rho_modules *m)
{
	if (s->pooling == UNSUP)
		return RHO_POOL_CLS;
	if (s->pooling == MEAN)
		return RHO_POOL_MEAN;
	if (s->pooling == AUTO && m->pools)
		return RHO_N_POOLING;
	if (s->pooling == AUTO)
		rho_log(c, RHO_INFO,
		        "%s does not say how to pool; taken for a supervised model, whose first token"
		        " goes through the pooler; set pooling = \"sup\", \"unsup\" or \"mean\"",
		        s->path);
	return RHO_POOL_POOLER;
}

static int simcse_open(struct rho_ctx *c, void *self, struct rho_encoder_info *info)
{
	return rho_sentence_open(c, self, info, pool);
}

static const struct rho_encoder simcse_encoder = {
	.size = sizeof simcse_encoder, .open = simcse_open, .close = rho_sentence_close,
	.encode = rho_sentence_encode,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENCODER), .name = "simcse", .version = "1.0.0", .revision = 1,
	.flags = RHO_THREADS,   /* a gzipped file of the tokeniser is inflated by one */
	.brief = "SimCSE and other sentence encoders (MiniLM, GTE, …) from their own checkpoints",
	.doc = "Reads a model folder of the usual hub, as the encoder bert does, and pools as the model was\n"
	       "trained: where sentence-transformers' files are in the folder (all-MiniLM-L6-v2 and most\n"
	       "others), as they say; the folders of the SimCSE paper have none: set pooling to \"sup\" or\n"
	       "\"unsup\".",
	.cite = "Gao, Yao & Chen, SimCSE: Simple contrastive learning of sentence embeddings, EMNLP 2021",
	.params = simcse_params, .self_size = sizeof(struct rho_sentence), .encoder = &simcse_encoder,
};
