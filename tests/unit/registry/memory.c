/* memory.c: the three lifetimes, the budget, and what happens when it is spent. */
#include <stdint.h>

#include "helper.h"

static struct rho_instance *make(struct rho_world *w)
{
	struct rho_buf why = { 0 };
	w->registry = test_registry();
	struct rho_instance *inst =
		rho_instance_new(w, test_module(w->registry, "agent", "good"), NULL, 0, &why);
	cr_assert_not_null(inst, "%s", why.at);
	return inst;
}

static void drop(struct rho_world *w, struct rho_instance *inst)
{
	rho_instance_free(inst);
	cr_assert_eq(w->used, 0, "%zu bytes of the budget are still taken", w->used);
	rho_registry_free(w->registry);
}

static bool all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

Test(memory, is_zeroed_aligned_and_apart)
{
	static const size_t sizes[] = { 0, 1, 63, 64, 65, 4096, 3 << 20 };
	struct rho_world w = { 0 };
	struct rho_instance *inst = make(&w);
	unsigned char *p[7];
	rho_call_begin(inst, "open", 0, true);
	for (int i = 0; i < 7; i++) {
		p[i] = rho_alloc(&inst->ctx, sizes[i], 1);
		cr_assert_not_null(p[i]);
		cr_assert_eq((uintptr_t)p[i] % 64, 0);
		cr_assert(all_zero(p[i], sizes[i]));
		memset(p[i], i + 1, sizes[i]);
	}
	for (int i = 0; i < 7; i++)
		for (size_t j = 0; j < sizes[i]; j++)
			cr_assert_eq(p[i][j], i + 1);
	float *k = rho_keep_f32(&inst->ctx, "big", 1024, 1024);
	cr_assert(k && (uintptr_t)k % 64 == 0 && all_zero((unsigned char *)k, 4 << 20));
	cr_assert_geq(w.used, 7u << 20);
	drop(&w, inst);
}

Test(memory, scratch_is_reused_from_call_to_call)
{
	struct rho_world w = { 0 };
	struct rho_instance *inst = make(&w);
	void *first = NULL;
	size_t used = 0;
	for (int call = 0; call < 6; call++) {
		unsigned char *p[40];
		rho_call_begin(inst, "act", 0, false);
		for (int i = 0; i < 40; i++) {
			p[i] = rho_scratch(&inst->ctx, (size_t)i * 100, 1);
			cr_assert(p[i] && (uintptr_t)p[i] % 64 == 0);
			memset(p[i], i, (size_t)i * 100);
		}
		for (int i = 0; i < 40; i++)
			for (int j = 0; j < i * 100; j++)
				cr_assert_eq(p[i][j], i);
		if (call == 2) {
			first = p[0];
			used = w.used;
		} else if (call > 2) {
			cr_assert_eq(p[0], first, "the same place every time");
			cr_assert_eq(w.used, used, "no growth once the hungriest call is known");
		}
	}
	drop(&w, inst);
}

Test(memory, a_spent_budget_is_an_error_with_numbers)
{
	struct rho_world w = { .memory = 1 << 20 };
	struct rho_instance *inst = make(&w);
	struct rho_buf why = { 0 };
	rho_call_begin(inst, "open", 0, true);
	cr_assert_not_null(rho_alloc(&inst->ctx, 600, 1024));
	size_t used = w.used;
	cr_assert_null(rho_alloc(&inst->ctx, 600, 1024));
	cr_assert_eq(w.used, used);
	cr_assert_eq(rho_call_end(inst, RHO_ENOMEM, &why), RHO_ENOMEM);
	cr_assert_str_eq(why.at,
			 "agent good, open: asked for 600.0 KiB more, but of the memory budget of 1.0 MiB, "
			 "600.0 KiB is spent; raise [run] memory, or make what is asked for smaller");
	rho_call_begin(inst, "act", 0, false);
	cr_assert_null(rho_scratch(&inst->ctx, 500, 1024));
	cr_assert_not_null(rho_scratch(&inst->ctx, 300, 1024));
	cr_assert_null(rho_scratch(&inst->ctx, 300, 1024));
	cr_assert_leq(w.used, w.memory);
	rho_call_begin(inst, "act", 0, false);
	cr_assert_not_null(rho_scratch(&inst->ctx, 300, 1024), "scratch comes back when the call ends");
	cr_assert_leq(w.used, w.memory);
	rho_buf_free(&why);
	drop(&w, inst);
}

Test(memory, sizes_that_overflow_are_refused)
{
	struct rho_world w = { 0 };
	struct rho_instance *inst = make(&w);
	struct rho_buf why = { 0 };
	rho_call_begin(inst, "open", 0, true);
	cr_assert_null(rho_alloc(&inst->ctx, SIZE_MAX / 2, 4));
	cr_assert_null(rho_alloc(&inst->ctx, SIZE_MAX, 1));
	cr_assert_null(rho_scratch(&inst->ctx, (size_t)1 << 33, (size_t)1 << 33));
	cr_assert_null(rho_keep_f64(&inst->ctx, "w", SIZE_MAX / 2, 3));
	cr_assert_null(rho_keep_f64(&inst->ctx, "w", SIZE_MAX / 8, 3));
	cr_assert_eq(inst->n_kept, 0);
	cr_assert_eq(rho_call_end(inst, RHO_ENOMEM, &why), RHO_ENOMEM);
	HAS(why.at, "more than any machine has");
	cr_assert_eq(w.used, 0);
	rho_buf_free(&why);
	drop(&w, inst);
}

Test(memory, the_test_hook_denies_exactly_one)
{
	struct rho_world w = { 0 };
	struct rho_instance *inst = make(&w);
	for (uint64_t which = 1; which <= 4; which++) {
		w.deny = which;
		rho_call_begin(inst, "open", 0, true);
		for (uint64_t i = 1; i <= 4; i++) {
			void *p = i % 2 ? rho_alloc(&inst->ctx, 8, 8) : rho_scratch(&inst->ctx, 8, 8);
			cr_assert_eq(p == NULL, i == which);
		}
		cr_assert_eq(w.deny, 0);
	}
	drop(&w, inst);
}

Test(memory, instances_share_one_budget)
{
	struct rho_world w = { .memory = 1 << 20 };
	struct rho_instance *a = make(&w), *b;
	struct rho_buf why = { 0 };
	b = rho_instance_new(&w, a->module, NULL, 1, &why);
	rho_call_begin(a, "open", 0, true);
	rho_call_begin(b, "open", 0, true);
	cr_assert_not_null(rho_alloc(&a->ctx, 700, 1024));
	cr_assert_null(rho_alloc(&b->ctx, 700, 1024));
	rho_instance_free(a);
	cr_assert_not_null(rho_alloc(&b->ctx, 700, 1024));
	drop(&w, b);
}
