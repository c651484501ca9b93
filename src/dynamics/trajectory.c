// SPDX-License-Identifier: MIT
// Gradient descent on one cell: step, watch, judge. The definition of every stored number.
#include "brink/dynamics/trajectory.h"

#include <assert.h>
#include <math.h>

#include "brink/dynamics/verdict.h"

// A step raises the loss if the gauge grows by more than rounding does.
#define RISE (1 + 1e-12)

// What is seen on the way, over the states 0..n. The gauge stands for the loss.
struct watch {
    double gauge, gauge_start, gauge_peak; // the last one, ...
    double edge, edge_start, edge_max;     // h sharpness / 2
    int32_t peak_step, loss_rises, edge_cross_step;
};

static void watch_state(struct watch *watch, const struct brink_point *point, int32_t n, double x,
                        double y, double slope, double curvature)
{
    double gauge = point->curve->objective->gauge(point->curve, x, y);
    double edge = point->h * 0.5 * brink_sharpness_of(slope, curvature, x, y);
    if (n == 0) {
        *watch = (struct watch){.gauge_start = gauge,
                                .gauge_peak = gauge,
                                .edge_start = edge,
                                .edge_max = edge,
                                .edge_cross_step = -1};
    } else {
        watch->loss_rises += gauge > watch->gauge * RISE;
        if (gauge > watch->gauge_peak) {
            watch->gauge_peak = gauge;
            watch->peak_step = n;
        }
        watch->edge_max = edge > watch->edge_max ? edge : watch->edge_max;
    }
    if (edge > 1 && watch->edge_cross_step < 0)
        watch->edge_cross_step = n;
    watch->gauge = gauge;
    watch->edge = edge;
}

// Brent's points: the state at n = 32 * 2^j is kept until the next one, and looked for at every
// multiple of 32 in between.
struct recurrence {
    double x, y;
    int64_t next; // where the next state is kept
};

// Is (x, y) at step n the kept state again? Keeps it when it is time.
static bool recurs(struct recurrence *kept, int32_t n, double x, double y)
{
    if (n == 0 || n % BRINK_BLOCK != 0)
        return false;
    bool any = kept->next > BRINK_BLOCK;
    if (any && x == kept->x && y == kept->y)
        return true;
    if (n == kept->next)
        *kept = (struct recurrence){x, y, 2 * kept->next};
    return false;
}

// Everything about the end but its status.
static void fill_cell(struct brink_cell *cell, const struct brink_point *point,
                      const struct watch *watch, const struct brink_ending *ending, int32_t n,
                      double x, double y)
{
    const struct brink_curve *curve = point->curve;
    const struct brink_objective *objective = curve->objective;
    double excess_start = objective->gauge_excess(curve, watch->gauge_start);
    double excess_peak = objective->gauge_excess(curve, watch->gauge_peak);
    double balance_start = (point->x - point->y) * (point->x + point->y);
    double balance = (x - y) * (x + y) / balance_start + 0.0; // never -0
    *cell = (struct brink_cell){
        .status = (int8_t)ending->status,
        .steps = n,
        .period = ending->period,
        .x_end = brink_canonical(x),
        .y_end = brink_canonical(y),
        .loss_start = brink_canonical(objective->excess(curve, point->x, point->y)),
        .loss_end = brink_canonical(objective->excess(curve, x, y)),
        .loss_peak = excess_start == 0 ? 1 : brink_canonical(excess_peak / excess_start),
        .peak_step = watch->peak_step,
        .loss_rises = watch->loss_rises,
        .edge_start = brink_canonical(watch->edge_start),
        .edge_end = brink_canonical(watch->edge),
        .flow_ratio = brink_canonical(point->h / brink_flow_rate(curve, point->x, point->y)),
        .balance = brink_canonical(balance_start == 0 ? (double)NAN : balance),
        .lyapunov = brink_canonical(ending->lyapunov),
        .edge_max = brink_canonical(watch->edge_max),
        .edge_cross_step = watch->edge_cross_step,
        .lr_actual = brink_canonical(point->h),
    };
}

bool brink_trajectory_run(const struct brink_point *point, const struct brink_rules *rules,
                          struct brink_pulse *pulse, struct brink_cell *cell)
{
    assert(rules->max_steps >= 0 && rules->tail >= 8);
    const struct brink_curve *curve = point->curve;
    double x = point->x, y = point->y, tail_x = x, tail_y = y;
    int32_t tail = rules->tail < rules->max_steps ? rules->tail : rules->max_steps;
    struct watch watch;
    struct recurrence kept = {.next = BRINK_BLOCK};
    struct brink_ending ending = {BRINK_STATUS_UNDEFINED, 0, (double)NAN};
    int32_t n = 0;
    for (;; n++) {
        if (n % BRINK_PULSE_STEPS == 0 && !brink_pulse_beat(pulse))
            return false;
        double slope, curvature = curve->objective->jet(curve, x, y, &slope);
        watch_state(&watch, point, n, x, y, slope, curvature);
        if (point->h != point->h)
            break;
        ending.status = brink_verdict_state(point, rules, n, x, y, slope);
        if (ending.status != BRINK_STATUS_PENDING)
            break;
        if (recurs(&kept, n, x, y)) {
            if (!brink_verdict_cycle(point, rules, x, y, pulse, &ending))
                return false;
            break;
        }
        if (n == rules->max_steps - tail) {
            tail_x = x;
            tail_y = y;
        }
        if (n == rules->max_steps) {
            if (!brink_verdict_limit(point, x, y, tail_x, tail_y, tail, pulse, &ending))
                return false;
            break;
        }
        brink_gd_move(point->h * slope, &x, &y);
    }
    fill_cell(cell, point, &watch, &ending, n, x, y);
    return true;
}
