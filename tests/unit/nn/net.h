/* net.h: a network in the memory of a linucb instance that is never opened as an agent; numbers to feed it.
 */
#ifndef TEST_NET_H
#define TEST_NET_H

#include "../plugin.h"
#include "kit/nn/nn.h"

struct net {
	struct test_plugin p;
	struct rho_ctx *c;
	struct rho_nn nn;
	struct rho_nn_pass pass;
	struct rho_rng rng;
};

static inline void net_begin(struct net *t)
{
	memset(t, 0, sizeof *t);
	test_make(&t->p, RHO_AGENT, "linucb", "", 1);
	t->c = &t->p.inst->ctx;
	t->rng = rho_fork(&(struct rho_rng){ { 5, 6, 7, 8 } }, 0, 0);
	rho_call_begin(t->p.inst, "open", 0, true);
	rho_nn_begin(t->c, &t->nn, "net");
}

/* most (axes). The host's call stays open, so that rules can be added: net_ready ends it. */
static inline void net_end(struct net *t, const struct rho_nn_most *most)
{
	int error = rho_nn_end(&t->nn, &t->rng);
	if (!error)
		error = rho_nn_open(t->c, &t->nn, &t->pass, most, true);
	cr_assert_eq(error ? rho_call_end(t->p.inst, error, &t->p.why) : 0, 0, "%s", t->p.why.at);
}

static inline void net_ready(struct net *t)
{
	cr_assert_eq(rho_call_end(t->p.inst, 0, &t->p.why), 0, "%s", t->p.why.at);
}

static inline void net_forward(struct net *t)
{
	TEST_OK(&t->p, "act", false, rho_nn_forward(t->c, &t->pass));
}

/* n normal numbers. */
static inline rho_real *net_numbers(struct net *t, size_t n)
{
	rho_real *x = calloc(n + 1, sizeof *x);
	for (size_t i = 0; i < n; i++)
		x[i] = (rho_real)rho_normal(&t->rng);
	return x;
}

static inline void net_free(struct net *t)
{
	test_free(&t->p);
}

#endif
