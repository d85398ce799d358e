/* bare.c: see bare.h. */
#include "bare.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(struct rho_ctx *c, int error, const char *fmt, ...)
{
	struct bare *b = (struct bare *)c;
	va_list args;
	va_start(args, fmt);
	vsnprintf(b->why, sizeof b->why, fmt, args);
	va_end(args);
	return b->code = error;
}

static void note(struct rho_ctx *c, int level, const char *fmt, ...)
{
	struct bare *b = (struct bare *)c;
	size_t used = strlen(b->log);
	va_list args;
	va_start(args, fmt);
	vsnprintf(b->log + used, sizeof b->log - used, fmt, args);
	va_end(args);
	used = strlen(b->log);
	if (used + 1 < sizeof b->log)
		strcpy(b->log + used, "\n");
}

static void *get(struct rho_ctx *c, size_t n, size_t size)
{
	struct bare *b = (struct bare *)c;
	size_t bytes = (n * size + 63) / 64 * 64;
	cr_assert_lt(b->blocks, sizeof b->block / sizeof *b->block);
	void *at = aligned_alloc(64, bytes ? bytes : 64);
	cr_assert_not_null(at);
	b->block[b->blocks++] = at;
	return at;
}

static void *alloc(struct rho_ctx *c, size_t n, size_t size)
{
	return memset(get(c, n, size), 0, n * size);
}

static void *scratch(struct rho_ctx *c, size_t n, size_t size)
{
	return memset(get(c, n, size), 0x7f, n * size); /* what is read before it is written shows */
}

static bool stop(struct rho_ctx *c) { return false; }
static void progress(struct rho_ctx *c, double done) { }

static void parallel(struct rho_ctx *c, size_t n, void (*fn)(void *arg, size_t from, size_t to), void *arg)
{
	for (size_t i = 0; i < n; i++)
		fn(arg, i, i + 1);
}

void bare_open(struct bare *b)
{
	static const struct rho_host host = {
		.size = sizeof host, .log = note, .fail = fail, .alloc = alloc, .scratch = scratch,
		.stop = stop, .progress = progress, .parallel = parallel,
	};
	memset(b, 0, sizeof *b);
	b->ctx.host = &host;
}

void bare_close(struct bare *b)
{
	for (size_t i = 0; i < b->blocks; i++)
		free(b->block[i]);
	b->blocks = 0;
}
