/* sts_print.c: what `rho sts` found, as a table, JSON or CSV. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../run/out.h"
#include "sts_print.h"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* The mean of one number over all files. */
static double average(const struct rho_sts *s, double (*of)(const struct rho_sts_file *))
{
	double sum = 0;
	for (size_t i = 0; i < s->n_files; i++)
		sum += of(&s->file[i]);
	return sum / (double)s->n_files;
}

static double spearman(const struct rho_sts_file *f) { return f->all.spearman; }
static double pearson(const struct rho_sts_file *f) { return f->all.pearson; }
static double spearman_parts(const struct rho_sts_file *f) { return f->spearman_parts; }
static double pearson_parts(const struct rho_sts_file *f) { return f->pearson_parts; }
static double alignment(const struct rho_sts_file *f) { return f->alignment; }
static double uniformity(const struct rho_sts_file *f) { return f->uniformity; }

/* ---- a table ---- */

static void put_number(double v, int width, int digits)
{
	if (isnan(v))
		printf("%*s", width, "-");
	else
		printf("%*.*f", width, digits, v);
}

static void put_with_interval(double v, struct rho_interval within)
{
	put_number(v, 10, 4);
	if (isnan(within.lo))
		printf(" %16s", "");
	else
		printf(" [%.4f,%.4f]", within.lo, within.hi);
}

static void put_counted(double v, int digits, size_t n)
{
	char text[24];
	snprintf(text, sizeof text, "(%zu)", n);
	put_number(v, 9, digits);
	printf(" %-8s", isnan(v) ? "" : text);
}

void rho_sts_print(const struct rho_sts *s, const struct rho_sts_about *about)
{
	size_t width = strlen("average");
	for (size_t i = 0; i < s->n_files; i++) {
		size_t n = strlen(base_name(s->file[i].path));
		width = n > width ? n : width;
	}
	printf("%s %s, %zu numbers a sentence%s%s\n\n", about->encoder, about->version, about->dim,
	       *about->transform ? ", " : "", about->transform);
	printf("%-*s %7s %9s %-16s %9s %-16s %9s %9s %9s %-8s %10s\n", (int)width, "", "pairs", "Spearman",
	       " 95%", "Pearson", " 95%", "S, parts", "P, parts", "alignment", " (pairs)", "uniformity");
	for (size_t i = 0; i < s->n_files; i++) {
		const struct rho_sts_file *f = &s->file[i];
		printf("%-*s %7zu", (int)width, base_name(f->path), f->n_pairs);
		put_with_interval(f->all.spearman, f->all.spearman_within);
		put_with_interval(f->all.pearson, f->all.pearson_within);
		put_number(f->spearman_parts, 10, 4);
		put_number(f->pearson_parts, 10, 4);
		printf(" ");
		put_counted(f->alignment, 4, f->n_aligned);
		put_number(f->uniformity, 11, 4);
		printf("\n");
	}
	if (s->n_files > 1) {
		struct rho_interval none = { NAN, NAN };
		printf("%-*s %7s", (int)width, "average", "");
		put_with_interval(average(s, spearman), none);
		put_with_interval(average(s, pearson), none);
		put_number(average(s, spearman_parts), 10, 4);
		put_number(average(s, pearson_parts), 10, 4);
		printf(" ");
		put_number(average(s, alignment), 9, 4);
		printf(" %-8s", "");
		put_number(average(s, uniformity), 11, 4);
		printf("\n");
	}
	printf("\nSpearman, Pearson: cosine against human score, over all pairs of a file; 95%%: bootstrap "
	       "over\n"
	       "pairs. parts: mean over the file's sources. alignment: mean squared distance of pairs "
	       "scored\n"
	       "above 4; uniformity: ln mean exp(-2 squared distance) over the file's distinct sentences; "
	       "of\n"
	       "unit vectors.\n");
}

/* ---- JSON ---- */

static json_t *number(double v) { return isfinite(v) ? json_real(v) : json_null(); }

static json_t *estimate(double v, struct rho_interval within)
{
	return json_pack("{s:o, s:o, s:o}", "value", number(v), "lo", number(within.lo), "hi",
	                 number(within.hi));
}

static json_t *text(const char *s) { return json_stringn_nocheck(s, strlen(s)); }

static json_t *part_json(const struct rho_sts_part *p)
{
	return json_pack("{s:o, s:I, s:o, s:o}", "name", text(p->name), "pairs", (json_int_t)p->corr.n,
	                 "spearman", number(p->corr.spearman), "pearson", number(p->corr.pearson));
}

static json_t *file_json(const struct rho_sts_file *f)
{
	json_t *parts = json_array();
	for (size_t i = 0; i < f->n_parts; i++)
		json_array_append_new(parts, part_json(&f->part[i]));
	return json_pack(
		"{s:o, s:I, s:I, s:o, s:o, s:{s:o, s:o}, s:o, s:{s:o, s:I}, s:{s:o, s:I}}", "file",
		text(f->path), "pairs", (json_int_t)f->n_pairs, "sentences", (json_int_t)f->n_sentences,
		"spearman", estimate(f->all.spearman, f->all.spearman_within), "pearson",
		estimate(f->all.pearson, f->all.pearson_within), "mean_of_parts", "spearman",
		number(f->spearman_parts), "pearson", number(f->pearson_parts), "parts", parts, "alignment",
		"value", number(f->alignment), "pairs", (json_int_t)f->n_aligned, "uniformity", "value",
		number(f->uniformity), "sentences", (json_int_t)f->n_sentences);
}

void rho_sts_print_json(const struct rho_sts *s, const struct rho_sts_about *about)
{
	json_t *files = json_array(), *o;
	for (size_t i = 0; i < s->n_files; i++)
		json_array_append_new(files, file_json(&s->file[i]));
	o = json_pack("{s:i, s:s, s:s, s:o, s:I, s:o, s:{s:o, s:o, s:o, s:o, s:o, s:o}}", "rho_sts", 1,
	              "encoder", about->encoder, "version", about->version, "transform",
	              text(about->transform), "dim", (json_int_t)about->dim, "files", files, "average",
	              "spearman", number(average(s, spearman)), "pearson", number(average(s, pearson)),
	              "spearman_of_parts", number(average(s, spearman_parts)), "pearson_of_parts",
	              number(average(s, pearson_parts)), "alignment", number(average(s, alignment)),
	              "uniformity", number(average(s, uniformity)));
	json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
	putchar('\n');
	json_decref(o);
}

/* ---- CSV ---- */

static void csv_text(struct rho_buf *b, const char *s)
{
	if (!strpbrk(s, ",\"\n\r")) {
		rho_buf_str(b, s);
		return;
	}
	rho_buf_str(b, "\"");
	for (; *s; s++) {
		rho_buf_add(b, s, 1);
		if (*s == '"')
			rho_buf_str(b, "\"");
	}
	rho_buf_str(b, "\"");
}

static void csv_number(struct rho_buf *b, double v)
{
	rho_buf_str(b, ",");
	if (isfinite(v))
		rho_put_double(b, v);
}

static void csv_corr(struct rho_buf *b, const struct rho_sts_corr *c)
{
	rho_buf_printf(b, ",%zu", c->n);
	csv_number(b, c->spearman);
	csv_number(b, c->spearman_within.lo);
	csv_number(b, c->spearman_within.hi);
	csv_number(b, c->pearson);
	csv_number(b, c->pearson_within.lo);
	csv_number(b, c->pearson_within.hi);
}

void rho_sts_print_csv(const struct rho_sts *s, const struct rho_sts_about *about)
{
	struct rho_buf b = { 0 };
	rho_buf_str(&b,
	            "encoder,file,part,pairs,spearman,spearman_lo,spearman_hi,pearson,pearson_lo,pearson_hi,"
	            "spearman_of_parts,pearson_of_parts,alignment,alignment_pairs,uniformity,sentences\n");
	for (size_t i = 0; i < s->n_files; i++) {
		const struct rho_sts_file *f = &s->file[i];
		rho_buf_printf(&b, "%s,", about->encoder);
		csv_text(&b, f->path);
		rho_buf_str(&b, ",");
		csv_corr(&b, &f->all);
		csv_number(&b, f->spearman_parts);
		csv_number(&b, f->pearson_parts);
		csv_number(&b, f->alignment);
		rho_buf_printf(&b, ",%zu", f->n_aligned);
		csv_number(&b, f->uniformity);
		rho_buf_printf(&b, ",%zu\n", f->n_sentences);
		for (size_t j = 0; j < f->n_parts; j++) {
			rho_buf_printf(&b, "%s,", about->encoder);
			csv_text(&b, f->path);
			rho_buf_str(&b, ",");
			csv_text(&b, f->part[j].name);
			csv_corr(&b, &f->part[j].corr);
			rho_buf_str(&b, ",,,,,,\n");
		}
	}
	fputs(b.at, stdout);
	rho_buf_free(&b);
}
