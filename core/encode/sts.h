/* sts.h: pairs of sentences with human scores of their likeness, and how well cosines agree with those. */
#ifndef RHO_ENCODE_STS_H
#define RHO_ENCODE_STS_H

#include <kit/idmap.h>

#include "../base/buf.h"
#include "../stats/stats.h"

struct rho_sts_pair {
	uint32_t part; /* of the file's parts */
	uint32_t a, b; /* sentences, by their numbers over all files */
	double score;  /* 0 .. 5 */
};

struct rho_sts_corr { /* of the cosine with the score */
	size_t n;
	double spearman, pearson;                            /* NaN: too few pairs, or all alike */
	struct rho_interval spearman_within, pearson_within; /* bootstrap over pairs; of a part: NaN */
};

struct rho_sts_part { /* the pairs of one source within a file: MSRvid, headlines */
	char *name;
	struct rho_sts_corr corr;
};

struct rho_sts_file {
	const char *path;
	struct rho_sts_pair *pair;
	size_t n_pairs;
	struct rho_sts_part *part;
	size_t n_parts;
	/* after rho_sts_measure */
	struct rho_sts_corr all;
	double spearman_parts, pearson_parts; /* mean over the parts that have one */
	double alignment; /* mean squared distance of unit rows over pairs scored above 4; NaN: there are none
	                   */
	size_t n_aligned;
	double uniformity;  /* ln mean exp(-2 squared distance) over distinct sentences; NaN: fewer than 2 */
	size_t n_sentences; /* distinct ones */
};

struct rho_sts {                   /* zero-initialise */
	struct rho_idmap sentence; /* each distinct one of all files once */
	struct rho_sts_file *file;
	size_t n_files;
};

/* Reads a file (plain or gzipped), parted by tabs, never quoted, no header, told by the columns of its first
 * line: 7 to 9 (STS Benchmark: genre, file, year, id, score, two sentences, notes) or 5 (STS 2012 to 2016 as
 * year, file, score, two sentences). 0 or -1 with why, which has file and line. `path` must outlive it. */
int rho_sts_read(struct rho_sts *, const char *path, struct rho_buf *why);
void rho_sts_free(struct rho_sts *);

/* Fills all results from the sentences' rows (a row a sentence of `sentence`). Intervals are 95% percentile
 * ones of `resamples` bootstrap resamples of pairs (0: none). A row of zeros has cosine 0 with everything. 0
 * or -1 with why: there is no OpenBLAS. */
int rho_sts_measure(struct rho_sts *, const struct rho_mat *rows, uint64_t resamples, unsigned threads,
                    struct rho_buf *why);

#endif
