// SPDX-License-Identifier: MIT
// Exponentials, logarithms, hypot and sine without a C library.
//
// Most work in a double and its rounding error (high + low): see branchless.h.
#include "brink/base/elementary.h"

#include <math.h>
#include <stdbool.h>

#include "brink/base/branchless.h"

// Split constants (from tests/gen_coefficients.py): NAME = NAME_HI + NAME_LO.
#define DEGREE_HI 0x1.1df46a2529d39p-6
#define DEGREE_LO 0x1.5c1d8becdd291p-62

static const double not_a_number = (double)NAN;

double brink_exp(double x)
{
    return brink_exp_branchless(x);
}

double brink_expm1(double x)
{
    return brink_expm1_branchless(x);
}

double brink_log(double x)
{
    return brink_log_branchless(x);
}

double brink_log1p(double x)
{
    return brink_log1p_branchless(x);
}

double brink_pow(double x, double y)
{
    if (x != x || y != y || x < 0)
        return not_a_number;
    if (y == 0 || x == 1)
        return 1;
    if (x == 0 || x == HUGE_VAL || y - y != 0)
        return ((x > 1) == (y > 0)) ? HUGE_VAL : 0;
    struct brink_pair log_x = brink_log_pair(x);
    double high = y * log_x.high;
    if (!(fabs(high) < 1e6))
        return high > 0 ? HUGE_VAL : 0;
    double low = brink_fma(y, log_x.high, -high) + y * log_x.low;
    return brink_exp_pair(high, low);
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
