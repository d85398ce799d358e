/* cell_impl.h: what the files of a cell's run share: the loop, the measuring, the checkpoints. */
#ifndef RHO_RUN_CELL_IMPL_H
#define RHO_RUN_CELL_IMPL_H

#include "cell.h"
#include "clock.h"
#include "checkpoint.h"
#include "latency.h"
#include "metrics.h"
#include "out.h"
#include "pose.h"

struct rho_spent {                   /* since the last record */
	uint64_t decide, learn, env; /* nanoseconds */
	uint64_t n;                  /* decisions */
	double since;                /* seconds on rho_clock */
};

struct rho_evals;

struct rho_play { /* of a cell, or of an evaluation beside it (eval.c) */
	struct rho_play *of;     /* an evaluation's: the cell's; else NULL */
	struct rho_evals *evals; /* the cell's; NULL: there are none */
	const struct rho_cell_spec *spec;
	const struct rho_cell_options *opt;
	struct rho_world world;
	struct rho_stage stage;
	struct rho_buf *why;

	struct rho_pose pose[3], *now, *next, *led;
	struct rho_marks marks;
	uint64_t *tick;           /* (lanes) decisions posed before */
	struct rho_choice choice; /* (lanes, slate) */
	size_t *at;               /* (lanes, slate): see rho_check_choice */
	struct rho_obs obs, last;
	float *mean, *best;      /* (all candidates), (lanes): the oracle's */
	size_t *unit_off;        /* (lanes + 1) 0, 1, 2, ... */
	struct rho_truth *truth; /* (lanes) */
	float *score, *explore;  /* (lanes, n_actions), (lanes): log = "marginal" with a sampler */
	double *temperature, *room; /* (lanes), (max_k): the same, of an agent that takes a softmax */

	uint64_t step; /* decisions made */
	struct rho_metrics metrics;
	struct rho_spent spent;
	struct rho_latency latency; /* of decisions, since this process began */
	struct rho_out out, timing, log; /* metrics.jsonl, timing.jsonl, log.csv */
	struct rho_buf line, names;
	struct rho_instance **reporters; /* (n_reporters) NULL: switched off */
	size_t n_reporters;
	bool said_not_finite, begun;

	uint64_t others; /* nanoseconds that other cells of this process had since `started` */
	timer_t alarm;   /* of the deadline, where there is one */
	bool has_alarm;
	double started, seconds_before; /* this process's clock; seconds spent by earlier ones */
	double last_checkpoint;
};

/* A clock that stands still while other cells of this process have their turn. */
static inline uint64_t rho_cell_nanoseconds(const struct rho_play *c) { return rho_nanoseconds() - c->others; }
static inline double rho_cell_clock(const struct rho_play *c) { return (double)rho_cell_nanoseconds(c) * 1e-9; }

static inline FILE *rho_cell_log(const struct rho_play *c) { return c->opt->log ? c->opt->log : stderr; }

/* cell.c: calls into env and agent with what they hand over checked, on buffers that fit c->stage. 0 or an
 * error with why. */
void rho_cell_buffers(struct rho_play *);
void rho_cell_buffers_free(struct rho_play *);
int rho_cell_act(struct rho_play *);
int rho_cell_step(struct rho_play *);
int rho_cell_reset(struct rho_play *); /* the first decisions, with candidates, in c->now */

/* measure.c: the truth before a step, marginal propensities, records, the decision log */
int rho_cell_measure_init(struct rho_play *);
void rho_cell_measure_free(struct rho_play *);
int rho_cell_rank(struct rho_play *);    /* before act */
int rho_cell_truth(struct rho_play *);   /* after act, before step */
int rho_cell_account(struct rho_play *); /* after observe */
int rho_cell_record(struct rho_play *);  /* ends a window */
int rho_cell_log_header(struct rho_play *);
void rho_cell_report(struct rho_play *, const struct rho_metric *, size_t n); /* to the reporters */

/* resume.c */
int rho_cell_save(struct rho_play *);
/* 1: restored and ready to go on; 0: there is nothing to go on from, the output files are open
 * and empty; -1 with why. */
int rho_cell_restore(struct rho_play *);

#endif
