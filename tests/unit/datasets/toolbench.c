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
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 3);        /* q1 needs API 7 only, which has no description */
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 2), "dog");
	const struct rho_column *missing = rho_find_column(l.data, RHO_CONTEXTS, "missing", RHO_COL_I64);
	cr_assert(missing->i64[0] == 1 && missing->i64[1] == 1 && missing->i64[2] == 0);
	cr_assert_eq(rows(&l, RHO_LINKS), 2);
	cr_assert(link_context(&l, 0) == 0 && link_action(&l, 0) == 0 && link_weight(&l, 0) == 1);
	cr_assert(link_context(&l, 1) == 2 && link_action(&l, 1) == 1);
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

/* Ids that are integers keep their own text although those of the relevant APIs are read after them. */
Test(toolbench, parameters)
{
	static const char api[] =
		"{\"api_id\": 8, \"category\": \"C\", \"tool\": \"T\", \"api\": \"A\", \"description\": \"D\", "
		"\"required_params\": [{\"name\": \"id\", \"type\": \"ENUM\", \"description\": \"Which\", \"default\": "
		"[1]}, {\"name\": \"n\", \"description\": \"\"}], \"optional_params\": [{\"name\": \"p\"}]}\n";
	const char *f = folder(api, "{\"query_id\": 77, \"group\": \"G3\", \"subset\": \"s\", \"query\": \"x\", "
				    "\"relevant\": [8]}\n");
	struct loaded l = load_well("toolbench", "path = '%s'\nparameters = true", f);
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 0), "Finance. Coin. Asset. Lists.");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 2), "C. T. A. D. id: Which; n; p");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "id", 2), "77");
	unload(&l);
	l = load_well("toolbench", "path = '%s'", f);
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 2), "C. T. A. D");
	unload(&l);
	f = folder("{\"api_id\": 8, \"tool\": \"T\", \"api\": \"A\", \"description\": \"D\", \"required_params\": "
		   "[1]}\n", "");
	load_badly("toolbench", RHO_EFORMAT,
		   "apis.jsonl.gz:4: \"required_params\" must hold objects, and has an integer",
		   "path = '%s'\nparameters = true", f);
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
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 775);
	cr_assert_eq(rows(&l, RHO_LINKS), 1682);
	const struct rho_column *missing = rho_find_column(l.data, RHO_CONTEXTS, "missing", RHO_COL_I64);
	size_t some = 0, all = 775, last = SIZE_MAX;    /* 733 have a link: counted by other means */
	for (size_t i = 0; i < 775; i++)
		some += missing->i64[i] > 0 ? 1 : 0;
	for (size_t i = 0; i < 1682; i++) {
		all -= link_context(&l, i) != last;
		last = link_context(&l, i);
	}
	cr_assert(some == 81 && all == 42, "%zu %zu", some, all);
	unload(&l);
	l = load_well("toolbench", "path = '%s'\ngroups = ['ToolLens']", path);
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 18770);
	size_t train = 0;
	for (size_t i = 0; i < 18770; i++)
		train += !strcmp(cell(&l, RHO_CONTEXTS, "split", i), "train");
	cr_assert_eq(train, 16893);
	unload(&l);
}
