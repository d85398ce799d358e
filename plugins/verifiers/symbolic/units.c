/* Units of measurement: whether two words can mean the same. */
#include <string.h>

#include "units.h"

/* Names of one unit stand in one line. */
static const char *const names[][10] = {
	{ "m", "meter", "metre" }, { "cm", "centimeter", "centimetre" }, { "mm", "millimeter", "millimetre" },
	{ "km", "kilometer", "kilometre" }, { "in", "inch", "inches" }, { "ft", "foot", "feet" },
	{ "yd", "yard" }, { "mi", "mile" }, { "s", "sec", "second" }, { "min", "minute" },
	{ "h", "hr", "hour" },
	{ "day" }, { "week", "wk" }, { "month" }, { "year", "yr" }, { "g", "gram" }, { "kg", "kilogram" },
	{ "mg", "milligram" }, { "lb", "lbs", "pound" }, { "oz", "ounce" }, { "ton" },
	{ "l", "liter", "litre" },
	{ "ml", "milliliter", "millilitre" }, { "gallon", "gal" }, { "quart" }, { "pint" }, { "cup" },
	{ "$", "dollar" }, { "cent" }, { "€", "euro" }, { "£" }, { "mph", "miles per hour" },
	{ "kph", "km/h" }, { "degree", "°" }, { "radian" },
};

enum { N = sizeof names / sizeof *names };

static bool is(const char *name, const char *text, size_t n)
{
	return strlen(name) == n && !memcmp(name, text, n);
}

/* Which unit a word is; N: none that is known. */
static size_t which(const char *text, size_t n)
{
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k < 10 && names[i][k]; k++)
			if (is(names[i][k], text, n) ||
			    (n > 3 && text[n - 1] == 's' && is(names[i][k], text, n - 1)))
				return i;
	return N;
}

/* The unit and its power of a text such as "cm^2", "square feet", "cubic inches". */
static size_t read_unit(struct rho_str s, int *power)
{
	char text[48];
	size_t n = 0, from = 0;
	*power = 1;
	for (size_t i = 0; i < s.len && n < sizeof text; i++) {
		char ch = s.at[i];
		if (ch >= 'A' && ch <= 'Z')
			ch = (char)(ch + 32);
		if (ch == '{' || ch == '}' || ch == '\\' || (ch == ' ' && !n))
			continue;
		text[n++] = ch;
	}
	while (n && (text[n - 1] == ' ' || text[n - 1] == '.'))
		n--;
	if (n > 7 && !memcmp(text, "square ", 7)) {
		*power = 2;
		from = 7;
	} else if (n > 6 && !memcmp(text, "cubic ", 6)) {
		*power = 3;
		from = 6;
	} else if (n > 2 && text[n - 2] == '^' && (text[n - 1] == '2' || text[n - 1] == '3')) {
		*power = text[n - 1] - '0';
		n -= 2;
	}
	return which(text + from, n - from);
}

bool units_agree(struct rho_str a, struct rho_str b)
{
	int first, second;
	size_t x = a.len ? read_unit(a, &first) : N, y = b.len ? read_unit(b, &second) : N;
	return x == N || y == N || (x == y && first == second);
}

int units_shown(struct rho_str s)
{
	size_t n = s.len < 24 ? s.len : 24;
	while (n && n < s.len && ((unsigned char)s.at[n] & 0xc0) == 0x80)
		n--;
	return (int)n;
}
