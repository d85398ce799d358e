/* env recsys, users = "links": what is to be found pays, in sessions and slates. */
#include "recsys.h"

enum { K = 8 };

/* User 0 had 7, 6 and finds 3 (weight 2), 1 (0.5), 5 (1), in that order of time; user 1 had nothing and finds
 * 2 alone (twice); user 2 has a train link only; user 3 finds 0, which weighs nothing, and 4. */
static const struct link_row rows[] = {
	{ 0, 1, 0.5, 40, "test" }, { 0, 6, 1, 20, "train" },  { 0, 3, 2, 30, "test" },
	{ 0, 7, 1, 10, "train" },  { 1, 2, 0.25, 2, "test" }, { 1, 2, 1, 3, "test" },
	{ 2, 0, 1, 1, "train" },   { 3, 0, 0, 1, "test" },    { 0, 5, 1, 50, "test" },
	{ 3, 4, 1, 2, "test" },    { 0, 2, 1, 60, "valid" },
};
static const struct catalogue small = {
	.actions = K, .contexts = 4, .width = 3, .link = rows, .n_links = sizeof rows / sizeof *rows
};

static void one(struct play *g, uint32_t action) { recsys_step(g, &action); }

static void check_past(const struct rho_obs *o, size_t n, const uint32_t *want)
{
	cr_assert_eq(o->past_off[0], 0);
	cr_assert_eq(o->past_off[1], n, "%zu", o->past_off[1]);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(o->past[i], want[i], "%zu: %u", i, o->past[i]);
}

Test(recsys_links, relevance_pays_each_find_once)
{
	struct rho_tables *t = recsys_tables(&small);
	struct play g;
	float mean[K];
	cr_assert_eq(recsys_open(&g, t, "order = \"file\"\nsteps = 4", 1, 1), 0, "%s", g.p.why.at);
	cr_assert(g.spec.n_actions == K && g.spec.obs == RHO_OBS_ROW && g.spec.horizon == 4);
	cr_assert(g.spec.reward_lo == 0 && g.spec.reward_hi == 2 && g.spec.history == 50);
	recsys_reset(&g);
	cr_assert_eq(g.row[0], 0);
	check_past(&g.obs, 2, (const uint32_t[]){ 7, 6 });
	cr_assert_eq(recsys_means(&g, 0, mean), 2);
	cr_assert(mean[3] == 2 && mean[1] == 0.5f && mean[5] == 1 && mean[7] == 0 && mean[2] == 0);
	one(&g, 3);
	cr_assert(g.reward[0] == 2 && g.item_reward[0] == 2 && g.end[0] == RHO_RUNNING);
	check_past(&g.obs, 3, (const uint32_t[]){ 7, 6, 3 });
	cr_assert_eq(recsys_means(&g, 0, mean), 1);
	cr_assert_eq(mean[3], 0);
	one(&g, 3); /* again */
	cr_assert(g.reward[0] == 0 && g.obs.past_off[1] == 3);
	one(&g, 7);
	one(&g, 5);
	cr_assert(g.reward[0] == 1 && g.end[0] == RHO_TRUNCATED && g.last_row[0] == 0);
	check_past(&g.last, 4, (const uint32_t[]){ 7, 6, 3, 5 });
	cr_assert_float_eq(recsys_metric(&g, "session_return"), 3, 1e-9);
	cr_assert_float_eq(recsys_metric(&g, "session_length"), 4, 1e-9);
	cr_assert_float_eq(recsys_metric(&g, "click_rate"), 0.5, 1e-9);
	cr_assert_float_eq(recsys_metric(&g, "hit"), 0.5, 1e-9);
	cr_assert(recsys_metric(&g, "distinct") == 3 && recsys_metric(&g, "repeats") == 1);
	/* Finds in places 1 and 4 of a list, three to be found. */
	cr_assert_float_eq(recsys_metric(&g, "ndcg"), (1 + 1 / log2(5)) / (1 + 1 / log2(3) + 0.5), 1e-9);
	cr_assert_eq(g.row[0], 1); /* the next user, who had nothing */
	check_past(&g.obs, 0, NULL);
	one(&g, 2);
	cr_assert(g.reward[0] == 1 && g.end[0] == RHO_TERMINATED, "the larger weight, and nothing is left");
	cr_assert_eq(g.row[0], 3);
	one(&g, 0);
	cr_assert(g.reward[0] == 0 && g.end[0] == RHO_RUNNING, "what weighs nothing is not relevant");
	one(&g, 4);
	cr_assert_eq(g.end[0], RHO_TERMINATED);
	cr_assert_eq(g.row[0], 0);
	recsys_close(&g);
	rho_tables_free(t);
}

Test(recsys_links, next_pays_the_one_whose_turn_it_is)
{
	struct rho_tables *t = recsys_tables(&small);
	struct play g;
	float mean[K];
	cr_assert_eq(
		recsys_open(&g, t, "order = \"file\"\ntarget = \"next\"\nnear = 0.25\nhistory = 3", 1, 1), 0);
	cr_assert_eq(g.spec.reward_hi, 1);
	recsys_reset(&g);
	cr_assert_eq(recsys_means(&g, 0, mean), 1);
	cr_assert(mean[3] == 1 && mean[1] == 0.25f && mean[5] == 0.25f && mean[6] == 0);
	one(&g, 1);
	cr_assert_eq(g.reward[0], 0.25f);
	recsys_means(&g, 0, mean);
	cr_assert(mean[1] == 1 && mean[3] == 0.25f, "shown before, and now its turn");
	one(&g, 1);
	cr_assert_eq(g.reward[0], 1);
	check_past(&g.obs, 3, (const uint32_t[]){ 6, 1, 1 }); /* the last three */
	one(&g, 1);
	cr_assert(g.reward[0] == 0 && g.end[0] == RHO_TERMINATED, "three were to be found");
	cr_assert_float_eq(recsys_metric(&g, "hit"), 1.0 / 3, 1e-9);
	cr_assert_float_eq(recsys_metric(&g, "ndcg"), 1.0 / 3, 1e-9);
	cr_assert_float_eq(recsys_metric(&g, "session_return"), 1.25, 1e-9);
	one(&g, 2); /* user 1: one item, linked twice */
	cr_assert(g.reward[0] == 1 && g.end[0] == RHO_TERMINATED);
	recsys_close(&g);
	/* A bandit: the first alone. Another split; no history. */
	cr_assert_eq(recsys_open(&g, t,
	                         "target = \"next\"\nsplit = \"valid\"\nseen = \"test\"\n"
	                         "formulation = \"bandit\"",
	                         1, 1),
	             0, "%s", g.p.why.at);
	recsys_reset(&g);
	check_past(&g.obs, 3, (const uint32_t[]){ 3, 1, 5 });
	one(&g, 2);
	cr_assert(g.reward[0] == 1 && g.end[0] == RHO_TERMINATED && g.spec.horizon == 1);
	recsys_close(&g);
	rho_tables_free(t);
}

Test(recsys_links, what_was_shown_can_be_illegal_and_is_told)
{
	struct rho_tables *t = recsys_tables(&small);
	struct play g;
	float mean[K];
	cr_assert_eq(recsys_open(&g, t,
	                         "repeat = \"forbid\"\nsteps = 3\nslate = 2\nstate = \"user+last\"\n"
	                         "position_bias = 1.0\norder = \"file\"",
	                         1, 2),
	             0, "%s", g.p.why.at);
	cr_assert(g.spec.obs == RHO_OBS_ROW_F32 && g.spec.x_dim == 3 && g.spec.slate == 2);
	recsys_reset(&g);
	cr_assert(g.obs.legal_off[1] == K && g.obs.legal_off[2] == 2 * K && g.x[0] == 0 && g.x[5] == 0);
	recsys_step(&g, (const uint32_t[]){ 6, 0, 7, 1 });
	cr_assert(g.obs.legal_off[1] == K - 2 && g.obs.legal_off[2] == 2 * (K - 2));
	static const uint32_t legal[] = { 1, 2, 3, 4, 5, 7, 0, 2, 3, 4, 5, 6 };
	cr_assert(!memcmp(g.obs.legal, legal, sizeof legal));
	cr_assert(g.x[0] == 60 && g.x[2] == 62 && g.x[3] == 70, "features of the first item shown");
	recsys_step(&g, (const uint32_t[]){ 2, 3, 4, 5 });
	recsys_step(&g, (const uint32_t[]){ 4, 5, 6, 0 });
	cr_assert(g.end[0] == RHO_TRUNCATED && g.end[1] == RHO_TRUNCATED);
	cr_assert(g.last.legal_off[1] == 2 && g.last.legal[0] == 1 && g.last.legal[1] == 7);
	cr_assert(g.last.legal_off[2] == 4 && g.last.legal[2] == 2 && g.last.legal[3] == 3);
	cr_assert(g.last_x[0] == 40 && g.x[0] == 0 && g.obs.legal_off[1] == K);
	recsys_close(&g);
	/* The best that is still legal. */
	cr_assert_eq(recsys_open(&g, t, "repeat = \"forbid\"\nsteps = 3\ntarget = \"next\"\norder = \"file\"",
	                         1, 1),
	             0);
	recsys_reset(&g);
	one(&g, 1); /* too early: it can no longer be hit */
	cr_assert_eq(recsys_means(&g, 0, mean), 0);
	recsys_close(&g);
	rho_tables_free(t);
}

/* Both finds of user 0 below something else: how often each is clicked follows from the click model. */
static void check_slate(const char *model, const char *together, double first, double second, double reward)
{
	enum { STEPS = 3000, N = STEPS * 16 };
	struct rho_tables *t = recsys_tables(&small);
	struct play g;
	char toml[200];
	uint32_t action[16 * 3];
	double clicks[3] = { 0 }, sum = 0;
	snprintf(toml, sizeof toml,
	         "steps = 1\nslate = 3\nposition_bias = 0.6\nclicks = \"%s\"\ntogether = \"%s\"", model,
	         together);
	cr_assert_eq(recsys_open(&g, t, toml, 3, 16), 0, "%s", g.p.why.at);
	recsys_reset(&g);
	size_t n = 0;
	for (size_t i = 0; i < STEPS; i++) {
		uint32_t posed[16];
		memcpy(posed, g.row, sizeof posed);
		for (size_t lane = 0; lane < 16; lane++)
			memcpy(action + 3 * lane, (const uint32_t[]){ 6, 3, 5 }, 12);
		recsys_step(&g, action);
		for (size_t lane = 0; lane < 16; lane++) {
			if (posed[lane])
				continue;
			n++;
			sum += (double)g.reward[lane];
			for (size_t p = 0; p < 3; p++)
				clicks[p] += g.item_reward[3 * lane + p] > 0;
			cr_assert(g.reward[lane] <= g.spec.reward_hi);
		}
	}
	cr_assert_eq(n, N / 3);
	cr_assert_eq(clicks[0], 0);
	cr_assert_float_eq(clicks[1] / (double)n, first, 4.5 * 0.5 / sqrt((double)n));
	cr_assert_float_eq(clicks[2] / (double)n, second, 4.5 * 0.5 / sqrt((double)n));
	cr_assert_float_eq(sum / (double)n, reward, 4.5 * 1.2 / sqrt((double)n));
	recsys_close(&g);
	rho_tables_free(t);
}

/* Weights 2 and 1, looked at with 0.6 and 0.36 each by itself; or 0.6, and 0 for what stands below a click.
 */
Test(recsys_links, positions_are_looked_at_as_the_click_model_says)
{
	check_slate("pbm", "sum", 0.6, 0.36, 2 * 0.6 + 0.36);
	check_slate("pbm", "any", 0.6, 0.36, 2 * 0.6 + 0.4 * 0.36);
	check_slate("cascade", "sum", 0.6, 0, 2 * 0.6);
}

/* Whoever a lane shows depends on nothing that was chosen; with "uniform" not on how many lanes there are
 * either. */
Test(recsys_links, choices_do_not_change_who_comes)
{
	struct rho_tables *t = recsys_tables(&small);
	struct play a, b, single;
	uint32_t seen[4] = { 0 };
	cr_assert_eq(recsys_open(&a, t, "steps = 1", 9, 3), 0);
	cr_assert_eq(recsys_open(&b, t, "steps = 1", 9, 3), 0);
	recsys_reset(&a);
	recsys_reset(&b);
	for (uint32_t i = 0; i < 100; i++) { /* an epoch a step: three users, three lanes */
		cr_assert(!memcmp(a.row, b.row, sizeof a.row));
		uint32_t all = 1u << a.row[0] | 1u << a.row[1] | 1u << a.row[2];
		cr_assert_eq(all, 1u << 0 | 1u << 1 | 1u << 3);
		seen[a.row[0]]++;
		recsys_step(&a, (const uint32_t[]){ i % K, 1, 2 });
		recsys_step(&b, (const uint32_t[]){ (i + 3) % K, i % 3, 5 });
	}
	cr_assert(seen[0] > 15 && seen[1] > 15 && seen[3] > 15, "each epoch in an order of its own");
	recsys_close(&a);
	recsys_close(&b);
	cr_assert_eq(recsys_open(&a, t, "order = \"uniform\"\nslate = 2", 9, 3), 0);
	cr_assert_eq(recsys_open(&single, t, "order = \"uniform\"\nslate = 2", 9, 1), 0);
	recsys_reset(&a);
	recsys_reset(&single);
	for (uint32_t i = 0; i < 200; i++) {
		cr_assert_eq(a.row[0], single.row[0]);
		recsys_step(&a, (const uint32_t[]){ i % K, (i + 2) % K, i % 5, 6, 7, i % 6 });
		recsys_step(&single, (const uint32_t[]){ i % K, (i + 2) % K });
		cr_assert(a.reward[0] == single.reward[0] && a.end[0] == single.end[0]);
	}
	recsys_close(&a);
	recsys_close(&single);
	rho_tables_free(t);
}

static void check_resume(const struct rho_tables *t, const char *toml)
{
	struct play a, b;
	cr_assert_eq(recsys_open(&a, t, toml, 9, 3), 0, "%s", a.p.why.at);
	size_t k = a.spec.slate;
	recsys_reset(&a);
	for (uint32_t n = 0; n < 37; n++)
		recsys_step(&a, (const uint32_t[]){ n % 4, 4 + n % 4, (n + 1) % 4, 5, 6, 7 });
	cr_assert_eq(recsys_open(&b, t, toml, 9, 3), 0);
	test_copy_kept(&a.p, &b.p);
	TEST_OK(&b.p, "loaded", false, b.env->loaded(TEST_SELF(&b.p)));
	for (uint32_t n = 0; n < 50; n++) {
		const uint32_t action[] = { n % 3, 3 + n % 5, 1, 2 + n % 6, 0, 7 };
		recsys_step(&a, action);
		recsys_step(&b, action);
		cr_assert(!memcmp(a.row, b.row, sizeof a.row) && !memcmp(a.x, b.x, sizeof a.x));
		cr_assert(!memcmp(a.reward, b.reward, sizeof a.reward) &&
		          !memcmp(a.end, b.end, sizeof a.end));
		cr_assert(!memcmp(a.item_reward, b.item_reward, 3 * k * sizeof(float)));
		cr_assert(!memcmp(a.obs.past_off, b.obs.past_off, 4 * sizeof(size_t)));
		cr_assert(!memcmp(a.obs.past, b.obs.past, a.obs.past_off[3] * sizeof(uint32_t)));
	}
	uint32_t *steps = test_kept(&b.p, "t");
	steps[1] = 5000;
	cr_assert_eq(TEST_CALL(&b.p, "loaded", false, b.env->loaded(TEST_SELF(&b.p))), RHO_EFORMAT);
	recsys_close(&a);
	recsys_close(&b);
}

Test(recsys_links, resumes_to_the_bit)
{
	struct rho_tables *t = recsys_tables(&small);
	check_resume(t, "slate = 2\nstate = \"user+last\"");
	check_resume(t, "target = \"next\"\nnear = 0.5\norder = \"uniform\"");
	check_resume(t, "users = \"latent\"\nslate = 2");
	check_resume(t, "users = \"latent\"\nalike = \"vectors\"\npays = \"satisfaction\"");
	check_resume(NULL, "users = \"dot\"\nitems = 20");
	rho_tables_free(t);
}

static void check_refused(const struct rho_tables *t, const char *toml, const char *part, const char *other)
{
	struct play g;
	cr_assert_neq(recsys_open(&g, t, toml, 9, 3), 0, "%s", toml);
	HAS(g.p.why.at, part);
	HAS(g.p.why.at, other);
	recsys_close(&g);
}

Test(recsys_links, refuses_with_a_way_out)
{
	static const struct link_row bad[] = { { 0, 0, -1, 0, "test" } };
	struct catalogue plain = small, wrong = small;
	plain.width = 0;
	wrong.link = bad;
	wrong.n_links = 1;
	struct rho_tables *t = recsys_tables(&plain), *w = recsys_tables(&wrong);
	check_refused(NULL, "", "needs the table `actions`", "the experiment has no [dataset]");
	check_refused(NULL, "users = \"latent\"", "users = \"latent\" needs",
	              "users = \"dot\" needs no dataset");
	check_refused(t, "split = \"later\"", "no split is called that", "\"test\", \"train\", \"valid\"");
	check_refused(t, "seen = \"later\"", "seen = \"later\"", "\"train\"");
	check_refused(t, "split = \"all\"\nseen = \"later\"", "seen = \"later\"", "\"train\"");
	check_refused(t, "split = \"train\"", "must differ", "seen = \"\"");
	check_refused(t, "state = \"user+last\"", "add an [encoder]", "user+last");
	check_refused(t, "state = \"numbers\"", "\"user\" or \"user+last\"", "leave it out");
	check_refused(t, "pays = \"gmv\"", "no column \"price\"", "use pays = \"click\"");
	check_refused(t, "pays = \"satisfaction\"", "users = \"latent\"", "session");
	check_refused(t, "repeat = \"forbid\"", "= 11 actions, and there are 8", "repeat = \"allow\"");
	check_refused(t, "slate = 9", "there are 8 actions", "1 .. 8 are possible");
	check_refused(t, "users = \"latent\"\nalike = \"category\"", "no column \"category\"", "\"vectors\"");
	check_refused(NULL, "users = \"dot\"\nslate = 2", "one item a decision", "slate = 2");
	check_refused(NULL, "users = \"dot\"\nstate = \"user\"", "\"numbers\"", "leave it out");
	check_refused(NULL, "users = \"dot\"\npays = \"gmv\"", "pays = \"gmv\"", "leave it out");
	check_refused(t, "users = \"dot\"\nfeatures = false", "items of their own",
	              "leave out the [dataset]");
	check_refused(w, "", "link 0 has weight -1", "0 .. 1e6");
	rho_tables_free(t);
	rho_tables_free(w);
}
