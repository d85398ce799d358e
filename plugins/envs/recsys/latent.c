/* latent.c: users who click by a taste fitted to the data, whose mood changes and who leave. README.md has
 * the equations. */
#include "recsys.h"

static double logistic(double x) { return 1 / (1 + exp(-x)); }

static float *mood_of(const struct recsys *s, size_t lane) { return s->latent.mood + 2 * lane; }

/* <a, b>, in the order in which latent_best adds. */
static float product(const float *a, const float *b, size_t n)
{
	float sum = 0;
	for (size_t d = 0; d < n; d++)
		sum += a[d] * b[d];
	return sum;
}

/* How tired she is of category g now. */
static float category_boredom(const struct recsys *s, size_t lane, uint32_t g)
{
	const struct latent *l = &s->latent;
	size_t at = lane * l->n_categories + g;
	uint64_t then = l->when[at], now = *s->tick + 1;
	if (!then || now - then > s->t[lane])   /* never, or in a session before this one */
		return 0;
	return l->bored[at] * (float)l->fade[now - then];
}

/* How tired she is of the likes of an item. */
static float boredom(const struct recsys *s, size_t lane, uint32_t action)
{
	const struct latent *l = &s->latent;
	if (s->horizon == 1)
		return 0;
	if (l->category)
		return l->category[action] == NO_CATEGORY ? 0
		                                          : category_boredom(s, lane, l->category[action]);
	float b = product(l->bored + lane * l->dim, l->unit + action * l->dim, l->dim);
	return b > 0 ? b : 0;
}

static double click(const struct recsys *s, float score, float bored)
{
	return logistic((double)score + s->latent.bias - s->boredom * (double)bored);
}

static const float *taste(const struct recsys *s, size_t lane)
{
	return s->latent.user + s->people.row[s->user[lane]] * s->latent.dim;
}

struct appeal latent_appeal(const struct recsys *s, size_t lane, uint32_t action)
{
	const struct latent *l = &s->latent;
	float z = product(taste(s, lane), l->item + action * l->dim, l->dim);
	float worth = s->pays != PAYS_GMV ? 1 : s->price[action] >= 0 ? (float)s->price[action] : 0;
	return (struct appeal){ click(s, z, boredom(s, lane, action)), worth, false };
}

/* What a click probability is worth on average. */
static float value(const struct recsys *s, size_t lane, double p, uint32_t action)
{
	if (s->pays == PAYS_GMV)
		return (float)(p * (s->price[action] >= 0 ? s->price[action] : 0));
	if (s->pays == PAYS_SATISFACTION)
		return (float)((1 - s->satisfaction_rate) * (double)mood_of(s, lane)[0] +
		               s->satisfaction_rate * p);
	return (float)p;
}

float latent_mean(const struct recsys *s, size_t lane, uint32_t action)
{
	return value(s, lane, latent_appeal(s, lane, action).click, action);
}

/* Scores of items from .. from + n - 1; those that may not be shown again get -INFINITY. */
static void scores(const struct recsys *s, size_t lane, size_t from, size_t n, float *out)
{
	const struct latent *l = &s->latent;
	const float *u = taste(s, lane);
	const uint32_t *shown = session_shown(s, lane);
	memset(out, 0, n * sizeof *out);
	size_t d = 0;
	for (; d + 4 <= l->dim; d += 4) {       /* four at a time, added in the order of product() */
		const float *v = l->by_dim + d * s->n_actions + from, *v1 = v + s->n_actions,
			    *v2 = v1 + s->n_actions, *v3 = v2 + s->n_actions;
		for (size_t a = 0; a < n; a++)
			out[a] =
				out[a] + u[d] * v[a] + u[d + 1] * v1[a] + u[d + 2] * v2[a] + u[d + 3] * v3[a];
	}
	for (; d < l->dim; d++) {
		const float *v = l->by_dim + d * s->n_actions + from;
		for (size_t a = 0; a < n; a++)
			out[a] += u[d] * v[a];
	}
	for (size_t i = 0; i < s->t[lane] * s->k && s->repeat == REPEAT_FORBID; i++)
		if (shown[i] >= from && shown[i] - from < n)
			out[shown[i] - from] = -INFINITY;
}

float latent_best(const struct recsys *s, size_t lane)
{
	enum { BLOCK = 512 };   /* stays in the nearest cache */
	float z[BLOCK], best = -INFINITY;
	bool gmv = s->pays == PAYS_GMV;
	for (size_t from = 0; from < s->n_actions; from += BLOCK) {
		size_t n = s->n_actions - from < BLOCK ? s->n_actions - from : BLOCK;
		scores(s, lane, from, n, z);
		for (size_t i = 0; i < n; i++) {
			uint32_t a = (uint32_t)(from + i);
			float v;
			/* Every other pay rises with the click, and boredom only takes away: most are passed
			 * over. */
			if (gmv ? z[i] == -INFINITY : z[i] <= best)
				continue;
			if (gmv)
				v = value(s, lane, click(s, z[i], boredom(s, lane, a)), a);
			else
				v = z[i] - (float)(s->boredom * (double)boredom(s, lane, a));
			best = v > best ? v : best;
		}
	}
	return gmv ? best : value(s, lane, logistic((double)best + s->latent.bias), 0);
}

void latent_restart(struct recsys *s, size_t lane)
{
	struct latent *l = &s->latent;
	mood_of(s, lane)[0] = 0.5f;
	mood_of(s, lane)[1] = 0;
	if (!l->category)
		memset(l->bored + lane * l->dim, 0, l->dim * sizeof *l->bored);
}

/* One showing adds 1 to the boredom with what is like it; the rest has faded by one step. */
static void grow_bored(struct recsys *s, size_t lane, const uint32_t *action)
{
	struct latent *l = &s->latent;
	float *b = l->bored + lane * l->dim;
	for (size_t d = 0; !l->category && d < l->dim; d++)
		b[d] *= (float)s->boredom_decay;
	for (size_t p = 0; p < s->k; p++) {
		if (!l->category) {
			/* What was shown one step ago counts boredom_decay, as with categories. */
			for (size_t d = 0; d < l->dim; d++)
				b[d] += (float)s->boredom_decay * l->unit[action[p] * l->dim + d];
			continue;
		}
		uint32_t g = l->category[action[p]];
		if (g == NO_CATEGORY)
			continue;
		float before = category_boredom(s, lane, g);
		l->bored[lane * l->n_categories + g] = before + 1;
		l->when[lane * l->n_categories + g] = *s->tick + 1;
	}
}

bool latent_feel(struct recsys *s, size_t lane, const uint32_t *action, size_t clicks, double luck)
{
	float *mood = mood_of(s, lane);
	double bored = 0, rate = s->satisfaction_rate;
	for (size_t p = 0; p < s->k; p++)
		bored += (double)boredom(s, lane, action[p]) / (double)s->k;
	mood[0] = (float)((1 - rate) * (double)mood[0] + rate * (clicks > 0));
	mood[1] = (float)((double)mood[1] + s->fatigue_rate * (1 - (double)mood[1]));
	if (s->horizon == 1)
		return false;
	grow_bored(s, lane, action);
	return luck < logistic(s->leave + s->leave_fatigue * (double)mood[1] + s->leave_boredom * bored -
	                       s->leave_satisfaction * (double)mood[0]);
}

/* ---- opening ---- */

static int find_categories(struct rho_ctx *c, struct recsys *s, const struct rho_data *data)
{
	struct latent *l = &s->latent;
	const struct rho_column *column = rho_find_column(data, RHO_ACTIONS, "category", RHO_COL_LABEL);
	if (!column && s->alike == ALIKE_CATEGORY)
		return rho_fail(c, RHO_EINVAL,
		                "alike = \"category\", and the actions of this dataset have no column"
		                " \"category\"; use alike = \"vectors\"");
	if (!column || s->alike == ALIKE_VECTORS)
		return 0;
	l->n_categories = column->n_labels;
	l->category = rho_alloc(c, s->n_actions, sizeof *l->category);
	for (size_t a = 0; l->category && a < s->n_actions; a++)
		l->category[a] =
			rho_column_str(column, column->label[a]).len ? column->label[a] : NO_CATEGORY;
	return l->category ? 0 : RHO_ENOMEM;
}

static int make_units(struct rho_ctx *c, struct recsys *s)
{
	struct latent *l = &s->latent;
	l->unit = rho_alloc(c, s->n_actions * l->dim, sizeof *l->unit);
	for (size_t a = 0; l->unit && a < s->n_actions; a++) {
		const float *v = l->item + a * l->dim;
		float length = sqrtf(product(v, v, l->dim));
		for (size_t d = 0; d < l->dim; d++)
			l->unit[a * l->dim + d] = length > 0 ? v[d] / length : 0;
	}
	return l->unit ? 0 : RHO_ENOMEM;
}

int latent_open(struct rho_ctx *c, struct recsys *s, const struct rho_data *data)
{
	struct latent *l = &s->latent;
	int error = find_categories(c, s, data);
	if (error || (!l->category && (error = make_units(c, s))))
		return error;
	l->fade = rho_alloc(c, s->horizon + 1, sizeof *l->fade);
	l->mood = rho_keep_f32(c, "mood", s->lanes, 2);
	l->bored = rho_keep_f32(c, "bored", s->lanes, l->category ? l->n_categories : l->dim);
	if (l->category && !(l->when = rho_keep_u64(c, "when", s->lanes, l->n_categories)))
		return RHO_ENOMEM;
	if (!l->fade || !l->mood || !l->bored)
		return RHO_ENOMEM;
	l->fade[0] = 1;
	for (size_t i = 0; i < s->horizon; i++)
		l->fade[i + 1] = l->fade[i] * s->boredom_decay;
	return 0;
}
