// SPDX-License-Identifier: MIT
// Cells for the fast engine, held against the reference to the bit.
#ifndef BRINK_TESTS_BAG_H
#define BRINK_TESTS_BAG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "brink/base/random.h"
#include "brink/dynamics/lanes.h"
#include "unit.h"

enum { BASIC_AND_FULL = 2 };

// Cells for an engine, the reference's results, and the engine's.
struct bag {
    struct brink_rules rules;
    int count, taken, given;
    int stutter; // "none now" before every stutter-th cell; 0: never
    struct brink_point *points;
    struct brink_cell *expected, *found;
    struct brink_lanes_use use;
};

static inline int take(void *context, struct brink_point *point, void **ticket)
{
    struct bag *bag = context;
    static int asked;
    if (bag->taken == bag->count)
        return -1;
    if (bag->stutter && asked++ % bag->stutter == 0)
        return 0;
    *point = bag->points[bag->taken];
    *ticket = &bag->found[bag->taken++];
    return 1;
}

static inline void give(void *context, void *ticket, const struct brink_cell *cell)
{
    struct brink_cell *place = ticket;
    ck_assert_int_eq(place->status, BRINK_STATUS_PENDING); // once
    *place = *cell;
    ((struct bag *)context)->given++;
}

static inline struct bag new_bag(int count, struct brink_rules rules)
{
    struct bag bag = {.rules = rules, .count = count};
    bag.points = calloc((size_t)count, sizeof *bag.points);
    bag.expected = calloc((size_t)count, sizeof *bag.expected);
    bag.found = calloc((size_t)count, sizeof *bag.found);
    ck_assert(bag.points && bag.expected && bag.found);
    return bag;
}

static inline void free_bag(struct bag *bag)
{
    free(bag->points);
    free(bag->expected);
    free(bag->found);
}

static inline void assert_same_cell(const struct brink_cell *found,
                                    const struct brink_cell *expected,
                                    const struct brink_point *point, bool full, const char *isa)
{
    char where[200];
    snprintf(where, sizeof where, "%s %s %s = %.17g, h = %.17g, x = %.17g, y = %.17g", isa,
             full ? "full" : "basic", point->curve->objective->parameter, point->curve->parameter,
             point->h, point->x, point->y);
    ck_assert_msg(found->status == expected->status, "%s: %s at %d, not %s at %d", where,
                  brink_status_name((enum brink_status)found->status), found->steps,
                  brink_status_name((enum brink_status)expected->status), expected->steps);
#define SAME_FIELD(type, name, basic, meaning)                                                     \
    if (basic || full || strcmp(#name, "lyapunov") == 0)                                           \
        ck_assert_msg(memcmp(&found->name, &expected->name, sizeof found->name) == 0,              \
                      "%s, %s at %d: %s is %.17g, not %.17g", where,                               \
                      brink_status_name((enum brink_status)expected->status), expected->steps,     \
                      #name, (double)found->name, (double)expected->name);
    BRINK_CELL_FIELDS(SAME_FIELD)
#undef SAME_FIELD
}

static inline void run_bag(struct bag *bag, const char *isa, bool full)
{
    struct brink_cell_source source = {take, give, bag};
    ck_assert_ok(brink_lanes_select(isa));
    memset(bag->found, 0, (size_t)bag->count * sizeof *bag->found);
    memset(&bag->use, 0, sizeof bag->use);
    bag->taken = bag->given = 0;
    ck_assert(brink_lanes_run(&bag->rules, full, &source, NULL, &bag->use));
    ck_assert_int_eq(bag->given, bag->count);
    for (int i = 0; i < bag->count; i++)
        assert_same_cell(&bag->found[i], &bag->expected[i], &bag->points[i], full, isa);
}

// Every cell of the bag by the reference, and then by every engine of this CPU.
static inline void check_bag(struct bag *bag)
{
    for (int i = 0; i < bag->count; i++)
        ck_assert(brink_trajectory_run(&bag->points[i], &bag->rules, NULL, &bag->expected[i]));
    for (int i = 0; brink_lanes_isas[i]; i++)
        if (brink_lanes_able(brink_lanes_isas[i]))
            for (int full = 0; full < BASIC_AND_FULL; full++)
                run_bag(bag, brink_lanes_isas[i], full);
}

static inline void prepare(struct brink_curve *curve, const char *parameter, double value)
{
    brink_objective_find(parameter)->prepare(curve, value);
}

static inline double uniform(const char *what, int i, uint32_t draw)
{
    const struct brink_random_key key = {(uint64_t)(unsigned char)what[0], (uint64_t)i,
                                         BRINK_PURPOSE_TEST};
    return brink_random_uniform(&key, draw);
}

#endif
