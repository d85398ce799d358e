/* chosen.h: the encoder that a command line names, for every command that encodes. */
#ifndef RHO_ENCODE_CHOSEN_H
#define RHO_ENCODE_CHOSEN_H

#include "../config/plan.h"

/* What a command's help says about it. */
#define RHO_CHOSEN_HELP                                                                                      \
	"  --encoder NAME    the encoder: rho plugin list encoder\n"                                         \
	"  --set KEY=VALUE   a parameter of it: --set path=DIR (repeatable)\n"                               \
	"  --config FILE     take [encoder] from this TOML file; the options here come on top\n"             \
	"  --transform STEP  what is done to the vectors then, repeatable, in this order: centre,\n"         \
	"                    all-but-the-top:N, whiten, pca:N, unit\n"                                       \
	"  --threads N       threads (as many as there are processors); never changes a number\n"            \
	"  --plugins DIR     look for plugins in DIR first (repeatable)\n"
#define RHO_CHOSEN_OPTIONS "--encoder", "--set", "--config", "--transform", "--threads", "--plugins"

struct rho_chosen {
	const char *command; /* "rho encode": begins messages */
	const char *encoder, *config;
	const char **set, **step, **dir; /* room for argc each */
	size_t n_set, n_step, n_dir;
	unsigned threads;
	int log_level; /* what of the encoder's log is shown; RHO_INFO unless the command says otherwise */
	/* after rho_chosen_open */
	struct rho_registry *registry;
	struct rho_role role;
	char **kept; /* (n_set) what places in the table call files */
	struct rho_toml *root;
};

void rho_chosen_init(struct rho_chosen *, const char *command, int argc);
void rho_chosen_free(struct rho_chosen *);

/* 1: argv[*i] (with the value that may follow, to which *i is moved) was one of these options; 0: it is none;
 * -1: it was, and the mistake in it has been told. */
int rho_chosen_option(struct rho_chosen *, int argc, char **argv, int *i);

/* Finds the plugin and checks its table. 0, or 2 with every mistake told. */
int rho_chosen_open(struct rho_chosen *);

/* Whether `value` is a value (told, when an option has none). */
bool rho_chosen_value(const struct rho_chosen *, const char *option, const char *value);

#endif
