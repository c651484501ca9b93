// SPDX-License-Identifier: MIT
// Our own elementary functions: the same bits under every C library, compiler and ISA.
//
// Each is a fixed sequence of IEEE double operations with explicit fma. The errors named are
// bounds, tested against 80-bit arithmetic. NaN gives NaN. Needs -ffp-contract=off, no -ffast-math.
#ifndef BRINK_BASE_ELEMENTARY_H
#define BRINK_BASE_ELEMENTARY_H

#include <stdint.h>
#include <string.h>

// Correctly rounded x*y + z: hardware where the compiler may use it, libm's exact one elsewhere,
// ours with BRINK_SOFT_FMA (WebAssembly; tests).
double brink_fma_soft(double x, double y, double z);
static inline double brink_fma(double x, double y, double z)
{
#ifdef BRINK_SOFT_FMA
    return brink_fma_soft(x, y, z);
#else
    return __builtin_fma(x, y, z);
#endif
}

static inline uint64_t brink_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
static inline double brink_from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// The one NaN that is ever stored.
#define BRINK_NAN_BITS UINT64_C(0x7ff8000000000000)
static inline double brink_canonical(double value)
{
    return value != value ? brink_from_bits(BRINK_NAN_BITS) : value;
}

double brink_exp(double x);             // e^x; 0.75 ulp
double brink_expm1(double x);           // e^x - 1, full relative accuracy near 0; 1.4 ulp
double brink_log(double x);             // natural logarithm; NaN for x < 0, -inf for 0; 0.51 ulp
double brink_log1p(double x);           // log(1 + x), full relative accuracy near 0; 0.7 ulp
double brink_pow(double x, double y);   // x^y for x >= 0, NaN for x < 0; 0.9 ulp
double brink_hypot(double x, double y); // sqrt(x^2 + y^2) without overflow, symmetric; 1.01 ulp
// Sine and cosine of an angle in degrees, exact at multiples of 90, equal bits at 45 + 90 k, never
// -0; 1.25 ulp.
void brink_sincos_degrees(double degrees, double *sine, double *cosine);

#endif
