// SPDX-License-Identifier: MIT
// F' and the gauge of a vector of states: the operations of regularity.h, in its order.
#ifndef BRINK_DYNAMICS_KERNEL_SLOPE_H
#define BRINK_DYNAMICS_KERNEL_SLOPE_H

#include "brink/base/polynomial.h"
#include "brink/objective/objective.h"
#include "brink/objective/regularity.h"
#include "kernel.h"
#include "kernel_direct.h"

// brink_a1_slope
VEC_INLINE void vec_a1_slopes(int count, const vec t[], vec slope[])
{
    vec above[SIDE_BY_SIDE], below[SIDE_BY_SIDE], less[SIDE_BY_SIDE];
    vec_a_halves(count, t, above, below, less);
    EACH slope[j] = vec_with_sign(above[j] / below[j], t[j]);
}

// brink_a_slope for the lanes that are not `inside`: rarely in more than one vector.
static __attribute__((noinline)) void far_slopes(int vectors,
                                                 const struct brink_curve *const curve[],
                                                 const vec t[], const mask inside[], vec slope[])
{
    const int count = SIDE_BY_SIDE;
    vec state[SIDE_BY_SIDE], parameter[SIDE_BY_SIDE], direct[SIDE_BY_SIDE];
    int far = 0, place[SIDE_BY_SIDE] = {0};
    for (int j = 0; j < vectors; j++)
        if (inside[j] != VEC_ALL)
            place[far++] = j;
    EACH state[j] = vec_select(inside[place[j]], vec_set(BRINK_ROW_END), t[place[j]]);
    EACH parameter[j] = vec_set(curve[place[j]]->parameter);
    if (far == 1)
        vec_a_slopes(1, state, parameter, direct);
    else
        vec_a_slopes(count, state, parameter, direct);
    for (int j = 0; j < far; j++)
        slope[place[j]] = vec_select(inside[place[j]], slope[place[j]], direct[j]);
}

// brink_a_curvature for the lanes that are not `inside`: left to the compiler's vectors.
static __attribute__((noinline)) vec far_curvature(double a, vec t, mask inside, vec curvature)
{
    _Alignas(64) double state[VEC_WIDTH], far[VEC_WIDTH];
    vec_store(state, vec_select(inside, vec_set(BRINK_ROW_END), t));
#pragma omp simd
    for (int lane = 0; lane < VEC_WIDTH; lane++)
        far[lane] = brink_a_curvature(state[lane], a);
    return vec_select(inside, curvature, vec_load(far));
}

// Where kernels that look near hold, in v.
#define ROW_NEAR_END (VEC_NEAR == BRINK_ROW_SLOTS ? BRINK_ROW_END : 5.625)

// The centres of a row table's slots, in 17/16 v.
_Alignas(64) static const double row_centres[BRINK_ROW_SLOTS] = {
    0.25, 0.75, 1.25, 1.75, 2.5, 3.5, 4.5, 5.5, 7, 9, 11, 13, 16, 20, 24, 28};

VEC_INLINE vec vec_look_in(bool near, const double row[BRINK_ROW_SLOTS], vec_slot slot)
{
    return near ? vec_look_near(row, slot) : vec_look(row, slot);
}

// brink_a_table_slope, each vector from its curve's table; with `near`, for v < ROW_NEAR_END only.
// And if `bend` is not NULL, brink_a_table_bend, or with `rough` F'' within BRINK_ROW_BEND_ERROR.
VEC_INLINE void vec_table_slopes(int count, bool near, bool rough,
                                 const struct brink_curve *const curve[], const vec t[],
                                 vec slope[], vec bend[])
{
    vec v[SIDE_BY_SIDE], d[SIDE_BY_SIDE], p[SIDE_BY_SIDE], q[SIDE_BY_SIDE], first[SIDE_BY_SIDE];
    vec_slot slot[SIDE_BY_SIDE];
    const vec scale = vec_set(BRINK_ROW_SCALE);
    EACH v[j] = vec_abs(t[j]);
    EACH slot[j] = vec_slot_of(vec_to_bits(vec_fma(v[j], scale, vec_set(2))));
    EACH d[j] = vec_fma_minus(v[j], scale, vec_look_in(near, row_centres, slot[j]));
    EACH p[j] = vec_look_in(near, curve[j]->table[BRINK_ROW_TERMS - 1], slot[j]);
    EACH q[j] = p[j];
    const int top = rough ? BRINK_ROW_BEND_TERMS : BRINK_ROW_TERMS - 1;
#pragma GCC unroll 16
    for (int k = BRINK_ROW_TERMS - 2; k > 0; k--) {
        EACH p[j] = vec_fma(p[j], d[j], vec_look_in(near, curve[j]->table[k], slot[j]));
        if (bend && k == top)
            EACH q[j] = p[j];
        if (bend && k > 1 && k < top)
            EACH q[j] = vec_fma(q[j], d[j], p[j]);
    }
    // p is the table without its first coefficient, over d; its derivative is p + d q'.
    EACH first[j] = vec_look_in(near, curve[j]->table[0], slot[j]);
    EACH slope[j] = vec_fma(t[j], first[j], (t[j] * d[j]) * p[j]);
    if (bend) {
        EACH q[j] = vec_fma(q[j], d[j], p[j]);
        EACH bend[j] = vec_fma(v[j] * scale, q[j], vec_fma(p[j], d[j], first[j]));
    }
}

// brink_row_slope; and if `bend` is not NULL, brink_row_bend, or with `rough` F'' within
// BRINK_ROW_BEND_ERROR: 0 beyond the table, for F'' is at most 2 e^-28 there.
VEC_INLINE void vec_row_slopes(int count, bool rough, const struct brink_curve *const curve[],
                               const vec t[], vec slope[], vec bend[])
{
    mask inside[SIDE_BY_SIDE], all = VEC_ALL;
    vec_table_slopes(count, false, rough, curve, t, slope, bend);
    EACH inside[j] = vec_less(vec_abs(t[j]), vec_set(BRINK_ROW_END));
    EACH all &= inside[j];
    if (__builtin_expect(all == VEC_ALL, 1))
        return;
    far_slopes(count, curve, t, inside, slope);
    if (bend && rough)
        EACH bend[j] = vec_select(inside[j], bend[j], vec_set(0));
    for (int j = 0; j < count && bend && !rough; j++)
        if (inside[j] != VEC_ALL)
            bend[j] = far_curvature(curve[j]->parameter, t[j], inside[j], bend[j]);
}

// brink_even_power
VEC_INLINE vec vec_even_power(vec s, int exponent)
{
    vec square = s * s, product = vec_set(1);
#pragma GCC unroll 8
    for (int rest = exponent / 2; rest > 0; rest /= 2) {
        if (rest % 2)
            product = product * square;
        square = square * square;
    }
    return product;
}

// F' and the gauge, with its sign or without: its size counts.
VEC_INLINE void vec_b_slopes(int count, enum kernel_kind kind,
                             const struct brink_curve *const curve[], const vec x[], const vec y[],
                             vec gauge[], vec slope[])
{
    EACH
    {
        int b = kind == KERNEL_B ? curve[j]->power : (int)kind;
        vec s = x[j] * y[j], power = vec_even_power(s, b - 1);
        gauge[j] = vec_fma_minus(power, s, vec_set(1));
        slope[j] = (vec_set(2 * (double)b) * power) * gauge[j];
    }
}

// F' at (x, y), and the gauge.
VEC_INLINE vec vec_slope(enum kernel_kind kind, const struct brink_curve *curve, vec x, vec y,
                         vec *gauge)
{
    vec slope;
    if (kind != KERNEL_A1 && kind != KERNEL_A) {
        vec_b_slopes(1, kind, &curve, &x, &y, gauge, &slope);
        return slope;
    }
    *gauge = vec_fma_minus(x, y, vec_set(1));
    if (kind == KERNEL_A1)
        vec_a1_slopes(1, gauge, &slope);
    else
        vec_row_slopes(1, false, &curve, gauge, &slope, NULL);
    return slope;
}

#endif
