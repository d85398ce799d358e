/* pool.c: threads that wait for work. Ranges are fixed by n alone and handed out in order; which
 * thread takes which is left to chance and cannot be seen in a result. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "score.h"

enum { RANGES = 64, MOST_THREADS = 64 };

/* One piece of work at a time: threads of one process take turns. */
static struct {
	pthread_mutex_t turn, lock;
	pthread_cond_t wake, done;
	unsigned threads;    /* waiting or at work */
	unsigned wanted;     /* of them in this piece of work */
	unsigned long piece; /* rises with each */
	unsigned busy;
	void (*fn)(void *arg, size_t from, size_t to);
	void *arg;
	size_t n, ranges;
	atomic_size_t next;
} pool = {
	.turn = PTHREAD_MUTEX_INITIALIZER,
	.lock = PTHREAD_MUTEX_INITIALIZER,
	.wake = PTHREAD_COND_INITIALIZER,
	.done = PTHREAD_COND_INITIALIZER,
};

static _Thread_local bool inside; /* a range of this thread's own is being worked on */

/* Where range i of r begins when 0 .. n-1 is cut evenly; no product that could overflow. */
static size_t cut(size_t n, size_t r, size_t i) { return n / r * i + (i < n % r ? i : n % r); }

static void take_ranges(void)
{
	inside = true;
	for (size_t i; (i = atomic_fetch_add(&pool.next, 1)) < pool.ranges;)
		pool.fn(pool.arg, cut(pool.n, pool.ranges, i), cut(pool.n, pool.ranges, i + 1));
	inside = false;
}

static void *work(void *number)
{
	unsigned me = (unsigned)(size_t)number;
	unsigned long seen = 0;
	pthread_mutex_lock(&pool.lock);
	for (;;) {
		while (pool.piece == seen)
			pthread_cond_wait(&pool.wake, &pool.lock);
		seen = pool.piece;
		if (me >= pool.wanted)
			continue;
		pthread_mutex_unlock(&pool.lock);
		take_ranges();
		pthread_mutex_lock(&pool.lock);
		if (!--pool.busy)
			pthread_cond_signal(&pool.done);
	}
	return NULL;
}

/* A child of fork() has none of its parent's threads. */
static void forget(void)
{
	pthread_mutex_init(&pool.turn, NULL);
	pthread_mutex_init(&pool.lock, NULL);
	pthread_cond_init(&pool.wake, NULL);
	pthread_cond_init(&pool.done, NULL);
	pool.threads = pool.busy = 0;
	pool.piece = 0;
}

/* Starts threads until there are so many; fewer when the system has no more. Under the lock. */
static void grow(unsigned to)
{
	static bool watched;
	sigset_t all, before;
	if (!watched)
		watched = !pthread_atfork(NULL, NULL, forget);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the main thread */
	while (pool.threads < to) {
		pthread_t id;
		if (pthread_create(&id, NULL, work, (void *)(size_t)pool.threads))
			break;
		pthread_detach(id);
		pool.threads++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void run_alone(size_t n, size_t ranges, void (*fn)(void *arg, size_t from, size_t to), void *arg)
{
	for (size_t i = 0; i < ranges; i++)
		fn(arg, cut(n, ranges, i), cut(n, ranges, i + 1));
}

void rho_score_parallel(size_t n, void (*fn)(void *arg, size_t from, size_t to), void *arg, unsigned threads)
{
	size_t ranges = n < RANGES ? n : RANGES;
	threads = threads > MOST_THREADS ? MOST_THREADS : threads;
	if (threads > ranges)
		threads = (unsigned)ranges;
	if (threads < 2 || inside) {
		run_alone(n, ranges, fn, arg);
		return;
	}
	pthread_mutex_lock(&pool.turn);
	pthread_mutex_lock(&pool.lock);
	grow(threads - 1);
	pool.fn = fn;
	pool.arg = arg;
	pool.n = n;
	pool.ranges = ranges;
	atomic_store(&pool.next, 0);
	pool.wanted = pool.busy = threads - 1 < pool.threads ? threads - 1 : pool.threads;
	pool.piece++;
	pthread_cond_broadcast(&pool.wake);
	pthread_mutex_unlock(&pool.lock);
	take_ranges();
	pthread_mutex_lock(&pool.lock);
	while (pool.busy)
		pthread_cond_wait(&pool.done, &pool.lock);
	pthread_mutex_unlock(&pool.lock);
	pthread_mutex_unlock(&pool.turn);
}
