// SPDX-License-Identifier: MIT
// The frame of a unit test: START_TEST functions in a table for unit_run.
#ifndef BRINK_TESTS_UNIT_H
#define BRINK_TESTS_UNIT_H

#include <check.h>
#include <inttypes.h>
#include <stdlib.h>

#include "brink/base/elementary.h"
#include "brink/base/error.h"

// Equal to the bit; NaN equals the same NaN.
#define ck_assert_bits_eq(a, b)                                                                    \
    ck_assert_msg(brink_bits(a) == brink_bits(b), "%s = %a, %s = %a", #a, (double)(a), #b,         \
                  (double)(b))
// Within a relative tolerance.
#define ck_assert_close(a, b, tolerance)                                                           \
    ck_assert_msg(((a) - (b)) * ((a) - (b)) <= (tolerance) * (tolerance) * (b) * (b),              \
                  "%s = %.17g, %s = %.17g", #a, (double)(a), #b, (double)(b))
#define ck_assert_ok(call)                                                                         \
    do {                                                                                           \
        brink_err unit_error = (call);                                                             \
        ck_assert_msg(unit_error == BRINK_OK, "%s: %s", #call, brink_error_note());                \
    } while (0)
// Fails with `code`, and the note contains `words`.
#define ck_assert_fails(call, code, words)                                                         \
    do {                                                                                           \
        brink_err unit_error = (call);                                                             \
        ck_assert_msg(unit_error == (code), "%s gave %d: %s", #call, (int)unit_error,              \
                      brink_error_note());                                                         \
        ck_assert_msg(strstr(brink_error_note(), words), "no \"%s\" in \"%s\"", words,             \
                      brink_error_note());                                                         \
    } while (0)

// `count` random cases, or more or fewer as BRINK_TEST_SCALE says: few under the sanitizers, many
// in a long check.
static inline int unit_scaled(int count)
{
    const char *scale = getenv("BRINK_TEST_SCALE");
    double scaled = scale ? count * strtod(scale, NULL) : count;
    return scaled < 16 ? 16 : (int)scaled;
}

// `timeout` in seconds for each test; set for the slowest machine, it only ends hangs.
static inline int unit_run(const char *name, const TTest *const tests[], size_t count)
{
    Suite *suite = suite_create(name);
    TCase *test_case = tcase_create(name);
    tcase_set_timeout(test_case, 300);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(test_case, tests[i]);
    suite_add_tcase(suite, test_case);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
