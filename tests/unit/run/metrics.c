/* metrics.c: windows, their records, and a window half full in a checkpoint. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "run/metrics.h"

static const char labels[] = "G1G\"2";
static const uint64_t label_off[] = { 0, 2, 5, 5 };
static const uint32_t label[] = { 0, 1, 0, 1, 2 };

static const struct rho_column group = {
	.name = "group",
	.type = RHO_COL_LABEL,
	.n = 5,
	.label = label,
	.off = label_off,
	.bytes = labels,
	.n_labels = 3,
};

static char *record(struct rho_metrics *m, uint64_t step, struct rho_buf *line)
{
	struct rho_buf names = { 0 };
	size_t n;
	free(rho_metrics_record(m, step, line, &names, &n));
	rho_buf_free(&names);
	return line->at;
}

Test(metrics, plain)
{
	struct rho_metrics m;
	struct rho_buf line = { 0 };
	rho_metrics_init(&m, false, NULL);
	rho_metrics_add(&m, 1, NULL, 0);
	rho_metrics_add(&m, 0.5, NULL, 0);
	cr_assert_str_eq(record(&m, 2, &line), "{\"step\": 2, \"reward\": 0.75}\n");
	rho_metrics_add(&m, 0.1, NULL, 0);
	rho_metrics_add(&m, 0.2, NULL, 0);
	cr_assert_str_eq(record(&m, 4, &line), "{\"step\": 4, \"reward\": 0.15000000000000002}\n");
	rho_metrics_free(&m);
	rho_buf_free(&line);
}

Test(metrics, regret_and_groups)
{
	struct rho_metrics m;
	struct rho_buf line = { 0 };
	const struct rho_truth a = { 1, 0.75, 0.5 }, b = { 1, 1, 0.5 };
	rho_metrics_init(&m, true, &group);
	rho_metrics_add(&m, 1, &a, 0);
	rho_metrics_add(&m, 0, &b, 3);
	rho_metrics_add(&m, 0, &a, 2);
	rho_metrics_add(&m, 0, &a, 2);
	/* a group the window did not see is not in the record */
	cr_assert_str_eq(record(&m, 4, &line),
	                 "{\"step\": 4, \"reward\": 0.25, \"regret\": 0.5, \"coverage_regret\": 0.1875, "
	                 "\"selection_regret\": 0.3125, \"best\": 1, "
	                 "\"reward[G1]\": 0.3333333333333333, \"regret[G1]\": 0.5, "
	                 "\"reward[G\\\"2]\": 0, \"regret[G\\\"2]\": 0.5}\n");
	rho_metrics_free(&m);
	rho_buf_free(&line);
}

Test(metrics, too_many_groups)
{
	struct rho_column many = group;
	struct rho_metrics m;
	many.n_labels = RHO_METRICS_GROUPS + 1;
	rho_metrics_init(&m, false, &many);
	cr_assert_null(m.groups);
	rho_metrics_free(&m);
}

Test(metrics, of_plugins)
{
	struct rho_metrics m;
	struct rho_buf line = { 0 };
	rho_metrics_init(&m, false, NULL);
	cr_assert(rho_metrics_named(&m, "agent", "loss", 1));
	cr_assert(rho_metrics_named(&m, "agent", "loss", 2));
	cr_assert(rho_metrics_named(&m, "env", "loss", 5));
	cr_assert(rho_metrics_named(&m, "agent", "reward", 7));
	cr_assert_not(rho_metrics_named(&m, "agent", "loss", NAN));
	cr_assert_not(rho_metrics_named(&m, "agent", "odd", INFINITY));
	rho_metrics_add(&m, 1, NULL, 0);
	cr_assert_str_eq(
		record(&m, 1, &line),
		"{\"step\": 1, \"reward\": 1, \"loss\": 1.5, \"env.loss\": 5, \"agent.reward\": 7}\n");
	rho_metrics_add(&m, 1, NULL, 0); /* a plugin that said nothing in this window is left out */
	cr_assert_str_eq(record(&m, 2, &line), "{\"step\": 2, \"reward\": 1}\n");
	rho_metrics_free(&m);
	rho_buf_free(&line);
}

Test(metrics, for_reporters)
{
	struct rho_metrics m;
	struct rho_buf line = { 0 }, names = { 0 };
	struct rho_metric *list;
	size_t n;
	rho_metrics_init(&m, false, NULL);
	rho_metrics_add(&m, 0.5, NULL, 0);
	rho_metrics_named(&m, "agent", "loss", 3);
	list = rho_metrics_record(&m, 9, &line, &names, &n);
	cr_assert_eq(n, 2);
	cr_assert_str_eq(list[0].name, "reward");
	cr_assert_str_eq(list[1].name, "loss");
	cr_assert_eq(list[1].step, 9);
	cr_assert(list[0].value == 0.5 && list[1].value == 3);
	free(list);
	rho_metrics_free(&m);
	rho_buf_free(&line);
	rho_buf_free(&names);
}

/* A window cut in two by a checkpoint records the same bytes. */
Test(metrics, saved)
{
	struct rho_metrics whole, cut, back;
	struct rho_buf line = { 0 }, other = { 0 }, bytes = { 0 };
	struct rho_unpack u = { 0 };
	const struct rho_truth t = { 0.7, 0.6, 0.1 };
	rho_metrics_init(&whole, true, &group);
	rho_metrics_init(&cut, true, &group);
	rho_metrics_init(&back, true, &group);
	for (uint32_t i = 0; i < 1000; i++) {
		struct rho_metrics *m = i < 437 ? &cut : &back;
		if (i == 437) {
			rho_metrics_save(&cut, &bytes);
			u = (struct rho_unpack){ (const unsigned char *)bytes.at, bytes.len, false };
			cr_assert(rho_metrics_load(&back, &u));
			cr_assert_eq(u.left, 0);
		}
		rho_metrics_add(&whole, 1 / (double)(i + 3), &t, i % 5);
		rho_metrics_add(m, 1 / (double)(i + 3), &t, i % 5);
		rho_metrics_named(&whole, i % 2 ? "agent" : "env", "x", 1 / (double)(i + 7));
		rho_metrics_named(m, i % 2 ? "agent" : "env", "x", 1 / (double)(i + 7));
	}
	cr_assert_str_eq(record(&whole, 1000, &line), record(&back, 1000, &other));
	rho_metrics_free(&whole);
	rho_metrics_free(&cut);
	rho_metrics_free(&back);
	rho_buf_free(&line);
	rho_buf_free(&other);
	rho_buf_free(&bytes);
}

/* Every shorter piece of the bytes, and those of a cell without groups, are refused. */
Test(metrics, damaged)
{
	struct rho_metrics m, bare;
	struct rho_buf bytes = { 0 };
	rho_metrics_init(&m, true, &group);
	rho_metrics_named(&m, "agent", "loss", 1);
	rho_metrics_save(&m, &bytes);
	for (size_t n = 0; n < bytes.len; n++) {
		struct rho_unpack u = { (const unsigned char *)bytes.at, n, false };
		struct rho_metrics to;
		rho_metrics_init(&to, true, &group);
		cr_assert_not(rho_metrics_load(&to, &u), "%zu of %zu bytes", n, bytes.len);
		rho_metrics_free(&to);
	}
	struct rho_unpack u = { (const unsigned char *)bytes.at, bytes.len, false };
	rho_metrics_init(&bare, true, NULL);
	cr_assert_not(rho_metrics_load(&bare, &u));
	rho_metrics_free(&bare);
	rho_metrics_free(&m);
	rho_buf_free(&bytes);
}
