/* twin.c: copies of what instances keep: arrays and streams, with those of their parts. */
#include <stdlib.h>
#include <string.h>

#include "../base/digest.h"
#include "twin.h"

static const size_t element[] = {
	[RHO_F32_ARRAY] = 4,
	[RHO_F64_ARRAY] = 8,
	[RHO_U64_ARRAY] = 8,
	[RHO_U32_ARRAY] = 4,
};

static size_t bytes_of(const struct rho_kept *k) { return k->rows * k->cols * element[k->type]; }

static bool kept_fits(const struct rho_instance *from, const struct rho_instance *to, struct rho_buf *why)
{
	for (size_t i = 0; i < from->n_kept; i++) {
		const struct rho_kept *a = &from->kept[i], *b = &to->kept[i];
		if (!strcmp(a->name, b->name) && a->type == b->type && a->rows == b->rows &&
		    a->cols == b->cols)
			continue;
		rho_buf_printf(why, "%s keeps %s (%zu, %zu) in training and %s (%zu, %zu) here", from->label,
		               a->name, a->rows, a->cols, b->name, b->rows, b->cols);
		return false;
	}
	return true;
}

bool rho_twin_fits(const struct rho_instance *from, const struct rho_instance *to, struct rho_buf *why)
{
	bool streams = from->n_streams == to->n_streams;
	for (size_t i = 0; streams && i < from->n_streams; i++)
		streams = !strcmp(from->streams[i]->name, to->streams[i]->name);
	if (from->n_kept != to->n_kept || !streams || from->n_parts != to->n_parts) {
		rho_buf_printf(why, "%s keeps %zu arrays and %zu streams in training, and %zu and %zu here",
		               from->label, from->n_kept, from->n_streams, to->n_kept, to->n_streams);
		return false;
	}
	if (!kept_fits(from, to, why))
		return false;
	for (size_t i = 0; i < from->n_parts; i++)
		if (!rho_twin_fits(from->parts[i], to->parts[i], why))
			return false;
	return true;
}

void rho_twin_copy(const struct rho_instance *from, struct rho_instance *to)
{
	for (size_t i = 0; i < from->n_kept; i++)
		if (bytes_of(&from->kept[i]))
			memcpy(to->kept[i].at, from->kept[i].at, bytes_of(&from->kept[i]));
	for (size_t i = 0; i < from->n_parts; i++)
		rho_twin_copy(from->parts[i], to->parts[i]);
}

/* ---- in a buffer ---- */

void rho_twin_take_kept(const struct rho_instance *inst, struct rho_buf *b)
{
	for (size_t i = 0; i < inst->n_kept; i++)
		if (bytes_of(&inst->kept[i]))
			rho_buf_add(b, inst->kept[i].at, bytes_of(&inst->kept[i]));
	for (size_t i = 0; i < inst->n_parts; i++)
		rho_twin_take_kept(inst->parts[i], b);
}

static const char *put_kept(struct rho_instance *inst, const char *at)
{
	for (size_t i = 0; i < inst->n_kept; i++) {
		size_t n = bytes_of(&inst->kept[i]);
		if (n)
			memcpy(inst->kept[i].at, at, n);
		at += n;
	}
	for (size_t i = 0; i < inst->n_parts; i++)
		at = put_kept(inst->parts[i], at);
	return at;
}

void rho_twin_put_kept(struct rho_instance *inst, const struct rho_buf *b)
{
	if (b->len)
		put_kept(inst, b->at);
}

void rho_twin_take_streams(const struct rho_instance *inst, struct rho_buf *b)
{
	for (size_t i = 0; i < inst->n_streams; i++)
		rho_buf_add(b, &inst->streams[i]->rng, sizeof inst->streams[i]->rng);
	for (size_t i = 0; i < inst->n_parts; i++)
		rho_twin_take_streams(inst->parts[i], b);
}

static const char *put_streams(struct rho_instance *inst, const char *at)
{
	for (size_t i = 0; i < inst->n_streams; i++, at += sizeof inst->streams[i]->rng)
		memcpy(&inst->streams[i]->rng, at, sizeof inst->streams[i]->rng);
	for (size_t i = 0; i < inst->n_parts; i++)
		at = put_streams(inst->parts[i], at);
	return at;
}

void rho_twin_put_streams(struct rho_instance *inst, const struct rho_buf *b)
{
	if (b->len)
		put_streams(inst, b->at);
}

void rho_twin_reseed(struct rho_instance *inst, const char *name)
{
	const char *kind = rho_kind_name(inst->module->plugin.kind);
	char *text = rho_xprintf("eval %s %llu", name, (unsigned long long)inst->salt);
	uint64_t salt = rho_digest_bytes(text, strlen(text)).lo;
	for (size_t i = 0; i < inst->n_streams; i++)
		inst->streams[i]->rng =
			rho_stream_seed(inst->world->seed, kind, salt, inst->streams[i]->name);
	for (size_t i = 0; i < inst->n_parts; i++)
		rho_twin_reseed(inst->parts[i], name);
	free(text);
}
