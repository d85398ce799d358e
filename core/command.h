/* command.h: the table of commands behind `rho`, one line each in main.c. */
#ifndef RHO_COMMAND_H
#define RHO_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value of an option written `--name VALUE` or `--name=VALUE`, with *i moved to it; "" where none
 * follows; NULL when argv[*i] is something else. */
const char *rho_option_value(const char *name, int argc, char **argv, int *i);

/* Says on stderr that `command` has no option `word`, with the nearest of `names` (n) or where to look. */
void rho_option_unknown(const char *command, const char *word, const char *const *names, size_t n);

/* Says on stderr that `wanted` is wanted where `option` of `command` got `value`. */
void rho_option_wrong(const char *command, const char *option, const char *value, const char *wanted);

/* A whole number within least .. most; false after a message. */
bool rho_option_whole(const char *command, const char *option, const char *value, uint64_t least,
                      uint64_t most, uint64_t *out);

/* Whole numbers above 0 with commas between them into out (most), from the smallest, each once; false after
 * a message. */
bool rho_option_wholes(const char *command, const char *option, const char *value, size_t most, size_t *out,
                       size_t *n);

/* Whether an argument names an experiment file: anything ending in .toml. */
bool rho_option_is_toml(const char *word);

/* Each takes its own arguments (argv[0] is the command's name) and gives the exit status:
 * 0 done, 1 something failed, 2 the user's mistake. */
int rho_cmd_plugin(int argc, char **argv);      /* registry/cmd_plugin.c; leads on to the next two */
int rho_cmd_check(int argc, char **argv);       /* check/cmd_check.c: plugin check */
int rho_cmd_new(int argc, char **argv);         /* scaffold/cmd_new.c: plugin new */
int rho_cmd_plan(int argc, char **argv);        /* config/cmd_plan.c */
int rho_cmd_run(int argc, char **argv);         /* run/cmd_run.c */
int rho_cmd_cell(int argc, char **argv);        /* run/cmd_cell.c */
int rho_cmd_compare(int argc, char **argv);     /* report/cmd_compare.c */
int rho_cmd_encode(int argc, char **argv);      /* encode/cmd_encode.c */
int rho_cmd_sts(int argc, char **argv);         /* encode/cmd_sts.c */
int rho_cmd_geometry(int argc, char **argv);    /* geometry/cmd_geometry.c */
int rho_cmd_relate(int argc, char **argv);      /* relate/cmd_relate.c */
int rho_cmd_rollouts(int argc, char **argv);    /* rollouts/cmd_rollouts.c */
int rho_cmd_scale(int argc, char **argv);       /* scale/cmd_scale.c */
int rho_cmd_verify(int argc, char **argv);      /* verify/cmd_verify.c */
int rho_cmd_doctor(int argc, char **argv);      /* run/cmd_doctor.c */

#endif
