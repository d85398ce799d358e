/* fit.c: tastes from links by alternating least squares on implicit feedback (Hu, Koren and Volinsky 2008),
 * how well they tell links that were held out, and the bias that gives uniform items the click rate asked
 * for.
 *
 * Nothing here depends on the cell's seed: all cells on the same data meet the same users. */
#include "recsys.h"

enum { MOST_DIM = 64, PAIRS = 32768, JUDGED = 20000, HELD_OUT = 10, BISECTIONS = 50 };

static const struct rho_rng fixed = { { 0x243f6a8885a308d3u, 0x13198a2e03707344u, 0xa4093822299f31d0u,
                                        0x082efa98ec4e6c89u } };

/* The links of one side, end to end by row of that side. */
struct side {
	size_t n;               /* rows */
	double *at;             /* (n, dim) */
	uint64_t *off;          /* (n + 1) */
	uint32_t *other;        /* rows of the other side */
	double *weight;         /* beside other: confidence of a link */
};

struct fit {
	const struct recsys *s;
	size_t dim;
	struct side user, item;
	const struct side *from, *to;   /* to is being solved for, from holds still */
	double gram[MOST_DIM * MOST_DIM];       /* from's, plus the ridge; lower triangle */
};

static bool held_out(const struct links *l, size_t i)
{
	return l->split ? l->use[i] == LINK_WANTED : rho_fork(&fixed, i, 1).s[0] % HELD_OUT == 0;
}

static bool fitted(const struct links *l, size_t i)
{
	return !held_out(l, i) && (!l->weight || l->weight[i] > 0);
}

static int make_side(struct rho_ctx *c, const struct fit *f, const struct links *l, size_t rows,
                     const uint32_t *own, const uint32_t *other, struct side *out)
{
	*out = (struct side){ .n = rows, .at = rho_scratch(c, rows * f->dim, sizeof *out->at),
	                      .off = rho_scratch(c, rows + 1, sizeof *out->off),
	                      .other = rho_scratch(c, l->n, sizeof *out->other),
	                      .weight = rho_scratch(c, l->n, sizeof *out->weight) };
	if (!out->at || !out->off || !out->other || !out->weight)
		return RHO_ENOMEM;
	memset(out->off, 0, (rows + 1) * sizeof *out->off);
	for (size_t i = 0; i < l->n; i++)
		out->off[own[i] + 1] += fitted(l, i);
	for (size_t i = 0; i < rows; i++)
		out->off[i + 1] += out->off[i];
	for (size_t i = 0; i < l->n; i++) {
		if (!fitted(l, i))
			continue;
		uint64_t at = out->off[own[i]]++;
		out->other[at] = other[i];
		out->weight[at] = f->s->confidence * (l->weight ? l->weight[i] : 1);
	}
	memmove(out->off + 1, out->off, rows * sizeof *out->off);
	out->off[0] = 0;
	return 0;
}

/* a (dim, dim), lower triangle, becomes its Cholesky factor; b (dim) the solution of a x = b. The ridge keeps
 * a definite. */
static void solve(double *a, double *b, size_t dim)
{
	for (size_t i = 0; i < dim; i++) {
		for (size_t j = 0; j <= i; j++) {
			double sum = a[i * dim + j];
			for (size_t k = 0; k < j; k++)
				sum -= a[i * dim + k] * a[j * dim + k];
			a[i * dim + j] = i == j ? sqrt(sum) : sum / a[j * dim + j];
		}
	}
	for (size_t i = 0; i < dim; i++) {
		for (size_t k = 0; k < i; k++)
			b[i] -= a[i * dim + k] * b[k];
		b[i] /= a[i * dim + i];
	}
	for (size_t i = dim; i-- > 0; ) {
		for (size_t k = i + 1; k < dim; k++)
			b[i] -= a[k * dim + i] * b[k];
		b[i] /= a[i * dim + i];
	}
}

/* Rows from .. to of one side, the other holding still. */
static void solve_rows(void *arg, size_t from, size_t to)
{
	const struct fit *f = arg;
	size_t dim = f->dim;
	double a[MOST_DIM * MOST_DIM];
	for (size_t r = from; r < to; r++) {
		double *x = f->to->at + r * dim;
		memset(x, 0, dim * sizeof *x);
		if (f->to->off[r] == f->to->off[r + 1])
			continue;
		memcpy(a, f->gram, dim * dim * sizeof *a);
		for (uint64_t i = f->to->off[r]; i < f->to->off[r + 1]; i++) {
			const double *y = f->from->at + f->to->other[i] * dim;
			double w = f->to->weight[i];
			for (size_t j = 0; j < dim; j++) {
				double wy = w * y[j];
				for (size_t k = 0; k <= j; k++)
					a[j * dim + k] += wy * y[k];
				x[j] += y[j] + wy;
			}
		}
		solve(a, x, dim);
	}
}

static void solve_side(struct rho_ctx *c, struct fit *f, const struct side *from, const struct side *to)
{
	size_t dim = f->dim;
	f->from = from;
	f->to = to;
	memset(f->gram, 0, sizeof f->gram);
	for (size_t i = 0; i < from->n; i++) {
		const double *y = from->at + i * dim;
		for (size_t j = 0; j < dim; j++)
			for (size_t k = 0; k <= j; k++)
				f->gram[j * dim + k] += y[j] * y[k];
	}
	for (size_t j = 0; j < dim; j++)
		f->gram[j * dim + j] += f->s->ridge;
	rho_parallel(c, to->n, solve_rows, f);
}

static double score(const struct fit *f, size_t user, size_t item)
{
	const double *u = f->user.at + user * f->dim, *v = f->item.at + item * f->dim;
	double sum = 0;
	for (size_t d = 0; d < f->dim; d++)
		sum += u[d] * v[d];
	return sum;
}

/* How often a held-out link's item scores above a uniform one, ties half: says so in the log. */
static void judge(struct rho_ctx *c, const struct fit *f, const struct links *l)
{
	size_t held = 0, n = 0, seen = 0;
	double wins = 0;
	for (size_t i = 0; i < l->n; i++)
		held += held_out(l, i);
	for (size_t i = 0; i < l->n; i++) {
		uint32_t u = l->context[i];
		if (!held_out(l, i))
			continue;
		/* Evenly over the file, so many at most. */
		bool skip = held > JUDGED && seen * JUDGED / held == (seen + 1) * JUDGED / held;
		seen++;
		if (skip)
			continue;
		if (f->user.off[u] == f->user.off[u + 1])
			continue;
		struct rho_rng rng = rho_fork(&fixed, i, 2);
		double right = score(f, u, l->action[i]),
		       other = score(f, u, rho_below(&rng, (uint32_t)l->actions));
		wins += right > other ? 1 : right < other ? 0 : 0.5;
		n++;
	}
	if (n)
		rho_log(c, RHO_INFO, "tastes of %zu numbers: AUC %.3f on %zu links that were held out",
		        f->dim, wins / (double)n, n);
	else
		rho_log(c, RHO_INFO, "tastes of %zu numbers: no link is held out of users who have others",
		        f->dim);
}

/* Items less their mean; users times scale over the spread of all users' scores. */
static void centre(struct recsys *s, struct fit *f)
{
	size_t dim = f->dim, items = f->item.n;
	double mean[MOST_DIM] = { 0 }, cov[MOST_DIM * MOST_DIM] = { 0 }, spread = 0;
	for (size_t a = 0; a < items; a++)
		for (size_t d = 0; d < dim; d++)
			mean[d] += f->item.at[a * dim + d] / (double)items;
	for (size_t a = 0; a < items; a++) {
		double *v = f->item.at + a * dim;
		for (size_t d = 0; d < dim; d++)
			v[d] -= mean[d];
		for (size_t d = 0; d < dim; d++)
			for (size_t e = 0; e < dim; e++)
				cov[d * dim + e] += v[d] * v[e] / (double)items;
	}
	for (size_t i = 0; i < s->people.n; i++) {
		const double *u = f->user.at + s->people.row[i] * dim;
		for (size_t d = 0; d < dim; d++)
			for (size_t e = 0; e < dim; e++)
				spread += u[d] * cov[d * dim + e] * u[e] / (double)s->people.n;
	}
	double times = spread > 0 ? s->scale / sqrt(spread) : 0;
	for (size_t i = 0; i < f->user.n * dim; i++)
		s->latent.user[i] = (float)(f->user.at[i] * times);
	for (size_t a = 0; a < items; a++)
		for (size_t d = 0; d < dim; d++) {
			s->latent.item[a * dim + d] = (float)f->item.at[a * dim + d];
			s->latent.by_dim[d * items + a] = (float)f->item.at[a * dim + d];
		}
}

/* The bias at which uniform items are clicked at the rate asked for, over pairs drawn once. */
static int calibrate(struct rho_ctx *c, struct recsys *s)
{
	struct latent *l = &s->latent;
	double *z = rho_scratch(c, PAIRS, sizeof *z), lo = -1000, hi = 1000;
	struct rho_rng rng = rho_fork(&fixed, 0, 3);
	if (!z)
		return RHO_ENOMEM;
	for (size_t i = 0; i < PAIRS; i++) {
		const float *u = l->user + s->people.row[rho_below(&rng, (uint32_t)s->people.n)] * l->dim;
		const float *v = l->item + rho_below(&rng, (uint32_t)s->n_actions) * l->dim;
		z[i] = 0;
		for (size_t d = 0; d < l->dim; d++)
			z[i] += (double)u[d] * (double)v[d];
	}
	for (int turn = 0; turn < BISECTIONS; turn++) {
		double rate = 0;
		l->bias = (lo + hi) / 2;
		for (size_t i = 0; i < PAIRS; i++)
			rate += 1 / (1 + exp(-(z[i] + l->bias)));
		if (rate / PAIRS > s->base_rate)
			hi = l->bias;
		else
			lo = l->bias;
	}
	return 0;
}

int latent_fit(struct rho_ctx *c, struct recsys *s, const struct links *l)
{
	struct latent *out = &s->latent;
	struct fit *f = rho_scratch(c, 1, sizeof *f);
	if (!f)
		return RHO_ENOMEM;
	f->s = s;
	f->dim = out->dim;
	out->user = rho_alloc(c, l->contexts * f->dim, sizeof *out->user);
	out->item = rho_alloc(c, l->actions * f->dim, sizeof *out->item);
	out->by_dim = rho_alloc(c, l->actions * f->dim, sizeof *out->by_dim);
	if (!out->user || !out->item || !out->by_dim ||
	    make_side(c, f, l, l->contexts, l->context, l->action, &f->user) ||
	    make_side(c, f, l, l->actions, l->action, l->context, &f->item))
		return RHO_ENOMEM;
	if (!f->user.off[l->contexts])
		return rho_fail(c, RHO_EINVAL,
		                "no link is left to fit tastes to: all of them are in split = \"%s\"; name"
		                " another",
		                *s->split ? s->split : "test");
	for (size_t i = 0; i < l->actions; i++) {
		struct rho_rng rng = rho_fork(&fixed, i, 0);
		for (size_t d = 0; d < f->dim; d++)
			f->item.at[i * f->dim + d] = 0.1 * rho_normal(&rng);
	}
	for (int64_t round = 0; round < s->rounds; round++) {
		if (rho_stop(c))
			return RHO_ESTOP;
		rho_progress(c, (double)round / (double)s->rounds);
		solve_side(c, f, &f->item, &f->user);
		solve_side(c, f, &f->user, &f->item);
	}
	judge(c, f, l);
	centre(s, f);
	return calibrate(c, s);
}
