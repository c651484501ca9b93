// SPDX-License-Identifier: MIT
// A sweep cut into shards: sweeps of their own that together are the whole.
//
// The axis with the most tiles (the first of these) is cut at its tiles, which go round: shard i of
// n has the rows of tiles i, i + n, i + 2n, ... of that axis, so that all shards cost about the
// same. A shard is a specification like any other, with these values along the axis and the same
// tiles.
#ifndef BRINK_SWEEP_SHARD_H
#define BRINK_SWEEP_SHARD_H

#include "brink/sweep/spec.h"

#define BRINK_SHARDS_MAX 9999

struct brink_sharding {
    int axis;
    int count;     // of shards
    int64_t tile;  // cells of a tile along the axis
    int64_t tiles; // along the axis
    int64_t size;  // cells along the axis
};

// BRINK_ERR_USAGE if there are fewer rows of tiles than shards.
brink_err brink_sharding_init(const struct brink_spec *spec, long long count,
                              struct brink_sharding *sharding) BRINK_CHECKED;

// Shard `index` (from 0) of the sweep.
brink_err brink_shard_spec(const struct brink_spec *spec, const struct brink_sharding *sharding,
                           int index, struct brink_spec **shard) BRINK_CHECKED;

// Its cells along the axis.
int64_t brink_shard_cells(const struct brink_sharding *sharding, int index);

// The tile of the whole that is tile `tile` of the shard.
struct brink_tile brink_shard_tile(const struct brink_spec *spec,
                                   const struct brink_sharding *sharding, int index,
                                   const struct brink_tile *tile);

// The file of a shard, beside the result: "dor.h5" -> "dor.shard-0001-of-0016.h5".
void brink_shard_path(const char *result, int count, int index, struct brink_text *path);

#endif
