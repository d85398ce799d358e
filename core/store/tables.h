/* tables.h: a dataset's tables: built row by row, kept on disk as one mapped file. */
#ifndef RHO_STORE_TABLES_H
#define RHO_STORE_TABLES_H

#include <rho/dataset.h>
#include "../base/buf.h"
#include "../base/digest.h"

/* Builder behind struct rho_sink. String columns keep their bytes end to end; nothing is
 * allocated per row. */
struct rho_tables;

struct rho_tables *rho_tables_new(void);
void rho_tables_free(struct rho_tables *);

/* The sink to hand to rho_dataset.read. Mistakes (a column declared twice, text that is not
 * UTF-8, a row before its columns) are kept and returned as errors; see rho_tables_error. */
struct rho_sink *rho_tables_sink(struct rho_tables *);
const char *rho_tables_error(const struct rho_tables *);        /* NULL: none */

/* After read: checks across tables (ROW values in range, finite weights, probabilities in (0, 1],
 * the standard columns of dataset.h with their types, no empty table among those promised) and
 * makes the view. A table that is promised but whose columns were never declared is one that these
 * parameters do not give, no mistake. Links must have context and action, a log action and reward.
 * 0 or an RHO_E code with why. */
int rho_tables_finish(struct rho_tables *, uint32_t promised, struct rho_buf *why);
const struct rho_data *rho_tables_data(const struct rho_tables *);      /* after finish or map */

/* The columns of dataset.h that environments look for; of those that must be there, a declared table
 * must have each. */
struct rho_standard_column {
	uint32_t table;
	const char *name;
	uint32_t type, of;      /* of: the table that a ROW column names rows of */
	bool must;
};
const struct rho_standard_column *rho_standard_columns(size_t *n);      /* (n) */

/* One file, written atomically, 64-byte aligned sections, checksummed header; mapping costs no
 * parsing. map gives NULL with why for a file that is damaged, truncated or of another version: it
 * checks all that could lead a reader astray (sizes, offsets, rows, labels), but not whether texts
 * and numbers are those that were written; the store does. */
int rho_tables_save(const struct rho_tables *, const char *path, struct rho_buf *why);
struct rho_tables *rho_tables_map(const char *path, struct rho_buf *why);

/* Digest of a STR column's strings (lengths included). */
struct rho_digest rho_column_digest(const struct rho_column *);

#endif
