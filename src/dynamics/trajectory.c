// SPDX-License-Identifier: MIT
// Gradient descent on one cell: step, watch, judge. The definition of every stored number.
#include "brink/dynamics/trajectory.h"

#include <assert.h>

#include "brink/dynamics/verdict.h"
#include "measures.h"

// A step raises the loss if the gauge grows by more than rounding does.
#define RISE (1 + 1e-12)

// The watch, and the gauge of the last state.
struct lookout {
    struct watch seen;
    double gauge;
};

static void watch_state(struct lookout *lookout, const struct brink_point *point, int32_t n,
                        double x, double y, double slope, double curvature)
{
    struct watch *seen = &lookout->seen;
    double gauge = point->curve->objective->gauge(point->curve, x, y);
    double edge = point->h * 0.5 * brink_sharpness_of(slope, curvature, x, y);
    if (n == 0) {
        *seen = (struct watch){.gauge_peak = gauge, .edge_max = edge, .edge_cross_step = -1};
    } else {
        seen->loss_rises += gauge > lookout->gauge * RISE;
        if (gauge > seen->gauge_peak) {
            seen->gauge_peak = gauge;
            seen->peak_step = n;
        }
        seen->edge_max = edge > seen->edge_max ? edge : seen->edge_max;
    }
    if (edge > 1 && seen->edge_cross_step < 0)
        seen->edge_cross_step = n;
    lookout->gauge = gauge;
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

bool brink_trajectory_run(const struct brink_point *point, const struct brink_rules *rules,
                          struct brink_pulse *pulse, struct brink_cell *cell)
{
    assert(rules->max_steps >= 0 && rules->tail >= 8);
    const struct brink_curve *curve = point->curve;
    double x = point->x, y = point->y, tail_x = x, tail_y = y;
    int32_t tail = rules->tail < rules->max_steps ? rules->tail : rules->max_steps;
    struct lookout lookout;
    struct start start;
    struct recurrence kept = {.next = BRINK_BLOCK};
    struct brink_ending ending = {BRINK_STATUS_UNDEFINED, 0, (double)NAN};
    int32_t n = 0;
    for (;; n++) {
        if (n % BRINK_PULSE_STEPS == 0 && !brink_pulse_beat(pulse))
            return false;
        double slope, curvature = curve->objective->jet(curve, x, y, &slope);
        watch_state(&lookout, point, n, x, y, slope, curvature);
        if (point->h != point->h)
            break;
        ending.status = brink_verdict_state(point, rules, n, x, y, slope);
        if (ending.status != BRINK_STATUS_PENDING)
            break;
        if (recurs(&kept, n, x, y)) {
            if (!brink_verdict_cycle(point, x, y, pulse, &ending))
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
    brink_start_measure(curve, point->x, point->y, &start);
    struct end end = {.n = n, .x = x, .y = y};
    brink_end_measure(point, lookout.seen.gauge_peak, &end);
    brink_cell_fill(cell, point, &start, &lookout.seen, &end, &ending);
    return true;
}
