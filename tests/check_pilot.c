// SPDX-License-Identifier: MIT
// The pilot: what it says of a sweep against the sweep. Steps only; times are the benchmark's.
#include "brink/sweep/pilot.h"

#include <math.h>
#include <string.h>

#include "brink/dynamics/lanes.h"
#include "spec_text.h"

// Cells that end after 1 to 3000 steps, many kernels; axes in both orders.
#define MIXED(first, second)                                                                       \
    "model: regularity\n"                                                                          \
    "axes:\n"                                                                                      \
    "  " first "\n"                                                                                \
    "  " second "\n"                                                                               \
    "fixed: {x0: 4, y0: 0.5}\n"                                                                    \
    "lr_unit: flow\n"                                                                              \
    "stop: {max_steps: 3000, tail: 64}\n"
#define CURVES "dor: {values: [0.3, 1, 2, 6]}"
#define RATES  "lr: {min: 1e-3, max: 20, num: 20000, scale: log}"
static const char *const mixed[] = {MIXED(CURVES, RATES), MIXED(RATES, CURVES)};
// Chaos: each cell runs to its last step.
static const char chaos[] = "model: regularity\n"
                            "axes:\n"
                            "  lr: {min: 15, max: 40, num: 100000, scale: log}\n"
                            "fixed: {dor: 0.5, x0: 4, y0: 0.5}\n"
                            "lr_unit: flow\n"
                            "stop: {max_steps: 1e9}\n";
static const char training[] =
    "model: network\n"
    "axes:\n"
    "  seed: {min: 0, max: 99, num: 100}\n"
    "fixed: {lr: 0.001, width: 64, n: 500}\n"
    "data: {source: gaussian, inputs: 64, outputs: 4}\n"
    "train: {max_steps: 1000000, loss_goal: 0, sharpness_every: 100, curves_every: 50}\n";

// All cells converge before they would be cut, and with a limit that cuts none.
#define ENDING                                                                                     \
    "model: regularity\n"                                                                          \
    "axes:\n"                                                                                      \
    "  lr: {min: 0.1, max: 0.5, num: 100000}\n"                                                    \
    "fixed: {dor: 1, x0: 2, y0: 0.5}\n"                                                            \
    "lr_unit: flow\n"
static const char ending[] = ENDING "stop: {max_steps: 2000000000}\n";
static const char brief[] = ENDING "stop: {max_steps: 4096}\n";
static const char idle[] = ENDING "stop: {max_steps: 0}\n";
static const char verdicts[] = "model: regularity\n"
                               "axes:\n"
                               "  lr: {min: 0.1, max: 1, num: 4}\n"
                               "fixed: {dor: 1, x0: 4, y0: 0.5}\n"
                               "record: [status]\n";

// A pilot of so many seconds, more where tests are slow.
static struct brink_pilot pilot_of(const char *text, double seconds, uint64_t seed)
{
    const char *slowness = getenv("CK_TIMEOUT_MULTIPLIER");
    struct brink_spec *spec = parse(text);
    struct brink_pilot pilot;
    ck_assert_ok(brink_lanes_select(NULL));
    seconds *= slowness ? strtod(slowness, NULL) : 1;
    ck_assert_ok(brink_pilot_run(spec, seconds, seed, &pilot));
    ck_assert_int_le(pilot.cells, spec->grid.cell_count);
    ck_assert_int_eq(pilot.steps_max, spec->model->steps_max(spec));
    brink_spec_free(&spec);
    return pilot;
}

// With time for it, all is computed, and nothing is left to chance.
START_TEST(a_whole_grid_is_certain)
{
    struct brink_pilot pilot = pilot_of(small, 1000, 0), other = pilot_of(small, 1000, 7);
    struct brink_spec *spec = parse(small);
    double steps = 0;
    void *state = NULL;
    ck_assert_ok(spec->model->open(spec, &spec->grid, &state));
    for (int64_t i = 0; i < spec->grid.cell_count; i++) {
        char record[4096];
        ck_assert_uint_le(brink_record_bytes(spec), sizeof record);
        spec->model->cell(state, &i, record);
        int32_t taken;
        memcpy(&taken, record + brink_model_field(spec->model, "steps")->offset, sizeof taken);
        steps += taken;
    }
    ck_assert_double_gt(steps, 0);
    ck_assert_int_eq(pilot.cells, spec->grid.cell_count);
    for (int i = 0; i < BRINK_PILOT_REPLICATES; i++) {
        ck_assert_double_eq(pilot.cell_steps[i] * (double)spec->grid.cell_count, steps);
        ck_assert_double_eq(other.cell_steps[i], pilot.cell_steps[i]);
        ck_assert_double_eq(pilot.cell_seconds[i], pilot.cell_seconds[0]);
    }
    ck_assert_double_gt(pilot.cell_seconds[0], 0);
    spec->model->close(&state);
    brink_spec_free(&spec);
}
END_TEST

// The interval claims 95 %; and the mean of many pilots is near to the truth.
static void try_pilots(const char *text, double truth)
{
    enum { SEEDS = 40 };
    int held = 0;
    double sum = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct brink_pilot pilot = pilot_of(text, 0.1, seed);
        struct brink_interval steps = brink_pilot_interval(pilot.cell_steps);
        ck_assert_int_eq(pilot.steps, pilot.steps_max);
        ck_assert(steps.low <= steps.mean && steps.mean <= steps.high);
        held += steps.low <= truth && truth <= steps.high;
        sum += steps.mean;
    }
    ck_assert_int_ge(held, SEEDS * 8 / 10);
    ck_assert_close(sum / SEEDS, truth, 0.05);
}

START_TEST(the_interval_holds_the_truth)
{
    struct brink_pilot all = pilot_of(mixed[0], 1e4, 0), turned = pilot_of(mixed[1], 1e4, 0);
    ck_assert_int_eq(all.cells, 80000);
    ck_assert_double_eq(turned.cell_steps[0], all.cell_steps[0]);
    for (int i = 0; i < 2; i++)
        try_pilots(mixed[i], all.cell_steps[0]);
}
END_TEST

// A cell costs no more in another order of the axes, where a tile holds two values of a: pieces
// across the curves would take five times as long.
START_TEST(the_order_of_the_axes_is_free)
{
#define HALVES(first, second)                                                                      \
    "model: regularity\naxes: {" first ", " second "}\nfixed: {x0: 4, y0: 0.5}\n"                  \
    "lr_unit: flow\nstop: {max_steps: 20000}\n"
#define VALUES "a: {min: 0.1, max: 0.9, num: 512}"
#define STEPS  "lr: {min: 0.1, max: 8, num: 500}"
    struct brink_pilot straight = pilot_of(HALVES(VALUES, STEPS), 0.5, 1),
                       turned = pilot_of(HALVES(STEPS, VALUES), 0.5, 1);
    double ratio = brink_pilot_interval(turned.cell_seconds).mean /
                   brink_pilot_interval(straight.cell_seconds).mean;
    ck_assert_double_lt(ratio, 2.5);
    ck_assert_double_gt(ratio, 0.4);
}
END_TEST

// Where cells end before they are cut, nothing is reckoned: neither steps nor time.
START_TEST(cells_that_end_cost_no_more)
{
    struct brink_pilot pilot = pilot_of(ending, 0.1, 1), again = pilot_of(brief, 0.1, 1);
    struct brink_interval seconds = brink_pilot_interval(pilot.cell_seconds);
    struct brink_interval steps = brink_pilot_interval(pilot.cell_steps);
    ck_assert_double_lt(steps.mean, 1000);
    ck_assert_double_gt(seconds.mean, 0);
    ck_assert_double_gt(brink_pilot_interval(again.cell_seconds).mean, seconds.mean / 10);
    ck_assert_double_lt(brink_pilot_interval(again.cell_seconds).mean, seconds.mean * 10);
}
END_TEST

// No step at all is a sweep, too.
START_TEST(cells_may_have_no_steps)
{
    struct brink_pilot pilot = pilot_of(idle, 0.1, 0);
    for (int i = 0; i < BRINK_PILOT_REPLICATES; i++) {
        ck_assert_double_eq(pilot.cell_steps[i], 0);
        ck_assert_double_gt(pilot.cell_seconds[i], 0);
    }
}
END_TEST

// Steps need not be stored to be counted.
START_TEST(steps_count_where_they_are_not_recorded)
{
    struct brink_pilot pilot = pilot_of(verdicts, 1000, 0), all = pilot_of(small, 1000, 0);
    ck_assert_double_eq(pilot.cell_steps[0], all.cell_steps[0]);
}
END_TEST

// Cells too long to be computed are cut, and the rest is reckoned: here each runs to the end.
START_TEST(long_cells_are_cut)
{
    static const struct {
        const char *text;
        double seconds;
    } sweep[] = {{chaos, 0.05}, {training, 2}};
    for (int i = 0; i < 2; i++) {
        struct brink_pilot pilot = pilot_of(sweep[i].text, sweep[i].seconds, 1);
        ck_assert_int_gt(pilot.steps, 0);
        ck_assert_int_lt(pilot.steps, pilot.steps_max);
        for (int k = 0; k < BRINK_PILOT_REPLICATES; k++) {
            ck_assert_close(pilot.cell_steps[k], (double)pilot.steps_max, 1e-9);
            ck_assert_double_gt(pilot.cell_seconds[k], 0);
        }
        ck_assert_double_gt(pilot.seconds, 0);
    }
}
END_TEST

START_TEST(what_takes_far_too_long_is_an_error)
{
    struct brink_spec *spec = parse(training);
    struct brink_pilot pilot;
    ck_assert_fails(brink_pilot_run(spec, 1e-6, 0, &pilot), BRINK_ERR_USAGE, "more --seconds");
    brink_spec_free(&spec);
}
END_TEST

START_TEST(the_interval_is_that_of_student)
{
    const double values[BRINK_PILOT_REPLICATES] = {1, 2, 3, 4, 5, 6, 7, 8};
    const double few[BRINK_PILOT_REPLICATES] = {0, 0, 0, 0, 0, 0, 0, 8};
    struct brink_interval interval = brink_pilot_interval(values);
    // Standard deviation sqrt 6, over sqrt 8, times 2.365.
    ck_assert_close(interval.mean, 4.5, 1e-12);
    ck_assert_close(interval.high - interval.mean, 2.365 * sqrt(6.0 / 8), 1e-12);
    ck_assert_close(interval.mean - interval.low, 2.365 * sqrt(6.0 / 8), 1e-12);
    ck_assert_double_eq(brink_pilot_interval(few).low, 0); // no cost is negative
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        a_whole_grid_is_certain,
        the_interval_holds_the_truth,
        long_cells_are_cut,
        the_order_of_the_axes_is_free,
        cells_that_end_cost_no_more,
        cells_may_have_no_steps,
        steps_count_where_they_are_not_recorded,
        what_takes_far_too_long_is_an_error,
        the_interval_is_that_of_student,
    };
    return unit_run("pilot", tests, sizeof tests / sizeof tests[0]);
}
