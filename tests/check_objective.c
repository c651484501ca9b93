// SPDX-License-Identifier: MIT
// Objectives: derivatives against slopes, symmetries to the bit, extremes, degrees of regularity.
#include <float.h>
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "brink/base/random.h"
#include "brink/objective/objective.h"
#include "brink/objective/regularity.h"
#include "unit.h"

static const struct brink_random_key key = {.seed = 2, .purpose = BRINK_PURPOSE_TEST};

static double uniform(uint32_t draw, double low, double high)
{
    return low + (high - low) * brink_random_uniform(&key, draw);
}

static struct brink_curve curve_a(double a)
{
    struct brink_curve curve;
    brink_regularity_a.prepare(&curve, a);
    return curve;
}

static struct brink_curve curve_b(double b)
{
    struct brink_curve curve;
    brink_regularity_b.prepare(&curve, b);
    return curve;
}

enum { CURVES = 10 };

static struct brink_curve curve_number(int i)
{
    static const double a[5] = {1, 0.75, 0.5, 0.25, 0.05}, b[5] = {1, 3, 5, 7, 23};
    return i < 5 ? curve_a(a[i]) : curve_b(b[i - 5]);
}

// F(s) - min F in 80 bits, s = 1 + t.
static long double exact_excess(const struct brink_curve *curve, long double t)
{
    long double p = (long double)curve->parameter;
    if (curve->power) {
        long double r = t > -1 ? expm1l(p * log1pl(t)) : 1 + powl(-1 - t, p);
        return r * r;
    }
    long double v = fabsl(t), minimum = 2 * logl(2), half = sinhl(v / 2);
    long double c = v < 1 ? log1pl(half * half) : v - minimum + 2 * log1pl(expl(-v));
    return powl(minimum, p) * expm1l(p * log1pl(c / minimum));
}

START_TEST(slope_is_the_derivative_of_the_loss)
{
    for (int i = 0; i < CURVES; i++) {
        struct brink_curve curve = curve_number(i);
        const struct brink_objective *objective = curve.objective;
        for (uint32_t j = 0; j < 2000; j++) {
            double reach = curve.power > 5 ? 1.3 : 3, s = uniform(j, -reach, reach);
            long double step = 1e-4L, t = (long double)s - 1;
            // Richardson: the error is of order step^4.
            long double wide = exact_excess(&curve, t + step) - exact_excess(&curve, t - step);
            long double near =
                exact_excess(&curve, t + step / 2) - exact_excess(&curve, t - step / 2);
            double slope = (double)((8 * near - wide) / (6 * step));
            double scale = fabs(slope) + curve.curvature_minimum;
            double error = fabs(objective->slope(&curve, s, 1) - slope) / scale;
            if (!(error < 1e-10))
                ck_abort_msg("%s %g: F'(%g) = %.17g, not %.17g", objective->name, curve.parameter,
                             s, objective->slope(&curve, s, 1), slope);
        }
    }
}
END_TEST

START_TEST(curvature_is_the_derivative_of_the_slope)
{
    for (int i = 0; i < CURVES; i++) {
        struct brink_curve curve = curve_number(i);
        const struct brink_objective *objective = curve.objective;
        for (uint32_t j = 0; j < 2000; j++) {
            double reach = curve.power > 5 ? 1.3 : 3, s = uniform(j, -reach, reach), unused;
            double step = 0x1p-9, y = 1;
            double wide =
                objective->slope(&curve, s + step, y) - objective->slope(&curve, s - step, y);
            double near = objective->slope(&curve, s + step / 2, y) -
                          objective->slope(&curve, s - step / 2, y);
            double curvature = (8 * near - wide) / (6 * step);
            double scale = fabs(curvature) + curve.curvature_minimum;
            double error = fabs(objective->jet(&curve, s, y, &unused) - curvature) / scale;
            if (!(error < (curve.power > 5 ? 1e-6 : 1e-9)))
                ck_abort_msg("%s %g: F''(%g) = %.17g, not %.17g", objective->name, curve.parameter,
                             s, objective->jet(&curve, s, y, &unused), curvature);
        }
    }
}
END_TEST

START_TEST(bend_is_the_jet_with_fewer_digits)
{
    for (int i = 0; i < CURVES; i++) {
        struct brink_curve curve = curve_number(i);
        const struct brink_objective *objective = curve.objective;
        for (uint32_t j = 0; j < 20000; j++) {
            double x = uniform(2 * j, -8, 8), y = uniform(2 * j + 1, -8, 8), slope, slope2;
            double exact = objective->jet(&curve, x, y, &slope);
            double found = objective->bend(&curve, x, y, &slope2);
            ck_assert(brink_bits(slope) == brink_bits(slope2));
            double scale = fabs(exact) + curve.curvature_minimum;
            if (!(fabs(found - exact) <= 1e-11 * scale))
                ck_abort_msg("%s %g at (%a, %a): %.17g, not %.17g", objective->name,
                             curve.parameter, x, y, found, exact);
        }
    }
}
END_TEST

START_TEST(jet_gives_the_slope_to_the_bit)
{
    for (int i = 0; i < CURVES; i++) {
        struct brink_curve curve = curve_number(i);
        for (uint32_t j = 0; j < 20000; j++) {
            double x = uniform(2 * j, -40, 40), y = uniform(2 * j + 1, -1, 1) * (j % 7 ? 1 : 1e9);
            double slope;
            curve.objective->jet(&curve, x, y, &slope);
            if (brink_bits(slope) != brink_bits(curve.objective->slope(&curve, x, y)))
                ck_abort_msg("%s at (%a, %a)", curve.objective->name, x, y);
        }
    }
}
END_TEST

static void check_same(const struct brink_curve *curve, double x, double y, double x2, double y2)
{
    const struct brink_objective *objective = curve->objective;
    double slope, slope2;
    bool same = brink_bits(objective->jet(curve, x, y, &slope)) ==
                    brink_bits(objective->jet(curve, x2, y2, &slope2)) &&
                brink_bits(slope) == brink_bits(slope2) &&
                objective->excess(curve, x, y) == objective->excess(curve, x2, y2) &&
                objective->gauge(curve, x, y) == objective->gauge(curve, x2, y2) &&
                brink_sharpness(curve, x, y) == brink_sharpness(curve, x2, y2) &&
                brink_gradient_norm(curve, x, y) == brink_gradient_norm(curve, x2, y2) &&
                brink_flow_rate(curve, x, y) == brink_flow_rate(curve, x2, y2);
    if (!same)
        ck_abort_msg("%s %g: (%a, %a) against (%a, %a)", objective->name, curve->parameter, x, y,
                     x2, y2);
}

START_TEST(symmetries_are_exact)
{
    for (int i = 0; i < CURVES; i++) {
        struct brink_curve curve = curve_number(i);
        for (uint32_t j = 0; j < 5000; j++) {
            double x = uniform(2 * j, -12, 12), y = uniform(2 * j + 1, -1, 1);
            check_same(&curve, x, y, y, x);
            check_same(&curve, x, y, -x, -y);
        }
    }
    // F_a is even in t: its slope is odd to the bit.
    for (int i = 0; i < 5; i++) {
        struct brink_curve curve = curve_number(i);
        for (int j = -2000; j <= 2000; j++) {
            double t = ldexp(j, -6), up = brink_regularity_a.slope(&curve, 1 + t, 1);
            if (up != -brink_regularity_a.slope(&curve, 1 - t, 1))
                ck_abort_msg("a = %g: not odd at t = %g", curve.parameter, t);
        }
    }
}
END_TEST

// Errors in ulp of F' of F_a over |t| <= 100, against 80 bits.
static double worst_slope_a(double a)
{
    struct brink_curve curve = curve_a(a);
    double largest = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        double s = 1 + uniform(i, 0, i % 2 ? 2 : 100), t = s - 1; // exact
        long double v = (long double)t, length = v + 2 * log1pl(expl(-v));
        long double exact = (long double)a * powl(length, (long double)a - 1) * tanhl(v / 2);
        int exponent;
        frexpl(exact, &exponent);
        long double error = (long double)brink_regularity_a.slope(&curve, s, 1) - exact;
        largest = fmax(largest, (double)(fabsl(error) / ldexpl(1, exponent - 53)));
    }
    return largest;
}

START_TEST(slope_of_a_is_accurate)
{
    ck_assert_double_le(worst_slope_a(1), 2.75);
    ck_assert_double_le(worst_slope_a(0.75), 4.5);
    ck_assert_double_le(worst_slope_a(0.5), 5);
    ck_assert_double_le(worst_slope_a(0.05), 6.5);
}
END_TEST

START_TEST(closed_forms_hold)
{
    struct brink_curve a = curve_a(1);
    double slope;
    ck_assert_close(brink_regularity_a.slope(&a, 2, 1), tanh(0.5), 1e-15);
    ck_assert_close(brink_regularity_a.jet(&a, 3, 1, &slope), 0.5 / pow(cosh(1), 2), 1e-15);
    ck_assert_close(brink_regularity_a.excess(&a, 4, 1), 2 * log(cosh(1.5)), 1e-15);
    ck_assert_double_eq(a.curvature_minimum, 0.5);
    ck_assert_double_eq(a.slope_bound, 1);
    struct brink_curve half = curve_a(0.5);
    ck_assert_close(1 / half.curvature_minimum, 4.709640, 1e-6);
    ck_assert_close(half.excess_scale, sqrt(2 * M_LN2), 1e-15);
    ck_assert_double_lt(brink_sharpness(&half, 10, 1), 0); // flat far out, and curved down
    struct brink_curve b = curve_b(3);
    ck_assert_double_eq(brink_regularity_b.slope(&b, 2, 1), 6.0 * 4 * 7);
    ck_assert_double_eq(brink_regularity_b.jet(&b, 2, 1, &slope), 12.0 * 2 * 7 + 18 * 16);
    ck_assert_double_eq(brink_regularity_b.excess(&b, 2, 1), 49);
    ck_assert_double_eq(brink_regularity_b.excess(&b, -2, 1), 81);
    ck_assert_double_eq(b.curvature_minimum, 18);
    struct brink_curve square = curve_b(1);
    ck_assert_double_eq(brink_regularity_b.jet(&square, 0, 5, &slope), 2);
    ck_assert_double_eq(slope, -2);
    ck_assert_double_eq(brink_regularity_b.excess(&square, 0, 0), 1);
}
END_TEST

START_TEST(minimum_is_what_the_curve_says)
{
    for (int i = 0; i < CURVES; i++) {
        struct brink_curve curve = curve_number(i);
        const struct brink_objective *objective = curve.objective;
        double slope, curvature = objective->jet(&curve, 4, 0.25, &slope);
        ck_assert_double_eq(slope, 0);
        ck_assert_close(curvature, curve.curvature_minimum, 1e-14);
        ck_assert_double_eq(objective->excess(&curve, 4, 0.25), 0);
        ck_assert_double_eq(objective->gauge(&curve, 4, 0.25), 0);
        ck_assert_close(brink_sharpness(&curve, 4, 0.25), curve.curvature_minimum * 16.0625, 1e-14);
        ck_assert_close(brink_flow_rate(&curve, 4, 0.25), 2 / (curve.curvature_minimum * 16.0625),
                        1e-14);
        ck_assert_double_eq(brink_gradient_norm(&curve, 4, 0.25), 0);
    }
}
END_TEST

START_TEST(excess_keeps_its_digits)
{
    for (int i = 0; i < CURVES; i++) {
        struct brink_curve curve = curve_number(i);
        for (uint32_t j = 0; j < 3000; j++) {
            int scale = 30 - (int)(j % (curve.power ? 30 : 40)); // t from 2^-30 up
            double t = uniform(j, 0.5, 1) * ldexp(1, -scale), s = 1 + t;
            t = s - 1;
            double ours = curve.objective->excess(&curve, s, 1);
            double exact = (double)exact_excess(&curve, (long double)t);
            if (!(fabs(ours - exact) <= 1e-14 * curve.dor * exact + 1e-14 * exact))
                ck_abort_msg("%s %g: excess at t = %g is %.17g, not %.17g", curve.objective->name,
                             curve.parameter, t, ours, exact);
            double gauged =
                curve.objective->gauge_excess(&curve, curve.objective->gauge(&curve, s, 1));
            if (!(fabs(gauged - exact) <= 1e-6 * exact))
                ck_abort_msg("%s %g: by the gauge %.17g, not %.17g", curve.objective->name,
                             curve.parameter, gauged, exact);
        }
    }
}
END_TEST

START_TEST(loss_grows_with_the_gauge)
{
    for (int i = 0; i < CURVES; i++) {
        struct brink_curve curve = curve_number(i);
        double last = -1;
        for (int j = 0; j < 4000; j++) {
            double excess = curve.objective->gauge_excess(&curve, ldexp(j % 64 + 64, j / 64 - 40));
            if (!(excess > last))
                ck_abort_msg("%s %g, point %d", curve.objective->name, curve.parameter, j);
            last = excess;
        }
        ck_assert_double_eq(curve.objective->gauge_excess(&curve, 0), 0);
    }
}
END_TEST

START_TEST(slope_of_a_stays_below_its_bound)
{
    for (int i = 0; i < 5; i++) {
        struct brink_curve curve = curve_number(i);
        for (int j = -2000; j <= 2000; j++) {
            double t = j < 0 ? -ldexp(1 + (j & 1) / 2.0, -j / 2 - 30) : ldexp(1, j / 2 - 30);
            if (!(fabs(curve.objective->slope(&curve, t, 1)) <= curve.slope_bound))
                ck_abort_msg("a = %g, t = %g", curve.parameter, t);
        }
    }
}
END_TEST

// Largest eigenvalue of the Hessian in 80 bits, from its entries.
static double eigenvalue(const struct brink_curve *curve, double x, double y)
{
    double slope, curvature = curve->objective->jet(curve, x, y, &slope);
    long double u = (long double)x, v = (long double)y, bend = (long double)curvature;
    long double a = v * v * bend, c = u * u * bend, b = (long double)slope + u * v * bend;
    return (double)((a + c) / 2 + hypotl((a - c) / 2, b));
}

START_TEST(sharpness_is_the_largest_eigenvalue)
{
    for (int i = 0; i < CURVES; i++) {
        struct brink_curve curve = curve_number(i);
        for (uint32_t j = 0; j < 5000; j++) {
            double x = uniform(2 * j, -5, 5), y = uniform(2 * j + 1, -1, 1);
            double slope, curvature = curve.objective->jet(&curve, x, y, &slope);
            double scale = (x * x + y * y) * fabs(curvature) + fabs(slope); // the parts cancel
            if (!(fabs(brink_sharpness(&curve, x, y) - eigenvalue(&curve, x, y)) <= 1e-15 * scale))
                ck_abort_msg("%s %g at (%g, %g)", curve.objective->name, curve.parameter, x, y);
        }
    }
}
END_TEST

START_TEST(extremes_are_no_nan)
{
    static const double far[] = {1e10, 1e100, 1e150, 0x1p700, 1e300};
    for (int i = 0; i < CURVES; i++) {
        struct brink_curve curve = curve_number(i);
        const struct brink_objective *objective = curve.objective;
        for (size_t j = 0; j < 2 * sizeof far / sizeof far[0]; j++) {
            double s = j % 2 ? -far[j / 2] : far[j / 2], slope;
            double curvature = objective->jet(&curve, s, 1, &slope);
            ck_assert(!isnan(curvature));
            ck_assert(s > 0 ? slope > 0 : slope < 0);
            ck_assert_double_gt(objective->excess(&curve, s, 1), 0);
            ck_assert_double_gt(objective->gauge(&curve, s, 1), 1);
            ck_assert(!isnan(brink_sharpness(&curve, s, 1)));
            double root = sqrt(fabs(s)), sign = s < 0 ? -1 : 1;
            ck_assert(!isnan(brink_sharpness(&curve, root, sign * root)));
            ck_assert(!isnan(brink_gradient_norm(&curve, s, 1)));
            if (!curve.power)
                ck_assert(isfinite(slope) && isfinite(curvature));
            else
                ck_assert_double_gt(curvature, 0);
        }
        double slope, curvature = objective->jet(&curve, 0, 3, &slope);
        ck_assert(isfinite(slope) && isfinite(curvature));
        if (curve.power > 1)
            ck_assert(slope == 0 && curvature == 0 && brink_sharpness(&curve, 0, 3) == 0);
    }
}
END_TEST

START_TEST(far_out_only_the_slope_is_left)
{
    struct brink_curve curve = curve_a(1); // F' = 1, and F'' less than any power of s
    ck_assert_double_eq(brink_sharpness(&curve, 1e150, 1e150), 1);
    ck_assert_double_eq(brink_sharpness(&curve, 1e100, -1e10), 1);
    ck_assert_double_eq(brink_sharpness(&curve, 1e7, 1), 1);
}
END_TEST

START_TEST(nan_stays_nan)
{
    const double nan = (double)NAN;
    for (int i = 0; i < CURVES; i++) {
        struct brink_curve curve = curve_number(i);
        const struct brink_objective *objective = curve.objective;
        double slope;
        ck_assert(isnan(objective->jet(&curve, nan, 1, &slope)) && isnan(slope));
        ck_assert(isnan(objective->slope(&curve, 1, nan)));
        ck_assert(isnan(objective->excess(&curve, nan, 1)));
        ck_assert(isnan(objective->gauge(&curve, 1, nan)));
        ck_assert(isnan(objective->gauge_excess(&curve, nan)));
        ck_assert(isnan(brink_sharpness(&curve, nan, 1)));
        ck_assert(isnan(brink_flow_rate(&curve, nan, 1)));
        ck_assert(isnan(brink_gradient_norm(&curve, nan, nan)));
        ck_assert(!objective->escapes || !objective->escapes(&curve, 1, nan, 1));
        ck_assert(!objective->creeps || !objective->creeps(&curve, 1, nan, 1));
    }
}
END_TEST

START_TEST(powers_have_one_order)
{
    for (uint32_t i = 0; i < 2000; i++) {
        double s = uniform(i, -3, 3), s2 = s * s, s4 = s2 * s2, s8 = s4 * s4;
        const double chain[9] = {1, s2, s4, s4 * s2, s8, s8 * s2, s8 * s4, (s4 * s2) * s8, s8 * s8};
        for (int k = 0; k < 9; k++)
            if (brink_even_power(s, 2 * k) != chain[k])
                ck_abort_msg("s^%d at %a", 2 * k, s);
    }
}
END_TEST

START_TEST(large_powers_are_sane)
{
    struct brink_curve curve = curve_b(INT_MAX);
    const struct brink_objective *objective = curve.objective;
    double slope;
    ck_assert_double_eq(curve.dor, 2.0 * INT_MAX);
    ck_assert_double_eq(objective->jet(&curve, 1, 1, &slope), curve.curvature_minimum);
    ck_assert_double_eq(slope, 0);
    ck_assert_double_eq(objective->slope(&curve, 0.5, 1), 0);
    ck_assert_double_eq(objective->excess(&curve, 0.5, 1), 1);
    ck_assert_double_eq(objective->excess(&curve, -1, 1), 4);
    double t = 0x1p-50; // s^b - 1 = expm1(b log1p(t)), nearly
    ck_assert_close(objective->excess(&curve, 1 + t, 1), pow(expm1(INT_MAX * log1p(t)), 2), 1e-6);
    ck_assert_double_eq(objective->slope(&curve, 2, 1), HUGE_VAL);
    ck_assert_double_eq(objective->slope(&curve, -2, 1), -HUGE_VAL);
    curve = curve_b(101);
    ck_assert_close(objective->excess(&curve, 1.01, 1), pow(pow(1.01, 101) - 1, 2), 1e-12);
    ck_assert_close(objective->excess(&curve, -1.01, 1), pow(pow(1.01, 101) + 1, 2), 1e-12);
}
END_TEST

START_TEST(exits_of_b_follow_their_conditions)
{
    struct brink_curve b = curve_b(3);
    const struct brink_objective *objective = b.objective;
    ck_assert(objective->escapes(&b, 1, 2, 1));         // h|F'||s| = 336 >= 2 N = 10
    ck_assert(!objective->escapes(&b, 0.0297, 2, 1));   // 9.98
    ck_assert(objective->escapes(&b, 0.0298, 2, 1));    // 10.01
    ck_assert(!objective->escapes(&b, 1e9, 1.99, 1));   // |s| < 2
    ck_assert(objective->escapes(&b, 1, 1e100, -1e50)); // overflows
    ck_assert(objective->on_axis(&b, 2, 0) && objective->on_axis(&b, -0.0, 2));
    ck_assert(!objective->on_axis(&b, 2, 1e-300));
    ck_assert(objective->creeps(&b, 0.1, 1, -0.5));   // 6 * .1 * 1.25 * .5 * 1.125 = .42
    ck_assert(!objective->creeps(&b, 0.25, 1, -0.5)); // 1.05
    ck_assert(!objective->creeps(&b, 0.1, 1, 0.5));
    struct brink_curve square = curve_b(1);
    ck_assert(!objective->on_axis(&square, 2, 0) && !objective->creeps(&square, 1e-9, 1, -0.5));
    ck_assert(!brink_regularity_a.escapes && !brink_regularity_a.on_axis);
    ck_assert(!brink_regularity_a.creeps);
}
END_TEST

START_TEST(table_is_found_by_parameter)
{
    ck_assert_ptr_eq(brink_objective_find("a"), &brink_regularity_a);
    ck_assert_ptr_eq(brink_objective_find("b"), &brink_regularity_b);
    ck_assert_ptr_null(brink_objective_find("c"));
    ck_assert_ptr_null(brink_objective_find(""));
    ck_assert_uint_eq(brink_objective_count, 2);
}
END_TEST

START_TEST(members_are_told_from_their_neighbours)
{
    const double huge = HUGE_VAL, nan = (double)NAN, b_max = INT_MAX;
    const struct {
        const struct brink_objective *objective;
        double parameter;
        bool valid;
        double nearest, above;
    } cases[] = {
        {&brink_regularity_a, 1, true, 1, 1},
        {&brink_regularity_a, 0.3, true, 0.3, 0.3},
        {&brink_regularity_a, DBL_MIN, true, DBL_MIN, DBL_MIN},
        {&brink_regularity_a, 0, false, 0.01, 0.01},
        {&brink_regularity_a, -2, false, 0.01, 0.01},
        {&brink_regularity_a, 1.5, false, 1, 1},
        {&brink_regularity_a, huge, false, 1, 1},
        {&brink_regularity_a, nan, false, 0.01, 0.01},
        {&brink_regularity_b, 1, true, 1, 1},
        {&brink_regularity_b, 7, true, 7, 7},
        {&brink_regularity_b, b_max, true, b_max, b_max},
        {&brink_regularity_b, 4, false, 3, 5},
        {&brink_regularity_b, 4.999, false, 3, 5},
        {&brink_regularity_b, 5.001, false, 5, 7},
        {&brink_regularity_b, b_max - 1, false, b_max - 2, b_max},
        {&brink_regularity_b, 0, false, 1, 1},
        {&brink_regularity_b, -3, false, 1, 1},
        {&brink_regularity_b, 1e300, false, b_max, b_max},
        {&brink_regularity_b, huge, false, b_max, b_max},
        {&brink_regularity_b, nan, false, 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double nearest, above;
        bool valid = cases[i].objective->valid(cases[i].parameter, &nearest, &above);
        ck_assert_msg(valid == cases[i].valid && nearest == cases[i].nearest &&
                          above == cases[i].above,
                      "case %zu: %d, %g, %g", i, valid, nearest, above);
    }
}
END_TEST

START_TEST(degrees_name_a_family_and_a_member)
{
    const struct {
        double dor;
        bool valid;
        const struct brink_objective *objective;
        double parameter, below, above;
    } cases[] = {
        {0.25, true, &brink_regularity_a, 0.25, 0.25, 0.25},
        {1, true, &brink_regularity_a, 1, 1, 1},
        {2, true, &brink_regularity_b, 1, 2, 2},
        {6, true, &brink_regularity_b, 3, 6, 6},
        {14, true, &brink_regularity_b, 7, 14, 14},
        {1.5, false, &brink_regularity_b, 0.75, 1, 2},
        {4, false, &brink_regularity_b, 2, 2, 6},
        {7, false, &brink_regularity_b, 3.5, 6, 10},
        {0, false, &brink_regularity_a, 0, 0.01, 0.01},
        {-1, false, &brink_regularity_a, -1, 0.01, 0.01},
        {1e30, false, &brink_regularity_b, 5e29, 2.0 * INT_MAX, 2.0 * INT_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct brink_objective *objective;
        double parameter, below, above;
        bool valid = brink_objective_of_dor(cases[i].dor, &objective, &parameter, &below, &above);
        ck_assert_msg(valid == cases[i].valid && objective == cases[i].objective &&
                          parameter == cases[i].parameter && below == cases[i].below &&
                          above == cases[i].above,
                      "dor %g: %d, %g, %g, %g", cases[i].dor, valid, parameter, below, above);
        struct brink_curve curve;
        if (valid) {
            objective->prepare(&curve, parameter);
            ck_assert_double_eq(curve.dor, cases[i].dor);
        }
    }
}
END_TEST

START_TEST(dor_is_the_growth_at_infinity)
{
    for (int i = 0; i < CURVES; i++) {
        struct brink_curve curve = curve_number(i);
        double s = curve.power ? 1e5 : 1e15, loss = curve.objective->excess(&curve, s, 1);
        loss += curve.power ? 0 : curve.excess_scale; // F, not F - min F
        ck_assert_close(s * curve.objective->slope(&curve, s, 1) / loss, curve.dor, 1e-4);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        slope_is_the_derivative_of_the_loss,
        curvature_is_the_derivative_of_the_slope,
        bend_is_the_jet_with_fewer_digits,
        jet_gives_the_slope_to_the_bit,
        symmetries_are_exact,
        slope_of_a_is_accurate,
        closed_forms_hold,
        minimum_is_what_the_curve_says,
        excess_keeps_its_digits,
        loss_grows_with_the_gauge,
        slope_of_a_stays_below_its_bound,
        sharpness_is_the_largest_eigenvalue,
        extremes_are_no_nan,
        far_out_only_the_slope_is_left,
        nan_stays_nan,
        powers_have_one_order,
        large_powers_are_sane,
        exits_of_b_follow_their_conditions,
        table_is_found_by_parameter,
        members_are_told_from_their_neighbours,
        degrees_name_a_family_and_a_member,
        dor_is_the_growth_at_infinity,
    };
    return unit_run("objective", tests, sizeof tests / sizeof tests[0]);
}
