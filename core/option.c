/* option.c: what the commands' arguments have in common. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
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

void rho_option_wrong(const char *command, const char *option, const char *value, const char *wanted)
{
	fprintf(stderr, "%s: %s %s: %s is wanted\n", command, option, value, wanted);
}

static bool whole(const char *text, uint64_t *out, const char **end)
{
	char *stop;
	errno = 0;
	*out = strtoull(text, &stop, 10);
	*end = stop;
	return *text >= '0' && *text <= '9' && !errno;
}

bool rho_option_whole(const char *command, const char *option, const char *value, uint64_t least,
                      uint64_t most, uint64_t *out)
{
	const char *end;
	if (whole(value, out, &end) && !*end && *out >= least && *out <= most)
		return true;
	char *wanted = rho_xprintf("a whole number within %llu .. %llu", (unsigned long long)least,
	                           (unsigned long long)most);
	rho_option_wrong(command, option, value, wanted);
	free(wanted);
	return false;
}

static int by_size(const void *a, const void *b)
{
	const size_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

bool rho_option_wholes(const char *command, const char *option, const char *value, size_t most, size_t *out,
                       size_t *n)
{
	const char *at = value, *end;
	size_t read = 0;
	do {
		uint64_t one;
		if (read == most || !whole(at, &one, &end) || !one || (*end && *end != ',')) {
			char *wanted = rho_xprintf("a list of up to %zu whole numbers above 0, such as"
			                           " 10,100,1000,",
			                           most);
			rho_option_wrong(command, option, value, wanted);
			free(wanted);
			return false;
		}
		out[read++] = one;
		at = end + 1;
	} while (*end);
	qsort(out, read, sizeof *out, by_size);
	*n = 0;
	for (size_t i = 0; i < read; i++)
		if (!*n || out[i] != out[*n - 1])
			out[(*n)++] = out[i];
	return true;
}

bool rho_option_is_toml(const char *word)
{
	size_t n = strlen(word);
	return n > 5 && !strcmp(word + n - 5, ".toml");
}
