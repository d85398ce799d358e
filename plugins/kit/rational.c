/* rational.c: whole numbers as limbs of 32 bits, on the stack; what fits 64 bits takes a short way. */
#include "rational.h"

#include <math.h>
#include <string.h>

enum { HALF = RHO_RATIONAL_LIMBS, WIDE = 2 * HALF + 2 };        /* WIDE: a sum of two products */

/* ---- whole numbers: limbs, lowest first, no zero limb on top ---- */

struct wide { size_t n; uint32_t at[WIDE]; };

static size_t used(const uint32_t *a, size_t n)
{
	while (n && !a[n - 1])
		n--;
	return n;
}

static int order(const uint32_t *a, size_t na, const uint32_t *b, size_t nb)
{
	if (na != nb)
		return na > nb ? 1 : -1;
	while (na-- > 0)
		if (a[na] != b[na])
			return a[na] > b[na] ? 1 : -1;
	return 0;
}

static void multiply(const uint32_t *a, size_t na, const uint32_t *b, size_t nb, struct wide *out)
{
	memset(out->at, 0, (na + nb) * sizeof(*out->at));
	for (size_t i = 0; i < na; i++) {
		uint64_t carry = 0;
		for (size_t j = 0; j < nb; j++) {
			carry += (uint64_t)a[i] * b[j] + out->at[i + j];
			out->at[i + j] = (uint32_t)carry;
			carry >>= 32;
		}
		out->at[i + nb] = (uint32_t)carry;
	}
	out->n = used(out->at, na + nb);
}

/* a + b in a; the sum of two products fits. */
static void increase(struct wide *a, const struct wide *b)
{
	uint64_t carry = 0;
	size_t n = a->n > b->n ? a->n : b->n;
	for (size_t i = 0; i < n; i++) {
		carry += (uint64_t)(i < a->n ? a->at[i] : 0) + (i < b->n ? b->at[i] : 0);
		a->at[i] = (uint32_t)carry;
		carry >>= 32;
	}
	a->at[n] = (uint32_t)carry;
	a->n = used(a->at, n + 1);
}

/* a - b in a, for a >= b. */
static void decrease(struct wide *a, const struct wide *b)
{
	int64_t borrow = 0;
	for (size_t i = 0; i < a->n; i++) {
		borrow += (int64_t)a->at[i] - (i < b->n ? (int64_t)b->at[i] : 0);
		a->at[i] = (uint32_t)borrow;
		borrow >>= 32;
	}
	a->n = used(a->at, a->n);
}

/* a = a / b, gives the remainder, for one limb. */
static uint32_t divide_small(uint32_t *a, size_t n, uint32_t b)
{
	uint64_t rest = 0;
	for (size_t i = n; i-- > 0; ) {
		rest = rest << 32 | a[i];
		a[i] = (uint32_t)(rest / b);
		rest %= b;
	}
	return (uint32_t)rest;
}

static void shift_left(struct wide *a, unsigned bits)
{
	uint32_t carry = 0;
	for (size_t i = 0; bits && i < a->n; i++) {
		uint32_t next = a->at[i] >> (32 - bits);
		a->at[i] = a->at[i] << bits | carry;
		carry = next;
	}
	a->at[a->n] = carry;
	a->n = used(a->at, a->n + 1);
}

static void shift_right(struct wide *a, unsigned bits)
{
	for (size_t i = 0; bits && i < a->n; i++)
		a->at[i] = a->at[i] >> bits | (i + 1 < a->n ? a->at[i + 1] << (32 - bits) : 0);
	a->n = used(a->at, a->n);
}

/* One digit of the quotient: takes q * v away from u[at ..], v shifted so that its top bit is set. Gives q.
 * Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D, steps D3 to D6. */
static uint32_t quotient_digit(uint32_t *u, const struct wide *v)
{
	size_t n = v->n;
	uint64_t head = (uint64_t)u[n] << 32 | u[n - 1], q = head / v->at[n - 1], r = head % v->at[n - 1];
	while (q >> 32 || q * v->at[n - 2] > (r << 32 | u[n - 2])) {
		q--;
		r += v->at[n - 1];
		if (r >> 32)
			break;
	}
	int64_t borrow = 0;
	uint64_t carry = 0;
	for (size_t i = 0; i < n; i++) {
		carry += q * v->at[i];
		borrow += (int64_t)u[i] - (int64_t)(uint32_t)carry;
		u[i] = (uint32_t)borrow;
		borrow >>= 32;
		carry >>= 32;
	}
	borrow += (int64_t)u[n] - (int64_t)carry;
	u[n] = (uint32_t)borrow;
	if (borrow < 0) {
		q--;
		carry = 0;
		for (size_t i = 0; i < n; i++) {
			carry += (uint64_t)u[i] + v->at[i];
			u[i] = (uint32_t)carry;
			carry >>= 32;
		}
		u[n] += (uint32_t)carry;
	}
	return (uint32_t)q;
}

/* a = a mod b, quotient (NULL: not wanted) = a / b; b above 0. */
static void divide(struct wide *a, const struct wide *b, struct wide *quotient)
{
	struct wide v = *b, q = { 0 };
	if (order(a->at, a->n, b->at, b->n) >= 0 && b->n == 1) {
		uint32_t rest = divide_small(a->at, a->n, b->at[0]);
		q = *a;
		q.n = used(q.at, a->n);
		a->at[0] = rest;
		a->n = rest != 0;
	} else if (order(a->at, a->n, b->at, b->n) >= 0) {
		unsigned shift = (unsigned)__builtin_clz(b->at[b->n - 1]);
		size_t digits = a->n - b->n + 1, n = a->n;
		shift_left(&v, shift);
		shift_left(a, shift);
		if (a->n == n)
			a->at[n] = 0;
		for (size_t i = digits; i-- > 0; )
			q.at[i] = quotient_digit(a->at + i, &v);
		q.n = used(q.at, digits);
		a->n = used(a->at, b->n);
		shift_right(a, shift);
	}
	if (quotient)
		*quotient = q;
}

static uint64_t gcd64(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

static uint64_t low64(const uint32_t *a, size_t n)
{
	return (n > 0 ? a[0] : 0) | (uint64_t)(n > 1 ? a[1] : 0) << 32;
}

static uint32_t put64(uint32_t *out, uint64_t v)
{
	out[0] = (uint32_t)v;
	out[1] = (uint32_t)(v >> 32);
	return out[1] ? 2 : out[0] ? 1 : 0;
}

/* ---- fractions ---- */

static void set64(struct rho_rational *out, bool minus, uint64_t top, uint64_t bottom)
{
	uint64_t g = gcd64(top, bottom);
	out->minus = minus && top;
	out->n_top = put64(out->top, top / g);
	out->n_bottom = put64(out->bottom, bottom / g);
}

/* top / bottom in lowest terms; false: too large. */
static bool set(struct rho_rational *out, bool minus, struct wide *top, struct wide *bottom)
{
	struct wide a = *top, b = *bottom;
	if (top->n <= 2 && bottom->n <= 2) {
		set64(out, minus, low64(top->at, top->n), low64(bottom->at, bottom->n));
		return true;
	}
	while (b.n) {
		divide(&a, &b, NULL);
		struct wide swap = a;
		a = b;
		b = swap;
	}
	struct wide up = *top, down = *bottom;
	divide(&up, &a, top);
	divide(&down, &a, bottom);
	if (top->n > HALF || bottom->n > HALF)
		return false;
	out->minus = minus && top->n;
	out->n_top = (uint32_t)top->n;
	out->n_bottom = (uint32_t)bottom->n;
	memcpy(out->top, top->at, top->n * sizeof(*out->top));
	memcpy(out->bottom, bottom->at, bottom->n * sizeof(*out->bottom));
	return true;
}

static bool is_small(const struct rho_rational *a) { return a->n_top <= 2 && a->n_bottom <= 2; }

struct rho_rational rho_rational_of(int64_t v)
{
	struct rho_rational out = { 0 };
	set64(&out, v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 1);
	return out;
}

bool rho_rational_read(struct rho_str s, struct rho_rational *out)
{
	struct wide top = { 0 }, bottom = { 1, { 1 } };
	bool point = false, any = false;
	for (size_t i = 0; i < s.len; i++) {
		uint32_t digit = (uint32_t)(unsigned char)s.at[i] - '0';
		if (s.at[i] == '.' && !point) {
			point = true;
			continue;
		}
		struct wide *scaled[2] = { &top, point ? &bottom : NULL };
		if (digit > 9 || top.n > HALF || bottom.n > HALF)
			return false;
		any = true;
		for (size_t k = 0; k < 2 && scaled[k]; k++) {
			uint64_t carry = k ? 0 : digit;
			for (size_t j = 0; j < scaled[k]->n; j++) {
				carry += (uint64_t)scaled[k]->at[j] * 10;
				scaled[k]->at[j] = (uint32_t)carry;
				carry >>= 32;
			}
			scaled[k]->at[scaled[k]->n] = (uint32_t)carry;
			scaled[k]->n += carry != 0;
		}
	}
	return any && set(out, false, &top, &bottom);
}

/* a + b, or a - b. */
static bool add(const struct rho_rational *a, const struct rho_rational *b, bool minus, struct rho_rational *out)
{
	struct wide x, y, bottom;
	bool other = b->minus != minus;
	multiply(a->top, a->n_top, b->bottom, b->n_bottom, &x);
	multiply(b->top, b->n_top, a->bottom, a->n_bottom, &y);
	multiply(a->bottom, a->n_bottom, b->bottom, b->n_bottom, &bottom);
	if (a->minus == other) {
		increase(&x, &y);
		return set(out, a->minus, &x, &bottom);
	}
	if (order(x.at, x.n, y.at, y.n) >= 0) {
		decrease(&x, &y);
		return set(out, a->minus, &x, &bottom);
	}
	decrease(&y, &x);
	return set(out, other, &y, &bottom);
}

bool rho_rational_add(const struct rho_rational *a, const struct rho_rational *b, struct rho_rational *out)
{
	return add(a, b, false, out);
}

bool rho_rational_sub(const struct rho_rational *a, const struct rho_rational *b, struct rho_rational *out)
{
	return add(a, b, true, out);
}

/* (a.top / a.bottom) (top / bottom). */
static bool times(const struct rho_rational *a, bool minus, const uint32_t *top, size_t n_top,
		  const uint32_t *bottom, size_t n_bottom, struct rho_rational *out)
{
	struct wide up, down;
	multiply(a->top, a->n_top, top, n_top, &up);
	multiply(a->bottom, a->n_bottom, bottom, n_bottom, &down);
	return set(out, a->minus != minus, &up, &down);
}

bool rho_rational_mul(const struct rho_rational *a, const struct rho_rational *b, struct rho_rational *out)
{
	return times(a, b->minus, b->top, b->n_top, b->bottom, b->n_bottom, out);
}

bool rho_rational_div(const struct rho_rational *a, const struct rho_rational *b, struct rho_rational *out)
{
	return b->n_top && times(a, b->minus, b->bottom, b->n_bottom, b->top, b->n_top, out);
}

bool rho_rational_pow(const struct rho_rational *a, const struct rho_rational *b, struct rho_rational *out)
{
	struct rho_rational base = *a, power = rho_rational_of(1);
	if (b->n_bottom != 1 || b->bottom[0] != 1 || (b->minus && !a->n_top))
		return false;
	bool unit = is_small(a) && low64(a->top, a->n_top) <= 1 && low64(a->bottom, a->n_bottom) == 1;
	uint64_t left = low64(b->top, b->n_top);
	if (unit)
		left = left ? 2 - left % 2 : 0;         /* 1, -1 and 0: only whether it is odd, or none, matters */
	else if (b->n_top > 1)
		return false;
	for (; left; left /= 2) {
		if (left % 2 && !rho_rational_mul(&power, &base, &power))
			return false;
		if (left > 1 && !rho_rational_mul(&base, &base, &base))
			return false;
	}
	struct rho_rational one = rho_rational_of(1);
	if (b->minus)
		return rho_rational_div(&one, &power, out);
	*out = power;
	return true;
}

int rho_rational_order(const struct rho_rational *a, const struct rho_rational *b)
{
	struct wide x, y;
	int sign = a->minus ? -1 : 1;
	if (a->minus != b->minus)
		return sign;
	multiply(a->top, a->n_top, b->bottom, b->n_bottom, &x);
	multiply(b->top, b->n_top, a->bottom, a->n_bottom, &y);
	return sign * order(x.at, x.n, y.at, y.n);
}

/* The three highest limbs, and by how many limbs they are to be shifted. */
static double head(const uint32_t *a, size_t n, int *exponent)
{
	double v = 0;
	size_t last = n > 3 ? n - 3 : 0;
	for (size_t i = n; i-- > last; )
		v = v * 0x1p32 + a[i];
	*exponent = (int)last * 32;
	return v;
}

double rho_rational_f64(const struct rho_rational *a)
{
	int up, down;
	double top = head(a->top, a->n_top, &up), bottom = head(a->bottom, a->n_bottom, &down);
	double v = ldexp(top / bottom, up - down);
	return a->minus ? -v : v;
}

/* Decimal digits of a whole number, as many as there are (at most 620), into out. */
static size_t digits(const uint32_t *a, size_t n, char *out)
{
	uint32_t rest[HALF];
	char back[640];
	size_t len = 0;
	memcpy(rest, a, n * sizeof(*rest));
	do {
		uint32_t nine = divide_small(rest, n, 1000000000);
		n = used(rest, n);
		for (int i = 0; i < 9 && (n || nine || !i); i++, nine /= 10)
			back[len++] = (char)('0' + nine % 10);
	} while (n);
	for (size_t i = 0; i < len; i++)
		out[i] = back[len - 1 - i];
	return len;
}

void rho_rational_write(const struct rho_rational *a, char *out, size_t room)
{
	char text[2 * 640 + 2];
	size_t n = 0;
	if (a->minus)
		text[n++] = '-';
	n += digits(a->top, a->n_top, text + n);
	if (a->n_bottom != 1 || a->bottom[0] != 1) {
		text[n++] = '/';
		n += digits(a->bottom, a->n_bottom, text + n);
	}
	bool cut = n >= room;
	size_t shown = cut ? room - 4 : n;
	memcpy(out, text, shown);
	memcpy(out + shown, "...", cut ? 4 : 0);
	out[cut ? room - 1 : shown] = '\0';
}
