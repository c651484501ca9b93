// SPDX-License-Identifier: MIT
// A toy model and sweeps of it for tests of the store: any grid, and a bit pattern for each cell.
#ifndef BRINK_TESTS_TOY_STORE_H
#define BRINK_TESTS_TOY_STORE_H

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "brink/base/elementary.h"
#include "brink/store/store.h"

static const struct brink_field toy_fields[] = {
    {.name = "status", .type = BRINK_I8, .basic = true, .unit = "1", .meaning = "toy verdict"},
    {.name = "steps", .type = BRINK_I32, .basic = true, .unit = "1", .meaning = "toy steps"},
    {.name = "unused", .type = BRINK_F64, .unit = "1", .meaning = "never recorded"},
    {.name = "value", .type = BRINK_F64, .basic = true, .unit = "m", .meaning = "toy value"},
};
static const struct brink_flag toy_flags[] = {{0, "pending", "not computed yet"},
                                              {1, "converged", "reached a minimum"},
                                              {5, "diverged", "left the box"},
                                              {0, NULL, NULL}};
static const struct brink_parameter toy_parameters[] = {
    {.name = "dor", .meaning = "degree of regularity", .unit = "1"},
    {.name = "lr", .meaning = "learning rate", .unit = "1"},
    {.name = "x0", .meaning = "x at the start", .unit = "1"},
    {.name = "y0", .meaning = "y at the start", .unit = "1"},
    {.name = "init", .meaning = "start", .unit = "1", .pairs = true},
    {.name = "angle", .meaning = "angle \xc3\xa0 la carte", .unit = "1"}, // not ASCII
};
enum { TOY_X0 = 2, TOY_INIT = 4 };
static const struct brink_lr_unit toy_units[] = {
    {"one", "lr is h itself"}, {"flow", "the rate of the gradient flow"}, {.name = NULL}};
static const struct brink_model toy_model = {.name = "toy",
                                             .references = "none",
                                             .parameters = toy_parameters,
                                             .parameter_count = 6,
                                             .lr_units = toy_units,
                                             .fields = toy_fields,
                                             .field_count = 4,
                                             .record_size = 1,
                                             .status_flags = toy_flags};

struct toy {
    struct brink_spec spec;
    char title[32], source[32], json[256];
    double values[BRINK_RANK_MAX][64], pairs[64][2];
};

// A sweep over `rank` axes; the first is of starts if `pairs`.
static inline void toy_init(struct toy *toy, int rank, const int64_t size[], const int64_t tile[],
                            bool pairs)
{
    static const int parameters[BRINK_RANK_MAX] = {0, 1, 5, 3};
    *toy = (struct toy){.title = "Toy \xe2\x9c\x93", .source = "specs/toy.yaml"};
    snprintf(toy->json, sizeof toy->json, "{\"title\": \"toy\", \"rank\": %d, \"first\": %d}", rank,
             (int)size[0]);
    struct brink_spec *spec = &toy->spec;
    *spec = (struct brink_spec){.title = toy->title,
                                .source = toy->source,
                                .model = &toy_model,
                                .axis_count = rank,
                                .record = 11,
                                .json = toy->json,
                                .hash = 0x0123456789abcdef};
    assert(rank <= 4);
    for (int k = 0; k < rank; k++) {
        struct brink_axis *axis = &spec->axes[k];
        assert(size[k] <= 64);
        for (int i = 0; i < size[k]; i++)
            toy->values[k][i] = 0.1 * (i + 1);
        *axis = (struct brink_axis){.parameter = parameters[k],
                                    .scale = k == 1 ? BRINK_SCALE_LOG : BRINK_SCALE_LIST,
                                    .num = size[k],
                                    .values = toy->values[k]};
    }
    for (int i = 0; pairs && i < size[0]; i++) {
        spec->axes[0].parameter = TOY_INIT;
        spec->axes[0].pairs = toy->pairs;
        toy->values[0][i] = i;
        toy->pairs[i][0] = 10 + i;
        toy->pairs[i][1] = -i;
    }
    spec->fixed[TOY_X0] = true;
    spec->fixed_value[TOY_X0] = 4;
    brink_err error = brink_grid_init(&spec->grid, rank, size, tile);
    assert(!error);
    (void)error;
}

// Grids of 1 to 4 axes, with and without clipped tiles, one cell, one tile.
static const struct {
    int rank;
    int64_t size[4], tile[4];
    bool pairs;
} grids[] = {
    {1, {1}, {1}, false},
    {1, {10}, {4}, false},
    {1, {12}, {4}, true},
    {2, {6, 8}, {3, 4}, false},
    {2, {7, 33}, {2, 16}, true},
    {2, {5, 5}, {5, 5}, false},
    {3, {3, 5, 7}, {2, 2, 3}, true},
    {4, {2, 3, 4, 5}, {1, 2, 3, 4}, false},
};
enum { GRIDS = sizeof grids / sizeof grids[0] };

static inline void toy_grid(struct toy *toy, size_t i)
{
    toy_init(toy, grids[i].rank, grids[i].size, grids[i].tile, grids[i].pairs);
}

// Every cell gets bits of its own; some values are NaN, infinite, subnormal or -0.
static inline void toy_fill(const struct toy *toy, const struct brink_tile *tile,
                            struct brink_columns *columns)
{
    static const double special[] = {-0.0, 5e-324, 1e308 * 10, 0.1};
    int8_t *status = columns->column[0];
    int32_t *steps = columns->column[1];
    double *value = columns->column[2];
    for (int64_t i = 0; i < tile->cells; i++) {
        int64_t coordinate[BRINK_RANK_MAX];
        brink_tile_cell(&toy->spec.grid, tile, i, coordinate);
        int64_t cell = brink_grid_cell(&toy->spec.grid, coordinate);
        status[i] = cell % 3 ? 1 : 5;
        steps[i] = (int32_t)cell;
        value[i] = cell % 7 == 0   ? brink_from_bits(BRINK_NAN_BITS)
                   : cell % 7 == 1 ? special[cell % 4]
                                   : (double)cell / 3;
    }
}

// Puts tiles 0, every, 2 every ...
static inline brink_err toy_put(struct brink_store *store, const struct toy *toy, int64_t every)
{
    struct brink_columns columns;
    brink_err error = brink_columns_open(&columns, &toy->spec);
    for (int64_t i = 0; !error && i < toy->spec.grid.tile_count; i += every) {
        struct brink_tile tile = brink_grid_tile(&toy->spec.grid, i);
        toy_fill(toy, &tile, &columns);
        error = brink_store_put(store, &tile, &columns);
    }
    brink_columns_close(&columns);
    return error;
}

#endif
