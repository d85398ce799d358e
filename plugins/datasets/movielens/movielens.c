/* movielens: movies, users and their ratings, in the layout of GroupLens's ml-latest files. */
#include "movielens.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "kit/place.h"

enum { WEIGHT_RATING, WEIGHT_LIKED };
static const char *const weight_names[] = { "rating", "liked", NULL };
static const char *const split_names[] = { "leave_one_out", "time", NULL };
static const char *const part_names[] = { "train", "valid", "test" };
static const double most_stars = 5, least_stars = 0.5;

static const struct rho_param movielens_params[] = {
	RHO_PATH(struct movielens, path, "folder with movies.csv and ratings.csv, gzip or not"),
	RHO_CHOICE(struct movielens, weight, WEIGHT_RATING, weight_names,
		   "a link's weight: the stars over 5, or 1 for what was liked and else 0"),
	RHO_F64(struct movielens, threshold, 4, 0.5, 5, "stars from which on a movie was liked"),
	RHO_I64(struct movielens, history, 10, 0, 1000,
		"most titles, the latest of those liked, in a user's text"),
	RHO_CHOICE(struct movielens, split, MOVIELENS_LEAVE_ONE_OUT, split_names,
		   "test and valid: each user's last and last but one liked movie, or all from a moment on"),
	RHO_F64(struct movielens, valid, 0.1, 0, 0.9, "with split = \"time\": share of the ratings before the test"),
	RHO_F64(struct movielens, test, 0.2, 0, 0.9, "with split = \"time\": share of the ratings, the latest"),
	RHO_END
};

int movielens_no_memory(struct reading *r)
{
	return rho_trouble_set(&r->trouble, RHO_ENOMEM, "no memory left to read %s", r->p->path);
}

static int note_year(struct reading *r, uint32_t movie, int64_t year)
{
	if (movie >= r->year_room) {
		size_t room = r->year_room ? 2 * r->year_room : 16384;
		int64_t *at = realloc(r->year, room * sizeof(*at));
		if (!at)
			return movielens_no_memory(r);
		r->year = at;
		r->year_room = room;
	}
	r->year[movie] = year;
	return 0;
}

static int read_movie(struct reading *r, struct rho_csv *f, const int column[3])
{
	struct rho_str id = rho_csv_field(f, column[0]), title = rho_csv_field(f, column[1]);
	struct rho_str genres = rho_csv_field(f, column[2]);
	bool fresh;
	if (!id.len)
		return rho_csv_fail(f, "movieId is empty");
	uint32_t movie = rho_idmap_add(&r->movies, id, &fresh);
	if (movie == RHO_NO_ID)
		return movielens_no_memory(r);
	if (!fresh)
		return rho_csv_fail(f, "movieId %.*s stands in an earlier row, too", (int)id.len, id.at);
	int64_t year = movielens_cut_year(&title);
	rho_text_clear(&r->text);
	if (!movielens_readable(&r->text, title) ||
	    !rho_pile_add(&r->title, rho_str_trim(rho_text_view(&r->text))))
		return movielens_no_memory(r);
	rho_text_clear(&r->text);
	if (rho_str_is(genres, "(no genres listed)"))
		genres.len = 0;
	while (genres.at && genres.len)
		rho_text_join(&r->text, ", ", rho_str_cut(&genres, '|'));
	if (r->text.spent || !rho_pile_add(&r->genres, rho_text_view(&r->text)))
		return movielens_no_memory(r);
	return note_year(r, movie, year);
}

static int add_rating(struct reading *r, struct rating one)
{
	if (r->n == r->room) {
		size_t room = r->room ? r->room + r->room / 2 : 4096;
		struct rating *at = realloc(r->rating, room * sizeof(*at));
		if (!at)
			return movielens_no_memory(r);
		r->rating = at;
		r->room = room;
	}
	r->rating[r->n++] = one;
	return 0;
}

static int read_rating(struct reading *r, struct rho_csv *f, const int column[4])
{
	struct rho_str user = rho_csv_field(f, column[0]), movie = rho_csv_field(f, column[1]);
	struct rating one = { .order = (uint32_t)r->n, .movie = rho_idmap_find(&r->movies, movie) };
	if (!user.len)
		return rho_csv_fail(f, "userId is empty");
	if (one.movie == RHO_NO_ID)
		return rho_csv_fail(f, "movieId \"%.*s\" is not in the movies' file", (int)movie.len, movie.at);
	int e = rho_csv_f64(f, column[2], &one.value);
	if (!e && !(one.value >= least_stars && one.value <= most_stars))
		e = rho_csv_fail(f, "rating is \"%.*s\", and must be from 0.5 to 5 stars",
				 (int)rho_csv_field(f, column[2]).len, rho_csv_field(f, column[2]).at);
	if (!e)
		e = rho_csv_time(f, column[3], &one.time);
	if (!e && one.time == INT64_MIN)
		e = rho_csv_fail(f, "timestamp is empty");
	if (!e && r->n >= UINT32_MAX)
		e = rho_csv_fail(f, "more than %u ratings", UINT32_MAX);
	if (e)
		return e;
	one.user = rho_idmap_add(&r->users, user, NULL);
	return one.user == RHO_NO_ID ? movielens_no_memory(r) : add_rating(r, one);
}

/* Reads file `name` row by row with `one`, which is given the columns' numbers. */
static int read_file(struct reading *r, const char *name, const char *const *columns, size_t n,
		     int (*one)(struct reading *, struct rho_csv *, const int *))
{
	int column[4], more = 0;
	size_t count = 0;
	char *path = rho_place(r->p->path, NULL, name);
	struct rho_csv *f = path ? rho_csv_open(path, ',', &r->trouble) : NULL;
	int e = f ? 0 : path ? r->trouble.code : movielens_no_memory(r);
	for (size_t i = 0; !e && i < n; i++) {
		column[i] = rho_csv_column(f, columns[i], true);
		e = r->trouble.code;
	}
	while (!e && (more = rho_csv_next(f)) > 0) {
		e = one(r, f, column);
		count++;
		if (!e)
			e = rho_csv_pulse(f, r->ctx);
	}
	if (!e && more < 0)
		e = more;
	if (!e && !count)
		e = rho_trouble_at(&r->trouble, RHO_EFORMAT, path, 0, "the file has a header but no rows");
	rho_csv_close(f);
	free(path);
	return e;
}

static int declare(struct rho_sink *sink)
{
	static const struct rho_column_spec actions[] = {
		{ .name = "id", .type = RHO_COL_STR },     { .name = "text", .type = RHO_COL_STR },
		{ .name = "title", .type = RHO_COL_STR },  { .name = "category", .type = RHO_COL_LABEL },
		{ .name = "genres", .type = RHO_COL_STR }, { .name = "rating", .type = RHO_COL_F64 },
		{ .name = "year", .type = RHO_COL_I64 },
	};
	static const struct rho_column_spec contexts[] = {
		{ .name = "id", .type = RHO_COL_STR }, { .name = "text", .type = RHO_COL_STR },
	};
	static const struct rho_column_spec links[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 }, { .name = "rating", .type = RHO_COL_F64 },
		{ .name = "time", .type = RHO_COL_I64 },   { .name = "split", .type = RHO_COL_LABEL },
	};
	int e = sink->columns(sink, RHO_ACTIONS, actions, 7);
	if (!e)
		e = sink->columns(sink, RHO_CONTEXTS, contexts, 2);
	return e ? e : sink->columns(sink, RHO_LINKS, links, 6);
}

static int write_movie(struct reading *r, uint32_t movie, double rating)
{
	char year[16] = "";
	struct rho_str title = rho_pile_at(&r->title, movie), genres = rho_pile_at(&r->genres, movie), rest = genres;
	struct rho_str first = rho_str_cut(&rest, ',');
	if (r->year[movie] != INT64_MIN)
		snprintf(year, sizeof(year), " (%d)", (int)r->year[movie]);
	rho_text_clear(&r->text);
	rho_text_add(&r->text, title);
	rho_text_adds(&r->text, year);
	if (!rho_text_join(&r->text, ". ", genres))
		return movielens_no_memory(r);
	const union rho_value row[] = { { .s = rho_pile_at(&r->movies.names, movie) },
					{ .s = rho_text_view(&r->text) },
					{ .s = title },
					{ .s = first },
					{ .s = genres },
					{ .f = rating },
					{ .i = r->year[movie] } };
	int64_t at = r->sink->add(r->sink, RHO_ACTIONS, row);
	return at < 0 ? (int)at : 0;
}

/* Movies in the file's order, with the mean of their training ratings. */
static int write_movies(struct reading *r)
{
	size_t n = rho_idmap_n(&r->movies);
	double *sum = calloc(n, sizeof(*sum));          /* (n) stars in training ratings */
	size_t *count = calloc(n, sizeof(*count));      /* (n) those ratings */
	int e = sum && count ? 0 : movielens_no_memory(r);
	for (size_t i = 0; !e && i < r->n; i++) {
		if (r->rating[i].part != MOVIELENS_TRAIN)
			continue;
		sum[r->rating[i].movie] += r->rating[i].value;
		count[r->rating[i].movie]++;
	}
	for (uint32_t m = 0; !e && m < n; m++)
		e = write_movie(r, m, count[m] ? sum[m] / (double)count[m] : (double)NAN);
	free(sum);
	free(count);
	return e;
}

/* Sets r->text to the last `history` titles that this user liked in the training part, oldest first. */
static int write_titles(struct reading *r, size_t from, size_t to)
{
	size_t left = (size_t)r->p->history, i = to;
	while (i > from && left) {
		i--;
		left -= r->rating[i].part == MOVIELENS_TRAIN && r->rating[i].value >= r->p->threshold;
	}
	rho_text_clear(&r->text);
	for (; r->p->history && i < to; i++)
		if (r->rating[i].part == MOVIELENS_TRAIN && r->rating[i].value >= r->p->threshold)
			rho_text_join(&r->text, "; ", rho_pile_at(&r->title, r->rating[i].movie));
	return r->text.spent ? movielens_no_memory(r) : 0;
}

static int write_user(struct reading *r, uint32_t user)
{
	int e = write_titles(r, r->first[user], r->first[user + 1]);
	const union rho_value row[] = { { .s = rho_pile_at(&r->users.names, user) },
					{ .s = rho_text_view(&r->text) } };
	int64_t at = e ? e : r->sink->add(r->sink, RHO_CONTEXTS, row);
	for (size_t i = r->first[user]; at >= 0 && i < r->first[user + 1]; i++) {
		const struct rating *g = &r->rating[i];
		double liked = g->value >= r->p->threshold ? 1 : 0;
		if (g->part == MOVIELENS_LATER)
			continue;
		const union rho_value link[] = { { .row = user },
						 { .row = g->movie },
						 { .f = r->p->weight == WEIGHT_LIKED ? liked : g->value / most_stars },
						 { .f = g->value },
						 { .i = g->time },
						 { .s = rho_str_of(part_names[g->part]) } };
		at = r->sink->add(r->sink, RHO_LINKS, link);
	}
	return at < 0 ? (int)at : 0;
}

static int read_all(struct reading *r)
{
	static const char *const movie[] = { "movieId", "title", "genres" };
	static const char *const rating[] = { "userId", "movieId", "rating", "timestamp" };
	int e = 0;
	if (r->p->split == MOVIELENS_TIME && r->p->valid + r->p->test >= 1)
		e = rho_trouble_set(&r->trouble, RHO_EINVAL,
				    "valid = %g and test = %g leave nothing to learn from; together they must be "
				    "below 1", r->p->valid, r->p->test);
	if (!e)
		e = declare(r->sink);
	if (!e)
		e = read_file(r, "movies.csv", movie, 3, read_movie);
	if (!e)
		e = read_file(r, "ratings.csv", rating, 4, read_rating);
	if (!e)
		e = movielens_split_ratings(r);
	if (!e)
		e = write_movies(r);
	for (uint32_t u = 0; !e && u < rho_idmap_n(&r->users); u++)
		e = write_user(r, u);
	return e;
}

static int movielens_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	struct reading r = { .p = self, .ctx = c, .sink = sink };
	int e = read_all(&r);
	if (r.trouble.code)
		e = rho_fail(c, r.trouble.code, "%s", r.trouble.text);
	if (!e)
		rho_log(c, RHO_INFO,
			"%zu actions, %zu contexts, links: %zu train, %zu valid, %zu test; left out: %zu ratings "
			"given after one that is held out; %zu users have nothing in the test part",
			rho_idmap_n(&r.movies), rho_idmap_n(&r.users), r.n_part[MOVIELENS_TRAIN],
			r.n_part[MOVIELENS_VALID], r.n_part[MOVIELENS_TEST], r.n_part[MOVIELENS_LATER], r.no_test);
	rho_idmap_free(&r.movies);
	rho_idmap_free(&r.users);
	rho_pile_free(&r.title);
	rho_pile_free(&r.genres);
	rho_text_free(&r.text);
	free(r.year);
	free(r.rating);
	free(r.first);
	return e;
}

static const struct rho_dataset movielens_dataset = {
	.size = sizeof(movielens_dataset),
	.tables = 1u << RHO_ACTIONS | 1u << RHO_CONTEXTS | 1u << RHO_LINKS,
	.read = movielens_read,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_DATASET), .name = "movielens", .version = "1.0.0", .revision = 1, .flags = RHO_THREADS,
	.brief = "movies with genres, users, and their ratings in time",
	.doc = "An action is a movie; its text is \"title (year). genres\", articles where one says them; its rating "
	       "is the mean of its training ratings. A context is a user; the text is the titles of what that user "
	       "liked last in the training part. Links are ratings with their time and split. With "
	       "split = \"leave_one_out\" the last liked movie of a user is test and the one liked before valid; "
	       "what else came after the latter is left out, so nothing is learned from later than what is to be "
	       "found. With \"time\" all users are cut at one moment.",
	.cite = "Harper and Konstan 2015, The MovieLens Datasets: History and Context",
	.params = movielens_params, .self_size = sizeof(struct movielens), .dataset = &movielens_dataset,
};
