/* kit/nn beside PyTorch: results and gradients of small networks, and steps of the rules of training. */
#include "net.h"
#include "fixtures.h"

static void near(const float *got, const float *want, size_t n, double within, const char *what)
{
	for (size_t i = 0; i < n; i++)
		cr_assert_float_eq(got[i], want[i], within * (1 + fabs((double)want[i])),
		                   "%s %zu: %.9g, not %.9g", what, i, (double)got[i], (double)want[i]);
}

/* What is known of a network: its parameters in the order of the slices, results of its only output, what
 * they are weighed by in the loss, and the loss's gradients. */
struct known {
	const float *param, *y, *weight, *dparam;
	size_t params, ys;
};

#define KNOWN(name)                                                                                          \
	{                                                                                                    \
		name##_param, name##_y, name##_weight, name##_dparam, sizeof name##_param / sizeof(float),   \
			sizeof name##_y / sizeof(float)                                                      \
	}

static void check(struct net *t, uint32_t y, const struct known *k)
{
	cr_assert_eq(t->nn.params, k->params);
	memcpy(t->nn.param, k->param, k->params * sizeof(float));
	net_forward(t);
	near(t->pass.value[y], k->y, k->ys, 2e-6, "result");
	memcpy(t->pass.delta[y], k->weight, k->ys * sizeof(float));
	rho_nn_zero(&t->pass);
	rho_nn_backward(&t->pass);
	near(t->pass.gradient, k->dparam, k->params, 5e-6, "gradient");
}

static const struct rho_nn_init none = { 0 };
static const size_t off[] = { 0, 3, 3, 4, 8 }, other[] = { 0, 2, 4, 4, 5 };
static const struct rho_nn_most most[] = { { 4, 0 }, { 8, 4 }, { 5, 2 } };

Test(nn_known, dense_layers_and_norm)
{
	static struct net t;
	struct rho_nn *nn = &t.nn;
	net_begin(&t);
	uint32_t x = rho_nn_input(nn, 0, 3, true);
	uint32_t y = rho_nn_dense(nn, "tanh", x, 6, RHO_NN_TANH, none);
	y = rho_nn_dense(nn, "gelu", y, 5, RHO_NN_GELU, none);
	y = rho_nn_dense(nn, "gelu_tanh", y, 6, RHO_NN_GELU_TANH, none);
	y = rho_nn_norm(nn, "norm", y, 1e-5);
	y = rho_nn_dense(nn, "relu", y, 4, RHO_NN_RELU, none);
	y = rho_nn_dense(nn, "sigmoid", y, 2, RHO_NN_SIGMOID, none);
	rho_nn_output(nn, y);
	net_end(&t, most);
	net_ready(&t);
	t.pass.rows[0] = 4;
	rho_nn_give(&t.pass, x, dense_x);
	check(&t, y, &(struct known)KNOWN(dense));
	near(t.pass.delta[x], dense_dx, 12, 5e-6, "input");
	net_free(&t);
}

Test(nn_known, attention)
{
	static const uint8_t hide[] = { 0, 1, 0, 1, 0, 0, 1, 0 };
	static struct net t;
	struct rho_nn *nn = &t.nn;
	net_begin(&t);
	uint32_t items = rho_nn_axis(nn, 0), x = rho_nn_input(nn, items, 6, true);
	uint32_t y = rho_nn_attention(nn, "self", x, x, 2, true);
	rho_nn_output(nn, y);
	net_end(&t, most);
	net_ready(&t);
	t.pass.rows[0] = 4;
	t.pass.off[items] = off;
	rho_nn_give(&t.pass, x, self_x);
	check(&t, y, &(struct known)KNOWN(self));
	near(t.pass.delta[x], self_dx, 48, 5e-6, "input");
	net_free(&t);

	/* The second list has no rows: its queries see nothing. */
	net_begin(&t);
	items = rho_nn_axis(nn, 0);
	uint32_t candidates = rho_nn_axis(nn, 0), c = rho_nn_input(nn, candidates, 6, true);
	x = rho_nn_input(nn, items, 6, true);
	y = rho_nn_attention(nn, "cross", c, x, 2, false);
	rho_nn_output(nn, y);
	net_end(&t, most);
	net_ready(&t);
	t.pass.rows[0] = 4;
	t.pass.off[items] = off;
	t.pass.off[candidates] = other;
	t.pass.hide[items] = hide;
	rho_nn_give(&t.pass, c, cross_x);
	rho_nn_give(&t.pass, x, cross_x + 30);
	/* PyTorch has the three projections' weights first, then their biases. */
	const struct known k = KNOWN(cross);
	static float param[sizeof cross_param / sizeof(float)], dparam[sizeof cross_param / sizeof(float)];
	for (int i = 0; i < 2; i++) {
		const float *from = i ? k.dparam : k.param;
		float *to = i ? dparam : param;
		memcpy(to, from, 36 * sizeof *to);                           /* q.weight */
		memcpy(to + 36, from + 108, 6 * sizeof *to);                 /* q.bias */
		memcpy(to + 42, from + 36, 72 * sizeof *to);                 /* kv.weight */
		memcpy(to + 114, from + 114, (k.params - 114) * sizeof *to); /* kv.bias, out */
	}
	check(&t, y, &(struct known){ param, k.y, k.weight, dparam, k.params, k.ys });
	near(t.pass.delta[c], cross_dx, 30, 5e-6, "query");
	near(t.pass.delta[x], cross_dx + 30, 48, 5e-6, "keys");
	net_free(&t);
}

Test(nn_known, gru_and_bag)
{
	static const uint32_t id[] = { 4, 0, 0, 2, 5, 1 };
	static const size_t id_off[] = { 0, 2, 2, 3, 6 };
	static struct net t;
	struct rho_nn *nn = &t.nn;
	net_begin(&t);
	uint32_t items = rho_nn_axis(nn, 0), x = rho_nn_input(nn, items, 3, true),
		 h = rho_nn_input(nn, 0, 4, true);
	uint32_t y = rho_nn_gru(nn, "gru", x, h, 4, none);
	rho_nn_output(nn, y);
	net_end(&t, most);
	net_ready(&t);
	t.pass.rows[0] = 4;
	t.pass.off[items] = off;
	rho_nn_give(&t.pass, x, gru_x);
	rho_nn_give(&t.pass, h, gru_x + 24);
	check(&t, y, &(struct known)KNOWN(gru));
	near(t.pass.delta[x], gru_dx, 24, 5e-6, "input");
	near(t.pass.delta[h], gru_dx + 24, 16, 5e-6, "first state");
	net_free(&t);

	net_begin(&t);
	uint32_t list = rho_nn_ids(nn, 0, 6);
	y = rho_nn_embed(nn, "bag", list, 3, true, none);
	rho_nn_output(nn, y);
	net_end(&t, most);
	net_ready(&t);
	t.pass.rows[0] = 4;
	t.pass.list[list] = (struct rho_nn_list){ id, id_off };
	check(&t, y, &(struct known)KNOWN(bag));
	net_free(&t);
}

static void check_rule(struct rho_nn_how how, double most_norm, const float *want)
{
	static struct net t;
	struct rho_nn_rule_state rule;
	net_begin(&t);
	uint32_t x = rho_nn_input(&t.nn, 0, 5, false);
	rho_nn_output(&t.nn, rho_nn_dense(&t.nn, "d", x, 1, RHO_NN_LINEAR, none));
	net_end(&t, most);
	cr_assert_eq(rho_nn_train(t.c, &t.nn, &rule, &how), 0);
	net_ready(&t);
	memcpy(t.nn.param, rule_first, 6 * sizeof(float));
	for (int step = 0; step < 3; step++) {
		memcpy(t.pass.gradient, rule_gradient + 6 * step, 6 * sizeof(float));
		double norm = rho_nn_norm_of((const struct rho_nn_pass *[]){ &t.pass }, 1);
		TEST_OK(&t.p, "observe", false,
		        rho_nn_step(t.c, &rule, &t.pass, 0.1, rho_nn_clip(norm, most_norm)));
		near(t.nn.param, want + 6 * step, 6, 2e-6, "parameter");
	}
	cr_assert_eq(*rule.steps, 3);
	/* A gradient that is not finite changes nothing and says when. */
	t.pass.gradient[4] = NAN;
	cr_assert_eq(TEST_CALL(&t.p, "observe", false, rho_nn_step(t.c, &rule, &t.pass, 0.1, 1)), RHO_EINVAL);
	HAS(t.p.why.at, "training of network net diverged: after 3 updates the gradient's norm is");
	near(t.nn.param, want + 12, 6, 2e-6, "parameter");
	net_free(&t);
}

Test(nn_known, rules_of_training)
{
	struct rho_nn_how how = rho_nn_usual(RHO_NN_ADAM);
	check_rule(how, 0.5, rule_adam);
	how.decay = 0.2;
	how.eps = 1e-5;
	check_rule(how, 0, rule_adamw);
	how = rho_nn_usual(RHO_NN_SGD);
	how.momentum = 0.9;
	how.decay = 0.2;
	check_rule(how, 0, rule_sgd);
	how = rho_nn_usual(RHO_NN_RMSPROP);
	how.beta2 = 0.9;
	how.eps = 1e-5;
	check_rule(how, 0, rule_rmsprop);
	how.eps_inside = true;
	check_rule(how, 0, rule_rmsprop_inside);
}

Test(nn_known, schedules)
{
	struct rho_nn_schedule s = { RHO_NN_LINE, 4, 0, 10, 110 };
	cr_assert_eq(rho_nn_rate(&s, 0), 0);
	cr_assert_float_eq(rho_nn_rate(&s, 5), 2, 1e-12);
	cr_assert_eq(rho_nn_rate(&s, 10), 4);
	cr_assert_float_eq(rho_nn_rate(&s, 85), 1, 1e-12);
	cr_assert_eq(rho_nn_rate(&s, 110), 0);
	cr_assert_eq(rho_nn_rate(&s, 1000), 0);
	s.shape = RHO_NN_COSINE;
	s.last = 1;
	cr_assert_float_eq(rho_nn_rate(&s, 60), 2.5, 1e-12);
	cr_assert_float_eq(rho_nn_rate(&s, 35), 1 + 3 * (1 + sqrt(0.5)) / 2, 1e-12);
	cr_assert_eq(rho_nn_rate(&s, 110), 1);
	s.shape = RHO_NN_CONSTANT;
	cr_assert_eq(rho_nn_rate(&s, 10), 4);
	cr_assert_eq(rho_nn_rate(&s, 1000), 4);
	cr_assert_eq(rho_nn_clip(2, 0), 1);
	cr_assert_eq(rho_nn_clip(0.3, 0.5), 1);
	cr_assert_float_eq(rho_nn_clip(2, 0.5), 0.25, 1e-6);
}
