/* graph.cpp: hnswlib behind C. What it stores of a row is its number; its distances are taken from
 * the matrix itself, so that there is one copy of it, and their sums have one order on every machine. */
#ifndef NDEBUG
#define NDEBUG /* what a plugin asserts would end the host's process */
#endif
#include <cstring>
#include <istream>
#include <ostream>

/* hnswlib includes <iostream> for warnings that are never reached here. That header would make every
 * load of this module run a constructor, so it is told that it was included. */
#define _GLIBCXX_IOSTREAM 1
namespace std {
extern ostream cout, cerr;
}
/* What it does by hand for SSE reads one link past the end of a full list, for a prefetch; and distances are
 * not its own here. */
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

#include "graph.h"

namespace {

constexpr uint32_t QUERY = UINT32_MAX;
constexpr size_t LANES = 16;

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

/* <a, b>: sixteen partial sums, then a fixed tree; multiplied and added, never fused. */
__attribute__((always_inline)) inline float inner(const float *a, const float *b, size_t d)
{
	lanes sum = {};
	float part[LANES];
	size_t i = 0;
	for (; i + LANES <= d; i += LANES)
		sum += *reinterpret_cast<const lanes *>(a + i) * *reinterpret_cast<const lanes *>(b + i);
	std::memcpy(part, &sum, sizeof part);
	for (; i < d; i++)
		part[i % LANES] += a[i] * b[i];
	for (size_t half = LANES / 2; half; half /= 2)
		for (size_t l = 0; l < half; l++)
			part[l] += part[l + half];
	return part[0];
}

float inner_plain(const float *a, const float *b, size_t d) { return inner(a, b, d); }

#if defined(__x86_64__)
__attribute__((target("avx2"))) float inner_avx2(const float *a, const float *b, size_t d)
{
	return inner(a, b, d);
}
#endif

struct ground { /* what a distance is taken on */
	struct rho_rows rows;
	const float *extra, *query;
	float (*inner)(const float *, const float *, size_t);
};

/* Of two rows, given by their numbers: smaller where the inner product is larger. With `extra` all rows
 * are equally long, so that it orders as the distance does. */
float apart(const void *a, const void *b, const void *param)
{
	const ground *g = static_cast<const ground *>(param);
	uint32_t i, j;
	std::memcpy(&i, a, sizeof i);
	std::memcpy(&j, b, sizeof j);
	const float *x = i == QUERY ? g->query : rho_row(&g->rows, i), *y = rho_row(&g->rows, j);
	float product = g->inner(x, y, g->rows.mat->cols);
	return g->extra && i != QUERY ? -(product + g->extra[i] * g->extra[j]) : -product;
}

class space : public hnswlib::SpaceInterface<float> {
public:
	ground at;

	explicit space(const hnsw_shape &s) : at{ s.rows, s.extra, nullptr, inner_plain }
	{
#if defined(__x86_64__)
		if (__builtin_cpu_supports("avx2"))
			at.inner = inner_avx2;
#endif
	}
	size_t get_data_size() override { return sizeof(uint32_t); }
	hnswlib::DISTFUNC<float> get_dist_func() override { return apart; }
	void *get_dist_func_param() override { return &at; }
};

typedef hnswlib::HierarchicalNSW<float> links;

} // namespace

struct hnsw_graph {
	space ground;
	links graph;

	explicit hnsw_graph(const hnsw_shape &s)
		: ground(s), graph(&ground, s.rows.n, s.m, s.ef_construction)
	{
		std::memset(graph.linkLists_, 0, s.rows.n * sizeof *graph.linkLists_);
	}
};

struct hnsw_graph *hnsw_graph_new(const struct hnsw_shape *s)
{
	try {
		return new hnsw_graph(*s);
	} catch (...) { /* it throws for want of memory alone */
		return nullptr;
	}
}

void hnsw_graph_free(struct hnsw_graph *g) { delete g; }

int hnsw_graph_add(struct hnsw_graph *g)
{
	uint32_t id = static_cast<uint32_t>(g->graph.cur_element_count);
	try {
		g->graph.addPoint(&id, id);
		return 0;
	} catch (...) {
		return RHO_ENOMEM;
	}
}

size_t hnsw_graph_search(struct hnsw_graph *g, const float *q, size_t ef, uint32_t *id)
{
	const uint32_t query = QUERY;
	size_t n = 0;
	g->ground.at.query = q;
	try {
		auto found = g->graph.searchKnn(&query, ef);
		for (; !found.empty(); found.pop())
			id[n++] = static_cast<uint32_t>(found.top().second);
		return n;
	} catch (...) {
		return SIZE_MAX;
	}
}

size_t hnsw_graph_words(const struct hnsw_graph *g)
{
	size_t n = 2;
	for (uint32_t i = 0; i < g->graph.cur_element_count; i++) {
		n++;
		for (int l = 0; l <= g->graph.element_levels_[i]; l++)
			n += 1 + g->graph.getListCount(g->graph.get_linklist_at_level(i, l));
	}
	return n;
}

void hnsw_graph_store(const struct hnsw_graph *g, uint32_t *word)
{
	*word++ = g->graph.enterpoint_node_;
	*word++ = static_cast<uint32_t>(g->graph.maxlevel_);
	for (uint32_t i = 0; i < g->graph.cur_element_count; i++) {
		*word++ = static_cast<uint32_t>(g->graph.element_levels_[i]);
		for (int l = 0; l <= g->graph.element_levels_[i]; l++) {
			const uint32_t *list = g->graph.get_linklist_at_level(i, l);
			uint32_t n = g->graph.getListCount(const_cast<uint32_t *>(list));
			*word++ = n;
			std::memcpy(word, list + 1, n * sizeof *word);
			word += n;
		}
	}
}

int hnsw_graph_load(struct hnsw_graph *g, const uint32_t *word)
{
	links &to = g->graph;
	to.enterpoint_node_ = *word++;
	to.maxlevel_ = static_cast<int>(*word++);
	for (uint32_t i = 0; i < to.max_elements_; i++) {
		uint32_t level = *word++;
		std::memset(to.data_level0_memory_ + i * to.size_data_per_element_, 0, to.size_data_per_element_);
		if (level) {
			to.linkLists_[i] = static_cast<char *>(calloc(level, to.size_links_per_element_));
			if (!to.linkLists_[i])
				return RHO_ENOMEM;
		}
		to.element_levels_[i] = static_cast<int>(level);
		to.cur_element_count = i + 1;
		std::memcpy(to.getDataByInternalId(i), &i, sizeof i);
		to.setExternalLabel(i, i);
		for (uint32_t l = 0; l <= level; l++) {
			uint32_t n = *word++, *list = to.get_linklist_at_level(i, static_cast<int>(l));
			to.setListCount(list, static_cast<unsigned short>(n));
			std::memcpy(list + 1, word, n * sizeof *word);
			word += n;
		}
	}
	return 0;
}
