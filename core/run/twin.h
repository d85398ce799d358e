/* twin.h: what an instance would keep in a checkpoint, copied to another instance of the same plugin. */
#ifndef RHO_RUN_TWIN_H
#define RHO_RUN_TWIN_H

#include "../registry/instance.h"

/* Whether all that `from` and its parts keep, and their streams, have a counterpart of the same name,
 * type and size in `to`. false with why. */
bool rho_twin_fits(const struct rho_instance *from, const struct rho_instance *to, struct rho_buf *why);

/* Copies the kept arrays of `from` and its parts over those of `to`, which fits. */
void rho_twin_copy(const struct rho_instance *from, struct rho_instance *to);

/* Kept arrays, or the states of the streams, of an instance and its parts, end to end: appended to `b`, put
 * back from it. What is put back must have been taken from the same instance. */
void rho_twin_take_kept(const struct rho_instance *, struct rho_buf *b);
void rho_twin_put_kept(struct rho_instance *, const struct rho_buf *b);
void rho_twin_take_streams(const struct rho_instance *, struct rho_buf *b);
void rho_twin_put_streams(struct rho_instance *, const struct rho_buf *b);

/* Starts the streams of an instance and its parts anew, as those of (seed, kind, salt and name, stream). */
void rho_twin_reseed(struct rho_instance *, const char *name);

#endif
