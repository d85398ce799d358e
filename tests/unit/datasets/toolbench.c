/* The toolbench dataset on files of its shape, and on the real ones. */
#include <criterion/criterion.h>
#include <string.h>

#include "../kit/scratch.h"
#include "loaded.h"

TestSuite(toolbench, .init = scratch_make, .fini = scratch_remove);

static const char apis[] =
	"{\"api_id\": 0, \"category\": \"Finance\", \"tool\": \"Coin\", \"api\": \"Asset\", \"description\": "
	"\"Lists.\"}\n"
	"{\"api_id\": 7, \"category\": null, \"tool\": \"Bare\", \"api\": \"Name\", \"description\": null}\n"
	"{\"api_id\": 3, \"category\": \"Pets\", \"tool\": \"Dog\", \"api\": \"Walk\", \"description\": "
	"\"Walks\\na dog.\", "
	"\"tool_description\": \"All of dogs\"}\n";
static const char queries[] = "{\"query_id\": \"q0\", \"group\": \"G1\", \"subset\": \"G1_tool\", \"query\": "
			      "\"list\", \"relevant\": [0, 7]}\n"
			      "{\"query_id\": \"q1\", \"group\": \"G2\", \"subset\": \"G2_example\", "
			      "\"query\": \"bare\", \"relevant\": [7]}\n"
			      "{\"query_id\": \"q2\", \"group\": \"AnyTool\", \"subset\": \"anytoolbench\", "
			      "\"query\": \"dog\", \"relevant\": [3]}\n";

static const char *folder(const char *more_apis, const char *more_queries)
{
	char text[4000];
	strcat(strcpy(text, apis), more_apis);
	scratch_gzip("apis.jsonl.gz", text, strlen(text));
	strcat(strcpy(text, queries), more_queries);
	scratch_file("queries.jsonl", text);
	return scratch_path("");
}

Test(toolbench, described_only)
{
	struct loaded l =
		load_well("toolbench", "path = '%s'\ngroups = ['G1', 'G2', 'AnyTool']", folder("", ""));
	cr_assert_eq(rows(&l, RHO_ACTIONS), 2);
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 0), "Finance. Coin. Asset. Lists.");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 1), "Pets. Dog. Walk. Walks\na dog.. All of dogs");
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 2);        /* q1 needs API 7 only, which has no description */
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 1), "dog");
	cr_assert_eq(rows(&l, RHO_LINKS), 2);
	cr_assert(link_context(&l, 0) == 0 && link_action(&l, 0) == 0 && link_weight(&l, 0) == 1);
	cr_assert(link_context(&l, 1) == 1 && link_action(&l, 1) == 1);
	unload(&l);
}

Test(toolbench, all)
{
	struct loaded l = load_well("toolbench", "path = '%s'\ncatalog = 'all'", folder("", ""));
	cr_assert_eq(rows(&l, RHO_ACTIONS), 3);
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 1), "Bare. Name");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "category", 1), "");
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 2);
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "group", 1), "G2");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "split", 0), "test");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "split", 1), "train");
	cr_assert_eq(rows(&l, RHO_LINKS), 3);
	cr_assert_eq(link_action(&l, 1), 1);
	unload(&l);
}

Test(toolbench, mistakes)
{
	const char *f = folder("", "");
	load_badly("toolbench", RHO_EINVAL, "there is no group \"G4\"", "path = '%s'\ngroups = ['G4']", f);
	load_badly("toolbench", RHO_EINVAL, "did you mean AnyTool?", "path = '%s'\ngroups = ['anytool']", f);
	load_badly("toolbench", RHO_EINVAL, "groups is empty", "path = '%s'\ngroups = []", f);
	load_badly("toolbench", RHO_EIO, "toollens_queries.jsonl: there is no such file",
	           "path = '%s'\ngroups = ['ToolLens']", f);
	load_badly("toolbench", RHO_EFORMAT, "has no query of these groups", "path = '%s'\ngroups = ['G3']",
		   f);
	f = folder("", "{\"query_id\": 1, \"group\": \"G1\", \"subset\": \"s\", \"query\": \"x\", "
		       "\"relevant\": [99]}\n");
	load_badly("toolbench", RHO_EFORMAT, "queries.jsonl:4: relevant names api_id 99, which is not in",
		   "path = '%s'", f);
	f = folder("", "{\"query_id\": 1, \"group\": \"G1\", \"subset\": \"s\", \"query\": \"x\"}\n");
	load_badly("toolbench", RHO_EFORMAT, "queries.jsonl:4: \"relevant\" is missing", "path = '%s'", f);
	f = folder("{\"api_id\": 3, \"tool\": \"a\", \"api\": \"b\"}\n", "");
	load_badly("toolbench", RHO_EFORMAT, "apis.jsonl.gz:4: api_id 3 stands in an earlier row",
		   "path = '%s'", f);
	f = folder("{\"api_id\": \n", "");
	load_badly("toolbench", RHO_EFORMAT, "apis.jsonl.gz:4: not JSON", "path = '%s'", f);
}

/* The counts of the data's own description. */
Test(toolbench, real_counts)
{
	const char *path = real_data("toolbench");
	struct loaded l = load_well(
		"toolbench", "path = '%s'\ngroups = ['G1', 'G2', 'G3', 'AnyTool']\ncatalog = 'all'", path);
	cr_assert_eq(rows(&l, RHO_ACTIONS), 47066);
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 1182);
	unload(&l);
	l = load_well("toolbench", "path = '%s'", path);
	cr_assert_eq(rows(&l, RHO_ACTIONS), 4535);
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 733);      /* of 775; counted by other means */
	cr_assert_eq(rows(&l, RHO_LINKS), 1682);
	unload(&l);
	l = load_well("toolbench", "path = '%s'\ngroups = ['ToolLens']", path);
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 18770);
	size_t train = 0;
	for (size_t i = 0; i < 18770; i++)
		train += !strcmp(cell(&l, RHO_CONTEXTS, "split", i), "train");
	cr_assert_eq(train, 16893);
	unload(&l);
}
