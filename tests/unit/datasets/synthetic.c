/* The synthetic dataset: sizes, weights, determinism, and that there is something to find. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loaded.h"

Test(synthetic, sizes_and_weights)
{
	struct loaded l = load_well("synthetic", "actions = 3000\ncontexts = 100");
	cr_assert_eq(rows(&l, RHO_ACTIONS), 3000);
	cr_assert_eq(rows(&l, RHO_CONTEXTS), 100);
	size_t full = 0, n = rows(&l, RHO_LINKS);
	cr_assert(n > 100 * 150 && n < 100 * 250, "%zu", n);
	for (size_t i = 0; i < n; i++) {
		double w = link_weight(&l, i);
		cr_assert(w == 0.2 || w == 0.2 + 0.5 || w == 0.2 + 0.3 || w == 0.2 + 0.5 + 0.3, "%g", w);
		full += w > 0.99;
		cr_assert_str_eq(cell(&l, RHO_ACTIONS, "category", link_action(&l, i)),
		                 cell(&l, RHO_CONTEXTS, "category", link_context(&l, i)));
	}
	cr_assert(full > n / 50 && full < n / 25, "%zu of %zu", full, n);       /* about 1 in 36 */
	unload(&l);
}

Test(synthetic, rows_depend_on_the_seed_and_their_number_alone)
{
	struct loaded few = load_well("synthetic", "actions = 500\ncontexts = 20\ntopics = 5");
	struct loaded many = load_well("synthetic", "actions = 900\ncontexts = 30\ntopics = 5");
	struct loaded other = load_well("synthetic", "actions = 500\ncontexts = 20\ntopics = 5\nseed = 2");
	size_t differ = 0;
	for (size_t i = 0; i < 500; i++) {
		cr_assert_str_eq(cell(&few, RHO_ACTIONS, "text", i), cell(&many, RHO_ACTIONS, "text", i));
		differ +=
			strcmp(cell(&few, RHO_ACTIONS, "text", i), cell(&other, RHO_ACTIONS, "text", i)) != 0;
	}
	for (size_t i = 0; i < 20; i++)
		cr_assert_str_eq(cell(&few, RHO_CONTEXTS, "text", i), cell(&many, RHO_CONTEXTS, "text", i));
	cr_assert_eq(differ, 500);
	unload(&few);
	unload(&many);
	unload(&other);
}

/* Copies come behind the actions, which stay as they were, and are linked like what they are copies of. */
Test(synthetic, copies_are_the_same_in_all_but_their_number)
{
	enum { K = 300, COPIES = 200, C = 20 };
	static const char *const toml[] = {
		"actions = 300\ncontexts = 20\ntopics = 4", "actions = 300\ncontexts = 20\ntopics = 4\nduplicates = 200"
	};
	struct loaded plain = load_well("synthetic", "%s", toml[0]), more = load_well("synthetic", "%s", toml[1]);
	static double weight[C][K + COPIES], before[C][K];
	size_t alike = 0;
	cr_assert_eq(rows(&more, RHO_ACTIONS), K + COPIES);
	for (size_t i = 0; i < rows(&plain, RHO_LINKS); i++)
		before[link_context(&plain, i)][link_action(&plain, i)] = link_weight(&plain, i);
	for (size_t i = 0; i < rows(&more, RHO_LINKS); i++)
		weight[link_context(&more, i)][link_action(&more, i)] = link_weight(&more, i);
	for (size_t i = 0; i < K; i++)
		cr_assert_str_eq(cell(&plain, RHO_ACTIONS, "text", i), cell(&more, RHO_ACTIONS, "text", i));
	for (size_t c = 0; c < C; c++)
		for (size_t i = 0; i < K; i++)
			cr_assert_eq(weight[c][i], before[c][i]);
	for (size_t i = K; i < K + COPIES; i++) {
		size_t of = 0;
		while (of < K && strcmp(cell(&more, RHO_ACTIONS, "text", i), cell(&more, RHO_ACTIONS, "text", of)))
			of++;
		cr_assert_lt(of, K, "action %zu is no copy", i);
		for (size_t c = 0; c < C; c++)
			cr_assert_eq(weight[c][i], weight[c][of]);
		alike += of < K / 2;
	}
	cr_assert(alike > COPIES / 3 && alike < 2 * COPIES / 3, "%zu of the first half", alike);
	unload(&plain);
	unload(&more);
}

/* How many of the runs of n letters in a are also in b. */
static size_t shared_grams(const char *a, const char *b, size_t n)
{
	size_t shared = 0;
	char gram[8] = "";
	for (size_t i = 0; strlen(a) >= n && i + n <= strlen(a); i++) {
		memcpy(gram, a + i, n);
		shared += !memchr(gram, ' ', n) && strstr(b, gram);
	}
	return shared;
}

/* How many words of a are words of b. */
static size_t shared_words(const char *a, const char *b)
{
	char copy[1000], padded[1000], word[100], *rest = NULL;
	size_t shared = 0;
	snprintf(copy, sizeof(copy), "%s", a);
	snprintf(padded, sizeof(padded), " %s ", b);
	for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
		snprintf(word, sizeof(word), " %s ", w);
		shared += strstr(padded, word) != NULL;
	}
	return shared;
}

/* Of a perfect action and a random one, the perfect one's text is nearer the wish: nearly always
 * by letters, less often by words, and not always. */
Test(synthetic, texts_predict_reward_better_by_letters)
{
	struct loaded l = load_well("synthetic", "actions = 4000\ncontexts = 600\nfiller = 3");
	size_t asked = 0;
	double by_letters = 0, by_words = 0;
	for (size_t i = 0, last = SIZE_MAX; i < rows(&l, RHO_LINKS); i++) {
		uint32_t c = link_context(&l, i), a = link_action(&l, i);
		if (link_weight(&l, i) < 0.99 || c == last)
			continue;
		last = c;
		const char *wish = cell(&l, RHO_CONTEXTS, "text", c),
			   *right = cell(&l, RHO_ACTIONS, "text", a);
		const char *wrong = cell(&l, RHO_ACTIONS, "text", (a * 7919u + 13) % 4000);
		size_t x = shared_grams(wish, right, 4), y = shared_grams(wish, wrong, 4);
		by_letters += x > y ? 1 : x == y ? 0.5 : 0;
		x = shared_words(wish, right);
		y = shared_words(wish, wrong);
		by_words += x > y ? 1 : x == y ? 0.5 : 0;
		asked++;
	}
	cr_assert_gt(asked, 400);
	by_letters /= (double)asked;
	by_words /= (double)asked;
	cr_assert(by_letters > 0.9 && by_letters < 1, "%g", by_letters);
	cr_assert(by_words > 0.55 && by_words < by_letters - 0.05, "%g", by_words);
	unload(&l);
}

Test(synthetic, endings_off_makes_words_match)
{
	struct loaded l =
		load_well("synthetic", "actions = 400\ncontexts = 50\nendings = 0\nfiller = 0\ntopics = 2");
	for (size_t i = 0; i < rows(&l, RHO_LINKS); i++)
		if (link_weight(&l, i) > 0.99)
			cr_assert_geq(shared_words(cell(&l, RHO_CONTEXTS, "text", link_context(&l, i)),
			                           cell(&l, RHO_ACTIONS, "text", link_action(&l, i))), 2);
	unload(&l);
}

Test(synthetic, features)
{
	struct loaded l = load_well("synthetic", "actions = 2000\ncontexts = 200\nfeatures = 16");
	const struct rho_column *a = rho_find_column(l.data, RHO_ACTIONS, "features", RHO_COL_F32S);
	const struct rho_column *c = rho_find_column(l.data, RHO_CONTEXTS, "features", RHO_COL_F32S);
	cr_assert(a && c && a->width == 16 && c->width == 16);
	cr_assert_null(rho_find_column(l.data, RHO_ACTIONS, "text", RHO_COL_STR));
	double linked = 0, any = 0, norm = 0;
	size_t n = rows(&l, RHO_LINKS);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < 16; j++) {
			const float *x = c->f32 + link_context(&l, i) * 16;
			linked += (double)(x[j] * a->f32[link_action(&l, i) * 16 + j]) / (double)n;
			any += (double)(x[j] * a->f32[(i * 37 % 2000) * 16 + j]) / (double)n;
			norm += (double)(x[j] * x[j]) / (double)n;
		}
	cr_assert_float_eq(norm, 1, 1e-5);
	cr_assert(linked > 0.4 && any < 0.2, "%g %g", linked, any);
	unload(&l);
}

Test(synthetic, arms)
{
	struct loaded l = load_well("synthetic", "arms = true\nactions = 1000\ncontexts = 4");
	cr_assert_eq(rows(&l, RHO_LINKS), 4000);
	double sum = 0;
	for (size_t i = 0; i < 4000; i++) {
		cr_assert_eq(link_action(&l, i), i % 1000);
		cr_assert_eq(link_weight(&l, i), link_weight(&l, i % 1000));
		sum += link_weight(&l, i) / 4000;
	}
	cr_assert(sum > 0.45 && sum < 0.55);
	cr_assert_null(rho_find_column(l.data, RHO_ACTIONS, "text", RHO_COL_STR));
	unload(&l);
	load_badly("synthetic", RHO_EINVAL, "arms = true has no features", "arms = true\nfeatures = 3");
	load_badly("synthetic", RHO_EINVAL, "too many", "arms = true\nactions = 1000000\ncontexts = 1000");
}
