/* kernel_list.h: the table of the kernels above, under the name KERNELS. */
const struct rho_kernels KERNELS = {
	.name = NAME,
	.layer_norm = layer_norm,
	.add = add,
	.attention = attention,
	.finish = finish,
	.to_u8 = to_u8,
	.from_int32 = from_int32,
	.to_s8 = to_s8,
	.to_bf16 = to_bf16,
	.round_bf16 = round_bf16,
};
