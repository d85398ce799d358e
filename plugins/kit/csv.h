/* csv.h: the records of a CSV file (RFC 4180), plain or gzipped, their fields found by name. */
#ifndef RHO_KIT_CSV_H
#define RHO_KIT_CSV_H

#include "lines.h"

#define RHO_CSV_MAX_FIELDS 4096         /* a record */

struct rho_csv;

/* Reads the header, too. `sep`: what stands between fields, not a quote or a line's end. NULL with
 * the trouble: what rho_lines_open says, an empty file, two columns of one name. */
struct rho_csv *rho_csv_open(const char *path, char sep, struct rho_trouble *);
void rho_csv_close(struct rho_csv *);   /* NULL is fine */

/* The column's number, or -1; to be asked before the first record. `required`: -1 is then a trouble that
 * names the file, the columns there are and the nearest. */
int rho_csv_column(struct rho_csv *, const char *name, bool required);

/* 1: a record stands ready; 0: no more; less than 0: trouble with file and line: fewer or more
 * fields than the header, a broken quote, what rho_lines_next says. Empty lines are passed over. */
int rho_csv_next(struct rho_csv *);

/* Field of the record, unquoted; column -1: empty. Lasts until the next record. */
struct rho_str rho_csv_field(const struct rho_csv *, int column);

/* Field as a number: an empty one, or column -1, is missing (NaN, INT64_MIN). 0, or trouble with
 * file, line, column name and what stands there. Times: see rho_read_time. */
int rho_csv_f64(struct rho_csv *, int column, double *out);
int rho_csv_time(struct rho_csv *, int column, int64_t *out);

size_t rho_csv_line(const struct rho_csv *);    /* where the record begins */
/* Records RHO_EFORMAT "PATH:LINE: …" for this record, and gives it back. */
int rho_csv_fail(struct rho_csv *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int rho_csv_pulse(const struct rho_csv *, struct rho_ctx *);    /* see rho_lines_pulse */

#endif
