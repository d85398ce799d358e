/* rho/host.h: what the host does for a plugin, reached through the ctx. Who may call when:
 * [open]  only while the instance is being opened (open, fit, read)
 * [run]   from any slot, by the thread the host called it on
 * [any]   also inside rho_parallel's function
 * While a call of rho_inner, rho_inner64 or rho_top is under way, the host may call another instance of the
 * same plugin, one call at a time (docs/architecture.md, "Cells that share a process"): keep nothing in statics. */
#pragma once
#include "param.h"
#include "rng.h"

#define RHO_PRINTF __attribute__((format(printf, 3, 4)))

enum rho_level { RHO_DEBUG, RHO_INFO, RHO_WARN };
enum rho_array { RHO_F32_ARRAY = 1, RHO_F64_ARRAY, RHO_U64_ARRAY, RHO_U32_ARRAY };

struct rho_host {
	uint32_t size;
	uint16_t abi_major, abi_minor;
	void  (*log)(struct rho_ctx *, int level, const char *fmt, ...) RHO_PRINTF;
	int   (*fail)(struct rho_ctx *, int error, const char *fmt, ...) RHO_PRINTF;
	void *(*keep)(struct rho_ctx *, const char *name, int type, size_t rows, size_t cols);
	void *(*alloc)(struct rho_ctx *, size_t n, size_t size);
	void *(*scratch)(struct rho_ctx *, size_t n, size_t size);
	struct rho_rng *(*rng)(struct rho_ctx *, const char *name);
	bool  (*stop)(struct rho_ctx *);
	void  (*progress)(struct rho_ctx *, double done);
	void  (*metric)(struct rho_ctx *, const char *name, double value);
	void  (*inner)(struct rho_ctx *, const struct rho_rows *x, const struct rho_rows *y,
	               float *out, size_t stride);
	void  (*parallel)(struct rho_ctx *, size_t n,
	                  void (*fn)(void *arg, size_t from, size_t to), void *arg);
	const void *(*extension)(struct rho_ctx *, const char *id);
	int   (*top)(struct rho_ctx *, const struct rho_rows *x, const struct rho_rows *y,
	             const uint64_t *only, size_t k, uint32_t *place, float *score);
	void  (*inner64)(struct rho_ctx *, const double *x, size_t n, const struct rho_rows *y,
	                 double *out, size_t stride);
};

struct rho_ctx { const struct rho_host *host; /* the host's own fields follow */ };

/* Records why and gives `error` back: return rho_fail(c, RHO_EINVAL, "why"); the host adds
 * where (file, line, plugin, call, step). Say what is wrong and what would be right. [any] */
#define rho_fail(c, ...) ((c)->host->fail((c), __VA_ARGS__))
/* A line for the cell's log, at enum rho_level. [any] */
#define rho_log(c, ...)  ((c)->host->log((c), __VA_ARGS__))

/* What the plugin has learned: a named (rows, cols) array, zeroed, 64-byte aligned. The host
 * writes it to checkpoints and, when a run is resumed, overwrites it after open. NULL: the
 * reason is recorded already, return RHO_ENOMEM. [open] */
static inline float *rho_keep_f32(struct rho_ctx *c, const char *name, size_t rows, size_t cols)
{ return (float *)c->host->keep(c, name, RHO_F32_ARRAY, rows, cols); }
static inline double *rho_keep_f64(struct rho_ctx *c, const char *name, size_t rows, size_t cols)
{ return (double *)c->host->keep(c, name, RHO_F64_ARRAY, rows, cols); }
static inline uint64_t *rho_keep_u64(struct rho_ctx *c, const char *name, size_t rows, size_t cols)
{ return (uint64_t *)c->host->keep(c, name, RHO_U64_ARRAY, rows, cols); }
static inline uint32_t *rho_keep_u32(struct rho_ctx *c, const char *name, size_t rows, size_t cols)
{ return (uint32_t *)c->host->keep(c, name, RHO_U32_ARRAY, rows, cols); }

/* n * size bytes, zeroed, 64-byte aligned; lives until close, is not saved. NULL as above. [open] */
static inline void *rho_alloc(struct rho_ctx *c, size_t n, size_t size)
{ return c->host->alloc(c, n, size); }

/* n * size bytes, not zeroed, aligned; lives until the current call returns. NULL as above. [run] */
static inline void *rho_scratch(struct rho_ctx *c, size_t n, size_t size)
{ return c->host->scratch(c, n, size); }

/* The instance's stream of that name, seeded from (seed, kind, name) and saved by the host;
 * never NULL. [open] */
static inline struct rho_rng *rho_stream(struct rho_ctx *c, const char *name)
{ return c->host->rng(c, name); }

/* True once the run is to end: deadline, interrupt. Ask about once per 10 ms of work, and
 * return RHO_ESTOP. [any] */
static inline bool rho_stop(struct rho_ctx *c) { return c->host->stop(c); }

/* How much of a long call is done, 0 .. 1; shown to whoever waits. [run] */
static inline void rho_progress(struct rho_ctx *c, double done) { c->host->progress(c, done); }

/* A number worth plotting, at the current step: "loss", "entropy". [run] */
static inline void rho_metric(struct rho_ctx *c, const char *name, double value)
{ c->host->metric(c, name, value); }

/* out[i * stride + j] = <row i of x, row j of y>, out (x->n, stride >= y->n). Each product sums
 * in one fixed order whatever x->n, y->n and the number of threads. [run] */
static inline void rho_inner(struct rho_ctx *c, const struct rho_rows *x, const struct rho_rows *y,
                             float *out, size_t stride)
{ c->host->inner(c, x, y, out, stride); }

/* Calls fn over 0 .. n-1 cut into ranges that do not depend on the number of threads; returns
 * when all are done. fn may use only services tagged [any]. [run] */
static inline void rho_parallel(struct rho_ctx *c, size_t n,
                                void (*fn)(void *arg, size_t from, size_t to), void *arg)
{ c->host->parallel(c, n, fn, arg); }

/* For each row of x the k rows of y with the largest <x, y>, largest first, ties to the lower place
 * in y: place (x->n, k), score (x->n, k); what is missing, or is NaN, is place UINT32_MAX with score
 * -INFINITY. To the bit what sorting rho_inner's products finds, but they are never all kept, and the
 * host may look at y in fewer bits first. only ((y->n + 63) / 64): place j may be chosen where bit
 * j % 64 of only[j / 64] is set; NULL: all may. 0 or an error, recorded. [run] */
static inline int rho_top(struct rho_ctx *c, const struct rho_rows *x, const struct rho_rows *y,
                          const uint64_t *only, size_t k, uint32_t *place, float *score)
{ return c->host->top(c, x, y, only, k, place, score); }

/* The same as rho_inner for n queries x (n, y->mat->cols) in float64, summed in float64: for what is
 * added up over many steps. [run] */
static inline void rho_inner64(struct rho_ctx *c, const double *x, size_t n, const struct rho_rows *y,
                               double *out, size_t stride)
{ c->host->inner64(c, x, n, y, out, stride); }
