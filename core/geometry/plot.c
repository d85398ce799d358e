/* plot.c: axes, ticks, lines and legends, written as SVG. */
#include "plot.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the axes stand; the legend is to the right of them. */
static const double LEFT = 76, RIGHT = 596, TOP = 46, BOTTOM = 438, LEGEND = 612;

static const char head[] =
	"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 500\" width=\"800\" height=\"500\" "
	"font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\" font-size=\"13\" fill=\"#222\">\n"
	"<rect width=\"800\" height=\"500\" fill=\"#fff\"/>\n";

/* Dashes after seven, so that a line on another shows that one between them; later ones are thinner, too. */
struct rho_plot_style rho_plot_style_of(size_t i, size_t n)
{
	static const char *const colour[] = { "#3f90da", "#ffa90e", "#bd1f01", "#832db6", "#a96b59",
		                              "#e76300", "#717581", "#1b7f3b", "#b9ac70", "#1f9aa3" };
	static const char *const dash[] = { NULL, "9 4", "3 2.5", "9 3 2 3" };
	size_t colours = sizeof colour / sizeof *colour;
	double width = n > 1 ? 2.6 - 0.8 * (double)i / (double)(n - 1) : 2;
	return (struct rho_plot_style){ colour[i % colours], dash[i / 7 % 4], width, false };
}

struct rho_plot_style rho_plot_faint(size_t i)
{
	static const char *const dash[] = { "5 4", "1.5 3", "8 3 1.5 3", "12 4" };
	return (struct rho_plot_style){ "#777777", dash[i % 4], 1.3, false };
}

/* ---- places ---- */

static double share(const struct rho_plot_axis *a, double v)
{
	return a->log ? log(v / a->lo) / log(a->hi / a->lo) : (v - a->lo) / (a->hi - a->lo);
}

static double at_x(const struct rho_plot *p, double v) { return LEFT + share(&p->x, v) * (RIGHT - LEFT); }
static double at_y(const struct rho_plot *p, double v) { return BOTTOM - share(&p->y, v) * (BOTTOM - TOP); }

static bool can_stand(const struct rho_plot_axis *a, double v) { return isfinite(v) && (!a->log || v > 0); }

/* ---- text ---- */

static void put_text(struct rho_buf *out, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '<': rho_buf_str(out, "&lt;"); break;
		case '>': rho_buf_str(out, "&gt;"); break;
		case '&': rho_buf_str(out, "&amp;"); break;
		case '"': rho_buf_str(out, "&quot;"); break;
		default: rho_buf_add(out, (unsigned char)*s < ' ' ? " " : s, 1);
		}
}

/* A name that a legend has room for. */
static void put_short(struct rho_buf *out, const char *s)
{
	enum { MOST = 21 };
	size_t chars = 0, bytes = 0;
	char *text;
	while (s[bytes] && chars < MOST) {
		bytes++;
		while (((unsigned char)s[bytes] & 0xc0) == 0x80)
			bytes++;
		chars++;
	}
	text = rho_xprintf("%.*s%s", (int)bytes, s, s[bytes] ? "…" : "");
	put_text(out, text);
	free(text);
}

/* 0.25, 1,000; on log axes far from 1 a power of ten. */
static void put_tick(struct rho_buf *out, double v, double step, bool log)
{
	if (log && (v < 0.0099 || v > 1e6)) {
		rho_buf_printf(out, "10<tspan dy=\"-5\" font-size=\"10\">%d</tspan>", (int)lround(log10(v)));
	} else if (v >= 1000 && v <= 1e9) {
		long n = lround(v);
		if (n >= 1000000)
			rho_buf_printf(out, "%ld,%03ld,%03ld", n / 1000000, n / 1000 % 1000, n % 1000);
		else
			rho_buf_printf(out, "%ld,%03ld", n / 1000, n % 1000);
	} else if (log) {
		rho_buf_printf(out, "%g", v);
	} else {
		int digits = step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0;
		rho_buf_printf(out, "%s%.*f", v < -step / 2 ? "−" : "", digits, fabs(v));
	}
}

/* ---- axes ---- */

static void put_one_tick(const struct rho_plot *p, bool of_x, double v, double step, bool named,
                         struct rho_buf *out)
{
	const struct rho_plot_axis *a = of_x ? &p->x : &p->y;
	double s = share(a, v);
	if (s < -1e-6 || s > 1 + 1e-6)
		return;
	if (of_x)
		rho_buf_printf(out, "<path d=\"M%.1f %.1fV%.1f\" stroke=\"%s\"/>\n", at_x(p, v), TOP, BOTTOM,
		               named ? "#dddddd" : "#f0f0f0");
	else
		rho_buf_printf(out, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"%s\"/>\n", LEFT, at_y(p, v), RIGHT,
		               named ? "#dddddd" : "#f0f0f0");
	if (!named)
		return;
	if (of_x)
		rho_buf_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">", at_x(p, v),
		               BOTTOM + 18);
	else
		rho_buf_printf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 8,
		               at_y(p, v) + 4.5);
	put_tick(out, v, step, a->log);
	rho_buf_str(out, "</text>\n");
}

static void put_linear_ticks(const struct rho_plot *p, bool of_x, struct rho_buf *out)
{
	const struct rho_plot_axis *a = of_x ? &p->x : &p->y;
	double rough = (a->hi - a->lo) / 7, ten = pow(10, floor(log10(rough))), over = rough / ten;
	double step = ten * (over > 5 ? 10 : over > 2 ? 5 : over > 1 ? 2 : 1);
	for (double i = ceil(a->lo / step - 1e-9); i * step <= a->hi + step * 1e-9; i++)
		put_one_tick(p, of_x, i * step, step, true, out);
}

static void put_log_ticks(const struct rho_plot *p, bool of_x, struct rho_buf *out)
{
	const struct rho_plot_axis *a = of_x ? &p->x : &p->y;
	double decades = log10(a->hi / a->lo);
	int first = (int)floor(log10(a->lo)), every = decades > 8 ? 2 : 1;
	for (int e = first; pow(10, e) <= a->hi; e++)
		for (int m = 1; m < (decades > 4 ? 2 : 10); m++)
			put_one_tick(p, of_x, m * pow(10, e), 0,
			             m == 1 ? e % every == 0 : decades < 2 && (m == 2 || m == 5), out);
}

static void put_axes(const struct rho_plot *p, struct rho_buf *out)
{
	rho_buf_str(out, "<g stroke-width=\"1\" font-size=\"12\">\n<g stroke=\"none\">\n");
	if (p->x.log)
		put_log_ticks(p, true, out);
	else
		put_linear_ticks(p, true, out);
	if (p->y.log)
		put_log_ticks(p, false, out);
	else
		put_linear_ticks(p, false, out);
	rho_buf_printf(out,
	               "</g>\n<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"none\" "
	               "stroke=\"#888\"/>\n</g>\n",
	               LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP);
	rho_buf_printf(out, "<text x=\"%g\" y=\"%g\" text-anchor=\"middle\">", (LEFT + RIGHT) / 2,
	               BOTTOM + 42);
	put_text(out, p->x.label);
	rho_buf_printf(out,
	               "</text>\n<text transform=\"translate(22 %g) rotate(-90)\" text-anchor=\"middle\">",
	               (TOP + BOTTOM) / 2);
	put_text(out, p->y.label);
	rho_buf_str(out, "</text>\n");
}

/* ---- what is drawn ---- */

static void put_stroke(struct rho_buf *out, const struct rho_plot_style *s)
{
	rho_buf_printf(out, " fill=\"none\" stroke=\"%s\" stroke-width=\"%g\" stroke-linejoin=\"round\"",
	               s->colour, s->width);
	if (s->dash)
		rho_buf_printf(out, " stroke-dasharray=\"%s\"", s->dash);
}

void rho_plot_line(struct rho_plot *p, const char *name, struct rho_plot_style style, const double *x,
                   const double *y, size_t n)
{
	bool begun = false;
	p->style = rho_xrealloc(p->style, (p->n + 1) * sizeof *p->style);
	p->name = rho_xrealloc(p->name, (p->n + 1) * sizeof *p->name);
	p->style[p->n] = style;
	p->name[p->n++] = rho_xstrdup(name);
	rho_buf_str(&p->marks, "<path d=\"");
	for (size_t i = 0; i < n; i++)
		if (can_stand(&p->x, x[i]) && can_stand(&p->y, y[i])) {
			rho_buf_printf(&p->marks, "%c%.1f %.1f", begun ? 'L' : 'M', at_x(p, x[i]),
			               at_y(p, y[i]));
			begun = true;
		}
	rho_buf_str(&p->marks, "\"");
	put_stroke(&p->marks, &style);
	rho_buf_str(&p->marks, "/>\n");
	for (size_t i = 0; i < n && style.points; i++)
		if (can_stand(&p->x, x[i]) && can_stand(&p->y, y[i]))
			rho_buf_printf(&p->marks, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2.6\" fill=\"%s\"/>\n",
			               at_x(p, x[i]), at_y(p, y[i]), style.colour);
}

void rho_plot_band(struct rho_plot *p, struct rho_plot_style style, const double *x, const double *lo,
                   const double *hi, size_t n)
{
	size_t m = 0;
	while (m < n && can_stand(&p->x, x[m]) && can_stand(&p->y, lo[m]) && can_stand(&p->y, hi[m]))
		m++;
	if (m < 2)
		return;
	rho_buf_str(&p->marks, "<path d=\"");
	for (size_t i = 0; i < m; i++)
		rho_buf_printf(&p->marks, "%c%.1f %.1f", i ? 'L' : 'M', at_x(p, x[i]), at_y(p, hi[i]));
	for (size_t i = m; i--;)
		rho_buf_printf(&p->marks, "L%.1f %.1f", at_x(p, x[i]), at_y(p, lo[i]));
	rho_buf_printf(&p->marks, "Z\" fill=\"%s\" fill-opacity=\"0.2\" stroke=\"none\"/>\n", style.colour);
}

static void put_legend(const struct rho_plot *p, struct rho_buf *out)
{
	double step = p->n ? (BOTTOM - TOP) / (double)p->n : 0;
	step = step > 20 ? 20 : step;
	for (size_t i = 0; i < p->n; i++) {
		double y = TOP + 10 + (double)i * step;
		rho_buf_printf(out, "<path d=\"M%g %.1fh26\"", LEGEND, y);
		put_stroke(out, &p->style[i]);
		rho_buf_str(out, "/>\n");
		if (p->style[i].points)
			rho_buf_printf(out, "<circle cx=\"%g\" cy=\"%.1f\" r=\"2.6\" fill=\"%s\"/>\n",
			               LEGEND + 13, y, p->style[i].colour);
		rho_buf_printf(out, "<text x=\"%g\" y=\"%.1f\" font-size=\"%g\">", LEGEND + 34, y + 4.5,
		               step < 14 ? step * 0.85 : 12);
		put_short(out, p->name[i]);
		rho_buf_str(out, "</text>\n");
	}
}

void rho_plot_finish(struct rho_plot *p, const char *title, struct rho_buf *svg)
{
	rho_buf_str(svg, head);
	rho_buf_printf(svg, "<title>");
	put_text(svg, title);
	rho_buf_printf(svg, "</title>\n<text x=\"%g\" y=\"28\" font-size=\"15\" font-weight=\"bold\">", LEFT);
	put_text(svg, title);
	rho_buf_str(svg, "</text>\n");
	put_axes(p, svg);
	rho_buf_printf(
		svg,
		"<clipPath id=\"axes\"><rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\"/></clipPath>\n",
		LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP);
	rho_buf_printf(svg, "<g clip-path=\"url(#axes)\">\n%s</g>\n", p->marks.at ? p->marks.at : "");
	put_legend(p, svg);
	rho_buf_str(svg, "</svg>\n");
	for (size_t i = 0; i < p->n; i++)
		free(p->name[i]);
	free(p->name);
	free(p->style);
	rho_buf_free(&p->marks);
}
