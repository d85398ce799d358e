/* params.c: P checks: the parameter table, and opening with all that it allows. */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../base/file.h"
#include "play.h"
#include "raw.h"

#define MEMORY    ((size_t)256 << 20) /* from rho_keep and rho_alloc, under extreme parameters */
#define ADDRESSES ((rlim_t)4 << 30)   /* of the whole process */

enum { RANDOM_SETTINGS = 200, LOOKS = 8, ROUNDS = 10, PATIENCE = 20 }; /* seconds for all extremes */

/* ---- P1 to P3: the table itself ---- */

static int p1(struct rho_trial *t) { return rho_raw_judge(t, rho_raw_fields); }
static int p2(struct rho_trial *t) { return rho_raw_judge(t, rho_raw_defaults); }
static int p3(struct rho_trial *t) { return rho_raw_judge(t, rho_raw_bounds); }

/* ---- settings as TOML ---- */

static bool bounded(const struct rho_param *p) { return p->lo != 0 || p->hi != 0; }

static int64_t clamp_i64(double v) { return v >= 0x1p63 ? INT64_MAX : v <= -0x1p63 ? INT64_MIN : (int64_t)v; }

static void put_number(const struct rho_param *p, double v, struct rho_buf *out)
{
	bool list = p->type == RHO_T_I64S || p->type == RHO_T_F64S;
	bool whole = p->type == RHO_T_I64 || p->type == RHO_T_I64S;
	rho_buf_str(out, list ? "[" : "");
	if (whole)
		rho_buf_printf(out, "%lld", (long long)clamp_i64(v));
	else
		rho_buf_printf(out, "%.17e", v);
	rho_buf_str(out, list ? "]" : "");
}

/* The i-th value worth trying of a parameter, as TOML; false when there are no more. */
static bool put_extreme(const struct rho_param *p, unsigned i, struct rho_buf *out)
{
	static const double loose[] = { 0, 1, -1, 1e6 };
	switch (p->type) {
	case RHO_T_BOOL: rho_buf_str(out, i ? "true" : "false"); return i < 2;
	case RHO_T_I64:
	case RHO_T_F64:
	case RHO_T_I64S:
	case RHO_T_F64S:
		if (bounded(p) ? i < 2 : i < 4)
			put_number(p, !bounded(p) ? loose[i] : i ? p->hi : p->lo, out);
		else if (i == (bounded(p) ? 2 : 4) && (p->type == RHO_T_I64S || p->type == RHO_T_F64S))
			rho_buf_str(out, "[]");
		else
			return false;
		return true;
	case RHO_T_STR: rho_buf_str(out, i ? "\"no such word\"" : "\"\""); return i < 2;
	case RHO_T_STRS:
		rho_buf_str(out, i == 0 ? "[]" : i == 1 ? "[\"\"]" : "[\"no such word\", \"no such word\"]");
		return i < 3;
	case RHO_T_CHOICE:
		for (unsigned j = 0; j <= i; j++)
			if (!p->choices[j])
				return false;
		rho_buf_printf(out, "\"%s\"", p->choices[i]);
		return true;
	default: return false; /* paths are P6's; parts have checks of their own */
	}
}

/* A random number of the parameter's range, small magnitudes as likely as large ones. */
static double random_number(const struct rho_param *p, struct rho_rng *r)
{
	double lo = bounded(p) ? p->lo : -1e6, hi = bounded(p) ? p->hi : 1e6;
	double u = rho_unif(r), wide = hi - lo;
	if (rho_below(r, 2) && isfinite(wide))
		return lo + wide * u;
	double from = lo > 0 ? lo : hi < 0 ? hi : 0, far = rho_below(r, 2) && lo < 0 ? lo : hi;
	double span = fabs(far - from), step = exp(u * log1p(span)) - 1;
	return far < from ? fmax(from - step, lo) : fmin(from + step, hi);
}

static void put_random(const struct rho_param *p, struct rho_rng *r, struct rho_buf *out)
{
	unsigned n = 0;
	struct rho_buf scrap = { 0 };
	if (p->type == RHO_T_I64 || p->type == RHO_T_F64 || p->type == RHO_T_I64S || p->type == RHO_T_F64S) {
		put_number(p, random_number(p, r), out);
		return;
	}
	while (put_extreme(p, n, &scrap))
		n++;
	rho_buf_free(&scrap);
	put_extreme(p, n ? rho_below(r, n) : 0, out);
}

/* The host's own parameters never reach the plugin. */
static bool can_vary(const struct rho_param *p)
{
	return p->type != RHO_T_PATH && p->type != RHO_T_PART && !(p->flags & RHO_HOST_PARAM);
}

/* ---- P4 ---- */

static volatile int stopping;

static void on_alarm(int sig) { stopping = sig; }

/* Extreme settings may ask for more time and memory than there is: after a second rho_stop says
 * so, and malloc refuses before the machine is in trouble (sanitizers need the address space). */
static void prepare_for_extremes(const struct rho_trial *t)
{
	struct sigaction act = { .sa_handler = on_alarm };
	struct rlimit most = { ADDRESSES, ADDRESSES };
	sigaction(SIGALRM, &act, NULL);
	if (!t->in_process && !rho_is_sanitized())
		setrlimit(RLIMIT_AS, &most);
}

/* Opens with these settings (a TOML text) and takes two turns. A failure is fine with a sentence. */
static int try_settings(struct rho_trial *t, const char *text, struct rho_buf *failing)
{
	struct rho_diags *diags = rho_diags_new();
	struct rho_toml *patch = rho_toml_parse(text, strlen(text), "--check", diags);
	struct rho_play_how how = { .patch = patch, .memory = MEMORY, .stopping = &stopping };
	rho_diags_free(diags);
	if (!patch)
		return rho_trial_skip(t, "the kit wrote settings that are not TOML: %s", text);
	stopping = 0;
	alarm(1);
	double start = rho_check_seconds();
	struct rho_play *p = rho_play_new(t, &how);
	int r = p ? RHO_CHECK_PASS : RHO_CHECK_SKIP, code = p ? rho_play_open(p) : 0;
	if (p && code && p->silent)
		r = rho_trial_fail(t, "with %s, open gives %s and no sentence that says why", text,
		                   rho_error_name(p->code));
	if (p && code && failing && !failing->len)
		rho_buf_str(failing, text);
	for (unsigned turn = 0; turn < 2 && p && !code && !r; turn++) {
		code = rho_play_turn(p, turn);
		if (code && p->silent)
			r = rho_trial_fail(t, "with %s, it fails with %s and no sentence that says why", text,
			                   rho_error_name(p->code));
	}
	alarm(0);
	if (t->verbose)
		fprintf(stderr, "check: %.2f s with %s\n", rho_check_seconds() - start, text);
	rho_play_free(p);
	rho_toml_free(patch);
	return r;
}

static int try_extremes(struct rho_trial *t, struct rho_buf *failing)
{
	int r = RHO_CHECK_PASS;
	double until = rho_check_seconds() + PATIENCE;
	for (size_t i = 0; i < t->module->n_params && !r && rho_check_seconds() < until; i++) {
		const struct rho_param *p = &t->module->params[i];
		struct rho_buf value = { 0 };
		if (!can_vary(p))
			continue;
		for (unsigned j = 0; !(failing && failing->len) && put_extreme(p, j, &value) && !r; j++) {
			char *text = rho_xprintf("%s = %s", p->name, value.at);
			r = try_settings(t, text, failing);
			free(text);
			rho_buf_clear(&value);
		}
		rho_buf_free(&value);
	}
	return r;
}

static int p4(struct rho_trial *t)
{
	int r = rho_trial_module(t);
	size_t varies = 0;
	prepare_for_extremes(t);
	for (size_t i = 0; !r && i < t->module->n_params; i++)
		varies += can_vary(&t->module->params[i]);
	if (!r && !varies)
		r = rho_trial_skip(t, "it has no parameters that could be varied");
	if (!r)
		r = try_extremes(t, NULL);
	struct rho_rng rng = rho_stream_seed(t->seed, "check", 0, "settings");
	double until = rho_check_seconds() + 2; /* settings may be costly; the first ones count most */
	for (int n = 0; n < RANDOM_SETTINGS && !r && rho_check_seconds() < until; n++) {
		struct rho_buf text = { 0 };
		for (size_t i = 0; i < t->module->n_params; i++) {
			const struct rho_param *p = &t->module->params[i];
			if (!can_vary(p) || rho_below(&rng, 3) == 0)
				continue;
			rho_buf_printf(&text, "%s = ", p->name);
			put_random(p, &rng, &text);
			rho_buf_str(&text, "\n");
		}
		r = try_settings(t, text.len ? text.at : "", NULL);
		rho_buf_free(&text);
	}
	return r;
}

/* ---- P5 ---- */

/* Opens `how`; the code, or SKIP_CODE with the reason on the trial. */
enum { SKIP_CODE = 1 };

static int open_once(struct rho_trial *t, const struct rho_play_how *how)
{
	struct rho_play *p = rho_play_new(t, how);
	int code = p ? rho_play_open(p) : SKIP_CODE;
	rho_play_free(p);
	return code;
}

/* Opens `how` over and over: it must fail the same way each time and leave nothing behind. */
static int fail_again(struct rho_trial *t, const struct rho_play_how *how, const char *what, size_t *failures)
{
	struct rho_usage at[LOOKS];
	double start = rho_check_seconds();
	int first = open_once(t, how), code = first;
	size_t rounds = rho_check_seconds() - start > 0.1 ? 2 : ROUNDS;
	if (first >= 0) /* it opens: nothing to see */
		return first ? RHO_CHECK_SKIP : RHO_CHECK_PASS;
	++*failures;
	for (size_t look = 0; look < LOOKS; look++) {
		for (size_t i = 0; i < rounds && code == first; i++)
			code = open_once(t, how);
		at[look] = rho_usage_now();
	}
	if (code != first)
		return rho_trial_fail(t, "opened with %s it fails with %s, and another time with %s", what,
		                      rho_error_name(first), rho_error_name(code));
	char *sentence = rho_xprintf("a failing open (%s)", what);
	int r = rho_usage_judge(t, at, LOOKS, rounds, sentence);
	free(sentence);
	return r;
}

/* Opens with memory refused, in a process of its own: crashing is K5's finding. */
static int fail_on_memory(struct rho_trial *t, void *arg, struct rho_buf *out)
{
	int r = RHO_CHECK_PASS;
	for (uint64_t deny = 1; deny <= 3 && !r; deny++) {
		struct rho_play_how how = { .deny = deny };
		char *what = rho_xprintf("allocation %llu refused", (unsigned long long)deny);
		r = fail_again(t, &how, what, arg);
		free(what);
	}
	rho_buf_add(out, arg, sizeof(size_t));
	return r;
}

static int fail_on_paths(struct rho_trial *t, size_t *failures)
{
	struct rho_usage at[LOOKS];
	int r = RHO_CHECK_PASS;
	for (size_t i = 0; !r && i < t->module->n_params; i++) {
		struct rho_missing m = { 0 };
		if (t->module->params[i].type != RHO_T_PATH || t->module->params[i].flags & RHO_MADE)
			continue;
		for (size_t look = 0; look < LOOKS && !r; look++) {
			for (size_t n = 0; n < ROUNDS && !r; n++) {
				r = rho_check_missing(t, &t->module->params[i], RHO_PATH_MISSING, &m);
				rho_buf_free(&m.why);
			}
			at[look] = rho_usage_now();
		}
		++*failures;
		if (!r)
			r = rho_usage_judge(t, at, LOOKS, ROUNDS, "a failing open (missing file)");
	}
	return r;
}

static int p5(struct rho_trial *t)
{
	size_t failures = 0;
	int r = rho_trial_module(t);
	struct rho_buf failing = { 0 };
	prepare_for_extremes(t);
	if (!r && !try_extremes(t, &failing) && failing.len) {
		struct rho_diags *diags = rho_diags_new();
		struct rho_play_how how = { .memory = MEMORY, .stopping = &stopping };
		struct rho_toml *patch = rho_toml_parse(failing.at, failing.len, "--check", diags);
		how.patch = patch;
		stopping = 0;
		r = fail_again(t, &how, failing.at, &failures);
		rho_toml_free(patch);
		rho_diags_free(diags);
	}
	rho_buf_free(&failing);
	if (!r) {
		struct rho_buf counted = { 0 };
		r = rho_trial_apart(t, 0, fail_on_memory, &failures, &counted);
		if (counted.len == sizeof failures)
			memcpy(&failures, counted.at, sizeof failures);
		else if (r == RHO_CHECK_FAIL)
			r = rho_trial_skip(t, "refused memory, it does not survive, see K5");
		rho_buf_free(&counted);
	}
	if (!r)
		r = fail_on_paths(t, &failures);
	return r || failures ? r : rho_trial_skip(t, "nothing makes its open fail");
}

/* ---- P6 ---- */

/* Puts what `kind` says at `path`. */
static int lay(struct rho_trial *t, const char *path, uint32_t kind)
{
	struct rho_buf noise = { 0 }, why = { 0 };
	struct rho_rng rng = rho_stream_seed(t->seed, "check", 0, "noise");
	for (int i = 0; i < 512 && kind == RHO_PATH_NOISE; i++) {
		uint64_t v = rho_u64(&rng);
		rho_buf_add(&noise, &v, sizeof v);
	}
	int bad = kind == RHO_PATH_FOLDER ? rho_mkdirs(path, &why)
	                                  : rho_file_write(path, noise.len ? noise.at : "", noise.len, &why);
	if (bad)
		rho_trial_skip(t, "no file could be laid out: %s", why.at);
	rho_buf_free(&noise);
	rho_buf_free(&why);
	return bad ? RHO_CHECK_SKIP : RHO_CHECK_PASS;
}

int rho_check_missing(struct rho_trial *t, const struct rho_param *q, uint32_t kind, struct rho_missing *m)
{
	char *path = rho_xprintf("%s/no-such-file", t->tmp);
	struct rho_buf text = { 0 };
	struct rho_diags *diags = rho_diags_new();
	rho_buf_printf(&text, "%s = \"%s\"\n", q->name, path);
	for (size_t i = 0; !rho_trial_module(t) && i < t->module->n_params; i++) {
		const struct rho_param *other = &t->module->params[i];
		if (other->type == RHO_T_PATH && other->flags & RHO_REQUIRED &&
		    strcmp(other->name, q->name) && !rho_toml_get(t->settings, other->name))
			rho_buf_printf(&text, "%s = \"%s\"\n", other->name, path);
	}
	struct rho_toml *patch = rho_toml_parse(text.at, text.len, "--check", diags);
	/* There while the host checks the parameters, gone when the plugin looks. */
	struct rho_play_how how = { .patch = patch, .vanish = kind == RHO_PATH_MISSING ? path : NULL };
	int r = lay(t, path, kind);
	struct rho_play *p = r ? NULL : rho_play_new(t, &how);
	*m = (struct rho_missing){ 0 };
	if (p) {
		m->code = rho_play_open(p);
		m->silent = p->silent;
		rho_buf_str(&m->why, p->why.len ? p->why.at : "");
	} else {
		r = RHO_CHECK_SKIP;
	}
	rho_play_free(p);
	if (unlink(path))
		rmdir(path);
	rho_toml_free(patch);
	rho_diags_free(diags);
	rho_buf_free(&text);
	free(path);
	return r;
}

static int p6(struct rho_trial *t)
{
	static const char *const what[] = { "a missing file", "an empty file", "a file of noise",
		                            "a folder" };
	int r = rho_trial_module(t);
	size_t tried = 0;
	for (size_t i = 0; !r && i < t->module->n_params; i++) {
		const struct rho_param *q = &t->module->params[i];
		if (q->type != RHO_T_PATH || q->flags & RHO_MADE)
			continue;
		for (uint32_t kind = 0; kind <= RHO_PATH_FOLDER && !r; kind++) {
			struct rho_missing m;
			r = rho_check_missing(t, q, kind, &m);
			tried++;
			if (!r && kind == RHO_PATH_MISSING && m.code != RHO_EIO)
				r = rho_trial_fail(t, "%s = %s gives %s, not RHO_EIO", q->name, what[kind],
				                   m.code ? rho_error_name(m.code) : "no error");
			else if (!r && m.code && m.silent)
				r = rho_trial_fail(t, "%s = %s gives %s without a sentence", q->name,
				                   what[kind], rho_error_name(m.code));
			rho_buf_free(&m.why);
		}
	}
	return r || tried ? r : rho_trial_skip(t, "it takes no paths");
}

const struct rho_check rho_checks_params[] = {
	{ "P1", RHO_CHECK_ALL, "every parameter has a field of its own inside self", p1, 0 },
	{ "P2", RHO_CHECK_ALL, "defaults keep the bounds", p2, 0 },
	{ "P3", RHO_CHECK_ALL, "bounds are finite and in order", p3, 0 },
	{ "P4", RHO_CHECK_ALL, "opens with all that is allowed, or says why not", p4, 150 },
	{ "P5", RHO_CHECK_ALL, "a failing open leaves nothing behind and fails again", p5, 150 },
	{ "P6", RHO_CHECK_ALL, "missing and damaged files are errors, missing ones RHO_EIO", p6, 0 },
	{ .id = NULL },
};
