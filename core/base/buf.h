/* buf.h: a growable string. Out of memory ends the program with a message: the host's own
 * strings are small, and a plugin's memory does not come from here. */
#ifndef RHO_BASE_BUF_H
#define RHO_BASE_BUF_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rho_buf {        /* zero-initialise; `at` is NUL-terminated once anything was added */
	char *at;
	size_t len, room;
};

void rho_buf_add(struct rho_buf *, const void *bytes, size_t n);
void rho_buf_str(struct rho_buf *, const char *s);
void rho_buf_printf(struct rho_buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void rho_buf_clear(struct rho_buf *);           /* keeps the memory */
void rho_buf_free(struct rho_buf *);

/* malloc family that ends the program with a message instead of returning NULL. */
void *rho_xmalloc(size_t n);
void *rho_xcalloc(size_t n, size_t size);
void *rho_xrealloc(void *p, size_t n);
char *rho_xstrdup(const char *s);
char *rho_xprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#ifdef __cplusplus
}
#endif
#endif
