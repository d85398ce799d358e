/* tables.c: building tables row by row, and what is refused. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <store/tables.h>
#include <store/utf8.h>

static struct rho_str str(const char *s) { return (struct rho_str){ s, strlen(s) }; }

static bool same(struct rho_str a, const char *b) { return a.len == strlen(b) && !memcmp(a.at, b, a.len); }

static const struct rho_column_spec all_types[] = {
	{ "text", RHO_COL_STR, 0, 0 }, { "category", RHO_COL_LABEL, 0, 0 }, { "price", RHO_COL_F64, 0, 0 },
	{ "count", RHO_COL_I64, 0, 0 }, { "features", RHO_COL_F32S, 0, 3 },
	{ "parent", RHO_COL_ROW, RHO_ACTIONS, 0 },
};

static int64_t add_all(struct rho_sink *s, const char *text, const char *label, uint32_t parent)
{
	float v[3] = { 1, 2, (float)strlen(text) };
	union rho_value row[] = { { .s = str(text) }, { .s = str(label) }, { .f = NAN }, { .i = INT64_MIN },
	                          { .v = v }, { .row = parent } };
	return s->add(s, RHO_ACTIONS, row);
}

Test(tables, keep_every_type_of_column)
{
	struct rho_buf why = { 0 };
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	cr_assert_eq(s->columns(s, RHO_ACTIONS, all_types, 6), 0);
	cr_assert_eq(add_all(s, "drill", "tools", 2), 0);       /* names a row that comes later */
	cr_assert_eq(add_all(s, "", "", 1), 1);
	cr_assert_eq(add_all(s, "Gr\xc3\xbc\xc3\x9f" "e \xf0\x9f\x94\xa8", "tools", 0), 2);
	cr_assert_eq(rho_tables_finish(t, 1u << RHO_ACTIONS, &why), 0, "%s", why.at);
	const struct rho_data *d = rho_tables_data(t);
	cr_assert_eq(d->table[RHO_ACTIONS].n, 3);
	cr_assert_eq(d->table[RHO_ACTIONS].n_columns, 6);
	cr_assert_eq(d->table[RHO_LINKS].n, 0);
	const struct rho_column *text = rho_find_column(d, RHO_ACTIONS, "text", RHO_COL_STR);
	cr_assert(same(rho_column_str(text, 0), "drill") && same(rho_column_str(text, 1), ""));
	cr_assert(same(rho_column_str(text, 2), "Gr\xc3\xbc\xc3\x9f" "e \xf0\x9f\x94\xa8"));
	const struct rho_column *label = rho_find_column(d, RHO_ACTIONS, "category", RHO_COL_LABEL);
	cr_assert_eq(label->n_labels, 2);
	cr_assert(label->label[0] == 0 && label->label[1] == 1 && label->label[2] == 0);
	cr_assert(same(rho_column_str(label, 0), "tools") && same(rho_column_str(label, 1), ""));
	cr_assert(isnan(rho_find_column(d, RHO_ACTIONS, "price", RHO_COL_F64)->f64[1]));
	cr_assert_eq(rho_find_column(d, RHO_ACTIONS, "count", RHO_COL_I64)->i64[2], INT64_MIN);
	const struct rho_column *f = rho_find_column(d, RHO_ACTIONS, "features", RHO_COL_F32S);
	cr_assert(f->width == 3 && f->f32[0] == 1 && f->f32[2] == 5 && f->f32[5] == 0);
	cr_assert_eq(rho_find_column(d, RHO_ACTIONS, "parent", RHO_COL_ROW)->row[0], 2);
	cr_assert_null(rho_find_column(d, RHO_ACTIONS, "text", RHO_COL_LABEL));
	rho_tables_free(t);
	rho_buf_free(&why);
}

/* Many rows, many labels: growth and rehashing keep everything in place. */
Test(tables, intern_labels_in_order_of_first_use)
{
	enum { ROWS = 200000, LABELS = 7919 };
	static const struct rho_column_spec spec[] = {
		{ "category", RHO_COL_LABEL, 0, 0 }, { "id", RHO_COL_STR, 0, 0 },
	};
	struct rho_buf why = { 0 };
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	char label[32], id[32];
	s->columns(s, RHO_ACTIONS, spec, 2);
	for (int i = 0; i < ROWS; i++) {
		snprintf(label, sizeof label, "label %d", i * 31 % LABELS);
		snprintf(id, sizeof id, "%d", i);
		union rho_value row[] = { { .s = str(label) }, { .s = str(id) } };
		cr_assert_eq(s->add(s, RHO_ACTIONS, row), i);
	}
	cr_assert_eq(rho_tables_finish(t, 1, &why), 0);
	const struct rho_column *c = rho_find_column(rho_tables_data(t), RHO_ACTIONS, "category", RHO_COL_LABEL);
	const struct rho_column *ids = rho_find_column(rho_tables_data(t), RHO_ACTIONS, "id", RHO_COL_STR);
	cr_assert_eq(c->n_labels, LABELS);
	for (int i = 0; i < ROWS; i++) {
		snprintf(label, sizeof label, "label %d", i * 31 % LABELS);
		snprintf(id, sizeof id, "%d", i);
		if (!same(rho_column_str(c, c->label[i]), label) || !same(rho_column_str(ids, (size_t)i),
		                                                          id) ||
		    c->label[i] != (uint32_t)(i % LABELS))
			cr_assert_fail("row %d", i);
	}
	rho_tables_free(t);
	rho_buf_free(&why);
}

/* Says what is refused of a table of actions with one STR and one row after a good one. */
static struct rho_buf refusal(const char *text, size_t len, uint32_t type)
{
	struct rho_column_spec spec = { "text", type, 0, 0 };
	struct rho_buf why = { 0 };
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	union rho_value good = { .s = str("good") }, bad = { .s = { text, len } };
	if (type == RHO_COL_LABEL)
		spec.name = "category";
	s->columns(s, RHO_ACTIONS, &spec, 1);
	cr_assert_eq(s->add(s, RHO_ACTIONS, &good), 0);
	cr_assert_eq(s->add(s, RHO_ACTIONS, &bad), RHO_EFORMAT);
	cr_assert_eq(s->add(s, RHO_ACTIONS, &good), RHO_EFORMAT, "a refusal does not pass");
	cr_assert_eq(rho_tables_finish(t, 1, &why), RHO_EFORMAT);
	cr_assert_str_eq(why.at, rho_tables_error(t));
	rho_tables_free(t);
	return why;
}

Test(tables, refuse_text_that_is_not_utf8)
{
	struct rho_buf why = refusal("caf\xe9", 4, RHO_COL_STR);
	cr_assert_str_eq(why.at, "actions, row 1, column text: byte 4 of the text (0xe9) is not UTF-8; "
	                 "convert the file to UTF-8");
	rho_buf_free(&why);
	why = refusal("\xc0\x80", 2, RHO_COL_LABEL);
	cr_assert(strstr(why.at, "row 1, column category: byte 1 "));
	rho_buf_free(&why);
}

/* The definition, by code points: what the fast check must agree with. */
static size_t bad_by_definition(const unsigned char *p, size_t n)
{
	for (size_t i = 0, k; i < n; i += k) {
		static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
		k = p[i] < 0x80 ? 1 : p[i] >> 5 == 6 ? 2 : p[i] >> 4 == 14 ? 3 : p[i] >> 3 == 30 ? 4 : 0;
		if (!k || k > n - i)
			return i;
		uint32_t code = k == 1 ? p[i] : p[i] & (0x7fu >> k);
		for (size_t j = 1; j < k; j++) {
			if (p[i + j] >> 6 != 2)
				return i;
			code = code << 6 | (p[i + j] & 0x3f);
		}
		if (code < least[k] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
			return i;
	}
	return n;
}

Test(tables, check_utf8_as_defined)
{
	unsigned char text[40];
	for (uint32_t code = 0; code < 1u << 24; code += code < 1u << 21 ? 1 : 37) {
		unsigned char tail[4] = { (unsigned char)(code >> 16), (unsigned char)(code >> 8),
		                          (unsigned char)code, (unsigned char)(0x80 | (code & 0x3f)) };
		size_t at = code % 23;
		memset(text, 'x', sizeof text);
		memcpy(text + at, tail, sizeof tail);
		for (size_t n = at + 1; n <= sizeof text; n += 11)
			if (rho_utf8_bad((char *)text, n) != bad_by_definition(text, n))
				cr_assert_fail("%02x %02x %02x %02x at %zu of %zu", tail[0], tail[1],
				               tail[2], tail[3],
				               at, n);
	}
}

static int declares(uint32_t table, const struct rho_column_spec *spec, size_t n, const char *says)
{
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	int code = s->columns(s, table, spec, n);
	if (says)
		cr_assert(rho_tables_error(t) && strstr(rho_tables_error(t), says), "%s",
		          rho_tables_error(t));
	rho_tables_free(t);
	return code;
}

Test(tables, refuse_columns_that_make_no_sense)
{
	const struct rho_column_spec twice[] = { { "a", RHO_COL_I64, 0, 0 }, { "a", RHO_COL_F64, 0, 0 } };
	const struct rho_column_spec nameless = { "", RHO_COL_I64, 0, 0 }, typeless = { "a", 99, 0, 0 };
	const struct rho_column_spec lost = { "a", RHO_COL_ROW, 4, 0 }, flat = { "a", RHO_COL_F32S, 0, 0 };
	cr_assert_eq(declares(RHO_ACTIONS, twice, 2, "column a is declared twice"), RHO_EBUG);
	cr_assert_eq(declares(RHO_ACTIONS, &nameless, 1, "column 0 has no usable name"), RHO_EBUG);
	cr_assert_eq(declares(RHO_LINKS, &typeless, 1, "links: column a has type 99"), RHO_EBUG);
	cr_assert_eq(declares(RHO_LINKS, &lost, 1, "rows of table 4"), RHO_EBUG);
	cr_assert_eq(declares(RHO_ACTIONS, &flat, 1, "0 floats wide"), RHO_EBUG);
	cr_assert_eq(declares(RHO_N_TABLES, twice, 1, "table 4"), RHO_EBUG);
	cr_assert_eq(declares(RHO_ACTIONS, twice, 0, "0 columns"), RHO_EBUG);
	cr_assert_eq(declares(RHO_ACTIONS, twice, 1, NULL), 0);
}

Test(tables, refuse_rows_out_of_turn)
{
	const struct rho_column_spec spec = { "n", RHO_COL_I64, 0, 0 };
	union rho_value row = { .i = 1 };
	struct rho_buf why = { 0 };
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	cr_assert_eq(s->add(s, RHO_ACTIONS, &row), RHO_EBUG);
	cr_assert(strstr(rho_tables_error(t), "before its columns"));
	rho_tables_free(t);
	t = rho_tables_new();
	s = rho_tables_sink(t);
	cr_assert_eq(s->columns(s, RHO_ACTIONS, &spec, 1), 0);
	cr_assert_eq(s->add(s, RHO_ACTIONS, &row), 0);
	cr_assert_eq(rho_tables_finish(t, 1, &why), 0);
	cr_assert_eq(s->add(s, RHO_ACTIONS, &row), RHO_EBUG);
	rho_tables_free(t);
	t = rho_tables_new();
	s = rho_tables_sink(t);
	cr_assert_eq(s->columns(s, RHO_ACTIONS, &spec, 1), 0);
	cr_assert_eq(s->columns(s, RHO_ACTIONS, &spec, 1), RHO_EBUG);
	cr_assert(strstr(rho_tables_error(t), "declared twice"));
	rho_tables_free(t);
	rho_buf_free(&why);
}

/* Two actions, one context, one link and one log row, each changed by the caller. */
struct small { uint32_t action, context; double weight, reward, prob; uint32_t promised; };

static int finish_small(struct small x, struct rho_buf *why)
{
	static const struct rho_column_spec id = { "id", RHO_COL_STR, 0, 0 };
	static const struct rho_column_spec links[] = {
		{ "context", RHO_COL_ROW, RHO_CONTEXTS, 0 }, { "action", RHO_COL_ROW, RHO_ACTIONS, 0 },
		{ "weight", RHO_COL_F64, 0, 0 },
	};
	static const struct rho_column_spec log[] = {
		{ "action", RHO_COL_ROW, RHO_ACTIONS, 0 }, { "reward", RHO_COL_F64, 0, 0 },
		{ "prob", RHO_COL_F64, 0, 0 },
	};
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	union rho_value name = { .s = str("x") };
	union rho_value link[] = { { .row = x.context }, { .row = x.action }, { .f = x.weight } };
	union rho_value entry[] = { { .row = 0 }, { .f = x.reward }, { .f = x.prob } };
	s->columns(s, RHO_LINKS, links, 3);
	s->columns(s, RHO_LOG, log, 3);
	cr_assert_eq(s->add(s, RHO_LINKS, link), 0, "links may come before what they name");
	cr_assert_eq(s->add(s, RHO_LOG, entry), 0);
	s->columns(s, RHO_ACTIONS, &id, 1);
	s->columns(s, RHO_CONTEXTS, &id, 1);
	s->add(s, RHO_ACTIONS, &name);
	s->add(s, RHO_ACTIONS, &name);
	s->add(s, RHO_CONTEXTS, &name);
	rho_buf_clear(why);
	int code = rho_tables_finish(t, x.promised, why);
	rho_tables_free(t);
	return code;
}

Test(tables, check_rows_against_each_other)
{
	const struct small good = { 1, 0, 1.5, -2, 1, 15 };
	struct rho_buf why = { 0 };
	struct small x = good;
	cr_assert_eq(finish_small(good, &why), 0, "%s", why.at);
	x.action = 2;
	cr_assert_eq(finish_small(x, &why), RHO_EFORMAT);
	cr_assert_str_eq(why.at, "links, row 0, column action: row 2 of actions does not exist; there are 2, "
	                 "counted from 0");
	x = good, x.context = 1;
	cr_assert_eq(finish_small(x, &why), RHO_EFORMAT);
	cr_assert(strstr(why.at, "column context: row 1 of contexts does not exist"));
	x = good, x.weight = INFINITY;
	cr_assert_eq(finish_small(x, &why), RHO_EFORMAT);
	cr_assert_str_eq(why.at, "links, row 0, column weight: inf is not a finite number");
	x = good, x.reward = NAN;
	cr_assert_eq(finish_small(x, &why), RHO_EFORMAT);
	const double probs[] = { 0, -0.5, 1.0001, NAN };
	for (int i = 0; i < 4; i++) {
		x = good, x.prob = probs[i];
		cr_assert_eq(finish_small(x, &why), RHO_EFORMAT);
		cr_assert(strstr(why.at, "log, row 0, column prob") && strstr(why.at, "above 0 and up to 1"));
	}
	rho_buf_free(&why);
}

static int finish_one(uint32_t table, const struct rho_column_spec *spec, size_t n, uint32_t promised,
                      struct rho_buf *why)
{
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	cr_assert_eq(s->columns(s, table, spec, n), 0);
	rho_buf_clear(why);
	int code = rho_tables_finish(t, promised, why);
	rho_tables_free(t);
	return code;
}

Test(tables, check_the_standard_columns)
{
	const struct rho_column_spec text = { "text", RHO_COL_LABEL, 0, 0 };
	const struct rho_column_spec half = { "context", RHO_COL_ROW, 1, 0 };
	const struct rho_column_spec crossed[] = { { "context", RHO_COL_ROW, RHO_ACTIONS, 0 },
	                                           { "action", RHO_COL_ROW, RHO_ACTIONS, 0 } };
	struct rho_buf why = { 0 };
	cr_assert_eq(finish_one(RHO_ACTIONS, &text, 1, 0, &why), RHO_EBUG);
	cr_assert_str_eq(why.at,
	                 "actions: column text has type LABEL; a column of this name must have type STR");
	cr_assert_eq(finish_one(RHO_LINKS, &half, 1, 0, &why), RHO_EBUG);
	cr_assert(strstr(why.at, "links: there is no column action"));
	cr_assert_eq(finish_one(RHO_LINKS, crossed, 2, 0, &why), RHO_EBUG);
	cr_assert(strstr(why.at, "must name rows of contexts"));
	cr_assert_eq(finish_one(RHO_LOG, crossed, 2, 0, &why), RHO_EBUG);
	rho_buf_free(&why);
}

Test(tables, refuse_tables_without_rows)
{
	const struct rho_column_spec id = { "id", RHO_COL_STR, 0, 0 };
	struct rho_buf why = { 0 };
	cr_assert_eq(finish_one(RHO_ACTIONS, &id, 1, 1u << RHO_ACTIONS, &why), RHO_EFORMAT);
	cr_assert_str_eq(why.at, "the dataset is empty: not one row was read into any table");
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	union rho_value row = { .s = str("a") };
	s->columns(s, RHO_ACTIONS, &id, 1);
	s->columns(s, RHO_CONTEXTS, &id, 1);
	s->add(s, RHO_ACTIONS, &row);
	rho_buf_clear(&why);
	cr_assert_eq(rho_tables_finish(t, 3, &why), RHO_EFORMAT);
	cr_assert(strstr(why.at, "contexts: there is not one row"));
	rho_buf_clear(&why);
	cr_assert_eq(rho_tables_finish(t, 1, &why), 0, "contexts were not promised");
	rho_tables_free(t);
	rho_buf_free(&why);
}

Test(tables, refuse_features_that_are_not_finite)
{
	const struct rho_column_spec spec = { "features", RHO_COL_F32S, 0, 2 };
	const float bad[][2] = { { NAN, 0 }, { 1, INFINITY }, { -INFINITY, INFINITY } };
	const float good[2] = { 1e38f, -1e38f };
	for (int i = 0; i < 3; i++) {
		struct rho_tables *t = rho_tables_new();
		struct rho_sink *s = rho_tables_sink(t);
		union rho_value row = { .v = good }, broken = { .v = bad[i] };
		s->columns(s, RHO_CONTEXTS, &spec, 1);
		cr_assert_eq(s->add(s, RHO_CONTEXTS, &row), 0);
		cr_assert_eq(s->add(s, RHO_CONTEXTS, &broken), RHO_EFORMAT);
		cr_assert(strstr(rho_tables_error(t), "contexts, row 1, column features"));
		rho_tables_free(t);
	}
}

static struct rho_digest digest_of(const char *a, const char *b)
{
	const struct rho_column_spec id = { "id", RHO_COL_STR, 0, 0 };
	struct rho_buf why = { 0 };
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	union rho_value row[2] = { { .s = str(a) }, { .s = str(b) } };
	s->columns(s, RHO_ACTIONS, &id, 1);
	s->add(s, RHO_ACTIONS, &row[0]);
	s->add(s, RHO_ACTIONS, &row[1]);
	cr_assert_eq(rho_tables_finish(t, 1, &why), 0);
	struct rho_digest d = rho_column_digest(rho_find_column(rho_tables_data(t), RHO_ACTIONS, "id",
	                                                   RHO_COL_STR));
	rho_tables_free(t);
	rho_buf_free(&why);
	return d;
}

Test(tables, digest_texts_with_their_bounds)
{
	struct rho_digest a = digest_of("ab", "c"), b = digest_of("a", "bc"), c = digest_of("ab", "c");
	cr_assert(a.lo == c.lo && a.hi == c.hi);
	cr_assert(a.lo != b.lo || a.hi != b.hi);
}

static size_t resident(void)
{
	size_t total, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	cr_assert(f && fscanf(f, "%zu %zu", &total, &pages) == 2);
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* As many rows and as much text as the largest real catalogue has. */
Test(tables, take_little_more_memory_than_they_keep)
{
#if defined(__SANITIZE_ADDRESS__)
	cr_skip_test("a sanitizer's memory would be counted");
#endif
	enum { ROWS = 100916, COLUMNS = 11 };
	struct rho_column_spec spec[COLUMNS];
	char name[COLUMNS][8], text[512];
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	union rho_value row[COLUMNS];
	for (int i = 0; i < COLUMNS; i++) {
		snprintf(name[i], sizeof name[i], "c%d", i);
		spec[i] = (struct rho_column_spec){ name[i], RHO_COL_STR, 0, 0 };
	}
	memset(text, 'y', sizeof text);
	s->columns(s, RHO_ACTIONS, spec, COLUMNS);
	size_t before = resident(), kept = 0;
	for (size_t r = 0; r < ROWS; r++) {
		for (size_t i = 0; i < COLUMNS; i++)
			row[i].s = (struct rho_str){ text, (r * 7919 + i * 104729) % 90 };
		for (size_t i = 0; i < COLUMNS; i++)
			kept += row[i].s.len + sizeof(uint64_t);
		cr_assert_eq(s->add(s, RHO_ACTIONS, row), (int64_t)r);
	}
	size_t took = resident() - before;
	cr_assert_lt((double)took, 1.2 * (double)kept, "%zu bytes resident for %zu kept", took, kept);
	rho_tables_free(t);
}
