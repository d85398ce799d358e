/* pictures.c: files to rows. Pictures go through the tower a few at a time; each worker takes the next few,
 * decodes them into memory of its own and runs them. They are taken in order, so that when one cannot be
 * read, all before it have been looked at: the first bad one is named whatever the threads did. */
#include "pictures.h"

#include <stdatomic.h>
#include <string.h>

#include "kit/transformer/embedder.h"
#include "kit/transformer/layers.h"
#include "kit/transformer/room.h"

enum { WAVE = 16 };             /* pieces of work a worker between two words about progress */

struct worker { struct rho_trouble t; size_t bad; };    /* the first of its pictures that cannot be read */

struct job {                    /* one call */
	struct rho_ctx *ctx;
	const struct pictures *p;
	const struct rho_str *in;
	size_t n, to;           /* pictures in all, and where the wave ends */
	float *out;
	size_t stride, together, workers;
	struct worker *worker;  /* (workers) */
	char *room;             /* (workers, room_each) */
	size_t room_each;
	atomic_size_t next;
	atomic_int code;        /* the first error, not yet recorded */
};

/* Working memory of one worker: pixels (together, 3, size, size), and the tower's. */
static size_t lay_out(const struct job *j, void *at, float **pixels, void **tower)
{
	size_t total = 0, size = j->p->rules.crop;
	*pixels = rho_carve(at, &total, j->together * 3 * size * size * sizeof **pixels);
	*tower = rho_carve(at, &total, rho_clip_image_room(j->p->model, j->together));
	return total;
}

/* Decodes n pictures from `first`; false with the worker's trouble. */
static bool decode(const struct job *j, size_t first, size_t n, struct worker *w, float *pixels)
{
	size_t each = 3 * j->p->rules.crop * j->p->rules.crop;
	for (size_t i = 0; i < n; i++)
		if (rho_image_pixels(&j->p->rules, j->in[first + i], pixels + i * each, &w->t)) {
			w->bad = first + i;
			return false;
		}
	return true;
}

static void work(struct job *j, size_t me)
{
	size_t dim = rho_clip_info(j->p->model)->dim;
	float *pixels;
	void *tower;
	lay_out(j, j->room + me * j->room_each, &pixels, &tower);
	while (!j->code) {
		int none = 0;
		size_t first = atomic_fetch_add(&j->next, j->together);
		if (first >= j->to)
			return;
		size_t n = j->to - first < j->together ? j->to - first : j->together;
		bool fine = decode(j, first, n, &j->worker[me], pixels);
		int code = !fine ? j->worker[me].t.code : rho_stop(j->ctx) ? RHO_ESTOP : 0;
		if (code) {
			atomic_compare_exchange_strong(&j->code, &none, code);
			return;
		}
		float *out = j->out + first * j->stride;
		rho_clip_image(j->p->model, pixels, n, out, j->stride, tower);
		for (size_t i = 0; j->p->normalise && i < n; i++)
			rho_unit_row(out + i * j->stride, dim);
	}
}

static void work_some(void *arg, size_t from, size_t to)
{
	for (size_t me = from; me < to; me++)
		work(arg, me);
}

/* How many workers, with how many pictures at a time: fewer where that lets all of them work and no row shows
 * it. */
static void share_out(struct job *j)
{
	size_t workers = rho_embedder_workers(j->p->threads), even = (j->n + workers - 1) / workers;
	bool fewer = rho_clip_rowwise(j->p->model) && even < j->p->together;
	j->together = fewer ? even : j->p->together;
	size_t pieces = (j->n + j->together - 1) / j->together;
	j->workers = pieces < workers ? pieces : workers;
}

static int record(const struct job *j)
{
	const struct worker *first = NULL;
	for (size_t k = 0; k < j->workers; k++)
		if (j->worker[k].t.code && (!first || j->worker[k].bad < first->bad))
			first = &j->worker[k];
	if (first)
		return rho_fail(j->ctx, first->t.code, "picture %zu of %zu: %s",
		                first->bad + 1, j->n, first->t.text);
	return j->code;
}

int pictures_encode(struct rho_ctx *c, const struct pictures *p, const struct rho_str *in, size_t n,
                    float *out, size_t stride)
{
	struct job j = { .ctx = c, .p = p, .in = in, .n = n, .out = out, .stride = stride };
	float *pixels;
	void *tower;
	if (!n)
		return 0;
	share_out(&j);
	j.room_each = lay_out(&j, NULL, &pixels, &tower);
	j.worker = rho_scratch(c, j.workers, sizeof *j.worker);
	j.room = rho_scratch(c, j.workers, j.room_each);
	if (!j.worker || !j.room)
		return RHO_ENOMEM;
	memset(j.worker, 0, j.workers * sizeof *j.worker);
	for (size_t from = 0; from < n && !j.code; from = j.to) {
		size_t wave = WAVE * j.workers * j.together;
		j.to = n - from < wave ? n : from + wave;
		atomic_store(&j.next, from);
		rho_parallel(c, j.workers, work_some, &j);
		rho_progress(c, (double)j.to / (double)n);
	}
	return j.code ? record(&j) : 0;
}
