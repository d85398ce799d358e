/* P1: two parameters in one field. */
#define OWN_PARAMS
#include "base_verifier.h"

static const struct rho_param base_params[] = { RHO_I64(struct base, strict, 1000, 1, 1000000,
	                                                "bytes of an answer that are read at most"),
	                                        { .name = "lenient",
	                                          .help = "the same bytes again",
	                                          .type = RHO_T_I64,
	                                          .offset = offsetof(struct base, strict),
	                                          .lo = 1,
	                                          .hi = 10,
	                                          .def.i = 2 },
	                                        RHO_END };

static const struct rho_verifier table = { .size = sizeof table, .open = base_open, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "p1_overlap");
