/* M5: starts a thread without saying RHO_THREADS. */
#include <pthread.h>

#include "base_verifier.h"

static void *nothing(void *arg) { return arg; }

static int open_wrong(struct rho_ctx *c, void *self)
{
	pthread_t t;
	if (pthread_create(&t, NULL, nothing, NULL))
		return rho_fail(c, RHO_ENOMEM, "no thread could be started");
	pthread_join(t, NULL);
	return base_open(c, self);
}

static const struct rho_verifier table = { .size = sizeof table, .open = open_wrong, .verify = base_verify };

CHECK_PLUGIN(RHO_VERIFIER, verifier, "m5_threads");
