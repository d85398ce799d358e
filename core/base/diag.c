/* diag.c: collecting a user's mistakes, printing them in the order of the file, and finding the
 * name that was meant. */
#include "diag.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"

struct diag {
	char *file, *text;
	int line, col;
	size_t order; /* of arrival: keeps the sort stable */
	bool warning;
};

struct rho_diags {
	struct diag *at;
	size_t n, room, errors;
	size_t untold; /* beyond MOST: counted only */
};

enum { MOST = 1000 }; /* told; a file with more mistakes is not an experiment */

struct rho_diags *rho_diags_new(void) { return rho_xcalloc(1, sizeof(struct rho_diags)); }

void rho_diags_free(struct rho_diags *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->n; i++) {
		free(d->at[i].file);
		free(d->at[i].text);
	}
	free(d->at);
	free(d);
}

static void append(struct rho_diags *d, struct diag g)
{
	d->errors += !g.warning;
	if (d->n == MOST) {
		d->untold++;
		free(g.file);
		free(g.text);
		return;
	}
	if (d->n == d->room) {
		d->room = d->room ? 2 * d->room : 16;
		d->at = rho_xrealloc(d->at, d->room * sizeof *d->at);
	}
	g.order = d->n;
	d->at[d->n++] = g;
}

static void add(struct rho_diags *d, struct rho_where w, bool warning, const char *fmt, va_list args)
{
	char *text = NULL;
	if (vasprintf(&text, fmt, args) < 0)
		text = rho_xstrdup(fmt);
	append(d, (struct diag){ .file = w.file ? rho_xstrdup(w.file) : NULL,
	                         .text = text,
	                         .line = w.line,
	                         .col = w.col,
	                         .warning = warning });
}

static bool same_place(const struct diag *a, const struct diag *b)
{
	return a->line == b->line && a->col == b->col &&
	       (a->file && b->file ? !strcmp(a->file, b->file) : a->file == b->file);
}

void rho_diags_take(struct rho_diags *to, struct rho_diags *from)
{
	size_t before = to->n;
	for (size_t i = 0; i < from->n; i++) {
		struct diag *g = &from->at[i];
		bool known = false;
		for (size_t j = 0; j < before && !known; j++)
			known = to->at[j].warning == g->warning && same_place(&to->at[j], g);
		if (!known) {
			append(to, *g);
			g->file = g->text = NULL;
		}
	}
	rho_diags_free(from);
}

void rho_diag(struct rho_diags *d, struct rho_where w, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	add(d, w, false, fmt, args);
	va_end(args);
}

void rho_warn(struct rho_diags *d, struct rho_where w, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	add(d, w, true, fmt, args);
	va_end(args);
}

size_t rho_diags_errors(const struct rho_diags *d) { return d->errors; }

static int by_place(const void *pa, const void *pb)
{
	const struct diag *a = *(const struct diag *const *)pa, *b = *(const struct diag *const *)pb;
	int c = !a->file || !b->file ? (a->file != NULL) - (b->file != NULL) : strcmp(a->file, b->file);
	if (!c)
		c = (a->line > b->line) - (a->line < b->line);
	if (!c)
		c = (a->col > b->col) - (a->col < b->col);
	return c ? c : (a->order > b->order) - (a->order < b->order);
}

/* What the user wrote may hold control characters, which are no business of the terminal's. */
static void print_text(const char *s, FILE *f)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c == '\n')
			fputs(s[1] ? "\n        " : "", f);
		else if ((c < 0x20 && c != '\t') || c == 0x7f)
			fprintf(f, "\\x%02x", c);
		else
			putc(c, f);
	}
	putc('\n', f);
}

void rho_diags_print(const struct rho_diags *d, FILE *f)
{
	const struct diag **sorted = rho_xmalloc(d->n * sizeof *sorted);
	for (size_t i = 0; i < d->n; i++)
		sorted[i] = &d->at[i];
	qsort(sorted, d->n, sizeof *sorted, by_place);
	for (size_t i = 0; i < d->n; i++) {
		const struct diag *g = sorted[i];
		if (g->file && g->line)
			fprintf(f, "%s:%d:%d: ", g->file, g->line, g->col);
		else if (g->file)
			fprintf(f, "%s: ", g->file);
		if (g->warning)
			fputs("warning: ", f);
		print_text(g->text, f);
	}
	free(sorted);
	if (d->untold)
		fprintf(f, "and %zu more\n", d->untold);
}

enum { LONGEST = 64 }; /* names longer than this are not guessed at */

/* Damerau–Levenshtein distance (optimal string alignment), letters compared without case. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t row[3][LONGEST + 1]; /* rows i - 2, i - 1 and i of the table, by i mod 3 */
	for (size_t j = 0; j <= m; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];
		int ca = tolower((unsigned char)a[i - 1]);
		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			int cb = tolower((unsigned char)b[j - 1]);
			size_t best = up[j - 1] + (ca != cb);
			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
			    cb == tolower((unsigned char)a[i - 2]) && up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[n % 3][m];
}

const char *rho_nearest(const char *word, const char *const *names, size_t n)
{
	size_t len = strlen(word), limit = (len + 2) / 3, best = limit + 1;
	const char *near = NULL;
	if (len > LONGEST)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (!names[i])
			continue;
		size_t m = strlen(names[i]);
		if (m > LONGEST)
			continue;
		size_t d = distance(word, len, names[i], m);
		/* As many edits as the name has letters would suggest anything at all. */
		if (d < best && d < m) {
			best = d;
			near = names[i];
		}
	}
	return near;
}
