// SPDX-License-Identifier: MIT
// The arithmetic of F' and F'' of the regularity family: one sequence for scalars and for lanes.
//
// Everything here is inline, without branches or calls, so that a loop over an array of doubles
// vectorises it and gives the bits of the scalar code. A vector engine may fuse the stages, run
// each over all its lanes, or look a row table up by permutation; the operations and their order
// are the definition. Write t = fma(x, y, -1) = s - 1 and v = |t|.
#ifndef BRINK_OBJECTIVE_REGULARITY_H
#define BRINK_OBJECTIVE_REGULARITY_H

#include <math.h>
#include <stdbool.h>

#include "brink/base/branchless.h"
#include "brink/objective/row_table.h"

// ---- good regularity: F_a = L^a with L = log(e^t + 1) + log(e^-t + 1) = v + 2 log(1 + e^-v)

// (2^r - 1 - r log 2)/r^2 for |r| <= 1/2, atanh(z)/z^3 - 1/z^2 and log2((1+z)/(1-z)) likewise, in
// z^2.
static const double brink_exp2_tail_terms[10] = {
    0x1.ebfbdff82c590p-3,  0x1.c6b08d704a0c0p-5,  0x1.3b2ab6fba3832p-7,  0x1.5d87fe78a5db2p-10,
    0x1.43091303894aap-13, 0x1.ffcbfc6205782p-17, 0x1.62bfe4219e251p-20, 0x1.b52508425a20ap-24,
    0x1.e5ea86398000ep-28, 0x1.e9bc592654519p-32};
static const double brink_atanh_tail_terms[7] = {
    0x1.5555555555558p-2, 0x1.9999999995273p-3, 0x1.2492492dfd86cp-3, 0x1.c71c62d5e53e0p-4,
    0x1.7462b91b8df65p-4, 0x1.39fdcceb4bb45p-4, 0x1.2b5f68a50d903p-4};
static const double brink_log2_tail_terms[7] = {
    0x1.ec709dc3a0401p-1, 0x1.2776c50ef68acp-1, 0x1.a61762b5449cfp-2, 0x1.484b091070dabp-2,
    0x1.0c9e94a9a4c4ap-2, 0x1.c4fe6cc6d6fd0p-3, 0x1.afe74b82f4e57p-3};

// 2^r - 1 for |r| <= 1/2.
static inline double brink_exp2_less_1(double r)
{
    double r2 = r * r;
    return brink_fma(brink_estrin_10(brink_exp2_tail_terms, r, r2), r2, BRINK_LN2 * r);
}

// e^-v = scale (1 + p), kept apart so that 1 - e^-v has all its digits near v = 0; returns p. Past
// 700, where e^-v no longer matters, v is cut, so that scale stays normal. NaN passes.
static inline double brink_a_exponential(double v, double *scale)
{
    v = v > 700 ? 700 : v;
    double rounded = brink_fma(v, -BRINK_LOG2E, BRINK_ROUNDER), n = BRINK_ROUNDER - rounded;
    double r = brink_fma(n, BRINK_LN2_LOW, brink_fma(n, BRINK_LN2, -v)), r2 = r * r;
    *scale = brink_exp2_rounded(rounded);
    return brink_fma(brink_exp_tail(r, r2), r2, r);
}

// `magnitude` >= 0 with the sign bit of t: odd to the bit.
static inline double brink_a_signed(double magnitude, double t)
{
    return brink_from_bits(brink_bits(magnitude) | (brink_bits(t) & UINT64_C(1) << 63));
}

// F' for a = 1: tanh(t/2).
static inline double brink_a1_slope(double t)
{
    double scale, p = brink_a_exponential(fabs(t), &scale);
    double numerator = brink_fma(-scale, p, 1 - scale); // 1 - e^-v; 2 less it is 1 + e^-v
    return brink_a_signed(numerator / (2 - numerator), t);
}

// What a state needs of L for F' and F''.
struct brink_a_first {
    double tangent; // tanh(v/2) = L' of v
    double inverse; // 1/w with w = 1 + e^-v
    double ratio;   // z = (w - sqrt 2)/(w + sqrt 2), so that log w = log sqrt 2 + 2 atanh z
    double decay;   // e^-v
};

// Stage 1: one division serves tanh, 1/w and the logarithm of w.
static inline struct brink_a_first brink_a_stage_1(double v)
{
    double scale, p = brink_a_exponential(v, &scale);
    double numerator = brink_fma(-scale, p, 1 - scale);
    double w = brink_fma(scale, p, 1 + scale);
    double w_more = w + BRINK_SQRT2;
    double both = 1 / (w * w_more);
    double inverse = both * w_more, quotient = numerator * inverse;
    return (struct brink_a_first){
        .tangent = brink_fma(brink_fma(-quotient, w, numerator), inverse, quotient),
        .inverse = inverse,
        .ratio = (w - BRINK_SQRT2) * (both * w),
        .decay = brink_fma(scale, p, scale),
    };
}

// Stage 2: L = v + 2 log c + 4 atanh z, where c is the double nearest to sqrt 2.
static inline double brink_a_stage_2(double v, double ratio)
{
    double z2 = ratio * ratio;
    double atanh_z = brink_fma(ratio * z2, brink_estrin_7(brink_atanh_tail_terms, z2), ratio);
    return brink_fma(4, atanh_z, v + BRINK_2LOG_SQRT2);
}

// Stage 3: a L^(a-1), for L >= 2 log 2 and 0 < a <= 1. log2 L is kept as a whole exponent and a
// rest, so that the power has the same accuracy however large L is. Cut at 2^1000: the result is
// normal.
static inline double brink_a_stage_3(double length, double a)
{
    double a_less_1 = a - 1, a_rest = a - (a_less_1 + 1); // exact together; a row's constants
    double exponent, m = brink_split_root2(length, &exponent);
    exponent = exponent > 1000 ? 1000 : exponent;
    double z = (m - 1) / (m + 1), z2 = z * z;
    double rest =
        brink_fma(brink_estrin_7(brink_log2_tail_terms, z2) * z2, z, BRINK_2LOG2E * z); // log2 m
    double log2_length = exponent + rest;
    double rounded = brink_fma(a_less_1, log2_length, BRINK_ROUNDER);
    double r = brink_fma(a_less_1, exponent, BRINK_ROUNDER - rounded);
    r = brink_fma(a_rest, log2_length, brink_fma(a_less_1, rest, r));
    double scale = a * brink_exp2_rounded(rounded); // exact
    return brink_fma(scale, brink_exp2_less_1(r), scale);
}

// F' = a L^(a-1) tanh(t/2): the definition where no row table reaches.
static inline double brink_a_slope(double t, double a)
{
    double v = fabs(t);
    struct brink_a_first first = brink_a_stage_1(v);
    double power = brink_a_stage_3(brink_a_stage_2(v, first.ratio), a);
    return brink_a_signed(first.tangent * power, t);
}

// F' = t G(|t|) from the row table of an a < 1, for |t| < BRINK_ROW_END (beyond: some number). G's
// first coefficient meets t last, in one rounding with the rest.
static inline double brink_a_table_slope(const double table[BRINK_ROW_TERMS][BRINK_ROW_SLOTS],
                                         double t)
{
    double v = fabs(t);
    uint64_t place = brink_bits(brink_fma(v, BRINK_ROW_SCALE, 2)) >> 50;
    double centre = brink_from_bits(place << 50 | UINT64_C(1) << 49) - 2; // a constant of the slot
    double d = brink_fma(v, BRINK_ROW_SCALE, -centre);
    uint64_t slot = place & (BRINK_ROW_SLOTS - 1);
    double p = table[BRINK_ROW_TERMS - 1][slot];
    for (int k = BRINK_ROW_TERMS - 2; k > 0; k--)
        p = brink_fma(p, d, table[k][slot]);
    return brink_fma(t, table[0][slot], (t * d) * p);
}

// The same F', and F'' = G + v G' from the derivative of the polynomial: with fewer digits.
static inline double brink_a_table_bend(const double table[BRINK_ROW_TERMS][BRINK_ROW_SLOTS],
                                        double t, double *slope)
{
    double v = fabs(t);
    uint64_t place = brink_bits(brink_fma(v, BRINK_ROW_SCALE, 2)) >> 50;
    double centre = brink_from_bits(place << 50 | UINT64_C(1) << 49) - 2;
    double d = brink_fma(v, BRINK_ROW_SCALE, -centre);
    uint64_t slot = place & (BRINK_ROW_SLOTS - 1);
    double p = table[BRINK_ROW_TERMS - 1][slot], q = p;
    for (int k = BRINK_ROW_TERMS - 2; k > 0; k--) {
        p = brink_fma(p, d, table[k][slot]);
        q = k > 1 ? brink_fma(q, d, p) : q;
    }
    // p is the polynomial without its first coefficient, over d; its derivative is p + d q'.
    double first = table[0][slot], rate = brink_fma(q, d, p);
    *slope = brink_fma(t, first, (t * d) * p);
    return brink_fma(v * BRINK_ROW_SCALE, rate, brink_fma(p, d, first));
}

// F' of an a < 1 anywhere: its definition.
static inline double brink_row_slope(const double table[BRINK_ROW_TERMS][BRINK_ROW_SLOTS], double t,
                                     double a)
{
    return fabs(t) < BRINK_ROW_END ? brink_a_table_slope(table, t) : brink_a_slope(t, a);
}

// L'' = 2 e^-v / (1 + e^-v)^2; 0 where v was cut.
static inline double brink_a_bend(double v, double decay, double inverse)
{
    double bend = 2 * decay * (inverse * inverse);
    return v > 700 ? 0 : bend;
}

// F'' for a = 1, and F' with the bits of brink_a1_slope.
static inline double brink_a1_jet(double t, double *slope)
{
    double v = fabs(t), scale, p = brink_a_exponential(v, &scale);
    double numerator = brink_fma(-scale, p, 1 - scale), denominator = 2 - numerator;
    *slope = brink_a_signed(numerator / denominator, t);
    return brink_a_bend(v, brink_fma(scale, p, scale), 1 / denominator);
}

// F'' = a L^(a-1) (L'' - (1-a) tanh(t/2)^2 / L).
static inline double brink_a_curvature(double t, double a)
{
    double v = fabs(t);
    struct brink_a_first first = brink_a_stage_1(v);
    double length = brink_a_stage_2(v, first.ratio);
    double power = brink_a_stage_3(length, a);
    double bend = brink_a_bend(v, first.decay, first.inverse);
    double pull = (a - 1) * (first.tangent * first.tangent) / length;
    return power * (pull + bend);
}

// F'' for products of Jacobians, and F' to the bit; for a = 1: (1 - tanh(t/2)^2)/2.
static inline double brink_a1_bend(double t, double *slope)
{
    *slope = brink_a1_slope(t);
    return brink_fma(-0.5 * *slope, *slope, 0.5);
}
static inline double brink_row_bend(const double table[BRINK_ROW_TERMS][BRINK_ROW_SLOTS], double t,
                                    double a, double *slope)
{
    if (fabs(t) < BRINK_ROW_END)
        return brink_a_table_bend(table, t, slope);
    *slope = brink_a_slope(t, a);
    return brink_a_curvature(t, a);
}

#define BRINK_A_LENGTH_MIN (2 * BRINK_LN2) // of L

// The excess loss where |t| is v; scale = (2 log 2)^a. With c = L - 2 log 2 it is
// (2 log 2)^a ((1 + c/(2 log 2))^a - 1), and c is log(1 + sinh(v/2)^2) near v = 0, else
// v - 2 log 2 + 2 log(1 + e^-v).
static inline double brink_a_excess(double v, double a, double scale)
{
    double e = brink_expm1_branchless(v / 2), sinh_half = 0.5 * (e + e / (1 + e));
    double decay = brink_exp_branchless(-v);
    double logarithm = brink_log1p_branchless(v < 1 ? sinh_half * sinh_half : decay);
    double far = brink_fma(2, logarithm, v - BRINK_A_LENGTH_MIN), c = v < 1 ? logarithm : far;
    double growth = brink_expm1_branchless(a * brink_log1p_branchless(c / BRINK_A_LENGTH_MIN));
    return a == 1 ? c : scale * growth;
}

// ---- bad regularity: F_b = (1 - s^b)^2, s = x y rounded

// s^exponent for an even exponent >= 0: the squares s^2, s^4, s^8, ... that the exponent names,
// multiplied from the lowest up. With a constant exponent it unrolls: b = 7: s^6 = s^2 * s^4.
static inline double brink_even_power(double s, int exponent)
{
    double square = s * s, product = 1;
    for (int rest = exponent / 2; rest > 0; rest /= 2) {
        product = rest % 2 ? product * square : product;
        square *= square;
    }
    return product;
}

// s^b - 1: the gauge of the loss, with its sign. *power = s^(b-1).
static inline double brink_b_gauge(double s, int b, double *power)
{
    *power = brink_even_power(s, b - 1);
    return brink_fma(*power, s, -1);
}

// F' = 2b s^(b-1) (s^b - 1).
static inline double brink_b_slope(double s, int b)
{
    double power, gauge = brink_b_gauge(s, b, &power);
    return (2 * (double)b * power) * gauge;
}

#endif
