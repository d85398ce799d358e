/* sequences.c: games, beauty, toys and sports: items as "id TAB title", users as items in order. */
#include <stdlib.h>
#include <string.h>

#include "amazon.h"

static int read_items(struct reading *r, bool header)
{
	struct rho_str line;
	char *path = amazon_file(r, "items.tsv");
	struct rho_lines *lines = path ? rho_lines_open(path, &r->trouble) : NULL;
	int more = 0, e = lines ? 0 : r->trouble.code;
	while (!e && (more = rho_lines_next(lines, &line)) > 0) {
		struct amazon_item item = { .title = line, .brand = { "", 0 }, .category = { "", 0 } };
		if (header && rho_lines_number(lines) == 1)
			continue;
		item.id = rho_str_cut(&item.title, '\t');
		if (!item.title.at || !item.id.len)
			e = rho_lines_fail(lines, "the line must be an item's id, a tab and its title");
		else
			e = amazon_add_item(r, lines, &item);
	}
	if (!e)
		e = more < 0 ? more : amazon_some_items(r, path);
	rho_lines_close(lines);
	free(path);
	return e;
}

struct list { uint32_t *at; size_t room; };

/* One line: a user's id, then items between blanks. */
static int read_user(struct reading *r, struct rho_lines *lines, struct rho_str line, char sep,
		     struct list *list)
{
	struct rho_str id = rho_str_cut(&line, sep);
	size_t n = 0;
	while (line.at) {
		struct rho_str item = rho_str_cut(&line, ' ');
		if (!item.len)
			continue;
		if (n == list->room) {
			size_t room = list->room ? 2 * list->room : 64;
			uint32_t *at = realloc(list->at, room * sizeof(*at));
			if (!at)
				return amazon_no_memory(r);
			list->at = at;
			list->room = room;
		}
		int e = amazon_find_item(r, lines, item, &list->at[n++]);
		if (e)
			return e;
	}
	if (!id.len || !n)
		return rho_lines_fail(lines,
				      "the line must be a user's id and that user's items, oldest first");
	int e = amazon_add_user(r, id, list->at, NULL, n);
	return e ? e : rho_lines_pulse(lines, r->ctx);
}

int amazon_read_sequences(struct reading *r)
{
	bool games = !*r->set->prefix;          /* that set has header lines, and a tab after the user */
	struct rho_str line;
	struct list list = { 0 };
	int more = 0, e = amazon_columns(r, false, 4);
	if (!e)
		e = read_items(r, games);
	char *path = e ? NULL : amazon_file(r, games ? "sequences.tsv" : "sequences.txt");
	struct rho_lines *lines = path ? rho_lines_open(path, &r->trouble) : NULL;
	if (!e && !lines)
		e = r->trouble.code;
	while (!e && (more = rho_lines_next(lines, &line)) > 0)
		if (!games || rho_lines_number(lines) > 1)
			e = read_user(r, lines, line, games ? '\t' : ' ', &list);
	rho_lines_close(lines);
	free(list.at);
	free(path);
	return e ? e : more;
}
