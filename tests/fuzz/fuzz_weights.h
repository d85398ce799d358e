/* fuzz_weights.h: opens bytes as a checkpoint. What is accepted can be read from end to end; a refusal names
 * the file. */
#ifndef RHO_FUZZ_WEIGHTS_H
#define RHO_FUZZ_WEIGHTS_H

#include <string.h>

#include "fuzz_reader.h"
#include "kit/weights/checkpoint.h"

static inline void fuzz_weights(const uint8_t *bytes, size_t n)
{
	char path[64];
	int fd = fuzz_file(bytes, n, path);
	struct rho_trouble t = { 0 };
	struct rho_weights *w = rho_weights_open(path, &t);
	float out[64];
	if (!w != (t.code != 0) || (!w && !strstr(t.text, path)))
		abort();
	for (size_t i = 0; w && i < rho_weights_n(w); i++) {
		const struct rho_tensor *x = rho_weights_at(w, i);
		struct rho_trouble odd = { 0 };
		if (rho_weights_find(w, x->name) != x || !rho_weights_used(w, i))
			abort();
		rho_tensor_finite(x, &odd);
		for (size_t at = 0; at < x->n; at += 64)
			rho_tensor_read(x, at, x->n - at < 64 ? x->n - at : 64, out);
	}
	rho_weights_close(w);
	close(fd);
}

#endif
