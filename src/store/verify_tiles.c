// SPDX-License-Identifier: MIT
// The cells of a file: tiles done fit their checksums, the others hold fill, and some cells are
// computed again.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "brink/base/text.h"
#include "opened.h"
#include "verify.h"

enum { WINDOW = 4096 }; // checksums read at a time

// A cell to compute again: cell `place` modulo the cells of the `ordinal`-th tile done.
struct draw {
    int64_t ordinal;
    uint64_t place;
};

struct checking {
    struct brink_inspection *inspection;
    struct brink_store *store;
    struct brink_plan plan; // open if cells are computed again
    struct brink_columns columns;
    unsigned char fill[BRINK_FIELD_MAX][sizeof(double)]; // by recorded field
    uint8_t *states;                                     // owned, [tiles]
    struct draw *draws;                                  // owned, [draw_count], sorted
    int64_t draw_count, draw_next;
    void *record; // owned, of the model
    uint64_t checksums[WINDOW];
};

// ---- cells computed again

static int by_ordinal(const void *a, const void *b)
{
    const struct draw *left = a, *right = b;
    return (left->ordinal > right->ordinal) - (left->ordinal < right->ordinal);
}

static brink_err draw_cells(struct checking *checking)
{
    const struct brink_verify_options *options = checking->inspection->options;
    const struct brink_spec *spec = checking->inspection->spec;
    const int64_t done = checking->inspection->report->tiles_done;
    if (options->deep == 0 || done == 0)
        return BRINK_OK;
    brink_err error = brink_plan_open(&checking->plan, spec);
    if (!error)
        error = brink_alloc(&checking->record, 1, brink_record_bytes(spec));
    if (!error)
        error = brink_alloc(&checking->draws, (size_t)options->deep, sizeof checking->draws[0]);
    if (error)
        return error;
    checking->draw_count = options->deep;
    for (int64_t i = 0; i < checking->draw_count; i++) {
        struct brink_random_key key = {
            .seed = options->seed, .item = (uint64_t)i, .purpose = BRINK_PURPOSE_TEST};
        uint64_t tile = brink_random_bits(&key, 0);
        checking->draws[i].ordinal = (int64_t)(tile % (uint64_t)done);
        checking->draws[i].place = brink_random_bits(&key, 1);
    }
    qsort(checking->draws, (size_t)checking->draw_count, sizeof checking->draws[0], by_ordinal);
    return BRINK_OK;
}

static void recompute(struct checking *checking, const struct brink_tile *tile, int64_t inside)
{
    struct brink_inspection *inspection = checking->inspection;
    const struct brink_spec *spec = inspection->spec;
    int64_t coordinate[BRINK_RANK_MAX];
    brink_tile_cell(&spec->grid, tile, inside, coordinate);
    spec->model->cell(checking->plan.state, coordinate, checking->record);
    inspection->report->cells_recomputed++;
    for (int i = 0; i < checking->columns.count; i++) {
        const struct brink_field *field = checking->columns.field[i];
        size_t size = brink_field_bytes(spec, field);
        const char *stored = (const char *)checking->columns.column[i] + (size_t)inside * size;
        if (memcmp(stored, (const char *)checking->record + brink_field_offset(spec, field),
                   size) == 0)
            continue;
        struct brink_text name = {0};
        brink_text_add(&name, "cell ");
        brink_cell_text(spec, coordinate, &name);
        brink_inspection_find(inspection, brink_text_get(&name),
                              "%s is not what it is when computed again", field->name);
        brink_text_free(&name);
    }
}

// ---- tiles

static void find_in_tile(struct checking *checking, int64_t number, const char *words)
{
    char object[32];
    snprintf(object, sizeof object, "tile %" PRId64, number);
    brink_inspection_find(checking->inspection, object, "%s", words);
}

static void inspect_done(struct checking *checking, const struct brink_tile *tile, bool intact,
                         int64_t ordinal)
{
    struct brink_verify_report *report = checking->inspection->report;
    const int8_t *status = checking->columns.column[0];
    int64_t named = 0;
    if (!intact) {
        find_in_tile(checking, tile->number, "its checksum does not fit its cells");
    } else {
        for (int64_t i = 0; i < tile->cells; i++)
            named += status[i] != 0 &&
                     brink_model_status(checking->inspection->spec->model, status[i]) != NULL;
        if (named < tile->cells)
            find_in_tile(checking, tile->number, "it is done, yet has cells without a verdict");
        report->tiles_checked++;
    }
    struct draw *draws = checking->draws;
    for (; checking->draw_next < checking->draw_count; checking->draw_next++) {
        if (draws[checking->draw_next].ordinal != ordinal)
            break;
        uint64_t place = draws[checking->draw_next].place;
        recompute(checking, tile, (int64_t)(place % (uint64_t)tile->cells));
        brink_inspection_beat(checking->inspection);
    }
}

static bool holds_fill(const struct checking *checking, int64_t cells)
{
    for (int k = 0; k < checking->columns.count; k++) {
        size_t size = brink_type_size(checking->columns.field[k]->type);
        const unsigned char *column = checking->columns.column[k];
        int64_t count =
            cells *
            (int64_t)brink_field_bytes(checking->inspection->spec, checking->columns.field[k]) /
            (int64_t)size;
        for (int64_t i = 0; i < count; i++, column += size)
            if (memcmp(column, checking->fill[k], size) != 0)
                return false;
    }
    return true;
}

static brink_err inspect_tile(struct checking *checking, int64_t number, int64_t ordinal)
{
    struct brink_inspection *inspection = checking->inspection;
    struct brink_tile tile = brink_grid_tile(&inspection->spec->grid, number);
    bool intact = false;
    char object[32];
    snprintf(object, sizeof object, "tile %" PRId64, number);
    brink_err error = brink_store_get(checking->store, &tile, &checking->columns, &intact);
    if (error)
        return brink_inspection_take(inspection, object, error);
    if (checking->states[number] == 1) {
        inspect_done(checking, &tile, intact, ordinal);
    } else if (checking->states[number] != 0) {
        brink_inspection_find(inspection, object, "its state is %d", checking->states[number]);
    } else if (checking->checksums[number % WINDOW] != 0 || !holds_fill(checking, tile.cells)) {
        inspection->report->unfinished++;
        find_in_tile(checking, number,
                     "not marked done, yet not empty: a killed job leaves this, and brink run "
                     "computes it again");
    }
    return BRINK_OK;
}

static brink_err inspect_all(struct checking *checking)
{
    const int64_t tiles = checking->inspection->report->tiles;
    int64_t ordinal = 0;
    brink_err error = BRINK_OK;
    for (int64_t number = 0; !error && number < tiles; number++) {
        int64_t left = tiles - number;
        if (number % WINDOW == 0)
            error = brink_block_list(&checking->store->door, "tiles/checksum",
                                     checking->store->checksum, H5T_NATIVE_UINT64, tiles, number,
                                     left < WINDOW ? left : WINDOW, checking->checksums, false);
        if (!error)
            error = inspect_tile(checking, number, ordinal);
        ordinal += checking->states[number] == 1;
        brink_inspection_beat(checking->inspection);
    }
    return error;
}

static brink_err keep_fill(void *context, const struct brink_array *array)
{
    struct checking *checking = context;
    if (array->role == BRINK_ROLE_FIELD)
        brink_array_fill(array, checking->fill[array->index]);
    return BRINK_OK;
}

brink_err brink_inspect_tiles(struct brink_inspection *inspection)
{
    const struct brink_spec *spec = inspection->spec;
    struct brink_verify_report *report = inspection->report;
    struct checking *checking = NULL;
    brink_err error = brink_alloc(&checking, 1, sizeof *checking);
    if (error)
        return error;
    checking->inspection = inspection;
    error = brink_layout_arrays(spec, BRINK_STORAGE_LIVE, keep_fill, checking);
    if (!error)
        error = brink_store_open_unsealed(inspection->door.path, spec, &checking->store);
    if (!error)
        error = brink_columns_open(&checking->columns, spec);
    if (!error)
        error = brink_alloc(&checking->states, (size_t)report->tiles, 1);
    if (!error)
        error = brink_store_states(checking->store, checking->states);
    for (int64_t i = 0; !error && i < report->tiles; i++)
        report->tiles_done += checking->states[i] == 1;
    if (!error)
        error = draw_cells(checking);
    if (!error)
        error = inspect_all(checking);
    brink_free(&checking->draws);
    brink_free(&checking->record);
    brink_plan_close(&checking->plan);
    brink_free(&checking->states);
    brink_columns_close(&checking->columns);
    brink_err late = brink_store_close(&checking->store);
    brink_free(&checking);
    return brink_inspection_take(inspection, "tiles", error ? error : late);
}
