/* fuzz_episodes.c: any bytes as an eval-NAME.jsonl. What is accepted is one evaluation's episodes, and
 * solve@n of them lies within 0 and 1 and rises with n. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rollouts/rollouts.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void must(bool kept)
{
	if (!kept)
		abort();
}

static void look(const struct rho_episodes *e)
{
	uint64_t solved = 0;
	double before = 0;
	must(e->n > 0);
	for (size_t i = 0; i < e->n; i++) {
		must(e->at[i].context < UINT32_MAX && (e->contexts || !e->at[i].context));
		solved += e->at[i].solved;
	}
	for (uint64_t k = 1; k <= e->n && k <= 64; k++) {
		double s = rho_solve_at(e->n, solved, k);
		must(s >= before - 1e-12 && s <= 1);
		before = s;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const struct rho_success rule[] = { { true, false, 1 }, { false, true, 0 } };
	static char path[64];
	static int fd;
	if (!fd) {
		fd = memfd_create("episodes", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	if (fd < 0 || ftruncate(fd, 0) || pwrite(fd, bytes, n, 0) != (ssize_t)n)
		exit(1);
	for (size_t i = 0; i < 3; i++) {
		struct rho_episodes e;
		struct rho_buf why = { 0 };
		uint64_t step = i < 2 ? UINT64_MAX : 100;
		int rc = rho_episodes_read(path, step, &rule[i % 2], &e, &why);
		must(rc ? why.len > 0 && !e.at : e.at && (i < 2 || e.step == 100));
		if (!rc)
			look(&e);
		rho_episodes_free(&e);
		rho_buf_free(&why);
	}
	return 0;
}
