/* bert.h: models of the BERT family (Devlin et al. 2019; Liu et al. 2019; Sanh et al. 2019) from a
 * checkpoint: token ids to rows. */
#ifndef RHO_KIT_BERT_H
#define RHO_KIT_BERT_H

#include "config.h"
#include "tower.h"

struct rho_bert;                /* constant once open: any number of threads may run it */

/* Opens the model in a folder: config.json and the weights, whatever prefix its tensors have and however its
 * norms are spelt. The vocabulary's rows stay in the mapped file. `pooling`: what will be asked of it (enum
 * rho_pooling); the pooler is read for RHO_POOL_POOLER only, and missing from the weights is an error then.
 * precision, engine: of dense.h. 0 and *out, or an error, recorded (rho_fail). [open] */
int rho_bert_open(struct rho_ctx *, const char *folder, uint32_t pooling, uint32_t precision, uint32_t engine,
                  struct rho_bert **out);
void rho_bert_close(struct rho_bert *);         /* NULL is fine */

const struct rho_bert_config *rho_bert_config(const struct rho_bert *);
/* Most tokens a text, special ones included: what the table of positions has room for. */
size_t rho_bert_longest(const struct rho_bert *);
/* Whether a row has the same bits whatever else is in the call. */
bool rho_bert_rowwise(const struct rho_bert *);

/* Bytes of working memory, 64-byte aligned, for n texts with `tokens` in all, the longest of `longest`. */
size_t rho_bert_room(const struct rho_bert *, size_t tokens, size_t n, size_t longest);

/* out row i (dim floats, stride apart) = text i pooled as the model was opened for. [any] */
void rho_bert_run(const struct rho_bert *, const struct rho_seq *, size_t n, float *out, size_t stride,
                  void *room);

/* out (tokens, dim) = every token's hidden state after `layer` layers; 0: the embedding output. [any] */
void rho_bert_hidden(const struct rho_bert *, const struct rho_seq *, size_t n, size_t layer, float *out,
                     void *room);

#endif
