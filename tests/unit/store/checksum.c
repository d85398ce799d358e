/* checksum.c: all bytes of little data count, evenly spread blocks of much. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xxhash.h>

#include <store/checksum.h>

Test(checksum, is_xxh3_of_all_bytes)
{
	unsigned char bytes[1000];
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 31);
	for (size_t n = 0; n <= sizeof bytes; n += 37)
		cr_assert_eq(rho_checksum(bytes, n), XXH3_64bits(bytes, n));
}

Test(checksum, samples_what_is_very_long)
{
	size_t mib = (size_t)1 << 20, n = 300 * mib + 12345;
	char *bytes = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	                   -1, 0);
	cr_assert(bytes != MAP_FAILED);
	uint64_t zero = rho_checksum(bytes, n);
	cr_assert_neq(zero, rho_checksum(bytes, n - 256 * mib));
	/* The first block, the last, and the second, which begins at step (n - 64 KiB) / 255. */
	size_t second = (n - 65536) / 255, seen[] = { 0, 65535, n - 1, n - 65536, second, second + 65535 };
	for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
		bytes[seen[i]] = 1;
		cr_assert_neq(rho_checksum(bytes, n), zero, "byte %zu", seen[i]);
		bytes[seen[i]] = 0;
	}
	size_t unseen[] = { 65536, second - 1, second + 65536, n - 65537 };
	for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++) {
		bytes[unseen[i]] = 1;
		cr_assert_eq(rho_checksum(bytes, n), zero, "byte %zu is taken on trust", unseen[i]);
		bytes[unseen[i]] = 0;
	}
	munmap(bytes, n);
}
