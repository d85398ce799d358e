/* coder.h: an encoder plugin, opened through the registry for a test. */
#ifndef TEST_CODER_H
#define TEST_CODER_H

#include "../plugin.h"
#include "model.h"

struct coder {
	struct test_plugin p;
	const struct rho_encoder *encoder;
	struct rho_encoder_info info;
};

/* Opens encoder NAME with parameters in TOML, printf-like; gives open's code, the sentence in e->p.why. */
int coder_try(struct coder *, const char *name, const char *toml, ...) __attribute__((format(printf, 3, 4)));
/* The same; must go well. */
void coder_open(struct coder *, const char *name, const char *toml, ...)
	__attribute__((format(printf, 3, 4)));
void coder_close(struct coder *);
/* Encodes n texts or pictures into out (n, dim), which must go well. */
void coder_encode(struct coder *, uint32_t what, const struct rho_str *in, size_t n, float *out);
/* Opening must fail with this code and a sentence that has all the words (NULL at the end) in it. */
void coder_refuses(int code, const char *const *words, const char *name, const char *toml, ...)
	__attribute__((format(printf, 4, 5)));

#endif
