/* said.h: what a language model says about a problem, as lines to choose among: steps, and answers. */
#ifndef RHO_MATH_SAID_H
#define RHO_MATH_SAID_H

#include "lane.h"

struct math_features;

enum { MATH_LINE_BYTES = 240, MATH_LINE_STEPS = 4 };

struct math_phrase {            /* what a reply proposes */
	bool answers;           /* it is the answer; else a step */
	size_t len;
	char text[MATH_LINE_BYTES];     /* (len) UTF-8, no control characters */
};

struct math_line {              /* a candidate */
	struct math_phrase is;
	unsigned votes;         /* replies that propose it */
	unsigned n;             /* operations it works out, 0 .. MATH_LINE_STEPS; of answers 0 */
	uint32_t step[MATH_LINE_STEPS]; /* (n) the lane's entries, each once those before it are taken */
	unsigned right;         /* how many of them stand in the solution */
	unsigned names;         /* of answers: the result whose value it is, as a quantity; 0: none */
};

struct math_said {              /* a lane's */
	unsigned n;             /* candidates of the decision, 1 or more */
	unsigned empty;         /* replies without anything to choose */
	struct math_line line[MATH_MOST_LINES];
	unsigned n_past;
	struct math_phrase past[MATH_MOST_STEPS];       /* (n_past) steps taken in this episode */
};

/* Reads a reply: its first line, where that is a step, and the answer it gives, if any (the last \boxed{X}, or what
 * stands behind the last "Answer:", "answer is" or "####" of a line). Gives how many of `out` were filled. Takes
 * anything: what a model thinks aloud (<think>), markup and numbering are passed over, long lines are cut. */
unsigned math_read_reply(struct rho_str reply, struct math_phrase out[2]);

/* The elementary steps that a line works out and gets right, in order; gives how many. */
unsigned math_line_steps(const struct math_phrase *, struct math_worked *out, unsigned most);

/* Adds a phrase to the candidates of the lane, or a vote to the candidate that it is: the same operations on the
 * same quantities, the same words, the same answer. good: of the lane's problem. */
void math_add_phrase(struct math_lane *, const struct math_phrase *, const struct math_good *good);

/* Takes line k, which is a step: what it works out becomes the lane's results. */
void math_take_line(struct math_lane *, unsigned k, const struct math_good *good);

/* The features of line k, at `out` (dim). */
void math_line_row(const struct math_features *, const struct math_lane *, unsigned k, float *out);

/* What line k does, for the strategies: its first operation, MATH_ANSWER, or MATH_SAID for a step in words. */
unsigned math_line_kind(const struct math_lane *, unsigned k);

#endif
