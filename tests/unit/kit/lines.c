/* Lines: numbers, endings, gzip by content, damage, UTF-8. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "kit/lines.h"
#include "kit/text.h"
#include "scratch.h"

TestSuite(lines, .init = scratch_make, .fini = scratch_remove);

/* Reads all lines; joins them with '|'. *code: how it ended. */
static char *all_lines(const char *path, struct rho_trouble *t, int *code)
{
	struct rho_text out = { 0 };
	struct rho_str line;
	struct rho_lines *l = rho_lines_open(path, t);
	*code = l ? 0 : t->code;
	while (l && (*code = rho_lines_next(l, &line)) > 0) {
		rho_text_add(&out, line);
		rho_text_adds(&out, "|");
	}
	rho_lines_close(l);
	rho_text_add(&out, (struct rho_str){ "", 1 });
	return out.at;
}

static void expect(const char *path, const char *wanted)
{
	struct rho_trouble t = { 0 };
	int code;
	char *got = all_lines(path, &t, &code);
	cr_assert_eq(code, 0, "%s", t.text);
	cr_assert_str_eq(got, wanted);
	free(got);
}

static void expect_trouble(const char *path, int wanted, const char *has)
{
	struct rho_trouble t = { 0 };
	int code;
	free(all_lines(path, &t, &code));
	cr_assert_eq(code, wanted, "%d: %s", code, t.text);
	cr_assert_eq(t.code, wanted);
	cr_assert(strstr(t.text, has), "\"%s\" does not say \"%s\"", t.text, has);
	cr_assert(strstr(t.text, path), "\"%s\" does not name the file", t.text);
}

Test(lines, endings)
{
	expect(scratch_file("a", "one\ntwo\n"), "one|two|");
	expect(scratch_file("b", "one\r\ntwo\r\n\r\nthree"), "one|two||three|");
	expect(scratch_file("c", "a\rb\nc"), "a\rb|c|");
	expect(scratch_file("d", ""), "");
	expect(scratch_file("e", "\n\n"), "||");
	expect(scratch_file("f", "\xef\xbb\xbfhead\nx"), "head|x|");
}

Test(lines, gzip_is_seen_from_the_content)
{
	expect(scratch_gzip("plain.txt", "one\ntwo\n", 8), "one|two|");
	expect(scratch_file("not.gz", "one\n"), "one|");
	expect(scratch_gzip("empty.gz", "", 0), "");
}

Test(lines, a_name_that_promises_gzip_over_other_bytes)
{
	expect_trouble(scratch_bytes("no.gz", "\x02\xff\x00\x0b", 4), RHO_EFORMAT,
	               "its name ends in .gz, but this is neither gzip data nor text");
	expect(scratch_file("text.gz", "a\tb\r\n\xc3\xa9\n"), "a\tb|\xc3\xa9|");
}

Test(lines, gzip_of_several_members_and_padding)
{
	const char *a = scratch_gzip("a.gz", "one\ntw", 6), *b = scratch_gzip("b.gz", "o\nthree", 7);
	unsigned char all[400];
	FILE *f = fopen(a, "rb");
	size_t n = fread(all, 1, 200, f);
	fclose(f);
	f = fopen(b, "rb");
	n += fread(all + n, 1, 100, f);
	fclose(f);
	expect(scratch_bytes("two.gz", all, n), "one|two|three|");
	memset(all + n, 0, 50);
	expect(scratch_bytes("padded.gz", all, n + 50), "one|two|three|");
	all[n] = 'x';
	expect_trouble(scratch_bytes("garbage.gz", all, n + 1), RHO_EFORMAT, "ends too early");
}

/* 3 MB of lines, so that the ring goes round, against the lines themselves; with lines longer than
 * the reader's buffer among them. */
Test(lines, large_and_long)
{
	size_t room = (size_t)8 << 20, n = 0, count = 0;
	char *text = malloc(room);
	unsigned x = 12345;
	while (n < (size_t)6 << 20) {
		x = x * 1664525 + 1013904223;
		size_t len = x >> 16 & 127;
		if (count % 5000 == 4999)
			len = 700000;
		for (size_t i = 0; i < len; i++)
			text[n++] = (char)('a' + (i * 7 + count) % 26);
		text[n++] = '\n';
		count++;
	}
	const char *paths[] = { scratch_bytes("big", text, n), scratch_gzip("big.gz", text, n) };
	for (size_t p = 0; p < 2; p++) {
		struct rho_trouble t = { 0 };
		struct rho_str line;
		struct rho_lines *l = rho_lines_open(paths[p], &t);
		size_t at = 0, seen = 0;
		while (rho_lines_next(l, &line) > 0) {
			cr_assert(!memcmp(text + at, line.at, line.len) && text[at + line.len] == '\n');
			at += line.len + 1;
			cr_assert_eq(rho_lines_number(l), ++seen);
		}
		cr_assert_eq(at, n);
		cr_assert_eq(t.code, 0);
		rho_lines_close(l);
	}
	free(text);
}

Test(lines, closing_early_stops_the_thread)
{
	size_t n = (size_t)16 << 20;
	char *text = malloc(n);
	memset(text, 'x', n);
	for (size_t i = 80; i < n; i += 81)
		text[i] = '\n';
	const char *path = scratch_gzip("big.gz", text, n);
	struct rho_trouble t = { 0 };
	struct rho_str line;
	for (int i = 0; i < 20; i++) {
		struct rho_lines *l = rho_lines_open(path, &t);
		for (int j = 0; j < i; j++)
			cr_assert_eq(rho_lines_next(l, &line), 1);
		rho_lines_close(l);
	}
	free(text);
}

Test(lines, cut_and_damaged_gzip)
{
	char text[40000];
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 50 == 49 ? '\n' : (char)(32 + (i * i * 31 + i / 7) % 90);
	const char *path = scratch_gzip("whole.gz", text, sizeof(text));
	unsigned char bytes[40000];
	FILE *f = fopen(path, "rb");
	size_t n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	expect_trouble(scratch_bytes("cut.gz", bytes, n / 2), RHO_EFORMAT, "ends too early");
	expect_trouble(scratch_bytes("head.gz", bytes, 5), RHO_EFORMAT, "ends too early");
	expect_trouble(scratch_bytes("tail.gz", bytes, n - 3), RHO_EFORMAT, "ends too early");
	bytes[n - 6] ^= 0x55;   /* its checksum */
	expect_trouble(scratch_bytes("sum.gz", bytes, n), RHO_EFORMAT, "damaged");
	bytes[n - 6] ^= 0x55;
	bytes[2] = 99;          /* its method */
	expect_trouble(scratch_bytes("method.gz", bytes, n), RHO_EFORMAT, "damaged");
}

/* What stands before the damage is given first. */
Test(lines, good_lines_before_the_cut)
{
	char text[300000];
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 100 == 99 ? '\n' : (char)('a' + i * i % 23);
	const char *path = scratch_gzip("whole.gz", text, sizeof(text));
	unsigned char bytes[300000];
	FILE *f = fopen(path, "rb");
	size_t n = fread(bytes, 1, sizeof(bytes), f), seen = 0;
	fclose(f);
	struct rho_trouble t = { 0 };
	struct rho_str line;
	struct rho_lines *l = rho_lines_open(scratch_bytes("cut.gz", bytes, n - 20), &t);
	while (rho_lines_next(l, &line) > 0)
		seen++;
	rho_lines_close(l);
	cr_assert_gt(seen, 100);
	cr_assert_eq(t.code, RHO_EFORMAT);
}

Test(lines, what_is_not_text)
{
	expect_trouble(scratch_file("latin1", "good\nna\xefve\n"), RHO_EFORMAT,
		       "latin1:2: byte 3 of the line (0xef)");
	expect_trouble(scratch_bytes("nul", "a\nb\0c\n", 6), RHO_EFORMAT, "nul:2: there is a NUL byte");
	expect_trouble(scratch_bytes("utf16", "\xff\xfe" "a\0", 4), RHO_EFORMAT, "utf16:1: byte 1");
}

Test(lines, what_cannot_be_opened)
{
	expect_trouble(scratch_path("missing"), RHO_EIO, "there is no such file");
	expect_trouble("/tmp", RHO_EIO, "this is a folder");
}

Test(lines, too_long)
{
	size_t n = RHO_LINE_MAX + 10;
	char *text = malloc(n);
	memset(text, 'x', n);
	expect_trouble(scratch_bytes("long", text, n), RHO_EFORMAT,
		       "long:1: this line is longer than 64 MiB");
	text[n - 1] = '\n';
	expect_trouble(scratch_bytes("long2", text, n), RHO_EFORMAT, "longer than 64 MiB");
	text[0] = '\n';
	text[n - 9] = '\n';
	struct rho_trouble t = { 0 };
	int code;
	free(all_lines(scratch_bytes("just", text, n), &t, &code));
	cr_assert_eq(code, 0, "%s", t.text);
	free(text);
}

/* Every two- and three-byte string and the borders of four-byte ones, against the code points that
 * a decoder finds. */
static bool valid(const unsigned char *p, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	for (size_t i = 0; i < n; ) {
		size_t len = p[i] < 0x80             ? 1
			     : (p[i] & 0xe0) == 0xc0 ? 2
			     : (p[i] & 0xf0) == 0xe0 ? 3
			     : (p[i] & 0xf8) == 0xf0 ? 4
						     : 0;
		if (!len || i + len > n)
			return false;
		uint32_t v = len == 1 ? p[i] : p[i] & (0x7fu >> len);
		for (size_t j = 1; j < len; j++) {
			if ((p[i + j] & 0xc0) != 0x80)
				return false;
			v = v << 6 | (p[i + j] & 0x3f);
		}
		if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
			return false;
		i += len;
	}
	return true;
}

Test(lines, utf8_as_in_rfc_3629)
{
	unsigned char p[24];
	size_t good = 0;
	memset(p, 'a', sizeof(p));
	for (uint32_t v = 0; v < 1u << 24; v += v < 0x10000 ? 1 : 7) {
		p[17] = (unsigned char)(v >> 16);
		p[18] = (unsigned char)(v >> 8);
		p[19] = (unsigned char)v;
		bool wanted = valid(p, 20), got = rho_utf8_valid((struct rho_str){ (char *)p, 20 }) == 20;
		cr_assert_eq(wanted, got, "%06x", v);
		good += got;
	}
	cr_assert_gt(good, 100000);
	for (unsigned a = 0xef; a < 0x100; a++)
		for (unsigned b = 0x70; b < 0xd0; b++)
			for (unsigned c = 0x7e; c < 0xc3; c += 1) {
				const unsigned char four[] = { (unsigned char)a, (unsigned char)b,
							       (unsigned char)c, 0x80 };
				cr_assert_eq(valid(four, 4),
					     rho_utf8_valid((struct rho_str){ (const char *)four, 4 }) == 4);
			}
}
