/* manual.c: a module's table as documentation, for `rho plugin show`. */
#include <string.h>

#include "internal.h"

enum { PROSE_WIDTH = 106 }; /* of a line, in bytes */

/* How much of a line of n bytes fits into `room`: up to a blank, or the first one there is. */
static size_t fitting(const char *line, size_t n, size_t room)
{
	size_t fits = room;
	if (n <= room)
		return n;
	while (fits && line[fits] != ' ')
		fits--;
	while (!fits || (fits < n && line[fits] != ' '))
		fits++;
	return fits;
}

/* Appends text with every line indented by `by` blanks, long ones broken at blanks; ends with a newline. */
static void indent(const char *text, size_t by, struct rho_buf *out)
{
	while (*text) {
		size_t line = strcspn(text, "\n"), n = fitting(text, line, PROSE_WIDTH - by);
		rho_buf_printf(out, "%*s", n ? (int)by : 0, "");
		rho_buf_add(out, text, n);
		rho_buf_str(out, "\n");
		text += n + (text[n] != '\0');
	}
}

static void phrase(struct rho_buf *out, const char *words) { rho_buf_printf(out, "; %s", words); }

static const char *const tables[] = { "actions", "contexts", "links", "log" };

static void table_names(uint32_t bits, struct rho_buf *out)
{
	const char *before = "";
	for (uint32_t i = 0; i < RHO_N_TABLES; i++) {
		if (bits & 1u << i) {
			rho_buf_printf(out, "%s%s", before, tables[i]);
			before = ", ";
		}
	}
	if (!*before)
		rho_buf_str(out, "none");
}

static void agent_abilities(const struct rho_agent *a, struct rho_buf *out)
{
	phrase(out,
	       a->flags & RHO_DOES_SLATES ? "one action or a slate per decision" : "one action per decision");
	phrase(out, a->flags & RHO_NEEDS_X ? "needs contexts" : "needs no contexts");
	phrase(out, a->flags & RHO_NEEDS_FEATURES ? "needs action features" : "needs no action features");
	phrase(out, a->observe ? a->flags & RHO_DOES_EPISODES ? "learns from episodes" : "learns"
	                       : "does not learn");
	if (a->prob)
		phrase(out, a->dist ? "states its probabilities, of given actions and of all"
		                    : "states the probability of given actions");
	else
		phrase(out, "cannot state its probabilities");
	if (a->rank)
		phrase(out, "ranks, so marginal propensities are known under uniform sampling");
}

static void env_abilities(const struct rho_env *e, struct rho_buf *out)
{
	uint32_t needs = e->flags & ((1u << RHO_N_TABLES) - 1);
	if (needs) {
		rho_buf_str(out, "; needs a dataset with ");
		table_names(needs, out);
	} else {
		phrase(out,
		       e->flags & RHO_TAKES_DATA ? "runs with a dataset or without" : "needs no dataset");
	}
	phrase(out, e->flags & RHO_HAS_CONTEXT ? "shows contexts" : "shows no contexts");
	phrase(out,
	       e->oracle ? "knows the best action, so regret is measured" : "does not know the best action");
}

/* What the plugin needs and can do, in words. */
static void abilities(const struct rho_module *m, struct rho_buf *out)
{
	const struct rho_plugin *p = &m->plugin;
	rho_buf_printf(out, "built for ABI %d.%d", p->abi_major, p->abi_minor);
	switch (p->kind) {
	case RHO_DATASET:
		rho_buf_str(out, "; can fill ");
		table_names(m->table.dataset.tables, out);
		break;
	case RHO_ENCODER:
		phrase(out,
		       m->table.encoder.fit ? "looks at the catalogue first" : "encodes each text by itself");
		break;
	case RHO_SAMPLER:
		phrase(out, m->table.sampler.draw ? "draws candidates" : "every legal action is a candidate");
		break;
	case RHO_ENV: env_abilities(&m->table.env, out); break;
	case RHO_AGENT: agent_abilities(&m->table.agent, out); break;
	default: break;
	}
	if (p->flags & RHO_INEXACT)
		phrase(out, "the last bits of its results may differ from run to run");
	if (p->flags & RHO_THREADS)
		phrase(out, "starts threads of its own");
}

/* Breaks a line at its semicolons. */
static void wrap(const char *text, struct rho_buf *out)
{
	enum { WIDTH = 90 };
	size_t col = 0;
	while (*text) {
		size_t n = strcspn(text, ";");
		n += text[n] == ';';
		if (col + n > WIDTH && col) {
			rho_buf_str(out, "\n");
			col = 0;
			text += *text == ' ';
			continue;
		}
		rho_buf_str(out, col ? "" : "  ");
		rho_buf_add(out, text, n);
		col += n;
		text += n;
	}
	rho_buf_str(out, "\n");
}

static const char *const type_words[] = {
	[RHO_T_BOOL] = "true or false",
	[RHO_T_I64] = "integer",
	[RHO_T_F64] = "number",
	[RHO_T_STR] = "string",
	[RHO_T_PATH] = "path",
	[RHO_T_CHOICE] = "one of",
	[RHO_T_I64S] = "list of integers",
	[RHO_T_F64S] = "list of numbers",
	[RHO_T_STRS] = "list of strings",
	[RHO_T_PART] = "plugin:",
};

void rho_param_type_print(const struct rho_param *p, struct rho_buf *out)
{
	rho_buf_str(out, type_words[p->type]);
	if (p->type == RHO_T_CHOICE) {
		for (size_t i = 0; p->choices[i]; i++)
			rho_buf_printf(out, "%s\"%s\"", i ? ", " : " ", p->choices[i]);
	} else if (p->type == RHO_T_PART) {
		rho_buf_printf(out, " a table { use = \"…\" } that names a %s", rho_kind_name(p->kind));
	} else {
		struct rho_buf bounds = { 0 };
		rho_bounds_print(p, &bounds);
		if (bounds.len)
			rho_buf_printf(out, "%s%s",
			               p->type == RHO_T_I64S || p->type == RHO_T_F64S ? ", each " : " ",
			               bounds.at);
		rho_buf_free(&bounds);
	}
}

static void describe(const struct rho_param *p, int width, struct rho_buf *out)
{
	struct rho_buf def = { 0 }, text = { 0 };
	rho_param_type_print(p, &text);
	if (rho_default_print(p, &def))
		rho_buf_printf(&text, ", default %s", def.at);
	else
		rho_buf_str(&text, p->flags & RHO_REQUIRED ? ", required" : ", may be left out");
	if (p->flags & RHO_SECRET)
		rho_buf_str(&text, "; the name of an environment variable");
	if (p->flags & RHO_MADE)
		rho_buf_str(&text, "; made where it is not there");
	if (p->flags & RHO_SPEED)
		rho_buf_str(&text, "; cannot change results");
	rho_buf_printf(out, "  %-*s  %s\n", width, p->name, text.at);
	indent(p->help, (size_t)width + 4, out);
	rho_buf_free(&def);
	rho_buf_free(&text);
}

/* A value for the example of a parameter without a default. */
static void example_value(const struct rho_param *p, struct rho_buf *out)
{
	switch (p->type) {
	case RHO_T_BOOL: rho_buf_str(out, "true"); break;
	case RHO_T_I64: rho_buf_printf(out, "%.0f", p->lo); break;
	case RHO_T_F64: rho_buf_printf(out, "%.17g", p->lo); break;
	case RHO_T_CHOICE: rho_buf_printf(out, "\"%s\"", p->choices[0]); break;
	case RHO_T_I64S:
	case RHO_T_F64S: rho_buf_printf(out, "[%.17g]", p->lo); break;
	case RHO_T_STRS: rho_buf_str(out, "[\"…\"]"); break;
	case RHO_T_PART: rho_buf_str(out, "{ use = \"…\" }"); break;
	default: rho_buf_str(out, p->type == RHO_T_PATH ? "\"path/to/it\"" : "\"…\"");
	}
}

static const char *const headings[] = {
	[RHO_DATASET] = "[dataset]", [RHO_ENCODER] = "[encoder]", [RHO_SAMPLER] = "[sampler]",
	[RHO_ENV] = "[env]",         [RHO_AGENT] = "[agent]",     [RHO_REPORTER] = "[[report]]",
};

static void example(const struct rho_module *m, struct rho_buf *out)
{
	bool inside = m->plugin.kind == RHO_VERIFIER; /* it has no table of its own */
	if (inside)
		rho_buf_printf(out, "\n  in the table of what asks it:\n  verifier = { use = \"%s\"",
		               m->plugin.name);
	else
		rho_buf_printf(out, "\n  %s\n  use = \"%s\"\n", headings[m->plugin.kind], m->plugin.name);
	for (const struct rho_param *p = m->params; p->name; p++) {
		struct rho_buf value = { 0 };
		bool optional = !rho_default_print(p, &value) && !(p->flags & RHO_REQUIRED);
		if (!value.len)
			example_value(p, &value);
		if (!inside)
			rho_buf_printf(out, "  %s%s = %s\n", optional ? "# " : "", p->name, value.at);
		else if (!optional)
			rho_buf_printf(out, ", %s = %s", p->name, value.at);
		rho_buf_free(&value);
	}
	if (inside)
		rho_buf_str(out, " }\n");
}

void rho_params_manual(const struct rho_module *m, struct rho_buf *out)
{
	const struct rho_plugin *p = &m->plugin;
	struct rho_buf words = { 0 };
	int width = 0;
	for (const struct rho_param *q = m->params; q->name; q++)
		width = (int)strlen(q->name) > width ? (int)strlen(q->name) : width;
	rho_buf_printf(out, "%s %s %s -- %s\n", rho_kind_name(p->kind), p->name, p->version, p->brief);
	abilities(m, &words);
	wrap(words.at, out);
	rho_buf_free(&words);
	rho_buf_printf(out, "  %s\n", m->path);
	if (p->doc) {
		rho_buf_str(out, "\n");
		indent(p->doc, 2, out);
	}
	if (m->n_params)
		rho_buf_str(out, "\n");
	else
		rho_buf_str(out, "\n  It has no parameters.\n");
	for (const struct rho_param *q = m->params; q->name; q++)
		describe(q, width, out);
	if (p->cite) {
		rho_buf_str(out, "\n  to cite:\n");
		indent(p->cite, 4, out);
	}
	example(m, out);
}
