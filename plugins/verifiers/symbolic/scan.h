/* scan.h: cutting a text into tokens: where it has come to. For read_tokens.c and read_numbers.c. */
#ifndef RHO_SYMBOLIC_SCAN_H
#define RHO_SYMBOLIC_SCAN_H

#include <string.h>

#include "read.h"

struct scan {
	struct reader *r;
	const char *s;
	size_t at, end;
	bool blank;             /* a blank was passed since the last token    */
	uint32_t *open, n_open; /* the opening tokens that are not closed yet */
	uint32_t environments;  /* open \begin, within which \\ ends a row    */
	uint64_t tables;        /* a bit each: whether & parts cells in it    */
};

static inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
static inline bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
static inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || is_upper(c); }

/* The character `ahead` of here; NUL beyond the end. */
static inline char peek(const struct scan *c, size_t ahead)
{
	return c->at + ahead < c->end ? c->s[c->at + ahead] : '\0';
}

static inline bool sees(const struct scan *c, size_t ahead, const char *text)
{
	size_t n = strlen(text);
	return c->at + ahead + n <= c->end && !memcmp(c->s + c->at + ahead, text, n);
}

/* How many blanks stand there. */
static inline size_t blanks(const struct scan *c, size_t ahead)
{
	size_t n = 0;
	while (peek(c, ahead + n) == ' ')
		n++;
	return n;
}

/* A new token; or the error noted, when there is no room. */
void emit(struct scan *, enum token_kind, uint8_t op, struct rho_str text);
/* A token of the next n characters. */
void take(struct scan *, enum token_kind, uint8_t op, size_t n);
/* The last token's kind; T_END before the first one. */
enum token_kind last_kind(const struct scan *);

/* A number, from its first digit or its point on. */
void take_number(struct scan *);
/* A number in a base that needs letters, from its first digit on: A5_{11}, 2B_16; false: there is none. */
bool take_digits_with_letters(struct scan *);

#endif
