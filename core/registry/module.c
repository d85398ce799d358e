/* module.c: opening a plugin module and finding it sound, before any code of it is called. */
#include <dlfcn.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <link.h>
#endif

#include "../base/file.h"
#include "internal.h"

/* What a kind's table must have, and how large this host's is. */
static const struct {
	size_t size;
	struct {
		const char *name;
		size_t at;
	} required[3];
} kinds[] = {
	[RHO_DATASET] = { sizeof(struct rho_dataset), { { "read", offsetof(struct rho_dataset, read) } } },
	[RHO_ENCODER] = { sizeof(struct rho_encoder),
	                  { { "open", offsetof(struct rho_encoder, open) },
	                    { "encode", offsetof(struct rho_encoder, encode) } } },
	[RHO_SAMPLER] = { sizeof(struct rho_sampler), { { "open", offsetof(struct rho_sampler, open) } } },
	[RHO_ENV] = { sizeof(struct rho_env),
	              { { "open", offsetof(struct rho_env, open) },
	                { "reset", offsetof(struct rho_env, reset) },
	                { "step", offsetof(struct rho_env, step) } } },
	[RHO_AGENT] = { sizeof(struct rho_agent), { { "act", offsetof(struct rho_agent, act) } } },
	[RHO_VERIFIER] = { sizeof(struct rho_verifier),
	                   { { "verify", offsetof(struct rho_verifier, verify) } } },
	[RHO_REPORTER] = { sizeof(struct rho_reporter),
	                   { { "open", offsetof(struct rho_reporter, open) },
	                     { "metrics", offsetof(struct rho_reporter, metrics) } } },
};

/* The part of struct rho_plugin that no version moves. */
enum { HEAD = offsetof(struct rho_plugin, kind) };

/* The least a 0.1 plugin can be. */
enum { LEAST = sizeof(struct rho_plugin), LEAST_TABLE = sizeof(uint32_t) };

/* Modules are never unloaded, so a path opened once stays what it was. */
static struct rho_module **opened;
static size_t n_opened;

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static int check_abi(const struct rho_plugin *raw, struct rho_buf *why)
{
	int major = raw->abi_major, minor = raw->abi_minor;
	if (raw->magic != RHO_MAGIC) {
		rho_buf_printf(
			why,
			"its rho_plugin does not begin with RHO_MAGIC (0x%08x, here 0x%08x): it is not "
			"a rho plugin, or RHO_PLUGIN(kind) is missing from the initialiser",
			RHO_MAGIC, raw->magic);
		return -1;
	}
	if (major != RHO_ABI_MAJOR || (RHO_ABI_MAJOR == 0 && minor != RHO_ABI_MINOR)) {
		rho_buf_printf(why,
		               "built for rho ABI %d.%d, this rho speaks %d.%d.\nRebuild it against this "
		               "rho's headers (pkg-config rho-plugin), or use a rho whose ABI is %d.%s",
		               major, minor, RHO_ABI_MAJOR, RHO_ABI_MINOR, major, major ? "x" : "");
		if (!major)
			rho_buf_printf(why, "%d (while the major is 0 every minor is its own)", minor);
		return -1;
	}
	if (minor > RHO_ABI_MINOR) {
		rho_buf_printf(why,
		               "built for rho ABI %d.%d, this rho speaks only %d.%d.\nUse a newer rho, or "
		               "rebuild it against this rho's headers (pkg-config rho-plugin)",
		               major, minor, RHO_ABI_MAJOR, RHO_ABI_MINOR);
		return -1;
	}
	return 0;
}

static int check_sizes(const struct rho_plugin *raw, size_t symbol, struct rho_buf *why)
{
	if (raw->size < LEAST || (symbol && raw->size > symbol)) {
		rho_buf_printf(why,
		               "its rho_plugin says it has %u bytes, but takes up %zu and needs at least %d; "
		               "let RHO_PLUGIN(kind) fill the size in",
		               raw->size, symbol, (int)LEAST);
		return -1;
	}
	if (raw->param_size < offsetof(struct rho_param, choices) || raw->param_size > 4096 ||
	    raw->param_size % _Alignof(struct rho_param)) {
		rho_buf_printf(
			why,
			"it says a struct rho_param has %u bytes, here it has %zu; let RHO_PLUGIN(kind) "
			"fill param_size in",
			raw->param_size, sizeof(struct rho_param));
		return -1;
	}
	return 0;
}

/* name, version, brief, and that they fit the file's name. */
static int check_names(const struct rho_plugin *p, const char *path, struct rho_buf *why)
{
	char *file_name;
	uint32_t file_kind = rho_file_kind(path, &file_name);
	int wrong = -1;
	if (!rho_kind_name(p->kind))
		rho_buf_printf(why,
		               "its kind is %u, which is none of dataset, encoder, sampler, env, agent, "
		               "verifier, reporter; write RHO_PLUGIN(RHO_AGENT) or another of enum rho_kind",
		               p->kind);
	else if (!p->name || !rho_name_valid(p->name))
		rho_buf_printf(
			why,
			"its name is %s%s%s; a name is made of a-z, 0-9 and _, starts with a letter, and "
			"has at most 64 characters",
			p->name ? "\"" : "", p->name ? p->name : "missing", p->name ? "\"" : "");
	else if (file_kind != p->kind || strcmp(file_name, p->name))
		rho_buf_printf(why,
		               "it says it is the %s \"%s\", so its file must be named %s-%s.so: rename the "
		               "file, or mend .name and the kind",
		               rho_kind_name(p->kind), p->name, rho_kind_name(p->kind), p->name);
	else if (!p->version || !*p->version)
		rho_buf_str(why, "it has no version; give one: .version = \"1.0.0\"");
	else if (!p->brief || !*p->brief)
		rho_buf_str(why, "it does not say what it is; give it a line: .brief = \"…\"");
	else
		wrong = 0;
	free(file_name);
	return wrong;
}

static int load_kind_table(struct rho_module *m, struct rho_buf *why)
{
	struct rho_plugin *p = &m->plugin;
	const char *kind = rho_kind_name(p->kind);
	uint32_t size;
	if (!p->table) {
		rho_buf_printf(why, "it has no table of functions; set .%s = &…", kind);
		return -1;
	}
	memcpy(&size, p->table, sizeof size);
	if (size < LEAST_TABLE || size > 65536) {
		rho_buf_printf(why,
		               "its struct rho_%s says it has %u bytes, here it has %zu; begin it with "
		               ".size = sizeof …",
		               kind, size, kinds[p->kind].size);
		return -1;
	}
	memcpy(&m->table, p->table, smaller(size, kinds[p->kind].size));
	p->table = &m->table;
	for (size_t i = 0; i < 3 && kinds[p->kind].required[i].name; i++) {
		void (*slot)(void);
		memcpy(&slot, (const char *)&m->table + kinds[p->kind].required[i].at, sizeof slot);
		if (!slot) {
			rho_buf_printf(why, "its struct rho_%s has no %s, which every %s needs", kind,
			               kinds[p->kind].required[i].name, kind);
			return -1;
		}
	}
	return 0;
}

size_t rho_symbol_size(const void *at)
{
#ifdef __GLIBC__
	Dl_info info;
	void *entry = NULL;
	if (dladdr1(at, &info, &entry, RTLD_DL_SYMENT) && entry && info.dli_saddr == at)
		return ((const ElfW(Sym) *)entry)->st_size;
#else
	(void)at;
#endif
	return 0;
}

static int examine(struct rho_module *m, const struct rho_plugin *raw, struct rho_buf *why)
{
	size_t symbol = rho_symbol_size(raw);
	if (symbol && symbol < HEAD) {
		rho_buf_printf(why,
		               "its rho_plugin takes up only %zu bytes; it must be a "
		               "const struct rho_plugin",
		               symbol);
		return -1;
	}
	if (check_abi(raw, why) || check_sizes(raw, symbol, why))
		return -1;
	memcpy(&m->plugin, raw, smaller(raw->size, sizeof m->plugin));
	if (check_names(&m->plugin, m->path, why) || load_kind_table(m, why))
		return -1;
	return rho_table_load(m, raw, why);
}

static void module_free(struct rho_module *m)
{
	free(m->params);
	free(m->path);
	free(m);
}

static char *absolute(const char *path)
{
	char *cwd = *path == '/' ? NULL : getcwd(NULL, 0), *whole;
	whole = cwd ? rho_xprintf("%s/%s", cwd, path) : rho_xstrdup(path);
	free(cwd);
	return whole;
}

const struct rho_module *rho_module_open(const char *path, struct rho_buf *why)
{
	struct rho_module *m = rho_xcalloc(1, sizeof *m);
	struct rho_buf rule = { 0 };
	const struct rho_plugin *raw = NULL;
	void *handle;
	m->path = absolute(path);
	for (size_t i = 0; i < n_opened; i++) {
		if (!strcmp(opened[i]->path, m->path)) {
			module_free(m);
			return opened[i];
		}
	}
	if (rho_image_check(m->path, why) || rho_load_rehearse(m->path, why)) {
		module_free(m);
		return NULL;
	}
	handle = dlopen(m->path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!handle)
		rho_buf_printf(&rule, "cannot be loaded: %s", dlerror());
	else if (!(raw = dlsym(handle, "rho_plugin")))
		rho_buf_str(&rule,
		            "it exports no rho_plugin; define RHO_EXPORT const struct rho_plugin rho_plugin");
	if (!raw || examine(m, raw, &rule)) {
		rho_buf_printf(why, "%s: %s", m->path, rule.at);
		rho_buf_free(&rule);
		module_free(m);
		return NULL;
	}
	opened = rho_xrealloc(opened, (n_opened + 1) * sizeof(*opened));
	opened[n_opened++] = m;
	return m;
}
