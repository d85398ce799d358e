/* fuzz_verify.c: lines for `rho verify` from arbitrary bytes. Mistakes are told with the file's name; a line that is
 * taken comes out as one line of JSON that holds the verdict, and is then taken again. */
#include <jansson.h>
#include <stdint.h>
#include <string.h>

#include "fuzz_reader.h"
#include "verify/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_line(const struct rho_verify_rows *rows, const struct rho_verify_judge *judge, size_t n, size_t i)
{
	struct rho_buf line = { 0 };
	json_error_t e;
	rho_verify_line(&rows->at[i], judge, n, i, &line);
	if (memchr(line.at, '\n', line.len) != line.at + line.len - 1)
		abort();
	json_t *object = json_loadb(line.at, line.len, JSON_REJECT_DUPLICATES, &e);
	json_t *twice = object ? NULL : json_loadb(rows->at[i].text, rows->at[i].len, JSON_REJECT_DUPLICATES, &e);
	if (twice)
		abort();        /* only a field that the line itself has twice may stand there twice */
	json_t *ruling = json_object_get(object, n == 1 ? "ruling" : "ruling.b");
	if (object && (!json_is_string(ruling) || strcmp(json_string_value(ruling), "right")))
		abort();
	json_decref(object);
	rho_buf_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[64], field[] = "kind", value[] = "1";
	int fd = fuzz_file(bytes, n, path);
	bool filter = n && bytes[0] % 4 == 1, label = n && bytes[0] % 4 == 2;
	struct rho_verify_filter where = { field, value };
	struct rho_verify_spec spec = { path, "gold", "pred", "in.problem", label ? "equal" : NULL, &where, filter };
	struct rho_verify_rows rows = { 0 };
	struct rho_buf why = { 0 }, summary = { 0 };
	int status = rho_verify_read(&spec, &rows, &why);
	if ((status != 0) != (why.len != 0) || (status && !strstr(why.at, path)))
		abort();
	if (!status) {
		struct rho_verdict *v = calloc(rows.n, sizeof *v);
		struct rho_verify_judge judge[2] = { { .name = "a", .verdict = v }, { .name = "b", .verdict = v } };
		for (size_t i = 0; i < rows.n; i++)
			v[i] = (struct rho_verdict){ RHO_RIGHT, 1, "it is \"so\"\xc3" };
		for (size_t i = 0; i < rows.n; i++) {
			check_line(&rows, judge, 1, i);
			check_line(&rows, judge, 2, i);
		}
		rho_verify_summary(&spec, &rows, judge, 2, &summary);
		free(v);
	}
	rho_verify_rows_free(&rows);
	rho_buf_free(&why);
	rho_buf_free(&summary);
	close(fd);
	return 0;
}
