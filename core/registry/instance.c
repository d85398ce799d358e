/* instance.c: making one plugin instance, and the bracket around each call into it. */
#include <stdlib.h>
#include <string.h>

#include "../base/digest.h"
#include "internal.h"

/* A part's streams must not repeat its parent's, nor those of another part of the same kind. */
static uint64_t part_salt(const struct rho_instance *parent, const char *param)
{
	char *path = rho_xprintf("%s %llu %s", rho_kind_name(parent->module->plugin.kind),
	                         (unsigned long long)parent->salt, param);
	uint64_t salt = rho_digest_bytes(path, strlen(path)).lo;
	free(path);
	return salt;
}

/* Calls the open of a part whose open takes only (ctx, self). */
static int open_verifier(struct rho_instance *part, struct rho_buf *why)
{
	const struct rho_verifier *v = part->module->plugin.verifier;
	if (!v->open) {
		part->opened = true;
		return 0;
	}
	rho_call_begin(part, "open", 0, true);
	return rho_call_end(part, v->open(&part->ctx, part->self), why);
}

static int open_part(struct rho_instance *inst, const struct rho_param *p, const struct rho_toml *table,
                     struct rho_buf *why)
{
	const struct rho_toml *use = rho_toml_get(table, "use");
	const struct rho_module *m;
	struct rho_instance *part;
	struct rho_part field;
	if (!use || use->type != RHO_TOML_STRING) {
		rho_buf_printf(why, "%s: %s names no plugin; write { use = \"…\" }", inst->label, p->name);
		return -1;
	}
	m = rho_module_get(inst->world->registry, p->kind, use->str, why);
	part = m ? rho_instance_new(inst->world, m, table, part_salt(inst, p->name), why) : NULL;
	if (!part)
		return -1;
	inst->parts = rho_xrealloc(inst->parts, (inst->n_parts + 1) * sizeof(*inst->parts));
	inst->parts[inst->n_parts++] = part;
	if (m->plugin.kind == RHO_VERIFIER && open_verifier(part, why))
		return -1;
	field = (struct rho_part){ .plugin = &m->plugin, .ctx = &part->ctx, .self = part->self };
	memcpy((char *)inst->self + p->offset, &field, sizeof field);
	return 0;
}

struct rho_instance *rho_instance_new(struct rho_world *world, const struct rho_module *m,
                                      const struct rho_toml *table, uint64_t stream_salt, struct rho_buf *why)
{
	struct rho_instance *inst = rho_xcalloc(1, sizeof *inst);
	const struct rho_plugin *p = &m->plugin;
	size_t n;
	inst->ctx.host = &rho_host_services;
	inst->world = world;
	inst->module = m;
	inst->salt = stream_salt;
	inst->arena = rho_xcalloc(1, sizeof *inst->arena);
	inst->self = rho_arena_note(inst->arena, rho_xcalloc(1, p->self_size));
	inst->label = rho_xprintf("%s %s", rho_kind_name(p->kind), p->name);
	inst->slot = "open";
	n = strlen(inst->label);
	memcpy(inst->tag, inst->label, n < sizeof inst->tag ? n : sizeof inst->tag - 1);
	if (rho_params_fill(inst, table, why))
		goto failed;
	for (const struct rho_param *q = m->params; q->name; q++) {
		const struct rho_toml *part = q->type == RHO_T_PART ? rho_toml_get(table, q->name) : NULL;
		if (part && open_part(inst, q, part, why))
			goto failed;
	}
	return inst;
failed:
	rho_instance_free(inst);
	return NULL;
}

static void close_plugin(struct rho_instance *inst)
{
	const struct rho_plugin *p = &inst->module->plugin;
	void (*slot)(struct rho_ctx *, void *self) = NULL;
	switch (p->kind) {
	case RHO_ENCODER: slot = p->encoder->close; break;
	case RHO_SAMPLER: slot = p->sampler->close; break;
	case RHO_ENV: slot = p->env->close; break;
	case RHO_AGENT: slot = p->agent->close; break;
	case RHO_VERIFIER: slot = p->verifier->close; break;
	case RHO_REPORTER: slot = p->reporter->close; break;
	default: /* a dataset has nothing open */ break;
	}
	if (!slot)
		return;
	rho_call_begin(inst, "close", 0, false);
	slot(&inst->ctx, inst->self);
}

void rho_instance_free(struct rho_instance *inst)
{
	if (!inst)
		return;
	if (inst->opened)
		close_plugin(inst);
	for (size_t i = 0; i < inst->n_parts; i++)
		rho_instance_free(inst->parts[i]);
	for (size_t i = 0; i < inst->n_kept; i++)
		free(inst->kept[i].name);
	for (size_t i = 0; i < inst->n_streams; i++) {
		free(inst->streams[i]->name);
		free(inst->streams[i]);
	}
	rho_arena_free(inst);
	rho_buf_free(&inst->error);
	free(inst->parts);
	free(inst->kept);
	free(inst->streams);
	free(inst->label);
	free(inst);
}

static void prepare(struct rho_instance *inst, const char *slot, bool opening)
{
	inst->slot = slot;
	inst->opening = opening;
	if (inst->error_code) {
		rho_buf_clear(&inst->error);
		inst->error_code = 0;
		inst->broken = false;
	}
	rho_arena_reset(inst);
	for (size_t i = 0; i < inst->n_parts; i++)
		prepare(inst->parts[i], slot, opening);
}

void rho_call_begin(struct rho_instance *inst, const char *slot, uint64_t step, bool opening)
{
	struct rho_last_call *last = inst->world->last_call;
	prepare(inst, slot, opening);
	if (last) {
		memcpy(last->instance, inst->tag, sizeof last->instance);
		size_t i = 0;
		for (; slot[i] && i + 1 < sizeof last->slot; i++)
			last->slot[i] = slot[i];
		last->slot[i] = '\0';
		last->step = step;
	}
}

/* The instance that recorded why, or the part of it: a parent that only passes a code on says
 * nothing itself. */
static struct rho_instance *culprit(struct rho_instance *inst, bool broken)
{
	struct rho_instance *who = (broken ? inst->broken : inst->error_code != 0) ? inst : NULL;
	for (size_t i = 0; !who && i < inst->n_parts; i++)
		who = culprit(inst->parts[i], broken);
	return who;
}

static void end_opening(struct rho_instance *inst)
{
	inst->opening = false;
	for (size_t i = 0; i < inst->n_parts; i++)
		end_opening(inst->parts[i]);
}

int rho_call_end(struct rho_instance *inst, int code, struct rho_buf *why)
{
	struct rho_instance *who = culprit(inst, true);
	if (inst->opening) {
		inst->opened = inst->opened || (code == 0 && !who);
		end_opening(inst);
	}
	if (!code && !who)
		return 0;
	if (who)
		code = RHO_EBUG;
	else
		who = culprit(inst, false);
	if (code > 0 || code < RHO_EBUG) {
		rho_record(inst, true, RHO_EBUG, "returned %d; a call returns 0 or one of enum rho_error",
		           code);
		code = RHO_EBUG;
		who = inst;
	} else if (!who && code == RHO_ESTOP) {
		rho_record(inst, false, code, "stopped, as asked");
	} else if (!who) {
		rho_record(inst, false, code, "gave %s without a sentence that says why (rho_fail)",
		           rho_error_name(code));
	}
	who = who ? who : inst;
	rho_buf_printf(why, "%s, %s: ", inst->label, inst->slot);
	if (who != inst)
		rho_buf_printf(why, "%s: ", who->label);
	rho_buf_str(why, who->error.at);
	return code;
}

const char *rho_error_name(int code)
{
	static const char *const names[] = {
		"RHO_EINVAL", "RHO_ENOMEM", "RHO_EIO", "RHO_EFORMAT", "RHO_ENOSUP", "RHO_ESTOP", "RHO_EBUG",
	};
	return code <= RHO_EINVAL && code >= RHO_EBUG ? names[-code - 1] : "no error of rho";
}
