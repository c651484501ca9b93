// SPDX-License-Identifier: MIT
// GD trajectories: laws on mixed cells, exact facts about the map, and the published cases.
#include "cells.h"

// ---- laws

START_TEST(end_of_a_cell_is_its_replay)
{
    for (uint32_t i = 0; i < 3000; i++) {
        struct brink_curve curve;
        struct brink_point point = mixed_point(i, &curve);
        struct brink_cell cell = run_steps(&curve, point.x, point.y, point.h, 500);
        double x = point.x, y = point.y;
        for (int32_t n = 0; n < cell.steps; n++)
            brink_gd_step(&curve, point.h, &x, &y);
        x = brink_canonical(x), y = brink_canonical(y);
        if (brink_bits(x) != brink_bits(cell.x_end) || brink_bits(y) != brink_bits(cell.y_end))
            ck_abort_msg("cell %u: (%a, %a), not (%a, %a)", i, cell.x_end, cell.y_end, x, y);
    }
}
END_TEST

// Measures taken from the losses and sharpnesses themselves.
static void check_measures(uint32_t i, const struct brink_point *point,
                           const struct brink_cell *cell)
{
    const struct brink_curve *curve = point->curve;
    double x = point->x, y = point->y, loss = 0, peak = 0, edge_max = -INFINITE;
    int32_t rises = 0, cross = -1;
    for (int32_t n = 0; n <= cell->steps; n++) {
        double last = loss, edge = point->h * brink_sharpness(curve, x, y) / 2;
        loss = curve->objective->excess(curve, x, y);
        rises += n > 0 && loss > last * (1 + 1e-8) && loss > 1e-12; // below, rounding
        peak = loss > peak ? loss : peak;
        edge_max = edge > edge_max ? edge : edge_max;
        cross = cross < 0 && edge > 1 ? n : cross;
        if (n < cell->steps)
            brink_gd_step(curve, point->h, &x, &y);
    }
    double start = curve->objective->excess(curve, point->x, point->y);
    double edge_start = point->h * brink_sharpness(curve, point->x, point->y) / 2;
    double edge_end = point->h * brink_sharpness(curve, x, y) / 2;
    double d = (point->x - point->y) * (point->x + point->y), d_end = (x - y) * (x + y);
    bool fine = cell->loss_start == start && cell->loss_end == loss &&
                (isinf(peak) || fabs(cell->loss_peak * start - peak) <= 1e-7 * peak) &&
                cell->loss_rises >= rises && cell->edge_start == edge_start &&
                cell->edge_max == edge_max && cell->edge_cross_step == cross &&
                cell->edge_end == edge_end && cell->lr_actual == point->h &&
                fabs(cell->flow_ratio * brink_flow_rate(curve, point->x, point->y) - point->h) <=
                    1e-15 * point->h &&
                (d == 0 ? isnan(cell->balance) : cell->balance == d_end / d);
    if (!fine)
        ck_abort_msg("cell %u, %s: peak %g of %g, rises %d of %d, edge %g..%g, max %g of %g, "
                     "cross %d of %d",
                     i, brink_status_name((enum brink_status)cell->status), cell->loss_peak * start,
                     peak, cell->loss_rises, rises, cell->edge_start, cell->edge_end,
                     cell->edge_max, edge_max, cell->edge_cross_step, cross);
}

START_TEST(measures_are_what_a_replay_shows)
{
    for (uint32_t i = 0; i < 2000; i++) {
        struct brink_curve curve;
        struct brink_point point = mixed_point(i, &curve);
        struct brink_cell cell = run_steps(&curve, point.x, point.y, point.h, 300);
        if (isfinite(cell.edge_end) && isfinite(cell.loss_end))
            check_measures(i, &point, &cell);
    }
}
END_TEST

START_TEST(every_field_keeps_its_range)
{
    for (uint32_t i = 0; i < 2000; i++) {
        struct brink_curve curve;
        struct brink_point point = mixed_point(i, &curve);
        struct brink_cell cell = run_steps(&curve, point.x, point.y, point.h, 200);
        bool sane = cell.status > 0 && cell.status < BRINK_STATUS_COUNT && cell.steps >= 0 &&
                    cell.steps <= 200 && cell.peak_step <= cell.steps &&
                    cell.loss_rises <= cell.steps && cell.edge_cross_step <= cell.steps &&
                    (cell.period > 1) == (cell.status == BRINK_STATUS_PERIODIC) &&
                    (cell.period == 0 || cell.period > 1) && cell.loss_peak >= 1;
        bool exponent = cell.status == BRINK_STATUS_PERIODIC ||
                        cell.status == BRINK_STATUS_BOUNDED ||
                        cell.status == BRINK_STATUS_UNSETTLED;
        if (!sane || exponent == isnan(cell.lyapunov))
            ck_abort_msg("cell %u, %s: period %d, peak %g, exponent %g", i,
                         brink_status_name((enum brink_status)cell.status), cell.period,
                         cell.loss_peak, cell.lyapunov);
#define CHECK_NAN(type, name, basic, meaning)                                                      \
    if (isnan((double)cell.name) && brink_bits((double)cell.name) != BRINK_NAN_BITS)               \
        ck_abort_msg("cell %u: " #name " is another NaN", i);
        BRINK_CELL_FIELDS(CHECK_NAN)
    }
}
END_TEST

// Equal to the bit in every field but the end point and the exponent?
static bool same_but_end(const struct brink_cell *a, const struct brink_cell *b)
{
    struct brink_cell x = *a, y = *b;
    x.x_end = y.x_end = x.y_end = y.y_end = x.lyapunov = y.lyapunov = 0;
    bool same = true;
#define COMPARE(type, name, basic, meaning)                                                        \
    same = same && brink_bits((double)x.name) == brink_bits((double)y.name);
    BRINK_CELL_FIELDS(COMPARE)
    return same;
}

START_TEST(symmetries_hold_to_the_bit)
{
    for (uint32_t i = 0; i < 1500; i++) {
        struct brink_curve curve;
        struct brink_point point = mixed_point(i, &curve);
        struct brink_cell cell = run_steps(&curve, point.x, point.y, point.h, 400);
        struct brink_cell swapped = run_steps(&curve, point.y, point.x, point.h, 400);
        struct brink_cell negated = run_steps(&curve, -point.x, -point.y, point.h, 400);
        bool ends = isnan(cell.x_end) || isnan(cell.y_end) ||
                    (cell.x_end == swapped.y_end && cell.y_end == swapped.x_end &&
                     cell.x_end == -negated.x_end && cell.y_end == -negated.y_end);
        // The tangent that the exponent follows starts the same way under -1, not under the swap.
        bool exponent = brink_bits(cell.lyapunov) == brink_bits(negated.lyapunov);
        if (!ends || !exponent || !same_but_end(&cell, &swapped) || !same_but_end(&cell, &negated))
            ck_abort_msg("cell %u from (%a, %a) at h = %a", i, point.x, point.y, point.h);
    }
}
END_TEST

START_TEST(lines_stay_lines)
{
    static const double members[4] = {1, 0.5, 1, 3};
    for (uint32_t i = 0; i < 400; i++) {
        struct brink_curve curve = curve_of(i % 4 < 2 ? "a" : "b", members[i % 4]);
        double x = uniform(2 * i, 0.2, 2), h = uniform(2 * i + 1, 0.2, 2) / curve.curvature_minimum;
        double x1 = x, y1 = x, x2 = x, y2 = -x;
        for (int n = 0; n < 500; n++) {
            brink_gd_step(&curve, h, &x1, &y1);
            brink_gd_step(&curve, h, &x2, &y2);
            if ((x1 == x1 && x1 != y1) || (x2 == x2 && x2 != -y2))
                ck_abort_msg("left its line at step %d: (%a, %a), (%a, %a)", n, x1, y1, x2, y2);
        }
    }
}
END_TEST

START_TEST(sums_and_differences_follow_their_map)
{
    for (uint32_t i = 0; i < 3000; i++) {
        struct brink_curve curve;
        struct brink_point point = mixed_point(i, &curve);
        double x = point.x, y = point.y, s = x * y;
        double g = point.h * curve.objective->slope(&curve, x, y);
        double u = x + y, v = x - y, d = u * v, n = x * x + y * y;
        brink_gd_step(&curve, point.h, &x, &y);
        double scale = (1 + fabs(g)) * (fabs(point.x) + fabs(point.y));
        bool holds = fabs(x + y - u * (1 - g)) <= 8e-16 * scale &&
                     fabs(x - y - v * (1 + g)) <= 8e-16 * scale &&
                     fabs((x - y) * (x + y) - d * (1 - g * g)) <= 2e-15 * scale * scale &&
                     fabs(x * x + y * y - (n * (1 + g * g) - 4 * g * s)) <= 2e-15 * scale * scale;
        if (!holds)
            ck_abort_msg("cell %u from (%a, %a), g = %g", i, point.x, point.y, g);
        // |D| shrinks if and only if 0 < |g| < sqrt 2.
        if (d != 0 && fabs(fabs(g) - M_SQRT2) > 1e-9 && fabs(g) > 1e-7)
            ck_assert((fabs((x - y) * (x + y)) < fabs(d)) == (fabs(g) < M_SQRT2));
    }
}
END_TEST

// ---- proofs

START_TEST(proof_a_bounded_slopes_never_diverge)
{
    for (uint32_t i = 0; i < 600; i++) {
        struct brink_curve curve = curve_of("a", i % 3 ? uniform(5 * i, 0.05, 1) : 1);
        double reach = i % 2 ? 3 : 1e4;
        double x = uniform(5 * i + 1, -reach, reach), y = uniform(5 * i + 2, -reach, reach);
        double h = uniform(5 * i + 3, 0.5, 0.9999) * M_SQRT2 / curve.slope_bound;
        struct brink_cell cell = run_steps(&curve, x, y, h, 1500);
        if (cell.status == BRINK_STATUS_DIVERGED)
            ck_abort_msg("a = %g from (%g, %g) at h = %g", curve.parameter, x, y, h);
    }
    ck_assert_status(run_cell("a", 1, 3, 1, 1.7), DIVERGED); // above sqrt 2 some do
}
END_TEST

START_TEST(proof_b_means_divergence)
{
    int proved = 0;
    for (uint32_t i = 0; i < 4000; i++) {
        struct brink_curve curve = curve_of("b", 1 + 2 * (i % 5));
        double x = uniform(3 * i, -6, 6), y = uniform(3 * i + 1, -6, 6);
        double h = brink_exp(uniform(3 * i + 2, -12, 0));
        if (!brink_regularity_b.escapes(&curve, h, x, y))
            continue;
        proved++;
        double last = fabs(x * y), growth = 0;
        for (int n = 0; n < 60 && last < 1e100; n++) {
            brink_gd_step(&curve, h, &x, &y);
            double s = fabs(x * y);
            if (!(s > last) || !(log(s) / log(last) > 1))
                ck_abort_msg("b = %g, h = %g: |s| from %g to %g", curve.parameter, h, last, s);
            growth = log(s) / log(last);
            last = s;
        }
        ck_assert_double_ge(last, 1e100);
        ck_assert_double_gt(growth, 1.5); // the digits of |s| multiply
    }
    ck_assert_int_gt(proved, 500);
}
END_TEST

START_TEST(proof_c_creeps_for_ever)
{
    int proved = 0;
    for (uint32_t i = 0; i < 500; i++) {
        struct brink_curve curve = curve_of("b", 3 + 2 * (i % 3));
        double x = uniform(3 * i, 0.2, 3), y = uniform(3 * i + 1, -1.2, 0);
        double h = brink_exp(uniform(3 * i + 2, -9, 0));
        if (!brink_regularity_b.creeps(&curve, h, x, y))
            continue;
        proved++;
        for (int n = 0; n < 1000; n++) {
            double s = x * y;
            brink_gd_step(&curve, h, &x, &y);
            if (!(x * y < 0 && x * y >= s))
                ck_abort_msg("s from %g to %g", s, x * y);
        }
    }
    ck_assert_int_gt(proved, 100);
}
END_TEST

// ---- b = 1 on x = y is the cubic map z+ = (1 + 2h) z - z^3, z = sqrt(2h) x

static struct brink_cell on_line(double x, double h)
{
    return run_cell("b", 1, x, x, h);
}

START_TEST(cubic_map_changes_where_it_should)
{
    ck_assert_status(on_line(1.2, 0.499), CONVERGED); // stable up to 1/2
    ck_assert_int_eq(on_line(1.2, 0.501).period, 2);
    double doubling = (sqrt(5) - 1) / 2;
    ck_assert_int_eq(on_line(1.2, doubling - 1e-3).period, 2);
    ck_assert_int_eq(on_line(1.2, doubling + 1e-3).period, 4);
    ck_assert_status(on_line(1.2, 1.001), DIVERGED); // bounded up to 1
    struct brink_cell last = on_line(1.2, 1);
    ck_assert_status(last, BOUNDED);
    ck_assert_double_lt(fabs(last.lyapunov - log(3)), 0.02);
}
END_TEST

START_TEST(cubic_map_visits_both_signs_from_its_crisis)
{
    struct brink_curve curve = curve_of("b", 1);
    double crisis = (3 * sqrt(3) / 2 - 1) / 2;
    for (int side = -1; side <= 1; side += 2) {
        double x = 1.2, y = 1.2;
        bool negative = false;
        for (int n = 0; n < 100000; n++) {
            brink_gd_step(&curve, crisis + side * 2e-3, &x, &y);
            negative = negative || x < 0;
        }
        ck_assert(negative == (side > 0));
    }
}
END_TEST

START_TEST(cubic_map_has_its_two_cycle)
{
    struct brink_curve curve = curve_of("b", 1);
    for (int i = 0; i <= 10; i++) {
        double h = 0.51 + 0.01 * i;
        struct brink_cell cell = on_line(1.2, h);
        double x1 = cell.x_end, y1 = x1, x2 = x1, y2 = x1, transverse = 1;
        brink_gd_step(&curve, h, &x2, &y2);
        ck_assert_int_eq(cell.period, 2);
        ck_assert_close(x1 * x2, 1 / (2 * h), 1e-12);
        ck_assert_close(x1 * x1 + x2 * x2, (1 + 2 * h) / (2 * h), 1e-12);
        transverse *= 1 + h * brink_regularity_b.slope(&curve, x1, y1);
        transverse *= 1 + h * brink_regularity_b.slope(&curve, x2, y2);
        ck_assert_close(transverse, 3 - 4 * h, 1e-11);
        // Along the line the multiplier is 9 - 2 (1 + 2h)^2; the exponent is the larger one's.
        double along = fabs(9 - 2 * (1 + 2 * h) * (1 + 2 * h)), across = fabs(3 - 4 * h);
        double larger = along > across ? along : across;
        ck_assert_double_lt(fabs(cell.lyapunov - log(larger) / 2), 2e-3);
    }
}
END_TEST

// ---- the edge of stability and the published cases

START_TEST(eos_law_holds)
{
    static const struct {
        double a, x, y, h;
    } cases[] = {
        {1, 10, 1, 0.06},      {1, 12, 0.5, 0.05},     {1, 9, 1, 0.055},
        {0.75, 10, 0.5, 0.06}, {0.75, 9, 0.3, 0.08},   {0.5, 10, 0.3, 0.12},
        {0.5, 10, 0.3, 0.15},  {0.25, 10, 0.15, 0.21}, {0.25, 10, 0.15, 0.225},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct brink_curve curve = curve_of("a", cases[i].a);
        struct brink_cell cell = run_steps(&curve, cases[i].x, cases[i].y, cases[i].h, 100000);
        ck_assert_status(cell, CONVERGED);
        double n = cell.x_end * cell.x_end + cell.y_end * cell.y_end;
        double c = 1.0 / 12 + (1 - cases[i].a) / (8 * M_LN2);
        ck_assert_double_ge(n, 60);
        ck_assert_close(1 - cell.edge_end, 1 / (c * n * n), 0.03);
    }
}
END_TEST

struct published {
    const char *family;
    double parameter, x, y, h;
    enum brink_status status;
    int32_t steps;                          // -1: not given
    double x_end, y_end, edge_end, balance; // NaN: not given
    double peak;
    int32_t rises, max_steps; // rises -1, max_steps 0: not given
};

static void check_published(const struct published *p)
{
    struct brink_curve curve = curve_of(p->family, p->parameter);
    struct brink_cell cell =
        run_steps(&curve, p->x, p->y, p->h, p->max_steps ? p->max_steps : 20000);
    ck_assert_msg(cell.status == (int8_t)p->status, "%s %g (%g, %g) h = %g: %s", p->family,
                  p->parameter, p->x, p->y, p->h,
                  brink_status_name((enum brink_status)cell.status));
    int32_t slack = p->steps / 1000 > 2 ? p->steps / 1000 : 2;
    if (p->steps >= 0)
        ck_assert_int_le(abs(cell.steps - p->steps), slack);
    if (p->x_end == p->x_end) {
        ck_assert_close(cell.x_end, p->x_end, 1e-9);
        ck_assert_close(cell.y_end, p->y_end, 1e-9);
    }
    if (p->edge_end == p->edge_end)
        ck_assert_close(cell.edge_end, p->edge_end, 1e-7);
    if (p->balance == p->balance)
        ck_assert_double_lt(fabs(cell.balance - p->balance), 1e-6);
    if (p->peak == p->peak)
        ck_assert_close(cell.loss_peak, p->peak, 5e-4);
    if (p->rises >= 0)
        ck_assert_int_eq(cell.loss_rises, p->rises);
}

START_TEST(published_cases_come_out)
{
    const double none = NOT_A_NUMBER;
    const struct published cases[] = {
        {"a", 1, 10, 1, 0.02, BRINK_STATUS_CONVERGED, 11, 9.94223636376, 0.100580992386, 0.4942909,
         0.998363, 1, 0, 0},
        {"a", 1, 10, 1, 0.06, BRINK_STATUS_CONVERGED, 4709, 8.15301111312, 0.122654070521,
         0.99729951, 0.671278, 1, -1, 0},
        {"a", 1, 10, 1, 0.12, BRINK_STATUS_CONVERGED, 1205, 5.73957498296, 0.174228928611,
         0.9891923, 0.332448, 1, -1, 0},
        {"a", 1, 4, 0.5, 0.3, BRINK_STATUS_CONVERGED, 175, 3.5184294698, 0.284217719449, 0.93450942,
         0.780861, 1.709, 3, 0},
        {"b", 1, 10, 1, 0.009, BRINK_STATUS_CONVERGED, 74, 9.65445976644, 0.103579073733, 0.8389739,
         0.941393, 1, 0, 0},
        {"b", 1, 10, 1, 0.0109, BRINK_STATUS_CONVERGED, 62, 8.59205777952, 0.116386554381,
         0.80482333, 0.745555, none, -1, 0},
        {"b", 1, 4, 0.5, 0.12, BRINK_STATUS_CONVERGED, 34, -1.32711128812, -0.753516309423,
         0.27948134, 0.0757738, 43.84, -1, 0},
        {"b", 1, 4, 0.5, 0.13, BRINK_STATUS_DIVERGED, -1, none, none, none, none, none, -1, 0},
        {"b", 3, 4, 0.5, 0.0016, BRINK_STATUS_DIVERGED, -1, none, none, none, none, none, -1, 0},
        {"b", 3, 10, 0.01, 0.001, BRINK_STATUS_CONVERGED, 122, 10.0004433789, 0.0999955664072,
         0.9001698, 0.99999, none, -1, 0},
        {"b", 5, 4, 0.5, 5e-5, BRINK_STATUS_CONVERGED, 847, 3.79557075531, 0.263464987077,
         0.018094714, 0.910282, none, -1, 0},
        {"a", 1, 1, -1, 0.5, BRINK_STATUS_SADDLE, 85, none, none, none, none, none, -1, 0},
        {"b", 3, 2, -0.3, 0.005, BRINK_STATUS_AXIS, 30000, 1.97673649935, -0.000143735045964, none,
         none, none, -1, 30000},
        {"b", 3, 2, 0, 0.01, BRINK_STATUS_STATIONARY_START, 0, 2, 0, 0, 1, 1, 0, 0},
        {"b", 1, 1.2, 0.9, 1.05, BRINK_STATUS_DIVERGED, -1, none, none, none, none, none, -1, 0},
        {"a", 1, 3, 1, 1.7, BRINK_STATUS_DIVERGED, -1, none, none, none, none, none, -1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_published(&cases[i]);
}
END_TEST

// Does the orbit through the end of a cell come within 1e-9 of x?
static bool orbit_contains(const struct brink_curve *curve, const struct brink_cell *cell, double x)
{
    double x_now = cell->x_end, y_now = cell->y_end;
    bool found = false;
    for (int32_t i = 0; i < cell->period; i++) {
        found = found || fabs(x_now - x) <= 1e-9 * fabs(x);
        brink_gd_step(curve, cell->lr_actual, &x_now, &y_now);
    }
    return found;
}

START_TEST(published_orbits_come_out)
{
    struct brink_curve a = curve_of("a", 1), b = curve_of("b", 1);
    struct brink_cell two = run_cell("a", 1, 1.05, 1.05, 2.2);
    ck_assert_status(two, PERIODIC);
    ck_assert_int_eq(two.period, 2);
    ck_assert(two.x_end == two.y_end && isnan(two.balance));
    ck_assert(orbit_contains(&a, &two, 1.11262741916));
    double x = 1.11262741916, y = x;
    brink_gd_step(&a, 2.2, &x, &y);
    ck_assert_close(x, 0.822781, 1e-6);
    struct brink_cell four = run_cell("b", 1, 1.2, 0.9, 0.63);
    ck_assert_status(four, PERIODIC);
    ck_assert_int_eq(four.period, 4);
    ck_assert(orbit_contains(&b, &four, 1.1649533546));
    ck_assert_double_lt(fabs(four.balance), 1e-9);
    // The spread of 1024 steps of chaos is about .005 either way.
    struct brink_curve curve = curve_of("b", 1);
    struct brink_rules rules = {20000, 16384, 1e-10, 1e8};
    struct brink_cell weak = run_rules(&curve, 1.2, 0.9, 0.7, rules);
    struct brink_cell strong = run_rules(&curve, 1.2, 0.9, 0.9, rules);
    ck_assert_status(weak, BOUNDED);
    ck_assert_status(strong, BOUNDED);
    ck_assert_double_lt(fabs(weak.lyapunov - 0.342), 0.005);
    ck_assert_double_lt(fabs(strong.lyapunov - 0.805), 0.005);
    ck_assert_double_lt(fabs(weak.balance), 1e-9);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        end_of_a_cell_is_its_replay,
        measures_are_what_a_replay_shows,
        every_field_keeps_its_range,
        symmetries_hold_to_the_bit,
        lines_stay_lines,
        sums_and_differences_follow_their_map,
        proof_a_bounded_slopes_never_diverge,
        proof_b_means_divergence,
        proof_c_creeps_for_ever,
        cubic_map_changes_where_it_should,
        cubic_map_visits_both_signs_from_its_crisis,
        cubic_map_has_its_two_cycle,
        eos_law_holds,
        published_cases_come_out,
        published_orbits_come_out,
    };
    return unit_run("dynamics", tests, sizeof tests / sizeof tests[0]);
}
