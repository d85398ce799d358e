/* tables_store.c: datasets read once, kept, found again, made again when damaged. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <store/store.h>
#include "folder.h"

/* A folder with a store, a text to read and a log of readings; and the plugin that reads. */
struct scene { char *folder, *store, *text, *log; struct plugin plugin; };

static struct scene scene_new(const char *more)
{
	struct scene s = { .folder = folder_new() };
	s.store = folder_path(s.folder, "store");
	s.text = folder_path(s.folder, "text");
	s.log = folder_path(s.folder, "log");
	file_put(s.text, "drill\nhammer\nsaw\n", 17);
	char *toml = rho_xprintf("path = '%s'\nlog = '%s'\n%s", s.text, s.log, more);
	s.plugin = plugin_get(RHO_DATASET, "lines", toml);
	free(toml);
	return s;
}

static void scene_free(struct scene *s)
{
	plugin_free(&s->plugin);
	free(s->store);
	free(s->text);
	free(s->log);
	folder_remove(s->folder);
}

/* Opens the store as a new process would and asks for the tables. */
static struct rho_tables *ask(struct scene *s, char key[33], struct rho_buf *why)
{
	rho_buf_clear(why);
	struct rho_store *store = rho_store_open(s->store, why);
	if (!store)
		return NULL;
	struct rho_tables *t = rho_store_tables(store, &s->plugin.world, s->plugin.module, s->plugin.table,
	                                        key, why);
	rho_store_close(store);
	return t;
}

static void ask_well(struct scene *s, char key[33], size_t rows)
{
	struct rho_buf why = { 0 };
	struct rho_tables *t = ask(s, key, &why);
	cr_assert(t, "%s", why.at);
	const struct rho_column *c = rho_find_column(rho_tables_data(t), RHO_ACTIONS, "text", RHO_COL_STR);
	cr_assert(c && c->n == rows && rho_column_str(c, 1).len == 6);
	cr_assert_eq(memcmp(rho_column_str(c, 1).at, "hammer", 6), 0);
	rho_tables_free(t);
	rho_buf_free(&why);
}

static void ask_badly(const char *more, const char *words)
{
	struct scene s = scene_new(more);
	struct rho_buf why = { 0 };
	char key[33];
	cr_assert_null(ask(&s, key, &why));
	cr_assert(says(&why, words), "%s\ndoes not say: %s", why.at, words);
	cr_assert_eq(folder_count(s.store, ".tables"), 0);
	rho_buf_free(&why);
	scene_free(&s);
}

Test(tables_store, read_a_dataset_once)
{
	struct scene s = scene_new("");
	char key[33], again[33];
	ask_well(&s, key, 3);
	ask_well(&s, again, 3);
	cr_assert_str_eq(key, again);
	cr_assert_eq(strlen(key), 32);
	cr_assert_eq(file_size(s.log), 1, "read once");
	cr_assert_eq(folder_count(s.store, key), 2, "the tables and their lock");
	scene_free(&s);
}

Test(tables_store, read_again_when_the_file_changes)
{
	struct scene s = scene_new("");
	char key[33], changed[33], back[33];
	ask_well(&s, key, 3);
	file_put(s.text, "drill\nhammer\nsaw\nplane\n", 23);
	ask_well(&s, changed, 4);
	file_put(s.text, "drill\nhammer\nsaw\n", 17);
	ask_well(&s, back, 3);
	cr_assert_str_neq(key, changed);
	cr_assert_str_eq(key, back);
	cr_assert_eq(file_size(s.log), 2, "the first tables are still there");
	scene_free(&s);
}

Test(tables_store, tell_parameters_apart_by_what_they_change)
{
	struct scene s = scene_new("");
	char key[33], other[33];
	ask_well(&s, key, 3);
	char *toml = rho_xprintf("path = '%s'\nlog = '%s'\npause = 1", s.text, s.log);
	struct plugin was = s.plugin;
	s.plugin = plugin_get(RHO_DATASET, "lines", toml);
	free(toml);
	ask_well(&s, other, 3);
	cr_assert_str_eq(key, other, "speed is no identity");
	plugin_free(&s.plugin);
	toml = rho_xprintf("path = '%s'\nlog = '%s'\ncopies = 2", s.text, s.log);
	s.plugin = plugin_get(RHO_DATASET, "lines", toml);
	free(toml);
	ask_well(&s, other, 6);
	cr_assert_str_neq(key, other);
	plugin_free(&was);
	scene_free(&s);
}

/* Any damage is noticed, said, and mended with the same bytes. */
Test(tables_store, make_damaged_tables_again)
{
	struct scene s = scene_new("");
	char key[33];
	ask_well(&s, key, 3);
	char *path = folder_only(s.store, ".tables"), *said = folder_path(s.folder, "stderr");
	struct rho_buf sound = file_get(path);
	size_t where[] = { 3, 100, sound.len - 60, sound.len / 2 };
	cr_assert(freopen(said, "w", stderr));
	size_t mended = 0;
	for (size_t i = 0; i < 4; i++) {
		file_flip(path, where[i]);
		ask_well(&s, key, 3);
		struct rho_buf now = file_get(path);
		mended += now.len == sound.len && !memcmp(now.at, sound.at, now.len);
		rho_buf_free(&now);
		file_put(path, sound.at, sound.len);
	}
	for (size_t n = 0; n < sound.len; n += 177) {
		file_put(path, sound.at, n);
		ask_well(&s, key, 3);
		struct rho_buf now = file_get(path);
		cr_assert(now.len == sound.len && !memcmp(now.at, sound.at, now.len));
		rho_buf_free(&now);
	}
	fflush(stderr);
	struct rho_buf text = file_get(said);
	cr_assert_geq(mended, 3);       /* a flip may have met padding */
	cr_assert(says(&text, "rho: warning: ") && says(&text, path) && says(&text, "is damaged"), "%s",
	          text.at);
	cr_assert(says(&text, "making it again\n"));
	rho_buf_free(&text);
	rho_buf_free(&sound);
	free(path);
	free(said);
	scene_free(&s);
}

Test(tables_store, notice_a_changed_text)
{
	struct scene s = scene_new("");
	char key[33];
	ask_well(&s, key, 3);
	char *path = folder_only(s.store, ".tables");
	struct rho_buf all = file_get(path);
	char *word = memmem(all.at, all.len, "drillhammersaw", 14);
	cr_assert(word);
	file_flip(path, (size_t)(word - all.at) + 7);   /* still UTF-8: only the checksum tells */
	ask_well(&s, key, 3);
	cr_assert_eq(file_size(s.log), 2);
	rho_buf_free(&all);
	free(path);
	scene_free(&s);
}

Test(tables_store, pass_mistakes_on)
{
	ask_badly("mode = 'spoken'", "dataset lines, read: ");
	ask_badly("mode = 'spoken'", "text:3: what a pity");
	ask_badly("mode = 'silent'", "RHO_EIO");
	ask_badly("mode = 'passed_on'", "dataset lines, read: actions: the columns are declared twice");
	ask_badly("mode = 'not_utf8'", "text:1: a row was refused\n  actions, row 1, column text: byte 3");
	ask_badly("mode = 'bad_link'", "dataset lines: links, row 0, column action: row 1000 of actions");
	ask_badly("mode = 'empty'", "dataset lines: the dataset is empty");
}

Test(tables_store, name_a_file_that_is_missing)
{
	struct scene s = scene_new("");
	struct rho_buf why = { 0 };
	char key[33];
	unlink(s.text);
	cr_assert_null(ask(&s, key, &why));
	cr_assert(says(&why, "dataset lines: path: ") && says(&why, s.text) && says(&why, "No such file"),
	          "%s", why.at);
	rho_buf_free(&why);
	scene_free(&s);
}

/* Six processes want the same at once; one reads, the others wait for it. */
Test(tables_store, read_once_for_many_processes)
{
	struct scene s = scene_new("pause = 300");
	pid_t child[6];
	for (int i = 0; i < 6; i++) {
		child[i] = fork();
		if (child[i] == 0) {
			struct rho_buf why = { 0 };
			char key[33];
			struct rho_tables *t = ask(&s, key, &why);
			_exit(t && rho_tables_data(t)->table[RHO_LINKS].n == 3 ? 0 : 1);
		}
	}
	for (int i = 0; i < 6; i++) {
		int status;
		cr_assert_eq(waitpid(child[i], &status, 0), child[i]);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	cr_assert_eq(file_size(s.log), 1);
	scene_free(&s);
}

Test(tables_store, need_a_folder)
{
	struct scene s = scene_new("");
	struct rho_buf why = { 0 };
	char key[33];
	free(s.store);
	s.store = folder_path(s.text, "store");         /* below a file */
	cr_assert_null(ask(&s, key, &why));
	cr_assert(says(&why, s.text) && says(&why, "a folder should be there"), "%s", why.at);
	rho_buf_free(&why);
	scene_free(&s);
}

/* What a killed maker left is removed by the next. */
Test(tables_store, sweep_up_behind_the_killed)
{
	struct scene s = scene_new("");
	char key[33];
	ask_well(&s, key, 3);
	char *path = folder_only(s.store, ".tables"), *left = rho_xprintf("%s.tmp.1.1", path);
	char *others = folder_path(s.store, "0123.tables.tmp.1.1");
	file_put(left, "half", 4);
	file_put(others, "half", 4);
	unlink(path);
	ask_well(&s, key, 3);
	cr_assert_eq(access(left, F_OK), -1);
	cr_assert_eq(access(others, F_OK), 0, "another key's files are another's affair");
	free(path);
	free(left);
	free(others);
	scene_free(&s);
}
