/* out.c: files of known length, and numbers as text. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rho/rng.h>
#include "base/file.h"
#include "run/out.h"

static char *text_of(double v, int single)
{
	static struct rho_buf b;
	rho_buf_clear(&b);
	if (single)
		rho_put_float(&b, (float)v);
	else
		rho_put_double(&b, v);
	return b.at;
}

Test(out, doubles_read_back)
{
	struct rho_rng r = { { 5, 6, 7, 8 } };
	const struct {
		double v;
		const char *text;
	} known[] = {
		{ 0.1, "0.1" },
		{ 1, "1" },
		{ 0, "0" },
		{ -2.5, "-2.5" },
		{ 1e300, "1e+300" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 5e-324, "4.94065645841247e-324" },
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		cr_assert_str_eq(text_of(known[i].v, 0), known[i].text);
	for (int i = 0; i < 20000; i++) {
		uint64_t bits = rho_u64(&r);
		double v;
		memcpy(&v, &bits, sizeof v);
		if (isfinite(v))
			cr_assert(strtod(text_of(v, 0), NULL) == v);
	}
	cr_assert_str_eq(text_of(NAN, 0), "nan");
}

Test(out, floats_read_back)
{
	struct rho_rng r = { { 5, 6, 7, 9 } };
	cr_assert_str_eq(text_of(0.1f, 1), "0.1");
	for (int i = 0; i < 20000; i++) {
		uint32_t bits = (uint32_t)rho_u64(&r);
		float v;
		memcpy(&v, &bits, sizeof v);
		if (isfinite(v))
			cr_assert(strtof(text_of((double)v, 1), NULL) == v);
	}
}

Test(out, json)
{
	struct rho_buf b = { 0 };
	rho_put_json_str(&b, "a\"\\\n\x01\xc3\xa9\xff\xe2\x82", 10);
	cr_assert_str_eq(b.at, "\"a\\\"\\\\\\u000a\\u0001\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	rho_buf_free(&b);
}

static char *folder(void)
{
	static char dir[64];
	snprintf(dir, sizeof dir, "/tmp/rho-out-XXXXXX");
	return mkdtemp(dir);
}

Test(out, goes_on_where_told)
{
	char *path = rho_xprintf("%s/x.jsonl", folder());
	struct rho_buf why = { 0 }, got = { 0 };
	struct rho_out o = { 0 };
	cr_assert_eq(rho_out_open(&o, path, 0, &why), 0);
	rho_buf_str(&o.pending, "one\ntwo\n");
	cr_assert_eq(rho_out_flush(&o, true, &why), 0);
	cr_assert_eq(o.length, 8);
	rho_buf_str(&o.pending, "lost: never flushed\n");
	rho_out_close(&o);
	cr_assert_eq(rho_out_open(&o, path, 4, &why), 0);
	rho_buf_str(&o.pending, "2\n");
	cr_assert_eq(rho_out_flush(&o, false, &why), 0);
	cr_assert_eq(o.length, 6);
	rho_out_close(&o);
	rho_file_read(path, 0, &got, &why);
	cr_assert_str_eq(got.at, "one\n2\n");
	/* shorter than a checkpoint says: nothing is touched */
	cr_assert_eq(rho_out_open(&o, path, 7, &why), 1);
	cr_assert_null(o.path);
	rho_buf_clear(&got);
	rho_file_read(path, 0, &got, &why);
	cr_assert_eq(got.len, 6);
	/* gone */
	unlink(path);
	cr_assert_eq(rho_out_open(&o, path, 7, &why), 1);
	cr_assert_eq(access(path, F_OK), -1);
	free(path);
	rho_buf_free(&why);
	rho_buf_free(&got);
}

Test(out, full_disk)
{
	struct rho_buf why = { 0 };
	struct rho_out o = { 0 };
	if (access("/dev/full", W_OK))
		cr_skip_test("no /dev/full here");
	o = (struct rho_out){ .path = rho_xstrdup("/dev/full"), .fd = dup(0) };
	close(o.fd);
	FILE *f = fopen("/dev/full", "w");
	cr_assert(f);
	o.fd = fileno(f);
	rho_buf_str(&o.pending, "x");
	cr_assert_eq(rho_out_flush(&o, false, &why), -1);
	cr_assert(strstr(why.at, "/dev/full") && strstr(why.at, "make room"), "%s", why.at);
	o.fd = -1;
	rho_out_close(&o);
	fclose(f);
	rho_buf_free(&why);
}
