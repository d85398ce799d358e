/* override.c: `--set agent.alpha=0.5` as a patch on the experiment's tree. */
#include "experiment.h"

#include <stdlib.h>
#include <string.h>

/* Everything an override brings stands "in" the override. */
static void place(struct rho_toml *t, const char *name)
{
	for (; t; t = t->next) {
		t->where = t->key_where = (struct rho_where){ .file = name };
		place(t->child, name);
	}
}

/* The key alone, as TOML reads it: tables one inside the other around one integer. NULL with the
 * mistake told when it is not a dotted key. */
static struct rho_toml *parse_key(const char *key, size_t len, const char *name, struct rho_diags *d)
{
	struct rho_diags *aside = rho_diags_new();
	char *text = rho_xprintf("%.*s = 0\n", (int)len, key);
	struct rho_toml *t = memchr(key, '\n', len) ? NULL : rho_toml_parse(text, strlen(text), name, aside);
	const struct rho_toml *leaf = t;
	while (leaf && leaf->type == RHO_TOML_TABLE)
		leaf = leaf->n == 1 ? leaf->child : NULL;
	if (!leaf) {
		rho_diag(d, (struct rho_where){ .file = name },
		         "this is not a key; write --set TABLE.KEY=VALUE, "
		         "such as --set run.steps=1000");
		rho_toml_free(t);
		t = NULL;
	}
	rho_diags_free(aside);
	free(text);
	return t;
}

/* No blanks, quotes or brackets (but those of ${VAR}), no comment: what a shell passes as one word. */
static bool is_bare(const char *s)
{
	if (!*s || *s == '#')
		return false;
	for (; *s; s++) {
		const char *end = s[0] == '$' && s[1] == '{' ? strchr(s, '}') : NULL;
		if (end)
			s = end;
		else if ((unsigned char)*s <= ' ' || strchr("\"'[]{}", *s))
			return false;
	}
	return true;
}

/* A value is TOML, or a bare word, which stands for itself: --set run.name=short. */
static struct rho_toml *parse_value(const char *value, const char *name, struct rho_diags *d)
{
	struct rho_diags *aside = rho_diags_new();
	char *text = rho_xprintf("v = %s\n", value);
	struct rho_toml *t = rho_toml_parse(text, strlen(text), name, aside), *v = NULL;
	free(text);
	rho_diags_free(aside);
	if (t && t->n == 1) {
		v = t->child;
		t->child = NULL;
	} else if (*value && !value[strspn(value, "+-_.0123456789")]) {
		rho_diag(d, (struct rho_where){ .file = name },
		         "%s is not a number that TOML has: an integer is at "
		         "most 9223372036854775807, without zeros in front; a text of digits needs quotes",
		         value);
	} else if (is_bare(value)) {
		v = rho_xcalloc(1, sizeof *v);
		v->type = RHO_TOML_STRING;
		v->str = rho_xstrdup(value);
		v->str_len = strlen(value);
	} else {
		rho_diag(d, (struct rho_where){ .file = name },
		         "%s is neither a TOML value nor a bare word; "
		         "a text with spaces or brackets needs quotes, as in --set 'run.name=\"x\"'",
		         *value ? value : "nothing");
	}
	rho_toml_free(t);
	return v;
}

/* Puts value where the key's integer stands. */
static void graft(struct rho_toml *chain, struct rho_toml *value)
{
	struct rho_toml **at = &chain->child;
	while ((*at)->type == RHO_TOML_TABLE)
		at = &(*at)->child;
	free(value->key);
	value->key = (*at)->key;
	(*at)->key = NULL;
	rho_toml_free(*at);
	*at = value;
}

void rho_overrides_apply(struct rho_toml **root, const char *const *set, size_t n, char **names,
                         struct rho_diags *d)
{
	rho_overrides_apply_of("--set", root, set, n, names, d);
}

void rho_overrides_apply_of(const char *option, struct rho_toml **root, const char *const *set, size_t n,
                            char **names, struct rho_diags *d)
{
	for (size_t i = 0; i < n; i++) {
		const char *equals = strchr(set[i], '=');
		size_t len = equals ? (size_t)(equals - set[i]) : strlen(set[i]);
		names[i] = rho_xprintf("%s %.*s", option, (int)len, set[i]);
		if (!equals) {
			rho_diag(d, (struct rho_where){ .file = names[i] },
			         "there is no value; write %s %s=VALUE%s", option, len ? set[i] : "KEY",
			         len || strcmp(option, "--set") ? "" : ", such as --set agent.alpha=0.5");
			continue;
		}
		struct rho_toml *chain = parse_key(set[i], len, names[i], d);
		struct rho_toml *value = chain ? parse_value(equals + 1, names[i], d) : NULL;
		if (value) {
			graft(chain, value);
			place(chain, names[i]);
			struct rho_toml *merged = rho_toml_merge(*root, chain);
			rho_toml_free(*root);
			*root = merged;
		}
		rho_toml_free(chain);
	}
}
