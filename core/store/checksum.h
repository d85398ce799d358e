/* checksum.h: how the store notices that bytes it wrote have changed. */
#ifndef RHO_STORE_CHECKSUM_H
#define RHO_STORE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

/* XXH3-64 of all bytes when there are at most 256 MiB of them; of more, XXH3-64 of 256 blocks of
 * 64 KiB spread evenly, the first and the last block among them, so that looking at a file costs
 * milliseconds at any size. A longer file's size, header and blocks are then known to be right,
 * the bytes between them are taken on trust. */
uint64_t rho_checksum(const void *bytes, size_t n);

#endif
