// SPDX-License-Identifier: MIT
// Cells for the tests of dynamics: a short way to make and run one.
#ifndef BRINK_TESTS_CELLS_H
#define BRINK_TESTS_CELLS_H

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "brink/base/random.h"
#include "brink/dynamics/verdict.h"
#include "unit.h"

#define NOT_A_NUMBER ((double)NAN)
#define INFINITE     HUGE_VAL

static const struct brink_rules rules_default = {20000, 1024, 1e-10, 1e8};

static inline struct brink_curve curve_of(const char *family, double parameter)
{
    struct brink_curve curve;
    brink_objective_find(family)->prepare(&curve, parameter);
    return curve;
}

static inline struct brink_cell run_rules(const struct brink_curve *curve, double x, double y,
                                          double h, struct brink_rules rules)
{
    struct brink_point point = {curve, h, x, y};
    struct brink_cell cell;
    if (!brink_trajectory_run(&point, &rules, NULL, &cell))
        ck_abort_msg("abandoned without a pulse");
    return cell;
}

static inline struct brink_cell run_steps(const struct brink_curve *curve, double x, double y,
                                          double h, int32_t max_steps)
{
    struct brink_rules rules = rules_default;
    rules.max_steps = max_steps;
    return run_rules(curve, x, y, h, rules);
}

static inline struct brink_cell run_cell(const char *family, double parameter, double x, double y,
                                         double h)
{
    struct brink_curve curve = curve_of(family, parameter);
    return run_rules(&curve, x, y, h, rules_default);
}

#define ck_assert_status(cell, wanted)                                                             \
    ck_assert_msg((cell).status == (int8_t)BRINK_STATUS_##wanted, "%s, not %s",                    \
                  brink_status_name((enum brink_status)(cell).status), #wanted)

// Number `draw` of the random numbers of a test, in (low, high).
static inline double uniform(uint32_t draw, double low, double high)
{
    static const struct brink_random_key key = {.seed = 3, .purpose = BRINK_PURPOSE_TEST};
    return low + (high - low) * brink_random_uniform(&key, draw);
}

// Mixed cells over both families, near and beyond the edge of stability. *curve is filled.
static inline struct brink_point mixed_point(uint32_t i, struct brink_curve *curve)
{
    static const double members[8] = {1, 0.5, 0.25, 0.75, 1, 3, 5, 7};
    *curve = curve_of(i % 8 < 4 ? "a" : "b", members[i % 8]);
    double x = uniform(4 * i, 0.3, i % 3 ? 2 : 12), y = uniform(4 * i + 1, -0.2, 1.5);
    y = i % 11 == 0 ? x : i % 13 == 0 ? -x : y;
    double h = brink_flow_rate(curve, x, y) * brink_exp(uniform(4 * i + 2, -1.5, 1.2));
    return (struct brink_point){curve, h, x, y};
}

#endif
