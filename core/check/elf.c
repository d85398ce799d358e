/* elf.c: an ELF reader that trusts nothing: every offset is held against the file's length. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "../base/file.h"
#include "elf.h"

#define FILE_LIMIT ((size_t)2 << 30)

static const unsigned char own_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;

/* n elements of `size` bytes at `offset`; NULL when they do not lie within the file. */
static const char *piece(const struct rho_elf *e, uint64_t offset, uint64_t n, size_t size)
{
	if (offset > e->bytes.len || (size && n > (e->bytes.len - offset) / size))
		return NULL;
	return e->bytes.at + offset;
}

static bool section(const struct rho_elf *e, const Elf64_Ehdr *h, uint64_t i, Elf64_Shdr *out)
{
	const char *at = i < h->e_shnum ? piece(e, h->e_shoff, h->e_shnum, sizeof *out) : NULL;
	if (at)
		memcpy(out, at + i * sizeof *out, sizeof *out);
	return at;
}

static bool read_symbols(const struct rho_elf *e, const Elf64_Ehdr *h, const Elf64_Shdr *table,
                         struct rho_elf_symbols *out)
{
	Elf64_Shdr strings;
	uint64_t n = table->sh_size / sizeof(Elf64_Sym);
	const char *at = piece(e, table->sh_offset, n, sizeof(Elf64_Sym)), *text;
	if (!at || !section(e, h, table->sh_link, &strings) ||
	    !(text = piece(e, strings.sh_offset, strings.sh_size, 1)))
		return false;
	if (!strings.sh_size || text[strings.sh_size - 1])
		return !n; /* with a NUL at its end, each name within the table has one */
	out->at = rho_xcalloc(n + 1, sizeof *out->at);
	for (uint64_t i = 0; i < n; i++) {
		Elf64_Sym s;
		memcpy(&s, at + i * sizeof s, sizeof s);
		unsigned type = ELF64_ST_TYPE(s.st_info), bind = ELF64_ST_BIND(s.st_info);
		if (s.st_name >= strings.sh_size)
			return false;
		const char *name = text + s.st_name;
		if (!*name || type == STT_SECTION || type == STT_FILE)
			continue;
		out->at[out->n++] = (struct rho_elf_symbol){
			.name = name,
			.value = s.st_value,
			.size = s.st_size,
			.defined = s.st_shndx != SHN_UNDEF,
			.global = bind != STB_LOCAL,
		};
	}
	return true;
}

static bool read_dynamic(struct rho_elf *e, const Elf64_Shdr *table)
{
	uint64_t n = table->sh_size / sizeof(Elf64_Dyn);
	const char *at = piece(e, table->sh_offset, n, sizeof(Elf64_Dyn));
	if (!at)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		Elf64_Dyn d;
		memcpy(&d, at + i * sizeof d, sizeof d);
		if (d.d_tag == DT_NULL)
			break;
		if (d.d_tag == DT_INIT_ARRAYSZ)
			e->init_array = d.d_un.d_val / sizeof(Elf64_Addr);
		if (d.d_tag == DT_INIT)
			e->init = d.d_un.d_ptr;
	}
	return true;
}

static const char *judge(struct rho_elf *e)
{
	Elf64_Ehdr h;
	Elf64_Shdr s;
	bool dynamic = false;
	if (e->bytes.len < sizeof h || memcmp(e->bytes.at, ELFMAG, SELFMAG))
		return "is not an ELF file";
	memcpy(&h, e->bytes.at, sizeof h);
	if (h.e_ident[EI_CLASS] != ELFCLASS64 || h.e_ident[EI_DATA] != own_order)
		return "is not a 64-bit ELF file of this machine's byte order";
	if (!h.e_shnum || h.e_shentsize != sizeof s || !piece(e, h.e_shoff, h.e_shnum, sizeof s))
		return "has no readable section headers";
	for (uint64_t i = 0; i < h.e_shnum; i++) {
		bool fine = true;
		section(e, &h, i, &s);
		if (s.sh_type == SHT_DYNSYM && !e->dynamic.at)
			dynamic = fine = read_symbols(e, &h, &s, &e->dynamic);
		else if (s.sh_type == SHT_SYMTAB && !e->all.at)
			fine = read_symbols(e, &h, &s, &e->all);
		else if (s.sh_type == SHT_DYNAMIC)
			fine = read_dynamic(e, &s);
		if (!fine)
			return "is damaged: a symbol table leads outside the file";
	}
	return dynamic ? NULL : "is not a shared object: it has no dynamic symbols";
}

struct rho_elf *rho_elf_read(const char *path, struct rho_buf *why)
{
	struct rho_elf *e = rho_xcalloc(1, sizeof *e);
	if (!rho_file_read(path, FILE_LIMIT, &e->bytes, why)) {
		const char *wrong = judge(e);
		if (!wrong)
			return e;
		rho_buf_printf(why, "%s %s", path, wrong);
	}
	rho_elf_free(e);
	return NULL;
}

void rho_elf_free(struct rho_elf *e)
{
	if (!e)
		return;
	free(e->dynamic.at);
	free(e->all.at);
	rho_buf_free(&e->bytes);
	free(e);
}

const struct rho_elf_symbol *rho_elf_find(const struct rho_elf_symbols *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->at[i].name, name))
			return &s->at[i];
	return NULL;
}
