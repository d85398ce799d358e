/* codes.h: a matrix's rows in fewer bits: for finding quickly which few rows can have the largest inner products. */
#ifndef RHO_SCORE_CODES_H
#define RHO_SCORE_CODES_H

#include <stdbool.h>
#include <rho/view.h>

enum rho_code { RHO_CODE_F32, RHO_CODE_BF16, RHO_CODE_INT8 };

/* "f32", "bf16", "int8": the names of enum rho_code, in order, ends with NULL. */
extern const char *const rho_code_names[];

/* Longer rows are not coded: sums of 32 bits could overflow. */
enum { RHO_CODES_MOST_COLS = 65536 };

/* Views of memory that somebody else owns (a mapped file). A row whose numbers are not all finite, or whose length
 * is above 1e18, has codes of zeros and an infinite error: it is always looked at as it is. */
struct rho_codes {
	uint32_t code; /* enum rho_code, not F32 */
	const struct rho_mat *of; /* the matrix that is coded */
	size_t stride; /* bytes a row: rho_codes_stride */
	const void *at; /* (of->rows, stride) INT8: bytes, the number + 128; BF16: the upper halves of floats */
	const float *scale; /* (of->rows) INT8: row = scale * numbers; BF16: the coded row's length, rounded up */
	const float *error; /* (of->rows) the length of row - coded row, rounded up */
};

/* Bytes of a coded row of so many numbers. */
size_t rho_codes_stride(uint32_t code, size_t cols);

/* Codes rows from .. to - 1 of a matrix of at most RHO_CODES_MOST_COLS columns: INT8: the row's greatest number
 * becomes 127 and each the nearest whole number; BF16: each the nearest, ties to the even one. The three arrays are
 * those of struct rho_codes, from row 0. Every byte of these rows is written. Any thread. */
void rho_codes_make(const struct rho_mat *, uint32_t code, size_t from, size_t to, void *at, float *scale,
                    float *error);

struct rho_scan;

/* Answers those of n > 0 requests that are RHO_SCAN_TOP; all are over the same rows y, which has no list of ids
 * and whose matrix is codes->of. What comes out equals rho_score_scan without codes, to the bit: one pass over
 * the codes bounds every product from below and above (Cauchy-Schwarz: |<q,r> - <q',r'>| <= |q||r - r'| +
 * |q - q'||r'|, and what rounding adds), rows that can be among the k best are scored as they are. Queries
 * for which that is more than an eighth of the rows are answered without codes. */
void rho_codes_top(struct rho_scan *const *scan, size_t n, const struct rho_codes *codes, unsigned threads);

#endif
