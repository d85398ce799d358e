/* labels.h: labels that a parameter names: which of a column's it is, and what there is where it is none of them. */
#ifndef RHO_KIT_LABELS_H
#define RHO_KIT_LABELS_H

#include <rho/rho.h>

#define RHO_NO_LABEL UINT32_MAX

/* The number of the column's label of that name; RHO_NO_LABEL: it has none, or column is NULL. [any] */
uint32_t rho_label_find(const struct rho_column *, const char *name);

/* For the message: out (size, at least 80) gets the column's labels in quotes with commas between, as far as there is
 * room, each up to 40 bytes of it, and " and more" where that is not all. Gives out. [any] */
const char *rho_label_list(const struct rho_column *, char *out, size_t size);

#endif
