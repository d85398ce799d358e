/* instance.h: plugins opened for a measurement; the clock. */
#ifndef BENCH_INSTANCE_H
#define BENCH_INSTANCE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <registry/instance.h>

/* CPU seconds of this thread. */
static inline double bench_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline int bench_by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The median of v (n), which is sorted. */
static inline double bench_median(double *v, size_t n)
{
	qsort(v, n, sizeof *v, bench_by_value);
	return v[n / 2];
}

static inline void bench_die(const char *what, const struct rho_buf *why)
{
	fprintf(stderr, "bench: %s: %s\n", what, why && why->at ? why->at : "failed");
	exit(1);
}

/* An instance of plugin `name` with parameters from TOML lines; its open slot is for the caller, who ends
 * that call with bench_check. */
static inline struct rho_instance *bench_make(struct rho_world *world, uint32_t kind, const char *name,
                                              const char *toml)
{
	struct rho_buf why = { 0 };
	struct rho_diags *d = rho_diags_new();
	const struct rho_module *m = rho_module_get(world->registry, kind, name, &why);
	struct rho_toml *table = m ? rho_toml_parse(toml, strlen(toml), "bench", d) : NULL;
	struct rho_instance *inst;
	if (!table || rho_params_check(world->registry, m, name, table, d))
		bench_die(name, &why);
	inst = rho_instance_new(world, m, table, 0, &why);
	if (!inst)
		bench_die(name, &why);
	rho_call_begin(inst, "open", 0, true);
	rho_diags_free(d);
	return inst;
}

/* The end of a call that returned `code`. */
static inline void bench_check(struct rho_instance *inst, int code)
{
	struct rho_buf why = { 0 };
	if (rho_call_end(inst, code, &why))
		bench_die(inst->label, &why);
}

#endif
