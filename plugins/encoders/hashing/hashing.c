/* Hashing: word and character n-grams of a text, hashed to signed places of a vector, weighted, and
 * projected to few dimensions by a fixed Gaussian matrix. Needs no weights and no training.
 *
 * Every n-gram's 64-bit hash gives its bucket, its sign and its place in the table of document
 * frequencies, which is much wider than the vector, so that idf tells n-grams apart that share a
 * bucket. Projection is linear, so an n-gram adds its bucket's row of the matrix and no vector of
 * `dim` numbers is ever made. */
#include "ngrams.h"

enum { DF_BITS = 20, DF_SLOTS = 1 << DF_BITS, TF_KNOWN = 64 };

struct hashing {
	int64_t dim, project, seed, max_bytes;  /* parameters */
	struct rho_i64s word_ngrams, char_ngrams;
	bool idf, sublinear, split_case;
	struct ngram_rules rules;
	size_t width;           /* floats a row of the result */
	float *row;             /* (dim, project): the Gaussian matrix; NULL: no projection */
	float *idf_of;          /* (DF_SLOTS); NULL until fit has seen a catalogue */
	float tf_weight[TF_KNOWN];
};

static const struct rho_param hashing_params[] = {
	RHO_I64(struct hashing, dim, 4096, 16, 1 << 24, "buckets that n-grams are hashed to"),
	RHO_I64(struct hashing, project, 128, 0, 65536,
	        "dimensions after the Gaussian projection; 0: none, rows have `dim` numbers"),
	RHO_I64S(struct hashing, word_ngrams, 0, 8, "shortest and longest word n-gram; [0, 0]: none", 1, 1),
	RHO_I64S(struct hashing, char_ngrams, 0, 16,
	         "shortest and longest n-gram of characters inside a word, its borders included;"
	         " [0, 0]: none", 3, 5),
	RHO_BOOL(struct hashing, idf, true, "weigh n-grams by how few of the actions' texts have them"),
	RHO_BOOL(struct hashing, sublinear, true, "count n-grams as 1 + ln(times) instead of times"),
	RHO_BOOL(struct hashing, split_case, true, "start a word where a capital follows a small letter"),
	RHO_I64(struct hashing, max_bytes, 65536, 16, 1 << 24, "bytes of a text that are read"),
	RHO_I64(struct hashing, seed, 1, 0, 0, "of the hash and the projection"),
	RHO_END
};

static int read_range(struct rho_ctx *c, const char *name, struct rho_i64s r, size_t *lo, size_t *hi)
{
	if (r.n != 2 || r.at[0] > r.at[1] || (!r.at[0] && r.at[1]))
		return rho_fail(c, RHO_EINVAL, "%s takes two numbers, the shortest and the longest, such as"
		                " [1, 2], or [0, 0] for none", name);
	*lo = (size_t)r.at[0];
	*hi = (size_t)r.at[1];
	return 0;
}

/* Row b of the Gaussian matrix depends on the seed and b alone. */
static void fill_projection(struct hashing *s)
{
	struct rho_rng key = { { (uint64_t)s->seed, 0x70726f6a656374, 1, 2 } };
	for (uint64_t b = 0; b < (uint64_t)s->dim; b++) {
		struct rho_rng rng = rho_fork(&key, b, 0);
		for (size_t j = 0; j < s->width; j++)
			s->row[b * s->width + j] = (float)rho_normal(&rng);
	}
}

static int hashing_open(struct rho_ctx *c, void *self, struct rho_encoder_info *info)
{
	struct hashing *s = self;
	struct ngram_rules *r = &s->rules;
	int error = read_range(c, "word_ngrams", s->word_ngrams, &r->word_lo, &r->word_hi);
	if (!error)
		error = read_range(c, "char_ngrams", s->char_ngrams, &r->char_lo, &r->char_hi);
	if (error)
		return error;
	if (!r->word_hi && !r->char_hi)
		return rho_fail(c, RHO_EINVAL, "word_ngrams and char_ngrams are both [0, 0], which leaves"
		                " nothing to hash; give at least one of them a range");
	r->split_case = s->split_case;
	r->max_bytes = (size_t)s->max_bytes;
	r->seed = (uint64_t)s->seed;
	s->width = (size_t)(s->project ? s->project : s->dim);
	for (int tf = 1; tf < TF_KNOWN; tf++)
		s->tf_weight[tf] = s->sublinear ? 1 + logf((float)tf) : (float)tf;
	if (s->project) {
		s->row = rho_alloc(c, (size_t)s->dim, s->width * sizeof *s->row);
		if (!s->row)
			return RHO_ENOMEM;
		fill_projection(s);
	}
	info->dim = s->width;
	info->takes = RHO_TEXT;
	info->unit_norm = true;
	return 0;
}

static size_t df_slot(uint64_t hash) { return hash >> 1 & (DF_SLOTS - 1); }

static int hashing_fit(struct rho_ctx *c, void *self, const struct rho_str *catalogue, size_t n)
{
	struct hashing *s = self;
	struct ngrams g = { 0 };
	if (!s->idf || !n)
		return 0;
	uint32_t *df = rho_alloc(c, DF_SLOTS, sizeof *df);      /* (DF_SLOTS) */
	s->idf_of = rho_alloc(c, DF_SLOTS, sizeof *s->idf_of);
	if (!df || !s->idf_of || ngrams_open(c, &g, &s->rules, catalogue, n))
		return RHO_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		ngrams_of(&g, &s->rules, catalogue[i]);
		for (size_t j = 0; j < g.n; j++)
			df[df_slot(g.at[j].hash)]++;
	}
	for (size_t j = 0; j < DF_SLOTS; j++)
		s->idf_of[j] = logf((1 + (float)n) / (1 + (float)df[j])) + 1;
	return 0;
}

static float weight_of(const struct hashing *s, struct ngram g)
{
	float tf = g.times < TF_KNOWN ? s->tf_weight[g.times] :
	           s->sublinear ? 1 + logf((float)g.times) : (float)g.times;
	float w = s->idf_of ? tf * s->idf_of[df_slot(g.hash)] : tf;
	return g.hash & 1 ? w : -w;
}

/* out (width) += w * row (width), in vectors as wide as the machine has; the sums are the same. */
__attribute__((target_clones("avx2", "default")))
static void add_row(float *restrict out, const float *restrict row, float w, size_t width)
{
	for (size_t j = 0; j < width; j++)
		out[j] += w * row[j];
}

static void scale_to_one(float *out, size_t width)
{
	double sum = 0;
	for (size_t j = 0; j < width; j++)
		sum += (double)out[j] * (double)out[j];
	float scale = sum > 0 ? (float)(1 / sqrt(sum)) : 0;
	for (size_t j = 0; j < width; j++)
		out[j] *= scale;
}

static int hashing_encode(struct rho_ctx *c, void *self, uint32_t what, const struct rho_str *in,
                          size_t n, float *out, size_t stride)
{
	struct hashing *s = self;
	struct ngrams g = { 0 };
	if (what != RHO_TEXT)
		return rho_fail(c, RHO_ENOSUP, "only texts can be hashed");
	if (ngrams_open(c, &g, &s->rules, in, n))
		return RHO_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		float *mine = out + i * stride;
		ngrams_of(&g, &s->rules, in[i]);
		memset(mine, 0, s->width * sizeof *mine);
		for (size_t j = 0; j < g.n; j++) {
			size_t bucket = (size_t)((g.at[j].hash >> 32) * (uint64_t)s->dim >> 32);
			float w = weight_of(s, g.at[j]);
			if (s->row)
				add_row(mine, s->row + bucket * s->width, w, s->width);
			else
				mine[bucket] += w;
		}
		scale_to_one(mine, s->width);
	}
	return 0;
}

static const struct rho_encoder hashing_encoder = {
	.size = sizeof hashing_encoder, .open = hashing_open, .fit = hashing_fit, .encode = hashing_encode,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENCODER), .name = "hashing", .version = "1.0.0", .revision = 1,
	.brief = "hashed word and character n-grams, projected; needs no weights",
	.doc = "Texts that share words, or parts of words, get vectors with a high inner product. Case and\n"
	       "compatibility forms are folded; letters, marks and digits make words, everything else parts\n"
	       "them. It knows nothing of meaning: synonyms are unrelated.",
	.cite = "Weinberger, Dasgupta, Langford, Smola & Attenberg, Feature hashing for large scale\n"
	        "multitask learning, ICML 2009; Johnson & Lindenstrauss 1984",
	.params = hashing_params, .self_size = sizeof(struct hashing), .encoder = &hashing_encoder,
};
