/* buf.c: growable strings, and the malloc family that never returns NULL. */
#include "buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *out_of_memory(size_t n)
{
	fprintf(stderr, "rho: out of memory (asked for %zu bytes)\n", n);
	exit(1);
}

void *rho_xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);
	return p ? p : out_of_memory(n);
}

void *rho_xcalloc(size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		return out_of_memory(SIZE_MAX);
	void *p = calloc(n ? n : 1, size ? size : 1);
	return p ? p : out_of_memory(n * size);
}

void *rho_xrealloc(void *p, size_t n)
{
	void *q = realloc(p, n ? n : 1);
	return q ? q : out_of_memory(n);
}

char *rho_xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;
	return memcpy(rho_xmalloc(n), s, n);
}

/* Makes room for n more bytes and the NUL. */
static void reserve(struct rho_buf *b, size_t n)
{
	if (n >= SIZE_MAX / 2 - b->len)
		out_of_memory(n);
	if (b->len + n + 1 <= b->room)
		return;
	size_t room = b->room ? b->room : 64;
	while (room < b->len + n + 1)
		room *= 2;
	b->at = rho_xrealloc(b->at, room);
	b->room = room;
}

void rho_buf_add(struct rho_buf *b, const void *bytes, size_t n)
{
	reserve(b, n);
	if (n)
		memcpy(b->at + b->len, bytes, n);
	b->len += n;
	b->at[b->len] = '\0';
}

void rho_buf_str(struct rho_buf *b, const char *s) { rho_buf_add(b, s, strlen(s)); }

static void buf_vprintf(struct rho_buf *b, const char *fmt, va_list args)
{
	va_list again;
	va_copy(again, args);
	reserve(b, 0);
	int n = vsnprintf(b->at + b->len, b->room - b->len, fmt, args);
	if (n > 0 && (size_t)n >= b->room - b->len) {
		reserve(b, (size_t)n);
		n = vsnprintf(b->at + b->len, b->room - b->len, fmt, again);
	}
	va_end(again);
	if (n > 0)
		b->len += (size_t)n;
	b->at[b->len] = '\0';
}

void rho_buf_printf(struct rho_buf *b, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	buf_vprintf(b, fmt, args);
	va_end(args);
}

char *rho_xprintf(const char *fmt, ...)
{
	struct rho_buf b = { 0 };
	va_list args;
	va_start(args, fmt);
	buf_vprintf(&b, fmt, args);
	va_end(args);
	return b.at;
}

void rho_buf_clear(struct rho_buf *b)
{
	b->len = 0;
	if (b->at)
		b->at[0] = '\0';
}

void rho_buf_free(struct rho_buf *b)
{
	free(b->at);
	*b = (struct rho_buf){ 0 };
}
