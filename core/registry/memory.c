/* memory.c: the memory plugins are given. Everything dies with its instance, scratch with its call,
 * and all of it counts against one budget. Under AddressSanitizer the scratch region is poisoned but
 * for what the call in progress asked for. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#if defined(__SANITIZE_ADDRESS__)
#define RHO_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RHO_ASAN 1
#endif
#endif
#ifdef RHO_ASAN
#include <sanitizer/asan_interface.h>
enum { UNDER_ASAN = 1 };
static void poison(const void *at, size_t n) { ASAN_POISON_MEMORY_REGION(at, n); }
static void unpoison(const void *at, size_t n) { ASAN_UNPOISON_MEMORY_REGION(at, n); }
#else
enum { UNDER_ASAN = 0 };
static void poison(const void *at, size_t n)
{
	(void)at;
	(void)n;
}
static void unpoison(const void *at, size_t n)
{
	(void)at;
	(void)n;
}
#endif

enum { ALIGN = 64, BIG = 2 << 20, FIRST_REGION = 16 << 10 };

static size_t round_up(size_t n, size_t to) { return (n + to - 1) / to * to; }

/* Whole pages from the system that begin at a multiple of a huge page's size, so that as many of them as fit
 * can be huge; NULL where there is no room. */
static void *map_aligned(size_t bytes)
{
	size_t slack = BIG - (size_t)sysconf(_SC_PAGESIZE), before;
	char *at = mmap(NULL, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return NULL;
	before = (size_t)(-(uintptr_t)at % BIG);
	if (before)
		munmap(at, before);
	if (slack - before)
		munmap(at + before + bytes, slack - before);
	madvise(at + before, bytes, MADV_HUGEPAGE);
	return at + before;
}

/* Memory from the system: large blocks come zeroed page by page as they are touched, in huge pages
 * where the machine allows. Under ASan every block is malloc's, whose ends are watched. */
static bool block_get(struct rho_block *b, size_t bytes, bool zero)
{
	*b = (struct rho_block){ .bytes = bytes };
	if (bytes >= BIG && !UNDER_ASAN) {
		b->mapped = round_up(bytes, (size_t)sysconf(_SC_PAGESIZE));
		b->at = map_aligned(b->mapped);
		return b->at;
	}
	if (posix_memalign(&b->at, ALIGN, bytes ? bytes : 1))
		return false;
	if (zero)
		memset(b->at, 0, bytes);
	return true;
}

static void block_free(struct rho_world *w, struct rho_block *b)
{
	w->used -= round_up(b->bytes, ALIGN);
	if (b->mapped)
		munmap(b->at, b->mapped);
	else
		free(b->at);
	*b = (struct rho_block){ 0 };
}

static void print_bytes(struct rho_buf *out, size_t n)
{
	static const char *const unit[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	double v = (double)n;
	size_t i = 0;
	for (; v >= 1024 && i < 4; i++)
		v /= 1024;
	rho_buf_printf(out, i ? "%.1f %s" : "%.0f %s", v, unit[i]);
}

/* Takes bytes from the budget; false with the reason recorded. */
static bool budget_take(struct rho_instance *inst, size_t bytes)
{
	struct rho_world *w = inst->world;
	struct rho_buf asked = { 0 }, budget = { 0 }, used = { 0 };
	if (!w->memory || (bytes <= w->memory && w->used <= w->memory - bytes)) {
		w->used += bytes;
		return true;
	}
	print_bytes(&asked, bytes);
	print_bytes(&budget, w->memory);
	print_bytes(&used, w->used);
	rho_record(inst, false, RHO_ENOMEM,
	           "asked for %s more, but of the memory budget of %s, %s is spent; raise "
	           "[run] memory, or make what is asked for smaller",
	           asked.at, budget.at, used.at);
	rho_buf_free(&asked);
	rho_buf_free(&budget);
	rho_buf_free(&used);
	return false;
}

/* The size in bytes of n elements, refused when it overflows or the test hook says so. */
static bool request(struct rho_instance *inst, size_t n, size_t size, size_t *bytes)
{
	struct rho_world *w = inst->world;
	if (__builtin_mul_overflow(n, size, bytes) || *bytes > SIZE_MAX / 4) {
		rho_record(inst, false, RHO_ENOMEM,
		           "asked for %zu elements of %zu bytes, more than any machine "
		           "has",
		           n, size);
		return false;
	}
	if (w->deny && !--w->deny) {
		rho_record(inst, false, RHO_ENOMEM, "asked for %zu bytes, which a test denies", *bytes);
		return false;
	}
	return true;
}

static bool take_block(struct rho_instance *inst, struct rho_block *b, size_t bytes, bool zero)
{
	if (!budget_take(inst, round_up(bytes, ALIGN)))
		return false;
	if (block_get(b, bytes, zero))
		return true;
	inst->world->used -= round_up(bytes, ALIGN);
	rho_record(inst, false, RHO_ENOMEM, "asked for %zu bytes, which this machine does not have", bytes);
	return false;
}

static struct rho_block *add_block(struct rho_block **list, size_t *n, size_t *room)
{
	if (*n == *room) {
		*room = *room ? 2 * *room : 8;
		*list = rho_xrealloc(*list, *room * sizeof **list);
	}
	return &(*list)[(*n)++];
}

void *rho_arena_alloc(struct rho_instance *inst, size_t n, size_t size)
{
	struct rho_arena *a = inst->arena;
	struct rho_block b;
	size_t bytes;
	if (!request(inst, n, size, &bytes) || !take_block(inst, &b, bytes, true))
		return NULL;
	*add_block(&a->block, &a->n_blocks, &a->room_blocks) = b;
	return b.at;
}

void *rho_arena_scratch(struct rho_instance *inst, size_t n, size_t size)
{
	struct rho_arena *a = inst->arena;
	struct rho_block b;
	size_t bytes, room;
	if (!request(inst, n, size, &bytes))
		return NULL;
	/* One line more than asked for under ASan: the poison between two requests. */
	room = round_up(bytes + (UNDER_ASAN || !bytes), ALIGN);
	a->wanted += room;
	if (room <= a->region.bytes - a->used) {
		char *at = (char *)a->region.at + a->used;
		a->used += room;
		unpoison(at, bytes);
		return at;
	}
	if (!take_block(inst, &b, room, false))
		return NULL;
	*add_block(&a->extra, &a->n_extra, &a->room_extra) = b;
	poison(b.at, b.bytes);
	unpoison(b.at, bytes);
	return b.at;
}

static void free_extra(struct rho_instance *inst)
{
	struct rho_arena *a = inst->arena;
	for (size_t i = 0; i < a->n_extra; i++) {
		unpoison(a->extra[i].at, a->extra[i].bytes);
		block_free(inst->world, &a->extra[i]);
	}
	a->n_extra = 0;
}

static void free_region(struct rho_instance *inst)
{
	struct rho_arena *a = inst->arena;
	if (!a->region.at)
		return;
	unpoison(a->region.at, a->region.bytes);
	block_free(inst->world, &a->region);
}

void rho_arena_reset(struct rho_instance *inst)
{
	struct rho_arena *a = inst->arena;
	if (UNDER_ASAN && a->region.at)
		poison(a->region.at, a->region.bytes);
	if (a->n_extra) {
		size_t want = a->wanted > FIRST_REGION ? a->wanted : FIRST_REGION;
		struct rho_world *w = inst->world;
		free_extra(inst);
		free_region(inst);
		/* Where the budget has no room for a region, each call gets its blocks one by one. */
		want = round_up(want, ALIGN);
		if ((!w->memory || (w->used <= w->memory && want <= w->memory - w->used)) &&
		    block_get(&a->region, want, false)) {
			w->used += want;
			poison(a->region.at, a->region.bytes);
		} else {
			a->region = (struct rho_block){ 0 };
		}
	}
	a->used = a->wanted = 0;
}

void *rho_arena_note(struct rho_arena *a, void *p)
{
	if (a->n_notes == a->room_notes) {
		a->room_notes = a->room_notes ? 2 * a->room_notes : 8;
		a->note = rho_xrealloc(a->note, a->room_notes * sizeof *a->note);
	}
	return a->note[a->n_notes++] = p;
}

void rho_arena_free(struct rho_instance *inst)
{
	struct rho_arena *a = inst->arena;
	free_extra(inst);
	free_region(inst);
	for (size_t i = 0; i < a->n_blocks; i++)
		block_free(inst->world, &a->block[i]);
	for (size_t i = 0; i < a->n_notes; i++)
		free(a->note[i]);
	free(a->block);
	free(a->note);
	free(a->extra);
	free(a);
}
