/* The csv dataset: what becomes of users and items, and every way a file can be wrong. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../kit/scratch.h"
#include "loaded.h"

TestSuite(csv, .init = scratch_make, .fini = scratch_remove);

static const char items_text[] = "title,item_id,price,category\n"
	"Red lamp,i1,10.5,Home\n"
	"\"Desk, oak\",i2,,Home\n"
	"Blue kite,i3,7,\n"
	"Old book,i4,2,Books\n";

static const char events_text[] = "user_id,item_id,timestamp,weight\n"
	"ann,i3,300,0.5\n"
	"bob,i1,50,1\n"
	"ann,i1,100,1\n"
	"ann,i2,200,2\n"
	"bob,i4,400,1\n"
	"cat,i4,10,1\n";

static const char *items(void) { return scratch_file("items.csv", items_text); }
static const char *events(void) { return scratch_file("events.csv", events_text); }

Test(csv, items_become_actions)
{
	struct loaded l = load_well("csv", "items = '%s'\ninteractions = '%s'", items(), events());
	cr_assert_eq(rows(&l, RHO_ACTIONS), 4);
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 1), "Desk, oak, Home");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "title", 1), "Desk, oak");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 2), "Blue kite");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "category", 3), "Books");
	const struct rho_column *price = rho_find_column(l.data, RHO_ACTIONS, "price", RHO_COL_F64);
	cr_assert(price->f64[0] == 10.5 && isnan(price->f64[1]));
	unload(&l);
}

/* history = 1: ann's first by time is i1 (100), so i2 and i3 are links; bob's i1, so i4 is; cat has
 * one interaction only, which is a link. */
Test(csv, history_and_links_are_told_apart_by_time)
{
	struct loaded l = load_well("csv", "items = '%s'\ninteractions = '%s'\nhistory = 1\ntrain = 0.5",
				    items(), events());
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 3);
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "id", 0), "ann");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 0), "Red lamp");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 1), "Red lamp");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 2), "");
	static const uint32_t context[] = { 2, 0, 0, 1 }, action[] = { 3, 1, 2, 3 };
	static const double weight[] = { 1, 2, 0.5, 1 };
	static const int64_t time[] = { 10, 200, 300, 400 };
	cr_assert_eq(rows(&l, RHO_LINKS), 4);
	for (size_t i = 0; i < 4; i++) {
		cr_assert_eq(link_context(&l, i), context[i]);
		cr_assert_eq(link_action(&l, i), action[i]);
		cr_assert_eq(link_weight(&l, i), weight[i]);
		cr_assert_eq(rho_find_column(l.data, RHO_LINKS, "time", RHO_COL_I64)->i64[i], time[i]);
		cr_assert_str_eq(cell(&l, RHO_LINKS, "split", i), i < 2 ? "train" : "test");
	}
	unload(&l);
}

Test(csv, users_with_profiles)
{
	const char *users = scratch_file("users.csv", "user_id,age,gender,location,signup_date\n"
	                                 "bob,34,M,Berlin,2014-04-24\ndan,,,Rome,\nann,,F,,\ncat,7,,,\n");
	struct loaded l = load_well("csv", "items = '%s'\ninteractions = '%s'\nusers = '%s'\nhistory = 1",
				    items(), events(), users);
	static const char *const text[] = { "male, 34 years old, from Berlin. Red lamp", "from Rome",
					    "female. Red lamp", "7 years old" };
	for (size_t i = 0; i < 4; i++)
		cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", i), text[i]);
	cr_assert_eq(link_context(&l, 0), 3);
	cr_assert_eq(link_context(&l, 1), 2);
	cr_assert_eq(link_context(&l, 3), 0);
	cr_assert_eq(rho_find_column(l.data, RHO_CONTEXTS, "signup", RHO_COL_I64)->i64[0], 1398297600);
	cr_assert_eq(rho_find_column(l.data, RHO_CONTEXTS, "signup", RHO_COL_I64)->i64[1], INT64_MIN);
	cr_assert_eq(rho_find_column(l.data, RHO_CONTEXTS, "age", RHO_COL_F64)->f64[0], 34);
	unload(&l);
}

Test(csv, without_times_the_order_counts_and_without_weights_one)
{
	const char *plain = scratch_file("plain.csv", "user_id;item_id\nu;i4\nu;i1\nu;i2\n");
	const char *things = scratch_file("things.csv", "item_id;title\ni1;a\ni2;b\ni4;d\n");
	struct loaded l = load_well("csv", "items = '%s'\ninteractions = '%s'\nseparator = ';'\nhistory = 2",
				    things, plain);
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 0), "d; a");
	cr_assert_eq(rows(&l, RHO_LINKS), 1);
	cr_assert_eq(link_action(&l, 0), 1);
	cr_assert_eq(link_weight(&l, 0), 1);
	unload(&l);
}

Test(csv, gzip_and_all_history)
{
	const char *packed = scratch_gzip("items.csv.gz", items_text, strlen(items_text));
	struct loaded l =
		load_well("csv", "items = '%s'\ninteractions = '%s'\nhistory = 1000", packed, events());
	cr_assert_eq(rows(&l, RHO_LINKS), 3);   /* one each */
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 0), "Red lamp; Desk, oak");
	unload(&l);
}

static void bad_items(const char *text, const char *has)
{
	load_badly("csv", RHO_EFORMAT, has, "items = '%s'\ninteractions = '%s'",
		   scratch_file("bad.csv", text), events());
}

static void bad_events(const char *text, const char *has)
{
	load_badly("csv", RHO_EFORMAT, has, "items = '%s'\ninteractions = '%s'", items(),
		   scratch_file("bad.csv", text));
}

Test(csv, bad_items)
{
	bad_items("item_id,title\na,x\nb\n", "bad.csv:3: 1 field, but the header has 2");
	bad_items("item_id,title\na,\"x\nb,y\n",
		  "bad.csv:2: the quote that opens field 2 here is never closed");
	bad_items("item_id,title\na,x\nb,\xff\n", "bad.csv:3: byte 3 of the line (0xff) is not valid UTF-8");
	bad_items("item_id,title\n", "bad.csv: the file has a header but no items");
	bad_items("", "bad.csv: the file is empty");
	bad_items("item_id,titel\na,x\n", "rename \"titel\"?");
	bad_items("item_id,title\na,x\na,y\n", "bad.csv:3: item_id \"a\" stands in an earlier row, too");
	bad_items("item_id,title\n,y\n", "bad.csv:2: item_id is empty");
	bad_items("item_id,title,price\na,y,cheap\n", "bad.csv:2: price is \"cheap\", which is not a number");
}

Test(csv, bad_interactions)
{
	bad_events("user_id,item_id\nu,i1\nu,i9\n", "bad.csv:3: item_id \"i9\" is not in ");
	bad_events("user_id,item_id\n", "bad.csv: the file has a header but no interactions");
	bad_events("user_id,item_id,timestamp\nu,i1,yesterday\n",
		   "bad.csv:2: timestamp is \"yesterday\", which is not");
	bad_events("user_id,item_id,timestamp\nu,i1,\n", "bad.csv:2: timestamp is empty");
	bad_events("user_id,item_id,weight\nu,i1,\n", "bad.csv:2: weight is empty");
	bad_events("user_id,item_id\n,i1\n", "bad.csv:2: user_id is empty");
	bad_events("user,item_id\nu,i1\n", "there is no column \"user_id\"");
}

Test(csv, bad_users)
{
	const char *users = scratch_file("users.csv", "user_id\nann\ncat\n");
	load_badly("csv", RHO_EFORMAT, "events.csv:3: user_id \"bob\" is not in ",
		   "items = '%s'\ninteractions = '%s'\n"
		   "users = '%s'",
		   items(), events(), users);
	users = scratch_file("users.csv", "user_id\nann\nbob\nann\n");
	load_badly("csv", RHO_EFORMAT, "users.csv:4: user_id \"ann\" stands in an earlier row",
		   "items = '%s'\n"
		   "interactions = '%s'\nusers = '%s'",
		   items(), events(), users);
}

/* Missing files are found before: the host checks paths. */
Test(csv, files_that_cannot_be_read)
{
	char bytes[20] = "\x1f\x8b\x08";
	load_badly("csv", RHO_EFORMAT, "cut.gz: the gzip data ends too early",
		   "items = '%s'\ninteractions = '%s'", scratch_bytes("cut.gz", bytes, 12), events());
	load_badly("csv", RHO_EINVAL, "separator = \";;\" must be one character",
		   "items = '%s'\ninteractions = '%s'\n"
		   "separator = ';;'",
		   items(), events());
}

/* Copies a file, gzip or not, with another header. */
static const char *with_header(const char *from, const char *name, const char *header)
{
	char *text = malloc((size_t)4 << 20), line[200];
	gzFile f = gzopen(from, "rb");
	cr_assert(f && gzgets(f, line, sizeof(line)));
	size_t n = strlen(strcpy(text, header));
	int got = gzread(f, text + n, 3u << 20);
	cr_assert_gt(got, 0);
	gzclose(f);
	const char *path = scratch_bytes(name, text, n + (size_t)got);
	free(text);
	return path;
}

/* MovieLens with its columns renamed: 610 users of at least 20, 9,742 films, 100,836 ratings. */
Test(csv, movielens)
{
	const char *folder = real_data("movielens_small");
	char path[1100];
	snprintf(path, sizeof(path), "%s/movies.csv", folder);
	const char *films = with_header(path, "items.csv", "item_id,title,category\n");
	snprintf(path, sizeof(path), "%s/ratings.csv.gz", folder);
	const char *ratings = with_header(path, "ratings.csv", "user_id,item_id,weight,timestamp\n");
	struct loaded l = load_well("csv", "items = '%s'\ninteractions = '%s'\nhistory = 5", films, ratings);
	cr_assert_eq(rows(&l, RHO_ACTIONS), 9742);
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 610);
	cr_assert_eq(rows(&l, RHO_LINKS), 100836 - 610 * 5);
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "title", 0), "Toy Story (1995)");
	const int64_t *time = rho_find_column(l.data, RHO_LINKS, "time", RHO_COL_I64)->i64;
	for (size_t i = 1; i < rows(&l, RHO_LINKS); i++)
		cr_assert_leq(time[i - 1], time[i]);
	unload(&l);
}
