/* synthetic: any number of actions and contexts with a structure that can be found.
 *
 * Actions fall into topics and carry one value of each attribute; a context wishes for a topic and
 * for values of two attributes. The weight of a link is 1 if all fit, less if an attribute does
 * not, and there is none if the topic does not. In words: a topic has a vocabulary, an attribute
 * value a word, everyone uses the same filler words; items and wishes put different endings on the
 * same stems, so whoever looks below whole words sees more. As numbers: a direction each, summed,
 * with noise. Row i depends on (seed, i) alone, however many rows there are. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <rho/rho.h>

#include "kit/idmap.h"

#define VOCABULARY 10   /* stems of a topic */
#define DIMS       4    /* attributes */
#define VALUES     6    /* of each attribute */
#define FILLERS    400  /* words that say nothing */
#define TOPIC_WORDS 3   /* of a text */
#define PER_TOPIC  200  /* actions, where the number of topics is not given */

enum stream { STEMS, ACTIONS, CONTEXTS, DIRECTIONS, ARMS, COPIES };     /* first key of a fork */

struct synthetic {
	int64_t actions, duplicates, contexts, topics, filler, features, seed;  /* parameters */
	double endings, noise;
	bool arms;
};

static const struct rho_param synthetic_params[] = {
	RHO_I64(struct synthetic, actions, 20000, 2, 100000000, "number of actions"),
	RHO_I64(struct synthetic, duplicates, 0, 0, 100000000,
		"copies of random actions, behind them: the same text or numbers, the same links"),
	RHO_I64(struct synthetic, contexts, 2000, 1, 100000000, "number of contexts"),
	RHO_I64(struct synthetic, topics, 0, 0, 100000,
		"number of topics; 0: one for every 200 actions, at least 2"),
	RHO_F64(struct synthetic, endings, 0.6, 0, 1,
		"how often a word takes an ending; items and wishes have different ones"),
	RHO_I64(struct synthetic, filler, 4, 0, 1000, "words in each text that say nothing"),
	RHO_I64(struct synthetic, features, 0, 0, 100000,
		"instead of texts, this many numbers a row in a column `features`; 0: texts"),
	RHO_F64(struct synthetic, noise, 0.5, 0, 100,
		"length of the noise in `features`, beside 1 for the topic"),
	RHO_BOOL(struct synthetic, arms, false,
		 "instead of topics, a plain K-armed bandit: one weight in [0, 1) an action, for every "
		 "context"),
	RHO_I64(struct synthetic, seed, 1, 0, 0,
		"of the data; not the run's seed, so that all cells see the same data"),
	RHO_END
};

struct thing { uint32_t topic, value[DIMS]; };          /* an action, in full */
struct wish { uint32_t topic, dim[2], value[2]; };      /* what a context wants; dim[0] matters more */

struct making {                 /* what one call of read holds */
	const struct synthetic *p;
	struct rho_ctx *ctx;
	struct rho_sink *sink;
	struct rho_rng key;
	uint32_t topics;
	struct rho_idmap stems; /* topics * VOCABULARY, then DIMS * VALUES, then FILLERS */
	float *direction;       /* (topics + DIMS * VALUES, features) */
	float *row;             /* (features) */
	uint32_t *of_topic;     /* (actions and copies): those of one topic after another */
	size_t *first;          /* (topics + 1) into of_topic */
	struct thing *thing;    /* (actions and copies) */
	struct rho_text text;
};

static int64_t n_rows(const struct making *m) { return m->p->actions + m->p->duplicates; }

/* The action that action i is a copy of; itself where it is none. */
static int64_t source_of(const struct making *m, int64_t i)
{
	struct rho_rng rng = rho_fork(&m->key, COPIES, (uint64_t)(i - m->p->actions));
	return i < m->p->actions ? i : (int64_t)rho_below(&rng, (uint32_t)m->p->actions);
}

static uint32_t attribute(const struct making *m, uint32_t dim, uint32_t value)
{
	return m->topics * VOCABULARY + dim * VALUES + value;
}

/* A pronounceable stem of two or three syllables, such as "brelto". */
static void write_stem(struct rho_rng *rng, struct rho_text *t)
{
	static const char *const onset[] = {
		"b", "br", "c", "d", "dr", "f", "fl", "g",  "gr", "h",  "j", "k",
		"l", "m",  "n", "p", "pl", "r", "s",  "st", "t",  "tr", "v", "z"
	};
	static const char *const vowel[] = { "a", "e", "i", "o", "u" };
	static const char *const coda[] = { "", "", "l", "m", "n", "r", "s", "t" };
	rho_text_clear(t);
	for (uint32_t i = 2 + rho_below(rng, 2); i > 0; i--) {
		rho_text_adds(t, onset[rho_below(rng, sizeof(onset) / sizeof(onset[0]))]);
		rho_text_adds(t, vowel[rho_below(rng, 5)]);
		rho_text_adds(t, coda[rho_below(rng, 8)]);
	}
}

static bool make_stems(struct making *m)
{
	struct rho_rng rng = rho_fork(&m->key, STEMS, 0);
	size_t n = (size_t)m->topics * VOCABULARY + DIMS * VALUES + FILLERS;
	while (rho_idmap_n(&m->stems) < n) {
		write_stem(&rng, &m->text);
		if (m->text.spent || rho_idmap_add(&m->stems, rho_text_view(&m->text), NULL) == RHO_NO_ID)
			return false;
	}
	return true;
}

/* Unit vectors: one a topic, one an attribute value. */
static int make_directions(struct making *m)
{
	size_t d = (size_t)m->p->features, n = m->topics + (size_t)DIMS * VALUES;
	for (size_t i = 0; i < n; i++) {
		struct rho_rng rng = rho_fork(&m->key, DIRECTIONS, i);
		double sum = 0;
		if (rho_stop(m->ctx))
			return RHO_ESTOP;
		for (size_t j = 0; j < d; j++) {
			double v = rho_normal(&rng);
			m->direction[i * d + j] = (float)v;
			sum += v * v;
		}
		for (size_t j = 0; j < d; j++)
			m->direction[i * d + j] = (float)(m->direction[i * d + j] / sqrt(sum));
	}
	return 0;
}

static struct thing thing_of(const struct making *m, struct rho_rng *rng)
{
	struct thing t = { .topic = rho_below(rng, m->topics) };
	for (uint32_t d = 0; d < DIMS; d++)
		t.value[d] = rho_below(rng, VALUES);
	return t;
}

static struct wish wish_of(const struct making *m, struct rho_rng *rng)
{
	struct wish w = { .topic = rho_below(rng, m->topics), .dim[0] = rho_below(rng, DIMS) };
	w.dim[1] = (w.dim[0] + 1 + rho_below(rng, DIMS - 1)) % DIMS;
	w.value[0] = rho_below(rng, VALUES);
	w.value[1] = rho_below(rng, VALUES);
	return w;
}

static double weight_of(const struct thing *t, const struct wish *w)
{
	return 0.2 + 0.5 * (t->value[w->dim[0]] == w->value[0]) + 0.3 * (t->value[w->dim[1]] == w->value[1]);
}

/* Fillers as in a language: of rank r with probability about 1 / r. */
static uint32_t filler_of(const struct making *m, struct rho_rng *rng)
{
	uint32_t rank = (uint32_t)exp(rho_unif(rng) * log(FILLERS + 1.0));
	return m->topics * VOCABULARY + DIMS * VALUES +
	       (rank < 1         ? 0
		: rank > FILLERS ? FILLERS - 1
				 : rank - 1);
}

/* The words in random order, each with one of the endings or none. */
static bool write_words(struct making *m, struct rho_rng *rng, uint32_t *word, uint32_t n,
			const char *const ending[4])
{
	rho_text_clear(&m->text);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t j = i + rho_below(rng, n - i), w = word[j];
		word[j] = word[i];
		rho_text_join(&m->text, " ", rho_pile_at(&m->stems.names, w));
		if (rho_unif(rng) < m->p->endings)
			rho_text_adds(&m->text, ending[rho_below(rng, 4)]);
	}
	return !m->text.spent;
}

/* Topic words without repetition, the attributes' words and the fillers into word (enough); gives
 * how many. */
static uint32_t choose_words(const struct making *m, struct rho_rng *rng, uint32_t topic,
			     const uint32_t *attributes, uint32_t n_attributes, uint32_t *word)
{
	uint32_t n = 0, from = rho_below(rng, VOCABULARY),
		 step = 1 + 2 * rho_below(rng, 2); /* 1, 3: prime to 10 */
	for (uint32_t i = 0; i < TOPIC_WORDS; i++)
		word[n++] = topic * VOCABULARY + (from + i * step) % VOCABULARY;
	for (uint32_t i = 0; i < n_attributes; i++)
		word[n++] = attributes[i];
	for (int64_t i = 0; i < m->p->filler; i++)
		word[n++] = filler_of(m, rng);
	return n;
}

/* row = topic + half of each attribute's direction, plus noise, scaled to length 1. */
static void write_features(struct making *m, struct rho_rng *rng, uint32_t topic, const uint32_t *attributes,
                           uint32_t n_attributes)
{
	size_t d = (size_t)m->p->features;
	double spread = m->p->noise / sqrt((double)d), sum = 0;
	for (size_t j = 0; j < d; j++) {
		double v = m->direction[topic * d + j] + spread * rho_normal(rng);
		for (uint32_t i = 0; i < n_attributes; i++)
			v += 0.5 * m->direction[(m->topics + attributes[i] - m->topics * VOCABULARY) * d + j];
		m->row[j] = (float)v;
		sum += v * v;
	}
	for (size_t j = 0; sum > 0 && j < d; j++)
		m->row[j] = (float)(m->row[j] / sqrt(sum));
}

static const char *const item_ending[] = { "s", "en", "al", "ic" };
static const char *const wish_ending[] = { "ing", "ed", "ish", "er" };

/* Adds one row of a table: its id and its words or its features. `word` is the room for them. */
static int add_row(struct making *m, uint32_t table, uint64_t i, struct rho_rng *rng, uint32_t topic,
                   const uint32_t *attributes, uint32_t n_attributes, uint32_t *word)
{
	bool action = table == RHO_ACTIONS;
	char id[32], label[32];
	snprintf(id, sizeof(id), "%c%" PRIu64, action ? 'a' : 'c', i);
	snprintf(label, sizeof(label), "topic-%" PRIu32, topic);
	union rho_value row[] = { { .s = rho_str_of(id) }, { .s = rho_str_of(label) }, { .v = m->row } };
	if (m->p->features) {
		write_features(m, rng, topic, attributes, n_attributes);
	} else {
		uint32_t n = choose_words(m, rng, topic, attributes, n_attributes, word);
		if (!write_words(m, rng, word, n, action ? item_ending : wish_ending))
			return rho_fail(m->ctx, RHO_ENOMEM, "no memory left for a text of %" PRIu32 " words",
					n);
		row[2].s = rho_text_view(&m->text);
	}
	int64_t at = m->sink->add(m->sink, table, row);
	return at < 0 ? (int)at : 0;
}

static int declare(struct making *m)
{
	const struct rho_column_spec rows[] = {
		{ .name = "id", .type = RHO_COL_STR },
		{ .name = "category", .type = RHO_COL_LABEL },
		{ .name = m->p->features ? "features" : "text",
		  .type = m->p->features ? RHO_COL_F32S : RHO_COL_STR,
		  .width = (size_t)m->p->features },
	};
	const struct rho_column_spec links[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 },
	};
	size_t n = m->p->arms ? 1 : 3;  /* arms have nothing but their number */
	int e = m->sink->columns(m->sink, RHO_ACTIONS, rows, n);
	if (!e)
		e = m->sink->columns(m->sink, RHO_CONTEXTS, rows, n);
	return e ? e : m->sink->columns(m->sink, RHO_LINKS, links, 3);
}

static int make_actions(struct making *m, uint32_t *word)
{
	int e = 0;
	for (int64_t i = 0; !e && i < n_rows(m); i++) {
		struct rho_rng rng = rho_fork(&m->key, ACTIONS, (uint64_t)source_of(m, i));
		struct thing t = m->thing[i] = thing_of(m, &rng);
		uint32_t attributes[DIMS];
		for (uint32_t d = 0; d < DIMS; d++)
			attributes[d] = attribute(m, d, t.value[d]);
		m->first[t.topic + 1]++;
		e = add_row(m, RHO_ACTIONS, (uint64_t)i, &rng, t.topic, attributes, DIMS, word);
		if (i % 4096 == 0 && rho_stop(m->ctx))
			return RHO_ESTOP;
	}
	return e;
}

/* of_topic, from the counts that make_actions left in first[topic + 1]. */
static int sort_by_topic(struct making *m)
{
	size_t *next = malloc(m->topics * sizeof(*next));
	if (!next)
		return rho_fail(m->ctx, RHO_ENOMEM, "no memory left for %" PRIu32 " topics", m->topics);
	for (uint32_t t = 0; t < m->topics; t++) {
		next[t] = m->first[t];
		m->first[t + 1] += m->first[t];
	}
	for (int64_t i = 0; i < n_rows(m); i++)
		m->of_topic[next[m->thing[i].topic]++] = (uint32_t)i;
	free(next);
	return 0;
}

/* Context i and its links; *n_links: how many it makes more. */
static int make_context(struct making *m, uint64_t i, uint32_t *word, size_t *n_links)
{
	struct rho_rng rng = rho_fork(&m->key, CONTEXTS, i);
	struct wish w = wish_of(m, &rng);
	const uint32_t attributes[] = { attribute(m, w.dim[0], w.value[0]),
					attribute(m, w.dim[1], w.value[1]) };
	int e = add_row(m, RHO_CONTEXTS, i, &rng, w.topic, attributes, 2, word);
	for (size_t j = m->first[w.topic]; !e && j < m->first[w.topic + 1]; j++) {
		const union rho_value row[] = { { .row = (uint32_t)i }, { .row = m->of_topic[j] },
			                        { .f = weight_of(&m->thing[m->of_topic[j]], &w) } };
		int64_t at = m->sink->add(m->sink, RHO_LINKS, row);
		e = at < 0 ? (int)at : 0;
		++*n_links;
	}
	return e;
}

static int make_topics(struct making *m)
{
	size_t n_links = 0, k = (size_t)n_rows(m), d = (size_t)m->p->features;
	size_t n_words = TOPIC_WORDS + DIMS + (size_t)m->p->filler;
	uint32_t *word = malloc(n_words * sizeof(*word));       /* (n_words) */
	m->thing = malloc(k * sizeof(*m->thing));
	m->of_topic = malloc(k * sizeof(*m->of_topic));
	m->first = calloc(m->topics + 1, sizeof(*m->first));
	m->direction = malloc((m->topics + (size_t)DIMS * VALUES) * (d + 1) * sizeof(float));
	m->row = malloc((d + 1) * sizeof(float));
	int e = 0;
	if (!word || !m->thing || !m->of_topic || !m->first || !m->direction || !m->row ||
	    (!d && !make_stems(m)))
		e = rho_fail(m->ctx, RHO_ENOMEM, "no memory left for %zu actions", k);
	if (!e && d)
		e = make_directions(m);
	if (!e)
		e = make_actions(m, word);
	if (!e)
		e = sort_by_topic(m);
	for (int64_t i = 0; !e && i < m->p->contexts; i++)
		e = i % 256 == 0 && rho_stop(m->ctx) ? RHO_ESTOP
						     : make_context(m, (uint64_t)i, word, &n_links);
	if (!e)
		rho_log(m->ctx, RHO_INFO,
			"%zu actions in %" PRIu32 " topics, %" PRId64 " contexts, %zu links", k, m->topics,
			m->p->contexts, n_links);
	free(word);
	return e;
}

static int add_arm_row(struct making *m, uint32_t table, char letter, int64_t i)
{
	char id[32];
	snprintf(id, sizeof(id), "%c%" PRId64, letter, i);
	const union rho_value row[] = { { .s = rho_str_of(id) } };
	int64_t at = m->sink->add(m->sink, table, row);
	return at < 0 ? (int)at : 0;
}

static int make_arms(struct making *m)
{
	int e = 0;
	for (int64_t i = 0; !e && i < n_rows(m); i++)
		e = add_arm_row(m, RHO_ACTIONS, 'a', i);
	for (int64_t i = 0; !e && i < m->p->contexts; i++)
		e = add_arm_row(m, RHO_CONTEXTS, 'c', i);
	for (int64_t i = 0; !e && i < m->p->contexts; i++)
		for (int64_t j = 0; !e && j < n_rows(m); j++) {
			struct rho_rng rng = rho_fork(&m->key, ARMS, (uint64_t)source_of(m, j));
			const union rho_value row[] = { { .row = (uint32_t)i }, { .row = (uint32_t)j },
				                        { .f = rho_unif(&rng) } };
			int64_t at = m->sink->add(m->sink, RHO_LINKS, row);
			e = at < 0 ? (int)at : 0;
		}
	if (!e)
		rho_log(m->ctx, RHO_INFO,
			"%" PRId64 " arms, each with one weight for all of %" PRId64 " contexts",
			n_rows(m), m->p->contexts);
	return e;
}

static int synthetic_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	const struct synthetic *p = self;
	struct making m = { .p = p, .ctx = c, .sink = sink };
	const struct rho_rng root = { { 0x73796e7468657469u, 0x6300000000000000u, 0, 0 } };
	m.key = rho_fork(&root, (uint64_t)p->seed, 0);
	m.topics = (uint32_t)(p->topics ? p->topics : p->actions / PER_TOPIC);
	m.topics = m.topics < 2 && !p->topics ? 2 : m.topics > 100000 ? 100000 : m.topics;
	if (p->arms && p->features)
		return rho_fail(c, RHO_EINVAL, "arms = true has no features; leave out features = %" PRId64,
				p->features);
	if (p->arms && (double)n_rows(&m) * (double)p->contexts > 1e8)
		return rho_fail(c, RHO_EINVAL,
				"arms = true links every context to every action, and %" PRId64 " contexts "
				"times %" PRId64
				" actions are too many (at most 100,000,000 links); since all contexts are "
				"alike, contexts = 1 will do",
				p->contexts, n_rows(&m));
	int e = declare(&m);
	if (!e)
		e = p->arms ? make_arms(&m) : make_topics(&m);
	rho_idmap_free(&m.stems);
	rho_text_free(&m.text);
	free(m.direction);
	free(m.row);
	free(m.of_topic);
	free(m.first);
	free(m.thing);
	return e;
}

static const struct rho_dataset synthetic_dataset = {
	.size = sizeof(synthetic_dataset),
	.tables = 1u << RHO_ACTIONS | 1u << RHO_CONTEXTS | 1u << RHO_LINKS,
	.read = synthetic_read,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_DATASET), .name = "synthetic", .version = "1.0.0", .revision = 1,
	.brief = "any number of actions and contexts, in words or numbers, with a structure to find",
	.doc = "Actions fall into topics and have one of 6 values in each of 4 attributes; a context wishes "
	       "for a topic and for values of 2 attributes. A link of weight 0.2 joins a context to every "
	       "action of its topic, plus 0.5 if its first wish is met and 0.3 for the second: 1 if all "
	       "fit. Texts name the topic (3 of its 10 stems), the attributes and some filler words; items "
	       "and wishes put different endings on the same stems, so that character n-grams see what word "
	       "n-grams miss. features = N gives vectors instead of texts, arms = true a K-armed bandit "
	       "without either. Row i depends on the seed and i only.",
	.params = synthetic_params, .self_size = sizeof(struct synthetic), .dataset = &synthetic_dataset,
};
