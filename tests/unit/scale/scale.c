/* scale.c: what a sample must cost, against enumeration and closed forms; `rho scale` as typed. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "scale/scale.h"
#include "store/npy.h"

static char folder[64];

static void enter(void)
{
	strcpy(folder, "/tmp/rho-scale-XXXXXX");
	cr_assert(mkdtemp(folder) && !chdir(folder));
}

static void leave(void)
{
	char *command = rho_xprintf("rm -rf %s", folder);
	cr_assert(!chdir("/") && !system(command));
	free(command);
}

static void put_file(const char *name, const char *text)
{
	struct rho_buf why = { 0 };
	cr_assert(!rho_file_write(name, text, strlen(text), &why), "%s", why.at);
}

static float *noise(size_t n)
{
	float *at = rho_xmalloc(n * sizeof *at);
	uint64_t x = n;
	for (size_t i = 0; i < n; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		at[i] = (float)((double)(x >> 11) / 0x1p53 - 0.5);
	}
	return at;
}

static void put_npy(const char *name, size_t rows, size_t cols)
{
	struct rho_buf b = { 0 }, why = { 0 };
	char head[NPY_HEAD];
	float *at = noise(rows * cols);
	npy_head_write(head, rows, cols);
	rho_buf_add(&b, head, sizeof head);
	rho_buf_add(&b, at, rows * cols * sizeof *at);
	cr_assert(!rho_file_write(name, b.at, b.len, &why), "%s", why.at);
	rho_buf_free(&b);
	free(at);
}

/* Its last number is none. */
static void spoil(const char *name)
{
	FILE *f = fopen(name, "r+b");
	cr_assert_not_null(f);
	fseek(f, -(long)sizeof(float), SEEK_END);
	fwrite(&(float){ NAN }, sizeof(float), 1, f);
	fclose(f);
}

static int type(const char *words)
{
	char *command = rho_xprintf("\"$RHO_PROGRAM\" scale %s > out 2> err", words);
	int rc = system(command);
	free(command);
	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

static char *read_file(const char *name)
{
	struct rho_buf b = { 0 }, why = { 0 };
	cr_assert(!rho_file_read(name, 0, &b, &why), "%s", why.at);
	rho_buf_str(&b, "");
	return b.at;
}

static void holds(const char *name, const char *text)
{
	char *all = read_file(name);
	cr_assert(strstr(all, text), "%s lacks \"%s\":\n%s", name, text, all);
	free(all);
}

static void must(const char *words)
{
	int status = type(words);
	char *err = read_file("err");
	cr_assert(!status, "%s: %d, %s", words, status, err);
	free(err);
}

static void mistake(const char *words, const char *told)
{
	cr_assert_eq(type(words), 2, "%s", words);
	holds("err", told);
}

static json_t *load(const char *name)
{
	json_error_t e;
	json_t *root = json_load_file(name, 0, &e);
	cr_assert(root, "%s:%d: %s", name, e.line, e.text);
	return root;
}

static double real(const json_t *o, const char *key) { return json_number_value(json_object_get(o, key)); }

/* Seconds that grow as k^1.5 are straight in their logarithms. */
Test(scale, sampling_is_even_where_costs_cross)
{
	size_t k[12];
	double t[12];
	for (size_t i = 0; i < 12; i++) {
		k[i] = (size_t)1 << (2 * i);
		t[i] = pow((double)k[i], 1.5);
	}
	for (size_t even = 1; even < (size_t)1 << 22; even = even * 3 + 1) {
		size_t got = rho_scale_even(k, t, 12, pow((double)even, 1.5));
		cr_assert_eq(got, even, "%zu, not %zu", got, even);
	}
	cr_assert_eq(rho_scale_even(k, t, 12, 1e30), 0);
	cr_assert_eq(rho_scale_even(k, t, 12, 0.5), 1);
	t[5] = 1e-9; /* a time that falls was disturbed before, or is now */
	cr_assert_eq(rho_scale_even(k, t, 12, pow(256, 1.5)), 256);
	cr_assert_geq(rho_scale_even(k, t, 12, pow(4096, 1.5)), 1024);
}

/* The mean over all samples of three of eight rewards. */
Test(scale, a_gap_is_its_mean_over_all_samples)
{
	static const double reward[8] = { 0.5, -1, 3, 3, 0.25, 2, 0, -7 };
	struct rho_scale s = { .rows = 8, .n_k = 3 };
	s.at = rho_xcalloc(4, sizeof *s.at);
	for (size_t i = 0; i < 3; i++)
		s.at[i].k = i == 2 ? 8 : 3 * i + 1;
	s.even[RHO_PASS_INT8].k = 3;
	rho_scale_static_gap(&s, reward);
	for (size_t k = 1; k <= 8; k++) {
		double sum = 0, n = 0;
		for (unsigned set = 0; set < 256; set++) {
			double best = -INFINITY;
			if (__builtin_popcount(set) != (int)k)
				continue;
			for (size_t i = 0; i < 8; i++)
				best = set >> i & 1 && reward[i] > best ? reward[i] : best;
			sum += 3 - best;
			n++;
		}
		for (size_t i = 0; i < 3; i++)
			if (s.at[i].k == k)
				cr_assert_float_eq(s.at[i].gap, sum / n, 1e-12);
		if (k == 3)
			cr_assert_float_eq(s.even[RHO_PASS_INT8].gap, sum / n, 1e-12);
	}
	cr_assert_eq(s.gap.best, 3);
	rho_scale_free(&s);
}

Test(scale, all_of_it_is_measured)
{
	static const size_t k[] = { 1, 10, 500, 3000 };
	float *at = noise(3000 * 24);
	struct rho_mat mat = { at, 3000, 24, 24 };
	struct rho_scale s;
	rho_scale_measure(&mat, k, 4, 2, 7, &(struct rho_waiting){ NULL, NULL }, &s);
	cr_assert(s.rows == 3000 && s.cols == 24 && s.n_k == 4);
	for (size_t i = 0; i < 4; i++) {
		cr_assert_eq(s.at[i].k, k[i]);
		cr_assert_float_eq(s.at[i].hit[0], (double)k[i] / 3000, 1e-12);
		cr_assert_float_eq(s.at[i].hit[1], rho_hit_top(3000, k[i], 10), 1e-12);
		cr_assert_float_eq(s.at[i].rank, 3001 / ((double)k[i] + 1), 1e-9);
		cr_assert(s.at[i].seconds > 0 && s.at[i].seconds < 1 && isnan(s.at[i].gap));
	}
	for (size_t i = 0; i < RHO_PASSES; i++) {
		cr_assert(s.seconds[i] > 0 && s.seconds[i] < 1);
		cr_assert(s.even[i].k <= 3000);
	}
	rho_scale_free(&s);
	mat = (struct rho_mat){ at, 1, 24, 24 };
	rho_scale_measure(&mat, k, 1, 1, 7, &(struct rho_waiting){ NULL, NULL }, &s);
	cr_assert_eq(s.at[0].hit[2], 1);
	rho_scale_free(&s);
	free(at);
}

static void put_shop(void)
{
	struct rho_buf b = { 0 };
	rho_buf_str(&b, "item_id,title,price\n");
	for (int i = 0; i < 40; i++)
		rho_buf_printf(&b, "i%d,thing number %d of shop %d,%d\n", i, i, i * 7 % 13, i);
	put_file("items.csv", b.at);
	rho_buf_clear(&b);
	rho_buf_str(&b, "user_id,item_id,weight\n");
	for (int i = 0; i < 10; i++)
		rho_buf_printf(&b, "u%d,i%d,1\n", i, i * 3);
	put_file("seen.csv", b.at);
	rho_buf_free(&b);
	put_file("shop.toml", "rho = 1\n[dataset]\nuse = \"csv\"\nitems = \"items.csv\"\ninteractions = \"seen.csv\"\n"
			      "[encoder]\nuse = \"hashing\"\nproject = 16\n[env]\nuse = \"bandit\"\n[agent]\n"
			      "use = \"random\"\n[run]\nname = \"shop\"\nsteps = 10\nseeds = 1\n"
			      "[arms.encoder]\nsmall = {}\nlarge = { project = 24 }\n");
}

/* Each user likes one item of 40: a sample of k lacks it, and its reward of 1, with probability 1 - k/40. */
Test(scale, an_experiment_s_env_is_asked, .init = enter, .fini = leave)
{
	put_shop();
	must("shop.toml --k 1,4,40 --json x.json --quiet");
	holds("out", "small: 40 actions of 16 numbers");
	holds("out", "mean over 100 decisions of env bandit");
	json_t *root = load("x.json"), *sets = json_object_get(root, "sets");
	cr_assert_eq(json_array_size(sets), 2);
	for (size_t i = 0; i < 2; i++) {
		const json_t *set = json_array_get(sets, i), *at = json_object_get(set, "samples");
		cr_assert_eq(real(set, "dim"), i ? 24 : 16);
		cr_assert_eq(real(json_object_get(set, "rewards"), "best_reward"), 1);
		cr_assert_eq(json_array_size(at), 3);
		for (size_t j = 0; j < 3; j++) {
			const json_t *p = json_array_get(at, j);
			double k = real(p, "k");
			cr_assert_float_eq(real(p, "decision_gap"), 1 - k / 40, 1e-9);
			cr_assert_float_eq(real(p, "hits_best"), k / 40, 1e-9);
			cr_assert_float_eq(real(p, "gap_standard_error"), 0, 1e-7);
			cr_assert_gt(real(p, "measured_seconds"), 0);
		}
		cr_assert_eq(json_array_size(json_object_get(set, "scans")), RHO_PASSES);
	}
	json_decref(root);
	must("shop.toml --k 4 --reward price --json - --set arms.encoder.large.project=8");
	root = load("out");
	const json_t *large = json_array_get(json_object_get(root, "sets"), 1);
	const json_t *p = json_array_get(json_object_get(large, "samples"), 0);
	/* prices 0 .. 39: the best of 4 is expected at 4 * 41 / 5 - 1 */
	cr_assert_float_eq(real(p, "decision_gap"), 39 - (4 * 41.0 / 5 - 1), 1e-9);
	json_decref(root);
}

Test(scale, matrices_and_mistakes, .init = enter, .fini = leave)
{
	put_npy("a.npy", 300, 20);
	put_npy("one.npy", 1, 1);
	put_npy("long.npy", 20, 4097);
	put_npy("nan.npy", 300, 20);
	spoil("nan.npy");
	put_file("r.txt", "1\n2\n");
	put_file("bad.toml", "rho = 1\n[dataset]\nuse = \"csv\"\nitmes = \"x\"\n");
	put_file("env.toml", "rho = 1\n[dataset]\nuse = \"synthetic\"\n[encoder]\nuse = \"hashing\"\n"
			     "[env]\nuse = \"bandt\"\n");
	put_file("none.toml", "rho = 1\n[env]\nuse = \"bandit\"\n");
	must("a.npy b=a.npy --markdown --threads 2");
	holds("out", "b: 300 actions of 20 numbers");
	holds("out", "gap: no rewards are known");
	must("one.npy long.npy");
	holds("out", "long: 20 actions of 4097 numbers");
	must("--help");
	holds("out", "usage: rho scale");
	mistake("", "of what?");
	mistake("a.npy --k 5,", "--k 5,: a list of");
	mistake("a.npy --k 301", "has 300 rows, so k goes from 1 to 300");
	mistake("a.npy --thread 2", "did you mean --threads?");
	mistake("a.npy --threads 0", "a whole number within 1 .. 1024");
	mistake("a.npy --json", "--json wants a value");
	mistake("a.npy --set x=1", "--set without an experiment file");
	mistake("a.npy a.npy", "rho scale: two are named a");
	mistake("b.npy", "rho scale: ");
	mistake("a.npy nan.npy", "nan.npy: row 299, column 19 (from 0) is not a finite number");
	mistake("a.npy --reward r.txt", "2 rewards for the 300 rows");
	mistake("bad.toml", "bad.toml:4:1: ");
	mistake("env.toml", "env.toml:7:");
	mistake("none.toml", "there is no [dataset]");
	cr_assert_eq(type("a.npy --json no/such/folder/x.json --quiet"), 1);
}
