// SPDX-License-Identifier: MIT
// The stored numbers of a cell, from its start, its end and what was seen on the way.
#ifndef BRINK_DYNAMICS_MEASURES_H
#define BRINK_DYNAMICS_MEASURES_H

#include "brink/dynamics/verdict.h"

// What a start is worth, whatever the learning rate: the cells of a row share it.
struct start {
    double slope, gauge, sharpness;
    double loss, gauge_loss; // the excess loss, directly and from the gauge
    double flow_rate, imbalance;
};

// What is seen on the way, over the states 0..n. The gauge stands for the loss.
struct watch {
    double gauge_peak;
    double edge_max; // h sharpness / 2
    int32_t peak_step, loss_rises, edge_cross_step;
};

// Where a cell ended, at step n in (x, y), and what that is worth.
struct end {
    int32_t n;
    double x, y;
    double loss, gauge_loss; // the excess loss here, and of the watch's peak
    double edge;             // h sharpness / 2
};

void brink_start_measure(const struct brink_curve *curve, double x, double y, struct start *start);

// Sets all but n, x and y, which say where.
void brink_end_measure(const struct brink_point *point, double gauge_peak, struct end *end);

void brink_cell_fill(struct brink_cell *cell, const struct brink_point *point,
                     const struct start *start, const struct watch *watch, const struct end *end,
                     const struct brink_ending *ending);

#endif
