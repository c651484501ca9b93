// SPDX-License-Identifier: MIT
// One file over the shards of a sweep: views of their fields, and its own account of tiles.
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "block.h"
#include "brink/base/build.h"
#include "brink/base/memory.h"
#include "check.h"
#include "create.h"
#include "draft.h"
#include "opened.h"
#include "seal.h"

enum { HEADER_BYTES = 65536 };

struct joining {
    const struct brink_spec *spec;
    const struct brink_sharding *sharding;
    const struct brink_join_options *options;
    struct brink_making making;
    uint8_t *states;        // owned, [tiles]
    uint64_t *checksums;    // owned, [tiles]
    struct brink_run *runs; // owned, [BRINK_RUNS_MAX]
    int32_t run_count;
    int32_t kernel; // of the first shard there is
    int found;
};

// ---- reading shards

// Every tile that is done must be intact; it gets the checksum of its place in the whole.
static brink_err take_tiles(struct joining *joining, struct brink_store *store, int index,
                            const struct brink_spec *shard, uint8_t *states)
{
    struct brink_columns columns;
    int64_t done = 0;
    brink_err error = brink_columns_open(&columns, shard);
    if (!error)
        error = brink_store_states(store, states);
    for (int64_t i = 0; !error && i < shard->grid.tile_count; i++) {
        if (states[i] != 1)
            continue;
        struct brink_tile tile = brink_grid_tile(&shard->grid, i);
        bool intact = false;
        error = brink_store_get(store, &tile, &columns, &intact);
        if (!error && !intact)
            error = brink_fail(BRINK_ERR_BAD_FILE,
                               "%s: damaged: tile %" PRId64 " (remove it, and brink run makes it "
                               "again)",
                               brink_text_get(&store->path), i);
        if (error)
            break;
        struct brink_tile whole = brink_shard_tile(joining->spec, joining->sharding, index, &tile);
        joining->states[whole.number] = 1;
        joining->checksums[whole.number] = brink_store_checksum(joining->spec, &whole, &columns);
        done++;
        if (joining->options->beat)
            joining->options->beat(joining->options->context);
    }
    if (!error && done < shard->grid.tile_count && !joining->options->partial)
        error = brink_fail(BRINK_ERR_BAD_FILE,
                           "%s: incomplete: %" PRId64 " of %" PRId64 " tiles are done (--partial "
                           "leaves the others pending)",
                           brink_text_get(&store->path), done, shard->grid.tile_count);
    brink_columns_close(&columns);
    return error;
}

static brink_err take_runs(struct joining *joining, struct brink_store *store)
{
    int32_t count = 0;
    brink_err error = brink_store_run_count(store, &count);
    for (int32_t i = 0; !error && i < count && joining->run_count < BRINK_RUNS_MAX; i++)
        error = brink_store_run_read(store, i, &joining->runs[joining->run_count++]);
    return error;
}

static brink_err check_kernel(struct joining *joining, const char *path)
{
    struct brink_origin origin;
    brink_err error = brink_store_origin(path, &origin);
    if (!error && joining->found == 0)
        joining->kernel = origin.kernel_version;
    if (!error && origin.kernel_version != joining->kernel)
        error = brink_fail(BRINK_ERR_BAD_FILE,
                           "%s: made by kernel version %" PRId32 ", shards before it by %" PRId32,
                           path, origin.kernel_version, joining->kernel);
    brink_origin_free(&origin);
    return error;
}

static brink_err take_shard(struct joining *joining, int index, const char *path)
{
    struct brink_spec *shard = NULL;
    struct brink_store *store = NULL;
    uint8_t *states = NULL;
    if (access(path, F_OK) != 0)
        return joining->options->partial
                   ? BRINK_OK
                   : brink_fail(BRINK_ERR_BAD_FILE,
                                "%s: missing (--partial leaves its cells pending)", path);
    brink_err error = brink_shard_spec(joining->spec, joining->sharding, index, &shard);
    if (!error)
        error = check_kernel(joining, path);
    if (!error)
        error = brink_store_open_read(path, shard, &store);
    if (error == BRINK_ERR_MISMATCH) {
        struct brink_text words = {0};
        brink_text_add(&words, "%s", brink_error_note());
        error =
            brink_fail(BRINK_ERR_BAD_FILE, "not a shard of this sweep: %s", brink_text_get(&words));
        brink_text_free(&words);
    }
    if (!error)
        error = brink_alloc(&states, (size_t)shard->grid.tile_count, 1);
    if (!error)
        error = take_tiles(joining, store, index, shard, states);
    if (!error)
        error = take_runs(joining, store);
    joining->found++;
    brink_err late = brink_store_close(&store);
    brink_free(&states);
    brink_spec_free(&shard);
    return error ? error : late;
}

// ---- writing

static brink_err write_lists(struct joining *joining, const char *name)
{
    const int64_t tiles = joining->spec->grid.tile_count;
    struct brink_store *store = NULL;
    brink_err error = brink_store_adopt(name, joining->spec, joining->making.file, &store);
    if (!error)
        error = brink_block_list(&store->door, "tiles/state", store->state, H5T_NATIVE_UINT8, tiles,
                                 0, tiles, joining->states, true);
    if (!error)
        error = brink_block_list(&store->door, "tiles/checksum", store->checksum, H5T_NATIVE_UINT64,
                                 tiles, 0, tiles, joining->checksums, true);
    for (int32_t i = 0; !error && i < joining->run_count; i++)
        error = brink_store_run_write(store, i, &joining->runs[i]);
    brink_err late = brink_store_close(&store);
    return error ? error : late;
}

struct reading {
    const struct brink_join_options *options;
    char first[512]; // finding
};

static void keep_first(void *context, const char *object, const char *words)
{
    struct reading *reading = context;
    if (!reading->first[0])
        snprintf(reading->first, sizeof reading->first, "%s: %s", object, words);
}

static void pass_beat(void *context)
{
    const struct reading *reading = context;
    if (reading->options->beat)
        reading->options->beat(reading->options->context);
}

// Reads all of it back, through the views.
static brink_err verify(const struct joining *joining, const char *name, const char *result)
{
    struct reading reading = {.options = joining->options};
    const struct brink_verify_options options = {
        .find = keep_first, .beat = pass_beat, .context = &reading};
    struct brink_verify_report report;
    brink_err error = brink_store_verify(name, joining->spec, &options, &report);
    if (!error && report.findings > report.unfinished)
        error = brink_fail(BRINK_ERR_IO, "%s: does not read back as it was written: %s", result,
                           reading.first);
    return error;
}

static brink_err write_result(struct joining *joining, struct brink_draft *draft)
{
    const char *name = brink_text_get(&draft->name);
    brink_err error = brink_making_open(&joining->making, name);
    if (!error)
        error = write_lists(joining, name);
    brink_door_close(&joining->making.door, &joining->making.file, &error);
    if (!error)
        error = brink_seal_file(name, draft->descriptor, joining->spec, BRINK_STORAGE_JOINED, 0);
    return error ? error : verify(joining, name, draft->path);
}

static brink_err take_all(struct joining *joining, const char *result)
{
    const size_t tiles = (size_t)joining->spec->grid.tile_count;
    brink_err error = brink_alloc(&joining->states, tiles, 1);
    if (!error)
        error = brink_alloc(&joining->checksums, tiles, sizeof joining->checksums[0]);
    if (!error)
        error = brink_alloc(&joining->runs, BRINK_RUNS_MAX, sizeof joining->runs[0]);
    for (int i = 0; !error && i < joining->sharding->count; i++) {
        struct brink_text path = {0};
        brink_shard_path(result, joining->sharding->count, i, &path);
        error = path.error;
        if (!error)
            error = take_shard(joining, i, brink_text_get(&path));
        brink_text_free(&path);
    }
    if (!error && joining->found == 0)
        error = brink_fail(BRINK_ERR_BAD_FILE, "%s: not one of its %d shards is there", result,
                           joining->sharding->count);
    return error;
}

brink_err brink_store_join(const char *result, const struct brink_spec *spec,
                           const struct brink_sharding *sharding,
                           const struct brink_join_options *options)
{
    struct brink_origin origin = {0};
    struct joining joining = {
        .spec = spec,
        .sharding = sharding,
        .options = options,
        .making = {.door = {.path = result, .blame = BRINK_ERR_IO, .writing = true},
                   .spec = spec,
                   .origin = &origin,
                   .sharding = sharding,
                   .result = result,
                   .file = H5I_INVALID_HID}};
    struct brink_draft draft;
    brink_store_start();
    brink_err error = take_all(&joining, result);
    if (!error)
        error = brink_layout_origin(spec, &origin);
    if (!error) {
        origin.joined = true;
        origin.kernel_version = joining.kernel;
        error = brink_draft_open(&draft, result, HEADER_BYTES + 9 * spec->grid.tile_count);
    }
    if (!error) {
        error = write_result(&joining, &draft);
        if (!error)
            error = brink_draft_publish(&draft);
        brink_draft_discard(&draft);
    }
    brink_free(&joining.states);
    brink_free(&joining.checksums);
    brink_free(&joining.runs);
    brink_origin_free(&origin);
    return error;
}
