/* labels.c: names of arms short enough for a table. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct seen {
	const char *value;
	size_t axis;
};

static int by_value(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;
	int order = strcmp(x->value, y->value);
	return order ? order : (x->axis > y->axis) - (x->axis < y->axis);
}

/* keep[a]: axis a's name must stand before its values. The arm without values counts as an axis of its
 * own, number n_axes. */
static bool *axes_to_keep(const struct rho_results *res)
{
	struct seen *seen = rho_xcalloc(res->n_arms * (res->n_axes + 1) + 1, sizeof *seen);
	bool *keep = rho_xcalloc(res->n_axes + 1, sizeof *keep);
	size_t n = 0;
	for (size_t i = 0; i < res->n_arms; i++) {
		size_t before = n;
		for (size_t a = 0; a < res->n_axes; a++)
			if (res->arm[i].value[a])
				seen[n++] = (struct seen){ res->arm[i].value[a], a };
		if (n == before)
			seen[n++] = (struct seen){ res->arm[i].name, res->n_axes };
	}
	qsort(seen, n, sizeof *seen, by_value);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(seen[i].value, seen[i - 1].value) && seen[i].axis != seen[i - 1].axis)
			keep[seen[i].axis] = keep[seen[i - 1].axis] = true;
	free(seen);
	return keep;
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool any_twice(char *const *label, size_t n)
{
	char **order = rho_xmalloc((n + 1) * sizeof *order);
	bool twice = false;
	memcpy(order, label, n * sizeof *order);
	qsort(order, n, sizeof *order, by_text);
	for (size_t i = 1; i < n && !twice; i++)
		twice = !strcmp(order[i - 1], order[i]);
	free(order);
	return twice;
}

char **rho_arm_labels(const struct rho_results *res)
{
	char **label = rho_xcalloc(res->n_arms + 1, sizeof *label);
	bool *keep = axes_to_keep(res), twice;
	for (size_t i = 0; i < res->n_arms; i++) {
		struct rho_buf text = { 0 };
		for (size_t a = 0; a < res->n_axes; a++)
			if (res->arm[i].value[a])
				rho_buf_printf(&text, "%s%s%s%s", text.len ? "," : "",
				               keep[a] ? res->axis[a] : "", keep[a] ? "=" : "",
				               res->arm[i].value[a]);
		label[i] = text.len ? text.at : rho_xstrdup(res->arm[i].name);
	}
	twice = any_twice(label, res->n_arms);
	for (size_t i = 0; i < res->n_arms && twice; i++) { /* names with commas in them: take no risk */
		free(label[i]);
		label[i] = rho_xstrdup(res->arm[i].name);
	}
	free(keep);
	return label;
}
