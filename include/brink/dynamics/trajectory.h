// SPDX-License-Identifier: MIT
// Gradient descent from one start at one learning rate: the readable reference of every stored bit.
#ifndef BRINK_DYNAMICS_TRAJECTORY_H
#define BRINK_DYNAMICS_TRAJECTORY_H

#include <stdint.h>

#include "brink/base/elementary.h"
#include "brink/dynamics/cell.h"
#include "brink/dynamics/pulse.h"
#include "brink/objective/objective.h"

// The problem of one cell. `curve` is borrowed. h is NaN where the learning-rate unit is undefined.
struct brink_point {
    const struct brink_curve *curve;
    double h;
    double x, y; // the start
};

// When a cell is over; defaults of the specification in brackets.
struct brink_rules {
    int32_t max_steps; // [20000] >= 0
    int32_t tail;      // [1024] steps of the Lyapunov tail, >= 8
    double grad_tol;   // [1e-10] on the gradient norm, >= 0
    double escape;     // [1e8] divergence is !(|x| < escape and |y| < escape)
};

// The block: recurrence is looked for at multiples of it, the fast engine checks at its ends.
#define BRINK_BLOCK 32

// One GD step, both components from the old point: g = h F'(s), x+ = fma(-g, y, x),
// y+ = fma(-g, x, y). The first form has g at hand.
static inline void brink_gd_move(double g, double *x, double *y)
{
    double x_next = brink_fma(-g, *y, *x);
    *y = brink_fma(-g, *x, *y);
    *x = x_next;
}
static inline void brink_gd_step(const struct brink_curve *curve, double h, double *x, double *y)
{
    brink_gd_move(h * curve->objective->slope(curve, *x, *y), x, y);
}

// Runs GD on `point` until a verdict and fills *cell. False, with *cell unspecified, if
// `pulse` (may be NULL) was abandoned first. Deterministic; cannot fail otherwise.
bool brink_trajectory_run(const struct brink_point *point, const struct brink_rules *rules,
                          struct brink_pulse *pulse, struct brink_cell *cell);

#endif
