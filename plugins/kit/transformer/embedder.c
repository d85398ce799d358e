/* embedder.c: many texts to rows.
 *
 * A call is worked off in waves: a wave's texts are tokenised in parallel, then cut into chunks by their
 * tokens, then the chunks are run in parallel. Each of the threads at work, at most `workers`, has working
 * memory of its own, and takes the next piece of work when it is done with one; which thread takes which
 * cannot be seen in the rows. */
#include "embedder.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "layers.h"

enum {
	MOST_WORKERS = 64,      /* as many ranges as the host makes of anything */
	BLOCK = 8,              /* texts tokenised at a time */
	WAVE_CHUNKS = 16,       /* chunks of a wave, a worker: between its barriers threads are out of step */
	BYTES_A_TOKEN = 4,      /* of ordinary text; only waves are measured by it */
};

struct rho_embedder_worker { struct rho_tokens tokens; size_t cut, most; };

struct span { size_t worker, at, n; };  /* a text's tokens: n of them from `at` in a worker's */

struct job {                    /* one call of encode */
	struct rho_ctx *ctx;
	struct rho_embedder *e;
	const struct rho_str *in;       /* the wave's texts */
	size_t n;
	float *out;                     /* and rows */
	size_t stride;
	struct span *span;              /* (n) */
	struct rho_seq *seq;            /* (n) */
	size_t *chunk, chunks;          /* (chunks + 1): where each begins */
	bool last;                      /* no wave follows */
	char *room;                     /* (rooms, room_each) */
	size_t rooms, room_each;
	atomic_size_t next;             /* text or chunk to be taken */
	atomic_int code;                /* the first error */
};

/* ---- opening ---- */

size_t rho_embedder_workers(size_t threads)
{
	cpu_set_t set;
	int processors = sched_getaffinity(0, sizeof set, &set) ? 1 : CPU_COUNT(&set);
	size_t n = threads ? threads : processors > 0 ? (size_t)processors : 1;
	return n < MOST_WORKERS ? n : MOST_WORKERS;
}

int rho_embedder_tokeniser(struct rho_ctx *c, const char *folder, size_t vocab, size_t types,
                           struct rho_tokeniser **out)
{
	struct rho_trouble t = { 0 };
	struct rho_tokeniser *k = *out = rho_tokeniser_open(folder, &t);
	if (!k)
		return rho_fail(c, t.code, "%s", t.text);
	if (rho_tokeniser_size(k) > vocab)
		return rho_fail(c, RHO_EFORMAT, "%s: the tokeniser has token ids up to %zu, but the model has"
		                " only %zu rows of embeddings (vocab_size of config.json); the two do not"
		                " belong together", folder, rho_tokeniser_size(k) - 1, vocab);
	if (types && rho_tokeniser_types(k) > types)
		return rho_fail(c, RHO_EFORMAT, "%s: the tokeniser gives tokens the type %zu, but the model"
		                " has only %zu types (type_vocab_size of config.json); the two do not belong"
		                " together", folder, rho_tokeniser_types(k) - 1, types);
	if (!rho_tokeniser_special(k))
		return rho_fail(c, RHO_EFORMAT, "%s: the tokeniser adds no special tokens ([CLS], <s>), which"
		                " leaves nothing of an empty text; its files want a post_processor", folder);
	return 0;
}

int rho_embedder_open(struct rho_ctx *c, struct rho_embedder *e)
{
	size_t special = rho_tokeniser_special(e->tokeniser);
	if (e->longest < special)
		return rho_fail(c, RHO_EINVAL, "texts are cut to %zu tokens, by max_length or by the model's own"
		                " files, and %zu of a text's are special; allow at least so many",
		                e->longest, special);
	e->workers = rho_embedder_workers(e->threads);
	e->worker = rho_alloc(c, e->workers, sizeof *e->worker);
	return e->worker ? 0 : RHO_ENOMEM;
}

void rho_embedder_close(struct rho_ctx *c, struct rho_embedder *e)
{
	size_t cut = 0, most = 0;
	for (size_t i = 0; e->worker && i < e->workers; i++) {
		struct rho_embedder_worker *w = &e->worker[i];
		cut += w->cut;
		most = w->most > most ? w->most : most;
		rho_tokens_free(&w->tokens);
	}
	if (cut)
		rho_log(c, RHO_INFO, "%zu of %zu texts were cut to %zu tokens; the longest has %zu", cut,
		        e->texts, e->longest, most);
}

/* ---- in the threads ---- */

static void give_up(struct job *j, int code)
{
	int none = 0;
	atomic_compare_exchange_strong(&j->code, &none, code);
}

static void tokenise_some(struct job *j, size_t worker)
{
	struct rho_embedder_worker *w = &j->e->worker[worker];
	w->tokens.n = 0;
	for (size_t i; !j->code && (i = atomic_fetch_add(&j->next, BLOCK)) < j->n;) {
		size_t end = i + BLOCK < j->n ? i + BLOCK : j->n;
		if (rho_stop(j->ctx))
			give_up(j, RHO_ESTOP);
		for (; i < end && !j->code; i++) {
			size_t at = w->tokens.n;
			if (rho_tokeniser_encode(j->e->tokeniser, j->in[i], NULL, j->e->longest,
			                         &w->tokens)) {
				give_up(j, RHO_ENOMEM);
				break;
			}
			j->span[i] = (struct span){ worker, at, w->tokens.n - at };
			w->cut += w->tokens.whole > j->e->longest;
			w->most = w->tokens.whole > w->most ? w->tokens.whole : w->most;
		}
	}
}

static void tokenise(void *arg, size_t from, size_t to)
{
	for (size_t worker = from; worker < to; worker++)
		tokenise_some(arg, worker);
}

static void run_some(struct job *j, size_t worker)
{
	const struct rho_embedder *e = j->e;
	void *room = j->room + worker * j->room_each;
	for (size_t k; !j->code && (k = atomic_fetch_add(&j->next, 1)) < j->chunks;) {
		size_t first = j->chunk[k], n = j->chunk[k + 1] - first;
		if (rho_stop(j->ctx)) {
			give_up(j, RHO_ESTOP);
			break;
		}
		e->run(e->model, j->seq + first, n, j->out + first * j->stride, j->stride, room);
		for (size_t i = first; e->normalise && i < first + n; i++)
			rho_unit_row(j->out + i * j->stride, e->dim);
	}
}

static void run(void *arg, size_t from, size_t to)
{
	for (size_t worker = from; worker < to; worker++)
		run_some(arg, worker);
}

/* ---- a wave ---- */

static int in_parallel(struct job *j, size_t pieces, void (*fn)(void *arg, size_t from, size_t to))
{
	size_t workers = pieces < j->e->workers ? pieces : j->e->workers;
	atomic_store(&j->next, 0);
	rho_parallel(j->ctx, workers, fn, j);
	return j->code;
}

/* Cuts the wave at the texts where a chunk's share of the tokens is full. Where rows do not show it, every
 * worker gets as many chunks as any other. The most tokens of a chunk into *tokens, of a text into
 * *longest. */
static void cut_chunks(struct job *j, size_t *tokens, size_t *longest)
{
	size_t total = 0, done = 0, workers = j->e->workers < j->n ? j->e->workers : j->n;
	*tokens = *longest = 0;
	for (size_t i = 0; i < j->n; i++) {
		total += j->seq[i].n;
		*longest = j->seq[i].n > *longest ? j->seq[i].n : *longest;
	}
	size_t chunks = (total + j->e->batch_tokens - 1) / j->e->batch_tokens;
	if (j->e->rowwise)
		chunks = (chunks + workers - 1) / workers * workers;
	size_t share = (total + chunks - 1) / chunks;
	j->chunk[0] = j->chunks = 0;
	for (size_t i = 0; i < j->n; i++) {
		done += j->seq[i].n;
		if (done < share && i + 1 < j->n)
			continue;
		*tokens = done > *tokens ? done : *tokens;
		done = 0;
		j->chunk[++j->chunks] = i + 1;
	}
}

/* Working memory for the wave's chunks: what there is already if it will do. Where more waves are to come it
 * is made to do for all of them. */
static int make_room(struct job *j, size_t tokens, size_t longest)
{
	size_t texts = 0, rooms = j->chunks < j->e->workers ? j->chunks : j->e->workers, each;
	for (size_t k = 0; k < j->chunks; k++) {
		size_t n = j->chunk[k + 1] - j->chunk[k];
		texts = n > texts ? n : texts;
	}
	if (!j->last) {
		longest = j->e->longest;
		texts = tokens = j->e->batch_tokens + longest;
		rooms = j->e->workers;
	}
	each = j->e->room(j->e->model, tokens, texts, longest);
	if (each <= j->room_each && rooms <= j->rooms)
		return 0;
	j->room = rho_scratch(j->ctx, rooms, each);
	j->rooms = rooms;
	j->room_each = each;
	return j->room ? 0 : RHO_ENOMEM;
}

static int do_wave(struct job *j)
{
	size_t tokens, longest;
	int code = in_parallel(j, (j->n + BLOCK - 1) / BLOCK, tokenise);
	if (code)
		return code;
	for (size_t i = 0; i < j->n; i++) {
		const struct rho_tokens *t = &j->e->worker[j->span[i].worker].tokens;
		j->seq[i] = (struct rho_seq){ t->id + j->span[i].at, t->type + j->span[i].at, j->span[i].n };
	}
	cut_chunks(j, &tokens, &longest);
	code = make_room(j, tokens, longest);
	return code ? code : in_parallel(j, j->chunks, run);
}

/* How many of n texts make a wave: about `tokens` tokens, by their bytes; at least one. */
static size_t wave(const struct rho_embedder *e, const struct rho_str *in, size_t n, size_t tokens)
{
	size_t sum = 0, i = 0;
	for (; i < n && (!i || sum < tokens); i++) {
		size_t guess = in[i].len / BYTES_A_TOKEN + 3;
		sum += guess < e->longest ? guess : e->longest;
	}
	return i;
}

int rho_embedder_encode(struct rho_ctx *c, struct rho_embedder *e, const struct rho_str *in, size_t n,
                        float *out, size_t stride)
{
	struct job j = { .ctx = c, .e = e, .stride = stride };
	size_t budget = (e->rowwise ? e->workers : 1) * WAVE_CHUNKS * e->batch_tokens;
	size_t most = n < budget ? n : budget;          /* texts a wave: each counts for a token at least */
	int code = 0;
	j.span = rho_scratch(c, most, sizeof *j.span);
	j.seq = rho_scratch(c, most, sizeof *j.seq);
	j.chunk = rho_scratch(c, most + 1, sizeof *j.chunk);
	if (!j.span || !j.seq || !j.chunk)
		return RHO_ENOMEM;
	for (size_t from = 0; from < n && !code; from += j.n) {
		j.in = in + from;
		j.out = out + from * stride;
		j.n = wave(e, in + from, n - from, budget);
		j.last = from + j.n == n;
		code = do_wave(&j);
		if (!code) {
			e->texts += j.n;
			rho_progress(c, (double)(from + j.n) / (double)n);
		}
	}
	if (code == RHO_ENOMEM && j.code)
		return rho_fail(c, RHO_ENOMEM, "no memory left for the tokens of %zu texts", j.n);
	return code;
}
