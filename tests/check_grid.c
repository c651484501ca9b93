// SPDX-License-Identifier: MIT
// The grid: tiles partition it, numbers and coordinates are inverse, the order shows the picture.
#include "brink/sweep/grid.h"

#include <string.h>

#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "unit.h"

// Grids of every rank, sizes 1 to about 40, tiles chosen or given.
static struct brink_grid random_grid(uint32_t draw)
{
    struct brink_random_key key = {.purpose = BRINK_PURPOSE_TEST, .item = draw};
    struct brink_grid grid;
    int64_t size[BRINK_RANK_MAX], tile[BRINK_RANK_MAX];
    uint32_t next = 0;
    int rank = 1 + (int)(brink_random_bits(&key, next++) % BRINK_RANK_MAX);
    uint64_t most = rank == 1 ? 40000 : rank == 2 ? 200 : rank == 3 ? 30 : 8;
    for (int axis = 0; axis < rank; axis++) {
        size[axis] = 1 + (int64_t)(brink_random_bits(&key, next++) % most);
        tile[axis] = 1 + (int64_t)(brink_random_bits(&key, next++) % most);
    }
    ck_assert_ok(brink_grid_init(&grid, rank, size, draw % 2 ? tile : NULL));
    return grid;
}

// Every cell is in exactly one tile, and every way to name it agrees.
START_TEST(tiles_partition_the_grid)
{
    for (uint32_t draw = 0; draw < 60; draw++) {
        struct brink_grid grid = random_grid(draw);
        char *seen = NULL;
        ck_assert_ok(brink_alloc(&seen, (size_t)grid.cell_count, 1));
        int64_t cells = 0;
        for (int64_t number = 0; number < grid.tile_count; number++) {
            struct brink_tile tile = brink_grid_tile(&grid, number);
            ck_assert_int_eq(tile.number, number);
            cells += tile.cells;
            for (int64_t i = 0; i < tile.cells; i++) {
                int64_t coordinate[BRINK_RANK_MAX], inside = -1;
                brink_tile_cell(&grid, &tile, i, coordinate);
                int64_t cell = brink_grid_cell(&grid, coordinate);
                ck_assert_int_lt(cell, grid.cell_count);
                ck_assert_int_eq(seen[cell]++, 0);
                struct brink_tile found = brink_grid_find(&grid, coordinate, &inside);
                ck_assert_int_eq(found.number, number);
                ck_assert_int_eq(inside, i);
            }
        }
        ck_assert_int_eq(cells, grid.cell_count);
        brink_free(&seen);
    }
}
END_TEST

// Cells are row-major: the last axis fastest.
START_TEST(cells_are_row_major)
{
    struct brink_grid grid;
    ck_assert_ok(brink_grid_init(&grid, 3, (int64_t[]){2, 3, 5}, (int64_t[]){2, 2, 2}));
    ck_assert_int_eq(grid.cell_count, 30);
    ck_assert_int_eq(grid.tile_count, 1 * 2 * 3);
    ck_assert_int_eq(brink_grid_cell(&grid, (int64_t[]){1, 2, 4}), 29);
    ck_assert_int_eq(brink_grid_cell(&grid, (int64_t[]){0, 1, 0}), 5);
    struct brink_tile last = brink_grid_tile(&grid, 5);
    ck_assert_int_eq(last.start[0], 0);
    ck_assert_int_eq(last.start[1], 2);
    ck_assert_int_eq(last.start[2], 4);
    ck_assert_int_eq(last.cells, 2); // 2 x 1 x 1, clipped twice
}
END_TEST

// The chosen tile depends on sizes alone; it is long along the last axis and of bounded size.
START_TEST(tiles_are_long_rows)
{
    static const struct {
        int rank;
        int64_t size[3], tile[3];
    } cases[] = {
        {1, {1}, {1}},
        {1, {100}, {50}},
        {2, {8, 1024}, {1, 64}},
        {2, {512, 512}, {2, 512}},
        {2, {4096, 4096}, {1, 4096}},
        {2, {4096, 4097}, {1, 2049}}, // even pieces, not 4096 and 1
        {2, {100000, 3}, {681, 3}},
        {3, {1024, 2, 2}, {16, 2, 2}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct brink_grid grid;
        ck_assert_ok(brink_grid_init(&grid, cases[i].rank, cases[i].size, NULL));
        for (int axis = 0; axis < cases[i].rank; axis++)
            ck_assert_int_eq(grid.tile[axis], cases[i].tile[axis]);
    }
    for (uint32_t draw = 0; draw < 200; draw += 2) {
        struct brink_grid grid = random_grid(draw);
        ck_assert_int_le(brink_grid_tile(&grid, 0).cells, 4096);
        // No more than a few hundred tiles where each could hold more cells.
        ck_assert(grid.tile_count <= 2048 || brink_grid_tile(&grid, 0).cells >= 64);
    }
}
END_TEST

// What is long along an axis is so wherever that stands; the steady one has what the others leave,
// and if its values would take turns, less.
START_TEST(tiles_hold_one_value_of_the_steady_axis)
{
    static const struct {
        int rank, steady;
        int64_t size[3], tile[3];
    } cases[] = {
        {2, 1, {4096, 4096}, {4096, 1}},    {2, 0, {4096, 4096}, {1, 4096}},
        {2, 1, {512, 512}, {512, 1}},       {2, 1, {3, 100000}, {3, 681}},
        {2, 1, {100000, 3}, {2041, 1}},     {3, 2, {64, 64, 64}, {16, 64, 1}},
        {3, 1, {64, 64, 64}, {16, 1, 64}},  {1, 0, {100}, {50}},
        {2, 1, {500, 512}, {500, 2}},       {2, 0, {512, 512}, {2, 512}},
        {3, 1, {8, 512, 512}, {8, 1, 512}}, {2, 1, {1, 512}, {1, 64}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct brink_grid grid;
        int64_t tile[3];
        ck_assert_ok(brink_grid_init(&grid, cases[i].rank, cases[i].size, NULL));
        brink_grid_choose(&grid, cases[i].steady, tile);
        for (int axis = 0; axis < grid.rank; axis++)
            ck_assert_int_eq(tile[axis], cases[i].tile[axis]);
    }
}
END_TEST

// Every tile once.
START_TEST(order_is_a_permutation)
{
    for (uint32_t draw = 0; draw < 60; draw++) {
        struct brink_grid grid = random_grid(draw);
        int64_t *order = NULL;
        char *seen = NULL;
        ck_assert_ok(brink_alloc(&order, (size_t)grid.tile_count, sizeof order[0]));
        ck_assert_ok(brink_alloc(&seen, (size_t)grid.tile_count, 1));
        brink_grid_order(&grid, order);
        for (int64_t i = 0; i < grid.tile_count; i++) {
            ck_assert(order[i] >= 0 && order[i] < grid.tile_count);
            ck_assert_int_eq(seen[order[i]]++, 0);
        }
        brink_free(&order);
        brink_free(&seen);
    }
}
END_TEST

// At any time no place of the picture is far from one that is done: after the first 4^k tiles of a
// slice (all slices together), every tile is within a stride of a done one along both axes.
START_TEST(order_goes_coarse_to_fine)
{
    enum { HIGH = 37, WIDE = 100, SLICES = 3 };
    struct brink_grid grid;
    static int64_t order[SLICES * HIGH * WIDE];
    static char done[SLICES][HIGH][WIDE];
    ck_assert_ok(brink_grid_init(&grid, 3, (int64_t[]){SLICES, HIGH, WIDE}, (int64_t[]){1, 1, 1}));
    brink_grid_order(&grid, order);
    int64_t at = 0;
    for (int stage = 0; stage <= 7; stage++) {
        // Strides that halve from those that span an axis: 64 and 128.
        int stride_y = 64 >> stage > 1 ? 64 >> stage : 1;
        int stride_x = 128 >> stage > 1 ? 128 >> stage : 1;
        int expected = SLICES * ((HIGH - 1) / stride_y + 1) * ((WIDE - 1) / stride_x + 1);
        for (; at < expected; at++) {
            struct brink_tile tile = brink_grid_tile(&grid, order[at]);
            done[tile.start[0]][tile.start[1]][tile.start[2]] = 1;
        }
        for (int slice = 0; slice < SLICES; slice++)
            for (int y = 0; y < HIGH; y += stride_y)
                for (int x = 0; x < WIDE; x += stride_x)
                    ck_assert_msg(done[slice][y][x], "stage %d: tile %d %d %d", stage, slice, y, x);
    }
    ck_assert_int_eq(at, grid.tile_count);
}
END_TEST

// The near tile of an earlier stage: in its slice, no farther than the last stride.
START_TEST(coarser_tiles_are_near_and_earlier)
{
    enum { HIGH = 37, WIDE = 100, SLICES = 3, ALL = SLICES * HIGH * WIDE, LAST = ALL / 2 };
    struct brink_grid grid;
    static int64_t order[ALL], coarser[ALL];
    int64_t last_stage = 0, none = 0;
    ck_assert_ok(brink_grid_init(&grid, 3, (int64_t[]){SLICES, HIGH, WIDE}, (int64_t[]){1, 1, 1}));
    brink_grid_order(&grid, order);
    ck_assert_ok(brink_grid_coarser(&grid, order, ALL, coarser, &last_stage));
    ck_assert_int_eq(last_stage, LAST); // the odd columns come last
    for (int64_t i = 0; i < ALL; i++) {
        ck_assert_int_lt(coarser[i], i);
        none += coarser[i] < 0;
        if (coarser[i] < 0)
            continue;
        struct brink_tile tile = brink_grid_tile(&grid, order[i]);
        struct brink_tile near = brink_grid_tile(&grid, order[coarser[i]]);
        ck_assert_int_eq(near.start[0], tile.start[0]);
        int64_t down = tile.start[1] - near.start[1], across = tile.start[2] - near.start[2];
        ck_assert(down >= 0 && across >= 0 && down <= 32 && across <= 64);
        ck_assert(i < LAST || (down == 0 && across == 1));
    }
    ck_assert_int_eq(none, SLICES); // their first tiles
    // A part of the list: what it lacks is no one's.
    ck_assert_ok(brink_grid_coarser(&grid, order + LAST, ALL - LAST, coarser, &last_stage));
    ck_assert_int_eq(last_stage, 0);
    for (int64_t i = 0; i < ALL - LAST; i++)
        ck_assert_int_eq(coarser[i], -1);
}
END_TEST

START_TEST(a_million_tiles_are_ordered)
{
    struct brink_grid grid;
    int64_t *order = NULL;
    ck_assert_ok(brink_grid_init(&grid, 2, (int64_t[]){1024, 1024}, (int64_t[]){1, 1}));
    ck_assert_ok(brink_alloc(&order, (size_t)grid.tile_count, sizeof order[0]));
    brink_grid_order(&grid, order);
    ck_assert_int_eq(order[0], 0);
    ck_assert_int_eq(order[1], 512); // 2 by 2 places next
    ck_assert_int_eq(order[2], 512 * 1024);
    brink_free(&order);
}
END_TEST

START_TEST(sizes_are_checked)
{
    struct brink_grid grid;
    int64_t most[6] = {1 << 10, 1 << 10, 1 << 10, 1 << 10, 1 << 11, 1 << 11};
    ck_assert_ok(brink_grid_init(&grid, 6, most, NULL));
    ck_assert_int_eq(grid.cell_count, INT64_C(1) << 62);
    // Coordinates work at the far corner.
    int64_t corner[6], inside = -1;
    for (int axis = 0; axis < 6; axis++)
        corner[axis] = most[axis] - 1;
    ck_assert_int_eq(brink_grid_cell(&grid, corner), (INT64_C(1) << 62) - 1);
    struct brink_tile tile = brink_grid_find(&grid, corner, &inside);
    ck_assert_int_eq(tile.number, grid.tile_count - 1);
    ck_assert_int_eq(inside, tile.cells - 1);

    most[0]++;
    ck_assert_fails(brink_grid_init(&grid, 6, most, NULL), BRINK_ERR_USAGE, "2^62 cells");
    int64_t overflow[2] = {INT64_MAX, INT64_MAX};
    ck_assert_fails(brink_grid_init(&grid, 2, overflow, NULL), BRINK_ERR_USAGE, "2^62 cells");

    int64_t size[2] = {1 << 13, 1 << 13};
    ck_assert_ok(brink_grid_init(&grid, 2, size, (int64_t[]){1 << 12, 1 << 12}));
    ck_assert_fails(brink_grid_init(&grid, 2, size, (int64_t[]){(1 << 12) + 1, 1 << 12}),
                    BRINK_ERR_USAGE, "a tile of 16781312 cells");
    // Cut to its axis before it is judged.
    ck_assert_ok(brink_grid_init(&grid, 2, (int64_t[]){3, 5}, (int64_t[]){INT64_MAX, INT64_MAX}));
    ck_assert_int_eq(grid.tile[0], 3);
    ck_assert_int_eq(grid.tile[1], 5);
    ck_assert_int_eq(grid.tile_count, 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        tiles_partition_the_grid,    cells_are_row_major,
        tiles_are_long_rows,         tiles_hold_one_value_of_the_steady_axis,
        order_is_a_permutation,      order_goes_coarse_to_fine,
        a_million_tiles_are_ordered, coarser_tiles_are_near_and_earlier,
        sizes_are_checked,
    };
    return unit_run("grid", tests, sizeof tests / sizeof tests[0]);
}
