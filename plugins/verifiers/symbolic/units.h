/* units.h: whether two words for a unit of measurement can mean the same. */
#ifndef RHO_SYMBOLIC_UNITS_H
#define RHO_SYMBOLIC_UNITS_H

#include <rho/view.h>

/* False only where both are units that are known, and not the same: metres for feet, cm^2 for cm. */
bool units_agree(struct rho_str, struct rho_str);
/* How many bytes of it to show in a message. */
int units_shown(struct rho_str);

#endif
