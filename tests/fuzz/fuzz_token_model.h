/* fuzz_token_model.h: a token model from JSON, run over a text in every way there is. */
#ifndef RHO_FUZZ_TOKEN_MODEL_H
#define RHO_FUZZ_TOKEN_MODEL_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kit/tokeniser/token_model.h"

struct fuzz_run {
	struct rho_token_model model;
	struct rho_token_scratch scratch;
	struct rho_ids ids;
	struct rho_text tmp;
};

static inline void fuzz_take(void *arg, struct rho_str piece)
{
	struct fuzz_run *r = (struct fuzz_run *)arg;
	r->model.run(r->model.self, piece, &r->scratch, &r->ids);
}

/* Every id is one of the model's, and the same piece gives the same ids again. */
static inline void fuzz_check(struct fuzz_run *r, struct rho_str text)
{
	size_t n = r->ids.n;
	fuzz_take(r, text);
	size_t first = r->ids.n - n;
	fuzz_take(r, text);
	if (r->ids.n - n != 2 * first || (first && memcmp(r->ids.at + n, r->ids.at + n + first, 4 * first)))
		abort();
	for (size_t i = 0; i < r->ids.n; i++)
		if (r->ids.at[i] >= r->model.size)
			abort();
	if (r->ids.spent)
		abort();
}

/* The bytes up to the first NUL are the model, what follows is the text. */
static inline void fuzz_model(const uint8_t *bytes, size_t n,
                              int (*open)(const json_t *, const char *, struct rho_token_model *,
                                          struct rho_trouble *))
{
	size_t len = n ? strnlen((const char *)bytes, n) : 0;
	struct rho_str text = { (const char *)bytes + len + (len < n), n - len - (len < n) };
	struct rho_trouble t = { 0 };
	static struct fuzz_run r;       /* the scratch goes from model to model, as a thread's does */
	json_t *model = json_loadb((const char *)bytes, len, JSON_ALLOW_NUL, NULL);
	int e = open(model, "m.json", &r.model, &t);
	if (!!e != !!t.code || (e && !strstr(t.text, "m.json")))
		abort();
	json_decref(model);
	if (e)
		return;
	rho_split_gpt2(text, n % 2, true, &r.tmp, fuzz_take, &r);
	rho_split_clip(text, n % 2, &r.tmp, fuzz_take, &r);
	rho_split_metaspace(text, rho_str_of("\xe2\x96\x81"), RHO_PREPEND_ALWAYS, true, n % 2, &r.tmp,
	                    fuzz_take, &r);
	fuzz_check(&r, text);
	r.model.find(r.model.self, text);
	r.model.free(r.model.self);
	r.ids.n = 0;
}

#endif
