/* Squared widths of all actions, kept up to date.
 *
 * When A⁻¹ loses uuᵀ, action a's squared width loses (a·u)². A reward only notes u; the decision after it
 * asks for a·u together with the means, so that decision and update read the actions once. Between two
 * computations from the root a width carries the rounding of some thousand subtractions in float64. */
#include <float.h>
#include <math.h>
#include <stdatomic.h>

#include "linear.h"
#include "linear_impl.h"

/* CHUNK: actions at a time while what is known of them is in the cache; PARTS: of a computation of all
 * widths, each with room of its own; LOOK: groups of eight actions between two looks at the clock. */
enum { MOST_PENDING = 16, CHUNK = 2048, PARTS = 64, LOOK = 64, ROOM_BYTES = 64 << 20 };

enum state { VALID, PENDING, SINCE, STATES };

struct rho_linear_kept {
	size_t n;               /* actions                                   */
	double *width;          /* (1, n) kept: squared                      */
	double *pending;        /* (MOST_PENDING, a_dim) kept: u             */
	double *sign;           /* (1, MOST_PENDING) kept: 1 or -1           */
	uint64_t *state;        /* (STATES) kept                             */
	void (*follow)(double *, const double *, double, size_t);
	double (*weigh)(const double *, const double *, const double *, double, double, double *, size_t);
};

#define NAME(x) x##_base
#define TARGET
#include "keep_kernel.h"

#ifdef __x86_64__
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2")))
#include "keep_kernel.h"

#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f")))
#include "keep_kernel.h"
#endif

/* Rewards after which widths are computed anew. That costs dim² / 2 multiplications an action, a decision
 * dim: this many make it a few hundredths of what decisions cost. */
static uint64_t lifetime(const struct rho_linear *m)
{
	return m->dim < 128 ? 1024 : 8 * (uint64_t)m->dim;
}

int rho_linear_keep_widths(struct rho_ctx *c, struct rho_linear *m, const struct rho_spec *spec)
{
	if ((m->features != RHO_FEATURES_ACTION && m->features != RHO_FEATURES_CONCAT) || m->gamma != 1 ||
	    spec->max_cand < spec->n_actions || spec->moving)
		return 0;
	struct rho_linear_kept *k = rho_alloc(c, 1, sizeof *k);
	if (!k)
		return RHO_ENOMEM;
	k->n = spec->n_actions;
	k->width = rho_keep_f64(c, "width", 1, k->n);
	k->pending = rho_keep_f64(c, "pending", MOST_PENDING, m->a_dim);
	k->sign = rho_keep_f64(c, "pending_sign", 1, MOST_PENDING);
	k->state = rho_keep_u64(c, "width_state", 1, STATES);
	k->follow = follow_base;
	k->weigh = weigh_base;
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512f")) {
		k->follow = follow_avx512;
		k->weigh = weigh_avx512;
	} else if (__builtin_cpu_supports("avx2")) {
		k->follow = follow_avx2;
		k->weigh = weigh_avx2;
	}
#endif
	if (!k->width || !k->pending || !k->sign || !k->state)
		return RHO_ENOMEM;
	m->kept = k;
	return 0;
}

void rho_linear_forget_widths(struct rho_linear *m)
{
	if (m->kept)
		m->kept->state[VALID] = m->kept->state[PENDING] = 0;
}

bool rho_linear_widths_fit(const struct rho_linear *m)
{
	return !m->kept || m->kept->state[PENDING] < MOST_PENDING;
}

/* ---- from the root ---- */

struct direct {
	struct rho_ctx *c;
	const struct rho_linear *m;
	const struct rho_rows *actions;
	double *at;             /* (PARTS, pad, 8) */
	atomic_bool stopped;
};

/* Eight actions from row `at`, the last one again beyond the end. side (pad, 8), entries before skip 0. */
static void eight_widths(const struct direct *d, size_t at, double *side, double *out)
{
	const struct rho_linear *m = d->m;
	for (size_t k = 0; k < RHO_TRI; k++) {
		size_t row = at + k < d->actions->n ? at + k : d->actions->n - 1;
		const float *a = rho_row(d->actions, row);
		for (size_t j = 0; j < m->a_dim; j++)
			side[(m->skip + j) * RHO_TRI + k] = (double)a[j];
	}
	if (*m->updates) {
		rho_tri_lengths(m->root, m->dim, m->skip, side, out);
		return;
	}
	for (size_t k = 0; k < RHO_TRI; k++)
		out[k] = 0;
	for (size_t j = m->skip; j < m->dim; j++)
		for (size_t k = 0; k < RHO_TRI; k++)
			out[k] += side[j * RHO_TRI + k] * side[j * RHO_TRI + k] / m->lambda;
}

static void direct_part(void *arg, size_t from, size_t to)
{
	struct direct *d = arg;
	size_t groups = (d->actions->n + RHO_TRI - 1) / RHO_TRI, looked = 0;
	for (size_t part = from; part < to; part++) {
		double *side = d->at + part * rho_tri_pad(d->m->dim) * RHO_TRI, out[RHO_TRI];
		size_t g = groups / PARTS * part + (part < groups % PARTS ? part : groups % PARTS);
		size_t end = g + groups / PARTS + (part < groups % PARTS);
		for (; g < end; g++) {
			if (++looked % LOOK == 0 && rho_stop(d->c)) {
				atomic_store(&d->stopped, true);
				return;
			}
			eight_widths(d, g * RHO_TRI, side, out);
			for (size_t k = 0; k < RHO_TRI && g * RHO_TRI + k < d->actions->n; k++)
				d->m->kept->width[g * RHO_TRI + k] = out[k];
		}
	}
}

/* Computes all widths from the root where that is due. */
static int renew(struct rho_ctx *c, const struct rho_linear *m, const struct rho_rows *actions)
{
	struct rho_linear_kept *k = m->kept;
	size_t room = PARTS * rho_tri_pad(m->dim) * RHO_TRI;
	if (k->state[VALID] && k->state[SINCE] < lifetime(m))
		return 0;
	struct direct d = { .c = c, .m = m, .actions = actions };
	d.at = rho_scratch(c, room, sizeof *d.at);
	if (!d.at)
		return RHO_ENOMEM;
	memset(d.at, 0, room * sizeof *d.at);
	atomic_init(&d.stopped, false);
	rho_parallel(c, PARTS, direct_part, &d);
	k->state[VALID] = !atomic_load(&d.stopped);
	k->state[PENDING] = k->state[SINCE] = 0;
	return k->state[VALID] ? 0 : RHO_ESTOP;
}

/* ---- passes over the actions ---- */

struct pass {
	const struct rho_linear *m;
	struct rho_rows part;           /* these actions                     */
	double *out;                    /* (queries, part.n) their products  */
	size_t n, per;                  /* decisions, queries each (1: the mean; 2: and cross) */
	const double *c;                /* (n) squared width of the context's part */
	double alpha;
	double *top;                    /* (chunks, n) the largest score     */
	size_t *place;                  /* (chunks, n) where, in all actions */
};

static void do_chunk(const struct pass *p, size_t chunk)
{
	struct rho_linear_kept *k = p->m->kept;
	size_t lo = chunk * CHUNK, n = p->part.n - lo < CHUNK ? p->part.n - lo : CHUNK;
	size_t first = p->part.first + lo;
	double s[CHUNK];
	for (size_t i = 0; i < k->state[PENDING]; i++)
		k->follow(k->width + first, p->out + (p->n * p->per + i) * p->part.n + lo, k->sign[i], n);
	for (size_t i = 0; i < p->n; i++) {
		const double *mean = p->out + i * p->per * p->part.n + lo;
		size_t at = 0;
		double most = k->weigh(mean, p->per == 2 ? mean + p->part.n : NULL, k->width + first, p->c[i],
		                       p->alpha, s, n);
		while (at + 1 < n && s[at] != most)
			at++;
		p->top[chunk * p->n + i] = most;
		p->place[chunk * p->n + i] = first + at;
	}
}

static void do_chunks(void *arg, size_t from, size_t to)
{
	for (size_t chunk = from; chunk < to; chunk++)
		do_chunk(arg, chunk);
}

/* One pass: pending updates into widths, and for p->n decisions the best action. x (n * per + pending,
 * a_dim): queries, pending last. best (n) */
static int go_over(struct rho_ctx *c, struct pass *p, const struct rho_rows *actions, const double *x,
                   uint32_t *best)
{
	struct rho_linear_kept *k = p->m->kept;
	size_t queries = p->n * p->per + (size_t)k->state[PENDING], all = actions->n;
	size_t rows = ROOM_BYTES / sizeof(double) / queries / CHUNK * CHUNK;
	rows = rows < CHUNK ? CHUNK : rows;
	rows = rows < all ? rows : all;
	size_t chunks = (rows + CHUNK - 1) / CHUNK;
	double *most = rho_scratch(c, p->n + 1, sizeof *most);
	p->out = rho_scratch(c, queries * rows, sizeof *p->out);
	p->top = rho_scratch(c, chunks * p->n + 1, sizeof *p->top);
	p->place = rho_scratch(c, chunks * p->n + 1, sizeof *p->place);
	if (!most || !p->out || !p->top || !p->place)
		return RHO_ENOMEM;
	for (size_t i = 0; i < p->n; i++) {
		most[i] = -INFINITY;
		best[i] = 0;
	}
	for (size_t at = 0; at < all; at += rows) {
		p->part = rho_slice(*actions, at, all - at < rows ? all - at : rows);
		chunks = (p->part.n + CHUNK - 1) / CHUNK;
		rho_inner64(c, x, queries, &p->part, p->out, p->part.n);
		rho_parallel(c, chunks, do_chunks, p);
		for (size_t j = 0; j < chunks * p->n; j++)
			if (p->top[j] > most[j % p->n]) {
				most[j % p->n] = p->top[j];
				best[j % p->n] = (uint32_t)p->place[j];
			}
	}
	k->state[PENDING] = 0;
	return 0;
}

static int flush(struct rho_ctx *c, const struct rho_linear *m, const struct rho_rows *actions)
{
	struct pass p = { .m = m };
	return m->kept->state[PENDING] ? go_over(c, &p, actions, m->kept->pending, NULL) : 0;
}

int rho_linear_note(struct rho_ctx *c, struct rho_linear *m, const struct rho_rows *actions, const double *g,
                    double scale, double sign)
{
	struct rho_linear_kept *k = m->kept;
	size_t at = (size_t)k->state[PENDING];
	if (!k->state[VALID])
		return 0;
	for (size_t j = 0; j < m->a_dim; j++)
		k->pending[at * m->a_dim + j] = scale * g[m->skip + j];
	k->sign[at] = sign;
	k->state[PENDING]++;
	k->state[SINCE]++;
	return k->state[PENDING] == MOST_PENDING ? flush(c, m, actions) : 0;
}

bool rho_linear_kept_is_sure(const struct rho_linear *m)
{
	/* Each subtraction may be wrong by ε of what a width was at first, |a|² / λ; none falls below
	 * |a|² / tr A. */
	double roundings = (double)(m->kept->state[SINCE] + 8 * m->dim);
	return roundings * DBL_EPSILON * m->trace < 1e-4 * m->lambda;
}

const double *rho_linear_kept(struct rho_ctx *c, struct rho_linear *m, const struct rho_rows *actions)
{
	return renew(c, m, actions) || flush(c, m, actions) ? NULL : m->kept->width;
}

/* What decision i asks of the actions: x (per, a_dim) the mean's weights and, with CONCAT, Qx, of
 * A⁻¹ = [P Qᵀ; Q R]. Gives xᵀPx. both (2, pad) is workspace. */
static double ask(const struct rho_linear *m, const struct rho_batch *b, size_t i, double *both, double *x)
{
	double *context = both, *crossed = both + rho_tri_pad(m->dim), c = 0;
	memcpy(x, m->theta + m->skip, m->a_dim * sizeof *x);
	if (!m->skip)
		return c;
	memset(context, 0, rho_tri_pad(m->dim) * sizeof *context);
	for (size_t j = 0; j < m->skip; j++)
		context[j] = (double)rho_linear_context(b, i)[j];
	c = rho_linear_solve(m, context, crossed);
	memcpy(x + m->a_dim, crossed + m->skip, m->a_dim * sizeof *x);
	return c;
}

int rho_linear_best_kept(struct rho_ctx *c, struct rho_linear *m, const struct rho_batch *b, double alpha,
                         uint32_t *best)
{
	struct rho_linear_kept *k = m->kept;
	/* Where the context is not looked at one decision is as good as the others. */
	struct pass p = { .m = m, .n = m->skip ? b->n : 1, .per = m->skip ? 2 : 1, .alpha = alpha };
	int error = renew(c, m, &b->actions);
	if (error)
		return error;
	size_t asked = p.n * p.per, pending = (size_t)k->state[PENDING];
	double *x = rho_scratch(c, (asked + pending) * m->a_dim, sizeof *x);
	double *both = rho_scratch(c, 2 * rho_tri_pad(m->dim), sizeof *both), *context;
	context = rho_scratch(c, p.n, sizeof *context);
	if (!x || !both || !context)
		return RHO_ENOMEM;
	for (size_t i = 0; i < p.n; i++)
		context[i] = ask(m, b, i, both, x + i * p.per * m->a_dim);
	memcpy(x + asked * m->a_dim, k->pending, pending * m->a_dim * sizeof *x);
	p.c = context;
	error = go_over(c, &p, &b->actions, x, best);
	for (size_t i = p.n; i < b->n; i++)
		best[i] = best[0];
	return error;
}
