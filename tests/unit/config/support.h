/* support.h: planning a text in a folder of its own and hearing what is said about it. */
#ifndef TESTS_CONFIG_SUPPORT_H
#define TESTS_CONFIG_SUPPORT_H

#include <criterion/criterion.h>

#include "base/digest.h"
#include "base/file.h"
#include "config/plan.h"

struct trial {
	char dir[64];                   /* made anew; holds x.toml */
	struct rho_registry *registry;
	struct rho_plan *plan;          /* of the last plan; NULL: refused */
	char *said;                     /* the mistakes and warnings, without the folder's name */
};

struct trial *trial_new(const char *first_plugins);     /* a folder searched before the fixtures, or NULL */
void trial_free(struct trial *);

/* Plans `text` as x.toml with overrides. */
void trial_plan(struct trial *, const char *text, const char *const *set, size_t n_set);

/* "DIR/name" in memory that lives as long as the process. */
char *trial_path(struct trial *, const char *name);
void trial_write(struct trial *, const char *name, const char *text);

/* What diags print, without the trial's folder in it. Frees the diags. */
char *trial_said(struct trial *, struct rho_diags *);

/* Plans text and wants exactly this said; "" means nothing. */
void says(const char *text, const char *wanted);
/* The same with one override. */
void says_set(const char *text, const char *set, const char *wanted);

/* A sound experiment's beginning: format, [run], [env], [agent], without arms. */
#define HEAD "rho = 1\n[run]\nname = \"x\"\nsteps = 1000\nseeds = 2\n"
#define SOUND HEAD "[env]\nuse = \"fixture_plain\"\n[agent]\nuse = \"fixture_blind\"\n"

#endif
