/* torch.h: from what a torch.save'd pickle says to tensors, for both containers it is kept in. */
#ifndef RHO_KIT_TORCH_H
#define RHO_KIT_TORCH_H

#include "pickle.h"

struct rho_storage {            /* a run of elements that tensors are views of */
	struct rho_str key;
	uint32_t dtype;
	size_t n;               /* elements it must have */
	const unsigned char *at;        /* (bytes), set by the container */
	size_t bytes;
};

struct rho_storages {           /* zero-initialise */
	struct rho_storage *at; /* (n), in order of key, each key once */
	size_t n;
};

/* The storages that the pickle names, without their bytes. 0 or an error: a persistent id that is not
 * one of torch.save's. The caller frees `at` in either case. */
int rho_torch_storages(const struct rho_pickle *, const struct rho_blob *, struct rho_storages *,
                       struct rho_trouble *);

struct rho_storage *rho_torch_storage(const struct rho_storages *, struct rho_str key); /* or NULL */

/* Adds the tensors of `root`: a dictionary of tensors and parameters, or one that holds such a dictionary
 * as "state_dict", "model_state_dict" or "model". Strided views are copied into row-major order. */
int rho_torch_tensors(struct rho_weights *, const struct rho_blob *, const struct rho_storages *,
                      const struct rho_pickle_value *root, struct rho_trouble *);

#endif
