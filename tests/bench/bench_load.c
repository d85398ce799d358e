/* bench_load.c: loading 100,916 operations from gzip, beside what zlib and jansson reach alone on
 * the same bytes in the same run, and the memory it takes beside the text it keeps; then how long
 * the other datasets take.
 *
 *   bench-load [operations.jsonl.gz]       without a path: $RHO_REAL_DATA/data/openapi_operations */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include <registry/instance.h>
#include <store/tables.h>

#include "kit/lines.h"

#define REPEATS 5

static const char *path;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench-load: %s\n", what);
	exit(1);
}

/* Inflates the file into the same block again and again; gives the bytes. */
static size_t gunzip_alone(void)
{
	static char block[1 << 18];
	size_t n = 0;
	int got;
	gzFile f = gzopen(path, "rb");
	if (!f)
		die("the file cannot be read");
	gzbuffer(f, 1 << 16);
	while ((got = gzread(f, block, sizeof(block))) > 0)
		n += (size_t)got;
	if (got < 0)
		die("the file cannot be inflated");
	gzclose(f);
	return n;
}

static char *inflated;
static size_t inflated_len;

/* Parses the inflated lines and drops each; gives the rows. */
static size_t jansson_alone(void)
{
	size_t rows = 0;
	for (const char *p = inflated, *end = inflated + inflated_len; p < end; rows++) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *stop = newline ? newline : end;
		json_t *row = json_loadb(p, (size_t)(stop - p), 0, NULL);
		if (!row)
			die("a line is not JSON");
		json_decref(row);
		p = stop + 1;
	}
	return rows;
}

static size_t lines_alone(void)
{
	struct rho_trouble t = { 0 };
	struct rho_lines *l = rho_lines_open(path, &t);
	struct rho_str line;
	size_t n = 0;
	while (l && rho_lines_next(l, &line) > 0)
		n++;
	rho_lines_close(l);
	if (t.code)
		die(t.text);
	return n;
}

struct kept {
	size_t rows, text, tables;
};

/* What the tables hold: bytes of strings, and all bytes with offsets and numbers. */
static struct kept count(const struct rho_data *d)
{
	struct kept k = { .rows = d->table[RHO_ACTIONS].n };
	for (size_t t = 0; t < RHO_N_TABLES; t++)
		for (size_t i = 0; i < d->table[t].n_columns; i++) {
			const struct rho_column *c = d->table[t].column[i];
			bool label = c->type == RHO_COL_LABEL, strings = c->type == RHO_COL_STR || label;
			size_t n = label ? c->n_labels : c->n;
			size_t bytes = strings ? (size_t)c->off[n] : 0;
			k.text += bytes;
			k.tables += bytes + (strings ? (n + 1) * sizeof(uint64_t) : 0);
			k.tables += label || c->type == RHO_COL_ROW ? c->n * 4 : strings ? 0 : c->n * 8;
		}
	return k;
}

/* Reads a dataset through the registry, as a run does on its first start. *seconds: of read and finish. */
static struct kept load(const char *name, const char *toml, double *seconds)
{
	struct rho_world world = { .log_level = RHO_WARN, .registry = rho_registry_new(NULL, 0) };
	struct rho_buf why = { 0 };
	const struct rho_module *m = rho_module_get(world.registry, RHO_DATASET, name, &why);
	struct rho_diags *diags = rho_diags_new();
	struct rho_toml *table = rho_toml_parse(toml, strlen(toml), "bench", diags);
	if (!m || !table || rho_params_check(world.registry, m, "dataset", table, diags))
		die(m ? "the parameters were refused" : why.at);
	struct rho_instance *instance = rho_instance_new(&world, m, table, 0, &why);
	if (!instance)
		die(why.at);
	double start = now();
	struct rho_tables *tables = rho_tables_new();
	rho_call_begin(instance, "read", 0, true);
	int e = m->table.dataset.read(&instance->ctx, instance->self, rho_tables_sink(tables));
	e = rho_call_end(instance, e, &why);
	if (!e)
		e = rho_tables_finish(tables, m->table.dataset.tables, &why);
	*seconds = now() - start;
	if (e)
		die(why.at);
	struct kept kept = count(rho_tables_data(tables));
	rho_tables_free(tables);
	rho_instance_free(instance);
	rho_toml_free(table);
	rho_diags_free(diags);
	rho_registry_free(world.registry);
	rho_buf_free(&why);
	return kept;
}

/* A line of /proc/self/status in bytes: "VmRSS:", "VmHWM:". */
static size_t status(const char *name)
{
	char line[256];
	size_t kib = 0;
	FILE *f = fopen("/proc/self/status", "r");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, strlen(name)))
			kib = strtoul(line + strlen(name), NULL, 10);
	if (f)
		fclose(f);
	return kib * 1024;
}

/* Growth of the resident memory at its peak, in a process that does nothing else. */
static size_t peak_growth(const char *toml, struct kept *kept)
{
	int fd[2];
	size_t told[4];
	if (pipe(fd))
		die("no pipe");
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		double seconds;
		size_t before = status("VmRSS:");
		struct kept k = load("openapi", toml, &seconds);
		told[0] = status("VmHWM:") - before;
		told[1] = k.rows;
		told[2] = k.text;
		told[3] = k.tables;
		_exit(write(fd[1], told, sizeof(told)) != sizeof(told));
	}
	int code;
	if (pid < 0 || read(fd[0], told, sizeof(told)) != sizeof(told) || waitpid(pid, &code, 0) < 0 || code)
		die("the process that measures memory failed");
	kept->rows = told[1];
	kept->text = told[2];
	kept->tables = told[3];
	return told[0];
}

static void keep_inflated(size_t n)
{
	gzFile f = gzopen(path, "rb");
	inflated_len = n;
	inflated = malloc(n);
	for (size_t at = 0; inflated && at < n;) {
		int got = gzread(f, inflated + at, (unsigned)(n - at < 1u << 20 ? n - at : 1u << 20));
		if (got <= 0)
			die("the file cannot be inflated");
		at += (size_t)got;
	}
	gzclose(f);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double v[REPEATS]) /* v is sorted in place */
{
	qsort(v, REPEATS, sizeof(*v), by_value);
	return v[REPEATS / 2];
}

static void say(const char *what, double seconds, size_t rows, double limit)
{
	printf("  %-34s %8.3f s %10.0f rows/s %7.1f MB/s", what, seconds, (double)rows / seconds,
	       (double)inflated_len / seconds / 1e6);
	if (limit > 0)
		printf(" %6.0f%% of the limit", 100 * limit / seconds);
	putchar('\n');
}

/* The other datasets from their files below ROOT/data, those that are there. */
static void load_others(const char *root)
{
	static const struct { const char *name, *folder, *more; } all[] = {
		{ "movielens", "movielens_small", "" }, { "toolbench", "toolbench", "" },
		{ "toolbench", "toolbench", "catalog = 'all'" }, { "metatool", "metatool", "" },
		{ "seal_tools", "seal_tools", "" }, { "gsm8k", "gsm8k", "" }, { "math", "math", "" },
		{ "openbandit", "open_bandit", "" }, { "amazon", "amazon_video_games", "set = 'games'" },
	};
	printf("  other datasets, read whole into tables:\n");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		char toml[4200], folder[4100];
		double seconds[REPEATS];
		struct kept kept = { 0 };
		snprintf(folder, sizeof(folder), "%.4000s/data/%s", root, all[i].folder);
		snprintf(toml, sizeof(toml), "path = '%.4100s'\n%s", folder, all[i].more);
		if (access(folder, F_OK) != 0)
			continue;
		for (int k = 0; k < REPEATS; k++)
			kept = load(all[i].name, toml, &seconds[k]);
		printf("    %-11s %-16s %8.3f s, %5.1f MB of tables\n", all[i].name, all[i].more, median(seconds),
		       (double)kept.tables / 1e6);
	}
}

int main(int argc, char **argv)
{
	char found[4096], toml[4200];
	const char *root = getenv("RHO_REAL_DATA");
	double gunzip[REPEATS], parse[REPEATS], lines[REPEATS], whole[REPEATS], made[REPEATS];
	struct kept kept;
	if (argc < 2 && (!root || !*root)) {
		printf("bench-load: skipped, there is no real data (RHO_REAL_DATA is not set)\n");
		return 0;
	}
	snprintf(found, sizeof(found), "%s/data/openapi_operations/operations.jsonl.gz", root ? root : "");
	path = argc > 1 ? argv[1] : found;
	snprintf(toml, sizeof(toml), "path = '%s'", path);
	size_t growth = peak_growth(toml, &kept); /* first, while this process is small */
	keep_inflated(gunzip_alone());
	for (int i = 0; i < REPEATS; i++) { /* in turn, so that a slow moment meets them all */
		double t = now();
		gunzip_alone();
		gunzip[i] = now() - t;
		t = now();
		jansson_alone();
		parse[i] = now() - t;
		t = now();
		lines_alone();
		lines[i] = now() - t;
		load("openapi", toml, &whole[i]);
		load("synthetic", "actions = 100000", &made[i]);
	}
	double g = median(gunzip), p = median(parse), limit = g > p ? g : p, w = median(whole);
	printf("loading %zu rows, %.1f MB inflated; medians of %d\n", kept.rows, (double)inflated_len / 1e6,
	       REPEATS);
	say("zlib alone", g, kept.rows, 0);
	say("jansson alone, lines in memory", p, kept.rows, 0);
	say("rho: lines alone", median(lines), kept.rows, 0);
	say("rho: dataset openapi into tables", w, kept.rows, limit);
	printf("  peak memory %.1f MB, %.2f times the %.1f MB of text kept (tables in all: %.1f MB)\n",
	       (double)growth / 1e6, (double)growth / (double)kept.text, (double)kept.text / 1e6,
	       (double)kept.tables / 1e6);
	printf("  making 100,000 worded actions (dataset synthetic): %.3f s\n", median(made));
	if (root && *root)
		load_others(root);
	free(inflated);
	return 0;
}
