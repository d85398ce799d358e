/* alignment.c: how near contexts lie to the actions they are linked to: the positive pairs of a dataset. */
#include <math.h>
#include <stdlib.h>

#include "resample.h"
#include "subject.h"

double rho_pair_distance(const float *x, const float *y, size_t d)
{
	double xx = 0, yy = 0, xy = 0;
	for (size_t j = 0; j < d; j++) {
		xx += (double)x[j] * (double)x[j];
		yy += (double)y[j] * (double)y[j];
		xy += (double)x[j] * (double)y[j];
	}
	xx = xx > 0 ? 1 / sqrt(xx) : 0;
	yy = yy > 0 ? 1 / sqrt(yy) : 0;
	return (xx > 0) + (yy > 0) - 2 * xy * xx * yy;
}

static const struct rho_mat *contexts_of(const struct rho_subject *one)
{
	return one->stage.context_emb.map ? &one->stage.context_emb.mat : &one->stage.context_own;
}

/* What the pairs are made of; false with why where the subject has none. */
static bool find_pairs(const struct rho_subject *one, const struct rho_column **context,
                       const struct rho_column **action, struct rho_buf *why)
{
	const struct rho_data *data = one->stage.data;
	if (!data) {
		rho_buf_printf(why, "--alignment: %s is a file; pairs are a dataset's contexts and actions",
		               one->name);
		return false;
	}
	*context = rho_find_column(data, RHO_LINKS, "context", RHO_COL_ROW);
	*action = rho_find_column(data, RHO_LINKS, "action", RHO_COL_ROW);
	if (!*context || !*action || !(*context)->n)
		rho_buf_printf(why, "--alignment: %s has no links between contexts and actions", one->name);
	else if (!contexts_of(one)->at || contexts_of(one)->cols != one->rows.cols)
		rho_buf_printf(why, "--alignment: the contexts of %s have no vectors in the actions' space",
		               one->name);
	return !why->len;
}

int rho_subject_align(struct rho_subject *one, const struct rho_geometry_options *o, struct rho_buf *why)
{
	const struct rho_column *context, *action, *weight;
	const struct rho_mat *x = contexts_of(one), *y = &one->rows;
	double *sum, *boot, total = 0;
	size_t *pairs, m = 0;
	if (!find_pairs(one, &context, &action, why))
		return -1;
	weight = rho_find_column(one->stage.data, RHO_LINKS, "weight", RHO_COL_F64);
	sum = rho_xcalloc(x->rows + 1, sizeof *sum);     /* (x->rows), then the means of the first m */
	pairs = rho_xcalloc(x->rows + 1, sizeof *pairs); /* (x->rows) */
	boot = rho_xcalloc((size_t)o->resamples + 1, sizeof *boot);
	for (size_t i = 0; i < context->n; i++) {
		uint32_t c = context->row[i], a = action->row[i];
		if (weight && !(weight->f64[i] > 0))
			continue;
		sum[c] += rho_pair_distance(x->at + c * x->stride, y->at + a * y->stride, y->cols);
		pairs[c]++;
	}
	for (size_t c = 0; c < x->rows; c++)
		if (pairs[c])
			sum[m++] = sum[c] / (double)pairs[c];
	for (size_t i = 0; i < m; i++)
		total += sum[i];
	one->g.aligned = m;
	one->g.alignment = (struct rho_estimate){ m ? total / (double)m : NAN, { NAN, NAN } };
	if (m > 1) {
		rho_resample_means(sum, m, 1, o->resamples, o->seed, o->threads, boot);
		one->g.alignment.ci = rho_percentile_interval(boot, o->resamples, 1, o->level);
	}
	free(sum);
	free(pairs);
	free(boot);
	return 0;
}
