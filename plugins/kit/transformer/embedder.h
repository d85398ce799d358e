/* embedder.h: many texts to rows: tokenised, cut into chunks, run through a model on the host's threads. */
#ifndef RHO_KIT_EMBEDDER_H
#define RHO_KIT_EMBEDDER_H

#include "../tokeniser/tokeniser.h"
#include "tower.h"

struct rho_embedder_worker;

/* How many threads are to work: `threads`, or where that is 0 as many as there are processors for this
 * process; no more than the host makes ranges of anything. */
size_t rho_embedder_workers(size_t threads);

struct rho_embedder {           /* zero-initialise, fill the first part, then rho_embedder_open */
	const struct rho_tokeniser *tokeniser;
	size_t longest;         /* tokens a text, special ones included */
	size_t dim;             /* floats a row */
	bool normalise;         /* rows of length 1 */
	size_t batch_tokens;    /* about so many tokens a chunk; a longer text is a chunk of its own */
	size_t threads;         /* at most so many at a time; 0: as many as there are processors */
	bool rowwise;           /* chunks may be cut as suits the threads: a row's bits do not show it */
	const void *model;
	/* Bytes for a run of n texts with `tokens` in all, the longest of `longest`; and the run, of which
	 * every row follows from its own sequence alone. Called from several threads at once. */
	size_t (*room)(const void *model, size_t tokens, size_t n, size_t longest);
	void (*run)(const void *model, const struct rho_seq *, size_t n, float *out, size_t stride,
	            void *room);
	/* the embedder's own */
	struct rho_embedder_worker *worker;     /* (workers) */
	size_t workers, texts;  /* texts: done so far */
};

/* *out: the tokeniser of a model's folder. Refused, by name, are ids or token types that the model has no row
 * of embeddings for (`vocab` and `types` rows; types 0: it looks at none), and a tokeniser without special
 * tokens, which would leave nothing of an empty text. 0 or an error, recorded; what *out then is, its owner
 * closes. [open] */
int rho_embedder_tokeniser(struct rho_ctx *, const char *folder, size_t vocab, size_t types,
                           struct rho_tokeniser **out);

/* 0, or an error, recorded: RHO_EINVAL where `longest` has no room for the special tokens, RHO_ENOMEM.
 * [open] */
int rho_embedder_open(struct rho_ctx *, struct rho_embedder *);
/* Says at RHO_INFO how many texts were cut, if any were. Zeroed is fine; the tokeniser is left to its
 * owner. */
void rho_embedder_close(struct rho_ctx *, struct rho_embedder *);

/* out row i (stride floats apart) = the model's row for in[i]. Bits do not depend on batch, order, chunks or
 * threads where `rowwise`, else within rounding, and not on threads. 0, RHO_ESTOP or RHO_ENOMEM, recorded.
 * [run] */
int rho_embedder_encode(struct rho_ctx *, struct rho_embedder *, const struct rho_str *in, size_t n,
                        float *out, size_t stride);

#endif
