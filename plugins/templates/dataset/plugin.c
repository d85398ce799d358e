/* @NAME@: a handful of actions and contexts, linked one to one. Change `mine_read`: open your
 * files there (see RHO_PATH in rho/param.h) and add one row after another. */
#include <rho/rho.h>
#include <stdio.h>

struct mine { int64_t rows; };

static const struct rho_param mine_params[] = {
	RHO_I64(struct mine, rows, 20, 1, 1000000, "how many actions and contexts"),
	RHO_END
};

static int mine_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	const struct mine *s = self;
	const struct rho_column_spec text[] = { { .name = "text", .type = RHO_COL_STR } };
	const struct rho_column_spec link[] = {
		{ .name = "context", .type = RHO_COL_ROW, .of = RHO_CONTEXTS },
		{ .name = "action", .type = RHO_COL_ROW, .of = RHO_ACTIONS },
		{ .name = "weight", .type = RHO_COL_F64 },
	};
	int e;
	if ((e = sink->columns(sink, RHO_ACTIONS, text, 1)) ||
	    (e = sink->columns(sink, RHO_CONTEXTS, text, 1)) ||
	    (e = sink->columns(sink, RHO_LINKS, link, 3)))
		return e;
	for (uint32_t i = 0; i < (uint32_t)s->rows; i++) {
		char words[64];
		int n = snprintf(words, sizeof words, "thing number %u", i);
		union rho_value one[] = { { .s = { words, (size_t)n } } };
		union rho_value pair[] = { { .row = i }, { .row = i }, { .f = 1 } };
		int64_t row;
		if ((row = sink->add(sink, RHO_ACTIONS, one)) < 0 ||
		    (row = sink->add(sink, RHO_CONTEXTS, one)) < 0 ||
		    (row = sink->add(sink, RHO_LINKS, pair)) < 0)
			return (int)row;
	}
	return 0;
}

static const struct rho_dataset mine_dataset = {
	.size = sizeof mine_dataset, .read = mine_read,
	.tables = 1u << RHO_ACTIONS | 1u << RHO_CONTEXTS | 1u << RHO_LINKS,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_DATASET), .name = "@NAME@", .version = "0.1.0", .revision = 1,
	.brief = "things numbered from 0; a template to start from",
	.params = mine_params, .self_size = sizeof(struct mine), .dataset = &mine_dataset,
};
