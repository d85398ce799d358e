/* tables_file.c: tables as one file that is read by mapping it.
 *
 *   head      struct file_head, 64 bytes
 *   index     struct file_table for each table, struct file_column for each column, the names
 *   sections  cells, offsets and string bytes of each column, each 64-byte aligned
 *
 * The head carries a checksum of itself and the index, the index one of every section. Mapping
 * checks the head, that each section lies inside the file and has the size its column needs, and
 * every number that is used as an index: offsets, labels, rows. So no file, however it came about,
 * can lead a reader outside of it. Texts and plain numbers are compared with their checksums by
 * tables_verify, which the store calls once a process. Numbers are the machine's own, little-endian;
 * a file from another byte order is refused as one of another version. */
#include "tables_impl.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xxhash.h>

#include "../base/file.h"
#include "checksum.h"

enum { FILE_VERSION = 1, BYTE_ORDER_MARK = 0x01020304, ALIGN = 64 };
static const char magic[8] = { 'r', 'h', 'o', 't', 'a', 'b', 'l', 'e' };

struct file_head {
	char magic[8];
	uint32_t version, order;
	uint64_t size;        /* of the file */
	uint64_t index_len;   /* bytes after the head */
	uint64_t n_columns;   /* of all tables */
	uint64_t reserved[2]; /* 0 */
	uint64_t check;       /* XXH3-64 of the head with this field 0, then of the index */
};

struct file_table {
	uint64_t n, n_columns, declared;
};

struct file_section {
	uint64_t at, len, sum;
};

enum { CELLS, OFFSETS, BYTES, N_SECTIONS };

struct file_column {
	uint32_t type, of;
	uint64_t width, n_labels;
	uint64_t name; /* into the names, which follow the columns and end with NUL each */
	struct file_section section[N_SECTIONS];
};

_Static_assert(sizeof(struct file_head) == 64, "the head's size is part of the format");

static uint64_t aligned(uint64_t at) { return (at + ALIGN - 1) / ALIGN * ALIGN; }

/* The bytes that a column's section holds, by the column's own counts; SIZE_MAX when too many. */
static uint64_t section_len(const struct rho_column *c, int section)
{
	size_t count = c->type == RHO_COL_LABEL ? c->n_labels : c->n, size, len;
	bool strings = c->type == RHO_COL_STR || c->type == RHO_COL_LABEL;
	switch (section) {
	case CELLS:
		size = tables_cell_size(c->type, c->width);
		return __builtin_mul_overflow(c->n, size, &len) ? SIZE_MAX : len;
	case OFFSETS: return strings ? (count + 1) * sizeof(uint64_t) : 0;
	default: return strings ? c->off[count] : 0;
	}
}

static const void *section_bytes(const struct rho_column *c, int section)
{
	return section == CELLS ? (const void *)c->i64 : section == OFFSETS ? (const void *)c->off : c->bytes;
}

static uint64_t head_check(const struct file_head *head, const void *index, size_t index_len)
{
	struct file_head h = *head;
	h.check = 0;
	uint64_t sums[2] = { XXH3_64bits(&h, sizeof h), XXH3_64bits(index, index_len) };
	return XXH3_64bits(sums, sizeof sums);
}

/* Gives a column's sections their places from `at` on; returns where the next column's begin. */
static uint64_t place(const struct rho_column *c, struct file_column *f, uint64_t at)
{
	for (int s = 0; s < N_SECTIONS; s++) {
		uint64_t len = section_len(c, s), sum = rho_checksum(section_bytes(c, s), (size_t)len);
		f->section[s] = (struct file_section){ at, len, sum };
		at = aligned(at + len);
	}
	return at;
}

/* Lays the file out: writes the index for tables to `index`, gives the file's size. */
static uint64_t make_index(const struct rho_tables *t, size_t n_columns, struct rho_buf *index)
{
	struct rho_buf names = { 0 };
	struct file_column *all = rho_xcalloc(n_columns + 1, sizeof *all);
	size_t k = 0;
	for (uint32_t i = 0; i < RHO_N_TABLES; i++) {
		const struct tables_table *tab = &t->table[i];
		struct file_table ft = { tab->n, tab->n_columns, tab->declared };
		rho_buf_add(index, &ft, sizeof ft);
		for (size_t j = 0; j < tab->n_columns; j++, k++) {
			const struct rho_column *c = &tab->column[j].c;
			all[k] = (struct file_column){ .type = c->type,
				                       .of = c->of,
				                       .width = c->width,
				                       .n_labels = c->n_labels,
				                       .name = names.len };
			rho_buf_add(&names, c->name, strlen(c->name) + 1);
		}
	}
	uint64_t at = aligned(sizeof(struct file_head) + index->len + n_columns * sizeof *all + names.len);
	k = 0;
	for (uint32_t i = 0; i < RHO_N_TABLES; i++)
		for (size_t j = 0; j < t->table[i].n_columns; j++)
			at = place(&t->table[i].column[j].c, &all[k++], at);
	rho_buf_add(index, all, n_columns * sizeof *all);
	rho_buf_add(index, names.at ? names.at : "", names.len);
	free(all);
	rho_buf_free(&names);
	return at;
}

static void pad(struct rho_writer *w, uint64_t *at)
{
	static const char zero[ALIGN];
	uint64_t to = aligned(*at);
	rho_writer_put(w, zero, (size_t)(to - *at));
	*at = to;
}

int rho_tables_save(const struct rho_tables *t, const char *path, struct rho_buf *why)
{
	struct rho_writer *w = rho_writer_open(path, why);
	if (!w)
		return -1;
	size_t n_columns = 0;
	for (uint32_t i = 0; i < RHO_N_TABLES; i++)
		n_columns += t->table[i].n_columns;
	struct rho_buf index = { 0 };
	struct file_head head = { .version = FILE_VERSION, .order = BYTE_ORDER_MARK, .n_columns = n_columns };
	memcpy(head.magic, magic, sizeof magic);
	head.size = make_index(t, n_columns, &index);
	head.index_len = index.len;
	head.check = head_check(&head, index.at, index.len);
	/* A failed put is remembered by the writer and told by the commit. */
	rho_writer_put(w, &head, sizeof head);
	rho_writer_put(w, index.at, index.len);
	uint64_t at = sizeof head + index.len;
	rho_buf_free(&index);
	pad(w, &at);
	for (uint32_t i = 0; i < RHO_N_TABLES; i++)
		for (size_t j = 0; j < t->table[i].n_columns; j++)
			for (int s = 0; s < N_SECTIONS; s++) {
				const struct rho_column *c = &t->table[i].column[j].c;
				rho_writer_put(w, section_bytes(c, s), (size_t)section_len(c, s));
				at += section_len(c, s);
				pad(w, &at);
			}
	return rho_writer_commit(w, why);
}

/* ---- mapping ---- */

struct reader {
	const unsigned char *at;
	size_t len;
	const struct file_head *head;
	const struct file_table *table;   /* (RHO_N_TABLES) */
	const struct file_column *column; /* (head->n_columns) */
	const char *names;                /* (names_len) */
	size_t names_len;
	const char *name; /* of the file, for messages */
	struct rho_buf *why;
};

static int damaged(struct reader *r, const char *what)
{
	rho_buf_printf(r->why, "%s is damaged: %s", r->name, what);
	return -1;
}

static int read_head(struct reader *r)
{
	const struct file_head *h = (const struct file_head *)r->at;
	if (r->len < sizeof *h || memcmp(h->magic, magic, sizeof magic)) {
		rho_buf_printf(r->why, "%s is not a file of tables", r->name);
		return -1;
	}
	if (h->version != FILE_VERSION || h->order != BYTE_ORDER_MARK) {
		rho_buf_printf(r->why,
		               "%s has format version %" PRIu32 " (byte order %08" PRIx32 "), this "
		               "rho reads version %d (%08x)",
		               r->name, h->version, h->order, FILE_VERSION, BYTE_ORDER_MARK);
		return -1;
	}
	if (h->size != r->len) {
		rho_buf_printf(r->why, "%s is damaged: it has %zu bytes and should have %" PRIu64, r->name,
		               r->len, h->size);
		return -1;
	}
	if (h->index_len > r->len - sizeof *h ||
	    head_check(h, r->at + sizeof *h, (size_t)h->index_len) != h->check)
		return damaged(r, "its index does not have the checksum it should have");
	uint64_t tables = RHO_N_TABLES * sizeof(struct file_table);
	if (h->index_len < tables || h->n_columns > (h->index_len - tables) / sizeof(struct file_column))
		return damaged(r, "its index is too short for its columns");
	r->head = h;
	r->table = (const struct file_table *)(r->at + sizeof *h);
	r->column = (const struct file_column *)(r->table + RHO_N_TABLES);
	r->names = (const char *)(r->column + h->n_columns);
	r->names_len = (size_t)(h->index_len - tables) - (size_t)h->n_columns * sizeof *r->column;
	uint64_t sum = 0;
	for (uint32_t i = 0; i < RHO_N_TABLES; i++) {
		const struct file_table *ft = &r->table[i];
		if (ft->n > UINT32_MAX || ft->n_columns > TABLES_MAX_COLUMNS ||
		    ft->declared != (ft->n_columns > 0) || (ft->n && !ft->n_columns))
			return damaged(r, "a table has an impossible size");
		sum += ft->n_columns;
	}
	return sum == h->n_columns ? 0 : damaged(r, "its tables have more or fewer columns than it says");
}

/* The section's bytes, once they are known to be inside the file and `want` of them. */
static const void *section_at(const struct reader *r, const struct file_section *s, uint64_t want)
{
	bool good = s->at % ALIGN == 0 && s->at >= sizeof *r->head + r->head->index_len && s->at <= r->len &&
	            s->len <= r->len - s->at && s->len == want;
	return good ? r->at + s->at : NULL;
}

/* Offsets must start at 0 and never fall; the last one is then the number of bytes. */
static bool rising(const uint64_t *off, size_t n)
{
	uint64_t falls = off[0] != 0;
	for (size_t i = 0; i < n; i++)
		falls |= off[i] > off[i + 1];
	return !falls;
}

static bool below(const uint32_t *v, size_t n, size_t limit)
{
	uint32_t most = 0;
	for (size_t i = 0; i < n; i++)
		most = v[i] > most ? v[i] : most;
	return !n || most < limit;
}

static int read_name(struct reader *r, const struct file_column *f, struct rho_column *c)
{
	if (f->name >= r->names_len)
		return damaged(r, "a column's name lies outside the file");
	size_t len = strnlen(r->names + f->name, r->names_len - f->name);
	if (!len || len > TABLES_MAX_NAME || f->name + len == r->names_len)
		return damaged(r, "a column has an impossible name");
	c->name = r->names + f->name;
	return 0;
}

static int read_column(struct reader *r, const struct file_column *f, size_t n, struct rho_column *c)
{
	*c = (struct rho_column){ .type = f->type,
		                  .of = f->of,
		                  .n = n,
		                  .width = (size_t)f->width,
		                  .n_labels = (size_t)f->n_labels,
		                  .bytes = "" };
	if (read_name(r, f, c))
		return -1;
	bool strings = f->type == RHO_COL_STR || f->type == RHO_COL_LABEL;
	if (f->type < RHO_COL_I64 || f->type > RHO_COL_F32S || f->of >= RHO_N_TABLES ||
	    f->width > TABLES_MAX_WIDTH || (f->type == RHO_COL_F32S) != (f->width > 0) ||
	    f->n_labels > (f->type == RHO_COL_LABEL ? n : 0))
		return damaged(r, "a column has an impossible type or size");
	c->i64 = section_at(r, &f->section[CELLS], section_len(c, CELLS));
	if (!c->i64)
		return damaged(r, "a column's values lie outside the file");
	if (strings) {
		size_t count = f->type == RHO_COL_LABEL ? c->n_labels : n;
		c->off = section_at(r, &f->section[OFFSETS], section_len(c, OFFSETS));
		if (!c->off || !rising(c->off, count))
			return damaged(r, "the places of a column's texts make no sense");
		c->bytes = section_at(r, &f->section[BYTES], c->off[count]);
		if (!c->bytes)
			return damaged(r, "a column's texts lie outside the file");
	}
	if (f->type == RHO_COL_LABEL && !below(c->label, n, c->n_labels))
		return damaged(r, "a value names a label that does not exist");
	if (f->type == RHO_COL_ROW && !below(c->row, n, (size_t)r->table[f->of].n))
		return damaged(r, "a value names a row that does not exist");
	return 0;
}

static int read_table(struct reader *r, struct rho_tables *t, uint32_t table, size_t first)
{
	struct tables_table *tab = &t->table[table];
	tab->declared = r->table[table].declared;
	tab->n = (size_t)r->table[table].n;
	tab->n_columns = (size_t)r->table[table].n_columns;
	tab->column = rho_xcalloc(tab->n_columns + 1, sizeof *tab->column);
	for (size_t i = 0; i < tab->n_columns; i++) {
		if (read_column(r, &r->column[first + i], tab->n, &tab->column[i].c))
			return -1;
		for (size_t j = 0; j < i; j++)
			if (!strcmp(tab->column[i].c.name, tab->column[j].c.name))
				return damaged(r, "two columns of a table have one name");
	}
	return 0;
}

struct rho_tables *tables_from_bytes(const void *bytes, size_t len, const char *name, struct rho_buf *why)
{
	struct reader r = { .at = bytes, .len = len, .name = name, .why = why };
	if (read_head(&r))
		return NULL;
	struct rho_tables *t = rho_tables_new();
	size_t first = 0;
	for (uint32_t i = 0; i < RHO_N_TABLES; i++) {
		if (read_table(&r, t, i, first)) {
			rho_tables_free(t);
			return NULL;
		}
		first += t->table[i].n_columns;
	}
	tables_view(t);
	return t;
}

struct rho_tables *rho_tables_map(const char *path, struct rho_buf *why)
{
	void *map;
	size_t len;
	if (rho_file_map(path, &map, &len, why))
		return NULL;
	struct rho_tables *t = tables_from_bytes(map, len, path, why);
	if (!t) {
		munmap(map, len);
		return NULL;
	}
	t->map = map;
	t->map_len = len;
	return t;
}

static bool intact(const struct rho_tables *t, const struct file_section *s)
{
	return !s->len || rho_checksum((const char *)t->map + s->at, (size_t)s->len) == s->sum;
}

int tables_verify(const struct rho_tables *t, struct rho_buf *why)
{
	if (!t->map)
		return 0;
	const struct file_head *h = t->map;
	const struct file_column *f = (const struct file_column *)((const char *)t->map + sizeof *h +
	                                                           RHO_N_TABLES * sizeof(struct file_table));
	for (uint32_t i = 0; i < RHO_N_TABLES; i++)
		for (size_t j = 0; j < t->table[i].n_columns; j++, f++)
			for (int s = 0; s < N_SECTIONS; s++)
				if (!intact(t, &f->section[s])) {
					rho_buf_printf(why,
					               "column %s of %s does not have the checksum it "
					               "should have",
					               t->table[i].column[j].c.name, tables_name(i));
					return -1;
				}
	return 0;
}
