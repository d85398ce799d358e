/* C5: opens without saying how wide its rows are. */
#include "base_encoder.h"

static int open_wrong(struct rho_ctx *c, void *self, struct rho_encoder_info *info) { return 0; }

static const struct rho_encoder table = { .size = sizeof table, .open = open_wrong, .encode = base_encode };

CHECK_PLUGIN(RHO_ENCODER, encoder, "c5_no_dim");
