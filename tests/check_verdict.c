// SPDX-License-Identifier: MIT
// The classifier: every status, the order of its tests, cycles, tails, and being interrupted.
#include "cells.h"

// ---- every status, and its neighbours in the order of tests

START_TEST(statuses_have_names)
{
    ck_assert_str_eq(brink_status_name(BRINK_STATUS_CONVERGED), "converged");
    ck_assert_str_eq(brink_status_name(BRINK_STATUS_STATIONARY_START), "stationary_start");
    ck_assert_str_eq(brink_status_name(BRINK_STATUS_UNDEFINED), "undefined");
    ck_assert_str_eq(brink_status_name(BRINK_STATUS_COUNT), "unknown");
}
END_TEST

START_TEST(every_status_is_reached)
{
    ck_assert_status(run_cell("a", 1, 10, 1, 0.12), CONVERGED);
    ck_assert_status(run_cell("a", 1, 2, 0.5, 3), STATIONARY_START);
    ck_assert_status(run_cell("a", 1, 1, -1, 0.5), SADDLE);
    ck_assert_status(run_cell("b", 3, 2, -0.3, 0.005), AXIS);
    ck_assert_status(run_cell("b", 3, 4, 0.5, 0.0016), DIVERGED);
    ck_assert_status(run_cell("b", 1, 1.2, 0.9, 0.63), PERIODIC);
    ck_assert_status(run_cell("b", 1, 1.2, 0.9, 0.9), BOUNDED);
    ck_assert_status(run_cell("a", 1, 100, 1, 0.0006), UNSETTLED);
    ck_assert_status(run_cell("a", 0.5, 10, 1, NOT_A_NUMBER), UNDEFINED);
}
END_TEST

// The status of a single state.
static enum brink_status state_status(const char *family, double parameter, double h, int32_t n,
                                      double x, double y)
{
    struct brink_curve curve = curve_of(family, parameter);
    struct brink_point point = {&curve, h, x, y};
    return brink_verdict_state(&point, &rules_default, n, x, y,
                               curve.objective->slope(&curve, x, y));
}

START_TEST(undefined_comes_before_diverged)
{
    struct brink_cell cell = run_cell("a", 0.5, 1e9, 1, NOT_A_NUMBER);
    ck_assert_status(cell, UNDEFINED);
    ck_assert_status(run_cell("a", 0.5, 1e9, 1, 0.1), DIVERGED);
}
END_TEST

START_TEST(undefined_keeps_its_start)
{
    struct brink_cell cell = run_cell("b", 3, 2, 0.25, NOT_A_NUMBER);
    ck_assert_int_eq(cell.steps, 0);
    ck_assert_int_eq(cell.period, 0);
    ck_assert(cell.x_end == 2 && cell.y_end == 0.25);
    ck_assert_double_eq(cell.loss_start, 0.765625); // (1 - 1/8)^2
    ck_assert_double_eq(cell.loss_end, cell.loss_start);
    ck_assert(cell.loss_peak == 1 && cell.peak_step == 0 && cell.loss_rises == 0);
    ck_assert(cell.balance == 1 && cell.edge_cross_step == -1);
    const double nans[] = {cell.edge_start, cell.edge_end, cell.edge_max,
                           cell.flow_ratio, cell.lyapunov, cell.lr_actual};
    for (size_t i = 0; i < sizeof nans / sizeof nans[0]; i++)
        ck_assert(brink_bits(nans[i]) == BRINK_NAN_BITS);
    ck_assert(isnan(run_cell("b", 3, 2, 2, NOT_A_NUMBER).balance));
}
END_TEST

START_TEST(diverged_comes_before_stationary_start)
{
    ck_assert_int_eq(state_status("a", 1, 0.1, 0, 0x1p30, 0x1p-30), BRINK_STATUS_DIVERGED);
    ck_assert_int_eq(state_status("a", 1, 0.1, 0, 0x1p10, 0x1p-10), BRINK_STATUS_STATIONARY_START);
    // Proof B in the box, at n = 0.
    ck_assert_int_eq(state_status("b", 1, 2, 0, 2, 1.5), BRINK_STATUS_DIVERGED);
    ck_assert_int_eq(run_cell("b", 1, 2, 1.5, 2).steps, 0);
}
END_TEST

START_TEST(stationary_start_comes_before_converged_saddle_and_axis)
{
    ck_assert_int_eq(state_status("a", 1, 0.1, 0, 1, 1), BRINK_STATUS_STATIONARY_START);
    ck_assert_int_eq(state_status("a", 1, 0.1, 1, 1, 1), BRINK_STATUS_CONVERGED);
    ck_assert_int_eq(state_status("a", 1, 0.1, 0, 0, 0), BRINK_STATUS_STATIONARY_START);
    ck_assert_int_eq(state_status("a", 1, 0.1, 1, 0, 0), BRINK_STATUS_SADDLE);
    ck_assert_int_eq(state_status("b", 3, 0.1, 0, 2, 0), BRINK_STATUS_STATIONARY_START);
    ck_assert_int_eq(state_status("b", 3, 0.1, 1, 2, 0), BRINK_STATUS_AXIS);
    // Exactly 1 = 10 * 0.1 in doubles: it never moves, though the minimum is unstable.
    ck_assert_status(run_cell("a", 1, 10, 0.1, 1), STATIONARY_START);
}
END_TEST

START_TEST(converged_needs_a_stable_minimum)
{
    // h F''(1) N = h: up to 2.
    ck_assert_int_eq(state_status("a", 1, 2, 5, 1, 1), BRINK_STATUS_CONVERGED);
    ck_assert_int_eq(state_status("a", 1, 2.001, 5, 1, 1), BRINK_STATUS_PENDING);
    // No state is both at a minimum, where N >= 2 |s|, and at the origin.
    ck_assert_int_eq(state_status("b", 1, 1e-3, 5, 0x1p-21, -0x1p-21), BRINK_STATUS_PENDING);
    ck_assert_int_eq(state_status("b", 1, 1e-3, 5, 1e-11, -1e-11), BRINK_STATUS_SADDLE);
    // The gradient is small on all of this axis, yet only its points are.
    ck_assert_int_eq(state_status("b", 3, 1e-3, 5, 2, 1e-7), BRINK_STATUS_PENDING);
}
END_TEST

START_TEST(minimum_has_its_width)
{
    struct brink_curve curve = curve_of("a", 1);
    struct brink_point point = {&curve, 0.1, 1, 1};
    ck_assert(brink_verdict_at_minimum(&point, 1, 1 + 0.99e-6));
    ck_assert(brink_verdict_at_minimum(&point, 1, 1 - 0.99e-6));
    ck_assert(!brink_verdict_at_minimum(&point, 1, 1 + 1.01e-6));
    ck_assert(!brink_verdict_at_minimum(&point, 1, 1 - 1.01e-6));
    ck_assert(!brink_verdict_at_minimum(&point, NOT_A_NUMBER, 1));
}
END_TEST

START_TEST(edge_is_crossed_above_1)
{
    struct brink_curve curve = curve_of("b", 1); // sharpness 4 at (1, 1)
    ck_assert_int_eq(run_steps(&curve, 1, 1, 0.5, 10).edge_cross_step, -1);
    ck_assert_int_eq(run_steps(&curve, 1, 1, nextafter(0.5, 1), 10).edge_cross_step, 0);
}
END_TEST

START_TEST(saddle_comes_before_axis)
{
    ck_assert_int_eq(state_status("b", 3, 0.1, 1, 0, 1e-7), BRINK_STATUS_SADDLE);
    ck_assert_int_eq(state_status("b", 3, 0.1, 1, 0, 1e-5), BRINK_STATUS_AXIS);
}
END_TEST

START_TEST(axis_is_reached_exactly)
{
    // g = h F'(-1) = -12 h = -1/4 = y/x: one step lands on the axis.
    struct brink_cell cell = run_cell("b", 3, 2, -0.5, 0.25 / 12);
    ck_assert_status(cell, AXIS);
    ck_assert_int_eq(cell.steps, 1);
    ck_assert(cell.x_end == 1.875 && cell.y_end == 0);
}
END_TEST

START_TEST(state_tests_come_before_cycles)
{
    // Started beside the minimum and moved onto it, the state recurs at 64; it converged before.
    struct brink_rules rules = {1000, 64, 1e-3, 1e8};
    struct brink_curve curve = curve_of("a", 1);
    struct brink_cell cell = run_rules(&curve, 1.2, 1, 0.5, rules);
    ck_assert_status(cell, CONVERGED);
    ck_assert_int_lt(cell.steps, 32);
    rules.grad_tol = 0; // now the rounding floor decides, by a cycle
    cell = run_rules(&curve, 1.2, 1, 0.5, rules);
    ck_assert_status(cell, CONVERGED);
    ck_assert_int_eq(cell.steps % 32, 0);
}
END_TEST

START_TEST(cycles_come_before_max_steps)
{
    struct brink_curve curve = curve_of("a", 1);
    ck_assert_int_eq(run_cell("a", 1, 1.05, 1.05, 2.2).steps, 96);
    ck_assert_status(run_steps(&curve, 1.05, 1.05, 2.2, 96), PERIODIC);
    ck_assert_status(run_steps(&curve, 1.05, 1.05, 2.2, 95), UNSETTLED);
    // So slow that doubles stand still: a cycle of 1, seen at 64, before proof C is asked.
    struct brink_curve flat = curve_of("b", 3);
    ck_assert_status(run_steps(&flat, 2, -1e-5, 1e-13, 64), UNSETTLED);
    ck_assert_status(run_steps(&flat, 2, -1e-5, 1e-13, 63), AXIS);
}
END_TEST

START_TEST(proof_c_comes_before_chaos)
{
    struct brink_curve curve = curve_of("b", 3);
    struct brink_point point = {&curve, 0.1, 0.9, 0.9};
    struct brink_ending ending;
    // A chaotic tail, an end that creeps.
    ck_assert(brink_verdict_limit(&point, 0.5, -0.1, 0.9, 0.9, 512, NULL, &ending));
    ck_assert_int_eq(ending.status, BRINK_STATUS_AXIS);
    ck_assert(isnan(ending.lyapunov));
    ck_assert(brink_verdict_limit(&point, 0.9, 0.9, 0.9, 0.9, 512, NULL, &ending));
    ck_assert_int_eq(ending.status, BRINK_STATUS_BOUNDED);
    ck_assert_double_gt(ending.lyapunov, 0.005);
}
END_TEST

START_TEST(odd_starts_diverge_at_once)
{
    const double odd[] = {NOT_A_NUMBER, INFINITE, -INFINITE, 1e8, -1e300};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        for (int family = 0; family < 2; family++)
            for (int side = 0; side < 2; side++) {
                double x = side ? 0.5 : odd[i], y = side ? odd[i] : 0.5;
                struct brink_cell cell = run_cell(family ? "a" : "b", 1, x, y, 0.1);
                ck_assert_status(cell, DIVERGED);
                ck_assert_int_eq(cell.steps, 0);
                ck_assert_bits_eq(cell.x_end, brink_canonical(x));
                ck_assert_bits_eq(cell.y_end, brink_canonical(y));
                ck_assert_double_eq(cell.lr_actual, 0.1);
            }
    // Just inside the box is inside.
    ck_assert_int_gt(run_cell("a", 1, 0x1.7d783fffffffep26, 0, 0.1).steps, 0);
}
END_TEST

START_TEST(max_steps_is_a_limit)
{
    static const int32_t limits[] = {0, 1, 7, 8, 31, 32, 33};
    struct brink_curve curve = curve_of("b", 1);
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct brink_cell cell = run_steps(&curve, 1.2, 0.9, 0.9, limits[i]);
        double x = 1.2, y = 0.9;
        for (int32_t n = 0; n < limits[i]; n++)
            brink_gd_step(&curve, 0.9, &x, &y);
        ck_assert_int_eq(cell.steps, limits[i]);
        ck_assert(cell.x_end == x && cell.y_end == y);
        ck_assert(cell.status == BRINK_STATUS_UNSETTLED ||
                  (limits[i] >= 8 && cell.status == BRINK_STATUS_BOUNDED));
        ck_assert(isnan(cell.lyapunov) == (limits[i] < 8));
    }
    // A test of the last state comes first: 11 steps converge, and 10 do not.
    struct brink_curve a = curve_of("a", 1);
    ck_assert_status(run_steps(&a, 10, 1, 0.02, 11), CONVERGED);
    ck_assert_status(run_steps(&a, 10, 1, 0.02, 10), UNSETTLED);
}
END_TEST

START_TEST(tail_is_the_end_of_the_run)
{
    struct brink_curve curve = curve_of("b", 1);
    struct brink_rules rules = {1000, 300, 1e-10, 1e8};
    struct brink_cell cell = run_rules(&curve, 1.2, 0.9, 0.9, rules);
    struct brink_point point = {&curve, 0.9, 1.2, 0.9};
    double x = 1.2, y = 0.9, exponent, error;
    for (int n = 0; n < 700; n++)
        brink_gd_step(&curve, 0.9, &x, &y);
    ck_assert(brink_lyapunov(&point, x, y, 300, NULL, &exponent, &error));
    ck_assert_bits_eq(cell.lyapunov, exponent);
    rules.tail = 5000; // longer than the run: all of it
    cell = run_rules(&curve, 1.2, 0.9, 0.9, rules);
    ck_assert(brink_lyapunov(&point, 1.2, 0.9, 1000, NULL, &exponent, &error));
    ck_assert_bits_eq(cell.lyapunov, exponent);
}
END_TEST

START_TEST(exponent_is_that_of_the_map)
{
    struct brink_curve curve = curve_of("b", 1);
    // At a minimum the map is linear: 1 along the valley, 1 - h F'' N across; the larger is 0.
    struct brink_point point = {&curve, 0.3, 1, 1};
    double exponent, error;
    ck_assert(brink_lyapunov(&point, 1, 1, 4000, NULL, &exponent, &error));
    ck_assert_double_lt(fabs(exponent), 1e-3);
    // Beyond the edge: log |1 - h F'' N|.
    point.h = 0.7;
    ck_assert(brink_lyapunov(&point, 1, 1, 4000, NULL, &exponent, &error));
    ck_assert_close(exponent, log(1.8), 1e-3);
    ck_assert_double_lt(error, 1e-3);
    // Chaos on x = y at h = 1: log 3, within its standard error.
    point.h = 1;
    ck_assert(brink_lyapunov(&point, 0.7, 0.7, 20000, NULL, &exponent, &error));
    ck_assert_double_lt(fabs(exponent - log(3)), 4 * error);
    ck_assert_double_lt(error, 0.01);
}
END_TEST

// ---- cycles

enum { ORBIT_MAX = 4096 };

// The first n at which the definition sees a recurrence, by looking at all states; 0 if none. The
// exact cycle from there goes to orbit[*length].
static int32_t find_recurrence(const struct brink_point *point, int32_t max_steps,
                               double orbit[ORBIT_MAX][2], int32_t *length)
{
    static double path[20001][2];
    path[0][0] = point->x, path[0][1] = point->y;
    for (int32_t n = 0; n < max_steps; n++) {
        double x = path[n][0], y = path[n][1];
        brink_gd_step(point->curve, point->h, &x, &y);
        path[n + 1][0] = x, path[n + 1][1] = y;
    }
    for (int32_t n = 64; n <= max_steps; n += 32) {
        int32_t kept = 32;
        while (2 * kept < n)
            kept *= 2;
        if (path[n][0] != path[kept][0] || path[n][1] != path[kept][1])
            continue;
        for (*length = 1; path[n - *length][0] != path[n][0] || path[n - *length][1] != path[n][1];)
            ++*length;
        ck_assert_int_le(*length, ORBIT_MAX);
        memcpy(orbit, path[n - *length], (size_t)*length * sizeof path[0]);
        return n;
    }
    return 0;
}

// The smallest divisor of `length` that is a period to 1e-9.
static int32_t find_period(double orbit[ORBIT_MAX][2], int32_t length)
{
    for (int32_t q = 1;; q++) {
        bool same = length % q == 0;
        for (int32_t i = 0; same && i < length; i++) {
            const double *z = orbit[i], *w = orbit[(i + q) % length];
            double size = fmax(fabs(z[0]), fabs(z[1]));
            same = fmax(fabs(w[0] - z[0]), fabs(w[1] - z[1])) <= 1e-9 * (1 + size);
        }
        if (same)
            return q;
    }
}

START_TEST(cycles_are_found_as_defined)
{
    static double orbit[ORBIT_MAX][2];
    int cycles = 0, jittered = 0;
    for (uint32_t i = 0; i < 250; i++) {
        struct brink_curve curve = i % 2 ? curve_of("a", i % 4 == 1 ? 1 : 0.5) : curve_of("b", 1);
        double h = uniform(3 * i, 1.02, 1.9) / curve.curvature_minimum;
        struct brink_point point = {&curve, h, uniform(3 * i + 1, 0.6, 1.3), 0.9};
        struct brink_cell cell = run_steps(&curve, point.x, 0.9, h, 4000);
        if (cell.status == BRINK_STATUS_DIVERGED || cell.status == BRINK_STATUS_CONVERGED)
            continue;
        int32_t length = 0, n = find_recurrence(&point, 4000, orbit, &length);
        ck_assert_msg(n == 0 || cell.steps == n, "cell %u: %d steps, not %d", i, cell.steps, n);
        ck_assert_int_eq(n != 0, cell.status == BRINK_STATUS_PERIODIC);
        if (n == 0)
            continue;
        int32_t period = find_period(orbit, length);
        ck_assert_msg(cell.period == period, "cell %u: period %d, not %d of %d", i, cell.period,
                      period, length);
        cycles++;
        jittered += period != length;
    }
    ck_assert_int_gt(cycles, 60);
    ck_assert_int_gt(jittered, 0); // rounding did make exact cycles longer than orbits
}
END_TEST

START_TEST(rounding_floor_of_a_minimum_is_converged)
{
    struct brink_curve curve = curve_of("a", 1);
    struct brink_rules rules = {100000, 1024, 0, 1e8};
    for (int i = 0; i < 8; i++) {
        struct brink_cell cell = run_rules(&curve, 3 + i, 1 / (3.0 + i) + 0.3, 0.02, rules);
        ck_assert_status(cell, CONVERGED);
        ck_assert(cell.period == 0 && isnan(cell.lyapunov));
        ck_assert_double_lt(fabs(cell.x_end * cell.y_end - 1), 1e-6);
    }
}
END_TEST

START_TEST(unstable_cycle_is_bounded)
{
    // s = 2.25 and g = 2 exactly: (3/2, 3/2) <-> (-3/2, -3/2), multiplier 1 + 2h - 3 * 2h s = -8.2.
    struct brink_cell cell = run_cell("b", 1, 1.5, 1.5, 0.8);
    ck_assert_status(cell, BOUNDED);
    ck_assert_int_eq(cell.steps, 64);
    ck_assert_int_eq(cell.period, 0);
    ck_assert_close(cell.lyapunov, log(8.2), 1e-3);
}
END_TEST

// ---- the pulse

struct patience {
    struct brink_pulse pulse;
    int beats, limit; // the beat at which to give up
};

static void count_beat(void *context)
{
    struct patience *patience = context;
    if (++patience->beats == patience->limit)
        atomic_store(&patience->pulse.abandon, true);
}

// Runs a cell that gives up at beat `limit` (0: never); returns whether it ended by itself.
static bool run_patiently(const struct brink_point *point, const struct brink_rules *rules,
                          int limit, int *beats, struct brink_cell *cell)
{
    struct patience patience = {.limit = limit};
    patience.pulse.beat = count_beat;
    patience.pulse.context = &patience;
    bool done = brink_trajectory_run(point, rules, &patience.pulse, cell);
    *beats = patience.beats;
    return done;
}

START_TEST(any_beat_can_end_a_cell)
{
    struct brink_curve b = curve_of("b", 1), a = curve_of("a", 1);
    const struct brink_point points[] = {
        {&b, 0.9, 1.2, 0.9},  // chaos: steps, then a tail
        {&b, 0.65, 1.2, 0.9}, // a cycle of 16: its length, exponent and period
        {&a, 0.06, 10, 1},    // a long way to a minimum
    };
    const struct brink_rules rules = {6000, 4096, 1e-10, 1e8};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct brink_cell alone, cell;
        int beats, all;
        ck_assert(brink_trajectory_run(&points[i], &rules, NULL, &alone));
        ck_assert(run_patiently(&points[i], &rules, 0, &all, &cell));
        ck_assert_int_ge(all, 8);
        ck_assert_bits_eq(cell.x_end, alone.x_end);
        ck_assert_bits_eq(cell.lyapunov, alone.lyapunov);
        for (int limit = 1; limit <= all; limit++) {
            ck_assert(!run_patiently(&points[i], &rules, limit, &beats, &cell));
            ck_assert_int_eq(beats, limit);
        }
        ck_assert(run_patiently(&points[i], &rules, all + 1, &beats, &cell));
    }
}
END_TEST

START_TEST(beats_come_every_few_hundred_steps)
{
    struct brink_curve curve = curve_of("a", 1);
    struct brink_point point = {&curve, 0.06, 10, 1};
    struct brink_cell cell;
    int beats;
    ck_assert(run_patiently(&point, &rules_default, 0, &beats, &cell));
    ck_assert_int_eq(beats, cell.steps / BRINK_PULSE_STEPS + 1);
}
END_TEST

START_TEST(a_pulse_may_have_no_beat)
{
    struct brink_curve curve = curve_of("a", 1);
    struct brink_point point = {&curve, 0.02, 10, 1};
    struct brink_pulse pulse = {.beat = NULL};
    struct brink_cell cell;
    ck_assert(brink_trajectory_run(&point, &rules_default, &pulse, &cell));
    atomic_store(&pulse.abandon, true);
    ck_assert(!brink_trajectory_run(&point, &rules_default, &pulse, &cell));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        statuses_have_names,
        every_status_is_reached,
        undefined_comes_before_diverged,
        undefined_keeps_its_start,
        diverged_comes_before_stationary_start,
        stationary_start_comes_before_converged_saddle_and_axis,
        converged_needs_a_stable_minimum,
        minimum_has_its_width,
        edge_is_crossed_above_1,
        saddle_comes_before_axis,
        axis_is_reached_exactly,
        state_tests_come_before_cycles,
        cycles_come_before_max_steps,
        proof_c_comes_before_chaos,
        odd_starts_diverge_at_once,
        max_steps_is_a_limit,
        tail_is_the_end_of_the_run,
        exponent_is_that_of_the_map,
        cycles_are_found_as_defined,
        rounding_floor_of_a_minimum_is_converged,
        unstable_cycle_is_bounded,
        any_beat_can_end_a_cell,
        beats_come_every_few_hundred_steps,
        a_pulse_may_have_no_beat,
    };
    return unit_run("verdict", tests, sizeof tests / sizeof tests[0]);
}
