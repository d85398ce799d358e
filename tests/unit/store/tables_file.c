/* tables_file.c: tables saved, mapped, cut short, damaged and forged. */
#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <xxhash.h>

#include <store/tables_impl.h>
#include "folder.h"

static struct rho_str str(const char *s) { return (struct rho_str){ s, strlen(s) }; }

/* A few rows in all four tables, with every type of column. */
static struct rho_tables *sample(void)
{
	static const struct rho_column_spec actions[] = {
		{ "text", RHO_COL_STR, 0, 0 }, { "category", RHO_COL_LABEL, 0, 0 },
		{ "features", RHO_COL_F32S, 0, 3 },
	};
	static const struct rho_column_spec contexts[] = {
		{ "text", RHO_COL_STR, 0, 0 }, { "age", RHO_COL_I64, 0, 0 },
	};
	static const struct rho_column_spec links[] = {
		{ "context", RHO_COL_ROW, RHO_CONTEXTS, 0 }, { "action", RHO_COL_ROW, RHO_ACTIONS, 0 },
		{ "weight", RHO_COL_F64, 0, 0 },
	};
	struct rho_buf why = { 0 };
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	char text[32];
	s->columns(s, RHO_ACTIONS, actions, 3);
	s->columns(s, RHO_CONTEXTS, contexts, 2);
	s->columns(s, RHO_LINKS, links, 3);
	for (uint32_t i = 0; i < 5; i++) {
		float v[3] = { (float)i, 0.5f, -1 };
		snprintf(text, sizeof text, "text number %u", i);
		union rho_value a[] = { { .s = str(text) }, { .s = str(i % 2 ? "odd" : "even") },
		                        { .v = v } };
		union rho_value c[] = { { .s = str(i % 2 ? "" : text) }, { .i = -(int64_t)i } };
		union rho_value l[] = { { .row = 4 - i }, { .row = i }, { .f = i / 3.0 } };
		s->add(s, RHO_ACTIONS, a);
		s->add(s, RHO_CONTEXTS, c);
		s->add(s, RHO_LINKS, l);
	}
	cr_assert_eq(rho_tables_finish(t, 7, &why), 0, "%s", why.at);
	rho_buf_free(&why);
	return t;
}

static bool same_bytes(const void *a, const void *b, size_t n) { return !n || !memcmp(a, b, n); }

static bool same_column(const struct rho_column *a, const struct rho_column *b)
{
	bool strings = a->type == RHO_COL_STR || a->type == RHO_COL_LABEL;
	size_t count = a->type == RHO_COL_LABEL ? a->n_labels : a->n;
	if (strcmp(a->name, b->name) || a->type != b->type || a->of != b->of || a->n != b->n ||
	    a->width != b->width || a->n_labels != b->n_labels ||
	    !same_bytes(a->i64, b->i64, a->n * tables_cell_size(a->type, a->width)))
		return false;
	return !strings || (same_bytes(a->off, b->off, (count + 1) * sizeof *a->off) &&
	                    same_bytes(a->bytes, b->bytes, a->off[count]));
}

static bool same_data(const struct rho_tables *x, const struct rho_tables *y)
{
	const struct rho_data *a = rho_tables_data(x), *b = rho_tables_data(y);
	for (int i = 0; i < RHO_N_TABLES; i++) {
		if (a->table[i].n != b->table[i].n || a->table[i].n_columns != b->table[i].n_columns)
			return false;
		for (size_t j = 0; j < a->table[i].n_columns; j++)
			if (!same_column(a->table[i].column[j], b->table[i].column[j]))
				return false;
	}
	return true;
}

/* Reads all that a reader may read; a sanitizer or the kernel tells when that is too much. */
static uint64_t read_everything(const struct rho_tables *t)
{
	const struct rho_data *d = rho_tables_data(t);
	uint64_t sum = 0;
	for (int i = 0; i < RHO_N_TABLES; i++)
		for (size_t j = 0; j < d->table[i].n_columns; j++) {
			const struct rho_column *c = d->table[i].column[j];
			sum += strlen(c->name);
			sum += XXH3_64bits(c->i64, c->n * tables_cell_size(c->type, c->width));
			for (size_t k = 0; c->type == RHO_COL_STR && k < c->n; k++)
				sum += XXH3_64bits(rho_column_str(c, k).at, rho_column_str(c, k).len);
			for (size_t k = 0; c->type == RHO_COL_LABEL && k < c->n; k++)
				sum += XXH3_64bits(rho_column_str(c, c->label[k]).at,
				                   rho_column_str(c, c->label[k]).len);
			for (size_t k = 0; c->type == RHO_COL_ROW && k < c->n; k++)
				cr_assert_lt(c->row[k], d->table[c->of].n);
		}
	return sum;
}

Test(tables_file, give_back_what_was_saved)
{
	char *folder = folder_new(), *path = folder_path(folder, "t.tables");
	char *again = folder_path(folder, "u.tables");
	struct rho_buf why = { 0 };
	struct rho_tables *built = sample();
	cr_assert_eq(rho_tables_save(built, path, &why), 0, "%s", why.at);
	struct rho_tables *mapped = rho_tables_map(path, &why);
	cr_assert(mapped, "%s", why.at);
	cr_assert(same_data(built, mapped));
	cr_assert_eq(tables_verify(mapped, &why), 0);
	const struct rho_data *d = rho_tables_data(mapped);
	for (int i = 0; i < RHO_N_TABLES; i++)
		for (size_t j = 0; j < d->table[i].n_columns; j++)
			cr_assert_eq((uintptr_t)d->table[i].column[j]->i64 % 64, 0);
	/* Mapped tables can be saved too, and the bytes are the same. */
	cr_assert_eq(rho_tables_save(mapped, again, &why), 0);
	struct rho_buf a = file_get(path), b = file_get(again);
	cr_assert(a.len == b.len && !memcmp(a.at, b.at, a.len));
	rho_buf_free(&a);
	rho_buf_free(&b);
	rho_tables_free(mapped);
	rho_tables_free(built);
	free(path);
	free(again);
	folder_remove(folder);
	rho_buf_free(&why);
}

Test(tables_file, refuse_every_truncation)
{
	char *folder = folder_new(), *path = folder_path(folder, "t.tables");
	char *cut = folder_path(folder, "cut");
	struct rho_buf why = { 0 };
	struct rho_tables *built = sample();
	cr_assert_eq(rho_tables_save(built, path, &why), 0);
	struct rho_buf all = file_get(path);
	for (size_t n = 0; n < all.len; n++) {
		file_put(cut, all.at, n);
		rho_buf_clear(&why);
		cr_assert_null(rho_tables_map(cut, &why), "%zu bytes", n);
		cr_assert(says(&why, cut));
	}
	file_put(cut, all.at, all.len);
	FILE *f = fopen(cut, "a");
	cr_assert(f && fputc(0, f) == 0 && !fclose(f));
	cr_assert_null(rho_tables_map(cut, &why), "one byte more");
	cr_assert_null(rho_tables_map(folder, &why), "a folder");
	rho_buf_free(&all);
	rho_buf_free(&why);
	rho_tables_free(built);
	free(path);
	free(cut);
	folder_remove(folder);
}

/* Any one byte changed: the mapping is refused, or the checksums differ, or it was padding. */
Test(tables_file, notice_every_changed_byte)
{
	char *folder = folder_new(), *path = folder_path(folder, "t.tables");
	struct rho_buf why = { 0 };
	struct rho_tables *built = sample();
	cr_assert_eq(rho_tables_save(built, path, &why), 0);
	size_t n = file_size(path), refused = 0, verified = 0, padding = 0;
	for (size_t i = 0; i < n; i++) {
		file_flip(path, i);
		rho_buf_clear(&why);
		struct rho_tables *t = rho_tables_map(path, &why);
		if (!t) {
			refused++;
		} else if (tables_verify(t, &why)) {
			read_everything(t);
			verified++;
		} else {
			cr_assert(same_data(built, t), "byte %zu", i);
			padding++;
		}
		rho_tables_free(t);
		file_flip(path, i);
	}
	cr_assert(refused > 600 && verified > 200, "%zu %zu %zu", refused, verified, padding);
	rho_tables_free(built);
	rho_buf_free(&why);
	free(path);
	folder_remove(folder);
}

/* Writes the checksum that makes a changed head and index pass. */
static void forge(unsigned char *bytes, size_t len)
{
	uint64_t index_len, sums[2], zero = 0;
	memcpy(&index_len, bytes + 24, sizeof index_len);
	if (len < 64 || index_len > len - 64)
		return;
	memcpy(bytes + 56, &zero, sizeof zero);
	sums[0] = XXH3_64bits(bytes, 64);
	sums[1] = XXH3_64bits(bytes + 64, index_len);
	uint64_t check = XXH3_64bits(sums, sizeof sums);
	memcpy(bytes + 56, &check, sizeof check);
}

Test(tables_file, survive_forgery)
{
	char *folder = folder_new(), *path = folder_path(folder, "t.tables");
	struct rho_buf why = { 0 };
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	struct rho_tables *built = sample();
	cr_assert_eq(rho_tables_save(built, path, &why), 0);
	struct rho_buf all = file_get(path);
	unsigned char *copy = aligned_alloc(64, all.len);
	size_t taken = 0;
	for (int i = 0; i < 40000; i++) {
		static const uint64_t odd[] = { 0, 1, 63, 64, UINT32_MAX, INT64_MAX, UINT64_MAX, 1ull << 62 };
		memcpy(copy, all.at, all.len);
		uint32_t at = rho_below(&rng, (uint32_t)(all.len / 8)) * 8;
		uint64_t was, now = odd[rho_below(&rng, 8)];
		memcpy(&was, copy + at, sizeof was);
		if (rho_below(&rng, 2))
			now = was + now;
		if (at != 56)
			memcpy(copy + at, &now, sizeof now);
		forge(copy, all.len);
		rho_buf_clear(&why);
		struct rho_tables *t = tables_from_bytes(copy, all.len, "forged", &why);
		if (t) {
			taken++;
			read_everything(t);
		} else {
			cr_assert(says(&why, "forged"), "a refusal says why");
		}
		rho_tables_free(t);
	}
	cr_assert(taken > 1000 && taken < 39000, "%zu of 40000 taken", taken);
	free(copy);
	rho_buf_free(&all);
	rho_tables_free(built);
	free(path);
	folder_remove(folder);
	rho_buf_free(&why);
}

Test(tables_file, name_both_versions)
{
	char *folder = folder_new(), *path = folder_path(folder, "t.tables");
	struct rho_buf why = { 0 };
	struct rho_tables *built = sample();
	cr_assert_eq(rho_tables_save(built, path, &why), 0);
	struct rho_buf all = file_get(path);
	all.at[8] = 9;
	forge((unsigned char *)all.at, all.len);
	file_put(path, all.at, all.len);
	cr_assert_null(rho_tables_map(path, &why));
	cr_assert(says(&why, "format version 9") && says(&why, "reads version 1"), "%s", why.at);
	rho_buf_clear(&why);
	file_put(path, "hello, this is a text of more than sixty-four bytes, and no tables at all", 72);
	cr_assert_null(rho_tables_map(path, &why));
	cr_assert(says(&why, "is not a file of tables"), "%s", why.at);
	rho_buf_free(&all);
	rho_tables_free(built);
	free(path);
	folder_remove(folder);
	rho_buf_free(&why);
}

/* A limit on the size of files stands for a full disk. */
Test(tables_file, leave_nothing_on_a_full_disk)
{
	char *folder = folder_new(), *path = folder_path(folder, "t.tables");
	struct rho_buf why = { 0 };
	struct rho_tables *built = sample();
	struct rlimit limit;
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	struct rlimit tight = { 1000, limit.rlim_max };
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	int rc = rho_tables_save(built, path, &why);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_assert_eq(rc, -1);
	cr_assert(says(&why, path), "%s", why.at);
	cr_assert_eq(folder_count(folder, ""), 0);
	rho_buf_free(&why);
	rho_tables_free(built);
	free(path);
	folder_remove(folder);
}
