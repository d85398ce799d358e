/* lines.c: cuts bytes into lines in a buffer that holds at least the line being given. */
#include "lines.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

#define FIRST_ROOM ((size_t)256 << 10)

struct rho_lines {
	struct rho_bytes *bytes;
	struct rho_trouble *trouble;
	char *path;
	char *buf;
	size_t from, to, room;  /* what is still to be given: buf[from .. to) */
	size_t number;
	bool ended, had_cr;
};

struct rho_lines *rho_lines_open(const char *path, struct rho_trouble *t)
{
	struct rho_bytes *bytes = rho_bytes_open(path, t);
	if (!bytes)
		return NULL;
	struct rho_lines *l = calloc(1, sizeof(*l));
	if (l) {
		l->bytes = bytes;
		l->trouble = t;
		l->path = strdup(path);
		l->buf = malloc(FIRST_ROOM);
		l->room = FIRST_ROOM;
	}
	if (!l || !l->path || !l->buf) {
		rho_trouble_at(t, RHO_ENOMEM, path, 0, "no memory left to read it");
		if (l)
			rho_lines_close(l);
		else
			rho_bytes_close(bytes);
		return NULL;
	}
	return l;
}

void rho_lines_close(struct rho_lines *l)
{
	if (!l)
		return;
	rho_bytes_close(l->bytes);
	free(l->path);
	free(l->buf);
	free(l);
}

size_t rho_lines_number(const struct rho_lines *l) { return l->number; }
bool rho_lines_had_cr(const struct rho_lines *l) { return l->had_cr; }
const char *rho_lines_path(const struct rho_lines *l) { return l->path; }
struct rho_trouble *rho_lines_trouble(const struct rho_lines *l) { return l->trouble; }

int rho_lines_fail(struct rho_lines *l, const char *fmt, ...)
{
	char why[1000];
	va_list args;
	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	return rho_trouble_at(l->trouble, RHO_EFORMAT, l->path, l->number, "%s", why);
}

int rho_lines_pulse(const struct rho_lines *l, struct rho_ctx *c)
{
	if (l->number % 1024)
		return 0;
	rho_progress(c, rho_bytes_done(l->bytes));
	return rho_stop(c) ? RHO_ESTOP : 0;
}

static int too_long(struct rho_lines *l)
{
	return rho_lines_fail(
		l, "this line is longer than %zu MiB; is the file really text with one row a line?",
		RHO_LINE_MAX >> 20);
}

/* Moves the begun line to the front, makes room and reads on. */
static int refill(struct rho_lines *l)
{
	size_t got = 0, len = l->to - l->from;
	if (l->from && len)
		memmove(l->buf, l->buf + l->from, len);
	l->from = 0;
	l->to = len;
	if (len > RHO_LINE_MAX) {
		l->number++;
		return too_long(l);
	}
	if (l->to == l->room) {
		char *buf = realloc(l->buf, 2 * l->room);
		if (!buf)
			return rho_trouble_at(l->trouble, RHO_ENOMEM, l->path, l->number + 1,
			                      "no memory left for this line");
		l->buf = buf;
		l->room *= 2;
	}
	if (rho_bytes_read(l->bytes, l->buf + l->to, l->room - l->to, &got, l->trouble))
		return l->trouble->code;
	l->to += got;
	l->ended = got == 0;
	return 0;
}

/* Length of the ASCII that s begins with, looked at 16 bytes at a time. */
static size_t ascii_run(const char *at, size_t len)
{
	size_t i = 0;
	for (; i + 16 <= len; i += 16) {
		uint64_t a, b;
		memcpy(&a, at + i, 8);
		memcpy(&b, at + i + 8, 8);
		if ((a | b) & 0x8080808080808080u)
			break;
	}
	while (i < len && !((unsigned char)at[i] & 0x80))
		i++;
	return i;
}

/* Bytes of the valid sequence that begins at p (not ASCII), or 0. The second byte's range rules
 * out overlong forms, surrogates and what lies above U+10FFFF (RFC 3629, section 4). */
static size_t sequence(const unsigned char *p, size_t len)
{
	unsigned lo = 0x80, hi = 0xbf;
	size_t n = p[0] < 0xc2 || p[0] > 0xf4 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (!n || n > len)
		return 0;
	if (p[0] == 0xe0)
		lo = 0xa0;
	else if (p[0] == 0xed)
		hi = 0x9f;
	else if (p[0] == 0xf0)
		lo = 0x90;
	else if (p[0] == 0xf4)
		hi = 0x8f;
	if (p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

size_t rho_utf8_valid(struct rho_str s)
{
	size_t i = 0;
	while ((i += ascii_run(s.at + i, s.len - i)) < s.len) {
		size_t n = sequence((const unsigned char *)s.at + i, s.len - i);
		if (!n)
			break;
		i += n;
	}
	return i;
}

/* Gives buf[from .. from + len) as a line and passes over `skip` bytes that end it. */
static int give(struct rho_lines *l, size_t len, size_t skip, struct rho_str *line)
{
	line->at = l->buf + l->from;
	line->len = len;
	l->from += len + skip;
	l->number++;
	if (len > RHO_LINE_MAX)
		return too_long(l);
	if (l->number == 1 && len >= 3 && !memcmp(line->at, "\xef\xbb\xbf", 3)) {
		line->at += 3;
		line->len -= 3;
	}
	l->had_cr = skip && line->len && line->at[line->len - 1] == '\r';
	line->len -= l->had_cr;
	size_t bad = rho_utf8_valid(*line);
	if (bad < line->len)
		return rho_lines_fail(
			l,
			"byte %zu of the line (0x%02x) is not valid UTF-8; save the file as UTF-8 "
			"(`iconv -f LATIN1 -t UTF-8` if that is what it is)",
			bad + 1, (unsigned)(unsigned char)line->at[bad]);
	if (line->len && memchr(line->at, 0, line->len))
		return rho_lines_fail(l, "there is a NUL byte in the line; this is not a text file");
	return 1;
}

int rho_lines_next(struct rho_lines *l, struct rho_str *line)
{
	size_t seen = 0;        /* of the line's bytes: no \n among them */
	if (l->trouble->code)
		return l->trouble->code;
	for (;;) {
		const char *start = l->buf + l->from;
		size_t len = l->to - l->from;
		const char *end = len > seen ? memchr(start + seen, '\n', len - seen) : NULL;
		if (end)
			return give(l, (size_t)(end - start), 1, line);
		if (l->ended)
			return len ? give(l, len, 0, line) : 0;
		seen = len;
		int r = refill(l);
		if (r)
			return r;
	}
}
