/* hnsw: recall, the audit that refuses, indexes in files, exactness where not all is legal. */
#include <dirent.h>
#include <sys/stat.h>

#include "sampler.h"
#include "score/score.h"

enum { K = 2500, D = 20, k = 20 };

/* Rows around 50 centres, of any length. */
static float *clusters(uint64_t seed, size_t n)
{
	float *x = normal_rows(seed, n, D), *centre = normal_rows(seed + 1, 50, D);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < D; j++)
			x[i * D + j] = 0.4f * x[i * D + j] + centre[i % 50 * D + j];
	free(centre);
	return x;
}

/* How many of cand (k) have a product that is among the k largest of all. */
static size_t hits(const float *x, const float *q, const uint32_t *cand)
{
	size_t n = 0;
	for (size_t j = 0; j < k; j++) {
		size_t better = 0;
		float mine = rho_dot(q, x + cand[j] * D, D);
		for (size_t a = 0; a < K; a++)
			better += rho_dot(q, x + a * D, D) > mine;
		n += better < k;
	}
	return n;
}

Test(hnsw, finds_what_it_promises)
{
	enum { QUERIES = 200 };
	float *x = clusters(1, K), *q = normal_rows(3, QUERIES, D), incl[k];
	uint32_t cand[k], again[k], legal[] = { 7, 2400, 3, 900, 12 };
	size_t found = 0;
	struct sampler s, twin, exact;
	memcpy(x + 30 * D, x + 31 * D, D * sizeof *x);
	memset(x + 40 * D, 0, D * sizeof *x);
	cr_assert_eq(sampler_on(&s, "hnsw", "k = 20\nrecall = 0.97", 1, x, K, D, 1), 0, "%s", s.p.why.at);
	cr_assert_eq(sampler_on(&twin, "hnsw", "k = 20\nrecall = 0.97", 2, x, K, D, 1), 0);
	cr_assert_eq(sampler_on(&exact, "topk", "k = 20", 1, x, K, D, 1), 0);
	cr_assert_eq(s.info.wants, RHO_WANTS_QUERY);
	for (size_t i = 0; i < QUERIES; i++) {
		const float *one = q + i * D;
		cr_assert_eq(sampler_ask(&s, one, NULL, 0, 0, i, cand, incl), k);
		found += hits(x, one, cand);
		for (size_t j = 1; j < k; j++)
			cr_assert_geq(rho_dot(one, x + cand[j - 1] * D, D), rho_dot(one, x + cand[j] * D, D));
		sampler_ask(&twin, one, NULL, 0, 0, i, again, incl); /* of another seed, too */
		cr_assert(!memcmp(cand, again, sizeof cand));
		cr_assert_eq(sampler_ask(&s, one, legal, 5, 0, i, cand, incl), 5);
		sampler_ask(&exact, one, legal, 5, 0, i, again, incl);
		cr_assert(!memcmp(cand, again, 5 * sizeof *cand));
	}
	cr_assert_geq((double)found / QUERIES / k, 0.95, "%g", (double)found / QUERIES / k);
	test_free(&s.p);
	test_free(&twin.p);
	test_free(&exact.p);
	/* all of them: the search cannot leave any out unnoticed */
	cr_assert_eq(sampler_on(&s, "hnsw", "k = 60", 1, x, 60, D, 1), 0, "%s", s.p.why.at);
	uint32_t all[60];
	float sure[60];
	cr_assert_eq(sampler_ask(&s, q, NULL, 0, 0, 0, all, sure), 60);
	test_free(&s.p);
	free(x);
	free(q);
}

Test(hnsw, refuses_below_the_asked_recall)
{
	float *x = normal_rows(4, K, D);
	struct sampler s;
	cr_assert_eq(sampler_on(&s, "hnsw",
	                        "k = 20\nm = 4\nef_construction = 8\nef_limit = 20\nrecall = 0.99", 1, x, K,
	                        D, 1),
	             RHO_EINVAL);
	HAS(s.p.why.at, "the index finds 0.");
	HAS(s.p.why.at, "of the true 20 best for 200 actions as queries");
	HAS(s.p.why.at, "recall = 0.99 is asked for");
	HAS(s.p.why.at, "topk");
	test_free(&s.p);
	/* the same graph, looked at longer */
	cr_assert_eq(sampler_on(&s, "hnsw",
	                        "k = 20\nm = 4\nef_construction = 8\nef_limit = 2500\nrecall = 0.5", 1, x, K,
	                        D, 1),
	             0, "%s", s.p.why.at);
	test_free(&s.p);
	free(x);
}

/* Two thousand copies of one row: the graph cannot lead everywhere, but k candidates come out. */
Test(hnsw, copies)
{
	float *x = clusters(1, K), incl[k];
	uint32_t cand[k];
	struct sampler s;
	for (size_t i = 1; i < 2000; i++)
		memcpy(x + i * D, x, D * sizeof *x);
	cr_assert_eq(sampler_on(&s, "hnsw", "k = 20\nrecall = 0.5", 1, x, K, D, 1), 0, "%s", s.p.why.at);
	for (uint64_t t = 0; t < 20; t++)
		cr_assert_eq(sampler_ask(&s, x + (1990 + t) * D, NULL, 0, 0, t, cand, incl), k);
	test_free(&s.p);
	free(x);
}

static char *only_file(const char *dir)
{
	DIR *d = opendir(dir);
	char *path = NULL;
	for (struct dirent *e; (e = readdir(d));)
		if (e->d_name[0] != '.') {
			cr_assert_null(path, "there are two files");
			cr_assert_gt(asprintf(&path, "%s/%s", dir, e->d_name), 0);
		}
	closedir(d);
	return path;
}

static void change(const char *path, long at, int by)
{
	FILE *f = fopen(path, "r+b");
	cr_assert_not_null(f);
	fseek(f, at, at < 0 ? SEEK_END : SEEK_SET);
	int c = fgetc(f);
	fseek(f, at, at < 0 ? SEEK_END : SEEK_SET);
	fputc(c ^ by, f);
	fclose(f);
}

static int open_index(struct sampler *s, const char *index, const char *more, const float *x, size_t n)
{
	char toml[4400];
	snprintf(toml, sizeof toml, "k = 20\nindex = \"%s\"\n%s", index, more);
	return sampler_on(s, "hnsw", toml, 1, x, n, D, 1);
}

Test(hnsw, an_index_is_kept_and_judged)
{
	char dir[] = "/tmp/rho-hnsw-XXXXXX", *path;
	float *x = clusters(1, K), *q = normal_rows(3, 30, D), incl[k];
	uint32_t cand[30][k], again[k];
	struct sampler s;
	struct stat st;
	cr_assert_not_null(mkdtemp(dir));
	cr_assert_eq(open_index(&s, dir, "", x, K), 0, "%s", s.p.why.at);
	for (size_t i = 0; i < 30; i++)
		sampler_ask(&s, q + i * D, NULL, 0, 0, i, cand[i], incl);
	test_free(&s.p);
	path = only_file(dir);
	cr_assert_not_null(path);
	for (int named = 0; named < 2; named++) { /* by the folder, then by the file itself */
		cr_assert_eq(open_index(&s, named ? path : dir, "", x, K), 0, "%s", s.p.why.at);
		for (size_t i = 0; i < 30; i++) {
			sampler_ask(&s, q + i * D, NULL, 0, 0, i, again, incl);
			cr_assert(!memcmp(cand[i], again, sizeof again));
		}
		test_free(&s.p);
	}
	cr_assert_eq(open_index(&s, path, "", x, K - 1), RHO_EFORMAT);
	HAS(s.p.why.at, "index of another matrix: of 2500 rows of 20 numbers");
	HAS(s.p.why.at, "2499 rows of 20");
	test_free(&s.p);
	float was = x[5];
	x[5] += 1;
	cr_assert_eq(open_index(&s, path, "", x, K), RHO_EFORMAT);
	HAS(s.p.why.at, "with other values");
	test_free(&s.p);
	x[5] = was;
	cr_assert_eq(open_index(&s, path, "m = 17", x, K), RHO_EFORMAT);
	HAS(s.p.why.at, "was made with M = 16");
	test_free(&s.p);
	change(path, -5000, 1);
	cr_assert_eq(open_index(&s, dir, "", x, K), RHO_EFORMAT);
	HAS(s.p.why.at, "is damaged: delete it");
	test_free(&s.p);
	change(path, -5000, 1);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(truncate(path, st.st_size - 4), 0);
	cr_assert_eq(open_index(&s, path, "", x, K), RHO_EFORMAT);
	HAS(s.p.why.at, "bytes of links");
	test_free(&s.p);
	cr_assert_eq(truncate(path, 3), 0);
	cr_assert_eq(open_index(&s, path, "", x, K), RHO_EFORMAT);
	HAS(s.p.why.at, "is not an index");
	test_free(&s.p);
	unlink(path);
	rmdir(dir);
	free(path);
	free(x);
	free(q);
}
