// SPDX-License-Identifier: MIT
// The classifier: state tests, exact cycles, and Lyapunov exponents.
#include "brink/dynamics/verdict.h"

#include <assert.h>
#include <math.h>

#define AT_MINIMUM   1e-6  // on |s - 1|
#define AT_ORIGIN    1e-12 // on N = x^2 + y^2
#define SAME_ORBIT   1e-9  // on the distance of two points of a cycle, relative to 1 + their size
#define CHAOS        0.005 // on the Lyapunov exponent per step
#define CHAOS_ERRORS 3     // and in standard errors of it

enum { BLOCKS = 8 }; // of a tail, for the standard error

static const double not_computed = (double)NAN;

bool brink_verdict_at_minimum(const struct brink_point *point, double x, double y)
{
    return fabs(brink_fma(x, y, -1)) <= AT_MINIMUM &&
           point->h * point->curve->curvature_minimum * (x * x + y * y) <= 2;
}

enum brink_status brink_verdict_state(const struct brink_point *point,
                                      const struct brink_rules *rules, int32_t n, double x,
                                      double y, double slope)
{
    const struct brink_objective *objective = point->curve->objective;
    if (!(fabs(x) < rules->escape && fabs(y) < rules->escape)) // NaN too
        return BRINK_STATUS_DIVERGED;
    if (objective->escapes && objective->escapes(point->curve, point->h, x, y))
        return BRINK_STATUS_DIVERGED;
    if (brink_gradient_norm_of(slope, x, y) <= rules->grad_tol) {
        if (n == 0)
            return BRINK_STATUS_STATIONARY_START;
        if (brink_verdict_at_minimum(point, x, y))
            return BRINK_STATUS_CONVERGED;
        if (x * x + y * y <= AT_ORIGIN)
            return BRINK_STATUS_SADDLE;
    }
    if (objective->on_axis && objective->on_axis(point->curve, x, y))
        return BRINK_STATUS_AXIS;
    return BRINK_STATUS_PENDING;
}

// Length of the exact cycle through (x, y), and whether all of it is at a stable minimum.
static bool measure_cycle(const struct brink_point *point, double x, double y,
                          struct brink_pulse *pulse, int32_t *length, bool *at_minimum)
{
    double x_now = x, y_now = y;
    *length = 0;
    *at_minimum = true;
    do {
        if (*length % BRINK_PULSE_STEPS == 0 && !brink_pulse_beat(pulse))
            return false;
        *at_minimum = *at_minimum && brink_verdict_at_minimum(point, x_now, y_now);
        brink_gd_step(point->curve, point->h, &x_now, &y_now);
        ++*length;
    } while (x_now != x || y_now != y);
    return true;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

// Is every point of the cycle where it is again `shift` steps later, but for rounding? Two runners
// around the cycle, so that no cycle is too long to be kept.
static bool compare_cycle(const struct brink_point *point, double x, double y, int32_t length,
                          int32_t shift, struct brink_pulse *pulse, bool *same)
{
    double x_ahead = x, y_ahead = y;
    for (int32_t i = 0; i < shift; i++) {
        if (i % BRINK_PULSE_STEPS == 0 && !brink_pulse_beat(pulse))
            return false;
        brink_gd_step(point->curve, point->h, &x_ahead, &y_ahead);
    }
    *same = true;
    for (int32_t i = 0; i < length && *same; i++) {
        if (i % BRINK_PULSE_STEPS == 0 && !brink_pulse_beat(pulse))
            return false;
        double size = larger(fabs(x), fabs(y));
        double distance = larger(fabs(x_ahead - x), fabs(y_ahead - y));
        *same = distance <= SAME_ORBIT * (1 + size);
        brink_gd_step(point->curve, point->h, &x, &y);
        brink_gd_step(point->curve, point->h, &x_ahead, &y_ahead);
    }
    return true;
}

bool brink_verdict_cycle(const struct brink_point *point, const struct brink_rules *rules, double x,
                         double y, struct brink_pulse *pulse, struct brink_ending *ending)
{
    int32_t length, period = 0;
    bool at_minimum, same = false;
    *ending = (struct brink_ending){BRINK_STATUS_CONVERGED, 0, not_computed};
    if (!measure_cycle(point, x, y, pulse, &length, &at_minimum))
        return false;
    if (at_minimum)
        return true; // the rounding floor of a minimum
    int64_t turns = (rules->tail + (int64_t)length - 1) / length;
    double error;
    if (!brink_lyapunov(point, x, y, turns * length, pulse, &ending->lyapunov, &error))
        return false;
    ending->status = BRINK_STATUS_BOUNDED; // a long float cycle of chaos
    if (ending->lyapunov > CHAOS)
        return true;
    while (!same) {
        do
            period++;
        while (length % period != 0);
        if (!compare_cycle(point, x, y, length, period, pulse, &same))
            return false;
    }
    // A point that stands still, but not at a stable minimum, is only slower than doubles can see.
    ending->status = period == 1 ? BRINK_STATUS_UNSETTLED : BRINK_STATUS_PERIODIC;
    ending->period = period == 1 ? 0 : period;
    return true;
}

bool brink_verdict_limit(const struct brink_point *point, double x, double y, double tail_x,
                         double tail_y, int32_t tail_steps, struct brink_pulse *pulse,
                         struct brink_ending *ending)
{
    const struct brink_objective *objective = point->curve->objective;
    *ending = (struct brink_ending){BRINK_STATUS_UNSETTLED, 0, not_computed};
    if (objective->creeps && objective->creeps(point->curve, point->h, x, y)) {
        ending->status = BRINK_STATUS_AXIS;
        return true;
    }
    if (tail_steps < BLOCKS)
        return true;
    double error;
    if (!brink_lyapunov(point, tail_x, tail_y, tail_steps, pulse, &ending->lyapunov, &error))
        return false;
    if (ending->lyapunov > CHAOS && ending->lyapunov > CHAOS_ERRORS * error)
        ending->status = BRINK_STATUS_BOUNDED;
    return true;
}

// A state and a tangent of length 1 there.
struct flow {
    double x, y, dx, dy;
};

// One GD step of both; returns the growth of the tangent's length. With ds = y dx + x dy:
// dx+ = dx - h (F'' ds y + F' dy), dy+ = dy - h (F'' ds x + F' dx).
static double flow_step(const struct brink_point *point, struct flow *flow)
{
    double slope, x = flow->x, y = flow->y;
    double curvature = point->curve->objective->jet(point->curve, x, y, &slope);
    double g = point->h * slope, bend = point->h * curvature * (y * flow->dx + x * flow->dy);
    double dx = brink_fma(-g, flow->dy, brink_fma(-bend, y, flow->dx));
    double dy = brink_fma(-g, flow->dx, brink_fma(-bend, x, flow->dy));
    double growth = sqrt(dx * dx + dy * dy);
    brink_gd_move(g, &flow->x, &flow->y);
    flow->dx = dx / growth;
    flow->dy = dy / growth;
    return growth;
}

bool brink_lyapunov(const struct brink_point *point, double x, double y, int64_t steps,
                    struct brink_pulse *pulse, double *exponent, double *error)
{
    assert(steps >= BLOCKS);
    double length = sqrt(1.25), sum = 0, mean[BLOCKS], variance = 0;
    struct flow flow = {x, y, 1 / length, 0.5 / length};
    *exponent = -HUGE_VAL;
    *error = not_computed;
    for (int block = 0; block < BLOCKS; block++) {
        int64_t first = block * steps / BLOCKS, end = (block + 1) * steps / BLOCKS;
        double block_sum = 0;
        for (int64_t i = first; i < end; i++) {
            if (i % BRINK_PULSE_STEPS == 0 && !brink_pulse_beat(pulse))
                return false;
            double growth = flow_step(point, &flow);
            if (growth == 0)
                return true;
            block_sum += brink_log(growth);
        }
        sum += block_sum;
        mean[block] = block_sum / (double)(end - first);
    }
    *exponent = sum / (double)steps;
    for (int block = 0; block < BLOCKS; block++) {
        double deviation = mean[block] - *exponent;
        variance = brink_fma(deviation, deviation, variance);
    }
    *error = sqrt(variance / (BLOCKS - 1) / BLOCKS);
    return true;
}
