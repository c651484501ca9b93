// SPDX-License-Identifier: MIT
// Exponential and logarithm without branches: one sequence of operations for scalars and for lanes.
//
// Each works in a double and its rounding error (high + low) where one rounding would cost digits,
// so that all but the last operation are much better than half an ulp. A loop over an array of
// doubles vectorises them. Elsewhere call them by their names in elementary.h.
#ifndef BRINK_BASE_BRANCHLESS_H
#define BRINK_BASE_BRANCHLESS_H

#include <math.h>
#include <stdbool.h>

#include "brink/base/pair.h"
#include "brink/base/polynomial.h"

// Split constants (from tests/gen_coefficients.py): NAME = NAME_HI + NAME_LO. LN2_HI has 42 bits,
// so that n * LN2_HI is exact for every exponent n.
#define BRINK_LN2_HI        0x1.62e42fefa3800p-1
#define BRINK_LN2_LO        0x1.ef35793c76730p-45
#define BRINK_TWO_THIRDS_HI 0x1.5555555555555p-1
#define BRINK_TWO_THIRDS_LO 0x1.5555555555555p-55

// e^(high + low) = 2^exponent (1 + head + tail), for |high| < 1e6 and |low| << 1.
struct brink_exponential {
    double head, tail;
    double exponent;
};

static inline struct brink_exponential brink_exponential_of(double high, double low)
{
    double n = brink_fma(high, BRINK_LOG2E, BRINK_ROUNDER) - BRINK_ROUNDER;
    double r_high = brink_fma(-n, BRINK_LN2_HI, high); // exact
    double r_low = brink_fma(-n, BRINK_LN2_LO, low);
    struct brink_pair r = brink_exact_sum(r_high, r_low);
    double r2 = r.high * r.high;
    double tail = brink_fma(brink_exp_tail(r.high, r2), r2,
                            brink_fma(r.low, r.high, r.low)); // the last term: r.low e^r
    return (struct brink_exponential){.head = r.high, .tail = tail, .exponent = n};
}

// Its value; one rounding more in the subnormal range. 2^exponent comes in two factors.
static inline double brink_exponential_value(struct brink_exponential e)
{
    struct brink_pair sum = brink_fast_sum(1, e.head);
    double half = (e.exponent * 0.5 + BRINK_ROUNDER) - BRINK_ROUNDER;
    return (sum.high + (sum.low + e.tail)) * brink_exp2_rounded(half + BRINK_ROUNDER) *
           brink_exp2_rounded(e.exponent - half + BRINK_ROUNDER);
}

// e^(high + low)
static inline double brink_exp_pair(double high, double low)
{
    double cut = high > 710 ? 710 : high < -746 ? -746 : high;
    double value = brink_exponential_value(brink_exponential_of(cut, low));
    value = high > 710 ? HUGE_VAL : high < -746 ? 0 : value;
    return high != high ? high : value;
}

static inline double brink_exp_branchless(double x)
{
    return brink_exp_pair(x, 0);
}

static inline double brink_expm1_branchless(double x)
{
    double cut = x > 710 ? 710 : x < -40 ? -40 : x;
    struct brink_exponential e = brink_exponential_of(cut, 0);
    double scale = brink_exp2_rounded(e.exponent + BRINK_ROUNDER); // up to x = 40
    // scale (1 + head + tail) - 1
    struct brink_pair sum = brink_exact_sum(scale - 1, scale * e.head);
    double value = sum.high + (sum.low + scale * e.tail);
    value = x > 40 ? brink_exponential_value(e) : value;
    value = x > 710 ? HUGE_VAL : x < -40 ? -1 : value;
    bool odd = (x != x) | (x == 0);
    return odd ? x : value; // keeps -0
}

// log(x) for a positive, finite x to about 2^-64. With x = 2^n m and s = (m-1)/(m+1):
// log x = n log 2 + 2s + 2/3 s^3 + s^5 (...).
static const double brink_log_tail_terms[7] = {
    0x1.999999999999fp-2, 0x1.249249248e4d8p-2, 0x1.c71c71d7fbbacp-3, 0x1.745d09e3d8241p-3,
    0x1.3b18bc82cc745p-3, 0x1.1018374c7f117p-3, 0x1.087e4945615c6p-3};
static inline struct brink_pair brink_log_pair(double x)
{
    bool subnormal = x < 0x1p-1022;
    double n, m = brink_split_root2(subnormal ? x * 0x1p54 : x, &n);
    n -= subnormal ? 54 : 0;
    double f = m - 1; // exact
    struct brink_pair d = {m + 1, 0};
    d.low = m - (d.high - 1);
    struct brink_pair s = {f / d.high, 0};
    s.low = (brink_fma(-s.high, d.high, f) - s.high * d.low) / d.high;
    struct brink_pair square = {s.high * s.high, 0};
    square.low = brink_fma(s.high, s.high, -square.high) + 2 * s.high * s.low;
    struct brink_pair cube = {square.high * s.high, 0};
    cube.low = brink_fma(square.high, s.high, -cube.high) +
               brink_fma(square.low, s.high, square.high * s.low);
    struct brink_pair third = {cube.high * BRINK_TWO_THIRDS_HI, 0};
    third.low = brink_fma(cube.high, BRINK_TWO_THIRDS_HI, -third.high) +
                brink_fma(cube.low, BRINK_TWO_THIRDS_HI, cube.high * BRINK_TWO_THIRDS_LO);
    double tail = cube.high * square.high * brink_estrin_7(brink_log_tail_terms, square.high);
    struct brink_pair sum = brink_fast_sum(n * BRINK_LN2_HI, 2 * s.high);
    struct brink_pair with_third = brink_fast_sum(sum.high, third.high);
    double low = sum.low + with_third.low;
    low += brink_fma(n, BRINK_LN2_LO, brink_fma(2, s.low, third.low + tail));
    return brink_fast_sum(with_third.high, low);
}

static inline double brink_log_branchless(double x)
{
    bool inside = (x > 0) & (x < HUGE_VAL);
    double odd = x < 0 ? (double)NAN : x == 0 ? -HUGE_VAL : x;
    double value = brink_log_pair(inside ? x : 1).high;
    return inside ? value : odd;
}

static inline double brink_log1p_branchless(double x)
{
    bool inside = (x > -1) & (x < HUGE_VAL) & (x != 0);
    double odd = x < -1 ? (double)NAN : x == -1 ? -HUGE_VAL : x;
    struct brink_pair u = brink_exact_sum(1, inside ? x : 1);
    struct brink_pair log_u = brink_log_pair(u.high);
    double value =
        log_u.high + (log_u.low + u.low / u.high); // log(u + c) = log u + c/u + O(2^-106)
    return inside ? value : odd;
}

#endif
