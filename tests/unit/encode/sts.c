/* sts.c: STS files read as they come, and correlations against numbers worked out by hand and by NumPy. */
#include <math.h>

#include "encode/sts.h"
#include "place.h"

static const char bench[] =
	"main-captions\tMSRvid\t2012test\t0001\t5.000\tA plane.\tAn air plane.\n"
	"main-news\tMSRpar\t2012test\t0002\t4.5\t\"He said.\tHe \"\"said\"\"\tnote\tnote\r\n"
	"\n"
	"main-captions\tMSRvid\t2012test\t0003\t0\tA cat.\tA plane.\n"
	"main-captions\tMSRvid\t2012test\t0004\t2\tA cat.\tA dog.\n";

static int read_text(struct rho_sts *s, const char *text, struct rho_buf *why)
{
	char *dir = place_new(), *path = place_text(dir, "s.tsv", text);
	int rc = rho_sts_read(s, path, why);
	for (size_t i = 0; i < s->n_files; i++)
		s->file[i].path = "s.tsv";
	free(path);
	place_remove(dir);
	return rc;
}

static bool sentence_is(const struct rho_sts *s, uint32_t i, const char *text)
{
	return rho_str_is(rho_pile_at(&s->sentence.names, i), text);
}

Test(sts, both_layouts_without_quotes)
{
	struct rho_sts s = { .n_files = 0 };
	struct rho_buf why = { 0 };
	cr_assert_eq(read_text(&s, bench, &why), 0, "%s", why.at);
	cr_assert_eq(read_text(&s, "2012\tOnWN\t3.8\tA dog.\tA wolf.\n", &why), 0, "%s", why.at);
	const struct rho_sts_file *f = &s.file[0];
	cr_assert(s.n_files == 2 && f->n_pairs == 4 && f->n_parts == 2 && s.file[1].n_pairs == 1);
	cr_assert_str_eq(f->part[0].name, "MSRvid");
	cr_assert_str_eq(f->part[1].name, "MSRpar");
	cr_assert_str_eq(s.file[1].part[0].name, "OnWN");
	cr_assert(f->pair[1].part == 1 && f->pair[2].part == 0 && f->pair[1].score == 4.5);
	cr_assert(sentence_is(&s, f->pair[1].a, "\"He said.") &&
	          sentence_is(&s, f->pair[1].b, "He \"\"said\"\""));
	cr_assert(f->pair[0].a == f->pair[2].b, "a sentence is encoded once");
	cr_assert_eq(rho_idmap_n(&s.sentence), 7);
	rho_sts_free(&s);
}

static void refuse(const char *text, const char *words)
{
	struct rho_sts s = { .n_files = 0 };
	struct rho_buf why = { 0 };
	cr_assert_eq(read_text(&s, text, &why), -1);
	SAYS(why, words);
	rho_sts_free(&s);
	rho_buf_free(&why);
}

Test(sts, mistakes_have_a_line)
{
	refuse("", "it has no pairs");
	refuse("a\tb\tc\n", "s.tsv:1: has 3 columns");
	refuse("1\t2\t3\t4\t5\t6\t7\t8\t9\t10\n", "s.tsv:1: has 10 columns");
	refuse("2012\tx\t1\ta\tb\n2012\tx\t1\ta\n", "s.tsv:2: has 4 columns");
	refuse("2012\tx\t5.1\ta\tb\n", "column 3 is \"5.1\"; a score from 0 to 5");
	refuse("2012\tx\tnan\ta\tb\n", "column 3 is \"nan\"");
	refuse("g\tf\ty\ti\t\ta\tb\n", "column 5 is \"\"");
	refuse("2012\tx\t1\ta\t\n", "column 5, a sentence, is empty");
	refuse("2012\tx\t1\ta\t\xff\n", "s.tsv:1: ");
}

/* Rows whose cosines with (1, 0) are as they are; sentence i at row i. */
Test(sts, measures_by_hand)
{
	struct rho_sts s = { .n_files = 0 };
	struct rho_buf why = { 0 };
	cr_assert_eq(read_text(&s,
	                       "2012\tx\t5\ta\tb\n2012\tx\t4.5\ta\tc\n2012\ty\t1\ta\td\n2012\ty\t0\ta\te\n",
	                       &why),
	             0);
	/* a (2, 0); b along it; c at 45 degrees; d at right angles; e nothing at all */
	const float at[] = { 2, 0, 3, 0, 1, 1, 0, 5, 0, 0 };
	const struct rho_mat rows = { at, 5, 2, 2 };
	cr_assert_eq(rho_sts_measure(&s, &rows, 500, 1, &why), 0, "%s", why.at);
	const struct rho_sts_file *f = &s.file[0];
	const double x[] = { 1, sqrt(0.5), 0, 0 }, y[] = { 5, 4.5, 1, 0 };
	double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
	for (int i = 0; i < 4; i++)
		mx += x[i] / 4, my += y[i] / 4;
	for (int i = 0; i < 4; i++)
		xx += (x[i] - mx) * (x[i] - mx), yy += (y[i] - my) * (y[i] - my),
			xy += (x[i] - mx) * (y[i] - my);
	cr_assert_float_eq(f->all.pearson, xy / sqrt(xx * yy), 1e-7);
	/* ranks 4, 3, 1.5, 1.5 against 4, 3, 2, 1 */
	cr_assert_float_eq(f->all.spearman, 4.5 / sqrt(4.5 * 5), 1e-12);
	cr_assert(f->all.spearman_within.lo <= f->all.spearman &&
	          f->all.spearman_within.hi >= f->all.spearman);
	cr_assert_eq(f->n_aligned, 2);
	cr_assert_float_eq(f->alignment, (0 + 2 - 2 * sqrt(0.5)) / 2, 1e-7);
	cr_assert(f->part[0].corr.n == 2 && f->part[0].corr.spearman == 1);
	cr_assert(isnan(f->part[1].corr.spearman), "both cosines are 0");
	cr_assert_eq(f->spearman_parts, 1);
	/* squared distances: ab 0, ac bc cd 2 - sqrt 2, all others 2 */
	cr_assert_float_eq(f->uniformity, log((1 + 3 * exp(-4 + 2 * sqrt(2)) + 6 * exp(-4)) / 10), 1e-6);
	cr_assert_eq(f->n_sentences, 5);
	rho_sts_free(&s);
}

Test(sts, a_file_has_its_own_sentences)
{
	struct rho_sts s = { .n_files = 0 };
	struct rho_buf why = { 0 };
	float at[80 * 4];
	char text[4096] = "";
	for (int i = 0; i < 40; i++)
		sprintf(text + strlen(text), "2012\tx\t%d\ta%d\tb%d\n", i % 6, i, i);
	cr_assert_eq(read_text(&s, text, &why), 0);
	cr_assert_eq(read_text(&s, "2012\tx\t1\tq\tr\n", &why), 0);
	for (int i = 0; i < 80 * 4; i++)
		at[i] = (float)sin(i * i);
	float more[82 * 4] = { 0 };
	memcpy(more, at, sizeof at);
	more[80 * 4] = more[81 * 4 + 1] = 1;
	const struct rho_mat rows = { more, 82, 4, 4 };
	cr_assert_eq(rho_sts_measure(&s, &rows, 0, 1, &why), 0, "%s", why.at);
	double one = s.file[0].uniformity;
	cr_assert(s.file[0].n_sentences == 80 && s.file[1].n_sentences == 2);
	cr_assert_float_eq(s.file[1].uniformity, -4, 1e-6);
	cr_assert(isnan(s.file[1].all.spearman) && isnan(s.file[1].alignment) &&
	          isnan(s.file[0].all.spearman_within.lo));
	cr_assert_eq(rho_sts_measure(&s, &rows, 0, 3, &why), 0, "%s", why.at);
	cr_assert_eq(s.file[0].uniformity, one, "the same bits with other threads");
	rho_sts_free(&s);
}

Test(sts, the_real_files)
{
	static const struct {
		const char *name;
		size_t pairs, parts;
	} files[] = { { "stsb_test.csv", 1379, 0 },  { "stsb_dev.csv", 1500, 0 },
		      { "stsb_train.csv", 5749, 0 }, { "sts12.tsv", 3108, 5 },
		      { "sts13.tsv", 1500, 3 },      { "sts14.tsv", 3750, 6 },
		      { "sts15.tsv", 3000, 5 },      { "sts16.tsv", 1186, 5 } };
	const char *data = getenv("RHO_REAL_DATA");
	struct rho_sts s = { .n_files = 0 };
	struct rho_buf why = { 0 };
	if (!data || !*data)
		cr_skip_test("RHO_REAL_DATA is not set");
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char *path = rho_xprintf("%s/data/sts/%s", data, files[i].name);
		cr_assert_eq(rho_sts_read(&s, path, &why), 0, "%s", why.at);
		cr_assert_eq(s.file[i].n_pairs, files[i].pairs, "%s: %zu", path, s.file[i].n_pairs);
		cr_assert(!files[i].parts || s.file[i].n_parts == files[i].parts);
		free(path);
	}
	rho_sts_free(&s);
}
