// SPDX-License-Identifier: MIT
// Which tiles next, for whom: guided batches over a list of tiles.
#include "brink/sweep/schedule.h"

#include <assert.h>

void brink_schedule_init(struct brink_schedule *schedule, int64_t todo_count, int workers,
                         double batch_seconds)
{
    assert(todo_count >= 0 && workers >= 1 && batch_seconds > 0);
    *schedule = (struct brink_schedule){
        .todo_count = todo_count, .workers = workers, .batch_seconds = batch_seconds};
}

struct brink_batch brink_schedule_take(struct brink_schedule *schedule)
{
    struct brink_batch batch = {schedule->next, 0};
    int64_t left = schedule->todo_count - schedule->next;
    if (schedule->stopping || left == 0)
        return batch;
    // Half of what is left, shared fairly: every worker holds one batch in advance, so a batch
    // must stay small against what the others still have to do.
    int64_t fair = left / (4 * (int64_t)schedule->workers);
    batch.count = fair < 1 ? 1 : fair;
    // Until a tile's cost is known, single tiles: they may be the expensive ones.
    double worth =
        schedule->tile_seconds > 0 ? schedule->batch_seconds / schedule->tile_seconds : 1;
    if ((double)batch.count > worth)
        batch.count = worth < 1 ? 1 : (int64_t)worth;
    schedule->next += batch.count;
    return batch;
}

void brink_schedule_report(struct brink_schedule *schedule, struct brink_batch batch, int64_t done,
                           double seconds)
{
    assert(done >= 0 && done <= batch.count && seconds >= 0);
    schedule->done_count += done;
    schedule->returned_count += batch.count - done;
    assert(schedule->done_count + schedule->returned_count <= schedule->next);
    if (done == 0)
        return;
    // Costs drift over the diagram: an exponential mean that forgets in about 8 reports.
    double mean = seconds / (double)done;
    schedule->tile_seconds = schedule->tile_seconds > 0
                                 ? schedule->tile_seconds + (mean - schedule->tile_seconds) / 8
                                 : mean;
}

void brink_schedule_stop(struct brink_schedule *schedule)
{
    schedule->stopping = true;
}

bool brink_schedule_idle(const struct brink_schedule *schedule)
{
    bool handed_out = schedule->next == schedule->todo_count || schedule->stopping;
    return handed_out && schedule->done_count + schedule->returned_count == schedule->next;
}
