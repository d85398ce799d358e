/* checkpoint.h: what the readers of checkpoint formats share; weights.c, its readers and tests include it. */
#ifndef RHO_KIT_CHECKPOINT_H
#define RHO_KIT_CHECKPOINT_H

#include "weights.h"

#define RHO_SHAPE_TEXT 256      /* room for any shape in words */

struct rho_blob {               /* a file as it lies in memory */
	const char *path;
	const unsigned char *at;        /* (len) */
	size_t len;
};

/* Maps a file until the weights are closed. 0 or an error. */
int rho_weights_map(struct rho_weights *, const char *path, struct rho_blob *, struct rho_trouble *);

/* Memory that lives as long as the weights, for what cannot be mapped as it is. All of it together may
 * take 64 MiB and 16 times what is mapped; `what` says in the refusal what asked for more. */
void *rho_weights_room(struct rho_weights *, const struct rho_blob *, const char *what, size_t bytes,
                       struct rho_trouble *);

/* Adds a tensor (name, dtype, rank, shape and at are read; the name is copied). 0 or an error: a name
 * that is empty, too long or not printable, more elements than can be counted. */
int rho_weights_add(struct rho_weights *, const struct rho_blob *, struct rho_str name,
                    const struct rho_tensor *like, struct rho_trouble *);

/* Reads one file of any format but an index: what it is is seen from its first bytes. */
int rho_weights_read(struct rho_weights *, const char *path, struct rho_trouble *);

/* Whether a name can be shown: no control characters. */
bool rho_name_printable(struct rho_str);

/* The readers. Each adds the tensors it finds. 0 or an error. */
int rho_read_safetensors(struct rho_weights *, const struct rho_blob *, struct rho_trouble *);
int rho_read_zip(struct rho_weights *, const struct rho_blob *, struct rho_trouble *);   /* torch or npz */
int rho_read_torch_legacy(struct rho_weights *, const struct rho_blob *, struct rho_trouble *);
/* An index of shards: PATH's weight_map names the file of each tensor, beside PATH. */
int rho_read_shards(struct rho_weights *, const struct rho_blob *, struct rho_trouble *);

/* How many tensors there are so far, and leaving out those from `first` on that `keep` refuses. */
size_t rho_weights_filter(struct rho_weights *, size_t first,
                          bool (*keep)(void *arg, const char *name), void *arg);

size_t rho_dtype_size(uint32_t dtype);          /* bytes an element */
const char *rho_dtype_name(uint32_t dtype);     /* as safetensors writes it: "F32" */

/* Elements of a shape; false: more than memory could ever hold (in bytes of `size` each). */
bool rho_shape_count(size_t rank, const size_t *shape, size_t size, size_t *n);

/* The shape in words: "(30522, 384)", "(7,)", "()". Gives `out`. */
const char *rho_shape_text(size_t rank, const size_t *shape, char out[RHO_SHAPE_TEXT]);

/* Copies a strided view, elements of `size` bytes, strides counted in elements, into row-major order.
 * The caller has made sure that the view lies inside what `from` points to. */
void rho_strided_copy(void *to, const void *from, size_t size, size_t rank, const size_t *shape,
                      const size_t *stride);

/* Half precision to single, exactly, without and with the processor's own instruction: for tests. */
void rho_half_portable(const void *in, size_t n, float *out);
void rho_half(const void *in, size_t n, float *out);

static inline uint32_t rho_u16_at(const unsigned char *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static inline uint32_t rho_u32_at(const unsigned char *p)
{
	return rho_u16_at(p) | rho_u16_at(p + 2) << 16;
}
static inline uint64_t rho_u64_at(const unsigned char *p)
{
	return (uint64_t)rho_u32_at(p) | (uint64_t)rho_u32_at(p + 4) << 32;
}

#endif
