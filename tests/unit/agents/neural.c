/* neural_linear and neural_ucb: the oracle, widths by definition, learning what is not linear, resuming. */
#include "planted.h"
#include "kit/triangle.h"

static const char *const linear = "neural_linear", *const ucb = "neural_ucb";

/* Without hidden layers the representation is the features: the linear fixture of formulas.md. */
Test(neural, linear_without_layers_is_the_oracle)
{
	static const float a[] = { 1, 2, 0, 1, 2, 1, 1, 1 }, reward[] = { 1, 0, 0.5f };
	const char *toml = "hidden = []\nscale = 1.0\na0 = 1.0\nb0 = 1.0\nlambda = 1.0";
	const uint32_t lane = 0;
	struct rho_mat m = { a, 4, 2, 2 };
	struct rho_batch b = { .n = 1, .k = 1, .actions = { &m, NULL, 0, 4 }, .lane = &lane };
	struct test_agent t;
	test_agent_open(&t, linear, toml, 1, (struct rho_spec){ .n_actions = 4, .action_dim = 2 });
	for (uint32_t i = 0; i < 3; i++)
		cr_assert_eq(test_observe(&t, &b, &i, &reward[i]), 0, "%s", t.p.why.at);
	const double *noise = test_kept(&t.p, "noise"), *p = test_kept(&t.p, "precision");
	cr_assert_float_eq(noise[0], 2.5, 1e-12);
	cr_assert_float_eq(noise[1], 1.1346153846, 1e-9);
	cr_assert(p[0] == 6 && p[rho_tri_at(1)] == 4 && p[rho_tri_at(1) + 1] == 7);
	const double *xy = test_kept(&t.p, "xy"), mu[] = { 0.1538461538, 0.2692307692 };
	cr_assert_float_eq(6 * mu[0] + 4 * mu[1], xy[0], 1e-8);
	cr_assert_float_eq(4 * mu[0] + 7 * mu[1], xy[1], 1e-8);
	b.flags = RHO_GREEDY; /* means: 0.692, 0.269, 0.577, 0.423 */
	uint32_t action;
	float prob;
	test_act(&t, &b, &action, &prob);
	cr_assert(action == 0 && prob == 1);
	test_free(&t.p);
}

/* Two actions that do not meet, drawn for many times: the difference of their worths is a Student t of 2a
 * degrees of freedom, so action 0 wins with the probability that t lies above -difference / scale. */
Test(neural, draws_are_of_the_posterior)
{
	enum { DRAWS = 40000 };
	static const float a[] = { 1, 0, 0, 1 };
	const char *toml = "hidden = []\nscale = 1.0\na0 = 1.0\nb0 = 0.5\nlambda = 2.0";
	const uint32_t lane = 0;
	struct rho_mat m = { a, 2, 2, 2 };
	struct rho_batch b = { .n = 1, .k = 1, .actions = { &m, NULL, 0, 2 }, .lane = &lane };
	struct test_agent t;
	uint32_t action;
	float prob;
	double wins = 0;
	test_agent_open(&t, linear, toml, 1, (struct rho_spec){ .n_actions = 2, .action_dim = 2 });
	for (uint32_t i = 0; i < 4; i++) {
		action = i % 2;
		cr_assert_eq(test_observe(&t, &b, &action, &(float){ i % 2 ? 0.5f : 1 }), 0);
	}
	/* a = 1 + 4/2 = 3; mean (2/4, 1/4); P = 4 I; b = 0.5 + (2.5 - 4 (1/4 + 1/16)) / 2 = 1.125. */
	const double *noise = test_kept(&t.p, "noise");
	cr_assert_float_eq(noise[0], 3, 1e-12);
	cr_assert_float_eq(noise[1], 1.125, 1e-12);
	for (int d = 0; d < DRAWS; d++) {
		test_act(&t, &b, &action, &prob);
		wins += action == 0;
	}
	/* t = 0.25 / sqrt(b / a * 2 / 4) of 6 degrees: 1/2 + (t' / 2)(1 + (1 - t'^2)/2 + 3/8 (1 - t'^2)^2)
	 * with t' = t / sqrt(6 + t^2) (Abramowitz & Stegun 26.7.4). */
	double x = 0.25 / sqrt(1.125 / 3 / 2), s = x / sqrt(6 + x * x), c = 1 - s * s;
	double want = 0.5 + s / 2 * (1 + c / 2 + 3 * c * c / 8);
	cr_assert_float_eq(wins / DRAWS, want, 4.5 * sqrt(want * (1 - want) / DRAWS));
	test_free(&t.p);
}

/* After a training the posterior is what the ring's observations say in the new representation. */
Test(neural, the_posterior_is_refitted)
{
	enum { D = 4, H = 3, N = 24 };
	struct test_world w;
	struct test_agent t;
	uint32_t action[WORLD_LANES];
	float p[WORLD_LANES];
	test_world_make(&w, 30, D, D, 5);
	test_agent_open(&t, linear, "hidden = [5, 3]\nevery = 8\nsteps = 30\nwindow = 24\nlambda = 0.5\n"
	                "unit = \"tanh\"", 1, test_world_spec(&w));
	for (int turn = 0; turn < 6; turn++)
		test_world_turn(&w, &t, action, p);
	const float *param = test_kept(&t.p, "params"), *ring = test_kept(&t.p, "ring");
	const double *reward = test_kept(&t.p, "ring_reward"), *noise = test_kept(&t.p, "noise");
	double a[H][H] = { { 0 } }, xy[H] = { 0 }, yy = 0;
	for (size_t i = 0; i < N; i++) {
		double first[5], z[H];
		for (size_t o = 0; o < 5; o++) {
			first[o] = (double)param[D * 5 + o];
			for (size_t j = 0; j < D; j++)
				first[o] += (double)ring[i * D + j] * (double)param[j * 5 + o];
			first[o] = tanh(first[o]);
		}
		for (size_t o = 0; o < H; o++) {
			z[o] = (double)param[D * 5 + 5 + 5 * H + o];
			for (size_t j = 0; j < 5; j++)
				z[o] += first[j] * (double)param[D * 5 + 5 + j * H + o];
			z[o] = tanh(z[o]);
		}
		for (size_t o = 0; o < H; o++) {
			xy[o] += reward[i] * z[o];
			for (size_t j = 0; j < H; j++)
				a[o][j] += z[o] * z[j];
		}
		yy += reward[i] * reward[i];
	}
	const double *kept = test_kept(&t.p, "precision"), *sums = test_kept(&t.p, "xy");
	for (size_t o = 0; o < H; o++) {
		cr_assert_float_eq(sums[o], xy[o], 1e-4);
		for (size_t j = 0; j <= o; j++)
			cr_assert_float_eq(kept[rho_tri_at(o) + j], a[o][j] + (o == j ? 0.5 : 0), 1e-4);
	}
	cr_assert_float_eq(noise[0], 2 + N / 2.0, 1e-12);
	cr_assert_float_eq(noise[2], yy, 1e-9);
	test_free(&t.p);
	test_world_free(&w);
}

/* f and its gradient g (1 hidden layer of relu, h units) at features x (d), in float64. */
static double network(const float *param, size_t d, size_t h, const double *x, double *g)
{
	const float *bias = param + d * h, *out = bias + h;
	double f = (double)out[h];
	for (size_t o = 0; o < h; o++) {
		double sum = (double)bias[o];
		for (size_t j = 0; j < d; j++)
			sum += x[j] * (double)param[j * h + o];
		double on = sum > 0 ? 1 : 0, weight = (double)out[o];
		for (size_t j = 0; j < d; j++)
			g[j * h + o] = on * weight * x[j];
		g[d * h + o] = on * weight;
		g[d * h + h + o] = on * sum;
		f += on * sum * weight;
	}
	g[d * h + 2 * h] = 1;
	return f;
}

/* NeuralUCB's scores from the definition, with Z = λI + Σ ggᵀ/m over what was tried. */
static void check_widths(const char *z)
{
	enum { D = 3, H = 4, P = D * H + 2 * H + 1, ACTIONS = 70, TURNS = 6 };
	static double a[P][P + 1], zz[P][P];
	struct test_world w;
	struct test_agent t;
	uint32_t action[WORLD_LANES];
	float p[WORLD_LANES], score[WORLD_LANES * ACTIONS], explore[WORLD_LANES];
	double g[P], x[D];
	char toml[200];
	bool diagonal = !strcmp(z, "diagonal"), last = !strcmp(z, "last");
	snprintf(toml, sizeof toml, "z = \"%s\"\nhidden = [4]\nscale = 2.0\nevery = 1000\ngamma = 0.9\n"
	         "lambda = 0.7", z);
	memset(zz, 0, sizeof zz);
	test_world_make(&w, ACTIONS, D, D, 5);
	test_agent_open(&t, ucb, toml, 1, test_world_spec(&w));
	const float *param = test_kept(&t.p, "params");
	for (int turn = 0; turn < TURNS; turn++) {
		test_world_turn(&w, &t, action, p);
		for (size_t i = 0; i < WORLD_LANES; i++) {
			for (size_t j = 0; j < D; j++)
				x[j] = 2 * (double)w.contexts.at[i * D + j] *
				       (double)w.actions.at[action[i] * D + j];
			network(param, D, H, x, g);
			for (size_t r = 0; r < P; r++)
				for (size_t q = 0; q < P; q++)
					zz[r][q] += g[r] * g[q] / H;
		}
	}
	test_rank(&t, &w.b, score, explore);
	for (size_t k = 0; k < ACTIONS; k += 3) {
		size_t i = k % WORLD_LANES, from = last ? D * H + H : 0;
		double width = 0;
		for (size_t j = 0; j < D; j++)
			x[j] = 2 * (double)w.contexts.at[i * D + j] * (double)w.actions.at[k * D + j];
		double f = network(param, D, H, x, g);
		for (size_t r = from; r < P; r++) {
			for (size_t q = from; q < P; q++)
				a[r][q] = (diagonal && r != q ? 0 : zz[r][q]) + (r == q ? 0.7 : 0);
			a[r][P] = g[r] / sqrt(H);
		}
		for (size_t c = from; c < P; c++)
			for (size_t r = from; r < P; r++) {
				double by = r == c ? 0 : a[r][c] / a[c][c];
				for (size_t q = c; r != c && q <= P; q++)
					a[r][q] -= by * a[c][q];
			}
		for (size_t r = from; r < P; r++)
			width += g[r] / sqrt(H) * a[r][P] / a[r][r];
		cr_assert_float_eq(score[i * ACTIONS + k], f + 0.9 * sqrt(width), 2e-5,
		                   "%s, action %zu: %g, not %g", z, k,
		                   (double)score[i * ACTIONS + k], f + 0.9 * sqrt(width));
	}
	test_acts_as_ranked(&t, &w.b);
	w.b.flags = RHO_GREEDY;
	test_acts_as_ranked(&t, &w.b);
	test_free(&t.p);
	test_world_free(&w);
}

Test(neural, widths_are_the_definition)
{
	check_widths("diagonal");
	check_widths("last");
	check_widths("full");
}

/* A reward that is best where t is small: the largest of a linear prediction is never that. */
Test(neural, learns_what_is_not_linear)
{
	double one = test_gain(linear, "every = 40\nsteps = 60\nhidden = [32, 16]", PLANTED_BUMP, 300);
	double diagonal = test_gain(ucb, "every = 40\nsteps = 60\nhidden = [32]", PLANTED_BUMP, 300);
	double last = test_gain(ucb,
	                        "z = \"last\"\nevery = 40\nsteps = 60\nhidden = [32]", PLANTED_BUMP, 300);
	double straight = test_gain("linucb", "alpha = 0.5", PLANTED_BUMP, 300);
	cr_assert_gt(one, 0.5, "neural_linear gains %g", one);
	cr_assert_gt(diagonal, 0.5, "neural_ucb gains %g", diagonal);
	cr_assert_gt(last, 0.5, "neural_ucb with z = \"last\" gains %g", last);
	cr_assert_lt(straight, 0.4, "linucb gains %g: the problem is linear", straight);
}

Test(neural, learns_what_is_linear)
{
	double one = test_gain(linear, "unit = \"tanh\"\nhidden = [16]", PLANTED_LOGISTIC, 250);
	double other = test_gain(ucb, "hidden = [16]\nz = \"full\"", PLANTED_LOGISTIC, 250);
	cr_assert_gt(one, 0.6, "neural_linear gains %g", one);
	cr_assert_gt(other, 0.6, "neural_ucb gains %g", other);
}

Test(neural, goes_on_the_same_after_a_checkpoint)
{
	struct test_world w;
	test_world_make(&w, 60, 6, 6, 4);
	test_resumes(linear, "propensity_draws = 20\nhidden = [8, 8]\nevery = 30\nsteps = 5", &w);
	test_resumes(ucb, "hidden = [8, 8]\nevery = 30\nsteps = 5\nwindow = 50", &w);
	test_resumes(ucb, "hidden = [8]\nevery = 30\nsteps = 5\nz = \"last\"", &w);
	test_resumes(ucb, "hidden = [4]\nz = \"full\"\nfeatures = \"action\"", &w);
	test_world_free(&w);
}

Test(neural, a_decision_is_its_own)
{
	test_alone(linear, "propensity_draws = 70\nhidden = [8]");
	test_alone(ucb, "hidden = [8, 4]");
	test_alone(ucb, "hidden = [5]\nz = \"full\"");
	test_duplicates(linear, "hidden = [8]\nevery = 20\nsteps = 5");
	test_duplicates(ucb, "hidden = [8]\nevery = 20\nsteps = 5");
	test_duplicates(ucb, "hidden = [8]\nz = \"last\"\nfeatures = \"concat\"");
	test_single(linear, "propensity_draws = 5\nhidden = [1]", 1, 1);
	test_single(linear, "", 3, 0);
	test_single(ucb, "hidden = [1]\nz = \"full\"", 1, 2);
	test_single(ucb, "hidden = []", 1, 1);
}

Test(neural, choices_fit_the_estimated_probabilities)
{
	test_estimates(linear, "hidden = [6]");
}

Test(neural, refuses_what_cannot_work)
{
	struct rho_spec none = { .n_actions = 5, .reward_hi = 1 }, some = none;
	struct test_world w;
	struct test_agent t;
	uint32_t action[WORLD_LANES] = { 0 };
	float reward[WORLD_LANES] = { 1 };
	int error = 0;
	some.action_dim = 40;
	test_untouched(linear, "hidden = [8]");
	test_untouched(ucb, "hidden = [8]\nz = \"last\"");
	test_open_refused(linear, "", none, "add an [encoder]");
	test_open_refused(ucb, "z = \"full\"\nhidden = [64]", some, "has 2689 parameters; at most 2000");
	test_open_refused(ucb, "hidden = [1, 1, 1, 1, 1, 1, 1, 1, 1]", some,
	                  "hidden has 9 layers; at most 8");
	/* A learning rate that cannot work is an error that says so. */
	test_world_make(&w, 10, 4, 4, 1);
	test_agent_open(&t, linear, "rate = 10.0\nscale = 1e6\nevery = 8\nsteps = 1000\n"
	                "hidden = [64, 64, 64, 64]", 1,
	                test_world_spec(&w));
	for (int turn = 0; turn < 30 && !error; turn++)
		error = test_observe(&t, &w.b, action, reward);
	cr_assert_eq(error, RHO_EINVAL);
	HAS(t.p.why.at, "lower");
	test_free(&t.p);
	test_world_free(&w);
}
