/* folder.h: small results folders, made in a temporary place and removed with it. */
#ifndef TEST_REPORT_FOLDER_H
#define TEST_REPORT_FOLDER_H

#include "store/results.h"

struct folder {
	char root[64];          /* what mkdtemp made */
	char dir[80];           /* the results folder inside it */
	struct rho_plan plan;
	bool factorial;
};

/* agent (linucb, greedy, random) × sampler (all, uniform), or base plus one arm a value; `seeds` seeds
 * 1 .. seeds; plan.json written, nothing run. Baseline agent=random,sampler=all, or base. */
void folder_make(struct folder *, bool factorial, size_t seeds);
void folder_remove(struct folder *);

/* Runs every cell: ten records of 100 decisions of reward, regret and its parts, groups G1 and G2, with
 * timing. Rewards rise to a level set by the arm, plus noise shared by seed, plus a little of its own. */
void folder_run(struct folder *);

/* Writes one file of a cell, or of the folder itself when the cell is SIZE_MAX. */
void folder_put(const struct folder *, size_t cell, const char *file, const char *text);
size_t folder_cell(const struct folder *, const char *arm, uint64_t seed);
char *folder_cell_dir(const struct folder *, size_t cell);      /* caller frees */
void folder_status(const struct folder *, size_t cell, uint32_t state, uint64_t step, const char *why);
void folder_unrun(const struct folder *, size_t cell);          /* takes its status away */

#endif
