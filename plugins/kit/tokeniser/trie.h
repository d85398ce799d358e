/* trie.h: a set of tokens walked byte by byte, as a Unigram model looks for those that begin at a place. */
#ifndef RHO_KIT_TRIE_H
#define RHO_KIT_TRIE_H

#include <rho/view.h>

#define RHO_TRIE_NONE UINT32_MAX

struct rho_trie_token { struct rho_str text; uint32_t id; };

/* Nodes in order of depth, the children of one beside each other by their byte; node 0 is the root. */
struct rho_trie {
	uint8_t *label;         /* (n) the byte that leads here */
	uint16_t *fan;          /* (n) how many children */
	uint32_t *child;        /* (n) the first of them */
	uint32_t *id;           /* (n) of the token that ends here, or RHO_TRIE_NONE */
	size_t n;
};

/* Sorts the tokens and builds the trie; of equal texts the largest id counts. Their texts may go
 * afterwards. Time and memory are linear in the bytes (but for the sort). False: out of memory. */
bool rho_trie_build(struct rho_trie *, struct rho_trie_token *tokens, size_t n);
void rho_trie_free(struct rho_trie *);

/* The child of a node along a byte, or 0. */
static inline uint32_t rho_trie_step(const struct rho_trie *t, uint32_t node, uint8_t byte)
{
	uint32_t from = t->child[node], lo = 0, hi = t->fan[node];
	while (hi - lo > 8) {
		uint32_t mid = (lo + hi) / 2;
		if (t->label[from + mid] <= byte)
			lo = mid;
		else
			hi = mid;
	}
	for (; lo < hi; lo++)
		if (t->label[from + lo] == byte)
			return from + lo;
	return 0;
}

/* The id of a whole text, or RHO_TRIE_NONE. */
uint32_t rho_trie_find(const struct rho_trie *, struct rho_str text);

#endif
