/* fuzz_lines.c: lines from arbitrary bytes, plain and gzip. A line is UTF-8 without line ends; a
 * refusal says why. */
#include <stdint.h>
#include <string.h>

#include "fuzz_reader.h"
#include "kit/html.h"
#include "kit/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[64];
	int fd = fuzz_file(bytes, n, path), r = 0;
	struct rho_trouble t = { 0 };
	struct rho_text plain = { 0 };
	struct rho_str line;
	struct rho_lines *l = rho_lines_open(path, &t);
	for (size_t i = 1; l && (r = rho_lines_next(l, &line)) > 0; i++) {
		if (rho_lines_number(l) != i || (line.len && memchr(line.at, '\n', line.len)) ||
		    rho_utf8_valid(line) != line.len)
			abort();
		rho_text_clear(&plain);
		if (!rho_html_plain(&plain, line) || rho_utf8_valid(rho_text_view(&plain)) != plain.len)
			abort();
	}
	if ((r < 0) != (t.code != 0) || (t.code && !strstr(t.text, path)))
		abort();
	rho_lines_close(l);
	rho_text_free(&plain);
	close(fd);
	return 0;
}
