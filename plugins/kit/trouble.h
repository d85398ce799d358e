/* trouble.h: what went wrong in a reader: a code to return and a sentence to show. */
#ifndef RHO_KIT_TROUBLE_H
#define RHO_KIT_TROUBLE_H

#include <rho/rho.h>

/* Zero-initialise. A plugin hands it on: return rho_fail(c, t.code, "%s", t.text). */
struct rho_trouble {
	int code;               /* 0: nothing went wrong; else one of enum rho_error */
	char text[1200];
};

/* Records the first trouble; what follows from it is dropped. Gives the recorded code. */
int rho_trouble_set(struct rho_trouble *, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* The same with "PATH:LINE: " in front; line 0: "PATH: ". */
int rho_trouble_at(struct rho_trouble *, int code, const char *path, size_t line, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Which of `names` (n of them) `word` was most likely meant to be, in any case; n: none is near. */
size_t rho_kit_nearest(struct rho_str word, const struct rho_str *names, size_t n);

#endif
