// SPDX-License-Identifier: MIT
// A sweep cut into shards: which values, which tiles, which file.
#include "brink/sweep/shard.h"

#include <inttypes.h>
#include <string.h>

#include "brink/base/memory.h"

brink_err brink_sharding_init(const struct brink_spec *spec, long long count,
                              struct brink_sharding *sharding)
{
    const struct brink_grid *grid = &spec->grid;
    int axis = 0;
    for (int i = 1; i < grid->rank; i++)
        if (grid->tiles[i] > grid->tiles[axis])
            axis = i;
    int64_t most = grid->tiles[axis] < BRINK_SHARDS_MAX ? grid->tiles[axis] : BRINK_SHARDS_MAX;
    if (count < 1 || count > most)
        return brink_fail(BRINK_ERR_USAGE,
                          "%lld shards: this sweep can be cut into 1 to %" PRId64
                          ", the rows of tiles along %s",
                          count, most, spec->model->parameters[spec->axes[axis].parameter].name);
    *sharding = (struct brink_sharding){.axis = axis,
                                        .count = (int)count,
                                        .tile = grid->tile[axis],
                                        .tiles = grid->tiles[axis],
                                        .size = grid->size[axis]};
    return BRINK_OK;
}

brink_err brink_shard_spec(const struct brink_spec *spec, const struct brink_sharding *sharding,
                           int index, struct brink_spec **shard)
{
    int64_t *places = NULL, count = 0;
    *shard = NULL;
    brink_err error = brink_alloc(&places, (size_t)sharding->size, sizeof *places);
    if (error)
        return error;
    for (int64_t row = index; row < sharding->tiles; row += sharding->count)
        for (int64_t i = row * sharding->tile; i < (row + 1) * sharding->tile; i++)
            if (i < sharding->size)
                places[count++] = i;
    error = brink_spec_subset(spec, sharding->axis, count, places, shard);
    brink_free(&places);
    return error;
}

int64_t brink_shard_cells(const struct brink_sharding *sharding, int index)
{
    int64_t rows = (sharding->tiles - 1 - index) / sharding->count + 1;
    int64_t short_by = sharding->tiles * sharding->tile - sharding->size;
    bool has_last = (sharding->tiles - 1) % sharding->count == index;
    return rows * sharding->tile - (has_last ? short_by : 0);
}

struct brink_tile brink_shard_tile(const struct brink_spec *spec,
                                   const struct brink_sharding *sharding, int index,
                                   const struct brink_tile *tile)
{
    int64_t coordinate[BRINK_RANK_MAX], inside;
    memcpy(coordinate, tile->start, sizeof coordinate);
    int64_t row = tile->start[sharding->axis] / sharding->tile;
    coordinate[sharding->axis] = (index + row * sharding->count) * sharding->tile;
    return brink_grid_find(&spec->grid, coordinate, &inside);
}

void brink_shard_path(const char *result, int count, int index, struct brink_text *path)
{
    const char *slash = strrchr(result, '/'), *dot = strrchr(result, '.');
    bool ending = dot && (!slash || dot > slash + 1);
    int stem = ending ? (int)(dot - result) : (int)strlen(result);
    brink_text_add(path, "%.*s.shard-%04d-of-%04d%s", stem, result, index + 1, count,
                   ending ? dot : "");
}
