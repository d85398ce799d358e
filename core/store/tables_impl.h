/* tables_impl.h: what a set of tables is made of; shared by the files that build, check, save and
 * map them, and by nobody else. */
#ifndef RHO_STORE_TABLES_IMPL_H
#define RHO_STORE_TABLES_IMPL_H

#include "tables.h"

enum {
	TABLES_MAX_COLUMNS = 1024,              /* of one table */
	TABLES_MAX_NAME = 255,                  /* bytes of a column's name */
	TABLES_MAX_WIDTH = 1 << 24,             /* floats a row of an F32S column */
};

struct tables_slot { uint32_t tag, id; };       /* of a label: the hash's upper half, number + 1; 0: empty */

struct tables_column {
	struct rho_column c;            /* what readers see; complete once the table is finished */
	char *name;
	void *cells;                    /* (room of the table) values; STR: none */
	uint64_t *off;                  /* STR (room + 1), LABEL (off_room + 1) */
	char *bytes;                    /* (bytes_room) strings end to end */
	size_t bytes_len, bytes_room;
	size_t off_room;                /* LABEL: labels that off has room for */
	struct tables_slot *slot;       /* LABEL: (n_slots) open addressing, a power of two */
	size_t n_slots, n_labels;
};

struct tables_table {
	bool declared;
	size_t n, room;                 /* rows, and rows that the columns have room for */
	struct tables_column *column;
	size_t n_columns;
	const struct rho_column **list; /* (n_columns) */
};

struct rho_tables {
	struct rho_sink sink;           /* first: a sink is cast back to its tables */
	struct tables_table table[RHO_N_TABLES];
	struct rho_buf error;           /* the first mistake; later calls fail with the same code */
	int code;
	bool finished;
	struct rho_data data;
	void *map;                      /* NULL: the columns' memory is their own */
	size_t map_len;
};

/* "actions", "contexts", "links", "log" */
const char *tables_name(uint32_t table);

/* Bytes of one cell of a column's fixed part; 0 for STR. */
size_t tables_cell_size(uint32_t type, size_t width);

/* Sets the list of each table and the view of all; the columns' `c` must be complete. */
void tables_view(struct rho_tables *);

/* What rho_tables_map does with a file's bytes, which must be 8-byte aligned and outlive the
 * tables; they are not unmapped by rho_tables_free. `name` is for messages. NULL with why. */
struct rho_tables *tables_from_bytes(const void *bytes, size_t len, const char *name, struct rho_buf *why);

/* Compares each section's checksum (see checksum.h) with the file's. Tables that were built, not
 * mapped, pass. 0 or -1 with why. */
int tables_verify(const struct rho_tables *, struct rho_buf *why);

#endif
