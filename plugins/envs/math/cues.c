/* Cues: the words of school problems that tell sums from products. */
#include <string.h>

#include "cues.h"

/* In order of the alphabet. Words of one class mean about the same for arithmetic: "each" and "every", "left" and
 * "remaining"; forms of a verb are of one class. */
static const struct { const char *word; int class; } cues[] = {
	{ "add", 62 }, { "added", 62 }, { "additional", 39 }, { "adds", 62 }, { "after", 41 },
	{ "age", 31 }, { "all", 53 }, { "already", 42 }, { "also", 39 }, { "altogether", 11 },
	{ "and", 38 }, { "annual", 31 }, { "another", 39 }, { "apiece", 0 }, { "as", 9 }, { "ate", 26 },
	{ "average", 14 }, { "bag", 44 }, { "bags", 44 }, { "before", 42 }, { "both", 54 },
	{ "bought", 24 }, { "box", 44 }, { "boxes", 44 }, { "buy", 24 }, { "buys", 24 }, { "cent", 49 },
	{ "cents", 49 }, { "change", 47 }, { "column", 45 }, { "columns", 45 }, { "combined", 11 },
	{ "cost", 20 }, { "costs", 20 }, { "daily", 28 }, { "day", 28 }, { "days", 28 },
	{ "decrease", 19 }, { "decreased", 19 }, { "difference", 13 }, { "discount", 17 },
	{ "distance", 35 }, { "divided", 43 }, { "dollar", 48 }, { "dollars", 48 }, { "donated", 25 },
	{ "double", 4 }, { "doubled", 4 }, { "doubles", 4 }, { "dozen", 56 }, { "dozens", 56 },
	{ "each", 0 }, { "earn", 22 }, { "earned", 22 }, { "earns", 22 }, { "eat", 26 }, { "eats", 26 },
	{ "equally", 43 }, { "evenly", 43 }, { "every", 0 }, { "extra", 39 }, { "fast", 36 },
	{ "faster", 36 }, { "feet", 35 }, { "fewer", 7 }, { "fifth", 63 }, { "first", 40 },
	{ "fourth", 63 }, { "gained", 18 }, { "gave", 25 }, { "give", 25 }, { "gives", 25 },
	{ "grew", 18 }, { "group", 44 }, { "groups", 44 }, { "grow", 18 }, { "had", 27 }, { "half", 3 },
	{ "halved", 3 }, { "halves", 3 }, { "has", 27 }, { "have", 27 }, { "hour", 32 }, { "hourly", 32 },
	{ "hours", 32 }, { "inches", 35 }, { "increase", 18 }, { "increased", 18 }, { "increases", 18 },
	{ "initially", 42 }, { "just", 58 }, { "kilometers", 35 }, { "later", 41 }, { "left", 12 },
	{ "length", 50 }, { "less", 7 }, { "long", 50 }, { "longer", 50 }, { "lose", 19 }, { "loses", 19 },
	{ "lost", 19 }, { "made", 22 }, { "make", 22 }, { "makes", 22 }, { "many", 51 }, { "mean", 14 },
	{ "meters", 35 }, { "mile", 35 }, { "miles", 35 }, { "minute", 33 }, { "minutes", 33 },
	{ "money", 48 }, { "month", 30 }, { "monthly", 30 }, { "months", 30 }, { "more", 6 },
	{ "much", 52 }, { "need", 57 }, { "needed", 57 }, { "needs", 57 }, { "of", 37 }, { "off", 17 },
	{ "old", 31 }, { "older", 31 }, { "only", 58 }, { "other", 59 }, { "others", 59 }, { "pack", 44 },
	{ "packages", 44 }, { "packs", 44 }, { "page", 45 }, { "pages", 45 }, { "paid", 21 },
	{ "pay", 21 }, { "pays", 21 }, { "per", 1 }, { "percent", 16 }, { "percentage", 16 },
	{ "price", 20 }, { "priced", 20 }, { "profit", 46 }, { "purchased", 24 }, { "quarter", 63 },
	{ "quarters", 63 }, { "raise", 18 }, { "rate", 36 }, { "ratio", 55 }, { "reduced", 17 },
	{ "remain", 12 }, { "remainder", 12 }, { "remaining", 12 }, { "remains", 12 }, { "require", 57 },
	{ "requires", 57 }, { "rest", 12 }, { "row", 45 }, { "rows", 45 }, { "sale", 17 }, { "same", 60 },
	{ "second", 34 }, { "seconds", 34 }, { "sell", 23 }, { "sells", 23 }, { "share", 43 },
	{ "shared", 43 }, { "sold", 23 }, { "speed", 36 }, { "spend", 21 }, { "spends", 21 },
	{ "spent", 21 }, { "split", 43 }, { "started", 42 }, { "sum", 15 }, { "take", 61 },
	{ "takes", 61 }, { "than", 8 }, { "then", 41 }, { "third", 63 }, { "thrice", 5 }, { "times", 2 },
	{ "took", 61 }, { "total", 10 }, { "triple", 5 }, { "tripled", 5 }, { "twice", 4 }, { "use", 26 },
	{ "used", 26 }, { "uses", 26 }, { "week", 29 }, { "weekend", 29 }, { "weekly", 29 },
	{ "weeks", 29 }, { "whole", 53 }, { "wide", 50 }, { "worth", 20 }, { "year", 31 },
	{ "yearly", 31 }, { "years", 31 }, { "younger", 31 },
};

static const struct { const char *word; int64_t p, q; } numbers[] = {
	{ "couple", 2, 1 }, { "double", 2, 1 }, { "doubled", 2, 1 }, { "doubles", 2, 1 },
	{ "dozen", 12, 1 }, { "dozens", 12, 1 }, { "eight", 8, 1 }, { "eighteen", 18, 1 },
	{ "eighth", 1, 8 }, { "eighths", 1, 8 }, { "eighty", 80, 1 }, { "eleven", 11, 1 },
	{ "fifteen", 15, 1 }, { "fifth", 1, 5 }, { "fifths", 1, 5 }, { "fifty", 50, 1 }, { "five", 5, 1 },
	{ "forty", 40, 1 }, { "four", 4, 1 }, { "fourteen", 14, 1 }, { "fourth", 1, 4 },
	{ "fourths", 1, 4 }, { "half", 1, 2 }, { "halved", 1, 2 }, { "halves", 1, 2 },
	{ "hundred", 100, 1 }, { "nine", 9, 1 }, { "nineteen", 19, 1 }, { "ninety", 90, 1 },
	{ "one", 1, 1 }, { "pair", 2, 1 }, { "quadruple", 4, 1 }, { "quarter", 1, 4 },
	{ "quarters", 1, 4 }, { "seven", 7, 1 }, { "seventeen", 17, 1 }, { "seventy", 70, 1 },
	{ "single", 1, 1 }, { "six", 6, 1 }, { "sixteen", 16, 1 }, { "sixth", 1, 6 }, { "sixths", 1, 6 },
	{ "sixty", 60, 1 }, { "ten", 10, 1 }, { "tenth", 1, 10 }, { "tenths", 1, 10 }, { "third", 1, 3 },
	{ "thirds", 1, 3 }, { "thirteen", 13, 1 }, { "thirty", 30, 1 }, { "thousand", 1000, 1 },
	{ "three", 3, 1 }, { "thrice", 3, 1 }, { "triple", 3, 1 }, { "tripled", 3, 1 },
	{ "triples", 3, 1 }, { "twelve", 12, 1 }, { "twenty", 20, 1 }, { "twice", 2, 1 }, { "two", 2, 1 },
};

/* Below 0, 0, above 0 as `word` comes before, is, or comes after `s`. */
static int order(struct rho_str word, const char *s)
{
	size_t n = strlen(s);
	int d = memcmp(word.at, s, n < word.len ? n : word.len);
	return d ? d : (word.len > n) - (word.len < n);
}

int math_cue(struct rho_str word)
{
	size_t from = 0, to = sizeof cues / sizeof *cues;
	while (from < to) {
		size_t at = from + (to - from) / 2;
		int d = order(word, cues[at].word);
		if (!d)
			return cues[at].class;
		if (d < 0)
			to = at;
		else
			from = at + 1;
	}
	return -1;
}

#define C(k) ((uint64_t)1 << (k))

static const uint64_t ahead[] = {
	C(8), C(7), C(6),                               /* than; less, fewer; more */
	C(0), C(1), C(2) | C(9),                        /* each; per; times, as */
	C(28) | C(29) | C(30) | C(31), C(32) | C(33) | C(34),   /* days to years; hours to seconds */
	C(17) | C(19), C(3) | C(4) | C(5) | C(63),      /* off, decrease; half, twice, thrice, third */
	C(12), C(37), C(10) | C(11) | C(53),            /* left; of; total */
	C(44) | C(45) | C(56), C(39) | C(41), C(43),    /* boxes, rows, dozens; also, after; split */
};
static const uint64_t behind[] = {
	C(21) | C(23) | C(25) | C(26), C(18) | C(22) | C(24) | C(62), /* paid, sold, gave, ate; earned, bought, added */
	C(12) | C(59), C(39) | C(41) | C(58), C(0) | C(1),      /* left, other; then, only; each, per */
	C(27) | C(42), C(20) | C(48), C(17) | C(37),    /* has, started; cost, money; off, of */
};
static const uint64_t asks[] = {
	C(10) | C(11) | C(15) | C(53) | C(54), C(12), C(29) | C(30) | C(31),    /* total, both; left; week to year */
	C(8) | C(13), C(6), C(0) | C(1), C(46) | C(47), /* than, difference; more; each, per; profit, change */
	C(14), C(43), C(51), C(16) | C(63), C(32) | C(33) | C(61), /* average; split; many; percent, third; hours */
};

uint16_t math_cue_groups(uint64_t classes, enum math_side side)
{
	static const struct { const uint64_t *group; size_t n; } sides[] = {
		[MATH_AHEAD] = { ahead, sizeof ahead / sizeof *ahead },
		[MATH_BEHIND] = { behind, sizeof behind / sizeof *behind },
		[MATH_ASKS] = { asks, sizeof asks / sizeof *asks },
	};
	unsigned set = 0;
	for (size_t k = 0; k < sides[side].n; k++)
		set |= (unsigned)((classes & sides[side].group[k]) != 0) << k;
	return (uint16_t)set;
}

bool math_number_word(struct rho_str word, int64_t *p, int64_t *q)
{
	size_t from = 0, to = sizeof numbers / sizeof *numbers;
	while (from < to) {
		size_t at = from + (to - from) / 2;
		int d = order(word, numbers[at].word);
		if (!d) {
			*p = numbers[at].p;
			*q = numbers[at].q;
			return true;
		}
		if (d < 0)
			to = at;
		else
			from = at + 1;
	}
	return false;
}
