/* main.c: `rho`, a table of commands. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/blas.h"
#include "base/diag.h"
#include "command.h"

static const struct {
	const char *name, *brief;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "run", "run an experiment file: what is missing of it, then compare", rho_cmd_run },
	{ "plan", "check an experiment file and print its cells", rho_cmd_plan },
	{ "compare", "compare the arms of a results folder, with intervals", rho_cmd_compare },
	{ "cell", "run one cell of a results folder", rho_cmd_cell },
	{ "encode", "texts or pictures into a .npy file", rho_cmd_encode },
	{ "sts", "how well an encoder's cosines agree with human scores", rho_cmd_sts },
	{ "geometry", "how vectors lie: coverage, evenness, dimensions, exploration", rho_cmd_geometry },
	{ "scale", "what sampling actions must cost, what scanning all of them takes", rho_cmd_scale },
	{ "relate", "which property of an embedding goes with the result", rho_cmd_relate },
	{ "verify", "answers judged by a verifier, or by two side by side", rho_cmd_verify },
	{ "rollouts", "how many tries an agent needs, from an evaluation's episodes", rho_cmd_rollouts },
	{ "plugin", "list, show, which, check, new", rho_cmd_plugin },
	{ "doctor", "what this rho is made of and where it looks for plugins", rho_cmd_doctor },
};

/* A standard stream that came closed would be the first file opened, and what is printed would go into
 * that. /dev/null the wrong way round fails as a closed one does. */
static void occupy_standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd ? O_RDONLY : O_WRONLY);
}

/* The exit status: what was printed must have got out. */
static int printed(int rc)
{
	if (!fflush(stdout) && !ferror(stdout))
		return rc;
	if (!rc)
		fprintf(stderr, "rho: standard output cannot be written: %s\n", strerror(errno));
	return rc ? rc : 1;
}

static int usage(FILE *out)
{
	fprintf(out, "usage: rho COMMAND [ARGUMENTS]      rho COMMAND --help\n\n");
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].brief);
	fprintf(out, "\n  rho --version\n");
	return out == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
	const char *names[sizeof commands / sizeof *commands], *near;
	occupy_standard_streams();
	if (argc < 2)
		return usage(stderr);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
		return printed(usage(stdout));
	if (!strcmp(argv[1], "--version")) {
		printf("rho %s\n", RHO_VERSION);
		return printed(0);
	}
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		names[i] = commands[i].name;
		if (strcmp(argv[1], commands[i].name))
			continue;
		if (commands[i].run !=
		    rho_cmd_cell) /* which sets the number of threads that its cell asks for */
			rho_blas_environment();
		return printed(commands[i].run(argc - 1, argv + 1));
	}
	near = rho_nearest(argv[1], names, sizeof names / sizeof *names);
	fprintf(stderr, "rho: there is no command %s", argv[1]);
	fprintf(stderr, near ? "; did you mean %s?\n" : "; see rho --help\n", near);
	return 2;
}
