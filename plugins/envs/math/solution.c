/* Solutions: which steps a worked solution takes, in whatever order they may be taken. An expression is cut
 * into runs, sums and products of several terms; of a run of up to MOST_FREE terms any two parts may be put
 * together, of a longer one the terms from left to right. */
#include <stdlib.h>
#include <string.h>

#include "problem.h"

enum { MOST_TERMS = 16, MOST_FREE = 4, MOST_DEPTH = 12 };

struct parser {
	struct rho_str s;
	size_t at;
	int depth;
	struct math_problem *p;         /* NULL: right steps are not wanted */
	struct math_good *good;         /* (MATH_MOST_GOOD) */
	struct math_worked *worked;     /* (most) the steps as they stand; NULL: not wanted */
	size_t n_worked, most;
};

/* Of a sum or a product; inverse: subtracted, or divided by. `value` has that in it. */
struct term { struct math_fraction value; bool inverse; };

static uint64_t value_key(struct math_fraction v)
{
	uint64_t x = ((uint64_t)v.p + 0x632be59bd9b4e019u) * 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 29 ^ (uint64_t)v.q * 0xc2b2ae3d27d4eb4fu) * 0xbf58476d1ce4e5b9u;
	return x ^ x >> 32;
}

/* Of two terms to be added (multiplied), in either order. */
static uint64_t pair_key(struct math_fraction a, struct math_fraction b, bool product)
{
	return (value_key(a) + value_key(b)) << 1 | product;
}

uint64_t math_step_key(struct math_fraction a, char op, struct math_fraction b)
{
	static const struct math_fraction zero = { 0, 1 }, one = { 1, 1 };
	if (op == '-')
		return pair_key(a, math_do(zero, '-', b), false);
	if (op == '/')
		return pair_key(a, math_do(one, '/', b), true);
	return pair_key(a, b, op == '*');
}

static void add_good(struct parser *w, struct math_fraction a, struct math_fraction b, bool product)
{
	if (a.q && b.q && w->p->n_good < MATH_MOST_GOOD)
		w->good[w->p->n_good++] = (struct math_good){ pair_key(a, b, product), w->p->n_runs };
}

/* What the terms of the set `set` come to; flipped: without the minus (the division) before each. */
static struct math_fraction put_together(const struct term *term, size_t n, unsigned set, bool product, bool flipped)
{
	struct math_fraction unit = { product, 1 }, v = unit;
	for (size_t i = 0; i < n; i++)
		if (set >> i & 1)
			v = math_do(v, product ? '*' : '+', term[i].value);
	return flipped ? math_do(unit, product ? '/' : '-', v) : v;
}

/* Adds the right steps of a run of n terms, at least two. What is subtracted twice may be added first: 16 - 3 - 4 is
 * 16 - (3 + 4). */
static void add_right(struct parser *w, const struct term *term, size_t n, bool product)
{
	unsigned inverse = 0;
	if (w->p->n_runs >= MATH_MOST_RUNS)
		return;
	for (size_t i = 0; i < n; i++)
		inverse |= (unsigned)term[i].inverse << i;
	for (unsigned a = 1; n <= MOST_FREE && a < 1u << n; a++)
		for (unsigned b = a + 1; b < 1u << n; b++) {
			bool flipped = !((a | b) & ~inverse);
			if (!(a & b))
				add_good(w, put_together(term, n, a, product, flipped),
				         put_together(term, n, b, product, flipped), product);
		}
	for (size_t i = 1; n > MOST_FREE && i < n; i++)
		add_good(w, put_together(term, n, (1u << i) - 1, product, false), term[i].value, product);
	w->p->run_steps[w->p->n_runs++] = (uint8_t)(n - 1);
}

/* Adds the run as steps from left to right. */
static void add_worked(struct parser *w, const struct term *term, size_t n, bool product)
{
	struct math_fraction v = term[0].value, unit = { product, 1 };
	for (size_t i = 1; i < n && w->n_worked < w->most; i++) {
		struct math_worked *k = &w->worked[w->n_worked++];
		char op = product ? '*' : '+', back = product ? '/' : '-';
		k->a = v;
		k->op = term[i].inverse ? back : op;
		k->b = term[i].inverse ? math_do(unit, back, term[i].value) : term[i].value;
		k->result = v = math_do(v, op, term[i].value);
	}
}

/* Adds the run's steps; terms that change nothing are no steps. Gives what it comes to. */
static struct math_fraction add_run(struct parser *w, const struct term *all, size_t n_all, bool product)
{
	struct term term[MOST_TERMS];
	struct math_fraction v = { product, 1 };
	size_t n = 0;
	for (size_t i = 0; i < n_all; i++)
		if (!math_same(all[i].value, (struct math_fraction){ product, 1 }))
			term[n++] = all[i];
	if (n >= 2 && w->p)
		add_right(w, term, n, product);
	if (n >= 2 && w->worked)
		add_worked(w, term, n, product);
	for (size_t i = 0; i < n; i++)
		v = math_do(v, product ? '*' : '+', term[i].value);
	return v;
}

static char peek(struct parser *w)
{
	while (w->at < w->s.len && (w->s.at[w->at] == ' ' || w->s.at[w->at] == '$'))
		w->at++;
	return w->at < w->s.len ? w->s.at[w->at] : '\0';
}

static struct math_fraction read_sum(struct parser *w);

/* A number, with % behind it a hundredth; or a sum in parentheses. q 0: neither. */
static struct math_fraction read_atom(struct parser *w)
{
	struct math_fraction v = { 0, 0 };
	if (peek(w) == '(') {
		if (++w->depth > MOST_DEPTH)
			return v;
		w->at++;
		v = read_sum(w);
		w->depth--;
		if (peek(w) != ')')
			return (struct math_fraction){ 0, 0 };
		w->at++;
		return v;
	}
	w->at += math_fraction_read((struct rho_str){ w->s.at + w->at, w->s.len - w->at }, &v);
	if (v.q && peek(w) == '%') {
		w->at++;
		v = math_do(v, '/', (struct math_fraction){ 100, 1 });
	}
	return v;
}

static struct math_fraction read_product(struct parser *w)
{
	static const struct math_fraction one = { 1, 1 };
	struct term term[MOST_TERMS];
	size_t n = 0;
	char op = '*';
	while (n < MOST_TERMS) {
		struct math_fraction v = read_atom(w);
		if (!v.q)
			return v;
		term[n] = (struct term){ op == '/' ? math_do(one, '/', v) : v, op == '/' };
		if (!term[n++].value.q)
			return (struct math_fraction){ 0, 0 };
		op = peek(w);
		if (op != '*' && op != '/')
			return add_run(w, term, n, true);
		w->at++;
	}
	return (struct math_fraction){ 0, 0 };
}

static struct math_fraction read_sum(struct parser *w)
{
	static const struct math_fraction zero = { 0, 1 };
	struct term term[MOST_TERMS];
	size_t n = 0;
	char op = peek(w);
	if (op == '+' || op == '-')
		w->at++;
	while (n < MOST_TERMS) {
		struct math_fraction v = read_product(w);
		if (!v.q)
			return v;
		term[n++] = (struct term){ op == '-' ? math_do(zero, '-', v) : v, op == '-' };
		op = peek(w);
		if (op != '+' && op != '-')
			return add_run(w, term, n, false);
		w->at++;
	}
	return (struct math_fraction){ 0, 0 };
}

static int by_key(const void *a, const void *b)
{
	const struct math_good *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->run > y->run) - (x->run < y->run);
}

/* Reads the expression s[from .. to). */
static struct math_fraction read_part(struct parser *w, struct rho_str s, size_t from, size_t to)
{
	w->s = (struct rho_str){ s.at + from, to - from };
	w->at = 0;
	w->depth = 0;
	struct math_fraction v = read_sum(w);
	peek(w);
	return w->at == w->s.len ? v : (struct math_fraction){ 0, 0 };
}

static bool of_expression(char ch) { return ch && strchr("0123456789.,+-*/()$% ", ch); }

/* An expression in plain text, which ends at the = at `end`: taken where it comes to what stands behind it. One
 * that an annotation repeats is not. */
static void read_plain(struct parser *w, struct rho_str s, size_t end)
{
	struct math_fraction stated;
	size_t from = end, after = end + 1;
	struct parser probe = { 0 };
	while (from && of_expression(s.at[from - 1]))
		from--;
	while (from < end && strchr(" .,+*/)%", s.at[from]))
		from++;
	while (after < s.len && (s.at[after] == ' ' || s.at[after] == '$'))
		after++;
	if (!math_fraction_read((struct rho_str){ s.at + after, s.len - after }, &stated))
		return;
	struct math_fraction v = read_part(&probe, s, from, end);
	if (v.q && math_same(v, stated))
		read_part(w, s, from, end);
}

/* Reads every annotation of the solution, and what is worked out without one. */
static void read_solution(struct parser *w, struct rho_str solution)
{
	for (size_t at = 0; at + 1 < solution.len; at++) {
		if (solution.at[at] == '=')
			read_plain(w, solution, at);
		if (solution.at[at] != '<' || solution.at[at + 1] != '<')
			continue;
		size_t from = at + 2, end = from;
		while (end < solution.len && solution.at[end] != '=' && solution.at[end] != '>')
			end++;
		read_part(w, solution, from, end);
		while (end < solution.len && solution.at[end] != '>')
			end++;
		at = end;
	}
}

void math_read_solution(struct rho_str solution, struct math_problem *p, struct math_good *good)
{
	struct parser w = { .p = p, .good = good };
	p->n_good = p->n_runs = 0;
	read_solution(&w, solution);
	qsort(good, p->n_good, sizeof *good, by_key);
}

size_t math_worked_steps(struct rho_str solution, struct math_worked *out, size_t most)
{
	struct parser w = { .worked = out, .most = most };
	read_solution(&w, solution);
	return w.n_worked;
}

struct math_fraction math_read_answer(struct rho_str s)
{
	static const struct math_fraction none = { 0, 0 }, zero = { 0, 1 };
	struct math_fraction v, w = { 1, 1 };
	size_t i = 0, n;
	bool minus = false, frac = false;
	while (i < s.len && (s.at[i] == ' ' || s.at[i] == '$' || s.at[i] == '-' || s.at[i] == '\\')) {
		minus ^= s.at[i] == '-';
		if (s.len - i >= 6 && !memcmp(s.at + i, "\\frac{", 6)) {
			frac = true;
			i += 5;
		}
		i++;
	}
	n = math_fraction_read((struct rho_str){ s.at + i, s.len - i }, &v);
	if (!n)
		return none;
	i += n;
	size_t bar = frac ? 2 : 1;
	if ((frac && s.len - i >= 2 && !memcmp(s.at + i, "}{", 2)) || (!frac && i < s.len && s.at[i] == '/')) {
		if (!(n = math_fraction_read((struct rho_str){ s.at + i + bar, s.len - i - bar }, &w)))
			return none;
		i += bar + n + frac;
	} else if (frac) {
		return none;
	}
	while (i < s.len && (s.at[i] == ' ' || s.at[i] == '%' || s.at[i] == '$' || s.at[i] == '\\'))
		i++;
	if (i != s.len)
		return none;
	v = math_do(v, '/', w);
	return minus ? math_do(zero, '-', v) : v;
}
