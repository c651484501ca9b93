// SPDX-License-Identifier: MIT
// Bad regularity: F_b(s) = (1 - s^b)^2, b odd >= 1. Integer powers by multiplication only.
#include "brink/objective/regularity.h"

#include <assert.h>
#include <limits.h>

#include "brink/objective/objective.h"

// b is kept as an int, the largest of which is odd.
#define B_MAX ((double)INT_MAX)

static bool valid(double b, double *nearest, double *nearest_above)
{
    *nearest = *nearest_above = b >= B_MAX ? B_MAX : 1;
    if (b > 1 && b < B_MAX) {
        *nearest = 2 * (double)(int)((b - 1) / 2) + 1;
        *nearest_above = *nearest == b ? b : *nearest + 2;
    }
    return *nearest == b;
}

static void prepare(struct brink_curve *curve, double b)
{
    double unused;
    assert(valid(b, &unused, &unused));
    *curve = (struct brink_curve){
        .objective = &brink_regularity_b,
        .parameter = b,
        .dor = 2 * b,
        .curvature_minimum = 2 * b * b,
        .slope_bound = HUGE_VAL,
        .excess_scale = 1,
        .power = (int)b,
    };
}

static double slope(const struct brink_curve *curve, double x, double y)
{
    return brink_b_slope(x * y, curve->power);
}

// 1 - s^b = (1 - s) (1 + s + .. + s^(b-1)), without cancellation near s = 1. The sum p over m terms
// doubles, p(2m) = p(m) (1 + s^m), and grows, p(m+1) = 1 + s p(m), along the bits of b.
static double residual(double s, int b)
{
    double sum = 1, power = s;
    int bit = 1;
    while (bit <= b / 2)
        bit *= 2;
    for (bit /= 2; bit > 0; bit /= 2) {
        sum *= 1 + power;
        power *= power;
        if (b & bit) {
            sum = brink_fma(s, sum, 1);
            power *= s;
        }
    }
    return (1 - s) * sum;
}

// F'' = -2b (b-1) s^(b-2) (1 - s^b) + 2 b^2 s^(2b-2).
static double jet(const struct brink_curve *curve, double x, double y, double *slope_out)
{
    double s = x * y, b = curve->parameter;
    *slope_out = brink_b_slope(s, curve->power);
    if (curve->power == 1)
        return s != s ? s : 2;
    double below = brink_even_power(s, curve->power - 3) * s; // s^(b-2)
    double above = brink_even_power(s, curve->power - 1);     // s^(b-1)
    double pull = (2 * b * (b - 1) * below) * residual(s, curve->power);
    return brink_fma(2 * b * b * above, above, -pull);
}

static double excess(const struct brink_curve *curve, double x, double y)
{
    double r = residual(x * y, curve->power);
    return r * r;
}

static double gauge(const struct brink_curve *curve, double x, double y)
{
    double power;
    return fabs(brink_b_gauge(x * y, curve->power, &power));
}

static double gauge_excess(const struct brink_curve *curve, double gauge)
{
    (void)curve;
    return gauge * gauge;
}

// Proof B: |s| >= 2 and h |F'| |s| >= 2 N, with N = x^2 + y^2.
static bool escapes(const struct brink_curve *curve, double h, double x, double y)
{
    double s = fabs(x * y);
    return s >= 2 && h * fabs(slope(curve, x, y)) * s >= 2 * (x * x + y * y);
}

// F'(0) = 0 from b = 3 on: both axes are critical.
static bool on_axis(const struct brink_curve *curve, double x, double y)
{
    return curve->power >= 3 && (x == 0 || y == 0);
}

// Proof C: s < 0 and 2 b h N |s|^(b-2) (1 + |s|^b) < 1; then s creeps up towards 0 for ever.
static bool creeps(const struct brink_curve *curve, double h, double x, double y)
{
    double s = x * y, size = fabs(s);
    if (curve->power < 3 || !(s < 0))
        return false;
    double below = brink_even_power(size, curve->power - 3) * size;
    double q = 2 * curve->parameter * h * (x * x + y * y) * below * (1 + below * size * size);
    return q < 1;
}

const struct brink_objective brink_regularity_b = {
    .name = "regularity_b",
    .parameter = "b",
    .formula = "(1 - (x y)^b)^2",
    .valid = valid,
    .prepare = prepare,
    .slope = slope,
    .jet = jet,
    .bend = jet,
    .excess = excess,
    .gauge = gauge,
    .gauge_excess = gauge_excess,
    .escapes = escapes,
    .on_axis = on_axis,
    .creeps = creeps,
};
