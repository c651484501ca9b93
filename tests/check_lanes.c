// SPDX-License-Identifier: MIT
// The fast engine gives the bits of the reference: every field of every cell, on every ISA.
#include "brink/dynamics/lanes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "brink/base/memory.h"
#include "brink/base/random.h"
#include "unit.h"

enum { BASIC_AND_FULL = 2 };

// Cells for an engine, the reference's results, and the engine's.
struct bag {
    struct brink_rules rules;
    int count, taken, given;
    int stutter; // "none now" before every stutter-th cell; 0: never
    struct brink_point *points;
    struct brink_cell *expected, *found;
    struct brink_lanes_use use;
};

static int take(void *context, struct brink_point *point, void **ticket)
{
    struct bag *bag = context;
    static int asked;
    if (bag->taken == bag->count)
        return -1;
    if (bag->stutter && asked++ % bag->stutter == 0)
        return 0;
    *point = bag->points[bag->taken];
    *ticket = &bag->found[bag->taken++];
    return 1;
}

static void give(void *context, void *ticket, const struct brink_cell *cell)
{
    struct brink_cell *place = ticket;
    ck_assert_int_eq(place->status, BRINK_STATUS_PENDING); // once
    *place = *cell;
    ((struct bag *)context)->given++;
}

static struct bag new_bag(int count, struct brink_rules rules)
{
    struct bag bag = {.rules = rules, .count = count};
    bag.points = calloc((size_t)count, sizeof *bag.points);
    bag.expected = calloc((size_t)count, sizeof *bag.expected);
    bag.found = calloc((size_t)count, sizeof *bag.found);
    ck_assert(bag.points && bag.expected && bag.found);
    return bag;
}

static void free_bag(struct bag *bag)
{
    free(bag->points);
    free(bag->expected);
    free(bag->found);
}

static void assert_same_cell(const struct brink_cell *found, const struct brink_cell *expected,
                             const struct brink_point *point, bool full, const char *isa)
{
    char where[200];
    snprintf(where, sizeof where, "%s %s %s = %.17g, h = %.17g, x = %.17g, y = %.17g", isa,
             full ? "full" : "basic", point->curve->objective->parameter, point->curve->parameter,
             point->h, point->x, point->y);
    ck_assert_msg(found->status == expected->status, "%s: %s at %d, not %s at %d", where,
                  brink_status_name((enum brink_status)found->status), found->steps,
                  brink_status_name((enum brink_status)expected->status), expected->steps);
#define SAME_FIELD(type, name, basic, meaning)                                                     \
    if (basic || full || strcmp(#name, "lyapunov") == 0)                                           \
        ck_assert_msg(memcmp(&found->name, &expected->name, sizeof found->name) == 0,              \
                      "%s, %s at %d: %s is %.17g, not %.17g", where,                               \
                      brink_status_name((enum brink_status)expected->status), expected->steps,     \
                      #name, (double)found->name, (double)expected->name);
    BRINK_CELL_FIELDS(SAME_FIELD)
#undef SAME_FIELD
}

static void run_bag(struct bag *bag, const char *isa, bool full)
{
    struct brink_cell_source source = {take, give, bag};
    ck_assert_ok(brink_lanes_select(isa));
    memset(bag->found, 0, (size_t)bag->count * sizeof *bag->found);
    memset(&bag->use, 0, sizeof bag->use);
    bag->taken = bag->given = 0;
    ck_assert(brink_lanes_run(&bag->rules, full, &source, NULL, &bag->use));
    ck_assert_int_eq(bag->given, bag->count);
    for (int i = 0; i < bag->count; i++)
        assert_same_cell(&bag->found[i], &bag->expected[i], &bag->points[i], full, isa);
}

// Every cell of the bag by the reference, and then by every engine of this CPU.
static void check_bag(struct bag *bag)
{
    for (int i = 0; i < bag->count; i++)
        ck_assert(brink_trajectory_run(&bag->points[i], &bag->rules, NULL, &bag->expected[i]));
    for (int i = 0; brink_lanes_isas[i]; i++)
        if (brink_lanes_able(brink_lanes_isas[i]))
            for (int full = 0; full < BASIC_AND_FULL; full++)
                run_bag(bag, brink_lanes_isas[i], full);
}

static void prepare(struct brink_curve *curve, const char *parameter, double value)
{
    brink_objective_find(parameter)->prepare(curve, value);
}

static double uniform(const char *what, int i, uint32_t draw)
{
    const struct brink_random_key key = {(uint64_t)(unsigned char)what[0], (uint64_t)i,
                                         BRINK_PURPOSE_TEST};
    return brink_random_uniform(&key, draw);
}

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

START_TEST(cycles_have_the_bits_of_the_reference)
{
    // On x = y, b = 1 is a cubic map with windows of many periods.
    enum { PERIODS = 65, CYCLES = 16000 };
    bool met[PERIODS] = {false};
    int distinct = 0;
    struct brink_curve curve;
    struct bag bag = new_bag(unit_scaled(CYCLES), (struct brink_rules){3000, 64, 1e-10, 1e8});
    prepare(&curve, "b", 1);
    for (int i = 0; i < bag.count; i++)
        bag.points[i] = (struct brink_point){&curve, 0.5 + 0.5 * i / bag.count, 0.9, 0.9};
    check_bag(&bag);
    for (int i = 0; i < bag.count; i++) {
        int32_t period = bag.expected[i].period;
        if (period < PERIODS && !met[period])
            distinct += met[period] = true;
    }
    if (bag.count >= CYCLES) {                          // a small sample meets few
        for (int period = 2; period <= 32; period *= 2) // share factors with the block
            ck_assert_msg(met[period], "no cycle of %d", period);
        for (int period = 3; period <= 11; period += 2)
            ck_assert_msg(met[period], "no cycle of %d", period);
        ck_assert_msg(distinct >= 20, "only %d periods", distinct);
    }
    free_bag(&bag);
}
END_TEST

// Of each kernel, where its minimum has lost its stability; and without a gradient that is enough.
START_TEST(cycles_of_all_kernels_have_the_bits_of_the_reference)
{
    static const struct {
        const char *parameter;
        double value, second_derivative, grad_tol; // of F at its minimum
    } cases[] = {{"a", 1, 0.5, 1e-10}, {"a", 0.5, 0.25 / 1.1774100225154747, 1e-10},
                 {"b", 3, 18, 1e-10},  {"b", 7, 98, 1e-10},
                 {"b", 1, 2, 0},       {"a", 1, 0.5, 0}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct brink_curve curve;
        struct bag bag =
            new_bag(unit_scaled(1500), (struct brink_rules){3000, 64, cases[k].grad_tol, 1e8});
        int periodic = 0;
        prepare(&curve, cases[k].parameter, cases[k].value);
        for (int i = 0; i < bag.count; i++) {
            double beyond = 0.9 + 1.1 * i / bag.count; // of the marginal rate
            bag.points[i] = (struct brink_point){&curve, beyond / cases[k].second_derivative, 1.01,
                                                 i % 2 ? 1.01 : 0.99};
        }
        check_bag(&bag);
        for (int i = 0; i < bag.count; i++)
            periodic += bag.expected[i].status == BRINK_STATUS_PERIODIC;
        ck_assert_msg(periodic > 0, "%s = %g: no cycle", cases[k].parameter, cases[k].value);
        free_bag(&bag);
    }
}
END_TEST

// Through the critical point of the cubic map z -> (1 + 2h) z - z^3, z = sqrt(2h) x, that b = 1 is
// on x = y: cycles so stable that they are exact. Odd ones beyond 32 were not found.
START_TEST(cycles_of_every_length_are_found)
{
    static const struct {
        int32_t period;
        double h;
    } cycles[] = {{2, 0.56066017177982164},  {3, 0.72657779182287696},  {4, 0.63149482726817363},
                  {5, 0.69719659650778376},  {6, 0.66701209124271821},  {7, 0.68652921847307113},
                  {8, 0.64692165674917856},  {9, 0.68259506995774832},  {10, 0.66095315318767223},
                  {11, 0.68118847390211346}, {12, 0.65453384736770481}, {13, 0.68069963903059227},
                  {14, 0.65870592406903195}, {15, 0.68053251259762582}, {16, 0.65023735108014624},
                  {17, 0.68047581852900996}, {18, 0.65786914063749324}, {19, 0.68045665111191167},
                  {20, 0.6532397943467011},  {21, 0.68045017984522238}, {22, 0.65756782187963714},
                  {23, 0.68044799622266761}, {24, 0.65186783809530913}, {25, 0.68045158759550717},
                  {26, 0.65746243079123501}, {27, 0.6804484711838944},  {28, 0.65275964113257656},
                  {29, 0.68045191484246215}, {30, 0.65742617718655805}, {31, 0.68044907666580889},
                  {32, 0.65094801466803054}, {34, 0.65741380488458945}, {36, 0.65258083848479365},
                  {38, 0.65740959708940383}, {40, 0.6515909332254417},  {42, 0.65740816804941082},
                  {44, 0.65251646361899074}, {46, 0.65740768299534891}, {48, 0.65129722447058447},
                  {50, 0.65740751839105782}, {52, 0.65249395334891747}, {54, 0.65740746253684068},
                  {56, 0.65148815727929565}, {58, 0.65740826571489885}, {60, 0.65248621230536785},
                  {62, 0.65740771613083537}, {64, 0.6511002419707338}};
    enum { CYCLES = sizeof cycles / sizeof cycles[0] };
    struct brink_curve curve;
    struct bag bag = new_bag(CYCLES, (struct brink_rules){3000, 64, 1e-10, 1e8});
    prepare(&curve, "b", 1);
    for (int i = 0; i < CYCLES; i++) {
        double h = cycles[i].h, x = sqrt((1 + 2 * h) / 3) / sqrt(2 * h);
        bag.points[i] = (struct brink_point){&curve, h, x, x};
    }
    check_bag(&bag);
    for (int i = 0; i < CYCLES; i++)
        ck_assert_int_eq(bag.expected[i].period, cycles[i].period);
    free_bag(&bag);
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
        cycles_have_the_bits_of_the_reference,
        cycles_of_all_kernels_have_the_bits_of_the_reference,
        an_abandoned_run_gives_no_wrong_cell,
        cycles_of_every_length_are_found,
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
