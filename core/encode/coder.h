/* coder.h: an encoder, opened, fitted and asked for rows; the store and the commands that encode share it. */
#ifndef RHO_ENCODE_CODER_H
#define RHO_ENCODE_CODER_H

#include "../registry/instance.h"

struct rho_coder { /* stays where it is while it is open */
	struct rho_world *world;
	struct rho_instance *inst;
	struct rho_encoder_info info;
	uint32_t what;     /* RHO_TEXT or RHO_IMAGE: what it is given */
	size_t done, rows; /* inputs encoded, and to be encoded in all: set both before the first, for
	                    * progress and for messages */
	/* The world's own, in whose place the coder stands, so that progress within a call shows as progress
	 * of the whole. */
	void (*progress)(void *arg, const struct rho_ctx *, double done);
	void (*metric)(void *arg, const struct rho_ctx *, const char *name, double value);
	void *arg;
	double share; /* of the whole that the call under way stands for */
};

/* Makes an instance from a checked table and opens it. 0, or an RHO_E code with why: whatever the plugin
 * says, that it does not take such inputs, or that its rows have an impossible size. To be closed in either
 * case. */
int rho_coder_open(struct rho_coder *, struct rho_world *, const struct rho_module *,
                   const struct rho_toml *table, uint32_t what, struct rho_buf *why);
void rho_coder_close(struct rho_coder *);

/* Shows an encoder that wants it the catalogue (n texts); before the first rows. The same results. */
int rho_coder_fit(struct rho_coder *, const struct rho_str *catalogue, size_t n, struct rho_buf *why);

/* The most inputs that one call of the plugin gets. */
size_t rho_coder_most(const struct rho_coder *);

/* Encodes n inputs into out (n, info.dim), and checks the rows: finite, of length 1 or 0 where promised.
 * Raises `done`. RHO_ESTOP when the world is to stop. */
int rho_coder_rows(struct rho_coder *, const struct rho_str *in, size_t n, float *out, struct rho_buf *why);

#endif
