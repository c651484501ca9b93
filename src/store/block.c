// SPDX-License-Identifier: MIT
// Blocks of arrays between the file and memory, in place.
#include "block.h"

#include "brink/sweep/spec.h"

brink_err brink_block_open(struct brink_door *door, int rank, const int64_t size[],
                           const int64_t start[], const int64_t count[], struct brink_block *block)
{
    hsize_t sizes[BRINK_RANK_MAX + 1], starts[BRINK_RANK_MAX + 1], counts[BRINK_RANK_MAX + 1];
    for (int i = 0; i < rank; i++) {
        sizes[i] = (hsize_t)size[i];
        starts[i] = (hsize_t)start[i];
        counts[i] = (hsize_t)count[i];
    }
    *block = (struct brink_block){H5I_INVALID_HID, H5I_INVALID_HID};
    brink_err error = BRINK_HDF5(door, "", block->place = H5Screate_simple(rank, sizes, NULL));
    if (!error)
        error = BRINK_HDF5(
            door, "",
            H5Sselect_hyperslab(block->place, H5S_SELECT_SET, starts, NULL, counts, NULL));
    if (!error)
        error = BRINK_HDF5(door, "", block->memory = H5Screate_simple(rank, counts, NULL));
    return error;
}

brink_err brink_block_open_tile(struct brink_door *door, const struct brink_spec *spec,
                                const struct brink_tile *tile, bool curve,
                                struct brink_block *block)
{
    const struct brink_grid *grid = &spec->grid;
    int64_t size[BRINK_RANK_MAX + 1], start[BRINK_RANK_MAX + 1] = {0}, count[BRINK_RANK_MAX + 1];
    for (int i = 0; i < grid->rank; i++) {
        size[i] = grid->size[i];
        start[i] = tile->start[i];
        count[i] = tile->count[i];
    }
    size[grid->rank] = count[grid->rank] = spec->curve_points;
    return brink_block_open(door, grid->rank + curve, size, start, count, block);
}

void brink_block_close(struct brink_door *door, struct brink_block *block, brink_err *error)
{
    brink_door_close(door, &block->memory, error);
    brink_door_close(door, &block->place, error);
}

brink_err brink_block_move(struct brink_door *door, const char *name, hid_t dataset, hid_t type,
                           const struct brink_block *block, void *data, bool write)
{
    if (write)
        return BRINK_HDF5(door, name,
                          H5Dwrite(dataset, type, block->memory, block->place, H5P_DEFAULT, data));
    return BRINK_HDF5(door, name,
                      H5Dread(dataset, type, block->memory, block->place, H5P_DEFAULT, data));
}

brink_err brink_block_list(struct brink_door *door, const char *name, hid_t dataset, hid_t type,
                           int64_t length, int64_t at, int64_t count, void *data, bool write)
{
    struct brink_block block;
    brink_err error = brink_block_open(door, 1, &length, &at, &count, &block);
    if (!error)
        error = brink_block_move(door, name, dataset, type, &block, data, write);
    brink_block_close(door, &block, &error);
    return error;
}
