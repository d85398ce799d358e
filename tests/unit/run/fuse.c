/* Cells that share a process: turns in a fixed order, one at a time, passes whose every product has the bits of
 * rho_dot, and which cells are put together. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <run/fuse.h>
#include <run/fuse_plan.h>

enum { D = 96, ROWS = 4000, SEATS = 7, ROUNDS = 5, MOST_TOP = 9 };

static float numbers[(ROWS + SEATS * ROUNDS) * D]; /* rows, then a query a seat and round */
static struct rho_mat rows = { numbers, ROWS, D, D }, queries = { numbers + ROWS * D, SEATS * ROUNDS, D, D };

static struct {
	struct rho_fuse *fuse;
	int at_work;              /* threads that believe to have the turn */
	size_t log[4 * SEATS * ROUNDS], n_log;
	uint32_t held[SEATS];
	bool wrong;
} shared;

/* Between two waits of a seat: nobody else is at work, and the process knows whose turn it is. */
static void have_turn(size_t seat)
{
	uint32_t all = 0;
	shared.wrong = shared.wrong || __atomic_fetch_add(&shared.at_work, 1, __ATOMIC_SEQ_CST) != 0;
	for (size_t i = 0; i < SEATS; i++)
		all += __atomic_load_n(&shared.held[i], __ATOMIC_SEQ_CST);
	shared.wrong = shared.wrong || all != 1 || shared.held[seat] != 1;
	shared.log[shared.n_log++] = seat;
	__atomic_fetch_sub(&shared.at_work, 1, __ATOMIC_SEQ_CST);
}

/* Seats 0 and 3 ask for every product, 1 and 4 for the best (4 among every third row), 2 and 5 in float64, all over
 * the same rows; seat 6 over all but the first ten. Seat i stays for ROUNDS - i / 2 rounds. */
static void *play(void *arg)
{
	size_t seat = (size_t)arg;
	struct rho_rows y = { &rows, NULL, seat == 6 ? 10 : 0, seat == 6 ? ROWS - 10 : ROWS };
	float *out = malloc(ROWS * sizeof *out), score[MOST_TOP];
	double *out64 = malloc(ROWS * sizeof *out64), x64[D];
	uint64_t only[(ROWS + 63) / 64] = { 0 };
	uint32_t place[MOST_TOP];
	for (size_t i = 0; i < ROWS; i += 3)
		only[i / 64] |= (uint64_t)1 << i % 64;
	rho_fuse_enter(shared.fuse, seat);
	for (size_t round = 0; round < ROUNDS - seat / 2; round++) {
		struct rho_rows x = { &queries, NULL, seat * ROUNDS + round, 1 };
		const float *q = rho_row(&x, 0);
		struct rho_scan scan = {
			.want = (uint32_t[]){ RHO_SCAN_ALL, RHO_SCAN_TOP, RHO_SCAN_ALL64 }[seat % 3],
			.x = x, .x64 = x64, .n64 = 1, .y = y, .out = out, .out64 = out64, .stride = ROWS,
			.only = seat == 4 ? only : NULL, .k = MOST_TOP, .place = place, .score = score };
		have_turn(seat);
		for (size_t i = 0; i < D; i++)
			x64[i] = (double)q[i] * 1.0000001;
		shared.wrong = shared.wrong || !rho_fuse_worth(&scan) ||
		               !rho_fuse_scan(shared.fuse, seat, &scan, NULL);
		for (size_t i = 0; i < y.n && scan.want == RHO_SCAN_ALL; i++)
			shared.wrong = shared.wrong || out[i] != rho_dot(q, rho_row(&y, i), D);
		for (size_t i = 0; i < y.n && scan.want == RHO_SCAN_ALL64; i++)
			shared.wrong = shared.wrong || out64[i] != rho_dot64(x64, rho_row(&y, i), D);
		for (size_t i = 0; i < y.n && scan.want == RHO_SCAN_TOP; i++) {
			float p = rho_dot(q, rho_row(&y, i), D);
			size_t k = 0;
			while (k < MOST_TOP && place[k] != i)
				k++;
			if (seat == 4 && i % 3)
				shared.wrong = shared.wrong || k < MOST_TOP;
			else
				shared.wrong = shared.wrong || (k < MOST_TOP ? p != score[k] : p > score[MOST_TOP - 1]);
		}
		have_turn(seat);
	}
	rho_fuse_leave(shared.fuse, seat);
	free(out);
	free(out64);
	return NULL;
}

/* Seats in order, round by round; a seat whose rounds are over is missing from then on. Between two passes, each
 * seat's turn begins after its answer and ends with its next request, hence the log's two entries. */
static void check_order(void)
{
	size_t at = 0;
	for (size_t seat = 0; seat < SEATS; seat++)
		cr_assert_eq(shared.log[at++], seat, "round 0");
	for (size_t round = 1; round <= ROUNDS; round++)
		for (size_t seat = 0; seat < SEATS; seat++) {
			size_t stays = ROUNDS - seat / 2;
			if (round <= stays)
				cr_assert_eq(shared.log[at++], seat, "after round %zu", round);
			if (round < stays)
				cr_assert_eq(shared.log[at++], seat, "before round %zu", round + 1);
		}
	cr_assert_eq(at, shared.n_log);
}

Test(fuse, turns_and_passes)
{
	uint32_t *holds[SEATS];
	uint64_t state = 7;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		numbers[i] = (float)(int32_t)(state >> 33) * 0x1p-30f - 1;
	}
	for (size_t i = 0; i < SEATS; i++)
		holds[i] = &shared.held[i];
	for (unsigned threads = 1; threads <= 2; threads++) {
		pthread_t id[SEATS];
		shared.n_log = 0;
		shared.fuse = rho_fuse_new(SEATS, threads, holds);
		for (size_t i = SEATS; i-- > 0;) /* the order of their coming is not that of their turns */
			cr_assert_not(pthread_create(&id[i], NULL, play, (void *)i));
		for (size_t i = 0; i < SEATS; i++)
			pthread_join(id[i], NULL);
		rho_fuse_free(shared.fuse);
		cr_assert_not(shared.wrong);
		for (size_t i = 0; i < SEATS; i++)
			cr_assert_eq(shared.held[i], 0);
		check_order();
	}
}

Test(fuse, worth_waiting_for)
{
	struct rho_mat big = { numbers, 1 << 20, D, D };
	uint32_t id = 0;
	struct rho_scan s = { .want = RHO_SCAN_ALL, .x = { &queries, NULL, 0, 1 }, .y = { &big, NULL, 0, 1 << 20 } };
	cr_assert(rho_fuse_worth(&s));
	s.y.n = 1000;
	cr_assert_not(rho_fuse_worth(&s), "rows that stay in the cache");
	s.y.n = 1 << 20;
	s.y.id = &id;
	cr_assert_not(rho_fuse_worth(&s), "rows in no order");
	s.y.id = NULL;
	s.x.n = 0;
	cr_assert_not(rho_fuse_worth(&s), "nothing is asked");
	s.want = RHO_SCAN_ALL64;
	s.n64 = 1;
	cr_assert(rho_fuse_worth(&s));
}

/* What every plan must be; its number of processes. */
static size_t planned(const size_t *of, size_t n, size_t n_classes, size_t most, size_t least, size_t *together)
{
	size_t *order = malloc((n + 1) * sizeof *order), count = 0, last = 0;
	size_t *low = calloc(n_classes + 1, sizeof *low), *high = calloc(n_classes + 1, sizeof *high);
	bool *seen = calloc(n + 1, sizeof *seen);
	size_t result = rho_fuse_plan(of, n, n_classes, most, least, order, together);
	for (size_t i = 0, size; i < n; i += size, count++) {
		size_t class = of[order[i]];
		size = together[i];
		cr_assert_geq(size, 1);
		cr_assert_leq(size, class == SIZE_MAX ? 1 : most);
		cr_assert(i == 0 || order[i] > last, "processes stand by their first cells");
		last = order[i];
		for (size_t k = i; k < i + size; k++) {
			cr_assert_not(seen[order[k]]);
			seen[order[k]] = true;
			cr_assert_eq(of[order[k]], class);
			cr_assert(k == i || (order[k] > order[k - 1] && !together[k]));
		}
		if (class != SIZE_MAX) {
			low[class] = !low[class] || size < low[class] ? size : low[class];
			high[class] = size > high[class] ? size : high[class];
			cr_assert_leq(high[class] - low[class], 1, "evenly");
		}
	}
	cr_assert_eq(result, count);
	cr_assert(result >= least || result == n);
	free(order);
	free(low);
	free(high);
	free(seen);
	return result;
}

Test(fuse, plans)
{
	size_t of[200] = { 0 }, together[200];
	uint64_t state = 3;
	cr_assert_eq(planned(of, 20, 1, 32, 1, together), 1);
	cr_assert_eq(planned(of, 20, 1, 32, 2, together), 2);
	cr_assert_eq(together[0], 10);
	cr_assert_eq(planned(of, 70, 1, 32, 2, together), 3);
	cr_assert_eq(planned(of, 3, 1, 32, 8, together), 3);
	cr_assert_eq(planned(of, 0, 1, 32, 2, together), 0);
	for (size_t trial = 0; trial < 300; trial++) {
		size_t n = 0, n_classes = 1 + trial % 5;
		for (; n < 1 + trial * 7 % 200; n++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			of[n] = (state >> 40) % 4 ? (state >> 33) % n_classes : SIZE_MAX;
		}
		planned(of, n, n_classes, 1 + trial % 33, 1 + trial % 9, together);
	}
}
