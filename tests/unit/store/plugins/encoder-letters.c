/* encoder-letters: a test encoder that fits. Component j of a text counts the bytes that are j
 * modulo dim, weighted by the number of texts fitted. Appends to `log` 'f' for each fit, 'e' for
 * each call of encode. */
#include <math.h>
#include <rho/rho.h>
#include <stdio.h>
#include <unistd.h>

enum { GOOD, NOT_A_NUMBER, NOT_UNIT, IMAGES, NO_DIM, FAILS, CRASHES };
static const char *const modes[] = { "good", "not_a_number", "not_unit", "images", "no_dim", "fails", "crashes", NULL };

struct letters { const char *weights, *log; int64_t dim, pause, batch; int mode; bool unit; size_t fitted; };

static const struct rho_param params[] = {
	RHO_I64(struct letters, dim, 8, 1, 65536, "floats a row"),
	RHO_BOOL(struct letters, unit, true, "rows of length 1"),
	RHO_PATH_OPT(struct letters, weights, "a file that is part of the key"),
	{ RHO_FIELD(struct letters, log, RHO_T_STR, const char *, "file that grows by a byte a call"),
	  .flags = RHO_SPEED, .def.s = "" },
	{ RHO_FIELD(struct letters, pause, RHO_T_I64, int64_t, "milliseconds that fitting takes"),
	  .flags = RHO_SPEED, .lo = 0, .hi = 10000, .def.i = 0 },
	{ RHO_FIELD(struct letters, batch, RHO_T_I64, int64_t, "most texts a call; 0: any number"),
	  .flags = RHO_SPEED, .lo = 0, .hi = 10000, .def.i = 0 },
	RHO_CHOICE(struct letters, mode, GOOD, modes, "what goes wrong"),
	RHO_END
};

static void note(const struct letters *e, char what)
{
	FILE *log = *e->log ? fopen(e->log, "a") : NULL;
	if (log) {
		fputc(what, log);
		fclose(log);
	}
}

static int letters_open(struct rho_ctx *c, void *self, struct rho_encoder_info *info)
{
	struct letters *e = self;
	*info = (struct rho_encoder_info){
		.dim = e->mode == NO_DIM ? 0 : (size_t)e->dim,
			.takes = e->mode == IMAGES ? RHO_IMAGE : RHO_TEXT,
		.unit_norm = e->unit, .max_batch = (size_t)e->batch,
	};
	rho_log(c, RHO_INFO, "counts bytes");
	rho_log(c, RHO_DEBUG, "byte b counts in column b mod %zu", info->dim);
	return 0;
}

static int letters_fit(struct rho_ctx *c, void *self, const struct rho_str *catalogue, size_t n)
{
	struct letters *e = self;
	note(e, 'f');
	usleep((useconds_t)e->pause * 1000);
	e->fitted = n;
	return 0;
}

static void encode_one(const struct letters *e, const struct rho_str *s, float *out)
{
	double square = 0;
	for (int64_t j = 0; j < e->dim; j++)
		out[j] = 0;
	for (size_t i = 0; i < s->len; i++)
		out[(unsigned char)s->at[i] % e->dim] += 1 + (float)e->fitted;
	for (int64_t j = 0; j < e->dim; j++)
		square += (double)out[j] * (double)out[j];
	for (int64_t j = 0; e->unit && square > 0 && j < e->dim; j++)
		out[j] = (float)(out[j] / sqrt(square) * (e->mode == NOT_UNIT ? 1.01 : 1));
}

static int letters_encode(struct rho_ctx *c, void *self, uint32_t what, const struct rho_str *in, size_t n,
                          float *out, size_t stride)
{
	struct letters *e = self;
	note(e, 'e');
	if (e->mode == CRASHES)
		*(volatile int *)(uintptr_t)e->fitted = 0; /* an address that nobody has */
	if (e->mode == FAILS)
		return rho_fail(c, RHO_EFORMAT, "no letters today");
	for (size_t i = 0; i < n; i++) {
		encode_one(e, &in[i], out + i * stride);
		rho_progress(c, (double)(i + 1) / (double)n);
	}
	if (e->mode == NOT_A_NUMBER)
		out[(n - 1) * stride] = NAN;
	return 0;
}

static const struct rho_encoder encoder = {
	.size = sizeof encoder, .open = letters_open, .fit = letters_fit, .encode = letters_encode,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENCODER), .revision = 1, .name = "letters", .version = "1.0.0",
	.brief = "counts of bytes, for tests", .params = params,
	.self_size = sizeof(struct letters), .encoder = &encoder,
};
