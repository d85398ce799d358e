/* fuzz_reader.h: bytes as a file, for readers that open a path. */
#ifndef RHO_FUZZ_READER_H
#define RHO_FUZZ_READER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Puts the bytes into a file without a name and its path into `path`. The descriptor, to be closed. */
static inline int fuzz_file(const uint8_t *bytes, size_t n, char path[64])
{
	int fd = memfd_create("input", 0);
	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n)
		exit(1);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

#endif
