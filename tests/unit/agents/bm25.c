/* bm25 and nearest: agents that learn nothing and rank what is there. */
#include "texts.h"
#include "world.h"

static const char *const docs[] = {
	"getWeatherByCity. Weather of a city",
	"HTTPProxy list of proxies",
	"Currency: convert EUR2USD rates",
	"city weather\xe2\x80\x94weather weather forecast for 7 days", /* a dash beyond ASCII */
	"stock rates",
};
static const char *const queries[] = {
	"The weather in my city, city!",
	"proxy rates of USD",
	"nothing known",
};
enum { DOCS = 5, QUERIES = 3 };

struct reader {
	struct test_agent a;
	struct rho_tables *t;
	uint32_t row[2], lane[2];
	struct rho_batch b;
};

static void open_reader(struct reader *r, const char *toml, size_t slate)
{
	memset(r, 0, sizeof *r);
	r->t = test_texts(docs, DOCS, queries, QUERIES);
	r->lane[1] = 1;
	r->b = (struct rho_batch){
		.n = 1, .k = slate, .actions = { .n = DOCS }, .lane = r->lane, .row = r->row
	};
	test_agent_open(&r->a, "bm25", toml, 1,
	                (struct rho_spec){ .n_actions = DOCS,
	                                   .lanes = 2,
	                                   .slate = slate,
	                                   .history = 4,
	                                   .data = rho_tables_data(r->t) });
}

static void close_reader(struct reader *r)
{
	test_free(&r->a.p);
	rho_tables_free(r->t);
}

/* Scores computed apart from this program, by the formula of the page, for k1 1.2 and b 0.75. */
Test(bm25, scores_five_documents_as_the_formula_does)
{
	static const double want[QUERIES][DOCS] = {
		{ 3.2631882, 0, 0, 2.7880582, 0 }, /* "city" is asked for twice and counts twice */
		{ 0.7578685, 2.3970180, 2.2303012, 0, 1.1960365 },
		{ 0 },
	};
	static const double other[DOCS] = { 3.9396093, 0, 0, 3.3267812, 0 }; /* k1 2, b 0 */
	struct reader r;
	float score[DOCS], explore;
	open_reader(&r, "", 1);
	for (uint32_t q = 0; q < QUERIES; q++) {
		r.row[0] = q;
		test_rank(&r.a, &r.b, score, &explore);
		cr_assert_eq(explore, 0);
		for (size_t d = 0; d < DOCS; d++)
			cr_assert_float_eq(score[d], want[q][d], 2e-6, "query %u, document %zu: %g", q, d,
			                   (double)score[d]);
	}
	close_reader(&r);
	open_reader(&r, "k1 = 2.0\nb = 0.0", 1);
	test_rank(&r.a, &r.b, score, &explore);
	for (size_t d = 0; d < DOCS; d++)
		cr_assert_float_eq(score[d], other[d], 2e-6);
	close_reader(&r);
}

Test(bm25, gives_slates_of_candidates_and_passes_over_what_was_called)
{
	static const uint32_t cand[] = { 4, 2, 1, 0, 3, 1, 4 };
	static const size_t off[] = { 0, 3, 7 }, past_off[] = { 0, 2, 3 };
	static const uint32_t past[] = { 2, 3, 3 };
	struct reader r;
	uint32_t action[6];
	float p[6];
	open_reader(&r, "", 3);
	r.row[0] = 1;
	test_act(&r.a, &r.b, action, p);
	cr_assert(action[0] == 1 && action[1] == 2 && action[2] == 4);
	cr_assert(p[0] == 1 && p[1] == 1 && p[2] == 1);
	r.row[0] = 2; /* all alike: the first */
	test_act(&r.a, &r.b, action, p);
	cr_assert(action[0] == 0 && action[1] == 1 && action[2] == 2);
	r.b.n = 2;
	r.row[0] = 1;
	r.row[1] = 0;
	r.b.cand = cand;
	r.b.cand_off = off;
	test_act(&r.a, &r.b, action, p);
	cr_assert(action[0] == 1 && action[1] == 2 && action[2] == 4);
	cr_assert(action[3] == 0 && action[4] == 3 && action[5] == 1);
	r.b.past = past;
	r.b.past_off = past_off;
	test_act(&r.a, &r.b, action, p);
	cr_assert(action[0] == 1 && action[1] == 4 && action[2] == 2, "what was called comes last");
	cr_assert(action[3] == 0 && action[4] == 1 && action[5] == 4, "%u %u %u", action[3], action[4],
	          action[5]);
	test_prob(&r.a, &r.b, (const uint32_t[]){ 4, 1, 2, 0, 1, 3 }, p);
	/* Given that 4 was taken, 1 and then 2 are the best of what is left. */
	cr_assert(p[0] == 0 && p[1] == 1 && p[2] == 1 && p[3] == 1 && p[4] == 1 && p[5] == 0);
	close_reader(&r);
	open_reader(&r, "pass_over = false", 1);
	r.row[0] = 1;
	r.b.past = (const uint32_t[]){ 1 };
	r.b.past_off = (const size_t[]){ 0, 1 };
	test_act(&r.a, &r.b, action, p);
	cr_assert_eq(action[0], 1);
	close_reader(&r);
}

static void refuses(const struct rho_data *data, size_t n_actions, const char *part)
{
	struct test_agent a;
	test_agent_make(&a, "bm25", "", 1, (struct rho_spec){ .n_actions = n_actions, .data = data });
	cr_assert_eq(TEST_CALL(&a.p, "open", true, a.agent->open(TEST_SELF(&a.p), &a.spec)), RHO_EINVAL);
	HAS(a.p.why.at, part);
	test_free(&a.p);
}

Test(bm25, refuses_what_it_cannot_read)
{
	static const struct rho_column_spec number = { .name = "size", .type = RHO_COL_F64 };
	struct rho_tables *t = rho_tables_new(), *texts = test_texts(docs, DOCS, queries, QUERIES);
	struct rho_sink *s = rho_tables_sink(t);
	struct rho_buf why = { 0 };
	struct reader r;
	uint32_t action;
	float p;
	s->columns(s, RHO_ACTIONS, &number, 1);
	s->add(s, RHO_ACTIONS, &(union rho_value){ .f = 1 });
	cr_assert_eq(rho_tables_finish(t, 7, &why), 0);
	refuses(NULL, 1, "no [dataset]");
	refuses(rho_tables_data(t), 1, "the actions of this dataset have no column `text`");
	refuses(rho_tables_data(texts), 4, "has 5, and this environment has 4 actions of its own");
	open_reader(&r, "", 1);
	r.b.row = NULL;
	cr_assert_eq(TEST_CALL(&r.a.p, "act", false,
	                       r.a.agent->act(TEST_SELF(&r.a.p), &r.b, &(struct rho_choice){ &action, &p })),
	             RHO_EINVAL);
	HAS(r.a.p.why.at, "no rows of the dataset");
	close_reader(&r);
	rho_tables_free(t);
	rho_tables_free(texts);
}

/* ---- nearest ---- */

Test(nearest, finds_the_largest_products)
{
	enum { K = 40, D = 7, SLATE = 4 };
	struct test_world w;
	struct test_agent a;
	struct rho_spec spec;
	uint32_t action[WORLD_LANES * SLATE], past[WORLD_LANES * 2];
	size_t past_off[WORLD_LANES + 1];
	float p[WORLD_LANES * SLATE], q[WORLD_LANES * D];
	test_world_make(&w, K, D, D, 3);
	spec = test_world_spec(&w);
	spec.slate = w.b.k = SLATE;
	spec.history = 2;
	test_agent_open(&a, "nearest", "", 1, spec);
	for (int turn = 0; turn < 2; turn++) {
		test_act(&a, &w.b, action, p);
		for (size_t i = 0; i < WORLD_LANES; i++) {
			bool seen[K] = { false };
			for (size_t s = past_off[i]; turn && s < past_off[i + 1]; s++)
				seen[past[s]] = true;
			for (size_t s = 0; s < SLATE; s++) {
				uint32_t best = UINT32_MAX;
				double top = -INFINITY;
				for (uint32_t j = 0; j < K; j++) {
					double sum = 0;
					for (size_t d = 0; d < D; d++)
						sum += (double)w.actions.at[j * D + d] *
						       (double)w.contexts.at[i * D + d];
					if (!seen[j] && sum > top) {
						top = sum;
						best = j;
					}
				}
				cr_assert_eq(action[i * SLATE + s], best);
				cr_assert_eq(p[i * SLATE + s], 1);
				seen[best] = true;
			}
		}
		for (size_t i = 0; i <= WORLD_LANES; i++) /* now with the first two of each in its past */
			past_off[i] = 2 * i;
		for (size_t i = 0; i < WORLD_LANES; i++)
			memcpy(past + 2 * i, action + i * SLATE, 2 * sizeof *past);
		w.b.past = past;
		w.b.past_off = past_off;
	}
	TEST_OK(&a.p, "query", false, a.agent->query(TEST_SELF(&a.p), &w.b, q));
	cr_assert(!memcmp(q, w.contexts.at, sizeof q));
	test_free(&a.p);
	spec.x_dim = D + 1;
	test_agent_make(&a, "nearest", "", 1, spec);
	cr_assert_eq(TEST_CALL(&a.p, "open", true, a.agent->open(TEST_SELF(&a.p), &a.spec)), RHO_EINVAL);
	HAS(a.p.why.at, "contexts have 8 numbers, actions 7");
	test_free(&a.p);
	test_world_free(&w);
}
