/* variant.c: an agent with one thing wrong, or none; meson.build says which by -D. */
#include <signal.h>
#include <stdlib.h>

#include <rho/rho.h>

#ifndef ABI_MAJOR
#define ABI_MAJOR RHO_ABI_MAJOR
#endif
#ifndef ABI_MINOR
#define ABI_MINOR RHO_ABI_MINOR
#endif
#ifndef MAGIC
#define MAGIC RHO_MAGIC
#endif
#ifndef NAME
#define NAME "good"
#endif
#ifndef KIND
#define KIND RHO_AGENT
#endif
#ifndef VERSION
#define VERSION "1.0.0"
#endif
#ifndef PLUGIN_SIZE
#define PLUGIN_SIZE sizeof(struct rho_plugin)
#endif
#ifndef ACT
#define ACT act
#endif
#ifndef EXTRA
#define EXTRA
#endif
#ifndef SELF_SIZE
#define SELF_SIZE sizeof(struct variant)
#endif

struct variant {
	bool eager;
	int64_t depth;
	double epsilon;
	const char *title, *weights, *extra_weights;
	int mode;
	struct rho_i64s hidden;
	struct rho_f64s rates;
	struct rho_strs stages;
	struct rho_part judge;
	int64_t spare;
};

static const char *const modes[] = { "slow", "fast", "turbo", NULL };
static const char *const same[] = { "slow", "fast", "slow", NULL };

static const struct rho_param params[] = {
	RHO_BOOL(struct variant, eager, true, "whether it hurries"),
	RHO_I64(struct variant, depth, 3, 1, 10, "how deep it looks"),
	RHO_F64(struct variant, epsilon, 0.1, 0, 1, "probability of drawing uniformly"),
	RHO_STR(struct variant, title, "a \"quoted\" word", "what it is called"),
	RHO_PATH_OPT(struct variant, weights, "a file it may read"),
	RHO_CHOICE(struct variant, mode, 1, modes, "how it goes about it"),
	RHO_I64S(struct variant, hidden, 1, 1000, "widths of the layers", 64, 32),
	RHO_F64S(struct variant, rates, 0, 1, "step sizes", 0.5, 0.25),
	RHO_STRS(struct variant, stages, "what it does in turn", "look", "leap"),
	RHO_PART(struct variant, judge, RHO_VERIFIER, "who judges its answers"),
	EXTRA{ .name = "spare",
	       .help = "an internal batch size",
	       .type = RHO_T_I64,
	       .flags = RHO_SPEED,
	       .offset = offsetof(struct variant, spare),
	       .lo = 0,
	       .hi = 0x1p63,
	       .def.i = 8 },
	RHO_END
};

#ifdef CONSTRUCTOR_CRASHES
__attribute__((constructor)) static void crash(void) { abort(); }
#endif
#ifdef CONSTRUCTOR_ENDS
__attribute__((constructor)) static void leave(void) { _Exit(0); }
#endif

static int variant_open(struct rho_ctx *c, void *self, const struct rho_spec *spec)
{
#ifdef OPEN_CRASHES
	raise(SIGSEGV);
#endif
	return same[0] ? 0 : rho_fail(c, RHO_EBUG, "never");
}

__attribute__((unused)) static int act(struct rho_ctx *c, void *self, const struct rho_batch *b,
				       struct rho_choice *out)
{
	for (size_t i = 0; i < b->n * b->k; i++) {
		out->action[i] = rho_cand(b, i / b->k, i % b->k);
		out->prob[i] = 1;
	}
	return 0;
}

static const struct rho_agent agent = { .size = sizeof agent, .open = variant_open, .act = ACT };

RHO_EXPORT const struct rho_plugin rho_plugin = {
	.magic = MAGIC,
	.abi_major = ABI_MAJOR,
	.abi_minor = ABI_MINOR,
	.size = PLUGIN_SIZE,
	.param_size = sizeof(struct rho_param),
	.kind = KIND,
	.revision = 1,
	.name = NAME,
	.version = VERSION,
	.brief = "takes the first candidates",
	.doc = "For tests.\n\nIt learns nothing.",
	.cite = "Nobody (2024)",
	.params = params,
	.self_size = SELF_SIZE,
	.agent = &agent,
};
