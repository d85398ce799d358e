/* The small things: text, piles, id maps, numbers, times, HTML, nearest names. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kit/html.h"
#include "kit/idmap.h"
#include "kit/number.h"
#include "kit/place.h"
#include "kit/trouble.h"
#include "scratch.h"

#include <stdlib.h>

static struct rho_str s(const char *t) { return rho_str_of(t); }

Test(text, join_and_views)
{
	struct rho_text t = { 0 };
	rho_text_join(&t, ", ", s("a"));
	rho_text_join(&t, ", ", s(""));
	rho_text_join(&t, ", ", s("b"));
	cr_assert(rho_str_is(rho_text_view(&t), "a, b"));
	rho_text_free(&t);
	cr_assert(rho_str_is(rho_str_trim(s(" \t x y \r\n")), "x y"));
	cr_assert_eq(rho_str_trim(s(" \n")).len, 0);
	cr_assert(rho_str_is(rho_str_head(s("a\xc3\xa9z"), 2), "a"));
	cr_assert(rho_str_is(rho_str_head(s("a\xc3\xa9z"), 3), "a\xc3\xa9"));
	struct rho_str rest = s("a,,b");
	cr_assert(rho_str_is(rho_str_cut(&rest, ','), "a"));
	cr_assert(rho_str_is(rho_str_cut(&rest, ','), ""));
	cr_assert(rest.at && rho_str_is(rho_str_cut(&rest, ','), "b"));
	cr_assert_null(rest.at);
	cr_assert_null(rho_str_cut(&rest, ',').at);
}

Test(text, size_that_does_not_fit)
{
	struct rho_text t = { 0 };
	rho_text_adds(&t, "x");
	cr_assert_not(rho_text_add(&t, (struct rho_str){ "x", SIZE_MAX - 1 }));
	cr_assert(t.spent);
	cr_assert_not(rho_text_adds(&t, "more"));
	rho_text_free(&t);
}

Test(idmap, numbers_in_order_of_adding)
{
	struct rho_idmap m = { 0 };
	char name[40];
	bool fresh;
	cr_assert_eq(rho_idmap_find(&m, s("x")), RHO_NO_ID);
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 0; i < 50000; i++) {
			snprintf(name, sizeof(name), "%s%" PRIu32, i % 3 ? "a-rather-long-prefix-" : "",
				 i * 7919u);
			cr_assert_eq(rho_idmap_add(&m, s(name), &fresh), i);
			cr_assert_eq(fresh, round == 0);
			cr_assert_eq(rho_idmap_find(&m, s(name)), i);
		}
	cr_assert_eq(rho_idmap_n(&m), 50000);
	cr_assert_eq(rho_idmap_add(&m, s(""), &fresh), 50000);
	cr_assert(fresh && rho_idmap_find(&m, s("")) == 50000);
	cr_assert(rho_str_is(rho_pile_at(&m.names, 0), "0"));
	cr_assert_eq(rho_pile_at(&m.names, 50000).len, 0);
	rho_idmap_free(&m);
}

static int64_t i64(const char *text)
{
	int64_t v = 424242;
	return rho_read_i64(s(text), &v) ? v : 424242;
}

Test(number, integers)
{
	cr_assert_eq(i64("0"), 0);
	cr_assert_eq(i64("-0012"), -12);
	cr_assert_eq(i64("9223372036854775807"), INT64_MAX);
	cr_assert_eq(i64("-9223372036854775808"), INT64_MIN);
	static const char *const bad[] = {
		"",   "-",   "+",   "9223372036854775808",    "-9223372036854775809", "1 ",
		" 1", "1.0", "0x1", "99999999999999999999999"
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(i64(bad[i]), 424242, "%s", bad[i]);
}

Test(number, decimals)
{
	double v;
	cr_assert(rho_read_f64(s("-1.25e-2"), &v) && v == -0.0125);
	cr_assert(rho_read_f64(s(".5"), &v) && v == 0.5);
	static const char *const bad[] = {
		"",     "nan",
		"inf",  "1e999",
		"0x10", "1,5",
		"1 2",  "e",
		"--1",  "0000000000000000000000000000000000000000000000000000000000000000000001"
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_not(rho_read_f64(s(bad[i]), &v), "%s", bad[i]);
}

/* Every day of 400 years, against the C library's calendar. */
Test(number, days_of_the_calendar)
{
	for (int64_t day = -60000; day < 90000; day++) {
		time_t at = (time_t)(day * 86400);
		struct tm tm;
		char text[64];
		int64_t got = 0;
		gmtime_r(&at, &tm);
		strftime(text, sizeof(text), "%Y-%m-%d", &tm);
		cr_assert(rho_read_time(s(text), &got) && got == (int64_t)at, "%s", text);
	}
}

Test(number, times)
{
	int64_t t;
	cr_assert(rho_read_time(s("1398297600"), &t) && t == 1398297600);
	cr_assert(rho_read_time(s("1398297600.75"), &t) && t == 1398297600);
	cr_assert(rho_read_time(s("2014-04-24T10:20:30Z"), &t) && t == 1398297600 + 37230);
	cr_assert(rho_read_time(s("2014-04-24 10:20"), &t) && t == 1398297600 + 37200);
	cr_assert(rho_read_time(s("2014-04-24 10:20:30.442536+00:00"), &t) && t == 1398297600 + 37230);
	cr_assert(rho_read_time(s("2014-04-24 10:20:30+09:00"), &t) && t == 1398297600 + 37230 - 32400);
	cr_assert(rho_read_time(s("2014-04-24T10:20-01:30"), &t) && t == 1398297600 + 37200 + 5400);
	cr_assert(rho_read_time(s("2014-04-24T10:20:30.5Z"), &t) && t == 1398297600 + 37230);
	static const char *const bad[] = { "",           "2014-13-01", "2014-02-29",    "2014-04-24T25:00",
					   "24.04.2014", "2014-4-4",   "2014-04-24T10", "2014-04-24X10:20",
					   "1e300",      "soon",       "2014-04-24+09:00",
					   "2014-04-24T10:20:30+9:00", "2014-04-24T10:20:30.x", "2014-04-24T10:20:30.",
					   "2014-04-24T10:20:30+24:00", "2014-04-24T10:20Z0" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_not(rho_read_time(s(bad[i]), &t), "%s", bad[i]);
}

static void expect_html(bool (*f)(struct rho_text *, struct rho_str), const char *in, const char *wanted)
{
	struct rho_text t = { 0 };
	cr_assert(f(&t, s(in)));
	cr_assert(rho_str_is(rho_text_view(&t), wanted), "%s gives %.*s", in, (int)t.len, t.len ? t.at : "");
	rho_text_free(&t);
}

Test(html, entities)
{
	expect_html(rho_html_decode, "a &amp; b &lt;&quot;&#39;&gt;", "a & b <\"'>");
	expect_html(rho_html_decode, "&eacute;&Oslash;&hellip;&thetasym;",
		    "\xc3\xa9\xc3\x98\xe2\x80\xa6\xcf\x91");
	expect_html(rho_html_decode, "&#46497;&#x1F600;&#153;", "\xeb\x96\xa1\xf0\x9f\x98\x80\xe2\x84\xa2");
	expect_html(rho_html_decode, "&amp;amp; & &; &nosuch; &#0; &#xD800; &#1114112; &#27; &amp",
		    "&amp; & &; &nosuch; "
		    "&#0; &#xD800; &#1114112; &#27; &amp");
	expect_html(rho_html_decode, "&#99999999999999999999;&;&&lt", "&#99999999999999999999;&;&&lt");
	expect_html(rho_html_decode, "", "");
}

Test(html, tags)
{
	expect_html(rho_html_plain, "<p>Two  <b>words</b></p>\n<br/>more", "Two words more");
	expect_html(rho_html_plain, "5 < 6 > 4 <3", "5 < 6 > 4 <3");
	expect_html(rho_html_plain, "a<!-- .x { <b> } -->b<STYLE>p{}</Style>c<script>1<2</script>", "a b c");
	expect_html(rho_html_plain, "a&nbsp;&nbsp;b \xc2\xa0 c", "a b c");
	expect_html(rho_html_plain, "open <a href=", "open");
	expect_html(rho_html_plain, "<!-- open", "");
}

Test(trouble, nearest)
{
	const struct rho_str names[] = { s("G1"), s("AnyTool"), s("ToolLens") };
	cr_assert_eq(rho_kit_nearest(s("anytool"), names, 3), 1);
	cr_assert_eq(rho_kit_nearest(s("Toollnes"), names, 3), 2);
	cr_assert_eq(rho_kit_nearest(s("g1"), names, 3), 0);
	cr_assert_eq(rho_kit_nearest(s("quaternion"), names, 3), 3);
}

Test(trouble, the_first_one_stands)
{
	struct rho_trouble t = { 0 };
	cr_assert_eq(rho_trouble_at(&t, RHO_EIO, "f", 3, "x%d", 1), RHO_EIO);
	cr_assert_eq(rho_trouble_set(&t, RHO_EFORMAT, "second"), RHO_EIO);
	cr_assert_str_eq(t.text, "f:3: x1");
}

Test(place, plain_or_gzip_here_or_below, .init = scratch_make, .fini = scratch_remove)
{
	const char *folder = scratch_path(".");
	char *none = rho_place(folder, "sub", "x.jsonl");
	cr_assert(strstr(none, "/x.jsonl"));
	scratch_file("x.jsonl.gz", "");
	char *packed = rho_place(folder, NULL, "x.jsonl");
	cr_assert(strstr(packed, "/x.jsonl.gz"));
	scratch_file("x.jsonl", "");
	char *plain = rho_place(folder, "sub", "x.jsonl");
	cr_assert_str_eq(plain, none);
	free(none);
	free(packed);
	free(plain);
}
