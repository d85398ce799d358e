/* common.c: K checks, of what holds for every kind: memory, globals, seeds, threads, buffers. */
#include <stdlib.h>
#include <string.h>

#include "play.h"

enum { TURNS = 24, LOOKS = 5, ROUNDS = 24 }; /* K1: 4 + 4 * 24 = 100 opens */

static unsigned turns_of(struct rho_trial *t, unsigned wanted)
{
	struct rho_play_how how = { 0 };
	struct rho_play *p = rho_play_new(t, &how);
	size_t most = p ? p->player->turns : 0;
	rho_play_free(p);
	return most && most < wanted ? (unsigned)most : wanted;
}

/* Opens, takes a turn and closes. */
static int live_once(struct rho_trial *t)
{
	struct rho_play_how how = { 0 };
	struct rho_play *p = rho_play_new(t, &how);
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	if (!rho_play_open(p))
		rho_play_turn(p, 0);
	else if (p->code)
		r = rho_trial_fail(t, "it does not open: %s", p->why.at);
	else
		r = rho_trial_skip(t, "%s", p->why.at);
	rho_play_free(p);
	return r;
}

static int k1(struct rho_trial *t)
{
	struct rho_usage at[LOOKS];
	double start = rho_check_seconds();
	size_t rounds = ROUNDS;
	int r = RHO_CHECK_PASS;
	for (int i = 0; i < 4 && !r; i++) /* what is set up once is set up by now */
		r = live_once(t);
	if (rho_check_seconds() - start > 0.5)
		rounds = 4; /* a costly open is not opened a hundred times */
	for (size_t look = 0; look < LOOKS && !r; look++) {
		for (size_t i = 0; i < rounds && look && !r; i++)
			r = live_once(t);
		at[look] = rho_usage_now();
	}
	return r ? r : rho_usage_judge(t, at, LOOKS, rounds, "opening and closing it");
}

/* The tape of a play apart, made twice: SKIP where the two differ, which is K3's finding. */
static int base_tape(struct rho_trial *t, const struct rho_play_how *how, unsigned turns,
                     struct rho_buf *tape)
{
	struct rho_play_how shaken = *how;
	struct rho_buf again = { 0 };
	shaken.shaken = true;
	int r = rho_play_apart(t, how, turns, tape);
	if (!r)
		r = rho_play_apart(t, &shaken, turns, &again);
	if (!r && rho_tape_compare(tape, &again) >= 0)
		r = rho_trial_skip(t, "the same seed gives other answers, see K3");
	rho_buf_free(&again);
	return r;
}

static int k2(struct rho_trial *t)
{
	const struct rho_play_how hows[2] = { { 0 }, { .seed = 1, .problem = 1 } };
	struct rho_buf alone[2] = { { 0 }, { 0 } };
	struct rho_play *p[2] = { NULL, NULL };
	int r = rho_trial_exact(t);
	unsigned turns = r ? 0 : turns_of(t, TURNS);
	for (int i = 0; i < 2 && !r; i++)
		r = base_tape(t, &hows[i], turns, &alone[i]);
	for (int i = 0; i < 2 && !r; i++)
		r = (p[i] = rho_play_ready(t, &hows[i])) ? RHO_CHECK_PASS : RHO_CHECK_SKIP;
	for (unsigned turn = 0; turn < turns && !r; turn++)
		for (int i = 0; i < 2 && !r; i++)
			if (rho_play_turn(p[i], turn))
				r = rho_trial_fail(t, "beside another instance it fails: %s", p[i]->why.at);
	for (int i = 0; i < 2 && !r; i++) {
		rho_play_close_tape(p[i]);
		long at = rho_tape_compare(&p[i]->tape, &alone[i]);
		if (at >= 0)
			r = rho_trial_fail(
				t,
				"beside another instance it goes another way at turn %ld; keep nothing "
				"in global or static variables",
				at);
	}
	for (int i = 0; i < 2; i++) {
		rho_play_free(p[i]);
		rho_buf_free(&alone[i]);
	}
	return r;
}

static int k3(struct rho_trial *t)
{
	struct rho_play_how how = { .problem = 2 }, shaken = { .problem = 2, .shaken = true };
	struct rho_buf a = { 0 }, b = { 0 };
	int r = rho_trial_exact(t);
	unsigned turns = r ? 0 : turns_of(t, TURNS);
	if (!r)
		r = rho_play_apart(t, &how, turns, &a);
	if (!r)
		r = rho_play_apart(t, &shaken, turns, &b);
	long at = r ? -1 : rho_tape_compare(&a, &b);
	if (at >= 0)
		r = rho_trial_fail(
			t,
			"with the same seed it goes another way at turn %ld; draw from rho_rng alone, ask "
			"no clock, use no addresses, set all memory before reading it",
			at);
	rho_buf_free(&a);
	rho_buf_free(&b);
	return r;
}

static int k4(struct rho_trial *t)
{
	struct rho_play_how how = { .problem = 3 }, moved = { .problem = 3, .threads = true };
	struct rho_buf tape = { 0 };
	int r = rho_trial_exact(t);
	unsigned turns = r ? 0 : turns_of(t, TURNS);
	if (!r)
		r = base_tape(t, &how, turns, &tape);
	struct rho_play *p = r ? NULL : rho_play_ready(t, &moved);
	if (!r && !p)
		r = RHO_CHECK_SKIP;
	for (unsigned turn = 0; turn < turns && !r; turn++)
		if (rho_play_turn(p, turn))
			r = rho_trial_fail(t, "called from another thread it fails: %s", p->why.at);
	if (!r) {
		rho_play_close_tape(p);
		long at = rho_tape_compare(&p->tape, &tape);
		if (at >= 0)
			r = rho_trial_fail(
				t,
				"called from another thread each turn, it goes another way at turn %ld; "
				"keep nothing thread-local",
				at);
	}
	rho_play_free(p);
	rho_buf_free(&tape);
	return r;
}

/* One life in which the deny-th allocation is refused. *done: it never came to that. */
static int deny_one(struct rho_trial *t, uint64_t deny, unsigned turns, bool *done)
{
	struct rho_play_how how = { .deny = deny, .problem = 4 };
	struct rho_play *p = rho_play_new(t, &how);
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	int code = rho_play_open(p);
	for (unsigned turn = 0; turn < turns && !code; turn++)
		code = rho_play_turn(p, turn);
	*done = p->world.deny != 0;
	if (*done && code)
		r = rho_trial_skip(t, "it fails with all the memory it wants, see K1 and %s: %s",
		                   p->player->ground, p->why.at);
	else if (!*done && !code)
		r = rho_trial_fail(
			t,
			"allocation %llu was refused and it went on as if nothing were the matter; "
			"return RHO_ENOMEM",
			(unsigned long long)deny);
	else if (!*done && code != RHO_ENOMEM)
		r = rho_trial_fail(t, "allocation %llu was refused and it returned %s, not RHO_ENOMEM: %s",
		                   (unsigned long long)deny, rho_error_name(code), p->why.at);
	rho_play_free(p);
	return r;
}

static int k5(struct rho_trial *t)
{
	bool done = false;
	int r = RHO_CHECK_PASS;
	unsigned turns = turns_of(t, 6);
	double until = rho_check_seconds() + 10;
	for (uint64_t deny = 1; deny < 100000 && !done && !r; deny += deny < 200 ? 1 : deny / 50) {
		r = deny_one(t, deny, turns, &done);
		if (rho_check_seconds() > until)
			break;
	}
	return r;
}

static int k6(struct rho_trial *t)
{
	static const uint32_t sides[] = { RHO_GUARD_AFTER, RHO_GUARD_BEFORE };
	int r = rho_trial_module(t);
	if (!r && t->module->plugin.kind == RHO_DATASET)
		r = rho_trial_skip(t, "a dataset is handed no buffers");
	for (size_t i = 0; i < 2 && !r; i++) {
		struct rho_play_how how = { .guard = sides[i], .problem = 5 };
		struct rho_play *p = rho_play_ready(t, &how);
		r = p ? rho_play_turns(p, 0, turns_of(t, TURNS)) : RHO_CHECK_SKIP;
		rho_play_free(p);
	}
	return r;
}

const struct rho_check rho_checks_common[] = {
	{ "K1", RHO_CHECK_ALL, "opens and closes 100 times and leaves nothing behind", k1, 0 },
	{ "K2", RHO_CHECK_ALL, "two instances side by side do not meet", k2, 0 },
	{ "K3", RHO_CHECK_ALL, "the same seed gives the same bytes", k3, 0 },
	{ "K4", RHO_CHECK_ALL, "may be called from any thread", k4, 0 },
	{ "K5", RHO_CHECK_ALL, "denied memory, returns RHO_ENOMEM", k5, 0 },
	{ "K6", RHO_CHECK_ALL, "stays within every buffer it is handed", k6, 0 },
	{ .id = NULL },
};
