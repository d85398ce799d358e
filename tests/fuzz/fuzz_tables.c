/* fuzz_tables.c: a file of tables from arbitrary bytes, with its checksum put right so that the
 * checks behind it are reached. Whatever is accepted is read from end to end. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include <store/tables_impl.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { HEAD = 64, INDEX_LEN_AT = 24, CHECK_AT = 56 };

static void forge(unsigned char *bytes, size_t n)
{
	uint64_t index_len, sums[2], check = 0;
	if (n < HEAD)
		return;
	memcpy(&index_len, bytes + INDEX_LEN_AT, sizeof index_len);
	if (index_len > n - HEAD)
		return;
	memcpy(bytes + CHECK_AT, &check, sizeof check);
	sums[0] = XXH3_64bits(bytes, HEAD);
	sums[1] = XXH3_64bits(bytes + HEAD, index_len);
	check = XXH3_64bits(sums, sizeof sums);
	memcpy(bytes + CHECK_AT, &check, sizeof check);
}

static uint64_t read_column(const struct rho_data *d, const struct rho_column *c)
{
	size_t strings = c->type == RHO_COL_STR ? c->n : c->type == RHO_COL_LABEL ? c->n_labels : 0;
	uint64_t sum = strlen(c->name) + XXH3_64bits(c->i64, c->n * tables_cell_size(c->type, c->width));
	for (size_t i = 0; i < strings; i++)
		sum += XXH3_64bits(rho_column_str(c, i).at, rho_column_str(c, i).len);
	for (size_t i = 0; i < c->n; i++)
		if ((c->type == RHO_COL_LABEL && c->label[i] >= c->n_labels) ||
		    (c->type == RHO_COL_ROW && c->row[i] >= d->table[c->of].n))
			abort();
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static volatile uint64_t keep;  /* so that reading is not optimised away */
	struct rho_buf why = { 0 };
	unsigned char *copy = aligned_alloc(64, (n + 64) / 64 * 64);
	if (n)
		memcpy(copy, bytes, n);
	forge(copy, n);
	struct rho_tables *t = tables_from_bytes(copy, n, "input", &why);
	if (!t && !why.len)
		abort();                /* a refusal says why */
	for (int i = 0; t && i < RHO_N_TABLES; i++) {
		const struct rho_data *d = rho_tables_data(t);
		for (size_t j = 0; j < d->table[i].n_columns; j++)
			keep = keep + read_column(d, d->table[i].column[j]);
	}
	rho_tables_free(t);
	rho_buf_free(&why);
	free(copy);
	return 0;
}
