/* number.h: numbers and moments written in text, read whole or not at all. */
#ifndef RHO_KIT_NUMBER_H
#define RHO_KIT_NUMBER_H

#include <rho/view.h>

/* A decimal integer with an optional sign, nothing around it. False: it is not one, or does not fit. */
bool rho_read_i64(struct rho_str, int64_t *out);

/* A finite decimal number (digits, point, exponent; no hexadecimal, no inf or nan). */
bool rho_read_f64(struct rho_str, double *out);

/* Seconds since 1970 (UTC) of "1398297600", "1398297600.5" (cut to whole seconds), "2014-04-24",
 * "2014-04-24T10:20:30" with a blank for the T, a fraction (cut off), "Z" or an offset like "+09:00" after it, or
 * ":30" left out, as one likes. */
bool rho_read_time(struct rho_str, int64_t *out);

#endif
