// SPDX-License-Identifier: MIT
// Blocks of 32 GD steps on many vectors at a time, and what may end in one.
//
// A state inside a block that ends its cell must raise the alarm of the block. With m = max(|x|,
// |y|), g = h F'(s) and G >= |g|:
// - Escape, m >= R. m grows by at most 1 + G in a step, so for F_a (G = h max |F'|) it is enough
//   to look at every fourth state, the first one included, with the bound R / (1 + G)^3. For F_b
//   every state is looked at. A NaN stays a NaN, and is seen at the end of the block.
// - Saddle, m <= 1e-6. Likewise, one of the next three states that are looked at has
//   m <= 1e-6 (1 + G)^3, where G bounds h |F'| near the origin.
// - Converged, |F'| sqrt N <= tol, |t| <= 1e-6 and h F2 N <= 2 with t = s - 1. From there
//   t+ = t - g N + g^2 s with g N = h F2 N t (1 + O(b t)), so |t| grows by less than 1.25 in 31
//   steps, but for rounding, and N stays: it is enough to look at the end of the block.
// - Proof B and x = 0 or y = 0 (b >= 3), once true, stay true.
// - The recurrence and max_steps are looked for at the end of the block by definition.
#include "kernel.h"

#include <math.h>
#include <string.h>

#include "kernel_screen.h"
#include "kernel_slope.h"

VEC_INLINE void run_block(enum kernel_kind kind, bool full, struct lane_vector lanes[],
                          const struct brink_rules *rules)
{
    enum { STRIDE = 4 }; // states per look for F_a
    const int count = KERNEL_VECTORS;
    const bool bad = kind != KERNEL_A && kind != KERNEL_A1;
    vec x[KERNEL_VECTORS], y[KERNEL_VECTORS], h[KERNEL_VECTORS], peak[KERNEL_VECTORS];
    vec largest[KERNEL_VECTORS], smallest[KERNEL_VECTORS];
    struct vec_watch watch[KERNEL_VECTORS];
#pragma GCC unroll 8
    for (int j = 0; j < count; j++) {
        x[j] = vec_load(lanes[j].at[LANE_X]);
        y[j] = vec_load(lanes[j].at[LANE_Y]);
        h[j] = vec_load(lanes[j].at[LANE_H]);
        peak[j] = vec_load(lanes[j].at[LANE_PEAK]);
        largest[j] = vec_raise(vec_abs(x[j]), y[j]);
        smallest[j] = vec_set(HUGE_VAL);
        if (full)
            watch[j] = load_watch(&lanes[j]);
    }
    for (int step = 0; step < BRINK_BLOCK; step++) {
#pragma GCC unroll 8
        for (int j = 0; j < count; j++) {
            const struct brink_curve *curve = lanes[j].curve;
            vec gauge, slope, bend;
            if (full) {
                vec n = vec_load(lanes[j].at[LANE_N]) + vec_set(step);
                slope = vec_slope_and_bend(kind, curve, x[j], y[j], &gauge, &bend);
                watch_state(kind, curve, h[j], n, x[j], y[j], slope, bend, gauge, peak[j],
                            lanes[j].used, &watch[j]);
            } else {
                slope = vec_slope(kind, curve, x[j], y[j], &gauge);
            }
            vec g = h[j] * slope;
            peak[j] = vec_raise(peak[j], gauge);
            vec x_next = vec_minus_fma(g, y[j], x[j]);
            y[j] = vec_minus_fma(g, x[j], y[j]);
            x[j] = x_next;
            if (bad)
                largest[j] = vec_raise(vec_raise(largest[j], x[j]), y[j]);
        }
        if (step % STRIDE != STRIDE - 1)
            continue;
#pragma GCC unroll 8
        for (int j = 0; j < count; j++) {
            vec size = vec_raise(vec_abs(x[j]), y[j]);
            smallest[j] = vec_min(size, smallest[j]);
            if (!bad)
                largest[j] = vec_raise(largest[j], size);
        }
    }
    for (int j = 0; j < count; j++) {
        end_block(kind, &lanes[j], rules, x[j], y[j], peak[j], largest[j], smallest[j]);
        if (full)
            store_watch(&lanes[j], ~lanes[j].alarm, &watch[j]);
    }
}

// kind, suffix
#define KERNEL_LIST(X)                                                                             \
    X(KERNEL_A, a)                                                                                 \
    X(KERNEL_A1, a1)                                                                               \
    X(KERNEL_B, b)                                                                                 \
    X(KERNEL_B1, b1)                                                                               \
    X(KERNEL_B3, b3)                                                                               \
    X(KERNEL_B5, b5)                                                                               \
    X(KERNEL_B7, b7)                                                                               \
    X(KERNEL_B9, b9)                                                                               \
    X(KERNEL_B11, b11)                                                                             \
    X(KERNEL_B13, b13)

#define KERNEL_FUNCTIONS(kind, suffix)                                                             \
    static void block_##suffix(struct lane_vector lanes[], const struct brink_rules *rules)        \
    {                                                                                              \
        run_block(kind, false, lanes, rules);                                                      \
    }                                                                                              \
    static void replay_##suffix(struct lane_vector lanes[], const struct brink_rules *rules)       \
    {                                                                                              \
        replay_block(kind, false, lanes, rules);                                                   \
    }                                                                                              \
    static void block_full_##suffix(struct lane_vector lanes[], const struct brink_rules *rules)   \
    {                                                                                              \
        run_block(kind, true, lanes, rules);                                                       \
    }                                                                                              \
    static void replay_full_##suffix(struct lane_vector lanes[], const struct brink_rules *rules)  \
    {                                                                                              \
        replay_block(kind, true, lanes, rules);                                                    \
    }
KERNEL_LIST(KERNEL_FUNCTIONS)

#define KERNEL_BASIC(kind, suffix) [kind] = {.block = block_##suffix, .replay = replay_##suffix},
#define KERNEL_FULL(kind, suffix)                                                                  \
    [kind] = {.block = block_full_##suffix, .replay = replay_full_##suffix},
const struct kernel brink_kernels[2][KERNEL_KINDS] = {{KERNEL_LIST(KERNEL_BASIC)},
                                                      {KERNEL_LIST(KERNEL_FULL)}};

bool brink_kernel_find(const struct brink_curve *curve, enum kernel_kind *kind)
{
    if (curve->objective->parameter[0] == 'a') {
        *kind = curve->parameter == 1 ? KERNEL_A1 : KERNEL_A;
        return true;
    }
    *kind = curve->power <= 13 ? (enum kernel_kind)curve->power : KERNEL_B;
    return curve->power <= KERNEL_POWER_MAX;
}

void brink_kernel_bounds(enum kernel_kind kind, const struct brink_point *point,
                         const struct brink_rules *rules, double *far, double *near)
{
    bool good = kind == KERNEL_A || kind == KERNEL_A1;
    // Near the origin |F'| is at most 2.1 for b = 1, and next to nothing for b >= 3.
    double slope = good ? 1.001 * point->curve->slope_bound : kind == KERNEL_B1 ? 2.1 : 0;
    double growth = 1 + point->h * slope, growth_3 = 1.001 * growth * growth * growth;
    *far = good ? rules->escape / growth_3 : rules->escape;
    *near = 1.001e-6 * growth_3;
    if (*near > 0.1) // too far out for the bounds
        *near = HUGE_VAL;
}
