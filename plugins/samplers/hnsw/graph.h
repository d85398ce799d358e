/* graph.h: hnswlib's graph of near rows, for C: no exception leaves it, and no row is copied into it. */
#ifndef RHO_HNSW_GRAPH_H
#define RHO_HNSW_GRAPH_H

#include <rho/rho.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hnsw_shape {
	struct rho_rows rows;   /* what is searched; the matrix must outlive the graph */
	const float *extra;     /* (rows.n) one more number of each row, 0 in queries; NULL: none. With
	                         * it all rows are equally long, and the nearest is that of largest inner
	                         * product (Bachrach et al., RecSys 2014)    */
	size_t m, ef_construction;      /* links a row; candidates looked at for them */
};

struct hnsw_graph;

/* An empty graph. NULL: there is no memory. */
struct hnsw_graph *hnsw_graph_new(const struct hnsw_shape *);
void hnsw_graph_free(struct hnsw_graph *);

/* Adds the next row: 0, then 1, ... The same calls make the same graph. 0 or RHO_ENOMEM. */
int hnsw_graph_add(struct hnsw_graph *);

/* id (ef): rows near query q (dim), in no order. Gives how many, at most ef; SIZE_MAX: there is no memory. */
size_t hnsw_graph_search(struct hnsw_graph *, const float *q, size_t ef, uint32_t *id);

/* The links as numbers, see links.h; store: word (hnsw_graph_words). */
size_t hnsw_graph_words(const struct hnsw_graph *);
void hnsw_graph_store(const struct hnsw_graph *, uint32_t *word);

/* Fills an empty graph from links that hnsw_links_check found sound. 0 or RHO_ENOMEM. */
int hnsw_graph_load(struct hnsw_graph *, const uint32_t *word);

#ifdef __cplusplus
}
#endif

#endif
