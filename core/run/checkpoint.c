/* checkpoint.c: writing, checking and restoring a cell's state. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "../base/digest.h"
#include "../base/file.h"
#include "checkpoint.h"
#include "pack.h"

static const char magic[8] = "rhockpt";
enum { FORMAT = 1, CHECKSUM = 16 };

static const size_t element[] = {
	[RHO_F32_ARRAY] = 4,
	[RHO_F64_ARRAY] = 8,
	[RHO_U64_ARRAY] = 8,
	[RHO_U32_ARRAY] = 4,
};

static const char *const element_name[] = {
	[RHO_F32_ARRAY] = "f32",
	[RHO_F64_ARRAY] = "f64",
	[RHO_U64_ARRAY] = "u64",
	[RHO_U32_ARRAY] = "u32",
};

/* ---- writing ---- */

struct sink {
	struct rho_writer *file;
	struct rho_hasher *hash;
	struct rho_buf small;
};

static int put(struct sink *s, const void *at, size_t n)
{
	rho_hasher_put(s->hash, at, n);
	return rho_writer_put(s->file, at, n);
}

static int put_small(struct sink *s)
{
	int e = put(s, s->small.at, s->small.len);
	rho_buf_clear(&s->small);
	return e;
}

static size_t count(const struct rho_instance *i)
{
	size_t n = 1;
	for (size_t p = 0; p < i->n_parts; p++)
		n += count(i->parts[p]);
	return n;
}

static int put_instance(struct sink *s, const char *path, const char *params, const struct rho_instance *i)
{
	const struct rho_plugin *plugin = &i->module->plugin;
	int e;
	rho_pack_str(&s->small, path);
	rho_pack_str(&s->small, plugin->name);
	rho_pack_str(&s->small, plugin->version ? plugin->version : "");
	rho_pack_u64(&s->small, plugin->revision);
	rho_pack_str(&s->small, params);
	rho_pack_u64(&s->small, i->n_kept);
	for (size_t a = 0; a < i->n_kept; a++) {
		const struct rho_kept *k = &i->kept[a];
		rho_pack_str(&s->small, k->name);
		rho_pack_u64(&s->small, k->type);
		rho_pack_u64(&s->small, k->rows);
		rho_pack_u64(&s->small, k->cols);
		if ((e = put_small(s)) || (e = put(s, k->at, k->rows * k->cols * element[k->type])))
			return e;
	}
	rho_pack_u64(&s->small, i->n_streams);
	for (size_t a = 0; a < i->n_streams; a++) {
		rho_pack_str(&s->small, i->streams[a]->name);
		rho_pack_bytes(&s->small, &i->streams[a]->rng, sizeof i->streams[a]->rng);
	}
	e = put_small(s);
	for (size_t p = 0; p < i->n_parts && !e; p++) {
		char *below = rho_xprintf("%s.%zu", path, p);
		e = put_instance(s, below, params, i->parts[p]);
		free(below);
	}
	return e;
}

int rho_checkpoint_write(const char *path, const char *cell_id, const struct rho_saved *saved, size_t n,
                         const struct rho_buf *host, struct rho_buf *why)
{
	struct sink s = { .file = rho_writer_open(path, why) };
	struct rho_digest sum;
	size_t all = 0;
	int e;
	if (!s.file)
		return -1;
	s.hash = rho_hasher_new();
	for (size_t i = 0; i < n; i++)
		all += count(saved[i].instance);
	rho_buf_add(&s.small, magic, sizeof magic);
	rho_pack_u64(&s.small, FORMAT);
	rho_pack_str(&s.small, RHO_VERSION);
	rho_pack_str(&s.small, cell_id);
	rho_pack_bytes(&s.small, host->at, host->len);
	rho_pack_u64(&s.small, all);
	e = put_small(&s);
	for (size_t i = 0; i < n && !e; i++)
		e = put_instance(&s, saved[i].path, saved[i].params, saved[i].instance);
	sum = rho_hasher_finish(s.hash);
	rho_pack_u64(&s.small, sum.lo);
	rho_pack_u64(&s.small, sum.hi);
	rho_writer_put(s.file, s.small.at, s.small.len);
	rho_buf_free(&s.small);
	return rho_writer_commit(s.file, why); /* a write that failed fails here, with its reason */
}

/* ---- reading ---- */

struct array {
	const char *name;
	uint64_t type, rows, cols;
	const void *at;
};
struct stream {
	const char *name;
	const void *state;
};

struct part {
	const char *path, *plugin, *version, *params;
	uint64_t revision;
	struct array *arrays;
	size_t n_arrays;
	struct stream *streams;
	size_t n_streams;
};

struct rho_checkpoint {
	char *path;
	struct rho_buf bytes;
	const void *host;
	size_t host_len;
	struct part *parts;
	size_t n_parts;
};

static void read_part(struct rho_unpack *u, struct part *p)
{
	uint64_t n;
	p->path = rho_unpack_str(u);
	p->plugin = rho_unpack_str(u);
	p->version = rho_unpack_str(u);
	p->revision = rho_unpack_u64(u);
	p->params = rho_unpack_str(u);
	n = rho_unpack_u64(u);
	for (uint64_t i = 0; i < n && !u->bad; i++) {
		struct array a = { .name = rho_unpack_str(u) };
		a.type = rho_unpack_u64(u);
		a.rows = rho_unpack_u64(u);
		a.cols = rho_unpack_u64(u);
		if (a.type < RHO_F32_ARRAY || a.type > RHO_U32_ARRAY ||
		    (a.cols && a.rows > u->left / element[a.type] / a.cols))
			u->bad = true;
		else
			a.at = rho_unpack_raw(u, a.rows * a.cols * element[a.type]);
		p->arrays = rho_xrealloc(p->arrays, (p->n_arrays + 1) * sizeof a);
		p->arrays[p->n_arrays++] = a;
	}
	n = rho_unpack_u64(u);
	for (uint64_t i = 0; i < n && !u->bad; i++) {
		struct stream s = { .name = rho_unpack_str(u) };
		if (rho_unpack_u64(u) != sizeof(struct rho_rng))
			u->bad = true;
		s.state = rho_unpack_raw(u, sizeof(struct rho_rng));
		if (s.state && !memcmp(s.state, &(struct rho_rng){ 0 }, sizeof(struct rho_rng)))
			u->bad = true; /* would draw zeros for ever */
		p->streams = rho_xrealloc(p->streams, (p->n_streams + 1) * sizeof s);
		p->streams[p->n_streams++] = s;
	}
}

/* Fills c from its bytes, checksum already seen to be right. */
static bool parse(struct rho_checkpoint *c, const char *cell_id, struct rho_buf *why)
{
	struct rho_unpack u = { (const unsigned char *)c->bytes.at + sizeof magic,
		                c->bytes.len - sizeof magic - CHECKSUM, false };
	uint64_t format = rho_unpack_u64(&u), n;
	const char *version = rho_unpack_str(&u), *id;
	if (u.bad || format != FORMAT || strcmp(version, RHO_VERSION)) {
		rho_buf_printf(why, "%s was written by rho %s in format %llu; this is rho %s with format %d",
		               c->path, version ? version : "?", (unsigned long long)format, RHO_VERSION,
		               FORMAT);
		return false;
	}
	id = rho_unpack_str(&u);
	if (id && strcmp(id, cell_id)) {
		rho_buf_printf(why, "%s is of cell %s, not of %s", c->path, id, cell_id);
		return false;
	}
	c->host_len = (size_t)rho_unpack_u64(&u);
	c->host = rho_unpack_raw(&u, c->host_len);
	n = rho_unpack_u64(&u);
	for (uint64_t i = 0; i < n && !u.bad; i++) {
		c->parts = rho_xrealloc(c->parts, (c->n_parts + 1) * sizeof *c->parts);
		c->parts[c->n_parts] = (struct part){ 0 };
		read_part(&u, &c->parts[c->n_parts++]);
	}
	if (u.bad || u.left) {
		rho_buf_printf(why, "%s is damaged inside, though its checksum is right", c->path);
		return false;
	}
	return true;
}

struct rho_checkpoint *rho_checkpoint_open(const char *path, const char *cell_id, struct rho_buf *why)
{
	struct rho_checkpoint *c;
	struct stat st;
	uint64_t sum[2];
	struct rho_digest is;
	if (stat(path, &st) && errno == ENOENT)
		return NULL;
	c = rho_xcalloc(1, sizeof *c);
	c->path = rho_xstrdup(path);
	if (rho_file_read(path, 0, &c->bytes, why))
		goto no;
	if (c->bytes.len < sizeof magic + CHECKSUM || memcmp(c->bytes.at, magic, sizeof magic)) {
		rho_buf_printf(why, "%s is not a checkpoint (%zu bytes)", path, c->bytes.len);
		goto no;
	}
	memcpy(sum, c->bytes.at + c->bytes.len - CHECKSUM, sizeof sum);
	is = rho_digest_bytes(c->bytes.at, c->bytes.len - CHECKSUM);
	if (sum[0] != is.lo || sum[1] != is.hi) {
		rho_buf_printf(why, "%s is damaged: its checksum does not fit its %zu bytes", path,
		               c->bytes.len);
		goto no;
	}
	if (parse(c, cell_id, why))
		return c;
no:
	rho_checkpoint_close(c);
	return NULL;
}

const void *rho_checkpoint_host(const struct rho_checkpoint *c, size_t *n)
{
	*n = c->host_len;
	return c->host;
}

void rho_checkpoint_close(struct rho_checkpoint *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_parts; i++) {
		free(c->parts[i].arrays);
		free(c->parts[i].streams);
	}
	free(c->parts);
	rho_buf_free(&c->bytes);
	free(c->path);
	free(c);
}

/* ---- putting back ---- */

static int differs(const struct rho_checkpoint *c, struct rho_buf *why)
{
	rho_buf_printf(why,
	               "\n  %s does not fit this plugin as it is now: run with --fresh to start the "
	               "experiment over, or delete that file to start this cell over",
	               c->path);
	return -1;
}

static int fits_kept(const struct rho_checkpoint *c, const struct part *p, const struct rho_instance *i,
                     struct rho_buf *why)
{
	if (p->n_arrays != i->n_kept || p->n_streams != i->n_streams) {
		rho_buf_printf(
			why, "%s: the checkpoint has %zu kept arrays and %zu streams, the plugin %zu and %zu",
			i->label, p->n_arrays, p->n_streams, i->n_kept, i->n_streams);
		return differs(c, why);
	}
	for (size_t a = 0; a < i->n_kept; a++) {
		const struct array *f = &p->arrays[a];
		const struct rho_kept *k = &i->kept[a];
		if (strcmp(f->name, k->name) || f->type != k->type || f->rows != k->rows ||
		    f->cols != k->cols) {
			rho_buf_printf(why,
			               "%s: the checkpoint has %s (%llu, %llu) %s where the plugin keeps "
			               "%s (%zu, %zu) %s",
			               i->label, f->name, (unsigned long long)f->rows,
			               (unsigned long long)f->cols, element_name[f->type], k->name, k->rows,
			               k->cols, element_name[k->type]);
			return differs(c, why);
		}
	}
	for (size_t a = 0; a < i->n_streams; a++)
		if (strcmp(p->streams[a].name, i->streams[a]->name)) {
			rho_buf_printf(why,
			               "%s: the checkpoint has the stream %s where the plugin draws from %s",
			               i->label, p->streams[a].name, i->streams[a]->name);
			return differs(c, why);
		}
	return 0;
}

/* An instance and its parts, in the order they were written; `at` counts them. */
static int fits(const struct rho_checkpoint *c, size_t *at, const char *path, const char *params,
                const struct rho_instance *i, struct rho_buf *why)
{
	const struct rho_plugin *plugin = &i->module->plugin;
	const struct part *p = *at < c->n_parts ? &c->parts[(*at)++] : NULL;
	int e;
	if (!p || strcmp(p->path, path) || strcmp(p->plugin, plugin->name) ||
	    strcmp(p->version, plugin->version ? plugin->version : "") || p->revision != plugin->revision ||
	    strcmp(p->params, params)) {
		rho_buf_printf(
			why,
			"%s: the checkpoint is of %s %s %s (revision %llu, parameters %.8s), this is %s %s "
			"%s (revision %u, parameters %.8s)",
			i->label, p ? p->path : "nothing", p ? p->plugin : "", p ? p->version : "",
			p ? (unsigned long long)p->revision : 0, p ? p->params : "", path, plugin->name,
			plugin->version ? plugin->version : "", plugin->revision, params);
		return differs(c, why);
	}
	e = fits_kept(c, p, i, why);
	for (size_t k = 0; k < i->n_parts && !e; k++) {
		char *below = rho_xprintf("%s.%zu", path, k);
		e = fits(c, at, below, params, i->parts[k], why);
		free(below);
	}
	return e;
}

int rho_checkpoint_fits(const struct rho_checkpoint *c, const struct rho_saved *saved, size_t n,
                        struct rho_buf *why)
{
	size_t at = 0;
	for (size_t i = 0; i < n; i++)
		if (fits(c, &at, saved[i].path, saved[i].params, saved[i].instance, why))
			return -1;
	if (at == c->n_parts)
		return 0;
	rho_buf_printf(why, "the checkpoint has %zu instances, the cell %zu", c->n_parts, at);
	return differs(c, why);
}

static void put_back(const struct rho_checkpoint *c, size_t *at, struct rho_instance *i)
{
	const struct part *p = &c->parts[(*at)++];
	for (size_t a = 0; a < i->n_kept; a++)
		if (i->kept[a].rows && i->kept[a].cols)
			memcpy(i->kept[a].at, p->arrays[a].at,
			       i->kept[a].rows * i->kept[a].cols * element[i->kept[a].type]);
	for (size_t a = 0; a < i->n_streams; a++)
		memcpy(&i->streams[a]->rng, p->streams[a].state, sizeof i->streams[a]->rng);
	for (size_t k = 0; k < i->n_parts; k++)
		put_back(c, at, i->parts[k]);
}

void rho_checkpoint_apply(const struct rho_checkpoint *c, const struct rho_saved *saved, size_t n)
{
	size_t at = 0;
	for (size_t i = 0; i < n; i++)
		put_back(c, &at, saved[i].instance);
}
