/* settings.c: [run], [compare] and [eval.NAME], each a table of keys with types and bounds. */
#include "settings.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../score/codes.h"

const char *const rho_log_kinds[] = { "none", "conditional", "marginal", NULL };
static const char *const designs[] = { "one-at-a-time", "factorial", NULL };

enum type { COUNT, SECONDS, NUMBER, BYTES, CHOICE, NAME, TEXT, SEEDS, STRINGS, FLAG, TABLE };
enum { REQUIRED = 1, CELL_ONLY = 2, FILE_ONLY = 4 }; /* which files a key stands in */

struct setting {
	const char *key, *help;
	enum type type;
	unsigned flags;
	size_t offset; /* into the struct filled; STRINGS and CHOICE of designs: see below */
	double lo, hi; /* inclusive */
	const char *const *choices;
};

#define RUN(field)     offsetof(struct rho_run_table, field)
#define COMPARE(field) offsetof(struct rho_compare_table, field)
#define EVAL(field)    offsetof(struct rho_eval_table, field)
#define MOST_COUNT     1e15 /* exact in a double */

static const struct setting run_keys[] = {
	{ "name", "names the results folder", NAME, REQUIRED | FILE_ONLY, RUN(name), 0, 0, NULL },
	{ "experiment", "the experiment this cell belongs to", NAME, REQUIRED | CELL_ONLY, RUN(name), 0, 0,
	  NULL },
	{ "arm", "the arm this cell belongs to", TEXT, REQUIRED | CELL_ONLY, RUN(arm), 0, 0, NULL },
	{ "id", "the cell's id", TEXT, REQUIRED | CELL_ONLY, RUN(id), 0, 0, NULL },
	{ "seed", "the cell's seed", COUNT, REQUIRED | CELL_ONLY, RUN(seed), 0, 0x1p63, NULL },
	{ "steps", "decisions a cell makes", COUNT, REQUIRED, RUN(run.steps), 1, MOST_COUNT, NULL },
	{ "seeds", "a list of seeds, or a number n, which means 1 to n", SEEDS, REQUIRED | FILE_ONLY,
	  RUN(seeds), 1, 100000, NULL },
	{ "lanes", "decisions taken side by side", COUNT, 0, RUN(run.lanes), 1, 65536, NULL },
	{ "every", "decisions between metric records; 0: a hundredth of the steps", COUNT, 0, RUN(run.every),
	  0, MOST_COUNT, NULL },
	{ "log", "which decisions to write down, with which propensity", CHOICE, 0, RUN(run.log), 0, 0,
	  rho_log_kinds },
	{ "checkpoint", "seconds between checkpoints", SECONDS, 0, RUN(run.checkpoint), 0, 1e9, NULL },
	{ "deadline", "seconds a cell may take; 0: no limit", SECONDS, 0, RUN(run.deadline), 0, 1e9, NULL },
	{ "memory", "plugin memory a cell may use; 0: no limit", BYTES, 0, RUN(run.memory), 0, 0x1p60, NULL },
	{ "threads", "threads of a cell", COUNT, 0, RUN(run.threads), 1, 1024, NULL },
	{ "scan", "bits in which a search for the best actions looks first", CHOICE, 0, RUN(run.scan), 0, 0,
	  rho_code_names },
	{ "fuse", "cells that share a process; 0: as many as make it faster, 1: none", COUNT, FILE_ONLY,
	  RUN(run.fuse), 0, 256, NULL },
};

static const struct setting compare_keys[] = {
	{ "design", "base and then each arm alone, or all combinations", CHOICE, 0, COMPARE(factorial), 0, 0,
	  designs },
	{ "baseline", "the arm all others are compared to", TEXT, 0, COMPARE(settings.baseline), 0, 0, NULL },
	{ "metric", "what is compared", TEXT, 0, COMPARE(settings.metric), 0, 0, NULL },
	{ "interval", "confidence of the intervals", NUMBER, 0, COMPARE(settings.interval), 0.5, 0.9999,
	  NULL },
	{ "window", "share of a run, at its end, that its score is the mean of", NUMBER, 0,
	  COMPARE(settings.window), 0.0001, 1, NULL },
	{ "resamples", "bootstrap resamples", COUNT, 0, COMPARE(settings.resamples), 100, 1e7, NULL },
	{ "skip", "combinations to leave out", STRINGS, 0, COMPARE(skip), 0, 0, NULL },
};

static const struct setting eval_keys[] = {
	{ "episodes", "episodes of each evaluation", COUNT, REQUIRED, EVAL(eval.episodes), 1, 1e7, NULL },
	{ "every", "decisions of training between evaluations; 0: only at the end", COUNT, 0,
	  EVAL(eval.every), 0, MOST_COUNT, NULL },
	{ "lanes", "episodes played side by side", COUNT, 0, EVAL(eval.lanes), 1, 65536, NULL },
	{ "first", "whether to evaluate before training, too", FLAG, 0, EVAL(eval.first), 0, 0, NULL },
	{ "greedy", "whether the agent is not to explore", FLAG, 0, EVAL(eval.greedy), 0, 0, NULL },
	{ "log", "whether to write a line an episode", FLAG, 0, EVAL(eval.log), 0, 0, NULL },
	{ "env", "parameters that differ from [env]", TABLE, 0, EVAL(env), 0, 0, NULL },
	{ "sampler", "parameters that differ from [sampler]", TABLE, 0, EVAL(sampler), 0, 0, NULL },
};

char *rho_quote_value(const char *table, const struct rho_toml *value)
{
	struct rho_buf b = { 0 };
	rho_buf_printf(&b, "%s%s%s = ", table, *table && value->key ? "." : "", value->key ? value->key : "");
	size_t from = b.len;
	rho_toml_print(value, &b);
	if (b.len - from > 60) {
		size_t cut = from + 57;
		while (cut > from && ((unsigned char)b.at[cut] & 0xc0) == 0x80)
			cut--; /* not within a character */
		b.len = cut;
		rho_buf_str(&b, "...");
	}
	return b.at;
}

void rho_unknown_key(struct rho_diags *diags, const struct rho_toml *key, const char *table,
                     const char *const *allowed, size_t n)
{
	const char *near = rho_nearest(key->key, allowed, n);
	struct rho_buf b = { 0 };
	if (*table)
		rho_buf_printf(&b, "%s.%s: [%s] has no such key", table, key->key, table);
	else
		rho_buf_printf(&b, "%s: an experiment file has no such key", key->key);
	if (near)
		rho_buf_printf(&b, "; did you mean %s?", near);
	else
		rho_buf_str(&b, "; it may hold");
	for (size_t i = 0, first = 1; !near && i < n; i++) {
		if (!allowed[i])
			continue;
		rho_buf_printf(&b, "%s %s", first ? "" : ",", allowed[i]);
		first = 0;
	}
	rho_diag(diags, key->key_where, "%s", b.at);
	rho_buf_free(&b);
}

static void bad(struct rho_diags *d, const char *table, const struct setting *s, const struct rho_toml *v,
                const char *wrong)
{
	char *quoted = rho_quote_value(table, v);
	rho_diag(d, v->where, "%s %s\n%s: %s", quoted, wrong, s->key, s->help);
	free(quoted);
}

static void bad_bounds(struct rho_diags *d, const char *table, const struct setting *s,
                       const struct rho_toml *v)
{
	char *wrong = rho_xprintf("is not within %.15g .. %.15g", s->lo, s->hi);
	bad(d, table, s, v, wrong);
	free(wrong);
}

static void bad_type(struct rho_diags *d, const char *table, const struct setting *s,
                     const struct rho_toml *v, const char *wanted)
{
	char *wrong = rho_xprintf("is %s; %s is wanted", rho_toml_type_name(v->type), wanted);
	bad(d, table, s, v, wrong);
	free(wrong);
}

static bool read_number(struct rho_diags *d, const char *table, const struct setting *s,
                        const struct rho_toml *v, double *out)
{
	double f = v->type == RHO_TOML_INTEGER ? (double)v->i : v->f;
	if (v->type != RHO_TOML_INTEGER && v->type != RHO_TOML_FLOAT)
		bad_type(d, table, s, v, "a number");
	else if (!(f >= s->lo && f <= s->hi))
		bad_bounds(d, table, s, v);
	else {
		*out = f;
		return true;
	}
	return false;
}

/* "4 GiB", "1.5 GB", "512" or an integer: bytes. */
static void read_bytes(struct rho_diags *d, const char *table, const struct setting *s,
                       const struct rho_toml *v, uint64_t *out)
{
	static const struct {
		const char *name;
		double bytes;
	} units[] = {
		{ "", 1 },         { "B", 1 },        { "kB", 1e3 },     { "KB", 1e3 },
		{ "MB", 1e6 },     { "GB", 1e9 },     { "TB", 1e12 },    { "KiB", 0x1p10 },
		{ "MiB", 0x1p20 }, { "GiB", 0x1p30 }, { "TiB", 0x1p40 },
	};
	double n;
	if (v->type != RHO_TOML_STRING) {
		if (v->type != RHO_TOML_INTEGER)
			bad_type(d, table, s, v, "a size such as \"4 GiB\" or a number of bytes");
		else if (read_number(d, table, s, v, &n))
			*out = (uint64_t)v->i;
		return;
	}
	size_t digits = strspn(v->str, "0123456789.");
	char *end, *number = rho_xstrdup(v->str);
	number[digits] = '\0';
	n = strtod(number, &end);
	const char *unit = v->str + digits;
	unit += strspn(unit, " ");
	for (size_t i = 0; i < sizeof units / sizeof *units && digits && !*end; i++) {
		if (strcmp(unit, units[i].name))
			continue;
		n *= units[i].bytes;
		if (n > s->hi)
			bad_bounds(d, table, s, v);
		else
			*out = (uint64_t)n;
		free(number);
		return;
	}
	free(number);
	bad(d, table, s, v, "is not a size; write a number and one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB");
}

static void read_choice(struct rho_diags *d, const char *table, const struct setting *s,
                        const struct rho_toml *v, uint32_t *out)
{
	struct rho_buf wrong = { 0 };
	size_t n = 0;
	if (v->type != RHO_TOML_STRING) {
		bad_type(d, table, s, v, "a string");
		return;
	}
	for (; s->choices[n]; n++)
		if (!strcmp(v->str, s->choices[n])) {
			*out = (uint32_t)n;
			return;
		}
	rho_buf_str(&wrong, "is not one of");
	for (size_t i = 0; i < n; i++)
		rho_buf_printf(&wrong, "%s \"%s\"", i ? "," : "", s->choices[i]);
	const char *near = rho_nearest(v->str, s->choices, n);
	if (near)
		rho_buf_printf(&wrong, "; did you mean \"%s\"?", near);
	bad(d, table, s, v, wrong.at);
	rho_buf_free(&wrong);
}

static bool is_name(const char *s)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char later[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	return *s && strchr(first, *s) && !s[strspn(s, later)] && strlen(s) <= 100;
}

static void read_text(struct rho_diags *d, const char *table, const struct setting *s,
                      const struct rho_toml *v, char **out)
{
	if (v->type != RHO_TOML_STRING) {
		bad_type(d, table, s, v, "a string");
	} else if (!*v->str) {
		bad(d, table, s, v, "is empty");
	} else if (s->type == NAME && !is_name(v->str)) {
		bad(d, table, s, v,
		    "cannot name a folder; use a-z, 0-9, '.', '_', '-', first a letter or "
		    "digit, at most 100");
	} else {
		free(*out);
		*out = rho_xstrdup(v->str);
	}
}

struct listed {
	int64_t seed;
	const struct rho_toml *at;
};

static int by_seed(const void *pa, const void *pb)
{
	const struct listed *a = pa, *b = pb;
	if (a->seed != b->seed)
		return a->seed < b->seed ? -1 : 1;
	if (a->at->where.line != b->at->where.line)
		return a->at->where.line < b->at->where.line ? -1 : 1;
	return (a->at->where.col > b->at->where.col) - (a->at->where.col < b->at->where.col);
}

static void read_seed_list(struct rho_diags *d, const struct setting *s, const struct rho_toml *v,
                           struct rho_run_table *t)
{
	struct listed *list = rho_xmalloc(v->n * sizeof *list);
	size_t n = 0;
	t->seeds = rho_xmalloc(v->n * sizeof *t->seeds);
	for (const struct rho_toml *k = v->child; k; k = k->next) {
		if (k->type != RHO_TOML_INTEGER) {
			bad_type(d, "run.seeds", s, k, "an integer, 0 or more,");
		} else if (k->i < 0) {
			bad(d, "run.seeds", s, k, "is negative; seeds are integers, 0 or more");
		} else {
			list[n] = (struct listed){ k->i, k };
			t->seeds[n++] = (uint64_t)k->i;
		}
	}
	t->n_seeds = n;
	if (n)
		qsort(list, n, sizeof *list, by_seed);
	for (size_t i = 1; i < n; i++)
		if (list[i].seed == list[i - 1].seed)
			rho_diag(d, list[i].at->where,
			         "run.seeds: %" PRId64 " stands twice; each seed is run "
			         "once",
			         list[i].seed);
	free(list);
}

static void read_seeds(struct rho_diags *d, const struct setting *s, const struct rho_toml *v,
                       struct rho_run_table *t)
{
	double n;
	if (v->type == RHO_TOML_INTEGER) {
		if (v->i == 0)
			bad(d, "run", s, v, "gives no cell to run; at least 1 seed is wanted, better 10");
		else if (read_number(d, "run", s, v, &n)) {
			t->n_seeds = (size_t)v->i;
			t->seeds = rho_xmalloc(t->n_seeds * sizeof *t->seeds);
			for (size_t i = 0; i < t->n_seeds; i++)
				t->seeds[i] = i + 1;
		}
	} else if (v->type != RHO_TOML_ARRAY) {
		bad_type(d, "run", s, v, "an integer or a list of integers");
	} else if (!v->n) {
		bad(d, "run", s, v, "gives no cell to run; at least 1 seed is wanted, better 10");
	} else if ((double)v->n > s->hi) {
		rho_diag(d, v->where, "run.seeds has %zu seeds; at most %.0f are allowed", v->n, s->hi);
	} else {
		read_seed_list(d, s, v, t);
	}
}

static void read_strings(struct rho_diags *d, const char *table, const struct setting *s,
                         const struct rho_toml *v, const struct rho_toml **out)
{
	bool fine = v->type == RHO_TOML_ARRAY;
	if (!fine)
		bad_type(d, table, s, v, "a list of strings");
	for (const struct rho_toml *k = v->child; fine && k; k = k->next)
		if (k->type != RHO_TOML_STRING) {
			bad_type(d, table, s, v, "a list of strings");
			fine = false;
		}
	if (fine)
		*out = v;
}

static void read_setting(struct rho_diags *d, const char *table, const struct setting *s,
                         const struct rho_toml *v, void *base)
{
	void *at = (char *)base + s->offset;
	double f;
	switch (s->type) {
	case COUNT:
		if (v->type != RHO_TOML_INTEGER)
			bad_type(d, table, s, v, "an integer");
		else if (read_number(d, table, s, v, &f))
			*(uint64_t *)at = (uint64_t)v->i;
		break;
	case SECONDS:
	case NUMBER: read_number(d, table, s, v, at); break;
	case BYTES: read_bytes(d, table, s, v, at); break;
	case CHOICE: read_choice(d, table, s, v, at); break;
	case NAME:
	case TEXT: read_text(d, table, s, v, at); break;
	case SEEDS: read_seeds(d, s, v, base); break;
	case STRINGS: read_strings(d, table, s, v, at); break;
	case FLAG:
		if (v->type != RHO_TOML_BOOLEAN)
			bad_type(d, table, s, v, "true or false");
		else
			*(bool *)at = v->b;
		break;
	case TABLE:
		if (v->type != RHO_TOML_TABLE)
			bad_type(d, table, s, v, "a table");
		else
			*(const struct rho_toml **)at = v;
		break;
	}
}

/* Reads a table into base; keys with a flag in `hidden` are not among its own. */
static void read_keys(const struct rho_toml *table, const char *name, const struct setting *keys, size_t n,
                      unsigned hidden, struct rho_where missing, void *base, struct rho_diags *d)
{
	const char *allowed[32];
	for (size_t i = 0; i < n; i++)
		allowed[i] = keys[i].flags & hidden ? NULL : keys[i].key;
	if (table && table->type != RHO_TOML_TABLE) {
		rho_diag(d, table->where, "%s is %s; a table, [%s], is wanted", name,
		         rho_toml_type_name(table->type), name);
		return;
	}
	for (const struct rho_toml *v = table ? table->child : NULL; v; v = v->next) {
		size_t i = 0;
		while (i < n && !(allowed[i] && !strcmp(allowed[i], v->key)))
			i++;
		if (i < n)
			read_setting(d, name, &keys[i], v, base);
		else
			rho_unknown_key(d, v, name, allowed, n);
	}
	for (size_t i = 0; i < n; i++)
		if (allowed[i] && keys[i].flags & REQUIRED && !rho_toml_get(table, keys[i].key))
			rho_diag(d, table ? table->where : missing, "%s.%s is missing: %s", name, keys[i].key,
			         keys[i].help);
}

/* The same of table `name` of root. */
static void read_table(const struct rho_toml *root, const char *name, const struct setting *keys, size_t n,
                       unsigned hidden, struct rho_where missing, void *base, struct rho_diags *d)
{
	read_keys(rho_toml_get(root, name), name, keys, n, hidden, missing, base, d);
}

void rho_run_table_read(const struct rho_toml *root, bool cell, struct rho_where where,
                        struct rho_run_table *t, struct rho_diags *d)
{
	const struct rho_toml *table = rho_toml_get(root, "run");
	const struct rho_toml *lanes = rho_toml_get(table, "lanes");
	*t = (struct rho_run_table){ .run = { .lanes = 1, .checkpoint = 10, .threads = 1 } };
	read_table(root, "run", run_keys, sizeof run_keys / sizeof *run_keys, cell ? FILE_ONLY : CELL_ONLY,
	           where, t, d);
	uint64_t over = t->run.steps % t->run.lanes;
	if (over)
		rho_diag(d, lanes ? lanes->where : where,
		         "run.steps = %" PRIu64 " is not a multiple of "
		         "run.lanes = %" PRIu64 "; all lanes decide together, so make it %" PRIu64,
		         t->run.steps, t->run.lanes, t->run.steps - over + t->run.lanes);
	if (!t->run.every)
		t->run.every = t->run.steps >= 100 ? t->run.steps / 100 : 1;
	if (t->run.every > t->run.steps)
		t->run.every = t->run.steps;
}

void rho_run_table_free(struct rho_run_table *t)
{
	free(t->name);
	free(t->arm);
	free(t->id);
	free(t->seeds);
	*t = (struct rho_run_table){ 0 };
}

void rho_compare_table_read(const struct rho_toml *root, struct rho_compare_table *t, struct rho_diags *d)
{
	const struct rho_toml *table = rho_toml_get(root, "compare");
	*t = (struct rho_compare_table){ .settings = { .metric = rho_xstrdup("reward"),
		                                       .interval = 0.95,
		                                       .window = 0.2,
		                                       .resamples = 50000 } };
	read_table(root, "compare", compare_keys, sizeof compare_keys / sizeof *compare_keys, 0,
	           (struct rho_where){ 0 }, t, d);
	t->baseline = rho_toml_get(table, "baseline");
	t->design = rho_toml_get(table, "design");
}

void rho_eval_table_read(const struct rho_toml *t, const char *label, struct rho_eval_table *out,
                         struct rho_diags *d)
{
	*out = (struct rho_eval_table){ .eval.greedy = true };
	read_keys(t, label, eval_keys, sizeof eval_keys / sizeof *eval_keys, 0, t->where, out, d);
}
