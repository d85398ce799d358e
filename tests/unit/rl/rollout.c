/* Rollouts and lists of ids: what comes in comes out, resumed in the middle or not. */
#include "feed.h"
#include "kit/rl/rollout.h"

enum { STEPS = 8 };

struct world {
	struct test_plugin p;
	struct rho_rollout r;
};

static int open_in(struct world *w, const struct rho_spec *spec, struct rho_rollout_how how)
{
	test_make(&w->p, RHO_AGENT, "random", "", 1);
	return TEST_CALL(&w->p, "open", true, rho_rollout_open(&w->p.inst->ctx, &w->r, spec, &how));
}

static int add(struct world *w, const struct rho_feedback *f, uint32_t *owed, size_t *n_owed)
{
	return TEST_CALL(&w->p, "observe", false, rho_rollout_add(&w->p.inst->ctx, &w->r, f, owed, n_owed));
}

/* Fills a rollout from `from` steps on, values and bootstraps by what is observed; keeps what came in `seen`. */
static void fill(struct world *w, struct feed *feed, struct feed *seen, size_t from, size_t to)
{
	for (size_t t = from; t < to; t++) {
		const struct rho_feedback *f = feed_step(feed);
		uint32_t owed[LANES];
		size_t n;
		cr_assert_not(rho_rollout_full(&w->r));
		cr_assert_eq(add(w, f, owed, &n), 0, "%s", w->p.why.at);
		cr_assert_eq(*w->r.filled, t + 1);
		for (size_t l = 0; l < LANES; l++)
			w->r.value[rho_rollout_place(&w->r, f, l)] = feed->now.x[l * X_DIM + 2];
		for (size_t i = 0; i < n; i++) {
			size_t place = rho_rollout_place(&w->r, f, owed[i]);
			cr_assert(feed->end[owed[i]] == RHO_TRUNCATED || (t == STEPS - 1 && !feed->end[owed[i]]));
			w->r.boot[place] = feed->led.x[owed[i] * X_DIM + 2];
		}
		for (size_t l = 0, k = 0; l < LANES; l++) {
			bool wants = feed->end[l] == RHO_TRUNCATED || (t == STEPS - 1 && !feed->end[l]);
			cr_assert(!wants || owed[k++] == l);
		}
		seen[t] = *feed;
	}
}

static void check(const struct world *w, const struct feed *seen)
{
	uint32_t room[MOST_CAND];
	for (size_t t = 0; t < STEPS; t++) {
		for (size_t l = 0; l < LANES; l++) {
			const struct feed *s = &seen[t];
			size_t place = t * LANES + l;
			const float *x = s->now.x + l * X_DIM;
			struct rho_idlist cand = rho_idlists_get(&w->r.cand, place, room);
			struct rho_idlist past = rho_idlists_get(&w->r.past, place, NULL);
			cr_assert_arr_eq(w->r.x + place * X_DIM, x, X_DIM * sizeof *x);
			cr_assert_eq(w->r.action[place], s->action[l]);
			cr_assert_eq(w->r.reward[place], s->reward[l]);
			cr_assert_eq(w->r.end[place], s->end[l]);
			NEAR((double)w->r.logp[place], log((double)s->prob[l]), 1e-6);
			cr_assert_eq(past.n, s->now.past_off[l + 1] - s->now.past_off[l]);
			cr_assert_arr_eq(past.id, s->now.past + s->now.past_off[l], past.n * sizeof *past.id);
			if (!s->lists) {
				cr_assert(cand.n == ACTIONS && !cand.id && !cand.bit);
				continue;
			}
			feed_check_cand(x, cand.id, cand.n, w->r.cand.words > 0);
			for (size_t j = 0; j < cand.n; j++) {
				cr_assert(!cand.incl || cand.incl[j] == 1 / (1 + (float)cand.id[j]));
				cr_assert(!cand.bit || cand.bit[cand.id[j] / 64] >> cand.id[j] % 64 & 1);
				cr_assert(!cand.row || (cand.row[2 * j] == (float)cand.id[j] &&
				                        cand.row[2 * j + 1] == (float)(t + 1)));
			}
		}
	}
}

Test(rollout, what_comes_in_comes_out_and_survives_a_checkpoint)
{
	for (int kind = 0; kind < 4; kind++) { /* every action, bits, ids with probabilities, rows that move */
		static struct feed feed, seen[STEPS];
		struct world one, two;
		struct rho_rollout_how how = { STEPS, true, true, kind == 2 };
		float adv[STEPS * LANES];
		feed_open(&feed, (uint64_t)kind, kind > 0);
		feed.spec.moving = kind == 3;
		cr_assert_eq(open_in(&one, &feed.spec, how), 0, "%s", one.p.why.at);
		cr_assert_eq(open_in(&two, &feed.spec, how), 0);
		cr_assert(one.r.cand.words == (kind < 2));
		fill(&one, &feed, seen, 0, 3);
		test_copy_kept(&one.p, &two.p);
		TEST_OK(&two.p, "loaded", false, rho_rollout_loaded(&two.p.inst->ctx, &two.r));
		fill(&two, &feed, seen, 3, STEPS);
		cr_assert(rho_rollout_full(&two.r) && !rho_rollout_full(&one.r));
		check(&two, seen);

		/* As values are the step's number, a one-step advantage is r + γ (t + 1) - t but where it is over. */
		rho_rollout_gae(&two.r, 0.9, 0, adv, NULL);
		for (size_t i = 0; i < STEPS * LANES; i++) {
			double t = (double)two.r.x[i * X_DIM + 2], r = (double)two.r.reward[i];
			double after = two.r.end[i] == RHO_TERMINATED ? 0 : t + 1;
			NEAR((double)adv[i], r + 0.9 * after - t, 2e-6);
		}
		rho_rollout_clear(&two.r);
		memset(feed.rows, 0, sizeof feed.rows);
		fill(&two, &feed, seen, 0, STEPS); /* again from the start, over what was there */
		check(&two, seen);
		test_free(&one.p);
		test_free(&two.p);
	}
}

Test(rollout, what_cannot_be_learned_from_is_refused)
{
	static struct feed feed;
	struct world w;
	uint32_t owed[LANES];
	size_t n;
	feed_open(&feed, 1, true);
	cr_assert_eq(open_in(&w, &feed.spec, (struct rho_rollout_how){ 2, true, true, false }), 0);
	feed_step(&feed);
	feed.reward[2] = NAN;
	cr_assert_eq(add(&w, &feed.f, owed, &n), RHO_EINVAL);
	HAS(w.p.why.at, "lane 2");
	feed.reward[2] = 0;
	feed.prob[1] = 0;
	cr_assert_eq(add(&w, &feed.f, owed, &n), RHO_EINVAL);
	HAS(w.p.why.at, "probability 0");
	feed.prob[1] = 0.5f;
	feed.led.x[3 * X_DIM] = INFINITY;
	cr_assert_eq(add(&w, &feed.f, owed, &n), RHO_EINVAL);
	HAS(w.p.why.at, "context that followed of lane 3");
	feed.led.x[3 * X_DIM] = 0;
	feed.now.lane[1] = 0;
	cr_assert_eq(add(&w, &feed.f, owed, &n), RHO_EBUG);
	feed.now.lane[1] = 1;
	feed.now.batch.n = 3;
	cr_assert_eq(add(&w, &feed.f, owed, &n), RHO_EBUG);
	feed.now.batch.n = LANES;
	cr_assert_eq(*w.r.filled, 0);
	cr_assert_eq(add(&w, &feed.f, owed, &n), 0, "%s", w.p.why.at);
	feed.f.next = NULL; /* a bandit's round owes nothing */
	cr_assert_eq(add(&w, &feed.f, owed, &n), 0);
	cr_assert_eq(n, 0);
	cr_assert_eq(w.r.end[LANES], RHO_TERMINATED);
	cr_assert_eq(add(&w, &feed.f, owed, &n), RHO_EBUG);
	HAS(w.p.why.at, "learn and clear");

	*w.r.filled = 3;
	cr_assert_eq(TEST_CALL(&w.p, "loaded", false, rho_rollout_loaded(&w.p.inst->ctx, &w.r)), RHO_EFORMAT);
	*w.r.filled = 2;
	w.r.end[3] = 7;
	cr_assert_eq(TEST_CALL(&w.p, "loaded", false, rho_rollout_loaded(&w.p.inst->ctx, &w.r)), RHO_EFORMAT);
	w.r.end[3] = 0;
	w.r.cand.n[4] = MOST_CAND + 2;
	cr_assert_eq(TEST_CALL(&w.p, "loaded", false, rho_rollout_loaded(&w.p.inst->ctx, &w.r)), RHO_EFORMAT);
	w.r.cand.n[4] = 5;
	w.r.cand.bit[4] = 1;
	cr_assert_eq(TEST_CALL(&w.p, "loaded", false, rho_rollout_loaded(&w.p.inst->ctx, &w.r)), RHO_EFORMAT);
	w.r.cand.n[4] = 0;
	w.r.past.n[0] = 2;
	w.r.past.id[0] = ACTIONS;
	cr_assert_eq(TEST_CALL(&w.p, "loaded", false, rho_rollout_loaded(&w.p.inst->ctx, &w.r)), RHO_EFORMAT);
	test_free(&w.p);
	cr_assert_eq(open_in(&w, &feed.spec, (struct rho_rollout_how){ 0, true, true, false }), RHO_EINVAL);
	test_free(&w.p);
	cr_assert_eq(open_in(&w, &feed.spec, (struct rho_rollout_how){ SIZE_MAX / 2, true, true, false }), RHO_EINVAL);
	test_free(&w.p);
}

Test(rollout, minibatches_are_fair_and_rows_are_gathered)
{
	enum { N = 6, ROUNDS = 60000 };
	struct rho_rng rng = { { 3, 2, 3, 4 } };
	double at[N * N] = { 0 }, want[N * N];
	float from[N * 2], to[N * 2];
	uint32_t place[N];
	for (size_t i = 0; i < N * N; i++)
		want[i] = (double)ROUNDS / N;
	for (int r = 0; r < ROUNDS; r++) {
		rho_shuffle(&rng, place, N);
		for (size_t i = 0; i < N; i++)
			at[i * N + place[i]]++;
	}
	cr_assert_lt(test_chi2(at, want, N * N), test_chi2_limit((N - 1) * (N - 1)));
	for (size_t i = 0; i < N * 2; i++)
		from[i] = (float)i;
	rho_gather(from, 2, place, N, to);
	for (size_t i = 0; i < N; i++)
		cr_assert(to[2 * i] == (float)(2 * place[i]) && to[2 * i + 1] == (float)(2 * place[i] + 1));
}
