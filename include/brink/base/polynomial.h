// SPDX-License-Identifier: MIT
// Pieces that our elementary functions and the slopes share: fixed evaluation orders, bit tricks.
#ifndef BRINK_BASE_POLYNOMIAL_H
#define BRINK_BASE_POLYNOMIAL_H

#include "brink/base/elementary.h"

// Constants and coefficients come from tests/gen_coefficients.py.
#define BRINK_LN2        0x1.62e42fefa39efp-1
#define BRINK_LOG2E      0x1.71547652b82fep+0
#define BRINK_SQRT2      0x1.6a09e667f3bcdp+0
#define BRINK_2LOG_SQRT2 0x1.62e42fefa39f0p-1 // 2 log(BRINK_SQRT2), which is not quite log 2

// Added to |x| < 2^51 it leaves the nearest integer (ties to even) in the low bits of the sum.
#define BRINK_ROUNDER 0x1.8p52

// c[0] + c[1] x + ... + c[count-1] x^(count-1) in Horner's order.
static inline double brink_horner(int count, const double c[], double x)
{
    double sum = c[count - 1];
    for (int k = count - 2; k >= 0; k--)
        sum = brink_fma(sum, x, c[k]);
    return sum;
}

// c[0] + c[1] x + ... + c[6] x^6 in Estrin's order.
static inline double brink_estrin_7(const double c[7], double x)
{
    double x2 = x * x;
    double c01 = brink_fma(c[1], x, c[0]);
    double c23 = brink_fma(c[3], x, c[2]);
    double c45 = brink_fma(c[5], x, c[4]);
    double c456 = brink_fma(c[6], x2, c45);
    double c23456 = brink_fma(c456, x2, c23);
    return brink_fma(c23456, x2, c01);
}

// c[0] + c[1] x + ... + c[9] x^9 in Estrin's order; x2 = x * x.
static inline double brink_estrin_10(const double c[10], double x, double x2)
{
    double x4 = x2 * x2;
    double c01 = brink_fma(c[1], x, c[0]);
    double c23 = brink_fma(c[3], x, c[2]);
    double c45 = brink_fma(c[5], x, c[4]);
    double c67 = brink_fma(c[7], x, c[6]);
    double c89 = brink_fma(c[9], x, c[8]);
    double c0123 = brink_fma(c23, x2, c01);
    double c4567 = brink_fma(c67, x2, c45);
    double c456789 = brink_fma(c89, x4, c4567);
    return brink_fma(c456789, x4, c0123);
}

// 2^r = (k + r)/(k - r) with an even k = r coth(r log(2)/2): k in r^2, |r| <= 1/2.
static const double brink_coth2_terms[6] = {0x1.71547652b82fep+1,   0x1.d9303fea2f7e7p-4,
                                            -0x1.e50096de1cbbcp-11, 0x1.63144f36cd368p-17,
                                            -0x1.10f3eb71d9775p-23, 0x1.a4afad502f8a9p-30};
// (e^r - 1 - r) / r^2 for |r| <= log(2)/2; r2 = r * r.
static const double brink_exp_tail_terms[10] = {
    0x1.0000000000001p-1,  0x1.5555555555556p-3,  0x1.5555555553d4fp-5,  0x1.11111111109adp-7,
    0x1.6c16c17893833p-10, 0x1.a01a01a7c8d47p-13, 0x1.a019b8ef67c6cp-16, 0x1.71de0d9c145d0p-19,
    0x1.2891a8c1d838dp-22, 0x1.af38d53857513p-26};
static inline double brink_exp_tail(double r, double r2)
{
    return brink_estrin_10(brink_exp_tail_terms, r, r2);
}

// 2^n from n + BRINK_ROUNDER, for -1022 <= n <= 1023.
static inline double brink_exp2_rounded(double rounded)
{
    return brink_from_bits((brink_bits(rounded) << 52) + UINT64_C(0x3ff0000000000000));
}

// x = 2^exponent m with sqrt(1/2) <= m < sqrt 2, for a positive normal x; returns m. The exponent
// comes as a double; no branch, so that lanes can do the same.
static inline double brink_split_root2(double x, double *exponent)
{
    const uint64_t root_half = UINT64_C(0x3fe6a09e667f3bcd);
    uint64_t offset = brink_bits(x) - root_half;
    uint64_t biased = (offset + (UINT64_C(1024) << 52)) >> 52; // exponent + 1024
    *exponent = brink_from_bits(biased | UINT64_C(0x4330000000000000)) - (0x1p52 + 1024.0);
    return brink_from_bits((offset & UINT64_C(0x000fffffffffffff)) + root_half);
}

#endif
