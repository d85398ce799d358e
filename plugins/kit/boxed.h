/* boxed.h: the final answer of a LaTeX solution: what its last \boxed holds. */
#ifndef RHO_KIT_BOXED_H
#define RHO_KIT_BOXED_H

#include "text.h"

/* What the last \boxed or \fbox of `latex` holds: the text between its braces, which are matched (\{ and \}
 * do not count), or without braces the one character or command that follows, as TeX reads it. False: there is
 * none, or its braces are never closed. The view points into `latex`. */
bool rho_boxed_last(struct rho_str latex, struct rho_str *inside);

#endif
