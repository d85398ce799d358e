/* dense_onednn.c: products through oneDNN's matmul (version 2).
 *
 * A primitive is compiled for one number of rows, so each shape of weights has a few: for many rows, some,
 * and few. They are made when a layer is, once for all layers of one shape in the process, and no product
 * makes one. All of them read the weights in the layout that the first asks for. */
#include <dnnl.h>
#include <pthread.h>
#include <stdlib.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

#include "dense_engine.h"

enum { SIZES = 4, SMALLEST = 16, PADDED = 64 };

/* Rows of the products, falling; 0: not made. An int8 product leaves 4 bytes a number for another pass to
 * read, so it stays small enough for the second-level cache. */
static const size_t sizes[][SIZES] = { { 256, 64, 32, 16 }, { 256, 64, 32, 16 }, { 64, 32, 16, 0 } };
static const dnnl_data_type_t x_type[] = { dnnl_f32, dnnl_bf16, dnnl_u8 };
static const dnnl_data_type_t w_type[] = { dnnl_f32, dnnl_bf16, dnnl_s8 };
static const dnnl_data_type_t y_type[] = { dnnl_f32, dnnl_f32, dnnl_s32 };

struct shape {                  /* a member of a list, shared by the layers that have it */
	struct shape *next;
	size_t users;
	enum rho_product what;
	size_t in, out;
	bool bias;
	bool in_order;          /* every size sums in the same order */
	size_t scratch_bytes;   /* the largest */
	dnnl_primitive_t run[SIZES];
	dnnl_memory_desc_t x[SIZES], y[SIZES], scratch[SIZES];
	dnnl_memory_desc_t weight, bias_md;
};

struct packed {
	struct rho_packed base;
	struct shape *shape;
	dnnl_memory_t weight, bias;     /* bias NULL: none */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;       /* for what follows */
static struct shape *shapes;
static dnnl_engine_t engine;

/* Intel's cores with AVX512-FP16 leave bfloat16 to their matrix unit: vdpbf16ps does half the float32 work
 * that FMA does. Where the unit is hidden from us, float32 is the faster of the two. */
static bool bf16_is_fast(void)
{
	bool slow_vectors = false;
	int isa = (int)dnnl_get_effective_cpu_isa();
#ifdef __x86_64__
	unsigned a, b, c, d;
	if (__builtin_cpu_is("intel") && __get_cpuid_count(7, 0, &a, &b, &c, &d))
		slow_vectors = d >> 23 & 1;
#endif
	if ((isa & dnnl_cpu_isa_avx512_core_amx) == dnnl_cpu_isa_avx512_core_amx)
		return true;
	return (isa & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16 && !slow_vectors;
}

static bool has(enum rho_product what)
{
	return what != RHO_PRODUCT_BF16 || bf16_is_fast();
}

/* Without VNNI, pairs of products are added in 16 bits: 2 * 255 * 63 fits. */
static int int8_limit(void)
{
	const int core_vnni = dnnl_cpu_isa_avx512_core_vnni, vnni = dnnl_cpu_isa_avx2_vnni;
	int isa = (int)dnnl_get_effective_cpu_isa();
	return (isa & core_vnni) == core_vnni || (isa & vnni) == vnni ? 127 : 63;
}

static void shape_free(struct shape *s)
{
	for (size_t i = 0; i < SIZES; i++)
		if (s->run[i])
			dnnl_primitive_destroy(s->run[i]);
	free(s);
}

/* Whole numbers add up the same in any order. The kernels called brg (AVX-512) sum every number of a
 * product one input after another; those of older processors go by blocks that depend on the number of
 * rows. */
static bool sums_in_order(enum rho_product what, dnnl_primitive_desc_t made)
{
	const char *name = NULL;
	if (what == RHO_PRODUCT_INT8)
		return true;
	return !dnnl_primitive_desc_query(made, dnnl_query_impl_info_str, 0, &name) && name &&
	       !strncmp(name, "brg", 3);
}

/* The primitive for one number of rows; the first to be made settles the layout of the weights. */
static bool make_size(struct shape *s, size_t i, dnnl_primitive_attr_t attr)
{
	dnnl_dim_t m = (dnnl_dim_t)sizes[s->what][i], k = (dnnl_dim_t)s->in, n = (dnnl_dim_t)s->out;
	dnnl_matmul_desc_t d;
	dnnl_primitive_desc_t made;
	if (dnnl_memory_desc_init_by_tag(&s->x[i], 2, (dnnl_dims_t){ m, k }, x_type[s->what], dnnl_ab) ||
	    dnnl_memory_desc_init_by_tag(&s->y[i], 2, (dnnl_dims_t){ m, n }, y_type[s->what], dnnl_ab) ||
	    dnnl_matmul_desc_init(&d, &s->x[i], &s->weight, s->bias ? &s->bias_md : NULL, &s->y[i]) ||
	    dnnl_primitive_desc_create(&made, &d, attr, engine, NULL))
		return false;
	s->weight = *dnnl_primitive_desc_query_md(made, dnnl_query_weights_md, 0);
	s->scratch[i] = *dnnl_primitive_desc_query_md(made, dnnl_query_scratchpad_md, 0);
	size_t bytes = dnnl_memory_desc_get_size(&s->scratch[i]);
	s->scratch_bytes = bytes > s->scratch_bytes ? bytes : s->scratch_bytes;
	s->in_order = s->in_order && sums_in_order(s->what, made);
	bool good = !dnnl_primitive_create(&s->run[i], made);
	dnnl_primitive_desc_destroy(made);
	return good;
}

static struct shape *shape_new(enum rho_product what, size_t in, size_t out, bool bias)
{
	struct shape *s = calloc(1, sizeof *s);
	dnnl_dim_t k = (dnnl_dim_t)in, n = (dnnl_dim_t)out;
	dnnl_primitive_attr_t attr;
	if (!s)
		return NULL;
	s->what = what;
	s->in = in;
	s->out = out;
	s->bias = bias;
	s->in_order = true;
	if (dnnl_primitive_attr_create(&attr)) {
		free(s);
		return NULL;
	}
	bool good = !dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user) &&
	            !dnnl_memory_desc_init_by_tag(&s->weight, 2, (dnnl_dims_t){ k, n }, w_type[what],
	                                          dnnl_format_tag_any) &&
	            !dnnl_memory_desc_init_by_tag(&s->bias_md, 2, (dnnl_dims_t){ 1, n }, dnnl_f32, dnnl_ab);
	for (size_t i = 0; i < SIZES && sizes[what][i] && good; i++)
		good = make_size(s, i, attr);
	dnnl_primitive_attr_destroy(attr);
	if (!good) {
		shape_free(s);
		return NULL;
	}
	return s;
}

/* The shape of that description, made where no layer has it yet. NULL: oneDNN would not. */
static struct shape *shape_take(enum rho_product what, size_t in, size_t out, bool bias)
{
	struct shape *s;
	pthread_mutex_lock(&lock);
	for (s = shapes; s; s = s->next)
		if (s->what == what && s->in == in && s->out == out && s->bias == bias)
			break;
	if (!s && (engine || !dnnl_engine_create(&engine, dnnl_cpu, 0))) {
		s = shape_new(what, in, out, bias);
		if (s) {
			s->next = shapes;
			shapes = s;
		}
	}
	if (s)
		s->users++;
	pthread_mutex_unlock(&lock);
	return s;
}

static void shape_leave(struct shape *s)
{
	pthread_mutex_lock(&lock);
	if (!--s->users) {
		struct shape **at = &shapes;
		while (*at != s)
			at = &(*at)->next;
		*at = s->next;
		shape_free(s);
	}
	if (!shapes && engine) {
		dnnl_engine_destroy(engine);
		engine = NULL;
	}
	pthread_mutex_unlock(&lock);
}

static void let_go(struct rho_packed *base)
{
	struct packed *p = (struct packed *)base;
	if (p->weight)
		dnnl_memory_destroy(p->weight);
	if (p->bias)
		dnnl_memory_destroy(p->bias);
	shape_leave(p->shape);
}

/* The weights, from rows of outputs to the shape's layout. */
static bool reorder(const struct packed *p, const void *weight)
{
	const struct shape *s = p->shape;
	dnnl_dim_t k = (dnnl_dim_t)s->in, n = (dnnl_dim_t)s->out;
	dnnl_memory_desc_t plain;
	dnnl_memory_t from = NULL;
	dnnl_primitive_desc_t desc = NULL;
	dnnl_primitive_t run = NULL;
	dnnl_stream_t stream = NULL;
	dnnl_data_type_t type = s->what == RHO_PRODUCT_INT8 ? dnnl_s8 : dnnl_f32;
	bool good = !dnnl_memory_desc_init_by_tag(&plain, 2, (dnnl_dims_t){ k, n }, type, dnnl_ba) &&
	            !dnnl_memory_create(&from, &plain, engine, (void *)(uintptr_t)weight) &&
	            !dnnl_reorder_primitive_desc_create(&desc, &plain, engine, &s->weight, engine, NULL) &&
	            !dnnl_primitive_create(&run, desc) &&
	            !dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) &&
	            !dnnl_primitive_execute(run, stream, 2, (const dnnl_exec_arg_t[]){
	                    { DNNL_ARG_FROM, from }, { DNNL_ARG_TO, p->weight } }) &&
	            !dnnl_stream_wait(stream);
	if (stream)
		dnnl_stream_destroy(stream);
	if (run)
		dnnl_primitive_destroy(run);
	if (desc)
		dnnl_primitive_desc_destroy(desc);
	if (from)
		dnnl_memory_destroy(from);
	return good;
}

static struct rho_packed *pack(struct rho_ctx *c, enum rho_product what, size_t in, size_t out,
                               const void *weight, const float *bias)
{
	struct packed *p = rho_alloc(c, 1, sizeof *p);
	if (!p)
		return NULL;
	p->shape = shape_take(what, in, out, bias != NULL);
	if (!p->shape) {
		rho_fail(c, RHO_ENOMEM, "oneDNN gives no product of %zu and %zu numbers", in, out);
		return NULL;
	}
	p->base = (struct rho_packed){ .scratch = p->shape->scratch_bytes, .most = sizes[what][0],
	                               .most_padded = PADDED, .adds_bias = bias != NULL,
	                               .rowwise = p->shape->in_order };
	void *packed = rho_alloc(c, dnnl_memory_desc_get_size(&p->shape->weight), 1);
	if (!packed) {
		let_go(&p->base);
		return NULL;
	}
	if (dnnl_memory_create(&p->weight, &p->shape->weight, engine, packed) ||
	    (bias && dnnl_memory_create(&p->bias, &p->shape->bias_md, engine, (void *)(uintptr_t)bias)) ||
	    !reorder(p, weight)) {
		rho_fail(c, RHO_ENOMEM, "oneDNN could not lay out weights of %zu by %zu numbers", out, in);
		let_go(&p->base);
		return NULL;
	}
	return &p->base;
}

/* The largest that is filled, or that a padding of less than SMALLEST rows fills. */
static size_t size_for(const struct shape *s, size_t left)
{
	size_t i = 0;
	while (sizes[s->what][i] > SMALLEST && left < sizes[s->what][i] &&
	       (sizes[s->what][i] > PADDED || left + SMALLEST <= sizes[s->what][i]))
		i++;
	return i;
}

static size_t rows(const struct rho_packed *base, size_t left)
{
	const struct shape *s = ((const struct packed *)base)->shape;
	return sizes[s->what][size_for(s, left)];
}

static bool multiply(const struct rho_packed *base, const void *x, size_t n, void *y, void *scratch)
{
	const struct packed *p = (const struct packed *)base;
	const struct shape *s = p->shape;
	size_t i = size_for(s, n);
	dnnl_memory_t mx = NULL, my = NULL, ms = NULL;
	dnnl_stream_t stream = NULL;
	bool good = !dnnl_stream_create(&stream, engine, dnnl_stream_default_flags) &&
	            !dnnl_memory_create(&mx, &s->x[i], engine, (void *)(uintptr_t)x) &&
	            !dnnl_memory_create(&my, &s->y[i], engine, y) &&
	            !dnnl_memory_create(&ms, &s->scratch[i], engine, scratch);
	if (good) {
		const dnnl_exec_arg_t args[] = { { DNNL_ARG_SRC, mx }, { DNNL_ARG_WEIGHTS, p->weight },
			{ DNNL_ARG_DST, my }, { DNNL_ARG_SCRATCHPAD, ms }, { DNNL_ARG_BIAS, p->bias } };
		good = !dnnl_primitive_execute(s->run[i], stream, p->bias ? 5 : 4, args) &&
		       !dnnl_stream_wait(stream);
	}
	if (ms)
		dnnl_memory_destroy(ms);
	if (my)
		dnnl_memory_destroy(my);
	if (mx)
		dnnl_memory_destroy(mx);
	if (stream)
		dnnl_stream_destroy(stream);
	return good;
}

const struct rho_dense_engine rho_engine_onednn = {
	.name = "onednn",
	.has = has,
	.int8_limit = int8_limit,
	.pack = pack,
	.free = let_go,
	.rows = rows,
	.multiply = multiply,
};
