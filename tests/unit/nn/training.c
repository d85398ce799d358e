/* kit/nn at work: first parameters, a fit, parts of a batch side by side, target networks, and what is
 * refused. */
#include "net.h"

static const struct rho_nn_init orthogonal = { RHO_NN_ORTHOGONAL, 1.4142135623730951 };

/* Two hidden layers of `wide` units from 3 numbers to 2. */
static uint32_t small(struct net *t, size_t wide, uint32_t *x)
{
	uint32_t y;
	*x = rho_nn_input(&t->nn, 0, 3, false);
	y = rho_nn_mlp(&t->nn, "hidden", *x, (const int64_t[]){ (int64_t)wide, (int64_t)wide }, 2,
	               RHO_NN_TANH, orthogonal);
	y = rho_nn_dense(&t->nn, "head", y, 2, RHO_NN_LINEAR,
	                 (struct rho_nn_init){ RHO_NN_ORTHOGONAL, 0.01 });
	rho_nn_output(&t->nn, y);
	return y;
}

static void check_orthogonal(const struct net *t, const char *name, double gain)
{
	const struct rho_nn_slice *s = rho_nn_find(&t->nn, name);
	bool turned = s->rows > s->cols;
	size_t k = turned ? s->cols : s->rows, len = turned ? s->rows : s->cols;
	for (size_t a = 0; a < k; a++)
		for (size_t b = 0; b <= a; b++) {
			double sum = 0;
			for (size_t j = 0; j < len; j++)
				sum += (double)t->nn.param[s->at + (turned ? j * k + a : a * len + j)] *
				       (double)t->nn.param[s->at + (turned ? j * k + b : b * len + j)];
			cr_assert_float_eq(sum, a == b ? gain * gain : 0, 1e-6 * gain * gain);
		}
}

static void check_variance(const struct net *t, const char *name, double want, bool uniform)
{
	const struct rho_nn_slice *s = rho_nn_find(&t->nn, name);
	size_t n = s->rows * s->cols;
	double sum = 0, square = 0, most = 0;
	for (size_t i = 0; i < n; i++) {
		double w = (double)t->nn.param[s->at + i];
		sum += w;
		square += w * w;
		most = fmax(most, fabs(w));
	}
	/* Five standard errors. */
	cr_assert_float_eq(sum / (double)n, 0, 5 * sqrt(want / (double)n));
	cr_assert_float_eq(square / (double)n, want, 5 * want * sqrt(2 / (double)n), "%s: %g, not %g", name,
	                   square / (double)n, want);
	cr_assert_eq(most <= sqrt(3 * want) * (1 + 1e-6), uniform);
}

Test(nn_training, first_parameters)
{
	static const struct {
		const char *name, *slice;
		int law;
		double variance;
		bool uniform;
	} laws[] = {
		{ "xavier", "xavier.weight", RHO_NN_XAVIER, 2.0 / 190, true },
		{ "xavier_normal", "xavier_normal.weight", RHO_NN_XAVIER_NORMAL, 2.0 / 190, false },
		{ "kaiming", "kaiming.weight", RHO_NN_KAIMING, 2.0 / 100, true },
		{ "kaiming_normal", "kaiming_normal.weight", RHO_NN_KAIMING_NORMAL, 2.0 / 100, false },
		{ "normal", "normal.weight", RHO_NN_NORMAL, 1, false },
	};
	static struct net t;
	uint32_t x, y;
	net_begin(&t);
	small(&t, 40, &x);
	y = rho_nn_input(&t.nn, 0, 100, false);
	for (size_t i = 0; i < 5; i++)
		rho_nn_output(&t.nn, rho_nn_dense(&t.nn, laws[i].name, y, 90, RHO_NN_RELU,
		                                  (struct rho_nn_init){ laws[i].law, 0.5 }));
	net_end(&t, &(struct rho_nn_most){ 4, 0 });
	net_ready(&t);
	check_orthogonal(&t, "hidden.0.weight", sqrt(2));
	check_orthogonal(&t, "hidden.1.weight", sqrt(2));
	check_orthogonal(&t, "head.weight", 0.01);
	for (size_t i = 0; i < 5; i++)
		check_variance(&t, laws[i].slice, laws[i].variance / 4, laws[i].uniform);
	for (size_t i = 0; i < 40; i++)
		cr_assert_eq(t.nn.param[rho_nn_find(&t.nn, "hidden.1.bias")->at + i], 0);
	net_free(&t);
}

/* A batch in parts: each part's rows through a pass of its own, by the host's threads. */
enum { PARTS = 5, PART = 64, ROWS = 300 };

struct batch {
	struct net *t;
	struct rho_nn_pass pass[PARTS];
	uint32_t x, y;
	const float *from;
};

static void run_part(void *arg, size_t from, size_t to)
{
	struct batch *b = arg;
	for (size_t i = from; i < to; i++) {
		struct rho_nn_pass *p = &b->pass[i];
		size_t n = ROWS - i * PART < PART ? ROWS - i * PART : PART;
		const float *x = b->from + 3 * i * PART;
		p->rows[0] = n;
		rho_nn_give(p, b->x, x);
		rho_nn_zero(p);
		if (rho_nn_forward(b->t->c, p))
			return;
		for (size_t r = 0; r < n; r++) {
			p->delta[b->y][2 * r] = p->value[b->y][2 * r] - sinf(x[3 * r] + x[3 * r + 1]);
			p->delta[b->y][2 * r + 1] = p->value[b->y][2 * r + 1] - x[3 * r + 2] * x[3 * r];
		}
		rho_nn_backward(p);
	}
}

/* The parameters after `steps` steps (params); the last loss. */
static float *fit(int threads, int steps, double *loss)
{
	static struct net t;
	struct batch b = { .t = &t };
	struct rho_nn_rule_state adam;
	struct rho_nn_how how = rho_nn_usual(RHO_NN_ADAM);
	net_begin(&t);
	t.p.world.threads = (unsigned)threads;
	b.y = small(&t, 32, &b.x);
	net_end(&t, &(struct rho_nn_most){ PART, 0 });
	for (int i = 0; i < PARTS; i++)
		cr_assert_eq(rho_nn_open(t.c, &t.nn, &b.pass[i], &(struct rho_nn_most){ PART, 0 }, true), 0);
	cr_assert_eq(rho_nn_train(t.c, &t.nn, &adam, &how), 0);
	net_ready(&t);
	float *x = net_numbers(&t, 3 * ROWS), *param = malloc(t.nn.params * sizeof *param);
	b.from = x;
	for (int s = 0; s < steps; s++) {
		rho_call_begin(t.p.inst, "observe", 0, false);
		rho_parallel(t.c, PARTS, run_part, &b);
		for (int i = 1; i < PARTS; i++)
			rho_nn_add(&b.pass[0], &b.pass[i]);
		double norm = rho_nn_norm_of((const struct rho_nn_pass *[]){ &b.pass[0] }, 1);
		int error = rho_nn_step(t.c, &adam, &b.pass[0], 0.003, rho_nn_clip(norm / ROWS, 0.5) / ROWS);
		cr_assert_eq(rho_call_end(t.p.inst, error, &t.p.why), 0, "%s", t.p.why.at);
	}
	*loss = 0;
	for (size_t r = 0; r < ROWS; r++) {
		const float *y = b.pass[r / PART].value[b.y] + 2 * (r % PART), *at = x + 3 * r;
		*loss +=
			pow((double)(y[0] - sinf(at[0] + at[1])), 2) + pow((double)(y[1] - at[2] * at[0]), 2);
	}
	*loss /= ROWS;
	memcpy(param, t.nn.param, t.nn.params * sizeof *param);
	free(x);
	net_free(&t);
	return param;
}

Test(nn_training, fits_and_does_not_depend_on_threads)
{
	double first, one, two;
	float *before = fit(1, 1, &first), *a = fit(1, 700, &one), *b = fit(2, 700, &two);
	cr_assert_gt(first, 0.5);
	cr_assert_lt(one, 0.005, "%g", one);
	cr_assert_eq(one, two);
	for (size_t i = 0; i < 3 * 32 + 32 + 32 * 32 + 32 + 64 + 2; i++)
		cr_assert(!memcmp(&a[i], &b[i], sizeof *a), "parameter %zu", i);
	free(before);
	free(a);
	free(b);
}

Test(nn_training, target_networks_and_kept_shapes)
{
	static struct net t;
	struct rho_nn target;
	uint32_t x;
	net_begin(&t);
	small(&t, 8, &x);
	net_end(&t, &(struct rho_nn_most){ 4, 0 });
	rho_nn_begin(t.c, &target, "target");
	struct rho_nn keep = t.nn;
	t.nn = target;
	small(&t, 8, &x);
	cr_assert_eq(rho_nn_end(&t.nn, &t.rng), 0);
	target = t.nn;
	t.nn = keep;
	net_ready(&t);
	float before = target.param[5];
	cr_assert_neq(before, t.nn.param[5]);
	rho_nn_follow(&target, &t.nn, 0.25);
	cr_assert_float_eq(target.param[5], 0.75 * (double)before + 0.25 * (double)t.nn.param[5], 1e-6);
	rho_nn_follow(&target, &t.nn, 1);
	cr_assert(!memcmp(target.param, t.nn.param, t.nn.params * sizeof(float)));
	cr_assert_eq(TEST_CALL(&t.p, "act", false, rho_nn_check(t.c, &target)), 0);
	target.shape[2] = 99; /* as if another network's had been read */
	cr_assert_eq(TEST_CALL(&t.p, "act", false, rho_nn_check(t.c, &target)), RHO_EINVAL);
	HAS(t.p.why.at, "hidden.0.bias is 99 by 8 there and 1 by 8 here");
	net_free(&t);
}

/* Each way of building something that cannot be, and what is said of it. */
static void bad_build(int which, const char *why)
{
	static struct net t;
	const struct rho_nn_init init = { RHO_NN_XAVIER, 1 };
	struct rho_nn *nn = &t.nn;
	net_begin(&t);
	uint32_t axis = rho_nn_axis(nn, 0), x = rho_nn_input(nn, 0, 4, false),
		 l = rho_nn_input(nn, axis, 6, false);
	uint32_t y = rho_nn_dense(nn, "first", x, 4, RHO_NN_TANH, init), z = y;
	switch (which) {
	case 0: z = rho_nn_dense(nn, "first", y, 4, RHO_NN_TANH, init); break;
	case 1: z = rho_nn_dense(nn, "second", 77, 4, RHO_NN_TANH, init); break;
	case 2: z = rho_nn_dense(nn, "second", y, 4, 99, init); break;
	case 3: z = rho_nn_attention(nn, "second", l, l, 4, false); break;
	case 4: z = rho_nn_sum(nn, x, l); break;
	case 5: z = rho_nn_last(nn, x); break;
	case 6: z = rho_nn_dense(nn, "second", y, 0, RHO_NN_TANH, init); break;
	case 7: z = rho_nn_attend(nn, y, l, 2, false); break;
	case 8:
		z = rho_nn_dense(nn, "a name that is much longer than all of the names there are", y, 1, 0,
		                 init);
		break;
	case 9: z = rho_nn_gru(nn, "second", l, y, 5, init); break;
	case 10: z = rho_nn_embed(nn, "second", 3, 5, false, init); break;
	default: break;
	}
	rho_nn_output(nn, z);
	cr_assert_eq(rho_call_end(t.p.inst, rho_nn_end(nn, &t.rng), &t.p.why), RHO_EINVAL, "%d", which);
	HAS(t.p.why.at, why);
	net_free(&t);
}

Test(nn_training, what_cannot_be_built)
{
	bad_build(0, "two layers are called first");
	bad_build(1, "second of value 77; there are 3");
	bad_build(2, "there is no unit 99");
	bad_build(3, "width 6 with 4 heads");
	bad_build(4, "(axis 0, 4 numbers) and 1 (axis 1, 6 numbers); they must be alike");
	bad_build(5, "axis 0, which has no lists");
	bad_build(6, "a row of 0 numbers");
	bad_build(7, "twice as wide");
	bad_build(8, "has more than 47 bytes");
	bad_build(9, "the first state is on axis 0 with 4 numbers, not on axis 0 with 5");
	bad_build(10, "there is no list 3");
	bad_build(11, "value 1 (axis 1, 6 numbers) is used by nothing");
}

static void bad_pass(struct net *t, const char *why)
{
	cr_assert_eq(TEST_CALL(&t->p, "act", false, rho_nn_forward(t->c, &t->pass)), RHO_EINVAL, "%s", why);
	HAS(t->p.why.at, why);
}

Test(nn_training, what_cannot_be_run)
{
	static const size_t off[] = { 0, 2, 3 }, falls[] = { 0, 2, 1 }, begins[] = { 1, 2, 3 },
			    huge[] = { 0, 2, 9 };
	static const uint32_t id[] = { 0, 4, 2 }, beyond[] = { 0, 5, 2 };
	static struct net t;
	const struct rho_nn_init init = { RHO_NN_XAVIER, 1 };
	const float x[8] = { 0 };
	net_begin(&t);
	uint32_t axis = rho_nn_axis(&t.nn, 0), given = rho_nn_input(&t.nn, 0, 2, false),
		 list = rho_nn_ids(&t.nn, axis, 5);
	uint32_t e = rho_nn_embed(&t.nn, "e", list, 2, false, init);
	rho_nn_output(&t.nn, rho_nn_dot(&t.nn, given, e, 1));
	net_end(&t, (const struct rho_nn_most[]){ { 2, 0 }, { 4, 3 } });
	net_ready(&t);
	t.pass.rows[0] = 2;
	t.pass.list[list].id = id;
	bad_pass(&t, "axis 1 has no offsets");
	t.pass.off[axis] = begins;
	bad_pass(&t, "axis 1 has no offsets that begin at 0");
	t.pass.off[axis] = falls;
	bad_pass(&t, "list 1 of axis 1 goes from 2 to 1");
	t.pass.off[axis] = huge;
	bad_pass(&t, "at most 3 rows were planned for");
	t.pass.off[axis] = off;
	bad_pass(&t, "input 0 was not given");
	rho_nn_give(&t.pass, given, x);
	t.pass.list[list].id = beyond;
	bad_pass(&t, "id 5 in list 0; they are below 5");
	t.pass.list[list].id = id;
	net_forward(&t);
	t.pass.rows[0] = 3;
	bad_pass(&t, "3 rows on axis 0; 2 were planned for");
	t.pass.rows[0] = 0; /* nothing is fine */
	net_forward(&t);
	rho_nn_zero(&t.pass);
	rho_nn_backward(&t.pass);
	net_free(&t);
}
