/* The openapi dataset: summaries as queries that the text does not give away. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../kit/scratch.h"
#include "loaded.h"

TestSuite(openapi, .init = scratch_make, .fini = scratch_remove);

static const char *file(const char *more)
{
	char text[4000];
	snprintf(text, sizeof(text), "%s%s",
		 "{\"api_id\": 0, \"spec\": \"a.com/x\", \"category\": \"pets\", \"tool\": \"Pet API\", "
		 "\"api\": \"petList\", \"method\": "
		 "\"GET\", \"path\": \"/pets\", \"summary\": \"List pets.\", \"description\": \"list pets, "
		 "then LIST PETS again; listpets\", "
		 "\"tags\": [\"t1\", \"t2\"], \"params\": [\"*limit\", \"page\"]}\n"
		 "{\"api_id\": 1, \"spec\": \"b.com\", \"category\": null, \"tool\": \"Other\", \"api\": "
		 "null, \"method\": \"PUT\", \"path\": "
		 "\"/x\", \"summary\": \"List pets\", \"description\": null, \"tags\": [], \"params\": []}\n"
		 "{\"api_id\": 2, \"spec\": \"b.com\", \"category\": null, \"tool\": \"Other\", \"api\": "
		 "null, \"method\": \"GET\", \"path\": "
		 "\"/y\", \"summary\": \"Lonely\", \"description\": null, \"tags\": [], \"params\": []}\n"
		 "{\"api_id\": 3, \"spec\": \"b.com\", \"category\": null, \"tool\": \"Other\", \"api\": "
		 "null, \"method\": \"GET\", \"path\": "
		 "\"/z\", \"summary\": null, \"description\": \"Only described\", \"tags\": [], \"params\": "
		 "[]}\n",
		 more);
	return scratch_file("operations.jsonl", text);
}

Test(openapi, pairs)
{
	struct loaded l = load_well("openapi", "path = '%s'", file(""));
	cr_assert_eq(rows(&l, RHO_ACTIONS), 4);
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 0),
			 "Pet API. GET /pets. petList. , then  again; listpets. t1, t2. "
			 "limit, page");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "title", 0), "GET /pets");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "provider", 0), "a.com");
	cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", 1), "Other. PUT /x");
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 1);        /* "Lonely" has no description to be found by */
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 0), "List pets");
	cr_assert_eq(rows(&l, RHO_LINKS), 2);
	cr_assert(link_action(&l, 0) == 0 && link_action(&l, 1) == 1);
	unload(&l);
	l = load_well("openapi", "path = '%s'", scratch_path(""));      /* the folder */
	cr_assert_eq(rows(&l, RHO_ACTIONS), 4);
	unload(&l);
}

Test(openapi, mistakes)
{
	load_badly("openapi", RHO_EFORMAT, "operations.jsonl:5: \"spec\" is missing", "path = '%s'",
		   file("{\"api_id\": 4}\n"));
	load_badly("openapi", RHO_EFORMAT, "the file has no rows", "path = '%s'",
		   scratch_file("e.jsonl", ""));
	load_badly("openapi", RHO_EFORMAT, "no operation has both", "path = '%s'",
		   scratch_file("s.jsonl", "{\"api_id\": 4, \"spec\": \"s\", \"tool\": \"t\", \"method\": "
					   "\"GET\", \"path\": \"/\", \"tags\": [], "
					   "\"params\": [], \"description\": \"d\"}"));
}

/* The numbers of summaries, and of their operations, were counted by other means. */
Test(openapi, real_counts)
{
	const char *path = real_data("openapi_operations");
	struct loaded l = load_well("openapi", "path = '%s'\nqueries = 500\nseed = 3", path);
	cr_assert_eq(rows(&l, RHO_ACTIONS), 100916);
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 500);
	cr_assert_geq(rows(&l, RHO_LINKS), 500);
	struct loaded same = load_well("openapi", "path = '%s'\nqueries = 500\nseed = 3", path);
	struct loaded other = load_well("openapi", "path = '%s'\nqueries = 500\nseed = 4", path);
	size_t differ = 0;
	for (size_t i = 0; i < 500; i++) {
		cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", i), cell(&same, RHO_CONTEXTS, "text", i));
		differ +=
			strcmp(cell(&l, RHO_CONTEXTS, "text", i), cell(&other, RHO_CONTEXTS, "text", i)) != 0;
	}
	cr_assert_gt(differ, 400);
	unload(&l);
	unload(&same);
	unload(&other);
	l = load_well("openapi", "path = '%s'\nqueries = 0", path);
	size_t most = 0, n = rows(&l, RHO_CONTEXTS);
	size_t *links = calloc(n, sizeof(*links));
	for (size_t i = 0; i < rows(&l, RHO_LINKS); i++)
		links[link_context(&l, i)]++;
	for (size_t i = 0; i < n; i++)
		most = links[i] > most ? links[i] : most;
	cr_assert_eq(n, 27995);
	cr_assert_eq(rows(&l, RHO_LINKS), 41864);
	cr_assert_eq(most, 234);        /* "Invoke function delta" */
	free(links);
	unload(&l);
}
