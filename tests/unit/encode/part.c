/* part.c: rows on their way to a file, cut off and gone on with; journals that lie. */
#include <sys/mman.h>
#include <sys/stat.h>

#include "encode/part.h"
#include "place.h"
#include "store/store.h"

static const char key[] = "00112233445566778899aabbccddeeff", other[] = "ff112233445566778899aabbccddeeff";
enum { ROWS = 6, DIM = 3 };

static void fill(float row[DIM], size_t i)
{
	for (size_t j = 0; j < DIM; j++)
		row[j] = (float)(i * DIM + j);
}

static void put(struct rho_part_file *p, size_t to)
{
	struct rho_buf why = { 0 };
	float row[DIM];
	cr_assert_eq(rho_part_shape(p, DIM, true, &why), 0, "%s", why.at);
	while (p->done < to) {
		fill(row, p->done);
		cr_assert_eq(rho_part_put(p, row, 1, &why), 0, "%s", why.at);
	}
}

static struct rho_part_file begin(const char *out, bool restart, size_t done)
{
	struct rho_part_file p;
	struct rho_buf why = { 0 };
	cr_assert_eq(rho_part_open(&p, out, key, ROWS, restart, &why), 0, "%s", why.at);
	cr_assert_eq(p.done, done, "%zu rows are there, not %zu", p.done, done);
	return p;
}

static void finish(struct rho_part_file *p, const char *out)
{
	struct rho_buf why = { 0 };
	struct rho_mat m;
	void *map;
	size_t len;
	put(p, ROWS);
	cr_assert_eq(rho_part_reread(p, &why), 0, "%s", why.at);
	cr_assert(p->done == ROWS && p->dim == DIM && p->unit_norm);
	cr_assert_eq(rho_part_finish(p, &why), 0, "%s", why.at);
	rho_part_close(p);
	cr_assert_eq(rho_npy_map(out, &m, &map, &len, &why), 0, "%s", why.at);
	cr_assert(m.rows == ROWS && m.cols == DIM);
	for (size_t i = 0; i < ROWS * DIM; i++)
		cr_assert_eq(m.at[i], (float)i);
	munmap(map, len);
}

Test(part, goes_on_after_what_the_journal_says)
{
	char *dir = place_new(), *out = rho_xprintf("%s/o.npy", dir), *part = rho_xprintf("%s.part", out);
	char *journal = rho_xprintf("%s.journal", out);
	struct rho_part_file p = begin(out, false, 0);
	put(&p, 1); /* the first rows are noted at once */
	put(&p, 3); /* these are not yet */
	rho_part_close(&p);
	cr_assert(access(out, F_OK) && !access(part, F_OK));
	p = begin(out, false, 1);
	put(&p, 4);
	rho_part_close(&p);
	p = begin(out, true, 0);
	put(&p, 2);
	rho_part_close(&p);
	p = begin(out, false, 1);
	finish(&p, out);
	cr_assert(access(part, F_OK) && access(journal, F_OK), "nothing is left beside it");
	p = begin(out, false, 0);
	rho_part_close(&p);
	cr_assert(access(part, F_OK), "a part without rows is removed");
	free(out), free(part), free(journal);
	place_remove(dir);
}

Test(part, is_refused_for_other_rows_and_to_two_at_once)
{
	char *dir = place_new(), *out = rho_xprintf("%s/o.npy", dir), *part = rho_xprintf("%s.part", out);
	struct rho_part_file p = begin(out, false, 0), q;
	struct rho_buf why = { 0 };
	put(&p, 2);
	cr_assert_eq(rho_part_open(&q, out, key, ROWS, false, &why), -1);
	SAYS(why, "another process is writing it");
	rho_part_close(&q);
	rho_part_close(&p);
	rho_buf_clear(&why);
	cr_assert_eq(rho_part_open(&q, out, other, ROWS, false, &why), RHO_PART_OTHER);
	SAYS(why, "holds 1 of 6 rows of another encoder");
	SAYS(why, "--restart");
	rho_part_close(&q);
	cr_assert_eq(access(part, F_OK), 0, "it is kept");
	rho_buf_clear(&why);
	cr_assert_eq(rho_part_open(&q, dir, key, ROWS, false, &why), -1);
	SAYS(why, "is not a file");
	rho_part_close(&q);
	rho_buf_free(&why);
	free(out), free(part);
	place_remove(dir);
}

Test(part, replaces_what_a_link_leads_to)
{
	char *dir = place_new(), *real = place_text(dir, "real.npy", "old"),
	     *link_name = rho_xprintf("%s/l.npy", dir);
	struct stat st;
	cr_assert_eq(symlink(real, link_name), 0);
	struct rho_part_file p = begin(link_name, false, 0);
	finish(&p, link_name);
	cr_assert(!lstat(link_name, &st) && S_ISLNK(st.st_mode) && !lstat(real, &st) && S_ISREG(st.st_mode));
	free(real), free(link_name);
	place_remove(dir);
}

/* A journal is believed only as far as the part bears it out. */
Test(part, journals_that_lie)
{
	static const char *const lies[] = {
		"",
		"{",
		"[]",
		"null",
		"{\"rho_encode\":2}",
		"{\"rho_encode\":1,\"key\":\"x\",\"rows\":6,\"dim\":3,\"unit_norm\":true,\"done\":2}",
		"{\"rho_encode\":1,\"key\":\"%s\",\"rows\":6,\"dim\":3,\"unit_norm\":true,\"done\":7}",
		"{\"rho_encode\":1,\"key\":\"%s\",\"rows\":6,\"dim\":3,\"unit_norm\":true,\"done\":-1}",
		"{\"rho_encode\":1,\"key\":\"%s\",\"rows\":6,\"dim\":0,\"unit_norm\":true,\"done\":1}",
		"{\"rho_encode\":1,\"key\":\"%s\",\"rows\":6,\"dim\":1048576,\"unit_norm\":true,\"done\":6}",
		"{\"rho_encode\":1,\"key\":\"%s\",\"rows\":6,\"dim\":3,\"unit_norm\":true,\"done\":\"all\"}",
	};
	char *dir = place_new(), *out = rho_xprintf("%s/o.npy", dir), *part = rho_xprintf("%s.part", out);
	char *journal = rho_xprintf("%s.journal", out);
	for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
		struct rho_part_file p = begin(out, false, 0);
		put(&p, 2);
		rho_part_close(&p);
		const char *mark = strstr(lies[i], "%s");
		char *said = mark ? rho_xprintf("%.*s%s%s", (int)(mark - lies[i]), lies[i], key, mark + 2)
		                  : rho_xstrdup(lies[i]);
		free(place_text(dir, "o.npy.journal", said));
		free(said);
		p = begin(out, false, 0);
		finish(&p, out);
		unlink(out);
	}
	/* A part that is shorter than its journal says. */
	struct rho_part_file p = begin(out, false, 0);
	put(&p, 1);
	rho_part_close(&p);
	cr_assert_eq(truncate(part, 130), 0);
	p = begin(out, false, 0);
	finish(&p, out);
	free(out), free(part), free(journal);
	place_remove(dir);
}
