/* bench_encoder.c: texts a second through the plugin `simcse`, as a user loads it, for a MiniLM and a BERT-base of
 * random weights and for real texts, beside what the machine's sgemm leaves possible and, where node finds it, beside
 * ONNX Runtime on the same work (peers/onnx_bert.mjs). Medians of wall time.
 *
 *   bench-encoder [--quick]       --quick: MiniLM's size on one thread
 *   bench-encoder --cold FOLDER   milliseconds from the start of this process to the first vector */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <base/blas.h>
#include <base/file.h>
#include <registry/instance.h>
#include <store/store.h>

#include "kit/tokeniser/tokeniser.h"

enum { VOCAB = 30522, POSITIONS = 512, MIX = 1024, MIX_BATCH = 32, MOST_RUNS = 31 };

struct size { const char *name; size_t layers, dim, heads, inner; };
static const struct size sizes[] = { { "MiniLM-L6", 6, 384, 12, 1536 }, { "BERT-base", 12, 768, 12, 3072 } };

struct shape { size_t texts, tokens; };
static const struct shape shapes[] = { { 1, 16 }, { 32, 16 }, { 1, 32 }, { 32, 32 }, { 32, 128 } };
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

static const char *const precisions[] = { "f32", "bf16", "int8" };

static struct rho_registry *registry;
static char *folder;    /* of this run's own files */
static double sgemm;    /* FLOP/s of one thread */

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static _Noreturn void die(const char *what, const struct rho_buf *why)
{
	fprintf(stderr, "bench-encoder: %s: %s\n", what, why && why->at ? why->at : "failed");
	exit(1);
}

/* ---- a model of random weights ---- */

struct writer { FILE *data; struct rho_buf head; size_t at; uint32_t state; };

static void tensor(struct writer *w, const char *name, size_t rows, size_t cols)
{
	size_t n = rows * (cols ? cols : 1);
	float block[4096];
	rho_buf_printf(&w->head, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[%zu", w->head.len ? "," : "{", name, rows);
	if (cols)
		rho_buf_printf(&w->head, ",%zu", cols);
	rho_buf_printf(&w->head, "],\"data_offsets\":[%zu,%zu]}", w->at, w->at + n * sizeof(float));
	w->at += n * sizeof(float);
	for (size_t done = 0, part; done < n; done += part) {
		part = n - done < 4096 ? n - done : 4096;
		for (size_t i = 0; i < part; i++) {
			w->state = w->state * 1664525u + 1013904223u;
			block[i] = (float)(int32_t)w->state / 2147483648.0f * 0.06f;
		}
		if (fwrite(block, sizeof *block, part, w->data) != part)
			die("the model cannot be written", NULL);
	}
}

static void pair(struct writer *w, const char *name, size_t rows, size_t cols)
{
	char full[160];
	snprintf(full, sizeof full, "%s.weight", name);
	tensor(w, full, rows, cols);
	snprintf(full, sizeof full, "%s.bias", name);
	tensor(w, full, rows, 0);
}

static void layer(struct writer *w, const struct size *s, size_t i)
{
	static const char *const square[] = { "attention.self.query", "attention.self.key", "attention.self.value",
	                                      "attention.output.dense" };
	char name[96];
	for (size_t j = 0; j < 4; j++) {
		snprintf(name, sizeof name, "encoder.layer.%zu.%s", i, square[j]);
		pair(w, name, s->dim, s->dim);
	}
	snprintf(name, sizeof name, "encoder.layer.%zu.attention.output.LayerNorm", i);
	pair(w, name, s->dim, 0);
	snprintf(name, sizeof name, "encoder.layer.%zu.intermediate.dense", i);
	pair(w, name, s->inner, s->dim);
	snprintf(name, sizeof name, "encoder.layer.%zu.output.dense", i);
	pair(w, name, s->dim, s->inner);
	snprintf(name, sizeof name, "encoder.layer.%zu.output.LayerNorm", i);
	pair(w, name, s->dim, 0);
}

static void write_text(const char *dir, const char *name, const char *text, size_t n)
{
	struct rho_buf why = { 0 };
	char *path = rho_xprintf("%s/%s", dir, name);
	if (rho_file_write(path, text, n, &why))
		die(path, &why);
	free(path);
}

/* The first words of the vocabulary are the special ones, word i is "wI": a text of n words is n + 2 tokens. */
static void write_vocab(const char *dir)
{
	struct rho_buf b = { 0 };
	rho_buf_str(&b, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
	for (size_t i = 5; i < VOCAB; i++)
		rho_buf_printf(&b, "w%zu\n", i);
	write_text(dir, "vocab.txt", b.at, b.len);
	rho_buf_free(&b);
}

static char *write_model(const struct size *s)
{
	char *dir = rho_xprintf("%s/%s", folder, s->name), *path, pad[8];
	struct rho_buf why = { 0 }, config = { 0 };
	struct writer w = { .data = tmpfile(), .state = 1 };
	if (rho_mkdirs(dir, &why) || !w.data)
		die(dir, &why);
	rho_buf_printf(&config, "{\"model_type\": \"bert\", \"hidden_size\": %zu, \"num_hidden_layers\": %zu,"
	               " \"num_attention_heads\": %zu, \"intermediate_size\": %zu, \"hidden_act\": \"gelu\","
	               " \"max_position_embeddings\": %d, \"type_vocab_size\": 2, \"vocab_size\": %d,"
	               " \"layer_norm_eps\": 1e-12, \"pad_token_id\": 0}", s->dim, s->layers, s->heads, s->inner,
	               POSITIONS, VOCAB);
	write_text(dir, "config.json", config.at, config.len);
	write_vocab(dir);
	tensor(&w, "embeddings.word_embeddings.weight", VOCAB, s->dim);
	tensor(&w, "embeddings.position_embeddings.weight", POSITIONS, s->dim);
	tensor(&w, "embeddings.token_type_embeddings.weight", 2, s->dim);
	pair(&w, "embeddings.LayerNorm", s->dim, 0);
	for (size_t i = 0; i < s->layers; i++)
		layer(&w, s, i);
	pair(&w, "pooler.dense", s->dim, s->dim);
	rho_buf_str(&w.head, "}");
	while (w.head.len % 8)
		rho_buf_str(&w.head, " ");
	path = rho_xprintf("%s/model.safetensors", dir);
	FILE *out = fopen(path, "wb");
	uint64_t n = w.head.len;
	memcpy(pad, &n, sizeof pad);
	if (!out || fwrite(pad, 1, 8, out) != 8 || fwrite(w.head.at, 1, w.head.len, out) != w.head.len)
		die(path, NULL);
	rewind(w.data);
	for (char block[1 << 16]; (n = fread(block, 1, sizeof block, w.data)) > 0;)
		if (fwrite(block, 1, n, out) != n)
			die(path, NULL);
	if (fclose(out))
		die(path, NULL);
	fclose(w.data);
	free(path);
	rho_buf_free(&w.head);
	rho_buf_free(&config);
	return dir;
}

/* ---- ours ---- */

struct ours {
	struct rho_world world;
	struct rho_instance *inst;
	struct rho_encoder_info info;
	float *out;
};

static void open_ours(struct ours *o, const char *dir, const char *precision, unsigned threads, size_t most)
{
	struct rho_buf why = { 0 };
	struct rho_diags *d = rho_diags_new();
	const struct rho_module *m = rho_module_get(registry, RHO_ENCODER, "simcse", &why);
	char *toml = rho_xprintf("path = \"%s\"\nprecision = \"%s\"\npooling = \"mean\"", dir, precision);
	if (!m)
		die("simcse", &why);
	*o = (struct ours){ .world = { .registry = registry, .threads = threads, .log_level = RHO_WARN } };
	struct rho_toml *table = rho_toml_parse(toml, strlen(toml), "bench", d);
	if (!table || rho_params_check(registry, m, "encoder", table, d)) {
		rho_diags_print(d, stderr);
		die("simcse", NULL);
	}
	o->inst = rho_instance_new(&o->world, m, table, 0, &why);
	if (!o->inst)
		die("simcse", &why);
	rho_call_begin(o->inst, "open", 0, true);
	int code = m->table.encoder.open(&o->inst->ctx, o->inst->self, &o->info);
	if (rho_call_end(o->inst, code, &why))
		die(dir, &why);
	o->inst->opened = true;
	o->out = rho_xcalloc(most, o->info.dim * sizeof *o->out);
	rho_diags_free(d);
	free(toml);
}

static void close_ours(struct ours *o)
{
	rho_instance_free(o->inst);
	free(o->out);
}

static void encode(struct ours *o, const struct rho_str *in, size_t n)
{
	struct rho_buf why = { 0 };
	rho_call_begin(o->inst, "encode", 0, false);
	int code = o->inst->module->table.encoder.encode(&o->inst->ctx, o->inst->self, RHO_TEXT, in, n, o->out,
	                                                 o->info.dim);
	if (rho_call_end(o->inst, code, &why))
		die("encode", &why);
}

/* Median seconds of one call. */
static double time_ours(struct ours *o, const struct rho_str *in, size_t n, size_t runs)
{
	double v[MOST_RUNS];
	encode(o, in, n);
	for (size_t r = 0; r < runs; r++) {
		double start = now();
		encode(o, in, n);
		v[r] = now() - start;
	}
	qsort(v, runs, sizeof *v, by_value);
	return v[runs / 2];
}

/* ---- ONNX Runtime ---- */

/* Runs the jobs (JSON) and puts seconds[i] of the i-th job, in order; false where it cannot be run. */
static bool time_peer(const struct size *s, unsigned threads, const char *precision, const struct rho_buf *jobs,
                      size_t n, double *seconds)
{
	char *in = rho_xprintf("%s/jobs.json", folder);
	const char *root = getenv("RHO_SOURCE_ROOT");
	struct rho_buf why = { 0 };
	char line[256];
	size_t got = 0;
	if (rho_file_write(in, jobs->at, jobs->len, &why))
		die(in, &why);
	char *command = rho_xprintf("node '%s/tests/bench/peers/onnx_bert.mjs' %zu %zu %zu %zu %u %s < '%s'"
	                            " 2>/dev/null", root ? root : ".", s->layers, s->dim, s->heads, s->inner, threads,
	                            precision, in);
	FILE *p = popen(command, "r");
	while (p && got < n && fgets(line, sizeof line, p)) {
		const char *tab = strrchr(line, '\t');
		if (tab)
			seconds[got++] = strtod(tab + 1, NULL);
	}
	bool good = p && !pclose(p) && got == n;
	free(command);
	free(in);
	return good;
}

static void add_job(struct rho_buf *jobs, const char *name, const size_t *length, size_t n, size_t batch, size_t runs)
{
	rho_buf_printf(jobs, "%s{\"name\":\"%s\",\"runs\":%zu,\"batches\":[", jobs->len ? "," : "[", name, runs);
	for (size_t i = 0; i < n; i++)
		rho_buf_printf(jobs, "%s%zu%s", i % batch ? "," : i ? ",[" : "[", length[i],
		               i % batch == batch - 1 || i == n - 1 ? "]" : "");
	rho_buf_str(jobs, "]}");
}

/* ---- equal lengths ---- */

static double flop(const struct size *s, size_t tokens)
{
	double t = (double)tokens, d = (double)s->dim;
	return (double)s->layers * (t * (8 * d * d + 4 * d * (double)s->inner) + 4 * t * t * d);
}

static size_t runs_for(const struct size *s, struct shape shape)
{
	double seconds = flop(s, shape.tokens) * (double)shape.texts / 5e10;
	size_t runs = (size_t)(2 / seconds) | 1;
	return runs < 3 ? 3 : runs > MOST_RUNS ? MOST_RUNS : runs;
}

/* One text of `tokens` tokens, the specials included. */
static char *make_text(size_t tokens, size_t salt)
{
	struct rho_buf b = { 0 };
	for (size_t i = 2; i < tokens; i++)
		rho_buf_printf(&b, "w%zu ", 5 + (salt * 7919 + i * 104729) % (VOCAB - 5));
	rho_buf_str(&b, "");
	return b.at;
}

static void bench_shapes(const struct size *s, const char *dir, unsigned threads)
{
	double ours[3][N_SHAPES], peer[2][N_SHAPES];
	struct rho_buf jobs = { 0 };
	bool have[2];
	for (size_t j = 0; j < N_SHAPES; j++) {
		size_t length[64];
		for (size_t i = 0; i < shapes[j].texts; i++)
			length[i] = shapes[j].tokens;
		add_job(&jobs, "s", length, shapes[j].texts, shapes[j].texts, runs_for(s, shapes[j]));
	}
	rho_buf_str(&jobs, "]");
	for (size_t p = 0; p < 3; p++) {
		struct ours o;
		open_ours(&o, dir, precisions[p], threads, 64);
		for (size_t j = 0; j < N_SHAPES; j++) {
			struct rho_str in[64];
			char *text[64];
			for (size_t i = 0; i < shapes[j].texts; i++) {
				text[i] = make_text(shapes[j].tokens, i);
				in[i] = (struct rho_str){ text[i], strlen(text[i]) };
			}
			ours[p][j] = time_ours(&o, in, shapes[j].texts, runs_for(s, shapes[j]));
			for (size_t i = 0; i < shapes[j].texts; i++)
				free(text[i]);
		}
		close_ours(&o);
	}
	have[0] = time_peer(s, threads, "f32", &jobs, N_SHAPES, peer[0]);
	have[1] = time_peer(s, threads, "int8", &jobs, N_SHAPES, peer[1]);
	printf("\n%s of random weights, %u thread%s: texts a second\n", s->name, threads, threads > 1 ? "s" : "");
	printf("  %-9s %9s %7s %9s %7s %9s %7s %9s %7s %9s %7s\n", "texts", "f32", "of sgemm", "bf16", "/ f32", "int8",
	       "/ f32", "ORT f32", "f32 /", "ORT int8", "int8 /");
	for (size_t j = 0; j < N_SHAPES; j++) {
		double n = (double)shapes[j].texts, limit = sgemm * threads / flop(s, shapes[j].tokens);
		printf("  %2zu x %-4zu %9.1f %7.0f%% %9.1f %7.2f %9.1f %7.2f", shapes[j].texts, shapes[j].tokens,
		       n / ours[0][j], 100 * n / ours[0][j] / limit, n / ours[1][j], ours[0][j] / ours[1][j],
		       n / ours[2][j], ours[0][j] / ours[2][j]);
		if (have[0])
			printf(" %9.1f %7.2f", n / peer[0][j], peer[0][j] / ours[0][j]);
		if (have[1])
			printf(" %9.1f %7.2f", n / peer[1][j], peer[1][j] / ours[2][j]);
		printf("\n");
	}
	if (!have[0])
		printf("  ONNX Runtime was not found: npm install --ignore-scripts onnxruntime-node, name the folder"
		       " node_modules in NODE_PATH\n");
	fflush(stdout);
	rho_buf_free(&jobs);
}

/* ---- real texts ---- */

static int by_length(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	return (x > y) - (x < y);
}

/* MIX of ToolBench's described APIs, drawn in a fixed order. */
static size_t real_texts(const char *real, struct rho_str *out)
{
	struct rho_buf why = { 0 };
	struct rho_world world = { .registry = registry, .log_level = RHO_WARN };
	struct rho_diags *d = rho_diags_new();
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	char key[33], *dir = rho_xprintf("%s/store", folder);
	char *toml = rho_xprintf("path = \"%s/data/toolbench\"\ncatalog = \"described\"", real);
	const struct rho_module *m = rho_module_get(registry, RHO_DATASET, "toolbench", &why);
	struct rho_toml *table = rho_toml_parse(toml, strlen(toml), "bench", d);
	struct rho_store *store = rho_store_open(dir, &why);
	struct rho_tables *t = m && table && store ? rho_store_tables(store, &world, m, table, key, &why) : NULL;
	if (!t)
		die("toolbench", &why);
	const struct rho_column *c = rho_find_column(rho_tables_data(t), RHO_ACTIONS, "text", RHO_COL_STR);
	for (size_t i = 0; i < MIX; i++)
		out[i] = rho_column_str(c, rho_below(&rng, (uint32_t)c->n));
	return MIX;
}

static void bench_mix(const struct size *s, const char *real, unsigned threads)
{
	static struct rho_str in[MIX];
	static size_t length[MIX];
	char *dir = rho_xprintf("%s/models/all-MiniLM-L6-v2", real);
	struct rho_trouble trouble = { 0 };
	struct rho_tokeniser *tok = rho_tokeniser_open(dir, &trouble);
	struct rho_tokens tokens = { 0 };
	struct rho_buf jobs = { 0 };
	struct ours o;
	double peer[2], ours, total = 0, work = 0;
	if (!tok)
		die(trouble.text, NULL);
	real_texts(real, in);
	for (size_t i = 0; i < MIX; i++) {
		tokens.n = 0;
		if (rho_tokeniser_encode(tok, in[i], NULL, 256, &tokens))
			die("tokenising", NULL);
		length[i] = tokens.n;
		total += (double)tokens.n;
		work += flop(s, tokens.n);
	}
	open_ours(&o, dir, "f32", threads, MIX);
	ours = time_ours(&o, in, MIX, 3);
	close_ours(&o);
	add_job(&jobs, "as they come", length, MIX, MIX_BATCH, 3);
	qsort(length, MIX, sizeof *length, by_length);
	add_job(&jobs, "sorted", length, MIX, MIX_BATCH, 3);
	rho_buf_str(&jobs, "]");
	printf("\nall-MiniLM-L6-v2 over %d described ToolBench APIs, %.0f tokens each (at most 256), %u thread%s,"
	       " f32\n", MIX, total / MIX, threads, threads > 1 ? "s" : "");
	printf("  rho, from text to vectors      %8.1f texts/s, %.0f%% of sgemm\n", MIX / ours,
	       100 * work / ours / (sgemm * threads));
	if (time_peer(s, threads, "f32", &jobs, 2, peer)) {
		printf("  ONNX Runtime, ids given, batches of %d padded as they come   %8.1f texts/s; rho / it %.2f\n",
		       MIX_BATCH, MIX / peer[0], peer[0] / ours);
		printf("  ONNX Runtime, ids given, batches of %d sorted by length      %8.1f texts/s; rho / it %.2f\n",
		       MIX_BATCH, MIX / peer[1], peer[1] / ours);
	}
	fflush(stdout);
	rho_tokeniser_close(tok);
	rho_tokens_free(&tokens);
	rho_buf_free(&jobs);
	free(dir);
}

/* ---- the first vector ---- */

static int cold(const char *dir)
{
	struct timespec started;
	struct ours o;
	struct rho_str text = { "the first text", 14 };
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &started);
	double start = now() - (double)started.tv_sec - 1e-9 * (double)started.tv_nsec;
	open_ours(&o, dir, "f32", 1, 1);
	double opened = now();
	encode(&o, &text, 1);
	printf("%.1f %.1f\n", (opened - start) * 1e3, (now() - start) * 1e3);
	return 0;
}

static void bench_cold(const char *self, const char *dir)
{
	double open_ms[5], all_ms[5];
	char *command = rho_xprintf("'%s' --cold '%s'", self, dir);
	for (size_t i = 0; i < 5; i++) {
		FILE *p = popen(command, "r");
		if (!p || fscanf(p, "%lf %lf", &open_ms[i], &all_ms[i]) != 2)
			die("the cold start", NULL);
		pclose(p);
	}
	qsort(open_ms, 5, sizeof *open_ms, by_value);
	qsort(all_ms, 5, sizeof *all_ms, by_value);
	printf("\nCold start of all-MiniLM-L6-v2, files in the page cache: %.0f ms to the first vector, %.0f of them"
	       " until it is open\n", all_ms[2], open_ms[2]);
	free(command);
}

/* ---- the limit ---- */

static double measure_sgemm(void)
{
	enum { N = 1536 };
	struct rho_buf why = { 0 };
	const struct rho_blas *blas = rho_blas(&why);
	float *a = rho_xcalloc(3 * N * N, sizeof *a); /* (3, N, N) */
	double v[5];
	if (!blas)
		die("sgemm", &why);
	for (size_t i = 0; i < 2 * N * N; i++)
		a[i] = (float)(i % 97) * 0.01f;
	for (size_t r = 0; r < 5; r++) {
		double start = now();
		blas->sgemm(RHO_ROW_MAJOR, RHO_NO_TRANS, RHO_TRANS, N, N, N, 1, a, N, a + N * N, N, 0,
		            a + 2 * N * N, N);
		v[r] = now() - start;
	}
	free(a);
	qsort(v, 5, sizeof *v, by_value);
	return 2.0 * N * N * N / v[1];
}

int main(int argc, char **argv)
{
	const char *real = getenv("RHO_REAL_DATA"), *tmp = getenv("TMPDIR");
	bool quick = argc > 1 && !strcmp(argv[1], "--quick");
	unsigned all = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
	rho_blas_environment();
	registry = rho_registry_new(NULL, 0);
	if (argc > 2 && !strcmp(argv[1], "--cold"))
		return cold(argv[2]);
	folder = rho_xprintf("%s/bench-encoder-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder))
		die(folder, NULL);
	sgemm = measure_sgemm();
	printf("Encoders: OpenBLAS's sgemm reaches %.0f GFLOP/s on one thread\n", sgemm / 1e9);
	for (size_t i = 0; i < (quick ? 1 : 2); i++) {
		char *dir = write_model(&sizes[i]);
		bench_shapes(&sizes[i], dir, 1);
		if (all > 1 && !quick)
			bench_shapes(&sizes[i], dir, all);
		free(dir);
	}
	if (real && *real) {
		char *dir = rho_xprintf("%s/models/all-MiniLM-L6-v2", real);
		bench_mix(&sizes[0], real, 1);
		if (all > 1 && !quick)
			bench_mix(&sizes[0], real, all);
		bench_cold(argv[0], dir);
		free(dir);
	}
	char *clean = rho_xprintf("rm -rf '%s'", folder);
	int rc = system(clean);
	free(clean);
	free(folder);
	rho_registry_free(registry);
	return rc != 0;
}
