/* The metatool and seal_tools datasets: equal texts merged, calls in order, and the real counts. */
#include <criterion/criterion.h>
#include <kit/share.h>
#include <kit/text.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../kit/scratch.h"
#include "loaded.h"

TestSuite(tool_queries, .init = scratch_make, .fini = scratch_remove);

static const char plugins[] =
	"{\"api_id\": 0, \"api\": \"timeport\", \"description\": \"Travel.\", \"name_for_human\": \"Timeport\", "
	"\"description_for_model\": \"Long.\", \"merged\": false}\n"
	"{\"api_id\": 5, \"api\": \"FinanceTool\", \"description\": \"Money\", \"name_for_human\": null, "
	"\"description_for_model\": null, \"merged\": true}\r\n"
	"{\"api_id\": 6, \"api\": \"same\", \"description\": \"S\", \"name_for_human\": \"S\", "
	"\"description_for_model\": \"S\", \"merged\": false}\n";
static const char asked[] =
	"{\"query_id\": \"s0\", \"group\": \"single\", \"query\": \"When, \\\"then\\\"?\", \"relevant\": [5]}\n"
	"{\"query_id\": 1, \"group\": \"single\", \"query\": \"Why\xe2\x80\xa8?\", \"relevant\": [0]}\n"
	"{\"query_id\": \"m2\", \"group\": \"multi\", \"query\": \" \\\"Why\xe2\x80\xa8?\\\" \", "
	"\"relevant\": [6, 0]}\n";

Test(tool_queries, metatool)
{
	scratch_file("tools.jsonl", plugins);
	scratch_gzip("queries.jsonl.gz", asked, strlen(asked));
	struct loaded l = load_well("metatool", "path = '%s'", scratch_path(""));
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 0), "timeport. Travel.");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "title", 0), "Timeport");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "title", 1), "FinanceTool");
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 2);
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 0), "When, \"then\"?");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 1), "Why\xe2\x80\xa8?");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "id", 1), "1");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "group", 1), "single");
	static const uint32_t context[] = { 0, 1, 1 }, action[] = { 1, 0, 2 };
	cr_assert_eq(rows(&l, RHO_LINKS), 3);
	for (size_t i = 0; i < 3; i++)
		cr_assert(link_context(&l, i) == context[i] && link_action(&l, i) == action[i], "%zu", i);
	unload(&l);
	l = load_well("metatool", "path = '%s'\nmodel_descriptions = true\ntest = 1", scratch_path(""));
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 0), "timeport. Travel.. Long.");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 2), "same. S");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "split", 0), "test");
	unload(&l);
}

Test(tool_queries, metatool_mistakes)
{
	const char *f = scratch_path("");
	load_badly("metatool", RHO_EIO, "tools.jsonl: there is no such file", "path = '%s'", f);
	scratch_file("tools.jsonl", plugins);
	scratch_file("queries.jsonl", "{\"query_id\": 1, \"group\": \"g\", \"query\": \"q\", \"relevant\": [7]}\n");
	load_badly("metatool", RHO_EFORMAT, "queries.jsonl:1: relevant names api_id 7, which is not in",
		   "path = '%s'", f);
	scratch_file("queries.jsonl", "{\"query_id\": 1, \"group\": \"g\", \"query\": \"q\", \"relevant\": []}\n");
	load_badly("metatool", RHO_EFORMAT, "queries.jsonl:1: \"relevant\" is an empty list", "path = '%s'", f);
	scratch_file("queries.jsonl", "{\"query_id\": 1, \"group\": \"g\", \"query\": \" \", \"relevant\": [0]}\n");
	load_badly("metatool", RHO_EFORMAT, "queries.jsonl:1: \"query\" is empty", "path = '%s'", f);
	scratch_file("tools.jsonl", "{\"api_id\": 0, \"api\": \"a\"}\n{\"api_id\": 0, \"api\": \"b\"}\n");
	load_badly("metatool", RHO_EFORMAT, "tools.jsonl:2: api_id 0 stands in an earlier row", "path = '%s'", f);
}

static const char tools[] =
	"{\"api_id\": 0, \"category\": \"Chem\", \"tool\": \"Chem/Forensic\", \"api\": \"analyze\", \"description\": "
	"\"Does.\", \"parameters\": {\"b\": {\"type\": \"str\", \"description\": \"Of b\"}, \"a\": {\"type\": \"int\", "
	"\"description\": \"\"}}, \"required\": [\"b\"]}\n"
	"{\"api_id\": 1, \"category\": \"Law\", \"tool\": \"Law\", \"api\": \"sue\", \"description\": \"Sues\", "
	"\"parameters\": {}}\n";

Test(tool_queries, seal_tools)
{
	scratch_file("tools.jsonl", tools);
	scratch_file("queries.jsonl",
		     "{\"query_id\": 3, \"group\": \"dev\", \"query\": \"Q\", \"relevant\": [0, 1], \"calls\": "
		     "[{\"api\": \"sue\", \"parameters\": {\"x\": [1, {}]}}, {\"api\": \"sue\"}, "
		     "{\"api\": \"analyze\"}]}\n"
		     "{\"query_id\": \"t\", \"group\": \"test_in_domain\", \"query\": \"R\", \"relevant\": [1], "
		     "\"calls\": [{\"api\": \"sue\"}]}\n");
	struct loaded l = load_well("seal_tools", "path = '%s'\nparameters = true", scratch_path(""));
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 0), "Chem/Forensic. analyze. Does.. b: Of b; a");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 1), "Law. sue. Sues");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "category", 0), "Chem");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "id", 0), "3");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "split", 0), "valid");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "split", 1), "test");
	const struct rho_column *time = rho_find_column(l.data, RHO_LINKS, "time", RHO_COL_I64);
	static const uint32_t context[] = { 0, 0, 1 }, action[] = { 0, 1, 1 };
	static const int64_t place[] = { 2, 0, 0 };
	cr_assert_eq(rows(&l, RHO_LINKS), 3);
	for (size_t i = 0; i < 3; i++)
		cr_assert(link_context(&l, i) == context[i] && link_action(&l, i) == action[i] &&
			  time->i64[i] == place[i], "%zu", i);
	unload(&l);
	l = load_well("seal_tools", "path = '%s'", scratch_path(""));
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 0), "Chem/Forensic. analyze. Does.");
	unload(&l);
}

Test(tool_queries, seal_tools_mistakes)
{
	static const struct { const char *relevant, *calls, *why; } bad[] = {
		{ "[0]", "[{\"api\": \"suee\"}]", "queries.jsonl:1: call 1 is of \"suee\"" },
		{ "[0]", "[{\"api\": \"sue\"}]", "queries.jsonl:1: element 1 of \"relevant\" is in none of the calls" },
		{ "[]", "[]", "queries.jsonl:1: \"relevant\" is an empty list" },
		{ "[9]", "[]", "queries.jsonl:1: relevant names api_id 9" },
		{ "[0]", "[3]", "queries.jsonl:1: \"calls\" must hold objects, and has an integer" },
		{ "[0]", "[{\"api\": 3}]", "queries.jsonl:1: \"api\" within \"calls\" must be a string" },
		{ "[0]", "{}", "queries.jsonl:1: \"calls\" must be a list" },
	};
	const char *f = scratch_path("");
	scratch_file("tools.jsonl", tools);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[300];
		snprintf(text, sizeof(text),
			 "{\"query_id\": 1, \"group\": \"dev\", \"query\": \"q\", \"relevant\": %s, \"calls\": %s}\n",
			 bad[i].relevant, bad[i].calls);
		scratch_file("queries.jsonl", text);
		load_badly("seal_tools", RHO_EFORMAT, bad[i].why, "path = '%s'", f);
	}
	scratch_file("tools.jsonl", "{\"api_id\": 0, \"api\": \"a\"}\n{\"api_id\": 1, \"api\": \"a\"}\n");
	load_badly("seal_tools", RHO_EFORMAT, "tools.jsonl:2: a tool called \"a\" stands", "path = '%s'", f);
	scratch_file("tools.jsonl", "{\"api_id\": 0, \"api\": \"a\", \"parameters\": [1]}\n");
	load_badly("seal_tools", RHO_EFORMAT, "tools.jsonl:1: \"parameters\" must be an object {…}, and is a list",
		   "path = '%s'\nparameters = true", f);
	scratch_file("tools.jsonl", "{\"api_id\": 0, \"api\": \"a\", \"parameters\": {\"x\": 1}}\n");
	load_badly("seal_tools", RHO_EFORMAT, "tools.jsonl:1: \"parameters\" must hold objects, and has an integer",
		   "path = '%s'\nparameters = true", f);
}

/* 64 of 21,111 queries repeat a text as it stands, 6 more but for the quotes around them. */
Test(tool_queries, real_metatool)
{
	struct loaded l = load_well("metatool", "path = '%s'", real_data("metatool"));
	size_t test = 0, n = rows(&l, RHO_CONTEXTS);
	cr_assert(rows(&l, RHO_ACTIONS) == 199 && n == 21041 && rows(&l, RHO_LINKS) == 21552, "%zu", n);
	for (size_t i = 0; i < n; i++)
		test += cell(&l, RHO_CONTEXTS, "split", i)[1] == 'e';
	cr_assert(fabs((double)test / (double)n - 0.2) < 4 * sqrt(0.16 / (double)n), "%zu", test);
	for (size_t i = 1; i < rows(&l, RHO_LINKS); i++)
		cr_assert(link_context(&l, i) != link_context(&l, i - 1) ||
			  link_action(&l, i) != link_action(&l, i - 1));
	unload(&l);
}

Test(tool_queries, real_seal_tools)
{
	struct loaded l = load_well("seal_tools", "path = '%s'", real_data("seal_tools"));
	size_t valid = 0;
	cr_assert(rows(&l, RHO_ACTIONS) == 4076 && rows(&l, RHO_CONTEXTS) == 2054 && rows(&l, RHO_LINKS) == 5532);
	for (size_t i = 0; i < 2054; i++)
		valid += cell(&l, RHO_CONTEXTS, "split", i)[0] == 'v';
	cr_assert_eq(valid, 700);
	unload(&l);
}

/* FNV-1a of "a" is af63dc4c8601ec8c (its authors' own table); the rest is splitmix64's last steps. */
Test(tool_queries, share)
{
	uint64_t h = 0xaf63dc4c8601ec8cu;
	h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
	h = (h ^ h >> 27) * 0x94d049bb133111ebu;
	h ^= h >> 31;
	cr_assert_eq(rho_share(rho_str_of("a")), (double)(h >> 11) / 9007199254740992.0);
}
