/* fuzz_latex.c: the symbolic verifier's reader on arbitrary bytes. A tree has its children before their parents, in its
 * own memory, within its bounds; it can be written, and what is written reads back as the same but for words and
 * functions without a name here. A refusal says why. The last byte tells whether to extract first. */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/verifiers/symbolic/expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* Whether the tree holds nothing that is written in words. Checks each node on the way. */
static bool is_plain(const struct expr *e)
{
	bool plain = true;
	for (uint32_t i = 0; i < e->n_nodes; i++) {
		const struct expr_node *x = &e->node[i];
		require(x->n <= e->n_child && x->child <= e->n_child - x->n);
		for (uint32_t k = 0; k < x->n; k++)
			require(e->child[x->child + k] < i);
		if (x->text.len)
			require(x->text.at >= e->bytes && x->text.at + x->text.len <= e->bytes + e->bytes_room);
		plain = plain && x->kind != EXPR_WORDS && !(x->kind == EXPR_CALL && x->op == EXPR_OTHER);
		for (size_t k = 0; x->kind == EXPR_SYMBOL && k < x->text.len; k++)      /* an index may be in words */
			plain = plain && (isalnum((unsigned char)x->text.at[k]) || strchr("_+-',", x->text.at[k]));
	}
	return plain;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static char out[1 << 16], again[1 << 16];
	struct expr e = { 0 };
	struct rho_str text = { (const char *)bytes, n }, taken = expr_extract(text);
	char why[120];
	enum expr_error error = expr_read(&e, text, n && bytes[n - 1] % 2, why);
	require(!n || (taken.at >= text.at && taken.at + taken.len <= text.at + text.len));
	require(error ? why[0] && !e.n_nodes : e.root < e.n_nodes && e.n_nodes <= EXPR_MOST_NODES);
	if (!error) {
		size_t length = expr_write(&e, e.root, out, sizeof out);
		require(length == strlen(out));
		if (is_plain(&e) && length < 4096) {
			error = expr_read(&e, (struct rho_str){ out, length }, false, why);
			require(error == EXPR_OK || error == EXPR_TOO_LONG);
			if (!error) {
				expr_write(&e, e.root, again, sizeof again);
				require(!strcmp(out, again));
			}
		}
	}
	expr_free(&e);
	return 0;
}
