/* services.c: what rho/host.h promises a plugin, done. */
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/digest.h"
#include "../score/score.h"
#include "internal.h"

/* rho_fail and rho_log may come from several threads of one rho_parallel. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct rho_instance *of(struct rho_ctx *c) { return (struct rho_instance *)c; }

static void record(struct rho_instance *inst, bool broken, int code, const char *fmt, va_list args)
{
	char *text = NULL;
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	pthread_mutex_lock(&lock);
	/* What broke a rule of the host comes first: a later sentence is its consequence. */
	if (broken || !inst->broken) {
		rho_buf_clear(&inst->error);
		rho_buf_str(&inst->error, text ? text : fmt);
		while (inst->error.len && inst->error.at[inst->error.len - 1] == '\n')
			inst->error.at[--inst->error.len] = '\0';
		inst->error_code = code;
	}
	inst->broken = inst->broken || broken;
	pthread_mutex_unlock(&lock);
	free(text);
}

void rho_record(struct rho_instance *inst, bool broken, int code, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	record(inst, broken, code, fmt, args);
	va_end(args);
}

static int host_fail(struct rho_ctx *c, int error, const char *fmt, ...)
{
	va_list args;
	int code = error < 0 && error >= RHO_EBUG ? error : RHO_EBUG;
	va_start(args, fmt);
	record(of(c), false, code, fmt, args);
	va_end(args);
	return code;
}

static void host_log(struct rho_ctx *c, int level, const char *fmt, ...)
{
	static const char *const names[] = { "debug", "info", "warning" };
	struct rho_instance *inst = of(c);
	FILE *log = inst->world->log ? inst->world->log : stderr;
	char *text = NULL;
	va_list args;
	if (level < inst->world->log_level)
		return;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	pthread_mutex_lock(&lock);
	/* A bar that the parent process draws may stand on the terminal's line. */
	fprintf(log, "%s%s: %s: %s\n", isatty(fileno(log)) ? "\r\033[K" : "", inst->label,
	        level >= RHO_DEBUG && level <= RHO_WARN ? names[level] : "info", text ? text : fmt);
	pthread_mutex_unlock(&lock);
	free(text);
}

/* keep, alloc and rng are for opening only: what comes later would miss from checkpoints. */
static bool may_open(struct rho_instance *inst, const char *what)
{
	if (inst->opening)
		return true;
	rho_record(inst, true, RHO_EBUG,
	           "asked for %s while running; it may do so only while it is opened "
	           "(open, fit, read)",
	           what);
	return false;
}

static void *host_keep(struct rho_ctx *c, const char *name, int type, size_t rows, size_t cols)
{
	static const size_t sizes[] = {
		[RHO_F32_ARRAY] = 4, [RHO_F64_ARRAY] = 8, [RHO_U64_ARRAY] = 8, [RHO_U32_ARRAY] = 4
	};
	struct rho_instance *inst = of(c);
	size_t n;
	void *at;
	if (!may_open(inst, "a kept array (rho_keep_*)"))
		return NULL;
	if (!name || !*name || type < RHO_F32_ARRAY || type > RHO_U32_ARRAY) {
		rho_record(inst, true, RHO_EBUG, "asked for a kept array of %s",
		           name && *name ? "a type that is none of enum rho_array" : "no name; give it one");
		return NULL;
	}
	for (size_t i = 0; i < inst->n_kept; i++) {
		if (!strcmp(inst->kept[i].name, name)) {
			rho_record(inst, true, RHO_EBUG,
			           "asked twice for the kept array \"%s\"; each needs a name "
			           "of its own",
			           name);
			return NULL;
		}
	}
	if (__builtin_mul_overflow(rows, cols, &n)) {
		rho_record(inst, false, RHO_ENOMEM,
		           "asked for the kept array \"%s\" of %zu × %zu elements, more "
		           "than any machine has",
		           name, rows, cols);
		return NULL;
	}
	at = rho_arena_alloc(inst, n, sizes[type]);
	if (!at)
		return NULL;
	inst->kept = rho_xrealloc(inst->kept, (inst->n_kept + 1) * sizeof *inst->kept);
	inst->kept[inst->n_kept++] = (struct rho_kept){
		.name = rho_xstrdup(name),
		.type = (uint32_t)type,
		.rows = rows,
		.cols = cols,
		.at = at,
	};
	return at;
}

static void *host_alloc(struct rho_ctx *c, size_t n, size_t size)
{
	struct rho_instance *inst = of(c);
	return may_open(inst, "memory that stays (rho_alloc)") ? rho_arena_alloc(inst, n, size) : NULL;
}

static void *host_scratch(struct rho_ctx *c, size_t n, size_t size)
{
	return rho_arena_scratch(of(c), n, size);
}

struct rho_rng rho_stream_seed(uint64_t seed, const char *kind, uint64_t salt, const char *name)
{
	struct rho_buf key = { 0 };
	struct rho_rng r;
	struct rho_digest d;
	uint64_t z;
	/* Text, so that the key is the same on machines of either byte order; kinds have no spaces. */
	rho_buf_printf(&key, "rho stream %llu %s %llu %s", (unsigned long long)seed, kind,
	               (unsigned long long)salt, name);
	d = rho_digest_bytes(key.at, key.len);
	rho_buf_free(&key);
	z = d.lo;
	for (int i = 0; i < 4; i++) { /* SplitMix64 (Steele, Lea & Flood 2014) spreads the digest */
		uint64_t x = (z += 0x9e3779b97f4a7c15u);
		x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
		x = (x ^ x >> 27) * 0x94d049bb133111ebu;
		r.s[i] = (x ^ x >> 31) ^ (i & 1 ? d.hi : 0);
	}
	if (!(r.s[0] | r.s[1] | r.s[2] | r.s[3]))
		r.s[0] = 1; /* the one state xoshiro cannot leave */
	return r;
}

static struct rho_rng *host_rng(struct rho_ctx *c, const char *name)
{
	struct rho_instance *inst = of(c);
	struct rho_stream *s;
	/* The plugin is promised a pointer even when it breaks a rule; the call's end reports it. */
	may_open(inst, "a random stream (rho_rng)");
	if (!name || !*name)
		rho_record(inst, true, RHO_EBUG, "asked for a random stream without a name; give it one");
	name = name ? name : "";
	for (size_t i = 0; i < inst->n_streams; i++)
		if (!strcmp(inst->streams[i]->name, name))
			return &inst->streams[i]->rng;
	s = rho_xcalloc(1, sizeof *s);
	s->name = rho_xstrdup(name);
	s->rng = rho_stream_seed(inst->world->seed, rho_kind_name(inst->module->plugin.kind), inst->salt,
	                         name);
	inst->streams = rho_xrealloc(inst->streams, (inst->n_streams + 1) * sizeof(*inst->streams));
	inst->streams[inst->n_streams++] = s;
	return &s->rng;
}

static bool host_stop(struct rho_ctx *c)
{
	const volatile int *stopping = of(c)->world->stopping;
	return stopping && *stopping;
}

static void host_progress(struct rho_ctx *c, double done)
{
	struct rho_world *w = of(c)->world;
	if (w->progress)
		w->progress(w->arg, c, done);
}

static void host_metric(struct rho_ctx *c, const char *name, double value)
{
	struct rho_world *w = of(c)->world;
	if (w->metric)
		w->metric(w->arg, c, name, value);
}

/* Whether other cells of this process wanted products with the same rows, and all have been answered. */
static bool together(const struct rho_world *w, struct rho_scan *scan, const struct rho_codes *codes)
{
	return w->scan && w->scan(w->arg, scan, codes);
}

static void answer(const struct rho_world *w, struct rho_scan *scan, const struct rho_codes *codes)
{
	if (!together(w, scan, codes))
		rho_score_scan((struct rho_scan *const[]){ scan }, 1, codes, w->threads);
}

static void host_inner(struct rho_ctx *c, const struct rho_rows *x, const struct rho_rows *y, float *out,
                       size_t stride)
{
	struct rho_instance *inst = of(c);
	size_t dx = x->mat ? x->mat->cols : 0, dy = y->mat ? y->mat->cols : 0;
	struct rho_scan scan = { .want = RHO_SCAN_ALL, .x = *x, .y = *y, .out = out, .stride = stride };
	if (dx == dy && dx && stride >= y->n) {
		if (!together(inst->world, &scan, NULL))
			rho_score_inner(x, y, out, stride, inst->world->threads);
		return;
	}
	if (!dx || !dy)
		rho_record(inst, true, RHO_EBUG,
		           "asked for inner products with rows that have no features "
		           "(mat is NULL)");
	else if (dx != dy)
		rho_record(inst, true, RHO_EBUG,
		           "asked for inner products of rows of %zu with rows of %zu "
		           "numbers; they must be equally long",
		           dx, dy);
	else
		rho_record(inst, true, RHO_EBUG,
		           "asked for inner products with %zu rows in a stride of only %zu", y->n, stride);
	for (size_t i = 0; i < x->n; i++)
		for (size_t j = 0; j < y->n && j < stride; j++)
			out[i * stride + j] = NAN;
}

static int host_top(struct rho_ctx *c, const struct rho_rows *x, const struct rho_rows *y,
                    const uint64_t *only, size_t k, uint32_t *place, float *score)
{
	struct rho_instance *inst = of(c);
	size_t dx = x->mat ? x->mat->cols : 0, dy = y->mat ? y->mat->cols : 0;
	struct rho_scan scan = {
		.want = RHO_SCAN_TOP, .x = *x, .y = *y, .only = only, .k = k, .place = place, .score = score
	};
	if (dx != dy || !dx) {
		rho_record(inst, true, RHO_EBUG,
		           "asked for the best of rows of %zu numbers for queries of %zu; they must be "
		           "equally long, and there must be some",
		           dy, dx);
		return RHO_EBUG;
	}
	answer(inst->world, &scan, inst->world->codes);
	return 0;
}

static void host_inner64(struct rho_ctx *c, const double *x, size_t n, const struct rho_rows *y, double *out,
                         size_t stride)
{
	struct rho_instance *inst = of(c);
	struct rho_scan scan = {
		.want = RHO_SCAN_ALL64, .x64 = x, .n64 = n, .y = *y, .out64 = out, .stride = stride
	};
	if (y->mat && stride >= y->n) {
		answer(inst->world, &scan, NULL);
		return;
	}
	if (y->mat)
		rho_record(inst, true, RHO_EBUG,
		           "asked for inner products with %zu rows in a stride of only %zu", y->n, stride);
	else
		rho_record(inst, true, RHO_EBUG,
		           "asked for inner products with rows that have no features (mat is NULL)");
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < y->n && j < stride; j++)
			out[i * stride + j] = NAN;
}

static void host_parallel(struct rho_ctx *c, size_t n, void (*fn)(void *arg, size_t from, size_t to),
                          void *arg)
{
	rho_score_parallel(n, fn, arg, of(c)->world->threads);
}

static const void *host_extension(struct rho_ctx *c, const char *id) { return NULL; }

const struct rho_host rho_host_services = {
	.size = sizeof rho_host_services,
	.abi_major = RHO_ABI_MAJOR,
	.abi_minor = RHO_ABI_MINOR,
	.log = host_log,
	.fail = host_fail,
	.keep = host_keep,
	.alloc = host_alloc,
	.scratch = host_scratch,
	.rng = host_rng,
	.stop = host_stop,
	.progress = host_progress,
	.metric = host_metric,
	.inner = host_inner,
	.parallel = host_parallel,
	.extension = host_extension,
	.top = host_top,
	.inner64 = host_inner64,
};
