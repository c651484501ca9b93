// SPDX-License-Identifier: MIT
// An open result file: tiles in and out at their fixed places, states, runs.
#include "brink/store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#define XXH_STATIC_LINKING_ONLY // a hash state on the stack
#include <xxhash.h>

#include "brink/base/memory.h"
#include "check.h"
#include "door.h"
#include "layout.h"
#include "types.h"

struct brink_store {
    struct brink_door door;
    struct brink_text path; // owned
    const struct brink_spec *spec;
    hid_t file;
    hid_t fields[BRINK_FIELD_MAX]; // in the order of columns
    int field_count;
    hid_t state, checksum, runs[BRINK_RUN_COLUMNS], run_count;
    struct brink_array run_arrays[BRINK_RUN_COLUMNS];
    int descriptor; // our own, for fdatasync; -1 when reading
};

// ---- opening and closing

static brink_err adopt_array(void *context, const struct brink_array *array)
{
    struct brink_store *store = context;
    hid_t dataset = H5I_INVALID_HID;
    brink_err error = brink_check_array(&store->door, store->file, array, &dataset);
    if (error)
        return error;
    switch (array->role) {
    case BRINK_ROLE_FIELD:
        assert(array->index < BRINK_FIELD_MAX);
        store->fields[array->index] = dataset;
        store->field_count = array->index + 1;
        break;
    case BRINK_ROLE_STATE:
        store->state = dataset;
        break;
    case BRINK_ROLE_CHECKSUM:
        store->checksum = dataset;
        break;
    case BRINK_ROLE_RUN:
        store->runs[array->index] = dataset;
        store->run_arrays[array->index] = *array;
        break;
    case BRINK_ROLE_RUN_COUNT:
        store->run_count = dataset;
        break;
    default: // coordinates are a matter of the specification
        brink_door_close(&store->door, &dataset, &error);
    }
    return error;
}

static brink_err make_store(const char *path, const struct brink_spec *spec, bool writing,
                            struct brink_store **store)
{
    struct brink_store *made = NULL;
    brink_err error = brink_alloc(&made, 1, sizeof *made);
    if (error)
        return error;
    brink_text_add(&made->path, "%s", path);
    error = made->path.error;
    made->door =
        (struct brink_door){.path = brink_text_get(&made->path), .blame = BRINK_ERR_BAD_FILE};
    made->spec = spec;
    made->file = made->state = made->checksum = made->run_count = H5I_INVALID_HID;
    for (int i = 0; i < BRINK_FIELD_MAX; i++)
        made->fields[i] = H5I_INVALID_HID;
    for (int i = 0; i < BRINK_RUN_COLUMNS; i++)
        made->runs[i] = H5I_INVALID_HID;
    made->descriptor = -1;
    if (!error && writing) {
        // Opened for writing, so that a read-only file says so in plain words.
        made->descriptor = open(path, O_RDWR | O_CLOEXEC);
        if (made->descriptor < 0)
            error =
                brink_fail(BRINK_ERR_IO, "%s: cannot open for writing: %s", path, strerror(errno));
    }
    *store = made;
    return error;
}

static brink_err open_parallel(struct brink_door *door, MPI_Comm comm, MPI_Info info, hid_t *file)
{
    hid_t access = H5I_INVALID_HID;
    brink_err error = brink_door_access(door, &access);
    if (!error)
        error = BRINK_HDF5(door, "", H5Pset_fapl_mpio(access, comm, info));
    if (!error)
        error = BRINK_HDF5(door, "", *file = H5Fopen(door->path, H5F_ACC_RDWR, access));
    brink_door_close(door, &access, &error);
    return error;
}

static void close_ids(struct brink_store *store, brink_err *error)
{
    struct brink_door *door = &store->door;
    for (int i = 0; i < BRINK_FIELD_MAX; i++)
        brink_door_close(door, &store->fields[i], error);
    for (int i = 0; i < BRINK_RUN_COLUMNS; i++)
        brink_door_close(door, &store->runs[i], error);
    brink_door_close(door, &store->state, error);
    brink_door_close(door, &store->checksum, error);
    brink_door_close(door, &store->run_count, error);
    brink_door_close(door, &store->file, error);
}

// Without a call to HDF5.
static void release(struct brink_store **store)
{
    if ((*store)->descriptor >= 0)
        close((*store)->descriptor);
    brink_text_free(&(*store)->path);
    brink_free(store);
}

brink_err brink_store_open(const char *path, const struct brink_spec *spec, MPI_Comm comm,
                           MPI_Info info, struct brink_store **store)
{
    struct brink_door door = {.path = path, .blame = BRINK_ERR_BAD_FILE};
    hid_t file = H5I_INVALID_HID;
    struct brink_store *opened = NULL;
    *store = NULL;
    // First, and whatever this rank alone may find wrong: the other ranks wait in it.
    brink_err collective = open_parallel(&door, comm, info, &file);
    brink_err error = make_store(path, spec, true, &opened);
    if (!error)
        error = collective;
    if (!error) {
        opened->file = file;
        error = brink_check_format(&opened->door, file);
    }
    if (!error)
        error = brink_check_spec(&opened->door, file, spec, true);
    if (!error)
        error = brink_layout_arrays(spec, adopt_array, opened);
    if (error) {
        // The file is abandoned: closing it would wait for ranks that found nothing wrong.
        if (opened)
            release(&opened);
        return error;
    }
    opened->door.blame = BRINK_ERR_IO;
    opened->door.writing = true;
    *store = opened;
    return BRINK_OK;
}

brink_err brink_store_open_read(const char *path, const struct brink_spec *spec,
                                struct brink_store **store)
{
    struct brink_store *opened = NULL;
    *store = NULL;
    brink_err error = make_store(path, spec, false, &opened);
    if (!error)
        error = brink_check_open(&opened->door, &opened->file);
    if (!error)
        error = brink_check_spec(&opened->door, opened->file, spec, false);
    if (!error)
        error = brink_layout_arrays(spec, adopt_array, opened);
    if (error && opened)
        close_ids(opened, &error);
    if (error && opened)
        release(&opened);
    *store = opened;
    return error;
}

brink_err brink_store_close(struct brink_store **store)
{
    if (!*store)
        return BRINK_OK;
    brink_err error = BRINK_OK;
    if (!(*store)->door.broken && (*store)->descriptor >= 0)
        error = brink_store_sync(*store);
    close_ids(*store, &error);
    release(store);
    return error;
}

brink_err brink_store_spec(const char *path, char **json)
{
    struct brink_door door = {.path = path, .blame = BRINK_ERR_BAD_FILE};
    hid_t file = H5I_INVALID_HID;
    brink_err error = brink_check_open(&door, &file);
    if (!error)
        error = brink_check_read_spec(&door, file, json);
    brink_door_close(&door, &file, &error);
    return error;
}

// ---- tiles

// A block of arrays of one shape: where it is in the file, and as it lies in memory.
struct block {
    hid_t place, memory;
};

static brink_err open_block(struct brink_door *door, int rank, const int64_t size[],
                            const int64_t start[], const int64_t count[], struct block *block)
{
    hsize_t sizes[BRINK_RANK_MAX], starts[BRINK_RANK_MAX], counts[BRINK_RANK_MAX];
    for (int i = 0; i < rank; i++) {
        sizes[i] = (hsize_t)size[i];
        starts[i] = (hsize_t)start[i];
        counts[i] = (hsize_t)count[i];
    }
    *block = (struct block){H5I_INVALID_HID, H5I_INVALID_HID};
    brink_err error = BRINK_HDF5(door, "", block->place = H5Screate_simple(rank, sizes, NULL));
    if (!error)
        error = BRINK_HDF5(
            door, "",
            H5Sselect_hyperslab(block->place, H5S_SELECT_SET, starts, NULL, counts, NULL));
    if (!error)
        error = BRINK_HDF5(door, "", block->memory = H5Screate_simple(rank, counts, NULL));
    return error;
}

static void close_block(struct brink_door *door, struct block *block, brink_err *error)
{
    brink_door_close(door, &block->memory, error);
    brink_door_close(door, &block->place, error);
}

static brink_err move_block(struct brink_door *door, const char *name, hid_t dataset, hid_t type,
                            const struct block *block, void *data, bool write)
{
    if (write)
        return BRINK_HDF5(door, name,
                          H5Dwrite(dataset, type, block->memory, block->place, H5P_DEFAULT, data));
    return BRINK_HDF5(door, name,
                      H5Dread(dataset, type, block->memory, block->place, H5P_DEFAULT, data));
}

// Element `at` of a list of `length`.
static brink_err move_element(struct brink_door *door, const char *name, hid_t dataset, hid_t type,
                              int64_t length, int64_t at, void *data, bool write)
{
    struct block block;
    const int64_t one = 1;
    brink_err error = open_block(door, 1, &length, &at, &one, &block);
    if (!error)
        error = move_block(door, name, dataset, type, &block, data, write);
    close_block(door, &block, &error);
    return error;
}

static brink_err move_columns(struct brink_store *store, const struct brink_tile *tile,
                              const struct brink_columns *columns, bool write)
{
    static const enum brink_element elements[] = {[BRINK_I8] = BRINK_ELEMENT_I8,
                                                  [BRINK_I32] = BRINK_ELEMENT_I32,
                                                  [BRINK_F64] = BRINK_ELEMENT_F64};
    const struct brink_grid *grid = &store->spec->grid;
    struct block block;
    assert(columns->count == store->field_count);
    brink_err error =
        open_block(&store->door, grid->rank, grid->size, tile->start, tile->count, &block);
    for (int i = 0; !error && i < columns->count; i++) {
        const struct brink_field *field = columns->field[i];
        error =
            move_block(&store->door, field->name, store->fields[i],
                       brink_number_type(elements[field->type]), &block, columns->column[i], write);
    }
    close_block(&store->door, &block, &error);
    return error;
}

static uint64_t checksum(const struct brink_store *store, const struct brink_tile *tile,
                         const struct brink_columns *columns)
{
    XXH3_state_t state;
    const uint64_t number = (uint64_t)tile->number;
    XXH3_64bits_reset(&state);
    for (int i = 0; i < columns->count; i++)
        XXH3_64bits_update(&state, columns->column[i],
                           (size_t)tile->cells * brink_type_size(columns->field[i]->type));
    XXH3_64bits_update(&state, &number, sizeof number);
    XXH3_64bits_update(&state, &store->spec->hash, sizeof store->spec->hash);
    return XXH3_64bits_digest(&state);
}

brink_err brink_store_states(struct brink_store *store, uint8_t *states)
{
    return BRINK_HDF5(
        &store->door, "tiles/state",
        H5Dread(store->state, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, states));
}

brink_err brink_store_put(struct brink_store *store, const struct brink_tile *tile,
                          const struct brink_columns *columns)
{
    uint64_t sum = checksum(store, tile, columns);
    uint8_t done = 1;
    int64_t count = store->spec->grid.tile_count;
    // In this order: whoever sees the state finds the rest.
    brink_err error = move_columns(store, tile, columns, true);
    if (!error)
        error = move_element(&store->door, "tiles/checksum", store->checksum, H5T_NATIVE_UINT64,
                             count, tile->number, &sum, true);
    if (!error)
        error = move_element(&store->door, "tiles/state", store->state, H5T_NATIVE_UINT8, count,
                             tile->number, &done, true);
    return error;
}

brink_err brink_store_get(struct brink_store *store, const struct brink_tile *tile,
                          struct brink_columns *columns, bool *intact)
{
    uint64_t sum = 0;
    brink_err error = move_columns(store, tile, columns, false);
    if (!error)
        error = move_element(&store->door, "tiles/checksum", store->checksum, H5T_NATIVE_UINT64,
                             store->spec->grid.tile_count, tile->number, &sum, false);
    if (!error) {
        *intact = sum == checksum(store, tile, columns);
        brink_columns_count(columns, tile->cells);
    }
    return error;
}

brink_err brink_store_sync(struct brink_store *store)
{
    assert(store->descriptor >= 0); // opened for writing
    if (store->door.broken)
        return brink_door_refused(&store->door);
    if (fdatasync(store->descriptor) == 0)
        return BRINK_OK;
    store->door.broken = true;
    return brink_fail(BRINK_ERR_IO, "%s: cannot sync: %s", store->door.path, strerror(errno));
}

// ---- runs

brink_err brink_store_run_count(struct brink_store *store, int32_t *count)
{
    brink_err error = BRINK_HDF5(
        &store->door, "runs/count",
        H5Dread(store->run_count, H5T_NATIVE_INT32, H5S_ALL, H5S_ALL, H5P_DEFAULT, count));
    if (!error && (*count < 0 || *count > BRINK_RUNS_MAX))
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: damaged: runs/count is %" PRId32,
                           store->door.path, *count);
    return error;
}

static brink_err write_column(struct brink_store *store, int column, int32_t row,
                              const struct brink_run *run)
{
    const struct brink_array *array = &store->run_arrays[column];
    char value[sizeof *run] = {0};
    const char *member = (const char *)run + brink_run_offset(column);
    // Of text nothing after its end.
    size_t length =
        array->element == BRINK_ELEMENT_TEXT ? strnlen(member, array->size) : array->size;
    hid_t type = H5I_INVALID_HID;
    memcpy(value, member, length);
    brink_err error = brink_file_type(&store->door, array->element, array->size, &type);
    if (!error)
        error = move_element(&store->door, array->name, store->runs[column], type, BRINK_RUNS_MAX,
                             row, value, true);
    brink_door_close(&store->door, &type, &error);
    return error;
}

brink_err brink_store_run_write(struct brink_store *store, int32_t row, const struct brink_run *run)
{
    int32_t count = 0;
    assert(row >= 0 && row < BRINK_RUNS_MAX);
    brink_err error = brink_store_run_count(store, &count);
    for (int i = 0; !error && i < BRINK_RUN_COLUMNS; i++)
        error = write_column(store, i, row, run);
    if (error || row < count)
        return error;
    count = row + 1; // last: a row counts when it is whole
    return move_element(&store->door, "runs/count", store->run_count, H5T_NATIVE_INT32, 1, 0,
                        &count, true);
}
