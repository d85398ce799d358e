/* Every agent with every sampler that was built: choices come as often as `prob` or `dist` says, given the
 * candidates drawn. Plugins that are added later are taken up by themselves: `more` needs a line only for
 * those that this small world does not suit with their defaults. */
#include "built.h"
#include "texts.h"
#include "world.h"

enum {
	K = 12,
	D = 6,
	X = 16, /* contexts */
	N = WORLD_LANES,
	LEARN = 50, /* batches of N rewards before it counts */
	DECISIONS = 4000,
	DRAWS = 400 /* of agents that estimate their probabilities, and decisions with them */
};

/* Parameters beside those that go by their names (see toml_of). */
static const char *const more[][2] = {
	{ "boltzmann", "estimate = \"linear\"\ntau = 0.3" },
	{ "mix", "top = 2" },
};

static bool has(const struct rho_module *m, const char *name)
{
	for (size_t i = 0; i < m->n_params; i++)
		if (!strcmp(m->params[i].name, name))
			return true;
	return false;
}

/* Few candidates, and probabilities from those that can be told to state them. */
static void toml_of(uint32_t kind, const char *name, char *out, size_t size, bool *estimates)
{
	struct rho_registry *r = rho_registry_new(NULL, 0);
	struct rho_buf why = { 0 };
	const struct rho_module *m = rho_module_get(r, kind, name, &why);
	const char *special = "";
	cr_assert_not_null(m, "%s", why.at);
	for (size_t i = 0; i < sizeof more / sizeof *more; i++)
		special = strcmp(more[i][0], name) ? special : more[i][1];
	*estimates = has(m, "propensity_draws") && !has(m, "exact");
	snprintf(out, size, "%s%s%s%s\n", has(m, "k") ? "k = 5\n" : "",
	         has(m, "exact") ? "exact = true\n" : "", *estimates ? "propensity_draws = 400\n" : "",
	         special);
	rho_registry_free(r);
	rho_buf_free(&why);
}

struct pair {
	struct test_agent agent;
	struct test_plugin sampler;
	const struct rho_sampler *draws;
	struct rho_sampler_info info;
	struct test_world w;
	struct rho_tables *texts; /* of K actions and X contexts, for agents that read */
	struct rho_mat contexts, queries;
	float x[X * D], query[N * D], incl[N * K], prob[N], dist[N * K];
	uint32_t row[N], cand[N * K], action[N];
	uint64_t tick[N];
	size_t off[N + 1];
	struct rho_batch b;
};

static bool open_pair(struct pair *p, const char *agent, const char *sampler)
{
	char toml[400];
	bool estimates;
	memset(p, 0, sizeof *p);
	test_world_make(&p->w, K, D, 0, 17);
	for (size_t i = 0; i < X * D; i++)
		p->x[i] = (float)(0.2 + rho_unif(&p->w.rng));
	p->contexts = (struct rho_mat){ p->x, X, D, D };
	p->queries = (struct rho_mat){ p->query, N, D, D };
	struct rho_rng rng = rho_fork(&p->w.rng, 1, 1);
	p->texts = test_random_texts(K, X, &rng);
	p->b = p->w.b;
	p->b.row = p->row;
	p->b.x = (struct rho_rows){ &p->contexts, p->row, 0, N };
	toml_of(RHO_SAMPLER, sampler, toml, sizeof toml, &estimates);
	test_make(&p->sampler, RHO_SAMPLER, sampler, toml, 3);
	p->draws = p->sampler.inst->module->plugin.sampler;
	struct rho_sampler_spec spec = { K, D, p->b.actions, N, 1 };
	TEST_OK(&p->sampler, "open", true, p->draws->open(TEST_SELF(&p->sampler), &spec, &p->info));
	toml_of(RHO_AGENT, agent, toml, sizeof toml, &estimates);
	test_agent_make(&p->agent, agent, toml, 4,
	                (struct rho_spec){ .n_actions = K,
	                                   .x_dim = D,
	                                   .action_dim = D,
	                                   .lanes = N,
	                                   .max_cand = p->info.law == RHO_LAW_ALL ? K : p->info.max_k,
	                                   .data = rho_tables_data(p->texts),
	                                   .reward_lo = 0,
	                                   .reward_hi = 1 });
	if (p->agent.agent->open)
		TEST_OK(&p->agent.p, "open", true,
		        p->agent.agent->open(TEST_SELF(&p->agent.p), &p->agent.spec));
	return !(p->info.wants & RHO_WANTS_QUERY) || p->agent.agent->query;
}

static void close_pair(struct pair *p)
{
	test_free(&p->agent.p);
	test_free(&p->sampler);
	test_world_free(&p->w);
	rho_tables_free(p->texts);
}

/* New contexts, and candidates for them. */
static void pose(struct pair *p)
{
	struct rho_ask ask = {
		.n = N, .x = p->b.x, .actions = p->b.actions, .lane = p->w.lane, .tick = p->tick
	};
	struct rho_pool pool = { p->cand, p->off, p->incl };
	for (size_t i = 0; i < N; i++)
		p->row[i] = rho_below(&p->w.rng, X);
	if (p->info.law == RHO_LAW_ALL)
		return;
	if (p->info.wants & RHO_WANTS_QUERY) {
		struct rho_batch bare = p->b;
		bare.cand = NULL;
		bare.cand_off = NULL;
		bare.incl = NULL;
		TEST_OK(&p->agent.p, "query", false,
		        p->agent.agent->query(TEST_SELF(&p->agent.p), &bare, p->query));
		ask.query = (struct rho_rows){ &p->queries, NULL, 0, N };
	}
	for (size_t i = 0; i < N * K; i++)
		p->incl[i] = NAN;
	TEST_OK(&p->sampler, "draw", false, p->draws->draw(TEST_SELF(&p->sampler), &ask, &pool));
	for (size_t i = 0; i < N; i++)
		p->tick[i]++;
	p->b.cand = p->cand;
	p->b.cand_off = p->off;
	p->b.incl = p->incl;
}

static void learn(struct pair *p)
{
	float reward[N];
	pose(p);
	test_act(&p->agent, &p->b, p->action, p->prob);
	if (!p->agent.agent->observe)
		return;
	for (size_t i = 0; i < N; i++) {
		double mean = 0.5;
		for (size_t j = 0; j < D; j++)
			mean += 0.4 * (double)p->x[p->row[i] * D + j] *
			        (double)p->w.actions.at[p->action[i] * D + j];
		reward[i] = rho_unif(&p->w.rng) < mean ? 1 : 0;
	}
	cr_assert_eq(test_observe(&p->agent, &p->b, p->action, reward), 0, "%s", p->agent.p.why.at);
}

/* dist (candidates, end to end) by the agent's dist, or by prob one place after the other. */
static void state(struct pair *p)
{
	const struct rho_agent *a = p->agent.agent;
	size_t most = 0;
	if (a->dist) {
		test_dist(&p->agent, &p->b, p->dist);
		return;
	}
	for (size_t i = 0; i < N; i++)
		most = rho_n_cand(&p->b, i) > most ? rho_n_cand(&p->b, i) : most;
	for (size_t j = 0; j < most; j++) {
		uint32_t action[N];
		float said[N];
		for (size_t i = 0; i < N; i++)
			action[i] = rho_cand(&p->b, i, j < rho_n_cand(&p->b, i) ? j : 0);
		test_prob(&p->agent, &p->b, action, said);
		for (size_t i = 0; i < N; i++)
			if (j < rho_n_cand(&p->b, i))
				p->dist[rho_cand_at(&p->b, i) + j] = said[i];
	}
}

/* One batch into seen and expected (K each); false where probabilities are NaN. */
static bool count(struct pair *p, const char *agent, const char *sampler, double *seen, double *expected)
{
	pose(p);
	state(p);
	test_act(&p->agent, &p->b, p->action, p->prob);
	for (size_t i = 0; i < N; i++) {
		size_t n = rho_n_cand(&p->b, i), at = rho_cand_at(&p->b, i);
		double sum = 0, mine = -1;
		for (size_t j = 0; j < n; j++) {
			uint32_t id = rho_cand(&p->b, i, j);
			if (isnan(p->dist[at + j]))
				return false;
			expected[id] += (double)p->dist[at + j];
			sum += (double)p->dist[at + j];
			mine = id == p->action[i] ? (double)p->dist[at + j] : mine;
		}
		cr_assert(mine > 0, "%s × %s: chose action %u, which it gives %g", agent, sampler,
		          p->action[i], mine);
		cr_assert_float_eq(sum, 1, 1e-4, "%s × %s: probabilities add up to %g", agent, sampler, sum);
		cr_assert_float_eq(p->prob[i], mine, 1e-4, "%s × %s: act says %g, dist %g", agent, sampler,
		                   (double)p->prob[i], mine);
		seen[p->action[i]]++;
	}
	return true;
}

/* Chi-square of counts, those that expect less than 5 taken together. */
static void judge(const char *agent, const char *sampler, const double *seen, const double *expected,
                  double spread)
{
	double few_seen = 0, few = 0, chi2 = 0;
	size_t bins = 0;
	for (size_t a = 0; a < K; a++) {
		if (expected[a] < 5) {
			few_seen += seen[a];
			few += expected[a];
			continue;
		}
		chi2 += (seen[a] - expected[a]) * (seen[a] - expected[a]) / expected[a];
		bins++;
	}
	if (few >= 5) {
		chi2 += (few_seen - few) * (few_seen - few) / few;
		bins++;
	} else {
		cr_assert_leq(few_seen, 25, "%s × %s: %g of what expects %g", agent, sampler, few_seen, few);
	}
	cr_assert_leq(chi2, bins > 1 ? spread * test_chi2_limit((double)bins - 1) : 5,
	              "%s × %s: chi-square %g of %zu bins", agent, sampler, chi2, bins);
}

enum fit { FITS, SILENT, NO_QUERY };

static enum fit try(const char *agent, const char *sampler)
{
	struct pair p;
	double seen[K] = { 0 }, expected[K] = { 0 };
	char toml[400];
	bool estimates;
	enum fit fit = open_pair(&p, agent, sampler) ? FITS : NO_QUERY;
	toml_of(RHO_AGENT, agent, toml, sizeof toml, &estimates);
	for (int t = 0; t < LEARN && fit == FITS; t++)
		learn(&p);
	for (int t = 0; t < (estimates ? DRAWS : DECISIONS) / N && fit == FITS; t++)
		if (!count(&p, agent, sampler, seen, expected))
			fit = SILENT;
	/* An estimate from as many draws as there are decisions errs as much as the counts do. */
	if (fit == FITS)
		judge(agent, sampler, seen, expected, estimates ? 2 : 1);
	close_pair(&p);
	return fit;
}

Test(pairs, every_agent_chooses_as_it_says_with_every_sampler)
{
	static struct names agents, samplers;
	size_t tried = 0;
	find_built("agent", &agents);
	find_built("sampler", &samplers);
	for (size_t a = 0; a < agents.n; a++)
		for (size_t s = 0; s < samplers.n; s++) {
			enum fit fit = try(agents.at[a], samplers.at[s]);
			tried += fit == FITS;
			if (fit == SILENT)
				fprintf(stderr, "pairs: agent %s states no probability\n", agents.at[a]);
			if (fit == NO_QUERY)
				fprintf(stderr, "pairs: agent %s has no query, and sampler %s asks for it\n",
				        agents.at[a], samplers.at[s]);
			if (fit == SILENT)
				break;
		}
	fprintf(stderr, "pairs: %zu pairs of %zu agents and %zu samplers fit\n", tried, agents.n, samplers.n);
	cr_assert_geq(tried, agents.n);
}
