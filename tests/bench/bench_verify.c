/* bench_verify.c: pairs/s of reading and comparing the answers of MATH on one core, and the slowest of them.
 *
 *   bench-verify           the table (real answers from $RHO_REAL_DATA; without it nothing is measured)
 *   bench-verify --pairs   those pairs that are numbers or expressions, in Python's notation, for
 *                          peers/sympy_verify.py: seconds of ours, a tab, one, a tab, the other */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../plugins/verifiers/symbolic/decide.h"
#include "kit/lines.h"
#include "kit/text.h"

enum { REPEATS = 3, MOST_PAIRS = 40000, BUDGET = 5000000 };

struct pair { char *reference, *answer; double seconds; enum decision what; uint64_t steps; bool read; };

static struct pair pairs[MOST_PAIRS];
static size_t n_pairs;
static struct expr reference, answer;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench-verify: %s\n", what);
	exit(1);
}

/* The answer as another hand would write it. */
static char *respelled(const char *text)
{
	static const char *const words[][2] = { { "\\frac", "\\dfrac" }, { "\\left", "" }, { "\\right", "" },
	                                        { "\\cdot", "\\times" }, { "\\text", "\\mbox" } };
	struct rho_text out = { 0 };
	rho_text_adds(&out, "$");
	while (*text) {
		size_t i = 0;
		while (i < 5 && strncmp(text, words[i][0], strlen(words[i][0])))
			i++;
		if (i < 5)
			rho_text_adds(&out, words[i][1]);
		else
			rho_text_add(&out, (struct rho_str){ text, 1 });
		text += i < 5 ? strlen(words[i][0]) : 1;
	}
	rho_text_add(&out, (struct rho_str){ "$", 2 });         /* with the NUL */
	return out.spent ? NULL : out.at;
}

static void add_pair(const char *a, char *b)
{
	if (n_pairs == MOST_PAIRS || !b)
		die("more pairs than there is room for");
	pairs[n_pairs++] = (struct pair){ .reference = strdup(a), .answer = b };
}

/* Every answer with itself in other clothes and with the next one. */
static void add_file(const char *folder, const char *name)
{
	struct rho_trouble trouble = { 0 };
	struct rho_str line;
	char path[1024], *last = NULL;
	snprintf(path, sizeof path, "%s/data/math/%s", folder, name);
	struct rho_lines *lines = rho_lines_open(path, &trouble);
	if (!lines)
		die(trouble.text);
	while (rho_lines_next(lines, &line) > 0) {
		json_t *row = json_loadb(line.at, line.len, 0, NULL);
		const char *text = json_string_value(json_object_get(row, "answer"));
		if (text && *text) {
			add_pair(text, respelled(text));
			if (last)
				add_pair(last, strdup(text));
			free(last);
			last = strdup(text);
		}
		json_decref(row);
	}
	free(last);
	rho_lines_close(lines);
	if (trouble.code)
		die(trouble.text);
}

static void measure(struct decider *d, struct pair *p)
{
	struct decide_options options = { .budget = BUDGET, .digits = 15 };
	struct decided out = { .what = DECIDE_UNKNOWN };
	char why[120];
	p->seconds = 1e9;
	for (int i = 0; i < REPEATS; i++) {
		double start = now();
		p->read = !expr_read(&reference, rho_str_of(p->reference), false, why) &&
		          !expr_read(&answer, rho_str_of(p->answer), false, why);
		if (p->read)
			decide(d, &reference, &answer, &options, &out);
		double took = now() - start;
		p->seconds = took < p->seconds ? took : p->seconds;
	}
	p->what = out.what;
	p->steps = out.steps;
}

/* Writes a tree in Python's notation; false: it is no number or expression. */
static bool python(const struct expr *x, uint32_t at, struct rho_text *out);

static bool python_all(const struct expr *x, const struct expr_node *n, const char *open, const char *between,
                       struct rho_text *out)
{
	bool fine = rho_text_adds(out, open);
	for (uint32_t i = 0; fine && i < n->n; i++) {
		if (i)
			rho_text_adds(out, between);
		fine = python(x, x->child[n->child + i], out);
	}
	return fine && rho_text_adds(out, ")");
}

static bool python_call(const struct expr *x, const struct expr_node *n, struct rho_text *out)
{
	static const char *const names[] = {
		[EXPR_SIN] = "sin(",     [EXPR_COS] = "cos(",     [EXPR_TAN] = "tan(",
		[EXPR_COT] = "cot(",     [EXPR_SEC] = "sec(",     [EXPR_CSC] = "csc(",
		[EXPR_ARCSIN] = "asin(", [EXPR_ARCCOS] = "acos(", [EXPR_ARCTAN] = "atan(",
		[EXPR_EXP] = "exp(",     [EXPR_LN] = "log(",      [EXPR_LOG] = "log(",
	};
	if (n->op >= sizeof names / sizeof *names || !names[n->op])
		return false;
	return python_all(x, n, names[n->op], ", ", out);
}

static bool python(const struct expr *x, uint32_t at, struct rho_text *out)
{
	static const char *const constants[] = { "pi", "E", "I" };
	const struct expr_node *n = &x->node[at];
	if (n->flags & (EXPR_PERCENT | EXPR_DEGREES | EXPR_REPEATS))
		return false;
	switch (n->kind) {
	case EXPR_INTEGER: {
		size_t zeros = 0;
		while (zeros + 1 < n->text.len && n->text.at[zeros] == '0')
			zeros++;
		return rho_text_add(out, (struct rho_str){ n->text.at + zeros, n->text.len - zeros });
	}
	case EXPR_DECIMAL:
		return rho_text_adds(out, "Rational('") && rho_text_add(out, n->text) &&
		       rho_text_adds(out, "')");
	case EXPR_SYMBOL:
		rho_text_adds(out, "v_");
		for (size_t i = 0; i < n->text.len; i++) {
			char ch = n->text.at[i];
			bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
			             (ch >= '0' && ch <= '9');
			rho_text_add(out, plain ? (struct rho_str){ n->text.at + i, 1 } : rho_str_of("_"));
		}
		return true;
	case EXPR_CONSTANT: return n->op <= EXPR_I && rho_text_adds(out, constants[n->op]);
	case EXPR_SUM:      return python_all(x, n, "(", "+", out);
	case EXPR_PRODUCT:  return python_all(x, n, "(", "*", out);
	case EXPR_QUOTIENT:
		return rho_text_adds(out, "(S(") && python(x, x->child[n->child], out) &&
		       rho_text_adds(out, ")/") && python(x, x->child[n->child + 1], out) &&
		       rho_text_adds(out, ")");
	case EXPR_POWER:    return python_all(x, n, "(", ")**(", out);
	case EXPR_NEGATE:   return python_all(x, n, "(-", "", out);
	case EXPR_ROOT:     return python_all(x, n, "root(", ", ", out);
	case EXPR_ABS:      return python_all(x, n, "Abs(", "", out);
	case EXPR_CALL:     return python_call(x, n, out);
	default: return false;
	}
}

static void print_pairs(void)
{
	char why[120];
	for (size_t i = 0; i < n_pairs; i++) {
		struct rho_text a = { 0 }, b = { 0 };
		if (pairs[i].read && !expr_read(&reference, rho_str_of(pairs[i].reference), false, why) &&
		    !expr_read(&answer, rho_str_of(pairs[i].answer), false, why) &&
		    python(&reference, reference.root, &a) && python(&answer, answer.root, &b))
			printf("%.9f\t%.*s\t%.*s\t%d\n", pairs[i].seconds, (int)a.len, a.at, (int)b.len, b.at,
			       (int)pairs[i].what);
		rho_text_free(&a);
		rho_text_free(&b);
	}
}

static int by_seconds(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	return (x->seconds > y->seconds) - (x->seconds < y->seconds);
}

static void print_table(void)
{
	size_t unread = 0, over = 0, unknown = 0;
	double all = 0;
	for (size_t i = 0; i < n_pairs; i++) {
		all += pairs[i].seconds;
		unread += !pairs[i].read;
		unknown += pairs[i].read && pairs[i].what == DECIDE_UNKNOWN;
		over += pairs[i].steps > BUDGET;
	}
	qsort(pairs, n_pairs, sizeof *pairs, by_seconds);
	printf("symbolic: %zu pairs of MATH's answers, read and compared, best of %d\n", n_pairs, REPEATS);
	printf("  %10.0f pairs/s   p50 %.1f us   p99 %.1f us   worst %.1f us (%s for %s)\n",
	       (double)n_pairs / all, 1e6 * pairs[n_pairs / 2].seconds,
	       1e6 * pairs[n_pairs * 99 / 100].seconds, 1e6 * pairs[n_pairs - 1].seconds,
	       pairs[n_pairs - 1].answer, pairs[n_pairs - 1].reference);
	printf("  not read %zu, undecided %zu, over the budget of %d steps %zu\n", unread, unknown, BUDGET,
	       over);
}

int main(int argc, char **argv)
{
	const char *folder = getenv("RHO_REAL_DATA");
	struct decider *d = decider_new();
	if (!folder || !*folder || !d) {
		puts("bench-verify: RHO_REAL_DATA is not set: nothing to measure");
		return 0;
	}
	add_file(folder, "math500.jsonl");
	add_file(folder, "train_answers.jsonl.gz");
	for (size_t i = 0; i < n_pairs; i++)
		measure(d, &pairs[i]);
	if (argc > 1 && !strcmp(argv[1], "--pairs"))
		print_pairs();
	else
		print_table();
	expr_free(&reference);
	expr_free(&answer);
	decider_free(d);
	return 0;
}
