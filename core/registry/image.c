/* image.c: a look at a module's file before dlopen is trusted with it. The loader maps what the
 * program headers promise without asking whether the file is that long, and dies of SIGBUS on a
 * file that was cut off; an error in words costs one read of the headers. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"

#if defined(__x86_64__)
enum { OUR_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { OUR_MACHINE = EM_AARCH64 };
#elif defined(__riscv)
enum { OUR_MACHINE = EM_RISCV };
#else
enum { OUR_MACHINE = EM_NONE }; /* not checked here; dlopen will */
#endif

enum { OUR_CLASS = sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32 };

static const char *judge_header(const ElfW(Ehdr) * h, size_t got)
{
	if (got < sizeof *h || memcmp(h->e_ident, ELFMAG, SELFMAG))
		return "is not a shared object (ELF); build it with -shared -fPIC";
	if (h->e_ident[EI_CLASS] != OUR_CLASS || (OUR_MACHINE != EM_NONE && h->e_machine != OUR_MACHINE))
		return "is built for another machine; build it on this one";
	if (h->e_type != ET_DYN)
		return "is an object file or a program, not a shared object; link it with -shared";
	if (h->e_phentsize != sizeof(ElfW(Phdr)) || !h->e_phnum || h->e_phnum > 1024)
		return "is damaged: its program headers make no sense; build or copy it again";
	return NULL;
}

static const char *judge_segments(int fd, const ElfW(Ehdr) * h, uint64_t size)
{
	static const char cut[] = "is damaged or cut off: it is shorter than its own headers say; "
				  "build or copy it again";
	for (unsigned i = 0; i < h->e_phnum; i++) {
		ElfW(Phdr) p;
		uint64_t at = (uint64_t)h->e_phoff + i * sizeof p;
		if (h->e_phoff > size || at + sizeof p > size ||
		    pread(fd, &p, sizeof p, (off_t)at) != (ssize_t)sizeof p)
			return cut;
		if (p.p_type == PT_LOAD && (p.p_offset > size || p.p_filesz > size - p.p_offset))
			return cut;
	}
	return NULL;
}

int rho_image_check(const char *path, struct rho_buf *why)
{
	ElfW(Ehdr) head;
	struct stat st;
	const char *wrong = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st)) {
		rho_buf_printf(why, "%s: cannot be read: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (!S_ISREG(st.st_mode)) {
		wrong = "is not a file";
	} else {
		ssize_t got = pread(fd, &head, sizeof head, 0);
		wrong = judge_header(&head, got < 0 ? 0 : (size_t)got);
		if (!wrong)
			wrong = judge_segments(fd, &head, (uint64_t)st.st_size);
	}
	close(fd);
	if (wrong)
		rho_buf_printf(why, "%s: %s", path, wrong);
	return wrong ? -1 : 0;
}
