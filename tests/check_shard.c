// SPDX-License-Identifier: MIT
// Laws of shards: together they are the whole, cell for cell and tile for tile.
#include "brink/sweep/shard.h"

#include <stdio.h>
#include <string.h>

#include "brink/base/memory.h"
#include "unit.h"

static struct brink_spec *read_spec(const char *axes)
{
    struct brink_spec *spec = NULL;
    char text[512];
    int length =
        snprintf(text, sizeof text, "model: regularity\naxes: %s\nfixed: {x0: 4, y0: 1}\n", axes);
    ck_assert_ok(brink_spec_parse("test", text, (size_t)length, 0, NULL, &spec));
    return spec;
}

// Every tile of every shard has its place in the whole, with the same cells; none is left out.
static void check_partition(const struct brink_spec *spec, int count)
{
    struct brink_sharding sharding;
    uint8_t *seen = NULL;
    int64_t cells = 0;
    ck_assert_ok(brink_sharding_init(spec, count, &sharding));
    ck_assert_ok(brink_alloc(&seen, (size_t)spec->grid.tile_count, 1));
    for (int i = 0; i < count; i++) {
        struct brink_spec *shard = NULL;
        ck_assert_ok(brink_shard_spec(spec, &sharding, i, &shard));
        ck_assert_int_eq(brink_shard_cells(&sharding, i), shard->grid.size[sharding.axis]);
        cells += shard->grid.cell_count;
        for (int64_t t = 0; t < shard->grid.tile_count; t++) {
            struct brink_tile tile = brink_grid_tile(&shard->grid, t);
            struct brink_tile whole = brink_shard_tile(spec, &sharding, i, &tile);
            ck_assert_int_eq(tile.cells, whole.cells);
            ck_assert_int_eq(seen[whole.number]++, 0);
            for (int64_t c = 0; c < tile.cells; c++) {
                int64_t here[BRINK_RANK_MAX], there[BRINK_RANK_MAX];
                brink_tile_cell(&shard->grid, &tile, c, here);
                brink_tile_cell(&spec->grid, &whole, c, there);
                for (int axis = 0; axis < spec->axis_count; axis++)
                    ck_assert_bits_eq(shard->axes[axis].values[here[axis]],
                                      spec->axes[axis].values[there[axis]]);
            }
        }
        brink_spec_free(&shard);
    }
    ck_assert_int_eq(cells, spec->grid.cell_count);
    brink_free(&seen);
}

START_TEST(shards_are_a_partition)
{
    static const char *const axes[] = {
        "{dor: {values: [0.5, 1, 2]}, lr: {min: 0.1, max: 3, num: 37}}\ntile: [1, 5]",
        ("{lr: {min: 0.001, max: 3, num: 64, scale: log}, dor: {min: 0.1, max: 1, num: 7}}\n"
         "tile: [9, 7]"),
        "{dor: {min: 0.1, max: 1, num: 50}, lr: {min: 0.1, max: 3, num: 90}}"};
    static const int counts[] = {1, 2, 3, 5, 8};
    for (size_t a = 0; a < sizeof axes / sizeof axes[0]; a++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            struct brink_spec *spec = read_spec(axes[a]);
            check_partition(spec, counts[c]);
            brink_spec_free(&spec);
        }
}
END_TEST

START_TEST(no_more_shards_than_rows_of_tiles)
{
    struct brink_spec *spec = read_spec("{lr: {min: 0.1, max: 3, num: 20}, dor: {values: [1, 2]}}\n"
                                        "tile: [4, 1]");
    struct brink_sharding sharding;
    ck_assert_ok(brink_sharding_init(spec, 5, &sharding));
    ck_assert_fails(brink_sharding_init(spec, 6, &sharding), BRINK_ERR_USAGE, "1 to 5");
    ck_assert_fails(brink_sharding_init(spec, 0, &sharding), BRINK_ERR_USAGE, "along lr");
    brink_spec_free(&spec);
}
END_TEST

START_TEST(files_lie_beside_the_result)
{
    static const char *const names[][2] = {
        {"dor.h5", "dor.shard-0003-of-0016.h5"},
        {"a.b/dor", "a.b/dor.shard-0003-of-0016"},
        {"/x/y.z.h5", "/x/y.z.shard-0003-of-0016.h5"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct brink_text path = {0};
        brink_shard_path(names[i][0], 16, 2, &path);
        ck_assert_str_eq(brink_text_get(&path), names[i][1]);
        brink_text_free(&path);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        shards_are_a_partition,
        no_more_shards_than_rows_of_tiles,
        files_lie_beside_the_result,
    };
    return unit_run("shard", tests, sizeof tests / sizeof tests[0]);
}
