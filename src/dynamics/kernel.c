// SPDX-License-Identifier: MIT
// Blocks of 32 GD steps on many vectors at a time, and what may end in one.
//
// A state inside a block that ends its cell must raise the alarm of the block. With m = max(|x|,
// |y|), g = h F'(s) and G >= |g|:
// - Escape, m >= R. m grows by at most 1 + G in a step. So for F_a (G = h max |F'|) it is enough
//   to look at every fourth state, the first one included, with the bound R / (1 + G)^3; and for
//   F_b, where the largest gauge of the block bounds G, at every eighth, with R / (1 + G)^7. A NaN
//   or an infinity stays one, and is seen at the end of the block.
// - Saddle, m <= 1e-6. Likewise, one of the next states that are looked at has
//   m <= 1e-6 (1 + G)^3 or ^7, where G bounds h |F'| near the origin.
// - Converged, |F'| sqrt N <= tol, |t| <= 1e-6 and h F2 N <= 2 with t = s - 1. From there
//   t+ = t - g N + g^2 s with g N = h F2 N t (1 + O(b t)), so |t| grows by less than 1.25 in 31
//   steps, but for rounding, and N stays: it is enough to look at the end of the block.
// - Proof B and x = 0 or y = 0 (b >= 3), once true, stay true.
// - The recurrence and max_steps are looked for at the end of the block by definition.
// A state of F_a, a < 1, beyond the near part of the row table raises the alarm, too: blocks look
// nowhere else, and replays evaluate it.
#include "kernel.h"

#include <math.h>
#include <string.h>

#include "kernel_full.h"
#include "kernel_screen.h"
#include "kernel_slope.h"

// A step. With `shared`, all lanes have the first's curve.
VEC_INLINE void step_vectors(enum kernel_kind kind, bool shared, int count,
                             const struct lane_vector lanes[], struct vec_run run[])
{
    const struct brink_curve *curve[SIDE_BY_SIDE];
    vec x[SIDE_BY_SIDE], y[SIDE_BY_SIDE], gauge[SIDE_BY_SIDE], g[SIDE_BY_SIDE];
    EACH curve[j] = lanes[shared ? 0 : j].curve;
    EACH x[j] = run[j].x;
    EACH y[j] = run[j].y;
    vec_slopes(count, kind, true, curve, x, y, gauge, g, NULL);
    EACH run[j].peak = vec_larger(run[j].peak, gauge[j]);
    EACH g[j] = vec_load(lanes[j].at[LANE_H]) * g[j];
    EACH run[j].x = vec_minus_fma(g[j], y[j], x[j]);
    EACH run[j].y = vec_minus_fma(g[j], x[j], y[j]);
}

// The 32 steps of all vectors, `side` of them side by side, and their ends. Returns the vectors
// with alarms, as bits.
VEC_INLINE unsigned run_block(enum kernel_kind kind, bool shared, int side,
                              struct lane_vector lanes[], const struct brink_rules *rules)
{
    const int count = KERNEL_VECTORS, stride = states_per_look(kind);
    struct vec_run run[KERNEL_VECTORS];
    EACH run[j] = start_run(&lanes[j], vec_set(0));
    for (int look = 0; look < BRINK_BLOCK; look += stride) {
        for (int step = look; step < look + stride; step++)
#pragma GCC unroll 8
            for (int j = 0; j < count; j += side)
                step_vectors(kind, shared, side, &lanes[j], &run[j]);
        EACH look_at(&run[j]);
    }
    unsigned alarmed = 0;
    for (int j = 0; j < count; j++)
        if (end_block(kind, &lanes[j], rules, &run[j]))
            alarmed |= 1U << j;
    return alarmed;
}

// Have all lanes one curve, whose table is then loaded once for vectors side by side? Cores that
// load one vector of 512 bits a cycle are faster then.
VEC_INLINE bool share_table(enum kernel_kind kind, const struct lane_vector lanes[])
{
    bool shared = kind == KERNEL_A;
    for (int j = 1; j < KERNEL_VECTORS; j++)
        shared = shared && lanes[j].curve == lanes[0].curve;
    return shared;
}

VEC_INLINE unsigned block_of(enum kernel_kind kind, bool full, int side, struct lane_vector lanes[],
                             const struct brink_rules *rules)
{
    bool shared = share_table(kind, lanes);
    if (full)
        return shared ? run_full_block(kind, true, lanes, rules)
                      : run_full_block(kind, false, lanes, rules);
    return shared ? run_block(kind, true, side, lanes, rules)
                  : run_block(kind, false, side, lanes, rules);
}

// Vectors side by side, of which the registers still hold the most.
enum { SIDE_A = 4, SIDE_A1 = 2, SIDE_B = 4 };

// kind, suffix, vectors side by side
#define KERNEL_LIST(X)                                                                             \
    X(KERNEL_A, a, SIDE_A)                                                                         \
    X(KERNEL_A1, a1, SIDE_A1)                                                                      \
    X(KERNEL_B, b, SIDE_B)                                                                         \
    X(KERNEL_B1, b1, SIDE_B)                                                                       \
    X(KERNEL_B3, b3, SIDE_B)                                                                       \
    X(KERNEL_B5, b5, SIDE_B)                                                                       \
    X(KERNEL_B7, b7, SIDE_B)                                                                       \
    X(KERNEL_B9, b9, SIDE_B)                                                                       \
    X(KERNEL_B11, b11, SIDE_B)                                                                     \
    X(KERNEL_B13, b13, SIDE_B)

#define KERNEL_FUNCTIONS(kind, suffix, side)                                                       \
    static unsigned block_##suffix(struct lane_vector lanes[], const struct brink_rules *rules)    \
    {                                                                                              \
        return block_of(kind, false, side, lanes, rules);                                          \
    }                                                                                              \
    static void replay_##suffix(struct lane_vector lanes[], const struct brink_rules *rules,       \
                                int first)                                                         \
    {                                                                                              \
        replay_block(kind, false, lanes, rules, first);                                            \
    }                                                                                              \
    static unsigned block_full_##suffix(struct lane_vector lanes[],                                \
                                        const struct brink_rules *rules)                           \
    {                                                                                              \
        return block_of(kind, true, side, lanes, rules);                                           \
    }                                                                                              \
    static void replay_full_##suffix(struct lane_vector lanes[], const struct brink_rules *rules,  \
                                     int first)                                                    \
    {                                                                                              \
        replay_block(kind, true, lanes, rules, first);                                             \
    }
KERNEL_LIST(KERNEL_FUNCTIONS)

#define KERNEL_BASIC(kind, suffix, side)                                                           \
    [kind] = {.block = block_##suffix, .replay = replay_##suffix},
#define KERNEL_FULL(kind, suffix, side)                                                            \
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

struct lane_bounds brink_kernel_bounds(enum kernel_kind kind, const struct brink_point *point,
                                       const struct brink_rules *rules)
{
    bool good = kind == KERNEL_A || kind == KERNEL_A1;
    // Near the origin |F'| is at most 2.1 for b = 1, and next to nothing for b >= 3.
    double slope = good ? 1.001 * point->curve->slope_bound : kind == KERNEL_B1 ? 2.1 : 0;
    double growth = 1 + point->h * slope, growth_3 = 1.001 * growth * growth * growth;
    double near = 1.001e-6 * growth_3 * (good ? 1 : growth_3 * growth);
    // growth_of(): 2b h peak (1 + peak) below 6, or 2 h peak.
    double most = 5.9 / (2 * point->curve->parameter * point->h);
    // may_converge() needs |t| to be at most this: N >= 2 |s| > 1 near a minimum.
    double flat = SCREEN_GROWTH * rules->grad_tol / point->curve->curvature_minimum;
    double steady = kind == KERNEL_B1 ? most : 2 * most / (1 + sqrt(1 + 4 * most));
    return (struct lane_bounds){
        .far = good ? rules->escape / growth_3 : rules->escape,
        .near = near > 0.1 ? HUGE_VAL : near, // too far out for the bounds
        .steady = steady,
        .flat = fmin(flat, SCREEN_GROWTH * 1e-6) + SCREEN_ROUNDING,
    };
}
