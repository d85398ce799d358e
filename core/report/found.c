/* found.c: the one sentence at the end of a comparison. It claims no more than the intervals do. */
#include <math.h>
#include <stdlib.h>

#include "internal.h"

/* The paired difference of two arms over the seeds both have, turned so that more is better for `a`. */
struct duel {
	size_t pairs, wins, ties;
	double diff;
	struct rho_interval ci;
};

static struct duel fight(const struct rho_comparison *c, size_t a, size_t b)
{
	size_t seeds = c->results->n_seeds;
	const double *x = c->score + a * seeds, *y = c->score + b * seeds;
	double *px = rho_xmalloc(2 * seeds * sizeof *px), *py = px + seeds, sign = c->lower ? -1 : 1;
	struct duel d = { 0 };
	for (size_t s = 0; s < seeds; s++) {
		if (isnan(x[s]) || isnan(y[s]))
			continue;
		px[d.pairs] = sign * x[s];
		py[d.pairs] = sign * y[s];
		d.wins += px[d.pairs] > py[d.pairs];
		d.ties += px[d.pairs] == py[d.pairs];
		d.pairs++;
	}
	d.diff = rho_iqm(px, d.pairs) - rho_iqm(py, d.pairs);
	d.ci = rho_boot_paired(px, py, d.pairs, RHO_EXPANDED, c->interval, c->resamples);
	free(px);
	return d;
}

/* "0.413 [0.401, 0.422]" in three significant digits of the interval's larger end. */
static void value(double x, struct rho_interval ci, struct rho_buf *out)
{
	double most = fabs(x);
	int decimals;
	if (!isnan(ci.lo)) {
		most = fabs(ci.lo) > most ? fabs(ci.lo) : most;
		most = fabs(ci.hi) > most ? fabs(ci.hi) : most;
	}
	decimals = most > 0 ? 2 - (int)floor(log10(most)) : 3;
	decimals = decimals < 0 ? 0 : decimals > 15 ? 15 : decimals;
	rho_buf_printf(out, "%.*f", decimals, x);
	if (!isnan(ci.lo))
		rho_buf_printf(out, " [%.*f, %.*f]", decimals, ci.lo, decimals, ci.hi);
}

/* Those of the arms behind the best that it cannot be told from, the runner-up among them. */
static void tied_with_best(const struct rho_comparison *c, size_t scored, struct rho_buf *out)
{
	size_t tied = 0;
	struct rho_buf names = { 0 };
	for (size_t i = 1; i < scored; i++) {
		struct duel d = fight(c, c->arm[0].arm, c->arm[i].arm);
		if (d.ci.lo > 0)
			continue;
		if (i > 1 && tied++ < 3)
			rho_buf_printf(&names, "%s%s", names.len ? ", " : "", c->arm[i].label);
	}
	if (tied)
		rho_buf_printf(out, "; nor can it be told from %s", names.at);
	if (tied > 3)
		rho_buf_printf(out, " and %zu more", tied - 3);
	rho_buf_free(&names);
}

static void few_seeds(size_t pairs, struct rho_buf *out)
{
	if (pairs < 5)
		rho_buf_printf(out, "; with %zu seed%s this is a hint, not a finding", pairs,
		               pairs == 1 ? "" : "s");
}

static void best_and_next(const struct rho_comparison *c, size_t scored, struct rho_buf *out)
{
	const struct rho_compared *best = &c->arm[0], *next = &c->arm[1];
	const char *superlative = c->lower ? "lowest" : "highest";
	struct duel d = fight(c, best->arm, next->arm);
	bool clear = d.ci.lo > 0;
	if (d.pairs && d.ties == d.pairs) {
		rho_buf_printf(out, "no arm is best: %s and %s have the same %s on every seed they share, ",
		               best->label, next->label, c->metric);
		value(best->iqm, best->iqm_ci, out);
		few_seeds(d.pairs, out);
		return;
	}
	if (!clear)
		rho_buf_str(out, "no arm is clearly best: ");
	rho_buf_printf(out, "%s has the %s %s, ", best->label, superlative, c->metric);
	value(best->iqm, best->iqm_ci, out);
	if (d.pairs < 2) {
		rho_buf_printf(out, ", but shares %s with the runner-up %s: they cannot be compared",
		               d.pairs ? "only one seed" : "no seed", next->label);
		return;
	}
	if (clear) {
		rho_buf_printf(out, "; it beats the runner-up %s by ", next->label);
		value(d.diff, d.ci, out);
		rho_buf_printf(out, " (%zu of %zu seeds)", d.wins, d.pairs);
	} else {
		rho_buf_printf(out, ", but its lead on the runner-up %s, ", next->label);
		value(d.diff, d.ci, out);
		rho_buf_printf(out, ", %s 0 (%zu of %zu seeds)", d.ci.hi < 0 ? "is below" : "includes",
		               d.wins, d.pairs);
		tied_with_best(c, scored, out);
	}
	few_seeds(d.pairs, out);
}

void rho_compare_found(const struct rho_comparison *c, struct rho_buf *out)
{
	size_t scored = 0;
	while (scored < c->n_arms && c->arm[scored].n)
		scored++;
	if (!scored) {
		rho_buf_printf(out,
		               "nothing yet: no cell of %s has a score; `rho run %s` runs what is missing.",
		               c->results->dir, c->results->file);
		return;
	}
	if (scored == 1) {
		const struct rho_compared *only = &c->arm[0];
		rho_buf_printf(out, "%s has %s ", only->label, c->metric);
		value(only->iqm, only->iqm_ci, out);
		rho_buf_printf(out, "; %s to compare it with.",
		               c->n_arms == 1 ? "there is no other arm" : "no other arm has a score");
		return;
	}
	best_and_next(c, scored, out);
	rho_buf_str(out, ".");
}
