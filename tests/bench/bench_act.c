/* bench_act.c: what one decision costs: drawing k candidates of K, choosing among 47,066 actions,
 * encoding a text, posing and paying; each beside a limit measured in the same run. CPU seconds of
 * this thread, medians. */
#include "instance.h"

#include <cblas.h>
#include <store/tables.h>

enum { REPEATS = 5, K = 47066, D = 128, K_DRAWN = 500 };

static struct rho_world world;

/* Median seconds of one of `times` calls of fn. */
static double timed(void (*fn)(void *), void *arg, size_t times)
{
	double v[REPEATS];
	fn(arg);
	for (int r = 0; r < REPEATS; r++) {
		double t = bench_now();
		for (size_t i = 0; i < times; i++)
			fn(arg);
		v[r] = (bench_now() - t) / (double)times;
	}
	return bench_median(v, REPEATS);
}

/* ---- uniform ---- */

struct draws {
	struct rho_instance *inst;
	size_t n_actions;
	uint64_t tick;
	uint32_t cand[K_DRAWN];
	float incl[K_DRAWN];
};

static void draw_once(void *arg)
{
	struct draws *d = arg;
	uint32_t lane = 0;
	size_t off[2];
	struct rho_ask ask = { .n = 1, .actions = { .n = d->n_actions }, .lane = &lane, .tick = &d->tick };
	struct rho_pool pool = { d->cand, off, d->incl };
	rho_call_begin(d->inst, "draw", 0, false);
	bench_check(d->inst,
	            d->inst->module->plugin.sampler->draw(&d->inst->ctx, d->inst->self, &ask, &pool));
	d->tick++;
}

/* The limit: as many numbers from the generator. */
static void numbers_once(void *arg)
{
	struct rho_rng *rng = arg;
	uint32_t sum = 0;
	for (uint32_t j = 0; j < K_DRAWN; j++)
		sum += rho_below(rng, 1000000 - j);
	rng->s[0] ^= sum & 1;
}

static void bench_uniform(void)
{
	struct rho_rng rng = { { 1, 2, 3, 4 } };
	double limit = timed(numbers_once, &rng, 2000);
	printf("uniform, k = %d: ns a decision (the %d random numbers alone: %.0f)\n", K_DRAWN, K_DRAWN,
	       limit * 1e9);
	for (size_t n = 10000; n <= 10000000; n *= 10) {
		static struct draws d;
		struct rho_sampler_spec spec = {
			.n_actions = n, .actions = { .n = n }, .lanes = 1, .slate = 1
		};
		struct rho_sampler_info info;
		d = (struct draws){ .inst = bench_make(&world, RHO_SAMPLER, "uniform", "k = 500"), .n_actions = n };
		bench_check(d.inst,
		            d.inst->module->plugin.sampler->open(&d.inst->ctx, d.inst->self, &spec, &info));
		double t = timed(draw_once, &d, 2000);
		printf("  K = %-10zu %8.0f   %.2f of the limit's speed\n", n, t * 1e9, limit / t);
		rho_instance_free(d.inst);
	}
}

/* ---- agents ---- */

struct acts {
	struct rho_instance *inst;
	struct rho_batch b;
	uint32_t action[64];
	float prob[64], reward[64];
};

static void act_once(void *arg)
{
	struct acts *a = arg;
	struct rho_choice out = { a->action, a->prob };
	rho_call_begin(a->inst, "act", 0, false);
	bench_check(a->inst, a->inst->module->plugin.agent->act(&a->inst->ctx, a->inst->self, &a->b, &out));
}

static void observe_once(void *arg)
{
	struct acts *a = arg;
	uint8_t end[64] = { 0 };
	struct rho_feedback f = {
		.posed = &a->b, .action = a->action, .prob = a->prob, .reward = a->reward, .end = end
	};
	rho_call_begin(a->inst, "observe", 0, false);
	bench_check(a->inst, a->inst->module->plugin.agent->observe(&a->inst->ctx, a->inst->self, &f));
}

static struct rho_mat actions, contexts;

/* Rows of length 1, as encoders make them. */
static struct rho_mat make_rows(size_t n, uint64_t seed)
{
	struct rho_rng rng = { { seed, 2, 3, 4 } };
	float *at = aligned_alloc(2 << 20, (n * D * sizeof *at + (2 << 20) - 1) / (2 << 20) * (2 << 20));
	if (!at)
		bench_die("memory", NULL);
	for (size_t i = 0; i < n; i++) {
		double sum = 0;
		for (size_t j = 0; j < D; j++) {
			at[i * D + j] = (float)rho_normal(&rng);
			sum += (double)at[i * D + j] * (double)at[i * D + j];
		}
		for (size_t j = 0; j < D; j++)
			at[i * D + j] /= (float)sqrt(sum);
	}
	return (struct rho_mat){ at, n, D, D };
}

static void read_once(void *arg)
{
	float sum[16] = { 0 }, *out = arg;
	for (size_t i = 0; i < (size_t)K * D; i += 16)
		for (size_t l = 0; l < 16; l++)
			sum[l] += actions.at[i + l];
	*out += sum[0] + sum[15];
}

static void product_once(void *arg)
{
	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, 4096, D, D, 1, actions.at, D, contexts.at, D, 0,
	            arg, D);
}

static void bench_agent(const char *name, const char *toml, size_t n, const uint32_t *cand, size_t n_cand,
                        const char *limit_name, double limit)
{
	static const uint32_t lane[64];
	size_t off[65];
	struct acts a = { .inst = bench_make(&world, RHO_AGENT, name, toml) };
	struct rho_spec spec = { .n_actions = K,
		                 .x_dim = D,
		                 .action_dim = D,
		                 .lanes = n,
		                 .slate = 1,
		                 .max_cand = K,
		                 .horizon = 1 };
	for (size_t i = 0; i <= n; i++)
		off[i] = i * n_cand;
	a.b = (struct rho_batch){ .n = n,
		                  .k = 1,
		                  .x = { &contexts, NULL, 0, n },
		                  .lane = lane,
		                  .actions = { &actions, NULL, 0, K } };
	if (n_cand) {
		a.b.cand = cand;
		a.b.cand_off = off;
	}
	bench_check(a.inst, a.inst->module->plugin.agent->open(&a.inst->ctx, a.inst->self, &spec));
	for (size_t i = 0; i < 40 && a.inst->module->plugin.agent->observe; i++) {
		act_once(&a);
		for (size_t j = 0; j < n; j++)
			a.reward[j] = (float)((i + j) % 3) / 2;
		observe_once(&a);
	}
	double t = timed(act_once, &a, n_cand ? 40 : 5) / (double)n, learn = 0;
	if (a.inst->module->plugin.agent->observe)
		learn = timed(observe_once, &a, 20) / (double)n;
	printf("  %-15s %-28s n = %-3zu K = %-6zu act %9.1f us", name, toml, n, n_cand ? n_cand : (size_t)K,
	       t * 1e6);
	printf("   learn %7.1f us", learn * 1e6);
	if (limit > 0)
		printf("   %s %9.1f us (%.2f)", limit_name, limit * 1e6, limit / t);
	printf("\n");
	rho_instance_free(a.inst);
}

static void bench_agents(void)
{
	static uint32_t cand[64 * K_DRAWN];
	float sink = 0, *product = malloc(4096 * D * sizeof *product);
	actions = make_rows(K, 1);
	contexts = make_rows(D, 2);
	for (size_t i = 0; i < 64 * K_DRAWN; i++)
		cand[i] = (uint32_t)(i * 7919 % K);
	double read = timed(read_once, &sink, 20), gemm = timed(product_once, product, 10);
	double rate = 2.0 * 4096 * D * D / gemm, full = 2.0 * K * D * D / rate;
	printf("\nagents, d = %d; reading the actions once takes %.0f us (%.1f GB/s), sgemm does %.0f "
	       "GFLOP/s, so a\n"
	       "full product with a %d x %d matrix takes %.0f us\n",
	       D, read * 1e6, (double)K * D * 4 / read * 1e-9, rate * 1e-9, D, D, full * 1e6);
	bench_agent("random", "", 64, NULL, 0, NULL, 0);
	bench_agent("random", "", 64, cand, K_DRAWN, NULL, 0);
	bench_agent("epsilon_greedy", "", 1, NULL, 0, NULL, 0);
	bench_agent("epsilon_greedy", "", 64, cand, K_DRAWN, NULL, 0);
	bench_agent("thompson", "", 1, NULL, 0, "reading", read);
	bench_agent("thompson", "", 16, NULL, 0, "reading", read);
	bench_agent("thompson", "", 16, cand, K_DRAWN, "reading", read * K_DRAWN / K);
	bench_agent("linucb", "alpha = 0.0", 1, NULL, 0, "reading", read);
	bench_agent("linucb", "", 1, NULL, 0, "sgemm", full);
	bench_agent("linucb", "prior = 1.0", 1, NULL, 0, "sgemm", full);
	bench_agent("linucb", "features = \"action\"", 1, NULL, 0, "sgemm", full);
	bench_agent("linucb", "", 16, cand, K_DRAWN, "sgemm", full * K_DRAWN / K);
	free(product);
}

/* ---- hashing ---- */

enum { TEXTS = 2000 };

struct texts {
	struct rho_instance *inst;
	struct rho_str text[TEXTS];
	float *out;
	size_t dim;
};

static void encode_once(void *arg)
{
	struct texts *t = arg;
	rho_call_begin(t->inst, "encode", 0, false);
	bench_check(t->inst, t->inst->module->plugin.encoder->encode(&t->inst->ctx, t->inst->self, RHO_TEXT,
	                                                       t->text, TEXTS, t->out, t->dim));
}

static void bench_hashing(void)
{
	static const char *const word[] = { "wireless", "steel",   "running", "kitchen", "for",    "set",
		                            "with",     "charger", "blue",    "outdoor", "camera", "portable",
		                            "kids",     "of",      "leather", "usb" };
	static const char *const toml[] = { "", "project = 256", "project = 0", "word_ngrams = [1, 2]" };
	static char bytes[TEXTS][128];
	struct rho_rng rng = { { 9, 2, 3, 4 } };
	struct texts t;
	size_t total = 0;
	for (size_t i = 0; i < TEXTS; i++) {
		size_t len = 0;
		for (int w = 0; w < 8; w++)
			len += (size_t)snprintf(bytes[i] + len, sizeof bytes[i] - len, "%s ",
			                        word[rho_below(&rng, 16)]);
		t.text[i] = (struct rho_str){ bytes[i], len };
		total += len;
	}
	printf("\nhashing, texts of 8 words, %.0f bytes\n", (double)total / TEXTS);
	for (size_t i = 0; i < sizeof toml / sizeof *toml; i++) {
		struct rho_encoder_info info;
		t.inst = bench_make(&world, RHO_ENCODER, "hashing", toml[i]);
		bench_check(t.inst, t.inst->module->plugin.encoder->open(&t.inst->ctx, t.inst->self, &info));
		t.dim = info.dim;
		t.out = malloc(TEXTS * t.dim * sizeof *t.out);
		double s = timed(encode_once, &t, 1);
		printf("  %-22s %8.0f texts/s   %5.1f MB/s of text\n", toml[i], TEXTS / s,
		       (double)total / s * 1e-6);
		free(t.out);
		rho_instance_free(t.inst);
	}
}

/* ---- bandit ---- */

struct steps {
	struct rho_instance *inst;
	struct rho_obs obs, last;
	uint32_t row[64], action[64];
	size_t off[65];
	float reward[64], mean[64], best[64];
	uint8_t end[64];
};

static void step_once(void *arg)
{
	struct steps *s = arg;
	rho_call_begin(s->inst, "step", 0, false);
	bench_check(s->inst,
	            s->inst->module->plugin.env->step(&s->inst->ctx, s->inst->self, s->action, &s->obs));
}

static void oracle_once(void *arg)
{
	struct steps *s = arg;
	rho_call_begin(s->inst, "oracle", 0, false);
	bench_check(s->inst, s->inst->module->plugin.env->oracle(&s->inst->ctx, s->inst->self, s->action, s->off,
	                                                   s->mean, s->best));
}

static struct rho_tables *make_tables(void)
{
	static const struct rho_column_spec text = { .name = "text", .type = RHO_COL_STR };
	static const struct rho_column_spec links[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 }
	};
	struct rho_tables *t = rho_tables_new();
	struct rho_sink *s = rho_tables_sink(t);
	struct rho_rng rng = { { 9, 2, 3, 4 } };
	struct rho_buf why = { 0 };
	s->columns(s, RHO_ACTIONS, &text, 1);
	s->columns(s, RHO_CONTEXTS, &text, 1);
	s->columns(s, RHO_LINKS, links, 3);
	for (uint32_t i = 0; i < 1000; i++) {
		s->add(s, RHO_ACTIONS, &(union rho_value){ .s = { "x", 1 } });
		s->add(s, RHO_CONTEXTS, &(union rho_value){ .s = { "x", 1 } });
		for (int j = 0; j < 10; j++)
			s->add(s, RHO_LINKS,
			       (union rho_value[]){ { .row = i },
			                            { .row = rho_below(&rng, 1000) },
			                            { .f = rho_unif(&rng) } });
	}
	if (rho_tables_finish(t, 7, &why))
		bench_die("tables", &why);
	return t;
}

static void bench_bandit(void)
{
	static const char *const toml[] = { "", "order = \"uniform\"", "order = \"file\"",
		                            "reward = \"click\"" };
	struct rho_tables *tables = make_tables();
	printf("\nbandit, 64 lanes, 1,000 contexts with 10 links: ns a decision\n");
	for (size_t i = 0; i < sizeof toml / sizeof *toml; i++) {
		static struct steps s;
		struct rho_env_spec spec = {
			.data = rho_tables_data(tables), .lanes = 64, .slate = 1, .horizon = 1
		};
		s = (struct steps){ .inst = bench_make(&world, RHO_ENV, "bandit", toml[i]) };
		s.last = (struct rho_obs){ .row = s.row };
		s.obs = (struct rho_obs){ .row = s.row, .reward = s.reward, .end = s.end };
		bench_check(s.inst, s.inst->module->plugin.env->open(&s.inst->ctx, s.inst->self, &spec));
		rho_call_begin(s.inst, "reset", 0, false);
		bench_check(s.inst, s.inst->module->plugin.env->reset(&s.inst->ctx, s.inst->self, &s.obs));
		s.obs.last = &s.last;
		for (uint32_t j = 0; j <= 64; j++) {
			s.off[j] = j;
			s.action[j % 64] = j * 13 % 1000;
		}
		printf("  %-22s step %5.1f   oracle %5.1f\n", toml[i], timed(step_once, &s, 20000) / 64 * 1e9,
		       timed(oracle_once, &s, 20000) / 64 * 1e9);
		rho_instance_free(s.inst);
	}
	rho_tables_free(tables);
}

int main(void)
{
	world = (struct rho_world){ .registry = rho_registry_new(NULL, 0), .seed = 1, .log_level = RHO_WARN };
	bench_uniform();
	bench_agents();
	bench_hashing();
	bench_bandit();
	rho_registry_free(world.registry);
	return 0;
}
