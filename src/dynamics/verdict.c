// SPDX-License-Identifier: MIT
// The classifier: state tests, exact cycles, and Lyapunov exponents.
#include "brink/dynamics/verdict.h"

#include <assert.h>
#include <math.h>

#include "brink/base/polynomial.h"

#define AT_MINIMUM   1e-6  // on |s - 1|
#define AT_ORIGIN    1e-12 // on N = x^2 + y^2
#define CHAOS        0.005 // on the Lyapunov exponent per step
#define CHAOS_ERRORS 3     // and in standard errors of it

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
        *same = brink_verdict_same_place(x, y, x_ahead, y_ahead);
        brink_gd_step(point->curve, point->h, &x, &y);
        brink_gd_step(point->curve, point->h, &x_ahead, &y_ahead);
    }
    return true;
}

bool brink_verdict_without_period(bool at_minimum, double exponent, struct brink_ending *ending)
{
    *ending = (struct brink_ending){BRINK_STATUS_CONVERGED, 0, not_computed};
    if (at_minimum)
        return true; // the rounding floor of a minimum
    *ending = (struct brink_ending){BRINK_STATUS_BOUNDED, 0, exponent};
    return exponent > CHAOS; // a long float cycle of chaos
}

void brink_verdict_period(int32_t period, struct brink_ending *ending)
{
    // A point that stands still, but not at a stable minimum, is only slower than doubles can see.
    ending->status = period == 1 ? BRINK_STATUS_UNSETTLED : BRINK_STATUS_PERIODIC;
    ending->period = period == 1 ? 0 : period;
}

bool brink_verdict_cycle(const struct brink_point *point, double x, double y,
                         struct brink_pulse *pulse, struct brink_ending *ending)
{
    int32_t length, period = 0;
    bool at_minimum, same = false;
    double exponent = not_computed;
    if (!measure_cycle(point, x, y, pulse, &length, &at_minimum))
        return false;
    if (!at_minimum && !brink_cycle_exponent(point, x, y, length, pulse, &exponent))
        return false;
    if (brink_verdict_without_period(at_minimum, exponent, ending))
        return true;
    while (!same) {
        do
            period++;
        while (length % period != 0);
        same = period == length; // to the bit
        if (!same && !compare_cycle(point, x, y, length, period, pulse, &same))
            return false;
    }
    brink_verdict_period(period, ending);
    return true;
}

bool brink_verdict_without_tail(const struct brink_point *point, double x, double y,
                                int32_t tail_steps, struct brink_ending *ending)
{
    const struct brink_objective *objective = point->curve->objective;
    *ending = (struct brink_ending){BRINK_STATUS_UNSETTLED, 0, not_computed};
    if (objective->creeps && objective->creeps(point->curve, point->h, x, y)) {
        ending->status = BRINK_STATUS_AXIS;
        return true;
    }
    return tail_steps < BRINK_TAIL_BLOCKS;
}

void brink_verdict_tail(double exponent, double error, struct brink_ending *ending)
{
    bool chaos = exponent > CHAOS && exponent > CHAOS_ERRORS * error;
    *ending =
        (struct brink_ending){chaos ? BRINK_STATUS_BOUNDED : BRINK_STATUS_UNSETTLED, 0, exponent};
}

bool brink_verdict_limit(const struct brink_point *point, double x, double y, double tail_x,
                         double tail_y, int32_t tail_steps, struct brink_pulse *pulse,
                         struct brink_ending *ending)
{
    if (brink_verdict_without_tail(point, x, y, tail_steps, ending))
        return true;
    double exponent, error;
    if (!brink_lyapunov(point, tail_x, tail_y, tail_steps, pulse, &exponent, &error))
        return false;
    brink_verdict_tail(exponent, error, ending);
    return true;
}

// A tangent vector.
struct tangent {
    double dx, dy;
};

// The tangent one GD step later. With ds = y dx + x dy:
// dx+ = dx - h (F'' ds y + F' dy), dy+ = dy - h (F'' ds x + F' dx); g = h F', bend = h F''.
static struct tangent push(struct tangent d, double x, double y, double g, double bend)
{
    double pull = bend * (y * d.dx + x * d.dy);
    return (struct tangent){brink_fma(-g, d.dy, brink_fma(-pull, y, d.dx)),
                            brink_fma(-g, d.dx, brink_fma(-pull, x, d.dy))};
}

void brink_growth_end(const double logarithms[BRINK_TAIL_BLOCKS], bool lost, int64_t steps,
                      double *exponent, double *error)
{
    double sum = 0, mean[BRINK_TAIL_BLOCKS], variance = 0;
    *exponent = -HUGE_VAL;
    *error = not_computed;
    if (lost)
        return;
    for (int block = 0; block < BRINK_TAIL_BLOCKS; block++) {
        mean[block] = logarithms[block] /
                      (double)(brink_tail_block(steps, block + 1) - brink_tail_block(steps, block));
        sum += logarithms[block];
    }
    *exponent = sum / (double)steps;
    for (int block = 0; block < BRINK_TAIL_BLOCKS; block++) {
        double deviation = mean[block] - *exponent;
        variance = brink_fma(deviation, deviation, variance);
    }
    *error = sqrt(variance / (BRINK_TAIL_BLOCKS - 1) / BRINK_TAIL_BLOCKS);
}

bool brink_lyapunov(const struct brink_point *point, double x, double y, int64_t steps,
                    struct brink_pulse *pulse, double *exponent, double *error)
{
    assert(steps >= BRINK_TAIL_BLOCKS);
    struct tangent d = {BRINK_TANGENT_X, BRINK_TANGENT_Y};
    double logarithms[BRINK_TAIL_BLOCKS];
    bool lost = false;
    for (int block = 0; block < BRINK_TAIL_BLOCKS && !lost; block++) {
        double product = 1, power = 0; // the block's growth is 2^power product
        int64_t left = brink_tail_block(steps, block + 1) - brink_tail_block(steps, block);
        for (; left > 0 && !lost; left -= BRINK_TAIL_STRIDE) {
            if (left % BRINK_PULSE_STEPS < BRINK_TAIL_STRIDE && !brink_pulse_beat(pulse))
                return false;
            for (int i = 0; i < BRINK_TAIL_STRIDE && i < left; i++) {
                double slope, bend = point->curve->objective->bend(point->curve, x, y, &slope);
                d = push(d, x, y, point->h * slope, point->h * bend);
                brink_gd_move(point->h * slope, &x, &y);
            }
            double length = sqrt(d.dx * d.dx + d.dy * d.dy);
            double taken;
            lost = !(length >= BRINK_GROWTH_MIN && length <= BRINK_GROWTH_MAX);
            product = brink_split_root2(product * length, &taken);
            power += taken;
            d = (struct tangent){d.dx / length, d.dy / length};
        }
        logarithms[block] = brink_fma(power, BRINK_LN2, brink_log(product));
    }
    brink_growth_end(logarithms, lost, steps, exponent, error);
    return true;
}

// The larger absolute eigenvalue of the matrix with columns a and b.
static double spectral_radius(struct tangent a, struct tangent b)
{
    double half = (a.dx - b.dy) / 2, mean = fabs(a.dx + b.dy) / 2;
    double square = brink_fma(half, half, a.dy * b.dx);
    double determinant = brink_fma(a.dx, b.dy, -(a.dy * b.dx));
    return square >= 0 ? mean + sqrt(square) : sqrt(determinant);
}

bool brink_cycle_exponent(const struct brink_point *point, double x, double y, int32_t length,
                          struct brink_pulse *pulse, double *exponent)
{
    struct tangent a = {1, 0}, b = {0, 1}; // columns of the product of the Jacobians
    double scale = 0;                      // times 2^scale
    for (int32_t i = 0; i < length; i++) {
        if (i % BRINK_PULSE_STEPS == 0 && !brink_pulse_beat(pulse))
            return false;
        double slope, bend = point->curve->objective->bend(point->curve, x, y, &slope);
        a = push(a, x, y, point->h * slope, point->h * bend);
        b = push(b, x, y, point->h * slope, point->h * bend);
        brink_gd_move(point->h * slope, &x, &y);
        double size = brink_larger(brink_larger(fabs(a.dx), fabs(a.dy)),
                                   brink_larger(fabs(b.dx), fabs(b.dy)));
        *exponent = -HUGE_VAL;
        if (!(size >= BRINK_GROWTH_MIN && size <= BRINK_GROWTH_MAX))
            return true;
        double power;
        brink_split_root2(size, &power);
        double down = brink_exp2_rounded(BRINK_ROUNDER - power);
        a = (struct tangent){a.dx * down, a.dy * down};
        b = (struct tangent){b.dx * down, b.dy * down};
        scale += power;
    }
    *exponent = brink_fma(scale, BRINK_LN2, brink_log(spectral_radius(a, b))) / length;
    return true;
}
