/* scratch.h: a folder for one test's files, made before and removed after it. */
#ifndef RHO_TEST_SCRATCH_H
#define RHO_TEST_SCRATCH_H

#include <stddef.h>

void scratch_make(void);                /* for .init */
void scratch_remove(void);              /* for .fini */

/* Path of a file in the folder; lasts for the test. */
const char *scratch_path(const char *name);

/* Writes a file there and gives its path; the second one gzips it. */
const char *scratch_file(const char *name, const char *text);
const char *scratch_bytes(const char *name, const void *bytes, size_t n);
const char *scratch_gzip(const char *name, const void *bytes, size_t n);

#endif
