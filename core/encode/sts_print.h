/* sts_print.h: the three forms in which `rho sts` tells what it found. */
#ifndef RHO_ENCODE_STS_PRINT_H
#define RHO_ENCODE_STS_PRINT_H

#include "sts.h"

struct rho_sts_about {
	const char *encoder, *version;
	const char *transform; /* its steps, or "" */
	size_t dim;
};

/* All print to standard output: a row a file and the average; with every part of every file, too. */
void rho_sts_print(const struct rho_sts *, const struct rho_sts_about *);
void rho_sts_print_json(const struct rho_sts *, const struct rho_sts_about *);
void rho_sts_print_csv(const struct rho_sts *, const struct rho_sts_about *);

#endif
