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

void brink_end_measure(const struct brink_point *point, double gauge_peak, struct end *end)
{
    const struct brink_curve *curve = point->curve;
    end->loss = curve->objective->excess(curve, end->x, end->y);
    end->gauge_loss = curve->objective->gauge_excess(curve, gauge_peak);
    end->edge = point->h * 0.5 * brink_sharpness(curve, end->x, end->y);
}

void brink_cell_fill(struct brink_cell *cell, const struct brink_point *point,
                     const struct start *start, const struct watch *watch, const struct end *end,
                     const struct brink_ending *ending)
{
    double x = end->x, y = end->y;
    double loss_peak = end->gauge_loss / start->gauge_loss;
    double balance = (x - y) * (x + y) / start->imbalance + 0.0; // never -0
    *cell = (struct brink_cell){
        .status = (int8_t)ending->status,
        .steps = end->n,
        .period = ending->period,
        .x_end = brink_canonical(x),
        .y_end = brink_canonical(y),
        .loss_start = brink_canonical(start->loss),
        .loss_end = brink_canonical(end->loss),
        .loss_peak = start->gauge_loss == 0 ? 1 : brink_canonical(loss_peak),
        .peak_step = watch->peak_step,
        .loss_rises = watch->loss_rises,
        .edge_start = brink_canonical(point->h * 0.5 * start->sharpness),
        .edge_end = brink_canonical(end->edge),
        .flow_ratio = brink_canonical(point->h / start->flow_rate),
        .balance = brink_canonical(start->imbalance == 0 ? (double)NAN : balance),
        .lyapunov = brink_canonical(ending->lyapunov),
        .edge_max = brink_canonical(watch->edge_max),
        .edge_cross_step = watch->edge_cross_step,
        .lr_actual = brink_canonical(point->h),
    };
}
