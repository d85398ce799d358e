/* trie.c: building the trie of a vocabulary from its sorted tokens, one level of depth after another. */
#include "trie.h"

#include <stdlib.h>
#include <string.h>

#include "../text.h"

static int compare(const void *x, const void *y)
{
	const struct rho_trie_token *a = x, *b = y;
	int c = rho_str_order(a->text, b->text);
	return c ? c : (a->id > b->id) - (a->id < b->id);
}

/* The nodes that sorted tokens need: each adds one a byte beyond what it shares with the one before it. */
static size_t count_nodes(const struct rho_trie_token *token, size_t n)
{
	size_t nodes = 1;
	for (size_t i = 0; i < n; i++) {
		size_t shared = 0;
		if (i)
			while (shared < token[i - 1].text.len && shared < token[i].text.len
			       && token[i - 1].text.at[shared] == token[i].text.at[shared])
				shared++;
		nodes += token[i].text.len - shared;
	}
	return nodes;
}

static bool make_room(struct rho_trie *t, size_t nodes)
{
	memset(t, 0, sizeof(*t));
	if (nodes >= RHO_TRIE_NONE)
		return false;
	t->label = calloc(nodes, sizeof(*t->label));
	t->fan = calloc(nodes, sizeof(*t->fan));
	t->child = calloc(nodes, sizeof(*t->child));
	t->id = malloc(nodes * sizeof(*t->id));
	return t->label && t->fan && t->child && t->id;
}

struct range { size_t from, to; };      /* the tokens below a node */

/* The node's own token, if it has one, and its children with the tokens below each. */
static void grow(struct rho_trie *t, size_t node, size_t depth, const struct rho_trie_token *token,
                 struct range *below)
{
	size_t i = below[node].from, to = below[node].to;
	t->id[node] = RHO_TRIE_NONE;
	for (; i < to && token[i].text.len == depth; i++)
		t->id[node] = token[i].id;
	t->child[node] = (uint32_t)t->n;
	while (i < to) {
		size_t first = i;
		char byte = token[i].text.at[depth];
		while (i < to && token[i].text.at[depth] == byte)
			i++;
		t->label[t->n] = (uint8_t)byte;
		below[t->n++] = (struct range){ first, i };
		t->fan[node]++;
	}
}

bool rho_trie_build(struct rho_trie *t, struct rho_trie_token *token, size_t n)
{
	if (n)
		qsort(token, n, sizeof(*token), compare);
	size_t nodes = count_nodes(token, n);
	struct range *below = malloc(nodes * sizeof(*below));
	if (!make_room(t, nodes) || !below) {
		rho_trie_free(t);
		free(below);
		return false;
	}
	below[0] = (struct range){ 0, n };
	t->n = 1;
	size_t level_end = 1, depth = 0;
	for (size_t node = 0; node < t->n; node++) {
		if (node == level_end) {
			level_end = t->n;
			depth++;
		}
		grow(t, node, depth, token, below);
	}
	free(below);
	return true;
}

void rho_trie_free(struct rho_trie *t)
{
	free(t->label);
	free(t->fan);
	free(t->child);
	free(t->id);
	memset(t, 0, sizeof(*t));
}

uint32_t rho_trie_find(const struct rho_trie *t, struct rho_str text)
{
	uint32_t node = 0;
	for (size_t i = 0; i < text.len; i++) {
		node = rho_trie_step(t, node, (uint8_t)text.at[i]);
		if (!node)
			return RHO_TRIE_NONE;
	}
	return t->id[node];
}
