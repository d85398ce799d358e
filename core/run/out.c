/* out.c: a cell's growing files, and numbers as text. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "out.h"

enum { PIECE = 64 << 10 };

static int cannot(const struct rho_out *o, const char *what, struct rho_buf *why)
{
	int e = errno;
	rho_buf_printf(why, "cannot %s %s: %s", what, o->path, strerror(e));
	if (e == ENOSPC || e == EDQUOT || e == EFBIG)
		rho_buf_str(why,
		            "; make room and run again: what was measured up to the last checkpoint is kept");
	return -1;
}

int rho_out_open(struct rho_out *o, const char *path, uint64_t length, struct rho_buf *why)
{
	struct stat st;
	int fd = open(path, O_WRONLY | O_CLOEXEC | (length ? 0 : O_CREAT), 0666);
	*o = (struct rho_out){ .path = rho_xstrdup(path), .fd = fd, .length = length };
	if (fd < 0 && length && errno == ENOENT)
		goto shorter;
	if (fd < 0 || fstat(fd, &st))
		goto failed;
	if ((uint64_t)st.st_size < length)
		goto shorter;
	if (ftruncate(fd, (off_t)length) || lseek(fd, 0, SEEK_END) < 0)
		goto failed;
	return 0;
shorter:
	rho_out_close(o);
	return 1;
failed:
	cannot(o, "open", why);
	rho_out_close(o);
	return -1;
}

int rho_out_flush(struct rho_out *o, bool sync, struct rho_buf *why)
{
	if (!o->path)
		return 0;
	for (size_t done = 0; done < o->pending.len;) {
		ssize_t n = write(o->fd, o->pending.at + done, o->pending.len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cannot(o, "write", why);
		done += (size_t)n;
	}
	o->length += o->pending.len;
	rho_buf_clear(&o->pending);
	if (sync && fdatasync(o->fd))
		return cannot(o, "write", why);
	return 0;
}

int rho_out_added(struct rho_out *o, struct rho_buf *why)
{
	if (!o->path || o->pending.len < PIECE)
		return 0;
	return rho_out_flush(o, false, why);
}

void rho_out_close(struct rho_out *o)
{
	if (!o->path)
		return;
	if (o->fd >= 0)
		close(o->fd);
	rho_buf_free(&o->pending);
	free(o->path);
	*o = (struct rho_out){ 0 };
}

static void put_shortest(struct rho_buf *b, double v, int from, int to, bool single)
{
	char text[40];
	for (int digits = from; digits <= to; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (single ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v)
			break;
	}
	rho_buf_str(b, isnan(v) ? "nan" : text);
}

void rho_put_double(struct rho_buf *b, double v) { put_shortest(b, v, 15, 17, false); }
void rho_put_float(struct rho_buf *b, float v) { put_shortest(b, (double)v, 6, 9, true); }

/* Length of the UTF-8 sequence at s (n bytes left), 0 when it is none. */
static size_t utf8_len(const unsigned char *s, size_t n)
{
	size_t len = s[0] < 0x80                   ? 1
	             : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
	             : (s[0] & 0xf0) == 0xe0       ? 3
	             : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
	                                           : 0;
	if (!len || len > n)
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

void rho_put_json_str(struct rho_buf *b, const char *at, size_t len)
{
	rho_buf_add(b, "\"", 1);
	for (size_t i = 0; i < len;) {
		unsigned char ch = (unsigned char)at[i];
		size_t n = utf8_len((const unsigned char *)at + i, len - i);
		if (!n)
			rho_buf_str(b, "\xef\xbf\xbd");
		else if (ch == '"' || ch == '\\')
			rho_buf_printf(b, "\\%c", ch);
		else if (ch < 0x20)
			rho_buf_printf(b, "\\u%04x", ch);
		else
			rho_buf_add(b, at + i, n);
		i += n ? n : 1;
	}
	rho_buf_add(b, "\"", 1);
}
