/* amazon: products of Amazon's reviews, in nine sets, with intents or users as contexts. */
#include <stdlib.h>

#include "amazon.h"

static const char *const set_names[] = { "electronic", "clothing", "food", "games", "office",
	                                 "industrial", "beauty",   "toys", "sports", NULL };
static const struct amazon_set sets[] = {       /* beside set_names */
	{ "electronic", "amazon_bundles", amazon_read_bundles, true },
	{ "clothing", "amazon_bundles", amazon_read_bundles, true },
	{ "food", "amazon_bundles", amazon_read_bundles, true },
	{ "", "amazon_video_games", amazon_read_sequences, false },
	{ "office", "amazon_office_industrial", amazon_read_next_item, false },
	{ "industrial", "amazon_office_industrial", amazon_read_next_item, false },
	{ "beauty", "amazon_5core", amazon_read_sequences, false },
	{ "toys", "amazon_5core", amazon_read_sequences, false },
	{ "sports", "amazon_5core", amazon_read_sequences, false },
};

static const char *const contexts_names[] = { "auto", "bundles", "users", NULL };

static const struct rho_param amazon_params[] = {
	RHO_PATH(struct amazon, path, "folder with the set's files, or the folder above with all sets"),
	RHO_CHOICE(struct amazon, set, 0, set_names, "which products"),
	RHO_CHOICE(
		struct amazon, contexts, AMAZON_AUTO, contexts_names,
		"bundles' intents (electronic, clothing, food) or users; auto: bundles where there are any"),
	RHO_I64(struct amazon, history, 10, 1, 1000, "most titles, the latest, in a user's text"),
	RHO_F64(struct amazon, later, 0.5, 0, 0.99,
		"share of a user's items, the latest, that are links and not text; at least one is"),
	RHO_BOOL(struct amazon, descriptions, false,
		 "whether an item's description, where there is one, is part of its text"),
	RHO_END
};

static int amazon_read(struct rho_ctx *c, void *self, struct rho_sink *sink)
{
	struct amazon *p = self;
	struct reading r = { .p = p, .set = &sets[p->set], .ctx = c, .sink = sink };
	if (p->contexts == AMAZON_BUNDLES && !r.set->bundles)
		return rho_fail(c, RHO_EINVAL,
				"set = \"%s\" has no bundles; write contexts = \"users\", or choose "
				"electronic, clothing or food",
				set_names[p->set]);
	int e = r.set->read(&r);
	if (!e && !r.n_contexts)
		e = rho_trouble_set(&r.trouble, RHO_EFORMAT,
				    "%s: no user of set \"%s\" has items both before and after "
				    "the cut; lower `later`",
				    p->path, set_names[p->set]);
	if (r.trouble.code)
		e = rho_fail(c, r.trouble.code, "%s", r.trouble.text);
	if (!e)
		rho_log(c, RHO_INFO,
			"%s: %zu actions, %zu contexts, %zu links; left out for want of earlier items: %zu",
			set_names[p->set], rho_idmap_n(&r.items), r.n_contexts, r.n_links, r.left_out);
	rho_idmap_free(&r.items);
	rho_pile_free(&r.titles);
	rho_text_free(&r.text);
	rho_text_free(&r.title);
	rho_text_free(&r.extra);
	return e;
}

static const struct rho_dataset amazon_dataset = {
	.size = sizeof(amazon_dataset),
	.tables = 1u << RHO_ACTIONS | 1u << RHO_CONTEXTS | 1u << RHO_LINKS,
	.read = amazon_read,
};

RHO_EXPORT const struct rho_plugin rho_plugin = {
	RHO_PLUGIN(RHO_DATASET), .name = "amazon", .version = "1.1.0", .revision = 2, .flags = RHO_THREADS,
	.brief = "products of Amazon's reviews; intents of bundles or users' histories as contexts",
	.doc = "An action is a product; its text is \"title. brand. category. description\", as far as the "
	       "set has each (descriptions only if asked for), HTML made plain.\n\n"
	       "contexts = \"bundles\": a context is an intent, the purpose that people gave for buying "
	       "some items together; intents that differ in case and blanks only are one, linked to the "
	       "items of all its bundles. contexts = \"users\": the text is the titles of a user's earlier "
	       "items, the links are later ones, so that nothing to be found is given away; the last is "
	       "labelled test, the last but one valid, the others train. In office and industrial a context is a "
	       "row of a user's last items and its link the next one, split valid or test as upstream.",
	.params = amazon_params, .self_size = sizeof(struct amazon), .dataset = &amazon_dataset,
};
