/* fuzz_checkpoint.c: any bytes as a cell's checkpoint, with its checksum put right so that what lies behind
 * it is reached. Bytes that do not begin as a checkpoint does follow a head of this version (so the seeds
 * outlive it). What is gone on from must be a state that a cell can be in. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <base/digest.h>
#include <run/cell_impl.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { LANES = 2, ACTIONS = 5, MOST = 3, CONTEXTS = 4, DIM = 2, STEPS = 100, HAS = 64 };
static const char magic[8] = "rhockpt";
static const char *const names[] = { "checkpoint", "metrics.jsonl", "timing.jsonl", "log.csv" };
static char folder[] = "/tmp/rho-fuzz-XXXXXX";
static char paths[4][64];
static int fd = -1;

static void remove_folder(void)
{
	for (int i = 0; i < 4; i++)
		unlink(paths[i]);
	rmdir(folder);
}

/* A cell's folder whose checkpoint is a link to memory. */
static void make_folder(void)
{
	char path[64];
	if (!mkdtemp(folder))
		exit(1);
	for (int i = 0; i < 4; i++)
		snprintf(paths[i], sizeof paths[i], "%s/%s", folder, names[i]);
	fd = memfd_create("checkpoint", MFD_CLOEXEC);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (fd < 0 || symlink(path, paths[0]))
		exit(1);
	atexit(remove_folder);
	stderr = fopen("/dev/null", "w");       /* the cell's warnings; libFuzzer has its own */
}

static void must(bool kept)
{
	if (!kept)
		abort();
}

static void put_file(const uint8_t *bytes, size_t n)
{
	struct rho_buf b = { 0 };
	struct rho_digest sum;
	if (n < sizeof magic || memcmp(bytes, magic, sizeof magic)) {
		rho_buf_add(&b, magic, sizeof magic);
		rho_pack_u64(&b, 1);
		rho_pack_str(&b, RHO_VERSION);
	}
	rho_buf_add(&b, bytes, n);
	sum = rho_digest_bytes(b.at, b.len);
	rho_pack_u64(&b, sum.lo);
	rho_pack_u64(&b, sum.hi);
	if (ftruncate(fd, 0) || pwrite(fd, b.at, b.len, 0) != (ssize_t)b.len)
		exit(1);
	rho_buf_free(&b);
	for (int i = 1; i < 4; i++) {
		FILE *f = fopen(paths[i], "w");
		if (!f || ftruncate(fileno(f), HAS) || fclose(f))
			exit(1);
	}
}

/* An environment of contexts by row, or by numbers; a sampler; an agent with a part and kept arrays. */
struct cell {
	struct rho_module module[4];
	struct rho_param none;
	struct rho_instance env, sampler, agent, part, *parts[1];
	struct rho_kept kept[3];
	struct rho_stream stream[2], *streams[2];
	float weights[4];       /* (2, 2) */
	double b[3];            /* (1, 3) */
	uint64_t counts[2];     /* (2, 1) */
	uint64_t tick[LANES];   /* (LANES) */
	struct rho_data data;
	struct rho_cell_spec spec;
	struct rho_cell_options opt;
	struct rho_cell_page page;
	struct rho_buf why;
	struct rho_play play;
};

static const uint32_t label[CONTEXTS] = { 0, 1, 1, 0 };
static const uint64_t label_off[] = { 0, 1, 2 };
static const struct rho_column group = { .name = "group", .type = RHO_COL_LABEL, .n = CONTEXTS,
	                                 .label = label, .off = label_off, .bytes = "ab", .n_labels = 2 };

static void make_modules(struct cell *c)
{
	static const uint32_t kinds[] = { RHO_ENV, RHO_SAMPLER, RHO_AGENT, RHO_VERIFIER };
	for (size_t i = 0; i < 4; i++) {
		c->module[i].plugin = (struct rho_plugin){ .kind = kinds[i], .name = "p", .revision = 1 };
		c->module[i].params = &c->none;
		c->spec.role[kinds[i]].module = &c->module[i];
	}
	c->module[0].plugin.env = &c->module[0].table.env;
	c->module[1].plugin.sampler = &c->module[1].table.sampler;
	c->module[2].plugin.agent = &c->module[2].table.agent;
}

static void make_instances(struct cell *c)
{
	c->kept[0] = (struct rho_kept){ "w", RHO_F32_ARRAY, 2, 2, c->weights };
	c->kept[1] = (struct rho_kept){ "b", RHO_F64_ARRAY, 1, 3, c->b };
	c->kept[2] = (struct rho_kept){ "n", RHO_U64_ARRAY, 2, 1, c->counts };
	for (uint64_t i = 0; i < 2; i++) {
		c->stream[i] = (struct rho_stream){ "s", { { i + 1, 2, 3, 4 } } };
		c->streams[i] = &c->stream[i];
	}
	c->env = (struct rho_instance){ .module = &c->module[0], .label = "env p" };
	c->sampler = (struct rho_instance){ .module = &c->module[1], .label = "sampler p",
		                            .streams = c->streams, .n_streams = 1 };
	c->parts[0] = &c->part;
	c->agent = (struct rho_instance){ .module = &c->module[2], .label = "agent p", .kept = c->kept,
		                          .n_kept = 2, .parts = c->parts, .n_parts = 1 };
	c->part = (struct rho_instance){ .module = &c->module[3], .label = "verifier p", .kept = c->kept + 2,
		                         .n_kept = 1, .streams = c->streams + 1, .n_streams = 1 };
}

/* rich: with a sampler, an oracle, groups; else every action and numbers for contexts. */
static void make_cell(struct cell *c, bool rich)
{
	struct rho_stage *s = &c->play.stage;
	*c = (struct cell){ .spec = { .id = "0123456789abcdef", .run = { .steps = STEPS, .log = 1 } } };
	make_modules(c);
	make_instances(c);
	c->data.table[RHO_CONTEXTS].n = CONTEXTS;
	c->opt = (struct rho_cell_options){ .dir = folder, .page = &c->page };
	c->play.spec = &c->spec;
	c->play.opt = &c->opt;
	c->play.why = &c->why;
	c->play.tick = c->tick;
	*s = (struct rho_stage){ .env = &c->env, .sampler = rich ? &c->sampler : NULL, .agent = &c->agent,
		                 .data = &c->data, .oracle = rich, .x_dim = DIM };
	s->spec = (struct rho_spec){ .n_actions = ACTIONS, .lanes = LANES, .slate = 1, .x_dim = DIM };
	s->env_spec.obs = rich ? RHO_OBS_ROW : RHO_OBS_F32;
	s->sampled.law = rich ? RHO_LAW_OTHER : RHO_LAW_ALL;
	s->sampled.max_k = rich ? MOST : 0;
	rho_pose_init(&c->play.pose[0], s);
	c->play.now = &c->play.pose[0];
	rho_metrics_init(&c->play.metrics, rich, rich ? &group : NULL);
}

static void free_cell(struct cell *c)
{
	rho_out_close(&c->play.out);
	rho_out_close(&c->play.timing);
	rho_out_close(&c->play.log);
	rho_metrics_free(&c->play.metrics);
	rho_pose_free(&c->play.pose[0]);
	rho_buf_free(&c->why);
}

static void must_be_sound(struct cell *c, bool rich)
{
	const struct rho_batch *b = &c->play.now->batch;
	size_t most = rich ? MOST : ACTIONS;
	struct rho_buf line = { 0 }, text = { 0 };
	size_t n;
	must(c->play.step < STEPS + LANES && c->play.seconds_before >= 0);
	must(c->play.out.length <= HAS && c->play.timing.length <= HAS && c->play.log.length <= HAS);
	for (size_t i = 0; i < LANES; i++) {
		must(!rich || c->play.now->row[i] < CONTEXTS);
		must(rich || (isfinite(c->play.now->x[i * DIM]) && isfinite(c->play.now->x[i * DIM + 1])));
		must(rho_n_cand(b, i) >= 1 && rho_n_cand(b, i) <= most);
		for (size_t j = 0; j < rho_n_cand(b, i); j++)
			must(rho_cand(b, i, j) < ACTIONS);
	}
	for (size_t i = 0; i < 2; i++)
		must(c->stream[i].rng.s[0] || c->stream[i].rng.s[1] || c->stream[i].rng.s[2] ||
		     c->stream[i].rng.s[3]);
	free(rho_metrics_record(&c->play.metrics, c->play.step, &line, &text, &n));
	rho_buf_free(&line);
	rho_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct cell c;
	if (fd < 0)
		make_folder();
	for (int rich = 0; rich < 2; rich++) {
		put_file(bytes, n);
		make_cell(&c, rich);
		int e = rho_cell_restore(&c.play);
		must(e <= 1 && (e >= 0 || c.why.len));
		if (e == 1)
			must_be_sound(&c, rich);
		if (!e)
			must(!c.play.step && !c.play.now->legal.off[0] && !c.play.now->drawn.off[0]);
		free_cell(&c);
	}
	return 0;
}
