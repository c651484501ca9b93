// SPDX-License-Identifier: MIT
// The record of starts, /runs: rows written in place, each with a checksum of its own.
//
// A row is written column by column, so a kill may tear it. runs/writing holds its number as long
// as it is under way: a row that does not fit its checksum is torn if it is that one, else damaged.
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "block.h"
#include "opened.h"
#include "types.h"

enum { NONE = -1 };

static brink_err move_number(struct brink_store *store, const char *name, hid_t dataset,
                             int32_t *value, bool write)
{
    return brink_block_list(&store->door, name, dataset, H5T_NATIVE_INT32, 1, 0, 1, value, write);
}

static brink_err move_row(struct brink_store *store, int32_t row, struct brink_run *run, bool write)
{
    brink_err error = BRINK_OK;
    for (int i = 0; !error && i < BRINK_RUN_COLUMNS; i++) {
        const struct brink_array *array = &store->run_arrays[i];
        hid_t type = H5I_INVALID_HID;
        error = brink_file_type(&store->door, array->element, array->size, &type);
        if (!error)
            error =
                brink_block_list(&store->door, array->name, store->runs[i], type, BRINK_RUNS_MAX,
                                 row, 1, (char *)run + brink_run_offset(i), write);
        brink_door_close(&store->door, &type, &error);
    }
    return error;
}

static brink_err write_checksum(struct brink_store *store, int32_t row, const struct brink_run *run)
{
    const void *cells[BRINK_RUN_COLUMNS];
    size_t sizes[BRINK_RUN_COLUMNS];
    for (int i = 0; i < BRINK_RUN_COLUMNS; i++) {
        cells[i] = (const char *)run + brink_run_offset(i);
        sizes[i] = store->run_arrays[i].size;
    }
    uint64_t sum = brink_run_checksum(store->spec, row, cells, sizes);
    return brink_block_list(&store->door, "runs/checksum", store->run_checksum, H5T_NATIVE_UINT64,
                            BRINK_RUNS_MAX, row, 1, &sum, true);
}

// A row that an earlier start has torn: each of its columns is old or new, and stays as it is.
static brink_err settle_torn_row(struct brink_store *store, int32_t row, int32_t count)
{
    struct brink_run run = {0};
    int32_t torn = NONE;
    brink_err error = move_number(store, "runs/writing", store->run_writing, &torn, false);
    if (error || torn < 0 || torn >= count || torn == row)
        return error;
    error = move_row(store, torn, &run, false);
    return error ? error : write_checksum(store, torn, &run);
}

brink_err brink_store_run_count(struct brink_store *store, int32_t *count)
{
    brink_err error = move_number(store, "runs/count", store->run_count, count, false);
    if (!error && (*count < 0 || *count > BRINK_RUNS_MAX))
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: damaged: runs/count is %" PRId32,
                           store->door.path, *count);
    return error;
}

brink_err brink_store_run_read(struct brink_store *store, int32_t row, struct brink_run *run)
{
    *run = (struct brink_run){0};
    assert(row >= 0 && row < BRINK_RUNS_MAX);
    brink_err error = move_row(store, row, run, false);
    for (int i = 0; i < BRINK_RUN_COLUMNS; i++) {
        const struct brink_array *array = &store->run_arrays[i];
        if (array->element == BRINK_ELEMENT_TEXT) // which may fill its place
            ((char *)run)[brink_run_offset(i) + array->size - 1] = '\0';
    }
    return error;
}

// Copies *run with nothing behind the end of a text.
static struct brink_run tidy(const struct brink_store *store, const struct brink_run *run)
{
    struct brink_run copy = {0};
    for (int i = 0; i < BRINK_RUN_COLUMNS; i++) {
        const struct brink_array *array = &store->run_arrays[i];
        const char *member = (const char *)run + brink_run_offset(i);
        size_t length =
            array->element == BRINK_ELEMENT_TEXT ? strnlen(member, array->size) : array->size;
        memcpy((char *)&copy + brink_run_offset(i), member, length);
    }
    return copy;
}

brink_err brink_store_run_write(struct brink_store *store, int32_t row, const struct brink_run *run)
{
    struct brink_run copy = tidy(store, run);
    int32_t count = 0, writing = row;
    assert(row >= 0 && row < BRINK_RUNS_MAX);
    brink_err error = brink_store_run_count(store, &count);
    if (!error)
        error = settle_torn_row(store, row, count);
    if (!error)
        error = move_number(store, "runs/writing", store->run_writing, &writing, true);
    if (!error)
        error = brink_store_sync(store); // known to be under way before it is
    if (!error)
        error = move_row(store, row, &copy, true);
    if (!error)
        error = write_checksum(store, row, &copy);
    if (!error && row >= count)
        error = brink_store_sync(store); // a row counts when it is whole, on the disk, too
    if (!error && row >= count) {
        count = row + 1;
        error = move_number(store, "runs/count", store->run_count, &count, true);
    }
    if (!error)
        error = brink_store_sync(store);
    writing = NONE;
    return error ? error : move_number(store, "runs/writing", store->run_writing, &writing, true);
}
