// SPDX-License-Identifier: MIT
// What is measured on a cell: the statuses and the stored fields, each written once, as a table.
#ifndef BRINK_DYNAMICS_CELL_H
#define BRINK_DYNAMICS_CELL_H

#include <stdint.h>

// name, value, meaning. Exclusive; the values are in the file format.
#define BRINK_STATUSES(X)                                                                          \
    X(PENDING, pending, 0, "not computed yet")                                                     \
    X(CONVERGED, converged, 1, "reached a stable minimum")                                         \
    X(STATIONARY_START, stationary_start, 2, "the start has no gradient")                          \
    X(SADDLE, saddle, 3, "reached the saddle at the origin")                                       \
    X(AXIS, axis, 4, "on, or creeping for ever towards, a flat axis")                              \
    X(DIVERGED, diverged, 5, "left the box, or is proved to")                                      \
    X(PERIODIC, periodic, 6, "exact cycle of the float64 map")                                     \
    X(BOUNDED, bounded, 7, "chaotic: bounded with a positive Lyapunov exponent")                   \
    X(UNSETTLED, unsettled, 8, "none of these after max_steps")                                    \
    X(UNDEFINED, undefined, 9, "the learning-rate unit does not exist here")

enum brink_status {
#define BRINK_STATUS_ENUM(upper, lower, value, meaning) BRINK_STATUS_##upper = (value),
    BRINK_STATUSES(BRINK_STATUS_ENUM)
#undef BRINK_STATUS_ENUM
        BRINK_STATUS_COUNT = 10
};

// Name of a status, "converged"; never NULL.
const char *brink_status_name(enum brink_status status);

// C type, name, in `record: basic`?, meaning. All are dimensionless. f8 unless an integer.
#define BRINK_CELL_FIELDS(X)                                                                       \
    X(int8_t, status, 1, "verdict on the cell")                                                    \
    X(int32_t, steps, 1, "gradient descent steps until the verdict")                               \
    X(int32_t, period, 1, "period of the limit cycle, 0 if there is none")                         \
    X(double, x_end, 1, "x at the verdict")                                                        \
    X(double, y_end, 1, "y at the verdict")                                                        \
    X(double, loss_start, 1, "loss above its minimum at the start")                                \
    X(double, loss_end, 1, "loss above its minimum at the verdict")                                \
    X(double, loss_peak, 1, "largest loss on the way over the loss at the start")                  \
    X(int32_t, peak_step, 0, "first step at which the loss peaks")                                 \
    X(int32_t, loss_rises, 0, "number of steps that raise the loss")                               \
    X(double, edge_start, 1, "learning rate times sharpness / 2 at the start")                     \
    X(double, edge_end, 1, "learning rate times sharpness / 2 at the verdict")                     \
    X(double, flow_ratio, 1, "learning rate over the marginal one of gradient flow")               \
    X(double, balance, 1, "x^2 - y^2 at the verdict over x^2 - y^2 at the start")                  \
    X(double, lyapunov, 0, "Lyapunov exponent per step of the tail or cycle")                      \
    X(double, edge_max, 0, "largest learning rate times sharpness / 2 on the way")                 \
    X(int32_t, edge_cross_step, 0, "first step with learning rate times sharpness / 2 > 1")        \
    X(double, lr_actual, 1, "learning rate h")

// One cell. NaNs are canonical (0x7ff8000000000000); see trajectory.h for each definition.
struct brink_cell {
#define BRINK_CELL_MEMBER(type, name, basic, meaning) type name;
    BRINK_CELL_FIELDS(BRINK_CELL_MEMBER)
#undef BRINK_CELL_MEMBER
};

#endif
