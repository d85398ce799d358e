/* sentence.h: what the plugins bert and simcse share: their parameters, and from texts to rows of a BERT
 * model. */
#ifndef RHO_KIT_SENTENCE_H
#define RHO_KIT_SENTENCE_H

#include "bert.h"
#include "dense.h"
#include "embedder.h"

extern const char *const rho_precision_choices[];       /* of enum rho_precision */
extern const char *const rho_engine_choices[];          /* of enum rho_engine */

/* Parameters of every encoder of texts by a transformer; T has the fields. */
#define RHO_MODEL_PARAMS(T) \
	RHO_CHOICE(T, precision, RHO_PRECISION_F32, rho_precision_choices, \
	           "of the layers' weights and products: f32 is exact, bf16 and int8 are quicker"), \
	RHO_CHOICE(T, engine, RHO_ENGINE_AUTO, rho_engine_choices, \
	           "library for the products; auto: oneDNN where rho was built with it, else OpenBLAS"), \
	RHO_I64(T, batch_tokens, 1024, 1, 1 << 20, \
	        "about so many tokens are worked on at a time by a thread"), \
	{ RHO_FIELD(T, threads, RHO_T_I64, int64_t, \
	            "most threads at a time; 0: all that the host gives"), \
	  .flags = RHO_SPEED, .lo = 0, .hi = 64, .def.i = 0 }

struct rho_sentence {           /* a plugin's self; zeroed by the host */
	const char *path;       /* parameters */
	int pooling;            /* the plugin's own choice */
	bool normalise;
	int64_t max_length;
	int precision, engine;
	int64_t batch_tokens, threads;
	struct rho_tokeniser *tokeniser;
	struct rho_bert *bert;
	struct rho_dense *dense;        /* sentence-transformers' module Dense; or NULL */
	size_t dim, dense_dim;  /* of the model's rows, of the dense layer's */
	struct rho_embedder embedder;
};

#define RHO_SENTENCE_PARAMS(T) \
	RHO_BOOL(T, normalise, true, "scale rows to length 1"), \
	RHO_I64(T, max_length, 0, 0, 1 << 20, \
	        "tokens of a text that are read, special ones included; 0: as the model's files say" \
	        " (max_seq_length, else the tokeniser's own limit, at most its positions)"), \
	RHO_MODEL_PARAMS(T)

/* Opens the model that s->path names. `pool` is asked, once the folder's own word on pooling is known, for
 * what is to be done: enum rho_pooling, or RHO_N_POOLING for exactly what the folder says (a module Dense
 * included). 0 or an error, recorded; what was opened is closed by rho_sentence_close in any case. [open] */
int rho_sentence_open(struct rho_ctx *, struct rho_sentence *s, struct rho_encoder_info *,
                      uint32_t (*pool)(struct rho_ctx *, const struct rho_sentence *,
                                       const struct rho_modules *));

/* The plugins' close and encode; self is their rho_sentence. */
void rho_sentence_close(struct rho_ctx *, void *self);
int rho_sentence_encode(struct rho_ctx *, void *self, uint32_t what, const struct rho_str *in, size_t n,
                        float *out, size_t stride);

#endif
