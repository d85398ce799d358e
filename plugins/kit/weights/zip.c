/* zip.c: reads a zip archive's directory, finds where an entry's bytes lie, inflates those that are packed.
 *
 * Libraries for zip give streams; here entries that are stored must be used where they are mapped, and
 * nothing may take more memory than the file's size warrants. An entry's own header must agree with the
 * directory on its name, so that there are no two readings of one archive. */
#include "zip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../text.h"

enum {
	END = 22, LOCATOR = 20, END64 = 56, CENTRAL = 46, LOCAL = 30,   /* bytes of the fixed parts */
	STORED = 0, DEFLATED = 8
};

#define DEFLATE_MOST 1032       /* how many times its size deflate's output can be, and a few bytes */

static int damaged(const struct rho_blob *f, struct rho_trouble *t, const char *what)
{
	return rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
	                      "%s: the zip archive is cut off or damaged; fetch it again", what);
}

static bool signature(const unsigned char *p, const char *two)
{
	return p[0] == 'P' && p[1] == 'K' && !memcmp(p + 2, two, 2);
}

struct directory {
	uint64_t n, len, at;
};

/* The end record of a ZIP64 archive, where there is one before the plain end record at `end`. */
static bool end64(const struct rho_blob *f, size_t end, struct directory *d)
{
	if (end < LOCATOR || !signature(f->at + end - LOCATOR, "\x06\x07"))
		return true;
	uint64_t at = rho_u64_at(f->at + end - LOCATOR + 8);
	if (end < LOCATOR + END64 || at > end - LOCATOR - END64 || !signature(f->at + at, "\x06\x06"))
		return false;
	*d = (struct directory){ rho_u64_at(f->at + at + 32), rho_u64_at(f->at + at + 40),
		                 rho_u64_at(f->at + at + 48) };
	return true;
}

static int find_directory(const struct rho_blob *f, struct directory *d, struct rho_trouble *t)
{
	const unsigned char *p = f->at;
	size_t end = f->len >= END ? f->len - END : 0, first = end > 65535 ? end - 65535 : 0;
	while (f->len >= END && end > first && !signature(p + end, "\x05\x06"))
		end--;
	if (f->len < END || !signature(p + end, "\x05\x06"))
		return damaged(f, t, "there is no directory at its end");
	p += end;
	*d = (struct directory){ rho_u16_at(p + 10), rho_u32_at(p + 12), rho_u32_at(p + 16) };
	if (!end64(f, end, d))
		return damaged(f, t, "its ZIP64 directory is not where it should be");
	if (d->at > end || d->len > end - d->at || d->n > d->len / CENTRAL)
		return damaged(f, t, "its directory does not lie inside the file");
	return 0;
}

/* Numbers that do not fit into 32 bits stand in an extra field, in this order, each only if needed. */
static bool large_numbers(const unsigned char *p, size_t len, struct rho_zip_entry *e)
{
	uint64_t *const number[] = { &e->size, &e->packed, &e->at };
	bool needed = e->size == UINT32_MAX || e->packed == UINT32_MAX || e->at == UINT32_MAX;
	while (len >= 4) {
		size_t n = rho_u16_at(p + 2);
		bool here = rho_u16_at(p) == 1;
		p += 4;
		len -= 4;
		if (n > len)
			break;
		for (size_t i = 0, used = 0; here && i < 3; i++) {
			if (*number[i] != UINT32_MAX)
				continue;
			if (n - used < 8)
				return false;
			*number[i] = rho_u64_at(p + used);
			used += 8;
		}
		if (here)
			return true;
		p += n;
		len -= n;
	}
	return !needed;
}

/* One record of the directory. The bytes it takes, or 0 with the trouble. */
static size_t read_entry(const struct rho_blob *f, const unsigned char *p, uint64_t len,
                         struct rho_zip_entry *e, struct rho_trouble *t)
{
	if (len < CENTRAL || !signature(p, "\x01\x02")) {
		damaged(f, t, "its directory breaks off");
		return 0;
	}
	size_t name = rho_u16_at(p + 28), extra = rho_u16_at(p + 30), comment = rho_u16_at(p + 32);
	if (name + extra + comment > len - CENTRAL) {
		damaged(f, t, "its directory breaks off");
		return 0;
	}
	*e = (struct rho_zip_entry){ .name = { (const char *)p + CENTRAL, name }, .packed = rho_u32_at(p + 20),
		                     .size = rho_u32_at(p + 24), .at = rho_u32_at(p + 42),
		                     .method = rho_u16_at(p + 10), .crc = rho_u32_at(p + 16) };
	if (!large_numbers(p + CENTRAL + name, extra, e)) {
		damaged(f, t, "its directory lacks the size of a large entry");
		return 0;
	}
	if (!rho_name_printable(e->name)) {
		damaged(f, t, "an entry's name has control characters");
		return 0;
	}
	if (rho_u16_at(p + 8) & 1) {
		rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
		               "the zip archive is encrypted; store it without a password");
		return 0;
	}
	return CENTRAL + name + extra + comment;
}

static int by_name(const void *a, const void *b)
{
	const struct rho_zip_entry *x = a, *y = b;
	return rho_str_order(x->name, y->name);
}

int rho_zip_open(struct rho_zip *z, const struct rho_blob *f, struct rho_trouble *t)
{
	struct directory d = { 0 };
	*z = (struct rho_zip){ .file = f };
	if (find_directory(f, &d, t))
		return t->code;
	z->entry = calloc(d.n + 1, sizeof(*z->entry));
	if (!z->entry)
		return rho_trouble_at(t, RHO_ENOMEM, f->path, 0, "no memory left for its directory");
	for (uint64_t at = 0; z->n < d.n; z->n++) {
		size_t took = read_entry(f, f->at + d.at + at, d.len - at, &z->entry[z->n], t);
		if (!took)
			return t->code;
		at += took;
	}
	qsort(z->entry, z->n, sizeof(*z->entry), by_name);
	for (size_t i = 1; i < z->n; i++)
		if (!by_name(&z->entry[i - 1], &z->entry[i]))
			return damaged(f, t, "a name occurs twice in its directory");
	return 0;
}

void rho_zip_close(struct rho_zip *z)
{
	free(z->entry);
	z->entry = NULL;
}

const struct rho_zip_entry *rho_zip_find(const struct rho_zip *z, struct rho_str name)
{
	struct rho_zip_entry key = { .name = name };
	return bsearch(&key, z->entry, z->n, sizeof(key), by_name);
}

static int inflate_all(const struct rho_zip *z, const struct rho_zip_entry *e, const unsigned char *in,
                       unsigned char *out, struct rho_trouble *t)
{
	z_stream s = { 0 };
	uint64_t left_in = e->packed, left_out = e->size;
	uLong crc = crc32(0, NULL, 0);
	int r = inflateInit2(&s, -15);
	if (r != Z_OK)
		return rho_trouble_at(t, RHO_ENOMEM, z->file->path, 0, "no memory left to inflate it");
	s.next_in = (Bytef *)(uintptr_t)in;
	s.next_out = out;
	while (r == Z_OK) {
		uInt give = left_in < 1u << 30 ? (uInt)left_in : 1u << 30;
		uInt room = left_out < 1u << 30 ? (uInt)left_out : 1u << 30;
		Bytef *before = s.next_out;
		s.avail_in = give;
		s.avail_out = room;
		r = inflate(&s, Z_NO_FLUSH);
		left_in -= give - s.avail_in;
		left_out -= room - s.avail_out;
		crc = crc32(crc, before, room - s.avail_out);
	}
	inflateEnd(&s);
	if (r == Z_STREAM_END && !left_out && crc == e->crc)
		return 0;
	return rho_trouble_at(t, RHO_EFORMAT, z->file->path, 0,
	                      "entry '%.*s' of the zip archive does not unpack to the %llu bytes and the "
	                      "checksum that its directory promises; fetch the file again", (int)e->name.len,
	                      e->name.at,
	                      (unsigned long long)e->size);
}

/* Where an entry's bytes lie in the file; NULL with the trouble. */
static const unsigned char *place(const struct rho_zip *z, const struct rho_zip_entry *e,
                                  struct rho_trouble *t)
{
	const struct rho_blob *f = z->file;
	bool inside = f->len >= LOCAL && e->at <= f->len - LOCAL;
	const unsigned char *p = inside ? f->at + e->at : NULL;
	if (inside && signature(p, "\x03\x04")) {
		size_t name = rho_u16_at(p + 26), extra = rho_u16_at(p + 28);
		size_t left = f->len - LOCAL - (size_t)e->at;
		if (name + extra <= left && e->packed <= left - name - extra
		    && rho_str_same((struct rho_str){ (const char *)p + LOCAL, name }, e->name))
			return p + LOCAL + name + extra;
	}
	rho_trouble_at(t, RHO_EFORMAT, f->path, 0,
	               "entry '%.*s' of the zip archive is not where its directory says, or not whole: the "
	               "file is cut off or damaged; fetch it again", (int)e->name.len, e->name.at);
	return NULL;
}

int rho_zip_bytes(const struct rho_zip *z, const struct rho_zip_entry *e, struct rho_weights *w,
                  const unsigned char **at, struct rho_trouble *t)
{
	char what[300];
	const unsigned char *in = place(z, e, t);
	if (!in)
		return t->code;
	if (e->method == STORED && e->packed == e->size) {
		*at = in;
		return 0;
	}
	if (e->method != DEFLATED || e->size / DEFLATE_MOST > e->packed)
		return rho_trouble_at(t, RHO_EFORMAT, z->file->path, 0,
		                      "entry '%.*s' of the zip archive is packed by method %u into %llu "
		                      "bytes for %llu: that cannot be unpacked here (stored and deflated "
		                      "entries are)",
		                      (int)e->name.len, e->name.at, e->method, (unsigned long long)e->packed,
		                      (unsigned long long)e->size);
	struct rho_str name = rho_str_head(e->name, 200);
	snprintf(what, sizeof(what), "entry '%.*s' of the zip archive", (int)name.len, name.at);
	unsigned char *out = rho_weights_room(w, z->file, what, (size_t)e->size, t);
	*at = out;
	return out ? inflate_all(z, e, in, out, t) : t->code;
}

int rho_read_zip(struct rho_weights *w, const struct rho_blob *f, struct rho_trouble *t)
{
	struct rho_zip z;
	const struct rho_zip_entry *pickle = NULL;
	if (!rho_zip_open(&z, f, t)) {
		for (size_t i = 0; i < z.n && !pickle; i++) {
			struct rho_str rest = z.entry[i].name;
			rho_str_cut(&rest, '/');
			if (rest.at && rho_str_is(rest, "data.pkl"))
				pickle = &z.entry[i];
		}
		if (pickle)
			rho_read_torch_zip(w, &z, pickle, t);
		else
			rho_read_npz(w, &z, t);
	}
	rho_zip_close(&z);
	return t->code;
}
