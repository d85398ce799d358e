/* fuzz_hnsw.c: an index of the sampler hnsw from arbitrary bytes: the whole file, or only its links behind a
 * head that fits. Links that are believed must be safe to search, and come out of the graph as they went in. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xxhash.h>

#include "samplers/hnsw/graph.h"
#include "samplers/hnsw/links.h"

enum { ROWS = 16, DIM = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void use(const struct hnsw_shape *shape, const uint32_t *word, size_t n)
{
	struct hnsw_graph *g = hnsw_graph_new(shape);
	const float q[DIM] = { 1, -2, 3 };
	uint32_t id[ROWS], *again = malloc(n * sizeof *again + 1);
	size_t found;
	if (!g || !again || hnsw_graph_load(g, word) || hnsw_graph_words(g) != n)
		abort();
	hnsw_graph_store(g, again);
	if (memcmp(again, word, n * sizeof *word))
		abort();
	found = hnsw_graph_search(g, q, ROWS, id);
	if (!found || found > shape->rows.n)
		abort();
	for (size_t i = 0; i < found; i++)
		if (id[i] >= shape->rows.n)
			abort();
	hnsw_graph_free(g);
	free(again);
}

/* Two bytes say how many rows and links there should be and whether the rest is a file or links. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	float x[ROWS * DIM];
	struct rho_mat mat = { x, ROWS, DIM, DIM };
	struct hnsw_shape shape = { .rows = { .mat = &mat }, .ef_construction = 4 };
	struct rho_trouble t = { 0 };
	struct hnsw_head head;
	uint32_t *word;
	char path[64];
	int fd = memfd_create("index", MFD_CLOEXEC);
	if (fd < 0 || n < 2) {
		close(fd);
		return 0;
	}
	for (size_t i = 0; i < ROWS * DIM; i++)
		x[i] = (float)(i * i % 17) - 8;
	shape.rows.n = 1 + bytes[0] % ROWS;
	shape.m = 2 + bytes[1] % 4;
	head = hnsw_head_of(&shape.rows, shape.m, shape.ef_construction, false);
	head.words = (n - 2) / 4;
	head.sum = XXH3_64bits(bytes + 2, n - 2);
	if ((bytes[1] < 128 && write(fd, &head, sizeof head) < 0) || write(fd, bytes + 2, n - 2) < 0)
		abort();
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (!hnsw_links_read(path, &head, &word, &t)) {
		lseek(fd, 0, SEEK_SET);
		if (read(fd, &head, sizeof head) != (ssize_t)sizeof head)
			abort();
		use(&shape, word, (size_t)head.words);
		free(word);
	} else if (!t.text[0] || word) {
		abort();        /* a refusal says why and gives nothing */
	}
	close(fd);
	return 0;
}
