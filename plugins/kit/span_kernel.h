/* span_kernel.h: the inner loops of spanner.c, once for each width of registers. The file that includes it
 * defines LARGEST and UPDATE (names), TARGET (an attribute or nothing) and WIDE (floats a register, 4 or 8).
 * n is a multiple of RHO_SPAN_LANES; every number comes out the same whatever WIDE is. */

/* The largest |x[a]| * w[a] over n floats, 0 where there is none that is a number. */
TARGET static float LARGEST(const float *x, const float *w, size_t n)
{
	typedef float vec __attribute__((vector_size(4 * WIDE), aligned(4), may_alias));
	typedef int32_t ivec __attribute__((vector_size(4 * WIDE), aligned(4), may_alias));
	vec most[2] = { { 0 } };
	float part[2 * WIDE], largest = 0;
	for (size_t a = 0; a < n; a += 2 * WIDE)
		for (size_t p = 0; p < 2; p++) {
			vec v = *(const vec *)(x + a + p * WIDE) * *(const vec *)(w + a + p * WIDE);
			ivec size = (ivec)v & 0x7fffffff, more = (vec)size > most[p];
			most[p] = (vec)((size & more) | ((ivec)most[p] & ~more));
		}
	memcpy(part, most, sizeof part);
	for (size_t l = 0; l < 2 * WIDE; l++)
		largest = part[l] > largest ? part[l] : largest;
	return largest;
}

/* to[a] = from[a] - by[a] * times over n floats; gives what LARGEST gives for it. */
TARGET static float UPDATE(const float *from, float *to, const float *by, float times, const float *w,
                           size_t n)
{
	typedef float vec __attribute__((vector_size(4 * WIDE), aligned(4), may_alias));
	typedef int32_t ivec __attribute__((vector_size(4 * WIDE), aligned(4), may_alias));
	vec most[2] = { { 0 } };
	float part[2 * WIDE], largest = 0;
	for (size_t a = 0; a < n; a += 2 * WIDE)
		for (size_t p = 0; p < 2; p++) {
			size_t at = a + p * WIDE;
			vec x = *(const vec *)(from + at) - *(const vec *)(by + at) * times;
			*(vec *)(to + at) = x;
			x *= *(const vec *)(w + at);
			ivec size = (ivec)x & 0x7fffffff, more = (vec)size > most[p];
			most[p] = (vec)((size & more) | ((ivec)most[p] & ~more));
		}
	memcpy(part, most, sizeof part);
	for (size_t l = 0; l < 2 * WIDE; l++)
		largest = part[l] > largest ? part[l] : largest;
	return largest;
}
#undef LARGEST
#undef UPDATE
#undef TARGET
#undef WIDE
