// SPDX-License-Identifier: MIT
// The simulated sweep on many ranks keeps the laws of any.
#include <string.h>

#include "brink/base/random.h"
#include "simulate/ranks.h"
#include "unit.h"

enum { TILES = 20000 };

static const int rank_counts[] = {1, 2, 7, 64, 500, 3000, 30000};
enum { RANK_COUNTS = sizeof rank_counts / sizeof rank_counts[0] };
static const struct ranks_machine cluster = {20e-6, 20e-6, 100e-6};

// Costs from 1e-3 to 10 s by tile, of which the longest cell takes `tail`.
static void draw_tiles(struct ranks_tile tile[TILES], double tail)
{
    struct brink_random_key key = {7, 0, BRINK_PURPOSE_TEST};
    for (uint32_t i = 0; i < TILES; i++)
        tile[i] = (struct ranks_tile){1e-3 * brink_exp(9.2 * brink_random_uniform(&key, i)), tail};
}

START_TEST(every_tile_is_computed_once)
{
    static struct ranks_tile tile[TILES];
    static uint8_t times_done[TILES];
    draw_tiles(tile, 0.02);
    for (int i = 0; i < RANK_COUNTS; i++) {
        memset(times_done, 0, sizeof times_done);
        ck_assert_int_eq(
            ranks_simulate(&cluster, tile, TILES, NULL, TILES, rank_counts[i], times_done)
                .tiles_done,
            TILES);
        for (int k = 0; k < TILES; k++)
            ck_assert_int_eq(times_done[k], 1);
    }
}
END_TEST

START_TEST(one_rank_is_whole_and_more_are_less)
{
    static struct ranks_tile tile[TILES];
    const struct ranks_machine ideal = {0, 0, 0};
    draw_tiles(tile, 0);
    ck_assert_close(ranks_simulate(&ideal, tile, TILES, NULL, TILES, 1, NULL).efficiency, 1, 1e-9);
    draw_tiles(tile, 0.02);
    ck_assert_close(ranks_simulate(&cluster, tile, TILES, NULL, TILES, 1, NULL).efficiency, 1,
                    1e-2);
    double last = 1 + 1e-9, least_seconds = 0;
    for (int k = 0; k < TILES; k++)
        least_seconds = tile[k].cost > least_seconds ? tile[k].cost : least_seconds;
    for (int i = 0; i < RANK_COUNTS; i++) {
        struct ranks_result result =
            ranks_simulate(&cluster, tile, TILES, NULL, TILES, rank_counts[i], NULL);
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
    static struct ranks_tile tile[TILES];
    const struct ranks_machine slow = {0, 0.1, 0};
    draw_tiles(tile, 0);
    struct ranks_result result = ranks_simulate(&slow, tile, TILES, NULL, TILES, 3000, NULL);
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
