/* raw.h: a module's constant and parameter table as compiled in, for the checks that say what is
 * wrong with a module the registry refuses. */
#ifndef RHO_CHECK_RAW_H
#define RHO_CHECK_RAW_H

#include "check.h"

struct rho_raw {
	struct rho_plugin plugin; /* as much of it as the module has, the rest zero */
	size_t symbol;            /* bytes rho_plugin takes up in the module; 0: not known */
	uint32_t file_kind;       /* from the file's name; 0: not named like a plugin */
	char file_name[128];
	struct rho_param *params; /* host-size copies, n_params of them */
	size_t n_params;
	bool endless; /* no RHO_END within 256 entries */
};

/* Loads the file and copies its constant. PASS, or SKIP with the check that says why not; the
 * parameters are read only where the ABI is this host's (else n_params is 0). Free the params. */
int rho_raw_read(struct rho_trial *, struct rho_raw *);

/* file_kind and file_name from the file's name, the rest zero. */
void rho_raw_name(struct rho_raw *, const char *path);

bool rho_raw_is_ours(const struct rho_raw *); /* its magic and ABI version are this host's */

/* One of the rules below, of a module of this ABI; one of another is skipped. */
int rho_raw_judge(struct rho_trial *, const char *(*rule)(const struct rho_raw *, char *text));

/* The rules, one finding each, NULL when it holds (in `text`, of 512 bytes). */
const char *rho_raw_names(const struct rho_raw *, char *text);    /* M3 */
const char *rho_raw_sizes(const struct rho_raw *, char *text);    /* M4 */
const char *rho_raw_words(const struct rho_raw *, char *text);    /* M9 */
const char *rho_raw_fields(const struct rho_raw *, char *text);   /* P1 */
const char *rho_raw_defaults(const struct rho_raw *, char *text); /* P2 */
const char *rho_raw_bounds(const struct rho_raw *, char *text);   /* P3 */

#endif
