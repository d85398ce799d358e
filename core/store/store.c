/* store.c: the store's folder, the keys of what is in it, and datasets' tables. */
#include "store_impl.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/file.h"
#include "tables_impl.h"

struct rho_store *rho_store_open(const char *dir, struct rho_buf *why)
{
	if (rho_mkdirs(dir, why))
		return NULL;
	struct rho_store *s = rho_xcalloc(1, sizeof *s);
	s->dir = rho_xstrdup(dir);
	return s;
}

void rho_store_close(struct rho_store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_verified; i++)
		free(s->verified[i]);
	free(s->verified);
	free(s->dir);
	free(s);
}

bool rho_store_unwritable(const struct rho_store *s) { return s->unwritable; }

char *store_path(const struct rho_store *s, const char *key, const char *suffix)
{
	return rho_xprintf("%s/%s%s", s->dir, key, suffix);
}

bool store_verified(const struct rho_store *s, const char *path)
{
	for (size_t i = 0; i < s->n_verified; i++)
		if (!strcmp(s->verified[i], path))
			return true;
	return false;
}

void store_note_verified(struct rho_store *s, const char *path)
{
	if (store_verified(s, path))
		return;
	s->verified = rho_xrealloc(s->verified, (s->n_verified + 1) * sizeof *s->verified);
	s->verified[s->n_verified++] = rho_xstrdup(path);
}

void store_warn_damaged(const char *what) { fprintf(stderr, "rho: warning: %s; making it again\n", what); }

/* Whoever makes KEY holds its lock, so temporary files of it that are there now have no maker. */
static void sweep(const struct rho_store *s, const char *key)
{
	DIR *d = opendir(s->dir);
	if (!d)
		return;
	size_t len = strlen(key);
	for (struct dirent *e; (e = readdir(d));)
		if (!strncmp(e->d_name, key, len) && strstr(e->d_name + len, ".tmp."))
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
}

int store_lock(const struct rho_store *s, const char *key, struct rho_buf *why)
{
	char *path = store_path(s, key, ".lock");
	int fd = rho_lock(path, why);
	free(path);
	if (fd >= 0)
		sweep(s, key);
	return fd;
}

/* ---- identity ---- */

static int path_identity(const struct rho_store *s, const struct rho_param *p, const char *path,
                         struct rho_buf *out, struct rho_buf *why)
{
	struct rho_digest digest;
	char hex[33];
	rho_buf_printf(why, "%s: ", p->name);
	if (s ? store_digest_path(s, path, &digest, why) : rho_digest_path(path, &digest, why))
		return -1;
	rho_buf_clear(why);
	rho_digest_hex(digest, hex);
	rho_buf_printf(out, "contents of %s = %s\n", p->name, hex);
	return 0;
}

static int identity(const struct rho_store *, struct rho_registry *, const struct rho_module *,
                    const struct rho_toml *resolved, struct rho_buf *out, struct rho_buf *why);

static int part_identity(const struct rho_store *s, struct rho_registry *r, const struct rho_param *p,
                         const struct rho_toml *part, struct rho_buf *out, struct rho_buf *why)
{
	const struct rho_toml *use = rho_toml_get(part, "use");
	if (!use || use->type != RHO_TOML_STRING)
		return 0; /* none is named */
	const struct rho_module *m = rho_module_get(r, p->kind, use->str, why);
	return m ? identity(s, r, m, part, out, why) : -1;
}

/* Versions and contents of the module and of its parts, in the order of their parameters. */
static int identity(const struct rho_store *s, struct rho_registry *r, const struct rho_module *m,
                    const struct rho_toml *resolved, struct rho_buf *out, struct rho_buf *why)
{
	rho_buf_printf(out, "%s %s %s\n", rho_kind_name(m->plugin.kind), m->plugin.name, m->plugin.version);
	int rc = 0;
	for (size_t i = 0; !rc && i < m->n_params; i++) {
		const struct rho_param *p = &m->params[i];
		const struct rho_toml *value = rho_toml_get(resolved, p->name);
		if (!value || p->flags & RHO_SPEED)
			continue;
		if (p->type == RHO_T_PATH && value->type == RHO_TOML_STRING && *value->str)
			rc = path_identity(s, p, value->str, out, why);
		else if (p->type == RHO_T_PART)
			rc = part_identity(s, r, p, value, out, why);
	}
	return rc;
}

int rho_store_identity(const struct rho_store *s, struct rho_registry *r, const struct rho_module *m,
                       const struct rho_toml *table, struct rho_buf *out, struct rho_buf *why)
{
	struct rho_buf text = { 0 }, inner = { 0 };
	struct rho_diags *diags = rho_diags_new();
	/* The full canonical text is TOML with every path absolute: where to look for contents. */
	rho_params_canonical(r, m, table, false, &text);
	struct rho_toml *resolved = rho_toml_parse(text.at, text.len, "parameters", diags);
	int rc = -1;
	if (resolved)
		rc = identity(s, r, m, resolved, out, &inner);
	else
		rho_buf_str(&inner, "the resolved parameters do not read back as TOML");
	if (rc)
		rho_buf_printf(why, "%s %s: %s", rho_kind_name(m->plugin.kind), m->plugin.name, inner.at);
	rho_params_canonical(r, m, table, true, out);
	rho_toml_free(resolved);
	rho_diags_free(diags);
	rho_buf_free(&text);
	rho_buf_free(&inner);
	return rc;
}

/* ---- tables ---- */

/* The stored tables, or NULL; `damage` says what is wrong with a file that is there. */
static struct rho_tables *look(struct rho_store *s, const char *path, struct rho_buf *damage)
{
	rho_buf_clear(damage);
	if (access(path, F_OK) && errno == ENOENT)
		return NULL;
	struct rho_tables *t = rho_tables_map(path, damage);
	if (!t || store_verified(s, path))
		return t;
	struct rho_buf what = { 0 };
	if (tables_verify(t, &what)) {
		rho_buf_printf(damage, "%s is damaged: %s", path, what.at);
		rho_tables_free(t);
		t = NULL;
	} else {
		store_note_verified(s, path);
	}
	rho_buf_free(&what);
	return t;
}

/* Has the plugin fill new tables. */
static struct rho_tables *read_tables(struct rho_world *w, const struct rho_module *m,
                                      const struct rho_toml *table, struct rho_buf *why)
{
	struct rho_instance *inst = rho_instance_new(w, m, table, 0, why);
	if (!inst)
		return NULL;
	struct rho_tables *t = rho_tables_new();
	rho_call_begin(inst, "read", 0, true);
	int code = m->table.dataset.read(&inst->ctx, inst->self, rho_tables_sink(t));
	const char *refused = rho_tables_error(t);
	bool silent = code && !inst->error.len;
	if (silent && refused) /* the plugin passed the sink's refusal on */
		rho_fail(&inst->ctx, code, "%s", refused);
	code = rho_call_end(inst, code, why);
	if (code && !silent && refused)
		rho_buf_printf(why, "\n  %s", refused);
	if (!code) {
		struct rho_buf what = { 0 };
		code = rho_tables_finish(t, m->table.dataset.tables, &what);
		if (code)
			rho_buf_printf(why, "%s: %s", inst->label, what.at);
		rho_buf_free(&what);
	}
	rho_instance_free(inst);
	if (code) {
		rho_tables_free(t);
		return NULL;
	}
	return t;
}

/* Reads, saves, and maps what was saved, so that every process sees the same bytes. */
static struct rho_tables *make_tables(struct rho_store *s, struct rho_world *w, const struct rho_module *m,
                                      const struct rho_toml *table, const char *path, struct rho_buf *why)
{
	struct rho_tables *t = read_tables(w, m, table, why);
	if (!t)
		return NULL;
	int rc = rho_tables_save(t, path, why);
	rho_tables_free(t);
	if (rc) {
		s->unwritable = true;
		return NULL;
	}
	t = rho_tables_map(path, why);
	if (t)
		store_note_verified(s, path);
	return t;
}

struct rho_tables *rho_store_tables(struct rho_store *s, struct rho_world *w,
                                    const struct rho_module *dataset, const struct rho_toml *table,
                                    char key[33], struct rho_buf *why)
{
	struct rho_buf text = { 0 }, damage = { 0 };
	rho_buf_str(&text, "rho tables 1\n");
	if (rho_store_identity(s, w->registry, dataset, table, &text, why)) {
		rho_buf_free(&text);
		return NULL;
	}
	rho_digest_hex(rho_digest_bytes(text.at, text.len), key);
	rho_buf_free(&text);
	char *path = store_path(s, key, ".tables");
	struct rho_tables *t = look(s, path, &damage);
	if (!t) {
		int lock = store_lock(s, key, why);
		s->unwritable = s->unwritable || lock < 0;
		if (lock >= 0) {
			t = look(s, path, &damage); /* another process may have made it meanwhile */
			if (!t && damage.len)
				store_warn_damaged(damage.at);
			if (!t)
				t = make_tables(s, w, dataset, table, path, why);
			close(lock);
		}
	}
	free(path);
	rho_buf_free(&damage);
	return t;
}
