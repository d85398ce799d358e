/* rho/verifier.h: a verifier judges answers. */
#pragma once
#include "host.h"

enum rho_ruling { RHO_WRONG, RHO_RIGHT, RHO_PARTIAL, RHO_UNREADABLE, RHO_UNDECIDED };

struct rho_claim   { struct rho_str problem, reference, answer; };
struct rho_verdict { uint32_t ruling; float score; char why[120]; };  /* score in [0, 1] */

struct rho_verifier {           /* verify is required */
	uint32_t size;
	int  (*open)(struct rho_ctx *, void *self);
	void (*close)(struct rho_ctx *, void *self);
	/* A wrong or unreadable answer is a verdict, not an error. The order of claims is irrelevant. */
	int  (*verify)(struct rho_ctx *, void *self,
	               const struct rho_claim *, size_t n, struct rho_verdict *);
	const void *(*extension)(struct rho_ctx *, void *self, const char *id);
};
