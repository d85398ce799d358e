/* pose_save.c: decisions as they are posed, in a checkpoint. */
#include <math.h>
#include <string.h>

#include "pose.h"

static void save_lists(const struct rho_lists *l, size_t lanes, struct rho_buf *b)
{
	rho_pack_bytes(b, l->off, (lanes + 1) * sizeof *l->off);
	rho_pack_bytes(b, l->id, l->off[lanes] * sizeof *l->id);
	rho_pack_bytes(b, l->incl, l->incl ? l->off[lanes] * sizeof *l->incl : 0);
}

/* Lists of `least` .. `most` known and distinct ids a lane, as those that were saved had been found. */
static bool lists_sound(const struct rho_lists *l, size_t lanes, size_t least, size_t most,
                        struct rho_marks *m)
{
	for (size_t i = 0; i < lanes; i++) {
		size_t n = l->off[i + 1] - l->off[i];
		if (n < least || n > most)
			return false;
		rho_marks_next(m);
		for (size_t j = l->off[i]; j < l->off[i + 1]; j++) {
			if (l->id[j] >= m->n || m->at[l->id[j]] == m->now)
				return false;
			m->at[l->id[j]] = m->now;
			if (l->incl && !(isnan(l->incl[j]) || (l->incl[j] > 0 && l->incl[j] <= 1)))
				return false;
		}
	}
	return true;
}

static void load_lists(struct rho_lists *l, const struct rho_stage *s, size_t most, bool incl,
                       struct rho_unpack *u)
{
	size_t lanes = s->spec.lanes;
	struct rho_marks m;
	rho_unpack_into(u, l->off, (lanes + 1) * sizeof *l->off);
	if (u->bad || l->off[0] || l->off[lanes] > u->left)
		u->bad = true;
	for (size_t i = 0; i < lanes && !u->bad; i++)
		u->bad = l->off[i + 1] < l->off[i];
	if (!u->bad) {
		rho_lists_room(l, l->off[lanes], incl);
		rho_unpack_into(u, l->id, l->off[lanes] * sizeof *l->id);
		rho_unpack_into(u, l->incl, incl ? l->off[lanes] * sizeof *l->incl : 0);
	}
	rho_marks_init(&m, s->spec.n_actions);
	u->bad = u->bad || !lists_sound(l, lanes, s->spec.slate, most, &m);
	rho_marks_free(&m);
	if (u->bad) /* others go on from here */
		memset(l->off, 0, (lanes + 1) * sizeof *l->off);
}

static void load_past(struct rho_pose *p, const struct rho_stage *s, struct rho_unpack *u)
{
	struct rho_lists *l = &p->past;
	size_t n = s->spec.lanes;
	rho_unpack_into(u, l->off, (n + 1) * sizeof *l->off);
	u->bad = u->bad || l->off[0];
	for (size_t i = 0; i < n && !u->bad; i++)
		u->bad = l->off[i + 1] < l->off[i] || l->off[i + 1] - l->off[i] > s->spec.history;
	if (!u->bad)
		rho_unpack_into(u, l->id, l->off[n] * sizeof *l->id);
	for (size_t j = 0; !u->bad && j < l->off[n]; j++)
		u->bad = l->id[j] >= s->spec.n_actions;
	if (u->bad) /* others go on from here */
		memset(l->off, 0, (n + 1) * sizeof *l->off);
	p->batch.past = l->id;
	p->batch.past_off = l->off;
}

void rho_pose_save(const struct rho_pose *p, const struct rho_stage *s, struct rho_buf *b)
{
	size_t n = s->spec.lanes;
	rho_pack_bytes(b, p->row, n * sizeof *p->row);
	rho_pack_bytes(b, p->x, p->x ? n * s->x_dim * sizeof *p->x : 0);
	rho_pack_u64(b, p->has_legal);
	if (p->has_legal)
		save_lists(&p->legal, n, b);
	if (s->sampled.law != RHO_LAW_ALL)
		save_lists(&p->drawn, n, b);
	if (s->spec.history) {
		rho_pack_bytes(b, p->past.off, (n + 1) * sizeof *p->past.off);
		rho_pack_bytes(b, p->past.id, p->past.off[n] * sizeof *p->past.id);
	}
}

bool rho_pose_load(struct rho_pose *p, const struct rho_stage *s, struct rho_unpack *u)
{
	size_t n = s->spec.lanes, contexts = s->data ? s->data->table[RHO_CONTEXTS].n : 0;
	rho_unpack_into(u, p->row, n * sizeof *p->row);
	for (size_t i = 0; i < n && rho_obs_has_row(s->env_spec.obs) && !u->bad; i++)
		u->bad = p->row[i] >= contexts;
	rho_unpack_into(u, p->x, p->x ? n * s->x_dim * sizeof *p->x : 0);
	for (size_t i = 0; p->x && i < n * s->x_dim && !u->bad; i++)
		u->bad = !isfinite(p->x[i]);
	p->has_legal = rho_unpack_u64(u);
	if (p->has_legal)
		load_lists(&p->legal, s, s->spec.n_actions, false, u);
	if (s->sampled.law != RHO_LAW_ALL)
		load_lists(&p->drawn, s, s->sampled.max_k, true, u);
	if (s->spec.history)
		load_past(p, s, u);
	rho_pose_use_lists(p, s);
	return !u->bad;
}
