/* fuzz_elf.c: any bytes as a module's file, for the two that look at one without loading it. What is
 * accepted must name symbols whose names lie in the file. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <check/elf.h>
#include <registry/internal.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool kept)
{
	if (!kept)
		abort();
}

static void read_names(const struct rho_elf *e, const struct rho_elf_symbols *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const char *name = s->at[i].name;
		must(name >= e->bytes.at && name < e->bytes.at + e->bytes.len);
		must(*name && name + strlen(name) < e->bytes.at + e->bytes.len);
		if (i < 8)
			must(rho_elf_find(s, name) && !strcmp(rho_elf_find(s, name)->name, name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static char path[32];
	static int fd = -1;
	struct rho_buf why = { 0 };
	struct rho_elf *e;
	if (fd < 0)
		fd = memfd_create("module", MFD_CLOEXEC);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, bytes, n, 0) != (ssize_t)n)
		exit(1);
	must(!rho_image_check(path, &why) == !why.len);
	rho_buf_clear(&why);
	e = rho_elf_read(path, &why);
	must(!e == !!why.len);
	if (e) {
		read_names(e, &e->dynamic);
		read_names(e, &e->all);
		rho_elf_free(e);
	}
	rho_buf_free(&why);
	return 0;
}
