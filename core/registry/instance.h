/* instance.h: one opened plugin: its memory, streams, errors, and the services it is offered. */
#ifndef RHO_REGISTRY_INSTANCE_H
#define RHO_REGISTRY_INSTANCE_H

#include <stdio.h>

#include "params.h"

struct rho_scan;

/* What instances of one cell share. The caller owns it and fills what it needs; zero is fine. */
struct rho_world {
	struct rho_registry *registry;
	uint64_t seed;                  /* of the cell; streams derive from (seed, kind, name) */
	size_t memory;                  /* bytes of plugin memory allowed, all together; 0: no limit */
	size_t used;                    /* bytes handed out so far */
	uint64_t deny;                  /* test hook: the deny-th allocation from now fails; 0: none */
	unsigned threads;               /* for inner, top, inner64 and parallel; 0: 1 */
	const struct rho_codes *codes;  /* the action matrix in fewer bits, for top; NULL: none */
	int log_level;                  /* lines below it are dropped */
	FILE *log;                      /* where they go; NULL: stderr */
	volatile int *stopping;         /* what rho_stop() reads; NULL: never */
	void (*metric)(void *arg, const struct rho_ctx *, const char *name, double value);
	void (*progress)(void *arg, const struct rho_ctx *, double done);
	/* Answers a request for products together with others'; false: not this one. NULL: none. */
	bool (*scan)(void *arg, struct rho_scan *, const struct rho_codes *);
	void *arg;                      /* for metric, progress and scan */
	/* Where the three words (instance, slot, step) go before each call, shared with the parent
	 * process so that a crash can be blamed; NULL: nowhere. See rho_call_begin. */
	struct rho_last_call *last_call;
};

struct rho_last_call {                  /* plain bytes in a shared page */
	char instance[48];              /* "agent ppo" */
	char slot[16];                  /* "observe" */
	uint64_t step;
};

struct rho_kept {                       /* what a checkpoint saves of an instance */
	char *name;
	uint32_t type;                  /* enum rho_array */
	size_t rows, cols;
	void *at;                       /* rows * cols elements */
};

struct rho_stream { char *name; struct rho_rng rng; };

struct rho_instance {                   /* opaque to plugins, who see only .ctx */
	struct rho_ctx ctx;             /* first: a ctx is cast back to its instance */
	struct rho_world *world;
	const struct rho_module *module;
	void *self;                     /* module->plugin.self_size bytes, parameters filled */
	char *label;                    /* "agent NAME": what messages call it */
	struct rho_kept *kept; size_t n_kept;
	struct rho_stream **streams; size_t n_streams;
	struct rho_buf error;           /* the sentence of the last rho_fail */
	int error_code;
	bool opening;                   /* keep, alloc and rng are allowed */
	bool opened;                    /* rho_call_end sets it after an opening call that went well */
	bool broken;                    /* an error that must come out even if the call gives 0 */
	struct rho_arena *arena;        /* everything that dies with it; see internal.h */
	struct rho_instance **parts; size_t n_parts;
	const char *slot;               /* of the call in progress */
	uint64_t salt;
	char tag[48];                   /* label as last_call wants it: cut off, padded with zeros */
};

/* Allocates self, fills the parameters from a table that has passed rho_params_check, and opens
 * the parts. A verifier part is opened and closed here; a part of another kind is opened by the
 * plugin that holds it, with the spec only that one knows, and closed by it. A part's streams have
 * a salt of their own, made of the parent's kind and salt and the parameter's name.
 * The plugin's own open is for the caller. `stream_salt` tells apart instances of one kind
 * (0; 1 for an evaluation twin): streams are keyed by (seed, kind, salt, stream name), never by
 * the plugin's name, so arms are paired. NULL with why. */
struct rho_instance *rho_instance_new(struct rho_world *, const struct rho_module *,
                                      const struct rho_toml *table, uint64_t stream_salt,
                                      struct rho_buf *why);
void rho_instance_free(struct rho_instance *);  /* calls close if opened, then frees everything */

/* Around each call into a slot: notes (instance, slot, step) in world->last_call, clears the
 * scratch memory and the error. `opening`: keep, alloc and rng are allowed during this call.
 * `slot` must live until rho_call_end. Parts are prepared along with the instance. */
void rho_call_begin(struct rho_instance *, const char *slot, uint64_t step, bool opening);

/* After a call that returned `code`: 0 passes through, unless the plugin broke a rule of host.h
 * during the call (asked for kept memory while running, say): RHO_EBUG. A negative code without a
 * sentence gets one; a code that is none of enum rho_error becomes RHO_EBUG. Appends
 * "agent NAME, observe: sentence" to why and returns the code. */
int rho_call_end(struct rho_instance *, int code, struct rho_buf *why);

/* The name of an error code: "RHO_EINVAL". */
const char *rho_error_name(int code);

/* The stream of (seed, kind, salt, name); what rho_stream() gives an instance at first. */
struct rho_rng rho_stream_seed(uint64_t seed, const char *kind, uint64_t salt, const char *name);

#endif
