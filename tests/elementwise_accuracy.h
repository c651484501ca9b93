// SPDX-License-Identifier: MIT
// The networks' elementary functions against 80-bit arithmetic, in the precision of
// BRINK_REAL_BITS, which the including file defines. Portable: check_network_engines.c shows that
// the other instruction sets have the same bits.
#include <math.h>

#include "../src/network/elementwise.h"
#include "unit.h"

enum { POINTS = 200000 };

// In units in the last place of the exact value, rounded; below the normal range in absolute terms.
static double ulps(real value, long double exact)
{
    int exponent = 0;
    (void)frexpl(exact, &exponent);
    int least = BRINK_REAL_BITS == 32 ? -125 : -1021;
    exponent = (exponent < least ? least : exponent) - REAL_FRACTION_BITS - 1;
    return (double)(fabsl((long double)value - exact) / ldexpl(1, exponent));
}

// The largest error at |x| = 2^low .. 2^high with the sign of `sign`.
static double worst(vec (*ours)(vec), long double (*exact)(long double), double sign, double low,
                    double high)
{
    double largest = 0;
    for (int i = 0; i <= POINTS; i++) {
        real x = (real)(sign * exp2(low + (high - low) * i / POINTS));
        double error = ulps(ours(x), exact((long double)x));
        if (isnan(error))
            return error; // fmax would pass over it
        largest = fmax(largest, error);
    }
    return largest;
}

static vec our_exp(vec x)
{
    return vec_exp(x);
}
static vec our_expm1(vec x)
{
    return vec_expm1(x);
}
static vec our_log1p(vec x)
{
    return vec_log1p(x);
}
static vec our_tanh(vec x)
{
    return vec_tanh(x);
}
static vec our_softplus(vec x)
{
    return activation_softplus(x).value;
}
static long double exact_softplus(long double x)
{
    return fmaxl(x, 0) + log1pl(expl(-fabsl(x)));
}
static vec our_logcosh(vec x)
{
    return loss_logcosh(x).value;
}
static long double exact_logcosh(long double x)
{
    long double q = expm1l(-fabsl(x));
    return fabsl(x) < 1 ? log1pl(q * q / (2 + 2 * q))
                        : fabsl(x) + log1pl(expl(-2 * fabsl(x))) - logl(2);
}

#define ck_assert_ulps(bound, ours, exact, sign, low, high)                                        \
    do {                                                                                           \
        double error = worst(ours, exact, sign, low, high);                                        \
        ck_assert_msg(error <= (bound), "%s: %.3f ulp", #ours, error);                             \
    } while (0)

START_TEST(functions_are_accurate)
{
    double deep = BRINK_REAL_BITS == 32 ? 6.4 : 9.4; // 2^deep: just above the smallest exponent
    ck_assert_ulps(1, our_exp, expl, -1, -30, deep);
    ck_assert_ulps(2, our_expm1, expm1l, -1, -30, deep);
    ck_assert_ulps(2, our_log1p, log1pl, 1, -40, 60);
    for (int sign = -1; sign <= 1; sign += 2) {
        ck_assert_ulps(BRINK_REAL_BITS == 32 ? 4.5 : 3, our_tanh, tanhl, sign, -30, 6);
        ck_assert_ulps(3, our_softplus, exact_softplus, sign, -20, 6);
        ck_assert_ulps(6, our_logcosh, exact_logcosh, sign, -20, 10);
    }
}
END_TEST

START_TEST(special_values_are_what_they_must_be)
{
    const real none = (real)NAN, all = (real)HUGE_VAL;
    ck_assert(isnan(vec_exp(none)) && isnan(vec_expm1(none)) && isnan(vec_log1p(none)) &&
              isnan(vec_tanh(none)));
    ck_assert(vec_exp(0) == 1 && vec_exp(-all) == 0 && vec_expm1(-all) == -1);
    ck_assert(vec_log1p(0) == 0 && vec_log1p(all) == all);
    ck_assert(vec_tanh(all) == 1 && vec_tanh(-all) == -1 && vec_tanh(0) == 0);
    ck_assert(isnan(activation_relu(none).value) && isnan(activation_elu(none).value) &&
              isnan(activation_softplus(none).value) && isnan(activation_relu3(none).value));
    ck_assert(isnan(loss_huber(none).slope) && isnan(loss_logcosh(none).value));
    ck_assert(loss_huber(all).slope == 1 && loss_huber(-all).value == all);
    for (int i = 0; i <= POINTS; i++) // a slope of tanh is never negative
        ck_assert(activation_tanh((real)(1 + 20.0 * i / POINTS)).slope >= 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        functions_are_accurate,
        special_values_are_what_they_must_be,
    };
    return unit_run("network functions", tests, sizeof tests / sizeof tests[0]);
}
