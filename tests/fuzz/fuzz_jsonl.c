/* fuzz_jsonl.c: JSON Lines from arbitrary bytes, every getter on every row. */
#include <stdint.h>
#include <string.h>

#include "fuzz_reader.h"
#include "kit/jsonl.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[64];
	int fd = fuzz_file(bytes, n, path), r = 0;
	struct rho_trouble t = { 0 };
	struct rho_jsonl j = { 0 };
	rho_jsonl_open(&j, path, &t);
	while (j.lines && !t.code && (r = rho_jsonl_next(&j)) > 0) {
		struct rho_str s;
		size_t items;
		if (!rho_jsonl_maybe(&j, "b", &s) && s.len && rho_utf8_valid(s) != s.len)
			abort();
		rho_jsonl_id(&j, "a", &s);
		if (!rho_jsonl_list(&j, "c", &items))
			for (size_t k = 0; k < items; k++)
				rho_jsonl_item_id(&j, k, &s);
		if (t.code && !strstr(t.text, path))
			abort();
	}
	if (r < 0 && !t.code)
		abort();
	rho_jsonl_close(&j);
	close(fd);
	return 0;
}
