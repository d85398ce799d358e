/* source.c: rows of texts and pictures, in order, and what is wrong with a file, with its place. */
#include <sys/stat.h>
#include <sys/time.h>
#include <zlib.h>

#include "encode/source.h"
#include "place.h"

/* All rows, a '|' after each. */
static char *rows(const char *path, uint32_t form, const char *column)
{
	struct rho_source_spec spec = { path, form, column };
	struct rho_buf all = { 0 }, why = { 0 };
	struct rho_str row;
	int rc;
	cr_assert_eq(rho_source_guess(&spec, &why), 0, "%s", why.at);
	struct rho_source *s = rho_source_open(&spec, &why);
	cr_assert_not_null(s, "%s", why.at);
	while ((rc = rho_source_next(s, &row, &why)) > 0) {
		rho_buf_add(&all, row.len ? row.at : "", row.len);
		rho_buf_str(&all, "|");
	}
	cr_assert_eq(rc, 0, "%s", why.at);
	rho_source_close(s);
	return all.at;
}

static void expect(const char *path, uint32_t form, const char *column, const char *want)
{
	char *got = rows(path, form, column);
	cr_assert_str_eq(got, want);
	free(got);
}

Test(source, texts_of_every_form)
{
	char *dir = place_new();
	char *txt = place_text(dir, "a.txt", "one\n\nthree\r\n last ");
	char *csv = place_text(dir, "a.csv",
	                       "id,text,\"my words\"\n1,\"a, \"\"b\"\"\",x\n\n2,\"two\nlines\",y\n");
	char *tsv = place_text(dir, "a.TSV", "id\ttext\n1\ta, b\n2\t\n");
	char *jsonl =
		place_text(dir, "a.jsonl", "{\"text\": \"caf\\u00e9\", \"n\": 1}\n\n{\"text\": \"\"}\n");
	char *gz = rho_xprintf("%s/a.txt.gz", dir), *bare = place_text(dir, "bare", "x\ny\n");
	gzFile z = gzopen(gz, "wb");
	cr_assert(gzputs(z, "p\nq\n") == 4 && gzclose(z) == Z_OK);
	expect(txt, RHO_SOURCE_GUESS, NULL, "one||three| last |");
	expect(csv, RHO_SOURCE_GUESS, NULL, "a, \"b\"|two\nlines|");
	expect(csv, RHO_SOURCE_CSV, "my words", "x|y|");
	expect(tsv, RHO_SOURCE_GUESS, NULL, "a, b||");
	expect(jsonl, RHO_SOURCE_GUESS, NULL, "caf\u00e9||");
	expect(gz, RHO_SOURCE_GUESS, NULL, "p|q|");
	expect(bare, RHO_SOURCE_LINES, NULL, "x|y|");
	free(txt), free(csv), free(tsv), free(jsonl), free(gz), free(bare);
	place_remove(dir);
}

Test(source, pictures_in_the_order_of_their_names)
{
	char *dir = place_new(), *b = place_text(dir, "b.PNG", "B"), *a = place_text(dir, "a.jpeg", "A");
	char *c = place_text(dir, "c.jpg", ""), *no = place_text(dir, "notes.txt", "n"),
	     *dot = place_text(dir, ".x.jpg", "h");
	struct rho_source_spec spec = { dir, RHO_SOURCE_GUESS, NULL };
	struct rho_buf names = { 0 }, why = { 0 };
	struct rho_digest one, two;
	const struct timeval then[2] = { { 1000, 0 }, { 1000, 0 } };
	size_t n;
	expect(dir, RHO_SOURCE_GUESS, NULL, "A|B||");
	cr_assert_eq(rho_source_guess(&spec, &why), 0);
	cr_assert_eq(rho_source_names(&spec, &names, &why), 0);
	cr_assert_str_eq(names.at, "a.jpeg\nb.PNG\nc.jpg\n");
	cr_assert_eq(rho_source_survey(&spec, &n, &one, &why), 0);
	cr_assert_eq(n, 3);
	cr_assert_eq(utimes(b, then), 0);
	cr_assert_eq(rho_source_survey(&spec, &n, &two, &why), 0);
	cr_assert(one.lo != two.lo || one.hi != two.hi, "a picture that was touched is another");
	free(a), free(b), free(c), free(no), free(dot);
	rho_buf_free(&names);
	place_remove(dir);
}

/* A survey of the file must fail with these words. */
static void refuse(const char *path, uint32_t form, const char *column, const char *words)
{
	struct rho_source_spec spec = { path, form, column };
	struct rho_buf why = { 0 };
	struct rho_digest digest;
	size_t n;
	int rc = rho_source_guess(&spec, &why);
	if (!rc)
		rc = rho_source_survey(&spec, &n, &digest, &why);
	cr_assert_eq(rc, -1);
	SAYS(why, words);
	rho_buf_free(&why);
}

Test(source, mistakes_have_a_place)
{
	char *dir = place_new();
	char *latin = place_text(dir, "latin.txt", "fine\ncaf\xe9\n"),
	     *empty = place_text(dir, "empty.txt", "");
	char *csv = place_text(dir, "a.csv", "id,txt\n1,a\n2\n"), *odd = place_text(dir, "odd.bin", "x\n");
	char *jsonl = place_text(dir, "a.jsonl", "{\"text\": \"a\"}\n{\"text\": 5}\n"),
	     *none = place_text(dir, "n.csv", "text\n");
	char *gone = rho_xprintf("%s/gone.txt", dir);
	refuse(latin, 0, NULL, "latin.txt:2: ");
	refuse(empty, 0, NULL, "nothing to encode");
	refuse(none, 0, NULL, "nothing to encode");
	refuse(csv, 0, NULL, "txt");
	refuse(csv, 0, "txt", "a.csv:3: ");
	refuse(jsonl, 0, NULL, "a.jsonl:2: ");
	refuse(jsonl, 0, "words", "a.jsonl:1: ");
	refuse(odd, 0, NULL, "--lines");
	refuse(gone, 0, NULL, "gone.txt cannot be read");
	refuse(dir, RHO_SOURCE_LINES, NULL, "--images");
	refuse(latin, RHO_SOURCE_IMAGES, NULL, "not a folder");
	refuse(dir, 0, NULL, "no pictures");
	char *shots = rho_xprintf("%s/shots", dir), *pipe = rho_xprintf("%s/a.png", shots);
	cr_assert_eq(mkdir(shots, 0700), 0);
	cr_assert_eq(mkfifo(pipe, 0600), 0);
	refuse(shots, 0, NULL, "a.png is named like a picture, but is no regular file");
	cr_assert_eq(unlink(pipe), 0);
	char *broken = place_text(shots, "b\nc.png", "B");
	refuse(shots, 0, NULL, "line break in its name");
	free(shots), free(pipe), free(broken);
	free(latin), free(empty), free(csv), free(odd), free(jsonl), free(none), free(gone);
	place_remove(dir);
}

Test(source, the_digest_is_of_the_rows)
{
	char *dir = place_new(), *a = place_text(dir, "a.txt", "ab\nc\n"),
	     *b = place_text(dir, "b.txt", "ab\r\nc");
	char *c = place_text(dir, "c.txt", "a\nbc\n"), *d = place_text(dir, "d.csv", "text\nab\nc\n");
	char *path[] = { a, b, c, d };
	struct rho_digest digest[4];
	struct rho_buf why = { 0 };
	for (size_t i = 0; i < 4; i++) {
		struct rho_source_spec spec = { path[i], RHO_SOURCE_GUESS, NULL };
		size_t n;
		cr_assert_eq(rho_source_guess(&spec, &why), 0);
		cr_assert_eq(rho_source_survey(&spec, &n, &digest[i], &why), 0);
		cr_assert_eq(n, 2);
	}
	cr_assert(!memcmp(&digest[0], &digest[1], sizeof *digest) &&
	          !memcmp(&digest[0], &digest[3], sizeof *digest));
	cr_assert(memcmp(&digest[0], &digest[2], sizeof *digest), "the same bytes, cut elsewhere");
	free(a), free(b), free(c), free(d);
	place_remove(dir);
}
