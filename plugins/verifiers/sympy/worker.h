/* worker.h: a Python process with SymPy loaded, that rules on one claim at a time and can be killed. */
#ifndef RHO_SYMPY_WORKER_H
#define RHO_SYMPY_WORKER_H

#include <rho/verifier.h>
#include <sys/types.h>

enum worker_state { WORKER_NONE, WORKER_STARTING, WORKER_READY, WORKER_BUSY };

struct worker {                 /* zero-initialise */
	enum worker_state state;
	pid_t pid;              /* its process group, too */
	int fd, timer;          /* the socket to it; a timer that runs while it is starting or busy */
	size_t claim;           /* BUSY: the one it has, the caller's number */
	unsigned char in[2 + 255];
	size_t n_in;
};

struct worker_options { int64_t seconds, memory; };     /* a claim; MiB of address space */

/* Starts it; it has a minute until it has loaded SymPy. 0 or an errno. What it takes, worker_stop gives back; signal
 * handlers are left alone. */
int worker_start(struct worker *, const char *python, const struct worker_options *);

/* Kills its process group and waits for it. On WORKER_NONE nothing. */
void worker_stop(struct worker *);

/* Hands a ready worker a claim. false: it is gone; stop it and start another. */
bool worker_ask(struct worker *, size_t number, const struct rho_claim *, const struct worker_options *);

/* What its socket holds: 0 nothing whole yet; 1 an answer, with text (256): *kind is 'f' (there is a SymPy, which it
 * will load now), 's' (that is done), 'e' (it cannot), or a ruling: 'r' right, 'w' wrong, 'u' undecided; -1 it is
 * gone. */
int worker_hear(struct worker *, char *kind, char *text);

/* Whether its time is up. */
bool worker_late(const struct worker *);

#endif
