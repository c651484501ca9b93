// SPDX-License-Identifier: MIT
// The record of starts, /runs: rows in use fit their checksums, the others hold fill.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "block.h"
#include "brink/base/build.h"
#include "brink/base/memory.h"
#include "check.h"
#include "types.h"
#include "verify.h"

// /runs as read whole.
struct runs {
    struct brink_inspection *inspection;
    struct brink_array arrays[BRINK_RUN_COLUMNS];
    char *columns[BRINK_RUN_COLUMNS]; // owned, [BRINK_RUNS_MAX][size]
    uint64_t checksums[BRINK_RUNS_MAX];
    int32_t count, writing;
};

static brink_err read_list(void *context, const struct brink_array *array)
{
    struct runs *runs = context;
    struct brink_door *door = &runs->inspection->door;
    hid_t dataset = H5I_INVALID_HID, type = H5I_INVALID_HID;
    void *place = NULL;
    if (array->role == BRINK_ROLE_RUN_CHECKSUM)
        place = runs->checksums;
    else if (array->role == BRINK_ROLE_RUN_COUNT)
        place = &runs->count;
    else if (array->role == BRINK_ROLE_RUN_WRITING)
        place = &runs->writing;
    else if (array->role != BRINK_ROLE_RUN)
        return BRINK_OK;
    brink_err error = BRINK_OK;
    if (!place) {
        runs->arrays[array->index] = *array;
        error = brink_alloc(&runs->columns[array->index], BRINK_RUNS_MAX, array->size);
        place = runs->columns[array->index];
    }
    if (!error)
        error = BRINK_HDF5(door, array->name,
                           dataset = H5Dopen2(runs->inspection->file, array->name, H5P_DEFAULT));
    if (!error)
        error = brink_file_type(door, array->element, array->size, &type);
    if (!error)
        error = brink_block_list(door, array->name, dataset, type, (int64_t)array->shape[0], 0,
                                 (int64_t)array->shape[0], place, false);
    brink_door_close(door, &type, &error);
    brink_door_close(door, &dataset, &error);
    return error;
}

// In an unused row the name of a column that does not hold fill, else NULL.
static const char *used_column(const struct runs *runs, int32_t row)
{
    for (int i = 0; i < BRINK_RUN_COLUMNS; i++) {
        char fill[sizeof(struct brink_run)];
        const struct brink_array *array = &runs->arrays[i];
        brink_array_fill(array, fill);
        if (memcmp(runs->columns[i] + (size_t)row * array->size, fill, array->size) != 0)
            return array->name;
    }
    return runs->checksums[row] != 0 ? "runs/checksum" : NULL;
}

static bool whole(const struct runs *runs, int32_t row)
{
    const void *cells[BRINK_RUN_COLUMNS];
    size_t sizes[BRINK_RUN_COLUMNS];
    for (int i = 0; i < BRINK_RUN_COLUMNS; i++) {
        sizes[i] = runs->arrays[i].size;
        cells[i] = runs->columns[i] + (size_t)row * sizes[i];
    }
    return brink_run_checksum(runs->inspection->spec, row, cells, sizes) == runs->checksums[row];
}

static void inspect_row(struct runs *runs, int32_t row, const struct brink_run *run)
{
    struct brink_inspection *inspection = runs->inspection;
    const int64_t tiles = inspection->spec->grid.tile_count;
    char object[32];
    snprintf(object, sizeof object, "runs row %" PRId32, row);
    if (!whole(runs, row)) {
        if (row == runs->writing)
            inspection->report->run_cut = row;
        else
            brink_inspection_find(inspection, object, "its checksum does not fit");
    } else if (run->ranks < 1 || run->threads < 1 || run->tiles_before < 0 ||
               run->tiles_before > tiles || run->tiles_done < 0 || run->tiles_done > tiles) {
        brink_inspection_find(inspection, object, "holds numbers that no run has");
    }
    inspection->other_kernel |= run->kernel_version != BRINK_KERNEL_VERSION;
}

static void inspect_rows(struct runs *runs)
{
    struct brink_inspection *inspection = runs->inspection;
    if (runs->count < 0 || runs->count > BRINK_RUNS_MAX) {
        brink_inspection_find(inspection, "runs/count", "is %" PRId32, runs->count);
        return;
    }
    if (runs->writing < -1 || runs->writing >= BRINK_RUNS_MAX)
        brink_inspection_find(inspection, "runs/writing", "is %" PRId32, runs->writing);
    for (int32_t row = 0; row < runs->count; row++) {
        struct brink_run run = {0};
        for (int i = 0; i < BRINK_RUN_COLUMNS; i++)
            memcpy((char *)&run + brink_run_offset(i),
                   runs->columns[i] + (size_t)row * runs->arrays[i].size, runs->arrays[i].size);
        inspect_row(runs, row, &run);
    }
    for (int32_t row = runs->count; row < BRINK_RUNS_MAX; row++) {
        const char *column = used_column(runs, row);
        if (column && row == runs->writing)
            inspection->report->run_cut = row;
        else if (column)
            brink_inspection_find(inspection, column, "row %" PRId32 " is not in use, yet not fill",
                                  row);
    }
}

brink_err brink_inspect_runs(struct brink_inspection *inspection)
{
    struct runs *runs = NULL;
    enum brink_storage storage = brink_origin_storage(&inspection->origin);
    brink_err error = brink_alloc(&runs, 1, sizeof *runs);
    if (error)
        return error;
    runs->inspection = inspection;
    error = brink_layout_arrays(inspection->spec, storage, read_list, runs);
    if (!error)
        inspect_rows(runs);
    for (int i = 0; i < BRINK_RUN_COLUMNS; i++)
        brink_free(&runs->columns[i]);
    brink_free(&runs);
    return brink_inspection_take(inspection, "runs", error);
}
