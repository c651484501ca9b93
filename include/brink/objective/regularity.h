// SPDX-License-Identifier: MIT
// The arithmetic of F' and F'' of the regularity family: one sequence for scalars and for lanes.
//
// Everything here is inline, without branches or calls, so that a loop over an array of doubles
// vectorises it and gives the bits of the scalar code. A vector engine may run each operation over
// all its lanes, or look a row table up by permutation; the operations and their order are the
// definition. Write t = fma(x, y, -1) = s - 1 and v = |t|.
#ifndef BRINK_OBJECTIVE_REGULARITY_H
#define BRINK_OBJECTIVE_REGULARITY_H

#include <math.h>
#include <stdbool.h>

#include "brink/base/branchless.h"
#include "brink/objective/row_table.h"

// ---- good regularity: F_a = L^a with L = log(e^t + 1) + log(e^-t + 1) = v + 2 log(1 + e^-v)

// e^r = (k + r)/(k - r) with an even k = r coth(r/2): (k - 2)/r^2 in r^2, |r| <= log(2)/2.
static const double brink_coth_tail_terms[5] = {0x1.5555555555553p-3, -0x1.6c16c16c0ab48p-9,
                                                0x1.1566ab5bcf6ecp-14, -0x1.bbd5311684979p-20,
                                                0x1.63f1d4c93e813p-25};
// 4 atanh(z)/z and log2((1+z)/(1-z))/z in z^2 for |z| <= 3 - 2 sqrt 2.
static const double brink_atanh_terms[8] = {
    0x1.0000000000000p+2, 0x1.5555555555558p+0, 0x1.9999999995273p-1, 0x1.2492492dfd86cp-1,
    0x1.c71c62d5e53e0p-2, 0x1.7462b91b8df65p-2, 0x1.39fdcceb4bb45p-2, 0x1.2b5f68a50d903p-2};
static const double brink_log2_terms[8] = {
    0x1.71547652b82fep+1, 0x1.ec709dc3a0401p-1, 0x1.2776c50ef68acp-1, 0x1.a61762b5449cfp-2,
    0x1.484b091070dabp-2, 0x1.0c9e94a9a4c4ap-2, 0x1.c4fe6cc6d6fd0p-3, 0x1.afe74b82f4e57p-3};

// 2^r - 1 for |r| <= 1/2: 2r/(k - r).
static inline double brink_exp2_less_1(double r)
{
    return (r + r) / (brink_horner(6, brink_coth2_terms, r * r) - r);
}

// tanh(v/2) = above/below, and 1 + e^-v = below/(k - r). With v = n log 2 - r and s = 2^-n,
// e^-v = s (k + r)/(k - r), so that above = (k - r) - s (k + r). Its small parts, k - r - 2 and
// k + r - 2, are summed before 2 - 2s: no digits are lost near v = 0. n log 2 may be off by n ulp:
// e^-v is small by then.
struct brink_a_halves {
    double above, below;
    double less, more, scale; // k - r - 2, k + r - 2 and s
};

// Past 700, where e^-v no longer matters, v is cut, so that s stays normal. NaN passes.
static inline struct brink_a_halves brink_a_halves(double v)
{
    v = v > 700 ? 700 : v;
    double rounded = brink_fma(v, -BRINK_LOG2E, BRINK_ROUNDER), n = BRINK_ROUNDER - rounded;
    double r = brink_fma(n, BRINK_LN2, -v), r2 = r * r;
    double rest = brink_horner(5, brink_coth_tail_terms, r2) * r2; // k - 2
    double less = rest - r, more = rest + r;
    double scale = brink_exp2_rounded(rounded), twice = scale + scale;
    return (struct brink_a_halves){.above = (2 - twice) + brink_fma(-scale, more, less),
                                   .below = (2 + twice) + brink_fma(scale, more, less),
                                   .less = less,
                                   .more = more,
                                   .scale = scale};
}

// `magnitude` >= 0 with the sign bit of t: odd to the bit.
static inline double brink_a_signed(double magnitude, double t)
{
    return brink_from_bits(brink_bits(magnitude) | (brink_bits(t) & UINT64_C(1) << 63));
}

// F' for a = 1: tanh(t/2).
static inline double brink_a1_slope(double t)
{
    struct brink_a_halves halves = brink_a_halves(fabs(t));
    return brink_a_signed(halves.above / halves.below, t);
}

// L = v + 2 log w with w = 1 + e^-v and log w = log c + 2 atanh((w - c)/(w + c)), where c is the
// double nearest to sqrt 2.
static inline double brink_a_length(double v, const struct brink_a_halves *halves)
{
    double middle = brink_fma(BRINK_SQRT2, halves->less, 2 * BRINK_SQRT2); // c (k - r)
    double z = (halves->below - middle) / (halves->below + middle);
    return v + brink_fma(z, brink_horner(8, brink_atanh_terms, z * z), BRINK_2LOG_SQRT2);
}

// a L^(a-1), for L >= 2 log 2 and 0 < a <= 1. log2 L is kept as a whole exponent and a rest, so
// that the power has the same accuracy however large L is. Cut at 2^1000: the result is normal.
static inline double brink_a_power(double length, double a)
{
    double a_less_1 = a - 1, a_rest = a - (a_less_1 + 1); // exact together; a row's constants
    double exponent, m = brink_split_root2(length, &exponent);
    exponent = exponent > 1000 ? 1000 : exponent;
    double z = (m - 1) / (m + 1), rest = z * brink_horner(8, brink_log2_terms, z * z); // log2 m
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
    struct brink_a_halves halves = brink_a_halves(v);
    double power = brink_a_power(brink_a_length(v, &halves), a);
    return brink_a_signed(halves.above / halves.below * power, t);
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

// L'' = 2 e^-v / (1 + e^-v)^2 = 2 s (k + r) (k - r) / below^2; 0 where v was cut.
static inline double brink_a_bend(double v, const struct brink_a_halves *halves)
{
    double product = (2 + halves->more) * (2 + halves->less), below = halves->below;
    double bend = 2 * halves->scale * product / (below * below);
    return v > 700 ? 0 : bend;
}

// F'' for a = 1, and F' with the bits of brink_a1_slope.
static inline double brink_a1_jet(double t, double *slope)
{
    double v = fabs(t);
    struct brink_a_halves halves = brink_a_halves(v);
    *slope = brink_a_signed(halves.above / halves.below, t);
    return brink_a_bend(v, &halves);
}

// F'' = a L^(a-1) (L'' - (1-a) tanh(t/2)^2 / L).
static inline double brink_a_curvature(double t, double a)
{
    double v = fabs(t);
    struct brink_a_halves halves = brink_a_halves(v);
    double length = brink_a_length(v, &halves), tangent = halves.above / halves.below;
    double pull = (a - 1) * (tangent * tangent) / length;
    return brink_a_power(length, a) * (pull + brink_a_bend(v, &halves));
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
