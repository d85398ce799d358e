/* fuzz_rewards.c: files of rewards from arbitrary bytes: numbers, at least one and no more than bytes; or a refusal
 * that names the file. */
#include <stdint.h>
#include <string.h>

#include "fuzz_reader.h"
#include "geometry/subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[64];
	int fd = fuzz_file(bytes, n, path);
	struct rho_buf why = { 0 };
	size_t got = 0;
	double *reward = rho_rewards_read(path, &got, &why), sum = 0;
	if (reward) {
		if (!got || got > n || why.len)
			abort();
		for (size_t i = 0; i < got; i++)
			sum += reward[i];
		memcpy(reward, &sum, sizeof sum);
	} else if (!why.at || !strstr(why.at, path)) {
		abort();
	}
	free(reward);
	rho_buf_free(&why);
	close(fd);
	return 0;
}
