// SPDX-License-Identifier: MIT
// Philox against its published vectors; uniform and Gaussian draws against their laws.
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "brink/base/random.h"
#include "unit.h"

// kat_vectors of Random123 1.09: philox4x32 with 10 rounds.
START_TEST(philox_gives_the_published_words)
{
    static const struct {
        uint32_t counter[4], key[2], words[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        uint32_t words[4];
        brink_philox(known[i].counter, known[i].key, words);
        for (int j = 0; j < 4; j++)
            ck_assert_uint_eq(words[j], known[i].words[j]);
    }
}
END_TEST

static bool draws_differ(struct brink_random_key a, struct brink_random_key b)
{
    return brink_random_bits(&a, 5) != brink_random_bits(&b, 5);
}

START_TEST(every_part_of_the_key_matters)
{
    struct brink_random_key key = {.seed = 3, .item = 4, .purpose = 1}, other;
    for (int bit = 0; bit < 64; bit++) {
        other = key;
        other.seed ^= UINT64_C(1) << bit;
        ck_assert(draws_differ(key, other));
        other = key;
        other.item ^= UINT64_C(1) << bit;
        ck_assert(draws_differ(key, other));
    }
    other = key;
    other.purpose = 2;
    ck_assert(draws_differ(key, other));
    ck_assert(brink_random_bits(&key, 5) != brink_random_bits(&key, 6));
    ck_assert(brink_random_bits(&key, 5) == brink_random_bits(&key, 5));
}
END_TEST

enum { DRAWS = 400000 };

START_TEST(uniform_draws_fill_the_open_interval_evenly)
{
    struct brink_random_key key = {.seed = 11, .purpose = BRINK_PURPOSE_TEST};
    int cells[100] = {0};
    double chi2 = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        double u = brink_random_uniform(&key, i);
        if (!(u > 0 && u < 1))
            ck_abort_msg("%a is outside (0, 1)", u);
        cells[(int)(u * 100)]++;
    }
    for (int i = 0; i < 100; i++)
        chi2 += pow(cells[i] - DRAWS / 100.0, 2) / (DRAWS / 100.0);
    ck_assert_double_gt(chi2, 50); // 99 degrees of freedom: 99 +- 14
    ck_assert_double_lt(chi2, 160);
}
END_TEST

START_TEST(gaussian_draws_have_their_moments_and_tails)
{
    struct brink_random_key key = {.seed = 12, .purpose = BRINK_PURPOSE_TEST};
    double moment[5] = {0};
    int beyond_2 = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        double g = brink_random_gaussian(&key, i), power = 1;
        for (int k = 0; k < 5; k++, power *= g)
            moment[k] += power / DRAWS;
        beyond_2 += fabs(g) > 2;
    }
    // Within five standard errors: 1/sqrt(DRAWS) times sqrt(1, 2, 15, 96).
    ck_assert_double_lt(fabs(moment[1]), 0.008);
    ck_assert_double_lt(fabs(moment[2] - 1), 0.012);
    ck_assert_double_lt(fabs(moment[3]), 0.031);
    ck_assert_double_lt(fabs(moment[4] - 3), 0.078);
    ck_assert_double_lt(fabs(beyond_2 / (double)DRAWS - 0.0455), 0.0017);
}
END_TEST

START_TEST(draws_keep_their_bits)
{
    struct brink_random_key key = {.seed = 42, .item = 7, .purpose = BRINK_PURPOSE_START};
    ck_assert(brink_random_bits(&key, 0) == UINT64_C(0xa7f156b9ffad12c7));
    ck_assert_double_eq(brink_random_gaussian(&key, 0), -0x1.629301eccbefcp-1);
    ck_assert_double_eq(brink_random_gaussian(&key, 1), -0x1.53809bdbcc5ep-2);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        philox_gives_the_published_words,
        every_part_of_the_key_matters,
        uniform_draws_fill_the_open_interval_evenly,
        gaussian_draws_have_their_moments_and_tails,
        draws_keep_their_bits,
    };
    return unit_run("random", tests, sizeof tests / sizeof tests[0]);
}
