// SPDX-License-Identifier: MIT
// Good regularity: F_a(s) = (log(e^(s-1) + 1) + log(e^(1-s) + 1))^a, 0 < a <= 1.
#include "brink/objective/regularity.h"

#include <assert.h>

#include "brink/objective/objective.h"

// The family has no smallest member; a degree below it is answered with this one.
#define SMALL_A 0.01

static bool valid(double a, double *nearest, double *nearest_above)
{
    *nearest = *nearest_above = a > 1 ? 1 : a > 0 ? a : SMALL_A;
    return *nearest == a;
}

static void prepare(struct brink_curve *curve, double a)
{
    double unused;
    assert(valid(a, &unused, &unused));
    double bound = a * brink_pow(BRINK_A_LENGTH_MIN, a - 1);
    *curve = (struct brink_curve){
        .objective = &brink_regularity_a,
        .parameter = a,
        .dor = a,
        .curvature_minimum = bound / 2,
        .slope_bound = bound, // L >= 2 log 2 and |tanh| <= 1
        .excess_scale = brink_pow(BRINK_A_LENGTH_MIN, a),
    };
    if (a < 1)
        brink_row_table_build(curve->table, a);
}

static double slope(const struct brink_curve *curve, double x, double y)
{
    double t = brink_fma(x, y, -1), a = curve->parameter;
    return a == 1 ? brink_a1_slope(t) : brink_row_slope(curve->table, t, a);
}

static double jet(const struct brink_curve *curve, double x, double y, double *slope_out)
{
    double t = brink_fma(x, y, -1), a = curve->parameter;
    if (a == 1)
        return brink_a1_jet(t, slope_out);
    *slope_out = brink_row_slope(curve->table, t, a);
    return brink_a_curvature(t, a);
}

static double bend(const struct brink_curve *curve, double x, double y, double *slope_out)
{
    double t = brink_fma(x, y, -1), a = curve->parameter;
    return a == 1 ? brink_a1_bend(t, slope_out) : brink_row_bend(curve->table, t, a, slope_out);
}

static double gauge(const struct brink_curve *curve, double x, double y)
{
    (void)curve;
    return fabs(brink_fma(x, y, -1));
}

static double gauge_excess(const struct brink_curve *curve, double v)
{
    return brink_a_excess(v, curve->parameter, curve->excess_scale);
}

static double excess(const struct brink_curve *curve, double x, double y)
{
    return gauge_excess(curve, gauge(curve, x, y));
}

const struct brink_objective brink_regularity_a = {
    .name = "regularity_a",
    .parameter = "a",
    .formula = "(log(exp(x y - 1) + 1) + log(exp(1 - x y) + 1))^a",
    .valid = valid,
    .prepare = prepare,
    .slope = slope,
    .jet = jet,
    .bend = bend,
    .excess = excess,
    .gauge = gauge,
    .gauge_excess = gauge_excess,
};
