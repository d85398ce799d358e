/* order.h: which context comes when, as a function of lane and episode alone: all arms see the same. */
#ifndef RHO_KIT_ORDER_H
#define RHO_KIT_ORDER_H

#include <rho/rho.h>

enum rho_order { RHO_ORDER_SHUFFLE, RHO_ORDER_UNIFORM, RHO_ORDER_FILE };

/* The names of enum rho_order, for RHO_CHOICE. */
extern const char *const rho_order_names[];

/* Which of n > 0 things episode `episode` (from 0) of a lane is about. Lanes share one sequence: place
 * episode * lanes + lane of it. shuffle: every thing once in n places, each n places in an order of their own;
 * uniform: independent draws; file: 0, 1, … n - 1, 0 … In O(1) and without memory, so that lanes may be as far
 * apart as they like: shuffle is a Feistel network on the place, walked until it falls below n (Black & Rogaway
 * 2002). key: a stream that is never drawn from. [any] */
uint32_t rho_order_at(const struct rho_rng *key, enum rho_order, uint32_t n, size_t lanes, size_t lane,
                      uint64_t episode);

#endif
