/* dataset.c: D checks: what a dataset puts into a sink of the kit's own, which refuses nothing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/digest.h"
#include "../store/tables.h"
#include "play.h"

enum { MOST_COLUMNS = 256, MOST_ROWS = 2000000, FEW_ROWS = 5000 };

struct seen_column {
	char name[64];
	struct rho_column_spec spec;
	uint32_t row_max; /* ROW: the largest */
	size_t not_finite, bad_prob, bad_utf8;
};

struct seen_table {
	bool declared;
	size_t n_columns, n;
	struct seen_column column[MOST_COLUMNS];
};

struct recorder { /* the sink is first: a sink is cast back to its recorder */
	struct rho_sink sink;
	struct seen_table table[RHO_N_TABLES];
	struct rho_hasher *hasher;
	struct rho_digest digest;     /* of all that was handed over, once read is done */
	char wrong[200];              /* the first thing that breaks the sink's own rules */
	size_t rows, limit;           /* rows after which add refuses */
	const volatile int *stopping; /* add refuses once it is set; NULL: never */
	size_t after;                 /* calls that came after a refusal */
	bool refused;
};

static void note(struct recorder *k, const char *fmt, const char *name)
{
	if (!k->wrong[0])
		snprintf(k->wrong, sizeof k->wrong, fmt, name);
}

static const char *const table_names[] = { "actions", "contexts", "links", "log" };

static int record_columns(struct rho_sink *sink, uint32_t table, const struct rho_column_spec *spec, size_t n)
{
	struct recorder *k = (struct recorder *)sink;
	if (table >= RHO_N_TABLES || !n || n > MOST_COLUMNS || k->table[table].declared) {
		note(k, "columns is called for no table, twice for one, or with no columns: %s",
		     table < RHO_N_TABLES ? table_names[table] : "?");
		return RHO_EINVAL;
	}
	struct seen_table *t = &k->table[table];
	for (size_t i = 0; i < n; i++) {
		struct seen_column *c = &t->column[i];
		if (!spec[i].name || !*spec[i].name || strlen(spec[i].name) >= sizeof c->name) {
			note(k, "a column of %s has no name, or one too long", table_names[table]);
			return RHO_EINVAL;
		}
		strcpy(c->name, spec[i].name);
		c->spec = spec[i];
		c->spec.name = c->name;
		rho_hasher_put(k->hasher, c->name, strlen(c->name) + 1);
		rho_hasher_put(k->hasher, &c->spec.type, sizeof c->spec.type);
	}
	t->n_columns = n;
	t->declared = true;
	return 0;
}

/* Whether n bytes are UTF-8: no surrogates, no overlong forms, nothing above U+10FFFF. */
static bool is_utf8(const char *at, size_t n)
{
	const unsigned char *s = (const unsigned char *)at;
	for (size_t i = 0; i < n;) {
		unsigned c = s[i], extra = c < 0x80       ? 0
		                           : c >> 5 == 6  ? 1
		                           : c >> 4 == 14 ? 2
		                           : c >> 3 == 30 ? 3
		                                          : 9;
		unsigned v = extra ? c & (0x3fu >> extra) : c;
		if (extra > n - i - 1)
			return false;
		for (unsigned j = 1; j <= extra; j++) {
			if (s[i + j] >> 6 != 2)
				return false;
			v = v << 6 | (s[i + j] & 0x3fu);
		}
		static const unsigned least[] = { 0, 0x80, 0x800, 0x10000 };
		if (v < least[extra] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
			return false;
		i += extra + 1;
	}
	return true;
}

static void record_value(struct recorder *k, struct seen_column *c, union rho_value v)
{
	switch (c->spec.type) {
	case RHO_COL_I64: rho_hasher_put(k->hasher, &v.i, sizeof v.i); break;
	case RHO_COL_F64:
		c->not_finite += isfinite(v.f) ? 0 : 1;
		c->bad_prob += !(v.f > 0 && v.f <= 1);
		rho_hasher_put(k->hasher, &v.f, sizeof v.f);
		break;
	case RHO_COL_ROW:
		c->row_max = v.row > c->row_max ? v.row : c->row_max;
		rho_hasher_put(k->hasher, &v.row, sizeof v.row);
		break;
	case RHO_COL_STR:
	case RHO_COL_LABEL:
		if (v.s.len && !v.s.at) {
			note(k, "a string of column %s has a length and no bytes", c->name);
			break;
		}
		c->bad_utf8 += v.s.len && !is_utf8(v.s.at, v.s.len);
		rho_hasher_put(k->hasher, &v.s.len, sizeof v.s.len);
		rho_hasher_put(k->hasher, v.s.at, v.s.len);
		break;
	case RHO_COL_F32S:
		for (size_t d = 0; d < c->spec.width; d++)
			c->not_finite += isfinite(v.v[d]) ? 0 : 1;
		rho_hasher_put(k->hasher, v.v, c->spec.width * sizeof *v.v);
		break;
	default: note(k, "column %s has a type that is none of enum rho_column_type", c->name);
	}
}

static int64_t record_row(struct rho_sink *sink, uint32_t table, const union rho_value *row)
{
	struct recorder *k = (struct recorder *)sink;
	if (k->refused)
		k->after++;
	if (k->refused || k->rows >= k->limit || (k->stopping && *k->stopping)) {
		k->refused = true;
		return RHO_ENOMEM;
	}
	if (table >= RHO_N_TABLES || !k->table[table].declared) {
		note(k, "a row comes before the columns of its table: %s",
		     table < RHO_N_TABLES ? table_names[table] : "?");
		return RHO_EINVAL;
	}
	rho_hasher_put(k->hasher, &table, sizeof table);
	for (size_t i = 0; i < k->table[table].n_columns; i++)
		record_value(k, &k->table[table].column[i], row[i]);
	k->rows++;
	return (int64_t)k->table[table].n++;
}

static int dataset_set(struct rho_play *p)
{
	struct recorder *k = p->problem = rho_xcalloc(1, sizeof *k);
	k->sink = (struct rho_sink){ sizeof k->sink, record_columns, record_row };
	k->limit = p->how.actions ? p->how.actions : p->how.stopping ? FEW_ROWS : MOST_ROWS;
	k->stopping = p->how.stopping;
	k->hasher = rho_hasher_new();
	return RHO_CHECK_PASS;
}

static void dataset_clear(struct rho_play *p)
{
	struct recorder *k = p->problem;
	if (k->hasher)
		rho_hasher_finish(k->hasher);
	free(k);
}

/* Reading is all a dataset does, so it is what opening one means here. */
static int dataset_open(struct rho_play *p)
{
	struct recorder *k = p->problem;
	rho_play_begin(p, "read", 0, true);
	int code = rho_play_end(p, p->module->table.dataset.read(p->ctx, p->self, &k->sink));
	k->digest = rho_hasher_finish(k->hasher);
	k->hasher = NULL;
	if (k->refused && p->silent) /* the sink has recorded why */
		p->silent = false;
	return code;
}

static int dataset_turn(struct rho_play *p, unsigned t)
{
	const struct recorder *k = p->problem;
	rho_buf_add(&p->line, &k->digest, sizeof k->digest);
	rho_buf_add(&p->line, &t, sizeof t);
	return 0;
}

const struct rho_player rho_player_dataset = {
	.ground = "D1",
	.turns = 1,
	.set = dataset_set,
	.open = dataset_open,
	.turn = dataset_turn,
	.clear = dataset_clear,
};

/* ---- checks ---- */

static const struct seen_column *seen(const struct recorder *k, uint32_t table, const char *name)
{
	const struct seen_table *t = &k->table[table];
	for (size_t i = 0; i < t->n_columns; i++)
		if (!strcmp(t->column[i].name, name))
			return &t->column[i];
	return NULL;
}

static int judge_standards(struct rho_trial *t, const struct recorder *k)
{
	size_t n;
	const struct rho_standard_column *standard = rho_standard_columns(&n);
	for (const struct rho_standard_column *s = standard; s < standard + n; s++) {
		uint32_t table = s->table;
		const struct seen_column *c = seen(k, table, s->name);
		if (!c && s->must && k->table[table].declared)
			return rho_trial_fail(t, "table %s has no column %s", table_names[table], s->name);
		if (c && (c->spec.type != s->type || (c->spec.type == RHO_COL_ROW && c->spec.of != s->of)))
			return rho_trial_fail(
				t, "column %s of %s has another type than rho/dataset.h gives that name",
				c->name, table_names[table]);
	}
	return RHO_CHECK_PASS;
}

static int judge_columns(struct rho_trial *t, const struct recorder *k, uint32_t table)
{
	const struct seen_table *s = &k->table[table];
	for (size_t i = 0; i < s->n_columns; i++) {
		const struct seen_column *c = &s->column[i];
		if (c->spec.type < RHO_COL_I64 || c->spec.type > RHO_COL_F32S)
			return rho_trial_fail(t, "column %s of %s has the unknown type %u", c->name,
			                      table_names[table], c->spec.type);
		if (c->spec.type == RHO_COL_F32S && !c->spec.width)
			return rho_trial_fail(t, "column %s of %s has no width", c->name, table_names[table]);
		if (c->spec.type == RHO_COL_ROW && c->spec.of >= RHO_N_TABLES)
			return rho_trial_fail(t, "column %s of %s names rows of no table", c->name,
			                      table_names[table]);
		if (c->bad_utf8)
			return rho_trial_fail(t, "%zu values of column %s of %s are not UTF-8", c->bad_utf8,
			                      c->name, table_names[table]);
		if (seen(k, table, c->name) != c)
			return rho_trial_fail(t, "table %s has two columns %s", table_names[table], c->name);
	}
	return RHO_CHECK_PASS;
}

static struct rho_play *ready(struct rho_trial *t)
{
	struct rho_play_how how = { 0 };
	return rho_play_ready(t, &how);
}

static int d1(struct rho_trial *t)
{
	struct rho_play *p = ready(t);
	if (!p)
		return RHO_CHECK_SKIP;
	const struct recorder *k = p->problem;
	int r = k->wrong[0] ? rho_trial_fail(t, "%s", k->wrong) : judge_standards(t, k);
	for (uint32_t i = 0; i < RHO_N_TABLES && !r; i++)
		r = judge_columns(t, k, i);
	rho_play_free(p);
	return r;
}

static int judge_values(struct rho_trial *t, const struct recorder *k, uint32_t table,
                        const struct seen_column *c)
{
	const char *in = table_names[table];
	if (c->spec.type == RHO_COL_ROW && c->spec.of < RHO_N_TABLES && k->table[table].n &&
	    c->row_max >= k->table[c->spec.of].n)
		return rho_trial_fail(t, "column %s of %s names row %u of %s, which has %zu", c->name, in,
		                      c->row_max, table_names[c->spec.of], k->table[c->spec.of].n);
	if (c->spec.type == RHO_COL_F32S && c->not_finite)
		return rho_trial_fail(t, "%zu numbers of column %s of %s are not finite", c->not_finite,
		                      c->name, in);
	if (c->spec.type != RHO_COL_F64)
		return RHO_CHECK_PASS;
	if (((table == RHO_LINKS && !strcmp(c->name, "weight")) ||
	     (table == RHO_LOG && !strcmp(c->name, "reward"))) &&
	    c->not_finite)
		return rho_trial_fail(t, "%zu values of column %s of %s are not finite", c->not_finite,
		                      c->name, in);
	if (table == RHO_LOG && !strcmp(c->name, "prob") && c->bad_prob)
		return rho_trial_fail(t, "%zu propensities in log are not in (0, 1]", c->bad_prob);
	return RHO_CHECK_PASS;
}

static int d2(struct rho_trial *t)
{
	struct rho_play *p = ready(t);
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	const struct recorder *k = p->problem;
	for (uint32_t i = 0; i < RHO_N_TABLES && !r; i++)
		for (size_t j = 0; j < k->table[i].n_columns && !r; j++)
			r = judge_values(t, k, i, &k->table[i].column[j]);
	rho_play_free(p);
	return r;
}

static int read_digest(struct rho_trial *t, void *arg, struct rho_buf *out)
{
	struct rho_play_how how = { .seed = *(const uint64_t *)arg };
	struct rho_play *p = rho_play_ready(t, &how);
	if (!p)
		return RHO_CHECK_SKIP;
	rho_buf_add(out, &((struct recorder *)p->problem)->digest, sizeof(struct rho_digest));
	rho_play_free(p);
	return RHO_CHECK_PASS;
}

static int d3(struct rho_trial *t)
{
	uint64_t seed = 0, other = 77;
	struct rho_buf a = { 0 }, b = { 0 }, c = { 0 };
	int r = rho_trial_apart(t, 0, read_digest, &seed, &a);
	if (!r)
		r = rho_trial_apart(t, 0, read_digest, &seed, &b);
	if (!r && (a.len != b.len || memcmp(a.at, b.at, a.len))) /* K3 is about instances */
		r = rho_trial_skip(t, "the same seed gives other answers, see K3");
	if (!r)
		r = rho_trial_apart(t, 0, read_digest, &other, &c);
	if (!r && (a.len != c.len || memcmp(a.at, c.at, a.len)))
		r = rho_trial_fail(
			t, "its tables change with the seed of the run; draw from a stream seeded by a "
			   "parameter, so that all cells share one dataset");
	rho_buf_free(&a);
	rho_buf_free(&b);
	rho_buf_free(&c);
	return r;
}

static int d4(struct rho_trial *t)
{
	int r = rho_trial_module(t);
	size_t tried = 0;
	for (size_t i = 0; !r && i < t->module->n_params; i++) {
		const struct rho_param *q = &t->module->params[i];
		struct rho_missing m = { 0 };
		if (q->type != RHO_T_PATH)
			continue;
		r = rho_check_missing(t, q, RHO_PATH_MISSING, &m);
		if (!r && m.code != RHO_EIO)
			r = rho_trial_skip(t, "a missing %s does not give RHO_EIO, see P6", q->name);
		else if (!r && !strstr(m.why.at, "no-such-file"))
			r = rho_trial_fail(t, "the sentence for a missing %s does not name the file: %s",
			                   q->name, m.why.at);
		rho_buf_free(&m.why);
		tried++;
	}
	return r || tried ? r : rho_trial_skip(t, "it has no path to miss");
}

static int d5(struct rho_trial *t)
{
	struct rho_play *p = ready(t);
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	const struct recorder *k = p->problem;
	uint32_t promised = p->module->table.dataset.tables;
	if (!promised || promised >> RHO_N_TABLES)
		r = rho_trial_fail(t, "tables is 0x%x; it is made of bits 1u << RHO_ACTIONS …", promised);
	for (uint32_t i = 0; i < RHO_N_TABLES && !r; i++) {
		if (promised & 1u << i && !k->table[i].n)
			r = rho_trial_fail(t, "it promises the table %s and leaves it empty", table_names[i]);
		else if (!(promised & 1u << i) && k->table[i].n)
			r = rho_trial_fail(t, "it fills the table %s without promising it", table_names[i]);
	}
	rho_play_free(p);
	return r;
}

static int d6(struct rho_trial *t)
{
	struct rho_play_how how = { .actions = 3 }; /* rows the sink takes */
	struct rho_play *p = rho_play_new(t, &how);
	int r = RHO_CHECK_PASS;
	if (!p)
		return RHO_CHECK_SKIP;
	int code = rho_play_open(p);
	const struct recorder *k = p->problem;
	if (!k->refused)
		r = rho_trial_skip(t, "it has not four rows");
	else if (k->after > 16)
		r = rho_trial_fail(
			t, "it went on for %zu rows after the sink refused one; return what add returned",
			k->after);
	else if (!code)
		r = rho_trial_fail(t, "the sink refused a row with an error, and read returned 0");
	rho_play_free(p);
	return r;
}

const struct rho_check rho_checks_dataset[] = {
	{ "D1", RHO_CHECK_OF(RHO_DATASET), "standard columns have their types, strings are UTF-8", d1, 0 },
	{ "D2", RHO_CHECK_OF(RHO_DATASET), "rows, weights and propensities are in range", d2, 0 },
	{ "D3", RHO_CHECK_OF(RHO_DATASET), "reads the same whatever the run's seed", d3, 0 },
	{ "D4", RHO_CHECK_OF(RHO_DATASET), "names the file that is missing", d4, 0 },
	{ "D5", RHO_CHECK_OF(RHO_DATASET), "fills the tables it promises", d5, 0 },
	{ "D6", RHO_CHECK_OF(RHO_DATASET), "stops when the sink refuses a row", d6, 0 },
	{ .id = NULL },
};
