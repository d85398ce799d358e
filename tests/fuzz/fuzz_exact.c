/* fuzz_exact.c: numbers and whole responses from arbitrary bytes, in buffers of just the promised size. A number that
 * is read is the same as itself, digits and unit are within what was handed over. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verifiers/exact/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static bool within(const char *at, size_t n, const char *from, size_t room)
{
	return at >= from && at + n <= from + room;
}

static void digits(const struct exact_decimal *d, const char *out, size_t room)
{
	if (!d->digit || !d->n)
		return;
	if (!within(d->digit, d->n, out, room) || d->digit[0] == '0' || d->digit[d->n - 1] == '0')
		abort();
	for (size_t i = 0; i < d->n; i++)
		if (d->digit[i] < '0' || d->digit[i] > '9')
			abort();
}

static void read_one(struct rho_str s)
{
	size_t room = 2 * s.len + 40;
	char *tidy = malloc(s.len + !s.len), *out = malloc(room);
	struct exact_number v;
	long exponent;
	if (!tidy || !out)
		abort();
	struct rho_str t = exact_tidy(s, tidy);
	if (t.len > s.len || (t.len && (t.at[0] == ' ' || t.at[t.len - 1] == ' ')))
		abort();
	if (exact_read(t, out, &v)) {
		digits(&v.top, out, room);
		digits(&v.bottom, out, room);
		if (!exact_same_unit(v.unit, v.unit) || (v.bottom.digit && !v.bottom.n))
			abort();
		double m = exact_f64(&v, &exponent);
		if (!isfinite(m) || (m == 0) != !v.top.n)
			abort();
		if (v.top.n < 2000 && v.bottom.n < 2000) {
			char *work = malloc(v.top.n + v.bottom.n + 1);
			struct exact_decimal p = exact_product(v.top, v.bottom, work);
			if (!p.n != !v.top.n || p.n > v.top.n + v.bottom.n)
				abort();
			free(work);
		}
	}
	free(out);
	free(tidy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *copy = malloc(n + !n);
	struct rho_str all = { copy, n }, part;
	if (!copy)
		abort();
	if (n)
		memcpy(copy, bytes, n);
	read_one(all);
	part = exact_marked(all);
	if (!within(part.at, part.len, copy, n))
		abort();
	read_one(part);
	for (int last = 0; last < 2; last++) {
		part = exact_number_in(all, last);
		if (!within(part.at, part.len, copy, n))
			abort();
		read_one(part);
	}
	free(copy);
	return 0;
}
