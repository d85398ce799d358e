/* fuse.c: one baton among the threads of a process, and one pass for the requests of those that wait. */
#include <pthread.h>
#include <stdlib.h>

#include "../base/buf.h"
#include "clock.h"
#include "fuse.h"

enum { WORTH = 1 << 18 }; /* numbers: 1 MiB takes longer to read than two threads take to change places */

enum seat_state { READY, WAITING, LEFT }; /* READY: at work, or to have its turn in this round */

struct seat {
	enum seat_state state;
	pthread_cond_t turn;
	struct rho_scan *scan; /* WAITING */
	const struct rho_codes *codes;
	uint64_t share; /* of the pass that answered, nanoseconds */
	size_t pass;    /* the seat whose request's pass answers, and 1; 0: none yet */
	uint32_t *holds;
};

struct rho_fuse {
	pthread_mutex_t lock;
	size_t n, turn; /* turn: the seat at work; n: all were left */
	unsigned threads;
	struct rho_scan **together; /* (n) of the pass under way */
	struct seat *seat;          /* (n) */
};

struct rho_fuse *rho_fuse_new(size_t n, unsigned threads, uint32_t *const *holds)
{
	struct rho_fuse *f = rho_xcalloc(1, sizeof *f);
	pthread_mutex_init(&f->lock, NULL);
	f->n = n;
	f->threads = threads;
	f->together = rho_xcalloc(n, sizeof(*f->together));
	f->seat = rho_xcalloc(n, sizeof *f->seat);
	for (size_t i = 0; i < n; i++) {
		pthread_cond_init(&f->seat[i].turn, NULL);
		f->seat[i].holds = holds ? holds[i] : NULL;
	}
	return f;
}

void rho_fuse_free(struct rho_fuse *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->n; i++)
		pthread_cond_destroy(&f->seat[i].turn);
	pthread_mutex_destroy(&f->lock);
	free(f->together);
	free(f->seat);
	free(f);
}

static void note(const struct seat *s, uint32_t held)
{
	if (s->holds)
		__atomic_store_n(s->holds, held, __ATOMIC_RELAXED);
}

/* ---- passes ---- */

bool rho_fuse_worth(const struct rho_scan *r)
{
	size_t queries = r->want == RHO_SCAN_ALL64 ? r->n64 : r->x.n;
	return queries && !r->y.id && r->y.mat && r->y.mat->cols && r->y.n >= WORTH / r->y.mat->cols;
}

static bool same_rows(const struct rho_rows *a, const struct rho_rows *b)
{
	return a->mat->at == b->mat->at && a->mat->cols == b->mat->cols && a->mat->stride == b->mat->stride &&
	       a->first == b->first && a->n == b->n && !a->id && !b->id;
}

/* What those that look for the largest agree on. It only makes them faster: where they do not, none is used.
 */
static const struct rho_codes *common_codes(const struct rho_fuse *f, size_t from)
{
	const struct rho_codes *codes = NULL;
	bool any = false;
	for (size_t i = from; i < f->n; i++) {
		const struct seat *s = &f->seat[i];
		if (s->pass != from + 1 || s->scan->want != RHO_SCAN_TOP)
			continue;
		if (any && s->codes != codes)
			return NULL;
		codes = s->codes;
		any = true;
	}
	return codes;
}

/* The request of seat `from` and all later ones over the same rows. */
static void pass(struct rho_fuse *f, size_t from)
{
	size_t n = 0;
	uint64_t share;
	for (size_t i = from; i < f->n; i++) {
		struct seat *s = &f->seat[i];
		if (s->state != WAITING || s->pass || !same_rows(&s->scan->y, &f->seat[from].scan->y))
			continue;
		s->pass = from + 1;
		f->together[n++] = s->scan;
	}
	share = rho_nanoseconds();
	rho_score_scan(f->together, n, common_codes(f, from), f->threads);
	share = (rho_nanoseconds() - share) / n;
	for (size_t i = from; i < f->n; i++)
		if (f->seat[i].pass == from + 1)
			f->seat[i].share = share;
}

/* Every seat waits or was left: answers all, and all that wait are ready again. */
static void answer(struct rho_fuse *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->seat[i].state == WAITING && !f->seat[i].pass)
			pass(f, i);
	for (size_t i = 0; i < f->n; i++) {
		struct seat *s = &f->seat[i];
		if (s->state == WAITING)
			s->state = READY;
		s->scan = NULL;
		s->pass = 0;
	}
}

/* ---- turns ---- */

static size_t next_ready(const struct rho_fuse *f, size_t from)
{
	while (from < f->n && f->seat[from].state != READY)
		from++;
	return from;
}

/* From a seat that is no longer ready to the next that is, in a new round where there is none. */
static void pass_on(struct rho_fuse *f, size_t seat)
{
	note(&f->seat[seat], 0);
	f->turn = next_ready(f, seat + 1);
	if (f->turn == f->n) {
		answer(f);
		f->turn = next_ready(f, 0);
	}
	if (f->turn == f->n)
		return;
	note(&f->seat[f->turn], 1);
	if (f->turn != seat)
		pthread_cond_signal(&f->seat[f->turn].turn);
}

void rho_fuse_enter(struct rho_fuse *f, size_t seat)
{
	pthread_mutex_lock(&f->lock);
	while (f->turn != seat)
		pthread_cond_wait(&f->seat[seat].turn, &f->lock);
	note(&f->seat[seat], 1);
	pthread_mutex_unlock(&f->lock);
}

void rho_fuse_leave(struct rho_fuse *f, size_t seat)
{
	pthread_mutex_lock(&f->lock);
	f->seat[seat].state = LEFT;
	pass_on(f, seat);
	pthread_mutex_unlock(&f->lock);
}

uint64_t rho_fuse_scan(struct rho_fuse *f, size_t seat, struct rho_scan *scan, const struct rho_codes *codes)
{
	struct seat *s = &f->seat[seat];
	uint64_t share;
	pthread_mutex_lock(&f->lock);
	s->state = WAITING;
	s->scan = scan;
	s->codes = codes;
	pass_on(f, seat);
	while (f->turn != seat)
		pthread_cond_wait(&s->turn, &f->lock);
	share = s->share;
	pthread_mutex_unlock(&f->lock);
	return share;
}
