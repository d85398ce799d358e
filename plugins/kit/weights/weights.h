/* weights.h: the named tensors of a checkpoint, mapped where the file allows it, never executed. */
#ifndef RHO_KIT_WEIGHTS_H
#define RHO_KIT_WEIGHTS_H

#include "../trouble.h"

/* Whole numbers first: those from RHO_DT_F16 on are floating-point. */
enum rho_dtype { RHO_DT_BOOL, RHO_DT_U8, RHO_DT_I8, RHO_DT_I16, RHO_DT_I32, RHO_DT_I64,
                 RHO_DT_F16, RHO_DT_BF16, RHO_DT_F32, RHO_DT_F64 };

#define RHO_TENSOR_RANK 8

struct rho_tensor {             /* row-major, contiguous, little-endian; `at` may be unaligned */
	const char *name;
	uint32_t dtype;         /* enum rho_dtype */
	size_t rank, shape[RHO_TENSOR_RANK];
	size_t n;               /* elements */
	const void *at;         /* lives as long as the weights */
};

struct rho_weights;

/* Opens a checkpoint. `path` is a file, or a folder that holds model.safetensors,
 * model.safetensors.index.json (shards), pytorch_model.bin (zip or legacy), pytorch_model.bin.index.json,
 * or model.npz / weights.npz, the first that is there. NULL with the trouble: no such file (and what was
 * looked for), a header that is damaged (where), tensors that overlap or lie outside the file, a pickle
 * that asks for anything a checkpoint does not need. */
struct rho_weights *rho_weights_open(const char *path, struct rho_trouble *);
void rho_weights_close(struct rho_weights *);   /* NULL is fine */

const char *rho_weights_file(const struct rho_weights *);       /* the file that was opened, for messages */
size_t rho_weights_n(const struct rho_weights *);
const struct rho_tensor *rho_weights_at(const struct rho_weights *, size_t i);  /* in order of name */

/* The tensor of that name, or NULL; it counts as used from then on. */
const struct rho_tensor *rho_weights_find(struct rho_weights *, const char *name);

/* The same, of floating-point type and of this shape (rank numbers); NULL with a trouble that names the
 * tensor, the shape found and the shape expected, or the nearest name there is. */
const struct rho_tensor *rho_weights_want(struct rho_weights *, const char *name, size_t rank,
                                          const size_t *shape, struct rho_trouble *);

/* Whether tensor i was ever found or wanted. */
bool rho_weights_used(const struct rho_weights *, size_t i);

/* Elements first .. first + n - 1 as float32 into out (n). Other types are converted: F16 and BF16 exactly,
 * F64 and large whole numbers rounded. No check of values; rho_tensor_finite does that. Any thread. */
void rho_tensor_read(const struct rho_tensor *, size_t first, size_t n, float *out);

/* 0, or RHO_EFORMAT that names the tensor and the first element that is NaN or infinite. */
int rho_tensor_finite(const struct rho_tensor *, struct rho_trouble *);

#endif
