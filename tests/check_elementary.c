// SPDX-License-Identifier: MIT
// Elementary functions against 80-bit arithmetic, and the software fma against an exact one.
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "brink/base/polynomial.h"
#include "brink/base/random.h"
#include "unit.h"

#define NOT_A_NUMBER ((double)NAN)

static const struct brink_random_key key = {.seed = 1, .purpose = BRINK_PURPOSE_TEST};

static double uniform(uint32_t draw, double low, double high)
{
    return low + (high - low) * brink_random_uniform(&key, draw);
}

// |value - exact| in units of the last place of `exact` as a double (of 2^-1074 below normal).
static double ulps(double value, long double exact)
{
    if (isnan(value) || isinf(value))
        return (long double)value == exact || (double)exact == value ? 0 : HUGE_VAL;
    int exponent;
    frexpl(exact, &exponent);
    exponent = exponent - 53 < -1074 ? -1074 : exponent - 53;
    return (double)(fabsl((long double)value - exact) / ldexpl(1, exponent));
}

enum { DRAWS = 200000 };

// The largest error over DRAWS random arguments in [low, high].
static double worst(double (*ours)(double), long double (*exact)(long double), double low,
                    double high)
{
    double largest = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        double x = uniform(i, low, high);
        largest = fmax(largest, ulps(ours(x), exact((long double)x)));
    }
    return largest;
}

// The same over arguments of random sign (if `both`) and exponent from 2^low to 2^high.
static double worst_scaled(double (*ours)(double), long double (*exact)(long double), int low,
                           int high, bool both)
{
    double largest = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        uint64_t bits = brink_random_bits(&key, i);
        double x = ldexp(uniform(i, 1, 2), low + (int)(bits % (uint64_t)(high - low)));
        x = both && (bits >> 40 & 1) ? -x : x;
        largest = fmax(largest, ulps(ours(x), exact((long double)x)));
    }
    return largest;
}

START_TEST(exp_is_within_its_bound)
{
    ck_assert_double_le(worst(brink_exp, expl, -1, 1), 0.75);
    ck_assert_double_le(worst(brink_exp, expl, -745, 709.7), 0.75);
    ck_assert_double_le(worst_scaled(brink_exp, expl, -80, 9, true), 0.75);
    ck_assert_double_eq(brink_exp(0), 1);
    ck_assert_double_eq(brink_exp(-0.0), 1);
    ck_assert_double_eq(brink_exp(1), M_E);
    ck_assert_double_eq(brink_exp(710), HUGE_VAL);
    ck_assert_double_eq(brink_exp(709.782712893384), exp(709.782712893384));
    ck_assert_double_eq(brink_exp(HUGE_VAL), HUGE_VAL);
    ck_assert_double_eq(brink_exp(-HUGE_VAL), 0);
    ck_assert_double_eq(brink_exp(-1e300), 0);
    ck_assert_double_eq(brink_exp(-745), 0x1p-1074);
    ck_assert(isnan(brink_exp(NOT_A_NUMBER)));
}
END_TEST

START_TEST(expm1_is_within_its_bound)
{
    ck_assert_double_le(worst(brink_expm1, expm1l, -2, 2), 1.4);
    ck_assert_double_le(worst(brink_expm1, expm1l, -60, 700), 1.4);
    ck_assert_double_le(worst_scaled(brink_expm1, expm1l, -1070, 6, true), 1.4);
    ck_assert_bits_eq(brink_expm1(0.0), 0.0);
    ck_assert_bits_eq(brink_expm1(-0.0), -0.0);
    ck_assert_double_eq(brink_expm1(-HUGE_VAL), -1);
    ck_assert_double_eq(brink_expm1(HUGE_VAL), HUGE_VAL);
    ck_assert(isnan(brink_expm1(NOT_A_NUMBER)));
}
END_TEST

START_TEST(log_is_within_its_bound)
{
    ck_assert_double_le(worst(brink_log, logl, 0.5, 2), 0.51);
    ck_assert_double_le(worst_scaled(brink_log, logl, -1074, 1023, false), 0.51);
    ck_assert_bits_eq(brink_log(1), 0.0);
    ck_assert_double_eq(brink_log(2), M_LN2);
    ck_assert_double_eq(brink_log(0), -HUGE_VAL);
    ck_assert_double_eq(brink_log(-0.0), -HUGE_VAL);
    ck_assert_double_eq(brink_log(HUGE_VAL), HUGE_VAL);
    ck_assert(isnan(brink_log(-1)) && isnan(brink_log(-HUGE_VAL)) &&
              isnan(brink_log(NOT_A_NUMBER)));
}
END_TEST

START_TEST(log1p_is_within_its_bound)
{
    ck_assert_double_le(worst(brink_log1p, log1pl, -0.999, 3), 0.7);
    ck_assert_double_le(worst_scaled(brink_log1p, log1pl, -1074, 0, true), 0.7);
    ck_assert_double_le(worst_scaled(brink_log1p, log1pl, 0, 1023, false), 0.7);
    ck_assert_bits_eq(brink_log1p(-0.0), -0.0);
    ck_assert_double_eq(brink_log1p(-1), -HUGE_VAL);
    ck_assert_double_eq(brink_log1p(HUGE_VAL), HUGE_VAL);
    ck_assert(isnan(brink_log1p(-1.5)) && isnan(brink_log1p(NOT_A_NUMBER)));
}
END_TEST

START_TEST(pow_is_within_its_bound)
{
    double largest = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        double x = brink_exp(uniform(2 * i, -30, 30)), y = uniform(2 * i + 1, -23, 23);
        largest = fmax(largest, ulps(brink_pow(x, y), powl((long double)x, (long double)y)));
        x = uniform(2 * i, 0.9, 1.1), y = uniform(2 * i + 1, -6000, 6000);
        largest = fmax(largest, ulps(brink_pow(x, y), powl((long double)x, (long double)y)));
    }
    ck_assert_double_le(largest, 0.9); // powl itself errs by a third of that far out
    ck_assert_double_eq(brink_pow(2, 10), 1024);
    ck_assert_double_eq(brink_pow(4, 0.5), 2);
    ck_assert_double_eq(brink_pow(3, 0), 1);
    ck_assert_double_eq(brink_pow(1, HUGE_VAL), 1);
    ck_assert_double_eq(brink_pow(0, 2), 0);
    ck_assert_double_eq(brink_pow(0, -2), HUGE_VAL);
    ck_assert_double_eq(brink_pow(HUGE_VAL, -0.5), 0);
    ck_assert_double_eq(brink_pow(0.5, HUGE_VAL), 0);
    ck_assert_double_eq(brink_pow(1e200, 1e200), HUGE_VAL);
    ck_assert_double_eq(brink_pow(1e-200, 1e200), 0);
    ck_assert_double_eq(brink_pow(10, 400), HUGE_VAL);
    ck_assert(isnan(brink_pow(-1, 2)) && isnan(brink_pow(NOT_A_NUMBER, 0)) &&
              isnan(brink_pow(2, NOT_A_NUMBER)));
}
END_TEST

START_TEST(hypot_is_symmetric_and_never_overflows_early)
{
    double largest = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        uint64_t bits = brink_random_bits(&key, 3 * i + 2);
        int scale = (int)(bits % 2090) - 1070, apart = (int)(bits >> 32 & 31);
        double x = ldexp(uniform(3 * i, 1, 2), scale);
        double y = ldexp(uniform(3 * i + 1, -2, 2), scale > -1040 ? scale - apart : scale);
        double length = brink_hypot(x, y);
        largest = fmax(largest, ulps(length, hypotl((long double)x, (long double)y)));
        if (length != brink_hypot(y, x) || length != brink_hypot(-x, -y))
            ck_abort_msg("not symmetric at (%a, %a)", x, y);
    }
    ck_assert_double_le(largest, 1.01);
    ck_assert_double_eq(brink_hypot(3, -4), 5);
    ck_assert_double_eq(brink_hypot(0, -0.0), 0);
    ck_assert_double_eq(brink_hypot(0x1p-1074, 0), 0x1p-1074);
    ck_assert_double_eq(brink_hypot(DBL_MAX, 1), DBL_MAX);
    ck_assert_double_eq(brink_hypot(DBL_MAX, DBL_MAX), HUGE_VAL);
    ck_assert_double_eq(brink_hypot(-HUGE_VAL, 1), HUGE_VAL);
    ck_assert(isnan(brink_hypot(NOT_A_NUMBER, 1)) && isnan(brink_hypot(1, NOT_A_NUMBER)));
}
END_TEST

START_TEST(sine_and_cosine_are_exact_where_they_can_be)
{
    static const double circle[8][2] = {{0, 1},  {1, 1},   {1, 0},  {1, -1},
                                        {0, -1}, {-1, -1}, {-1, 0}, {-1, 1}};
    for (int turn = -5; turn <= 5; turn++)
        for (int k = 0; k < 8; k++) {
            double sine, cosine, length = k % 2 ? M_SQRT1_2 : 1;
            brink_sincos_degrees(360.0 * turn + 45 * k, &sine, &cosine);
            ck_assert_bits_eq(sine, circle[k][0] * length + 0.0);
            ck_assert_bits_eq(cosine, circle[k][1] * length + 0.0);
        }
    double sine, cosine;
    brink_sincos_degrees(30, &sine, &cosine);
    ck_assert_double_eq(sine, 0.5);
    brink_sincos_degrees(90 * 0x1p900, &sine, &cosine);
    ck_assert(sine == 0 && cosine == 1);
    brink_sincos_degrees(HUGE_VAL, &sine, &cosine);
    ck_assert(isnan(sine) && isnan(cosine));
    brink_sincos_degrees(NOT_A_NUMBER, &sine, &cosine);
    ck_assert(isnan(sine) && isnan(cosine));
}
END_TEST

START_TEST(sine_and_cosine_are_within_their_bound)
{
    const long double degree = 3.141592653589793238462643383279502884L / 180;
    double largest = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        double sine, cosine, range = i % 3 == 0 ? 1e-3 : i % 3 == 1 ? 360 : 1e15;
        double angle = uniform(i, -range, range);
        brink_sincos_degrees(angle, &sine, &cosine);
        long double reduced = remainderl((long double)angle, 90), s = sinl(reduced * degree),
                    c = cosl(reduced * degree);
        int quarter = (int)lroundl(remainderl((long double)angle - reduced, 360) / 90) & 3;
        long double exact_sine = quarter == 0 ? s : quarter == 1 ? c : quarter == 2 ? -s : -c;
        long double exact_cosine = quarter == 0 ? c : quarter == 1 ? -s : quarter == 2 ? -c : s;
        largest = fmax(largest, fmax(ulps(sine, exact_sine), ulps(cosine, exact_cosine)));
        double opposite, same;
        brink_sincos_degrees(-angle, &opposite, &same);
        if (opposite != -sine || same != cosine)
            ck_abort_msg("not symmetric at %a", angle);
    }
    ck_assert_double_le(largest, 1.25);
}
END_TEST

// Adds or removes a last bit here and there, so that products nearly cancel or nearly tie.
static double vary(double value, uint64_t choice)
{
    return brink_from_bits(brink_bits(value) + choice % 5 - 2);
}

static void check_fma(double x, double y, double z)
{
    double ours = brink_canonical(brink_fma_soft(x, y, z));
    double exact = brink_canonical(fma(x, y, z));
    if (brink_bits(ours) != brink_bits(exact)) // an assertion each would cost seconds
        ck_abort_msg("fma(%a, %a, %a) = %a, not %a", x, y, z, ours, exact);
}

START_TEST(soft_fma_is_exact_on_random_bits)
{
    const uint32_t draws = 3 * (uint32_t)unit_scaled(500000);
    for (uint32_t i = 0; i < draws; i += 3) {
        uint64_t a = brink_random_bits(&key, i), b = brink_random_bits(&key, i + 1),
                 c = brink_random_bits(&key, i + 2);
        check_fma(brink_from_bits(a), brink_from_bits(b), brink_from_bits(c)); // all exponents
        // Exponents near each other, so that the sum matters; then near cancellation; then
        // near the smallest numbers.
        double x = ldexp((double)(a >> 11), (int)(a & 63) - 80);
        double y = ldexp((double)(b >> 11), (int)(b & 63) - 80);
        double z = ldexp((double)(int64_t)c, (int)(c & 127) - 110);
        check_fma(x, y, z);
        check_fma(x, -y, vary(x * y, c));
        check_fma(x, y, -vary(x * y, c));
        check_fma(x, y, ldexp(x * y, (int)(c % 115) - 57));
        check_fma(x, -y, ldexp(x * y, (int)(c % 115) - 57));
        check_fma(ldexp(x, -500), ldexp(y, -560), ldexp(z, -1060));
        check_fma(ldexp(x, 500), ldexp(y, 490), ldexp(z, 990));
        // Few bits set: exact ties.
        check_fma((double)(a & 0x1f), ldexp(1, (int)(b % 60)), ldexp(1, (int)(c % 120)));
        check_fma(1 + ldexp(1, -(int)(a % 53)), 1 - ldexp(1, -(int)(b % 54)),
                  ldexp(c & 1 ? 1 : -1, -(int)(c >> 1 & 127)));
        // The same far from 1, where integers do it.
        check_fma(ldexp(x, 450), -y, ldexp(vary(x * y, c), 450));
        check_fma(ldexp(1 + ldexp(1, -(int)(a % 53)), 450), 1 - ldexp(1, -(int)(b % 54)),
                  ldexp(c & 1 ? 1 : -1, 450 - (int)(c >> 1 & 127)));
    }
}
END_TEST

START_TEST(soft_fma_is_exact_on_special_values)
{
    static const double values[] = {0.0,
                                    1,
                                    1.5,
                                    3,
                                    0x1p-1074,
                                    0x3p-1074,
                                    0x1.fffffffffffffp-1023,
                                    DBL_MIN,
                                    0x1.0000000000001p-1022,
                                    0x1p-537,
                                    0x1.8p-538,
                                    DBL_EPSILON,
                                    0x1.fffffffffffffp-1,
                                    0x1.0000000000001p0,
                                    0x1p511,
                                    0x1p512,
                                    0x1.fffffffffffffp1022,
                                    DBL_MAX,
                                    HUGE_VAL,
                                    NOT_A_NUMBER};
    enum { COUNT = sizeof values / sizeof values[0] };
    for (int i = 0; i < 2 * COUNT; i++)
        for (int j = 0; j < 2 * COUNT; j++)
            for (int k = 0; k < 2 * COUNT; k++)
                check_fma(copysign(values[i / 2], i % 2 ? -1 : 1),
                          copysign(values[j / 2], j % 2 ? -1 : 1),
                          copysign(values[k / 2], k % 2 ? -1 : 1));
}
END_TEST

START_TEST(splitting_at_root_2_is_exact)
{
    for (uint32_t i = 0; i < DRAWS; i++) {
        double x = brink_from_bits(brink_random_bits(&key, i) & ~(UINT64_C(1) << 63));
        if (!isnormal(x))
            continue;
        double exponent, m = brink_split_root2(x, &exponent);
        if (!(m >= M_SQRT1_2 && m < M_SQRT2 && ldexp(m, (int)exponent) == x))
            ck_abort_msg("%a is not %a * 2^%g", x, m, exponent);
    }
}
END_TEST

START_TEST(canonical_nan_has_one_pattern)
{
    ck_assert(brink_bits(brink_canonical(-NOT_A_NUMBER)) == UINT64_C(0x7ff8000000000000));
    ck_assert(brink_bits(brink_canonical(brink_from_bits(UINT64_C(0xfff0000000000001)))) ==
              BRINK_NAN_BITS);
    ck_assert_bits_eq(brink_canonical(-0.0), -0.0);
    ck_assert_bits_eq(brink_canonical(-HUGE_VAL), -HUGE_VAL);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        exp_is_within_its_bound,
        expm1_is_within_its_bound,
        log_is_within_its_bound,
        log1p_is_within_its_bound,
        pow_is_within_its_bound,
        hypot_is_symmetric_and_never_overflows_early,
        sine_and_cosine_are_exact_where_they_can_be,
        sine_and_cosine_are_within_their_bound,
        soft_fma_is_exact_on_random_bits,
        soft_fma_is_exact_on_special_values,
        splitting_at_root_2_is_exact,
        canonical_nan_has_one_pattern,
    };
    return unit_run("elementary", tests, sizeof tests / sizeof tests[0]);
}
