/* Replay: transitions of every length against the definition, draws against their law. */
#include "feed.h"
#include "kit/rl/replay.h"

struct world {
	struct test_plugin p;
	struct rho_replay r;
};

static int open_in(struct world *w, const struct rho_spec *spec, struct rho_replay_how how)
{
	test_make(&w->p, RHO_AGENT, "random", "", 1);
	return TEST_CALL(&w->p, "open", true, rho_replay_open(&w->p.inst->ctx, &w->r, spec, &how));
}

static void add(struct world *w, const struct rho_feedback *f)
{
	TEST_OK(&w->p, "observe", false, rho_replay_add(&w->p.inst->ctx, &w->r, f));
}

enum { ROUNDS = 400 };
static struct feed feed;
/* By (lane, episode, step): what was paid, how the step ended, what was done. */
static float paid[LANES][ROUNDS][ROUNDS];
static uint8_t ended[LANES][ROUNDS][ROUNDS];
static uint32_t done[LANES][ROUNDS][ROUNDS];

static void remember(void)
{
	for (size_t l = 0; l < LANES; l++) {
		size_t e = feed.episode[l], t = feed.step[l] - 1;
		paid[l][e][t] = feed.reward[l];
		ended[l][e][t] = feed.end[l];
		done[l][e][t] = feed.action[l];
	}
}

/* Transition p is what its observation says it should be. */
static void check(const struct world *w, size_t p)
{
	const struct rho_replay *r = &w->r;
	const float *x = r->x + p * X_DIM, *next = r->next + p * X_DIM;
	size_t l = (size_t)x[0], e = (size_t)x[1], t = (size_t)x[2], m = 0;
	double sum = 0, pace = 1;
	uint32_t room[MOST_CAND], end = RHO_RUNNING;
	for (; m < r->how.ahead && !end; m++) {
		sum += pace * (double)paid[l][e][t + m];
		pace *= r->how.gamma;
		end = ended[l][e][t + m];
	}
	cr_assert_eq(r->action[p], done[l][e][t]);
	NEAR((double)r->reward[p], sum, 1e-5);
	NEAR((double)r->discount[p], end == RHO_TERMINATED ? 0 : pace, 1e-6);
	struct rho_idlist past = rho_idlists_get(&r->past, p, NULL);
	cr_assert_eq(past.n, t < HISTORY ? t : HISTORY);
	for (size_t j = 0; j < past.n; j++)
		cr_assert_eq(past.id[j], done[l][e][t - past.n + j]);
	struct rho_idlist cand = rho_idlists_get(&r->cand, p, room);
	feed_check_cand(x, cand.id, cand.n, r->cand.words > 0);
	cand = rho_idlists_get(&r->next_cand, p, room);
	past = rho_idlists_get(&r->next_past, p, NULL);
	if (end == RHO_TERMINATED) {
		cr_assert(cand.n == 0 && past.n == 0 && next[3] == 0);
		return;
	}
	cr_assert(next[0] == x[0] && next[1] == x[1] && next[2] == x[2] + (float)m);
	feed_check_cand(next, cand.id, cand.n, r->cand.words > 0);
	cr_assert_eq(past.n, t + m < HISTORY ? t + m : HISTORY);
	for (size_t j = 0; j < past.n; j++)
		cr_assert_eq(past.id[j], done[l][e][t + m - past.n + j]);
}

Test(replay, transitions_of_several_steps_end_with_their_episode)
{
	for (size_t ahead = 1; ahead <= 5; ahead += 2) {
		enum { CAPACITY = 97 };
		struct world one, two, *w = &one;
		struct rho_replay_how how = { .capacity = CAPACITY, .ahead = ahead, .gamma = 0.9, .cand = true,
			                      .incl = ahead == 3, .priority = true, .alpha = 0.6, .floor = 1e-3 };
		size_t steps = 0, late = 0;
		feed_open(&feed, ahead, true);
		cr_assert_eq(open_in(&one, &feed.spec, how), 0, "%s", one.p.why.at);
		cr_assert_eq(open_in(&two, &feed.spec, how), 0);
		for (size_t round = 0; round < ROUNDS; round++) {
			feed_step(&feed);
			remember();
			if (round == 123) { /* a checkpoint with steps that wait */
				test_copy_kept(&one.p, &two.p);
				w = &two;
				TEST_OK(&two.p, "loaded", false, rho_replay_loaded(&two.p.inst->ctx, &two.r));
			}
			add(w, &feed.f);
			steps += LANES;
			late = 0;
			for (size_t l = 0; l < LANES; l++)
				late += w->r.waiting[l];
			cr_assert_eq(*w->r.seen, steps - late, "each step becomes one transition");
			cr_assert(late <= LANES * (ahead - 1));
			cr_assert_eq(rho_replay_held(&w->r), steps - late < CAPACITY ? steps - late : CAPACITY);
			for (size_t p = 0; round % 20 == 0 && p < rho_replay_held(&w->r); p++)
				check(w, p);
		}
		test_free(&one.p);
		test_free(&two.p);
	}
}

Test(replay, priorities_are_drawn_by_and_weighed_out)
{
	enum { N = 60, BATCH = 8, DRAWS = 40000 };
	struct world w;
	struct rho_replay_how how = { .capacity = N, .ahead = 1, .gamma = 1, .priority = true, .alpha = 0.7,
		                      .floor = 0.01 };
	struct rho_rng rng = { { 5, 2, 3, 4 } };
	uint32_t place[N];
	float error[N], weight[BATCH];
	double p[N], total = 0, seen[N] = { 0 }, want[N];
	feed_open(&feed, 1, false);
	feed.spec.history = 0;
	cr_assert_eq(open_in(&w, &feed.spec, how), 0);
	for (int i = 0; i < N / LANES + 3; i++)
		add(&w, feed_step(&feed));
	for (size_t j = 0; j < N; j++) {
		NEAR(rho_sumtree_get(&w.r.tree, j), 1, 0);      /* new ones have the largest there ever was */
		place[j] = (uint32_t)j;
		error[j] = (float)(j % 7 == 0 ? 0 : rho_normal(&rng));
		p[j] = pow(fabs((double)error[j]) + 0.01, 0.7);
		total += p[j];
	}
	rho_replay_learned(&w.r, N, place, error);
	for (int d = 0; d < DRAWS; d++) {
		rho_replay_draw_by_priority(&w.r, &rng, 0.4, BATCH, place, weight);
		double most = 0;
		for (size_t i = 0; i < BATCH; i++) {
			seen[place[i]]++;
			most = fmax(most, pow(N * p[place[i]] / total, -0.4));
		}
		for (size_t i = 0; d < 100 && i < BATCH; i++)
			NEAR((double)weight[i], pow(N * p[place[i]] / total, -0.4) / most, 1e-6);
	}
	for (size_t j = 0; j < N; j++)
		want[j] = p[j] / total * DRAWS * BATCH;
	cr_assert_lt(test_chi2(seen, want, N), test_chi2_limit(N - 1));
	for (size_t j = 0; j < N; j++) {
		seen[j] = 0;
		want[j] = DRAWS * BATCH / (double)N;
	}
	for (int d = 0; d < DRAWS; d++) {
		rho_replay_draw(&w.r, &rng, BATCH, place);
		for (size_t i = 0; i < BATCH; i++)
			seen[place[i]]++;
	}
	cr_assert_lt(test_chi2(seen, want, N), test_chi2_limit(N - 1));

	/* What is no number is not forgotten, and does not poison the sums. */
	place[0] = 3;
	error[0] = NAN;
	rho_replay_learned(&w.r, 1, place, error);
	NEAR(rho_sumtree_get(&w.r.tree, 3), *w.r.top, 0);
	error[0] = 1e30f;
	rho_replay_learned(&w.r, 1, place, error);
	cr_assert(isfinite(rho_sumtree_total(&w.r.tree)));
	add(&w, feed_step(&feed));
	NEAR(rho_sumtree_get(&w.r.tree, (size_t)((*w.r.seen - 1) % N)), *w.r.top, 0);
	test_free(&w.p);
}

Test(replay, sums_find_what_a_search_from_the_left_finds)
{
	static const size_t sizes[] = { 1, 2, 3, 31, 32, 1000 };
	struct rho_rng rng = { { 6, 2, 3, 4 } };
	for (size_t s = 0; s < 6; s++) {
		struct test_plugin p;
		struct rho_sumtree t;
		size_t n = sizes[s];
		double v[1000] = { 0 };
		test_make(&p, RHO_AGENT, "random", "", 1);
		TEST_OK(&p, "open", true, rho_sumtree_open(&p.inst->ctx, &t, "tree", n));
		for (int round = 0; round < 20000; round++) {
			size_t j = rho_below(&rng, (uint32_t)n);
			double total = 0, at, run = 0;
			v[j] = rho_below(&rng, 3) ? (double)rho_below(&rng, 100) : 0;   /* whole: sums are exact */
			rho_sumtree_set(&t, j, v[j]);
			if (round % (n > 100 ? 40 : 1))
				continue;
			for (size_t i = 0; i < n; i++)
				total += v[i];
			cr_assert_eq(rho_sumtree_total(&t), total);
			if (!(total > 0))
				continue;
			at = rho_unif(&rng) * total;
			at = round % 3 ? floor(at) : at;        /* the very bounds too */
			for (j = 0; run + v[j] <= at; j++)
				run += v[j];
			cr_assert_eq(rho_sumtree_find(&t, at), j);
			cr_assert_gt(v[rho_sumtree_find(&t, nextafter(total, INFINITY))], 0);
		}
		TEST_OK(&p, "loaded", false, rho_sumtree_loaded(&p.inst->ctx, &t));
		t.node[1] += 1;
		cr_assert_eq(TEST_CALL(&p, "loaded", false, rho_sumtree_loaded(&p.inst->ctx, &t)),
		             n > 1 ? RHO_EFORMAT : 0);
		t.node[t.leaves] = NAN;
		cr_assert_eq(TEST_CALL(&p, "loaded", false, rho_sumtree_loaded(&p.inst->ctx, &t)), RHO_EFORMAT);
		test_free(&p);
	}
}

Test(replay, what_makes_no_sense_is_refused)
{
	struct world w;
	struct rho_replay_how how = { .capacity = 10, .ahead = 3, .gamma = 1, .cand = true };
	feed_open(&feed, 1, true);
	cr_assert_eq(open_in(&w, &feed.spec, how), 0);
	feed_step(&feed);
	feed.reward[4] = INFINITY;
	cr_assert_eq(TEST_CALL(&w.p, "observe", false, rho_replay_add(&w.p.inst->ctx, &w.r, &feed.f)), RHO_EINVAL);
	cr_assert_eq(w.r.waiting[0], 0, "nothing is changed");
	w.r.waiting[1] = 3;
	cr_assert_eq(TEST_CALL(&w.p, "loaded", false, rho_replay_loaded(&w.p.inst->ctx, &w.r)), RHO_EFORMAT);
	w.r.waiting[1] = 0;
	w.r.next_cand.n[2] = 99;
	cr_assert_eq(TEST_CALL(&w.p, "loaded", false, rho_replay_loaded(&w.p.inst->ctx, &w.r)), RHO_EFORMAT);
	test_free(&w.p);
	how.capacity = 0;
	cr_assert_eq(open_in(&w, &feed.spec, how), RHO_EINVAL);
	test_free(&w.p);
	how.capacity = 10;
	how.ahead = 0;
	cr_assert_eq(open_in(&w, &feed.spec, how), RHO_EINVAL);
	test_free(&w.p);
	how.ahead = 1;
	how.capacity = 100000; /* more than the cell's budget */
	test_make(&w.p, RHO_AGENT, "random", "", 1);
	w.p.world.memory = 1 << 20;
	cr_assert_eq(TEST_CALL(&w.p, "open", true, rho_replay_open(&w.p.inst->ctx, &w.r, &feed.spec, &how)),
	             RHO_ENOMEM);
	HAS(w.p.why.at, "budget of 1.0 MiB");
	test_free(&w.p);
}
