// SPDX-License-Identifier: MIT
// Blocks of arrays between the file and memory, in place.
#ifndef BRINK_STORE_BLOCK_H
#define BRINK_STORE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "door.h"

// A block of arrays of one shape: where it is in the file, and as it lies in memory.
struct brink_block {
    hid_t place, memory;
};

// The block that begins at start[rank] and has count[rank] elements, of arrays of size[rank].
// Release with brink_block_close, also after a failure.
brink_err brink_block_open(struct brink_door *door, int rank, const int64_t size[],
                           const int64_t start[], const int64_t count[],
                           struct brink_block *block) BRINK_CHECKED;
// The same for a tile of the grid's fields, or of its curves.
struct brink_spec;
struct brink_tile;
brink_err brink_block_open_tile(struct brink_door *door, const struct brink_spec *spec,
                                const struct brink_tile *tile, bool curve,
                                struct brink_block *block) BRINK_CHECKED;
void brink_block_close(struct brink_door *door, struct brink_block *block, brink_err *error);

// Writes or reads `data`, of `type` in memory, row-major.
brink_err brink_block_move(struct brink_door *door, const char *name, hid_t dataset, hid_t type,
                           const struct brink_block *block, void *data, bool write) BRINK_CHECKED;

// The same for elements at .. at + count - 1 of a list of `length`.
brink_err brink_block_list(struct brink_door *door, const char *name, hid_t dataset, hid_t type,
                           int64_t length, int64_t at, int64_t count, void *data,
                           bool write) BRINK_CHECKED;

#endif
