/* apart.h: an encoder's code run in a child process, watched: a plugin that crashes is a sentence. */
#ifndef RHO_ENCODE_APART_H
#define RHO_ENCODE_APART_H

#include "chosen.h"
#include "coder.h"

enum { RHO_APART_UNWRITABLE = 1, RHO_APART_MISTAKE = 2 }; /* what work gives beside codes of enum rho_error */

struct rho_apart {
	const struct rho_chosen *chosen;
	const char *what; /* the step, for the bar: "texts.txt" */
	size_t rows;      /* the world's progress 1 stands for */
	bool quiet;
	/* In the child. 0 with what is to be given back in `out`; or a code with why in `out`. */
	int (*work)(void *arg, struct rho_world *, struct rho_buf *out);
	void *arg;
};

/* 0 with work's answer; else the exit status for it, told on standard error: 2 for what the user can mend
 * (parameters, files), 1 for a crash, an encoder's bug or a full disk, 130 when a signal asked to stop. */
int rho_apart_run(const struct rho_apart *, struct rho_buf *answer);

/* Texts in memory (n) as rows in memory, encoded in a child and transformed as the chosen table says, fitted
 * on these very rows. munmap(rows->at, *len) is the caller's. The same exit status. */
int rho_apart_texts(const struct rho_chosen *, const char *what, const struct rho_str *text, size_t n,
                    bool quiet, struct rho_mat *rows, size_t *len);

#endif
