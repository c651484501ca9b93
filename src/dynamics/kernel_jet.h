// SPDX-License-Identifier: MIT
// F'' of a vector of states, with the bits of the objectives' jets; and the edge, h sharpness / 2.
#ifndef BRINK_DYNAMICS_KERNEL_JET_H
#define BRINK_DYNAMICS_KERNEL_JET_H

#include "kernel_slope.h"

// F_a: left to the compiler's vectors.
static inline vec vec_a_jet(const struct brink_curve *curve, vec x, vec y, vec *slope)
{
    _Alignas(64) double t[VEC_WIDTH], first[VEC_WIDTH], second[VEC_WIDTH];
    vec_store(t, vec_fma_minus(x, y, vec_set(1)));
    if (curve->parameter == 1) {
#pragma omp simd
        for (int lane = 0; lane < VEC_WIDTH; lane++)
            second[lane] = brink_a1_jet(t[lane], &first[lane]);
        *slope = vec_load(first);
    } else {
        const vec state = vec_load(t);
        vec_row_slopes(1, false, &curve, &state, slope, NULL);
#pragma omp simd
        for (int lane = 0; lane < VEC_WIDTH; lane++)
            second[lane] = brink_a_curvature(t[lane], curve->parameter);
    }
    return vec_load(second);
}

// 1 - s^b, as residual() of regularity_b.c.
static inline vec vec_residual(vec s, int b)
{
    vec sum = vec_set(1), power = s;
    int bit = 1;
    while (bit <= b / 2)
        bit *= 2;
    for (bit /= 2; bit > 0; bit /= 2) {
        sum = sum * (vec_set(1) + power);
        power = power * power;
        if (b & bit) {
            sum = vec_fma(s, sum, vec_set(1));
            power = power * s;
        }
    }
    return (vec_set(1) - s) * sum;
}

// F_b, as jet() of regularity_b.c.
static inline vec vec_b_jet(const struct brink_curve *curve, vec x, vec y, vec *slope)
{
    double b = curve->parameter;
    int power = curve->power;
    vec gauge, s = x * y;
    *slope = vec_slope(KERNEL_B, curve, x, y, &gauge);
    if (power == 1)
        return vec_select(vec_equal(s, s), vec_set(2), s);
    vec below = vec_even_power(s, power - 3) * s, above = vec_even_power(s, power - 1);
    vec pull = (vec_set(2 * b * (b - 1)) * below) * vec_residual(s, power);
    return vec_fma_minus(vec_set(2 * b * b) * above, above, pull);
}

// F'' and F'.
static inline vec vec_jet(enum kernel_kind kind, const struct brink_curve *curve, vec x, vec y,
                          vec *slope)
{
    bool good = kind == KERNEL_A || kind == KERNEL_A1;
    return good ? vec_a_jet(curve, x, y, slope) : vec_b_jet(curve, x, y, slope);
}

// F' of vectors side by side, and F'' as the objectives' bend.
VEC_INLINE void vec_bends(int count, enum kernel_kind kind, const struct brink_curve *const curve[],
                          const vec x[], const vec y[], vec slope[], vec bend[])
{
    vec t[SIDE_BY_SIDE];
    EACH t[j] = vec_fma_minus(x[j], y[j], vec_set(1));
    if (kind == KERNEL_A) {
        vec_row_slopes(count, false, curve, t, slope, bend);
    } else if (kind == KERNEL_A1) {
        vec_a1_slopes(count, t, slope);
        EACH bend[j] = vec_minus_fma(vec_set(0.5) * slope[j], slope[j], vec_set(0.5));
    } else {
        EACH bend[j] = vec_b_jet(curve[j], x[j], y[j], &slope[j]);
    }
}

// brink_hypot without branches, and so for the compiler's vectors.
static inline double hypot_of(double x, double y)
{
    x = fabs(x);
    y = fabs(y);
    double large = x < y ? y : x, small = x < y ? x : y, exponent;
    double cut = large < 0x1p-1000 ? 0x1p-1000 : large;
    brink_split_root2(cut > 0x1p1000 ? 0x1p1000 : cut, &exponent);
    double down = brink_exp2_rounded(BRINK_ROUNDER - exponent);
    double up = brink_exp2_rounded(BRINK_ROUNDER + exponent);
    double scaled = large * down, rest = small * down;
    double length = up * sqrt(brink_fma(scaled, scaled, rest * rest));
    bool odd = (x != x) | (y != y) | !(large < HUGE_VAL) | (large == 0);
    return odd ? x + y : length;
}

// h/2 times brink_sharpness_of.
static inline vec vec_edge(vec h, vec slope, vec curvature, vec x, vec y)
{
    _Alignas(64) double spread[VEC_WIDTH], mixed[VEC_WIDTH], length[VEC_WIDTH];
    vec half = curvature / vec_set(2), zero = vec_set(0);
    vec mean = x * half * x + y * half * y;
    mask diagonal = vec_equal(x, y) | vec_equal(x, -y);
    vec_store(spread, vec_select(diagonal, zero, (x - y) * half * (x + y)));
    vec_store(mixed,
              vec_select(vec_equal(curvature, zero), slope, vec_fma(x * y, curvature, slope)));
#pragma omp simd
    for (int lane = 0; lane < VEC_WIDTH; lane++)
        length[lane] = hypot_of(spread[lane], mixed[lane]);
    return h * vec_set(0.5) * (mean + vec_load(length));
}

#endif
