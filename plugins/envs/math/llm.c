/* Llm: candidate steps and answers from a language model, which is asked `answers` times for the next line. What it
 * said is kept in the cache, and read from there when a run goes on or is made again. */
#include <string.h>

#include "env.h"
#include "kit/chat/chat.h"

struct math_asking {
	struct rho_chat *chat;
	struct rho_text question, reply;
};

static const char system_text[] = "You solve a word problem step by step. You write one short step at a time.";
static const char task_text[] =
	"\n\nWrite the next step as one line with its arithmetic, such as \"48 / 2 = 24\", and nothing else. When the"
	" solution is complete, write \"Answer: \" and the answer instead.";

static int open(struct rho_ctx *c, struct math_env *env)
{
	struct rho_trouble t = { 0 };
	struct math_asking *a = rho_alloc(c, 1, sizeof *a);
	struct rho_chat_options o = RHO_CHAT_OPTIONS(env);
	if (!a)
		return RHO_ENOMEM;
	if (!env->cache)
		return rho_fail(c, RHO_EINVAL, "source = \"llm\" keeps what the model says, so that a run can go on and"
		                " be made again: set cache to a folder for it");
	env->asking = a;
	a->chat = rho_chat_open(&o, &t);
	return a->chat ? 0 : rho_fail(c, t.code, "%s", t.text);
}

static void close(struct rho_ctx *c, struct math_env *env)
{
	struct math_asking *a = env->asking;
	if (!a)
		return;
	if (a->chat) {
		struct rho_chat_counts n = rho_chat_counts(a->chat);
		rho_log(c, RHO_INFO, "answers of %s: %llu were kept already; %llu questions were asked, %llu of them"
		        " again", env->model, (unsigned long long)n.kept, (unsigned long long)n.asked,
		        (unsigned long long)n.repeated);
	}
	rho_chat_close(a->chat);
	rho_text_free(&a->question);
	rho_text_free(&a->reply);
}

/* The problem, the steps so far, what is wanted. False: out of memory. */
static bool compose(const struct math_env *env, const struct math_lane *l, struct rho_text *out)
{
	const struct math_said *s = l->said;
	rho_text_clear(out);
	rho_text_adds(out, "Problem:\n");
	rho_text_add(out, rho_column_str(env->text, l->problem->row));
	rho_text_adds(out, s->n_past ? "\n\nSteps so far:" : "\n\nSteps so far: none.");
	for (unsigned k = 0; k < s->n_past; k++) {
		rho_text_adds(out, "\n");
		rho_text_add(out, (struct rho_str){ s->past[k].text, s->past[k].len });
	}
	return rho_text_adds(out, task_text);
}

/* Asks for the lines of the lane's decision. A model that says nothing leaves one thing to do: an empty answer. */
static int ask(struct rho_ctx *c, struct math_env *env, struct math_lane *l)
{
	static const struct math_phrase nothing = { .answers = true };
	struct math_asking *a = env->asking;
	struct math_said *s = l->said;
	struct rho_str system = { system_text, sizeof system_text - 1 };
	const struct math_good *good = env->good + l->problem->good;
	s->n = s->empty = 0;
	if (!compose(env, l, &a->question))
		return rho_fail(c, RHO_ENOMEM, "no memory left for a question");
	for (int64_t k = 0; k < env->answers; k++) {
		struct rho_trouble t = { 0 };
		struct math_phrase said[2];
		int e = rho_chat_ask(a->chat, c, system, rho_text_view(&a->question), (uint64_t)k, &a->reply, &t);
		if (e)
			return e == RHO_ESTOP ? e : rho_fail(c, e, "%s", t.text);
		unsigned n = math_read_reply(rho_text_view(&a->reply), said);
		s->empty += n == 0;
		for (unsigned i = 0; i < n; i++)
			math_add_phrase(l, &said[i], good);
	}
	if (!s->n)
		math_add_phrase(l, &nothing, good);
	return 0;
}

static int begin(struct rho_ctx *c, struct math_env *env, struct math_lane *l)
{
	l->said->n_past = 0;
	return ask(c, env, l);
}

static void fill(const struct math_env *env, struct math_list *list)
{
	for (unsigned k = 0; k < list->lane->said->n; k++)
		math_offer_line(list, k);
}

const struct math_source math_llm = { open, close, begin, ask, fill };
