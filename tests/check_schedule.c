// SPDX-License-Identifier: MIT
// The schedule: every tile goes out once, whoever asks, in whatever order reports come.
#include <math.h>
#include <string.h>

#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "brink/sweep/schedule.h"
#include "unit.h"

enum { WORKERS_MAX = 64, TILES_MAX = 4096 };

// The second half of the places is the last stage, each with a place near it in the first half.
static int64_t link_places(int64_t tiles, int64_t coarser[])
{
    int64_t half = (tiles + 1) / 2;
    for (int64_t i = 0; i < tiles; i++)
        coarser[i] = i < half ? -1 : i - half;
    return half;
}

// A run with random workers that take and report in random order; each tile costs `cost` seconds.
// Counts how often each tile was done. `stop_after` >= 0: a stop is wished for after that many
// events. Returns the number of tiles done.
static int64_t simulate(uint64_t seed, int64_t tiles, int workers, double cost, int64_t stop_after,
                        uint8_t *times_done)
{
    struct brink_random_key key = {seed, 0, BRINK_PURPOSE_TEST};
    struct brink_schedule schedule;
    static struct brink_batch held[WORKERS_MAX];
    static int64_t coarser[TILES_MAX];
    int64_t done = 0, last_stage = link_places(tiles, coarser);
    ck_assert_int_eq(brink_schedule_init(&schedule, tiles, seed % 2 ? coarser : NULL,
                                         seed % 2 ? last_stage : tiles, workers, 0.5),
                     BRINK_OK);
    for (int worker = 0; worker < workers; worker++)
        held[worker] = brink_schedule_first(tiles, workers, worker);
    for (uint32_t event = 0; !brink_schedule_idle(&schedule); event++) {
        ck_assert_msg(event < 1000000, "the schedule never ends");
        uint64_t bits = brink_random_bits(&key, event);
        int worker = (int)(bits % (uint64_t)workers);
        struct brink_batch *batch = &held[worker];
        if ((int64_t)event == stop_after)
            brink_schedule_stop(&schedule);
        if (batch->count == 0) {
            *batch = brink_schedule_take(&schedule);
            continue;
        }
        // After a stop a worker gives back what it has not begun.
        int64_t finished =
            schedule.stopping ? (int64_t)(bits >> 32) % (batch->count + 1) : batch->count;
        struct brink_done list[BRINK_BATCH_MAX];
        for (int64_t i = 0; i < finished; i++) {
            ck_assert_int_ge(batch->place[i], 0);
            ck_assert_int_lt(batch->place[i], tiles);
            times_done[batch->place[i]]++;
            list[i] = (struct brink_done){batch->place[i], (double)(batch->place[i] % 7)};
        }
        done += finished;
        brink_schedule_report(&schedule, list, finished, batch->count - finished,
                              cost * (double)finished);
        batch->count = 0;
    }
    ck_assert_int_eq(done, schedule.done_count);
    brink_schedule_free(&schedule);
    return done;
}

START_TEST(every_tile_once)
{
    static const int64_t tile_counts[] = {0, 1, 2, 7, 63, 1000, 4096};
    static const int worker_counts[] = {1, 2, 3, 7, 64};
    static const double costs[] = {0, 1e-5, 0.01, 10};
    uint8_t times_done[TILES_MAX];
    for (size_t t = 0; t < sizeof tile_counts / sizeof tile_counts[0]; t++)
        for (size_t w = 0; w < sizeof worker_counts / sizeof worker_counts[0]; w++)
            for (size_t c = 0; c < sizeof costs / sizeof costs[0]; c++) {
                memset(times_done, 0, sizeof times_done);
                ck_assert_int_eq(simulate(t + 10 * w + 100 * c, tile_counts[t], worker_counts[w],
                                          costs[c], -1, times_done),
                                 tile_counts[t]);
                for (int64_t i = 0; i < tile_counts[t]; i++)
                    ck_assert_int_eq(times_done[i], 1);
            }
}
END_TEST

START_TEST(a_stop_ends_it_and_repeats_nothing)
{
    uint8_t times_done[1000];
    for (uint64_t seed = 0; seed < 200; seed++) {
        memset(times_done, 0, sizeof times_done);
        int64_t done = simulate(seed, 1000, 5, 0.1, (int64_t)seed, times_done);
        for (int64_t i = 0; i < 1000; i++) {
            ck_assert_int_le(times_done[i], 1);
            done -= times_done[i];
        }
        ck_assert_int_eq(done, 0);
    }
}
END_TEST

// Reports a whole batch, each tile of which took `seconds`.
static void report(struct brink_schedule *schedule, const struct brink_batch *batch, double seconds)
{
    struct brink_done list[BRINK_BATCH_MAX];
    for (int64_t i = 0; i < batch->count; i++)
        list[i] = (struct brink_done){batch->place[i], 1};
    brink_schedule_report(schedule, list, batch->count, 0, seconds * (double)batch->count);
}

// Reports a whole batch; the tile at place i took work[i], each unit of it a millisecond.
static void report_work(struct brink_schedule *schedule, const struct brink_batch *batch,
                        const double work[])
{
    for (int64_t i = 0; i < batch->count; i++) {
        struct brink_done done = {batch->place[i], work[batch->place[i]]};
        brink_schedule_report(schedule, &done, 1, 0, 1e-3 * done.work);
    }
}

START_TEST(batches_follow_cost_and_shrink)
{
    enum { TILES = 100000, WORKERS = 4, FIRST = 4 * BRINK_BATCH_MAX };
    struct brink_schedule schedule;
    ck_assert_int_eq(brink_schedule_init(&schedule, TILES, NULL, TILES, WORKERS, 0.5), BRINK_OK);
    struct brink_batch batch = brink_schedule_take(&schedule);
    ck_assert_int_eq(batch.count, 1); // the cost is unknown
    ck_assert_int_eq(batch.place[0], FIRST);
    for (int worker = 0; worker < WORKERS; worker++) {
        struct brink_batch first = brink_schedule_first(TILES, WORKERS, worker);
        report(&schedule, &first, 0.0125);
    }
    batch = brink_schedule_take(&schedule);
    ck_assert_int_eq(batch.count, 40); // half a second's worth
    int64_t last = INT64_MAX;
    while ((batch = brink_schedule_take(&schedule)).count > 0) {
        ck_assert_int_le(batch.count, last);
        ck_assert(batch.place[0] + batch.count <= TILES - 16 || batch.count == 1);
        last = batch.count;
        report(&schedule, &batch, 0.0125);
    }
    ck_assert_int_eq(last, 1);
    brink_schedule_free(&schedule);
}
END_TEST

START_TEST(dear_tiles_go_out_one_by_one)
{
    struct brink_schedule schedule;
    ck_assert_int_eq(brink_schedule_init(&schedule, 100000, NULL, 100000, 2, 0.5), BRINK_OK);
    struct brink_batch batch = brink_schedule_take(&schedule);
    ck_assert_int_eq(batch.count, 1);
    report(&schedule, &batch, 30);
    ck_assert_int_eq(brink_schedule_take(&schedule).count, 1);
    brink_schedule_free(&schedule);
}
END_TEST

// In the last stage: first the tiles of which nothing is known, then those beside dear ones; and of
// cheap ones many at once.
START_TEST(dear_tiles_go_out_first_at_the_end)
{
    enum { TILES = 2048, WORKERS = 2, UNKNOWN = 100 };
    static int64_t coarser[TILES];
    struct brink_schedule schedule;
    int64_t last_stage = link_places(TILES, coarser);
    for (int64_t i = TILES - UNKNOWN; i < TILES; i++)
        coarser[i] = -1;
    ck_assert_int_eq(brink_schedule_init(&schedule, TILES, coarser, last_stage, WORKERS, 0.5),
                     BRINK_OK);
    struct brink_batch batch;
    double work[TILES] = {0};
    for (int64_t i = 0; i < last_stage; i++)
        work[i] = 1e-6 * pow((double)(i * 7919 % 1024), 3); // all different, most of them cheap
    int64_t next = 0;
    for (int worker = 0; worker < WORKERS; worker++) {
        batch = brink_schedule_first(TILES, WORKERS, worker);
        next += batch.count;
        report_work(&schedule, &batch, work);
    }
    while (next < last_stage) {
        batch = brink_schedule_take(&schedule);
        for (int64_t k = 0; k < batch.count; k++)
            ck_assert_int_eq(batch.place[k], next++); // in order
        report_work(&schedule, &batch, work);
    }
    double before = (double)INFINITY;
    int64_t count = 0, most = 0;
    while ((batch = brink_schedule_take(&schedule)).count > 0)
        for (int64_t k = 0; k < batch.count; k++, count++) {
            int64_t near = coarser[batch.place[k]];
            ck_assert_int_eq(near < 0, count < UNKNOWN);
            if (near >= 0) {
                ck_assert_double_le(work[near], before);
                before = work[near];
            }
            most = batch.count > most ? batch.count : most;
        }
    ck_assert_int_eq(count, TILES - last_stage);
    ck_assert_int_ge(most, 8);
    brink_schedule_free(&schedule);
}
END_TEST

START_TEST(a_message_is_news_once)
{
    struct brink_heard heard = {0};
    bool come[400] = {false};
    int64_t number = 1, highest = 0;
    for (int i = 0; i < 4000; i++) { // numbers near the highest, back and forth
        number = 1 + (number * 7 + i) % (highest + 9 < 400 ? highest + 9 : 399);
        bool remembered = number > highest - 65;
        bool news = brink_heard_news(&heard, number);
        ck_assert_msg(news == (remembered && !come[number]), "%d", (int)number);
        come[number] = true;
        highest = number > highest ? number : highest;
    }
    ck_assert(brink_heard_news(&heard, 1000) && !brink_heard_news(&heard, 1000)); // far ahead
    ck_assert(brink_heard_news(&heard, 999) && !brink_heard_news(&heard, 999));
    ck_assert(brink_heard_news(&heard, 1064) && !brink_heard_news(&heard, 1000));
    ck_assert(brink_heard_news(&heard, 1129) && !brink_heard_news(&heard, 1064));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_message_is_news_once,
        every_tile_once,
        a_stop_ends_it_and_repeats_nothing,
        batches_follow_cost_and_shrink,
        dear_tiles_go_out_one_by_one,
        dear_tiles_go_out_first_at_the_end,
    };
    return unit_run("schedule", tests, sizeof tests / sizeof tests[0]);
}
