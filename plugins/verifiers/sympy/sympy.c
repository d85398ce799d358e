/* SymPy: answers judged by a real SymPy, in processes of its own that are killed when they take too long. */
#include <errno.h>
#include <poll.h>
#include <rho/rho.h>
#include <stdio.h>
#include <string.h>

#include "worker.h"

enum { MOST_WORKERS = 64, MOST_TEXT = 20000, TICK = 100 /* milliseconds between looks at rho_stop */ };

struct sympy {
	const char *python;
	int64_t workers, seconds, memory;
	struct worker *worker;          /* (workers) */
	const char *found;              /* the Python that has SymPy */
};

static const struct rho_param params[] = {
	RHO_STR(struct sympy, python, "python3", "the Python that has SymPy"),
	{ RHO_FIELD(struct sympy, workers, RHO_T_I64, int64_t, "processes"), .flags = RHO_SPEED, .lo = 1,
	  .hi = MOST_WORKERS, .def.i = 1 },
	RHO_I64(struct sympy, seconds, 5, 1, 3600, "how long a claim may take; it is undecided then"),
	RHO_I64(struct sympy, memory, 1024, 256, 1 << 20, "MiB of address space a process may have"),
	RHO_END
};

static struct worker_options options(const struct sympy *s)
{
	return (struct worker_options){ s->seconds, s->memory };
}

/* Waits until a worker that was started says whether it has SymPy: 'f', 'e', or 0: it ended or was late. */
static char await(struct worker *w, char *text)
{
	char kind = 0;
	int heard = 0;
	while (!heard) {
		struct pollfd p[2] = { { .fd = w->fd, .events = POLLIN }, { .fd = w->timer, .events = POLLIN } };
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			return 0;
		heard = worker_hear(w, &kind, text);
		if (!heard && worker_late(w))
			return 0;
	}
	return heard > 0 ? kind : 0;
}

/* Tries one Python for the first worker. True: it has SymPy. Else text (256) says why not. */
static bool attempt(struct sympy *s, const char *python, char *text)
{
	struct worker_options o = options(s);
	int error = worker_start(&s->worker[0], python, &o);
	snprintf(text, 256, "%s", error ? strerror(error) : "it ended before it said a word");
	char kind = error ? 0 : await(&s->worker[0], text);
	if (kind == 'f') {
		s->found = python;
		return true;
	}
	worker_stop(&s->worker[0]);
	return false;
}

static int sympy_open(struct rho_ctx *c, void *self)
{
	struct sympy *s = self;
	static const char *const second = "/usr/bin/python3";
	char why[256], again[256];
	s->worker = rho_alloc(c, (size_t)s->workers, sizeof(*s->worker));
	if (!s->worker)
		return RHO_ENOMEM;
	if (attempt(s, s->python, why)) {
		rho_log(c, RHO_DEBUG, "there is a SymPy for %s", why);
		return 0;
	}
	if (strcmp(s->python, second) && attempt(s, second, again)) {
		rho_log(c, RHO_DEBUG, "%s: %s; but there is a SymPy for %s", s->python, why, again);
		return 0;
	}
	return rho_fail(c, RHO_EIO,
			"%s has no SymPy (%s); install it (Debian: apt-get install python3-sympy), or name a Python "
			"that has it: python = \"/path/to/python3\"",
			s->python, why);
}

static void stop_all(struct sympy *s, bool busy_only)
{
	for (size_t i = 0; s->worker && i < (size_t)s->workers; i++)
		if (!busy_only || s->worker[i].state != WORKER_READY)
			worker_stop(&s->worker[i]);
}

static void sympy_close(struct rho_ctx *c, void *self) { stop_all(self, false); }

static void say(struct rho_verdict *v, uint32_t ruling, const char *why)
{
	v->ruling = ruling;
	v->score = ruling == RHO_RIGHT ? 1 : 0;
	size_t n = strlen(why), most = sizeof(v->why) - 1;
	for (n = n > most ? most : n; n && n == most && ((unsigned char)why[n] & 0xc0) == 0x80; n--)
		;
	memcpy(v->why, why, n);
	v->why[n] = '\0';
}

static bool is_empty(struct rho_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!strchr(" \t\r\n", s.at[i]) || !s.at[i])
			return false;
	return true;
}

/* Claims that need no worker. */
static bool settled(const struct rho_claim *claim, struct rho_verdict *v)
{
	if (is_empty(claim->answer))
		return say(v, RHO_UNREADABLE, "the answer is empty"), true;
	if (is_empty(claim->reference))
		return say(v, RHO_UNDECIDED, "there is no reference"), true;
	if (claim->answer.len > MOST_TEXT || claim->reference.len > MOST_TEXT)
		return say(v, RHO_UNDECIDED, "longer than 20,000 bytes"), true;
	return false;
}

struct round {                  /* a call of verify */
	struct sympy *s;
	const struct rho_claim *claim;
	struct rho_verdict *verdict;
	size_t n, next, busy;   /* claims; the first that nobody has; workers at work on one */
	size_t failures;        /* workers that ended before they were ready, one after another */
};

enum { MOST_FAILURES = 5 };

/* Gives every worker that is free something to do; starts those that are missing. */
static int hand_out(struct round *r, struct rho_ctx *c)
{
	struct worker_options o = options(r->s);
	for (size_t i = 0; i < (size_t)r->s->workers; i++) {
		struct worker *w = &r->s->worker[i];
		while (r->next < r->n && settled(&r->claim[r->next], &r->verdict[r->next]))
			r->next++;
		if (r->next == r->n)
			return 0;
		if (w->state == WORKER_READY) {
			if (worker_ask(w, r->next, &r->claim[r->next], &o)) {
				r->next++;
				r->busy++;
				continue;
			}
			worker_stop(w);
		}
		int error = w->state == WORKER_NONE ? worker_start(w, r->s->found, &o) : 0;
		if (error)
			return rho_fail(c, RHO_EIO, "%s cannot be started: %s", r->s->found, strerror(error));
	}
	return 0;
}

/* A worker has ended, or is late: its claim is undecided, and it makes room for another. */
static int lost(struct round *r, struct rho_ctx *c, struct worker *w, bool late)
{
	char why[80];
	if (w->state == WORKER_BUSY) {
		if (late)
			snprintf(why, sizeof(why), "no answer within %lld s", (long long)r->s->seconds);
		else
			snprintf(why, sizeof(why), "SymPy's process ended, probably for lack of memory");
		say(&r->verdict[w->claim], RHO_UNDECIDED, why);
		r->busy--;
	} else if (++r->failures > MOST_FAILURES) {
		return rho_fail(c, RHO_EIO, "SymPy's processes end before they are ready; try `%s -c 'import sympy'`",
				r->s->found);
	}
	worker_stop(w);
	return 0;
}

static int listen_to(struct round *r, struct rho_ctx *c, struct worker *w)
{
	static const uint32_t ruling[] = { ['r'] = RHO_RIGHT, ['w'] = RHO_WRONG, ['u'] = RHO_UNDECIDED };
	bool was_busy = w->state == WORKER_BUSY;
	char kind, text[256];
	int heard = worker_hear(w, &kind, text);
	if (!heard)
		return worker_late(w) ? lost(r, c, w, true) : 0;
	if (heard > 0 && kind == 'e' && !was_busy)
		return rho_fail(c, RHO_EIO, "%s cannot load SymPy: %s", r->s->found, text);
	bool ruled = heard > 0 && strchr("rwu", kind);
	if (heard < 0 || was_busy != ruled) {
		w->state = was_busy ? WORKER_BUSY : WORKER_STARTING;
		return lost(r, c, w, false);
	}
	if (ruled) {
		say(&r->verdict[w->claim], ruling[(unsigned char)kind], text);
		r->busy--;
		r->failures = 0;
	}
	return 0;
}

static int wait_for(struct round *r, struct rho_ctx *c)
{
	struct pollfd p[2 * MOST_WORKERS];
	struct worker *who[MOST_WORKERS];
	nfds_t n = 0;
	int code = 0;
	for (size_t i = 0; i < (size_t)r->s->workers; i++) {
		struct worker *w = &r->s->worker[i];
		if (w->state != WORKER_STARTING && w->state != WORKER_BUSY)
			continue;
		p[2 * n] = (struct pollfd){ .fd = w->fd, .events = POLLIN };
		p[2 * n + 1] = (struct pollfd){ .fd = w->timer, .events = POLLIN };
		who[n++] = w;
	}
	if (poll(p, 2 * n, TICK) < 0 && errno != EINTR)
		return rho_fail(c, RHO_EIO, "waiting for SymPy: %s", strerror(errno));
	for (nfds_t i = 0; i < n && !code; i++)
		code = listen_to(r, c, who[i]);
	return code;
}

static int sympy_verify(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
			struct rho_verdict *verdict)
{
	struct round r = { .s = self, .claim = claim, .verdict = verdict, .n = n };
	int code = hand_out(&r, c);
	while (!code && (r.next < n || r.busy)) {
		code = rho_stop(c) ? RHO_ESTOP : wait_for(&r, c);
		code = code ? code : hand_out(&r, c);
	}
	if (code)
		stop_all(r.s, true);    /* a claim of this call must not be answered in the next one */
	return code;
}

static const struct rho_verifier sympy_verifier = {
	.size = sizeof sympy_verifier, .open = sympy_open, .close = sympy_close, .verify = sympy_verify,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_VERIFIER), .name = "sympy", .version = "1.0.0", .revision = 1, .flags = RHO_INEXACT,
	.brief = "judged by SymPy, in processes that are killed when they take too long",
	.doc = "Inexact: whether a claim is decided within its seconds depends on the machine; what is decided does\n"
	       "not.",
	.params = params, .self_size = sizeof(struct sympy), .verifier = &sympy_verifier,
};
