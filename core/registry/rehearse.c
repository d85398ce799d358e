/* rehearse.c: loading a module runs its constructors, which no plugin should have (docs/checks.md, M7).
 * One that has some is loaded in a child process first, so that a crash there is a sentence. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "internal.h"

enum { SURVIVED = 42, COMPILERS_OWN = 1 };

static bool done_elsewhere;

void rho_modules_rehearsed(void) { done_elsewhere = true; }

static size_t constructors_in(int fd, const ElfW(Phdr) * dynamic)
{
	for (uint64_t at = 0; at + sizeof(ElfW(Dyn)) <= dynamic->p_filesz; at += sizeof(ElfW(Dyn))) {
		ElfW(Dyn) d;
		if (pread(fd, &d, sizeof d, (off_t)(dynamic->p_offset + at)) != (ssize_t)sizeof d ||
		    d.d_tag == DT_NULL)
			return 0;
		if (d.d_tag == DT_INIT_ARRAYSZ)
			return d.d_un.d_val / sizeof(ElfW(Addr));
	}
	return 0;
}

/* Functions that run when the file is loaded, the compiler's own included; of a sound file. */
static size_t constructors(const char *path)
{
	ElfW(Ehdr) head;
	size_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (pread(fd, &head, sizeof head, 0) == (ssize_t)sizeof head)
		for (unsigned i = 0; i < head.e_phnum; i++) {
			ElfW(Phdr) p;
			off_t at = (off_t)(head.e_phoff + i * sizeof p);
			if (pread(fd, &p, sizeof p, at) == (ssize_t)sizeof p && p.p_type == PT_DYNAMIC)
				n = constructors_in(fd, &p);
		}
	close(fd);
	return n;
}

static void load(const char *path)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	dlopen(path, RTLD_NOW | RTLD_LOCAL); /* a file that cannot be loaded is the parent's to tell */
	_exit(SURVIVED);
}

int rho_load_rehearse(const char *path, struct rho_buf *why)
{
	static const char where[] = "while it was loaded; a module runs nothing by itself, such work belongs "
				    "into open";
	int status = 0;
	pid_t child;
	if (done_elsewhere || constructors(path) <= COMPILERS_OWN)
		return 0;
	fflush(NULL);
	child = fork();
	if (!child)
		load(path);
	if (child < 0) {
		rho_buf_printf(why, "%s: no process could be started to load it: %s", path, strerror(errno));
		return -1;
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == SURVIVED)
		return 0;
	if (WIFSIGNALED(status))
		rho_buf_printf(why, "%s: crashed with SIG%s %s", path,
		               sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?", where);
	else
		rho_buf_printf(why, "%s: ended the process %s", path, where);
	return -1;
}
