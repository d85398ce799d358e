/* bare_host.h: a ctx with rho_alloc and rho_fail and nothing else, for linear layers without a plugin
 * around. */
#ifndef TEST_BARE_HOST_H
#define TEST_BARE_HOST_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rho/rho.h>

struct bare_host {
	struct rho_ctx ctx;
	struct rho_host host;
	void *block[64];
	size_t blocks;
	char why[512];
};

static inline void *bare_alloc(struct rho_ctx *c, size_t n, size_t size)
{
	struct bare_host *h = (struct bare_host *)c;
	size_t bytes = (n * size + 63) / 64 * 64;
	void *at = aligned_alloc(64, bytes ? bytes : 64);
	if (!at || h->blocks == sizeof h->block / sizeof *h->block)
		abort();
	h->block[h->blocks++] = at;
	return memset(at, 0, bytes);
}

RHO_PRINTF static inline int bare_fail(struct rho_ctx *c, int error, const char *fmt, ...)
{
	struct bare_host *h = (struct bare_host *)c;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(h->why, sizeof h->why, fmt, ap);
	va_end(ap);
	return error;
}

static inline struct rho_ctx *bare_open(struct bare_host *h)
{
	memset(h, 0, sizeof *h);
	h->host.alloc = bare_alloc;
	h->host.fail = bare_fail;
	h->ctx.host = &h->host;
	return &h->ctx;
}

static inline void bare_close(struct bare_host *h)
{
	for (size_t i = 0; i < h->blocks; i++)
		free(h->block[i]);
}

#endif
