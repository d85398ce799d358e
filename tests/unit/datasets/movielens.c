/* The movielens dataset: titles as they are said, splits that look into no future, and the real counts. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../kit/scratch.h"
#include "loaded.h"

TestSuite(movielens, .init = scratch_make, .fini = scratch_remove);

static const char movies[] =
	"movieId,title,genres\r\n"
	"11,\"American President, The (1995)\",Comedy|Drama|Romance\r\n"
	"2,\"City of Lost Children, The (Cit\xc3\xa9 des enfants perdus, La) (1995)\",Adventure\r\n"
	"193609,\"11'09\"\"01 - September 11 (2002) \",(no genres listed)\r\n"
	"5,Babylon 5,Sci-Fi\r\n"
	"6,\"Auberge espagnole, L' (a.k.a. Spanish Apartment, The) (2002)\",Comedy\r\n"
	"7,\"Me, Myself & Irene (2000)\",Comedy\r\n";

/* User 9 likes 11, 2, 5 and 6 (at the same second as 2, but later in the file) and 7; in between comes a dislike.
 * User 3 likes two. */
static const char ratings[] = "userId,movieId,rating,timestamp\r\n"
			      "9,7,4.0,60\r\n9,11,5.0,10\r\n9,193609,0.5,50\r\n9,2,4.5,20\r\n9,6,4.0,20\r\n"
			      "9,5,4.0,40\r\n3,11,4.0,70\r\n3,2,1.0,5\r\n3,5,5.0,15\r\n";

static const char *folder(const char *m, const char *r)
{
	scratch_file("movies.csv", m);
	scratch_gzip("ratings.csv.gz", r, strlen(r));
	return scratch_path("");
}

static double number(const struct loaded *l, uint32_t table, const char *name, size_t row)
{
	return rho_find_column(l->data, table, name, RHO_COL_F64)->f64[row];
}

static int64_t integer(const struct loaded *l, uint32_t table, const char *name, size_t row)
{
	return rho_find_column(l->data, table, name, RHO_COL_I64)->i64[row];
}

Test(movielens, leave_one_out)
{
	struct loaded l = load_well("movielens", "path = '%s'", folder(movies, ratings));
	static const char *const text[] = {
		"The American President (1995). Comedy, Drama, Romance",
		"The City of Lost Children (La Cit\xc3\xa9 des enfants perdus) (1995). Adventure",
		"11'09\"01 - September 11 (2002)", "Babylon 5. Sci-Fi",
		"L'Auberge espagnole (a.k.a. The Spanish Apartment) (2002). Comedy",
		"Me, Myself & Irene (2000). Comedy",
	};
	static const double rating[] = { 4.5, 2.75, NAN, 5, 4, NAN };   /* training ratings only */
	for (size_t i = 0; i < 6; i++) {
		cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", i), text[i]);
		double v = number(&l, RHO_ACTIONS, "rating", i);
		cr_assert(v == rating[i] || (isnan(v) && isnan(rating[i])), "%zu: %g", i, v);
	}
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "title", 0), "The American President");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "category", 0), "Comedy");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "category", 2), "");
	cr_assert(integer(&l, RHO_ACTIONS, "year", 3) == INT64_MIN && integer(&l, RHO_ACTIONS, "year", 2) == 2002);
	/* 5 is valid and 7 test, the dislike between them is neither; user 3 likes too few to hold any out. */
	static const struct { uint32_t context, action; double rating; const char *split; } link[] = {
		{ 0, 0, 5, "train" }, { 0, 1, 4.5, "train" }, { 0, 4, 4, "train" }, { 0, 3, 4, "valid" },
		{ 0, 5, 4, "test" },  { 1, 1, 1, "train" },   { 1, 3, 5, "train" }, { 1, 0, 4, "train" },
	};
	cr_assert_eq(rows(&l, RHO_LINKS), 8);
	for (size_t i = 0; i < 8; i++) {
		cr_assert(link_context(&l, i) == link[i].context && link_action(&l, i) == link[i].action, "%zu", i);
		cr_assert_eq(number(&l, RHO_LINKS, "rating", i), link[i].rating);
		cr_assert_eq(link_weight(&l, i), link[i].rating / 5);
		cr_assert_str_eq(cell(&l, RHO_LINKS, "split", i), link[i].split);
	}
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "id", 0), "9");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 0),
			 "The American President; The City of Lost Children (La Cit\xc3\xa9 des enfants perdus); "
			 "L'Auberge espagnole (a.k.a. The Spanish Apartment)");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 1), "Babylon 5; The American President");
	unload(&l);
	l = load_well("movielens", "path = '%s'\nweight = 'liked'\nhistory = 1\nthreshold = 4.5", scratch_path(""));
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 1), "Babylon 5");
	cr_assert(rows(&l, RHO_LINKS) == 9 && link_weight(&l, 0) == 1 && link_weight(&l, 2) == 0);
	unload(&l);
	l = load_well("movielens", "path = '%s'\nhistory = 0", scratch_path(""));
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 1), "");
	unload(&l);
}

/* Nine ratings: the latest three (from 50 on) are test, the third before valid; 20 and 20 fall together. */
Test(movielens, time)
{
	struct loaded l = load_well("movielens", "path = '%s'\nsplit = 'time'\ntest = 0.33\nvalid = 0.3",
				    folder(movies, ratings));
	static const char *const split[] = { "train", "valid", "valid", "valid", "test", "test",
					     "train", "train", "test" };
	cr_assert_eq(rows(&l, RHO_LINKS), 9);
	for (size_t i = 0; i < 9; i++)
		cr_assert_str_eq(cell(&l, RHO_LINKS, "split", i), split[i], "%zu", i);
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 0), "The American President");
	unload(&l);
}

Test(movielens, mistakes)
{
	const char *f = scratch_path("");
	load_badly("movielens", RHO_EIO, "movies.csv: there is no such file", "path = '%s'", f);
	static const char *const bad[] = { "5.5", "0", "-1", "", "nan", "x" };
	for (size_t i = 0; i < 6; i++) {
		char text[200], why[100];
		snprintf(text, sizeof(text), "userId,movieId,rating,timestamp\n1,5,3,1\n1,6,%s,2\n", bad[i]);
		snprintf(why, sizeof(why), "ratings.csv.gz:3: rating is \"%s\"", bad[i]);
		load_badly("movielens", RHO_EFORMAT, why, "path = '%s'", folder(movies, text));
	}
	f = folder(movies, "userId,movieId,rating,timestamp\n1,99,3,1\n");
	load_badly("movielens", RHO_EFORMAT, "ratings.csv.gz:2: movieId \"99\" is not in the movies' file",
		   "path = '%s'", f);
	f = folder(movies, "userId,movieId,rating,timestamp\n1,5,3,\n");
	load_badly("movielens", RHO_EFORMAT, "ratings.csv.gz:2: timestamp is empty", "path = '%s'", f);
	f = folder(movies, "userId,movieId,rating,timestamp\n");
	load_badly("movielens", RHO_EFORMAT, "a header but no rows", "path = '%s'", f);
	f = folder(movies, "user,movieId,rating,timestamp\n1,5,3,1\n");
	load_badly("movielens", RHO_EFORMAT, "there is no column \"userId\"", "path = '%s'", f);
	f = folder("movieId,title,genres\n1,a,b\n1,c,d\n", ratings);
	load_badly("movielens", RHO_EFORMAT, "movies.csv:3: movieId 1 stands in an earlier row", "path = '%s'", f);
	f = folder("movieId,title,genres\n1,a, b,c\n", ratings);
	load_badly("movielens", RHO_EFORMAT, "movies.csv:2: 4 fields", "path = '%s'", f);
	f = folder(movies, ratings);
	load_badly("movielens", RHO_EINVAL, "leave nothing to learn from",
		   "path = '%s'\nsplit = 'time'\ntest = 0.6\nvalid = 0.5", f);
}

static void count_parts(const struct loaded *l, size_t n[3])
{
	memset(n, 0, 3 * sizeof(*n));
	for (size_t i = 0; i < rows(l, RHO_LINKS); i++) {
		const char *s = cell(l, RHO_LINKS, "split", i);
		n[s[0] == 'v' ? 1 : s[1] == 'e' ? 2 : 0]++;
	}
}

/* The counts of the data's own description; those of the splits were found by other means. */
Test(movielens, real)
{
	const char *path = real_data("movielens_small");
	struct timespec from, to;
	size_t n[3], unrated = 0, no_year = 0, bare = 0;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	struct loaded l = load_well("movielens", "path = '%s'", path);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	double took = (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
	fprintf(stderr, "movielens: loaded in %.3f s of processor time\n", took);
	cr_assert_lt(took, 1.0);
	cr_assert_eq(rows(&l, RHO_ACTIONS), 9742);
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 610);
	for (size_t i = 0; i < 9742; i++) {
		no_year += integer(&l, RHO_ACTIONS, "year", i) == INT64_MIN;
		bare += *cell(&l, RHO_ACTIONS, "genres", i) == 0;
	}
	cr_assert(no_year == 13 && bare == 34);
	count_parts(&l, n);
	cr_assert(n[0] == 97044 && n[1] == 608 && n[2] == 608, "%zu %zu %zu", n[0], n[1], n[2]);
	unload(&l);
	l = load_well("movielens", "path = '%s'\nsplit = 'time'", path);
	count_parts(&l, n);
	cr_assert(n[0] + n[1] + n[2] == 100836 && n[2] >= 20167, "%zu %zu %zu", n[0], n[1], n[2]);
	int64_t latest[3] = { INT64_MIN, INT64_MIN, INT64_MIN }, earliest[3] = { INT64_MAX, INT64_MAX, INT64_MAX };
	for (size_t i = 0; i < 100836; i++) {
		const char *s = cell(&l, RHO_LINKS, "split", i);
		int64_t t = integer(&l, RHO_LINKS, "time", i);
		size_t part = s[0] == 'v' ? 1 : s[1] == 'e' ? 2 : 0;
		latest[part] = t > latest[part] ? t : latest[part];
		earliest[part] = t < earliest[part] ? t : earliest[part];
	}
	cr_assert(latest[0] < earliest[1] && latest[1] < earliest[2]);
	for (size_t i = 0; i < 9742; i++)
		unrated += isnan(number(&l, RHO_ACTIONS, "rating", i)) ? 1 : 0;
	cr_assert_gt(unrated, 18);      /* and those only rated later */
	unload(&l);
}
