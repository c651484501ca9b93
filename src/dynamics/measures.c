// SPDX-License-Identifier: MIT
// The stored numbers of a cell: each formula once, for the reference and the fast engine.
#include "measures.h"

#include <math.h>

void brink_start_measure(const struct brink_curve *curve, double x, double y, struct start *start)
{
    const struct brink_objective *objective = curve->objective;
    double slope, curvature = objective->jet(curve, x, y, &slope);
    double gauge = objective->gauge(curve, x, y);
    *start = (struct start){
        .slope = slope,
        .gauge = gauge,
        .sharpness = brink_sharpness_of(slope, curvature, x, y),
        .loss = objective->excess(curve, x, y),
        .gauge_loss = objective->gauge_excess(curve, gauge),
        .flow_rate = brink_flow_rate(curve, x, y),
        .imbalance = (x - y) * (x + y),
    };
}

void brink_cell_fill(struct brink_cell *cell, const struct brink_point *point,
                     const struct start *start, const struct watch *watch,
                     const struct brink_ending *ending, int32_t n, double x, double y)
{
    const struct brink_curve *curve = point->curve;
    const struct brink_objective *objective = curve->objective;
    double loss_peak = objective->gauge_excess(curve, watch->gauge_peak) / start->gauge_loss;
    double balance = (x - y) * (x + y) / start->imbalance + 0.0; // never -0
    double edge_unit = point->h * 0.5;
    *cell = (struct brink_cell){
        .status = (int8_t)ending->status,
        .steps = n,
        .period = ending->period,
        .x_end = brink_canonical(x),
        .y_end = brink_canonical(y),
        .loss_start = brink_canonical(start->loss),
        .loss_end = brink_canonical(objective->excess(curve, x, y)),
        .loss_peak = start->gauge_loss == 0 ? 1 : brink_canonical(loss_peak),
        .peak_step = watch->peak_step,
        .loss_rises = watch->loss_rises,
        .edge_start = brink_canonical(edge_unit * start->sharpness),
        .edge_end = brink_canonical(edge_unit * brink_sharpness(curve, x, y)),
        .flow_ratio = brink_canonical(point->h / start->flow_rate),
        .balance = brink_canonical(start->imbalance == 0 ? (double)NAN : balance),
        .lyapunov = brink_canonical(ending->lyapunov),
        .edge_max = brink_canonical(watch->edge_max),
        .edge_cross_step = watch->edge_cross_step,
        .lr_actual = brink_canonical(point->h),
    };
}
