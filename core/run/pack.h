/* pack.h: numbers and strings as bytes (this machine's order), and back with every length checked. */
#ifndef RHO_RUN_PACK_H
#define RHO_RUN_PACK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "../base/buf.h"

static inline void rho_pack_u64(struct rho_buf *b, uint64_t v) { rho_buf_add(b, &v, sizeof v); }
static inline void rho_pack_f64(struct rho_buf *b, double v) { rho_buf_add(b, &v, sizeof v); }

static inline void rho_pack_bytes(struct rho_buf *b, const void *at, size_t n)
{
	rho_pack_u64(b, n);
	if (n)
		rho_buf_add(b, at, n);
}

static inline void rho_pack_str(struct rho_buf *b, const char *s) { rho_pack_bytes(b, s, strlen(s) + 1); }

struct rho_unpack {
	const unsigned char *at;
	size_t left;
	bool bad;
}; /* bad: something did not fit */

/* n bytes where they stand, or NULL and bad. */
static inline const void *rho_unpack_raw(struct rho_unpack *u, uint64_t n)
{
	const unsigned char *p = u->at;
	if (u->bad || n > u->left) {
		u->bad = true;
		return NULL;
	}
	u->at += n;
	u->left -= (size_t)n;
	return p;
}

static inline uint64_t rho_unpack_u64(struct rho_unpack *u)
{
	uint64_t v = 0;
	const void *p = rho_unpack_raw(u, sizeof v);
	if (p)
		memcpy(&v, p, sizeof v);
	return v;
}

static inline double rho_unpack_f64(struct rho_unpack *u)
{
	double v = 0;
	const void *p = rho_unpack_raw(u, sizeof v);
	if (p)
		memcpy(&v, p, sizeof v);
	return v;
}

/* A counted array of exactly n bytes, copied to `to`. */
static inline bool rho_unpack_into(struct rho_unpack *u, void *to, size_t n)
{
	const void *p;
	if (rho_unpack_u64(u) != n)
		u->bad = true;
	p = rho_unpack_raw(u, n);
	if (p && n)
		memcpy(to, p, n);
	return p;
}

/* A string where it stands, or NULL and bad. */
static inline const char *rho_unpack_str(struct rho_unpack *u)
{
	uint64_t n = rho_unpack_u64(u);
	const char *s = rho_unpack_raw(u, n);
	if (!s || !n || s[n - 1]) {
		u->bad = true;
		return NULL;
	}
	return s;
}

#endif
