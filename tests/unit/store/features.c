/* features.c: what a transform makes of an encoder's vectors: kept by itself, fitted on the actions'. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <store/store.h>
#include "folder.h"

enum { ACTIONS = 300, CONTEXTS = 40, DIM = 8 };

struct scene {
	char *folder, *store, *log;
	struct rho_tables *tables;
	const struct rho_column *actions, *contexts;
};

static struct scene scene_new(void)
{
	static const struct rho_column_spec spec = { "text", RHO_COL_STR, 0, 0 };
	struct scene s = { .folder = folder_new(), .tables = rho_tables_new() };
	struct rho_sink *sink = rho_tables_sink(s.tables);
	struct rho_buf why = { 0 };
	char text[64];
	s.store = folder_path(s.folder, "store");
	s.log = folder_path(s.folder, "log");
	sink->columns(sink, RHO_ACTIONS, &spec, 1);
	sink->columns(sink, RHO_CONTEXTS, &spec, 1);
	for (int i = 0; i < ACTIONS + CONTEXTS; i++) {
		int n = snprintf(text, sizeof text, i < ACTIONS ? "tool %d, %x" : "who has %d and %o?", i * i,
		                 i * 77);
		union rho_value row = { .s = { text, (size_t)n } };
		sink->add(sink, i < ACTIONS ? RHO_ACTIONS : RHO_CONTEXTS, &row);
	}
	cr_assert_eq(rho_tables_finish(s.tables, 3, &why), 0, "%s", why.at);
	s.actions = rho_find_column(rho_tables_data(s.tables), RHO_ACTIONS, "text", RHO_COL_STR);
	s.contexts = rho_find_column(rho_tables_data(s.tables), RHO_CONTEXTS, "text", RHO_COL_STR);
	return s;
}

static void scene_free(struct scene *s)
{
	rho_tables_free(s->tables);
	free(s->store);
	free(s->log);
	folder_remove(s->folder);
}

static int ask(const struct scene *s, const char *more, const struct rho_column *a,
               const struct rho_column *x, struct rho_embedding out[2], struct rho_buf *why)
{
	char *toml = rho_xprintf("log = '%s'\n%s", s->log, more);
	struct plugin p = plugin_get(RHO_ENCODER, "letters", toml);
	struct rho_store *store = rho_store_open(s->store, why);
	int code = rho_store_features(store, &p.world, p.module, p.table, a, x, &out[0], &out[1], why);
	rho_store_close(store);
	plugin_free(&p);
	free(toml);
	return code;
}

static void close_both(struct rho_embedding e[2])
{
	rho_embedding_close(&e[0]);
	rho_embedding_close(&e[1]);
}

/* The transformed matrices against the transform done here. */
static void compare(const struct rho_embedding raw[2], const struct rho_embedding got[2],
                    const char *const *step, size_t n, size_t fitted_on)
{
	struct rho_buf why = { 0 };
	struct rho_transform *t = rho_transform_parse(step, n, &why);
	cr_assert_eq(rho_transform_fit(t, &raw[fitted_on].mat, true, 1, &why), 0, "%s", why.at);
	size_t dim = rho_transform_dim(t);
	for (int k = 0; k < 2; k++) {
		if (!raw[k].map) {
			cr_assert_null(got[k].map);
			continue;
		}
		float *want = calloc(raw[k].mat.rows, dim * sizeof *want);
		rho_transform_apply(t, &raw[k].mat, want, dim, 1);
		cr_assert(got[k].mat.rows == raw[k].mat.rows && got[k].mat.cols == dim && got[k].unit_norm);
		cr_assert(!memcmp(got[k].mat.at, want, raw[k].mat.rows * dim * sizeof *want));
		free(want);
	}
	rho_transform_free(t);
}

Test(features, ten_transforms_encode_once)
{
	static const char *const pca[] = { "pca:3" }, *const two[] = { "all-but-the-top:2", "unit" };
	struct scene s = scene_new();
	struct rho_embedding raw[2], got[2], again[2];
	struct rho_buf why = { 0 };
	cr_assert_eq(ask(&s, "", s.actions, s.contexts, raw, &why), 0, "%s", why.at);
	size_t calls = file_size(s.log);
	cr_assert(raw[0].mat.cols == DIM && raw[1].mat.rows == CONTEXTS);
	cr_assert_eq(ask(&s, "transform = [\"pca:3\"]", s.actions, s.contexts, got, &why), 0, "%s", why.at);
	compare(raw, got, pca, 1, 0);
	cr_assert(strcmp(got[0].key, raw[0].key) && strcmp(got[1].key, got[0].key));
	cr_assert_eq(folder_count(s.store, ".npy"), 4);
	cr_assert_eq(ask(&s, "transform = ['pca:3']", s.actions, s.contexts, again, &why), 0, "%s", why.at);
	cr_assert(!strcmp(again[0].key, got[0].key) && !strcmp(again[1].key, got[1].key));
	close_both(again);
	close_both(got);
	cr_assert_eq(ask(&s, "transform = ['all-but-the-top:2', 'unit']", s.actions, s.contexts, got, &why),
	             0);
	compare(raw, got, two, 2, 0);
	close_both(got);
	cr_assert_eq(file_size(s.log), calls, "nothing was encoded again");
	cr_assert_eq(folder_count(s.store, ".npy"), 6);
	cr_assert_eq(folder_count(s.store, ".tmp."), 0);
	close_both(raw);
	scene_free(&s);
}

Test(features, fitted_on_what_there_is)
{
	static const char *const steps[] = { "centre", "whiten" };
	struct scene s = scene_new();
	struct rho_embedding raw[2], got[2];
	struct rho_buf why = { 0 };
	cr_assert_eq(ask(&s, "", NULL, s.contexts, raw, &why), 0, "%s", why.at);
	cr_assert_eq(ask(&s, "transform = ['centre', 'whiten']", NULL, s.contexts, got, &why), 0, "%s",
	             why.at);
	compare(raw, got, steps, 2, 1);
	close_both(raw);
	close_both(got);
	cr_assert_eq(ask(&s, "", s.actions, NULL, raw, &why), 0, "%s", why.at);
	cr_assert_eq(ask(&s, "transform = ['centre', 'whiten']", s.actions, NULL, got, &why), 0, "%s",
	             why.at);
	compare(raw, got, steps, 2, 0);
	close_both(raw);
	close_both(got);
	scene_free(&s);
}

Test(features, what_cannot_be_fitted)
{
	struct scene s = scene_new();
	struct rho_embedding e[2];
	struct rho_buf why = { 0 };
	cr_assert_eq(ask(&s, "transform = ['pca:9']", s.actions, s.contexts, e, &why), RHO_EINVAL);
	cr_assert(says(&why, "encoder letters, transform: ") && says(&why, "8"), "%s", why.at);
	cr_assert(!e[0].map && !e[1].map);
	cr_assert_eq(folder_count(s.store, ".npy"), 2, "the vectors themselves are kept");
	rho_buf_free(&why);
	scene_free(&s);
}

Test(features, a_damaged_one_is_made_again)
{
	static const char *const steps[] = { "unit" };
	struct scene s = scene_new();
	struct rho_embedding raw[2], got[2];
	struct rho_buf why = { 0 };
	cr_assert_eq(ask(&s, "", s.actions, s.contexts, raw, &why), 0, "%s", why.at);
	cr_assert_eq(ask(&s, "transform = ['unit']", s.actions, s.contexts, got, &why), 0, "%s", why.at);
	char *npy = rho_xprintf("%s/%s.npy", s.store, got[0].key);
	size_t calls = file_size(s.log);
	close_both(got);
	file_flip(npy, 500);
	cr_assert_eq(ask(&s, "transform = ['unit']", s.actions, s.contexts, got, &why), 0, "%s", why.at);
	compare(raw, got, steps, 1, 0);
	cr_assert_eq(file_size(s.log), calls);
	close_both(got);
	close_both(raw);
	free(npy);
	scene_free(&s);
}
