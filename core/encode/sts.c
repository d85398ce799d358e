/* sts.c: reading STS files, and their correlations. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <kit/lines.h>
#include <kit/number.h>

#include "../geometry/geometry.h"
#include "sts.h"

/* Which columns hold what. */
static const struct layout {
	size_t least, most; /* columns */
	size_t part, score, first;
} layouts[] = { { 7, 9, 1, 4, 5 }, { 5, 5, 1, 2, 3 } };

enum { MOST_COLUMNS = 9 };

/* ---- reading ---- */

/* Cuts a line at its tabs; how many columns, MOST_COLUMNS + 1 when there are more. */
static size_t columns(struct rho_str line, struct rho_str out[MOST_COLUMNS])
{
	size_t n = 0;
	while (line.at) {
		struct rho_str one = rho_str_cut(&line, '\t');
		if (n == MOST_COLUMNS)
			return n + 1;
		out[n++] = one;
	}
	return n;
}

static const struct layout *layout_of(size_t n)
{
	for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
		if (n >= layouts[i].least && n <= layouts[i].most)
			return &layouts[i];
	return NULL;
}

static uint32_t part_of(struct rho_sts_file *f, struct rho_idmap *parts, struct rho_str name)
{
	bool fresh = false;
	uint32_t i = rho_idmap_add(parts, name, &fresh);
	if (fresh) {
		f->part = rho_xrealloc(f->part, (f->n_parts + 1) * sizeof *f->part);
		f->part[f->n_parts++] =
			(struct rho_sts_part){ .name = rho_xprintf("%.*s", (int)name.len, name.at) };
	}
	return i;
}

static int read_line(struct rho_sts *s, struct rho_sts_file *f, struct rho_idmap *parts,
                     struct rho_lines *lines, const struct layout **layout, struct rho_str line)
{
	struct rho_str c[MOST_COLUMNS];
	struct rho_sts_pair p;
	size_t n = columns(line, c);
	if (!*layout && !(*layout = layout_of(n)))
		return rho_lines_fail(
			lines,
			"has %zu columns parted by tabs; STS Benchmark has 7 to 9 (genre, file, year, "
			"id, score, two sentences), STS 2012 to 2016 have 5 (year, file, score, two "
			"sentences)",
			n);
	if (n < (*layout)->least || n > (*layout)->most)
		return rho_lines_fail(lines, "has %zu columns parted by tabs; the lines before it have %zu",
		                      n, (*layout)->least);
	struct rho_str score = rho_str_trim(c[(*layout)->score]);
	if (!rho_read_f64(score, &p.score) || p.score < 0 || p.score > 5)
		return rho_lines_fail(lines, "column %zu is \"%.*s\"; a score from 0 to 5 is wanted",
		                      (*layout)->score + 1, (int)rho_str_head(score, 40).len, score.at);
	for (size_t i = 0; i < 2; i++)
		if (!c[(*layout)->first + i].len)
			return rho_lines_fail(lines, "column %zu, a sentence, is empty",
			                      (*layout)->first + i + 1);
	p.part = part_of(f, parts, c[(*layout)->part]);
	p.a = rho_idmap_add(&s->sentence, c[(*layout)->first], NULL);
	p.b = rho_idmap_add(&s->sentence, c[(*layout)->first + 1], NULL);
	if (p.part == RHO_NO_ID || p.a == RHO_NO_ID || p.b == RHO_NO_ID)
		return rho_lines_fail(lines, "no memory for its sentences");
	if (!(f->n_pairs & (f->n_pairs - 1))) /* at 0, 1, 2, 4, 8 … it is full */
		f->pair = rho_xrealloc(f->pair, (f->n_pairs ? 2 * f->n_pairs : 1) * sizeof *f->pair);
	f->pair[f->n_pairs++] = p;
	return 0;
}

int rho_sts_read(struct rho_sts *s, const char *path, struct rho_buf *why)
{
	struct rho_trouble trouble = { 0 };
	struct rho_lines *lines = rho_lines_open(path, &trouble);
	struct rho_idmap parts = { 0 };
	const struct layout *layout = NULL;
	struct rho_sts_file *f;
	struct rho_str line;
	s->file = rho_xrealloc(s->file, (s->n_files + 1) * sizeof *s->file);
	f = &s->file[s->n_files++];
	*f = (struct rho_sts_file){ .path = path };
	while (!trouble.code && rho_lines_next(lines, &line) > 0)
		if (line.len)
			read_line(s, f, &parts, lines, &layout, line);
	rho_lines_close(lines);
	rho_idmap_free(&parts);
	if (!trouble.code && !f->n_pairs)
		rho_trouble_at(&trouble, RHO_EFORMAT, path, 0, "it has no pairs");
	if (trouble.code)
		rho_buf_str(why, trouble.text);
	return trouble.code ? -1 : 0;
}

void rho_sts_free(struct rho_sts *s)
{
	for (size_t i = 0; i < s->n_files; i++) {
		for (size_t j = 0; j < s->file[i].n_parts; j++)
			free(s->file[i].part[j].name);
		free(s->file[i].part);
		free(s->file[i].pair);
	}
	free(s->file);
	rho_idmap_free(&s->sentence);
}

/* ---- measuring ---- */

static double dot(const struct rho_mat *m, size_t a, size_t b)
{
	const float *x = m->at + a * m->stride, *y = m->at + b * m->stride;
	double sum = 0;
	for (size_t j = 0; j < m->cols; j++)
		sum += (double)x[j] * (double)y[j];
	return sum;
}

static double cosine(const struct rho_mat *m, size_t a, size_t b)
{
	double lengths = sqrt(dot(m, a, a)) * sqrt(dot(m, b, b));
	return lengths > 0 ? dot(m, a, b) / lengths : 0;
}

/* Of the pairs of one part; `part` n_parts: of all. Results in file order, whatever the part. */
static struct rho_sts_corr correlate(const struct rho_sts_file *f, const double *cos, size_t part,
                                     uint64_t resamples)
{
	double *x = rho_xcalloc(2 * f->n_pairs, sizeof *x), *y = x + f->n_pairs; /* (n_pairs) each */
	struct rho_sts_corr c = { .n = 0 };
	for (size_t i = 0; i < f->n_pairs; i++)
		if (part == f->n_parts || f->pair[i].part == part) {
			x[c.n] = cos[i];
			y[c.n++] = f->pair[i].score;
		}
	c.spearman = rho_spearman(x, y, c.n);
	c.pearson = rho_pearson(x, y, NULL, c.n);
	c.spearman_within = c.pearson_within = (struct rho_interval){ NAN, NAN };
	if (resamples) {
		c.spearman_within = rho_boot_spearman(x, y, c.n, 0.95, resamples);
		c.pearson_within = rho_boot_pearson(x, y, c.n, 0.95, resamples);
	}
	free(x);
	return c;
}

/* Means over the parts that have a correlation. */
static void average_parts(struct rho_sts_file *f)
{
	double spearman = 0, pearson = 0, n = 0;
	for (size_t i = 0; i < f->n_parts; i++) {
		const struct rho_sts_corr *c = &f->part[i].corr;
		if (isnan(c->spearman))
			continue;
		spearman += c->spearman;
		pearson += c->pearson;
		n++;
	}
	f->spearman_parts = spearman / n;
	f->pearson_parts = pearson / n;
}

/* Wang & Isola (ICML 2020) with alpha = 2, on unit rows: |x - y|^2 = 2 - 2 cos; over pairs that mean nearly
 * the same (scored above 4), as SimCSE has it. */
static void align(struct rho_sts_file *f, const double *cos)
{
	double sum = 0;
	f->n_aligned = 0;
	for (size_t i = 0; i < f->n_pairs; i++)
		if (f->pair[i].score > 4) {
			sum += 2 - 2 * cos[i];
			f->n_aligned++;
		}
	f->alignment = sum / (double)f->n_aligned;
}

/* The file's distinct sentences: their rows (n, m->cols); the caller's. */
static float *own_rows(const struct rho_sts_file *f, const struct rho_mat *m, size_t *n)
{
	bool *seen = rho_xcalloc(m->rows, sizeof *seen); /* (m->rows) */
	float *out;
	*n = 0;
	for (size_t i = 0; i < f->n_pairs; i++)
		seen[f->pair[i].a] = seen[f->pair[i].b] = true;
	for (size_t i = 0; i < m->rows; i++)
		*n += seen[i];
	out = rho_xcalloc(*n * m->cols, sizeof *out);
	for (size_t i = 0, k = 0; i < m->rows; i++)
		if (seen[i])
			memcpy(out + k++ * m->cols, m->at + i * m->stride, m->cols * sizeof *out);
	free(seen);
	return out;
}

static int spread(struct rho_sts_file *f, const struct rho_mat *m, unsigned threads, struct rho_buf *why)
{
	size_t n, all = 0;
	float *at = own_rows(f, m, &n);
	struct rho_mat own = { at, n, m->cols, m->cols };
	struct rho_units units;
	uint32_t *which = rho_draw_rows(n, &all, 0);
	int rc = 0;
	f->n_sentences = n;
	f->uniformity = NAN;
	rho_units_init(&units, &own, threads);
	if (n > 1)
		rc = rho_uniformity(&units, which, all, 2, threads, NULL, &f->uniformity, NULL, NULL, 0, why);
	rho_units_free(&units);
	free(which);
	free(at);
	return rc;
}

int rho_sts_measure(struct rho_sts *s, const struct rho_mat *rows, uint64_t resamples, unsigned threads,
                    struct rho_buf *why)
{
	int rc = 0;
	for (size_t i = 0; i < s->n_files && !rc; i++) {
		struct rho_sts_file *f = &s->file[i];
		double *cos = rho_xcalloc(f->n_pairs, sizeof *cos); /* (n_pairs) */
		for (size_t j = 0; j < f->n_pairs; j++)
			cos[j] = cosine(rows, f->pair[j].a, f->pair[j].b);
		f->all = correlate(f, cos, f->n_parts, resamples);
		for (size_t j = 0; j < f->n_parts; j++)
			f->part[j].corr = correlate(f, cos, j, 0);
		average_parts(f);
		align(f, cos);
		rc = spread(f, rows, threads, why);
		free(cos);
	}
	return rc;
}
