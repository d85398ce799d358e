/* nothing.c: a shared object that is no plugin; with TOO_SMALL, one whose rho_plugin is a number. */
#include <rho/abi.h>

#ifdef TOO_SMALL
extern const uint32_t number __asm__("rho_plugin");
RHO_EXPORT const uint32_t number = RHO_MAGIC;
#else
RHO_EXPORT int something_else(void);
int something_else(void) { return 4; }
#endif
