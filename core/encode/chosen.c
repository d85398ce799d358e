/* chosen.c: --encoder, --set, --config and --transform as one [encoder] table. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../command.h"
#include "../config/experiment.h"
#include "chosen.h"

enum { MOST_THREADS = 1024 };

void rho_chosen_init(struct rho_chosen *c, const char *command, int argc)
{
	size_t room = (size_t)argc + 1;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	*c = (struct rho_chosen){ .command = command,
		                  .threads = cpus > 0 ? (unsigned)cpus : 1,
		                  .log_level = RHO_INFO };
	c->set = rho_xcalloc(3 * room, sizeof *c->set);
	c->step = c->set + room;
	c->dir = c->step + room;
}

void rho_chosen_free(struct rho_chosen *c)
{
	rho_role_free(&c->role);
	rho_toml_free(c->root);
	for (size_t i = 0; c->kept && i < c->n_set; i++)
		free(c->kept[i]);
	free(c->kept);
	rho_registry_free(c->registry);
	free(c->set);
}

bool rho_chosen_value(const struct rho_chosen *c, const char *option, const char *value)
{
	if (*value)
		return true;
	fprintf(stderr, "%s: %s wants a value; see %s --help\n", c->command, option, c->command);
	return false;
}

static int take_threads(struct rho_chosen *c, const char *value)
{
	char *end;
	errno = 0;
	long n = strtol(value, &end, 10);
	if (errno || *end || n < 1 || n > MOST_THREADS) {
		fprintf(stderr, "%s: --threads %s is not a number within 1 .. %d\n", c->command, value,
		        MOST_THREADS);
		return -1;
	}
	c->threads = (unsigned)n;
	return 1;
}

int rho_chosen_option(struct rho_chosen *c, int argc, char **argv, int *i)
{
	static const char *const names[] = { RHO_CHOSEN_OPTIONS };
	for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
		const char *v = rho_option_value(names[k], argc, argv, i);
		if (!v)
			continue;
		if (!rho_chosen_value(c, names[k], v))
			return -1;
		switch (names[k][2]) {
		case 'e': c->encoder = v; break;
		case 's': c->set[c->n_set++] = v; break;
		case 'c': c->config = v; break;
		case 'p': c->dir[c->n_dir++] = v; break;
		default:
			if (!strcmp(names[k], "--threads"))
				return take_threads(c, v);
			c->step[c->n_step++] = v;
		}
		return 1;
	}
	return 0;
}

static struct rho_toml *node(uint32_t type, const char *key, const char *option)
{
	struct rho_toml *t = rho_xcalloc(1, sizeof *t);
	t->type = type;
	t->key = key ? rho_xstrdup(key) : NULL;
	t->where = t->key_where = (struct rho_where){ .file = option };
	return t;
}

static struct rho_toml *string(const char *key, const char *text, const char *option)
{
	struct rho_toml *t = node(RHO_TOML_STRING, key, option);
	t->str = rho_xstrdup(text);
	t->str_len = strlen(text);
	return t;
}

/* Merges a table of one entry into *table; takes the entry. */
static void patch(struct rho_toml **table, struct rho_toml *entry)
{
	struct rho_toml *one = node(RHO_TOML_TABLE, NULL, entry->where.file), *merged;
	one->child = entry;
	one->n = 1;
	merged = rho_toml_merge(*table, one);
	rho_toml_free(*table);
	rho_toml_free(one);
	*table = merged;
}

static struct rho_toml *steps(const struct rho_chosen *c)
{
	struct rho_toml *list = node(RHO_TOML_ARRAY, "transform", "--transform"), **at = &list->child;
	for (size_t i = 0; i < c->n_step; i++, at = &(*at)->next)
		*at = string(NULL, c->step[i], "--transform");
	list->n = c->n_step;
	return list;
}

/* The table of --config, or an empty one; NULL with the mistake in d. */
static struct rho_toml *begin(struct rho_chosen *c, struct rho_diags *d)
{
	const struct rho_toml *table;
	if (!c->config)
		return node(RHO_TOML_TABLE, NULL, "--encoder");
	c->root = rho_toml_read(c->config, d);
	table = rho_toml_get(c->root, "encoder");
	if (c->root && (!table || table->type != RHO_TOML_TABLE))
		rho_diag(d, (struct rho_where){ .file = c->config }, "there is no table [encoder] in it");
	return rho_diags_errors(d) ? NULL : rho_toml_copy(table);
}

static void which_encoder(const struct rho_chosen *c, struct rho_diags *d)
{
	char **names;
	struct rho_buf text = { 0 };
	size_t n = rho_registry_names(c->registry, RHO_ENCODER, &names);
	for (size_t i = 0; i < n; i++)
		rho_buf_printf(&text, "%s%s", i ? ", " : "; there are ", names[i]);
	rho_diag(d, (struct rho_where){ .file = c->command }, "which encoder? write --encoder NAME%s",
	         text.at ? text.at : "; none is installed, see rho doctor");
	rho_buf_free(&text);
	rho_names_free(names, n);
}

int rho_chosen_open(struct rho_chosen *c)
{
	struct rho_diags *d = rho_diags_new();
	c->registry = rho_registry_new(c->dir, c->n_dir);
	c->kept = rho_xcalloc(c->n_set + 1, sizeof *c->kept);
	struct rho_toml *table = begin(c, d);
	if (table && c->encoder)
		patch(&table, string("use", c->encoder, "--encoder"));
	if (table)
		rho_overrides_apply(&table, c->set, c->n_set, c->kept, d);
	if (table && c->n_step)
		patch(&table, steps(c));
	if (table && !rho_toml_get(table, "use"))
		which_encoder(c, d);
	else if (table && !rho_diags_errors(d))
		rho_role_read(c->registry, RHO_ENCODER, "encoder", table, table->where, &c->role, d);
	rho_diags_print(d, stderr);
	int status = rho_diags_errors(d) ? 2 : 0;
	rho_diags_free(d);
	rho_toml_free(table);
	return status;
}
