/* bert: texts to rows by a model of the BERT family, pooled as asked. */
#include "kit/transformer/sentence.h"

enum { AUTO, CLS, MEAN, MAX, FIRST_LAST, LAST_TWO, POOLER };
static const char *const pooling_names[] = {
	"auto", "cls", "mean", "max", "first_last", "last_two", "pooler", NULL
};

static const struct rho_param bert_params[] = {
	RHO_PATH(struct rho_sentence, path,
	         "folder of the model as downloaded: config.json, the tokeniser's files, the weights"),
	RHO_CHOICE(struct rho_sentence, pooling, AUTO, pooling_names,
	           "tokens to one row; auto: as the folder's modules.json or 1_Pooling says, else mean"),
	RHO_SENTENCE_PARAMS(struct rho_sentence),
	RHO_END
};

static uint32_t pool(struct rho_ctx *c, const struct rho_sentence *s, const struct rho_modules *m)
{
	static const uint32_t kinds[] = {
		[CLS] = RHO_POOL_CLS,           [MEAN] = RHO_POOL_MEAN,
		[MAX] = RHO_POOL_MAX,           [FIRST_LAST] = RHO_POOL_FIRST_LAST,
		[LAST_TWO] = RHO_POOL_LAST_TWO, [POOLER] = RHO_POOL_POOLER,
	};
	if (s->pooling != AUTO)
		return kinds[s->pooling];
	return m->pools ? RHO_N_POOLING : RHO_POOL_MEAN;
}

static int bert_open(struct rho_ctx *c, void *self, struct rho_encoder_info *info)
{
	return rho_sentence_open(c, self, info, pool);
}

static const struct rho_encoder bert_encoder = {
	.size = sizeof bert_encoder, .open = bert_open, .close = rho_sentence_close,
	.encode = rho_sentence_encode,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENCODER), .name = "bert", .version = "1.0.0", .revision = 1,
	.flags = RHO_THREADS,   /* a gzipped file of the tokeniser is inflated by one */
	.brief = "BERT, RoBERTa, XLM-R, MiniLM, DistilBERT from their own checkpoints",
	.doc = "Reads a model folder of the usual hub: config.json, tokenizer.json (or vocab.txt, or\n"
	       "vocab.json and merges.txt), and model.safetensors, pytorch_model.bin or .npz. Nothing is\n"
	       "padded: a text's row does not depend on what it is encoded with. pooling = \"auto\" does\n"
	       "what sentence-transformers' files in the folder say (a Dense module included); any other\n"
	       "pooling is that pooling alone.",
	.cite = "Devlin, Chang, Lee & Toutanova, BERT, NAACL 2019;\n"
	        "Reimers & Gurevych, Sentence-BERT, EMNLP 2019",
	.params = bert_params, .self_size = sizeof(struct rho_sentence), .encoder = &bert_encoder,
};
