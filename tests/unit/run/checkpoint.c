/* checkpoint.c: a cell's state comes back as it was, or is refused with both sides named. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "run/checkpoint.h"

/* An agent with a part, as the registry would have made them; arrays are filled from a seed. */
struct fixture {
	struct rho_module module[2];
	struct rho_instance agent, part, *parts[1];
	struct rho_kept kept[3];
	struct rho_stream stream[2], *streams[2], *part_streams[1];
	float weights[6];
	double b[3];
	uint64_t counts[4];
	struct rho_saved saved[1];
};

static void make(struct fixture *f, uint64_t seed)
{
	struct rho_rng r = { { seed, 2, 3, 4 } };
	*f = (struct fixture){ 0 };
	for (size_t i = 0; i < 6; i++)
		f->weights[i] = (float)rho_unif(&r);
	for (size_t i = 0; i < 3; i++)
		f->b[i] = rho_unif(&r);
	for (size_t i = 0; i < 4; i++)
		f->counts[i] = rho_u64(&r);
	f->module[0].plugin =
		(struct rho_plugin){ .kind = RHO_AGENT, .name = "ppo", .version = "1.2.0", .revision = 3 };
	f->module[1].plugin = (struct rho_plugin){
		.kind = RHO_VERIFIER, .name = "exact", .version = "1.0.0", .revision = 1
	};
	f->kept[0] = (struct rho_kept){ "weights", RHO_F32_ARRAY, 2, 3, f->weights };
	f->kept[1] = (struct rho_kept){ "b", RHO_F64_ARRAY, 1, 3, f->b };
	f->kept[2] = (struct rho_kept){ "counts", RHO_U64_ARRAY, 4, 1, f->counts };
	f->stream[0] = (struct rho_stream){ "explore", r };
	f->stream[1] = (struct rho_stream){ "coin", { { seed, 9, 9, 9 } } };
	f->streams[0] = &f->stream[0];
	f->part_streams[0] = &f->stream[1];
	f->parts[0] = &f->part;
	f->agent = (struct rho_instance){ .module = &f->module[0],
		                          .label = "agent ppo",
		                          .kept = f->kept,
		                          .n_kept = 2,
		                          .streams = f->streams,
		                          .n_streams = 1,
		                          .parts = f->parts,
		                          .n_parts = 1 };
	f->part = (struct rho_instance){ .module = &f->module[1],
		                         .label = "verifier exact",
		                         .kept = f->kept + 2,
		                         .n_kept = 1,
		                         .streams = f->part_streams,
		                         .n_streams = 1 };
	f->saved[0] =
		(struct rho_saved){ .path = "agent", .instance = &f->agent, .params = "0123456789abcdef" };
}

static char *path_in_new_folder(void)
{
	char dir[] = "/tmp/rho-checkpoint-XXXXXX";
	cr_assert(mkdtemp(dir));
	return rho_xprintf("%s/checkpoint", dir);
}

/* Without the syncing of rho_file_write: these tests write thousands of files. */
static void put(const char *path, const struct rho_buf *b, size_t n)
{
	FILE *f = fopen(path, "w");
	cr_assert(f && fwrite(b->at, 1, n, f) == n && !fclose(f));
}

static char *write_one(struct fixture *f)
{
	struct rho_buf host = { 0 }, why = { 0 };
	char *path = path_in_new_folder();
	rho_buf_str(&host, "the host's own");
	make(f, 11);
	cr_assert_eq(rho_checkpoint_write(path, "00ff", f->saved, 1, &host, &why), 0, "%s", why.at);
	rho_buf_free(&host);
	return path;
}

Test(checkpoint, comes_back)
{
	struct fixture a, b;
	struct rho_buf why = { 0 };
	char *path = write_one(&a);
	struct rho_checkpoint *c = rho_checkpoint_open(path, "00ff", &why);
	size_t n;
	cr_assert(c, "%s", why.at);
	cr_assert(!memcmp(rho_checkpoint_host(c, &n), "the host's own", 14));
	cr_assert_eq(n, 14);
	make(&b, 12);
	cr_assert_eq(rho_checkpoint_fits(c, b.saved, 1, &why), 0, "%s", why.at);
	rho_checkpoint_apply(c, b.saved, 1);
	cr_assert(!memcmp(a.weights, b.weights, sizeof a.weights));
	cr_assert(!memcmp(a.b, b.b, sizeof a.b));
	cr_assert(!memcmp(a.counts, b.counts, sizeof a.counts));
	cr_assert(!memcmp(&a.stream[0].rng, &b.stream[0].rng, sizeof(struct rho_rng)));
	cr_assert(!memcmp(&a.stream[1].rng, &b.stream[1].rng, sizeof(struct rho_rng)));
	rho_checkpoint_close(c);
	free(path);
	rho_buf_free(&why);
}

Test(checkpoint, none_is_no_mistake)
{
	struct rho_buf why = { 0 };
	char *path = path_in_new_folder();
	cr_assert_null(rho_checkpoint_open(path, "00ff", &why));
	cr_assert_eq(why.len, 0);
	free(path);
	rho_buf_free(&why);
}

Test(checkpoint, every_damaged_byte_is_noticed)
{
	struct fixture a;
	struct rho_buf good = { 0 }, why = { 0 };
	char *path = write_one(&a);
	rho_file_read(path, 0, &good, &why);
	for (size_t i = 0; i < good.len; i++) {
		struct rho_checkpoint *c;
		good.at[i] = (char)(good.at[i] ^ 0x20);
		put(path, &good, good.len);
		c = rho_checkpoint_open(path, "00ff", &why);
		cr_assert_null(c, "byte %zu of %zu", i, good.len);
		cr_assert(strstr(why.at, path), "%s", why.at);
		good.at[i] = (char)(good.at[i] ^ 0x20);
		rho_buf_clear(&why);
	}
	free(path);
	rho_buf_free(&why);
	rho_buf_free(&good);
}

Test(checkpoint, every_cut_is_noticed)
{
	struct fixture a;
	struct rho_buf good = { 0 }, why = { 0 };
	char *path = write_one(&a);
	rho_file_read(path, 0, &good, &why);
	for (size_t n = 0; n < good.len; n++) {
		put(path, &good, n);
		cr_assert_null(rho_checkpoint_open(path, "00ff", &why), "%zu of %zu bytes", n, good.len);
		cr_assert(why.len);
		rho_buf_clear(&why);
	}
	free(path);
	rho_buf_free(&why);
	rho_buf_free(&good);
}

/* A file made by somebody who can compute checksums: lengths that lie are refused, never followed. */
Test(checkpoint, hostile_lengths)
{
	struct fixture a;
	struct rho_buf good = { 0 }, why = { 0 };
	char *path = write_one(&a);
	rho_file_read(path, 0, &good, &why);
	for (size_t i = 8; i + 8 <= good.len - 16; i++) {
		uint64_t was, huge[] = { UINT64_MAX, 1ull << 62, good.len, 0 };
		memcpy(&was, good.at + i, sizeof was);
		for (size_t h = 0; h < 4; h++) {
			struct rho_digest sum;
			struct rho_checkpoint *c;
			struct fixture b;
			memcpy(good.at + i, &huge[h], sizeof was);
			sum = rho_digest_bytes(good.at, good.len - 16);
			memcpy(good.at + good.len - 16, (uint64_t[]){ sum.lo, sum.hi }, 16);
			put(path, &good, good.len);
			c = rho_checkpoint_open(path, "00ff", &why);
			make(&b, 5);
			if (c && !rho_checkpoint_fits(c, b.saved, 1, &why))
				rho_checkpoint_apply(c, b.saved, 1);
			rho_checkpoint_close(c);
		}
		memcpy(good.at + i, &was, sizeof was);
	}
	free(path);
	rho_buf_free(&why);
	rho_buf_free(&good);
}

/* What the file says of a fixture changed by `change`. */
static char *refused(void (*change)(struct fixture *))
{
	static struct rho_buf why;
	struct fixture a, b;
	char *path = write_one(&a);
	struct rho_checkpoint *c = rho_checkpoint_open(path, "00ff", &why);
	rho_buf_clear(&why);
	make(&b, 12);
	change(&b);
	cr_assert_eq(rho_checkpoint_fits(c, b.saved, 1, &why), -1);
	cr_assert(strstr(why.at, path) && strstr(why.at, "--fresh"), "%s", why.at);
	rho_checkpoint_close(c);
	free(path);
	return why.at;
}

static void other_plugin(struct fixture *f) { f->module[0].plugin.name = "a2c"; }
static void other_version(struct fixture *f) { f->module[0].plugin.version = "1.3.0"; }
static void other_revision(struct fixture *f) { f->module[1].plugin.revision = 2; }
static void other_params(struct fixture *f) { strcpy(f->saved[0].params, "fedcba"); }
static void other_shape(struct fixture *f)
{
	f->kept[0].rows = 3;
	f->kept[0].cols = 2;
}
static void other_type(struct fixture *f) { f->kept[0].type = RHO_U32_ARRAY; }
static void other_name(struct fixture *f) { f->kept[1].name = "bias"; }
static void other_stream(struct fixture *f) { f->stream[0].name = "exploit"; }
static void one_array_less(struct fixture *f) { f->agent.n_kept = 1; }
static void no_part(struct fixture *f) { f->agent.n_parts = 0; }

Test(checkpoint, mismatches_name_both_sides)
{
	const struct {
		void (*change)(struct fixture *);
		const char *was, *is;
	} all[] = {
		{ other_plugin, "agent ppo 1.2.0", "agent a2c 1.2.0" },
		{ other_version, "ppo 1.2.0", "ppo 1.3.0" },
		{ other_revision, "revision 1", "revision 2" },
		{ other_params, "01234567", "fedcba" },
		{ other_shape, "weights (2, 3) f32", "weights (3, 2) f32" },
		{ other_type, "weights (2, 3) f32", "weights (2, 3) u32" },
		{ other_name, "b (1, 3) f64", "bias (1, 3) f64" },
		{ other_stream, "explore", "exploit" },
		{ one_array_less, "2 kept arrays", "the plugin 1" },
		{ no_part, "2 instances", "the cell 1" },
	};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		char *said = refused(all[i].change);
		cr_assert(strstr(said, all[i].was) && strstr(said, all[i].is), "%zu: %s", i, said);
	}
}

Test(checkpoint, of_another_cell)
{
	struct fixture a;
	struct rho_buf why = { 0 };
	char *path = write_one(&a);
	cr_assert_null(rho_checkpoint_open(path, "00fe", &why));
	cr_assert(strstr(why.at, "cell 00ff") && strstr(why.at, "00fe"), "%s", why.at);
	free(path);
	rho_buf_free(&why);
}
