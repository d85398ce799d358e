/* elf.h: the symbols and constructors of a shared object, read from its file without loading it. */
#ifndef RHO_CHECK_ELF_H
#define RHO_CHECK_ELF_H

#include <stdbool.h>
#include <stdint.h>

#include "../base/buf.h"

struct rho_elf_symbol {
	const char *name; /* in the file's bytes */
	uint64_t value, size;
	bool defined, global; /* global: also weak ones */
};

struct rho_elf_symbols {
	struct rho_elf_symbol *at;
	size_t n;
};

struct rho_elf {
	struct rho_buf bytes;
	struct rho_elf_symbols dynamic; /* what the loader sees */
	struct rho_elf_symbols all;     /* .symtab: n 0 when the file is stripped */
	size_t init_array;              /* entries */
	uint64_t init;                  /* address of DT_INIT; 0: none */
};

/* NULL with why for a file that is not a 64-bit ELF object of this byte order, or damaged. */
struct rho_elf *rho_elf_read(const char *path, struct rho_buf *why);
void rho_elf_free(struct rho_elf *);

/* The symbol of that name, or NULL. */
const struct rho_elf_symbol *rho_elf_find(const struct rho_elf_symbols *, const char *name);

#endif
