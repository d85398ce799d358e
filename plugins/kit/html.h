/* html.h: texts that were cut out of web pages, made plain. */
#ifndef RHO_KIT_HTML_H
#define RHO_KIT_HTML_H

#include "text.h"

/* Adds `s` to out with its entities decoded, once: the names of HTML 4.01 and apos, decimal and
 * hexadecimal numbers (128 to 159 as Windows-1252, as browsers do). What is no entity, or one of a
 * control character, stays as it stands. False: out of memory. */
bool rho_html_decode(struct rho_text *out, struct rho_str s);

/* Adds `s` without tags, comments, style and script, entities decoded, white space (no-break
 * spaces, too) collapsed to single blanks. False: out of memory. */
bool rho_html_plain(struct rho_text *out, struct rho_str s);

#endif
