/* Rank correlations of what embeddings are with what came of them: on an experiment made up in memory. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "relate/relate.h"

enum { ENCODERS = 6, SAMPLERS = 2, ARMS = ENCODERS * SAMPLERS, SEEDS = 5 };

static char *encoder[] = { "e0", "e1", "e2", "e3", "e4", "e5" }, *sampler[] = { "k5", "all" };
static char *axis[] = { "encoder", "sampler" }, *value[ARMS][2];
static struct rho_result_arm arm[ARMS];
static uint64_t seed[SEEDS];
static double score[ARMS * SEEDS];
static struct rho_results results = {
	.dir = "made-up", .name = "made-up", .axis = axis, .n_axes = 2, .arm = arm, .n_arms = ARMS, .seeds = seed,
	.n_seeds = SEEDS,
};
static struct rho_comparison comparison = {
	.results = &results, .metric = "regret", .lower = true, .score = score
};

/* Regret rises with the encoder's number; by less than the seeds' noise between e2 and e3. */
static void make_up(void)
{
	for (size_t i = 0; i < ARMS; i++) {
		value[i][0] = encoder[i % ENCODERS];
		value[i][1] = sampler[i / ENCODERS];
		arm[i] = (struct rho_result_arm){ "arm", value[i] };
		for (size_t s = 0; s < SEEDS; s++)
			score[i * SEEDS + s] =
				(i % ENCODERS == 3 ? 2.01 : (double)(i % ENCODERS)) + 0.1 * (double)(s % 3);
	}
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	cr_assert_not_null(f);
	cr_assert_geq(fputs(text, f), 0);
	cr_assert_eq(fclose(f), 0);
}

static char *geometry(char *dir, const char *skip)
{
	struct rho_buf b = { 0 };
	char *path = rho_xprintf("%s/g.csv", mkdtemp(dir));
	rho_buf_str(&b, "name,measure,at,value,lo,hi\n");
	for (int i = 0; i < ENCODERS; i++) {
		if (!strcmp(encoder[i], skip))
			continue;
		rho_buf_printf(&b, "e%d,rises,,%d,,\ne%d,falls,100,%g,,\ne%d,same,,7,,\ne%d,eigenvalue,1,%d,,\n", i,
		               i * i, i, 1.0 / (1 + i), i, i, i);
		if (i > 3)
			rho_buf_printf(&b, "e%d,seldom,,%d,,\n", i, i);
	}
	write_file(path, b.at);
	rho_buf_free(&b);
	return path;
}

static const struct rho_relation *find(const struct rho_relations *r, const struct rho_properties *p,
                                       const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(p->name[r->relation[i].property], name))
			return &r->relation[i];
	cr_assert_fail("no property %s", name);
	return NULL;
}

Test(relate, known_orders)
{
	char dir[] = "/tmp/rho-relate-XXXXXX", *path = geometry(dir, "");
	const struct rho_relate_options o = { NULL, 0, 0.95, 500 };
	struct rho_properties p;
	struct rho_buf why = { 0 }, text = { 0 }, again = { 0 };
	make_up();
	cr_assert_eq(rho_properties_read(path, &p, &why), 0, "%s", why.at);
	cr_assert_eq(p.n, ENCODERS);
	cr_assert_eq(p.n_names, 4);
	struct rho_relations *r = rho_relate(&comparison, &p, &o, &why);
	cr_assert_not_null(r, "%s", why.at);
	cr_assert_eq(r->n_settings, SAMPLERS);
	cr_assert_str_eq(r->setting[1].name, "sampler=all");
	cr_assert_eq(r->most, ENCODERS);
	const struct rho_relation *rises = find(r, &p, "rises"), *falls = find(r, &p, "falls@100");
	cr_assert_float_eq(rises->mean, 1, 1e-12);
	cr_assert_float_eq(falls->mean, -1, 1e-12);
	cr_assert_eq(rises->settings, SAMPLERS);
	/* e2 and e3 can change places when seeds are drawn anew: the interval knows */
	cr_assert(rises->ci.lo < 1 && rises->ci.lo > 0.5 && rises->ci.hi <= 1, "%g %g", rises->ci.lo, rises->ci.hi);
	cr_assert(isnan(find(r, &p, "same")->mean), "a constant predicts nothing");
	cr_assert(isnan(find(r, &p, "seldom")->mean), "two embeddings are too few");
	struct rho_relate_view v = { &comparison, &p, r, 0.95, 1, 25, false };
	rho_relate_table(&v, &text);
	cr_assert(strstr(text.at, "every embedding: same, seldom."), "%s", text.at);
	rho_buf_clear(&text);
	rho_relate_csv(&v, &text);
	rho_relations_free(r);
	r = rho_relate(&comparison, &p, &o, &why); /* the same input, the same bits */
	v.relations = r;
	rho_relate_csv(&v, &again);
	cr_assert_str_eq(text.at, again.at);
	cr_assert_eq(rho_relate_plots(&v, (const char *[]){ "rises" }, 1, dir, &why), 0, "%s", why.at);
	char *svg = rho_xprintf("%s/relate-rises.svg", dir);
	cr_assert_eq(access(svg, R_OK), 0);
	rho_relations_free(r);
	const struct rho_relate_options fewer = { (const char *[]){ "e[01]" }, 1, 0.95, 100 };
	r = rho_relate(&comparison, &p, &fewer, &why);
	cr_assert_not_null(r, "%s", why.at);
	cr_assert_eq(r->most, ENCODERS - 2);
	unlink(svg);
	unlink(path);
	rmdir(dir);
	free(svg);
	free(path);
	rho_relations_free(r);
	rho_properties_free(&p);
	rho_buf_free(&text);
	rho_buf_free(&again);
}

Test(relate, says_what_is_missing)
{
	char dir[] = "/tmp/rho-relate-XXXXXX", *path = geometry(dir, "e4");
	const struct rho_relate_options o = { NULL, 0, 0.95, 100 };
	struct rho_properties p;
	struct rho_buf why = { 0 };
	make_up();
	cr_assert_eq(rho_properties_read(path, &p, &why), 0);
	cr_assert_null(rho_relate(&comparison, &p, &o, &why));
	cr_assert_not_null(strstr(why.at, "no embedding called e4"), "%s", why.at);
	rho_buf_clear(&why);
	rho_properties_free(&p);
	for (size_t i = 0; i < ARMS * SEEDS; i++) /* arms that never ran are left out, not mourned */
		if (i / SEEDS % ENCODERS > 2)
			score[i] = NAN;
	cr_assert_eq(rho_properties_read(path, &p, &why), 0);
	cr_assert_null(rho_relate(&comparison, &p, &o, &why));
	cr_assert_not_null(strstr(why.at, "3 embeddings have a score"), "%s", why.at);
	rho_properties_free(&p);
	static const char *const bad[] = { "name,measure,at,value\ne0,x,here,1\n", "name,measure,value\n",
		                           "name,measure,at,value\n", "name,measure,at,value\n,x,,1\n" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		rho_buf_clear(&why);
		write_file(path, bad[i]);
		cr_assert_neq(rho_properties_read(path, &p, &why), 0, "case %zu", i);
		cr_assert_not_null(strstr(why.at, "g.csv"), "%s", why.at);
	}
	results.n_axes = 1;
	axis[0] = "agent";
	rho_buf_clear(&why);
	cr_assert_null(rho_relate(&comparison, &(struct rho_properties){ 0 }, &o, &why));
	cr_assert_not_null(strstr(why.at, "no axis `encoder`"), "%s", why.at);
	unlink(path);
	rmdir(dir);
	free(path);
	rho_buf_free(&why);
}
