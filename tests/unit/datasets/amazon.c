/* The amazon dataset: intents merged, users cut in time, nothing given away; and the real counts. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../kit/scratch.h"
#include "loaded.h"

TestSuite(amazon, .init = scratch_make, .fini = scratch_remove);

static const char items[] =
	"{\"item_id\": 50, \"asin\": \"A\", \"title\": \"Tom &amp; Co 5&quot; lamp\", \"categories\": "
	"\"[[Home,Light, &amp; More],[B]]\"}\n"
	"{\"item_id\": 9, \"asin\": \"B\", \"title\": \"Desk\", \"categories\": \"[[Home]]\"}\n"
	"{\"item_id\": 700, \"asin\": \"C\", \"title\": \"Kite\"}\n";

static const char *bundles(const char *text)
{
	scratch_file("food_items.jsonl", items);
	scratch_file("food_bundles.jsonl", text);
	return scratch_path("");
}

Test(amazon, intents)
{
	const char *f = bundles("{\"bundle_id\": 0, \"user_id\": 1, \"timestamp\": 5, \"intent\": \" Work  "
				"Desk \", \"items\": [9, 50]}\n"
				"{\"bundle_id\": 1, \"user_id\": 2, \"timestamp\": 6, \"intent\": \"\", "
				"\"items\": [9, 700]}\n"
				"{\"bundle_id\": 2, \"user_id\": 2, \"timestamp\": 6, \"intent\": \"Play\", "
				"\"items\": [700]}\n"
				"{\"bundle_id\": 3, \"user_id\": 2, \"timestamp\": 6, \"intent\": \"work "
				"desk\", \"items\": [50, 700]}\n");
	struct loaded l = load_well("amazon", "path = '%s'\nset = 'food'", f);
	cr_assert_eq(rows(&l, RHO_ACTIONS), 3);
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "title", 0), "Tom & Co 5\" lamp");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 0), "Tom & Co 5\" lamp. Home,Light, & More");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 2), "Kite");
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 2);
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 0), "Work Desk");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "id", 1), "2");
	static const uint32_t context[] = { 0, 0, 0, 1 }, action[] = { 1, 0, 2, 2 };
	cr_assert_eq(rows(&l, RHO_LINKS), 4);
	for (size_t i = 0; i < 4; i++)
		cr_assert(link_context(&l, i) == context[i] && link_action(&l, i) == action[i], "%zu", i);
	unload(&l);
}

/* Times 1, 1, 2, 3: half of four items are later ones, cut between 1 and 2. User 8's purchases are
 * all of one day, so nothing of them is earlier. */
Test(amazon, users_are_cut_between_days)
{
	scratch_file("food_items.jsonl", items);
	scratch_file("food_interactions.csv",
		     "user_id,item_id,timestamp\n7,700,3\n7,9,1\n7,50,1\n7,9,2\n8,9,4\n8,50,4\n"
		     "9,9,1\n9,50,2\n9,700,2\n");
	struct loaded l =
		load_well("amazon", "path = '%s'\nset = 'food'\ncontexts = 'users'", scratch_path(""));
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 2);
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "id", 0), "7");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 0), "Desk; Tom & Co 5\" lamp");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 1), "Desk");
	cr_assert_eq(rows(&l, RHO_LINKS), 3);
	cr_assert_eq(link_action(&l, 0), 2);
	cr_assert_str_eq(cell(&l, RHO_LINKS, "split", 0), "test");
	cr_assert_str_eq(cell(&l, RHO_LINKS, "split", 1), "valid");
	cr_assert_str_eq(cell(&l, RHO_LINKS, "split", 2), "test");
	unload(&l);
}

Test(amazon, sequences)
{
	scratch_file("toys_items.tsv", "00A\tred car\n00B\t\n00C\tblue \"car\"\n00D\tgame\n");
	const char *text = "u1 00A 00B 00C 00D\nu2 00D\n";
	scratch_gzip("toys_sequences.txt.gz", text, strlen(text));
	struct loaded l = load_well("amazon", "path = '%s'\nset = 'toys'", scratch_path(""));
	cr_assert_eq(rows(&l, RHO_ACTIONS), 4);
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 2), "blue \"car\"");
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 1);
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 0), "red car");
	cr_assert_eq(rows(&l, RHO_LINKS), 2);
	cr_assert(link_action(&l, 0) == 2 && link_action(&l, 1) == 3);
	unload(&l);
	l = load_well("amazon", "path = '%s'\nset = 'toys'\nlater = 0.75", scratch_path(""));
	static const char *const split[] = { "train", "valid", "test" };
	cr_assert_eq(rows(&l, RHO_LINKS), 3);
	for (size_t i = 0; i < 3; i++)
		cr_assert_str_eq(cell(&l, RHO_LINKS, "split", i), split[i]);
	unload(&l);
	l = load_well("amazon", "path = '%s'\nset = 'toys'\nlater = 0\nhistory = 2", scratch_path(""));
	cr_assert_eq(rows(&l, RHO_LINKS), 1);
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 0), "blue \"car\"");
	unload(&l);
}

Test(amazon, next_item)
{
	scratch_file("office_items.jsonl",
		     "{\"item_id\": 0, \"title\": \"Pen\", \"brand\": \"Bic\", \"description\": "
		     "\"<b>Writes</b>&nbsp;well\"}\n"
		     "{\"item_id\": 1, \"title\": \"Ink\", \"brand\": null, \"description\": null}\n"
		     "{\"item_id\": 2, \"title\": \"Pad\", \"brand\": null, \"description\": null}\n");
	scratch_file("office_next_item.jsonl",
		     "{\"user_id\": \"A\", \"split\": \"valid\", \"history\": [0, 1], \"target\": 2}\n"
		     "{\"user_id\": \"A\", \"split\": \"test\", \"history\": [1, 2], \"target\": 0}\n");
	struct loaded l =
		load_well("amazon", "path = '%s'\nset = 'office'\ndescriptions = true", scratch_path(""));
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 0), "Pen. Bic. Writes well");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 1), "Ink");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 0), "Pen; Ink");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "split", 0), "valid");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "split", 1), "test");
	cr_assert(link_action(&l, 0) == 2 && link_action(&l, 1) == 0);
	unload(&l);
}

Test(amazon, mistakes)
{
	const char *f = bundles("{\"bundle_id\": 0, \"intent\": \"x\", \"items\": [9, 51]}\n");
	load_badly("amazon", RHO_EFORMAT, "food_bundles.jsonl:1: item \"51\" is not in the items' file",
	           "path = '%s'\nset = 'food'", f);
	load_badly("amazon", RHO_EIO, "food_interactions.csv: there is no such file",
	           "path = '%s'\nset = 'food'\ncontexts = 'users'", f);
	load_badly("amazon", RHO_EIO, "/items.tsv: there is no such file", "path = '%s'\nset = 'games'", f);
	load_badly("amazon", RHO_EINVAL, "set = \"games\" has no bundles",
		   "path = '%s'\nset = 'games'\ncontexts = 'bundles'", f);
	scratch_file("beauty_items.tsv", "a\tb\nno tab\n");
	load_badly("amazon", RHO_EFORMAT, "beauty_items.tsv:2: the line must be an item's id, a tab",
		   "path = '%s'\nset = 'beauty'", f);
	scratch_file("beauty_items.tsv", "a\tb\na\tc\n");
	load_badly("amazon", RHO_EFORMAT, "beauty_items.tsv:2: item \"a\" stands in an earlier row",
		   "path = '%s'\nset = 'beauty'", f);
	scratch_file("beauty_items.tsv", "");
	load_badly("amazon", RHO_EFORMAT, "beauty_items.tsv: the file has no items",
		   "path = '%s'\nset = 'beauty'", f);
	scratch_file("beauty_items.tsv", "a\tb\n");
	scratch_file("beauty_sequences.txt", "u a\nv\n");
	load_badly("amazon", RHO_EFORMAT, "beauty_sequences.txt:2: the line must be a user's id",
		   "path = '%s'\nset = 'beauty'", f);
	scratch_file("beauty_sequences.txt", "u a\n");
	load_badly("amazon", RHO_EFORMAT, "has items both before and after", "path = '%s'\nset = 'beauty'",
		   f);
}

/* Counts of the data's own descriptions, found from the folder above all sets as well. Intents are
 * fewer by the empty ones and, in clothing, two that differ in blanks. */
Test(amazon, real_counts)
{
	static const struct { const char *set, *folder; size_t items, contexts;
	} wanted[] = {
		{ "electronic", "amazon_bundles", 3499, 1281 },
		{ "clothing", "amazon_bundles", 4487, 1323 },
		{ "food", "amazon_bundles", 3767, 1000 },
		{ "games", "amazon_video_games", 16859, 50546 },
		{ "office", "", 3459, 9732 },
		{ "industrial", "", 3686, 9065 },
		{ "beauty", "amazon_5core", 12101, 22363 },
		{ "toys", "", 11924, 19412 },
		{ "sports", "", 18357, 35598 },
	};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		struct loaded l = load_well("amazon", "path = '%s'\nset = '%s'", real_data(wanted[i].folder),
					    wanted[i].set);
		cr_assert_eq(rows(&l, RHO_ACTIONS), wanted[i].items, "%s", wanted[i].set);
		cr_assert_eq(rows(&l, RHO_CONTEXTS), wanted[i].contexts, "%s: %zu", wanted[i].set,
			     rows(&l, RHO_CONTEXTS));
		for (size_t j = 0; j < wanted[i].items; j++)
			cr_assert_null(strstr(cell(&l, RHO_ACTIONS, "title", j), "&amp;"));
		unload(&l);
	}
}

/* 198,502 interactions of Beauty: half of each user's, rounded down, are links. No link's item is
 * among its context's titles, but for items of the same text. */
Test(amazon, real_users)
{
	struct loaded l = load_well("amazon", "path = '%s'\nset = 'beauty'", real_data("amazon_5core"));
	size_t given_away = 0, n = rows(&l, RHO_LINKS);
	cr_assert(n > 198502 / 2 - 22363 && n <= 198502 / 2);
	for (size_t i = 0; i < n; i++) {
		const char *title = cell(&l, RHO_ACTIONS, "title", link_action(&l, i));
		char whole[300];
		snprintf(whole, sizeof(whole), "; %s; ", title);
		char text[12100];
		snprintf(text, sizeof(text), "; %s; ", cell(&l, RHO_CONTEXTS, "text", link_context(&l, i)));
		given_away += *title && strstr(text, whole) != NULL;
	}
	cr_assert_eq(given_away, 0, "%zu", given_away);
	unload(&l);
}
