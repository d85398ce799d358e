/* grid.c: a table of strings. Widths count code points, which is right for every name rho lets through. */
#include <stdlib.h>
#include <string.h>

#include "grid.h"

struct entry {
	char *text;
	enum rho_tone tone;
};

struct rho_grid {
	size_t n_cols, n, room; /* n: entries so far; the first n_cols are the head */
	struct entry *entry;
	char *align;
};

struct rho_grid *rho_grid_new(size_t n_cols, const char *const *head, const char *align)
{
	struct rho_grid *g = rho_xcalloc(1, sizeof *g);
	g->n_cols = n_cols;
	g->align = rho_xstrdup(align);
	for (size_t c = 0; c < n_cols; c++)
		rho_grid_put(g, RHO_FAINT, head[c]);
	return g;
}

void rho_grid_free(struct rho_grid *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->n; i++)
		free(g->entry[i].text);
	free(g->entry);
	free(g->align);
	free(g);
}

void rho_grid_put(struct rho_grid *g, enum rho_tone tone, const char *text)
{
	if (g->n == g->room) {
		g->room = g->room ? 2 * g->room : 8 * g->n_cols;
		g->entry = rho_xrealloc(g->entry, g->room * sizeof *g->entry);
	}
	g->entry[g->n++] = (struct entry){ rho_xstrdup(text), tone };
}

static size_t width(const char *s)
{
	size_t n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static size_t column_width(const struct rho_grid *g, size_t c)
{
	size_t most = 0;
	for (size_t i = c; i < g->n; i += g->n_cols) {
		size_t w = width(g->entry[i].text);
		most = w > most ? w : most;
	}
	return most;
}

size_t rho_grid_width(const struct rho_grid *g)
{
	size_t sum = 0;
	for (size_t c = 0; c < g->n_cols; c++)
		sum += column_width(g, c) + (c ? 2 : 0);
	return sum;
}

void rho_tone(enum rho_tone tone, const char *text, bool colour, struct rho_buf *out)
{
	static const char *const on[] = { "", "\033[1m", "\033[32m", "\033[31m", "\033[2m" };
	bool painted = colour && tone != RHO_PLAIN;
	rho_buf_printf(out, "%s%s%s", painted ? on[tone] : "", text, painted ? "\033[0m" : "");
}

static void pad(struct rho_buf *out, size_t n)
{
	while (n--)
		rho_buf_str(out, " ");
}

/* The first column and columns from .. to - 1. */
static void piece(const struct rho_grid *g, size_t from, size_t to, bool colour, struct rho_buf *out)
{
	for (size_t row = 0; row + g->n_cols <= g->n; row += g->n_cols) {
		size_t owed = 0; /* spaces are written only before text: no line ends in any */
		for (size_t c = 0; c < to; c = c ? c + 1 : from) {
			const struct entry *e = &g->entry[row + c];
			size_t room = column_width(g, c) - width(e->text);
			owed += c ? 2 : 0;
			if (g->align[c] == 'r')
				owed += room;
			if (*e->text) {
				pad(out, owed);
				owed = 0;
				rho_tone(e->tone, e->text, colour, out);
			} else {
				owed += width(e->text);
			}
			if (g->align[c] != 'r')
				owed += room;
		}
		rho_buf_str(out, "\n");
	}
}

void rho_grid_text(const struct rho_grid *g, bool colour, struct rho_buf *out)
{
	size_t first = column_width(g, 0);
	for (size_t from = 1, to; from < g->n_cols; from = to) {
		size_t used = first + 2 + column_width(g, from);
		for (to = from + 1; to < g->n_cols; to++) {
			used += 2 + column_width(g, to);
			if (used > RHO_GRID_WIDTH)
				break;
		}
		if (from > 1)
			rho_buf_str(out, "\n");
		piece(g, from, to, colour, out);
	}
}

void rho_grid_markdown(const struct rho_grid *g, struct rho_buf *out)
{
	for (size_t row = 0; row + g->n_cols <= g->n; row += g->n_cols) {
		for (size_t c = 0; c < g->n_cols; c++) {
			rho_buf_str(out, "| ");
			for (const char *p = g->entry[row + c].text; *p; p++)
				rho_buf_printf(out, "%s%c", strchr("|_*`<\\", *p) ? "\\" : "", *p);
			rho_buf_str(out, " ");
		}
		rho_buf_str(out, "|\n");
		for (size_t c = 0; c < g->n_cols && !row; c++)
			rho_buf_printf(out, "| %s ", g->align[c] == 'r' ? "---:" : ":---");
		if (!row)
			rho_buf_str(out, "|\n");
	}
}

static void latex_char(char c, struct rho_buf *out)
{
	if (strchr("&%$#_{}", c))
		rho_buf_printf(out, "\\%c", c);
	else if (c == '\\')
		rho_buf_str(out, "\\textbackslash{}");
	else if (c == '~')
		rho_buf_str(out, "\\textasciitilde{}");
	else if (c == '^')
		rho_buf_str(out, "\\textasciicircum{}");
	else if (c == '<' || c == '>' || c == '|')
		rho_buf_printf(out, "$%c$", c);
	else
		rho_buf_add(out, &c, 1);
}

/* A number as LaTeX sets one: a true minus sign. */
static void latex_cell(const char *text, struct rho_buf *out)
{
	for (const char *p = text; *p; p++) {
		bool sign = *p == '-' && p[1] >= '0' && p[1] <= '9' && (p == text || strchr(" [", p[-1]));
		if (sign)
			rho_buf_str(out, "$-$");
		else
			latex_char(*p, out);
	}
}

void rho_grid_latex(const struct rho_grid *g, struct rho_buf *out)
{
	rho_buf_printf(out, "\\begin{tabular}{%s}\n\\toprule\n", g->align);
	for (size_t row = 0; row + g->n_cols <= g->n; row += g->n_cols) {
		for (size_t c = 0; c < g->n_cols; c++) {
			rho_buf_str(out, c ? " & " : "");
			latex_cell(g->entry[row + c].text, out);
		}
		rho_buf_str(out, row ? " \\\\\n" : " \\\\\n\\midrule\n");
	}
	rho_buf_str(out, "\\bottomrule\n\\end{tabular}\n");
}

/* One word; bytes that a terminal might obey become question marks. Gives its width. */
static size_t put_word(const char *at, size_t len, struct rho_buf *out)
{
	size_t wide = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)at[i], next = i + 1 < len ? (unsigned char)at[i + 1] : 0;
		bool c1 = c == 0xc2 && next >= 0x80 && next < 0xa0;
		if (c < 0x20 || c == 0x7f || c1)
			rho_buf_str(out, "?");
		else
			rho_buf_add(out, &at[i], 1);
		i += c1;
		wide += (c & 0xc0) != 0x80;
	}
	return wide;
}

void rho_wrap(const char *text, size_t indent, struct rho_buf *out)
{
	struct rho_buf word = { 0 };
	size_t column = strspn(text, " "), start = column;
	pad(out, column);
	for (const char *p = text + column; *p;) {
		size_t len = strcspn(p, " \n"), wide;
		rho_buf_clear(&word);
		wide = put_word(p, len, &word);
		if (len && column > start && column + 1 + wide > RHO_GRID_WIDTH) {
			rho_buf_str(out, "\n");
			pad(out, indent);
			column = start = indent;
		}
		if (len && column > start) {
			rho_buf_str(out, " ");
			column++;
		}
		rho_buf_add(out, word.at, word.len);
		column += wide;
		p += len;
		if (*p == '\n' && p[1]) {
			rho_buf_str(out, "\n");
			pad(out, indent);
			column = start = indent;
		}
		p += *p != '\0';
	}
	rho_buf_free(&word);
	rho_buf_str(out, "\n");
}
