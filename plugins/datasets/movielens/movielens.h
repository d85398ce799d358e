/* movielens.h: what the parts of the movielens dataset share. */
#ifndef RHO_DATASET_MOVIELENS_H
#define RHO_DATASET_MOVIELENS_H

#include "kit/csv.h"
#include "kit/idmap.h"

enum movielens_split { MOVIELENS_LEAVE_ONE_OUT, MOVIELENS_TIME };
enum movielens_part { MOVIELENS_TRAIN, MOVIELENS_VALID, MOVIELENS_TEST, MOVIELENS_LATER, MOVIELENS_N_PARTS };

struct movielens {              /* parameters */
	const char *path;
	int weight, split;
	double threshold, valid, test;
	int64_t history;
};

struct rating {
	uint32_t user, movie;
	uint32_t order;         /* in the file */
	uint32_t part;          /* enum movielens_part */
	int64_t time;
	double value;
};

struct reading {                /* what one call of read holds */
	const struct movielens *p;
	struct rho_ctx *ctx;
	struct rho_sink *sink;
	struct rho_trouble trouble;
	struct rho_idmap movies, users;         /* ids; movies' numbers are rows of actions, users' of contexts */
	struct rho_pile title, genres;          /* of each movie: readable, without its year; joined with ", " */
	int64_t *year;          /* (movies, as year_room allows); INT64_MIN: unknown */
	size_t year_room;
	struct rating *rating;  /* (n), by user, then time, then the file's order once all are read */
	size_t n, room;
	size_t *first;          /* (users + 1) into rating */
	size_t n_part[MOVIELENS_N_PARTS];
	size_t no_test;         /* users without a test part */
	struct rho_text text;   /* of the row being composed */
};

/* Adds to `out` a title as one says it: "Postman, The (Postino, Il)" becomes "The Postman (Il Postino)".
 * False: out of memory. */
bool movielens_readable(struct rho_text *out, struct rho_str title);

/* Cuts "(1995)" off the end of *title and gives the year, or INT64_MIN when it does not end so. */
int64_t movielens_cut_year(struct rho_str *title);

/* Sorts the ratings, finds each user's and says which part each belongs to. 0 or trouble. */
int movielens_split_ratings(struct reading *);

/* Records that memory ran out, and gives RHO_ENOMEM. */
int movielens_no_memory(struct reading *);

#endif
