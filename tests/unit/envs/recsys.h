/* recsys.h: playing env recsys on tables written in a test. */
#ifndef TEST_RECSYS_H
#define TEST_RECSYS_H

#include "../plugin.h"
#include "store/tables.h"

enum { LANES = 64, SLATE = 4, NUMBERS = 64, METRICS = 12 };

struct play {
	struct test_plugin p;
	const struct rho_env *env;
	struct rho_env_spec spec;
	struct rho_obs obs, last;
	uint32_t row[LANES], last_row[LANES];
	float x[LANES * NUMBERS], last_x[LANES * NUMBERS];
	float reward[LANES], item_reward[LANES * SLATE];
	uint8_t end[LANES];
	struct {
		const char *name;
		double sum;
		size_t n;
	} metric[METRICS];
};

struct link_row {
	uint32_t context, action;
	double weight;
	int64_t time;
	const char *split;
};

/* What a catalogue has beside its links; zero: nothing. */
struct catalogue {
	size_t actions, contexts, width; /* numbers a row of `features`; 0: none */
	const char *const *category;     /* (actions) */
	const double *price;             /* (actions) */
	const struct link_row *link;
	size_t n_links;
};

struct rho_tables *recsys_tables(const struct catalogue *);

/* 0 or the code of open; the play is then only to be closed. */
int recsys_open(struct play *, const struct rho_tables *, const char *toml, uint64_t seed, size_t lanes);
void recsys_reset(struct play *);
void recsys_step(struct play *, const uint32_t *action);
void recsys_close(struct play *);

/* The oracle's means of every action of a lane, and the best. */
float recsys_means(struct play *, size_t lane, float *mean);

/* The mean a metric has had so far; NaN: never told. */
double recsys_metric(const struct play *, const char *name);

#endif
