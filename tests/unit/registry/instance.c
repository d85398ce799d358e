/* instance.c: what an instance is given: parameters, parts, streams, services; and how mistakes come out. */
#include <math.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "helper.h"

static struct rho_instance *make(struct rho_world *w, const char *kind, const char *name, const char *text)
{
	struct rho_buf why = { 0 };
	struct rho_toml *t = text ? test_toml(text, "/tmp/exp.toml") : NULL;
	struct rho_instance *inst;
	w->registry = w->registry ? w->registry : test_registry();
	inst = rho_instance_new(w, test_module(w->registry, kind, name), t, 0, &why);
	cr_assert_not_null(inst, "%s", why.at);
	rho_toml_free(t);
	rho_buf_free(&why);
	return inst;
}

static void drop(struct rho_world *w, struct rho_instance *inst)
{
	rho_instance_free(inst);
	cr_assert_eq(w->used, 0, "%zu bytes of the budget are still taken", w->used);
	rho_registry_free(w->registry);
	w->registry = NULL;
}

/* agent-good's parameters, as its source lays them out. */
struct good {
	bool eager;
	int64_t depth;
	double epsilon;
	const char *title, *weights, *extra_weights;
	int mode;
	struct rho_i64s hidden;
	struct rho_f64s rates;
	struct rho_strs stages;
	struct rho_part judge;
	int64_t spare;
};

Test(instance, parameters_reach_the_plugins_struct)
{
	struct rho_world w = { 0 };
	struct rho_instance *inst = make(&w, "agent", "good", NULL);
	const struct good *s = inst->self;
	cr_assert(s->eager && s->depth == 3 && s->epsilon == 0.1 && s->mode == 1 && s->spare == 8);
	cr_assert_str_eq(s->title, "a \"quoted\" word");
	cr_assert(!s->weights && !s->judge.plugin);
	cr_assert(s->hidden.n == 2 && s->hidden.at[1] == 32 && s->rates.n == 2 && s->rates.at[1] == 0.25);
	cr_assert(s->stages.n == 2 && !strcmp(s->stages.at[1], "leap"));
	cr_assert_str_eq(inst->label, "agent good");
	rho_instance_free(inst);
	inst = make(
		&w, "agent", "good",
		"eager = false\ndepth = 7\nepsilon = 1\ntitle = \"x\"\nweights = \"a/b\"\nmode = \"turbo\"\n"
		"hidden = [5]\nrates = [1]\nstages = []\njudge = { use = \"judge\", tolerance = 0.5 }\n"
		"spare = 9\n");
	s = inst->self;
	cr_assert(!s->eager && s->depth == 7 && s->epsilon == 1 && s->mode == 2 && s->spare == 9);
	cr_assert_str_eq(s->title, "x");
	cr_assert_str_eq(s->weights, "/tmp/a/b");
	cr_assert(s->hidden.n == 1 && s->hidden.at[0] == 5 && s->rates.n == 1 && s->rates.at[0] == 1);
	cr_assert_eq(s->stages.n, 0);
	cr_assert_str_eq(s->judge.plugin->name, "judge");
	cr_assert_eq(*(double *)s->judge.self, 0.5);
	drop(&w, inst);
}

Test(instance, a_verifier_inside_an_env_works_and_its_errors_name_it)
{
	struct rho_world w = { .log_level = RHO_WARN };
	struct rho_instance *inst = make(&w, "env", "quiz",
					 "problems = \"p\"\njudge = { use = \"judge\" }\n"
					 "second = { use = \"judge\" }\n");
	const struct rho_env *env = inst->module->plugin.env;
	struct rho_env_spec spec = { .lanes = 1 };
	struct rho_buf why = { 0 };
	float reward[1] = { 0 };
	struct rho_obs obs = { .reward = reward };
	cr_assert_eq(inst->n_parts, 2);
	cr_assert(inst->parts[0]->opened && inst->parts[1]->opened && !inst->opened);
	rho_call_begin(inst, "open", 0, true);
	cr_assert_eq(rho_call_end(inst, env->open(&inst->ctx, inst->self, &spec), &why), 0, "%s", why.at);
	cr_assert(inst->opened);
	for (uint32_t action = 0; action < 2; action++) {
		rho_call_begin(inst, "step", action, false);
		cr_assert_eq(rho_call_end(inst, env->step(&inst->ctx, inst->self, &action, &obs), &why), 0);
		cr_assert_eq(reward[0], (float)action);
	}
	cr_assert_eq(*(uint64_t *)inst->parts[0]->kept[0].at, 2, "the part keeps its own count");
	cr_assert_eq(*(uint64_t *)inst->parts[1]->kept[0].at, 0);
	uint32_t silent = 2;
	rho_call_begin(inst, "step", 2, false);
	cr_assert_eq(rho_call_end(inst, env->step(&inst->ctx, inst->self, &silent, &obs), &why), RHO_EFORMAT);
	cr_assert_str_eq(why.at, "env quiz, step: verifier judge: claim 0 has no answer");
	/* The same stream name everywhere, three different streams. */
	struct rho_rng *a = &inst->streams[0]->rng, *b = &inst->parts[0]->streams[0]->rng;
	struct rho_rng *c = &inst->parts[1]->streams[0]->rng;
	cr_assert(memcmp(a, b, sizeof *a) && memcmp(b, c, sizeof *b) && memcmp(a, c, sizeof *a));
	rho_buf_free(&why);
	drop(&w, inst);
}

Test(instance, a_part_that_will_not_open_stops_its_parent)
{
	struct rho_world w = { .registry = test_registry() };
	struct rho_buf why = { 0 };
	struct rho_toml *t =
		test_toml("problems = \"p\"\njudge = { use = \"judge\", refuse = true }\n", "/e");
	cr_assert_null(rho_instance_new(&w, test_module(w.registry, "env", "quiz"), t, 0, &why));
	cr_assert_str_eq(why.at, "verifier judge, open: it was told to refuse");
	cr_assert_eq(w.used, 0);
	rho_toml_free(t);
	rho_buf_free(&why);
	rho_registry_free(w.registry);
}

/* A call in which the test plays the plugin; what rho_call_end makes of it. */
#define CALL(inst, slot_, opening_, code_, out, ...)                                                         \
	do {                                                                                                 \
		struct rho_buf why_ = { 0 };                                                                 \
		rho_call_begin((inst), (slot_), 0, (opening_));                                              \
		__VA_ARGS__;                                                                                 \
		(out).code = rho_call_end((inst), (code_), &why_);                                           \
		snprintf((out).text, sizeof(out).text, "%s", why_.at ? why_.at : "");                        \
		rho_buf_free(&why_);                                                                         \
	} while (0)

struct outcome {
	int code;
	char text[512];
};

Test(instance, errors_come_out_with_their_place)
{
	struct rho_world w = { 0 };
	struct rho_instance *inst = make(&w, "agent", "good", NULL);
	struct outcome o;
	CALL(inst, "observe", false, 0, o, );
	cr_assert(o.code == 0 && !*o.text);
	CALL(inst, "observe", false, rho_fail(&inst->ctx, RHO_EINVAL, "lambda is %g", 0.5), o, );
	cr_assert_eq(o.code, RHO_EINVAL);
	cr_assert_str_eq(o.text, "agent good, observe: lambda is 0.5");
	CALL(inst, "act", false, RHO_EIO, o, );
	cr_assert_eq(o.code, RHO_EIO);
	cr_assert_str_eq(o.text, "agent good, act: gave RHO_EIO without a sentence that says why (rho_fail)");
	CALL(inst, "act", false, 3, o, );
	cr_assert_eq(o.code, RHO_EBUG);
	HAS(o.text, "returned 3; a call returns 0 or one of enum rho_error");
	CALL(inst, "act", false, -99, o, );
	cr_assert_eq(o.code, RHO_EBUG);
	CALL(inst, "act", false, rho_fail(&inst->ctx, 0, "no code"), o, );
	cr_assert_eq(o.code, RHO_EBUG);
	HAS(o.text, "no code");
	CALL(inst, "act", false, RHO_ESTOP, o, );
	cr_assert_eq(o.code, RHO_ESTOP);
	CALL(inst, "act", false, 0, o, rho_fail(&inst->ctx, RHO_EIO, "mended after all"));
	cr_assert_eq(o.code, 0, "a plugin may fail at something and go on");
	drop(&w, inst);
}

Test(instance, keep_alloc_and_rng_are_for_opening)
{
	struct rho_world w = { 0 };
	struct rho_instance *inst = make(&w, "agent", "good", NULL);
	struct outcome o;
	void *p = inst;
	struct rho_rng *r = NULL;
	CALL(inst, "act", false, 0, o, p = rho_keep_f32(&inst->ctx, "w", 2, 2));
	cr_assert(!p && o.code == RHO_EBUG);
	HAS(o.text, "agent good, act: asked for a kept array (rho_keep_*) while running");
	CALL(inst, "act", false, RHO_ENOMEM, o, p = rho_alloc(&inst->ctx, 2, 2));
	cr_assert(!p && o.code == RHO_EBUG);
	HAS(o.text, "memory that stays (rho_alloc)");
	CALL(inst, "act", false, 0, o, r = rho_stream(&inst->ctx, "coin"); rho_u64(r));
	cr_assert(r && o.code == RHO_EBUG);
	HAS(o.text, "a random stream (rho_rng) while running");
	CALL(inst, "act", false, 0, o, );
	cr_assert_eq(o.code, 0, "the next call starts clean");
	CALL(inst, "open", true, 0, o, p = rho_keep_u32(&inst->ctx, "w", 2, 3));
	cr_assert(p && o.code == 0 && inst->opened && inst->n_kept == 1);
	cr_assert(inst->kept[0].rows == 2 && inst->kept[0].cols == 3 && inst->kept[0].type == RHO_U32_ARRAY);
	CALL(inst, "open", true, 0, o, p = rho_keep_f64(&inst->ctx, "w", 2, 3));
	cr_assert(!p && o.code == RHO_EBUG);
	HAS(o.text, "asked twice for the kept array \"w\"");
	CALL(inst, "open", true, 0, o, p = inst->ctx.host->keep(&inst->ctx, "v", 77, 1, 1));
	cr_assert(!p && o.code == RHO_EBUG);
	drop(&w, inst);
}

Test(instance, streams_depend_on_seed_kind_salt_and_name_alone)
{
	struct rho_world w = { .seed = 5 }, v = { .seed = 6 };
	struct rho_instance *a = make(&w, "agent", "good", NULL), *b = make(&w, "agent", "older", NULL);
	struct rho_instance *c = make(&v, "agent", "good", NULL);
	struct rho_rng *x, *y, *z, *other, expected = rho_stream_seed(5, "agent", 0, "explore");
	rho_call_begin(a, "open", 0, true);
	rho_call_begin(b, "open", 0, true);
	rho_call_begin(c, "open", 0, true);
	other = rho_stream(&a->ctx, "other");
	x = rho_stream(&a->ctx, "explore");
	y = rho_stream(&b->ctx, "explore");
	z = rho_stream(&c->ctx, "explore");
	cr_assert_eq(x, rho_stream(&a->ctx, "explore"));
	cr_assert_arr_eq(x, &expected, sizeof expected);
	cr_assert_arr_eq(x, y, sizeof *x, "two agents of one cell draw the same: arms are paired");
	cr_assert(memcmp(x, z, sizeof *x) && memcmp(x, other, sizeof *x));
	struct rho_rng twin = rho_stream_seed(5, "agent", 1, "explore"),
		       env = rho_stream_seed(5, "env", 0, "explore");
	cr_assert(memcmp(x, &twin, sizeof twin) && memcmp(x, &env, sizeof env));
	/* For ever: results on disk were made with these. */
	cr_assert_eq(rho_u64(x), 0xe4578671f7c21d1u);
	rho_instance_free(b);
	drop(&w, a);
	drop(&v, c);
}

Test(instance, the_last_call_is_noted_for_the_parent)
{
	struct rho_last_call last;
	memset(&last, 'x', sizeof last);
	struct rho_world w = { .last_call = &last };
	struct rho_instance *inst = make(&w, "agent", "good", NULL);
	rho_call_begin(inst, "observe", 20480, false);
	cr_assert_str_eq(last.instance, "agent good");
	cr_assert_str_eq(last.slot, "observe");
	cr_assert_eq(last.step, 20480);
	rho_call_begin(inst, "a_slot_with_a_very_long_name", 1, false);
	cr_assert_str_eq(last.slot, "a_slot_with_a_v");
	drop(&w, inst);
}

Test(instance, a_crash_in_open_can_be_blamed)
{
	struct rho_last_call *last =
		mmap(NULL, sizeof *last, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct rho_world w = { .last_call = last };
	struct rho_instance *inst = make(&w, "agent", "open_crash", NULL);
	int status;
	pid_t child = fork();
	if (!child) {
		struct rho_spec spec = { .n_actions = 1 };
		signal(SIGSEGV, SIG_DFL);
		rho_call_begin(inst, "open", 0, true);
		inst->module->plugin.agent->open(&inst->ctx, inst->self, &spec);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
	cr_assert_str_eq(last->instance, "agent open_crash");
	cr_assert_str_eq(last->slot, "open");
	drop(&w, inst);
}

struct heard {
	char name[16];
	double value, done;
};

static void hear_metric(void *arg, const struct rho_ctx *c, const char *name, double value)
{
	struct heard *h = arg;
	snprintf(h->name, sizeof h->name, "%s", name);
	h->value = value;
}

static void hear_progress(void *arg, const struct rho_ctx *c, double done)
{
	((struct heard *)arg)->done = done;
}

static void count_range(void *arg, size_t from, size_t to)
{
	__atomic_fetch_add((size_t *)arg, to - from, __ATOMIC_RELAXED);
}

Test(instance, the_other_services_do_what_they_say)
{
	volatile int stopping = 0;
	struct heard heard = { 0 };
	struct rho_world w = { .threads = 3,
			       .stopping = &stopping,
			       .metric = hear_metric,
			       .progress = hear_progress,
			       .arg = &heard };
	struct rho_instance *inst = make(&w, "agent", "good", NULL);
	float a[6] = { 1, 2, 3, 4, 5, 6 }, out[4];
	struct rho_mat m = { a, 2, 3, 3 }, narrow = { a, 3, 2, 2 };
	struct rho_rows x = { &m, NULL, 0, 2 }, y = { &narrow, NULL, 0, 2 }, none = { NULL, NULL, 0, 2 };
	struct outcome o;
	size_t n = 0;
	rho_call_begin(inst, "act", 0, false);
	cr_assert(!rho_stop(&inst->ctx));
	stopping = 1;
	cr_assert(rho_stop(&inst->ctx));
	rho_metric(&inst->ctx, "loss", 0.25);
	rho_progress(&inst->ctx, 0.5);
	cr_assert_str_eq(heard.name, "loss");
	cr_assert(heard.value == 0.25 && heard.done == 0.5);
	rho_inner(&inst->ctx, &x, &x, out, 2);
	cr_assert(out[0] == 14 && out[1] == 32 && out[2] == 32 && out[3] == 77);
	rho_parallel(&inst->ctx, 1000, count_range, &n);
	cr_assert_eq(n, 1000);
	cr_assert_null(inst->ctx.host->extension(&inst->ctx, "rho.none/1"));
	CALL(inst, "act", false, 0, o, rho_inner(&inst->ctx, &x, &y, out, 2));
	cr_assert_eq(o.code, RHO_EBUG);
	HAS(o.text, "inner products of rows of 3 with rows of 2 numbers");
	cr_assert(isnan(out[3]));
	CALL(inst, "act", false, 0, o, rho_inner(&inst->ctx, &none, &x, out, 2));
	HAS(o.text, "no features");
	CALL(inst, "act", false, 0, o, rho_inner(&inst->ctx, &x, &x, out, 1));
	HAS(o.text, "stride of only 1");
	drop(&w, inst);
}

Test(instance, log_lines_name_the_instance_and_can_be_dropped)
{
	struct rho_world w = { .log_level = RHO_INFO };
	struct rho_instance *inst = make(&w, "agent", "good", NULL);
	char path[] = "/tmp/rho-log-XXXXXX", text[200] = "";
	int fd = mkstemp(path), err = dup(2);
	fflush(stderr);
	dup2(fd, 2);
	rho_log(&inst->ctx, RHO_DEBUG, "nobody hears %d", 1);
	rho_log(&inst->ctx, RHO_INFO, "step %d", 2);
	rho_log(&inst->ctx, RHO_WARN, "careful");
	fflush(stderr);
	dup2(err, 2);
	cr_assert_gt(pread(fd, text, sizeof text - 1, 0), 0);
	cr_assert_str_eq(text, "agent good: info: step 2\nagent good: warning: careful\n");
	unlink(path);
	drop(&w, inst);
}

Test(instance, a_call_costs_little)
{
	struct rho_last_call last;
	struct rho_world w = { .last_call = &last };
	struct rho_instance *inst = make(&w, "agent", "good", NULL);
	struct rho_buf why = { 0 };
	struct timespec a, b;
	enum { CALLS = 200000 };
	double best = INFINITY;
	for (int round = 0; round < 5; round++) {
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
		for (uint64_t i = 0; i < CALLS; i++) {
			rho_call_begin(inst, "act", i, false);
			cr_assert_not_null(rho_scratch(&inst->ctx, 16, 4));
			rho_call_end(inst, 0, &why);
		}
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
		double ns = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
		best = fmin(best, ns / CALLS);
	}
	cr_log_info("%.1f ns a call", best);
	cr_assert_lt(best, 2000, "%.1f ns a call", best); /* also under sanitizers, on a busy machine */
	drop(&w, inst);
}
