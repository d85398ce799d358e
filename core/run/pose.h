/* pose.h: decisions as they are posed: the host's copies of what the env showed, with candidates,
 * and the tests at the boundary that blame a plugin for what it handed over. */
#ifndef RHO_RUN_POSE_H
#define RHO_RUN_POSE_H

#include "pack.h"
#include "stage.h"

struct rho_lists { /* ids of all lanes, end to end */
	uint32_t *id;
	size_t *off; /* off (lanes + 1) */
	float *incl; /* beside id; NULL: none */
	size_t room;
};

struct rho_pose {
	struct rho_batch batch; /* points into what follows */
	uint32_t *row;          /* (lanes) of the contexts table; zeros where the env shows none */
	float *x;               /* (lanes, x_dim) where the env shows numbers of its own; else NULL */
	struct rho_mat x_mat;
	uint32_t *lane; /* (lanes) 0, 1, ... */
	bool has_legal; /* `legal` holds the env's lists; else every action is legal */
	struct rho_lists legal;
	struct rho_lists drawn; /* the sampler's; unused where the law is RHO_LAW_ALL */
	struct rho_lists past;  /* of the episodes so far; unused where the env has no history */
	float *query;           /* (lanes, action_dim) what the agent looks for; NULL: no sampler asks */
	struct rho_mat query_mat;
};

/* A set of actions, emptied in no time: for distinct ids. */
struct rho_marks {
	uint32_t *at;
	size_t n;
	uint32_t now;
};

void rho_pose_init(struct rho_pose *, const struct rho_stage *);
void rho_pose_free(struct rho_pose *);

/* Takes what the env showed: copies it, checks it. `slot` is whom to blame: "reset" or "step".
 * 0 or RHO_EBUG with why. */
int rho_pose_take(struct rho_pose *, const struct rho_stage *, const struct rho_obs *, const char *slot,
                  struct rho_marks *, struct rho_buf *why);

/* Candidates for a pose taken. tick (lanes): decisions each lane has posed before. */
int rho_pose_draw(struct rho_pose *, const struct rho_stage *, const uint64_t *tick, uint64_t step,
                  struct rho_marks *, struct rho_buf *why);

/* `led` becomes what the last decisions led to: `next`, but in lanes that ended the episode's last
 * observation, with candidates of its own where it was cut off rather than over. */
int rho_pose_led(struct rho_pose *led, const struct rho_pose *next, const struct rho_stage *,
                 const struct rho_obs *last, const uint8_t *end, const uint64_t *tick, uint64_t step,
                 struct rho_marks *, struct rho_buf *why);

/* Rewards and ends of a step: below 1e30 in size, within what the env declared. */
int rho_check_step(const struct rho_stage *, const struct rho_obs *, struct rho_buf *why);

/* An agent's choice: known ids, from the candidates, none twice in a slate; probabilities. at
 * (lanes * slate): where in its decision's list each action stands (the id itself without lists). */
int rho_check_choice(const struct rho_stage *, const struct rho_batch *, const struct rho_choice *,
                     size_t *at, struct rho_buf *why);

void rho_pose_save(const struct rho_pose *, const struct rho_stage *, struct rho_buf *);
bool rho_pose_load(struct rho_pose *, const struct rho_stage *, struct rho_unpack *);

/* What the two files of a pose share: room for n ids; the batch's candidates are those that hold now. */
void rho_lists_room(struct rho_lists *, size_t n, bool incl);
void rho_pose_use_lists(struct rho_pose *, const struct rho_stage *);

void rho_marks_init(struct rho_marks *, size_t n);
/* Empties two sets at once: marks below `now` are in neither; now - 1 is the first, now the second. */
void rho_marks_next(struct rho_marks *);
void rho_marks_free(struct rho_marks *);

#endif
