// SPDX-License-Identifier: MIT
// Which tiles next, for whom: guided batches over a list of tiles, the dear ones first at the end.
#include "brink/sweep/schedule.h"

#include <assert.h>
#include <stdlib.h>

#include "brink/base/memory.h"

// Of a worker's fair share of all tiles, the part that it begins with; and of what is left, that it
// gets for the asking.
enum { FIRST_PART = 32, NEXT_PART = 4 };

// What the master spends on a request: 24 to 36 us were measured, over a loopback network. A batch
// is worth more than batch_seconds where that were no more than a few rounds of requests; and at
// the end no less than one, or ranks would wait in line for little.
static const double request_seconds = 25e-6;
enum { ROUNDS = 4 };

// The first place beyond what workers 0 .. worker - 1 begin with.
static int64_t first_place(int64_t todo_count, int workers, int worker)
{
    assert(todo_count >= 0 && workers >= 1 && worker >= 0 && worker <= workers);
    int64_t count = todo_count / ((int64_t)FIRST_PART * workers);
    count = count < 1 ? 1 : count > BRINK_BATCH_MAX ? BRINK_BATCH_MAX : count;
    return count * worker < todo_count ? count * worker : todo_count;
}

struct brink_batch brink_schedule_first(int64_t todo_count, int workers, int worker)
{
    struct brink_batch batch = {.count = 0};
    int64_t end = first_place(todo_count, workers, worker + 1);
    for (int64_t i = first_place(todo_count, workers, worker); i < end; i++)
        batch.place[batch.count++] = i;
    return batch;
}

brink_err brink_schedule_init(struct brink_schedule *schedule, int64_t todo_count,
                              const int64_t coarser[], int64_t last_stage, int workers,
                              double batch_seconds)
{
    assert(batch_seconds > 0 && last_stage >= 0 && last_stage <= todo_count);
    int64_t next = first_place(todo_count, workers, workers);
    *schedule =
        (struct brink_schedule){.todo_count = todo_count,
                                .next = next,
                                .workers = workers,
                                .batch_least = workers * request_seconds,
                                .batch_most = batch_seconds + ROUNDS * workers * request_seconds,
                                .coarser = coarser,
                                .last_stage = last_stage > next ? last_stage : next};
    brink_err error = brink_alloc(&schedule->order, (size_t)todo_count, sizeof schedule->order[0]);
    if (!error)
        error = brink_alloc(&schedule->work, (size_t)todo_count, sizeof schedule->work[0]);
    if (!error)
        error = brink_alloc(&schedule->heard, (size_t)workers, sizeof schedule->heard[0]);
    for (int64_t i = 0; !error && i < todo_count; i++) {
        assert(!coarser || coarser[i] < i);
        schedule->order[i].place = i;
        schedule->work[i] = -1;
    }
    if (error)
        brink_schedule_free(schedule);
    return error;
}

void brink_schedule_free(struct brink_schedule *schedule)
{
    brink_free(&schedule->order);
    brink_free(&schedule->work);
    brink_free(&schedule->heard);
}

// ---- the last stage

// Unknown ones first, since they may be dear, then the dear ones; as they were where nothing tells.
static int compare_expected(const void *left, const void *right)
{
    const struct brink_expected *a = left, *b = right;
    if ((a->work < 0) != (b->work < 0))
        return a->work < 0 ? -1 : 1;
    if (a->work != b->work)
        return a->work < b->work ? 1 : -1;
    return a->place > b->place ? 1 : -1;
}

// Work of the tile at a place: of the nearest coarser one that is done. Below 0: not known.
static double expected_work(const struct brink_schedule *schedule, int64_t place)
{
    while (place >= 0 && schedule->work[place] < 0)
        place = schedule->coarser ? schedule->coarser[place] : -1;
    return place >= 0 ? schedule->work[place] : -1;
}

static void sort_last_stage(struct brink_schedule *schedule)
{
    schedule->sorted = true;
    for (int64_t i = schedule->next; i < schedule->todo_count; i++) {
        double work = expected_work(schedule, schedule->order[i].place);
        schedule->order[i].work = work;
        schedule->work_left += work > 0 ? work : 0;
    }
    qsort(schedule->order + schedule->next, (size_t)(schedule->todo_count - schedule->next),
          sizeof schedule->order[0], compare_expected);
}

// ---- how many

// Of the tile at order[at], as far as one can tell.
static double expected_seconds(const struct brink_schedule *schedule, int64_t at)
{
    const struct brink_expected *tile = &schedule->order[at];
    double work = schedule->sorted ? tile->work : expected_work(schedule, tile->place);
    return work >= 0 ? work * schedule->work_seconds : schedule->tile_seconds;
}

// Tiles from `next` on until they are worth a batch by what is expected of them; but also no more
// than some share of their number, since it may be expected wrongly: what is known first is the
// cost of the cheap ones. Single tiles until any is known.
static int64_t count_tiles(const struct brink_schedule *schedule)
{
    bool known = schedule->sorted && schedule->order[schedule->next].work >= 0;
    double workers = schedule->workers, left = (double)(schedule->todo_count - schedule->next);
    double most = known ? left / workers : left / (NEXT_PART * workers);
    double limit =
        (known ? schedule->work_left * schedule->work_seconds : left * schedule->tile_seconds) /
        (NEXT_PART * workers);
    limit = known && limit < schedule->batch_least ? schedule->batch_least : limit;
    limit = limit < schedule->batch_most ? limit : schedule->batch_most;
    // The last stage is sorted whole.
    double stage = (double)(schedule->last_stage - schedule->next);
    most = stage > 0 && stage < most ? stage : most;
    most = schedule->tile_seconds > 0 ? most : 1;
    most = most < BRINK_BATCH_MAX ? most : BRINK_BATCH_MAX;
    int64_t count = 1;
    double sum = expected_seconds(schedule, schedule->next);
    while ((double)(count + 1) <= most) {
        sum += expected_seconds(schedule, schedule->next + count);
        if (sum > limit)
            break;
        count++;
    }
    return count;
}

// ---- messages

bool brink_heard_news(struct brink_heard *heard, int64_t number)
{
    enum { BITS = 64 };
    assert(number >= 1);
    int64_t ahead = number - heard->last;
    if (ahead > 0) {
        uint64_t last = heard->last > 0 && ahead <= BITS ? UINT64_C(1) << (ahead - 1) : 0;
        heard->before = ahead < BITS ? heard->before << ahead | last : last;
        heard->last = number;
        return true;
    }
    if (ahead == 0 || -ahead > BITS)
        return false;
    uint64_t bit = UINT64_C(1) << (-ahead - 1);
    bool news = !(heard->before & bit);
    heard->before |= bit;
    return news;
}

bool brink_schedule_hear(struct brink_schedule *schedule, int worker, int64_t number)
{
    assert(worker >= 0 && worker < schedule->workers);
    return brink_heard_news(&schedule->heard[worker], number);
}

// ---- events

struct brink_batch brink_schedule_take(struct brink_schedule *schedule)
{
    struct brink_batch batch = {.count = 0};
    if (schedule->stopping || schedule->next == schedule->todo_count)
        return batch;
    if (schedule->next >= schedule->last_stage && !schedule->sorted)
        sort_last_stage(schedule);
    int64_t count = count_tiles(schedule);
    for (; batch.count < count; batch.count++) {
        const struct brink_expected *next = &schedule->order[schedule->next++];
        schedule->work_left -= schedule->sorted && next->work > 0 ? next->work : 0;
        batch.place[batch.count] = next->place;
    }
    return batch;
}

// Costs drift over the diagram: an exponential mean that forgets in about 8 reports.
static double drift(double mean, double news)
{
    return mean > 0 ? mean + (news - mean) / 8 : news;
}

void brink_schedule_report(struct brink_schedule *schedule, const struct brink_done done[],
                           int64_t count, int64_t returned, double seconds)
{
    double work = 0;
    assert(count >= 0 && returned >= 0 && seconds >= 0);
    schedule->done_count += count;
    schedule->returned_count += returned;
    assert(schedule->done_count + schedule->returned_count <= schedule->next);
    for (int64_t i = 0; i < count; i++) {
        assert(done[i].place >= 0 && done[i].place < schedule->todo_count && done[i].work >= 0);
        schedule->work[done[i].place] = done[i].work;
        work += done[i].work;
    }
    if (count > 0)
        schedule->tile_seconds = drift(schedule->tile_seconds, seconds / (double)count);
    if (work > 0)
        schedule->work_seconds = drift(schedule->work_seconds, seconds / work);
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
