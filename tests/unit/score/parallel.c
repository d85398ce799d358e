/* parallel.c: ranges are fixed by n alone, every one is done once, and a fork leaves no threads behind. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "score/score.h"

enum { MOST = 100000 };

struct seen {
	unsigned char times[MOST];
	unsigned char starts[MOST];
};

static void note(void *arg, size_t from, size_t to)
{
	struct seen *s = arg;
	s->starts[from]++;
	for (size_t i = from; i < to; i++)
		s->times[i]++;
}

Test(parallel, every_index_once_in_the_same_ranges)
{
	static const size_t ns[] = { 0, 1, 2, 63, 64, 65, 1000, MOST };
	struct seen *one = malloc(sizeof *one), *many = malloc(sizeof *many);
	for (size_t k = 0; k < sizeof ns / sizeof *ns; k++) {
		memset(one, 0, sizeof *one);
		rho_score_parallel(ns[k], note, one, 1);
		for (size_t i = 0; i < MOST; i++)
			cr_assert_eq(one->times[i], i < ns[k]);
		for (unsigned threads = 0; threads < 9; threads++) {
			memset(many, 0, sizeof *many);
			rho_score_parallel(ns[k], note, many, threads);
			cr_assert_arr_eq(one, many, sizeof *one, "n = %zu, %u threads", ns[k], threads);
		}
	}
	free(one);
	free(many);
}

static void nested(void *arg, size_t from, size_t to)
{
	struct seen *s = arg;
	for (size_t i = from; i < to; i++)
		rho_score_parallel(100, note, &s[i], 4);
}

Test(parallel, inside_another_it_works_alone)
{
	struct seen *s = calloc(20, sizeof *s);
	rho_score_parallel(20, nested, s, 4);
	for (int k = 0; k < 20; k++)
		for (size_t i = 0; i < 100; i++)
			cr_assert_eq(s[k].times[i], 1);
	free(s);
}

Test(parallel, many_small_pieces)
{
	struct seen *s = calloc(1, sizeof *s);
	for (int k = 0; k < 200; k++)
		rho_score_parallel(500, note, s, 1 + (unsigned)k % 6);
	for (size_t i = 0; i < 500; i++)
		cr_assert_eq(s->times[i], 200);
	free(s);
}

Test(parallel, goes_on_in_a_child_process, .timeout = 60)
{
	struct seen *s = calloc(1, sizeof *s);
	int status;
	rho_score_parallel(1000, note, s, 4);
	pid_t child = fork();
	if (!child) {
		rho_score_parallel(1000, note, s, 4);
		for (size_t i = 0; i < 1000; i++)
			if (s->times[i] != 2)
				_exit(1);
		_exit(0);
	}
	cr_assert_eq(waitpid(child, &status, 0), child);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	free(s);
}
