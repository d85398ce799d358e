/* text.c: a comparison for people: paragraphs and tables, for a terminal, Markdown or LaTeX. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "grid.h"
#include "internal.h"

struct doc { /* where it goes, and how it looks there */
	struct rho_buf *out;
	uint32_t format;
	bool colour;
};

/* ---- numbers ---- */

static const char *number(double x, int decimals, bool sign, char out[48])
{
	if (isnan(x))
		return "-";
	if (fabs(x) < 0.5 * pow(10, -decimals))
		x = 0; /* no "-0.000" */
	snprintf(out, 48, sign ? "%+.*f" : "%.*f", decimals, x);
	return out;
}

static char *with_interval(double x, struct rho_interval ci, int decimals, bool sign)
{
	char a[48], b[48], c[48];
	if (isnan(x) || isnan(ci.lo))
		return rho_xstrdup(number(x, decimals, sign, a));
	return rho_xprintf("%s [%s, %s]", number(x, decimals, sign, a), number(ci.lo, decimals, false, b),
	                   number(ci.hi, decimals, false, c));
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Decimals to show: two digits of the median half width of the intervals, yet no more than five digits
 * of the largest mean; three of that where there are no intervals. */
static int decimals_for(const struct rho_comparison *c)
{
	double *half = rho_xmalloc(2 * c->n_arms * sizeof *half), most = 0, width;
	size_t n = 0;
	int decimals, limit;
	for (size_t i = 0; i < c->n_arms; i++) {
		const struct rho_compared *a = &c->arm[i];
		const struct rho_interval ci[] = { a->iqm_ci, a->diff_ci };
		for (size_t j = 0; j < 2; j++)
			if (ci[j].hi > ci[j].lo)
				half[n++] = (ci[j].hi - ci[j].lo) / 2;
		if (!isnan(a->mean) && fabs(a->mean) > most)
			most = fabs(a->mean);
	}
	qsort(half, n, sizeof *half, ascending);
	width = n ? half[n / 2] : 0;
	free(half);
	limit = most > 0 ? 4 - (int)floor(log10(most)) : 4;
	decimals = width > 0 ? 1 - (int)floor(log10(width)) : limit - 2;
	decimals = decimals > limit ? limit : decimals;
	decimals = most > 0 && most < 10 && decimals < 2 ? 2 : decimals;
	return decimals < 0 ? 0 : decimals > 15 ? 15 : decimals;
}

/* ---- the parts of a document ---- */

static void paragraph(const struct doc *d, const char *text, enum rho_tone tone)
{
	struct rho_buf lines = { 0 };
	rho_wrap(text, strspn(text, " ") + 2, &lines);
	for (const char *p = lines.at; *p;) {
		size_t len = strcspn(p, "\n");
		char *line = rho_xprintf("%.*s", (int)len, p);
		rho_buf_str(d->out, d->format == RHO_AS_LATEX ? "% " : "");
		rho_tone(tone, line, d->colour, d->out);
		rho_buf_str(d->out, "\n");
		free(line);
		p += len + 1;
	}
	rho_buf_free(&lines);
}

static void gap(const struct doc *d) { rho_buf_str(d->out, "\n"); }

static void table(const struct doc *d, const struct rho_grid *g)
{
	if (d->format == RHO_AS_MARKDOWN)
		rho_grid_markdown(g, d->out);
	else if (d->format == RHO_AS_LATEX)
		rho_grid_latex(g, d->out);
	else
		rho_grid_text(g, d->colour, d->out);
}

static void put(struct rho_grid *g, enum rho_tone tone, char *owned)
{
	rho_grid_put(g, tone, owned);
	free(owned);
}

static void put_number(struct rho_grid *g, double x, int decimals)
{
	char text[48];
	rho_grid_put(g, RHO_PLAIN, number(x, decimals, false, text));
}

static const char *label_of(const struct rho_comparison *c, size_t arm)
{
	for (size_t i = 0; i < c->n_arms; i++)
		if (c->arm[i].arm == arm)
			return c->arm[i].label;
	return "?";
}

/* ---- the main table ---- */

static void header(const struct doc *d, const struct rho_comparison *c, bool effects_only)
{
	const struct rho_results *res = c->results;
	struct rho_buf t = { 0 };
	rho_buf_printf(&t, "%s: %s (%s is better), ", res->name, c->metric, c->lower ? "lower" : "higher");
	if (c->window < 1)
		rho_buf_printf(&t, "mean over the last %g%% of %llu decisions, ", 100 * c->window,
		               (unsigned long long)res->steps);
	else
		rho_buf_printf(&t, "mean over all %llu decisions, ", (unsigned long long)res->steps);
	rho_buf_printf(&t, "%zu seed%s", res->n_seeds, res->n_seeds == 1 ? "" : "s");
	paragraph(d, t.at, RHO_STRONG);
	rho_buf_clear(&t);
	if (effects_only)
		rho_buf_str(&t, "Mean effects");
	else
		rho_buf_printf(&t, "IQM and difference to %s (paired by seed)", label_of(c, c->baseline));
	rho_buf_printf(&t,
	               ", each with its %g%% interval: expanded percentile bootstrap over seeds, "
	               "%llu resamples",
	               100 * c->interval, (unsigned long long)c->resamples);
	paragraph(d, t.at, RHO_PLAIN);
	rho_buf_free(&t);
	gap(d);
}

/* Whether an interval of "arm - baseline" says better, worse or nothing. */
static enum rho_tone verdict(const struct rho_comparison *c, struct rho_interval ci)
{
	if (!(ci.lo > 0) && !(ci.hi < 0))
		return RHO_PLAIN;
	return (ci.lo > 0) != c->lower ? RHO_GOOD : RHO_POOR;
}

static void arm_row(struct rho_grid *g, const struct rho_comparison *c, const struct rho_compared *a,
                    bool best, int dec)
{
	char text[48];
	bool base = a->arm == c->baseline;
	rho_grid_put(g, best ? RHO_STRONG : RHO_PLAIN, a->label);
	put(g, RHO_PLAIN, rho_xprintf("%zu%s", a->n, a->n < c->results->n_seeds ? "*" : ""));
	put_number(g, a->mean, dec);
	put(g, RHO_PLAIN, with_interval(a->iqm, a->iqm_ci, dec, false));
	put(g, base ? RHO_FAINT : verdict(c, a->diff_ci),
	    base ? rho_xstrdup("baseline") : with_interval(a->diff, a->diff_ci, dec, true));
	put_number(g, a->better, 2);
	put(g, RHO_PLAIN, a->pairs ? rho_xprintf("%zu/%zu", a->wins, a->pairs) : rho_xstrdup("-"));
	if (a->p_holm < 0.0005)
		rho_grid_put(g, RHO_PLAIN, "<.001");
	else
		put(g, RHO_PLAIN, rho_xstrdup(number(a->p_holm, 3, false, text) + (a->p_holm < 0.9995)));
	put_number(g, a->auc, dec);
}

static struct rho_grid *main_grid(const struct rho_comparison *c, int decimals)
{
	static const char *const head[] = {
		"arm", "n", "mean", "IQM", "difference", "P>", "wins", "p", "AUC"
	};
	struct rho_grid *g = rho_grid_new(9, head, "lrrllrrrr");
	for (size_t i = 0; i < c->n_arms; i++)
		arm_row(g, c, &c->arm[i], i == 0 && c->arm[i].n, decimals);
	return g;
}

static void legend(const struct doc *d, const struct rho_comparison *c)
{
	double *seen = rho_xmalloc(c->n_arms * sizeof *seen);
	size_t n = 0, tests = 0, fewer = 0;
	struct rho_buf t = { 0 };
	char text[48];
	for (size_t i = 0; i < c->n_arms; i++) {
		tests += isnan(c->arm[i].p) ? 0 : 1;
		fewer += c->arm[i].n < c->results->n_seeds;
		if (c->arm[i].detectable > 0)
			seen[n++] = c->arm[i].detectable;
	}
	rho_buf_printf(
		&t,
		"P>: chance that a run beats one of %s; wins: seeds on which it does; p: paired sign-flip "
		"test, Holm over %zu; AUC: mean of the whole curve.",
		label_of(c, c->baseline), tests);
	if (n)
		rho_buf_printf(
			&t,
			" These seeds would show a difference of %.2g to it 4 times in 5 (median over arms).",
			rho_quantile(seen, n, 0.5));
	/* All of n seeds on one side have p = 2 / 2^n, the least there is; Holm takes it times the tests. */
	if (tests && ldexp((double)tests, 1 - (int)c->results->n_seeds) > 0.05)
		rho_buf_printf(&t, " With %zu seeds no p here can be below %.2g: go by the intervals.",
		               c->results->n_seeds,
		               fmin(1, ldexp((double)tests, 1 - (int)c->results->n_seeds)));
	if (fewer)
		rho_buf_printf(&t, " *: of %s seeds planned, see below.",
		               number((double)c->results->n_seeds, 0, false, text));
	paragraph(d, t.at, RHO_FAINT);
	rho_buf_free(&t);
	free(seen);
}

static void main_table(const struct doc *d, const struct rho_comparison *c)
{
	int decimals = decimals_for(c);
	struct rho_grid *g = main_grid(c, decimals);
	if (rho_grid_width(g) > RHO_GRID_WIDTH && decimals > 2) { /* a digit less rather than two tables */
		struct rho_grid *narrow = main_grid(c, decimals - 1);
		if (rho_grid_width(narrow) <= RHO_GRID_WIDTH) {
			struct rho_grid *wide = g;
			g = narrow;
			narrow = wide;
		}
		rho_grid_free(narrow);
	}
	table(d, g);
	rho_grid_free(g);
	if (d->format != RHO_AS_TEXT)
		gap(d); /* without it Markdown takes what follows for a row */
	legend(d, c);
}

/* ---- the other tables ---- */

static void cost_table(const struct doc *d, const struct rho_comparison *c)
{
	static const char *const all[] = { "regret", "coverage", "selection", "decision us" };
	const char *head[5] = { "arm" };
	bool have[4] = { false };
	size_t cols = 1;
	struct rho_grid *g;
	for (size_t m = 0; m < 4; m++) {
		for (size_t i = 0; i < c->n_arms; i++) {
			const struct rho_compared *a = &c->arm[i];
			const double value[] = { a->regret, a->coverage, a->selection, a->decision_us };
			have[m] |= !isnan(value[m]);
		}
		if (have[m])
			head[cols++] = all[m];
	}
	if (cols == 1)
		return;
	g = rho_grid_new(cols, head, "lrrrr");
	for (size_t i = 0; i < c->n_arms; i++) {
		const struct rho_compared *a = &c->arm[i];
		const double value[] = { a->regret, a->coverage, a->selection, a->decision_us };
		if (!a->n)
			continue;
		rho_grid_put(g, RHO_PLAIN, a->label);
		for (size_t m = 0; m < 4; m++)
			if (have[m])
				put_number(g, value[m],
				           m < 3             ? 4
				           : value[m] < 10   ? 2
				           : value[m] < 1000 ? 1
				                             : 0);
	}
	gap(d);
	if (cols - have[3] > 1)
		paragraph(d,
		          "regret = coverage (the best action was not among the candidates) + selection (a "
		          "worse "
		          "candidate was chosen), means over seeds, same window"
		          "; decision us: time of one decision, median over records and seeds",
		          RHO_PLAIN);
	else
		paragraph(d,
		          "decision us: time of one decision in microseconds, median over records and seeds",
		          RHO_PLAIN);
	gap(d);
	table(d, g);
	rho_grid_free(g);
}

static void group_table(const struct doc *d, const struct rho_comparison *c)
{
	const char **head = rho_xcalloc(c->n_groups + 1, sizeof *head);
	char *align = rho_xmalloc(c->n_groups + 2);
	int decimals = decimals_for(c);
	struct rho_grid *g;
	memset(align, 'l', c->n_groups + 1);
	align[c->n_groups + 1] = '\0';
	head[0] = "arm";
	for (size_t j = 0; j < c->n_groups; j++)
		head[j + 1] = c->group[j].name ? c->group[j].name : "all groups";
	g = rho_grid_new(c->n_groups + 1, head, align);
	for (size_t i = 0; i < c->n_arms; i++) {
		if (!c->arm[i].n)
			continue;
		rho_grid_put(g, RHO_PLAIN, c->arm[i].label);
		for (size_t j = 0; j < c->n_groups; j++)
			put(g, RHO_PLAIN,
			    with_interval(c->group[j].iqm[i], c->group[j].ci[i], decimals, false));
	}
	gap(d);
	if (c->n_groups) {
		char *text = rho_xprintf(
			"%s by group of contexts: IQM over seeds with its interval; all groups: over "
			"seeds and groups, stratified by group",
			c->metric);
		paragraph(d, text, RHO_PLAIN);
		free(text);
		gap(d);
		table(d, g);
	} else {
		char *text = rho_xprintf(
			"%s by group: no groups were recorded (they are named %s[GROUP] and come from a "
			"dataset whose contexts have groups)",
			c->metric, c->metric);
		paragraph(d, text, RHO_PLAIN);
		free(text);
	}
	rho_grid_free(g);
	free(head);
	free(align);
}

static void effect_table(const struct doc *d, const struct rho_comparison *c)
{
	static const char *const head[] = { "axis", "value", "mean", "effect", "n", "blocks" };
	struct rho_grid *g = rho_grid_new(6, head, "llrlrr");
	int decimals = decimals_for(c);
	for (size_t i = 0; i < c->n_effects; i++) {
		const struct rho_effect *e = &c->effect[i];
		bool first = !i || e[-1].axis != e->axis;
		char text[48];
		rho_grid_put(g, RHO_PLAIN,
		             first || d->format != RHO_AS_TEXT ? c->results->axis[e->axis] : "");
		rho_grid_put(g, RHO_PLAIN, e->value);
		rho_grid_put(g, RHO_PLAIN, number(e->mean, decimals, false, text));
		put(g, verdict(c, e->ci), with_interval(e->effect, e->ci, decimals, true));
		put(g, RHO_PLAIN, rho_xprintf("%zu", e->seeds));
		put(g, RHO_PLAIN, rho_xprintf("%zu/%zu", e->blocks, e->all_blocks));
	}
	paragraph(d,
	          "effect of each axis: difference to the mean over its values, averaged over the blocks "
	          "(combinations of the other axes), paired by seed",
	          RHO_PLAIN);
	gap(d);
	if (c->n_effects)
		table(d, g);
	else
		paragraph(d, "no axis has two values", RHO_PLAIN);
	rho_grid_free(g);
}

/* ---- what is missing, what to beware of ---- */

/* Seeds lo .. hi of one kind of hole, "3, 5-9". Holes are in the order of the plan's seeds. */
static void seed_list(const struct rho_hole *hole, size_t n, struct rho_buf *out)
{
	for (size_t i = 0, j; i < n; i = j + 1) {
		for (j = i; j + 1 < n && hole[j + 1].seed == hole[j].seed + 1;)
			j++;
		rho_buf_printf(out, "%s%llu", i ? ", " : "", (unsigned long long)hole[i].seed);
		if (j > i)
			rho_buf_printf(out, "%s%llu", j > i + 1 ? "-" : ", ",
			               (unsigned long long)hole[j].seed);
	}
}

struct gone { /* the holes of one arm that have one reason */
	size_t arm;
	const char *why;
	char *seeds; /* "3, 5-9"; NULL once it is told */
};

/* Tells of gone[first] and, in the same breath, of all arms that lack the same seeds for the same
 * reason, as when an experiment is only begun. */
static void tell(const struct doc *d, const struct rho_comparison *c, struct gone *gone, size_t n,
                 size_t first)
{
	struct rho_buf arms = { 0 }, t = { 0 };
	char *seeds = gone[first].seeds;
	size_t told = 0;
	for (size_t i = first; i < n; i++) {
		if (!gone[i].seeds || strcmp(gone[i].seeds, seeds) || strcmp(gone[i].why, gone[first].why))
			continue;
		rho_buf_printf(&arms, "%s%s", told++ ? "; " : "", label_of(c, gone[i].arm));
		if (i > first)
			free(gone[i].seeds);
		gone[i].seeds = i > first ? NULL : seeds;
	}
	rho_buf_printf(&t, "%sseed%s %s of %s: %s", d->format == RHO_AS_MARKDOWN ? "- " : "  ",
	               seeds[strspn(seeds, "0123456789")] ? "s" : "", seeds,
	               told == c->n_arms && told > 1 ? "every arm" : arms.at, gone[first].why);
	paragraph(d, t.at, RHO_PLAIN);
	free(seeds);
	gone[first].seeds = NULL;
	rho_buf_free(&arms);
	rho_buf_free(&t);
}

static void holes(const struct doc *d, const struct rho_comparison *c)
{
	struct gone *gone = rho_xcalloc(c->n_holes, sizeof *gone);
	size_t n = 0;
	for (size_t i = 0, j; i < c->n_holes; i = j) {
		const struct rho_hole *h = &c->hole[i];
		struct rho_buf seeds = { 0 };
		j = i + 1;
		while (j < c->n_holes && c->hole[j].arm == h->arm && !strcmp(c->hole[j].why, h->why))
			j++;
		seed_list(h, j - i, &seeds);
		gone[n++] = (struct gone){ h->arm, h->why, seeds.at };
	}
	if (n) {
		gap(d);
		paragraph(d, "not counted:", RHO_STRONG);
	}
	for (size_t i = 0; i < n; i++)
		if (gone[i].seeds)
			tell(d, c, gone, n, i);
	free(gone);
}

static void warnings(const struct doc *d, const struct rho_comparison *c)
{
	const struct rho_compared *least = NULL;
	char *text;
	for (size_t i = 0; i < c->n_arms; i++)
		if (c->arm[i].n && (!least || c->arm[i].n < least->n))
			least = &c->arm[i];
	if (!least || least->n >= 5)
		return;
	text = rho_xprintf(
		"warning: %s has %zu seed%s. Under 5, intervals say little, and with %zu no p can fall below "
		"%.3g. Add seeds to [run] and run again: what is done is kept.",
		least->label, least->n, least->n == 1 ? "" : "s", least->n, ldexp(1, 1 - (int)least->n));
	gap(d);
	paragraph(d, text, RHO_POOR);
	free(text);
}

void rho_compare_format(const struct rho_comparison *c, const struct rho_compare_options *o,
                        struct rho_buf *out)
{
	const struct doc d = { out, o->format, o->colour && o->format == RHO_AS_TEXT };
	struct rho_buf found = { 0 };
	if (o->format == RHO_AS_CSV || o->format == RHO_AS_JSON) {
		(o->format == RHO_AS_CSV ? rho_compare_csv : rho_compare_json)(c, o, out);
		return;
	}
	header(&d, c, o->by != NULL);
	if (o->by) {
		effect_table(&d, c);
	} else {
		main_table(&d, c);
		cost_table(&d, c);
		if (o->groups)
			group_table(&d, c);
		if (c->factorial) {
			gap(&d);
			effect_table(&d, c);
		}
	}
	holes(&d, c);
	warnings(&d, c);
	if (!o->by) {
		rho_buf_str(&found, "Found: ");
		rho_compare_found(c, &found);
		gap(&d);
		paragraph(&d, found.at, RHO_STRONG);
	}
	rho_buf_free(&found);
}
