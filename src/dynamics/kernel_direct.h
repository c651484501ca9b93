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

// brink_horner
VEC_INLINE void vec_horner(int count, int terms, const double c[], const vec x[], vec sum[])
{
    EACH sum[j] = vec_set(c[terms - 1]);
#pragma GCC unroll 8
    for (int k = terms - 2; k >= 0; k--)
        EACH sum[j] = vec_fma(sum[j], x[j], vec_set(c[k]));
}

// brink_a_halves: tanh(v/2) = above/below, and k - r - 2.
VEC_INLINE void vec_a_halves(int count, const vec t[], vec above[], vec below[], vec less[])
{
    // The rounder, and the bias of an exponent: the bits of a rounded number are those of 2^n,
    // shifted. No v log2 e is a tie, so that the sum rounds as with the rounder alone.
    const double rounder = BRINK_ROUNDER + 1023;
    vec v[SIDE_BY_SIDE], rounded[SIDE_BY_SIDE], n[SIDE_BY_SIDE], r[SIDE_BY_SIDE], r2[SIDE_BY_SIDE];
    vec more[SIDE_BY_SIDE], scale[SIDE_BY_SIDE], twice[SIDE_BY_SIDE];
    EACH v[j] = vec_smaller(vec_set(700), t[j]);
    EACH rounded[j] = vec_minus_fma(v[j], vec_set(BRINK_LOG2E), vec_set(rounder));
    EACH n[j] = vec_set(rounder) - rounded[j];
    EACH r[j] = vec_fma_minus(n[j], vec_set(BRINK_LN2), v[j]);
    EACH r2[j] = r[j] * r[j];
    vec_horner(count, 5, brink_coth_tail_terms, r2, more);
    EACH more[j] = more[j] * r2[j];
    EACH scale[j] = vec_from_bits(bits_shift_52(vec_to_bits(rounded[j])));
    EACH twice[j] = scale[j] + scale[j];
    EACH less[j] = more[j] - r[j];
    EACH more[j] = more[j] + r[j];
    EACH above[j] = vec_minus_fma(scale[j], more[j], less[j]);
    EACH below[j] = vec_fma(scale[j], more[j], less[j]);
    EACH above[j] = (vec_set(2) - twice[j]) + above[j];
    EACH below[j] = (vec_set(2) + twice[j]) + below[j];
}

// brink_a_length, from 1 + e^-v = below/(less + 2).
VEC_INLINE void vec_a_lengths(int count, const vec t[], const vec below[], const vec less[],
                              vec length[])
{
    vec middle[SIDE_BY_SIDE], z[SIDE_BY_SIDE], z2[SIDE_BY_SIDE], terms[SIDE_BY_SIDE];
    EACH middle[j] = vec_fma(vec_set(BRINK_SQRT2), less[j], vec_set(2 * BRINK_SQRT2));
    EACH z[j] = (below[j] - middle[j]) / (below[j] + middle[j]);
    EACH z2[j] = z[j] * z[j];
    vec_horner(count, 8, brink_atanh_terms, z2, terms);
    EACH length[j] = vec_abs(t[j]) + vec_fma(z[j], terms[j], vec_set(BRINK_2LOG_SQRT2));
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

// brink_a_power: a L^(a-1).
VEC_INLINE void vec_a_powers(int count, const vec length[], const vec a[], vec power[])
{
    vec a_less[SIDE_BY_SIDE], a_rest[SIDE_BY_SIDE], exponent[SIDE_BY_SIDE], m[SIDE_BY_SIDE];
    vec z[SIDE_BY_SIDE], z2[SIDE_BY_SIDE], rest[SIDE_BY_SIDE], log2_length[SIDE_BY_SIDE];
    vec rounded[SIDE_BY_SIDE], r[SIDE_BY_SIDE], r2[SIDE_BY_SIDE], growth[SIDE_BY_SIDE];
    const vec one = vec_set(1), rounder = vec_set(BRINK_ROUNDER);
    EACH m[j] = vec_split_root2(length[j], &exponent[j]);
    EACH exponent[j] = vec_smaller(vec_set(1000), exponent[j]);
    EACH z[j] = (m[j] - one) / (m[j] + one);
    EACH a_less[j] = a[j] - one;
    EACH a_rest[j] = a[j] - (a_less[j] + one);
    EACH z2[j] = z[j] * z[j];
    vec_horner(count, 8, brink_log2_terms, z2, rest);
    EACH rest[j] = z[j] * rest[j];
    EACH log2_length[j] = exponent[j] + rest[j];
    EACH rounded[j] = vec_fma(a_less[j], log2_length[j], rounder);
    EACH r[j] = vec_fma(a_less[j], exponent[j], rounder - rounded[j]);
    EACH r[j] = vec_fma(a_rest[j], log2_length[j], vec_fma(a_less[j], rest[j], r[j]));
    EACH r2[j] = r[j] * r[j];
    vec_horner(count, 6, brink_coth2_terms, r2, growth);
    EACH growth[j] = (r[j] + r[j]) / (growth[j] - r[j]);
    EACH
    {
        vec_bits bits = bits_shift_52(vec_to_bits(rounded[j]));
        vec scale = vec_from_bits(bits_add(bits, bits_set(UINT64_C(0x3ff0000000000000))));
        scale = a[j] * scale;
        power[j] = vec_fma(scale, growth[j], scale);
    }
}

// brink_a_slope
VEC_INLINE void vec_a_slopes(int count, const vec t[], const vec a[], vec slope[])
{
    vec above[SIDE_BY_SIDE], below[SIDE_BY_SIDE], less[SIDE_BY_SIDE], length[SIDE_BY_SIDE];
    vec tangent[SIDE_BY_SIDE], power[SIDE_BY_SIDE];
    vec_a_halves(count, t, above, below, less);
    EACH tangent[j] = above[j] / below[j];
    vec_a_lengths(count, t, below, less, length);
    vec_a_powers(count, length, a, power);
    EACH slope[j] = vec_with_sign(tangent[j] * power[j], t[j]);
}

#endif
