/* plot.h: lines on two axes as a self-contained SVG picture of 800 by 500, with its legend beside it. */
#ifndef RHO_GEOMETRY_PLOT_H
#define RHO_GEOMETRY_PLOT_H

#include <stdbool.h>
#include "../base/buf.h"

struct rho_plot_axis {
	double lo, hi; /* lo < hi; above 0 where `log` */
	bool log;
	const char *label;
};

struct rho_plot_style {
	const char *colour; /* "#0072B2" */
	const char *dash;   /* stroke-dasharray, or NULL: solid */
	double width;
	bool points; /* a dot at each */
};

struct rho_plot { /* zero-initialise but for the axes */
	struct rho_plot_axis x, y;
	struct rho_buf marks;         /* what is drawn */
	struct rho_plot_style *style; /* (n) of the legend */
	char **name;                  /* (n) */
	size_t n;
};

/* The style of the i-th of n: ten colours that the colour-blind can tell apart (after Petroff 2021, arXiv
 * 2107.02270), dashed from the eighth on. */
struct rho_plot_style rho_plot_style_of(size_t i, size_t n);
/* Of the i-th thing to compare with: thin, grey, dashed. */
struct rho_plot_style rho_plot_faint(size_t i);

/* A line through n points, those that are not finite (or on a log axis not above 0) left out, with its
 * legend. */
void rho_plot_line(struct rho_plot *, const char *name, struct rho_plot_style, const double *x,
                   const double *y, size_t n);
/* The area between lo and hi, pale; to be drawn before its line. Points without an interval end it. */
void rho_plot_band(struct rho_plot *, struct rho_plot_style, const double *x, const double *lo,
                   const double *hi, size_t n);

/* The whole picture; frees what the plot holds. */
void rho_plot_finish(struct rho_plot *, const char *title, struct rho_buf *svg);

#endif
