// SPDX-License-Identifier: MIT
// The fast engine gives the bits of the reference: every field of every cell, on every ISA.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bag.h"
#include "brink/base/memory.h"

// Cell i of a mixed bag: around the marginal rate and far beyond, starts near and far, on the
// diagonals and the axes.
static struct brink_point mixed_point(const struct brink_curve *curve, int i)
{
    double x = 6 * uniform("x", i, 0) - 3, y = 6 * uniform("y", i, 0) - 3;
    switch (i % 16) {
    case 0:
        y = x;
        break;
    case 1:
        y = -x;
        break;
    case 2:
        y = i % 32 < 16 ? 0 : 1 / x;
        break;
    case 3:
        x *= 10;
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        x = 1 + 0.3 * uniform("x", i, 1);
        y = 1 + 0.3 * uniform("y", i, 1);
        break;
    default:
        break;
    }
    double unit = 2 / (curve->curvature_minimum * (x * x + y * y + 1e-3));
    double h = unit * 4 * uniform("h", i, 0);
    if (i % 5 == 0)
        h = unit * 0.01 * uniform("h", i, 0);
    if (i % 5 == 1)
        h = 1 / curve->curvature_minimum * (0.9 + 1.2 * uniform("h", i, 0));
    return (struct brink_point){curve, h, x, y};
}

static void check_mixed(const char *parameter, const double values[], int value_count, int row,
                        struct brink_rules rules)
{
    struct brink_curve *curves;
    row = unit_scaled(row);
    struct bag bag = new_bag(value_count * row, rules);
    ck_assert_ok(brink_alloc(&curves, (size_t)value_count, sizeof *curves));
    for (int i = 0; i < value_count; i++)
        prepare(&curves[i], parameter, values[i]);
    for (int i = 0; i < bag.count; i++)
        bag.points[i] = mixed_point(&curves[i / row], i);
    check_bag(&bag);
    free_bag(&bag);
    brink_free(&curves);
}

START_TEST(a_1_has_the_bits_of_the_reference)
{
    check_mixed("a", (double[]){1}, 1, 16000, (struct brink_rules){500, 128, 1e-10, 1e8});
}
END_TEST

START_TEST(a_below_1_has_the_bits_of_the_reference)
{
    check_mixed("a", (double[]){0.25, 0.5, 0.75, 0.9, 0.01}, 5, 3500,
                (struct brink_rules){300, 64, 1e-10, 1e8});
}
END_TEST

START_TEST(b_has_the_bits_of_the_reference)
{
    check_mixed("b", (double[]){1, 3, 5, 7, 9, 11, 13, 15, 33, 999, 1001}, 11, 2500,
                (struct brink_rules){1000, 256, 1e-10, 1e8});
}
END_TEST

START_TEST(every_way_to_end_is_met)
{
    bool met[BRINK_STATUS_COUNT] = {false}, at_step[BRINK_BLOCK + 2] = {false};
    struct brink_curve curve;
    for (int family = 0; family < 2; family++) {
        struct bag bag = new_bag(6000, (struct brink_rules){2000, 256, 1e-10, 1e8});
        prepare(&curve, family ? "b" : "a", family ? 3 : 1);
        for (int i = 0; i < bag.count; i++)
            bag.points[i] = mixed_point(&curve, i);
        bag.points[7].h = (double)NAN;
        bag.points[8].x = 2, bag.points[8].y = -0.3, bag.points[8].h = 0.005;
        bag.points[9].x = 10, bag.points[9].y = 0.1; // 10 * 0.1 == 1
        bag.points[10].x = (double)NAN;
        bag.points[11].y = (double)INFINITY;
        bag.points[12].x = 1e300;
        bag.points[13].h = 0;
        bag.points[14].h = 1e7;
        bag.points[15].h = (double)INFINITY;
        bag.points[16].x = 1, bag.points[16].y = -1, bag.points[16].h = 0.5;
        check_bag(&bag);
        for (int i = 0; i < bag.count; i++) {
            met[bag.expected[i].status] = true;
            if (bag.expected[i].steps <= BRINK_BLOCK + 1)
                at_step[bag.expected[i].steps] = true;
        }
        free_bag(&bag);
    }
    for (int status = BRINK_STATUS_CONVERGED; status < BRINK_STATUS_COUNT; status++)
        ck_assert_msg(met[status], "no cell is %s", brink_status_name((enum brink_status)status));
    ck_assert(at_step[0] && at_step[1]);
    ck_assert(at_step[BRINK_BLOCK - 1] && at_step[BRINK_BLOCK] && at_step[BRINK_BLOCK + 1]);
}
END_TEST

START_TEST(max_steps_falls_anywhere_in_a_block)
{
    static const int32_t limits[] = {0, 1, 7, 8, 31, 32, 33, 63, 64, 65, 100};
    struct brink_curve curve;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        for (int family = 0; family < 2; family++) {
            struct bag bag = new_bag(200, (struct brink_rules){limits[i], 40, 1e-10, 1e8});
            prepare(&curve, family ? "b" : "a", family ? 1 : 0.5);
            for (int k = 0; k < bag.count; k++)
                bag.points[k] = mixed_point(&curve, k);
            check_bag(&bag);
            free_bag(&bag);
        }
}
END_TEST

// Far out, where mean and root of the Hessian cancel, its largest eigenvalue has rounding errors
// beyond itself: those of the reference.
START_TEST(far_starts_have_the_bits_of_the_reference)
{
    static const double values[] = {1, 3, 5, 9, 33};
    for (int k = 0; k < 5; k++) {
        struct brink_curve curve;
        struct bag bag = new_bag(unit_scaled(6000), (struct brink_rules){300, 64, 1e-10, 1e8});
        prepare(&curve, "b", values[k]);
        for (int i = 0; i < bag.count; i++) {
            double x = 1e4 * pow(5e3, uniform("x", i, 0));
            double y = 1e-9 * pow(3e7, uniform("y", i, 0)) / x;
            double h = brink_flow_rate(&curve, x, y) * 1e-2 * pow(1e4, uniform("h", i, 0));
            bag.points[i] = (struct brink_point){&curve, h, x, y};
        }
        check_bag(&bag);
        free_bag(&bag);
    }
}
END_TEST

START_TEST(one_cell_is_enough)
{
    struct brink_curve curve;
    struct bag bag = new_bag(1, (struct brink_rules){20000, 1024, 1e-10, 1e8});
    prepare(&curve, "a", 1);
    bag.points[0] = (struct brink_point){&curve, 0.06, 10, 1};
    check_bag(&bag);
    ck_assert_int_eq(bag.expected[0].status, BRINK_STATUS_CONVERGED);
    free_bag(&bag);
    bag = new_bag(0, (struct brink_rules){20000, 1024, 1e-10, 1e8});
    check_bag(&bag);
    free_bag(&bag);
}
END_TEST

START_TEST(a_tile_may_end_anywhere)
{
    // As many cells as a vector or a kernel has lanes, and one more or less. The second half ends
    // before its first step, in its first block, or long after the first half.
    static const int counts[] = {1, 3, 4, 5, 7, 8, 9, 31, 32, 33, 63, 64, 65};
    static const struct brink_point ends[2][3] = {
        {{NULL, 0.01, 1, 1}, {NULL, 20, 5e7, 3}, {NULL, 1e-4, 1.3, 0.8}},
        {{NULL, 0.01, 1, 1}, {NULL, 0.5, 1.3, 1.2}, {NULL, 1e-4, 1.3, 0.8}}};
    static const int32_t least[] = {0, 1, 1500}, most[] = {0, BRINK_BLOCK, 1500};
    struct brink_curve curve;
    for (int family = 0; family < 2; family++) {
        prepare(&curve, family ? "b" : "a", family ? 3 : 1);
        for (int i = 0; i < 3 * (int)(sizeof counts / sizeof counts[0]); i++) {
            struct bag bag = new_bag(counts[i / 3], (struct brink_rules){1500, 64, 1e-10, 1e8});
            for (int k = 0; k < bag.count; k++) {
                double h = (0.2 + 0.6 * k / bag.count) / curve.curvature_minimum;
                bag.points[k] = (struct brink_point){&curve, h, 1.2, 0.9};
                if (2 * k >= bag.count) {
                    bag.points[k] = ends[family][i % 3];
                    bag.points[k].curve = &curve;
                }
            }
            check_bag(&bag);
            for (int k = (bag.count + 1) / 2; k < bag.count; k++) {
                ck_assert_int_ge(bag.expected[k].steps, least[i % 3]);
                ck_assert_int_le(bag.expected[k].steps, most[i % 3]);
            }
            ck_assert(bag.count < 3 || bag.expected[0].steps < 1500);
            free_bag(&bag);
        }
    }
}
END_TEST

START_TEST(a_million_steps_are_exact)
{
    struct brink_curve curves[3];
    int32_t steps = unit_scaled(1000000);
    struct bag bag = new_bag(12, (struct brink_rules){steps, 1024, 1e-10, 1e8});
    prepare(&curves[0], "a", 1);
    prepare(&curves[1], "a", 0.5);
    prepare(&curves[2], "b", 1);
    for (int i = 0; i < 4; i++) { // the edge of stability, slowly; and chaos
        bag.points[i] = (struct brink_point){&curves[0], 0.0045 + 0.0001 * i, 30, 0.1};
        bag.points[4 + i] = (struct brink_point){&curves[1], 7.7 + 0.1 * i, 1.2, 0.9};
        bag.points[8 + i] = (struct brink_point){&curves[2], 0.9 + 0.01 * i, 1.2, 0.9};
    }
    check_bag(&bag);
    bool met = false;
    for (int i = 0; i < bag.count; i++)
        met |= bag.expected[i].steps == steps;
    ck_assert(met);
    free_bag(&bag);
}
END_TEST

START_TEST(a_source_may_stutter_and_mix)
{
    // Every cell of another curve than the last, and "none now" in between.
    struct brink_curve *curves;
    static const double values[] = {1, 0.5, 0.25, 1, 3, 5, 7, 15, 17, 2001};
    struct bag bag = new_bag(1200, (struct brink_rules){400, 64, 1e-10, 1e8});
    ck_assert_ok(brink_alloc(&curves, 10, sizeof *curves));
    for (int i = 0; i < 10; i++)
        prepare(&curves[i], i < 3 ? "a" : "b", values[i]);
    for (int i = 0; i < bag.count; i++)
        bag.points[i] = mixed_point(&curves[i % 10], i);
    for (bag.stutter = 2; bag.stutter <= 3; bag.stutter++)
        check_bag(&bag);
    brink_free(&curves);
    free_bag(&bag);
}
END_TEST

START_TEST(lanes_are_kept_full)
{
    // Rows of a, each cell of another length: refill and the change of rows cost next to nothing.
    enum { ROWS = 6, COLUMNS = 1500 };
    struct brink_curve *curves;
    struct bag bag = new_bag(ROWS * COLUMNS, (struct brink_rules){3000, 64, 1e-10, 1e8});
    ck_assert_ok(brink_alloc(&curves, ROWS, sizeof *curves));
    for (int i = 0; i < bag.count; i++) {
        struct brink_curve *curve = &curves[i / COLUMNS];
        if (i % COLUMNS == 0)
            prepare(curve, "a", 0.3 + 0.1 * (i / COLUMNS));
        double h = brink_flow_rate(curve, 4, 1) * (0.2 + 2.0 * (i % COLUMNS) / COLUMNS);
        bag.points[i] = (struct brink_point){curve, h, 4, 1};
    }
    for (int i = 0; brink_lanes_isas[i]; i++) {
        struct brink_cell_source source = {take, give, &bag};
        if (!brink_lanes_able(brink_lanes_isas[i]))
            continue;
        ck_assert_ok(brink_lanes_select(brink_lanes_isas[i]));
        memset(bag.found, 0, (size_t)bag.count * sizeof *bag.found);
        bag.taken = bag.given = 0;
        bag.use = (struct brink_lanes_use){0};
        ck_assert(brink_lanes_run(&bag.rules, false, &source, NULL, &bag.use));
        double utilisation = (double)bag.use.used / (double)bag.use.run;
        ck_assert_msg(utilisation > 0.95, "%s: %.4f", brink_lanes_isas[i], utilisation);
    }
    brink_free(&curves);
    free_bag(&bag);
}
END_TEST

static void give_up(void *context)
{
    struct brink_pulse *pulse = context;
    atomic_store(&pulse->abandon, true);
}

START_TEST(an_abandoned_pulse_ends_the_run)
{
    struct brink_curve curve;
    struct bag bag = new_bag(100, (struct brink_rules){1000000000, 64, 1e-10, 1e8});
    struct brink_pulse pulse = {.beat = give_up, .context = &pulse};
    struct brink_cell_source source = {take, give, &bag};
    prepare(&curve, "b", 1);
    for (int i = 0; i < bag.count; i++)
        bag.points[i] = (struct brink_point){&curve, 0.95, 1.1, 0.9 + 0.001 * i};
    ck_assert(!brink_lanes_run(&bag.rules, false, &source, &pulse, NULL));
    free_bag(&bag);
}
END_TEST

struct patience {
    struct brink_pulse pulse;
    int beats, limit;
};

static void lose_patience(void *context)
{
    struct patience *patience = context;
    if (++patience->beats == patience->limit)
        atomic_store(&patience->pulse.abandon, true);
}

// Whenever it is: what was given back until then is right. Cycles, long ones too, and chaos.
// Abandoned at each of its beats in turn. Returns how many there are.
static int check_abandoned(int count, int32_t max_steps, int32_t tail)
{
    struct brink_curve curve;
    struct bag bag = new_bag(count, (struct brink_rules){max_steps, tail, 1e-10, 1e8});
    struct brink_cell_source source = {take, give, &bag};
    int given_in_part = 0, beats = 0;
    bool complete = false;
    prepare(&curve, "b", 1);
    for (int i = 0; i < bag.count; i++)
        bag.points[i] = (struct brink_point){&curve, 0.75 + 0.2 * i / bag.count, 0.9, 0.9};
    for (int i = 0; i < bag.count; i++)
        ck_assert(brink_trajectory_run(&bag.points[i], &bag.rules, NULL, &bag.expected[i]));
    ck_assert_ok(brink_lanes_select(NULL));
    for (int limit = 1; !complete; limit++) {
        struct patience patience = {.pulse = {.beat = lose_patience}, .limit = limit};
        patience.pulse.context = &patience;
        memset(bag.found, 0, (size_t)bag.count * sizeof *bag.found);
        bag.taken = bag.given = 0;
        complete = brink_lanes_run(&bag.rules, false, &source, &patience.pulse, NULL);
        ck_assert(complete == (patience.beats < limit));
        for (int i = 0; i < bag.count; i++)
            if (bag.found[i].status != BRINK_STATUS_PENDING)
                assert_same_cell(&bag.found[i], &bag.expected[i], &bag.points[i], false, "best");
        given_in_part += !complete && bag.given > 0;
        beats = patience.beats;
    }
    ck_assert_int_eq(bag.given, bag.count);
    ck_assert_int_gt(given_in_part, count / 70);
    free_bag(&bag);
    return beats;
}

// In long tails, too.
START_TEST(an_abandoned_run_gives_no_wrong_cell)
{
    check_abandoned(700, 2500, 64);
    int beats = check_abandoned(64, 80000, 64);
    ck_assert_int_gt(check_abandoned(64, 80000, 80000), beats + 64);
}
END_TEST

START_TEST(the_instruction_set_can_be_forced)
{
    ck_assert_ok(brink_lanes_select("portable"));
    ck_assert_str_eq(brink_lanes_isa(), "portable");
    ck_assert_fails(brink_lanes_select("mmx"), BRINK_ERR_USAGE, "unknown instruction set 'mmx'");
    ck_assert_str_eq(brink_lanes_isa(), "portable");
    unsetenv("BRINK_ISA");
    ck_assert_ok(brink_lanes_select(NULL)); // the best there is
    for (int i = 0; brink_lanes_isas[i]; i++)
        if (brink_lanes_able(brink_lanes_isas[i])) {
            ck_assert_str_eq(brink_lanes_isa(), brink_lanes_isas[i]);
            break;
        }
    setenv("BRINK_ISA", "portable", 1);
    ck_assert_ok(brink_lanes_select(NULL));
    ck_assert_str_eq(brink_lanes_isa(), "portable");
    setenv("BRINK_ISA", "sse9", 1);
    ck_assert_fails(brink_lanes_select(NULL), BRINK_ERR_USAGE, "sse9");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_1_has_the_bits_of_the_reference,
        a_below_1_has_the_bits_of_the_reference,
        b_has_the_bits_of_the_reference,
        every_way_to_end_is_met,
        max_steps_falls_anywhere_in_a_block,
        an_abandoned_run_gives_no_wrong_cell,
        far_starts_have_the_bits_of_the_reference,
        one_cell_is_enough,
        a_tile_may_end_anywhere,
        a_million_steps_are_exact,
        a_source_may_stutter_and_mix,
        lanes_are_kept_full,
        an_abandoned_pulse_ends_the_run,
        the_instruction_set_can_be_forced,
    };
    return unit_run("lanes", tests, sizeof tests / sizeof tests[0]);
}
