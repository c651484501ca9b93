// SPDX-License-Identifier: MIT
// The simulated sweep on many ranks keeps the laws of any.
#include <string.h>

#include "brink/base/random.h"
#include "simulate/ranks.h"
#include "unit.h"

enum { TILES = 20000 };

static const int rank_counts[] = {1, 2, 7, 64, 500, 3000, 30000};
enum { RANK_COUNTS = sizeof rank_counts / sizeof rank_counts[0] };
static const struct ranks_machine cluster = {20e-6, 20e-6, 100e-6, 0.02};

// Costs from 1e-3 to 10 s by tile.
static void draw_costs(double cost[TILES])
{
    struct brink_random_key key = {7, 0, BRINK_PURPOSE_TEST};
    for (uint32_t i = 0; i < TILES; i++)
        cost[i] = 1e-3 * brink_exp(9.2 * brink_random_uniform(&key, i));
}

START_TEST(every_tile_is_computed_once)
{
    static double cost[TILES];
    static uint8_t times_done[TILES];
    draw_costs(cost);
    for (int i = 0; i < RANK_COUNTS; i++) {
        memset(times_done, 0, sizeof times_done);
        ck_assert_int_eq(
            ranks_simulate(&cluster, cost, TILES, rank_counts[i], times_done).tiles_done, TILES);
        for (int tile = 0; tile < TILES; tile++)
            ck_assert_int_eq(times_done[tile], 1);
    }
}
END_TEST

START_TEST(one_rank_is_whole_and_more_are_less)
{
    static double cost[TILES];
    const struct ranks_machine ideal = {0, 0, 0, 0};
    draw_costs(cost);
    ck_assert_close(ranks_simulate(&ideal, cost, TILES, 1, NULL).efficiency, 1, 1e-9);
    ck_assert_close(ranks_simulate(&cluster, cost, TILES, 1, NULL).efficiency, 1, 1e-2);
    double last = 1 + 1e-9, least_seconds = 0;
    for (int tile = 0; tile < TILES; tile++)
        least_seconds = cost[tile] > least_seconds ? cost[tile] : least_seconds;
    for (int i = 0; i < RANK_COUNTS; i++) {
        struct ranks_result result = ranks_simulate(&cluster, cost, TILES, rank_counts[i], NULL);
        ck_assert_double_le(result.efficiency, last);
        ck_assert_double_gt(result.efficiency, 0);
        ck_assert_double_ge(result.seconds, least_seconds);
        ck_assert_double_le(result.master_busy, 1);
        last = result.efficiency;
    }
}
END_TEST

START_TEST(a_slow_master_is_the_limit)
{
    static double cost[TILES];
    const struct ranks_machine slow = {0, 0.1, 0, 0};
    draw_costs(cost);
    struct ranks_result result = ranks_simulate(&slow, cost, TILES, 3000, NULL);
    ck_assert_double_ge(result.seconds, 0.1 * (double)result.batches * 2999 / 3000 * 0.9);
    ck_assert_double_ge(result.master_busy, 0.9);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        every_tile_is_computed_once,
        one_rank_is_whole_and_more_are_less,
        a_slow_master_is_the_limit,
    };
    return unit_run("scale", tests, sizeof tests / sizeof tests[0]);
}
