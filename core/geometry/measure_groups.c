/* measure_groups.c: numbers whose intervals come from leaving out one group of rows after another. */
#include "measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../score/score.h"
#include "moments.h"
#include "resample.h"

/* The numbers of a spectrum, in the order of `fields`. */
enum { PARTICIPATION, ISO_SCORE, EFFECTIVE, STABLE, D90, D99, ENTROPY, RIDGE, GAIN, NUMBERS };

struct moments {
	size_t n, d;
	double *mean;    /* (d): where the scatter is around, unless the rows' own mean is */
	double *shift;   /* (d): sum of x - mean */
	double *scatter; /* (d, d): sum of (x - mean)(x - mean)^T */
};

/* Of the covariance m stands for, and of sum x x^T. value (2, d) gets both's eigenvalues, the first per row.
 */
static int spectrum_numbers(const struct moments *m, double lambda, double *value, double *out,
                            struct rho_buf *why)
{
	size_t d = m->d;
	double n = (double)m->n, *a = rho_xmalloc(d * d * sizeof *a);
	struct rho_spectrum s;
	int err;
	for (size_t r = 0; r < d; r++)
		for (size_t c = 0; c < d; c++)
			a[r * d + c] = (m->scatter[r * d + c] - m->shift[r] * m->shift[c] / n) / n;
	err = rho_eigen(a, d, value, false, why);
	for (size_t r = 0; r < d && !err; r++)
		for (size_t c = 0; c < d; c++)
			a[r * d + c] = m->scatter[r * d + c] + m->mean[r] * m->shift[c] +
			               m->shift[r] * m->mean[c] + n * m->mean[r] * m->mean[c];
	err = err || rho_eigen(a, d, value + d, false, why);
	free(a);
	if (err)
		return -1;
	rho_spectrum_of(value, d, m->n < d ? m->n : d, 1, &s);
	out[PARTICIPATION] = s.participation;
	out[ISO_SCORE] = s.iso_score;
	out[EFFECTIVE] = s.effective_rank;
	out[STABLE] = s.stable_rank;
	out[D90] = s.d90;
	out[D99] = s.d99;
	out[ENTROPY] = s.entropy;
	rho_spectrum_of(value + d, d, d, lambda, &s);
	out[RIDGE] = s.ridge;
	out[GAIN] = rho_information_gain(value + d, d, lambda);
	return 0;
}

struct group_job {
	const struct rho_mat *rows;
	const struct rho_geometry_options *o;
	const uint8_t *group; /* (n) */
	const struct moments *whole;
	size_t groups;
	double *number; /* (groups, NUMBERS) */
	bool *failed;   /* (groups) */
};

/* The rows of one group, copied together. */
static struct rho_mat gather(const struct rho_mat *rows, const uint8_t *group, size_t g)
{
	struct rho_mat out = { NULL, 0, rows->cols, rows->cols };
	float *at;
	for (size_t i = 0; i < rows->rows; i++)
		out.rows += group[i] == g;
	out.at = at = rho_xmalloc((out.rows * out.cols + 1) * sizeof *at);
	for (size_t i = 0; i < rows->rows; i++)
		if (group[i] == g) {
			memcpy(at, rows->at + i * rows->stride, out.cols * sizeof *at);
			at += out.cols;
		}
	return out;
}

/* What is left of the whole's moments without this group: sums around the whole's mean are taken away. */
static void leave_out(void *arg, size_t from, size_t to)
{
	const struct group_job *j = arg;
	size_t d = j->whole->d;
	double *room = rho_xmalloc((d * d + 3 * d) * sizeof *room);
	for (size_t g = from; g < to; g++) {
		struct rho_mat rows = gather(j->rows, j->group, g);
		struct moments m = { j->whole->n - rows.rows, d, j->whole->mean, room, room + 3 * d };
		struct rho_buf why = { 0 };
		j->failed[g] = rho_scatter(&rows, m.mean, 1, m.scatter, &why);
		rho_mean_row(&rows, 1, m.shift);
		for (size_t c = 0; c < d; c++)
			m.shift[c] = j->whole->shift[c] - (double)rows.rows * (m.shift[c] - m.mean[c]);
		for (size_t i = 0; i < d * d && !j->failed[g]; i++)
			m.scatter[i] = j->whole->scatter[i] - m.scatter[i];
		if (!j->failed[g])
			j->failed[g] =
				spectrum_numbers(&m, j->o->lambda, room + d, j->number + g * NUMBERS, &why);
		rho_buf_free(&why);
		free((float *)rows.at);
	}
	free(room);
}

static void leave_out_groups(struct group_job *j, const double *whole, struct rho_geometry *out)
{
	struct rho_estimate *const field[NUMBERS] = {
		[PARTICIPATION] = &out->participation,
		[ISO_SCORE] = &out->iso_score,
		[EFFECTIVE] = &out->effective_rank,
		[STABLE] = &out->stable_rank,
		[D90] = &out->d90,
		[D99] = &out->d99,
		[ENTROPY] = &out->entropy,
		[RIDGE] = &out->ridge,
		[GAIN] = &out->information_gain,
	};
	double without[UINT8_MAX];
	bool failed = false;
	j->number = rho_xcalloc(j->groups * NUMBERS + 1, sizeof *j->number);
	j->failed = rho_xcalloc(j->groups + 1, sizeof *j->failed);
	rho_score_parallel(j->groups, leave_out, j, j->o->threads);
	for (size_t g = 0; g < j->groups; g++)
		failed |= j->failed[g];
	for (size_t f = 0; f < NUMBERS; f++) {
		for (size_t g = 0; g < j->groups; g++)
			without[g] = j->number[g * NUMBERS + f];
		*field[f] = rho_jackknife(whole[f], without, failed ? 0 : j->groups, j->o->level);
	}
	free(j->number);
	free(j->failed);
}

/* Partition isotropy along the eigenvectors of sum x x^T, which stay the same when a group is left out. */
static int measure_partition(const struct group_job *j, double *square, double *value,
                             struct rho_geometry *out, struct rho_buf *why)
{
	size_t d = j->whole->d, axes = 2 * d, groups = j->groups ? j->groups : 1;
	double without[UINT8_MAX], *sums, *z; /* (groups, axes), (axes) */
	float *axis;                          /* (d, d) */
	int err = rho_eigen(square, d, value, true, why);
	if (err)
		return err;
	axis = rho_xmalloc(d * d * sizeof *axis);
	sums = rho_xmalloc((groups + 2) * axes * sizeof *sums);
	z = sums + groups * axes;
	for (size_t i = 0; i < d * d; i++)
		axis[i] = (float)square[i];
	err = rho_partition(j->rows, axis, d, j->groups ? j->group : NULL, groups, j->o->threads, sums, why);
	if (!err) {
		memset(z, 0, axes * sizeof *z);
		for (size_t g = 0; g < groups; g++)
			for (size_t a = 0; a < axes; a++)
				z[a] += sums[g * axes + a];
		for (size_t g = 0; g < groups; g++) {
			for (size_t a = 0; a < axes; a++)
				z[axes + a] = z[a] - sums[g * axes + a];
			without[g] = j->groups ? rho_partition_isotropy(z + axes, axes) : NAN;
		}
		out->partition =
			rho_jackknife(rho_partition_isotropy(z, axes), without, j->groups, j->o->level);
	}
	free(axis);
	free(sums);
	return err;
}

static size_t number_of_groups(size_t asked, size_t n)
{
	size_t groups = asked < n / 2 ? asked : n / 2;
	groups = groups < UINT8_MAX ? groups : UINT8_MAX;
	return groups < 2 ? 0 : groups;
}

static void tell(const struct rho_geometry_options *o, const char *what, double done)
{
	if (o->wait.said)
		o->wait.said(o->wait.arg, what, done);
}

int rho_measure_spectrum(const struct rho_mat *rows, const struct rho_geometry_options *o, uint64_t seed,
                         struct rho_geometry *out, struct rho_buf *why)
{
	size_t n = rows->rows, d = rows->cols;
	double *room = rho_xcalloc(2 * d * d + 4 * d, sizeof *room), number[NUMBERS];
	struct moments whole = { n, d, room, room + d, room + 4 * d };
	double *value = room + 2 * d, *square = room + 4 * d + d * d;
	uint8_t *group = rho_xmalloc(n);
	struct group_job j = { rows, o, group, &whole, number_of_groups(o->groups, n), NULL, NULL };
	int err;
	tell(o, "spectrum", 0);
	rho_random_groups(n, j.groups ? j.groups : 1, seed, group);
	rho_mean_row(rows, o->threads, whole.mean);
	err = rho_scatter(rows, whole.mean, o->threads, whole.scatter, why) ||
	      spectrum_numbers(&whole, o->lambda, value, number, why);
	if (!err) {
		out->eigen = rho_xmalloc(d * sizeof *out->eigen);
		for (size_t i = 0; i < d; i++)
			out->eigen[i] = value[i] > 0 ? value[i] : 0;
		leave_out_groups(&j, number, out);
		tell(o, "spectrum", 0.8);
		for (size_t r = 0; r < d; r++)
			for (size_t c = 0; c < d; c++)
				square[r * d + c] =
					whole.scatter[r * d + c] + (double)n * whole.mean[r] * whole.mean[c];
		err = measure_partition(&j, square, value, out, why);
		tell(o, "spectrum", 1);
	}
	free(group);
	free(room);
	return err ? -1 : 0;
}

struct eluder_job {
	const struct rho_mat *rows;
	const struct rho_geometry_options *o;
	const uint8_t *group;
	double *count; /* (groups): NaN where reach was not come to */
};

static void count_without(void *arg, size_t from, size_t to)
{
	const struct eluder_job *j = arg;
	bool *skip = rho_xmalloc(j->rows->rows * sizeof *skip), done;
	double *width = rho_xmalloc((j->o->picks + 1) * sizeof *width);
	for (size_t g = from; g < to; g++) {
		size_t picked;
		for (size_t i = 0; i < j->rows->rows; i++)
			skip[i] = j->group[i] == g;
		picked = rho_greedy_eluder(j->rows, skip, j->o->lambda, j->o->reach, j->o->picks, 1, NULL,
		                           width, &done, NULL);
		j->count[g] = done ? (double)picked : NAN;
	}
	free(skip);
	free(width);
}

static void fill_curve(const struct rho_geometry_options *o, struct rho_geometry *out)
{
	static const double eps[10] = { 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1 };
	double least = out->eluder_done ? o->reach : out->n_width ? out->width[out->n_width - 1] : INFINITY;
	for (size_t e = 0; e < 10 && eps[e] >= least; e++) {
		struct rho_eluder_point *p = &out->eluder_curve[out->n_eluder_curve++];
		*p = (struct rho_eluder_point){ eps[e], 0, rho_eluder_bound((double)out->dim, 1, eps[e]) };
		while (p->count < out->n_width && out->width[p->count] > eps[e] * (1 + 1e-9))
			p->count++;
	}
}

void rho_measure_eluder(const struct rho_mat *rows, const struct rho_geometry_options *o, uint64_t group_seed,
                        uint64_t draw_seed, struct rho_geometry *out)
{
	size_t n = rows->rows, m = o->potential_rows, groups = number_of_groups(o->eluder_groups, n);
	uint32_t *which = rho_draw_rows(n, &m, draw_seed);
	uint8_t *group = rho_xmalloc(n);
	double count[UINT8_MAX] = { 0 }, log_det;
	struct eluder_job j = { rows, o, group, count };
	tell(o, "elliptical potential", 0);
	out->potential = rho_elliptical_potential(rows, which, m, o->lambda, &log_det);
	out->potential_bound = 2 * log_det;
	out->potential_rows = m;
	out->width = rho_xmalloc((o->picks + 1) * sizeof *out->width);
	out->n_width = rho_greedy_eluder(rows, NULL, o->lambda, o->reach, o->picks, o->threads, &o->wait,
	                                 out->width, &out->eluder_done, &log_det);
	out->greedy_gain = log_det / 2;
	fill_curve(o, out);
	if (out->eluder_done) {
		rho_random_groups(n, groups ? groups : 1, group_seed, group);
		tell(o, "eluder count without each group", 0);
		rho_score_parallel(groups, count_without, &j, o->threads);
		out->eluder = rho_jackknife((double)out->n_width, count, groups, o->level);
		tell(o, "eluder count without each group", 1);
	}
	free(which);
	free(group);
}
