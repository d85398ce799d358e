/* diag.h: a user's mistakes, collected so that all of them can be shown at once. */
#ifndef RHO_BASE_DIAG_H
#define RHO_BASE_DIAG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A place in a file the user wrote. line 0: the file as a whole; file NULL: no file ("--set …"
 * stands in `file` for a command-line override). The string is borrowed and must outlive use. */
struct rho_where {
	const char *file;
	int line, col;
};

struct rho_diags;

struct rho_diags *rho_diags_new(void);
void rho_diags_free(struct rho_diags *);

/* Adds a mistake. The text may have several lines; later ones are shown indented. */
void rho_diag(struct rho_diags *, struct rho_where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void rho_warn(struct rho_diags *, struct rho_where, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Moves what `from` holds to `to`, except for mistakes at a place where `to` has one already, and
 * frees `from`. For a table that is checked more than once: in an arm, say, that it underlies. */
void rho_diags_take(struct rho_diags *to, struct rho_diags *from);

size_t rho_diags_errors(const struct rho_diags *);      /* warnings not counted */

/* Prints all, sorted by file, line and column, as "file:line:col: text"; warnings as
 * "file:line:col: warning: text". */
void rho_diags_print(const struct rho_diags *, FILE *);

/* The name in `names` (n of them, NULLs skipped) nearest to `word` by Damerau–Levenshtein distance, or NULL
 * when none is near enough to suggest. */
const char *rho_nearest(const char *word, const char *const *names, size_t n);

#ifdef __cplusplus
}
#endif
#endif
