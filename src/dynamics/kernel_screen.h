// SPDX-License-Identifier: MIT
// What may have ended in a block, and what did: the tests of verdict.c on vectors.
#ifndef BRINK_DYNAMICS_KERNEL_SCREEN_H
#define BRINK_DYNAMICS_KERNEL_SCREEN_H

#include "kernel.h"
#include "kernel_watch.h"

#define SCREEN_GROWTH   1.25   // of |t| after a converged state, in the rest of its block ...
#define SCREEN_ROUNDING 1e-13  // ... and what rounding may add to it
#define STEADY_GROWTH   0x1p20 // at least 1.001 * 7^7, see LANE_STEADY

// The lanes `which` are at (x, y) at the end of a block, step n: Brent's kept state, the tail's
// start.
VEC_INLINE void keep_states(struct lane_vector *lanes, const struct brink_rules *rules, mask which,
                            vec n, vec x, vec y)
{
    vec next = vec_load(lanes->at[LANE_KEPT_NEXT]), after = n + vec_set(BRINK_BLOCK);
    vec tail = vec_set((double)rules->max_steps - rules->tail);
    mask keep = which & vec_equal(n, next);
    mask last = which & vec_at_most(n, tail) & vec_less(tail, after);
    if (__builtin_expect((keep | last) == 0, 1))
        return;
    lane_store(lanes, LANE_KEPT_X, keep, x);
    lane_store(lanes, LANE_KEPT_Y, keep, y);
    lane_store(lanes, LANE_KEPT_NEXT, keep, next + next);
    lane_store(lanes, LANE_TAIL_X, last, x);
    lane_store(lanes, LANE_TAIL_Y, last, y);
}

VEC_INLINE mask recurs(const struct lane_vector *lanes, vec x, vec y)
{
    return vec_equal(x, vec_load(lanes->at[LANE_KEPT_X])) &
           vec_equal(y, vec_load(lanes->at[LANE_KEPT_Y]));
}

// Proof B.
VEC_INLINE mask escapes(enum kernel_kind kind, vec h, vec x, vec y, vec slope)
{
    if (kind == KERNEL_A || kind == KERNEL_A1)
        return 0;
    vec s = vec_abs(x * y), size = x * x + y * y;
    return vec_at_most(vec_set(2), s) & vec_at_most(vec_set(2) * size, h * vec_abs(slope) * s);
}

// On a flat axis.
VEC_INLINE mask on_axis(enum kernel_kind kind, vec x, vec y)
{
    if (kind == KERNEL_A || kind == KERNEL_A1 || kind == KERNEL_B1)
        return 0;
    return vec_equal(x, vec_set(0)) | vec_equal(y, vec_set(0));
}

// How much larger max(|x|, |y|) may have been than where it was looked at, for F_b: the gauge
// stayed below `peak`, so |s|^b <= 1 + peak and |F'| <= 2b (1 + peak) peak; b = 1: 2 peak.
VEC_INLINE vec growth_of(enum kernel_kind kind, const struct brink_curve *curve, vec h, vec peak)
{
    vec power = vec_set(1) + vec_set(kind == KERNEL_B1 ? 0 : 1) * peak;
    vec growth = vec_fma(vec_set(2 * curve->parameter) * h * peak, power, vec_set(1));
    vec growth_2 = growth * growth, growth_3 = growth_2 * growth;
    return vec_set(1.001) * (growth_3 * growth_2) * growth_2; // between 8 states
}

// May the lanes end within rounding of a minimum in this block?
VEC_INLINE mask may_converge(const struct brink_curve *curve, const struct brink_rules *rules,
                             vec x, vec y)
{
    double goal = SCREEN_GROWTH * rules->grad_tol / curve->curvature_minimum;
    vec t = vec_abs(vec_fma_minus(x, y, vec_set(1))), rest = t - vec_set(SCREEN_ROUNDING);
    mask flat = vec_at_most(rest * rest * (x * x + y * y), vec_set(goal * goal));
    flat |= vec_at_most(rest, vec_set(0));
    return flat & vec_at_most(t, vec_set(SCREEN_GROWTH * 1e-6 + SCREEN_ROUNDING));
}

// A block of a vector: its state, and what was seen of max(|x|, |y|) and, from 0, of the gauge.
struct vec_run {
    vec x, y, peak, largest, smallest;
};

// The states of a block at which max(|x|, |y|) is looked at: every 4th or 8th.
VEC_INLINE int states_per_look(enum kernel_kind kind)
{
    return kind == KERNEL_A || kind == KERNEL_A1 ? 4 : 8;
}

VEC_INLINE struct vec_run start_run(const struct lane_vector *lanes, vec peak)
{
    vec x = vec_load(lanes->at[LANE_X]), y = vec_load(lanes->at[LANE_Y]);
    return (struct vec_run){x, y, peak, vec_larger(x, y), vec_set(HUGE_VAL)};
}

VEC_INLINE void look_at(struct vec_run *run)
{
    vec size = vec_larger(run->x, run->y);
    run->smallest = vec_smaller(run->smallest, size);
    run->largest = vec_larger(run->largest, size);
}

// A first look at a block's end: the lanes in which nothing can have ended.
VEC_INLINE mask calm_lanes(enum kernel_kind kind, const struct lane_vector *lanes,
                           const struct brink_rules *rules, const struct vec_run *run, vec n)
{
    vec x = run->x, y = run->y, far = vec_load(lanes->at[LANE_FAR]);
    vec t = vec_abs(vec_fma_minus(x, y, vec_set(1)));
    mask calm = vec_less(vec_load(lanes->at[LANE_FLAT]), t); // no NaN
    calm &= ~vec_equal(x, vec_load(lanes->at[LANE_KEPT_X]));
    if (kind != KERNEL_A && kind != KERNEL_A1) {
        vec s = vec_abs(x * y);
        calm &= vec_less(vec_set(0), s) & vec_less(s, vec_set(2));
        calm &= vec_less(run->peak, vec_load(lanes->at[LANE_STEADY]));
        far = far * vec_set(1 / STEADY_GROWTH);
    }
    if (kind == KERNEL_A)
        calm &= vec_less(run->peak, vec_set(ROW_NEAR_END));
    calm &= vec_less(run->largest, far) & vec_less(vec_load(lanes->at[LANE_NEAR]), run->smallest);
    return calm & vec_less(n, vec_set(rules->max_steps));
}

// Sets the lanes in which something may have ended, and those of them in which it can have been
// the block's end only.
VEC_INLINE void raise_alarms(enum kernel_kind kind, struct lane_vector *lanes,
                             const struct brink_rules *rules, const struct vec_run *run, vec n)
{
    const struct brink_curve *curve = lanes->curve;
    vec x = run->x, y = run->y, largest = run->largest, h = vec_load(lanes->at[LANE_H]);
    vec far = vec_load(lanes->at[LANE_FAR]), near = vec_load(lanes->at[LANE_NEAR]);
    vec limit = vec_set(rules->max_steps);
    mask alarm = may_converge(curve, rules, x, y) | on_axis(kind, x, y) | vec_less(limit, n);
    mask at_end = recurs(lanes, x, y) | vec_equal(n, limit);
    if (kind != KERNEL_A && kind != KERNEL_A1) {
        vec gauge, slope = vec_slope(kind, curve, x, y, &gauge);
        alarm |= escapes(kind, h, x, y, slope);
        largest = largest * growth_of(kind, curve, h, run->peak);
    }
    if (kind == KERNEL_A) // what strays out of the near part of the row table is replayed
        alarm |= ~vec_less(run->peak, vec_set(ROW_NEAR_END));
    mask calm = vec_less(largest, far) & vec_less(vec_abs(x), far) & vec_less(vec_abs(y), far);
    calm &= vec_less(near, run->smallest);
    alarm |= ~calm;
    lanes->alarm = (alarm | at_end) & lanes->used;
    lanes->closed = lanes->alarm & ~alarm;
}

// Ends a block: raises the alarms, and steps the lanes without one or with a closed block. Returns
// the alarms.
VEC_INLINE mask end_block(enum kernel_kind kind, struct lane_vector *lanes,
                          const struct brink_rules *rules, const struct vec_run *run)
{
    vec n = vec_load(lanes->at[LANE_N]) + vec_set(BRINK_BLOCK);
    vec peak = vec_larger(vec_load(lanes->at[LANE_PEAK]), run->peak);
    lanes->alarm = lanes->closed = 0;
    if (__builtin_expect(calm_lanes(kind, lanes, rules, run, n) == VEC_ALL, 1)) {
        vec_store(lanes->at[LANE_X], run->x);
        vec_store(lanes->at[LANE_Y], run->y);
        vec_store(lanes->at[LANE_PEAK], peak);
        vec_store(lanes->at[LANE_N], n);
        keep_states(lanes, rules, VEC_ALL, n, run->x, run->y);
        return 0;
    }
    raise_alarms(kind, lanes, rules, run, n);
    mask go = ~lanes->alarm & VEC_ALL, step = go | lanes->closed;
    lane_store(lanes, LANE_X, step, run->x);
    lane_store(lanes, LANE_Y, step, run->y);
    lane_store(lanes, LANE_PEAK, step, peak);
    lane_store(lanes, LANE_N, step, n);
    keep_states(lanes, rules, go, n, run->x, run->y);
    return lanes->alarm;
}

// brink_verdict_state for n > 0: an enum brink_status a lane, PENDING for lanes to go on.
VEC_INLINE vec judge_state(enum kernel_kind kind, const struct brink_curve *curve,
                           const struct brink_rules *rules, vec h, vec x, vec y, vec slope)
{
    const double tol = rules->grad_tol;
    vec escape = vec_set(rules->escape), size = x * x + y * y;
    mask inside = vec_less(vec_abs(x), escape) & vec_less(vec_abs(y), escape), flat = 0;
    // A first look without a root; underflow is below 1e-300.
    if (vec_at_most(slope * slope * size, vec_set(1.001 * tol * tol + 1e-300)))
        flat = vec_at_most(vec_abs(slope) * vec_sqrt(size), vec_set(tol));
    mask minimum = vec_at_most(vec_abs(vec_fma_minus(x, y, vec_set(1))), vec_set(1e-6)) &
                   vec_at_most(h * vec_set(curve->curvature_minimum) * size, vec_set(2));
    vec status = vec_set(BRINK_STATUS_PENDING); // the first test of verdict.c is the last here
    status = vec_select(on_axis(kind, x, y), vec_set(BRINK_STATUS_AXIS), status);
    status =
        vec_select(flat & vec_at_most(size, vec_set(1e-12)), vec_set(BRINK_STATUS_SADDLE), status);
    status = vec_select(flat & minimum, vec_set(BRINK_STATUS_CONVERGED), status);
    return vec_select(~inside | escapes(kind, h, x, y, slope), vec_set(BRINK_STATUS_DIVERGED),
                      status);
}

// How a lane ends at state `step` of its block, step > 0.
VEC_INLINE vec judge_step(enum kernel_kind kind, const struct lane_vector *lanes,
                          const struct brink_rules *rules, int step, vec n, vec x, vec y, vec slope)
{
    vec pending = vec_set(BRINK_STATUS_PENDING), h = vec_load(lanes->at[LANE_H]);
    vec status = judge_state(kind, lanes->curve, rules, h, x, y, slope);
    mask limit = vec_at_most(vec_set(rules->max_steps), n), open = vec_equal(status, pending);
    status = vec_select(open & limit, vec_set(LANE_LIMIT), status);
    if (step == BRINK_BLOCK)
        status = vec_select(open & recurs(lanes, x, y), vec_set(LANE_RECURS), status);
    return status;
}

// The lanes of one vector in a replay. (x, y) goes on where the cell has ended, so that a step does
// not wait for the tests of the one before.
struct vec_replay {
    vec x, y, x_end, y_end, n, n_end, peak, end;
    struct vec_watch watch;
    mask going;
};

// State `step` of the block of all vectors, and the step from it. Is any lane going on?
VEC_INLINE bool replay_step(enum kernel_kind kind, bool full, const struct lane_vector lanes[],
                            const struct brink_rules *rules, int step, struct vec_replay now[])
{
    const int count = REPLAY_VECTORS;
    const struct brink_curve *curve[REPLAY_VECTORS];
    vec x[REPLAY_VECTORS], y[REPLAY_VECTORS], gauge[REPLAY_VECTORS], slope[REPLAY_VECTORS];
    vec bend[REPLAY_VECTORS];
    mask any = 0;
    EACH curve[j] = lanes[j].curve;
    EACH x[j] = now[j].x;
    EACH y[j] = now[j].y;
    vec_slopes(count, kind, false, curve, x, y, gauge, slope, full ? bend : NULL);
    for (int j = 0; j < count; j++) {
        const vec h = vec_load(lanes[j].at[LANE_H]), pending = vec_set(BRINK_STATUS_PENDING);
        mask here = now[j].going, seen = here;
        if (step > 0) {
            vec end = judge_step(kind, &lanes[j], rules, step, now[j].n, x[j], y[j], slope[j]);
            mask ends = here & ~vec_equal(end, pending);
            now[j].going &= ~ends;
            now[j].end = vec_select(ends, end, now[j].end);
            now[j].x_end = vec_select(ends, x[j], now[j].x_end);
            now[j].y_end = vec_select(ends, y[j], now[j].y_end);
            now[j].n_end = vec_select(ends, now[j].n, now[j].n_end);
        }
        if (step == BRINK_BLOCK) // of lanes that go on, the next block sees it
            seen = here & ~now[j].going;
        if (full)
            watch_state(kind, curve[j], h, now[j].n, x[j], y[j], slope[j], bend[j], gauge[j],
                        now[j].peak, seen, &now[j].watch);
        now[j].peak = vec_select(seen, vec_larger(now[j].peak, gauge[j]), now[j].peak);
        any |= now[j].going;
        if (step == BRINK_BLOCK)
            continue;
        vec g = h * slope[j];
        now[j].x = vec_minus_fma(g, y[j], x[j]);
        now[j].y = vec_minus_fma(g, x[j], y[j]);
        now[j].n = now[j].n + vec_set(1);
    }
    return any;
}

// A lane that goes on stops where it was 32 steps later; one that ends, at its end.
VEC_INLINE void replay_block(enum kernel_kind kind, bool full, struct lane_vector lanes[],
                             const struct brink_rules *rules, int first)
{
    struct vec_replay replay[REPLAY_VECTORS];
    for (int j = 0; j < REPLAY_VECTORS; j++)
        replay[j] = (struct vec_replay){.x = vec_load(lanes[j].at[LANE_X]),
                                        .y = vec_load(lanes[j].at[LANE_Y]),
                                        .x_end = vec_set(0),
                                        .y_end = vec_set(0),
                                        .n = vec_load(lanes[j].at[LANE_N]),
                                        .n_end = vec_set(0),
                                        .peak = vec_load(lanes[j].at[LANE_PEAK]),
                                        .end = vec_set(BRINK_STATUS_PENDING),
                                        .watch = load_watch(&lanes[j]),
                                        .going = lanes[j].used};
    for (int step = first; step <= BRINK_BLOCK; step++)
        if (!replay_step(kind, full, lanes, rules, step, replay))
            break;
    for (int j = 0; j < REPLAY_VECTORS; j++) {
        struct vec_replay *end = &replay[j];
        vec n = vec_load(lanes[j].at[LANE_N]) + vec_set(BRINK_BLOCK);
        keep_states(&lanes[j], rules, end->going, n, end->x, end->y);
        vec_store(lanes[j].at[LANE_X], vec_select(end->going, end->x, end->x_end));
        vec_store(lanes[j].at[LANE_Y], vec_select(end->going, end->y, end->y_end));
        vec_store(lanes[j].at[LANE_PEAK], end->peak);
        vec_store(lanes[j].at[LANE_END], end->end);
        vec_store(lanes[j].at[LANE_N], vec_select(end->going, n, end->n_end));
        if (full) {
            settle_edge(kind, lanes[j].curve, vec_load(lanes[j].at[LANE_H]), &end->watch);
            store_watch(&lanes[j], VEC_ALL, &end->watch);
        }
    }
}

#endif
