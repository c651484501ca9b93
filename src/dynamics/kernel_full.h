// SPDX-License-Identifier: MIT
// A block of 32 GD steps with `record: full`.
//
// A few vectors at a time run to the end of the block, or to a state that must be looked at closer:
// one whose edge may be a new maximum. A call for it within the loop would leave nothing in
// registers, and a store may cost as much as a multiply-add; so the loop ends there, and is entered
// again behind that state. New peaks of the gauge are rare, too, but need no call.
#ifndef BRINK_DYNAMICS_KERNEL_FULL_H
#define BRINK_DYNAMICS_KERNEL_FULL_H

#include "kernel_screen.h"

enum { SIDE_FULL = 4 }; // vectors side by side: two do not hide the latency of a step

// The states of vectors side by side, their gauge, F', and F'' or a little more.
struct vec_states {
    vec x[SIDE_FULL], y[SIDE_FULL], gauge[SIDE_FULL], slope[SIDE_FULL], bend[SIDE_FULL];
};

// With `shared`, all lanes have the first's curve.
VEC_INLINE struct vec_states states_of(enum kernel_kind kind, bool shared,
                                       const struct lane_vector lanes[], const struct vec_run run[])
{
    const int count = SIDE_FULL;
    const struct brink_curve *curve[SIDE_FULL];
    struct vec_states now;
    EACH curve[j] = lanes[shared ? 0 : j].curve;
    EACH now.x[j] = run[j].x;
    EACH now.y[j] = run[j].y;
    vec_slopes(count, kind, true, curve, now.x, now.y, now.gauge, now.slope, now.bend);
    return now;
}

VEC_INLINE void step_from(const struct vec_states *now, const struct lane_vector lanes[],
                          struct vec_run run[])
{
    const int count = SIDE_FULL;
    vec g[SIDE_FULL];
    EACH g[j] = vec_load(lanes[j].at[LANE_H]) * now->slope[j];
    EACH run[j].x = vec_minus_fma(g[j], now->y[j], now->x[j]);
    EACH run[j].y = vec_minus_fma(g[j], now->x[j], now->y[j]);
}

// State `step` of a block, whose edges may be new maxima, and the step from it.
VEC_INLINE void step_with_edges(enum kernel_kind kind, bool shared,
                                const struct lane_vector lanes[], int step, struct vec_run run[],
                                struct vec_watch watch[])
{
    const int count = SIDE_FULL;
    struct vec_states now = states_of(kind, shared, lanes, run);
    EACH
    {
        vec h = vec_load(lanes[j].at[LANE_H]), n = vec_load(lanes[j].at[LANE_N]) + vec_set(step);
        vec peak = vec_larger(vec_load(lanes[j].at[LANE_PEAK]), run[j].peak);
        watch_state(kind, lanes[j].curve, h, n, now.x[j], now.y[j], now.slope[j], now.bend[j],
                    now.gauge[j], peak, VEC_ALL, &watch[j]);
        run[j].peak = vec_larger(run[j].peak, now.gauge[j]);
    }
    step_from(&now, lanes, run);
}

// Steps from state `step` on, to the end of the block or to a state whose edges may be new maxima.
// Returns that step.
VEC_INLINE int step_without_edges(enum kernel_kind kind, bool shared,
                                  const struct lane_vector lanes[], int step, struct vec_run run[],
                                  struct vec_watch watch[])
{
    const int count = SIDE_FULL, stride = states_per_look(kind);
    struct vec_run next[SIDE_FULL]; // x and y of it only: the rest changes seldom
    vec gauge[SIDE_FULL], rises[SIDE_FULL];
    EACH next[j] = run[j];
    EACH gauge[j] = watch[j].gauge;
    EACH rises[j] = watch[j].rises;
    while (step < BRINK_BLOCK) {
        struct vec_states now = states_of(kind, shared, lanes, next);
        mask closer = 0, peaks = 0;
        EACH closer |= may_exceed(kind, now.x[j], now.y[j], now.slope[j], now.bend[j], now.gauge[j],
                                  &watch[j]);
        if (__builtin_expect(closer != 0, 0))
            break;
        EACH
        {
            vec size = vec_abs(now.gauge[j]);
            rises[j] = count_rise(gauge[j], size, rises[j]);
            gauge[j] = size;
            peaks |= vec_less(run[j].peak, size);
        }
        if (__builtin_expect(peaks != 0, 0)) {
            EACH
            {
                vec n = vec_load(lanes[j].at[LANE_N]) + vec_set(step);
                vec peak = vec_larger(vec_load(lanes[j].at[LANE_PEAK]), run[j].peak);
                mask higher = vec_less(peak, gauge[j]);
                watch[j].peak_step = vec_select(higher, n, watch[j].peak_step);
                run[j].peak = vec_larger(run[j].peak, gauge[j]);
            }
        }
        step_from(&now, lanes, next);
        if (++step % stride == 0)
            EACH
            {
                run[j].x = next[j].x;
                run[j].y = next[j].y;
                look_at(&run[j]);
            }
    }
    EACH run[j].x = next[j].x;
    EACH run[j].y = next[j].y;
    EACH watch[j].gauge = gauge[j];
    EACH watch[j].rises = rises[j];
    return step;
}

// The largest gauge so far, or one that no test of the block's end asks for: what is no larger
// needs no look.
VEC_INLINE vec known_peak(enum kernel_kind kind, const struct lane_vector *lanes)
{
    vec peak = vec_load(lanes->at[LANE_PEAK]);
    if (kind == KERNEL_A)
        return vec_smaller(peak, vec_set(0.99 * ROW_NEAR_END));
    if (kind != KERNEL_A1)
        return vec_smaller(peak, vec_set(0.99) * vec_load(lanes->at[LANE_STEADY]));
    return peak;
}

// The 32 steps of all vectors, and their ends. Returns the vectors with alarms, as bits.
VEC_INLINE unsigned run_full_block(enum kernel_kind kind, bool shared, struct lane_vector lanes[],
                                   const struct brink_rules *rules)
{
    const int count = SIDE_FULL, stride = states_per_look(kind);
    unsigned alarmed = 0;
    for (int first = 0; first < KERNEL_VECTORS; first += SIDE_FULL, lanes += SIDE_FULL) {
        struct vec_run run[SIDE_FULL];
        struct vec_watch watch[SIDE_FULL];
        EACH run[j] = start_run(&lanes[j], known_peak(kind, &lanes[j]));
        EACH watch[j] = load_watch(&lanes[j]);
        for (int step = 0;;) {
            step = step_without_edges(kind, shared, lanes, step, run, watch);
            if (step == BRINK_BLOCK)
                break;
            step_with_edges(kind, shared, lanes, step, run, watch);
            if (++step % stride == 0)
                EACH look_at(&run[j]);
        }
        for (int j = 0; j < count; j++) {
            if (end_block(kind, &lanes[j], rules, &run[j]))
                alarmed |= 1U << (first + j);
            settle_edge(kind, lanes[j].curve, vec_load(lanes[j].at[LANE_H]), &watch[j]);
            store_watch(&lanes[j], ~lanes[j].alarm | lanes[j].closed, &watch[j]);
        }
    }
    return alarmed;
}

#endif
