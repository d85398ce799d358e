/* trouble.c: recording trouble, and guessing what a misspelt name was meant to be. */
#include "trouble.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LONGEST_NAME 64         /* longer words are not compared */

static void put(struct rho_trouble *t, const char *where, const char *fmt, va_list args)
{
	size_t used = (size_t)snprintf(t->text, sizeof(t->text), "%s", where);
	if (used < sizeof(t->text))
		vsnprintf(t->text + used, sizeof(t->text) - used, fmt, args);
}

int rho_trouble_set(struct rho_trouble *t, int code, const char *fmt, ...)
{
	if (t->code)
		return t->code;
	va_list args;
	va_start(args, fmt);
	put(t, "", fmt, args);
	va_end(args);
	return t->code = code;
}

int rho_trouble_at(struct rho_trouble *t, int code, const char *path, size_t line, const char *fmt, ...)
{
	if (t->code)
		return t->code;
	char where[600];
	if (line)
		snprintf(where, sizeof(where), "%.560s:%zu: ", path, line);
	else
		snprintf(where, sizeof(where), "%.560s: ", path);
	va_list args;
	va_start(args, fmt);
	put(t, where, fmt, args);
	va_end(args);
	return t->code = code;
}

static int lower(char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c; }

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* Damerau-Levenshtein distance (optimal string alignment) over three rolling rows. */
static size_t distance(struct rho_str a, struct rho_str b)
{
	size_t row[3][LONGEST_NAME + 1];        /* (3, b.len + 1): two rows back, one back, this one */
	for (size_t j = 0; j <= b.len; j++)
		row[0][j] = row[1][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		row[2][0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t swap = lower(a.at[i - 1]) != lower(b.at[j - 1]);
			row[2][j] = least(row[1][j - 1] + swap, least(row[1][j], row[2][j - 1]) + 1);
			if (i > 1 && j > 1 && lower(a.at[i - 1]) == lower(b.at[j - 2])
			    && lower(a.at[i - 2]) == lower(b.at[j - 1]))
				row[2][j] = least(row[2][j], row[0][j - 2] + 1);
		}
		memcpy(row[0], row[1], (b.len + 1) * sizeof(row[0][0]));
		memcpy(row[1], row[2], (b.len + 1) * sizeof(row[0][0]));
	}
	return row[1][b.len];
}

size_t rho_kit_nearest(struct rho_str word, const struct rho_str *names, size_t n)
{
	size_t found = n, best = 2 + word.len / 3;      /* as many edits make another word */
	if (word.len > LONGEST_NAME)
		return n;
	for (size_t i = 0; i < n; i++) {
		size_t d = names[i].len > LONGEST_NAME ? best : distance(word, names[i]);
		if (d < best) {
			best = d;
			found = i;
		}
	}
	return found;
}
