/* npy.c: float32 matrices as NumPy .npy files, written with a fixed head and read by mapping. */
#include "npy.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "../base/file.h"
#include "store.h"

static const unsigned char magic[6] = { 0x93, 'N', 'U', 'M', 'P', 'Y' };

void npy_head_write(char head[NPY_HEAD], size_t rows, size_t cols)
{
	enum { PREFIX = 10 };
	memset(head, ' ', NPY_HEAD);
	memcpy(head, magic, sizeof magic);
	head[6] = 1; /* format 1.0 */
	head[7] = 0;
	head[8] = NPY_HEAD - PREFIX; /* little-endian length of what follows */
	head[9] = 0;
	int n = snprintf(head + PREFIX, NPY_HEAD - PREFIX,
	                 "{'descr': '<f4', 'fortran_order': False, 'shape': (%zu, %zu), }", rows, cols);
	head[PREFIX + n] = ' ';
	head[NPY_HEAD - 1] = '\n';
}

/* The head's text is a Python dictionary with three keys; this reads as much of that language. */
struct text {
	const char *at, *end;
};

static void blanks(struct text *t)
{
	while (t->at < t->end && strchr(" \t\r\n", *t->at) && *t->at)
		t->at++;
}

static bool eat(struct text *t, char c)
{
	blanks(t);
	if (t->at == t->end || *t->at != c)
		return false;
	t->at++;
	return true;
}

/* A quoted string without escapes, at most `room` - 1 bytes of it. */
static bool string(struct text *t, char *out, size_t room)
{
	blanks(t);
	char quote = t->at < t->end ? *t->at : 0;
	if (quote != '\'' && quote != '"')
		return false;
	size_t n = 0;
	for (t->at++; t->at < t->end && *t->at != quote; t->at++) {
		if (n + 1 == room || *t->at == '\\')
			return false;
		out[n++] = *t->at;
	}
	out[n] = '\0';
	return t->at < t->end && *t->at++ == quote;
}

static bool word(struct text *t, const char *w)
{
	blanks(t);
	size_t n = strlen(w);
	if ((size_t)(t->end - t->at) < n || memcmp(t->at, w, n))
		return false;
	t->at += n;
	return true;
}

static bool number(struct text *t, size_t *out)
{
	blanks(t);
	if (t->at == t->end || !isdigit((unsigned char)*t->at))
		return false;
	for (*out = 0; t->at < t->end && isdigit((unsigned char)*t->at); t->at++)
		if (__builtin_mul_overflow(*out, (size_t)10, out) ||
		    __builtin_add_overflow(*out, (size_t)(*t->at - '0'), out))
			return false;
	if (t->at < t->end && *t->at == 'L') /* Python 2 wrote long integers so */
		t->at++;
	return true;
}

/* A tuple of at most two sizes; *dims is their number. */
static bool shape(struct text *t, size_t size[2], size_t *dims)
{
	*dims = 0;
	if (!eat(t, '('))
		return false;
	while (!eat(t, ')')) {
		size_t n;
		if (!number(t, &n))
			return false;
		if (*dims < 2)
			size[*dims] = n;
		++*dims;
		if (!eat(t, ',')) {
			if (*dims < 2 || !eat(t, ')')) /* (3) is no tuple */
				return false;
			break;
		}
	}
	return true;
}

struct head {
	char descr[32];
	bool fortran;
	size_t size[2], dims;
	unsigned seen;
};

static bool entry(struct text *t, struct head *h)
{
	char key[32];
	unsigned bit;
	if (!string(t, key, sizeof key) || !eat(t, ':'))
		return false;
	if (!strcmp(key, "descr")) {
		bit = 1;
		if (!string(t, h->descr, sizeof h->descr))
			return false;
	} else if (!strcmp(key, "fortran_order")) {
		bit = 2;
		h->fortran = word(t, "True");
		if (!h->fortran && !word(t, "False"))
			return false;
	} else if (!strcmp(key, "shape")) {
		bit = 4;
		if (!shape(t, h->size, &h->dims))
			return false;
	} else {
		return false;
	}
	bool again = h->seen & bit;
	h->seen |= bit;
	return !again;
}

static bool dictionary(struct text *t, struct head *h)
{
	if (!eat(t, '{'))
		return false;
	while (!eat(t, '}')) {
		if (!entry(t, h))
			return false;
		if (!eat(t, ',')) {
			if (!eat(t, '}'))
				return false;
			break;
		}
	}
	blanks(t);
	return h->seen == 7 && t->at == t->end;
}

static int refuse(struct rho_buf *why, const char *name, const char *what)
{
	rho_buf_printf(why, "%s %s", name, what);
	return -1;
}

/* The text's place in the file, after the magic, version and length. */
static int find_text(const unsigned char *p, size_t len, const char *name, struct text *t, size_t *data,
                     struct rho_buf *why)
{
	if (len < 10 || memcmp(p, magic, sizeof magic))
		return refuse(why, name, "is not a .npy file");
	if (p[6] < 1 || p[6] > 3 || p[7] != 0)
		return refuse(why, name, "has a .npy format other than 1.0, 2.0 and 3.0");
	size_t prefix = p[6] == 1 ? 10 : 12, text = (size_t)p[8] | (size_t)p[9] << 8;
	if (len < prefix)
		return refuse(why, name, "is truncated: its .npy head is not complete");
	if (prefix == 12)
		text |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
	if (text > len - prefix)
		return refuse(why, name, "is truncated: its .npy head is not complete");
	*t = (struct text){ (const char *)p + prefix, (const char *)p + prefix + text };
	*data = prefix + text;
	return 0;
}

int npy_head_read(const void *bytes, size_t len, const char *name, size_t *rows, size_t *cols, size_t *data,
                  struct rho_buf *why)
{
	struct text t;
	struct head h = { .seen = 0 };
	if (find_text(bytes, len, name, &t, data, why))
		return -1;
	if (!dictionary(&t, &h))
		return refuse(why, name,
		              "is damaged: its .npy head is not a dictionary of descr, "
		              "fortran_order and shape");
	if (strcmp(h.descr, "<f4")) {
		rho_buf_printf(why,
		               "%s holds values of type '%s'; only '<f4' (little-endian float32) is "
		               "read here",
		               name, h.descr);
		return -1;
	}
	if (h.fortran)
		return refuse(why, name, "is in Fortran order; save it in C order");
	if (h.dims != 2) {
		rho_buf_printf(why, "%s has %zu dimensions; a matrix of 2 is needed", name, h.dims);
		return -1;
	}
	size_t cells, need;
	if (__builtin_mul_overflow(h.size[0], h.size[1], &cells) ||
	    __builtin_mul_overflow(cells, sizeof(float), &need) || need != len - *data) {
		rho_buf_printf(why,
		               "%s is truncated or damaged: %zu bytes of data for a matrix of %zu rows "
		               "and %zu columns",
		               name, len - *data, h.size[0], h.size[1]);
		return -1;
	}
	if (*data % sizeof(float))
		return refuse(why, name,
		              "has data that is not aligned to 4 bytes and cannot be mapped; "
		              "save it with a recent NumPy");
	*rows = h.size[0];
	*cols = h.size[1];
	return 0;
}

int rho_npy_map(const char *path, struct rho_mat *mat, void **map, size_t *len, struct rho_buf *why)
{
	size_t rows, cols, data;
	if (rho_file_map(path, map, len, why))
		return -1;
	if (npy_head_read(*map, *len, path, &rows, &cols, &data, why)) {
		munmap(*map, *len);
		return -1;
	}
	/* Where the folder can hold files in huge pages, scanning all rows gains from them. */
	madvise(*map, *len, MADV_HUGEPAGE);
	*mat = (struct rho_mat){ (const float *)((const char *)*map + data), rows, cols, cols };
	return 0;
}
