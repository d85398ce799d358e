/* cmd_doctor.c: `rho doctor`: what this rho is made of, what machine it runs on, where it looks. */
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "../base/blas.h"
#include "../base/file.h"
#include "../command.h"
#include "../registry/module.h"
#include "../score/kernels.h"

static const char usage_text[] =
	"usage: rho doctor [--plugins DIR]...\n\n"
	"Says what this rho is made of, which folders it searches for plugins and how many it finds,\n"
	"what OpenBLAS says of itself, and what the machine is. Exit status 1 when something is amiss.\n";

/* The value behind "key" in a file of "key : value" lines such as /proc/cpuinfo; "" if none. */
static void proc_value(const char *file, const char *key, struct rho_buf *out)
{
	struct rho_buf text = { 0 }, why = { 0 };
	rho_buf_clear(out);
	rho_buf_str(out, "");
	if (!rho_file_read(file, 0, &text, &why) && text.at) {
		const char *at = strstr(text.at, key), *colon = at ? strchr(at, ':') : NULL;
		if (colon) {
			colon += 1 + strspn(colon + 1, " \t");
			rho_buf_add(out, colon, strcspn(colon, "\n"));
		}
	}
	rho_buf_free(&text);
	rho_buf_free(&why);
}

static void about_rho(void)
{
	struct utsname u;
	printf("rho          %s, plugin ABI %d.%d\n", RHO_VERSION, RHO_ABI_MAJOR, RHO_ABI_MINOR);
	printf("compiler     %s\n", RHO_COMPILER);
	printf("scoring      %s\n", rho_score_kernels_at(0)->name);
	if (!uname(&u))
		printf("system       %s %s %s\n", u.sysname, u.release, u.machine);
}

static void about_machine(void)
{
	struct rho_buf v = { 0 }, why = { 0 };
	proc_value("/proc/cpuinfo", "model name", &v);
	printf("processor    %s, %ld online\n", v.len ? v.at : "unknown", sysconf(_SC_NPROCESSORS_ONLN));
	proc_value("/proc/meminfo", "MemTotal", &v);
	printf("memory       %.1f GiB", strtod(v.at, NULL) / 1048576);
	proc_value("/proc/meminfo", "MemAvailable", &v);
	printf(", %.1f GiB available\n", strtod(v.at, NULL) / 1048576);
	rho_buf_clear(&v);
	if (!rho_file_read("/sys/fs/cgroup/memory.max", 64, &v, &why) && v.len && v.at[0] != 'm')
		printf("             %.1f GiB allowed to this group of processes\n",
		       strtod(v.at, NULL) / 1073741824);
	rho_buf_clear(&v);
	rho_buf_clear(&why);
	if (!rho_file_read("/sys/kernel/mm/transparent_hugepage/enabled", 256, &v, &why) && v.len) {
		char *on = strchr(v.at, '['), *end = on ? strchr(on, ']') : NULL;
		printf("huge pages   %.*s%s\n", end ? (int)(end - on - 1) : 0, end ? on + 1 : "",
		       end && !strncmp(on, "[never", 6)
		               ? ": large tables are read more slowly; echo madvise > "
		                 "/sys/kernel/mm/transparent_hugepage/enabled"
		               : "");
	}
	rho_buf_free(&v);
	rho_buf_free(&why);
}

/* One string from a function of the library, found by name; ISO C has no cast for it. */
static const char *ask_string(void *lib, const char *name)
{
	char *(*fn)(void);
	void *at = dlsym(lib, name);
	if (!at)
		return NULL;
	memcpy(&fn, &at, sizeof fn);
	return fn();
}

static int ask_int(void *lib, const char *name)
{
	int (*fn)(void);
	void *at = dlsym(lib, name);
	if (!at)
		return -1;
	memcpy(&fn, &at, sizeof fn);
	return fn();
}

static int about_blas(void)
{
	static const char *const how[] = { "no threads", "pthreads", "OpenMP" };
	void *lib = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
	const char *config = lib ? ask_string(lib, "openblas_get_config") : NULL;
	const char *core = lib ? ask_string(lib, "openblas_get_corename") : NULL;
	const char *better = rho_blas_coretype();
	int parallel = lib ? ask_int(lib, "openblas_get_parallel") : -1;
	if (!config) {
		printf("BLAS         libopenblas.so.0 cannot be loaded; plugins that need it will not run\n"
		       "             (Debian: apt-get install libopenblas0-pthread)\n");
		return 1;
	}
	printf("BLAS         %s\n", config);
	printf("             kernels %s, %s\n", core ? core : "unknown",
	       parallel >= 0 && parallel <= 2 ? how[parallel] : "threads unknown");
	if (better && core &&
	    (!strcmp(core, "Prescott") || !strcmp(core, "Core2") || !strcmp(core, "Nehalem")))
		printf("             this OpenBLAS does not know the processor and would use old, slow "
		       "kernels:\n"
		       "             export OPENBLAS_CORETYPE=%s where rho does not set it\n",
		       better);
	if (parallel == 0 && !strstr(config, "USE_LOCKING"))
		printf("             without threads and without locking: not safe when a plugin calls it "
		       "from\n"
		       "             several threads; install the pthread build\n");
	return 0;
}

static size_t count_in(DIR *dir)
{
	size_t n = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		char *name;
		n += rho_file_kind(e->d_name, &name) != 0;
		free(name);
	}
	return n;
}

static int about_plugins(const char *const *extra, size_t n_extra)
{
	struct rho_registry *r = rho_registry_new(extra, n_extra);
	const char *const *dirs;
	size_t n = rho_registry_dirs(r, &dirs), total = 0;
	for (size_t i = 0; i < n; i++) {
		DIR *dir = opendir(dirs[i]);
		size_t here = dir ? count_in(dir) : 0;
		printf("%s%s", i ? "             " : "plugins      ", dirs[i]);
		if (dir)
			printf(": %zu\n", here);
		else
			printf(": no such folder\n");
		total += here;
		if (dir)
			closedir(dir);
	}
	if (!total)
		printf("             no plugin anywhere: build them (meson compile), or name a folder with "
		       "--plugins or RHO_PLUGIN_PATH\n");
	rho_registry_free(r);
	return total ? 0 : 1;
}

int rho_cmd_doctor(int argc, char **argv)
{
	const char **dirs = rho_xcalloc((size_t)argc + 1, sizeof *dirs);
	size_t n = 0;
	int status = -1;
	for (int i = 1; i < argc && status < 0; i++) {
		if (!strcmp(argv[i], "--plugins") && i + 1 < argc) {
			dirs[n++] = argv[++i];
		} else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(usage_text, stdout);
			status = 0;
		} else {
			fprintf(stderr, "rho doctor: %s is not understood\n%s", argv[i], usage_text);
			status = 2;
		}
	}
	if (status < 0) {
		about_rho();
		about_machine();
		status = about_blas();
		status |= about_plugins(dirs, n);
	}
	free(dirs);
	return status;
}
