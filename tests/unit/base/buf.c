#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

Test(buf, grows_and_stays_terminated)
{
	struct rho_buf b = { 0 };
	rho_buf_add(&b, "", 0);
	cr_assert_str_eq(b.at, "");
	for (int i = 0; i < 1000; i++)
		rho_buf_printf(&b, "%d,", i);
	cr_assert_eq(b.len, 3890);
	cr_assert_eq(strlen(b.at), b.len);
	cr_assert_str_eq(b.at + b.len - 8, "998,999,");
	rho_buf_add(&b, "a\0b", 3);
	cr_assert_eq(b.len, 3893);
	cr_assert_eq(memcmp(b.at + 3890, "a\0b", 4), 0);
	rho_buf_clear(&b);
	cr_assert(b.len == 0 && b.at[0] == '\0' && b.room > 0);
	rho_buf_free(&b);
	cr_assert(!b.at && !b.room);
	rho_buf_clear(&b);
}

Test(buf, printf_longer_than_the_room)
{
	char *long_word = rho_xmalloc(5001);
	memset(long_word, 'x', 5000);
	long_word[5000] = '\0';
	char *s = rho_xprintf("<%s>", long_word);
	cr_assert_eq(strlen(s), 5002);
	cr_assert(s[0] == '<' && s[5001] == '>');
	char *copy = rho_xstrdup(s);
	cr_assert_str_eq(copy, s);
	free(copy);
	free(s);
	free(long_word);
}

Test(buf, calloc_zeroes_and_zero_sizes_are_fine)
{
	char *p = rho_xcalloc(100, 7);
	for (int i = 0; i < 700; i++)
		cr_assert_eq(p[i], 0);
	free(p);
	p = rho_xmalloc(0);
	cr_assert_not_null(p);
	p = rho_xrealloc(p, 0);
	cr_assert_not_null(p);
	free(p);
}

Test(buf, no_memory_ends_the_program_with_status_1, .exit_code = 1)
{
	rho_xcalloc(SIZE_MAX / 2, 3);
}
