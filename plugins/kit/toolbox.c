/* toolbox.c: APIs by id, and rows counted as they are added. */
#include "toolbox.h"

#include <stdlib.h>

int rho_toolbox_no_memory(struct rho_toolbox *b)
{
	return rho_trouble_set(&b->trouble, RHO_ENOMEM, "no memory left to read %s", b->path);
}

int rho_toolbox_read(struct rho_toolbox *b, const char *name, int (*one)(void *arg), void *arg)
{
	return rho_jsonl_each(&b->rows, b->path, name, &b->trouble, b->ctx, one, arg);
}

/* Makes room for api number `api`. */
static bool make_room(struct rho_toolbox *b, uint32_t api)
{
	if (api < b->room)
		return true;
	size_t room = b->room ? 2 * b->room : 16384;
	uint32_t *row = realloc(b->row, room * sizeof(*row));
	if (!row)
		return false;
	b->row = row;
	b->room = room;
	return true;
}

int rho_toolbox_api(struct rho_toolbox *b, struct rho_str id, const union rho_value *values)
{
	bool fresh;
	uint32_t api = rho_idmap_add(&b->apis, id, &fresh);
	if (api == RHO_NO_ID || !make_room(b, api))
		return rho_toolbox_no_memory(b);
	if (!fresh)
		return rho_lines_fail(b->rows.lines, "api_id %.*s stands in an earlier row, too", (int)id.len,
				      id.at);
	b->row[api] = RHO_NO_ID;
	if (!values)
		return 0;
	int64_t at = b->sink->add(b->sink, RHO_ACTIONS, values);
	if (at < 0)
		return (int)at;
	b->row[api] = (uint32_t)at;
	b->n_actions++;
	return 0;
}

int rho_toolbox_relevant(struct rho_toolbox *b, size_t i, uint32_t *action)
{
	struct rho_str id;
	int e = rho_jsonl_item_id(&b->rows, i, &id);
	uint32_t api = e ? RHO_NO_ID : rho_idmap_find(&b->apis, id);
	if (!e && api == RHO_NO_ID)
		e = rho_lines_fail(b->rows.lines, "%s names api_id %.*s, which is not in the APIs' file",
				   b->rows.list_name, (int)id.len, id.at);
	*action = e ? RHO_NO_ID : b->row[api];
	return e;
}

int rho_toolbox_context(struct rho_toolbox *b, const union rho_value *values)
{
	int64_t at = b->sink->add(b->sink, RHO_CONTEXTS, values);
	b->n_contexts++;
	return at < 0 ? (int)at : 0;
}

int rho_toolbox_link(struct rho_toolbox *b, const union rho_value *values)
{
	int64_t at = b->sink->add(b->sink, RHO_LINKS, values);
	b->n_links++;
	return at < 0 ? (int)at : 0;
}

int rho_toolbox_end(struct rho_toolbox *b, int e)
{
	if (b->trouble.code)
		e = rho_fail(b->ctx, b->trouble.code, "%s", b->trouble.text);
	rho_idmap_free(&b->apis);
	rho_text_free(&b->text);
	free(b->row);
	return e;
}
