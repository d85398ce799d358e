/* The openbandit dataset: features that mean the same under both policies, propensities as they stand. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "../kit/scratch.h"
#include "loaded.h"

TestSuite(openbandit, .init = scratch_make, .fini = scratch_remove);

#define ITEM_HEAD ",item_id,item_feature_0,item_feature_1,item_feature_2,item_feature_3\n"
#define LOG_HEAD                                                                                             \
	",timestamp,item_id,position,click,propensity_score,user_feature_0,user_feature_1,user_feature_2,"   \
	"user_feature_3,user-item_affinity_0,user-item_affinity_1\n"

/* The items' hashes are renamed between the policies; the users' are not, but come in another order. */
static const char *folder(const char *more)
{
	char text[2000];
	scratch_file("bts_men_item_context.csv", ITEM_HEAD "0,0,-0.5,x,p,s\n1,1,0.25,y,p,t\n");
	scratch_file("random_men_item_context.csv", ITEM_HEAD "0,0,-0.5,b,q,u\n1,1,0.25,a,q,r\n");
	snprintf(text, sizeof(text), LOG_HEAD "%s%s",
		 "0,2019-11-24 00:00:01.5+00:00,1,3,0,1e-06,m,a,b,c,0.0,2.0\r\n"
		 "1,2019-11-24 00:00:01.6+00:00,0,1,1,0.9628,m,a,b,c,0.0,2.0\r\n"
		 "2,2019-11-24 09:00:02+09:00,0,2,0,1,f,a,b,c,1.0,0.0\r\n", more);
	scratch_gzip("bts_men.csv.gz", text, strlen(text));
	scratch_file("random_men.csv", LOG_HEAD "0,2019-11-24 00:00:01+00:00,0,1,0,0.5,f,a,b,d,1.0,0.0\n");
	return scratch_path("");
}

static const float *vector(const struct loaded *l, uint32_t table, size_t row, size_t width)
{
	const struct rho_column *c = rho_find_column(l->data, table, "features", RHO_COL_F32S);
	cr_assert_eq(c->width, width, "%zu", c->width);
	return c->f32 + row * width;
}

static bool same(const float *v, const float *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] < wanted[i] || v[i] > wanted[i])
			return false;
	return true;
}

Test(openbandit, log)
{
	/* item_feature_0, x y, p, s t; and f m, a, b, c d, affinities */
	static const float item[2][6] = { { -0.5f, 1, 0, 1, 1, 0 }, { 0.25f, 0, 1, 1, 0, 1 } };
	static const float user[2][8] = { { 0, 1, 1, 1, 1, 0, 0, 2 }, { 1, 0, 1, 1, 1, 0, 1, 0 } };
	static const float other[8] = { 1, 0, 1, 1, 0, 1, 1, 0 };
	static const uint32_t context[] = { 0, 0, 1 }, action[] = { 1, 0, 0 };
	static const double reward[] = { 0, 1, 0 }, prob[] = { 1e-6, 0.9628, 1 };
	static const int64_t position[] = { 3, 1, 2 }, time[] = { 1574553601, 1574553601, 1574553602 };
	const char *f = folder("");
	struct loaded l = load_well("openbandit", "path = '%s'\npolicy = 'bts'", f);
	cr_assert(rows(&l, RHO_ACTIONS) == 2 && rows(&l, RHO_CONTEXTS) == 2 && rows(&l, RHO_LOG) == 3);
	for (size_t i = 0; i < 2; i++) {
		cr_assert(same(vector(&l, RHO_ACTIONS, i, 6), item[i], 6), "%zu", i);
		cr_assert(same(vector(&l, RHO_CONTEXTS, i, 8), user[i], 8), "%zu", i);
	}
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(rho_find_column(l.data, RHO_LOG, "context", RHO_COL_ROW)->row[i], context[i]);
		cr_assert_eq(rho_find_column(l.data, RHO_LOG, "action", RHO_COL_ROW)->row[i], action[i]);
		cr_assert_eq(rho_find_column(l.data, RHO_LOG, "reward", RHO_COL_F64)->f64[i], reward[i]);
		cr_assert_eq(rho_find_column(l.data, RHO_LOG, "prob", RHO_COL_F64)->f64[i], prob[i]);
		cr_assert_eq(rho_find_column(l.data, RHO_LOG, "position", RHO_COL_I64)->i64[i], position[i]);
		cr_assert_eq(rho_find_column(l.data, RHO_LOG, "time", RHO_COL_I64)->i64[i], time[i]);
	}
	unload(&l);
	l = load_well("openbandit", "path = '%s'", f);
	for (size_t i = 0; i < 2; i++)
		cr_assert(same(vector(&l, RHO_ACTIONS, i, 6), item[i], 6), "%zu", i);
	cr_assert(same(vector(&l, RHO_CONTEXTS, 0, 8), other, 8));
	unload(&l);
}

Test(openbandit, mistakes)
{
	static const struct { const char *row, *why; } bad[] = {
		{ "3,2019-11-24 00:00:01+00:00,0,1,0,0,m,a,b,c,0,0\n", "bts_men.csv.gz:5: propensity_score is \"0\"" },
		{ "3,2019-11-24 00:00:01+00:00,0,1,0,1.5,m,a,b,c,0,0\n", ":5: propensity_score is \"1.5\"" },
		{ "3,2019-11-24 00:00:01+00:00,0,1,0,-1e-6,m,a,b,c,0,0\n", ":5: propensity_score is \"-1e-6\"" },
		{ "3,2019-11-24 00:00:01+00:00,0,1,0,,m,a,b,c,0,0\n", ":5: propensity_score is \"\"" },
		{ "3,2019-11-24 00:00:01+00:00,0,1,0,nan,m,a,b,c,0,0\n", ":5: propensity_score is \"nan\"" },
		{ "3,2019-11-24 00:00:01+00:00,0,1,2,0.5,m,a,b,c,0,0\n", ":5: click is \"2\"" },
		{ "3,2019-11-24 00:00:01+00:00,0,0,1,0.5,m,a,b,c,0,0\n", ":5: position is \"0\"" },
		{ "3,2019-11-24 00:00:01+00:00,7,1,1,0.5,m,a,b,c,0,0\n", ":5: item_id \"7\" is not in the items'" },
		{ "3,yesterday,0,1,1,0.5,m,a,b,c,0,0\n", ":5: timestamp is \"yesterday\"" },
		{ "3,2019-11-24 00:00:01+00:00,0,1,1,0.5,n,a,b,c,,0\n", ":5: the affinity to item 0 is empty" },
		{ "3,2019-11-24 00:00:01+00:00,0,1,1,0.5,m,a,b,c,0\n", ":5: 11 fields, but the header has 12" },
	};
	load_badly("openbandit", RHO_EIO, "random_men_item_context.csv: there is no such file", "path = '%s'",
		   scratch_path(""));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		load_badly("openbandit", RHO_EFORMAT, bad[i].why, "path = '%s'\npolicy = 'bts'", folder(bad[i].row));
	const char *f = folder("");
	scratch_file("random_men_item_context.csv", ITEM_HEAD "0,0,1,b,q,u\n1,0,1,a,q,r\n");
	load_badly("openbandit", RHO_EFORMAT, "context.csv:3: item_id 0 stands in an earlier row", "path = '%s'", f);
	scratch_file("random_men_item_context.csv", ITEM_HEAD "0,0,1,b,q,u\n1,1,1,a,q,r\n2,2,1,a,q,r\n");
	load_badly("openbandit", RHO_EFORMAT, "there is no column \"user-item_affinity_2\"", "path = '%s'", f);
	load_badly("openbandit", RHO_EIO, "bts_women_item_context.csv: there is no such file",
		   "path = '%s'\npolicy = 'bts'\ncampaign = 'women'", f);
}

/* Counts of the data's own description; the items' features agree between the policies though the hashes do not. */
Test(openbandit, real)
{
	static const struct { const char *policy, *campaign; size_t items, clicks, users, width; double least, most;
	} wanted[] = {
		{ "random", "men", 34, 46, 544, 34 + 3 + 5 + 9 + 9, 0.029411764705882353, 0.029411764705882353 },
		{ "bts", "men", 34, 69, 528, 34 + 3 + 5 + 9 + 9, 0.000165, 0.72529 },
		{ "random", "women", 46, 46, 531, 46 + 3 + 5 + 8 + 7, 0.021739130434782608, 0.021739130434782608 },
		{ "bts", "women", 46, 46, 514, 46 + 3 + 5 + 8 + 7, 1e-6, 0.9628 },
	};
	const char *path = real_data("open_bandit");
	float *items = NULL;
	for (size_t i = 0; i < 4; i++) {
		struct loaded l = load_well("openbandit", "path = '%s'\npolicy = '%s'\ncampaign = '%s'", path,
					    wanted[i].policy, wanted[i].campaign);
		cr_assert_eq(rows(&l, RHO_ACTIONS), wanted[i].items);
		cr_assert(rows(&l, RHO_CONTEXTS) == wanted[i].users && rows(&l, RHO_LOG) == 10000, "%zu", i);
		const double *prob = rho_find_column(l.data, RHO_LOG, "prob", RHO_COL_F64)->f64;
		const double *reward = rho_find_column(l.data, RHO_LOG, "reward", RHO_COL_F64)->f64;
		double clicks = 0, least = 1, most = 0;
		for (size_t j = 0; j < 10000; j++) {
			clicks += reward[j];
			least = prob[j] < least ? prob[j] : least;
			most = prob[j] > most ? prob[j] : most;
		}
		cr_assert(clicks == (double)wanted[i].clicks && least == wanted[i].least && most == wanted[i].most,
			  "%zu: %g %.17g %.17g", i, clicks, least, most);
		vector(&l, RHO_CONTEXTS, 0, wanted[i].width);
		const struct rho_column *v = rho_find_column(l.data, RHO_ACTIONS, "features", RHO_COL_F32S);
		size_t bytes = v->n * v->width * sizeof(float);
		cr_assert(i % 2 == 0 || !memcmp(items, v->f32, bytes), "%zu", i);
		items = realloc(items, bytes);
		memcpy(items, v->f32, bytes);
		unload(&l);
	}
	free(items);
}
