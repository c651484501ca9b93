// SPDX-License-Identifier: MIT
// The grid of cells and its partition into tiles: index arithmetic, checked up to 2^62 cells.
#include "brink/sweep/grid.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>

#include "brink/base/memory.h"

static const int64_t CELLS_MAX = INT64_C(1) << 62;
static const int64_t TILE_CELLS_MAX = INT64_C(1) << 24;
static const int64_t TILE_CELLS_ENOUGH = 512;

// Wanted cells of a tile: enough tiles (256) to share among ranks where the grid is small, and
// where it is large enough cells for one message and one write to the file to be cheap.
static int64_t tile_cells_wanted(int64_t cell_count)
{
    int64_t wanted = 64;
    while (wanted < 4096 && wanted < cell_count / 256)
        wanted *= 2;
    return wanted;
}

static int64_t divide_up(int64_t a, int64_t b)
{
    return (a - 1) / b + 1;
}

// Tiles along an axis differ by as little as possible, so that clipped ones waste no chunks.
static void cut_axis(const struct brink_grid *grid, int axis, int64_t *room, int64_t tile[])
{
    int64_t pieces = divide_up(grid->size[axis], *room);
    tile[axis] = divide_up(grid->size[axis], pieces);
    *room /= tile[axis];
}

// Long rows first: the last axis takes all it can, then the one before it, and so on; the steady
// one takes what the others leave. Where cells of its values would take turns in the tile, it takes
// nothing if there are enough without.
void brink_grid_choose(const struct brink_grid *grid, int steady, int64_t tile[])
{
    int64_t room = tile_cells_wanted(grid->cell_count), cells = 1;
    bool in_turn = false;
    for (int axis = grid->rank - 1; axis >= 0; axis--)
        if (axis != steady) {
            cut_axis(grid, axis, &room, tile);
            cells *= tile[axis];
            in_turn |= axis < steady && tile[axis] > 1;
        }
    if (steady >= 0 && in_turn && cells >= TILE_CELLS_ENOUGH)
        tile[steady] = 1;
    else if (steady >= 0)
        cut_axis(grid, steady, &room, tile);
}

brink_err brink_grid_init(struct brink_grid *grid, int rank, const int64_t size[],
                          const int64_t tile[])
{
    assert(rank >= 0 && rank <= BRINK_RANK_MAX);
    *grid = (struct brink_grid){.rank = rank, .cell_count = 1, .tile_count = 1};
    for (int axis = 0; axis < rank; axis++) {
        assert(size[axis] >= 1);
        grid->size[axis] = size[axis];
        if (!brink_mul_i64(grid->cell_count, size[axis], &grid->cell_count) ||
            grid->cell_count > CELLS_MAX)
            return brink_fail(BRINK_ERR_USAGE, "more than 2^62 cells: use fewer points");
    }
    if (!tile)
        brink_grid_choose(grid, -1, grid->tile);
    int64_t tile_cells = 1;
    for (int axis = 0; axis < rank; axis++) {
        if (tile) {
            assert(tile[axis] >= 1);
            grid->tile[axis] = tile[axis] < size[axis] ? tile[axis] : size[axis];
        }
        // No overflow: a tile holds no more cells than the grid.
        tile_cells *= grid->tile[axis];
        grid->tiles[axis] = divide_up(size[axis], grid->tile[axis]);
        grid->tile_count *= grid->tiles[axis];
    }
    if (tile_cells > TILE_CELLS_MAX)
        return brink_fail(BRINK_ERR_USAGE,
                          "a tile of %" PRId64 " cells: at most 2^24 = %" PRId64
                          ", a few thousand are best",
                          tile_cells, TILE_CELLS_MAX);
    return BRINK_OK;
}

// Coordinates of number `number`, row-major in a box of `size`.
static void unravel(int rank, const int64_t size[], int64_t number, int64_t coordinate[])
{
    for (int axis = rank - 1; axis >= 0; axis--) {
        coordinate[axis] = number % size[axis];
        number /= size[axis];
    }
}

static int64_t ravel(int rank, const int64_t size[], const int64_t coordinate[])
{
    int64_t number = 0;
    for (int axis = 0; axis < rank; axis++)
        number = number * size[axis] + coordinate[axis];
    return number;
}

struct brink_tile brink_grid_tile(const struct brink_grid *grid, int64_t number)
{
    assert(number >= 0 && number < grid->tile_count);
    struct brink_tile tile = {.number = number, .cells = 1};
    int64_t place[BRINK_RANK_MAX];
    unravel(grid->rank, grid->tiles, number, place);
    for (int axis = 0; axis < grid->rank; axis++) {
        tile.start[axis] = place[axis] * grid->tile[axis];
        int64_t left = grid->size[axis] - tile.start[axis];
        tile.count[axis] = grid->tile[axis] < left ? grid->tile[axis] : left;
        tile.cells *= tile.count[axis];
    }
    return tile;
}

void brink_tile_cell(const struct brink_grid *grid, const struct brink_tile *tile, int64_t i,
                     int64_t coordinate[])
{
    assert(i >= 0 && i < tile->cells);
    unravel(grid->rank, tile->count, i, coordinate);
    for (int axis = 0; axis < grid->rank; axis++)
        coordinate[axis] += tile->start[axis];
}

struct brink_tile brink_grid_find(const struct brink_grid *grid, const int64_t coordinate[],
                                  int64_t *inside)
{
    int64_t place[BRINK_RANK_MAX], within[BRINK_RANK_MAX];
    for (int axis = 0; axis < grid->rank; axis++) {
        assert(coordinate[axis] >= 0 && coordinate[axis] < grid->size[axis]);
        place[axis] = coordinate[axis] / grid->tile[axis];
        within[axis] = coordinate[axis] % grid->tile[axis];
    }
    struct brink_tile tile = brink_grid_tile(grid, ravel(grid->rank, grid->tiles, place));
    *inside = ravel(grid->rank, tile.count, within);
    return tile;
}

int64_t brink_grid_cell(const struct brink_grid *grid, const int64_t coordinate[])
{
    return ravel(grid->rank, grid->size, coordinate);
}

// The stage at which place `i` of `count` along an axis appears when the stride halves from stage
// to stage, down from one place at stage 0: 0; the middle; the quarters; ...
static int stage_of(int64_t i, int64_t count)
{
    int stages = count > 1 ? 64 - __builtin_clzll((uint64_t)count - 1) : 0;
    return i == 0 ? 0 : stages - __builtin_ctzll((uint64_t)i);
}

enum { STAGES_MAX = 64 };

// A tile appears when both of its places in the picture have: stage k shows a 2^k by 2^k raster
// of the whole picture, in every slice of the other axes.
static int tile_stage(const struct brink_grid *grid, int64_t number)
{
    int stage = 0;
    for (int axis = grid->rank - 1; axis >= 0 && axis >= grid->rank - 2; axis--) {
        int along = stage_of(number % grid->tiles[axis], grid->tiles[axis]);
        stage = along > stage ? along : stage;
        number /= grid->tiles[axis];
    }
    return stage;
}

void brink_grid_order(const struct brink_grid *grid, int64_t order[])
{
    // Counting sort by stage; inside a stage the tiles stay row-major.
    int64_t next[STAGES_MAX + 1] = {0};
    for (int64_t number = 0; number < grid->tile_count; number++)
        next[tile_stage(grid, number) + 1]++;
    for (int stage = 1; stage <= STAGES_MAX; stage++)
        next[stage] += next[stage - 1];
    for (int64_t number = 0; number < grid->tile_count; number++)
        order[next[tile_stage(grid, number)]++] = number;
}

// The tile at the place before the one of `number` along each axis on which it appears last.
static int64_t coarser_tile(const struct brink_grid *grid, int64_t number)
{
    int64_t place[BRINK_RANK_MAX];
    int stage = tile_stage(grid, number);
    unravel(grid->rank, grid->tiles, number, place);
    for (int axis = grid->rank - 1; axis >= 0 && axis >= grid->rank - 2; axis--)
        if (stage > 0 && stage_of(place[axis], grid->tiles[axis]) == stage)
            place[axis] &= place[axis] - 1; // to the raster of an earlier stage
    return ravel(grid->rank, grid->tiles, place);
}

brink_err brink_grid_coarser(const struct brink_grid *grid, const int64_t todo[], int64_t count,
                             int64_t coarser[], int64_t *last_stage)
{
    int64_t *place = NULL; // of each tile in todo[]
    int stages = 0;
    brink_err error = brink_alloc(&place, (size_t)grid->tile_count, sizeof place[0]);
    *last_stage = count;
    if (error)
        return error;
    for (int64_t number = 0; number < grid->tile_count; number++)
        place[number] = -1;
    for (int64_t i = 0; i < count; i++) {
        int stage = tile_stage(grid, todo[i]);
        int64_t tile = coarser_tile(grid, todo[i]);
        place[todo[i]] = i;
        coarser[i] = tile == todo[i] ? -1 : place[tile];
        if (stage > stages) {
            stages = stage;
            *last_stage = i;
        }
    }
    brink_free(&place);
    return BRINK_OK;
}
