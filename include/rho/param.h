/* rho/param.h: what a plugin can be told, as data the host can read. */
#pragma once
#include "view.h"

enum rho_type {
	RHO_T_END, RHO_T_BOOL, RHO_T_I64, RHO_T_F64, RHO_T_STR,
	RHO_T_PATH,             /* const char *: absolute once the host has filled it */
	RHO_T_CHOICE,           /* int: an index into `choices`                 */
	RHO_T_I64S, RHO_T_F64S, RHO_T_STRS, /* struct rho_i64s / rho_f64s / rho_strs */
	RHO_T_PART,             /* struct rho_part: another plugin's instance   */
};

enum rho_param_flag {
	RHO_REQUIRED = 1u << 0, /* there is no default                          */
	RHO_SPEED    = 1u << 1, /* cannot change results: not part of a cell's identity */
	RHO_SECRET   = 1u << 2, /* STR that names an environment variable; the field gets what that holds, NULL
	                         * where it is unset. Only the name is ever written anywhere */
	RHO_MADE     = 1u << 3, /* PATH that need not be there yet: the plugin makes it */
};

struct rho_i64s { const int64_t *at; size_t n; };
struct rho_f64s { const double  *at; size_t n; };
struct rho_strs { const char *const *at; size_t n; };

/* Another plugin, opened; `plugin` is the host's full copy, so every slot may be tested.
 * plugin NULL: the file names none. */
struct rho_part { const struct rho_plugin *plugin; struct rho_ctx *ctx; void *self; };

struct rho_param {
	const char *name;       /* key in TOML; by macro, the field's own name  */
	const char *help;       /* one sentence, no full stop                   */
	uint32_t    type;       /* enum rho_type                                */
	uint32_t    flags;      /* enum rho_param_flag                          */
	size_t      offset;     /* into the plugin's self                       */
	double      lo, hi;     /* inclusive; both 0: unbounded; lists: of each element */
	union {
		bool b; int64_t i; double f; const char *s;
		struct rho_i64s is; struct rho_f64s fs; struct rho_strs ss;
	} def;
	const char *const *choices;  /* NULL-terminated                         */
	uint32_t    kind;       /* RHO_T_PART: which kind of plugin fits        */
};

/* The field's offset; does not compile when the field has another type. */
#define RHO_AT(T, field, type) (offsetof(T, field) + 0 * sizeof(char[ \
	_Generic(((T *)0)->field, type: 1, default: -1)]))
#define RHO_FIELD(T, field, type_, ctype, help_) .name = #field, .help = (help_), \
	.type = (type_), .offset = RHO_AT(T, field, ctype)
#define RHO_LIST(type, ...) { (type[]){ __VA_ARGS__ }, sizeof((type[]){ __VA_ARGS__ }) / sizeof(type) }

#define RHO_BOOL(T, field, dflt, help_) { \
	RHO_FIELD(T, field, RHO_T_BOOL, bool, help_), .def.b = (dflt) }
#define RHO_I64(T, field, dflt, lo_, hi_, help_) { \
	RHO_FIELD(T, field, RHO_T_I64, int64_t, help_), .lo = (lo_), .hi = (hi_), .def.i = (dflt) }
#define RHO_F64(T, field, dflt, lo_, hi_, help_) { \
	RHO_FIELD(T, field, RHO_T_F64, double, help_), .lo = (lo_), .hi = (hi_), .def.f = (dflt) }
#define RHO_STR(T, field, dflt, help_) { \
	RHO_FIELD(T, field, RHO_T_STR, const char *, help_), .def.s = (dflt) }
#define RHO_CHOICE(T, field, dflt, names, help_) { \
	RHO_FIELD(T, field, RHO_T_CHOICE, int, help_), .def.i = (dflt), .choices = (names) }
/* A file or folder that must be given; RHO_PATH_OPT: may be left out, the field is then NULL. */
#define RHO_PATH(T, field, help_) { \
	RHO_FIELD(T, field, RHO_T_PATH, const char *, help_), .flags = RHO_REQUIRED }
#define RHO_PATH_OPT(T, field, help_) { RHO_FIELD(T, field, RHO_T_PATH, const char *, help_) }
/* The name of an environment variable that holds what nobody may read, such as a key. */
#define RHO_KEY(T, field, dflt, help_) { \
	RHO_FIELD(T, field, RHO_T_STR, const char *, help_), .flags = RHO_SECRET | RHO_SPEED, .def.s = (dflt) }
/* A folder in which the plugin keeps what it could get again; made where it is missing. */
#define RHO_CACHE(T, field, help_) { \
	RHO_FIELD(T, field, RHO_T_PATH, const char *, help_), .flags = RHO_MADE | RHO_SPEED }
/* Lists; the default stands last: RHO_STRS(struct me, stages, "what to do in turn", "a", "b") */
#define RHO_I64S(T, field, lo_, hi_, help_, ...) { RHO_FIELD(T, field, RHO_T_I64S, \
	struct rho_i64s, help_), .lo = (lo_), .hi = (hi_), .def.is = RHO_LIST(const int64_t, __VA_ARGS__) }
#define RHO_F64S(T, field, lo_, hi_, help_, ...) { RHO_FIELD(T, field, RHO_T_F64S, \
	struct rho_f64s, help_), .lo = (lo_), .hi = (hi_), .def.fs = RHO_LIST(const double, __VA_ARGS__) }
#define RHO_STRS(T, field, help_, ...) { RHO_FIELD(T, field, RHO_T_STRS, \
	struct rho_strs, help_), .def.ss = RHO_LIST(const char *const, __VA_ARGS__) }
#define RHO_PART(T, field, kind_, help_) { \
	RHO_FIELD(T, field, RHO_T_PART, struct rho_part, help_), .kind = (kind_) }
#define RHO_END { .name = NULL }
