// SPDX-License-Identifier: MIT
// An open result file: tiles in and out at their fixed places, states.
#include "brink/store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>
#define XXH_STATIC_LINKING_ONLY // a hash state on the stack
#include <xxhash.h>

#include "block.h"
#include "brink/base/memory.h"
#include "check.h"
#include "opened.h"
#include "types.h"

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
    case BRINK_ROLE_RUN_CHECKSUM:
        store->run_checksum = dataset;
        break;
    case BRINK_ROLE_RUN_COUNT:
        store->run_count = dataset;
        break;
    case BRINK_ROLE_RUN_WRITING:
        store->run_writing = dataset;
        break;
    default: // coordinates are a matter of the specification
        brink_door_close(&store->door, &dataset, &error);
    }
    return error;
}

// What is done of a packed file stays so.
static brink_err check_packed(struct brink_store *store)
{
    uint8_t *states = NULL;
    const int64_t count = store->spec->grid.tile_count;
    int64_t done = 0;
    brink_err error = brink_alloc(&states, (size_t)count, 1);
    if (!error)
        error = brink_store_states(store, states);
    for (int64_t i = 0; !error && i < count; i++)
        done += states[i] == 1;
    if (!error && done < count)
        error = brink_fail(BRINK_ERR_MISMATCH,
                           "%s: packed with %" PRId64 " of %" PRId64 " tiles done, and a packed "
                           "file is never written to: go on with the file it was packed from",
                           store->door.path, done, count);
    brink_free(&states);
    return error;
}

// Everything after the file is open.
static brink_err adopt_file(struct brink_store *store, bool writing, bool any_kernel)
{
    brink_err error = brink_check_spec(&store->door, store->file, store->spec, !any_kernel);
    if (!error)
        error = brink_check_storage(&store->door, store->file, &store->storage);
    if (!error)
        error = brink_layout_arrays(store->spec, store->storage, adopt_array, store);
    if (!error && writing && store->storage == BRINK_STORAGE_PACKED)
        error = check_packed(store);
    if (!error && writing && store->storage == BRINK_STORAGE_JOINED)
        error =
            brink_fail(BRINK_ERR_MISMATCH, "%s: joined from shards: go on with these, or pack it",
                       store->door.path);
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
    made->file = made->state = made->checksum = H5I_INVALID_HID;
    made->run_count = made->run_checksum = made->run_writing = H5I_INVALID_HID;
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
    brink_door_close(door, &store->run_checksum, error);
    brink_door_close(door, &store->run_count, error);
    brink_door_close(door, &store->run_writing, error);
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

static brink_err open_to_write(const char *path, const struct brink_spec *spec, MPI_Comm comm,
                               MPI_Info info, bool any_kernel, struct brink_store **store)
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
        error = adopt_file(opened, true, any_kernel);
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

brink_err brink_store_open(const char *path, const struct brink_spec *spec, MPI_Comm comm,
                           MPI_Info info, struct brink_store **store)
{
    return open_to_write(path, spec, comm, info, false, store);
}

brink_err brink_store_open_any_kernel(const char *path, const struct brink_spec *spec,
                                      MPI_Comm comm, MPI_Info info, struct brink_store **store)
{
    return open_to_write(path, spec, comm, info, true, store);
}

brink_err brink_store_open_unsealed(const char *path, const struct brink_spec *spec,
                                    struct brink_store **store)
{
    struct brink_store *opened = NULL;
    *store = NULL;
    brink_err error = make_store(path, spec, false, &opened);
    if (!error)
        error = brink_check_open(&opened->door, &opened->file);
    if (!error)
        error = adopt_file(opened, false, true);
    if (error && opened)
        close_ids(opened, &error);
    if (error && opened)
        release(&opened);
    *store = opened;
    return error;
}

brink_err brink_store_open_read(const char *path, const struct brink_spec *spec,
                                struct brink_store **store)
{
    brink_err error = brink_store_open_unsealed(path, spec, store);
    if (!error)
        error = brink_check_sealed(&(*store)->door);
    if (error && *store) {
        brink_err late = brink_store_close(store);
        (void)late; // the first error is the one to tell
    }
    return error;
}

brink_err brink_store_adopt(const char *path, const struct brink_spec *spec, hid_t file,
                            struct brink_store **store)
{
    struct brink_store *opened = NULL;
    *store = NULL;
    brink_err error = make_store(path, spec, true, &opened);
    if (!error)
        error = BRINK_HDF5(&opened->door, "", H5Iinc_ref(file));
    if (!error) {
        opened->file = file;
        error = brink_check_storage(&opened->door, file, &opened->storage);
    }
    if (!error)
        error = brink_layout_arrays(spec, opened->storage, adopt_array, opened);
    if (error && opened)
        close_ids(opened, &error);
    if (error && opened)
        release(&opened);
    *store = opened;
    return error;
}

uint64_t brink_store_checksum(const struct brink_spec *spec, const struct brink_tile *tile,
                              const struct brink_columns *columns)
{
    XXH3_state_t state;
    const uint64_t number = (uint64_t)tile->number;
    XXH3_64bits_reset(&state);
    for (int i = 0; i < columns->count; i++)
        XXH3_64bits_update(&state, columns->column[i],
                           (size_t)tile->cells * brink_field_bytes(spec, columns->field[i]));
    XXH3_64bits_update(&state, &number, sizeof number);
    XXH3_64bits_update(&state, &spec->hash, sizeof spec->hash);
    return XXH3_64bits_digest(&state);
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

brink_err brink_store_check_kernel(struct brink_store *store)
{
    return brink_check_spec(&store->door, store->file, store->spec, true);
}

brink_err brink_store_origin(const char *path, struct brink_origin *origin)
{
    struct brink_door door = {.path = path, .blame = BRINK_ERR_BAD_FILE};
    hid_t file = H5I_INVALID_HID;
    *origin = (struct brink_origin){0};
    brink_err error = brink_check_open(&door, &file);
    if (!error)
        error = brink_check_origin(&door, file, origin);
    if (!error)
        error = brink_check_sealed(&door);
    brink_door_close(&door, &file, &error);
    return error;
}

brink_err brink_store_spec(const char *path, char **json)
{
    *json = NULL;
    struct brink_door door = {.path = path, .blame = BRINK_ERR_BAD_FILE};
    hid_t file = H5I_INVALID_HID;
    brink_err error = brink_check_open(&door, &file);
    if (!error)
        error = brink_check_read_spec(&door, file, json);
    if (!error)
        error = brink_check_sealed(&door);
    if (error)
        brink_free(json);
    brink_door_close(&door, &file, &error);
    return error;
}

// ---- tiles

static brink_err move_columns(struct brink_store *store, const struct brink_tile *tile,
                              const struct brink_columns *columns, bool write)
{
    static const enum brink_element elements[] = {[BRINK_I8] = BRINK_ELEMENT_I8,
                                                  [BRINK_I32] = BRINK_ELEMENT_I32,
                                                  [BRINK_F64] = BRINK_ELEMENT_F64};
    struct brink_block blocks[2] = {{H5I_INVALID_HID, H5I_INVALID_HID},
                                    {H5I_INVALID_HID, H5I_INVALID_HID}}; // [1] of curves
    assert(columns->count == store->field_count);
    brink_err error = brink_block_open_tile(&store->door, store->spec, tile, false, &blocks[0]);
    if (!error && store->spec->curve_points)
        error = brink_block_open_tile(&store->door, store->spec, tile, true, &blocks[1]);
    for (int i = 0; !error && i < columns->count; i++) {
        const struct brink_field *field = columns->field[i];
        error = brink_block_move(&store->door, field->name, store->fields[i],
                                 brink_number_type(elements[field->type]), &blocks[field->curve],
                                 columns->column[i], write);
    }
    brink_block_close(&store->door, &blocks[1], &error);
    brink_block_close(&store->door, &blocks[0], &error);
    return error;
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
    uint64_t sum = brink_store_checksum(store->spec, tile, columns);
    uint8_t done = 1;
    int64_t count = store->spec->grid.tile_count;
    if (store->storage != BRINK_STORAGE_LIVE)
        return brink_fail(BRINK_ERR_BAD_FILE,
                          "%s: tile %" PRId64 " is damaged, and a packed file cannot be mended: "
                          "run the sweep into a new one",
                          store->door.path, tile->number);
    // In this order: whoever sees the state finds the rest.
    brink_err error = move_columns(store, tile, columns, true);
    if (!error)
        error = brink_block_list(&store->door, "tiles/checksum", store->checksum, H5T_NATIVE_UINT64,
                                 count, tile->number, 1, &sum, true);
    if (!error)
        error = brink_block_list(&store->door, "tiles/state", store->state, H5T_NATIVE_UINT8, count,
                                 tile->number, 1, &done, true);
    return error;
}

brink_err brink_store_get(struct brink_store *store, const struct brink_tile *tile,
                          struct brink_columns *columns, bool *intact)
{
    uint64_t sum = 0;
    brink_err error = move_columns(store, tile, columns, false);
    if (!error)
        error = brink_block_list(&store->door, "tiles/checksum", store->checksum, H5T_NATIVE_UINT64,
                                 store->spec->grid.tile_count, tile->number, 1, &sum, false);
    if (!error) {
        *intact = sum == brink_store_checksum(store->spec, tile, columns);
        brink_columns_count(columns, tile->cells);
    }
    return error;
}

brink_err brink_store_statuses(struct brink_store *store, const struct brink_tile *tile,
                               int8_t *status)
{
    struct brink_block block;
    brink_err error = brink_block_open_tile(&store->door, store->spec, tile, false, &block);
    if (!error) // the first field always
        error = brink_block_move(&store->door, "status", store->fields[0], H5T_NATIVE_INT8, &block,
                                 status, false);
    brink_block_close(&store->door, &block, &error);
    return error;
}

int brink_store_flush(const struct brink_store *store)
{
    assert(store->descriptor >= 0); // opened for writing
    return fdatasync(store->descriptor) == 0 ? 0 : errno;
}

brink_err brink_store_flushed(struct brink_store *store, int number)
{
    if (store->door.broken)
        return brink_door_refused(&store->door);
    if (number == 0)
        return BRINK_OK;
    store->door.broken = true;
    return brink_fail(BRINK_ERR_IO, "%s: cannot sync: %s", store->door.path, strerror(number));
}

brink_err brink_store_sync(struct brink_store *store)
{
    return brink_store_flushed(store, store->door.broken ? 0 : brink_store_flush(store));
}
