/* clock.h: time that passes, for timing, checkpoints and deadlines; no result depends on it. */
#ifndef RHO_RUN_CLOCK_H
#define RHO_RUN_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t rho_nanoseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline double rho_clock(void) { return (double)rho_nanoseconds() * 1e-9; }

#endif
