/* What environments pose when, and labels by name. */
#include <criterion/criterion.h>
#include <kit/labels.h>
#include <kit/order.h>
#include <kit/relevance.h>
#include <string.h>

/* Every thing once an epoch whatever their number, each epoch in an order of its own, lanes taking turns. */
Test(order, shuffle_is_a_permutation_in_each_epoch)
{
	static const uint32_t many[] = { 1, 2, 3, 16, 17, 64, 65, 1000 };
	const struct rho_rng key = { { 1, 2, 3, 4 } }, other = { { 1, 2, 3, 5 } };
	for (size_t k = 0; k < sizeof many / sizeof *many; k++) {
		uint32_t n = many[k], same = 0, same_key = 0;
		uint32_t seen[1000] = { 0 };
		for (uint64_t at = 0; at < 3 * (uint64_t)n; at++) {
			uint32_t one = rho_order_at(&key, RHO_ORDER_SHUFFLE, n, 1, 0, at);
			cr_assert_lt(one, n);
			cr_assert_eq(seen[one]++, at / n, "%u of %u", one, n);
			cr_assert_eq(one, rho_order_at(&key, RHO_ORDER_SHUFFLE, n, 7, at % 7, at / 7));
			same += one == rho_order_at(&key, RHO_ORDER_SHUFFLE, n, 1, 0, at + n);
			same_key += one == rho_order_at(&other, RHO_ORDER_SHUFFLE, n, 1, 0, at);
		}
		if (n >= 64)
			cr_assert(same < n / 4 && same_key < n / 4, "%u: %u, %u", n, same, same_key);
	}
}

/* File order goes round; independent draws are a lane's own, however many lanes there are. */
Test(order, file_and_uniform)
{
	const struct rho_rng key = { { 1, 2, 3, 4 } };
	uint32_t hits[5] = { 0 };
	for (uint64_t at = 0; at < 5000; at++) {
		cr_assert_eq(rho_order_at(&key, RHO_ORDER_FILE, 5, 2, at % 2, at / 2), at % 5);
		uint32_t one = rho_order_at(&key, RHO_ORDER_UNIFORM, 5, 1, 0, at);
		cr_assert_eq(one, rho_order_at(&key, RHO_ORDER_UNIFORM, 5, 9, 0, at));
		hits[one]++;
	}
	for (size_t i = 0; i < 5; i++)
		cr_assert(hits[i] > 850 && hits[i] < 1150, "%u", hits[i]);     /* 5 standard deviations */
}

Test(relevance, a_link_among_sorted_ones)
{
	const struct rho_link link[] = { { 2, 1 }, { 3, 2 }, { 7, 3 }, { 9, 4 }, { 10, 5 } };
	for (size_t n = 0; n <= 5; n++)
		for (uint32_t a = 0; a < 12; a++) {
			const struct rho_link *want = NULL;
			for (size_t i = 0; i < n; i++)
				want = link[i].action == a ? &link[i] : want;
			cr_assert_eq(rho_link_find(link, n, a), want, "%u of %zu", a, n);
		}
}

Test(labels, by_name_and_told)
{
	/* A name that another begins with, and one that is longer than what is shown. */
	static const char bytes[] = "trainvalidtra" "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	static const uint64_t off[] = { 0, 5, 10, 13, 63 };
	const struct rho_column c = { .type = RHO_COL_LABEL, .n_labels = 4, .bytes = bytes, .off = off };
	char out[400], small[80];
	cr_assert_eq(rho_label_find(&c, "valid"), 1);
	cr_assert_eq(rho_label_find(&c, "tra"), 2);
	cr_assert_eq(rho_label_find(&c, "trai"), RHO_NO_LABEL);
	cr_assert_eq(rho_label_find(NULL, "valid"), RHO_NO_LABEL);
	cr_assert_str_eq(rho_label_list(&c, out, sizeof out),
			 "\"train\", \"valid\", \"tra\", \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"");
	cr_assert_str_eq(rho_label_list(&c, small, sizeof small), "\"train\", \"valid\", \"tra\" and more");
}
