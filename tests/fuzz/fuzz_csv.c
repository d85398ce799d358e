/* fuzz_csv.c: CSV from arbitrary bytes. Every field of every record can be read; a refusal says
 * why, with a line. */
#include <stdint.h>
#include <string.h>

#include "fuzz_reader.h"
#include "kit/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[64];
	int fd = fuzz_file(bytes, n, path), r = 0;
	struct rho_trouble t = { 0 };
	struct rho_csv *c = rho_csv_open(path, ',', &t);
	int a = c ? rho_csv_column(c, "a", false) : -1;
	int b = c ? rho_csv_column(c, "b", n % 2) : -1;
	while (c && !t.code && (r = rho_csv_next(c)) > 0) {
		double number;
		int64_t time;
		struct rho_str s = rho_csv_field(c, a);
		if (s.len && rho_utf8_valid(s) != s.len)
			abort();
		rho_csv_f64(c, b, &number);
		rho_csv_time(c, a, &time);
	}
	if ((!c || r < 0) && (!t.code || !strstr(t.text, path)))
		abort();
	rho_csv_close(c);
	close(fd);
	return 0;
}
