/* option.c: what the commands' arguments have in common. */
#include <string.h>

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
