/* lines.h: the lines of a plain or gzipped UTF-8 text file, one after another, with their numbers. */
#ifndef RHO_KIT_LINES_H
#define RHO_KIT_LINES_H

#include "trouble.h"

#define RHO_LINE_MAX ((size_t)64 << 20) /* bytes; a longer line is refused */

struct rho_lines;

/* NULL with the trouble. The trouble must outlive the reader, which goes on recording there. A
 * module that uses this sets RHO_THREADS (gzip is inflated by a thread). */
struct rho_lines *rho_lines_open(const char *path, struct rho_trouble *);
void rho_lines_close(struct rho_lines *);       /* NULL is fine */

/* 1: *line is the next line, without its \n and a \r before that; lasts until the next call.
 * 0: there are no more. Less than 0: trouble, with file and line: not UTF-8, a NUL byte, a line
 * over RHO_LINE_MAX, gzip data that is damaged or cut. A byte order mark is skipped; the last
 * line needs no \n. */
int rho_lines_next(struct rho_lines *, struct rho_str *line);

size_t rho_lines_number(const struct rho_lines *);      /* of the line given last; from 1 */
bool rho_lines_had_cr(const struct rho_lines *);        /* it ended in \r\n */
const char *rho_lines_path(const struct rho_lines *);
struct rho_trouble *rho_lines_trouble(const struct rho_lines *);

/* Records RHO_EFORMAT "PATH:LINE: …" for the line given last, and gives it back. */
int rho_lines_fail(struct rho_lines *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* For loops over a large file: every 1,024th line tells the host how far it is and asks whether to
 * stop. 0 or RHO_ESTOP. */
int rho_lines_pulse(const struct rho_lines *, struct rho_ctx *);

/* The offset of the first byte that is not part of valid UTF-8 (RFC 3629), or s.len. */
size_t rho_utf8_valid(struct rho_str s);

#endif
