// SPDX-License-Identifier: MIT
// An archive of a result file: the same arrays, compressed and sealed as a whole.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "block.h"
#include "brink/base/build.h"
#include "brink/base/memory.h"
#include "check.h"
#include "create.h"
#include "draft.h"
#include "opened.h"
#include "seal.h"
#include "types.h"

// A multiple of the chunks of a packed list, so that each is written once.
enum { WINDOW = 65536, HEADER_BYTES = 65536 };

struct packing {
    const struct brink_pack_options *options;
    struct brink_making making;
    struct brink_spec *spec; // owned
    struct brink_store *source;
    struct brink_columns columns;
    uint8_t *states; // owned, [tiles]
    hid_t fields[BRINK_FIELD_MAX];
};

// ---- verifying, before and after

struct listener {
    const struct brink_pack_options *options;
    char first[1024]; // finding
};

static void keep_first(void *context, const char *object, const char *words)
{
    struct listener *listener = context;
    if (!listener->first[0])
        snprintf(listener->first, sizeof listener->first, "%s%s%s", object, object[0] ? ": " : "",
                 words);
}

static void pass_beat(void *context)
{
    const struct listener *listener = context;
    if (listener->options->beat)
        listener->options->beat(listener->options->context);
}

// Cells that a killed job has left in tiles not done are no damage: they are left out.
static brink_err verify_source(const char *path, const struct brink_pack_options *options)
{
    struct listener listener = {.options = options};
    const struct brink_verify_options verify = {
        .find = keep_first, .beat = pass_beat, .context = &listener};
    struct brink_verify_report report;
    brink_err error = brink_store_verify(path, NULL, &verify, &report);
    if (!error && report.findings > report.unfinished)
        return brink_fail(BRINK_ERR_BAD_FILE, "%s: damaged or not ours: %s", path, listener.first);
    if (!error && report.tiles_done < report.tiles && !options->partial)
        return brink_fail(BRINK_ERR_BAD_FILE,
                          "%s: incomplete: %" PRId64 " of %" PRId64 " tiles are done", path,
                          report.tiles_done, report.tiles);
    return error;
}

static brink_err verify_draft(const struct brink_draft *draft, const struct packing *packing)
{
    struct listener listener = {.options = packing->options};
    const struct brink_verify_options verify = {
        .find = keep_first, .beat = pass_beat, .context = &listener};
    struct brink_verify_report report;
    brink_err error =
        brink_store_verify(brink_text_get(&draft->name), packing->spec, &verify, &report);
    if (!error && report.findings > 0)
        error = brink_fail(BRINK_ERR_IO, "%s: does not read back as it was written: %s",
                           draft->path, listener.first);
    return error;
}

// ---- copying

static brink_err open_field(struct packing *packing, const struct brink_array *array)
{
    return BRINK_HDF5(&packing->making.door, array->name,
                      packing->fields[array->index] =
                          H5Dopen2(packing->making.file, array->name, H5P_DEFAULT));
}

// A tile that is not done has no checksum, whatever a killed job has left.
static void clear_undone(const struct packing *packing, const struct brink_array *array, int64_t at,
                         int64_t count, void *data)
{
    uint8_t *states = data;
    uint64_t *checksums = data;
    for (int64_t i = 0; i < count; i++) {
        bool done = packing->states[at + i] == 1;
        if (array->role == BRINK_ROLE_STATE)
            states[i] = done;
        else if (!done)
            checksums[i] = 0;
    }
}

static brink_err copy_list(struct packing *packing, const struct brink_array *array)
{
    struct brink_door *to_door = &packing->making.door, *from_door = &packing->source->door;
    hid_t from = H5I_INVALID_HID, to = H5I_INVALID_HID, type = H5I_INVALID_HID;
    const int64_t length = (int64_t)array->shape[0];
    bool tiles = array->role == BRINK_ROLE_STATE || array->role == BRINK_ROLE_CHECKSUM;
    void *data = NULL;
    brink_err error = brink_alloc(&data, length < WINDOW ? (size_t)length : WINDOW, array->size);
    if (!error)
        error = brink_file_type(to_door, array->element, array->size, &type);
    if (!error)
        error = BRINK_HDF5(from_door, array->name,
                           from = H5Dopen2(packing->source->file, array->name, H5P_DEFAULT));
    if (!error)
        error = BRINK_HDF5(to_door, array->name,
                           to = H5Dopen2(packing->making.file, array->name, H5P_DEFAULT));
    for (int64_t at = 0; !error && at < length; at += WINDOW) {
        int64_t count = length - at < WINDOW ? length - at : WINDOW;
        error =
            brink_block_list(from_door, array->name, from, type, length, at, count, data, false);
        if (!error && tiles)
            clear_undone(packing, array, at, count, data);
        if (!error)
            error = brink_block_list(to_door, array->name, to, type, length, at, count, data, true);
    }
    brink_free(&data);
    brink_door_close(to_door, &to, &error);
    brink_door_close(from_door, &from, &error);
    brink_door_close(to_door, &type, &error);
    return error;
}

static brink_err copy_array(void *context, const struct brink_array *array)
{
    struct packing *packing = context;
    switch (array->role) {
    case BRINK_ROLE_FIELD:
        return open_field(packing, array);
    case BRINK_ROLE_STATE:
    case BRINK_ROLE_CHECKSUM:
    case BRINK_ROLE_RUN:
    case BRINK_ROLE_RUN_CHECKSUM:
    case BRINK_ROLE_RUN_COUNT:
    case BRINK_ROLE_RUN_WRITING:
        return copy_list(packing, array);
    default: // coordinates are made with the file, the seal comes last
        return BRINK_OK;
    }
}

static brink_err copy_tile(struct packing *packing, int64_t number)
{
    static const enum brink_element elements[] = {[BRINK_I8] = BRINK_ELEMENT_I8,
                                                  [BRINK_I32] = BRINK_ELEMENT_I32,
                                                  [BRINK_F64] = BRINK_ELEMENT_F64};
    const struct brink_columns *columns = &packing->columns;
    struct brink_door *door = &packing->making.door;
    struct brink_tile tile = brink_grid_tile(&packing->spec->grid, number);
    struct brink_block blocks[2] = {{H5I_INVALID_HID, H5I_INVALID_HID},
                                    {H5I_INVALID_HID, H5I_INVALID_HID}}; // [1] of curves
    bool intact = false;
    brink_err error = brink_store_get(packing->source, &tile, &packing->columns, &intact);
    if (!error && !intact)
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: damaged: tile %" PRId64,
                           packing->source->door.path, number);
    if (!error)
        error = brink_block_open_tile(door, packing->spec, &tile, false, &blocks[0]);
    if (!error && packing->spec->curve_points)
        error = brink_block_open_tile(door, packing->spec, &tile, true, &blocks[1]);
    for (int i = 0; !error && i < columns->count; i++)
        error = brink_block_move(door, columns->field[i]->name, packing->fields[i],
                                 brink_number_type(elements[columns->field[i]->type]),
                                 &blocks[columns->field[i]->curve], columns->column[i], true);
    brink_block_close(door, &blocks[1], &error);
    brink_block_close(door, &blocks[0], &error);
    return error;
}

static brink_err copy_contents(struct packing *packing)
{
    brink_err error = brink_layout_arrays(packing->spec, BRINK_STORAGE_PACKED, copy_array, packing);
    for (int64_t i = 0; !error && i < packing->spec->grid.tile_count; i++) {
        if (packing->states[i] == 1)
            error = copy_tile(packing, i);
        if (packing->options->beat)
            packing->options->beat(packing->options->context);
    }
    for (int i = 0; i < BRINK_FIELD_MAX; i++)
        brink_door_close(&packing->making.door, &packing->fields[i], &error);
    return error;
}

// ---- the whole

// Adds to the history who has packed the file, and how.
static brink_err packed_origin(const char *path, int level, struct brink_origin *origin)
{
    struct brink_text history = {0};
    brink_err error = brink_store_origin(path, origin);
    if (error)
        return error;
    brink_text_add(&history, "%s\npacked by brink %s (%s), deflate %d", origin->history,
                   brink_build()->version, brink_build()->commit, level);
    brink_free(&origin->history);
    origin->history = history.data;
    origin->packed = true;
    return history.error;
}

static brink_err open_source(const char *path, struct packing *packing)
{
    char *json = NULL;
    brink_err error = brink_store_spec(path, &json);
    if (!error)
        error = brink_spec_parse(path, json, strlen(json), 0, NULL, &packing->spec);
    brink_free(&json);
    if (!error)
        error = brink_store_open_read(path, packing->spec, &packing->source);
    if (!error)
        error = brink_columns_open(&packing->columns, packing->spec);
    if (!error)
        error = brink_alloc(&packing->states, (size_t)packing->spec->grid.tile_count, 1);
    if (!error)
        error = brink_store_states(packing->source, packing->states);
    return error;
}

static brink_err write_draft(struct packing *packing, struct brink_draft *draft)
{
    struct brink_door *door = &packing->making.door;
    const char *name = brink_text_get(&draft->name);
    hsize_t head = 0; // what was made before any chunk: all texts are in it
    packing->making.spec = packing->spec;
    brink_err error = brink_making_open(&packing->making, name);
    if (!error)
        error = BRINK_HDF5(door, "", H5Fflush(packing->making.file, H5F_SCOPE_GLOBAL));
    if (!error)
        error = BRINK_HDF5(door, "", H5Fget_filesize(packing->making.file, &head));
    if (!error)
        error = copy_contents(packing);
    brink_door_close(door, &packing->making.file, &error);
    if (!error)
        error = brink_seal_file(name, draft->descriptor, packing->spec, BRINK_STORAGE_PACKED, head);
    return error ? error : verify_draft(draft, packing);
}

brink_err brink_store_pack(const char *path, const char *output,
                           const struct brink_pack_options *options)
{
    struct brink_origin origin = {0};
    struct packing packing = {
        .options = options,
        .making = {.door = {.path = output, .blame = BRINK_ERR_IO, .writing = true},
                   .origin = &origin,
                   .level = options->level,
                   .file = H5I_INVALID_HID}};
    struct brink_draft draft;
    for (int i = 0; i < BRINK_FIELD_MAX; i++)
        packing.fields[i] = H5I_INVALID_HID;
    brink_err error = verify_source(path, options);
    if (!error)
        error = packed_origin(path, options->level, &origin);
    if (!error)
        error = open_source(path, &packing);
    // Its size is not known before; a disk that is too small shows in writing.
    if (!error)
        error = brink_draft_open(&draft, output, HEADER_BYTES);
    if (!error) {
        error = write_draft(&packing, &draft);
        if (!error)
            error = brink_draft_publish(&draft);
        brink_draft_discard(&draft);
    }
    brink_err late = brink_store_close(&packing.source);
    brink_free(&packing.states);
    brink_columns_close(&packing.columns);
    brink_spec_free(&packing.spec);
    brink_origin_free(&origin);
    return error ? error : late;
}
