/* play.c: putting an instance to work, keeping the tape of what it answered, saving and resuming. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../base/digest.h"
#include "play.h"

enum { SLACK = 4096 }; /* zeroed bytes around a buffer that is not guarded */

struct rho_guarded {
	struct rho_guarded *next;
	void *at;
	size_t mapped; /* bytes of mmap; 0: from malloc */
};

static const struct rho_player *player_of(uint32_t kind)
{
	static const struct rho_player *const players[] = {
		[RHO_DATASET] = &rho_player_dataset,   [RHO_ENCODER] = &rho_player_encoder,
		[RHO_SAMPLER] = &rho_player_sampler,   [RHO_ENV] = &rho_player_env,
		[RHO_AGENT] = &rho_player_agent,       [RHO_VERIFIER] = &rho_player_verifier,
		[RHO_REPORTER] = &rho_player_reporter,
	};
	return players[kind];
}

/* ---- buffers ---- */

static void *guarded_buf(struct rho_guarded **list, uint32_t guard, size_t n, size_t size)
{
	struct rho_guarded *g = rho_xcalloc(1, sizeof *g);
	size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = n * size;
	char *at;
	g->next = *list;
	*list = g;
	if (!guard) {
		g->at = rho_xcalloc(1, bytes + 2 * SLACK);
		return (char *)g->at + SLACK;
	}
	size_t whole = (bytes + page - 1) / page * page;
	g->mapped = whole + page;
	at = mmap(NULL, g->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED) {
		g->mapped = 0;
		g->at = rho_xcalloc(1, bytes + 2 * SLACK);
		return (char *)g->at + SLACK;
	}
	g->at = at;
	if (guard == RHO_GUARD_BEFORE) {
		mprotect(at, page, PROT_NONE);
		return at + page;
	}
	mprotect(at + whole, page, PROT_NONE);
	return at + whole - bytes;
}

static void drop(struct rho_guarded **list)
{
	while (*list) {
		struct rho_guarded *g = *list;
		*list = g->next;
		if (g->mapped)
			munmap(g->at, g->mapped);
		else
			free(g->at);
		free(g);
	}
}

void *rho_play_buf(struct rho_play *p, size_t n, size_t size)
{
	return guarded_buf(&p->turn_bufs, p->how.guard, n, size);
}

void *rho_play_keep(struct rho_play *p, size_t n, size_t size)
{
	return guarded_buf(&p->life_bufs, p->how.guard, n, size);
}

void rho_play_drop(struct rho_play *p) { drop(&p->turn_bufs); }

/* ---- making ---- */

static int need_required(struct rho_trial *t, const struct rho_module *m, const struct rho_toml *table)
{
	for (size_t i = 0; i < m->n_params; i++)
		if (m->params[i].flags & RHO_REQUIRED && !rho_toml_get(table, m->params[i].name))
			return rho_trial_skip(t, "it needs %s: give --set %s=…", m->params[i].name,
			                      m->params[i].name);
	return RHO_CHECK_PASS;
}

static int check_table(struct rho_trial *t, const struct rho_module *m, const struct rho_toml *table)
{
	struct rho_diags *diags = rho_diags_new();
	int r = RHO_CHECK_PASS;
	if (rho_params_check(t->registry, m, rho_kind_name(m->plugin.kind), table, diags)) {
		char *text = NULL;
		size_t len = 0;
		FILE *f = open_memstream(&text, &len);
		if (f) {
			rho_diags_print(diags, f);
			fclose(f);
		}
		r = rho_trial_skip(t, "its settings are refused: %s", text ? text : "");
		free(text);
	}
	rho_diags_free(diags);
	return r;
}

/* Moves later allocations elsewhere and leaves noise in the heap: what depends on an address or on
 * memory never set will differ. */
static void shake(void)
{
	enum { SIZES = 256 };
	static void *kept[SIZES], *aligned[SIZES]; /* reachable: not a leak */
	for (size_t i = 0; i < SIZES; i++) {
		size_t n = 16 * (i + 1);
		void *other = rho_xmalloc(n);
		if (posix_memalign(&aligned[i], 64, n)) /* as the host's blocks are */
			break;
		kept[i] = rho_xmalloc(n);
		memset(kept[i], 0xa5, n);
		memset(other, 0xa5, n);
		free(other);
	}
	mmap(NULL, (size_t)77 << 12, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

struct rho_play *rho_play_new(struct rho_trial *t, const struct rho_play_how *how)
{
	struct rho_buf why = { 0 };
	if (how->shaken)
		shake();
	if (rho_trial_module(t))
		return NULL;
	struct rho_play *p = rho_xcalloc(1, sizeof *p);
	p->trial = t;
	p->module = t->module;
	p->how = *how;
	p->player = player_of(p->module->plugin.kind);
	if (t->settings || how->patch)
		p->table = rho_toml_merge(t->settings, how->patch);
	if (need_required(t, p->module, p->table) || check_table(t, p->module, p->table))
		goto fail;
	if (how->vanish)
		unlink(how->vanish);
	p->world = (struct rho_world){
		.registry = t->registry,
		.seed = t->seed + how->seed,
		.memory = how->memory,
		.threads = 1,
		.log_level = t->verbose ? RHO_DEBUG : RHO_WARN + 1,
		.stopping = how->stopping,
		.last_call = t->last_call,
	};
	if (p->player->set(p))
		goto fail;
	p->inst = rho_instance_new(&p->world, p->module, p->table, 0, &why);
	if (!p->inst) {
		rho_trial_skip(t, "no instance could be made: %s", why.at);
		goto fail;
	}
	p->self = p->inst->self;
	p->ctx = &p->inst->ctx;
	p->world.deny = how->deny;
	rho_buf_free(&why);
	return p;
fail:
	rho_buf_free(&why);
	rho_play_free(p);
	return NULL;
}

void rho_play_free(struct rho_play *p)
{
	if (!p)
		return;
	rho_instance_free(p->inst);
	if (p->problem)
		p->player->clear(p);
	drop(&p->turn_bufs);
	drop(&p->life_bufs);
	rho_toml_free(p->table);
	rho_buf_free(&p->why);
	rho_buf_free(&p->line);
	rho_buf_free(&p->tape);
	free(p);
}

/* ---- calling ---- */

void rho_play_begin(struct rho_play *p, const char *slot, uint64_t step, bool opening)
{
	rho_call_begin(p->inst, slot, step, opening);
}

/* Whether the instance or a part of it recorded why the call failed. */
static bool has_spoken(const struct rho_instance *inst)
{
	bool yes = inst->error_code != 0;
	for (size_t i = 0; i < inst->n_parts && !yes; i++)
		yes = has_spoken(inst->parts[i]);
	return yes;
}

int rho_play_end(struct rho_play *p, int code)
{
	rho_buf_clear(&p->why);
	p->silent = code && code != RHO_ESTOP && !has_spoken(p->inst);
	return p->code = rho_call_end(p->inst, code, &p->why);
}

struct job {
	struct rho_play *play;
	unsigned turn;
	bool open;
	int code;
};

static void *do_job(void *arg)
{
	struct job *j = arg;
	j->code = j->open ? j->play->player->open(j->play) : j->play->player->turn(j->play, j->turn);
	return NULL;
}

/* On this thread, or on one that has never seen the instance. */
static int perform(struct rho_play *p, bool open, unsigned turn)
{
	struct job j = { .play = p, .turn = turn, .open = open };
	pthread_t thread;
	if (!p->how.threads || pthread_create(&thread, NULL, do_job, &j))
		do_job(&j);
	else
		pthread_join(thread, NULL);
	rho_play_drop(p);
	return j.code;
}

int rho_play_open(struct rho_play *p) { return perform(p, true, 0); }

int rho_play_turn(struct rho_play *p, unsigned t)
{
	rho_buf_clear(&p->line);
	int code = perform(p, false, t);
	struct rho_digest d = rho_digest_bytes(p->line.at, p->line.len);
	rho_buf_add(&p->tape, &d, sizeof d);
	return code;
}

struct rho_play *rho_play_ready(struct rho_trial *t, const struct rho_play_how *how)
{
	struct rho_play *p = rho_play_new(t, how);
	if (p && rho_play_open(p)) {
		rho_trial_skip(t, "it cannot be opened, see K1: %s", p->why.at);
		rho_play_free(p);
		return NULL;
	}
	return p;
}

int rho_play_turns(struct rho_play *p, unsigned from, unsigned to)
{
	for (unsigned t = from; t < to; t++)
		if (rho_play_turn(p, t))
			return rho_trial_skip(p->trial, "it failed at turn %u, see %s: %s", t,
			                      p->player->ground, p->why.at);
	return RHO_CHECK_PASS;
}

/* ---- state ---- */

static size_t kept_bytes(const struct rho_kept *k)
{
	return k->rows * k->cols * (k->type == RHO_F32_ARRAY || k->type == RHO_U32_ARRAY ? 4 : 8);
}

struct rho_digest rho_play_state(const struct rho_play *p)
{
	struct rho_hasher *h = rho_hasher_new();
	for (size_t i = 0; i < p->inst->n_kept; i++)
		rho_hasher_put(h, p->inst->kept[i].at, kept_bytes(&p->inst->kept[i]));
	for (size_t i = 0; i < p->inst->n_streams; i++)
		rho_hasher_put(h, &p->inst->streams[i]->rng, sizeof p->inst->streams[i]->rng);
	return rho_hasher_finish(h);
}

void rho_play_close_tape(struct rho_play *p)
{
	struct rho_digest d = rho_play_state(p);
	rho_buf_add(&p->tape, &d, sizeof d);
}

static void put_text(struct rho_buf *b, const char *s)
{
	size_t n = strlen(s);
	rho_buf_add(b, &n, sizeof n);
	rho_buf_add(b, s, n);
}

/* Kept arrays, streams and the problem's place, to be read back by another process. */
static void save(struct rho_play *p, struct rho_buf *out)
{
	struct rho_buf own = { 0 };
	rho_buf_add(out, &p->inst->n_kept, sizeof p->inst->n_kept);
	for (size_t i = 0; i < p->inst->n_kept; i++) {
		const struct rho_kept *k = &p->inst->kept[i];
		size_t n = kept_bytes(k);
		put_text(out, k->name);
		rho_buf_add(out, &n, sizeof n);
		rho_buf_add(out, k->at, n);
	}
	rho_buf_add(out, &p->inst->n_streams, sizeof p->inst->n_streams);
	for (size_t i = 0; i < p->inst->n_streams; i++) {
		put_text(out, p->inst->streams[i]->name);
		rho_buf_add(out, &p->inst->streams[i]->rng, sizeof p->inst->streams[i]->rng);
	}
	if (p->player->save)
		p->player->save(p, &own);
	rho_buf_add(out, &own.len, sizeof own.len);
	rho_buf_add(out, own.at, own.len);
	rho_buf_free(&own);
}

struct cursor {
	const char *at;
	size_t left;
};

/* The next n bytes; the bytes were written by save() in this very run. */
static const char *take(struct cursor *c, size_t n)
{
	const char *at = c->at;
	c->at += n;
	c->left -= n;
	return at;
}

static size_t take_size(struct cursor *c)
{
	size_t n;
	memcpy(&n, take(c, sizeof n), sizeof n);
	return n;
}

static bool same_name(struct cursor *c, const char *name)
{
	size_t n = take_size(c);
	const char *at = take(c, n);
	return strlen(name) == n && !memcmp(at, name, n);
}

static int call_loaded(struct rho_play *p)
{
	const struct rho_module *m = p->module;
	int (*loaded)(struct rho_ctx *, void *) = NULL;
	if (m->plugin.kind == RHO_AGENT)
		loaded = m->table.agent.loaded;
	else if (m->plugin.kind == RHO_ENV)
		loaded = m->table.env.loaded;
	else if (m->plugin.kind == RHO_SAMPLER)
		loaded = m->table.sampler.loaded;
	if (!loaded)
		return RHO_CHECK_PASS;
	rho_play_begin(p, "loaded", 0, false);
	if (rho_play_end(p, loaded(p->ctx, p->self)))
		return rho_trial_fail(p->trial, "loaded failed on the plugin's own checkpoint: %s",
		                      p->why.at);
	return RHO_CHECK_PASS;
}

/* Into an opened play of the same settings; calls loaded. PASS or an outcome. */
static int load(struct rho_play *p, const struct rho_buf *saved)
{
	struct cursor c = { saved->at, saved->len };
	struct rho_instance *in = p->inst;
	if (take_size(&c) != in->n_kept)
		return rho_trial_fail(p->trial, "another number of kept arrays after a second open");
	for (size_t i = 0; i < in->n_kept; i++) {
		if (!same_name(&c, in->kept[i].name) || take_size(&c) != kept_bytes(&in->kept[i]))
			return rho_trial_fail(p->trial,
			                      "kept array %s differs in name or shape after a second open",
			                      in->kept[i].name);
		size_t n = kept_bytes(&in->kept[i]);
		memcpy(in->kept[i].at, take(&c, n), n);
	}
	if (take_size(&c) != in->n_streams)
		return rho_trial_fail(p->trial, "another number of streams after a second open");
	for (size_t i = 0; i < in->n_streams; i++) {
		if (!same_name(&c, in->streams[i]->name))
			return rho_trial_fail(p->trial, "stream %s was another before", in->streams[i]->name);
		memcpy(&in->streams[i]->rng, take(&c, sizeof in->streams[i]->rng),
		       sizeof in->streams[i]->rng);
	}
	size_t n = take_size(&c);
	if (p->player->load)
		p->player->load(p, take(&c, n), n);
	return call_loaded(p);
}

/* ---- whole plays ---- */

struct whole {
	const struct rho_play_how *how;
	unsigned turns, cut;
	struct rho_buf saved;
};

static int play_whole(struct rho_trial *t, void *arg, struct rho_buf *out)
{
	const struct whole *w = arg;
	struct rho_play *p = rho_play_ready(t, w->how);
	int r = RHO_CHECK_SKIP;
	if (p && !(r = rho_play_turns(p, 0, w->turns))) {
		rho_play_close_tape(p);
		rho_buf_add(out, p->tape.at, p->tape.len);
	}
	rho_play_free(p);
	return r;
}

int rho_play_apart(struct rho_trial *t, const struct rho_play_how *how, unsigned turns, struct rho_buf *tape)
{
	struct whole w = { .how = how, .turns = turns };
	return rho_trial_apart(t, 0, play_whole, &w, tape);
}

long rho_tape_compare(const struct rho_buf *a, const struct rho_buf *b)
{
	size_t n = a->len < b->len ? a->len : b->len, each = sizeof(struct rho_digest);
	for (size_t i = 0; i < n / each; i++)
		if (memcmp(a->at + i * each, b->at + i * each, each))
			return (long)i;
	return a->len == b->len ? -1 : (long)(n / each);
}

/* Plays to the end, saving at the cut: the save's length, the save, the tape since the cut. */
static int play_and_save(struct rho_trial *t, void *arg, struct rho_buf *out)
{
	const struct whole *w = arg;
	struct rho_play *p = rho_play_ready(t, w->how);
	struct rho_buf saved = { 0 };
	int r = RHO_CHECK_SKIP;
	if (p && !(r = rho_play_turns(p, 0, w->cut))) {
		save(p, &saved);
		rho_buf_clear(&p->tape);
		r = rho_play_turns(p, w->cut, w->turns);
		rho_play_close_tape(p);
		rho_buf_add(out, &saved.len, sizeof saved.len);
		rho_buf_add(out, saved.at, saved.len);
		rho_buf_add(out, p->tape.at, p->tape.len);
	}
	rho_buf_free(&saved);
	rho_play_free(p);
	return r;
}

static int load_and_play(struct rho_trial *t, void *arg, struct rho_buf *out)
{
	const struct whole *w = arg;
	struct rho_play *p = rho_play_ready(t, w->how);
	int r = RHO_CHECK_SKIP;
	if (p && !(r = load(p, &w->saved))) {
		for (unsigned i = w->cut; i < w->turns && !r; i++)
			if (rho_play_turn(p, i))
				r = rho_trial_fail(t, "resumed after %u turns, it failed: %s", w->cut,
				                   p->why.at);
		rho_play_close_tape(p);
		rho_buf_add(out, p->tape.at, p->tape.len);
	}
	rho_play_free(p);
	return r;
}

int rho_play_resume(struct rho_trial *t, const struct rho_play_how *how, unsigned cut, unsigned turns)
{
	struct whole w = { .how = how, .cut = cut, .turns = turns };
	struct rho_buf first = { 0 }, tape = { 0 }, second = { 0 };
	size_t n = 0;
	int r = rho_trial_apart(t, 0, play_and_save, &w, &first);
	if (!r) {
		memcpy(&n, first.at, sizeof n);
		rho_buf_add(&w.saved, first.at + sizeof n, n);
		rho_buf_add(&tape, first.at + sizeof n + n, first.len - sizeof n - n);
		r = rho_trial_apart(t, 0, load_and_play, &w, &second);
	}
	long at = r ? -1 : rho_tape_compare(&tape, &second);
	if (at >= (long)(turns - cut))
		r = rho_trial_fail(
			t,
			"saved after %u turns and resumed, it answers alike but its kept arrays or "
			"streams end up different",
			cut);
	else if (at >= 0)
		r = rho_trial_fail(
			t,
			"saved after %u turns and resumed elsewhere, it goes another way at turn %ld: "
			"keep all it has learned in rho_keep_… arrays, rebuild the rest in loaded",
			cut, (long)cut + at);
	rho_buf_free(&first);
	rho_buf_free(&tape);
	rho_buf_free(&second);
	rho_buf_free(&w.saved);
	return r;
}

int rho_trial_exact(struct rho_trial *t)
{
	int r = rho_trial_module(t);
	if (!r && t->module->plugin.flags & RHO_INEXACT)
		r = rho_trial_skip(t, "it declares RHO_INEXACT");
	return r;
}
