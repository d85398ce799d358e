/* command.c: `rho geometry` as typed: tables, JSON, CSV and plots of rows whose geometry is known, and mistakes. */
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
#include "geometry/subject.h"
#include "store/npy.h"

static char folder[64];

static void enter(void)
{
	strcpy(folder, "/tmp/rho-geometry-XXXXXX");
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

static void put_npy(const char *name, const float *at, size_t rows, size_t cols)
{
	struct rho_buf b = { 0 }, why = { 0 };
	char head[NPY_HEAD];
	npy_head_write(head, rows, cols);
	rho_buf_add(&b, head, sizeof head);
	rho_buf_add(&b, at, rows * cols * sizeof *at);
	cr_assert(!rho_file_write(name, b.at, b.len, &why), "%s", why.at);
	rho_buf_free(&b);
}

/* n points spaced evenly on a circle. */
static void put_circle(const char *name, size_t n)
{
	float at[64];
	for (size_t i = 0; i < n; i++) {
		at[2 * i] = (float)cos(2 * acos(-1) * (double)i / (double)n);
		at[2 * i + 1] = (float)sin(2 * acos(-1) * (double)i / (double)n);
	}
	put_npy(name, at, n, 2);
}

/* n rows of d whose numbers have no pattern. */
static void put_noise(const char *name, size_t n, size_t d)
{
	float *at = rho_xmalloc(n * d * sizeof *at);
	uint64_t x = n + d;
	for (size_t i = 0; i < n * d; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		at[i] = (float)((double)(x >> 11) / 0x1p53 - 0.5);
	}
	put_npy(name, at, n, d);
	free(at);
}

/* Runs `rho geometry` with these words of a shell; what it prints in file `out`, what it says in `err`. */
static int type(const char *words)
{
	char *command = rho_xprintf("\"$RHO_PROGRAM\" geometry %s > out 2> err", words);
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

static void must(const char *words)
{
	int status = type(words);
	char *err = read_file("err");
	cr_assert(!status, "%s: %d, %s", words, status, err);
	free(err);
}

static void holds(const char *name, const char *text)
{
	char *all = read_file(name);
	cr_assert(strstr(all, text), "%s lacks \"%s\":\n%s", name, text, all);
	free(all);
}

static void lacks(const char *name, const char *text)
{
	char *all = read_file(name);
	cr_assert(!strstr(all, text), "%s has \"%s\":\n%s", name, text, all);
	free(all);
}

static json_t *load(const char *name)
{
	json_error_t e;
	json_t *root = json_load_file(name, 0, &e);
	cr_assert(root, "%s:%d: %s", name, e.line, e.text);
	return root;
}

static void close_to(const json_t *number, double wanted, double within)
{
	cr_assert(json_is_number(number));
	cr_assert(fabs(json_number_value(number) - wanted) <= within, "%.12g, not %.12g", json_number_value(number),
		  wanted);
}

static json_t *measure(json_t *set, const char *key)
{
	return json_object_get(json_object_get(json_object_get(set, "measures"), key), "value");
}

Test(command, octagon)
{
	enter();
	put_circle("octagon.npy", 8);
	must("octagon.npy --k 7,2,1,2 --json all.json --csv all.csv");
	lacks("out", "nan");
	lacks("all.csv", "nan");
	json_t *root = load("all.json"), *set = json_array_get(json_object_get(root, "sets"), 0),
	       *curve = json_object_get(set, "coverage");
	static const double rem[] = { 1.142857142857, 0.730625988119, 0.292893218813 };
	static const double all[] = { 1.000000000000, 0.547969491090, 0.036611652352 };
	cr_assert(json_array_size(curve) == 3);
	for (size_t q = 0; q < 3; q++) {
		json_t *p = json_array_get(curve, q);
		close_to(json_object_get(json_object_get(p, "rho_rem"), "value"), rem[q], 2e-7);
		close_to(json_object_get(json_object_get(p, "rho_all"), "value"), all[q], 2e-7);
		close_to(json_object_get(json_object_get(p, "scale_free"), "value"), rem[q] / rem[0], 2e-7);
	}
	close_to(measure(set, "mean_cosine"), -1.0 / 7, 1e-7);
	close_to(measure(set, "mean_distance"), 8.0 / 7, 1e-7);
	close_to(measure(set, "sphere_uniformity"), -1.575027, 1e-6);
	close_to(measure(set, "participation_ratio"), 2, 1e-6);
	close_to(measure(set, "iso_score"), 1, 1e-6);
	close_to(json_object_get(set, "n"), 8, 0);
	close_to(json_object_get(set, "dim"), 2, 0);
	cr_assert(!strcmp(json_string_value(json_object_get(set, "name")), "octagon"));
	cr_assert(json_array_size(json_object_get(set, "eigenvalues")) == 2);
	json_t *counts = json_object_get(json_object_get(set, "cosines"), "counts");
	json_int_t pairs = 0;
	for (size_t i = 0; i < json_array_size(counts); i++)
		pairs += json_integer_value(json_array_get(counts, i));
	cr_assert(pairs == 56 || pairs == 28, "%d", (int)pairs);
	json_decref(root);
	holds("all.csv", "name,measure,at,value,lo,hi\n");
	holds("all.csv", "octagon,sphere,1,");
	leave();
}

Test(command, rewards)
{
	enter();
	put_circle("ten.npy", 10);
	put_file("r.txt", "3\n1\n2\n10\n9\n8\n7\n6\n5\n4");
	put_file("r.csv", "reward\n3\n1\n2\n10\n9\n8\n7\n6\n5\n4\n");
	put_npy("r.npy", (float[]){ 3, 1, 2, 10, 9, 8, 7, 6, 5, 4 }, 10, 1);
	static const char *const files[] = { "r.txt", "r.csv", "r.npy" };
	for (size_t i = 0; i < 3; i++) {
		char *words = rho_xprintf("ten.npy --k 3 --top 1 --reward ./%s --json -", files[i]);
		must(words);
		json_t *root = load("out"), *set = json_array_get(json_object_get(root, "sets"), 0),
		       *p = json_array_get(json_object_get(set, "coverage"), 0);
		close_to(json_object_get(p, "best_reward"), 8.25, 1e-12);
		close_to(json_object_get(p, "decision_gap"), 1.75, 1e-12);
		close_to(json_object_get(p, "hits_top"), 0.3, 1e-12);
		json_decref(root);
		free(words);
	}
	must("ten.npy --reward r.txt");
	holds("out", "decision gap");
	leave();
}

/* Whether every element is closed by its own name, and what is between has no stray < or &. */
static void well_formed(const char *name)
{
	char *text = read_file(name), *open[32];
	size_t depth = 0;
	for (char *at = text; (at = strpbrk(at, "<&"));) {
		if (*at == '&') {
			cr_assert(!strncmp(at, "&lt;", 4) || !strncmp(at, "&gt;", 4) || !strncmp(at, "&amp;", 5) ||
				  !strncmp(at, "&quot;", 6));
			at++;
			continue;
		}
		char *end = strchr(at, '>');
		cr_assert(end && depth < 32);
		if (at[1] == '/') {
			size_t n = (size_t)(end - at) - 2;
			cr_assert(depth && !strncmp(open[depth - 1] + 1, at + 2, n));
			depth--;
		} else if (end[-1] != '/') {
			open[depth++] = at;
		}
		at = end;
	}
	cr_assert(!depth && strstr(text, "<svg ") && strstr(text, "</svg>"));
	cr_assert(!strstr(text, "nan") && !strstr(text, "inf"), "%s", name);
	free(text);
}

Test(command, side_by_side)
{
	static const char *const plots[] = { "plots/new/spectrum.svg", "plots/new/coverage.svg",
					     "plots/new/cosines.svg" };
	enter();
	put_noise("first.npy", 300, 12);
	put_noise("second.npy", 200, 5);
	must("first.npy '<b> & \"c\"'=second.npy --plots plots/new --threads 1 --seed 5 --json one.json");
	holds("out", "<b> & \"c\"");
	holds("out", "sphere, d = 12");
	holds("out", "sphere, d = 5");
	holds("out", "300 actions");
	holds("out", "200 actions");
	lacks("out", "nan");
	for (size_t i = 0; i < 3; i++) {
		well_formed(plots[i]);
		holds(plots[i], "&lt;b&gt; &amp; &quot;c&quot;");
		holds(plots[i], ">first</text>");
	}
	must("first.npy '<b> & \"c\"'=second.npy --threads 3 --seed 5 --quiet --json three.json");
	char *one = read_file("one.json"), *three = read_file("three.json"), *err = read_file("err");
	cr_assert(!strcmp(one, three), "threads change a number");
	cr_assert(!*err, "--quiet says: %s", err);
	free(one);
	free(three);
	free(err);
	must("first.npy --rows 50 --markdown");
	holds("out", "| :--- |");
	holds("out", "\n| first");
	must("first.npy --rows 50 --json -");
	json_t *root = load("out"),
	       *drawn = json_object_get(json_array_get(json_object_get(root, "sets"), 0), "drawn");
	close_to(json_object_get(drawn, "coverage"), 50, 0);
	close_to(json_object_get(drawn, "pairs"), 50, 0);
	json_decref(root);
	leave();
}

Test(command, little_and_odd)
{
	float at[60] = { 0 };
	enter();
	put_noise("two.npy", 2, 3);
	put_noise("three.npy", 3, 3);
	must("two.npy --plots p");
	lacks("out", "nan");
	holds("out", "two: no TwoNN: ");
	well_formed("p/coverage.svg");
	well_formed("p/cosines.svg");
	well_formed("p/spectrum.svg");
	must("three.npy");
	lacks("out", "nan");
	for (size_t i = 0; i < 60; i++) /* twenty rows, the last five of zeros, the others three directions */
		at[i] = i < 45 && i % 3 == i / 3 % 3 ? 1 : 0;
	put_npy("copies.npy", at, 20, 3);
	must("copies.npy --json -");
	lacks("out", "NaN");
	json_t *root = load("out"), *set = json_array_get(json_object_get(root, "sets"), 0);
	close_to(json_object_get(set, "zero_rows"), 5, 0);
	cr_assert(json_is_null(measure(set, "two_nn")));
	json_decref(root);
	must("copies.npy --eps 0.001 --picks 20");
	holds("out", "> 20");
	holds("out", "copies: no eluder count: the greatest width is still above eps");
	leave();
}

Test(command, encoders)
{
	static const char file[] =
		"rho = 1\n[dataset]\nuse = \"synthetic\"\nactions = 80\ncontexts = 30\n[encoder]\nuse = \"hashing\"\n"
		"project = 16\n[arms.encoder]\nplain = {}\ncentred = { transform = [\"centre\"] }\n"
		"wide = { project = 32 }\n";
	enter();
	put_file("some.toml", file);
	must("some.toml --store kept --json -");
	json_t *root = load("out"), *sets = json_object_get(root, "sets");
	static const char *const names[] = { "plain", "centred", "wide" };
	static const double dims[] = { 16, 16, 32 };
	cr_assert(json_array_size(sets) == 3);
	for (size_t i = 0; i < 3; i++) {
		json_t *set = json_array_get(sets, i), *source = json_object_get(set, "source");
		cr_assert(!strcmp(json_string_value(json_object_get(set, "name")), names[i]));
		close_to(json_object_get(set, "n"), 80, 0);
		close_to(json_object_get(set, "dim"), dims[i], 0);
		cr_assert(json_object_get(json_object_get(source, "encoder"), "version"));
		json_t *parameters = json_object_get(json_object_get(source, "dataset"), "parameters");
		cr_assert(strstr(json_string_value(parameters), "actions = 80"));
	}
	close_to(measure(json_array_get(sets, 1), "mean_cosine"), -1.0 / 79, 3e-3);
	cr_assert(!system("test $(ls kept/*.npy | wc -l) = 3 && cp -r kept before"));
	/* the same from the command line comes from the store */
	must("--dataset synthetic --set-dataset actions=80 --set-dataset contexts=30 --encoder hashing "
	     "--set project=16 --transform centre --store kept --json -");
	cr_assert(!system("diff -r kept before > diff"));
	json_t *again = load("out"), *set = json_array_get(json_object_get(again, "sets"), 0);
	cr_assert(json_equal(json_object_get(set, "measures"),
			     json_object_get(json_array_get(sets, 1), "measures")));
	json_decref(again);
	json_decref(root);
	/* two datasets, and rewards from them */
	must("some.toml --set 'arms.dataset.small={actions=40}' --set 'arms.dataset.base={}' --store kept "
	     "--reward links");
	holds("out", "small/plain");
	holds("out", "base/wide");
	holds("out", "40 actions (small/plain");
	holds("out", "decision gap");
	leave();
}

/* One user's text is that of the item found later, another's shares no word with it: 0 and 2, in the mean 1. */
Test(command, alignment)
{
	static const char dataset[] =
		"--dataset csv --set-dataset items=items.csv --set-dataset history=1 "
		"--set-dataset interactions=seen.csv --encoder hashing --set project=0 --store kept ";
	const float across[2][2] = { { 3, 0 }, { 0, 0.5f } }, zero[2] = { 0 };
	cr_assert(fabs(rho_pair_distance(across[0], across[1], 2) - 2) < 1e-15);
	cr_assert(fabs(rho_pair_distance(across[0], across[0], 2)) < 1e-15);
	cr_assert(fabs(rho_pair_distance(across[0], zero, 2) - 1) < 1e-15);
	enter();
	put_file("items.csv", "item_id,title\na,red lamp\nb,old book\nc,big tree\n");
	put_file("seen.csv", "user_id,item_id\nu,a\nu,a\nv,b\nv,c\n");
	char *words = rho_xprintf("%s--alignment --json all.json --csv all.csv", dataset);
	must(words);
	free(words);
	holds("out", "alignment");
	holds("all.csv", ",alignment,,");
	json_t *root = load("all.json"), *set = json_array_get(json_object_get(root, "sets"), 0);
	close_to(measure(set, "alignment"), 1, 0.05);
	json_decref(root);
	must(dataset);
	lacks("out", "  alignment\n");
	put_noise("rows.npy", 9, 3);
	cr_assert(type("rows.npy --alignment") == 2);
	holds("err", "--alignment: rows is a file");
	leave();
}

static void mistaken(const char *words, const char *say)
{
	int status = type(words);
	char *err = read_file("err"), *out = read_file("out");
	cr_assert(status == 2, "%s: %d, %s", words, status, err);
	cr_assert(strstr(err, say), "%s: \"%s\" lacks \"%s\"", words, err, say);
	cr_assert(!*out, "%s", out);
	free(err);
	free(out);
}

Test(command, mistakes)
{
	enter();
	put_noise("good.npy", 9, 3);
	put_noise("one.npy", 1, 3);
	put_noise("thin.npy", 9, 1);
	put_npy("same.npy", (float[]){ 1, 2, 2, 4, 3, 6 }, 3, 2);
	put_npy("nan.npy", (float[]){ 1, 2, 3, NAN, 5, 6 }, 3, 2);
	put_file("flat.npy", "not numbers");
	put_file("few.txt", "1\n2\n");
	put_file("words.txt", "1\n2\nthree\n");
	put_file("none.toml", "rho = 1\n[encoder]\nuse = \"hashing\"\n");
	put_file("wrong.toml", "rho = 1\n[dataset]\nuse = \"synthetic\"\n[encoder]\nuse = \"hashin\"\n");
	put_file("holes.txt", "1\n2\n3\n4\nnan\n6\n7\n8\n9\n");
	mistaken("", "of what?");
	mistaken("good.npy --reward", "wants a value");
	mistaken("good.npy --plot p", "did you mean --plots?");
	mistaken("good.npy --k 0", "--k 0: a list");
	mistaken("good.npy --k 1,,2", "--k 1,,2: a list");
	mistaken("good.npy --k 5,9", "--k 9: good has 9 rows, so k goes from 1 to 8");
	mistaken("good.npy --rows 1", "--rows 1: 0 (all)");
	mistaken("good.npy --level 95", "a number between 0 and 1");
	mistaken("good.npy --eps 0", "a number above 0");
	mistaken("good.npy --seed -1", "--seed -1: a whole number");
	mistaken("good.npy --json - --csv -", "not both");
	mistaken("gone.npy", "gone.npy");
	mistaken("flat.npy", "flat.npy is not a .npy file");
	mistaken("one.npy", "one.npy: it is 1 by 3; at least two rows");
	mistaken("thin.npy", "thin.npy: it is 9 by 1");
	mistaken("same.npy", "same.npy: all 3 rows point the same way");
	mistaken("nan.npy", "nan.npy: row 1, column 1 (from 0) is not a finite number");
	mistaken("good.npy good.npy", "two are named good; give a file a name of its own: NAME=good.npy");
	mistaken("good.npy --reward few.txt", "2 rewards for the 9 rows of good");
	mistaken("good.npy --reward words.txt", "words.txt:3: \"three\" is not a number");
	mistaken("good.npy --reward holes.txt", "that of row 4 (from 0) of good is missing");
	mistaken("good.npy --reward price", "good.npy is a matrix without a dataset");
	mistaken("good.npy --set dim=5", "--set without --encoder");
	mistaken("good.npy --transform centre", "--transform without --encoder");
	mistaken("--encoder hashing", "an encoder of what? --dataset");
	mistaken("--dataset synthetc --encoder hashing", "did you mean synthetic");
	mistaken("--dataset synthetic --set-dataset action=5 --encoder hashing", "--set-dataset action: ");
	mistaken("--dataset synthetic --encoder hashing --store s --reward pirce --set-dataset actions=9",
		 "there are links; a file");
	mistaken("none.toml", "none.toml: there is no [dataset]");
	mistaken("wrong.toml", "wrong.toml:5:7: encoder.use = \"hashin\"");
	mistaken("wrong.toml --dataset synthetic --encoder hashing", "not both");
	leave();
}
