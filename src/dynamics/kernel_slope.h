// SPDX-License-Identifier: MIT
// F' and the gauge of a vector of states: the operations of regularity.h, in its order.
#ifndef BRINK_DYNAMICS_KERNEL_SLOPE_H
#define BRINK_DYNAMICS_KERNEL_SLOPE_H

#include "brink/base/polynomial.h"
#include "brink/objective/objective.h"
#include "brink/objective/regularity.h"
#include "kernel.h"
#include "simd.h"

// brink_exp_tail
VEC_INLINE vec vec_exp_tail(vec r, vec r2)
{
    const double *c = brink_exp_tail_terms;
    vec r4 = r2 * r2;
    vec c01 = vec_fma(vec_set(c[1]), r, vec_set(c[0]));
    vec c23 = vec_fma(vec_set(c[3]), r, vec_set(c[2]));
    vec c45 = vec_fma(vec_set(c[5]), r, vec_set(c[4]));
    vec c67 = vec_fma(vec_set(c[7]), r, vec_set(c[6]));
    vec c89 = vec_fma(vec_set(c[9]), r, vec_set(c[8]));
    vec c0123 = vec_fma(c23, r2, c01);
    vec c4567 = vec_fma(c67, r2, c45);
    vec c456789 = vec_fma(c89, r4, c4567);
    return vec_fma(c456789, r4, c0123);
}

// brink_a1_slope
VEC_INLINE vec vec_a1_slope(vec t)
{
    vec v = vec_min(vec_set(700), vec_abs(t));
    vec rounded = vec_minus_fma(v, vec_set(BRINK_LOG2E), vec_set(BRINK_ROUNDER));
    vec n = vec_set(BRINK_ROUNDER) - rounded;
    vec r = vec_fma(n, vec_set(BRINK_LN2_LOW), vec_fma_minus(n, vec_set(BRINK_LN2), v));
    vec r2 = r * r;
    vec_bits one = bits_set(UINT64_C(0x3ff0000000000000));
    vec scale = vec_from_bits(bits_add(bits_shift_52(vec_to_bits(rounded)), one));
    vec p = vec_fma(vec_exp_tail(r, r2), r2, r);
    vec numerator = vec_minus_fma(scale, p, vec_set(1) - scale);
    vec denominator = vec_fma(scale, p, vec_set(1) + scale);
    return vec_with_sign(numerator / denominator, t);
}

// brink_a_slope, for the lanes beyond the table: rare, so the compiler's vectors are good enough.
static inline vec vec_a_direct(vec t, double a)
{
    _Alignas(64) double state[VEC_WIDTH], slope[VEC_WIDTH];
    vec_store(state, t);
#pragma omp simd
    for (int lane = 0; lane < VEC_WIDTH; lane++)
        slope[lane] = brink_a_slope(state[lane], a);
    return vec_load(slope);
}

// The slot of the row table that a state is in, and where in it.
struct vec_place {
    vec_slot slot;
    vec d;
};
VEC_INLINE struct vec_place vec_place_of(vec v)
{
    vec scale = vec_set(BRINK_ROW_SCALE);
    vec_bits bits = vec_to_bits(vec_fma(v, scale, vec_set(2)));
    vec middle = vec_from_bits(
        bits_replace(bits, bits_set(~((UINT64_C(1) << 50) - 1)), bits_set(UINT64_C(1) << 49)));
    return (struct vec_place){vec_slot_of(bits), vec_fma_minus(v, scale, middle - vec_set(2))};
}

// brink_row_slope: the row table where it holds, the direct formula beyond.
VEC_INLINE vec vec_a_slope(vec t, const struct brink_curve *curve)
{
    vec v = vec_abs(t);
    struct vec_place place = vec_place_of(v);
    vec p = vec_look(curve->table[BRINK_ROW_TERMS - 1], place.slot);
#pragma GCC unroll 16
    for (int k = BRINK_ROW_TERMS - 2; k > 0; k--)
        p = vec_fma(p, place.d, vec_look(curve->table[k], place.slot));
    vec slope = vec_fma(t, vec_look(curve->table[0], place.slot), (t * place.d) * p);
    mask inside = vec_less(v, vec_set(BRINK_ROW_END));
    if (__builtin_expect(inside != VEC_ALL, 0))
        slope = vec_select(inside, slope, vec_a_direct(t, curve->parameter));
    return slope;
}

// The same, and at least F'' = G + v G'; infinity beyond the table.
VEC_INLINE vec vec_a_slope_and_bend(vec t, const struct brink_curve *curve, vec *bend)
{
    vec v = vec_abs(t);
    struct vec_place place = vec_place_of(v);
    vec p = vec_look(curve->table[BRINK_ROW_TERMS - 1], place.slot), q = p;
#pragma GCC unroll 16
    for (int k = BRINK_ROW_TERMS - 2; k > 0; k--) {
        p = vec_fma(p, place.d, vec_look(curve->table[k], place.slot));
        q = k > 1 ? vec_fma(q, place.d, p) : q;
    }
    // p is the table without its first coefficient, over d; its derivative is p + d q'.
    vec first = vec_look(curve->table[0], place.slot);
    vec slope = vec_fma(t, first, (t * place.d) * p), rate = vec_fma(q, place.d, p);
    *bend =
        vec_fma(v * vec_set(BRINK_ROW_SCALE), rate, vec_fma(p, place.d, first)) + vec_set(1e-11);
    mask inside = vec_less(v, vec_set(BRINK_ROW_END));
    if (__builtin_expect(inside != VEC_ALL, 0)) {
        slope = vec_select(inside, slope, vec_a_direct(t, curve->parameter));
        *bend = vec_select(inside, *bend, vec_set(HUGE_VAL));
    }
    return slope;
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

// F' at (x, y), and the gauge, with its sign or without: its size counts.
VEC_INLINE vec vec_slope(enum kernel_kind kind, const struct brink_curve *curve, vec x, vec y,
                         vec *gauge)
{
    if (kind == KERNEL_A1 || kind == KERNEL_A) {
        vec t = vec_fma_minus(x, y, vec_set(1));
        *gauge = t;
        return kind == KERNEL_A1 ? vec_a1_slope(t) : vec_a_slope(t, curve);
    }
    int b = kind == KERNEL_B ? curve->power : (int)kind;
    vec s = x * y, power = vec_even_power(s, b - 1);
    *gauge = vec_fma_minus(power, s, vec_set(1));
    return (vec_set(2 * (double)b) * power) * *gauge;
}

#endif
