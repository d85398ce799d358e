/* Labels by name: columns have few of them, and this is asked when a plugin is opened. */
#include "labels.h"

#include <stdio.h>
#include <string.h>

uint32_t rho_label_find(const struct rho_column *column, const char *name)
{
	for (uint32_t i = 0; column && i < column->n_labels; i++) {
		struct rho_str s = rho_column_str(column, i);
		if (s.len == strlen(name) && !memcmp(s.at, name, s.len))
			return i;
	}
	return RHO_NO_LABEL;
}

const char *rho_label_list(const struct rho_column *column, char *out, size_t size)
{
	size_t used = 0, i = 0;
	*out = '\0';
	for (; i < column->n_labels && used + 60 < size; i++) {
		struct rho_str s = rho_column_str(column, i);
		used += (size_t)snprintf(out + used, size - used, "%s\"%.*s\"", i ? ", " : "",
		                         s.len < 40 ? (int)s.len : 40, s.at);
	}
	if (i < column->n_labels)
		snprintf(out + used, size - used, " and more");
	return out;
}
