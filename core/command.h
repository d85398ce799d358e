/* command.h: the table of commands behind `rho`, one line each in main.c. */
#ifndef RHO_COMMAND_H
#define RHO_COMMAND_H

/* Each takes its own arguments (argv[0] is the command's name) and gives the exit status:
 * 0 done, 1 something failed, 2 the user's mistake. */
int rho_cmd_plugin(int argc, char **argv);      /* registry/cmd_plugin.c: list, show, which; check and new go on */
int rho_cmd_check(int argc, char **argv);       /* check/cmd_check.c: plugin check */
int rho_cmd_new(int argc, char **argv);         /* scaffold/cmd_new.c: plugin new */
int rho_cmd_plan(int argc, char **argv);        /* config/cmd_plan.c */
int rho_cmd_run(int argc, char **argv);         /* run/cmd_run.c */
int rho_cmd_cell(int argc, char **argv);        /* run/cmd_cell.c */
int rho_cmd_compare(int argc, char **argv);     /* report/cmd_compare.c */
int rho_cmd_doctor(int argc, char **argv);      /* run/cmd_doctor.c */

#endif
