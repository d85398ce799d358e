/* coder.c: see coder.h. */
#include "coder.h"

#include <stdarg.h>
#include <stdio.h>

static int try_open(struct coder *e, const char *name, const char *toml, va_list args)
{
	char text[4000];
	int n = vsnprintf(text, sizeof text, toml, args);
	cr_assert(n >= 0 && (size_t)n < sizeof text);
	memset(e, 0, sizeof *e);
	test_make(&e->p, RHO_ENCODER, name, text, 1);
	e->encoder = e->p.inst->module->plugin.encoder;
	return TEST_CALL(&e->p, "open", true, e->encoder->open(TEST_SELF(&e->p), &e->info));
}

int coder_try(struct coder *e, const char *name, const char *toml, ...)
{
	va_list args;
	va_start(args, toml);
	int code = try_open(e, name, toml, args);
	va_end(args);
	return code;
}

void coder_open(struct coder *e, const char *name, const char *toml, ...)
{
	va_list args;
	va_start(args, toml);
	int code = try_open(e, name, toml, args);
	va_end(args);
	cr_assert_eq(code, 0, "%s", e->p.why.at);
}

void coder_close(struct coder *e) { test_free(&e->p); }

void coder_encode(struct coder *e, uint32_t what, const struct rho_str *in, size_t n, float *out)
{
	TEST_OK(&e->p, "encode", false, e->encoder->encode(TEST_SELF(&e->p), what, in, n, out, e->info.dim));
}

void coder_refuses(int code, const char *const *words, const char *name, const char *toml, ...)
{
	struct coder e;
	va_list args;
	va_start(args, toml);
	int got = try_open(&e, name, toml, args);
	va_end(args);
	cr_assert_eq(got, code, "%d: %s", got, e.p.why.at ? e.p.why.at : "");
	for (size_t i = 0; words[i]; i++)
		HAS(e.p.why.at, words[i]);
	coder_close(&e);
}
