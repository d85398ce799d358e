/* image_resize.c: Pillow's bicubic resize, bit for bit: weights in double, rounded to 22 bits after the
 * point, sums of 32-bit integers, 8 bits after each of the two passes. Only the wanted part of the result is
 * computed.
 *
 * Across, eight rows go side by side, so that the three colours of a pixel of all of them make one vector;
 * down, a row of the result is a weighted sum of rows. Integer sums have no order, so any width of registers
 * gives the same. */
#include "image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { BITS = 22, HALF = 1 << (BITS - 1) };     /* 32 less 8 for the pixel and 2 for negative weights */
enum { ROWS = 8, LANES = 3 * ROWS, COLS = 32 };

struct taps {                   /* what each of n pixels along one side of the result is made of */
	size_t n, most;
	size_t *from, *count;   /* (n) source pixels from .. from + count - 1 */
	int32_t *weight;        /* (n, most) */
	size_t lo, hi;          /* all of them lie in lo .. hi - 1 */
};

static void taps_free(struct taps *p)
{
	free(p->from);
	free(p->weight);
}

/* Keys' cubic convolution with a = -1/2. */
static double bicubic(double x)
{
	const double a = -0.5;
	x = fabs(x);
	if (x < 1)
		return ((a + 2) * x - (a + 3)) * x * x + 1;
	return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/* Weights of the result's pixels first .. first + n - 1 where `in` pixels become `out`. Out of memory:
 * false. */
static bool taps_make(struct taps *p, size_t in, size_t out, size_t first, size_t n)
{
	double scale = (double)in / (double)out, wide = scale > 1 ? scale : 1, support = 2 * wide;
	size_t most = 2 * (size_t)ceil(support) + 1;
	*p = (struct taps){ .n = n, .most = most < in ? most : in };
	p->from = calloc(2 * n, sizeof *p->from);
	p->count = p->from ? p->from + n : NULL;
	p->weight = calloc(n * p->most, sizeof *p->weight);
	double *w = malloc(p->most * sizeof *w);        /* (most) */
	bool fine = p->from && p->weight && w;
	for (size_t i = 0; fine && i < n; i++) {
		double centre = ((double)(first + i) + 0.5) * scale, sum = 0;
		double lo = centre - support + 0.5, hi = centre + support + 0.5;
		size_t from = lo > 0 ? (size_t)lo : 0, to = hi < (double)in ? (size_t)hi : in;
		int32_t *weight = p->weight + i * p->most;
		for (size_t k = 0; k < to - from; k++) {
			w[k] = bicubic(((double)(from + k) - centre + 0.5) * (1 / wide));
			sum += w[k];
		}
		for (size_t k = 0; k < to - from; k++) {
			double share = sum != 0 ? w[k] / sum : w[k];
			weight[k] = (int32_t)(share * (1 << BITS) + (share < 0 ? -0.5 : 0.5));
		}
		p->from[i] = from;
		p->count[i] = to - from;
	}
	free(w);
	if (fine) {
		p->lo = p->from[0];
		p->hi = p->from[n - 1] + p->count[n - 1];
	}
	return fine;
}

static inline uint8_t clip(int32_t sum)
{
	int32_t v = sum >> BITS;
	return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* out (p->n, LANES) from lanes (…, LANES), whose first pixel is the source's p->lo. */
static void across_base(const struct taps *p, const uint8_t *lanes, uint8_t *out)
{
	for (size_t i = 0; i < p->n; i++, out += LANES) {
		const uint8_t *at = lanes + (p->from[i] - p->lo) * LANES;
		int32_t sum[LANES];
		for (size_t l = 0; l < LANES; l++)
			sum[l] = HALF;
		for (size_t k = 0; k < p->count[i]; k++, at += LANES)
			for (size_t l = 0; l < LANES; l++)
				sum[l] += at[l] * p->weight[i * p->most + k];
		for (size_t l = 0; l < LANES; l++)
			out[l] = clip(sum[l]);
	}
}

/* out (n): the weighted sum of `count` rows that lie `stride` bytes apart; n is a multiple of COLS. */
static void down_base(const uint8_t *from, size_t stride, const int32_t *weight, size_t count, size_t n,
                      uint8_t *out)
{
	for (size_t x = 0; x < n; x += COLS) {
		int32_t sum[COLS];
		for (size_t l = 0; l < COLS; l++)
			sum[l] = HALF;
		for (size_t k = 0; k < count; k++)
			for (size_t l = 0; l < COLS; l++)
				sum[l] += from[k * stride + x + l] * weight[k];
		for (size_t l = 0; l < COLS; l++)
			out[x + l] = clip(sum[l]);
	}
}

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))

/* sum + 8 bytes times w. */
AVX2 static inline __m256i add8(__m256i sum, const uint8_t *at, __m256i w)
{
	__m256i x = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)at));
	return _mm256_add_epi32(sum, _mm256_mullo_epi32(x, w));
}

/* The 8 bytes that 8 sums become; packing clips them to 0 .. 255. */
AVX2 static inline void put8(uint8_t *out, __m256i sum)
{
	__m256i v = _mm256_srai_epi32(sum, BITS);
	__m128i words = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
	_mm_storel_epi64((__m128i *)(void *)out, _mm_packus_epi16(words, words));
}

AVX2 static void across_avx2(const struct taps *p, const uint8_t *lanes, uint8_t *out)
{
	const __m256i half = _mm256_set1_epi32(HALF);
	for (size_t i = 0; i < p->n; i++, out += LANES) {
		const uint8_t *at = lanes + (p->from[i] - p->lo) * LANES;
		__m256i a = half, b = half, c = half;
		for (size_t k = 0; k < p->count[i]; k++, at += LANES) {
			__m256i w = _mm256_set1_epi32(p->weight[i * p->most + k]);
			a = add8(a, at, w);
			b = add8(b, at + 8, w);
			c = add8(c, at + 16, w);
		}
		put8(out, a);
		put8(out + 8, b);
		put8(out + 16, c);
	}
}

AVX2 static void down_avx2(const uint8_t *from, size_t stride, const int32_t *weight, size_t count, size_t n,
                           uint8_t *out)
{
	const __m256i half = _mm256_set1_epi32(HALF);
	for (size_t x = 0; x < n; x += COLS) {
		__m256i a = half, b = half, c = half, d = half;
		for (size_t k = 0; k < count; k++) {
			const uint8_t *at = from + k * stride + x;
			__m256i w = _mm256_set1_epi32(weight[k]);
			a = add8(a, at, w);
			b = add8(b, at + 8, w);
			c = add8(c, at + 16, w);
			d = add8(d, at + 24, w);
		}
		put8(out + x, a);
		put8(out + x + 8, b);
		put8(out + x + 16, c);
		put8(out + x + 24, d);
	}
}
#endif

struct passes {
	void (*across)(const struct taps *, const uint8_t *lanes, uint8_t *out);
	void (*down)(const uint8_t *from, size_t stride, const int32_t *weight, size_t count, size_t n,
	             uint8_t *out);
};

static struct passes best_passes(void)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		return (struct passes){ across_avx2, down_avx2 };
#endif
	return (struct passes){ across_base, down_base };
}

/* lanes (n, LANES): pixels first .. first + n - 1 of ROWS rows side by side; what is past `rows` repeats the
 * last. */
static void side_by_side(const struct rho_image *im, size_t y, size_t rows, size_t first, size_t n,
                         uint8_t *lanes)
{
	for (size_t r = 0; r < ROWS; r++) {
		const uint8_t *from = im->rgb + ((y + (r < rows ? r : rows - 1)) * im->width + first) * 3;
		uint8_t *to = lanes + 3 * r;
		for (size_t x = 0; x < n; x++, from += 3, to += LANES)
			memcpy(to, from, 3);
	}
}

/* The way back: the first `rows` of lanes (n, LANES) to rows that lie `stride` bytes apart. */
static void one_by_one(const uint8_t *lanes, size_t rows, size_t n, uint8_t *out, size_t stride)
{
	for (size_t r = 0; r < rows; r++) {
		const uint8_t *from = lanes + 3 * r;
		uint8_t *to = out + r * stride;
		for (size_t x = 0; x < n; x++, from += LANES, to += 3)
			memcpy(to, from, 3);
	}
}

/* Memory of one resize: little, however large the pictures, so that it stays in the cache. */
struct room {
	size_t stride;          /* bytes a row of mid: a multiple of COLS */
	size_t most;            /* rows mid has room for */
	size_t lo, hi;          /* it holds these rows of the source, resized across */
	uint8_t *lanes;         /* (h->hi - h->lo, LANES) */
	uint8_t *narrow;        /* (h->n, LANES): the same, resized across */
	uint8_t *mid;           /* (most, stride) */
	uint8_t *row;           /* (stride): one of the result */
};

static bool room_make(struct room *r, const struct taps *h, const struct taps *v)
{
	r->stride = (3 * h->n + COLS - 1) / COLS * COLS;
	r->most = 2 * v->most + ROWS;
	r->lo = r->hi = v->lo;
	r->lanes = malloc((h->hi - h->lo) * LANES);
	r->narrow = malloc(h->n * LANES);
	r->mid = calloc(r->most, r->stride);
	r->row = malloc(r->stride);
	return r->lanes && r->narrow && r->mid && r->row;
}

static void room_free(struct room *r)
{
	free(r->lanes);
	free(r->narrow);
	free(r->mid);
	free(r->row);
}

/* Makes mid hold rows from .. to - 1; those before `from` are not wanted again. */
static void advance(const struct rho_image *im, const struct taps *h, const struct passes *pass,
                    struct room *r, size_t from, size_t to)
{
	while (r->hi < to) {
		size_t rows = im->height - r->hi < ROWS ? im->height - r->hi : ROWS;
		if (r->hi + rows - r->lo > r->most) {
			memmove(r->mid, r->mid + (from - r->lo) * r->stride, (r->hi - from) * r->stride);
			r->lo = from;
		}
		side_by_side(im, r->hi, rows, h->lo, h->hi - h->lo, r->lanes);
		pass->across(h, r->lanes, r->narrow);
		one_by_one(r->narrow, rows, h->n, r->mid + (r->hi - r->lo) * r->stride, r->stride);
		r->hi += rows;
	}
}

static void resize(const struct rho_image *im, const struct taps *h, const struct taps *v, struct room *r,
                   struct rho_image *out)
{
	struct passes pass = best_passes();
	for (size_t y = 0; y < v->n; y++) {
		size_t from = v->from[y], count = v->count[y];
		advance(im, h, &pass, r, from, from + count);
		const uint8_t *rows = r->mid + (from - r->lo) * r->stride;
		pass.down(rows, r->stride, v->weight + y * v->most, count, r->stride, r->row);
		memcpy(out->rgb + y * 3 * h->n, r->row, 3 * h->n);
	}
}

int rho_image_resize(const struct rho_image *im, size_t width, size_t height, struct rho_image_box part,
                     struct rho_image *out, struct rho_trouble *t)
{
	struct taps h = { 0 }, v = { 0 };
	struct room r = { 0 };
	*out = (struct rho_image){ 0 };
	bool fine = taps_make(&h, im->width, width, part.left, part.width)
	            && taps_make(&v, im->height, height, part.top, part.height) && room_make(&r, &h, &v);
	if (fine)
		*out = (struct rho_image){ malloc(3 * h.n * v.n), h.n, v.n };
	fine = fine && out->rgb;
	if (fine)
		resize(im, &h, &v, &r, out);
	room_free(&r);
	taps_free(&h);
	taps_free(&v);
	if (fine)
		return 0;
	rho_image_free(out);
	return rho_trouble_set(t, RHO_ENOMEM, "no memory left to resize a picture of %zu x %zu pixels",
	                       im->width, im->height);
}
