/* JSON Lines: typed members, and what is said where they are something else. */
#include <criterion/criterion.h>
#include <string.h>

#include "kit/jsonl.h"
#include "kit/text.h"
#include "scratch.h"

TestSuite(jsonl, .init = scratch_make, .fini = scratch_remove);

Test(jsonl, members)
{
	struct rho_trouble t = { 0 };
	struct rho_jsonl j = { 0 };
	struct rho_str s;
	size_t n;
	cr_assert_eq(rho_jsonl_open(&j,
				    scratch_file("a.jsonl", "{\"id\": 7, \"s\": \"h\\u00e9\", \"n\": null, "
							    "\"l\": [\"x\", -3]}\n  \n{\"id\": \"q\"}\n"),
				    &t),
		     0);
	cr_assert_eq(rho_jsonl_next(&j), 1);
	cr_assert(!rho_jsonl_id(&j, "id", &s) && rho_str_is(s, "7"));
	cr_assert(!rho_jsonl_str(&j, "s", &s) && rho_str_is(s, "h\xc3\xa9"));
	cr_assert(!rho_jsonl_maybe(&j, "n", &s) && !s.len);
	cr_assert(!rho_jsonl_maybe(&j, "absent", &s) && !s.len);
	cr_assert(!rho_jsonl_list(&j, "l", &n) && n == 2);
	cr_assert(!rho_jsonl_item(&j, 0, &s) && rho_str_is(s, "x"));
	cr_assert(!rho_jsonl_item_id(&j, 1, &s) && rho_str_is(s, "-3"));
	cr_assert_eq(rho_jsonl_next(&j), 1);
	cr_assert(!rho_jsonl_id(&j, "id", &s) && rho_str_is(s, "q"));
	cr_assert_eq(rho_lines_number(j.lines), 3);
	cr_assert_eq(rho_jsonl_next(&j), 0);
	cr_assert_eq(t.code, 0);
	rho_jsonl_close(&j);
}

/* Reads text, asks for what `ask` says of its last row, and wants that trouble. */
static void expect_trouble(const char *text, char ask, const char *has)
{
	struct rho_trouble t = { 0 };
	struct rho_jsonl j = { 0 };
	struct rho_str s;
	size_t n;
	rho_jsonl_open(&j, scratch_file("b.jsonl", text), &t);
	while (rho_jsonl_next(&j) > 0)
		if (ask == 's')
			rho_jsonl_str(&j, "query", &s);
		else if (ask == 'm')
			rho_jsonl_maybe(&j, "query", &s);
		else if (ask == 'd')
			rho_jsonl_id(&j, "query", &s);
		else if (ask == 'l' && !rho_jsonl_list(&j, "query", &n))
			rho_jsonl_item(&j, 0, &s);
	rho_jsonl_close(&j);
	cr_assert_eq(t.code, RHO_EFORMAT, "%s", t.text);
	cr_assert(strstr(t.text, has), "\"%s\" does not say \"%s\"", t.text, has);
}

Test(jsonl, wrong_members)
{
	expect_trouble("{\"a\": 1, \"qurey\": 2}\n", 's',
		       "b.jsonl:1: \"query\" is missing (it must be a string); "
		       "this row has: a, qurey; rename \"qurey\"?");
	expect_trouble("{}\n", 's', "b.jsonl:1: \"query\" is missing (it must be a string); this row has: ");
	expect_trouble("{\"query\": 1}\n{\"query\": [1]}", 'd',
		       "b.jsonl:2: \"query\" must be an id (a string or an "
		       "integer), and is a list");
	expect_trouble("{\"query\": null}", 's', "must be a string, and is null");
	expect_trouble("{\"query\": {}}", 'm', "must be a string, and is an object");
	expect_trouble("{\"query\": \"x\"}", 'l', "must be a list, and is a string");
	expect_trouble("{\"query\": [true]}", 'l', "must be a string, and is true");
}

Test(jsonl, not_json)
{
	expect_trouble("{\"a\": 1}\n{\"a\": \n", 'n', "b.jsonl:2: not JSON at byte");
	expect_trouble("{} {}\n", 'n', "b.jsonl:1: not JSON at byte");
	expect_trouble("[1]\n", 'n', "b.jsonl:1: the line is JSON but not an object");
	expect_trouble("{\"a\": 99999999999999999999}\n", 'n', "b.jsonl:1: not JSON at byte");
	expect_trouble("{\"a\": \"\\ud800\"}\n", 'n', "b.jsonl:1: not JSON at byte");
}

/* 5,000 brackets: the parser must stop before the stack does. */
Test(jsonl, deep)
{
	char text[6000] = "{\"a\":";
	memset(text + 5, '[', 5000);
	expect_trouble(text, 'n', "b.jsonl:1: not JSON at byte");
}
