// SPDX-License-Identifier: MIT
// Cycles on vectors: their length, exponent and period, with the operations of verdict.c.
#include "ends.h"
#include "kernel_jet.h"

enum { CYCLE_STEPS = 64 }; // longer cycles are rare

struct tangents {
    vec dx, dy;
};

struct cycle {
    vec x, y, length;
    struct tangents a, b; // columns of the product of the Jacobians
    vec scale;            // times 2^scale
    mask going, closed, at_minimum;
};

// The states of the cycles.
struct path {
    _Alignas(64) double x[CYCLE_STEPS][REPLAY_VECTORS][VEC_WIDTH];
    _Alignas(64) double y[CYCLE_STEPS][REPLAY_VECTORS][VEC_WIDTH];
};

// push() of verdict.c
static struct tangents push(struct tangents d, vec x, vec y, vec g, vec bend)
{
    vec pull = bend * (y * d.dx + x * d.dy);
    return (struct tangents){vec_minus_fma(g, d.dy, vec_minus_fma(pull, y, d.dx)),
                             vec_minus_fma(g, d.dx, vec_minus_fma(pull, x, d.dy))};
}

// The tangents of the lanes `which` one step later, as in brink_cycle_exponent(). Returns the lanes
// in which they neither vanish nor overflow.
static mask push_both(struct cycle *cycle, mask which, vec g, vec bend)
{
    struct tangents a = push(cycle->a, cycle->x, cycle->y, g, bend);
    struct tangents b = push(cycle->b, cycle->x, cycle->y, g, bend);
    vec sum = (vec_abs(a.dx) + vec_abs(a.dy)) + (vec_abs(b.dx) + vec_abs(b.dy));
    vec size = vec_larger(vec_larger(a.dx, a.dy), vec_larger(b.dx, b.dy)), power;
    mask fit = vec_at_most(vec_set(BRINK_GROWTH_MIN), size);
    fit &= vec_at_most(sum, vec_set(BRINK_GROWTH_MAX)); // no NaN
    vec_split_root2(size, &power);
    vec_bits rounded = vec_to_bits(vec_set(BRINK_ROUNDER) - power); // brink_exp2_rounded
    vec down =
        vec_from_bits(bits_add(bits_shift_52(rounded), bits_set(UINT64_C(0x3ff0000000000000))));
    cycle->a.dx = vec_select(which, a.dx * down, cycle->a.dx);
    cycle->a.dy = vec_select(which, a.dy * down, cycle->a.dy);
    cycle->b.dx = vec_select(which, b.dx * down, cycle->b.dx);
    cycle->b.dy = vec_select(which, b.dy * down, cycle->b.dy);
    cycle->scale = vec_select(which, cycle->scale + power, cycle->scale);
    return fit;
}

// State `step` of all cycles, and the step from it. Is any cycle still open?
static bool step_cycles(enum kernel_kind kind, const struct lane_vector lanes[], int step,
                        struct cycle cycle[REPLAY_VECTORS], struct path *path)
{
    const int count = REPLAY_VECTORS;
    const struct brink_curve *curve[REPLAY_VECTORS];
    vec x[REPLAY_VECTORS], y[REPLAY_VECTORS], slope[REPLAY_VECTORS], bend[REPLAY_VECTORS];
    mask any = 0;
    EACH curve[j] = lanes[j].curve;
    EACH x[j] = cycle[j].x;
    EACH y[j] = cycle[j].y;
    vec_bends(count, kind, curve, x, y, slope, bend);
    for (int j = 0; j < count; j++) {
        struct cycle *now = &cycle[j];
        mask which = now->going;
        vec h = vec_load(lanes[j].at[LANE_H]), g = h * slope[j], size = x[j] * x[j] + y[j] * y[j];
        vec_store(path->x[step][j], x[j]);
        vec_store(path->y[step][j], y[j]);
        now->at_minimum &=
            ~which | (vec_at_most(vec_abs(vec_fma_minus(x[j], y[j], vec_set(1))), vec_set(1e-6)) &
                      vec_at_most(h * vec_set(curve[j]->curvature_minimum) * size, vec_set(2)));
        now->going &= push_both(now, which, g, h * bend[j]);
        now->x = vec_select(which, vec_minus_fma(g, y[j], x[j]), x[j]);
        now->y = vec_select(which, vec_minus_fma(g, x[j], y[j]), y[j]);
        now->length = vec_select(which, now->length + vec_set(1), now->length);
        mask back = vec_equal(now->x, vec_load(lanes[j].at[LANE_X])) &
                    vec_equal(now->y, vec_load(lanes[j].at[LANE_Y]));
        now->closed |= now->going & back;
        now->going &= ~back;
        any |= now->going;
    }
    return any != 0;
}

// spectral_radius() and the end of brink_cycle_exponent().
static void measure_exponents(const struct cycle *cycle, double exponent[VEC_WIDTH])
{
    _Alignas(64) double radius[VEC_WIDTH], scale[VEC_WIDTH], length[VEC_WIDTH];
    vec crossed = cycle->a.dy * cycle->b.dx, two = vec_set(2);
    vec half = (cycle->a.dx - cycle->b.dy) / two;
    vec mean = vec_abs(cycle->a.dx + cycle->b.dy) / two;
    vec square = vec_fma(half, half, crossed);
    vec determinant = vec_fma_minus(cycle->a.dx, cycle->b.dy, crossed);
    vec_store(radius, vec_select(vec_at_most(vec_set(0), square), mean + vec_sqrt(square),
                                 vec_sqrt(determinant)));
    vec_store(scale, cycle->scale);
    vec_store(length, cycle->length);
#pragma omp simd
    for (int lane = 0; lane < VEC_WIDTH; lane++)
        exponent[lane] =
            brink_fma(scale[lane], BRINK_LN2, brink_log_branchless(radius[lane])) / length[lane];
}

static int period_of(const struct path *path, int vector, int lane, int length)
{
    bool same = false;
    int period = 0;
    while (!same && ++period < length) {
        same = length % period == 0;
        for (int i = 0; i < length && same; i++) {
            int ahead = i + period < length ? i + period : i + period - length;
            same = brink_verdict_same_place(path->x[i][vector][lane], path->y[i][vector][lane],
                                            path->x[ahead][vector][lane],
                                            path->y[ahead][vector][lane]);
        }
    }
    return period;
}

void brink_cycles_judge(enum kernel_kind kind, const struct lane_vector vectors[REPLAY_VECTORS],
                        mask which[REPLAY_VECTORS],
                        struct brink_ending endings[REPLAY_VECTORS][VEC_WIDTH])
{
    struct cycle cycle[REPLAY_VECTORS];
    struct path path;
    const vec zero = vec_set(0), one = vec_set(1);
    for (int j = 0; j < REPLAY_VECTORS; j++)
        cycle[j] = (struct cycle){
            .x = vec_select(which[j], vec_load(vectors[j].at[LANE_X]), one), // or at a minimum
            .y = vec_select(which[j], vec_load(vectors[j].at[LANE_Y]), one),
            .length = zero,
            .a = {one, zero},
            .b = {zero, one},
            .scale = zero,
            .going = which[j],
            .at_minimum = which[j],
        };
    for (int step = 0; step < CYCLE_STEPS; step++)
        if (!step_cycles(kind, vectors, step, cycle, &path))
            break;
    for (int j = 0; j < REPLAY_VECTORS; j++) {
        _Alignas(64) double exponent[VEC_WIDTH], length[VEC_WIDTH];
        which[j] &= ~cycle[j].closed;
        if (!cycle[j].closed)
            continue;
        measure_exponents(&cycle[j], exponent);
        vec_store(length, cycle[j].length);
        for (mask rest = cycle[j].closed; rest; rest &= rest - 1) {
            int lane = __builtin_ctz(rest);
            struct brink_ending *ending = &endings[j][lane];
            if (!brink_verdict_without_period(cycle[j].at_minimum >> lane & 1, exponent[lane],
                                              ending))
                brink_verdict_period(period_of(&path, j, lane, (int)length[lane]), ending);
        }
    }
}
