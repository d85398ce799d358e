/* CSV as in RFC 4180, and what is said about what is not. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kit/csv.h"
#include "kit/text.h"
#include "scratch.h"

TestSuite(csv, .init = scratch_make, .fini = scratch_remove);

/* All records, n fields each: "a|b;c|d;", or the trouble. */
static char *all_records(const char *path, char sep, int n, struct rho_trouble *t)
{
	struct rho_text out = { 0 };
	struct rho_csv *c = rho_csv_open(path, sep, t);
	while (c && rho_csv_next(c) > 0)
		for (int i = 0; i < n; i++) {
			rho_text_add(&out, rho_csv_field(c, i));
			rho_text_adds(&out, i == n - 1 ? ";" : "|");
		}
	rho_csv_close(c);
	rho_text_add(&out, (struct rho_str){ "", 1 });
	return out.at;
}

static void expect(const char *text, char sep, int n, const char *wanted)
{
	struct rho_trouble t = { 0 };
	char *got = all_records(scratch_file("f.csv", text), sep, n, &t);
	cr_assert_eq(t.code, 0, "%s", t.text);
	cr_assert_str_eq(got, wanted);
	free(got);
}

static void expect_trouble(const char *text, const char *has)
{
	struct rho_trouble t = { 0 };
	free(all_records(scratch_file("bad.csv", text), ',', 0, &t));
	cr_assert_eq(t.code, RHO_EFORMAT, "%s", t.text);
	cr_assert(strstr(t.text, has), "\"%s\" does not say \"%s\"", t.text, has);
}

Test(csv, plain_records)
{
	expect("a,b,c\n1,2,3\n,,\n x , y,\n", ',', 3, "1|2|3;||; x | y|;");
	expect("a,b\r\n1,2\r\n\r\n3,4", ',', 2, "1|2;3|4;");
	expect("a;b\n1,5;2\n", ';', 2, "1,5|2;");
	expect("a\tb\n1\t\n", '\t', 2, "1|;");
	expect("one\n1\n\n2\n", ',', 1, "1;2;");
	expect("\xef\xbb\xbf" "a,b\n1,2\n", ',', 2, "1|2;");
	expect("a,b\n", ',', 2, "");
}

Test(csv, quotes)
{
	expect("a,b\n\"1,5\",2\n", ',', 2, "1,5|2;");
	expect("a,b\n\"say \"\"hi\"\"\",\"\"\n", ',', 2, "say \"hi\"|;");
	expect("a,b\n\"two\nlines\",x\n\"\r\n\r\n\",\"y\"\r\n", ',', 2, "two\nlines|x;\r\n\r\n|y;");
	expect("\"a\",\"b,c\"\n\"\"\"\",\"\"\n", ',', 2, "\"|;");
	expect("a,b\n\"x\",\n,\"y\"\n", ',', 2, "x|;|y;");
}

Test(csv, lines_are_numbered_where_records_begin)
{
	struct rho_trouble t = { 0 };
	struct rho_csv *c = rho_csv_open(scratch_file("n.csv", "a,b\n\"1\n1\n1\",2\n\n3,4\n"), ',', &t);
	cr_assert_eq(rho_csv_next(c), 1);
	cr_assert_eq(rho_csv_line(c), 2);
	cr_assert_eq(rho_csv_next(c), 1);
	cr_assert_eq(rho_csv_line(c), 6);
	cr_assert_eq(rho_csv_next(c), 0);
	rho_csv_close(c);
}

Test(csv, rows_of_the_wrong_length)
{
	expect_trouble("a,b,c\n1,2,3\n1,2\n", "bad.csv:3: 2 fields, but the header has 3");
	expect_trouble("a,b\n1,2,3\n",
		       "bad.csv:2: 3 fields, but the header has 2; every row must have them all (a field");
	expect_trouble("a,b\n1\n", "bad.csv:2: 1 field, but");
}

Test(csv, broken_quotes)
{
	expect_trouble("a,b\n1,2\n3,\"open\n5,6\n",
		       "bad.csv:3: the quote that opens field 2 here is never closed");
	expect_trouble("a,b\n1,2\n5\" disk,x\n", "bad.csv:3: field 1 has a quote in its middle");
	expect_trouble("a,b\n\"x\" y,2\n", "bad.csv:2: field 1 goes on after its closing quote");
	expect_trouble("a,b\n\"x\n\n\" y,2\n", "bad.csv:4: field 1 goes on after its closing quote");
}

Test(csv, headers)
{
	struct rho_trouble t = { 0 };
	expect_trouble("", "the file is empty; its first line must name the columns");
	expect_trouble("a,b,a\n", "bad.csv:1: columns 1 and 3 are both called \"a\"");
	struct rho_csv *c = rho_csv_open(scratch_file("h.csv", "userid,item_id,ts\n"), ',', &t);
	cr_assert_eq(rho_csv_column(c, "item_id", true), 1);
	cr_assert_eq(rho_csv_column(c, "weight", false), -1);
	cr_assert_eq(t.code, 0);
	cr_assert_eq(rho_csv_column(c, "user_id", true), -1);
	cr_assert(
		strstr(t.text,
		       "h.csv:1: there is no column \"user_id\"; the columns here are: userid, item_id, ts; "
		       "rename \"userid\"?"),
		"%s", t.text);
	rho_csv_close(c);
}

Test(csv, invalid_utf8_and_missing_files)
{
	struct rho_trouble t = { 0 };
	expect_trouble("a,b\n1,2\n\"x\n\xe9\",y\n",
		       "bad.csv:4: byte 1 of the line (0xe9) is not valid UTF-8");
	cr_assert_null(rho_csv_open(scratch_path("none.csv"), ',', &t));
	cr_assert_eq(t.code, RHO_EIO);
}

Test(csv, numbers_and_times)
{
	struct rho_trouble t = { 0 };
	struct rho_csv *c =
		rho_csv_open(scratch_file("n.csv", "x,t\n 1.5e1 ,2014-04-24\n,\nabc,1\n"), ',', &t);
	double x;
	int64_t time;
	rho_csv_next(c);
	cr_assert_eq(rho_csv_f64(c, 0, &x), 0);
	cr_assert_eq(rho_csv_time(c, 1, &time), 0);
	cr_assert_eq(x, 15);
	cr_assert_eq(time, 1398297600);
	rho_csv_next(c);
	cr_assert(!rho_csv_f64(c, 0, &x) && isnan(x) && !rho_csv_time(c, 1, &time) && time == INT64_MIN);
	cr_assert(!rho_csv_f64(c, -1, &x) && isnan(x));
	rho_csv_next(c);
	cr_assert_eq(rho_csv_f64(c, 0, &x), RHO_EFORMAT);
	cr_assert(strstr(t.text, "n.csv:4: x is \"abc\", which is not a number"), "%s", t.text);
	rho_csv_close(c);
}

Test(csv, too_many_fields)
{
	char *text = malloc(20000);
	memset(text, ',', 10000);
	strcpy(text + 10000, "\n");
	expect_trouble(text, "more than 4096 fields");
	memset(text, ',', 10000);
	memcpy(text, "\"\"", 2);
	expect_trouble(text, "more than 4096 fields");
	free(text);
}
