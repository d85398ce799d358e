/* recsys.h: what the parts of env recsys share: its parameters, who is posed, and the sessions under way. */
#ifndef RECSYS_H
#define RECSYS_H

#include <rho/rho.h>

#include "kit/order.h"
#include "kit/relevance.h"

enum { AS_BANDIT, AS_SESSION };
enum { USERS_LINKS, USERS_LATENT, USERS_DOT };
enum { STATE_AUTO, STATE_USER, STATE_USER_LAST, STATE_NUMBERS };
enum { TARGET_RELEVANCE, TARGET_NEXT };
enum { REPEAT_ALLOW, REPEAT_FORBID };
enum { CLICKS_PBM, CLICKS_CASCADE };
enum { PAYS_CLICK, PAYS_SATISFACTION, PAYS_GMV };
enum { TOGETHER_SUM, TOGETHER_ANY };
enum { ALIKE_AUTO, ALIKE_CATEGORY, ALIKE_VECTORS };

#define NO_CATEGORY UINT32_MAX

/* The links of the dataset; lives while open does. */
enum link_use { LINK_OTHER, LINK_SEEN, LINK_WANTED };
struct links {
	size_t n, contexts, actions;
	const uint32_t *context, *action;       /* (n) */
	const double *weight;   /* (n); NULL: 1 each */
	const int64_t *time;    /* (n); NULL: in the order of the file */
	uint8_t *use;           /* (n) enum link_use */
	bool split;             /* some are wanted, others are not, and a column says which */
};

/* Users that are posed, by number 0 .. n - 1. */
struct people {
	size_t n;
	uint32_t *row;          /* (n) of the contexts table */
	uint64_t *find_off;     /* (n + 1) into find */
	struct rho_link *find;  /* what a user is to find: by action, or with target "next" by time */
	uint64_t *seen_off;     /* (n + 1) into seen */
	uint32_t *seen;         /* what she had before, oldest first */
};

/* Tastes fitted to the links. */
struct latent {
	size_t dim;
	float *user;            /* (contexts, dim) times scale and over the spread of all scores */
	float *item;            /* (K, dim) less their mean */
	float *by_dim;          /* (dim, K) the same, for scores of all items at once */
	float *unit;            /* (K, dim) of length 1, with alike "vectors"; else NULL */
	double bias;            /* so that a uniform item is clicked at base_rate */
	uint32_t *category;     /* (K) or NO_CATEGORY, with alike "category"; else NULL */
	size_t n_categories;
	double *fade;           /* (horizon + 1) powers of boredom_decay */
	/* kept */
	float *mood;            /* (lanes, 2) satisfaction, fatigue */
	float *bored;           /* (lanes, n_categories) at the time `when`, or (lanes, dim): with vectors */
	uint64_t *when;         /* (lanes, n_categories) tick of the last showing, plus 1; 0: never */
};

struct dot {
	size_t dim;
	struct rho_mat items;   /* (K, dim) of length 1 */
	float *by_dim;          /* (dim, K) the same */
	double *decay;          /* (horizon) 0.99^t */
	float *taste;           /* (lanes, dim) kept */
};

/* Sums over a session, for its metrics. */
enum { SUM_RETURN, SUM_CLICKS, SUM_HITS, SUM_GAIN, SUM_REPEATS, N_SUMS };

struct recsys {
	/* parameters */
	int formulation, users, state, order, target, repeat, clicks, together, pays, alike;
	int64_t steps, slate, history, dim, items, rounds;
	const char *split, *seen;
	bool features;
	double near, position_bias, base_rate, scale, ridge, confidence;
	double satisfaction_rate, fatigue_rate, boredom, boredom_decay;
	double leave, leave_fatigue, leave_boredom, leave_satisfaction;
	/* the experiment */
	size_t lanes, n_actions, horizon, k;
	bool chancy;            /* steps draw numbers */
	struct people people;
	struct latent latent;
	struct dot dot;
	const double *price;    /* (K) with pays "gmv"; NaN: pays nothing */
	struct rho_rows features_of;    /* (K) what the host has of the items; for state "user+last" */
	uint32_t obs;           /* enum rho_obs_kind */
	size_t x_dim;
	double *examined;       /* (k) probability that a position is looked at, clicks "pbm" */
	double *ideal;          /* (horizon * k + 1) DCG of that many hits in front */
	const struct rho_rng *order_key, *luck_key, *user_key;  /* forked, never drawn from */
	/* sessions: kept */
	uint64_t *tick;         /* (1) steps taken */
	uint64_t *episode;      /* (lanes) number of the lane's session */
	uint32_t *t;            /* (lanes) steps taken in it */
	uint32_t *shown;        /* (lanes, horizon * k) what was recommended in it, in order */
	uint32_t *n_taken;      /* (lanes) entries of taken */
	uint32_t *taken;        /* (lanes, horizon * k) what was accepted in it */
	double *sum;            /* (lanes, N_SUMS) */
	/* sessions: derived */
	uint32_t *user;         /* (lanes) who it is, by number */
	struct list {           /* lists of all lanes, end to end, for rho_obs */
		uint32_t *id;
		size_t *off;    /* (lanes + 1) */
	} past[2], legal[2];    /* [1]: of sessions that ended */
	uint32_t *gone;         /* (horizon * k + 1) room for what is illegal, in order */
};

static inline uint32_t *session_shown(const struct recsys *s, size_t lane)
{ return s->shown + lane * s->horizon * s->k; }

static inline uint32_t *session_taken(const struct recsys *s, size_t lane)
{ return s->taken + lane * s->horizon * s->k; }

/* How often `action` is among ids (n); without a way out, so that it is vectorised. */
static inline uint32_t count_of(const uint32_t *id, size_t n, uint32_t action)
{
	uint32_t found = 0;
	for (size_t i = 0; i < n; i++)
		found += id[i] == action;
	return found;
}

/* What a user makes of one item that she looks at. */
struct appeal {
	double click;           /* probability that she accepts it */
	float worth;            /* what that pays */
	bool hit;               /* it is what she is to find */
};

/* ---- people.c ---- */

/* Finds the links' columns and what each link is for. 0 or an error, recorded. */
int links_find(struct rho_ctx *, const struct recsys *, const struct rho_data *, struct links *);
/* Fills s->people. 0 or an error, recorded. */
int people_make(struct rho_ctx *, struct recsys *, const struct links *);
/* Who comes in a lane's session: a number below people.n, the same whatever was chosen. */
uint32_t people_user(const struct recsys *, size_t lane, uint64_t episode);

/* ---- links.c ---- */

struct appeal links_appeal(const struct recsys *, size_t lane, uint32_t action);
/* What the best legal action of a lane pays. */
float links_best(const struct recsys *, size_t lane);
/* Nothing is left to be found, after a step. */
bool links_done(const struct recsys *, size_t lane);
/* The most one item can pay. */
float links_most(const struct recsys *);

/* ---- fit.c ---- */

/* Fits tastes to the links (Hu, Koren and Volinsky 2008), says how well they tell what was held out, and sets
 * the bias. Fills latent's user, item, by_dim and bias. 0 or an error, recorded. */
int latent_fit(struct rho_ctx *, struct recsys *, const struct links *);

/* ---- latent.c ---- */

int latent_open(struct rho_ctx *, struct recsys *, const struct rho_data *);
void latent_restart(struct recsys *, size_t lane);
struct appeal latent_appeal(const struct recsys *, size_t lane, uint32_t action);
/* The session goes on: moods after `action` (k) and that many clicks. True: she leaves; luck in [0, 1). */
bool latent_feel(struct recsys *, size_t lane, const uint32_t *action, size_t clicks, double luck);
/* What the action is worth on average, slate 1. */
float latent_mean(const struct recsys *, size_t lane, uint32_t action);
/* The best of that over all legal actions. */
float latent_best(const struct recsys *, size_t lane);

/* ---- dot.c ---- */

int dot_open(struct rho_ctx *, struct recsys *, struct rho_env_spec *);
void dot_restart(struct recsys *, size_t lane);
float dot_mean(const struct recsys *, size_t lane, uint32_t action);
float dot_best(const struct recsys *, size_t lane, float *room);      /* room (K) */
/* The taste moves towards what was shown. */
void dot_move(struct recsys *, size_t lane, uint32_t action);
/* x (2 dim): taste, then the item last shown, zeros at the start. */
void dot_show(const struct recsys *, size_t lane, float *x);

/* ---- session.c ---- */

int session_open(struct rho_ctx *, struct recsys *, struct rho_env_spec *);
/* What derives from the kept arrays; false: they hold what cannot be. */
bool session_loaded(struct recsys *);
/* The next session of a lane begins; its episode number is set. */
void session_restart(struct recsys *, size_t lane);
/* Writes what a lane observes: row and numbers. */
void session_show(const struct recsys *, size_t lane, struct rho_obs *);
/* Adds the lane's past and legal actions to the lists of obs (ended false) or of last; lanes come in order.
 * Empty: adds nothing of it. */
void session_list(struct recsys *, size_t lane, bool ended, bool empty);
/* Hands the lists over. */
void session_lists(const struct recsys *, bool ended, struct rho_obs *);
/* The metrics of a session that is over. */
void session_report(struct rho_ctx *, const struct recsys *, size_t lane);

#endif
