/* Symbolic: reads answer and reference as mathematics and decides whether they are the same. What costs more
 * than the budget of steps is undecided; there is no clock. */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <rho/rho.h>

#include "decide.h"

struct symbolic {
	int64_t budget, digits;
	double tolerance;
	int percent, extract;
	bool reduced, partial;
};

enum { AUTO, ALWAYS, NEVER };
static const char *const extracts[] = { "auto", "always", "never", NULL };
enum { VALUE, LOOSE };
static const char *const percents[] = { "value", "loose", NULL };

static const struct rho_param params[] = {
	RHO_I64(struct symbolic, budget, 5000000, 1000, 1000000000000,
	        "steps (about: operations on machine words) that one claim may take; more is undecided"),
	RHO_F64(struct symbolic, tolerance, 0, 0, 1,
	        "how far an answer with a decimal point may be off, relative to the reference; 0: exact"),
	RHO_I64(struct symbolic, digits, 15, 0, 1000,
	        "a decimal of so many significant digits or more stands for what it is the rounding of; 0: "
	        "never"),
	RHO_CHOICE(struct symbolic, percent, VALUE, percents, "whether 10% is 0.1 alone, or 10 as well"),
	RHO_CHOICE(struct symbolic, extract, AUTO, extracts,
	           "whether the answer is first taken out of a response: where it looks like one, always, or "
	           "never"),
	RHO_BOOL(struct symbolic, reduced, false,
	         "fractions of integers in an answer must be in lowest terms"),
	RHO_BOOL(struct symbolic, partial, false,
	         "a part of a list's or set's elements gives a part of the score"),
	RHO_END
};

struct job {
	const struct symbolic *s;
	const struct rho_claim *claim;
	struct rho_verdict *verdict;
	atomic_bool no_memory;
};

struct reader { struct expr reference, answer; struct decider *decider; };

static bool holds(struct rho_str s, const char *word)
{
	return s.len && memmem(s.at, s.len, word, strlen(word));
}

/* Prose that leads to a formula: two words or more, and a colon or "is" before the first $. */
static bool leads_to_formula(struct rho_str s)
{
	const char *dollar = memchr(s.at, '$', s.len);
	size_t n = dollar ? (size_t)(dollar - s.at) : 0, words = 0;
	for (size_t i = 0, run = 0; i < n; i++) {
		bool letter = (s.at[i] >= 'a' && s.at[i] <= 'z') || (s.at[i] >= 'A' && s.at[i] <= 'Z');
		run = letter ? run + 1 : 0;
		words += run == 3;
	}
	while (n && s.at[n - 1] == ' ')
		n--;
	return words >= 2 && (s.at[n - 1] == ':' || (n > 2 && !memcmp(s.at + n - 3, " is", 3)));
}

/* A response rather than an answer: it marks one, or is longer than an answer would be. */
static bool is_response(struct rho_str s)
{
	static const char *const marks[] = { "\\boxed", "\\fbox", "####", "nswer", "\nA:" };
	enum { LONG = 160 };
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (holds(s, marks[i]))
			return true;
	return s.len &&
	       (leads_to_formula(s) || (s.len > LONG && memchr(s.at, ' ', s.len) && !holds(s, "\\begin{")));
}

static enum expr_error read_one(const struct symbolic *s, struct expr *x, struct rho_str text, char why[120])
{
	return expr_read(x, text, s->extract == ALWAYS || (s->extract == AUTO && is_response(text)), why);
}

static bool is_words(const struct expr *x) { return x->node[x->root].kind == EXPR_WORDS; }

static void rule(const struct symbolic *s, const struct decided *d, struct rho_verdict *v)
{
	static const uint32_t rulings[] = {
		[DECIDE_DIFFERENT] = RHO_WRONG, [DECIDE_SAME] = RHO_RIGHT, [DECIDE_UNKNOWN] = RHO_UNDECIDED,
	};
	if (d->what == DECIDE_PARTLY) {
		v->ruling = s->partial ? RHO_PARTIAL : RHO_WRONG;
		v->score = s->partial ? (float)d->share : 0;
	} else {
		v->ruling = rulings[d->what];
		v->score = d->what == DECIDE_SAME ? 1 : 0;
	}
	memcpy(v->why, d->why, sizeof v->why);
}

/* False: no memory. */
static bool judge(const struct symbolic *s, struct reader *r, const struct rho_claim *claim,
                  struct rho_verdict *v)
{
	const struct decide_options options = { (uint64_t)s->budget, s->tolerance, s->digits,
		                                s->percent == LOOSE, s->reduced };
	struct decided d;
	char why[120] = "";
	enum expr_error e = read_one(s, &r->reference, claim->reference, why);
	*v = (struct rho_verdict){ .ruling = RHO_UNDECIDED };
	if (e) {
		snprintf(v->why, sizeof v->why, "the reference: %.100s", why);
		return e != EXPR_NO_MEMORY;
	}
	if ((e = read_one(s, &r->answer, claim->answer, why))) {
		v->ruling = RHO_UNREADABLE;
		snprintf(v->why, sizeof v->why, "%s", why);
		return e != EXPR_NO_MEMORY;
	}
	/* Words for a formula: there may be a formula among them. */
	if (s->extract == AUTO && is_words(&r->answer) && !is_words(&r->reference) &&
	    (e = expr_read(&r->answer, claim->answer, true, why))) {
		v->ruling = RHO_WRONG;
		snprintf(v->why, sizeof v->why, "words, without an answer that can be read");
		return e != EXPR_NO_MEMORY;
	}
	decide(r->decider, &r->reference, &r->answer, &options, &d);
	rule(s, &d, v);
	return true;
}

static void judge_some(void *arg, size_t from, size_t to)
{
	struct job *job = arg;
	struct reader r = { .decider = decider_new() };
	bool fine = r.decider;
	for (size_t i = from; fine && i < to; i++)
		fine = judge(job->s, &r, &job->claim[i], &job->verdict[i]);
	if (!fine)
		atomic_store(&job->no_memory, true);
	expr_free(&r.reference);
	expr_free(&r.answer);
	decider_free(r.decider);
}

static int symbolic_verify(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
                           struct rho_verdict *verdict)
{
	struct job job = { .s = self, .claim = claim, .verdict = verdict };
	atomic_init(&job.no_memory, false);
	rho_parallel(c, n, judge_some, &job);
	return atomic_load(&job.no_memory)
	               ? rho_fail(c, RHO_ENOMEM, "no memory to read and compare %zu answers", n)
	               : 0;
}

static const struct rho_verifier symbolic_verifier = {
	.size = sizeof symbolic_verifier, .verify = symbolic_verify,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_VERIFIER),
	.name = "symbolic",
	.version = "1.0.0",
	.revision = 1,
	.brief = "the same mathematics: LaTeX and plain text, compared exactly or to a proved number of "
	         "digits",
	.self_size = sizeof(struct symbolic),
	.params = params,
	.verifier = &symbolic_verifier,
};
