/* BM25: actions ranked by the words that they share with the query (Robertson & Zaragoza 2009). Learns nothing. */
#include <rho/rho.h>

#include "kit/idmap.h"
#include "kit/ranked.h"
#include "words.h"

#define NO_ROW UINT32_MAX

struct posting { uint32_t action; float weight; };      /* a word's occurrence in an action's text, and its worth */
struct asked { uint32_t word; float times; };           /* a word of a query that some action has */

struct bm25 {
	double k1, b;                           /* parameters */
	bool pass_over;
	size_t n_words, n_queries;
	size_t *posting_off;    /* (n_words + 1) */
	struct posting *posting;        /* by word, actions rising within one */
	size_t *asked_off;      /* (n_queries + 1) */
	struct asked *asked;    /* by query, in the order of its words */
	float *score;           /* (n_actions) of the query at row `scored` */
	uint32_t scored;        /* NO_ROW: none */
};

static const struct rho_param bm25_params[] = {
	RHO_F64(struct bm25, k1, 1.2, 0, 100, "how much a word counts that occurs again in the same text; 0: nothing"),
	RHO_F64(struct bm25, b, 0.75, 0, 1, "how much long texts count less; 0: not at all"),
	RHO_BOOL(struct bm25, pass_over, true,
	         "choose what was chosen before in the same episode only when nothing else is left"),
	RHO_END
};

/* ---- the index ---- */

/* What one call of open holds. */
struct building {
	struct rho_idmap words;
	const struct rho_column *doc, *query;   /* texts of actions and of contexts */
	size_t *off;            /* (docs + 1) into token: each document's words */
	uint32_t *token;        /* word numbers, in order */
};

static size_t count_words(struct rho_str text)
{
	struct bm25_words w = { text };
	char word[BM25_WORD];
	size_t n = 0;
	while (bm25_next(&w, word))
		n++;
	return n;
}

static int read_documents(struct rho_ctx *c, struct building *g)
{
	size_t n = g->doc->n;
	g->off = rho_scratch(c, n + 1, sizeof *g->off);
	if (!g->off)
		return RHO_ENOMEM;
	g->off[0] = 0;
	for (size_t d = 0; d < n; d++)
		g->off[d + 1] = g->off[d] + count_words(rho_column_str(g->doc, d));
	g->token = rho_scratch(c, g->off[n] + 1, sizeof *g->token);
	if (!g->token)
		return RHO_ENOMEM;
	for (size_t d = 0, at = 0; d < n; d++) {
		struct bm25_words w = { rho_column_str(g->doc, d) };
		char word[BM25_WORD];
		for (size_t len; (len = bm25_next(&w, word)); at++) {
			g->token[at] = rho_idmap_add(&g->words, (struct rho_str){ word, len }, NULL);
			if (g->token[at] == RHO_NO_ID)
				return rho_fail(c, RHO_ENOMEM, "no memory left for the words of %zu texts", n);
		}
	}
	return 0;
}

/* Counts of words in documents become their worth:
 * ln(1 + (N - n + 0.5) / (n + 0.5)) tf (k1 + 1) / (tf + k1 (1 - b + b length / mean length)),
 * N documents, n of them with the word. */
static void weigh(struct bm25 *s, const struct building *g)
{
	size_t n = g->doc->n;
	double mean = (double)g->off[n] / (double)n;
	for (size_t w = 0; w < s->n_words; w++) {
		double with = (double)(s->posting_off[w + 1] - s->posting_off[w]);
		double idf = log1p(((double)n - with + 0.5) / (with + 0.5));
		for (size_t j = s->posting_off[w]; j < s->posting_off[w + 1]; j++) {
			struct posting *p = &s->posting[j];
			double length = (double)(g->off[p->action + 1] - g->off[p->action]);
			double tf = (double)p->weight;
			p->weight = (float)(idf * tf * (s->k1 + 1) /
			                    (tf + s->k1 * (1 - s->b + s->b * length / mean)));
		}
	}
}

static int index_documents(struct rho_ctx *c, struct bm25 *s, const struct building *g)
{
	size_t n = g->doc->n, all = 0;
	uint32_t *seen = rho_scratch(c, s->n_words + 1, sizeof *seen);  /* 1 + the last document with the word */
	s->posting_off = rho_alloc(c, s->n_words + 2, sizeof *s->posting_off);
	if (!seen || !s->posting_off)
		return RHO_ENOMEM;
	size_t *end = s->posting_off + 1;
	memset(seen, 0, (s->n_words + 1) * sizeof *seen);
	for (size_t d = 0; d < n; d++)
		for (size_t j = g->off[d]; j < g->off[d + 1]; j++) {
			uint32_t w = g->token[j];
			all += seen[w] != d + 1;
			end[w + 1] += seen[w] != d + 1;
			seen[w] = (uint32_t)d + 1;
		}
	for (size_t w = 0; w < s->n_words; w++)
		end[w + 1] += end[w];
	s->posting = rho_alloc(c, all + 1, sizeof *s->posting);
	if (!s->posting)
		return RHO_ENOMEM;
	memset(seen, 0, (s->n_words + 1) * sizeof *seen);
	for (size_t d = 0; d < n; d++)
		for (size_t j = g->off[d]; j < g->off[d + 1]; j++) {
			uint32_t w = g->token[j];
			if (seen[w] != d + 1)
				s->posting[end[w]++] = (struct posting){ (uint32_t)d, 0 };
			seen[w] = (uint32_t)d + 1;
			s->posting[end[w] - 1].weight++;
		}
	weigh(s, g);
	return 0;
}

/* The queries' words that are in the index; asked NULL: only where each query's begin. */
static void read_queries(struct bm25 *s, const struct building *g, struct asked *asked, size_t *place)
{
	size_t n = 0;
	for (size_t q = 0; q < s->n_queries; q++) {
		struct bm25_words w = { rho_column_str(g->query, q) };
		char word[BM25_WORD];
		size_t from = n;
		for (size_t len; (len = bm25_next(&w, word)); ) {
			uint32_t id = rho_idmap_find(&g->words, (struct rho_str){ word, len });
			if (id == RHO_NO_ID)
				continue;
			bool again = place[id] >= from && place[id] < n;
			if (asked && again)
				asked[place[id]].times++;
			if (again)
				continue;
			if (asked)
				asked[n] = (struct asked){ id, 1 };
			place[id] = n++;
		}
		s->asked_off[q + 1] = n;
	}
}

static int index_queries(struct rho_ctx *c, struct bm25 *s, const struct building *g)
{
	size_t *place = rho_scratch(c, s->n_words + 1, sizeof *place);  /* of a word in this query's list */
	s->n_queries = g->query->n;
	s->asked_off = rho_alloc(c, s->n_queries + 1, sizeof *s->asked_off);
	if (!place || !s->asked_off)
		return RHO_ENOMEM;
	for (int pass = 0; pass < 2; pass++) {
		for (size_t w = 0; w < s->n_words; w++)
			place[w] = SIZE_MAX;
		read_queries(s, g, s->asked, place);
		if (!pass && !(s->asked = rho_alloc(c, s->asked_off[s->n_queries] + 1, sizeof *s->asked)))
			return RHO_ENOMEM;
	}
	return 0;
}

static int check_data(struct rho_ctx *c, const struct rho_spec *spec, struct building *g)
{
	static const char way_out[] = "use a dataset with texts, or another agent (nearest ranks by features)";
	if (!spec->data)
		return rho_fail(c, RHO_EINVAL, "it compares the texts of contexts and actions, and the experiment"
		                " has no [dataset]; %s", way_out);
	g->doc = rho_find_column(spec->data, RHO_ACTIONS, "text", RHO_COL_STR);
	g->query = rho_find_column(spec->data, RHO_CONTEXTS, "text", RHO_COL_STR);
	if (!g->doc || !g->query)
		return rho_fail(c, RHO_EINVAL, "it compares the texts of contexts and actions, and the %s of this"
		                " dataset have no column `text`; %s", g->doc ? "contexts" : "actions", way_out);
	if (g->doc->n != spec->n_actions)
		return rho_fail(c, RHO_EINVAL, "it knows actions by the rows of the dataset, which has %zu, and"
		                " this environment has %zu actions of its own; use another agent",
		                g->doc->n, spec->n_actions);
	return 0;
}

static int bm25_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
	struct bm25 *s = self;
	struct building g = { 0 };
	int error = check_data(c, spec, &g);
	s->scored = NO_ROW;
	s->score = error ? NULL : rho_alloc(c, spec->n_actions, sizeof *s->score);
	if (!error && !s->score)
		error = RHO_ENOMEM;
	if (!error)
		error = read_documents(c, &g);
	s->n_words = rho_idmap_n(&g.words);
	if (!error)
		error = index_documents(c, s, &g);
	if (!error)
		error = index_queries(c, s, &g);
	rho_idmap_free(&g.words);
	return error;
}

/* ---- decisions ---- */

/* s->score of the query at a row: the sum of the worth of its words, one that is asked twice counting twice. */
static void score_query(struct bm25 *s, uint32_t row, size_t n_actions)
{
	if (s->scored == row)
		return;
	memset(s->score, 0, n_actions * sizeof *s->score);
	for (size_t q = s->asked_off[row]; q < s->asked_off[row + 1]; q++) {
		struct asked a = s->asked[q];
		const struct posting *p = s->posting + s->posting_off[a.word];
		for (size_t n = s->posting_off[a.word + 1] - s->posting_off[a.word]; n; n--, p++)
			s->score[p->action] += a.times * p->weight;
	}
	s->scored = row;
}

static int score_of(struct rho_ctx *c, void *self, const struct rho_batch *b, size_t i, float *score)
{
	struct bm25 *s = self;
	if (!b->row || b->row[i] >= s->n_queries)
		return rho_fail(c, RHO_EINVAL, "it compares texts, and the contexts of this environment are no rows"
		                " of the dataset; use an environment that poses rows of it, or another agent");
	score_query(s, b->row[i], b->actions.n);
	for (size_t j = 0, n = rho_n_cand(b, i); j < n; j++)
		score[j] = s->score[rho_cand(b, i, j)];
	if (s->pass_over)
		rho_ranked_pass_over(b, i, score);
	return 0;
}

static int bm25_act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out)
{
	return rho_ranked_act(c, self, b, out, score_of);
}

static int bm25_prob(struct rho_ctx *c, void *self, const struct rho_batch *b, const uint32_t *action,
                     float *prob)
{
	return rho_ranked_prob(c, self, b, action, prob, score_of);
}

static int bm25_dist(struct rho_ctx *c, void *self, const struct rho_batch *b, float *prob)
{
	return rho_ranked_dist(c, self, b, prob, score_of);
}

static int bm25_rank(struct rho_ctx *c, void *self, const struct rho_batch *b, float *score, float *explore)
{
	return rho_ranked_rank(c, self, b, score, explore, score_of);
}

static const struct rho_agent bm25_agent = {
	.size = sizeof bm25_agent, .flags = RHO_DOES_SLATES | RHO_KEEPS_ACTIONS, .open = bm25_open,
	.act = bm25_act, .prob = bm25_prob, .dist = bm25_dist, .rank = bm25_rank,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_AGENT), .name = "bm25", .version = "1.0.0", .revision = 1,
	.brief = "the actions that share the most telling words with the query",
	.doc = "Okapi BM25 over the dataset's own texts: a candidate is worth more for each word of the query\n"
	       "that it has, the more the rarer the word is among all actions. It looks at no features and\n"
	       "learns nothing: the classical baseline of retrieval. Needs a dataset whose contexts and\n"
	       "actions have texts.",
	.cite = "Robertson & Zaragoza, The probabilistic relevance framework: BM25 and beyond, Foundations and\n"
	        "Trends in Information Retrieval, 2009",
	.params = bm25_params, .self_size = sizeof(struct bm25), .agent = &bm25_agent,
};
