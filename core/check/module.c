/* module.c: M checks, of the file and of the constant in it. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "elf.h"
#include "raw.h"

static bool starts(const char *s, const char *with) { return !strncmp(s, with, strlen(with)); }

static bool in_list(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(name, *list))
			return true;
	return false;
}

/* What sanitizers, coverage and the linker put into a module. */
static bool is_compilers(const char *name)
{
	static const char *const linkers[] = {
		"_init", "_fini", "_edata", "__edata", "_end", "__bss_start", "__start___sancov_guards", NULL
	};
	return in_list(name, linkers) || starts(name, "__asan") || starts(name, "__odr_asan") ||
	       starts(name, "__ubsan") || starts(name, "__tsan") || starts(name, "__lsan") ||
	       starts(name, "__msan") || starts(name, "__sanitizer") || starts(name, "__gcov") ||
	       starts(name, "__llvm_") || starts(name, "__sancov");
}

static struct rho_elf *read_elf(struct rho_trial *t)
{
	struct rho_buf why = { 0 };
	struct rho_elf *e = rho_elf_read(t->path, &why);
	if (!e)
		rho_trial_skip(t, "its symbols cannot be read: %s; see M1", why.at);
	rho_buf_free(&why);
	return e;
}

static int m1(struct rho_trial *t)
{
	if (dlopen(t->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE))
		return RHO_CHECK_PASS;
	return rho_trial_fail(t, "%s", dlerror());
}

static int m2(struct rho_trial *t)
{
	struct rho_elf *e = read_elf(t);
	int r = RHO_CHECK_PASS;
	if (!e)
		return RHO_CHECK_SKIP;
	const struct rho_elf_symbol *own = rho_elf_find(&e->dynamic, "rho_plugin");
	if (!own || !own->defined)
		r = rho_trial_fail(
			t, "it exports no rho_plugin; write RHO_EXPORT const struct rho_plugin rho_plugin");
	for (size_t i = 0; i < e->dynamic.n && !r; i++) {
		const struct rho_elf_symbol *s = &e->dynamic.at[i];
		if (s->defined && s->global && strcmp(s->name, "rho_plugin") && !is_compilers(s->name))
			r = rho_trial_fail(t,
			                   "it also exports %s; make it static, or build with "
			                   "-fvisibility=hidden",
			                   s->name);
	}
	rho_elf_free(e);
	return r;
}

static int m3(struct rho_trial *t) { return rho_raw_judge(t, rho_raw_names); }

/* Also whatever else the registry refuses a module for, so that no refusal goes unreported. */
static int m4(struct rho_trial *t)
{
	struct rho_raw r;
	char text[512];
	int e = rho_raw_read(t, &r);
	if (e)
		return e;
	if (rho_raw_sizes(&r, text))
		e = rho_trial_fail(t, "%s", text);
	else if (!rho_raw_names(&r, text) && !rho_raw_words(&r, text) && !rho_raw_fields(&r, text) &&
	         !rho_raw_bounds(&r, text) && !rho_raw_defaults(&r, text) && rho_trial_module(t))
		e = RHO_CHECK_FAIL;
	free(r.params);
	return e;
}

/* clang-format off */
/* The process, the terminal, clocks, randomness and the environment belong to the host. */
static const char *const banned[] = {
	"exit", "_exit", "_Exit", "quick_exit", "abort", "__assert_fail", "__assert", "atexit",
	"printf", "vprintf", "__printf_chk", "__vprintf_chk", "puts", "putchar", "putchar_unlocked",
	"perror", "stdout", "stderr", "stdin", "psignal", "rand", "srand", "rand_r", "random",
	"srandom", "random_r", "initstate", "setstate", "drand48", "erand48", "lrand48", "nrand48",
	"mrand48", "srand48", "getrandom", "getentropy", "arc4random", "arc4random_uniform",
	"arc4random_buf", "time", "gettimeofday", "clock_gettime", "clock", "ftime", "timespec_get",
	"setlocale", "uselocale", "setenv", "putenv", "unsetenv", "clearenv", "getenv",
	"secure_getenv", "system", "fork", "vfork", "popen", "signal", "sigaction", "__sysv_signal",
	"bsd_signal", "raise",
	"openblas_set_num_threads", "openblas_set_num_threads_local", "omp_set_num_threads",
	"goto_set_num_threads", NULL
};
/* Jumps end at the host, unless the module sets a target of its own: libraries such as libpng and libjpeg
 * report errors so. */
static const char *const jumps[] = { "longjmp", "_longjmp", "siglongjmp", "__longjmp_chk", NULL };
static const char *const targets[] = { "setjmp", "_setjmp", "sigsetjmp", "__sigsetjmp", NULL };
/* clang-format on */

static bool imports(const struct rho_elf *e, const char *const *list)
{
	for (size_t i = 0; i < e->dynamic.n; i++)
		if (!e->dynamic.at[i].defined && in_list(e->dynamic.at[i].name, list))
			return true;
	return false;
}

static int m5(struct rho_trial *t)
{
	static const char *const threads[] = { "pthread_create", "thrd_create", NULL };
	struct rho_raw raw;
	struct rho_elf *e = read_elf(t);
	int r = RHO_CHECK_PASS;
	if (!e)
		return RHO_CHECK_SKIP;
	bool may_start = !rho_raw_read(t, &raw) && raw.plugin.flags & RHO_THREADS;
	bool may_jump = imports(e, targets);
	free(raw.params);
	rho_buf_clear(&t->text);
	for (size_t i = 0; i < e->dynamic.n && !r; i++) {
		const struct rho_elf_symbol *s = &e->dynamic.at[i];
		if (s->defined)
			continue;
		if (in_list(s->name, banned) || (in_list(s->name, jumps) && !may_jump))
			r = rho_trial_fail(
				t,
				"it imports %s; report through rho_fail and rho_log, draw from rho_rng, "
				"leave process and clock to the host",
				s->name);
		else if (in_list(s->name, threads) && !may_start)
			r = rho_trial_fail(
				t,
				"it imports %s without RHO_THREADS in its flags; use rho_parallel, or "
				"declare it",
				s->name);
	}
	rho_elf_free(e);
	return r;
}

static bool is_blas(const char *name)
{
	static const char *const fortran[] = { "sgemm_",  "dgemm_",  "sgemv_", "dgemv_", "ssyrk_", "dsyrk_",
		                               "ssymv_",  "dsymv_",  "strsm_", "dtrsm_", "strsv_", "dtrsv_",
		                               "sger_",   "dger_",   "ssyr_",  "dsyr_",  "sdot_",  "ddot_",
		                               "saxpy_",  "daxpy_",  "snrm2_", "dnrm2_", "sscal_", "dscal_",
		                               "spotrf_", "dpotrf_", "ssyev_", "dsyev_", "sgesv_", "dgesv_",
		                               "sgesdd_", "dgesdd_", NULL };
	return starts(name, "cblas_") || starts(name, "openblas_") || starts(name, "gotoblas") ||
	       starts(name, "mkl_blas") || in_list(name, fortran);
}

static int m6(struct rho_trial *t)
{
	struct rho_elf *e = read_elf(t);
	int r = RHO_CHECK_PASS;
	if (!e)
		return RHO_CHECK_SKIP;
	const struct rho_elf_symbols *s = e->all.n ? &e->all : &e->dynamic;
	for (size_t i = 0; i < s->n && !r; i++)
		if (s->at[i].defined && is_blas(s->at[i].name))
			r = rho_trial_fail(t, "it contains its own %s; link the shared BLAS instead",
			                   s->at[i].name);
	rho_elf_free(e);
	return r;
}

static int m7(struct rho_trial *t)
{
	struct rho_elf *e = read_elf(t);
	int r = RHO_CHECK_PASS;
	if (!e)
		return RHO_CHECK_SKIP;
	const struct rho_elf_symbol *init = rho_elf_find(&e->all, "_init");
	size_t own = 2; /* the compiler's own two, as far as a stripped file can tell */
	if (e->all.n)
		own = (rho_elf_find(&e->all, "frame_dummy") ? 1u : 0u) +
		      (rho_elf_find(&e->all, "__cpu_indicator_init") ? 1u : 0u);
	for (size_t i = 0; i < e->dynamic.n && !r; i++)
		if (starts(e->dynamic.at[i].name, "__asan_") || starts(e->dynamic.at[i].name, "__tsan_") ||
		    starts(e->dynamic.at[i].name, "__msan_"))
			r = rho_trial_skip(t, "a sanitizer build has constructors of its own");
	if (!r && e->init_array > own)
		r = rho_trial_fail(t, "%zu functions run when it is loaded; do that work in open",
		                   e->init_array - own);
	else if (!r && e->init && e->all.n && (!init || init->value != e->init))
		r = rho_trial_fail(
			t, "a function of its own runs as DT_INIT when it is loaded; do that work in open");
	rho_elf_free(e);
	return r;
}

static double cpu_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int m8(struct rho_trial *t)
{
	struct rho_raw r;
	double before = cpu_seconds();
	int e = rho_raw_read(t, &r);
	double took = 1000 * (cpu_seconds() - before);
	free(r.params);
	if (e)
		return e;
	if (t->in_process)
		return rho_trial_skip(t, "it was loaded before in this process");
	if (took > 100)
		return rho_trial_fail(t, "loading it and reading its constant took %.0f ms of processor time",
		                      took);
	return RHO_CHECK_PASS;
}

static int m9(struct rho_trial *t) { return rho_raw_judge(t, rho_raw_words); }

const struct rho_check rho_checks_module[] = {
	{ "M1", RHO_CHECK_ALL, "loads, every symbol it needs resolved", m1, 0 },
	{ "M2", RHO_CHECK_ALL, "exports rho_plugin and nothing else", m2, 0 },
	{ "M3", RHO_CHECK_ALL, "name, kind and file name agree", m3, 0 },
	{ "M4", RHO_CHECK_ALL, "versions and sizes are right, the registry takes it", m4, 0 },
	{ "M5", RHO_CHECK_ALL, "imports nothing that belongs to the host", m5, 0 },
	{ "M6", RHO_CHECK_ALL, "carries no BLAS of its own", m6, 0 },
	{ "M7", RHO_CHECK_ALL, "runs nothing when it is loaded", m7, 0 },
	{ "M8", RHO_CHECK_ALL, "can be read within 100 ms", m8, 0 },
	{ "M9", RHO_CHECK_ALL, "has a version, a brief and a help text for every parameter", m9, 0 },
	{ .id = NULL },
};
