// SPDX-License-Identifier: MIT
// Which tiles next, for whom: a pure state machine over events; no clock, no messages, no disk.
#ifndef BRINK_SWEEP_SCHEDULE_H
#define BRINK_SWEEP_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "brink/base/error.h"

// A run of consecutive places in the list of tiles to do. count 0: nothing more, go home.
struct brink_batch {
    int64_t first, count;
};

struct brink_schedule {
    int64_t todo_count; // tiles to do, in the order agreed on by all
    int64_t next;       // the first place not handed out
    int64_t done_count;
    int64_t returned_count; // handed out but given back undone (a stop)
    int workers;            // >= 1, the master among them
    bool stopping;
    double tile_seconds;  // running mean of the cost of a tile, 0: not known yet
    double batch_seconds; // what a batch should be worth
};

// `batch_seconds`: wanted worth of a batch (0.5 is good); never below what messages cost.
void brink_schedule_init(struct brink_schedule *schedule, int64_t todo_count, int workers,
                         double batch_seconds);

// A worker has room for one more batch. Batches are worth about batch_seconds, but never more than
// a fair share of half of what is left, so they shrink to single tiles towards the end.
struct brink_batch brink_schedule_take(struct brink_schedule *schedule);

// A worker reports a batch: `done` of its tiles were computed in `seconds`, the others given back.
void brink_schedule_report(struct brink_schedule *schedule, struct brink_batch batch, int64_t done,
                           double seconds);

// No more batches go out.
void brink_schedule_stop(struct brink_schedule *schedule);

// Is everything handed out reported, and nothing left to hand out?
bool brink_schedule_idle(const struct brink_schedule *schedule);

#endif
