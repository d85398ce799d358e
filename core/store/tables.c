/* tables.c: a dataset's tables as they are built, row by row. Columns grow by a quarter, strings
 * lie end to end, labels are interned through a hash table; a row allocates nothing. Large blocks
 * grow by remapping pages, so memory stays near what is kept. */
#include "tables_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xxhash.h>

#include "utf8.h"

const char *tables_name(uint32_t table)
{
	static const char *const names[RHO_N_TABLES] = { "actions", "contexts", "links", "log" };
	return table < RHO_N_TABLES ? names[table] : "a table that does not exist";
}

size_t tables_cell_size(uint32_t type, size_t width)
{
	switch (type) {
	case RHO_COL_I64: return sizeof(int64_t);
	case RHO_COL_F64: return sizeof(double);
	case RHO_COL_ROW:
	case RHO_COL_LABEL: return sizeof(uint32_t);
	case RHO_COL_F32S: return width * sizeof(float);
	default: return 0;
	}
}

/* Keeps the first mistake and gives its code; later ones follow from it. */
__attribute__((format(printf, 3, 4))) static int refuse(struct rho_tables *t, int code, const char *fmt, ...)
{
	if (t->code)
		return t->code;
	char text[1024];
	va_list list;
	va_start(list, fmt);
	vsnprintf(text, sizeof text, fmt, list);
	va_end(list);
	rho_buf_str(&t->error, text);
	return t->code = code;
}

static int out_of_memory(struct rho_tables *t, uint32_t table)
{
	return refuse(t, RHO_ENOMEM, "%s, row %zu: the machine has no memory left for the tables",
	              tables_name(table), t->table[table].n);
}

/* The next capacity that holds `need`: a quarter more than now. */
static size_t grown(size_t room, size_t need, size_t least)
{
	size_t to = room + room / 4;
	if (to < least)
		to = least;
	return to < need ? need : to;
}

/* *at, resized to n * size bytes; false when there is no memory (*at is then as before). */
static bool resize(void *at, size_t n, size_t size)
{
	void *old, *now;
	size_t bytes;
	memcpy(&old, at, sizeof old);
	if (__builtin_mul_overflow(n, size, &bytes) || !(now = realloc(old, bytes)))
		return false;
	memcpy(at, &now, sizeof now);
	return true;
}

static int check_spec(struct rho_tables *t, uint32_t table, const struct rho_column_spec *spec, size_t i)
{
	const char *where = tables_name(table), *name = spec[i].name;
	size_t len = name ? strlen(name) : 0;
	if (!len || len > TABLES_MAX_NAME || rho_utf8_bad(name, len) < len)
		return refuse(t, RHO_EBUG, "%s: column %zu has no usable name (1 to %d bytes of UTF-8)",
		              where, i, TABLES_MAX_NAME);
	for (size_t j = 0; j < i; j++)
		if (!strcmp(spec[j].name, name))
			return refuse(t, RHO_EBUG, "%s: column %s is declared twice", where, name);
	if (spec[i].type < RHO_COL_I64 || spec[i].type > RHO_COL_F32S)
		return refuse(t, RHO_EBUG, "%s: column %s has type %u, which is none of enum rho_column_type",
		              where, name, spec[i].type);
	if (spec[i].type == RHO_COL_ROW && spec[i].of >= RHO_N_TABLES)
		return refuse(t, RHO_EBUG, "%s: column %s names rows of table %u, and there are %d tables",
		              where, name, spec[i].of, RHO_N_TABLES);
	if (spec[i].type == RHO_COL_F32S && (spec[i].width < 1 || spec[i].width > TABLES_MAX_WIDTH))
		return refuse(t, RHO_EBUG, "%s: column %s is %zu floats wide; 1 to %d are possible", where,
		              name, spec[i].width, TABLES_MAX_WIDTH);
	return 0;
}

static int declare(struct rho_sink *sink, uint32_t table, const struct rho_column_spec *spec, size_t n)
{
	struct rho_tables *t = (struct rho_tables *)sink;
	if (t->code)
		return t->code;
	if (table >= RHO_N_TABLES)
		return refuse(t, RHO_EBUG, "columns were declared of table %u, and there are %d tables",
		              table, RHO_N_TABLES);
	struct tables_table *tab = &t->table[table];
	if (t->finished || tab->declared)
		return refuse(t, RHO_EBUG, "%s: the columns are declared twice", tables_name(table));
	if (!n || n > TABLES_MAX_COLUMNS)
		return refuse(t, RHO_EBUG, "%s: %zu columns; 1 to %d are possible", tables_name(table), n,
		              TABLES_MAX_COLUMNS);
	for (size_t i = 0; i < n; i++)
		if (check_spec(t, table, spec, i))
			return t->code;
	tab->declared = true;
	tab->column = rho_xcalloc(n, sizeof *tab->column);
	tab->n_columns = n;
	for (size_t i = 0; i < n; i++) {
		struct tables_column *c = &tab->column[i];
		bool strings = spec[i].type == RHO_COL_STR || spec[i].type == RHO_COL_LABEL;
		c->name = rho_xstrdup(spec[i].name);
		c->c = (struct rho_column){ .name = c->name, .type = spec[i].type };
		c->c.of = spec[i].type == RHO_COL_ROW ? spec[i].of : 0;
		c->c.width = spec[i].type == RHO_COL_F32S ? spec[i].width : 0;
		c->off = strings ? rho_xcalloc(1, sizeof *c->off) : NULL; /* off[0] is 0 */
	}
	return 0;
}

/* Makes room for another row in all columns. */
static int more_rows(struct rho_tables *t, uint32_t table)
{
	struct tables_table *tab = &t->table[table];
	if (tab->n == UINT32_MAX)
		return refuse(t, RHO_EFORMAT, "%s: a table holds at most %u rows", tables_name(table),
		              UINT32_MAX);
	size_t room = grown(tab->room, tab->n + 1, 64);
	for (size_t i = 0; i < tab->n_columns; i++) {
		struct tables_column *c = &tab->column[i];
		size_t size = tables_cell_size(c->c.type, c->c.width);
		if ((size && !resize(&c->cells, room, size)) ||
		    (c->c.type == RHO_COL_STR && !resize(&c->off, room + 1, sizeof *c->off)))
			return out_of_memory(t, table);
	}
	tab->room = room;
	return 0;
}

static bool put_bytes(struct tables_column *c, struct rho_str s)
{
	if (s.len > c->bytes_room - c->bytes_len) {
		size_t need = c->bytes_len + s.len, room = grown(c->bytes_room, need, 4096);
		if (need < s.len || !resize(&c->bytes, room, 1))
			return false;
		c->bytes_room = room;
	}
	if (s.len)
		memcpy(c->bytes + c->bytes_len, s.at, s.len);
	c->bytes_len += s.len;
	return true;
}

static void put_slot(struct tables_column *c, uint64_t hash, uint32_t id)
{
	size_t i = (size_t)hash & (c->n_slots - 1);
	while (c->slot[i].id)
		i = (i + 1) & (c->n_slots - 1);
	c->slot[i] = (struct tables_slot){ (uint32_t)(hash >> 32), id + 1 };
}

/* Keeps the hash table at most half full. */
static bool more_slots(struct tables_column *c)
{
	size_t n = c->n_slots ? 2 * c->n_slots : 64;
	struct tables_slot *slot = calloc(n, sizeof *slot);
	if (!slot)
		return false;
	free(c->slot);
	c->slot = slot;
	c->n_slots = n;
	for (size_t i = 0; i < c->n_labels; i++) {
		size_t len = (size_t)(c->off[i + 1] - c->off[i]);
		put_slot(c, XXH3_64bits(c->bytes + c->off[i], len), (uint32_t)i);
	}
	return true;
}

/* The number of label s, a new one if it was not seen before. -1: no memory. */
static int64_t intern(struct tables_column *c, struct rho_str s)
{
	uint64_t hash = XXH3_64bits(s.at, s.len);
	if (2 * (c->n_labels + 1) > c->n_slots && !more_slots(c))
		return -1;
	for (size_t i = (size_t)hash & (c->n_slots - 1); c->slot[i].id; i = (i + 1) & (c->n_slots - 1)) {
		size_t id = c->slot[i].id - 1;
		if (c->slot[i].tag == (uint32_t)(hash >> 32) && c->off[id + 1] - c->off[id] == s.len &&
		    (!s.len || !memcmp(c->bytes + c->off[id], s.at, s.len)))
			return (int64_t)id;
	}
	if (c->n_labels == c->off_room) {
		size_t room = grown(c->off_room, c->n_labels + 1, 32);
		if (!resize(&c->off, room + 1, sizeof *c->off))
			return -1;
		c->off_room = room;
	}
	if (!put_bytes(c, s))
		return -1;
	c->off[c->n_labels + 1] = c->bytes_len;
	put_slot(c, hash, (uint32_t)c->n_labels);
	return (int64_t)c->n_labels++;
}

static int bad_text(struct rho_tables *t, uint32_t table, const struct tables_column *c, struct rho_str s,
                    size_t bad)
{
	return refuse(t, RHO_EFORMAT,
	              "%s, row %zu, column %s: byte %zu of the text (0x%02x) is not UTF-8; "
	              "convert the file to UTF-8",
	              tables_name(table), t->table[table].n, c->name, bad + 1, (unsigned char)s.at[bad]);
}

static int put_text(struct rho_tables *t, uint32_t table, struct tables_column *c, struct rho_str s)
{
	size_t n = t->table[table].n, bad = rho_utf8_bad(s.at, s.len);
	if (bad < s.len)
		return bad_text(t, table, c, s, bad);
	if (c->c.type == RHO_COL_STR) {
		if (!put_bytes(c, s))
			return out_of_memory(t, table);
		c->off[n + 1] = c->bytes_len;
		return 0;
	}
	int64_t id = intern(c, s);
	if (id < 0)
		return out_of_memory(t, table);
	((uint32_t *)c->cells)[n] = (uint32_t)id;
	return 0;
}

static int put_floats(struct rho_tables *t, uint32_t table, struct tables_column *c, const float *v)
{
	size_t n = t->table[table].n;
	float zero = 0; /* x * 0 is 0, or NaN where x is not finite */
	for (size_t i = 0; i < c->c.width; i++)
		zero += v[i] * 0;
	if (zero != 0)
		return refuse(t, RHO_EFORMAT,
		              "%s, row %zu, column %s: a number is infinite or NaN; "
		              "features must be finite",
		              tables_name(table), n, c->name);
	memcpy((float *)c->cells + n * c->c.width, v, c->c.width * sizeof *v);
	return 0;
}

static int64_t add(struct rho_sink *sink, uint32_t table, const union rho_value *row)
{
	struct rho_tables *t = (struct rho_tables *)sink;
	if (t->code)
		return t->code;
	if (t->finished)
		return refuse(t, RHO_EBUG, "a row was added to %s after the reading was over",
		              tables_name(table));
	if (table >= RHO_N_TABLES || !t->table[table].declared)
		return refuse(t, RHO_EBUG, "a row was added to %s before its columns were declared",
		              tables_name(table));
	struct tables_table *tab = &t->table[table];
	if (tab->n == tab->room && more_rows(t, table))
		return t->code;
	for (size_t i = 0; i < tab->n_columns; i++) {
		struct tables_column *c = &tab->column[i];
		switch (c->c.type) {
		case RHO_COL_I64: ((int64_t *)c->cells)[tab->n] = row[i].i; break;
		case RHO_COL_F64: ((double *)c->cells)[tab->n] = row[i].f; break;
		case RHO_COL_ROW: ((uint32_t *)c->cells)[tab->n] = row[i].row; break;
		case RHO_COL_F32S:
			if (put_floats(t, table, c, row[i].v))
				return t->code;
			break;
		default:
			if (put_text(t, table, c, row[i].s))
				return t->code;
		}
	}
	return (int64_t)tab->n++;
}

struct rho_tables *rho_tables_new(void)
{
	struct rho_tables *t = rho_xcalloc(1, sizeof *t);
	t->sink = (struct rho_sink){ sizeof t->sink, declare, add };
	return t;
}

void rho_tables_free(struct rho_tables *t)
{
	if (!t)
		return;
	for (uint32_t i = 0; i < RHO_N_TABLES; i++) {
		struct tables_table *tab = &t->table[i];
		for (size_t j = 0; j < tab->n_columns; j++) {
			free(tab->column[j].name);
			free(tab->column[j].cells);
			free(tab->column[j].off);
			free(tab->column[j].bytes);
			free(tab->column[j].slot);
		}
		free(tab->column);
		free(tab->list);
	}
	if (t->map)
		munmap(t->map, t->map_len);
	rho_buf_free(&t->error);
	free(t);
}

struct rho_sink *rho_tables_sink(struct rho_tables *t) { return &t->sink; }

const char *rho_tables_error(const struct rho_tables *t) { return t->code ? t->error.at : NULL; }

const struct rho_data *rho_tables_data(const struct rho_tables *t) { return &t->data; }

void tables_view(struct rho_tables *t)
{
	for (uint32_t i = 0; i < RHO_N_TABLES; i++) {
		struct tables_table *tab = &t->table[i];
		tab->list = rho_xcalloc(tab->n_columns + 1, sizeof *tab->list);
		for (size_t j = 0; j < tab->n_columns; j++)
			tab->list[j] = &tab->column[j].c;
		t->data.table[i] = (struct rho_table){ tab->n, tab->n_columns, tab->list };
	}
	t->finished = true;
}

struct rho_digest rho_column_digest(const struct rho_column *c)
{
	enum { PIECE = 512 };
	uint64_t len[PIECE], n = c->n;
	struct rho_hasher *h = rho_hasher_new();
	rho_hasher_put(h, &n, sizeof n);
	for (size_t i = 0; i < c->n;) {
		size_t k = 0;
		for (; k < PIECE && i < c->n; i++)
			len[k++] = c->off[i + 1] - c->off[i];
		rho_hasher_put(h, len, k * sizeof *len);
	}
	rho_hasher_put(h, c->bytes + c->off[0], (size_t)(c->off[c->n] - c->off[0]));
	return rho_hasher_finish(h);
}
