// SPDX-License-Identifier: MIT
// Tiles in flight: each cell is handed out once, in order; what is withdrawn was never begun.
#include "brink/sweep/stream.h"

#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "spec_text.h"

static const char rows[] = "model: regularity\n"
                           "axes:\n"
                           "  lr: {min: 0.1, max: 1, num: 18000}\n"
                           "fixed: {dor: 1, x0: 4, y0: 0.5}\n"
                           "tile: [2047]\n";
// Large tiles, of which few have room: the last one is short.
enum { CELLS = 18000, TILES = 9, PUSHES_MAX = 10000 };

// A stream, and what must be in it.
struct rig {
    struct brink_spec *spec;
    struct brink_plan plan;
    struct brink_columns columns;
    struct brink_stream *stream;
    int order[PUSHES_MAX]; // tiles as they were put in, but for those withdrawn
    int pushed, next;      // so many; the first of them that has cells to hand out
    enum { OUTSIDE, INSIDE } place[TILES];
    int handed[TILES], given[TILES]; // cells
    void *records[CELLS];            // of the cells handed out and not given back, any order
    int owner[CELLS];                // ... their tiles
    int records_count;
    int inside, room; // tiles in the stream, and how many it takes
    int done;         // tiles taken out complete; they may come again
};

static int cells_of(const struct rig *rig, int number)
{
    return (int)brink_grid_tile(&rig->spec->grid, number).cells;
}

static void push(struct rig *rig, int number)
{
    struct brink_tile tile = brink_grid_tile(&rig->spec->grid, number);
    if (rig->place[number] != OUTSIDE)
        return;
    bool pushed = brink_stream_push(rig->stream, &tile, 100 + number);
    ck_assert_int_eq(pushed, rig->inside < rig->room);
    if (!pushed)
        return;
    rig->inside++;
    rig->place[number] = INSIDE;
    rig->handed[number] = rig->given[number] = 0;
    ck_assert_int_lt(rig->pushed, PUSHES_MAX);
    rig->order[rig->pushed++] = number;
}

static void take(struct rig *rig, int count_max)
{
    struct brink_errand errand;
    enum brink_supply supply = brink_stream_take(rig->stream, count_max, &errand);
    if (rig->next == rig->pushed) {
        ck_assert_int_eq(supply, BRINK_SUPPLY_DRY);
        return;
    }
    int number = rig->order[rig->next], left = cells_of(rig, number) - rig->handed[number];
    ck_assert_int_eq(supply, BRINK_SUPPLY_CELLS);
    ck_assert_int_eq(errand.tile->number, number);
    ck_assert_int_eq(errand.first, rig->handed[number]);
    ck_assert_int_eq(errand.count, left < count_max ? left : count_max);
    for (int i = 0; i < errand.count; i++) {
        rig->owner[rig->records_count] = number;
        rig->records[rig->records_count++] =
            (char *)errand.records + (size_t)i * brink_record_bytes(rig->spec);
    }
    rig->handed[number] += (int)errand.count;
    rig->next += rig->handed[number] == cells_of(rig, number);
}

static void give(struct rig *rig, int which)
{
    which %= rig->records_count;
    brink_stream_give(rig->stream, rig->records[which]);
    rig->given[rig->owner[which]]++;
    rig->records_count--;
    rig->records[which] = rig->records[rig->records_count];
    rig->owner[which] = rig->owner[rig->records_count];
}

static void pop(struct rig *rig)
{
    struct brink_tile tile;
    int64_t tag;
    if (brink_stream_pop(rig->stream, &rig->columns, &tile, &tag)) {
        ck_assert_int_eq(tag, 100 + tile.number);
        ck_assert_int_eq(rig->place[tile.number], INSIDE);
        ck_assert_int_eq(rig->given[tile.number], cells_of(rig, (int)tile.number));
        rig->place[tile.number] = OUTSIDE;
        rig->inside--;
        rig->done++;
    } else {
        for (int i = 0; i < TILES; i++)
            ck_assert(rig->place[i] != INSIDE || rig->given[i] < cells_of(rig, i));
    }
}

static void withdraw(struct rig *rig)
{
    int begun = rig->next < rig->pushed && rig->handed[rig->order[rig->next]] > 0;
    for (int i = rig->next + begun; i < rig->pushed; i++)
        rig->place[rig->order[i]] = OUTSIDE;
    ck_assert_int_eq(brink_stream_withdraw(rig->stream), rig->pushed - rig->next - begun);
    rig->inside -= rig->pushed - rig->next - begun;
    rig->pushed = rig->next + begun;
    ck_assert_int_eq(brink_stream_withdraw(rig->stream), 0);
}

// Tiles never begun are withdrawn one and all.
static void find_room(struct rig *rig)
{
    for (struct brink_tile tile = brink_grid_tile(&rig->spec->grid, 0);
         rig->room < TILES && brink_stream_push(rig->stream, &tile, 0);)
        rig->room++;
    ck_assert_int_gt(rig->room, 1);
    ck_assert_int_lt(rig->room, TILES);
    ck_assert_int_eq(brink_stream_withdraw(rig->stream), rig->room);
}

static void check_count(struct rig *rig)
{
    int64_t waiting, under_way, still = 0;
    for (int i = rig->next; i < rig->pushed; i++)
        still += cells_of(rig, rig->order[i]) - rig->handed[rig->order[i]];
    brink_stream_count(rig->stream, &waiting, &under_way);
    ck_assert_int_eq(waiting, still);
    ck_assert_int_eq(under_way, rig->records_count);
}

// Whatever is put in, handed out, given back, taken out and withdrawn, in any order.
START_TEST(each_cell_is_handed_out_once_and_withdrawn_tiles_were_not_begun)
{
    static struct rig rig; // large
    int done = 0;
    for (uint32_t draw = 0; draw < 40; draw++) {
        struct brink_random_key key = {.purpose = BRINK_PURPOSE_TEST, .item = draw};
        rig = (struct rig){.spec = parse(rows)};
        ck_assert_int_eq(rig.spec->grid.tile_count, TILES);
        ck_assert_ok(brink_plan_open(&rig.plan, rig.spec));
        ck_assert_ok(brink_columns_open(&rig.columns, rig.spec));
        ck_assert_ok(brink_stream_open(&rig.plan, 1, &rig.stream));
        find_room(&rig);
        for (uint32_t turn = 0; turn < 400; turn++) {
            uint64_t bits = brink_random_bits(&key, turn);
            int which = (int)(bits >> 32 & 0xffff), kind = (int)(bits % 16);
            if (kind < 5)
                push(&rig, which % TILES);
            else if (kind < 9)
                take(&rig, 1 + which % 3000);
            else if (kind < 14)
                for (int i = which % 3000; i >= 0 && rig.records_count > 0; i--)
                    give(&rig, which + i);
            else if (kind < 15)
                pop(&rig);
            else
                withdraw(&rig);
            check_count(&rig);
        }
        withdraw(&rig);
        take(&rig, CELLS); // of the one begun
        while (rig.records_count > 0)
            give(&rig, 0);
        for (int i = 0; i < TILES; i++)
            pop(&rig);
        ck_assert_int_eq(rig.inside, 0);
        done += rig.done;
        brink_stream_close(&rig.stream);
        brink_columns_close(&rig.columns);
        brink_plan_close(&rig.plan);
        brink_spec_free(&rig.spec);
    }
    ck_assert_int_gt(done, 20 * TILES); // tiles did get through
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        each_cell_is_handed_out_once_and_withdrawn_tiles_were_not_begun,
    };
    return unit_run("stream", tests, sizeof tests / sizeof tests[0]);
}
