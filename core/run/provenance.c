/* provenance.c: what a cell was made with: modules, libraries, machine. */
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../base/digest.h"
#include "../base/file.h"
#include "out.h"
#include "provenance.h"

static void put(struct rho_buf *b, const char *key, const char *value)
{
	rho_buf_printf(b, ",\n  \"%s\": ", key);
	if (value)
		rho_put_json_str(b, value, strlen(value));
	else
		rho_buf_str(b, "null");
}

static int put_module(struct rho_buf *b, const struct rho_module *m, bool *first, struct rho_buf *why)
{
	char hex[65];
	if (rho_sha256_file(m->path, hex, why))
		return -1;
	rho_buf_printf(b, "%s\n    {\"kind\": \"%s\", \"name\": \"%s\", \"version\": ", *first ? "" : ",",
	               rho_kind_name(m->plugin.kind), m->plugin.name);
	rho_put_json_str(b, m->plugin.version ? m->plugin.version : "",
	                 m->plugin.version ? strlen(m->plugin.version) : 0);
	rho_buf_str(b, ", \"path\": ");
	rho_put_json_str(b, m->path, strlen(m->path));
	rho_buf_printf(b, ", \"sha256\": \"%s\"}", hex);
	*first = false;
	return 0;
}

static int put_parts(struct rho_buf *b, const struct rho_instance *i, bool *first, struct rho_buf *why)
{
	for (size_t k = 0; i && k < i->n_parts; k++)
		if (put_module(b, i->parts[k]->module, first, why) || put_parts(b, i->parts[k], first, why))
			return -1;
	return 0;
}

static int put_modules(struct rho_buf *b, const struct rho_cell_spec *spec, const struct rho_stage *s,
                       struct rho_buf *why)
{
	bool first = true;
	rho_buf_str(b, ",\n  \"modules\": [");
	for (uint32_t k = 0; k < RHO_N_ROLES; k++)
		if (spec->role[k].module && put_module(b, spec->role[k].module, &first, why))
			return -1;
	for (size_t k = 0; k < spec->n_reports; k++)
		if (put_module(b, spec->report[k].module, &first, why))
			return -1;
	if (put_parts(b, s->env, &first, why) || put_parts(b, s->sampler, &first, why) ||
	    put_parts(b, s->agent, &first, why))
		return -1;
	rho_buf_str(b, "\n  ]");
	return 0;
}

static int is_openblas(struct dl_phdr_info *info, size_t size, void *found)
{
	(void)size;
	if (!info->dlpi_name || !strstr(info->dlpi_name, "openblas"))
		return 0;
	*(void **)found = dlopen(info->dlpi_name, RTLD_NOW | RTLD_NOLOAD);
	return *(void **)found != NULL;
}

/* OpenBLAS's own description and the kernels it chose, where a module of this cell has brought it
 * along; else NULL. */
static char *blas(void)
{
	static const char *const asked[] = { "openblas_get_config", "openblas_get_corename" };
	char *(*answer)(void);
	struct rho_buf b = { 0 };
	void *lib = NULL;
	if (!dl_iterate_phdr(is_openblas, &lib))
		return NULL;
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		void *symbol = dlsym(lib, asked[i]);
		memcpy(&answer, &symbol, sizeof answer);
		if (symbol)
			rho_buf_printf(&b, "%s%s", i ? "; kernels: " : "", answer());
	}
	return b.at;
}

/* "model name" of /proc/cpuinfo; the machine's architecture where there is none. */
static char *cpu(const struct utsname *un)
{
	char line[512], *name = NULL;
	FILE *f = fopen("/proc/cpuinfo", "re");
	while (f && !name && fgets(line, sizeof line, f)) {
		char *colon = strchr(line, ':');
		if (!strncmp(line, "model name", 10) && colon) {
			colon[strcspn(colon, "\n")] = 0;
			name = rho_xstrdup(colon + 1 + strspn(colon + 1, " "));
		}
	}
	if (f)
		fclose(f);
	return name ? name : rho_xstrdup(un->machine);
}

static void put_machine(struct rho_buf *b)
{
	struct utsname un = { 0 };
	struct sysinfo si = { 0 };
	char *model, *kernel, *library = blas(), date[40];
	time_t now = time(NULL);
	struct tm tm;
	uname(&un);
	sysinfo(&si);
	model = cpu(&un);
	kernel = rho_xprintf("%s %s", un.sysname, un.release);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	put(b, "blas", library);
	put(b, "cpu", model);
	put(b, "kernel", kernel);
	put(b, "started", date);
	rho_buf_printf(b, ",\n  \"cpus\": %ld,\n  \"memory\": %llu", sysconf(_SC_NPROCESSORS_ONLN),
	               (unsigned long long)si.totalram * si.mem_unit);
	free(library);
	free(model);
	free(kernel);
}

int rho_provenance_write(const char *dir, const struct rho_cell_spec *spec, const struct rho_stage *s,
                         struct rho_buf *why)
{
	struct rho_buf b = { 0 };
	char *path = rho_xprintf("%s/provenance.json", dir), exe[4096], hex[65];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	int e = n < 0 ? -1 : 0;
	rho_buf_str(&b, "{\n  \"rho\": \"" RHO_VERSION "\"");
	put(&b, "compiler", RHO_COMPILER);
	if (!e) {
		exe[n] = 0;
		e = rho_sha256_file(exe, hex, why);
	}
	if (!e) {
		put(&b, "program", exe);
		put(&b, "program_sha256", hex);
		rho_buf_printf(&b, ",\n  \"threads\": %llu", (unsigned long long)spec->run.threads);
		put_machine(&b);
		e = put_modules(&b, spec, s, why);
	}
	rho_buf_str(&b, "\n}\n");
	if (!e)
		e = rho_file_write(path, b.at, b.len, why);
	rho_buf_free(&b);
	free(path);
	return e;
}
