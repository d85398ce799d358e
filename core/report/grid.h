/* grid.h: a table of strings, laid out for a terminal, Markdown or LaTeX. */
#ifndef RHO_REPORT_GRID_H
#define RHO_REPORT_GRID_H

#include <stdbool.h>
#include "../base/buf.h"

#define RHO_GRID_WIDTH 110      /* columns of a terminal that a table may take */

enum rho_tone { RHO_PLAIN, RHO_STRONG, RHO_GOOD, RHO_POOR, RHO_FAINT };

struct rho_grid;

/* `head`: n_cols column names; `align`: a letter each, l or r. */
struct rho_grid *rho_grid_new(size_t n_cols, const char *const *head, const char *align);
void rho_grid_free(struct rho_grid *);

/* Puts a copy of text in the next cell, row by row. */
void rho_grid_put(struct rho_grid *, enum rho_tone, const char *text);

size_t rho_grid_width(const struct rho_grid *);         /* columns the text form takes in one piece */

/* Aligned columns. A table wider than RHO_GRID_WIDTH is cut into pieces that repeat the first column. */
void rho_grid_text(const struct rho_grid *, bool colour, struct rho_buf *out);
void rho_grid_markdown(const struct rho_grid *, struct rho_buf *out);
void rho_grid_latex(const struct rho_grid *, struct rho_buf *out);      /* a tabular, booktabs rules */

/* Appends text, in the tone's colour if wanted. */
void rho_tone(enum rho_tone, const char *text, bool colour, struct rho_buf *out);

/* Appends text broken at spaces so that no line passes RHO_GRID_WIDTH; lines after the first are
 * indented. Ends with a newline. Control characters become spaces. */
void rho_wrap(const char *text, size_t indent, struct rho_buf *out);

#endif
