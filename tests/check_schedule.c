// SPDX-License-Identifier: MIT
// The schedule: every tile goes out once, whoever asks, in whatever order reports come.
#include <string.h>

#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "brink/sweep/schedule.h"
#include "unit.h"

enum { WORKERS_MAX = 64 };

// A run with random workers that take and report in random order; each tile costs `cost` seconds.
// Counts how often each tile was done. `stop_after` >= 0: a stop is wished for after that many
// events. Returns the number of tiles done.
static int64_t simulate(uint64_t seed, int64_t tiles, int workers, double cost, int64_t stop_after,
                        uint8_t *times_done)
{
    struct brink_random_key key = {seed, 0, BRINK_PURPOSE_TEST};
    struct brink_schedule schedule;
    struct brink_batch held[WORKERS_MAX] = {{0, 0}};
    int64_t done = 0;
    brink_schedule_init(&schedule, tiles, workers, 0.5);
    for (uint32_t event = 0; !brink_schedule_idle(&schedule); event++) {
        ck_assert_msg(event < 1000000, "the schedule never ends");
        uint64_t bits = brink_random_bits(&key, event);
        int worker = (int)(bits % (uint64_t)workers);
        if ((int64_t)event == stop_after)
            brink_schedule_stop(&schedule);
        if (held[worker].count == 0) {
            held[worker] = brink_schedule_take(&schedule);
            ck_assert_int_ge(held[worker].first, 0);
            ck_assert_int_le(held[worker].first + held[worker].count, tiles);
            continue;
        }
        // After a stop a worker gives back what it has not begun.
        int64_t finished = schedule.stopping ? (int64_t)(bits >> 32) % (held[worker].count + 1)
                                             : held[worker].count;
        for (int64_t i = 0; i < finished; i++)
            times_done[held[worker].first + i]++;
        done += finished;
        brink_schedule_report(&schedule, held[worker], finished, cost * (double)finished);
        held[worker].count = 0;
    }
    ck_assert_int_eq(done, schedule.done_count);
    return done;
}

START_TEST(every_tile_once)
{
    static const int64_t tile_counts[] = {0, 1, 2, 7, 63, 1000, 4096};
    static const int worker_counts[] = {1, 2, 3, 7, 64};
    static const double costs[] = {0, 1e-5, 0.01, 10};
    uint8_t times_done[4096];
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

START_TEST(batches_follow_cost_and_shrink)
{
    struct brink_schedule schedule;
    brink_schedule_init(&schedule, 100000, 4, 0.5);
    struct brink_batch batch = brink_schedule_take(&schedule);
    ck_assert_int_eq(batch.count, 1); // the cost is unknown
    brink_schedule_report(&schedule, batch, 1, 0.01);
    batch = brink_schedule_take(&schedule);
    ck_assert_int_eq(batch.count, 50); // half a second's worth
    brink_schedule_report(&schedule, batch, 50, 0.5);
    int64_t last = INT64_MAX;
    while ((batch = brink_schedule_take(&schedule)).count > 0) {
        ck_assert_int_le(batch.count, last);
        ck_assert(batch.first + batch.count <= 100000 - 16 || batch.count == 1);
        last = batch.count;
        brink_schedule_report(&schedule, batch, batch.count, 0.01 * (double)batch.count);
    }
    ck_assert_int_eq(last, 1);
    ck_assert(brink_schedule_idle(&schedule));
}
END_TEST

START_TEST(dear_tiles_go_out_one_by_one)
{
    struct brink_schedule schedule;
    brink_schedule_init(&schedule, 100000, 2, 0.5);
    struct brink_batch batch = brink_schedule_take(&schedule);
    brink_schedule_report(&schedule, batch, 1, 30);
    ck_assert_int_eq(brink_schedule_take(&schedule).count, 1);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_tile_once,
        a_stop_ends_it_and_repeats_nothing,
        batches_follow_cost_and_shrink,
        dear_tiles_go_out_one_by_one,
    };
    return unit_run("schedule", tests, sizeof tests / sizeof tests[0]);
}
