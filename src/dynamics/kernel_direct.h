// SPDX-License-Identifier: MIT
// F' of F_a by the direct formula on vectors side by side: brink_a_slope in its order.
#ifndef BRINK_DYNAMICS_KERNEL_DIRECT_H
#define BRINK_DYNAMICS_KERNEL_DIRECT_H

#include "brink/base/polynomial.h"
#include "brink/objective/regularity.h"
#include "simd.h"

// Loops over vectors side by side: every stage for all of them before the next one. A core looks
// about 100 operations ahead, which is less than three vectors' steps one after the other.
#define EACH _Pragma("GCC unroll 8") for (int j = 0; j < count; j++)
enum { SIDE_BY_SIDE = 4 }; // at most

// brink_estrin_7
VEC_INLINE void vec_estrin_7(int count, const double c[7], const vec x[], vec sum[])
{
    vec x2[SIDE_BY_SIDE], c01[SIDE_BY_SIDE], c23[SIDE_BY_SIDE], c45[SIDE_BY_SIDE];
    EACH x2[j] = x[j] * x[j];
    EACH c45[j] = vec_fma(vec_set(c[5]), x[j], vec_set(c[4]));
    EACH c23[j] = vec_fma(vec_set(c[3]), x[j], vec_set(c[2]));
    EACH c01[j] = vec_fma(vec_set(c[1]), x[j], vec_set(c[0]));
    EACH c45[j] = vec_fma(vec_set(c[6]), x2[j], c45[j]);
    EACH c23[j] = vec_fma(c45[j], x2[j], c23[j]);
    EACH sum[j] = vec_fma(c23[j], x2[j], c01[j]);
}

VEC_INLINE void vec_pairs(int count, const double c[2], const vec x[], vec sum[])
{
    vec factor = vec_fresh(&c[1]), constant = vec_fresh(&c[0]);
    EACH sum[j] = vec_fma(factor, x[j], constant);
}

// brink_estrin_10, in an order that keeps few numbers at a time
VEC_INLINE void vec_estrin_10(int count, const double c[10], const vec x[], const vec x2[],
                              vec sum[])
{
    vec x4[SIDE_BY_SIDE], low[SIDE_BY_SIDE], high[SIDE_BY_SIDE], next[SIDE_BY_SIDE];
    EACH x4[j] = x2[j] * x2[j];
    vec_pairs(count, &c[6], x, next);
    vec_pairs(count, &c[4], x, high);
    EACH high[j] = vec_fma(next[j], x2[j], high[j]);
    vec_pairs(count, &c[8], x, next);
    EACH high[j] = vec_fma(next[j], x4[j], high[j]);
    vec_pairs(count, &c[2], x, next);
    vec_pairs(count, &c[0], x, low);
    EACH low[j] = vec_fma(next[j], x2[j], low[j]);
    EACH sum[j] = vec_fma(high[j], x4[j], low[j]);
}

// brink_a_exponential: e^-v = scale (1 + p).
VEC_INLINE void vec_a_exponentials(int count, const vec t[], vec scale[], vec p[])
{
    // The rounder, and the bias of an exponent: the bits of a rounded number are those of 2^n,
    // shifted. No v log2 e is a tie, so that the sum rounds as with the rounder alone.
    const double rounder = BRINK_ROUNDER + 1023;
    vec v[SIDE_BY_SIDE], rounded[SIDE_BY_SIDE], n[SIDE_BY_SIDE], r[SIDE_BY_SIDE], r2[SIDE_BY_SIDE];
    EACH v[j] = vec_smaller(vec_set(700), t[j]);
    EACH rounded[j] = vec_minus_fma(v[j], vec_set(BRINK_LOG2E), vec_set(rounder));
    EACH n[j] = vec_set(rounder) - rounded[j];
    EACH r[j] = vec_fma_minus(n[j], vec_set(BRINK_LN2), v[j]);
    EACH r[j] = vec_fma(n[j], vec_set(BRINK_LN2_LOW), r[j]);
    EACH r2[j] = r[j] * r[j];
    vec_estrin_10(count, brink_exp_tail_terms, r, r2, p);
    EACH scale[j] = vec_from_bits(bits_shift_52(vec_to_bits(rounded[j])));
    EACH p[j] = vec_fma(p[j], r2[j], r[j]);
}

// brink_a_stage_1 and brink_a_stage_2: tanh(v/2) and L.
VEC_INLINE void vec_a_lengths(int count, const vec t[], vec tangent[], vec length[])
{
    vec scale[SIDE_BY_SIDE], p[SIDE_BY_SIDE], numerator[SIDE_BY_SIDE], w[SIDE_BY_SIDE];
    vec w_more[SIDE_BY_SIDE], both[SIDE_BY_SIDE], inverse[SIDE_BY_SIDE], ratio[SIDE_BY_SIDE];
    vec square[SIDE_BY_SIDE], tail[SIDE_BY_SIDE];
    const vec root = vec_set(BRINK_SQRT2);
    vec_a_exponentials(count, t, scale, p);
    EACH numerator[j] = vec_minus_fma(scale[j], p[j], vec_set(1) - scale[j]);
    EACH w[j] = vec_fma(scale[j], p[j], vec_set(1) + scale[j]);
    EACH w_more[j] = w[j] + root;
    EACH both[j] = vec_set(1) / (w[j] * w_more[j]);
    EACH inverse[j] = both[j] * w_more[j];
    EACH ratio[j] = (w[j] - root) * (both[j] * w[j]);
    EACH
    {
        vec quotient = numerator[j] * inverse[j];
        vec rest = vec_minus_fma(quotient, w[j], numerator[j]);
        tangent[j] = vec_fma(rest, inverse[j], quotient);
    }
    EACH square[j] = ratio[j] * ratio[j];
    vec_estrin_7(count, brink_atanh_tail_terms, square, tail);
    EACH tail[j] = vec_fma(ratio[j] * square[j], tail[j], ratio[j]);
    EACH length[j] = vec_fma(vec_set(4), tail[j], vec_abs(t[j]) + vec_set(BRINK_2LOG_SQRT2));
}

// brink_split_root2
VEC_INLINE vec vec_split_root2(vec x, vec *exponent)
{
    const uint64_t root_half = UINT64_C(0x3fe6a09e667f3bcd), one = UINT64_C(1) << 52;
    vec_bits offset = bits_add(vec_to_bits(x), bits_set(-root_half));
    vec_bits biased = bits_shift_down_52(bits_add(offset, bits_set(1024 * one)));
    biased = bits_add(biased, bits_set(UINT64_C(0x4330000000000000)));
    *exponent = vec_from_bits(biased) - vec_set(0x1p52 + 1024.0);
    return vec_from_bits(bits_add(bits_and(offset, bits_set(one - 1)), bits_set(root_half)));
}

// brink_a_stage_3: a L^(a-1).
VEC_INLINE void vec_a_powers(int count, const vec length[], const vec a[], vec power[])
{
    vec a_less[SIDE_BY_SIDE], a_rest[SIDE_BY_SIDE], exponent[SIDE_BY_SIDE], m[SIDE_BY_SIDE];
    vec z[SIDE_BY_SIDE], z2[SIDE_BY_SIDE], rest[SIDE_BY_SIDE], log2_length[SIDE_BY_SIDE];
    vec rounded[SIDE_BY_SIDE], r[SIDE_BY_SIDE], r2[SIDE_BY_SIDE];
    const vec one = vec_set(1), rounder = vec_set(BRINK_ROUNDER);
    EACH m[j] = vec_split_root2(length[j], &exponent[j]);
    EACH exponent[j] = vec_select(vec_less(vec_set(1000), exponent[j]), vec_set(1000), exponent[j]);
    EACH z[j] = (m[j] - one) / (m[j] + one);
    EACH a_less[j] = a[j] - one;
    EACH a_rest[j] = a[j] - (a_less[j] + one);
    EACH z2[j] = z[j] * z[j];
    vec_estrin_7(count, brink_log2_tail_terms, z2, rest);
    EACH rest[j] = vec_fma(rest[j] * z2[j], z[j], vec_set(BRINK_2LOG2E) * z[j]);
    EACH log2_length[j] = exponent[j] + rest[j];
    EACH rounded[j] = vec_fma(a_less[j], log2_length[j], rounder);
    EACH r[j] = vec_fma(a_less[j], exponent[j], rounder - rounded[j]);
    EACH r[j] = vec_fma(a_rest[j], log2_length[j], vec_fma(a_less[j], rest[j], r[j]));
    EACH r2[j] = r[j] * r[j];
    vec_estrin_10(count, brink_exp2_tail_terms, r, r2, rest);
    EACH rest[j] = vec_fma(rest[j], r2[j], vec_set(BRINK_LN2) * r[j]);
    EACH
    {
        vec_bits bits = bits_shift_52(vec_to_bits(rounded[j]));
        vec scale = vec_from_bits(bits_add(bits, bits_set(UINT64_C(0x3ff0000000000000))));
        scale = a[j] * scale;
        power[j] = vec_fma(scale, rest[j], scale);
    }
}

// brink_a_slope
VEC_INLINE void vec_a_slopes(int count, const vec t[], const vec a[], vec slope[])
{
    vec tangent[SIDE_BY_SIDE], length[SIDE_BY_SIDE], power[SIDE_BY_SIDE];
    vec_a_lengths(count, t, tangent, length);
    vec_a_powers(count, length, a, power);
    EACH slope[j] = vec_with_sign(tangent[j] * power[j], t[j]);
}

#endif
