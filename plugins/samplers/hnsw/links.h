/* links.h: a graph of rows as numbers in a file: what is written, and what is believed of what is read.
 * Words of 32 bits: the row searches begin at, the highest level, then for each row its level and for
 * each of the levels 0 .. that one a number of links and the rows they lead to. */
#ifndef RHO_HNSW_LINKS_H
#define RHO_HNSW_LINKS_H

#include "kit/trouble.h"

enum { HNSW_LEVELS = 64 };      /* more than any graph of 2^32 rows has  */

struct hnsw_head {              /* what a file says of itself; all of it in the file, in this order */
	uint64_t magic;
	uint64_t rows, cols;    /* of the matrix                             */
	uint64_t matrix[2];     /* XXH3 of its rows, one after another       */
	uint64_t m, ef_construction, lengths;   /* lengths: rows were made equally long */
	uint64_t words, sum;    /* how many follow, and their XXH3           */
};

/* The head of the index of these rows, but for words and sum. One pass over the matrix. */
struct hnsw_head hnsw_head_of(const struct rho_rows *, size_t m, size_t ef_construction, bool lengths);

/* Whether the n words are the links of a graph of so many rows and at most m links a row and level (2 m
 * on level 0): ids that exist, on levels that they have. level (rows): workspace. */
bool hnsw_links_check(const uint32_t *word, size_t n, size_t rows, size_t m, uint8_t *level);

/* Reads an index that must be that of `want`. word: malloc'd, the caller's to free, checked. 0 or
 * an error in `t`. */
int hnsw_links_read(const char *path, const struct hnsw_head *want, uint32_t **word, struct rho_trouble *t);

/* Writes the words under a temporary name beside `path`, then renames. 0 or an error in `t`. */
int hnsw_links_write(const char *path, struct hnsw_head, const uint32_t *word, struct rho_trouble *t);

#endif
