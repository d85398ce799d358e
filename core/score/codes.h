/* codes.h: a matrix's rows in fewer bits: for finding quickly which few rows can have the largest inner products. */
#ifndef RHO_SCORE_CODES_H
#define RHO_SCORE_CODES_H

#include <rho/view.h>

enum rho_code { RHO_CODE_F32, RHO_CODE_BF16, RHO_CODE_INT8 };

/* Views of memory that somebody else owns (a mapped file). */
struct rho_codes {
	uint32_t code; /* enum rho_code, not F32 */
	const struct rho_mat *of; /* the matrix that is coded */
	size_t stride; /* bytes a row */
	const void *at; /* (of->rows, stride) */
	const float *scale; /* (of->rows) INT8: row = scale * numbers; else NULL */
	const float *error; /* (of->rows) the length of row - coded row, rounded up */
};

#endif
