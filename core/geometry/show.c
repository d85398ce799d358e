/* show.c: the numbers that are one for a set of rows, by name. */
#include "show.h"

#include <math.h>
#include <string.h>

#define AT(field) offsetof(struct rho_geometry, field)

static const char copies[] = "too few rows have two others that are no copies of them";
static const char unreached[] = "the greatest width is still above eps after that many picks";

const struct rho_measure rho_measures[] = {
	{ "mean_cosine", "mean cosine", RHO_MEASURE_SPREAD, "pairs", AT(mean_cosine), NULL },
	{ "uniformity", "uniformity", RHO_MEASURE_SPREAD, "pairs", AT(uniformity), NULL },
	{ "sphere_uniformity", NULL, RHO_MEASURE_SPREAD, NULL, AT(sphere_uniformity), NULL },
	{ "partition_isotropy", "partition", RHO_MEASURE_SPREAD, "groups", AT(partition), NULL },
	{ "iso_score", "IsoScore", RHO_MEASURE_SPREAD, "groups", AT(iso_score), NULL },
	{ "entropy_isotropy", "entropy", RHO_MEASURE_SPREAD, "groups", AT(entropy), NULL },
	{ "alignment", "alignment", RHO_MEASURE_SPREAD, "rows", AT(alignment), NULL },
	{ "participation_ratio", "participation", RHO_MEASURE_FILLED, "groups", AT(participation), NULL },
	{ "effective_rank", "effective rank", RHO_MEASURE_FILLED, "groups", AT(effective_rank), NULL },
	{ "stable_rank", "stable rank", RHO_MEASURE_FILLED, "groups", AT(stable_rank), NULL },
	{ "d90", "d90", RHO_MEASURE_FILLED, "groups", AT(d90), NULL },
	{ "d99", "d99", RHO_MEASURE_FILLED, "groups", AT(d99), NULL },
	{ "ridge_dimension", "ridge", RHO_MEASURE_FILLED, "groups", AT(ridge), NULL },
	{ "two_nn", "TwoNN", RHO_MEASURE_NEARBY, "rows", AT(two_nn), copies },
	{ "mle", "MLE", RHO_MEASURE_NEARBY, "rows", AT(levina_bickel), copies },
	{ "information_gain", "information gain", RHO_MEASURE_EXPLORE, "groups", AT(information_gain), NULL },
	{ "elliptical_potential", "potential", RHO_MEASURE_EXPLORE, NULL, AT(potential), NULL },
	{ "potential_bound", "its bound", RHO_MEASURE_EXPLORE, NULL, AT(potential_bound), NULL },
	{ "eluder_count", "eluder count", RHO_MEASURE_EXPLORE, "groups", AT(eluder), unreached },
	{ "greedy_gain", "greedy gain", RHO_MEASURE_EXPLORE, NULL, AT(greedy_gain), NULL },
};
const size_t rho_n_measures = sizeof rho_measures / sizeof *rho_measures;

struct rho_estimate rho_measure_of(const struct rho_geometry *g, const struct rho_measure *m)
{
	const char *at = (const char *)g + m->offset;
	struct rho_estimate e = { NAN, { NAN, NAN } };
	if (m->interval)
		memcpy(&e, at, sizeof e);
	else
		memcpy(&e.value, at, sizeof e.value);
	return e;
}

bool rho_measure_told(const struct rho_geometry *g, const struct rho_measure *m)
{
	return m->offset != AT(alignment) || g->aligned;
}

size_t rho_shown_k(const struct rho_cover_point *curve, size_t n_k, size_t at[3])
{
	size_t n = 0;
	for (size_t q = 0; q < n_k && n < 3; q++)
		if (curve[q].k == 10 || curve[q].k == 100 || curve[q].k == 1000)
			at[n++] = q;
	if (n)
		return n;
	for (size_t q = 0; q < n_k && q < 3; q++)
		at[n++] = n_k <= 3 ? q : (2 * q + 1) * n_k / 6;
	return n;
}
