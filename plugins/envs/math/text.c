/* Text: the numbers of a word problem, in digits and in words, with what stands around them. */
#include <string.h>

#include "cues.h"
#include "problem.h"

enum { MOST_TOKENS = 1024, NEAR = 3, NO_QUANTITY = 255, MOST_SAME = 2 };

struct token {
	uint32_t from, to;              /* bytes of the text */
	uint32_t hash;                  /* of a word */
	int16_t  cue;                   /* class, or -1 */
	uint8_t  sentence, quantity;    /* NO_QUANTITY: a word that is no number */
	bool     money;
};

struct reading {
	struct rho_str text;
	struct math_quantity *q;        /* (MATH_MOST_TEXT) */
	size_t n_q, n;
	uint8_t sentence, asking;       /* asking: the last sentence with a question mark, else the last */
	bool asked;
	struct token token[MOST_TOKENS];        /* (n) */
};

static char lower(char ch) { return ch >= 'A' && ch <= 'Z' ? (char)(ch + 32) : ch; }
static bool is_letter(char ch) { return lower(ch) >= 'a' && lower(ch) <= 'z'; }
static bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }

uint32_t math_word_hash(struct rho_str s)
{
	uint32_t h = 2166136261u;
	size_t n = s.len > 3 && lower(s.at[s.len - 1]) == 's' && lower(s.at[s.len - 2]) != 's' ? s.len - 1 : s.len;
	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)lower(s.at[i])) * 16777619u;
	return h < 2 ? h + 2 : h;
}

void math_set_value(struct math_quantity *q, struct math_fraction v)
{
	uint64_t x = ((uint64_t)v.p * 0x9e3779b97f4a7c15u) ^ ((uint64_t)v.q * 0xc2b2ae3d27d4eb4fu);
	x = (x ^ x >> 32) * 0xd6e8feb86659fd93u;
	q->value = v;
	q->size = (double)v.p / (double)v.q;
	q->hash = (uint32_t)(x >> 32);
}

static char byte_at(const struct reading *r, size_t i) { return i < r->text.len ? r->text.at[i] : '\0'; }

/* Appends a quantity unless the text has that value twice already, or has too many; gives its number. */
static uint8_t add_quantity(struct reading *r, struct math_fraction v, enum math_kind kind)
{
	size_t same = 0;
	for (size_t i = 0; i < r->n_q; i++)
		same += math_same(r->q[i].value, v);
	if (!v.q || same >= MOST_SAME || r->n_q == MATH_MOST_TEXT)
		return NO_QUANTITY;
	r->q[r->n_q] = (struct math_quantity){ .kind = (uint8_t)kind, .sentence = r->sentence,
	                                       .order = (uint8_t)r->n_q };
	math_set_value(&r->q[r->n_q], v);
	return (uint8_t)r->n_q++;
}

/* Adds a token; NULL where there are too many. */
static struct token *add_token(struct reading *r, size_t from, size_t to)
{
	if (r->n == MOST_TOKENS)
		return NULL;
	struct token *t = &r->token[r->n++];
	*t = (struct token){ .from = (uint32_t)from, .to = (uint32_t)to, .cue = -1, .sentence = r->sentence,
	                     .quantity = NO_QUANTITY };
	return t;
}

/* The token before, if it is a number and only a blank or a hyphen is between it and `from`. */
static struct math_quantity *joined(struct reading *r, size_t from)
{
	const struct token *t = r->n ? &r->token[r->n - 1] : NULL;
	if (!t || t->quantity == NO_QUANTITY || from != t->to + 1u)
		return NULL;
	return byte_at(r, t->to) == ' ' || byte_at(r, t->to) == '-' ? &r->q[t->quantity] : NULL;
}

/* A number in digits at `at`: also 3/4, 2 1/2, 20%. Gives where it ends. */
static size_t read_digits(struct reading *r, size_t at)
{
	struct rho_str rest = { r->text.at + at, r->text.len - at };
	struct math_fraction v, bottom;
	size_t end = at + math_fraction_read(rest, &v), n = 0;
	const char *front = r->text.at + at;
	bool money = at && (front[-1] == '$' || (at > 1 && front[-1] == ' ' && front[-2] == '$'));
	if (end == at) {        /* too long: passed over */
		while (is_digit(byte_at(r, end)) || byte_at(r, end) == ',' || byte_at(r, end) == '.')
			end++;
		return end;
	}
	if (byte_at(r, end) == '/' && is_digit(byte_at(r, end + 1)))
		n = math_fraction_read((struct rho_str){ r->text.at + end + 1, r->text.len - end - 1 }, &bottom);
	struct math_fraction share = n ? math_do(v, '/', bottom) : (struct math_fraction){ 0 };
	if (n && share.q) {
		struct math_quantity *whole = joined(r, at);
		struct math_fraction mixed = whole ? math_do(whole->value, '+', share) : share;
		if (whole && whole->kind == MATH_NUMBER && whole->value.q == 1 && share.p < share.q && mixed.q) {
			math_set_value(whole, mixed);
			whole->kind = MATH_FRACTION;
			r->token[r->n - 1].to = (uint32_t)(end + 1 + n);
			return end + 1 + n;
		}
		end += 1 + n;
		uint8_t q = add_quantity(r, share, MATH_FRACTION);
		add_quantity(r, bottom, MATH_PART);
		if (v.p != 1)
			add_quantity(r, v, MATH_PART);
		struct token *t = add_token(r, at, end);
		if (t)
			t->quantity = q;
		return end;
	}
	size_t mark = end;
	while (byte_at(r, mark) == ' ' || byte_at(r, mark) == '\\')
		mark++;
	bool percent = byte_at(r, mark) == '%' || (mark < r->text.len && r->text.len - mark >= 7 &&
	                                           !memcmp(r->text.at + mark, "percent", 7));
	uint8_t q = add_quantity(r, v, percent ? MATH_PERCENT : MATH_NUMBER);
	if (percent)
		add_quantity(r, math_do(v, '/', (struct math_fraction){ 100, 1 }), MATH_SHARE);
	struct token *t = add_token(r, at, end);
	if (t) {
		t->quantity = q;
		t->money = money;
	}
	return end;
}

/* A word that is a number: "twenty-five", "two thirds" and "3 hundred" go with the number `before` it, or NULL. */
static void read_number_word(struct reading *r, struct token *t, struct math_quantity *before, int64_t p, int64_t q)
{
	struct math_fraction v = { p, q }, sum;
	bool scale = q == 1 && (p == 100 || p == 1000), units = q == 1 && p < 10;
	if (before && scale) {
		sum = math_do(before->value, '*', v);
	} else if (before && units && before->kind == MATH_WORD && before->value.q == 1 && before->value.p >= 20 &&
	           before->value.p % 10 == 0) {
		sum = math_do(before->value, '+', v);
	} else {
		if (before && q > 1 && before->value.q == 1 && before->value.p < q) {
			struct math_fraction share = math_do(before->value, '*', v);
			add_quantity(r, share, MATH_FRACTION);
			add_quantity(r, (struct math_fraction){ q, 1 }, MATH_PART);
			return;
		}
		t->quantity = add_quantity(r, v, q > 1 ? MATH_FRACTION : MATH_WORD);
		if (q > 2)
			add_quantity(r, (struct math_fraction){ q, 1 }, MATH_PART);
		return;
	}
	math_set_value(before, sum.q ? sum : v);
	t->quantity = (uint8_t)(before - r->q);
}

static size_t read_word(struct reading *r, size_t at)
{
	char word[32];
	size_t end = at, n = 0;
	for (; is_letter(byte_at(r, end)); end++)
		if (n < sizeof word)
			word[n++] = lower(r->text.at[end]);
	struct math_quantity *before = joined(r, at);
	struct token *t = add_token(r, at, end);
	struct rho_str s = { word, n };
	int64_t p, q;
	if (!t || end - at > sizeof word)
		return end;
	t->hash = math_word_hash(s);
	t->cue = (int16_t)math_cue(s);
	if (math_number_word(s, &p, &q)) {
		read_number_word(r, t, before, p, q);
	} else if (before && before->kind == MATH_WORD && s.len == 7 && !memcmp(s.at, "percent", 7)) {
		before->kind = MATH_PERCENT;
		add_quantity(r, math_do(before->value, '/', (struct math_fraction){ 100, 1 }), MATH_SHARE);
	}
	return end;
}

static void read_all(struct reading *r)
{
	for (size_t at = 0; at < r->text.len; ) {
		char ch = r->text.at[at], next = byte_at(r, at + 1);
		if (is_digit(ch) || (ch == '.' && is_digit(next))) {
			at = read_digits(r, at);
			continue;
		}
		if (is_letter(ch)) {
			at = read_word(r, at);
			continue;
		}
		bool blank = next == ' ' || next == '\n' || next == '\0' || next == '"';
		if (ch == '?') {
			r->asking = r->sentence;
			r->asked = true;
		}
		if ((ch == '.' || ch == '?' || ch == '!') && blank && r->sentence < 254)
			r->sentence++;
		at++;
	}
	if (!r->asked)
		r->asking = r->n ? r->token[r->n - 1].sentence : 0;
}

/* What a number counts: the first word behind it that says no more about how many. */
static uint32_t unit_of(const struct reading *r, size_t at)
{
	static const char *const passed[] = { "of", "the", "more", "less", "fewer", "percent", "other", "different",
	                                      "new", "additional", "as", "times", "a", "an", "large", "small" };
	if (r->token[at].money)
		return 1;
	for (size_t i = at + 1; i < r->n && i <= at + 3 && r->token[i].sentence == r->token[at].sentence; i++) {
		bool skip = r->token[i].quantity != NO_QUANTITY;
		for (size_t j = 0; j < sizeof passed / sizeof *passed && !skip; j++)
			skip = r->token[i].hash == math_word_hash((struct rho_str){ passed[j], strlen(passed[j]) });
		if (!skip)
			return r->token[i].hash;
	}
	return 0;
}

static uint64_t bit_of(const struct token *t) { return t->cue < 0 ? 0 : (uint64_t)1 << t->cue; }

/* The cues around token `at`, which is a number. */
static void look_around(const struct reading *r, size_t at, struct math_quantity *q)
{
	size_t from = at > NEAR ? at - NEAR : 0, to = at + NEAR < r->n ? at + NEAR + 1 : r->n;
	uint64_t ahead = 0, behind = 0;
	for (size_t i = from; i < to; i++)
		if (r->token[i].sentence == r->token[at].sentence)
			*(i > at ? &ahead : &behind) |= i == at ? 0 : bit_of(&r->token[i]);
	q->ahead = math_cue_groups(ahead, MATH_AHEAD);
	q->behind = math_cue_groups(behind, MATH_BEHIND);
	q->unit = unit_of(r, at);
	q->asked = r->token[at].sentence == r->asking;
}

/* What is asked for: the word after "how many", money after "how much". */
static uint32_t asked_unit(const struct reading *r)
{
	uint32_t many = math_word_hash((struct rho_str){ "many", 4 });
	uint32_t much = math_word_hash((struct rho_str){ "much", 4 });
	for (size_t i = 0; i + 1 < r->n; i++) {
		if (r->token[i].sentence != r->asking)
			continue;
		if (r->token[i].hash == many)
			return r->token[i + 1].hash;
		if (r->token[i].hash == much)
			return 1;
	}
	return 0;
}

void math_read_text(struct rho_str text, struct math_problem *p, struct math_quantity *q)
{
	struct reading r;
	r.text = text;
	r.q = q;
	r.n_q = r.n = 0;
	r.sentence = r.asking = 0;
	r.asked = false;
	read_all(&r);
	for (size_t i = 0; i < r.n; i++)
		if (r.token[i].quantity != NO_QUANTITY)
			look_around(&r, i, &q[r.token[i].quantity]);
	/* Parts and shares stand where the number stands that they come from. */
	for (size_t i = 1; i < r.n_q; i++) {
		bool again = q[i].kind == MATH_PART || q[i].kind == MATH_SHARE;
		q[i].mention = (uint8_t)(q[i - 1].mention + !again);
		if (again) {
			q[i].ahead = q[i - 1].ahead;
			q[i].behind = q[i - 1].behind;
			q[i].unit = q[i - 1].unit;
			q[i].asked = q[i - 1].asked;
		}
	}
	uint64_t asks = 0;
	for (size_t i = 0; i < r.n; i++)
		if (r.token[i].sentence == r.asking)
			asks |= bit_of(&r.token[i]);
	p->asks = math_cue_groups(asks, MATH_ASKS);
	p->n_quantities = (uint16_t)r.n_q;
	p->asked_unit = asked_unit(&r);
}
