/* layout.c: the sizes and offsets of every public struct on a 64-bit machine, ABI 0.3. A change here
 * is a change of the ABI: while the major is 0 raise the minor; afterwards only append. */
#include <rho/rho.h>

#define SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), #type " changed size")
#define AT(type, member, bytes) _Static_assert(offsetof(struct type, member) == (bytes), #type "." #member " moved")

/* The first 20 bytes of a module never move, in any version. */
AT(rho_plugin, magic, 0);
AT(rho_plugin, abi_major, 4);
AT(rho_plugin, abi_minor, 6);
AT(rho_plugin, size, 8);
AT(rho_plugin, param_size, 12);
AT(rho_plugin, kind, 16);
AT(rho_plugin, name, 32);
AT(rho_plugin, params, 72);
AT(rho_plugin, self_size, 80);
AT(rho_plugin, table, 88);
SIZE(rho_plugin, 96);

AT(rho_param, name, 0);
AT(rho_param, offset, 24);
AT(rho_param, def, 48);
AT(rho_param, kind, 72);
SIZE(rho_param, 80);

SIZE(rho_str, 16);
SIZE(rho_mat, 32);
SIZE(rho_rows, 32);
SIZE(rho_rng, 32);
SIZE(rho_part, 24);
SIZE(rho_host, 120);
SIZE(rho_ctx, 8);

SIZE(rho_column_spec, 24);
SIZE(rho_sink, 24);
SIZE(rho_dataset, 24);
SIZE(rho_column, 64);
SIZE(rho_table, 24);
SIZE(rho_data, 96);

SIZE(rho_encoder_info, 24);
SIZE(rho_encoder, 48);

SIZE(rho_sampler_spec, 64);
SIZE(rho_sampler_info, 16);
SIZE(rho_ask, 136);
SIZE(rho_pool, 24);
SIZE(rho_sampler, 48);

SIZE(rho_spec, 88);
SIZE(rho_batch, 144);
SIZE(rho_choice, 16);
SIZE(rho_feedback, 56);
SIZE(rho_agent, 88);

SIZE(rho_env_spec, 160);
SIZE(rho_obs, 80);
SIZE(rho_env, 64);

SIZE(rho_claim, 48);
SIZE(rho_verdict, 128);
SIZE(rho_verifier, 40);

SIZE(rho_metric, 24);
SIZE(rho_cell, 40);
SIZE(rho_reporter, 32);
