// SPDX-License-Identifier: MIT
// Exponentials, logarithms, hypot and sine without a C library.
//
// Each works in a double and its rounding error (high + low) where one rounding would cost digits,
// so that all but the last operation are much better than half an ulp.
#include "brink/base/elementary.h"

#include <math.h>
#include <stdbool.h>

#include "brink/base/pair.h"
#include "brink/base/polynomial.h"

// Split constants (from tests/gen_coefficients.py): NAME = NAME_HI + NAME_LO. LN2_HI has 42 bits,
// so that n * LN2_HI is exact for every exponent n.
#define LN2_HI        0x1.62e42fefa3800p-1
#define LN2_LO        0x1.ef35793c76730p-45
#define DEGREE_HI     0x1.1df46a2529d39p-6
#define DEGREE_LO     0x1.5c1d8becdd291p-62
#define TWO_THIRDS_HI 0x1.5555555555555p-1
#define TWO_THIRDS_LO 0x1.5555555555555p-55

static const double not_a_number = (double)NAN;

// e^(high + low) = 2^exponent (1 + head + tail), for |high| < 1e6 and |low| << 1.
struct exponential {
    double head, tail;
    double exponent;
};

static struct exponential exponential_of(double high, double low)
{
    double n = brink_fma(high, BRINK_LOG2E, BRINK_ROUNDER) - BRINK_ROUNDER;
    double r_high = brink_fma(-n, LN2_HI, high); // exact
    double r_low = brink_fma(-n, LN2_LO, low);
    struct brink_pair r = brink_exact_sum(r_high, r_low);
    double r2 = r.high * r.high;
    double tail = brink_fma(brink_exp_tail(r.high, r2), r2,
                            brink_fma(r.low, r.high, r.low)); // the last term: r.low e^r
    return (struct exponential){.head = r.high, .tail = tail, .exponent = n};
}

// value * 2^n for a whole n in -2044 .. 2046; one rounding at most, in the subnormal range.
static double scale_exp2(double value, double n)
{
    double half = (n * 0.5 + BRINK_ROUNDER) - BRINK_ROUNDER;
    return value * brink_exp2_rounded(half + BRINK_ROUNDER) *
           brink_exp2_rounded(n - half + BRINK_ROUNDER);
}

static double exp_pair(double high, double low)
{
    if (high != high)
        return high;
    if (high > 710)
        return HUGE_VAL;
    if (high < -746)
        return 0;
    struct exponential e = exponential_of(high, low);
    struct brink_pair sum = brink_fast_sum(1, e.head);
    return scale_exp2(sum.high + (sum.low + e.tail), e.exponent);
}

double brink_exp(double x)
{
    return exp_pair(x, 0);
}

double brink_expm1(double x)
{
    if (x != x || x == 0)
        return x; // keeps -0
    if (x < -40)
        return -1;
    if (x > 40)
        return brink_exp(x);
    struct exponential e = exponential_of(x, 0);
    double scale = brink_exp2_rounded(e.exponent + BRINK_ROUNDER);
    // scale (1 + head + tail) - 1
    struct brink_pair sum = brink_exact_sum(scale - 1, scale * e.head);
    return sum.high + (sum.low + scale * e.tail);
}

// log(x) for a positive, finite x to about 2^-64. With x = 2^n m and s = (m-1)/(m+1):
// log x = n log 2 + 2s + 2/3 s^3 + s^5 (...).
static struct brink_pair log_pair(double x)
{
    static const double log_tail[7] = {
        0x1.999999999999fp-2, 0x1.249249248e4d8p-2, 0x1.c71c71d7fbbacp-3, 0x1.745d09e3d8241p-3,
        0x1.3b18bc82cc745p-3, 0x1.1018374c7f117p-3, 0x1.087e4945615c6p-3};
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
    struct brink_pair third = {cube.high * TWO_THIRDS_HI, 0};
    third.low = brink_fma(cube.high, TWO_THIRDS_HI, -third.high) +
                brink_fma(cube.low, TWO_THIRDS_HI, cube.high * TWO_THIRDS_LO);
    double tail = cube.high * square.high * brink_estrin_7(log_tail, square.high);
    struct brink_pair sum = brink_fast_sum(n * LN2_HI, 2 * s.high);
    struct brink_pair with_third = brink_fast_sum(sum.high, third.high);
    double low = sum.low + with_third.low;
    low += brink_fma(n, LN2_LO, brink_fma(2, s.low, third.low + tail));
    return brink_fast_sum(with_third.high, low);
}

double brink_log(double x)
{
    if (!(x >= 0) || x == HUGE_VAL)
        return x < 0 ? not_a_number : x; // NaN and infinity as they are
    if (x == 0)
        return -HUGE_VAL;
    return log_pair(x).high;
}

double brink_log1p(double x)
{
    if (!(x > -1) || x == HUGE_VAL || x == 0)
        return x < -1 ? not_a_number : x == -1 ? -HUGE_VAL : x;
    struct brink_pair u = brink_exact_sum(1, x);
    struct brink_pair log_u = log_pair(u.high);
    return log_u.high + (log_u.low + u.low / u.high); // log(u + c) = log u + c/u + O(2^-106)
}

double brink_pow(double x, double y)
{
    if (x != x || y != y || x < 0)
        return not_a_number;
    if (y == 0 || x == 1)
        return 1;
    if (x == 0 || x == HUGE_VAL || y - y != 0)
        return ((x > 1) == (y > 0)) ? HUGE_VAL : 0;
    struct brink_pair log_x = log_pair(x);
    double high = y * log_x.high;
    if (!(fabs(high) < 1e6))
        return high > 0 ? HUGE_VAL : 0;
    double low = brink_fma(y, log_x.high, -high) + y * log_x.low;
    return exp_pair(high, low);
}

double brink_hypot(double x, double y)
{
    x = fabs(x);
    y = fabs(y);
    double large = x < y ? y : x, small = x < y ? x : y;
    if (x != x || y != y || !(large < HUGE_VAL) || large == 0)
        return x + y;
    // A power of two near the larger one; its inverse is normal too.
    double exponent;
    brink_split_root2(large < 0x1p-1000  ? 0x1p-1000
                      : large > 0x1p1000 ? 0x1p1000
                                         : large,
                      &exponent);
    double down = brink_exp2_rounded(BRINK_ROUNDER - exponent);
    double up = brink_exp2_rounded(BRINK_ROUNDER + exponent);
    large *= down;
    small *= down;
    return up * sqrt(brink_fma(large, large, small * small));
}

void brink_sincos_degrees(double degrees, double *sine, double *cosine)
{
    static const double sine_tail[7] = {-0x1.dbb820d942f78p-21, 0x1.dad94eae10d6fp-37,
                                        -0x1.c368d9fa94919p-54, 0x1.f4a604ca17341p-72,
                                        -0x1.6b71192c6e555p-90, 0x1.7411241ab8d5fp-109,
                                        -0x1.18bb842697b81p-128};
    static const double cosine_tail[7] = {-0x1.3f6a1db141fbap-13, 0x1.09b116a83dc8ap-28,
                                          -0x1.619b85bbc9edap-45, 0x1.f83ab5c3fba30p-63,
                                          -0x1.bf623d08fff78p-81, 0x1.0ea2632a35b01p-99,
                                          -0x1.d6bc3169e71bap-119};
    // Every remainder is exact: it is a multiple of the last bit of 360 q, and not much larger.
    while (fabs(degrees) > 360) {
        double turns = degrees / 360;
        turns = fabs(turns) < 0x1p52 ? (double)(int64_t)turns : turns;
        degrees = brink_fma(-360, turns, degrees);
    }
    double quarters = (degrees / 90 + BRINK_ROUNDER) - BRINK_ROUNDER;
    double r = brink_fma(-90, quarters, degrees), r2 = r * r; // |r| <= 45
    double product = r * DEGREE_HI;
    double low = brink_fma(r, DEGREE_HI, -product) + r * DEGREE_LO;
    double s = product + brink_fma(r * r2, brink_estrin_7(sine_tail, r2), low);
    double c = brink_fma(r2, brink_estrin_7(cosine_tail, r2), 1);
    if (fabs(r) == 45) { // equal to the bit
        c = BRINK_SQRT2 / 2;
        s = copysign(c, r);
    }
    bool odd = quarters == 1 || quarters == -1 || quarters == 3 || quarters == -3;
    double sine_sign = quarters == 2 || quarters == 3 || quarters == -1 || quarters == -2 ? -1 : 1;
    double cosine_sign =
        quarters == 1 || quarters == 2 || quarters == -2 || quarters == -3 ? -1 : 1;
    *sine = sine_sign * (odd ? c : s) + 0.0; // no -0
    *cosine = cosine_sign * (odd ? s : c) + 0.0;
}
