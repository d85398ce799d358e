/* option.c: what the commands' arguments have in common. */
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "command.h"

const char *rho_option_value(const char *name, int argc, char **argv, int *i)
{
	size_t n = strlen(name);
	if (strncmp(argv[*i], name, n) || (argv[*i][n] && argv[*i][n] != '='))
		return NULL;
	if (argv[*i][n])
		return argv[*i] + n + 1;
	return *i + 1 < argc ? argv[++*i] : "";
}

void rho_option_unknown(const char *command, const char *word, const char *const *names, size_t n)
{
	const char *near = rho_nearest(word, names, n);
	fprintf(stderr, "%s: there is no option %s; ", command, word);
	if (near)
		fprintf(stderr, "did you mean %s?\n", near);
	else
		fprintf(stderr, "see %s --help\n", command);
}
