/* text.c: growing text, and the few things that are done to views of text. */
#include "text.h"

#include <stdlib.h>
#include <string.h>

bool rho_text_reserve(struct rho_text *t, size_t more)
{
	if (t->spent || more > SIZE_MAX / 4 - t->len) {
		t->spent = true;
		return false;
	}
	if (t->len + more <= t->room)
		return true;
	size_t room = t->room ? t->room : 256;
	while (room < t->len + more)
		room += room / 2;
	char *at = realloc(t->at, room);
	if (!at) {
		t->spent = true;
		return false;
	}
	t->at = at;
	t->room = room;
	return true;
}

bool rho_text_add(struct rho_text *t, struct rho_str s)
{
	if (!s.len)
		return !t->spent;
	if (!rho_text_reserve(t, s.len))
		return false;
	memcpy(t->at + t->len, s.at, s.len);
	t->len += s.len;
	return true;
}

bool rho_text_adds(struct rho_text *t, const char *s) { return rho_text_add(t, rho_str_of(s)); }

bool rho_text_join(struct rho_text *t, const char *between, struct rho_str s)
{
	if (t->len && s.len)
		rho_text_adds(t, between);
	return rho_text_add(t, s);
}

void rho_text_clear(struct rho_text *t) { t->len = 0; }

void rho_text_free(struct rho_text *t)
{
	free(t->at);
	memset(t, 0, sizeof(*t));
}

struct rho_str rho_str_of(const char *s)
{
	struct rho_str view = { s, strlen(s) };
	return view;
}

bool rho_str_same(struct rho_str a, struct rho_str b)
{
	return a.len == b.len && (!a.len || !memcmp(a.at, b.at, a.len));
}

bool rho_str_is(struct rho_str a, const char *b) { return rho_str_same(a, rho_str_of(b)); }

int rho_str_order(struct rho_str a, struct rho_str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.at, b.at, n) : 0;
	return c ? c : (a.len > b.len) - (a.len < b.len);
}

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

struct rho_str rho_str_trim(struct rho_str s)
{
	while (s.len && is_blank(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len && is_blank(s.at[s.len - 1]))
		s.len--;
	return s;
}

struct rho_str rho_str_head(struct rho_str s, size_t most)
{
	if (s.len > most)
		for (s.len = most; s.len && ((unsigned char)s.at[s.len] & 0xc0) == 0x80; )
			s.len--;
	return s;
}

struct rho_str rho_str_cut(struct rho_str *rest, char sep)
{
	struct rho_str head = *rest;
	const char *at = head.len ? memchr(head.at, sep, head.len) : NULL;
	if (at) {
		head.len = (size_t)(at - head.at);
		rest->at = at + 1;
		rest->len -= head.len + 1;
	} else {
		rest->at = NULL;
		rest->len = 0;
	}
	return head;
}
