/* Barycentric spanners by linear optimisation.
 *
 * The members are the rows of a matrix X; row i of the transposed inverse, times a vector a, is a's
 * coefficient c_i(a), and |c_i(a)| is the factor by which putting a in slot i changes |det X|. So the vector
 * that raises it most is found by one inner product a vector, and when no |c_i(a)| exceeds C, X is a
 * C-approximate spanner.
 *
 * Weights only scale: the vector w_a a has the coefficient c_i(a) w_a / w_s in slot i, which holds s.
 * Where the set is small the coefficients of all its vectors are therefore kept in a table, which no
 * change of weights touches; a swap is a rank-one update of it (as in the simplex method), with the next
 * search riding on it. Where it is large, the functionals of all slots go over the vectors in one pass,
 * and every slot's best is tried. */
#include <math.h>

#include "spanner.h"

enum { RHO_SPAN_LANES = 16, TILE = 1024 };

/* Most numbers in a table: 64 MiB. */
#define TABLE_MOST ((size_t)1 << 24)

/* Nearer than this (the sine) to the span of the other members, a vector is taken to lie in it: what rows
 * that are float32 products of others miss by, with room. */
#define NO_ANGLE 1e-5

/* Rounding cannot make swaps go on for ever: each raises |det| by C, so this many are never reached. */
#define MOST_SWAPS(dim) (1000 + 100 * (dim))

struct rho_span_kernels {
	float (*largest)(const float *x, const float *w, size_t n);
	float (*update)(const float *from, float *to, const float *by, float times, const float *w, size_t n);
};

#define LARGEST largest_base
#define UPDATE update_base
#define TARGET
#define WIDE 4
#include "span_kernel.h"

#ifdef __x86_64__
#define LARGEST largest_avx2
#define UPDATE update_avx2
#define TARGET __attribute__((target("avx2")))
#define WIDE 8
#include "span_kernel.h"
#endif

static const struct rho_span_kernels *best_kernels(void)
{
	static const struct rho_span_kernels base = { largest_base, update_base };
#ifdef __x86_64__
	static const struct rho_span_kernels avx2 = { largest_avx2, update_avx2 };
	if (__builtin_cpu_supports("avx2"))
		return &avx2;
#endif
	return &base;
}

int rho_spanner_open(struct rho_ctx *c, struct rho_spanner *s, size_t dim, size_t most)
{
	*s = (struct rho_spanner){ .dim = dim, .most = most, .kernels = best_kernels() };
	s->stride = (most + RHO_SPAN_LANES - 1) / RHO_SPAN_LANES * RHO_SPAN_LANES;
	if (s->stride <= TABLE_MOST / dim && !(s->table = rho_alloc(c, dim, s->stride * sizeof *s->table)))
		return RHO_ENOMEM;
	s->slot = rho_alloc(c, dim, sizeof *s->slot);
	s->inverse = rho_alloc(c, dim, dim * sizeof *s->inverse);
	s->weight = rho_alloc(c, s->stride, sizeof *s->weight);
	s->part = rho_alloc(c, s->stride, sizeof *s->part);
	s->work = rho_alloc(c, dim, 2 * dim * sizeof *s->work);
	s->vector = rho_alloc(c, dim, 3 * sizeof *s->vector);
	s->query = rho_alloc(c, dim, dim * sizeof *s->query);
	s->product = rho_alloc(c, dim, TILE * sizeof *s->product);
	s->best = rho_alloc(c, dim, sizeof *s->best);
	s->place = rho_alloc(c, dim, sizeof *s->place);
	return s->slot && s->inverse && s->weight && s->part && s->work && s->vector && s->query &&
	       s->product && s->best && s->place ? 0 : RHO_ENOMEM;
}

static double dot(const double *a, const double *b, size_t n)
{
	double sum[4] = { 0 };
	size_t i = 0;
	for (; i + 4 <= n; i += 4)
		for (size_t l = 0; l < 4; l++)
			sum[l] += a[i + l] * b[i + l];
	for (size_t l = 0; i < n; i++, l++)
		sum[l] += a[i] * b[i];
	return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

/* out (dim): the vector at a place, without its weight. */
static void get_vector(const struct rho_spanner *s, const struct rho_span_set *set, size_t place, double *out)
{
	const float *row = rho_row(&set->rows, place);
	size_t n = s->dim - set->bias;
	for (size_t j = 0; j < n; j++)
		out[j] = (double)row[j];
	if (set->bias)
		out[n] = 1;
}

static double weight_of(const struct rho_span_set *set, size_t place)
{
	return set->weight ? (double)set->weight[place] : 1;
}

/* The set's weights into s->weight, zeros behind them, so that what fills up a row is never the largest. */
static void load_weights(struct rho_spanner *s, const struct rho_span_set *set)
{
	for (size_t a = 0; a < set->rows.n; a++)
		s->weight[a] = set->weight ? set->weight[a] : 1;
	for (size_t a = set->rows.n; a < s->stride; a++)
		s->weight[a] = 0;
}

/* The first place where |x| w is `value`. */
static size_t place_of(const float *x, const float *w, float value, size_t n)
{
	size_t a = 0;
	while (a + 1 < n && fabsf(x[a] * w[a]) != value)
		a++;
	return a;
}

/* The largest |<query, vector>| w of each of n queries (n, dim) over the set: best, place (n). One pass. */
static int search(struct rho_ctx *c, struct rho_spanner *s, const struct rho_span_set *set,
                  const float *query, size_t n, float *best, uint32_t *place)
{
	struct rho_mat mat = { query, n, s->dim - set->bias, s->dim };
	struct rho_rows x = { &mat, NULL, 0, n };
	for (size_t j = 0; j < n; j++) {
		best[j] = 0;
		place[j] = UINT32_MAX;
	}
	for (size_t at = 0; at < set->rows.n; at += TILE) {
		size_t step = set->rows.n - at < TILE ? set->rows.n - at : TILE;
		size_t whole = (step + RHO_SPAN_LANES - 1) / RHO_SPAN_LANES * RHO_SPAN_LANES;
		struct rho_rows y = rho_slice(set->rows, at, step);
		if (rho_stop(c))
			return rho_fail(c, RHO_ESTOP, "stopped while finding a spanner of %zu actions",
			                set->rows.n);
		if (mat.cols)
			rho_inner(c, &x, &y, s->product, TILE);
		for (size_t j = 0; j < n; j++) {
			float *row = s->product + j * TILE;
			for (size_t a = 0; set->bias && a < step; a++)
				row[a] += query[j * s->dim + s->dim - 1];
			float most = s->kernels->largest(row, s->weight + at, whole);
			if (most > best[j]) {
				best[j] = most;
				place[j] = (uint32_t)(at + place_of(row, s->weight + at, most, step));
			}
		}
	}
	s->passes++;
	return 0;
}

/* The functional of slot i as float32, its largest number 1 in size; gives what it was divided by. */
static double make_query(const struct rho_spanner *s, size_t i, float *query)
{
	const double *q = s->inverse + i * s->dim;
	double scale = 0;
	for (size_t j = 0; j < s->dim; j++)
		scale = fmax(scale, fabs(q[j]));
	for (size_t j = 0; j < s->dim; j++)
		query[j] = scale > 0 ? (float)(q[j] / scale) : 0;
	return scale;
}

/* Puts vector v (dim) in slot i, where its coefficient is `pivot`. */
static void put(struct rho_spanner *s, size_t i, const double *v, double pivot)
{
	double *mine = s->inverse + i * s->dim;
	for (size_t j = 0; j < s->dim; j++)
		mine[j] /= pivot;
	for (size_t k = 0; k < s->dim; k++) {
		double *q = s->inverse + k * s->dim, times = k == i ? 0 : dot(q, v, s->dim);
		for (size_t j = 0; times != 0 && j < s->dim; j++)
			q[j] -= times * mine[j];
	}
}

/* scale (dim): the largest number in each column, 1 where all are 0. */
static void measure(const struct rho_spanner *s, const struct rho_span_set *set, double *scale)
{
	size_t n = s->dim - set->bias;
	for (size_t j = 0; j < s->dim; j++)
		scale[j] = j < n ? 0 : 1;
	for (size_t a = 0; a < set->rows.n; a++) {
		const float *row = rho_row(&set->rows, a);
		for (size_t j = 0; j < n; j++)
			scale[j] = isfinite(row[j]) ? fmax(scale[j], fabs((double)row[j])) : scale[j];
	}
	for (size_t j = 0; j < n; j++)
		scale[j] = scale[j] > 0 ? scale[j] : 1;
}

/* How far vector v stands out of the plane where q is 0: the sine of the angle, columns brought to one
 * size. */
static double sine(const double *q, const double *v, const double *scale, size_t d)
{
	double sum = 0, q2 = 0, v2 = 0;
	for (size_t j = 0; j < d; j++) {
		sum += q[j] * v[j];
		q2 += q[j] * scale[j] * (q[j] * scale[j]);
		v2 += v[j] / scale[j] * (v[j] / scale[j]);
	}
	return fabs(sum) / (sqrt(q2) * sqrt(v2));
}

/* Each slot in turn takes the vector that raises |det| most; none where all lie in the span of the others. */
static int begin(struct rho_ctx *c, struct rho_spanner *s, const struct rho_span_set *set)
{
	size_t d = s->dim;
	double *scale = s->vector + d;
	s->size = 0;
	measure(s, set, scale);
	memset(s->inverse, 0, d * d * sizeof *s->inverse);
	for (size_t i = 0; i < d; i++) {
		s->slot[i] = UINT32_MAX;
		s->inverse[i * d + i] = 1;
	}
	for (size_t i = 0; i < d; i++) {
		const double *q = s->inverse + i * d;
		make_query(s, i, s->query);
		int error = search(c, s, set, s->query, 1, s->best, s->place);
		if (error)
			return error;
		if (s->place[0] == UINT32_MAX)
			continue;
		get_vector(s, set, s->place[0], s->vector);
		double pivot = dot(q, s->vector, d);
		if (!(sine(q, s->vector, scale, d) > NO_ANGLE) || pivot == 0 || !isfinite(pivot))
			continue;
		s->slot[i] = s->place[0];
		s->size++;
		put(s, i, s->vector, pivot);
	}
	return 0;
}

/* work (dim, 2 dim) = (X, 1) becomes (1, X^-1), rows exchanged for the largest pivots. */
static bool eliminate(double *work, size_t d)
{
	for (size_t k = 0; k < d; k++) {
		size_t best = k;
		for (size_t i = k + 1; i < d; i++)
			best = fabs(work[i * 2 * d + k]) > fabs(work[best * 2 * d + k]) ? i : best;
		double pivot = work[best * 2 * d + k];
		if (!(fabs(pivot) > 0) || !isfinite(pivot))
			return false;
		for (size_t j = k; j < 2 * d; j++) {
			double held = work[best * 2 * d + j];
			work[best * 2 * d + j] = work[k * 2 * d + j];
			work[k * 2 * d + j] = held / pivot;
		}
		for (size_t i = 0; i < d; i++) {
			double *row = work + i * 2 * d, times = i == k ? 0 : row[k];
			for (size_t j = k; times != 0 && j < 2 * d; j++)
				row[j] -= times * work[k * 2 * d + j];
		}
	}
	return true;
}

/* inverse, from the members in slot. */
static bool invert(struct rho_spanner *s, const struct rho_span_set *set)
{
	size_t d = s->dim;
	double *length = s->vector + d;         /* of each row, which is divided by it */
	memset(s->work, 0, 2 * d * d * sizeof *s->work);
	for (size_t i = 0; i < d; i++) {
		double *row = s->work + i * 2 * d;
		if (s->slot[i] == UINT32_MAX)
			row[i] = 1;
		else
			get_vector(s, set, s->slot[i], row);
		length[i] = sqrt(dot(row, row, d));
		for (size_t j = 0; j < d; j++)
			row[j] /= length[i];
		row[d + i] = 1;
	}
	if (!eliminate(s->work, d))
		return false;
	for (size_t i = 0; i < d; i++)
		for (size_t j = 0; j < d; j++)
			s->inverse[i * d + j] = s->work[j * 2 * d + d + i] / length[i];
	return true;
}

/* table, from inverse. */
static void fill_table(struct rho_ctx *c, struct rho_spanner *s, const struct rho_span_set *set)
{
	struct rho_mat mat = { s->query, s->size, s->dim - set->bias, s->dim };
	struct rho_rows x = { &mat, NULL, 0, s->size };
	for (size_t i = 0, j = 0; i < s->dim; i++)
		if (s->slot[i] != UINT32_MAX) {
			for (size_t k = 0; k < s->dim; k++)
				s->query[j * s->dim + k] = (float)s->inverse[i * s->dim + k];
			j++;
		}
	if (mat.cols)
		rho_inner(c, &x, &set->rows, s->table, s->stride);
	for (size_t j = 0; j < s->size; j++) {
		float *row = s->table + j * s->stride;
		for (size_t a = 0; a < set->rows.n; a++)
			row[a] = (mat.cols ? row[a] : 0) + (set->bias ? s->query[(j + 1) * s->dim - 1] : 0);
		memset(row + set->rows.n, 0, (s->stride - set->rows.n) * sizeof *row);
	}
	for (size_t i = 0, j = 0; i < s->dim; i++) {
		if (s->slot[i] == UINT32_MAX)
			continue;
		for (size_t k = 0; k < s->size; k++)
			s->table[k * s->stride + s->slot[i]] = k == j;
		j++;
	}
	s->passes++;
}

bool rho_spanner_settle(struct rho_ctx *c, struct rho_spanner *s, const struct rho_span_set *set)
{
	s->size = 0;
	for (size_t i = 0; i < s->dim; i++)
		s->size += s->slot[i] != UINT32_MAX;
	if (!invert(s, set))
		return false;
	if (s->table && s->size)
		fill_table(c, s, set);
	return true;
}

/* The member of the table (from `from` into s->table) in row j makes way for the vector at `place`. */
static void swap_in_table(struct rho_spanner *s, const float *from, size_t j, size_t place)
{
	size_t n = s->stride;
	const float *mine = from + j * n;
	float pivot = mine[place];
	for (size_t a = 0; a < n; a++)
		s->part[a] = mine[a] / pivot;
	for (size_t k = 0; k < s->size; k++) {
		float times = from[k * n + place];
		if (k != j && (times != 0 || from != s->table))
			s->best[k] = s->kernels->update(from + k * n, s->table + k * n, s->part, times,
			                                s->weight, n);
	}
	memcpy(s->table + j * n, s->part, n * sizeof *s->part);
	s->best[j] = s->kernels->largest(s->part, s->weight, n);
	s->passes++;
	s->swaps++;
}

/* Swaps until no coefficient exceeds c. from: the table of the members in slot, maybe another's. */
static void improve_table(struct rho_spanner *s, const float *from, const struct rho_span_set *set, double c)
{
	uint64_t limit = s->swaps + MOST_SWAPS(s->dim);
	uint32_t *slot = s->place;              /* (size) the slot of each row */
	for (size_t i = 0, j = 0; i < s->dim; i++)
		if (s->slot[i] != UINT32_MAX) {
			slot[j] = (uint32_t)i;
			s->best[j] = s->kernels->largest(from + j * s->stride, s->weight, s->stride);
			j++;
		}
	s->passes++;
	while (s->swaps < limit) {
		size_t best = 0;
		double most = 0;
		for (size_t j = 0; j < s->size; j++) {
			double ratio = (double)s->best[j] / weight_of(set, s->slot[slot[j]]);
			if (ratio > most) {
				most = ratio;
				best = j;
			}
		}
		if (!(most > c))
			return;
		size_t place = place_of(from + best * s->stride, s->weight, s->best[best], set->rows.n);
		swap_in_table(s, from, best, place);
		s->slot[slot[best]] = (uint32_t)place;
		from = s->table;
	}
}

int rho_spanner_scan(struct rho_ctx *c, struct rho_spanner *s, const struct rho_span_set *set, float *best,
                     uint32_t *place)
{
	double *scale = s->vector + 2 * s->dim;
	load_weights(s, set);
	for (size_t i = 0; i < s->dim; i++)
		scale[i] = make_query(s, i, s->query + i * s->dim);
	int error = search(c, s, set, s->query, s->dim, best, place);
	for (size_t i = 0; i < s->dim; i++) {
		bool member = s->slot[i] != UINT32_MAX && place[i] != UINT32_MAX;
		double times = member ? scale[i] / weight_of(set, s->slot[i]) : 0;
		best[i] = (float)((double)best[i] * times);
		place[i] = member ? place[i] : UINT32_MAX;
	}
	return error;
}

/* Whether the vector at `place` in slot i raises |det| by more than c; then it is put there. */
static bool try_swap(struct rho_spanner *s, const struct rho_span_set *set, size_t i, uint32_t place,
                     double c)
{
	if (place == UINT32_MAX || s->slot[i] == place)
		return false;
	get_vector(s, set, place, s->vector);
	double pivot = dot(s->inverse + i * s->dim, s->vector, s->dim);
	if (!(fabs(pivot) * weight_of(set, place) / weight_of(set, s->slot[i]) > c))
		return false;
	put(s, i, s->vector, pivot);
	s->slot[i] = place;
	s->swaps++;
	return true;
}

/* Whether inverse has lost more than half of its digits: the coefficients of one member say. */
static bool worn(struct rho_spanner *s, const struct rho_span_set *set, size_t i)
{
	double most = 0;
	if (s->slot[i] == UINT32_MAX)
		return false;
	get_vector(s, set, s->slot[i], s->vector);
	for (size_t k = 0; k < s->dim; k++)
		most = fmax(most, fabs(dot(s->inverse + k * s->dim, s->vector, s->dim) - (k == i)));
	return !(most < 1e-8);
}

/* The same without a table: a pass finds the best for every slot, the most promising is put in first. */
static int improve_by_passes(struct rho_ctx *c, struct rho_spanner *s, const struct rho_span_set *set,
                             double bound)
{
	uint64_t limit = s->swaps + MOST_SWAPS(s->dim), before;
	do {
		int error = rho_spanner_scan(c, s, set, s->best, s->place);
		if (error)
			return error;
		before = s->swaps;
		for (size_t turn = 0; turn < s->dim; turn++) {
			size_t best = 0;
			for (size_t i = 1; i < s->dim; i++)
				best = s->best[i] > s->best[best] ? i : best;
			if (!((double)s->best[best] > bound))
				break;
			s->best[best] = 0;
			if (try_swap(s, set, best, s->place[best], bound) &&
			    worn(s, set, s->swaps % s->dim) && !invert(s, set))
				return 0;
		}
	} while (s->swaps != before && s->swaps < limit);
	return 0;
}

int rho_spanner_find(struct rho_ctx *c, struct rho_spanner *s, const struct rho_span_set *set, double bound)
{
	load_weights(s, set);
	int error = begin(c, s, set);
	if (error || !s->size)
		return error;
	if (!s->table)
		return improve_by_passes(c, s, set, bound);
	if (rho_spanner_settle(c, s, set))
		improve_table(s, s->table, set, bound);
	return 0;
}

int rho_spanner_reweigh(struct rho_ctx *c, struct rho_spanner *s, const struct rho_spanner *from,
                        const struct rho_span_set *set, double bound)
{
	s->size = from->size;
	memcpy(s->slot, from->slot, s->dim * sizeof *s->slot);
	load_weights(s, set);
	if (!s->size)
		return 0;
	if (s->table) {
		improve_table(s, from->table, set, bound);
		return 0;
	}
	memcpy(s->inverse, from->inverse, s->dim * s->dim * sizeof *s->inverse);
	return improve_by_passes(c, s, set, bound);
}

size_t rho_spanner_members(const struct rho_spanner *s, uint32_t *out)
{
	size_t n = 0;
	for (size_t i = 0; i < s->dim; i++)
		if (s->slot[i] != UINT32_MAX)
			out[n++] = s->slot[i];
	return n;
}
