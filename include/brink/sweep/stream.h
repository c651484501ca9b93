// SPDX-License-Identifier: MIT
// Tiles in flight: one thread puts tiles in and takes results out, all threads compute cells.
//
// Costs of cells differ 1e4-fold, so no thread ever waits for the end of a tile: cells of several
// tiles are under way at once, and threads run dry only when no tile is left.
#ifndef BRINK_SWEEP_STREAM_H
#define BRINK_SWEEP_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "brink/sweep/plan.h"

// What starting and storing a cell is worth, in steps.
#define BRINK_START_STEPS 200.0

struct brink_stream; // opaque

// `threads`: how many will compute; it sets how many tiles fit. Release with brink_stream_close.
brink_err brink_stream_open(const struct brink_plan *plan, int threads,
                            struct brink_stream **stream) BRINK_CHECKED;
void brink_stream_close(struct brink_stream **stream);

// ---- the main thread, before or during brink_stream_work (from the pulse's beat)

// Puts a tile in, with a tag of the caller's. False if there is no room now.
bool brink_stream_push(struct brink_stream *stream, const struct brink_tile *tile, int64_t tag);

// Takes back the tiles of which no cell was handed out yet: as if they had never been put in. How
// many those were.
int64_t brink_stream_withdraw(struct brink_stream *stream);

// No tile comes any more: brink_stream_work returns when all cells are done.
void brink_stream_finish(struct brink_stream *stream);

// Takes out a complete tile: *columns (of brink_columns_open), its place and tag. False if none is.
bool brink_stream_pop(struct brink_stream *stream, struct brink_columns *columns,
                      struct brink_tile *tile, int64_t *tag);

// How many cells of the tiles put in wait to be handed out, and how many are handed out but not
// given back.
void brink_stream_count(struct brink_stream *stream, int64_t *waiting, int64_t *under_way);

// Computes with all OpenMP threads, the caller among them, until finished or abandoned (false:
// what was under way is lost, complete tiles can still be taken out).
bool brink_stream_work(struct brink_stream *stream, struct brink_pulse *pulse);

// ---- the computing threads, in a model's run()

// Consecutive cells of one tile.
struct brink_errand {
    const struct brink_tile *tile; // borrowed until they are given back
    int64_t first, count;          // cells first .. first + count - 1 of the tile
    void *records;                 // where their results go, the model's record each
};

enum brink_supply {
    BRINK_SUPPLY_OVER = -1, // no cell ever again
    BRINK_SUPPLY_DRY = 0,   // none now: ask again
    BRINK_SUPPLY_CELLS = 1
};

enum brink_supply brink_stream_take(struct brink_stream *stream, int64_t count_max,
                                    struct brink_errand *errand);

// One cell is done: `record` is where its result lies. Any thread, any order.
void brink_stream_give(struct brink_stream *stream, const void *record);

#endif
