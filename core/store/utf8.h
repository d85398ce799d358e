/* utf8.h: whether bytes are UTF-8. */
#ifndef RHO_STORE_UTF8_H
#define RHO_STORE_UTF8_H

#include <stddef.h>

/* The offset of the first byte that is not part of well-formed UTF-8 (no overlong forms, no
 * surrogates, nothing above U+10FFFF); n when there is none. */
size_t rho_utf8_bad(const char *at, size_t n);

#endif
