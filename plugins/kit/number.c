/* number.c: strict readers for numbers and moments. */
#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool rho_read_i64(struct rho_str s, int64_t *out)
{
	size_t i = s.len && (s.at[0] == '-' || s.at[0] == '+');
	bool minus = i && s.at[0] == '-';
	uint64_t v = 0, most = (uint64_t)INT64_MAX + minus;
	if (i == s.len)
		return false;
	for (; i < s.len; i++) {
		uint64_t digit = (uint64_t)(unsigned char)s.at[i] - '0';
		if (digit > 9 || v > (most - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = minus ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

bool rho_read_f64(struct rho_str s, double *out)
{
	char copy[64];
	if (!s.len || s.len >= sizeof(copy))
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!is_digit(s.at[i]) && !strchr("+-.eE", s.at[i]))
			return false;
	memcpy(copy, s.at, s.len);
	copy[s.len] = 0;
	char *end;
	double v = strtod(copy, &end);
	if (end != copy + s.len || !isfinite(v))
		return false;
	*out = v;
	return true;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar: years counted from March, so that
 * the leap day is a year's last. */
static int64_t days(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t of_year = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
	return 365 * y + y / 4 - y / 100 + y / 400 + of_year - 719468;
}

/* `width` digits at s.at[from] within lo .. hi. */
static bool part(struct rho_str s, size_t from, size_t width, int64_t lo, int64_t hi, int64_t *out)
{
	struct rho_str digits = { s.at + from, width };
	return from + width <= s.len && is_digit(digits.at[0]) && rho_read_i64(digits, out)
	       && *out >= lo && *out <= hi;
}

static bool read_date(struct rho_str s, int64_t *out)
{
	static const int64_t length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int64_t y, m, d;
	if (s.len != 10 || s.at[4] != '-' || s.at[7] != '-' || !part(s, 0, 4, 1, 9999, &y)
	    || !part(s, 5, 2, 1, 12, &m) || !part(s, 8, 2, 1, 31, &d))
		return false;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	if (d > length[m - 1] + (m == 2 && leap))
		return false;
	*out = days(y, m, d) * 86400;
	return true;
}

/* Cuts what may follow the minutes or seconds off *s: ".442536", then "Z" or an offset like "+09:00", whose
 * seconds are given. */
static bool cut_zone(struct rho_str *s, int64_t *offset)
{
	int64_t hours, minutes;
	*offset = 0;
	if (s->len > 16 && s->at[s->len - 1] == 'Z') {
		s->len--;
	} else if (s->len >= 22 && (s->at[s->len - 6] == '+' || s->at[s->len - 6] == '-')) {
		size_t at = s->len - 6;
		if (s->at[at + 3] != ':' || !part(*s, at + 1, 2, 0, 23, &hours) ||
		    !part(*s, at + 4, 2, 0, 59, &minutes))
			return false;
		*offset = (s->at[at] == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
		s->len = at;
	}
	if (s->len > 20 && s->at[19] == '.') {
		for (size_t i = 20; i < s->len; i++)
			if (!is_digit(s->at[i]))
				return false;
		s->len = 19;
	}
	return true;
}

bool rho_read_time(struct rho_str s, int64_t *out)
{
	double number;
	if (rho_read_i64(s, out))
		return true;
	if (rho_read_f64(s, &number) && fabs(number) < 0x1p53) {
		*out = (int64_t)floor(number);
		return true;
	}
	if (s.len == 11 && s.at[10] == 'Z')
		s.len--;
	struct rho_str date = { s.at, s.len < 10 ? s.len : 10 };
	int64_t hour, minute, second = 0, offset;
	if (!read_date(date, out) || !cut_zone(&s, &offset))
		return false;
	if (s.len == 10)
		return true;
	if ((s.at[10] != 'T' && s.at[10] != ' ') || (s.len != 16 && s.len != 19) || s.at[13] != ':'
	    || !part(s, 11, 2, 0, 23, &hour) || !part(s, 14, 2, 0, 59, &minute))
		return false;
	if (s.len == 19 && (s.at[16] != ':' || !part(s, 17, 2, 0, 60, &second)))
		return false;
	*out += hour * 3600 + minute * 60 + second - offset;
	return true;
}
