/* play.h: an instance at work on a problem of the kit's own, for the checks that need one. */
#ifndef RHO_CHECK_PLAY_H
#define RHO_CHECK_PLAY_H

#include "check.h"

enum rho_guard { RHO_GUARD_NONE, RHO_GUARD_AFTER, RHO_GUARD_BEFORE };

enum rho_style {                   /* of an agent's problem: what pays */
	         RHO_STYLE_FIT,    /* what its flags ask for: LINEAR or ARMS */
	         RHO_STYLE_ARMS,   /* each action has its mean */
	         RHO_STYLE_LINEAR, /* mean = <x * a, theta>, scaled into [-1, 1] */
};

struct rho_play_how {                 /* zero: the defaults */
	uint64_t seed;                /* added to the trial's: the instance's streams */
	uint64_t problem;             /* which problem and which turns */
	const struct rho_toml *patch; /* parameters over the trial's settings */
	size_t memory;                /* limit on plugin memory */
	uint64_t deny;                /* the allocation of open and the turns to refuse */
	uint32_t guard;               /* enum rho_guard, for every buffer handed over */
	bool threads;                 /* each turn on a thread of its own */
	bool shaken;                  /* other addresses, and noise in memory that was freed */
	size_t lanes, slate, actions;
	uint32_t style;         /* agents: enum rho_style */
	bool coins;             /* agents: rewards are one end of the range or the other */
	bool all;               /* agents: never candidate lists */
	uint64_t others;        /* envs: salt for what lanes above 0 do */
	const char *vanish;     /* a file removed once the parameters have been checked */
	volatile int *stopping; /* what rho_stop reads */
};

struct rho_play;

struct rho_player {                                 /* how one kind is played */
	const char *ground;                         /* the id of the check that a failing turn belongs to */
	size_t turns;                               /* how many make a tape; 0: no limit */
	int (*set)(struct rho_play *);              /* lays out the problem, before the instance exists */
	int (*open)(struct rho_play *);             /* the plugin's open and what must follow it */
	int (*turn)(struct rho_play *, unsigned t); /* writes what was answered to play->line */
	void (*save)(struct rho_play *, struct rho_buf *); /* where the problem stands; or NULL */
	void (*load)(struct rho_play *, const char *at, size_t n);
	void (*clear)(struct rho_play *); /* frees the problem */
};

struct rho_play {
	struct rho_trial *trial;
	const struct rho_module *module;
	struct rho_play_how how;
	struct rho_world world;
	struct rho_instance *inst;
	struct rho_toml *table;
	void *self;          /* inst->self */
	struct rho_ctx *ctx; /* &inst->ctx */
	const struct rho_player *player;
	void *problem;       /* the kind's own */
	struct rho_buf why;  /* the sentence of the last failed call */
	int code;            /* of the last call */
	bool silent;         /* it failed and the plugin recorded no sentence */
	struct rho_buf line; /* what the current turn answered */
	struct rho_buf tape; /* a struct rho_digest a turn */
	struct rho_guarded *turn_bufs, *life_bufs;
};

/* Makes an instance, parameters filled, and its problem; the plugin is not yet called. NULL: the
 * reason to skip is on the trial. */
struct rho_play *rho_play_new(struct rho_trial *, const struct rho_play_how *);
void rho_play_free(struct rho_play *);

int rho_play_open(struct rho_play *);             /* 0 or the code, play->why and ->silent set */
int rho_play_turn(struct rho_play *, unsigned t); /* the same; adds to the tape */

/* new and open in one; NULL with SKIP on the trial ("see K1"). */
struct rho_play *rho_play_ready(struct rho_trial *, const struct rho_play_how *);

/* Turns from .. to - 1. PASS, or SKIP naming the check that this failure belongs to. */
int rho_play_turns(struct rho_play *, unsigned from, unsigned to);

/* Digest of all kept arrays and streams, added to the tape. */
void rho_play_close_tape(struct rho_play *);
struct rho_digest rho_play_state(const struct rho_play *);

/* A zeroed buffer handed to the plugin, guarded as play->how says, that lives until the turn ends
 * (keep: until the play does). */
void *rho_play_buf(struct rho_play *, size_t n, size_t size);
void *rho_play_keep(struct rho_play *, size_t n, size_t size);
void rho_play_drop(struct rho_play *); /* the turn's buffers */

/* Around a slot, as rho_call_begin and rho_call_end, noting code, why and silent. */
void rho_play_begin(struct rho_play *, const char *slot, uint64_t step, bool opening);
int rho_play_end(struct rho_play *, int code);

/* Runs a whole play of `turns` turns apart and gives its tape. PASS or an outcome. */
int rho_play_apart(struct rho_trial *, const struct rho_play_how *, unsigned turns, struct rho_buf *tape);

/* The turn at which two tapes part; -1: they are the same. */
long rho_tape_compare(const struct rho_buf *a, const struct rho_buf *b);

/* Resuming: `turns` turns in one go equal `cut` turns, a save, a load in another process and the
 * rest. PASS or an outcome. */
int rho_play_resume(struct rho_trial *, const struct rho_play_how *, unsigned cut, unsigned turns);

/* Skips (SKIP) when a module says its last bits may differ; else PASS. */
int rho_trial_exact(struct rho_trial *);

/* What comes of opening with a path parameter that leads to no file ("…/no-such-file"), an empty
 * file, noise, or a folder. */
enum rho_path_kind { RHO_PATH_MISSING, RHO_PATH_EMPTY, RHO_PATH_NOISE, RHO_PATH_FOLDER };
struct rho_missing {
	int code;
	bool silent;
	struct rho_buf why;
}; /* why is the caller's to free */
int rho_check_missing(struct rho_trial *, const struct rho_param *, uint32_t kind, struct rho_missing *);

extern const struct rho_player rho_player_agent, rho_player_env, rho_player_encoder, rho_player_sampler,
	rho_player_dataset, rho_player_verifier, rho_player_reporter;

/* Tables with every standard column, some rows each, for environments. Free with rho_tables_free;
 * NULL with why. */
struct rho_tables *rho_check_tables(uint64_t seed, struct rho_buf *why);
/* Only texts: of so many actions and contexts. */
struct rho_tables *rho_check_texts(size_t actions, size_t contexts, struct rho_buf *why);

#endif
