/* corridor.c: for tests: an episodic environment of its own. Each lane walks a corridor of 9 places;
 * action a of n steps right when it is even, left when odd, and only actions of the place's parity
 * class are legal. The right end pays and ends the episode; 12 steps cut it off. `fault` makes it
 * hand over something impossible from step `at` on. */
#include <rho/rho.h>

enum { LENGTH = 9, LIMIT = 12, WIDTH = 3 };
enum fault {
	NONE,
	REWARD,
	NAN_REWARD,
	END,
	LEGAL_TWICE,
	LEGAL_UNKNOWN,
	OBSERVATION,
	FAIL,
	HUGE_REWARD,
	LEGAL_NONE,
	NAN_FEATURE
};

struct corridor {
	int64_t actions, at;
	bool features;
	int fault;
	struct rho_mat mat; /* (actions, 2) */
	size_t lanes;
	uint64_t *place, *age, *calls; /* (lanes), (lanes), (1) */
	uint32_t *legal;
	size_t *off; /* (lanes, actions), (lanes + 1) */
	uint32_t *last_legal;
	size_t *last_off;
	struct rho_rng *noise;
};

static const char *const faults[] = {
	"none",          "reward",      "nan_reward", "end",         "legal_twice",
	"legal_unknown", "observation", "fail",       "huge_reward", "legal_none",  "nan_feature",
	NULL,
};

static const struct rho_param params[] = {
	RHO_I64(struct corridor, actions, 12, 6, 1000, "number of actions"),
	RHO_I64(struct corridor, at, 3, 0, 1000000, "calls to step before the fault"),
	RHO_BOOL(struct corridor, features, false, "whether actions have features"),
	RHO_CHOICE(struct corridor, fault, NONE, faults, "what to do wrong"), RHO_END
};

/* Which way each action goes, and its number. */
static int give_features(struct rho_ctx *c, struct corridor *s, struct rho_env_spec *spec)
{
	float *x = rho_alloc(c, spec->n_actions, 2 * sizeof *x);
	if (!x)
		return RHO_ENOMEM;
	for (size_t a = 0; a < spec->n_actions; a++) {
		x[2 * a] = a % 2 ? -1 : 1;
		x[2 * a + 1] = (float)a / (float)spec->n_actions;
	}
	x[9] = s->fault == NAN_FEATURE ? (float)NAN : x[9];
	s->mat = (struct rho_mat){ x, spec->n_actions, 2, 2 };
	spec->action_mat = &s->mat;
	return 0;
}

static int corridor_open(struct rho_ctx *c, void *self, struct rho_env_spec *spec)
{
	struct corridor *s = self;
	size_t n = (size_t)s->actions;
	s->lanes = spec->lanes;
	spec->n_actions = n;
	spec->obs = RHO_OBS_F32;
	spec->x_dim = WIDTH;
	spec->reward_hi = 1;
	spec->horizon = 0;
	if (s->features && give_features(c, s, spec))
		return RHO_ENOMEM;
	s->place = rho_keep_u64(c, "place", 1, s->lanes);
	s->age = rho_keep_u64(c, "age", 1, s->lanes);
	s->calls = rho_keep_u64(c, "calls", 1, 1);
	s->legal = rho_alloc(c, s->lanes * n, sizeof *s->legal);
	s->last_legal = rho_alloc(c, s->lanes * n, sizeof *s->legal);
	s->off = rho_alloc(c, s->lanes + 1, sizeof *s->off);
	s->last_off = rho_alloc(c, s->lanes + 1, sizeof *s->off);
	s->noise = rho_stream(c, "noise");
	return s->place && s->age && s->calls && s->legal && s->last_legal && s->off && s->last_off
	               ? 0
	               : RHO_ENOMEM;
}

/* What lane i sees at a place, into lane i of o; the legal ids from list[at], their end. */
static size_t look(const struct corridor *s, size_t i, uint64_t place, struct rho_obs *o, uint32_t *list,
                   size_t at)
{
	o->x[i * WIDTH] = (float)place / LENGTH;
	o->x[i * WIDTH + 1] = place % 2 ? 1 : -1;
	o->x[i * WIDTH + 2] = 1;
	for (uint32_t a = 0; a < (uint32_t)s->actions; a++)
		if ((a / 2 + place) % 3)
			list[at++] = a;
	return at;
}

static int corridor_reset(struct rho_ctx *c, void *self, struct rho_obs *o)
{
	struct corridor *s = self;
	for (size_t i = 0; i < s->lanes; i++) {
		s->place[i] = s->age[i] = 0;
		s->off[i + 1] = look(s, i, 0, o, s->legal, s->off[i]);
	}
	o->legal = s->legal;
	o->legal_off = s->off;
	return 0;
}

static int wrong(struct rho_ctx *c, struct corridor *s, struct rho_obs *o)
{
	switch (s->fault) {
	case REWARD: o->reward[0] = 1.5f; break;
	case NAN_REWARD: o->reward[0] = (float)NAN; break;
	case HUGE_REWARD: o->reward[0] = -1e30f; break;
	case END: o->end[0] = 7; break;
	case LEGAL_TWICE: s->legal[1] = s->legal[0]; break;
	case LEGAL_UNKNOWN: s->legal[1] = (uint32_t)s->actions; break;
	case LEGAL_NONE: s->off[1] = 0; break;
	case OBSERVATION: o->x[1] = (float)INFINITY; break;
	case FAIL: return rho_fail(c, RHO_EFORMAT, "the corridor has collapsed");
	default: break;
	}
	return 0;
}

static int corridor_step(struct rho_ctx *c, void *self, const uint32_t *action, struct rho_obs *o)
{
	struct corridor *s = self;
	for (size_t i = 0; i < s->lanes; i++) {
		uint64_t place = s->place[i];
		place = action[i] % 2 ? (place ? place - 1 : 0) : place + 1;
		s->age[i]++;
		o->reward[i] = (float)(0.1 * rho_unif(s->noise) + (place == LENGTH ? 0.9 : 0));
		o->end[i] = place == LENGTH      ? RHO_TERMINATED
		            : s->age[i] == LIMIT ? RHO_TRUNCATED
		                                 : RHO_RUNNING;
		s->last_off[i + 1] = s->last_off[i];
		if (o->end[i]) {
			s->last_off[i + 1] = look(s, i, place, o->last, s->last_legal, s->last_off[i]);
			place = s->age[i] = 0;
		}
		s->place[i] = place;
		s->off[i + 1] = look(s, i, place, o, s->legal, s->off[i]);
	}
	o->legal = s->legal;
	o->legal_off = s->off;
	o->last->legal = s->last_legal;
	o->last->legal_off = s->last_off;
	return ++*s->calls > (uint64_t)s->at ? wrong(c, s, o) : 0;
}

static int corridor_oracle(struct rho_ctx *c, void *self, const uint32_t *action, const size_t *off,
                           float *mean, float *best)
{
	const struct corridor *s = self;
	for (size_t i = 0; i < s->lanes; i++) {
		best[i] = s->place[i] == LENGTH - 1 ? 0.95f : 0.05f;
		for (size_t j = off[i]; j < off[i + 1]; j++)
			mean[j] = action[j] % 2 ? 0.05f : best[i];
	}
	return 0;
}

static const struct rho_env corridor = {
	.size = sizeof corridor,
	.flags = RHO_HAS_CONTEXT,
	.open = corridor_open,
	.reset = corridor_reset,
	.step = corridor_step,
	.oracle = corridor_oracle,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_ENV),
	.name = "corridor",
	.version = "1.0.0",
	.revision = 1,
	.brief = "for tests: an episodic corridor",
	.params = params,
	.self_size = sizeof(struct corridor),
	.env = &corridor,
};
