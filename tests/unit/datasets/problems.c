/* The gsm8k and math datasets: steps taken apart, answers found, the real counts. */
#include <criterion/criterion.h>
#include <kit/boxed.h>
#include <stdlib.h>
#include <string.h>

#include "../kit/scratch.h"
#include "loaded.h"

TestSuite(problems, .init = scratch_make, .fini = scratch_remove);

/* U+2028 within a line, a line end of Windows, a byte order mark, a blank line in an answer, a bare step, an
 * annotation that is never closed, two in one line, a thousands comma, a sign. */
static const char train[] =
	"\xef\xbb\xbf{\"question\": \"A\xe2\x80\xa8 \xe2\x80\x9c" "B\xe2\x80\x9d?\", \"answer\": \"Half: 48/2 = "
	"<<48/2=24>>24 clips.\\n\\nSo it is all.\\n#### 2,125\"}\r\n"
	"{\"question\": \"Q2\", \"answer\": \"a <<1+1=2>>2 and <<2+2=4>>4\\nb <<3\\n<<5=5>>\\n#### -7 \\n\"}\n";
static const char test[] = "{\"question\": \"T\", \"answer\": \"x\\n#### 3\"}\n\n"
			   "{\"question\": \"T2\", \"answer\": \"#### 4\"}";
static const char math500[] =
	"{\"problem\": \"M\", \"solution\": \"first $\\\\boxed{1}$ then $\\\\boxed{\\\\frac{14}{3}}$.\", "
	"\"answer\": \"\\\\frac{14}{3}\", \"subject\": \"Algebra\", \"level\": 3, \"unique_id\": \"test/a/1.json\"}\n";

static int64_t integer(const struct loaded *l, uint32_t table, const char *name, size_t row)
{
	return rho_find_column(l->data, table, name, RHO_COL_I64)->i64[row];
}

Test(problems, gsm8k)
{
	scratch_gzip("train.jsonl.gz", train, strlen(train));
	scratch_file("test.jsonl", test);
	scratch_file("math500.jsonl", math500);
	struct loaded l = load_well("gsm8k", "path = '%s'\nmath = '%s'", scratch_path(""), scratch_path(""));
	static const struct { const char *text, *expr, *id; int64_t step; } step[] = {
		{ "Half: 48/2 = 24 clips.", "48/2=24", "0:0", 0 }, { "So it is all.", "", "0:1", 1 },
		{ "a 2 and 4", "1+1=2; 2+2=4", "1:0", 0 },         { "b <<3", "", "1:1", 1 },
		{ "", "5=5", "1:2", 2 },
	};
	cr_assert_eq(rows(&l, RHO_ACTIONS), 5);
	cr_assert_eq(rows(&l, RHO_LINKS), 5);
	for (size_t i = 0; i < 5; i++) {
		cr_assert_str_eq(cell(&l, RHO_ACTIONS, "text", i), step[i].text);
		cr_assert_str_eq(cell(&l, RHO_ACTIONS, "expr", i), step[i].expr);
		cr_assert_str_eq(cell(&l, RHO_ACTIONS, "id", i), step[i].id);
		uint32_t from = rho_find_column(l.data, RHO_ACTIONS, "context", RHO_COL_ROW)->row[i];
		cr_assert(from == (i > 1) && link_context(&l, i) == from && link_action(&l, i) == i);
		cr_assert(integer(&l, RHO_ACTIONS, "step", i) == step[i].step &&
			  integer(&l, RHO_LINKS, "time", i) == step[i].step && link_weight(&l, i) == 1);
	}
	static const char *const answer[] = { "2,125", "-7", "3", "4", "\\frac{14}{3}" };
	static const char *const split[] = { "train", "train", "test", "test", "test" };
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 5);
	for (size_t i = 0; i < 5; i++) {
		cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "answer", i), answer[i]);
		cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "split", i), split[i]);
		cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "group", i), i < 4 ? "GSM8K" : "MATH-500");
	}
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "text", 0), "A\xe2\x80\xa8 \xe2\x80\x9c" "B\xe2\x80\x9d?");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "id", 3), "test/1");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "solution", 2), "x\n#### 3");
	cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "subject", 4), "Algebra");
	cr_assert(integer(&l, RHO_CONTEXTS, "level", 4) == 3 && integer(&l, RHO_CONTEXTS, "level", 0) == INT64_MIN);
	unload(&l);
	l = load_well("gsm8k", "path = '%s'\nsteps = 'none'", scratch_path(""));
	cr_assert(rows(&l, RHO_ACTIONS) == 0 && rows(&l, RHO_LINKS) == 0 && rows(&l, RHO_CONTEXTS) == 4);
	unload(&l);
}

Test(problems, gsm8k_mistakes)
{
	const char *f = scratch_path("");
	load_badly("gsm8k", RHO_EIO, "train.jsonl: there is no such file", "path = '%s'", f);
	scratch_file("train.jsonl", "{\"question\": \"Q\", \"answer\": \"x\\n#### 1\"}\n"
				    "{\"question\": \"Q\", \"answer\": \"x\\nA: 1\"}\n");
	load_badly("gsm8k", RHO_EFORMAT,
		   "train.jsonl:2: the answer must end in a line \"#### NUMBER\", and its last line is \"A: 1\"",
		   "path = '%s'", f);
	scratch_file("train.jsonl", "{\"question\": \"Q\", \"answer\": \"x\\n#### \"}\n");
	load_badly("gsm8k", RHO_EFORMAT, "train.jsonl:1: the answer must end", "path = '%s'", f);
	scratch_file("train.jsonl", "{\"question\": \" \", \"answer\": \"#### 1\"}\n");
	load_badly("gsm8k", RHO_EFORMAT, "train.jsonl:1: \"question\" is empty", "path = '%s'", f);
	scratch_file("train.jsonl", "{\"question\": \"Q\"}\n");
	load_badly("gsm8k", RHO_EFORMAT, "train.jsonl:1: \"answer\" is missing", "path = '%s'", f);
	scratch_file("train.jsonl", train);
	scratch_file("test.jsonl", "");
	load_badly("gsm8k", RHO_EFORMAT, "test.jsonl: the file is empty", "path = '%s'", f);
}

Test(problems, math)
{
	scratch_file("math500.jsonl", math500);
	scratch_file("test_dev.jsonl",
		     "{\"problem\":\"M\",\"level\":\"Level 3\",\"type\":\"Algebra\",\"solution\":"
		     "\"\\\\boxed{1}\",\"idx\":1}\n"
		     "{\"problem\":\"D\",\"level\":\"Level ?\",\"type\":\"Geometry\",\"solution\":"
		     "\"$\\\\boxed{\\\\left\\\\{1\\\\right.}$\",\"idx\":2}\r\n");
	static const char answers[] =
		"{\"problem\":\"a\",\"answer\":\"4\",\"difficulty\":3.0,\"type\":\"Algebra\"}\n"
		"{\"problem\":\"b\",\"answer\":null,\"difficulty\":3.0,\"type\":\"Algebra\"}\n"
		"{\"problem\":\"c\",\"answer\":\"\",\"difficulty\":3.0,\"type\":\"Algebra\"}\n"
		"{\"problem\":\"d\",\"answer\":\"5\",\"difficulty\":0.0,\"type\":\"Algebra\"}\n";
	scratch_gzip("train_answers.jsonl.gz", answers, strlen(answers));
	struct loaded l = load_well("math", "path = '%s'", scratch_path(""));
	static const char *const id[] = { "test/a/1.json", "dev/2", "train/0", "train/3" };
	static const char *const answer[] = { "\\frac{14}{3}", "\\left\\{1\\right.", "4", "5" };
	static const char *const group[] = { "Algebra", "Geometry", "Algebra", "Algebra" };
	static const char *const split[] = { "test", "dev", "train", "train" };
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 4);
	for (size_t i = 0; i < 4; i++) {
		cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "id", i), id[i]);
		cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "answer", i), answer[i]);
		cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "group", i), group[i]);
		cr_assert_str_eq(cell(&l, RHO_CONTEXTS, "split", i), split[i]);
		cr_assert_eq(integer(&l, RHO_CONTEXTS, "level", i), i == 1 || i == 3 ? INT64_MIN : 3);
	}
	unload(&l);
}

Test(problems, math_mistakes)
{
	const char *f = scratch_path("");
	load_badly("math", RHO_EIO, "math500.jsonl: there is no such file", "path = '%s'", f);
	scratch_file("math500.jsonl", "{\"problem\": \"M\", \"solution\": \"\\\\boxed{2}\", \"answer\": \"3\", "
				      "\"subject\": \"Algebra\", \"level\": 3, \"unique_id\": 1}\n");
	load_badly("math", RHO_EFORMAT, "math500.jsonl:1: the answer is stated as \"3\", but the solution ends in "
		   "\\boxed{2}", "path = '%s'", f);
	scratch_file("math500.jsonl", "{\"problem\": \"M\", \"solution\": \"\\\\boxed{3\", \"answer\": \"3\", "
				      "\"subject\": \"Algebra\", \"level\": 3, \"unique_id\": 1}\n");
	load_badly("math", RHO_EFORMAT, "math500.jsonl:1: the solution has no \\boxed", "path = '%s'", f);
	scratch_file("math500.jsonl", math500);
	scratch_file("test_dev.jsonl", "{\"problem\":\"D\",\"level\":\"Level 9\",\"type\":\"A\",\"solution\":"
				       "\"\\\\boxed{1}\",\"idx\":1}\n");
	load_badly("math", RHO_EFORMAT, "test_dev.jsonl:1: \"level\" must be a level from 1 to 5", "path = '%s'", f);
	scratch_file("test_dev.jsonl", "{\"problem\":\"M\",\"level\":1,\"type\":\"A\",\"solution\":\"\",\"idx\":1}\n");
	scratch_file("train_answers.jsonl", "{\"problem\":\"M\",\"answer\":\"4\",\"difficulty\":3.0,\"type\":\"A\"}\n");
	load_badly("math", RHO_EFORMAT, "train_answers.jsonl:1: this training problem is one of MATH-500",
		   "path = '%s'", f);
}

Test(problems, boxed)
{
	static const struct { const char *text, *inside; } wanted[] = {
		{ "\\boxed{1} and \\boxed{\\{2,3\\}}", "\\{2,3\\}" }, { "\\fbox{a}", "a" },
		{ "\\boxed 5$", "5" },    { "\\boxed\\pi r", "\\pi" }, { "\\boxed{}", "" },
		{ "\\boxed{a{b}c}d", "a{b}c" }, { "\\boxed \xc3\xa9x", "\xc3\xa9" },
		{ "\\boxed{1", NULL },    { "none", NULL },            { "\\boxed", NULL },
		{ "\\boxedsize{3}", NULL }, { "\\boxed{1\\}", NULL },  { "\\boxed{1} then \\boxed{2", NULL },
		{ "\\boxed{1\\", NULL },  { "", NULL },
	};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		struct rho_str s = { NULL, 0 };
		bool found = rho_boxed_last(rho_str_of(wanted[i].text), &s);
		cr_assert_eq(found, wanted[i].inside != NULL, "%s", wanted[i].text);
		cr_assert(!found || rho_str_is(s, wanted[i].inside), "%s: %.*s", wanted[i].text, (int)s.len, s.at);
	}
}

/* Counts of the data's own descriptions: 27,998 annotations in all, at most one a line. */
Test(problems, real_gsm8k)
{
	char math[1000];
	snprintf(math, sizeof(math), "%s", real_data("math"));
	struct loaded l = load_well("gsm8k", "path = '%s'\nmath = '%s'", real_data("gsm8k"), math);
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 7473 + 1319 + 500);
	cr_assert_eq(rows(&l, RHO_ACTIONS), 26720);
	size_t commas = 0, annotated = 0;
	for (size_t i = 0; i < 7473 + 1319; i++)
		commas += strchr(cell(&l, RHO_CONTEXTS, "answer", i), ',') != NULL;
	for (size_t i = 0; i < 26720; i++) {
		annotated += *cell(&l, RHO_ACTIONS, "expr", i) != 0;
		cr_assert_null(strstr(cell(&l, RHO_ACTIONS, "text", i), "<<"));
		cr_assert_neq(*cell(&l, RHO_ACTIONS, "text", i), 0);
	}
	cr_assert_eq(commas, 93);
	cr_assert_eq(annotated, 23716, "%zu", annotated);       /* 27,998 less those of the test answers */
	unload(&l);
}

Test(problems, real_math)
{
	struct loaded l = load_well("math", "path = '%s'", real_data("math"));
	size_t n[3] = { 0 }, unknown = 0;
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 500 + 2250 + 7469);
	for (size_t i = 0; i < rows(&l, RHO_CONTEXTS); i++) {
		const char *split = cell(&l, RHO_CONTEXTS, "split", i);
		n[!strcmp(split, "test") ? 0 : !strcmp(split, "dev") ? 1 : 2]++;
		unknown += integer(&l, RHO_CONTEXTS, "level", i) == INT64_MIN;
		cr_assert_neq(*cell(&l, RHO_CONTEXTS, "answer", i), 0);
	}
	cr_assert(n[0] == 500 && n[1] == 2250 && n[2] == 7469 && unknown == 2);
	unload(&l);
}
