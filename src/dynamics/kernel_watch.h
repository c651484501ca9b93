// SPDX-License-Identifier: MIT
// What `record: full` watches at every state: rises and peaks of the loss, the largest edge.
//
// The edge needs F'' and a square root. But a state matters only if its edge may be a new maximum,
// and that its sharpness is below l is cheap to see: l - H is positive definite, H the Hessian
// with diagonal F'' y^2, F'' x^2 and F' + s F'' beside it. An F'' that is too large will do, for
// the sharpness grows with it. Where cells sharpen, lanes fail this at every step: of those states
// that are surely sharper than the one before, only the last one in a block is evaluated exactly.
#ifndef BRINK_DYNAMICS_KERNEL_WATCH_H
#define BRINK_DYNAMICS_KERNEL_WATCH_H

#include "kernel_jet.h"

#define WATCH_RISE     (1 + 1e-12) // as trajectory.c
#define WATCH_DOUBT    1e-11       // of the screen, relative; rounding is below 1e-14
#define WATCH_ROOT_MIN 1e-140      // whose square is normal

struct vec_watch {
    vec gauge;               // of the last state
    vec rises, peak_step;    //
    vec edge_max, crossed;   // and the first step with an edge > 1, or -1
    vec root;                // a little less than the largest sharpness so far
    vec half, square, limit; // for F_1: root / 2, root^2, 3.96 root or -1
    vec hope;                // a bound of the sharpness of a state not evaluated yet, 0: none
    vec hope_x, hope_y;      //
};

VEC_INLINE vec root_of(vec edge_max, vec h)
{
    vec root = edge_max * vec_set(2 - 2 * WATCH_DOUBT) / h;
    return vec_select(vec_less(vec_set(WATCH_ROOT_MIN), root), root, vec_set(0));
}

VEC_INLINE void set_root(struct vec_watch *watch, vec root)
{
    watch->root = root;
    watch->half = vec_set(0.5) * root;
    watch->square = root * root;
    watch->limit = vec_select(vec_less(vec_set(0), root), vec_set(3.96) * root, vec_set(-1));
}

VEC_INLINE struct vec_watch load_watch(const struct lane_vector *lanes)
{
    vec edge_max = vec_load(lanes->at[LANE_EDGE_MAX]);
    struct vec_watch watch = {.gauge = vec_load(lanes->at[LANE_GAUGE]),
                              .rises = vec_load(lanes->at[LANE_RISES]),
                              .peak_step = vec_load(lanes->at[LANE_PEAK_STEP]),
                              .edge_max = edge_max,
                              .crossed = vec_load(lanes->at[LANE_CROSSED]),
                              .hope = vec_set(0),
                              .hope_x = vec_set(0),
                              .hope_y = vec_set(0)};
    set_root(&watch, root_of(edge_max, vec_load(lanes->at[LANE_H])));
    return watch;
}

VEC_INLINE void lane_store(struct lane_vector *lanes, enum lane_field field, mask which, vec value)
{
    vec_store_some(lanes->at[field], which, value);
}

VEC_INLINE void store_watch(struct lane_vector *lanes, mask which, const struct vec_watch *watch)
{
    lane_store(lanes, LANE_GAUGE, which, watch->gauge);
    lane_store(lanes, LANE_RISES, which, watch->rises);
    lane_store(lanes, LANE_PEAK_STEP, which, watch->peak_step);
    lane_store(lanes, LANE_EDGE_MAX, which, watch->edge_max);
    lane_store(lanes, LANE_CROSSED, which, watch->crossed);
}

// At least F'' of F_b, but for rounding; and by how much at most.
VEC_INLINE vec vec_b_bend(enum kernel_kind kind, const struct brink_curve *curve, vec s, vec gauge,
                          vec *excess)
{
    int b = kind == KERNEL_B ? curve->power : (int)kind;
    *excess = vec_set(0);
    if (kind == KERNEL_B1)
        return vec_set(2);
    vec below = vec_even_power(s, b - 3) * s, power = vec_even_power(s, b - 1);
    vec pull = vec_set(2 * (double)b * (b - 1)) * below * gauge;
    vec push = vec_set(2 * (double)b * b) * power * power;
    *excess = vec_set(2.1 * WATCH_DOUBT) * (vec_abs(pull) + push);
    return vec_fma(vec_set(WATCH_DOUBT), vec_abs(pull) + push, pull + push);
}

// F' and the gauge of vectors side by side; and if `bend` is not NULL at least F'', but for
// rounding. With `near`, F_a for |t| < ROW_NEAR_END only.
VEC_INLINE void vec_slopes(int count, enum kernel_kind kind, bool near,
                           const struct brink_curve *const curve[], const vec x[], const vec y[],
                           vec gauge[], vec slope[], vec bend[])
{
    if (kind == KERNEL_A || kind == KERNEL_A1)
        EACH gauge[j] = vec_fma_minus(x[j], y[j], vec_set(1));
    if (kind == KERNEL_A) {
        if (near)
            vec_table_slopes(count, true, true, curve, gauge, slope, bend);
        else
            vec_row_slopes(count, true, curve, gauge, slope, bend);
        if (bend)
            EACH bend[j] = bend[j] + vec_set(2 * BRINK_ROW_BEND_ERROR);
    } else if (kind == KERNEL_A1) {
        vec_a1_slopes(count, gauge, slope);
        if (bend) // (1 - tanh^2)/2
            EACH bend[j] = vec_fma(vec_set(0.5), vec_minus_fma(slope[j], slope[j], vec_set(1)),
                                   vec_set(1e-15));
    } else {
        vec_b_slopes(count, kind, curve, x, y, gauge, slope);
        if (bend)
            EACH bend[j] = vec_b_bend(kind, curve[j], x[j] * y[j], gauge[j], &(vec){0});
    }
}

// As may_exceed, for F_1, where 2 F'' = 1 - slope^2 is not negative: with T the trace of the matrix
// and D its determinant, the sharpness is below the root if T < 2 root and root^2 - root T + D > 0.
// That T is below 1.98 root keeps the smaller eigenvalue away, so that the second is the larger's
// distance from the root, times .02 root at least; terms are below 10 root^2, and so is rounding
// below 1e-13 root.
VEC_INLINE mask may_exceed_a1(vec x, vec y, vec slope, vec gauge, const struct vec_watch *watch)
{
    vec square = slope * slope, twice = vec_set(1 + 2e-15) - square; // of F''
    vec traces = twice * vec_fma(x, x, y * y);                       // of 2 matrices
    vec rest = vec_minus_fma(watch->half, traces, watch->square - square);
    vec value = vec_minus_fma(twice, slope * (gauge + vec_set(1)), rest);
    return vec_at_most(value, vec_set(0)) | vec_at_most(watch->limit, traces);
}

// The lanes whose sharpness, as the reference computes it, may exceed the root; `bend` is at least
// F''. With F'' >= 0 the entries of the matrix are below 2 root where it does not, and so is
// rounding below 1e-14 root. F'' < 0 lowers the sharpness, but what is left of a mean and a root
// that cancel has an error of some 3e-16 |F''| (x^2 + y^2): thirty times that counts as F''
// instead. For F_a, a state with NaN exceeds nothing: its edge is NaN, or its block is discarded.
VEC_INLINE mask may_exceed(enum kernel_kind kind, vec x, vec y, vec slope, vec bend, vec gauge,
                           const struct vec_watch *watch)
{
    if (kind == KERNEL_A1)
        return may_exceed_a1(x, y, slope, gauge, watch);
    vec convex = vec_fma(vec_abs(bend), vec_set(1e-14), vec_positive(bend)), by = convex * y,
        bx = convex * x;
    vec first = vec_minus_fma(by, y, watch->root), second = vec_minus_fma(bx, x, watch->root);
    vec mixed = vec_fma(bx, y, slope);
    if (kind == KERNEL_A)
        return vec_at_most(first, vec_set(0)) | vec_at_most(first * second, mixed * mixed);
    return vec_not_less(vec_set(0), first) | vec_not_less(mixed * mixed, first * second);
}

// Evaluates the edge of the lanes `which`.
static inline void raise_edge(enum kernel_kind kind, const struct brink_curve *curve, vec h, vec n,
                              vec x, vec y, mask which, struct vec_watch *watch)
{
    vec slope, curvature = vec_jet(kind, curve, x, y, &slope), one = vec_set(1);
    vec edge = vec_edge(h, slope, curvature, x, y);
    mask first = which & vec_less(one, edge) & vec_less(watch->crossed, vec_set(0));
    mask more = which & vec_less(watch->edge_max, edge);
    watch->crossed = vec_select(first, n, watch->crossed);
    watch->edge_max = vec_select(more, edge, watch->edge_max);
    set_root(watch, vec_larger(watch->root, root_of(watch->edge_max, h)));
}

// Evaluates the states that are hoped to have the largest edge. It is no first one above 1.
static inline void settle_edge(enum kernel_kind kind, const struct brink_curve *curve, vec h,
                               struct vec_watch *watch)
{
    mask hopes = vec_less(vec_set(0), watch->hope);
    if (hopes)
        raise_edge(kind, curve, h, h, watch->hope_x, watch->hope_y, hopes, watch);
}

// A state of which the lanes `which` may have a larger edge than before. Those that surely have
// are hoped for, if no edge beyond 1 is near that would be the first.
static __attribute__((noinline)) void doubt_edge(enum kernel_kind kind,
                                                 const struct brink_curve *curve, vec h, vec n,
                                                 vec x, vec y, vec slope, vec bend, vec gauge,
                                                 mask which, struct vec_watch *watch)
{
    vec excess = vec_set(kind == KERNEL_A1 ? 3e-15 : 2.1 * WATCH_DOUBT);
    if (kind == KERNEL_A) { // closer than for the look that led here
        vec_table_slopes(1, false, false, &curve, &gauge, &slope, &bend);
        bend = bend + vec_set(WATCH_DOUBT);
    } else if (kind != KERNEL_A1) {
        vec_b_bend(kind, curve, x * y, gauge, &excess);
    }
    vec half = vec_set(0.5) * bend, size = vec_fma(x, x, y * y);
    vec spread = half * ((x - y) * (x + y)), mixed = vec_fma(x * y, bend, slope);
    vec root = vec_fma(half, size, vec_sqrt(vec_fma(spread, spread, mixed * mixed)));
    vec rest = vec_fma(excess, size, vec_set(1e-13) * root), least = root - rest;
    mask sure = which;
    if (kind == KERNEL_A) // `bend` is the table's, which ends there
        sure &= vec_less(vec_abs(gauge), vec_set(BRINK_ROW_END));
    sure &= vec_less(vec_set(0), bend) & vec_less(watch->hope, least) &
            vec_less(vec_set(WATCH_ROOT_MIN), least);
    sure &= vec_at_most(vec_set(0), watch->crossed) | vec_less(h * (root + rest), vec_set(1.9999));
    watch->hope = vec_select(sure, root + rest, watch->hope);
    watch->hope_x = vec_select(sure, x, watch->hope_x);
    watch->hope_y = vec_select(sure, y, watch->hope_y);
    set_root(watch, vec_select(sure, vec_larger(watch->root, least), watch->root));
    if (which & ~sure)
        raise_edge(kind, curve, h, n, x, y, which & ~sure, watch);
}

// Where the gauge is larger than at the state before, there is one rise more.
VEC_INLINE vec count_rise(vec before, vec gauge, vec rises)
{
    return vec_select(vec_less(before * vec_set(WATCH_RISE), gauge), rises + vec_set(1), rises);
}

// Sees state (x, y) at step n of the lanes `which`, whose peak does not know it yet.
VEC_INLINE void watch_state(enum kernel_kind kind, const struct brink_curve *curve, vec h, vec n,
                            vec x, vec y, vec slope, vec bend, vec gauge, vec peak, mask which,
                            struct vec_watch *watch)
{
    vec size = vec_abs(gauge), rises = count_rise(watch->gauge, size, watch->rises);
    watch->rises = vec_select(which, rises, watch->rises);
    watch->peak_step = vec_select(which & vec_less(peak, size), n, watch->peak_step);
    watch->gauge = vec_select(which, size, watch->gauge);
    mask closer = which & may_exceed(kind, x, y, slope, bend, gauge, watch);
    if (__builtin_expect(closer != 0, 0))
        doubt_edge(kind, curve, h, n, x, y, slope, bend, gauge, closer, watch);
}

#endif
