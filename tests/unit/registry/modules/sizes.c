/* sizes.c: an agent built against headers that had less in them than today's, or (NEWER) more. */
#include <rho/rho.h>

struct other {
	int64_t first, second;
};

#ifdef NEWER
struct param {
	struct rho_param now;
	double later[3];
};
struct table {
	struct rho_agent now;
	void (*later[4])(void);
};
struct plugin {
	struct rho_plugin now;
	const char *later[5];
};
#define PARAM(...)                                                                                           \
	{                                                                                                    \
		.now = { __VA_ARGS__ }, .later = { 1, 2, 3 }                                                 \
	}
#define TABLE_END .now.size = sizeof(struct table), .now.act = act
#else
/* As struct rho_param was before `choices`, struct rho_agent before `observe`. */
struct param {
	const char *name, *help;
	uint32_t type, flags;
	size_t offset;
	double lo, hi;
	union {
		bool b;
		int64_t i;
		double f;
		const char *s;
		struct rho_i64s is;
	} def;
};
struct table {
	uint32_t size, flags;
	int (*open)(struct rho_ctx *, void *self, const struct rho_spec *);
	void (*close)(struct rho_ctx *, void *self);
	int (*loaded)(struct rho_ctx *, void *self);
	int (*act)(struct rho_ctx *, void *self, const struct rho_batch *, struct rho_choice *);
};
struct plugin {
	struct rho_plugin now;
};
#define PARAM(...)                                                                                           \
	{                                                                                                    \
		__VA_ARGS__                                                                                  \
	}
#define TABLE_END .size = sizeof(struct table), .act = act
#endif

static const struct param params[] = {
	PARAM(.name = "first", .help = "one number", .type = RHO_T_I64,
	      .offset = offsetof(struct other, first), .lo = 0, .hi = 9, .def.i = 4),
	PARAM(.name = "second", .help = "another", .type = RHO_T_I64,
	      .offset = offsetof(struct other, second), .def.i = 5),
	PARAM(.name = NULL),
};

static int act(struct rho_ctx *c, void *self, const struct rho_batch *b, struct rho_choice *out) { return 0; }

/* What lies behind an old table must not be read as slots. */
static const struct {
	struct table table;
	size_t behind[16];
} agent = {
	.table = { TABLE_END },
	.behind = { 1, 2, 3, 4, 5, 6, 7, 8 },
};

RHO_EXPORT const struct plugin rho_plugin_here __asm__("rho_plugin");
RHO_EXPORT const struct plugin rho_plugin_here = {
	.now = {
		.magic = RHO_MAGIC, .abi_major = RHO_ABI_MAJOR, .abi_minor = RHO_ABI_MINOR,
		.size = sizeof(struct plugin), .param_size = sizeof(struct param), .kind = RHO_AGENT,
		.revision = 1, .name = NAME, .version = "1.0.0", .brief = "of another size",
		.params = (const struct rho_param *)(const void *)params, .self_size = sizeof(struct other),
		.table = &agent,
	},
};
