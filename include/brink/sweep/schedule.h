// SPDX-License-Identifier: MIT
// Which tiles next, for whom: a pure state machine over events; no clock, no messages, no disk.
#ifndef BRINK_SWEEP_SCHEDULE_H
#define BRINK_SWEEP_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "brink/base/error.h"

#define BRINK_BATCH_MAX 64

// Places in the list of tiles to do, on which all agree. count 0: nothing more, go home.
struct brink_batch {
    int64_t count;
    int64_t place[BRINK_BATCH_MAX];
};

// A tile that is stored, and what it took: in any unit that tells dear tiles from cheap ones.
struct brink_done {
    int64_t place;
    double work;
};

// What is expected of a tile.
struct brink_expected {
    int64_t place;
    double work;
};

// Which messages of another have come, by their numbers 1, 2, 3 ...
struct brink_heard {
    int64_t last;    // the highest; 0: none
    uint64_t before; // bit k: number last - 1 - k has come
};

// Is message `number` news? One that has come before is not, nor one that is so late that nobody
// knows any more.
bool brink_heard_news(struct brink_heard *heard, int64_t number);

struct brink_schedule {
    int64_t todo_count; // tiles to do
    int64_t next;       // of order[]: the first not handed out
    int64_t done_count;
    int64_t returned_count; // handed out but given back undone (a stop)
    int workers;            // >= 1, the master among them
    bool stopping;
    double batch_least, batch_most; // s that a batch should be worth
    double tile_seconds;            // running mean of what a tile takes, 0: not known yet
    double work_seconds;            // ... of what a unit of work takes
    const int64_t *coarser;         // borrowed, [todo_count] or NULL
    int64_t last_stage;             // from this place on the dear tiles come first
    bool sorted;                    // they do
    double *work;                 // owned, [todo_count]: of the tile at a place; below 0: not known
    struct brink_expected *order; // owned, [todo_count]: as they go out; work: once sorted
    double work_left;             // sum of it over what is not handed out
    struct brink_heard *heard;    // owned, [workers]: reports
};

// `coarser[todo_count]` and `last_stage` as brink_grid_coarser gives them, borrowed; NULL and
// todo_count: nothing is known of how tiles are to each other. `batch_seconds`: wanted worth of a
// batch; never below what messages cost. Release with brink_schedule_free.
brink_err brink_schedule_init(struct brink_schedule *schedule, int64_t todo_count,
                              const int64_t coarser[], int64_t last_stage, int workers,
                              double batch_seconds) BRINK_CHECKED;
void brink_schedule_free(struct brink_schedule *schedule);

// What worker 0 .. workers - 1 begins with before it asks, so that no one waits for the master.
struct brink_batch brink_schedule_first(int64_t todo_count, int workers, int worker);

// A worker asks for a batch. Batches are worth about batch_seconds, but never more than a quarter
// of a fair share of what is left, so they shrink to single tiles towards the end. In the last
// stage the tiles expected to be dear go out first: as dear as the coarser tiles near them.
struct brink_batch brink_schedule_take(struct brink_schedule *schedule);

// A report of a worker comes: false if it has come before, and must not count again.
bool brink_schedule_hear(struct brink_schedule *schedule, int worker, int64_t number);

// A worker reports: of the tiles it was handed these are stored, for which it took `seconds` all
// together, and `returned` more are given back undone.
void brink_schedule_report(struct brink_schedule *schedule, const struct brink_done done[],
                           int64_t count, int64_t returned, double seconds);

// No more batches go out.
void brink_schedule_stop(struct brink_schedule *schedule);

// Is everything handed out reported, and nothing left to hand out?
bool brink_schedule_idle(const struct brink_schedule *schedule);

#endif
