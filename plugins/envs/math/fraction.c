/* Fractions: 64 bits above and below; whole numbers, which most are, go without a common divisor. */
#include <stdio.h>
#include <string.h>

#include "fraction.h"

static const struct math_fraction none = { 0, 0 };

static uint64_t size_of(int64_t v) { return v < 0 ? 0 - (uint64_t)v : (uint64_t)v; }

/* The greatest common divisor (Stein 1967); b > 0. */
static uint64_t divisor(uint64_t a, uint64_t b)
{
	if (!a)
		return b;
	int twos = __builtin_ctzll(a | b);
	a >>= __builtin_ctzll(a);
	do {
		b >>= __builtin_ctzll(b);
		uint64_t low = a < b ? a : b;
		b = a < b ? b - a : a - b;
		a = low;
	} while (b);
	return a << twos;
}

static bool fits(int64_t v) { return v <= MATH_FRACTION_MOST && v >= -MATH_FRACTION_MOST; }

struct math_fraction math_fraction_of(int64_t p, int64_t q)
{
	if (!q || p == INT64_MIN || q == INT64_MIN)
		return none;
	if (q != 1) {
		int64_t d = (int64_t)divisor(size_of(p), size_of(q));
		p /= q < 0 ? -d : d;
		q /= q < 0 ? -d : d;
	}
	return fits(p) && fits(q) ? (struct math_fraction){ p, q } : none;
}

int math_order(struct math_fraction a, struct math_fraction b)
{
	if (a.q == b.q)
		return (a.p > b.p) - (a.p < b.p);
	/* Whole parts first; what is left over is below 1 and is compared upside down, as Euclid does. */
	int turn = 1;
	for (;;) {
		int64_t x = a.p / a.q - (a.p % a.q < 0), y = b.p / b.q - (b.p % b.q < 0);
		if (x != y)
			return x > y ? turn : -turn;
		int64_t r = a.p - x * a.q, s = b.p - y * b.q;
		if (!r || !s)
			return r == s ? 0 : r ? turn : -turn;
		a = (struct math_fraction){ a.q, r };
		b = (struct math_fraction){ b.q, s };
		turn = -turn;
	}
}

static struct math_fraction product(int64_t p, int64_t r, int64_t q, int64_t s)
{
	int64_t top, bottom;
	if (__builtin_mul_overflow(p, r, &top) || __builtin_mul_overflow(q, s, &bottom))
		return none;
	return math_fraction_of(top, bottom);
}

struct math_fraction math_do(struct math_fraction a, char op, struct math_fraction b)
{
	int64_t x, y, sum, bottom;
	if (!a.q || !b.q)
		return none;
	if (op == '*')
		return product(a.p, b.p, a.q, b.q);
	if (op == '/')
		return b.p ? product(a.p, b.q, a.q, b.p) : none;
	if (a.q == 1 && b.q == 1) {
		sum = op == '-' ? a.p - b.p : a.p + b.p;
		return fits(sum) ? (struct math_fraction){ sum, 1 } : none;
	}
	if (__builtin_mul_overflow(a.p, b.q, &x) || __builtin_mul_overflow(b.p, a.q, &y) ||
	    __builtin_mul_overflow(a.q, b.q, &bottom))
		return none;
	if (op == '-' ? __builtin_sub_overflow(x, y, &sum) : __builtin_add_overflow(x, y, &sum))
		return none;
	return math_fraction_of(sum, bottom);
}

static bool digit_at(struct rho_str s, size_t i) { return i < s.len && s.at[i] >= '0' && s.at[i] <= '9'; }

/* A comma between thousands: three digits follow it and no fourth. */
static bool comma_at(struct rho_str s, size_t i)
{
	return i && i < s.len && s.at[i] == ',' && digit_at(s, i - 1) && digit_at(s, i + 1) &&
	       digit_at(s, i + 2) && digit_at(s, i + 3) && !digit_at(s, i + 4);
}

size_t math_fraction_read(struct rho_str s, struct math_fraction *out)
{
	int64_t p = 0, q = 1;
	size_t i = 0;
	bool any = false, fit = true;
	for (; digit_at(s, i) || comma_at(s, i); i++) {
		if (s.at[i] == ',')
			continue;
		any = true;
		fit &= p <= MATH_FRACTION_MOST;
		p = fit ? p * 10 + (s.at[i] - '0') : p;
	}
	if (i < s.len && s.at[i] == '.' && digit_at(s, i + 1)) {
		for (i++; digit_at(s, i); i++) {
			any = true;
			fit &= p <= MATH_FRACTION_MOST && q <= MATH_FRACTION_MOST;
			p = fit ? p * 10 + (s.at[i] - '0') : p;
			q = fit ? q * 10 : q;
		}
	}
	*out = any && fit ? math_fraction_of(p, q) : none;
	return out->q ? i : 0;
}

size_t math_fraction_write(struct math_fraction v, char *out)
{
	int64_t ten = 1;
	int places = 0;
	while (places <= 6 && v.q && ten % v.q) {
		ten *= 10;
		places++;
	}
	if (!v.q)
		return (size_t)snprintf(out, 32, "none");
	if (v.q == 1)
		return (size_t)snprintf(out, 32, "%lld", (long long)v.p);
	if (places > 6)
		return (size_t)snprintf(out, 32, "%lld/%lld", (long long)v.p, (long long)v.q);
	/* Below 10^12 times 10^6: it fits. */
	uint64_t scaled = size_of(v.p) * (uint64_t)(ten / v.q);
	return (size_t)snprintf(out, 32, "%s%llu.%0*llu", v.p < 0 ? "-" : "",
	                        (unsigned long long)(scaled / (uint64_t)ten), places,
	                        (unsigned long long)(scaled % (uint64_t)ten));
}
