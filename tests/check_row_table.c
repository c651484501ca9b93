// SPDX-License-Identifier: MIT
// Row tables: F_a' against 80-bit arithmetic, symmetric, joined to the direct formula, bits fixed.
#include <float.h>
#include <math.h>
#include <string.h>

#include "brink/base/random.h"
#include "brink/objective/objective.h"
#include "brink/objective/regularity.h"
#include "unit.h"

enum { STATES = 4000, MEMBERS = 300, SPECIAL = 16 };

static const struct brink_random_key key = {.seed = 3, .purpose = BRINK_PURPOSE_TEST};

static double uniform(uint32_t draw, double low, double high)
{
    return low + (high - low) * brink_random_uniform(&key, draw);
}

// 0 < a < 1: the extremes, then everywhere, every third one small.
static double member(uint32_t i)
{
    static const double special[SPECIAL] = {
        1e-100, 1e-30,   1e-5, 0.001, 0.01, 0.02,        0.05,        0.1,
        0.25,   1.0 / 3, 0.5,  0.75,  0.9,  1 - 1.0 / 9, 1 - 0x1p-30, 1 - DBL_EPSILON / 2};
    return i < SPECIAL ? special[i] : uniform(i, 0, 1) * (i % 3 ? 1 : 0.06);
}

// 0 < v < BRINK_ROW_END: the slots' ends and their neighbours, then tiny ones, then everywhere.
static double state(uint32_t i)
{
    static const double ends[16] = {0x1p-600, 0.5, 1,  1.5, 2,  3,  4,  5,
                                    6,        8,   10, 12,  14, 18, 22, 26};
    if (i < 48) {
        double end = ends[i / 3] / BRINK_ROW_SCALE;
        return i % 3 == 0 ? end : nextafter(end, i % 3 == 1 ? 0 : 30);
    }
    if (i == 48)
        return nextafter(BRINK_ROW_END, 0);
    return i < 200 ? ldexp(uniform(i, 1, 2), 25 - (int)i)
                   : uniform(i, 0, i % 2 ? 6 : BRINK_ROW_END);
}

// v = |t| with log L and tanh(v/2), which no a changes, in 80 bits.
struct known {
    double v;
    long double log_length, tangent;
};

static struct known known_at(double v)
{
    long double wide = (long double)v;
    return (struct known){
        .v = v, .log_length = log2l(wide + 2 * log1pl(expl(-wide))), .tangent = tanhl(wide / 2)};
}

static long double exact_slope(const struct known *at, double a)
{
    return (long double)a * exp2l(((long double)a - 1) * at->log_length) * at->tangent;
}

// In units of the last place of `exact` as a double.
static double ulps(double value, long double exact)
{
    int exponent;
    frexpl(exact, &exponent);
    return (double)(fabsl((long double)value - exact) / ldexpl(1, exponent - 53));
}

START_TEST(table_is_within_two_and_a_half_ulp)
{
    static struct known states[STATES];
    for (uint32_t i = 0; i < STATES; i++)
        states[i] = known_at(state(i));
    for (uint32_t i = 0; i < MEMBERS; i++) {
        struct brink_curve curve;
        double a = member(i);
        brink_regularity_a.prepare(&curve, a);
        const struct brink_curve *row = &curve;
        for (uint32_t j = 0; j < STATES; j++) {
            double slope = brink_a_table_slope(row->table, states[j].v);
            double error = ulps(slope, exact_slope(&states[j], a));
            if (!(error <= 2.5))
                ck_abort_msg("a = %a: F'(v = %a) = %a is %g ulp off", a, states[j].v, slope, error);
        }
    }
}
END_TEST

START_TEST(slope_is_odd_to_the_bit)
{
    for (uint32_t i = 0; i < MEMBERS; i += 10) {
        struct brink_curve curve;
        brink_regularity_a.prepare(&curve, member(i));
        const struct brink_curve *row = &curve;
        for (uint32_t j = 0; j < STATES; j++)
            ck_assert_bits_eq(brink_a_table_slope(row->table, -state(j)),
                              -brink_a_table_slope(row->table, state(j)));
        ck_assert_bits_eq(brink_a_table_slope(row->table, 0.0), 0.0);
        ck_assert_bits_eq(brink_a_table_slope(row->table, -0.0), -0.0);
    }
}
END_TEST

// Just inside and just outside, F' differs by the error of each and by less than an ulp of its own.
START_TEST(table_and_direct_formula_meet)
{
    for (uint32_t i = 0; i < MEMBERS; i++) {
        struct brink_curve curve;
        double a = member(i);
        brink_regularity_a.prepare(&curve, a);
        const struct brink_curve *row = &curve;
        double inside = nextafter(BRINK_ROW_END, 0);
        ck_assert_bits_eq(brink_row_slope(row->table, inside, a),
                          brink_a_table_slope(row->table, inside));
        ck_assert_bits_eq(brink_row_slope(row->table, BRINK_ROW_END, a),
                          brink_a_slope(BRINK_ROW_END, a));
        ck_assert_bits_eq(brink_row_slope(row->table, -1e9, a), brink_a_slope(-1e9, a));
        double step = ulps(brink_row_slope(row->table, inside, a),
                           (long double)brink_row_slope(row->table, BRINK_ROW_END, a));
        if (!(step <= 8))
            ck_abort_msg("a = %a: a step of %g ulp at the table's end", a, step);
        ck_assert(isnan(brink_row_slope(row->table, (double)NAN, a)));
    }
}
END_TEST

START_TEST(curve_is_the_table_and_the_direct_formula)
{
    for (uint32_t i = 0; i < MEMBERS; i += 10) {
        struct brink_curve curve;
        double a = member(i), table[BRINK_ROW_TERMS][BRINK_ROW_SLOTS];
        brink_regularity_a.prepare(&curve, a);
        brink_row_table_build(table, a);
        ck_assert_mem_eq(curve.table, table, sizeof table);
        const struct brink_curve *row = &curve;
        for (uint32_t j = 0; j < STATES; j++) {
            double x = uniform(j, -3, 3), y = uniform(j + STATES, -3, 3);
            ck_assert_bits_eq(brink_regularity_a.slope(row, x, y),
                              brink_row_slope(row->table, brink_fma(x, y, -1), a));
        }
    }
}
END_TEST

// F'' = G + v G', where each term of G' beyond the last one that counts has that one's factor.
START_TEST(few_terms_give_the_bend_they_promise)
{
    double worst = 0;
    for (uint32_t i = 0; i < MEMBERS; i++) {
        struct brink_curve curve;
        brink_regularity_a.prepare(&curve, member(i));
        for (uint32_t j = 0; j < STATES; j++) {
            double v = state(j), few, slope, power = 1;
            int place = (int)(brink_bits(brink_fma(v, BRINK_ROW_SCALE, 2)) >> 50);
            int slot = place & (BRINK_ROW_SLOTS - 1);
            double centre = brink_from_bits((uint64_t)place << 50 | UINT64_C(1) << 49) - 2;
            double d = brink_fma(v, BRINK_ROW_SCALE, -centre);
            few = curve.table[0][slot];
            for (int k = 1; k < BRINK_ROW_TERMS; k++, power *= d) { // power: d^(k - 1)
                int factor = k < BRINK_ROW_BEND_TERMS ? k : BRINK_ROW_BEND_TERMS;
                few += curve.table[k][slot] * power * (d + v * BRINK_ROW_SCALE * factor);
            }
            const struct brink_curve *row = &curve;
            double error = fabs(few - brink_a_table_bend(row->table, v, &slope));
            if (!(error <= BRINK_ROW_BEND_ERROR))
                ck_abort_msg("a = %a: F'' at v = %a is %g off", row->parameter, v, error);
            worst = error > worst ? error : worst;
        }
    }
    ck_assert_double_ge(worst, BRINK_ROW_BEND_ERROR / 10); // more terms would be another error
}
END_TEST

START_TEST(other_curves_have_an_empty_table)
{
    struct brink_curve curve;
    double empty[BRINK_ROW_TERMS][BRINK_ROW_SLOTS] = {{0}};
    brink_regularity_a.prepare(&curve, 0.5);
    brink_regularity_a.prepare(&curve, 1);
    ck_assert_mem_eq(curve.table, empty, sizeof empty);
    brink_regularity_b.prepare(&curve, 3);
    ck_assert_mem_eq(curve.table, empty, sizeof empty);
    ck_assert_uint_eq((uintptr_t)curve.table % 64, 0);
}
END_TEST

// FNV-1a, a word at a time.
static uint64_t hash_of(double table[BRINK_ROW_TERMS][BRINK_ROW_SLOTS])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int k = 0; k < BRINK_ROW_TERMS; k++)
        for (int slot = 0; slot < BRINK_ROW_SLOTS; slot++) {
            hash = (hash ^ brink_bits(table[k][slot])) * UINT64_C(0x100000001b3);
            hash ^= hash >> 29;
        }
    return hash;
}

// Of every compiler, optimisation and ISA.
START_TEST(bits_are_these)
{
    static const struct golden {
        double a;
        uint64_t hash;
        double first, highest; // table[0][0], table[14][15]
    } golden[] = {
        {0.01, UINT64_C(0xc032260d4fb94ac6), 0x1.d380b6e5846fp-9, 0x1.7a1b4e5a7e28fp-80},
        {0.1, UINT64_C(0xd14488acc31b9e7e), 0x1.2d2cbfde6f8dbp-5, 0x1.00983d7ac9f9ap-76},
        {0.5, UINT64_C(0x3eb0c0efa83177f6), 0x1.aeb7b93e6988ap-3, 0x1.b051792e158p-74},
        {0.75, UINT64_C(0xa6f04252b1324eca), 0x1.5f64c9ef16b7fp-2, 0x1.6c654f1e92cp-73},
        {1 - DBL_EPSILON / 2, UINT64_C(0xc06eee00b21ba3c2), 0x1.fda69d3879a69p-2,
         0x1.fad830d209fffp-73},
    };
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++) {
        double table[BRINK_ROW_TERMS][BRINK_ROW_SLOTS];
        brink_row_table_build(table, golden[i].a);
        ck_assert_bits_eq(table[0][0], golden[i].first);
        ck_assert_bits_eq(table[BRINK_ROW_TERMS - 1][BRINK_ROW_SLOTS - 1], golden[i].highest);
        ck_assert_uint_eq(hash_of(table), golden[i].hash);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        table_is_within_two_and_a_half_ulp,
        slope_is_odd_to_the_bit,
        few_terms_give_the_bend_they_promise,
        table_and_direct_formula_meet,
        curve_is_the_table_and_the_direct_formula,
        other_curves_have_an_empty_table,
        bits_are_these,
    };
    return unit_run("row_table", tests, sizeof tests / sizeof tests[0]);
}
