/* Program: an answer is a chain of calculations; each is done again, exactly, and the number it ends in must be the
 * reference's. */
#include <kit/text.h>
#include <rho/rho.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "chain.h"

struct program {
	int steps;
	double tolerance;
};

enum { MUST_HOLD, ANNOTATED, IGNORED };
static const char *const step_rules[] = { "must_hold", "annotated", "ignored", NULL };

static const struct rho_param params[] = {
	RHO_CHOICE(struct program, steps, MUST_HOLD, step_rules,
		   "which calculations must be right: all that are found, those in <<...>>, or none"),
	RHO_F64(struct program, tolerance, 0, 0, 0.1,
		"how far a step's stated result may be from the exact one, relative to it; 0: not at all"),
	RHO_END
};

static int quoted(struct rho_str s) { return (int)rho_str_head(s, 32).len; }

static void say(struct rho_verdict *, uint32_t ruling, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void say(struct rho_verdict *v, uint32_t ruling, const char *fmt, ...)
{
	va_list args;
	v->ruling = ruling;
	v->score = ruling == RHO_RIGHT ? 1 : 0;
	va_start(args, fmt);
	vsnprintf(v->why, sizeof(v->why), fmt, args);
	va_end(args);
}

/* Of the first step that is wrong. */
static void say_step(const struct chain *c, struct rho_verdict *v)
{
	char is[24], stated[24];
	rho_rational_write(&c->is, is, sizeof(is));
	rho_rational_write(&c->stated, stated, sizeof(stated));
	if (c->by_zero)
		say(v, RHO_WRONG, "step %zu: %.*s divides by 0", c->wrong, quoted(c->wrong_text), c->wrong_text.at);
	else
		say(v, RHO_WRONG, "step %zu: %.*s: it is %s and not %s", c->wrong, quoted(c->wrong_text),
		    c->wrong_text.at, is, stated);
}

static void judge(const struct program *p, const struct rho_claim *claim, struct rho_verdict *v)
{
	struct chain want, got;
	char a[40], b[40];
	chain_read(claim->reference, false, 0, &want);
	chain_read(claim->answer, p->steps == MUST_HOLD, p->tolerance, &got);
	rho_rational_write(&got.final, a, sizeof(a));
	rho_rational_write(&want.final, b, sizeof(b));
	bool look = p->steps != IGNORED;
	if (!rho_str_trim(claim->answer).len)
		say(v, RHO_UNREADABLE, "the answer is empty");
	else if (!want.has_final)
		say(v, RHO_UNDECIDED, "the reference's number %s", want.spent ? "is too large" : "is missing");
	else if (!got.has_final && got.spent)
		say(v, RHO_UNDECIDED, "its numbers are too large");
	else if (!got.has_final)
		say(v, RHO_UNREADABLE, "it names no final number and has no step that can be read");
	else if (rho_rational_order(&got.final, &want.final))
		say(v, RHO_WRONG, "%s for %s", a, b);
	else if (look && got.wrong)
		say_step(&got, v);
	else if (look && got.unread)
		say(v, RHO_UNDECIDED, "%s, but step %zu cannot be read: %.*s", a, got.unread, quoted(got.unread_text),
		    got.unread_text.at);
	else if (look && got.spent)
		say(v, RHO_UNDECIDED, "%s, but a step's numbers are too large", a);
	else
		say(v, RHO_RIGHT, "%s; steps%s: %zu", a, look ? " that hold" : ", not looked at", got.steps);
}

struct work {
	const struct program *p;
	const struct rho_claim *claim;
	struct rho_verdict *verdict;
};

static void judge_range(void *arg, size_t from, size_t to)
{
	const struct work *w = arg;
	for (size_t i = from; i < to; i++)
		judge(w->p, &w->claim[i], &w->verdict[i]);
}

static int program_verify(struct rho_ctx *c, void *self, const struct rho_claim *claim, size_t n,
			  struct rho_verdict *verdict)
{
	struct work w = { self, claim, verdict };
	rho_parallel(c, n, judge_range, &w);
	return 0;
}

static const struct rho_verifier program_verifier = { .size = sizeof program_verifier, .verify = program_verify };

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_VERIFIER), .name = "program", .version = "1.0.0", .revision = 1,
	.brief = "a chain of calculations, each done again, and the number it ends in",
	.params = params, .self_size = sizeof(struct program), .verifier = &program_verifier,
};
