/* split.c: which ratings are there to learn from and which are to be found. Whatever is held out, nothing that came
 * after it is in the training part. */
#include <stdlib.h>

#include "movielens.h"

static int by_user(const void *a, const void *b)
{
	const struct rating *x = a, *y = b;
	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* One user's ratings (n), oldest first: the last liked one is for the test, the one liked before for validation.
 * Someone who liked fewer than three has none of either: nothing would be known of that user. */
static void leave_one_out(struct rating *rating, size_t n, double threshold)
{
	size_t liked[3], found = 0;     /* the last three, the latest first */
	for (size_t i = n; i > 0 && found < 3; i--)
		if (rating[i - 1].value >= threshold)
			liked[found++] = i - 1;
	if (found < 3)
		return;
	for (size_t i = liked[1]; i < n; i++)
		rating[i].part = i == liked[0]   ? MOVIELENS_TEST
				 : i == liked[1] ? MOVIELENS_VALID
						 : MOVIELENS_LATER;
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* One moment for all users: the latest share of all ratings is for the test, the share before for validation. Equal
 * moments go to one part, the later one. */
static int cut_time(struct reading *r)
{
	int64_t *time = malloc((r->n + 1) * sizeof(*time));     /* (n), sorted */
	if (!time)
		return movielens_no_memory(r);
	for (size_t i = 0; i < r->n; i++)
		time[i] = r->rating[i].time;
	qsort(time, r->n, sizeof(*time), by_value);
	size_t test = (size_t)((double)r->n * (1 - r->p->test));
	size_t valid = (size_t)((double)r->n * (1 - r->p->test - r->p->valid));
	for (size_t i = 0; i < r->n; i++) {
		int64_t t = r->rating[i].time;
		r->rating[i].part = test < r->n && t >= time[test]     ? MOVIELENS_TEST
				    : valid < test && t >= time[valid] ? MOVIELENS_VALID
								       : MOVIELENS_TRAIN;
	}
	free(time);
	return 0;
}

int movielens_split_ratings(struct reading *r)
{
	size_t n_users = rho_idmap_n(&r->users), at = 0;
	r->first = malloc((n_users + 1) * sizeof(*r->first));
	if (!r->first)
		return movielens_no_memory(r);
	qsort(r->rating, r->n, sizeof(*r->rating), by_user);
	int e = r->p->split == MOVIELENS_TIME ? cut_time(r) : 0;
	if (e)
		return e;
	for (size_t u = 0; u < n_users; u++) {
		size_t from = r->first[u] = at, before = r->n_part[MOVIELENS_TEST];
		while (at < r->n && r->rating[at].user == u)
			at++;
		if (r->p->split == MOVIELENS_LEAVE_ONE_OUT)
			leave_one_out(r->rating + from, at - from, r->p->threshold);
		for (size_t i = from; i < at; i++)
			r->n_part[r->rating[i].part]++;
		r->no_test += r->n_part[MOVIELENS_TEST] == before;
	}
	r->first[n_users] = at;
	return 0;
}
