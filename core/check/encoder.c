/* encoder.c: C checks: rows that depend on their own text alone, of the length promised. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"

enum { BIG = 200000 }; /* bytes of the very long text */

static const char *const texts[] = {
	"red running shoes for women",
	"a kettle",
	"Weather forecast for the next seven days in Lisbon.",
	"",
	"cheap cheap cheap",
	"l'été à la plage, dès demain",
	"\xe5\xa4\xa9\xe6\xb0\x97",
	"HTTP GET /v1/users/{id}",
	"x",
	"one two three four five six seven eight nine ten eleven twelve",
	"  spaces   and\ttabs\n",
	"The quick brown fox jumps over the lazy dog.",
	"42",
	"3.14159 26535",
	"emoji \xf0\x9f\x98\x80 inside",
	"a very ordinary sentence about nothing in particular",
	"red running shoes",
	"shoes running red",
};

enum { N_TEXTS = sizeof texts / sizeof *texts };

struct texts {
	struct rho_encoder_info info;
	struct rho_str in[N_TEXTS];
};

static const struct rho_encoder *encoder_of(struct rho_play *p) { return &p->module->table.encoder; }

static int encoder_set(struct rho_play *p)
{
	struct texts *q = p->problem = rho_xcalloc(1, sizeof *q);
	for (size_t i = 0; i < N_TEXTS; i++) {
		size_t n = strlen(texts[i]);
		char *at = rho_play_keep(p, n, 1);
		memcpy(at, texts[i], n);
		q->in[i] = (struct rho_str){ at, n };
	}
	return RHO_CHECK_PASS;
}

static void encoder_clear(struct rho_play *p) { free(p->problem); }

static int encoder_open(struct rho_play *p)
{
	struct texts *q = p->problem;
	const struct rho_encoder *e = encoder_of(p);
	rho_play_begin(p, "open", 0, true);
	int code = rho_play_end(p, e->open(p->ctx, p->self, &q->info));
	if (code)
		return code;
	if (!q->info.dim || q->info.dim > 1u << 20 || !(q->info.takes & (RHO_TEXT | RHO_IMAGE))) {
		rho_buf_clear(&p->why);
		rho_buf_printf(&p->why, "open says dim is %zu and takes is %u, see C5", q->info.dim,
		               q->info.takes);
		return RHO_EBUG;
	}
	if (!e->fit || !(q->info.takes & RHO_TEXT))
		return 0;
	rho_play_begin(p, "fit", 0, true);
	return rho_play_end(p, e->fit(p->ctx, p->self, q->in, N_TEXTS));
}

/* Encodes n <= max_batch texts into out, rows `stride` apart. */
static int encode(struct rho_play *p, unsigned t, const struct rho_str *in, size_t n, float *out,
                  size_t stride)
{
	rho_play_begin(p, "encode", t, false);
	return rho_play_end(p, encoder_of(p)->encode(p->ctx, p->self, RHO_TEXT, in, n, out, stride));
}

static size_t most(const struct texts *q, size_t n)
{
	return q->info.max_batch && q->info.max_batch < n ? q->info.max_batch : n;
}

static int encoder_turn(struct rho_play *p, unsigned t)
{
	const struct texts *q = p->problem;
	struct rho_rng key = rho_stream_seed(p->trial->seed, "check", p->how.problem, "encoder");
	struct rho_rng r = rho_fork(&key, t, 0);
	if (!(q->info.takes & RHO_TEXT))
		return 0;
	size_t n = most(q, 1 + rho_below(&r, 7)), dim = q->info.dim;
	struct rho_str *in = rho_play_buf(p, n, sizeof *in);
	float *out = rho_play_buf(p, n * dim, sizeof *out);
	for (size_t i = 0; i < n; i++)
		in[i] = q->in[rho_below(&r, N_TEXTS)];
	int code = encode(p, t, in, n, out, dim);
	rho_buf_add(&p->line, out, n * dim * sizeof *out);
	return code;
}

const struct rho_player rho_player_encoder = {
	.ground = "C4",
	.turns = 12,
	.set = encoder_set,
	.open = encoder_open,
	.turn = encoder_turn,
	.clear = encoder_clear,
};

/* ---- checks ---- */

static struct rho_play *ready(struct rho_trial *t)
{
	struct rho_play_how how = { 0 };
	struct rho_play *p = rho_play_ready(t, &how);
	if (!p)
		return NULL;
	const struct texts *q = p->problem;
	if (q->info.takes & RHO_TEXT)
		return p;
	rho_trial_skip(t, "it takes pictures only; the kit has texts");
	rho_play_free(p);
	return NULL;
}

/* All texts, as many a call as allowed: out (N_TEXTS, dim). */
static int encode_all(struct rho_play *p, float *out)
{
	const struct texts *q = p->problem;
	size_t step = most(q, N_TEXTS);
	for (size_t i = 0; i < N_TEXTS; i += step) {
		size_t n = N_TEXTS - i < step ? N_TEXTS - i : step;
		if (encode(p, 0, q->in + i, n, out + i * q->info.dim, q->info.dim))
			return rho_trial_skip(p->trial, "encode failed, see C4: %s", p->why.at);
	}
	return RHO_CHECK_PASS;
}

static bool near(const float *a, const float *b, size_t dim)
{
	double length = 0, gap = 0;
	for (size_t d = 0; d < dim; d++) {
		length = fmax(length, fabs((double)a[d]));
		gap = fmax(gap, fabs((double)a[d] - (double)b[d]));
	}
	return gap <= 1e-5 * fmax(length, 1);
}

/* Text i alone, and after others in another order, with room between the rows. */
static int alone(struct rho_play *p, const float *all, size_t i)
{
	const struct texts *q = p->problem;
	size_t dim = q->info.dim, stride = dim + 5, n = most(q, 3);
	float *one = rho_play_buf(p, dim, sizeof *one), *some = rho_play_buf(p, n * stride, sizeof *some);
	struct rho_str *in = rho_play_buf(p, n, sizeof *in);
	for (size_t j = 0; j < n; j++)
		in[n - 1 - j] = q->in[(i + j * 5) % N_TEXTS];
	for (size_t j = 0; j < n * stride; j++)
		some[j] = 12345;
	if (encode(p, 0, &q->in[i], 1, one, dim) || encode(p, 0, in, n, some, stride))
		return rho_trial_skip(p->trial, "encode failed, see C4: %s", p->why.at);
	if (!near(one, all + i * dim, dim))
		return rho_trial_fail(p->trial, "text %zu alone gets another row than in a batch of %zu", i,
		                      most(q, N_TEXTS));
	if (!near(some + (n - 1) * stride, all + i * dim, dim))
		return rho_trial_fail(p->trial, "text %zu gets another row in another company or order", i);
	for (size_t j = 0; j < n; j++)
		for (size_t d = dim; d < stride; d++)
			if (some[j * stride + d] != 12345)
				return rho_trial_fail(p->trial,
				                      "it wrote between two rows: rows are `stride` floats "
				                      "apart, not dim");
	return RHO_CHECK_PASS;
}

static int c1(struct rho_trial *t)
{
	struct rho_play *p = ready(t);
	if (!p)
		return RHO_CHECK_SKIP;
	const struct texts *q = p->problem;
	float *all = rho_play_keep(p, N_TEXTS * q->info.dim, sizeof *all);
	int r = encode_all(p, all);
	for (size_t i = 0; i < N_TEXTS && !r; i++) {
		r = alone(p, all, i);
		rho_play_drop(p);
	}
	rho_play_free(p);
	return r;
}

static int c2(struct rho_trial *t)
{
	struct rho_play *p = ready(t);
	if (!p)
		return RHO_CHECK_SKIP;
	const struct texts *q = p->problem;
	float *all = rho_play_keep(p, N_TEXTS * q->info.dim, sizeof *all);
	int r = q->info.unit_norm ? encode_all(p, all)
	                          : rho_trial_skip(t, "it does not promise rows of length 1");
	for (size_t i = 0; i < N_TEXTS && !r; i++) {
		double square = 0;
		for (size_t d = 0; d < q->info.dim; d++)
			square += (double)all[i * q->info.dim + d] * (double)all[i * q->info.dim + d];
		if (square != 0 && !(fabs(sqrt(square) - 1) <= 1e-4))
			r = rho_trial_fail(t, "unit_norm is set, and text %zu has length %g", i,
			                   sqrt(square));
	}
	rho_play_free(p);
	return r;
}

/* One odd text between two plain ones; an error is fine for bytes that are not UTF-8. */
static int survive(struct rho_play *p, const char *bytes, size_t n, bool may_refuse, const char *what)
{
	const struct texts *q = p->problem;
	size_t m = most(q, 3), dim = q->info.dim;
	char *odd = rho_play_buf(p, n, 1);
	float *out = rho_play_buf(p, m * dim, sizeof *out);
	struct rho_str *in = rho_play_buf(p, m, sizeof *in);
	if (n)
		memcpy(odd, bytes, n);
	for (size_t i = 0; i < m; i++)
		in[i] = q->in[i];
	in[m / 2] = (struct rho_str){ odd, n };
	if (encode(p, 0, in, m, out, dim)) {
		if (!may_refuse)
			return rho_trial_fail(p->trial, "it refuses %s: %s", what, p->why.at);
		if (p->silent)
			return rho_trial_fail(p->trial, "it refuses %s without a sentence", what);
		return RHO_CHECK_PASS;
	}
	for (size_t i = 0; i < m * dim; i++)
		if (!isfinite(out[i]))
			return rho_trial_fail(p->trial, "%s gives a row with %g in it", what, (double)out[i]);
	return RHO_CHECK_PASS;
}

static int c3(struct rho_trial *t)
{
	static const char *const broken[] = { "\xff\xfe\xfd", "cut \xe2\x82", "\xc0\xaf", "\xed\xa0\x80 half",
		                              "\x80" };
	struct rho_play *p = ready(t);
	if (!p)
		return RHO_CHECK_SKIP;
	char *big = rho_xmalloc(BIG), *unbroken = rho_xmalloc(BIG);
	for (size_t i = 0; i < BIG; i++) {
		big[i] = i % 7 == 6 ? ' ' : (char)('a' + i * 31 % 26);
		unbroken[i] = 'a';
	}
	int r = survive(p, "", 0, false, "an empty text");
	if (!r)
		r = survive(p, big, BIG, false, "a very long text");
	if (!r)
		r = survive(p, unbroken, BIG, false, "one word of 200,000 letters");
	if (!r)
		r = survive(p, "a\0b", 3, true, "a text with a NUL in it");
	for (size_t i = 0; i < sizeof broken / sizeof *broken && !r; i++)
		r = survive(p, broken[i], strlen(broken[i]), true, "invalid UTF-8");
	free(big);
	free(unbroken);
	rho_play_free(p);
	return r;
}

static int c4(struct rho_trial *t)
{
	struct rho_play *p = ready(t);
	if (!p)
		return RHO_CHECK_SKIP;
	const struct texts *q = p->problem;
	size_t dim = q->info.dim;
	float *row = rho_play_keep(p, dim, sizeof *row);
	int r = RHO_CHECK_PASS;
	for (size_t i = 0; i < N_TEXTS && !r; i++) {
		for (size_t d = 0; d < dim; d++)
			row[d] = NAN;
		if (encode(p, 0, &q->in[i], 1, row, dim))
			r = rho_trial_fail(t, "it cannot encode \"%s\": %s", texts[i], p->why.at);
		for (size_t d = 0; d < dim && !r; d++)
			if (!isfinite(row[d]))
				r = rho_trial_fail(t,
				                   "\"%s\" gets %g at %zu of its row, or that was left unset",
				                   texts[i], (double)row[d], d);
	}
	rho_play_free(p);
	return r;
}

static int c5(struct rho_trial *t)
{
	struct rho_play_how how = { 0 };
	struct rho_play *p = rho_play_new(t, &how);
	if (!p)
		return RHO_CHECK_SKIP;
	int r = RHO_CHECK_PASS, code = rho_play_open(p);
	if (!p->inst->opened)
		r = rho_trial_skip(t, "it cannot be opened, see K1: %s", p->why.at);
	else if (code && !p->code)
		r = rho_trial_fail(t, "open must fill dim and takes: %s", p->why.at);
	rho_play_free(p);
	return r;
}

const struct rho_check rho_checks_encoder[] = {
	{ "C1", RHO_CHECK_OF(RHO_ENCODER), "a row depends on its text alone, not on batch or order", c1, 0 },
	{ "C2", RHO_CHECK_OF(RHO_ENCODER), "rows have length 1 where it says so", c2, 0 },
	{ "C3", RHO_CHECK_OF(RHO_ENCODER), "survives empty, very long and invalid text", c3, 0 },
	{ "C4", RHO_CHECK_OF(RHO_ENCODER), "fills every row with finite numbers", c4, 0 },
	{ "C5", RHO_CHECK_OF(RHO_ENCODER), "open says how wide its rows are and what it takes", c5, 0 },
	{ .id = NULL },
};
