// SPDX-License-Identifier: MIT
// Ends on vectors: the operations of measures.c.
#include "ends.h"

#include "kernel_jet.h"

void brink_ends_measure(enum kernel_kind kind, const struct lane_vector *lanes, mask which,
                        struct end_measures *measures)
{
    const struct brink_curve *curve = lanes->curve;
    // The other lanes stand at a minimum, where no formula is slow.
    vec x = vec_select(which, vec_load(lanes->at[LANE_X]), vec_set(1));
    vec y = vec_select(which, vec_load(lanes->at[LANE_Y]), vec_set(1));
    vec slope, curvature = vec_jet(kind, curve, x, y, &slope);
    vec_store(measures->edge, vec_edge(vec_load(lanes->at[LANE_H]), slope, curvature, x, y));
    if (kind != KERNEL_A && kind != KERNEL_A1) {
        vec peak = vec_load(lanes->at[LANE_PEAK]), rest = vec_residual(x * y, curve->power);
        vec_store(measures->loss, rest * rest);
        vec_store(measures->gauge_loss, peak * peak);
        return;
    }
    const double *peak = lanes->at[LANE_PEAK], a = curve->parameter, scale = curve->excess_scale;
    _Alignas(64) double gauge[VEC_WIDTH];
    vec_store(gauge, vec_abs(vec_fma_minus(x, y, vec_set(1))));
#pragma omp simd
    for (int lane = 0; lane < VEC_WIDTH; lane++) {
        measures->loss[lane] = brink_a_excess(gauge[lane], a, scale);
        measures->gauge_loss[lane] = brink_a_excess(peak[lane], a, scale);
    }
}
