/* bench_bpe.c: MB/s of byte-pair and Unigram encoding and of their splits on one core, beside a pass that only
 * checks the text's UTF-8.
 *
 *   bench-bpe      CLIP's vocabulary and real sentences from $RHO_REAL_DATA where it is set; a small vocabulary
 *                  and generated words otherwise */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kit/lines.h"
#include "kit/tokeniser/token_model.h"

#define REPEATS 5
#define MARK    "\xe2\x96\x81"
#define MOST    ((size_t)8 << 20)

static struct rho_text text;            /* sentences with a line feed behind each */
static struct rho_text words;           /* random letters: hardly a word twice */
static struct rho_token_scratch scratch;
static struct rho_ids ids;
static struct rho_text tmp;
static size_t pieces;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench-bpe: %s\n", what);
	exit(1);
}

static void count(void *arg, struct rho_str piece)
{
	(void)arg;
	pieces += piece.len > 0;
}

static void take(void *arg, struct rho_str piece)
{
	const struct rho_token_model *m = arg;
	m->run(m->self, piece, &scratch, &ids);
}

enum way { CHECK, GPT2, CLIP, META };

/* The best of REPEATS passes over all lines; the model NULL: only split. */
static void measure(const char *what, enum way way, struct rho_str all, struct rho_token_model *m)
{
	double best = 1e9;
	size_t n = 0;
	for (int r = 0; r < REPEATS; r++) {
		struct rho_str rest = all;
		double start = now();
		ids.n = pieces = 0;
		while (rest.len) {
			struct rho_str line = rho_str_cut(&rest, '\n');
			switch (way) {
			case CHECK: pieces += rho_utf8_valid(line) == line.len; break;
			case GPT2: rho_split_gpt2(line, false, true, &tmp, m ? take : count, m); break;
			case CLIP: rho_split_clip(line, true, &tmp, m ? take : count, m); break;
			case META:
				rho_split_metaspace(line, rho_str_of(MARK), RHO_PREPEND_ALWAYS, true, true, &tmp,
				                    m ? take : count, m);
				break;
			}
		}
		if (ids.spent)
			die("memory ran out");
		if (now() - start < best)
			best = now() - start;
		n = m ? ids.n : pieces;
	}
	printf("%-52s %8.1f MB/s  %8.1f million %s/s\n", what, (double)all.len / best / 1e6,
	       (double)n / best / 1e6, m ? "ids" : way == CHECK ? "lines" : "pieces");
}

/* The sentences of a tab-separated file, in lower case as CLIP's normaliser would have them. */
static void add_sentences(const char *path)
{
	struct rho_trouble t = { 0 };
	struct rho_str line;
	struct rho_lines *l = rho_lines_open(path, &t);
	while (l && rho_lines_next(l, &line) > 0 && text.len < MOST) {
		rho_text_add(&text, line);
		rho_text_adds(&text, "\n");
	}
	if (t.code)
		die(t.text);
	rho_lines_close(l);
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] >= 'A' && text.at[i] <= 'Z')
			text.at[i] = (char)(text.at[i] - 'A' + 'a');
}

static void add_words(struct rho_text *out, size_t bytes, size_t kinds)
{
	uint64_t seed = 1;
	while (out->len < bytes) {
		char word[16];
		uint64_t s = (seed = seed * 6364136223846793005u + 1442695040888963407u) >> 20;
		if (kinds)
			s = s % kinds * 0x9e3779b97f4a7c15u;
		size_t n = 2 + s % 8;
		for (size_t i = 0; i < n; i++, s /= 26)
			word[i] = (char)('a' + s % 26);
		word[n] = seed >> 60 ? ' ' : '\n';
		rho_text_add(out, (struct rho_str){ word, n + 1 });
	}
}

static void open_small(const char *name, struct rho_token_model *m)
{
	char path[1024];
	const char *root = getenv("RHO_SOURCE_ROOT");
	struct rho_trouble t = { 0 };
	snprintf(path, sizeof(path), "%s/tests/unit/transformer/data/token_models.json", root ? root : ".");
	json_t *all = json_load_file(path, JSON_ALLOW_NUL, NULL), *cases = json_object_get(all, "cases");
	for (size_t i = 0; i < json_array_size(cases); i++) {
		const json_t *of = json_array_get(cases, i), *model = json_object_get(of, "model");
		if (!strcmp(json_string_value(json_object_get(of, "name")), name)
		    && (*name == 'u' ? rho_unigram_open : rho_bpe_open)(model, path, m, &t))
			die(t.text);
	}
	if (!m->self)
		die("RHO_SOURCE_ROOT is not the source tree");
	json_decref(all);
}

int main(void)
{
	char vocab[1024], merges[1024], sentences[1024];
	const char *real = getenv("RHO_REAL_DATA");
	struct rho_token_model gpt2 = { 0 }, clip = { 0 }, unigram = { 0 };
	struct rho_trouble t = { 0 };
	open_small("gpt2", &gpt2);
	open_small("unigram", &unigram);
	if (real && *real) {
		const char *folder = "models/clip-vit-base-patch32-tokenizer";
		const char *file[] = { "sts12", "sts13", "sts14", "sts15", "sts16" };
		snprintf(vocab, sizeof(vocab), "%s/%s/vocab.json", real, folder);
		snprintf(merges, sizeof(merges), "%s/%s/merges.txt", real, folder);
		double start = now();
		if (rho_bpe_files(vocab, merges, true, &clip, &t))
			die(t.text);
		printf("CLIP's vocabulary of %zu tokens opened in %.1f ms\n", clip.n, 1e3 * (now() - start));
		for (size_t i = 0; i < 5; i++) {
			snprintf(sentences, sizeof(sentences), "%s/data/sts/%s.tsv", real, file[i]);
			add_sentences(sentences);
		}
	} else {
		open_small("clip", &clip);
		add_words(&text, 2 << 20, 3000);
	}
	add_words(&words, 2 << 20, 0);
	struct rho_str all = rho_text_view(&text), rare = rho_text_view(&words);
	printf("%.1f MB of %s\n", (double)all.len / 1e6, real && *real ? "sentences" : "generated words");
	measure("check of UTF-8, the limit", CHECK, all, NULL);
	measure("GPT-2's split", GPT2, all, NULL);
	measure("CLIP's split", CLIP, all, NULL);
	measure("CLIP's split and BPE", CLIP, all, &clip);
	measure("the same, random words", CLIP, rare, &clip);
	measure("GPT-2's split and BPE, small vocabulary", GPT2, all, &gpt2);
	measure("Metaspace and Unigram, small vocabulary", META, all, &unigram);
	gpt2.free(gpt2.self);
	clip.free(clip.self);
	unigram.free(unigram.self);
	scratch.free_own(scratch.own);
	free(ids.at);
	rho_text_free(&tmp);
	rho_text_free(&text);
	rho_text_free(&words);
	return 0;
}
