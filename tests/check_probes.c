// SPDX-License-Identifier: MIT
// The self-test of the kernels: what it expects is right, and no wrong bit passes it.
#include "../src/dynamics/probes.h"

#include <string.h>

#include "unit.h"

START_TEST(probes_have_the_bits_of_the_reference)
{
    bool cycle = false, chaos = false, far = false, crossed = false;
    unsigned powers = 0, rows = 0; // of F_b, as bits; of F_a: 1: a < 1, 2: a = 1
    for (int i = 0; i < BRINK_PROBES; i++) {
        const struct brink_probe *probe = &brink_probes[i];
        const struct brink_cell *cell = &probe->expected;
        struct brink_curve curve;
        struct brink_cell reference;
        brink_objective_find(probe->parameter)->prepare(&curve, probe->value);
        struct brink_point point = {&curve, probe->h, probe->x, probe->y};
        ck_assert(brink_trajectory_run(&point, &brink_probe_rules, NULL, &reference));
#define SAME_FIELD(type, name, basic, meaning)                                                     \
    ck_assert_msg(memcmp(&cell->name, &reference.name, sizeof reference.name) == 0,                \
                  "probe %d: %s is %a, not %a", i, #name, (double)cell->name,                      \
                  (double)reference.name);
        BRINK_CELL_FIELDS(SAME_FIELD)
#undef SAME_FIELD
        cycle |= cell->period > 1;
        chaos |= cell->status == BRINK_STATUS_BOUNDED && cell->lyapunov > 0;
        crossed |= cell->edge_cross_step > 0;
        far |= curve.power == 0 && probe->value < 1 && probe->x * probe->y - 1 > BRINK_ROW_END;
        powers |= curve.power ? 1U << curve.power : 0;
        rows |= curve.power ? 0 : probe->value < 1 ? 1U : 2U;
    }
    ck_assert(cycle && chaos && far && crossed);
    ck_assert_uint_eq(powers, 0xaaaa); // 1, 3 .. 15
    ck_assert_uint_eq(rows, 3);
}
END_TEST

START_TEST(a_wrong_bit_fails_the_self_test)
{
    for (int i = 0; i < BRINK_PROBES; i++) {
        struct brink_probe probe = brink_probes[i];
        ck_assert_ok(brink_engine_test(&brink_engine_portable, &probe, 1));
#define SPOIL_FIELD(type, name, basic, meaning)                                                    \
    probe = brink_probes[i];                                                                       \
    *(unsigned char *)&probe.expected.name ^= 1;                                                   \
    ck_assert_fails(brink_engine_test(&brink_engine_portable, &probe, 1), BRINK_ERR_BUG,           \
                    (basic) ? "basic" : "full");                                                   \
    ck_assert_ptr_nonnull(strstr(brink_error_note(), #name));
        BRINK_CELL_FIELDS(SPOIL_FIELD)
#undef SPOIL_FIELD
    }
}
END_TEST

// An engine whose kernels of `record: full` alone are miscompiled.
static bool run_half_right(const struct brink_rules *rules, bool full,
                           const struct brink_cell_source *source, struct brink_pulse *pulse,
                           struct brink_lanes_use *use)
{
    struct brink_rules other = *rules;
    other.max_steps -= full ? 1 : 0;
    return brink_engine_portable.run(&other, full, source, pulse, use);
}

START_TEST(wrong_full_kernels_fail_the_self_test)
{
    const struct brink_engine engine = {.isa = "half right", .run = run_half_right};
    ck_assert_fails(brink_engine_test(&engine, brink_probes, BRINK_PROBES), BRINK_ERR_BUG,
                    "the half right kernels (record: full) fail their self-test");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        probes_have_the_bits_of_the_reference,
        a_wrong_bit_fails_the_self_test,
        wrong_full_kernels_fail_the_self_test,
    };
    return unit_run("probes", tests, sizeof tests / sizeof tests[0]);
}
