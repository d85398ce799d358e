/* transform.c: steps that are fitted one after another, each on what the steps before it leave of the rows. A
 * step is a mean to take away, some directions to project on or to take out, and a factor for each. */
#include "transform.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/diag.h"
#include "../score/score.h"
#include "moments.h"

enum kind { CENTRE, BUT_THE_TOP, WHITEN, PCA, UNIT, CONE, KINDS };

static const struct step_kind {
	const char *name;
	enum { NO_NUMBER, WHOLE, REAL } number;
	double least, most, usual; /* usual 0: must be given */
} kinds[KINDS] = {
	[CENTRE] = { "centre", NO_NUMBER, 0, 0, 0 },
	[BUT_THE_TOP] = { "all-but-the-top", WHOLE, 1, 65536, 3 },
	[WHITEN] = { "whiten", REAL, 1e-12, 1, 1e-6 },
	[PCA] = { "pca", WHOLE, 1, 65536, 0 },
	[UNIT] = { "unit", NO_NUMBER, 0, 0, 0 },
	[CONE] = { "cone", REAL, 1e-6, 1e6, 0 },
};

struct step {
	enum kind kind;
	double number;
	size_t in, out;    /* columns before and after */
	double *mean;      /* (in) what is taken away; CONE: minus what is added */
	float *direction;  /* (directions, in) */
	double *factor;    /* (directions) */
	size_t directions; /* BUT_THE_TOP: taken out; WHITEN, PCA: projected on */
};

struct rho_transform {
	struct step *step; /* (n) and one for the last `unit` */
	size_t n;          /* as asked for */
	size_t steps;      /* n, or n + 1 */
	size_t dim, widest;
};

/* Rows that a step works on at a time: they stay in the cache. */
enum { BLOCK = 64 };

static int parse_number(const struct step_kind *kind, const char *word, const char *text, double *out,
                        struct rho_buf *why)
{
	char *end;
	errno = 0;
	*out = strtod(text, &end);
	if (end == text || *end || errno || !(*out >= kind->least && *out <= kind->most) ||
	    (kind->number == WHOLE && *out != floor(*out))) {
		rho_buf_printf(why, "\"%s\": after \"%s:\" comes a %snumber from %g to %g, not \"%s\"", word,
		               kind->name, kind->number == WHOLE ? "whole " : "", kind->least, kind->most,
		               text);
		return -1;
	}
	return 0;
}

static void say_unknown(const char *word, size_t len, struct rho_buf *why)
{
	const char *names[KINDS], *near;
	char *bare = rho_xprintf("%.*s", (int)(len < 64 ? len : 64), word);
	for (size_t i = 0; i < KINDS; i++)
		names[i] = kinds[i].name;
	near = rho_nearest(bare, names, KINDS);
	rho_buf_printf(why, "\"%s\" is no transform", bare);
	if (near)
		rho_buf_printf(why, "; did you mean \"%s\"?", near);
	else
		rho_buf_str(why, "; there are centre, all-but-the-top:D, whiten, pca:D, unit and cone:A");
	free(bare);
}

static int parse_step(const char *word, struct step *out, struct rho_buf *why)
{
	const char *colon = strchr(word, ':');
	size_t len = colon ? (size_t)(colon - word) : strlen(word), k = 0;
	while (k < KINDS && (strlen(kinds[k].name) != len || memcmp(kinds[k].name, word, len)))
		k++;
	if (k == KINDS) {
		say_unknown(word, len, why);
		return -1;
	}
	*out = (struct step){ .kind = (enum kind)k, .number = kinds[k].usual };
	if (colon && kinds[k].number == NO_NUMBER) {
		rho_buf_printf(why, "\"%s\": \"%s\" takes no number", word, kinds[k].name);
		return -1;
	}
	if (colon)
		return parse_number(&kinds[k], word, colon + 1, &out->number, why);
	if (kinds[k].number != NO_NUMBER && kinds[k].usual == 0) {
		rho_buf_printf(why,
		               k == CONE
		                       ? "\"%s\" needs how far every row is pushed, such as \"%s:3\""
		                       : "\"%s\" needs the number of components to keep, such as \"%s:128\"",
		               word, kinds[k].name);
		return -1;
	}
	return 0;
}

struct rho_transform *rho_transform_parse(const char *const *step, size_t n, struct rho_buf *why)
{
	struct rho_transform *t = rho_xcalloc(1, sizeof *t);
	t->step = rho_xcalloc(n + 1, sizeof *t->step);
	t->n = t->steps = n;
	for (size_t i = 0; i < n; i++)
		if (parse_step(step[i], &t->step[i], why)) {
			rho_transform_free(t);
			return NULL;
		}
	return t;
}

static void forget(struct step *s)
{
	free(s->mean);
	free(s->direction);
	free(s->factor);
	s->mean = s->factor = NULL;
	s->direction = NULL;
}

void rho_transform_free(struct rho_transform *t)
{
	if (!t)
		return;
	for (size_t i = 0; i <= t->n; i++)
		forget(&t->step[i]);
	free(t->step);
	free(t);
}

void rho_transform_text(const struct rho_transform *t, struct rho_buf *out)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct step *s = &t->step[i];
		rho_buf_printf(out, "%s%s", i ? "," : "", kinds[s->kind].name);
		if (kinds[s->kind].number != NO_NUMBER)
			rho_buf_printf(out, ":%.9g", s->number);
	}
}

/* Applying */

static void scale_to_unit(float *x, size_t n, size_t d)
{
	for (size_t i = 0; i < n; i++, x += d) {
		double sum = 0, length;
		for (size_t c = 0; c < d; c++)
			sum += (double)x[c] * (double)x[c];
		length = sqrt(sum);
		for (size_t c = 0; c < d && length > 0; c++)
			x[c] = (float)((double)x[c] / length);
	}
}

static void take_out(const struct step *s, const float *dot /* (n, directions) */, float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t p = 0; p < s->directions; p++)
			for (size_t c = 0; c < s->in; c++)
				x[i * s->in + c] -= dot[i * s->directions + p] * s->direction[p * s->in + c];
}

/* One step on n rows: x (n, in) becomes (n, out). `other` is of the same size as x. */
static void apply_step(const struct step *s, float *x, float *other, size_t n)
{
	struct rho_mat rows = { x, n, s->in, s->in }, dirs = { s->direction, s->directions, s->in, s->in };
	struct rho_rows all_rows = { &rows, NULL, 0, n }, all_dirs = { &dirs, NULL, 0, s->directions };
	if (s->kind == UNIT) {
		scale_to_unit(x, n, s->in);
		return;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t c = 0; c < s->in; c++)
			x[i * s->in + c] = (float)((double)x[i * s->in + c] - s->mean[c]);
	if (!s->directions)
		return;
	rho_score_inner(&all_rows, &all_dirs, other, s->directions, 1);
	if (s->kind == BUT_THE_TOP) {
		take_out(s, other, x, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t p = 0; p < s->directions; p++)
			x[i * s->out + p] = (float)((double)other[i * s->directions + p] * s->factor[p]);
}

struct apply_job {
	const struct step *step;
	size_t steps, widest, dim;
	const struct rho_mat *rows;
	float *out;
	size_t stride;
};

static void apply_rows(void *arg, size_t from, size_t to)
{
	const struct apply_job *j = arg;
	float *x = rho_xmalloc((BLOCK * j->widest + 1) * sizeof *x);     /* (BLOCK, widest) */
	float *other = rho_xmalloc((BLOCK * j->widest + 1) * sizeof *x); /* (BLOCK, widest) */
	for (size_t at = from, n; at < to; at += n) {
		n = to - at < BLOCK ? to - at : BLOCK;
		for (size_t i = 0; i < n; i++)
			memcpy(x + i * j->rows->cols, j->rows->at + (at + i) * j->rows->stride,
			       j->rows->cols * sizeof *x);
		for (size_t s = 0; s < j->steps; s++)
			apply_step(&j->step[s], x, other, n);
		for (size_t i = 0; i < n; i++)
			memcpy(j->out + (at + i) * j->stride, x + i * j->dim, j->dim * sizeof *x);
	}
	free(x);
	free(other);
}

void rho_transform_apply(const struct rho_transform *t, const struct rho_mat *rows, float *out, size_t stride,
                         unsigned threads)
{
	struct apply_job j = { t->step, t->steps, t->widest, t->dim, rows, out, stride };
	rho_score_parallel(rows->rows, apply_rows, &j, threads);
}

size_t rho_transform_dim(const struct rho_transform *t) { return t->dim; }

/* Fitting */

static int check_room(const struct step *s, size_t rows, struct rho_buf *why)
{
	if (s->kind != BUT_THE_TOP && s->kind != PCA)
		return 0;
	if (s->number <= (double)s->in && s->number <= (double)rows)
		return 0;
	rho_buf_printf(
		why,
		"%s:%g asks for more components than there are %s: at most %zu (%zu rows of %zu columns)",
		kinds[s->kind].name, s->number, s->in <= rows ? "columns" : "rows",
		s->in < rows ? s->in : rows, rows, s->in);
	return -1;
}

/* 1 / sqrt(variance + EPS * largest); 0 where nothing varies at all. */
static double whitening(double variance, double largest, double eps)
{
	double under = (variance > 0 ? variance : 0) + eps * largest;
	return under > 0 ? 1 / sqrt(under) : 0;
}

/* The mean row becomes what CONE takes away: -push times its direction. */
static void push_out(double *mean, size_t d, double push)
{
	double sum = 0;
	for (size_t c = 0; c < d; c++)
		sum += mean[c] * mean[c];
	for (size_t c = 0; c < d; c++)
		mean[c] = sum > 0 ? -push * mean[c] / sqrt(sum) : 0;
}

/* A step's numbers from the rows before it. */
static int fit_step(struct step *s, const struct rho_mat *rows, unsigned threads, struct rho_buf *why)
{
	double *scatter, *value; /* (in, in), (in) */
	int err;
	s->mean = rho_xmalloc((s->in + 1) * sizeof *s->mean);
	rho_mean_row(rows, threads, s->mean);
	if (s->kind == CONE)
		push_out(s->mean, s->in, s->number);
	s->directions = s->kind == CENTRE || s->kind == CONE ? 0
	                : s->kind == WHITEN                  ? s->in
	                                                     : (size_t)s->number;
	if (!s->directions)
		return 0;
	scatter = rho_xmalloc(s->in * s->in * sizeof *scatter);
	value = rho_xmalloc(s->in * sizeof *value);
	err = rho_scatter(rows, s->mean, threads, scatter, why) ||
	      rho_eigen(scatter, s->in, value, true, why);
	if (!err) {
		s->direction = rho_xmalloc(s->directions * s->in * sizeof *s->direction);
		s->factor = rho_xmalloc(s->directions * sizeof *s->factor);
		for (size_t i = 0; i < s->directions * s->in; i++)
			s->direction[i] = (float)scatter[i];
		for (size_t p = 0; p < s->directions; p++)
			s->factor[p] = s->kind != WHITEN
			                       ? 1
			                       : whitening(value[p] / (double)rows->rows,
			                                   value[0] / (double)rows->rows, s->number);
	}
	free(scatter);
	free(value);
	return err ? -1 : 0;
}

/* Settles which steps there are and how wide each is. */
static int plan(struct rho_transform *t, const struct rho_mat *rows, bool unit_norm, struct rho_buf *why)
{
	t->steps = t->n;
	if (unit_norm && t->n && t->step[t->n - 1].kind != UNIT)
		t->step[t->steps++] = (struct step){ .kind = UNIT };
	t->dim = t->widest = rows->cols;
	for (size_t i = 0; i < t->steps; i++) {
		struct step *s = &t->step[i];
		forget(s);
		s->in = t->dim;
		if (check_room(s, rows->rows, why))
			return -1;
		s->out = t->dim = s->kind == PCA ? (size_t)s->number : s->in;
	}
	return 0;
}

int rho_transform_fit(struct rho_transform *t, const struct rho_mat *rows, bool unit_norm, unsigned threads,
                      struct rho_buf *why)
{
	size_t row, col, last = t->n;
	struct rho_mat now = *rows;
	float *x, *y; /* (rows, cols): what the steps so far leave */
	int err = 0;
	if (!rho_rows_finite(rows, &row, &col)) {
		rho_buf_printf(why, "row %zu, column %zu is not a finite number", row, col);
		return -1;
	}
	if (plan(t, rows, unit_norm, why))
		return -1;
	while (last && t->step[last - 1].kind == UNIT) /* nothing to learn for those */
		last--;
	x = rho_xmalloc((last > 1 ? rows->rows * rows->cols : 0) * sizeof *x + 1);
	y = rho_xmalloc((last > 2 ? rows->rows * rows->cols : 0) * sizeof *y + 1);
	for (size_t i = 0; i < last && !err; i++) {
		struct step *s = &t->step[i];
		float *to = now.at == x ? y : x;
		if (s->kind != UNIT)
			err = fit_step(s, &now, threads, why);
		if (!err && i + 1 < last) {
			struct apply_job j = { s, 1, s->in, s->out, &now, to, s->out };
			rho_score_parallel(now.rows, apply_rows, &j, threads);
			now = (struct rho_mat){ to, now.rows, s->out, s->out };
		}
	}
	free(x);
	free(y);
	return err;
}
