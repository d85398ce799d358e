/* embed.c: texts encoded once, found again, made again when damaged. */
#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <store/store.h>
#include "folder.h"

/* A folder with a store, two columns of text, and an encoder. */
struct scene {
	char *folder, *store, *log;
	struct rho_tables *tables;
	const struct rho_column *actions, *contexts;
	struct plugin plugin;
};

static void add_texts(struct rho_sink *s, uint32_t table, size_t n, const char *form)
{
	static const struct rho_column_spec spec = { "text", RHO_COL_STR, 0, 0 };
	char text[64];
	s->columns(s, table, &spec, 1);
	for (size_t i = 0; i < n; i++) {
		int len = snprintf(text, sizeof text, form, i);
		union rho_value row = { .s = { text, i ? (size_t)len : 0 } };   /* the first is empty */
		cr_assert_eq(s->add(s, table, &row), (int64_t)i);
	}
}

static struct scene scene_new(const char *encoder, const char *more)
{
	struct scene s = { .folder = folder_new(), .tables = rho_tables_new() };
	struct rho_buf why = { 0 };
	s.store = folder_path(s.folder, "store");
	s.log = folder_path(s.folder, "log");
	add_texts(rho_tables_sink(s.tables), RHO_ACTIONS, 3000, "a tool with number %zu");
	add_texts(rho_tables_sink(s.tables), RHO_CONTEXTS, 50, "who has tool %zu?");
	cr_assert_eq(rho_tables_finish(s.tables, 3, &why), 0, "%s", why.at);
	s.actions = rho_find_column(rho_tables_data(s.tables), RHO_ACTIONS, "text", RHO_COL_STR);
	s.contexts = rho_find_column(rho_tables_data(s.tables), RHO_CONTEXTS, "text", RHO_COL_STR);
	char *log = rho_xprintf("%s = '%s'\n%s", "log", s.log, more);
	s.plugin = plugin_get(RHO_ENCODER, encoder, strcmp(encoder, "plain") ? log : more);
	free(log);
	rho_buf_free(&why);
	return s;
}

static void scene_free(struct scene *s)
{
	plugin_free(&s->plugin);
	rho_tables_free(s->tables);
	free(s->store);
	free(s->log);
	folder_remove(s->folder);
}

static int ask(struct scene *s, const struct rho_column *column, const struct rho_column *catalogue,
               struct rho_embedding *e, struct rho_buf *why)
{
	rho_buf_clear(why);
	struct rho_store *store = rho_store_open(s->store, why);
	cr_assert(store, "%s", why->at);
	int code = rho_store_embed(store, &s->plugin.world, s->plugin.module, s->plugin.table, column,
	                           catalogue, e,
	                           why);
	rho_store_close(store);
	return code;
}

/* Asks for the actions and compares every number with the encoder's definition, by hand. */
static void ask_well(struct scene *s, char key[33])
{
	struct rho_buf why = { 0 };
	struct rho_embedding e;
	cr_assert_eq(ask(s, s->actions, s->actions, &e, &why), 0, "%s", why.at);
	cr_assert(e.mat.rows == 3000 && e.mat.cols == 8 && e.mat.stride == 8 && e.unit_norm);
	cr_assert_eq((uintptr_t)e.mat.at % 64, 0);
	for (size_t i = 0; i < 3000; i++) {
		struct rho_str text = rho_column_str(s->actions, i);
		double want[8] = { 0 }, square = 0;
		for (size_t j = 0; j < text.len; j++)
			want[(unsigned char)text.at[j] % 8] += 1;
		for (size_t j = 0; j < 8; j++)
			square += want[j] * want[j];
		for (size_t j = 0; j < 8; j++) {
			double unit = square > 0 ? want[j] / sqrt(square) : 0;
			if (fabs((double)e.mat.at[i * 8 + j] - unit) > 1e-6)
				cr_assert_fail("row %zu", i);
		}
	}
	memcpy(key, e.key, sizeof e.key);
	rho_embedding_close(&e);
	rho_buf_free(&why);
}

static void ask_badly(const char *more, int code, const char *words)
{
	struct scene s = scene_new("letters", more);
	struct rho_buf why = { 0 };
	struct rho_embedding e;
	cr_assert_eq(ask(&s, s.actions, s.actions, &e, &why), code, "%s", why.at);
	cr_assert(says(&why, words), "%s\ndoes not say: %s", why.at, words);
	cr_assert_null(e.map);
	cr_assert_eq(folder_count(s.store, ".npy"), 0, "neither a file nor a part of one");
	rho_buf_free(&why);
	scene_free(&s);
}

Test(embed, encode_once)
{
	struct scene s = scene_new("letters", "");
	char key[33], again[33];
	ask_well(&s, key);
	size_t calls = file_size(s.log);
	cr_assert_eq(calls, 1 + 3, "fitted once, 3000 texts in batches of 1024");
	ask_well(&s, again);
	cr_assert_str_eq(key, again);
	cr_assert_eq(file_size(s.log), calls);
	char *json = folder_only(s.store, ".json");
	struct rho_buf text = file_get(json);
	cr_assert(says(&text, "\"encoder\": \"letters\""));
	cr_assert(says(&text, "\"rows\": 3000") && says(&text, "\"dim\": 8"));
	rho_buf_free(&text);
	free(json);
	scene_free(&s);
}

Test(embed, give_the_same_whatever_the_batch)
{
	struct scene s = scene_new("letters", ""), t = scene_new("letters", "batch = 7");
	char key[33], other[33];
	ask_well(&s, key);
	ask_well(&t, other);
	cr_assert_str_eq(key, other);
	cr_assert_eq(file_size(t.log), 1 + 429);
	char *a = folder_only(s.store, ".npy"), *b = folder_only(t.store, ".npy");
	struct rho_buf x = file_get(a), y = file_get(b);
	cr_assert(x.len == y.len && !memcmp(x.at, y.at, x.len));
	rho_buf_free(&x);
	rho_buf_free(&y);
	free(a);
	free(b);
	scene_free(&s);
	scene_free(&t);
}

static void keys(struct scene *s, const struct rho_column *column, const struct rho_column *catalogue,
                 char key[33])
{
	struct rho_buf why = { 0 };
	struct rho_embedding e;
	cr_assert_eq(ask(s, column, catalogue, &e, &why), 0, "%s", why.at);
	cr_assert_eq(e.mat.rows, column->n);
	memcpy(key, e.key, sizeof e.key);
	rho_embedding_close(&e);
	rho_buf_free(&why);
}

Test(embed, key_by_the_catalogue_when_the_encoder_fits)
{
	struct scene s = scene_new("letters", "unit = false"), p = scene_new("plain", "");
	char a[33], b[33], c[33];
	keys(&s, s.contexts, s.actions, a);
	keys(&s, s.contexts, s.contexts, b);
	keys(&s, s.contexts, NULL, c);
	cr_assert(strcmp(a, b) && strcmp(b, c) && strcmp(a, c));
	keys(&s, s.actions, s.actions, b);
	cr_assert(strcmp(a, b));
	keys(&p, p.contexts, p.actions, a);
	keys(&p, p.contexts, NULL, b);
	cr_assert_str_eq(a, b, "an encoder that does not fit sees no catalogue");
	keys(&p, p.actions, NULL, b);
	cr_assert_str_neq(a, b);
	scene_free(&s);
	scene_free(&p);
}

Test(embed, key_by_the_weights)
{
	struct scene s = scene_new("letters", "");
	char *weights = folder_path(s.folder, "weights"), *toml = rho_xprintf("weights = '%s'", weights);
	char a[33], b[33], c[33];
	ask_well(&s, a);
	plugin_free(&s.plugin);
	file_put(weights, "one", 3);
	s.plugin = plugin_get(RHO_ENCODER, "letters", toml);
	ask_well(&s, b);
	file_put(weights, "two", 3);
	ask_well(&s, c);
	cr_assert(strcmp(a, b) && strcmp(b, c));
	free(weights);
	free(toml);
	scene_free(&s);
}

Test(embed, key_by_what_is_inside_a_part)
{
	struct scene s = scene_new("plain", "");
	char *weights = folder_path(s.folder, "weights");
	char *toml = rho_xprintf("inner = { use = 'letters', weights = '%s', batch = 3 }", weights);
	char *faster = rho_xprintf("inner = { use = 'letters', weights = '%s', batch = 4 }", weights);
	char a[33], b[33], c[33];
	keys(&s, s.actions, NULL, a);
	plugin_free(&s.plugin);
	file_put(weights, "one", 3);
	s.plugin = plugin_get(RHO_ENCODER, "plain", toml);
	keys(&s, s.actions, NULL, b);
	cr_assert_str_neq(a, b);
	plugin_free(&s.plugin);
	s.plugin = plugin_get(RHO_ENCODER, "plain", faster);
	keys(&s, s.actions, NULL, c);
	cr_assert_str_eq(b, c, "speed is no identity, in a part neither");
	file_put(weights, "two", 3);
	keys(&s, s.actions, NULL, c);
	cr_assert_str_neq(b, c);
	free(weights);
	free(toml);
	free(faster);
	scene_free(&s);
}

/* Runs while stderr goes to a file; gives what was said. */
static struct rho_buf mend(struct scene *s, char key[33])
{
	char *said = folder_path(s->folder, "stderr");
	cr_assert(freopen(said, "w", stderr));
	ask_well(s, key);
	fflush(stderr);
	struct rho_buf text = file_get(said);
	free(said);
	return text;
}

Test(embed, make_damaged_files_again)
{
	struct scene s = scene_new("letters", "");
	char key[33];
	ask_well(&s, key);
	char *npy = folder_only(s.store, ".npy"), *json = folder_only(s.store, ".json");
	struct rho_buf sound = file_get(npy), sidecar = file_get(json);
	static const struct { const char *says; int what; size_t at; } damages[] = {
		{ "does not have the checksum", 0, 128 + 777 }, { "does not have the checksum", 0,
		                                                  128 + 3000 * 32 - 1 },
		{ "is not a .npy file", 0, 2 }, { "truncated", 1, 5000 }, { "truncated", 1, 0 },
			{ "truncated", 1, 60 },
		{ "truncated", 1, 127 }, { "does not describe", 2, 0 }, { "does not describe", 2, 30 },
		{ "cannot be opened", 3, 0 },
	};
	for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
		switch (damages[i].what) {
		case 0: file_flip(npy, damages[i].at); break;
		case 1: file_put(npy, sound.at, damages[i].at); break;
		case 2: file_put(json, sidecar.at, damages[i].at); break;
		case 3: unlink(json); break;
		}
		struct rho_buf said = mend(&s, key), now = file_get(npy), notes = file_get(json);
		cr_assert(says(&said, damages[i].says) && says(&said, "making it again"), "%zu: %s", i,
		          said.at);
		cr_assert(now.len == sound.len && !memcmp(now.at, sound.at, now.len));
		cr_assert(notes.len == sidecar.len && !memcmp(notes.at, sidecar.at, notes.len));
		rho_buf_free(&said);
		rho_buf_free(&now);
		rho_buf_free(&notes);
	}
	rho_buf_free(&sound);
	rho_buf_free(&sidecar);
	free(npy);
	free(json);
	scene_free(&s);
}

/* A sound file of another shape under this name is no better than a damaged one. */
Test(embed, compare_the_shape)
{
	struct scene s = scene_new("letters", "");
	struct rho_buf why = { 0 };
	char key[33];
	float few[16] = { 0 };
	ask_well(&s, key);
	char *npy = folder_only(s.store, ".npy");
	npy_put(npy, few, 2, 8);
	struct rho_buf said = mend(&s, key);
	cr_assert(says(&said, "it has 2 rows and 8 columns where 3000 rows are wanted"), "%s", said.at);
	rho_buf_free(&said);
	free(npy);
	scene_free(&s);
	rho_buf_free(&why);
}

Test(embed, refuse_what_an_encoder_may_not_do)
{
	ask_badly("mode = 'not_a_number'", RHO_EBUG,
	          "encoder letters, encode: row 1023 has a number that is not finite");
	ask_badly("mode = 'not_unit'", RHO_EBUG,
	          "encoder letters, encode: row 1 has length 1.01; this encoder promised");
	ask_badly("mode = 'images'", RHO_ENOSUP, "encoder letters: it does not take texts");
	ask_badly("mode = 'no_dim'", RHO_EBUG, "rows of 0 floats");
	ask_badly("mode = 'fails'", RHO_EFORMAT, "encoder letters, encode: no letters today");
}

Test(embed, refuse_a_column_that_is_not_text)
{
	struct scene s = scene_new("plain", "");
	struct rho_column label = *s.actions;
	struct rho_buf why = { 0 };
	struct rho_embedding e;
	label.type = RHO_COL_I64;
	cr_assert_eq(ask(&s, &label, NULL, &e, &why), RHO_EINVAL);
	cr_assert(says(&why, "column text is not text"));
	scene_free(&s);
	rho_buf_free(&why);
}

Test(embed, encode_once_for_many_processes)
{
	struct scene s = scene_new("letters", "pause = 300");
	pid_t child[6];
	for (int i = 0; i < 6; i++) {
		child[i] = fork();
		if (child[i] == 0) {
			struct rho_buf why = { 0 };
			struct rho_embedding e;
			_exit(ask(&s, s.actions, s.actions, &e, &why) || e.mat.rows != 3000);
		}
	}
	for (int i = 0; i < 6; i++) {
		int status;
		cr_assert_eq(waitpid(child[i], &status, 0), child[i]);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	cr_assert_eq(file_size(s.log), 4, "one process fitted and encoded");
	scene_free(&s);
}

/* Killed in the middle: nothing is found that is not whole, and the next one makes it. */
Test(embed, survive_a_kill)
{
	struct scene s = scene_new("letters", "pause = 2000\nbatch = 1");
	pid_t child = fork();
	if (child == 0) {
		struct rho_buf why = { 0 };
		struct rho_embedding e;
		ask(&s, s.actions, s.actions, &e, &why);
		_exit(0);
	}
	while (!file_size(s.log))
		usleep(1000);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	cr_assert_eq(folder_count(s.store, ".json"), 0);
	plugin_free(&s.plugin);
	s.plugin = plugin_get(RHO_ENCODER, "letters", "");
	char key[33];
	ask_well(&s, key);
	cr_assert_eq(folder_count(s.store, ".tmp."), 0);
	scene_free(&s);
}

struct progress { size_t n; double last; bool fell; int stop_after; volatile int stopping; };

static void note_progress(void *arg, const struct rho_ctx *c, double done)
{
	struct progress *p = arg;
	p->fell = p->fell || done < p->last || done > 1;
	p->last = done;
	p->n++;
	if (p->stop_after && (int)p->n >= p->stop_after)
		p->stopping = 1;
}

Test(embed, show_progress_of_the_whole)
{
	struct scene s = scene_new("letters", "");
	struct progress p = { .n = 0 };
	char key[33];
	s.plugin.world.progress = note_progress;
	s.plugin.world.arg = &p;
	ask_well(&s, key);
	cr_assert_eq(p.n, 3000 + 3);
	cr_assert(!p.fell && p.last == 1);
	cr_assert(s.plugin.world.progress == note_progress && s.plugin.world.arg == &p,
	          "given back as it was");
	scene_free(&s);
}

Test(embed, stop_when_asked)
{
	struct scene s = scene_new("letters", "batch = 10");
	struct progress p = { .stop_after = 100 };
	struct rho_buf why = { 0 };
	struct rho_embedding e;
	s.plugin.world.progress = note_progress;
	s.plugin.world.arg = &p;
	s.plugin.world.stopping = &p.stopping;
	cr_assert_eq(ask(&s, s.actions, s.actions, &e, &why), RHO_ESTOP);
	cr_assert(says(&why, "stopped after 100 of 3000 texts"), "%s", why.at);
	cr_assert_eq(folder_count(s.store, ".npy"), 0);
	scene_free(&s);
	rho_buf_free(&why);
}

/* A limit on the size of files stands for a full disk. */
Test(embed, leave_nothing_on_a_full_disk)
{
	struct scene s = scene_new("letters", "");
	struct rho_buf why = { 0 };
	struct rho_embedding e;
	struct rlimit limit;
	signal(SIGXFSZ, SIG_IGN);
	cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	struct rlimit tight = { 3000 * 8, limit.rlim_max };
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	int code = ask(&s, s.actions, s.actions, &e, &why);
	cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cr_assert_eq(code, RHO_EIO);
	cr_assert(says(&why, s.store) && says(&why, "choose another folder"), "%s", why.at);
	cr_assert_eq(folder_count(s.store, ".npy"), 0);
	char key[33];
	ask_well(&s, key);
	scene_free(&s);
	rho_buf_free(&why);
}

Test(embed, encode_no_texts)
{
	struct scene s = scene_new("letters", "");
	struct rho_column none = *s.actions;
	struct rho_buf why = { 0 };
	struct rho_embedding e;
	none.n = 0;
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(ask(&s, &none, NULL, &e, &why), 0, "%s", why.at);
		cr_assert(e.mat.rows == 0 && e.mat.cols == 8);
		rho_embedding_close(&e);
	}
	scene_free(&s);
	rho_buf_free(&why);
}
