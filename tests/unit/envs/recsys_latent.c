/* env recsys, users = "latent": tastes are found in the links, clicks and moods follow README.md's equations.
 */
#include "recsys.h"

enum { GROUPS = 4, K = 40, USERS = 60, PER_USER = 6, WARM = USERS * PER_USER, ALL_LINKS = WARM + USERS };

static const char *const category[] = { "red", "blue", "green", "" };
static struct link_row rows[ALL_LINKS];
static const char *categories[K];
static double prices[K];

/* User u is of group u % 4 and linked with items of that group (a % 4), one of them held out; an item's
 * category goes by a / 10. */
static struct rho_tables *make(bool with_category)
{
	struct catalogue t = {
		.actions = K, .contexts = USERS, .link = rows, .n_links = ALL_LINKS, .price = prices
	};
	size_t n = 0;
	for (uint32_t u = 0; u < USERS; u++) {
		for (uint32_t j = 0; j < PER_USER; j++)
			rows[n++] = (struct link_row){ u, u % 4 + 4 * ((u + j * 3) % 10), 1, j, "train" };
		rows[n++] = (struct link_row){ u, u % 4 + 4 * ((u + 1) % 10), 1, 99, "test" };
	}
	for (size_t a = 0; a < K; a++) {
		categories[a] = category[a / 10];
		prices[a] = a == 5 ? NAN : (double)a / 4;
	}
	t.category = with_category ? categories : NULL;
	return recsys_tables(&t);
}

static double logit(double p) { return log(p / (1 - p)); }

Test(recsys_latent, tastes_are_those_of_the_data_and_the_rate_is_as_asked)
{
	struct rho_tables *t = make(false);
	double rate = 0, own = 0, other = 0;
	size_t n = 0, right = 0;
	struct play g, h;
	float mean[K], again[K];
	const char *toml = "users = \"latent\"\norder = \"file\"\ndim = 6\nridge = 1.0\nbase_rate = 0.1";
	cr_assert_eq(recsys_open(&g, t, toml, 1, 60), 0, "%s", g.p.why.at);
	cr_assert_eq(recsys_open(&h, t, toml, 77, 60), 0);
	cr_assert(g.spec.reward_lo == 0 && g.spec.reward_hi == 1 && g.spec.obs == RHO_OBS_ROW);
	recsys_reset(&g);
	recsys_reset(&h);
	for (size_t u = 0; u < USERS; u++) {
		float best = recsys_means(&g, u, mean), top = 0;
		recsys_means(&h, u, again);
		cr_assert(!memcmp(mean, again, sizeof mean), "the same users whatever the seed");
		cr_assert_eq(g.row[u], u);
		for (size_t a = 0; a < K; a++) {
			rate += (double)mean[a] / (USERS * K);
			*(a % 4 == u % 4 ? &own : &other) += (double)mean[a];
			top = mean[a] > top ? mean[a] : top;
			n += a % 4 != u % 4;
			right += a % 4 != u % 4 && mean[a] < mean[u % 4 + 4 * ((u + 1) % 10)];
		}
		cr_assert_float_eq(best, top, 1e-6f);
	}
	cr_assert_float_eq(rate, 0.1, 0.005);
	cr_assert_gt(own / (USERS * K / 4.0), 5 * other / (USERS * K * 3 / 4.0));
	cr_assert_gt((double)right / (double)n, 0.99, "what was held out stands above other groups' items");
	recsys_close(&g);
	recsys_close(&h);
	/* On four threads the fit is the same to the bit. */
	struct play many;
	memset(&many, 0, sizeof many);
	cr_assert_eq(recsys_open(&g, t, toml, 1, 1), 0);
	test_make(&many.p, RHO_ENV, "recsys", toml, 1);
	many.p.world.threads = 4;
	many.env = many.p.inst->module->plugin.env;
	many.spec = g.spec;
	TEST_OK(&many.p, "open", true, many.env->open(TEST_SELF(&many.p), &many.spec));
	recsys_reset(&g);
	recsys_reset(&many);
	recsys_means(&g, 0, mean);
	recsys_means(&many, 0, again);
	cr_assert(!memcmp(mean, again, sizeof mean));
	recsys_close(&g);
	recsys_close(&many);
	rho_tables_free(t);
}

/* One showing of a category takes boredom * decay^age from the logit of its items, and of no others. */
Test(recsys_latent, the_like_of_what_was_shown_bores_and_that_fades)
{
	struct rho_tables *t = make(true);
	struct play g;
	float before[K], after[K];
	const char *toml =
		"users = \"latent\"\norder = \"file\"\nboredom = 1.5\nboredom_decay = 0.6\nleave = -100.0";
	cr_assert_eq(recsys_open(&g, t, toml, 1, 1), 0, "%s", g.p.why.at);
	recsys_reset(&g);
	for (int session = 0; session < 3; session++) {
		recsys_means(&g, 0, before);
		recsys_step(&g, (const uint32_t[]){ 3 });  /* red */
		recsys_step(&g, (const uint32_t[]){ 12 }); /* blue */
		recsys_step(&g, (const uint32_t[]){ 4 });  /* red */
		recsys_step(&g, (const uint32_t[]){ 35 }); /* no category */
		float best = recsys_means(&g, 0, after), top = 0;
		for (size_t a = 0; a < K; a++) {
			double off = a < 10   ? 1.5 * (pow(0.6, 4) + pow(0.6, 2))
			             : a < 20 ? 1.5 * pow(0.6, 3)
			                      : 0;
			cr_assert_float_eq(logit((double)before[a]) - logit((double)after[a]), off, 2e-4,
			                   "%zu", a);
			top = after[a] > top ? after[a] : top;
		}
		cr_assert_float_eq(best, top, 1e-6f);
		for (int i = 0; i < 6; i++)
			recsys_step(&g, (const uint32_t[]){ 3 });
		cr_assert_eq(g.end[0], RHO_TRUNCATED);
	}
	recsys_close(&g);
	/* By vectors: most by the item itself, by exactly boredom * decay, and never below nothing. */
	cr_assert_eq(recsys_open(&g, t,
	                         "users = \"latent\"\nalike = \"vectors\"\nboredom = 2.0\nleave = -100.0", 1,
	                         1),
	             0);
	recsys_reset(&g);
	recsys_means(&g, 0, before);
	recsys_step(&g, (const uint32_t[]){ 3 });
	float best = recsys_means(&g, 0, after), top = 0;
	size_t same = 0;
	for (size_t a = 0; a < K; a++) {
		double off = logit((double)before[a]) - logit((double)after[a]);
		cr_assert(off > -2e-4 && off < 2 * 0.7 + 2e-4);
		same += off < 2e-4;
		top = after[a] > top ? after[a] : top;
	}
	cr_assert_float_eq(best, top, 1e-6f);
	cr_assert_float_eq(logit((double)before[3]) - logit((double)after[3]), 2 * 0.7, 2e-4);
	cr_assert(same > 5 && same < K - 5);
	recsys_close(&g);
	rho_tables_free(t);
}

Test(recsys_latent, clicks_come_as_often_as_the_oracle_says)
{
	struct rho_tables *t = make(true);
	struct play g;
	static float mean[LANES * K];
	double expected = 0, clicks = 0, variance = 0;
	cr_assert_eq(recsys_open(&g, t, "users = \"latent\"\nbase_rate = 0.3", 4, 64), 0);
	recsys_reset(&g);
	for (uint32_t i = 0; i < 400; i++) {
		size_t off[LANES + 1];
		uint32_t action[LANES];
		float best[LANES];
		for (uint32_t lane = 0; lane < 64; lane++) {
			off[lane] = lane;
			action[lane] = (i * 7 + lane * 3) % K;
		}
		off[64] = 64;
		TEST_OK(&g.p, "oracle", false, g.env->oracle(TEST_SELF(&g.p), action, off, mean, best));
		recsys_step(&g, action);
		for (size_t lane = 0; lane < 64; lane++) {
			double p = (double)mean[lane];
			cr_assert(g.reward[lane] == 0 || g.reward[lane] == 1);
			clicks += (double)g.reward[lane];
			expected += p;
			variance += p * (1 - p);
		}
	}
	cr_assert_float_eq(clicks, expected, 4.5 * sqrt(variance));
	cr_assert_float_eq(recsys_metric(&g, "click_rate"), expected / 25600, 0.05);
	recsys_close(&g);
	rho_tables_free(t);
}

/* Satisfaction is 0.5 at first and follows clicks; leaving follows from it, fatigue and boredom. */
Test(recsys_latent, moods_change_and_users_leave_as_the_equations_say)
{
	enum { N = 1500 };
	struct rho_tables *t = make(true);
	struct play g;
	double mood[LANES], tired[LANES], expected = 0, left = 0, variance = 0;
	uint32_t action[LANES], age[LANES] = { 0 };
	cr_assert_eq(
		recsys_open(&g, t,
	                    "users = \"latent\"\npays = \"satisfaction\"\nbase_rate = 0.4\nboredom = 0.0\n"
	                    "leave = -2.0\nleave_fatigue = 3.0\nleave_boredom = 0.5\nfatigue_rate = 0.1\n"
	                    "satisfaction_rate = 0.25\nsteps = 12\nhistory = 12\nseen = \"\"",
	                    4, 64),
		0);
	cr_assert(g.spec.reward_lo == 0 && g.spec.reward_hi == 1);
	recsys_reset(&g);
	for (size_t i = 0; i < 64; i++) {
		mood[i] = 0.5;
		tired[i] = 0;
	}
	for (uint32_t n = 0; n < N; n++) {
		size_t had[LANES];
		for (uint32_t i = 0; i < 64; i++) {
			action[i] = (n + i) % 2 ? 31 : 5; /* no category, red */
			had[i] = g.obs.past_off[i + 1] - g.obs.past_off[i];
		}
		recsys_step(&g, action);
		for (uint32_t i = 0; i < 64; i++) {
			const struct rho_obs *o = g.end[i] ? &g.last : &g.obs;
			bool click = o->past_off[i + 1] - o->past_off[i] > had[i];
			double bored = 0, p;
			mood[i] = 0.75 * mood[i] + 0.25 * click;
			tired[i] += 0.1 * (1 - tired[i]);
			age[i]++;
			cr_assert_float_eq((double)g.reward[i], mood[i], 1e-5);
			/* Red was shown every other step before: decay^2 + decay^4 + … */
			for (uint32_t back = 2; action[i] == 5 && back < age[i]; back += 2)
				bored += pow(0.7, back);
			p = 1 / (1 + exp(2 - 3 * tired[i] - 0.5 * bored + 2 * mood[i]));
			expected += p;
			variance += p * (1 - p);
			left += g.end[i] == RHO_TERMINATED;
			cr_assert(g.end[i] != RHO_TRUNCATED || age[i] == 12);
			if (g.end[i]) {
				age[i] = 0;
				mood[i] = 0.5;
				tired[i] = 0;
			}
		}
	}
	cr_assert_gt(left, 1000);
	cr_assert_float_eq(left, expected, 4.5 * sqrt(variance));
	cr_assert_lt(recsys_metric(&g, "session_length"), 12);
	recsys_close(&g);
	cr_assert_eq(recsys_open(&g, t, "users = \"latent\"\nleave = 100.0", 4, 2), 0);
	recsys_reset(&g);
	recsys_step(&g, action);
	cr_assert(g.end[0] == RHO_TERMINATED && g.end[1] == RHO_TERMINATED);
	recsys_close(&g);
	rho_tables_free(t);
}

/* The marginal clicks of a slate are those of the position-based and the cascade model over what single items
 * get. */
static void check_slate(const struct rho_tables *t, const char *model, bool cascade)
{
	enum { STEPS = 4000 };
	static const uint32_t slate[3] = { 4, 9, 20 };
	static float mean[USERS][K];
	double expected[3] = { 0 }, clicks[3] = { 0 };
	char toml[200];
	struct play g;
	cr_assert_eq(
		recsys_open(&g, t,
	                    "users = \"latent\"\nformulation = \"bandit\"\nbase_rate = 0.4\norder = \"file\"",
	                    1, USERS),
		0);
	recsys_reset(&g);
	for (size_t u = 0; u < USERS; u++)
		recsys_means(&g, u, mean[u]);
	recsys_close(&g);
	snprintf(toml, sizeof toml,
	         "users = \"latent\"\nformulation = \"bandit\"\nbase_rate = 0.4\nslate = 3\n"
	         "position_bias = 0.7\nclicks = \"%s\"",
	         model);
	cr_assert_eq(recsys_open(&g, t, toml, 1, 16), 0, "%s", g.p.why.at);
	cr_assert_eq(g.spec.reward_hi, cascade ? 1 : 3.00003f);
	recsys_reset(&g);
	for (size_t n = 0; n < STEPS; n++) {
		uint32_t action[48];
		for (size_t i = 0; i < 48; i++)
			action[i] = slate[i % 3];
		for (size_t lane = 0; lane < 16; lane++) {
			double on = 1;
			for (size_t p = 0; p < 3; p++) {
				double a = (double)mean[g.row[lane]][slate[p]];
				expected[p] += on * a;
				on *= 0.7 * (cascade ? 1 - a : 1);
			}
		}
		recsys_step(&g, action);
		for (size_t i = 0; i < 48; i++)
			clicks[i % 3] += (double)g.item_reward[i];
	}
	for (size_t p = 0; p < 3; p++)
		cr_assert_float_eq(clicks[p], expected[p], 4.5 * 0.5 * sqrt(STEPS * 16), "%s %zu", model, p);
	recsys_close(&g);
}

Test(recsys_latent, slates_are_clicked_by_the_click_models)
{
	struct rho_tables *t = make(false);
	check_slate(t, "pbm", false);
	check_slate(t, "cascade", true);
	rho_tables_free(t);
}

Test(recsys_latent, prices_can_be_what_pays)
{
	struct rho_tables *t = make(true);
	struct play g;
	float mean[K], click[K];
	cr_assert_eq(recsys_open(&g, t, "users = \"latent\"\norder = \"file\"", 1, 1), 0);
	recsys_reset(&g);
	recsys_means(&g, 0, click);
	recsys_close(&g);
	cr_assert_eq(recsys_open(&g, t, "users = \"latent\"\norder = \"file\"\npays = \"gmv\"", 1, 1), 0,
	             "%s", g.p.why.at);
	cr_assert_eq(g.spec.reward_hi, 39 / 4.0f);
	recsys_reset(&g);
	float best = recsys_means(&g, 0, mean), top = 0;
	for (size_t a = 0; a < K; a++) {
		double price = a == 5 ? 0 : (double)a / 4;
		cr_assert_float_eq(mean[a], click[a] * (float)price, 1e-5f);
		top = mean[a] > top ? mean[a] : top;
	}
	cr_assert_eq(best, top);
	recsys_close(&g);
	rho_tables_free(t);
}
