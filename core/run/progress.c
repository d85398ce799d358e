/* progress.c: a bar, or plain lines, on standard error. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../base/buf.h"
#include "clock.h"
#include "progress.h"

static const double PLAIN_EVERY = 5; /* seconds between plain lines */

void rho_progress_init(struct rho_progress *p, bool quiet)
{
	const char *term = getenv("TERM");
	*p = (struct rho_progress){ .quiet = quiet, .last = rho_clock() };
	p->terminal = isatty(2) && term && strcmp(term, "dumb");
}

void rho_progress_clear(struct rho_progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
}

void rho_progress_say(struct rho_progress *p, const char *fmt, ...)
{
	va_list ap;
	if (p->quiet)
		return;
	rho_progress_clear(p);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	p->last = rho_clock();
}

static void put_rate(struct rho_buf *b, double rate, const char *of)
{
	if (rate >= 999.5e3)
		rho_buf_printf(b, "%.3g M %s/s", rate / 1e6, of);
	else if (rate >= 999.5)
		rho_buf_printf(b, "%.3g k %s/s", rate / 1e3, of);
	else
		rho_buf_printf(b, "%.3g %s/s", rate, of);
}

static void put_left(struct rho_buf *b, double seconds)
{
	if (seconds < 90)
		rho_buf_printf(b, "%.0f s left", seconds);
	else if (seconds < 90 * 60)
		rho_buf_printf(b, "%.0f min left", seconds / 60);
	else
		rho_buf_printf(b, "%.1f h left", seconds / 3600);
}

static void put_bar(struct rho_buf *b, double done, size_t width)
{
	size_t full = (size_t)(done * (double)width + 0.5);
	rho_buf_str(b, "[");
	for (size_t i = 0; i < width; i++)
		rho_buf_str(b, i < full ? "#" : ".");
	rho_buf_str(b, "] ");
}

static size_t columns(void)
{
	struct winsize w = { 0 };
	return ioctl(2, TIOCGWINSZ, &w) || !w.ws_col ? 80 : w.ws_col;
}

/* Shows a line of text, after a bar where there is a terminal to draw one on. */
static void draw(struct rho_progress *p, const struct rho_buf *text, double done)
{
	struct rho_buf line = { 0 };
	size_t room = columns() - 1, bar;
	if (p->terminal) {
		bar = room > text->len + 3 ? room - text->len - 3 : 0;
		if (bar >= 10)
			put_bar(&line, done, bar > 30 ? 30 : bar);
		rho_buf_str(&line, text->at);
		fprintf(stderr, "\r%.*s\033[K", (int)room, line.at);
		p->drawn = true;
	} else {
		fprintf(stderr, "%s\n", text->at);
	}
	fflush(stderr);
	p->last = rho_clock();
	rho_buf_free(&line);
}

static bool due(const struct rho_progress *p)
{
	return !p->quiet && (p->terminal || rho_clock() - p->last >= PLAIN_EVERY);
}

static void put_rate_and_left(const struct rho_progress *p, struct rho_buf *text, const char *of,
                              uint64_t left)
{
	if (!(p->rate > 0))
		return;
	rho_buf_str(text, ", ");
	put_rate(text, p->rate, of);
	rho_buf_str(text, ", ");
	put_left(text, (double)left / p->rate);
}

void rho_progress_cells(struct rho_progress *p, size_t ended, size_t cells, uint64_t made, uint64_t left)
{
	struct rho_buf text = { 0 };
	double now = rho_clock(), since = now - p->rate_at;
	if (p->rate_at <= 0) {
		p->rate_at = now;
		p->rate_made = made;
	} else if (since >= 0.5 && made >= p->rate_made) {
		double rate = (double)(made - p->rate_made) / since;
		p->rate = p->rate > 0 ? p->rate + (rate - p->rate) * (since > 5 ? 1 : since / 5) : rate;
		p->rate_at = now;
		p->rate_made = made;
	}
	if (!due(p))
		return;
	rho_buf_printf(&text, "%zu of %zu cells", ended, cells);
	put_rate_and_left(p, &text, "decisions", left);
	draw(p, &text, made + left ? (double)made / (double)(made + left) : 1);
	rho_buf_free(&text);
}

void rho_progress_rows(struct rho_progress *p, const char *what, uint64_t done, uint64_t rows)
{
	struct rho_buf text = { 0 };
	double now = rho_clock();
	if (p->rate_at <= 0) {
		p->rate_at = now;
		p->rate_made = done;
	} else if (done > p->rate_made) { /* rows come in batches: over all the time so far */
		p->rate = (double)(done - p->rate_made) / (now - p->rate_at);
	}
	if (!due(p))
		return;
	rho_buf_printf(&text, "%s: %llu of %llu", what, (unsigned long long)done, (unsigned long long)rows);
	put_rate_and_left(p, &text, "rows", rows - done);
	draw(p, &text, rows ? (double)done / (double)rows : 1);
	rho_buf_free(&text);
}

void rho_progress_step(struct rho_progress *p, const char *what, double done)
{
	struct rho_buf text = { 0 };
	double now = rho_clock();
	if (p->step_at <= 0 || done < p->step_done) {
		p->step_at = now;
		p->step_from = done;
	}
	p->step_done = done;
	if (!due(p))
		return;
	rho_buf_str(&text, what);
	if (done > 0)
		rho_buf_printf(&text, ": %.0f%%", done * 100);
	if (done > p->step_from && done < 1 && now - p->step_at > 1) {
		rho_buf_str(&text, ", ");
		put_left(&text, (now - p->step_at) * (1 - done) / (done - p->step_from));
	}
	draw(p, &text, done);
	rho_buf_free(&text);
}
