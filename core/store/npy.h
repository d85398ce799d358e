/* npy.h: the head of a NumPy .npy file that holds a float32 matrix in C order. */
#ifndef RHO_STORE_NPY_H
#define RHO_STORE_NPY_H

#include <stddef.h>
#include "../base/buf.h"

enum { NPY_HEAD = 128 };        /* bytes of the head that npy_head_write makes; data follows */

/* A head of format 1.0. 128 bytes hold any shape and are a multiple of 64, so in a mapped file the
 * data is 64-byte aligned. */
void npy_head_write(char head[NPY_HEAD], size_t rows, size_t cols);

/* Reads the head at the front of a file's bytes (formats 1, 2 and 3). Gives the shape and where the
 * data begins, which is a multiple of 4; the data's size has been compared with `len`, the file's.
 * 0 or -1 with why; `name` is the file's, for messages. */
int npy_head_read(const void *bytes, size_t len, const char *name, size_t *rows, size_t *cols,
                  size_t *data, struct rho_buf *why);

#endif
