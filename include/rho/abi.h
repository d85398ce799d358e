/* rho/abi.h: the shape of a plugin module, which is one exported constant: rho_plugin. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RHO_MAGIC     0x016f6872u   /* "rho\1" in memory on a little-endian machine */
#define RHO_ABI_MAJOR 0             /* while it is 0, the minor must match exactly too */
#define RHO_ABI_MINOR 3
#define RHO_EXPORT    __attribute__((visibility("default")))

enum rho_kind {
	RHO_DATASET = 1,    /* yields tables                                 */
	RHO_ENCODER,        /* texts or images to rows of float32            */
	RHO_SAMPLER,        /* candidates for each decision                  */
	RHO_ENV,            /* decisions and rewards                         */
	RHO_AGENT,          /* a choice and its probability; learns          */
	RHO_VERIFIER,       /* a verdict on an answer                        */
	RHO_REPORTER,       /* listens to metrics                            */
};

enum rho_error {            /* every fallible call returns 0 or one of these */
	RHO_EINVAL  = -1,   /* a parameter or an argument makes no sense     */
	RHO_ENOMEM  = -2,   /* the cell's memory budget is spent             */
	RHO_EIO     = -3,   /* a file could not be read or written           */
	RHO_EFORMAT = -4,   /* a file was read and is not what it should be  */
	RHO_ENOSUP  = -5,   /* asked for something this plugin does not do   */
	RHO_ESTOP   = -6,   /* rho_stop() said so                            */
	RHO_EBUG    = -7,   /* an invariant of the plugin itself is broken   */
};

enum rho_flag {             /* rho_plugin.flags; 0 for nearly every plugin */
	RHO_INEXACT = 1u << 0,  /* last bits may differ from run to run (a GPU) */
	RHO_THREADS = 1u << 1,  /* starts threads of its own                 */
};

struct rho_ctx;             /* one plugin instance, as the host sees it */
struct rho_param;

struct rho_plugin {
	uint32_t    magic;      /* these six are filled by RHO_PLUGIN()      */
	uint16_t    abi_major;  /* must equal the host's                     */
	uint16_t    abi_minor;  /* must not exceed the host's (major 0: must equal) */
	uint32_t    size;       /* sizeof(struct rho_plugin) when built      */
	uint32_t    param_size; /* sizeof(struct rho_param) when built       */
	uint32_t    kind;       /* enum rho_kind                             */
	uint32_t    revision;   /* of what is kept; starts at 1              */
	uint32_t    flags;      /* enum rho_flag                             */
	const char *name;       /* [a-z][a-z0-9_]*, also in the file's name  */
	const char *version;    /* the plugin's own version                  */
	const char *brief;      /* one line, for `rho plugin list`           */
	const char *doc;        /* paragraphs, for `rho plugin show`; or NULL */
	const char *cite;       /* what to cite when using it; or NULL       */
	const struct rho_param *params; /* ends with RHO_END; or NULL        */
	size_t      self_size;  /* the host allocates, zeroes, fills params  */
	union {                 /* the one that `kind` names; each opens with its own size */
		const void                *table;
		const struct rho_dataset  *dataset;
		const struct rho_encoder  *encoder;
		const struct rho_sampler  *sampler;
		const struct rho_env      *env;
		const struct rho_agent    *agent;
		const struct rho_verifier *verifier;
		const struct rho_reporter *reporter;
	};
};

#define RHO_PLUGIN(kind_) \
	.magic = RHO_MAGIC, .abi_major = RHO_ABI_MAJOR, .abi_minor = RHO_ABI_MINOR, \
	.size = sizeof(struct rho_plugin), .param_size = sizeof(struct rho_param), \
	.kind = (kind_)

/* Each module defines this and exports nothing else. */
extern const struct rho_plugin rho_plugin;
