// SPDX-License-Identifier: MIT
// The classifier: which status a state has, what a cycle is, how chaotic a tail is.
#ifndef BRINK_DYNAMICS_VERDICT_H
#define BRINK_DYNAMICS_VERDICT_H

#include <math.h>

#include "brink/base/polynomial.h"
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
// False if `pulse` (may be NULL) was abandoned.
bool brink_verdict_cycle(const struct brink_point *point, double x, double y,
                         struct brink_pulse *pulse, struct brink_ending *ending);
// Its two halves: true if the end is known without the period; and the end with it, the smallest
// number of steps after which every point of the cycle is at the same place, or all its length.
bool brink_verdict_without_period(bool at_minimum, double exponent, struct brink_ending *ending);
void brink_verdict_period(int32_t period, struct brink_ending *ending);

static inline double brink_larger(double a, double b)
{
    return a > b ? a : b;
}

// Are two points of a cycle the same, but for rounding?
#define BRINK_SAME_PLACE 1e-9 // on their distance, relative to 1 + their size
static inline bool brink_verdict_same_place(double x, double y, double x_other, double y_other)
{
    double distance = brink_larger(fabs(x_other - x), fabs(y_other - y));
    return distance <= BRINK_SAME_PLACE * (1 + brink_larger(fabs(x), fabs(y)));
}

// Judges (x, y) at max_steps: AXIS (proof C), BOUNDED or UNSETTLED. The tail are the last
// `tail_steps` >= 0 steps, from (tail_x, tail_y); fewer than 8 tell nothing. False if abandoned.
bool brink_verdict_limit(const struct brink_point *point, double x, double y, double tail_x,
                         double tail_y, int32_t tail_steps, struct brink_pulse *pulse,
                         struct brink_ending *ending);
// Its two halves: true if the end is known without the exponent of the tail; and the end with it.
bool brink_verdict_without_tail(const struct brink_point *point, double x, double y,
                                int32_t tail_steps, struct brink_ending *ending);
void brink_verdict_tail(double exponent, double error, struct brink_ending *ending);

// ---- Lyapunov exponents

// A tangent starts in the direction (1, 1/2) with length 1, is renormalised every 8 steps of a
// block and at its end; the growths of each of 8 blocks are multiplied as 2^exponent product.
#define BRINK_TANGENT_X   0x1.c9f25c5bfedd9p-1 // 2/sqrt 5
#define BRINK_TANGENT_Y   0x1.c9f25c5bfedd9p-2 // 1/sqrt 5
#define BRINK_TAIL_BLOCKS 8
#define BRINK_TAIL_STRIDE 8
// Growths beyond are lost: annihilated, or too much for a double.
#define BRINK_GROWTH_MIN 0x1p-1000
#define BRINK_GROWTH_MAX 0x1p1000

// Where block `block` of a tail begins; block 8 is its end.
static inline int64_t brink_tail_block(int64_t steps, int block)
{
    return block * steps / BRINK_TAIL_BLOCKS;
}

// The exponent per step of a tail from the logarithms of its blocks' growths, and its standard
// error: standard deviation of the 8 block means / sqrt 8. -infinity and NaN if the tangent is
// lost.
void brink_growth_end(const double logarithms[BRINK_TAIL_BLOCKS], bool lost, int64_t steps,
                      double *exponent, double *error);

// The exponent of `steps` >= 8 steps from (x, y). False if abandoned.
bool brink_lyapunov(const struct brink_point *point, double x, double y, int64_t steps,
                    struct brink_pulse *pulse, double *exponent, double *error);

// The exponent per step of an exact cycle: log of the spectral radius of the product of its
// Jacobians, over its length; -infinity if a tangent is annihilated. False if abandoned.
bool brink_cycle_exponent(const struct brink_point *point, double x, double y, int32_t length,
                          struct brink_pulse *pulse, double *exponent);

#endif
