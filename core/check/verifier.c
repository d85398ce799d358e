/* verifier.c: V checks: verdicts that make sense, whatever stands around a claim. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "play.h"

enum { LONG = 10 << 20 }; /* bytes of the long answer */

static const char *const references[] = { "42", "-7", "0.5", "3/4", "1,000", "Paris", "x^2 + 1", "$12.50" };
static const char *const answers[] = {
	"42",       "41",    "",     "forty-two", "1/2",      ".75",          "1000", "Paris",
	"paris ",   "x^2+1", "12.5", "NaN",       "((((((((", "\\frac{3}{4}", "-7.0", "the answer is -7",
	"\xff\xfe", "1e309", "0/0",  "- - -",
};

enum {
	N_REFERENCES = sizeof references / sizeof *references,
	N_ANSWERS = sizeof answers / sizeof *answers,
	N_CLAIMS = N_REFERENCES * N_ANSWERS
};

static int verifier_set(struct rho_play *p)
{
	p->problem = rho_xcalloc(1, 1);
	return RHO_CHECK_PASS;
}

static void verifier_clear(struct rho_play *p) { free(p->problem); }

static int verifier_open(struct rho_play *p)
{
	const struct rho_verifier *v = &p->module->table.verifier;
	int code = 0;
	rho_play_begin(p, "open", 0, true);
	if (v->open)
		code = v->open(p->ctx, p->self);
	return rho_play_end(p, code);
}

static int verify(struct rho_play *p, unsigned t, const struct rho_claim *claim, size_t n,
                  struct rho_verdict *out)
{
	rho_play_begin(p, "verify", t, false);
	return rho_play_end(p, p->module->table.verifier.verify(p->ctx, p->self, claim, n, out));
}

/* The bytes alone, without a NUL behind them. */
static struct rho_str text(struct rho_play *p, const char *s)
{
	size_t n = strlen(s);
	char *at = rho_play_buf(p, n, 1);
	if (n)
		memcpy(at, s, n);
	return (struct rho_str){ at, n };
}

static struct rho_claim claim_of(struct rho_play *p, size_t i)
{
	return (struct rho_claim){ text(p, "What is it?"), text(p, references[i / N_ANSWERS]),
		                   text(p, answers[i % N_ANSWERS]) };
}

static int verifier_turn(struct rho_play *p, unsigned t)
{
	struct rho_rng key = rho_stream_seed(p->trial->seed, "check", p->how.problem, "verifier");
	struct rho_rng r = rho_fork(&key, t, 0);
	size_t n = 1 + rho_below(&r, 9);
	struct rho_claim *claim = rho_play_buf(p, n, sizeof *claim);
	struct rho_verdict *out = rho_play_buf(p, n, sizeof *out);
	for (size_t i = 0; i < n; i++)
		claim[i] = claim_of(p, rho_below(&r, N_CLAIMS));
	int code = verify(p, t, claim, n, out);
	for (size_t i = 0; i < n && !code; i++) {
		rho_buf_add(&p->line, &out[i].ruling, sizeof out[i].ruling);
		rho_buf_add(&p->line, &out[i].score, sizeof out[i].score);
		rho_buf_add(&p->line, out[i].why, strnlen(out[i].why, sizeof out[i].why));
	}
	return code;
}

const struct rho_player rho_player_verifier = {
	.ground = "V2",
	.turns = 12,
	.set = verifier_set,
	.open = verifier_open,
	.turn = verifier_turn,
	.clear = verifier_clear,
};

/* ---- checks ---- */

static struct rho_play *ready(struct rho_trial *t)
{
	struct rho_play_how how = { 0 };
	return rho_play_ready(t, &how);
}

static int v1(struct rho_trial *t)
{
	struct rho_play *p = ready(t);
	size_t read = 0;
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	for (size_t i = 0; i < N_REFERENCES && !r; i++) {
		struct rho_claim c = { text(p, "What is it?"), text(p, references[i]),
			               text(p, references[i]) };
		struct rho_verdict *v = rho_play_buf(p, 1, sizeof *v);
		if (verify(p, 0, &c, 1, v))
			r = rho_trial_skip(t, "verify failed, see V2: %s", p->why.at);
		else if (v->ruling == RHO_RIGHT)
			read++;
		else if (v->ruling == RHO_WRONG || v->ruling == RHO_PARTIAL)
			r = rho_trial_fail(t, "the reference %s given as the answer is ruled %s",
			                   references[i], v->ruling == RHO_WRONG ? "wrong" : "partly right");
		rho_play_drop(p);
	}
	rho_play_free(p);
	return r || read ? r : rho_trial_skip(t, "it reads none of the kit's references");
}

/* All claims in an order: backwards, or as they stand; in one call or in calls of `step`. */
static int verdicts(struct rho_play *p, bool backwards, size_t step, struct rho_verdict *out)
{
	for (size_t i = 0; i < N_CLAIMS; i += step) {
		size_t n = N_CLAIMS - i < step ? N_CLAIMS - i : step;
		struct rho_claim *claim = rho_play_buf(p, n, sizeof *claim);
		struct rho_verdict *some = rho_play_buf(p, n, sizeof *some);
		for (size_t j = 0; j < n; j++) {
			claim[j] = claim_of(p, backwards ? N_CLAIMS - 1 - i - j : i + j);
			some[j].ruling = UINT32_MAX;
			some[j].score = -1;
			memset(some[j].why, '?', sizeof some[j].why);
		}
		if (verify(p, (unsigned)i, claim, n, some))
			return -1;
		for (size_t j = 0; j < n; j++)
			out[backwards ? N_CLAIMS - 1 - i - j : i + j] = some[j];
		rho_play_drop(p);
	}
	return 0;
}

static int v2(struct rho_trial *t)
{
	struct rho_play *p = ready(t);
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	struct rho_verdict *v = rho_xcalloc(N_CLAIMS, sizeof *v);
	if (verdicts(p, false, N_CLAIMS, v))
		r = rho_trial_fail(t, "a wrong or unreadable answer is a verdict, not an error: %s",
		                   p->why.at);
	for (size_t i = 0; i < N_CLAIMS && !r; i++) {
		const char *answer = answers[i % N_ANSWERS], *reference = references[i / N_ANSWERS];
		if (v[i].ruling > RHO_UNDECIDED)
			r = rho_trial_fail(t, "answer \"%s\" to %s: the ruling %u is none of enum rho_ruling",
			                   answer, reference, v[i].ruling);
		else if (!(v[i].score >= 0 && v[i].score <= 1))
			r = rho_trial_fail(t, "answer \"%s\" to %s has the score %g, outside 0 .. 1", answer,
			                   reference, (double)v[i].score);
		else if (!memchr(v[i].why, 0, sizeof v[i].why))
			r = rho_trial_fail(
				t, "answer \"%s\" to %s: `why` was left unset, or does not end with NUL",
				answer, reference);
	}
	free(v);
	rho_play_free(p);
	return r;
}

static bool same(const struct rho_verdict *a, const struct rho_verdict *b)
{
	return a->ruling == b->ruling && a->score == b->score && !strncmp(a->why, b->why, sizeof a->why);
}

static int v3(struct rho_trial *t)
{
	struct rho_play *p = ready(t);
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	struct rho_verdict *a = rho_xcalloc(N_CLAIMS, 3 * sizeof *a), *b = a + N_CLAIMS, *c = b + N_CLAIMS;
	if (verdicts(p, false, N_CLAIMS, a) || verdicts(p, true, N_CLAIMS, b) || verdicts(p, false, 1, c))
		r = rho_trial_skip(t, "verify failed, see V2: %s", p->why.at);
	for (size_t i = 0; i < N_CLAIMS && !r; i++)
		if (!same(&a[i], &b[i]) || !same(&a[i], &c[i]))
			r = rho_trial_fail(t, "answer \"%s\" to %s is judged otherwise %s",
			                   answers[i % N_ANSWERS], references[i / N_ANSWERS],
			                   same(&a[i], &b[i]) ? "alone" : "in another order");
	free(a);
	rho_play_free(p);
	return r;
}

static int v4(struct rho_trial *t)
{
	static const char *const motifs[] = { "1", "(", "9,", "a b ", "\\frac{1}{", "-", "\xf0\x9f\x98\x80" };
	struct rho_play *p = ready(t);
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	for (size_t i = 0; i < sizeof motifs / sizeof *motifs && !r; i++) {
		size_t m = strlen(motifs[i]);
		char *at = rho_play_buf(p, LONG, 1);
		for (size_t j = 0; j < LONG; j++)
			at[j] = motifs[i][j % m];
		struct rho_claim c = { text(p, "What is it?"), text(p, "42"), { at, LONG } };
		struct rho_verdict *v = rho_play_buf(p, 1, sizeof *v);
		if (verify(p, 0, &c, 1, v))
			r = rho_trial_fail(t, "10 MiB of \"%s\" is an error instead of a verdict: %s",
			                   motifs[i], p->why.at);
		rho_play_drop(p);
	}
	rho_play_free(p);
	return r;
}

const struct rho_check rho_checks_verifier[] = {
	{ "V1", RHO_CHECK_OF(RHO_VERIFIER), "a reference given as the answer is right", v1, 0 },
	{ "V2", RHO_CHECK_OF(RHO_VERIFIER), "gives a verdict on anything, scores in [0, 1]", v2, 0 },
	{ "V3", RHO_CHECK_OF(RHO_VERIFIER), "judges a claim alone, whatever the batch", v3, 0 },
	{ "V4", RHO_CHECK_OF(RHO_VERIFIER), "answers of 10 MiB end in time", v4, 30 },
	{ .id = NULL },
};
