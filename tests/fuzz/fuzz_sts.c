/* fuzz_sts.c: STS files from arbitrary bytes. What is read is whole: scores from 0 to 5, parts and sentences
 * that exist; a refusal says why, with the file. */
#include <stdint.h>
#include <string.h>

#include "encode/sts.h"
#include "fuzz_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void judge(const struct rho_sts *s, const struct rho_sts_file *f)
{
	if (!f->n_pairs || !f->n_parts)
		abort();
	for (size_t i = 0; i < f->n_pairs; i++) {
		const struct rho_sts_pair *p = &f->pair[i];
		if (p->part >= f->n_parts || p->a >= rho_idmap_n(&s->sentence) ||
		    p->b >= rho_idmap_n(&s->sentence) || !(p->score >= 0 && p->score <= 5) ||
		    !rho_pile_at(&s->sentence.names, p->a).len)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[64];
	int fd = fuzz_file(bytes, n, path);
	struct rho_sts s = { .n_files = 0 };
	struct rho_buf why = { 0 };
	if (!rho_sts_read(&s, path, &why))
		judge(&s, &s.file[0]);
	else if (!why.at || !strstr(why.at, path))
		abort();
	rho_sts_free(&s);
	rho_buf_free(&why);
	close(fd);
	return 0;
}
