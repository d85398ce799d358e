/* rho/rng.h: xoshiro256++ (Blackman & Vigna 2021), inline because it is called per decision.
 * Its output is part of the ABI: a seed means the same numbers for ever. */
#pragma once
#include <math.h>
#include <stdint.h>

struct rho_rng { uint64_t s[4]; };

static inline uint64_t rho_u64(struct rho_rng *r)
{
	uint64_t *s = r->s, out = s[0] + s[3], t = s[1] << 17;
	out = (out << 23 | out >> 41) + s[0];
	s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3];
	s[2] ^= t; s[3] = s[3] << 45 | s[3] >> 19;
	return out;
}

/* A stream of its own for (a, b), such as (lane, tick): the same whatever was drawn before
 * and in whatever order. Fork from a stream that is never drawn from. */
static inline struct rho_rng rho_fork(const struct rho_rng *key, uint64_t a, uint64_t b)
{
	struct rho_rng r;
	uint64_t z = key->s[0] ^ a * 0xd1342543de82ef95u ^ b * 0x2545f4914f6cdd1du;
	for (int i = 0; i < 4; i++) {   /* SplitMix64 (Steele, Lea & Flood 2014) */
		uint64_t x = (z += 0x9e3779b97f4a7c15u);
		x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
		x = (x ^ x >> 27) * 0x94d049bb133111ebu;
		r.s[i] = (x ^ x >> 31) ^ key->s[i];
	}
	return r;
}

/* Uniform in [0, 1), 53 bits. */
static inline double rho_unif(struct rho_rng *r) { return (double)(rho_u64(r) >> 11) * 0x1p-53; }

/* Uniform in 0 .. n-1, without bias (Lemire 2019); n > 0. */
static inline uint32_t rho_below(struct rho_rng *r, uint32_t n)
{
	uint64_t m = (rho_u64(r) >> 32) * n;
	if ((uint32_t)m < n)
		for (uint32_t low = (0u - n) % n; (uint32_t)m < low; )
			m = (rho_u64(r) >> 32) * n;
	return (uint32_t)(m >> 32);
}

/* Standard normal (Marsaglia's polar method); the second of each pair is dropped. */
static inline double rho_normal(struct rho_rng *r)
{
	double u, v, s;
	do {
		u = 2 * rho_unif(r) - 1;
		v = 2 * rho_unif(r) - 1;
		s = u * u + v * v;
	} while (s >= 1 || s == 0);
	return u * sqrt(-2 * log(s) / s);
}
