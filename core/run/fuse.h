/* fuse.h: cells of one process: they take turns, and what they want of the same rows is found in one pass. */
#ifndef RHO_RUN_FUSE_H
#define RHO_RUN_FUSE_H

#include <stdbool.h>
#include "../score/score.h"

enum { RHO_FUSE_MOST = 256 }; /* cells of one process */

struct rho_fuse;

/* For n cells in seats 0 .. n-1, each in a thread of its own; `threads` of a pass. Between rho_fuse_enter and
 * rho_fuse_leave, and not within rho_fuse_scan, one thread at a time is at work. The turn passes from a seat
 * to the next whenever a request waits or a seat is left: the order depends on nothing else. holds (n):
 * *holds[i] is 1 while seat i is at work, else 0, whatever becomes of the process; NULL: it is not noted. */
struct rho_fuse *rho_fuse_new(size_t n, unsigned threads, uint32_t *const *holds);
void rho_fuse_free(struct rho_fuse *);

void rho_fuse_enter(struct rho_fuse *, size_t seat); /* waits for the seat's first turn; once */
void rho_fuse_leave(struct rho_fuse *, size_t seat); /* for good */

/* Whether a request reads so many rows, one after another, that it is worth waiting for others. */
bool rho_fuse_worth(const struct rho_scan *);

/* Waits until every seat either waits here or was left; all requests over the same rows have then been
 * answered by one pass, each to the bit as by itself, and it is this seat's turn again. The nanoseconds that
 * are this seat's share: those of its pass by the number of requests it answered. codes: see rho_score_scan.
 */
uint64_t rho_fuse_scan(struct rho_fuse *, size_t seat, struct rho_scan *, const struct rho_codes *codes);

#endif
