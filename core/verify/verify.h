/* verify.h: `rho verify`: lines of answers, the verifiers that judge them, what they say. */
#ifndef RHO_VERIFY_VERIFY_H
#define RHO_VERIFY_VERIFY_H

#include "../config/plan.h"

enum { RHO_VERIFY_MOST = 2 }; /* verifiers of one command */

struct rho_verify_filter { /* --where FIELD=VALUE */
	char *field, *value; /* one block of memory, the field's */
};

struct rho_verify_spec { /* what is read; strings are the caller's */
	const char *path; /* "-": standard input */
	const char *gold, *pred, *problem;
	const char *label; /* NULL: none */
	struct rho_verify_filter *where;
	size_t n_where;
};

struct rho_verify_row { /* the views point into `text` */
	char *text; /* the line's own bytes, then the strings; owned */
	size_t len, number;
	struct rho_str gold, pred, problem, id; /* id at NULL: the line has none */
	bool label;
};

struct rho_verify_rows { /* zero-initialise */
	struct rho_verify_row *at;
	size_t n, room, passed_over; /* by --where */
};

/* Reads all lines (.jsonl, plain or gzipped). 0, or 2 with every mistake in `why`, a line each with file and
 * line (the first 20; how many more there are is said). */
int rho_verify_read(const struct rho_verify_spec *, struct rho_verify_rows *, struct rho_buf *why);
void rho_verify_rows_free(struct rho_verify_rows *);

struct rho_verify_judge { /* a verifier, and what it ruled */
	const char *name;
	struct rho_role role;
	struct rho_verdict *verdict; /* (rows), in memory that the child shares; NULL: not yet */
};

/* Has every judge rule on every row, in a child process, in batches. 0; 1 a crash or the verifier's fault; 2 the
 * user's mistake; 130 stopped. All but 130 with a sentence on stderr. */
int rho_verify_run(const char *command, struct rho_registry *, struct rho_verify_judge *, size_t n,
                     const struct rho_verify_rows *, unsigned threads, int log_level, bool quiet);
void rho_verify_judge_free(struct rho_verify_judge *, size_t n, size_t rows);

const char *rho_ruling_name(uint32_t ruling); /* "right" */

/* Row i as it was read, with each judge's `ruling`, `score` and `why` (of two: `ruling.NAME` ...) behind, and a
 * newline. Fields of these names that the line has are replaced. */
void rho_verify_line(const struct rho_verify_row *, const struct rho_verify_judge *, size_t n, size_t i,
                     struct rho_buf *out);

/* How many of each ruling; with a label how often they agree with it, and where not; with two judges where they
 * differ. */
void rho_verify_summary(const struct rho_verify_spec *, const struct rho_verify_rows *,
                        const struct rho_verify_judge *, size_t n, struct rho_buf *out);

#endif
