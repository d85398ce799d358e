/* layers.h: a transformer's work outside the linear layers, in vectors as wide as the machine has. All are
 * float32, thread-safe ([any]), and treat every row by itself. Widths need not be multiples of anything. */
#ifndef RHO_KIT_LAYERS_H
#define RHO_KIT_LAYERS_H

#include <stdbool.h>
#include <stddef.h>

/* out (m, d) = LayerNorm(x + residual) * gamma + beta (Ba et al. 2016); residual NULL: x alone. Mean and
 * variance (biased) in float32 with the sums in a fixed order, accurate to 1e-6 relative. out may be x or
 * residual. */
void rho_layer_norm(const float *x, const float *residual, size_t m, size_t d, const float *gamma,
                    const float *beta, float eps, float *out);

/* x (n) += y (n). */
void rho_add_rows(float *x, const float *y, size_t n);

/* Multi-head attention of one sequence (Vaswani et al. 2017): qkv (n, 3 * heads * width) holds the queries
 * of all heads, then the keys, then the values of each token; out (n, heads * width); scores are scaled by
 * 1/sqrt(width); `causal`: token i sees tokens 0 .. i. room: rho_attention_room bytes, 64-byte aligned. */
size_t rho_attention_room(size_t n, size_t heads, size_t width);
void rho_attention(const float *qkv, size_t n, size_t heads, size_t width, bool causal, float *out,
                   void *room);

/* out (d) = mean over rows of x (n, d), summed in float64; and the largest of each column. */
void rho_mean_rows(const float *x, size_t n, size_t d, float *out);
void rho_max_rows(const float *x, size_t n, size_t d, float *out);

/* x (d) /= |x|, the norm in float64; zeros stay. */
void rho_unit_row(float *x, size_t d);

#endif
