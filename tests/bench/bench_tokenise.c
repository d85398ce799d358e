/* bench_tokenise.c: MB of text a second on one core through whole tokenisers, beside a pass that only
 * checks the text's UTF-8, and how long they take to open.
 *
 *   bench-tokenise     the models and texts of $RHO_REAL_DATA; without it there is nothing to measure */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit/lines.h"
#include "kit/text.h"
#include "kit/tokeniser/tokeniser.h"

#define REPEATS 5
#define MOST    ((size_t)8 << 20)

/* Of this thread: others may be busy on the machine. */
static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench-tokenise: %s\n", what);
	exit(1);
}

static void report(const char *what, size_t bytes, double seconds, size_t tokens)
{
	printf("  %-44s %8.1f MB/s", what, (double)bytes / seconds / 1e6);
	if (tokens)
		printf("  %7.2f million tokens/s", (double)tokens / seconds / 1e6);
	putchar('\n');
}

/* The best of REPEATS passes over the lines of the text. */
static void measure(const struct rho_tokeniser *k, const char *what, struct rho_str all)
{
	struct rho_tokens out = { 0 };
	double best = 1e9;
	size_t n = 0;
	for (int r = 0; r < REPEATS; r++) {
		struct rho_str rest = all;
		double start = now();
		for (n = 0; rest.len; n += out.n) {
			struct rho_str line = rho_str_cut(&rest, '\n');
			out.n = 0;
			if (rho_tokeniser_encode(k, line, NULL, 0, &out))
				die("memory ran out");
		}
		best = now() - start < best ? now() - start : best;
	}
	report(what, all.len, best, n);
	rho_tokens_free(&out);
}

static void measure_check(const char *what, struct rho_str all)
{
	double best = 1e9;
	for (int r = 0; r < REPEATS; r++) {
		double start = now();
		if (rho_utf8_valid(all) != all.len)
			die("the text is not UTF-8");
		best = now() - start < best ? now() - start : best;
	}
	report(what, all.len, best, 0);
}

static void add_lines(struct rho_text *text, const char *path)
{
	struct rho_trouble t = { 0 };
	struct rho_lines *lines = rho_lines_open(path, &t);
	struct rho_str line;
	while (lines && text->len < MOST && rho_lines_next(lines, &line) > 0) {
		rho_text_add(text, line);
		rho_text_adds(text, "\n");
	}
	rho_lines_close(lines);
	if (t.code || text->spent)
		die(t.code ? t.text : "memory ran out");
}

/* Words of 1 to 12 letters, hardly one twice, 12 of them a line. */
static void add_words(struct rho_text *text)
{
	uint64_t state = 1;
	char line[16];
	for (size_t i = 1; text->len < MOST / 2; i++) {
		size_t n = 0;
		state = state * 6364136223846793005u + 1442695040888963407u;
		for (uint64_t v = state >> 8; n < 1 + (state >> 60) % 12; v /= 26)
			line[n++] = (char)('a' + v % 26);
		line[n++] = i % 12 ? ' ' : '\n';
		rho_text_add(text, (struct rho_str){ line, n });
	}
}

static void add_ideographs(struct rho_text *text)
{
	uint32_t c = 0x4e00;
	for (size_t i = 1; text->len < MOST / 4; i++) {
		c = 0x4e00 + (c * 7919 + 13) % 0x5000;
		char at[4] = { (char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 0x3f)),
		               (char)(0x80 | (c & 0x3f)), '\n' };
		rho_text_add(text, (struct rho_str){ at, i % 40 ? 3 : 4 });
	}
}

static struct rho_tokeniser *open_model(const char *path)
{
	struct rho_trouble t = { 0 };
	struct rho_tokeniser *k = NULL;
	double best = 1e9;
	for (int r = 0; r < REPEATS; r++) {
		rho_tokeniser_close(k);
		double start = now();
		k = rho_tokeniser_open(path, &t);
		if (!k)
			die(t.text);
		best = now() - start < best ? now() - start : best;
	}
	printf("%s\n  opened in %.1f ms\n", path, 1e3 * best);
	return k;
}

int main(void)
{
	static const char *const models[] = { "all-MiniLM-L6-v2", "clip-vit-base-patch32-tokenizer" };
	static const char *const files[] = { "sts/stsb_train.csv", "gsm8k/test.jsonl",
	                                     "toolbench/queries.jsonl", "toolbench/apis.jsonl.gz" };
	enum { FILES = sizeof(files) / sizeof(files[0]) };
	const char *root = getenv("RHO_REAL_DATA");
	struct rho_text text[FILES + 2] = { 0 };
	char path[1024];
	if (!root || !*root) {
		printf("RHO_REAL_DATA is not set: no model to measure\n");
		return 0;
	}
	for (size_t i = 0; i < FILES; i++) {
		snprintf(path, sizeof(path), "%s/data/%s", root, files[i]);
		add_lines(&text[i], path);
	}
	add_words(&text[FILES]);
	add_ideographs(&text[FILES + 1]);
	printf("UTF-8 checked, nothing else\n");
	measure_check(files[0], rho_text_view(&text[0]));
	measure_check("ideographs", rho_text_view(&text[FILES + 1]));
	for (size_t m = 0; m < sizeof(models) / sizeof(models[0]); m++) {
		snprintf(path, sizeof(path), "%s/models/%s", root, models[m]);
		struct rho_tokeniser *k = open_model(path);
		for (size_t i = 0; i < FILES; i++)
			measure(k, files[i], rho_text_view(&text[i]));
		measure(k, "made-up words", rho_text_view(&text[FILES]));
		measure(k, "ideographs", rho_text_view(&text[FILES + 1]));
		rho_tokeniser_close(k);
	}
	for (size_t i = 0; i < FILES + 2; i++)
		rho_text_free(&text[i]);
	return 0;
}
