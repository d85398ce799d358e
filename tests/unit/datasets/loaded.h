/* loaded.h: a dataset read through the registry into tables, as the host does it. */
#ifndef RHO_TEST_LOADED_H
#define RHO_TEST_LOADED_H

#include <registry/instance.h>
#include <store/tables.h>

struct loaded {
	struct rho_world world;
	struct rho_toml *table;
	struct rho_instance *instance;
	struct rho_tables *tables;
	const struct rho_data *data;    /* NULL where reading failed */
	int code;               /* what reading, or finishing the tables, gave */
	struct rho_buf why;
};

/* Opens dataset NAME with parameters in TOML and reads it. Parameters that are refused fail the test. */
struct loaded load(const char *name, const char *toml, ...) __attribute__((format(printf, 2, 3)));
void unload(struct loaded *);

/* The same where reading must succeed, or must fail with `code` and a sentence that has `has`. */
struct loaded load_well(const char *name, const char *toml, ...) __attribute__((format(printf, 2, 3)));
void load_badly(const char *name, int code, const char *has, const char *toml, ...)
	__attribute__((format(printf, 4, 5)));

/* Strings of a row; last until the fifth call from then. Labels, too. */
const char *cell(const struct loaded *, uint32_t table, const char *column, size_t row);
size_t rows(const struct loaded *, uint32_t table);

/* Link i, and its parts. */
uint32_t link_context(const struct loaded *, size_t i);
uint32_t link_action(const struct loaded *, size_t i);
double link_weight(const struct loaded *, size_t i);

/* Folder of real data below "data", or skips the test when there is none. */
const char *real_data(const char *folder);

#endif
