// SPDX-License-Identifier: MIT
// The grid of cells and its partition into tiles: plain values and arithmetic.
//
// Cells are numbered row-major over the axes in the order of the specification (the last varies
// fastest); tiles likewise over the grid of tiles. Tiles at the far edges are clipped.
#ifndef BRINK_SWEEP_GRID_H
#define BRINK_SWEEP_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "brink/base/error.h"

#define BRINK_RANK_MAX 6

struct brink_grid {
    int rank;                      // number of axes, 1 .. BRINK_RANK_MAX
    int64_t size[BRINK_RANK_MAX];  // cells along each axis
    int64_t tile[BRINK_RANK_MAX];  // cells of a full tile along each axis
    int64_t tiles[BRINK_RANK_MAX]; // tiles along each axis
    int64_t cell_count, tile_count;
};

struct brink_tile {
    int64_t number;
    int64_t start[BRINK_RANK_MAX]; // its first cell
    int64_t count[BRINK_RANK_MAX]; // its cells along each axis, clipped
    int64_t cells;                 // product of count
};

// Fills *grid; rank 0 is one cell. `tile` NULL: as brink_grid_choose does it, without a steady
// axis. BRINK_ERR_USAGE when the number of cells exceeds 2^62, or a tile exceeds 2^24 cells; sizes
// and tile entries are >= 1, and tile entries are cut to the size of their axis.
brink_err brink_grid_init(struct brink_grid *grid, int rank, const int64_t size[],
                          const int64_t tile[]) BRINK_CHECKED;

// Chooses a tile from the sizes alone (never from ranks or threads): long rows along the last axis,
// a few thousand cells, fewer where the grid is small. Axis `steady` (-1: none) is cut to single
// values first: only what no other axis can fill is left to it, and if cells of its values would
// take turns in a tile, nothing where the others hold 512 cells. tile[rank].
void brink_grid_choose(const struct brink_grid *grid, int steady, int64_t tile[]);

// Tile `number`, 0 <= number < tile_count.
struct brink_tile brink_grid_tile(const struct brink_grid *grid, int64_t number);

// Coordinates of cell `i` of a tile (row-major inside the clipped tile, 0 <= i < tile->cells).
void brink_tile_cell(const struct brink_grid *grid, const struct brink_tile *tile, int64_t i,
                     int64_t coordinate[]);

// The tile that holds the cell at `coordinate`; *inside is the cell's number in it.
struct brink_tile brink_grid_find(const struct brink_grid *grid, const int64_t coordinate[],
                                  int64_t *inside);

// Number of the cell at `coordinate`.
int64_t brink_grid_cell(const struct brink_grid *grid, const int64_t coordinate[]);

// All tile numbers, coarse to fine: first tiles far apart over the whole picture (the last two
// axes), then between them, so that an unfinished file shows all of it. order[tile_count].
void brink_grid_order(const struct brink_grid *grid, int64_t order[]);

// Of each tile of todo[count], a part of that order: the place in it of a tile near it in the
// picture from an earlier stage, -1 if todo[] lacks it. *last_stage: the first place of the finest
// stage, count if there is one stage only. coarser[count].
brink_err brink_grid_coarser(const struct brink_grid *grid, const int64_t todo[], int64_t count,
                             int64_t coarser[], int64_t *last_stage) BRINK_CHECKED;

#endif
