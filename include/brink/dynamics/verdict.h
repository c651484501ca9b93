// SPDX-License-Identifier: MIT
// The classifier: which status a state has, what a cycle is, how chaotic a tail is.
#ifndef BRINK_DYNAMICS_VERDICT_H
#define BRINK_DYNAMICS_VERDICT_H

#include "brink/dynamics/trajectory.h"

// Tests of one state in their order: diverged, stationary_start (n = 0), converged, saddle, axis
// (exact). PENDING: go on stepping. `slope` is F'(s) at (x, y).
enum brink_status brink_verdict_state(const struct brink_point *point,
                                      const struct brink_rules *rules, int32_t n, double x,
                                      double y, double slope);

// |s - 1| <= 1e-6 and h F''(1) N <= 2: at a stable minimum, as far as doubles can tell.
bool brink_verdict_at_minimum(const struct brink_point *point, double x, double y);

// How a cell ends that no state test ended.
struct brink_ending {
    enum brink_status status;
    int32_t period;  // 0 unless PERIODIC
    double lyapunov; // NaN: not computed
};

// Judges an exact cycle of the float map through (x, y): CONVERGED, BOUNDED, PERIODIC or UNSETTLED.
// Its exponent is that of as many whole turns as make at least rules->tail steps: one turn of a
// short cycle would show the tangent's transient. False if `pulse` (may be NULL) was abandoned.
bool brink_verdict_cycle(const struct brink_point *point, const struct brink_rules *rules, double x,
                         double y, struct brink_pulse *pulse, struct brink_ending *ending);

// Judges (x, y) at max_steps: AXIS (proof C), BOUNDED or UNSETTLED. The tail are the last
// `tail_steps` >= 0 steps, from (tail_x, tail_y); fewer than 8 tell nothing. False if abandoned.
bool brink_verdict_limit(const struct brink_point *point, double x, double y, double tail_x,
                         double tail_y, int32_t tail_steps, struct brink_pulse *pulse,
                         struct brink_ending *ending);

// The Lyapunov exponent per step over `steps` >= 8 steps from (x, y): tangent from (1, 1/2),
// normalised, renormalised every step; -infinity, with a NaN error, if it is annihilated. *error:
// standard deviation of 8 block means / sqrt 8. False if abandoned.
bool brink_lyapunov(const struct brink_point *point, double x, double y, int64_t steps,
                    struct brink_pulse *pulse, double *exponent, double *error);

#endif
